#include "core/lead_codec.h"

#include <string.h>

#include "base/err.h"
#include "core/lead_format.h"
#include "core/lead_unpack.h"
#include "core/model.h"
#include "core/tally_parts.h"

struct head {
    uint8_t format;
    uint8_t flags;
    seuil_time_ms clock, due;
};

/* Format, flags, clock and due time: what peeking needs too. */
static int read_start(struct seuil_unpack *unpack, struct head *ret_head)
{
    uint8_t format = seuil_unpack_byte(unpack);

    if (!unpack->bad && format > SEUIL_LEAD_FORMAT)
        return SEUIL_ERR_UNSUPPORTED;
    require(unpack, format >= 1);
    ret_head->format = format;
    ret_head->flags = seuil_unpack_byte(unpack);
    ret_head->clock = SEUIL_TIME_NONE;
    ret_head->due = SEUIL_TIME_NEVER;
    if (ret_head->flags & SEUIL_FLAG_CLOCK) {
        uint64_t after;

        ret_head->clock = read_time(unpack, 0);
        after = seuil_unpack_varint(unpack);
        if (after != 0 && require(unpack, after <= 4 * (uint64_t)SEUIL_TIME_BOUND_MS))
            ret_head->due = ret_head->clock + (int64_t)after;
    }
    return unpack->bad ? SEUIL_ERR_CORRUPT : 0;
}

/* One stamp; topics ascend: @ret_topic holds the one before, or -1. */
static struct seuil_stamp read_stamp(struct seuil_unpack *unpack, int *topic)
{
    int next_topic = (int)read_number(unpack, 0, SEUIL_TOPICS_MAX - 1);
    struct seuil_stamp stamp;
    uint64_t next;

    require(unpack, next_topic > *topic);
    *topic = next_topic;
    stamp.generation = read_number(unpack, 0, UINT32_MAX);
    next = seuil_unpack_varint(unpack);
    stamp.next = require(unpack, next >= 1 && next <= INT64_MAX) ? (int64_t)next : 1;
    return stamp;
}

static void read_head(struct seuil_unpack *unpack, const struct head *head, struct seuil_lead *lead)
{
    seuil_time_ms base = head->flags & SEUIL_FLAG_CLOCK ? head->clock : 0;
    unsigned stamps = read_number(unpack, 0, SEUIL_TOPICS_MAX);
    int topic = -1;

    lead->clock = head->clock;
    lead->due = head->due;
    lead->tombstone = head->flags & SEUIL_FLAG_TOMBSTONE;
    lead->expired = head->flags & SEUIL_FLAG_EXPIRED;
    lead->consented = head->flags & SEUIL_FLAG_CONSENT;
    for (unsigned i = 0; i < stamps && !unpack->bad; i++) {
        struct seuil_stamp stamp = read_stamp(unpack, &topic);

        if (!unpack->bad)
            lead->stamps[topic] = stamp;
    }
    if (head->flags & SEUIL_FLAG_NEWEST)
        lead->evidence.newest = read_time(unpack, base);
    if (head->flags & SEUIL_FLAG_BIRTH) {
        uint64_t offset;

        lead->birth.known = true;
        lead->birth.topic = read_number(unpack, 0, SEUIL_TOPICS_MAX - 1);
        lead->birth.generation = read_number(unpack, 0, UINT32_MAX);
        offset = seuil_unpack_varint(unpack);
        lead->birth.offset = require(unpack, offset <= INT64_MAX) ? (int64_t)offset : 0;
    }
    if (head->flags & SEUIL_FLAG_CUT)
        lead->cut = read_time(unpack, base);
    if (head->flags & SEUIL_FLAG_RAISED) {
        lead->evidence.raised.time = read_time(unpack, 0);
        lead->evidence.raised.hash = seuil_unpack_u64(unpack);
    }
    require(unpack, !lead->tombstone || lead->cut != SEUIL_TIME_NONE);
}

