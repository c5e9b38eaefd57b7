/* SPDX-License-Identifier: MIT */
/*
 * submit.h - how layers above submit work with a delivery of their own.
 * Included by: lib/sched, lib/loop.
 */
#ifndef STI_SCHED_SUBMIT_H
#define STI_SCHED_SUBMIT_H

#include <strait/work.h>

/*
 * strait_work_submit, but the completion is handed to `deliver`, which must end
 * in sti_work_finish. `owner` is kept in work->owner_ for it.
 */
int sti_work_submit(strait_lane_t *lane, strait_work_t *work,
    strait_sink_t *sink, strait_sink_deliver_fn deliver, void *owner);

/* Gives the item back to its owner and calls `done`. */
void sti_work_finish(strait_work_t *work, int status);

#endif /* STI_SCHED_SUBMIT_H */
