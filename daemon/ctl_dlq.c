/* seuilctl dlq: the dead letters, listed; showing one and sending them again are beside it. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "codec/text.h"
#include "conf/scalar.h"
#include "core/time_text.h"
#include "ctl_dlq.h"

#define TOTALS_MAX 64

struct list {
    bool only_open;
    uint64_t count, open;
    struct total {
        char error[33], topic[250];
        uint64_t count, open;
    } totals[TOTALS_MAX]; /* by error and topic */
    uint32_t total_count;
};

static void list_json(struct seuil_dlq *d, const struct seuil_read *read,
                      const struct seuil_dead_letter_view *letter, bool marked)
{
    char written[40], came[40];

    seuil_time_format(read->time, written);
    seuil_time_format(letter->time, came);
    seuil_buf_printf(
        &d->out, "{\"partition\":%d,\"offset\":%" PRId64 ",\"written\":\"%s\",\"age_ms\":%" PRId64,
        read->partition, read->offset, written, d->now - read->time);
    seuil_dlq_add_json(&d->out, "error", letter->error);
    seuil_dlq_add_json(&d->out, "message", letter->message);
    seuil_dlq_add_json(&d->out, "topic", letter->topic);
    seuil_buf_printf(&d->out,
                     ",\"topic_partition\":%d,\"topic_offset\":%" PRId64 ",\"time\":\"%s\"",
                     letter->partition, letter->offset, came);
    seuil_dlq_add_json(&d->out, "key", read->key);
    seuil_buf_printf(&d->out, ",\"bytes\":%u,\"again\":%s,\"replayed\":%s}\n", read->value_len,
                     letter->again ? "true" : "false", marked ? "true" : "false");
}

static void list_text(struct seuil_dlq *d, const struct seuil_read *read,
                      const struct seuil_dead_letter_view *letter, bool marked)
{
    char place[48], age[32];
    int64_t age_ms = (d->now - read->time) / 1000 * 1000;

    snprintf(place, sizeof(place), "%d:%" PRId64, read->partition, read->offset);
    seuil_buf_printf(&d->out, "%-12s %10s  ", place,
                     seuil_duration_format(age_ms > 0 ? age_ms : 0, age));
    seuil_dlq_add_text(&d->out, letter->error, 32);
    seuil_buf_add_text(&d->out, "  ");
    seuil_dlq_add_text(&d->out, letter->topic, 249);
    seuil_buf_printf(&d->out, ":%d:%" PRId64 "  ", letter->partition, letter->offset);
    seuil_buf_add_text(&d->out, read->key.ptr ? "key " : "no key");
    seuil_dlq_add_text(&d->out, read->key, 64);
    seuil_buf_add_text(&d->out, marked ? "  (sent again)  " : "  ");
    seuil_dlq_add_text(&d->out, letter->message, 160);
    seuil_buf_add_byte(&d->out, '\n');
}

/* More kinds than there is room for are only in the sum. */
static void add_total(struct list *list, const struct seuil_dead_letter_view *letter, bool marked)
{
    struct total total, *at = list->totals, *end = at + list->total_count;

    snprintf(total.error, sizeof(total.error), "%.*s", (int)letter->error.len, letter->error.ptr);
    snprintf(total.topic, sizeof(total.topic), "%.*s", (int)letter->topic.len, letter->topic.ptr);
    while (at < end && (strcmp(at->error, total.error) != 0 || strcmp(at->topic, total.topic) != 0))
        at++;
    if (at == list->totals + TOTALS_MAX)
        return;
    if (at == end) {
        *at = total;
        at->count = at->open = 0;
        list->total_count++;
    }
    at->count++;
    at->open += !marked;
}

static int by_count(const void *left, const void *right)
{
    const struct total *a = left, *b = right;

    return (a->count < b->count) - (a->count > b->count);
}

static void add_totals(struct seuil_dlq *d, struct list *list)
{
    char of[32] = "";

    if (d->letters != list->count)
        snprintf(of, sizeof(of), " of %" PRIu64, d->letters);
    seuil_buf_printf(&d->out, "%" PRIu64 "%s letter%s, %" PRIu64 " not sent again\n", list->count,
                     of, (of[0] ? d->letters : list->count) == 1 ? "" : "s", list->open);
    qsort(list->totals, list->total_count, sizeof(list->totals[0]), by_count);
    for (uint32_t i = 0; i < list->total_count; i++) {
        const struct total *total = &list->totals[i];

        seuil_buf_printf(&d->out, "%8" PRIu64 "  ", total->count);
        seuil_dlq_add_text(&d->out, seuil_str_from(total->error), 32);
        seuil_buf_add_text(&d->out, "  ");
        seuil_dlq_add_text(&d->out, seuil_str_from(total->topic), 249);
        seuil_buf_printf(&d->out, ", %" PRIu64 " not sent again\n", total->open);
    }
}

static int list_letter(struct seuil_dlq *d, void *ctx, const struct seuil_read *read,
                       const struct seuil_dead_letter_view *letter)
{
    struct list *list = ctx;
    bool marked = seuil_dlq_is_marked(d, letter);

    list->count++;
    list->open += !marked;
    add_total(list, letter, marked);
    if (marked && list->only_open)
        return 0;
    (d->json ? list_json : list_text)(d, read, letter, marked);
    return d->out.len > 1 << 16 ? seuil_ctl_flush(&d->out, 0) : 0;
}

static int run_list(struct seuil_dlq *d, bool only_open)
{
    static struct list list;
    int status = seuil_dlq_open(d);

    list.only_open = only_open;
    if (!status)
        status = seuil_dlq_read_marks(d);
    if (!status)
        status = seuil_dlq_scan(d, &list, list_letter);
    if (!status && !d->json)
        add_totals(d, &list);
    status = seuil_ctl_flush(&d->out, status);
    if (!status && d->others)
        fprintf(stderr, "%" PRIu64 " records of the topic are no dead letters of seuild\n",
                d->others);
    seuil_dlq_done(d);
    return status;
}

static int list_command(int argc, char **argv)
{
    static struct seuil_dlq d = {.command = "dlq list"};
    const char *only_open = NULL;
    const struct seuil_ctl_option options[] = {
        SEUIL_DLQ_FILTERS(&d),
        {"open", NULL, "only letters that were not sent again", &only_open, NULL},
    };
    const struct seuil_ctl_command command = {
        .name = d.command,
        .operands = "",
        .help = "List the dead letters: their place, how old they are, why they are there, and "
                "where the\nrecord was read.",
        .options = options,
        .option_count = SEUIL_DLQ_FILTER_COUNT + 1,
    };
    int status;

    return seuil_ctl_parse(&command, argc, argv, &status) < 0 ? status
                                                              : run_list(&d, only_open != NULL);
}

int seuil_ctl_dlq(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {
        {"list", list_command}, {"show", seuil_ctl_dlq_show}, {"replay", seuil_ctl_dlq_replay}};

    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        printf("Look at the dead letters, and send them again once what was wrong is mended.\n");
        for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
            char *help[] = {(char *)(uintptr_t)commands[i].name, (char[]){"--help"}, NULL};

            printf("\n");
            commands[i].run(2, help);
        }
        return 0;
    }
    return seuil_ctl_fail("dlq", EX_USAGE, "say list, show or replay%s%s", argc > 1 ? ", not " : "",
                          argc > 1 ? argv[1] : "");
}
