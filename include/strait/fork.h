/* SPDX-License-Identifier: MIT */
/**
 * @file fork.h
 * Fork-join: a function spawns tasks, goes on, and joins them in reverse order.
 * Idle workers of the pool steal what was spawned first; what nobody has stolen
 * is run by its join, as a direct call.
 *
 *     STRAIT_TASK_1(long, fib, int)     // declares fib; makes fib_spawn, _join
 *
 *     static long fib(strait_frame_t *frame, int n)
 *     {
 *         long a, b;
 *
 *         if (n < 2)
 *             return n;
 *         fib_spawn(&frame, n - 1);
 *         b = fib(frame, n - 2);        // an ordinary call
 *         a = fib_join(&frame);
 *         return a + b;
 *     }
 *
 *     static void root(strait_frame_t *frame, void *arg)
 *     {
 *         *(long *)arg = fib(frame, 40);
 *     }
 *
 *     int err = strait_fork_run(strait_pool_lane(pool), root, &result);
 *
 * The frame. Each worker has an array of frames, its deque. What a task gets as
 * its first argument is the first free one: its worker, seen from its place in
 * the recursion. Hand it down to whatever spawns, joins or calls such
 * functions; a spawn moves it on by one, a join moves it back. It belongs to
 * the function that it was handed to, and to the thread that runs it.
 *
 * Rules. Each function joins what it has spawned, the last one first, before it
 * returns. It may not unwind, longjmp or end its thread. A task may block, but
 * holds its worker while it does; while it waits in a join its thread runs
 * other tasks, so it must not hold a lock that those may want
 * (strait_join_alone).
 *
 * Who gets what. Tasks are the spawning worker's own until somebody is idle.
 * Then it shares the older half of them, at its next spawn, join or
 * strait_worker_poll(); between those, in a long computation, it shares
 * nothing. Whoever waits in a join for a stolen task steals from the thief
 * first, then from anybody; nested too deep, it sleeps.
 *
 * In the child of a fork no task may go on: nothing here looks for that. A
 * worker keeps the memory that its deque has once used, 64 bytes for each task
 * that waited at once, until the pool is destroyed.
 *
 * Misuse that is always found: a join where the last task spawned is none of
 * that function, more than STRAIT_FORK_FRAMES_MAX spawned and not yet joined.
 * It is reported (error.h), then the program ends by a trap, for there is
 * nobody to whom an errno could be given. Builds with STRAIT_DEBUG also find
 * frames of other functions or threads, and tasks that are never joined.
 */
#ifndef STRAIT_FORK_H
#define STRAIT_FORK_H

#include <strait/atomic.h>
#include <strait/base.h>
#include <strait/lane.h>
#include <strait/work.h>

STRAIT_BEGIN_DECLS

typedef struct strait_frame strait_frame_t;

/** What a task's function looks like to the library. */
typedef void (*strait_frame_fn)(strait_frame_t *at, strait_frame_t *task);

/** A task without types: what is spawned by strait_spawn, or run as a root. */
typedef void (*strait_fork_fn)(strait_frame_t *frame, void *arg);

/** Bytes for the arguments of a task, and then for its result. */
#define STRAIT_FRAME_BYTES 40

/** A task in its worker's deque, or the place for one. Not for use of its
 * own. */
struct strait_frame {
    strait_frame_fn run_;           /* its complement while it is shared */
    STRAIT_ATOMIC(uint32_t) state_; /* of one that was shared */
    STRAIT_ATOMIC(uint32_t) thief_; /* who took it: a hint */
    uint64_t data_[STRAIT_FRAME_BYTES / 8]; /* aligned to 16 bytes */
    const void *caller_; /* checked builds: the spawning function */
};

/* A deque begins at a multiple of this, and ends before the next. Models make
 * it small; the library and its users must agree. */
#ifndef STRAIT_FORK_SPAN_
#define STRAIT_FORK_SPAN_ ((uintptr_t)1 << 26)
/* Its frames begin so far behind its beginning. */
#define STRAIT_FORK_HEAD_ 4096
#endif
/** Tasks that one worker can have spawned and not yet joined. */
#define STRAIT_FORK_FRAMES_MAX                                                 \
    ((STRAIT_FORK_SPAN_ - STRAIT_FORK_HEAD_) / sizeof(strait_frame_t) - 2)

