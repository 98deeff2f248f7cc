/* JSON strings and amounts as text: no locale. */

#ifndef SEUIL_CODEC_TEXT_H
#define SEUIL_CODEC_TEXT_H

#include "base/buf.h"
#include "base/str.h"
#include "core/time_text.h"

/* Append @text as a JSON string, quotes included; invalid UTF-8 becomes U+FFFD. */
int seuil_json_add_string(struct seuil_buf *out, struct seuil_str text);
/* Append a number with at most two decimals, no exponent. */
int seuil_json_add_cents(struct seuil_buf *out, double value);
int seuil_json_add_integer(struct seuil_buf *out, int64_t value);

/* The digits of @value, written to end before @end, without NUL; returns where they begin. 20 are
 * the most. */
char *seuil_digits_put(uint64_t value, char *end);

#endif
