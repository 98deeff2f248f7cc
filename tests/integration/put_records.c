/* put_records BOOTSTRAP: produces what standard input says, in order, and waits for every
 * acknowledgement. A line is TOPIC PARTITION TIMESTAMP_MS KEY VALUE [NAME=HEADER...], the last ones
 * in hexadecimal or, key and value, "-" for null; partition -1: by key; timestamp 0: now. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream/tools.h"

/* Decode in place; returns the length. */
static uint32_t unhex(char *text)
{
    uint32_t n = 0;

    for (char *at = text; at[0] && at[1]; at += 2) {
        char pair[3] = {at[0], at[1], 0};

        text[n++] = (char)strtoul(pair, NULL, 16);
    }
    return n;
}

int main(int argc, char **argv)
{
    struct seuil_property properties[] = {{"bootstrap.servers", argc > 1 ? argv[1] : ""},
                                          {"message.max.bytes", "10000000"}};
    struct seuil_error err = {0};
    struct seuil_producer *producer = seuil_producer_new(properties, 2, &err);
    char *line = NULL;
    size_t cap = 0;

    while (producer && !err.code && getline(&line, &cap, stdin) > 0) {
        char *save, *topic = strtok_r(line, " \n", &save),
                    *partition = strtok_r(NULL, " \n", &save);
        char *time = strtok_r(NULL, " \n", &save), *key = strtok_r(NULL, " \n", &save);
        char *value = strtok_r(NULL, " \n", &save);
        struct seuil_header headers[SEUIL_HEADERS_MAX];
        uint32_t header_count = 0;
        struct seuil_str k = {NULL, 0};
        const char *bytes = ""; /* no word: an empty value, which is not null */
        uint32_t len = 0;

        if (!key) {
            fprintf(stderr, "put_records: a line with too few words\n");
            return 64;
        }
        if (strcmp(key, "-") != 0)
            k = (struct seuil_str){key, unhex(key)};
        if (value) {
            bytes = strcmp(value, "-") == 0 ? NULL : value;
            len = bytes ? unhex(value) : 0;
        }
        for (char *word;
             (word = strtok_r(NULL, " \n", &save)) && header_count < SEUIL_HEADERS_MAX;) {
            char *equals = strchr(word, '=');

            if (!equals)
                continue;
            headers[header_count].name = (struct seuil_str){word, (uint32_t)(equals - word)};
            headers[header_count].value = (const uint8_t *)equals + 1;
            headers[header_count++].value_len = unhex(equals + 1);
        }
        seuil_producer_send_headers(producer, topic, atoi(partition), k, (const uint8_t *)bytes,
                                    len, atoll(time), headers, header_count, &err);
    }
    if (producer && !err.code)
        seuil_producer_flush(producer, 60000, &err);
    if (err.code)
        fprintf(stderr, "put_records: %s\n", err.text);
    seuil_producer_free(producer);
    free(line);
    return err.code ? 1 : 0;
}
