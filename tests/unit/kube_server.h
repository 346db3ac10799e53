/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TEST_KUBE_SERVER_H
#define PALE_TEST_KUBE_SERVER_H

/* An API server of the test's own on a port of 127.0.0.1, with a certificate of its own CA. */

#include "operator/kube/kube_config.h"
#include "operator/webhook/certificate_make.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct kube_server {
	struct MHD_Daemon *daemon;
	struct certificate_pair authority, certificate;
	char folder[32], ca_file[48], url[64], token[8];
	struct kube_config config; /* for who asks it */
};

/* @name: whom the certificate is for. Asked for as localhost. @answer runs in threads. */
static inline void kube_server_start(
	struct kube_server *s, const char *name, MHD_AccessHandlerCallback answer)
{
	struct sockaddr_in loopback = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	time_t now = time(NULL);
	FILE *f;

	*s = (struct kube_server){ .folder = "/tmp/pale-kube-XXXXXX", .token = "secret" };
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->ca_file, sizeof(s->ca_file), "%s/ca.crt", s->folder);
	assert_int_equal(certificate_make_authority(now, 3600, &s->authority, NULL), 0);
	assert_int_equal(
		certificate_make_server(&s->authority, &name, 1, now, 3600, &s->certificate, NULL),
		0);
	f = fopen(s->ca_file, "we");
	assert_non_null(f);
	assert_true(fputs(s->authority.certificate, f) >= 0);
	assert_int_equal(fclose(f), 0);
	s->daemon = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_TLS, 0,
		NULL, NULL, answer, NULL, MHD_OPTION_SOCK_ADDR, &loopback,
		MHD_OPTION_HTTPS_MEM_CERT, s->certificate.certificate, MHD_OPTION_HTTPS_MEM_KEY,
		s->certificate.key, MHD_OPTION_END);
	assert_non_null(s->daemon);
	snprintf(s->url, sizeof(s->url), "https://localhost:%u",
		MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
	s->config =
		(struct kube_config){ .server = s->url, .ca_file = s->ca_file, .token = s->token };
}

/* @body stays. @location: NULL for no such header. */
static inline enum MHD_Result kube_server_reply(
	struct MHD_Connection *c, unsigned int code, const char *body, const char *location)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		strlen(body), (void *)(uintptr_t)body, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result;

	if (location)
		MHD_add_response_header(response, "Location", location);
	result = MHD_queue_response(c, code, response);
	MHD_destroy_response(response);
	return result;
}

/* Nobody listens any more. */
static inline void kube_server_leave(struct kube_server *s)
{
	if (s->daemon)
		MHD_stop_daemon(s->daemon);
	s->daemon = NULL;
}

static inline void kube_server_stop(struct kube_server *s)
{
	kube_server_leave(s);
	certificate_pair_release(&s->authority);
	certificate_pair_release(&s->certificate);
	unlink(s->ca_file);
	rmdir(s->folder);
}

#endif
