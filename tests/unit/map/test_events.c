/* Which events a record gives: variants, conditions, lists, entries, ids. */

#include <criterion/criterion.h>

#include "codec/origin.h"
#include "support/mapped.h"

#define TIMED          "\"time\":\"1970-01-01T00:00:00.001Z\""
#define VIEW(id, rest) "{\"type\":\"page_view\",\"id\":\"" id "\",\"lead\":\"K1\"," TIMED rest "}"

static void gives(const char *map, const char *record, const char *expected)
{
    struct mapping m = mapping_of(map, strlen(map));
    const char *got;

    cr_assert_not_null(m.map, "%s", m.errs.count ? m.errs.list[0].text : "no map");
    got = mapping_text(&m, record);
    cr_assert_str_eq(got, expected, "\n got %s\nwant %s", got, expected);
    mapping_done(&m);
}

/* Whether @condition holds of @record. */
static void holds(const char *condition, const char *record, bool expected)
{
    char map[1000];

    snprintf(map, sizeof(map),
             "all: {id: =e, time: '=1 | time(ms)'}\nevents:\n- when: %s\n  kind: page_view\n- "
             "drop: no\n",
             condition);
    gives(map, record, expected ? VIEW("e", "") : "filtered no");
}

Test(events, conditions)
{
    holds("{a: x}", "{\"a\":\"x\"}", true);
    holds("{a: x}", "{\"a\":\"y\"}", false);
    holds("{a: x}", "{}", false);
    holds("{a: [x, y]}", "{\"a\":\"y\"}", true);
    holds("{a: x, b: y}", "{\"a\":\"x\",\"b\":\"z\"}", false);
    holds("[{a: x}, {b: y}]", "{\"b\":\"y\"}", true);
    holds("[{a: x}, {b: y}]", "{\"a\":\"y\",\"b\":\"x\"}", false);
    holds("{a: true}", "{\"a\":true}", true);
    holds("{a: 7}", "{\"a\":7}", true);
    holds("{a: null}", "{\"b\":7}", true);
    holds("{a: null}", "{\"a\":\"\"}", true);
    holds("{a: {present: true}}", "{\"a\":{\"b\":1}}", true);
    holds("{a: {present: false}}", "{\"a\":0}", false);
    holds("{a: {prefix: ab, suffix: yz}}", "{\"a\":\"abxyz\"}", true);
    holds("{a: {prefix: ab, suffix: yz}}", "{\"a\":\"abx\"}", false);
    holds("{a: {contains: bx}}", "{\"a\":\"abxy\"}", true);
    holds("{a: {regex: '^/p/\\d+$'}}", "{\"a\":\"/p/12\"}", true);
    holds("{a: {regex: '^/p/\\d+$'}}", "{\"a\":\"/p/x\"}", false);
    holds("{a: {min: 5, max: 7}}", "{\"a\":7}", true);
    holds("{a: {min: 5, max: 7}}", "{\"a\":\"7.5\"}", false);
    holds("{a: {min: 5}}", "{\"a\":\"many\"}", false);
    holds("{a: {not: [x, y]}}", "{\"a\":\"z\"}", true);
    holds("{a: {not: x}}", "{}", true);
    holds("{a: {not: {prefix: x}}}", "{\"a\":\"xy\"}", false);
    holds("{a | lower: x}", "{\"a\":\"X\"}", true);
    holds("{'a[0].b': x}", "{\"a\":[{\"b\":\"x\"}]}", true);
    holds("{a: {in: [x]}}", "{\"a\":\"x\"}", true);
}

Test(events, the_first_variant_that_holds_makes_the_event)
{
    const char *map = "all: {id: i, time: '=1 | time(ms)'}\n"
                      "events:\n"
                      "- when: {t: a}\n  kind: page_view\n  title: =first\n"
                      "- when: {t: [a, b]}\n  kind: page_view\n  title: =second\n"
                      "- when: {t: c}\n  drop: unwanted\n";

    gives(map, "{\"i\":\"1\",\"t\":\"a\"}", VIEW("1", ",\"title\":\"first\""));
    gives(map, "{\"i\":\"1\",\"t\":\"b\"}", VIEW("1", ",\"title\":\"second\""));
    gives(map, "{\"i\":\"1\",\"t\":\"c\"}", "filtered unwanted");
    gives(map, "{\"i\":\"1\",\"t\":\"d\"}", "filtered unmatched");
}

