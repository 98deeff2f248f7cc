/* fold_check --app A --model M --topic NUMBER:NAME:DUMP ... --leads FILE [--all] [--expect FILE]
 *            [--scores FILE] [--until MS] [--internal NUMBER:NAME:DUMP]
 *
 * Is what Redis holds the plain fold of what Kafka holds? Links the core, its codecs and the model
 * loader; nothing of store, stream, shard or daemon. Dumps of topics are dump_topic's; FILE of
 * --leads is, for each lead, little endian: u32 id length, u32 state length, id, state.
 *
 * Each lead is folded from its records below its own stamps, in the order of (timestamp, topic,
 * offset), where a record that lies behind a later one in its partition comes behind it, with
 * silence up to its own clock, and must be the same bytes; only its stamps may lie above those of
 * the fold: a record that leaves nothing is judged all the same. --all: besides, every record of
 * the topics must be in (a daemon that stopped cleanly), and a lead without a state must fold to
 * nothing. --expect writes the crossings: a line for each, id, tab, the outbound value.
 * --scores writes what the scores topic must tell last of each lead with a state: id, tab, the
 * value or "null".
 * --internal: the topic by which shards hand leads over to each other. A record that came twice
 * counts once. With --all what lies there must be what the folds hand over, all of it, and no lead
 * more.
 * --until MS: after the comparison silence acts on each lead up to then, so that the crossings are
 * those of the whole log up to a watermark, also where a state in Redis stands still before it.
 * Exit status: 0, or 1 and the first differences on standard output. */

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/heap.h"
#include "codec/scores.h"
#include "conf/model_load.h"
#include "conf/regex.h"
#include "support/fold.h"

#define SHOWN_MAX 10

struct entry { /* a record, or a lead's state (topic UINT32_MAX) */
    struct seuil_str lead;
    uint32_t topic;
    int32_t partition;
    int64_t offset, time;
    int64_t turn; /* the latest time in its partition so far: then it is its turn */
    const uint8_t *bytes;
    uint32_t len;
};

struct list {
    struct entry *items;
    size_t count, cap;
};

static struct list records, leads, sent;
static struct {
    int64_t next, latest; /* offset and time */
} ends[SEUIL_TOPICS_MAX][SEUIL_PARTITIONS_MAX];
static struct seuil_fold_spec spec;
static FILE *expected, *scores;
static struct seuil_scratch *scratch;
static seuil_time_ms silence_until = SEUIL_TIME_NONE;
static unsigned long faults;

static void die(const char *text, const char *what)
{
    fprintf(stderr, "fold_check: %s: %s\n", what, text);
    exit(2);
}

static void append(struct list *list, struct entry entry)
{
    if (list->count == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 1024;
        list->items = realloc(list->items, list->cap * sizeof(entry));
        if (!list->items)
            die("out of memory", "records");
    }
    list->items[list->count++] = entry;
}

static const uint8_t *slurp(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long len;

    if (!file || fseek(file, 0, SEEK_END) || (len = ftell(file)) < 0)
        die("cannot be read", path);
    rewind(file);
    bytes = malloc((size_t)len + 1);
    if (!bytes || fread(bytes, 1, (size_t)len, file) != (size_t)len)
        die("cannot be read", path);
    fclose(file);
    *ret_len = (size_t)len;
    return bytes;
}

/* The records of a partition come in its order. */
static void set_turn(struct entry *e, const char *path)
{
    if (e->topic >= SEUIL_TOPICS_MAX || e->partition < 0 || e->partition >= SEUIL_PARTITIONS_MAX ||
        e->offset < ends[e->topic][e->partition].next)
        die("is no dump of a topic", path);
    ends[e->topic][e->partition].next = e->offset + 1;
    if (ends[e->topic][e->partition].latest < e->time)
        ends[e->topic][e->partition].latest = e->time;
    e->turn = ends[e->topic][e->partition].latest;
}

static void read_topic(const char *path)
{
    size_t len, at = 0;
    const uint8_t *bytes = slurp(path, &len);

    while (at + 36 <= len) {
        struct entry e = {0};
        uint32_t key_len, value_len, headers_len;

        memcpy(&e.topic, bytes + at, 4);
        memcpy(&e.partition, bytes + at + 4, 4);
        memcpy(&e.offset, bytes + at + 8, 8);
        memcpy(&e.time, bytes + at + 16, 8);
        memcpy(&key_len, bytes + at + 24, 4);
        memcpy(&value_len, bytes + at + 28, 4);
        memcpy(&headers_len, bytes + at + 32, 4);
        at += 36;
        e.lead = (struct seuil_str){(const char *)bytes + at, key_len};
        at += key_len;
        if (value_len != UINT32_MAX) {
            e.bytes = bytes + at;
            e.len = value_len;
            at += value_len;
        }
        at += headers_len;
        set_turn(&e, path);
        append(&records, e);
    }
    if (at != len)
        die("ends in the middle of a record", path);
}

