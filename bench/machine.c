/* SPDX-License-Identifier: MIT */
/*
 * machine - where and with what the numbers were made.
 */
#include "harness.h"

#include "support.h"

#include <errno.h>
#include <strait/strait.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The first line of a file that starts with `key`, from behind its colon. */
static void
field_of(const char *path, const char *key, char *buffer, size_t size_bytes)
{
    FILE *file = fopen(path, "re");
    char line[512];

    buffer[0] = '\0';
    if (file == NULL)
        return;
    while (fgets(line, sizeof(line), file) != NULL) {
        char *colon = strchr(line, ':');

        if (strncmp(line, key, strlen(key)) != 0 || colon == NULL)
            continue;
        colon += 1 + strspn(colon + 1, " \t");
        colon[strcspn(colon, "\n")] = '\0';
        snprintf(buffer, size_bytes, "%s", colon);
        break;
    }
    fclose(file);
}

/* The commit of the tree that this was built from, with a mark if files were
 * changed; "unknown" outside of a repository. */
static void
read_commit(char *buffer, size_t size_bytes)
{
    FILE *git = popen("git -C '" BENCH_SOURCE_DIR
                      "' describe --always --dirty=+changes --abbrev=10 "
                      "--match '' 2>/dev/null",
        "re");

    snprintf(buffer, size_bytes, "unknown");
    if (git == NULL)
        return;
    if (fgets(buffer, (int)size_bytes, git) != NULL)
        buffer[strcspn(buffer, "\n")] = '\0';
    pclose(git);
}

void
bench_machine_read(struct bench_machine *machine)
{
    struct utsname system;
    const char *allocator = "libc";
    char text[128];

    memset(machine, 0, sizeof(*machine));
    machine->compiler = BENCH_COMPILER;
    machine->flags = BENCH_FLAGS;
    machine->build_type = BENCH_BUILD_TYPE;
    machine->n_cpus = sysconf(_SC_NPROCESSORS_ONLN);
    machine->n_usable = strait_cpu_usable();
    field_of("/proc/cpuinfo", "model name", machine->cpu, sizeof(machine->cpu));
    if (machine->cpu[0] == '\0')
        snprintf(machine->cpu, sizeof(machine->cpu), "unknown processor");
    field_of("/proc/cpuinfo", "cpu MHz", text, sizeof(text));
    machine->mhz = atof(text);
    if (uname(&system) == 0) {
        snprintf(machine->kernel, sizeof(machine->kernel), "%.32s %.64s %.24s",
            system.sysname, system.release, system.machine);
        snprintf(
            machine->host, sizeof(machine->host), "%.100s", system.nodename);
    }
    if (getloadavg(machine->load, 3) != 3)
        machine->load[0] = machine->load[1] = machine->load[2] = -1;
    strait_allocator_default(&allocator);
    snprintf(machine->allocator, sizeof(machine->allocator), "%s", allocator);
    read_commit(machine->commit, sizeof(machine->commit));
}

int
bench_machine_ticks(uint64_t *ret_stolen, uint64_t *ret_all)
{
    FILE *file = fopen("/proc/stat", "re");
    unsigned long long ticks[8];
    uint64_t all = 0;
    int n;

    if (file == NULL)
        return -errno;
    /* user nice system idle iowait irq softirq steal */
    n = fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &ticks[0],
        &ticks[1], &ticks[2], &ticks[3], &ticks[4], &ticks[5], &ticks[6],
        &ticks[7]);
    fclose(file);
    if (n != 8)
        return -ENODATA;
    for (int i = 0; i < 8; i++)
        all += ticks[i];
    *ret_stolen = ticks[7];
    *ret_all = all;
    return 0;
}
