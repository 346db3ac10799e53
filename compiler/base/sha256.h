/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_BASE_SHA256_H
#define PALE_BASE_SHA256_H

/* SHA-256 (FIPS 180-4): names artefacts by their content. Nothing secret goes through it. */

#include <stddef.h>
#include <stdint.h>

void sha256(const void *bytes, size_t len, uint8_t digest[32]);
/* Lower case, NUL-terminated. */
void sha256_hex(const void *bytes, size_t len, char hex[65]);

#endif
