/* SPDX-License-Identifier: MIT */
/*
 * test_lane.c - lanes: configuration, limits, which one is served, and in which
 * order their items start and are done.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <strait/clock.h>
#include <strait/pool.h>
#include <unistd.h>

#include "mailbox.h"
#include "one_pool.h"
#include "proc.h"

static struct mailbox mailbox;

static void
set_up(void)
{
    (void)open_pool(1);
    mailbox_init(&mailbox);
}

static void
tear_down(void)
{
    close_pool();
}

TestSuite(lane, .timeout = 30);

FIXTURE_TEST(lane, names)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    char name[16] = "fifteen letters";
    strait_lane_t *lane;

    check_str(strait_lane_name(strait_pool_lane(pool)), "user");
    check_str(strait_lane_name(NULL), "");
    check_err(strait_lane_create(&lane, pool, NULL), 0);
    check_str(strait_lane_name(lane), "lane");
    check_err(strait_lane_create(&lane, pool, &config), 0);
    check_str(strait_lane_name(lane), "lane");
    config.name = name;
    check_err(strait_lane_create(&lane, pool, &config), 0);
    memset(name, 'x', sizeof name - 1);
    check_str(strait_lane_name(lane), "fifteen letters");
    config.name = "";
    check_err(strait_lane_create(&lane, pool, &config), 0);
    check_str(strait_lane_name(lane), "");
}

/* One value that differs from the defaults, and what comes of it. */
static void
expect(int wanted, strait_lane_config_t config, int line)
{
    strait_lane_t *const untouched = (strait_lane_t *)&blocks;
    strait_lane_t *lane = untouched;
    int err = strait_lane_create(&lane, pool, &config);

    cr_assert(err == wanted, "line %d: %d, should be %d", line, err, wanted);
    cr_assert((lane == untouched) == (err != 0), "line %d", line);
}

/* A configuration that differs from the defaults in what is assigned. */
#define WITH(...)                                                              \
    __extension__({                                                            \
        strait_lane_config_t with = STRAIT_LANE_CONFIG_INIT;                   \
                                                                               \
        __VA_ARGS__;                                                           \
        with;                                                                  \
    })
#define refused(...) expect(-EINVAL, WITH(__VA_ARGS__), __LINE__)
#define accepted(...) expect(0, WITH(__VA_ARGS__), __LINE__)
#define CPU with.lane_class = STRAIT_LANE_CPU
#define BLOCKING with.lane_class = STRAIT_LANE_BLOCKING
#define ORDERED with.order = STRAIT_ORDER_SUBMIT
#define SERIAL with.order = STRAIT_ORDER_SERIAL

FIXTURE_TEST(lane, bad_arguments_are_refused)
{
    strait_lane_t *lane = NULL;

    check_err(strait_lane_create(NULL, pool, NULL), -EINVAL);
    check_err(strait_lane_create(&lane, NULL, NULL), -EINVAL);
    check_ptr(lane, NULL);
}

