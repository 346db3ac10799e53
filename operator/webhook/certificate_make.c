/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/webhook/certificate_make.h"

#include "compiler/base/cleanup.h"
#include "operator/memory.h"
#include "operator/webhook/tls_certificate.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#define SERIAL_BYTES 16

static void crt_deinitp(gnutls_x509_crt_t *crt)
{
	if (*crt)
		gnutls_x509_crt_deinit(*crt);
}

static void key_deinitp(gnutls_x509_privkey_t *key)
{
	if (*key)
		gnutls_x509_privkey_deinit(*key);
}

static int failed(struct pale_err **err, int code)
{
	return pale_err_plain(err, EIO, "make a certificate: %s", gnutls_strerror(code));
}

/* RFC 5280, 4.1.2.2: positive, and of up to 20 bytes. */
static int set_serial(gnutls_x509_crt_t crt, char hex[2 * SERIAL_BYTES + 1])
{
	unsigned char serial[SERIAL_BYTES];
	int r = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

	serial[0] = (unsigned char)((serial[0] & 0x7f) | 0x40);
	for (size_t i = 0; i < sizeof(serial); i++)
		snprintf(hex + 2 * i, 3, "%02x", serial[i]);
	return r < 0 ? r : gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
}

/* What both kinds have; names of authorities differ, so that a bundle is looked up by them. */
static int set_common(
	gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *what, time_t now, time_t ends)
{
	char hex[2 * SERIAL_BYTES + 1], name[64];
	unsigned char id[64];
	size_t id_len = sizeof(id);
	int r = set_serial(crt, hex);

	snprintf(name, sizeof(name), "%s %.8s", what, hex);
	if (r >= 0)
		r = gnutls_x509_crt_set_version(crt, 3);
	if (r >= 0)
		r = gnutls_x509_crt_set_dn_by_oid(
			crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name));
	if (r >= 0)
		r = gnutls_x509_crt_set_activation_time(crt, now - CERTIFICATE_BACKDATE_S);
	if (r >= 0)
		r = gnutls_x509_crt_set_expiration_time(crt, ends);
	if (r >= 0)
		r = gnutls_x509_crt_set_key(crt, key);
	if (r >= 0)
		r = gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA1, id, &id_len);
	return r < 0 ? r : gnutls_x509_crt_set_subject_key_id(crt, id, id_len);
}

static int new_key(gnutls_x509_privkey_t *key)
{
	int r = gnutls_x509_privkey_init(key);

	return r < 0 ? r
		     : gnutls_x509_privkey_generate(*key, GNUTLS_PK_ECDSA,
			       GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
}

static char *text_of(gnutls_datum_t *datum)
{
	char *s = memory_checked(strndup((const char *)datum->data, datum->size));

	gnutls_memset(datum->data, 0, datum->size);
	gnutls_free(datum->data);
	return s;
}

static int export(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, struct certificate_pair *ret)
{
	gnutls_datum_t certificate = { 0 }, text = { 0 };
	int r = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &certificate);

	if (r >= 0)
		r = gnutls_x509_privkey_export2_pkcs8(
			key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &text);
	if (r < 0) {
		gnutls_free(certificate.data);
		return r;
	}
	ret->certificate = text_of(&certificate);
	ret->key = text_of(&text);
	return 0;
}

int certificate_make_authority(
	time_t now, time_t life_s, struct certificate_pair *ret, struct pale_err **err)
{
	_cleanup_(crt_deinitp) gnutls_x509_crt_t crt = NULL;
	_cleanup_(key_deinitp) gnutls_x509_privkey_t key = NULL;
	int r = gnutls_x509_crt_init(&crt);

	*ret = (struct certificate_pair){ 0 };
	if (r >= 0)
		r = new_key(&key);
	if (r >= 0)
		r = set_common(crt, key, "pale webhook authority", now, now + life_s);
	if (r >= 0)
		r = gnutls_x509_crt_set_basic_constraints(crt, 1, 0);
	if (r >= 0)
		r = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_KEY_CERT_SIGN);
	if (r >= 0)
		r = gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
	if (r >= 0)
		r = export(crt, key, ret);
	return r < 0 ? failed(err, r) : 0;
}

static int import(
	const struct certificate_pair *pair, gnutls_x509_crt_t *crt, gnutls_x509_privkey_t *key)
{
	gnutls_datum_t text = { (unsigned char *)pair->certificate,
		(unsigned)strlen(pair->certificate) };
	gnutls_datum_t secret = { (unsigned char *)pair->key, (unsigned)strlen(pair->key) };
	int r = gnutls_x509_crt_init(crt);

	if (r >= 0)
		r = gnutls_x509_crt_import(*crt, &text, GNUTLS_X509_FMT_PEM);
	if (r >= 0)
		r = gnutls_x509_privkey_init(key);
	return r < 0 ? r : gnutls_x509_privkey_import2(*key, &secret, GNUTLS_X509_FMT_PEM, NULL, 0);
}

