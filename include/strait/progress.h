/* SPDX-License-Identifier: MIT */
/**
 * @file progress.h
 * How far a running work item is, told to the sink while it runs.
 *
 *     struct job { strait_work_t work; strait_progress_t progress; ... };
 *     strait_progress_init(&job->progress, &job->work, show, job);
 *     // in run:
 *     strait_progress_report(&job->progress, n_bytes_done);
 *
 * Reports are merged: while one is on its way a newer one only replaces its
 * value, so a fast worker cannot flood a slow sink. The last value always
 * arrives, and all calls come before `done`.
 */
#ifndef STRAIT_PROGRESS_H
#define STRAIT_PROGRESS_H

#include <strait/base.h>
#include <strait/sink.h>
#include <strait/work.h>

STRAIT_BEGIN_DECLS

typedef struct strait_progress strait_progress_t;

/** Runs where the sink of the work is consumed; value is the latest. */
typedef void (*strait_progress_fn)(
    strait_progress_t *progress, uint64_t value, void *arg);

/** The way of reports. Complete, so that it can be embedded beside its work. */
struct strait_progress {
    strait_sink_entry_t entry_;
    strait_work_t *work_;
    strait_progress_fn fn_;
    void *arg_;
    STRAIT_ATOMIC(uint64_t) value_;
    STRAIT_ATOMIC(uint32_t) queued_;
    uint32_t reserved_;
};

/**
 * Fills it in. It must stay valid as long as its work item. One for each item
 * is enough, and there may be several.
 * @retval 0 done; -EINVAL an argument but arg is NULL
 * @threads init-only  @progress wait-free
 */
STRAIT_API int strait_progress_init(strait_progress_t *progress,
    strait_work_t *work, strait_progress_fn fn, void *arg) STRAIT_NOEXCEPT;

/**
 * Reports a value, from inside `run`. Nothing happens if the item has no sink
 * (future.h) or was given up (request.h).
 * @param progress  initialised; NULL is allowed and does nothing
 * @threads the worker that runs the item  @progress wait-free; for a request
 *   lock-free; 1 system call if the sink's consumer sleeps
 * @cost 1 RMW, 2 if no report is on its way; 0 allocations
 */
STRAIT_API void strait_progress_report(
    strait_progress_t *progress, uint64_t value) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_PROGRESS_H */
