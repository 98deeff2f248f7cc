#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "conf/model_load.h"
#include "conf/regex.h"
#include "core/condition.h"
#include "core/rules.h"
#include "core/zone.h"

static struct seuil_models *parse(const char *text, struct seuil_errs *errs)
{
    struct seuil_model_text file = {"m.yaml", text, strlen(text)};

    memset(errs, 0, sizeof(*errs));
    return seuil_models_parse(&file, 1, errs);
}

static struct seuil_models *good(const char *text)
{
    struct seuil_errs errs;
    struct seuil_models *models = parse(text, &errs);

    cr_assert_not_null(models, "line %d: %s", errs.list[0].line, errs.list[0].text);
    return models;
}

#define HEAD                                                                                       \
    "seuil_model: 1\n"                                                                             \
    "name: m\n"                                                                                    \
    "version: \"1\"\n"                                                                             \
    "groups: {g: {}, h: {ceiling: 5}}\n"                                                           \
    "tiers: [{name: a}, {name: b, entry: 1}]\n"
#define RULE "  - {name: r, event: page_view, group: g, points: 1"

static const char whole[] =
    "seuil_model: 1\n"
    "name: erp\n"
    "version: \"2026-03\"\n"
    "label: Gamme ERP\n"
    "zone: Europe/Paris\n"
    "only: {product: erp}\n"
    "decay: {half_life: 2w}\n"
    "groups:\n"
    "  pages: {label: Pages vues, floor: -5, ceiling: 60}\n"
    "  emails: {decay: {expires: 30d}}\n"
    "rules:\n"
    "  - name: tarifs\n"
    "    label: A lu les tarifs\n"
    "    event: page_view\n"
    "    when: {path: {prefix: [/tarifs, /prix]}, duration_ms: {at_least: 500, below: 1e6}}\n"
    "    group: pages\n"
    "    points: 2.5\n"
    "    limit:\n"
    "      - {times: 3, per: day}\n"
    "      - {per: path, remember: 10d}\n"
    "      - {times: 2, within: 12h}\n"
    "      - once\n"
    "  - {name: clic, event: email, when: {action: clicked, not: {machine: true}},\n"
    "     group: emails, points: 100}\n"
    "  - {name: rendez-vous, event: form, when: {fields.effectif: {above: 50}}, group: emails,\n"
    "     points: 3, decay: none}\n"
    "fit:\n"
    "  floor: -10\n"
    "  ceiling: 20\n"
    "  criteria:\n"
    "    - {name: secteur, when: {secteur: [industrie, santé]}, points: 10}\n"
    "    - {name: taille, when: {effectif: {at_least: 50}}, points: 5}\n"
    "exclusions:\n"
    "  - {name: concurrent, when: {domaine: concurrent.fr}, points: -1000}\n"
    "  - {name: plainte, event: email, when: {action: complained}, points: -500}\n"
    "excluded: {mark: -500, name: exclu, label: Exclu}\n"
    "tiers:\n"
    "  - {name: froid, label: Froid}\n"
    "  - {name: chaud, entry: 20, exit: 15.5, strict: true, publish: false}\n"
    "  - {name: qualifie, label: qualifié pour la vente, entry: 100}\n";

Test(model, every_part_of_a_model_arrives)
{
    struct seuil_models *models = good(whole);
    const struct seuil_model *m = &models->models[0];
    const struct seuil_rule *r = models->rules;

    cr_assert_str_eq(m->name, "erp");
    cr_assert_str_eq(m->version, "2026-03");
    cr_assert_str_eq(m->label, "Gamme ERP");
    cr_assert_eq(models->horizon_ms, SEUIL_HORIZON_DEFAULT_MS);
    cr_assert_eq(m->rule_count, 4);
    /* Exclusions by event come first: their section is read first. */
    cr_assert_str_eq(r[0].name, "plainte");
    cr_assert_eq(r[0].group, SEUIL_GROUP_EXCLUSION);
    cr_assert_eq(r[0].decay.shape, SEUIL_DECAY_NONE, "an exclusion fades only when it says so");
    cr_assert_float_eq(r[0].points, -500, 0);
    cr_assert_str_eq(r[1].label, "A lu les tarifs");
    cr_assert_eq(r[1].decay.shape, SEUIL_DECAY_HALF_LIFE);
    cr_assert_eq(r[1].decay.duration_ms, 14 * SEUIL_DAY_MS);
    cr_assert_eq(r[1].limit_count, 4);
    cr_assert_eq(r[1].limits[0].kind, SEUIL_LIMIT_CALENDAR);
    cr_assert_eq(r[1].limits[0].count, 3);
    cr_assert_str_eq(r[1].limits[0].zone->name, "Europe/Paris");
    cr_assert_eq(r[1].limits[1].kind, SEUIL_LIMIT_OBJECT);
    cr_assert_eq(r[1].limits[1].field, SEUIL_FIELD_PATH);
    cr_assert_eq(r[1].limits[1].remember_ms, 10 * SEUIL_DAY_MS);
    cr_assert_eq(r[1].limits[2].kind, SEUIL_LIMIT_ROLLING);
    cr_assert_eq(r[1].limits[2].duration_ms, 12 * SEUIL_HOUR_MS);
    cr_assert_eq(r[1].limits[3].kind, SEUIL_LIMIT_LEAD);
    cr_assert_eq(r[2].decay.shape, SEUIL_DECAY_EXPIRES, "the group's decay before the model's");
    cr_assert_eq(r[3].decay.shape, SEUIL_DECAY_NONE, "the rule's decay before the group's");
    cr_assert_str_eq(r[2].label, "clic", "a label is the name unless given");
    cr_assert_float_eq(m->groups[0].floor, -5, 0);
    cr_assert(isinf(m->groups[1].ceiling));
    cr_assert_eq(models->attribute_count, 3);
    cr_assert_str_eq(models->attributes[0].name, "domaine");
    cr_assert_str_eq(models->attributes[2].name, "secteur");
    cr_assert_eq(m->fit[0].when->attribute, 2);
    cr_assert_eq(m->fit[1].when->attribute, 1);
    cr_assert_eq(m->exclusions[0].when->attribute, 0);
    cr_assert_float_eq(m->fit_ceiling, 20, 0);
    cr_assert_float_eq(m->exclusion_mark, -500, 0);
    cr_assert_str_eq(seuil_model_tier_label(m, SEUIL_TIER_EXCLUDED), "Exclu");
    cr_assert_eq(m->tier_count, 3);
    cr_assert(isinf(m->tiers[0].entry) && m->tiers[0].entry < 0);
    cr_assert(m->tiers[1].strict && !m->tiers[1].publish && m->tiers[2].publish);
    cr_assert_float_eq(m->tiers[1].exit, 15.5, 0);
    cr_assert(isnan(m->tiers[2].exit));
    cr_assert_eq(seuil_models_find(models, m->key), m);
    seuil_models_free(models);
}

