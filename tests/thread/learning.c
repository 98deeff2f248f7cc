/* learning: threads decode records by schemas that another one lets the decoder learn meanwhile. A
 * schema is either not known or whole; the thread sanitizer sees the rest. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/decode.h"
#include "codec/programs.h"

#define SCHEMAS 2000
#define READERS 3

static const char schema[] =
    "{\"type\":\"record\",\"name\":\"A\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},"
    "{\"name\":\"lead\",\"type\":\"string\"},{\"name\":\"time\",\"type\":\"long\"},"
    "{\"name\":\"name\",\"type\":\"string\"}]}";

static struct seuil_decoder *decoder;
static atomic_uint known; /* schemas below are learned */
static atomic_bool wrong;

static void *read_all(void *arg)
{
    struct seuil_decode_scratch *scratch = seuil_decode_scratch_new();
    uint8_t record[] = {0, 0, 0, 0, 0, 2, 'e', 2, 'l', 2, 2, 'n'};
    struct seuil_event event;
    uint32_t below;

    (void)arg;
    do {
        below = atomic_load(&known);
        for (uint32_t id = below > 3 ? below - 3 : 0; id < below + 3; id++) {
            int rc;

            record[3] = (uint8_t)(id >> 8);
            record[4] = (uint8_t)id;
            rc = seuil_decode(decoder, scratch, record, sizeof(record), &event, NULL);
            if (rc ? rc != SEUIL_ERR_UNKNOWN || id < below : event.id.len != 1)
                atomic_store(&wrong, true);
        }
    } while (below < SCHEMAS && !atomic_load(&wrong));
    seuil_decode_scratch_free(scratch);
    return NULL;
}

int main(void)
{
    struct seuil_decoder_spec spec = {
        .format = SEUIL_FORMAT_CONFLUENT, .kind = SEUIL_KIND_ACTIVITY, .learns = true};
    struct seuil_error err = {0};
    pthread_t readers[READERS];

    decoder = seuil_decoder_new(&spec, &err);
    for (int i = 0; i < READERS; i++)
        pthread_create(&readers[i], NULL, read_all, NULL);
    for (uint32_t id = 0; id < SCHEMAS; id++) {
        struct seuil_schema_ref ref = {SEUIL_REF_ID, 0, id};

        if (seuil_decoder_learn(decoder, &ref, "a.avsc", schema, sizeof(schema) - 1, &err))
            atomic_store(&wrong, true);
        atomic_store(&known, id + 1);
    }
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    seuil_decoder_free(decoder);
    printf(atomic_load(&wrong) ? "a schema was half known: %s\n" : "%s%d schemas learned\n",
           err.text, SCHEMAS);
    return atomic_load(&wrong);
}