static void read_periods(struct seuil_unpack *unpack, struct seuil_tally *tally)
{
    tally->periods = seuil_unpack_byte(unpack);
    require(unpack, tally->periods != 0 && tally->periods < 1 << SEUIL_LIMITS_MAX);
    for (unsigned i = 0; i < SEUIL_LIMITS_MAX && !unpack->bad; i++) {
        struct seuil_period_count *period = tally->period[i];

        if (!(tally->periods >> i & 1))
            continue;
        period[0].period = read_time(unpack, 0);
        period[0].count = read_number(unpack, 1, UINT32_MAX);
        period[1].count = read_number(unpack, 0, UINT32_MAX);
        period[1].period = 0;
        if (period[1].count)
            period[1].period =
                time_at(unpack, period[0].period, -(int64_t)read_number(unpack, 1, INT32_MAX));
    }
}

static void read_buckets(struct seuil_unpack *unpack, struct seuil_tally *tally, bool measures)
{
    tally->buckets = (uint8_t)read_number(unpack, 1, SEUIL_BUCKETS_MAX);
    for (unsigned i = 0; i < tally->buckets && !unpack->bad; i++) {
        tally->bucket[i].index = i == 0 ? read_time(unpack, 0)
                                        : time_at(unpack, tally->bucket[i - 1].index,
                                                  (int64_t)read_number(unpack, 1, UINT32_MAX));
        tally->bucket[i].count = read_number(unpack, 1, UINT32_MAX);
        tally->bucket[i].points = measures ? seuil_unpack_number(unpack) : 0;
    }
}

static void read_objects(struct seuil_unpack *unpack, struct seuil_tally *tally,
                         seuil_time_ms newest)
{
    unsigned count = read_number(unpack, 1, SEUIL_OBJECTS_MAX);
    seuil_time_ms after = newest;

    tally->objects = (uint8_t)count;
    for (unsigned i = count; i-- > 0 && !unpack->bad;) {
        struct seuil_object *object = &tally->object[i];

        object->hash = seuil_unpack_u32(unpack);
        object->count = read_number(unpack, 1, UINT32_MAX);
        object->last = read_time_before(unpack, after);
        require(unpack,
                object->last < after ||
                    (object->last == after &&
                     (i + 1 == count || object->hash < object[1].hash ||
                      (object->hash == object[1].hash && object->count < object[1].count))));
        after = object->last;
    }
}

static void read_sum(struct seuil_unpack *unpack, unsigned parts, struct seuil_tally *tally,
                     seuil_time_ms newest)
{
    bool measures = parts & SEUIL_PART_MEASURES;

    if (!seuil_shape_has_landmark(tally->shape)) {
        tally->sum = seuil_unpack_number(unpack);
        if (measures && tally->shape == SEUIL_DECAY_INACTIVITY)
            tally->total = seuil_unpack_number(unpack);
        require(unpack, tally->sum != 0 || tally->total != 0);
        return;
    }
    tally->sum = read_finite(unpack);
    tally->landmark = read_time_before(unpack, newest);
    if (tally->sum == 0) {
        require(unpack, tally->landmark == newest);
        tally->landmark = 0;
    }
    if (measures)
        tally->total = seuil_unpack_number(unpack);
    require(unpack, measures ? tally->sum != 0 || tally->total != 0 : tally->sum > 0);
}

/* Format 1: a sum was of a half-life, buckets of an age bound; which, the model says. */
static void guess_shape(unsigned parts, struct seuil_tally *tally)
{
    tally->shape = parts & SEUIL_PART_SUM       ? SEUIL_DECAY_HALF_LIFE
                   : parts & SEUIL_PART_BUCKETS ? SEUIL_DECAY_EXPIRES
                                                : SEUIL_DECAY_NONE;
}

