/* SPDX-License-Identifier: MIT */
/*
 * timers.c - a timer that runs once and one that repeats until it is stopped.
 * Deadlines are absolute, in nanoseconds of the monotonic clock.
 */
#include <stdio.h>
#include <strait/strait.h>

struct metronome {
    strait_timer_t timer;
    strait_loop_t *loop;
    int n_beats;
};

static void
beat(strait_timer_t *timer, void *arg)
{
    struct metronome *metronome = arg;

    printf("beat %d\n", ++metronome->n_beats);
    if (metronome->n_beats == 3)
        strait_timer_stop(metronome->loop, timer);
}

static void
say(strait_timer_t *timer, void *arg)
{
    (void)timer;
    printf("%s\n", (const char *)arg);
}

int
main(void)
{
    struct metronome metronome = { .n_beats = 0 };
    strait_timer_t once;
    uint64_t now_ns;

    if (strait_loop_create(&metronome.loop, NULL) != 0)
        return 1;
    strait_timer_init(&metronome.timer, beat, &metronome);
    strait_timer_init(&once, say, "one, two, three:");
    now_ns = strait_loop_now_ns(metronome.loop);
    /* Every 20 ms from 20 ms on; and once, 10 ms from now. */
    strait_timer_start(metronome.loop, &metronome.timer,
        now_ns + 20 * STRAIT_NS_PER_MS, 20 * STRAIT_NS_PER_MS);
    strait_timer_start(
        metronome.loop, &once, now_ns + 10 * STRAIT_NS_PER_MS, 0);
    strait_loop_run(metronome.loop, STRAIT_RUN_DEFAULT);
    strait_loop_destroy(metronome.loop);
    return 0;
}
