/* SPDX-License-Identifier: MIT */
/*
 * treehash - hashes all files of a tree on all processors and prints what
 * sha256sum would print, in order. A whole program on the three layers of
 * Strait, and a measure of what they cost on real files.
 *
 *   loop thread                             pool
 *   -----------                             ----
 *   start_walk ----- submit, lane "walk" ---> walk_some: fills free jobs
 *   walk_done  <---- done ------------------'
 *     submits each job, lane "user" --------> hash_job: hashes up to 32 files
 *   job_done   <---- done ------------------'
 *     prints what is due, frees the jobs, start_walk
 *
 * Jobs are the slots of a ring, in the order of the walk:
 *
 *     head (oldest that is not printed)            tail (next to be filled)
 *      v                                            v
 *     [running][done][done][queued][queued][queued][free] ...
 *
 * A slot belongs to the walk while it is filled, to a worker while it is
 * hashed, to the loop otherwise; each hand-over is a submit or a completion,
 * and what was written before it is visible behind it. So there are no locks,
 * and no atomics but a wish to end and some counts.
 *
 * Memory: TH_JOBS_MAX jobs with their names, however many files there are. The
 * window is that wide because output is in order: while one worker is busy
 * with a large file at the head, the others must not run dry.
 *
 * A job is a run of files of one directory: one file at first and where files
 * are large, more the more jobs are waiting, so that small files do not cost a
 * wake-up of the loop each.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <strait/strait.h>

#include "treehash/digest.h"
#include "treehash/dir.h"
#include "treehash/limits.h"
#include "treehash/memory.h"
#include "treehash/meter.h"
#include "treehash/name.h"
#include "treehash/options.h"
#include "treehash/output.h"
#include "treehash/result.h"
#include "treehash/walk.h"

/* How long a visit of the walk may take before it hands over what it found. */
#define WALK_NS STRAIT_NS_PER_MS

/* How often waiting output is written and the bar drawn. */
#define TICK_NS (100 * STRAIT_NS_PER_MS)

/* Behind a name that is not there: the item is about the directory itself. */
#define NO_NAME UINT32_MAX

struct item {
    uint32_t name_at; /* in the job's names */
    uint32_t name_len;
    int result;
    uint64_t n_bytes;
    unsigned char digest[TH_DIGEST_BYTES_MAX];
};

struct job {
    strait_work_t work;
    struct app *app;
    struct th_dir *dir; /* NULL: the names are arguments */
    struct th_handle *handle;
    bool done;
    uint32_t n_items;
    uint64_t n_bytes; /* by the sizes that the walk saw */
    struct th_text names;
    struct item items[TH_JOB_FILES_MAX];
};

/* The walk's visit at hand: orders from the loop, and what came of it. The
 * loop touches it only between visits. */
struct visit {
    strait_work_t work;
    bool ended;
    uint64_t from;
    uint32_t n_free;
    uint32_t files_per_job;
    uint32_t n_filled;
};

/* A second walk that only counts, for the bar's time left. It has a thread of
 * its own: all workers may be busy with large files for minutes. */
struct count {
    strait_work_t work;
    strait_pool_t *pool;
    struct th_walk *walk;
    STRAIT_ATOMIC(uint32_t) stop;
    bool ended;
    uint64_t n_files;
    uint64_t n_bytes;
};

struct app {
    struct th_options options;
    struct th_digest *digest;
    strait_loop_t *loop;
    strait_pool_t *pool;
    strait_lane_t *hash_lane;
    strait_lane_t *walk_lane;
    struct th_walk *walk;
    struct visit visit;
    bool walk_in_flight;
    bool walk_ended;
    struct count count;
    strait_timer_t tick;

    struct job *jobs;
    uint64_t head;
    uint64_t tail;
    uint32_t n_in_flight;

