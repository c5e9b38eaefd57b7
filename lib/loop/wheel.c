/* SPDX-License-Identifier: MIT */
/*
 * wheel.c - a hierarchical timing wheel with a tick of one nanosecond.
 *
 * Source. G. Varghese, T. Lauck, "Hashed and Hierarchical Timing Wheels", 1987.
 * Deviations: (1) a tick of 1 ns with 64 slots a level, so nothing is rounded:
 * it is a radix heap on the deadline; (2) slots are not ordered; a slot is
 * sorted when all of it falls due, which is what makes "deadline order, then
 * start order" cost O(log n) per timer only then; (3) time does not tick: the
 * wheel is advanced straight to now, and bit maps find the next used slot.
 *
 * Where a timer is. Write key and base_ns in base 64. The level is the highest
 * digit in which they differ (0 if they are equal), the slot is key's digit
 * there. key is the deadline, or base_ns if the deadline has passed.
 *
 *     base  ... 3 17 05        key ... 3 17 09   level 0, slot 9
 *                              key ... 3 20 00   level 1, slot 20
 *                              key ... 4 00 00   level 2, slot 4
 *
 * Invariants.
 *   I1  digits of a timer's key above its level equal those of base_ns; its
 *       digit at the level is larger (level 0: larger or equal).
 *   I2  hence all timers of a level come before all of the levels above, and
 *       within a level lower slots come first.
 *   I3  used/levels_used have a bit exactly where a slot/level has a timer.
 *   I4  the due list is sorted by (deadline, start number) within each advance.
 *   I5  next_known implies that next_ns is no later than the next deadline, or
 *       has passed already.
 *
 * Costs. add, remove: O(1). advance: O(1) per level, and each timer moves down
 * at most once per level in its life. next_ns: a look at up to SCAN_MAX timers
 * of the first used slot; if there are more, it answers the start of the slot
 * instead. Then the loop wakes early once, the slot is spread one level down,
 * and the next answer is closer; never late.
 *
 * Limits. Start numbers have 64 bits and do not wrap.
 *
 * Tests: tests/loop/test_wheel.c (against a sorted array as oracle).
 */
#include "loop/wheel.h"

/* How many timers of one slot are looked at to find the first of them. */
#define SCAN_MAX 64

/* A longer list is spread over the level below before it is sorted, so that
 * what is sorted fits into the first-level cache: with a million timers due at
 * once 128 took half the time of sorting slots whole, 32 and 1024 a little more
 * than 128. */
#define SORT_MAX 128

static uint32_t
level_of(const sti_wheel_t *wheel, uint64_t key)
{
    uint64_t differing = key ^ wheel->base_ns;

    if (differing == 0)
        return 0;
    return (uint32_t)(63 - __builtin_clzll(differing)) / STI_WHEEL_BITS;
}

static uint32_t
digit_of(uint64_t key, uint32_t level)
{
    return (uint32_t)(key >> (level * STI_WHEEL_BITS)) & (STI_WHEEL_SLOTS - 1);
}

/* The first nanosecond that belongs to a slot, as seen from the base. */
static uint64_t
start_of(const sti_wheel_t *wheel, uint32_t level, uint32_t slot)
{
    uint32_t shift = level * STI_WHEEL_BITS;
    uint64_t above = shift + STI_WHEEL_BITS < 64
        ? ~(uint64_t)0 << (shift + STI_WHEEL_BITS)
        : 0;

    return (wheel->base_ns & above) | ((uint64_t)slot << shift);
}

static void
put(sti_wheel_t *wheel, strait_timer_t *timer)
{
    uint64_t key = timer->deadline_ns_ > wheel->base_ns ? timer->deadline_ns_
                                                        : wheel->base_ns;
    uint32_t level = level_of(wheel, key);
    uint32_t slot = digit_of(key, level);
    strait_timer_t **head = &wheel->slots[level][slot];

    timer->next_ = *head;
    timer->link_ = head;
    if (*head != NULL)
        (*head)->link_ = &timer->next_;
    *head = timer;
    wheel->used[level] |= (uint64_t)1 << slot;
    wheel->levels_used |= (uint32_t)1 << level;
}

static void
mark_empty(sti_wheel_t *wheel, uint32_t level, uint32_t slot)
{
    wheel->used[level] &= ~((uint64_t)1 << slot);
    if (wheel->used[level] == 0)
        wheel->levels_used &= ~((uint32_t)1 << level);
}

/* Takes the whole list out of a slot. */
static strait_timer_t *
take_slot(sti_wheel_t *wheel, uint32_t level, uint32_t slot)
{
    strait_timer_t *list = wheel->slots[level][slot];

    wheel->slots[level][slot] = NULL;
    mark_empty(wheel, level, slot);
    return list;
}

