# SPDX-License-Identifier: MIT
"""The structural controls: mistakes that somebody could make, as changes of the
text of a core. The text to be replaced must stand there exactly once."""
import dataclasses

MPSC_H = "include/strait/mpsc.h"
MPSC_C = "lib/queue/mpsc.c"
SHARED = "lib/queue/mpsc_shared.c"
RING_H = "include/strait/ring.h"
RING_C = "lib/queue/ring.c"
SPSC_H = "include/strait/spsc.h"
SPSC_C = "lib/queue/spsc.c"
EVENT_H = "include/strait/event.h"
EVENT_C = "lib/queue/event.c"
RECLAIM = "lib/queue/reclaim_core.h"
PARKING = "lib/sched/parking.h"
WORKER = "lib/sched/worker.c"
CHOOSE = "lib/sched/choose.h"
GATE = "lib/sched/gate.h"
REMOVAL = "lib/sched/removal.h"
CANCEL = "lib/sched/cancel.c"
WORK = "lib/sched/work.c"
CREW = "lib/sched/crew.c"
REQUEST = "lib/sched/request.c"
PROGRESS = "lib/sched/progress.c"
DRAIN = "lib/sched/drain.c"
FUTURE = "lib/sched/future.c"
LANE = "lib/sched/lane.c"
ORDER_H = "lib/sched/order.h"
ORDER_C = "lib/sched/order.c"
POOL = "lib/sched/pool.c"
DEQUE = "lib/sched/deque.h"
FORK = "lib/sched/fork.c"
WAKE = "lib/loop/wake.c"

MPSC_MODELS = ("mpsc_push", "mpsc_chain", "mpsc_drain", "mpsc_arm",
               "mpsc_disarm", "mpsc_pop_chain")
SHARED_MODELS = ("mpsc_shared",)
RING_MODELS = ("ring_transfer", "ring_answers", "ring_arm", "ring_close",
               "ring_batch", "ring_strong", "ring_wake")
SPSC_MODELS = ("spsc_push", "spsc_answers", "spsc_batch", "spsc_close")
EVENT_MODELS = ("event_notify", "event_flag", "event_leave", "event_pass")
RECLAIM_MODELS = ("reclaim_epoch", "reclaim_qsbr", "reclaim_places")
LANE_MODELS = ("lane_duty", "lane_submit", "lane_close")
POOL_MODELS = ("lane_create",)
GATE_MODELS = ("gate_enter", "gate_lane")
REMOVAL_MODELS = ("removal_cancel",)
CREW_MODELS = ("crew_elastic",)
REQUEST_MODELS = ("request_end",)
DRAIN_MODELS = ("drain_wish",)
FUTURE_MODELS = ("future_wait",)
ORDER_MODELS = ("order_turns", "order_bound", "order_give", "order_open",
                "order_close")
DEQUE_MODELS = ("deque_run", "deque_tell")
FORK_MODELS = ("fork_start", "fork_share", "fork_join", "fork_lane",
               "fork_nest", "fork_pass", "fork_duty")
BELL_MODELS = ("bell_ref", "bell_sleep")


@dataclasses.dataclass
class Mutant:
    name: str
    core: str
    models: tuple
    edits: list  # of (path, old text, new text); the path may be a model's, where
                 # the mistake would be its user's, and name a "@function"


PUSH_CAS = """        if (strait_cas_weak_acq_rel(
                &ring->producer_, &p, (pos + 1) << STRAIT_RING_SHIFT_)) {"""
PUSH_FREED = """        freed = strait_load_acquire(&ring->freed_);
        if ((int64_t)(pos - freed) > (int64_t)ring->mask_) {"""
PUSH_VALUE = """    strait_store_rlx(&slot->value_, value);
"""
ARM_CAS = """        if (strait_cas_release(&ring->producer_, &p, p | \
STRAIT_RING_ARMED_))
            return true;"""
ARM_TEST = """        if ((p & STRAIT_RING_CLOSED_) || (p >> STRAIT_RING_SHIFT_) != c)
            return false;
"""
POP_N_VALUE = """            /* rlx: as in strait_ring_pop. */
            values[i] = strait_load_rlx(&slot->value_);
"""
POP_N_CLAIMED = """if (strait_cas_weak_release(&ring->consumer_, &c, c + i)) {
                *ret_n = i;
"""
ALONE_VALUE = """        /* rlx: came by R3. */
        values[i] = strait_load_rlx(&slot->value_);
"""
ALONE_FREED = """        strait_store_release(&ring->consumer_, c + i);
        *ret_n = i;
"""
READ_LATE = """                for (i = 0; i < *ret_n; i++)
                    values[i] = strait_load_rlx(
                        &ring->slots_[(c + i) & ring->mask_].value_);
"""
EVENT_WAKE = """            if (all)
                STI_FUTEX_WAKE_HIGH(&event->word_);
            else
                wake_one(event, epoch, left);
"""

