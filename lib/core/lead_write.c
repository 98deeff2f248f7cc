#include "core/lead_codec.h"

#include <assert.h>

#include "core/lead_format.h"
#include "core/model.h"
#include "core/pack.h"
#include "core/tally_parts.h"

/* The parts that every state has go through a copy of the pack: what it says of itself stays in
 * registers, where a byte written through it cannot change it. */

static void write_head(struct seuil_pack *to, const struct seuil_lead *lead)
{
    struct seuil_pack copy = *to, *pack = &copy;
    const struct seuil_evidence *evidence = &lead->evidence;
    bool has_clock = lead->clock != SEUIL_TIME_NONE;
    seuil_time_ms clock = has_clock ? lead->clock : 0;
    unsigned stamped = 0;

    seuil_pack_byte(pack, SEUIL_LEAD_FORMAT);
    seuil_pack_byte(pack,
                    (uint8_t)((lead->tombstone ? SEUIL_FLAG_TOMBSTONE : 0) |
                              (lead->expired ? SEUIL_FLAG_EXPIRED : 0) |
                              (lead->consented ? SEUIL_FLAG_CONSENT : 0) |
                              (has_clock ? SEUIL_FLAG_CLOCK : 0) |
                              (evidence->newest != SEUIL_TIME_NONE ? SEUIL_FLAG_NEWEST : 0) |
                              (lead->birth.known ? SEUIL_FLAG_BIRTH : 0) |
                              (lead->cut != SEUIL_TIME_NONE ? SEUIL_FLAG_CUT : 0) |
                              (evidence->raised.time != SEUIL_TIME_NONE ? SEUIL_FLAG_RAISED : 0)));
    if (has_clock) {
        seuil_pack_signed(pack, clock);
        assert(lead->due > clock);
        seuil_pack_varint(pack, lead->due == SEUIL_TIME_NEVER ? 0 : (uint64_t)(lead->due - clock));
    }
#pragma GCC unroll 16
    for (unsigned i = 0; i < SEUIL_TOPICS_MAX; i++)
        stamped |= (unsigned)(lead->stamps[i].next > 0) << i;
    seuil_pack_varint(pack, seuil_bits(stamped));
    for (; stamped; stamped &= stamped - 1) {
        unsigned i = (unsigned)__builtin_ctz(stamped);

        seuil_pack_varint(pack, i);
        seuil_pack_varint(pack, lead->stamps[i].generation);
        seuil_pack_varint(pack, (uint64_t)lead->stamps[i].next);
    }
    if (evidence->newest != SEUIL_TIME_NONE)
        seuil_pack_signed(pack, evidence->newest - clock);
    if (lead->birth.known) {
        seuil_pack_varint(pack, lead->birth.topic);
        seuil_pack_varint(pack, lead->birth.generation);
        seuil_pack_varint(pack, (uint64_t)lead->birth.offset);
    }
    if (lead->cut != SEUIL_TIME_NONE)
        seuil_pack_signed(pack, lead->cut - clock);
    if (evidence->raised.time != SEUIL_TIME_NONE) {
        seuil_pack_signed(pack, evidence->raised.time);
        seuil_pack_u64(pack, evidence->raised.hash);
    }
    *to = copy;
}

/* The count is not written when it is the number of instants: the usual case of few awards. */
static bool count_is_plain(const struct seuil_tally *tally)
{
    return tally->count == tally->instants;
}

static bool has_sum(const struct seuil_tally *tally)
{
    return tally->sum != 0 || tally->total != 0;
}

static void write_sum(struct seuil_pack *pack, const struct seuil_tally *tally, bool measures,
                      seuil_time_ms newest)
{
    if (!seuil_shape_has_landmark(tally->shape)) {
        seuil_pack_number(pack, tally->sum);
        if (measures && tally->shape == SEUIL_DECAY_INACTIVITY)
            seuil_pack_number(pack, tally->total);
        return;
    }
    seuil_pack_double(pack, tally->sum);
    seuil_pack_signed(pack, tally->sum != 0 ? newest - tally->landmark : 0);
    if (measures)
        seuil_pack_number(pack, tally->total);
}

