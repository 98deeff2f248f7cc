/* seuilctl schema: what may stand in a model file, for editors. */

#include "conf/model_keys.h"
#include "ctl.h"

int seuil_ctl_schema(int argc, char **argv)
{
    const struct seuil_ctl_command command = {
        .name = "schema",
        .operands = "",
        .help = "Print the JSON Schema of model files, which gives editors completion and marks\n"
                "what is misspelt. \"seuilctl check\" knows more.",
    };
    struct seuil_buf out = {0};
    int status;

    if (seuil_ctl_parse(&command, argc, argv, &status) < 0)
        return status;
    seuil_model_schema_write(&out);
    return seuil_ctl_flush(&out, 0);
}
