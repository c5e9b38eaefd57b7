/* SPDX-License-Identifier: MIT */
/*
 * measure - what questions measure besides time: percentiles of samples,
 * CPU time, and memory.
 */
#include "harness.h"

#include "support.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

/* jemalloc's, if the program was linked with it. */
extern int mallctl(const char *name, void *old_value, size_t *old_bytes,
    void *new_value, size_t new_bytes) __attribute__((weak));

unsigned
bench_bucket_of(uint64_t ns)
{
    unsigned log2;
    unsigned bucket;

    if (ns < 2)
        return 0;
    log2 = 63 - (unsigned)__builtin_clzll(ns);
    bucket = 2 * log2 + (unsigned)(ns >> (log2 - 1) & 1);
    return bucket < BENCH_BUCKETS ? bucket : BENCH_BUCKETS - 1;
}

uint64_t
bench_bucket_start(unsigned bucket)
{
    uint64_t power = (uint64_t)1 << bucket / 2;

    return bucket % 2 == 0 ? power : power + power / 2;
}

static uint64_t
quantile(const uint64_t *sorted, size_t n, size_t permille)
{
    size_t i = n * permille / 1000;

    return sorted[i < n ? i : n - 1];
}

void
bench_take_samples(struct bench_result *result, uint64_t *samples_ns, size_t n)
{
    if (n == 0)
        return;
    qsort(samples_ns, n, sizeof(*samples_ns), bench_compare_u64);
    result->p50_ns = quantile(samples_ns, n, 500);
    result->p90_ns = quantile(samples_ns, n, 900);
    result->p99_ns = quantile(samples_ns, n, 990);
    result->p999_ns = quantile(samples_ns, n, 999);
    result->max_ns = samples_ns[n - 1];
    for (size_t i = 0; i < n; i++)
        result->buckets[bench_bucket_of(samples_ns[i])]++;
}

uint64_t
bench_cpu_ns(void)
{
    uint64_t sum = 0;

    for (int i = 0; i < 2; i++) {
        struct rusage use;

        getrusage(i == 0 ? RUSAGE_SELF : RUSAGE_CHILDREN, &use);
        sum += (uint64_t)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) *
            1000000000u;
        sum += (uint64_t)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1000u;
    }
    return sum;
}

uint64_t
bench_heap_bytes(void)
{
    uint64_t allocated = 0;
    uint64_t freed = 0;
    size_t bytes = sizeof(allocated);
    struct mallinfo2 info;

    if (mallctl != NULL &&
        mallctl("thread.allocated", &allocated, &bytes, NULL, 0) == 0 &&
        mallctl("thread.deallocated", &freed, &bytes, NULL, 0) == 0)
        return allocated - freed;
    info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

const char *
bench_heap_blind(void)
{
    uint64_t before = bench_heap_bytes();
    void *probe = malloc(1 << 16);
    bool is_seen = probe != NULL && bench_heap_bytes() >= before + (1 << 16);

    free(probe);
    return is_seen ? NULL
                   : "the allocator does not say how much it has given; use "
                     "jemalloc, or the C library's without a sanitizer";
}

uint64_t
bench_resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long long resident = 0;

    if (file == NULL)
        return 0;
    if (fscanf(file, "%*u %llu", &resident) != 1)
        resident = 0;
    fclose(file);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}
