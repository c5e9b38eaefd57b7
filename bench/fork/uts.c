/* SPDX-License-Identifier: MIT */
/*
 * fork/uts - trees of the unbalanced tree search. A node is a SHA-1 digest:
 * that of its parent's digest and its own index. So a tree is the same wherever
 * it grows, no part of it says how large another is, and counting its nodes is
 * all that can be done with it. The block that is hashed is always one.
 */
#include "fork/fork.h"

#include <math.h>
#include <string.h>

const struct fork_uts fork_uts_trees[FORK_UTS_TREES] = {
    [FORK_UTS_T1] = { .seed = 19, .b0 = 4, .depth = 10, .nodes = 4130071 },
    [FORK_UTS_T3L] = { .is_binomial = true,
        .seed = 7,
        .b0 = 2000,
        .q = 0.200014,
        .m = 5,
        .nodes = 111345631 },
};

static inline uint32_t
rotated(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

/* clang unrolls such loops without being asked. */
#ifdef __clang__
#define UNROLLED
#else
#define UNROLLED _Pragma("GCC unroll 20")
#endif

/* Twenty steps of the compression, with the function and constant of a
 * phase. */
#define PHASE(from, function, constant)                                        \
    UNROLLED                                                                   \
    for (unsigned i = from; i < from + 20; i++) {                              \
        uint32_t t;                                                            \
                                                                               \
        if (i >= 16)                                                           \
            w[i & 15] = rotated(w[(i - 3) & 15] ^ w[(i - 8) & 15] ^            \
                    w[(i - 14) & 15] ^ w[i & 15],                              \
                1);                                                            \
        t = rotated(a, 5) + (function) + e + (constant) + w[i & 15];           \
        e = d;                                                                 \
        d = c;                                                                 \
        c = rotated(b, 30);                                                    \
        b = a;                                                                 \
        a = t;                                                                 \
    }

/* The digest of a message of n_words, which is one block with its padding. */
static void
sha1_of(uint32_t digest[5], const uint32_t *words, unsigned n_words)
{
    static const uint32_t start[5] = { 0x67452301, 0xefcdab89, 0x98badcfe,
        0x10325476, 0xc3d2e1f0 };
    uint32_t w[16] = { 0 };
    uint32_t a = start[0];
    uint32_t b = start[1];
    uint32_t c = start[2];
    uint32_t d = start[3];
    uint32_t e = start[4];

    memcpy(w, words, n_words * sizeof(*words));
    w[n_words] = 0x80000000;
    w[15] = n_words * 32;
    PHASE(0, (b & c) | (~b & d), 0x5a827999)
    PHASE(20, b ^ c ^ d, 0x6ed9eba1)
    PHASE(40, (b & c) | (b & d) | (c & d), 0x8f1bbcdc)
    PHASE(60, b ^ c ^ d, 0xca62c1d6)
    digest[0] = start[0] + a;
    digest[1] = start[1] + b;
    digest[2] = start[2] + c;
    digest[3] = start[3] + d;
    digest[4] = start[4] + e;
}

void
fork_uts_root(const struct fork_uts *tree, struct fork_uts_node *root)
{
    uint32_t words[5] = { 0, 0, 0, 0, tree->seed };

    sha1_of(root->state, words, 5);
    root->depth = 0;
}

void
fork_uts_child(const struct fork_uts_node *parent, uint32_t index,
    struct fork_uts_node *child)
{
    uint32_t words[6];

    memcpy(words, parent->state, sizeof(parent->state));
    words[5] = index;
    sha1_of(child->state, words, 6);
    child->depth = parent->depth + 1;
}

/* As the search defines it: geometric trees have at most a hundred children. */
#define UTS_CHILDREN_MAX 100

unsigned
fork_uts_children(const struct fork_uts *tree, const struct fork_uts_node *node)
{
    double drawn = (double)(node->state[4] & 0x7fffffff) / 2147483648.0;
    double n;

    if (tree->is_binomial) {
        if (node->depth == 0)
            return (unsigned)tree->b0;
        return drawn < tree->q ? tree->m : 0;
    }
    if (node->depth >= tree->depth)
        return 0;
    n = floor(log(1 - drawn) / log(1 - 1 / (1 + tree->b0)));
    return n < UTS_CHILDREN_MAX ? (unsigned)n : UTS_CHILDREN_MAX;
}
