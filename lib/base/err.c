#include "base/err.h"

#include <stdio.h>
#include <string.h>

const char *seuil_err_text(int code)
{
    switch (code) {
    case 0:
        return "no error";
#define X(name, number, text)                                                                      \
    case SEUIL_ERR_##name:                                                                         \
        return text;
        SEUIL_ERRORS(X)
#undef X
    default:
        return "unknown error";
    }
}

static void fill(struct seuil_error *err, int code, const char *file, int line, int column,
                 const char *format, va_list args)
{
    memset(err, 0, sizeof(*err));
    err->code = code;
    err->line = line;
    err->column = column;
    if (file)
        snprintf(err->file, sizeof(err->file), "%s", file);
    vsnprintf(err->text, sizeof(err->text), format, args);
}

int seuil_error_set(struct seuil_error *err, int code, const char *format, ...)
{
    va_list args;

    if (!err)
        return code;
    va_start(args, format);
    fill(err, code, NULL, 0, 0, format, args);
    va_end(args);
    return code;
}

int seuil_error_at(struct seuil_error *err, int code, const char *file, int line, int column,
                   const char *format, ...)
{
    va_list args;

    if (!err)
        return code;
    va_start(args, format);
    fill(err, code, file, line, column, format, args);
    va_end(args);
    return code;
}

void seuil_error_wrap(struct seuil_error *err, const char *format, ...)
{
    char text[sizeof(err->text)];
    va_list args;
    size_t n, rest;

    if (!err)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    n = strlen(text);
    if (n + 2 < sizeof(text)) {
        memcpy(text + n, ": ", 3);
        n += 2;
    }
    /* What does not fit is cut at the end: the context in front says where to look. */
    rest = strlen(err->text);
    if (rest > sizeof(text) - 1 - n)
        rest = sizeof(text) - 1 - n;
    memcpy(text + n, err->text, rest);
    text[n + rest] = '\0';
    memcpy(err->text, text, n + rest + 1);
}

const char *seuil_error_format(const struct seuil_error *err, char *out, unsigned long cap)
{
    if (err->file[0] && err->line)
        snprintf(out, cap, "%s:%d:%d: %s", err->file, err->line, err->column, err->text);
    else if (err->file[0])
        snprintf(out, cap, "%s: %s", err->file, err->text);
    else
        snprintf(out, cap, "%s", err->text);
    return out;
}
