/* SPDX-License-Identifier: MIT */
/*
 * sched_priv.h - the structs of a pool, its crews and its lanes. Included by:
 * the .c files of lib/sched, and sched/submit.h for the layer above.
 *
 *     pool --+-- crew of the CPU lanes: fixed threads, all lanes of that class
 *            +-- lane "user", "cpu", ...
 *            +-- lane "file" with a crew of its own: threads that come and go
 */
#ifndef STI_SCHED_PRIV_H
#define STI_SCHED_PRIV_H

#include <strait/fork.h>
#include <strait/future.h>
#include <strait/pool.h>
#include <strait/ring.h>

#include "base/counter.h"
#include "base/spin.h"
#include "sched/order.h"
#include "sched/parking.h"
#include "sched/removal.h"

#include <pthread.h>

typedef struct sti_crew sti_crew_t;

/* What one worker has counted of one lane; nobody else writes it. */
typedef struct sti_cell {
    sti_counter_t n_run;
    sti_counter_t n_removed; /* taken, and found to be cancelled */
    sti_counter_t n_woken;   /* times it was woken and began with this lane */
    sti_counter_t wait[STRAIT_HISTOGRAM_BUCKETS];
    sti_counter_t run[STRAIT_HISTOGRAM_BUCKETS];
} sti_cell_t;

/* A worker times up to so many items at once, ... */
#define STI_GROUP_MAX 32
/* ... while they take no longer than this together, ns. */
#define STI_GROUP_NS 4000

/* Roots that a worker can have within one another, each with a deque. */
#define STI_FORK_ROOTS_MAX 32
/* Stolen tasks that a worker runs within one another, in joins. */
#define STI_FORK_DEPTH_MAX 64

/* A worker's part in fork-join; see fork.c. */
typedef struct sti_fork {
    strait_deque_t *deques[STI_FORK_ROOTS_MAX];
    uint32_t n_used; /* of them, by the roots that it is in */
    uint32_t depth;  /* stolen tasks that it is in */
    uint32_t victim; /* seat of the last one that it stole from */
    uint32_t random; /* not 0 */
    bool woken;      /* for a task not yet taken */
    bool barren;     /* there was no address space for its first deque */
    sti_counter_t max_depth;
    sti_counter_t n_spawned;
    sti_counter_t n_stolen;
    sti_counter_t n_leapt;
    sti_counter_t n_failed;
    sti_counter_t n_exposed;
    sti_counter_t n_reclaimed;
    sti_counter_t n_waits;
} sti_fork_t;

/* Whether a seat has a thread. */
enum { STI_SEAT_FREE = 0, STI_SEAT_LIVE = 1, STI_SEAT_ENDED = 2 };

/* One thread of a crew and what it alone writes. */
typedef struct sti_worker {
    strait_pool_t *pool;
    sti_crew_t *crew;
    pthread_t thread;
    void *scratch;
    uint32_t seat;                    /* in the crew */
    STRAIT_ATOMIC(uint32_t) occupied; /* STI_SEAT_* */
    char pad0_[STRAIT_CACHE_LINE];
    /* What it is at, for those who ask. */
    STRAIT_ATOMIC(strait_work_fn) running; /* NULL: nothing */
    STRAIT_ATOMIC(strait_lane_t *) lane;   /* of what it runs, or ran last */
    STRAIT_ATOMIC(uint64_t) begun_ns;      /* when its group of items began */
    STRAIT_ATOMIC(uint32_t) parked;
    sti_counter_t n_parks;
    sti_counter_t n_wakes;
    sti_counter_t n_gap_waits;
    sti_counter_t n_naps;
    /* Its clock: the group of items that is being timed. */
    uint64_t last_ns;  /* of its last look at the clock, if that is fresh */
    uint64_t mean_ns;  /* of the group before */
    uint64_t stamp_ns; /* when the first item of the group was submitted */
    uint64_t wait_ns;  /* how long that one waited */
    bool woken;        /* somebody has woken us, for an item not yet taken */
    bool fresh;        /* nothing but library code has run since last_ns */
    uint32_t n_group;  /* items of this group so far */
    uint32_t group;    /* how many it is to have */
    sti_cell_t *cell;  /* where the group is counted */
    /* Whether it is one too many (nap.h). */
    uint32_t n_short_sleeps; /* in a row */
    uint64_t awake_since_ns; /* since it slept or napped */
    /* How many items it takes without looking for one to prefetch. */
    uint32_t n_unseen;
    /* Its view of the lanes: most urgent first, and whose turn it is among
     * equals. */
    uint32_t n_ranked;
    uint8_t rank[STRAIT_POOL_LANES_MAX];
    uint8_t turn[STRAIT_LANE_PRIORITY_MAX + 1]; /* index into rank */
    uint32_t left; /* items until the turn ends, of the lane below */
    uint8_t left_lane;
    uint64_t aged_ns;    /* last look at the ages */
    strait_lane_t *aged; /* the lane that it put first, until the next */
    strait_lane_t *owes; /* a lane whose gate had WANTED when we left it */
    sti_fork_t fork;
    char pad1_[STRAIT_CACHE_LINE];
} sti_worker_t;

