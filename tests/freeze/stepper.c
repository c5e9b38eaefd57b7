/* SPDX-License-Identifier: MIT */
/*
 * stepper.c - see stepper.h. Stage is the child that runs the test; its main
 * thread sends requests, the stepper answers each with one reply.
 *
 * Both sides and the subject share one CPU: a step is two context switches, and
 * those are cheaper than waking another CPU.
 */
#define _GNU_SOURCE
#include "stepper.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 10000
#define TICK_MS 2
#define STEPS_MAX 100000u /* an operation that is longer does not end */

enum request_kind { ATTACH, ARRIVE, FREEZE, GO_ON, RELEASE };

struct request {
    enum request_kind kind;
    pid_t thread;
    unsigned n_steps;
};

struct reply {
    enum stepper_state state;
    unsigned n_done;
    int error; /* errno of an ATTACH */
};

/* What the stepper reads of the subject: a page that both processes map. */
struct notes {
    volatile int begun;
    volatile int ended;
};

static struct notes *notes;
static int channel = -1;

__attribute__((noreturn)) static void
give_up(const char *what)
{
    fprintf(stderr, "freeze: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* ------------------------------------------------------------- the stepper */

static pid_t stage;     /* the child */
static pid_t subject;   /* its traced thread */
static bool on_the_way; /* the subject was let go and has not stopped yet */

/* The letter of the thread's state in /proc, e.g. 'S' for sleeping. */
static char
state_letter(void)
{
    char path[64];
    char text[256];
    const char *after;
    FILE *file;
    size_t n;

    snprintf(
        path, sizeof path, "/proc/%d/task/%d/stat", (int)stage, (int)subject);
    file = fopen(path, "r");
    if (file == NULL)
        return '?';
    n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = '\0';
    after = strrchr(text, ')'); /* the name before it may hold anything */
    return after != NULL && after[1] == ' ' ? after[2] : '?';
}

/* Ends as the stage has ended, if it has. The subject is a child, too, as long
 * as it is traced, and the stage is not gone before that is buried. */
static void
leave_with_the_stage(void)
{
    int status;

    if (waitpid(stage, &status, WNOHANG) != stage)
        return;
    if (WIFEXITED(status))
        exit(WEXITSTATUS(status));
    fprintf(
        stderr, "freeze: the test was killed by signal %d\n", WTERMSIG(status));
    exit(1);
}

/*
 * Waits until the subject stops: FROZEN. ASLEEP if it was seen sleeping for a
 * while, LOST if neither happens. A tick ends the wait, and is repeated: one
 * that comes between two waits does no harm.
 */
static enum stepper_state
await_stop(int *ret_signal)
{
    int n_asleep = 0;
    int n_ticks = 0;

    while (n_ticks < PATIENCE_MS / TICK_MS) {
        int status;
        pid_t found = waitpid(subject, &status, __WALL);

        if (found == subject) {
            on_the_way = false;
            if (!WIFSTOPPED(status))
                return STEPPER_LOST;
            *ret_signal = WSTOPSIG(status);
            return STEPPER_FROZEN;
        }
        if (errno != EINTR)
            give_up("waitpid");
        n_ticks++;
        leave_with_the_stage();
        n_asleep = state_letter() == 'S' ? n_asleep + 1 : 0;
        if (n_asleep == 5)
            return STEPPER_ASLEEP;
    }
    return STEPPER_LOST;
}

static void
tick(int signal)
{
    (void)signal;
}

static void
start_ticking(void)
{
    struct sigaction action = { .sa_handler = tick };
    struct itimerval every = { { 0, TICK_MS * 1000 }, { 0, TICK_MS * 1000 } };

    /* Without SA_RESTART: waitpid returns, and read and write are repeated. */
    if (sigaction(SIGALRM, &action, NULL) != 0 ||
        setitimer(ITIMER_REAL, &every, NULL) != 0)
        give_up("a timer");
}

static void
let_go(enum __ptrace_request how)
{
    if (ptrace(how, subject, NULL, NULL) != 0)
        give_up("ptrace");
    on_the_way = true;
}

/* One instruction, or the rest of one that sleeps. */
static enum stepper_state
step(void)
{
    enum stepper_state state;
    int signal = 0;

    if (!on_the_way)
        let_go(PTRACE_SINGLESTEP);
    state = await_stop(&signal);
    if (state == STEPPER_FROZEN && signal != SIGTRAP) {
        fprintf(stderr, "freeze: the subject got signal %d\n", signal);
        return STEPPER_LOST;
    }
    return state;
}

/* Continues to n_steps, from reply->n_done. */
static void
step_on(struct reply *reply, unsigned n_steps)
{
    while (!notes->ended) {
        bool begun = notes->begun;

        if (begun && reply->n_done == n_steps) {
            reply->state = STEPPER_FROZEN;
            return;
        }
        reply->state = reply->n_done < STEPS_MAX ? step() : STEPPER_LOST;
        if (reply->state != STEPPER_FROZEN)
            return;
        if (begun)
            reply->n_done++;
    }
    reply->state = STEPPER_ENDED;
}

/* To the gate, where it waits for the next operation. */
static void
run_on(struct reply *reply)
{
    int signal = 0;

    do {
        if (!on_the_way)
            let_go(PTRACE_CONT);
        reply->state = await_stop(&signal);
        /* Once more if that was the end of a step that had slept. */
    } while (reply->state == STEPPER_FROZEN && !notes->ended);
    if (reply->state == STEPPER_FROZEN)
        reply->state = STEPPER_ENDED;
}

static bool
next_request(struct request *request)
{
    ssize_t n;

    do
        n = read(channel, request, sizeof *request);
    while (n < 0 && errno == EINTR);
    return n == sizeof *request;
}

static bool
answer(const struct reply *reply)
{
    ssize_t n;

    do
        n = write(channel, reply, sizeof *reply);
    while (n < 0 && errno == EINTR);
    return n == sizeof *reply;
}

__attribute__((noreturn)) static void
be_the_stepper(void)
{
    struct reply reply = { STEPPER_ENDED, 0, 0 };
    struct request request;
    unsigned n_steps = 0;

    start_ticking();
    while (next_request(&request)) {
        int signal = 0;

        switch (request.kind) {
        case ATTACH:
            subject = request.thread;
            reply.error = ptrace(PTRACE_SEIZE, subject, NULL,
                              (void *)PTRACE_O_EXITKILL) != 0
                ? errno
                : 0;
            break;
        case ARRIVE:
            on_the_way = true;
            reply.state = await_stop(&signal);
            break;
        case FREEZE:
            reply.n_done = 0;
            n_steps = request.n_steps;
            step_on(&reply, n_steps);
            break;
        case GO_ON: step_on(&reply, n_steps); break;
        case RELEASE: run_on(&reply); break;
        }
        if (!answer(&reply))
            break;
    }
    /* The stage has closed its end: it exits, or was killed. */
    for (;;) {
        int status;

        (void)waitpid(subject, &status, __WALL | WNOHANG);
        leave_with_the_stage();
        usleep(1000);
    }
}

/* --------------------------------------------------------------- the stage */

/* The subject's next operation; written while it is stopped at its gate. */
static void (*volatile operation)(void);
static _Atomic(pid_t) subject_thread;
static _Atomic(bool) attached;
static unsigned n_last_steps;

static struct reply
ask(enum request_kind kind, unsigned n_steps)
{
    struct request request = { kind, atomic_load(&subject_thread), n_steps };
    struct reply reply;

    if (write(channel, &request, sizeof request) != sizeof request ||
        read(channel, &reply, sizeof reply) != sizeof reply)
        give_up("the stepper does not answer");
    n_last_steps = reply.n_done;
    return reply;
}

/* Stops the calling thread for its tracer. */
static inline void
gate(void)
{
#if defined(__x86_64__)
    __asm__ __volatile__("int3" ::: "memory");
#else
    syscall(SYS_tgkill, getpid(), atomic_load(&subject_thread), SIGSTOP);
#endif
}

__attribute__((noreturn)) static void *
be_the_subject(void *arg)
{
    sigset_t all;

    (void)arg;
    sigfillset(&all); /* signals are for the main thread */
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    atomic_store(&subject_thread, (pid_t)syscall(SYS_gettid));
    while (!atomic_load(&attached))
        sched_yield();
    for (;;) {
        gate();
        notes->begun = 1;
        operation();
        notes->ended = 1;
    }
}

static void
share_one_cpu(void)
{
    int cpu = sched_getcpu();
    cpu_set_t set;

    if (cpu < 0 || cpu >= CPU_SETSIZE)
        return;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    /* Slower without, but not wrong. */
    (void)sched_setaffinity(0, sizeof set, &set);
}

void
stepper_split(void)
{
    int ends[2];

    share_one_cpu();
    notes = mmap(NULL, sizeof *notes, PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (notes == MAP_FAILED)
        give_up("mmap");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        give_up("socketpair");
    fflush(NULL);
    stage = fork();
    if (stage < 0)
        give_up("fork");
    channel = ends[stage == 0];
    close(ends[stage != 0]);
    if (stage != 0)
        be_the_stepper();
    /* Not to be left behind by a stepper that is killed. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        give_up("prctl");
}

const char *
stepper_attach(void)
{
    static char reason[128];
    pthread_t thread;
    struct reply reply;

    if (pthread_create(&thread, NULL, be_the_subject, NULL) != 0)
        give_up("pthread_create");
    pthread_detach(thread);
    while (atomic_load(&subject_thread) == 0)
        sched_yield();
    reply = ask(ATTACH, 0);
    if (reply.error != 0) {
        snprintf(reason, sizeof reason, "ptrace: %s", strerror(reply.error));
        return reason;
    }
    atomic_store(&attached, true);
    reply = ask(ARRIVE, 0);
    if (reply.state != STEPPER_FROZEN)
        return "ptrace: the traced thread does not stop";
    return NULL;
}

enum stepper_state
stepper_freeze(void (*what)(void), unsigned n_steps)
{
    operation = what;
    notes->begun = 0;
    notes->ended = 0;
    return ask(FREEZE, n_steps).state;
}

enum stepper_state
stepper_go_on(void)
{
    return ask(GO_ON, 0).state;
}

unsigned
stepper_steps(void)
{
    return n_last_steps;
}

enum stepper_state
stepper_release(void)
{
    return ask(RELEASE, 0).state;
}
