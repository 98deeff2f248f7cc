/* seuilctl replay: events of a file through models, silently: nothing is published, nothing kept.
 *
 * Persons do not depend on each other, so they are walked one after the other in one workspace, and
 * what crossed is put into order afterwards. A lead's
 * silence acts before each of its events and at the end, as in seuild. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/heap.h"
#include "codec/decode.h"
#include "conf/model_load.h"
#include "conf/regex.h"
#include "core/away.h"
#include "core/lead_codec.h"
#include "ctl.h"
#include "ctl_persons.h"
#include "ctl_print.h"
#include "ctl_totals.h"

#define EVENT_BYTES_MAX (INT64_C(1) << 32)
#define MODELS_MAX      SEUIL_MODELS_MAX
#define BAD_LINES_SHOWN 20

/* An event of the file, found in the first pass. */
struct item {
    struct seuil_str lead;   /* in the arena */
    struct seuil_str person; /* the least id of those that merge commands connect with it */
    seuil_time_ms time;
    uint32_t number; /* of the line, from 1 */
    uint32_t len;
    const uint8_t *bytes;
};

struct piece {          /* to print, and where it belongs */
    seuil_time_ms time; /* effective; of no account with --as-is, but at the end */
    uint32_t number;    /* line of the event that let it happen, UINT32_MAX: the end */
    uint32_t order;     /* as it came */
    size_t offset, len; /* in `told` */
};

/* An id of a person of several. */
struct member {
    struct seuil_str id;
    uint32_t into;  /* the member that it was merged into; its own place: it was not */
    uint8_t *bytes; /* its state; NULL: none yet */
    size_t len;
};

struct replay {
    const char *file;
    bool json, as_is, why;
    seuil_time_ms until; /* SEUIL_TIME_NEVER: the last event of the file */
    char *bytes;
    size_t len;
    struct seuil_arena arena;
    struct item *items;
    uint32_t item_count, item_cap;
    struct seuil_models *models;
    void *regex, *scratch_memory;
    struct seuil_scratch *scratch;
    struct seuil_decoder *decoder;
    struct seuil_decode_scratch *decode;
    struct seuil_lead *lead, *guest;
    struct seuil_persons persons;
    struct member *members; /* of the person at hand */
    uint32_t member_count, member_cap;
    struct seuil_outcome *outcome;
    struct seuil_buf told, standings;
    struct piece *pieces;
    uint32_t piece_count, piece_cap;
    struct seuil_totals totals;
};

/* Room for one more in a growing list. */
static int grow(void **list, uint32_t count, uint32_t *cap, size_t size)
{
    uint32_t wanted = *cap ? *cap * 2 : 1024;
    void *more;

    if (count < *cap)
        return 0;
    more = wanted > *cap ? seuil_heap_realloc(*list, wanted * size) : NULL;
    if (!more)
        return seuil_ctl_fail("replay", EX_OSERR, "out of memory");
    *list = more;
    *cap = wanted;
    return 0;
}

static int read_all(struct replay *r)
{
    bool standard = strcmp(r->file, "-") == 0;
    FILE *file = standard ? stdin : fopen(r->file, "rbe");
    struct seuil_buf buf = {0};
    size_t n = 1;
    int rc = 0;

    if (!file)
        return seuil_ctl_fail("replay", EX_NOINPUT, "%s cannot be read: %s", r->file,
                              strerror(errno));
    if (standard && isatty(STDIN_FILENO))
        fprintf(stderr, "seuilctl replay: reading events from this terminal, one JSON object a "
                        "line; Ctrl-D ends them\n");
    while (n > 0 && buf.len < EVENT_BYTES_MAX && !seuil_buf_reserve(&buf, 1 << 16)) {
        n = fread(buf.ptr + buf.len, 1, 1 << 16, file);
        buf.len += n;
    }
    if (buf.failed)
        rc = seuil_ctl_fail("replay", EX_OSERR, "out of memory");
    else if (ferror(file))
        rc = seuil_ctl_fail("replay", EX_IOERR, "%s cannot be read: %s",
                            standard ? "standard input" : r->file, strerror(errno));
    else if (n > 0)
        rc = seuil_ctl_fail("replay", EX_DATAERR,
                            "%s has more than %lld GiB: split it by lead, leads do not depend on "
                            "each other",
                            r->file, (long long)(EVENT_BYTES_MAX >> 30));
    if (!standard)
        fclose(file);
    r->bytes = (char *)buf.ptr;
    r->len = buf.len;
    return rc;
}

