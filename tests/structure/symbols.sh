# What the scripts of this folder share: which file defines and which uses what. Sourced.

# symbols OBJECTS: lines "defines FILE NAME" and "uses FILE NAME" for our public names, from the objects that are listed in
# the file OBJECTS, as CMake wrote it. FILE is a source's path from the root without its ending.
symbols() {
    local objects
    mapfile -t objects <"$1"
    nm --print-file-name --extern-only "${objects[@]}" | awk '
        {
            file = $1
            sub(/:.*/, "", file)
            sub(/CMakeFiles\/[^\/]*\.dir\/(\.\/)?/, "", file)
            sub(/\.c\.o$/, "", file)
            file = substr(file, match(file, /\/(src|cl|io|mpi)\//) + 1)
            if ($NF ~ /^pnas_/ && $(NF - 1) ~ /^[A-Z]$/)
                print ($(NF - 1) == "U" ? "uses" : "defines"), file, $NF
        }' | sort -u
}
