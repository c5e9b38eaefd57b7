/* SPDX-License-Identifier: MIT */
/*
 * report - what a person reads: header, table, verdict, progress.
 *
 * The table has one block per case, fastest system first. Colours and block
 * characters appear only on a terminal; everything else is the same in a file.
 */
#include "harness.h"

#include "support.h"

#include <langinfo.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The bar comes last in a line, so that a narrow window cuts nothing else. */
#define BAR_COLUMN 66
#define BAR_CELLS_MAX 30

static bool
is_colour(void)
{
    return isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
}

static const char *
paint(const char *code)
{
    return is_colour() ? code : "";
}

#define BOLD paint("\033[1m")
#define DIM paint("\033[2m")
#define GREEN paint("\033[32m")
#define RED paint("\033[31m")
#define PLAIN paint("\033[0m")

/* ----------------------------------------------------------------- header */

void
bench_report_header(const struct bench_machine *machine,
    const struct bench_plan *plan, const struct bench_options *options)
{
    printf(
        "%sStrait side by side%s, commit %s\n", BOLD, PLAIN, machine->commit);
    printf("  machine   %s, %ld cores", machine->cpu, machine->n_cpus);
    if ((long)machine->n_usable != machine->n_cpus)
        printf(" (%u usable)", machine->n_usable);
    printf(", %s\n", machine->kernel);
    printf("  built by  %s, %s %s\n", machine->compiler, machine->build_type,
        machine->flags);
    printf("  memory    %s for everybody%s\n", machine->allocator,
        strcmp(machine->allocator, "jemalloc") == 0
            ? ""
            : " (jemalloc is not linked: install libjemalloc-dev)");
    printf("  load      %.2f %.2f %.2f%s\n", machine->load[0], machine->load[1],
        machine->load[2],
        machine->load[0] > 0.5 ? "  (others are at work: expect a wide spread)"
                               : "");
    if (options->n_runs != 0)
        printf("  method    %u runs of each", options->n_runs);
    else
        printf("  method    about %g s of runs", options->seconds);
    printf(
        ", each in a process of its own,\n"
        "            interleaved in random order (seed %llu); a run may take "
        "%g s\n"
        "  reading   median, slowest and fastest run; \"2.00 x faster\": "
        "strait is that\n"
        "            much faster than this system; longer bars are better"
        "\n\n",
        (unsigned long long)plan->seed, options->limit_s);
}

/* ------------------------------------------------------------------ table */

/* Three significant digits and a unit, right-aligned in 10 columns. */
static void
put_value(char *buffer, size_t size_bytes, enum bench_unit unit, double ns)
{
    static const char *const rates[] = { "/s", "k/s", "M/s", "G/s" };
    static const char *const bytes[] = { "B/s", "kB/s", "MB/s", "GB/s" };
    static const char *const times[] = { "ns", "us", "ms", "s" };
    const char *const *names = unit == BENCH_LATENCY ? times
        : unit == BENCH_BYTES                        ? bytes
                                                     : rates;
    double value = unit == BENCH_LATENCY ? ns : 1e9 / ns;
    int i = 0;

    while (value >= 1000 && i < 3) {
        value /= 1000;
        i++;
    }
    snprintf(buffer, size_bytes, "%.*f %s",
        value < 10        ? 2
            : value < 100 ? 1
                          : 0,
        value, names[i]);
}

/* What is left of a line for a bar. */
static int
bar_cells(void)
{
    struct winsize window;
    int cells = 80 - BAR_COLUMN;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0)
        cells = window.ws_col - 1 - BAR_COLUMN;
    return cells < 8 ? 8 : cells > BAR_CELLS_MAX ? BAR_CELLS_MAX : cells;
}

/* A bar; `part` of the fastest is 0..1. */
static void
put_bar(double part)
{
    static const char *const eighths[] = { "", "\u258f", "\u258e", "\u258d",
        "\u258c", "\u258b", "\u258a", "\u2589" };
    bool blocks = isatty(STDOUT_FILENO) &&
        strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    int n = (int)(part * bar_cells() * 8 + 0.5);

    if (n == 0)
        n = 1;
    if (!blocks) {
        for (int i = 0; i < (n + 7) / 8; i++)
            putchar('#');
        return;
    }
    for (int i = 0; i < n / 8; i++)
        fputs("\u2588", stdout);
    fputs(eighths[n % 8], stdout);
}

/* How the first system of the question compares with this row. */
static void
put_ratio(const struct bench_plan *plan, const struct bench_row *row)
{
    const struct bench_row *ours = bench_row_reference(plan, row);
    double ratio;

    if (ours == NULL || ours->state != BENCH_ROW_GOOD || ours->n_results == 0 ||
        row == ours) {
        printf("%-15s", "");
        return;
    }
    ratio = row->median / ours->median;
    if (ratio >= 1.005)
        printf("%s%6.2f x faster%s ", GREEN, ratio, PLAIN);
    else if (ratio > 0.995)
        printf("%6s even    ", "");
    else
        printf("%s%6.2f x slower%s ", RED, 1 / ratio, PLAIN);
}