static void write_buckets(struct seuil_pack *pack, const struct seuil_tally *tally, bool measures)
{
    seuil_pack_varint(pack, tally->buckets);
    for (unsigned i = 0; i < tally->buckets; i++) {
        if (i == 0)
            seuil_pack_signed(pack, tally->bucket[0].index);
        else
            seuil_pack_varint(pack,
                              (uint64_t)(tally->bucket[i].index - tally->bucket[i - 1].index));
        seuil_pack_varint(pack, tally->bucket[i].count);
        if (measures)
            seuil_pack_number(pack, tally->bucket[i].points);
    }
}

/* Whether sum or buckets hang on a half-life or an age bound. */
static bool has_span(const struct seuil_tally *tally)
{
    return tally->buckets || (has_sum(tally) && tally->shape == SEUIL_DECAY_HALF_LIFE);
}

static unsigned parts_of(const struct seuil_rule_ref *rule, const struct seuil_tally *tally)
{
    unsigned parts = (rule->has_object ? SEUIL_PART_RECORDS_HAVE_OBJECTS : 0) |
                     (rule->has_measure ? SEUIL_PART_MEASURES : 0) |
                     (rule->has_legs ? SEUIL_PART_LEGS : 0);

    return parts | (count_is_plain(tally) ? 0 : SEUIL_PART_COUNT) |
           (tally->instants ? SEUIL_PART_INSTANTS : 0) | (has_sum(tally) ? SEUIL_PART_SUM : 0) |
           (seuil_tally_has_awards(tally) ? tally->shape * SEUIL_PART_SHAPE : 0u) |
           (tally->buckets ? SEUIL_PART_BUCKETS : 0) | (tally->periods ? SEUIL_PART_PERIODS : 0) |
           (tally->objects ? SEUIL_PART_OBJECTS : 0) | (tally->limited ? SEUIL_PART_LIMITED : 0) |
           (tally->moments || tally->streak ? SEUIL_PART_MOMENTS : 0) |
           (tally->windows ? SEUIL_PART_WINDOW : 0);
}

static void write_tally(struct seuil_pack *pack, const struct seuil_tally *tally, unsigned parts,
                        seuil_time_ms newest)
{
    bool measures = parts & SEUIL_PART_MEASURES;

    if (parts & SEUIL_PART_COUNT)
        seuil_pack_varint(pack, tally->count);
    if (parts & SEUIL_PART_INSTANTS) {
        seuil_pack_varint(pack, tally->instants);
        for (unsigned i = tally->instants; i-- > 0;) {
            seuil_pack_signed(pack, (i + 1u < tally->instants ? tally->instant[i + 1] : newest) -
                                        tally->instant[i]);
            if (measures)
                seuil_pack_number(pack, tally->measure[i]);
        }
    }
    if (has_span(tally))
        seuil_pack_varint(pack, (uint64_t)tally->span_ms);
    if (parts & SEUIL_PART_SUM)
        write_sum(pack, tally, measures, newest);
    if (parts & SEUIL_PART_BUCKETS)
        write_buckets(pack, tally, measures);
    if (parts & SEUIL_PART_PERIODS) {
        seuil_pack_byte(pack, tally->periods);
        for (unsigned i = 0; i < SEUIL_LIMITS_MAX; i++) {
            const struct seuil_period_count *period = tally->period[i];

            if (!(tally->periods >> i & 1))
                continue;
            seuil_pack_signed(pack, period[0].period);
            seuil_pack_varint(pack, period[0].count);
            seuil_pack_varint(pack, period[1].count);
            if (period[1].count)
                seuil_pack_varint(pack, (uint64_t)(period[0].period - period[1].period));
        }
    }
    if (parts & SEUIL_PART_OBJECTS) {
        seuil_pack_varint(pack, tally->objects);
        for (unsigned i = tally->objects; i-- > 0;) {
            seuil_pack_u32(pack, tally->object[i].hash);
            seuil_pack_varint(pack, tally->object[i].count);
            seuil_pack_signed(pack, (i + 1u < tally->objects ? tally->object[i + 1].last : newest) -
                                        tally->object[i].last);
        }
    }
    if (parts & SEUIL_PART_LIMITED)
        seuil_pack_byte(pack, tally->limited);
}

