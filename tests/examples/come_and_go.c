/* SPDX-License-Identifier: MIT */
/*
 * come_and_go.c - senders hold a reference to a letterbox while they need it;
 * its owner reads a few letters and moves out. Letters that nobody has read go
 * back, and whoever is the last to leave takes the box down.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <strait/mpsc_shared.h>

#define N_SENDERS 4
#define N_LETTERS 3 /* of each sender; as many are read altogether */

struct letter {
    strait_mpsc_node_t node;
    int from;
};

static strait_mpsc_shared_t *box;
static sem_t bell;
static int n_returned; /* written by the last one only */

/* For letters that nobody will read; called by whoever leaves last. */
static void
return_letter(strait_mpsc_node_t *node, void *arg)
{
    ++*(int *)arg;
    free(STRAIT_CONTAINER_OF(node, struct letter, node));
}

static void *
write_letters(void *arg)
{
    int i;

    for (i = 0; i < N_LETTERS; i++) {
        struct letter *letter = malloc(sizeof *letter);

        if (letter == NULL)
            break;
        letter->from = *(int *)arg;
        /* Fine even if the owner has gone: it will be returned. */
        if (strait_mpsc_push(&box->queue, &letter->node))
            sem_post(&bell);
    }
    if (strait_mpsc_shared_release(box) == 1)
        free(box);
    return NULL;
}

static int
read_letters(int n)
{
    int n_read = 0;

    while (n_read < n) {
        strait_mpsc_node_t *node;

        if (strait_mpsc_pop(&box->queue, &node) == STRAIT_MPSC_ITEM) {
            free(STRAIT_CONTAINER_OF(node, struct letter, node));
            n_read++;
        } else if (strait_mpsc_arm(&box->queue)) {
            sem_wait(&bell); /* the next push rings it */
        } else {
            sched_yield(); /* it is about to come */
        }
    }
    return n_read;
}

int
main(void)
{
    pthread_t threads[N_SENDERS];
    int names[N_SENDERS];
    int n_read;
    int i;

    box = malloc(sizeof *box);
    if (box == NULL ||
        strait_mpsc_shared_init(box, return_letter, &n_returned) != 0)
        return 1;
    sem_init(&bell, 0, 0);
    for (i = 0; i < N_SENDERS; i++) {
        names[i] = i;
        /* Opened here, where the box is sure to be there. */
        if (strait_mpsc_shared_open(box) != 0 ||
            pthread_create(&threads[i], NULL, write_letters, &names[i]) != 0)
            return 1;
    }
    n_read = read_letters(N_LETTERS); /* leaves the box not armed */
    if (strait_mpsc_shared_close(box) == 1)
        free(box);
    for (i = 0; i < N_SENDERS; i++)
        pthread_join(threads[i], NULL);
    printf("%d letters were read, %d returned\n", n_read, n_returned);
    return 0;
}
