/* JSON's strings and Seuil's amounts as text. */

#include "codec/text.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

#include "base/utf8.h"

/* Whether an ASCII byte stands for itself in a string. */
static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Append the bytes of @text from @from that need no escape; returns where the next one does. */
static const uint8_t *add_plain(struct seuil_buf *out, const uint8_t *from, const uint8_t *end)
{
    const uint8_t *p = from;

    while (p < end) {
        unsigned n = 1;

        if (!is_plain(*p) && (*p < 0x80 || (n = seuil_utf8_sequence(p, end)) == 0))
            break;
        p += n;
    }
    seuil_buf_add(out, from, (size_t)(p - from));
    return p;
}

static void add_escape(struct seuil_buf *out, uint8_t c)
{
    static const char hex[] = "0123456789abcdef";
    char text[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};

    switch (c) {
    case '"':
    case '\\':
        text[1] = (char)c;
        break;
    case '\n':
        text[1] = 'n';
        break;
    case '\r':
        text[1] = 'r';
        break;
    case '\t':
        text[1] = 't';
        break;
    default:
        assert(c < 0x20);
        seuil_buf_add(out, text, sizeof(text));
        return;
    }
    seuil_buf_add(out, text, 2);
}

int seuil_json_add_string(struct seuil_buf *out, struct seuil_str text)
{
    const uint8_t *p = (const uint8_t *)text.ptr, *end = p + text.len;

    seuil_buf_add_byte(out, '"');
    while (p < end) {
        p = add_plain(out, p, end);
        if (p == end)
            break;
        if (*p < 0x80)
            add_escape(out, *p);
        else
            seuil_buf_add(out, "\xef\xbf\xbd", 3); /* U+FFFD for each byte that is no text */
        p++;
    }
    return seuil_buf_add_byte(out, '"');
}

char *seuil_digits_put(uint64_t value, char *end)
{
    do {
        *--end = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    return end;
}

int seuil_json_add_integer(struct seuil_buf *out, int64_t value)
{
    char text[24], *end = text + sizeof(text);
    char *p = seuil_digits_put(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, end);

    if (value < 0)
        *--p = '-';
    return seuil_buf_add(out, p, (size_t)(end - p));
}

/* Amounts beyond this have lost their cents in a double anyway. */
#define AMOUNT_MAX 1e13

int seuil_json_add_cents(struct seuil_buf *out, double value)
{
    char text[32], *p = text + sizeof(text);
    uint64_t cents, whole;
    bool negative;

    assert(!isnan(value));
    value = value > AMOUNT_MAX ? AMOUNT_MAX : value < -AMOUNT_MAX ? -AMOUNT_MAX : value;
    cents = (uint64_t)llround(fabs(value) * 100);
    negative = value < 0 && cents != 0;
    whole = cents / 100;
    cents %= 100;
    if (cents) {
        if (cents % 10)
            *--p = (char)('0' + cents % 10);
        *--p = (char)('0' + cents / 10);
        *--p = '.';
    }
    p = seuil_digits_put(whole, p);
    if (negative)
        *--p = '-';
    return seuil_buf_add(out, p, (size_t)(text + sizeof(text) - p));
}
