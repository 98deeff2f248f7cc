#include "codec/dead_letter.h"

#include <assert.h>
#include <stdio.h>

static void add(struct seuil_entry_view *entry, struct seuil_str name, struct seuil_str value)
{
    assert(entry->header_count < SEUIL_HEADERS_MAX);
    entry->headers[entry->header_count++] = (struct seuil_header){
        .name = name, .value = (const uint8_t *)value.ptr, .value_len = value.len};
}

static struct seuil_str number(char *out, size_t cap, int64_t value)
{
    int n = snprintf(out, cap, "%lld", (long long)value);

    assert(n > 0 && (size_t)n < cap);
    return (struct seuil_str){out, (uint32_t)n};
}

/* Connect tells classes of Java; ours are a stage's name and the error's, so that a filter on
 * either works. */
static void add_reasons(const struct seuil_dead_letter *letter, struct seuil_dead_letter_text *text,
                        struct seuil_entry_view *entry)
{
    struct seuil_str error = seuil_str_from(letter->error);

    add(entry, SEUIL_STR("__connect.errors.topic"), letter->topic);
    add(entry, SEUIL_STR("__connect.errors.partition"),
        number(text->partition, sizeof(text->partition), letter->partition));
    add(entry, SEUIL_STR("__connect.errors.offset"),
        number(text->offset, sizeof(text->offset), letter->offset));
    add(entry, SEUIL_STR("__connect.errors.connector.name"), letter->app);
    add(entry, SEUIL_STR("__connect.errors.task.id"),
        number(text->task, sizeof(text->task), letter->shard));
    add(entry, SEUIL_STR("__connect.errors.stage"), seuil_str_from(letter->stage));
    add(entry, SEUIL_STR("__connect.errors.class.name"), SEUIL_STR("seuild"));
    add(entry, SEUIL_STR("__connect.errors.exception.class.name"), error);
    add(entry, SEUIL_STR("__connect.errors.exception.message"), seuil_str_from(letter->message));
    add(entry, SEUIL_STR("seuil.error"), error);
    add(entry, SEUIL_STR("seuil.timestamp"), number(text->time, sizeof(text->time), letter->time));
    add(entry, SEUIL_STR("seuil.version"), SEUIL_STR(SEUIL_VERSION));
}

void seuil_dead_letter_build(const struct seuil_dead_letter *letter, uint8_t destination,
                             struct seuil_dead_letter_text *text,
                             struct seuil_entry_view *ret_entry)
{
    uint32_t most = SEUIL_HEADERS_MAX - SEUIL_DEAD_LETTER_HEADERS;
    uint32_t kept = letter->header_count < most ? letter->header_count : most;

    ret_entry->destination = destination;
    ret_entry->key = letter->key;
    ret_entry->value = letter->value;
    ret_entry->value_len = letter->value_len;
    ret_entry->header_count = kept;
    for (uint32_t i = 0; i < kept; i++)
        ret_entry->headers[i] = letter->headers[i];
    add_reasons(letter, text, ret_entry);
    if (kept < letter->header_count)
        add(ret_entry, SEUIL_STR("seuil.headers_dropped"),
            number(text->dropped, sizeof(text->dropped), letter->header_count - kept));
}
