#include "core/command.h"

#include <math.h>
#include <string.h>

#include "core/condition.h"
#include "core/engine.h"
#include "core/rule_eval.h"
#include "core/time_text.h"

/* A number, or a text that is one: the arguments of some senders are all texts. */
static bool read_number(const struct seuil_value *value, double *ret_number)
{
    if (value->type == SEUIL_TYPE_INT)
        *ret_number = (double)value->i;
    else if (value->type == SEUIL_TYPE_DOUBLE)
        *ret_number = value->d;
    else if (value->type != SEUIL_TYPE_STRING || !seuil_text_number(value->s, ret_number))
        return false;
    *ret_number += 0.0; /* no -0 */
    return isfinite(*ret_number);
}

static bool read_until(const struct seuil_value *value, seuil_time_ms *ret_until)
{
    double number;

    if (value->type == SEUIL_TYPE_STRING && seuil_time_parse(value->s, ret_until) == 0)
        return true;
    if (!read_number(value, &number) || fabs(number) > (double)SEUIL_TIME_BOUND_MS)
        return false;
    *ret_until = (seuil_time_ms)number;
    return true;
}

/* At most SEUIL_NOTE_MAX bytes, not cut within a character of UTF-8. */
static uint8_t copy_note(const struct seuil_value *value, char *note)
{
    uint32_t len;

    if (value->type != SEUIL_TYPE_STRING)
        return 0;
    len = value->s.len;
    if (len > SEUIL_NOTE_MAX) {
        len = SEUIL_NOTE_MAX;
        while (len > 0 && ((uint8_t)value->s.ptr[len] & 0xc0) == 0x80)
            len--;
    }
    if (len)
        memcpy(note, value->s.ptr, len);
    return (uint8_t)len;
}

static enum seuil_command read_adjust(const struct seuil_event *event, seuil_time_ms time,
                                      struct seuil_adjustment *adjustment)
{
    const struct seuil_value *points = seuil_event_entry(event, SEUIL_STR("points"));
    const struct seuil_value *until = seuil_event_entry(event, SEUIL_STR("until"));

    if (!points || !read_number(points, &adjustment->points) || fabs(adjustment->points) > 1e9)
        return SEUIL_COMMAND_MALFORMED;
    adjustment->until = SEUIL_TIME_NEVER;
    if (until && (!read_until(until, &adjustment->until) || adjustment->until <= time ||
                  adjustment->until > SEUIL_TIME_BOUND_MS))
        return SEUIL_COMMAND_MALFORMED;
    adjustment->author_len = copy_note(&event->field[SEUIL_FIELD_AUTHOR], adjustment->author);
    adjustment->reason_len = copy_note(&event->field[SEUIL_FIELD_REASON], adjustment->reason);
    return SEUIL_COMMAND_ADJUST;
}

/* Minutes since 1970, rounded up. */
static bool read_mute(const struct seuil_event *event, seuil_time_ms time, uint32_t *ret_minutes)
{
    const struct seuil_value *until = seuil_event_entry(event, SEUIL_STR("until"));
    seuil_time_ms end, minutes;

    *ret_minutes = 0;
    if (!until)
        return true;
    if (!read_until(until, &end) || end <= time)
        return false;
    minutes = (end + SEUIL_MINUTE_MS - 1) / SEUIL_MINUTE_MS;
    if (minutes <= 0 || minutes > UINT32_MAX)
        return false;
    *ret_minutes = (uint32_t)minutes;
    return true;
}

static enum seuil_command find(struct seuil_str name)
{
    static const struct {
        const char *name;
        enum seuil_command command;
    } commands[] = {
        {"adjust", SEUIL_COMMAND_ADJUST},   {"forget", SEUIL_COMMAND_FORGET},
        {"recycle", SEUIL_COMMAND_RECYCLE}, {"convert", SEUIL_COMMAND_CONVERT},
        {"reopen", SEUIL_COMMAND_REOPEN},   {"disqualify", SEUIL_COMMAND_DISQUALIFY},
    };

    for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (seuil_str_eq(name, seuil_str_from(commands[i].name)))
            return commands[i].command;
    return SEUIL_COMMAND_UNSUPPORTED;
}

enum seuil_command seuil_command_read(const struct seuil_event *event, seuil_time_ms time,
                                      struct seuil_adjustment *ret_adjustment)
{
    const struct seuil_value *name = &event->field[SEUIL_FIELD_NAME];
    enum seuil_command command;
    uint32_t minutes;

    if (name->type != SEUIL_TYPE_STRING || name->s.len == 0)
        return SEUIL_COMMAND_MALFORMED;
    command = find(name->s);
    if (command == SEUIL_COMMAND_ADJUST)
        return read_adjust(event, time, ret_adjustment);
    if (command == SEUIL_COMMAND_RECYCLE && !read_mute(event, time, &minutes))
        return SEUIL_COMMAND_MALFORMED;
    return command;
}

uint32_t seuil_command_operand(const struct seuil_models *models, const struct seuil_rule *rule,
                               const struct seuil_event *event)
{
    const struct seuil_model *model = &models->models[rule->model];
    const struct seuil_value *value;
    uint32_t minutes;

    if (rule->role == SEUIL_ROLE_RECYCLE)
        return read_mute(event, SEUIL_TIME_NONE, &minutes) ? minutes : 0;
    if (event->kind == SEUIL_KIND_COMMAND) {
        switch (find(event->field[SEUIL_FIELD_NAME].s)) {
        case SEUIL_COMMAND_CONVERT:
            return seuil_status_hash(SEUIL_STR(SEUIL_STATUS_CUSTOMER));
        case SEUIL_COMMAND_DISQUALIFY:
            return seuil_status_hash(SEUIL_STR(SEUIL_STATUS_DISQUALIFIED));
        default:
            return 0;
        }
    }
    if (model->status_attribute < 0)
        return 0;
    value =
        seuil_event_entry(event, seuil_str_from(models->attributes[model->status_attribute].name));
    return value && value->type == SEUIL_TYPE_STRING ? seuil_status_hash(value->s) : 0;
}

bool seuil_command_forgets(const struct seuil_models *models, const struct seuil_event *event)
{
    const struct seuil_value *name = &event->field[SEUIL_FIELD_NAME];

    if (models->consent && event->consent.type == SEUIL_TYPE_BOOL && !event->consent.b)
        return true;
    return event->kind == SEUIL_KIND_COMMAND && event->retracts.len == 0 &&
           name->type == SEUIL_TYPE_STRING && find(name->s) == SEUIL_COMMAND_FORGET;
}

bool seuil_merge_read(const struct seuil_event *event, struct seuil_merge *ret_merge)
{
    const struct seuil_value *name = &event->field[SEUIL_FIELD_NAME];
    const struct seuil_value *into, *by;

    if (event->kind != SEUIL_KIND_COMMAND || event->retracts.len > 0 ||
        name->type != SEUIL_TYPE_STRING || !seuil_str_eq(name->s, SEUIL_STR("merge")))
        return false;
    *ret_merge = (struct seuil_merge){0};
    into = seuil_event_entry(event, SEUIL_STR("into"));
    if (into && into->type == SEUIL_TYPE_STRING && into->s.len <= SEUIL_ID_MAX)
        ret_merge->into = into->s;
    by = seuil_event_entry(event, SEUIL_STR("by"));
    ret_merge->by_browser =
        by && by->type == SEUIL_TYPE_STRING && seuil_str_eq(by->s, SEUIL_STR("browser"));
    return true;
}
