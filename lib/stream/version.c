#include "stream/version.h"

#include <stdio.h>

#include <librdkafka/rdkafka.h>

const char *seuil_stream_version(char *out, unsigned long cap)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char features[512] = "";
    size_t len = sizeof(features);

    rd_kafka_conf_get(conf, "builtin.features", features, &len);
    rd_kafka_conf_destroy(conf);
    snprintf(out, cap, "librdkafka %s (%s)", rd_kafka_version_str(), features);
    return out;
}
