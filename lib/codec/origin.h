/* Where a record stood first, when `seuilctl dlq replay` sent it again: headers that the replay
 * adds, and that ids derived of the place, times taken of the record, and lateness ask for. Looked
 * at only where the answer matters: a record that is not asked costs nothing. */

#ifndef SEUIL_CODEC_ORIGIN_H
#define SEUIL_CODEC_ORIGIN_H

#include "codec/record.h"

#define SEUIL_ORIGIN_TOPIC     "seuil.original.topic"
#define SEUIL_ORIGIN_PARTITION "seuil.original.partition"
#define SEUIL_ORIGIN_OFFSET    "seuil.original.offset"
#define SEUIL_ORIGIN_TIME      "seuil.original.timestamp" /* ms */
#define SEUIL_ACCEPT_LATE      "seuil.accept_late"        /* "true" */

/* Put the place and the time of the first record into @record; false, and nothing is changed, when
 * it was not sent again, or its headers are not all there or cannot be read. The topic then points
 * into the header. */
bool seuil_origin_restore(struct seuil_record_view *record);

/* The operator lets the record in although it is late. */
bool seuil_origin_accepts_late(const struct seuil_record_view *record);

/* A decimal number, as headers have it: 0 or SEUIL_ERR_FORMAT. */
int seuil_origin_number(struct seuil_str text, int64_t *ret_number);

#endif
