/* Which text must be in whatever an expression matches? A cautious reading of its syntax: where it
 * meets something it does not know for sure, it knows no literal, which is always right. */

#include <string.h>

#include "conf/regex.h"

struct reader {
    const char *ptr, *end;
    struct seuil_arena *arena;
    bool ignore_case;
    unsigned depth; /* of groups */
    bool unsure;    /* give up: no literal of the whole */
    bool verb;
    bool nomem;
};

/* One of these is in the text; none: nothing is known. */
struct literals {
    uint32_t count;
    struct seuil_str list[SEUIL_REGEX_LITERALS_MAX];
};

/* The literal run that is being read. */
struct run {
    char bytes[SEUIL_PATTERN_MAX];
    uint32_t len;
};

static struct literals read_branches(struct reader *in);

static uint32_t shortest(const struct literals *set)
{
    uint32_t len = set->count ? UINT32_MAX : 0;

    for (uint32_t i = 0; i < set->count; i++)
        len = set->list[i].len < len ? set->list[i].len : len;
    return len;
}

static void keep_better(struct literals *best, const struct literals *other)
{
    if (shortest(other) > shortest(best))
        *best = *other;
}

/* The run ends: it is a literal of its own. */
static void end_run(struct reader *in, struct run *run, struct literals *best)
{
    if (run->len > shortest(best)) {
        char *copy = seuil_arena_strdup(in->arena, run->bytes, run->len);

        if (copy) {
            if (in->ignore_case)
                seuil_text_fold(copy, run->len);
            best->count = 1;
            best->list[0] = (struct seuil_str){copy, run->len};
        } else {
            in->nomem = true;
        }
    }
    run->len = 0;
}

static bool at(const struct reader *in, char c)
{
    return in->ptr < in->end && *in->ptr == c;
}

static bool skip_to(struct reader *in, char c)
{
    const char *found = memchr(in->ptr, c, (size_t)(in->end - in->ptr));

    if (!found) {
        in->unsure = true;
        in->ptr = in->end;
        return false;
    }
    in->ptr = found + 1;
    return true;
}

/* Digits of {n}, {n,} or {n,m}; @in stands behind the brace. False: the brace is plain text. */
static bool read_braces(struct reader *in, bool *ret_zero)
{
    const char *p = in->ptr;
    bool zero = true;

    if (p < in->end && *p == ',') {
        in->unsure = true; /* {,m}: text before PCRE2 10.43, a quantifier since */
        return false;
    }
    if (p == in->end || *p < '0' || *p > '9')
        return false;
    for (; p < in->end && *p >= '0' && *p <= '9'; p++)
        zero = zero && *p == '0';
    if (p < in->end && *p == ',')
        for (p++; p < in->end && *p >= '0' && *p <= '9'; p++)
            ;
    if (p == in->end || *p != '}')
        return false;
    in->ptr = p + 1;
    *ret_zero = zero;
    return true;
}

/* A quantifier, if there is one: whether, and whether it allows none. */
static bool read_quantifier(struct reader *in, bool *ret_zero)
{
    *ret_zero = false;
    if (in->ptr == in->end)
        return false;
    if (*in->ptr == '*' || *in->ptr == '?') {
        *ret_zero = true;
        in->ptr++;
    } else if (*in->ptr == '+') {
        in->ptr++;
    } else if (*in->ptr == '{') {
        in->ptr++;
        if (!read_braces(in, ret_zero)) {
            in->ptr--;
            return false;
        }
    } else {
        return false;
    }
    if (at(in, '?') || at(in, '+'))
        in->ptr++; /* lazy or possessive */
    return true;
}

