/* SPDX-License-Identifier: MIT */
/*
 * locked_list.h - a baseline: an intrusive list under a mutex, taken from one
 * by one or as a whole.
 */
#ifndef BENCH_LOCKED_LIST_H
#define BENCH_LOCKED_LIST_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct locked_node {
    struct locked_node *next;
};

struct locked_list {
    pthread_mutex_t mutex;
    struct locked_node *first;
    struct locked_node **link; /* where the next node goes */
};

static inline int
locked_list_init(struct locked_list *list)
{
    list->first = NULL;
    list->link = &list->first;
    return -pthread_mutex_init(&list->mutex, NULL);
}

static inline void
locked_list_fini(struct locked_list *list)
{
    pthread_mutex_destroy(&list->mutex);
}

/* Both answer or need what they say only while the mutex is held. */
static inline bool
locked_list_append(struct locked_list *list, struct locked_node *node)
{
    bool was_empty = list->first == NULL;

    node->next = NULL;
    *list->link = node;
    list->link = &node->next;
    return was_empty;
}

static inline struct locked_node *
locked_list_remove(struct locked_list *list)
{
    struct locked_node *node = list->first;

    if (node != NULL) {
        list->first = node->next;
        if (list->first == NULL)
            list->link = &list->first;
    }
    return node;
}

static inline struct locked_node *
locked_list_take_all(struct locked_list *list)
{
    struct locked_node *node = list->first;

    list->first = NULL;
    list->link = &list->first;
    return node;
}

#endif /* BENCH_LOCKED_LIST_H */
