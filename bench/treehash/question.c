/* SPDX-License-Identifier: MIT */
/*
 * treehash - a whole program against whole programs: SHA-256 of a tree of
 * files, from the start of the process(es) to their end. The rivals get lists
 * of paths that were prepared before; treehash walks the tree itself.
 *
 *   strait       bench/apps/treehash -j 2
 *   strait_j1    the same with one thread, to see what the second one brings
 *   openssl_x2   two openssl processes at once, over two halves of the list
 *   sha256sum    one sha256sum over the list
 *
 * The result is right if the sorted lines are those of sha256sum (openssl's
 * asterisk before the path counts as the blank that it stands for).
 */
#include "questions.h"
#include "support.h"
#include "systems.h"
#include "treehash/data.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PROCESSES_MAX 2

struct bed {
    const struct data_set *set;
    size_t n_processes;
    char **argv[PROCESSES_MAX];
    char output[PROCESSES_MAX][512];
};

/* Whether a command can be found, as a shell would. */
static bool
has_command(const char *name)
{
    const char *path = getenv("PATH");
    char file[512];

    for (const char *p = path; p != NULL && *p != '\0';) {
        size_t n = strcspn(p, ":");

        snprintf(file, sizeof(file), "%.*s/%s", (int)n, p, name);
        if (access(file, X_OK) == 0)
            return true;
        p += n + (p[n] == ':');
    }
    return false;
}

static const char *
treehash_absent(void)
{
    if (BENCH_TREEHASH[0] == '\0')
        return "bench/apps/treehash was not built; install libssl-dev";
    if (access(BENCH_TREEHASH, X_OK) != 0)
        return "bench/apps/treehash is not built; run ninja (or make) again";
    return NULL;
}

static const char *
openssl_absent(void)
{
    return has_command("openssl") ? NULL : "no such command; install openssl";
}

static const char *
sha256sum_absent(void)
{
    return has_command("sha256sum") ? NULL
                                    : "no such command; install coreutils";
}

/* A command line: `words` up to NULL, then every `step`th path from `first`. */
static char **
make_argv(const char *const *words, const struct data_set *set, size_t first,
    size_t step)
{
    char **argv = calloc(set->n_files + 8, sizeof(*argv));
    size_t n = 0;

    if (argv == NULL)
        return NULL;
    while (words[n] != NULL) {
        argv[n] = (char *)words[n];
        n++;
    }
    for (size_t i = first; step > 0 && i < set->n_files; i += step)
        argv[n++] = set->paths[i];
    return argv;
}

static int
setup(const struct bench_case *which, const char *const *words, size_t step,
    void **ret_state)
{
    struct bed *bed = calloc(1, sizeof(*bed));

    if (bed == NULL)
        return -ENOMEM;
    if (chdir(data_folder()) != 0)
        return -errno;
    bed->set = &data_sets[which->arg];
    bed->n_processes = step > 0 ? step : 1;
    for (size_t i = 0; i < bed->n_processes; i++) {
        bed->argv[i] = make_argv(words, bed->set, i, step);
        if (bed->argv[i] == NULL)
            return -ENOMEM;
        snprintf(bed->output[i], sizeof(bed->output[i]), "%s/out%zu",
            data_folder(), i);
    }
    *ret_state = bed;
    return 0;
}

static int
setup_treehash(
    const struct bench_case *which, const char *jobs, void **ret_state)
{
    const char *const words[] = { BENCH_TREEHASH, "-j", jobs,
        data_sets[which->arg].name, NULL };

    return setup(which, words, 0, ret_state);
}

static int
setup_j2(const struct bench_case *which, void **ret_state)
{
    return setup_treehash(which, "2", ret_state);
}

static int
setup_j1(const struct bench_case *which, void **ret_state)
{
    return setup_treehash(which, "1", ret_state);
}