/* A class; @in stands behind the bracket. */
static void skip_class(struct reader *in)
{
    if (at(in, '^'))
        in->ptr++;
    if (at(in, ']'))
        in->ptr++;
    while (in->ptr < in->end) {
        char c = *in->ptr++;

        if (c == ']')
            return;
        if (c == '\\') {
            if (at(in, 'Q') || at(in, 'E') || in->ptr == in->end)
                in->unsure = true;
            else
                in->ptr++;
        } else if (c == '[' && (at(in, ':') || at(in, '.') || at(in, '='))) {
            in->unsure = !at(in, ':') || in->unsure;
            if (!skip_to(in, ']'))
                return;
        }
    }
    in->unsure = true;
}

enum piece { PIECE_TEXT, PIECE_OTHER, PIECE_NOTHING };

/* Behind a backslash: text of its own, something that matches bytes, or an assertion. */
static enum piece read_escape(struct reader *in, char *ret_byte)
{
    char c;

    if (in->ptr == in->end) {
        in->unsure = true;
        return PIECE_OTHER;
    }
    c = *in->ptr++;
    if (c > 0 && !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) {
        *ret_byte = c;
        return PIECE_TEXT;
    }
    if (c > 0 && strchr("bBAzZG", c))
        return PIECE_NOTHING;
    if (c > 0 && strchr("dDwWsShHvVRNXtnrfea", c))
        return PIECE_OTHER;
    if (c == 'p' || c == 'P' || c == 'x') {
        if (at(in, '{')) {
            skip_to(in, '}');
        } else if (c == 'x') {
            for (int i = 0;
                 i < 2 && in->ptr < in->end && strchr("0123456789abcdefABCDEF", *in->ptr); i++)
                in->ptr++;
        } else if (in->ptr < in->end) {
            in->ptr++;
        }
        return PIECE_OTHER;
    }
    in->unsure = true;
    return PIECE_OTHER;
}

/* What follows "(?": whether the group's own literals count. */
static bool read_group_sign(struct reader *in)
{
    char c = in->ptr < in->end ? *in->ptr++ : '\0';

    switch (c) {
    case ':':
    case '>':
    case '|':
        return true;
    case '=':
    case '!':
        return false;
    case 'P':
        if (!at(in, '<'))
            break;
        in->ptr++;
        return skip_to(in, '>');
    case '<':
        if (at(in, '=') || at(in, '!')) {
            in->ptr++;
            return false;
        }
        return skip_to(in, '>');
    case '\'':
        return skip_to(in, '\'');
    default:
        break;
    }
    in->unsure = true; /* options, conditions, recursion, comments */
    return false;
}

/* A group; @in stands behind its parenthesis. */
static struct literals read_group(struct reader *in)
{
    struct literals inner;
    bool counts = true;

    if (++in->depth > SEUIL_REGEX_GROUPS_MAX)
        in->unsure = true;
    if (at(in, '*')) {
        in->verb = true;
        in->unsure = true;
    }
    if (at(in, '?')) {
        in->ptr++;
        counts = read_group_sign(in);
    }
    inner = read_branches(in);
    in->depth--;
    if (at(in, ')'))
        in->ptr++;
    else
        in->unsure = true;
    if (!counts)
        inner.count = 0;
    return inner;
}

/* Whether a character may be part of a literal. Ignoring case, PCRE2 knows more pairs than
 * seuil_text_fold; of those only the long s and the Kelvin sign, which stand for s and k, are let
 * through, so an expression does not find them. */
static bool usable(const struct reader *in, const char *ptr, uint32_t len)
{
    uint8_t a = (uint8_t)ptr[0], b = len > 1 ? (uint8_t)ptr[1] : 0;

    if (!in->ignore_case || len == 1)
        return true;
    if (len == 2 && a == 0xc3)
        return b != 0x9f && b != 0xa5 && b != 0x85 && b != 0xbf;
    return len == 2 && a == 0xc5 && (b == 0x92 || b == 0x93);
}

/* The length of the UTF-8 character at the reader; patterns were checked to be UTF-8. */
static uint32_t character(const struct reader *in)
{
    uint8_t first = (uint8_t)*in->ptr;
    uint32_t len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    return len <= (size_t)(in->end - in->ptr) ? len : (uint32_t)(in->end - in->ptr);
}