/* The head of a deque; lib/sched/deque.h says how it works. */
typedef struct strait_deque {
    STRAIT_ATOMIC(uint32_t) hungry_; /* thieves write it, seldom */
    char pad0_[STRAIT_CACHE_LINE - sizeof(uint32_t)];
    STRAIT_ATOMIC(uint64_t) word_; /* top << 32 | split */
    char pad1_[STRAIT_CACHE_LINE - sizeof(uint64_t)];
    /* The owner's. */
    strait_frame_t *private_; /* the first that is not shared */
    strait_frame_t *frames_;
    uint64_t n_spawned_; /* since it was last added to the statistics */
    void *worker_;
} strait_deque_t;

/** The deque of a frame. @threads any  @progress wait-free */
STRAIT_NODISCARD STRAIT_INLINE strait_deque_t *
strait_frame_deque_(strait_frame_t *frame) STRAIT_NOEXCEPT
{
    return (strait_deque_t *)((uintptr_t)frame & ~(STRAIT_FORK_SPAN_ - 1));
}

/** The hungry path of spawn, join and poll: shares what lies below `end`.
 * @threads owner of the frame  @progress lock-free */
STRAIT_API void strait_fork_feed_(strait_frame_t *end) STRAIT_NOEXCEPT;

/** The path of a join whose task was shared: true if it was taken back, and is
 * the caller's to run; false if its result is there. Traps if it was another
 * one.
 * @threads owner of the frame  @progress blocking(the thief) */
STRAIT_API STRAIT_NODISCARD bool strait_fork_reclaim_(
    strait_frame_t *task, strait_frame_fn run, bool alone) STRAIT_NOEXCEPT;

/** Reports a misuse and traps. @threads any */
__attribute__((noreturn, cold)) STRAIT_API void strait_fork_misused_(
    strait_frame_t *frame, const char *what) STRAIT_NOEXCEPT;

/** Checked builds: traps if the frame is not the calling thread's.
 * @threads any  @progress wait-free */
STRAIT_API void strait_fork_demand_owner_(strait_frame_t *frame)
    STRAIT_NOEXCEPT;

#if defined(STRAIT_DEBUG) && STRAIT_DEBUG >= 1
#define STRAIT_FORK_SPAWNED_BY_(frame, who)                                    \
    (strait_fork_demand_owner_(frame),                                         \
        (frame)->caller_ == NULL                                               \
            ? (void)((frame)->caller_ = (who))                                 \
            : strait_fork_misused_(frame, "a task was never joined"))
#define STRAIT_FORK_JOINED_BY_(frame, who)                                     \
    (strait_fork_demand_owner_(frame),                                         \
        (frame)[1].caller_ == NULL                                             \
            ? (void)0                                                          \
            : strait_fork_misused_(frame, "a task was never joined"),          \
        (frame)->caller_ == (who)                                              \
            ? (void)((frame)->caller_ = NULL)                                  \
            : strait_fork_misused_(                                            \
                  frame, "a function joins what another one has spawned"))
#else
#define STRAIT_FORK_SPAWNED_BY_(frame, who) ((void)(frame), (void)(who))
#define STRAIT_FORK_JOINED_BY_(frame, who) ((void)(frame), (void)(who))
#endif
/* Who that is: the function that the caller is inlined into. */
#define STRAIT_FORK_SPAWNS_(frame)                                             \
    STRAIT_FORK_SPAWNED_BY_(frame, __builtin_frame_address(0))
#define STRAIT_FORK_JOINS_(frame)                                              \
    STRAIT_FORK_JOINED_BY_(frame, __builtin_frame_address(0))

/**
 * The second half of a spawn: the task in `*frame`, whose data_ is written.
 * Moves the frame on.
 * @threads owner of the frame  @progress wait-free  @cost 0 RMW, unless
 *   somebody is idle
 */