static int set_server(
	gnutls_x509_crt_t crt, const char *const *names, size_t n, gnutls_x509_crt_t authority)
{
	unsigned char id[64];
	size_t id_len = sizeof(id);
	int r = gnutls_x509_crt_set_basic_constraints(crt, 0, -1);

	for (size_t i = 0; r >= 0 && i < n; i++)
		r = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, names[i],
			(unsigned)strlen(names[i]), i ? GNUTLS_FSAN_APPEND : GNUTLS_FSAN_SET);
	if (r >= 0)
		r = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (r >= 0)
		r = gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0);
	if (r >= 0)
		r = gnutls_x509_crt_get_subject_key_id(authority, id, &id_len, NULL);
	return r < 0 ? r : gnutls_x509_crt_set_authority_key_id(crt, id, id_len);
}

int certificate_make_server(const struct certificate_pair *authority, const char *const *names,
	size_t n, time_t now, time_t life_s, struct certificate_pair *ret, struct pale_err **err)
{
	_cleanup_(crt_deinitp) gnutls_x509_crt_t crt = NULL, issuer = NULL;
	_cleanup_(key_deinitp) gnutls_x509_privkey_t key = NULL, issuer_key = NULL;
	time_t ends = now + life_s, issuer_ends;
	int r = import(authority, &issuer, &issuer_key);

	*ret = (struct certificate_pair){ 0 };
	if (r < 0)
		return failed(err, r);
	issuer_ends = gnutls_x509_crt_get_expiration_time(issuer);
	r = gnutls_x509_crt_init(&crt);
	if (r >= 0)
		r = new_key(&key);
	if (r >= 0)
		r = set_common(
			crt, key, "pale webhook", now, ends < issuer_ends ? ends : issuer_ends);
	if (r >= 0)
		r = set_server(crt, names, n, issuer);
	if (r >= 0)
		r = gnutls_x509_crt_sign2(crt, issuer, issuer_key, GNUTLS_DIG_SHA256, 0);
	if (r >= 0)
		r = export(crt, key, ret);
	return r < 0 ? failed(err, r) : 0;
}

static gnutls_x509_crt_t read_certificate(const struct certificate_pair *pair)
{
	gnutls_datum_t text = { (unsigned char *)pair->certificate,
		pair->certificate ? (unsigned)strlen(pair->certificate) : 0 };
	gnutls_x509_crt_t crt = NULL;

	if (!pair->certificate || gnutls_x509_crt_init(&crt) < 0)
		return NULL;
	if (gnutls_x509_crt_import(crt, &text, GNUTLS_X509_FMT_PEM) < 0) {
		gnutls_x509_crt_deinit(crt);
		return NULL;
	}
	return crt;
}

void certificate_facts_read(const struct certificate_pair *pair, struct certificate_facts *ret)
{
	_cleanup_(crt_deinitp) gnutls_x509_crt_t crt = read_certificate(pair);
	struct tls_certificate *both = NULL;
	struct pale_err *err = NULL;

	*ret = (struct certificate_facts){ 0 };
	if (!crt || !pair->key)
		return;
	ret->usable = tls_certificate_read(pair->certificate, pair->key, &both, &err) == 0;
	if (ret->usable)
		tls_certificate_free(both);
	pale_err_free(err);
	ret->made = gnutls_x509_crt_get_activation_time(crt) + CERTIFICATE_BACKDATE_S;
	ret->ends = gnutls_x509_crt_get_expiration_time(crt);
}

bool certificate_is_signed_by(
	const struct certificate_pair *pair, const struct certificate_pair *authority)
{
	_cleanup_(crt_deinitp) gnutls_x509_crt_t crt = read_certificate(pair);
	_cleanup_(crt_deinitp) gnutls_x509_crt_t issuer = read_certificate(authority);
	unsigned wrong = 0;

	return crt && issuer &&
	       gnutls_x509_crt_verify(crt, &issuer, 1,
		       GNUTLS_VERIFY_DISABLE_TIME_CHECKS |
			       GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS,
		       &wrong) >= 0 &&
	       wrong == 0;
}

bool certificate_is_for(const struct certificate_pair *pair, const char *const *names, size_t n)
{
	_cleanup_(crt_deinitp) gnutls_x509_crt_t crt = read_certificate(pair);

	for (size_t i = 0; crt && i < n; i++) {
		if (!gnutls_x509_crt_check_hostname(crt, names[i]))
			return false;
	}
	return crt != NULL;
}

void certificate_pair_release(struct certificate_pair *pair)
{
	if (pair->key)
		gnutls_memset(pair->key, 0, strlen(pair->key));
	free(pair->key);
	free(pair->certificate);
	*pair = (struct certificate_pair){ 0 };
}