    STRAIT_ATOMIC(uint32_t) stop; /* a wish to end, for walk and workers */
    STRAIT_ATOMIC(uint64_t) n_bytes_read;
    bool stopped; /* by a signal */
    bool cut;     /* a file was left out: nothing behind it is printed */
    uint64_t n_looked_at;
    uint64_t n_printed;
    uint64_t n_bytes_printed;
    uint64_t n_failed;
    uint64_t start_ns;

    struct th_output out;
    struct th_output err;
    struct th_meter meter;
    struct th_text prefix; /* the path of prefix_dir, with a slash */
    struct th_dir *prefix_dir;
    bool prefix_odd;
};

/* ------------------------------------------------------- on the pool: hash */

static void
hash_job(strait_work_t *work, void *arg)
{
    struct job *job = arg;
    struct app *app = job->app;
    int dir_fd = job->handle != NULL ? job->handle->fd : AT_FDCWD;

    (void)work;
    for (uint32_t i = 0; i < job->n_items; i++) {
        struct item *item = &job->items[i];

        if (item->result != TH_PENDING) {
            continue;
        }
        /* rlx: a wish to end; nothing is read through it. */
        if (strait_load_rlx(&app->stop)) {
            item->result = TH_STOPPED;
            continue;
        }
        item->result = th_digest_file(app->digest, dir_fd,
            job->names.at + item->name_at, &app->stop, &app->n_bytes_read,
            item->digest, &item->n_bytes);
    }
    th_handle_drop(job->handle);
    job->handle = NULL;
}

/* ------------------------------------------------------- on the pool: walk */

static void
job_begin(struct job *job, const struct th_found *found)
{
    job->dir = th_dir_ref(found->dir);
    job->handle = th_handle_ref(found->handle);
    job->done = false;
    job->n_items = 0;
    job->n_bytes = 0;
    job->names.used = 0;
}

static bool
job_takes(
    const struct job *job, const struct th_found *found, uint32_t files_per_job)
{
    return job->dir == found->dir && job->n_items < files_per_job &&
        job->n_bytes + found->bytes <= TH_JOB_BYTES_MAX;
}

static void
job_add(struct job *job, const struct th_found *found)
{
    struct item *item = &job->items[job->n_items++];

    /* The first entry of a job may have been an error, without a handle. */
    if (job->handle == NULL) {
        job->handle = th_handle_ref(found->handle);
    }
    item->result = found->kind == TH_FOUND_FILE ? TH_PENDING : found->error;
    item->n_bytes = 0;
    item->name_at = NO_NAME;
    item->name_len = 0;
    if (found->name != NULL) {
        item->name_at = (uint32_t)job->names.used;
        item->name_len = (uint32_t)strlen(found->name);
        th_text_put(&job->names, found->name, item->name_len + 1);
    }
    job->n_bytes += found->bytes;
}

static void
walk_some(strait_work_t *work, void *arg)
{
    struct app *app = arg;
    struct visit *visit = &app->visit;
    uint64_t end_ns = strait_now_ns() + WALK_NS;
    struct job *job = NULL;

    (void)work;
    visit->n_filled = 0;
    /* One slot is always left for an entry that fits nowhere else. */
    while (visit->n_filled < visit->n_free && strait_now_ns() < end_ns) {
        struct th_found found;

        th_walk_next(app->walk, &found);
        if (found.kind == TH_FOUND_END || found.kind == TH_FOUND_WAIT) {
            visit->ended = found.kind == TH_FOUND_END;
            break;
        }
        if (job == NULL || !job_takes(job, &found, visit->files_per_job)) {
            job = &app->jobs[(visit->from + visit->n_filled) % TH_JOBS_MAX];
            job_begin(job, &found);
            visit->n_filled++;
        }
        job_add(job, &found);
    }
}

static void
count_some(strait_work_t *work, void *arg)
{
    struct count *count = &((struct app *)arg)->count;
    uint64_t end_ns = strait_now_ns() + WALK_NS;

    (void)work;
    while (!count->ended && strait_now_ns() < end_ns) {
        struct th_found found;

        th_walk_next(count->walk, &found);
        count->ended = found.kind == TH_FOUND_END;
        if (found.kind == TH_FOUND_FILE) {
            count->n_files++;
            count->n_bytes += found.bytes;
        }
    }
}

