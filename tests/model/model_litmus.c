/* SPDX-License-Identifier: MIT */
/*
 * @obligation the tools themselves: what C11 forbids is never seen, and, by the
 *   explorer, what it allows and this memory model has is seen (message
 *   passing, store buffering, coherence, causality, release sequences, write
 *   order)
 * @core explorer
 * @case mp -DMP genmc
 * @case mp-relaxed -DMP_RELAXED genmc
 * @case sb -DSB genmc
 * @case sb-sc -DSB_SC genmc
 * @case coherence -DCOHERENCE genmc
 * @case causality -DCAUSALITY genmc
 * @case iriw -DIRIW genmc
 * @case sequence -DSEQUENCE genmc
 * @case writes -DWRITES genmc
 * @case mixed -DMIXED genmc
 */
#include "model.h"

#define RUN2(a, b)                                                             \
    M_SPAWN(&t1, a, NULL);                                                     \
    M_SPAWN(&t2, b, NULL);                                                     \
    M_JOIN(t1);                                                                \
    M_JOIN(t2)

#if defined(MP)
/* A flag with release and acquire hands plain data over. */
M_STATE STRAIT_ATOMIC(uint32_t) x;
M_STATE uint32_t r1, data;
M_STATE m_thread t1, t2;

M_THREAD(left)
{
    M_SET(&data, 7);
    strait_store_release(&x, 1);
    return NULL;
}

M_THREAD(right)
{
    r1 = strait_load_acquire(&x);
    if (r1 == 1)
        M_ASSERT(M_GET(&data) == 7);
    return NULL;
}

M_MAIN
{
    RUN2(left, right);
    if (r1 == 1)
        M_COVER("the flag was seen");
    else
        M_COVER("the flag was not seen");
}

#elif defined(MP_RELAXED)
/* A relaxed flag hands nothing over. */
M_STATE STRAIT_ATOMIC(uint32_t) x, y;
M_STATE uint32_t r1, r2;
M_STATE m_thread t1, t2;

M_THREAD(left)
{
    strait_store_rlx(&y, 7);
    strait_store_rlx(&x, 1);
    return NULL;
}

M_THREAD(right)
{
    r1 = strait_load_rlx(&x);
    r2 = strait_load_rlx(&y);
    return NULL;
}

M_MAIN
{
    RUN2(left, right);
    if (r1 == 1 && r2 == 0)
        M_COVER("the flag was seen before what went before it");
}

#elif defined(SB)
/* Both loads may miss the other's store, by release and acquire, too. */
M_STATE STRAIT_ATOMIC(uint32_t) x, y;
M_STATE uint32_t r1, r2;
M_STATE m_thread t1, t2;

M_THREAD(left)
{
    strait_store_release(&x, 1);
    r1 = strait_load_acquire(&y);
    return NULL;
}

M_THREAD(right)
{
    strait_store_release(&y, 1);
    r2 = strait_load_acquire(&x);
    return NULL;
}

M_MAIN
{
    RUN2(left, right);
    if (r1 == 0 && r2 == 0)
        M_COVER("both missed");
}

#elif defined(SB_SC)
M_STATE STRAIT_ATOMIC(uint32_t) x, y;
M_STATE uint32_t r1, r2;
M_STATE m_thread t1, t2;

M_THREAD(left)
{
    strait_store_sc(&x, 1);
    r1 = strait_load_sc(&y);
    return NULL;
}

M_THREAD(right)
{
    (void)strait_xchg_sc(&y, 1);
    r2 = strait_load_sc(&x);
    return NULL;
}

M_MAIN
{
    RUN2(left, right);
    M_ASSERT(r1 == 1 || r2 == 1);
    if (r1 == 1 && r2 == 1)
        M_COVER("both saw");
}

#elif defined(COHERENCE)
/* Two loads of one location never go back, and one sees one's own store. */
M_STATE STRAIT_ATOMIC(uint32_t) x;
M_STATE uint32_t r1, r2;
M_STATE m_thread t1, t2;

M_THREAD(left)
{
    strait_store_rlx(&x, 1);
    strait_store_rlx(&x, 2);
    M_ASSERT(strait_load_rlx(&x) == 2);
    return NULL;
}

M_THREAD(right)
{
    r1 = strait_load_rlx(&x);
    r2 = strait_load_rlx(&x);
    return NULL;
}

M_MAIN
{
    RUN2(left, right);
    M_ASSERT(r1 <= r2);
    if (r1 == 1 && r2 == 2)
        M_COVER("both stores in turn");
}

