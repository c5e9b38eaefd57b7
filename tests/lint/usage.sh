#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage.sh - what the scripts of the project answer to bad input, before they
# install or build anything.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/must_end.sh

must_end 2 "^tests/run: .*no step matches 'zzz'" \
    tests/run --list --only zzz
must_end 2 "^tests/run: .*no step matches 'zzz'" \
    tests/run --no-setup --only zzz
must_end 2 "^usage: tests/run " tests/run --no-setup --only '['
for jobs in 0 x -1 "" 4097 99999999999999999999; do
    must_end 2 "^tests/run: --jobs .* 1 to 4096, not '$jobs'" \
        tests/run --no-setup --jobs "$jobs"
    must_end 2 "^tests/run: --jobs .* 1 to 4096, not '$jobs'" \
        tests/run --no-setup "--jobs=$jobs"
done

must_end 2 "^bench/run: --only '\['" bench/run --no-setup --only '['
must_end 2 "^bench/run: --only '\['" bench/run --no-setup '--only=['
must_end 2 "^bench/run: cannot write" \
    bench/run --no-setup --json /nowhere/at/all.json
must_end 2 "^bench/run: cannot write" bench/run --no-setup --json=/

must_end 2 "^controls.py: error: --jobs" \
    python3 tests/model/controls.py --jobs 0 --list
must_end 2 "^controls.py: error: --only" \
    python3 tests/model/controls.py --only '[' --list