/* ----------------------------------------------------- on the loop: output */

/* Makes the path in front of a job's names. */
static void
set_prefix(struct app *app, struct th_dir *dir)
{
    if (dir == app->prefix_dir && dir != NULL) {
        return;
    }
    app->prefix.used = 0;
    if (dir != NULL) {
        th_dir_path(dir, true, &app->prefix);
    }
    app->prefix_odd = app->prefix.used > 0 &&
        th_name_is_odd(app->prefix.at, app->prefix.used);
    th_dir_drop(app->prefix_dir);
    app->prefix_dir = th_dir_ref(dir);
}

static void
put_json_path(struct app *app, const char *name, size_t name_len)
{
    const char *prefix = app->prefix.at;
    size_t prefix_len = app->prefix.used;

    if (prefix_len == 0) {
        prefix = "";
    }
    th_output_puts(&app->out, "\"path\":\"");
    th_name_put_json(&app->out, prefix, prefix_len);
    th_name_put_json(&app->out, name, name_len);
    if (!th_name_is_utf8(prefix, prefix_len) ||
        !th_name_is_utf8(name, name_len)) {
        th_output_puts(&app->out, "\",\"path_hex\":\"");
        th_name_put_hex(&app->out, prefix, prefix_len);
        th_name_put_hex(&app->out, name, name_len);
    }
    th_output_puts(&app->out, "\"");
}

static void
print_file(struct app *app, const struct item *item, const char *name)
{
    size_t n_digest = th_digest_bytes(app->digest);
    char text[64];

    app->n_printed++;
    app->n_bytes_printed += item->n_bytes;
    if (app->options.json) {
        th_output_puts(&app->out, "{\"type\":\"file\",");
        put_json_path(app, name, item->name_len);
        snprintf(text, sizeof(text), ",\"bytes\":%llu,\"",
            (unsigned long long)item->n_bytes);
        th_output_puts(&app->out, text);
        th_output_puts(&app->out, th_digest_name(app->digest));
        th_output_puts(&app->out, "\":\"");
        th_name_put_hex(&app->out, item->digest, n_digest);
        th_output_puts(&app->out, "\"}\n");
    } else {
        bool odd = app->prefix_odd || th_name_is_odd(name, item->name_len);

        if (odd) {
            th_output_puts(&app->out, "\\");
        }
        th_name_put_hex(&app->out, item->digest, n_digest);
        th_output_puts(&app->out, "  ");
        if (app->prefix.used > 0) {
            th_name_put_sum(&app->out, odd, app->prefix.at, app->prefix.used);
        }
        th_name_put_sum(&app->out, odd, name, item->name_len);
        th_output_puts(&app->out, "\n");
    }
}

static void
print_failure(struct app *app, const struct item *item, const char *name)
{
    const char *reason = th_result_text(item->result);

    app->n_failed++;
    th_meter_hide(&app->meter);
    th_output_puts(&app->err, "treehash: ");
    if (app->prefix.used + item->name_len == 0) {
        th_output_puts(&app->err, "''");
    }
    th_name_put_message(&app->err, app->prefix.at, app->prefix.used);
    th_name_put_message(&app->err, name, item->name_len);
    th_output_puts(&app->err, ": ");
    th_output_puts(&app->err, reason);
    th_output_puts(&app->err, "\n");
    th_output_flush(&app->err);
    if (app->options.json) {
        th_output_puts(&app->out, "{\"type\":\"error\",");
        put_json_path(app, name, item->name_len);
        th_output_puts(&app->out, ",\"error\":\"");
        th_name_put_json(&app->out, reason, strlen(reason));
        th_output_puts(&app->out, "\"}\n");
    }
}

