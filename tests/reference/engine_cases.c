/* engine_cases: plays cases from standard input through the real engine and says what it did, for
 * compare.py, which holds it against the literal definition in scoring.py.
 *
 *     case                  two new leads, L and K; what follows belongs to them
 *     model BYTES           and so many bytes of YAML; may come several times
 *     horizon MS            of lateness, when it is not the usual one
 *     event ARRIVAL JSON    silence up to ARRIVAL acts on the event's lead, then it is stepped
 *     merge ARRIVAL JSON    silence acts on both, then K is merged into L: K's events are L's
 *     until TIME            silence up to TIME acts on L
 *     restart               the states go through their packed form
 *     ask TIME              each model's score and lines of L at TIME
 *     again                 two new leads once more, the same models
 *     evidence              what is packed of L, without what was judged: hexadecimal digits
 *     end
 *
 * Answers are JSON Lines: {"crossing":..}, {"expired":TIME}, {"verdict":..}, {"ask":..},
 * {"evidence":..}, {"end":..}; a case that cannot be played is answered by {"refused":..} and
 * passed over. */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "codec/decode.h"
#include "codec/text.h"
#include "conf/model_load.h"
#include "conf/regex.h"
#include "core/engine.h"
#include "core/ingest.h"
#include "core/lead_codec.h"

#define MODELS_MAX 4

struct player {
    struct seuil_model_text texts[MODELS_MAX];
    unsigned text_count;
    int64_t horizon_ms; /* 0: the usual one */
    bool refused;
    struct seuil_models *models;
    void *regex, *memory;
    struct seuil_scratch *scratch;
    struct seuil_lead *leads; /* L, K */
    bool merged;              /* K is L */
    struct seuil_outcome *outcome;
    struct seuil_decoder *decoder;
    struct seuil_decode_scratch *decode;
    struct seuil_buf out;
};

static void forget_models(struct player *p)
{
    for (unsigned i = 0; i < p->text_count; i++)
        free((void *)p->texts[i].bytes);
    p->text_count = 0;
    free(p->memory);
    seuil_models_regex_free(p->regex);
    seuil_models_free(p->models);
    p->memory = NULL;
    p->regex = NULL;
    p->models = NULL;
}

static void refuse(struct player *p, const char *why)
{
    p->refused = true;
    seuil_buf_add_text(&p->out, "{\"refused\":");
    seuil_json_add_string(&p->out, seuil_str_from(why));
    seuil_buf_add_text(&p->out, "}\n");
}

/* The models are compiled when the first thing happens to the lead. */
static bool ready(struct player *p)
{
    static struct seuil_errs errs;

    if (p->refused || p->models)
        return !p->refused;
    seuil_errs_clear(&errs);
    p->models = seuil_models_parse(p->texts, p->text_count, &errs);
    if (!p->models) {
        refuse(p, errs.count ? errs.list[0].text : "no model");
        return false;
    }
    if (p->horizon_ms)
        seuil_models_set_horizon(p->models, p->horizon_ms);
    p->regex = seuil_models_regex_new(p->models);
    p->memory = aligned_alloc(64, (seuil_scratch_size(p->models) + 63) / 64 * 64);
    p->scratch = seuil_scratch_init(p->memory, p->models, p->regex);
    return true;
}

static void add_number(struct player *p, double value)
{
    seuil_buf_printf(&p->out, "%.17g", value);
}

static void tell_explanation(struct player *p, const struct seuil_explanation *e)
{
    seuil_buf_add_text(&p->out, "\"exact\":");
    add_number(p, e->exact);
    seuil_buf_add_text(&p->out, ",\"score\":");
    add_number(p, e->score);
    seuil_buf_add_text(&p->out, ",\"fit\":");
    add_number(p, e->fit);
    seuil_buf_add_text(&p->out, ",\"completeness\":");
    add_number(p, e->completeness);
    seuil_buf_printf(&p->out, ",\"grade\":\"%s\",\"lines\":[", e->grade);
    for (uint32_t i = 0; i < e->line_count; i++) {
        const struct seuil_line *line = &e->lines[i];

        seuil_buf_printf(&p->out, "%s[\"%s\",%u,%.17g,%.17g,\"%s\"]", i ? "," : "", line->rule,
                         line->count, line->points, line->now, line->limited_by);
    }
    seuil_buf_add_text(&p->out, "]");
}

