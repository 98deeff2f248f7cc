/* `quarantine:` clicks of e-mails that wait for a verdict: a hidden rule that looks at all of them.
 */

#include "conf/model_read.h"
#include "core/quarantine.h"

static const struct seuil_condition *clicked(struct seuil_model_reader *reader)
{
    struct seuil_condition *when = seuil_model_alloc(reader, 1, sizeof(*when));
    struct seuil_value *value = seuil_model_alloc(reader, 1, sizeof(*value));

    if (!when || !value)
        return NULL;
    *value = (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = SEUIL_STR("clicked")};
    when->op = SEUIL_COND_IN;
    when->field = SEUIL_FIELD_ACTION;
    when->count = 1;
    when->values = value;
    return when;
}

static void read_burst(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       struct seuil_rule *rule)
{
    const struct seuil_yaml_node *links, *within;
    int64_t count = 3;

    if (!seuil_model_mapping(reader, node, "burst"))
        return;
    seuil_model_keys(reader, node, SEUIL_SECTION_BURST);
    links = seuil_model_need(reader, node, "links", "burst");
    within = seuil_model_need(reader, node, "within", "burst");
    if (links)
        seuil_yaml_int(reader->doc, links, "links", 2, SEUIL_QUARANTINE_LINKS_MAX, reader->errs,
                       &count);
    rule->times = (uint32_t)count;
    if (within)
        seuil_yaml_duration(reader->doc, within, "within", 1, SEUIL_QUARANTINE_MS, reader->errs,
                            &rule->within_ms);
    if (rule->wait_ms && rule->within_ms > rule->wait_ms)
        seuil_model_error(reader, within, SEUIL_ERR_INVALID,
                          "a burst longer than wait would be seen after its clicks have counted");
}

void seuil_model_quarantine(struct seuil_model_reader *reader)
{
    static const struct seuil_measured looked_at[] = {{.field = SEUIL_FIELD_MESSAGE_ID},
                                                      {.field = SEUIL_FIELD_URL}};
    const struct seuil_yaml_node *node = seuil_yaml_find(reader->root, "quarantine"), *wait, *burst;
    struct seuil_rule *rule;

    if (!node || !seuil_model_mapping(reader, node, "quarantine"))
        return;
    seuil_model_keys(reader, node, SEUIL_SECTION_QUARANTINE);
    rule = seuil_model_hidden(reader, "quarantine", SEUIL_ROLE_QUARANTINE, NULL);
    if (!rule)
        return;
    rule->kind = SEUIL_KIND_EMAIL;
    rule->when = seuil_model_with_only(reader, clicked(reader), rule->kind);
    rule->measured = looked_at;
    rule->measured_count = 2;
    wait = seuil_model_need(reader, node, "wait", "quarantine");
    burst = seuil_model_need(reader, node, "burst", "quarantine");
    if (wait)
        seuil_yaml_duration(reader->doc, wait, "wait", SEUIL_DURATION_MIN_MS, SEUIL_QUARANTINE_MS,
                            reader->errs, &rule->wait_ms);
    if (burst)
        read_burst(reader, burst, rule);
}