STRAIT_INLINE void
strait_frame_push_(strait_frame_t **frame, strait_frame_fn run) STRAIT_NOEXCEPT
{
    strait_frame_t *task = *frame;
    strait_deque_t *deque = strait_frame_deque_(task);

    if (__builtin_expect(
            ((uintptr_t)(task + 1) & (STRAIT_FORK_SPAN_ - 1)) == 0, 0))
        strait_fork_misused_(task, "too many tasks wait for their join");
    task->run_ = run;
    deque->n_spawned_++;
    *frame = task + 1;
    /* rlx: a request; feed takes it by RMW. */
    if (__builtin_expect(strait_load_rlx(&deque->hungry_) != 0, 0))
        strait_fork_feed_(task + 1);
}

/**
 * The first half of a join: moves the frame back to the last task. True if the
 * caller is to run it; false if somebody else has.
 * @threads owner of the frame
 * @progress wait-free if nobody has stolen it, else blocking(the thief)
 * @cost 0 RMW, unless it was shared
 */
STRAIT_NODISCARD STRAIT_INLINE bool
strait_frame_pop_(strait_frame_t **frame, strait_frame_fn run, bool alone)
    STRAIT_NOEXCEPT
{
    strait_frame_t *task = *frame - 1;
    strait_deque_t *deque = strait_frame_deque_(task);

    *frame = task;
    /* rlx: as in push. */
    if (__builtin_expect(strait_load_rlx(&deque->hungry_) != 0, 0))
        strait_fork_feed_(task);
    /* One look says both: it is the one that was spawned last, and nobody else
     * has seen it, for a shared one is marked (deque.h). */
    if (__builtin_expect(task->run_ == run, 1))
        return true;
    return strait_fork_reclaim_(task, run, alone);
}

/** Runs what strait_spawn has spawned. @threads the worker that has it */
STRAIT_API void strait_fork_run_plain_(strait_frame_t *at, strait_frame_t *task)
    STRAIT_NOEXCEPT;

/** The same for who has joined it himself: it lies where his frame is now. */
STRAIT_INLINE void
strait_fork_call_plain_(strait_frame_t *task) STRAIT_NOEXCEPT
{
    strait_fork_fn fn = (strait_fork_fn)(uintptr_t)task->data_[0];

    fn(task, (void *)(uintptr_t)task->data_[1]);
}

/**
 * Spawns fn(frame, arg): from now on any worker may run it.
 * @param frame  the calling function's; moved on
 * @threads owner of the frame  @progress wait-free
 * @cost 0 RMW, unless somebody is idle; no allocation
 */
STRAIT_INLINE void
strait_spawn(strait_frame_t **frame, strait_fork_fn fn, void *arg)
    STRAIT_NOEXCEPT
{
    strait_frame_t *task = *frame;

    STRAIT_FORK_SPAWNS_(task);
    task->data_[0] = (uint64_t)(uintptr_t)fn;
    task->data_[1] = (uint64_t)(uintptr_t)arg;
    strait_frame_push_(frame, strait_fork_run_plain_);
}

/**
 * Joins the last task of strait_spawn: runs it if nobody else has begun, else
 * waits for its end, and runs other tasks meanwhile. What it has written is
 * visible afterwards.
 * @param frame  the calling function's; moved back
 * @threads owner of the frame
 * @progress wait-free but for the task, or blocking(its thief)
 */
STRAIT_INLINE void
strait_join(strait_frame_t **frame) STRAIT_NOEXCEPT
{
    STRAIT_FORK_JOINS_(*frame - 1);
    if (strait_frame_pop_(frame, strait_fork_run_plain_, false))
        strait_fork_call_plain_(*frame);
}

/**
 * strait_join for a caller that holds a lock: if the task was stolen it sleeps
 * until that one has ended, and runs nothing else meanwhile. Its thief may, in
 * the joins below: if other tasks want the lock, all joins of the task that is
 * waited for must be alone, too, and so it must not use loops or sorts.
 * @threads owner of the frame  @progress blocking(the thief)
 */
STRAIT_INLINE void
strait_join_alone(strait_frame_t **frame) STRAIT_NOEXCEPT
{
    STRAIT_FORK_JOINS_(*frame - 1);
    if (strait_frame_pop_(frame, strait_fork_run_plain_, true))
        strait_fork_call_plain_(*frame);
}

/**
 * For long computations that neither spawn nor join: shares tasks if somebody
 * is idle.
 * @param frame  the calling function's
 * @threads owner of the frame  @progress wait-free
 * @cost one load of a line that is in the cache
 */
