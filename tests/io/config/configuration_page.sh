#!/bin/sh
# configuration_page.sh PROGRAM PAGE: fails with the difference if the page's tables are not those of the keys.
set -u
made=$(mktemp) || exit 1
trap 'rm -f "$made"' EXIT
"$1" "$2" >"$made" || exit 1
diff -u "$2" "$made" && exit 0
echo "The tables of $2 are not those of io/config/configuration_keys.c. Bring them up to date with"
echo "    $1 $2 >page.new && mv page.new $2"
exit 1