static void
print_job(struct app *app, struct job *job)
{
    set_prefix(app, job->dir);
    for (uint32_t i = 0; i < job->n_items && !app->cut; i++) {
        struct item *item = &job->items[i];

        if (item->result == TH_STOPPED || app->out.error != 0) {
            app->cut = true;
        } else if (item->result == TH_OK) {
            print_file(app, item, job->names.at + item->name_at);
        } else if (item->name_at == NO_NAME) {
            th_dir_path(job->dir, false, &app->prefix);
            print_failure(app, item, "");
            th_dir_path(job->dir, true, &app->prefix);
        } else {
            print_failure(app, item, job->names.at + item->name_at);
        }
    }
    th_dir_drop(job->dir);
    job->dir = NULL;
}

/* ------------------------------------------------------ on the loop: steps */

static void
stop_all(struct app *app)
{
    /* rlx: a wish; whoever sees it late stops late. */
    strait_store_rlx(&app->stop, 1);
    /* rlx: the same. */
    strait_store_rlx(&app->count.stop, 1);
}

/* A submit that the contract says cannot fail here: lanes have room for all
 * jobs, and each is submitted once. */
static void
must(int err, const char *what)
{
    if (err != 0) {
        fprintf(
            stderr, "treehash: cannot %s: %s\n", what, strait_error_text(err));
        _exit(TH_EXIT_SOME_FAILED);
    }
}

static void
start_walk(struct app *app)
{
    struct visit *visit = &app->visit;
    uint64_t n_free = TH_JOBS_MAX - (app->tail - app->head);
    uint32_t per_job = app->n_in_flight / (2 * strait_pool_workers(app->pool));

    if (app->walk_in_flight || app->walk_ended ||
        !th_walk_may_go_on(app->walk) || n_free < TH_WALK_JOBS) {
        return;
    }
    visit->from = app->tail;
    visit->n_free = TH_WALK_JOBS;
    visit->files_per_job = per_job < 1 ? 1
        : per_job > TH_JOB_FILES_MAX   ? TH_JOB_FILES_MAX
                                       : per_job;
    app->walk_in_flight = true;
    must(strait_loop_submit(app->loop, app->walk_lane, &visit->work),
        "go on walking");
}

/* Ends the timer, and with it the loop, once there is nothing to come. */
static void
end_if_done(struct app *app)
{
    if (app->walk_ended && !app->walk_in_flight && app->head == app->tail) {
        /* rlx: a wish to end. */
        strait_store_rlx(&app->count.stop, 1);
        strait_timer_stop(app->loop, &app->tick);
    }
}

static void
walk_done(strait_work_t *work, int status, void *arg)
{
    struct app *app = arg;

    (void)work;
    (void)status;
    app->walk_in_flight = false;
    app->walk_ended = app->visit.ended;
    for (uint32_t i = 0; i < app->visit.n_filled; i++) {
        struct job *job = &app->jobs[app->tail++ % TH_JOBS_MAX];

        app->n_in_flight++;
        must(strait_loop_submit(app->loop, app->hash_lane, &job->work),
            "submit a job");
    }
    start_walk(app);
    end_if_done(app);
}

static void
job_done(strait_work_t *work, int status, void *arg)
{
    struct job *job = arg;
    struct app *app = job->app;

    (void)work;
    (void)status;
    job->done = true;
    app->n_in_flight--;
    app->n_looked_at += job->n_items;
    while (app->head != app->tail && app->jobs[app->head % TH_JOBS_MAX].done) {
        print_job(app, &app->jobs[app->head % TH_JOBS_MAX]);
        app->head++;
    }
    if (app->out.error != 0) {
        stop_all(app);
    }
    start_walk(app);
    end_if_done(app);
}

static void
count_done(strait_work_t *work, int status, void *arg)
{
    struct app *app = arg;
    struct count *count = &app->count;

    (void)status;
    if (!count->ended) {
        must(strait_loop_submit(app->loop, strait_pool_lane(count->pool), work),
            "go on counting");
        return;
    }
    /* rlx: our own wish. */
    if (!strait_load_rlx(&count->stop)) {
        th_meter_set_total(&app->meter, count->n_files, count->n_bytes);
    }
}