static void write_compound(struct seuil_pack *pack, const struct seuil_tally *tally, unsigned parts,
                           seuil_time_ms newest)
{
    if (parts & SEUIL_PART_MOMENTS) {
        seuil_pack_varint(pack, tally->moments);
        for (unsigned i = 0; i < SEUIL_MOMENTS_MAX; i++)
            if (tally->moments >> i & 1)
                seuil_pack_signed(pack, newest - tally->moment[i]);
        seuil_pack_varint(pack, tally->streak);
    }
    if (parts & SEUIL_PART_WINDOW) {
        seuil_pack_byte(pack, tally->windows);
        seuil_pack_varint(pack, tally->met);
        for (unsigned i = 0; i < tally->windows; i++)
            seuil_pack_u32(pack, tally->window[i]);
    }
}

static void write_rules(struct seuil_pack *to, const struct seuil_evidence *evidence)
{
    struct seuil_pack copy = *to, *pack = &copy;

    seuil_pack_varint(pack, evidence->rule_count);
    for (unsigned i = 0; i < evidence->rule_count; i++) {
        unsigned slot = evidence->by_key[i];
        const struct seuil_rule_ref *rule = &evidence->rules[slot];
        const struct seuil_tally *tally = &evidence->tallies[slot];
        unsigned parts = parts_of(rule, tally);

        seuil_pack_u32(pack, rule->key);
        seuil_pack_u32(pack, rule->meaning);
        seuil_pack_varint(pack, parts);
        if (parts &
            ~(unsigned)(SEUIL_PART_RECORDS_HAVE_OBJECTS | SEUIL_PART_MEASURES | SEUIL_PART_LEGS)) {
            write_tally(pack, tally, parts, evidence->newest);
            write_compound(pack, tally, parts, evidence->newest);
        }
    }
    *to = copy;
}

/* A single hit, the usual case, is one number; else their count comes before them. */
static void write_recent(struct seuil_pack *to, const struct seuil_evidence *evidence)
{
    struct seuil_pack copy = *to, *pack = &copy;
    uint8_t place[SEUIL_LEAD_RULES_MAX];
    seuil_time_ms before = evidence->newest;

    for (unsigned i = 0; i < evidence->rule_count; i++)
        place[evidence->by_key[i]] = (uint8_t)i;
    seuil_pack_varint(pack, evidence->recent_count);
    for (unsigned i = 0; i < evidence->recent_count; i++) {
        const struct seuil_record *record = &evidence->records[evidence->recent[i]];

        seuil_pack_varint(
            pack, (uint64_t)(i == 0 ? before - record->key.time : record->key.time - before));
        before = record->key.time;
        seuil_pack_u64(pack, record->key.hash);
        if (record->hit_count == 1)
            seuil_pack_varint(pack, (uint64_t)place[record->rule[0]] << 1);
        else
            seuil_pack_varint(pack, (uint64_t)record->hit_count << 1 | 1);
        for (unsigned j = 0; j < record->hit_count; j++) {
            if (record->hit_count > 1)
                seuil_pack_byte(pack, place[record->rule[j]]);
            if (evidence->rules[record->rule[j]].has_object)
                seuil_pack_u32(pack, record->object[j]);
            if (evidence->rules[record->rule[j]].has_legs)
                seuil_pack_byte(pack, record->legs[j]);
            if (evidence->rules[record->rule[j]].has_measure)
                seuil_pack_number(pack, record->measure[j]);
        }
    }
    *to = copy;
}

