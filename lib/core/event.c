#include "core/event.h"

#include <stddef.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/err.h"

static const char *const kind_names[] = {"page_view", "email",   "form", "activity",
                                         "profile",   "command", "tick"};

struct field_row {
    const char *name;
    unsigned kinds;
    enum seuil_type type;
};

static const struct field_row field_rows[SEUIL_FIELD_COUNT] = {
#define X(name, text, kinds, type) [SEUIL_FIELD_##name] = {text, kinds, SEUIL_TYPE_##type},
    SEUIL_FIELDS(X)
#undef X
        [SEUIL_FIELD_HOST] = {"host", 1 << SEUIL_KIND_PAGE_VIEW | 1 << SEUIL_KIND_EMAIL,
                              SEUIL_TYPE_STRING},
    [SEUIL_FIELD_PATH] = {"path", 1 << SEUIL_KIND_PAGE_VIEW | 1 << SEUIL_KIND_EMAIL,
                          SEUIL_TYPE_STRING},
};

const char *seuil_kind_name(enum seuil_kind kind)
{
    return kind_names[kind];
}

const char *seuil_field_name(enum seuil_field field)
{
    return field < SEUIL_FIELD_COUNT ? field_rows[field].name : "map";
}

const char *seuil_kind_map_name(enum seuil_kind kind)
{
    switch (kind) {
    case SEUIL_KIND_FORM:
        return "fields";
    case SEUIL_KIND_ACTIVITY:
        return "properties";
    case SEUIL_KIND_PROFILE:
        return "attributes";
    case SEUIL_KIND_COMMAND:
        return "arguments";
    default:
        return NULL;
    }
}

int seuil_kind_find(struct seuil_str name)
{
    for (int i = 0; i < SEUIL_KINDS; i++)
        if (seuil_str_eq(name, seuil_str_from(kind_names[i])))
            return i;
    return -1;
}

int seuil_field_find(struct seuil_str name)
{
    for (int i = 0; i < SEUIL_FIELD_COUNT; i++)
        if (seuil_str_eq(name, seuil_str_from(field_rows[i].name)))
            return i;
    return -1;
}

enum seuil_type seuil_field_type(enum seuil_field field)
{
    return field < SEUIL_FIELD_COUNT ? field_rows[field].type : SEUIL_TYPE_NULL;
}

bool seuil_field_of_kind(enum seuil_field field, enum seuil_kind kind)
{
    return field < SEUIL_FIELD_COUNT && (field_rows[field].kinds >> kind & 1);
}

/* ---- derived fields ----------------------------------------------------------------------- */

/* What parts a url: within scheme and authority any of five, within a path two. An event's url is
 * walked once, sixteen bytes at a time where the processor can. */
enum { ENDS_HOST = 1, ENDS_PATH = 2 };
static const uint8_t url_ends[256] = {['/'] = ENDS_HOST,
                                      [':'] = ENDS_HOST,
                                      ['@'] = ENDS_HOST,
                                      ['?'] = ENDS_HOST | ENDS_PATH,
                                      ['#'] = ENDS_HOST | ENDS_PATH};

#ifdef __SSE2__
static inline uint32_t url_marks(const char *p, unsigned ends)
{
    __m128i v = _mm_loadu_si128((const void *)p);
    __m128i m =
        _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('?')), _mm_cmpeq_epi8(v, _mm_set1_epi8('#')));

    if (ends == ENDS_HOST) {
        m = _mm_or_si128(m, _mm_cmpeq_epi8(v, _mm_set1_epi8('/')));
        m = _mm_or_si128(m, _mm_cmpeq_epi8(v, _mm_set1_epi8(':')));
        m = _mm_or_si128(m, _mm_cmpeq_epi8(v, _mm_set1_epi8('@')));
    }
    return (uint32_t)_mm_movemask_epi8(m);
}
#endif

/* The first byte from @p on that ends a part; @end when none does. @first: the url's. */
static inline const char *url_find(const char *p, const char *end, const char *first, unsigned ends)
{
#ifdef __SSE2__
    uint32_t marks;

    for (; end - p >= 16; p += 16) {
        marks = url_marks(p, ends);
        if (marks)
            return p + __builtin_ctz(marks);
    }
    if (end - first >= 16) { /* the last sixteen, without those that were looked at */
        marks = url_marks(end - 16, ends) >> (16 - (end - p));
        return marks ? p + __builtin_ctz(marks) : end;
    }
#endif
    (void)first;
    while (p < end && !(url_ends[(uint8_t)*p] & ends))
        p++;
    return p;
}

void seuil_event_derive(struct seuil_event *event)
{
    const struct seuil_value *url = &event->field[SEUIL_FIELD_URL];
    struct seuil_value *host = &event->field[SEUIL_FIELD_HOST];
    struct seuil_value *path = &event->field[SEUIL_FIELD_PATH];
    const char *p, *end, *first, *start, *colon = NULL;

    host->type = path->type = SEUIL_TYPE_NULL;
    if (url->type != SEUIL_TYPE_STRING || url->s.len == 0)
        return;
    first = start = p = url->s.ptr;
    end = p + url->s.len;

    /* RFC 3986, 3: scheme ":" "//" authority path; a url that starts with '/' has no authority. */
    if (*p != '/') {
        p = url_find(p, end, first, ENDS_HOST);
        if (end - p >= 3 && p[0] == ':' && p[1] == '/' && p[2] == '/') {
            start = p + 3;
            p = url_find(start, end, first, ENDS_HOST);
        }
        for (; p < end; p = url_find(p + 1, end, first, ENDS_HOST)) {
            if (*p == '@') {
                start = p + 1;
                colon = NULL;
            } else if (*p != ':') {
                break;
            } else if (!colon) {
                colon = p;
            }
        }
        host->type = SEUIL_TYPE_STRING;
        host->s.ptr = start;
        host->s.len = (uint32_t)((colon && *start != '[' ? colon : p) - start);
    }
    path->type = SEUIL_TYPE_STRING;
    path->s.ptr = p;
    path->s.len = (uint32_t)(url_find(p, end, first, ENDS_PATH) - p);
    if (path->s.len == 0)
        path->s = SEUIL_STR("/");
}

int seuil_event_check(const struct seuil_event *event, const char **ret_field)
{
    static const struct {
        const char *name;
        size_t at;
    } ids[] = {{"id", offsetof(struct seuil_event, id)},
               {"lead", offsetof(struct seuil_event, lead)},
               {"retracts", offsetof(struct seuil_event, retracts)}};

    *ret_field = "";
    if (event->id.len - 1 < SEUIL_ID_MAX && event->lead.len - 1 < SEUIL_ID_MAX &&
        event->retracts.len <= SEUIL_ID_MAX)
        return 0;
    for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        const struct seuil_str *s = (const void *)((const char *)event + ids[i].at);

        *ret_field = ids[i].name;
        if (s->len == 0 && i < 2)
            return SEUIL_ERR_MISSING;
        if (s->len > SEUIL_ID_MAX)
            return SEUIL_ERR_LIMIT;
    }
    return SEUIL_ERR_INTERNAL; /* one of them was found wanting above */
}
