/* All the mistakes of one file at once: a bounded list of errors.
 *
 * A loader reports each mistake and goes on; whoever asked shows them together. Reporting never
 * fails: what the list has no room for is counted. Zero-initialise it, or use seuil_errs_clear. */

#ifndef SEUIL_BASE_ERRS_H
#define SEUIL_BASE_ERRS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Nobody mends more than a screenful at a time; the list fits on a stack. */
#define SEUIL_ERRS_MAX 32

struct seuil_errs {
    uint32_t count; /* kept in list, oldest first */
    uint32_t total; /* reported: more than count when the list was full */
    struct seuil_error list[SEUIL_ERRS_MAX];
};

/* Add a copy of @err; returns its code. @errs may be NULL, then nothing is kept. */
int seuil_errs_add(struct seuil_errs *errs, const struct seuil_error *err);

/* Add an error at a place (@file may be NULL, @line and @column 0); returns @code. */
int seuil_errs_at(struct seuil_errs *errs, int code, const char *file, int line, int column,
                  const char *format, ...) __attribute__((format(printf, 6, 7)));

void seuil_errs_clear(struct seuil_errs *errs);

/* Order by file, line and column, as people read. Errors of equal place keep their order. */
void seuil_errs_sort(struct seuil_errs *errs);

#endif
