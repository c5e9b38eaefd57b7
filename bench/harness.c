/* SPDX-License-Identifier: MIT */
/*
 * harness - runs the rows of a plan.
 *
 * Every run happens in a child process: a system that hangs is killed, one that
 * crashes takes nobody along, and none inherits another's threads, heap or
 * warmed caches. The child sets up, does a short trial (which warms it up and
 * tells how many operations the run should have), does the run that counts,
 * tears down, and only then sends its result: a hanging teardown is seen too.
 *
 * Order. In each round the cases come in random order, and within a case its
 * systems do: what is compared runs close together in time, and drifts of the
 * machine hit everybody alike. The first round tells how many fit into the
 * time.
 */
#include "harness.h"

#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Rounds when the time decides: fewer give no spread worth the name, more add
 * nothing to a quick table. */
#define ROUNDS_MIN 3
#define ROUNDS_MAX 15

/* The trial before a run is this part of it. */
#define TRIAL_DIVISOR 8

static volatile sig_atomic_t interrupted;

static void
on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

const char *
bench_row_name(const struct bench_row *row, char *buffer, size_t size_bytes)
{
    snprintf(buffer, size_bytes, "%s/%s/%s", row->question->name,
        row->which->name, row->system->name);
    return buffer;
}

const struct bench_row *
bench_row_reference(const struct bench_plan *plan, const struct bench_row *row)
{
    for (size_t i = 0; i < plan->n_rows; i++) {
        const struct bench_row *other = &plan->rows[i];

        if (other->which == row->which && bench_row_is_reference(other))
            return other;
    }
    return NULL;
}

const struct bench_system *const *
bench_case_systems(const struct bench_question *question,
    const struct bench_case *which, size_t *ret_n)
{
    bool is_own = which->systems != NULL;

    *ret_n = is_own ? which->n_systems : question->n_systems;
    return is_own ? which->systems : question->systems;
}

bool
bench_row_is_reference(const struct bench_row *row)
{
    size_t n;

    return row->system == bench_case_systems(row->question, row->which, &n)[0];
}

enum bench_unit
bench_row_unit(const struct bench_row *row)
{
    return row->which->unit != BENCH_AS_QUESTION ? row->which->unit
                                                 : row->question->unit;
}

double
bench_row_cost(const struct bench_row *row, const struct bench_result *result)
{
    double n_ops = (double)(result->n_ops ? result->n_ops : 1);

    switch (bench_row_unit(row)) {
    case BENCH_LATENCY: return (double)result->p50_ns;
    case BENCH_SIZE: return (double)result->n_bytes / n_ops;
    case BENCH_FIGURE: return result->figure;
    default: return (double)result->ns / n_ops;
    }
}

/* --------------------------------------------------------------- the plan */

static int
add_row(struct bench_plan *plan, const struct bench_question *question,
    const struct bench_case *which, const struct bench_system *system)
{
    struct bench_row *rows = realloc(
        plan->rows, (plan->n_rows + 1) * sizeof(*rows));
    const char *absent = system->absent != NULL ? system->absent() : NULL;
    struct bench_row *row;

    if (rows == NULL)
        return -ENOMEM;
    plan->rows = rows;
    row = &rows[plan->n_rows++];
    memset(row, 0, sizeof(*row));
    row->question = question;
    row->which = which;
    row->system = system;
    if (absent != NULL) {
        row->state = BENCH_ROW_ABSENT;
        snprintf(row->why, sizeof(row->why), "%s", absent);
    }
    return 0;
}

/* Adds the rows of a case that are asked for. */
static int
add_case(struct bench_plan *plan, const struct bench_question *question,
    const struct bench_case *which, const struct bench_options *options,
    const regex_t *only)
{
    size_t n_systems;
    const struct bench_system *const *systems = bench_case_systems(
        question, which, &n_systems);
    int err = 0;

    if (only == NULL && which->is_extra && !options->long_form)
        return 0;
    for (size_t i = 0; i < n_systems && err == 0; i++) {
        struct bench_row probe = {
            .question = question,
            .which = which,
            .system = systems[i],
        };
        char name[128];

        bench_row_name(&probe, name, sizeof(name));
        if (only == NULL || regexec(only, name, 0, NULL, 0) == 0)
            err = add_row(plan, question, which, systems[i]);
    }
    return err;
}

