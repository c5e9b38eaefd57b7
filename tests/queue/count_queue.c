/* SPDX-License-Identifier: MIT */
/*
 * count_queue.c - what the queues cost, in atomic operations, system calls and
 * allocations, exactly. Counted, not timed, so it holds on every machine.
 * Linked with the counting seam; see costs.h.
 */
#include <strait/mpsc.h>
#include <strait/mpsc_shared.h>
#include <strait/ring.h>
#include <strait/sink.h>
#include <strait/spsc.h>

#include "costs.h"

#define N 100

static strait_mpsc_t queue;
static strait_mpsc_node_t nodes[N];

static void
push(int i)
{
    require(!strait_mpsc_push(&queue, &nodes[i]));
}

static void
pop(int i)
{
    strait_mpsc_node_t *node;

    require(strait_mpsc_pop(&queue, &node) == STRAIT_MPSC_ITEM);
    require(node == &nodes[i]);
}

static void
count_mpsc(void)
{
    strait_mpsc_node_t *node;
    int i;

    strait_mpsc_init(&queue);
    costs_start();
    push(0);
    expect("mpsc push", 1, 2, 0);
    for (i = 1; i < N; i++)
        push(i);
    expect("mpsc push, 99 times", 99, 198, 0);
    pop(0);
    expect("mpsc pop, the first (behind the dummy)", 0, 1, 2);
    pop(1);
    expect("mpsc pop", 0, 0, 1);
    for (i = 2; i < N - 1; i++)
        pop(i);
    expect("mpsc pop, 97 times", 0, 0, 97);
    pop(N - 1);
    expect("mpsc pop, the last (the queue is emptied)", 1, 0, 1);
    require(strait_mpsc_pop(&queue, &node) == STRAIT_MPSC_EMPTY);
    expect("mpsc pop, empty", 0, 0, 1);
    for (i = 1; i < N; i++)
        strait_mpsc_link(&nodes[i - 1], &nodes[i]);
    expect("mpsc link, 99 times", 0, 99, 0);
    require(!strait_mpsc_push_chain(&queue, &nodes[0], &nodes[N - 1]));
    expect("mpsc push of a chain of 100", 1, 2, 0);
    for (i = 0; i < N; i++)
        pop(i);
    expect("mpsc drain of 100", 1, 1, 101);
    require(strait_mpsc_arm(&queue));
    expect("mpsc arm", 1, 0, 0);
    require(strait_mpsc_disarm(&queue));
    expect("mpsc disarm", 1, 0, 0);
    require(strait_mpsc_disarm(&queue));
    expect("mpsc disarm, not armed", 0, 0, 0);
    require(strait_mpsc_arm(&queue));
    costs_start();
    require(strait_mpsc_push(&queue, &nodes[0]));
    expect("mpsc push that owes a wake-up", 1, 2, 0);
    require(!strait_mpsc_is_empty(&queue));
    expect("mpsc is_empty", 0, 0, 1);
}

static void
count_chains(void)
{
    strait_mpsc_node_t *first;
    strait_mpsc_node_t *last;
    size_t n;
    int i;

    strait_mpsc_init(&queue);
    for (i = 0; i < N; i++)
        push(i);
    costs_start();
    require(strait_mpsc_pop_chain(&queue, 16, &first, &last, &n) ==
        STRAIT_MPSC_ITEM);
    expect("mpsc pop of a chain of 16 (behind the dummy)", 0, 2, 17);
    require(strait_mpsc_pop_chain(&queue, 16, &first, &last, &n) ==
        STRAIT_MPSC_ITEM);
    expect("mpsc pop of a chain of 16", 0, 1, 16);
    require(n == 16 && first == &nodes[16] && last == &nodes[31]);
    require(!strait_mpsc_push_chain(&queue, first, last));
    expect("mpsc push of that chain as it is", 1, 2, 0);
    require(strait_mpsc_next(first) == &nodes[17]);
    expect("mpsc next", 0, 0, 1);
    require(strait_mpsc_pop_chain(&queue, N, &first, &last, &n) ==
        STRAIT_MPSC_ITEM);
    require_count(n, N - 16);
    expect("mpsc pop of a chain of all, 84", 1, 1, 84);
    require(strait_mpsc_pop_chain(&queue, N, &first, &last, &n) ==
        STRAIT_MPSC_EMPTY);
    expect("mpsc pop of a chain, empty", 0, 0, 1);
    require(!strait_mpsc_push(&queue, &nodes[0]));
    costs_start();
    require(!strait_mpsc_arm(&queue));
    expect("mpsc arm, refused", 1, 0, 0);
}

static int n_discarded;

static void
discard(strait_mpsc_node_t *node, void *arg)
{
    (void)node;
    (void)arg;
    n_discarded++;
}

