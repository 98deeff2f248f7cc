/* A schema registry: texts by the references that records carry, and the id of a text of ours.
 *
 * Behind one interface are the REST interface of Confluent's Schema Registry (and of those that
 * speak it), Apicurio's own for its numbers, and a folder of files. Calls block, up to the time-out
 * for each URL: they belong to a thread that nobody waits for. One thread uses a registry. */

#ifndef SEUIL_REGISTRY_REGISTRY_H
#define SEUIL_REGISTRY_REGISTRY_H

#include "base/arena.h"
#include "base/str.h"
#include "codec/framing.h"
#include "registry/http.h"

#define SEUIL_REGISTRY_URLS_MAX 8

struct seuil_registry;

/* Of servers: @urls, parted by commas, are tried in turn, from the one that answered last. Takes
 * @http over, also when it fails. NULL and @err. */
struct seuil_registry *seuil_registry_new(const char *urls, struct seuil_http *http,
                                          struct seuil_error *err);

/* Of files: "7.avsc" for id 7 (also Apicurio's numbers), "2b6f….avsc" for a GUID; a fingerprint is
 * looked for in all that end in .avsc. The folder is read anew for each question, so a file that is
 * put there later is found. NULL and @err: not a folder. */
struct seuil_registry *seuil_registry_directory_new(const char *path, struct seuil_error *err);

void seuil_registry_free(struct seuil_registry *registry);

/* The schema that @ref names, with what it refers to put into it, into @ret_text. 0; or a code and
 * a sentence in @err:
 *   SEUIL_ERR_BACKOFF      no answer, or none that says anything of this schema: ask again later
 *   SEUIL_ERR_MISSING      the registry itself says that there is no such schema
 *   SEUIL_ERR_UNSUPPORTED  it is no Avro, or this registry has no such references
 *   SEUIL_ERR_FORMAT, SEUIL_ERR_LIMIT  it cannot be used, now and later
 *   SEUIL_ERR_NOMEM */
int seuil_registry_schema(struct seuil_registry *registry, const struct seuil_schema_ref *ref,
                          struct seuil_buf *ret_text, struct seuil_error *err);

/* The id of @text under @subject, registered when it is not there yet. SEUIL_ERR_INVALID: the
 * registry refuses it (not compatible with what is there), SEUIL_ERR_BACKOFF, SEUIL_ERR_UNSUPPORTED
 * for a folder. */
int seuil_registry_register(struct seuil_registry *registry, const char *subject,
                            struct seuil_str text, uint32_t *ret_id, struct seuil_error *err);

#endif
