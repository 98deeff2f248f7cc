#include "store/greeting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/conn.h"

enum step { AUTH, SELECT, SERVER, MEMORY, BEGIN, END, STEPS };

static bool step_used(const struct seuil_link *link, enum step step)
{
    return step == AUTH ? link->config.password != NULL : step != SELECT || link->config.db != 0;
}

static void step_write(const struct seuil_link *link, enum step step, struct seuil_buf *out)
{
    switch (step) {
    case AUTH:
        seuil_resp_command(out, 3);
        seuil_resp_arg_text(out, "AUTH");
        seuil_resp_arg_text(out, link->config.user ? link->config.user : "default");
        seuil_resp_arg_text(out, link->config.password);
        break;
    case SELECT:
        seuil_resp_command(out, 2);
        seuil_resp_arg_text(out, "SELECT");
        seuil_resp_arg_u64(out, link->config.db);
        break;
    case SERVER:
    case MEMORY:
        seuil_resp_command(out, 2);
        seuil_resp_arg_text(out, "INFO");
        seuil_resp_arg_text(out, step == SERVER ? "server" : "memory");
        break;
    default: /* an empty transaction: MULTI refused later would run its commands unguarded */
        seuil_resp_command(out, 1);
        seuil_resp_arg_text(out, step == BEGIN ? "MULTI" : "EXEC");
    }
}

uint32_t seuil_greeting_write(const struct seuil_link *link, struct seuil_buf *out)
{
    uint32_t count = 0;

    for (int step = AUTH; step < STEPS; step++) {
        if (!step_used(link, step))
            continue;
        step_write(link, step, out);
        count++;
    }
    return count;
}

/* The value after "name:" at the start of a line of INFO. */
static struct seuil_str info_value(struct seuil_str info, const char *name)
{
    size_t len = strlen(name);
    const char *end = info.ptr + info.len;

    for (const char *line = info.ptr; line && line < end;) {
        const char *stop = memchr(line, '\r', (size_t)(end - line));

        stop = stop ? stop : end;
        if ((size_t)(stop - line) > len && memcmp(line, name, len) == 0 && line[len] == ':')
            return (struct seuil_str){line + len + 1, (uint32_t)(stop - line - len - 1)};
        line = stop < end ? stop + 1 : end;
        line += line < end && *line == '\n';
    }
    return (struct seuil_str){NULL, 0};
}

static int check_version(const struct seuil_link *link, struct seuil_str info, char *why,
                         size_t why_cap)
{
    struct seuil_str value = info_value(info, "redis_version");
    char text[32];
    unsigned major, minor;

    snprintf(text, sizeof(text), "%.*s", (int)(value.len < 31 ? value.len : 31),
             value.ptr ? value.ptr : "");
    if (sscanf(text, "%u.%u", &major, &minor) == 2 && (major > 6 || (major == 6 && minor >= 2)))
        return 0;
    snprintf(why, why_cap,
             "Redis at %s is version '%s', 6.2 or later is needed (7.0 is recommended): upgrade it",
             link->where, text);
    return SEUIL_ERR_UNSUPPORTED;
}

static int check_policy(const struct seuil_link *link, struct seuil_str info, char *why,
                        size_t why_cap)
{
    struct seuil_str value = info_value(info, "maxmemory_policy");

    if (seuil_str_eq(value, SEUIL_STR("noeviction")))
        return 0;
    snprintf(why, why_cap,
             "Redis at %s has maxmemory-policy '%.*s' and would drop leads when memory is short: "
             "set it to noeviction (redis-cli CONFIG SET maxmemory-policy noeviction, and in its "
             "configuration file)",
             link->where, (int)(value.len < 32 ? value.len : 32), value.ptr ? value.ptr : "");
    return SEUIL_ERR_UNSUPPORTED;
}

static int refused(const struct seuil_link *link, enum step step, struct seuil_str text, char *why,
                   size_t why_cap)
{
    static const char *const names[STEPS] = {"AUTH", "SELECT", "INFO", "INFO", "MULTI", "EXEC"};

    snprintf(why, why_cap, "Redis at %s refused %s: %.*s", link->where, names[step],
             (int)(text.len < 160 ? text.len : 160), text.ptr);
    return seuil_redis_error_passes(text) ? SEUIL_ERR_BACKOFF : SEUIL_ERR_UNSUPPORTED;
}

int seuil_greeting_check(const struct seuil_link *link, uint32_t index,
                         const struct seuil_reply *reply, char *why, size_t why_cap)
{
    enum step step = AUTH;

    for (uint32_t left = index;; step++) {
        if (step_used(link, step) && left-- == 0)
            break;
    }
    if (reply->type == SEUIL_REPLY_ERROR)
        return refused(link, step, reply->text, why, why_cap);
    if (reply->type == SEUIL_REPLY_STRING && step == SERVER)
        return check_version(link, reply->text, why, why_cap);
    if (reply->type == SEUIL_REPLY_STRING && step == MEMORY)
        return check_policy(link, reply->text, why, why_cap);
    if ((step == END && reply->type == SEUIL_REPLY_ARRAY) ||
        (step != END && reply->type == SEUIL_REPLY_STATUS))
        return 0;
    snprintf(why, why_cap, "what answers at %s is no Redis server: check host and port",
             link->where);
    return SEUIL_ERR_UNSUPPORTED;
}
