/* The sections of a packed state: parts that most leads do not have (lead_format.h). */

#include <string.h>

#include "core/engine.h"
#include "core/lead_format.h"
#include "core/lead_unpack.h"

static void read_profile(struct seuil_unpack *unpack, struct seuil_evidence *evidence)
{
    unsigned count = read_number(unpack, 1, SEUIL_ATTRIBUTES_MAX);

    for (unsigned i = 0; i < count && !unpack->bad; i++) {
        struct seuil_attribute_value *value = &evidence->attributes[i];
        const uint8_t *bytes;

        value->key = seuil_unpack_u32(unpack);
        require(unpack, i == 0 || value[-1].key < value->key);
        value->written.time = read_time_before(unpack, evidence->newest);
        require(unpack, value->written.time <= evidence->newest);
        value->written.hash = seuil_unpack_u64(unpack);
        value->type = seuil_unpack_byte(unpack);
        switch (value->type) {
        case SEUIL_TYPE_NULL:
            break;
        case SEUIL_TYPE_BOOL: {
            uint8_t byte = seuil_unpack_byte(unpack);

            value->b = require(unpack, byte <= 1) && byte;
            break;
        }
        case SEUIL_TYPE_INT:
            value->i = seuil_unpack_signed(unpack);
            break;
        case SEUIL_TYPE_DOUBLE:
            value->d = read_finite(unpack);
            break;
        case SEUIL_TYPE_STRING:
            value->len = seuil_unpack_byte(unpack);
            require(unpack, value->len <= SEUIL_NOTE_MAX);
            bytes = seuil_unpack_bytes(unpack, value->len);
            if (bytes && !unpack->bad)
                memcpy(value->s, bytes, value->len);
            break;
        default:
            unpack->bad = true;
        }
        evidence->attribute_count = (uint16_t)(i + 1);
    }
}

static uint8_t read_note(struct seuil_unpack *unpack, char *note)
{
    uint8_t len = seuil_unpack_byte(unpack);
    const uint8_t *bytes = seuil_unpack_bytes(unpack, len);

    if (!require(unpack, len <= SEUIL_NOTE_MAX))
        return 0;
    if (len)
        memcpy(note, bytes, len);
    return len;
}

static void read_adjustments(struct seuil_unpack *unpack, struct seuil_evidence *evidence)
{
    unsigned count = read_number(unpack, 1, SEUIL_ADJUSTMENTS_MAX);

    for (unsigned i = 0; i < count && !unpack->bad; i++) {
        struct seuil_adjustment *adjustment = &evidence->adjustments[i];
        uint64_t stay;

        adjustment->key.time = read_time_before(unpack, evidence->newest);
        adjustment->key.hash = seuil_unpack_u64(unpack);
        require(unpack, adjustment->key.time <= evidence->newest &&
                            (i == 0 || seuil_key_less(adjustment[-1].key, adjustment->key)));
        adjustment->points = read_finite(unpack);
        stay = seuil_unpack_varint(unpack);
        require(unpack, stay <= 4 * (uint64_t)SEUIL_TIME_BOUND_MS);
        adjustment->until = stay == 0 || unpack->bad
                                ? SEUIL_TIME_NEVER
                                : time_at(unpack, adjustment->key.time, (int64_t)stay - 1);
        adjustment->author_len = read_note(unpack, adjustment->author);
        adjustment->reason_len = read_note(unpack, adjustment->reason);
        evidence->adjustment_count = (uint8_t)(i + 1);
    }
}

static void read_marks(struct seuil_unpack *unpack, struct seuil_evidence *evidence)
{
    unsigned count = read_number(unpack, 1, SEUIL_RECENT_MAX), place = 0;

    for (unsigned i = 0; i < count && !unpack->bad; i++) {
        struct seuil_record *record;

        place += read_number(unpack, 0, SEUIL_RECENT_MAX);
        if (!require(unpack, place < evidence->recent_count))
            return;
        record = seuil_evidence_recent(evidence, place++);
        record->mark = seuil_unpack_byte(unpack);
        record->operand = seuil_unpack_u64(unpack);
        require(unpack, record->mark != SEUIL_MARK_NONE && record->mark < SEUIL_MARKS);
    }
}

