/* The packed state in format 2, in this order. Private to lead_write.c and lead_read.c.
 *
 * Times are differences from the clock or from the newest recorded time,
 * since those are small.
 *
 *     format, flags
 *     clock, due after the clock (0: never)
 *     stamps: count, then (topic, generation, next) by topic
 *     newest recorded time after the clock; if flagged: birth, cut-off, raised fold point
 *     rules: count, then (key, meaning, parts of the tally) by key
 *     recent: count, then (time after the one before, id hash, hits) in order
 *     automata: count, then each, by model key
 *     sections: tag, length, content, by tag; a new part of the state adds a tag
 *
 * Everything has one encoding; the reader refuses any other.
 *
 * Format 1 had the parts of a rule in one byte, and did not say what decay a tally was folded
 * under, since the meaning of a rule did (seuil_rule.meaning_before). */

#ifndef SEUIL_CORE_LEAD_FORMAT_H
#define SEUIL_CORE_LEAD_FORMAT_H

enum {
    SEUIL_FLAG_TOMBSTONE = 1 << 0,
    SEUIL_FLAG_EXPIRED = 1 << 1,
    SEUIL_FLAG_CLOCK = 1 << 2,
    SEUIL_FLAG_NEWEST = 1 << 3,
    SEUIL_FLAG_BIRTH = 1 << 4,
    SEUIL_FLAG_CUT = 1 << 5,
    SEUIL_FLAG_RAISED = 1 << 6,
    SEUIL_FLAG_CONSENT = 1 << 7,
};

/* Parts of a rule and its tally, a varint: the usual ones in its first byte. */
enum {
    SEUIL_PART_COUNT = 1 << 0,
    SEUIL_PART_INSTANTS = 1 << 1,
    SEUIL_PART_SUM = 1 << 2,
    SEUIL_PART_SHAPE = 1 << 3, /* three bits: enum seuil_decay_shape */
    SEUIL_PART_RECORDS_HAVE_OBJECTS = 1 << 6,
    SEUIL_PART_OBJECTS = 1 << 7,
    SEUIL_PART_PERIODS = 1 << 8,
    SEUIL_PART_BUCKETS = 1 << 9,
    SEUIL_PART_LIMITED = 1 << 10,
    SEUIL_PART_MEASURES = 1 << 11, /* of the records, and of instants, buckets and sums */
    SEUIL_PART_LEGS = 1 << 12,     /* of the records */
    SEUIL_PART_MOMENTS = 1 << 13,  /* which are known, each, streak */
    SEUIL_PART_WINDOW = 1 << 14,   /* count, which were met, objects */
    SEUIL_PARTS_END = 1 << 15,
};
#define SEUIL_PART_SHAPE_OF(parts) ((parts) >> 3 & 7)

/* In format 1. */
enum {
    SEUIL_FIRST_PART_COUNT = 1 << 0,
    SEUIL_FIRST_PART_INSTANTS = 1 << 1,
    SEUIL_FIRST_PART_SUM = 1 << 2,
    SEUIL_FIRST_PART_BUCKETS = 1 << 3,
    SEUIL_FIRST_PART_PERIODS = 1 << 4,
    SEUIL_FIRST_PART_OBJECTS = 1 << 5,
    SEUIL_FIRST_PART_LIMITED = 1 << 6,
    SEUIL_FIRST_PART_RECORDS_HAVE_OBJECTS = 1 << 7,
};

enum {
    SEUIL_SECTION_PROFILE = 1,
    SEUIL_SECTION_ADJUSTMENTS = 2,
    SEUIL_SECTION_MARKS =
        3, /* of recent: count, then (place after the one before, mark, operand) */
    SEUIL_SECTION_RETIRED = 4, /* count, then (place of the rule after the one before, parts) */
    SEUIL_SECTION_CAUSES = 6,  /* count, then each, by key */
    SEUIL_SECTION_INTO = 7,    /* since when, then the id, to the end */
    SEUIL_SECTION_ALIASES = 8, /* count, then each, in their order */
    SEUIL_SECTION_ALERTS = 5, /* count, then (place of the automaton after the one before, parts) */
    SEUIL_SECTION_ID = 15,    /* of a lead whose key is a hash of it, and that is not forgotten */
};

/* Parts of an automaton in the section of alerts. */
enum {
    SEUIL_ALERT_WAITS = 1 << 0,
    SEUIL_ALERT_AWAY = 1 << 1,
    SEUIL_ALERT_TOLD = 1 << 2,
    SEUIL_ALERT_STANDS = 1 << 3, /* fit and exclusion of a frozen lead */
    SEUIL_ALERT_CAUSE = 1 << 4,  /* of what waits: topic, partition, offset, id */
    SEUIL_ALERT_END = 1 << 5,
};

/* Parts of a tally in the section of the retired. */
enum {
    SEUIL_RETIRED_COUNT = 1 << 0,
    SEUIL_RETIRED_INSTANTS = 1 << 1,
    SEUIL_RETIRED_HELD = 1 << 2,
};

#endif
