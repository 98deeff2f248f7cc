/* How scores are shown to people and to programs, the same in replay and explain. */

#ifndef SEUIL_CTL_PRINT_H
#define SEUIL_CTL_PRINT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/errs.h"
#include "codec/encode.h"
#include "core/engine.h"
#include "core/why.h"

/* The lines of an explanation, right-aligned points first, and their sum:
 *
 *         40.00  Demande de démo (1 time)
 *          7.50  Page tarifs (3 times, 15.00 before decay; limited by day)
 *        -7.50  Navigation: capped at 40
 *      =  40.00 */
void seuil_print_lines(const struct seuil_model *model, const struct seuil_explanation *explanation,
                       struct seuil_buf *out);
/* The same as a JSON array, with the names of a crossing's explanation. */
void seuil_print_lines_json(const struct seuil_explanation *explanation, struct seuil_buf *out);

/* @text and blanks up to @width columns, as many as it has characters, not bytes. */
void seuil_print_padded(const char *text, int width, struct seuil_buf *out);

/* An instant, or "never"; in JSON a string, or null. */
void seuil_print_time(seuil_time_ms time, struct seuil_buf *out);
void seuil_print_time_json(seuil_time_ms time, struct seuil_buf *out);

/* One crossing in a few lines, ending with a blank one. @cause NULL: time alone. */
void seuil_print_crossing(const struct seuil_models *models, const struct seuil_lead *lead,
                          const struct seuil_crossing *crossing, const struct seuil_event *cause,
                          struct seuil_buf *out);

/* Where a lead stands in a model at @at. */
struct seuil_standing {
    const struct seuil_model *model;
    seuil_time_ms at;
    uint8_t tier;
    struct seuil_explanation explanation;
    seuil_time_ms due;   /* when time alone changes something next */
    seuil_time_ms until; /* when the lead leaves its tier if nothing more happens */
    bool asks_why;       /* why is filled in: what would bring the lead into the next tier */
    struct seuil_why why;
};

/* Fill @ret_standing for model @index: 0, or SEUIL_ERR_LATE when @at is older than the lead's exact
 * memory and was moved up to it. */
int seuil_standing_of(const struct seuil_models *models, struct seuil_scratch *scratch,
                      const struct seuil_lead *lead, uint16_t index, seuil_time_ms at,
                      struct seuil_standing *ret_standing);

/* Fill in why, too. */
int seuil_standing_why(const struct seuil_models *models, struct seuil_scratch *scratch,
                       const struct seuil_lead *lead, uint16_t index, seuil_time_ms at,
                       struct seuil_standing *ret_standing);

void seuil_print_standing(const struct seuil_standing *standing, struct seuil_str lead,
                          struct seuil_buf *out);
void seuil_print_standing_json(const struct seuil_standing *standing, struct seuil_str lead,
                               struct seuil_buf *out);

/* ---- ctl_print_why.c */
/* What the marks alone do not tell; as JSON further members of an object. */
void seuil_print_why(const struct seuil_standing *standing, struct seuil_buf *out);
void seuil_print_why_json(const struct seuil_standing *standing, struct seuil_buf *out);
/* To the cent, but a gap is never shown as none. */
double seuil_shown_gap(double gap);

/* ---- ctl_print_errs.c */
/* Each mistake with its place, the line it is about and a mark under the column, and how many they
 * are; what @path is refused for. */
void seuil_print_errs(const struct seuil_errs *errs, const char *path, struct seuil_buf *out);
/* The same as two members of a JSON object: ,"mistakes":2,"errors":[...] */
void seuil_print_errs_json(const struct seuil_errs *errs, struct seuil_buf *out);

#endif
