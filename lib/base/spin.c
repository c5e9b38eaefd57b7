/* SPDX-License-Identifier: MIT */
/*
 * spin.c - see spin.h. CPUs that the affinity mask or the quota takes away
 * later are not noticed: the price is a spin of a microsecond.
 */
#include "base/spin.h"

#include <strait/cpu.h>

uint64_t
sti_spin_first_limit_ns(void)
{
    return strait_cpu_usable() > 1 ? STI_SPIN_MIN_NS * 8 : 0;
}