/* What a run had to tell although it was right; the last one speaks for all. */
static void
print_note(const struct bench_row *row)
{
    size_t n = 0;
    const char *last = NULL;

    for (size_t i = 0; i < row->n_results; i++) {
        if (row->results[i].note[0] == '\0')
            continue;
        n++;
        last = row->results[i].note;
    }
    if (n > 0)
        printf("    %sin %zu of %zu runs: %s%s\n", DIM, n, row->n_results, last,
            PLAIN);
}

static void
print_row(
    const struct bench_plan *plan, const struct bench_row *row, double fastest)
{
    enum bench_unit unit = row->question->unit;
    char median[32];
    char low[32];
    char high[32];
    char spread[72];

    put_value(median, sizeof(median), unit, row->median);
    /* The worse end first, in the unit's own sense. */
    put_value(
        low, sizeof(low), unit, unit == BENCH_LATENCY ? row->min : row->max);
    put_value(
        high, sizeof(high), unit, unit == BENCH_LATENCY ? row->max : row->min);
    low[strcspn(low, " ")] = '\0';
    snprintf(spread, sizeof(spread), "%s - %s", low, high);
    /* Both ends in one unit only if they share it. */
    if (strcmp(strchr(high, ' '), strchr(median, ' ')) != 0 ||
        row->max / row->min > 10) {
        put_value(low, sizeof(low), unit,
            unit == BENCH_LATENCY ? row->min : row->max);
        snprintf(spread, sizeof(spread), "%s - %s", low, high);
    }
    printf("  %s%-14s%s %10s  %s%-21s%s ",
        row->system == row->question->systems[0] ? BOLD : "", row->system->name,
        PLAIN, median, DIM, spread, PLAIN);
    put_ratio(plan, row);
    put_bar(fastest / row->median);
    putchar('\n');
    print_note(row);
}

static int
compare_rows(const void *a, const void *b)
{
    const struct bench_row *x = *(const struct bench_row *const *)a;
    const struct bench_row *y = *(const struct bench_row *const *)b;
    bool has_x = x->state == BENCH_ROW_GOOD && x->n_results > 0;
    bool has_y = y->state == BENCH_ROW_GOOD && y->n_results > 0;

    if (has_x != has_y)
        return has_x ? -1 : 1;
    if (!has_x)
        return x->state != y->state ? (x->state < y->state ? -1 : 1)
                                    : (x > y) - (x < y);
    return (x->median > y->median) - (x->median < y->median);
}

