/* One of the events of a map: its condition, kind and fields. */

#include "codec/target.h"
#include "conf/suggest.h"
#include "map/load.h"

const char *seuil_map_target_name(unsigned target, enum seuil_kind kind)
{
    switch (target) {
    case SEUIL_TARGET_ID:
        return "id";
    case SEUIL_TARGET_LEAD:
        return "lead";
    case SEUIL_TARGET_RETRACTS:
        return "retracts";
    case SEUIL_TARGET_TIME:
        return "time";
    case SEUIL_TARGET_CONSENT:
        return "consent";
    case SEUIL_TARGET_TYPE:
        return NULL;
    case SEUIL_TARGET_MAP:
        return seuil_kind_map_name(kind);
    default:
        return seuil_field_of_kind((enum seuil_field)target, kind)
                   ? seuil_field_name((enum seuil_field)target)
                   : NULL;
    }
}

static void load_field(struct seuil_map_loader *l, unsigned target, const char *name,
                       struct seuil_map_part part, uint32_t variant)
{
    struct seuil_map_watch watch = {
        .variant = variant,
        .field = name,
        .file = seuil_map_keep(l, seuil_str_from(seuil_yaml_name(part.doc))).ptr,
        .line = part.node->line,
    };
    const struct seuil_yaml *doc = l->doc;
    uint32_t at;

    l->doc = part.doc;
    seuil_map_emit(l, SEUIL_MAP_FIELD, target);
    if (target == SEUIL_TARGET_MAP) {
        seuil_map_load_entries(l, part.node);
    } else if (!seuil_yaml_is_null(part.node)) {
        uint32_t from = seuil_map_here(l);

        seuil_map_load_value(l, part.node);
        at = seuil_map_emit(l, SEUIL_MAP_STORE, target);
        if (!l->nomem) {
            struct seuil_map_instruction *ops = l->ops.items;

            ops[at].lenient = at > from && ops[at - 1].lenient;
            ops[at].count = (uint16_t)seuil_map_push(l, &l->watches, &watch, sizeof(watch));
        }
    }
    l->doc = doc;
}

/* A map that says nothing of the lead takes the record's key. */
static void load_fields(struct seuil_map_loader *l, const struct seuil_yaml_node *variant,
                        enum seuil_kind kind, const struct seuil_map_sources *s, uint32_t number)
{
    struct seuil_map_part all = {s->preset.doc, seuil_yaml_find(s->preset.node, "all")};
    struct seuil_map_part own = {s->own.doc, seuil_yaml_find(s->own.node, "all")};
    uint32_t at;

    for (unsigned t = 0; t < SEUIL_TARGET_COUNT; t++) {
        const char *name = seuil_map_target_name(t, kind);
        struct seuil_map_part part = {l->doc, name ? seuil_yaml_find(variant, name) : NULL};

        if (!name)
            continue;
        if (!part.node)
            part = (struct seuil_map_part){own.doc, seuil_yaml_find(own.node, name)};
        if (!part.node)
            part = (struct seuil_map_part){all.doc, seuil_yaml_find(all.node, name)};
        if (part.node) {
            load_field(l, t, name, part, number);
        } else if (t == SEUIL_TARGET_LEAD) {
            seuil_map_emit(l, SEUIL_MAP_FIELD, t);
            seuil_map_emit(l, SEUIL_MAP_KEY, 0);
            at = seuil_map_emit(l, SEUIL_MAP_STORE, t);
            if (!l->nomem)
                ((struct seuil_map_instruction *)l->ops.items)[at].count = UINT16_MAX;
        } else if (t == SEUIL_TARGET_ID) {
            seuil_map_error(l, variant, 0,
                            "this event has no id: name the field, or derive one, as id: {derive: "
                            "[message_id, event]}");
        } else if (t == SEUIL_TARGET_TIME) {
            seuil_map_error(l, variant, 0,
                            "this event has no time: name the field, as time: timestamp | time(s)");
        }
    }
    seuil_map_emit(l, SEUIL_MAP_END, 0);
}