static void
count_shared(void)
{
    strait_mpsc_shared_t shared;
    strait_mpsc_node_t *node;
    int i;

    require(strait_mpsc_shared_init(&shared, discard, NULL) == 0);
    costs_start();
    require(strait_mpsc_shared_open(&shared) == 0);
    expect("mpsc_shared open", 1, 0, 1);
    require(strait_mpsc_shared_open(&shared) == 0);
    costs_start();
    require(strait_mpsc_shared_release(&shared) == 0);
    expect("mpsc_shared release", 1, 0, 0);
    require(!strait_mpsc_push(&shared.queue, &nodes[0]));
    expect("mpsc_shared push", 1, 2, 0);
    require(strait_mpsc_pop(&shared.queue, &node) == STRAIT_MPSC_ITEM);
    costs_start();
    require(!strait_mpsc_shared_is_closed(&shared));
    expect("mpsc_shared is_closed", 0, 0, 1);
    require(strait_mpsc_shared_close(&shared) == 0);
    expect("mpsc_shared close", 1, 0, 1);
    require(strait_mpsc_shared_open(&shared) < 0);
    expect("mpsc_shared open, refused", 0, 0, 1);
    for (i = 0; i < N; i++)
        require(!strait_mpsc_push(&shared.queue, &nodes[i]));
    costs_start();
    require(strait_mpsc_shared_release(&shared) == 1);
    require_count(n_discarded, N);
    expect("mpsc_shared release, the last: discards 100", 2, 1, 102);
}

static void
count_ring(void)
{
    static strait_ring_slot_t slots[64];
    strait_ring_t ring;
    void *value;
    int i;

    require(strait_ring_init(&ring, slots, 64) == 0);
    costs_start();
    require(strait_ring_push(&ring, &ring) == STRAIT_RING_DONE);
    expect("ring push", 1, 2, 2);
    require(strait_ring_pop(&ring, &value) == STRAIT_RING_DONE);
    expect("ring pop", 1, 0, 3);
    require(strait_ring_pop(&ring, &value) == STRAIT_RING_EMPTY);
    require(seam_count.rmws == 0);
    costs_start();
    require(strait_ring_arm(&ring));
    expect("ring arm", 1, 0, 2);
    require(strait_ring_push(&ring, &ring) == STRAIT_RING_WAKE);
    expect("ring push that owes a wake-up", 1, 2, 2);
    for (i = 1; i < 63; i++)
        require(strait_ring_push(&ring, &ring) == STRAIT_RING_DONE);
    expect("ring push, 62 times", 62, 124, 124);
    require(strait_ring_push(&ring, &ring) == STRAIT_RING_DONE);
    expect("ring push, once a round", 1, 3, 4);
    require(strait_ring_push(&ring, &ring) == STRAIT_RING_FULL);
    require(seam_count.rmws == 0 && seam_count.stores == 0);
    costs_start();
    for (i = 0; i < 64; i++)
        require(strait_ring_pop(&ring, &value) == STRAIT_RING_DONE);
    expect("ring pop, 64 times", 64, 0, 192);
    require(strait_ring_close(&ring));
    expect("ring close", 1, 0, 0);
    require(strait_ring_push(&ring, &ring) == STRAIT_RING_CLOSED);
    expect("ring push, closed", 0, 0, 1);
    require(strait_ring_is_closed(&ring));
    expect("ring is_closed", 0, 0, 1);
    require(strait_ring_is_empty(&ring));
    expect("ring is_empty", 0, 0, 2);
}

static void
count_batches(void)
{
    static strait_ring_slot_t slots[64];
    void *values[64] = { NULL };
    strait_ring_t ring;
    void *value;
    size_t n;

    require(strait_ring_init(&ring, slots, 64) == 0);
    costs_start();
    require(strait_ring_push_n(&ring, values, 16, &n) == STRAIT_RING_DONE);
    expect("ring push of 16", 1, 32, 2);
    require(strait_ring_pop_n(&ring, values, 16, &n) == STRAIT_RING_DONE);
    expect("ring pop of 16", 1, 0, 33);
    require_count(n, 16);
    require(strait_ring_push_n(&ring, values, 0, &n) == STRAIT_RING_DONE);
    expect("ring push of 0", 0, 0, 0);
    require(strait_ring_push_n(&ring, values, 48, &n) == STRAIT_RING_DONE);
    expect("ring push of 48", 1, 96, 2);
    require(strait_ring_push_n(&ring, values, 32, &n) == STRAIT_RING_DONE);
    require_count(n, 16);
    expect("ring push of 32, of which 16 have room", 1, 33, 4);
    require(strait_ring_push_n(&ring, values, 16, &n) == STRAIT_RING_FULL);
    expect("ring push of 16, full", 0, 0, 4);
    require(strait_ring_pop_n_alone(&ring, values, 16, &n) == STRAIT_RING_DONE);
    require_count(n, 16);
    expect("ring pop of 16, alone", 0, 1, 33);
    require(strait_ring_pop_alone(&ring, &value) == STRAIT_RING_DONE);
    expect("ring pop, alone", 0, 1, 3);
    require(strait_ring_pop_strong(&ring, &value) == STRAIT_RING_DONE);
    expect("ring pop, strong", 1, 0, 3);
    require(strait_ring_pop_n(&ring, values, 64, &n) == STRAIT_RING_DONE);
    require_count(n, 46);
    expect("ring pop of 64, of which 46 are there", 1, 0, 94);
    require(strait_ring_pop_n(&ring, values, 16, &n) == STRAIT_RING_EMPTY);
    expect("ring pop of 16, empty", 0, 0, 4);
    require(strait_ring_pop_alone(&ring, &value) == STRAIT_RING_EMPTY);
    expect("ring pop, alone, empty", 0, 0, 3);
    require(strait_ring_pop_strong(&ring, &value) == STRAIT_RING_EMPTY);
    expect("ring pop, strong, empty", 0, 0, 4);
    require(strait_ring_arm(&ring));
    costs_start();
    require(strait_ring_push_n(&ring, values, 16, &n) == STRAIT_RING_WAKE);
    expect("ring push of 16 that owes a wake-up", 1, 33, 4);
    require(!strait_ring_arm(&ring));
    expect("ring arm, refused", 0, 0, 2);
}