static void
on_tick(strait_timer_t *timer, void *arg)
{
    struct app *app = arg;

    (void)timer;
    th_output_flush(&app->out);
    if (app->out.error != 0) {
        stop_all(app);
    }
    /* rlx: a figure for the eye. */
    th_meter_draw(&app->meter, strait_now_ns(), app->n_looked_at,
        strait_load_rlx(&app->n_bytes_read));
}

static void
hide_meter(void *arg)
{
    th_meter_hide(arg);
}

/* ----------------------------------------------------------------- signals */

static strait_loop_ref_t *stop_ref;
static strait_post_t stop_post;
static volatile sig_atomic_t stop_signal;
static uint64_t stop_signal_ns;

static void
on_stop(strait_post_t *post, int status, void *arg)
{
    struct app *app = arg;

    (void)post;
    if (status == 0) {
        app->stopped = true;
        stop_all(app);
    }
}

/* The pool's threads block signals, so this runs in the loop's thread: the
 * reference that it borrows is good as long as the handler is installed. */
static void
on_signal(int number)
{
    int saved = errno;
    uint64_t now = strait_now_ns();

    (void)number;
    if (!stop_signal) {
        stop_signal = 1;
        stop_signal_ns = now;
        if (strait_loop_post(stop_ref, &stop_post) != 0) {
            _exit(TH_EXIT_STOPPED);
        }
    } else if (now - stop_signal_ns > STRAIT_NS_PER_S / 2) {
        /* Asked again: somebody cannot wait. Not if it comes at once: some
         * send the same signal to the process and then to its group. */
        _exit(TH_EXIT_STOPPED);
    }
    errno = saved;
}

static void
catch_signals(struct app *app)
{
    struct sigaction action;
    struct sigaction old;

    strait_post_init(&stop_post, on_stop, app);
    stop_ref = strait_loop_self(app->loop);
    memset(&action, 0, sizeof(action));
    sigemptyset(&action.sa_mask);
    /* No SA_RESTART: a write to a reader who does not read must end. */
    action.sa_handler = on_signal;
    sigaction(SIGTERM, &action, NULL);
    /* Started in the background by a shell: it is not meant for us. */
    if (sigaction(SIGINT, NULL, &old) == 0 && old.sa_handler != SIG_IGN) {
        sigaction(SIGINT, &action, NULL);
    }
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

static void
release_signals(void)
{
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
}

/* ------------------------------------------------------------- start to end */

/* Descriptors 0 to 2 must be taken, or what we open would stand there. */
static bool
check_descriptors(void)
{
    bool has_output = fcntl(STDOUT_FILENO, F_GETFD) >= 0;
    int fd;

    do {
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0) {
        close(fd);
    }
    if (!has_output) {
        fprintf(
            stderr, "treehash: standard output is closed; send it somewhere\n");
    }
    return has_output;
}

/* How many directories may be open, after asking for enough. */
static uint32_t
open_dirs_max(const struct app *app)
{
    /* Our own few, one file per worker, a count of its own. */
    rlim_t others = 40 + app->options.n_workers;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 16;
    }
    if (limit.rlim_cur < TH_OPEN_DIRS_MAX + others) {
        limit.rlim_cur = TH_OPEN_DIRS_MAX + others;
        if (limit.rlim_cur > limit.rlim_max) {
            limit.rlim_cur = limit.rlim_max;
        }
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur < others + 8) {
        return 8;
    }
    limit.rlim_cur -= others;
    return limit.rlim_cur < TH_OPEN_DIRS_MAX ? (uint32_t)limit.rlim_cur
                                             : TH_OPEN_DIRS_MAX;
}

static int
fail(const char *what, int err)
{
    fprintf(stderr, "treehash: cannot %s: %s\n", what, strait_error_text(err));
    return err;
}

