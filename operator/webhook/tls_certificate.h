/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_WEBHOOK_TLS_CERTIFICATE_H
#define PALE_WEBHOOK_TLS_CERTIFICATE_H

/* A certificate, what has signed it, and its key, as a TLS server hands them to GnuTLS. */

#include "compiler/base/error.h"

#include <gnutls/abstract.h>
#include <stddef.h>
#include <time.h>

#define TLS_CHAIN_MAX 4

struct tls_certificate {
	gnutls_pcert_st chain[TLS_CHAIN_MAX];
	unsigned n_chain;
	gnutls_privkey_t key;
	time_t not_after;
};

/* From PEM. -EINVAL: one of them is none, or they do not belong together. To be freed. */
int tls_certificate_read(
	const char *chain, const char *key, struct tls_certificate **ret, struct pale_err **err);
void tls_certificate_free(struct tls_certificate *c);

#endif
