/* Reads documents for somebody else to judge: lines on standard input, one answer for each record.
 *
 *     S SCHEMA      the Avro schema of the records to come, on one line (no answer)
 *     W NAMES       what is wanted of them, as tests/support/document.h has it (no answer)
 *     K KIND        the kind of events that the records of the schema are (no answer)
 *     A HEX         an Avro record
 *     E HEX         the same as an event of that kind
 *     J HEX         a JSON text
 *
 * An answer is "no CODE", or the value: n t f, iNUMBER:UNIT, dBITS in hex, sTEXT in hex,
 * [VALUE,...], {KEY in hex:VALUE,...}; that of an event its canonical JSON. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/event_json.h"
#include "support/decoding.h"
#include "support/document.h"

static struct documenting d;
static struct decoding event;
static char *line, *schema;
static size_t line_cap;

static void put_hex(const char *text, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        printf("%02x", (uint8_t)text[i]);
}

static void put(uint32_t index)
{
    const struct seuil_node *node = &d.document.nodes[index];
    bool first = true;
    uint64_t bits;

    switch (node->kind) {
    case SEUIL_NODE_LIST:
    case SEUIL_NODE_OBJECT:
        putchar(node->kind == SEUIL_NODE_LIST ? '[' : '{');
        for (uint32_t i = index + 1; i < node->end; i = d.document.nodes[i].end) {
            if (!first)
                putchar(',');
            first = false;
            if (node->kind == SEUIL_NODE_OBJECT) {
                put_hex(d.document.nodes[i].key.ptr, d.document.nodes[i].key.len);
                putchar(':');
            }
            put(i);
        }
        putchar(node->kind == SEUIL_NODE_LIST ? ']' : '}');
        break;
    case SEUIL_TYPE_NULL:
        putchar('n');
        break;
    case SEUIL_TYPE_BOOL:
        putchar(node->value.b ? 't' : 'f');
        break;
    case SEUIL_TYPE_INT:
        printf("i%" PRId64 ":%u", node->value.i, node->unit);
        break;
    case SEUIL_TYPE_DOUBLE:
        memcpy(&bits, &node->value.d, sizeof(bits));
        printf("d%016" PRIx64, bits);
        break;
    default:
        putchar('s');
        put_hex(node->value.s.ptr, node->value.s.len);
    }
}

/* The next kind of records: compiled anew. */
static void open_names(const char *names)
{
    if (d.scratch)
        documenting_done(&d);
    d = schema ? documenting_avro(names, schema) : documenting_make(names);
    if (schema && !d.plan) {
        fprintf(stderr, "document_dump: %s\n%s\n", d.err.text, schema);
        exit(1);
    }
}

/* Exactly the bytes, so that one too far is seen; to be freed. */
static uint8_t *bytes_of(const char *hex, size_t *ret_len)
{
    size_t len = strlen(hex) / 2;
    uint8_t *bytes = malloc(len ? len : 1);

    for (size_t i = 0; i < len; i++) {
        unsigned byte;

        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            exit(64);
        bytes[i] = (uint8_t)byte;
    }
    *ret_len = len;
    return bytes;
}

static void answer(bool avro, const char *hex)
{
    size_t len;
    uint8_t *bytes = bytes_of(hex, &len);
    int rc;

    d.document.count = 0;
    d.fault = (struct seuil_fault){0};
    d.scratch->text_len = 0;
    rc = avro ? seuil_avro_document(d.plan, d.scratch, bytes, (uint32_t)len, &d.document, &d.fault)
              : seuil_json_document(d.wanted, SEUIL_DUPLICATES_LAST, d.scratch, bytes,
                                    (uint32_t)len, &d.document, &d.fault);
    assert(d.document.steps <= 4 * len + 256 + (rc != 0));
    if (rc)
        printf("no %d %s", rc, d.fault.why);
    else
        put(0);
    putchar('\n');
    free(bytes);
}

static void open_kind(const char *kind)
{
    if (event.scratch)
        decoding_done(&event);
    event = decoding_avro(SEUIL_FORMAT_RAW, seuil_kind_find(seuil_str_from(kind)), schema, NULL, 0);
    if (!event.decoder) {
        fprintf(stderr, "document_dump: %s\n%s\n", event.err.text, schema);
        exit(1);
    }
}

static void answer_event(const char *hex)
{
    struct seuil_buf out = {0};
    size_t len;
    uint8_t *bytes = bytes_of(hex, &len);

    if (decoding_run(&event, bytes, len))
        printf("no %s\n", event.err.text);
    else if (seuil_event_json(&event.event, &out) == 0)
        printf("%.*s\n", (int)out.len, (const char *)out.ptr);
    seuil_buf_done(&out);
    free(bytes);
}

int main(void)
{
    ssize_t n;

    setvbuf(stdout, NULL, _IOLBF, 0);
    while ((n = getline(&line, &line_cap, stdin)) > 2) {
        line[n - 1] = '\0';
        switch (line[0]) {
        case 'S':
            free(schema);
            schema = strdup(line + 2);
            break;
        case 'W':
            open_names(line + 2);
            break;
        case 'K':
            open_kind(line + 2);
            break;
        case 'E':
            answer_event(line + 2);
            break;
        case 'A':
        case 'J':
            answer(line[0] == 'A', line + 2);
            break;
        default:
            return 64;
        }
    }
    if (d.scratch)
        documenting_done(&d);
    if (event.scratch)
        decoding_done(&event);
    free(schema);
    free(line);
    return 0;
}