STRAIT_INLINE void
strait_worker_poll(strait_frame_t *frame) STRAIT_NOEXCEPT
{
    /* rlx: as in push. */
    if (__builtin_expect(
            strait_load_rlx(&strait_frame_deque_(frame)->hungry_) != 0, 0))
        strait_fork_feed_(frame);
}

/**
 * Runs fn(frame, arg) on the pool and returns when it has returned. From a
 * worker of class CPU of the same pool: as a call. From any other thread: as an
 * item of the lane, and the caller sleeps.
 * Inside a task, where a frame is at hand, hand that down instead: a call of
 * this function works there, but begins with a deque of its own, and until it
 * returns nobody steals from the one outside.
 * When the pool is closed its idle workers end, so a root that still runs has
 * only those that are busy with it.
 * @param lane  of class CPU (not NULL)
 * @retval 0           fn has returned
 * @retval -EINVAL     NULL, or a lane of class BLOCKING
 * @retval -EDEADLK    the thread runs a loop, and must not wait: use
 *                     strait_fork_init
 * @retval -ENOMEM     no address space for a deque, or more than 15 of these
 *                     calls within one another
 * @retval -ECANCELED  the pool was shut down before fn was called
 * @retval -EAGAIN, -ESHUTDOWN, -ECHILD  as strait_work_submit
 * @threads any  @progress blocking(fn)
 */
STRAIT_API STRAIT_NODISCARD int strait_fork_run(
    strait_lane_t *lane, strait_fork_fn fn, void *arg) STRAIT_NOEXCEPT;

/** A root that completes on a sink. Complete; embed it. */
typedef struct strait_fork {
    strait_work_t work_;
    strait_fork_fn fn_;
    void *arg_;
    strait_work_done_fn done_;
    int err_;
} strait_fork_t;

/**
 * Makes a root: a work item whose `run` is fn(frame, arg). Submit it by
 * strait_work_submit or strait_loop_submit to a lane of class CPU; all that
 * work.h says holds.
 * @param done  as in strait_work_init, with this `arg`; its status is -ENOMEM
 *   if there was no address space for a deque, and -EINVAL if the lane was of
 *   class BLOCKING; then fn was not called
 * @return the item to submit; NULL for NULL
 * @threads init-only  @progress wait-free
 */
STRAIT_API strait_work_t *strait_fork_init(strait_fork_t *fork,
    strait_fork_fn fn, strait_work_done_fn done, void *arg) STRAIT_NOEXCEPT;

/** What fork-join has done in a pool; each number only grows. */
typedef struct strait_fork_stats {
    uint32_t size;      /**< sizeof this struct; set it before the call */
    uint32_t max_depth; /**< most tasks nested in the joins of one worker */
    uint64_t n_spawned; /**< tasks */
    uint64_t n_stolen;  /**< of them run by another worker */
    uint64_t n_leapt;  /**< of those taken from the thief that was waited for */
    uint64_t n_failed; /**< looks at a deque that found nothing to steal */
    uint64_t n_exposed;   /**< times a worker shared something */
    uint64_t n_reclaimed; /**< times it took some of it back */
    uint64_t n_waits;     /**< times a join slept */
} strait_fork_stats_t;

#define STRAIT_FORK_STATS_INIT                                                 \
    {                                                                          \
        (uint32_t)sizeof(strait_fork_stats_t), 0, 0, 0, 0, 0, 0, 0, 0          \
    }

/**
 * Reads the statistics; exact once the pool is idle.
 * @param worker  0 to strait_pool_workers() - 1; -1: all of them together
 * @retval 0  done; -EINVAL  NULL, an unknown size, no such worker
 * @threads any  @progress wait-free
 */
STRAIT_API int strait_fork_stats(const strait_pool_t *pool, int worker,
    strait_fork_stats_t *stats) STRAIT_NOEXCEPT;

/* ------------------------------------------------------------ typed tasks */

/*
 * STRAIT_TASK_n(R, name, types of n arguments) declares
 *     static inline R name(strait_frame_t *frame, ...);    // which you define
 *     void name_spawn(strait_frame_t **frame, ...)
 *     R name_join(strait_frame_t **frame)
 * Arguments and result are copied; each have STRAIT_FRAME_BYTES at most,
 * aligned to at most 16. For
 * functions without a result: STRAIT_TASK_VOID_n(name, types of n arguments).
 */
