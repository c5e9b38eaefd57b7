#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage.sh <lin_mpsc>...: what a program of histories, and with it each stress
# program, answers to an option that it does not know.
set -eu
. "$(dirname "$0")/../support/must_end.sh"

must_end 2 "^lin_mpsc: unknown option '--seconds'" "$@" --seconds 1
must_end 2 "^usage: lin_mpsc " "$@" --seconds 1
