/* SPDX-License-Identifier: MIT */
/*
 * meter - the progress bar on a terminal.
 *
 *     ███████████▌────────────  45%  9,120 of 20,000 files  308 of 681 MB
 *
 * One line that is drawn over; it fits itself to the width of the terminal,
 * uses colours unless NO_COLOR is set, block characters if the locale's
 * encoding is UTF-8, and stays quiet while the program is in the background.
 */
#ifndef TREEHASH_METER_H
#define TREEHASH_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TH_METER_SAMPLES 20

struct th_meter {
    int fd;
    bool on;      /* there is a terminal to draw on */
    bool visible; /* the line is on the screen */
    bool utf8;
    bool color;
    bool total_known;
    uint64_t n_files_all;
    uint64_t n_bytes_all;
    uint64_t start_ns;
    struct {
        uint64_t ns;
        uint64_t n_bytes;
    } samples[TH_METER_SAMPLES]; /* the rate is that of the last two seconds */
    size_t n_samples;
};

/* Looks at the terminal; `on` is false in the meter if there is none. */
void th_meter_init(struct th_meter *meter, int fd, uint64_t now_ns);

/* What there is to do, once it is known. */
void th_meter_set_total(
    struct th_meter *meter, uint64_t n_files, uint64_t n_bytes);

void th_meter_draw(struct th_meter *meter, uint64_t now_ns, uint64_t n_files,
    uint64_t n_bytes);

/* Takes the line off the screen; the next draw brings it back. */
void th_meter_hide(struct th_meter *meter);

/* Numbers for people. Each answers `text`. */
#define TH_FIGURE_BYTES 32
char *th_figure_count(char *text, uint64_t n);      /* 12,345 */
char *th_figure_size(char *text, uint64_t n_bytes); /* 412 MB */

#endif /* TREEHASH_METER_H */
