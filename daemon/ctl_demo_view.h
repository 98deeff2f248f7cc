/* What the spectator of the demo sees: each crossing with its reason and the lines of its score,
 * and at a terminal a line below that counts the leads by tier. */

#ifndef SEUIL_CTL_DEMO_VIEW_H
#define SEUIL_CTL_DEMO_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "core/model.h"
#include "ctl_demo_story.h"

struct seuil_demo_lead {
    char id[64];
    uint8_t tier;   /* index in the model, or SEUIL_TIER_EXCLUDED */
    bool qualified; /* has been in the highest tier */
};

struct seuil_demo_view {
    const struct seuil_model *model; /* names and labels of its tiers */
    bool plain;
    bool line_shown; /* the counting line stands below */
    uint32_t crossings, falls;
    uint32_t lead_count;
    struct seuil_demo_lead leads[SEUIL_STORY_LEADS];
    int64_t first_qualified_ms; /* -1: nobody yet */
    int64_t drawn_ms;
};

/* @plain: no colours, no line that is drawn again; also chosen without a terminal and under
 * NO_COLOR. */
void seuil_demo_view_init(struct seuil_demo_view *view, bool plain);
void seuil_demo_view_begin(struct seuil_demo_view *view, const struct seuil_model *model);

/* Show the crossing of @len bytes of JSON. 0, or 70 (EX_SOFTWARE) when it is none. */
int seuil_demo_view_crossing(struct seuil_demo_view *view, int64_t at_ms, const char *json,
                             uint32_t len);
void seuil_demo_view_progress(struct seuil_demo_view *view, int64_t at_ms, uint32_t told,
                              uint32_t events);

/* Whether leads have risen and every one is back in the lowest tier. */
bool seuil_demo_view_all_cold(const struct seuil_demo_view *view);
void seuil_demo_view_end(struct seuil_demo_view *view);

#endif
