/* SPDX-License-Identifier: MIT */
/*
 * json - the results in the shape that google-benchmark writes, so that its
 * compare.py and whatever else reads it works: `context`, then `benchmarks`
 * with one entry per run and aggregates for median, min and max. Rows that did
 * not finish or failed carry error_occurred; absent systems are listed in the
 * context.
 */
#include "harness.h"

#include "support.h"

#include <errno.h>
#include <string.h>

static void
put_text(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            fprintf(file, "\\%c", c);
        else if (c < 0x20)
            fprintf(file, "\\u%04x", c);
        else
            fputc(c, file);
    }
    fputc('"', file);
}

static void
put_pair(FILE *file, const char *indent, const char *key, const char *value)
{
    fprintf(file, "%s\"%s\": ", indent, key);
    put_text(file, value);
    fputs(",\n", file);
}

static void
put_context(FILE *file, const struct bench_machine *machine,
    const struct bench_plan *plan)
{
    time_t now = time(NULL);
    struct tm parts;
    char date[64] = "";
    char name[128];
    bool is_first = true;

    if (localtime_r(&now, &parts) != NULL)
        strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S%z", &parts);
    fputs("  \"context\": {\n", file);
    put_pair(file, "    ", "date", date);
    put_pair(file, "    ", "host_name", machine->host);
    put_pair(file, "    ", "executable", "strait-bench");
    fprintf(file, "    \"num_cpus\": %ld,\n", machine->n_cpus);
    fprintf(file, "    \"mhz_per_cpu\": %.0f,\n", machine->mhz);
    fputs("    \"cpu_scaling_enabled\": false,\n    \"caches\": [],\n", file);
    fprintf(file, "    \"load_avg\": [%.2f, %.2f, %.2f],\n", machine->load[0],
        machine->load[1], machine->load[2]);
    put_pair(file, "    ", "library_build_type",
        strcmp(machine->build_type, "Debug") == 0 ? "debug" : "release");
    put_pair(file, "    ", "cpu_model", machine->cpu);
    put_pair(file, "    ", "kernel", machine->kernel);
    put_pair(file, "    ", "compiler", machine->compiler);
    put_pair(file, "    ", "flags", machine->flags);
    put_pair(file, "    ", "allocator", machine->allocator);
    put_pair(file, "    ", "commit", machine->commit);
    fprintf(file, "    \"seed\": %llu,\n", (unsigned long long)plan->seed);
    fprintf(file, "    \"rounds\": %u,\n", plan->n_rounds);
    fprintf(file, "    \"steal_percent\": %.2f,\n", plan->steal_percent);
    fputs("    \"absent\": [", file);
    for (size_t i = 0; i < plan->n_rows; i++) {
        if (plan->rows[i].state != BENCH_ROW_ABSENT)
            continue;
        fputs(is_first ? "" : ", ", file);
        put_text(file, bench_row_name(&plan->rows[i], name, sizeof(name)));
        is_first = false;
    }
    fputs("]\n  },\n", file);
}

/* Whether what is shown is no time: real_time is the time of the run then, and
 * 0 in aggregates. */
static bool
is_no_time(enum bench_unit unit)
{
    return unit == BENCH_SIZE || unit == BENCH_FIGURE;
}

/* The counter of an entry, last in it. */
static void
put_counter(FILE *file, enum bench_unit unit, double cost)
{
    if (is_no_time(unit))
        fprintf(file, "      \"%s\": %.6g\n    }",
            unit == BENCH_SIZE ? "bytes_per_item" : "figure", cost);
    else
        fprintf(file, "      \"%s\": %.8g\n    }",
            unit == BENCH_BYTES ? "bytes_per_second" : "items_per_second",
            1e9 / cost);
}

static void
put_percentiles(FILE *file, const struct bench_result *result)
{
    const struct {
        const char *name;
        uint64_t ns;
    } values[] = {
        { "p90", result->p90_ns },
        { "p99", result->p99_ns },
        { "p99_9", result->p999_ns },
        { "max", result->max_ns },
    };

    for (size_t i = 0; i < BENCH_COUNT(values); i++)
        if (values[i].ns != 0)
            fprintf(file, "      \"%s\": %llu,\n", values[i].name,
                (unsigned long long)values[i].ns);
}

/* Where the samples lie: pairs of a time and how many took that or longer, up
 * to the next. */
static void
put_histogram(FILE *file, const struct bench_result *result)
{
    const char *comma = "";

    if (result->max_ns == 0)
        return;
    fputs("      \"histogram\": [", file);
    for (unsigned i = 0; i < BENCH_BUCKETS; i++) {
        if (result->buckets[i] == 0)
            continue;
        fprintf(file, "%s[%llu, %u]", comma,
            (unsigned long long)bench_bucket_start(i), result->buckets[i]);
        comma = ", ";
    }
    fputs("],\n", file);
}

