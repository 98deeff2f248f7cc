#include "codec/json_scan.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/utf8.h"

int seuil_json_fail(struct seuil_json *j, int code, const char *why)
{
    assert(j->p >= j->start && j->p <= j->end);
    return seuil_fault_set(j->fault, code, (uint32_t)(j->p - j->start), why);
}

int seuil_json_expect(struct seuil_json *j, uint8_t byte, const char *why)
{
    uint8_t next;
    int rc = seuil_json_peek(j, &next);

    if (rc)
        return rc;
    if (next != byte)
        return seuil_json_fail(j, SEUIL_ERR_FORMAT, why);
    j->p++;
    return 0;
}

int seuil_json_name(struct seuil_json *j, struct seuil_str *ret_name)
{
    uint8_t next;
    int rc = seuil_json_peek(j, &next);

    if (!rc && next != '"')
        rc = seuil_json_fail(j, SEUIL_ERR_FORMAT, "a member's name in quotes is missing");
    if (!rc)
        rc = seuil_json_steps(j, 1);
    if (!rc)
        rc = seuil_json_string(j, ret_name);
    if (rc)
        return rc;
    if (__builtin_expect(j->p < j->end && *j->p == ':', 1)) {
        j->p++;
        return 0;
    }
    return seuil_json_expect(j, ':', "a colon is missing after a member's name");
}

/* ---- strings ----------------------------------------------------------------------------- */

/* How many of the bytes from @p on stand for themselves: ASCII, no control character, neither quote
 * nor backslash. */
static inline size_t plain_bytes(const uint8_t *p, const uint8_t *end)
{
    const uint8_t *from = p;

#ifdef __SSE2__
    for (; end - p >= 16; p += 16) {
        __m128i v = _mm_loadu_si128((const void *)p);
        __m128i odd = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
                                   _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
        int marks;

        /* As signed bytes, what is below a space is a control character or not ASCII. */
        odd = _mm_or_si128(odd, _mm_cmpgt_epi8(_mm_set1_epi8(' '), v));
        marks = _mm_movemask_epi8(odd);
        if (marks)
            return (size_t)(p - from) + (unsigned)__builtin_ctz((unsigned)marks);
    }
#endif
    while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
        p++;
    return (size_t)(p - from);
}

/* Pass over plain characters; p stands at a quote or a backslash, or something is wrong. */
static int plain(struct seuil_json *j)
{
    const uint8_t *end = j->end;

    for (;;) {
        j->p += plain_bytes(j->p, end);
        if (j->p == end)
            return seuil_json_fail(j, SEUIL_ERR_TRUNCATED, "a string ends too early");
        if (*j->p == '"' || *j->p == '\\')
            return 0;
        if (*j->p < 0x20)
            return seuil_json_fail(j, SEUIL_ERR_FORMAT,
                                   "a control character stands bare in a string");
        while (j->p < end && *j->p >= 0x80) {
            unsigned length = seuil_utf8_sequence(j->p, end);

            if (length == 0)
                return seuil_json_fail(j, SEUIL_ERR_FORMAT, "a string is not UTF-8");
            j->p += length;
        }
    }
}

static int hex4(struct seuil_json *j, uint32_t *ret_value)
{
    uint32_t value = 0;

    if (j->end - j->p < 4)
        return seuil_json_fail(j, SEUIL_ERR_TRUNCATED, "a \\u escape ends too early");
    for (int i = 0; i < 4; i++, j->p++) {
        uint8_t c = *j->p, lower = c | 0x20;

        if (c >= '0' && c <= '9')
            value = value << 4 | (uint32_t)(c - '0');
        else if (lower >= 'a' && lower <= 'f')
            value = value << 4 | (uint32_t)(lower - 'a' + 10);
        else
            return seuil_json_fail(j, SEUIL_ERR_FORMAT, "a \\u escape has other than hex digits");
    }
    *ret_value = value;
    return 0;
}

static int code_point(struct seuil_json *j, uint32_t *ret_c)
{
    uint32_t high, low;
    int rc = hex4(j, &high);

    if (rc)
        return rc;
    *ret_c = high;
    if (high < 0xd800 || high > 0xdfff)
        return 0;
    if (high > 0xdbff)
        return seuil_json_fail(j, SEUIL_ERR_FORMAT, "a low surrogate has no high one before it");
    if (j->end - j->p < 2)
        return seuil_json_fail(j, SEUIL_ERR_TRUNCATED, "a string ends too early");
    if (j->p[0] != '\\' || j->p[1] != 'u')
        return seuil_json_fail(j, SEUIL_ERR_FORMAT, "a high surrogate has no low one after it");
    j->p += 2;
    rc = hex4(j, &low);
    if (rc)
        return rc;
    if (low < 0xdc00 || low > 0xdfff)
        return seuil_json_fail(j, SEUIL_ERR_FORMAT, "a high surrogate has no low one after it");
    *ret_c = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return 0;
}

