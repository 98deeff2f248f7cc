#include "stream/mock.h"

#include <string.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "base/heap.h"
#include "core/limits.h"

struct seuil_mock {
    rd_kafka_t *rk; /* hosts the cluster's thread */
    rd_kafka_mock_cluster_t *cluster;
};

struct seuil_mock *seuil_mock_new(uint32_t brokers, struct seuil_error *err)
{
    struct seuil_mock *mock = seuil_heap_zalloc(1, sizeof(*mock));
    rd_kafka_conf_t *conf;
    char text[256];

    if (!mock) {
        seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory for the mock cluster");
        return NULL;
    }
    conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "log_level", "3", NULL, 0);
    mock->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (!mock->rk) {
        rd_kafka_conf_destroy(conf);
        seuil_error_set(err, SEUIL_ERR_IO, "mock cluster: %s", text);
        seuil_heap_free(mock);
        return NULL;
    }
    mock->cluster = rd_kafka_mock_cluster_new(mock->rk, (int)brokers);
    if (!mock->cluster) {
        seuil_error_set(err, SEUIL_ERR_IO, "the mock cluster cannot listen on 127.0.0.1");
        seuil_mock_free(mock);
        return NULL;
    }
    return mock;
}

void seuil_mock_free(struct seuil_mock *mock)
{
    if (!mock)
        return;
    if (mock->cluster)
        rd_kafka_mock_cluster_destroy(mock->cluster);
    rd_kafka_destroy(mock->rk);
    seuil_heap_free(mock);
}

const char *seuil_mock_bootstrap(const struct seuil_mock *mock)
{
    return rd_kafka_mock_cluster_bootstraps(mock->cluster);
}

int seuil_mock_topic(struct seuil_mock *mock, const char *name, uint32_t partitions,
                     struct seuil_error *err)
{
    rd_kafka_resp_err_t code;

    if (partitions == 0 || partitions > SEUIL_PARTITIONS_MAX)
        return seuil_error_set(err, SEUIL_ERR_LIMIT, "%s: from 1 to %d partitions, not %u", name,
                               SEUIL_PARTITIONS_MAX, partitions);
    code = rd_kafka_mock_topic_create(mock->cluster, name, (int)partitions, 1);
    if (code)
        return seuil_error_set(err, SEUIL_ERR_IO, "%s: %s", name, rd_kafka_err2str(code));
    return 0;
}
