/* The language: what each part of a map makes of a record. */

#include <criterion/criterion.h>

#include "support/mapping.h"

/* A page view whose url is made by @expression; the rest is fixed. */
#define URL(expression)                                                                            \
    "all: {id: id, time: t | time(ms)}\nevents:\n- kind: page_view\n  url: " expression "\n"
#define HEAD                                                                                       \
    "{\"type\":\"page_view\",\"id\":\"e\",\"lead\":\"K1\",\"time\":\"1970-01-01T00:00:00.001Z\""

static void gives(const char *map, const char *record, const char *expected)
{
    struct mapping m = mapping_of(map, strlen(map));
    const char *got;

    cr_assert_not_null(m.map, "%s", m.errs.count ? m.errs.list[0].text : "no map");
    got = mapping_text(&m, record);
    cr_assert_str_eq(got, expected, "\n got %s\nwant %s", got, expected);
    mapping_done(&m);
}

static void url(const char *map, const char *record, const char *expected)
{
    char whole[4096], line[4096];

    snprintf(whole, sizeof(whole), "{\"id\":\"e\",\"t\":1,%s}", record);
    if (expected)
        snprintf(line, sizeof(line), HEAD ",\"url\":\"%s\"}", expected);
    else
        snprintf(line, sizeof(line), HEAD "}");
    gives(map, whole, line);
}

Test(map, a_path_leads_into_objects_and_lists)
{
    url(URL("a.b"), "\"a\":{\"b\":\"x\"}", "x");
    url(URL("a[1].b"), "\"a\":[{\"b\":\"x\"},{\"b\":\"y\"}]", "y");
    url(URL("a[-1]"), "\"a\":[\"x\",\"y\",\"z\"]", "z");
    url(URL("a[7]"), "\"a\":[\"x\"]", NULL);
    url(URL("a[key=u].v.s"),
        "\"a\":[{\"key\":\"t\",\"v\":{\"s\":1}},{\"key\":\"u\",\"v\":{\"s\":\"x\"}}]", "x");
    url(URL("c[schema~client].d"),
        "\"c\":[{\"schema\":\"web\",\"d\":1},{\"schema\":\"a/client/1\",\"d\":\"x\"}]", "x");
    url(URL("'\"a.b\".c'"), "\"a.b\":{\"c\":\"x\"}", "x");
    url(URL("event-data.$x"), "\"event-data\":{\"$x\":\"y\"}", "y");
    url(URL("a.b.c"), "\"a\":{\"b\":\"x\"}", NULL);
}

Test(map, a_list_is_the_first_that_is_there)
{
    url(URL("[a, b, =c]"), "\"a\":\"x\",\"b\":\"y\"", "x");
    url(URL("[a, b, =c]"), "\"a\":null,\"b\":\"y\"", "y");
    url(URL("[a, b, =c]"), "\"a\":\"\"", "c");
    url(URL("[client_id, clientId]"), "\"clientId\":\"7\"", "7");
}

Test(map, a_constant_may_hold_what_a_path_may_not)
{
    url(URL("'=a, b | lower'"), "\"a\":1", "a, b");
    url(URL("'=\"A | B\" | lower'"), "\"a\":1", "a | b");
}

Test(map, steps_change_text)
{
    url(URL("a | trim"), "\"a\":\"  x y\\t\"", "x y");
    url(URL("a | trim('<>')"), "\"a\":\"<x@y>\"", "x@y");
    url(URL("a | lower"), "\"a\":\"\\u00c9T\\u00c9 \\u0130\"", "été i");
    url(URL("a | fold"), "\"a\":\"Stra\\u00dfe\"", "strasse");
    url(URL("a | nfc"), "\"a\":\"e\\u0301\"", "é");
    url(URL("a | before('.') | after('-')"), "\"a\":\"x-y.z\"", "y");
    url(URL("a | after('?')"), "\"a\":\"x\"", NULL);
    url(URL("a | default(none)"), "\"b\":1", "none");
    url(URL("a | regex('id=(\\d+)')"), "\"a\":\"?id=42&x\"", "42");
    url(URL("a | regex('([a-z]+)-([a-z]+)', 2)"), "\"a\":\"ab-cd\"", "cd");
    url(URL("a | regex('\\d+', 0)"), "\"a\":\"ab12\"", "12");
    url(URL("a | regex('(z)?x')"), "\"a\":\"x\"", NULL);
    url(URL("a | text"), "\"a\":12.50", "12.50");
    url(URL("a | times(1000)"), "\"a\":1.5", "1500");
}

Test(map, steps_take_urls_apart)
{
    url(URL("a | url_host"), "\"a\":\"https://u:p@WWW.Example.com:8443/a?b#c\"", "www.example.com");
    url(URL("a | url_path"), "\"a\":\"https://example.com?b\"", "/");
    url(URL("a | url_path"), "\"a\":\"/tarifs?b\"", "/tarifs");
    url(URL("a | url_query(utm_source)"), "\"a\":\"https://e.org/?x=1&utm_source=b%C3%A9+c\"",
        "bé c");
    url(URL("a | url_query(none)"), "\"a\":\"https://e.org/?x=1\"", NULL);
    url(URL("a | url_query(x)"), "\"a\":\"https://e.org/?x=%ff\"", NULL);
    url(URL("a | url_normal"), "\"a\":\"HTTPS://Example.COM:443/a/../b%7e?q=%c3#f\"",
        "https://example.com/b~?q=%C3");
    url(URL("a | url_host"), "\"a\":\"mailto:x@y.z\"", NULL);
}

