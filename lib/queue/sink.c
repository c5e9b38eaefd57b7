/* SPDX-License-Identifier: MIT */
/*
 * sink.c - an mpsc queue plus the function that wakes its consumer. The atomics
 * are those of mpsc.c; a sink adds none.
 *
 * Tests: tests/queue/test_sink.c, tests/model/model_mpsc_*.c.
 */
#include <strait/sink.h>

extern inline void strait_sink_entry_init(
    strait_sink_entry_t *entry, strait_sink_deliver_fn deliver);
extern inline void strait_sink_push(
    strait_sink_t *sink, strait_sink_entry_t *entry);

int
strait_sink_init(strait_sink_t *sink, strait_sink_wake_fn wake, void *arg)
{
    if (sink == NULL || (uintptr_t)sink % sizeof(void *) != 0 || wake == NULL ||
        strait_mpsc_init(&sink->queue) != 0)
        return -STRAIT_EINVAL_;
    sink->wake_ = wake;
    sink->arg_ = arg;
    return 0;
}

size_t
strait_sink_drain(strait_sink_t *sink, size_t budget, int status, int *ret_end)
{
    int end = STRAIT_SINK_MORE;
    size_t n = 0;

    while (n < budget) {
        strait_mpsc_node_t *node;
        strait_sink_entry_t *entry;
        int popped = strait_mpsc_pop(&sink->queue, &node);

        if (popped != STRAIT_MPSC_ITEM) {
            /* EMPTY may be a push in its gap; one look is enough to tell. */
            end = popped == STRAIT_MPSC_EMPTY &&
                    strait_mpsc_is_empty(&sink->queue)
                ? STRAIT_SINK_EMPTY
                : STRAIT_SINK_PENDING;
            break;
        }
        entry = STRAIT_CONTAINER_OF(node, strait_sink_entry_t, node_);
        entry->deliver_(entry, status);
        n++;
    }
    if (ret_end != NULL)
        *ret_end = end;
    return n;
}
