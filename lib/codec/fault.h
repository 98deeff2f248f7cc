/* Why a record could not be read, noted cheaply: the sentence is made only for those who ask. */

#ifndef SEUIL_CODEC_FAULT_H
#define SEUIL_CODEC_FAULT_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct seuil_fault {
    int code;               /* enum seuil_err */
    const char *why;        /* a literal: "a string is not UTF-8" */
    uint32_t at;            /* byte of the record */
    struct seuil_str field; /* as the source names it; len 0: none */
};

/* What reading a record may cost, in turns of loops over anything but its bytes: values, names,
 * places where a name is looked for. More than this can come from a hostile record only. */
#define SEUIL_STEPS_PER_BYTE  4
#define SEUIL_STEPS_MORE      256
#define SEUIL_STEPS_MOST(len) ((uint64_t)(len)*SEUIL_STEPS_PER_BYTE + SEUIL_STEPS_MORE)

/* Note the fault and return its code; the innermost caller speaks first and is not overwritten. */
static inline int seuil_fault_set(struct seuil_fault *fault, int code, uint32_t at, const char *why)
{
    if (fault->code == 0) {
        fault->code = code;
        fault->at = at;
        fault->why = why;
    }
    return fault->code;
}

#endif