static void write_automata(struct seuil_pack *pack, const struct seuil_lead *lead)
{
    seuil_pack_varint(pack, lead->automaton_count);
    for (unsigned i = 0; i < lead->automaton_count; i++) {
        const struct seuil_automaton *automaton = &lead->automata[i];

        seuil_pack_u32(pack, automaton->model);
        seuil_pack_byte(pack, (uint8_t)(automaton->under << 1 | (automaton->excluded ? 1 : 0)));
        if (automaton->under)
            seuil_pack_u32(pack, automaton->tier_key);
        seuil_pack_varint(pack, automaton->ordinal);
    }
}

static void write_profile(struct seuil_pack *pack, const struct seuil_evidence *evidence)
{
    seuil_pack_varint(pack, evidence->attribute_count);
    for (unsigned i = 0; i < evidence->attribute_count; i++) {
        const struct seuil_attribute_value *value = &evidence->attributes[i];

        seuil_pack_u32(pack, value->key);
        seuil_pack_signed(pack, evidence->newest - value->written.time);
        seuil_pack_u64(pack, value->written.hash);
        seuil_pack_byte(pack, value->type);
        switch (value->type) {
        case SEUIL_TYPE_BOOL:
            seuil_pack_byte(pack, value->b);
            break;
        case SEUIL_TYPE_INT:
            seuil_pack_signed(pack, value->i);
            break;
        case SEUIL_TYPE_DOUBLE:
            seuil_pack_double(pack, value->d);
            break;
        case SEUIL_TYPE_STRING:
            seuil_pack_byte(pack, value->len);
            seuil_pack_bytes(pack, value->s, value->len);
            break;
        default:
            break;
        }
    }
}

static void write_adjustments(struct seuil_pack *pack, const struct seuil_evidence *evidence)
{
    seuil_pack_varint(pack, evidence->adjustment_count);
    for (unsigned i = 0; i < evidence->adjustment_count; i++) {
        const struct seuil_adjustment *adjustment = &evidence->adjustments[i];

        seuil_pack_signed(pack, evidence->newest - adjustment->key.time);
        seuil_pack_u64(pack, adjustment->key.hash);
        seuil_pack_double(pack, adjustment->points);
        seuil_pack_varint(pack, adjustment->until == SEUIL_TIME_NEVER
                                    ? 0
                                    : (uint64_t)(adjustment->until - adjustment->key.time) + 1);
        seuil_pack_byte(pack, adjustment->author_len);
        seuil_pack_bytes(pack, adjustment->author, adjustment->author_len);
        seuil_pack_byte(pack, adjustment->reason_len);
        seuil_pack_bytes(pack, adjustment->reason, adjustment->reason_len);
    }
}

static unsigned marks_of(const struct seuil_evidence *evidence)
{
    unsigned marks = 0;

    for (unsigned i = 0; i < evidence->recent_count; i++)
        marks += evidence->records[evidence->recent[i]].mark != SEUIL_MARK_NONE;
    return marks;
}

static void write_marks(struct seuil_pack *pack, const struct seuil_evidence *evidence)
{
    unsigned next = 0;

    seuil_pack_varint(pack, marks_of(evidence));
    for (unsigned i = 0; i < evidence->recent_count; i++) {
        const struct seuil_record *record = &evidence->records[evidence->recent[i]];

        if (record->mark == SEUIL_MARK_NONE)
            continue;
        seuil_pack_varint(pack, i - next);
        next = i + 1;
        seuil_pack_byte(pack, record->mark);
        seuil_pack_u64(pack, record->operand);
    }
}

static unsigned retired_parts(const struct seuil_tally *tally)
{
    return (tally->retired ? SEUIL_RETIRED_COUNT : 0u) |
           (tally->retired_instants ? SEUIL_RETIRED_INSTANTS : 0u) |
           (tally->held ? SEUIL_RETIRED_HELD : 0u);
}

static unsigned retired_of(const struct seuil_evidence *evidence)
{
    unsigned count = 0;

    for (unsigned i = 0; i < evidence->rule_count; i++)
        count += retired_parts(&evidence->tallies[evidence->by_key[i]]) != 0;
    return count;
}

