#define PCRE2_CODE_UNIT_WIDTH 8

#include "conf/version.h"

#include <stdio.h>

#include <libfyaml.h>
#include <pcre2.h>

const char *seuil_conf_version(char *out, unsigned long cap)
{
    char pcre[64] = "";

    pcre2_config(PCRE2_CONFIG_VERSION, pcre);
    snprintf(out, cap, "libfyaml %s, PCRE2 %s", fy_library_version(), pcre);
    return out;
}
