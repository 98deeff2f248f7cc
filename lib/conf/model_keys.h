/* The keys of model files, from the one table of model_keys.def. */

#ifndef SEUIL_CONF_MODEL_KEYS_H
#define SEUIL_CONF_MODEL_KEYS_H

#include "base/buf.h"
#include "base/str.h"

enum seuil_section {
#define SECTION(id, what, doc) SEUIL_SECTION_##id,
#define KEY(section, key, need, shape, doc)
#include "conf/model_keys.def"
    SEUIL_SECTIONS,
};

enum seuil_need { SEUIL_NEED_NEEDED, SEUIL_NEED_OPTIONAL, SEUIL_NEED_LATER };

struct seuil_model_key {
    const char *key;
    const char *shape; /* what may stand there, in the notation of model_keys.def */
    const char *doc;
    uint8_t section; /* enum seuil_section */
    uint8_t need;    /* enum seuil_need */
};

/* No section has more. */
#define SEUIL_KEYS_MAX 48

/* All rows, in the order of the table; *ret_count of them. */
const struct seuil_model_key *seuil_keys_all(uint32_t *ret_count);

/* The id of a section in shapes ("RULE"), how messages call it ("a rule"), what it is. */
const char *seuil_section_id(enum seuil_section section);
const char *seuil_section_what(enum seuil_section section);
const char *seuil_section_doc(enum seuil_section section);

/* The row of @key in @section, LATER ones too; NULL when there is none. */
const struct seuil_model_key *seuil_key_find(enum seuil_section section, struct seuil_str key);

/* The keys of @section that this version reads, for "did you mean": how many, at most
 * SEUIL_KEYS_MAX. */
uint32_t seuil_keys_names(enum seuil_section section, const char **ret_names);

/* The JSON Schema (draft 7) of model files, for the completion of editors and for other tools. It
 * says what may stand where; what only `seuilctl check` can know (names that refer to others, marks
 * that ascend, regular expressions) it leaves out. */
void seuil_model_schema_write(struct seuil_buf *out);

#endif
