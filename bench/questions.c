/* SPDX-License-Identifier: MIT */
/*
 * questions - the list that the harness goes through.
 */
#include "questions.h"

const struct bench_question *const bench_questions[] = {
    &question_mpsc,
    &question_spsc,
    &question_ring,
    &question_empty,
    &question_memory,
    &question_offload,
    &question_burst,
    &question_trickle,
    &question_blocking,
    &question_delay,
    &question_parallel_for,
    &question_sort,
    &question_wake,
    &question_timers,
    &question_fib,
    &question_nqueens,
    &question_uts,
    &question_skynet,
    &question_integrate,
    &question_tree,
    &question_matmul,
    &question_cilksort,
    &question_fork_first,
    &question_treehash,
};

const size_t bench_n_questions = BENCH_COUNT(bench_questions);
