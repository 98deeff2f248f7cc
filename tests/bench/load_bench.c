/* The log of the common job: three topics of page views, e-mails and forms over 30 days, Avro in
 * Confluent framing, keyed by lead. Event i is a function of the options alone, so every system
 * reads the same bytes. Makes the topics, those of the results too; they must not exist.
 *
 *     load_bench BOOTSTRAP PREFIX EVENTS LEADS [zipf] */

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "stream/admin.h"
#include "support/avro_write.h"

#define START_MS   INT64_C(1767225600000) /* 2026-01-01 */
#define PARTITIONS 8
#define SPAN_MS    (INT64_C(30) * 24 * 3600 * 1000)

enum kind { PAGE_VIEW, EMAIL, FORM, KINDS };
static const char *const suffix[KINDS] = {"page_views", "emails", "forms"};

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

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t draw(uint64_t *random)
{
    return mix(*random += UINT64_C(0x9e3779b97f4a7c15));
}

static uint32_t draw_below(uint64_t *random, uint64_t below)
{
    return (uint32_t)((draw(random) >> 32) * below >> 32);
}

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

    snprintf(id, sizeof(id), "<%016" PRIx64 "%08x@courriel.exemple-societe.fr>", draw(random),
             draw_below(random, UINT32_MAX));
    avro_write_long(out, action);
    avro_write_string(out, id);
    avro_write_optional(out, PICK(campaigns, random));
    avro_write_optional(out, action == 2 ? PICK(urls, random) : NULL);
    avro_write_optional(out, action == 1 || action == 2 ? PICK(agents, random) : NULL);
}

static void add_form(struct seuil_buf *out, uint64_t *random)
{
    char mail[64];

    snprintf(mail, sizeof(mail), "prenom.nom.%06x@client-exemple.fr",
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

struct job {
    uint64_t events, leads;
    bool zipf;
};

static uint64_t draw_lead(uint64_t *random, const struct job *job)
{
    double unit = (double)(draw(random) >> 11) * 0x1p-53;
    double rank =
        job->zipf ? exp(unit * log((double)job->leads + 1)) - 1 : unit * (double)job->leads;

    return rank < (double)job->leads ? (uint64_t)rank : job->leads - 1;
}

static void make(const struct job *job, uint64_t i, enum kind *ret_kind, int64_t *ret_time,
                 char lead[22], struct seuil_buf *out)
{
    uint64_t random = mix(1 ^ mix(i + 1));
    uint32_t dice = draw_below(&random, 100);

    *ret_kind = dice < 70 ? PAGE_VIEW : dice < 95 ? EMAIL : FORM;
    *ret_time = START_MS + (int64_t)((double)SPAN_MS * ((double)i / (double)job->events));
    snprintf(lead, 22, "lead-%016" PRIx64, mix(draw_lead(&random, job) + 1));
    seuil_buf_clear(out);
    avro_write_confluent(out, (uint32_t)*ret_kind + 1);
    avro_write_long(out, 36);
    for (int part = 0; part < 3; part++) {
        char text[17];

        snprintf(text, sizeof(text), "%016" PRIx64, draw(&random));
        seuil_buf_add(out, text, part < 2 ? 16 : 4);
    }
    avro_write_string(out, lead);
    avro_write_long(out, *ret_time);
    if (*ret_kind == PAGE_VIEW)
        add_page_view(out, &random);
    else if (*ret_kind == EMAIL)
        add_email(out, &random);
    else
        add_form(out, &random);
}

/* What is written lies far in the past: it must be kept all the same. */
static int make_topics(const char *bootstrap, const char *prefix)
{
    static const char *const ends[] = {"page_views", "emails",       "forms",
                                       "qualified",  "dead_letters", "internal"};
    struct seuil_property at = {"bootstrap.servers", bootstrap}, keep = {"retention.ms", "-1"};
    struct seuil_topic_spec specs[6];
    struct seuil_error err = {0};
    struct seuil_admin *admin = seuil_admin_new(&at, 1, &err);
    char topics[6][128];
    int rc = -1;

    for (int i = 0; i < 6; i++) {
        snprintf(topics[i], sizeof(topics[i]), "%s.%s", prefix, ends[i]);
        specs[i] = (struct seuil_topic_spec){topics[i], PARTITIONS, -1, &keep, 1};
    }
    if (admin)
        rc = seuil_admin_create(admin, specs, 6, 20000, &err);
    if (rc)
        fprintf(stderr, "load_bench: %s\n", err.text);
    seuil_admin_free(admin);
    return rc;
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *failed)
{
    (void)rk;
    if (message->err && !*(int *)failed)
        fprintf(stderr, "load_bench: %s\n", rd_kafka_err2str(message->err));
    if (message->err)
        *(int *)failed = 1;
}

static rd_kafka_t *producer(const char *bootstrap, int *failed)
{
    static const char *const properties[][2] = {
        {"linger.ms", "50"},
        {"compression.type", "lz4"},
        {"batch.size", "1000000"},
        {"queue.buffering.max.messages", "500000"},
        {"enable.idempotence", "true"},
        {"partitioner", "murmur2_random"},
    };
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[256];

    rd_kafka_conf_set_opaque(conf, failed);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    if (rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, why, sizeof(why)))
        return NULL;
    for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
        if (rd_kafka_conf_set(conf, properties[i][0], properties[i][1], why, sizeof(why)))
            return NULL;
    return rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
}

int main(int argc, char **argv)
{
    struct job job;
    struct seuil_buf value = {0};
    char topic[KINDS][128], lead[22];
    rd_kafka_t *rk;
    int failed = 0;

    if (argc < 5) {
        fprintf(stderr, "usage: load_bench BOOTSTRAP PREFIX EVENTS LEADS [zipf]\n");
        return 64;
    }
    job = (struct job){strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10), argc > 5};
    for (int i = 0; i < KINDS; i++)
        snprintf(topic[i], sizeof(topic[i]), "%s.%s", argv[2], suffix[i]);
    rk = producer(argv[1], &failed);
    if (!rk || !job.leads || make_topics(argv[1], argv[2]))
        return 1;
    for (uint64_t i = 0; i < job.events && !failed; i++) {
        enum kind kind;
        int64_t time;

        make(&job, i, &kind, &time, lead, &value);
        while (rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic[kind]), RD_KAFKA_V_TIMESTAMP(time),
                                 RD_KAFKA_V_KEY(lead, 21), RD_KAFKA_V_VALUE(value.ptr, value.len),
                                 RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                 RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
            rd_kafka_poll(rk, 100);
        if (i % 1024 == 0)
            rd_kafka_poll(rk, 0);
    }
    if (rd_kafka_flush(rk, 120000))
        failed = 1;
    rd_kafka_destroy(rk);
    seuil_buf_done(&value);
    return failed;
}
