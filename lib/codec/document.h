/* What a map reads: the wanted parts of a record as flat nodes, whatever the record was written in.
 *
 * An extractor walks the bytes once, takes the subtrees that a tree of names asks for and passes
 * over the rest. Node 0 is the record; a subtree is a run of nodes, so that passing over one is one
 * addition. Strings are slices of the record, or of the scratch where an escape was undone.
 * Everything is bounded: nodes, depth, and steps (4 a byte and 256 in all). */

#ifndef SEUIL_CODEC_DOCUMENT_H
#define SEUIL_CODEC_DOCUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/fault.h"
#include "codec/scratch.h"
#include "core/event.h"

/* Nodes of one record: a webhook's list of 2,000 events with 30 wanted fields each. */
#define SEUIL_DOCUMENT_NODES_MAX (64 * 1024)

/* Beside enum seuil_type. */
enum seuil_node_kind {
    SEUIL_NODE_LIST = 16,
    SEUIL_NODE_OBJECT, /* a record or a map */
};

/* What the source's own type says of an integer that is an instant. */
enum seuil_unit {
    SEUIL_UNIT_NONE,
    SEUIL_UNIT_MS,
    SEUIL_UNIT_US,
    SEUIL_UNIT_NS,
    SEUIL_UNIT_DAY,
    SEUIL_UNIT_LOCAL = 0x80, /* with one of them: civil time, no zone is known */
};

struct seuil_node {
    uint8_t kind;         /* enum seuil_type without NUMBER, or enum seuil_node_kind */
    uint8_t unit;         /* enum seuil_unit, of an INT */
    uint32_t end;         /* index behind the subtree */
    struct seuil_str key; /* within an object; ptr NULL in a list and of node 0 */
    struct seuil_value value;
    struct seuil_str raw; /* a number, true or false as it is written in a text; len 0: unknown */
};

struct seuil_document {
    uint32_t count, cap;
    uint64_t steps; /* what the last record cost */
    struct seuil_node *nodes;
};

enum seuil_duplicates {
    SEUIL_DUPLICATES_REFUSED, /* a wanted name that stands twice in one object */
    SEUIL_DUPLICATES_LAST,    /* the last one wins */
};

/* What to take: a tree of names, compiled once. Lists and unions are transparent: the children of a
 * list's node are those of each element. */
struct seuil_wanted {
    struct seuil_str name; /* of a field, a map's key, a column; of the root: len 0 */
    bool whole;            /* take all that is below; leaves are whole */
    uint32_t child_count;
    const struct seuil_wanted *children; /* ascending by name, distinct */
};

/* The child of @wanted called @name, or NULL. */
const struct seuil_wanted *seuil_wanted_find(const struct seuil_wanted *wanted,
                                             struct seuil_str name);

/* Append a node to @document, @end still to be set; NULL when it is full. */
static inline struct seuil_node *seuil_document_add(struct seuil_document *document, uint8_t kind,
                                                    struct seuil_str key)
{
    struct seuil_node *node;

    if (document->count == document->cap)
        return NULL;
    node = &document->nodes[document->count++];
    node->kind = kind;
    node->unit = SEUIL_UNIT_NONE;
    node->end = document->count;
    node->key = key;
    node->value.type = kind < SEUIL_NODE_LIST ? kind : SEUIL_TYPE_NULL;
    node->raw = (struct seuil_str){0};
    return node;
}

/* Each of these appends the wanted parts of @len bytes to @document, whose count the caller has set
 * (0 for a record; further on for a text within one), and notes a code in @fault. The scratch's
 * text is appended to: the caller empties it at the beginning of a record. */

/* RFC 8259, strictly. */
int seuil_json_document(const struct seuil_wanted *wanted, enum seuil_duplicates duplicates,
                        struct seuil_decode_scratch *scratch, const uint8_t *bytes, uint32_t len,
                        struct seuil_document *document, struct seuil_fault *fault);

/* The names of columns, ascending by name. */
#define SEUIL_TSV_COLUMNS_MAX 1024
struct seuil_column {
    struct seuil_str name;
    uint32_t number; /* from 1 */
};

/* A wanted name in the column where it stands. */
struct seuil_tsv_column {
    uint32_t number;
    struct seuil_str name;
};

/* Where the children of @wanted stand, ascending by number, once for all records: in @ret_columns,
 * with room for each of them; returns how many there are. A name that is a number is the column of
 * that number, others stand in @columns; what is beyond SEUIL_TSV_COLUMNS_MAX is not looked at. */
uint32_t seuil_tsv_columns(const struct seuil_wanted *wanted, const struct seuil_column *columns,
                           uint32_t column_count, struct seuil_tsv_column *ret_columns);

/* The first child of @wanted that is no column: neither in @columns nor a number; NULL: all are. */
const struct seuil_wanted *seuil_tsv_unknown(const struct seuil_wanted *wanted,
                                             const struct seuil_column *columns,
                                             uint32_t column_count);

/* One line of values between tabs, all of them texts; an empty value is null. */
int seuil_tsv_document(const struct seuil_tsv_column *columns, uint32_t column_count,
                       const uint8_t *bytes, uint32_t len, struct seuil_document *document,
                       struct seuil_fault *fault);

/* name=value&name=value, as forms and query strings write it (WHATWG URL, 5.1): + is a space, %XX a
 * byte; all values are texts. A question mark at the beginning is passed over; of a name that
 * stands twice all values are kept, in order. */
int seuil_form_document(const struct seuil_wanted *wanted, struct seuil_decode_scratch *scratch,
                        const uint8_t *bytes, uint32_t len, struct seuil_document *document,
                        struct seuil_fault *fault);

#endif
