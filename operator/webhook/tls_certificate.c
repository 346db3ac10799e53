/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/webhook/tls_certificate.h"

#include "compiler/base/cleanup.h"
#include "operator/memory.h"

#include <errno.h>
#include <gnutls/x509.h>

static int refused(struct pale_err **err, const char *what, int code)
{
	return pale_err_plain(err, EINVAL, "%s: %s", what, gnutls_strerror(code));
}

static int read_chain(struct tls_certificate *c, const char *pem, struct pale_err **err)
{
	gnutls_datum_t text = { (unsigned char *)pem, (unsigned)strlen(pem) };
	gnutls_x509_crt_t v[TLS_CHAIN_MAX];
	unsigned n = TLS_CHAIN_MAX;
	int r = gnutls_x509_crt_list_import(
		v, &n, &text, GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);

	if (r < 0)
		return refused(err, "certificate", r);
	r = 0;
	for (unsigned i = 0; i < n; i++) {
		if (i == 0)
			c->not_after = gnutls_x509_crt_get_expiration_time(v[i]);
		if (r >= 0)
			r = gnutls_pcert_import_x509(&c->chain[i], v[i], 0);
		if (r >= 0)
			c->n_chain++;
		gnutls_x509_crt_deinit(v[i]);
	}
	return r < 0 ? refused(err, "certificate", r) : 0;
}

static int read_key(struct tls_certificate *c, const char *pem, struct pale_err **err)
{
	gnutls_datum_t text = { (unsigned char *)pem, (unsigned)strlen(pem) };
	int r = gnutls_privkey_init(&c->key);

	if (r >= 0)
		r = gnutls_privkey_import_x509_raw(c->key, &text, GNUTLS_X509_FMT_PEM, NULL, 0);
	return r < 0 ? refused(err, "key", r) : 0;
}

/* The key's public half is the certificate's. */
static int check_pair(const struct tls_certificate *c, struct pale_err **err)
{
	unsigned char of_key[64], of_certificate[64];
	size_t n = sizeof(of_key), m = sizeof(of_certificate);
	gnutls_pubkey_t public;
	int r = gnutls_pubkey_init(&public);

	if (r < 0)
		return refused(err, "key", r);
	r = gnutls_pubkey_import_privkey(public, c->key, 0, 0);
	if (r >= 0)
		r = gnutls_pubkey_get_key_id(public, GNUTLS_KEYID_USE_SHA256, of_key, &n);
	if (r >= 0)
		r = gnutls_pubkey_get_key_id(
			c->chain[0].pubkey, GNUTLS_KEYID_USE_SHA256, of_certificate, &m);
	gnutls_pubkey_deinit(public);
	if (r < 0)
		return refused(err, "key", r);
	if (n != m || memcmp(of_key, of_certificate, n) != 0)
		return pale_err_plain(err, EINVAL, "the key is not the certificate's");
	return 0;
}

int tls_certificate_read(
	const char *chain, const char *key, struct tls_certificate **ret, struct pale_err **err)
{
	struct tls_certificate *c = memory_new(sizeof(*c));
	int r = read_chain(c, chain, err);

	if (r == 0)
		r = read_key(c, key, err);
	if (r == 0)
		r = check_pair(c, err);
	if (r < 0)
		tls_certificate_free(c);
	else
		*ret = c;
	return r;
}

void tls_certificate_free(struct tls_certificate *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < c->n_chain; i++)
		gnutls_pcert_deinit(&c->chain[i]);
	if (c->key)
		gnutls_privkey_deinit(c->key);
	free(c);
}
