/* SPDX-License-Identifier: MIT */
/*
 * case_reclaim.c - cells that point at objects, read by some members of a
 * domain and changed by others, which retire what they take out. Members join
 * and leave, with epochs or with quiescent states, and some stay in a section
 * for so long that the others are refused.
 *
 * An object that is freed is dead; nobody may meet a dead one. All that were
 * retired are freed in the end, once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <strait/reclaim.h>

#include "torture.h"

#define CELLS 8
#define ALIVE UINT64_C(0x600d600d600d600d)
#define DEAD UINT64_C(0xdeaddeaddeaddead)

struct object {
    strait_reclaim_node_t node;
    STRAIT_ATOMIC(uint64_t) state;
    unsigned retired_by; /* role and generation */
};

static struct {
    strait_reclaim_t *domain;
    STRAIT_ATOMIC(struct object *) cells[CELLS];
    STRAIT_ATOMIC(uint64_t) n_retired;
    STRAIT_ATOMIC(uint64_t) n_freed;
    uint32_t naps;
} t;

static _Thread_local unsigned self;

static struct object *
new_object(void)
{
    struct object *object = malloc(sizeof *object);

    torture_require(object != NULL, "no memory");
    /* rlx: the cell publishes it. */
    strait_store_rlx(&object->state, ALIVE);
    return object;
}

static void
free_object(strait_reclaim_node_t *node)
{
    struct object *object = STRAIT_CONTAINER_OF(node, struct object, node);

    /* rlx: nobody else should be looking any more. */
    torture_require(strait_xchg_rlx(&object->state, DEAD) == ALIVE,
        "an object was freed twice");
    if (object->retired_by != self)
        torture_hit(RARE_RECLAIM_BY_ANOTHER);
    /* rlx: read when all have ended. */
    (void)strait_add_rlx(&t.n_freed, 1);
    free(object);
}

/* In a section. */
static void
look(struct torture_role *role)
{
    STRAIT_ATOMIC(struct object *) *cell =
        &t.cells[rng_below(&role->rng, CELLS)];
    /* acq: the object. */
    struct object *object = strait_load_acquire(cell);
    unsigned n;

    for (n = 0; n < 3; n++) {
        /* rlx: reclaim sees to it that it is alive. */
        torture_require(strait_load_rlx(&object->state) == ALIVE,
            "an object was freed under a reader's eyes");
        if (rng_one_in(&role->rng, t.naps))
            torture_nap(&role->rng, 300);
    }
}

static void
change(struct torture_role *role, strait_reclaim_member_t *me)
{
    STRAIT_ATOMIC(struct object *) *cell =
        &t.cells[rng_below(&role->rng, CELLS)];
    /* ar: rel the new one; acq the old one. */
    struct object *old = strait_xchg_acq_rel(cell, new_object());

    old->retired_by = self;
    if (torture_plant == PLANT_EARLY_FREE && rng_one_in(&role->rng, 20)) {
        /* rlx: wrong in any case. */
        strait_store_rlx(&old->state, DEAD);
        return;
    }
    for (;;) {
        int err = strait_reclaim_retire(me, &old->node, free_object);

        if (err == 0)
            break;
        torture_require(err == -EAGAIN, "retire answered %d", err);
        torture_hit(RARE_RECLAIM_REFUSED);
        /* It may be ourselves who is in the way. */
        strait_reclaim_quiescent(me);
        sched_yield();
    }
    /* rlx: read when all have ended. */
    (void)strait_add_rlx(&t.n_retired, 1);
    torture_moved(1);
}

