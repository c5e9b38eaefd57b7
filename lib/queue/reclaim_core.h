/* SPDX-License-Identifier: MIT */
/*
 * reclaim_core.h - the algorithm of reclaim, for its wrapper and its models;
 * reclaim.c has the picture, the invariants, the edges and the proof.
 *
 * Included by: reclaim.c, tests. Includes: the atomic shim and env.h.
 */
#ifndef STI_QUEUE_RECLAIM_CORE_H
#define STI_QUEUE_RECLAIM_CORE_H

#include <strait/atomic.h>
#include <strait/reclaim.h>

#include "base/env.h"

/* The first epoch. Not 0, so that no tag is less than 2. */
#define STI_RECLAIM_START 1
/* The low bits of the domain's word: how many places have ever been taken. */
#define STI_RECLAIM_SHIFT 10
#define STI_RECLAIM_PLACES (((uint64_t)1 << STI_RECLAIM_SHIFT) - 1)
/* A member tries to move the epoch on once in so many retires: so each retire
 * bears a sixty-fourth of a scan, and at most 4 * 64 nodes wait for want of
 * tries. */
#ifndef STI_RECLAIM_PERIOD
#define STI_RECLAIM_PERIOD 64
#endif
/* Epochs between the retirement of a node and its free, at most. */
#define STI_RECLAIM_GRACE 3

/* A member's state word: no section, or the epoch that it announced. */
#define STI_RECLAIM_IDLE 0
#define STI_RECLAIM_IN(epoch) ((epoch) << 1 | 1)

/* Who may touch the second half of a place. */
enum {
    STI_RECLAIM_FREE,  /* nobody; nothing waits */
    STI_RECLAIM_LEFT,  /* nobody; nodes of former members wait */
    STI_RECLAIM_TAKEN, /* a member */
    STI_RECLAIM_HELPED /* another member, which clears it up */
};

struct sti_reclaim;

/* A place for a member. */
struct strait_reclaim_member {
    /* For the scans of all. */
    STRAIT_ATOMIC(uint64_t) state_;
    STRAIT_ATOMIC(uint32_t) owner_;
    uint32_t index;
    STRAIT_ATOMIC(uint64_t) name_[2];
    char pad_[STRAIT_CACHE_LINE - 32];

    /* The owner's. */
    struct sti_reclaim *domain;
    uint64_t epoch;  /* announced last */
    uint32_t n_deep; /* sections, and one for being online */
    bool is_online;
    bool is_freeing;              /* a free function runs */
    strait_reclaim_node_t *first; /* what waits, oldest first: ... */
    strait_reclaim_node_t *last;
    uint64_t newest; /* ... the tag of the newest, */
    uint32_t
        n_tagged[3];  /* how many have tag t, at t % 3, for the last three */
    uint32_t n_ready; /* and how many, in front of these, may be freed. */

    /* The owner's, read by statistics. */
    STRAIT_ATOMIC(uint32_t) n_waiting_;
    uint32_t n_since; /* retires since the last try to move on */
    STRAIT_ATOMIC(uint64_t) n_freed_;
    STRAIT_ATOMIC(uint64_t) n_refused_;
    STRAIT_ATOMIC(uint64_t) stuck_at_; /* the epoch of the last vain try, */
    STRAIT_ATOMIC(uint32_t) n_stuck_;  /* and how many there were at it */
    uintptr_t thread; /* whose member it is, for checked builds */
    char pad2_[STRAIT_CACHE_LINE - 40 - sizeof(uintptr_t)];
};

typedef struct sti_reclaim {
    /* The epoch, and below it the number of places that scans visit. */
    STRAIT_ATOMIC(uint64_t) word_;
    char pad_[STRAIT_CACHE_LINE - 8];
    strait_reclaim_member_t *places;
    uint32_t n_places;
    uint32_t max_retired;
    uint32_t period;
} sti_reclaim_t;

/* ------------------------------------------------------------- the epoch */

