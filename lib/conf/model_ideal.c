/* Whom a model is made for must get to sales: the tests marked `ideal` are run when it is loaded.
 */

#include "conf/model_read.h"

static void check(struct seuil_model_reader *reader, struct seuil_timeline_runner *runner,
                  const struct seuil_timeline *timeline, const struct seuil_yaml *doc)
{
    const struct seuil_model *model = &reader->models->models[timeline->model];
    uint8_t sales = model->sales_tier;
    struct seuil_timeline_result result;

    seuil_timeline_run(runner, timeline, &result);
    if (result.highest >= sales)
        return;
    seuil_errs_at(reader->errs, SEUIL_ERR_INVALID, seuil_yaml_name(doc), timeline->place.line,
                  timeline->place.column,
                  "the ideal profile \"%s\" stays below the sales mark: it gets to tier \"%s\", "
                  "never to \"%s\"; give it more points, or lower the mark",
                  timeline->name, model->tiers[result.highest].name, model->tiers[sales].name);
}

void seuil_model_ideals(struct seuil_model_reader *reader, struct seuil_yaml *const *docs)
{
    const struct seuil_timelines *timelines = reader->timelines;
    struct seuil_timeline_runner *runner = NULL;

    for (uint32_t i = 0; i < timelines->count; i++) {
        const struct seuil_timeline *timeline = &timelines->list[i];

        if (!timeline->ideal)
            continue;
        if (!runner)
            runner = seuil_timeline_runner_new(reader->models);
        if (!runner) {
            reader->nomem = true;
            return;
        }
        check(reader, runner, timeline, docs[timeline->model]);
    }
    seuil_timeline_runner_free(runner);
}
