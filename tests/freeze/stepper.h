/* SPDX-License-Identifier: MIT */
/*
 * stepper.h - freezes a thread at the n-th instruction of an operation.
 *
 * A thread can only be traced from another process. So the program splits: the
 * test goes on in a child, which has the *subject*, a thread that does nothing
 * but the operations under test; the parent stays behind as the stepper, moves
 * the subject one instruction at a time, and ends with the child's status.
 *
 *     stepper_split();                        // from here on in the child
 *     reason = stepper_attach();              // NULL, or why ptrace is refused
 *     stepper_freeze(operation, 17);          // 17 instructions, then stop
 *     ... the others act ...
 *     stepper_release();                      // until the operation has ended
 *
 * Instructions are counted from the store that says "begun" to the one that
 * says "ended": the call of the operation and its return are among them.
 */
#ifndef STRAIT_TESTS_STEPPER_H
#define STRAIT_TESTS_STEPPER_H

/* Where the subject is. */
enum stepper_state {
    STEPPER_FROZEN, /* stopped inside the operation */
    STEPPER_ASLEEP, /* it sleeps in a system call, and cannot be stopped */
    STEPPER_ENDED,  /* the operation has ended */
    STEPPER_LOST    /* it did not get there in good time */
};

/* Returns in the child only. */
void stepper_split(void);

/* Starts the subject; answers NULL, or why it cannot be traced. */
const char *stepper_attach(void);

/*
 * Starts `operation` on the subject and stops it after n_steps instructions.
 * ASLEEP if one of these sleeps: the n-th if stepper_steps() says n - 1. Rouse
 * the subject and call stepper_go_on for the rest of the steps.
 */
enum stepper_state stepper_freeze(void (*operation)(void), unsigned n_steps);
enum stepper_state stepper_go_on(void);

/* How many instructions the last freeze has completed. */
unsigned stepper_steps(void);

/* Lets the subject run until the operation has ended; ASLEEP if it does not
 * end because it sleeps: rouse it and call this again. */
enum stepper_state stepper_release(void);

#endif /* STRAIT_TESTS_STEPPER_H */
