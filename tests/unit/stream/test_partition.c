#include <criterion/criterion.h>

#include "stream/partition.h"

Test(partition, murmur2_gives_what_java_gives)
{
    /* org.apache.kafka.common.utils.UtilsTest.testMurmur2 */
    static const struct {
        struct seuil_str key;
        int32_t hash;
    } known[] = {
        {{"21", 2}, -973932308},
        {{"foobar", 6}, -790332482},
        {{"a-little-bit-long-string", 24}, -985981536},
        {{"a-little-bit-longer-string", 26}, -1486304829},
        {{"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", 48}, -58897971},
        {{"abc", 3}, 479470107},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        cr_assert((int32_t)seuil_murmur2(known[i].key.ptr, known[i].key.len) == known[i].hash,
                  "%.*s", (int)known[i].key.len, known[i].key.ptr);
}

Test(partition, murmur2_of_a_negative_hash_is_made_positive_by_its_mask_not_by_its_size)
{
    /* Utils.toPositive(-973932308) = 1173551340 */
    cr_assert(seuil_partition_murmur2(SEUIL_STR("21"), 1000) == 340);
    cr_assert(seuil_partition_murmur2(SEUIL_STR("abc"), 1000) == 107);
    cr_assert(seuil_partition_murmur2(SEUIL_STR("abc"), 1) == 0);
}

Test(partition, bytes_above_127_count_as_they_do_in_java)
{
    /* Words and tails of every length; agreement with librdkafka is tested on a real broker. */
    static const uint8_t bytes[] = {0xff, 0x80, 0xfe, 0x81, 0xfd, 0x82, 0xfc};
    uint32_t all[8];

    for (uint32_t len = 0; len <= 7; len++) {
        all[len] = seuil_murmur2(bytes, len);
        for (uint32_t other = 0; other < len; other++)
            cr_assert(all[other] != all[len]);
    }
    cr_assert(seuil_murmur2("", 0) == 275646681u, "Java: murmur2(new byte[0])");
}

Test(partition, consistent_is_crc32)
{
    /* The check value of CRC-32/ISO-HDLC. */
    cr_assert(seuil_partition_consistent(SEUIL_STR("123456789"), 0x7fffffff) ==
              0xcbf43926u % 0x7fffffffu);
    cr_assert(seuil_partition_consistent(SEUIL_STR(""), 10) == 0);
}