Test(model, straight_lines_and_steps_are_read)
{
    struct seuil_models *models =
        good(HEAD "decay: {linear: 30d}\n"
                  "rules:\n" RULE "}\n"
                  "  - {name: s, event: email, group: g, points: 1,\n"
                  "     decay: {steps: [[7d, 100], [30d, 50%], [90d, 12.5]]}}\n");
    const struct seuil_decay *line = &models->rules[0].decay, *steps = &models->rules[1].decay;

    cr_assert_eq(line->shape, SEUIL_DECAY_LINEAR);
    cr_assert_eq(line->duration_ms, 30 * SEUIL_DAY_MS);
    cr_assert_eq(steps->shape, SEUIL_DECAY_STEPS);
    cr_assert_eq(steps->step_count, 3);
    cr_assert_eq(steps->steps[1].age_ms, 30 * SEUIL_DAY_MS);
    cr_assert_float_eq(steps->steps[0].factor, 1, 0);
    cr_assert_float_eq(steps->steps[1].factor, 0.5, 0);
    cr_assert_float_eq(steps->steps[2].factor, 0.125, 0);
    seuil_models_free(models);
}

/* ---- what rules look at ---------------------------------------------------------------------- */

static struct seuil_value text_of(const char *text)
{
    return (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = seuil_str_from(text)};
}

/* Whether the first rule of the model hits the event. */
static bool hits(const char *text, struct seuil_event *event)
{
    struct seuil_models *models = good(text);
    void *memory = malloc(seuil_rules_scratch_size(models));
    void *regex = seuil_models_regex_new(models);
    struct seuil_hits found;

    seuil_event_derive(event);
    seuil_rules_match(models, seuil_rules_scratch_init(memory, models, regex), event, &found);
    seuil_models_regex_free(regex);
    free(memory);
    seuil_models_free(models);
    return found.count > 0;
}

static bool page_hits(const char *when, const char *url, const char *product)
{
    struct seuil_event event = {.kind = SEUIL_KIND_PAGE_VIEW};
    char text[1024];

    snprintf(text, sizeof(text), HEAD "only: {product: erp}\nrules:\n" RULE ", when: %s}\n", when);
    event.field[SEUIL_FIELD_URL] = text_of(url);
    event.field[SEUIL_FIELD_PRODUCT] = text_of(product);
    return hits(text, &event);
}

Test(model, conditions_mean_what_they_say)
{
    cr_assert(page_hits("{path: /a}", "/a?b", "erp"));
    cr_assert_not(page_hits("{path: /a}", "/a?b", "crm"), "the model takes only its product");
    cr_assert(page_hits("{path: [/a, /b]}", "/b", "erp"));
    cr_assert(page_hits("{path: {in: [/a, /b]}}", "/b", "erp"));
    cr_assert(page_hits("{path: {equals: /A, ignore_case: true}}", "/a", "erp"));
    cr_assert(page_hits("{path: {prefix: [/x, /a]}}", "/abc", "erp"));
    cr_assert(page_hits("{url: {suffix: .pdf}}", "http://h/doc.pdf", "erp"));
    cr_assert(page_hits("{path: {contains: DEV, ignore_case: true}}", "/un-devis", "erp"));
    cr_assert(page_hits("{path: {matches: '^/p/[0-9]+/devis$'}}", "/p/12/devis", "erp"));
    cr_assert_not(page_hits("{path: {matches: '^/p/[0-9]+/devis$'}}", "/p/x/devis", "erp"));
    cr_assert(page_hits("{host: exemple.fr}", "https://exemple.fr:8443/a", "erp"));
    cr_assert(page_hits("{path: {not: {prefix: /b}}}", "/a", "erp"));
    cr_assert_not(page_hits("{path: {prefix: /a, not: {suffix: b}}}", "/ab", "erp"));
    cr_assert(page_hits("{any: [{path: /z}, {url: {contains: x=1}}]}", "/a?x=1", "erp"));
    cr_assert(page_hits("{all: [{path: /a}, {not: {title: {present: true}}}]}", "/a", "erp"));
    cr_assert(page_hits("{title: {absent: true}, path: /a}", "/a", "erp"));
    cr_assert_not(page_hits("{title: {not: {absent: true}}}", "/a", "erp"));
}

