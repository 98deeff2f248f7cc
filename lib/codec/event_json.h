/* An event as canonical JSON, one line: what `seuilctl replay` reads, and people. */

#ifndef SEUIL_CODEC_EVENT_JSON_H
#define SEUIL_CODEC_EVENT_JSON_H

#include "base/buf.h"
#include "core/event.h"

/* Append {"type":"page_view","id":"e1","lead":"L1","time":"2026-03-02T08:00:00.000Z",...} without a
 * line's end: what is there, in the order of the table of fields, the kind's map last. Derived
 * fields are left out. 0 or SEUIL_ERR_NOMEM. */
int seuil_event_json(const struct seuil_event *event, struct seuil_buf *out);

/* One value of it. */
int seuil_value_json(const struct seuil_value *value, struct seuil_buf *out);

#endif
