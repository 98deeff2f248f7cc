#include "codec/encode.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "codec/qualification.h"

/* ---- the id ------------------------------------------------------------------------------- */

void seuil_id_write(const void *bytes, size_t len, char ret_id[SEUIL_CROSSING_ID_MAX])
{
    static const char hex[] = "0123456789abcdef";
    struct seuil_hash128 hash = seuil_hash128(bytes, len);

    for (unsigned i = 0; i < 16; i++) {
        ret_id[i] = hex[hash.high >> (60 - 4 * i) & 15];
        ret_id[16 + i] = hex[hash.low >> (60 - 4 * i) & 15];
    }
    ret_id[32] = '\0';
}

static void put_number(uint8_t *out, size_t *at, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        out[(*at)++] = (uint8_t)(value >> 8 * i);
}

/* A length before each name: ("ab", "c") and ("a", "bc") differ. */
static void put_name(uint8_t *out, size_t *at, const char *name, size_t len)
{
    assert(len <= SEUIL_ID_MAX);
    put_number(out, at, len);
    memcpy(out + *at, name, len);
    *at += len;
}

void seuil_crossing_id(struct seuil_str app, const struct seuil_model *model,
                       const struct seuil_lead *lead, uint32_t ordinal,
                       char ret_id[SEUIL_CROSSING_ID_MAX])
{
    uint8_t bytes[3 * (8 + SEUIL_ID_MAX) + 5 * 8];
    size_t n = 0;

    put_name(bytes, &n, app.ptr, app.len < SEUIL_ID_MAX ? app.len : SEUIL_ID_MAX);
    put_name(bytes, &n, model->name, strnlen(model->name, SEUIL_ID_MAX));
    put_name(bytes, &n, lead->id, lead->id_len);
    put_number(bytes, &n, lead->birth.known);
    put_number(bytes, &n, lead->birth.known ? lead->birth.topic : 0);
    put_number(bytes, &n, lead->birth.known ? lead->birth.generation : 0);
    put_number(bytes, &n, lead->birth.known ? (uint64_t)lead->birth.offset : 0);
    put_number(bytes, &n, ordinal);
    assert(n <= sizeof(bytes));
    seuil_id_write(bytes, n, ret_id);
}

/* ---- the value ---------------------------------------------------------------------------- */

int seuil_crossing_write(enum seuil_out_format format, struct seuil_str app,
                         const struct seuil_models *models, const struct seuil_lead *lead,
                         const struct seuil_crossing *crossing, const struct seuil_cause *cause,
                         struct seuil_buf *out)
{
    const struct seuil_model *model = &models->models[crossing->model];
    struct seuil_qualification q = {
        .lead = {lead->id, lead->id_len},
        .model = model->name,
        .model_version = model->version ? model->version : "",
        .direction = crossing->up ? "up" : "down",
        .tier_before = seuil_model_tier_name(model, crossing->tier_before),
        .tier = seuil_model_tier_name(model, crossing->tier),
        .reason = seuil_reason_name(crossing->reason),
        .effective = crossing->effective,
        .until = crossing->qualified_until,
        .tier_since = crossing->since,
        .model_version_before = crossing->version_before ? crossing->version_before : "",
        .explanation = &crossing->explanation,
        .cause = cause && cause->id.len ? cause : NULL,
    };
    char id[SEUIL_CROSSING_ID_MAX];

    assert(crossing->model < models->model_count);
    seuil_crossing_id(app, model, lead, crossing->ordinal, id);
    q.id = id;
    return format == SEUIL_OUT_AVRO ? seuil_qualification_avro(&q, out)
                                    : seuil_qualification_json(&q, out);
}
