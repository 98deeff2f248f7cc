#include "core/event.h"

#include <stddef.h>

#include <string.h>

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

/* Where parts of a url end: an event's url is walked once, byte by byte. */
enum { ENDS_HOST = 1, ENDS_PATH = 2, ENDS_USER = 4 };
static const uint8_t url_ends[256] = {['/'] = ENDS_HOST,
                                      ['?'] = ENDS_HOST | ENDS_PATH,
                                      ['#'] = ENDS_HOST | ENDS_PATH,
                                      ['@'] = ENDS_USER};

void seuil_event_derive(struct seuil_event *event)
{
    const struct seuil_value *url = &event->field[SEUIL_FIELD_URL];
    struct seuil_value *host = &event->field[SEUIL_FIELD_HOST];
    struct seuil_value *path = &event->field[SEUIL_FIELD_PATH];
    const char *p, *end, *start, *colon;

    memset(host, 0, sizeof(*host));
    memset(path, 0, sizeof(*path));
    if (url->type != SEUIL_TYPE_STRING || url->s.len == 0)
        return;
    p = url->s.ptr;
    end = p + url->s.len;

    /* RFC 3986, 3: scheme ":" "//" authority path; a url that starts with '/' has no authority. */
    if (*p != '/') {
        colon = memchr(p, ':', (size_t)(end - p));
        if (colon && end - colon >= 3 && colon[1] == '/' && colon[2] == '/')
            p = colon + 3;
        start = p;
        for (; p < end; p++) {
            unsigned ends = url_ends[(uint8_t)*p];

            if (ends == 0)
                continue;
            if (ends != ENDS_USER)
                break;
            start = p + 1;
        }
        *host =
            (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = {start, (uint32_t)(p - start)}};
        if (start < p && *start != '[') {
            colon = memchr(start, ':', (size_t)(p - start));
            if (colon)
                host->s.len = (uint32_t)(colon - start);
        }
    }
    start = p;
    while (p < end && !(url_ends[(uint8_t)*p] & ENDS_PATH))
        p++;
    *path = (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = {start, (uint32_t)(p - start)}};
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

    for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        const struct seuil_str *s = (const void *)((const char *)event + ids[i].at);

        *ret_field = ids[i].name;
        if (s->len == 0 && i < 2)
            return SEUIL_ERR_MISSING;
        if (s->len > SEUIL_ID_MAX)
            return SEUIL_ERR_LIMIT;
    }
    *ret_field = "";
    return 0;
}
