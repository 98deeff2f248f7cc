/* Where producers put a key among the partitions of a topic, without librdkafka. */

#ifndef SEUIL_STREAM_PARTITION_H
#define SEUIL_STREAM_PARTITION_H

#include <stdint.h>

#include "base/str.h"

/* Java's Utils.murmur2 (32 bits, seed 0x9747b28c, little-endian words). */
uint32_t seuil_murmur2(const void *bytes, uint32_t len);

/* The default partitioner of Java's clients: murmur2 with its sign bit cleared. */
uint32_t seuil_partition_murmur2(struct seuil_str key, uint32_t partitions);

/* librdkafka's `consistent`: CRC-32 (IEEE). */
uint32_t seuil_partition_consistent(struct seuil_str key, uint32_t partitions);

#endif
