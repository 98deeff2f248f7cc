/* "Did you mean ...?" */

#ifndef SEUIL_CONF_SUGGEST_H
#define SEUIL_CONF_SUGGEST_H

#include <stddef.h>

#include "base/str.h"

/* The one of @names nearest to @word by insertions, deletions, replacements and swaps of
 * neighbours, letters' case and the difference between '-', '_' and '.' counting little, accents
 * not at all; NULL when none is near enough to be a slip of the pen. */
const char *seuil_suggest(struct seuil_str word, const char *const *names, size_t count);

/* Nothing, or " (did you mean \"name\"?)", into @out; returns @out. */
const char *seuil_suggest_text(struct seuil_str word, const char *const *names, size_t count,
                               char *out, size_t cap);

/* The same, but when no name is near all of them are told: " (known are a, b, c)"; of very many as
 * many as fit. */
const char *seuil_suggest_or_list(struct seuil_str word, const char *const *names, size_t count,
                                  char *out, size_t cap);

#endif
