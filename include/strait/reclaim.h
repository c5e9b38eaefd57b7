/* SPDX-License-Identifier: MIT */
/**
 * @file reclaim.h
 * When may memory be freed that other threads may still be reading? Epochs and
 * quiescent states, behind one retire call.
 *
 * Use it when threads read a shared structure without a lock while others take
 * parts out of it: lists, trees, tables, a configuration that is swapped. Do
 * not use it for what one thread owns at a time: Strait's queues hand nodes
 * over and need none of this. Where a reader may stop for long inside a
 * section, see "Stalled readers" first.
 *
 *     STRAIT_ATOMIC(struct table *) table;           // atomic.h
 *     strait_reclaim_t *reclaim;
 *     strait_reclaim_member_t *me;                   // one per thread
 *     int err = strait_reclaim_create(&reclaim, NULL);
 *     err = strait_reclaim_join(&me, reclaim, "reader 1");
 *
 *     // a reader                            // a writer
 *     strait_reclaim_enter(me);              old = strait_xchg_acq_rel(
 *     t = strait_load_acquire(&table);               &table, fresh);
 *     look_up(t, key);                       err = strait_reclaim_retire(me,
 *     strait_reclaim_exit(me);                       &old->node, free_table);
 *
 * Two ways to be a reader; a domain may have members of both kinds:
 *
 * - epochs, for any thread: enter and exit round each stretch of reading. A
 *   member between sections holds nothing back. 1 RMW per outermost section.
 * - quiescent states, for threads that go round in a loop, such as workers: be
 *   online, and say quiescent between two tasks, where no reference is kept.
 *   No RMW at all. Go offline before anything that may block: an online member
 *   that says nothing holds back the memory of all. Sections inside cost
 *   nothing, and quiescent is ignored in them.
 *
 * Retire: whoever has made a node unreachable for new readers retires it, with
 * the function that frees it. That function runs later, in a retire, collect or
 * flush of this member, or of another one if this one has left, once every
 * section that could have seen the node is over.
 *
 * Guarantees: a node that was made unreachable before its retire is not freed
 * while a section lasts that began before; what readers did in their sections
 * happens before its free function. Each accepted node is freed once; leaving
 * and destroying lose nothing. No call frees more than
 * STRAIT_RECLAIM_FREES_MAX nodes, but flush and destroy.
 *
 * Stalled readers. A member that stays in its section (or online and silent)
 * keeps nodes from being freed, in every scheme of this kind. Here that has a
 * bound and a name: a member that has max_retired nodes waiting gets -EAGAIN
 * and keeps its node, so that all members together never hold more than
 * max_members times max_retired nodes; and strait_reclaim_stats names the
 * member that the others wait for, and how often they have tried since. The
 * epoch is never more than one ahead of the member that holds it back, so an
 * age in epochs would say nothing.
 *
 * Memory: the domain is one block, allocated by create; nodes are embedded in
 * what they free. No allocation and no system call but in create and destroy.
 *
 * Fork, signals: in the child of a fork create works; join, leave, retire,
 * collect, flush and stats of the parent's domain answer -ECHILD, and destroy
 * frees the domain without calling free functions. Nothing here may be called
 * from a signal handler.
 */
#ifndef STRAIT_RECLAIM_H
#define STRAIT_RECLAIM_H

#include <strait/atomic.h>
#include <strait/base.h>
#include <strait/memory.h>

STRAIT_BEGIN_DECLS

/** Members that share one epoch, and the nodes that they have retired. */
typedef struct strait_reclaim strait_reclaim_t;

/** What a thread is in a domain. All calls with it come from the thread that
 * joined (checked from STRAIT_DEBUG 1 on). */
typedef struct strait_reclaim_member strait_reclaim_member_t;

typedef struct strait_reclaim_node strait_reclaim_node_t;

/**
 * Frees what embeds the node (STRAIT_CONTAINER_OF). It may enter, exit, and
 * retire other nodes through the member that is being called; it must not leave
 * or destroy.
 */
typedef void (*strait_reclaim_fn)(strait_reclaim_node_t *node);

/** Embed one in whatever is to be retired; no need to initialise it. */
struct strait_reclaim_node {
    strait_reclaim_node_t *next_;
    strait_reclaim_fn free_;
};

/** The most nodes that one call frees, but for flush and destroy. */
#define STRAIT_RECLAIM_FREES_MAX 8
/** The most members a domain can have. */
#define STRAIT_RECLAIM_MEMBERS_MAX 512
/** How many it can have unless its configuration says otherwise. */
#define STRAIT_RECLAIM_MEMBERS_DEFAULT 64
/** The most that may be allowed to wait per member, and the default. */
#define STRAIT_RECLAIM_RETIRED_MAX (1u << 24)
#define STRAIT_RECLAIM_RETIRED_DEFAULT 4096

