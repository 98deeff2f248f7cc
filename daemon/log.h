/* Log lines to standard error: logfmt or JSON, one line one write, from any thread.
 *
 *     ts=2026-03-02T08:00:00.000Z level=info msg="shard runs" shard=7
 *
 * At a terminal the level is coloured unless NO_COLOR is set. Only the daemon and the tool log;
 * libraries return errors. */

#ifndef SEUIL_LOG_H
#define SEUIL_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/errs.h"

enum seuil_log_level {
    SEUIL_LOG_DEBUG,
    SEUIL_LOG_INFO,
    SEUIL_LOG_WARNING,
    SEUIL_LOG_ERROR,
};

/* A line is cut here, with "…" at its end: a terminal and journald both take it whole. */
#define SEUIL_LOG_LINE_MAX 2048

/* How lines look from now on (before other threads start). @json as log.format, @level the least
 * that is written, @instance in every line when not "". */
void seuil_log_init(bool json, enum seuil_log_level level, const char *instance);

bool seuil_log_enabled(enum seuil_log_level level);

/* One line. Fields follow as pairs of a name and a terminated text, ended by NULL:
 * seuil_log(SEUIL_LOG_INFO, "started", "version", SEUIL_VERSION, NULL). */
void seuil_log(enum seuil_log_level level, const char *text, ...) __attribute__((sentinel));

/* The same with a formatted text and no fields. */
void seuil_logf(enum seuil_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for a shard. */
void seuil_log_shard(enum seuil_log_level level, uint32_t shard, const char *text);

/* An error with its place; a list, one line each, and how many more there were. */
void seuil_log_error(const struct seuil_error *err, const char *doing);
void seuil_log_errs(const struct seuil_errs *errs);

/* The line that seuil_log would write, without its newline, into @out; for tests. */
struct seuil_log_field {
    const char *name, *value;
};
int seuil_log_format(char *out, int cap, bool json, bool color, int64_t now_ms,
                     enum seuil_log_level level, const char *instance, const char *text,
                     const struct seuil_log_field *fields, int count);

#endif
