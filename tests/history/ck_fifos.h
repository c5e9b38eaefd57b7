/* SPDX-License-Identifier: MIT */
/*
 * ck_fifos.h - Concurrency Kit's fifos as oracles (differential.h).
 *
 * A ck_fifo is unbounded and wants an entry for each value, which it keeps for
 * a while; twice as many entries as values, used in turn, are more than it can
 * hold on to.
 */
#ifndef STRAIT_TESTS_CK_FIFOS_H
#define STRAIT_TESTS_CK_FIFOS_H

#include "differential.h"

extern const struct differential_queue ck_fifo_spsc_queue;
extern const struct differential_queue ck_fifo_mpmc_queue;

#endif /* STRAIT_TESTS_CK_FIFOS_H */
