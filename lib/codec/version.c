#include "codec/version.h"

#include <stdio.h>

#include <jansson.h>

const char *seuil_codec_version(char *out, unsigned long cap)
{
    /* avro-c tells no version at run time. */
    snprintf(out, cap, "avro-c, jansson %s", jansson_version_str());
    return out;
}
