/* SPDX-License-Identifier: MIT */
/*
 * reclaim - when memory may be freed that others may still read: epochs and
 * quiescent states. The algorithm is in reclaim_core.h; here are its reasons,
 * and the calls of reclaim.h around it.
 *
 * Source. Epoch-based reclamation (K. Fraser, "Practical lock-freedom", 2004,
 * 5.2.3) and the quiescent states of read-copy-update. Deviations: (1) no
 * fence and nothing sequentially consistent: a reader and a scan meet in read-
 * modify-writes on the reader's one word; (2) a reader that found its guess of
 * the epoch outdated corrects it by a plain store instead of trying again, so
 * enter is wait-free with one exchange; (3) being online is a section that
 * quiescent cuts, which makes quiescent states and epochs one algorithm; (4)
 * nodes are tagged with an upper bound of the epoch, not with the epoch as it
 * was read, which may be old: Fraser's and many later ones need a fence or an
 * argument for that; (5) what a member leaves behind stays in its place, under
 * the old tags, and so within the bound of that place.
 *
 * Picture. Epoch 7; three places were ever taken.
 *     word      [ 7 | 3 ]
 *     place     0 "loop"        1 "worker"      2 (left)        3
 *     state     in 7            in 6            idle            idle
 *     owner     taken           taken           left            free
 *     nodes     7 5 5 | 4                       6 6
 *   The epoch waits for the worker. Nodes are shown by their tags, newest
 *   first; behind the bar those that were found ripe: tag + 2 <= epoch. Tag 5
 *   is ripe as well, and will be found when the member retires or collects
 *   next; tag 6 will be once the worker has gone on, and be freed by who helps.
 *
 * Roles. All calls with a member: the thread that joined. A scan looks at the
 *     states of all places that were ever taken; whoever takes `owner` owns the
 *     rest of a place.
 *
 * Invariants.
 *   I1  while a section is announced as t, the epoch is at most t + 1.
 *   I2  the word changes by read-modify-writes only, and never goes down.
 *   I3  tags of one place never go down; those that are not ripe are at most
 *       three different ones in a row.
 *   I4  a place never holds more than max_retired nodes.
 *
 * Edges.
 *   E1  a scan's add of 0 to an idle state -> exchange of the next enter   the
 *       epoch at which the scan saw nobody there
 *   E2  CAS of the word -> loads of the word     the sections that were over
 *   E3  stores of the state (exit, quiescent, correction) -> looks of scans
 *       the section that has ended
 *   E4  let_go of a place -> claim of it     its nodes, and where its owner was
 *       in the order of the word
 *
 * Why I1 holds. Suppose an advance from t + 1 to t + 2 had looked at the state
 * of our section, announced as t. Not while it stood there: the scan stops at
 * t. Not before enter's exchange: if the scan found us idle, the next exchange
 * of ours behind its add, be it this one or that of a section before, takes E1,
 * and the look that follows it sees t + 1 or more, so that t was corrected; if
 * it found an earlier section and let it pass, that one was t + 1 already, and
 * what we read later is no less. Not between exchange and correction: there
 * stood an epoch not above t, and again the scan would stop. The same holds
 * between two announcements of an online member, which is why quiescent needs
 * no exchange. And not without visiting our place: then its CAS expected fewer
 * places, so it came before we joined, and our announcements are t + 2 or more.
 *
 * Why a free is safe. W makes a node unreachable and appends it in a section of
 * epoch w (or between two sections; then retire is in one for a moment), with
 * the tag w + 1. R announces r. If r >= w + 2, R has read from the advance to
 * w + 2 or a later one, which by I1 scanned W after its section: E3 and E2
 * tell R that the node is gone, and it cannot reach it. If r <= w + 1, the
 * advance to w + 3 is one from r + 1 to r + 2 or comes after that, which by I1
 * scanned R after its section; the node is freed by who has read, with acquire,
 * tag + 2 = w + 3 or more. Nowhere does a time pass: all steps are edges or the
 * order of one word. The tag w would be too low: R may be in w + 1 with W still
 * in w.
 *
 * Why a scan adds 0. A mere load of an idle state leaves no trace in the order
 * of that word, and a later enter might then not learn of the epoch that the
 * scan was for. (x86-64 and aarch64 do not do that; C11 and POWER may.) Who is
 * in a section has announced what the scan needs to know: a load will do.
 *
 * Progress. All wait-free but for the functions of the user, and join, which is
 *   lock-free. A member stopped in a section, or online, holds back the memory
 *   of all and nothing else. One that is stopped while it helps hides the nodes
 *   of the one place that it clears up.
 *
 * Limits. Epochs have 54 bits: at one advance in 50 ns they last 28 years; the
 *   wrap is not provided for. At most 512 members. Not between processes. No
 *   ABA: the word only grows.
 *
 * Checked by tests/model/model_reclaim_*.c (with every order weakened in turn),
 * tests/queue/test_reclaim.c, stress_reclaim.c, count_reclaim.c.
 */
