#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Installs what Strait needs to be built, tested and measured on Debian 12: the
# only place that names packages. Does nothing, at once, if all are there.
set -euo pipefail

usage() {
    cat <<'END'
usage: cmake/setup.sh [--for bench|tests|full] [--check] [--list] [--help]

Installs the missing Debian packages with apt-get, as root or through sudo
that asks no password; otherwise prints the line to type and exits with 1.

  --for bench   to build, and to run bench/run with its rivals
  --for tests   to build, and to run tests/run
  --for full    everything that tests/run --full and CI need (the default)
  --check       install nothing; exit with 1 if something is missing
  --list        print the packages with their purpose, and exit
END
}

# Packages by purpose.
build="gcc libc6-dev cmake ninja-build pkg-config git"
tests="g++ python3 libcriterion-dev libck-dev libjemalloc-dev strace procps"
apps="libssl-dev openssl"
rivals="g++ python3 libck-dev libjemalloc-dev libuv1-dev liburcu-dev libtbb-dev
    libconcurrentqueue-dev libboost-dev libasio-dev strace procps"
ci="clang llvm libclang-rt-14-dev clang-format-14 binutils file gnuplot-nox"
cross="gcc-aarch64-linux-gnu binutils-aarch64-linux-gnu libc6-dev-arm64-cross
    qemu-user-static"
if [ "$(uname -m)" = aarch64 ]; then
    cross="" # nothing to cross there
fi

purpose=full
mode=install
while [ $# -gt 0 ]; do
    case $1 in
    --for)
        purpose=${2:-}
        shift
        ;;
    --for=*) purpose=${1#--for=} ;;
    --check) mode=check ;;
    --list) mode=list ;;
    -h | --help)
        usage
        exit 0
        ;;
    *)
        echo "cmake/setup.sh: unknown argument '$1'; see --help" >&2
        exit 2
        ;;
    esac
    shift
done
case $purpose in
bench) wanted="$build $apps $rivals" ;;
tests) wanted="$build $tests $apps" ;;
full) wanted="$build $tests $apps $rivals $ci $cross" ;;
*)
    echo "cmake/setup.sh: --for takes bench, tests or full" >&2
    exit 2
    ;;
esac
if [ "$mode" = list ]; then
    for group in build tests apps rivals ci cross; do
        printf '%-7s' "$group"
        # Unquoted on purpose: one line however the list is laid out.
        # shellcheck disable=SC2086
        echo ${!group}
    done
    exit 0
fi

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "cmake/setup.sh: this is no Debian system. Install by hand what" \
        "these packages hold:" >&2
    # shellcheck disable=SC2086
    echo "  "$wanted >&2
    exit 1
fi

# Prints the packages among the arguments that are not fully installed. A name
# that some other installed package provides (pkg-config, say) counts as there.
missing_of() {
    local installed package
    installed=" $(dpkg-query -W \
        -f '${db:Status-Status} ${Package} ${Provides}\n' 2>/dev/null |
        sed -n 's/^installed //p' |
        sed 's/([^)]*)//g; s/,/ /g' | tr -s ' \n' '  ') "
    for package in "$@"; do
        case $installed in
        *" $package "*) ;;
        *) echo "$package" ;;
        esac
    done | sort -u
}

# shellcheck disable=SC2086
missing=$(missing_of $wanted | tr '\n' ' ')
missing=${missing% }
if [ -z "$missing" ]; then
    exit 0
fi
line="apt-get install -y --no-install-recommends $missing"
if [ "$mode" = check ]; then
    echo "missing: $missing" >&2
    exit 1
fi

if [ "$(id -u)" = 0 ]; then
    as_root=(env)
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root=(sudo -n env)
else
    echo "cmake/setup.sh: packages are missing, and this user may not install" \
        "them. Type:" >&2
    echo "  sudo apt-get update && sudo $line" >&2
    exit 1
fi
as_root+=(DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8)

log=$(mktemp "${TMPDIR:-/tmp}/strait-setup.XXXXXX")
trap 'rm -f "$log"' EXIT

# Runs a command quietly; shows what it said only if it fails.
quietly() {
    "${as_root[@]}" "$@" >"$log" 2>&1
}

echo "setup: installing $missing" >&2
# The lists may be absent or out of date: look into them again if the first
# attempt cannot find or fetch a package.
# shellcheck disable=SC2086
if ! quietly $line; then
    echo "setup: apt-get update" >&2
    if ! quietly apt-get update || ! quietly $line; then
        tail -n 20 "$log" >&2
        echo "cmake/setup.sh: apt-get failed; correct that, or type:" >&2
        echo "  apt-get update && $line" >&2
        exit 1
    fi
fi
# shellcheck disable=SC2086
missing=$(missing_of $wanted | tr '\n' ' ')
if [ -n "$missing" ]; then
    echo "cmake/setup.sh: still missing after the installation: $missing" >&2
    exit 1
fi