/* A character of @len bytes at @ptr and what repeats it. */
static void take(struct reader *in, struct run *run, struct literals *best, const char *ptr,
                 uint32_t len)
{
    bool zero, repeated = read_quantifier(in, &zero);

    if (!zero && usable(in, ptr, len) && run->len + len <= sizeof(run->bytes)) {
        memcpy(run->bytes + run->len, ptr, len);
        run->len += len;
        if (!repeated)
            return;
    }
    end_run(in, run, best);
}

static void take_other(struct reader *in, struct run *run, struct literals *best)
{
    bool zero;

    end_run(in, run, best);
    read_quantifier(in, &zero);
}

static void take_escape(struct reader *in, struct run *run, struct literals *best)
{
    char byte = 0;
    bool zero;

    switch (read_escape(in, &byte)) {
    case PIECE_TEXT:
        take(in, run, best, &byte, 1);
        break;
    case PIECE_OTHER:
        take_other(in, run, best);
        break;
    case PIECE_NOTHING:
        read_quantifier(in, &zero);
        break;
    }
}

static void take_group(struct reader *in, struct run *run, struct literals *best)
{
    struct literals inner;
    bool zero;

    end_run(in, run, best);
    inner = read_group(in);
    read_quantifier(in, &zero);
    if (!zero)
        keep_better(best, &inner);
}

/* Up to '|', ')' or the end. */
static struct literals read_branch(struct reader *in)
{
    struct literals best = {0};
    struct run run = {.len = 0};
    bool zero;

    while (in->ptr < in->end && !in->unsure && *in->ptr != '|' && *in->ptr != ')') {
        uint32_t len = character(in);
        const char *ptr = in->ptr;

        in->ptr += len;
        switch (*ptr) {
        case '\\':
            take_escape(in, &run, &best);
            break;
        case '[':
            skip_class(in);
            take_other(in, &run, &best);
            break;
        case '.':
            take_other(in, &run, &best);
            break;
        case '^':
        case '$':
            read_quantifier(in, &zero);
            break;
        case '(':
            take_group(in, &run, &best);
            break;
        default:
            take(in, &run, &best, ptr, len);
        }
    }
    end_run(in, &run, &best);
    return best;
}

/* Branches up to ')' or the end: one literal of each may be the one that is there. */
static struct literals read_branches(struct reader *in)
{
    struct literals all = read_branch(in);
    bool known = all.count > 0;

    while (at(in, '|') && !in->unsure) {
        struct literals branch;

        in->ptr++;
        branch = read_branch(in);
        known = known && branch.count > 0 && all.count + branch.count <= SEUIL_REGEX_LITERALS_MAX;
        if (!known)
            continue;
        memcpy(all.list + all.count, branch.list, branch.count * sizeof(branch.list[0]));
        all.count += branch.count;
    }
    if (!known)
        all.count = 0;
    return all;
}

int seuil_regex_literals(struct seuil_arena *arena, struct seuil_str pattern, bool ignore_case,
                         const struct seuil_str **ret_literals, uint32_t *ret_count)
{
    struct reader in = {.ptr = pattern.ptr,
                        .end = pattern.ptr + pattern.len,
                        .arena = arena,
                        .ignore_case = ignore_case};
    struct literals found = {0};
    struct seuil_str *list;

    if (pattern.len)
        found = read_branches(&in);
    if (in.nomem)
        return SEUIL_ERR_NOMEM;
    if (in.verb)
        return SEUIL_ERR_UNSUPPORTED;
    if (in.unsure || in.ptr != in.end)
        found.count = 0;
    list = seuil_arena_alloc(arena, found.count, sizeof(*list));
    if (!list)
        return SEUIL_ERR_NOMEM;
    memcpy(list, found.list, found.count * sizeof(*list));
    *ret_literals = list;
    *ret_count = found.count;
    return 0;
}
