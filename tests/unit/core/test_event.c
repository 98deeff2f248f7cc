#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "core/event.h"

static struct seuil_event with_url(const char *url)
{
    struct seuil_event event = {.kind = SEUIL_KIND_PAGE_VIEW};

    event.field[SEUIL_FIELD_URL] =
        (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = seuil_str_from(url)};
    seuil_event_derive(&event);
    return event;
}

static void check(const char *url, const char *host, const char *path)
{
    struct seuil_event event = with_url(url);
    const struct seuil_value *h = &event.field[SEUIL_FIELD_HOST];
    const struct seuil_value *p = &event.field[SEUIL_FIELD_PATH];

    cr_assert_eq(p->type, SEUIL_TYPE_STRING);
    cr_assert(seuil_str_eq(p->s, seuil_str_from(path)), "path of %s", url);
    if (host)
        cr_assert(seuil_str_eq(h->s, seuil_str_from(host)), "host of %s", url);
    else
        cr_assert_eq(h->type, SEUIL_TYPE_NULL, "host of %s", url);
}

Test(event, derives_host_and_path_from_a_url)
{
    check("https://www.exemple.fr/tarifs?x=1#y", "www.exemple.fr", "/tarifs");
    check("https://www.exemple.fr", "www.exemple.fr", "/");
    check("https://www.exemple.fr?x", "www.exemple.fr", "/");
    check("http://exemple.fr:8080/a/b", "exemple.fr", "/a/b");
    check("https://user:secret@exemple.fr/a", "exemple.fr", "/a");
    check("http://[::1]:8080/a", "[::1]:8080", "/a");
    check("exemple.fr/a", "exemple.fr", "/a");
    check("/tarifs?x", NULL, "/tarifs");
    check("exemple.fr/a?u=http://autre.fr/b", "exemple.fr", "/a");
    check("https://exemple.fr#a@b:c/d", "exemple.fr", "/");
    check("https://a:b@c:d@e:1/f", "e", "/f");
    check("https://exemple.fr/a:b@c/d", "exemple.fr", "/a:b@c/d");
}

Test(event, has_no_host_nor_path_without_a_url)
{
    struct seuil_event event = with_url("");

    cr_assert_eq(event.field[SEUIL_FIELD_HOST].type, SEUIL_TYPE_NULL);
    cr_assert_eq(event.field[SEUIL_FIELD_PATH].type, SEUIL_TYPE_NULL);
}

Test(event, names_kinds_and_fields_both_ways)
{
    for (int kind = 0; kind < SEUIL_KINDS; kind++)
        cr_assert_eq(seuil_kind_find(seuil_str_from(seuil_kind_name((enum seuil_kind)kind))), kind);
    for (int field = 0; field < SEUIL_FIELD_COUNT; field++)
        cr_assert_eq(seuil_field_find(seuil_str_from(seuil_field_name((enum seuil_field)field))),
                     field);
    cr_assert_eq(seuil_kind_find(SEUIL_STR("tick")), -1, "a tick cannot be received");
    cr_assert_eq(seuil_field_find(SEUIL_STR("colour")), -1);
    cr_assert(seuil_field_of_kind(SEUIL_FIELD_PATH, SEUIL_KIND_PAGE_VIEW));
    cr_assert_not(seuil_field_of_kind(SEUIL_FIELD_PATH, SEUIL_KIND_FORM));
}

Test(event, is_refused_without_id_or_lead_and_with_too_long_ones)
{
    char big[SEUIL_ID_MAX + 1];
    struct seuil_event event = {.kind = SEUIL_KIND_FORM, .lead = SEUIL_STR("L")};
    const char *field;

    cr_assert_eq(seuil_event_check(&event, &field), SEUIL_ERR_MISSING);
    cr_assert_str_eq(field, "id");
    event.id = SEUIL_STR("e");
    cr_assert_eq(seuil_event_check(&event, &field), 0);
    memset(big, 'x', sizeof(big));
    event.lead = (struct seuil_str){big, sizeof(big)};
    cr_assert_eq(seuil_event_check(&event, &field), SEUIL_ERR_LIMIT);
    cr_assert_str_eq(field, "lead");
    event.lead.len--;
    cr_assert_eq(seuil_event_check(&event, &field), 0);
}

/* A url's parts as they are found byte by byte. */
static void slowly(struct seuil_str url, struct seuil_str *ret_host, struct seuil_str *ret_path)
{
    const char *p = url.ptr, *end = p + url.len, *start, *colon = NULL;

    for (const char *q = p; q < end && !strchr("/?#@", *q); q++)
        if (*q == ':' && end - q >= 3 && q[1] == '/' && q[2] == '/') {
            p = q + 3;
            break;
        } else if (*q == ':') {
            break;
        }
    for (start = p; p < end && *p != '/' && *p != '?' && *p != '#'; p++) {
        if (*p == '@') {
            start = p + 1;
            colon = NULL;
        }
        if (*p == ':' && !colon)
            colon = p;
    }
    *ret_host = (struct seuil_str){
        start, (uint32_t)((colon && start < p && *start != '[' ? colon : p) - start)};
    start = p;
    while (p < end && *p != '?' && *p != '#')
        p++;
    *ret_path = p > start ? (struct seuil_str){start, (uint32_t)(p - start)} : SEUIL_STR("/");
}

Test(event, parts_of_any_url_are_what_a_walk_byte_by_byte_finds)
{
    static const char letters[] = "aaaaaaaaaaa:::///??#@@[]";
    uint64_t state = 7;

    for (int n = 0; n < 200000; n++) {
        uint32_t len;
        struct seuil_event event;
        struct seuil_str host, path;
        char *text;

        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        len = 1 + (uint32_t)(state >> 33) % 50;
        text = malloc(len); /* so that a byte too far is seen */
        for (uint32_t i = 0; i < len; i++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            text[i] = letters[(state >> 33) % (sizeof(letters) - 1)];
        }
        if (text[0] == '/')
            text[0] = 'x';
        if (n % 2 && len > 8)
            memcpy(text, "https://", 8);
        event.field[SEUIL_FIELD_URL] =
            (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = {text, len}};
        seuil_event_derive(&event);
        slowly((struct seuil_str){text, len}, &host, &path);
        cr_assert(seuil_str_eq(event.field[SEUIL_FIELD_HOST].s, host), "%.*s", (int)len, text);
        cr_assert(seuil_str_eq(event.field[SEUIL_FIELD_PATH].s, path), "%.*s", (int)len, text);
        free(text);
    }
}
