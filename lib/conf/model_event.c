/* The events of tests: as in JSON, but written as YAML. */

#include <stdio.h>
#include <string.h>

#include "conf/model_read.h"
#include "conf/scalar.h"
#include "conf/suggest.h"

/* Keys of a step that belong to no kind. */
static bool is_of_step(const char *key)
{
    static const char *const keys[] = {"after", "après", "at",       "type",    "id",
                                       "lead",  "time",  "retracts", "consent", "expect"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

static bool read_text(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node,
                      const char *what, struct seuil_str *ret_text)
{
    struct seuil_str text;
    const char *copy;

    if (seuil_yaml_text(reader->model->doc, node, what, SEUIL_RECORD_BYTES_MAX, reader->model->errs,
                        &text))
        return false;
    copy = seuil_timeline_strdup(reader, text);
    if (copy)
        *ret_text = (struct seuil_str){copy, text.len};
    return copy != NULL;
}

/* As JSON would have it: 42 and true are no texts, unless the field is one. */
static bool read_value(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node,
                       const char *what, enum seuil_type type, struct seuil_value *ret_value)
{
    struct seuil_value value = {.type = SEUIL_TYPE_STRING};
    bool any = type == SEUIL_TYPE_NULL, wanted_number = type == SEUIL_TYPE_NUMBER;
    struct seuil_str text = seuil_yaml_str(node);

    if (node->kind != SEUIL_YAML_SCALAR) {
        seuil_model_error(reader->model, node, SEUIL_ERR_INVALID,
                          "%s must be one value, this is %s", what, seuil_yaml_kind_text(node));
        return false;
    }
    if (seuil_yaml_is_null(node)) {
        value.type = SEUIL_TYPE_NULL;
    } else if (type == SEUIL_TYPE_BOOL ||
               (any && node->plain &&
                (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0))) {
        value.type = SEUIL_TYPE_BOOL;
        if (seuil_yaml_bool(reader->model->doc, node, what, reader->model->errs, &value.b))
            return false;
    } else if ((any || wanted_number) && node->plain && seuil_int_parse(text, &value.i) == 0) {
        value.type = SEUIL_TYPE_INT;
    } else if ((any || wanted_number) && node->plain && seuil_number_parse(text, &value.d) == 0) {
        value.type = SEUIL_TYPE_DOUBLE;
    } else if (wanted_number) {
        seuil_model_error(reader->model, node, SEUIL_ERR_FORMAT,
                          "%s must be a number, not \"%.64s\"", what, node->text);
        return false;
    } else if (!read_text(reader, node, what, &value.s)) {
        return false;
    }
    *ret_value = value;
    return true;
}

static bool read_map(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node,
                     const char *what, struct seuil_event *event)
{
    struct seuil_entry *map;
    bool texts = event->kind == SEUIL_KIND_FORM;

    if (!seuil_model_mapping(reader->model, node, what))
        return false;
    if (node->count > SEUIL_MAP_ENTRIES_MAX) {
        seuil_model_error(reader->model, node, SEUIL_ERR_LIMIT, "more than %d entries",
                          SEUIL_MAP_ENTRIES_MAX);
        return false;
    }
    map = seuil_timeline_alloc(reader, node->count, sizeof(*map));
    if (!map)
        return false;
    event->map = map;
    for (uint32_t i = 0; i < node->count; i++) {
        const char *key = seuil_timeline_strdup(reader, seuil_yaml_str(&node->keys[i]));
        struct seuil_entry *entry = &map[event->map_count];

        if (!key || !read_value(reader, &node->items[i], node->keys[i].text,
                                texts ? SEUIL_TYPE_STRING : SEUIL_TYPE_NULL, &entry->value))
            return false;
        entry->key = (struct seuil_str){key, node->keys[i].len};
        /* A form's fields are texts, as the decoder has it: null is left out. */
        event->map_count += !texts || entry->value.type != SEUIL_TYPE_NULL;
    }
    return true;
}

static void unknown_field(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *key,
                          enum seuil_kind kind)
{
    const char *names[SEUIL_FIELD_COUNT + 16];
    uint32_t count = 0;
    char hint[400];

    for (int i = 0; i < SEUIL_FIELD_HOST; i++)
        if (seuil_field_of_kind((enum seuil_field)i, kind))
            names[count++] = seuil_field_name((enum seuil_field)i);
    if (seuil_kind_map_name(kind))
        names[count++] = seuil_kind_map_name(kind);
    names[count++] = "expect";
    names[count++] = "after";
    names[count++] = "lead";
    names[count++] = "time";
    seuil_model_error(reader->model, key, SEUIL_ERR_UNKNOWN, "%s events have no field \"%.64s\"%s",
                      seuil_kind_name(kind), key->text,
                      seuil_suggest_or_list(seuil_yaml_str(key), names, count, hint, sizeof(hint)));
}

static bool read_field(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *key,
                       const struct seuil_yaml_node *value, struct seuil_event *event)
{
    const char *map = seuil_kind_map_name(event->kind);
    int field = seuil_field_find(seuil_yaml_str(key));

    if (map && strcmp(key->text, map) == 0)
        return read_map(reader, value, map, event);
    if (field < 0 || field >= SEUIL_FIELD_HOST ||
        !seuil_field_of_kind((enum seuil_field)field, event->kind)) {
        unknown_field(reader, key, event->kind);
        return false;
    }
    return read_value(reader, value, key->text, seuil_field_type((enum seuil_field)field),
                      &event->field[field]);
}

/* `time:` the event's own: a time, or so long before the clock. */
static bool read_time(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node,
                      struct seuil_event *event)
{
    struct seuil_str text = seuil_yaml_str(node);
    int64_t back;

    if (node->kind == SEUIL_YAML_SCALAR && node->len > 1 && node->text[0] == '-' &&
        seuil_stretch_parse((struct seuil_str){text.ptr + 1, text.len - 1}, &back)) {
        event->time = reader->clock - back;
        return true;
    }
    return seuil_timeline_instant(reader, node, "time", &event->time);
}

/* What all kinds have. */
static bool read_head(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node,
                      struct seuil_event *event)
{
    const struct seuil_yaml_node *id = seuil_yaml_find(node, "id");
    const struct seuil_yaml_node *retracts = seuil_yaml_find(node, "retracts");
    const struct seuil_yaml_node *consent = seuil_yaml_find(node, "consent");
    const struct seuil_yaml_node *time = seuil_yaml_find(node, "time");
    char made[32];
    bool good = true;

    event->time = event->arrival = reader->clock;
    event->position.offset = reader->events++;
    snprintf(made, sizeof(made), "e%u", reader->events);
    if (id) {
        good = read_text(reader, id, "id", &event->id);
    } else {
        event->id = seuil_str_from(seuil_timeline_strdup(reader, seuil_str_from(made)));
    }
    if (retracts)
        good = read_text(reader, retracts, "retracts", &event->retracts) && good;
    if (consent) {
        event->consent.type = SEUIL_TYPE_BOOL;
        good = !seuil_yaml_bool(reader->model->doc, consent, "consent", reader->model->errs,
                                &event->consent.b) &&
               good;
    }
    if (time)
        good = read_time(reader, time, event) && good;
    return good;
}

const struct seuil_event *seuil_timeline_event(struct seuil_timeline_reader *reader,
                                               const struct seuil_yaml_node *node,
                                               const struct seuil_yaml_node *type)
{
    struct seuil_event *event = seuil_timeline_alloc(reader, 1, sizeof(*event));
    const char *names[SEUIL_KINDS], *field;
    struct seuil_str name;
    char hint[160];
    bool good;
    int kind;

    if (!event || seuil_yaml_text(reader->model->doc, type, "type", SEUIL_NAME_MAX,
                                  reader->model->errs, &name))
        return NULL;
    for (int i = 0; i < SEUIL_KINDS; i++)
        names[i] = seuil_kind_name((enum seuil_kind)i);
    kind = seuil_kind_find(name);
    if (kind < 0) {
        seuil_model_error(reader->model, type, SEUIL_ERR_UNKNOWN, "\"%.64s\" is no kind of event%s",
                          name.ptr,
                          seuil_suggest_or_list(name, names, SEUIL_KINDS, hint, sizeof(hint)));
        return NULL;
    }
    event->kind = (enum seuil_kind)kind;
    good = read_head(reader, node, event);
    for (uint32_t i = 0; i < node->count; i++)
        if (!is_of_step(node->keys[i].text))
            good = read_field(reader, &node->keys[i], &node->items[i], event) && good;
    seuil_event_derive(event);
    event->lead = SEUIL_STR("-"); /* the step says whose it is */
    if (good && seuil_event_check(event, &field)) {
        seuil_model_error(reader->model, node, SEUIL_ERR_LIMIT,
                          "\"%s\" of this event is missing or too long", field);
        good = false;
    }
    return good ? event : NULL;
}
