/* SPDX-License-Identifier: MIT */
/*
 * index_ring.h - a baseline: the ring for one producer and one consumer that
 * one writes by hand, in which each side keeps what it saw last of the other's
 * index. Nothing of the library's. What Strait's queue costs more than this is
 * what its features cost.
 */
#ifndef BENCH_INDEX_RING_H
#define BENCH_INDEX_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct index_ring {
    _Atomic(uint64_t) tail; /* the producer's */
    uint64_t head_seen;
    char padding0[64 - 2 * sizeof(uint64_t)];
    _Atomic(uint64_t) head; /* the consumer's */
    uint64_t tail_seen;
    char padding1[64 - 2 * sizeof(uint64_t)];
    uint64_t *slots;
    uint64_t capacity; /* a power of two */
};

static inline void
index_ring_init(struct index_ring *ring, uint64_t *slots, size_t capacity)
{
    atomic_init(&ring->tail, 0);
    atomic_init(&ring->head, 0);
    ring->head_seen = 0;
    ring->tail_seen = 0;
    ring->slots = slots;
    ring->capacity = capacity;
}

static inline bool
index_ring_push(struct index_ring *ring, uint64_t value)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

    if (tail - ring->head_seen == ring->capacity) {
        ring->head_seen = atomic_load_explicit(
            &ring->head, memory_order_acquire);
        if (tail - ring->head_seen == ring->capacity)
            return false;
    }
    ring->slots[tail & (ring->capacity - 1)] = value;
    atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
    return true;
}

static inline bool
index_ring_pop(struct index_ring *ring, uint64_t *ret_value)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

    if (head == ring->tail_seen) {
        ring->tail_seen = atomic_load_explicit(
            &ring->tail, memory_order_acquire);
        if (head == ring->tail_seen)
            return false;
    }
    *ret_value = ring->slots[head & (ring->capacity - 1)];
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
    return true;
}

/* Up to n places side by side, to be filled and then handed over. */
static inline uint64_t *
index_ring_places(struct index_ring *ring, uint64_t n, uint64_t *ret_n)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    uint64_t first = tail & (ring->capacity - 1);
    uint64_t room = ring->capacity - (tail - ring->head_seen);

    if (room < n) {
        ring->head_seen = atomic_load_explicit(
            &ring->head, memory_order_acquire);
        room = ring->capacity - (tail - ring->head_seen);
        if (room > n)
            room = n;
    } else {
        room = n;
    }
    *ret_n = room < ring->capacity - first ? room : ring->capacity - first;
    return &ring->slots[first];
}

static inline void
index_ring_fill(struct index_ring *ring, uint64_t n)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

    atomic_store_explicit(&ring->tail, tail + n, memory_order_release);
}

/* Up to n values side by side, to be read and then given back. */
static inline const uint64_t *
index_ring_values(struct index_ring *ring, uint64_t n, uint64_t *ret_n)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint64_t first = head & (ring->capacity - 1);
    uint64_t there = ring->tail_seen - head;

    if (there < n) {
        ring->tail_seen = atomic_load_explicit(
            &ring->tail, memory_order_acquire);
        there = ring->tail_seen - head;
        if (there > n)
            there = n;
    } else {
        there = n;
    }
    *ret_n = there < ring->capacity - first ? there : ring->capacity - first;
    return &ring->slots[first];
}

static inline void
index_ring_free(struct index_ring *ring, uint64_t n)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

    atomic_store_explicit(&ring->head, head + n, memory_order_release);
}

#endif /* BENCH_INDEX_RING_H */
