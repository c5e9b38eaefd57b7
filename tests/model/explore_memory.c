/* SPDX-License-Identifier: MIT */
/*
 * explore_memory.c - the memory of the explorer: an operational model of C11
 * atomics with release, acquire and relaxed accesses.
 *
 * Each location keeps all its stores (messages) in modification order, each
 * with a time stamp. Each thread has a view: for each location the stamp of the
 * newest message that it knows of. Then
 *
 *   load       takes any message that is not older than the thread's view of
 *              that location, so a relaxed or acquire load may be stale;
 *   store      is put behind any such message, usually last, and never between
 *              a message and the read-modify-write that took it;
 *   RMW        takes a message that no other RMW has taken and is put directly
 *              behind it: on a word that only RMWs change, that is the newest;
 *   release    the message carries the whole view of its thread;
 *   acquire    the thread learns the view of the message it read;
 *   relaxed    neither; but an RMW passes on what the message that it took
 *              carried (release sequence; plain stores of the same thread do
 *              not continue one, which is C++20's and C23's weaker rule);
 *   seq_cst    acquire or release, and never older than what the last seq_cst
 *              store to that location left.
 *
 * The view contains a vector clock, by which plain accesses are checked for
 * races, among each other and against atomic ones, as C11 defines them.
 *
 * Not modelled: a load that returns a store which its own thread's later stores
 * caused (load buffering; GenMC's IMM has it), fences, consume, accesses of
 * different sizes to one location, and orders of seq_cst over several locations
 * beyond what is said above.
 */
#include "explore_core.h"

#include <inttypes.h>
#include <string.h>

#define MESSAGES_MAX 512
#define VIEWS_MAX 8192
#define HASH_SIZE 256

/* Between the stamps of two neighbours, so that others fit in. */
#define STAMP_STEP ((uint64_t)1 << 40)

struct message {
    uint64_t stamp;
    uint64_t value;
    const struct ex_view *view; /* what an acquire of it learns, or NULL */
    bool taken;                 /* an RMW stands directly behind it */
};

struct location {
    const volatile void *addr;
    size_t size;
    struct message *messages; /* oldest first */
    int n_messages;
    uint64_t futex_floor; /* no futex wait reads anything older */
    uint64_t sc_floor;    /* no seq_cst access reads anything older */
    uint8_t stale_row[EX_THREADS_MAX]; /* stale loads in a row, by thread */
    /* Clock of the last access of each kind, by thread. */
    uint32_t plain_read[EX_THREADS_MAX];
    uint32_t plain_write[EX_THREADS_MAX];
    uint32_t atomic_read[EX_THREADS_MAX];
    uint32_t atomic_write[EX_THREADS_MAX];
};

#define BLOCKS_MAX 8

struct block {
    uintptr_t from;
    uintptr_t to;
};

static struct location locations[EX_LOCS_MAX];
static struct block freed[BLOCKS_MAX];
static int n_freed;
static struct message message_rows[EX_LOCS_MAX][MESSAGES_MAX];
static int n_locations;
static uint8_t hash[HASH_SIZE]; /* index + 1 */
static struct ex_view views[VIEWS_MAX];
static int n_views;

void
ex_memory_reset(void)
{
    n_locations = 0;
    n_views = 0;
    n_freed = 0;
    memset(hash, 0, sizeof(hash));
}

void
ex_view_join(struct ex_view *into, const struct ex_view *from)
{
    int i;

    for (i = 0; i < n_locations; i++) {
        if (into->stamp[i] < from->stamp[i])
            into->stamp[i] = from->stamp[i];
    }
    for (i = 0; i < EX_THREADS_MAX; i++) {
        if (into->clock[i] < from->clock[i])
            into->clock[i] = from->clock[i];
    }
}

