/* SPDX-License-Identifier: MIT */
/*
 * stress_reclaim.c - threads of all kinds round a few shared slots: readers in
 * sections, readers that are online, readers that dawdle, writers that swap,
 * retire and free, some of which join and leave all the time. A reader that
 * finds a dead item has found a use after free; in the end each item that was
 * ever retired was freed once. Items are never given back to the allocator
 * during a round, so that what is dead stays dead.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <strait/reclaim.h>

#include "stress.h"

#define THREADS_MAX 8
#define SLOTS 4
#define ALIVE 0x600dc0deu
#define DEAD 0xdeadu

struct item {
    strait_reclaim_node_t node;
    uint64_t payload;
    unsigned state; /* plain: ThreadSanitizer sees a free under a reader */
};

enum kind { SECTIONS, ONLINE, WRITER, VISITOR, KINDS };

struct actor {
    unsigned index;
    enum kind kind;
    unsigned n_steps;
    unsigned n_items;
    unsigned n_retired;
    unsigned n_refused;
    uint64_t seed;
    struct item *items; /* n_items of its own to bring in */
    strait_reclaim_member_t *me;
};

static strait_reclaim_t *reclaim;
static STRAIT_ATOMIC(struct item *) slots[SLOTS];
static STRAIT_ATOMIC(uint32_t) n_freed;

static void
dump(void)
{
    strait_reclaim_stats_t now = STRAIT_RECLAIM_STATS_INIT;

    if (reclaim == NULL || strait_reclaim_stats(reclaim, &now) != 0)
        return;
    fprintf(stderr,
        "  reclaim: epoch %llu, %u members, %llu wait, held by \"%s\" (%u), "
        "%u tries\n",
        (unsigned long long)now.epoch, now.n_members,
        (unsigned long long)now.n_waiting, now.holder_name, now.holder,
        now.n_tries);
}

static void
bury(strait_reclaim_node_t *node)
{
    struct item *item = STRAIT_CONTAINER_OF(node, struct item, node);

    stress_require(item->state == ALIVE, "freed twice: state %x", item->state);
    item->state = DEAD;
    strait_add_rlx(&n_freed, 1);
}

static void
look(struct rng *rng)
{
    struct item *item = strait_load_acquire(&slots[rng_below(rng, SLOTS)]);
    bool again = rng_one_in(rng, 4);

    do {
        stress_require(
            item->state == ALIVE, "use after free: state %x", item->state);
        stress_require(item->payload == rng_mix((uint64_t)(uintptr_t)item),
            "an item carries something else");
        stress_jitter(rng);
        again = !again;
    } while (again);
}

static void
join(struct actor *self)
{
    char name[16];

    snprintf(name, sizeof name, "actor %u", self->index);
    while (strait_reclaim_join(&self->me, reclaim, name) != 0)
        sched_yield(); /* the only free place is being cleared up */
}

/* Brings an item in and takes out another. */
static void
write_once(struct actor *self, struct rng *rng)
{
    struct item *item = &self->items[self->n_retired];
    bool inside = rng_one_in(rng, 2);
    struct item *old;

    item->state = ALIVE;
    item->payload = rng_mix((uint64_t)(uintptr_t)item);
    if (inside)
        strait_reclaim_enter(self->me);
    old = strait_xchg_acq_rel(&slots[rng_below(rng, SLOTS)], item);
    self->n_retired++;
    while (strait_reclaim_retire(self->me, &old->node, bury) != 0) {
        self->n_refused++;
        if (inside) /* we may be in our own way */
            strait_reclaim_exit(self->me);
        inside = false;
        sched_yield();
    }
    stress_jitter(rng);
    if (inside)
        strait_reclaim_exit(self->me);
}

static void
step(struct actor *self, struct rng *rng)
{
    if (self->kind == VISITOR && rng_one_in(rng, 50)) {
        stress_require(strait_reclaim_leave(self->me) == 0, "leave");
        join(self);
    }
    if (self->kind == WRITER || self->kind == VISITOR) {
        if (rng_one_in(rng, 8))
            stress_require(strait_reclaim_collect(self->me) >= 0, "collect");
        if (self->n_retired < self->n_items)
            write_once(self, rng);
    } else if (self->kind == SECTIONS || rng_one_in(rng, 8)) {
        unsigned n = 1 + (unsigned)rng_below(rng, 3);
        unsigned i;

        for (i = 0; i < n; i++) {
            strait_reclaim_enter(self->me);
            look(rng);
        }
        for (i = 0; i < n; i++) {
            look(rng);
            strait_reclaim_exit(self->me);
        }
    } else {
        look(rng);
        if (rng_one_in(rng, 64)) {
            strait_reclaim_offline(self->me);
            stress_jitter(rng);
            strait_reclaim_online(self->me);
        }
        strait_reclaim_quiescent(self->me);
    }
}

