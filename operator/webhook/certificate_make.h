/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_WEBHOOK_CERTIFICATE_MAKE_H
#define PALE_WEBHOOK_CERTIFICATE_MAKE_H

#include "operator/webhook/certificates.h"

/* Certificates are valid from an hour before they were made, for clocks that are late. */
#define CERTIFICATE_BACKDATE_S ((time_t)60 * 60)

/* An authority that signs itself and servers, no other authorities. -EIO; @ret is then empty. */
int certificate_make_authority(
	time_t now, time_t life_s, struct certificate_pair *ret, struct pale_err **err);
/* A server's, of the @n of @names, for no longer than its authority's. The same. */
int certificate_make_server(const struct certificate_pair *authority, const char *const *names,
	size_t n, time_t now, time_t life_s, struct certificate_pair *ret, struct pale_err **err);

/* What is asked of a certificate when it may be another's work. */
struct certificate_facts {
	bool usable; /* it is one, and the key is its own */
	time_t made, ends;
};

void certificate_facts_read(const struct certificate_pair *pair, struct certificate_facts *ret);
/* The authority has signed it, whenever. */
bool certificate_is_signed_by(
	const struct certificate_pair *pair, const struct certificate_pair *authority);
/* It is for each of the names. */
bool certificate_is_for(const struct certificate_pair *pair, const char *const *names, size_t n);
void certificate_pair_release(struct certificate_pair *pair);

#endif