FIXTURE_TEST(lane, bad_configurations_are_refused)
{
    static const uint32_t lengths[] = { 1, 3, 100, 4097, (1u << 20) + 1,
        1u << 21, UINT32_MAX };
    unsigned threads = proc_n_threads();
    size_t i;

    refused(with.size = 0);
    refused(with.size = (uint32_t)sizeof(strait_lane_config_t) - 1);
    refused(with.size = (uint32_t)sizeof(strait_lane_config_t) + 8);
    refused(with.reserved = 1);
    refused(with.name = "sixteen letters!");
    refused(with.priority = STRAIT_LANE_PRIORITY_MAX + 1);
    refused(with.priority = UINT32_MAX);
    refused(with.weight = STRAIT_LANE_WEIGHT_MAX + 1);
    refused(with.weight = UINT32_MAX);
    refused(with.lane_class = STRAIT_LANE_BLOCKING + 1);
    refused(with.lane_class = UINT32_MAX);
    refused(with.order = STRAIT_ORDER_SERIAL + 1);
    refused(with.order = UINT32_MAX);
    for (i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        refused(with.max_queued = lengths[i]);
        refused(ORDERED, with.window = lengths[i]);
    }
    /* Never low enough, or always. */
    refused(with.max_queued = 8, with.low_water = 8);
    refused(with.low_water = STRAIT_LANE_QUEUED_DEFAULT);
    refused(with.low_water = UINT32_MAX);
    /* What the order has no use for. */
    refused(with.window = 16);
    refused(SERIAL, with.window = 16);
    refused(SERIAL, with.max_running = 2);
    refused(SERIAL, BLOCKING, with.max_threads = 2);
    refused(SERIAL, BLOCKING, with.min_threads = 2);
    /* What the class has no use for. */
    refused(CPU, with.min_threads = 1);
    refused(CPU, with.max_threads = 1);
    refused(CPU, with.idle_ms = 1);
    refused(BLOCKING, with.max_running = 1);
    refused(BLOCKING, with.weight = 2);
    refused(BLOCKING, with.max_threads = STRAIT_LANE_THREADS_MAX + 1);
    refused(BLOCKING, with.max_threads = UINT32_MAX);
    refused(BLOCKING, with.min_threads = STRAIT_LANE_THREADS_MAX + 1);
    refused(BLOCKING, with.min_threads = UINT32_MAX);
    refused(BLOCKING, with.min_threads = 3, with.max_threads = 2);
    check_int(proc_n_threads(), threads);
    /* Not one of them took a place. */
    for (i = STRAIT_POOL_BUILT_IN; i < STRAIT_POOL_LANES_MAX; i++)
        accepted(with.name = "room");
}

FIXTURE_TEST(lane, extreme_but_good_configurations_work)
{
    accepted(with.name = "");
    accepted(with.max_queued = 2, with.low_water = 1);
    accepted(with.max_queued = STRAIT_LANE_QUEUED_MAX);
    accepted(with.priority = 0, with.weight = STRAIT_LANE_WEIGHT_MAX);
    accepted(with.priority = STRAIT_LANE_PRIORITY_MAX, with.weight = 1);
    accepted(with.max_running = UINT32_MAX);
    accepted(ORDERED, with.window = 2);
    accepted(ORDERED, with.window = STRAIT_LANE_QUEUED_MAX);
    accepted(SERIAL, with.max_running = 1);
    accepted(SERIAL, BLOCKING);
    accepted(SERIAL, BLOCKING, with.min_threads = 1, with.max_threads = 1);
    accepted(BLOCKING, with.max_threads = STRAIT_LANE_THREADS_MAX);
    accepted(BLOCKING, with.min_threads = 2, with.max_threads = 2);
    accepted(BLOCKING, with.idle_ms = UINT32_MAX);
    accepted(BLOCKING, ORDERED, with.weight = 1);
}

FIXTURE_TEST(lane, no_memory)
{
    strait_lane_config_t kinds[] = {
        WITH(CPU),
        WITH(ORDERED),
        WITH(SERIAL),
        WITH(BLOCKING),
        WITH(BLOCKING, with.min_threads = 2, with.max_threads = 3),
    };
    unsigned threads = proc_n_threads();
    size_t kind;

    for (kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        unsigned live = blocks.n_live;
        strait_lane_t *lane = NULL;
        unsigned n_calls;
        unsigned k;

        blocks.n_calls = 0;
        check_err(strait_lane_create(&lane, pool, &kinds[kind]), 0);
        n_calls = blocks.n_calls;
        cr_assert(n_calls >= 4, "kind %zu: %u", kind, n_calls);
        threads += kinds[kind].min_threads;
        live = blocks.n_live;
        for (k = 1; k <= n_calls; k++) {
            int err;

            lane = NULL;
            blocks.fail_at = k;
            blocks.fail_on = true;
            err = strait_lane_create(&lane, pool, &kinds[kind]);
            blocks.fail_at = 0;
            if (kinds[kind].min_threads != 0 && err == -EAGAIN)
                err = -ENOMEM; /* not one of its threads */
            if (err == 0) {
                /* One of its threads was too much: it has the other. */
                cr_assert(kinds[kind].min_threads > 1, "call %u", k);
                threads++;
                live = blocks.n_live;
                continue;
            }
            check_err(err, -ENOMEM);
            check_ptr(lane, NULL);
            check_int(blocks.n_live, live);
        }
    }
    check_int(proc_settle_threads(threads), threads);
    cr_assert(blocks.trouble == NULL, "%s", blocks.trouble);
}

