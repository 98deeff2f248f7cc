/* Letters of all scripts: utf8proc, without its allocating calls. */

#include <utf8proc.h>

#include "base/utf8.h"
#include "map/scratch.h"

static int lower(struct seuil_map_scratch *s, struct seuil_str text)
{
    const uint8_t *p = (const uint8_t *)text.ptr, *end = p + text.len;
    /* A letter and its lower case differ by a byte at most: U+023A is 2 bytes, U+2C65 has 3. */
    uint32_t room = text.len + text.len / 2 + 4;
    uint8_t *out = (uint8_t *)seuil_map_room(s, room), *to = out;

    if (!out)
        return s->fault.code;
    while (p < end) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n;

        if (*p < 0x80) {
            *to++ = *p >= 'A' && *p <= 'Z' ? *p | 0x20 : *p;
            p++;
            continue;
        }
        n = utf8proc_iterate(p, end - p, &c);
        if (n <= 0)
            return seuil_map_fail(s, SEUIL_ERR_FORMAT, "a text is not UTF-8");
        p += n;
        to += utf8proc_encode_char(utf8proc_tolower(c), to);
    }
    s->text_len -= room - (uint32_t)(to - out);
    seuil_map_set_text(s, (struct seuil_str){(char *)out, (uint32_t)(to - out)});
    return 0;
}

static int compose(struct seuil_map_scratch *s, struct seuil_str text, utf8proc_option_t options)
{
    const utf8proc_ssize_t cap = sizeof(s->points) / sizeof(s->points[0]) - 1;
    utf8proc_ssize_t n;
    char *out;

    options |= UTF8PROC_STABLE | UTF8PROC_COMPOSE;
    n = utf8proc_decompose((const uint8_t *)text.ptr, text.len, s->points, cap, options);
    if (n < 0)
        return seuil_map_fail(s, SEUIL_ERR_FORMAT, "a text is not UTF-8");
    if (n > cap)
        return seuil_map_fail(s, SEUIL_ERR_LIMIT, "a text grows too long when it is composed");
    n = utf8proc_reencode(s->points, n, options);
    if (n < 0)
        return seuil_map_fail(s, SEUIL_ERR_FORMAT, "a text is not UTF-8");
    out = seuil_map_room(s, (uint32_t)n);
    if (!out)
        return s->fault.code;
    memcpy(out, s->points, (size_t)n);
    seuil_map_set_text(s, (struct seuil_str){out, (uint32_t)n});
    return 0;
}

int seuil_map_step_unicode(struct seuil_map_scratch *s, enum seuil_map_step_kind kind)
{
    struct seuil_str text = s->value.v.s;

    if (text.len > SEUIL_MAP_STEP_TEXT_MAX)
        return seuil_map_fail(
            s, SEUIL_ERR_LIMIT,
            "a text of more than 8,192 bytes is not put in lower case or composed");
    if (!seuil_map_work(s, text.len / 4))
        return s->fault.code;
    if (kind == SEUIL_STEP_LOWER)
        return lower(s, text);
    return compose(s, text, kind == SEUIL_STEP_FOLD ? UTF8PROC_CASEFOLD : 0);
}