int
bench_plan_make(struct bench_plan *plan, const struct bench_options *options,
    char *why, size_t why_bytes)
{
    regex_t only;
    int err;

    memset(plan, 0, sizeof(*plan));
    plan->seed = options->seed;
    plan->steal_percent = -1;
    if (options->only != NULL) {
        err = regcomp(&only, options->only, REG_EXTENDED | REG_NOSUB);
        if (err != 0) {
            regerror(err, &only, why, why_bytes);
            return -EINVAL;
        }
    }
    err = 0;
    for (size_t q = 0; q < bench_n_questions && err == 0; q++)
        for (size_t c = 0; c < bench_questions[q]->n_cases && err == 0; c++)
            err = add_case(plan, bench_questions[q],
                &bench_questions[q]->cases[c], options,
                options->only != NULL ? &only : NULL);
    if (options->only != NULL)
        regfree(&only);
    return err;
}

void
bench_plan_free(struct bench_plan *plan)
{
    for (size_t i = 0; i < plan->n_rows; i++)
        free(plan->rows[i].results);
    free(plan->rows);
    plan->rows = NULL;
    plan->n_rows = 0;
}

/* ---------------------------------------------------------------- one run */

/* How many operations make a run last as long as it should, judged by a trial
 * of it. */
static uint64_t
ops_for_target(const struct bench_case *which, const struct bench_result *trial,
    bool long_form)
{
    double target_ns = which->target_ms * 1e6 * (long_form ? 4 : 1);
    double n = (double)trial->n_ops * target_ns / (double)(trial->ns + 1);

    if (n < (double)which->n_ops)
        n = (double)which->n_ops;
    if (which->n_ops_max != 0 && n > (double)which->n_ops_max)
        n = (double)which->n_ops_max;
    return (uint64_t)n;
}

/* The child: everything of one run. */
static void
child_run(
    const struct bench_row *row, bool long_form, struct bench_result *result)
{
    const struct bench_system *system = row->system;
    const struct bench_case *which = row->which;
    uint64_t n_ops;
    uint64_t n_trial;
    uint64_t cpu;
    void *state = NULL;
    int err = system->setup(which, &state);

    if (err != 0) {
        snprintf(result->note, sizeof(result->note), "set-up failed: %s",
            strerror(-err));
        return;
    }
    n_ops = which->n_ops;
    n_trial = which->target_ms != 0 ? n_ops : n_ops / TRIAL_DIVISOR;
    /* What cannot be divided has no trial. */
    if (n_trial > 0)
        system->run(state, n_trial, result);
    if (result->verified || n_trial == 0) {
        if (which->target_ms != 0)
            n_ops = ops_for_target(which, result, long_form);
        memset(result, 0, sizeof(*result));
        cpu = bench_cpu_ns();
        system->run(state, n_ops, result);
        result->cpu_ns = bench_cpu_ns() - cpu;
    }
    system->teardown(state);
}

static void
fail_row(struct bench_row *row, enum bench_state state, const char *why)
{
    row->state = state;
    snprintf(row->why, sizeof(row->why), "%s", why);
}

static void
keep_result(struct bench_row *row, const struct bench_result *result)
{
    struct bench_result *results = realloc(
        row->results, (row->n_results + 1) * sizeof(*row->results));

    if (results == NULL) {
        fail_row(row, BENCH_ROW_FAILED, "out of memory");
        return;
    }
    row->results = results;
    row->results[row->n_results++] = *result;
}