Test(events, what_is_left_out_is_counted_by_its_reason)
{
    const char *map = "all: {id: =e, time: '=1 | time(ms)'}\nevents:\n- when: {t: a}\n  drop: one\n"
                      "- when: {t: b}\n  kind: page_view\n  each: l\n";
    struct mapping m = mapping_of(map, strlen(map));
    static const uint64_t wanted[] = {2, 0, 1, 3}; /* one, (an event's), unmatched, no_items */
    const char *reason;
    uint64_t count;
    uint32_t n = 0;

    for (unsigned i = 0; i < 2; i++)
        mapping_text(&m, "{\"t\":\"a\"}");
    mapping_text(&m, "{}");
    for (unsigned i = 0; i < 3; i++)
        mapping_text(&m, "{\"t\":\"b\",\"l\":[]}");
    for (; seuil_map_dropped_for(m.map, n, &reason, &count); n++)
        cr_assert_eq(count, wanted[n], "%s: %llu", reason, (unsigned long long)count);
    cr_assert_eq(n, 4);
    mapping_done(&m);
}

/* What a map of an input's own and a preset make together. */
static void together(const char *own, const char *preset, const char *record, const char *expected)
{
    struct mapping m = mapping_with(own, preset, strlen(preset));
    const char *got;

    cr_assert_not_null(m.map, "%s", m.errs.count ? m.errs.list[0].text : "no map");
    got = mapping_text(&m, record);
    cr_assert_str_eq(got, expected, "\n got %s\nwant %s", got, expected);
    mapping_done(&m);
}

Test(events, where_leaves_items_out_before_an_event_is_chosen)
{
    const char *preset = "where: {site: '1'}\neach: list\nall: {id: i, time: '=1 | time(ms)'}\n"
                         "events: [{kind: page_view}]\n";

    gives(preset, "{\"list\":[{\"i\":\"a\",\"site\":1},{\"i\":\"b\",\"site\":2}]}", VIEW("a", ""));
    gives(preset, "{\"list\":[{\"i\":\"b\"}]}", "filtered where");
    /* both must hold */
    together("where: {user: {present: true}}", preset,
             "{\"list\":[{\"i\":\"a\",\"site\":1},{\"i\":\"b\",\"site\":2,\"user\":\"u\"},"
             "{\"i\":\"c\",\"site\":1,\"user\":\"u\"}]}",
             VIEW("c", ""));
}

Test(events, events_of_other_leads_may_be_left_out)
{
    const char *map = "others: drop\neach: list\nall: {id: i, lead: l, time: '=1 | time(ms)'}\n"
                      "events: [{kind: page_view}]\n";
    struct mapping m = mapping_of(map, strlen(map));
    const char *reason = NULL;
    uint64_t count = 0;

    gives(map, "{\"list\":[{\"i\":\"a\",\"l\":\"K2\"},{\"i\":\"b\",\"l\":\"K1\"}]}", VIEW("b", ""));
    gives(map, "{\"list\":[{\"i\":\"a\",\"l\":\"K2\"}]}", "filtered other_lead");
    gives(
        map, "{\"list\":[{\"i\":\"a\"}]}",
        "error -7 map of test, events[0] (page_view), field `lead`: the record has nothing for it");
    together("others: refuse", map, "{\"list\":[{\"i\":\"a\",\"l\":\"K2\"}]}",
             "{\"type\":\"page_view\",\"id\":\"a\",\"lead\":\"K2\"," TIMED "}");
    mapping_text(&m, "{\"list\":[{\"i\":\"a\",\"l\":\"K2\"},{\"i\":\"b\",\"l\":\"K3\"}]}");
    cr_assert_eq(seuil_map_dropped(m.scratch), 2);
    for (uint32_t i = 0; seuil_map_dropped_for(m.map, i, &reason, &count); i++)
        cr_assert_eq(count, strcmp(reason, "other_lead") == 0 ? 2 : 0, "%s", reason);
    cr_assert_str_eq(reason, "other_lead");
    mapping_done(&m);
}

