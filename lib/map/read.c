#include "map/read.h"

int seuil_read_first(const struct seuil_intake *reader, const struct seuil_read_scratch *scratch,
                     const struct seuil_record_view *record, struct seuil_event *event,
                     struct seuil_error *err)
{
    int rc;

    if (!reader->map) {
        rc = seuil_decode_record(reader->decoder, scratch->decode, record, event, err);
        return rc ? rc : 1;
    }
    rc = seuil_decode_document(reader->decoder, scratch->decode, record,
                               seuil_map_document(scratch->map), err);
    if (rc)
        seuil_map_document(scratch->map)->count = 0;
    seuil_map_duplicates(scratch->map, seuil_decoder_duplicates(reader->decoder));
    seuil_map_begin(reader->map, scratch->map, record);
    return rc ? rc : seuil_map_next(reader->map, scratch->map, event, err);
}

int seuil_read_next(const struct seuil_intake *reader, const struct seuil_read_scratch *scratch,
                    struct seuil_event *event, struct seuil_error *err)
{
    return reader->map ? seuil_map_next(reader->map, scratch->map, event, err) : 0;
}
