/* SPDX-License-Identifier: MIT */
/*
 * @obligation a lane that is added while workers sleep, or are about to, is
 *   served; one that is added while the pool closes is either refused, or
 *   closed and drained before the last worker ends
 * @core pool
 * @case used-1w -DUSED -DWORKERS=1 genmc live unroll=8 long=rc11,imm
 * @case used-2w -DUSED -DWORKERS=2
 * @case closed-1w -DWORKERS=1
 * @case closed-2w -DWORKERS=2
 * @case drained -DDRAINED -DWORKERS=1 genmc
 */
#ifndef M_GENMC
#define _GNU_SOURCE
#define REAL_POOL
#endif
/* Positions that no memory holds before init: a look at a ring without the edge
 * that publishes it goes wrong. */
#define STRAIT_RING_START 4
#define GAP_LANE 1
#include "lane_common.h"

M_STATE strait_work_t work;
M_STATE strait_ring_t *new_ring;
M_STATE int ran;

static void
run_item(strait_work_t *item, void *arg)
{
    (void)item;
    (void)arg;
    M_ASSERT(M_GET(&ran) == 0);
    M_SET(&ran, 1);
}

#ifdef M_GENMC

M_STATE strait_ring_t second_ring;
M_STATE strait_ring_slot_t second_slots[2];

/* As strait_lane_create does it. */
static bool
add_lane(void)
{
    if (strait_load_rlx(&pool.closed) != 0)
        return false;
    M_ASSERT(strait_ring_init(&second_ring, second_slots, 2) == 0);
    pool.rings[1] = &second_ring;
    strait_store_sc(&pool.n_lanes, 2);
    if (strait_load_sc(&pool.closed) != 0)
        (void)strait_ring_close(&second_ring);
    sti_parking_wake_all(&pool.parking);
    new_ring = &second_ring;
    return true;
}

#else

M_STATE char block[1024] __attribute__((aligned(64)));
M_STATE STRAIT_ATOMIC(uint64_t) fork_word = 1;

STRAIT_ATOMIC(uint64_t) *sti_fork_word = &fork_word;

/* Only strait_pool_create and _destroy call these; the models do not. */
uint64_t
sti_fork_generation(void)
{
    return 1;
}

uint32_t
strait_cpu_usable(void)
{
    return 1;
}

uint64_t
sti_spin_first_limit_ns(void)
{
    return 0;
}

void
sti_report(int level, const char *format, ...)
{
    (void)level;
    (void)format;
}

const char *
strait_error_name(int err)
{
    (void)err;
    return "";
}

const strait_allocator_t *
sti_allocator_or_default(const strait_allocator_t *allocator)
{
    return allocator;
}

void *
sti_alloc(const strait_allocator_t *allocator, size_t size_bytes)
{
    (void)allocator;
    M_ASSERT(size_bytes <= sizeof(block));
    return block;
}

void
sti_free(const strait_allocator_t *allocator, void *freed, size_t size_bytes)
{
    (void)allocator;
    (void)freed;
    (void)size_bytes;
}

static bool
add_lane(void)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    strait_lane_t *lane = NULL;
    int err;

    config.max_queued = 2;
    err = strait_lane_create(&lane, &pool, &config);
    if (err != 0) {
        M_ASSERT(err == -ESHUTDOWN);
        return false;
    }
    new_ring = &lane->ring;
    M_NAME(&lane->ring, "lane1");
    M_NAME(&lane->ring.consumer_, "lane1.consumer");
    return true;
}

#endif

static int
submit_to_new(void)
{
    int pushed = strait_ring_push(new_ring, &work);

    if (pushed == STRAIT_RING_WAKE)
        (void)sti_parking_wake_one(&pool.parking);
    return pushed;
}

#ifndef USED
M_THREAD(closer)
{
    close_pool();
    return NULL;
}
#endif

#ifdef DRAINED
M_STATE bool is_drained;

/* One look of a worker that asks whether it may end. */
M_THREAD(looker)
{
    is_drained = drained(&pool);
    return NULL;
}

M_MAIN
{
    m_thread a, b;
    bool accepted;
    int pushed = STRAIT_RING_CLOSED;

    work.run_ = run_item;
    pool_init();
    M_SPAWN(&a, closer, NULL);
    M_SPAWN(&b, looker, NULL);
    accepted = add_lane();
    if (accepted)
        pushed = submit_to_new();
    M_JOIN(a);
    M_JOIN(b);
    if (is_drained) {
        M_COVER("drained");
        M_ASSERT(pushed == STRAIT_RING_CLOSED);
    }
}
#else
M_MAIN
{
    m_thread threads[WORKERS];
    bool accepted = true;
    int pushed = STRAIT_RING_CLOSED;
    int i;

    work.run_ = run_item;
    pool_init();
    for (i = 0; i < WORKERS; i++)
        M_SPAWN(&threads[i], worker, &workers[i]);
#ifdef USED
    M_ASSERT(add_lane());
    pushed = submit_to_new();
    M_ASSERT(pushed == STRAIT_RING_DONE || pushed == STRAIT_RING_WAKE);
    /* Before the close, which would wake everybody. */
    M_AWAIT(strait_load_acquire(&n_finished) == 1);
    close_pool();
#else
    {
        m_thread other;

        M_SPAWN(&other, closer, NULL);
        accepted = add_lane();
        if (accepted) {
            pushed = submit_to_new();
            if (pushed == STRAIT_RING_CLOSED)
                M_COVER("added, then closed");
            else
                M_COVER("added, and used");
        } else {
            M_COVER("refused");
        }
        M_JOIN(other);
    }
#endif
    for (i = 0; i < WORKERS; i++)
        M_JOIN(threads[i]);
    M_ASSERT((M_GET(&ran) == 1) == (accepted && pushed != STRAIT_RING_CLOSED));
}
#endif