/* Prepares a domain over places that are all zero. */
static inline void
sti_reclaim_init(sti_reclaim_t *domain, strait_reclaim_member_t *places,
    uint32_t n_places, uint32_t max_retired)
{
    uint32_t period = max_retired / 4;
    uint32_t i;

    /* rlx: the domain is not shared before it is made. */
    strait_store_rlx(
        &domain->word_, (uint64_t)STI_RECLAIM_START << STI_RECLAIM_SHIFT);
    domain->places = places;
    domain->n_places = n_places;
    domain->max_retired = max_retired;
    if (period < 1)
        period = 1;
    domain->period = period < STI_RECLAIM_PERIOD ? period : STI_RECLAIM_PERIOD;
    for (i = 0; i < n_places; i++) {
        places[i].domain = domain;
        places[i].index = i;
    }
}

/* Adds to a number that only its owner writes. */
static inline void
sti_reclaim_count(STRAIT_ATOMIC(uint64_t) * number)
{
    /* rlx: ours alone to write. */
    uint64_t value = strait_load_rlx(number);

    /* rlx: a statistic. */
    strait_store_rlx(number, value + 1);
}

static inline uint32_t
sti_reclaim_waiting(const strait_reclaim_member_t *me)
{
    /* rlx: ours alone to write. */
    return strait_load_rlx(&me->n_waiting_);
}

static inline void
sti_reclaim_set_waiting(strait_reclaim_member_t *me, uint32_t n)
{
    /* rlx: read by others as a statistic only. */
    strait_store_rlx(&me->n_waiting_, n);
}

/* The epoch, with all that its advances know. */
static inline uint64_t
sti_reclaim_epoch(sti_reclaim_t *domain)
{
    /* [E2:acq] the sections that were over when it came to this, and what was
     * made unreachable in them. */
    return strait_load_acquire(&domain->word_) >> STI_RECLAIM_SHIFT;
}

/* Begins a section that no scan will pass by. */
static inline void
sti_reclaim_announce(strait_reclaim_member_t *me)
{
    sti_reclaim_t *domain = me->domain;
    /* rlx: a guess; what counts is the look after the exchange. */
    uint64_t epoch = strait_load_rlx(&domain->word_) >> STI_RECLAIM_SHIFT;
    uint64_t now;

    /* [E1:acq] a scan that found us idle: the next look sees the epoch that it
     * saw, or a later one. A scan that comes later finds us here. No release:
     * what earlier sections have released is handed on, this being an RMW. */
    (void)strait_xchg_acquire(&me->state_, STI_RECLAIM_IN(epoch));
    STRAIT_POINT("reclaim.announced");
    now = sti_reclaim_epoch(domain);
    if (now != epoch) {
        /* Or we would hold back the epoch that we are in; an online member for
         * good, as it does not announce the same one twice.
         * [E3:rel] our earlier sections, for the scan that reads this. */
        strait_store_release(&me->state_, STI_RECLAIM_IN(now));
    }
    me->epoch = now;
}

/* Ends the section. */
static inline void
sti_reclaim_withdraw(strait_reclaim_member_t *me)
{
    /* [E3:rel] what we have read and made unreachable in the section. */
    strait_store_release(&me->state_, STI_RECLAIM_IDLE);
}

static inline void
sti_reclaim_enter(strait_reclaim_member_t *me)
{
    if (me->n_deep++ == 0)
        sti_reclaim_announce(me);
}

static inline void
sti_reclaim_exit(strait_reclaim_member_t *me)
{
    if (--me->n_deep == 0)
        sti_reclaim_withdraw(me);
}

static inline void
sti_reclaim_online(strait_reclaim_member_t *me)
{
    if (!me->is_online) {
        me->is_online = true;
        sti_reclaim_enter(me);
    }
}

static inline void
sti_reclaim_offline(strait_reclaim_member_t *me)
{
    if (me->is_online) {
        me->is_online = false;
        sti_reclaim_exit(me);
    }
}

static inline void
sti_reclaim_quiescent(strait_reclaim_member_t *me)
{
    uint64_t epoch;

    if (!me->is_online || me->n_deep != 1)
        return;
    epoch = sti_reclaim_epoch(me->domain);
    if (epoch == me->epoch)
        return;
    /* [E3:rel] the section that ends here. A store is enough, and no look
     * behind it, because the old announcement stands until this one does. */
    strait_store_release(&me->state_, STI_RECLAIM_IN(epoch));
    me->epoch = epoch;
}

