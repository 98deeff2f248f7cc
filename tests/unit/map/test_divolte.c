/* Divolte's default record as it lies in Kafka: Avro with nothing around it, whose first bytes are
 * three booleans and so look like Confluent's frame. The preset's samples say the rest. */

#include <criterion/criterion.h>

#include "support/avro_write.h"
#include "support/mapped.h"

/* The fields that matter of io.divolte.record.DefaultEventRecord, in its order. */
static const char schema[] =
    "{\"namespace\":\"io.divolte.record\",\"type\":\"record\",\"name\":\"DefaultEventRecord\","
    "\"fields\":[{\"name\":\"detectedDuplicate\",\"type\":\"boolean\"},"
    "{\"name\":\"detectedCorruption\",\"type\":\"boolean\"},"
    "{\"name\":\"firstInSession\",\"type\":\"boolean\"},"
    "{\"name\":\"timestamp\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}},"
    "{\"name\":\"clientTimestamp\",\"type\":\"long\"},{\"name\":\"remoteHost\",\"type\":\"string\"}"
    ","
    "{\"name\":\"location\",\"type\":[\"null\",\"string\"],\"default\":null},"
    "{\"name\":\"partyId\",\"type\":[\"null\",\"string\"],\"default\":null},"
    "{\"name\":\"pageViewId\",\"type\":[\"null\",\"string\"],\"default\":null},"
    "{\"name\":\"eventType\",\"type\":\"string\",\"default\":\"unknown\"}]}";

static void write(struct seuil_buf *b)
{
    static const uint8_t flags[3] = {0, 0, 1};

    seuil_buf_add(b, flags, sizeof(flags));
    avro_write_long(b, INT64_C(1771885734919));
    avro_write_long(b, INT64_C(1771885999000));
    avro_write_string(b, "192.0.2.7");
    avro_write_optional(b, "https://www.exemple.fr/tarifs?utm_source=lettre");
    avro_write_optional(b, "0:party");
    avro_write_optional(b, "0:pv1");
    avro_write_string(b, "pageView");
}

Test(divolte, the_default_record_is_read_with_nothing_around_it)
{
    char *preset = decoding_file("config/presets/divolte.yaml");
    struct mapped raw = mapped_make(SEUIL_FORMAT_RAW, preset, schema);
    struct mapped confluent = mapped_make(SEUIL_FORMAT_CONFLUENT, preset, schema);
    struct seuil_event *e = &raw.decoding.event;
    struct seuil_buf b = {0};
    struct seuil_record_view record = {.key = SEUIL_STR("0:party"), .topic = SEUIL_STR("divolte")};
    struct seuil_error err = {0};

    cr_assert(raw.decoding.decoder && confluent.decoding.decoder);
    write(&b);
    record.bytes = b.ptr;
    record.len = (uint32_t)b.len;
    cr_assert_eq(mapped_first(&raw, &record, &err), 1, "%s", err.text);
    cr_assert_eq(e->kind, SEUIL_KIND_PAGE_VIEW);
    cr_assert_eq(e->time, INT64_C(1771885734919));
    cr_assert(seuil_str_eq(e->lead, SEUIL_STR("0:party")));
    cr_assert(seuil_str_eq(e->field[SEUIL_FIELD_UTM_SOURCE].s, SEUIL_STR("lettre")));
    cr_assert_eq(mapped_next(&raw, &err), 0);
    /* Where `confluent` is set it is no silent misreading, nor is it waited for for ever. */
    cr_assert_eq(mapped_first(&confluent, &record, &err), SEUIL_ERR_UNKNOWN);
    cr_assert(strstr(err.text, "is not known"), "%s", err.text);
    /* And what carries a frame is not taken as a record with nothing around it. */
    seuil_buf_clear(&b);
    seuil_buf_add(&b, "\0\0\0\0\1", 5);
    write(&b);
    record.bytes = b.ptr;
    record.len = (uint32_t)b.len;
    cr_assert_lt(mapped_first(&raw, &record, &err), 0);
    cr_assert(strstr(err.text, "set `format: confluent`"), "%s", err.text);
    seuil_buf_done(&b);
    seuil_heap_free(preset);
    mapped_done(&raw);
    mapped_done(&confluent);
}
