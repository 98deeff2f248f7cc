/* Parts of a URL; absent when the text is none, or has no such part. */

#include "base/utf8.h"
#include "codec/url.h"
#include "map/scratch.h"

static int set_lower(struct seuil_map_scratch *s, struct seuil_str text)
{
    char *out = seuil_map_room(s, text.len);

    if (!out)
        return s->fault.code;
    for (uint32_t i = 0; i < text.len; i++)
        out[i] =
            text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? (char)(text.ptr[i] | 0x20) : text.ptr[i];
    seuil_map_set_text(s, (struct seuil_str){out, text.len});
    return 0;
}

static int parameter(struct seuil_map_scratch *s, struct seuil_str query, struct seuil_str name)
{
    struct seuil_str value;
    char *out;

    seuil_map_set_text(s, (struct seuil_str){0});
    if (!query.ptr || !seuil_url_parameter(query, name, &value))
        return 0;
    out = seuil_map_room(s, value.len);
    if (!out)
        return s->fault.code;
    value = (struct seuil_str){out, seuil_url_unescape(value, true, out)};
    /* Escapes can make any bytes; what is no text is no value. */
    if (seuil_utf8_check((const uint8_t *)value.ptr, value.len))
        seuil_map_set_text(s, value);
    return 0;
}

static int normal(struct seuil_map_scratch *s, struct seuil_str text)
{
    char *out = seuil_map_room(s, text.len + 3);
    int n;

    if (!out)
        return s->fault.code;
    n = seuil_url_normalise(text, out);
    seuil_map_set_text(s, (struct seuil_str){out, n < 0 ? 0 : (uint32_t)n});
    return 0;
}

int seuil_map_step_url(struct seuil_map_scratch *s, const struct seuil_map_step *step)
{
    struct seuil_str text = s->value.v.s;
    struct seuil_url url;

    if (step->kind == SEUIL_STEP_URL_NORMAL)
        return normal(s, text);
    seuil_map_set_text(s, (struct seuil_str){0});
    if (seuil_url_split(text, &url))
        return 0;
    switch ((enum seuil_map_step_kind)step->kind) {
    case SEUIL_STEP_URL_HOST:
        return set_lower(s, url.host);
    case SEUIL_STEP_URL_PATH:
        seuil_map_set_text(s, url.path.len ? url.path : SEUIL_STR("/"));
        return 0;
    default:
        return parameter(s, url.query, step->text);
    }
}
