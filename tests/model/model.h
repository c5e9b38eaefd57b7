/* SPDX-License-Identifier: MIT */
/*
 * model.h - the language in which models are written, so that one file runs
 * under two tools: the explorer of this folder (explore.h), and the model
 * checker GenMC, for which the build defines M_GENMC.
 *
 * A model includes this header first, then the cores under test, and defines
 * its threads and M_MAIN:
 *
 *     M_STATE strait_mpsc_t q;              // every static object of a model
 *     M_THREAD(producer) { ...; return NULL; }        // may use `arg`
 *     M_MAIN { m_thread a; M_SPAWN(&a, producer, &x); ...; M_JOIN(a); }
 *
 * M_GET, M_SET    plain data that must be free of races
 * M_OWN           "this object is mine alone now": a plain write to it
 * M_FREE(p, n)    the end of a block that nobody may touch again (explorer)
 * M_ASSERT        the obligation
 * M_AWAIT(c)      spin until c; c has no side effects
 * M_PAUSE         one round of a loop that waits for somebody else
 * M_COVER(name)   a rare path that the whole run must have reached (explorer)
 * M_NAME(p, name) what traces call an object (explorer)
 * m_bell          an edge-triggered eventfd that is never read, in the epoll
 *                 set of one thread: M_RING, M_EXPIRE (its wait ends for
 *                 another reason), M_WAIT: true if rung, false if expired
 * STI_FUTEX_*     the futex of the cores
 *
 * None of these orders anything that the kernel's documentation does not: a
 * futex or a bell that wakes somebody hands over no memory.
 *
 * For GenMC's sake every variable that receives an output is initialised, and
 * no loop has side effects while it only waits.
 */
#ifndef STRAIT_MODEL_H
#define STRAIT_MODEL_H

#define STI_MODEL 1
#define STI_ZERO 0
#define STRAIT_PREFETCH_WRITE(p) ((void)0)
/* A second thread in a role is a race here. */
#define STRAIT_ROLE_(role) ((void)0)
#define STRAIT_ROLE_ABSENT_(role) ((void)0)
#define STRAIT_DEMAND_(condition) ((void)0)

#ifdef M_GENMC

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include <strait/atomic.h>

/* GenMC's own errno.h lacks it. */
#ifndef ECANCELED
#define ECANCELED 125
#endif

#define M_STATE static
#define M_THREAD(name) static void *name(void *arg __attribute__((unused)))
/* With M_END the end of a model is an error, to see that it is reached: GenMC
 * counts an execution that it cut off at a loop's bound as complete, too. */
#ifdef M_END
#define M_REACHED assert(!"the end of the model")
#else
#define M_REACHED ((void)0)
#endif
#define M_MAIN                                                                 \
    static void model_main(void);                                              \
    int main(void)                                                             \
    {                                                                          \
        model_main();                                                          \
        M_REACHED;                                                             \
        return 0;                                                              \
    }                                                                          \
    static void model_main(void)

typedef pthread_t m_thread;
#define M_SPAWN(t, fn, x) ((void)pthread_create((t), NULL, fn, (x)))
#define M_JOIN(t) ((void)pthread_join((t), NULL))

#define M_GET(p) (*(p))
#define M_SET(p, v) ((void)(*(p) = (v)))
#define M_OWN(p) ((void)(*(void **)(void *)(p) = NULL))
#define M_FREE(p, n) ((void)(p), (void)(n))
#define M_ASSERT(c) assert(c)
#define M_AWAIT(c)                                                             \
    do {                                                                       \
        while (!(c))                                                           \
            ;                                                                  \
    } while (0)
#define M_PAUSE() ((void)0)
#define M_COVER(name) ((void)0)
#define M_NAME(p, name) ((void)0)

/* The waiter remembers how many rings it has seen: two rings before one wait
 * may be seen as one, a ring after a wait ends the next one. */
typedef struct m_bell {
    STRAIT_ATOMIC(uint32_t) rung;
    STRAIT_ATOMIC(uint32_t) expired;
    uint32_t seen_rung;
    uint32_t seen_expired;
} m_bell;
#define M_RING(b) ((void)STRAIT_RAW_ADD(&(b)->rung, 1, relaxed))
#define M_EXPIRE(b) ((void)STRAIT_RAW_ADD(&(b)->expired, 1, relaxed))

static inline bool
m_bell_wait(m_bell *bell)
{
    uint32_t rung = 0;
    uint32_t expired = 0;

    do {
        rung = STRAIT_RAW_LOAD(&bell->rung, relaxed);
        expired = STRAIT_RAW_LOAD(&bell->expired, relaxed);
    } while (rung == bell->seen_rung && expired == bell->seen_expired);
    if (rung != bell->seen_rung) {
        bell->seen_rung = rung;
        return true;
    }
    bell->seen_expired = expired;
    return false;
}
#define M_WAIT(b) m_bell_wait(b)

/* Returns at once, as a futex may: the loop around it is what spins. The
 * explorer's futex is the one that notices a missing wake. */
#define STI_FUTEX_WAIT(w, v) ((void)(w), (void)(v))
#define STI_FUTEX_WAKE(w) ((void)(w))
/* Whether the deadline has passed is the model's to say. */
#ifndef M_EXPIRED
#define M_EXPIRED(w) false
#endif
#define STI_FUTEX_WAIT_UNTIL(w, v, deadline)                                   \
    ((void)(w), (void)(v), (void)(deadline),                                   \
        M_EXPIRED(w) ? STI_FUTEX_EXPIRED : STI_FUTEX_LOOK)