/* clang-format off */
#define STRAIT_TASK_(R, name, types, params, fields, store, pass)              \
    static inline R name types;                                                \
    typedef struct __attribute__((may_alias)) { fields } name##_task_;         \
    typedef char name##_fits_[sizeof(name##_task_) <= STRAIT_FRAME_BYTES       \
        && sizeof(R) <= STRAIT_FRAME_BYTES && __alignof__(R) <= 16             \
        && __alignof__(name##_task_) <= 16 ? 1 : -1];                          \
    typedef struct __attribute__((may_alias)) { R is_; } name##_result_;       \
    static inline void                                                         \
    name##_run_(strait_frame_t *at_, strait_frame_t *frame_)                   \
    {                                                                          \
        name##_task_ *task_ = (name##_task_ *)(void *)frame_->data_;           \
                                                                               \
        ((name##_result_ *)(void *)frame_->data_)->is_ = name pass;            \
    }                                                                          \
    __attribute__((always_inline, unused)) static inline void                  \
    name##_spawn params                                                        \
    {                                                                          \
        name##_task_ *task_ = (name##_task_ *)(void *)(*frame_)->data_;        \
                                                                               \
        STRAIT_FORK_SPAWNS_(*frame_);                                          \
        store;                                                                 \
        strait_frame_push_(frame_, name##_run_);                               \
    }                                                                          \
    __attribute__((always_inline, unused)) static inline R                     \
    name##_join(strait_frame_t **frame_)                                       \
    {                                                                          \
        strait_frame_t *at_ = *frame_ - 1;                                     \
        name##_task_ *task_ = (name##_task_ *)(void *)at_->data_;              \
                                                                               \
        STRAIT_FORK_JOINS_(at_);                                               \
        if (strait_frame_pop_(frame_, name##_run_, false))                     \
            return name pass;                                                  \
        return ((name##_result_ *)(void *)at_->data_)->is_;                    \
    }                                                                          \
    struct name##_task_end_

#define STRAIT_TASK_1(R, name, A)                                              \
    STRAIT_TASK_(R, name, (strait_frame_t *, A),                               \
        (strait_frame_t **frame_, A a_),                                       \
        A a_;,                                                                 \
        (task_->a_ = a_),                                                      \
        (at_, task_->a_))

#define STRAIT_TASK_2(R, name, A, B)                                           \
    STRAIT_TASK_(R, name, (strait_frame_t *, A, B),                            \
        (strait_frame_t **frame_, A a_, B b_),                                 \
        A a_; B b_;,                                                           \
        (task_->a_ = a_, task_->b_ = b_),                                      \
        (at_, task_->a_, task_->b_))

#define STRAIT_TASK_3(R, name, A, B, C)                                        \
    STRAIT_TASK_(R, name, (strait_frame_t *, A, B, C),                         \
        (strait_frame_t **frame_, A a_, B b_, C c_),                           \
        A a_; B b_; C c_;,                                                     \
        (task_->a_ = a_, task_->b_ = b_, task_->c_ = c_),                      \
        (at_, task_->a_, task_->b_, task_->c_))

#define STRAIT_TASK_4(R, name, A, B, C, D)                                     \
    STRAIT_TASK_(R, name, (strait_frame_t *, A, B, C, D),                      \
        (strait_frame_t **frame_, A a_, B b_, C c_, D d_),                     \
        A a_; B b_; C c_; D d_;,                                               \
        (task_->a_ = a_, task_->b_ = b_, task_->c_ = c_,                       \
            task_->d_ = d_),                                                   \
        (at_, task_->a_, task_->b_, task_->c_, task_->d_))

#define STRAIT_TASK_5(R, name, A, B, C, D, E)                                  \
    STRAIT_TASK_(R, name, (strait_frame_t *, A, B, C, D, E),                   \
        (strait_frame_t **frame_, A a_, B b_, C c_, D d_, E e_),               \
        A a_; B b_; C c_; D d_; E e_;,                                         \
        (task_->a_ = a_, task_->b_ = b_, task_->c_ = c_,                       \
            task_->d_ = d_, task_->e_ = e_),                                   \
        (at_, task_->a_, task_->b_, task_->c_, task_->d_, task_->e_))

#define STRAIT_TASK_VOID_(name, types, params, fields, store, pass)            \
    static inline void name types;                                             \
    typedef struct __attribute__((may_alias)) { fields } name##_task_;         \
    typedef char name##_fits_[sizeof(name##_task_) <= STRAIT_FRAME_BYTES       \
        && __alignof__(name##_task_) <= 16 ? 1 : -1];                          \
    static inline void                                                         \
    name##_run_(strait_frame_t *at_, strait_frame_t *frame_)                   \
    {                                                                          \
        name##_task_ *task_ = (name##_task_ *)(void *)frame_->data_;           \
                                                                               \
        name pass;                                                             \
    }                                                                          \
    __attribute__((always_inline, unused)) static inline void                  \
    name##_spawn params                                                        \
    {                                                                          \
        name##_task_ *task_ = (name##_task_ *)(void *)(*frame_)->data_;        \
                                                                               \
        STRAIT_FORK_SPAWNS_(*frame_);                                          \
        store;                                                                 \
        strait_frame_push_(frame_, name##_run_);                               \
    }                                                                          \
    __attribute__((always_inline, unused)) static inline void                  \
    name##_join(strait_frame_t **frame_)                                       \
    {                                                                          \
        strait_frame_t *at_ = *frame_ - 1;                                     \
        name##_task_ *task_ = (name##_task_ *)(void *)at_->data_;              \
                                                                               \
        STRAIT_FORK_JOINS_(at_);                                               \
        if (strait_frame_pop_(frame_, name##_run_, false))                     \
            name pass;                                                         \
    }                                                                          \
    struct name##_task_end_

#define STRAIT_TASK_VOID_1(name, A)                                            \
    STRAIT_TASK_VOID_(name, (strait_frame_t *, A),                             \
        (strait_frame_t **frame_, A a_),                                       \
        A a_;,                                                                 \
        (task_->a_ = a_),                                                      \
        (at_, task_->a_))

#define STRAIT_TASK_VOID_2(name, A, B)                                         \
    STRAIT_TASK_VOID_(name, (strait_frame_t *, A, B),                          \
        (strait_frame_t **frame_, A a_, B b_),                                 \
        A a_; B b_;,                                                           \
        (task_->a_ = a_, task_->b_ = b_),                                      \
        (at_, task_->a_, task_->b_))

#define STRAIT_TASK_VOID_3(name, A, B, C)                                      \
    STRAIT_TASK_VOID_(name, (strait_frame_t *, A, B, C),                       \
        (strait_frame_t **frame_, A a_, B b_, C c_),                           \
        A a_; B b_; C c_;,                                                     \
        (task_->a_ = a_, task_->b_ = b_, task_->c_ = c_),                      \
        (at_, task_->a_, task_->b_, task_->c_))

#define STRAIT_TASK_VOID_4(name, A, B, C, D)                                   \
    STRAIT_TASK_VOID_(name, (strait_frame_t *, A, B, C, D),                    \
        (strait_frame_t **frame_, A a_, B b_, C c_, D d_),                     \
        A a_; B b_; C c_; D d_;,                                               \
        (task_->a_ = a_, task_->b_ = b_, task_->c_ = c_,                       \
            task_->d_ = d_),                                                   \
        (at_, task_->a_, task_->b_, task_->c_, task_->d_))

#define STRAIT_TASK_VOID_5(name, A, B, C, D, E)                                \
    STRAIT_TASK_VOID_(name, (strait_frame_t *, A, B, C, D, E),                 \
        (strait_frame_t **frame_, A a_, B b_, C c_, D d_, E e_),               \
        A a_; B b_; C c_; D d_; E e_;,                                         \
        (task_->a_ = a_, task_->b_ = b_, task_->c_ = c_,                       \
            task_->d_ = d_, task_->e_ = e_),                                   \
        (at_, task_->a_, task_->b_, task_->c_, task_->d_, task_->e_))
/* clang-format on */

STRAIT_END_DECLS

#endif /* STRAIT_FORK_H */
