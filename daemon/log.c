#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "codec/encode.h"

#define FIELDS_MAX 16

/* Written once before other threads start, read by all. */
static struct {
    bool json, color;
    enum seuil_log_level level;
    char instance[64];
} look = {.level = SEUIL_LOG_INFO};

static const char *const level_names[] = {"debug", "info", "warning", "error"};
static const char *const level_colors[] = {"\033[2m", "\033[32m", "\033[33m", "\033[31m"};

/* A line being built: what does not fit is cut, and said to be. */
struct line {
    char *out;
    int len, cap;
    bool cut;
};

static void add_bytes(struct line *line, const char *bytes, int len)
{
    if (line->cut || line->len + len > line->cap) {
        line->cut = true;
        return;
    }
    memcpy(line->out + line->len, bytes, (size_t)len);
    line->len += len;
}

static void add(struct line *line, const char *text)
{
    add_bytes(line, text, (int)strlen(text));
}

/* Inside double quotes, for both formats. Control characters never reach a terminal. */
static void add_escaped(struct line *line, const char *text)
{
    char escape[8];

    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;

        if (c == '"' || c == '\\') {
            add_bytes(line, (char[]){'\\', (char)c}, 2);
        } else if (c == '\n') {
            add(line, "\\n");
        } else if (c < 0x20 || c == 0x7f) {
            snprintf(escape, sizeof(escape), "\\u%04x", c);
            add(line, escape);
        } else {
            add_bytes(line, p, 1);
        }
    }
}

static bool is_bare(const char *text)
{
    if (!*text)
        return false;
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == '"' || *p == '=' || *p == '\\' || *p == 0x7f)
            return false;
    return true;
}

static void add_pair(struct line *line, bool json, const char *name, const char *value)
{
    if (json) {
        add(line, line->len > 1 ? ",\"" : "\"");
        add(line, name);
        add(line, "\":\"");
        add_escaped(line, value);
        add(line, "\"");
        return;
    }
    if (line->len)
        add(line, " ");
    add(line, name);
    add(line, "=");
    if (is_bare(value)) {
        add_escaped(line, value); /* nothing in it to escape: byte by byte, up to a cut */
        return;
    }
    add(line, "\"");
    add_escaped(line, value);
    add(line, "\"");
}

/* What a cut line ends with; room for it is kept. JSON stays JSON: its string is closed. */
static const char *cut_mark(bool json)
{
    return json ? "…\"}" : "…";
}

/* @len without a last character of several bytes that is not there as a whole. */
static int whole(const char *out, int len)
{
    int start = len, wanted;

    while (start > 0 && (out[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0 || (out[start - 1] & 0xc0) != 0xc0)
        return len;
    wanted = (out[start - 1] & 0xe0) == 0xc0 ? 2 : (out[start - 1] & 0xf0) == 0xe0 ? 3 : 4;
    return len - start + 1 < wanted ? start - 1 : len;
}

int seuil_log_format(char *out, int cap, bool json, bool color, int64_t now_ms,
                     enum seuil_log_level level, const char *instance, const char *text,
                     const struct seuil_log_field *fields, int count)
{
    struct line line = {.out = out, .cap = cap - 8};
    char now[40];

    seuil_time_format(now_ms, now);
    if (json)
        add(&line, "{");
    add_pair(&line, json, "ts", now);
    if (color && !json) {
        add(&line, " ");
        add(&line, level_colors[level]);
        add(&line, "level=");
        add(&line, level_names[level]);
        add(&line, "\033[0m");
    } else {
        add_pair(&line, json, "level", level_names[level]);
    }
    add_pair(&line, json, "msg", text);
    for (int i = 0; i < count; i++)
        add_pair(&line, json, fields[i].name, fields[i].value);
    if (instance[0])
        add_pair(&line, json, "instance", instance);
    if (line.cut) {
        line.len = whole(out, line.len);
        line.cut = false;
        line.cap = cap;
        add(&line, cut_mark(json));
    } else if (json) {
        add(&line, "}");
    }
    return line.len;
}

void seuil_log_init(bool json, enum seuil_log_level level, const char *instance)
{
    const char *no_color = getenv("NO_COLOR");

    look.json = json;
    look.level = level;
    look.color = isatty(STDERR_FILENO) && !(no_color && no_color[0]);
    snprintf(look.instance, sizeof(look.instance), "%s", instance);
}

bool seuil_log_enabled(enum seuil_log_level level)
{
    return level >= look.level;
}

/* One write for the whole line, so that lines of threads do not mix. A log that cannot be written
 * stops nothing. */
static void emit(enum seuil_log_level level, const char *text, const struct seuil_log_field *fields,
                 int count)
{
    char line[SEUIL_LOG_LINE_MAX];
    struct timespec now;
    int len;

    if (!seuil_log_enabled(level))
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    len = seuil_log_format(line, sizeof(line) - 1, look.json, look.color,
                           (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, level, look.instance,
                           text, fields, count);
    line[len++] = '\n';
    if (write(STDERR_FILENO, line, (size_t)len) < 0)
        return;
}

void seuil_log(enum seuil_log_level level, const char *text, ...)
{
    struct seuil_log_field fields[FIELDS_MAX];
    const char *name;
    va_list args;
    int count = 0;

    va_start(args, text);
    while (count < FIELDS_MAX && (name = va_arg(args, const char *)) != NULL) {
        fields[count].name = name;
        fields[count].value = va_arg(args, const char *);
        if (fields[count].value)
            count++;
    }
    va_end(args);
    emit(level, text, fields, count);
}

void seuil_logf(enum seuil_log_level level, const char *format, ...)
{
    char text[SEUIL_LOG_LINE_MAX];
    va_list args;

    if (!seuil_log_enabled(level))
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    emit(level, text, NULL, 0);
}

void seuil_log_shard(enum seuil_log_level level, uint32_t shard, const char *text)
{
    char number[16];

    snprintf(number, sizeof(number), "%u", shard);
    emit(level, text, &(struct seuil_log_field){"shard", number}, 1);
}

void seuil_log_error(const struct seuil_error *err, const char *doing)
{
    char text[sizeof(err->file) + sizeof(err->text) + 32];

    seuil_error_format(err, text, sizeof(text));
    emit(SEUIL_LOG_ERROR, text, &(struct seuil_log_field){"while", doing}, doing && doing[0]);
}

void seuil_log_errs(const struct seuil_errs *errs)
{
    for (uint32_t i = 0; i < errs->count; i++)
        seuil_log_error(&errs->list[i], NULL);
    if (errs->total > errs->count)
        seuil_logf(SEUIL_LOG_ERROR, "and %u more mistakes", errs->total - errs->count);
}
