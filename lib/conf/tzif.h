/* Time zone files (TZif, RFC 8536) of the system, taken as untrusted bytes. */

#ifndef SEUIL_CONF_TZIF_H
#define SEUIL_CONF_TZIF_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/zone.h"

/* The zone called @name ("Europe/Paris", "UTC"), from /usr/share/zoneinfo, in @arena.
 * SEUIL_ERR_UNKNOWN: there is no such zone, or the name could lead elsewhere. SEUIL_ERR_FORMAT:
 * the file is damaged. SEUIL_ERR_NOMEM. */
int seuil_zone_load(struct seuil_arena *arena, const char *name, const struct seuil_zone **ret_zone,
                    struct seuil_error *err);

/* The same from bytes. */
int seuil_tzif_parse(struct seuil_arena *arena, const char *name, const void *bytes, size_t len,
                     const struct seuil_zone **ret_zone, struct seuil_error *err);

#endif