FIXTURE_TEST(lane, no_more_than_the_limit)
{
    strait_lane_t *lane = NULL;
    strait_lane_t *last;
    int i;

    for (i = STRAIT_POOL_BUILT_IN; i < STRAIT_POOL_LANES_MAX; i++)
        check_err(strait_lane_create(&lane, pool, NULL), 0);
    last = lane;
    check_err(strait_lane_create(&lane, pool, NULL), -ENOSPC);
    check_ptr(lane, last);
}

FIXTURE_TEST(lane, built_in_ones)
{
    static const char *const names[] = { "user", "cpu", "file", "resolve" };
    int i;

    for (i = 0; i < STRAIT_POOL_BUILT_IN; i++) {
        strait_lane_t *lane = strait_pool_built_in(pool, i);

        cr_assert(lane != NULL);
        check_str(strait_lane_name(lane), names[i]);
        check_ptr(strait_lane_find(pool, names[i]), lane);
    }
    check_ptr(
        strait_pool_built_in(pool, STRAIT_POOL_USER), strait_pool_lane(pool));
    check_ptr(strait_pool_built_in(pool, -1), NULL);
    check_ptr(strait_pool_built_in(pool, STRAIT_POOL_BUILT_IN), NULL);
    check_ptr(strait_pool_built_in(NULL, STRAIT_POOL_USER), NULL);
}

FIXTURE_TEST(lane, find_answers_the_oldest)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    strait_lane_t *first;
    strait_lane_t *second;

    check_ptr(strait_lane_find(NULL, "user"), NULL);
    check_ptr(strait_lane_find(pool, NULL), NULL);
    check_ptr(strait_lane_find(pool, "twin"), NULL);
    check_ptr(strait_lane_find(pool, ""), NULL);
    check_ptr(strait_lane_find(pool, "use"), NULL);
    check_ptr(strait_lane_find(pool, "user "), NULL);
    config.name = "twin";
    check_err(strait_lane_create(&first, pool, &config), 0);
    check_err(strait_lane_create(&second, pool, &config), 0);
    check_ptr(strait_lane_find(pool, "twin"), first);
}

struct item {
    strait_work_t work;
    int lane;
};

static int n_started;
static int started[64];

static void
run(strait_work_t *work, void *arg)
{
    (void)work;
    started[n_started++] = ((struct item *)arg)->lane;
}

static void
submit(strait_lane_t *lane, struct item *item, int number)
{
    item->lane = number;
    strait_work_init(&item->work, run, NULL, item);
    check_err(strait_work_submit(lane, &item->work, &mailbox.sink), 0);
}

FIXTURE_TEST(lane, each_has_room_of_its_own)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    static struct item items[16];
    struct item extra;
    strait_lane_t *small;
    struct gate gate;
    int i;

    config.max_queued = 8;
    check_err(strait_lane_create(&small, pool, &config), 0);
    check_int(strait_lane_queued(small), 0);
    check_int(strait_lane_queued(NULL), 0);
    cr_assert(gate_close(&gate, strait_pool_lane(pool), &mailbox.sink));
    for (i = 0; i < 8; i++) {
        submit(small, &items[i], 1);
        check_int(strait_lane_queued(small), i + 1);
    }
    strait_work_init(&extra.work, run, NULL, &extra);
    check_err(strait_work_submit(small, &extra.work, &mailbox.sink), -EAGAIN);
    submit(strait_pool_lane(pool), &extra, 0);
    check_int(strait_lane_queued(strait_pool_lane(pool)), 1);
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 10));
    check_int(strait_lane_queued(small), 0);
    check_int(n_started, 9);
}

