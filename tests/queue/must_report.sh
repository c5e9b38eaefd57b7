#!/bin/sh
# SPDX-License-Identifier: MIT
#
# must_report.sh <pattern> <command>...: passes if the command fails with a line
# of output that matches the extended regular expression. For programs with a
# planted mistake.

if [ $# -lt 2 ] || [ "$1" = --help ]; then
    sed -n 's/^# \{0,1\}//; 4,6p' "$0"
    [ "$1" = --help ]
    exit
fi
pattern=$1
shift
if output=$("$@" 2>&1); then
    echo "it passed, in spite of the planted mistake"
    exit 1
fi
if printf '%s\n' "$output" | grep -Eq -e "$pattern"; then
    echo "noticed: $pattern"
    exit 0
fi
echo "it failed, but not with '$pattern':"
printf '%s\n' "$output"
exit 1