static void *
act(void *arg)
{
    struct actor *self = arg;
    struct rng rng = rng_make(self->seed, self->index);
    unsigned i;

    join(self);
    if (self->kind == ONLINE)
        strait_reclaim_online(self->me);
    for (i = 0; i < self->n_steps; i++) {
        step(self, &rng);
        if (i % 64 == 0)
            stress_progress();
    }
    stress_require(strait_reclaim_leave(self->me) == 0, "leave");
    return NULL;
}

static void
round_of(unsigned n, unsigned n_steps, uint32_t max_retired, struct rng *rng)
{
    strait_reclaim_config_t config = STRAIT_RECLAIM_CONFIG_INIT;
    strait_reclaim_stats_t end = STRAIT_RECLAIM_STATS_INIT;
    struct actor actors[THREADS_MAX] = { { .index = 0 } };
    struct item firsts[SLOTS] = { { .state = ALIVE } };
    pthread_t threads[THREADS_MAX];
    unsigned n_retired = 0;
    unsigned n_refused = 0;
    unsigned i;

    stress_phase("%u threads, %u steps, %u may wait", n, n_steps, max_retired);
    config.max_members = n;
    config.max_retired = max_retired;
    stress_require(strait_reclaim_create(&reclaim, &config) == 0, "create");
    strait_store_rlx(&n_freed, 0);
    for (i = 0; i < SLOTS; i++) {
        firsts[i].state = ALIVE;
        firsts[i].payload = rng_mix((uint64_t)(uintptr_t)&firsts[i]);
        strait_store_rlx(&slots[i], &firsts[i]);
    }
    for (i = 0; i < n; i++) {
        actors[i].index = i;
        actors[i].kind = i == 0 ? WRITER : (enum kind)rng_below(rng, KINDS);
        actors[i].seed = rng_next(rng);
        actors[i].n_steps = n_steps;
        actors[i].n_items = n_steps;
        actors[i].items = calloc(n_steps, sizeof(struct item));
        stress_require(actors[i].items != NULL, "no memory");
    }
    stress_start(threads, n, act, actors, sizeof actors[0]);
    stress_join(threads, n);
    for (i = 0; i < n; i++) {
        n_retired += actors[i].n_retired;
        n_refused += actors[i].n_refused;
    }
    stress_require(strait_reclaim_stats(reclaim, &end) == 0, "stats");
    stress_require(end.n_members == 0 && end.holder == STRAIT_RECLAIM_NOBODY,
        "%u members in the end", end.n_members);
    stress_require(end.n_freed == strait_load_rlx(&n_freed) &&
            end.n_freed + end.n_waiting == n_retired &&
            end.n_refused == n_refused,
        "%u retired and %u refused, but statistics say %llu and %llu",
        n_retired, n_refused, (unsigned long long)(end.n_freed + end.n_waiting),
        (unsigned long long)end.n_refused);
    stress_require(end.n_waiting <= (uint64_t)n * max_retired, "%llu wait",
        (unsigned long long)end.n_waiting);
    stress_require(strait_reclaim_destroy(reclaim) == 0, "destroy");
    reclaim = NULL;
    stress_require(strait_load_rlx(&n_freed) == n_retired,
        "%u retired, %u freed", n_retired, strait_load_rlx(&n_freed));
    for (i = 0; i < n; i++)
        free(actors[i].items);
}

int
main(int argc, char **argv)
{
    stress_begin(argc, argv, "stress_reclaim",
        "Readers and writers of all kinds who retire what others read.");
    stress.dump = dump;
    while (stress_goes_on()) {
        struct rng *rng = &stress.rng;
        unsigned n = 2 + (unsigned)rng_below(rng, THREADS_MAX - 1);
        unsigned n_steps = 1 +
            (unsigned)rng_below(rng, stress_scaled(12000) / n + 1);
        uint32_t max_retired = (uint32_t)1 << rng_below(rng, 13);

        round_of(n, n_steps, max_retired, rng);
    }
    return stress_end();
}