static const char *id_of(const struct player *p, const struct seuil_lead *lead)
{
    return lead == p->leads ? "L" : "K";
}

static void begin_leads(struct player *p)
{
    seuil_lead_init(&p->leads[0], SEUIL_STR("L"));
    seuil_lead_init(&p->leads[1], SEUIL_STR("K"));
    p->merged = false;
}

static void tell_crossings(struct player *p, const struct seuil_lead *lead)
{
    for (uint32_t i = 0; i < p->outcome->crossing_count; i++) {
        const struct seuil_crossing *x = &p->outcome->crossings[i];
        const struct seuil_model *model = &p->models->models[x->model];

        seuil_buf_printf(
            &p->out,
            "{\"crossing\":\"%s\",\"lead\":\"%s\",\"from\":\"%s\",\"to\":\"%s\",\"at\":%" PRId64
            ",\"reason\":\"%s\",\"publish\":%d,\"ordinal\":%" PRIu32 ",",
            model->name, id_of(p, lead), seuil_model_tier_name(model, x->tier_before),
            seuil_model_tier_name(model, x->tier), x->effective, seuil_reason_name(x->reason),
            x->publish, x->ordinal);
        if (x->since != SEUIL_TIME_NONE)
            seuil_buf_printf(&p->out, "\"since\":%" PRId64 ",", x->since);
        if (x->qualified_until != SEUIL_TIME_NEVER)
            seuil_buf_printf(&p->out, "\"until\":%" PRId64 ",", x->qualified_until);
        tell_explanation(p, &x->explanation);
        seuil_buf_add_text(&p->out, "}\n");
    }
}

/* Silence acts, as the owner of a lead lets it (core/engine.h). */
static void advance(struct player *p, struct seuil_lead *lead, seuil_time_ms time)
{
    while (lead->due <= time) {
        struct seuil_event tick = {.kind = SEUIL_KIND_TICK,
                                   .lead = {lead->id, lead->id_len},
                                   .time = lead->due,
                                   .arrival = lead->due};

        seuil_engine_step(p->models, p->scratch, &tick, lead, p->outcome);
        if (lead->due <= tick.time) {
            refuse(p, "time does not go on");
            return;
        }
        tell_crossings(p, lead);
        if (p->outcome->todo & SEUIL_TODO_EXPIRED)
            seuil_buf_printf(&p->out, "{\"expired\":%" PRId64 ",\"lead\":\"%s\"}\n", tick.time,
                             id_of(p, lead));
    }
}

static bool read_event(struct player *p, char *text, struct seuil_event *ret_event)
{
    struct seuil_error err;
    seuil_time_ms arrival = strtoll(text, &text, 10);
    static int64_t offset;

    if (seuil_decode(p->decoder, p->decode, (const uint8_t *)text + 1, (uint32_t)strlen(text + 1),
                     ret_event, &err)) {
        refuse(p, err.text);
        return false;
    }
    ret_event->arrival = arrival;
    ret_event->position = (struct seuil_position){.offset = offset++};
    return true;
}

static void tell_verdict(struct player *p, const struct seuil_event *event,
                         const struct seuil_lead *lead)
{
    seuil_buf_printf(&p->out, "{\"verdict\":\"%s\",\"hash\":%" PRIu64 "}\n",
                     seuil_verdict_name(p->outcome->verdict), seuil_ingest_hash(event));
    tell_crossings(p, lead);
}

static void play_event(struct player *p, char *text)
{
    struct seuil_event event;
    struct seuil_lead *lead = p->leads;

    if (!read_event(p, text, &event))
        return;
    if (!p->merged && seuil_str_eq(event.lead, SEUIL_STR("K")))
        lead++;
    advance(p, lead, event.arrival);
    seuil_engine_step(p->models, p->scratch, &event, lead, p->outcome);
    tell_verdict(p, &event, lead);
}

static void merge(struct player *p, char *text)
{
    struct seuil_event event;

    if (!read_event(p, text, &event))
        return;
    advance(p, &p->leads[1], event.arrival);
    advance(p, &p->leads[0], event.arrival);
    seuil_engine_merge(p->models, p->scratch, &event, &p->leads[1], &p->leads[0], p->outcome);
    p->merged = true;
    tell_verdict(p, &event, p->leads);
}

