/* SPDX-License-Identifier: Apache-2.0 */
/* The webhook's certificates over years: what is served is always believed, by GnuTLS' own word. */
#include "compiler/base/cleanup.h"
#include "operator/webhook/certificates.h"
#include "operator/webhook/tls_certificate.h"

#include <gnutls/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define DAY   ((time_t)24 * 60 * 60)
#define START ((time_t)1800000000)

static const char *const names[] = { "pale-webhook.pale-system.svc",
	"pale-webhook.pale-system.svc.cluster.local" };

static time_t verifying;

static time_t verifying_time(time_t *ret)
{
	if (ret)
		*ret = verifying;
	return verifying;
}

/* As an API server that was given @bundle would judge, at @now. */
static bool is_believed(const char *bundle, const char *certificate, const char *name, time_t now)
{
	gnutls_datum_t text = { (unsigned char *)bundle, (unsigned)strlen(bundle) };
	gnutls_datum_t leaf = { (unsigned char *)certificate, (unsigned)strlen(certificate) };
	gnutls_typed_vdata_st asked[] = {
		{ GNUTLS_DT_DNS_HOSTNAME, (unsigned char *)name, (unsigned)strlen(name) },
		{ GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)GNUTLS_KP_TLS_WWW_SERVER,
			sizeof(GNUTLS_KP_TLS_WWW_SERVER) - 1 },
	};
	gnutls_x509_trust_list_t list;
	gnutls_x509_crt_t crt;
	unsigned wrong = 0;
	int r;

	verifying = now;
	gnutls_global_set_time_function(verifying_time);
	assert_true(gnutls_x509_trust_list_init(&list, 0) >= 0);
	assert_true(gnutls_x509_trust_list_add_trust_mem(
			    list, &text, NULL, GNUTLS_X509_FMT_PEM, 0, 0) > 0);
	assert_true(gnutls_x509_crt_init(&crt) >= 0);
	assert_true(gnutls_x509_crt_import(crt, &leaf, GNUTLS_X509_FMT_PEM) >= 0);
	r = gnutls_x509_trust_list_verify_crt2(list, &crt, 1, asked, 2, 0, &wrong, NULL);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_trust_list_deinit(list, 1);
	return r >= 0 && wrong == 0;
}

static bool renew(struct webhook_certificates *c, time_t now)
{
	bool changed;

	assert_int_equal(webhook_certificates_renew(c, names, 2, now, &changed, NULL), 0);
	return changed;
}

static void five_years(void **state)
{
	enum { HOURS = 24 };
	struct webhook_certificates c = { 0 };
	/* What was in the bundle, and served, each of the last 24 hours. */
	char *bundles[HOURS] = { NULL }, *served[HOURS] = { NULL };
	unsigned changes = 0, authorities = 0, two = 0;
	char *last = strdup("");

	for (unsigned hour = 0; hour < 5 * 365 * 24; hour++) {
		time_t now = START + (time_t)hour * 60 * 60;
		unsigned slot = hour % HOURS;
		bool changed;

		/* Asked less often than the controller does. */
		changed = hour % 6 == 0 && renew(&c, now);
		if (!changed && hour) {
			free(bundles[slot]);
			free(served[slot]);
			bundles[slot] = webhook_certificates_bundle(&c);
			served[slot] = strdup(c.server.certificate);
			continue;
		}
		changes++;
		free(bundles[slot]);
		free(served[slot]);
		bundles[slot] = webhook_certificates_bundle(&c);
		served[slot] = strdup(c.server.certificate);
		two += c.next.certificate != NULL;
		if (strcmp(last, c.authority.certificate) != 0)
			authorities++;
		free(last);
		last = strdup(c.authority.certificate);
		/* An API server that is late by a day, and a webhook that is. */
		for (unsigned i = 0; i < HOURS; i++) {
			if (!bundles[i])
				continue;
			assert_true(is_believed(bundles[i], served[slot], names[0], now));
			assert_true(is_believed(bundles[slot], served[i], names[1], now));
		}
	}
	/* A year of which two thirds are used: seven in five years, and the first. */
	assert_int_equal(authorities, 8);
	assert_true(two > 0 && changes > 30 && changes < 80);
	for (unsigned i = 0; i < HOURS; i++) {
		free(bundles[i]);
		free(served[i]);
	}
	free(last);
	webhook_certificates_release(&c);
}

static void who_is_not_believed(void **state)
{
	struct webhook_certificates c = { 0 }, other = { 0 };
	_cleanup_free_ char *bundle = NULL, *others = NULL;

	assert_true(renew(&c, START));
	assert_true(renew(&other, START));
	bundle = webhook_certificates_bundle(&c);
	others = webhook_certificates_bundle(&other);
	assert_true(is_believed(bundle, c.server.certificate, names[0], START));
	assert_false(is_believed(others, c.server.certificate, names[0], START));
	assert_false(is_believed(bundle, c.server.certificate, "kubernetes.default.svc", START));
	assert_false(is_believed(bundle, c.server.certificate, names[0], START + 91 * DAY));
	assert_false(is_believed(bundle, c.server.certificate, names[0], START - 2 * 60 * 60));
	/* A clock that is late by half an hour. */
	assert_true(is_believed(bundle, c.server.certificate, names[0], START - 30 * 60));
	/* An authority is no server. */
	assert_false(is_believed(bundle, c.authority.certificate, names[0], START));
	webhook_certificates_release(&c);
	webhook_certificates_release(&other);
}

