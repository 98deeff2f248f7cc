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

/* @word without the accents of western European letters, into @out of WORD_MAX bytes. */
static size_t without_accents(const char *word, size_t len, char *out)
{
    static const char bare[] = "AAAAAAACEEEEIIIIDNOOOOOxOUUUUYPsaaaaaaaceeeeiiiidnooooo-ouuuuypy";
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        uint8_t next = i + 1 < len ? (uint8_t)word[i + 1] : 0;

        if ((uint8_t)word[i] == 0xc3 && next >= 0x80 && next < 0xc0) {
            out[n++] = bare[next - 0x80];
            i++;
        } else {
            out[n++] = word[i];
        }
    }
    return n;
}

const char *seuil_suggest(struct seuil_str word, const char *const *names, size_t count)
{
    char asked[WORD_MAX], known[WORD_MAX];
    const char *best = NULL;
    unsigned best_distance;
    size_t asked_len;

    if (word.len == 0 || word.len > WORD_MAX)
        return NULL;
    /* One slip for each three letters, at least one. */
    best_distance = 2 * (word.len < 6 ? 1 : word.len / 3) + 1;
    asked_len = without_accents(word.ptr, word.len, asked);
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(names[i]);
        unsigned d;

        if (len == 0 || len > WORD_MAX)
            continue;
        d = distance(asked, asked_len, known, without_accents(names[i], len, known));
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

const char *seuil_suggest_or_list(struct seuil_str word, const char *const *names, size_t count,
                                  char *out, size_t cap)
{
    static const char begin[] = " (known are ", rest[] = ", ...)";
    size_t at = sizeof(begin) - 1;

    if (seuil_suggest_text(word, names, count, out, cap)[0] || count == 0 ||
        cap < sizeof(begin) + sizeof(rest) + WORD_MAX)
        return out;
    memcpy(out, begin, at);
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(names[i]);

        if (at + len + sizeof(rest) + 2 > cap) {
            memcpy(out + at, rest, sizeof(rest));
            return out;
        }
        at += (size_t)sprintf(out + at, "%s%s", i ? ", " : "", names[i]);
    }
    memcpy(out + at, ")", 2);
    return out;
}
