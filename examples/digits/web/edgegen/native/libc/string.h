/* What the runtime needs of the C library's <string.h>, for a target that has none. */
#ifndef EDGEGEN_LIBC_STRING_H
#define EDGEGEN_LIBC_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);

#endif /* EDGEGEN_LIBC_STRING_H */
