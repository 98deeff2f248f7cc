/* The table of keys as a JSON Schema. Draft 7: what the YAML servers of editors know best. */

#include "conf/model_keys.h"
#include "core/event.h"

#define ALTERNATIVES_MAX 12

static void write_shape(struct seuil_buf *out, struct seuil_str shape);

static void add_str(struct seuil_buf *out, struct seuil_str text)
{
    seuil_buf_add(out, text.ptr, text.len);
}

/* Texts of the table: of JSON's special characters they have quotes at most. */
static void add_quoted(struct seuil_buf *out, struct seuil_str text)
{
    seuil_buf_add_byte(out, '"');
    for (uint32_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\')
            seuil_buf_add_byte(out, '\\');
        seuil_buf_add_byte(out, (uint8_t)text.ptr[i]);
    }
    seuil_buf_add_byte(out, '"');
}

static struct seuil_str trim(struct seuil_str text)
{
    while (text.len && text.ptr[0] == ' ') {
        text.ptr++;
        text.len--;
    }
    while (text.len && text.ptr[text.len - 1] == ' ')
        text.len--;
    return text;
}

/* Split at the bars that stand in no bracket. */
static uint32_t split(struct seuil_str shape, struct seuil_str parts[ALTERNATIVES_MAX])
{
    uint32_t count = 0, begin = 0, depth = 0;

    for (uint32_t i = 0; i <= shape.len; i++) {
        char c = i < shape.len ? shape.ptr[i] : '|';

        depth += c == '[' || c == '{';
        depth -= c == ']' || c == '}';
        if (c != '|' || depth > 0 || count == ALTERNATIVES_MAX)
            continue;
        parts[count++] = trim((struct seuil_str){shape.ptr + begin, i - begin});
        begin = i + 1;
    }
    return count;
}

static void write_scalar(struct seuil_buf *out, struct seuil_str name)
{
    static const struct {
        const char *name, *schema;
    } scalars[] = {
        {"text", "{\"type\":[\"string\",\"number\",\"boolean\"]}"},
        {"name", "{\"type\":[\"string\",\"number\",\"boolean\"],\"minLength\":1}"},
        {"label", "{\"type\":[\"string\",\"number\"],\"minLength\":1}"},
        {"number", "{\"type\":\"number\"}"},
        {"integer", "{\"type\":\"integer\"}"},
        {"boolean", "{\"type\":\"boolean\"}"},
        {"duration",
         "{\"type\":[\"string\",\"integer\"],\"pattern\":\"^[0-9][0-9_]* ?(ms|s|m|h|d|w)$|^0$\"}"},
        {"percent", "{\"type\":[\"string\",\"number\"]}"},
        {"zone", "{\"type\":\"string\"}"},
        {"time", "{\"type\":[\"string\",\"number\"]}"},
        {"value", "{\"type\":[\"string\",\"number\",\"boolean\"]}"},
        {"null", "{\"type\":\"null\"}"},
    };

    for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++)
        if (seuil_str_eq(name, seuil_str_from(scalars[i].name))) {
            seuil_buf_add_text(out, scalars[i].schema);
            return;
        }
    /* A section, or condition, or test. */
    seuil_buf_add_text(out, "{\"$ref\":\"#/definitions/");
    add_str(out, name);
    seuil_buf_add_text(out, "\"}");
}

static void write_part(struct seuil_buf *out, struct seuil_str part)
{
    struct seuil_str within = {part.ptr + 1, part.len > 2 ? part.len - 2 : 0};

    if (part.ptr[0] == '[') {
        seuil_buf_add_text(out, "{\"type\":\"array\",\"items\":");
        write_shape(out, within);
        seuil_buf_add_byte(out, '}');
    } else if (part.ptr[0] == '{') {
        seuil_buf_add_text(out, "{\"type\":\"object\",\"additionalProperties\":");
        write_shape(out, within);
        seuil_buf_add_byte(out, '}');
    } else {
        write_scalar(out, part);
    }
}

/* The words among the parts, as one list. */
static void write_words(struct seuil_buf *out, const struct seuil_str *parts, uint32_t count)
{
    bool first = true;

    seuil_buf_add_text(out, "{\"enum\":[");
    for (uint32_t i = 0; i < count; i++) {
        struct seuil_str word = {parts[i].ptr + 1, parts[i].len - 1};

        if (parts[i].ptr[0] != '=')
            continue;
        if (!first)
            seuil_buf_add_byte(out, ',');
        first = false;
        if (word.ptr[0] >= '0' && word.ptr[0] <= '9')
            add_str(out, word);
        else
            add_quoted(out, word);
    }
    seuil_buf_add_text(out, "]}");
}

