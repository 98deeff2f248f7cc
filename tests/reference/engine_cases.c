/* engine_cases: plays cases from standard input through the real engine and says what it did, for
 * compare.py, which holds it against the literal definition in scoring.py.
 *
 *     case                  a new lead; what follows belongs to it
 *     model BYTES           and so many bytes of YAML; may come several times
 *     event ARRIVAL JSON    silence up to ARRIVAL acts, then the canonical event is stepped
 *     until TIME            silence up to TIME acts
 *     restart               the state goes through its packed form
 *     ask TIME              each model's score and lines at TIME
 *     end                   the packed state without its stamps, as hexadecimal digits
 *
 * Answers are JSON Lines: {"crossing":..}, {"expired":TIME}, {"verdict":..}, {"ask":..},
 * {"state":..},
 * {"end":..}; a case that cannot be played is answered by {"refused":..} and passed over. */

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
    bool refused;
    struct seuil_models *models;
    void *regex, *memory;
    struct seuil_scratch *scratch;
    struct seuil_lead *lead;
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
    seuil_buf_printf(&p->out, ",\"grade\":\"%s\",\"lines\":[", e->grade);
    for (uint32_t i = 0; i < e->line_count; i++) {
        const struct seuil_line *line = &e->lines[i];

        seuil_buf_printf(&p->out, "%s[\"%s\",%u,%.17g,%.17g,\"%s\"]", i ? "," : "", line->rule,
                         line->count, line->points, line->now, line->limited_by);
    }
    seuil_buf_add_text(&p->out, "]");
}

static void tell_crossings(struct player *p)
{
    for (uint32_t i = 0; i < p->outcome->crossing_count; i++) {
        const struct seuil_crossing *x = &p->outcome->crossings[i];
        const struct seuil_model *model = &p->models->models[x->model];

        seuil_buf_printf(&p->out,
                         "{\"crossing\":\"%s\",\"from\":\"%s\",\"to\":\"%s\",\"at\":%" PRId64
                         ",\"reason\":\"%s\",\"publish\":%d,\"until\":%" PRId64 ",",
                         model->name, seuil_model_tier_name(model, x->tier_before),
                         seuil_model_tier_name(model, x->tier), x->effective,
                         seuil_reason_name(x->reason), x->publish, x->qualified_until);
        tell_explanation(p, &x->explanation);
        seuil_buf_add_text(&p->out, "}\n");
    }
}

/* Silence acts, as the owner of a lead lets it (core/engine.h). */
static void advance(struct player *p, seuil_time_ms time)
{
    while (p->lead->due <= time) {
        struct seuil_event tick = {.kind = SEUIL_KIND_TICK,
                                   .lead = {p->lead->id, p->lead->id_len},
                                   .time = p->lead->due,
                                   .arrival = p->lead->due};

        seuil_engine_step(p->models, p->scratch, &tick, p->lead, p->outcome);
        if (p->lead->due <= tick.time) {
            refuse(p, "time does not go on");
            return;
        }
        tell_crossings(p);
        if (p->outcome->todo & SEUIL_TODO_EXPIRED)
            seuil_buf_printf(&p->out, "{\"expired\":%" PRId64 "}\n", tick.time);
    }
}

static void play_event(struct player *p, char *text)
{
    static const char *const verdicts[] = {"applied",     "duplicate", "filtered", "late",
                                           "unsupported", "forgotten", "refused"};
    struct seuil_event event;
    struct seuil_error err;
    seuil_time_ms arrival = strtoll(text, &text, 10);
    static int64_t offset;

    advance(p, arrival);
    if (seuil_decode(p->decoder, p->decode, (const uint8_t *)text + 1, (uint32_t)strlen(text + 1),
                     &event, &err)) {
        refuse(p, err.text);
        return;
    }
    event.arrival = arrival;
    event.position = (struct seuil_position){.offset = offset++};
    seuil_engine_step(p->models, p->scratch, &event, p->lead, p->outcome);
    seuil_buf_printf(&p->out, "{\"verdict\":\"%s\",\"hash\":%" PRIu64 "}\n",
                     verdicts[p->outcome->verdict], seuil_ingest_hash(&event));
    tell_crossings(p);
}

static void restart(struct player *p)
{
    static uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
    size_t len = seuil_lead_write(p->lead, bytes);

    seuil_lead_init(p->lead, SEUIL_STR("L"));
    if (seuil_lead_read(bytes, len, p->lead))
        refuse(p, "the packed state is not read back");
}

static void ask(struct player *p, seuil_time_ms at)
{
    struct seuil_explanation explanation;

    for (uint16_t i = 0; i < p->models->model_count; i++) {
        seuil_engine_explain(p->models, p->scratch, p->lead, i, at, &explanation);
        seuil_buf_printf(&p->out, "{\"ask\":\"%s\",", p->models->models[i].name);
        tell_explanation(p, &explanation);
        seuil_buf_add_text(&p->out, "}\n");
    }
}

static void end_case(struct player *p)
{
    static uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
    size_t len;

    if (ready(p)) {
        memset(p->lead->stamps, 0, sizeof(p->lead->stamps));
        p->lead->birth.offset = 0;
        len = seuil_lead_write(p->lead, bytes);
        seuil_buf_add_text(&p->out, "{\"state\":\"");
        for (size_t i = 0; i < len; i++)
            seuil_buf_printf(&p->out, "%02x", bytes[i]);
        seuil_buf_add_text(&p->out, "\"}\n");
    }
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
        seuil_lead_init(p->lead, SEUIL_STR("L"));
    } else if (strncmp(line, "model ", 6) == 0) {
        add_model(p, strtoul(line + 6, NULL, 10));
    } else if (strcmp(line, "end") == 0) {
        end_case(p);
    } else if (!ready(p)) {
        return;
    } else if (strncmp(line, "event ", 6) == 0) {
        play_event(p, line + 6);
    } else if (strncmp(line, "until ", 6) == 0) {
        advance(p, strtoll(line + 6, NULL, 10));
    } else if (strcmp(line, "restart") == 0) {
        restart(p);
    } else if (strncmp(line, "ask ", 4) == 0) {
        ask(p, strtoll(line + 4, NULL, 10));
    }
}

int main(void)
{
    struct player p = {.lead = malloc(sizeof(*p.lead)),
                       .outcome = malloc(sizeof(*p.outcome)),
                       .decode = seuil_decode_scratch_new()};
    struct seuil_decoder_spec spec = {.format = SEUIL_FORMAT_JSON, .kind = -1};
    struct seuil_error err;
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;

    p.decoder = seuil_decoder_new(&spec, &err);
    if (!p.lead || !p.outcome || !p.decode || !p.decoder)
        return 71;
    while ((len = getline(&line, &cap, stdin)) > 0) {
        line[len - 1] = 0;
        play(&p, line);
    }
    forget_models(&p);
    free(line);
    free(p.lead);
    free(p.outcome);
    seuil_buf_done(&p.out);
    seuil_decode_scratch_free(p.decode);
    seuil_decoder_free(p.decoder);
    return 0;
}
