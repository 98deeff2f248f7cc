/* From rules to the index that finds them (core/rule_index.h). */

#ifndef SEUIL_CONF_RULES_COMPILE_H
#define SEUIL_CONF_RULES_COMPILE_H

#include "base/err.h"
#include "core/model.h"
#include "core/rule_index.h"

/* Build @models->index in the arena of the set, for rules, models and attributes
 * that are there already (also when written out in C by a test).
 *
 * SEUIL_ERR_INVALID: a condition is not as core/condition.h says, or two rules have one key.
 * SEUIL_ERR_LIMIT: too much of something. SEUIL_ERR_NOMEM. The set is then of use only to be
 * freed. */
int seuil_rules_compile(struct seuil_models *models, struct seuil_error *err);

#endif
