/* dump_topic BOOTSTRAP NUMBER TOPIC FILE: every record of a topic, from its start to its end as of
 * now, for programs that know nothing of Kafka. A record in the file, little endian, no padding:
 *
 *   u32 NUMBER, i32 partition, i64 offset, i64 timestamp, u32 key length, u32 value length
 *   (0xffffffff: null), u32 headers length, key, value, headers: u32 name length, u32
 *   value length, name, value */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "stream/tools.h"

static void put(struct seuil_buf *out, const void *bytes, size_t len)
{
    if (seuil_buf_add(out, bytes, len))
        abort();
}

static void put_record(struct seuil_buf *out, uint32_t number, const struct seuil_read *read)
{
    uint32_t value_len = read->value ? read->value_len : UINT32_MAX;
    struct seuil_buf headers = {0};
    uint32_t headers_len;

    for (uint32_t i = 0; i < read->header_count; i++) {
        const struct seuil_header *header = &read->headers[i];

        put(&headers, &header->name.len, 4);
        put(&headers, &header->value_len, 4);
        put(&headers, header->name.ptr, header->name.len);
        put(&headers, header->value, header->value_len);
    }
    headers_len = (uint32_t)headers.len;
    put(out, &number, 4);
    put(out, &read->partition, 4);
    put(out, &read->offset, 8);
    put(out, &read->time, 8);
    put(out, &read->key.len, 4);
    put(out, &value_len, 4);
    put(out, &headers_len, 4);
    put(out, read->key.ptr, read->key.len);
    put(out, read->value, read->value ? read->value_len : 0);
    put(out, headers.ptr, headers.len);
    seuil_buf_done(&headers);
}

int main(int argc, char **argv)
{
    struct seuil_property properties[] = {{"bootstrap.servers", argc > 1 ? argv[1] : ""}};
    struct seuil_reader *reader;
    struct seuil_error err;
    struct seuil_read read;
    struct seuil_buf out = {0};
    unsigned long count = 0;
    FILE *file;
    int rc;

    if (argc != 5) {
        fputs("usage: dump_topic BOOTSTRAP NUMBER TOPIC FILE\n", stderr);
        return 64;
    }
    reader = seuil_reader_new(properties, 1, argv[3], &err);
    file = reader ? fopen(argv[4], "wb") : NULL;
    if (!file) {
        if (reader)
            perror(argv[4]);
        else
            fprintf(stderr, "dump_topic: %s\n", err.text);
        return 1;
    }
    while ((rc = seuil_reader_next(reader, 30000, &read)) == 1) {
        seuil_buf_clear(&out);
        put_record(&out, (uint32_t)strtoul(argv[2], NULL, 10), &read);
        if (fwrite(out.ptr, 1, out.len, file) != out.len) {
            perror(argv[4]);
            return 1;
        }
        count++;
    }
    seuil_reader_free(reader);
    seuil_buf_done(&out);
    if (fclose(file) != 0 || rc != -1) {
        fprintf(stderr, "dump_topic: %s: %lu records, then nothing for 30 s\n", argv[3], count);
        return 1;
    }
    printf("%lu\n", count);
    return 0;
}
