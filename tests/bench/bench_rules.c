/* What matching costs as the number of rules grows while the same ten match.
 *
 *     bench_rules [EVENTS [MODEL]]
 *
 * Prints nanoseconds an event with 10, 100, 1,000 and 4,000 rules, the least of several
 * interleaved rounds, and the ratio to 10 rules (DESIGN 8: 1,000 rules at most 1.3 times). With a
 * model (config/models/matrice.yaml) the same for its rules and those of them that match at all. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "conf/model_load.h"
#include "conf/regex.h"
#include "conf/rules_compile.h"
#include "core/rules.h"

#define ROUNDS 15

static const unsigned sizes[] = {10, 100, 1000, 4000};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

struct side {
    struct seuil_models *models;
    struct seuil_rules_scratch *scratch;
    void *regex, *memory;
    double best_ns;
    uint64_t hits;
};

static void add(char **at, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(char **at, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    *at += vsprintf(*at, format, args);
    va_end(args);
}

/* Ten rules that match what the events hold, and others of every sort that do not. */
static char *write_model(unsigned rules)
{
    static const char *const ten[] = {
        "page_view, when: {path: {prefix: /tarifs}}",
        "page_view, when: {path: {contains: entreprise}}",
        "page_view, when: {path: {matches: 'tarifs/[a-z]+$'}}",
        "page_view, when: {utm_medium: [cpc, email]}",
        "page_view, when: {duration_ms: {at_least: 1000, below: 60000}}",
        "page_view, when: {host: www.exemple.fr}",
        "page_view, when: {path: {suffix: entreprise}}",
        "email, when: {action: clicked, campaign: rentree}",
        "form, when: {form_id: devis, fields.effectif: {above: 50}}",
        "page_view, when: {product: erp, title: {prefix: tarif, ignore_case: true}}",
    };
    char *text = malloc(1 << 20), *at = text;

    add(&at, "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\n"
             "tiers: [{name: a}, {name: b, entry: 1}]\nrules:\n");
    for (unsigned i = 0; i < rules; i++) {
        add(&at, "  - {name: r%u, group: g, points: 1, event: ", i);
        if (i < 10)
            add(&at, "%s}\n", ten[i]);
        else if (i % 6 == 0)
            add(&at, "page_view, when: {path: {prefix: /produits/gamme-%u}}}\n", i);
        else if (i % 6 == 1)
            add(&at, "page_view, when: {path: {contains: dossier-%u}}}\n", i);
        else if (i % 6 == 2)
            add(&at, "page_view, when: {utm_campaign: campagne-%u}}\n", i);
        else if (i % 6 == 3)
            add(&at, "page_view, when: {path: {matches: '^/blog/article-%u(-.*)?$'}}}\n", i);
        else if (i % 6 == 4)
            add(&at, "email, when: {action: clicked, message_id: lettre-%u}}\n", i);
        else
            add(&at, "page_view, when: {duration_ms: {at_least: %u, below: %u}}}\n", 100000 + i,
                100001 + i);
    }
    return text;
}

static void loaded(const struct seuil_models *models, const struct seuil_errs *errs)
{
    if (models)
        return;
    fprintf(stderr, "line %d: %s\n", errs->list[0].line, errs->list[0].text);
    exit(1);
}

static void prepare(struct side *side)
{
    side->regex = seuil_models_regex_new(side->models);
    side->memory = malloc(seuil_rules_scratch_size(side->models));
    side->scratch = seuil_rules_scratch_init(side->memory, side->models, side->regex);
    side->best_ns = 1e18;
}

static void prepare_size(struct side *side, unsigned rules)
{
    char *text = write_model(rules);
    struct seuil_model_text file = {"bench", text, strlen(text)};
    struct seuil_errs errs = {0};

    side->models = seuil_models_parse(&file, 1, &errs);
    loaded(side->models, &errs);
    prepare(side);
    free(text);
}

static void done(struct side *side)
{
    free(side->memory);
    seuil_models_regex_free(side->regex);
}

static void set(struct seuil_event *event, enum seuil_field field, const char *text)
{
    event->field[field] =
        (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = seuil_str_from(text)};
}

static void make_events(struct seuil_event *events, unsigned count)
{
    static char urls[64][96];
    static const char *const paths[] = {"tarifs/entreprise", "blog/article-de-fond",
                                        "services/conseil", "", "produits/comparatif"};

    for (unsigned i = 0; i < count; i++) {
        struct seuil_event *e = &events[i];

        memset(e, 0, sizeof(*e));
        e->kind = SEUIL_KIND_PAGE_VIEW;
        snprintf(urls[i], sizeof(urls[i]), "https://www.exemple.fr/%s", paths[i % 5]);
        set(e, SEUIL_FIELD_URL, urls[i]);
        set(e, SEUIL_FIELD_TITLE, i % 5 ? "Accueil" : "Tarifs et offres");
        set(e, SEUIL_FIELD_PRODUCT, "erp");
        set(e, SEUIL_FIELD_UTM_MEDIUM, i % 3 ? "organic" : "cpc");
        set(e, SEUIL_FIELD_UTM_CAMPAIGN, "rentree");
        e->field[SEUIL_FIELD_DURATION_MS] =
            (struct seuil_value){.type = SEUIL_TYPE_INT, .i = 500 * i};
        seuil_event_derive(e);
    }
}

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void run(struct side *side, const struct seuil_event *events, unsigned count,
                unsigned rounds)
{
    struct seuil_hits hits;
    double start = now_ns(), ns;

    side->hits = 0;
    for (unsigned r = 0; r < rounds; r++)
        for (unsigned i = 0; i < count; i++) {
            seuil_rules_match(side->models, side->scratch, &events[i], &hits);
            side->hits += hits.count;
        }
    ns = (now_ns() - start) / ((double)rounds * count);
    side->best_ns = ns < side->best_ns ? ns : side->best_ns;
}

