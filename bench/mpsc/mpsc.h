/* SPDX-License-Identifier: MIT */
/*
 * mpsc.h - what every system of the mpsc question includes first. It is apart
 * from driver.h so that C++ files can put their types and the driver into an
 * unnamed namespace, in which no system header may be included.
 */
#ifndef BENCH_MPSC_H
#define BENCH_MPSC_H

#include "support.h"
#include "systems.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#endif /* BENCH_MPSC_H */
