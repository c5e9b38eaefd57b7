/* SPDX-License-Identifier: MIT */
/* output - see output.h. */
#define _GNU_SOURCE
#include "output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

#define OUTPUT_BYTES ((size_t)64 << 10)

void
th_output_init(struct th_output *output, int fd)
{
    memset(output, 0, sizeof(*output));
    output->fd = fd;
    output->bytes = th_grow(NULL, OUTPUT_BYTES, 1);
}

void
th_output_put(struct th_output *output, const char *bytes, size_t n)
{
    while (n > 0) {
        size_t room = OUTPUT_BYTES - output->used;
        size_t part = n < room ? n : room;

        memcpy(output->bytes + output->used, bytes, part);
        output->used += part;
        bytes += part;
        n -= part;
        if (output->used == OUTPUT_BYTES) {
            th_output_flush(output);
        }
    }
}

void
th_output_puts(struct th_output *output, const char *text)
{
    th_output_put(output, text, strlen(text));
}

static bool
must_give_up(const struct th_output *output)
{
    return output->give_up != NULL && *output->give_up;
}

/* Waits until the reader takes something. After a signal it waits for a second
 * at most, and says false if the reader did not move. */
static bool
wait_for_reader(struct th_output *output)
{
    struct pollfd reader = { output->fd, POLLOUT, 0 };
    int n;

    do {
        n = poll(&reader, 1, must_give_up(output) ? 1000 : -1);
    } while (n < 0 && errno == EINTR);
    return n != 0;
}

void
th_output_flush(struct th_output *output)
{
    size_t done = 0;

    if (output->used > 0 && output->error == 0 &&
        output->before_write != NULL) {
        output->before_write(output->arg);
    }
    while (done < output->used && output->error == 0) {
        size_t part = output->used - done;
        ssize_t n;

        if (must_give_up(output)) {
            /* No more than a pipe with room for something surely takes, so
             * that no write waits any more. */
            part = part < PIPE_BUF ? part : PIPE_BUF;
            if (!wait_for_reader(output)) {
                output->error = EINTR;
                break;
            }
        }
        n = write(output->fd, output->bytes + done, part);
        if (n >= 0) {
            done += (size_t)n;
        } else if (errno == EAGAIN) {
            /* Somebody else made it non-blocking. */
            output->error = wait_for_reader(output) ? 0 : EINTR;
        } else if (errno != EINTR) {
            output->error = errno;
        }
    }
    output->used = 0;
}

void
th_output_free(struct th_output *output)
{
    free(output->bytes);
    output->bytes = NULL;
}