static struct ex_view *
view_copy(const struct ex_view *of)
{
    struct ex_view *view;

    if (n_views == VIEWS_MAX)
        ex_fail("explorer: too many release stores in one execution");
    view = &views[n_views++];
    /* Locations made later than this view are unknown to it. */
    memcpy(view->stamp, of->stamp, sizeof(of->stamp));
    memcpy(view->clock, of->clock, sizeof(of->clock));
    return view;
}

static uint64_t
fetch(const volatile void *p, size_t n)
{
    uint64_t value = 0;

    memcpy(&value, (const void *)(uintptr_t)p, n);
    return value;
}

/* Finds a location, or makes it, with what memory holds as its first message.
 */
static struct location *
location(const volatile void *p, size_t n)
{
    uintptr_t key = (uintptr_t)p;
    unsigned h = (unsigned)((key >> 2) * 0x9e3779b1u) % HASH_SIZE;
    struct location *loc;
    int i;

    for (i = 0; i < n_freed; i++) {
        if (key >= freed[i].from && key < freed[i].to)
            ex_fail("use after free");
    }
    while (hash[h] != 0) {
        loc = &locations[hash[h] - 1];
        if (loc->addr == p) {
            if (loc->size != n)
                ex_fail("accesses of %zu and %zu bytes to one location",
                    loc->size, n);
            return loc;
        }
        h = (h + 1) % HASH_SIZE;
    }
    if (n_locations == EX_LOCS_MAX)
        ex_fail("explorer: too many locations");
    if (n > 8)
        ex_fail("access of %zu bytes", n);
    hash[h] = (uint8_t)(n_locations + 1);
    loc = &locations[n_locations];
    memset(loc, 0, sizeof(*loc));
    loc->addr = p;
    loc->size = n;
    loc->messages = message_rows[n_locations];
    loc->messages[0] = (struct message){ 0, fetch(p, n), NULL, false };
    loc->n_messages = 1;
    n_locations++;
    return loc;
}

static uint64_t *
stamp_of(struct ex_view *view, const struct location *loc)
{
    return &view->stamp[loc - locations];
}

static bool
acquires(int order)
{
    return order == EX_acquire || order == EX_acq_rel || order == EX_seq_cst;
}

static bool
releases(int order)
{
    return order == EX_release || order == EX_acq_rel || order == EX_seq_cst;
}

/* ---------------------------------------------------------------- races */

static void
race(const struct ex_site *site, const char *kind, int other)
{
    ex_fail("data race at %s: this access and %s by thread %d are unordered",
        site->text, kind, other);
}

static void
expect_before(
    const struct ex_site *site, const uint32_t *last, const char *kind)
{
    const struct ex_view *view = ex_view_of(ex_self());
    int i;

    for (i = 0; i < EX_THREADS_MAX; i++) {
        if (last[i] > view->clock[i])
            race(site, kind, i);
    }
}

/* One more step of the running thread's clock. */
static uint32_t
tick(void)
{
    return ++ex_view_of(ex_self())->clock[ex_self()];
}

static void
note_atomic_read(const struct ex_site *site, struct location *loc)
{
    loc->atomic_read[ex_self()] = tick();
    expect_before(site, loc->plain_write, "a plain write");
}

static void
note_atomic_write(const struct ex_site *site, struct location *loc)
{
    loc->atomic_write[ex_self()] = tick();
    expect_before(site, loc->plain_write, "a plain write");
    expect_before(site, loc->plain_read, "a plain read");
}

void
ex_data_get(const struct ex_site *site, const volatile void *p, size_t n)
{
    struct location *loc = location(p, n);

    ex_trace(site, "get", EX_plain, p, "%s", ex_text(fetch(p, n)));
    loc->plain_read[ex_self()] = tick();
    expect_before(site, loc->plain_write, "a plain write");
    expect_before(site, loc->atomic_write, "an atomic write");
}