static void read_leads(const char *path)
{
    size_t len, at = 0;
    const uint8_t *bytes = slurp(path, &len);

    while (at + 8 <= len) {
        struct entry e = {.topic = UINT32_MAX};

        memcpy(&e.lead.len, bytes + at, 4);
        memcpy(&e.len, bytes + at + 4, 4);
        e.lead.ptr = (const char *)bytes + at + 8;
        e.bytes = bytes + at + 8 + e.lead.len;
        at += 8 + e.lead.len + e.len;
        append(&leads, e);
    }
    if (at != len)
        die("ends in the middle of a lead", path);
}

/* What the fold hands over: it must be in the internal topic. */
static void note_sent(void *ctx, struct seuil_str to, const uint8_t *value, uint32_t value_len)
{
    uint8_t *copy = malloc(to.len + value_len + 1);

    (void)ctx;
    if (!copy)
        die("out of memory", "sent");
    memcpy(copy, to.ptr, to.len);
    memcpy(copy + to.len, value, value_len);
    append(&sent, (struct entry){.lead = {(const char *)copy, to.len},
                                 .topic = SEUIL_TOPIC_INTERNAL,
                                 .bytes = copy + to.len,
                                 .len = value_len});
}

static int by_content(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int c = seuil_str_cmp(x->lead, y->lead);

    return c ? c
             : seuil_str_cmp((struct seuil_str){(const char *)x->bytes, x->len},
                             (struct seuil_str){(const char *)y->bytes, y->len});
}

/* The same entry of an outbox, sent again. */
static bool came_before(const struct entry *items, size_t i)
{
    for (size_t k = 0; items[i].topic == SEUIL_TOPIC_INTERNAL && k < i; k++)
        if (items[k].topic == SEUIL_TOPIC_INTERNAL && by_content(&items[k], &items[i]) == 0)
            return true;
    return false;
}

