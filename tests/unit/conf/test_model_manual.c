/* The examples of seuil-model(5) load. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/model_load.h"

#define MANUAL SEUIL_SOURCE_DIR "/deploy/man/seuil-model.5"

/* What a piece that shows rules only leaves out. */
static const char head[] = "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\n"
                           "tiers: [{name: a}, {name: b, entry: 1}]\n";

static void expect_loads(const char *text)
{
    struct seuil_model_text file = {"manual", text, strlen(text)};
    struct seuil_errs errs = {0};
    struct seuil_models *models = seuil_models_parse(&file, 1, &errs);

    cr_assert_not_null(models, "line %d: %s in\n%s", errs.list[0].line, errs.list[0].text, text);
    seuil_models_free(models);
}

Test(manual, its_examples_load)
{
    char line[512], text[8192] = "";
    FILE *file = fopen(MANUAL, "r");
    bool inside = false;
    int wholes = 0, pieces = 0;

    cr_assert_not_null(file);
    while (fgets(line, sizeof(line), file)) {
        if (strcmp(line, ".EX\n") == 0) {
            inside = true;
            text[0] = '\0';
        } else if (strcmp(line, ".EE\n") == 0) {
            inside = false;
            if (strncmp(text, "seuil_model: 1\n", 15) == 0 || strstr(text, head)) {
                wholes += strstr(text, head) == NULL;
                pieces += strstr(text, head) != NULL;
                expect_loads(text);
            }
        } else if (inside) {
            if (text[0] == '\0' && strcmp(line, "rules:\n") == 0)
                strcpy(text, head);
            cr_assert_lt(strlen(text) + strlen(line), sizeof(text));
            strcat(text, line);
        }
    }
    fclose(file);
    cr_assert_geq(wholes, 2);
    cr_assert_geq(pieces, 2);
}