static void read_compound(struct seuil_unpack *unpack, unsigned parts, struct seuil_tally *tally,
                          seuil_time_ms newest)
{
    if (parts & SEUIL_PART_MOMENTS) {
        tally->moments = read_number(unpack, 0, (UINT32_C(1) << SEUIL_MOMENTS_MAX) - 1);
        for (unsigned i = 0; i < SEUIL_MOMENTS_MAX && !unpack->bad; i++)
            if (tally->moments >> i & 1)
                tally->moment[i] = read_time_before(unpack, newest);
        tally->streak = read_number(unpack, 0, UINT32_MAX);
        require(unpack, tally->moments || tally->streak);
    }
    if (parts & SEUIL_PART_WINDOW) {
        tally->windows = seuil_unpack_byte(unpack);
        if (!require(unpack, tally->windows >= 1 && tally->windows <= SEUIL_WINDOW_MAX))
            tally->windows = 0;
        tally->met = (uint16_t)read_number(unpack, 0, (UINT32_C(1) << tally->windows) - 1);
        for (unsigned i = 0; i < tally->windows && !unpack->bad; i++)
            tally->window[i] = seuil_unpack_u32(unpack);
    }
}

static void read_span(struct seuil_unpack *unpack, unsigned parts, struct seuil_tally *tally)
{
    uint64_t span;

    if (!(parts & SEUIL_PART_BUCKETS) &&
        !(parts & SEUIL_PART_SUM && tally->shape == SEUIL_DECAY_HALF_LIFE))
        return;
    span = seuil_unpack_varint(unpack);
    tally->span_ms = require(unpack, span <= 4 * (uint64_t)SEUIL_TIME_BOUND_MS) ? (int64_t)span : 0;
}

static void read_tally(struct seuil_unpack *unpack, uint8_t format, unsigned parts,
                       struct seuil_tally *tally, seuil_time_ms newest)
{
    bool measures = parts & SEUIL_PART_MEASURES;

    seuil_tally_clear(tally);
    tally->shape = SEUIL_PART_SHAPE_OF(parts);
    require(unpack, tally->shape <= SEUIL_DECAY_INACTIVITY);
    if (format == 1)
        guess_shape(parts, tally);
    if (parts & SEUIL_PART_COUNT)
        tally->count = read_number(unpack, 0, UINT32_MAX);
    if (parts & SEUIL_PART_INSTANTS) {
        unsigned count = read_number(unpack, 1, SEUIL_AGED_INSTANTS_MAX);
        seuil_time_ms after = newest;

        tally->instants = (uint8_t)count;
        for (unsigned i = count; i-- > 0 && !unpack->bad;) {
            tally->instant[i] = read_time_before(unpack, after);
            require(unpack, tally->instant[i] <= after);
            after = tally->instant[i];
            tally->measure[i] = measures ? seuil_unpack_number(unpack) : 0;
        }
    }
    if (parts & SEUIL_PART_COUNT)
        require(unpack, tally->count != tally->instants);
    else
        tally->count = tally->instants;
    if (format != 1)
        read_span(unpack, parts, tally);
    if (parts & SEUIL_PART_SUM)
        read_sum(unpack, parts, tally, newest);
    if (parts & SEUIL_PART_BUCKETS)
        read_buckets(unpack, tally, measures);
    if (parts & SEUIL_PART_PERIODS)
        read_periods(unpack, tally);
    if (parts & SEUIL_PART_OBJECTS)
        read_objects(unpack, tally, newest);
    if (parts & SEUIL_PART_LIMITED) {
        tally->limited = seuil_unpack_byte(unpack);
        require(unpack, tally->limited != 0 && tally->limited < 1 << SEUIL_LIMITS_MAX);
    }
    read_compound(unpack, parts, tally, newest);
}

static unsigned read_parts(struct seuil_unpack *unpack, uint8_t format)
{
    static const unsigned now[] = {SEUIL_PART_COUNT,   SEUIL_PART_INSTANTS,
                                   SEUIL_PART_SUM,     SEUIL_PART_BUCKETS,
                                   SEUIL_PART_PERIODS, SEUIL_PART_OBJECTS,
                                   SEUIL_PART_LIMITED, SEUIL_PART_RECORDS_HAVE_OBJECTS};
    unsigned parts = 0, byte;

    if (format != 1)
        return read_number(unpack, 0, SEUIL_PARTS_END - 1);
    byte = seuil_unpack_byte(unpack);
    for (unsigned i = 0; i < 8; i++)
        parts |= byte >> i & 1 ? now[i] : 0;
    return parts;
}