static int by_lead(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int c = seuil_str_cmp(x->lead, y->lead);

    if (c)
        return c;
    if (x->turn != y->turn)
        return x->turn < y->turn ? -1 : 1;
    if (x->topic != y->topic)
        return x->topic < y->topic ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static void crossing(void *ctx, const struct seuil_lead *lead,
                     const struct seuil_crossing *crossing_, const char *id, const uint8_t *value,
                     uint32_t value_len)
{
    (void)ctx;
    (void)lead;
    if (expected && crossing_->publish)
        fprintf(expected, "%s\t%.*s\n", id, (int)value_len, (const char *)value);
}

static void differ(struct seuil_str lead, const char *text)
{
    if (faults++ < SHOWN_MAX)
        printf("lead %.*s: %s\n", (int)lead.len, lead.ptr, text);
}

/* Its records, for whom has to find out why. */
static void show(const struct entry *items, size_t count)
{
    for (size_t i = 0; i < count && faults <= 2; i++) {
        const struct entry *e = &items[i];
        struct seuil_handover handover;

        printf("  %" PRId64 " %" PRIu32 "/%" PRId64 " ", e->time, e->topic, e->offset);
        if (e->topic != SEUIL_TOPIC_INTERNAL)
            printf("%.*s\n", (int)e->len, (const char *)e->bytes);
        else if (seuil_handover_read(e->bytes, e->len, &handover) == 0)
            printf("%s of %.*s by %.*s at %" PRIu32 "/%" PRId32 "/%" PRId64 ", %" PRId64 "\n",
                   handover.kind == SEUIL_HANDOVER_LEAD    ? "state"
                   : handover.kind == SEUIL_HANDOVER_EVENT ? "event"
                                                           : "forget",
                   (int)handover.lead.len, handover.lead.ptr, (int)handover.id.len, handover.id.ptr,
                   handover.from.topic, handover.from.partition, handover.from.offset,
                   handover.time);
    }
}

/* The stamps of a state and of its fold, where they differ. */
static void show_stamps(const struct seuil_lead *have, const struct seuil_lead *want)
{
    for (unsigned i = 0; i < SEUIL_TOPICS_MAX && faults <= 2; i++)
        if (have->stamps[i].next != want->stamps[i].next)
            printf("  stamp of topic %u: %" PRId64 ", of the fold %" PRId64 "\n", i,
                   have->stamps[i].next, want->stamps[i].next);
}

/* The records of @items[0 .. count) that the state has, all of one lead, in order. */
static uint32_t below_stamps(const struct entry *items, size_t count, const struct seuil_lead *lead,
                             bool all, struct seuil_fold_record *out)
{
    uint32_t n = 0;

    for (size_t i = 0; i < count; i++) {
        const struct entry *e = &items[i];

        if (lead && e->offset >= lead->stamps[e->topic].next)
            continue;
        if ((!lead && !all) || came_before(items, i))
            continue;
        out[n++] = (struct seuil_fold_record){
            .position = {e->topic, lead ? lead->stamps[e->topic].generation : 0, e->partition,
                         e->offset},
            .time = e->time,
            .stream = SEUIL_TIME_NONE,
            .value = e->bytes,
            .value_len = e->len,
        };
    }
    return n;
}

/* Whether every record that leaves something is below the stamp of its topic. */
static void check_all_in(struct seuil_fold *fold, const struct entry *items, size_t count,
                         const struct seuil_lead *lead)
{
    seuil_time_ms applied = SEUIL_TIME_NONE;

    for (size_t i = 0; i < count; i++)
        if (items[i].offset < lead->stamps[items[i].topic].next && items[i].turn > applied)
            applied = items[i].turn;
    for (size_t i = 0; i < count; i++) {
        const struct entry *e = &items[i];
        enum seuil_verdict verdict;
        struct seuil_fold_record record = {.position = {e->topic, 0, e->partition, e->offset},
                                           .time = e->time,
                                           .stream = SEUIL_TIME_NONE,
                                           .value = e->bytes,
                                           .value_len = e->len};

        if (e->offset < lead->stamps[e->topic].next || came_before(items, i))
            continue;
        /* What left nothing before the lead was merged away would be sent on now; before it was
         * forgotten, would be stamped now. */
        if (lead->into_len && e->turn <= applied)
            continue;
        if (seuil_fold_apply(fold, &record, &verdict) == 1 && verdict != SEUIL_VERDICT_FORGOTTEN) {
            char text[128];

            snprintf(text, sizeof(text), "record %" PRIu32 "/%" PRId32 "/%" PRId64 " is not in",
                     e->topic, e->partition, e->offset);
            differ(items->lead, text);
            return;
        }
    }
}

static void tell_scores(const struct seuil_lead *lead)
{
    struct seuil_buf value = {0};

    if (seuil_scores_gone(lead))
        seuil_buf_add_text(&value, "null");
    else
        seuil_scores_write(SEUIL_OUT_JSON, spec.models, scratch, lead, &value);
    fprintf(scores, "%.*s\t%.*s\n", (int)lead->id_len, lead->id, (int)value.len,
            (const char *)value.ptr);
    seuil_buf_done(&value);
}

/* Whether anything was handed over to the lead: a moment later than it was said, so that its order
 * among the lead's own records hangs on the haste of the day. */
static bool is_united(const struct entry *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (items[i].topic == SEUIL_TOPIC_INTERNAL)
            return true;
    return false;
}

/* The evidence is the same in any order; the path of the automata is taken as it is. */
static bool same_evidence(struct seuil_fold *fold, const struct seuil_lead *have,
                          const struct entry *state)
{
    static uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
    struct seuil_lead *want = seuil_fold_lead(fold);
    size_t len;

    memcpy(want->automata, have->automata, sizeof(want->automata));
    memcpy(want->causes, have->causes, sizeof(want->causes));
    want->automaton_count = have->automaton_count;
    want->cause_count = have->cause_count;
    want->clock = have->clock;
    want->due = have->due;
    want->birth = have->birth;
    want->away_since = have->away_since;
    len = seuil_fold_pack(fold, bytes);
    return len == state->len && memcmp(bytes, state->bytes, len) == 0;
}

/* Whether every record that left something in @want is below a stamp of @have, and none that is
 * still to come to its partition. */
static bool stamps_cover(const struct seuil_lead *have, const struct seuil_lead *want,
                         int32_t partition)
{
    for (unsigned i = 0; i < SEUIL_TOPICS_MAX; i++)
        if (have->stamps[i].next < want->stamps[i].next ||
            have->stamps[i].next > ends[i][partition].next)
            return false;
    return true;
}

/* Where the two part; @want has the stamps of @have if they are as they should be. */
static const char *difference(const struct seuil_lead *have, const struct seuil_lead *want)
{
    for (unsigned i = 0; i < SEUIL_TOPICS_MAX; i++)
        if (have->stamps[i].next != want->stamps[i].next)
            return "the state is not the fold of its records: stamps";
    if (have->into_len != want->into_len)
        return "the state is not the fold of its records: merged into another, or not";
    if (have->alias_count != want->alias_count)
        return "the state is not the fold of its records: ids that are one";
    if (have->evidence.recent_count != want->evidence.recent_count ||
        have->evidence.attribute_count != want->evidence.attribute_count ||
        have->evidence.adjustment_count != want->evidence.adjustment_count)
        return "the state is not the fold of its records: evidence";
    if (have->birth.topic != want->birth.topic || have->birth.offset != want->birth.offset)
        return "the state is not the fold of its records: birth";
    if (have->clock != want->clock)
        return "the state is not the fold of its records: clock";
    if (have->automaton_count != want->automaton_count ||
        (have->automaton_count && have->automata[0].ordinal != want->automata[0].ordinal))
        return "the state is not the fold of its records: crossings";
    return "the state is not the fold of its records";
}

static void check_lead(struct seuil_fold *fold, const struct entry *items, size_t count,
                       const struct entry *state, bool all)
{
    static struct seuil_lead lead;
    static uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
    struct seuil_fold_record *in = calloc(count + 1, sizeof(*in));
    struct seuil_str id = state ? state->lead : items[0].lead;
    uint32_t n;
    size_t len;

    seuil_lead_init(&lead, id);
    if (state && seuil_lead_read(state->bytes, state->len, &lead)) {
        differ(id, "the state cannot be read");
    } else {
        n = below_stamps(items, count, state ? &lead : NULL, all, in);
        len = seuil_fold_all(fold, id, in, n, state ? lead.clock : SEUIL_TIME_NONE, bytes);
        if (state && count && stamps_cover(&lead, seuil_fold_lead(fold), items[0].partition)) {
            memcpy(seuil_fold_lead(fold)->stamps, lead.stamps, sizeof(lead.stamps));
            len = seuil_fold_pack(fold, bytes);
        }
        if (state && (len != state->len || memcmp(bytes, state->bytes, len) != 0) &&
            (!is_united(items, count) || !same_evidence(fold, &lead, state))) {
            differ(id, difference(&lead, seuil_fold_lead(fold)));
            show_stamps(&lead, seuil_fold_lead(fold));
            show(items, count);
        } else if (!state && all && seuil_fold_lead(fold)->birth.known &&
                   !seuil_fold_lead(fold)->expired)
            differ(id, "has events and no state");
        if (silence_until != SEUIL_TIME_NONE)
            seuil_fold_until(fold, silence_until);
        if (state && all)
            check_all_in(fold, items, count, &lead);
        if (state && scores)
            tell_scores(&lead);
    }
    free(in);
}

static void check(bool all)
{
    struct seuil_fold *fold = seuil_fold_new(&spec);
    size_t r = 0, l = 0, checked = 0;

    if (!fold)
        die("out of memory", "fold");
    qsort(records.items, records.count, sizeof(struct entry), by_lead);
    qsort(leads.items, leads.count, sizeof(struct entry), by_lead);
    while (r < records.count || l < leads.count) {
        int c = r == records.count ? 1
                : l == leads.count ? -1
                                   : seuil_str_cmp(records.items[r].lead, leads.items[l].lead);
        size_t first = r;

        while (c <= 0 && r < records.count &&
               seuil_str_eq(records.items[r].lead, records.items[first].lead))
            r++;
        if (r > first && records.items[first].lead.len > SEUIL_ID_MAX)
            continue;
        check_lead(fold, records.items + first, r - first, c >= 0 ? &leads.items[l] : NULL, all);
        checked++;
        l += c >= 0;
    }
    seuil_fold_free(fold);
    printf("%zu records, %zu leads with a state, %zu leads checked, %lu differ\n", records.count,
           leads.count, checked, faults);
}

/* The same hand-over, whatever the path of the automata was. */
static bool is_same(const struct entry *a, const struct entry *b)
{
    struct seuil_handover x, y;

    return seuil_str_eq(a->lead, b->lead) && seuil_handover_read(a->bytes, a->len, &x) == 0 &&
           seuil_handover_read(b->bytes, b->len, &y) == 0 && x.kind == y.kind && x.hops == y.hops &&
           x.from.topic == y.from.topic && x.from.partition == y.from.partition &&
           x.from.offset == y.from.offset && seuil_str_eq(x.lead, y.lead) &&
           seuil_str_eq(x.id, y.id);
}

/* @entry is in @list, sorted by content; or something that is the same. */
static bool is_in(const struct entry *entry, const struct list *list)
{
    if (list->count && bsearch(entry, list->items, list->count, sizeof(*entry), by_content))
        return true;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].topic == SEUIL_TOPIC_INTERNAL && is_same(entry, &list->items[i]))
            return true;
    return false;
}

