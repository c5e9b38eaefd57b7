/* SPDX-License-Identifier: MIT */
/*
 * seam_point.c - the hook of seam_point.h.
 */
#include "seam_point.h"

#include <stddef.h>

void (*seam_point_hook)(const char *name) = NULL;
