/* SPDX-License-Identifier: MIT */
/*
 * sanitizer.h - which sanitizer this translation unit was compiled with, and
 * by how much that slows a test down.
 */
#ifndef STRAIT_TESTS_SANITIZER_H
#define STRAIT_TESTS_SANITIZER_H

#if defined(__SANITIZE_THREAD__)
#define SANITIZER_THREAD 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SANITIZER_THREAD 1
#endif
#endif
#ifndef SANITIZER_THREAD
#define SANITIZER_THREAD 0
#endif

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZER_ADDRESS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZER_ADDRESS 1
#endif
#endif
#ifndef SANITIZER_ADDRESS
#define SANITIZER_ADDRESS 0
#endif

/* Divide numbers of repetitions by this, multiply patience with it. */
#if SANITIZER_THREAD
#define SANITIZER_SLOWDOWN 8
#elif SANITIZER_ADDRESS
#define SANITIZER_SLOWDOWN 3
#else
#define SANITIZER_SLOWDOWN 1
#endif

#endif /* STRAIT_TESTS_SANITIZER_H */