/* Whether a member lets a scan at `epoch` pass. */
static inline bool
sti_reclaim_lets_pass(strait_reclaim_member_t *member, uint64_t epoch)
{
    /* [E3:acq] the sections before the one that is announced. */
    uint64_t state = strait_load_acquire(&member->state_);

    if (state == STI_RECLAIM_IDLE) {
        STRAIT_POINT("reclaim.idle");
        /* Changes nothing, but takes its place among the announcements:
         * [E1:rel] the epoch that we have seen goes to all that come later,
         * [E3:acq] those that came before, and are over, come to us. */
        state = strait_add_acq_rel(&member->state_, STI_ZERO);
    }
    return state == STI_RECLAIM_IDLE || state == STI_RECLAIM_IN(epoch);
}

/* A try that was in vain, for the statistics. */
static inline void
sti_reclaim_note_stuck(strait_reclaim_member_t *me, uint64_t epoch)
{
    uint32_t n = 0;

    /* rlx: ours alone to write. */
    if (strait_load_rlx(&me->stuck_at_) == epoch) {
        /* rlx: as above. */
        n = strait_load_rlx(&me->n_stuck_);
    }
    /* rlx: a statistic. */
    strait_store_rlx(&me->stuck_at_, epoch);
    /* rlx: a statistic. */
    strait_store_rlx(&me->n_stuck_, n + 1);
}

/* Moves the epoch on by one, unless somebody is in a section of an earlier
 * one. True if it has moved, by us or by another. */
static inline bool
sti_reclaim_advance(strait_reclaim_member_t *me)
{
    sti_reclaim_t *domain = me->domain;
    /* rlx: an old value lets the exchange below fail. */
    uint64_t word = strait_load_rlx(&domain->word_);
    uint64_t epoch = word >> STI_RECLAIM_SHIFT;
    uint32_t n = (uint32_t)(word & STI_RECLAIM_PLACES);
    uint32_t i;

    for (i = 0; i < n; i++) {
        strait_reclaim_member_t *member = &domain->places[i];
        bool pass;

        if (member == me)
            pass = me->n_deep == 0 || me->epoch == epoch;
        else
            pass = sti_reclaim_lets_pass(member, epoch);
        if (!pass) {
            sti_reclaim_note_stuck(me, epoch);
            return false;
        }
    }
    STRAIT_POINT("reclaim.scanned");
    /* [E2:rel] the sections that the scan found to be over. Fails as well if a
     * place was added that the scan did not visit: the next try will. */
    return strait_cas_release(&domain->word_, &word,
               word + ((uint64_t)1 << STI_RECLAIM_SHIFT)) ||
        word >> STI_RECLAIM_SHIFT != epoch;
}

/* ------------------------------------------------------------- the nodes */

/* Finds out what may be freed at an epoch that was loaded with acquire. */
static inline void
sti_reclaim_ripen(strait_reclaim_member_t *me, uint64_t epoch)
{
    uint64_t tag;

    for (tag = me->newest - 2; tag <= me->newest && tag + 2 <= epoch; tag++) {
        me->n_ready += me->n_tagged[tag % 3];
        me->n_tagged[tag % 3] = 0;
    }
}

/* Puts a node behind the others, in the section whose end will be the last
 * moment before which somebody may have come to see it. */
static inline void
sti_reclaim_append(strait_reclaim_member_t *me, strait_reclaim_node_t *node)
{
    /* Makes room in n_tagged: what is two epochs older than `me` may go. */
    sti_reclaim_ripen(me, me->epoch);
    me->newest = me->epoch + 1;
    me->n_tagged[me->newest % 3]++;
    node->next_ = NULL;
    if (STRAIT_DATA_GET(&me->first) == NULL)
        STRAIT_DATA_SET(&me->first, node);
    else
        me->last->next_ = node;
    me->last = node;
    sti_reclaim_set_waiting(me, sti_reclaim_waiting(me) + 1);
}

/* Takes up to n nodes out that may be freed; answers how many, as a chain. */
static inline uint32_t
sti_reclaim_take(
    strait_reclaim_member_t *me, uint32_t n, strait_reclaim_node_t **ret_chain)
{
    strait_reclaim_node_t *node = STRAIT_DATA_GET(&me->first);
    uint32_t i;

    if (n > me->n_ready)
        n = me->n_ready;
    if (n == 0)
        return 0;
    *ret_chain = node;
    for (i = 0; i < n; i++)
        node = node->next_;
    STRAIT_DATA_SET(&me->first, node);
    me->n_ready -= n;
    sti_reclaim_set_waiting(me, sti_reclaim_waiting(me) - n);
    return n;
}