/* Undo one escape (p behind the backslash) into @out; every escape is at least as long as what it
 * stands for. */
static int escape(struct seuil_json *j, uint8_t *out, unsigned *ret_len)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found;
    uint32_t c;
    int rc;

    if (j->p == j->end)
        return seuil_json_fail(j, SEUIL_ERR_TRUNCATED, "a string ends too early");
    if (*j->p == 'u') {
        j->p++;
        rc = code_point(j, &c);
        if (!rc)
            *ret_len = seuil_utf8_put(c, out);
        return rc;
    }
    found = *j->p ? strchr(from, *j->p) : NULL;
    if (!found)
        return seuil_json_fail(j, SEUIL_ERR_FORMAT, "an escape is none of JSON's");
    j->p++;
    *out = (uint8_t)to[found - from];
    *ret_len = 1;
    return 0;
}

/* Where the string that is being read ends, at most. */
static const uint8_t *string_end(const struct seuil_json *j)
{
    const uint8_t *p = j->p;

    while (p < j->end && *p != '"')
        p += *p == '\\' && p + 1 < j->end ? 2 : 1;
    return p;
}

static int escaped(struct seuil_json *j, const uint8_t *from, struct seuil_str *ret_text)
{
    struct seuil_decode_scratch *s = j->scratch;
    uint8_t *start = s->text + s->text_len, *out = start;
    unsigned n = 0;
    int rc;

    /* What is left of the text bounds the string; where that is too much, its own end does. */
    if ((size_t)(j->end - from) > SEUIL_SCRATCH_TEXT_MAX - s->text_len &&
        string_end(j) - from > (long)(SEUIL_SCRATCH_TEXT_MAX - s->text_len))
        return seuil_json_fail(j, SEUIL_ERR_LIMIT, "unescaped texts take more than 2 MiB");
    for (;;) {
        memcpy(out, from, (size_t)(j->p - from));
        out += j->p - from;
        if (*j->p == '"')
            break;
        j->p++;
        rc = escape(j, out, &n);
        if (rc)
            return rc;
        out += n;
        from = j->p;
        rc = plain(j);
        if (rc)
            return rc;
    }
    j->p++;
    s->text_len += (uint32_t)(out - start);
    assert(s->text_len <= SEUIL_SCRATCH_TEXT_MAX);
    *ret_text = (struct seuil_str){(const char *)start, (uint32_t)(out - start)};
    return 0;
}

int seuil_json_string(struct seuil_json *j, struct seuil_str *ret_text)
{
    const uint8_t *from = ++j->p, *end = from + plain_bytes(from, j->end);
    int rc;

    if (__builtin_expect(end < j->end && *end == '"', 1)) {
        *ret_text = (struct seuil_str){(const char *)from, (uint32_t)(end - from)};
        j->p = end + 1;
        return 0;
    }
    j->p = end;
    rc = plain(j);

    assert(from[-1] == '"');
    if (rc)
        return rc;
    if (*j->p == '\\')
        return escaped(j, from, ret_text);
    *ret_text = (struct seuil_str){(const char *)from, (uint32_t)(j->p - from)};
    j->p++;
    return 0;
}

/* ---- numbers and literals ---------------------------------------------------------------- */

#define NUMBER_MAX 256

static bool is_digit(const struct seuil_json *j)
{
    return j->p < j->end && *j->p >= '0' && *j->p <= '9';
}

/* number = [ minus ] int [ frac ] [ exp ]; @ret_exact: neither frac nor exp. */
static int number_word(struct seuil_json *j, bool *ret_integer)
{
    *ret_integer = true;
    if (*j->p == '-')
        j->p++;
    if (!is_digit(j))
        return seuil_json_fail(j, j->p == j->end ? SEUIL_ERR_TRUNCATED : SEUIL_ERR_FORMAT,
                               "a value is none of JSON's");
    if (*j->p == '0') {
        j->p++;
        if (is_digit(j))
            return seuil_json_fail(j, SEUIL_ERR_FORMAT, "a number starts with 0");
    }
    while (is_digit(j))
        j->p++;
    if (j->p < j->end && *j->p == '.') {
        *ret_integer = false;
        j->p++;
        if (!is_digit(j))
            return seuil_json_fail(j, j->p == j->end ? SEUIL_ERR_TRUNCATED : SEUIL_ERR_FORMAT,
                                   "a number has no digit after its point");
        while (is_digit(j))
            j->p++;
    }
    if (j->p < j->end && (*j->p | 0x20) == 'e') {
        *ret_integer = false;
        j->p++;
        if (j->p < j->end && (*j->p == '+' || *j->p == '-'))
            j->p++;
        if (!is_digit(j))
            return seuil_json_fail(j, j->p == j->end ? SEUIL_ERR_TRUNCATED : SEUIL_ERR_FORMAT,
                                   "a number has no digit in its exponent");
        while (is_digit(j))
            j->p++;
    }
    return 0;
}

