/* SPDX-License-Identifier: MIT */
/* meter - see meter.h. */
#define _GNU_SOURCE
#include "meter.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <strait/clock.h>

/* The bar is worth its place from here to here. */
#define BAR_MIN 10
#define BAR_MAX 40
#define LINE_BYTES 1024

/* ---------------------------------------------------------------- figures */

char *
th_figure_count(char *text, uint64_t n)
{
    char digits[TH_FIGURE_BYTES];
    int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
    size_t used = 0;

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            text[used++] = ',';
        }
        text[used++] = digits[i];
    }
    text[used] = '\0';
    return text;
}

static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };

static size_t
unit_of(uint64_t n_bytes)
{
    size_t unit = 0;

    /* 999.5 would be shown as 1000. */
    for (double n = (double)n_bytes; n >= 999.5 && unit < 5; n /= 1000) {
        unit++;
    }
    return unit;
}

static char *
figure_in(char *text, uint64_t n_bytes, size_t unit)
{
    double n = (double)n_bytes;

    for (size_t i = 0; i < unit; i++) {
        n /= 1000;
    }
    snprintf(text, TH_FIGURE_BYTES, "%.*f", unit > 0 && n < 99.95 ? 1 : 0, n);
    return text;
}

char *
th_figure_size(char *text, uint64_t n_bytes)
{
    size_t unit = unit_of(n_bytes);
    size_t len;

    figure_in(text, n_bytes, unit);
    len = strlen(text);
    snprintf(text + len, TH_FIGURE_BYTES - len, " %s", units[unit]);
    return text;
}

static char *
figure_time(char *text, uint64_t seconds)
{
    unsigned long long h = seconds / 3600;
    unsigned m = (unsigned)(seconds / 60 % 60);
    unsigned s = (unsigned)(seconds % 60);

    if (h > 0) {
        snprintf(text, TH_FIGURE_BYTES, "%llu:%02u:%02u", h, m, s);
    } else {
        snprintf(text, TH_FIGURE_BYTES, "%u:%02u", m, s);
    }
    return text;
}

/* --------------------------------------------------------------- the line */

void
th_meter_init(struct th_meter *meter, int fd, uint64_t now_ns)
{
    const char *term = getenv("TERM");
    const char *no_color = getenv("NO_COLOR");

    memset(meter, 0, sizeof(*meter));
    meter->fd = fd;
    meter->start_ns = now_ns;
    meter->samples[0].ns = now_ns;
    meter->n_samples = 1;
    meter->on = isatty(fd) && term != NULL && term[0] != '\0' &&
        strcmp(term, "dumb") != 0;
    meter->color = no_color == NULL || no_color[0] == '\0';
    if (meter->on && setlocale(LC_CTYPE, "") != NULL) {
        meter->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    }
}

void
th_meter_set_total(struct th_meter *meter, uint64_t n_files, uint64_t n_bytes)
{
    meter->total_known = true;
    meter->n_files_all = n_files;
    meter->n_bytes_all = n_bytes;
}

/* Bytes per second, over the last samples. */
static double
rate_now(struct th_meter *meter, uint64_t now_ns, uint64_t n_bytes)
{
    uint64_t ns = now_ns - meter->samples[0].ns;
    double rate = 0;

    if (ns > 0) {
        rate = (double)(n_bytes - meter->samples[0].n_bytes) * 1e9 / (double)ns;
    }
    if (meter->n_samples == TH_METER_SAMPLES) {
        memmove(&meter->samples[0], &meter->samples[1],
            (TH_METER_SAMPLES - 1) * sizeof(meter->samples[0]));
        meter->n_samples--;
    }
    meter->samples[meter->n_samples].ns = now_ns;
    meter->samples[meter->n_samples].n_bytes = n_bytes;
    meter->n_samples++;
    return rate;
}

static size_t
terminal_width(int fd)
{
    struct winsize size;

    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    return 80;
}

/* Appends the bar: `width` cells, of which `done` (0 to 1) are full. */
static size_t
put_bar(const struct th_meter *meter, char *line, size_t used, size_t width,
    double done)
{
    static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊",
        "▉" };
    size_t n_parts = meter->utf8 ? 8 : 1;
    size_t parts = (size_t)(done * (double)(width * n_parts));
    size_t full = parts / n_parts;
    const char *text = meter->color ? "\033[36m" : "";

    used += (size_t)snprintf(line + used, LINE_BYTES - used, "%s", text);
    for (size_t i = 0; i < full; i++) {
        text = meter->utf8 ? "█" : "#";
        used += (size_t)snprintf(line + used, LINE_BYTES - used, "%s", text);
    }
    if (full < width && parts % n_parts > 0) {
        text = eighths[parts % n_parts];
        used += (size_t)snprintf(line + used, LINE_BYTES - used, "%s", text);
        full++;
    }
    text = meter->color ? "\033[0;2m" : "";
    used += (size_t)snprintf(line + used, LINE_BYTES - used, "%s", text);
    for (size_t i = full; i < width; i++) {
        text = meter->utf8 ? "─" : "-";
        used += (size_t)snprintf(line + used, LINE_BYTES - used, "%s", text);
    }
    text = meter->color ? "\033[0m" : "";
    used += (size_t)snprintf(line + used, LINE_BYTES - used, "%s", text);
    return used;
}

