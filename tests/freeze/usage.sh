#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage.sh <freeze>...: what the freeze test answers to bad input.
set -eu
. "$(dirname "$0")/../support/must_end.sh"

must_notice_loss "$@" --help
must_notice_loss "$@" --list
must_end 2 "^freeze: unknown option '--shwo'" "$@" --shwo
must_end 2 "^usage: freeze " "$@" --shwo
must_end 2 "^freeze: no value after '--only'" "$@" --only
must_end 2 "no case matches 'zzz'; see --list" "$@" --only zzz
must_end 2 "no case matches 'zzz'; see --list" "$@" --list --only zzz

# Where it may trace, the table itself.
status=0
env -u CI "$@" --only control >/dev/null 2>&1 || status=$?
[ "$status" -eq 77 ] || must_notice_loss "$@" --only control
