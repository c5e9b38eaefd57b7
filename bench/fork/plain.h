/* SPDX-License-Identifier: MIT */
/*
 * plain.h - the dialect for functions that get nothing from their system: a
 * task is defined as the C function that it is.
 */
#ifndef BENCH_FORK_PLAIN_H
#define BENCH_FORK_PLAIN_H

#define FORK_TASK_1(R, name, A, a) static R name(A a)
#define FORK_TASK_2(R, name, A, a, B, b) static R name(A a, B b)
#define FORK_TASK_3(R, name, A, a, B, b, C, c) static R name(A a, B b, C c)
#define FORK_TASK_5(R, name, A, a, B, b, C, c, D, d, E, e)                     \
    static R name(A a, B b, C c, D d, E e)
#define FORK_LEAF
#define FORK_CALL(name, ...) name(__VA_ARGS__)

#endif /* BENCH_FORK_PLAIN_H */
