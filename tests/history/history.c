/* SPDX-License-Identifier: MIT */
/*
 * history.c - the record itself: writing it, counting it, showing it. See
 * history.h; the checkers are in search.c and patterns.c.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"

void
history_init(struct history *h, unsigned n_threads, uint32_t events_max,
    uint32_t values_max)
{
    unsigned i;

    assert(n_threads <= HISTORY_THREADS_MAX);
    atomic_init(&h->clock, 1);
    atomic_init(&h->full, 0);
    h->n_threads = n_threads;
    h->events_max = events_max;
    h->values_max = values_max;
    for (i = 0; i < n_threads; i++) {
        struct history_log *log = &h->logs[i];

        log->events = calloc(events_max, sizeof log->events[0]);
        log->values = calloc(values_max, sizeof log->values[0]);
        if (log->events == NULL || log->values == NULL) {
            fprintf(stderr, "history: no memory\n");
            exit(2);
        }
        log->n_events = 0;
        log->n_values = 0;
    }
}

void
history_fini(struct history *h)
{
    unsigned i;

    for (i = 0; i < h->n_threads; i++) {
        free(h->logs[i].events);
        free(h->logs[i].values);
    }
    h->n_threads = 0;
}

void
history_reset(struct history *h)
{
    unsigned i;

    atomic_store_explicit(&h->clock, 1, memory_order_relaxed);
    atomic_store_explicit(&h->full, 0, memory_order_relaxed);
    for (i = 0; i < h->n_threads; i++) {
        h->logs[i].n_events = 0;
        h->logs[i].n_values = 0;
    }
}

bool
history_has_room(const struct history *h, unsigned thread, uint32_t n)
{
    return h->events_max - h->logs[thread].n_events >= n;
}

void
history_record(struct history *h, unsigned thread, int operation, int answer,
    uint64_t invoked, const uint32_t *values, unsigned n_values,
    unsigned n_wanted)
{
    uint64_t returned = history_stamp(h);
    struct history_log *log = &h->logs[thread];
    struct history_event *event;

    if (log->n_events == h->events_max ||
        n_values > h->values_max - log->n_values) {
        atomic_store_explicit(&h->full, thread + 1, memory_order_relaxed);
        return;
    }
    event = &log->events[log->n_events];
    event->invoked = invoked;
    event->returned = returned;
    event->first = log->n_values;
    event->n_values = (uint16_t)n_values;
    event->n_wanted = (uint16_t)n_wanted;
    event->operation = (uint8_t)operation;
    event->answer = (uint8_t)answer;
    if (n_values > 0)
        memcpy(log->values + log->n_values, values, n_values * sizeof *values);
    log->n_values += n_values;
    log->n_events++;
}

const char *
history_operation_name(int operation)
{
    static const char *const names[] = { [HISTORY_PUSH] = "push",
        [HISTORY_POP] = "pop",
        [HISTORY_ARM] = "arm",
        [HISTORY_DISARM] = "disarm",
        [HISTORY_CLOSE] = "close" };

    return names[operation];
}

const char *
history_answer_name(int answer)
{
    static const char *const names[] = { [HISTORY_DONE] = "done",
        [HISTORY_WAKE] = "WAKE",
        [HISTORY_FULL] = "FULL",
        [HISTORY_CLOSED] = "CLOSED",
        [HISTORY_EMPTY] = "EMPTY",
        [HISTORY_PENDING] = "PENDING",
        [HISTORY_YES] = "true",
        [HISTORY_NO] = "false" };

    return names[answer];
}

/* One end of a call, for the time line. */
struct mark {
    uint64_t stamp;
    unsigned thread;
    bool is_return;
    const struct history_event *event;
};

static int
by_stamp(const void *left, const void *right)
{
    const struct mark *a = left;
    const struct mark *b = right;

    return (a->stamp > b->stamp) - (a->stamp < b->stamp);
}

static void
add_values(char *text, size_t size, const struct history *h, unsigned thread,
    const struct history_event *event)
{
    size_t length = strlen(text);
    unsigned i;

    for (i = 0; i < event->n_values && length + 16 < size; i++) {
        uint32_t value = h->logs[thread].values[event->first + i];

        length += (size_t)snprintf(text + length, size - length, " %u.%u",
            HISTORY_VALUE_THREAD(value), HISTORY_VALUE_NUMBER(value));
    }
    if (i < event->n_values)
        snprintf(text + length, size - length, " ...");
}

static void
describe(
    char *text, size_t size, const struct history *h, const struct mark *mark)
{
    const struct history_event *event = mark->event;
    bool is_push = event->operation == HISTORY_PUSH;

    if (!mark->is_return) {
        snprintf(text, size, "%s", history_operation_name(event->operation));
        if (event->n_wanted > 1) {
            size_t length = strlen(text);

            snprintf(text + length, size - length, "(%u)", event->n_wanted);
        }
        if (is_push)
            add_values(text, size, h, mark->thread, event);
        return;
    }
    if (event->operation == HISTORY_POP && event->answer == HISTORY_DONE) {
        snprintf(text, size, "'=");
        add_values(text, size, h, mark->thread, event);
    } else {
        snprintf(text, size, "'= %s", history_answer_name(event->answer));
    }
}

#define COLUMN 24 /* characters of the time line for each thread */

void
history_print(
    FILE *out, const struct history *h, const struct history_fault *fault)
{
    bool some = fault != NULL && fault->n_events > 0;
    size_t n = 0;
    struct mark *marks;
    const struct history_event *open[HISTORY_THREADS_MAX] = { NULL };
    bool shown[HISTORY_THREADS_MAX] = { false };
    size_t total = 0;
    size_t i;
    unsigned t;

    for (t = 0; t < h->n_threads; t++)
        total += h->logs[t].n_events;
    marks = calloc(2 * total + 1, sizeof marks[0]);
    if (marks == NULL)
        return;
    for (t = 0; t < h->n_threads; t++) {
        uint32_t k;

        for (k = 0; k < h->logs[t].n_events; k++) {
            const struct history_event *event = &h->logs[t].events[k];
            bool wanted = !some;
            unsigned f;

            for (f = 0; some && f < fault->n_events; f++)
                wanted |= fault->events[f].thread == t &&
                    fault->events[f].event == k;
            if (!wanted)
                continue;
            shown[t] = true;
            marks[n++] = (struct mark){ event->invoked, t, false, event };
            marks[n++] = (struct mark){ event->returned, t, true, event };
        }
    }
    qsort(marks, n, sizeof marks[0], by_stamp);
    fprintf(out, "  %8s", "stamp");
    for (t = 0; t < h->n_threads; t++) {
        if (shown[t])
            fprintf(out, "  thread %-*u", COLUMN - 9, t);
    }
    fputc('\n', out);
    for (i = 0; i < n; i++) {
        unsigned last = marks[i].thread;

        for (t = last + 1; t < h->n_threads; t++) {
            if (open[t] != NULL)
                last = t;
        }
        fprintf(out, "  %8llu", (unsigned long long)marks[i].stamp);
        for (t = 0; t <= last; t++) {
            char text[96] = "";

            if (!shown[t])
                continue;
            if (t == marks[i].thread)
                describe(text, sizeof text, h, &marks[i]);
            else if (open[t] != NULL)
                snprintf(text, sizeof text, "|");
            fprintf(out, "  %-*s", t < last ? COLUMN - 2 : 0, text);
        }
        fputc('\n', out);
        open[marks[i].thread] = marks[i].is_return ? NULL : marks[i].event;
    }
    free(marks);
}