#include "queue/reclaim_core.h"

#include "base/check.h"
#include "base/fork.h"
#include "base/memory.h"
#include "base/thread.h"

#include <errno.h>
#include <string.h>

/* One block: this, and the places behind it. */
struct strait_reclaim {
    sti_reclaim_t core;
    strait_allocator_t allocator;
    uint64_t fork_generation;
    size_t size_bytes;
    char pad_[STRAIT_CACHE_LINE];
};

_Static_assert(sizeof(void *) != 8 ||
        sizeof(strait_reclaim_member_t) % STRAIT_CACHE_LINE == 0,
    "each place has cache lines of its own");
_Static_assert(STRAIT_RECLAIM_MEMBERS_MAX <= STI_RECLAIM_PLACES,
    "the number of places fits below the epoch");

#define PLACES_OFFSET                                                          \
    ((sizeof(strait_reclaim_t) + STRAIT_CACHE_LINE - 1) &                      \
        ~(size_t)(STRAIT_CACHE_LINE - 1))

static strait_reclaim_t *
domain_of(const strait_reclaim_member_t *me)
{
    return STRAIT_CONTAINER_OF(me->domain, strait_reclaim_t, core);
}

/* Whether a call with a member may go on: 0 or the error. */
static int
check_member(const strait_reclaim_member_t *me)
{
    if (me == NULL)
        return -EINVAL;
    if (sti_forked(domain_of(me)->fork_generation))
        return -ECHILD;
    STI_CHECK(1, me->thread == sti_thread_token());
    return 0;
}

int
strait_reclaim_create(
    strait_reclaim_t **ret_reclaim, const strait_reclaim_config_t *config)
{
    static const strait_reclaim_config_t defaults = STRAIT_RECLAIM_CONFIG_INIT;
    const strait_allocator_t *allocator;
    strait_reclaim_t *reclaim;
    uint32_t n_places;
    uint32_t max_retired;
    uint64_t generation;
    size_t size_bytes;

    if (config == NULL)
        config = &defaults;
    if (ret_reclaim == NULL || config->size != sizeof *config ||
        config->reserved != 0 ||
        config->max_members > STRAIT_RECLAIM_MEMBERS_MAX ||
        config->max_retired > STRAIT_RECLAIM_RETIRED_MAX)
        return -EINVAL;
    allocator = sti_allocator_or_default(config->allocator);
    if (allocator == NULL)
        return -EINVAL;
    n_places = config->max_members != 0 ? config->max_members
                                        : STRAIT_RECLAIM_MEMBERS_DEFAULT;
    max_retired = config->max_retired != 0 ? config->max_retired
                                           : STRAIT_RECLAIM_RETIRED_DEFAULT;
    generation = sti_fork_generation();
    if (generation == 0)
        return -ENOMEM;
    size_bytes = PLACES_OFFSET + n_places * sizeof(strait_reclaim_member_t);
    reclaim = sti_alloc(allocator, size_bytes);
    if (reclaim == NULL)
        return -ENOMEM;
    reclaim->allocator = *allocator;
    reclaim->fork_generation = generation;
    reclaim->size_bytes = size_bytes;
    sti_reclaim_init(&reclaim->core,
        (strait_reclaim_member_t *)(void *)((char *)reclaim + PLACES_OFFSET),
        n_places, max_retired);
    *ret_reclaim = reclaim;
    return 0;
}

int
strait_reclaim_destroy(strait_reclaim_t *reclaim)
{
    strait_allocator_t allocator;
    uint32_t i;

    if (reclaim == NULL)
        return 0;
    if (!sti_forked(reclaim->fork_generation)) {
        for (i = 0; i < reclaim->core.n_places; i++) {
            /* [E4:acq] the nodes, and that their readers have left. */
            uint32_t owner = strait_load_acquire(
                &reclaim->core.places[i].owner_);

            if (owner != STI_RECLAIM_FREE && owner != STI_RECLAIM_LEFT)
                return -EBUSY;
        }
        for (i = 0; i < reclaim->core.n_places; i++)
            sti_reclaim_free_all(&reclaim->core.places[i]);
    }
    allocator = reclaim->allocator;
    sti_free(&allocator, reclaim, reclaim->size_bytes);
    return 0;
}

int
strait_reclaim_join(strait_reclaim_member_t **ret_me, strait_reclaim_t *reclaim,
    const char *name)
{
    uint64_t words[2] = { 0, 0 };
    strait_reclaim_member_t *me;

    if (name == NULL)
        name = "";
    if (ret_me == NULL || reclaim == NULL || strlen(name) >= sizeof words)
        return -EINVAL;
    if (sti_forked(reclaim->fork_generation))
        return -ECHILD;
    me = sti_reclaim_join(&reclaim->core);
    if (me == NULL)
        return -ENOSPC;
    memcpy(words, name, strlen(name));
    /* rlx: for statistics, who may see half of it. */
    strait_store_rlx(&me->name_[0], words[0]);
    /* rlx: as above. */
    strait_store_rlx(&me->name_[1], words[1]);
    me->thread = sti_thread_token();
    *ret_me = me;
    return 0;
}

