/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/webhook/certificates.h"

#include "compiler/base/base64.h"
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "operator/memory.h"
#include "operator/webhook/certificate_make.h"

#include <errno.h>
#include <gnutls/gnutls.h>

#define DAY_S		 ((time_t)24 * 60 * 60)
#define AUTHORITY_LIFE_S (365 * DAY_S)
#define SERVER_LIFE_S	 (90 * DAY_S)

/* What is at hand while it is being renewed: of the caller's nothing changes before the end. */
struct renewal {
	struct webhook_certificates c;
	const char *const *names;
	size_t n_names;
	time_t now;
};

static struct certificate_pair copy(const struct certificate_pair *pair)
{
	return (struct certificate_pair){ memory_string(pair->certificate),
		memory_string(pair->key) };
}

/* One that was made later than now is of a clock that was wrong. */
static bool is_in_time(const struct certificate_facts *f, time_t now)
{
	return f->usable && f->made <= now + CERTIFICATE_BACKDATE_S && now < f->ends;
}

static bool is_old(const struct certificate_facts *f, time_t now)
{
	return now - f->made >= (f->ends - f->made) / 3 * 2;
}

static void replace(struct certificate_pair *pair, struct certificate_pair by)
{
	certificate_pair_release(pair);
	*pair = by;
}

/* Afterwards there is one authority that can sign, and perhaps the next. */
static int renew_authorities(struct renewal *r, struct pale_err **err)
{
	struct certificate_facts authority, next;
	struct certificate_pair made;

	certificate_facts_read(&r->c.authority, &authority);
	certificate_facts_read(&r->c.next, &next);
	if (!is_in_time(&next, r->now))
		certificate_pair_release(&r->c.next);
	if (!is_in_time(&authority, r->now)) {
		/* Nothing that is in time can have been signed by it. */
		if (r->c.next.certificate) {
			replace(&r->c.authority, r->c.next);
			r->c.next = (struct certificate_pair){ 0 };
			return 0;
		}
		if (certificate_make_authority(r->now, AUTHORITY_LIFE_S, &made, err) < 0)
			return -EIO;
		replace(&r->c.authority, made);
		return 0;
	}
	if (r->c.next.certificate || !is_old(&authority, r->now))
		return 0;
	return certificate_make_authority(r->now, AUTHORITY_LIFE_S, &r->c.next, err);
}

static const struct certificate_pair *signer(const struct renewal *r)
{
	struct certificate_facts next;

	certificate_facts_read(&r->c.next, &next);
	return next.usable && r->now - next.made >= CERTIFICATE_OVERLAP_S ? &r->c.next
									  : &r->c.authority;
}

static int renew_server(struct renewal *r, struct pale_err **err)
{
	const struct certificate_pair *by = signer(r);
	struct certificate_facts server;
	struct certificate_pair made;

	certificate_facts_read(&r->c.server, &server);
	if (is_in_time(&server, r->now) && !is_old(&server, r->now) &&
		certificate_is_signed_by(&r->c.server, by) &&
		certificate_is_for(&r->c.server, r->names, r->n_names))
		return 0;
	if (certificate_make_server(by, r->names, r->n_names, r->now, SERVER_LIFE_S, &made, err) <
		0)
		return -EIO;
	replace(&r->c.server, made);
	return 0;
}

/* The next authority becomes the only one when nothing of the one before is served any more. */
static void retire_authority(struct renewal *r)
{
	struct certificate_facts server;

	certificate_facts_read(&r->c.server, &server);
	if (!r->c.next.certificate || !certificate_is_signed_by(&r->c.server, &r->c.next) ||
		r->now - server.made < CERTIFICATE_OVERLAP_S)
		return;
	replace(&r->c.authority, r->c.next);
	r->c.next = (struct certificate_pair){ 0 };
}

static bool same(const struct certificate_pair *a, const struct certificate_pair *b)
{
	return strcmp(a->certificate ? a->certificate : "", b->certificate ? b->certificate : "") ==
		       0 &&
	       strcmp(a->key ? a->key : "", b->key ? b->key : "") == 0;
}

int webhook_certificates_renew(struct webhook_certificates *c, const char *const *names, size_t n,
	time_t now, bool *changed, struct pale_err **err)
{
	struct renewal r = { { copy(&c->authority), copy(&c->next), copy(&c->server) }, names, n,
		now };

	*changed = false;
	if (renew_authorities(&r, err) < 0 || renew_server(&r, err) < 0) {
		webhook_certificates_release(&r.c);
		return -EIO;
	}
	retire_authority(&r);
	*changed = !same(&c->authority, &r.c.authority) || !same(&c->next, &r.c.next) ||
		   !same(&c->server, &r.c.server);
	webhook_certificates_release(c);
	*c = r.c;
	return 0;
}

char *webhook_certificates_bundle(const struct webhook_certificates *c)
{
	struct text t = TEXT_INIT;

	text_puts(&t, c->authority.certificate ? c->authority.certificate : "");
	text_puts(&t, c->next.certificate ? c->next.certificate : "");
	return text_take(&t);
}

/* In a Secret's data. */
static const struct {
	const char *certificate, *key;
	size_t offset;
} members[] = {
	{ "tls.crt", "tls.key", offsetof(struct webhook_certificates, server) },
	{ "ca.crt", "ca.key", offsetof(struct webhook_certificates, authority) },
	{ "next-ca.crt", "next-ca.key", offsetof(struct webhook_certificates, next) },
};

#define MEMBERS (sizeof(members) / sizeof(*members))

static void set_base64(json_t *data, const char *name, const char *text)
{
	char *encoded;

	if (!text)
		return;
	encoded = base64_encode(text, strlen(text));
	json_object_set_new(data, name, json_string(encoded));
	gnutls_memset(encoded, 0, strlen(encoded));
	free(encoded);
}

json_t *webhook_certificates_to_secret(const struct webhook_certificates *c)
{
	json_t *data = json_object();

	for (size_t i = 0; i < MEMBERS; i++) {
		const struct certificate_pair *pair =
			(const struct certificate_pair *)((const char *)c + members[i].offset);

		set_base64(data, members[i].certificate, pair->certificate);
		set_base64(data, members[i].key, pair->key);
	}
	return data;
}

static char *base64_of(const json_t *data, const char *name)
{
	const char *s = json_string_value(json_object_get(data, name));
	gnutls_datum_t encoded = { (unsigned char *)s, s ? (unsigned)strlen(s) : 0 }, text;
	char *ret;

	if (!encoded.size || gnutls_base64_decode2(&encoded, &text) < 0)
		return NULL;
	ret = memory_checked(strndup((const char *)text.data, text.size));
	gnutls_memset(text.data, 0, text.size);
	gnutls_free(text.data);
	return ret;
}

void webhook_certificates_from_secret(const json_t *data, struct webhook_certificates *ret)
{
	*ret = (struct webhook_certificates){ 0 };
	for (size_t i = 0; i < MEMBERS; i++) {
		struct certificate_pair *pair =
			(struct certificate_pair *)((char *)ret + members[i].offset);

		pair->certificate = base64_of(data, members[i].certificate);
		pair->key = base64_of(data, members[i].key);
	}
}

void webhook_certificates_release(struct webhook_certificates *c)
{
	certificate_pair_release(&c->authority);
	certificate_pair_release(&c->next);
	certificate_pair_release(&c->server);
}
