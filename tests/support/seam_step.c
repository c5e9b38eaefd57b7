/* SPDX-License-Identifier: MIT */
/*
 * seam_step.c - the hook of seam_step.h.
 */
#include "seam_step.h"

void (*seam_step_hook)(void) = NULL;