MUTANTS = [
    # ------------------------------------------------------------- mpsc
    Mutant("mpsc-wakes-on-stub", "mpsc", MPSC_MODELS, [
        (MPSC_H, "return prev == &q->armed_;", "return prev == &q->stub_;")]),
    Mutant("mpsc-links-before-exchange-of-next", "mpsc", MPSC_MODELS, [
        # The node's end is marked too late: over somebody's link.
        (MPSC_H + "@strait_mpsc_push_chain",
         "    strait_store_rlx(&last->next_, NULL);\n", ""),
        (MPSC_H, "    STRAIT_POINT(\"mpsc.push.gap\");\n",
         "    strait_store_rlx(&last->next_, NULL);\n")]),
    Mutant("mpsc-drains-by-store", "mpsc", MPSC_MODELS, [
        (MPSC_H, """        if (!strait_cas_release(&q->tail_, &expected, &q->stub_))
            return STRAIT_MPSC_PENDING;
""", """        if (strait_load_rlx(&q->tail_) != expected)
            return STRAIT_MPSC_PENDING;
        strait_store_release(&q->tail_, &q->stub_);
""")]),
    Mutant("mpsc-gives-out-the-last-node-at-once", "mpsc", MPSC_MODELS, [
        (MPSC_H, """        if (!strait_cas_release(&q->tail_, &expected, &q->stub_))
            return STRAIT_MPSC_PENDING;
""", """        (void)strait_cas_release(&q->tail_, &expected, &q->stub_);
""")]),
    Mutant("mpsc-keeps-the-dummys-link", "mpsc", MPSC_MODELS, [
        (MPSC_H, "        strait_store_rlx(&node->next_, NULL);\n", "")]),
    Mutant("mpsc-arms-by-store", "mpsc", MPSC_MODELS, [
        (MPSC_C, "if (strait_cas_release(&q->tail_, &expected, &q->armed_))",
         """(void)expected;
    strait_store_release(&q->tail_, &q->armed_);
    if (true)""")]),
    Mutant("mpsc-arms-by-exchange", "mpsc", MPSC_MODELS, [
        (MPSC_C, "if (strait_cas_release(&q->tail_, &expected, &q->armed_))",
         "if (strait_xchg_release(&q->tail_, &q->armed_) == expected)")]),
    Mutant("mpsc-believes-it-is-armed", "mpsc", MPSC_MODELS, [
        (MPSC_C, "    STRAIT_POINT(\"mpsc.arm\");\n",
         """    if (dummy == &q->armed_ && strait_load_rlx(&q->tail_) == dummy)
        return true;
""")]),
    Mutant("mpsc-disarms-by-store", "mpsc", MPSC_MODELS, [
        (MPSC_C, "if (!strait_cas_release(&q->tail_, &expected, &q->stub_))",
         """(void)expected;
    strait_store_release(&q->tail_, &q->stub_);
    if (false)""")]),
    Mutant("mpsc-disarm-always-says-yes", "mpsc", MPSC_MODELS, [
        (MPSC_C, """    if (!strait_cas_release(&q->tail_, &expected, &q->stub_))
        return false;
""", """    if (!strait_cas_release(&q->tail_, &expected, &q->stub_))
        return true;
""")]),
    Mutant("mpsc-chain-has-no-end", "mpsc", MPSC_MODELS, [
        (MPSC_H, "    strait_store_rlx(&last->next_, NULL);\n    *ret_first",
         "    *ret_first")]),
    Mutant("mpsc-chain-takes-the-node-of-the-gap", "mpsc", MPSC_MODELS, [
        (MPSC_H, """            if (!strait_cas_release(&q->tail_, &expected, &q->stub_))
                break;
""", """            (void)strait_cas_release(&q->tail_, &expected, &q->stub_);
""")]),
    Mutant("mpsc-chain-drains-by-store", "mpsc", MPSC_MODELS, [
        (MPSC_H, """            if (!strait_cas_release(&q->tail_, &expected, &q->stub_))
                break;
""", """            if (strait_load_rlx(&q->tail_) != expected)
                break;
            strait_store_release(&q->tail_, &q->stub_);
""")]),
    Mutant("mpsc-chain-stays-in-the-queue", "mpsc", MPSC_MODELS, [
        (MPSC_H, "    q->cursor_ = node;\n    /* rlx: ours,",
         "    /* rlx: ours,")]),
    Mutant("mpsc-chain-walks-through-the-stub", "mpsc", MPSC_MODELS, [
        (MPSC_H, "n < max && node != &q->stub_; n++)", "n < max; n++)")]),
    Mutant("mpsc-chain-counts-the-node-it-leaves", "mpsc", MPSC_MODELS, [
        (MPSC_H, "        last = node;\n        node = next;\n",
         "        node = next;\n        last = node;\n")]),

    # ------------------------------------------------------------- ring
    Mutant("ring-push-claims-in-two-steps", "ring", RING_MODELS, [
        (RING_H, PUSH_CAS, """        if (strait_load_rlx(&ring->producer_) == p) {
            strait_store_rlx(&ring->producer_,
                (pos + 1) << STRAIT_RING_SHIFT_);""")]),
    Mutant("ring-pop-claims-in-two-steps", "ring", RING_MODELS, [
        (RING_H, "if (strait_cas_weak_acq_rel(&ring->consumer_, &c, c + 1)) {",
         """if (strait_load_acquire(&ring->consumer_) == c) {
                strait_store_release(&ring->consumer_, c + 1);""")]),
    Mutant("ring-push-keeps-armed", "ring", RING_MODELS, [
        (RING_H, PUSH_CAS, """        if (strait_cas_weak_acq_rel(&ring->producer_, &p,
                ((pos + 1) << STRAIT_RING_SHIFT_) |
                    (p & STRAIT_RING_ARMED_))) {""")]),
    Mutant("ring-push-overlooks-close", "ring", RING_MODELS, [
        (RING_H + "@strait_ring_claim_", "        if (p & STRAIT_RING_CLOSED_)\n"
         "            return STRAIT_RING_CLOSED;\n", "")]),
    Mutant("ring-pop-answers-empty-by-seq", "ring", RING_MODELS, [
        (RING_H + "@strait_ring_take_",
         """                return (p >> STRAIT_RING_SHIFT_) > c ? STRAIT_RING_PENDING
                                                     : STRAIT_RING_EMPTY;
""", """                (void)p;
                return STRAIT_RING_EMPTY;
""")]),
    Mutant("ring-arm-judges-empty-by-seq", "ring", RING_MODELS, [
        (RING_C, ARM_TEST, """    if ((p & STRAIT_RING_CLOSED_) ||
        strait_load_acquire(&ring->slots_[c & ring->mask_].seq_) == c + 1)
        return false;
""")]),
    Mutant("ring-arm-by-or-after-the-test", "ring", RING_MODELS, [
        (RING_C, ARM_CAS, """    (void)strait_or_release(&ring->producer_, STRAIT_RING_ARMED_);
    return true;""")]),
    Mutant("ring-arm-by-or-without-a-test", "ring", RING_MODELS, [
        (RING_C, ARM_TEST, "    (void)c;\n"),
        (RING_C, ARM_CAS, """    p = strait_or_release(&ring->producer_, STRAIT_RING_ARMED_);
    return (p & STRAIT_RING_CLOSED_) == 0;""")]),
    Mutant("ring-arm-skips-the-cas-when-armed", "ring",
           RING_MODELS + LANE_MODELS, [
        (RING_C, "    STRAIT_POINT(\"ring.arm\");\n",
         "    if (p & STRAIT_RING_ARMED_)\n        return true;\n")]),
    Mutant("ring-arm-overlooks-close", "ring", RING_MODELS, [
        (RING_C, "if ((p & STRAIT_RING_CLOSED_) || "
         "(p >> STRAIT_RING_SHIFT_) != c)",
         "if ((p >> STRAIT_RING_SHIFT_) != c)")]),
    Mutant("ring-closes-in-two-steps", "ring", RING_MODELS, [
        (RING_C, "uint64_t p = strait_or_acquire(&ring->producer_, "
         "STRAIT_RING_CLOSED_);",
         """uint64_t p = strait_load_acquire(&ring->producer_);

    strait_store_rlx(&ring->producer_, p | STRAIT_RING_CLOSED_);""")]),
    Mutant("ring-push-publishes-before-the-value", "ring", RING_MODELS, [
        (RING_H + "@strait_ring_publish_", PUSH_VALUE, ""),
        (RING_H + "@strait_ring_publish_",
         "    strait_store_release(&slot->seq_, pos + 1);",
         "    strait_store_release(&slot->seq_, pos + 1);\n"
         + PUSH_VALUE)]),
    Mutant("ring-pop-claims-before-it-has-read", "ring", RING_MODELS, [
        (RING_H, "                *ret_value = value;\n",
         "                *ret_value = strait_load_rlx(&slot->value_);\n")]),
    Mutant("ring-push-overwrites-one-too-many", "ring", RING_MODELS, [
        (RING_H, PUSH_FREED,
         PUSH_FREED.replace("ring->mask_)", "ring->mask_ + 1)"))]),
    Mutant("ring-push-trusts-what-was-freed-to-be-full", "ring", RING_MODELS, [
        (RING_H + "@strait_ring_claim_",
         "            freed = strait_load_acquire(&ring->consumer_);\n",
         "")]),
    Mutant("ring-push-n-claims-more-than-there-is-room", "ring", RING_MODELS, [
        (RING_H, "end = pos + ((uint64_t)room < n ? (uint64_t)room : n);",
         "end = pos + n;")]),
    Mutant("ring-push-n-publishes-before-the-value", "ring", RING_MODELS, [
        (RING_H, "                strait_ring_publish_(ring, pos, *values++);\n",
         """            {
                strait_ring_slot_t *slot = &ring->slots_[pos & ring->mask_];

                strait_store_release(&slot->seq_, pos + 1);
                strait_store_rlx(&slot->value_, *values++);
            }
""")]),
    Mutant("ring-push-n-of-nothing-takes-armed", "ring", RING_MODELS, [
        (RING_H, """    if (n == 0) {
        *ret_n = 0;
        return STRAIT_RING_DONE;
    }
""", "")]),
    Mutant("ring-push-n-keeps-armed", "ring", RING_MODELS, [
        (RING_H, "&ring->producer_, &p, end << STRAIT_RING_SHIFT_)) {",
         """&ring->producer_, &p,
                (end << STRAIT_RING_SHIFT_) | (p & STRAIT_RING_ARMED_))) {""")]),
    Mutant("ring-push-n-forgets-the-wake", "ring", RING_MODELS, [
        (RING_H + "@strait_ring_push_n",
         "            return (p & STRAIT_RING_ARMED_) ? STRAIT_RING_WAKE\n",
         "            return p == UINT64_MAX ? STRAIT_RING_WAKE\n")]),
    Mutant("ring-push-n-trusts-what-was-freed-to-be-full", "ring", RING_MODELS, [
        (RING_H, """            freed = strait_load_acquire(&ring->consumer_);
            room = (int64_t)(freed + ring->mask_ + 1 - pos);
""", "")]),
    Mutant("ring-pop-n-claims-before-it-has-read", "ring", RING_MODELS, [
        (RING_H, POP_N_VALUE, ""),
        (RING_H, POP_N_CLAIMED, POP_N_CLAIMED + READ_LATE)]),
    Mutant("ring-pop-n-claims-what-it-has-not-read", "ring", RING_MODELS, [
        (RING_H, POP_N_CLAIMED, POP_N_CLAIMED.replace("c + i", "c + n")),
    ]),
    Mutant("ring-pop-n-claims-in-two-steps", "ring", RING_MODELS, [
        (RING_H, POP_N_CLAIMED, """if (strait_load_rlx(&ring->consumer_) == c) {
                strait_store_release(&ring->consumer_, c + i);
                *ret_n = i;
""")]),
    Mutant("ring-pop-n-alone-frees-before-it-has-read", "ring", RING_MODELS, [
        (RING_H, ALONE_VALUE, ""),
        (RING_H, ALONE_FREED, ALONE_FREED + READ_LATE)]),
    Mutant("ring-pop-strong-takes-pending-for-empty", "ring", RING_MODELS, [
        (RING_C, """    while ((popped = strait_ring_pop(ring, ret_value)) == \
STRAIT_RING_PENDING) {
        if (n_looks++ < STI_RING_PAUSES)
            STI_PAUSE();
        else
            STI_YIELD();
    }
""", """    (void)n_looks;
    popped = strait_ring_pop(ring, ret_value);
    if (popped == STRAIT_RING_PENDING)
        popped = STRAIT_RING_EMPTY;
""")]),
    Mutant("ring-user-does-not-pass-the-wake-on", "ring", ("ring_wake",), [
        ("tests/model/model_ring_wake.c", "        if (wake_one())\n"
         "            M_COVER(\"passed on\");\n", "        ;\n")]),
    Mutant("ring-user-arms-before-it-is-findable", "ring", ("ring_wake",), [
        ("tests/model/model_ring_wake.c",
         """            (void)strait_or_acq_rel(&idle, me);
            was_idle = true;
            if (strait_ring_arm(&ring)) {
""", """            bool armed = strait_ring_arm(&ring);

            (void)strait_or_acq_rel(&idle, me);
            was_idle = true;
            if (armed) {
""")]),

    # ---------------------------------------------------------- mpsc_shared
    Mutant("shared-closes-in-two-steps", "mpsc_shared", SHARED_MODELS, [
        (SHARED, """    h = strait_add_acq_rel(
        &s->holders_, (uint64_t)SHARED_CLOSED - (uint64_t)SHARED_ONE);
""", """    h = strait_add_acq_rel(&s->holders_, 0 - (uint64_t)SHARED_ONE);
    (void)strait_or_acq_rel(&s->holders_, SHARED_CLOSED);
""")]),
    Mutant("shared-flags-the-close-too-early", "mpsc_shared", SHARED_MODELS, [
        # Two steps the other way round, with the answer of one.
        (SHARED, """    h = strait_add_acq_rel(
        &s->holders_, (uint64_t)SHARED_CLOSED - (uint64_t)SHARED_ONE);
    return h == SHARED_ONE ? discard_all(s) : 0;
""", """    h = strait_or_acq_rel(&s->holders_, SHARED_CLOSED);
    (void)strait_add_acq_rel(&s->holders_, 0 - (uint64_t)SHARED_ONE);
    return h == SHARED_ONE ? discard_all(s) : 0;
""")]),
    Mutant("shared-opens-after-the-close", "mpsc_shared", SHARED_MODELS, [
        (SHARED, """        if (h & SHARED_CLOSED)
            return -STRAIT_ESHUTDOWN_;
""", "")]),
    Mutant("shared-opens-by-store", "mpsc_shared", SHARED_MODELS, [
        (SHARED, """        if (strait_cas_weak_rlx(&s->holders_, &h, h + SHARED_ONE))
            return 0;
""", """        strait_store_rlx(&s->holders_, h + SHARED_ONE);
        return 0;
""")]),
    Mutant("shared-everybody-who-is-late-is-last", "mpsc_shared", SHARED_MODELS, [
        (SHARED, "h == (SHARED_ONE | SHARED_CLOSED) ?",
         "(h & SHARED_CLOSED) != 0 ?")]),
    Mutant("shared-discards-one-only", "mpsc_shared", SHARED_MODELS, [
        (SHARED, "    while (strait_mpsc_pop(&s->queue, &node) == "
         "STRAIT_MPSC_ITEM)\n",
         "    if (strait_mpsc_pop(&s->queue, &node) == STRAIT_MPSC_ITEM)\n")]),
    Mutant("shared-close-discards-beside-the-producers", "mpsc_shared",
           SHARED_MODELS, [
        (SHARED, "    return h == SHARED_ONE ? discard_all(s) : 0;\n",
         "    (void)discard_all(s);\n    return h == SHARED_ONE;\n")]),

    # ------------------------------------------------------------- spsc
    Mutant("spsc-push-commits-before-it-has-written", "spsc", SPSC_MODELS, [
        (SPSC_H, "    STRAIT_DATA_SET(&q->slots_[tail & q->mask_], value);\n",
         ""),
        (SPSC_H, "    strait_store_release(&q->tail_, tail + 1);\n",
         "    strait_store_release(&q->tail_, tail + 1);\n"
         "    STRAIT_DATA_SET(&q->slots_[tail & q->mask_], value);\n")]),
    Mutant("spsc-pop-releases-before-it-has-read", "spsc", SPSC_MODELS, [
        (SPSC_H, "    *ret_value = STRAIT_DATA_GET("
         "&q->slots_[head & q->mask_]);\n", ""),
        (SPSC_H, "    strait_store_release(&q->head_, head + 1);\n",
         "    strait_store_release(&q->head_, head + 1);\n"
         "    *ret_value = STRAIT_DATA_GET(&q->slots_[head & q->mask_]);\n")]),
    Mutant("spsc-push-is-full-by-what-it-saw", "spsc", SPSC_MODELS, [
        (SPSC_H, "        q->limit_ = strait_load_acquire(&q->head_)"
         " + q->mask_ + 1;\n        q->n_head_looks_ =",
         "        (void)strait_load_acquire(&q->head_);\n"
         "        q->n_head_looks_ ="),
        (SPSC_H, "        if (q->limit_ == tail)\n            return",
         "            return")]),
    Mutant("spsc-push-goes-one-place-too-far", "spsc", SPSC_MODELS, [
        (SPSC_H, "        q->limit_ = strait_load_acquire(&q->head_)"
         " + q->mask_ + 1;\n        q->n_head_looks_ =",
         "        q->limit_ = strait_load_acquire(&q->head_)"
         " + q->mask_ + 2;\n        q->n_head_looks_ =")]),
    Mutant("spsc-reserve-adds-to-what-it-saw", "spsc", SPSC_MODELS, [
        (SPSC_H, "        limit = strait_load_acquire(&q->head_)"
         " + q->mask_ + 1;\n",
         "        limit = q->limit_ + q->mask_ + 1;\n")]),
    Mutant("spsc-reserve-runs-over-the-end", "spsc", SPSC_MODELS, [
        (SPSC_H, "    return n < room ? n : (size_t)room;\n",
         "    (void)room;\n    return n;\n")]),
    Mutant("spsc-peek-runs-over-the-end", "spsc", SPSC_MODELS, [
        (SPSC_H, "    return n < filled ? n : (size_t)filled;\n",
         "    (void)filled;\n    return n;\n")]),
    Mutant("spsc-peek-believes-the-wish", "spsc", SPSC_MODELS, [
        (SPSC_H, """        if (filled < n)
            n = (size_t)filled;
""", "")]),
    Mutant("spsc-release-gives-back-all-it-saw", "spsc", SPSC_MODELS, [
        (SPSC_H, "    strait_store_release(&q->head_, head + n);\n",
         "    (void)head;\n    (void)n;\n"
         "    strait_store_release(&q->head_, q->tail_seen_);\n")]),
    Mutant("spsc-closed-without-a-last-look", "spsc", SPSC_MODELS, [
        (SPSC_H, """            q->tail_seen_ = strait_load_acquire(&q->tail_);
            if (head == q->tail_seen_)
                return STRAIT_SPSC_CLOSED;
""", """            return STRAIT_SPSC_CLOSED;
""")]),
    Mutant("spsc-looks-for-the-close-first", "spsc", SPSC_MODELS, [
        (SPSC_H, """            if (strait_load_acquire(&q->closed_) == 0)
                return STRAIT_SPSC_EMPTY;
""", """            if (strait_load_acquire(&q->closed_) == 0)
                return STRAIT_SPSC_CLOSED;
""")]),
    Mutant("spsc-ended-although-something-is-left", "spsc", SPSC_MODELS, [
        (SPSC_C, """    return strait_load_rlx(&q->tail_) ==
        /* rlx: as above. */
        strait_load_rlx(&q->head_);
""", "    return true;\n")]),
    Mutant("spsc-push-overlooks-the-close", "spsc", SPSC_MODELS, [
        (SPSC_C, "    q->limit_ = strait_load_rlx(&q->tail_);\n", "")]),

    # ------------------------------------------------------------ event
    Mutant("event-cancels-blindly", "event", EVENT_MODELS, [
        (EVENT_C, """        if (epoch_of(w) != key)
            return false;
""", "        (void)key;\n")]),
    Mutant("event-wakes-anybody-instead-of-an-older-one", "event",
           EVENT_MODELS, [
        (EVENT_C, "bool hit = STI_FUTEX_WAKE_OTHER(&event->word_, epoch);",
         "bool hit = STI_FUTEX_WAKE_OTHER(&event->word_, epoch + 1);")]),
    Mutant("event-does-not-look-whom-it-has-woken", "event", EVENT_MODELS, [
        (EVENT_C, "    if (epoch_of(w) != epoch) {\n",
         "    if (epoch_of(w) != epoch && left > 99) {\n")]),
    Mutant("event-forgets-those-of-its-own-class", "event", EVENT_MODELS, [
        (EVENT_C, "    STI_FUTEX_WAKE_CLASS(&event->word_, epoch);\n", "")]),
    Mutant("event-takes-phantoms-out-by-store", "event", EVENT_MODELS, [
        (EVENT_C, "    (void)strait_cas_rlx(&event->word_, &w, w - left);\n",
         "    strait_store_rlx(&event->word_, w - left);\n")]),
    Mutant("event-notifies-without-the-epoch", "event", EVENT_MODELS, [
        (EVENT_C, "epoch = epoch_of(w) + 1;", "epoch = epoch_of(w);")]),
    Mutant("event-looks-for-waiters-by-load", "event", EVENT_MODELS, [
        (EVENT_C, "strait_add_release(&event->word_, STI_ZERO)",
         "strait_load_acquire(&event->word_)")]),
    Mutant("event-looks-for-waiters-by-sc-load", "event", EVENT_MODELS, [
        (EVENT_C, "strait_add_release(&event->word_, STI_ZERO)",
         "strait_load_sc(&event->word_)")]),
    Mutant("event-registers-only-when-it-waits", "event", EVENT_MODELS, [
        (EVENT_H, "uint64_t old = strait_add_sc(&event->word_, 1);",
         "uint64_t old = strait_load_sc(&event->word_);"),
        (EVENT_C, "    (void)leave(event, key);\n",
         "    (void)event;\n    (void)key;\n"),
        (EVENT_C, "uint32_t key, uint64_t deadline_ns)\n{\n",
         "uint32_t key, uint64_t deadline_ns)\n{\n"
         "    (void)strait_add_sc(&event->word_, 1);\n")]),
    Mutant("event-notify-one-takes-all-out", "event", EVENT_MODELS, [
        (EVENT_C, "left = all ? 0 : (uint32_t)w - 1;", "left = 0;")]),
    Mutant("event-notify-one-takes-two-out", "event", EVENT_MODELS, [
        (EVENT_C, "left = all ? 0 : (uint32_t)w - 1;",
         "left = all ? 0 : (uint32_t)(w - 2);")]),
    Mutant("event-notify-all-wakes-one", "event", EVENT_MODELS, [
        (EVENT_C, "                STI_FUTEX_WAKE_HIGH(&event->word_);\n",
         "                (void)STI_FUTEX_WAKE_OTHER(&event->word_, epoch);\n")]),
    Mutant("event-no-futex-wake", "event", EVENT_MODELS, [
        (EVENT_C, EVENT_WAKE, "")]),
    Mutant("event-futex-wake-before-the-epoch", "event", EVENT_MODELS, [
        (EVENT_C, EVENT_WAKE, ""),
        (EVENT_C, "        left = all ?",
         "        STI_FUTEX_WAKE_HIGH(&event->word_);\n"
         "        left = all ?")]),
    Mutant("event-sleeps-on-the-epoch-it-finds", "event", EVENT_MODELS, [
        (EVENT_C, "STI_FUTEX_WAIT_HIGH(&event->word_, key, deadline_ns)",
         "STI_FUTEX_WAIT_HIGH(\n            &event->word_, epoch_of("
         "strait_load_rlx(&event->word_)),\n            deadline_ns)")]),
    Mutant("event-user-has-no-second-look", "event", ("event_notify",), [
        ("tests/model/model_event_notify.c", "        if (take()) {\n",
         "        if (false) {\n")]),
    Mutant("event-user-registers-after-the-second-look", "event",
           ("event_flag",), [
        ("tests/model/model_event_flag.c",
         "        uint32_t key = strait_event_prepare(&event);\n",
         "        bool set = all_set();\n"
         "        uint32_t key = strait_event_prepare(&event);\n"),
        ("tests/model/model_event_flag.c", "        if (all_set()) {\n",
         "        if (set) {\n")]),

    # ------------------------------------------------------------- lane
    Mutant("lane-no-duty", "lane", LANE_MODELS, [
        (PARKING, "    if (!sti_parking_any(parking))\n        return;\n",
         """    if (!sti_parking_any(parking) || outlets != NULL)
        return;
""")]),
    Mutant("lane-duty-after-the-run", "lane", LANE_MODELS, [
        (WORKER + "@serve", "        strait_work_t *work = NULL;\n",
         "        strait_work_t *work = NULL;\n        bool late = false;\n"),
        (WORKER + "@serve", "                duty(worker, n_lanes);\n",
         "                late = true;\n"),
        (WORKER + "@serve", """            sti_lane_leave(worker, lane);
        } else""", """            sti_lane_leave(worker, lane);
            if (late)
                duty(worker, n_lanes);
        } else""")]),
    Mutant("lane-rearm-without-chain", "lane", LANE_MODELS, [
        (PARKING, """    if (!sti_parking_arm_all(outlets, n_outlets))
        (void)sti_parking_wake_one(parking);
""", """    (void)sti_parking_arm_all(outlets, n_outlets);
""")]),
    Mutant("lane-chain-without-rearm", "lane", LANE_MODELS, [
        (PARKING, """    if (!sti_parking_arm_all(outlets, n_outlets))
        (void)sti_parking_wake_one(parking);
""", """    for (uint32_t i = 0; i < n_outlets; i++) {
        if (!strait_ring_is_empty(&outlets[i]->ring)) {
            (void)sti_parking_wake_one(parking);
            return;
        }
    }
""")]),
    Mutant("lane-arms-before-the-idle-bit", "lane", LANE_MODELS, [
        (WORKER, """    sti_parking_announce(parking, worker->seat);
""", """    bool armed = sti_parking_arm_all(
        crew->outlets, strait_load_acquire(&crew->n_lanes));

    sti_parking_announce(parking, worker->seat);
"""),
        (WORKER, "if (!sti_parking_arm_all(crew->outlets, n_lanes) ||",
         "if (!armed ||")]),
    Mutant("lane-no-idle-bit", "lane", LANE_MODELS, [
        (PARKING, """    (void)strait_or_acq_rel(
        &sti_parking_idle(parking, worker)->bits_, (uint64_t)1 << worker % 64);
""", "")]),
    Mutant("lane-sleeps-without-arming", "lane", LANE_MODELS, [
        (WORKER, "if (!sti_parking_arm_all(crew->outlets, n_lanes) ||",
         "if (n_lanes == 0 ||")]),
    Mutant("lane-arms-one-lane-only", "lane", LANE_MODELS, [
        (PARKING, "        if ((gate->max != 0 && sti_gate_want(gate)) || "
         "strait_ring_arm(ring))\n",
         """        if (armed)
            continue;
        if ((gate->max != 0 && sti_gate_want(gate)) || strait_ring_arm(ring))
""")]),
    Mutant("lane-ignores-a-taken-bit", "lane", LANE_MODELS, [
        (WORKER, "    sti_parking_announce(parking, worker->seat);\n",
         "    strait_store_rlx(&worker->parked, 0);\n"
         "    sti_parking_announce(parking, worker->seat);\n"),
        (WORKER + "@park", "    strait_store_rlx(&worker->parked, 0);\n", ""),
        (WORKER, "            was_idle = true;\n",
         "            was_idle = strait_load_rlx(&worker->parked) != 0;\n")]),
    Mutant("lane-keeps-its-bit-when-withdrawing", "lane", LANE_MODELS, [
        (PARKING, """    return (strait_and_acquire(
                &sti_parking_idle(parking, worker)->bits_, ~bit) &
               bit) != 0;
""", """    return (strait_load_rlx(&sti_parking_idle(parking, worker)->bits_) &
               bit) != 0;
""")]),
    Mutant("lane-keeps-its-bit-after-a-late-wake", "lane", LANE_MODELS, [
        (WORKER, """    strait_store_rlx(&worker->parked, 0);
    if (!sti_parking_withdraw(""", """    strait_store_rlx(&worker->parked, 0);
    if (woken || !sti_parking_withdraw(""")]),
    Mutant("lane-wakes-without-taking-the-bit", "lane", LANE_MODELS, [
        (PARKING, "if (strait_cas_weak_acq_rel(word, &idle, idle & ~bit)) {",
         "{")]),
    Mutant("lane-no-futex-wake", "lane", LANE_MODELS, [
        (PARKING, "    STI_FUTEX_WAKE(&seat->wake_);\n", "")]),
    Mutant("lane-futex-wake-before-the-word", "lane", LANE_MODELS, [
        (PARKING, "    (void)strait_xchg_release(&seat->wake_, STI_CPU_MARK());\n"
         "    STI_FUTEX_WAKE(&seat->wake_);\n",
         "    STI_FUTEX_WAKE(&seat->wake_);\n"
         "    (void)strait_xchg_release(&seat->wake_, STI_CPU_MARK());\n")]),
    Mutant("lane-resets-the-word-after-the-bit", "lane", LANE_MODELS, [
        (PARKING, "    (void)strait_xchg_rlx(&seat->wake_, 0);\n", ""),
        (PARKING, "    STRAIT_POINT(\"parking.announced\");\n",
         "    (void)strait_xchg_rlx(&seat->wake_, 0);\n")]),
    Mutant("lane-sleeps-beside-a-closed-pool", "lane", LANE_MODELS, [
        (PARKING, "    return armed;\n", "    return armed || n_outlets > 0;\n")]),

    # ------------------------------------------------------------- pool
    Mutant("pool-adds-a-lane-without-waking", "pool", POOL_MODELS, [
        (LANE, "    sti_parking_wake_all(&crew->parking);\n", "")]),
    Mutant("pool-wakes-before-it-counts-the-lane", "pool", POOL_MODELS, [
        (LANE, "    sti_parking_wake_all(&crew->parking);\n", ""),
        (LANE, "    lane->number = n_lanes;\n",
         "    lane->number = n_lanes;\n"
         "    sti_parking_wake_all(&crew->parking);\n")]),
    Mutant("pool-counts-the-lane-before-its-entries", "pool", POOL_MODELS, [
        (LANE, "    pool->lanes[n_lanes] = lane;\n",
         "    if (crew == &pool->cpu)\n"
         "        strait_store_release(&crew->n_lanes,\n"
         "            strait_load_rlx(&crew->n_lanes) + 1);\n"
         "    pool->lanes[n_lanes] = lane;\n"),
        (LANE, "        uint32_t n = strait_load_rlx(&crew->n_lanes);\n",
         "        uint32_t n = strait_load_rlx(&crew->n_lanes) - 1;\n")]),
    Mutant("pool-adds-a-lane-beside-the-close", "pool", POOL_MODELS, [
        (LANE, "    if (strait_load_sc(&pool->closed) != 0) {\n",
         "    if (strait_load_sc(&pool->closed) > 1) {\n")]),
    Mutant("pool-closes-without-waking", "pool", POOL_MODELS, [
        (POOL, "        sti_parking_wake_all(&lane->crew->parking);\n", "")]),
    Mutant("pool-wakes-before-it-closes", "pool", POOL_MODELS, [
        (POOL, "        sti_parking_wake_all(&lane->crew->parking);\n", ""),
        (POOL, "        (void)strait_ring_close(&lane->outlet.ring);\n",
         """        sti_parking_wake_all(&lane->crew->parking);
        (void)strait_ring_close(&lane->outlet.ring);
""")]),

    # ------------------------------------------------------------- gate
    Mutant("gate-enters-in-two-steps", "gate", GATE_MODELS, [
        (GATE, "        if (strait_cas_weak_acquire(&gate->word_, &word, "
         "word + STI_GATE_ONE))\n            return true;\n",
         """        (void)strait_add_acquire(&gate->word_, STI_GATE_ONE);
        return true;
""")]),
    Mutant("gate-max-is-one-more", "gate", GATE_MODELS, [
        (GATE + "@sti_gate_enter", "word / STI_GATE_ONE >= gate->max",
         "word / STI_GATE_ONE > gate->max")]),
    Mutant("gate-leave-keeps-wanted", "gate", GATE_MODELS, [
        (GATE, "(word - STI_GATE_ONE) & ~STI_GATE_WANTED)) {",
         "word - STI_GATE_ONE)) {")]),
    Mutant("gate-leave-forgets-who-wanted", "gate", GATE_MODELS, [
        (GATE, "*ret_wanted = (word & STI_GATE_WANTED) != 0;",
         "*ret_wanted = false;")]),
    Mutant("gate-want-skips-what-is-wanted", "gate", GATE_MODELS, [
        (GATE + "@sti_gate_want", "        if (word / STI_GATE_ONE < gate->max)\n"
         "            return false;\n",
         "        if (word / STI_GATE_ONE < gate->max)\n"
         "            return false;\n"
         "        if (word & STI_GATE_WANTED)\n"
         "            return true;\n")]),
    Mutant("gate-want-although-not-full", "gate", GATE_MODELS, [
        (GATE + "@sti_gate_want", "        if (word / STI_GATE_ONE < gate->max)\n"
         "            return false;\n", "")]),
    Mutant("gate-tell-although-empty", "gate", GATE_MODELS, [
        (GATE + "@sti_gate_tell", "        if (word / STI_GATE_ONE == 0)\n"
         "            return false;\n", "")]),
    Mutant("gate-sleeps-without-wanting", "gate", GATE_MODELS, [
        (PARKING, "(gate->max != 0 && sti_gate_want(gate))",
         "(gate->max != 0 && sti_gate_inside(gate) >= gate->max)")]),
    Mutant("gate-no-duty-after-wanted", "gate", GATE_MODELS, [
        (WORKER, "if (was_idle || worker->owes != NULL) {", "if (was_idle) {")]),
    Mutant("gate-worker-does-not-enter", "gate", GATE_MODELS, [
        (CHOOSE, "(!sti_outlet_offers(outlet) || "
         "!sti_gate_enter(&outlet->gate)))",
         "(!sti_outlet_offers(outlet) ||\n"
         "            (!sti_gate_enter(&outlet->gate) && "
         "outlet->gate.max == 0)))")]),
    Mutant("gate-worker-stays-inside-without-an-item", "gate", GATE_MODELS, [
        (CHOOSE, "    if (popped != STRAIT_RING_DONE)\n"
         "        sti_lane_leave(worker, lane);\n", "")]),
    Mutant("gate-worker-stays-inside-after-the-item", "gate", GATE_MODELS, [
        (WORKER, "            sti_lane_leave(worker, lane);\n", "")]),
    Mutant("gate-worker-leaves-before-the-run", "gate", GATE_MODELS, [
        (WORKER, "            sti_lane_leave(worker, lane);\n", ""),
        (WORKER, "            run(worker, work);\n",
         "            sti_lane_leave(worker, lane);\n"
         "            run(worker, work);\n")]),
    Mutant("gate-worker-takes-before-it-enters", "gate", GATE_MODELS, [
        (CHOOSE, "(!sti_outlet_offers(outlet) || "
         "!sti_gate_enter(&outlet->gate)))",
         "!sti_outlet_offers(outlet))"),
        (CHOOSE, "    popped = sti_lane_pop(worker, lane, ret_work);\n"
         "    if (popped != STRAIT_RING_DONE)\n"
         "        sti_lane_leave(worker, lane);\n",
         "    popped = sti_lane_pop(worker, lane, ret_work);\n"
         "    while (popped == STRAIT_RING_DONE && outlet->gate.max != 0 &&\n"
         "        !sti_gate_enter(&outlet->gate))\n"
         "        STI_PAUSE();\n")]),

    # ---------------------------------------------------------- removal
    Mutant("removal-asks-by-load", "removal", REMOVAL_MODELS, [
        (REMOVAL, "next = strait_add_acq_rel(&ring->consumer_, STI_ZERO);",
         "next = strait_load_acquire(&ring->consumer_);")]),
    Mutant("removal-draws-attention-too-late", "removal", REMOVAL_MODELS, [
        (REMOVAL + "@sti_remove", "    sti_attention_add(removal, 1);\n", ""),
        (REMOVAL + "@sti_remove", "        seen = asked;\n",
         "        sti_attention_add(removal, 1);\n        seen = asked;\n"),
        (REMOVAL + "@sti_remove",
         "    sti_attention_add(removal, 0 - (uint32_t)1);\n",
         "    if (seen == asked)\n"
         "        sti_attention_add(removal, 0 - (uint32_t)1);\n")]),
    Mutant("removal-taker-ends-the-mark", "removal", REMOVAL_MODELS, [
        (REMOVAL, "    uint64_t settled = pos << STI_MARK_SHIFT | "
         "STI_MARK_SETTLED;\n    /* [C2:acq] */",
         "    uint64_t settled = 0;\n    /* [C2:acq] */")]),
    Mutant("removal-sweep-ends-the-mark", "removal", REMOVAL_MODELS, [
        (REMOVAL, """            strait_store_rlx(
                &note->mark_, c << STI_MARK_SHIFT | STI_MARK_SETTLED);
""", "            strait_store_rlx(&note->mark_, 0);\n")]),
    Mutant("removal-remover-ends-the-mark", "removal", REMOVAL_MODELS, [
        (REMOVAL, "            (void)strait_cas_rlx(mark, &seen, settled);\n",
         "            (void)strait_cas_rlx(mark, &seen, settled & 0);\n")]),
    Mutant("removal-taker-settles-by-store", "removal", REMOVAL_MODELS, [
        (REMOVAL, """        if (strait_cas_acq_rel(mark, &seen, settled))
            return false;
""", """        strait_store_release(mark, settled);
        return false;
""")]),
    Mutant("removal-taker-does-not-settle", "removal", REMOVAL_MODELS, [
        (REMOVAL, "        if (strait_cas_acq_rel(mark, &seen, settled))\n",
         "        (void)settled;\n")]),
    Mutant("removal-decides-by-store", "removal", REMOVAL_MODELS, [
        (REMOVAL, """            if (strait_cas_acq_rel(
                    mark, &seen, pos << STI_MARK_SHIFT | STI_MARK_REMOVED))
                return true;
""", """            strait_store_release(
                mark, pos << STI_MARK_SHIFT | STI_MARK_REMOVED);
            return true;
""")]),
    Mutant("removal-decides-without-a-look", "removal", REMOVAL_MODELS, [
        (REMOVAL, "if ((int64_t)(next - pos) <= 0) {",
         "if ((int64_t)(next - pos) <= 1) {")]),
    Mutant("removal-asks-for-what-is-asked-for", "removal", REMOVAL_MODELS, [
        (REMOVAL, "        ((int64_t)(seen - (pos << STI_MARK_SHIFT)) > 0 ||\n",
         "        ((int64_t)(seen - (pos << STI_MARK_SHIFT)) > 3 ||\n")]),
    Mutant("removal-takes-a-place-that-is-skipped", "removal", REMOVAL_MODELS, [
        (REMOVAL, """ ||
            (seen & STI_MARK_SETTLED) == STI_MARK_REMOVED))
""", "))\n")]),
    Mutant("removal-sweep-passes-by-store", "removal", REMOVAL_MODELS, [
        (REMOVAL, "if (strait_cas_release(&ring->consumer_, &c, c + 1)) {",
         "strait_store_release(&ring->consumer_, c + 1);\n        {")]),
    Mutant("removal-sweep-keeps-attention", "removal", REMOVAL_MODELS, [
        (REMOVAL + "@sti_removal_sweep",
         "            sti_attention_add(removal, 0 - (uint32_t)1);\n", "")]),
    Mutant("removal-reads-the-item-afterwards", "removal", REMOVAL_MODELS, [
        (CANCEL, "        n++;\n        sti_work_end(work, STI_WORK_CANCELED);\n",
         "        n++;\n        work = strait_load_rlx(\n"
         "            &ring->slots_[pos & ring->mask_].value_);\n"
         "        sti_work_end(work, STI_WORK_CANCELED);\n")]),
    Mutant("removal-takes-what-is-not-in-the-group", "removal", REMOVAL_MODELS, [
        (CANCEL, "strait_load_rlx(&note->group_) != group ||",
         "group == NULL ||"),
        (CANCEL, "        sti_note_t *note = sti_note(ring, &lane->removal, "
         "pos);\n", "")]),
    Mutant("removal-group-admits-without-a-look", "removal", REMOVAL_MODELS, [
        (WORK, "    return strait_load_sc(&group->cancelled_) != 0 ? "
         "-ECANCELED : 0;", "    return 0;")]),
    Mutant("removal-group-looks-before-it-tells", "removal", REMOVAL_MODELS, [
        (WORK, "    void *pool = NULL;\n", "    void *pool = NULL;\n"
         "    bool is_late = strait_load_sc(&group->cancelled_) != 0;\n"),
        (WORK, "    return strait_load_sc(&group->cancelled_) != 0 ? "
         "-ECANCELED : 0;", "    return is_late ? -ECANCELED : 0;")]),

    # ------------------------------------------------------------- crew
    Mutant("crew-last-one-leaves-nobody", "crew", CREW_MODELS, [
        (WORKER, "    if (!sti_parking_any(&crew->parking) && "
         "sti_crew_grow(crew))\n        return;\n", "")]),
    Mutant("crew-duty-does-not-arm", "crew", CREW_MODELS, [
        (WORKER, "    if (!sti_parking_arm_all(crew->outlets, n_lanes) &&\n",
         "    if (sti_parking_any(&crew->parking) &&\n")]),
    Mutant("crew-duty-only-wakes", "crew", CREW_MODELS, [
        (WORKER, "        (void)sti_crew_find(crew);\n",
         "        (void)sti_parking_wake_one(&crew->parking);\n")]),
    Mutant("crew-new-threads-have-no-duty", "crew", CREW_MODELS, [
        (WORKER, "    bool was_idle = crew->idle_ns != 0;\n",
         "    bool was_idle = false;\n")]),
    Mutant("crew-finds-without-wanting", "crew", CREW_MODELS, [
        (CREW, "        if (sti_gate_want(&crew->size))\n",
         "        if (sti_gate_inside(&crew->size) >= crew->size.max)\n")]),
    Mutant("crew-leaves-although-wanted", "crew", CREW_MODELS, [
        (WORKER, " &&\n                !(wanted && "
         "sti_gate_enter(&crew->size)))\n", ")\n")]),
    Mutant("crew-leaves-below-the-minimum", "crew", CREW_MODELS, [
        (WORKER, "sti_gate_leave_above(&crew->size, crew->min_threads, "
         "&wanted)", "sti_gate_leave_above(&crew->size, 0, &wanted)")]),
    Mutant("crew-keeps-its-bit-when-it-times-out", "crew", CREW_MODELS, [
        (WORKER, """    strait_store_rlx(&worker->parked, 0);
    if (!sti_parking_withdraw(""", """    strait_store_rlx(&worker->parked, 0);
    if (!woken)
        return false;
    if (!sti_parking_withdraw(""")]),
    Mutant("crew-ends-although-its-bit-was-taken", "crew", CREW_MODELS, [
        (WORKER, """        worker->woken = true;
        return true;
    }
    return woken;
""", """        worker->woken = true;
    }
    return woken;
""")]),
    Mutant("crew-starts-more-than-it-may", "crew", CREW_MODELS, [
        (CREW, "    if (!sti_gate_enter(&crew->size))\n        return false;\n",
         "    if (sti_gate_inside(&crew->size) >= crew->size.max)\n"
         "        return false;\n"
         "    (void)strait_add_acquire(&crew->size.word_, STI_GATE_ONE);\n")]),
    Mutant("crew-takes-a-seat-without-the-join", "crew", CREW_MODELS, [
        (CREW + "@take_one",
         "    (void)pthread_join(worker->thread, NULL);\n", "")]),
    Mutant("crew-takes-a-seat-in-two-steps", "crew", CREW_MODELS, [
        (CREW, "    if (strait_cas_acquire(&worker->occupied, &seen, "
         "STI_SEAT_LIVE))\n        return true;\n",
         """    seen = strait_load_acquire(&worker->occupied);
    if (seen == STI_SEAT_FREE) {
        strait_store_rlx(&worker->occupied, STI_SEAT_LIVE);
        return true;
    }
""")]),

    # ---------------------------------------------------------- request
    Mutant("request-returns-in-two-steps", "request", REQUEST_MODELS, [
        (REQUEST, "uint32_t state = strait_or_acq_rel(&work->state_, why | "
         "STI_WORK_RETURNED);",
         """uint32_t state = strait_load_acquire(&work->state_);

    strait_store_release(&work->state_, state | why | STI_WORK_RETURNED);""")]),
    Mutant("request-returns-and-sends-again", "request", REQUEST_MODELS, [
        (REQUEST, "    if ((state & STI_WORK_GIVEN_UP) == 0)\n"
         "        return true;\n",
         "    if ((state & STI_WORK_DELIVERED) == 0)\n"
         "        return true;\n")]),
    Mutant("request-returns-and-frees", "request", REQUEST_MODELS, [
        (REQUEST + "@sti_request_ended",
         "    if (is_over(state | STI_WORK_RETURNED))\n", "")]),
    Mutant("request-returns-and-leaves-it", "request", REQUEST_MODELS, [
        (REQUEST + "@sti_request_ended",
         "        free_request(work);\n", "        (void)work;\n")]),
    Mutant("request-done-frees", "request", REQUEST_MODELS, [
        (REQUEST + "@sti_request_finish",
         "    if (is_over(state | STI_WORK_DELIVERED))\n",
         "    if (state < REPORT)\n")]),
    Mutant("request-delivered-before-done", "request", REQUEST_MODELS, [
        (REQUEST, """    if (work->done_ != NULL)
        work->done_(work, status, work->arg_);
    /* [X1:ar] as above. */
    state = strait_or_acq_rel(&work->state_, STI_WORK_DELIVERED);
""", """    state = strait_or_acq_rel(&work->state_, STI_WORK_DELIVERED);
    if (work->done_ != NULL)
        work->done_(work, status, work->arg_);
""")]),
    Mutant("request-given-up-after-the-return", "request", REQUEST_MODELS, [
        (REQUEST, "            (state & (STI_WORK_RETURNED | "
         "STI_WORK_GIVEN_UP)) != 0) {",
         "            (state & STI_WORK_GIVEN_UP) != 0) {")]),
    Mutant("request-given-up-twice", "request", REQUEST_MODELS, [
        (REQUEST, "            (state & (STI_WORK_RETURNED | "
         "STI_WORK_GIVEN_UP)) != 0) {",
         "            (state & STI_WORK_RETURNED) != 0) {")]),
    Mutant("request-given-up-in-two-steps", "request", REQUEST_MODELS, [
        (REQUEST, "    } while (!strait_cas_weak_acq_rel(&work->state_, &state, "
         "state | bits));\n",
         """    } while (state != strait_load_acquire(&work->state_));
    strait_store_release(&work->state_, state | bits);
""")]),
    Mutant("request-given-up-beside-a-push", "request", REQUEST_MODELS, [
        (REQUEST, "    if ((state & STI_WORK_PUSHING) == 0)\n"
         "        sti_work_hand_on(work);\n",
         "    sti_work_hand_on(work);\n"),
        (REQUEST, "    if (state & STI_WORK_GIVEN_UP)\n"
         "        sti_work_hand_on(work);\n", "    (void)state;\n")]),
    Mutant("request-push-forgets-the-end", "request", REQUEST_MODELS, [
        (REQUEST, "    if (state & STI_WORK_GIVEN_UP)\n"
         "        sti_work_hand_on(work);\n", "    (void)state;\n")]),
    Mutant("request-reports-what-was-given-up", "request", REQUEST_MODELS, [
        (REQUEST, "        if (state & STI_WORK_GIVEN_UP)\n"
         "            return false;\n", "")]),
    Mutant("request-report-does-not-hold-it", "request", REQUEST_MODELS, [
        (REQUEST, "(state + REPORT) | STI_WORK_PUSHING));",
         "state | STI_WORK_PUSHING));"),
        (REQUEST + "@sti_request_let_go",
         "    uint32_t state = strait_add_acq_rel(&work->state_, 0 - REPORT);\n",
         "    uint32_t state = strait_add_acq_rel(&work->state_, 0);\n"),
        (REQUEST + "@sti_request_let_go",
         "    if (is_over(state - REPORT))\n        free_request(work);",
         "    (void)state;")]),
    Mutant("request-let-go-leaves-it", "request", REQUEST_MODELS, [
        (REQUEST + "@sti_request_let_go", "        free_request(work);",
         "        (void)work;")]),
    Mutant("request-report-is-free-after-its-call", "request", REQUEST_MODELS, [
        (PROGRESS, "    (void)strait_xchg_acq_rel(&progress->queued_, 0);\n", ""),
        (PROGRESS, "    if (state & STI_WORK_REQUEST)\n"
         "        sti_request_let_go(work);\n",
         "    (void)strait_xchg_acq_rel(&progress->queued_, 0);\n"
         "    if (state & STI_WORK_REQUEST)\n"
         "        sti_request_let_go(work);\n")]),
    Mutant("request-report-pushes-what-is-queued", "request", REQUEST_MODELS, [
        (PROGRESS, "    if (strait_xchg_acq_rel(&progress->queued_, 1) != 0)\n"
         "        return;\n",
         "    (void)strait_xchg_acq_rel(&progress->queued_, 1);\n")]),
    Mutant("request-reports-after-done", "request", REQUEST_MODELS, [
        (PROGRESS, "    if (status == 0 && (state & STI_WORK_IN_FLIGHT) != 0)\n",
         "    if (status == 0)\n")]),

    # ------------------------------------------------------------ drain
    Mutant("drain-looks-by-load", "drain", DRAIN_MODELS, [
        (DRAIN, "c = strait_add_acq_rel(&ring->consumer_, STI_ZERO);",
         "c = strait_load_acquire(&ring->consumer_);")]),
    Mutant("drain-looks-for-the-close-by-load", "drain", DRAIN_MODELS, [
        (DRAIN, "p = strait_or_release(&ring->producer_, STI_ZERO);",
         "p = strait_load_rlx(&ring->producer_);")]),
    Mutant("drain-no-second-look", "drain", DRAIN_MODELS, [
        (DRAIN, "    else if ((p >> STRAIT_RING_SHIFT_) - c <= "
         "lane->low_water)\n        call(lane, 0);\n", "    (void)c;\n")]),
    Mutant("drain-no-second-look-for-the-close", "drain", DRAIN_MODELS, [
        (DRAIN, "    if (p & STRAIT_RING_CLOSED_)\n"
         "        call(lane, -ESHUTDOWN);\n    else if (", "    if (")]),
    Mutant("drain-looks-before-it-wishes", "drain", DRAIN_MODELS, [
        (DRAIN, "    c = strait_add_acq_rel(&ring->consumer_, STI_ZERO);\n", ""),
        (DRAIN, "    sti_attention_add(&lane->removal, 1);\n",
         "    c = strait_add_acq_rel(&ring->consumer_, STI_ZERO);\n"
         "    sti_attention_add(&lane->removal, 1);\n")]),
    Mutant("drain-draws-no-attention", "drain", DRAIN_MODELS, [
        (DRAIN, "    sti_attention_add(&lane->removal, 1);\n", ""),
        (DRAIN, "        sti_attention_add(&lane->removal, 0 - (uint32_t)1);\n",
         "")]),
    Mutant("drain-keeps-attention", "drain", DRAIN_MODELS, [
        (DRAIN, "        sti_attention_add(&lane->removal, 0 - (uint32_t)1);\n",
         "")]),
    Mutant("drain-takes-in-two-steps", "drain", DRAIN_MODELS, [
        (DRAIN, "    strait_drain_t *drain = strait_xchg_acquire(&lane->drains, "
         "NULL);\n",
         """    strait_drain_t *drain = strait_load_acquire(&lane->drains);

    strait_store_rlx(&lane->drains, NULL);
""")]),
    Mutant("drain-wishes-by-store", "drain", DRAIN_MODELS, [
        (DRAIN, "    } while (!strait_cas_weak_release(&lane->drains, &top, "
         "drain));\n",
         """    } while (top != strait_load_rlx(&lane->drains));
    strait_store_release(&lane->drains, drain);
""")]),
    Mutant("drain-reads-the-next-after-the-call", "drain", DRAIN_MODELS, [
        (DRAIN, "        strait_drain_t *next = drain->next_;\n", ""),
        (DRAIN, "        drain = next;\n", "        drain = drain->next_;\n")]),
    Mutant("drain-close-calls-nobody", "drain", DRAIN_MODELS, [
        (DRAIN, "    if (status != 0 ||\n        strait_ring_length",
         "    if (strait_ring_length")]),
    Mutant("drain-worker-looks-before-it-takes", "drain", DRAIN_MODELS, [
        (CHOOSE, "        int popped = strait_ring_take_(ring, &value, &pos);\n",
         "        bool drawn = sti_attention(&lane->removal);\n"
         "        int popped = strait_ring_take_(ring, &value, &pos);\n"),
        (CHOOSE, "        if (sti_attention(&lane->removal)) {\n",
         "        if (drawn) {\n")]),

    # ----------------------------------------------------------- future
    Mutant("future-done-by-store", "future", FUTURE_MODELS, [
        (FUTURE, "    if (strait_xchg_release(word, DONE) == WAITED)\n",
         """    uint32_t before = strait_load_rlx(word);

    strait_store_release(word, DONE);
    if (before == WAITED)
""")]),
    Mutant("future-wakes-nobody", "future", FUTURE_MODELS, [
        (FUTURE, "    if (strait_xchg_release(word, DONE) == WAITED)\n",
         "    if (strait_xchg_release(word, DONE) == DONE)\n")]),
    Mutant("future-wakes-one", "future", FUTURE_MODELS, [
        (FUTURE, "sti_futex_wake(word, INT_MAX, UINT32_MAX);",
         "sti_futex_wake(word, 1, UINT32_MAX);")]),
    Mutant("future-sleeps-without-a-mark", "future", FUTURE_MODELS, [
        (FUTURE, "        if (word == PENDING && !strait_cas_rlx(&future->word_, "
         "&word, WAITED))\n            continue;\n", ""),
        (FUTURE, "sti_futex_wait_until(&future->word_, WAITED, deadline_ns);",
         "sti_futex_wait_until(&future->word_, word, deadline_ns);")]),
    Mutant("future-marks-by-store", "future", FUTURE_MODELS, [
        (FUTURE, "        if (word == PENDING && !strait_cas_rlx(&future->word_, "
         "&word, WAITED))\n            continue;\n",
         "        if (word == PENDING)\n"
         "            strait_store_rlx(&future->word_, WAITED);\n")]),
    Mutant("future-writes-after-done", "future", FUTURE_MODELS, [
        (FUTURE, "    future->status_ = status;\n", ""),
        (FUTURE, "        (void)sti_futex_wake(word, INT_MAX, UINT32_MAX);\n",
         "        (void)sti_futex_wake(word, INT_MAX, UINT32_MAX);\n"
         "    future->status_ = status;\n")]),
    Mutant("future-reads-after-done", "future", FUTURE_MODELS, [
        (FUTURE, "    if (strait_xchg_release(word, DONE) == WAITED)\n",
         "    (void)strait_xchg_release(word, DONE);\n"
         "    if (strait_load_rlx(word) == DONE)\n")]),

    # ------------------------------------------------------------ order
    Mutant("order-limit-not-strict", "order", ORDER_MODELS, [
        (ORDER_H, "return (int32_t)n <= (int32_t)window->mask;",
         "return (int32_t)n <= (int32_t)window->mask + 1;")]),
    Mutant("order-newer-turn-is-full", "order", ORDER_MODELS, [
        (ORDER_H, "return (int32_t)n <= (int32_t)window->mask;",
         "return n <= window->mask;")]),
    Mutant("order-turn-after-done", "order", ("order_turns",), [
        ("tests/model/model_order_turns.c",
         "        next = sti_window_pass(window);\n        done(work);\n",
         "        done(work);\n        next = sti_window_pass(window);\n")]),
    Mutant("order-looks-for-the-next-after-the-turn", "order", ORDER_MODELS, [
        (ORDER_H, """    strait_work_t *next = STRAIT_DATA_GET(place);
    uint64_t head;

""", """    uint64_t head = strait_add_acq_rel(&window->head_, STI_WINDOW_TURN);
    strait_work_t *next = STRAIT_DATA_GET(place);

"""),
        (ORDER_H, "    head = strait_add_acq_rel(&window->head_, "
         "STI_WINDOW_TURN);\n", "")]),
    Mutant("order-delivers-as-it-comes", "order", ORDER_MODELS, [
        (ORDER_H, "(strait_load_rlx(&window->head_) >> 32) == ticket)",
         "(strait_load_rlx(&window->head_) >> 32) <= ticket)")]),
    Mutant("order-holds-what-it-gave-out", "order", ORDER_MODELS, [
        (ORDER_H, "        STRAIT_DATA_SET(place, NULL);\n", "")]),
    Mutant("order-turns-by-store", "order", ORDER_MODELS, [
        (ORDER_H, "    head = strait_add_acq_rel(&window->head_, "
         "STI_WINDOW_TURN);\n",
         """    head = strait_load_acquire(&window->head_);
    strait_store_release(&window->head_, head + STI_WINDOW_TURN);
""")]),
    Mutant("order-no-generation", "order", ORDER_MODELS, [
        (ORDER_C, "((next + 2) & STI_WINDOW_GENERATION)",
         "(next & STI_WINDOW_GENERATION)")]),
    Mutant("order-gives-without-busy", "order", ORDER_MODELS, [
        (ORDER_C, "(next & ~STI_WINDOW_GENERATION) | STI_WINDOW_BUSY |",
         "(next & ~STI_WINDOW_GENERATION) |")]),
    Mutant("order-takes-from-a-busy-one", "order", ORDER_MODELS, [
        (ORDER_H, """        if (next & STI_WINDOW_BUSY)
            return STI_WINDOW_STALE;
""", "")]),
    Mutant("order-takes-from-anybodys", "order", ORDER_MODELS, [
        (ORDER_H, "        if (strait_load_acquire(&window->sink_) != sink)\n"
         "            return STI_WINDOW_STALE;\n", "        (void)sink;\n")]),
    Mutant("order-gives-what-is-in-use", "order", ORDER_MODELS, [
        (ORDER_C, "            return IN_USE;\n", "            (void)IN_USE;\n")]),
    Mutant("order-claims-in-two-steps", "order", ORDER_MODELS, [
        (ORDER_C, "if (strait_cas_acquire(&window->next_, &next, claimed)) {",
         """if (strait_load_acquire(&window->next_) == next) {
            strait_store_rlx(&window->next_, claimed);""")]),
    Mutant("order-gives-without-deciding", "order", ORDER_MODELS, [
        (ORDER_C, "if (strait_cas_release(&order->given_, &before, mine)) {",
         """strait_store_release(&order->given_, mine);
        if (before == given) {""")]),
    Mutant("order-gives-back-to-the-sink-before", "order", ORDER_MODELS, [
        (ORDER_C, "        strait_store_release(&window->sink_, sink);\n"
         "        STRAIT_POINT(\"order.give\");\n",
         "        strait_sink_t *old = strait_load_rlx(&window->sink_);\n"
         "        strait_store_release(&window->sink_, sink);\n"),
        (ORDER_C, "        strait_store_rlx(&window->sink_, NULL);\n",
         "        strait_store_rlx(&window->sink_, old);\n")]),
    Mutant("order-keeps-what-it-could-not-give", "order", ORDER_MODELS, [
        (ORDER_C, "        strait_store_rlx(&window->sink_, NULL);\n", "")]),
    Mutant("order-empties-an-entry", "order", ORDER_MODELS, [
        (ORDER_C, "        strait_store_rlx(&window->sink_, NULL);\n",
         "        strait_store_rlx(&window->sink_, NULL);\n"
         "        strait_store_rlx(&order->windows_[index], NULL);\n")]),
    Mutant("order-waits-for-who-has-given", "order", ORDER_MODELS, [
        (ORDER_C, "        finish_given(order, given);\n", "")]),
    Mutant("order-opens-any-that-is-busy", "order", ORDER_MODELS, [
        (ORDER_C, """    if ((next & (STI_WINDOW_GENERATION | STI_WINDOW_BUSY)) ==
        ((given & STI_WINDOW_GENERATION) | STI_WINDOW_BUSY)) {
""", "    if ((next & STI_WINDOW_BUSY) != 0) {\n")]),
    Mutant("order-takes-for-given-what-is-busy", "order", ORDER_MODELS, [
        (ORDER_C, "(strait_load_rlx(&window->next_) & STI_WINDOW_BUSY) == 0)",
         "(strait_load_rlx(&window->next_) & STI_WINDOW_BUSY) != 2)")]),
    Mutant("order-none-left-without-a-last-look", "order", ORDER_MODELS, [
        (ORDER_C, "return strait_cas_rlx(&order->given_, &given, given) ? err "
         ": -ESTALE;", "return err;")]),
    Mutant("order-last-look-by-load", "order", ORDER_MODELS, [
        (ORDER_C, "return strait_cas_rlx(&order->given_, &given, given) ? err "
         ": -ESTALE;",
         "return strait_load_rlx(&order->given_) == given ? err : -ESTALE;")]),
    Mutant("order-calls-a-change-a-lack", "order", ORDER_MODELS, [
        (ORDER_C, "            err = -EAGAIN;\n", "            err = -ENOSPC;\n")]),
    Mutant("order-makes-by-store", "order", ORDER_MODELS, [
        (ORDER_C, """if (strait_cas_release(
                        &order->windows_[index], &window, made)) {
""", """strait_store_release(&order->windows_[index], made);
                if (true) {
""")]),
    Mutant("order-loses-what-it-made-in-vain", "order", ORDER_MODELS, [
        (ORDER_C, "    if (made != NULL)\n        unmake(made);\n", "")]),
    Mutant("order-close-and-pass-both-free", "order", ORDER_MODELS, [
        (ORDER_C, "        head = strait_or_acq_rel(&window->head_, "
         "STI_WINDOW_ORPHAN);\n",
         "        (void)strait_or_acq_rel(&window->head_, STI_WINDOW_ORPHAN);\n"
         "        head = strait_load_acquire(&window->head_);\n")]),
    Mutant("order-close-frees-nothing", "order", ORDER_MODELS, [
        (ORDER_C + "@sti_order_close",
         "        if ((uint32_t)(next >> 32) == (uint32_t)(head >> 32))\n"
         "            unmake(window);\n", "        (void)next;\n")]),
    Mutant("order-close-marks-by-store", "order", ORDER_MODELS, [
        (ORDER_C, "        head = strait_or_acq_rel(&window->head_, "
         "STI_WINDOW_ORPHAN);\n",
         """        head = strait_load_acquire(&window->head_);
        strait_store_release(&window->head_, head | STI_WINDOW_ORPHAN);
""")]),
    Mutant("order-pass-frees-what-is-no-orphan", "order", ORDER_MODELS, [
        (ORDER_H, "(head & STI_WINDOW_ORPHAN) != 0, 0) && next == NULL)",
         "(head | STI_WINDOW_ORPHAN) != 0, 0) && next == NULL)")]),
    Mutant("order-pass-frees-before-the-last", "order", ORDER_MODELS, [
        (ORDER_C + "@sti_window_reap",
         "    if ((uint32_t)(next >> 32) == (uint32_t)(head >> 32))\n", "")]),

    # ------------------------------------------------------------- bell
    Mutant("bell-closed-before-the-owed-rings", "bell", BELL_MODELS, [
        (WAKE, "    strait_store_rlx(&ref->closed, 1);\n", ""),
        (WAKE, "    while (n_seen < n_rings) {\n",
         "    strait_store_rlx(&ref->closed, 1);\n"
         "    while (n_seen < n_rings) {\n")]),
    Mutant("bell-does-not-wait-for-owed-rings", "bell", BELL_MODELS, [
        (WAKE, "    while (n_seen < n_rings) {\n",
         "    while (n_seen > n_rings) {\n")]),
    Mutant("bell-discards-without-arming", "bell", BELL_MODELS, [
        (WAKE, "} while (!strait_mpsc_arm(&ref->sink.queue));",
         "} while (false);")]),
    Mutant("bell-discards-only-once", "bell", BELL_MODELS, [
        (WAKE, "} while (!strait_mpsc_arm(&ref->sink.queue));",
         "(void)!strait_mpsc_arm(&ref->sink.queue);\n    } while (false);")]),
    Mutant("bell-consumer-holds-no-memory", "bell", BELL_MODELS, [
        (WAKE, "        (void)strait_add_rlx(&ref->holders, MEMORY);\n"
         "        discard(ref);\n        drop(ref);\n",
         "        discard(ref);\n")]),
    Mutant("bell-nudge-returns-by-store", "bell", BELL_MODELS, [
        (WAKE, "    (void)strait_xchg_acq_rel(&ref->nudged, 0);\n",
         "    strait_store_release(&ref->nudged, 0);\n")]),
    Mutant("bell-last-user-says-nothing", "bell", BELL_MODELS, [
        (WAKE, "0 - USER) < 2 * USER) {", "0 - USER) < USER) {")]),
    Mutant("bell-queues-the-nudge-twice", "bell", BELL_MODELS, [
        (WAKE, "if (strait_xchg_acq_rel(&ref->nudged, 1) == 0)",
         "(void)strait_xchg_acq_rel(&ref->nudged, 1);\n")]),
    Mutant("bell-drops-before-the-nudge", "bell", BELL_MODELS, [
        (WAKE, "    /* [W2:rel] our posts; the memory is still held. */\n",
         "    drop(ref);\n"),
        (WAKE, "            strait_sink_push(&ref->sink, &ref->nudge);\n"
         "    }\n    drop(ref);\n",
         "            strait_sink_push(&ref->sink, &ref->nudge);\n    }\n")]),
    Mutant("mpsc-arm-takes-the-cursor-late", "mpsc", BELL_MODELS + MPSC_MODELS, [
        (MPSC_C, "    q->cursor_ = &q->armed_;\n    /*", "    /*"),
        (MPSC_C, "if (strait_cas_release(&q->tail_, &expected, &q->armed_))\n"
         "        return true;\n",
         "if (strait_cas_release(&q->tail_, &expected, &q->armed_)) {\n"
         "        q->cursor_ = &q->armed_;\n        return true;\n    }\n")]),

    # ---------------------------------------------------------- reclaim
    Mutant("reclaim-enters-without-a-second-look", "reclaim", RECLAIM_MODELS, [
        (RECLAIM, "    now = sti_reclaim_epoch(domain);\n",
         "    now = epoch;\n")]),
    Mutant("reclaim-enters-by-store", "reclaim", RECLAIM_MODELS, [
        (RECLAIM, "    (void)strait_xchg_acquire(&me->state_, "
         "STI_RECLAIM_IN(epoch));\n",
         "    strait_store_release(&me->state_, STI_RECLAIM_IN(epoch));\n")]),
    Mutant("reclaim-keeps-the-guess", "reclaim", RECLAIM_MODELS, [
        (RECLAIM, "        strait_store_release(&me->state_, "
         "STI_RECLAIM_IN(now));\n", "")]),
    Mutant("reclaim-tags-with-the-guess", "reclaim", RECLAIM_MODELS, [
        (RECLAIM, "    me->epoch = now;\n", "    me->epoch = epoch;\n")]),
    Mutant("reclaim-tags-with-the-epoch-of-the-section", "reclaim",
           RECLAIM_MODELS, [
        (RECLAIM, "    me->newest = me->epoch + 1;\n",
         "    me->newest = me->epoch;\n")]),
    Mutant("reclaim-frees-an-epoch-early", "reclaim", RECLAIM_MODELS, [
        (RECLAIM, "tag <= me->newest && tag + 2 <= epoch",
         "tag <= me->newest && tag + 1 <= epoch")]),
    Mutant("reclaim-retires-outside-of-a-section", "reclaim", RECLAIM_MODELS, [
        (RECLAIM, """    sti_reclaim_enter(me);
    sti_reclaim_append(me, node);
    sti_reclaim_exit(me);
""", """    me->epoch = sti_reclaim_epoch(domain);
    sti_reclaim_append(me, node);
""")]),
    Mutant("reclaim-scans-by-load", "reclaim", RECLAIM_MODELS, [
        (RECLAIM, "        state = strait_add_acq_rel(&member->state_, STI_ZERO);\n",
         "        state = strait_load_acquire(&member->state_);\n")]),
    Mutant("reclaim-scan-skips-a-place", "reclaim", RECLAIM_MODELS, [
        (RECLAIM, "    uint32_t n = (uint32_t)(word & STI_RECLAIM_PLACES);\n"
         "    uint32_t i;\n\n    for (i = 0;",
         "    uint32_t n = (uint32_t)(word & STI_RECLAIM_PLACES);\n"
         "    uint32_t i;\n\n    for (i = 1;")]),
    Mutant("reclaim-scan-skips-itself", "reclaim", RECLAIM_MODELS, [
        (RECLAIM, "pass = me->n_deep == 0 || me->epoch == epoch;",
         "pass = true;")]),
    Mutant("reclaim-advances-by-store", "reclaim", RECLAIM_MODELS, [
        (RECLAIM, """    return strait_cas_release(&domain->word_, &word,
               word + ((uint64_t)1 << STI_RECLAIM_SHIFT)) ||
        word >> STI_RECLAIM_SHIFT != epoch;
""", """    strait_store_release(
        &domain->word_, word + ((uint64_t)1 << STI_RECLAIM_SHIFT));
    return true;
""")]),
    Mutant("reclaim-joins-without-being-counted", "reclaim", RECLAIM_MODELS, [
        (RECLAIM, "    while ((word & STI_RECLAIM_PLACES) <= me->index) {\n",
         "    while (domain->n_places == 0) {\n")]),
    Mutant("reclaim-quiescent-in-a-section", "reclaim", RECLAIM_MODELS, [
        (RECLAIM, "    if (!me->is_online || me->n_deep != 1)\n",
         "    if (!me->is_online)\n")]),
    Mutant("reclaim-claims-a-place-in-two-steps", "reclaim", RECLAIM_MODELS, [
        (RECLAIM, "    return strait_cas_acquire(&place->owner_, &from, to);\n",
         """    if (strait_load_acquire(&place->owner_) != from)
        return false;
    strait_store_rlx(&place->owner_, to);
    return true;
""")]),
    Mutant("reclaim-helps-without-claiming", "reclaim", RECLAIM_MODELS, [
        (RECLAIM, "        if (!sti_reclaim_claim(place, STI_RECLAIM_LEFT, "
         "STI_RECLAIM_HELPED))\n",
         "        if (strait_load_acquire(&place->owner_) != "
         "STI_RECLAIM_LEFT)\n")]),
    Mutant("reclaim-lets-go-before-it-takes", "reclaim", RECLAIM_MODELS, [
        (RECLAIM, """        n_taken = sti_reclaim_take(place, n - n_freed, &chain);
        /* Before the user's functions run: they may take their time. */
        sti_reclaim_let_go(place);
""", """        sti_reclaim_let_go(place);
        n_taken = sti_reclaim_take(place, n - n_freed, &chain);
""")]),

    # ------------------------------------------------------------- deque
    Mutant("deque-reads-the-task-before-its-cas", "deque", DEQUE_MODELS, [
        (DEQUE + "@sti_deque_steal", """    STRAIT_POINT("deque.steal");
""", """    uint64_t early = deque->frames_[word >> 32].data_[0];
    STRAIT_POINT("deque.steal");
"""),
        (DEQUE + "@sti_deque_steal",
         "    return deque->frames_ + (uint32_t)(word >> 32);",
         """    deque->frames_[word >> 32].data_[0] = early;
    return deque->frames_ + (uint32_t)(word >> 32);""")]),
    Mutant("deque-steals-by-store", "deque", DEQUE_MODELS, [
        (DEQUE, """    if (!strait_cas_acquire(&deque->word_, &word, word + STI_DEQUE_TOP))
        return NULL;
""", """    strait_store_rlx(&deque->word_, word + STI_DEQUE_TOP);
""")]),
    Mutant("deque-steals-what-is-private", "deque", DEQUE_MODELS, [
        (DEQUE, "if ((uint32_t)(word >> 32) >= (uint32_t)word)",
         "if ((uint32_t)(word >> 32) > (uint32_t)word)")]),
    Mutant("deque-shares-by-store", "deque", DEQUE_MODELS, [
        (DEQUE, "if ((uint32_t)(word >> 32) == (uint32_t)word) {", "if (1) {")]),
    Mutant("deque-shares-behind-the-old-top", "deque", DEQUE_MODELS, [
        (DEQUE, "STI_DEQUE_WORD(first, first + n));",
         "STI_DEQUE_WORD(word >> 32, first + n));")]),
    Mutant("deque-shares-one-too-many", "deque", DEQUE_MODELS, [
        (DEQUE, "(uint32_t)(end - deque->private_ + 1) / 2;",
         "(uint32_t)(end - deque->private_ + 3) / 2;")]),
    Mutant("deque-shares-and-keeps", "deque", DEQUE_MODELS, [
        (DEQUE, "    deque->private_ += n;\n", "")]),
    Mutant("deque-shares-a-task-that-is-done", "deque", DEQUE_MODELS, [
        (DEQUE, """        strait_store_rlx(&task->state_, STI_TASK_OPEN);
""", "")]),
    Mutant("deque-shares-without-a-mark", "deque", DEQUE_MODELS, [
        (DEQUE, "        task->run_ = sti_task_mark(task->run_);\n", "")]),
    Mutant("deque-takes-back-and-leaves-the-mark", "deque", DEQUE_MODELS, [
        (DEQUE, """                deque->frames_[top].run_ = sti_task_mark(
                    deque->frames_[top].run_);
""", "                continue;\n")]),
    Mutant("deque-takes-back-by-store", "deque", DEQUE_MODELS, [
        (DEQUE, """        if (strait_cas_weak_rlx(
                &deque->word_, &word, STI_DEQUE_WORD(top, top + keep))) {
""", """        strait_store_rlx(&deque->word_, STI_DEQUE_WORD(top, top + keep));
        {
""")]),
    Mutant("deque-takes-back-what-is-stolen", "deque", DEQUE_MODELS, [
        (DEQUE, """        if (top > index)
            return false;
""", "")]),
    Mutant("deque-takes-back-one-too-few", "deque", DEQUE_MODELS, [
        (DEQUE, "uint32_t keep = (split - top) / 2;",
         "uint32_t keep = (split - top + 1) / 2;")]),
    Mutant("deque-takes-back-and-shares", "deque", DEQUE_MODELS, [
        (DEQUE, "            deque->private_ = deque->frames_ + top + keep;\n",
         "")]),
    Mutant("deque-joins-and-shares", "deque", DEQUE_MODELS, [
        (DEQUE + "@sti_deque_joined", "    deque->private_ = task;",
         "    (void)deque, (void)task;")]),
    Mutant("deque-tells-once", "deque", DEQUE_MODELS, [
        (DEQUE, "    (void)strait_xchg_acq_rel(&deque->hungry_, \
STI_HUNGRY_TOLD);\n",
         """    if (strait_load_rlx(&deque->hungry_) != STI_HUNGRY_TOLD)
        (void)strait_xchg_acq_rel(&deque->hungry_, STI_HUNGRY_TOLD);
""")]),
    Mutant("deque-asks-over-a-tell", "deque", DEQUE_MODELS, [
        (DEQUE, """    if (hungry == STI_HUNGRY_NO)
        (void)strait_cas_rlx""", """    if (hungry != STI_HUNGRY_ASKED)
        (void)strait_cas_rlx""")]),
    Mutant("deque-answers-in-two-steps", "deque", DEQUE_MODELS, [
        (DEQUE, "    return strait_xchg_acq_rel(&deque->hungry_, \
STI_HUNGRY_NO);\n",
         """    uint32_t asked = strait_load_acquire(&deque->hungry_);

    strait_store_release(&deque->hungry_, STI_HUNGRY_NO);
    return asked;
""")]),
    Mutant("deque-answers-before-it-shares", "deque", DEQUE_MODELS, [
        ("tests/model/model_deque_tell.c",
         """    (void)sti_deque_expose(&deque, at);
    told = sti_deque_answer(&deque) == STI_HUNGRY_TOLD;
""", """    told = sti_deque_answer(&deque) == STI_HUNGRY_TOLD;
    (void)sti_deque_expose(&deque, at);
""")]),

    # -------------------------------------------------------------- fork
    Mutant("fork-tells-before-it-announces", "fork", FORK_MODELS, [
        (FORK, """        sti_parking_announce(helpers, worker->seat);
        if (sti_fork_tell_all(worker)) {
""", """        bool offers = sti_fork_tell_all(worker);

        sti_parking_announce(helpers, worker->seat);
        if (offers) {
""")]),
    Mutant("fork-parks-without-telling", "fork", FORK_MODELS, [
        (WORKER, "(steals(worker) && sti_fork_tell_all(worker))", "false")]),
    Mutant("fork-parks-and-told-before", "fork", FORK_MODELS, [
        (WORKER, """    sti_parking_announce(parking, worker->seat);
    /* [L1:acq]""", """    bool told = steals(worker) && sti_fork_tell_all(worker);

    sti_parking_announce(parking, worker->seat);
    /* [L1:acq]"""),
        (WORKER, "(steals(worker) && sti_fork_tell_all(worker))", "told")]),
    Mutant("fork-does-not-look-again", "fork", FORK_MODELS, [
        (FORK, """        if (sti_deque_offers(deque))
            offers = true;
""", "")]),
    Mutant("fork-asks-before-it-sleeps", "fork", FORK_MODELS, [
        (FORK, """        sti_deque_tell(deque);
        if (sti_deque_offers(deque))
""", """        sti_deque_ask(deque);
        if (sti_deque_offers(deque))
""")]),
    Mutant("fork-answers-before-it-shares", "fork", FORK_MODELS, [
        (FORK, """    uint32_t n = sti_deque_expose(deque, end);
    uint32_t asked;
""", """    uint32_t asked = sti_deque_answer(deque);
    uint32_t n = sti_deque_expose(deque, end);
"""),
        (FORK, "    asked = sti_deque_answer(deque);\n", "")]),
    Mutant("fork-answers-after-it-looked-who-sleeps", "fork", FORK_MODELS, [
        (FORK, "    uint32_t asked;\n",
         """    bool sleeps = anybody_sleeps(worker->crew);
    uint32_t asked;
"""),
        (FORK + "@strait_fork_feed_", """    if (asked != STI_HUNGRY_TOLD)
""", """    if (asked != STI_HUNGRY_TOLD || !sleeps)
""")]),
    Mutant("fork-shares-and-wakes-nobody", "fork", FORK_MODELS, [
        (FORK, "(n != 0 || sti_deque_offers(deque)) && wake_one(worker->crew))",
         "n != 0 || sti_deque_offers(deque))")]),
    Mutant("fork-forgets-who-sleeps-on", "fork", FORK_MODELS, [
        (FORK + "@strait_fork_feed_", """    if (anybody_sleeps(worker->crew))
        sti_deque_tell(deque);""", "")]),
    Mutant("fork-has-no-duty", "fork", FORK_MODELS, [
        (FORK, "    while (anybody_sleeps(crew)) {\n",
         "    while (0) {\n")]),
    Mutant("fork-duty-wakes-nobody", "fork", FORK_MODELS, [
        (FORK, "        if (wake_one(crew))\n            return;\n",
         "        return;\n")]),
    Mutant("fork-duty-tells-nobody", "fork", FORK_MODELS, [
        (FORK + "@sti_fork_duty", "sti_fork_tell_all(worker)",
         "sti_fork_spy(worker)")]),
    Mutant("fork-serves-without-duty", "fork", FORK_MODELS, [
        (WORKER, """        if (sti_forks(crew->pool))
            sti_fork_duty(worker);
""", "")]),
    Mutant("fork-enters-by-load", "fork", FORK_MODELS, [
        (FORK, "strait_or_acq_rel(&parking->idle_[i].bits_, STI_ZERO)",
         "strait_load_acquire(&parking->idle_[i].bits_)")]),
    Mutant("fork-enters-and-tells-nobody", "fork", FORK_MODELS, [
        (FORK, """    if (look(&worker->crew->helpers) || told)
        sti_deque_tell(deque);
""", """    (void)look(&worker->crew->helpers);
    (void)told;
""")]),
    Mutant("fork-enters-after-its-look", "fork", FORK_MODELS, [
        (FORK, """    /* [J1:rel] its head. */
    strait_store_release(entry, deque);
""", ""),
        (FORK, """    if (look(&worker->crew->helpers) || told)
""", """    told = look(&worker->crew->helpers) || told;
    strait_store_release(entry, deque);
    if (told)
""")]),
    Mutant("fork-leaves-the-outer-root-out", "fork", FORK_MODELS, [
        (FORK, "        enter(worker, outer);\n", "")]),
    Mutant("fork-hides-the-first-root", "fork", FORK_MODELS, [
        (FORK, "        strait_store_rlx(&pool->forks, 1);\n", "")]),
    Mutant("fork-ends-a-task-in-two-steps", "fork", FORK_MODELS, [
        (FORK, """    if (strait_xchg_acq_rel(&task->state_, STI_TASK_DONE) == \
STI_TASK_WAITED)
""", """    uint32_t state = strait_load_acquire(&task->state_);

    strait_store_release(&task->state_, STI_TASK_DONE);
    if (state == STI_TASK_WAITED)
""")]),
    Mutant("fork-waits-once", "fork", FORK_MODELS, [
        (FORK, "    while (state != STI_TASK_DONE) {\n",
         "    while (state == STI_TASK_OPEN) {\n")]),
    Mutant("fork-waits-by-store", "fork", FORK_MODELS, [
        (FORK, """        if (strait_cas_weak_release(&task->state_, &state, \
STI_TASK_WAITED))
            break;
""", """        strait_store_release(&task->state_, STI_TASK_WAITED);
        break;
""")]),
    Mutant("fork-leaves-its-bit-behind", "fork", FORK_MODELS, [
        (FORK, "    if (!alone && !sti_parking_withdraw(helpers, \
worker->seat))\n", "    if (0)\n")]),
    Mutant("fork-forgets-that-it-was-woken", "fork", FORK_MODELS, [
        (FORK + "@sleep_in_join", """    if (!alone && !sti_parking_withdraw(helpers, \
worker->seat))
        worker->fork.woken = true;""",
         """    if (!alone)
        (void)sti_parking_withdraw(helpers, worker->seat);""")]),
    Mutant("fork-forgets-that-it-was-woken-early", "fork", FORK_MODELS, [
        (FORK, """            if (!sti_parking_withdraw(helpers, worker->seat))
                worker->fork.woken = true;
""", """            (void)sti_parking_withdraw(helpers, worker->seat);
""")]),
    Mutant("fork-passes-nothing-on", "fork", FORK_MODELS, [
        (FORK, "    if (worker->fork.woken) {\n", "    if (0) {\n")]),
    Mutant("fork-waits-alone-among-the-helpers", "fork", FORK_MODELS, [
        (FORK, "        sti_parking_prepare(helpers, worker->seat);\n",
         "        sti_parking_announce(helpers, worker->seat);\n")]),
    Mutant("fork-helps-though-alone", "fork", FORK_MODELS, [
        (FORK, "alone ? NULL : help(worker, stolen)", "help(worker, stolen)")]),
    Mutant("fork-helps-at-any-depth", "fork", FORK_MODELS, [
        (FORK, "worker->fork.depth + 1 > STI_FORK_DEPTH_MAX", "false")]),
    Mutant("fork-helps-over-its-own-tasks", "fork", FORK_MODELS, [
        (FORK, "execute(worker, task, stolen + 1);",
         "execute(worker, task, stolen);")]),
    Mutant("fork-sleeps-where-lanes-wake", "fork", FORK_MODELS, [
        (FORK, "    sti_parking_t *helpers = &worker->crew->helpers;\n",
         "    sti_parking_t *helpers = &worker->crew->parking;\n")]),
    Mutant("fork-ends-and-wakes-nobody", "fork", FORK_MODELS, [
        (FORK, "        sti_parking_wake(&worker->crew->helpers, seat);\n",
         "        (void)seat;\n")]),
    Mutant("fork-ends-and-wakes-another", "fork", FORK_MODELS, [
        (FORK, "        sti_parking_wake(&worker->crew->helpers, seat);\n",
         "        (void)seat, (void)wake_one(worker->crew);\n")]),
    Mutant("fork-wakes-no-helpers", "fork", FORK_MODELS, [
        (FORK + "@wake_one", """ ||
        sti_parking_wake_one(&crew->helpers);""", ";")]),
]
