/* SPDX-License-Identifier: MIT */
/*
 * strait-bench - Strait and its rivals, side by side. See README.md.
 */
#include "harness.h"

#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: strait-bench [options]\n"
    "\n"
    "Runs Strait and its rivals side by side and prints a table.\n"
    "\n"
    "  --only REGEX    only rows question/case/system that match, for example\n"
    "                  'offload', 'mpsc/1p', '/(strait|libuv)$'; also those\n"
    "                  that only --long would run\n"
    "  --runs N        N runs of each row, at most 1000 (default: what\n"
    "                  --seconds allows, at least 3, at most 15)\n"
    "  --seconds S     time to spend when --runs is not given (default 45)\n"
    "  --limit S       a run that takes longer is ended and reported\n"
    "                  (default 20; 2 for systems known to stand still)\n"
    "  --long          full sizes (needs 2.2 GB in $TMPDIR or /tmp), and all\n"
    "                  cases. Left out otherwise: mpsc with 2, 8 and 16\n"
    "                  producers, chains from 4 of them or of 256; spsc in\n"
    "                  batches of 256; ring with 8 threads, with one consumer,\n"
    "                  in batches, and its round trip; empty; memory; bursts\n"
    "                  with 4 and 8 threads, of empty jobs, and 64 at a time;\n"
    "                  trickle; blocking; delay; fork-join with 4 workers\n"
    "                  and more, uts T3L, 13 queens, integrate, tree, matmul,\n"
    "                  cilksort, fork_first; sorts but of 1 M; loops with 1\n"
    "                  and with 16 workers\n"
    "  --seed N        draw the same orders again\n"
    "  --json FILE     also write the results as google-benchmark does\n"
    "  --list          print the rows and end (--long --list: all)\n"
    "  --help          this text\n"
    "\n"
    "Exit status: 0 all results right, 1 a wrong result, a crash or output\n"
    "that was lost, 2 bad usage, 130 interrupted.\n";

/* Before anything is opened, which would stand in its place. */
static bool
has_stdout(void)
{
    if (fcntl(STDOUT_FILENO, F_GETFD) >= 0)
        return true;
    fputs(
        "strait-bench: standard output is closed; send it somewhere\n", stderr);
    return false;
}

/* The exit status, which is not 0 if something of the output was lost. */
static int
finish_stdout(int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "strait-bench: standard output: %s\n",
        errno != 0 ? strerror(errno) : "some of it was lost");
    return status != 0 ? status : 1;
}

static int
list_rows(const struct bench_plan *plan)
{
    char name[128];

    for (size_t i = 0; i < plan->n_rows; i++) {
        const struct bench_row *row = &plan->rows[i];

        bench_row_name(row, name, sizeof(name));
        if (row->state == BENCH_ROW_ABSENT)
            printf("%-32s absent: %s\n", name, row->why);
        else
            puts(name);
    }
    return 0;
}

/* A positive number, or an end with a word. */
static double
number_of(const char *option, const char *text)
{
    char *end;
    double value = strtod(text, &end);

    if (*text == '\0' || *end != '\0' || !(value > 0) || value > 1e9) {
        fprintf(stderr,
            "strait-bench: --%s wants a positive number, at most 1e9, not "
            "'%s'\n",
            option, text);
        exit(2);
    }
    return value;
}

/* The same for whole numbers. */
static uint64_t
whole_number_of(
    const char *option, const char *text, int base, uint64_t min, uint64_t max)
{
    char *end;
    uint64_t value;

    errno = 0;
    value = strtoull(text, &end, base);
    /* strtoull takes a sign and leading space, too. */
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 ||
        value < min || value > max) {
        fprintf(stderr,
            "strait-bench: --%s wants a whole number from %llu to %llu, not "
            "'%s'\n",
            option, (unsigned long long)min, (unsigned long long)max, text);
        exit(2);
    }
    return value;
}

static void
read_options(
    int argc, char **argv, struct bench_options *options, bool *ret_list)
{
    static const struct option longs[] = {
        { "only", required_argument, NULL, 'o' },
        { "runs", required_argument, NULL, 'r' },
        { "seconds", required_argument, NULL, 's' },
        { "limit", required_argument, NULL, 'l' },
        { "long", no_argument, NULL, 'L' },
        { "seed", required_argument, NULL, 'S' },
        { "json", required_argument, NULL, 'j' },
        { "list", no_argument, NULL, 'i' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int c;

    while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
        switch (c) {
        case 'o': options->only = optarg; break;
        case 'r':
            options->n_runs = (unsigned)whole_number_of(
                "runs", optarg, 10, 1, 1000);
            break;
        case 's': options->seconds = number_of("seconds", optarg); break;
        case 'l':
            options->limit_s = number_of("limit", optarg);
            options->has_limit = true;
            break;
        case 'L': options->long_form = true; break;
        case 'S':
            options->seed = whole_number_of("seed", optarg, 0, 0, UINT64_MAX);
            break;
        case 'j': options->json_path = optarg; break;
        case 'i': *ret_list = true; break;
        case 'h': fputs(usage, stdout); exit(finish_stdout(0));
        default: fputs("try 'strait-bench --help'\n", stderr); exit(2);
        }
    }
    if (optind < argc) {
        fprintf(stderr,
            "strait-bench: '%s' is not an option; to select rows say --only\n",
            argv[optind]);
        exit(2);
    }
}

int
main(int argc, char **argv)
{
    struct bench_options options = {
        .seconds = 45,
        .limit_s = 20,
        .seed = bench_now_ns() % 1000000,
    };
    struct bench_machine machine;
    struct bench_plan plan;
    char why[256] = "";
    bool is_list = false;
    int status;
    int err;

    if (!has_stdout())
        return 1;
    setlocale(LC_CTYPE, "");
    read_options(argc, argv, &options, &is_list);
    err = bench_plan_make(&plan, &options, why, sizeof(why));
    if (err == -EINVAL) {
        fprintf(stderr, "strait-bench: --only '%s': %s\n", options.only, why);
        return 2;
    }
    if (err != 0 || plan.n_rows == 0) {
        fprintf(stderr, "strait-bench: %s; see --list\n",
            err != 0 ? strerror(-err) : "no row matches --only");
        bench_plan_free(&plan);
        return 2;
    }
    if (is_list) {
        status = list_rows(&plan);
        bench_plan_free(&plan);
        return finish_stdout(status);
    }
    /* Not to be told after a minute that the place was wrong. */
    if (options.json_path != NULL) {
        FILE *file = fopen(options.json_path, "ae");

        if (file == NULL) {
            fprintf(stderr, "strait-bench: cannot write '%s': %s\n",
                options.json_path, strerror(errno));
            bench_plan_free(&plan);
            return 2;
        }
        fclose(file);
    }
    bench_machine_read(&machine);
    bench_report_header(&machine, &plan, &options);
    fflush(stdout);
    bench_plan_run(&plan, &options);
    bench_report_table(&plan);
    if (options.json_path != NULL) {
        err = bench_json_write(options.json_path, &machine, &plan);
        if (err != 0)
            fprintf(stderr, "strait-bench: cannot write '%s': %s\n",
                options.json_path, strerror(-err));
        else
            printf("  written: %s\n", options.json_path);
    }
    status = bench_report_verdict(&plan);
    if (status == 0 && err != 0)
        status = 1;
    bench_plan_free(&plan);
    return finish_stdout(status);
}