Test(events, an_event_says_what_goes_before_all)
{
    gives("all: {id: =all, time: '=1 | time(ms)', title: =all, action: =left out}\n"
          "events: [{kind: page_view, id: =own}]",
          "{}", VIEW("own", ",\"title\":\"all\""));
}

Test(events, each_element_is_an_event)
{
    const char *map =
        "each: list\nall: {id: i, time: '=1 | time(ms)'}\nevents:\n- when: {i: {not: x}}\n"
        "  kind: page_view\n  title: '@record.title'\n  product: '@index'\n";

    gives(map, "{\"title\":\"T\",\"list\":[{\"i\":\"1\"},{\"i\":\"x\"},{\"i\":\"2\"}]}",
          VIEW("1", ",\"title\":\"T\",\"product\":\"0\"") "\n" VIEW(
              "2", ",\"title\":\"T\",\"product\":\"2\""));
    gives(map, "{\"list\":{\"i\":\"1\"}}", VIEW("1", ",\"product\":\"0\""));
    gives(map, "{\"list\":[]}", "filtered no_items");
    gives(map, "{}", "filtered no_items");
    gives(map, "{\"list\":[{\"i\":\"x\"}]}", "filtered unmatched");
}

Test(events, a_fault_of_one_event_leaves_the_others)
{
    gives(
        "each: '@record'\nall: {id: i, time: t | time(s)}\nevents: [{kind: page_view}]",
        "[{\"i\":\"1\",\"t\":0.001},{\"i\":\"2\",\"t\":\"x\"},{\"t\":1},{\"i\":\"4\",\"t\":0.001}]",
        VIEW("1", "") "\n"
                      "error -5 map of test, events[0] (page_view), item 1, field `time`: a number "
                      "of s, ms, us "
                      "or ns is wanted, as its time step says, not \"x\"\n"
                      "error -7 map of test, events[0] (page_view), item 2, field `id`: the record "
                      "has nothing "
                      "for it\n" VIEW("4", ""));
}

Test(events, lists_in_lists)
{
    gives("each: batch\nall: {time: '=1 | time(ms)'}\nevents:\n- kind: page_view\n  each: urls\n"
          "  id: {derive: ['@outer.n', '@index'], position: false}\n  url: '@item'\n"
          "  title: '@outer.n'\n",
          "{\"batch\":[{\"n\":\"A\",\"urls\":[\"x\"]},{\"n\":\"B\",\"urls\":[]},{\"n\":\"C\","
          "\"urls\":[\"y\"]}]}",
          VIEW("1e97a12395e22fb00b439acd5dc0d036", ",\"url\":\"x\",\"title\":\"A\"") "\n" VIEW(
              "e51ea74981a3673abe93712036dcfda8", ",\"url\":\"y\",\"title\":\"C\""));
}

Test(events, JSON_in_a_text_is_read_once_for_all_events)
{
    const char *map = "let: {m: text | json, list: '@m.list'}\neach: '@list'\n"
                      "events: [{kind: page_view, id: '@item', time: '@m.at', url: '@m.x[k=b].v'}]";

    gives(map,
          "{\"text\":\"{\\\"at\\\":1,\\\"list\\\":[\\\"1\\\",\\\"2\\\"],\\\"x\\\":[{\\\"k\\\":"
          "\\\"a\\\"},{\\\"k\\\":\\\"b\\\",\\\"v\\\":\\\"u\\\\u00e9\\\"}]}\"}",
          VIEW("1", ",\"url\":\"ué\"") "\n" VIEW("2", ",\"url\":\"ué\""));
    gives(map, "{\"text\":{\"at\":1,\"list\":\"1\"}}", VIEW("1", "")); /* an object already */
    gives(map, "{\"text\":\"{no JSON\"}",
          "error -5 map of test: a member's name in quotes is missing");
    gives(map, "{}", "filtered no_items");
}