static int decode(struct replay *r, const struct item *item, struct seuil_event *ret_event,
                  struct seuil_error *err)
{
    int rc = seuil_decode(r->decoder, r->decode, item->bytes, item->len, ret_event, err);

    if (rc)
        return rc;
    ret_event->arrival = ret_event->time; /* a file has no other */
    ret_event->position = (struct seuil_position){.offset = item->number - 1};
    return 0;
}

static int add_item(struct replay *r, uint32_t number, const char *line, size_t len)
{
    struct item item = {.number = number, .len = (uint32_t)len, .bytes = (const uint8_t *)line};
    struct seuil_event event;
    struct seuil_merge merge;
    struct seuil_error err;
    char *lead;

    if (len > SEUIL_RECORD_BYTES_MAX || decode(r, &item, &event, &err)) {
        if (len > SEUIL_RECORD_BYTES_MAX)
            seuil_error_set(&err, SEUIL_ERR_LIMIT, "longer than %d bytes", SEUIL_RECORD_BYTES_MAX);
        if (r->totals.bad++ < BAD_LINES_SHOWN)
            fprintf(stderr, "%s:%u: %s\n", strcmp(r->file, "-") == 0 ? "standard input" : r->file,
                    number, err.text);
        return 0;
    }
    if (event.time > r->until) {
        r->totals.after++;
        return 0;
    }
    lead = seuil_arena_strdup(&r->arena, event.lead.ptr, event.lead.len);
    if (!lead)
        return seuil_ctl_fail("replay", EX_OSERR, "out of memory");
    item.lead = (struct seuil_str){lead, event.lead.len};
    item.time = event.time;
    if (seuil_merge_read(&event, &merge) && merge.into.len) {
        const char *into = seuil_arena_strdup(&r->arena, merge.into.ptr, merge.into.len);

        if (!into ||
            seuil_persons_link(&r->persons, item.lead, (struct seuil_str){into, merge.into.len}))
            return seuil_ctl_fail("replay", EX_OSERR, "out of memory");
    }
    if (grow((void **)&r->items, r->item_count, &r->item_cap, sizeof(item)))
        return EX_OSERR;
    r->items[r->item_count++] = item;
    return 0;
}

/* One event a line; blank lines and those that begin with # are passed over. */
static int read_items(struct replay *r)
{
    const char *at = r->bytes, *end = r->bytes + r->len;
    uint32_t number = 0;
    int rc = 0;

    while (at < end && !rc) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;
        size_t len = (size_t)(stop - at);

        number++;
        while (len > 0 && (at[len - 1] == '\r' || at[len - 1] == ' ' || at[len - 1] == '\t'))
            len--;
        if (len > 0 && at[0] != '#')
            rc = add_item(r, number, at, len);
        at = newline ? newline + 1 : end;
    }
    return rc;
}

/* Of many lines that cannot be read, only the first ones were told. */
static void tell_bad_rest(const struct replay *r)
{
    if (r->totals.bad > BAD_LINES_SHOWN)
        fprintf(stderr, "and %u more lines that cannot be read\n", r->totals.bad - BAD_LINES_SHOWN);
}

static int by_lead_and_line(const void *left, const void *right)
{
    const struct item *a = left, *b = right;
    int c = seuil_str_cmp(a->person, b->person);

    return c ? c : (a->number > b->number) - (a->number < b->number);
}

