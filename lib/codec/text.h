/* Times, JSON strings and amounts as text: no locale, no time zone of the process. */

#ifndef SEUIL_CODEC_TEXT_H
#define SEUIL_CODEC_TEXT_H

#include "base/buf.h"
#include "base/str.h"
#include "core/time.h"

/* Times as people read them: RFC 3339 with ms, UTC ("2026-03-02T08:00:00.000Z"). @out holds at
 * least 32 bytes; returns its length. */
int seuil_time_format(seuil_time_ms time, char *out);
/* The other way: RFC 3339 with offset or Z and up to 9 fraction digits; SEUIL_ERR_FORMAT. */
int seuil_time_parse(struct seuil_str text, seuil_time_ms *ret_time);

/* Append @text as a JSON string, quotes included; invalid UTF-8 becomes U+FFFD. */
int seuil_json_add_string(struct seuil_buf *out, struct seuil_str text);
/* Append a number with at most two decimals, no exponent. */
int seuil_json_add_cents(struct seuil_buf *out, double value);

#endif