Test(events, a_name_may_stand_for_the_first_of_several_places)
{
    const char *map = "let: {m: [text | json, '@record'], d: '@m.data'}\n"
                      "events: [{kind: page_view, id: '@m.id', time: '@d.t', url: '@d.u'}]";

    gives(map,
          "{\"text\":\"{\\\"id\\\":\\\"1\\\",\\\"data\\\":{\\\"t\\\":1,\\\"u\\\":"
          "\\\"x\\\"}}\"}",
          VIEW("1", ",\"url\":\"x\""));
    gives(map, "{\"id\":\"2\",\"data\":{\"t\":1,\"u\":\"y\"}}", VIEW("2", ",\"url\":\"y\""));
}

/* A text that is no JSON is read as such only where the condition says so. */
Test(events, a_place_of_a_name_may_have_a_condition)
{
    const char *map =
        "let: {m: [{from: text | json, when: {kind: {not: notice}}}, '@record']}\n"
        "events: [{when: {'@m.id': {present: true}}, kind: page_view, id: '@m.id', time: "
        "'@time'}, {when: {kind: notice}, drop: notice}]";
#define AT_TIME(id)                                                                                \
    "{\"type\":\"page_view\",\"id\":\"" id "\",\"lead\":\"K1\",\"time\":"                          \
    "\"2026-01-01T10:00:00.000Z\"}"

    gives(map, "{\"kind\":\"event\",\"text\":\"{\\\"id\\\":\\\"1\\\"}\"}", AT_TIME("1"));
    gives(map, "{\"text\":\"{\\\"id\\\":\\\"1\\\"}\"}", AT_TIME("1"));
    gives(map, "{\"kind\":\"notice\",\"text\":\"no JSON\"}", "filtered notice");
    gives(map, "{\"kind\":\"notice\",\"id\":\"2\"}", AT_TIME("2"));
    gives(map, "{\"kind\":\"event\",\"text\":\"no JSON\"}",
          "error -5 map of test: a value is none of JSON's");
}

/* JSON within a text is held to what the input says of names that stand twice. */
Test(events, a_name_that_stands_twice_within_a_text_is_refused_or_the_last_wins)
{
    static const char map[] =
        "let: {m: text | json}\nevents: [{kind: page_view, id: '@m.id', time: "
        "'@time', url: '@m.u'}]";
    static const char text[] =
        "{\"text\":\"{\\\"id\\\":\\\"1\\\",\\\"u\\\":\\\"x\\\",\\\"u\\\":\\\"y\\\"}\"}";
    struct seuil_record_view record = {
        .bytes = (const uint8_t *)text, .len = sizeof(text) - 1, .key = SEUIL_STR("K1")};
    struct mapped refuse = mapped_with(SEUIL_FORMAT_JSON, map, NULL, SEUIL_DUPLICATES_REFUSED);
    struct mapped last = mapped_with(SEUIL_FORMAT_JSON, map, NULL, SEUIL_DUPLICATES_LAST);
    struct seuil_error err = {0};

    cr_assert_eq(mapped_first(&refuse, &record, &err), SEUIL_ERR_FORMAT);
    cr_assert(strstr(err.text, "stands twice"), "%s", err.text);
    cr_assert_eq(mapped_first(&last, &record, &err), 1, "%s", err.text);
    cr_assert(seuil_str_eq(last.decoding.event.field[SEUIL_FIELD_URL].s, SEUIL_STR("y")));
    mapped_done(&refuse);
    mapped_done(&last);
}

