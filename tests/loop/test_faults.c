/* SPDX-License-Identifier: MIT */
/*
 * test_faults.c - system calls that fail or are missing: every step of creating
 * a loop, the fork guard, and kernels without epoll_pwait2. Linked with a
 * static build of the library and -Wl,--wrap for each of the calls.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <strait/clock.h>
#include <strait/loop.h>
#include <strait/pool.h>
#include <strait/timer.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "blocks.h"
#include "child.h"
#include "proc.h"
#include "unit.h"

/* The error with which each call fails; 0: it works. */
static struct {
    int eventfd;
    int epoll_create1;
    int epoll_ctl;
    int mmap;
    int madvise;
    int epoll_pwait2;
} fail;

static unsigned n_pwait2; /* calls of epoll_pwait2, failed or not */

int __real_eventfd(unsigned initial, int flags);
int __wrap_eventfd(unsigned initial, int flags);
int __real_epoll_create1(int flags);
int __wrap_epoll_create1(int flags);
int __real_epoll_ctl(int set, int op, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int set, int op, int fd, struct epoll_event *event);
void *__real_mmap(
    void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(
    void *at, size_t size, int protection, int flags, int fd, off_t offset);
int __real_madvise(void *at, size_t size, int advice);
int __wrap_madvise(void *at, size_t size, int advice);
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

#define FAIL_IF(error, answer)                                                 \
    do {                                                                       \
        if ((error) != 0) {                                                    \
            errno = (error);                                                   \
            return answer;                                                     \
        }                                                                      \
    } while (0)

int
__wrap_eventfd(unsigned initial, int flags)
{
    FAIL_IF(fail.eventfd, -1);
    return __real_eventfd(initial, flags);
}

int
__wrap_epoll_create1(int flags)
{
    FAIL_IF(fail.epoll_create1, -1);
    return __real_epoll_create1(flags);
}

int
__wrap_epoll_ctl(int set, int op, int fd, struct epoll_event *event)
{
    FAIL_IF(fail.epoll_ctl, -1);
    return __real_epoll_ctl(set, op, fd, event);
}

void *
__wrap_mmap(
    void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    FAIL_IF(fail.mmap, MAP_FAILED);
    return __real_mmap(at, size, protection, flags, fd, offset);
}

int
__wrap_madvise(void *at, size_t size, int advice)
{
    FAIL_IF(fail.madvise, -1);
    return __real_madvise(at, size, advice);
}

long
__wrap_syscall(long number, ...)
{
    long arguments[6];
    va_list args;
    int i;

    va_start(args, number);
    for (i = 0; i < 6; i++)
        arguments[i] = va_arg(args, long);
    va_end(args);
    if (number == SYS_epoll_pwait2) {
        n_pwait2++;
        FAIL_IF(fail.epoll_pwait2, -1);
    }
    return __real_syscall(number, arguments[0], arguments[1], arguments[2],
        arguments[3], arguments[4], arguments[5]);
}

static void
nothing_fails(void)
{
    memset(&fail, 0, sizeof fail);
    n_pwait2 = 0;
}

TestSuite(faults, .init = nothing_fails, .fini = nothing_fails, .timeout = 30);

/* ------------------------------------------------------- the fork guard */

/* These come first and in children: the guard is set up once per process, and
 * nothing here has used the library yet. */

static void
create_without_guard(void *arg)
{
    struct blocks *blocks = arg;
    strait_loop_config_t loop_config = STRAIT_LOOP_CONFIG_INIT;
    strait_pool_config_t pool_config = STRAIT_POOL_CONFIG_INIT;
    unsigned fds = proc_n_fds();
    strait_loop_t *loop = NULL;
    strait_pool_t *pool = NULL;

    loop_config.allocator = blocks_allocator(blocks);
    pool_config.allocator = blocks_allocator(blocks);
    fail.mmap = ENOMEM;
    child_check(strait_loop_create(&loop, &loop_config) == -ENOMEM);
    child_check(strait_pool_create(&pool, &pool_config) == -ENOMEM);
    child_check(loop == NULL && pool == NULL);
    child_check(blocks_complaint(blocks) == NULL);
    child_check(proc_n_fds() == fds);
}

Test(faults, without_a_page_for_the_fork_guard_nothing_is_created)
{
    static struct blocks blocks = BLOCKS_INIT;

    cr_assert(child_run(create_without_guard, &blocks) == NULL, "%s",
        child_complaint);
}

static void
expect_echild(void *arg)
{
    child_check(strait_loop_run(arg, STRAIT_RUN_NOWAIT) == -ECHILD);
    child_check(strait_loop_destroy(arg) == 0);
}

static void
guard_by_fork_handler(void *arg)
{
    strait_loop_t *loop;

    (void)arg;
    fail.madvise = EINVAL;
    child_check(strait_loop_create(&loop, NULL) == 0);
    child_check(child_run(expect_echild, loop) == NULL);
    child_check(strait_loop_run(loop, STRAIT_RUN_NOWAIT) == 0);
    child_check(strait_loop_destroy(loop) == 0);
}

Test(faults, where_the_kernel_cannot_wipe_pages_a_fork_handler_guards)
{
    cr_assert(
        child_run(guard_by_fork_handler, NULL) == NULL, "%s", child_complaint);
}

/* ------------------------------------------------------ creating a loop */

static void
create_fails_with(int err)
{
    static struct blocks blocks = BLOCKS_INIT;
    strait_loop_config_t config = STRAIT_LOOP_CONFIG_INIT;
    unsigned fds = proc_n_fds();
    strait_loop_t *loop = NULL;

    config.allocator = blocks_allocator(&blocks);
    errno = 12345;
    check_err(strait_loop_create(&loop, &config), err);
    check_int(errno, 12345);
    check_ptr(loop, NULL);
    check_int(proc_n_fds(), fds);
    check_blocks(&blocks);
    nothing_fails();
    check_err(strait_loop_create(&loop, &config), 0);
    check_err(strait_loop_destroy(loop), 0);
}

Test(faults, every_call_of_create_may_fail)
{
    static const int errors[] = { EMFILE, ENFILE, ENOMEM };
    size_t i;

    for (i = 0; i < 3; i++) {
        fail.eventfd = errors[i];
        create_fails_with(-errors[i]);
        fail.epoll_create1 = errors[i];
        create_fails_with(-errors[i]);
    }
    fail.epoll_ctl = ENOMEM;
    create_fails_with(-ENOMEM);
}

/* ------------------------------------------- kernels without epoll_pwait2 */

static uint64_t called_at_ns;

static void
note_time(strait_timer_t *timer, void *arg)
{
    (void)timer;
    (void)arg;
    called_at_ns = strait_now_ns();
}

Test(faults, without_epoll_pwait2_timers_are_not_early_either)
{
    strait_loop_t *loop;
    unsigned i;

    fail.epoll_pwait2 = ENOSYS;
    check_err(strait_loop_create(&loop, NULL), 0);
    for (i = 0; i < 20; i++) {
        uint64_t deadline_ns = strait_now_ns() + i * 300000;
        strait_timer_t timer;

        strait_timer_init(&timer, note_time, NULL);
        check_err(strait_timer_start(loop, &timer, deadline_ns, 0), 0);
        check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
        cr_assert(called_at_ns >= deadline_ns);
    }
    /* It asks the kernel once, not each time. */
    check_int(n_pwait2, 1);
    check_err(strait_loop_destroy(loop), 0);
}

static strait_loop_t *far_loop;
static strait_loop_ref_t *far_ref;

static void
stop_far_loop(strait_post_t *post, int status, void *arg)
{
    (void)post;
    (void)status;
    (void)arg;
    strait_loop_stop(far_loop);
}

static void *
post_later(void *arg)
{
    usleep(30000);
    if (strait_loop_post(far_ref, arg) == 0)
        strait_loop_ref_close(far_ref);
    return NULL;
}

Test(faults, without_epoll_pwait2_far_deadlines_are_slept_through)
{
    static const uint64_t far[] = { STRAIT_TIMER_NEVER, UINT64_MAX / 2,
        UINT64_MAX / 4, UINT64_C(1) << 52 };
    size_t i;

    fail.epoll_pwait2 = ENOSYS;
    check_err(strait_loop_create(&far_loop, NULL), 0);
    for (i = 0; i < sizeof far / sizeof far[0]; i++) {
        strait_timer_t timer;
        strait_post_t post;
        pthread_t thread;

        called_at_ns = 0;
        strait_timer_init(&timer, note_time, NULL);
        check_err(strait_timer_start(far_loop, &timer, far[i], 0), 0);
        strait_post_init(&post, stop_far_loop, NULL);
        check_err(strait_loop_ref_open(far_loop, &far_ref), 0);
        pthread_create(&thread, NULL, post_later, &post);
        check_int(strait_loop_run(far_loop, STRAIT_RUN_DEFAULT), 1);
        pthread_join(thread, NULL);
        check_int(called_at_ns, 0);
        check_err(strait_timer_stop(far_loop, &timer), 0);
    }
    check_err(strait_loop_destroy(far_loop), 0);
}
