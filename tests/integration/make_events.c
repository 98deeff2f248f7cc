/* make_events --bootstrap B --leads L --events N --rate R [--seed S] [--prefix P] [--late PERCENT]
 *             [--repeat PERCENT] [--bad PERCENT] [--span SECONDS --ago SECONDS]
 *             [--single 1] [--commands PERCENT]
 *
 * Canonical events for the topics <P>page_views, <P>emails, <P>forms, R a second, until N are out
 * or SIGTERM comes; then everything is acknowledged and it prints "made N". Event i is a function
 * of the seed and i but for its time. Leads take turns, so a lead's events lie L / R seconds apart:
 * far enough for their order to be the same whatever topic is fetched first.
 *
 * --commands: so many are commands of sales, in topic <P>commands: merges into the lead whose turn
 * is half a round away, adjustments, recycles, changes of status, and forgetting.
 *
 * --single: page views only, so that the order is the log's, whatever happens to the topics.
 *
 * --span: a backlog at once. The N events, and their records' timestamps, are spread evenly over so
 * many seconds that ended --ago seconds before now; nothing waits for --rate. */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "codec/encode.h"
#include "stream/tools.h"

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static int64_t now_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct plan {
    const char *bootstrap, *prefix;
    uint64_t leads, events, seed;
    double rate, span, ago;
    bool single;
    unsigned late, repeat, bad, commands;
};

static uint64_t mix(const struct plan *plan, uint64_t i, uint64_t what)
{
    uint64_t words[3] = {plan->seed, i, what};

    return seuil_hash64(words, sizeof(words));
}

static int make_command(const struct plan *plan, uint64_t i, uint64_t lead, const char *key,
                        const char *time, char *out, uint32_t cap)
{
    static const char *const names[] = {"merge",  "merge",   "merge",      "adjust",
                                        "adjust", "convert", "disqualify", "reopen",
                                        "reopen", "reopen",  "recycle",    "forget"};
    const char *name = names[mix(plan, i, 10) % (sizeof(names) / sizeof(names[0]))];
    char into[32];

    snprintf(into, sizeof(into), "lead-%06" PRIu64, (lead + plan->leads / 2) % plan->leads);
    return snprintf(out, cap,
                    "{\"type\":\"command\",\"id\":\"e%" PRIu64
                    "\",\"lead\":\"%s\",\"time\":\"%s\",\"name\":\"%s\",\"author\":\"ana\","
                    "\"arguments\":{\"into\":\"%s\",\"points\":\"%d\"}}",
                    i, key, time, name, into, (int)(mix(plan, i, 11) % 21) - 10);
}

/* The value of event @i; *ret_topic is its topic without prefix, *ret_key its lead. */
static uint32_t make(const struct plan *plan, uint64_t i, seuil_time_ms now, char *out,
                     uint32_t cap, const char **ret_topic, char *ret_key)
{
    static const char *const paths[] = {"/", "/blog/a", "/services", "/tarifs",
                                        "/demande-de-devis"};
    static const char *const actions[] = {"delivered", "opened", "clicked", "unsubscribed"};
    uint64_t lead = (i % plan->leads * 7919 + i / plan->leads) % plan->leads;
    uint64_t pick = mix(plan, i, 1) % 100;
    seuil_time_ms at = now;
    char time[32];
    uint64_t name = i;
    int n;

    /* The turn's lead; every turn goes through all of them in another order. */
    snprintf(ret_key, 32, "lead-%06" PRIu64, lead);
    if (mix(plan, i, 2) % 100 < plan->late)
        at -= (int64_t)(mix(plan, i, 3) % 60000);
    seuil_time_format(at, time);
    if (mix(plan, i, 5) % 100 < plan->bad) {
        *ret_topic = "page_views";
        return (uint32_t)snprintf(out, cap, "{\"type\":\"page_view\",\"id\":\"e%" PRIu64, name);
    }
    if (mix(plan, i, 9) % 100 < plan->commands) {
        *ret_topic = "commands";
        n = make_command(plan, i, lead, ret_key, time, out, cap);
    } else if (pick < 70 || plan->single) {
        *ret_topic = "page_views";
        n = snprintf(out, cap,
                     "{\"type\":\"page_view\",\"id\":\"e%" PRIu64
                     "\",\"lead\":\"%s\",\"time\":\"%s\","
                     "\"url\":\"https://www.exemple.fr%s?x=%" PRIu64 "\"}",
                     name, ret_key, time, paths[mix(plan, i, 6) % 5], i);
    } else if (pick < 95) {
        *ret_topic = "emails";
        n = snprintf(out, cap,
                     "{\"type\":\"email\",\"id\":\"e%" PRIu64 "\",\"lead\":\"%s\",\"time\":\"%s\","
                     "\"action\":\"%s\",\"message_id\":\"m%" PRIu64 "\"}",
                     name, ret_key, time, actions[mix(plan, i, 7) % 4], mix(plan, i, 8) % 20);
    } else {
        *ret_topic = "forms";
        n = snprintf(out, cap,
                     "{\"type\":\"form\",\"id\":\"e%" PRIu64 "\",\"lead\":\"%s\",\"time\":\"%s\","
                     "\"form_id\":\"devis\",\"action\":\"submitted\",\"fields\":{\"n\":\"%" PRIu64
                     "\"}}",
                     name, ret_key, time, i);
    }
    return (uint32_t)n;
}

