/* A failing schedule made small by deleting its actions, and schedules as text. */

#include "sim.h"

#include <stdlib.h>
#include <string.h>

#define SHRINK_BUDGET 3000

static bool still_fails(const struct sim_schedule *schedule, int *budget)
{
    static char why[2000];

    --*budget;
    return !sim_execute(schedule, why, sizeof(why));
}

/* Delete runs of actions, long ones first. */
static void shrink_actions(struct sim_schedule *schedule, int *budget)
{
    for (int n = schedule->count / 2; n >= 1 && *budget > 0;) {
        bool changed = false;

        for (int i = 0; i<schedule->count && * budget> 0;) {
            static struct sim_schedule fewer;
            int k = n < schedule->count - i ? n : schedule->count - i;

            fewer = *schedule;
            memmove(&fewer.actions[i], &fewer.actions[i + k],
                    (size_t)(fewer.count - i - k) * sizeof(struct sim_action));
            fewer.count -= k;
            if (still_fails(&fewer, budget)) {
                *schedule = fewer;
                changed = true;
            } else {
                i += n;
            }
        }
        if (!changed)
            n /= 2;
    }
}

/* Make numbers smaller: fewer repetitions, plainer settings. */
static void shrink_numbers(struct sim_schedule *schedule, int *budget)
{
    static const struct sim_setup plain = {0, 2, 8, 5, 0, 1 << 20, 5000, 100, 1};
    int32_t *setup = (int32_t *)&schedule->setup;

    for (unsigned i = 1; i < sizeof(plain) / sizeof(int32_t) && *budget > 0; i++) {
        int32_t was = setup[i];

        setup[i] = ((const int32_t *)&plain)[i];
        if (setup[i] != was && !still_fails(schedule, budget))
            setup[i] = was;
    }
    for (int i = 0; i<schedule->count && * budget> 0; i++) {
        struct sim_action *a = &schedule->actions[i];

        for (int k = 0; k < 6; k++) {
            int32_t was = a->a[k];

            if (was == 0 || (a->op == SIM_DO_PROD && k == 3))
                continue;
            a->a[k] = (a->op == SIM_DO_RUN || a->op == SIM_DO_GO) && k == 1 ? 1 : 0;
            if (a->a[k] != was && !still_fails(schedule, budget))
                a->a[k] = was;
        }
    }
}

void sim_shrink(struct sim_schedule *schedule)
{
    int budget = SHRINK_BUDGET;

    shrink_actions(schedule, &budget);
    shrink_numbers(schedule, &budget);
    shrink_actions(schedule, &budget);
}

/* ---- text --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int args;
} ops[SIM_OPS] = {
    [SIM_DO_PROD] = {"prod", 6},         [SIM_DO_TIME] = {"time", 1},
    [SIM_DO_RUN] = {"run", 2},           [SIM_DO_GO] = {"go", 2},
    [SIM_DO_NET] = {"net", 2},           [SIM_DO_RECV] = {"recv", 2},
    [SIM_DO_CUT] = {"cut", 2},           [SIM_DO_REFUSE] = {"refuse", 2},
    [SIM_DO_REPORT] = {"report", 2},     [SIM_DO_BROKER] = {"broker", 1},
    [SIM_DO_PFAIL] = {"pfail", 2},       [SIM_DO_POLL] = {"poll", 1},
    [SIM_DO_GCOMMIT] = {"gcommit", 1},   [SIM_DO_CRASH] = {"crash", 2},
    [SIM_DO_ASSIGN] = {"assign", 2},     [SIM_DO_LAND] = {"land", 1},
    [SIM_DO_DROP] = {"drop", 1},         [SIM_DO_STALL] = {"stall", 1},
    [SIM_DO_LOSE] = {"lose", 1},         [SIM_DO_RETAIN] = {"retain", 2},
    [SIM_DO_RECREATE] = {"recreate", 1}, [SIM_DO_ADOPT] = {"adopt", 0},
    [SIM_DO_GO_ON] = {"go-on", 0},       [SIM_DO_MODEL] = {"model", 1},
};

void sim_print(FILE *out, const struct sim_schedule *schedule)
{
    const struct sim_setup *s = &schedule->setup;

    fprintf(out,
            "setup %s workers %d batch %d fill %d checkpoint_ms %d cache_bytes %d witness_ms %d "
            "queue %d seed %d\n",
            sim_profile_names[s->profile], s->workers, s->batch, s->fill, s->checkpoint_ms,
            s->cache_bytes, s->witness_ms, s->queue, s->seed);
    for (int i = 0; i < schedule->count; i++) {
        const struct sim_action *a = &schedule->actions[i];

        fprintf(out, "%s", ops[a->op].name);
        for (int k = 0; k < ops[a->op].args; k++)
            if (a->op == SIM_DO_PROD && k == 3)
                fprintf(out, " %c", (char)a->a[k]);
            else
                fprintf(out, " %d", a->a[k]);
        fprintf(out, "\n");
    }
}

static int parse_setup(const char *line, struct sim_setup *setup)
{
    char profile[32];

    if (sscanf(line,
               "setup %31s workers %d batch %d fill %d checkpoint_ms %d cache_bytes %d witness_ms "
               "%d queue %d seed %d",
               profile, &setup->workers, &setup->batch, &setup->fill, &setup->checkpoint_ms,
               &setup->cache_bytes, &setup->witness_ms, &setup->queue, &setup->seed) != 9 ||
        setup->workers < 1 || setup->workers > SIM_WORKERS)
        return -1;
    for (int p = 0; p < SIM_PROFILES; p++)
        if (strcmp(profile, sim_profile_names[p]) == 0) {
            setup->profile = p;
            return 0;
        }
    return -1;
}

static int parse_action(char *line, struct sim_action *action)
{
    char *save = NULL, *word = strtok_r(line, " \n", &save);

    for (int op = 0; word && op < SIM_OPS; op++) {
        if (strcmp(word, ops[op].name) != 0)
            continue;
        action->op = (uint8_t)op;
        for (int k = 0; k < ops[op].args; k++) {
            char *arg = strtok_r(NULL, " \n", &save);

            if (!arg)
                return -1;
            action->a[k] = op == SIM_DO_PROD && k == 3 ? arg[0] : atoi(arg);
        }
        return 0;
    }
    return -1;
}

/* 0; -1: not a case. Lines that begin with # are remarks. */
int sim_parse(FILE *in, struct sim_schedule *ret_schedule)
{
    char line[400];
    bool setup = false;

    *ret_schedule = (struct sim_schedule){0};
    while (fgets(line, sizeof(line), in)) {
        if (line[0] == '#' || line[0] == '\n')
            continue;
        if (!setup) {
            if (parse_setup(line, &ret_schedule->setup) < 0)
                return -1;
            setup = true;
        } else if (ret_schedule->count == SIM_ACTIONS_MAX ||
                   parse_action(line, &ret_schedule->actions[ret_schedule->count++]) < 0) {
            return -1;
        }
    }
    return setup ? 0 : -1;
}
