/* Maps: how the records of a source become canonical events.
 *
 * A map is a small YAML text (seuil-mapping(5)), a preset or inline in an input's settings. It is
 * compiled once to a flat program of forward jumps, immutable and shared by threads, and run over
 * the wanted parts of a record (codec/document.h) without allocation: strings of the events are
 * slices of the record or of the scratch. Work and bytes are bounded, whatever the record.
 *
 * One record gives n events, each with a fate of its own; none: the record is filtered. */

#ifndef SEUIL_MAP_MAP_H
#define SEUIL_MAP_MAP_H

#include <stdint.h>

#include "base/errs.h"
#include "codec/document.h"
#include "codec/record.h"
#include "conf/yaml.h"
#include "core/event.h"

struct seuil_map;
struct seuil_map_scratch;

struct seuil_map_spec {
    const char *name; /* of the input, for messages */
    /* One or both: what @own says goes before what the preset says. */
    const struct seuil_yaml *preset;
    const struct seuil_yaml *doc; /* of @own */
    const struct seuil_yaml_node *own;
    struct seuil_str secret;      /* of `hmac`; len 0: none is set */
    const char *const *free_mail; /* more domains of free mail; may be NULL */
    uint32_t free_mail_count;
};

/* Compile; NULL and every mistake with its place in @errs. The documents may be freed after it. */
struct seuil_map *seuil_map_new(const struct seuil_map_spec *spec, struct seuil_errs *errs);
void seuil_map_free(struct seuil_map *map);

/* What an extractor must take out of the records, and how. They live as long as the map. */
const struct seuil_wanted *seuil_map_wanted(const struct seuil_map *map);
const struct seuil_column *seuil_map_columns(const struct seuil_map *map, uint32_t *ret_count);
/* The format that the map says its source has ("json", "tsv" ...); "" when it says none. */
const char *seuil_map_format(const struct seuil_map *map);

/* What one thread needs; NULL when memory is out. */
struct seuil_map_scratch *seuil_map_scratch_new(void);
void seuil_map_scratch_free(struct seuil_map_scratch *scratch);

/* The document to extract a record into; emptied by the caller (count 0). */
struct seuil_document *seuil_map_document(struct seuil_map_scratch *scratch);

/* What becomes of a name that stands twice in JSON within a text of the records to come; refused
 * when nothing is said. */
void seuil_map_duplicates(struct seuil_map_scratch *scratch, enum seuil_duplicates duplicates);

/* Begin with the record in the scratch's document. The document and the record's bytes stay until
 * the last event was taken. Of @record the key, the time and the position are read. */
void seuil_map_begin(const struct seuil_map *map, struct seuil_map_scratch *scratch,
                     const struct seuil_record_view *record);

/* The next event of the record:
 * 1: @event is filled, but for arrival and position; it is void at the next call.
 * 0: there are no more. When there was none at all, seuil_map_reason says why.
 * Negative: this event cannot be made (a field and the reason are in @err, which may be NULL); the
 * next call goes on with the one after it. SEUIL_ERR_FORMAT, SEUIL_ERR_MISSING (id, lead, time),
 * SEUIL_ERR_LIMIT. After SEUIL_ERR_LIMIT for the work of the whole record, 0 follows. */
int seuil_map_next(const struct seuil_map *map, struct seuil_map_scratch *scratch,
                   struct seuil_event *event, struct seuil_error *err);

/* The number, from 1, of what in `events` made the event just taken; 0: none. */
uint32_t seuil_map_variant(const struct seuil_map_scratch *scratch);

/* Events of this record so far that `where:`, a `drop:`, the lack of a variant or `others: drop`
 * left out; the last reason. */
uint32_t seuil_map_dropped(const struct seuil_map_scratch *scratch);
const char *seuil_map_reason(const struct seuil_map_scratch *scratch);

/* ---- fields that stop coming -------------------------------------------------------------- */

/* A field that was there in at least this many events, and then in none of so many, which is far
 * longer than it ever was away: SEUIL_MAP_GAPS times its usual distance. */
#define SEUIL_MAP_USUAL  100
#define SEUIL_MAP_SILENT 1000
#define SEUIL_MAP_GAPS   20

/* The @i-th field of all variants: false when there is none. Counters are of all threads, and
 * approximate. */
struct seuil_map_watch {
    uint32_t variant;  /* from 1 */
    const char *field; /* canonical name */
    const char *file;  /* where the map says it */
    int line;
    uint64_t present; /* events in which it had a value */
    uint64_t absent;  /* events in which it had none */
    uint64_t silent;  /* events since the last one in which it had */
};
bool seuil_map_watched(const struct seuil_map *map, uint32_t i, struct seuil_map_watch *ret_watch);

/* For the one thread that raises alarms: the next field that stopped coming since the last call
 * (1), or came again (-1); 0: nothing new. */
int seuil_map_alarm(const struct seuil_map *map, struct seuil_map_watch *ret_watch);

/* How often a reason left out an item: the @i-th reason with its count; false when there is none.
 * After those of `where:` and `drop:`, "unmatched", "no_items" and, with `others: drop`,
 * "other_lead". */
bool seuil_map_dropped_for(const struct seuil_map *map, uint32_t i, const char **ret_reason,
                           uint64_t *ret_count);

static inline bool seuil_map_vanished(const struct seuil_map_watch *watch)
{
    return watch->present >= SEUIL_MAP_USUAL && watch->silent >= SEUIL_MAP_SILENT &&
           watch->silent / SEUIL_MAP_GAPS >=
               (watch->present + watch->absent - watch->silent) / watch->present;
}

#endif
