/* SPDX-License-Identifier: MIT */
/*
 * group.h - the dialect for systems in C++ with groups of tasks: GROUP_OPEN
 * declares `group_`, GROUP_SPAWN and GROUP_WAIT name its functions.
 */
#ifndef BENCH_FORK_GROUP_H
#define BENCH_FORK_GROUP_H

#include "fork/plain.h"

#define FORK_GROUP GROUP_OPEN
#define FORK_SPAWN(place, name, ...)                                           \
    do {                                                                       \
        auto *into_ = &(place);                                                \
        group_.GROUP_SPAWN([=] { *into_ = name(__VA_ARGS__); });               \
    } while (0)
#define FORK_JOIN(place, name) group_.GROUP_WAIT()
#define FORK_JOIN_ALL(places, n, name) group_.GROUP_WAIT()

#endif /* BENCH_FORK_GROUP_H */
