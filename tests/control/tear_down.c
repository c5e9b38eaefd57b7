/* SPDX-License-Identifier: MIT */
/*
 * tear_down - a test that asserts nothing wrong, but leaves a block behind, as
 * its tear_down finds.
 */
#define _GNU_SOURCE
#include "blocks.h"
#include "unit.h"

static struct blocks blocks = BLOCKS_INIT;
static const strait_allocator_t *allocator;

static void
set_up(void)
{
    allocator = blocks_allocator(&blocks);
}

static void
tear_down(void)
{
    check_blocks(&blocks);
}

FIXTURE_TEST(control, keeps_a_block)
{
    cr_assert(allocator->alloc(64, 8, allocator->arg) != NULL);
}