static void write_shape(struct seuil_buf *out, struct seuil_str shape)
{
    struct seuil_str parts[ALTERNATIVES_MAX];
    uint32_t count = split(shape, parts), words = 0, kinds;

    for (uint32_t i = 0; i < count; i++)
        words += parts[i].ptr[0] == '=';
    kinds = count - words + (words > 0);
    if (kinds > 1)
        seuil_buf_add_text(out, "{\"anyOf\":[");
    if (words)
        write_words(out, parts, count);
    for (uint32_t i = 0, n = words > 0; i < count; i++) {
        if (parts[i].ptr[0] == '=')
            continue;
        if (n++)
            seuil_buf_add_byte(out, ',');
        write_part(out, parts[i]);
    }
    if (kinds > 1)
        seuil_buf_add_text(out, "]}");
}

/* Draft 7 looks at nothing beside a $ref, so the description is wrapped around. */
static void write_key(struct seuil_buf *out, struct seuil_str key, struct seuil_str doc,
                      struct seuil_str shape)
{
    seuil_buf_add_text(out, "\n        ");
    add_quoted(out, key);
    seuil_buf_add_text(out, ":{\"description\":");
    add_quoted(out, doc);
    seuil_buf_add_text(out, ",\"allOf\":[");
    write_shape(out, shape);
    seuil_buf_add_text(out, "]}");
}

/* A step has the fields of all kinds of events beside its own keys. */
static void write_fields(struct seuil_buf *out)
{
    for (int i = 0; i < SEUIL_FIELD_HOST; i++) {
        enum seuil_type type = seuil_field_type((enum seuil_field)i);

        seuil_buf_add_byte(out, ',');
        write_key(out, seuil_str_from(seuil_field_name((enum seuil_field)i)),
                  SEUIL_STR("A field of the event."),
                  type == SEUIL_TYPE_NUMBER ? SEUIL_STR("number | null")
                  : type == SEUIL_TYPE_BOOL ? SEUIL_STR("boolean | null")
                                            : SEUIL_STR("text | null"));
    }
}

static void write_section(struct seuil_buf *out, enum seuil_section section)
{
    uint32_t count, n = 0;
    const struct seuil_model_key *keys = seuil_keys_all(&count);

    seuil_buf_add_text(out, "    ");
    add_quoted(out, seuil_str_from(seuil_section_id(section)));
    seuil_buf_add_text(out, ":{\"type\":\"object\",\"description\":");
    add_quoted(out, seuil_str_from(seuil_section_doc(section)));
    seuil_buf_add_text(out, ",\n      \"additionalProperties\":false,\"required\":[");
    for (uint32_t i = 0; i < count; i++)
        if (keys[i].section == section && keys[i].need == SEUIL_NEED_NEEDED) {
            if (n++)
                seuil_buf_add_byte(out, ',');
            add_quoted(out, seuil_str_from(keys[i].key));
        }
    seuil_buf_add_text(out, "],\n      \"properties\":{");
    n = 0;
    for (uint32_t i = 0; i < count; i++)
        if (keys[i].section == section && keys[i].need != SEUIL_NEED_LATER) {
            if (n++)
                seuil_buf_add_byte(out, ',');
            write_key(out, seuil_str_from(keys[i].key), seuil_str_from(keys[i].doc),
                      seuil_str_from(keys[i].shape));
        }
    if (section == SEUIL_SECTION_STEP)
        write_fields(out);
    seuil_buf_add_text(out, "}},\n");
}

void seuil_model_schema_write(struct seuil_buf *out)
{
    seuil_buf_add_text(out, "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\n"
                            "  \"title\":\"Scoring model of Seuil\",\n"
                            "  \"allOf\":[{\"$ref\":\"#/definitions/MODEL\"}],\n"
                            "  \"definitions\":{\n");
    for (int i = 0; i < SEUIL_SECTIONS; i++)
        write_section(out, (enum seuil_section)i);
    seuil_buf_add_text(
        out, "    \"condition\":{\"type\":\"object\",\"minProperties\":1,\"description\":"
             "\"Fields and what they must be; all of them must hold.\",\n"
             "      \"properties\":{\n"
             "        \"all\":{\"type\":\"array\",\"minItems\":1,\"items\":{\"$ref\":"
             "\"#/definitions/condition\"}},\n"
             "        \"any\":{\"type\":\"array\",\"minItems\":1,\"items\":{\"$ref\":"
             "\"#/definitions/condition\"}},\n"
             "        \"not\":{\"$ref\":\"#/definitions/condition\"}},\n"
             "      \"additionalProperties\":{\"$ref\":\"#/definitions/test\"}},\n"
             "    \"test\":{\"anyOf\":[{\"type\":[\"string\",\"number\",\"boolean\"]},"
             "{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":[\"string\",\"number\","
             "\"boolean\"]}},{\"$ref\":\"#/definitions/TEST\"}]}}}\n");
}