FIXTURE_TEST(lane, lanes_are_served_in_turn)
{
    static struct item items[3][12];
    strait_lane_t *lanes[3];
    struct gate gate;
    int n_ahead[3] = { 0, 0, 0 };
    int lane;
    int i;

    lanes[0] = strait_pool_lane(pool);
    check_err(strait_lane_create(&lanes[1], pool, NULL), 0);
    check_err(strait_lane_create(&lanes[2], pool, NULL), 0);
    n_started = 0;
    cr_assert(gate_close(&gate, lanes[0], &mailbox.sink));
    /* All of the first lane are there before any of the others. */
    for (lane = 0; lane < 3; lane++) {
        for (i = 0; i < 12; i++)
            submit(lanes[lane], &items[lane][i], lane);
    }
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 37));
    check_int(n_started, 36);
    for (i = 0; i < 36; i++) {
        n_ahead[started[i]]++;
        if (i % 3 == 2) {
            check_int(n_ahead[0], i / 3 + 1);
            check_int(n_ahead[1], i / 3 + 1);
            check_int(n_ahead[2], i / 3 + 1);
        }
    }
}

FIXTURE_TEST(lane, a_lane_added_while_the_workers_sleep_is_noticed)
{
    int i;

    for (i = STRAIT_POOL_BUILT_IN; i < STRAIT_POOL_LANES_MAX; i++) {
        struct item item;
        strait_lane_t *lane;

        usleep(i % 3 == 0 ? 2000 : 0);
        check_err(strait_lane_create(&lane, pool, NULL), 0);
        usleep(i % 2 == 0 ? 2000 : 0);
        submit(lane, &item, i);
        cr_assert(mailbox_take(&mailbox, 1), "lane %d", i);
        n_started = 0;
    }
}

/* ------------------------------------------ which lane is served (choose.h) */

static strait_lane_t *
lane_of(strait_lane_config_t config)
{
    strait_lane_t *lane = NULL;

    check_err(strait_lane_create(&lane, pool, &config), 0);
    return lane;
}

#define new_lane(...) lane_of(WITH(__VA_ARGS__))

FIXTURE_TEST(lane, the_highest_priority_comes_first)
{
    enum { N = STRAIT_LANE_PRIORITY_MAX + 1 };
    static struct item items[N][3];
    strait_lane_t *lanes[N];
    uint64_t began_ns;
    struct gate gate;
    uint32_t i;
    int k;

    for (i = 0; i < N; i++)
        lanes[i] = new_lane(with.priority = i);
    /* What waits for 10 ms gains a priority: once more if it took so long. */
    do {
        n_started = 0;
        cr_assert(gate_close(&gate, strait_pool_lane(pool), &mailbox.sink));
        began_ns = strait_now_ns();
        for (i = 0; i < N; i++) {
            for (k = 0; k < 3; k++)
                submit(lanes[i], &items[i][k], (int)i);
        }
        gate_open(&gate);
        cr_assert(mailbox_take(&mailbox, 1 + 3 * N));
    } while (strait_now_ns() - began_ns > STRAIT_LANE_AGING_NS / 2);
    check_int(n_started, 3 * N);
    for (k = 0; k < 3 * N; k++)
        check_int(started[k], STRAIT_LANE_PRIORITY_MAX - k / 3);
}

