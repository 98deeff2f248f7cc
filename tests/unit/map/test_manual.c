/* The examples of seuil-mapping(5) load and do what the page says, and it tells every step and
 * every preset. */

#include <criterion/criterion.h>
#include <dirent.h>

#include "support/decoding.h"
#include "support/mapping.h"

/* The @n-th block of the page, as YAML. */
static char *block(unsigned n)
{
    char *page = decoding_file("deploy/man/seuil-mapping.5"), *at = page, *end, *out, *to;

    for (unsigned i = 0; i <= n; i++) {
        at = strstr(at, "\n.EX\n");
        cr_assert_not_null(at, "the page has no block %u", n);
        at += 5;
    }
    end = strstr(at, ".EE\n");
    cr_assert_not_null(end);
    out = to = seuil_heap_zalloc(1, (size_t)(end - at) + 1);
    while (at < end) { /* groff's escapes: only \- and \e are used */
        if (at[0] == '\\' && (at[1] == '-' || at[1] == 'e')) {
            *to++ = at[1] == 'e' ? '\\' : '-';
            at += 2;
        } else {
            *to++ = *at++;
        }
    }
    seuil_heap_free(page);
    return out;
}

static void example(unsigned n, const char *record, const char *expected)
{
    char *text = block(n);
    struct mapping m = mapping_of(text, strlen(text));
    const char *got;

    cr_assert_not_null(m.map, "block %u, line %d: %s", n, m.errs.list[0].line, m.errs.list[0].text);
    got = mapping_text(&m, record);
    cr_assert_str_eq(got, expected, "block %u\n got %s\nwant %s", n, got, expected);
    mapping_done(&m);
    seuil_heap_free(text);
}

Test(manual, the_first_example_does_what_it_says)
{
    example(0,
            "{\"type\":\"page\",\"messageId\":\"m\",\"timestamp\":\"2026-01-01T10:00:00Z\","
            "\"context\":{\"page\":{\"url\":\"https://e.org/?utm_source=x\",\"referrer\":\"\"}}}",
            "{\"type\":\"page_view\",\"id\":\"m\",\"lead\":\"K1\",\"time\":\"2026-01-01T10:00:00."
            "000Z\",\"url\":\"https://e.org/?utm_source=x\",\"utm_source\":\"x\"}");
    example(
        0,
        "{\"type\":\"track\",\"event\":\"Demo Requested\",\"messageId\":\"m\",\"timestamp\":"
        "\"2026-01-01T10:00:00Z\",\"properties\":{\"size\":12,\"password\":\"x\"}}",
        "{\"type\":\"form\",\"id\":\"m\",\"lead\":\"K1\",\"time\":\"2026-01-01T10:00:00.000Z\","
        "\"action\":\"submitted\",\"form_id\":\"Demo Requested\",\"fields\":{\"size\":\"12\"}}");
    example(0, "{\"type\":\"alias\",\"messageId\":\"m\"}", "filtered identity");
}

Test(manual, a_list_of_webhook_events)
{
    example(1,
            "[{\"event\":\"proxy_open\",\"message-id\":\"<a@b>\",\"ts_epoch\":1767261600000},"
            "{\"event\":\"sent\"}]",
            "{\"type\":\"email\",\"id\":\"85f2e19d6056786412e7520c468b96d1\",\"lead\":\"K1\","
            "\"time\":\"2026-01-01T10:00:00.000Z\",\"action\":\"opened\",\"message_id\":\"a@b\","
            "\"machine\":true}");
}

Test(manual, JSON_within_a_text)
{
    example(
        2,
        "{\"MessageId\":\"1\",\"Message\":\"{\\\"eventType\\\":\\\"Delivery\\\",\\\"mail\\\":{"
        "\\\"timestamp\\\":\\\"2026-01-01T10:00:00.000Z\\\"},\\\"delivery\\\":{\\\"recipients\\\":"
        "[\\\"A@x.org\\\",\\\"b@x.org\\\"]}}\"}",
        "{\"type\":\"email\",\"id\":\"a5ebbe9696809456943c3ba494ecf32c\",\"lead\":\"a@x.org\","
        "\"time\":\"2026-01-01T10:00:00."
        "000Z\",\"action\":\"delivered\"}\n"
        "{\"type\":\"email\",\"id\":\"747636dc863c16ec5a6ccb6de7050b31\",\"lead\":\"b@x.org\","
        "\"time\":\"2026-01-01T10:00:00."
        "000Z\",\"action\":\"delivered\"}");
}

Test(manual, columns_and_parameters)
{
    example(3, "2026-01-01 11:00:00\tv1\thttps://E.org/tarifs#x\n",
            "{\"type\":\"page_view\",\"id\":\"03d4fc3a4ebc22abe8c1507de847a8ed\",\"lead\":\"v1\","
            "\"time\":\"2026-01-01T10:00:00."
            "000Z\",\"url\":\"https://e.org/tarifs\"}");
    example(4,
            "{\"event_name\":\"page_view\",\"user_pseudo_id\":\"u\",\"event_timestamp\":"
            "1767261600000001,\"event_params\":[{\"key\":\"engaged_s\",\"value\":{\"double_value\":"
            "1.5}},{\"key\":\"page_location\",\"value\":{\"string_value\":\"https://e.org/\"}}]}",
            "{\"type\":\"page_view\",\"id\":\"67b3f4cc15b4830b618ec7bf879db479\",\"lead\":\"u\","
            "\"time\":\"2026-01-01T10:00:00."
            "000Z\",\"url\":\"https://e.org/\",\"duration_ms\":1500}");
}

Test(manual, it_tells_every_step)
{
    static const char *const steps[] = {
#define STEP(NAME, text, ...) text,
#include "map/steps.def"
#undef STEP
    };
    char *page = decoding_file("deploy/man/seuil-mapping.5");
    const char *from = strstr(page, ".SS Steps"), *to = strstr(page, ".SH CONDITIONS");

    cr_assert(from && to);
    for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        bool told = false;

        for (const char *line = from; line < to && !told; line = strchr(line, '\n') + 1)
            if (strncmp(line, ".B ", 3) == 0) {
                char words[200];

                snprintf(words, sizeof(words), "%.*s", (int)strcspn(line, "\n"), line);
                for (char *at = words, *word; (word = strsep(&at, " ,"));)
                    told |= strcmp(word, steps[i]) == 0;
            }
        cr_expect(told, "the page does not tell %s", steps[i]);
    }
    seuil_heap_free(page);
}

Test(manual, the_page_lists_the_presets_that_there_are)
{
    char *page = decoding_file("deploy/man/seuil-mapping.5"), *list = strstr(page, ".SH PRESETS\n");
    DIR *dir = opendir(SEUIL_SOURCE_DIR "/config/presets");
    struct dirent *entry;
    unsigned files = 0, names = 0;

    cr_assert(list && dir);
    *strstr(list, ".SH EXAMPLES\n") = '\0';
    for (char *at = list; (at = strstr(at, ".TP\n")); at += 4)
        names++;
    while ((entry = readdir(dir))) {
        char name[600] = "\n.B ", *to = name + strlen(name);

        if (!strstr(entry->d_name, ".yaml"))
            continue;
        for (const char *c = entry->d_name; *c != '.'; c++) {
            if (*c == '-')
                *to++ = '\\';
            *to++ = *c;
        }
        memcpy(to, "\n", 2);
        cr_assert(strstr(list, name), "the page does not list %s", entry->d_name);
        files++;
    }
    cr_assert_eq(names, files, "%u names for %u presets", names, files);
    closedir(dir);
    seuil_heap_free(page);
}
