/* librdkafka's mock cluster: a Kafka for the demo and for fault tests, in the memory of this
 * process. Clients of other processes connect over TCP on 127.0.0.1. It keeps at most 5 MiB a
 * partition, has no admin requests, and knows no time index. */

#ifndef SEUIL_STREAM_MOCK_H
#define SEUIL_STREAM_MOCK_H

#include <stdint.h>

#include "base/err.h"

struct seuil_mock;

struct seuil_mock *seuil_mock_new(uint32_t brokers, struct seuil_error *err);
void seuil_mock_free(struct seuil_mock *mock);

/* "host:port,host:port". Borrowed. */
const char *seuil_mock_bootstrap(const struct seuil_mock *mock);

/* Make a topic; 0 or a negative code. */
int seuil_mock_topic(struct seuil_mock *mock, const char *name, uint32_t partitions,
                     struct seuil_error *err);

#endif
