#include "codec/avro_fingerprint.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "codec/avro_schema.h"

#define EMPTY         UINT64_C(0xc15d213aa4d7a795) /* the polynomial, and the fingerprint of no bytes */
#define DEPTH_MAX     64
#define FULL_NAME_MAX 512

uint64_t seuil_avro_rabin(const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    uint64_t f = EMPTY;

    for (size_t i = 0; i < len; i++) {
        f ^= at[i];
        for (int k = 0; k < 8; k++)
            f = f >> 1 ^ (EMPTY & -(f & 1));
    }
    return f;
}

/* ---- the canonical form -------------------------------------------------------------------- */

struct form {
    struct seuil_buf *out;
    bool deep; /* beyond DEPTH_MAX, or a name that is too long */
};

static void write_type(struct form *form, const json_t *json, const char *space, unsigned depth);

static bool is_primitive(const char *name)
{
    for (int kind = 0; kind < SEUIL_AVRO_PRIMITIVES; kind++)
        if (strcmp(name, seuil_avro_kind_name((enum seuil_avro_kind)kind)) == 0)
            return true;
    return false;
}

/* [STRINGS]: as JSON, with nothing escaped that need not be. */
static void write_string(struct form *form, const char *text)
{
    seuil_buf_add_byte(form->out, '"');
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\')
            seuil_buf_add_byte(form->out, '\\');
        if ((unsigned char)*p < ' ')
            seuil_buf_printf(form->out, "\\u%04x", (unsigned)*p);
        else
            seuil_buf_add_byte(form->out, (uint8_t)*p);
    }
    seuil_buf_add_byte(form->out, '"');
}

/* [FULLNAMES]: @name as seen in @space; returns its own space, in @buffer. */
static const char *write_name(struct form *form, const char *name, const char *space,
                              char buffer[FULL_NAME_MAX])
{
    int n = strchr(name, '.') || !space[0] ? snprintf(buffer, FULL_NAME_MAX, "%s", name)
                                           : snprintf(buffer, FULL_NAME_MAX, "%s.%s", space, name);
    char *dot;

    form->deep |= n >= FULL_NAME_MAX;
    write_string(form, buffer);
    dot = strrchr(buffer, '.');
    if (dot)
        *dot = '\0';
    else
        buffer[0] = '\0';
    return buffer;
}

static void write_fields(struct form *form, const json_t *fields, const char *space, unsigned depth)
{
    seuil_buf_add_text(form->out, ",\"fields\":[");
    for (size_t i = 0; i < json_array_size(fields); i++) {
        const json_t *field = json_array_get(fields, i);
        const char *name = json_string_value(json_object_get(field, "name"));

        seuil_buf_add_text(form->out, i ? ",{\"name\":" : "{\"name\":");
        write_string(form, name ? name : "");
        seuil_buf_add_text(form->out, ",\"type\":");
        write_type(form, json_object_get(field, "type"), space, depth);
        seuil_buf_add_byte(form->out, '}');
    }
    seuil_buf_add_byte(form->out, ']');
}

static void write_symbols(struct form *form, const json_t *symbols)
{
    seuil_buf_add_text(form->out, ",\"symbols\":[");
    for (size_t i = 0; i < json_array_size(symbols); i++) {
        const char *symbol = json_string_value(json_array_get(symbols, i));

        if (i)
            seuil_buf_add_byte(form->out, ',');
        write_string(form, symbol ? symbol : "");
    }
    seuil_buf_add_byte(form->out, ']');
}

/* [STRIP], [ORDER]: name, type, fields, symbols, items, values, size. */
static void write_object(struct form *form, const json_t *json, const char *space, unsigned depth)
{
    const json_t *type = json_object_get(json, "type");
    const char *name = json_string_value(json_object_get(json, "name"));
    const char *own = json_string_value(json_object_get(json, "namespace"));
    const char *kind = json_string_value(type);
    char buffer[FULL_NAME_MAX];

    if (!kind || is_primitive(kind)) { /* [PRIMITIVES], and {"type": {...}} */
        write_type(form, type, space, depth);
        return;
    }
    seuil_buf_add_byte(form->out, '{');
    if (name) {
        seuil_buf_add_text(form->out, "\"name\":");
        space = write_name(form, name, own ? own : space, buffer);
        seuil_buf_add_byte(form->out, ',');
    }
    seuil_buf_add_text(form->out, "\"type\":");
    write_string(form, kind);
    if (json_object_get(json, "fields"))
        write_fields(form, json_object_get(json, "fields"), space, depth);
    if (json_object_get(json, "symbols"))
        write_symbols(form, json_object_get(json, "symbols"));
    if (json_object_get(json, "items")) {
        seuil_buf_add_text(form->out, ",\"items\":");
        write_type(form, json_object_get(json, "items"), space, depth);
    }
    if (json_object_get(json, "values")) {
        seuil_buf_add_text(form->out, ",\"values\":");
        write_type(form, json_object_get(json, "values"), space, depth);
    }
    if (json_object_get(json, "size"))
        seuil_buf_printf(form->out, ",\"size\":%lld",
                         (long long)json_integer_value(json_object_get(json, "size")));
    seuil_buf_add_byte(form->out, '}');
}

static void write_type(struct form *form, const json_t *json, const char *space, unsigned depth)
{
    char buffer[FULL_NAME_MAX];

    form->deep |= depth == 0;
    if (form->deep)
        return;
    if (json_is_string(json)) {
        if (is_primitive(json_string_value(json)))
            write_string(form, json_string_value(json));
        else
            write_name(form, json_string_value(json), space, buffer);
    } else if (json_is_array(json)) {
        seuil_buf_add_byte(form->out, '[');
        for (size_t i = 0; i < json_array_size(json); i++) {
            if (i)
                seuil_buf_add_byte(form->out, ',');
            write_type(form, json_array_get(json, i), space, depth - 1);
        }
        seuil_buf_add_byte(form->out, ']');
    } else if (json_is_object(json)) {
        write_object(form, json, space, depth - 1);
    }
}

int seuil_avro_canonical(const char *path, const char *text, size_t len, struct seuil_buf *out,
                         struct seuil_error *err)
{
    struct form form = {.out = out};
    json_error_t why;
    json_t *json;

    if (len > SEUIL_SCHEMA_BYTES_MAX)
        return seuil_error_at(err, SEUIL_ERR_LIMIT, path, 0, 0, "the schema is larger than %d KiB",
                              SEUIL_SCHEMA_BYTES_MAX / 1024);
    json = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (!json)
        return seuil_error_at(err, SEUIL_ERR_FORMAT, path, why.line, why.column, "%s", why.text);
    write_type(&form, json, "", DEPTH_MAX);
    json_decref(json);
    if (form.deep)
        return seuil_error_at(err, SEUIL_ERR_LIMIT, path, 0, 0,
                              "the schema is nested too deep, or a name is too long");
    return out->failed ? seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory") : 0;
}

int seuil_avro_fingerprint(const char *path, const char *text, size_t len,
                           uint64_t *ret_fingerprint, struct seuil_error *err)
{
    struct seuil_buf form = {0};
    int rc = seuil_avro_canonical(path, text, len, &form, err);

    if (!rc)
        *ret_fingerprint = seuil_avro_rabin(form.ptr, form.len);
    seuil_buf_done(&form);
    return rc;
}