static void read_rules(struct seuil_unpack *unpack, uint8_t format, struct seuil_evidence *evidence)
{
    unsigned count = read_number(unpack, 0, SEUIL_LEAD_RULES_MAX);

    require(unpack, count == 0 || evidence->newest != SEUIL_TIME_NONE);
    for (unsigned i = 0; i < count && !unpack->bad; i++) {
        uint32_t key = seuil_unpack_u32(unpack), meaning = seuil_unpack_u32(unpack);
        unsigned parts = read_parts(unpack, format);

        require(unpack, i == 0 || evidence->rules[i - 1].key < key);
        evidence->by_key[i] = (uint8_t)i;
        evidence->rules[i] =
            (struct seuil_rule_ref){.key = key,
                                    .meaning = meaning,
                                    .has_object = parts & SEUIL_PART_RECORDS_HAVE_OBJECTS,
                                    .has_legs = parts & SEUIL_PART_LEGS,
                                    .has_measure = parts & SEUIL_PART_MEASURES};
        evidence->rule_used[i / 64] |= UINT64_C(1) << (i % 64);
        read_tally(unpack, format, parts, &evidence->tallies[i], evidence->newest);
        evidence->rule_count = (uint16_t)(i + 1);
    }
}

static void read_hits(struct seuil_unpack *unpack, struct seuil_evidence *evidence,
                      struct seuil_record *record)
{
    uint64_t word = seuil_unpack_varint(unpack);
    unsigned count = word & 1 ? (unsigned)(word >> 1) : 1;
    int before = -1;

    if (!require(unpack, word < 2 * SEUIL_LEAD_RULES_MAX && count <= SEUIL_HITS_MAX &&
                             (!(word & 1) || count != 1)))
        return;
    for (unsigned i = 0; i < count; i++) {
        int slot = word & 1 ? seuil_unpack_byte(unpack) : (int)(word >> 1);
        struct seuil_hit hit = {0};

        if (!require(unpack, slot > before && slot < evidence->rule_count))
            return;
        before = slot;
        if (evidence->rules[slot].has_object)
            hit.object = seuil_unpack_u32(unpack);
        if (evidence->rules[slot].has_legs)
            hit.legs = seuil_unpack_byte(unpack);
        if (evidence->rules[slot].has_measure)
            hit.measure = seuil_unpack_number(unpack);
        seuil_evidence_add_hit(evidence, record, (unsigned)slot, hit);
    }
}

static void read_recent(struct seuil_unpack *unpack, struct seuil_evidence *evidence)
{
    unsigned count = read_number(unpack, 0, SEUIL_RECENT_MAX);
    struct seuil_key key = {.time = evidence->newest}, before = {0};

    require(unpack, count == 0 || evidence->newest != SEUIL_TIME_NONE);
    for (unsigned i = 0; i < count && !unpack->bad; i++) {
        uint64_t step = seuil_unpack_varint(unpack);

        if (!require(unpack, step <= 4 * (uint64_t)SEUIL_TIME_BOUND_MS))
            return;
        key.time = time_at(unpack, key.time, i == 0 ? -(int64_t)step : (int64_t)step);
        key.hash = seuil_unpack_u64(unpack);
        require(unpack, key.time <= evidence->newest && (i == 0 || seuil_key_less(before, key)));
        if (unpack->bad)
            return;
        before = key;
        read_hits(unpack, evidence, seuil_evidence_insert(evidence, i, key));
    }
}