static void read_retired(struct seuil_unpack *unpack, struct seuil_evidence *evidence)
{
    unsigned count = read_number(unpack, 1, SEUIL_LEAD_RULES_MAX), place = 0;

    for (unsigned i = 0; i < count && !unpack->bad; i++) {
        struct seuil_tally *tally;
        uint8_t parts;

        place += read_number(unpack, 0, SEUIL_LEAD_RULES_MAX);
        if (!require(unpack, place < evidence->rule_count))
            return;
        tally = &evidence->tallies[evidence->by_key[place++]];
        parts = seuil_unpack_byte(unpack);
        require(unpack, parts != 0 && parts <= (SEUIL_RETIRED_COUNT | SEUIL_RETIRED_INSTANTS |
                                                SEUIL_RETIRED_HELD));
        if (parts & SEUIL_RETIRED_COUNT)
            tally->retired = read_number(unpack, 1, tally->count);
        if (parts & SEUIL_RETIRED_INSTANTS)
            tally->retired_instants = (uint8_t)read_number(unpack, 1, tally->instants);
        if (parts & SEUIL_RETIRED_HELD) {
            tally->held = true;
            tally->held_from = read_time_before(unpack, evidence->newest);
            require(unpack, tally->held_from <= evidence->newest);
        }
    }
}

static void read_told(struct seuil_unpack *unpack, seuil_time_ms clock,
                      struct seuil_automaton *automaton)
{
    unsigned count = read_number(unpack, 1, SEUIL_TIERS_MAX);

    for (unsigned i = 0; i < count && !unpack->bad; i++) {
        struct seuil_told *told = &automaton->told[i];

        told->tier_key = seuil_unpack_u32(unpack);
        require(unpack, i == 0 || told[-1].tier_key < told->tier_key);
        told->at = read_time_before(unpack, clock);
        automaton->told_count = (uint8_t)(i + 1);
    }
}

static void read_alert_cause(struct seuil_unpack *unpack, struct seuil_alert_cause *cause)
{
    const uint8_t *bytes;
    uint64_t offset;

    cause->topic = read_number(unpack, 0, SEUIL_TOPICS_MAX - 1);
    cause->partition = (int32_t)read_number(unpack, 0, INT32_MAX);
    offset = seuil_unpack_varint(unpack);
    cause->offset = require(unpack, offset <= INT64_MAX) ? (int64_t)offset : 0;
    cause->id_len = (uint8_t)read_number(unpack, 1, SEUIL_ALERT_ID_MAX);
    bytes = seuil_unpack_bytes(unpack, cause->id_len);
    if (bytes && !unpack->bad)
        memcpy(cause->id, bytes, cause->id_len);
}

static void read_alerts(struct seuil_unpack *unpack, struct seuil_lead *lead)
{
    unsigned count = read_number(unpack, 1, SEUIL_MODELS_MAX), place = 0;

    require(unpack, lead->clock != SEUIL_TIME_NONE);
    for (unsigned i = 0; i < count && !unpack->bad; i++) {
        struct seuil_alert *alert;
        uint8_t parts;

        place += read_number(unpack, 0, SEUIL_MODELS_MAX);
        if (!require(unpack, place < lead->automaton_count))
            return;
        alert = &lead->automata[place].alert;
        parts = seuil_unpack_byte(unpack);
        require(unpack, parts != 0 && parts < SEUIL_ALERT_END &&
                            (parts & SEUIL_ALERT_WAITS ||
                             !(parts & (SEUIL_ALERT_AWAY | SEUIL_ALERT_CAUSE))));
        if (parts & SEUIL_ALERT_WAITS) {
            alert->tier_key = seuil_unpack_u32(unpack);
            alert->before = seuil_unpack_byte(unpack);
            alert->reason = seuil_unpack_byte(unpack);
            alert->away = parts & SEUIL_ALERT_AWAY;
            alert->since = read_time_before(unpack, lead->clock);
            alert->asked = read_time_before(unpack, lead->clock);
            require(unpack,
                    alert->tier_key != 0 && alert->reason < SEUIL_REASONS &&
                        (alert->before < SEUIL_TIERS_MAX || alert->before == SEUIL_TIER_EXCLUDED));
        }
        if (parts & SEUIL_ALERT_CAUSE)
            read_alert_cause(unpack, &alert->cause);
        if (parts & SEUIL_ALERT_TOLD)
            read_told(unpack, lead->clock, &lead->automata[place]);
        if (parts & SEUIL_ALERT_STANDS) {
            lead->automata[place].stands = true;
            lead->automata[place].fit = read_finite(unpack);
            lead->automata[place].exclusion = read_finite(unpack);
        }
        place++;
    }
}

static void read_causes(struct seuil_unpack *unpack, struct seuil_lead *lead)
{
    unsigned count = read_number(unpack, 1, SEUIL_CAUSES_MAX);

    require(unpack, lead->clock != SEUIL_TIME_NONE);
    for (unsigned i = 0; i < count && !unpack->bad; i++) {
        struct seuil_waiting_cause *cause = &lead->causes[i];
        const uint8_t *bytes;
        uint64_t offset;

        cause->key.time = read_time(unpack, lead->clock);
        cause->key.hash = seuil_unpack_u64(unpack);
        require(unpack, i == 0 || seuil_key_less(cause[-1].key, cause->key));
        cause->topic = read_number(unpack, 0, SEUIL_TOPICS_MAX - 1);
        cause->partition = (int32_t)read_number(unpack, 0, INT32_MAX);
        offset = seuil_unpack_varint(unpack);
        cause->offset = require(unpack, offset <= INT64_MAX) ? (int64_t)offset : 0;
        cause->id_len = (uint16_t)read_number(unpack, 0, SEUIL_ID_MAX);
        bytes = seuil_unpack_bytes(unpack, cause->id_len);
        if (bytes && cause->id_len)
            memcpy(cause->id, bytes, cause->id_len);
        lead->cause_count = (uint8_t)(i + 1);
    }
}