static void
plain_write(const struct ex_site *site, struct location *loc)
{
    loc->plain_write[ex_self()] = tick();
    expect_before(site, loc->plain_write, "a plain write");
    expect_before(site, loc->plain_read, "a plain read");
    expect_before(site, loc->atomic_write, "an atomic write");
    expect_before(site, loc->atomic_read, "an atomic read");
}

void
ex_data_set(const struct ex_site *site, const volatile void *p, size_t n)
{
    ex_trace(site, "set", EX_plain, p, " ");
    plain_write(site, location(p, n));
}

/* A plain write of an unlikely value to a field that was atomic so far: who
 * still touches it without an edge from here races, and who has an edge finds
 * the new value only. */
void
ex_own(const struct ex_site *site, volatile void *p, size_t n)
{
    struct location *loc = location(p, n);
    struct message *last = &loc->messages[loc->n_messages - 1];
    uint64_t stamp = last->stamp + STAMP_STEP;

    ex_trace(site, "own", EX_plain, p, " ");
    plain_write(site, loc);
    memset((void *)(uintptr_t)p, 0, n);
    loc->messages[0] = (struct message){ stamp, 0, NULL, false };
    loc->n_messages = 1;
    *stamp_of(ex_view_of(ex_self()), loc) = stamp;
}

/* The end of a block: a plain write to all of it, and nobody may come after. */
void
ex_free(const struct ex_site *site, const volatile void *p, size_t n)
{
    uintptr_t from = (uintptr_t)p;
    int i;

    ex_trace(site, "free", EX_plain, p, " ");
    for (i = 0; i < n_locations; i++) {
        uintptr_t key = (uintptr_t)locations[i].addr;

        if (key >= from && key < from + n)
            plain_write(site, &locations[i]);
    }
    if (n_freed == BLOCKS_MAX)
        ex_fail("explorer: too many blocks were freed");
    freed[n_freed++] = (struct block){ from, from + n };
}

/* -------------------------------------------------------------- reading */

/* The oldest message of `loc` that the running thread may read. */
static int
oldest(struct location *loc, int order)
{
    uint64_t floor = *stamp_of(ex_view_of(ex_self()), loc);
    int i = loc->n_messages - 1;

    if (order == EX_seq_cst && floor < loc->sc_floor)
        floor = loc->sc_floor;
    while (i > 0 && loc->messages[i].stamp > floor)
        i--;
    return i;
}

/*
 * Which of the messages from `first` on is read: mostly the newest. The chance
 * of an old one halves with each in a row, so that a store is seen in the end,
 * as the standard asks.
 */
static int
choose(struct location *loc, int first)
{
    int newest = loc->n_messages - 1;
    uint8_t *row = &loc->stale_row[ex_self()];

    if (first < newest && *row < 8 && ex_chance(ex_dice.stale >> *row)) {
        ++*row;
        return first + (int)(ex_random() % (unsigned)(newest - first));
    }
    *row = 0;
    return newest;
}

static void
read_message(struct location *loc, const struct message *message, int order)
{
    struct ex_view *view = ex_view_of(ex_self());
    uint64_t *stamp = stamp_of(view, loc);

    if (*stamp < message->stamp)
        *stamp = message->stamp;
    if (acquires(order) && message->view != NULL)
        ex_view_join(view, message->view);
}

static const char *
age(const struct location *loc, int index)
{
    static char text[32];
    int back = loc->n_messages - 1 - index;

    text[0] = '\0';
    if (back > 0) {
        text[0] = ' ';
        text[1] = '(';
        text[2] = (char)('0' + (back > 9 ? 9 : back));
        strcpy(text + 3, " behind)");
    }
    return text;
}

uint64_t
ex_load(const struct ex_site *site, const volatile void *p, size_t n)
{
    int order = ex_order_of(site);
    struct location *loc;
    int i;

    ex_step();
    loc = location(p, n);
    i = choose(loc, oldest(loc, order));
    ex_trace(site, "load", order, p, "%s%s", ex_text(loc->messages[i].value),
        age(loc, i));
    read_message(loc, &loc->messages[i], order);
    note_atomic_read(site, loc);
    return loc->messages[i].value;
}