/* What leads of config/models/matrice.yaml do. */
static unsigned make_visits(struct seuil_event *events)
{
    static const char *const urls[] = {"https://exemple.fr/produits/gpao/ordres",
                                       "https://exemple.fr/tarifs",
                                       "https://exemple.fr/references/forges",
                                       "https://exemple.fr/blog/production/kanban",
                                       "https://exemple.fr/comparatifs/nous-vs-eux",
                                       "https://exemple.fr/documentation/api/v2",
                                       "https://exemple.fr/",
                                       "https://exemple.fr/recrutement/technicien"};
    static const char *const actions[] = {"opened", "clicked"};
    unsigned n = 0;

    for (unsigned i = 0; i < 8; i++) {
        struct seuil_event *e = &events[n++];

        memset(e, 0, sizeof(*e));
        e->kind = SEUIL_KIND_PAGE_VIEW;
        set(e, SEUIL_FIELD_URL, urls[i]);
        set(e, SEUIL_FIELD_REFERRER, i % 2 ? "https://www.google.com/" : "https://exemple.fr/");
        e->field[SEUIL_FIELD_DURATION_MS] =
            (struct seuil_value){.type = SEUIL_TYPE_INT, .i = 40000 * (int64_t)i};
        seuil_event_derive(e);
    }
    for (unsigned i = 0; i < 2; i++) {
        struct seuil_event *e = &events[n++];

        memset(e, 0, sizeof(*e));
        e->kind = SEUIL_KIND_EMAIL;
        set(e, SEUIL_FIELD_ACTION, actions[i]);
        set(e, SEUIL_FIELD_CAMPAIGN, "lettre-mai");
        set(e, SEUIL_FIELD_MESSAGE_ID, "lettre-mai-1");
        e->field[SEUIL_FIELD_MACHINE] = (struct seuil_value){.type = SEUIL_TYPE_BOOL};
    }
    return n;
}

/* The rules of @all that some event hits, as a set of their own in @arena. */
static void only_hit(const struct side *all, const struct seuil_event *events, unsigned count,
                     struct seuil_models *ret_models)
{
    struct seuil_rule *rules =
        seuil_arena_alloc(&ret_models->arena, all->models->rule_count, sizeof(*rules));
    bool *hit = seuil_arena_alloc(&ret_models->arena, all->models->rule_count, sizeof(*hit));
    struct seuil_error err;
    struct seuil_hits hits;

    for (unsigned i = 0; i < count; i++) {
        seuil_rules_match(all->models, all->scratch, &events[i], &hits);
        for (unsigned k = 0; k < hits.count; k++)
            hit[hits.rule[k]] = true;
    }
    for (uint32_t i = 0; i < all->models->rule_count; i++)
        if (hit[i])
            rules[ret_models->rule_count++] = all->models->rules[i];
    ret_models->rules = rules;
    ret_models->attributes = all->models->attributes;
    ret_models->attribute_count = all->models->attribute_count;
    if (seuil_rules_compile(ret_models, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
}

/* A real model, and what it would cost with the rules alone that match. */
static int measure_model(const char *path, unsigned total)
{
    static struct seuil_event events[64];
    unsigned count = make_visits(events);
    struct seuil_models few = {0};
    struct seuil_errs errs = {0};
    struct side all = {.models = seuil_models_load(&path, 1, &errs)}, hit = {.models = &few};
    int rc;

    loaded(all.models, &errs);
    prepare(&all);
    only_hit(&all, events, count, &few);
    prepare(&hit);
    for (int round = 0; round < ROUNDS; round++) {
        run(&hit, events, count, total / count / ROUNDS + 1);
        run(&all, events, count, total / count / ROUNDS + 1);
    }
    printf("%5u rules  %7.1f ns an event, those of %s that match\n"
           "%5u rules  %7.1f ns an event  %.2f of them  %.2f hits an event\n",
           few.rule_count, hit.best_ns, path, all.models->rule_count, all.best_ns,
           all.best_ns / hit.best_ns,
           (double)all.hits / ((total / count / ROUNDS + 1) * (double)count));
    rc = all.hits != hit.hits;
    done(&hit);
    seuil_arena_done(&few.arena);
    done(&all);
    seuil_models_free(all.models);
    return rc;
}

int main(int argc, char **argv)
{
    unsigned count = 64, total = argc > 1 ? (unsigned)atoi(argv[1]) : 300000;
    static struct seuil_event events[64];
    struct side sides[SIZES];

    make_events(events, count);
    for (unsigned i = 0; i < SIZES; i++)
        prepare_size(&sides[i], sizes[i]);
    for (int round = 0; round < ROUNDS; round++)
        for (unsigned i = 0; i < SIZES; i++)
            run(&sides[i], events, count, total / count / ROUNDS + 1);
    for (unsigned i = 0; i < SIZES; i++) {
        printf("%5u rules  %7.1f ns an event  %.2f of 10 rules  %.2f hits an event\n", sizes[i],
               sides[i].best_ns, sides[i].best_ns / sides[0].best_ns,
               (double)sides[i].hits / ((total / count / ROUNDS + 1) * (double)count));
        if (sides[i].hits != sides[0].hits) {
            fprintf(stderr, "the same rules must match\n");
            return 1;
        }
        done(&sides[i]);
        seuil_models_free(sides[i].models);
    }
    return argc > 2 ? measure_model(argv[2], total) : 0;
}