static void entries(const char *fields, const char *record, const char *expected)
{
    char map[600], line[600];

    snprintf(map, sizeof(map), "events: [{kind: form, id: =e, time: '=1 | time(ms)', fields: %s}]",
             fields);
    snprintf(line, sizeof(line), "{\"type\":\"form\",\"id\":\"e\",\"lead\":\"K1\"," TIMED "%s%s}",
             expected[0] ? ",\"fields\":" : "", expected);
    gives(map, record, line);
}

Test(events, entries)
{
    entries("f", "{\"f\":{\"a\":\"x\",\"b\":1.50,\"c\":true,\"d\":null,\"e\":[1],\"g\":{\"h\":1}}}",
            "{\"a\":\"x\",\"b\":\"1.50\",\"c\":\"true\"}");
    entries("{from: f, only: [b, z]}", "{\"f\":{\"a\":\"x\",\"b\":\"y\"}}", "{\"b\":\"y\"}");
    entries("{from: f, except: [b]}", "{\"f\":{\"a\":\"x\",\"b\":\"y\"}}", "{\"a\":\"x\"}");
    entries("{pairs: f, name: n.r, value: [t, e, c.l], except: [password]}",
            "{\"f\":[{\"n\":{\"r\":\"a\"},\"t\":\"x\"},{\"n\":{\"r\":\"b\"},\"c\":{\"l\":\"y\"}},"
            "{\"n\":{\"r\":\"password\"},\"t\":\"z\"},{\"n\":{\"r\":\"c\"}},{\"t\":\"w\"}]}",
            "{\"a\":\"x\",\"b\":\"y\"}");
    entries("{mail: m | email_domain, none: x}", "{\"m\":\"a@b.org\"}", "{\"mail\":\"b.org\"}");
    entries("[{a: =own}, f]", "{\"f\":{\"a\":\"x\",\"b\":\"y\"}}", "{\"a\":\"own\",\"b\":\"y\"}");
    entries("f", "{}", "");
    entries("[{from: f, lenient: true}, {pairs: f, name: n, value: v, lenient: true}]",
            "{\"f\":{\"a\":\"x\"}}", "{\"a\":\"x\"}");
    entries("[{from: f, lenient: true}, {pairs: f, name: n, value: v, lenient: true}]",
            "{\"f\":[{\"n\":\"a\",\"v\":\"x\"}]}", "{\"a\":\"x\"}");
    gives("all: {id: =e, time: '=1 | time(ms)'}\n"
          "events: [{kind: form, form_id: =f, fields: {from: f, lenient: false}}]",
          "{\"f\":[1]}",
          "error -5 map of test, events[0] (form), field `fields`: an object is wanted");
}

Test(events, tables_and_flags)
{
    const char *map = "events:\n- kind: email\n  id: =e\n  time: '=1 | time(ms)'\n"
                      "  action: {from: a, table: {Open: opened, click: clicked}, default: other, "
                      "ignore_case: true}\n"
                      "  machine: {from: a, in: [OPEN, bot]}\n"
                      "  url: {from: u, when: {a: [click, Click]}}\n";
#define MAIL(rest) "{\"type\":\"email\",\"id\":\"e\",\"lead\":\"K1\"," TIMED rest "}"

    gives(map, "{\"a\":\"OPEN\",\"u\":\"x\"}", MAIL(",\"action\":\"opened\",\"machine\":true"));
    gives(map, "{\"a\":\"Click\",\"u\":\"x\"}",
          MAIL(",\"url\":\"x\",\"action\":\"clicked\",\"machine\":false"));
    gives(map, "{\"a\":\"z\"}", MAIL(",\"action\":\"other\",\"machine\":false"));
    gives(map, "{}", MAIL(",\"action\":\"other\""));
    gives(
        "events: [{kind: email, id: =e, time: '=1 | time(ms)', machine: {is: {a: {prefix: bot}}}}]",
        "{\"a\":\"bot-1\"}", MAIL(",\"machine\":true"));
}

