/* SPDX-License-Identifier: MIT */
/*
 * swap_table.c - threads look things up in a table while another one replaces
 * it, again and again. Readers take no lock and do not wait; an old table is
 * freed when nobody can be reading it any more.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <strait/atomic.h>
#include <strait/reclaim.h>

#define N_READERS 2
#define N_TABLES 1000
#define N_ENTRIES 8

struct table {
    strait_reclaim_node_t node; /* for the time after */
    int entries[N_ENTRIES];     /* all the same */
};

static strait_reclaim_t *reclaim;
static STRAIT_ATOMIC(struct table *) current;
static STRAIT_ATOMIC(int) is_over;

static struct table *
make_table(int number)
{
    struct table *table = malloc(sizeof *table);
    int i;

    for (i = 0; table != NULL && i < N_ENTRIES; i++)
        table->entries[i] = number;
    return table;
}

static void
free_table(strait_reclaim_node_t *node)
{
    free(STRAIT_CONTAINER_OF(node, struct table, node));
}

/* Looks at all entries; counts the tables that were not whole. */
static void *
look_up(void *arg)
{
    int *n_torn = arg;
    strait_reclaim_member_t *me;

    if (strait_reclaim_join(&me, reclaim, "reader") != 0)
        abort();
    /* rlx: nothing depends on when it is noticed. */
    while (!strait_load_rlx(&is_over)) {
        struct table *table;
        int i;

        strait_reclaim_enter(me);
        /* acquire: with the pointer comes what it points to. */
        table = strait_load_acquire(&current);
        for (i = 1; i < N_ENTRIES; i++)
            *n_torn += table->entries[i] != table->entries[0];
        strait_reclaim_exit(me);
    }
    strait_reclaim_leave(me);
    return NULL;
}

/* Puts a new table in place of the current one; 0, or an error. */
static int
replace(strait_reclaim_member_t *me, int number)
{
    struct table *table = make_table(number);
    int answer;

    if (table == NULL)
        return 1;
    /* acq_rel: publishes the new table, and the old one is whole. */
    table = strait_xchg_acq_rel(&current, table);
    /* -EAGAIN: too many wait for a reader that stands still. */
    while ((answer = strait_reclaim_retire(me, &table->node, free_table)) ==
        -EAGAIN)
        sched_yield();
    return answer;
}

int
main(void)
{
    int n_torn[N_READERS] = { 0 };
    strait_reclaim_member_t *me;
    pthread_t readers[N_READERS];
    struct table *first = make_table(0);
    int i;

    /* rlx: there are no other threads yet. */
    strait_store_rlx(&current, first);
    if (first == NULL || strait_reclaim_create(&reclaim, NULL) != 0 ||
        strait_reclaim_join(&me, reclaim, "writer") != 0)
        return 1;
    for (i = 0; i < N_READERS; i++) {
        if (pthread_create(&readers[i], NULL, look_up, &n_torn[i]) != 0)
            return 1;
    }
    for (i = 1; i <= N_TABLES; i++) {
        if (replace(me, i) != 0)
            return 1;
    }
    /* rlx: see look_up. */
    strait_store_rlx(&is_over, 1);
    for (i = 0; i < N_READERS; i++)
        pthread_join(readers[i], NULL);
    strait_reclaim_leave(me);
    strait_reclaim_destroy(reclaim); /* frees what still waits */
    /* rlx: there are no other threads any more. */
    free_table(&strait_load_rlx(&current)->node);
    printf("%d tables replaced, %d looks went wrong\n", N_TABLES,
        n_torn[0] + n_torn[1]);
    return 0;
}
