/* Does a condition hold? The plain walk of its tree. */

#ifndef SEUIL_CORE_RULE_EVAL_H
#define SEUIL_CORE_RULE_EVAL_H

#include "core/condition.h"

/* The matcher of regular expressions, see struct seuil_rule_index. */
struct seuil_regex_use {
    int (*match)(void *context, const struct seuil_regex *regex, struct seuil_str subject);
    void *context;
    uint64_t failures; /* gave up at a limit: counted, and no match */
};

/* Whether @condition (NULL: always) holds for @event, or for the attributes in @values. Only the
 * one that the condition's fields ask for is looked at. */
bool seuil_condition_holds(const struct seuil_condition *condition, struct seuil_regex_use *regex,
                           const struct seuil_event *event, const struct seuil_value *values);

/* Whether the event's map has an entry of that name, null or not. */
bool seuil_event_names(const struct seuil_event *event, const char *key);

/* The value of an entry of the event's map that is not null, or NULL. */
const struct seuil_value *seuil_event_entry(const struct seuil_event *event, struct seuil_str key);

#endif
