/* What the engine costs per event on the common job, without decoding, storing or sending: the
 * events of load_bench.c, in order, to packed leads in memory as a shard keeps them. Events that
 * move nothing are deferred (core/defer.h); after every EVERY events all leads that changed are
 * caught up with, as a checkpoint does; 1: every event is stepped.
 *
 *     bench_engine MODEL.yaml [LEADS [EVENTS [EVERY]]] */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conf/model_load.h"
#include "core/defer.h"
#include "core/lead_codec.h"
#include "draw.h"

#define START INT64_C(1767225600000)
#define SPAN  (30 * SEUIL_DAY_MS)
#define ROOM  1024 /* of a lead's state and pendings; hot leads, which are few, need more */
#define FEW   1000
#define DRAWN 4096 /* events drawn at once: drawing is not measured */

struct cell {
    struct seuil_digest digest;
    uint32_t len, tail;
    uint8_t *bytes; /* the state, then pendings */
};

struct drawn {
    struct seuil_event event;
    uint64_t cell;
    char id[40], lead[24];
};

struct bench {
    const struct seuil_models *models;
    struct seuil_scratch *scratch;
    struct cell *cells;
    uint8_t *rooms;
    size_t room;
    uint64_t leads, events, every;
    uint64_t steps, crossings, pendings, filtered, settled;
    struct seuil_lead lead;
    struct seuil_outcome outcome;
};

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct seuil_value text(const char *s)
{
    return (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = seuil_str_from(s)};
}

#define SITE "https://www.exemple-societe.fr"

/* Kinds, urls and actions in the shares of load_bench.c. */
static void draw_event(const struct bench *bench, uint64_t i, struct drawn *drawn)
{
    static const char *const urls[] = {SITE "/",
                                       SITE "/produits/crm",
                                       SITE "/produits/facturation-electronique",
                                       SITE "/blog/notation-des-prospects",
                                       SITE "/blog/relancer-sans-harceler?page=2",
                                       SITE "/cas-clients/industrie/forges-du-leman",
                                       SITE "/webinaire/inscription",
                                       SITE "/contact"};
    struct seuil_event *event = &drawn->event;
    uint64_t random = mix(1 ^ mix(i + 1)), dice = draw_below(&random, 100);

    memset(event, 0, sizeof(*event));
    drawn->cell = draw_below(&random, bench->leads);
    snprintf(drawn->lead, sizeof(drawn->lead), "lead-%016" PRIx64, mix(drawn->cell + 1));
    snprintf(drawn->id, sizeof(drawn->id), "%016" PRIx64 "%016" PRIx64 "%04x", mix(random),
             mix(random + 1), (unsigned)(random & 0xffff));
    event->id = seuil_str_from(drawn->id);
    event->lead = seuil_str_from(drawn->lead);
    event->time = event->arrival =
        START + (int64_t)((double)SPAN * ((double)i / (double)bench->events));
    event->position.offset = (int64_t)i;
    if (dice < 70) {
        dice = draw_below(&random, 1000);
        event->kind = SEUIL_KIND_PAGE_VIEW;
        event->field[SEUIL_FIELD_URL] = text(dice < 80   ? SITE "/tarifs"
                                             : dice < 90 ? SITE "/demande-de-devis"
                                                         : urls[draw_below(&random, 8)]);
        seuil_event_derive(event);
    } else if (dice < 95) {
        dice = draw_below(&random, 100);
        event->kind = SEUIL_KIND_EMAIL;
        event->position.topic = 1;
        event->field[SEUIL_FIELD_ACTION] = text(dice < 46   ? "delivered"
                                                : dice < 82 ? "opened"
                                                : dice < 95 ? "clicked"
                                                : dice < 98 ? "bounced"
                                                            : "unsubscribed");
    } else {
        event->kind = SEUIL_KIND_FORM;
        event->position.topic = 2;
        event->field[SEUIL_FIELD_FORM_ID] = text("demande-de-demo");
    }
}

static void open_cell(struct bench *bench, struct cell *cell, struct seuil_str id,
                      seuil_time_ms until)
{
    seuil_lead_init(&bench->lead, id);
    if (cell->len && seuil_lead_read(cell->bytes, cell->len, &bench->lead) != 0)
        abort();
    if (cell->tail && until < cell->digest.until)
        seuil_engine_put_pendings(bench->models, bench->scratch, &cell->digest,
                                  cell->bytes + cell->len, cell->tail, &bench->lead);
    else if (cell->tail)
        seuil_engine_catch_up(bench->models, bench->scratch, &cell->digest, cell->bytes + cell->len,
                              cell->tail, &bench->lead, &bench->outcome);
}

static void close_cell(struct bench *bench, struct cell *cell)
{
    uint8_t packed[SEUIL_LEAD_BYTES_MAX];
    size_t len = seuil_lead_write(&bench->lead, packed);

    if (len > bench->room) /* it does not happen here */
        abort();
    memcpy(cell->bytes, packed, len);
    cell->len = (uint32_t)len;
    cell->tail = 0;
    seuil_engine_digest(bench->models, bench->scratch, &bench->lead, len, &cell->digest);
}

