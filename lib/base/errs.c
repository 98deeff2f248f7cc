#include "base/errs.h"

#include <stdio.h>
#include <string.h>

int seuil_errs_add(struct seuil_errs *errs, const struct seuil_error *err)
{
    if (errs) {
        errs->total++;
        if (errs->count < SEUIL_ERRS_MAX)
            errs->list[errs->count++] = *err;
    }
    return err->code;
}

int seuil_errs_at(struct seuil_errs *errs, int code, const char *file, int line, int column,
                  const char *format, ...)
{
    struct seuil_error err = {.code = code, .line = line, .column = column};
    va_list args;

    if (!errs)
        return code;
    if (file)
        snprintf(err.file, sizeof(err.file), "%s", file);
    va_start(args, format);
    vsnprintf(err.text, sizeof(err.text), format, args);
    va_end(args);
    return seuil_errs_add(errs, &err);
}

void seuil_errs_clear(struct seuil_errs *errs)
{
    errs->count = 0;
    errs->total = 0;
}

static int compare(const struct seuil_error *a, const struct seuil_error *b)
{
    int by_file = strcmp(a->file, b->file);

    if (by_file)
        return by_file;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return (a->column > b->column) - (a->column < b->column);
}

/* By insertion: stable, and the list is short. */
void seuil_errs_sort(struct seuil_errs *errs)
{
    for (uint32_t i = 1; i < errs->count; i++) {
        struct seuil_error err = errs->list[i];
        uint32_t k = i;

        for (; k > 0 && compare(&errs->list[k - 1], &err) > 0; k--)
            errs->list[k] = errs->list[k - 1];
        errs->list[k] = err;
    }
}
