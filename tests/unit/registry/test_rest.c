/* The REST client with a transport that gives the faults no server gives on demand. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "registry/registry.h"

struct fake {
    struct seuil_http http;
    int rows;
    struct {
        const char *url; /* prefix */
        int status;      /* 0: no answer */
        const char *body;
    } row[16];
    char asked[2048]; /* the URLs, each with a space behind it */
    char sent[512];   /* the last body */
};

static int fake_ask(struct seuil_http *http, const char *url, const char *body, size_t body_len,
                    struct seuil_http_answer *ret_answer, struct seuil_error *err)
{
    struct fake *fake = (struct fake *)http;

    snprintf(fake->asked + strlen(fake->asked), sizeof(fake->asked) - strlen(fake->asked), "%s ",
             url);
    if (body)
        snprintf(fake->sent, sizeof(fake->sent), "%.*s", (int)body_len, body);
    seuil_buf_clear(&ret_answer->body);
    for (int i = 0; i < fake->rows; i++) {
        if (strncmp(url, fake->row[i].url, strlen(fake->row[i].url)) != 0)
            continue;
        if (fake->row[i].status == 0)
            break;
        ret_answer->status = fake->row[i].status;
        if (seuil_buf_add_text(&ret_answer->body, fake->row[i].body))
            break;
        return 0;
    }
    return seuil_error_set(err, SEUIL_ERR_BACKOFF, "no answer");
}

static void fake_free(struct seuil_http *http)
{
    free(http);
}

static struct fake *fake_new(void)
{
    struct fake *fake = calloc(1, sizeof(*fake));

    fake->http = (struct seuil_http){fake_ask, fake_free};
    return fake;
}

static void answer(struct fake *fake, const char *url, int status, const char *body)
{
    fake->row[fake->rows].url = url;
    fake->row[fake->rows].status = status;
    fake->row[fake->rows++].body = body;
}

static struct seuil_registry *open_registry(const char *urls, struct fake *fake)
{
    struct seuil_error err;
    struct seuil_registry *registry = seuil_registry_new(urls, &fake->http, &err);

    cr_assert_not_null(registry, "%s", err.text);
    return registry;
}

static struct seuil_buf text;
static struct seuil_error err;

static int ask(struct seuil_registry *registry, uint8_t kind, uint64_t n)
{
    struct seuil_schema_ref ref = {kind, 0, n};
    int rc = seuil_registry_schema(registry, &ref, &text, &err);

    if (!rc)
        seuil_buf_add_byte(&text, 0);
    return rc;
}

static void finish(struct seuil_registry *registry)
{
    seuil_registry_free(registry);
    seuil_buf_done(&text);
}