static void read_id(struct seuil_unpack *unpack, struct seuil_lead *lead)
{
    size_t len = (size_t)(unpack->end - unpack->at);
    const uint8_t *bytes;

    if (!require(unpack, len > 0 && len <= SEUIL_ID_MAX && !lead->tombstone))
        return;
    bytes = seuil_unpack_bytes(unpack, len);
    memcpy(lead->id, bytes, len);
    lead->id_len = (uint32_t)len;
    lead->keyed = true;
}

static void read_into(struct seuil_unpack *unpack, struct seuil_lead *lead)
{
    size_t len;

    require(unpack, lead->clock != SEUIL_TIME_NONE && !lead->tombstone);
    lead->away_since = read_time_before(unpack, lead->clock);
    len = (size_t)(unpack->end - unpack->at);
    if (!require(unpack, len >= 1 && len <= SEUIL_ID_MAX))
        return;
    memcpy(lead->into, seuil_unpack_bytes(unpack, len), len);
    lead->into_len = (uint16_t)len;
}

static void read_merged(struct seuil_unpack *unpack, struct seuil_alias *alias)
{
    struct seuil_birth *merged = &alias->merged;
    uint8_t known = seuil_unpack_byte(unpack);
    uint64_t offset;

    alias->merged_time = SEUIL_TIME_NONE;
    *merged = (struct seuil_birth){.known = require(unpack, known <= 1) && known};
    if (!merged->known)
        return;
    merged->topic = read_number(unpack, 0, SEUIL_TOPICS_MAX - 1);
    merged->generation = read_number(unpack, 0, UINT32_MAX);
    offset = seuil_unpack_varint(unpack);
    merged->offset = require(unpack, offset <= INT64_MAX) ? (int64_t)offset : 0;
    alias->merged_time = read_time(unpack, 0);
}

static void read_aliases(struct seuil_unpack *unpack, struct seuil_lead *lead)
{
    unsigned count = read_number(unpack, 1, SEUIL_ALIASES_MAX), bytes = 0;

    for (unsigned i = 0; i < count && !unpack->bad; i++) {
        struct seuil_alias *alias = &lead->aliases[i];
        uint32_t len = read_number(unpack, 1, SEUIL_ID_MAX);
        const uint8_t *id = seuil_unpack_bytes(unpack, len);

        bytes += len;
        if (!require(unpack, id && bytes <= SEUIL_ALIAS_BYTES_MAX))
            return;
        memcpy(alias->id, id, len);
        alias->id_len = (uint16_t)len;
        read_merged(unpack, alias);
        lead->alias_count = (uint8_t)(i + 1);
    }
}

void seuil_lead_read_sections(struct seuil_unpack *unpack, struct seuil_lead *lead)
{
    struct seuil_evidence *evidence = &lead->evidence;
    uint64_t before = 0;

    while (!unpack->bad && unpack->at < unpack->end) {
        uint64_t tag = seuil_unpack_varint(unpack), len = seuil_unpack_varint(unpack);
        struct seuil_unpack section = {.at = unpack->at};

        if (!require(unpack,
                     tag > before && len <= (size_t)(unpack->end - unpack->at) &&
                         (evidence->newest != SEUIL_TIME_NONE || tag >= SEUIL_SECTION_INTO)))
            return;
        before = tag;
        section.end = section.at + len;
        if (tag == SEUIL_SECTION_PROFILE)
            read_profile(&section, evidence);
        else if (tag == SEUIL_SECTION_ADJUSTMENTS)
            read_adjustments(&section, evidence);
        else if (tag == SEUIL_SECTION_MARKS)
            read_marks(&section, evidence);
        else if (tag == SEUIL_SECTION_RETIRED)
            read_retired(&section, evidence);
        else if (tag == SEUIL_SECTION_ALERTS)
            read_alerts(&section, lead);
        else if (tag == SEUIL_SECTION_CAUSES)
            read_causes(&section, lead);
        else if (tag == SEUIL_SECTION_ID)
            read_id(&section, lead);
        else if (tag == SEUIL_SECTION_INTO)
            read_into(&section, lead);
        else if (tag == SEUIL_SECTION_ALIASES)
            read_aliases(&section, lead);
        else
            section.bad = true;
        require(unpack, !section.bad && section.at == section.end);
        unpack->at = section.end;
    }
}
