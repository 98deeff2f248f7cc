/* Mistakes of files, as compilers show them. */

#include <stdio.h>
#include <string.h>

#include "ctl_print.h"

/* The line that an error is about, with a mark under the column, as compilers show it. */
static void add_source(struct seuil_buf *out, const struct seuil_error *err)
{
    FILE *file = err->line ? fopen(err->file, "re") : NULL;
    char line[256];
    int number = 1, column = 1;

    if (!file)
        return;
    while (fgets(line, sizeof(line), file)) {
        size_t len = strlen(line);

        if (number == err->line) {
            line[strcspn(line, "\r\n")] = '\0';
            seuil_buf_printf(out, "    %s\n    ", line);
            /* Columns count characters; a mark beyond a cut line is left out. */
            for (const char *p = line; *p && column < err->column; p++)
                if ((*p & 0xc0) != 0x80) {
                    seuil_buf_add_byte(out, *p == '\t' ? '\t' : ' ');
                    column++;
                }
            seuil_buf_add_text(out, "^\n");
            break;
        }
        if (len && line[len - 1] == '\n')
            number++;
    }
    fclose(file);
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
    seuil_buf_printf(out, ",\"mistakes\":%u,\"errors\":[", errs->total);
    for (uint32_t i = 0; i < errs->count; i++) {
        const struct seuil_error *err = &errs->list[i];

        seuil_buf_add_text(out, i ? ",{\"file\":" : "{\"file\":");
        seuil_json_add_string(out, seuil_str_from(err->file));
        seuil_buf_printf(out, ",\"line\":%d,\"column\":%d,\"text\":", err->line, err->column);
        seuil_json_add_string(out, seuil_str_from(err->text));
        seuil_buf_add_byte(out, '}');
    }
    seuil_buf_add_byte(out, ']');
}