static bool form_hits(const char *when, const char *value)
{
    struct seuil_entry map[] = {{SEUIL_STR("x"), text_of(value)}};
    struct seuil_event event = {.kind = SEUIL_KIND_FORM, .map = map, .map_count = 1};
    char text[1024];

    snprintf(text, sizeof(text),
             HEAD "rules:\n  - {name: r, event: form, group: g, points: 1, when: %s}\n", when);
    return hits(text, &event);
}

Test(model, numbers_and_texts_in_maps_keep_apart)
{
    cr_assert(form_hits("{fields.x: 42}", "42"));
    cr_assert(form_hits("{fields.x: 42}", "42.0"), "a plain number compares as a number");
    cr_assert_not(form_hits("{fields.x: \"42\"}", "42.0"), "a quoted one as text");
    cr_assert_not(form_hits("{fields.x: 01000}", "1000"), "codes keep their zeros");
    cr_assert(form_hits("{fields.x: 01000}", "01000"));
    cr_assert(form_hits("{fields.x: {above: 41.5, at_most: 42}}", "42"));
    cr_assert_not(form_hits("{fields.x: {above: 42}}", "42"));
    cr_assert_not(form_hits("{fields.x: {above: 1}}", "beaucoup"));
    cr_assert(form_hits("{fields.x: \"true\"}", "true"));
    cr_assert_not(form_hits("{fields.x: true}", "true"), "a form's fields are texts");
}

/* ---- refusals ----------------------------------------------------------------------------------
 */

/* What is said of the place that @ marks in the text (it is taken out before). */
struct refusal {
    const char *says;
    const char *text;
};

static void expect_refusal(const struct refusal *row)
{
    char text[2048];
    const char *mark = strchr(row->text, '@');
    struct seuil_errs errs;
    int line = 1, column = 1;

    cr_assert_not_null(mark, "%s", row->says);
    snprintf(text, sizeof(text), "%.*s%s", (int)(mark - row->text), row->text, mark + 1);
    for (const char *p = row->text; p < mark; p++) {
        column = *p == '\n' ? 1 : column + 1;
        line += *p == '\n';
    }
    cr_assert_null(parse(text, &errs), "accepted: %s", row->says);
    cr_assert_eq(errs.total, 1, "%s: %u errors, the second: %d:%d %s", row->says, errs.total,
                 errs.list[1].line, errs.list[1].column, errs.list[1].text);
    cr_assert(strstr(errs.list[0].text, row->says), "not \"%s\" but \"%s\"", row->says,
              errs.list[0].text);
    cr_assert_str_eq(errs.list[0].file, "m.yaml");
    cr_assert(errs.list[0].line == line && errs.list[0].column == column, "%s: at %d:%d, not %d:%d",
              row->says, errs.list[0].line, errs.list[0].column, line, column);
}

static void expect_refusals(const struct refusal *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_refusal(&rows[i]);
}
#define EXPECT_REFUSALS(rows) expect_refusals(rows, sizeof(rows) / sizeof(rows[0]))

#define LEG      "{event: email, when: {action: clicked}}"
#define RULES    HEAD "rules:\n  - "
#define PAGE     "name: r, event: page_view, group: g, points: 1"
#define WHEN     HEAD "rules:\n" RULE ", when: "
#define LIMIT    HEAD "rules:\n" RULE ", limit: "
#define ONE_RULE "rules:\n" RULE "}\n"
#define DECAY    HEAD "rules:\n" RULE ", decay: "

