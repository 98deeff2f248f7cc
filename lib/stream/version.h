/* The versions of the libraries that this folder alone uses. */

#ifndef SEUIL_STREAM_VERSION_H
#define SEUIL_STREAM_VERSION_H

/* "name version, name version" into @out of @cap bytes; returns @out. */
const char *seuil_stream_version(char *out, unsigned long cap);

#endif
