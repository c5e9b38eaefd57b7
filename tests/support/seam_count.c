/* SPDX-License-Identifier: MIT */
/*
 * seam_count.c - the counters of seam_count.h.
 */
#include "seam_count.h"

_Thread_local struct seam_count seam_count;
