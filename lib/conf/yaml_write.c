/* A tree as text: YAML's flow style, in which JSON's quoted texts are texts too. */

#include "conf/yaml.h"

static bool is_word(const struct seuil_yaml_node *node)
{
    for (uint32_t i = 0; i < node->len; i++) {
        char c = node->text[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '.'))
            return false;
    }
    return node->plain && node->len > 0;
}

static void add_quoted(struct seuil_buf *out, const struct seuil_yaml_node *node)
{
    static const char hex[] = "0123456789abcdef";

    seuil_buf_add_byte(out, '"');
    for (uint32_t i = 0; i < node->len; i++) {
        uint8_t c = (uint8_t)node->text[i];

        if (c == '"' || c == '\\') {
            seuil_buf_add_byte(out, '\\');
            seuil_buf_add_byte(out, c);
        } else if (c < 0x20 || c == 0x7f) {
            uint8_t escape[] = {'\\', 'x', (uint8_t)hex[c >> 4], (uint8_t)hex[c & 15]};

            seuil_buf_add(out, escape, sizeof(escape));
        } else {
            seuil_buf_add_byte(out, c);
        }
    }
    seuil_buf_add_byte(out, '"');
}

int seuil_yaml_write(const struct seuil_yaml_node *node, struct seuil_buf *out)
{
    bool mapping = node->kind == SEUIL_YAML_MAPPING;

    if (node->kind == SEUIL_YAML_SCALAR) {
        if (seuil_yaml_is_null(node))
            seuil_buf_add_text(out, "null");
        else if (is_word(node))
            seuil_buf_add(out, node->text, node->len);
        else
            add_quoted(out, node);
        return out->failed;
    }
    seuil_buf_add_byte(out, mapping ? '{' : '[');
    for (uint32_t i = 0; i < node->count; i++) {
        if (i)
            seuil_buf_add_text(out, ", ");
        if (mapping) {
            seuil_yaml_write(&node->keys[i], out);
            seuil_buf_add_text(out, ": ");
        }
        seuil_yaml_write(&node->items[i], out);
    }
    return seuil_buf_add_byte(out, mapping ? '}' : ']');
}