/* Waits for the child's result. @return 1 there, 0 too late, -1 none came */
static int
await_result(int fd, double limit_s, struct bench_result *result)
{
    uint64_t deadline = bench_now_ns() + (uint64_t)(limit_s * 1e9);
    size_t have = 0;

    while (have < sizeof(*result)) {
        struct pollfd ready = { .fd = fd, .events = POLLIN };
        uint64_t now = bench_now_ns();
        ssize_t n;

        if (now >= deadline)
            return 0;
        if (interrupted)
            return -1;
        if (poll(&ready, 1, (int)((deadline - now) / 1000000u) + 1) <= 0)
            continue;
        n = read(fd, (char *)result + have, sizeof(*result) - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        have += (size_t)n;
    }
    return 1;
}

/* Who is known to stand still is tried, but not for long. */
static double
limit_of(const struct bench_row *row, const struct bench_options *options)
{
    bool is_short = row->system->stalls != NULL && !options->has_limit &&
        !options->long_form && options->limit_s > BENCH_STALL_S;

    return is_short ? BENCH_STALL_S : options->limit_s;
}

static void
run_row(struct bench_row *row, const struct bench_options *options)
{
    struct bench_result result;
    char why[BENCH_NOTE_MAX + 64];
    double limit_s = limit_of(row, options);
    uint64_t start = bench_now_ns();
    int ends[2];
    int status = 0;
    int got;
    pid_t pid;

    /* Close-on-exec: a program that a run starts must not hold it open. */
    if (pipe2(ends, O_CLOEXEC) != 0) {
        fail_row(row, BENCH_ROW_FAILED, "no pipe");
        return;
    }
    fflush(NULL);
    pid = fork();
    if (pid < 0) {
        close(ends[0]);
        close(ends[1]);
        fail_row(row, BENCH_ROW_FAILED, "no process");
        return;
    }
    if (pid == 0) {
        /* A group of its own: what a run starts can be killed with it. */
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
        close(ends[0]);
        memset(&result, 0, sizeof(result));
        child_run(row, options->long_form, &result);
        if (write(ends[1], &result, sizeof(result)) != sizeof(result))
            _exit(2);
        _exit(0);
    }
    setpgid(pid, pid);
    close(ends[1]);
    got = await_result(ends[0], limit_s, &result);
    close(ends[0]);
    if (got <= 0) {
        /* A child that has crashed keeps its own reason: the signal finds it
         * dead. Its group may still have members. */
        if (got == 0 || interrupted)
            kill(-pid, SIGKILL);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    kill(-pid, SIGKILL);
    row->cost_s = (double)(bench_now_ns() - start) / 1e9;
    if (interrupted)
        return;
    if (got == 0) {
        snprintf(why, sizeof(why), "did not finish in %g s%s%s", limit_s,
            row->system->stalls != NULL ? ": " : "",
            row->system->stalls != NULL ? row->system->stalls : "");
        fail_row(row, BENCH_ROW_UNFINISHED, why);
    } else if (got < 0) {
        if (WIFSIGNALED(status))
            snprintf(why, sizeof(why), "killed by signal %d (%s)",
                WTERMSIG(status), strsignal(WTERMSIG(status)));
        else
            snprintf(why, sizeof(why), "ended with status %d and no result",
                WEXITSTATUS(status));
        fail_row(row, BENCH_ROW_FAILED, why);
    } else if (!result.verified) {
        snprintf(why, sizeof(why), "wrong result: %s",
            result.note[0] != '\0' ? result.note : "not verified");
        fail_row(row, BENCH_ROW_FAILED, why);
    } else {
        keep_result(row, &result);
    }
}

/* ----------------------------------------------------------- the rounds */

static int
compare_double(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void
summarise(struct bench_row *row)
{
    double values[1024];
    size_t n = row->n_results;

    if (n > BENCH_COUNT(values))
        n = BENCH_COUNT(values);
    if (n == 0)
        return;
    for (size_t i = 0; i < n; i++)
        values[i] = bench_row_cost(row, &row->results[i]);
    qsort(values, n, sizeof(values[0]), compare_double);
    row->min = values[0];
    row->max = values[n - 1];
    row->median = n % 2 == 1 ? values[n / 2]
                             : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void
shuffle(size_t *order, size_t n, uint64_t *random)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)(bench_random(random) % i);
        size_t t = order[i - 1];

        order[i - 1] = order[j];
        order[j] = t;
    }
}

/* Draws an order in which the rows of one case stay together. */
static void
draw_order(const struct bench_plan *plan, size_t *order, uint64_t *random)
{
    size_t *starts = calloc(plan->n_rows + 1, sizeof(*starts));
    size_t n_cases = 0;
    size_t n = 0;

    for (size_t i = 0; i < plan->n_rows; i++) {
        order[i] = i;
        if (starts != NULL &&
            (i == 0 || plan->rows[i].which != plan->rows[i - 1].which))
            starts[n_cases++] = i;
    }
    if (starts == NULL)
        return;
    shuffle(starts, n_cases, random);
    for (size_t c = 0; c < n_cases; c++) {
        const struct bench_case *which = plan->rows[starts[c]].which;
        size_t first = n;

        for (size_t i = starts[c];
             i < plan->n_rows && plan->rows[i].which == which; i++)
            order[n++] = i;
        shuffle(order + first, n - first, random);
    }
    free(starts);
}

/* What a round costs, by what each row cost last time. */
static double
round_cost(const struct bench_plan *plan)
{
    double sum = 0;

    for (size_t i = 0; i < plan->n_rows; i++)
        if (plan->rows[i].state == BENCH_ROW_GOOD)
            sum += plan->rows[i].cost_s;
    return sum;
}

static void
prepare_questions(
    struct bench_plan *plan, const struct bench_options *options, bool *ready)
{
    for (size_t q = 0; q < bench_n_questions; q++) {
        const struct bench_question *question = bench_questions[q];
        char why[BENCH_NOTE_MAX] = "";
        bool wanted = false;

        for (size_t i = 0; i < plan->n_rows; i++)
            if (plan->rows[i].question == question &&
                plan->rows[i].state == BENCH_ROW_GOOD)
                wanted = true;
        if (!wanted || question->prepare == NULL || interrupted)
            continue;
        bench_progress(0, plan->n_rows, question->name, -1);
        ready[q] = true;
        if (question->prepare(options->long_form, why, sizeof(why)) == 0)
            continue;
        for (size_t i = 0; i < plan->n_rows; i++)
            if (plan->rows[i].question == question &&
                plan->rows[i].state == BENCH_ROW_GOOD)
                fail_row(&plan->rows[i], BENCH_ROW_ABSENT, why);
    }
}

static bool
run_round(struct bench_plan *plan, const struct bench_options *options,
    const size_t *order, double left_s)
{
    uint64_t start = bench_now_ns();

    for (size_t i = 0; i < plan->n_rows; i++) {
        struct bench_row *row = &plan->rows[order[i]];
        double used = (double)(bench_now_ns() - start) / 1e9;
        char name[128];
        char what[160];

        if (row->state != BENCH_ROW_GOOD)
            continue;
        snprintf(what, sizeof(what), "round %u  %s", plan->n_rounds + 1,
            bench_row_name(row, name, sizeof(name)));
        bench_progress(i, plan->n_rows, what,
            left_s < 0          ? -1
                : left_s > used ? left_s - used
                                : 0);
        run_row(row, options);
        if (interrupted)
            return false;
    }
    return true;
}

/* How many rounds there will be, as far as can be said by now. */
static unsigned
rounds_for(const struct bench_plan *plan, const struct bench_options *options,
    double used_s)
{
    double cost = round_cost(plan);
    double fit = cost > 0 ? (options->seconds - used_s) / cost : 0;
    unsigned n_rounds;

    if (options->n_runs != 0)
        return options->n_runs;
    n_rounds = plan->n_rounds + (unsigned)(fit > 0 ? fit + 0.5 : 0);
    if (n_rounds < ROUNDS_MIN)
        return ROUNDS_MIN;
    return n_rounds > ROUNDS_MAX ? ROUNDS_MAX : n_rounds;
}

static void
run_rounds(struct bench_plan *plan, const struct bench_options *options,
    size_t *order, uint64_t start)
{
    uint64_t random = options->seed;
    double left = -1;

    for (;;) {
        double used;
        unsigned n_rounds;

        draw_order(plan, order, &random);
        if (!run_round(plan, options, order, left))
            return;
        plan->n_rounds++;
        used = (double)(bench_now_ns() - start) / 1e9;
        n_rounds = rounds_for(plan, options, used);
        if (plan->n_rounds >= n_rounds)
            return;
        left = round_cost(plan) * (n_rounds - plan->n_rounds);
    }
}

void
bench_plan_run(struct bench_plan *plan, const struct bench_options *options)
{
    struct sigaction act = { .sa_handler = on_interrupt };
    struct sigaction old_int;
    struct sigaction old_term;
    bool *ready = calloc(bench_n_questions, sizeof(*ready));
    size_t *order = calloc(plan->n_rows + 1, sizeof(*order));
    uint64_t start = bench_now_ns();
    uint64_t stolen[2] = { 0, 0 };
    uint64_t ticks[2] = { 0, 0 };

    if (ready == NULL || order == NULL) {
        free(ready);
        free(order);
        for (size_t i = 0; i < plan->n_rows; i++)
            fail_row(&plan->rows[i], BENCH_ROW_FAILED, "out of memory");
        return;
    }
    /* No SA_RESTART: the wait for a child must notice. */
    sigaction(SIGINT, &act, &old_int);
    sigaction(SIGTERM, &act, &old_term);
    bench_machine_ticks(&stolen[0], &ticks[0]);
    prepare_questions(plan, options, ready);
    if (!interrupted)
        run_rounds(plan, options, order, start);
    for (size_t q = 0; q < bench_n_questions; q++)
        if (ready[q] && bench_questions[q]->cleanup != NULL)
            bench_questions[q]->cleanup();
    bench_progress_end();
    if (bench_machine_ticks(&stolen[1], &ticks[1]) == 0 && ticks[1] > ticks[0])
        plan->steal_percent = 100.0 * (double)(stolen[1] - stolen[0]) /
            (double)(ticks[1] - ticks[0]);
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGTERM, &old_term, NULL);
    for (size_t i = 0; i < plan->n_rows; i++)
        summarise(&plan->rows[i]);
    plan->elapsed_s = (double)(bench_now_ns() - start) / 1e9;
    plan->interrupted = interrupted != 0;
    free(ready);
    free(order);
}
