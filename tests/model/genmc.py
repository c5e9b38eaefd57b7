#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs models under the model checker GenMC, if there is one on PATH."""
import argparse
import sys

import models

SKIPPED = 77


def main():
    parser = argparse.ArgumentParser(
        description="Runs models under GenMC (RC11 and IMM; with a liveness "
                    "check where something sleeps). A pass needs exit status 0, "
                    "'No errors were detected', more than 0 executions, and "
                    "that the end of the model is reached.",
        epilog="Exit status: 0 all passed, 1 an error or no result, 77 genmc is "
               "not on PATH (STRAIT_GENMC may name it).")
    parser.add_argument("case", nargs="*",
                        help="MODEL.CASE or MODEL, e.g. mpsc_push.2x1; "
                             "default: all that are small enough")
    parser.add_argument("--long", action="store_true",
                        help="also what takes longer than CI has time for")
    parser.add_argument("--timeout", type=int, metavar="S",
                        help="seconds per case and memory model (default: 60, "
                             "with --long 1200)")
    parser.add_argument("--trace", action="store_true",
                        help="print all that GenMC says about a failure")
    parser.add_argument("--list", action="store_true",
                        help="print the cases and stop")
    options = parser.parse_args()

    cases = [case for case in models.all_cases() if case.genmc]
    if options.list:
        for case in cases:
            print(case.title)
        return 0
    if options.case:
        chosen = [case for case in cases
                  if case.title in options.case
                  or case.model.name in options.case]
        if not chosen:
            parser.error("no such case for GenMC; --list shows them")
        cases = chosen
    if models.genmc_path() is None:
        print("skipped: genmc is not on PATH, so nothing was checked under "
              "RC11 and IMM; the explorer runs these models all the same")
        return SKIPPED
    timeout = options.timeout or (1200 if options.long else 60)
    bad = 0
    for case in cases:
        if not models.reaches_end(case, timeout):
            print(f"{case.title:28} never reaches the end of the model: its "
                  "unroll= cuts every execution off")
            bad += 1
        for memory_model in models.MEMORY_MODELS:
            if memory_model in case.long and not options.long:
                print(f"{case.title:28} {memory_model:5} left out (--long)")
                continue
            verdict = models.run_genmc(case, memory_model, timeout)
            print(f"{case.title:28} {memory_model:5} {verdict.word:10} "
                  f"{verdict.executions:8} executions, {verdict.blocked} "
                  f"blocked, {verdict.seconds:.1f} s", flush=True)
            if not verdict.passed:
                bad += 1
                lines = verdict.output.splitlines()
                print("\n".join(lines if options.trace else lines[-25:]))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