static bool integer(struct seuil_str raw, int64_t *ret_value)
{
    bool negative = raw.ptr[0] == '-';
    uint64_t value = 0, most = (uint64_t)INT64_MAX + negative;

    for (uint32_t i = negative; i < raw.len; i++) {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(raw.ptr[i] - '0'), &value))
            return false;
    }
    if (value > most)
        return false;
    *ret_value = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

int seuil_json_number(struct seuil_json *j, struct seuil_value *ret_value,
                      struct seuil_str *ret_raw)
{
    const uint8_t *from = j->p;
    char text[NUMBER_MAX + 1];
    struct seuil_str raw;
    bool is_integer;
    double d;
    int rc = number_word(j, &is_integer);

    if (rc)
        return rc;
    raw = (struct seuil_str){(const char *)from, (uint32_t)(j->p - from)};
    *ret_raw = raw;
    if (is_integer && integer(raw, &ret_value->i)) {
        ret_value->type = SEUIL_TYPE_INT;
        return 0;
    }
    j->p = from; /* a fault below is about the whole number */
    if (raw.len > NUMBER_MAX)
        return seuil_json_fail(j, SEUIL_ERR_LIMIT, "a number is longer than 256 characters");
    memcpy(text, raw.ptr, raw.len);
    text[raw.len] = '\0';
    d = strtod_l(text, NULL, j->scratch->locale);
    if (!isfinite(d))
        return seuil_json_fail(j, SEUIL_ERR_LIMIT, "a number is beyond the range of a double");
    j->p = from + raw.len;
    ret_value->type = SEUIL_TYPE_DOUBLE;
    ret_value->d = d;
    return 0;
}

int seuil_json_literal(struct seuil_json *j, struct seuil_value *ret_value)
{
    static const struct {
        const char *text;
        struct seuil_value value;
    } rows[] = {{"true", {.type = SEUIL_TYPE_BOOL, .b = true}},
                {"false", {.type = SEUIL_TYPE_BOOL, .b = false}},
                {"null", {.type = SEUIL_TYPE_NULL}}};

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t n = strlen(rows[i].text), left = (size_t)(j->end - j->p);

        if (memcmp(j->p, rows[i].text, n < left ? n : left) != 0)
            continue;
        if (left < n)
            return seuil_json_fail(j, SEUIL_ERR_TRUNCATED, "the JSON text ends too early");
        j->p += n;
        *ret_value = rows[i].value;
        return 0;
    }
    return seuil_json_fail(j, SEUIL_ERR_FORMAT, "a value is none of JSON's");
}

/* ---- passing over ------------------------------------------------------------------------ */

static int skip_inside(struct seuil_json *j, uint8_t closing, unsigned depth)
{
    struct seuil_str name;
    bool first = true;
    int rc;

    j->p++;
    while ((rc = seuil_json_next(j, closing, &first)) > 0) {
        rc = closing == '}' ? seuil_json_name(j, &name) : 0;
        if (!rc)
            rc = seuil_json_skip(j, depth + 1);
        if (rc)
            return rc;
    }
    return rc;
}

int seuil_json_skip(struct seuil_json *j, unsigned depth)
{
    struct seuil_value value;
    struct seuil_str text;
    uint32_t text_len = j->scratch->text_len;
    bool is_integer;
    uint8_t next;
    int rc = seuil_json_peek(j, &next);

    if (rc)
        return rc;
    if (depth > SEUIL_DEPTH_MAX)
        return seuil_json_fail(j, SEUIL_ERR_LIMIT, "values are nested more than 32 deep");
    rc = seuil_json_steps(j, 1);
    if (rc)
        return rc;
    switch (next) {
    case '{':
    case '[':
        rc = skip_inside(j, next == '{' ? '}' : ']', depth);
        break;
    case '"':
        rc = seuil_json_string(j, &text);
        break;
    case 't':
    case 'f':
    case 'n':
        rc = seuil_json_literal(j, &value);
        break;
    default:
        rc = number_word(j, &is_integer);
    }
    j->scratch->text_len = text_len; /* nobody keeps what was unescaped on the way */
    return rc;
}
