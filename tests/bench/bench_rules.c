/* What matching costs as the number of rules grows while the same ten match.
 *
 *     bench_rules [EVENTS]
 *
 * Prints nanoseconds an event with 10, 100, 1,000 and 4,000 rules, the least of several
 * interleaved rounds, and the ratio to 10 rules (DESIGN 8: 1,000 rules at most 1.3 times). */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conf/model_load.h"
#include "conf/regex.h"
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

static void prepare(struct side *side, unsigned rules)
{
    char *text = write_model(rules);
    struct seuil_model_text file = {"bench", text, strlen(text)};
    struct seuil_errs errs = {0};

    side->models = seuil_models_parse(&file, 1, &errs);
    if (!side->models) {
        fprintf(stderr, "line %d: %s\n", errs.list[0].line, errs.list[0].text);
        exit(1);
    }
    side->regex = seuil_models_regex_new(side->models);
    side->memory = malloc(seuil_rules_scratch_size(side->models));
    side->scratch = seuil_rules_scratch_init(side->memory, side->models, side->regex);
    side->best_ns = 1e18;
    free(text);
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

int main(int argc, char **argv)
{
    unsigned count = 64, total = argc > 1 ? (unsigned)atoi(argv[1]) : 300000;
    static struct seuil_event events[64];
    struct side sides[SIZES];

    make_events(events, count);
    for (unsigned i = 0; i < SIZES; i++)
        prepare(&sides[i], sizes[i]);
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
        free(sides[i].memory);
        seuil_models_regex_free(sides[i].regex);
        seuil_models_free(sides[i].models);
    }
    return 0;
}
