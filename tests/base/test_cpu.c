/* SPDX-License-Identifier: MIT */
/*
 * test_cpu.c - usable CPUs: the affinity mask as it really is, and quotas of
 * control groups as they might be.
 *
 * The program is linked with -Wl,--wrap=open: while a test says so, paths below
 * /proc/self and /sys/fs/cgroup are looked up in a folder that the test has
 * filled.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strait/cpu.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "unit.h"

static char fake_root[64]; /* "" while the real files are read */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int
__wrap_open(const char *path, int flags, ...)
{
    char moved[512];
    mode_t mode = 0;

    if (flags & O_CREAT) {
        va_list args;

        va_start(args, flags);
        mode = (mode_t)va_arg(args, int);
        va_end(args);
    }
    if (fake_root[0] != '\0' &&
        (strncmp(path, "/proc/self/", 11) == 0 ||
            strncmp(path, "/sys/fs/cgroup", 14) == 0)) {
        snprintf(moved, sizeof moved, "%s%s", fake_root, path);
        path = moved;
    }
    return __real_open(path, flags, mode);
}

/* Writes a file below the fake root, with the folders it needs. */
static void
fake_file(const char *path, const char *text)
{
    char full[512];
    char *slash;
    FILE *file;

    snprintf(full, sizeof full, "%s%s", fake_root, path);
    for (slash = strchr(full + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(full, 0700);
        *slash = '/';
    }
    file = fopen(full, "w");
    cr_assert(file != NULL, "%s", full);
    fputs(text, file);
    fclose(file);
}

static void
begin_fake(void)
{
    strcpy(fake_root, "/tmp/strait-test-cpu-XXXXXX");
    cr_assert(mkdtemp(fake_root) != NULL);
}

static void
end_fake(void)
{
    char command[128];

    if (fake_root[0] == '\0')
        return;
    snprintf(command, sizeof command, "rm -r '%s'", fake_root);
    fake_root[0] = '\0';
    cr_assert(system(command) == 0);
}

TestSuite(cpu, .fini = end_fake, .timeout = 20);

/* CPUs in the mask of this thread; narrowed to the first `n` if n > 0. */
static unsigned
mask_cpus(unsigned n)
{
    cpu_set_t mask;
    unsigned cpu;
    unsigned kept = 0;

    CPU_ZERO(&mask);
    sched_getaffinity(0, sizeof mask, &mask);
    if (n == 0)
        return (unsigned)CPU_COUNT(&mask);
    for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &mask) && ++kept > n)
            CPU_CLR(cpu, &mask);
    }
    sched_setaffinity(0, sizeof mask, &mask);
    return (unsigned)CPU_COUNT(&mask);
}

Test(cpu, at_least_one_and_no_more_than_the_mask)
{
    cr_assert(strait_cpu_usable() >= 1);
    cr_assert(strait_cpu_usable() <= mask_cpus(0));
}

static void
narrow_to_one(void *arg)
{
    (void)arg;
    child_check(mask_cpus(1) == 1);
    child_check(strait_cpu_usable() == 1);
}

Test(cpu, follows_the_affinity_mask)
{
    cr_assert(child_run(narrow_to_one, NULL) == NULL, "%s", child_complaint);
}

Test(cpu, leaves_errno_alone)
{
    begin_fake(); /* where nothing can be opened */
    errno = 12345;
    cr_assert(strait_cpu_usable() >= 1);
    check_int(errno, 12345);
}

/* Each row: the group, files and their text, and the quota that results; the
 * answer is never more than the mask, so large quotas come out as the mask. */
static const struct {
    const char *why;
    const char *group; /* text of /proc/self/cgroup */
    const char *files[6];
    unsigned quota; /* UINT_MAX: none */
} cases[] = {
    { "no group at all", "", { NULL }, UINT_MAX },
    { "v2 without limit", "0::/a\n",
        { "/sys/fs/cgroup/a/cpu.max", "max 100000\n" }, UINT_MAX },
    { "v2, exactly one", "0::/a\n",
        { "/sys/fs/cgroup/a/cpu.max", "100000 100000\n" }, 1 },
    { "v2, a half is rounded up", "0::/a\n",
        { "/sys/fs/cgroup/a/cpu.max", "50000 100000\n" }, 1 },
    { "v2, one and a half is rounded up", "0::/a\n",
        { "/sys/fs/cgroup/a/cpu.max", "150000 100000\n" }, 2 },
    { "v2, the tightest of the ancestors", "0::/a/b/c\n",
        { "/sys/fs/cgroup/a/cpu.max", "100000 100000\n",
            "/sys/fs/cgroup/a/b/cpu.max", "max 100000\n",
            "/sys/fs/cgroup/a/b/c/cpu.max", "800000 100000\n" },
        1 },
    { "v2, a limit on the root as it is mounted", "0::/\n",
        { "/sys/fs/cgroup/cpu.max", "100000 100000\n" }, 1 },
    { "v2, a limit of somebody else", "0::/a\n",
        { "/sys/fs/cgroup/b/cpu.max", "100000 100000\n" }, UINT_MAX },
    { "v2, not a number", "0::/a\n",
        { "/sys/fs/cgroup/a/cpu.max", "many few\n" }, UINT_MAX },
    { "v2, period 0", "0::/a\n", { "/sys/fs/cgroup/a/cpu.max", "100000 0\n" },
        UINT_MAX },
    { "v1 without limit", "3:cpu,cpuacct:/x\n",
        { "/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "-1\n",
            "/sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n" },
        UINT_MAX },
    { "v1, one", "4:memory:/y\n3:cpu,cpuacct:/x\n",
        { "/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "100000\n",
            "/sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n" },
        1 },
    { "v1, cpu listed second", "3:cpuacct,cpu:/x\n",
        { "/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "20000\n",
            "/sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n" },
        1 },
    { "v1, cpuset is not cpu", "3:cpuset:/x\n",
        { "/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "100000\n",
            "/sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n" },
        UINT_MAX },
    { "v1, quota without period", "3:cpu:/x\n",
        { "/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "100000\n" }, UINT_MAX },
    { "lines that are no groups", "nonsense\n\n5\n7:\n0::/a\n",
        { "/sys/fs/cgroup/a/cpu.max", "100000 100000\n" }, 1 },
};

Test(cpu, quotas_of_control_groups)
{
    unsigned mask = mask_cpus(0);
    size_t i;
    size_t k;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned quota = cases[i].quota;

        begin_fake();
        fake_file("/proc/self/cgroup", cases[i].group);
        for (k = 0; k < 6 && cases[i].files[k] != NULL; k += 2)
            fake_file(cases[i].files[k], cases[i].files[k + 1]);
        cr_assert(strait_cpu_usable() == (quota < mask ? quota : mask),
            "%s: %u", cases[i].why, strait_cpu_usable());
        end_fake();
    }
}
