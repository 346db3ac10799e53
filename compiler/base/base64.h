/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_BASE_BASE64_H
#define PALE_BASE_BASE64_H

#include <stddef.h>

/* RFC 4648, section 4, with padding; malloc-ed. */
char *base64_encode(const void *bytes, size_t len);

#endif
