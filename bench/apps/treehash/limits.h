/* SPDX-License-Identifier: MIT */
/*
 * limits - what keeps the program's memory and descriptors flat, in one place.
 *
 * Tests build the program once more with TREEHASH_TINY, so that small trees
 * reach every limit.
 */
#ifndef TREEHASH_LIMITS_H
#define TREEHASH_LIMITS_H

#ifndef TREEHASH_TINY

/* Jobs between the oldest that is not printed and the newest, a power of two;
 * about 3 KB each with usual names. */
#define TH_JOBS_MAX 2048
/* Files of one job, and the bytes, about a millisecond's, at which it takes no
 * more. */
#define TH_JOB_FILES_MAX 32
#define TH_JOB_BYTES_MAX ((uint64_t)1 << 20)
/* Jobs that a visit of the walk may fill before it hands them over. */
#define TH_WALK_JOBS 64

/* What one listing of a directory may hold, and all of them together. A
 * directory with more, some 300,000 names of usual length, is read in several
 * passes. */
#define TH_LISTING_BYTES_MAX ((size_t)8 << 20)
#define TH_LISTINGS_BYTES_MAX ((size_t)12 << 20)

/* Directories that may be open, those on the way down to where the walk stands
 * and those that jobs still need. */
#define TH_OPEN_DIRS_MAX 96
#define TH_OPEN_PATH_MAX 16

#else

#define TH_JOBS_MAX 8
#define TH_JOB_FILES_MAX 3
#define TH_JOB_BYTES_MAX ((uint64_t)1 << 16)
#define TH_WALK_JOBS 2
#define TH_LISTING_BYTES_MAX ((size_t)1 << 10)
#define TH_LISTINGS_BYTES_MAX ((size_t)3 << 10)
#define TH_OPEN_DIRS_MAX 8
#define TH_OPEN_PATH_MAX 2

#endif

#endif /* TREEHASH_LIMITS_H */