/* Threads that serve the same lanes. */
struct sti_crew {
    sti_parking_t parking;
    strait_pool_t *pool;
    /* Its lanes, oldest first, and their outlets as the core wants them. An
     * entry never changes once it is counted. */
    STRAIT_ATOMIC(uint32_t) n_lanes;
    sti_outlet_t *outlets[STRAIT_POOL_LANES_MAX];
    strait_lane_t *lanes[STRAIT_POOL_LANES_MAX];
    uint64_t idle_ns;     /* 0: threads stay */
    uint32_t min_threads; /* threads that stay anyway */
    uint32_t first_index; /* of its threads, for strait_worker_index */
    uint32_t n_seats;
    STRAIT_ATOMIC(uint32_t) n_napping;
    sti_worker_t *workers; /* n_seats of each */
    sti_seat_t *seats;
    sti_idle_t *idle;
    /* Who sleeps in a join, for tasks to wake; over the same seats. */
    sti_parking_t helpers;
    sti_idle_t *idle_helpers;
    const char *name; /* of its threads, behind the pool's */
    sti_gate_t size;  /* how many threads there are */
};

struct strait_lane {
    sti_outlet_t outlet;
    sti_removal_t removal;
    /* Nobody writes these after creation. */
    strait_pool_t *pool;
    sti_crew_t *crew;
    uint32_t number; /* in the pool */
    uint32_t low_water;
    uint8_t priority;
    bool ordered;
    uint32_t weight;
    STRAIT_ATOMIC(sti_cell_t *) * cells; /* by seat */
    sti_order_t order;
    char name[16];
    strait_ring_slot_t *slots;
    uint32_t max_queued;
    sti_crew_t own; /* class BLOCKING */
    /* When the item at a position was submitted; see sti_stamp. */
    STRAIT_ATOMIC(uint64_t) * stamps;
    uint32_t n_stamps;
    /* Set for good, and seldom. */
    STRAIT_ATOMIC(uint32_t) grouped;      /* some item had a group */
    STRAIT_ATOMIC(uint32_t) short_handed; /* a due thread was refused */
    char pad_[STRAIT_CACHE_LINE];
    STRAIT_ATOMIC(strait_drain_t *) drains; /* who waits for room */
    /* Counted by whoever comes along, off the fast paths. */
    STRAIT_ATOMIC(uint64_t) n_rejected;
    STRAIT_ATOMIC(uint64_t) n_voided; /* places that were given back */
    STRAIT_ATOMIC(uint64_t) n_removed;
    STRAIT_ATOMIC(uint64_t) n_lost;
};

struct strait_pool {
    sti_crew_t cpu;
    STRAIT_ATOMIC(uint32_t) n_lanes;
    strait_lane_t *lanes[STRAIT_POOL_LANES_MAX];
    STRAIT_ATOMIC(uint32_t) closed;
    STRAIT_ATOMIC(uint32_t) cancelling; /* nothing starts any more */
    STRAIT_ATOMIC(uint32_t) n_live;     /* threads; who waits, sleeps on it */
    STRAIT_ATOMIC(uint64_t) n_started;  /* of class BLOCKING */
    STRAIT_ATOMIC(uint64_t) n_start_failed;
    /* The deque in use of each worker of class CPU, or NULL. */
    STRAIT_ATOMIC(strait_deque_t *) deques[STRAIT_POOL_WORKERS_MAX];
    STRAIT_ATOMIC(uint32_t) forks; /* 1: there has been one */
    uint64_t spin_ns;              /* what each worker's spinner begins with */
    uint64_t fork_generation;
    uint32_t n_workers;
    uint32_t next_index;         /* of the next crew's threads */
    strait_pool_config_t config; /* a copy; cpus is our own */
    bool is_default;
    strait_allocator_t allocator;
    char name[12];
};

/*
 * When items were submitted. A stamp for each place would cost every submit a
 * line that nobody else wants, so the last STI_STAMPS positions have one each,
 * in few lines that stay with the submitters, and of those before them every
 * STI_STAMP_STEP-th: behind so many others, sixteen submits do not matter.
 */
#define STI_STAMPS 256
#define STI_STAMP_STEP 16

static inline void
sti_stamp_set(strait_lane_t *lane, uint64_t pos, uint64_t now_ns)
{
    /* rlx: travels by R3, here and below. */
    strait_store_rlx(&lane->stamps[pos % STI_STAMPS], now_ns);
    if (pos % STI_STAMP_STEP == 0 && lane->n_stamps > STI_STAMPS) {
        uint64_t step = pos / STI_STAMP_STEP;
        uint32_t n_steps = lane->max_queued / STI_STAMP_STEP;

        /* rlx: as above. */
        strait_store_rlx(
            &lane->stamps[STI_STAMPS + (step & (n_steps - 1))], now_ns);
    }
}

/* When the item at a position that is filled, or was just taken, came; a little
 * before that if many came behind it. */
