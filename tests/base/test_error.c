/* SPDX-License-Identifier: MIT */
/*
 * test_error.c - names and texts of errors; setting the reporter.
 */
#include <errno.h>
#include <limits.h>
#include <strait/error.h>

#include "unit.h"

/* Every code that a contract in include/strait names. */
static const struct {
    int code;
    const char *name;
} codes[] = {
    { EAGAIN, "EAGAIN" },
    { EALREADY, "EALREADY" },
    { EBUSY, "EBUSY" },
    { ECANCELED, "ECANCELED" },
    { ECHILD, "ECHILD" },
    { EDEADLK, "EDEADLK" },
    { EINVAL, "EINVAL" },
    { EMFILE, "EMFILE" },
    { ENFILE, "ENFILE" },
    { ENOMEM, "ENOMEM" },
    { ENOSPC, "ENOSPC" },
    { EPERM, "EPERM" },
    { ESHUTDOWN, "ESHUTDOWN" },
};
#define N_CODES (sizeof codes / sizeof codes[0])

Test(error, every_code_of_a_contract_has_its_name)
{
    size_t i;

    for (i = 0; i < N_CODES; i++) {
        check_str(strait_error_name(-codes[i].code), codes[i].name);
        check_str(strait_error_name(codes[i].code), codes[i].name);
    }
}

Test(error, every_code_of_a_contract_has_a_text_of_its_own)
{
    size_t i;
    size_t k;

    for (i = 0; i < N_CODES; i++) {
        const char *text = strait_error_text(-codes[i].code);

        cr_assert(strlen(text) > 10 && strchr(text, '\n') == NULL,
            "text of %s: \"%s\"", codes[i].name, text);
        check_str(strait_error_text(codes[i].code), text);
        for (k = 0; k < i; k++)
            cr_assert(strcmp(text, strait_error_text(codes[k].code)) != 0,
                "%s and %s have one text", codes[i].name, codes[k].name);
    }
}

Test(error, zero_is_ok)
{
    check_str(strait_error_name(0), "OK");
    cr_assert(strlen(strait_error_text(0)) > 0);
}

Test(error, unknown_codes_have_a_name_too)
{
    static const int unknown[] = { 1234567, -1234567, INT_MAX, -INT_MAX,
        INT_MIN };
    size_t i;

    for (i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        check_str(strait_error_name(unknown[i]), "E?");
        cr_assert(strlen(strait_error_text(unknown[i])) > 0);
    }
}

static void
hear(int level, const char *text, void *arg)
{
    (void)level;
    (void)text;
    (void)arg;
}

Test(error, setting_a_reporter_answers_the_one_before)
{
    static const strait_reporter_t first = { hear, NULL };
    static const strait_reporter_t second = { hear, NULL };

    check_ptr(strait_set_reporter(&first), NULL);
    check_ptr(strait_set_reporter(&second), &first);
    check_ptr(strait_set_reporter(NULL), &second);
    check_ptr(strait_set_reporter(NULL), NULL);
}