FIXTURE_TEST(lane, lanes_of_equal_priority_take_turns_by_weight)
{
    static const uint32_t weights[3] = { 3, 1, 2 };
    static struct item items[3][12];
    strait_lane_t *lanes[3];
    struct gate gate;
    uint32_t i;
    int k;

    for (i = 0; i < 3; i++)
        lanes[i] = new_lane(with.weight = weights[i], with.priority = 5);
    n_started = 0;
    cr_assert(gate_close(&gate, strait_pool_lane(pool), &mailbox.sink));
    for (i = 0; i < 3; i++) {
        for (k = 0; k < 4 * (int)weights[i]; k++)
            submit(lanes[i], &items[i][k], (int)i);
    }
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 1 + 24));
    check_int(n_started, 24);
    /* Four rounds of one whole turn each, whoever is first. */
    for (k = 0; k < 24;) {
        int lane = started[k];
        uint32_t turn = 0;

        if (k % 6 == 0)
            check_int(lane, started[0]);
        while (k < 24 && started[k] == lane && turn < weights[lane]) {
            turn++;
            k++;
        }
        check_int(turn, weights[lane]);
        if (k < 24)
            check_int(started[k], (lane + 1) % 3);
    }
}

FIXTURE_TEST(lane, a_turn_ends_where_the_lane_is_empty)
{
    static struct item items[2][4];
    strait_lane_t *generous = new_lane(with.weight = 1000, with.priority = 5);
    strait_lane_t *other = new_lane(with.priority = 5);
    struct gate gate;
    int k;

    n_started = 0;
    cr_assert(gate_close(&gate, strait_pool_lane(pool), &mailbox.sink));
    for (k = 0; k < 4; k++) {
        submit(generous, &items[0][k], 0);
        submit(other, &items[1][k], 1);
    }
    gate_open(&gate);
    cr_assert(mailbox_take(&mailbox, 9));
    check_int(n_started, 8);
    /* At most one of the other lane comes before the long turn. */
    for (k = started[0]; k < 4 + started[0]; k++)
        check_int(started[k], k < started[0] ? 1 : 0);
}

/* Keeps its lane busy: each item submits the next before it returns. */
struct busy {
    strait_work_t works[8192];
    strait_lane_t *lane;
    STRAIT_ATOMIC(uint32_t) stop;
    size_t n_submitted;
};

static void
run_busy(strait_work_t *work, void *arg)
{
    struct busy *busy = arg;
    uint64_t now_ns = strait_now_ns();
    strait_work_t *next;

    (void)work;
    while (strait_now_ns() - now_ns < 200 * STRAIT_NS_PER_US) {}
    if (strait_load_acquire(&busy->stop) != 0 ||
        busy->n_submitted == sizeof busy->works / sizeof busy->works[0])
        return;
    next = &busy->works[busy->n_submitted++];
    strait_work_init(next, run_busy, NULL, busy);
    if (strait_work_submit(busy->lane, next, &mailbox.sink) != 0)
        busy->n_submitted--;
}

struct patient {
    strait_work_t work;
    uint64_t submitted_ns;
    uint64_t started_ns;
};

static void
run_patient(strait_work_t *work, void *arg)
{
    (void)work;
    ((struct patient *)arg)->started_ns = strait_now_ns();
}

FIXTURE_TEST(lane, what_waits_grows_more_urgent)
{
    static const uint32_t priorities[3] = { 5, 3, 0 };
    static struct busy busy;
    static struct patient patients[3];
    struct mailbox other;
    bool served;
    int i;

    mailbox_init(&other);
    memset(&busy, 0, sizeof busy);
    busy.lane = new_lane(with.priority = 7);
    busy.n_submitted = 1;
    strait_work_init(&busy.works[0], run_busy, NULL, &busy);
    check_err(strait_work_submit(busy.lane, &busy.works[0], &mailbox.sink), 0);
    for (i = 0; i < 3; i++) {
        struct patient *patient = &patients[i];
        strait_lane_t *lane = new_lane(with.priority = priorities[i]);

        strait_work_init(&patient->work, run_patient, NULL, patient);
        patient->submitted_ns = strait_now_ns();
        check_err(strait_work_submit(lane, &patient->work, &other.sink), 0);
    }
    served = mailbox_take(&other, 3);
    strait_store_release(&busy.stop, 1);
    check_err(
        strait_pool_shutdown(pool, STRAIT_SHUTDOWN_DRAIN, UINT64_MAX, NULL), 0);
    cr_assert(mailbox_take(&mailbox, busy.n_submitted));
    cr_assert(served, "somebody starved");
    cr_assert(busy.n_submitted > 10, "%zu", busy.n_submitted);
    for (i = 0; i < 3; i++) {
        /* Not before it has caught up with the items of the busy lane. */
        uint64_t least_ns = (7 - priorities[i]) * STRAIT_LANE_AGING_NS;
        uint64_t waited_ns = patients[i].started_ns - patients[i].submitted_ns;

        cr_assert(waited_ns >= least_ns, "%d: %llu ns", i,
            (unsigned long long)waited_ns);
    }
}

