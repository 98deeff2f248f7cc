#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "log.h"

#define NOW INT64_C(1772438400123) /* 2026-03-02T08:00:00.123Z */

static char line[512];

static const char *format(bool json, bool color, const char *instance, const char *text,
                          const struct seuil_log_field *fields, int count)
{
    int len = seuil_log_format(line, sizeof(line) - 1, json, color, NOW, SEUIL_LOG_WARNING,
                               instance, text, fields, count);

    cr_assert(len >= 0 && len < (int)sizeof(line));
    line[len] = '\0';
    return line;
}

Test(log, logfmt_quotes_what_needs_it)
{
    struct seuil_log_field fields[] = {{"shard", "7"}, {"topic", "a b"}, {"empty", ""}};

    cr_expect_str_eq(format(false, false, "", "done", fields, 3),
                     "ts=2026-03-02T08:00:00.123Z level=warning msg=done shard=7 topic=\"a b\" "
                     "empty=\"\"");
    cr_expect_str_eq(format(false, false, "host-1", "say \"x=y\"\\\n", NULL, 0),
                     "ts=2026-03-02T08:00:00.123Z level=warning msg=\"say \\\"x=y\\\"\\\\\\n\" "
                     "instance=host-1");
}

Test(log, json_is_one_object)
{
    struct seuil_log_field field = {"shard", "7"};

    cr_expect_str_eq(format(true, true, "h", "a \"b\"", &field, 1),
                     "{\"ts\":\"2026-03-02T08:00:00.123Z\",\"level\":\"warning\",\"msg\":\"a "
                     "\\\"b\\\"\",\"shard\":\"7\",\"instance\":\"h\"}");
}

Test(log, only_the_level_is_coloured_and_no_value_can_colour)
{
    cr_expect_str_eq(format(false, true, "", "x\033[31m", NULL, 0),
                     "ts=2026-03-02T08:00:00.123Z \033[33mlevel=warning\033[0m "
                     "msg=\"x\\u001b[31m\"");
}

Test(log, a_long_line_is_cut_and_says_so)
{
    char text[2000];

    for (size_t i = 0; i + 1 < sizeof(text); i += 2)
        memcpy(text + i, "é", 2); /* two bytes: a cut must not part them */
    text[sizeof(text) - 2] = '\0';
    for (int json = 0; json < 2; json++) {
        const char *end = json ? "é…\"}" : "é…";

        format(json, false, "", text, NULL, 0);
        cr_expect_leq(strlen(line), sizeof(line) - 1);
        cr_expect_str_eq(line + strlen(line) - strlen(end), end);
    }
}