static void restart(struct player *p)
{
    static uint8_t bytes[SEUIL_LEAD_BYTES_MAX];

    for (unsigned i = 0; i < 2; i++) {
        size_t len = seuil_lead_write(&p->leads[i], bytes);

        seuil_lead_init(&p->leads[i], i ? SEUIL_STR("K") : SEUIL_STR("L"));
        if (seuil_lead_read(bytes, len, &p->leads[i]))
            refuse(p, "the packed state is not read back");
    }
}

static void ask(struct player *p, seuil_time_ms at)
{
    struct seuil_explanation explanation;

    for (uint16_t i = 0; i < p->models->model_count; i++) {
        seuil_engine_explain(p->models, p->scratch, p->leads, i, at, &explanation);
        seuil_buf_printf(&p->out, "{\"ask\":\"%s\",", p->models->models[i].name);
        tell_explanation(p, &explanation);
        seuil_buf_add_text(&p->out, "}\n");
    }
}

static void tell_evidence(struct player *p)
{
    static uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
    struct seuil_lead *lead = p->leads;
    size_t len;

    memset(lead->stamps, 0, sizeof(lead->stamps));
    lead->birth = (struct seuil_birth){0};
    lead->clock = 0;
    lead->due = SEUIL_TIME_NEVER;
    lead->automaton_count = 0;
    lead->cause_count = 0;
    len = seuil_lead_write(lead, bytes);
    seuil_buf_add_text(&p->out, "{\"evidence\":\"");
    for (size_t i = 0; i < len; i++)
        seuil_buf_printf(&p->out, "%02x", bytes[i]);
    seuil_buf_add_text(&p->out, "\"}\n");
}

static void end_case(struct player *p)
{
    ready(p);
    seuil_buf_add_text(&p->out, "{\"end\":1}\n");
    fwrite(p->out.ptr, 1, p->out.len, stdout);
    fflush(stdout);
    p->out.len = 0;
}

static void add_model(struct player *p, size_t len)
{
    char *bytes = malloc(len + 1);

    if (p->text_count == MODELS_MAX || !bytes || fread(bytes, 1, len, stdin) != len)
        exit(65);
    p->texts[p->text_count++] = (struct seuil_model_text){"model", bytes, len};
}

static void play(struct player *p, char *line)
{
    if (strcmp(line, "case") == 0) {
        forget_models(p);
        p->refused = false;
        p->horizon_ms = 0;
        begin_leads(p);
    } else if (strncmp(line, "model ", 6) == 0) {
        add_model(p, strtoul(line + 6, NULL, 10));
    } else if (strncmp(line, "horizon ", 8) == 0) {
        p->horizon_ms = strtoll(line + 8, NULL, 10);
    } else if (strcmp(line, "end") == 0) {
        end_case(p);
    } else if (!ready(p)) {
        return;
    } else if (strncmp(line, "event ", 6) == 0) {
        play_event(p, line + 6);
    } else if (strncmp(line, "merge ", 6) == 0) {
        merge(p, line + 6);
    } else if (strncmp(line, "until ", 6) == 0) {
        advance(p, p->leads, strtoll(line + 6, NULL, 10));
    } else if (strcmp(line, "restart") == 0) {
        restart(p);
    } else if (strncmp(line, "ask ", 4) == 0) {
        ask(p, strtoll(line + 4, NULL, 10));
    } else if (strcmp(line, "again") == 0) {
        begin_leads(p);
    } else if (strcmp(line, "evidence") == 0) {
        tell_evidence(p);
    }
}

int main(void)
{
    struct player p = {.leads = malloc(2 * sizeof(*p.leads)),
                       .outcome = malloc(sizeof(*p.outcome)),
                       .decode = seuil_decode_scratch_new()};
    struct seuil_decoder_spec spec = {.format = SEUIL_FORMAT_JSON, .kind = -1};
    struct seuil_error err;
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;

    p.decoder = seuil_decoder_new(&spec, &err);
    if (!p.leads || !p.outcome || !p.decode || !p.decoder)
        return 71;
    while ((len = getline(&line, &cap, stdin)) > 0) {
        line[len - 1] = 0;
        play(&p, line);
    }
    forget_models(&p);
    free(line);
    free(p.leads);
    free(p.outcome);
    seuil_buf_done(&p.out);
    seuil_decode_scratch_free(p.decode);
    seuil_decoder_free(p.decoder);
    return 0;
}
