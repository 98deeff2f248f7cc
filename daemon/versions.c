#include "versions.h"

#include "admin/version.h"
#include "codec/version.h"
#include "conf/version.h"
#include "registry/version.h"
#include "store/version.h"
#include "stream/version.h"

void seuil_versions_print(FILE *out, const char *program)
{
    char text[1024];

    fprintf(out, "%s %s\n", program, SEUIL_VERSION);
    fprintf(out, "  %s\n", seuil_stream_version(text, sizeof(text)));
    fprintf(out, "  %s\n", seuil_store_version(text, sizeof(text)));
    fprintf(out, "  %s\n", seuil_registry_version(text, sizeof(text)));
    fprintf(out, "  %s\n", seuil_admin_version(text, sizeof(text)));
    fprintf(out, "  %s\n", seuil_codec_version(text, sizeof(text)));
    fprintf(out, "  %s\n", seuil_conf_version(text, sizeof(text)));
}
