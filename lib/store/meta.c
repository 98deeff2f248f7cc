#include "store/meta.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- numbers --------------------------------------------------------------------------------- */

bool seuil_meta_u64_parse(struct seuil_str text, uint64_t *ret_value)
{
    uint64_t value = 0;

    if (text.len == 0 || text.len > 20 || (text.len > 1 && text.ptr[0] == '0'))
        return false;
    for (uint32_t i = 0; i < text.len; i++) {
        uint8_t digit = (uint8_t)(text.ptr[i] - '0');

        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *ret_value = value;
    return true;
}

bool seuil_meta_i64_parse(struct seuil_str text, int64_t *ret_value)
{
    bool minus = text.len > 0 && text.ptr[0] == '-';
    struct seuil_str digits = {text.ptr + minus, text.len - minus};
    uint64_t value, max = (uint64_t)INT64_MAX + minus;

    if (!seuil_meta_u64_parse(digits, &value) || value > max || (minus && value == 0))
        return false;
    *ret_value = minus ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex64_parse(struct seuil_str text, uint64_t *ret_value)
{
    uint64_t value = 0;

    if (text.len != 16)
        return false;
    for (uint32_t i = 0; i < 16; i++) {
        int digit = hex_digit(text.ptr[i]);

        if (digit < 0)
            return false;
        value = value << 4 | (uint64_t)digit;
    }
    *ret_value = value;
    return true;
}

static bool time_parse(struct seuil_str text, seuil_time_ms *ret_time)
{
    if (seuil_str_eq(text, SEUIL_STR("none"))) {
        *ret_time = SEUIL_TIME_NONE;
        return true;
    }
    return seuil_meta_i64_parse(text, ret_time) && *ret_time != SEUIL_TIME_NONE;
}

void seuil_token_format(const struct seuil_token *token, char out[SEUIL_TOKEN_HEX])
{
    static const char digits[16] = "0123456789abcdef";

    for (uint32_t i = 0; i < SEUIL_TOKEN_BYTES; i++) {
        out[2 * i] = digits[token->bytes[i] >> 4];
        out[2 * i + 1] = digits[token->bytes[i] & 15];
    }
}

int seuil_token_parse(struct seuil_str text, struct seuil_token *ret_token)
{
    struct seuil_token token;

    if (text.len != SEUIL_TOKEN_HEX)
        return SEUIL_ERR_CORRUPT;
    for (uint32_t i = 0; i < SEUIL_TOKEN_BYTES; i++) {
        int high = hex_digit(text.ptr[2 * i]), low = hex_digit(text.ptr[2 * i + 1]);

        if (high < 0 || low < 0)
            return SEUIL_ERR_CORRUPT;
        token.bytes[i] = (uint8_t)(high << 4 | low);
    }
    *ret_token = token;
    return 0;
}

/* ---- out ------------------------------------------------------------------------------------- */

static const struct seuil_str topic_names[SEUIL_TOPICS_MAX] = {
    {"t0", 2}, {"t1", 2}, {"t2", 2},  {"t3", 2},  {"t4", 2},  {"t5", 2},  {"t6", 2},  {"t7", 2},
    {"t8", 2}, {"t9", 2}, {"t10", 3}, {"t11", 3}, {"t12", 3}, {"t13", 3}, {"t14", 3}, {"t15", 3},
};

struct seuil_str seuil_meta_topic_name(uint32_t topic)
{
    assert(topic < SEUIL_TOPICS_MAX);
    return topic_names[topic];
}

static void add(struct seuil_meta_text *text, struct seuil_str name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add(struct seuil_meta_text *text, struct seuil_str name, const char *format, ...)
{
    uint32_t left = (uint32_t)sizeof(text->bytes) - text->len;
    struct seuil_meta_field *field = &text->fields[text->count++];
    va_list args;
    int len;

    assert(text->count <= SEUIL_META_FIELDS_MAX);
    va_start(args, format);
    len = vsnprintf(text->bytes + text->len, left, format, args);
    va_end(args);
    assert(len >= 0 && (uint32_t)len < left);
    field->name = name;
    field->value = (struct seuil_str){text->bytes + text->len, (uint32_t)len};
    text->len += (uint32_t)len;
}

static void add_text(struct seuil_meta_text *text, struct seuil_str name, const char *value,
                     size_t cap)
{
    size_t len = strnlen(value, cap);

    assert(len < cap);
    add(text, name, "%.*s", (int)len, value);
}

static const char *time_format(seuil_time_ms time, char out[24])
{
    if (time == SEUIL_TIME_NONE)
        return "none";
    snprintf(out, 24, "%" PRId64, time);
    return out;
}

static void add_topic(struct seuil_meta_text *text, uint32_t number,
                      const struct seuil_meta_topic *topic)
{
    char time[24], reach_time[24], base_time[24];

    add(text, topic_names[number],
        "generation=%" PRIu32 " base=%" PRId64 " reach=%" PRId64 " time=%s reach_record=%" PRId64
        "/%s/%016" PRIx64 " base_record=%" PRId64 "/%s/%016" PRIx64,
        topic->generation, topic->base, topic->reach, time_format(topic->base_time, time),
        topic->finger_offset, time_format(topic->finger_time, reach_time), topic->finger_hash,
        topic->base_finger_offset, time_format(topic->base_finger_time, base_time),
        topic->base_finger_hash);
}

static void add_counts(struct seuil_meta_text *text, const struct seuil_meta_counts *counts)
{
    char since[24], as_of[24];

    add(text, SEUIL_STR("counts"),
#define X(name) #name "=%" PRIu64 " "
        SEUIL_META_COUNTS(X)
#undef X
            "seq=%" PRIu64 " since=%s as_of=%s",
#define X(name) counts->name,
        SEUIL_META_COUNTS(X)
#undef X
            counts->seq,
        time_format(counts->since, since), time_format(counts->as_of, as_of));
}

static void add_sources(struct seuil_meta_text *text, const struct seuil_meta_sources *sources)
{
    char words[SEUIL_META_SOURCES_MAX * 118] = "";
    int len = 0;

    for (uint32_t i = 0; i < sources->count; i++) {
        const struct seuil_meta_source *source = &sources->list[i];

        len += snprintf(words + len, sizeof(words) - (size_t)len, "%s%" PRIu32 "/%" PRIu64 "/",
                        i ? " " : "", source->shard, source->tenure);
        if (source->low.last)
            len += snprintf(words + len, sizeof(words) - (size_t)len, "%" PRIu64 "-%" PRIu64 ",",
                            source->low.first, source->low.last);
        len += snprintf(words + len, sizeof(words) - (size_t)len, "%" PRIu64 "-%" PRIu64,
                        source->high.first, source->high.last);
    }
    add(text, SEUIL_STR("sources"), "%s", words);
}

void seuil_meta_format(const struct seuil_meta *meta, struct seuil_meta_text *text)
{
    char token[SEUIL_TOKEN_HEX], time[24];

    text->count = 0;
    text->len = 0;
    seuil_token_format(&meta->token, token);
    add(text, SEUIL_STR("format"), "%" PRIu32, meta->format);
    add(text, SEUIL_STR("token"), "%.*s", SEUIL_TOKEN_HEX, token);
    add(text, SEUIL_STR("seq"), "%" PRIu64, meta->seq);
    add(text, SEUIL_STR("head"), "%" PRIu64, meta->outbox_head);
    add(text, SEUIL_STR("tail"), "%" PRIu64, meta->outbox_tail);
    add(text, SEUIL_STR("time"), "%s", time_format(meta->stream_time, time));
    add(text, SEUIL_STR("muted"), "%s", time_format(meta->muted_until, time));
    add(text, SEUIL_STR("model"), "%016" PRIx64, meta->model_hash);
    add(text, SEUIL_STR("walk"), "%016" PRIx64, meta->walk_model_hash);
    add(text, SEUIL_STR("cursor"), "%" PRIu64, meta->walk_cursor);
    add_text(text, SEUIL_STR("cluster"), meta->cluster_id, sizeof(meta->cluster_id));
    add_text(text, SEUIL_STR("owner"), meta->owner, sizeof(meta->owner));
    add_text(text, SEUIL_STR("halt"), meta->halt, sizeof(meta->halt));
    add_counts(text, &meta->counts);
    add_text(text, SEUIL_STR("versions"), meta->versions, sizeof(meta->versions));
    add_sources(text, &meta->sources);
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++)
        if (meta->topics[i].present)
            add_topic(text, i, &meta->topics[i]);
}

/* ---- in -------------------------------------------------------------------------------------- */

/* Take "name=" and the text up to @end (a blank, a slash; 0: the rest) from the front of @rest. */
static bool take(struct seuil_str *rest, struct seuil_str name, char end, struct seuil_str *ret)
{
    const char *stop;

    if (!seuil_str_starts(*rest, name))
        return false;
    rest->ptr += name.len;
    rest->len -= name.len;
    stop = !end ? rest->ptr + rest->len : rest->len ? memchr(rest->ptr, end, rest->len) : NULL;
    if (!stop)
        return false;
    *ret = (struct seuil_str){rest->ptr, (uint32_t)(stop - rest->ptr)};
    rest->len -= ret->len + (end != 0);
    rest->ptr += ret->len + (end != 0);
    return true;
}

static bool take_i64(struct seuil_str *rest, struct seuil_str name, char end, int64_t *ret)
{
    struct seuil_str text;

    return take(rest, name, end, &text) && seuil_meta_i64_parse(text, ret);
}

static bool take_record(struct seuil_str *rest, struct seuil_str name, char end,
                        int64_t *ret_offset, seuil_time_ms *ret_time, uint64_t *ret_hash)
{
    struct seuil_str time, hash;

    return take_i64(rest, name, '/', ret_offset) && *ret_offset >= -1 &&
           take(rest, SEUIL_STR(""), '/', &time) && time_parse(time, ret_time) &&
           take(rest, SEUIL_STR(""), end, &hash) && hex64_parse(hash, ret_hash);
}

static bool topic_parse(struct seuil_str rest, struct seuil_meta_topic *topic)
{
    struct seuil_str time;
    int64_t generation;

    if (!take_i64(&rest, SEUIL_STR("generation="), ' ', &generation) || generation < 0 ||
        generation > UINT32_MAX || !take_i64(&rest, SEUIL_STR("base="), ' ', &topic->base) ||
        topic->base < 0 || !take_i64(&rest, SEUIL_STR("reach="), ' ', &topic->reach) ||
        topic->reach < topic->base || !take(&rest, SEUIL_STR("time="), ' ', &time) ||
        !time_parse(time, &topic->base_time))
        return false;
    if (!take_record(&rest, SEUIL_STR("reach_record="), ' ', &topic->finger_offset,
                     &topic->finger_time, &topic->finger_hash) ||
        !take_record(&rest, SEUIL_STR("base_record="), '\0', &topic->base_finger_offset,
                     &topic->base_finger_time, &topic->base_finger_hash))
        return false;
    topic->generation = (uint32_t)generation;
    topic->present = true;
    return true;
}

static bool take_u64(struct seuil_str *rest, struct seuil_str name, uint64_t *ret)
{
    struct seuil_str text;

    return take(rest, name, ' ', &text) && seuil_meta_u64_parse(text, ret);
}

static bool counts_parse(struct seuil_str rest, struct seuil_meta_counts *counts)
{
    struct seuil_str since, as_of;

#define X(name)                                                                                    \
    if (!take_u64(&rest, SEUIL_STR(#name "="), &counts->name))                                     \
        return false;
    SEUIL_META_COUNTS(X)
#undef X
    return take_u64(&rest, SEUIL_STR("seq="), &counts->seq) &&
           take(&rest, SEUIL_STR("since="), ' ', &since) && time_parse(since, &counts->since) &&
           take(&rest, SEUIL_STR("as_of="), '\0', &as_of) && time_parse(as_of, &counts->as_of);
}

static bool text_parse(struct seuil_str value, char *out, size_t cap)
{
    if (value.len >= cap || (value.len && memchr(value.ptr, '\0', value.len)))
        return false;
    if (value.len)
        memcpy(out, value.ptr, value.len);
    out[value.len] = '\0';
    return true;
}

/* The text before @end, or all of it, from the front of @rest; @end goes, too. */
static struct seuil_str word(struct seuil_str *rest, char end)
{
    struct seuil_str text = {rest->ptr, 0};

    while (text.len < rest->len && rest->ptr[text.len] != end)
        text.len++;
    rest->ptr += text.len + (text.len < rest->len);
    rest->len -= text.len + (text.len < rest->len);
    return text;
}

static bool run_parse(struct seuil_str text, struct seuil_meta_run *run)
{
    struct seuil_str first;

    return take(&text, SEUIL_STR(""), '-', &first) && seuil_meta_u64_parse(first, &run->first) &&
           seuil_meta_u64_parse(text, &run->last) && run->first > 0 && run->first <= run->last;
}

static bool runs_parse(struct seuil_str text, struct seuil_meta_source *source)
{
    struct seuil_str low;

    source->low = (struct seuil_meta_run){0};
    if (!take(&text, SEUIL_STR(""), ',', &low))
        return run_parse(text, &source->high);
    return run_parse(low, &source->low) && run_parse(text, &source->high) &&
           source->low.last < source->high.first - 1;
}

static bool sources_parse(struct seuil_str rest, struct seuil_meta_sources *sources)
{
    if (rest.len && rest.ptr[rest.len - 1] == ' ')
        return false;
    for (sources->count = 0; rest.len > 0; sources->count++) {
        struct seuil_meta_source *source = &sources->list[sources->count];
        struct seuil_str entry;
        uint64_t shard;

        if (sources->count == SEUIL_META_SOURCES_MAX)
            return false;
        entry = word(&rest, ' ');
        if (!seuil_meta_u64_parse(word(&entry, '/'), &shard) || shard > UINT32_MAX ||
            !seuil_meta_u64_parse(word(&entry, '/'), &source->tenure) || !runs_parse(entry, source))
            return false;
        source->shard = (uint32_t)shard;
    }
    return true;
}

enum field {
    FORMAT,
    TOKEN,
    SEQ,
    HEAD,
    TAIL,
    TIME,
    MUTED,
    MODEL,
    WALK,
    CURSOR,
    CLUSTER,
    OWNER,
    HALT,
    COUNTS,
    VERSIONS, /* this and what follows may be missing */
    SOURCES,
    FIXED,
};

static const struct seuil_str field_names[FIXED] = {
    [FORMAT] = {"format", 6},   [TOKEN] = {"token", 5},     [SEQ] = {"seq", 3},
    [HEAD] = {"head", 4},       [TAIL] = {"tail", 4},       [TIME] = {"time", 4},
    [MUTED] = {"muted", 5},     [MODEL] = {"model", 5},     [WALK] = {"walk", 4},
    [CURSOR] = {"cursor", 6},   [CLUSTER] = {"cluster", 7}, [OWNER] = {"owner", 5},
    [HALT] = {"halt", 4},       [COUNTS] = {"counts", 6},   [VERSIONS] = {"versions", 8},
    [SOURCES] = {"sources", 7},
};

static bool fixed_parse(uint32_t which, struct seuil_str value, struct seuil_meta *meta)
{
    uint64_t format;

    switch (which) {
    case FORMAT:
        if (!seuil_meta_u64_parse(value, &format) || format > UINT32_MAX)
            return false;
        meta->format = (uint32_t)format;
        return true;
    case TOKEN:
        return seuil_token_parse(value, &meta->token) == 0;
    case SEQ:
        return seuil_meta_u64_parse(value, &meta->seq);
    case HEAD:
        return seuil_meta_u64_parse(value, &meta->outbox_head);
    case TAIL:
        return seuil_meta_u64_parse(value, &meta->outbox_tail);
    case TIME:
        return time_parse(value, &meta->stream_time);
    case MUTED:
        return time_parse(value, &meta->muted_until);
    case MODEL:
        return hex64_parse(value, &meta->model_hash);
    case WALK:
        return hex64_parse(value, &meta->walk_model_hash);
    case CURSOR:
        return seuil_meta_u64_parse(value, &meta->walk_cursor);
    case CLUSTER:
        return text_parse(value, meta->cluster_id, sizeof(meta->cluster_id));
    case OWNER:
        return text_parse(value, meta->owner, sizeof(meta->owner));
    case COUNTS:
        return counts_parse(value, &meta->counts);
    case VERSIONS:
        return text_parse(value, meta->versions, sizeof(meta->versions));
    case SOURCES:
        return sources_parse(value, &meta->sources);
    default:
        return text_parse(value, meta->halt, sizeof(meta->halt));
    }
}

static uint32_t which_field(struct seuil_str name)
{
    uint32_t i;

    for (i = 0; i < FIXED; i++)
        if (seuil_str_eq(name, field_names[i]))
            return i;
    for (uint32_t topic = 0; topic < SEUIL_TOPICS_MAX; topic++, i++)
        if (seuil_str_eq(name, topic_names[topic]))
            return i;
    return i;
}

#define WHAT_TO_DO "restore the shard's keys from a backup, or have it rebuilt from the log"

/* The format decides how the rest is read, so it is looked at first. */
static int check_format(const struct seuil_meta_field *fields, uint32_t count,
                        struct seuil_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!seuil_str_eq(fields[i].name, field_names[FORMAT]))
            continue;
        if (seuil_str_eq(fields[i].value, SEUIL_STR("1")) ||
            seuil_str_eq(fields[i].value, SEUIL_STR("2")))
            return 0;
        return seuil_error_set(
            err, SEUIL_ERR_UNSUPPORTED,
            "meta has format '%.*s', this program knows formats up to %d: run the "
            "version that wrote it",
            (int)(fields[i].value.len < 32 ? fields[i].value.len : 32), fields[i].value.ptr,
            SEUIL_META_FORMAT);
    }
    return seuil_error_set(err, SEUIL_ERR_CORRUPT, "meta has no field 'format': " WHAT_TO_DO);
}

int seuil_meta_parse(const struct seuil_meta_field *fields, uint32_t count,
                     struct seuil_meta *ret_meta, struct seuil_error *err)
{
    struct seuil_meta meta = {0};
    uint32_t seen = 0;
    int code = check_format(fields, count, err);

    if (code)
        return code;
    for (uint32_t i = 0; i < count; i++) {
        struct seuil_str name = fields[i].name;
        uint32_t which = which_field(name);
        bool known = which < FIXED + SEUIL_TOPICS_MAX, again = known && (seen & 1u << which);

        if (!known || again ||
            !(which < FIXED ? fixed_parse(which, fields[i].value, &meta)
                            : topic_parse(fields[i].value, &meta.topics[which - FIXED])))
            return seuil_error_set(err, SEUIL_ERR_CORRUPT, "meta's field '%.*s' %s: " WHAT_TO_DO,
                                   (int)(name.len < 32 ? name.len : 32), name.ptr,
                                   !known  ? "is unknown"
                                   : again ? "comes twice"
                                           : "is damaged");
        seen |= 1u << which;
    }
    for (uint32_t i = 0; i < FIXED; i++)
        if (!(seen & 1u << i) && i < VERSIONS)
            return seuil_error_set(err, SEUIL_ERR_CORRUPT, "meta has no field '%s': " WHAT_TO_DO,
                                   field_names[i].ptr);
    if (meta.outbox_head > meta.outbox_tail)
        return seuil_error_set(err, SEUIL_ERR_CORRUPT,
                               "meta's outbox ends before it begins: " WHAT_TO_DO);
    if (meta.format < SEUIL_META_FORMAT && meta.outbox_head != meta.outbox_tail)
        return seuil_error_set(err, SEUIL_ERR_UNSUPPORTED,
                               "meta has format %u, in which %llu crossings wait to be published: "
                               "run the version that wrote it until they are",
                               meta.format,
                               (unsigned long long)(meta.outbox_tail - meta.outbox_head));
    meta.format = SEUIL_META_FORMAT;
    *ret_meta = meta;
    return 0;
}
