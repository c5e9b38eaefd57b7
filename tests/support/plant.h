/* SPDX-License-Identifier: MIT */
/*
 * plant.h - stress programs that make one mistake on purpose, if they are asked
 * to with --plant NAME: it must be noticed.
 *
 *     static const struct plant plants[] = {
 *         { "lost", "an item is never done" },
 *         { NULL, NULL },
 *     };
 *     ...
 *     if (!planted_now("lost"))
 *         done(item);
 *     ...
 *     plant_begin(argc, argv, "stress_mpsc", "what it does", plants);
 */
#ifndef STRAIT_TESTS_PLANT_H
#define STRAIT_TESTS_PLANT_H

#include "stress.h"

struct plant {
    const char *name;
    const char *what;
};

static const char *plant_chosen = "";

static inline bool
planted(const char *name)
{
    return strcmp(plant_chosen, name) == 0;
}

/* Once in a while, so that the round is under way. */
static inline bool
planted_now(const char *name)
{
    static STRAIT_ATOMIC(uint32_t) n;

    return planted(name) && strait_add_rlx(&n, 1) % 64 == 63;
}

static inline void
plant_choose(const char *program, const struct plant *plants, const char *name)
{
    const struct plant *plant;

    for (plant = plants; plant->name != NULL; plant++) {
        if (strcmp(plant->name, name) == 0) {
            plant_chosen = plant->name;
            return;
        }
    }
    fprintf(stderr, "%s: no mistake is called '%s':\n", program, name);
    for (plant = plants; plant->name != NULL; plant++)
        fprintf(stderr, "  %-9s %s\n", plant->name, plant->what);
    exit(2);
}

/* As stress_begin(), with that option; the plants end with a NULL. */
static inline void
plant_begin(int argc, char **argv, const char *program, const char *about,
    const struct plant *plants)
{
    char text[1024];

    if (argc == 3 && strcmp(argv[1], "--plant") == 0) {
        plant_choose(program, plants, argv[2]);
        argc = 1;
    }
    snprintf(text, sizeof text,
        "%s\n"
        "  --plant NAME              one mistake, which must be noticed; any\n"
        "                            other name lists them",
        about);
    stress_begin(argc, argv, program, text);
}

#endif /* STRAIT_TESTS_PLANT_H */
