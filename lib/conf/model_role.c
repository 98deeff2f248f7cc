/* `status:` and `recycle:`, and the hidden rules that every model has for the commands of sales. */

#include <string.h>

#include "conf/model_read.h"

/* Add a hidden rule behind the model's own. No name of a file has a control character, so its key
 * is no other rule's but by chance, which is refused like any other such chance. */
struct seuil_rule *seuil_model_hidden(struct seuil_model_reader *reader, const char *name,
                                      enum seuil_role role, uint16_t *ret_index)
{
    struct seuil_rule *rule = seuil_vector_add(reader, &reader->rules, sizeof(*rule));
    char unique[SEUIL_NAME_MAX + 32] = "\x01";

    if (!rule)
        return NULL;
    strncat(unique, name, sizeof(unique) - 2);
    rule->name = rule->label = name;
    rule->key = seuil_name_hash(seuil_str_from(reader->model->name ? reader->model->name : ""),
                                seuil_str_from(unique));
    rule->model = reader->model->index;
    rule->group = SEUIL_GROUP_NONE;
    rule->kind = SEUIL_KIND_COMMAND;
    rule->role = (uint8_t)role;
    if (ret_index)
        *ret_index = (uint16_t)reader->rules.count;
    return rule;
}

/* ---- status ------------------------------------------------------------------------------- */

static void read_frozen(struct seuil_model_reader *reader, const struct seuil_yaml_node *node)
{
    uint32_t *frozen, count = 0;

    if (!seuil_model_list(reader, node, "frozen"))
        return;
    if (node->count > SEUIL_STATUSES_MAX) {
        seuil_model_error(reader, node, SEUIL_ERR_LIMIT, "%u statuses: at most %d freeze a lead",
                          node->count, SEUIL_STATUSES_MAX);
        return;
    }
    frozen = seuil_model_alloc(reader, node->count, sizeof(*frozen));
    for (uint32_t i = 0; frozen && i < node->count; i++) {
        struct seuil_str name;

        if (seuil_yaml_text(reader->doc, &node->items[i], "a status", SEUIL_NOTE_MAX, reader->errs,
                            &name))
            continue;
        if (seuil_status_hash(name) == 0 ||
            seuil_str_eq(name, SEUIL_STR(SEUIL_STATUS_DISQUALIFIED)))
            seuil_model_error(reader, &node->items[i], SEUIL_ERR_INVALID,
                              "status \"%s\" cannot freeze a lead: it is the one after the command "
                              "%s",
                              name.ptr, seuil_status_hash(name) ? "disqualify" : "reopen");
        else
            frozen[count++] = seuil_status_hash(name);
    }
    reader->model->frozen = frozen;
    reader->model->frozen_count = (uint16_t)count;
}

static void read_status(struct seuil_model_reader *reader)
{
    const struct seuil_yaml_node *node = seuil_yaml_find(reader->root, "status"), *attribute;
    struct seuil_model *model = reader->model;
    uint32_t *customer = seuil_model_alloc(reader, 1, sizeof(*customer));
    struct seuil_subject subject;

    model->status_attribute = -1;
    if (!customer)
        return;
    *customer = seuil_status_hash(SEUIL_STR(SEUIL_STATUS_CUSTOMER));
    model->frozen = customer;
    model->frozen_count = 1;
    if (!node || !seuil_model_mapping(reader, node, "status"))
        return;
    seuil_model_keys(reader, node, SEUIL_SECTION_STATUS);
    attribute = seuil_yaml_find(node, "attribute");
    if (attribute && seuil_model_subject(reader, attribute, -1, &subject))
        model->status_attribute = subject.attribute;
    if (seuil_yaml_find(node, "frozen"))
        read_frozen(reader, seuil_yaml_find(node, "frozen"));
}

/* ---- recycle ------------------------------------------------------------------------------ */

static void read_recycle(struct seuil_model_reader *reader, struct seuil_rule *rule)
{
    const struct seuil_yaml_node *node = seuil_yaml_find(reader->root, "recycle"), *decay, *mute;

    if (!node || !seuil_model_mapping(reader, node, "recycle"))
        return;
    seuil_model_keys(reader, node, SEUIL_SECTION_RECYCLE);
    rule->label = seuil_model_label(reader, node, rule->label);
    seuil_model_number(reader, node, "floor", &rule->points);
    decay = seuil_yaml_find(node, "decay");
    if (decay)
        seuil_model_decay(reader, decay, &rule->decay);
    mute = seuil_yaml_find(node, "mute");
    if (mute)
        seuil_yaml_duration(reader->doc, mute, "mute", SEUIL_DURATION_MIN_MS, SEUIL_DURATION_MAX_MS,
                            reader->errs, &reader->model->recycle_mute_ms);
}

void seuil_model_roles(struct seuil_model_reader *reader)
{
    struct seuil_model *model = reader->model;
    struct seuil_rule *recycle;

    recycle = seuil_model_hidden(reader, "recycle", SEUIL_ROLE_RECYCLE, &model->recycle_rule);
    if (recycle)
        read_recycle(reader, recycle);
    seuil_model_hidden(reader, "status", SEUIL_ROLE_STATUS, &model->status_rule);
    read_status(reader);
}
