#include "ctl_demo_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "conf/yaml.h"

#define REDRAW_MS 200

/* What the colours mean: up, down, the lines of a score, the counting line. */
enum color { PLAIN, UP, DOWN, FAINT, BOLD };

static const char *const codes[] = {"\033[0m", "\033[32m", "\033[33m", "\033[2m", "\033[1m"};

static const char *paint(const struct seuil_demo_view *view, enum color color)
{
    return view->plain ? "" : codes[color];
}

void seuil_demo_view_init(struct seuil_demo_view *view, bool plain)
{
    const char *no_color = getenv("NO_COLOR");

    memset(view, 0, sizeof(*view));
    view->plain = plain || !isatty(STDOUT_FILENO) || (no_color && *no_color);
    view->first_qualified_ms = -1;
    view->drawn_ms = -REDRAW_MS;
}

void seuil_demo_view_begin(struct seuil_demo_view *view, const struct seuil_model *model)
{
    view->model = model;
    printf("Forty leads of a software vendor; the clock runs fast: half-lives of seconds.\n"
           "Each crossing as it is published, with the lines its score adds up from:\n\n");
    fflush(stdout);
}

static const char *text_of(const struct seuil_yaml_node *node, const char *key)
{
    const struct seuil_yaml_node *found = seuil_yaml_find(node, key);

    return found && found->kind == SEUIL_YAML_SCALAR ? found->text : "";
}

static double number_of(const struct seuil_yaml_node *node, const char *key)
{
    return strtod(text_of(node, key), NULL);
}

static uint8_t tier_of(const struct seuil_model *model, const char *name)
{
    for (uint8_t i = 0; i < model->tier_count; i++)
        if (strcmp(model->tiers[i].name, name) == 0)
            return i;
    return SEUIL_TIER_EXCLUDED;
}

static struct seuil_demo_lead *lead_of(struct seuil_demo_view *view, const char *id)
{
    for (uint32_t i = 0; i < view->lead_count; i++)
        if (strcmp(view->leads[i].id, id) == 0)
            return &view->leads[i];
    if (view->lead_count == SEUIL_STORY_LEADS)
        return NULL;
    snprintf(view->leads[view->lead_count].id, sizeof(view->leads[0].id), "%s", id);
    return &view->leads[view->lead_count++];
}

static void wipe_line(struct seuil_demo_view *view)
{
    if (view->line_shown)
        fputs("\r\033[K", stdout);
    view->line_shown = false;
}

static void show_lines(const struct seuil_demo_view *view, const struct seuil_yaml_node *lines)
{
    for (uint32_t i = 0; lines && i < lines->count; i++) {
        const struct seuil_yaml_node *line = &lines->items[i];
        const char *label = text_of(line, "label"), *count = text_of(line, "count");
        const char *limited = text_of(line, "limited_by");

        printf("%s        %8.2f  %s", paint(view, FAINT), number_of(line, "now"), label);
        if (strtol(count, NULL, 10) > 1)
            printf(" × %s", count);
        if (*limited && strcmp(limited, "null") != 0)
            printf(" (%s)", limited);
        printf("%s\n", paint(view, PLAIN));
    }
}

int seuil_demo_view_crossing(struct seuil_demo_view *view, int64_t at_ms, const char *json,
                             uint32_t len)
{
    struct seuil_errs errs = {0};
    /* JSON is YAML: the reader of our configuration reads our own records too. */
    struct seuil_yaml *doc = json ? seuil_yaml_parse("crossing", json, len, &errs) : NULL;
    const struct seuil_yaml_node *root;
    struct seuil_demo_lead *lead;
    bool up;
    uint8_t top = (uint8_t)(view->model->tier_count - 1);

    if (!doc) {
        fprintf(stderr, "seuilctl demo: a record that is no crossing came out: %.*s\n", (int)len,
                json ? json : "");
        return EX_SOFTWARE;
    }
    root = seuil_yaml_root(doc);
    up = strcmp(text_of(root, "direction"), "up") == 0;
    lead = lead_of(view, text_of(root, "lead"));
    wipe_line(view);
    printf("%5.1f s  %s%s %-16s %s → %s%s%s  %.2f points (%s)\n", (double)at_ms / 1000,
           paint(view, up ? UP : DOWN), up ? "▲" : "▼", text_of(root, "lead"),
           seuil_model_tier_label(view->model, tier_of(view->model, text_of(root, "tier_before"))),
           paint(view, BOLD),
           seuil_model_tier_label(view->model, tier_of(view->model, text_of(root, "tier"))),
           paint(view, PLAIN), number_of(root, "score"), text_of(root, "reason"));
    show_lines(view, seuil_yaml_find(root, "explanation"));
    view->crossings++;
    view->falls += !up;
    if (lead) {
        lead->tier = tier_of(view->model, text_of(root, "tier"));
        if (lead->tier == top && !lead->qualified) {
            lead->qualified = true;
            if (view->first_qualified_ms < 0)
                view->first_qualified_ms = at_ms;
        }
    }
    seuil_yaml_free(doc);
    fflush(stdout);
    return 0;
}

void seuil_demo_view_progress(struct seuil_demo_view *view, int64_t at_ms, uint32_t told,
                              uint32_t events)
{
    uint32_t counts[SEUIL_TIERS_MAX + 1] = {0};

    if (view->plain || at_ms - view->drawn_ms < REDRAW_MS)
        return;
    view->drawn_ms = at_ms;
    for (uint32_t i = 0; i < view->lead_count; i++)
        if (view->leads[i].tier != SEUIL_TIER_EXCLUDED)
            counts[view->leads[i].tier]++;
    counts[0] += SEUIL_STORY_LEADS - view->lead_count;
    wipe_line(view);
    printf("%s%5.1f s  %u/%u events", codes[BOLD], (double)at_ms / 1000, told, events);
    for (uint8_t t = 0; t < view->model->tier_count; t++)
        printf("  %s %u", seuil_model_tier_label(view->model, t), counts[t]);
    fputs(codes[PLAIN], stdout);
    view->line_shown = true;
    fflush(stdout);
}

bool seuil_demo_view_all_cold(const struct seuil_demo_view *view)
{
    if (view->crossings == 0)
        return false;
    for (uint32_t i = 0; i < view->lead_count; i++)
        if (view->leads[i].tier != 0 && view->leads[i].tier != SEUIL_TIER_EXCLUDED)
            return false;
    return true;
}

void seuil_demo_view_end(struct seuil_demo_view *view)
{
    const char *label = seuil_model_tier_label(view->model, (uint8_t)(view->model->tier_count - 1));
    uint32_t qualified = 0;

    wipe_line(view);
    for (uint32_t i = 0; i < view->lead_count; i++)
        qualified += view->leads[i].qualified;
    printf("\n%u crossings, %u of them downwards; the first lead qualified after %.1f s.\n"
           "Next: point config/seuil.yaml at your Kafka and Redis, `seuilctl check` it, `seuilctl "
           "init`\n"
           "the topics, start seuild; a model of your own is one YAML file (seuil-model(5)).\n"
           "%u leads qualified (%s)\n",
           view->crossings, view->falls,
           view->first_qualified_ms < 0 ? 0 : (double)view->first_qualified_ms / 1000, qualified,
           label);
}