/** How a domain is made. Start from STRAIT_RECLAIM_CONFIG_INIT. */
typedef struct strait_reclaim_config {
    uint32_t size;        /**< sizeof this struct, set by the initialiser */
    uint32_t max_members; /**< at a time; 0: the default */
    uint32_t max_retired; /**< nodes that may wait per member; 0: the default */
    uint32_t reserved;    /**< 0 */
    const strait_allocator_t *allocator; /**< NULL: the default (memory.h) */
} strait_reclaim_config_t;

#define STRAIT_RECLAIM_CONFIG_INIT                                             \
    {                                                                          \
        (uint32_t)sizeof(strait_reclaim_config_t), 0, 0, 0, NULL               \
    }

/**
 * Creates a domain without members.
 * @param[out] ret_reclaim  not NULL
 * @param config            NULL for the defaults
 * @retval 0        done
 * @retval -EINVAL  ret_reclaim NULL, an unknown size, more than the most, an
 *                  allocator without functions
 * @retval -ENOMEM  no memory
 * @threads any  @progress wait-free but for memory
 */
STRAIT_API STRAIT_NODISCARD int strait_reclaim_create(
    strait_reclaim_t **ret_reclaim, const strait_reclaim_config_t *config)
    STRAIT_NOEXCEPT;

/**
 * Frees every node that still waits, and the domain.
 * @param reclaim  NULL is allowed and does nothing
 * @retval 0       done; in the child of a fork without calling free functions
 * @retval -EBUSY  it has members; nothing happened
 * @threads any, alone: nobody joins, leaves or asks meanwhile
 * @progress wait-free but for the free functions
 */
STRAIT_API int strait_reclaim_destroy(strait_reclaim_t *reclaim)
    STRAIT_NOEXCEPT;

/**
 * Makes the calling thread a member: in no section, offline. A member may
 * inherit nodes that one before it has left behind; they count as its own.
 * @param[out] ret_me  not NULL
 * @param reclaim      not NULL
 * @param name         up to 15 characters, for the statistics; NULL: ""
 * @retval 0        done
 * @retval -EINVAL  NULL ret_me or reclaim, a name that is too long
 * @retval -ENOSPC  max_members are there, or the only free place is this very
 *                  moment being cleared of what its last member left
 * @retval -ECHILD  the domain stayed in the parent of a fork
 * @threads any  @progress lock-free: 2 RMW at most per place
 */
STRAIT_API STRAIT_NODISCARD int strait_reclaim_join(
    strait_reclaim_member_t **ret_me, strait_reclaim_t *reclaim,
    const char *name) STRAIT_NOEXCEPT;

/**
 * Ends a membership; goes offline if need be. What could not be freed yet stays
 * with the domain: other members free it, or the next one in this place, or
 * destroy.
 * @param me  not to be used any more after 0: it may be another member's then.
 *   A thread leaves before it ends; nobody else can do it, and destroy would
 *   answer
 *   -EBUSY for ever.
 * @retval 0        done
 * @retval -EINVAL  NULL
 * @retval -EBUSY   called inside a section or from a free function
 * @retval -ECHILD  the domain stayed in the parent of a fork
 * @threads the member's  @progress wait-free  @cost 0 RMW
 */
STRAIT_API int strait_reclaim_leave(strait_reclaim_member_t *me)
    STRAIT_NOEXCEPT;

/**
 * Begins a section: what can be reached from now on stays until exit. Sections
 * nest; the inner ones cost an addition.
 * @param me  not NULL
 * @threads the member's  @progress wait-free
 * @cost 1 RMW, none if nested or online; 1 store more if the epoch has moved
 *   on in the middle of it
 */
STRAIT_API void strait_reclaim_enter(strait_reclaim_member_t *me)
    STRAIT_NOEXCEPT;

/**
 * Ends the section that the last enter began. References from it are void.
 * @param me  not NULL, in a section
 * @threads the member's  @progress wait-free  @cost 0 RMW: one store
 */
STRAIT_API void strait_reclaim_exit(strait_reclaim_member_t *me)
    STRAIT_NOEXCEPT;

/**
 * Goes online: all that follows is one section, until offline, and quiescent
 * cuts it into pieces. Nothing happens if it is online.
 * @param me  not NULL
 * @threads the member's  @progress wait-free  @cost as enter
 */
STRAIT_API void strait_reclaim_online(strait_reclaim_member_t *me)
    STRAIT_NOEXCEPT;

/**
 * Goes offline: before a wait, a sleep, a long system call. Inside a section
 * the section goes on. Nothing happens if it is offline.
 * @param me  not NULL
 * @threads the member's  @progress wait-free  @cost as exit
 */
STRAIT_API void strait_reclaim_offline(strait_reclaim_member_t *me)
    STRAIT_NOEXCEPT;

/**
 * Says: here I keep no reference of before. Without effect inside enter and
 * exit, and offline.
 * @param me  not NULL
 * @threads the member's  @progress wait-free
 * @cost 0 RMW: one load, and one store if the epoch has moved since last time
 */
