/* SPDX-License-Identifier: MIT */
/*
 * env.h - what an algorithm core may ask of the world, as macros, so that the
 * same core runs in production, under a model checker and under the explorer
 * of tests/model. A model build defines these before it includes a core; then
 * nothing of the system is pulled in here.
 *
 * Included by: every layer. Includes: base only.
 *
 *   STI_FUTEX_WAIT(word, value)  sleep while *word == value; may return early.
 *                                Orders nothing: look at the word afterwards.
 *   STI_FUTEX_WAIT_UNTIL(word, value, deadline_ns)
 *                                the same, at most until then; answers an
 *                                STI_FUTEX_*.
 *   STI_FUTEX_WAKE(word)         wake one thread that sleeps on word; uses the
 *                                address only, so the word may be gone by then.
 *   STI_FUTEX_WAIT_HIGH(word, value, deadline_ns)
 *                                sleep while the upper half of *word == value,
 *                                at most until then, in the class of `value`,
 *                                one of STI_FUTEX_CLASSES; answers an
 *                                STI_FUTEX_*.
 *   STI_FUTEX_WAKE_HIGH(word)    wake all that sleep there.
 *   STI_FUTEX_WAKE_OTHER(word, value)
 *                                wake one whose class is not that of `value`;
 *                                true if there was one.
 *   STI_FUTEX_WAKE_CLASS(word, value)
 *                                wake all whose class is that of `value`.
 *   STI_ZERO                     a uint64_t 0 of which the compiler knows
 *                                nothing: clang makes a fence and a load of an
 *                                RMW that adds a known 0.
 *   STI_YIELD()                  let another thread run.
 *   STI_SLEEP(ns)                let that much time pass, less than a second, or
 *                                less if a signal comes.
 *   STI_PAUSE()                  one step of a bounded spin.
 *   STI_CPU_MARK()               names the CPU this thread runs on, or did a
 *                                moment ago; never 0 (base/thread.h).
 */
#ifndef STI_BASE_ENV_H
#define STI_BASE_ENV_H

#include <strait/base.h>

/* How a wait with a deadline ended. */
enum {
    STI_FUTEX_LOOK = 0,   /* the value differed, or a signal came */
    STI_FUTEX_WOKEN = 1,  /* somebody's wake-up was used up */
    STI_FUTEX_EXPIRED = 2 /* the deadline has passed */
};

#ifndef STI_MODEL

#include "base/futex.h"
#include "base/thread.h"
#include <limits.h>
#include <sched.h>

#define STI_FUTEX_WAIT(word, value) sti_futex_wait((word), (value))
#define STI_FUTEX_WAIT_UNTIL(word, value, deadline_ns)                         \
    sti_futex_wait_until((word), (value), (deadline_ns))
#define STI_FUTEX_WAKE(word) sti_futex_wake_one((word))
#define STI_FUTEX_WAIT_HIGH(word, value, deadline_ns)                          \
    sti_futex_wait_until(sti_futex_high((word)), (value), (deadline_ns))
#define STI_FUTEX_WAKE_HIGH(word)                                              \
    ((void)sti_futex_wake(sti_futex_high((word)), INT_MAX, UINT32_MAX))
#define STI_FUTEX_WAKE_OTHER(word, value)                                      \
    (sti_futex_wake(sti_futex_high((word)), 1, ~sti_futex_class((value))) != 0)
#define STI_FUTEX_WAKE_CLASS(word, value)                                      \
    ((void)sti_futex_wake(                                                     \
        sti_futex_high((word)), INT_MAX, sti_futex_class((value))))
#define STI_ZERO                                                               \
    __extension__({                                                            \
        uint64_t zero_ = 0;                                                    \
        __asm__("" : "+r"(zero_));                                             \
        zero_;                                                                 \
    })
#define STI_YIELD() ((void)sched_yield())
#define STI_SLEEP(ns) sti_thread_sleep((ns))
#define STI_CPU_MARK() sti_cpu_mark()
#define STI_PAUSE() STRAIT_PAUSE()

#endif /* STI_MODEL */

#endif /* STI_BASE_ENV_H */