static void write_retired(struct seuil_pack *pack, const struct seuil_evidence *evidence)
{
    unsigned next = 0;

    seuil_pack_varint(pack, retired_of(evidence));
    for (unsigned i = 0; i < evidence->rule_count; i++) {
        const struct seuil_tally *tally = &evidence->tallies[evidence->by_key[i]];
        unsigned parts = retired_parts(tally);

        if (!parts)
            continue;
        seuil_pack_varint(pack, i - next);
        next = i + 1;
        seuil_pack_byte(pack, (uint8_t)parts);
        if (tally->retired)
            seuil_pack_varint(pack, tally->retired);
        if (tally->retired_instants)
            seuil_pack_varint(pack, tally->retired_instants);
        if (tally->held)
            seuil_pack_signed(pack, evidence->newest - tally->held_from);
    }
}

static unsigned alert_parts(const struct seuil_automaton *automaton)
{
    unsigned waits = automaton->alert.tier_key ? SEUIL_ALERT_WAITS : 0;

    return waits | (waits && automaton->alert.away ? SEUIL_ALERT_AWAY : 0u) |
           (automaton->told_count ? SEUIL_ALERT_TOLD : 0u) |
           (automaton->stands ? SEUIL_ALERT_STANDS : 0u) |
           (waits && automaton->alert.cause.id_len ? SEUIL_ALERT_CAUSE : 0u);
}

static unsigned alerts_of(const struct seuil_lead *lead)
{
    unsigned count = 0;

    for (unsigned i = 0; i < lead->automaton_count; i++)
        count += alert_parts(&lead->automata[i]) != 0;
    return count;
}

static void write_alerts(struct seuil_pack *pack, const struct seuil_lead *lead)
{
    unsigned next = 0;

    seuil_pack_varint(pack, alerts_of(lead));
    for (unsigned i = 0; i < lead->automaton_count; i++) {
        const struct seuil_automaton *automaton = &lead->automata[i];
        const struct seuil_alert *alert = &automaton->alert;
        unsigned parts = alert_parts(automaton);

        if (!parts)
            continue;
        seuil_pack_varint(pack, i - next);
        next = i + 1;
        seuil_pack_byte(pack, (uint8_t)parts);
        if (parts & SEUIL_ALERT_WAITS) {
            seuil_pack_u32(pack, alert->tier_key);
            seuil_pack_byte(pack, alert->before);
            seuil_pack_byte(pack, alert->reason);
            seuil_pack_signed(pack, lead->clock - alert->since);
            seuil_pack_signed(pack, lead->clock - alert->asked);
        }
        if (parts & SEUIL_ALERT_CAUSE) {
            seuil_pack_varint(pack, alert->cause.topic);
            seuil_pack_varint(pack, (uint64_t)alert->cause.partition);
            seuil_pack_varint(pack, (uint64_t)alert->cause.offset);
            seuil_pack_varint(pack, alert->cause.id_len);
            seuil_pack_bytes(pack, alert->cause.id, alert->cause.id_len);
        }
        if (parts & SEUIL_ALERT_TOLD) {
            seuil_pack_varint(pack, automaton->told_count);
            for (unsigned j = 0; j < automaton->told_count; j++) {
                seuil_pack_u32(pack, automaton->told[j].tier_key);
                seuil_pack_signed(pack, lead->clock - automaton->told[j].at);
            }
        }
        if (parts & SEUIL_ALERT_STANDS) {
            seuil_pack_double(pack, automaton->fit);
            seuil_pack_double(pack, automaton->exclusion);
        }
    }
}

static void write_section(struct seuil_pack *pack, unsigned tag,
                          const struct seuil_evidence *evidence,
                          void (*write)(struct seuil_pack *, const struct seuil_evidence *))
{
    struct seuil_pack measure = {0};

    write(&measure, evidence);
    seuil_pack_varint(pack, tag);
    seuil_pack_varint(pack, measure.at);
    write(pack, evidence);
}

