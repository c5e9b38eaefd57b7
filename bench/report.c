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
        printf("  method    %u run%s of each", options->n_runs,
            options->n_runs == 1 ? "" : "s");
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

/* Whether the figure that is shown is the cost, and not a rate. */
static bool
is_less_better(enum bench_unit unit)
{
    return unit == BENCH_LATENCY || unit == BENCH_TIME || unit == BENCH_SIZE ||
        unit == BENCH_FIGURE;
}

/* Three significant digits and a unit. */
static void
put_value(char *buffer, size_t size_bytes, enum bench_unit unit, double cost)
{
    static const char *const rates[] = { "/s", "k/s", "M/s", "G/s" };
    static const char *const bytes[] = { "B/s", "kB/s", "MB/s", "GB/s" };
    static const char *const times[] = { "ns", "us", "ms", "s" };
    static const char *const sizes[] = { "B", "kB", "MB", "GB" };
    const char *const *names = rates;
    double value = is_less_better(unit) ? cost : 1e9 / cost;
    int i = 0;

    if (unit == BENCH_LATENCY || unit == BENCH_TIME)
        names = times;
    else if (unit == BENCH_BYTES)
        names = bytes;
    else if (unit == BENCH_SIZE)
        names = sizes;

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

/* Three significant digits of a figure; what is small has no more than two. */
static void
put_figure(
    char *buffer, size_t size_bytes, const struct bench_row *row, double figure)
{
    snprintf(buffer, size_bytes, "%.*f%s",
        figure == (double)(long)figure || figure >= 100 ? 0
            : figure < 10                               ? 2
                                                        : 1,
        figure, row->which->figure_unit);
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
    bool is_size;

    if (ours == NULL || ours->state != BENCH_ROW_GOOD || ours->n_results == 0 ||
        row == ours) {
        printf("%-15s", "");
        return;
    }
    ratio = row->median / ours->median;
    is_size = bench_row_unit(row) == BENCH_SIZE;
    if (ratio >= 1.005)
        printf("%s%6.2f x %s%s ", GREEN, ratio, is_size ? "less  " : "faster",
            PLAIN);
    else if (ratio > 0.995)
        printf("%6s even    ", "");
    else
        printf("%s%6.2f x %s%s ", RED, 1 / ratio, is_size ? "more  " : "slower",
            PLAIN);
}

/* What a run had to tell although it was right; the last one speaks for all of
 * its row. @return NULL if there is nothing */
static const char *
note_of(const struct bench_row *row, size_t *ret_n)
{
    const char *last = NULL;

    *ret_n = 0;
    for (size_t i = 0; i < row->n_results; i++) {
        if (row->results[i].note[0] == '\0')
            continue;
        ++*ret_n;
        last = row->results[i].note;
    }
    return last;
}

static bool
is_same_note(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* Below the lines of a block: each note once, with the systems that it is
 * about. */
static void
print_notes(const struct bench_row *const *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t n_runs;
        const char *note = note_of(rows[i], &n_runs);
        bool is_known = note == NULL;
        const char *comma = "";

        for (size_t j = 0; j < i && !is_known; j++)
            is_known = is_same_note(note, note_of(rows[j], &n_runs));
        if (is_known)
            continue;
        printf("    %s%s: ", DIM, note);
        for (size_t j = i; j < n; j++) {
            if (!is_same_note(note, note_of(rows[j], &n_runs)))
                continue;
            printf("%s%s", comma, rows[j]->system->name);
            if (n_runs != rows[j]->n_results)
                printf(" (%zu of %zu runs)", n_runs, rows[j]->n_results);
            comma = ", ";
        }
        printf("%s\n", PLAIN);
    }
}

/* A figure has its name and its range, nothing else. */
static void
print_figure(const struct bench_row *row)
{
    char median[32];
    char low[32];
    char high[32];
    char spread[72];

    put_figure(median, sizeof(median), row, row->median);
    put_figure(low, sizeof(low), row, row->min);
    put_figure(high, sizeof(high), row, row->max);
    low[strlen(low) - strlen(row->which->figure_unit)] = '\0';
    snprintf(spread, sizeof(spread), "%s - %s", low, high);
    printf("  %s%-14s%s %10s  %s%s%s\n",
        bench_row_is_reference(row) ? BOLD : "", row->system->name, PLAIN,
        median, DIM, spread, PLAIN);
}

static void
print_row(
    const struct bench_plan *plan, const struct bench_row *row, double fastest)
{
    enum bench_unit unit = bench_row_unit(row);
    bool is_cost = is_less_better(unit);
    char median[32];
    char low[32];
    char high[32];
    char spread[72];

    put_value(median, sizeof(median), unit, row->median);
    /* The worse end first, in the unit's own sense. */
    put_value(low, sizeof(low), unit, is_cost ? row->min : row->max);
    put_value(high, sizeof(high), unit, is_cost ? row->max : row->min);
    low[strcspn(low, " ")] = '\0';
    snprintf(spread, sizeof(spread), "%s - %s", low, high);
    /* Both ends in one unit only if they share it. */
    if (strcmp(strchr(high, ' '), strchr(median, ' ')) != 0 ||
        row->max / row->min > 10) {
        put_value(low, sizeof(low), unit, is_cost ? row->min : row->max);
        snprintf(spread, sizeof(spread), "%s - %s", low, high);
    }
    printf("  %s%-14s%s %10s  %s%-21s%s ",
        bench_row_is_reference(row) ? BOLD : "", row->system->name, PLAIN,
        median, DIM, spread, PLAIN);
    put_ratio(plan, row);
    put_bar(fastest / row->median);
    putchar('\n');
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

/* ------------------------------------------------------------- histograms */

/* The columns that are left beside the percentiles. */
#define HISTOGRAM_COLUMNS 32

/* The signs of a column, by the part of all samples that it holds: from a tenth
 * on, a hundredth, and so on. */
static const char *const signs_plain[] = { "#", "+", "=", "-", "." };
static const char *const signs_blocks[] = { "\u2588", "\u2586", "\u2584",
    "\u2582", "\u2581" };

static const char *
sign_of(size_t rank)
{
    bool blocks = isatty(STDOUT_FILENO) &&
        strcmp(nl_langinfo(CODESET), "UTF-8") == 0;

    return blocks ? signs_blocks[rank] : signs_plain[rank];
}

struct histogram {
    uint64_t counts[BENCH_BUCKETS];
    uint64_t n;
};

static void
merge_histogram(const struct bench_row *row, struct histogram *ret_sum)
{
    memset(ret_sum, 0, sizeof(*ret_sum));
    if (row->state != BENCH_ROW_GOOD)
        return;
    for (size_t i = 0; i < row->n_results; i++) {
        for (unsigned b = 0; b < BENCH_BUCKETS; b++) {
            ret_sum->counts[b] += row->results[i].buckets[b];
            ret_sum->n += row->results[i].buckets[b];
        }
    }
}

static uint64_t
median_of(const struct bench_row *row, size_t offset)
{
    uint64_t values[64];
    size_t n = row->n_results < 64 ? row->n_results : 64;

    for (size_t i = 0; i < n; i++)
        memcpy(&values[i], (const char *)&row->results[i] + offset,
            sizeof(values[i]));
    qsort(values, n, sizeof(values[0]), bench_compare_u64);
    return values[n / 2];
}

static void
print_percentiles(const struct bench_row *row)
{
    static const size_t offsets[] = { offsetof(struct bench_result, p90_ns),
        offsetof(struct bench_result, p99_ns),
        offsetof(struct bench_result, p999_ns) };
    uint64_t max = 0;
    char text[32];

    printf("  %-14s", row->system->name);
    for (size_t i = 0; i < BENCH_COUNT(offsets); i++) {
        put_value(text, sizeof(text), BENCH_LATENCY,
            (double)median_of(row, offsets[i]));
        printf("%9s", text);
    }
    for (size_t i = 0; i < row->n_results; i++)
        if (row->results[i].max_ns > max)
            max = row->results[i].max_ns;
    put_value(text, sizeof(text), BENCH_LATENCY, (double)max);
    printf("%9s  ", text);
}

static void
print_histogram(const struct histogram *sum, unsigned first, unsigned n_columns)
{
    putchar('|');
    for (unsigned i = 0; i < n_columns; i++) {
        uint64_t count = 0;
        uint64_t part = sum->n / 10;
        size_t sign = 0;

        if (i + 1 < n_columns)
            count = sum->counts[first + i];
        else
            for (unsigned b = first + i; b < BENCH_BUCKETS; b++)
                count += sum->counts[b];
        for (; sign + 1 < BENCH_COUNT(signs_plain) && count < part; sign++)
            part /= 10;
        fputs(count == 0 ? " " : sign_of(sign), stdout);
    }
    puts("|");
}

/* For latencies of single operations: the tail of each system, and where its
 * samples lie, on one scale for all. Columns are half powers of two; the last
 * one has all that is beyond. */
static void
print_histograms(const struct bench_row *const *rows, size_t n)
{
    unsigned first = BENCH_BUCKETS;
    unsigned last = 0;
    unsigned n_columns;
    struct histogram sum;
    char from[32];
    char to[32];

    for (size_t i = 0; i < n; i++) {
        merge_histogram(rows[i], &sum);
        for (unsigned b = 0; b < BENCH_BUCKETS; b++) {
            if (sum.counts[b] == 0)
                continue;
            first = b < first ? b : first;
            last = b > last ? b : last;
        }
    }
    if (first == BENCH_BUCKETS)
        return;
    n_columns = last - first + 1;
    if (n_columns > HISTOGRAM_COLUMNS)
        n_columns = HISTOGRAM_COLUMNS;
    put_value(
        from, sizeof(from), BENCH_LATENCY, (double)bench_bucket_start(first));
    put_value(to, sizeof(to), BENCH_LATENCY,
        (double)bench_bucket_start(first + n_columns));
    printf("  %s%-14s%9s%9s%9s%9s  from %s to %s%s\n", DIM, "", "p90", "p99",
        "p99.9", "max", from, to, PLAIN);
    for (size_t i = 0; i < n; i++) {
        merge_histogram(rows[i], &sum);
        if (sum.n == 0)
            continue;
        print_percentiles(rows[i]);
        print_histogram(&sum, first, n_columns);
    }
    printf("  %sa column is half a power of two; %s a tenth of the samples or "
           "more,\n"
           "  %s a hundredth, and so on: %s %s %s; percentiles are medians of "
           "the runs%s\n",
        DIM, sign_of(0), sign_of(1), sign_of(2), sign_of(3), sign_of(4), PLAIN);
}

/* ----------------------------------------------------------------- blocks */

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
            bench_row_unit(row) == BENCH_FIGURE
                ? print_figure(row)
                : print_row(plan, row, rows[0]->median);
        else if (row->state == BENCH_ROW_ABSENT)
            printf("  %s%-14s absent: %s%s\n", DIM, row->system->name, row->why,
                PLAIN);
        else if (row->state != BENCH_ROW_GOOD)
            printf("  %s%-14s %s%s\n", RED, row->system->name, row->why, PLAIN);
    }
    print_notes(rows, n);
    if (top->which->shows_tail)
        print_histograms(rows, n);
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

    if (ours == NULL || ours->state != BENCH_ROW_GOOD || ours->n_results == 0 ||
        bench_row_unit(ours) == BENCH_FIGURE)
        return;
    for (size_t i = first; i < first + n; i++) {
        const struct bench_row *row = &plan->rows[i];

        /* Not against Strait's own other forms, nor what is no rival. */
        if (row->state != BENCH_ROW_GOOD || row->n_results == 0 ||
            row->system->kind == BENCH_YARDSTICK ||
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
    if (bench_row_unit(ours) == BENCH_SIZE)
        printf("  %s: %s/%s, strait needs %.2f times as much as %s\n",
            ratio <= 1 + LEVEL_PART ? "level" : "behind", ours->question->name,
            ours->which->name, ratio, best->system->name);
    else
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
            if (plan->rows[j].question == row->question &&
                plan->rows[j].state == BENCH_ROW_ABSENT &&
                strcmp(plan->rows[j].system->name, row->system->name) == 0)
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
                bench_row_is_reference(row))) {
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
