/* sim [--profile NAME] [--seed N] [--count N] [--long N] [--case FILE] [--verbose] [--no-shrink]
 *
 * Without --profile and --case: --count schedules of every profile (100 times as many when
 * SEUIL_TEST_LONG is set), then every case of the folder that SIM_CASES names. The first failure of
 * a profile is shrunk and printed as a case; the exit status is then 1. --long is --count. */

#include "sim.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#ifndef SIM_CASES
#define SIM_CASES "tests/sim/cases"
#endif

/* Seconds of the processor that a schedule may take before it counts as stuck. */
#define STUCK_S 20

struct sim_common sim;
static bool no_shrink;

/* A failed assertion of the code under test is a failed schedule, to be shrunk like another. */
void __assert_fail(const char *assertion, const char *file, unsigned line, const char *function)
{
    snprintf(sim.assertion, sizeof(sim.assertion), "assertion failed: %s (%s:%u %s)", assertion,
             file, line, function);
    if (sim.escapable)
        siglongjmp(sim.escape, 1);
    fprintf(stderr, "%s\n", sim.assertion);
    _exit(134);
}

static void on_signal(int number)
{
    snprintf(sim.assertion, sizeof(sim.assertion), "%s",
             number == SIGPROF ? "stuck: one schedule takes for ever" : strsignal(number));
    if (sim.escapable)
        siglongjmp(sim.escape, 1);
    _exit(134);
}

static bool execute(const struct sim_schedule *schedule, char *why, size_t cap)
{
    bool ok;

    setitimer(ITIMER_PROF, &(struct itimerval){.it_value = {.tv_sec = STUCK_S}}, NULL);
    ok = sim_execute(schedule, why, cap);
    setitimer(ITIMER_PROF, &(struct itimerval){0}, NULL);
    return ok;
}

static void report_failure(struct sim_schedule *schedule, const char *what, const char *why)
{
    static char small[2000];
    int was = schedule->count;

    printf("FAILED %s: %s\n", what, why);
    fflush(stdout);
    if (no_shrink)
        return;
    sim_shrink(schedule);
    execute(schedule, small, sizeof(small));
    printf("# %s\n# shrunk to %d of %d actions: %s\n", what, schedule->count, was, small);
    sim_print(stdout, schedule);
    fflush(stdout);
}

/* Schedules of one profile; how many failed (it stops at the first). */
static int campaign(enum sim_profile profile, uint64_t first, uint64_t count)
{
    static struct sim_schedule schedule;
    static char why[2000];
    struct timespec a, b;

    clock_gettime(CLOCK_MONOTONIC, &a);
    for (uint64_t seed = first; seed < first + count; seed++) {
        char what[80];

        sim_generate(seed, profile, &schedule);
        if (execute(&schedule, why, sizeof(why)))
            continue;
        snprintf(what, sizeof(what), "%s seed %llu", sim_profile_names[profile],
                 (unsigned long long)seed);
        report_failure(&schedule, what, why);
        return 1;
    }
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("%-7s %8llu schedules from seed %llu, %.1f s: %llu transactions, %llu crossings, %llu "
           "published, %llu halts, %llu lifted, %llu packs\n",
           sim_profile_names[profile], (unsigned long long)count, (unsigned long long)first,
           (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9,
           (unsigned long long)sim.total_commits, (unsigned long long)sim.total_crossings,
           (unsigned long long)sim.total_published, (unsigned long long)sim.total_halts,
           (unsigned long long)sim.total_lifts, (unsigned long long)sim.total_packs);
    fflush(stdout);
    sim.total_commits = sim.total_crossings = sim.total_published = sim.total_halts = 0;
    sim.total_packs = sim.total_lifts = 0;
    return 0;
}

static int run_case(const char *path)
{
    static struct sim_schedule schedule;
    static char why[2000];
    FILE *in = fopen(path, "r");

    if (!in || sim_parse(in, &schedule) < 0) {
        fprintf(stderr, "%s: %s\n", path, in ? "not a case" : strerror(errno));
        if (in)
            fclose(in);
        return 1;
    }
    fclose(in);
    if (execute(&schedule, why, sizeof(why)))
        return 0;
    printf("FAILED %s: %s\n", path, why);
    return 1;
}

static int run_cases(void)
{
    DIR *dir = opendir(SIM_CASES);
    struct dirent *entry;
    int failed = 0, count = 0;

    while (dir && (entry = readdir(dir))) {
        char path[1024];
        size_t len = strlen(entry->d_name);

        if (len < 6 || strcmp(entry->d_name + len - 5, ".case") != 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s", SIM_CASES, entry->d_name);
        failed += run_case(path);
        count++;
    }
    if (dir)
        closedir(dir);
    printf("%d cases, %d failed\n", count, failed);
    return failed;
}

struct options {
    int profile; /* -1: all */
    uint64_t seed, count;
    const char *path;
};

static int parse_options(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;

        if (strcmp(argv[i], "--verbose") == 0) {
            sim.verbose = true;
            continue;
        }
        if (strcmp(argv[i], "--no-shrink") == 0) {
            no_shrink = true;
            continue;
        }
        if (!value)
            return -1;
        if (strcmp(argv[i], "--profile") == 0) {
            for (o->profile = SIM_PROFILES - 1; o->profile >= 0; o->profile--)
                if (strcmp(value, sim_profile_names[o->profile]) == 0)
                    break;
            if (o->profile < 0 && strcmp(value, "all") != 0)
                return -1;
        } else if (strcmp(argv[i], "--seed") == 0) {
            o->seed = strtoull(value, NULL, 10);
        } else if (strcmp(argv[i], "--count") == 0 || strcmp(argv[i], "--long") == 0) {
            o->count = strtoull(value, NULL, 10);
        } else if (strcmp(argv[i], "--case") == 0) {
            o->path = value;
        } else {
            return -1;
        }
        i++;
    }
    return 0;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_NODEFER};

    sigaction(SIGPROF, &action, NULL);
#ifndef __SANITIZE_ADDRESS__
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGFPE, &action, NULL);
#endif
}

int main(int argc, char **argv)
{
    struct options o = {.profile = -1, .seed = 0, .count = 1000};
    int failed = 0;

    if (parse_options(argc, argv, &o) < 0) {
        fprintf(stderr, "usage: sim [--profile NAME] [--seed N] [--count N] [--long N] "
                        "[--case FILE] [--verbose]\n");
        return 64;
    }
    if (o.profile < 0 && getenv("SEUIL_TEST_LONG"))
        o.count *= 100;
    catch_signals();
    if (sim_models_load() < 0)
        return 70;
    if (o.path) {
        failed = run_case(o.path);
    } else {
        for (int p = 0; p < SIM_PROFILES; p++)
            if (o.profile < 0 || o.profile == p)
                failed += campaign((enum sim_profile)p, o.seed, o.count);
        if (o.profile < 0)
            failed += run_cases();
    }
    sim_models_free();
    return failed ? 1 : 0;
}