/* Frees the first n nodes of a chain. */
static inline void
sti_reclaim_free_chain(
    strait_reclaim_member_t *me, strait_reclaim_node_t *chain, uint32_t n)
{
    uint32_t i;

    me->is_freeing = true;
    for (i = 0; i < n; i++) {
        strait_reclaim_node_t *node = chain;

        chain = node->next_;
        node->free_(node);
        sti_reclaim_count(&me->n_freed_);
    }
    me->is_freeing = false;
}

/* Frees up to n of a member's own; none while one is being freed. */
static inline uint32_t
sti_reclaim_free_own(strait_reclaim_member_t *me, uint32_t n)
{
    strait_reclaim_node_t *chain = NULL;

    if (me->is_freeing)
        return 0;
    n = sti_reclaim_take(me, n, &chain);
    sti_reclaim_free_chain(me, chain, n);
    return n;
}

/* Gives a place back, or leaves it to the next one with what waits there. */
static inline void
sti_reclaim_let_go(strait_reclaim_member_t *place)
{
    uint32_t owner = sti_reclaim_waiting(place) != 0 ? STI_RECLAIM_LEFT
                                                     : STI_RECLAIM_FREE;

    /* [E4:rel] all that belongs to the place's owner. */
    strait_store_release(&place->owner_, owner);
}

/* Takes a place that is in the state `from`. */
static inline bool
sti_reclaim_claim(strait_reclaim_member_t *place, uint32_t from, uint32_t to)
{
    /* rlx: a hint, confirmed by the exchange. */
    if (strait_load_rlx(&place->owner_) != from)
        return false;
    /* [E4:acq] all that belonged to the owner before. */
    return strait_cas_acquire(&place->owner_, &from, to);
}

/* Frees up to n nodes that former members have left; answers how many. */
static inline uint32_t
sti_reclaim_help(strait_reclaim_member_t *me, uint32_t n)
{
    sti_reclaim_t *domain = me->domain;
    /* rlx: a place that is new to us is left to others. */
    uint64_t word = strait_load_rlx(&domain->word_);
    uint32_t n_places = (uint32_t)(word & STI_RECLAIM_PLACES);
    uint32_t n_freed = 0;
    uint32_t i;

    for (i = 0; i < n_places && n_freed < n && !me->is_freeing; i++) {
        strait_reclaim_member_t *place = &domain->places[i];
        strait_reclaim_node_t *chain = NULL;
        uint32_t n_taken;

        if (!sti_reclaim_claim(place, STI_RECLAIM_LEFT, STI_RECLAIM_HELPED))
            continue;
        sti_reclaim_ripen(place, sti_reclaim_epoch(domain));
        n_taken = sti_reclaim_take(place, n - n_freed, &chain);
        /* Before the user's functions run: they may take their time. */
        sti_reclaim_let_go(place);
        sti_reclaim_free_chain(me, chain, n_taken);
        n_freed += n_taken;
    }
    return n_freed;
}

/* Accepts a node, or refuses it because too many wait that cannot be freed. */
static inline bool
sti_reclaim_retire(strait_reclaim_member_t *me, strait_reclaim_node_t *node,
    strait_reclaim_fn fn)
{
    sti_reclaim_t *domain = me->domain;
    uint32_t n = STRAIT_RECLAIM_FREES_MAX;
    int i;

    if (sti_reclaim_waiting(me) >= domain->max_retired) {
        /* As many epochs as it takes, so that a refusal means that somebody
         * is in the way. */
        sti_reclaim_ripen(me, sti_reclaim_epoch(domain));
        for (i = 0; i < STI_RECLAIM_GRACE && me->n_ready == 0 &&
             sti_reclaim_advance(me);
             i++)
            sti_reclaim_ripen(me, sti_reclaim_epoch(domain));
        n -= sti_reclaim_free_own(me, n);
        if (sti_reclaim_waiting(me) >= domain->max_retired) {
            sti_reclaim_count(&me->n_refused_);
            return false;
        }
    }
    node->free_ = fn;
    sti_reclaim_enter(me);
    sti_reclaim_append(me, node);
    sti_reclaim_exit(me);
    if (++me->n_since >= domain->period) {
        me->n_since = 0;
        if (sti_reclaim_advance(me))
            n -= sti_reclaim_help(me, n);
    }
    sti_reclaim_ripen(me, sti_reclaim_epoch(domain));
    (void)sti_reclaim_free_own(me, n);
    return true;
}

