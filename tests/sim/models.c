/* The two model sets of the simulation: durations of seconds, so that leads cross and fall silent
 * often. The second has lower marks and other points: a change of model moves tiers and due times.
 * Each activity of a topic is a rule; those of the first topic are awarded once in 16 seconds. */

#include "sim.h"

#include <string.h>

#include "base/heap.h"
#include "conf/model_load.h"

/* X(activity, points in the first model, in the second, limit). Some end at a whole second, so that
 * due times and records meet in one millisecond. */
#define ACTIVITIES(X)                                                                              \
    X("v11", "11", "9", "{times: 1, within: 16s}")                                                 \
    X("v14", "14", "14", "{times: 1, within: 16s}")                                                \
    X("v22", "22", "22", "{times: 1, within: 16s}")                                                \
    X("v8", "8", "8", "{times: 1, within: 16s}, decay: {expires: 5s}")                             \
    X("f4", "4", "4", "{times: 3, within: 60s}")                                                   \
    X("f9", "9", "9", "{times: 3, within: 60s}")                                                   \
    X("f12", "12", "6", "{times: 3, within: 60s}, decay: {expires: 3s}")                           \
    X("f5", "5", "5", "{times: 3, within: 60s}")                                                   \
    X("c-9", "-9", "-9", "{times: 9, per: lead}")                                                  \
    X("c6", "6", "8", "{times: 9, per: lead}")                                                     \
    X("c-14", "-14", "-14", "{times: 9, per: lead}")                                               \
    X("c21", "21", "21", "{times: 9, per: lead}, decay: {expires: 7s}")

#define HEAD                                                                                       \
    "seuil_model: 1\nname: sim\nversion: \"1\"\ndecay: {half_life: 6s}\n"                          \
    "groups:\n  all: {floor: -20, ceiling: 60}\n"                                                  \
    "excluded: {mark: -100}\nexclusions:\n"                                                        \
    "  - {name: rival, when: {competitor: true}, points: -500}\n"
#define RULE(name, points, limit)                                                                  \
    "  - {name: " name ", event: activity, when: {name: " name "}, points: " points                \
    ", group: all, limit: " limit "}\n"
#define FIRST(name, first, second, limit)  RULE(name, first, limit)
#define SECOND(name, first, second, limit) RULE(name, second, limit)

static const char first_text[] = HEAD "tiers:\n  - {name: cold}\n"
                                      "  - {name: warm, entry: 10, exit: 6}\n"
                                      "  - {name: hot, entry: 20, exit: 14}\n"
                                      "rules:\n" ACTIVITIES(FIRST);
static const char second_text[] = HEAD "tiers:\n  - {name: cold}\n"
                                       "  - {name: warm, entry: 5, exit: 3}\n"
                                       "  - {name: hot, entry: 14, exit: 9}\n"
                                       "rules:\n" ACTIVITIES(SECOND);

static int load_one(int m)
{
    struct seuil_model_text text = {"first", first_text, sizeof(first_text) - 1};
    struct seuil_errs errs = {0};
    struct seuil_fold_spec spec = {
        .app = SEUIL_STR("sim"),
        .format = SEUIL_OUT_JSON,
    };

    if (m == 1)
        text = (struct seuil_model_text){"second", second_text, sizeof(second_text) - 1};
    sim.models[m] = seuil_models_parse(&text, 1, &errs);
    if (!sim.models[m]) {
        for (unsigned i = 0; i < errs.count; i++) {
            char line[1200];

            fprintf(stderr, "%s\n", seuil_error_format(&errs.list[i], line, sizeof(line)));
        }

        return -1;
    }

    if (m == 2)
        seuil_models_set_horizon(sim.models[m], SIM_HORIZON_MS);
    sim.scratch[m] = seuil_scratch_init(seuil_heap_alloc(seuil_scratch_size(sim.models[m])),
                                        sim.models[m], NULL);
    spec.models = sim.models[m];
    for (int t = 0; t < SIM_TOPICS; t++)
        spec.topics[t] = (struct seuil_fold_topic){
            .name = sim_topic_names[t], .decoder = sim.decoder, .internal = t == SIM_INTERNAL};
    sim.state_fold[m] = seuil_fold_new(&spec);
    sim.fold[m] = seuil_fold_new(&spec);
    spec.crossing = sim_drain_crossing;
    spec.sent = sim_drain_sent;
    sim.drain_fold[m] = seuil_fold_new(&spec);
    return sim.state_fold[m] && sim.fold[m] && sim.drain_fold[m] ? 0 : -1;
}

int sim_models_load(void)
{
    struct seuil_decoder_spec spec = {.format = SEUIL_FORMAT_JSON, .kind = -1};
    struct seuil_error err;

    sim.decoder = seuil_decoder_new(&spec, &err);
    sim.decode = seuil_decode_scratch_new();
    sim.lead = seuil_heap_zalloc(1, sizeof(struct seuil_lead));
    sim.guest = seuil_heap_zalloc(1, sizeof(struct seuil_lead));
    if (!sim.decoder || !sim.decode || !sim.lead || !sim.guest)
        return -1;
    for (int m = 0; m < SIM_MODELS; m++)
        if (load_one(m) < 0)
            return -1;
    return 0;
}

void sim_models_free(void)
{
    for (int m = 0; m < SIM_MODELS; m++) {
        seuil_fold_free(sim.state_fold[m]);
        seuil_fold_free(sim.fold[m]);
        seuil_fold_free(sim.drain_fold[m]);
        seuil_heap_free(sim.scratch[m]);
        if (sim.models[m])
            seuil_models_free(sim.models[m]);
    }
    seuil_heap_free(sim.lead);
    seuil_heap_free(sim.guest);
    seuil_decode_scratch_free(sim.decode);
    seuil_decoder_free(sim.decoder);
}
