/* SPDX-License-Identifier: MIT */
/*
 * post_from_thread.c - a thread sends messages to a loop. It holds a reference,
 * which keeps the loop going; giving it back lets the loop end.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strait/strait.h>

struct reading {
    strait_post_t post;
    int celsius;
};

static void /* on the loop; the message is ours again, so it is freed here */
print_reading(strait_post_t *post, int status, void *arg)
{
    struct reading *reading = arg;

    (void)post;
    if (status == 0)
        printf("%d degrees\n", reading->celsius);
    free(reading);
}

static void * /* a thread of its own */
read_sensor(void *arg)
{
    strait_loop_ref_t *ref = arg;
    int celsius;

    for (celsius = 19; celsius <= 22; celsius++) {
        struct reading *reading = malloc(sizeof *reading);

        if (reading == NULL)
            break;
        reading->celsius = celsius;
        strait_post_init(&reading->post, print_reading, reading);
        if (strait_loop_post(ref, &reading->post) != 0)
            free(reading); /* the loop is gone */
    }
    strait_loop_ref_close(ref);
    return NULL;
}

int
main(void)
{
    strait_loop_ref_t *ref;
    strait_loop_t *loop;
    pthread_t sensor;

    if (strait_loop_create(&loop, NULL) != 0 ||
        strait_loop_ref_open(loop, &ref) != 0 ||
        pthread_create(&sensor, NULL, read_sensor, ref) != 0)
        return 1;
    strait_loop_run(loop, STRAIT_RUN_DEFAULT); /* until the last reference */
    pthread_join(sensor, NULL);
    strait_loop_destroy(loop);
    puts("the sensor has gone");
    return 0;
}