Test(model, mistakes_in_rules_are_refused_where_they_are)
{
    static const struct refusal rows[] = {
        {"unknown key \"pionts\" of a rule (did you mean \"points\"?)",
         RULES "{" PAGE ", @pionts: 3}\n"},
        {"the events of this rule stand in its legs",
         RULES "{name: r, event: @form, group: g, points: 1, together: {within: 1d, of: [" LEG
               ", " LEG "]}}\n"},
        {"a rule is one of together, sequence, last, streak and absence",
         RULES "{name: r, group: g, points: 1, together: {within: 1d, of: [" LEG ", " LEG
               "]}, sequence: @{within: 1d, of: [" LEG ", " LEG "]}}\n"},
        {"together has 2 to 4 legs, not 1",
         RULES "{name: r, group: g, points: 1, together: {within: 1d, of: @[" LEG "]}}\n"},
        {"sequence needs \"within\"",
         RULES "{name: r, group: g, points: 1, sequence: @{of: [" LEG ", " LEG "]}}\n"},
        {"unknown key \"whne\" of a leg (did you mean \"when\"?)",
         RULES "{name: r, group: g, points: 1, streak: {times: 2, of: {event: email, @whne: {}}, "
               "without: " LEG "}}\n"},
        {"times must be between 1", RULES
         "{name: r, group: g, points: 1, streak: {times: @0, of: " LEG ", without: " LEG "}}\n"},
        {"3 of the last 2 can never be",
         RULES "{name: r, group: g, points: 1, last: {of: 2, at_least: @3, among: " LEG
               ", having: " LEG ", by: message_id}}\n"},
        {"absence needs \"solicited\"", RULES "{name: r, group: g, points: 1, absence: "
                                              "@{silence: 30d, without: " LEG "}}\n"},
        {"email events have no field \"form_id\"",
         RULES "{name: r, group: g, points: 1, limit: {per: @form_id}, together: {within: 1d, of: "
               "[" LEG ", {event: form}]}}\n"},
        {"the object of last is what stands in by",
         RULES "{name: r, group: g, points: 1, limit: {per: @url}, last: {of: 2, among: " LEG
               ", having: " LEG ", by: message_id}}\n"},
        {"an absence is no event and has no object",
         RULES "{name: r, group: g, points: 1, limit: {per: @url}, absence: {silence: 30d, "
               "without: " LEG ", solicited: " LEG "}}\n"},
        {"frequency needs \"within\"", RULES "{" PAGE ", frequency: @{times: 3}}\n"},
        {"times must be between 1 and 32",
         RULES "{" PAGE ", frequency: {times: @33, within: 1d}}\n"},
        {"recency is {within: 2d}", RULES "{" PAGE ", recency: @{within: 1d, after: 2d}}\n"},
        {"a shortcut must be a mapping", RULES "{" PAGE ", shortcut: @b}\n"},
        {"a shortcut needs \"hold\"", RULES "{" PAGE ", shortcut: @{tier: b}}\n"},
        {"there is no tier \"bb\"", RULES "{" PAGE ", shortcut: {tier: @bb, hold: 1d}}\n"},
        {"nothing can put one there", RULES "{" PAGE ", shortcut: {tier: @a, hold: 1d}}\n"},
        {"hold must be", RULES "{" PAGE ", shortcut: {tier: b, hold: @long}}\n"},
        {"this model has no letters", RULES "{" PAGE ", while: {grade: @A}}\n"},
        {"there is no grade \"E\"", RULES "{" PAGE ", while: {grade: @E}}\n"},
        {"a rule needs \"points\"", RULES "@{name: r, event: page_view, group: g}\n"},
        {"a rule needs \"name\"", RULES "@{event: page_view, group: g, points: 1}\n"},
        {"a rule needs \"event\"", RULES "@{name: r, group: g, points: 1}\n"},
        {"a rule needs \"group\"", RULES "@{name: r, event: page_view, points: 1}\n"},
        {"a rule must be a mapping, this is text", RULES "@tarifs\n"},
        {"did you mean \"page_view\"?",
         RULES "{name: r, event: @page_wiev, group: g, points: 1}\n"},
        {"under fit: and exclusions:", RULES "{name: r, event: @profile, group: g, points: 1}\n"},
        {"there is no group \"gg\"", RULES "{name: r, event: email, group: @gg, points: 1}\n"},
        {"there is a rule or exclusion called \"r\" already",
         RULES "{" PAGE "}\n  - {name: @r, event: email, group: g, points: 1}\n"},
        {"points must be a number, not \"lots\"",
         RULES "{name: r, event: email, group: g, points: @lots}\n"},
        {"leave the quotes out", RULES "{name: r, event: email, group: g, points: @\"3\"}\n"},
        {"it has a decimal point, no comma",
         RULES "name: r\n    event: email\n    group: g\n    points: @10,5\n"},
        {"and a number has a decimal point",
         RULES "{name: r, event: email, group: g, points: 10,@5}\n"},
        {"points must be a number", RULES "{name: r, event: email, group: g, points: @.inf}\n"},
        {"points must be between", RULES "{name: r, event: email, group: g, points: @1e10}\n"},
        {"did you mean \"ceiling\"?",
         RULES "{name: r, event: activity, group: g, points: {field: value, @cieling: 3}}\n"},
        {"are either {field, factor} or {each, of}",
         RULES "{name: r, event: activity, group: g, points: {field: value, of: @[value]}}\n"},
        {"factor belongs to {field, factor}",
         RULES "{name: r, event: form, group: g, points: {each: 1, of: [fields.a], factor: @2}}\n"},
        {"points needs \"of\"", RULES "{name: r, event: form, group: g, points: @{each: 1}}\n"},
        {"of lists 1 to 64 fields",
         RULES "{name: r, event: form, group: g, points: {each: 1, of: @[]}}\n"},
        {"nor ceiling below",
         RULES "{name: r, event: activity, group: g, points: {field: value, ceiling: @-3}}\n"},
        {"\"valeur\"", RULES "{name: r, event: activity, group: g, points: {field: @valeur}}\n"},
        {"linear must be between 100ms", DECAY "{linear: @3ms}}\n"},
        {"unknown key \"raison\" of a filter (did you mean \"reason\"?)",
         HEAD ONE_RULE "filters: [{name: f, event: email, @raison: machine}]\n"},
        {"\"robots\" is none of machine, robot, internal, other (did you mean \"robot\"?)",
         HEAD ONE_RULE "filters: [{name: f, event: email, reason: @robots}]\n"},
        {"there is a filter called \"f\" already",
         HEAD ONE_RULE "filters: [{name: f, event: email}, {name: @f, event: form}]\n"},
        {"a filter needs \"event\"", HEAD ONE_RULE "filters: [@{name: f}]\n"},
        {"a burst longer than wait",
         HEAD ONE_RULE "quarantine: {wait: 2s, burst: {links: 3, within: @3s}}\n"},
        {"wait must be between 100ms and 10s",
         HEAD ONE_RULE "quarantine: {wait: @30s, burst: {links: 3, within: 2s}}\n"},
        {"quarantine needs \"burst\"", HEAD ONE_RULE "quarantine: @{wait: 3s}\n"},
        {"inactivity is of a group or of the model",
         HEAD "rules:\n" RULE ", decay: @{inactivity: {every: 7d, keep: 0.5}}}\n"},
        {"inactivity needs either keep",
         HEAD ONE_RULE "decay: {inactivity: @{every: 7d, keep: 0.5, subtract: 3}}\n"},
        {"inactivity needs \"every\"", HEAD ONE_RULE "decay: {inactivity: @{keep: 0.5}}\n"},
        {"keep must be between 0 and 1, or per cent such as 50%",
         HEAD ONE_RULE "decay: {inactivity: {every: 7d, keep: @50}}\n"},
        {"to keep all of it is no decay",
         HEAD ONE_RULE "decay: {inactivity: {every: 7d, keep: @100%}}\n"},
        {"subtract must be above 0",
         HEAD ONE_RULE "decay: {inactivity: {every: 7d, subtract: @0}}\n"},
        {"a step is an age and per cent", DECAY "{steps: [@7d]}}\n"},
        {"ages of steps must ascend", DECAY "{steps: [[7d, 100], [@7d, 50]]}}\n"},
        {"a step must be between 0 and 100", DECAY "{steps: [[7d, @101]]}}\n"},
        {"a step must be a number", DECAY "{steps: [[7d, @moitié]]}}\n"},
        {"1 to 16 steps, not 0", DECAY "{steps: @[]}}\n"},
        {"half_life must be a whole number and a unit", DECAY "{half_life: @3 days}}\n"},
        {"half_life must be between", DECAY "{half_life: @1ms}}\n"},
        {"decay has one shape", DECAY "@{half_life: 1d, expires: 2d}}\n"},
        {"decay is \"none\"", DECAY "@3d}\n"},
    };

    EXPECT_REFUSALS(rows);
}

