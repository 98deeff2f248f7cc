/* What is wrong with a map is told with its place, and the nearest name. */

#include <criterion/criterion.h>

#include "support/mapping.h"

/* The mistake of @map at @line and @column begins with @text. */
static void wrong(const char *map, int line, int column, const char *text)
{
    struct mapping m = mapping_of(map, strlen(map));
    bool found = false;

    cr_assert_null(m.map, "accepted: %s", map);
    cr_assert_gt(m.errs.count, 0);
    for (uint32_t i = 0; i < m.errs.count; i++) {
        const struct seuil_error *e = &m.errs.list[i];

        found |=
            e->line == line && e->column == column && strncmp(e->text, text, strlen(text)) == 0;
    }
    cr_assert(found, "%s\nfirst: %d:%d: %s\nwant %d:%d: %s", map, m.errs.list[0].line,
              m.errs.list[0].column, m.errs.list[0].text, line, column, text);
    mapping_done(&m);
}

#define EVENT(rest) "events:\n- kind: page_view\n  id: =e\n  time: t\n" rest

Test(mistakes, of_the_whole)
{
    wrong("", 1, 1, "a map is a mapping with events:");
    wrong("evnts: []\n", 1, 1, "unknown key \"evnts\" of a map (did you mean \"events\"?)");
    wrong("all: {id: x}\n", 1, 1, "a map needs events:");
    wrong("events: []\n", 1, 9, "a map needs events:");
    wrong("all: {tim: x}\n" EVENT(""), 1, 7, "unknown key \"tim\" of all (did you mean \"time\"?)");
    wrong("zone: Europe/Pari\n" EVENT(""), 1, 7, "there is no time zone");
    wrong("let: {a: b | jsn}\n" EVENT(""), 1, 17, "only `json` may follow");
    wrong("let: {a: {form: b}}\n" EVENT(""), 1, 11, "unknown key \"form\"");
    wrong("let: {a: {when: {b: c}}}\n" EVENT(""), 1, 10, "a path of let with a condition is");
    wrong("let: {a: {from: b, when: c}}\n" EVENT(""), 1, 26, "a condition is a mapping");
    wrong("others: keep\n" EVENT(""), 1, 9, "others is what becomes of");
    wrong("where: {a: {prefx: b}}\n" EVENT(""), 1, 13, "unknown key \"prefx\"");
    wrong("columns: 3\n" EVENT(""), 1, 10, "columns is a list of all names");
}

Test(mistakes, of_an_event)
{
    wrong("events:\n- {kind: pageview, id: a, time: b}\n", 2, 10,
          "unknown kind (did you mean \"page_view\"?)");
    wrong("events:\n- {id: a, time: b}\n", 2, 3, "each of events is a mapping with a kind:");
    wrong("events:\n- {kind: form, drop: x, id: a, time: b}\n", 2, 3,
          "each of events is a mapping with a kind:");
    wrong("events:\n- {kind: page_view, time: b}\n", 2, 3, "this event has no id");
    wrong("events:\n- {kind: page_view, id: b}\n", 2, 3, "this event has no time");
    wrong("events:\n- {kind: page_view, id: b, time: c, action: d}\n", 2, 37,
          "unknown key \"action\" of page_view");
    wrong("events:\n- {kind: page_view, id: b, time: c, urll: d}\n", 2, 37,
          "unknown key \"urll\" of page_view (did you mean \"url\"?)");
    wrong("events:\n- {drop: ''}\n", 2, 10, "drop needs a reason");
}

Test(mistakes, of_a_path)
{
    wrong(EVENT("  url: a..b\n"), 5, 10, "a name is missing here");
    wrong(EVENT("  url: a[x]\n"), 5, 11, "\"x\" is no index");
    wrong(EVENT("  url: 'a[0'\n"), 5, 12, "']' is missing here");
    wrong(EVENT("  url: '@recrd.a'\n"), 5, 10, "unknown name @recrd (did you mean \"record\"?)");
    wrong(EVENT("  url: a b\n"), 5, 10, "\"b\" is not understood here");
    wrong(EVENT("  url: '\"a'\n"), 5, 11, "a quote is not closed");
}

