/* The events of the common job, see events.h. */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "draw.h"
#include "events.h"
#include "support/avro_write.h"

#define START_MS INT64_C(1767225600000) /* 2026-01-01 */
#define SPAN_MS  (INT64_C(30) * 24 * 3600 * 1000)

const char *const bench_topics[BENCH_KINDS] = {"page_views", "emails", "forms"};

#define SITE                "https://www.exemple-societe.fr"
#define PICK(texts, random) ((texts)[draw_below((random), sizeof(texts) / sizeof((texts)[0]))])

/* One in twelve views is of a price list, one in a hundred asks for an offer. */
static const char *const urls[] = {SITE "/",
                                   SITE "/produits/crm",
                                   SITE "/produits/facturation-electronique",
                                   SITE "/blog/notation-des-prospects",
                                   SITE "/blog/relancer-sans-harceler?page=2",
                                   SITE "/cas-clients/industrie/forges-du-leman",
                                   SITE "/webinaire/inscription",
                                   SITE "/contact"};
static const char *const titles[] = {
    "Exemple Société : le CRM des équipes qui vendent", "CRM français hébergé à Strasbourg",
    "Relancer sans harceler : 7 modèles d'e-mails", "Tarifs et abonnements - Exemple Société"};
static const char *const referrers[] = {"https://www.google.com/", "https://www.ecosia.org/",
                                        "https://www.linkedin.com/feed/", NULL, NULL};
static const char *const campaigns[] = {"2026-01-nouveautes-de-la-rentrée", "crm-pme-france",
                                        "directeurs-commerciaux-rhone-alpes", NULL};
static const char *const agents[] = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)"};
static const char *const names[] = {"Lefèvre", "Müller", "N'Diaye", "Moreau"};
static const char *const firms[] = {"Forges du Léman SA", "Épicerie Côté Sud", "Cabinet Nuñez"};

static void add_hex(struct seuil_buf *out, uint64_t *random)
{
    char text[17];

    snprintf(text, sizeof(text), "%016" PRIx64, draw(random));
    avro_write_string(out, text);
}

static void add_page_view(struct seuil_buf *out, uint64_t *random)
{
    uint32_t dice = draw_below(random, 1000);
    const char *campaign = dice % 5 == 0 ? PICK(campaigns, random) : NULL;

    avro_write_string(out, dice < 80   ? SITE "/tarifs"
                           : dice < 90 ? SITE "/demande-de-devis"
                                       : PICK(urls, random));
    avro_write_optional(out, PICK(referrers, random));
    add_hex(out, random);
    avro_write_optional(out, PICK(titles, random));
    avro_write_optional(out, campaign ? "newsletter" : NULL);
    avro_write_optional(out, campaign ? "email" : NULL);
    avro_write_optional(out, campaign);
    avro_write_long(out, 400 + draw_below(random, 180000));
}

static void add_email(struct seuil_buf *out, uint64_t *random)
{
    uint32_t dice = draw_below(random, 100);
    int action = dice < 46 ? 0 : dice < 82 ? 1 : dice < 95 ? 2 : dice < 98 ? 3 : 4;
    char id[64];

    snprintf(id, sizeof(id), "<%016" PRIx64 "%08" PRIx64 "@courriel.exemple-societe.fr>",
             draw(random), draw_below(random, UINT32_MAX));
    avro_write_long(out, action);
    avro_write_string(out, id);
    avro_write_optional(out, PICK(campaigns, random));
    avro_write_optional(out, action == 2 ? PICK(urls, random) : NULL);
    avro_write_optional(out, action == 1 || action == 2 ? PICK(agents, random) : NULL);
}

static void add_form(struct seuil_buf *out, uint64_t *random)
{
    char mail[64];

    snprintf(mail, sizeof(mail), "prenom.nom.%06" PRIx64 "@client-exemple.fr",
             draw_below(random, 0x1000000));
    avro_write_string(out, "demande-de-demo");
    avro_write_long(out, 4);
    avro_write_string(out, "nom");
    avro_write_string(out, PICK(names, random));
    avro_write_string(out, "courriel");
    avro_write_string(out, mail);
    avro_write_string(out, "société");
    avro_write_string(out, PICK(firms, random));
    avro_write_string(out, "message");
    avro_write_string(out, "Pourriez-vous nous rappeler avant vendredi, plutôt le matin ?");
    avro_write_long(out, 0);
}

static uint64_t draw_lead(uint64_t *random, const struct bench_job *job)
{
    double unit = (double)(draw(random) >> 11) * 0x1p-53;
    double rank =
        job->zipf ? exp(unit * log((double)job->leads + 1)) - 1 : unit * (double)job->leads;

    return rank < (double)job->leads ? (uint64_t)rank : job->leads - 1;
}

int64_t bench_event_time(const struct bench_job *job, uint64_t i)
{
    return START_MS + (int64_t)((double)SPAN_MS * ((double)i / (double)job->events));
}

enum bench_kind bench_event_make(const struct bench_job *job, uint64_t i, int64_t time_ms,
                                 const char *id, char ret_lead[BENCH_LEAD_LEN + 1],
                                 struct seuil_buf *out)
{
    uint64_t random = mix(1 ^ mix(i + 1));
    uint32_t dice = draw_below(&random, 100);
    enum bench_kind kind = dice < 70 ? BENCH_PAGE_VIEW : dice < 95 ? BENCH_EMAIL : BENCH_FORM;
    char drawn[3 * 16 + 1];

    snprintf(ret_lead, BENCH_LEAD_LEN + 1, "lead-%016" PRIx64, mix(draw_lead(&random, job) + 1));
    for (int part = 0; part < 3; part++)
        snprintf(drawn + 16 * part, 17, "%016" PRIx64, draw(&random));
    seuil_buf_clear(out);
    avro_write_confluent(out, (uint32_t)kind + 1);
    avro_write_long(out, BENCH_ID_LEN);
    seuil_buf_add(out, id ? id : drawn, BENCH_ID_LEN);
    avro_write_string(out, ret_lead);
    avro_write_long(out, time_ms);
    if (kind == BENCH_PAGE_VIEW)
        add_page_view(out, &random);
    else if (kind == BENCH_EMAIL)
        add_email(out, &random);
    else
        add_form(out, &random);
    return kind;
}