Test(model, mistakes_in_conditions_are_refused_where_they_are)
{
    static const struct refusal rows[] = {
        {"page_view events have no field \"pth\" (did you mean \"path\"?)", WHEN "{@pth: /a}}\n"},
        {"page_view events have no field \"form_id\"", WHEN "{@form_id: a}}\n"},
        {"page_view events have no field \"page\" (known are url, title, referrer, session_id, "
         "user_agent, duration_ms, ",
         WHEN "{@page: a}}\n"},
        {"unknown key \"like\" of a test (known are equals, in, prefix, ",
         WHEN "{path: {@like: /a}}}\n"},
        {"\"/tarifs*\" is compared as it stands, with its star: write {prefix: ...}",
         WHEN "{path: @'/tarifs*'}}\n"},
        {"with its star", WHEN "{path: [/a, @'*/b']}}\n"},
        {"\">= 50\" is compared as it stands: write {at_least: 50}",
         HEAD ONE_RULE "fit: {criteria: [{name: c, when: {effectif: @'>= 50'}, points: 1}]}\n"},
        {"write {below: 9.5}", RULES "{name: r, event: form, group: g, points: 1, when: "
                                     "{fields.budget: [@'<9.5']}}\n"},
        {"an entry of its map is written \"fields.NAME\"",
         RULES "{name: r, event: form, group: g, points: 1, when: {@phone: a}}\n"},
        {"unknown key \"prefx\" of a test (did you mean \"prefix\"?)",
         WHEN "{path: {@prefx: /a}}}\n"},
        {"email events have no action \"click\" (their actions are delivered, opened, clicked, ",
         RULES "{name: r, event: email, group: g, points: 1, when: {action: @click}}\n"},
        {"form events have no action \"clicked\"",
         RULES "{name: r, event: form, group: g, points: 1, when: {action: [viewed, @clicked]}}\n"},
        {"does not compile: missing closing parenthesis", WHEN "{path: {matches: @'/abc('}}}\n"},
        {"has a verb", WHEN "{path: {matches: @'(*LIMIT_MATCH=5)abc'}}}\n"},
        {"no text of 3 or more characters", WHEN "{path: {matches: @'^/[a-z]+$'}}}\n"},
        {"no number lies between", WHEN "{duration_ms: @{above: 5, below: 5}}}\n"},
        {"above and at_least are one bound", WHEN "{duration_ms: {above: 5, at_least: @6}}}\n"},
        {"path is text, not a number", WHEN "{path: @{above: 5}}}\n"},
        {"duration_ms is a number, not text", WHEN "{duration_ms: {prefix: @a}}}\n"},
        {"an empty text is in everything", WHEN "{path: {prefix: @''}}}\n"},
        {"an empty condition", WHEN "@{}}\n"},
        {"a list of values holds", WHEN "{path: @[]}}\n"},
        {"a value to compare with must be", WHEN "{path: @~}}\n"},
        {"in needs a list", WHEN "{path: {in: @/a}}}\n"},
        {"write in: for a list", WHEN "{path: {equals: @[/a]}}}\n"},
        {"a condition must be a mapping, this is a list", WHEN "@[path]}\n"},
        {"any must be a list", WHEN "{any: @{path: /a}}}\n"},
        {"any must list at least one condition", WHEN "{any: @[]}}\n"},
        {"a test needs an operator", WHEN "{path: @{ignore_case: true}}}\n"},
        {"events have no field \"host\"",
         RULES "{name: r, event: form, group: g, points: 1}\nonly: {@host: a.fr}\n"},
    };

    EXPECT_REFUSALS(rows);
}

Test(model, mistakes_in_limits_are_refused_where_they_are)
{
    static const struct refusal rows[] = {
        {"gives less than one award", LIMIT "{times: @0, per: lead}}\n"},
        {"gives less than one award", LIMIT "{times: @-3, within: 1d}}\n"},
        {"add \"zone: Europe/Paris\"", LIMIT "{per: @day}}\n"},
        {"there is no time zone \"Europe/Pari\"", LIMIT "{per: day, zone: @Europe/Pari}}\n"},
        {"a zone belongs to a limit per day", LIMIT "{per: lead, zone: @Europe/Paris}}\n"},
        {"remember belongs to a limit per object", LIMIT "{per: lead, remember: @3d}}\n"},
        {"at most 8 times within a duration", LIMIT "{times: @9, within: 3d}}\n"},
        {"a limit needs \"per\"", LIMIT "@{times: 9}}\n"},
        {"a limit is \"once\"", LIMIT "@twice}\n"},
        {"none of lead, day, week, month and no field (did you mean \"day\"?)",
         LIMIT "{per: @dya}}\n"},
        {"(did you mean \"week\"?)", LIMIT "{times: 2, per: @semaine}}\n"},
        {"page_view events have no field \"asset\" (known are url, ", LIMIT "{per: @asset}}\n"},
        {"per and within are two limits", LIMIT "{per: lead, within: @3d}}\n"},
        {"at most one limit per object", LIMIT "[{per: url}, @{per: path}]}\n"},
        {"a rule has at most 4 limits", LIMIT "[once, once, once, once, @once]}\n"},
    };

    EXPECT_REFUSALS(rows);
}