static struct plan parse(int argc, char **argv)
{
    static const struct option options[] = {
        {"bootstrap", required_argument, NULL, 'b'}, {"leads", required_argument, NULL, 'l'},
        {"events", required_argument, NULL, 'e'},    {"rate", required_argument, NULL, 'r'},
        {"seed", required_argument, NULL, 's'},      {"prefix", required_argument, NULL, 'p'},
        {"late", required_argument, NULL, 'a'},      {"repeat", required_argument, NULL, 'd'},
        {"bad", required_argument, NULL, 'x'},       {"span", required_argument, NULL, 'n'},
        {"ago", required_argument, NULL, 'g'},       {"single", required_argument, NULL, 'A'},
        {"commands", required_argument, NULL, 'c'},  {NULL, 0, NULL, 0},
    };
    struct plan plan = {.prefix = "", .leads = 1000, .events = UINT64_MAX, .seed = 1, .rate = 1000};
    int o;

    while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (o) {
        case 'b':
            plan.bootstrap = optarg;
            break;
        case 'l':
            plan.leads = strtoull(optarg, NULL, 10);
            break;
        case 'e':
            plan.events = strtoull(optarg, NULL, 10);
            break;
        case 'r':
            plan.rate = strtod(optarg, NULL);
            break;
        case 's':
            plan.seed = strtoull(optarg, NULL, 10);
            break;
        case 'p':
            plan.prefix = optarg;
            break;
        case 'a':
            plan.late = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'd':
            plan.repeat = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'x':
            plan.bad = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'n':
            plan.span = strtod(optarg, NULL);
            break;
        case 'A':
            plan.single = atoi(optarg) != 0;
            break;
        case 'c':
            plan.commands = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'g':
            plan.ago = strtod(optarg, NULL);
            break;
        default:
            exit(64);
        }
    }
    if (!plan.bootstrap || plan.leads == 0 || plan.rate <= 0 ||
        (plan.span > 0 && plan.events == UINT64_MAX)) {
        fputs("make_events: --bootstrap is missing, --leads or --rate is no number, or --span has "
              "no --events\n",
              stderr);
        exit(64);
    }
    return plan;
}

/* The instant of event @i, @begin that of the start. */
static seuil_time_ms instant(const struct plan *plan, seuil_time_ms begin, uint64_t i)
{
    double passed = (double)i / (double)plan->events;

    if (plan->span <= 0)
        return now_ns(CLOCK_REALTIME) / 1000000;
    return begin - (seuil_time_ms)(1000 * (plan->ago + plan->span * (1 - passed)));
}

/* Until event @i is due at the plan's rate. */
static void pace(const struct plan *plan, int64_t begin_ns, uint64_t i)
{
    int64_t due = begin_ns + (int64_t)((double)i / plan->rate * 1e9);
    struct timespec t = {due / 1000000000, due % 1000000000};

    while (!stopped && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        ;
}

int main(int argc, char **argv)
{
    struct plan plan = parse(argc, argv);
    struct seuil_property properties[] = {{"bootstrap.servers", plan.bootstrap},
                                          {"linger.ms", "5"}};
    struct seuil_error err;
    struct seuil_producer *producer = seuil_producer_new(properties, 2, &err);
    int64_t begin = now_ns(CLOCK_MONOTONIC);
    seuil_time_ms begin_ms = now_ns(CLOCK_REALTIME) / 1000000;
    uint64_t i;

    if (!producer)
        goto failed;
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    for (i = 0; i < plan.events && !stopped; i++) {
        seuil_time_ms now = instant(&plan, begin_ms, i);
        char value[1024], key[32], topic[256];
        const char *name;
        uint32_t len = make(&plan, i, now, value, sizeof(value), &name, key);
        int times = mix(&plan, i, 4) % 100 < plan.repeat ? 2 : 1;

        snprintf(topic, sizeof(topic), "%s%s", plan.prefix, name);
        while (times-- > 0)
            if (seuil_producer_send(producer, topic, -1, seuil_str_from(key), (uint8_t *)value, len,
                                    now, &err))
                goto failed;
        if (plan.span <= 0)
            pace(&plan, begin, i + 1);
    }
    if (seuil_producer_flush(producer, 120000, &err))
        goto failed;
    printf("made %" PRIu64 "\n", i);
    seuil_producer_free(producer);
    return 0;
failed:
    fprintf(stderr, "make_events: %s\n", err.text);
    return 1;
}
