/* Expressions in one text: "path | step | step(argument)". */

#include <stdio.h>
#include <stdlib.h>

#include "conf/regex.h"
#include "conf/scalar.h"
#include "conf/suggest.h"
#include "conf/tzif.h"
#include "map/load.h"

struct reader {
    struct seuil_map_loader *l;
    const struct seuil_yaml_node *node;
    const char *p, *end;
    bool failed;
};

static uint32_t offset(const struct reader *r)
{
    return (uint32_t)(r->p - r->node->text);
}

#define FAIL(r, ...)                                                                               \
    ((r)->failed = true, seuil_map_error((r)->l, (r)->node, offset(r), __VA_ARGS__))

static void blanks(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n'))
        r->p++;
}

static bool take(struct reader *r, char c)
{
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

/* 'text' or "text"; the quote itself is written twice. */
static struct seuil_str quoted(struct reader *r)
{
    char quote = *r->p++, *out, *to;
    struct seuil_str text;

    out = to = seuil_arena_alloc(&r->l->map->arena, (size_t)(r->end - r->p) + 1, 1);
    if (!out) {
        seuil_map_nomem(r->l);
        r->failed = true;
        return (struct seuil_str){"", 0};
    }
    for (;;) {
        if (r->p == r->end) {
            FAIL(r, "a quote is not closed");
            break;
        }
        if (*r->p == quote) {
            r->p++;
            if (r->p == r->end || *r->p != quote)
                break;
        }
        *to++ = *r->p++;
    }
    text = (struct seuil_str){out, (uint32_t)(to - out)};
    return text;
}

/* Up to one of @stops or a blank, or quoted. */
static struct seuil_str word(struct reader *r, const char *stops, const char *what)
{
    const char *from = r->p;

    if (r->p < r->end && (*r->p == '"' || *r->p == '\''))
        return quoted(r);
    while (r->p < r->end && *r->p != ' ' && *r->p != '\t' && *r->p != '\n' && !strchr(stops, *r->p))
        r->p++;
    if (r->p == from)
        FAIL(r, "%s is missing here", what);
    return seuil_map_keep(r->l, (struct seuil_str){from, (uint32_t)(r->p - from)});
}

/* ---- paths -------------------------------------------------------------------------------- */

#define NAME_STOPS ".[]|\"'(),=~"

static void bracket(struct reader *r, struct seuil_map_want **want,
                    struct seuil_map_segment *ret_segment)
{
    struct seuil_map_segment segment = {0};
    struct seuil_str name;
    int64_t index;

    blanks(r);
    name = word(r, "]=~", "an index, or name=value,");
    blanks(r);
    if (take(r, '=') || take(r, '~')) {
        segment.kind = r->p[-1] == '=' ? SEUIL_SEGMENT_EQUAL : SEUIL_SEGMENT_CONTAINS;
        segment.name = name;
        blanks(r);
        segment.value = word(r, "]", "a value");
        seuil_map_want_child(r->l, *want, name);
    } else {
        segment.kind = SEUIL_SEGMENT_INDEX;
        if (!r->failed && (seuil_int_parse(name, &index) || index < -1000000 || index > 1000000))
            FAIL(r, "\"%.*s\" is no index: write a number, as [0], or [name=value]", (int)name.len,
                 name.ptr);
        else if (!r->failed)
            segment.index = (int32_t)index;
    }
    blanks(r);
    if (!r->failed && !take(r, ']'))
        FAIL(r, "']' is missing here");
    *ret_segment = segment;
}

/* What stands after the base: ".name" and "[...]", the first name without its point. */
static int64_t segments(struct reader *r, struct seuil_map_path path, bool bare,
                        struct seuil_map_want **want)
{
    struct seuil_map_loader *l = r->l;

    path.first = l->segments.count;
    while (!r->failed) {
        struct seuil_map_segment segment = {0};

        if (take(r, '[')) {
            bracket(r, want, &segment);
        } else if (bare || take(r, '.')) {
            segment.kind = SEUIL_SEGMENT_NAME;
            segment.name = word(r, NAME_STOPS, "a name");
            *want = seuil_map_want_child(l, *want, segment.name);
        } else {
            break;
        }
        bare = false;
        seuil_map_push(l, &l->segments, &segment, sizeof(segment));
        path.count++;
    }
    if (r->failed)
        return -1;
    return seuil_map_push(l, &l->paths, &path, sizeof(path));
}

static int find_let(const struct seuil_map_loader *l, struct seuil_str name)
{
    for (uint32_t i = 0; i < l->let_count; i++)
        if (seuil_str_eq(l->let_names[i].name, name))
            return (int)i;
    return -1;
}

static void unknown_base(struct reader *r, struct seuil_str name)
{
    const char *names[SEUIL_MAP_LETS_MAX + 8] = {"record", "outer", "item", "key",
                                                 "topic",  "time",  "index"};
    size_t count = 7;
    char hint[160];

    for (uint32_t i = 0; i < r->l->let_count; i++)
        names[count++] = r->l->let_names[i].name.ptr;
    r->p -= name.len;
    FAIL(r,
         "unknown name @%.*s%s: @record, @outer, @item, @key, @topic, @time, @index or a name of "
         "`let`",
         (int)name.len, name.ptr, seuil_suggest_text(name, names, count, hint, sizeof(hint)));
}

/* A path at @r; want NULL when it is no path but one of @key, @topic, @time, @index, whose op is
 * then at *ret_op. */
static int64_t read_path(struct reader *r, struct seuil_map_want **ret_want, int *ret_op)
{
    static const struct {
        const char *name;
        int op;
    } singles[] = {{"key", SEUIL_MAP_KEY},
                   {"topic", SEUIL_MAP_TOPIC},
                   {"time", SEUIL_MAP_TIME},
                   {"index", SEUIL_MAP_INDEX}};
    struct seuil_map_loader *l = r->l;
    struct seuil_map_path path = {0};
    struct seuil_str name;
    int let;

    *ret_op = SEUIL_MAP_PATH;
    *ret_want = l->item;
    path.base = SEUIL_BASE_ITEM;
    if (!take(r, '@'))
        return segments(r, path, r->p == r->end || *r->p != '[', ret_want);
    name = word(r, NAME_STOPS, "a name");
    if (r->failed)
        return -1;
    for (unsigned i = 0; i < sizeof(singles) / sizeof(singles[0]); i++)
        if (seuil_str_eq(name, seuil_str_from(singles[i].name))) {
            *ret_op = singles[i].op;
            *ret_want = NULL;
            return 0;
        }
    let = find_let(l, name);
    if (let >= 0) {
        path.base = SEUIL_BASE_LET;
        path.let = (uint8_t)let;
        *ret_want = l->let_names[let].want;
    } else if (seuil_str_eq(name, SEUIL_STR("record"))) {
        path.base = SEUIL_BASE_RECORD;
        *ret_want = &l->record;
    } else if (seuil_str_eq(name, SEUIL_STR("outer"))) {
        path.base = SEUIL_BASE_OUTER;
        *ret_want = l->outer;
    } else if (!seuil_str_eq(name, SEUIL_STR("item"))) {
        unknown_base(r, name);
        return -1;
    }
    return segments(r, path, false, ret_want);
}

static struct reader reader_of(struct seuil_map_loader *l, const struct seuil_yaml_node *node)
{
    struct reader r = {l, node, node->text, node->text + node->len, false};

    blanks(&r);
    return r;
}

static bool is_text(struct seuil_map_loader *l, const struct seuil_yaml_node *node)
{
    if (node->kind == SEUIL_YAML_SCALAR && node->len > 0)
        return true;
    seuil_map_error(l, node, 0, "a path is wanted here, as context.page.url, not %s",
                    node->kind == SEUIL_YAML_SCALAR ? "nothing" : seuil_yaml_kind_text(node));
    return false;
}

static void no_more(struct reader *r)
{
    blanks(r);
    if (!r->failed && r->p < r->end)
        FAIL(r, "\"%.*s\" is not understood here", (int)(r->end - r->p < 40 ? r->end - r->p : 40),
             r->p);
}

int64_t seuil_map_load_path(struct seuil_map_loader *l, const struct seuil_yaml_node *node,
                            struct seuil_map_want **ret_want)
{
    struct reader r;
    int64_t path;
    int op;

    if (!is_text(l, node))
        return -1;
    r = reader_of(l, node);
    path = read_path(&r, ret_want, &op);
    no_more(&r);
    if (!r.failed && op != SEUIL_MAP_PATH)
        FAIL(&r, "a path into the record is wanted here");
    return r.failed ? -1 : path;
}

int64_t seuil_map_load_let(struct seuil_map_loader *l, const struct seuil_yaml_node *node,
                           struct seuil_map_want **ret_want, bool *ret_json)
{
    struct reader r;
    int64_t path;
    int op;

    if (!is_text(l, node))
        return -1;
    r = reader_of(l, node);
    path = read_path(&r, ret_want, &op);
    blanks(&r);
    *ret_json = false;
    if (!r.failed && take(&r, '|')) {
        blanks(&r);
        if (!seuil_str_eq(word(&r, "|(", "a step"), SEUIL_STR("json")) && !r.failed)
            FAIL(&r, "only `json` may follow a path in `let`");
        *ret_json = true;
    }
    no_more(&r);
    if (!r.failed && op != SEUIL_MAP_PATH)
        FAIL(&r, "a path into the record is wanted here");
    return r.failed ? -1 : path;
}

/* ---- steps -------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    uint8_t least, most;
} rows[] = {
#define STEP(NAME, text, fewest, most, ...) {text, fewest, most},
#include "map/steps.def"
#undef STEP
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static int find_step(struct reader *r, struct seuil_str name)
{
    const char *names[ROWS];
    char hint[160];

    for (unsigned i = 0; i < ROWS; i++) {
        names[i] = rows[i].name;
        if (seuil_str_eq(name, seuil_str_from(rows[i].name)))
            return (int)i;
    }
    if (!r->failed) {
        r->p -= name.len;
        FAIL(r, "unknown step \"%.*s\"%s; seuil-mapping(5) has a list", (int)name.len, name.ptr,
             seuil_suggest_text(name, names, ROWS, hint, sizeof(hint)));
    }
    return -1;
}

static void time_step(struct reader *r, struct seuil_map_step *step, const struct seuil_str *args,
                      unsigned count)
{
    static const char *const forms[] = {"text", "s", "ms", "us", "ns"};
    char hint[160];

    step->form = SEUIL_TIME_FORM_TEXT;
    step->zone = r->l->zone;
    for (unsigned i = 0; count > 0; i++) {
        if (i == sizeof(forms) / sizeof(forms[0])) {
            FAIL(r, "a time is text, s, ms, us or ns, not \"%.*s\"%s", (int)args[0].len,
                 args[0].ptr, seuil_suggest_text(args[0], forms, i, hint, sizeof(hint)));
            return;
        }
        if (seuil_str_eq(args[0], seuil_str_from(forms[i]))) {
            step->form = (uint8_t)i;
            break;
        }
    }
    if (count > 1)
        step->zone = seuil_map_zone(r->l, r->node, offset(r), args[1]);
}

static void regex_step(struct reader *r, struct seuil_map_step *step, const struct seuil_str *args,
                       unsigned count)
{
    struct seuil_error err = {0};
    int64_t group = 1;

    if (seuil_regex_compile(&r->l->map->arena, args[0], false, &step->regex, &err)) {
        FAIL(r, "%s", err.text);
        return;
    }
    if (count > 1 && (seuil_int_parse(args[1], &group) || group < 0))
        FAIL(r, "a group is a number from 0 on, not \"%.*s\"", (int)args[1].len, args[1].ptr);
    else if (group > seuil_regex_groups(step->regex))
        FAIL(r, "the regular expression has %u groups, not %u: put what is wanted in (...)",
             seuil_regex_groups(step->regex), (unsigned)group);
    else if (group > SEUIL_REGEX_CAPTURES_MAX)
        FAIL(r, "only the first %d groups can be taken", SEUIL_REGEX_CAPTURES_MAX);
    step->group = (uint32_t)group;
}

static void finish_step(struct reader *r, struct seuil_map_step *step, const struct seuil_str *args,
                        unsigned count)
{
    switch ((enum seuil_map_step_kind)step->kind) {
    case SEUIL_STEP_TIME:
        time_step(r, step, args, count);
        break;
    case SEUIL_STEP_REGEX:
        regex_step(r, step, args, count);
        break;
    case SEUIL_STEP_TIMES:
        if (seuil_number_parse(args[0], &step->number))
            FAIL(r, "times(...) wants a number, not \"%.*s\"", (int)args[0].len, args[0].ptr);
        break;
    case SEUIL_STEP_HMAC:
        if (r->l->map->secret.len == 0)
            FAIL(r, "hmac needs the secret: set lead_secret or lead_secret_file");
        break;
    default:
        if ((step->kind == SEUIL_STEP_BEFORE || step->kind == SEUIL_STEP_AFTER) && args[0].len == 0)
            FAIL(r, "a text is wanted here, not an empty one");
        step->text = count ? args[0] : (struct seuil_str){0};
    }
}

static void read_step(struct reader *r)
{
    struct seuil_map_step step = {0};
    struct seuil_str args[2] = {0}, name;
    unsigned count = 0;
    int kind;

    blanks(r);
    name = word(r, "|(", "a step");
    kind = find_step(r, name);
    if (r->failed || kind < 0)
        return;
    blanks(r);
    if (take(r, '(')) {
        do {
            blanks(r);
            if (count == 2) {
                FAIL(r, "%s has too many arguments", rows[kind].name);
                return;
            }
            args[count++] = word(r, ",)", "an argument");
            blanks(r);
        } while (!r->failed && take(r, ','));
        if (!r->failed && !take(r, ')'))
            FAIL(r, "')' is missing here");
    }
    if (!r->failed && (count < rows[kind].least || count > rows[kind].most))
        FAIL(r, "%s takes %u to %u arguments, not %u", rows[kind].name, rows[kind].least,
             rows[kind].most, count);
    step.kind = (uint8_t)kind;
    if (!r->failed)
        finish_step(r, &step, args, count);
    if (!r->failed)
        seuil_map_emit(r->l, SEUIL_MAP_STEP,
                       seuil_map_push(r->l, &r->l->steps, &step, sizeof(step)));
}

/* "=text": a constant, up to a step. */
static void read_const(struct reader *r)
{
    struct seuil_str text;

    blanks(r);
    if (r->p < r->end && (*r->p == '"' || *r->p == '\'')) {
        text = quoted(r);
    } else {
        const char *from = r->p, *bar = memchr(from, '|', (size_t)(r->end - from));

        r->p = bar ? bar : r->end;
        text = (struct seuil_str){from, (uint32_t)(r->p - from)};
        while (text.len && text.ptr[text.len - 1] == ' ')
            text.len--;
        text = seuil_map_keep(r->l, text);
    }
    if (!r->failed)
        seuil_map_emit(r->l, SEUIL_MAP_CONST, seuil_map_text(r->l, text));
}

void seuil_map_load_text(struct seuil_map_loader *l, const struct seuil_yaml_node *node)
{
    struct seuil_map_want *want = NULL;
    struct reader r;
    int64_t path;
    int op;

    if (!is_text(l, node))
        return;
    r = reader_of(l, node);
    if (take(&r, '=')) {
        read_const(&r);
    } else {
        path = read_path(&r, &want, &op);
        if (!r.failed)
            seuil_map_emit(l, (enum seuil_map_op)op, op == SEUIL_MAP_PATH ? (uint32_t)path : 0);
    }
    for (;;) {
        blanks(&r);
        if (r.failed || !take(&r, '|'))
            break;
        read_step(&r);
    }
    no_more(&r);
}