/* One step of freeing, without a retirement; answers how many were freed. */
static inline uint32_t
sti_reclaim_collect(strait_reclaim_member_t *me)
{
    uint32_t n = STRAIT_RECLAIM_FREES_MAX;
    uint32_t n_freed;

    (void)sti_reclaim_advance(me);
    sti_reclaim_ripen(me, sti_reclaim_epoch(me->domain));
    n_freed = sti_reclaim_free_own(me, n);
    return n_freed + sti_reclaim_help(me, n - n_freed);
}

/* Frees all nodes of a place, ready or not: nobody reads any more. */
static inline void
sti_reclaim_free_all(strait_reclaim_member_t *place)
{
    strait_reclaim_node_t *chain = NULL;
    uint32_t n;

    place->n_ready = sti_reclaim_waiting(place);
    n = sti_reclaim_take(place, UINT32_MAX, &chain);
    sti_reclaim_free_chain(place, chain, n);
}

/* True if former members have left nodes that nobody has freed. */
static inline bool
sti_reclaim_has_left(sti_reclaim_t *domain)
{
    uint32_t i;

    for (i = 0; i < domain->n_places; i++) {
        /* rlx: an answer about now. */
        if (strait_load_rlx(&domain->places[i].owner_) == STI_RECLAIM_LEFT)
            return true;
    }
    return false;
}

/* Frees all that is in our hands, for as long as the epoch moves; true if
 * nothing is left. Not in a section, nor in a free function. */
static inline bool
sti_reclaim_flush(strait_reclaim_member_t *me)
{
    sti_reclaim_t *domain = me->domain;

    do {
        sti_reclaim_quiescent(me);
        sti_reclaim_ripen(me, sti_reclaim_epoch(domain));
        (void)sti_reclaim_free_own(me, UINT32_MAX);
        (void)sti_reclaim_help(me, UINT32_MAX);
        if (sti_reclaim_waiting(me) == 0 && !sti_reclaim_has_left(domain))
            return true;
    } while (sti_reclaim_advance(me));
    return false;
}

/* True between sections, and not in a free function. */
static inline bool
sti_reclaim_is_outside(const strait_reclaim_member_t *me)
{
    return !me->is_freeing && me->n_deep == (me->is_online ? 1u : 0u);
}

/* ------------------------------------------------------------- the places */

/* Takes a place for a new member; NULL if there is none. */
static inline strait_reclaim_member_t *
sti_reclaim_join(sti_reclaim_t *domain)
{
    strait_reclaim_member_t *me = NULL;
    uint64_t word;
    uint32_t i;

    for (i = 0; i < domain->n_places && me == NULL; i++) {
        if (sti_reclaim_claim(
                &domain->places[i], STI_RECLAIM_FREE, STI_RECLAIM_TAKEN) ||
            sti_reclaim_claim(
                &domain->places[i], STI_RECLAIM_LEFT, STI_RECLAIM_TAKEN))
            me = &domain->places[i];
    }
    if (me == NULL)
        return NULL;
    /* rlx: see below. */
    word = strait_load_rlx(&domain->word_);
    while ((word & STI_RECLAIM_PLACES) <= me->index) {
        /* rlx: an advance that did not visit our place cannot follow this one
         * in the order of the word, for it expects the old number; and if it
         * came before, our announcements know its epoch. */
        if (strait_cas_weak_rlx(&domain->word_, &word,
                (word & ~STI_RECLAIM_PLACES) | (me->index + 1)))
            break;
    }
    return me;
}

/* Gives the place back; not in a section, nor in a free function. */
static inline void
sti_reclaim_leave(strait_reclaim_member_t *me)
{
    sti_reclaim_offline(me);
    sti_reclaim_let_go(me);
}

#endif /* STI_QUEUE_RECLAIM_CORE_H */
