/* What loaders ask a node: find, check, read as a value, complain. */

#include <stdio.h>
#include <string.h>

#include "conf/scalar.h"
#include "conf/suggest.h"
#include "conf/yaml.h"

const struct seuil_yaml_node *seuil_yaml_find(const struct seuil_yaml_node *node, const char *key)
{
    struct seuil_str wanted = seuil_str_from(key);

    if (!node || node->kind != SEUIL_YAML_MAPPING)
        return NULL;
    for (uint32_t i = 0; i < node->count; i++)
        if (seuil_str_eq(seuil_yaml_str(&node->keys[i]), wanted))
            return &node->items[i];
    return NULL;
}

bool seuil_yaml_is_null(const struct seuil_yaml_node *node)
{
    return node->kind == SEUIL_YAML_SCALAR && node->plain &&
           (node->len == 0 || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

const char *seuil_yaml_kind_text(const struct seuil_yaml_node *node)
{
    if (node->kind == SEUIL_YAML_MAPPING)
        return "a mapping";
    if (node->kind == SEUIL_YAML_SEQUENCE)
        return "a list";
    return seuil_yaml_is_null(node) ? "nothing" : "text";
}

int seuil_yaml_error(const struct seuil_yaml *doc, const struct seuil_yaml_node *node,
                     struct seuil_errs *errs, int code, const char *format, ...)
{
    struct seuil_error err;
    va_list args;

    va_start(args, format);
    vsnprintf(err.text, sizeof(err.text), format, args);
    va_end(args);
    return seuil_errs_at(errs, code, seuil_yaml_name(doc), node->line, node->column, "%s",
                         err.text);
}

/* What to write instead of @key: the nearest of @names, else all of them when they are few. */
static const char *advice(struct seuil_str key, const char *const *names, size_t count, char *out,
                          size_t cap)
{
    size_t len = (size_t)snprintf(out, cap, ": write ");

    if (seuil_suggest(key, names, count))
        return seuil_suggest_text(key, names, count, out, cap);
    for (size_t i = 0; i < count && len < cap; i++)
        len += (size_t)snprintf(out + len, cap - len, "%s%s",
                                i == 0           ? ""
                                : i + 1 == count ? " or "
                                                 : ", ",
                                names[i]);
    if (len >= cap || count == 0)
        out[0] = '\0';
    return out;
}

int seuil_yaml_check_keys(const struct seuil_yaml *doc, const struct seuil_yaml_node *node,
                          const char *const *names, size_t count, const char *what,
                          struct seuil_errs *errs)
{
    char hint[240];
    int rc = 0;

    for (uint32_t i = 0; i < node->count && node->kind == SEUIL_YAML_MAPPING; i++) {
        struct seuil_str key = seuil_yaml_str(&node->keys[i]);
        size_t k = 0;

        while (k < count && !seuil_str_eq(key, seuil_str_from(names[k])))
            k++;
        if (k == count)
            rc = seuil_yaml_error(doc, &node->keys[i], errs, SEUIL_ERR_UNKNOWN,
                                  "unknown key \"%.64s\" of %s%s", key.ptr, what,
                                  advice(key, names, count, hint, sizeof(hint)));
    }
    return rc;
}

/* The text of a scalar that is not null, or an error saying what was expected. */
static int scalar(const struct seuil_yaml *doc, const struct seuil_yaml_node *node,
                  const char *what, const char *expected, struct seuil_errs *errs)
{
    if (node->kind == SEUIL_YAML_SCALAR && !seuil_yaml_is_null(node))
        return 0;
    return seuil_yaml_error(doc, node, errs, SEUIL_ERR_INVALID, "%s must be %s, this is %s", what,
                            expected, seuil_yaml_kind_text(node));
}

int seuil_yaml_text(const struct seuil_yaml *doc, const struct seuil_yaml_node *node,
                    const char *what, size_t len_max, struct seuil_errs *errs,
                    struct seuil_str *ret_value)
{
    int rc = scalar(doc, node, what, "text", errs);

    if (rc)
        return rc;
    if (node->len > len_max)
        return seuil_yaml_error(doc, node, errs, SEUIL_ERR_LIMIT,
                                "%s has %u bytes, at most %zu are allowed", what, node->len,
                                len_max);
    *ret_value = seuil_yaml_str(node);
    return 0;
}

int seuil_yaml_bool(const struct seuil_yaml *doc, const struct seuil_yaml_node *node,
                    const char *what, struct seuil_errs *errs, bool *ret_value)
{
    int rc = scalar(doc, node, what, "true or false", errs);

    if (rc || (node->plain && !seuil_bool_parse(seuil_yaml_str(node), ret_value)))
        return rc;
    return seuil_yaml_error(doc, node, errs, SEUIL_ERR_FORMAT,
                            "%s must be true or false, not \"%.64s\"", what, node->text);
}

int seuil_yaml_int(const struct seuil_yaml *doc, const struct seuil_yaml_node *node,
                   const char *what, int64_t min, int64_t max, struct seuil_errs *errs,
                   int64_t *ret_value)
{
    int64_t value;
    int rc = scalar(doc, node, what, "a whole number", errs);

    if (rc)
        return rc;
    rc = node->plain ? seuil_int_parse(seuil_yaml_str(node), &value) : SEUIL_ERR_FORMAT;
    if (rc == SEUIL_ERR_FORMAT)
        return seuil_yaml_error(doc, node, errs, rc, "%s must be a whole number, not \"%.64s\"",
                                what, node->text);
    if (rc || value < min || value > max)
        return seuil_yaml_error(doc, node, errs, SEUIL_ERR_LIMIT,
                                "%s must be between %lld and %lld, not %.64s", what, (long long)min,
                                (long long)max, node->text);
    *ret_value = value;
    return 0;
}

int seuil_yaml_number(const struct seuil_yaml *doc, const struct seuil_yaml_node *node,
                      const char *what, struct seuil_errs *errs, double *ret_value)
{
    double value;
    int rc = scalar(doc, node, what, "a number", errs);

    if (rc)
        return rc;
    rc = node->plain ? seuil_number_parse(seuil_yaml_str(node), ret_value) : SEUIL_ERR_FORMAT;
    if (rc)
        return seuil_yaml_error(
            doc, node, errs, rc, "%s must be a number, not \"%.64s\"%s", what, node->text,
            !node->plain && seuil_number_parse(seuil_yaml_str(node), &value) == 0
                ? ": leave the quotes out"
            : node->plain && strchr(node->text, ',') ? ": it has a decimal point, no comma"
                                                     : "");
    return 0;
}

int seuil_yaml_duration(const struct seuil_yaml *doc, const struct seuil_yaml_node *node,
                        const char *what, int64_t min_ms, int64_t max_ms, struct seuil_errs *errs,
                        int64_t *ret_ms)
{
    char low[32], high[32];
    int64_t ms;
    int rc = scalar(doc, node, what, "a duration like 10s or 14d", errs);

    if (rc)
        return rc;
    rc = seuil_duration_parse(seuil_yaml_str(node), &ms);
    if (rc == SEUIL_ERR_FORMAT)
        return seuil_yaml_error(doc, node, errs, rc,
                                "%s must be a whole number and a unit (ms, s, m, h, d, w) like 10s "
                                "or 14d, not \"%.64s\"",
                                what, node->text);
    if (rc || ms < min_ms || ms > max_ms)
        return seuil_yaml_error(
            doc, node, errs, SEUIL_ERR_LIMIT, "%s must be between %s and %s, not %.64s", what,
            seuil_duration_format(min_ms, low), seuil_duration_format(max_ms, high), node->text);
    *ret_ms = ms;
    return 0;
}
