/* Who is this? Points for attributes, completeness, grades (SCORING 2 and 6). Private to lib/core.
 */

#ifndef SEUIL_CORE_FIT_H
#define SEUIL_CORE_FIT_H

#include "core/scratch.h"

/* Spread the profile of @evidence over scratch->values. */
void seuil_fit_load(struct seuil_scratch *scratch, const struct seuil_evidence *evidence);

/* Fit, raw fit and exclusions by attributes of the loaded profile, for one model. */
void seuil_fit_evaluate(struct seuil_scratch *scratch, const struct seuil_model *model,
                        struct seuil_model_view *view);

/* What @criterion gives to the loaded profile, its share in a weighted mean not counted. */
double seuil_fit_value(struct seuil_scratch *scratch, const struct seuil_criterion *criterion);

/* The part of a criterion's value that counts: 1, or its weight by all weights. */
double seuil_fit_share(const struct seuil_model *model, const struct seuil_criterion *criterion);

/* Known criteria of the loaded profile by all of them; 1 when there are none. A criterion is known
 * when every attribute that it looks at is. */
double seuil_fit_completeness(const struct seuil_scratch *scratch, const struct seuil_model *model);

/* Set view->open by the tiers' conditions, and take terms away whose rules do not count now. The
 * profile is loaded; scratch->values know grade and status until the next call. */
void seuil_fit_conditions(struct seuil_scratch *scratch, const struct seuil_model *model,
                          struct seuil_model_view *view);

/* "A" to "D", "1" to "4", both, or "X"; empty when the model has no grades. */
void seuil_fit_grade(const struct seuil_model *model, bool excluded, double fit, double behaviour,
                     char ret_grade[SEUIL_GRADE_MAX]);

#endif
