#include "registry/version.h"

#include <curl/curl.h>
#include <stdio.h>

const char *seuil_registry_version(char *out, unsigned long cap)
{
    snprintf(out, cap, "libcurl %s", curl_version_info(CURLVERSION_NOW)->version);
    return out;
}