static int
setup_openssl(const struct bench_case *which, void **ret_state)
{
    static const char *const words[] = { "openssl", "dgst", "-sha256", "-r",
        NULL };

    return setup(which, words, 2, ret_state);
}

static int
setup_sha256sum(const struct bench_case *which, void **ret_state)
{
    static const char *const words[] = { "sha256sum", "--", NULL };

    return setup(which, words, 1, ret_state);
}

/* Counts the lines of all outputs that are among the expected ones. */
static size_t
count_right(const struct bed *bed)
{
    size_t n_right = 0;

    for (size_t p = 0; p < bed->n_processes; p++) {
        char **lines = NULL;
        long n = data_lines(bed->output[p], &lines);
        size_t at = 0;

        for (long i = 0; i < n; i++) {
            char *mark = strchr(lines[i], ' ');
            int order = 1;

            if (mark != NULL && mark[1] == '*')
                mark[1] = ' ';
            while (at < bed->set->n_files &&
                (order = strcmp(bed->set->lines[at], lines[i])) < 0)
                at++;
            if (at < bed->set->n_files && order == 0) {
                n_right++;
                at++;
            }
        }
        data_lines_free(lines, n > 0 ? (size_t)n : 0);
    }
    return n_right;
}

static void
run(void *state, uint64_t n_ops, struct bench_result *result)
{
    struct bed *bed = state;
    uint64_t start = bench_now_ns();
    int pids[PROCESSES_MAX];
    int worst = 0;
    size_t n_right;

    (void)n_ops;
    for (size_t i = 0; i < bed->n_processes; i++)
        pids[i] = data_start(bed->argv[i], bed->output[i]);
    for (size_t i = 0; i < bed->n_processes; i++) {
        int status = pids[i] < 0 ? 127 : data_wait(pids[i]);

        if (status > worst)
            worst = status;
    }
    result->ns = bench_now_ns() - start;
    result->n_ops = bed->set->n_bytes;
    n_right = count_right(bed);
    result->verified = worst == 0 && n_right == bed->set->n_files;
    if (!result->verified)
        snprintf(result->note, sizeof(result->note),
            "status %d, %zu of %zu lines as sha256sum prints them", worst,
            n_right, bed->set->n_files);
}

static void
teardown(void *state)
{
    struct bed *bed = state;

    for (size_t i = 0; i < bed->n_processes; i++)
        free(bed->argv[i]);
    free(bed);
}

const struct bench_system treehash_strait = BENCH_SYSTEM(
    "strait", treehash_absent, setup_j2, run, teardown);
const struct bench_system treehash_strait_j1 = BENCH_SYSTEM(
    "strait_j1", treehash_absent, setup_j1, run, teardown);
const struct bench_system treehash_openssl = BENCH_SYSTEM(
    "openssl_x2", openssl_absent, setup_openssl, run, teardown);
const struct bench_system treehash_sha256sum = BENCH_SYSTEM(
    "sha256sum", sha256sum_absent, setup_sha256sum, run, teardown);

/* One walk is one operation to the harness: it cannot be cut. */
static const struct bench_case cases[] = {
    { .name = "small",
        .title =
            "SHA-256 of many files of 4-64 KiB, warm (2,000; --long 20,000)",
        .n_ops = 1,
        .arg = DATA_SMALL },
    { .name = "large",
        .title = "SHA-256 of 4 large files, warm (24 MiB; --long 256 MiB)",
        .n_ops = 1,
        .arg = DATA_LARGE },
};

static const struct bench_system *const systems[] = {
    &treehash_strait,
    &treehash_strait_j1,
    &treehash_openssl,
    &treehash_sha256sum,
};

const struct bench_question question_treehash = {
    .name = "treehash",
    .asks = "How fast does a whole program hash a tree of files?",
    .unit = BENCH_BYTES,
    .cases = cases,
    .n_cases = BENCH_COUNT(cases),
    .systems = systems,
    .n_systems = BENCH_COUNT(systems),
    .prepare = data_make,
    .cleanup = data_remove,
};