static inline uint64_t
sti_stamp(const strait_lane_t *lane, uint64_t pos)
{
    /* rlx: an older one only makes the answer finer than it need be. */
    uint64_t end = strait_load_rlx(&lane->outlet.ring.producer_) >>
        STRAIT_RING_SHIFT_;
    uint64_t step = pos / STI_STAMP_STEP;
    uint32_t n_steps = lane->max_queued / STI_STAMP_STEP;

    /* rlx: by R3; the place of an item that was taken may be filled anew, and
     * then looks younger. */
    if (end - pos <= STI_STAMPS || lane->n_stamps == STI_STAMPS)
        return strait_load_rlx(&lane->stamps[pos % STI_STAMPS]);
    /* rlx: as above. */
    return strait_load_rlx(&lane->stamps[STI_STAMPS + (step & (n_steps - 1))]);
}

/* The pool's thread that runs here, or NULL. worker.c */
sti_worker_t *sti_worker_self(void);

/* The body of a thread of a crew; arg is its sti_worker_t. worker.c */
void *sti_worker_main(void *arg);

/* crew.c: makes a crew without threads; 0 or -ENOMEM. A crew of all zeros may
 * be freed, too. */
int sti_crew_init(
    sti_crew_t *crew, strait_pool_t *pool, uint32_t n_seats, const char *name);
void sti_crew_free(sti_crew_t *crew);
/* Starts up to n threads; answers how many, and why no more. */
uint32_t sti_crew_start(sti_crew_t *crew, uint32_t n, int *ret_err);
/* One thread more, if there may be one more; false if none was started. */
bool sti_crew_grow(sti_crew_t *crew);
/* Finds a thread for what is queued in a crew that can grow: wakes one, starts
 * one, or keeps one from ending. False: there is none, and the system grants
 * none. */
bool sti_crew_find(sti_crew_t *crew);
/* What a submit that took ARMED out owes. */
void sti_crew_call(strait_lane_t *lane);
/* Waits for the end of all its threads. */
void sti_crew_join(sti_crew_t *crew);

/* lane.c: makes a lane known to its pool, as number n_lanes. */
void sti_lane_add(strait_lane_t *lane, uint32_t n_lanes);
/* lane.c: frees what a lane has, and the lane. */
void sti_lane_free(strait_lane_t *lane);

/* crew.c: the first and the last thing that a thread does. */
void sti_thread_started(sti_worker_t *worker);
void sti_thread_ended(sti_worker_t *worker);

/* drain.c: after a place of the lane was freed, and attention was found; status
 * is 0, or -ESHUTDOWN to call them all. */
void sti_lane_drained(strait_lane_t *lane, int status);

/* cancel.c: ends an item that nobody else has, without having run it. `why` is
 * one of the STI_WORK_* that say so (submit.h). */
void sti_work_end(strait_work_t *work, uint32_t why);
/* strait_work_cancel, but with this reason. */
int sti_work_cancel(strait_work_t *work, uint32_t why);
/* Removes an item that is queued and ends it so; false if it was not. */
bool sti_work_remove(strait_work_t *work, uint32_t why);
/* Ends all that is queued in a lane, as one of its consumers; false if a
 * submitter that was stopped inside a submit hides the rest until
 * deadline_ns. */
bool sti_lane_end_all(strait_lane_t *lane, uint32_t why, uint64_t deadline_ns);

/* fork.c: true if the pool has ever seen a task. */
static inline bool
sti_forks(const strait_pool_t *pool)
{
    /* rlx: whoever sleeps without having seen it is seen (fork.c). */
    return strait_load_rlx(&pool->forks) != 0;
}

/* fork.c: a stolen task, or NULL; the deques that have none are asked. */
strait_frame_t *sti_fork_find(sti_worker_t *worker);
/* fork.c: runs what find has found. */
void sti_fork_execute(sti_worker_t *worker, strait_frame_t *task);
/* fork.c: true if a deque offers something; the others are asked. */
bool sti_fork_spy(sti_worker_t *worker);
/* fork.c: tells every deque that somebody is about to sleep; true if one of
 * them offers something. */
bool sti_fork_tell_all(sti_worker_t *worker);
/* fork.c: what a worker that has left idleness does for other sleepers. */
void sti_fork_duty(sti_worker_t *worker);
/* fork.c: frees the deques. */
void sti_fork_free(sti_worker_t *worker);

/* future.c: waits for the end, without a limit; the caller sees to it that it
 * is not one of those who would have to run the item. */
int sti_future_join(strait_future_t *future);

/* request.c: nobody will be in `run` any more, for one of the STI_WORK_* that
 * say why, or 0: it has returned. True if the caller is to hand the item on. */
bool sti_request_ended(strait_work_t *work, uint32_t why);
/* request.c: `done` of a request, and its end. */
void sti_request_finish(strait_work_t *work, int status);

/* request.c: strait_work_give_up, for one of the STI_WORK_* that say why. */
int sti_request_give_up(strait_work_t *work, uint32_t why);
/* request.c: pushes a report of progress, which keeps the request until let_go;
 * false: it was given up. */
bool sti_request_report(strait_work_t *work, strait_sink_entry_t *entry);
void sti_request_let_go(strait_work_t *work);

#endif /* STI_SCHED_PRIV_H */
