/* Mistakes of files, as compilers show them. */

#include <stdio.h>
#include <string.h>

#include "ctl_print.h"

#define LINE_MAX_BYTES 256

/* The line that an error is about, cut to what is shown; false when it cannot be read. */
static bool find_source(const struct seuil_error *err, char line[LINE_MAX_BYTES])
{
    FILE *file = err->line ? fopen(err->file, "re") : NULL;
    bool found = false;
    int number = 1;

    while (file && !found && fgets(line, LINE_MAX_BYTES, file)) {
        size_t len = strlen(line);

        found = number == err->line;
        if (len && line[len - 1] == '\n')
            number++;
        else if (found && len + 1 == LINE_MAX_BYTES)
            while (len > 0 && (line[--len] & 0xc0) == 0x80) /* not within a character */
                continue;
        line[found && strcspn(line, "\r\n") < len ? strcspn(line, "\r\n") : len] = '\0';
    }
    if (file)
        fclose(file);
    return found;
}

/* With a mark under the column, as compilers show it. */
static void add_source(struct seuil_buf *out, const struct seuil_error *err)
{
    char line[LINE_MAX_BYTES];
    int column = 1;

    if (!find_source(err, line))
        return;
    seuil_buf_printf(out, "    %s\n    ", line);
    /* Columns count characters; a mark beyond a cut line stands at its end. */
    for (const char *p = line; *p && column < err->column; p++)
        if ((*p & 0xc0) != 0x80) {
            seuil_buf_add_byte(out, *p == '\t' ? '\t' : ' ');
            column++;
        }
    seuil_buf_add_text(out, "^\n");
}

void seuil_print_errs(const struct seuil_errs *errs, const char *path, struct seuil_buf *out)
{
    char text[sizeof(errs->list[0].file) + sizeof(errs->list[0].text) + 32];

    for (uint32_t i = 0; i < errs->count; i++) {
        seuil_buf_printf(out, "%s\n", seuil_error_format(&errs->list[i], text, sizeof(text)));
        add_source(out, &errs->list[i]);
    }
    if (errs->total > errs->count)
        seuil_buf_printf(out, "%s: and %u more mistakes\n", path, errs->total - errs->count);
    seuil_buf_printf(out, "%s: refused, %u mistake%s\n", path, errs->total,
                     errs->total == 1 ? "" : "s");
}

void seuil_print_errs_json(const struct seuil_errs *errs, struct seuil_buf *out)
{
    char line[LINE_MAX_BYTES];

    seuil_buf_printf(out, ",\"mistakes\":%u,\"errors\":[", errs->total);
    for (uint32_t i = 0; i < errs->count; i++) {
        const struct seuil_error *err = &errs->list[i];

        seuil_buf_add_text(out, i ? ",{\"file\":" : "{\"file\":");
        seuil_json_add_string(out, seuil_str_from(err->file));
        seuil_buf_printf(out, ",\"line\":%d,\"column\":%d,\"text\":", err->line, err->column);
        seuil_json_add_string(out, seuil_str_from(err->text));
        if (find_source(err, line)) {
            seuil_buf_add_text(out, ",\"source\":");
            seuil_json_add_string(out, seuil_str_from(line));
        }
        seuil_buf_add_byte(out, '}');
    }
    seuil_buf_add_byte(out, ']');
}
