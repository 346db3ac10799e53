/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_WEBHOOK_CERTIFICATES_H
#define PALE_WEBHOOK_CERTIFICATES_H

/*
 * The webhook's certificate, and the authority of its own that the API server is told to believe.
 * Nothing here reads a clock or writes anything: the controller keeps it in a Secret, the bundle in
 * the webhook configurations' caBundle, and asks hourly what is to be renewed.
 *
 * An authority lives a year, a certificate 90 days, and each is replaced when two thirds of that
 * are over. A new authority is believed for a day before it signs what is served, and the one
 * before for a day longer than the last certificate that it signed was served: so every API server
 * knows the authority of whatever a webhook shows it, as long as both hear of changes within a day.
 *
 * Keys are of ECDSA on P-256. All text is PEM.
 */

#include "compiler/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct certificate_pair {
	char *certificate; /* NULL: there is none */
	char *key;
};

struct webhook_certificates {
	struct certificate_pair authority;
	struct certificate_pair next; /* the authority that follows; believed already */
	struct certificate_pair server;
};

#define CERTIFICATE_OVERLAP_S ((time_t)24 * 60 * 60)

/*
 * Renews what is to be renewed at @now, or is not there, or is of no use: not PEM, without its key,
 * of another time, or for other names than the @n of @names (the Service's:
 * pale-webhook.NAMESPACE.svc).
 * *@changed: whether anything is not what it was. -EIO: GnuTLS fails; then nothing has changed.
 */
int webhook_certificates_renew(struct webhook_certificates *c, const char *const *names, size_t n,
	time_t now, bool *changed, struct pale_err **err);
/* All authorities that are to be believed, for caBundle. To be freed; "" when there is none. */
char *webhook_certificates_bundle(const struct webhook_certificates *c);

/*
 * The members of a Secret's data, each in base64: tls.crt, tls.key, ca.crt, ca.key, next-ca.crt and
 * next-ca.key. What is not base64 is as if it were not there.
 */
json_t *webhook_certificates_to_secret(const struct webhook_certificates *c);
void webhook_certificates_from_secret(const json_t *data, struct webhook_certificates *ret);
/* Overwrites the keys. */
void webhook_certificates_release(struct webhook_certificates *c);

#endif
