/* Commands of sales (SCORING 6): what they ask for. Private to lib/core. */

#ifndef SEUIL_CORE_COMMAND_H
#define SEUIL_CORE_COMMAND_H

#include "core/event.h"
#include "core/evidence.h"

enum seuil_command {
    SEUIL_COMMAND_ADJUST,
    SEUIL_COMMAND_FORGET,
    SEUIL_COMMAND_UNSUPPORTED, /* known to the language, or not, but not applied yet */
    SEUIL_COMMAND_MALFORMED,
};

/* Which command @event is. For ADJUST its points, end, author and reason are filled in. */
enum seuil_command seuil_command_read(const struct seuil_event *event, seuil_time_ms time,
                                      struct seuil_adjustment *ret_adjustment);

#endif
