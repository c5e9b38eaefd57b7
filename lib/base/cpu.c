/* SPDX-License-Identifier: MIT */
/*
 * cpu.c - how many processors may be used: the affinity mask, cut to the CPU
 * quota of the control group.
 *
 * The quota is looked for along the path that /proc/self/cgroup names, from the
 * group itself up to the root as it is mounted, because a limit may sit on any
 * ancestor: cgroup v2 cpu.max ("max 100000" or "150000 100000"), v1
 * cpu.cfs_quota_us (-1: none) and cpu.cfs_period_us. Quotas are rounded up:
 * with 1.5 CPUs two threads can each get something done. Mounts elsewhere than
 * under /sys/fs/cgroup are not found; then the affinity mask decides alone.
 */
#define _GNU_SOURCE
#include <strait/cpu.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CGROUP_ROOT "/sys/fs/cgroup"

/* The largest mask asked for, in CPUs; the kernel's own limit is 8192. */
#define MASK_CPUS 8192

static uint32_t
affinity_cpus(void)
{
    cpu_set_t *mask = CPU_ALLOC(MASK_CPUS);
    size_t size = CPU_ALLOC_SIZE(MASK_CPUS);
    long online;
    int n = 0;

    if (mask != NULL && sched_getaffinity(0, size, mask) == 0)
        n = CPU_COUNT_S(size, mask);
    CPU_FREE(mask);
    if (n > 0)
        return (uint32_t)n;
    online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint32_t)online : 1;
}

/* Reads a small file; answers false if it cannot. */
static bool
read_text(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return false;
    n = read(fd, text, size - 1);
    (void)close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    return true;
}

/* quota / period rounded up, or UINT32_MAX for none. */
static uint32_t
quota_cpus(long long quota, long long period)
{
    long long cpus;

    if (quota <= 0 || period <= 0)
        return UINT32_MAX;
    cpus = (quota - 1) / period + 1;
    return cpus < UINT32_MAX ? (uint32_t)cpus : UINT32_MAX;
}

/* The quota set on one group directory. */
static uint32_t
group_cpus(const char *directory)
{
    char path[4096 + 64];
    char text[128];
    long long quota;
    long long period;

    (void)snprintf(path, sizeof path, "%s/cpu.max", directory);
    if (read_text(path, text, sizeof text)) {
        if (sscanf(text, "%lld %lld", &quota, &period) == 2)
            return quota_cpus(quota, period);
        return UINT32_MAX; /* "max" */
    }
    (void)snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", directory);
    if (!read_text(path, text, sizeof text))
        return UINT32_MAX;
    quota = strtoll(text, NULL, 10);
    (void)snprintf(path, sizeof path, "%s/cpu.cfs_period_us", directory);
    if (!read_text(path, text, sizeof text))
        return UINT32_MAX;
    period = strtoll(text, NULL, 10);
    return quota_cpus(quota, period);
}

/* The least quota from the group `path` below `mount` up to the mount. */
static uint32_t
tree_cpus(const char *mount, const char *path)
{
    char directory[4096];
    uint32_t least = UINT32_MAX;
    size_t root = strlen(mount);
    int n = snprintf(directory, sizeof directory, "%s%s", mount, path);

    if (n < 0 || (size_t)n >= sizeof directory)
        return UINT32_MAX;
    for (;;) {
        uint32_t cpus = group_cpus(directory);
        char *slash;

        if (cpus < least)
            least = cpus;
        slash = strrchr(directory, '/');
        if (slash == NULL || (size_t)(slash - directory) < root)
            return least;
        *slash = '\0';
    }
}

/* True if the comma-separated list of v1 controllers names "cpu". */
static bool
names_cpu(const char *list)
{
    while (*list != '\0') {
        size_t n = strcspn(list, ",");

        if (n == 3 && memcmp(list, "cpu", 3) == 0)
            return true;
        list += n;
        list += *list == ',';
    }
    return false;
}

static uint32_t
cgroup_cpus(void)
{
    char text[8192];
    char *save = NULL;
    char *line;
    uint32_t least = UINT32_MAX;

    if (!read_text("/proc/self/cgroup", text, sizeof text))
        return UINT32_MAX;
    /* Lines are hierarchy:controllers:path; v2 has "0::path". */
    for (line = strtok_r(text, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        char *controllers = strchr(line, ':');
        char *path;
        uint32_t cpus = UINT32_MAX;

        if (controllers == NULL)
            continue;
        controllers++;
        path = strchr(controllers, ':');
        if (path == NULL)
            continue;
        *path++ = '\0';
        if (*controllers == '\0')
            cpus = tree_cpus(CGROUP_ROOT, path);
        else if (names_cpu(controllers))
            cpus = tree_cpus(CGROUP_ROOT "/cpu", path);
        if (cpus < least)
            least = cpus;
    }
    return least;
}

uint32_t
strait_cpu_usable(void)
{
    int saved = errno;
    uint32_t cpus = affinity_cpus();
    uint32_t quota = cgroup_cpus();

    errno = saved;
    return quota < cpus ? quota : cpus;
}
