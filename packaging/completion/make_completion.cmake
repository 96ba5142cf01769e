# cmake -DPROGRAM=file -DTEMPLATES=folder -DBASH=file -DZSH=file -P make_completion.cmake
# Writes the completion of a program: the templates with the tables that the program prints of its options, each line with
# the command that it belongs to in front, "-" being the program itself.

# read_table(PREFIX [command]): appends to `table`, and sets `commands`.
function(read_table prefix)
  execute_process(COMMAND ${PROGRAM} ${ARGN} --_options OUTPUT_VARIABLE lines RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${PROGRAM} ${ARGN}: no table of options (${code}); PNAS_MANUAL=OFF builds without")
  endif()
  string(REGEX MATCHALL "(^|\n)command\t[^\t]*" found "${lines}")
  string(REGEX REPLACE "\n?command\t" "" found "${found}")
  string(REGEX REPLACE "([^\n]*\n)" "${prefix}\t\\1" lines "${lines}")
  set(table "${table}${lines}" PARENT_SCOPE)
  set(commands "${found}" PARENT_SCOPE)
endfunction()

get_filename_component(program ${PROGRAM} NAME)
set(table "")
read_table(-)
set(all ${commands})
foreach(command IN LISTS all)
  read_table(${command} ${command})
endforeach()
configure_file(${TEMPLATES}/completion.bash.in ${BASH} @ONLY)
configure_file(${TEMPLATES}/completion.zsh.in ${ZSH} @ONLY)
