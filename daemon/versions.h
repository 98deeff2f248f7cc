/* Which versions of which libraries run here, and what they can. */

#ifndef SEUIL_VERSIONS_H
#define SEUIL_VERSIONS_H

#include <stdio.h>

/* "seuild 0.1.0" and a line for each library whose version is told at run time. */
void seuil_versions_print(FILE *out, const char *program);

#endif
