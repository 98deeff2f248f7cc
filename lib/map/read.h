/* A record to its events, by the decoder of its input and, where there is one, its map. */

#ifndef SEUIL_MAP_READ_H
#define SEUIL_MAP_READ_H

#include "codec/decode.h"
#include "map/map.h"

struct seuil_intake { /* of one input; borrowed */
    const struct seuil_decoder *decoder;
    const struct seuil_map *map; /* NULL: a record is an event */
};

/* Events of one record: beyond it the rest is refused, SEUIL_ERR_LIMIT. */
#define SEUIL_RECORD_EVENTS_MAX 4096

/* What a thread needs: one of each. The map's may be NULL when no input has a map. */
struct seuil_read_scratch {
    struct seuil_decode_scratch *decode;
    struct seuil_map_scratch *map;
};

/* The first event of @record: 1 and @event, but for arrival and position; 0: there is none, it is
 * filtered (seuil_map_reason); negative: the record cannot be read (the codes of
 * seuil_decode_record), or its first event not be made (those of seuil_map_next). @err may be NULL.
 * SEUIL_ERR_UNKNOWN is always the record's writer schema. */
int seuil_read_first(const struct seuil_intake *reader, const struct seuil_read_scratch *scratch,
                     const struct seuil_record_view *record, struct seuil_event *event,
                     struct seuil_error *err);

/* The one after it, also after a negative answer: 1, 0 when there are no more, or negative. The
 * event before is void. */
int seuil_read_next(const struct seuil_intake *reader, const struct seuil_read_scratch *scratch,
                    struct seuil_event *event, struct seuil_error *err);

#endif
