/* SPDX-License-Identifier: MIT */
/*
 * @obligation a lane that is added while workers sleep, or are about to, is
 *   served; one that is added while the pool closes is either refused, or
 *   closed and drained before the last worker ends
 * @core pool
 * @case used-1w -DUSED -DWORKERS=1 genmc live unroll=12 long=rc11,imm
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
M_STATE strait_lane_t *new_lane;
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

M_STATE struct strait_lane second;
M_STATE strait_ring_slot_t second_slots[2];
M_STATE sti_note_t second_notes[2];

/* As strait_lane_create does it. */
static bool
add_lane(void)
{
    strait_ring_t *ring = &second.outlet.ring;

    if (strait_load_rlx(&pool.closed) != 0)
        return false;
    M_ASSERT(strait_ring_init(ring, second_slots, 2) == 0);
    second.removal.notes = second_notes;
    second.pool = &pool;
    second.crew = &pool.cpu;
    second.number = 1;
    second.priority = STRAIT_LANE_PRIORITY_DEFAULT;
    second.weight = 1;
    pool.lanes[1] = &second;
    pool.cpu.lanes[1] = &second;
    pool.cpu.outlets[1] = &second.outlet;
    strait_store_release(&pool.cpu.n_lanes, 2);
    strait_store_sc(&pool.n_lanes, 2);
    if (strait_load_sc(&pool.closed) != 0)
        (void)strait_ring_close(ring);
    sti_parking_wake_all(&pool.cpu.parking);
    new_lane = &second;
    return true;
}

#else

/* What a lane is made of; all zeros, as sti_alloc has it. */
#define BLOCKS_BYTES 32768

M_STATE char blocks[BLOCKS_BYTES] __attribute__((aligned(64)));
M_STATE size_t n_bytes;

/* Only the creation and the end of a pool, or a lane of class BLOCKING, call
 * the functions from here to strait_error_name; the models do neither. */
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

int
sti_futex_wait_until(
    STRAIT_ATOMIC(uint32_t) * word, uint32_t value, uint64_t deadline_ns)
{
    (void)word;
    (void)value;
    (void)deadline_ns;
    return 0;
}

int
sti_crew_init(
    sti_crew_t *crew, strait_pool_t *owner, uint32_t n_seats, const char *name)
{
    (void)crew;
    (void)owner;
    (void)n_seats;
    (void)name;
    return -ENOMEM;
}

void
sti_crew_free(sti_crew_t *crew)
{
    (void)crew;
}

uint32_t
sti_crew_start(sti_crew_t *crew, uint32_t n, int *ret_err)
{
    (void)crew;
    (void)n;
    *ret_err = -EAGAIN;
    return 0;
}

void
sti_crew_join(sti_crew_t *crew)
{
    (void)crew;
}

bool
sti_lane_end_all(strait_lane_t *lane, uint32_t why, uint64_t deadline_ns)
{
    (void)lane;
    (void)why;
    (void)deadline_ns;
    return true;
}

void
sti_order_init(
    sti_order_t *order, uint32_t limit, const strait_allocator_t *allocator)
{
    (void)order;
    (void)limit;
    (void)allocator;
}

void
sti_order_close(sti_order_t *order)
{
    (void)order;
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
    void *block = blocks + n_bytes;

    (void)allocator;
    n_bytes += (size_bytes + 63) & ~(size_t)63;
    M_ASSERT(n_bytes <= BLOCKS_BYTES);
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
    new_lane = lane;
    M_NAME(&lane->outlet.ring, "lane1");
    M_NAME(&lane->outlet.ring.consumer_, "lane1.consumer");
    return true;
}

#endif

static int
submit_to_new(void)
{
    int pushed = strait_ring_push(&new_lane->outlet.ring, &work);

    if (pushed == STRAIT_RING_WAKE)
        sti_crew_call(new_lane);
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
    is_drained = drained(&pool.cpu);
    return NULL;
}

M_MAIN
{
    m_thread a, b;
    bool accepted;
    int pushed = STRAIT_RING_CLOSED;

    item_init(&work, run_item);
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

    item_init(&work, run_item);
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