#define TOP(groups, tiers)                                                                         \
    "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {" groups "}}\ntiers:\n" tiers

Test(model, mistakes_in_tiers_fit_and_exclusions_are_refused_where_they_are)
{
    static const struct refusal rows[] = {
        {"entry 10 is not above entry 10",
         TOP("", "- {name: a}\n- {name: b, entry: 10}\n- {name: c, entry: @10}\n") ONE_RULE},
        {"exit 11 is above entry 10",
         TOP("", "- {name: a}\n- {name: b, entry: 10, exit: @11}\n") ONE_RULE},
        {"the first tier is where every lead is",
         TOP("", "- {name: a, entry: @0}\n- {name: b, entry: 10}\n") ONE_RULE},
        {"a tier needs \"entry\"", TOP("", "- {name: a}\n- @{name: b}\n") ONE_RULE},
        {"there is a tier called \"a\" already",
         TOP("", "- {name: a}\n- {name: @a, entry: 10}\n") ONE_RULE},
        {"1 tiers: a model has 2 to 16", TOP("", "@- {name: a}\n") ONE_RULE},
        {"unknown key \"cool_down\" of a tier",
         TOP("", "- {name: a}\n- {name: b, entry: 1, @cool_down: 3d}\n") ONE_RULE},
        {"unknown key \"cooldown\" of alert (did you mean \"cool_down\"?)",
         TOP("", "- {name: a}\n- {name: b, entry: 1, alert: {@cooldown: 3d}}\n") ONE_RULE},
        {"there is nothing to alert",
         TOP("", "- {name: a}\n- {name: b, entry: 1, publish: false, alert: @{for: 3d}}\n")
             ONE_RULE},
        {"it has no \"alert\"",
         TOP("", "- {name: a, alert: @{for: 1d}}\n- {name: b, entry: 1}\n") ONE_RULE},
        {"one tier is marked with sales",
         TOP("", "- {name: a}\n- {name: b, entry: 1, sales: true}\n"
                 "- {name: c, entry: 1.5, sales: @true}\n") ONE_RULE},
        {"grades go down: the mark 5 of B is not below the mark 4 of A",
         TOP("", "- {name: a}\n- {name: b, entry: 1}\ngrades: {fit: {A: 4, B: @5, C: 1}}\n")
             ONE_RULE},
        {"fit needs \"C\"",
         TOP("", "- {name: a}\n- {name: b, entry: 1}\ngrades: {fit: @{A: 4, B: 3}}\n") ONE_RULE},
        {"a weight needs a mean",
         TOP("", "- {name: a}\n- {name: b, entry: 1}\n"
                 "fit: {criteria: [{name: c, when: {x: 1}, points: 1, weight: @2}]}\n") ONE_RULE},
        {"points or cases",
         TOP("", "- {name: a}\n- {name: b, entry: 1}\n"
                 "fit: {criteria: [{name: c, points: 1, cases: @[{when: {x: 1}, points: 2}]}]}\n")
             ONE_RULE},
        {"the ceiling must be above 0",
         TOP("", "- {name: a}\n- {name: b, entry: 1}\n"
                 "fit: {criteria: [{name: c, points: {field: x, ceiling: @-1}}]}\n") ONE_RULE},
        {"status \"disqualified\" cannot freeze a lead",
         TOP("", "- {name: a}\n- {name: b, entry: 1}\nstatus: {frozen: [@disqualified]}\n")
             ONE_RULE},
        {"unknown key \"flor\" of recycle (did you mean \"floor\"?)",
         TOP("", "- {name: a}\n- {name: b, entry: 1}\nrecycle: {@flor: 3}\n") ONE_RULE},
        {"no lead can reach tier \"b\": the highest score that rules, ceilings and fit allow is 5, "
         "and strict wants more than the mark",
         TOP("ceiling: 5", "- {name: a}\n- {name: b, entry: @5, strict: true}\n") ONE_RULE},
        {"allow is 1",
         TOP("", "- {name: a}\n- {name: b, entry: @5}\n") "rules:\n" RULE ", limit: once}\n"},
        {"the mark must be below 0", HEAD ONE_RULE "excluded: {mark: @0}\n"},
        {"no lead can be excluded", HEAD ONE_RULE "excluded: {mark: @-5}\n"},
        {"excluded needs \"mark\"", HEAD ONE_RULE "excluded: @{name: x}\n"},
        {"there is a tier called \"b\" already",
         HEAD ONE_RULE "excluded: {mark: -5, name: @b}\n"
                       "exclusions: [{name: x, when: {a: b}, points: -5}]\n"},
        {"they must not be above 0",
         HEAD ONE_RULE "exclusions: [{name: x, when: {a: b}, points: @5}]\n"},
        {"an exclusion needs \"when\"", HEAD ONE_RULE "exclusions: [@{name: x, points: -5}]\n"},
        {"\"limit\" belongs to exclusions by event",
         HEAD ONE_RULE "exclusions: [{name: x, when: {a: 1}, points: -5, @limit: once}]\n"},
        {"fit needs \"criteria\"", HEAD ONE_RULE "fit: @{ceiling: 5}\n"},
        {"floor 6 is above ceiling 5",
         HEAD ONE_RULE "fit: {criteria: [], ceiling: 5, floor: @6}\n"},
        {"floor 6 is above ceiling 5",
         TOP("ceiling: 5, floor: @6", "- {name: a}\n- {name: b, entry: 1}\n") ONE_RULE},
        {"there is a criterion called \"x\" already",
         HEAD ONE_RULE "fit: {criteria: [{name: x, when: {a: 1}, points: 1}, {name: @x, when: {a: "
                       "2}, points: 1}]}\n"},
    };

    EXPECT_REFUSALS(rows);
}