/* A rule that nothing refers to, and a record that is nothing, have no place in a state. */
static void check_rules(struct seuil_unpack *unpack, const struct seuil_evidence *evidence)
{
    for (unsigned i = 0; i < evidence->rule_count && !unpack->bad; i++) {
        const struct seuil_tally *tally = &evidence->tallies[i];

        require(unpack, !seuil_tally_is_empty(tally) || evidence->rules[i].records > 0);
        require(unpack, seuil_tally_has_awards(tally) || tally->shape == 0);
    }
    for (unsigned i = 0; i < evidence->recent_count && !unpack->bad; i++)
        require(unpack, evidence->records[i].hit_count > 0 || evidence->records[i].mark);
}

static void read_automata(struct seuil_unpack *unpack, struct seuil_lead *lead)
{
    unsigned count = read_number(unpack, 0, SEUIL_MODELS_MAX);

    for (unsigned i = 0; i < count && !unpack->bad; i++) {
        struct seuil_automaton *automaton = &lead->automata[i];
        uint8_t byte;

        automaton->model = seuil_unpack_u32(unpack);
        require(unpack, i == 0 || lead->automata[i - 1].model < automaton->model);
        byte = seuil_unpack_byte(unpack);
        automaton->excluded = byte & 1;
        automaton->under = byte >> 1;
        require(unpack, automaton->under < SEUIL_TIERS_MAX);
        automaton->tier_key = automaton->under ? seuil_unpack_u32(unpack) : 0;
        automaton->ordinal = read_number(unpack, 0, UINT32_MAX);
        automaton->alert = (struct seuil_alert){0};
        automaton->told_count = 0;
        automaton->stands = false;
        lead->automaton_count = (uint16_t)(i + 1);
    }
}

/* One at rest has no place in a state. */
static void check_automata(struct seuil_unpack *unpack, const struct seuil_lead *lead)
{
    for (unsigned i = 0; i < lead->automaton_count && !unpack->bad; i++)
        require(unpack, lead->automata[i].under || lead->automata[i].excluded ||
                            lead->automata[i].ordinal || lead->automata[i].stands);
}

int seuil_lead_read(const uint8_t *bytes, size_t len, struct seuil_lead *ret_lead)
{
    struct seuil_unpack unpack = {.at = bytes, .end = bytes + len};
    struct head head;
    int err = len > SEUIL_LEAD_BYTES_MAX ? SEUIL_ERR_CORRUPT : read_start(&unpack, &head);

    if (err)
        return err;
    read_head(&unpack, &head, ret_lead);
    read_rules(&unpack, head.format, &ret_lead->evidence);
    read_recent(&unpack, &ret_lead->evidence);
    read_automata(&unpack, ret_lead);
    seuil_lead_read_sections(&unpack, ret_lead);
    check_rules(&unpack, &ret_lead->evidence);
    check_automata(&unpack, ret_lead);
    if (!unpack.bad)
        return 0;
    seuil_lead_init(ret_lead, (struct seuil_str){ret_lead->id, ret_lead->id_len});
    return SEUIL_ERR_CORRUPT;
}

int seuil_lead_peek_stamp(const uint8_t *bytes, size_t len, uint32_t topic, uint32_t generation,
                          int64_t *ret_next)
{
    struct seuil_unpack unpack = {.at = bytes, .end = bytes + len};
    struct head head;
    int err = read_start(&unpack, &head), at = -1;
    int64_t next = 0;

    if (err)
        return err;
    for (unsigned i = read_number(&unpack, 0, SEUIL_TOPICS_MAX); i > 0 && !unpack.bad; i--) {
        struct seuil_stamp stamp = read_stamp(&unpack, &at);

        if ((uint32_t)at == topic && stamp.generation == generation)
            next = stamp.next;
    }
    if (unpack.bad)
        return SEUIL_ERR_CORRUPT;
    *ret_next = next;
    return 0;
}

int seuil_lead_peek_due(const uint8_t *bytes, size_t len, seuil_time_ms *ret_due)
{
    struct seuil_unpack unpack = {.at = bytes, .end = bytes + len};
    struct head head;
    int err = read_start(&unpack, &head);

    if (err)
        return err;
    *ret_due = head.due;
    return 0;
}
