/* SPDX-License-Identifier: MIT */
/*
 * parallel_priv.h - how a call gets to where it is to run. Included by:
 * parallel.c, sort.c.
 */
#ifndef STI_SCHED_PARALLEL_PRIV_H
#define STI_SCHED_PARALLEL_PRIV_H

#include <strait/parallel.h>

/* What may call a loop off, besides its `stop`. Both are NULL for one that
 * begins in a task: whoever runs that task would not expect it, as sorts do not,
 * whose result would be lost elements. */
struct strait_caller_ {
    const strait_work_t *work; /* of a job: its item */
    const strait_pool_t *pool; /* of a thread that waits: its lane's */
};

/* A call, on a worker. */
typedef int (*sti_parallel_fn)(strait_frame_t *frame, const void *args,
    const struct strait_caller_ *caller);

/* Calls fn(args) in that place. Of args a copy is made if it runs later. */
int sti_parallel_call(strait_place_t where, sti_parallel_fn fn,
    const void *args, size_t args_bytes);

#endif /* STI_SCHED_PARALLEL_PRIV_H */
