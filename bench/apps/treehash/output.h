/* SPDX-License-Identifier: MIT */
/*
 * output - a buffered writer that knows when its reader is gone.
 *
 * The C library's streams would do, but for one thing: a signal must be able
 * to end a write that waits for a reader who does not read.
 */
#ifndef TREEHASH_OUTPUT_H
#define TREEHASH_OUTPUT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

struct th_output {
    int fd;
    int error; /* a positive errno; from then on everything is dropped */
    char *bytes;
    size_t used;
    volatile sig_atomic_t *give_up;  /* set by a signal; may be NULL */
    void (*before_write)(void *arg); /* may be NULL */
    void *arg;
};

void th_output_init(struct th_output *output, int fd);

void th_output_put(struct th_output *output, const char *bytes, size_t n);

void th_output_puts(struct th_output *output, const char *text);

/* Writes what is there. */
void th_output_flush(struct th_output *output);

void th_output_free(struct th_output *output);

#endif /* TREEHASH_OUTPUT_H */