#define BODY "name: m\nversion: \"1\"\ngroups: {g: {}}\ntiers: [{name: a}, {name: b, entry: 1}]\n"

Test(model, mistakes_in_the_head_are_refused_where_they_are)
{
    static const struct refusal rows[] = {
        {"a model must be a mapping, this is nothing", "@"},
        {"this version reads models of language 1, not 2", "seuil_model: @2\n" BODY ONE_RULE},
        {"a model needs \"seuil_model\"", "@" BODY ONE_RULE},
        {"unknown key \"rule\" of a model (did you mean \"rules\"?)", HEAD ONE_RULE "@rule: []\n"},
        {"tests must be a list", HEAD ONE_RULE "tests: @all\n"},
        {"there is no time zone \"Mars/Olympus\"", HEAD ONE_RULE "zone: @Mars/Olympus\n"},
        {"decay is \"none\"", HEAD ONE_RULE "decay: @3d\n"},
        {"a name must not be empty",
         "seuil_model: 1\nversion: \"1\"\nname: @\" m\"\ngroups: {g: {}}\n"
         "tiers: [{name: a}, {name: b, entry: 1}]\n" ONE_RULE},
        {"anchor", "seuil_model: 1\nx: &@a 1\n" BODY},
        {"consent is \"required\"", HEAD ONE_RULE "consent: @optional\n"},
        {"consent is \"required\"", HEAD ONE_RULE "consent: @true\n"},
        {"silent must be true or false", HEAD ONE_RULE "silent: @quiet\n"},
        {"unknown key \"silant\" of a model (did you mean \"silent\"?)",
         HEAD ONE_RULE "@silant: true\n"},
    };

    EXPECT_REFUSALS(rows);
}

Test(model, all_mistakes_of_all_files_come_at_once_in_order)
{
    static const char a[] = HEAD "rules:\n" RULE ", when: {pth: /a}, limit: {per: day}}\n"
                                 "  - {name: r, event: emial, group: x, points: a}\n";
    static const char b[] = "seuil_model: 1\nname: m\nversion: \"1\"\ntiers: 3\nzzz: 1\n";
    struct seuil_model_text files[] = {{"b.yaml", b, sizeof(b) - 1}, {"a.yaml", a, sizeof(a) - 1}};
    static const char *const places[] = {"a.yaml:2:7",  "a.yaml:7:61", "a.yaml:7:84",
                                         "a.yaml:8:12", "a.yaml:8:22", "a.yaml:8:36",
                                         "a.yaml:8:47", "b.yaml:4:8",  "b.yaml:5:1"};
    struct seuil_errs errs = {0};

    cr_assert_null(seuil_models_parse(files, 2, &errs));
    cr_assert_eq(errs.total, sizeof(places) / sizeof(places[0]), "%u", errs.total);
    for (uint32_t i = 0; i < errs.total; i++) {
        char place[300];

        snprintf(place, sizeof(place), "%s:%d:%d", errs.list[i].file, errs.list[i].line,
                 errs.list[i].column);
        cr_assert_str_eq(place, places[i], "%s: %s", place, errs.list[i].text);
    }
}

Test(model, two_models_may_not_have_one_name)
{
    static const char text[] = HEAD ONE_RULE;
    struct seuil_model_text files[] = {{"a.yaml", text, sizeof(text) - 1},
                                       {"b.yaml", text, sizeof(text) - 1}};
    struct seuil_errs errs = {0};

    cr_assert_null(seuil_models_parse(files, 2, &errs));
    cr_assert_eq(errs.total, 1);
    cr_assert_str_eq(errs.list[0].file, "b.yaml");
    cr_assert(errs.list[0].line == 2 && errs.list[0].column == 7);
}

Test(model, a_file_that_is_not_there_is_an_error_with_its_name)
{
    const char *path = "/nonexistent/model.yaml";
    struct seuil_errs errs = {0};

    cr_assert_null(seuil_models_load(&path, 1, &errs));
    cr_assert_eq(errs.total, 1);
    cr_assert_str_eq(errs.list[0].file, path);
    cr_assert_null(seuil_models_load(&path, 0, &errs));
}

/* ---- fingerprints ------------------------------------------------------------------------------
 */

struct prints {
    uint64_t hash;
    uint32_t meaning, key;
};

static struct prints prints_of(const char *rule)
{
    char text[1024];
    struct seuil_models *models;
    struct prints prints;

    snprintf(text, sizeof(text), HEAD "zone: Europe/Paris\nrules:\n  - {%s}\n", rule);
    models = good(text);
    prints = (struct prints){models->hash, models->rules[0].meaning, models->rules[0].key};
    seuil_models_free(models);
    return prints;
}

