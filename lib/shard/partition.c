#include "stream/partition.h"
#include "shard/shard.h"

uint32_t seuil_partition_of(enum seuil_partitioner partitioner, struct seuil_str key,
                            uint32_t partitions)
{
    return partitioner == SEUIL_PARTITIONER_CONSISTENT ? seuil_partition_consistent(key, partitions)
                                                       : seuil_partition_murmur2(key, partitions);
}
