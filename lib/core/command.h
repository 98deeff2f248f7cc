/* Commands of sales (SCORING 6): what they ask for. Private to lib/core. */

#ifndef SEUIL_CORE_COMMAND_H
#define SEUIL_CORE_COMMAND_H

#include "core/evidence.h"
#include "core/model.h"

enum seuil_command {
    SEUIL_COMMAND_ADJUST,
    SEUIL_COMMAND_FORGET,
    SEUIL_COMMAND_RECYCLE,
    SEUIL_COMMAND_CONVERT,
    SEUIL_COMMAND_DISQUALIFY,
    SEUIL_COMMAND_REOPEN,
    SEUIL_COMMAND_UNSUPPORTED, /* no command that the engine applies */
    SEUIL_COMMAND_MALFORMED,
};

/* Which command @event is. For ADJUST its points, end, author and reason are filled in. */
enum seuil_command seuil_command_read(const struct seuil_event *event, seuil_time_ms time,
                                      struct seuil_adjustment *ret_adjustment);

/* Whether @event asks that all of its lead be forgotten: the command, or consent taken back where
 * models ask for it. */
bool seuil_command_forgets(const struct seuil_models *models, const struct seuil_event *event);

/* What a hit of @rule, a hidden one, says beside its time: the hash of a status, or the end of a
 * recycle's mute in minutes since 1970 (0: as the model says). From the event alone. */
uint32_t seuil_command_operand(const struct seuil_models *models, const struct seuil_rule *rule,
                               const struct seuil_event *event);

#endif