Test(model, meaning_follows_kind_conditions_limits_and_what_points_depend_on)
{
#define BASE "name: r, event: page_view, when: {path: /a}"
    struct prints base = prints_of(BASE ", group: g, points: 1");
    static const char *const same[] = {BASE ", group: g, points: 2",
                                       BASE ", group: g, points: 1, label: Autre",
                                       BASE ", group: g, points: 1, decay: {half_life: 1d}",
                                       BASE ", group: g, points: 1, decay: {expires: 1d}"};
    static const char *const other[] = {
        "name: r, event: email, when: {path: /a}, group: g, points: 1",
        "name: r, event: page_view, when: {path: /b}, group: g, points: 1",
        "name: r, event: page_view, when: {url: /a}, group: g, points: 1",
        "name: r, event: page_view, when: {path: {prefix: /a}}, group: g, points: 1",
        "name: r, event: page_view, when: {path: {equals: /a, ignore_case: true}}, group: g, "
        "points: 1",
        "name: r, event: page_view, when: {not: {path: /a}}, group: g, points: 1",
        BASE ", group: g, points: 1, limit: once",
        BASE ", group: g, points: 1, limit: {per: day}",
        BASE ", group: g, points: 1, limit: {per: week}",
        BASE ", group: g, points: {field: duration_ms}",
        BASE ", group: g, points: {each: 1, of: [duration_ms]}",
    };

    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        cr_assert_eq(prints_of(same[i]).meaning, base.meaning, "%s", same[i]);
        cr_assert_neq(prints_of(same[i]).hash, base.hash, "%s", same[i]);
    }
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        cr_assert_neq(prints_of(other[i]).meaning, base.meaning, "%s", other[i]);
        cr_assert_eq(prints_of(other[i]).key, base.key, "evidence goes by name");
        for (size_t k = 0; k < i; k++)
            cr_assert_neq(prints_of(other[i]).meaning, prints_of(other[k]).meaning, "%s", other[i]);
    }
    cr_assert_eq(prints_of(BASE ", group: g, points: 1").hash, base.hash);
}

Test(model, the_horizon_is_part_of_the_hash_whatever_it_was_before)
{
    struct seuil_models *models = good(whole);
    uint64_t first = models->hash;

    seuil_models_set_horizon(models, SEUIL_DAY_MS);
    cr_assert_neq(models->hash, first);
    seuil_models_set_horizon(models, 2 * SEUIL_DAY_MS);
    seuil_models_set_horizon(models, SEUIL_HORIZON_DEFAULT_MS);
    cr_assert_eq(models->hash, first);
    seuil_models_free(models);
}

/* ---- memory and size ---------------------------------------------------------------------------
 */

Test(model, failing_allocations_are_reported_and_leak_nothing)
{
    struct seuil_errs errs;

    for (int64_t n = 0; n < 5000; n++) {
        struct seuil_models *models;

        seuil_heap_fail_after(n);
        models = parse(whole, &errs);
        seuil_heap_fail_after(-1);
        if (models) {
            seuil_models_free(models);
            cr_assert_gt(n, 20);
            return;
        }
        cr_assert_gt(errs.total, 0, "at allocation %lld", (long long)n);
        cr_assert_eq(errs.list[0].code, SEUIL_ERR_NOMEM, "at allocation %lld: %s", (long long)n,
                     errs.list[0].text);
    }
    cr_assert_fail("5000 allocations are too many");
}

Test(model, a_file_cut_anywhere_is_refused_or_whole)
{
    struct seuil_errs errs;

    for (size_t len = 0; len < sizeof(whole); len++) {
        char *copy = malloc(len + 1);
        struct seuil_models *models;

        memcpy(copy, whole, len);
        copy[len] = '\0';
        models = parse(copy, &errs);
        cr_assert((models != NULL) == (errs.total == 0));
        seuil_models_free(models);
        free(copy);
    }
}

Test(model, more_rules_than_the_limit_are_refused_once)
{
    size_t cap = 4200 * 80;
    char *text = malloc(cap);
    size_t len = (size_t)sprintf(text, HEAD "rules:\n");
    struct seuil_errs errs;

    for (int i = 0; i < SEUIL_RULES_MAX; i++)
        len +=
            (size_t)sprintf(text + len, "  - {name: r%d, event: email, group: g, points: 1}\n", i);
    seuil_models_free(good(text));
    for (int i = 0; i < 5; i++)
        len +=
            (size_t)sprintf(text + len, "  - {name: s%d, event: email, group: g, points: 1}\n", i);
    cr_assert_null(parse(text, &errs));
    cr_assert_eq(errs.total, 1, "%u", errs.total);
    cr_assert_eq(errs.list[0].line, 7 + SEUIL_RULES_MAX);
    free(text);
}

/* A rule whose condition is negated @depth times. */
static void nested_text(int depth, char *text)
{
    strcpy(text, HEAD "rules:\n" RULE ", when: ");
    for (int i = 0; i < depth; i++)
        strcat(text, "{not: ");
    strcat(text, "{path: /a}");
    for (int i = 0; i < depth; i++)
        strcat(text, "}");
    strcat(text, "}\n");
}

Test(model, conditions_nested_too_deep_are_refused)
{
    struct seuil_errs errs;
    char text[2000];

    nested_text(10, text);
    seuil_models_free(good(text));
    nested_text(20, text);
    cr_assert_null(parse(text, &errs));
    cr_assert(strstr(errs.list[0].text, "deeper than 16 levels"), "%s", errs.list[0].text);
}

Test(model, the_samples_load_alone_and_side_by_side)
{
    static const char *const paths[] = {SEUIL_SOURCE_DIR "/config/models/demo.yaml",
                                        SEUIL_SOURCE_DIR "/config/models/standard.yaml",
                                        SEUIL_SOURCE_DIR "/config/models/bench.yaml"};
    struct seuil_errs errs = {0};
    struct seuil_models *models = seuil_models_load(paths, 3, &errs);

    cr_assert_not_null(models, "%s:%d: %s", errs.list[0].file, errs.list[0].line,
                       errs.list[0].text);
    cr_assert_eq(models->model_count, 3);
    seuil_models_free(models);
    for (int i = 0; i < 3; i++) {
        models = seuil_models_load(&paths[i], 1, &errs);
        cr_assert_not_null(models);
        seuil_models_free(models);
    }
}
