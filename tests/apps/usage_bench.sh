#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage_bench.sh <strait-bench>: what strait-bench answers to bad input.
set -eu
. "$(dirname "$0")/../support/must_end.sh"

must_notice_loss "$@" --help
must_notice_loss "$@" --list
must_notice_loss "$@" --only '^mpsc/1p/strait$' --runs 1
for seed in x -1 "" 1x 18446744073709551616; do
    must_end 2 "^strait-bench: --seed .* not '$seed'" "$@" --seed "$seed"
done
for runs in x 0 1001 9999999999999 1e999 1.5; do
    must_end 2 "^strait-bench: --runs .* to 1000, not '$runs'" \
        "$@" --runs $runs
done
must_end 2 "^strait-bench: --seconds .* not 'x'" "$@" --seconds x