/* A member for a while; answers when it has left. */
static void
be_member(struct torture_role *role, strait_reclaim_member_t *me)
{
    bool quiescent = rng_one_in(&role->rng, 2);
    bool writes = rng_one_in(&role->rng, 2);
    uint64_t n = rng_below(&role->rng, 400);

    if (quiescent)
        strait_reclaim_online(me);
    while (n-- != 0 && !torture_round_is_over()) {
        strait_reclaim_enter(me);
        look(role);
        strait_reclaim_exit(me);
        if (writes)
            change(role, me);
        if (rng_one_in(&role->rng, 16)) {
            int freed = strait_reclaim_collect(me);

            torture_require(freed >= 0 && freed <= STRAIT_RECLAIM_FREES_MAX,
                "collect answered %d", freed);
        }
        if (quiescent) {
            strait_reclaim_quiescent(me);
            if (rng_one_in(&role->rng, 32)) {
                strait_reclaim_offline(me);
                torture_nap(&role->rng, 50);
                strait_reclaim_online(me);
            }
        }
        torture_moved(1);
    }
    torture_require(strait_reclaim_leave(me) == 0, "leave was refused");
}

static void
play(struct torture_role *role)
{
    self = role->index << 16 | (role->generation & 0xffff);
    while (!torture_round_is_over()) {
        strait_reclaim_member_t *me;
        int err = strait_reclaim_join(&me, t.domain, "role");

        if (err == -ENOSPC) {
            torture_hit(RARE_RECLAIM_NO_PLACE);
            sched_yield();
            continue;
        }
        torture_require(err == 0, "join answered %d", err);
        be_member(role, me);
        if (rng_one_in(&role->rng, 2)) {
            torture_hand_over(role);
            return;
        }
    }
}

/* All members have left: whoever comes now can free what they left. */
static void
end_domain(struct rng *rng)
{
    strait_reclaim_stats_t stats = STRAIT_RECLAIM_STATS_INIT;
    strait_reclaim_member_t *me;
    uint64_t n_retired;

    self = UINT32_MAX;
    torture_require(strait_reclaim_stats(t.domain, &stats) == 0, "no stats");
    if (stats.n_waiting != 0)
        torture_hit(RARE_RECLAIM_LEFT_BEHIND);
    if (rng_one_in(rng, 2)) {
        torture_require(
            strait_reclaim_join(&me, t.domain, "last") == 0, "join");
        torture_require(strait_reclaim_flush(me) == 0, "flush left something");
        torture_require(strait_reclaim_leave(me) == 0, "leave was refused");
    }
    torture_require(strait_reclaim_destroy(t.domain) == 0, "destroy");
    /* rlx: all threads have ended. */
    n_retired = strait_load_rlx(&t.n_retired);
    /* rlx: as above. */
    torture_require(strait_load_rlx(&t.n_freed) == n_retired,
        "%llu retired, %llu freed", (unsigned long long)n_retired,
        (unsigned long long)strait_load_rlx(&t.n_freed));
}

static void
round_of(struct rng *rng)
{
    static struct torture_role roles[TORTURE_THREADS_MAX];
    strait_reclaim_config_t config = STRAIT_RECLAIM_CONFIG_INIT;
    unsigned n_roles = 8 + (unsigned)rng_below(rng, 9);
    unsigned i;

    /* Not always a place for everybody. */
    config.max_members = n_roles - (uint32_t)rng_below(rng, 4);
    config.max_retired = (uint32_t)4 << rng_below(rng, 6);
    t.naps = (uint32_t)16 << rng_below(rng, 8);
    torture_phase("%u threads, %u places, up to %u retired, a nap in %u",
        n_roles, config.max_members, config.max_retired, t.naps);
    torture_require(strait_reclaim_create(&t.domain, &config) == 0, "create");
    /* rlx: three times; not shared yet. */
    strait_store_rlx(&t.n_retired, 0);
    /* rlx: as above. */
    strait_store_rlx(&t.n_freed, 0);
    for (i = 0; i < CELLS; i++) {
        /* rlx: as above. */
        strait_store_rlx(&t.cells[i], new_object());
    }
    for (i = 0; i < n_roles; i++)
        torture_spawn(&roles[i], i, play, NULL, rng);
    torture_wait_threads();
    end_domain(rng);
    for (i = 0; i < CELLS; i++) {
        /* rlx: all threads have ended. */
        free(strait_load_rlx(&t.cells[i]));
    }
}

const struct torture_case torture_reclaim = { "reclaim",
    "members that come, read, retire, stall and leave", round_of };