static void
count_spsc(void)
{
    static void *slots[64];
    strait_spsc_t spsc;
    void *value;
    size_t at;
    int i;

    require(strait_spsc_init(&spsc, slots, 64) == 0);
    costs_start();
    for (i = 0; i < 64; i++)
        require(strait_spsc_push(&spsc, &spsc) == STRAIT_SPSC_DONE);
    expect("spsc push, 64 times", 0, 64, 64);
    require(strait_spsc_push(&spsc, &spsc) == STRAIT_SPSC_FULL);
    expect("spsc push, full", 0, 0, 3);
    require(strait_spsc_pop(&spsc, &value) == STRAIT_SPSC_DONE);
    expect("spsc pop that looks at the other side", 0, 1, 2);
    for (i = 1; i < 64; i++)
        require(strait_spsc_pop(&spsc, &value) == STRAIT_SPSC_DONE);
    expect("spsc pop, 63 times", 0, 63, 63);
    require(strait_spsc_pop(&spsc, &value) == STRAIT_SPSC_EMPTY);
    expect("spsc pop, empty", 0, 0, 3);
    require(strait_spsc_push(&spsc, &spsc) == STRAIT_SPSC_DONE);
    expect("spsc push that looks at the other side", 0, 1, 3);
    require(strait_spsc_reserve(&spsc, 16, &at) == 16);
    expect("spsc reserve of 16", 0, 0, 1);
    strait_spsc_commit(&spsc, 16);
    expect("spsc commit of 16", 0, 1, 1);
    require(strait_spsc_peek(&spsc, 16, &at) == 16);
    expect("spsc peek of 16 that looks at the other side", 0, 0, 2);
    strait_spsc_release(&spsc, 16);
    expect("spsc release of 16", 0, 1, 1);
    require(strait_spsc_peek(&spsc, 1, &at) == 1);
    expect("spsc peek", 0, 0, 1);
    require(strait_spsc_length(&spsc) == 1);
    expect("spsc length", 0, 0, 2);
    require(strait_spsc_close(&spsc));
    expect("spsc close", 0, 1, 2);
    require(strait_spsc_push(&spsc, &spsc) == STRAIT_SPSC_CLOSED);
    expect("spsc push, closed", 0, 0, 2);
    require(!strait_spsc_is_ended(&spsc));
    expect("spsc is_ended", 0, 0, 3);
    require(strait_spsc_pop(&spsc, &value) == STRAIT_SPSC_DONE);
    expect("spsc pop, the last one", 0, 1, 1);
    require(strait_spsc_pop(&spsc, &value) == STRAIT_SPSC_CLOSED);
    expect("spsc pop, closed", 0, 0, 4);
}

static int n_wakes;

static void
wake(strait_sink_t *sink, void *arg)
{
    (void)sink;
    (void)arg;
    n_wakes++;
}

static void
nothing(strait_sink_entry_t *entry, int status)
{
    (void)entry;
    (void)status;
}

static void
count_sink(void)
{
    static strait_sink_entry_t entries[N];
    strait_sink_t sink;
    int i;

    strait_sink_init(&sink, wake, NULL);
    for (i = 0; i < N; i++)
        strait_sink_entry_init(&entries[i], nothing);
    costs_start();
    for (i = 0; i < N; i++)
        strait_sink_push(&sink, &entries[i]);
    expect("sink push, 100 times", N, 2 * N, 0);
    require(strait_sink_drain(&sink, N, 0, NULL) == N);
    expect("sink drain of 100", 1, 1, 101);
    require_count(n_wakes, 0);
}

int
main(void)
{
    count_mpsc();
    count_chains();
    count_shared();
    count_ring();
    count_batches();
    count_spsc();
    count_sink();
    return 0;
}