static void
print_block(const struct bench_plan *plan, size_t first, size_t n)
{
    const struct bench_row **rows = calloc(n, sizeof(const struct bench_row *));
    const struct bench_row *top = &plan->rows[first];

    if (rows == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        rows[i] = &plan->rows[first + i];
    qsort(rows, n, sizeof(*rows), compare_rows);
    printf("%s%s/%s%s  %s\n", BOLD, top->question->name, top->which->name,
        PLAIN, top->which->title);
    for (size_t i = 0; i < n; i++) {
        const struct bench_row *row = rows[i];

        if (row->state == BENCH_ROW_GOOD && row->n_results > 0)
            print_row(plan, row, rows[0]->median);
        else if (row->state == BENCH_ROW_ABSENT)
            printf("  %s%-14s absent: %s%s\n", DIM, row->system->name, row->why,
                PLAIN);
        else if (row->state != BENCH_ROW_GOOD)
            printf("  %s%-14s %s%s\n", RED, row->system->name, row->why, PLAIN);
    }
    putchar('\n');
    free(rows);
}

static size_t
block_length(const struct bench_plan *plan, size_t first)
{
    size_t n = 0;

    while (first + n < plan->n_rows &&
        plan->rows[first + n].which == plan->rows[first].which)
        n++;
    return n;
}

void
bench_report_table(const struct bench_plan *plan)
{
    const struct bench_question *last = NULL;
    size_t n;

    for (size_t i = 0; i < plan->n_rows; i += n) {
        const struct bench_question *question = plan->rows[i].question;

        n = block_length(plan, i);
        if (question != last)
            printf("%s-- %s%s\n", DIM, question->asks, PLAIN);
        last = question;
        print_block(plan, i, n);
    }
}

/* ---------------------------------------------------------------- verdict */

/* Within this much of the best rival, Strait is called level with it: less
 * than what two runs of the same program differ by. */
#define LEVEL_PART 0.05

struct standing {
    unsigned n_first;
    unsigned n_level;
    unsigned n_behind;
};

/* Counts how Strait stands in a case, and names the rival that it is behind. */
static void
rank_block(const struct bench_plan *plan, size_t first, size_t n,
    struct standing *standing)
{
    const struct bench_row *ours = bench_row_reference(
        plan, &plan->rows[first]);
    const struct bench_row *best = NULL;
    double ratio;

    if (ours == NULL || ours->state != BENCH_ROW_GOOD || ours->n_results == 0)
        return;
    for (size_t i = first; i < first + n; i++) {
        const struct bench_row *row = &plan->rows[i];

        /* Not against Strait's own other forms. */
        if (row->state != BENCH_ROW_GOOD || row->n_results == 0 ||
            strncmp(row->system->name, "strait", 6) == 0)
            continue;
        if (best == NULL || row->median < best->median)
            best = row;
    }
    if (best == NULL)
        return;
    ratio = ours->median / best->median;
    if (ratio <= 1) {
        standing->n_first++;
        return;
    }
    if (ratio <= 1 + LEVEL_PART)
        standing->n_level++;
    else
        standing->n_behind++;
    printf("  %s: %s/%s, %s is %.2f times as fast as strait\n",
        ratio <= 1 + LEVEL_PART ? "level" : "behind", ours->question->name,
        ours->which->name, best->system->name, ratio);
}

/* Each absent system once, not once per case. */
static void
print_absent(const struct bench_plan *plan)
{
    for (size_t i = 0; i < plan->n_rows; i++) {
        const struct bench_row *row = &plan->rows[i];
        bool is_new = row->state == BENCH_ROW_ABSENT;

        for (size_t j = 0; j < i && is_new; j++)
            if (plan->rows[j].system == row->system &&
                plan->rows[j].state == BENCH_ROW_ABSENT)
                is_new = false;
        if (is_new)
            printf("  skipped: %s/%s: %s\n", row->question->name,
                row->system->name, row->why);
    }
}

int
bench_report_verdict(const struct bench_plan *plan)
{
    unsigned n_good = 0;
    unsigned n_failed = 0;
    unsigned n_unfinished = 0;
    unsigned n_absent = 0;
    struct standing standing = { 0, 0, 0 };
    size_t n;

    for (size_t i = 0; i < plan->n_rows; i++) {
        const struct bench_row *row = &plan->rows[i];
        char name[128];

        n_good += row->state == BENCH_ROW_GOOD && row->n_results > 0;
        n_absent += row->state == BENCH_ROW_ABSENT;
        if (row->state == BENCH_ROW_FAILED ||
            (row->state == BENCH_ROW_UNFINISHED &&
                row->system == row->question->systems[0])) {
            n_failed++;
            printf("  %sFAILED: %s: %s%s\n", RED,
                bench_row_name(row, name, sizeof(name)), row->why, PLAIN);
        } else if (row->state == BENCH_ROW_UNFINISHED) {
            n_unfinished++;
            printf("  unfinished: %s: %s\n",
                bench_row_name(row, name, sizeof(name)), row->why);
        }
    }
    print_absent(plan);
    for (size_t i = 0; i < plan->n_rows; i += n) {
        n = block_length(plan, i);
        rank_block(plan, i, n, &standing);
    }
    printf("  strait is first in %u cases, level with the best rival (within "
           "%.0f %%) in %u,\n"
           "  behind in %u; %u rounds in %.0f s",
        standing.n_first, LEVEL_PART * 100, standing.n_level, standing.n_behind,
        plan->n_rounds, plan->elapsed_s);
    if (plan->steal_percent >= 0)
        printf("; the host took %.1f %% of the CPU time", plan->steal_percent);
    putchar('\n');
    if (plan->interrupted) {
        printf("%sbench: INTERRUPTED%s; the table has what was measured\n", RED,
            PLAIN);
        return 130;
    }
    if (n_failed > 0 || n_good == 0) {
        printf("%sbench: FAILED%s: %u of %zu rows failed, %u measured\n", RED,
            PLAIN, n_failed, plan->n_rows, n_good);
        return 1;
    }
    printf("%sbench: OK%s: %u rows measured, every result verified", GREEN,
        PLAIN, n_good);
    if (n_unfinished > 0)
        printf(", %u did not finish", n_unfinished);
    if (n_absent > 0)
        printf(", %u absent", n_absent);
    putchar('\n');
    return 0;
}

/* --------------------------------------------------------------- progress */

void
bench_progress(size_t done, size_t of, const char *what, double left_s)
{
    struct winsize window;
    int columns = 80;
    int cells = 24;
    int full = of > 0 ? (int)(done * (size_t)cells / of) : 0;
    char line[256];
    int n;

    if (!isatty(STDERR_FILENO))
        return;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0)
        columns = window.ws_col;
    n = snprintf(line, sizeof(line), "[%.*s%*s] %zu/%zu", full,
        "========================", cells - full, "", done, of);
    if (left_s >= 0)
        n += snprintf(
            line + n, sizeof(line) - (size_t)n, "  %.0f s left", left_s);
    snprintf(line + n, sizeof(line) - (size_t)n, "  %.120s", what);
    if (columns < (int)sizeof(line))
        line[columns - 1] = '\0';
    fprintf(stderr, "\r\033[K%s", line);
    fflush(stderr);
}

void
bench_progress_end(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}
