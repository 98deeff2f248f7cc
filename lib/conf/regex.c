#include "conf/regex.h"

#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/heap.h"

struct context {
    pcre2_match_data *data;
    pcre2_match_context *match;
};

/* A compiled expression lives in the arena of its set and goes with it. */
static void *arena_alloc(size_t size_bytes, void *arena)
{
    return seuil_arena_alloc(arena, 1, size_bytes);
}

static void arena_free(void *ptr, void *arena)
{
    (void)ptr;
    (void)arena;
}

static void *heap_alloc(size_t size_bytes, void *unused)
{
    (void)unused;
    return seuil_heap_alloc(size_bytes);
}

static void heap_free(void *ptr, void *unused)
{
    (void)unused;
    seuil_heap_free(ptr);
}

static int nomem(struct seuil_error *err)
{
    return seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory for a regular expression");
}

static int compile(struct seuil_arena *arena, struct seuil_str pattern, bool ignore_case,
                   const void **ret_code, struct seuil_error *err)
{
    pcre2_general_context *general = pcre2_general_context_create(arena_alloc, arena_free, arena);
    pcre2_compile_context *context = general ? pcre2_compile_context_create(general) : NULL;
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C |
                       PCRE2_DOLLAR_ENDONLY | (ignore_case ? PCRE2_CASELESS : 0);
    pcre2_code *code;
    PCRE2_SIZE offset;
    int error;

    if (!context)
        return nomem(err);
    pcre2_set_parens_nest_limit(context, SEUIL_REGEX_GROUPS_MAX);
    code = pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len, options, &error, &offset, context);
    if (!code && error == PCRE2_ERROR_NOMEMORY)
        return nomem(err);
    if (!code && error == 121) /* "failed to get memory", a compile error of its own */
        return nomem(err);
    if (!code) {
        PCRE2_UCHAR text[200];

        pcre2_get_error_message(error, text, sizeof(text));
        return seuil_error_set(err, SEUIL_ERR_INVALID,
                               "the regular expression does not compile: %s (at its byte %zu)",
                               (const char *)text, (size_t)offset + 1);
    }
    *ret_code = code;
    return 0;
}

int seuil_regex_compile(struct seuil_arena *arena, struct seuil_str pattern, bool ignore_case,
                        const struct seuil_regex **ret_regex, struct seuil_error *err)
{
    struct seuil_regex *regex = seuil_arena_alloc(arena, 1, sizeof(*regex));
    struct seuil_str body = pattern;
    int rc;

    if (!regex)
        return nomem(err);
    if (pattern.len > SEUIL_PATTERN_MAX)
        return seuil_error_set(err, SEUIL_ERR_INVALID,
                               "the regular expression is longer than %d bytes", SEUIL_PATTERN_MAX);
    if (seuil_str_starts(body, SEUIL_STR("(?i)"))) {
        ignore_case = true;
        body.ptr += 4;
        body.len -= 4;
    }
    regex->pattern = pattern;
    regex->ignore_case = ignore_case;
    rc = seuil_regex_literals(arena, body, ignore_case, &regex->literals, &regex->literal_count);
    if (rc == SEUIL_ERR_NOMEM)
        return nomem(err);
    if (rc)
        return seuil_error_set(err, SEUIL_ERR_INVALID,
                               "the regular expression has a verb, \"(*...\": leave it out");
    rc = compile(arena, body, ignore_case, &regex->code, err);
    if (rc)
        return rc;
    *ret_regex = regex;
    return 0;
}

void *seuil_models_regex_new(const struct seuil_models *models)
{
    struct context *context = seuil_heap_zalloc(1, sizeof(*context));
    pcre2_general_context *general = pcre2_general_context_create(heap_alloc, heap_free, NULL);

    (void)models;
    if (context && general) {
        context->data = pcre2_match_data_create(SEUIL_REGEX_CAPTURES_MAX + 1, general);
        context->match = pcre2_match_context_create(general);
    }
    pcre2_general_context_free(general);
    if (!context || !context->data || !context->match) {
        seuil_models_regex_free(context);
        return NULL;
    }
    pcre2_set_match_limit(context->match, SEUIL_REGEX_STEPS_MAX);
    pcre2_set_depth_limit(context->match, SEUIL_REGEX_DEPTH_MAX);
    pcre2_set_heap_limit(context->match, SEUIL_REGEX_HEAP_KIB);
    return context;
}

void seuil_models_regex_free(void *ptr)
{
    struct context *context = ptr;

    if (!context)
        return;
    pcre2_match_data_free(context->data);
    pcre2_match_context_free(context->match);
    seuil_heap_free(context);
}

void seuil_regex_limit(void *ptr, uint32_t steps)
{
    pcre2_set_match_limit(((struct context *)ptr)->match, steps);
}

int seuil_regex_match(void *ptr, const struct seuil_regex *regex, struct seuil_str subject)
{
    struct context *context = ptr;
    int rc;

    if (!context)
        return SEUIL_ERR_INVALID;
    rc = pcre2_match(regex->code, (PCRE2_SPTR)(subject.len ? subject.ptr : ""), subject.len, 0, 0,
                     context->data, context->match);
    if (rc == PCRE2_ERROR_NOMATCH)
        return 0;
    return rc >= 0 ? 1 : SEUIL_ERR_LIMIT;
}

int seuil_regex_capture(void *ptr, const struct seuil_regex *regex, struct seuil_str subject,
                        unsigned group, struct seuil_str *ret_text)
{
    struct context *context = ptr;
    int rc = seuil_regex_match(ptr, regex, subject);
    const PCRE2_SIZE *ends;

    if (rc != 1)
        return rc;
    ends = pcre2_get_ovector_pointer(context->data);
    *ret_text = (struct seuil_str){"", 0};
    if (group <= SEUIL_REGEX_CAPTURES_MAX && group <= seuil_regex_groups(regex) &&
        ends[2 * group] != PCRE2_UNSET && ends[2 * group] < ends[2 * group + 1])
        *ret_text = (struct seuil_str){subject.ptr + ends[2 * group],
                                       (uint32_t)(ends[2 * group + 1] - ends[2 * group])};
    return 1;
}

unsigned seuil_regex_groups(const struct seuil_regex *regex)
{
    uint32_t count = 0;

    pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &count);
    return count;
}
