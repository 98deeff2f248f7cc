/* What maps have to tell: fields that stopped coming, reasons for leaving records out. */

#include "report_maps.h"

#include <inttypes.h>

#include "base/buf.h"
#include "log.h"

void seuil_report_fields(const struct seuil_opened *opened)
{
    for (uint32_t i = 0; i < opened->settings->input_count; i++) {
        const char *input = opened->settings->inputs[i].name;
        struct seuil_map_watch watch;
        int news;

        while (opened->maps[i] && (news = seuil_map_alarm(opened->maps[i], &watch)) != 0)
            if (news > 0)
                seuil_logf(SEUIL_LOG_WARNING,
                           "input %s: field %s was in %" PRIu64
                           " events and is in none of the last "
                           "%" PRIu64 ": has the source renamed it? (%s:%d; several names are "
                           "written as a list)",
                           input, watch.field, watch.present, watch.silent, watch.file, watch.line);
            else
                seuil_logf(SEUIL_LOG_INFO, "input %s: field %s comes again (%s:%d)", input,
                           watch.field, watch.file, watch.line);
    }
}

void seuil_report_maps(const struct seuil_opened *opened)
{
    for (uint32_t i = 0; i < opened->settings->input_count; i++) {
        struct seuil_buf text = {0};
        const char *reason;
        uint64_t count;

        for (uint32_t n = 0;
             opened->maps[i] && seuil_map_dropped_for(opened->maps[i], n, &reason, &count); n++)
            if (count)
                seuil_buf_printf(&text, " %s=%" PRIu64, reason, count);
        if (text.len && !text.failed)
            seuil_logf(SEUIL_LOG_INFO, "maps: input %s left out:%.*s",
                       opened->settings->inputs[i].name, (int)text.len, (const char *)text.ptr);
        seuil_buf_done(&text);
    }
}
