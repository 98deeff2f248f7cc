#include "ctl_demo_story.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/encode.h"

static const char *const leads[SEUIL_STORY_LEADS] = {
    "camille.roux",    "hugo.moreau",     "lea.fontaine",   "nathan.girard", "manon.lefevre",
    "lucas.mercier",   "chloe.dupuis",    "theo.lambert",   "emma.bonnet",   "louis.francois",
    "jade.martinez",   "gabriel.legrand", "louise.garnier", "raphael.faure", "alice.rousseau",
    "arthur.blanc",    "lina.guerin",     "jules.muller",   "rose.henry",    "adam.roussel",
    "anna.nicolas",    "mael.perrin",     "mila.morin",     "paul.mathieu",  "eva.clement",
    "victor.gauthier", "ines.dumont",     "leon.lopez",     "sarah.fontana", "noe.chevalier",
    "zoe.robin",       "axel.masson",     "julia.sanchez",  "tom.gerard",    "romane.nguyen",
    "ethan.boyer",     "clara.denis",     "sacha.lemaire",  "agathe.duval",  "simon.joly",
};

struct teller {
    struct seuil_story *story;
    uint64_t state;
};

/* splitmix64: small, well mixed, the same everywhere. */
static uint64_t draw(struct teller *teller)
{
    uint64_t z = teller->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static int64_t between(struct teller *teller, int64_t low, int64_t high)
{
    return low + (int64_t)(draw(teller) % (uint64_t)(high - low + 1));
}

static void tell(struct teller *teller, int64_t at_ms, uint32_t lead, enum seuil_kind kind,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

static void tell(struct teller *teller, int64_t at_ms, uint32_t lead, enum seuil_kind kind,
                 const char *format, ...)
{
    struct seuil_story *story = teller->story;
    uint32_t order = story->count;
    va_list args;

    assert(order < SEUIL_STORY_EVENTS_MAX);
    story->events[order] = (struct seuil_story_event){at_ms, kind, lead, order};
    va_start(args, format);
    vsnprintf(story->bodies[order], SEUIL_STORY_JSON_MAX, format, args);
    va_end(args);
    story->count++;
}

static void visit(struct teller *teller, int64_t at_ms, uint32_t lead, const char *path)
{
    tell(teller, at_ms, lead, SEUIL_KIND_PAGE_VIEW,
         "\"url\":\"https://www.exemple.fr%s\",\"session_id\":\"s%u\"", path, lead);
}

static void mail(struct teller *teller, int64_t at_ms, uint32_t lead, const char *action,
                 unsigned message, bool machine)
{
    tell(teller, at_ms, lead, SEUIL_KIND_EMAIL,
         "\"action\":\"%s\",\"message_id\":\"lettre-%u\",\"campaign\":\"rentree\",\"machine\":%s",
         action, message, machine ? "true" : "false");
}

static void form(struct teller *teller, int64_t at_ms, uint32_t lead, const char *name,
                 const char *action)
{
    tell(teller, at_ms, lead, SEUIL_KIND_FORM,
         "\"form_id\":\"%s\",\"action\":\"%s\",\"fields\":{\"societe\":\"Exemple %u\"}", name,
         action, lead);
}

static void profile(struct teller *teller, int64_t at_ms, uint32_t lead, const char *sector,
                    const char *job, int employees)
{
    tell(teller, at_ms, lead, SEUIL_KIND_PROFILE,
         "\"attributes\":{\"secteur\":\"%s\",\"fonction\":\"%s\",\"effectif\":%d}", sector, job,
         employees);
}

/* Reads, compares, asks for a quote. */
static void buyer(struct teller *teller, uint32_t lead, int64_t t)
{
    static const char *const jobs[] = {"directrice commerciale", "directeur marketing",
                                       "responsable achats"};

    profile(teller, t, lead, "industrie", jobs[draw(teller) % 3], (int)between(teller, 50, 900));
    visit(teller, t += between(teller, 100, 400), lead, "/blog/choisir-un-outil");
    visit(teller, t += between(teller, 200, 500), lead, "/services");
    mail(teller, t += between(teller, 200, 500), lead, "opened", 1, false);
    mail(teller, t += between(teller, 100, 300), lead, "clicked", 1, false);
    visit(teller, t += between(teller, 200, 500), lead, "/tarifs");
    visit(teller, t += between(teller, 200, 600), lead, "/tarifs/entreprise");
    visit(teller, t += between(teller, 200, 600), lead, "/demande-de-devis");
    form(teller, t += between(teller, 300, 800), lead, "demande-de-devis", "submitted");
}

/* Comes back to the prices again and again, asks for nothing. */
static void comparer(struct teller *teller, uint32_t lead, int64_t t)
{
    profile(teller, t, lead, "services", "chef de projet", (int)between(teller, 10, 200));
    for (int i = 0, n = (int)between(teller, 4, 7); i < n; i++)
        visit(teller, t += between(teller, 700, 2500), lead, i % 2 ? "/services" : "/tarifs");
    mail(teller, t += between(teller, 300, 900), lead, "clicked", 2, false);
}

static void reader(struct teller *teller, uint32_t lead, int64_t t)
{
    for (int i = 0, n = (int)between(teller, 2, 5); i < n; i++)
        visit(teller, t += between(teller, 500, 2500), lead,
              i % 2 ? "/blog/guide-rgpd" : "/blog/suivre-ses-prospects");
    mail(teller, t += between(teller, 300, 900), lead, "opened", 1, false);
    if (draw(teller) % 2)
        form(teller, t + between(teller, 300, 900), lead, "lettre", "submitted");
}

/* Looks for a job, not for a product. */
static void candidate(struct teller *teller, uint32_t lead, int64_t t)
{
    visit(teller, t, lead, "/services");
    for (int i = 0; i < 3; i++)
        visit(teller, t += between(teller, 400, 1500), lead, "/recrutement/developpeur");
}

/* A mail program that opens everything by itself. */
static void machine(struct teller *teller, uint32_t lead, int64_t t)
{
    for (unsigned i = 1; i <= 6; i++) {
        mail(teller, t += between(teller, 200, 900), lead, "delivered", i, false);
        mail(teller, t += 20, lead, "opened", i, true);
    }
}

static int earlier(const void *a, const void *b)
{
    const struct seuil_story_event *x = a, *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

void seuil_story_make(uint64_t seed, struct seuil_story *ret_story)
{
    struct teller teller = {ret_story, seed * UINT64_C(0x2545f4914f6cdd1d) + 1};

    ret_story->count = 0;
    for (uint32_t lead = 0; lead < SEUIL_STORY_LEADS; lead++) {
        int64_t t = between(&teller, 500, 14000);

        if (lead == 0)
            t = 300; /* somebody qualifies soon: the spectator waits */
        if (lead < 10)
            buyer(&teller, lead, t);
        else if (lead < 18)
            comparer(&teller, lead, t);
        else if (lead < 30)
            reader(&teller, lead, t);
        else if (lead < 35)
            candidate(&teller, lead, t);
        else
            machine(&teller, lead, t);
    }
    /* Two buyers come back after they have cooled. */
    form(&teller, 24000, 1, "demande-de-devis", "submitted");
    visit(&teller, 23500, 1, "/tarifs");
    visit(&teller, 24500, 3, "/tarifs");
    qsort(ret_story->events, ret_story->count, sizeof(ret_story->events[0]), earlier);
}

const char *seuil_story_lead_id(uint32_t lead)
{
    return leads[lead];
}

uint32_t seuil_story_json(const struct seuil_story *story, uint32_t index, seuil_time_ms start,
                          char *out, uint32_t cap)
{
    const struct seuil_story_event *event = &story->events[index];
    char time[32];
    int n;

    seuil_time_format(start + event->at_ms, time);
    n = snprintf(out, cap,
                 "{\"type\":\"%s\",\"id\":\"demo-%u\",\"lead\":\"%s\",\"time\":\"%s\",%s}",
                 seuil_kind_name(event->kind), event->order, leads[event->lead], time,
                 story->bodies[event->order]);
    assert(n > 0 && (uint32_t)n < cap);
    return (uint32_t)n;
}
