/* Every maximum of Seuil, each with its reason. Reaching one is a counted, tested outcome. */

#ifndef SEUIL_CORE_LIMITS_H
#define SEUIL_CORE_LIMITS_H

#include "core/time.h"

/* ---- the world around -------------------------------------------------------------------- */

/* Input topics of one daemon; a stamp is kept per lead and topic, so this bounds a lead's header.
 */
#define SEUIL_TOPICS_MAX 16
/* The last number is the internal topic's: what shards tell each other is an input, too. */
#define SEUIL_TOPIC_INTERNAL (SEUIL_TOPICS_MAX - 1)
/* Partitions of an input topic: one Redis slot, one connection and one set of queues each. */
#define SEUIL_PARTITIONS_MAX 1024
/* Worker threads: beyond this the broker and Redis are the limit long before. */
#define SEUIL_WORKERS_MAX 64

/* ---- events ------------------------------------------------------------------------------ */

/* A lead's id, an event's id: identifiers, not documents (an HMAC in hex takes 64). */
#define SEUIL_ID_MAX 256
/* A Kafka record that is decoded at all; Kafka's own default maximum is 1 MiB. */
#define SEUIL_RECORD_BYTES_MAX (1024 * 1024)
/* Entries of a map field (form fields, attributes): the largest real forms have about 200. */
#define SEUIL_MAP_ENTRIES_MAX 256
/* Nesting of records, unions, JSON values: real events stay below 10. */
#define SEUIL_DEPTH_MAX 32
/* An event time further ahead of its arrival than this is taken to be its arrival (SCORING 7). */
#define SEUIL_AHEAD_MAX_MS (5 * SEUIL_MINUTE_MS)

/* ---- models ------------------------------------------------------------------------------ */

/* Models side by side: one for each product line. */
#define SEUIL_MODELS_MAX 16
/* Rules of all models together (EVIDENCE 4). */
#define SEUIL_RULES_MAX 4096
/* Groups of one model. */
#define SEUIL_GROUPS_MAX 32
/* Tiers of one model; tier 0 is the one without an entry mark. */
#define SEUIL_TIERS_MAX 16
/* Limits of one rule: one for each kind of "once". */
#define SEUIL_LIMITS_MAX 4
/* Statuses of one model that freeze a lead. */
#define SEUIL_STATUSES_MAX 16
/* Rules with the hidden ones: three of each model, and the legs of compounds. */
#define SEUIL_SET_RULES_MAX (2 * SEUIL_RULES_MAX)
/* Legs of "all of these within", "these in order". */
#define SEUIL_LEGS_MAX 4
/* Rules of absence of one model, its reset among them: every event of the model hits them. */
#define SEUIL_SILENCES_MAX 8
/* "So many times within": the instants before the last one are kept. */
#define SEUIL_FREQUENCY_MAX 32
#define SEUIL_MOMENTS_MAX   (SEUIL_FREQUENCY_MAX - 1)
/* "The last so many e-mails", and how many are remembered whatever a rule asks for: one that comes
 * again after so many others is taken for a new one. */
#define SEUIL_WINDOW_MAX 16
/* Of a lead that is worth nothing, what compounds count is remembered so long: yearly campaigns. */
#define SEUIL_MEMORY_MS (400 * SEUIL_DAY_MS)
/* Cases of one criterion: brackets of a turnover, sectors by worth. */
#define SEUIL_CASES_MAX 64
/* Grades by letter, by digit. */
#define SEUIL_GRADES 4
/* A letter, a digit, the end. */
#define SEUIL_GRADE_MAX 3
/* Fit criteria of one model. */
#define SEUIL_FIT_MAX 1024
/* Attributes that all models together name: each may be kept for each lead. */
#define SEUIL_ATTRIBUTES_MAX 128
/* What else conditions on a lead may look at: its grade, its status. */
#define SEUIL_STANDINGS 2
/* Rules of all models that one event may hit; further hits, in rule order, are counted and left. */
#define SEUIL_HITS_MAX 32
/* Values of one `in` list, all lists of a file together are bounded by the file's size. */
#define SEUIL_LIST_MAX 65536
/* A text that a condition compares with, or a regular expression, in bytes: a long url. */
#define SEUIL_PATTERN_MAX 1024
/* States of all tries over prefixes, suffixes and literals of a set: 4,096 rules with 60 bytes
 * each; their tables stay below 100 MB with any alphabet. */