Test(map, steps_know_addresses_and_domains)
{
    url(URL("a | email"), "\"a\":\" Marie@Example.COM \"", "marie@example.com");
    url(URL("a | email"), "\"a\":\"nobody\"", NULL);
    url(URL("a | email_domain"), "\"a\":\"x@Mail.Example.co.uk\"", "mail.example.co.uk");
    url(URL("a | company_domain"), "\"a\":\"x@Mail.Example.co.uk\"", "example.co.uk");
    url(URL("a | company_domain"), "\"a\":\"https://shop.example.fr/x\"", "example.fr");
    url(URL("a | company_domain"), "\"a\":\"192.168.1.2\"", NULL);
    url(URL("a | company_domain"), "\"a\":\"co.uk\"", NULL);
    url(URL("a | free_mail | text"), "\"a\":\"x@gmail.com\"", "true");
    url(URL("a | free_mail | text"), "\"a\":\"x@example.fr\"", "false");
    url(URL("a | free_mail | text"), "\"a\":\"no address\"", NULL);
}

Test(map, a_keyed_hash_is_that_of_RFC_2104_over_the_trimmed_and_lowered_address)
{
    /* hmac.new(b"a secret of tests", b"marie@example.com", "sha256").hexdigest() */
    url(URL("a | hmac"), "\"a\":\"  Marie@Example.com\"",
        "cfcdcdedf29e83d593a2b585bbcccffede9f2decbec04be19b0b07e81fc6ea02");
}

#define TIME(expression, zone)                                                                     \
    zone "all: {id: =e}\nevents:\n- kind: page_view\n  time: " expression "\n"

static void timed(const char *map, const char *value, const char *expected)
{
    char record[300], line[400];

    snprintf(record, sizeof(record), "{\"t\":%s}", value);
    snprintf(line, sizeof(line),
             "{\"type\":\"page_view\",\"id\":\"e\",\"lead\":\"K1\",\"time\":\"%s\"}", expected);
    gives(map, record, line);
}

Test(map, times_come_in_units_and_as_text)
{
    timed(TIME("t | time(ms)", ""), "1767261600123", "2026-01-01T10:00:00.123Z");
    timed(TIME("t", ""), "1767261600123", "2026-01-01T10:00:00.123Z");
    timed(TIME("t | time(s)", ""), "1767261600", "2026-01-01T10:00:00.000Z");
    timed(TIME("t | time(s)", ""), "\"1767261600.1239\"", "2026-01-01T10:00:00.123Z");
    timed(TIME("t | time(s)", ""), "1767261600.123", "2026-01-01T10:00:00.123Z");
    timed(TIME("t | time(s)", ""), "1.7672616e9", "2026-01-01T10:00:00.000Z");
    timed(TIME("t | time(us)", ""), "1767261600123999", "2026-01-01T10:00:00.123Z");
    timed(TIME("t | time(ns)", ""), "1767261600123999999", "2026-01-01T10:00:00.123Z");
    timed(TIME("t | time", ""), "\"2026-01-01T11:00:00.1234567+01:00\"",
          "2026-01-01T10:00:00.123Z");
    timed(TIME("t", ""), "\"2026-01-01 10:00:00 UTC\"", "2026-01-01T10:00:00.000Z");
    timed(TIME("t", ""), "\"2026-01-01T11:00:00+0100\"", "2026-01-01T10:00:00.000Z");
    timed(TIME("t", ""), "\"2026-01-01 11:00:00.25+01\"", "2026-01-01T10:00:00.250Z");
    timed(TIME("t | time", ""), "\"2026-01-01T07:00:00-03\"", "2026-01-01T10:00:00.000Z");
    timed(TIME("t | time(s)", ""), "-0.5", "1969-12-31T23:59:59.500Z");
}

Test(map, a_time_without_zone_needs_one)
{
    timed(TIME("t | time", "zone: Europe/Paris\n"), "\"2026-01-01 11:00:00\"",
          "2026-01-01T10:00:00.000Z");
    timed(TIME("t | time(text, America/New_York)", ""), "\"2026-07-01T06:00\"",
          "2026-07-01T10:00:00.000Z");
    timed(TIME("t | time", "zone: Europe/Paris\n"), "\"2026-07-01\"", "2026-06-30T22:00:00.000Z");
    /* Left out by the change of clocks, and there twice. */
    timed(TIME("t | time", "zone: Europe/Paris\n"), "\"2026-03-29 02:30:00\"",
          "2026-03-29T01:30:00.000Z");
    timed(TIME("t | time", "zone: Europe/Paris\n"), "\"2026-10-25 02:30:00\"",
          "2026-10-25T00:30:00.000Z");
    gives(
        TIME("t | time", ""), "{\"t\":\"2026-01-01 11:00:00\"}",
        "error -5 map of test, events[0] (page_view), field `time`: a time has no zone: set zone: "
        "in the map, as zone: Europe/Paris, not \"2026-01-01 11:00:00\"");
}
