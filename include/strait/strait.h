/* SPDX-License-Identifier: MIT */
/**
 * @file strait.h
 * All public headers of Strait, lowest layer first.
 */
#ifndef STRAIT_STRAIT_H
#define STRAIT_STRAIT_H

#include <strait/base.h>

#include <strait/atomic.h>
#include <strait/clock.h>
#include <strait/cpu.h>
#include <strait/error.h>
#include <strait/histogram.h>
#include <strait/memory.h>
#include <strait/role.h>

#include <strait/event.h>
#include <strait/mpsc.h>
#include <strait/mpsc_shared.h>
#include <strait/reclaim.h>
#include <strait/ring.h>
#include <strait/sink.h>
#include <strait/spsc.h>

#include <strait/fork.h>
#include <strait/future.h>
#include <strait/lane.h>
#include <strait/parallel.h>
#include <strait/pool.h>
#include <strait/progress.h>
#include <strait/request.h>
#include <strait/sort.h>
#include <strait/sort_define.h>
#include <strait/tasks.h>
#include <strait/work.h>

#include <strait/deadline.h>
#include <strait/loop.h>
#include <strait/timer.h>

#endif /* STRAIT_STRAIT_H */
