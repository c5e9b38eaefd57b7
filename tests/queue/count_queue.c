/* SPDX-License-Identifier: MIT */
/*
 * count_queue.c - what the queues cost, in atomic operations, exactly. Counted,
 * not timed, so it holds on every machine. Linked with the counting seam.
 */
#include <strait/mpsc.h>
#include <strait/ring.h>
#include <strait/sink.h>

#include "plain.h"

#define N 100

static strait_mpsc_t queue;
static strait_mpsc_node_t nodes[N];

static void
expect(const char *what, uint64_t rmws, uint64_t stores, uint64_t loads)
{
    if (seam_count.rmws != rmws || seam_count.stores != stores ||
        seam_count.loads != loads || seam_count.seq_csts != 0) {
        fprintf(stderr,
            "%s: %llu RMW, %llu stores, %llu loads, %llu seq_cst; should be "
            "%llu, %llu, %llu, 0\n",
            what, (unsigned long long)seam_count.rmws,
            (unsigned long long)seam_count.stores,
            (unsigned long long)seam_count.loads,
            (unsigned long long)seam_count.seq_csts, (unsigned long long)rmws,
            (unsigned long long)stores, (unsigned long long)loads);
        exit(1);
    }
    printf("%-44s %3llu RMW %3llu stores %3llu loads\n", what,
        (unsigned long long)rmws, (unsigned long long)stores,
        (unsigned long long)loads);
    seam_count = (struct seam_count){ 0 };
}

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
    seam_count = (struct seam_count){ 0 };
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
    expect("mpsc pop, empty", 0, 0, 2);
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
    seam_count = (struct seam_count){ 0 };
    require(strait_mpsc_push(&queue, &nodes[0]));
    expect("mpsc push that owes a wake-up", 1, 2, 0);
    require(!strait_mpsc_is_empty(&queue));
    expect("mpsc is_empty", 0, 0, 1);
}

static void
count_ring(void)
{
    static strait_ring_slot_t slots[64];
    strait_ring_t ring;
    void *value;
    int i;

    require(strait_ring_init(&ring, slots, 64) == 0);
    seam_count = (struct seam_count){ 0 };
    require(strait_ring_push(&ring, &ring) == STRAIT_RING_DONE);
    expect("ring push", 1, 2, 2);
    require(strait_ring_pop(&ring, &value) == STRAIT_RING_DONE);
    expect("ring pop", 1, 0, 3);
    require(strait_ring_pop(&ring, &value) == STRAIT_RING_EMPTY);
    require(seam_count.rmws == 0);
    seam_count = (struct seam_count){ 0 };
    require(strait_ring_arm(&ring));
    expect("ring arm", 1, 0, 2);
    require(strait_ring_push(&ring, &ring) == STRAIT_RING_WAKE);
    expect("ring push that owes a wake-up", 1, 2, 2);
    for (i = 1; i < 63; i++)
        require(strait_ring_push(&ring, &ring) == STRAIT_RING_DONE);
    expect("ring push, 62 times", 62, 124, 124);
    require(strait_ring_push(&ring, &ring) == STRAIT_RING_DONE);
    expect("ring push, once a round", 1, 3, 3);
    require(strait_ring_push(&ring, &ring) == STRAIT_RING_FULL);
    require(seam_count.rmws == 0 && seam_count.stores == 0);
    seam_count = (struct seam_count){ 0 };
    for (i = 0; i < 64; i++)
        require(strait_ring_pop(&ring, &value) == STRAIT_RING_DONE);
    expect("ring pop, 64 times", 64, 0, 192);
    require(strait_ring_close(&ring));
    expect("ring close", 1, 0, 0);
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
    seam_count = (struct seam_count){ 0 };
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
    count_ring();
    count_sink();
    return 0;
}