#define SEUIL_TRIE_STATES_MAX (256 * 1024)
#define SEUIL_TRIE_CELLS_MAX  (24 * 1024 * 1024)
/* Places of rules in lists of elementary intervals: as many as a thousand nested ranges need. */
#define SEUIL_INTERVAL_POSTINGS_MAX (4 * 1024 * 1024)
/* Names of models, rules, groups, tiers, attributes, in bytes. */
#define SEUIL_NAME_MAX 64
/* Labels, in bytes: a line of an alert. */
#define SEUIL_LABEL_MAX 128
/* A model or configuration file, in bytes. */
#define SEUIL_FILE_BYTES_MAX (4 * 1024 * 1024)

/* ---- one lead ---------------------------------------------------------------------------- */

/* Records within the lateness horizon (EVIDENCE 4). */
#define SEUIL_RECENT_MAX 256
/* Rules with evidence of one lead. */
#define SEUIL_LEAD_RULES_MAX 256
/* The packed state, in bytes (EVIDENCE 4). */
#define SEUIL_LEAD_BYTES_MAX 8192
/* Without what changes after evidence was settled: automata, clock, due time, stamps; of each model
 * the cause of an entry that waits to be told (SEUIL_ALERT_ID_MAX). */
#define SEUIL_LEAD_BYTES_SETTLED(models) (SEUIL_LEAD_BYTES_MAX - 1280u - (models)*84u)
/* Accepted instants kept exactly for each rule (EVIDENCE 3, K). */
#define SEUIL_INSTANTS_MAX 8
/* Instants of age-bounded decay kept before buckets (EVIDENCE 3). */
#define SEUIL_AGED_INSTANTS_MAX 32
/* Objects remembered for each rule with a limit per object. */
#define SEUIL_OBJECTS_MAX 64
/* Numbers that points depend on lie within this: beyond it they are taken to be it. */
#define SEUIL_OPERAND_MAX 1e12
/* Events ahead of the clock of which it is kept where they came from, for the crossing that they
 * may cause when their time comes; of more it is not told. */
#define SEUIL_CAUSES_MAX 4
/* Bytes of the id of an event that caused an entry which is told later; of one with a longer id it
 * is not kept. An id of 36 characters is usual, and each model may have one. */
#define SEUIL_ALERT_ID_MAX 64
/* Manual adjustments by sales. */
#define SEUIL_ADJUSTMENTS_MAX 16
/* Author and reason of an adjustment, an attribute's value: bytes. */
#define SEUIL_NOTE_MAX 64
/* Lines of an explanation; the remainder is folded into one. */
#define SEUIL_LINES_MAX 24
/* What would bring a lead into the next tier: more than so many is no advice. */
#define SEUIL_WAYS_MAX 5
/* "Qualified until" beyond this is absent (SCORING 10.5). */
#define SEUIL_UNTIL_MAX_MS (5 * 365 * SEUIL_DAY_MS)
/* Ids that were merged into a lead, so that a hand-over that comes twice is known, and forgetting
 * reaches all of them: the browsers of one person over years. Of more the oldest are forgotten. */
#define SEUIL_ALIASES_MAX 16
/* The same, in bytes of their ids together: four of the longest. */
#define SEUIL_ALIAS_BYTES_MAX 1024
/* What is handed over goes through so many leads at most, each merged into the next; then it stays
 * where it is. Real chains have two or three. */
#define SEUIL_HOPS_MAX 16
/* A merged id is sent on so long after its last event: a cookie lives 13 months. */
#define SEUIL_AWAY_MS (400 * SEUIL_DAY_MS)
/* A tombstone stays this long (EVIDENCE 3). */
#define SEUIL_TOMBSTONE_MS (30 * SEUIL_DAY_MS)
/* How late an event may be unless configured (the promise, clause 3). */
#define SEUIL_HORIZON_DEFAULT_MS (7 * SEUIL_DAY_MS)
/* Quarantine: an event leaves the recent set this much after the fold point (EVIDENCE 1, k). */
#define SEUIL_QUARANTINE_MS (10 * SEUIL_SECOND_MS)

#endif