Test(rest, what_each_answer_means)
{
    static const struct {
        int status;
        const char *body;
        int code;
        const char *says;
    } rows[] = {
        {200, "{\"schema\":\"\\\"string\\\"\"}", 0, ""},
        {200, "{\"schema\":\"\\\"string\\\"\",\"schemaType\":\"AVRO\",\"id\":7}", 0, ""},
        {200, "{\"schema\":\"syntax = proto3;\",\"schemaType\":\"PROTOBUF\"}",
         SEUIL_ERR_UNSUPPORTED, "PROTOBUF"},
        {200, "<html>welcome</html>", SEUIL_ERR_BACKOFF, "no JSON"},
        {200, "", SEUIL_ERR_BACKOFF, "no JSON"},
        {200, "{\"schema\":7}", SEUIL_ERR_BACKOFF, "no `schema`"},
        {200, "{\"status\":\"starting\"}", SEUIL_ERR_BACKOFF, "no `schema`"},
        {200, "{\"schema\":\"x\",\"references\":[{\"name\":\"a\"}]}", SEUIL_ERR_FORMAT,
         "no name, subject and version"},
        {404, "{\"error_code\":40403,\"message\":\"Schema 7 not found\"}", SEUIL_ERR_MISSING,
         "Schema 7 not found"},
        {404, "{\"error_code\":404,\"message\":\"HTTP 404 Not Found\"}", SEUIL_ERR_BACKOFF,
         "path of registry.url"},
        {404, "<html>nginx</html>", SEUIL_ERR_BACKOFF, "path of registry.url"},
        {401, "{\"error_code\":401,\"message\":\"Unauthorized\"}", SEUIL_ERR_BACKOFF,
         "registry.user"},
        {403, "", SEUIL_ERR_BACKOFF, "registry.token"},
        {429, "{\"message\":\"slowly\"}", SEUIL_ERR_BACKOFF, "slowly"},
        {500, "{\"error_code\":50001,\"message\":\"store \\u00e9\\u0007\"}", SEUIL_ERR_BACKOFF,
         "status 500: store \xc3\xa9"},
        {503, "line\nother", SEUIL_ERR_BACKOFF, "503: line"},
        {301, "", SEUIL_ERR_BACKOFF, "status 301"},
        {0, "", SEUIL_ERR_BACKOFF, "no answer"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fake *fake = fake_new();
        struct seuil_registry *registry = open_registry("http://a/", fake);
        int rc;

        answer(fake, "http://a/schemas/ids/7", rows[i].status, rows[i].body);
        err.text[0] = '\0';
        rc = ask(registry, SEUIL_REF_ID, 7);
        cr_expect_eq(rc, rows[i].code, "%d %s: %d %s", rows[i].status, rows[i].body, rc, err.text);
        cr_expect(strstr(err.text, rows[i].says), "\"%s\" does not say \"%s\"", err.text,
                  rows[i].says);
        finish(registry);
    }
}

Test(rest, servers_are_asked_in_turn_from_the_one_that_answered_last)
{
    struct fake *fake = fake_new();
    struct seuil_registry *registry = open_registry("http://a,http://b/,,https://c/base//", fake);

    answer(fake, "http://a", 0, "");
    answer(fake, "http://b", 503, "");
    answer(fake, "https://c/base/schemas", 200, "{\"schema\":\"\\\"int\\\"\"}");
    cr_assert_eq(ask(registry, SEUIL_REF_ID, 4294967295), 0);
    cr_assert_str_eq((char *)text.ptr, "\"int\"");
    cr_assert_str_eq(fake->asked, "http://a/schemas/ids/4294967295 http://b/schemas/ids/4294967295 "
                                  "https://c/base/schemas/ids/4294967295 ");
    fake->asked[0] = '\0';
    cr_assert_eq(ask(registry, SEUIL_REF_ID, 2), 0);
    cr_assert_str_eq(fake->asked, "https://c/base/schemas/ids/2 ");
    /* Who does not know it is not asked first the next time. */
    fake->row[2].status = 404;
    fake->row[2].body = "{\"error_code\":40403}";
    fake->asked[0] = '\0';
    cr_assert_eq(ask(registry, SEUIL_REF_ID, 3), SEUIL_ERR_MISSING);
    cr_assert_eq(ask(registry, SEUIL_REF_ID, 3), SEUIL_ERR_MISSING);
    cr_assert_str_eq(fake->asked, "https://c/base/schemas/ids/3 http://a/schemas/ids/3 "
                                  "http://b/schemas/ids/3 https://c/base/schemas/ids/3 ");
    finish(registry);
}

Test(rest, references_that_go_round_or_on_for_ever_come_to_an_end)
{
    struct fake *fake = fake_new();
    struct seuil_registry *registry = open_registry("http://a", fake);

    answer(fake, "http://a/schemas/ids/1", 200,
           "{\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"A\\\",\\\"fields\\\":[{"
           "\\\"name\\\":\\\"b\\\",\\\"type\\\":\\\"B\\\"}]}\",\"references\":[{\"name\":\"B\","
           "\"subject\":\"b\",\"version\":1}]}");
    answer(fake, "http://a/subjects/b/", 200,
           "{\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"B\\\",\\\"fields\\\":[{"
           "\\\"name\\\":\\\"a\\\",\\\"type\\\":[\\\"null\\\",\\\"B\\\"]}]}\",\"references\":[{"
           "\"name\":\"B\",\"subject\":\"b\",\"version\":1}]}");
    cr_assert_eq(ask(registry, SEUIL_REF_ID, 1), 0, "%s", err.text);
    cr_assert_str_eq((char *)text.ptr,
                     "{\"type\":\"record\",\"name\":\"A\",\"fields\":[{\"name\":\"b\",\"type\":{"
                     "\"type\":\"record\",\"name\":\"B\",\"fields\":[{\"name\":\"a\",\"type\":["
                     "\"null\",\"B\"]}],\"namespace\":\"\"}}]}");
    /* What is referred to and not there is no word that the schema is not there. */
    fake->row[1].status = 404;
    fake->row[1].body = "{\"error_code\":40401}";
    cr_assert_eq(ask(registry, SEUIL_REF_ID, 1), SEUIL_ERR_BACKOFF);
    finish(registry);
}

Test(rest, apicurio_is_asked_by_its_own_paths_and_fingerprints_not_at_all)
{
    struct fake *fake = fake_new();
    struct seuil_registry *registry = open_registry("http://a/apis/registry/v3", fake);

    answer(fake, "http://a/apis/registry/v3/ids/globalIds/5", 200, "\"long\"");
    answer(fake, "http://a/apis/registry/v3/ids/contentIds/5", 404,
           "{\"status\":404,\"name\":\"ContentNotFoundException\",\"title\":\"No content\"}");
    cr_assert_eq(ask(registry, SEUIL_REF_GLOBAL_ID, 5), 0);
    cr_assert_str_eq((char *)text.ptr, "\"long\"");
    cr_assert_eq(ask(registry, SEUIL_REF_CONTENT_ID, 5), SEUIL_ERR_MISSING);
    cr_assert(strstr(err.text, "No content"), "%s", err.text);
    fake->row[0].body = "<html>sign in</html>";
    cr_assert_eq(ask(registry, SEUIL_REF_GLOBAL_ID, 5), SEUIL_ERR_BACKOFF, "a page of a proxy");
    cr_assert_eq(ask(registry, SEUIL_REF_FINGERPRINT, 5), SEUIL_ERR_UNSUPPORTED);
    finish(registry);
}

Test(rest, a_schema_is_looked_up_before_it_is_registered)
{
    struct fake *fake = fake_new();
    struct seuil_registry *registry = open_registry("http://a", fake);
    struct seuil_str schema = SEUIL_STR("{\"type\": \"string\"}");
    uint32_t id = 0;

    answer(fake, "http://a/subjects/t%2Fx-value/versions", 200, "{\"id\":12}");
    answer(fake, "http://a/subjects/t%2Fx-value", 404, "{\"error_code\":40401}");
    cr_assert_eq(seuil_registry_register(registry, "t/x-value", schema, &id, &err), 0);
    cr_assert_eq(id, 12);
    cr_assert_str_eq(fake->sent, "{\"schema\":\"{\\\"type\\\": \\\"string\\\"}\"}");
    cr_assert_str_eq(fake->asked,
                     "http://a/subjects/t%2Fx-value http://a/subjects/t%2Fx-value/versions ");
    fake->row[0].status = 409;
    fake->row[0].body = "{\"error_code\":409,\"message\":\"READER_FIELD_MISSING_DEFAULT_VALUE\"}";
    cr_assert_eq(seuil_registry_register(registry, "t/x-value", schema, &id, &err),
                 SEUIL_ERR_INVALID);
    cr_assert(strstr(err.text, "READER_FIELD_MISSING_DEFAULT_VALUE"), "%s", err.text);
    fake->row[0].status = 200;
    fake->row[0].body = "{\"id\":\"12\"}";
    cr_assert_eq(seuil_registry_register(registry, "t/x-value", schema, &id, &err),
                 SEUIL_ERR_BACKOFF);
    finish(registry);
}

Test(rest, memory_that_runs_out_is_an_error_and_nothing_leaks)
{
    for (int n = 0; n < 40; n++) {
        struct fake *fake = fake_new();
        struct seuil_registry *registry;

        answer(fake, "http://a/schemas", 200, "{\"schema\":\"\\\"int\\\"\"}");
        seuil_heap_fail_after(n);
        registry = seuil_registry_new("http://a", &fake->http, &err);
        if (registry) {
            struct seuil_schema_ref ref = {SEUIL_REF_ID, 0, 7};
            int rc = seuil_registry_schema(registry, &ref, &text, &err);

            cr_expect(rc == 0 || rc == SEUIL_ERR_NOMEM || rc == SEUIL_ERR_BACKOFF, "%d", rc);
        }
        seuil_heap_fail_after(-1);
        seuil_registry_free(registry);
        seuil_buf_done(&text);
    }
}
