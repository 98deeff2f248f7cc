#ifndef SEUIL_CTL_SAMPLE_H
#define SEUIL_CTL_SAMPLE_H

#include "open.h"

/* Run the records of file @path through @input and tell in @out what each field became. 0 or an
 * exit status. */
int seuil_ctl_sample(const struct seuil_opened *opened, const char *input, const char *path,
                     struct seuil_buf *out);

#endif
