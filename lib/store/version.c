#include "store/version.h"

#include <stdio.h>

#include <hiredis/hiredis.h>
#include <openssl/crypto.h>

const char *seuil_store_version(char *out, unsigned long cap)
{
    snprintf(out, cap, "hiredis %d.%d.%d, %s", HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH,
             OpenSSL_version(OPENSSL_VERSION));
    return out;
}