void
sti_wheel_init(sti_wheel_t *wheel, uint64_t now_ns)
{
    uint32_t level;
    uint32_t slot;

    wheel->base_ns = now_ns;
    wheel->next_ns = STRAIT_TIMER_NEVER;
    wheel->next_known = true;
    wheel->levels_used = 0;
    wheel->n_started = 0;
    wheel->due = NULL;
    wheel->due_end = &wheel->due;
    for (level = 0; level < STI_WHEEL_LEVELS; level++) {
        wheel->used[level] = 0;
        for (slot = 0; slot < STI_WHEEL_SLOTS; slot++)
            wheel->slots[level][slot] = NULL;
    }
}

void
sti_wheel_add(sti_wheel_t *wheel, strait_timer_t *timer)
{
    timer->start_number_ = wheel->n_started++;
    put(wheel, timer);
    if (wheel->next_known && timer->deadline_ns_ < wheel->next_ns)
        wheel->next_ns = timer->deadline_ns_;
}

void
sti_wheel_remove(sti_wheel_t *wheel, strait_timer_t *timer)
{
    strait_timer_t **first = &wheel->slots[0][0];
    strait_timer_t **link = timer->link_;

    *link = timer->next_;
    if (timer->next_ != NULL)
        timer->next_->link_ = link;
    else if (wheel->due_end == &timer->next_)
        wheel->due_end = link;
    timer->link_ = NULL;
    if (*link == NULL && (uintptr_t)link >= (uintptr_t)first &&
        (uintptr_t)link <
            (uintptr_t)(first + STI_WHEEL_LEVELS * STI_WHEEL_SLOTS)) {
        size_t place = (size_t)(link - first);

        mark_empty(wheel, (uint32_t)(place / STI_WHEEL_SLOTS),
            (uint32_t)(place % STI_WHEEL_SLOTS));
    }
    if (timer->deadline_ns_ == wheel->next_ns)
        wheel->next_known = false;
}

/* ------------------------------------------------------------------- due */

static bool
is_before(const strait_timer_t *a, const strait_timer_t *b)
{
    if (a->deadline_ns_ != b->deadline_ns_)
        return a->deadline_ns_ < b->deadline_ns_;
    return a->start_number_ < b->start_number_;
}

/* Merges two sorted lists, linked by next_ only. */
static strait_timer_t *
merge(strait_timer_t *a, strait_timer_t *b)
{
    strait_timer_t *head;
    strait_timer_t **end = &head;

    while (a != NULL && b != NULL) {
        strait_timer_t **first = is_before(b, a) ? &b : &a;

        *end = *first;
        end = &(*first)->next_;
        *first = *end;
    }
    *end = a != NULL ? a : b;
    return head;
}

/*
 * Sorts a list linked by next_. Bottom-up: runs[i] is empty or holds 2^i
 * timers, so equal-sized runs are merged while they are still in the cache.
 */
static strait_timer_t *
sort(strait_timer_t *list)
{
    strait_timer_t *runs[64] = { NULL };
    strait_timer_t *sorted = NULL;
    uint32_t n_runs = 0;
    uint32_t i;

    while (list != NULL) {
        strait_timer_t *run = list;

        list = list->next_;
        run->next_ = NULL;
        for (i = 0; runs[i] != NULL; i++) {
            run = merge(runs[i], run);
            runs[i] = NULL;
        }
        runs[i] = run;
        if (i >= n_runs)
            n_runs = i + 1;
    }
    for (i = 0; i < n_runs; i++)
        sorted = merge(runs[i], sorted);
    return sorted;
}

/* True if the list has at most SORT_MAX timers. */
static bool
is_short(const strait_timer_t *list)
{
    uint32_t i;

    for (i = 0; list != NULL && i < SORT_MAX; i++)
        list = list->next_;
    return list == NULL;
}

/* Appends a slot's list to the due list in order. */
static void
make_due(sti_wheel_t *wheel, strait_timer_t *list)
{
    strait_timer_t *timer;

    for (timer = sort(list); timer != NULL; timer = timer->next_) {
        *wheel->due_end = timer;
        timer->link_ = wheel->due_end;
        wheel->due_end = &timer->next_;
    }
}