#define STI_FUTEX_WAIT_HIGH(w, v, deadline)                                    \
    ((void)(w), (void)(v), (void)(deadline), STI_FUTEX_LOOK)
#define STI_FUTEX_WAKE_HIGH(w) ((void)(w))
#define STI_FUTEX_WAKE_OTHER(w, v) ((void)(w), (void)(v), false)
#define STI_FUTEX_WAKE_CLASS(w, v) ((void)(w), (void)(v))
#define STI_YIELD() ((void)0)
#define STI_SLEEP(ns) ((void)(ns))
#define STI_CPU_MARK() 1
#define STRAIT_PAUSE() ((void)0)
#define STI_PAUSE() STRAIT_PAUSE()

#else /* the explorer */

#include <limits.h>

#ifdef STRAIT_ATOMIC_H
#error "include model.h before any header of Strait"
#endif
#define STRAIT_PAUSE() ex_pause()
#define STRAIT_SEAM "explore.h"
#include <strait/atomic.h>

/* Put where the explorer finds it, to restore it before each execution. */
#define M_STATE static __attribute__((section("model_state")))
#define M_THREAD(name) static void *name(void *arg __attribute__((unused)))
#define M_MAIN void model_main(void)
void model_main(void);

typedef int m_thread;
#define M_SPAWN(t, fn, x) ex_spawn((t), #fn, fn, (x))
#define M_JOIN(t) ex_join(t)

#define M_GET(p) STRAIT_DATA_GET(p)
#define M_SET(p, v) STRAIT_DATA_SET(p, v)
#define M_OWN(p)                                                               \
    __extension__({                                                            \
        EX_SITE("own", plain, #p);                                             \
        ex_own(&ex_site_, (p), sizeof(*(p)));                                  \
    })
#define M_FREE(p, n)                                                           \
    __extension__({                                                            \
        EX_SITE("free", plain, #p);                                            \
        ex_free(&ex_site_, (p), (n));                                          \
    })
#define M_ASSERT(c) ex_assert((c), #c, __FILE__, __LINE__, __func__)
#define M_AWAIT(c)                                                             \
    do {                                                                       \
        while (!(c))                                                           \
            ex_pause();                                                        \
    } while (0)
#define M_PAUSE() ex_pause()
#define M_COVER(name)                                                          \
    do {                                                                       \
        static const char *const ex_cover_                                     \
            __attribute__((section("ex_covers"), used)) = name;                \
        ex_cover(&ex_cover_);                                                  \
    } while (0)
#define M_NAME(p, name) ex_name((p), sizeof(*(p)), (name))

typedef struct ex_bell m_bell;
#define M_RING(b)                                                              \
    __extension__({                                                            \
        EX_SITE("ring", plain, #b);                                            \
        ex_bell_ring(&ex_site_, (b));                                          \
    })
#define M_EXPIRE(b)                                                            \
    __extension__({                                                            \
        EX_SITE("expire", plain, #b);                                          \
        ex_bell_expire(&ex_site_, (b));                                        \
    })
#define M_WAIT(b)                                                              \
    __extension__({                                                            \
        EX_SITE("wait", plain, #b);                                            \
        ex_bell_wait(&ex_site_, (b));                                          \
    })

#define STI_FUTEX_WAIT(w, v)                                                   \
    __extension__({                                                            \
        EX_SITE("futex_wait", plain, #w);                                      \
        ex_futex_wait(&ex_site_, (w), sizeof(*(w)), EX_BITS(v));               \
    })
#define STI_FUTEX_WAKE(w)                                                      \
    __extension__({                                                            \
        EX_SITE("futex_wake", plain, #w);                                      \
        ex_futex_wake(&ex_site_, (w));                                         \
    })
#define STI_FUTEX_WAIT_UNTIL(w, v, deadline)                                   \
    __extension__({                                                            \
        EX_SITE("futex_wait_until", plain, #w);                                \
        ex_futex_wait_until(&ex_site_, (w), sizeof(*(w)), EX_BITS(v),          \
            (deadline) != UINT64_MAX);                                         \
    })
#define STI_FUTEX_WAIT_HIGH(w, v, deadline)                                    \
    __extension__({                                                            \
        EX_SITE("futex_wait_high", plain, #w);                                 \
        ex_futex_wait_high(&ex_site_, (w), (v), (deadline) != UINT64_MAX);     \
    })
#define STI_FUTEX_WAKE_SITE_(w, n, v, how)                                     \
    __extension__({                                                            \
        EX_SITE("futex_wake_high", plain, #w);                                 \
        ex_futex_wake_high(&ex_site_, (w), (n), (v), (how)) != 0;              \
    })
#define STI_FUTEX_WAKE_HIGH(w)                                                 \
    ((void)STI_FUTEX_WAKE_SITE_((w), INT_MAX, 0, EX_ANY_CLASS))
#define STI_FUTEX_WAKE_OTHER(w, v)                                             \
    STI_FUTEX_WAKE_SITE_((w), 1, (v), EX_OTHER_CLASS)
#define STI_FUTEX_WAKE_CLASS(w, v)                                             \
    ((void)STI_FUTEX_WAKE_SITE_((w), INT_MAX, (v), EX_THIS_CLASS))
#define STI_YIELD() ex_pause()
#define STI_SLEEP(ns) ((void)(ns), ex_pause())
#define STI_CPU_MARK() 1
#define STI_PAUSE() STRAIT_PAUSE()

#endif /* M_GENMC */

#endif /* STRAIT_MODEL_H */
