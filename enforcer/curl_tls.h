/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CURL_TLS_H
#define PALE_CURL_TLS_H

#include <curl/curl.h>

/*
 * Whom a connection of libcurl's believes, and who we are: TLS 1.2 or later, with a certificate for
 * the host's name that the authorities in @ca_file have signed, and nobody else's; the system's
 * where it is NULL. @certificate_file and @key_file are ours, or both NULL.
 */
void curl_tls_set(
	CURL *easy, const char *ca_file, const char *certificate_file, const char *key_file);

#endif