/* Each is put right at once, and then nothing changes. */
static void what_is_of_no_use(void **state)
{
	enum {
		AUTHORITY_GONE,
		AUTHORITY_KEY_GONE,
		AUTHORITY_GARBAGE,
		ANOTHERS_KEY,
		SERVER_GONE,
		SERVER_OF_ANOTHER,
		CASES
	};

	for (int i = 0; i < CASES; i++) {
		struct webhook_certificates c = { 0 }, other = { 0 };
		_cleanup_free_ char *bundle = NULL;

		renew(&c, START);
		renew(&other, START);
		assert_false(renew(&c, START + DAY));
		if (i == AUTHORITY_GONE) {
			free(c.authority.certificate);
			c.authority.certificate = NULL;
		} else if (i == AUTHORITY_KEY_GONE) {
			free(c.authority.key);
			c.authority.key = NULL;
		} else if (i == AUTHORITY_GARBAGE) {
			strcpy(c.authority.certificate, "-----BEGIN CERTIFICATE-----\nAA\n");
		} else if (i == ANOTHERS_KEY) {
			free(c.authority.key);
			c.authority.key = strdup(other.authority.key);
		} else if (i == SERVER_GONE) {
			free(c.server.key);
			c.server.key = NULL;
		} else {
			free(c.server.certificate);
			free(c.server.key);
			c.server.certificate = strdup(other.server.certificate);
			c.server.key = strdup(other.server.key);
		}
		assert_true(renew(&c, START + DAY));
		assert_false(renew(&c, START + DAY));
		bundle = webhook_certificates_bundle(&c);
		assert_true(is_believed(bundle, c.server.certificate, names[0], START + DAY));
		webhook_certificates_release(&c);
		webhook_certificates_release(&other);
	}
}

static void clocks_and_names(void **state)
{
	struct webhook_certificates c = { 0 };
	static const char *const others[] = { "pale-webhook.other.svc" };
	_cleanup_free_ char *bundle = NULL, *after = NULL;
	bool changed;

	renew(&c, START);
	/* Back by a month: nothing from the future is kept. */
	assert_true(renew(&c, START - 30 * DAY));
	bundle = webhook_certificates_bundle(&c);
	assert_true(is_believed(bundle, c.server.certificate, names[0], START - 30 * DAY));
	/* Forward by ten years. */
	assert_true(renew(&c, START + 3650 * DAY));
	after = webhook_certificates_bundle(&c);
	assert_true(is_believed(after, c.server.certificate, names[0], START + 3650 * DAY));
	/* Another namespace. */
	assert_int_equal(
		webhook_certificates_renew(&c, others, 1, START + 3650 * DAY, &changed, NULL), 0);
	assert_true(changed);
	assert_true(is_believed(after, c.server.certificate, others[0], START + 3650 * DAY));
	webhook_certificates_release(&c);
}

static void through_a_secret(void **state)
{
	struct webhook_certificates c = { 0 }, back;
	json_t *data, *odd;
	bool changed;

	renew(&c, START);
	assert_true(renew(&c, START + 250 * DAY));
	assert_non_null(c.next.certificate);
	data = webhook_certificates_to_secret(&c);
	assert_int_equal(json_object_size(data), 6);
	webhook_certificates_from_secret(data, &back);
	json_decref(data);
	assert_string_equal(back.server.key, c.server.key);
	assert_string_equal(back.next.certificate, c.next.certificate);
	assert_false(renew(&back, START + 250 * DAY));
	webhook_certificates_release(&back);
	odd = json_pack("{s:s, s:i, s:s}", "tls.crt", "*", "tls.key", 1, "ca.crt", "");
	webhook_certificates_from_secret(odd, &back);
	json_decref(odd);
	assert_null(back.server.certificate);
	assert_null(back.server.key);
	assert_int_equal(webhook_certificates_renew(&back, names, 2, START, &changed, NULL), 0);
	assert_true(changed);
	webhook_certificates_release(&back);
	webhook_certificates_release(&c);
}

static void certificates_that_a_server_cannot_use(void **state)
{
	struct webhook_certificates a = { 0 }, b = { 0 };
	struct pale_err *err = NULL;
	struct tls_certificate *t = NULL;

	renew(&a, START);
	renew(&b, START);
	assert_int_equal(tls_certificate_read("", a.server.key, &t, &err), -22);
	assert_string_equal(pale_err_text(err), "certificate: No certificate was found.");
	pale_err_free(err);
	err = NULL;
	assert_int_equal(tls_certificate_read(a.server.certificate, "", &t, &err), -22);
	assert_string_equal(pale_err_text(err), "key: The requested data were not available.");
	pale_err_free(err);
	err = NULL;
	assert_int_equal(tls_certificate_read(a.server.certificate, b.server.key, &t, &err), -22);
	assert_string_equal(pale_err_text(err), "the key is not the certificate's");
	pale_err_free(err);
	assert_null(t);
	webhook_certificates_release(&a);
	webhook_certificates_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_years),
		cmocka_unit_test(who_is_not_believed),
		cmocka_unit_test(what_is_of_no_use),
		cmocka_unit_test(clocks_and_names),
		cmocka_unit_test(through_a_secret),
		cmocka_unit_test(certificates_that_a_server_cannot_use),
	};

	return cmocka_run_group_tests_name("webhook_certificates", tests, NULL, NULL);
}