#elif defined(CAUSALITY)
/* Who learns from one who has learnt, knows. */
M_STATE STRAIT_ATOMIC(uint32_t) x, y;
M_STATE uint32_t data;
M_STATE m_thread t1, t2, t3;

M_THREAD(left)
{
    M_SET(&data, 7);
    strait_store_release(&x, 1);
    return NULL;
}

M_THREAD(middle)
{
    if (strait_load_acquire(&x) == 1)
        strait_store_release(&y, 1);
    return NULL;
}

M_THREAD(right)
{
    if (strait_load_acquire(&y) == 1) {
        M_COVER("two steps");
        M_ASSERT(strait_load_rlx(&x) == 1);
        M_ASSERT(M_GET(&data) == 7);
    }
    return NULL;
}

M_MAIN
{
    M_SPAWN(&t3, left, NULL);
    RUN2(middle, right);
    M_JOIN(t3);
}

#elif defined(IRIW)
/* Two readers may disagree on the order of independent stores. */
M_STATE STRAIT_ATOMIC(uint32_t) x, y;
M_STATE uint32_t r1, r2, r3, r4;
M_STATE m_thread t1, t2, t3;

M_THREAD(left)
{
    strait_store_release(&x, 1);
    return NULL;
}

M_THREAD(right)
{
    strait_store_release(&y, 1);
    return NULL;
}

M_THREAD(reader)
{
    r1 = strait_load_acquire(&x);
    r2 = strait_load_acquire(&y);
    return NULL;
}

M_MAIN
{
    M_SPAWN(&t3, reader, NULL);
    M_SPAWN(&t1, left, NULL);
    M_SPAWN(&t2, right, NULL);
    r3 = strait_load_acquire(&y);
    r4 = strait_load_acquire(&x);
    M_JOIN(t1);
    M_JOIN(t2);
    M_JOIN(t3);
    if (r1 == 1 && r2 == 0 && r3 == 1 && r4 == 0)
        M_COVER("they disagree");
}

#elif defined(SEQUENCE)
/* A relaxed RMW passes a release on; a relaxed store of another ends it. */
M_STATE STRAIT_ATOMIC(uint32_t) x;
M_STATE uint32_t r1, data;
M_STATE m_thread t1, t2;

M_THREAD(left)
{
    M_SET(&data, 7);
    strait_store_release(&x, 1);
    return NULL;
}

M_THREAD(middle)
{
    (void)strait_add_rlx(&x, 2);
    return NULL;
}

M_MAIN
{
    M_SPAWN(&t1, left, NULL);
    M_SPAWN(&t2, middle, NULL);
    r1 = strait_load_acquire(&x);
    if (r1 == 3) {
        M_COVER("read through an RMW of another thread");
        M_ASSERT(M_GET(&data) == 7);
    }
    M_JOIN(t1);
    M_JOIN(t2);
    M_ASSERT(strait_load_rlx(&x) == 3 || strait_load_rlx(&x) == 1);
}

#elif defined(WRITES)
/* Relaxed stores of two threads may be ordered against each of them. */
M_STATE STRAIT_ATOMIC(uint32_t) x, y;
M_STATE m_thread t1, t2;

M_THREAD(left)
{
    strait_store_rlx(&x, 1);
    strait_store_rlx(&y, 2);
    return NULL;
}

M_THREAD(right)
{
    strait_store_rlx(&y, 1);
    strait_store_rlx(&x, 2);
    return NULL;
}

M_MAIN
{
    RUN2(left, right);
    if (strait_load_rlx(&x) == 1 && strait_load_rlx(&y) == 1)
        M_COVER("both first stores came last");
}

#elif defined(MIXED)
/* No RMW is lost, and none is torn from what it took by a plain store. */
M_STATE STRAIT_ATOMIC(uint32_t) x;
M_STATE uint32_t r1, r2;
M_STATE m_thread t1, t2;

M_THREAD(left)
{
    r1 = strait_xchg_rlx(&x, 1);
    return NULL;
}

M_THREAD(right)
{
    r2 = strait_add_rlx(&x, 10);
    return NULL;
}

M_MAIN
{
    uint32_t end;

    RUN2(left, right);
    end = strait_load_rlx(&x);
    M_ASSERT(
        (r1 == 0 && r2 == 1 && end == 11) || (r2 == 0 && r1 == 10 && end == 1));
    if (end == 1)
        M_COVER("exchanged last");
}
#endif