/* The words behind the bar, fewer of them the higher `level` is. */
static size_t
put_words(const struct th_meter *meter, char *words, int level, double done,
    uint64_t n_files, uint64_t n_bytes, double rate)
{
    char files[TH_FIGURE_BYTES];
    char files_all[TH_FIGURE_BYTES];
    char bytes[TH_FIGURE_BYTES];
    char bytes_all[TH_FIGURE_BYTES];
    char speed[TH_FIGURE_BYTES];
    char left[TH_FIGURE_BYTES] = "-:--";
    int n;

    th_figure_count(files, n_files);
    th_figure_size(speed, (uint64_t)rate);
    if (!meter->total_known) {
        th_figure_size(bytes, n_bytes);
        n = level == 0
            ? snprintf(words, LINE_BYTES,
                  "%s files  %s  %s/s  counting the rest", files, bytes, speed)
            : level == 1
            ? snprintf(words, LINE_BYTES, "%s files  %s/s", files, speed)
            : snprintf(words, LINE_BYTES, "%s files", files);
        return (size_t)n;
    }
    th_figure_count(files_all, meter->n_files_all);
    figure_in(bytes, n_bytes, unit_of(meter->n_bytes_all));
    th_figure_size(bytes_all, meter->n_bytes_all);
    if (rate >= 1) {
        uint64_t rest =
            meter->n_bytes_all > n_bytes ? meter->n_bytes_all - n_bytes : 0;

        figure_time(left, (uint64_t)((double)rest / rate + 0.5));
    }
    n = snprintf(words, LINE_BYTES, "%3.0f%%", done * 100);
    if (level <= 0) {
        n += snprintf(words + n, LINE_BYTES - (size_t)n,
            "  %s of %s files  %s of %s", files, files_all, bytes, bytes_all);
    } else if (level <= 2) {
        n += snprintf(words + n, LINE_BYTES - (size_t)n, "  %s files", files);
    }
    if (level <= 1) {
        n += snprintf(words + n, LINE_BYTES - (size_t)n, "  %s/s", speed);
    }
    if (level <= 3) {
        n += snprintf(words + n, LINE_BYTES - (size_t)n, "  %s left", left);
    }
    return (size_t)n;
}

static double
part_done(const struct th_meter *meter, uint64_t n_files, uint64_t n_bytes)
{
    double done = 0;

    if (meter->n_bytes_all > 0) {
        done = (double)n_bytes / (double)meter->n_bytes_all;
    } else if (meter->n_files_all > 0) {
        done = (double)n_files / (double)meter->n_files_all;
    }
    /* The tree may grow after it was counted. */
    return done < 1 ? done : 1;
}

void
th_meter_draw(
    struct th_meter *meter, uint64_t now_ns, uint64_t n_files, uint64_t n_bytes)
{
    char line[LINE_BYTES];
    char words[LINE_BYTES];
    size_t width;
    size_t n_words = 0;
    size_t used = 0;
    double done = part_done(meter, n_files, n_bytes);
    double rate;

    if (!meter->on) {
        return;
    }
    rate = rate_now(meter, now_ns, n_bytes);
    if (tcgetpgrp(meter->fd) != getpgrp()) {
        meter->visible = false;
        return;
    }
    /* One less: a full line would wrap on some terminals. */
    width = terminal_width(meter->fd) - 1;
    for (int level = 0; level <= 4; level++) {
        size_t beside = meter->total_known ? BAR_MIN + 2 : 0;

        n_words = put_words(meter, words, level, done, n_files, n_bytes, rate);
        if (n_words + beside <= width) {
            break;
        }
    }
    used = (size_t)snprintf(line, sizeof(line), "\r");
    if (meter->total_known && n_words + 2 + 3 <= width) {
        size_t bar = width - n_words - 2;

        used = put_bar(meter, line, used, bar < BAR_MAX ? bar : BAR_MAX, done);
        used += (size_t)snprintf(line + used, LINE_BYTES - used, "  ");
    }
    if (n_words > width) {
        n_words = width;
    }
    memcpy(line + used, words, n_words);
    used += n_words;
    used += (size_t)snprintf(line + used, LINE_BYTES - used, "\033[K");
    /* A line that cannot be drawn is drawn again soon. */
    if (write(meter->fd, line, used) > 0) {
        meter->visible = true;
    }
}

void
th_meter_hide(struct th_meter *meter)
{
    static const char clear[] = "\r\033[K";

    if (meter->visible && write(meter->fd, clear, sizeof(clear) - 1) > 0) {
        meter->visible = false;
    }
}
