/* seuilctl decode: real bytes as canonical events. */

#include <inttypes.h>
#include <sysexits.h>

#include "codec/event_json.h"
#include "ctl.h"
#include "ctl_records.h"

static void print_event(struct seuil_records *records, uint64_t number,
                        const struct seuil_event *event, const struct seuil_error *err)
{
    struct seuil_buf *out = records->ctx;

    if (event) {
        seuil_event_json(event, out);
        seuil_buf_add_byte(out, '\n');
        if (out->len > 1 << 16)
            seuil_ctl_flush(out, 0);
        return;
    }
    seuil_ctl_flush(out, 0);
    fprintf(stderr, "record %" PRIu64 ": %s\n", number, err->text);
}

static int run(struct seuil_records *records, const char *file,
               const struct seuil_ctl_list *offsets, bool whole, const char *key)
{
    int status = 0;

    for (unsigned i = 0; i < offsets->count && !status; i++)
        status = seuil_records_offset(records, offsets->values[i]);
    if (!status && (file || offsets->count == 0))
        status = seuil_records_file(records, file ? file : "-", whole, key);
    return !status && records->wrong ? EX_DATAERR : status;
}

int seuil_ctl_decode(int argc, char **argv)
{
    const char *config = NULL, *input = NULL, *topic = NULL, *file = NULL, *whole = NULL,
               *key = NULL;
    struct seuil_ctl_list offsets = {0};
    const struct seuil_ctl_option options[] = {
        {"config", "FILE", "configuration; not given: " SEUIL_CTL_CONFIG, &config, NULL},
        {"input", "NAME", "the input whose format and map are used", &input, NULL},
        {"topic", "TOPIC", "the same, by its topic", &topic, NULL},
        {"file", "FILE", "records, a line each, or one in Avro; -: standard input", &file, NULL},
        {"whole", NULL, "the file is one record", &whole, NULL},
        {"key", "KEY", "the records' key, which a map may make the lead of", &key, NULL},
        {"offset", "P:O", "the record at this partition and offset; may come again", NULL,
         &offsets},
    };
    const struct seuil_ctl_command command = {
        .name = "decode",
        .operands = "",
        .help = "Print the events that an input's records become, as canonical JSON Lines. Records "
                "that\nbecome none are told on standard error, with the reason. Exit status 65: "
                "some cannot be\nread. Nothing is written anywhere.",
        .options = options,
        .option_count = 7,
    };
    struct seuil_records records = {.command = "decode", .event = print_event};
    struct seuil_opened opened = {0};
    struct seuil_errs errs = {0};
    struct seuil_buf out = {0};
    int status, count = seuil_ctl_parse(&command, argc, argv, &status);

    if (count < 0)
        return status;
    if (!input == !topic)
        return seuil_ctl_fail("decode", EX_USAGE, "one of --input and --topic says which input");
    if (seuil_open(config ? config : SEUIL_CTL_CONFIG, &opened, &errs))
        return seuil_ctl_config_errs("decode", config, &errs);
    records.opened = &opened;
    records.ctx = &out;
    status = seuil_records_open(&records, input, topic);
    if (!status)
        status = run(&records, file, &offsets, whole != NULL, key);
    seuil_records_done(&records);
    seuil_opened_done(&opened);
    status = seuil_ctl_flush(&out, status);
    seuil_buf_done(&out);
    return status;
}