Test(events, what_cannot_be_converted_is_a_fault_unless_it_may_be)
{
    gives("events: [{kind: activity, id: =e, time: '=1 | time(ms)', name: =n, value: v}]",
          "{\"v\":\"n/a\"}",
          "error -5 map of test, events[0] (activity), field `value`: a number is wanted, not "
          "\"n/a\"");
    gives("events: [{kind: activity, id: =e, time: '=1 | time(ms)', name: =n, value: {from: v, "
          "lenient: true}}]",
          "{\"v\":\"n/a\"}",
          "{\"type\":\"activity\",\"id\":\"e\",\"lead\":\"K1\"," TIMED ",\"name\":\"n\"}");
    gives("events: [{kind: page_view, id: =e, time: '=1 | time(ms)', url: u}]", "{\"u\":{\"a\":1}}",
          "error -5 map of test, events[0] (page_view), field `url`: a single value is wanted, not "
          "an object or a list");
}

/* What `seuilctl dlq replay` adds. */
static bool replayed(void *ctx, const char *name, struct seuil_str *ret_value)
{
    static const char *const headers[][2] = {{SEUIL_ORIGIN_TOPIC, "topic"},
                                             {SEUIL_ORIGIN_PARTITION, "3"},
                                             {SEUIL_ORIGIN_OFFSET, "42"},
                                             {SEUIL_ORIGIN_TIME, "1767261600000"}};

    for (unsigned i = 0; i < 4; i++)
        if (strcmp(name, headers[i][0]) == 0) {
            *ret_value = seuil_str_from(headers[i][1]);
            return &headers[i] != ctx; /* the one that is missing */
        }
    return false;
}

Test(events, a_record_sent_again_gives_the_ids_and_times_of_where_it_stood_first)
{
    const char *map = "events: [{kind: page_view, id: {derive: [a]}, time: '@time'}]";
    struct mapping m = mapping_of(map, strlen(map));
    char first[400];

    snprintf(first, sizeof(first), "%s", mapping_run(&m, "{\"a\":1}", 7));
    cr_assert(strstr(first, "2026-01-01T10:00:00"), "%s", first);
    m.origin.offset = 99;
    m.origin.partition = 1;
    m.origin.time = INT64_C(1767999999000);
    cr_assert_str_neq(mapping_run(&m, "{\"a\":1}", 7), first);
    m.origin.header = replayed;
    cr_assert_str_eq(mapping_run(&m, "{\"a\":1}", 7), first);
    mapping_done(&m);
}

Test(events, a_derived_id_is_of_the_values_and_the_place)
{
    const char *placed = "events: [{kind: page_view, id: {derive: [a]}, time: '=1 | time(ms)'}]";
    const char *alone =
        "events: [{kind: page_view, id: {derive: [a, b], position: false}, time: '=1 | time(ms)'}]";
    struct mapping m = mapping_of(placed, strlen(placed));
    char first[200];

    snprintf(first, sizeof(first), "%s", mapping_text(&m, "{\"a\":\"x\"}"));
    cr_assert_str_eq(first, mapping_text(&m, "{\"a\":\"x\"}"), "not stable");
    m.origin.offset++;
    cr_assert_str_neq(first, mapping_text(&m, "{\"a\":\"x\"}"), "the offset is not in it");
    m.origin.offset--;
    m.origin.partition++;
    cr_assert_str_neq(first, mapping_text(&m, "{\"a\":\"x\"}"), "the partition is not in it");
    mapping_done(&m);

    m = mapping_of(alone, strlen(alone));
    snprintf(first, sizeof(first), "%s", mapping_text(&m, "{\"a\":\"x\",\"b\":\"y\"}"));
    m.origin.offset++;
    cr_assert_str_eq(first, mapping_text(&m, "{\"b\":\"y\",\"a\":\"x\"}"));
    cr_assert_str_neq(first, mapping_text(&m, "{\"a\":\"xy\"}"), "values run together");
    cr_assert_str_neq(first, mapping_text(&m, "{\"b\":\"x\",\"a\":\"y\"}"));
    mapping_done(&m);
}

