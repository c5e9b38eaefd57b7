/* SPDX-License-Identifier: MIT */
/*
 * questions.h - all questions, each in a folder of its own.
 */
#ifndef BENCH_QUESTIONS_H
#define BENCH_QUESTIONS_H

#include "harness.h"

extern const struct bench_question question_mpsc;
extern const struct bench_question question_spsc;
extern const struct bench_question question_ring;
extern const struct bench_question question_empty;
extern const struct bench_question question_memory;
extern const struct bench_question question_offload;
extern const struct bench_question question_burst;
extern const struct bench_question question_trickle;
extern const struct bench_question question_blocking;
extern const struct bench_question question_delay;
extern const struct bench_question question_parallel_for;
extern const struct bench_question question_sort;
extern const struct bench_question question_wake;
extern const struct bench_question question_timers;
extern const struct bench_question question_fib;
extern const struct bench_question question_nqueens;
extern const struct bench_question question_uts;
extern const struct bench_question question_skynet;
extern const struct bench_question question_integrate;
extern const struct bench_question question_tree;
extern const struct bench_question question_matmul;
extern const struct bench_question question_cilksort;
extern const struct bench_question question_fork_first;
extern const struct bench_question question_treehash;

#endif /* BENCH_QUESTIONS_H */