/* ----------------------------------------------- how many run (max_running) */

/* Holds what runs, and counts how many do. */
struct crowd {
    STRAIT_ATOMIC(uint32_t) n_inside;
    STRAIT_ATOMIC(uint32_t) n_most;
    STRAIT_ATOMIC(uint32_t) n_run;
    sem_t entered;
    sem_t leave;
};

static struct crowd crowd;

static void
crowd_init(void)
{
    strait_store_rlx(&crowd.n_inside, 0);
    strait_store_rlx(&crowd.n_most, 0);
    strait_store_rlx(&crowd.n_run, 0);
    sem_init(&crowd.entered, 0, 0);
    sem_init(&crowd.leave, 0, 0);
}

static void
run_in_crowd(strait_work_t *work, void *arg)
{
    uint32_t n = strait_add_acq_rel(&crowd.n_inside, 1) + 1;
    uint32_t most = strait_load_rlx(&crowd.n_most);

    (void)work;
    (void)arg;
    while (most < n && !strait_cas_weak_rlx(&crowd.n_most, &most, n)) {}
    sem_post(&crowd.entered);
    if (wait_for(&crowd.leave))
        strait_add_rlx(&crowd.n_run, 1);
    strait_add_acq_rel(&crowd.n_inside, (uint32_t)-1);
}

static void
let_out(unsigned n)
{
    while (n-- > 0)
        sem_post(&crowd.leave);
}

static void
pool_of(uint32_t n_workers)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;

    check_err(strait_pool_destroy(pool), 0);
    config.n_workers = n_workers;
    config.allocator = blocks_allocator(&blocks);
    check_err(strait_pool_create(&pool, &config), 0);
}

/* How many workers sleep. */
static unsigned
n_parked(void)
{
    unsigned n = 0;
    uint32_t i;

    for (i = 0; i < strait_pool_workers(pool); i++) {
        strait_worker_stats_t stats = { .size = (uint32_t)sizeof stats };

        check_err(strait_worker_stats(pool, i, &stats), 0);
        n += stats.parked;
    }
    return n;
}

static bool
await_parked(unsigned n)
{
    int patience;

    /* One look decides: a sleeper may wake up for a moment, to look itself. */
    for (patience = 0; patience < 5000; patience++) {
        if (n_parked() >= n)
            return true;
        usleep(1000);
    }
    return false;
}

