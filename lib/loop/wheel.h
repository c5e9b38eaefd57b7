/* SPDX-License-Identifier: MIT */
/*
 * wheel.h - the timers of one loop in the order of their deadlines: constant
 * time to add and to remove, sorted when they fall due. One thread.
 * Included by: the .c files of lib/loop.
 *
 * Shape: a hierarchical timing wheel (Varghese and Lauck, 1987) whose tick is
 * one nanosecond: 11 levels of 64 slots cover all 64 bits, so there is no
 * rounding and no overflow list. wheel.c has the rules.
 */
#ifndef STI_LOOP_WHEEL_H
#define STI_LOOP_WHEEL_H

#include <strait/timer.h>

#define STI_WHEEL_LEVELS 11
#define STI_WHEEL_BITS 6
#define STI_WHEEL_SLOTS 64

typedef struct sti_wheel {
    uint64_t base_ns;                /* all timers before it are in `due` */
    uint64_t next_ns;                /* a lower bound of all deadlines ... */
    bool next_known;                 /* ... if this is true */
    uint32_t levels_used;            /* one bit per level with a timer */
    uint64_t used[STI_WHEEL_LEVELS]; /* one bit per slot with a timer */
    uint64_t n_started;              /* gives each start its number */
    strait_timer_t *due;             /* sorted; taken out of the wheel */
    strait_timer_t **due_end;        /* where the next due one is linked */
    strait_timer_t *slots[STI_WHEEL_LEVELS][STI_WHEEL_SLOTS];
} sti_wheel_t;

/* An empty wheel whose time is now_ns. */
void sti_wheel_init(sti_wheel_t *wheel, uint64_t now_ns);

/* Adds an inactive timer whose deadline_ns_ is set. */
void sti_wheel_add(sti_wheel_t *wheel, strait_timer_t *timer);

/* Takes an active timer out, wherever it is. */
void sti_wheel_remove(sti_wheel_t *wheel, strait_timer_t *timer);

/* Moves all timers with deadlines up to now_ns to the due list, behind those
 * that are there. */
void sti_wheel_advance(sti_wheel_t *wheel, uint64_t now_ns);

/* Takes the first due timer, or answers NULL. */
strait_timer_t *sti_wheel_pop_due(sti_wheel_t *wheel);

/* When to look again: never later than the next deadline; at most once per
 * level earlier than it. 0 if something is due, STRAIT_TIMER_NEVER if nothing
 * will be. */
uint64_t sti_wheel_next_ns(sti_wheel_t *wheel);

/* Makes every timer inactive and the wheel empty. */
void sti_wheel_clear(sti_wheel_t *wheel);

/* Walks over everything: the invariants of wheel.c hold and n_timers are in it.
 * For checks of level 3 and for tests. */
bool sti_wheel_is_valid(const sti_wheel_t *wheel, size_t n_timers);

#endif /* STI_LOOP_WHEEL_H */