STRAIT_API void strait_reclaim_quiescent(strait_reclaim_member_t *me)
    STRAIT_NOEXCEPT;

/**
 * Has a node freed when nobody can be reading it any more. Frees, by the way,
 * up to STRAIT_RECLAIM_FREES_MAX others whose time has come.
 * @param me    any member; in a section or not, online or not. Outside it is in
 *              one for a moment: stopped there, it holds memory back like a
 *              reader.
 * @param node  unreachable for who looks from now on; belongs to the domain
 *              if 0 was answered, else to the caller still
 * @param fn    frees it, some time later
 * @retval 0        accepted
 * @retval -EINVAL  NULL
 * @retval -EAGAIN  max_retired nodes wait, and the epoch is held back: by a
 *                  member that strait_reclaim_stats names, which is this one if
 *                  it has been in its section for too long
 * @retval -ECHILD  the domain stayed in the parent of a fork
 * @threads the member's  @progress wait-free but for free functions
 * @cost 0 RMW in a section or online, else 1 (as enter). Once in 64 calls (or
 *   a quarter of max_retired, if that is less) it tries to move the epoch on:
 *   1 RMW, and 1 for each member that is in no section; the
 *   same in each call while max_retired nodes wait, up to three times.
 */
STRAIT_API STRAIT_NODISCARD int strait_reclaim_retire(
    strait_reclaim_member_t *me, strait_reclaim_node_t *node,
    strait_reclaim_fn fn) STRAIT_NOEXCEPT;

/**
 * Tries to move the epoch on and frees what may be freed, for members that
 * retire seldom: at leisure, or before a wait.
 * @return how many it has freed, at most STRAIT_RECLAIM_FREES_MAX; -EINVAL for
 *   NULL; -ECHILD if the domain stayed in the parent of a fork
 * @threads the member's  @progress wait-free but for free functions
 * @cost as retire, once in 64
 */
STRAIT_API int strait_reclaim_collect(strait_reclaim_member_t *me)
    STRAIT_NOEXCEPT;

/**
 * Frees all that this member, and those who have left, have retired, as far as
 * nobody holds it back: for tear-down, with no bound on its duration. Counts as
 * quiescent for a member that is online. Does not wait: call it again when the
 * others have gone on.
 * @retval 0        nothing of it waits any more
 * @retval -EAGAIN  something does; strait_reclaim_stats says for whom
 * @retval -EBUSY   called inside a section or from a free function
 * @retval -EINVAL  NULL
 * @retval -ECHILD  the domain stayed in the parent of a fork
 * @threads the member's  @progress lock-free but for free functions: it goes
 *   on while others let the epoch move
 */
STRAIT_API STRAIT_NODISCARD int strait_reclaim_flush(
    strait_reclaim_member_t *me) STRAIT_NOEXCEPT;

/** No member holds the epoch back. */
#define STRAIT_RECLAIM_NOBODY UINT32_MAX

/** How a domain is doing. Members and nodes of this moment; the rest grows. */
typedef struct strait_reclaim_stats {
    uint32_t size;        /**< sizeof this struct; set it before the call */
    uint32_t n_members;   /**< that have joined and not left */
    uint64_t epoch;       /**< grows by one each time all have gone on */
    uint64_t n_waiting;   /**< nodes retired and not freed yet */
    uint64_t n_freed;     /**< nodes freed */
    uint64_t n_refused;   /**< retires answered with -EAGAIN */
    uint32_t holder;      /**< place of a member that the epoch waits for, or
                             STRAIT_RECLAIM_NOBODY */
    uint32_t n_tries;     /**< how often members have tried in vain to move the
                             epoch on since it last moved */
    char holder_name[16]; /**< the name it joined with */
} strait_reclaim_stats_t;

#define STRAIT_RECLAIM_STATS_INIT                                              \
    {                                                                          \
        (uint32_t)sizeof(strait_reclaim_stats_t), 0, 0, 0, 0, 0,               \
            STRAIT_RECLAIM_NOBODY, 0,                                          \
        {                                                                      \
            0                                                                  \
        }                                                                      \
    }

/**
 * Reads the statistics. Exact once nobody is inside a call; a holder is one
 * that was in a section of an earlier epoch when it was looked at. It stands in
 * the way of memory only while n_tries grows and the epoch does not.
 * @retval 0        done
 * @retval -EINVAL  NULL or an unknown size
 * @retval -ECHILD  the domain stayed in the parent of a fork
 * @threads any  @progress wait-free  @cost 0 RMW
 */
STRAIT_API int strait_reclaim_stats(const strait_reclaim_t *reclaim,
    strait_reclaim_stats_t *stats) STRAIT_NOEXCEPT;

STRAIT_END_DECLS

#endif /* STRAIT_RECLAIM_H */
