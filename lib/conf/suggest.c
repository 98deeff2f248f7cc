#include "conf/suggest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Longer words are no names of ours; the bound keeps the rows on the stack. */
#define WORD_MAX 64

/* A different letter costs 2; the same letter in the other case, or another separator, 1. */
static unsigned replace_cost(char a, char b)
{
    if (a == b)
        return 0;
    if (tolower((unsigned char)a) == tolower((unsigned char)b))
        return 1;
    return strchr("-_.", a) && strchr("-_.", b) ? 1 : 2;
}

/* Edit distance with swaps of neighbours (optimal string alignment), in halves. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned rows[3][WORD_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];

    for (size_t j = 0; j <= b_len; j++)
        last[j] = (unsigned)(2 * j);
    for (size_t i = 1; i <= a_len; i++) {
        unsigned *spare = before;

        now[0] = (unsigned)(2 * i);
        for (size_t j = 1; j <= b_len; j++) {
            unsigned best = last[j - 1] + replace_cost(a[i - 1], b[j - 1]);

            if (last[j] + 2 < best)
                best = last[j] + 2;
            if (now[j - 1] + 2 < best)
                best = now[j - 1] + 2;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 2 < best)
                best = before[j - 2] + 2;
            now[j] = best;
        }
        before = last;
        last = now;
        now = spare;
    }
    return last[b_len];
}

const char *seuil_suggest(struct seuil_str word, const char *const *names, size_t count)
{
    const char *best = NULL;
    unsigned best_distance;

    if (word.len == 0 || word.len > WORD_MAX)
        return NULL;
    /* One slip for each three letters, at least one. */
    best_distance = 2 * (word.len < 6 ? 1 : word.len / 3) + 1;
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(names[i]);
        unsigned d;

        if (len == 0 || len > WORD_MAX)
            continue;
        d = distance(word.ptr, word.len, names[i], len);
        if (d < best_distance && d < 2 * len) {
            best = names[i];
            best_distance = d;
        }
    }
    return best;
}

const char *seuil_suggest_text(struct seuil_str word, const char *const *names, size_t count,
                               char *out, size_t cap)
{
    const char *name = seuil_suggest(word, names, count);

    if (name)
        snprintf(out, cap, " (did you mean \"%s\"?)", name);
    else if (cap)
        out[0] = '\0';
    return out;
}
