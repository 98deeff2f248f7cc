/* Errors as values: a code, a sentence for a person, the place, and what may be done about it.
 *
 * Functions return 0 or a negative code; those that can say more take a `struct seuil_error *`
 * last (NULL is accepted). Libraries never log: whoever decides what to do logs the error once. */

#ifndef SEUIL_BASE_ERR_H
#define SEUIL_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>

/* X(name, number, text) */
#define SEUIL_ERRORS(X)                                                                            \
    X(NOMEM, 1, "out of memory")                                                                   \
    X(INVALID, 2, "not valid")                                                                     \
    X(LIMIT, 3, "beyond a limit")                                                                  \
    X(TRUNCATED, 4, "ends too early")                                                              \
    X(FORMAT, 5, "not in the expected format")                                                     \
    X(UNKNOWN, 6, "unknown name or number")                                                        \
    X(MISSING, 7, "missing")                                                                       \
    X(CONFIG, 8, "configuration error")                                                            \
    X(IO, 9, "input or output failed")                                                             \
    X(TIMEOUT, 10, "timed out")                                                                    \
    X(FENCED, 11, "another owner holds the shard")                                                 \
    X(DOUBT, 12, "outcome unknown")                                                                \
    X(BACKOFF, 13, "refused for now")                                                              \
    X(HALTED, 14, "halted, an operator must decide")                                               \
    X(LATE, 15, "older than the lateness horizon")                                                 \
    X(UNSUPPORTED, 16, "not supported")                                                            \
    X(CORRUPT, 17, "stored bytes are damaged")                                                     \
    X(INTERNAL, 18, "internal error")

enum seuil_err {
#define X(name, number, text) SEUIL_ERR_##name = -(number),
    SEUIL_ERRORS(X)
#undef X
};

struct seuil_error {
    int code;       /* 0 or one of enum seuil_err */
    bool retriable; /* the same call may succeed later */
    bool fatal;     /* the object that failed is of no more use */
    int line;       /* 1-based, 0 when there is none */
    int column;     /* 1-based, 0 when there is none */
    char file[256]; /* "" when there is none */
    char text[768]; /* what, why, what to do; without the place */
};

/* The general text of a code, for example "out of memory". Never NULL. */
const char *seuil_err_text(int code);

/* Fill @err (when not NULL) and return @code. The place is cleared. */
int seuil_error_set(struct seuil_error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with a place. @file may be NULL. */
int seuil_error_at(struct seuil_error *err, int code, const char *file, int line, int column,
                   const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Put "context: " before the text of @err. */
void seuil_error_wrap(struct seuil_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "file:line:column: text" into @out of @cap bytes (always terminated); returns @out. */
const char *seuil_error_format(const struct seuil_error *err, char *out, unsigned long cap);

#endif
