/* SPDX-License-Identifier: MIT */
/*
 * parallel_priv.h - how a call gets to where it is to run. Included by:
 * parallel.c, sort.c.
 */
#ifndef STI_SCHED_PARALLEL_PRIV_H
#define STI_SCHED_PARALLEL_PRIV_H

#include <strait/parallel.h>

/* A call, on a worker: `work` is the item of its job, or NULL. */
typedef int (*sti_parallel_fn)(
    strait_frame_t *frame, const void *args, const strait_work_t *work);

/* Calls fn(args) in that place. Of args a copy is made if it runs later. */
int sti_parallel_call(strait_place_t where, sti_parallel_fn fn,
    const void *args, size_t args_bytes);

#endif /* STI_SCHED_PARALLEL_PRIV_H */
