/* The versions of the libraries that this folder alone uses. */

#ifndef SEUIL_ADMIN_VERSION_H
#define SEUIL_ADMIN_VERSION_H

/* "name version" into @out of @cap bytes; returns @out. */
const char *seuil_admin_version(char *out, unsigned long cap);

#endif
