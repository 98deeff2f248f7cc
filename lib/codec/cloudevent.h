/* A crossing, or the scores of a lead, as a CloudEvent 1.0, Kafka protocol binding: in binary mode
 * (section 3.2: attributes are headers `ce_...`, the value is the data, `content-type` is its media
 * type), or structured (section 3.3: the value is one JSON object of attributes and data, by the
 * JSON format 1.0).
 *
 * Everything that depends on when the record was made travels here and only here: the value and
 * the attributes are the same when the crossing is made again. */

#ifndef SEUIL_CODEC_CLOUDEVENT_H
#define SEUIL_CODEC_CLOUDEVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "codec/encode.h"
#include "codec/outbox.h"
#include "core/time.h"

struct seuil_cloudevent {
    const char *id;          /* ce_id */
    const char *source;      /* a URI reference: ce_source */
    const char *type;        /* ce_type: see SEUIL_CE_... */
    seuil_time_ms effective; /* ce_time: the instant it is true from */
    struct seuil_str lead;   /* ce_subject */
    enum seuil_out_format format;
    bool structured;                          /* format is JSON */
    bool empty;                               /* no data, a null value: no content-type */
    struct seuil_str traceparent, tracestate; /* of the causing record; len 0: none */
    seuil_time_ms processed;                  /* wall clock: seuil_processed_at */
    int64_t input_lag_ms;                     /* seuil_input_lag_ms; negative: unknown, left out */
    bool stale;                               /* seuil_stale: true, left out otherwise */
};

#define SEUIL_CE_UP     "fr.seuil.tier.up"
#define SEUIL_CE_DOWN   "fr.seuil.tier.down"
#define SEUIL_CE_SCORES "fr.seuil.lead.scores"
#define SEUIL_CE_GONE   "fr.seuil.lead.gone"

/* What some headers point to. */
struct seuil_cloudevent_text {
    char effective[32], processed[32], lag[24];
};

/* Structured: what stands before the data, and after it. 0 or SEUIL_ERR_NOMEM. */
int seuil_cloudevent_open(const struct seuil_cloudevent *event, struct seuil_buf *out);
int seuil_cloudevent_close(struct seuil_buf *out);

/* Add the headers to @entry, which has room for 12 more: views into @event and @text, which must
 * stay as they are while it is used. */
void seuil_cloudevent_add(const struct seuil_cloudevent *event, struct seuil_cloudevent_text *text,
                          struct seuil_entry_view *entry);

#endif
