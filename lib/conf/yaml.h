/* A YAML file as a tree in which every node knows its line and column.
 *
 * The subset people write by hand: one document of mappings, sequences and scalars. Refused, with
 * the place: bytes that are no UTF-8, NUL, directives but %YAML, anchors, aliases, tags, keys that
 * are not scalars, a key given twice, a second document, and more depth, nodes or bytes than the
 * bounds below. The checks on bytes come before the YAML library sees them: libfyaml 0.7.12 loops
 * for ever on some directives.
 *
 * The tree is immutable and lives as long as its document; all text is terminated. */

#ifndef SEUIL_CONF_YAML_H
#define SEUIL_CONF_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/errs.h"
#include "base/str.h"
#include "core/time.h"

/* Settings and models nest by about 6. */
#define SEUIL_YAML_DEPTH_MAX 32
/* Four lists of the longest allowed size (SEUIL_LIST_MAX) and what is around them. */
#define SEUIL_YAML_NODES_MAX (300 * 1000)

enum seuil_yaml_kind { SEUIL_YAML_SCALAR, SEUIL_YAML_SEQUENCE, SEUIL_YAML_MAPPING };

struct seuil_yaml_node {
    enum seuil_yaml_kind kind;
    bool plain; /* scalar without quotes or block sign: may mean a number, a boolean, null */
    int line;   /* 1-based */
    int column; /* 1-based, in characters */
    uint32_t len;
    const char *text; /* scalar: terminated, no NUL within, UTF-8; NULL for the other kinds */
    uint32_t count;   /* of items, or of key-value pairs */
    const struct seuil_yaml_node *keys;  /* mapping: scalars, in file order */
    const struct seuil_yaml_node *items; /* sequence: items; mapping: values, parallel to keys */
};

struct seuil_yaml;

/* Read and parse a file, or @len bytes named @name in messages. NULL when anything is wrong, and
 * at least one error in @errs. */
struct seuil_yaml *seuil_yaml_open(const char *path, struct seuil_errs *errs);
struct seuil_yaml *seuil_yaml_parse(const char *name, const void *bytes, size_t len,
                                    struct seuil_errs *errs);
void seuil_yaml_free(struct seuil_yaml *doc);

/* The root: a null scalar for an empty file. Never NULL. */
const struct seuil_yaml_node *seuil_yaml_root(const struct seuil_yaml *doc);
/* As given to open or parse. */
const char *seuil_yaml_name(const struct seuil_yaml *doc);

/* The value of @key; NULL when there is none or @node is no mapping (@node may be NULL). */
const struct seuil_yaml_node *seuil_yaml_find(const struct seuil_yaml_node *node, const char *key);

/* Nothing, `~` or `null`, without quotes. */
bool seuil_yaml_is_null(const struct seuil_yaml_node *node);

/* "a mapping", "a list", "text", "nothing": for messages. */
const char *seuil_yaml_kind_text(const struct seuil_yaml_node *node);

static inline struct seuil_str seuil_yaml_str(const struct seuil_yaml_node *node)
{
    return (struct seuil_str){node->text, node->len};
}

/* Append @node as YAML in one line, that can be read again. 0 or SEUIL_ERR_NOMEM. */
int seuil_yaml_write(const struct seuil_yaml_node *node, struct seuil_buf *out);

/* Report a mistake at @node: returns @code. */
int seuil_yaml_error(const struct seuil_yaml *doc, const struct seuil_yaml_node *node,
                     struct seuil_errs *errs, int code, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Report every key of mapping @node that is not among @names, with the nearest name. @what says
 * whose keys they are ("rule", "setting kafka"). 0, or SEUIL_ERR_UNKNOWN. */
int seuil_yaml_check_keys(const struct seuil_yaml *doc, const struct seuil_yaml_node *node,
                          const char *const *names, size_t count, const char *what,
                          struct seuil_errs *errs);

/* A scalar as a value (conf/scalar.h): 0, or report at @node, leave @ret_value and return a code.
 * @what names the value in the message ("points"). Bounds are inclusive. */
int seuil_yaml_text(const struct seuil_yaml *doc, const struct seuil_yaml_node *node,
                    const char *what, size_t len_max, struct seuil_errs *errs,
                    struct seuil_str *ret_value);
int seuil_yaml_bool(const struct seuil_yaml *doc, const struct seuil_yaml_node *node,
                    const char *what, struct seuil_errs *errs, bool *ret_value);
int seuil_yaml_int(const struct seuil_yaml *doc, const struct seuil_yaml_node *node,
                   const char *what, int64_t min, int64_t max, struct seuil_errs *errs,
                   int64_t *ret_value);
int seuil_yaml_number(const struct seuil_yaml *doc, const struct seuil_yaml_node *node,
                      const char *what, struct seuil_errs *errs, double *ret_value);
int seuil_yaml_duration(const struct seuil_yaml *doc, const struct seuil_yaml_node *node,
                        const char *what, int64_t min_ms, int64_t max_ms, struct seuil_errs *errs,
                        int64_t *ret_ms);

#endif