static int
start_count(struct app *app)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    struct count *count = &app->count;
    int err;

    config.n_workers = 1;
    config.name = "count";
    config.max_queued = 2;
    err = strait_pool_create(&count->pool, &config);
    if (err != 0) {
        return fail("start a thread (--quiet does without)", err);
    }
    count->walk = th_walk_new(
        app->options.args, app->options.n_args, 20, &count->stop);
    strait_work_init(&count->work, count_some, count_done, app);
    must(strait_loop_submit(
             app->loop, strait_pool_lane(count->pool), &count->work),
        "start counting");
    return 0;
}

static int
start(struct app *app)
{
    strait_pool_config_t pool_config = STRAIT_POOL_CONFIG_INIT;
    strait_lane_config_t lane_config = STRAIT_LANE_CONFIG_INIT;
    uint32_t n_open = open_dirs_max(app);
    int err;

    pool_config.n_workers = app->options.n_workers;
    pool_config.name = "treehash";
    pool_config.max_queued = TH_JOBS_MAX;
    lane_config.max_queued = 2;
    lane_config.name = "walk";
    err = strait_loop_create(&app->loop, NULL);
    if (err != 0) {
        return fail("create the event loop", err);
    }
    err = strait_pool_create(&app->pool, &pool_config);
    if (err != 0) {
        return fail("start threads (a smaller -j may help)", err);
    }
    app->hash_lane = strait_pool_lane(app->pool);
    err = strait_lane_create(&app->walk_lane, app->pool, &lane_config);
    if (err != 0) {
        return fail("create a lane", err);
    }
    app->jobs = th_alloc(TH_JOBS_MAX, sizeof(*app->jobs));
    for (size_t i = 0; i < TH_JOBS_MAX; i++) {
        app->jobs[i].app = app;
        strait_work_init(&app->jobs[i].work, hash_job, job_done, &app->jobs[i]);
    }
    app->walk = th_walk_new(
        app->options.args, app->options.n_args, n_open, &app->stop);
    strait_work_init(&app->visit.work, walk_some, walk_done, app);
    strait_timer_init(&app->tick, on_tick, app);
    if (!app->options.quiet) {
        th_meter_init(&app->meter, STDERR_FILENO, app->start_ns);
    }
    if (app->meter.on) {
        err = start_count(app);
        if (err != 0) {
            return err;
        }
    }
    if (isatty(STDOUT_FILENO)) {
        app->out.before_write = hide_meter;
        app->out.arg = &app->meter;
    }
    return 0;
}

/* The peak of resident memory. Not from getrusage: that counts from before the
 * program was started in this process. */
static uint64_t
peak_bytes(void)
{
    FILE *file = fopen("/proc/self/status", "re");
    char line[128];
    unsigned long long kb = 0;

    if (file != NULL) {
        while (fgets(line, sizeof(line), file) != NULL &&
            sscanf(line, "VmHWM: %llu", &kb) != 1) {}
        fclose(file);
    }
    return kb * 1024;
}

