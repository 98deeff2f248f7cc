/* Any text as a map; what loads is run on records of all shapes. */

#include "fuzz.h"
#include "support/mapping.h"

static const char *const records[] = {
    "{\"a\":1,\"i\":\"x\",\"items\":[{\"i\":\"1\",\"k\":\"a\",\"t\":1.5,\"mail\":\"A@B.fr\"},{"
    "\"k\":\"c\","
    "\"list\":[1,{\"p\":[{\"n\":{\"r\":\"a\"},\"t\":\"z\"}]}]}],\"text\":\"{\\\"list\\\":[1]}\"}",
    "[{\"type\":\"page\",\"messageId\":\"m\",\"timestamp\":\"2026-01-01T10:00:00Z\"},[],null,"
    "\"x\"]",
    "{\"type\":\"track\",\"properties\":{\"a\":{\"b\":[1,2]},\"c\":\"\"},\"context\":[]}",
    "\"text\"",
};

static int run(const uint8_t *bytes, size_t len)
{
    struct mapping m = mapping_of((const char *)bytes, len);
    int accepted = m.map != NULL;

    FUZZ_CHECK(m.map || m.errs.total, "refused without a reason");
    for (uint32_t i = 0; i < m.errs.count; i++)
        FUZZ_CHECK(m.errs.list[i].code < 0 && m.errs.list[i].text[0], "an error without a text");
    for (unsigned i = 0; m.map && i < sizeof(records) / sizeof(records[0]); i++)
        mapping_text(&m, records[i]);
    mapping_done(&m);
    return accepted;
}

static const char *const words[] = {"\n",
                                    "  ",
                                    "- ",
                                    ": ",
                                    "'",
                                    "\"",
                                    "{",
                                    "}",
                                    "[",
                                    "]",
                                    "|",
                                    "@record",
                                    "@item",
                                    "@outer",
                                    "@index",
                                    "=x",
                                    "[0]",
                                    "[-1]",
                                    "[k=a]",
                                    "[k~a]",
                                    "when:",
                                    "kind: email",
                                    "drop: x",
                                    "each: items",
                                    "each: '@record'",
                                    "from:",
                                    "table:",
                                    "derive:",
                                    "position: false",
                                    "lenient: true",
                                    "pairs:",
                                    "| trim",
                                    "| lower",
                                    "| fold",
                                    "| hmac",
                                    "| time(s)",
                                    "| regex('(a+)+$')",
                                    "| url_normal",
                                    "| company_domain",
                                    "| times(1e300)",
                                    "not:",
                                    "null",
                                    NULL};

const struct fuzz_target fuzz_target = {
    .name = "map", .words = words, .max_bytes = 4096, .run = run};