void
sti_wheel_advance(sti_wheel_t *wheel, uint64_t now_ns)
{
    if (now_ns < wheel->base_ns)
        return;
    if (wheel->next_known && now_ns < wheel->next_ns) {
        /* Nothing is due; the base is moved when it matters. */
        return;
    }
    wheel->next_known = false;
    while (wheel->levels_used != 0) {
        uint32_t level = (uint32_t)__builtin_ctz(wheel->levels_used);
        uint32_t slot = (uint32_t)__builtin_ctzll(wheel->used[level]);
        uint64_t width = (uint64_t)1 << (level * STI_WHEEL_BITS);
        uint64_t start = start_of(wheel, level, slot);
        strait_timer_t *list;

        if (start > now_ns)
            break;
        list = take_slot(wheel, level, slot);
        if (now_ns - start >= width - 1 && (level == 0 || is_short(list))) {
            make_due(wheel, list);
            continue;
        }
        /* Now is inside this slot, or the slot is long: spread it over the
         * levels below. All those are empty, and I1 holds for the levels above
         * with the new base. */
        wheel->base_ns = start;
        while (list != NULL) {
            strait_timer_t *next = list->next_;

            put(wheel, list);
            list = next;
        }
    }
    wheel->base_ns = now_ns;
}

strait_timer_t *
sti_wheel_pop_due(sti_wheel_t *wheel)
{
    strait_timer_t *timer = wheel->due;

    if (timer == NULL)
        return NULL;
    /* The one after the next: neighbours in time are strangers in memory. */
    if (timer->next_ != NULL)
        __builtin_prefetch(timer->next_->next_);
    sti_wheel_remove(wheel, timer);
    return timer;
}

uint64_t
sti_wheel_next_ns(sti_wheel_t *wheel)
{
    strait_timer_t *timer;
    uint64_t least = STRAIT_TIMER_NEVER;
    uint32_t level;
    uint32_t slot;
    uint32_t i;

    if (wheel->due != NULL)
        return 0;
    if (wheel->levels_used == 0)
        return STRAIT_TIMER_NEVER;
    if (wheel->next_known)
        return wheel->next_ns;
    level = (uint32_t)__builtin_ctz(wheel->levels_used);
    slot = (uint32_t)__builtin_ctzll(wheel->used[level]);
    timer = wheel->slots[level][slot];
    for (i = 0; timer != NULL && i < SCAN_MAX; i++, timer = timer->next_) {
        if (timer->deadline_ns_ < least)
            least = timer->deadline_ns_;
    }
    if (timer != NULL && start_of(wheel, level, slot) < least)
        least = start_of(wheel, level, slot);
    wheel->next_ns = least;
    wheel->next_known = true;
    return least;
}

static void
forget(strait_timer_t *timer)
{
    while (timer != NULL) {
        strait_timer_t *next = timer->next_;

        timer->next_ = NULL;
        timer->link_ = NULL;
        timer = next;
    }
}

void
sti_wheel_clear(sti_wheel_t *wheel)
{
    uint64_t n_started = wheel->n_started;
    uint32_t level;
    uint32_t slot;

    forget(wheel->due);
    for (level = 0; level < STI_WHEEL_LEVELS; level++) {
        for (slot = 0; slot < STI_WHEEL_SLOTS; slot++)
            forget(wheel->slots[level][slot]);
    }
    sti_wheel_init(wheel, wheel->base_ns);
    wheel->n_started = n_started;
}

/* ----------------------------------------------------------------- check */

/* The number of timers in a list that are linked and placed as they should be;
 * SIZE_MAX if one is not. */
static size_t
check_slot(const sti_wheel_t *wheel, uint32_t level, uint32_t slot)
{
    strait_timer_t *const *link = &wheel->slots[level][slot];
    const strait_timer_t *timer = *link;
    size_t n = 0;

    for (; timer != NULL; link = &timer->next_, timer = timer->next_, n++) {
        uint64_t key = timer->deadline_ns_ > wheel->base_ns
            ? timer->deadline_ns_
            : wheel->base_ns;

        if (timer->link_ != link || level_of(wheel, key) != level ||
            digit_of(key, level) != slot ||
            (wheel->next_known && timer->deadline_ns_ > wheel->base_ns &&
                timer->deadline_ns_ < wheel->next_ns))
            return SIZE_MAX;
    }
    return n;
}

bool
sti_wheel_is_valid(const sti_wheel_t *wheel, size_t n_timers)
{
    const strait_timer_t *timer;
    strait_timer_t *const *link = &wheel->due;
    size_t n = 0;
    uint32_t level;
    uint32_t slot;

    for (timer = wheel->due; timer != NULL;
         link = &timer->next_, timer = timer->next_, n++) {
        if (timer->link_ != link)
            return false;
    }
    if (wheel->due_end != link)
        return false;
    for (level = 0; level < STI_WHEEL_LEVELS; level++) {
        if ((wheel->used[level] != 0) != ((wheel->levels_used >> level) & 1))
            return false;
        for (slot = 0; slot < STI_WHEEL_SLOTS; slot++) {
            size_t found = check_slot(wheel, level, slot);

            if (found == SIZE_MAX ||
                (found != 0) != ((wheel->used[level] >> slot) & 1))
                return false;
            n += found;
        }
    }
    return n == n_timers;
}