/* -------------------------------------------------------------- writing */

static uint64_t
cut(uint64_t value, size_t n)
{
    return n >= 8 ? value : value & (((uint64_t)1 << (8 * n)) - 1);
}

/* Puts a message behind messages[i]. `carried`: of the message that an RMW
 * took. */
static void
write_message(struct location *loc, int i, uint64_t value, int order,
    const struct ex_view *carried)
{
    struct ex_view *view = ex_view_of(ex_self());
    struct message *m = loc->messages;
    uint64_t stamp;

    if (loc->n_messages == MESSAGES_MAX)
        ex_fail("livelock? %d stores to one location", MESSAGES_MAX);
    if (i == loc->n_messages - 1) {
        stamp = m[i].stamp + STAMP_STEP;
        memcpy((void *)(uintptr_t)loc->addr, &value, loc->size);
    } else {
        stamp = m[i].stamp + (m[i + 1].stamp - m[i].stamp) / 2;
        memmove(&m[i + 2], &m[i + 1],
            (size_t)(loc->n_messages - 1 - i) * sizeof(*m));
    }
    loc->n_messages++;
    ex_progress();
    *stamp_of(view, loc) = stamp;
    if (releases(order)) {
        struct ex_view *out = view_copy(view);

        if (carried != NULL)
            ex_view_join(out, carried);
        carried = out;
    }
    m[i + 1] = (struct message){ stamp, value, carried, false };
    if (order == EX_seq_cst && loc->sc_floor < stamp)
        loc->sc_floor = stamp;
}

/* Room for one more stamp behind messages[i]? */
static bool
room_behind(const struct location *loc, int i)
{
    if (loc->messages[i].taken)
        return false;
    return i == loc->n_messages - 1 ||
        loc->messages[i + 1].stamp - loc->messages[i].stamp > 1;
}

void
ex_store(const struct ex_site *site, volatile void *p, size_t n, uint64_t value)
{
    int order = ex_order_of(site);
    struct location *loc;
    int newest;
    int i;

    ex_step();
    loc = location(p, n);
    newest = loc->n_messages - 1;
    i = newest;
    if (order != EX_seq_cst && ex_chance(ex_dice.early)) {
        int first = oldest(loc, order);

        i = first + (int)(ex_random() % (unsigned)(newest - first + 1));
        if (!room_behind(loc, i))
            i = newest;
    }
    value = cut(value, n);
    ex_trace(site, "store", order, p, "%s%s", ex_text(value), age(loc, i));
    note_atomic_write(site, loc);
    write_message(loc, i, value, order, NULL);
    ex_after();
}

/* ---------------------------------------------------- read-modify-write */

/* The message that an RMW takes: one that no other has taken. */
static int
choose_untaken(struct location *loc, int order)
{
    int newest = loc->n_messages - 1;
    int i = newest;

    if (order != EX_seq_cst && ex_chance(ex_dice.early)) {
        int first = oldest(loc, order);

        i = first + (int)(ex_random() % (unsigned)(newest - first + 1));
        if (!room_behind(loc, i))
            i = newest;
    }
    return i;
}

static uint64_t
update(const struct ex_site *site, struct location *loc, int i, uint64_t value,
    int order)
{
    struct message taken = loc->messages[i];

    /* First learn, then check for races: what is learnt here may be the edge
     * that orders this very access. */
    read_message(loc, &taken, order);
    note_atomic_read(site, loc);
    note_atomic_write(site, loc);
    loc->messages[i].taken = true;
    write_message(loc, i, value, order, taken.view);
    return taken.value;
}

enum rmw { RMW_XCHG, RMW_ADD, RMW_OR, RMW_AND };

