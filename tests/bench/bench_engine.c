/* What the engine costs per event on the common job: read the packed state, let silence act, step,
 * due time, write. Leads lie in memory; nothing is decoded, stored or sent.
 *
 *     bench_engine MODEL.yaml [LEADS [EVENTS]] */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conf/model_load.h"
#include "conf/regex.h"
#include "core/engine.h"
#include "core/lead_codec.h"

#define START INT64_C(1767225600000)
#define SPAN  (30 * SEUIL_DAY_MS)
#define CELL  512

struct cell {
    uint32_t len;
    uint8_t bytes[CELL];
};

static uint64_t state = 42;

static uint64_t draw(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct seuil_value text(const char *s)
{
    return (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = seuil_str_from(s)};
}

static void draw_event(struct seuil_event *event, uint64_t i, uint64_t n, const char *lead)
{
    static const char *const urls[] = {
        "https://www.example.fr/tarifs/pro", "https://www.example.fr/demande-de-devis",
        "https://www.example.fr/blog/un-article", "https://www.example.fr/produits/erp"};
    static const char *const actions[] = {"delivered", "opened", "opened", "clicked",
                                          "unsubscribed"};
    static char id[32];
    uint64_t r = draw();

    memset(event, 0, sizeof(*event));
    snprintf(id, sizeof(id), "event-%llu", (unsigned long long)i);
    event->id = seuil_str_from(id);
    event->lead = seuil_str_from(lead);
    event->time = event->arrival = START + (int64_t)((double)SPAN * (double)i / (double)n);
    event->position.offset = (int64_t)i;
    if (r % 100 < 70) {
        event->kind = SEUIL_KIND_PAGE_VIEW;
        event->field[SEUIL_FIELD_URL] = text(urls[(r >> 32) % 4]);
        seuil_event_derive(event);
    } else if (r % 100 < 95) {
        event->kind = SEUIL_KIND_EMAIL;
        event->field[SEUIL_FIELD_ACTION] = text(actions[(r >> 32) % 5]);
    } else {
        event->kind = SEUIL_KIND_FORM;
        event->field[SEUIL_FIELD_FORM_ID] = text("contact");
    }
}

int main(int argc, char **argv)
{
    static struct seuil_lead lead;
    static struct seuil_outcome outcome;
    static struct seuil_event event;
    static uint8_t packed[SEUIL_LEAD_BYTES_MAX];
    struct seuil_errs errs = {0};
    const char *path = argc > 1 ? argv[1] : "config/models/bench.yaml";
    uint64_t leads = argc > 2 ? strtoull(argv[2], NULL, 10) : 100000;
    uint64_t events = argc > 3 ? strtoull(argv[3], NULL, 10) : 10 * leads, steps = 0, crossings = 0;
    struct seuil_models *models = seuil_models_load(&path, 1, &errs);
    struct seuil_scratch *scratch;
    struct cell *cells = calloc(leads, sizeof(*cells));
    void *memory;
    size_t len;
    double spent = 0, base = 0, total = 0;

    if (!models || !cells)
        return 1;
    memory = aligned_alloc(64, (seuil_scratch_size(models) + 63) / 64 * 64);
    if (!memory)
        return 1;
    scratch = seuil_scratch_init(memory, models, NULL);

    for (unsigned pass = 0; pass < 2; pass++) {
        state = 42;
        spent = now_s();
        for (uint64_t i = 0; i < events; i++) {
            uint64_t number = draw() % leads;
            struct cell *cell = &cells[number];
            char id[24];

            snprintf(id, sizeof(id), "lead-%016llx", (unsigned long long)number);
            draw_event(&event, i, events, id);
            if (pass == 0) { /* what drawing costs */
                __builtin_prefetch(cell->bytes);
                continue;
            }
            seuil_lead_init(&lead, event.lead);
            if (cell->len && seuil_lead_read(cell->bytes, cell->len, &lead) != 0)
                return 1;
            while (lead.due <= event.time) {
                struct seuil_event tick = {.kind = SEUIL_KIND_TICK, .time = lead.due};

                seuil_engine_step(models, scratch, &tick, &lead, &outcome);
                crossings += outcome.crossing_count;
                steps++;
            }
            seuil_engine_step(models, scratch, &event, &lead, &outcome);
            crossings += outcome.crossing_count;
            steps++;
            seuil_lead_set_stamp(&lead, 0, 0, (int64_t)i + 1);
            len = seuil_lead_write(&lead, packed);
            if (len <= CELL) { /* else the lead stays as it was: it does not happen here */
                memcpy(cell->bytes, packed, len);
                cell->len = (uint32_t)len;
            }
        }
        spent = now_s() - spent;
        if (pass == 0)
            base = spent;
    }
    for (uint64_t i = 0; i < leads; i++)
        total += cells[i].len;
    printf("%.0f ns an event (%llu events, %llu steps, %llu crossings, %.0f bytes a lead)\n",
           (spent - base) / (double)events * 1e9, (unsigned long long)events,
           (unsigned long long)steps, (unsigned long long)crossings, total / (double)leads);
    free(cells);
    free(memory);
    seuil_models_free(models);
    return 0;
}
