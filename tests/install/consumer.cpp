/* SPDX-License-Identifier: MIT */
/*
 * consumer - what a user's C++17 program does with an installed Strait: the
 * same as consumer.c, with the embeddable structs inside classes and threads
 * of the C++ library.
 */
#include <cstdio>
#include <cstring>
#include <strait/strait.h>
#include <thread>
#include <vector>

namespace
{

struct message {
    strait_mpsc_node_t node{};
    int number = 0;
};

struct job {
    strait_work_t work;
    int answer = 0;
    int seen = 0;
};

void
compute(strait_work_t *, void *arg)
{
    static_cast<job *>(arg)->answer = 42;
}

void
computed(strait_work_t *, int status, void *arg)
{
    auto *self = static_cast<job *>(arg);

    if (status == 0)
        self->seen = self->answer;
}

/* A future and a lane, their structs initialised the C++ way. */
bool
lane_works(strait_pool_t *pool)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    strait_lane_stats_t stats = STRAIT_LANE_STATS_INIT;
    strait_lane_t *lane = nullptr;
    strait_future_t future;
    job one;

    config.order = STRAIT_ORDER_SERIAL;
    if (strait_lane_create(&lane, pool, &config) != 0)
        return false;
    strait_future_init(&future, compute, &one);
    return strait_future_submit(lane, &future) == 0 &&
        strait_future_wait(&future, UINT64_MAX) == 0 && one.answer == 42 &&
        strait_lane_stats(lane, &stats) == 0 && stats.n_run == 1;
}

/* Two threads push, this one pops; the sum says whether all came through. */
bool
queue_works()
{
    static constexpr int n_each = 1000;
    strait_mpsc_t queue;
    std::vector<message> messages(2 * n_each);
    strait_mpsc_node_t *node = nullptr;
    long sum = 0;
    int n_popped = 0;

    strait_mpsc_init(&queue);
    auto produce = [&](int first) {
        for (int i = first; i < first + n_each; i++) {
            messages[static_cast<size_t>(i)].number = i;
            if (strait_mpsc_push(
                    &queue, &messages[static_cast<size_t>(i)].node))
                std::puts("armed by nobody");
        }
    };
    std::thread one(produce, 0);
    std::thread two(produce, n_each);
    while (n_popped < 2 * n_each) {
        if (strait_mpsc_pop(&queue, &node) != STRAIT_MPSC_ITEM)
            continue;
        sum += STRAIT_CONTAINER_OF(node, message, node)->number;
        n_popped++;
    }
    one.join();
    two.join();
    return sum == 2L * n_each * (2L * n_each - 1) / 2;
}

} // namespace

int
main(int argc, char **argv)
{
    strait_loop_t *loop = nullptr;
    strait_pool_t *pool = nullptr;
    const char *name = nullptr;
    job one;

    if (strait_version() != STRAIT_VERSION)
        return 1;
    (void)strait_allocator_default(&name);
    std::printf("allocator %s\n", name);
    if (argc > 1 && std::strcmp(name, argv[1]) != 0)
        return 2;
    if (!queue_works())
        return 3;
    if (strait_pool_create(&pool, nullptr) != 0 ||
        strait_loop_create(&loop, nullptr) != 0)
        return 4;
    strait_work_init(&one.work, compute, computed, &one);
    if (strait_loop_submit(loop, strait_pool_lane(pool), &one.work) != 0)
        return 5;
    if (strait_loop_run(loop, STRAIT_RUN_DEFAULT) != 0 || one.seen != 42)
        return 6;
    if (!lane_works(pool))
        return 8;
    if (strait_loop_destroy(loop) != 0 || strait_pool_destroy(pool) != 0)
        return 7;
    return 0;
}
