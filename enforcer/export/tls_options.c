/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/tls_options.h"

void tls_options_set(CURL *easy, const struct output_config *c)
{
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (c->ca_file) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, c->ca_file);
		/* The folder that libcurl has by default would be believed beside it. */
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	if (c->certificate_file) {
		curl_easy_setopt(easy, CURLOPT_SSLCERT, c->certificate_file);
		curl_easy_setopt(easy, CURLOPT_SSLKEY, c->key_file);
	}
}
