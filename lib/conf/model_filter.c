/* `filters:` events that are none for the model: hidden rules that take all other hits away. */

#include <string.h>

#include "conf/model_read.h"
#include "conf/suggest.h"

#define FILTERS_MAX 64

static void read_reason(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                        struct seuil_rule *rule)
{
    static const char *const reasons[] = {"machine", "robot", "internal", "other"};
    const struct seuil_yaml_node *reason = seuil_yaml_find(node, "reason");
    struct seuil_str name;
    char hint[160];

    rule->of = SEUIL_FILTER_OTHER;
    if (!reason ||
        seuil_yaml_text(reader->doc, reason, "reason", SEUIL_NAME_MAX, reader->errs, &name))
        return;
    for (uint8_t i = 0; i < 4; i++)
        if (strcmp(name.ptr, reasons[i]) == 0) {
            rule->of = i;
            return;
        }
    seuil_model_error(reader, reason, SEUIL_ERR_UNKNOWN,
                      "\"%.64s\" is none of machine, robot, internal, other%s", name.ptr,
                      seuil_suggest_text(name, reasons, 4, hint, sizeof(hint)));
}

static void read_filter(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                        uint32_t first)
{
    const struct seuil_rule *rules = reader->rules.list;
    struct seuil_rule *rule;
    char unique[SEUIL_NAME_MAX + 16] = "filter ";
    const char *name;

    if (!seuil_model_mapping(reader, node, "a filter"))
        return;
    seuil_model_keys(reader, node, SEUIL_SECTION_FILTER);
    name = seuil_model_name(reader, node, "a filter");
    if (!name || !seuil_model_unique(reader, node, name, rules + first, reader->rules.count - first,
                                     sizeof(*rules), "filter"))
        return;
    strncat(unique, name, SEUIL_NAME_MAX);
    rule = seuil_model_hidden(reader, unique, SEUIL_ROLE_FILTER, NULL);
    if (!rule)
        return;
    rule->name = rule->label = name;
    read_reason(reader, node, rule);
    seuil_model_event(reader, node, "a filter", rule);
}

void seuil_model_filters(struct seuil_model_reader *reader)
{
    const struct seuil_yaml_node *node = seuil_yaml_find(reader->root, "filters");
    uint32_t first = reader->rules.count;

    if (!node || !seuil_model_list(reader, node, "filters"))
        return;
    if (node->count > FILTERS_MAX) {
        seuil_model_error(reader, node, SEUIL_ERR_LIMIT, "%u filters: at most %d are allowed",
                          node->count, FILTERS_MAX);
        return;
    }
    for (uint32_t i = 0; i < node->count && !reader->nomem; i++)
        read_filter(reader, &node->items[i], first);
}
