/* What the files of the engine share. Private to lib/core. */

#ifndef SEUIL_CORE_ENGINE_INT_H
#define SEUIL_CORE_ENGINE_INT_H

#include "core/engine.h"

/* The instant to judge an event of @time at. */
seuil_time_ms seuil_engine_judged_at(const struct seuil_lead *lead, const struct seuil_event *event,
                                     seuil_time_ms time);
void seuil_engine_clear_outcome(struct seuil_outcome *outcome);
/* Judge at @at, then say what is to be done. */
void seuil_engine_conclude_at(struct seuil_scratch *scratch, struct seuil_lead *lead,
                              const struct seuil_event *event, seuil_time_ms at,
                              enum seuil_reason reason, struct seuil_outcome *ret_outcome);
/* Let the silence up to the lead's due time act, if @event has come to it. */
void seuil_engine_step_tick(struct seuil_scratch *scratch, const struct seuil_event *event,
                            struct seuil_lead *lead, struct seuil_outcome *ret_outcome);
/* Erase the evidence that is not later than @cut. */
void seuil_engine_erase(struct seuil_evidence *evidence, seuil_time_ms cut);
void seuil_engine_forget_alerts(struct seuil_lead *lead);
void seuil_engine_set_birth(struct seuil_lead *lead, const struct seuil_event *event);

#endif
