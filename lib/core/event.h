/* The canonical event: what every source is turned into and all that the engine sees.
 *
 * An event is a view: its strings point into the record it was decoded from and live as long as
 * that record's bytes and the decoder's scratch do. */

#ifndef SEUIL_CORE_EVENT_H
#define SEUIL_CORE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "core/limits.h"
#include "core/time.h"

enum seuil_kind {
    SEUIL_KIND_PAGE_VIEW,
    SEUIL_KIND_EMAIL,
    SEUIL_KIND_FORM,
    SEUIL_KIND_ACTIVITY, /* anything else, by name: webinar, e-book, ad click, social follow */
    SEUIL_KIND_PROFILE,
    SEUIL_KIND_COMMAND,
    SEUIL_KIND_TICK, /* silence: made by the shard, stamped with the due time */
};
#define SEUIL_KINDS 6 /* those that can be received */

/* The fields of all kinds, one table. X(NAME, "name", kinds as a bit set, type)
 * K(P) page_view, K(E) email, K(F) form, K(A) activity, K(C) command. */
#define SEUIL_FIELDS(X)                                                                            \
    X(URL, "url", 1 << SEUIL_KIND_PAGE_VIEW | 1 << SEUIL_KIND_EMAIL, STRING)                       \
    X(TITLE, "title", 1 << SEUIL_KIND_PAGE_VIEW, STRING)                                           \
    X(REFERRER, "referrer", 1 << SEUIL_KIND_PAGE_VIEW, STRING)                                     \
    X(SESSION_ID, "session_id", 1 << SEUIL_KIND_PAGE_VIEW, STRING)                                 \
    X(USER_AGENT, "user_agent", 1 << SEUIL_KIND_PAGE_VIEW | 1 << SEUIL_KIND_EMAIL, STRING)         \
    X(DURATION_MS, "duration_ms", 1 << SEUIL_KIND_PAGE_VIEW, NUMBER)                               \
    X(UTM_SOURCE, "utm_source", 1 << SEUIL_KIND_PAGE_VIEW, STRING)                                 \
    X(UTM_MEDIUM, "utm_medium", 1 << SEUIL_KIND_PAGE_VIEW, STRING)                                 \
    X(UTM_CAMPAIGN, "utm_campaign", 1 << SEUIL_KIND_PAGE_VIEW, STRING)                             \
    X(PRODUCT, "product",                                                                          \
      1 << SEUIL_KIND_PAGE_VIEW | 1 << SEUIL_KIND_EMAIL | 1 << SEUIL_KIND_FORM |                   \
          1 << SEUIL_KIND_ACTIVITY,                                                                \
      STRING)                                                                                      \
    X(ACTION, "action", 1 << SEUIL_KIND_EMAIL | 1 << SEUIL_KIND_FORM, STRING)                      \
    X(MESSAGE_ID, "message_id", 1 << SEUIL_KIND_EMAIL, STRING)                                     \
    X(CAMPAIGN, "campaign", 1 << SEUIL_KIND_EMAIL, STRING)                                         \
    X(MACHINE, "machine", 1 << SEUIL_KIND_EMAIL, BOOL)                                             \
    X(FORM_ID, "form_id", 1 << SEUIL_KIND_FORM, STRING)                                            \
    X(NAME, "name", 1 << SEUIL_KIND_ACTIVITY | 1 << SEUIL_KIND_COMMAND, STRING)                    \
    X(OBJECT, "object", 1 << SEUIL_KIND_ACTIVITY, STRING)                                          \
    X(VALUE, "value", 1 << SEUIL_KIND_ACTIVITY, NUMBER)                                            \
    X(AUTHOR, "author", 1 << SEUIL_KIND_COMMAND, STRING)                                           \
    X(REASON, "reason", 1 << SEUIL_KIND_COMMAND, STRING)

