/* SPDX-License-Identifier: MIT */
/*
 * thread.c - see thread.h.
 */
#include "base/thread.h"

_Thread_local uint32_t sti_thread_runs_loop;
