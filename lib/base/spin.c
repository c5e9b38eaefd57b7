/* SPDX-License-Identifier: MIT */
/*
 * spin.c - see spin.h. The count is of the whole process, because the threads of
 * all its pools and loops share the same CPUs. CPUs that the affinity mask or
 * the quota takes away later are not noticed: the price is one short spin.
 */
#include "base/spin.h"

#include "base/env.h"

#include <strait/clock.h>
#include <strait/cpu.h>

/* Threads of this library that may want a CPU: workers and loops. */
static STRAIT_ATOMIC(uint32_t) n_threads;
/* Usable CPUs, read when the first of them started; 0: not read yet. */
static STRAIT_ATOMIC(uint32_t) n_cpus;

void
sti_spin_enter(uint32_t n)
{
    /* rlx: a hint for a policy; orders nothing. */
    if (strait_load_rlx(&n_cpus) == 0) {
        /* rlx: as above; two threads would store the same. */
        strait_store_rlx(&n_cpus, strait_cpu_usable());
    }
    /* rlx: as above. */
    (void)strait_add_rlx(&n_threads, n);
}

void
sti_spin_leave(uint32_t n)
{
    /* rlx: as above. */
    (void)strait_add_rlx(&n_threads, 0u - n);
}

uint64_t
sti_spin_ns(void)
{
    /* rlx: as above. */
    uint32_t threads = strait_load_rlx(&n_threads);

    /* rlx: as above. */
    return strait_load_rlx(&n_cpus) <= threads ? 0 : STI_SPIN_MAX_NS;
}

bool
sti_yielder_try(sti_yielder_t *yielder)
{
    uint64_t before;
    uint64_t took;

    if (yielder->n_left == 0)
        return false;
    yielder->n_left--;
    before = strait_now_ns();
    if (before < yielder->off_until_ns) {
        yielder->n_left = 0;
        return false;
    }
    STI_YIELD();
    took = strait_now_ns() - before;
    if (took > STI_YIELD_LONG_NS)
        yielder->off_until_ns = before + took * (STI_YIELD_PENALTY + 1);
    return true;
}