FIXTURE_TEST(lane, no_more_run_than_max_running)
{
    strait_work_t works[8];
    strait_work_t free_work;
    strait_lane_t *lane;
    int i;

    pool_of(4);
    crowd_init();
    lane = new_lane(with.max_running = 2, with.priority = 7);
    for (i = 0; i < 8; i++) {
        strait_work_init(&works[i], run_in_crowd, NULL, NULL);
        check_err(strait_work_submit(lane, &works[i], &mailbox.sink), 0);
    }
    /* Two are inside, the rest waits, and two workers sleep beside it. */
    cr_assert(wait_for(&crowd.entered) && wait_for(&crowd.entered));
    cr_assert(await_parked(2));
    check_int(strait_load_acquire(&crowd.n_inside), 2);
    check_int(strait_lane_queued(lane), 6);
    /* They are free for others, in spite of its priority. */
    n_started = 0;
    strait_work_init(&free_work, run, NULL, &(struct item){ .lane = 1 });
    check_err(
        strait_work_submit(strait_pool_lane(pool), &free_work, &mailbox.sink),
        0);
    cr_assert(mailbox_take(&mailbox, 1));
    check_int(n_started, 1);
    check_int(strait_load_acquire(&crowd.n_inside), 2);
    /* One leaves, one enters, and so on. */
    for (i = 2; i < 8; i++) {
        let_out(1);
        cr_assert(wait_for(&crowd.entered), "item %d", i);
        cr_assert(mailbox_take(&mailbox, 1));
    }
    let_out(2);
    cr_assert(mailbox_take(&mailbox, 2));
    check_int(strait_load_acquire(&crowd.n_run), 8);
    check_int(strait_load_acquire(&crowd.n_most), 2);
}

FIXTURE_TEST(
    lane, what_waited_at_the_limit_starts_though_the_leaver_has_other_work)
{
    strait_work_t works[2];
    strait_lane_t *lane;
    struct gate gate;
    int i;

    pool_of(2);
    crowd_init();
    lane = new_lane(with.max_running = 1);
    for (i = 0; i < 2; i++) {
        strait_work_init(&works[i], run_in_crowd, NULL, NULL);
        check_err(strait_work_submit(lane, &works[i], &mailbox.sink), 0);
    }
    cr_assert(wait_for(&crowd.entered));
    cr_assert(await_parked(1));
    /* The other worker takes this one, and stays. The first is the only one
     * who can take the second item. */
    cr_assert(gate_close(&gate, strait_pool_lane(pool), &mailbox.sink));
    let_out(1);
    cr_assert(wait_for(&crowd.entered));
    gate_open(&gate);
    let_out(1);
    cr_assert(mailbox_take(&mailbox, 3));
    check_int(strait_load_acquire(&crowd.n_most), 1);
}

FIXTURE_TEST(lane, whoever_leaves_the_limit_for_long_work_wakes_a_sleeper)
{
    strait_lane_t *lane;
    int round;

    pool_of(2);
    lane = new_lane(with.max_running = 1);
    for (round = 0; round < 50; round++) {
        strait_work_t works[2];
        struct gate gate;
        int i;

        crowd_init();
        for (i = 0; i < 2; i++) {
            strait_work_init(&works[i], run_in_crowd, NULL, NULL);
            check_err(strait_work_submit(lane, &works[i], &mailbox.sink), 0);
        }
        cr_assert(wait_for(&crowd.entered));
        cr_assert(await_parked(1));
        /* Whichever worker takes the gate's item first and stays there, the
         * other one must come for what is left. */
        gate_init(&gate);
        let_out(1);
        check_err(strait_work_submit(
                      strait_pool_lane(pool), &gate.work, &mailbox.sink),
            0);
        cr_assert(wait_for(&gate.entered), "round %d", round);
        cr_assert(wait_for(&crowd.entered), "round %d", round);
        gate_open(&gate);
        let_out(1);
        cr_assert(mailbox_take(&mailbox, 3));
    }
}

FIXTURE_TEST(lane, a_limit_of_all_workers_is_none)
{
    strait_work_t works[3];
    strait_lane_t *lane;
    int i;

    pool_of(3);
    crowd_init();
    lane = new_lane(with.max_running = 64);
    for (i = 0; i < 3; i++) {
        strait_work_init(&works[i], run_in_crowd, NULL, NULL);
        check_err(strait_work_submit(lane, &works[i], &mailbox.sink), 0);
    }
    for (i = 0; i < 3; i++)
        cr_assert(wait_for(&crowd.entered));
    let_out(3);
    cr_assert(mailbox_take(&mailbox, 3));
    check_int(strait_load_acquire(&crowd.n_most), 3);
}
