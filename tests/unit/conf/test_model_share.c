/* Shared lists, and rules that exclude each other. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/model_load.h"

#define HEAD                                                                                       \
    "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\n"                                   \
    "tiers: [{name: a}, {name: b, entry: 1}]\n"

#define RULE "rules: [{name: r, event: page_view, group: g, points: 1}]\n"

static struct seuil_models *parse(const char *text, struct seuil_errs *errs)
{
    struct seuil_model_text file = {"m.yaml", text, strlen(text)};

    memset(errs, 0, sizeof(*errs));
    return seuil_models_parse(&file, 1, errs);
}

/* ---- exclusive ----------------------------------------------------------------------------- */

/* Two criteria with these conditions; the witness that is told, or "" when the model is good. */
static void criteria(const char *a, const char *b, const char *witness)
{
    char text[2048];
    struct seuil_errs errs;
    struct seuil_models *models;

    snprintf(text, sizeof(text),
             HEAD "fit: {criteria: [\n"
                  "  {name: un, exclusive: e, points: 1, when: %s},\n"
                  "  {name: deux, exclusive: e, points: 1, when: %s}]}\n",
             a, b);
    models = parse(text, &errs);
    if (!witness[0]) {
        cr_assert_not_null(models, "%s / %s: %s", a, b, errs.list[0].text);
    } else {
        cr_assert_null(models, "%s / %s is accepted", a, b);
        cr_assert_eq(errs.total, 1);
        cr_assert(strstr(errs.list[0].text, "\"un\" and \"deux\" exclude each other by \"e\""));
        cr_assert(strstr(errs.list[0].text, witness), "%s", errs.list[0].text);
        cr_assert_eq(errs.list[0].line, 8);
    }
    seuil_models_free(models);
}

Test(exclusive, numbers_overlap_at_bounds_that_both_have)
{
    criteria("{x: {below: 50}}", "{x: {at_least: 50}}", "");
    criteria("{x: {at_most: 50}}", "{x: {at_least: 50}}", "x is 50");
    criteria("{x: {at_most: 50}}", "{x: {above: 50}}", "");
    criteria("{x: {above: 10, below: 20}}", "{x: {above: 19, below: 30}}", "x is 19.5");
    criteria("{x: {at_least: 10}}", "{x: [5, 9]}", "");
    criteria("{x: {at_least: 10}}", "{x: [5, 12]}", "x is 12");
    criteria("{x: {not: {at_least: 10}}}", "{x: {at_least: 10}}", "");
    criteria("{x: {not: {at_least: 10}}}", "{x: {absent: true}}", "x is not there");
}

Test(exclusive, texts_overlap_when_one_can_be_made_that_both_take)
{
    criteria("{x: {prefix: /tarifs}}", "{x: {prefix: /prix}}", "");
    criteria("{x: {prefix: /tarifs}}", "{x: {prefix: /tar}}", "x is \"/tarifs\"");
    criteria("{x: {prefix: a}}", "{x: {suffix: z}}", "x is \"az\"");
    criteria("{x: [Un, Deux]}", "{x: {in: [deux, trois], ignore_case: true}}", "x is \"Deux\"");
    criteria("{x: [Un, Deux]}", "{x: {in: [deux, trois]}}", "");
    criteria("{x: {contains: [a, b]}}", "{x: {not: {contains: [a, b]}}}", "");
    criteria("{x: oui}", "{x: {present: true}}", "x is \"oui\"");
    criteria("{x: {present: true}}", "{x: {absent: true}}", "");
}

Test(exclusive, all_and_any_are_looked_through)
{
    criteria("{x: 1, y: 2}", "{x: 1, y: 3}", "");
    criteria("{x: 1, y: 2}", "{x: 1, z: 3}", "x is 1 and y is 2 and z is 3");
    criteria("{any: [{x: 1}, {x: 2}]}", "{x: [3, 4]}", "");
    criteria("{any: [{x: 1}, {x: 2}]}", "{all: [{x: [2, 4]}, {y: {above: 0}}]}",
             "x is 2 and y is 1");
    criteria("{any: [{x: 1}, {y: 1}]}", "{not: {any: [{x: 1}, {y: 1}]}}", "");
}

Test(exclusive, of_those_that_exclude_each_other_only_the_best_reaches_a_tier)
{
    static const char text[] = "seuil_model: 1\nname: m\nversion: \"1\"\n"
                               "tiers: [{name: a}, {name: b, entry: %d}]\n"
                               "fit: {criteria: [\n"
                               "  {name: un, exclusive: e, points: 10, when: {x: 1}},\n"
                               "  {name: deux, exclusive: e, points: 20, when: {x: 2}},\n"
                               "  {name: trois, exclusive: e, points: 20, when: {x: 3}},\n"
                               "  {name: libre, points: 5, when: {y: 1}}]}\n";
    struct seuil_models *models;
    struct seuil_errs errs;
    char whole[1024];

    snprintf(whole, sizeof(whole), text, 25);
    models = parse(whole, &errs);
    cr_assert_not_null(models, "%s", errs.list[0].text);
    seuil_models_free(models);
    snprintf(whole, sizeof(whole), text, 26);
    cr_assert_null(parse(whole, &errs));
    cr_assert(strstr(errs.list[0].text, "no lead can reach tier \"b\": the highest score that "
                                        "rules, ceilings and fit allow is 25"),
              "%s", errs.list[0].text);
}

Test(exclusive, expressions_are_not_looked_into)
{
    criteria("{x: {matches: '^directeur'}}", "{x: {prefix: directeur}}", "");
}

