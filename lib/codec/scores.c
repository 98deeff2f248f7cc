#include "codec/scores.h"

#include <assert.h>
#include <string.h>

#include "codec/avro_put.h"
#include "codec/text.h"

struct standing { /* of the lead in one model */
    const struct seuil_model *model;
    const char *tier;
    struct seuil_explanation explanation;
};

static void stand(const struct seuil_models *models, struct seuil_scratch *scratch,
                  const struct seuil_lead *lead, uint16_t index, struct standing *ret_standing)
{
    ret_standing->model = &models->models[index];
    ret_standing->tier =
        seuil_model_tier_name(ret_standing->model, seuil_lead_tier(lead, ret_standing->model));
    seuil_engine_explain(models, scratch, lead, index, lead->clock, &ret_standing->explanation);
}

static void add_json_member(struct seuil_buf *out, const char *name, const char *text)
{
    seuil_buf_add_text(out, name);
    seuil_json_add_string(out, seuil_str_from(text));
}

static void add_json(struct seuil_buf *out, const struct standing *standing)
{
    const struct seuil_explanation *e = &standing->explanation;

    add_json_member(out, "{\"model\":", standing->model->name);
    add_json_member(out, ",\"model_version\":", standing->model->version);
    add_json_member(out, ",\"tier\":", standing->tier);
    seuil_buf_add_text(out, ",\"score\":");
    seuil_json_add_cents(out, e->score);
    seuil_buf_add_text(out, ",\"fit\":");
    seuil_json_add_cents(out, e->fit);
    if (e->grade[0])
        add_json_member(out, ",\"grade\":", e->grade);
    else
        seuil_buf_add_text(out, ",\"grade\":null");
    seuil_buf_add_byte(out, '}');
}

static void add_avro(struct seuil_buf *out, const struct standing *standing)
{
    seuil_avro_put_text(out, standing->model->name);
    seuil_avro_put_text(out, standing->model->version);
    seuil_avro_put_text(out, standing->tier);
    seuil_avro_put_amount(out, standing->explanation.score);
    seuil_avro_put_amount(out, standing->explanation.fit);
    seuil_avro_put_optional_text(out, standing->explanation.grade);
}

static void write_json(const struct seuil_models *models, struct seuil_scratch *scratch,
                       const struct seuil_lead *lead, struct seuil_buf *out)
{
    struct standing standing;
    char time[40];

    seuil_buf_add_text(out, "{\"lead\":");
    seuil_json_add_string(out, (struct seuil_str){lead->id, lead->id_len});
    seuil_time_format(lead->clock, time);
    add_json_member(out, ",\"as_of\":", time);
    for (uint16_t i = 0; i < models->model_count; i++) {
        seuil_buf_add_text(out, i ? "," : ",\"models\":[");
        stand(models, scratch, lead, i, &standing);
        add_json(out, &standing);
    }
    seuil_buf_add_text(out, "]}");
}

static void write_avro(const struct seuil_models *models, struct seuil_scratch *scratch,
                       const struct seuil_lead *lead, struct seuil_buf *out)
{
    struct standing standing;

    seuil_avro_put_string(out, (struct seuil_str){lead->id, lead->id_len});
    seuil_avro_put_long(out, lead->clock);
    seuil_avro_put_long(out, models->model_count);
    for (uint16_t i = 0; i < models->model_count; i++) {
        stand(models, scratch, lead, i, &standing);
        add_avro(out, &standing);
    }
    seuil_avro_put_long(out, 0);
}

bool seuil_scores_gone(const struct seuil_lead *lead)
{
    return lead->tombstone || lead->expired || lead->into_len > 0 || lead->clock == SEUIL_TIME_NONE;
}

int seuil_scores_write(enum seuil_out_format format, const struct seuil_models *models,
                       struct seuil_scratch *scratch, const struct seuil_lead *lead,
                       struct seuil_buf *out)
{
    assert(!seuil_scores_gone(lead) && models->model_count > 0);
    if (format == SEUIL_OUT_AVRO)
        write_avro(models, scratch, lead, out);
    else
        write_json(models, scratch, lead, out);
    return out->failed;
}

void seuil_scores_id(const struct seuil_lead *lead, const uint8_t *value, uint32_t len,
                     char ret_id[SEUIL_CROSSING_ID_MAX])
{
    uint8_t bytes[SEUIL_ID_MAX + 2 * sizeof(seuil_time_ms)];
    seuil_time_ms times[2] = {lead->clock, lead->cut};

    if (len) {
        seuil_id_write(value, len, ret_id);
        return;
    }
    memcpy(bytes, lead->id, lead->id_len);
    for (unsigned i = 0; i < sizeof(times); i++)
        bytes[lead->id_len + i] = (uint8_t)((uint64_t)times[i / 8] >> i % 8 * 8);
    seuil_id_write(bytes, lead->id_len + sizeof(times), ret_id);
}
