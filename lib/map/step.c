/* The steps of an expression. What they cannot find is absent; what they cannot convert is a
 * fault. */

#include <math.h>

#include "conf/regex.h"
#include "map/keyed.h"
#include "map/scratch.h"

static void absent(struct seuil_map_scratch *s)
{
    s->value = (struct seuil_map_value){.node = SEUIL_NODE_NONE};
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void trim(struct seuil_map_scratch *s, struct seuil_str text, struct seuil_str characters)
{
#define OUT(c) (characters.len ? memchr(characters.ptr, (c), characters.len) != NULL : is_blank(c))
    while (text.len && OUT(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len && OUT(text.ptr[text.len - 1]))
        text.len--;
#undef OUT
    seuil_map_set_text(s, text);
}

static void cut(struct seuil_map_scratch *s, struct seuil_str text, struct seuil_str mark,
                bool before)
{
    const char *at = text.len ? memmem(text.ptr, text.len, mark.ptr, mark.len) : NULL;

    if (!at) {
        if (!before)
            absent(s);
        return;
    }
    if (before)
        text.len = (uint32_t)(at - text.ptr);
    else
        text = (struct seuil_str){at + mark.len, (uint32_t)(text.ptr + text.len - (at + mark.len))};
    seuil_map_set_text(s, text);
}

static int capture(struct seuil_map_scratch *s, struct seuil_str text,
                   const struct seuil_map_step *step)
{
    struct seuil_str found;

    if (text.len > SEUIL_MAP_STEP_TEXT_MAX)
        return seuil_map_fail(s, SEUIL_ERR_LIMIT, "a text of more than 8,192 bytes is not matched");
    if (!seuil_map_work(s, SEUIL_MAP_MATCH_WORK))
        return s->fault.code;
    switch (seuil_regex_capture(s->regex, step->regex, text, step->group, &found)) {
    case 1:
        seuil_map_set_text(s, found);
        return 0;
    case 0:
        absent(s);
        return 0;
    default:
        return seuil_map_overrun(s);
    }
}

static int times(struct seuil_map_scratch *s, double factor)
{
    int rc = seuil_map_as_number(s);
    double d;

    if (rc)
        return rc;
    d = (s->value.v.type == SEUIL_TYPE_INT ? (double)s->value.v.i : s->value.v.d) * factor;
    if (!isfinite(d))
        return seuil_map_fail(s, SEUIL_ERR_LIMIT, "a number is beyond the range of a double");
    s->value.raw.len = 0;
    s->value.v = (struct seuil_value){.type = SEUIL_TYPE_DOUBLE, .d = d};
    if (d == floor(d) && fabs(d) < 9007199254740992.0)
        s->value.v = (struct seuil_value){.type = SEUIL_TYPE_INT, .i = (int64_t)d};
    return 0;
}

static int keyed(const struct seuil_map *map, struct seuil_map_scratch *s)
{
    struct seuil_str text;
    char *out;
    int rc;

    if (!seuil_map_as_text(s, &text))
        return seuil_map_fail(s, SEUIL_ERR_FORMAT, "a text is wanted");
    trim(s, text, (struct seuil_str){0});
    rc = s->value.there ? seuil_map_step_unicode(s, SEUIL_STEP_LOWER) : 0;
    if (rc || !s->value.there)
        return rc;
    out = seuil_map_room(s, 64);
    if (!out || !seuil_map_work(s, 200))
        return s->fault.code;
    seuil_keyed_hash(map->inner_pad, map->outer_pad, s->value.v.s, out);
    seuil_map_set_text(s, (struct seuil_str){out, 64});
    return 0;
}

/* Steps that take a text. */
static int text_step(const struct seuil_map *map, struct seuil_map_scratch *s,
                     const struct seuil_map_step *step)
{
    struct seuil_str text;

    if (!seuil_map_as_text(s, &text))
        return seuil_map_fail(s, SEUIL_ERR_FORMAT,
                              "a single value is wanted, not an object or a list");
    if (!seuil_map_work(s, 1 + text.len / 8))
        return s->fault.code;
    seuil_map_set_text(s, text);
    switch ((enum seuil_map_step_kind)step->kind) {
    case SEUIL_STEP_TRIM:
        trim(s, text, step->text);
        return 0;
    case SEUIL_STEP_BEFORE:
    case SEUIL_STEP_AFTER:
        cut(s, text, step->text, step->kind == SEUIL_STEP_BEFORE);
        return 0;
    case SEUIL_STEP_REGEX:
        return capture(s, text, step);
    case SEUIL_STEP_LOWER:
    case SEUIL_STEP_NFC:
    case SEUIL_STEP_FOLD:
        return seuil_map_step_unicode(s, (enum seuil_map_step_kind)step->kind);
    case SEUIL_STEP_URL_HOST:
    case SEUIL_STEP_URL_PATH:
    case SEUIL_STEP_URL_QUERY:
    case SEUIL_STEP_URL_NORMAL:
        return seuil_map_step_url(s, step);
    case SEUIL_STEP_EMAIL:
    case SEUIL_STEP_EMAIL_DOMAIN:
    case SEUIL_STEP_COMPANY_DOMAIN:
    case SEUIL_STEP_FREE_MAIL:
        return seuil_map_step_mail(map, s, (enum seuil_map_step_kind)step->kind);
    default:
        return 0;
    }
}

int seuil_map_step(const struct seuil_map *map, struct seuil_map_scratch *s,
                   const struct seuil_map_step *step)
{
    if (step->kind == SEUIL_STEP_DEFAULT) {
        if (!s->value.there)
            seuil_map_set_text(s, step->text);
        return 0;
    }
    if (!s->value.there)
        return 0;
    switch ((enum seuil_map_step_kind)step->kind) {
    case SEUIL_STEP_NUMBER:
        return seuil_map_as_number(s);
    case SEUIL_STEP_BOOL:
        return seuil_map_as_bool(s);
    case SEUIL_STEP_TIMES:
        return times(s, step->number);
    case SEUIL_STEP_TIME:
        return seuil_map_step_time(s, step);
    case SEUIL_STEP_HMAC:
        return keyed(map, s);
    default:
        return text_step(map, s, step);
    }
}
