/* What the kinds of registries share. */

#ifndef SEUIL_REGISTRY_INT_H
#define SEUIL_REGISTRY_INT_H

#include "registry/registry.h"

struct seuil_registry {
    int (*schema)(struct seuil_registry *registry, const struct seuil_schema_ref *ref,
                  struct seuil_buf *ret_text, struct seuil_error *err);
    int (*enlist)(struct seuil_registry *registry, const char *subject, struct seuil_str text,
                  uint32_t *ret_id, struct seuil_error *err);
    void (*free)(struct seuil_registry *registry);
};

#endif
