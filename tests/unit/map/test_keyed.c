/* HMAC-SHA-256, by the test vectors of RFC 4231. */

#include <criterion/criterion.h>

#include "map/keyed.h"

static void vector(const char *key, uint32_t key_len, const char *text, const char *want)
{
    uint8_t inner[64], outer[64];
    char hex[65] = "";

    seuil_keyed_pads((struct seuil_str){key, key_len}, inner, outer);
    seuil_keyed_hash(inner, outer, seuil_str_from(text), hex);
    cr_assert_str_eq(hex, want);
}

Test(keyed, the_vectors_of_RFC_4231)
{
    char key[131];

    memset(key, 0x0b, sizeof(key));
    vector(key, 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    vector("Jefe", 4, "what do ya want for nothing?",
           "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key)); /* longer than a block */
    vector(key, 131, "Test Using Larger Than Block-Size Key - Hash Key First",
           "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}
