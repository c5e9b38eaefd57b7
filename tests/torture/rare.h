/* SPDX-License-Identifier: MIT */
/*
 * rare.h - the rare paths of the queues, each with the case that must hit it.
 *
 * X(name, case, what happened). A run fails if a path was not hit: then the
 * case does not torture what it is there for.
 */
#ifndef STRAIT_TESTS_RARE_H
#define STRAIT_TESTS_RARE_H

/* clang-format off */
#define TORTURE_RARE_PATHS(X)                                                  \
    X(MPSC_PENDING, "mpsc", "pop met a push in its gap")                       \
    X(MPSC_LAST_LOST, "mpsc", "pop lost the CAS of the last node")             \
    X(MPSC_CHAIN_LOST, "mpsc", "pop_chain lost the CAS of the last node")      \
    X(MPSC_ARM_REFUSED, "mpsc", "arm was refused after EMPTY")                 \
    X(MPSC_SLEPT, "mpsc", "the consumer slept and was woken")                  \
    X(MPSC_DISARMED, "mpsc", "disarm took the arming back")                    \
    X(MPSC_DISARM_LATE, "mpsc", "disarm came too late")                        \
    X(MPSC_CHAIN_TOOK_WAKE, "mpsc", "a chain took the arming")                 \
    X(MPSC_HANDED_OVER, "mpsc", "the consumer's role went to a new thread")    \
    X(SHARED_OPEN_REFUSED, "shared", "open came after the close")              \
    X(SHARED_OPEN_LOST, "shared", "open lost its CAS")                         \
    X(SHARED_PUSH_MET_CLOSE, "shared", "a push met the close")                 \
    X(SHARED_PRODUCER_LAST, "shared", "a producer was the last holder")        \
    X(SHARED_CONSUMER_LAST, "shared", "the consumer was the last holder")      \
    X(SHARED_DISCARDED, "shared", "a node was discarded")                      \
    X(RING_FULL, "ring", "push found the ring full")                           \
    X(RING_PENDING, "ring", "pop met a claim that was not filled")             \
    X(RING_PUSH_LOST, "ring", "push lost its CAS")                             \
    X(RING_PUSH_N_LOST, "ring", "push_n lost its CAS")                         \
    X(RING_POP_LOST, "ring", "pop lost its CAS")                               \
    X(RING_POP_N_LOST, "ring", "pop_n lost its CAS")                           \
    X(RING_PUSH_N_SHORT, "ring", "push_n found room for a part")               \
    X(RING_FREED, "ring", "freed_ was refreshed")                              \
    X(RING_MET_CLOSE, "ring", "a push met the close")                          \
    X(RING_CLOSED_FULL, "ring", "the ring was closed with values inside")      \
    X(RING_STRONG_WAITED, "ring", "pop_strong had to wait")                    \
    X(ARMED_REFUSED, "armed", "arm was refused after EMPTY")                   \
    X(ARMED_CAS_LOST, "armed", "arm lost its CAS")                             \
    X(ARMED_SLEPT, "armed", "the consumer slept and was woken")                \
    X(ARMED_BATCH_WOKE, "armed", "a batch took the arming")                    \
    X(ARMED_ALONE_PENDING, "armed", "pop_alone met a claim not filled")        \
    X(ARMED_CLOSED_ASLEEP, "armed", "the close met a sleeper")                 \
    X(SPSC_FULL, "spsc", "push or reserve found the queue full")               \
    X(SPSC_EMPTY, "spsc", "pop or peek found the queue empty")                 \
    X(SPSC_RESERVE_SHORT, "spsc", "reserve ended at the end of the array")     \
    X(SPSC_PEEK_SHORT, "spsc", "peek ended at the end of the array")           \
    X(SPSC_CLOSED_FULL, "spsc", "the queue was closed with values inside")     \
    X(SPSC_WRAPPED, "spsc", "the positions wrapped at 2^64")                   \
    X(SPSC_HANDED_OVER, "spsc", "a role went to a new thread")                 \
    X(EVENT_CANCELLED, "event", "the second look ended a wait")                \
    X(EVENT_SLEPT, "event", "a waiter was notified")                           \
    X(EVENT_TIMED_OUT, "event", "a deadline passed")                           \
    X(EVENT_CAS_LOST, "event", "a change of the word lost its CAS")            \
    X(EVENT_TOO_LATE, "event", "who left had been taken out already")          \
    X(EVENT_NOBODY, "event", "a notification found nobody")                    \
    X(EVENT_WRAPPED, "event", "the epoch wrapped at 2^32")                     \
    X(RECLAIM_REFUSED, "reclaim", "a retire was refused")                      \
    X(RECLAIM_NO_PLACE, "reclaim", "join found no place")                      \
    X(RECLAIM_LEFT_BEHIND, "reclaim", "the last to leave left nodes behind")   \
    X(RECLAIM_BY_ANOTHER, "reclaim", "a node was freed by another member")     \
    X(RECLAIM_ADVANCE_LOST, "reclaim", "an advance of the epoch lost its CAS") \
    X(RECLAIM_CLAIM_LOST, "reclaim", "a claim of a place lost its CAS")        \
    X(RECLAIM_MOVED, "reclaim", "the epoch moved on during an announcement")
/* clang-format on */

enum torture_rare {
#define TORTURE_RARE_ENUM(name, of, text) RARE_##name,
    TORTURE_RARE_PATHS(TORTURE_RARE_ENUM)
#undef TORTURE_RARE_ENUM
        N_RARE
};

/* Any thread: it happened. */
void torture_hit(enum torture_rare what);

#endif /* STRAIT_TESTS_RARE_H */