static int by_lead_and_time(const void *left, const void *right)
{
    const struct item *a = left, *b = right;
    int c = seuil_str_cmp(a->person, b->person);

    if (c)
        return c;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

static int by_time(const void *left, const void *right)
{
    const struct piece *a = left, *b = right;

    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

static int by_line(const void *left, const void *right)
{
    const struct piece *a = left, *b = right;

    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return a->number == UINT32_MAX ? by_time(left, right)
                                   : (a->order > b->order) - (a->order < b->order);
}

/* What was told since @offset is one piece. */
static int end_piece(struct replay *r, size_t offset, seuil_time_ms time, uint32_t number)
{
    if (grow((void **)&r->pieces, r->piece_count, &r->piece_cap, sizeof(*r->pieces)))
        return EX_OSERR;
    r->pieces[r->piece_count] = (struct piece){
        .time = time,
        .number = number,
        .order = r->piece_count,
        .offset = offset,
        .len = r->told.len - offset,
    };
    r->piece_count++;
    return 0;
}

static void tell_crossing_json(struct replay *r, const struct seuil_crossing *crossing,
                               const struct seuil_event *event)
{
    struct seuil_cause cause = {.topic = seuil_str_from("replay"),
                                .offset = event->position.offset};

    if (crossing->since != SEUIL_TIME_NONE) {
        cause.id = crossing->has_cause
                       ? (struct seuil_str){crossing->cause.id, crossing->cause.id_len}
                       : SEUIL_STR("");
        cause.offset = crossing->cause.offset;
    } else if (event->kind != SEUIL_KIND_TICK) {
        cause.id = event->id;
    } else if (r->outcome->has_cause) {
        cause.id = (struct seuil_str){r->outcome->cause.id, r->outcome->cause.id_len};
        cause.offset = r->outcome->cause.offset;
    }
    seuil_buf_add_text(&r->told, "{\"crossing\":");
    seuil_crossing_write(SEUIL_OUT_JSON, SEUIL_STR("replay"), r->models, r->lead, crossing, &cause,
                         &r->told);
    seuil_buf_add_text(&r->told, "}\n");
}

/* What the outcome says beside the verdict. */
static int tell_crossings(struct replay *r, const struct seuil_event *event, uint32_t number)
{
    int rc = 0;

    seuil_totals_note(&r->totals, r->outcome);
    if (event->kind != SEUIL_KIND_TICK && r->outcome->verdict == SEUIL_VERDICT_APPLIED)
        seuil_totals_meet(&r->totals, r->lead);
    for (uint32_t i = 0; i < r->outcome->crossing_count && !rc; i++) {
        const struct seuil_crossing *crossing = &r->outcome->crossings[i];
        size_t offset = r->told.len;

        if (r->json)
            tell_crossing_json(r, crossing, event);
        else
            seuil_print_crossing(r->models, r->lead, crossing, event, &r->told);
        r->totals.crossings++;
        rc = end_piece(r, offset, crossing->effective, number);
    }
    return rc;
}

/* Events that seuild would put into the dead letters. */
static int tell_verdict(struct replay *r, const struct seuil_event *event, uint32_t number)
{
    enum seuil_verdict verdict = r->outcome->verdict;
    size_t offset = r->told.len;

    r->totals.verdicts[verdict]++;
    if (verdict != SEUIL_VERDICT_LATE && verdict != SEUIL_VERDICT_UNSUPPORTED &&
        verdict != SEUIL_VERDICT_REFUSED && verdict != SEUIL_VERDICT_KNOWN)
        return 0;
    if (r->json) {
        seuil_buf_printf(&r->told, "{\"dead_letter\":{\"line\":%u,\"id\":", number);
        seuil_json_add_string(&r->told, event->id);
        seuil_buf_add_text(&r->told, ",\"lead\":");
        seuil_json_add_string(&r->told, event->lead);
        seuil_buf_printf(&r->told, ",\"why\":\"%s\"}}\n", seuil_verdict_name(verdict));
    } else {
        seuil_print_time(event->time, &r->told);
        seuil_buf_printf(&r->told, " %.*s: %s %.*s is %s, it would go to the dead letters\n\n",
                         (int)event->lead.len, event->lead.ptr, seuil_kind_name(event->kind),
                         (int)event->id.len, event->id.ptr, seuil_verdict_name(verdict));
    }
    return end_piece(r, offset, event->time, number);
}

static void step(struct replay *r, const struct seuil_event *event)
{
    seuil_engine_step(r->models, r->scratch, event, r->lead, r->outcome);
}

/* Let silence act up to @time. */
static int advance(struct replay *r, seuil_time_ms time, uint32_t number)
{
    int rc = 0;

    while (r->lead->due <= time && !rc) {
        seuil_time_ms due = r->lead->due;
        struct seuil_event tick = {.kind = SEUIL_KIND_TICK,
                                   .lead = {r->lead->id, r->lead->id_len},
                                   .time = due,
                                   .arrival = due};

        step(r, &tick);
        if (r->lead->due <= due)
            return seuil_ctl_fail("replay", EX_SOFTWARE,
                                  "lead %.*s: time does not go on, which is a mistake of Seuil",
                                  (int)r->lead->id_len, r->lead->id);
        rc = tell_crossings(r, &tick, number);
    }
    return rc;
}

static int tell_standings(struct replay *r, seuil_time_ms end)
{
    struct seuil_str id = {r->lead->id, r->lead->id_len};
    seuil_time_ms at = end > r->lead->clock ? end : r->lead->clock;

    for (uint16_t i = 0; i < r->models->model_count; i++) {
        struct seuil_standing standing;

        (r->why ? seuil_standing_why : seuil_standing_of)(r->models, r->scratch, r->lead, i, at,
                                                          &standing);
        if (!r->json) {
            seuil_print_standing(&standing, id, &r->standings);
            continue;
        }
        seuil_buf_add_text(&r->standings, "{\"lead\":");
        seuil_print_standing_json(&standing, id, &r->standings);
        seuil_buf_add_text(&r->standings, "}\n");
    }
    return r->standings.failed ? seuil_ctl_fail("replay", EX_OSERR, "out of memory") : 0;
}

/* All events of one lead, from @first on; the next lead's first goes to @ret_next. */
static int run_lead(struct replay *r, uint32_t first, seuil_time_ms end, uint32_t *ret_next)
{
    uint32_t i = first;
    int rc = 0;

    seuil_lead_init(r->lead, r->items[first].lead);
    r->totals.leads++;
    for (; i < r->item_count && !rc; i++) {
        struct seuil_event event;

        if (!seuil_str_eq(r->items[i].person, r->items[first].person))
            break;
        if (decode(r, &r->items[i], &event, NULL))
            return seuil_ctl_fail("replay", EX_SOFTWARE,
                                  "a line was read and cannot be read again");
        rc = advance(r, event.time, r->items[i].number);
        if (rc)
            break;
        step(r, &event);
        rc = tell_verdict(r, &event, r->items[i].number);
        if (!rc)
            rc = tell_crossings(r, &event, r->items[i].number);
    }
    *ret_next = i;
    if (!rc)
        rc = advance(r, end, UINT32_MAX);
    return rc ? rc : tell_standings(r, end);
}

/* ---- persons of several ids ---------------------------------------------------------------- */

/* The place of @id among the members; UINT32_MAX after reporting. */
static uint32_t member_of(struct replay *r, struct seuil_str id)
{
    uint32_t i = 0;
    const char *copy;

    while (i < r->member_count && !seuil_str_eq(r->members[i].id, id))
        i++;
    if (i < r->member_count)
        return i;
    copy = seuil_arena_strdup(&r->arena, id.ptr, id.len);
    if (!copy || grow((void **)&r->members, i, &r->member_cap, sizeof(*r->members)))
        return UINT32_MAX;
    r->members[i] = (struct member){.id = {copy, id.len}, .into = i};
    r->member_count++;
    return i;
}

static uint32_t member_now(const struct replay *r, uint32_t i)
{
    return r->members[i].into == i ? i : member_now(r, r->members[i].into);
}

static void load(const struct replay *r, uint32_t i, struct seuil_lead *lead)
{
    const struct member *member = &r->members[i];

    seuil_lead_init(lead, member->id);
    if (member->bytes)
        seuil_lead_read(member->bytes, member->len, lead); /* written here: it cannot fail */
}

static int save(struct replay *r, uint32_t i)
{
    struct member *member = &r->members[i];

    if (!member->bytes && !(member->bytes = seuil_heap_alloc(SEUIL_LEAD_BYTES_MAX)))
        return seuil_ctl_fail("replay", EX_OSERR, "out of memory");
    member->len = seuil_lead_write(r->lead, member->bytes);
    return 0;
}

/* @event merges member @from, which is loaded, into another, which is loaded afterwards. */
static int merge(struct replay *r, const struct seuil_event *event, const struct seuil_merge *asked,
                 uint32_t from, uint32_t number, uint32_t *ret_into)
{
    enum seuil_verdict verdict = seuil_engine_may_leave(r->models, event, asked, r->lead);
    uint32_t into = asked->into.len ? member_of(r, asked->into) : from;
    int rc;

    *ret_into = from;
    if (into == UINT32_MAX)
        return EX_OSERR;
    into = member_now(r, into);
    if (verdict == SEUIL_VERDICT_APPLIED && into == from)
        verdict = SEUIL_VERDICT_DUPLICATE;
    *r->outcome = (struct seuil_outcome){.verdict = verdict};
    if (verdict != SEUIL_VERDICT_APPLIED)
        return 0;
    rc = save(r, from);
    if (rc)
        return rc;
    load(r, from, r->guest);
    load(r, into, r->lead);
    rc = advance(r, event->time, number);
    seuil_engine_merge(r->models, r->scratch, event, r->guest, r->lead, r->outcome);
    r->members[from].into = *ret_into = into;
    return rc;
}

static int run_member(struct replay *r, const struct seuil_event *event, uint32_t number)
{
    uint32_t known = r->member_count, i = member_of(r, event->lead);
    struct seuil_merge asked;
    int rc;

    if (i == UINT32_MAX)
        return EX_OSERR;
    r->totals.leads += i == known;
    i = member_now(r, i);
    load(r, i, r->lead);
    rc = advance(r, event->time, number);
    if (rc)
        return rc;
    if (!seuil_merge_read(event, &asked))
        step(r, event);
    else if ((rc = merge(r, event, &asked, i, number, &i)))
        return rc;
    rc = tell_verdict(r, event, number);
    if (!rc)
        rc = tell_crossings(r, event, number);
    return rc ? rc : save(r, i);
}

static int run_person(struct replay *r, uint32_t first, seuil_time_ms end, uint32_t *ret_next)
{
    uint32_t i = first;
    int rc = 0;

    for (; i < r->item_count && !rc; i++) {
        struct seuil_event event;

        if (!seuil_str_eq(r->items[i].person, r->items[first].person))
            break;
        if (decode(r, &r->items[i], &event, NULL))
            return seuil_ctl_fail("replay", EX_SOFTWARE,
                                  "a line was read and cannot be read again");
        rc = run_member(r, &event, r->items[i].number);
    }
    *ret_next = i;
    for (uint32_t k = 0; k < r->member_count; k++) {
        if (!rc && r->members[k].into == k && r->members[k].bytes) {
            load(r, k, r->lead);
            rc = advance(r, end, UINT32_MAX);
            if (!rc)
                rc = tell_standings(r, end);
        }
        seuil_heap_free(r->members[k].bytes);
    }
    r->member_count = 0;
    return rc;
}

static int find_persons(struct replay *r)
{
    if (seuil_persons_settle(&r->persons))
        return seuil_ctl_fail("replay", EX_OSERR, "out of memory");
    for (uint32_t i = 0; i < r->item_count; i++)
        r->items[i].person = seuil_persons_of(&r->persons, r->items[i].lead);
    return 0;
}

static int run(struct replay *r)
{
    seuil_time_ms end = r->until;
    uint32_t next = 0;
    int rc = 0;

    if (end == SEUIL_TIME_NEVER) {
        end = SEUIL_TIME_NONE;
        for (uint32_t i = 0; i < r->item_count; i++)
            if (r->items[i].time > end)
                end = r->items[i].time;
    }
    rc = find_persons(r);
    if (r->item_count)
        qsort(r->items, r->item_count, sizeof(*r->items),
              r->as_is ? by_lead_and_line : by_lead_and_time);
    while (next < r->item_count && !rc) {
        seuil_ctl_progress("replay", next, r->item_count);
        rc = seuil_persons_connect(&r->persons, r->items[next].lead)
                 ? run_person(r, next, end, &next)
                 : run_lead(r, next, end, &next);
    }
    seuil_ctl_progress("replay", r->item_count, r->item_count);
    return rc;
}

/* Written piece by piece: the whole text a second time would cost as much memory as the events. */
static int report(struct replay *r)
{
    if (r->told.failed)
        return seuil_ctl_fail("replay", EX_OSERR, "out of memory");
    if (r->piece_count)
        qsort(r->pieces, r->piece_count, sizeof(*r->pieces), r->as_is ? by_line : by_time);
    for (uint32_t i = 0; i < r->piece_count && !ferror(stdout); i++)
        fwrite(r->told.ptr + r->pieces[i].offset, 1, r->pieces[i].len, stdout);
    r->totals.events = r->item_count;
    if (r->json)
        seuil_totals_print_json(&r->totals, &r->standings);
    else
        seuil_totals_print(&r->totals, &r->standings);
    return seuil_ctl_flush(&r->standings, r->totals.bad ? EX_DATAERR : 0);
}

static int prepare(struct replay *r, const char *const *paths, unsigned count)
{
    struct seuil_decoder_spec spec = {.format = SEUIL_FORMAT_JSON, .kind = -1};
    struct seuil_errs errs = {0};
    struct seuil_error err = {0};

    r->models = seuil_models_load(paths, count, &errs);
    if (!r->models) {
        seuil_ctl_errs(&errs);
        return EX_CONFIG;
    }
    r->totals.models = r->models;
    r->decoder = seuil_decoder_new(&spec, &err);
    r->decode = seuil_decode_scratch_new();
    r->regex = seuil_models_regex_new(r->models);
    r->lead = seuil_heap_zalloc(1, sizeof(*r->lead));
    r->guest = seuil_heap_zalloc(1, sizeof(*r->guest));
    r->outcome = seuil_heap_zalloc(1, sizeof(*r->outcome));
    if (!r->decoder || !r->decode || !r->regex || !r->lead || !r->guest || !r->outcome ||
        posix_memalign(&r->scratch_memory, 64, seuil_scratch_size(r->models)))
        return seuil_ctl_fail("replay", EX_OSERR, "%s", err.code ? err.text : "out of memory");
    r->scratch = seuil_scratch_init(r->scratch_memory, r->models, r->regex);
    return 0;
}

static void done(struct replay *r)
{
    seuil_buf_done(&r->told);
    seuil_buf_done(&r->standings);
    seuil_heap_free(r->pieces);
    seuil_heap_free(r->items);
    seuil_heap_free(r->bytes);
    seuil_heap_free(r->lead);
    seuil_heap_free(r->guest);
    seuil_heap_free(r->members);
    seuil_persons_done(&r->persons);
    seuil_heap_free(r->outcome);
    free(r->scratch_memory);
    if (r->models)
        seuil_models_regex_free(r->regex);
    seuil_decode_scratch_free(r->decode);
    seuil_decoder_free(r->decoder);
    seuil_models_free(r->models);
    seuil_arena_done(&r->arena);
}

int seuil_ctl_replay(int argc, char **argv)
{
    const char *format = NULL, *events = NULL, *until = NULL, *as_is = NULL, *why = NULL;
    struct seuil_ctl_list models = {0};
    const struct seuil_ctl_option options[] = {
        {"model", "FILE", "a model; may be given several times", NULL, &models},
        {"events", "FILE", "events, one JSON object a line; - or not given: standard input",
         &events, NULL},
        {"until", "TIME", "let time pass until then; later events are left out", &until, NULL},
        {"as-is", NULL, "keep the order of the file instead of sorting by time", &as_is, NULL},
        {"why", NULL, "say of each lead what would bring it into the next tier", &why, NULL},
        {"format", "text|json", "how to answer; json is one object a line", &format, NULL},
    };
    const struct seuil_ctl_command command = {
        .name = "replay",
        .operands = "",
        .help =
            "Run events through models and show each crossing with its reason and the lines of\n"
            "its score, and at the end where each lead stands. Nothing is published or kept.\n"
            "Events are sorted by time first, and none is too late. Exit status 65: some lines\n"
            "could not be read, 78: a model is refused.",
        .options = options,
        .option_count = 6,
    };
    struct replay r = {.until = SEUIL_TIME_NEVER};
    int rc;

    if (seuil_ctl_parse(&command, argc, argv, &rc) < 0)
        return rc;
    if ((rc = seuil_ctl_json("replay", format, &r.json)))
        return rc;
    if (until && (rc = seuil_ctl_time("replay", "until", until, &r.until)))
        return rc;
    if (models.count == 0)
        return seuil_ctl_fail("replay", EX_USAGE, "--model FILE is needed");
    r.file = events ? events : "-";
    r.as_is = as_is != NULL;
    r.why = why != NULL;
    rc = prepare(&r, models.values, models.count);
    if (!rc)
        rc = read_all(&r);
    if (!rc)
        rc = read_items(&r);
    tell_bad_rest(&r);
    if (!rc)
        rc = run(&r);
    if (!rc)
        rc = report(&r);
    done(&r);
    return rc;
}