static void
put_head(FILE *file, bool *is_first, const char *name, const char *run_name,
    size_t family, const char *run_type, size_t repetitions)
{
    fputs(*is_first ? "    {\n" : ",\n    {\n", file);
    *is_first = false;
    put_pair(file, "      ", "name", name);
    fprintf(file, "      \"family_index\": %zu,\n", family);
    fputs("      \"per_family_instance_index\": 0,\n", file);
    put_pair(file, "      ", "run_name", run_name);
    put_pair(file, "      ", "run_type", run_type);
    fprintf(file, "      \"repetitions\": %zu,\n", repetitions);
}

static void
put_run(FILE *file, bool *is_first, const struct bench_row *row, size_t family,
    size_t index)
{
    const struct bench_result *result = &row->results[index];
    enum bench_unit unit = bench_row_unit(row);
    char name[128];
    double n_ops = (double)(result->n_ops ? result->n_ops : 1);
    double cost = bench_row_cost(row, result);
    double ns = is_no_time(unit) ? (double)result->ns / n_ops : cost;

    bench_row_name(row, name, sizeof(name));
    put_head(file, is_first, name, name, family, "iteration", row->n_results);
    fprintf(file, "      \"repetition_index\": %zu,\n", index);
    fputs("      \"threads\": 1,\n", file);
    fprintf(file, "      \"iterations\": %llu,\n",
        (unsigned long long)result->n_ops);
    fprintf(file, "      \"real_time\": %.6g,\n", ns);
    fprintf(
        file, "      \"cpu_time\": %.6g,\n", (double)result->cpu_ns / n_ops);
    fputs("      \"time_unit\": \"ns\",\n", file);
    put_percentiles(file, result);
    put_histogram(file, result);
    if (result->note[0] != '\0')
        put_pair(file, "      ", "label", result->note);
    put_counter(file, unit, cost);
}

static double
median_cpu(const struct bench_row *row)
{
    uint64_t values[64];
    size_t n = row->n_results < 64 ? row->n_results : 64;

    for (size_t i = 0; i < n; i++) {
        const struct bench_result *result = &row->results[i];

        values[i] = result->cpu_ns * 1000 / (result->n_ops ? result->n_ops : 1);
    }
    qsort(values, n, sizeof(values[0]), bench_compare_u64);
    return (double)values[n / 2] / 1000;
}

static void
put_aggregate(FILE *file, bool *is_first, const struct bench_row *row,
    size_t family, const char *aggregate, double cost)
{
    enum bench_unit unit = bench_row_unit(row);
    char run_name[128];
    char name[160];

    bench_row_name(row, run_name, sizeof(run_name));
    snprintf(name, sizeof(name), "%s_%s", run_name, aggregate);
    put_head(
        file, is_first, name, run_name, family, "aggregate", row->n_results);
    fputs("      \"threads\": 1,\n", file);
    put_pair(file, "      ", "aggregate_name", aggregate);
    put_pair(file, "      ", "aggregate_unit", "time");
    fprintf(file, "      \"iterations\": %zu,\n", row->n_results);
    fprintf(file, "      \"real_time\": %.6g,\n", is_no_time(unit) ? 0 : cost);
    fprintf(file, "      \"cpu_time\": %.6g,\n", median_cpu(row));
    fputs("      \"time_unit\": \"ns\",\n", file);
    put_counter(file, unit, cost);
}

static void
put_error(
    FILE *file, bool *is_first, const struct bench_row *row, size_t family)
{
    char name[128];

    bench_row_name(row, name, sizeof(name));
    put_head(file, is_first, name, name, family, "iteration", 1);
    fputs("      \"repetition_index\": 0,\n      \"threads\": 1,\n", file);
    fputs("      \"error_occurred\": true,\n", file);
    put_pair(file, "      ", "error_message", row->why);
    fputs("      \"iterations\": 0,\n      \"real_time\": 0,\n"
          "      \"cpu_time\": 0,\n      \"time_unit\": \"ns\"\n    }",
        file);
}

int
bench_json_write(const char *path, const struct bench_machine *machine,
    const struct bench_plan *plan)
{
    FILE *file = fopen(path, "we");
    bool is_first = true;
    bool is_bad;

    if (file == NULL)
        return -errno;
    fputs("{\n", file);
    put_context(file, machine, plan);
    fputs("  \"benchmarks\": [\n", file);
    for (size_t i = 0; i < plan->n_rows; i++) {
        const struct bench_row *row = &plan->rows[i];

        if (row->state == BENCH_ROW_ABSENT)
            continue;
        if (row->state != BENCH_ROW_GOOD) {
            put_error(file, &is_first, row, i);
            continue;
        }
        if (row->n_results == 0)
            continue;
        for (size_t j = 0; j < row->n_results; j++)
            put_run(file, &is_first, row, i, j);
        put_aggregate(file, &is_first, row, i, "median", row->median);
        put_aggregate(file, &is_first, row, i, "min", row->min);
        put_aggregate(file, &is_first, row, i, "max", row->max);
    }
    fputs("\n  ]\n}\n", file);
    is_bad = ferror(file) != 0;
    if (fclose(file) != 0 || is_bad)
        return -EIO;
    return 0;
}