static void step(struct bench *bench, const struct seuil_event *event)
{
    seuil_engine_step(bench->models, bench->scratch, event, &bench->lead, &bench->outcome);
    bench->crossings += bench->outcome.crossing_count;
    bench->steps++;
}

__attribute__((noinline)) static void bench_apply(struct bench *bench, const struct drawn *drawn)
{
    struct cell *cell = &bench->cells[drawn->cell];
    const struct seuil_event *event = &drawn->event;
    bool changed = false;
    struct seuil_str held;
    uint32_t len;

    if (bench->every > 1 && cell->len + cell->tail + SEUIL_PENDING_BYTES_MAX <= bench->room) {
        if (!cell->len && !cell->tail)
            seuil_engine_digest_new(bench->scratch, &cell->digest);
        held = (struct seuil_str){(const char *)cell->bytes, cell->len + cell->tail};
        switch (seuil_engine_defer(bench->models, bench->scratch, event, event->arrival, held,
                                   &cell->digest, cell->bytes + cell->len + cell->tail, &len)) {
        case SEUIL_DEFERRAL_PENDING:
            cell->tail += len;
            bench->pendings++;
            return;
        case SEUIL_DEFERRAL_FILTERED:
            bench->filtered++;
            return;
        case SEUIL_DEFERRAL_NONE:
            break;
        }
    }
    open_cell(bench, cell, event->lead, event->arrival);
    while (bench->lead.due <= event->arrival) {
        struct seuil_event tick = {.kind = SEUIL_KIND_TICK, .time = bench->lead.due};

        step(bench, &tick);
        changed = true;
    }
    step(bench, event);
    if (bench->outcome.todo & SEUIL_TODO_SAVE) {
        seuil_lead_set_stamp(&bench->lead, event->position.topic, 0, event->position.offset + 1);
        changed = true;
    }
    if (changed)
        close_cell(bench, cell);
}

__attribute__((noinline)) static void catch_up_all(struct bench *bench)
{
    for (uint64_t i = 0; i < bench->leads; i++) {
        if (!bench->cells[i].tail)
            continue;
        open_cell(bench, &bench->cells[i], SEUIL_STR("lead"), SEUIL_TIME_NEVER);
        close_cell(bench, &bench->cells[i]);
        bench->settled++;
    }
}

static double play(struct bench *bench)
{
    struct drawn *drawn = calloc(DRAWN, sizeof(*drawn));
    double spent = 0, from;

    if (!drawn)
        abort();
    for (uint64_t i = 0; i < bench->events; i += DRAWN) {
        uint64_t count = bench->events - i < DRAWN ? bench->events - i : DRAWN;

        for (uint64_t j = 0; j < count; j++)
            draw_event(bench, i + j, &drawn[j]);
        from = now_s();
        for (uint64_t j = 0; j < count; j++) {
            bench_apply(bench, &drawn[j]);
            if (bench->every > 1 && (i + j + 1) % bench->every == 0)
                catch_up_all(bench);
        }
        spent += now_s() - from;
    }
    from = now_s();
    catch_up_all(bench);
    free(drawn);
    return spent + now_s() - from;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    struct seuil_errs errs = {0};
    const char *path = argc > 1 ? argv[1] : "config/models/bench.yaml";
    struct seuil_models *models = seuil_models_load(&path, 1, &errs);
    double spent, bytes = 0;
    void *memory;

    bench.leads = argc > 2 ? strtoull(argv[2], NULL, 10) : 100000;
    bench.events = argc > 3 ? strtoull(argv[3], NULL, 10) : 6 * bench.leads;
    bench.every = argc > 4 ? strtoull(argv[4], NULL, 10) : bench.events / 2;
    bench.room = bench.leads > FEW ? ROOM : SEUIL_LEAD_BYTES_MAX + 16 * SEUIL_PENDING_BYTES_MAX;
    bench.cells = calloc(bench.leads ? bench.leads : 1, sizeof(*bench.cells));
    bench.rooms = calloc(bench.leads ? bench.leads : 1, bench.room);
    if (!models || !bench.cells || !bench.rooms || !bench.every)
        return 1;
    for (uint64_t i = 0; i < bench.leads; i++)
        bench.cells[i].bytes = bench.rooms + i * bench.room;
    bench.models = models;
    memory = aligned_alloc(64, (seuil_scratch_size(models) + 63) / 64 * 64);
    if (!memory)
        return 1;
    bench.scratch = seuil_scratch_init(memory, models, NULL);
    spent = play(&bench);
    for (uint64_t i = 0; i < bench.leads; i++)
        bytes += bench.cells[i].len;
    printf("%.0f ns an event (%" PRIu64 " events: %" PRIu64 " deferred, %" PRIu64
           " filtered; %" PRIu64 " steps, %" PRIu64 " crossings, %" PRIu64
           " caught up, %.0f bytes a lead)\n",
           spent / (double)bench.events * 1e9, bench.events, bench.pendings, bench.filtered,
           bench.steps, bench.crossings, bench.settled, bytes / (double)bench.leads);
    free(bench.cells);
    free(bench.rooms);
    free(memory);
    seuil_models_free(models);
    return 0;
}
