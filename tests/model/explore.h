/* SPDX-License-Identifier: MIT */
/*
 * explore.h - what a model compiled for the explorer sees: the seam of the
 * atomic shim, race-checked plain data, sleeping primitives, threads.
 *
 * It is the header that STRAIT_SEAM names, so <strait/atomic.h> includes it in
 * the middle; it may use STRAIT_RAW_* only inside macro bodies. Models do not
 * include it themselves, they include model.h.
 *
 * Every operation carries a static description of the place it was written at
 * (its site). The sites of a program can be listed, and the order of one of
 * them can be weakened for a run: that is how the negative controls work.
 */
#ifndef STRAIT_MODEL_EXPLORE_H
#define STRAIT_MODEL_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ex_order {
    EX_relaxed,
    EX_acquire,
    EX_release,
    EX_acq_rel,
    EX_seq_cst,
    EX_plain
};

struct ex_site {
    const char *file;
    const char *op;
    const char *text;
    int line;
    int order;
};

/* ----------------------------------------------------------- operations */

uint64_t ex_load(const struct ex_site *site, const volatile void *p, size_t n);
void ex_store(
    const struct ex_site *site, volatile void *p, size_t n, uint64_t value);
uint64_t ex_xchg(
    const struct ex_site *site, volatile void *p, size_t n, uint64_t value);
bool ex_cas(const struct ex_site *site, volatile void *p, size_t n,
    void *expected, uint64_t value, bool weak);
uint64_t ex_add(
    const struct ex_site *site, volatile void *p, size_t n, uint64_t value);
uint64_t ex_or(
    const struct ex_site *site, volatile void *p, size_t n, uint64_t value);
uint64_t ex_and(
    const struct ex_site *site, volatile void *p, size_t n, uint64_t value);

void ex_data_get(const struct ex_site *site, const volatile void *p, size_t n);
void ex_data_set(const struct ex_site *site, const volatile void *p, size_t n);
void ex_own(const struct ex_site *site, volatile void *p, size_t n);
void ex_free(const struct ex_site *site, const volatile void *p, size_t n);

/* ------------------------------------------------------ model primitives */

struct ex_thread;

void ex_spawn(int *ret_id, const char *name, void *(*fn)(void *), void *arg);
void ex_join(int id);
void ex_pause(void);
void ex_point(const char *name);
void ex_futex_wait(
    const struct ex_site *site, const volatile void *p, size_t n, uint64_t v);
/* The same with a deadline, if it may expire; answers an STI_FUTEX_*. */
int ex_futex_wait_until(const struct ex_site *site, const volatile void *p,
    size_t n, uint64_t v, bool may_expire);
void ex_futex_wake(const struct ex_site *site, const volatile void *p);
/* The upper half of a word of 64 bits as the futex; answers an STI_FUTEX_*. */
int ex_futex_wait_high(const struct ex_site *site, const volatile void *p,
    uint32_t v, bool may_expire);
/* Sleepers of two kinds, by the value that they sleep on: few enough that a
 * class comes again. Answers how many were woken. */
#define EX_CLASSES 2
enum ex_class { EX_ANY_CLASS, EX_OTHER_CLASS, EX_THIS_CLASS };
int ex_futex_wake_high(const struct ex_site *site, const volatile void *p,
    int n, uint32_t v, enum ex_class which);

/* An edge-triggered, never read eventfd in an epoll set of its one waiter,
 * whose wait may also end for another reason (see ex_bell_expire). */
struct ex_bell {
    uint32_t edge;
    uint32_t expired;
};

void ex_bell_ring(const struct ex_site *site, struct ex_bell *bell);
void ex_bell_expire(const struct ex_site *site, struct ex_bell *bell);
bool ex_bell_wait(const struct ex_site *site, struct ex_bell *bell);

void ex_assert(
    bool ok, const char *text, const char *file, int line, const char *func);
void ex_name(const volatile void *p, size_t n, const char *name);
void ex_cover(const char *const *name);

/* -------------------------------------------------------------- the seam */

#define EX_SITE(what, ord, what_text)                                          \
    static const struct ex_site ex_site_ = { __FILE__, what, what_text,        \
        __LINE__, EX_##ord };                                                  \
    static const struct ex_site *const ex_ref_                                 \
        __attribute__((section("ex_sites"), used)) = &ex_site_

/* The value type of an atomic field, without qualifiers. */
#define EX_TYPE(p) __typeof__(STRAIT_RAW_LOAD((p), relaxed))
#define EX_BITS(v) ((uint64_t)(uintptr_t)(v))
#define EX_VALUE(p, u) ((EX_TYPE(p))(uintptr_t)(u))

#define STRAIT_SEAM_LOAD(p, o)                                                 \
    __extension__({                                                            \
        EX_SITE("load", o, #p);                                                \
        EX_VALUE(p, ex_load(&ex_site_, (p), sizeof(*(p))));                    \
    })
#define STRAIT_SEAM_STORE(p, v, o)                                             \
    __extension__({                                                            \
        EX_SITE("store", o, #p);                                               \
        ex_store(&ex_site_, (p), sizeof(*(p)), EX_BITS(v));                    \
    })
#define STRAIT_SEAM_XCHG(p, v, o)                                              \
    __extension__({                                                            \
        EX_SITE("xchg", o, #p);                                                \
        EX_VALUE(p, ex_xchg(&ex_site_, (p), sizeof(*(p)), EX_BITS(v)));        \
    })
#define STRAIT_SEAM_CAS(p, e, v, o)                                            \
    __extension__({                                                            \
        EX_SITE("cas", o, #p);                                                 \
        ex_cas(&ex_site_, (p), sizeof(*(p)), (e), EX_BITS(v), false);          \
    })
#define STRAIT_SEAM_CAS_WEAK(p, e, v, o)                                       \
    __extension__({                                                            \
        EX_SITE("cas_weak", o, #p);                                            \
        ex_cas(&ex_site_, (p), sizeof(*(p)), (e), EX_BITS(v), true);           \
    })
#define STRAIT_SEAM_ADD(p, v, o)                                               \
    __extension__({                                                            \
        EX_SITE("add", o, #p);                                                 \
        EX_VALUE(p, ex_add(&ex_site_, (p), sizeof(*(p)), EX_BITS(v)));         \
    })
#define STRAIT_SEAM_OR(p, v, o)                                                \
    __extension__({                                                            \
        EX_SITE("or", o, #p);                                                  \
        EX_VALUE(p, ex_or(&ex_site_, (p), sizeof(*(p)), EX_BITS(v)));          \
    })
#define STRAIT_SEAM_AND(p, v, o)                                               \
    __extension__({                                                            \
        EX_SITE("and", o, #p);                                                 \
        EX_VALUE(p, ex_and(&ex_site_, (p), sizeof(*(p)), EX_BITS(v)));         \
    })

#define STRAIT_DATA_GET(p)                                                     \
    __extension__({                                                            \
        EX_SITE("get", plain, #p);                                             \
        ex_data_get(&ex_site_, (p), sizeof(*(p)));                             \
        *(p);                                                                  \
    })
#define STRAIT_DATA_SET(p, v)                                                  \
    __extension__({                                                            \
        EX_SITE("set", plain, #p);                                             \
        ex_data_set(&ex_site_, (p), sizeof(*(p)));                             \
        (void)(*(p) = (v));                                                    \
    })

#define STRAIT_POINT(name) ex_point(name)

#endif /* STRAIT_MODEL_EXPLORE_H */
