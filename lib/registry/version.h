/* The versions of the libraries that this folder alone uses. */

#ifndef SEUIL_REGISTRY_VERSION_H
#define SEUIL_REGISTRY_VERSION_H

/* "name version" into @out of @cap bytes; returns @out. */
const char *seuil_registry_version(char *out, unsigned long cap);

#endif