int
strait_reclaim_leave(strait_reclaim_member_t *me)
{
    int err = check_member(me);

    if (err != 0)
        return err;
    if (!sti_reclaim_is_outside(me))
        return -EBUSY;
    /* Whoever goes on with it is found by the checks, until it is joined
     * anew. */
    me->thread = 0;
    sti_reclaim_leave(me);
    return 0;
}

/* The five below are what readers do all the time. They do not ask for a fork:
 * in the child nobody frees, so that they are superfluous and do no harm. */

void
strait_reclaim_enter(strait_reclaim_member_t *me)
{
    STI_CHECK(1, me->thread == sti_thread_token());
    sti_reclaim_enter(me);
}

void
strait_reclaim_exit(strait_reclaim_member_t *me)
{
    STI_CHECK(1, me->thread == sti_thread_token());
    STI_CHECK(1, me->n_deep > (me->is_online ? 1u : 0u));
    sti_reclaim_exit(me);
}

void
strait_reclaim_online(strait_reclaim_member_t *me)
{
    STI_CHECK(1, me->thread == sti_thread_token());
    sti_reclaim_online(me);
}

void
strait_reclaim_offline(strait_reclaim_member_t *me)
{
    STI_CHECK(1, me->thread == sti_thread_token());
    sti_reclaim_offline(me);
}

void
strait_reclaim_quiescent(strait_reclaim_member_t *me)
{
    STI_CHECK(1, me->thread == sti_thread_token());
    sti_reclaim_quiescent(me);
}

int
strait_reclaim_retire(strait_reclaim_member_t *me, strait_reclaim_node_t *node,
    strait_reclaim_fn fn)
{
    int err = check_member(me);

    if (err != 0)
        return err;
    if (node == NULL || fn == NULL)
        return -EINVAL;
    return sti_reclaim_retire(me, node, fn) ? 0 : -EAGAIN;
}

int
strait_reclaim_collect(strait_reclaim_member_t *me)
{
    int err = check_member(me);

    return err != 0 ? err : (int)sti_reclaim_collect(me);
}

int
strait_reclaim_flush(strait_reclaim_member_t *me)
{
    int err = check_member(me);

    if (err != 0)
        return err;
    if (!sti_reclaim_is_outside(me))
        return -EBUSY;
    return sti_reclaim_flush(me) ? 0 : -EAGAIN;
}

/* Adds what one place has to tell. */
static void
add_place(strait_reclaim_stats_t *sum, const strait_reclaim_member_t *place)
{
    /* rlx: here and below: statistics. */
    uint32_t owner = strait_load_rlx(&place->owner_);
    /* rlx: as above. */
    uint64_t state = strait_load_rlx(&place->state_);

    /* rlx: as above. */
    sum->n_waiting += strait_load_rlx(&place->n_waiting_);
    /* rlx: as above. */
    sum->n_freed += strait_load_rlx(&place->n_freed_);
    /* rlx: as above. */
    sum->n_refused += strait_load_rlx(&place->n_refused_);
    if (owner == STI_RECLAIM_TAKEN)
        sum->n_members++;
    /* rlx: as above. */
    if (strait_load_rlx(&place->stuck_at_) == sum->epoch) {
        /* rlx: as above. */
        sum->n_tries += strait_load_rlx(&place->n_stuck_);
    }
    if (sum->holder == STRAIT_RECLAIM_NOBODY && state != STI_RECLAIM_IDLE &&
        state < STI_RECLAIM_IN(sum->epoch)) {
        uint64_t words[2];

        /* rlx: as above. */
        words[0] = strait_load_rlx(&place->name_[0]);
        /* rlx: as above. */
        words[1] = strait_load_rlx(&place->name_[1]);
        sum->holder = place->index;
        memcpy(sum->holder_name, words, sizeof words);
        sum->holder_name[sizeof words - 1] = '\0';
    }
}

int
strait_reclaim_stats(
    const strait_reclaim_t *reclaim, strait_reclaim_stats_t *stats)
{
    strait_reclaim_stats_t sum = STRAIT_RECLAIM_STATS_INIT;
    uint32_t i;

    if (reclaim == NULL || stats == NULL || stats->size != sizeof *stats)
        return -EINVAL;
    if (sti_forked(reclaim->fork_generation))
        return -ECHILD;
    /* rlx: as above. */
    sum.epoch = strait_load_rlx(&reclaim->core.word_) >> STI_RECLAIM_SHIFT;
    for (i = 0; i < reclaim->core.n_places; i++)
        add_place(&sum, &reclaim->core.places[i]);
    *stats = sum;
    return 0;
}
