#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage.sh <torture>...: what the torture program answers to bad input.
set -eu
. "$(dirname "$0")/../support/must_end.sh"

must_notice_loss "$@" --help
must_notice_loss "$@" --only spsc --seconds 0.1
must_end 2 "^torture: unknown option '--sed'" "$@" --sed 1
must_end 2 "^usage: torture " "$@" --sed 1
must_end 2 "^torture: unknown option 'ring'" "$@" ring
must_end 2 "^torture: no value after '--seed'" "$@" --seed
for seed in x -1 "" 1x 18446744073709551616; do
    must_end 2 "^torture: --seed .* not '$seed'" "$@" --seed "$seed"
done
for number in x -1 1e9999 inf nan; do
    must_end 2 "^torture: --seconds .* not '$number'" "$@" --seconds "$number"
    must_end 2 "^torture: --patience .* not '$number'" "$@" --patience "$number"
    must_end 2 "^torture: --cpus .* not '$number'" "$@" --cpus "$number"
done
for patience in 0 0.5; do
    must_end 2 "^torture: --patience .* from 1 " "$@" --patience $patience
done
must_end 2 "no case is called 'zzz'; see --help" "$@" --only zzz