Test(exclusive, one_alone_is_a_slip_of_the_pen)
{
    struct seuil_errs errs;

    cr_assert_null(parse(HEAD "fit: {criteria: [\n"
                              "  {name: un, exclusive: taille, points: 1, when: {x: 1}},\n"
                              "  {name: deux, exclusive: taille, points: 1, when: {x: 2}},\n"
                              "  {name: trois, exclusive: tailel, points: 1, when: {x: 3}}]}\n",
                         &errs));
    cr_assert_eq(errs.total, 1);
    cr_assert(strstr(errs.list[0].text, "did you mean \"taille\"?"), "%s", errs.list[0].text);
}

Test(exclusive, rules_of_other_kinds_do_not_meet)
{
    struct seuil_errs errs;
    struct seuil_models *models =
        parse(HEAD "rules:\n"
                   "  - {name: a, event: page_view, group: g, points: 1, exclusive: e}\n"
                   "  - {name: b, event: page_view, group: g, points: 1, exclusive: e}\n"
                   "  - {name: c, event: email, group: g, points: 1, exclusive: f}\n"
                   "  - {name: d, event: email, group: g, points: 1, exclusive: f,\n"
                   "     when: {action: clicked}}\n",
              &errs);

    cr_assert_null(models);
    cr_assert_eq(errs.total, 2);
    cr_assert(strstr(errs.list[0].text, "both hold when anything happens"), "%s",
              errs.list[0].text);
    cr_assert(strstr(errs.list[1].text, "both hold when action is \"clicked\""), "%s",
              errs.list[1].text);
}

/* ---- lists --------------------------------------------------------------------------------- */

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

static void remove_file(const char *folder, const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    cr_assert_eq(unlink(path), 0);
}

static struct seuil_models *load(const char *folder, struct seuil_errs *errs)
{
    char path[256];
    const char *paths[] = {path};

    snprintf(path, sizeof(path), "%s/m.yaml", folder);
    memset(errs, 0, sizeof(*errs));
    return seuil_models_load(paths, 1, errs);
}

Test(lists, a_file_beside_the_model_is_as_good_as_the_values)
{
    char folder[] = "/tmp/seuil-lists.XXXXXX";
    struct seuil_errs errs;
    struct seuil_models *inside, *beside, *other;

    cr_assert_not_null(mkdtemp(folder));
    inside =
        parse(HEAD RULE "exclusions: [{name: x, points: -1, when: {domaine: [a.fr, 42, b.fr]}}]\n",
              &errs);
    cr_assert_not_null(inside);
    write_file(folder, "m.yaml",
               HEAD RULE
               "lists: {rivaux: rivaux.yaml}\n"
               "exclusions: [{name: x, points: -1, when: {domaine: {in: {list: rivaux}}}}]\n");
    write_file(folder, "rivaux.yaml", "# Concurrents\n- a.fr\n- b.fr\n- 42\n");
    beside = load(folder, &errs);
    cr_assert_not_null(beside, "%s", errs.list[0].text);
    cr_assert_eq(inside->hash, beside->hash);
    write_file(folder, "rivaux.yaml", "[a.fr, b.fr, \"42\"]\n");
    other = load(folder, &errs);
    cr_assert_not_null(other, "%s", errs.list[0].text);
    cr_assert_neq(inside->hash, other->hash, "a changed list is a changed model");
    seuil_models_free(inside);
    seuil_models_free(beside);
    seuil_models_free(other);

    write_file(folder, "rivaux.yaml", "- a.fr\n- {b: c}\n");
    cr_assert_null(load(folder, &errs));
    cr_assert(strstr(errs.list[0].file, "/rivaux.yaml"), "%s", errs.list[0].file);
    cr_assert_eq(errs.list[0].line, 2);
    cr_assert(strstr(errs.list[0].text, "must be one value, this is a mapping"));
    write_file(folder, "rivaux.yaml", "a.fr\n");
    cr_assert_null(load(folder, &errs));
    cr_assert(strstr(errs.list[0].text, "must be a list of values, this is text"));
    remove_file(folder, "m.yaml");
    remove_file(folder, "rivaux.yaml");
    cr_assert_eq(rmdir(folder), 0);
}

Test(lists, what_is_wrong_with_them_is_told)
{
    static const struct {
        const char *says, *text;
    } cases[] = {
        {"did you mean \"rivaux\"?", "lists: {rivaux: [a]}\n"
                                     "exclusions: [{name: x, points: -1, when: {d: {in: {list: "
                                     "rivau}}}}]\n"},
        {"needs a model in a file", "lists: {rivaux: /etc/passwd}\n"},
        {"must be a list of values", "lists: {rivaux: {a: b}}\n"},
        {"lists must be a mapping", "lists: [a]\n"},
        {"a list of values holds 1 to", "lists: {vide: []}\n"
                                        "exclusions: [{name: x, points: -1, when: {d: {in: {list: "
                                        "vide}}}}]\n"},
        {"within {} a text with a comma needs quotes",
         "exclusions: [{name: x, label: rival, voisin, points: -1, when: {d: a}}]\n"},
        {"unknown key \"lists\" of a shared list", "exclusions: [{name: x, points: -1, when: {d: "
                                                   "{in: {lists: a}}}}]\n"},
    };
    struct seuil_errs errs;
    char text[2048];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(text, sizeof(text), HEAD RULE "%s", cases[i].text);
        cr_assert_null(parse(text, &errs), "%s", cases[i].says);
        cr_assert(strstr(errs.list[0].text, cases[i].says), "%s", errs.list[0].text);
    }
}