/* With all applied, the internal topic is what the folds hand over. What nobody hands over may only
 * be an event, of those that left nothing in their lead and were read again when it was away. */
static void check_sent(void)
{
    size_t handed = 0;

    qsort(sent.items, sent.count, sizeof(struct entry), by_content);
    for (size_t i = 0; i < records.count; i++) {
        const struct entry *r = &records.items[i];
        struct seuil_handover handover;

        if (r->topic != SEUIL_TOPIC_INTERNAL)
            continue;
        if (seuil_handover_read(r->bytes, r->len, &handover) != 0 ||
            (handover.kind != SEUIL_HANDOVER_EVENT && !is_in(r, &sent)))
            differ(r->lead, "was handed over what no lead hands over");
        handed++;
    }
    qsort(records.items, records.count, sizeof(struct entry), by_content);
    for (size_t i = 0; i < sent.count; i++)
        if (!is_in(&sent.items[i], &records))
            differ(sent.items[i].lead, "what is handed over to it never came");
    printf("%zu records handed over, %zu by the folds\n", handed, sent.count);
}

static void add_topic(char *text, struct seuil_decoder *decoder, bool internal)
{
    char *name = strchr(text, ':'), *path = name ? strchr(name + 1, ':') : NULL;
    unsigned long number = strtoul(text, NULL, 10);

    if (!path || number >= SEUIL_TOPICS_MAX)
        die("is not NUMBER:NAME:DUMP", text);
    *name++ = '\0';
    *path++ = '\0';
    spec.topics[number] =
        (struct seuil_fold_topic){.name = name, .decoder = decoder, .internal = internal};
    read_topic(path);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"app", required_argument, NULL, 'a'},
        {"model", required_argument, NULL, 'm'},
        {"topic", required_argument, NULL, 't'},
        {"leads", required_argument, NULL, 'l'},
        {"all", no_argument, NULL, 'A'},
        {"expect", required_argument, NULL, 'e'},
        {"until", required_argument, NULL, 'u'},
        {"scores", required_argument, NULL, 's'},
        {"internal", required_argument, NULL, 'i'},
        {NULL, 0, NULL, 0},
    };
    struct seuil_decoder_spec any = {.format = SEUIL_FORMAT_JSON, .kind = -1};
    struct seuil_error err = {0};
    struct seuil_decoder *decoder = seuil_decoder_new(&any, &err);
    struct seuil_errs errs = {0};
    const char *model = NULL;
    bool all = false;
    int o;

    if (!decoder)
        die(err.text, "decoder");
    while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (o) {
        case 'a':
            spec.app = seuil_str_from(optarg);
            break;
        case 'm':
            model = optarg;
            break;
        case 't':
        case 'i':
            add_topic(optarg, decoder, o == 'i');
            break;
        case 'l':
            read_leads(optarg);
            break;
        case 'A':
            all = true;
            break;
        case 'e':
            expected = fopen(optarg, "w");
            break;
        case 's':
            scores = fopen(optarg, "w");
            break;
        case 'u':
            silence_until = strtoll(optarg, NULL, 10);
            break;
        default:
            return 64;
        }
    }
    spec.models = model ? seuil_models_load(&model, 1, &errs) : NULL;
    if (!spec.models)
        die(errs.count ? errs.list[0].text : "missing", "--model");
    spec.regex = seuil_models_regex_new(spec.models);
    spec.crossing = crossing;
    spec.sent = note_sent;
    scratch = seuil_scratch_init(malloc(seuil_scratch_size(spec.models)), spec.models, spec.regex);
    check(all);
    if (all)
        check_sent();
    if (scores && fclose(scores) != 0)
        die("cannot be written", "--scores");
    if (expected && fclose(expected) != 0)
        die("cannot be written", "--expect");
    return faults ? 1 : 0;
}