static uint64_t
rmw(const struct ex_site *site, volatile void *p, size_t n, enum rmw kind,
    uint64_t value)
{
    int order = ex_order_of(site);
    struct location *loc;
    uint64_t old;
    int i;

    ex_step();
    loc = location(p, n);
    i = choose_untaken(loc, order);
    old = loc->messages[i].value;
    if (kind == RMW_ADD)
        value = old + value;
    else if (kind == RMW_OR)
        value = old | value;
    else if (kind == RMW_AND)
        value = old & value;
    value = cut(value, n);
    ex_trace(site, site->op, order, p, "%s -> %s%s", ex_text(old),
        ex_text(value), age(loc, i));
    old = update(site, loc, i, value, order);
    ex_after();
    return old;
}

uint64_t
ex_xchg(const struct ex_site *site, volatile void *p, size_t n, uint64_t value)
{
    return rmw(site, p, n, RMW_XCHG, value);
}

uint64_t
ex_add(const struct ex_site *site, volatile void *p, size_t n, uint64_t value)
{
    return rmw(site, p, n, RMW_ADD, value);
}

uint64_t
ex_or(const struct ex_site *site, volatile void *p, size_t n, uint64_t value)
{
    return rmw(site, p, n, RMW_OR, value);
}

uint64_t
ex_and(const struct ex_site *site, volatile void *p, size_t n, uint64_t value)
{
    return rmw(site, p, n, RMW_AND, value);
}

bool
ex_cas(const struct ex_site *site, volatile void *p, size_t n, void *expected,
    uint64_t value, bool weak)
{
    int order = ex_order_of(site);
    uint64_t want = fetch(expected, n);
    uint64_t found;
    struct location *loc;
    int i;

    ex_step();
    loc = location(p, n);
    value = cut(value, n);
    /* As a load may be stale, so may the look of a CAS that fails: the order
     * of a failure is relaxed. */
    i = choose(loc, oldest(loc, order));
    if (loc->messages[i].value == want && !room_behind(loc, i))
        i = loc->n_messages - 1;
    found = loc->messages[i].value;
    if (found == want && !(weak && ex_chance(ex_dice.spurious))) {
        ex_trace(site, site->op, order, p, "%s -> %s%s", ex_text(found),
            ex_text(value), age(loc, i));
        (void)update(site, loc, i, value, order);
        ex_after();
        return true;
    }
    ex_trace(site, site->op, EX_relaxed, p, "%s, not %s: failed%s%s",
        ex_text(found), ex_text(want), found == want ? " for nothing" : "",
        age(loc, i));
    read_message(loc, &loc->messages[i], EX_relaxed);
    note_atomic_read(site, loc);
    memcpy(expected, &found, n);
    return false;
}

/* ---------------------------------------------------------------- futex */

/*
 * The kernel compares the word under a lock that FUTEX_WAKE of the same word
 * takes too: a wait that comes after a wake sees what the waker knew of the
 * word. That is all; it may miss a store whose wake is still to come, and it
 * hands over no other memory.
 */
uint64_t
ex_futex_look(const struct ex_site *site, const volatile void *p, size_t n)
{
    struct location *loc = location(p, n);
    uint64_t *stamp = stamp_of(ex_view_of(ex_self()), loc);
    int i;

    if (*stamp < loc->futex_floor)
        *stamp = loc->futex_floor;
    i = choose(loc, oldest(loc, EX_relaxed));
    read_message(loc, &loc->messages[i], EX_relaxed);
    note_atomic_read(site, loc);
    return loc->messages[i].value;
}

void
ex_futex_publish(const volatile void *p)
{
    int i;

    for (i = 0; i < n_locations; i++) {
        if (locations[i].addr == p) {
            uint64_t stamp = *stamp_of(ex_view_of(ex_self()), &locations[i]);

            if (locations[i].futex_floor < stamp)
                locations[i].futex_floor = stamp;
        }
    }
}