static void
print_summary(struct app *app, double seconds)
{
    struct th_passed passed = th_walk_passed(app->walk);
    char text[512];
    char files[TH_FIGURE_BYTES];
    char bytes[TH_FIGURE_BYTES];

    if (app->options.json) {
        snprintf(text, sizeof(text),
            "{\"type\":\"summary\",\"files\":%llu,\"bytes\":%llu,"
            "\"errors\":%llu,\"links_passed\":%llu,\"special_passed\":%llu,"
            "\"workers\":%u,\"seconds\":%.6f,\"stopped\":%s}\n",
            (unsigned long long)app->n_printed,
            (unsigned long long)app->n_bytes_printed,
            (unsigned long long)app->n_failed,
            (unsigned long long)passed.n_links,
            (unsigned long long)passed.n_special,
            strait_pool_workers(app->pool), seconds,
            app->stopped ? "true" : "false");
        th_output_puts(&app->out, text);
    }
    th_output_flush(&app->out);
    th_meter_hide(&app->meter);
    th_figure_count(files, app->n_printed);
    th_figure_size(bytes, app->n_bytes_printed);
    if (app->stopped) {
        snprintf(text, sizeof(text),
            "treehash: stopped after %s files, %s, in %.2f s\n", files, bytes,
            seconds);
        th_output_puts(&app->err, text);
    }
    if (app->options.stats) {
        char speed[TH_FIGURE_BYTES];
        char rate[TH_FIGURE_BYTES];
        char peak[TH_FIGURE_BYTES];
        th_figure_size(
            speed, (uint64_t)((double)app->n_bytes_printed / seconds));
        th_figure_count(rate, (uint64_t)((double)app->n_printed / seconds));
        th_figure_size(peak, peak_bytes());
        snprintf(text, sizeof(text),
            "treehash: %s files, %s in %.3f s: %s/s, %s files/s; "
            "%llu failed, %llu links and %llu special files passed over; "
            "%u threads, %s resident\n",
            files, bytes, seconds, speed, rate,
            (unsigned long long)app->n_failed,
            (unsigned long long)passed.n_links,
            (unsigned long long)passed.n_special,
            strait_pool_workers(app->pool), peak);
        th_output_puts(&app->err, text);
    }
    th_output_flush(&app->err);
}

/* Says what went wrong with the output, if anything, and answers the status. */
static int
finish(struct app *app)
{
    if (app->out.error == 0 && close(STDOUT_FILENO) != 0 && errno != EINTR) {
        app->out.error = errno;
    }
    if (app->stopped || app->out.error == EINTR) {
        return TH_EXIT_STOPPED;
    }
    if (app->out.error == EPIPE) {
        return TH_EXIT_NO_READER;
    }
    if (app->out.error != 0) {
        fprintf(stderr, "treehash: standard output: %s\n",
            strerror(app->out.error));
        return TH_EXIT_SOME_FAILED;
    }
    return app->n_failed > 0 ? TH_EXIT_SOME_FAILED : TH_EXIT_OK;
}

static void
release(struct app *app)
{
    strait_pool_destroy(app->pool);
    strait_pool_destroy(app->count.pool);
    strait_loop_destroy(app->loop);
    th_walk_free(app->walk);
    th_walk_free(app->count.walk);
    th_dir_drop(app->prefix_dir);
    th_text_free(&app->prefix);
    for (size_t i = 0; app->jobs != NULL && i < TH_JOBS_MAX; i++) {
        th_text_free(&app->jobs[i].names);
    }
    free(app->jobs);
    th_digest_free(app->digest);
    th_output_free(&app->out);
    th_output_free(&app->err);
}

static int
run(struct app *app)
{
    if (start(app) != 0) {
        return TH_EXIT_SOME_FAILED;
    }
    catch_signals(app);
    must(strait_timer_start(
             app->loop, &app->tick, app->start_ns + TICK_NS, TICK_NS),
        "start a timer");
    start_walk(app);
    must(strait_loop_run(app->loop, STRAIT_RUN_DEFAULT), "run the loop");
    print_summary(
        app, (double)(strait_now_ns() - app->start_ns) / STRAIT_NS_PER_S);
    release_signals();
    return finish(app);
}

int
main(int argc, char **argv)
{
    static struct app app;
    int status;

    if (!check_descriptors()) {
        return TH_EXIT_SOME_FAILED;
    }
    status = th_options_read(&app.options, argc, argv);
    if (status >= 0) {
        return status;
    }
    app.start_ns = strait_now_ns();
    app.digest = th_digest_new(app.options.algorithm, app.options.n_workers);
    if (app.digest == NULL) {
        fprintf(stderr,
            "treehash: this OpenSSL has no algorithm '%s';\n"
            "`treehash --algo list` prints those it has.\n",
            app.options.algorithm);
        return TH_EXIT_USAGE;
    }
    th_output_init(&app.out, STDOUT_FILENO);
    th_output_init(&app.err, STDERR_FILENO);
    app.out.give_up = &stop_signal;
    app.err.give_up = &stop_signal;
    status = run(&app);
    release(&app);
    return status;
}