enum seuil_field {
#define X(name, text, kinds, type) SEUIL_FIELD_##name,
    SEUIL_FIELDS(X)
#undef X
    /* Derived from url by seuil_event_derive, never received. */
    SEUIL_FIELD_HOST,
    SEUIL_FIELD_PATH,
    SEUIL_FIELD_COUNT,
    /* "An entry of the kind's map", with a key beside it. */
    SEUIL_FIELD_MAP = SEUIL_FIELD_COUNT,
};

enum seuil_type {
    SEUIL_TYPE_NULL, /* absent and null are one */
    SEUIL_TYPE_BOOL,
    SEUIL_TYPE_INT,
    SEUIL_TYPE_DOUBLE,
    SEUIL_TYPE_STRING,
    SEUIL_TYPE_NUMBER, /* only in tables: int or double */
};

struct seuil_value {
    uint8_t type; /* enum seuil_type, never NUMBER */
    union {
        bool b;
        int64_t i;
        double d; /* finite */
        struct seuil_str s;
    };
};

struct seuil_entry {
    struct seuil_str key;
    struct seuil_value value; /* of a form's fields: always a string */
};

/* Where an event was read: what stamps, births and causes are made of. */
struct seuil_position {
    uint32_t topic;      /* number of the topic in the manifest, not its name */
    uint32_t generation; /* raised when a topic was replaced and adopted */
    int32_t partition;
    int64_t offset;
};

struct seuil_event {
    enum seuil_kind kind;
    struct seuil_str id;
    struct seuil_str lead;
    seuil_time_ms time;         /* when it happened, as the source says */
    seuil_time_ms arrival;      /* the Kafka record's timestamp; in a file: the same as time */
    struct seuil_str retracts;  /* id of the event that this one voids; len 0: none */
    struct seuil_value consent; /* null or bool */
    struct seuil_value field[SEUIL_FIELD_COUNT];
    /* form: fields, activity: properties, profile: attributes, command: arguments.
     * Keys are distinct. */
    const struct seuil_entry *map;
    uint32_t map_count;
    struct seuil_position position;
};

/* The name of a kind in canonical JSON ("page_view"), of a field ("utm_source"), of the kind's map
 * ("fields", "properties", "attributes", "arguments"; NULL when the kind has none). */
const char *seuil_kind_name(enum seuil_kind kind);
const char *seuil_field_name(enum seuil_field field);
const char *seuil_kind_map_name(enum seuil_kind kind);

/* The kind or field of a name; -1 when there is none. Derived fields are found too. */
int seuil_kind_find(struct seuil_str name);
int seuil_field_find(struct seuil_str name);

/* The type of a field: NUMBER for int or double; NULL for an entry of a map, which may be any. */
enum seuil_type seuil_field_type(enum seuil_field field);

/* Whether events of @kind have @field (derived fields: where there is a url). */
bool seuil_field_of_kind(enum seuil_field field, enum seuil_kind kind);

/* Everything absent, of @kind: what lies beside a null value's type is left as it is. */
static inline void seuil_event_clear(struct seuil_event *event, enum seuil_kind kind)
{
    event->kind = kind;
    event->id = event->lead = event->retracts = (struct seuil_str){0};
    event->time = event->arrival = SEUIL_TIME_NONE;
    event->consent.type = SEUIL_TYPE_NULL;
#pragma GCC unroll 32
    for (unsigned i = 0; i < SEUIL_FIELD_COUNT; i++)
        event->field[i].type = SEUIL_TYPE_NULL;
    event->map = NULL;
    event->map_count = 0;
    event->position = (struct seuil_position){0};
}

/* Fill the derived fields from url: host without port, lower case is the model's affair; path from
 * the first '/' after the host up to '?' or '#', "/" when empty. No bytes are copied. */
void seuil_event_derive(struct seuil_event *event);

/* Whether every string is within its limit and id and lead are there; SEUIL_ERR_MISSING,
 * SEUIL_ERR_LIMIT or 0, and the name of the offending field in @ret_field. */
int seuil_event_check(const struct seuil_event *event, const char **ret_field);

#endif
