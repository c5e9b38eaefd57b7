# SPDX-License-Identifier: MIT
#
# must_end.sh - how a program has to answer bad input; to be sourced by a test.
#
#   must_end <status> <pattern> <command>...
#       it ends with that status, and a line of what it says on stderr matches
#       the extended regular expression
#   must_notice_loss <command>...
#       it ends with status 1 and says so when its output has nowhere to go

must_end() {
    wanted=$1
    pattern=$2
    shift 2
    status=0
    said=$("$@" 2>&1 >/dev/null) || status=$?
    if [ "$status" -ne "$wanted" ] ||
        ! printf '%s\n' "$said" | grep -Eq -e "$pattern"; then
        echo "not so: status $wanted and '$pattern' from: $*"
        echo "status $status, and it said:"
        printf '%s\n' "$said"
        exit 1
    fi
}

must_notice_loss() {
    # shellcheck disable=SC2016
    must_end 1 "standard output: No space left" \
        sh -c '"$@" >/dev/full' sh "$@"
    # shellcheck disable=SC2016
    must_end 1 "standard output is closed" sh -c '"$@" >&-' sh "$@"
}