static void check_variant_keys(struct seuil_map_loader *l, const struct seuil_yaml_node *node,
                               int kind)
{
    const char *names[SEUIL_TARGET_COUNT + 8] = {"when", "kind", "drop", "each"};
    size_t count = 4;

    for (unsigned t = 0; kind >= 0 && t < SEUIL_TARGET_COUNT; t++) {
        const char *name = seuil_map_target_name(t, (enum seuil_kind)kind);

        if (name)
            names[count++] = name;
    }
    seuil_yaml_check_keys(l->doc, node, names, count,
                          kind >= 0 ? seuil_kind_name((enum seuil_kind)kind) : "a dropped event",
                          l->errs);
}

static int load_kind(struct seuil_map_loader *l, const struct seuil_yaml_node *node)
{
    const char *names[SEUIL_KINDS];
    char hint[160];
    int kind = node->kind == SEUIL_YAML_SCALAR ? seuil_kind_find(seuil_yaml_str(node)) : -1;

    for (int i = 0; i < SEUIL_KINDS; i++)
        names[i] = seuil_kind_name((enum seuil_kind)i);
    if (kind < 0 || kind >= SEUIL_KINDS) {
        seuil_map_error(
            l, node, 0, "unknown kind%s: page_view, email, form, activity, profile or command",
            node->kind == SEUIL_YAML_SCALAR
                ? seuil_suggest_text(seuil_yaml_str(node), names, SEUIL_KINDS, hint, sizeof(hint))
                : "");
        return -1;
    }
    return kind;
}

static void load_drop(struct seuil_map_loader *l, const struct seuil_yaml_node *node,
                      struct seuil_map_variant *variant)
{
    struct seuil_str reason;

    variant->reason = "";
    if (!seuil_yaml_text(l->doc, node, "drop", SEUIL_NAME_MAX, l->errs, &reason))
        variant->reason = seuil_map_keep(l, reason).ptr;
    if (variant->reason[0] == '\0')
        seuil_map_error(l, node, 0, "drop needs a reason, as drop: not_a_lead");
}

void seuil_map_load_event(struct seuil_map_loader *l, const struct seuil_yaml_node *node,
                          const struct seuil_map_sources *s, uint32_t number)
{
    const struct seuil_yaml_node *when = seuil_yaml_find(node, "when");
    const struct seuil_yaml_node *kind = seuil_yaml_find(node, "kind");
    const struct seuil_yaml_node *drop = seuil_yaml_find(node, "drop");
    const struct seuil_yaml_node *each = seuil_yaml_find(node, "each");
    struct seuil_map_variant variant = {.number = number, .kind = -1, .reason = ""};

    if (node->kind != SEUIL_YAML_MAPPING || !kind == !drop) {
        seuil_map_error(l, node, 0,
                        "each of events is a mapping with a kind: (page_view, email, form, "
                        "activity, profile, command), or with drop: and a reason");
        return;
    }
    if (kind && (variant.kind = load_kind(l, kind)) < 0)
        return;
    if (drop)
        load_drop(l, drop, &variant);
    check_variant_keys(l, node, variant.kind);
    if (when) {
        variant.has_when = true;
        variant.when = seuil_map_here(l);
        seuil_map_load_when(l, when);
        seuil_map_emit(l, SEUIL_MAP_END, 0);
    }
    if (each) {
        struct seuil_map_want *want = l->item;
        int64_t path = seuil_map_load_path(l, each, &want);

        variant.has_each = true;
        variant.each = path < 0 ? 0 : (uint32_t)path;
        l->item = want;
    }
    variant.start = seuil_map_here(l);
    if (variant.kind >= 0)
        load_fields(l, node, (enum seuil_kind)variant.kind, s, number);
    l->item = l->outer;
    seuil_map_push(l, &l->variants, &variant, sizeof(variant));
}