Test(events, forms_and_columns)
{
    gives("format: form\nall: {id: _id, time: '=1 | time(ms)'}\n"
          "events: [{kind: page_view, url: url, title: '\"e[0]\"'}]",
          "?_id=1&url=https%3A%2F%2Fe.org%2F+a&e%5B0%5D=T&rest=%zz",
          VIEW("1", ",\"url\":\"https://e.org/ a\",\"title\":\"T\""));
    gives("format: tsv\ncolumns: [id, url]\nevents: [{kind: page_view, id: id, url: url, time: '3 "
          "| time(ms)'}]",
          "1\t\t1\tmore", VIEW("1", ""));
    gives(
        "format: tsv\ncolumns: {z: 1, b: 3, a: 2}\n"
        "events: [{kind: page_view, id: z, url: a, title: b, time: '4 | time(ms)', product: '5'}]",
        "i\tA\tB\t1\r\n", VIEW("i", ",\"url\":\"A\",\"title\":\"B\""));
    gives(
        "format: tsv\nevents: [{kind: page_view, id: '1', time: '9'}]", "1\t2",
        "error -7 map of test, events[0] (page_view), field `time`: the record has nothing for it");
}

Test(events, a_field_that_stops_coming_is_noticed)
{
    const char *map = "events: [{kind: page_view, id: =e, time: '=1 | time(ms)', url: [u, U]}]";
    struct mapping m = mapping_of(map, strlen(map));
    struct seuil_map_watch watch = {0};

    for (int i = 0; i < SEUIL_MAP_USUAL; i++)
        mapping_text(&m, i % 2 ? "{\"u\":\"x\"}" : "{\"U\":\"x\"}");
    for (int i = 0; i < SEUIL_MAP_SILENT; i++) {
        cr_assert(seuil_map_watched(m.map, 0, &watch));
        cr_assert_str_eq(watch.field, "url");
        cr_assert_not(seuil_map_vanished(&watch), "after %d", i);
        mapping_text(&m, "{\"other\":\"x\"}");
    }
    cr_assert_eq(seuil_map_alarm(m.map, &watch), 1);
    cr_assert_str_eq(watch.field, "url");
    cr_assert_eq(watch.line, 1);
    cr_assert_eq(seuil_map_alarm(m.map, &watch), 0, "told once");
    mapping_text(&m, "{\"u\":\"x\"}");
    cr_assert_eq(seuil_map_alarm(m.map, &watch), -1);
    cr_assert_eq(seuil_map_alarm(m.map, &watch), 0);
    mapping_done(&m);
}

/* A list of @count objects {"i":"1"}, and @member beside them. */
static char *list_of(unsigned count, const char *member)
{
    char *text = malloc(count * 12 + strlen(member) + 100), *at = text;

    at += sprintf(at, "{%s,\"list\":[", member);
    for (unsigned i = 0; i < count; i++)
        at += sprintf(at, "%s{\"i\":\"1\"}", i ? "," : "");
    sprintf(at, "]}");
    return text;
}

Test(events, the_work_of_a_record_is_bounded)
{
    const char *map = "each: list\nevents:\n- kind: page_view\n  id: i\n  time: '=1 | time(ms)'\n"
                      "  title: '@record.big | regex(\"(a+)+$\")'\n";
    struct mapping m = mapping_of(map, strlen(map));
    char big[8100] = "\"big\":\"", *record;
    const char *got;

    memset(big + 7, 'a', 20);
    strcpy(big + 27, "!\"");
    record = list_of(3000, big);
    got = mapping_text(&m, record);
    cr_assert_not_null(strstr(got, "a regular expression takes too many steps"), "%.300s", got);
    cr_assert_not_null(strstr(got, "the record needs more work than a record may"));
    free(record);

    record = list_of(5000, "\"big\":\"\"");
    got = mapping_text(&m, record);
    cr_assert_not_null(strstr(got, "a record has more than 4,096 events"), "%.300s", got);
    free(record);
    mapping_done(&m);
}