Test(mistakes, of_a_step)
{
    wrong(EVENT("  url: a | trm\n"), 5, 12, "unknown step \"trm\" (did you mean \"trim\"?)");
    wrong(EVENT("  url: a | regex\n"), 5, 17, "regex takes 1 to 2 arguments, not 0");
    wrong(EVENT("  url: a | lower(x)\n"), 5, 20, "lower takes 0 to 0 arguments, not 1");
    wrong(EVENT("  url: a | regex('(')\n"), 5, 22, "the regular expression does not compile");
    wrong(EVENT("  url: a | regex('a')\n"), 5, 22, "the regular expression has 0 groups, not 1");
    wrong(EVENT("  url: a | times(x)\n"), 5, 20, "times(...) wants a number");
    wrong(EVENT("  url: a | time(sec)\n"), 5, 21, "a time is text, s, ms, us or ns, not \"sec\"");
    wrong(EVENT("  url: a |\n"), 5, 11, "a step is missing here");
    wrong(EVENT("  url: a | trim('<'\n"), 5, 20, "')' is missing here");
}

Test(mistakes, of_a_value)
{
    wrong(EVENT("  url: {form: a}\n"), 5, 9,
          "unknown key \"form\" of a value (did you mean \"from\"?)");
    wrong(EVENT("  url: {from: a, derive: [b]}\n"), 5, 8, "a value is made by one of from:");
    wrong(EVENT("  url: []\n"), 5, 8, "a list of 1 to 64 values is wanted");
    wrong(EVENT("  url: {from: a, table: x}\n"), 5, 25, "table is a mapping");
    wrong(EVENT("  url: {from: a, ignore_case: true, table: {A: x, a: y}}\n"), 5, 44,
          "\"a\" stands twice in this table");
    wrong(EVENT("  url: {derive: [], position: false}\n"), 5, 17, "derive is a list of values");
}

Test(mistakes, of_a_condition)
{
    wrong("events:\n- {when: x, drop: y}\n", 2, 10, "a condition is a mapping of paths");
    wrong("events:\n- {when: {a: {prefx: b}}, drop: y}\n", 2, 15,
          "unknown key \"prefx\" of a condition (did you mean \"prefix\"?)");
    wrong("events:\n- {when: {a: {regex: '('}}, drop: y}\n", 2, 22,
          "the regular expression does not compile");
    wrong("events:\n- {when: [x], drop: y}\n", 2, 11, "each of these conditions is a mapping");
    wrong("events:\n- {when: {a: {}}, drop: y}\n", 2, 14, "this condition says nothing");
}

Test(mistakes, of_entries)
{
    wrong("events: [{kind: form, id: a, time: b, fields: {pairs: c}}]\n", 1, 47,
          "pairs needs name and value");
    wrong("events: [{kind: form, id: a, time: b, fields: {from: c, only: [d], except: [e]}}]\n", 1,
          76, "only and except together");
    wrong("events: [{kind: form, id: a, time: b, fields: [[c]]}]\n", 1, 48, "a list within a list");
}

Test(mistakes, hmac_needs_its_secret)
{
    static const char text[] = EVENT("  lead: m | hmac\n");
    struct seuil_errs errs = {0};
    struct seuil_yaml *doc = seuil_yaml_parse("map.yaml", text, sizeof(text) - 1, &errs);
    struct seuil_map_spec spec = {.name = "test", .preset = doc};

    cr_assert_null(seuil_map_new(&spec, &errs));
    cr_assert_not_null(strstr(errs.list[0].text, "lead_secret"));
    seuil_yaml_free(doc);
}

Test(mistakes, no_allocation_may_fail_unnoticed)
{
    static const char text[] =
        "let: {m: a | json}\nwhere: {a: b}\neach: list\nall: {id: {derive: [a]}, time: t | "
        "time(s)}\nevents:\n"
        "- when: {a: [x, y], b: {regex: 'x+'}}\n  kind: form\n  form_id: {from: a, table: {x: y}}\n"
        "  fields: [{pairs: p, name: n, value: v}, {from: '@m.f', only: [a]}]\n";
    struct seuil_errs errs = {0};
    struct seuil_yaml *doc = seuil_yaml_parse("map.yaml", text, sizeof(text) - 1, &errs);
    struct seuil_map_spec spec = {.name = "test", .preset = doc};
    struct seuil_map *map = NULL;

    for (int64_t n = 0; !map && n < 2000; n++) {
        seuil_errs_clear(&errs);
        seuil_heap_fail_after(n);
        map = seuil_map_new(&spec, &errs);
        seuil_heap_fail_after(-1);
        cr_assert(map || errs.count, "refused without a reason");
    }
    cr_assert_not_null(map);
    seuil_map_free(map);
    seuil_yaml_free(doc);
}