static void write_causes(struct seuil_pack *pack, const struct seuil_lead *lead)
{
    seuil_pack_varint(pack, lead->cause_count);
    for (unsigned i = 0; i < lead->cause_count; i++) {
        const struct seuil_waiting_cause *cause = &lead->causes[i];

        seuil_pack_signed(pack, cause->key.time - lead->clock);
        seuil_pack_u64(pack, cause->key.hash);
        seuil_pack_varint(pack, cause->topic);
        seuil_pack_varint(pack, (uint64_t)cause->partition);
        seuil_pack_varint(pack, (uint64_t)cause->offset);
        seuil_pack_varint(pack, cause->id_len);
        seuil_pack_bytes(pack, cause->id, cause->id_len);
    }
}

static void write_id(struct seuil_pack *pack, const struct seuil_lead *lead)
{
    seuil_pack_bytes(pack, lead->id, lead->id_len);
}

static void write_into(struct seuil_pack *pack, const struct seuil_lead *lead)
{
    seuil_pack_signed(pack, lead->clock - lead->away_since);
    seuil_pack_bytes(pack, lead->into, lead->into_len);
}

static void write_aliases(struct seuil_pack *pack, const struct seuil_lead *lead)
{
    seuil_pack_varint(pack, lead->alias_count);
    for (unsigned i = 0; i < lead->alias_count; i++) {
        const struct seuil_alias *alias = &lead->aliases[i];

        seuil_pack_varint(pack, alias->id_len);
        seuil_pack_bytes(pack, alias->id, alias->id_len);
        seuil_pack_byte(pack, alias->merged.known);
        if (!alias->merged.known)
            continue;
        seuil_pack_varint(pack, alias->merged.topic);
        seuil_pack_varint(pack, alias->merged.generation);
        seuil_pack_varint(pack, (uint64_t)alias->merged.offset);
        seuil_pack_signed(pack, alias->merged_time);
    }
}

static void write_lead_section(struct seuil_pack *pack, unsigned tag, const struct seuil_lead *lead,
                               void (*write)(struct seuil_pack *, const struct seuil_lead *))
{
    struct seuil_pack measure = {0};

    write(&measure, lead);
    seuil_pack_varint(pack, tag);
    seuil_pack_varint(pack, measure.at);
    write(pack, lead);
}

static size_t write_lead(const struct seuil_lead *lead, uint8_t *out, size_t cap)
{
    struct seuil_pack pack = {.out = out, .end = cap};

    write_head(&pack, lead);
    write_rules(&pack, &lead->evidence);
    write_recent(&pack, &lead->evidence);
    write_automata(&pack, lead);
    if (lead->evidence.attribute_count)
        write_section(&pack, SEUIL_SECTION_PROFILE, &lead->evidence, write_profile);
    if (lead->evidence.adjustment_count)
        write_section(&pack, SEUIL_SECTION_ADJUSTMENTS, &lead->evidence, write_adjustments);
    if (marks_of(&lead->evidence))
        write_section(&pack, SEUIL_SECTION_MARKS, &lead->evidence, write_marks);
    if (retired_of(&lead->evidence))
        write_section(&pack, SEUIL_SECTION_RETIRED, &lead->evidence, write_retired);
    if (alerts_of(lead))
        write_lead_section(&pack, SEUIL_SECTION_ALERTS, lead, write_alerts);
    if (lead->cause_count)
        write_lead_section(&pack, SEUIL_SECTION_CAUSES, lead, write_causes);
    if (lead->into_len)
        write_lead_section(&pack, SEUIL_SECTION_INTO, lead, write_into);
    if (lead->alias_count)
        write_lead_section(&pack, SEUIL_SECTION_ALIASES, lead, write_aliases);
    if (lead->keyed && !lead->tombstone && lead->id_len)
        write_lead_section(&pack, SEUIL_SECTION_ID, lead, write_id);
    return pack.at;
}

size_t seuil_lead_write(const struct seuil_lead *lead, uint8_t *out)
{
    size_t len = write_lead(lead, out, SEUIL_LEAD_BYTES_MAX);

    assert(len <= SEUIL_LEAD_BYTES_MAX);
    return len;
}

size_t seuil_lead_size(const struct seuil_lead *lead)
{
    return write_lead(lead, NULL, 0);
}
