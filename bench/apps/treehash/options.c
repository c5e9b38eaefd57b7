/* SPDX-License-Identifier: MIT */
/* options - see options.h. */
#define _GNU_SOURCE
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <strait/cpu.h>
#include <strait/memory.h>
#include <strait/pool.h>

#include "digest.h"

static const char help[] =
    "Usage: treehash [OPTIONS] DIR|FILE...\n"
    "\n"
    "Hashes every regular file below the given directories, several at a time,\n"
    "and prints what sha256sum would print for the same paths; `sha256sum -c`\n"
    "reads it back.\n"
    "\n"
    "  -j, --jobs N      threads that read and hash, 1 to %d; without it, as\n"
    "                    many as there are usable CPUs (here: %u)\n"
    "  -a, --algo NAME   sha256 (the default), sha512, sha1, md5, b2, ...;\n"
    "                    `--algo list` prints all that OpenSSL offers\n"
    "      --json        JSON lines instead; see below\n"
    "      --stats       one line of figures on stderr at the end\n"
    "  -q, --quiet       no progress bar\n"
    "  -h, --help        this text\n"
    "  -V, --version     versions of the program and what it stands on\n"
    "      --            ends the options\n"
    "\n"
    "Order: arguments as given, in each directory all entries by the bytes of\n"
    "their names, the contents of a directory at its place. Links are followed\n"
    "where they are arguments, and passed over inside a tree, as are pipes,\n"
    "sockets and devices.\n"
    "\n"
    "A name with a newline, carriage return or backslash is written with \\n,\n"
    "\\r, \\\\, and its line starts with a backslash, as sha256sum does.\n"
    "\n"
    "JSON lines: one object per file with \"type\":\"file\", \"path\", \"bytes\"\n"
    "and the digest under the algorithm's name; \"type\":\"error\" with \"path\"\n"
    "and \"error\"; at the end \"type\":\"summary\". If a path is not UTF-8, each\n"
    "odd byte of \"path\" is U+FFFD, and \"path_hex\" holds all its bytes.\n"
    "\n"
    "What cannot be read is named on stderr, the rest goes on. Ctrl-C (or\n"
    "SIGTERM) stops and says how far it came; what was printed is complete and\n"
    "in order.\n"
    "\n"
    "Exit status: 0 all hashed, 1 something failed, 2 wrong usage, 130 stopped\n"
    "by a signal, 141 the reader of the output went away.\n";

static int
bad_usage(const char *text)
{
    fprintf(stderr, "treehash: %s\nTry `treehash --help`.\n", text);
    return TH_EXIT_USAGE;
}

static int
read_jobs(struct th_options *options, const char *text)
{
    char *end;
    unsigned long n;

    errno = 0;
    n = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] < '0' ||
        text[0] > '9' || n < 1 || n > STRAIT_POOL_WORKERS_MAX) {
        fprintf(stderr,
            "treehash: -j takes a number of threads from 1 to %d, not '%s';\n"
            "leave it out to use all %u usable CPUs.\n",
            STRAIT_POOL_WORKERS_MAX, text, strait_cpu_usable());
        return TH_EXIT_USAGE;
    }
    options->n_workers = (uint32_t)n;
    return -1;
}

static int
finish_stdout(void)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "treehash: standard output: %s\n", strerror(errno));
        return TH_EXIT_SOME_FAILED;
    }
    return TH_EXIT_OK;
}

static int
print_version(void)
{
    const char *allocator;

    strait_allocator_default(&allocator);
    printf("treehash %s (Strait %s, %s, memory from %s)\n",
        strait_version_string(), strait_version_string(),
        OpenSSL_version(OPENSSL_VERSION), allocator);
    return finish_stdout();
}

int
th_options_read(struct th_options *options, int argc, char **argv)
{
    enum { OPT_JSON = 256, OPT_STATS };
    static const struct option table[] = {
        { "jobs", required_argument, NULL, 'j' },
        { "algo", required_argument, NULL, 'a' },
        { "json", no_argument, NULL, OPT_JSON },
        { "stats", no_argument, NULL, OPT_STATS },
        { "quiet", no_argument, NULL, 'q' },
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'V' },
        { NULL, 0, NULL, 0 },
    };
    char text[256];
    int option;
    int status = -1;

    memset(options, 0, sizeof(*options));
    options->algorithm = "sha256";
    opterr = 0;
    while (status < 0 &&
        (option = getopt_long(argc, argv, ":j:a:qhV", table, NULL)) != -1) {
        switch (option) {
        case 'j': status = read_jobs(options, optarg); break;
        case 'a': options->algorithm = optarg; break;
        case OPT_JSON: options->json = true; break;
        case OPT_STATS: options->stats = true; break;
        case 'q': options->quiet = true; break;
        case 'h':
            printf(help, STRAIT_POOL_WORKERS_MAX, strait_cpu_usable());
            status = finish_stdout();
            break;
        case 'V': status = print_version(); break;
        case ':':
            snprintf(text, sizeof(text),
                optopt == 'a' ? "-a needs the name of an algorithm"
                              : "-j needs a number of threads");
            status = bad_usage(text);
            break;
        default:
            if (optopt > 0 && optopt < OPT_JSON) {
                snprintf(text, sizeof(text), "there is no option '-%c'",
                    (char)optopt);
            } else {
                snprintf(text, sizeof(text),
                    "there is no option '%.100s', or it takes no value",
                    argv[optind - 1]);
            }
            status = bad_usage(text);
        }
    }
    if (status >= 0) {
        return status;
    }
    if (strcmp(options->algorithm, "list") == 0) {
        th_digest_print_names(stdout);
        return finish_stdout();
    }
    if (optind == argc) {
        return bad_usage("name at least one directory or file");
    }
    if (options->n_workers == 0) {
        uint32_t n = strait_cpu_usable();

        options->n_workers =
            n < STRAIT_POOL_WORKERS_MAX ? n : STRAIT_POOL_WORKERS_MAX;
    }
    options->args = argv + optind;
    options->n_args = (size_t)(argc - optind);
    return -1;
}
