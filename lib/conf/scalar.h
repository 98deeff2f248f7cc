/* Values as people write them in YAML: durations, sizes, numbers, booleans.
 *
 * Each function reads the whole of @text or returns SEUIL_ERR_FORMAT (no such value) or
 * SEUIL_ERR_LIMIT (too large for the type), and leaves its output as it was. */

#ifndef SEUIL_CONF_SCALAR_H
#define SEUIL_CONF_SCALAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "core/time.h"

/* A whole number with one unit: ms, s, m, h, d, w ("500ms", "10s", "14d"); "0" needs none. */
int seuil_duration_parse(struct seuil_str text, int64_t *ret_ms);
/* The largest unit that divides @ms: "14d", "90s", "0s". @out holds 32 bytes. */
const char *seuil_duration_format(int64_t ms, char *out);

/* A whole number of bytes, with B, KiB, MiB, GiB or, in thousands, kB, MB, GB; none: bytes. */
int seuil_size_parse(struct seuil_str text, int64_t *ret_bytes);
const char *seuil_size_format(int64_t bytes, char *out);

/* Decimal, with an optional sign; underscores between digits are allowed ("1_000"). */
int seuil_int_parse(struct seuil_str text, int64_t *ret_value);

/* A finite decimal number ("-12.5", "1e3"). */
int seuil_number_parse(struct seuil_str text, double *ret_value);

/* true, false, yes, no, on, off. */
int seuil_bool_parse(struct seuil_str text, bool *ret_value);

/* A time of core/time_text.h, or a day, "2026-03-02", which is its first instant in UTC. */
int seuil_instant_parse(struct seuil_str text, seuil_time_ms *ret_time);

/* How many bytes of @text, from its beginning, are UTF-8 without NUL (no surrogates, no overlong
 * forms): @len when all are. */
size_t seuil_text_valid_len(const void *text, size_t len);

#endif
