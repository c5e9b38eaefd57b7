/* SPDX-License-Identifier: MIT */
/*
 * fork.c - see fork.h. The page is wiped by MADV_WIPEONFORK (Linux 4.14), which
 * also covers a raw clone() or vfork-like call that skips the C library's fork
 * handlers. A fork handler clears the word as well, because some emulators
 * answer yes to every advice and do nothing.
 *
 * The generation counter itself is ordinary memory, so the child goes on from
 * where the parent was: old objects never look new.
 */
#define _GNU_SOURCE
#include "base/fork.h"

#include "base/env.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

static STRAIT_ATOMIC(uint64_t) word_before_setup;
static STRAIT_ATOMIC(uint64_t) last_generation;
static pthread_once_t setup_once = PTHREAD_ONCE_INIT;
static bool setup_done;

STRAIT_ATOMIC(uint64_t) *sti_fork_word = &word_before_setup;

static void
clear_in_child(void)
{
    /* rlx: the child has one thread. */
    strait_store_rlx(sti_fork_word, 0);
}

static void
setup(void)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(
        NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool wiped;

    if (page == MAP_FAILED)
        return;
    sti_fork_word = page;
    wiped = madvise(page, size, MADV_WIPEONFORK) == 0;
    if (pthread_atfork(NULL, NULL, clear_in_child) != 0 && !wiped) {
        sti_fork_word = &word_before_setup;
        (void)munmap(page, size);
        return;
    }
    setup_done = true;
}

uint64_t
sti_fork_generation(void)
{
    uint64_t generation = 0;

    (void)pthread_once(&setup_once, setup);
    if (!setup_done)
        return 0;
    /* rlx: here and below; the word's own value is all that is exchanged. */
    if (!strait_cas_rlx(sti_fork_word, &generation, UINT64_MAX)) {
        /* Somebody was here first, or is at it this very moment. */
        while (generation == UINT64_MAX) {
            STI_YIELD();
            /* rlx: as above. */
            generation = strait_load_rlx(sti_fork_word);
        }
        return generation;
    }
    /* rlx: as above; guarded by the UINT64_MAX in the word. */
    generation = strait_add_rlx(&last_generation, 1) + 1;
    /* rlx: as above. */
    strait_store_rlx(sti_fork_word, generation);
    return generation;
}
