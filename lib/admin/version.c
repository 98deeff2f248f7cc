#include "admin/version.h"

#include <microhttpd.h>
#include <stdio.h>

const char *seuil_admin_version(char *out, unsigned long cap)
{
    snprintf(out, cap, "libmicrohttpd %s", MHD_get_version());
    return out;
}
