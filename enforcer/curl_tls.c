/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/curl_tls.h"

void curl_tls_set(
	CURL *easy, const char *ca_file, const char *certificate_file, const char *key_file)
{
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (ca_file) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
		/* The folder that libcurl has by default would be believed beside it. */
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	if (certificate_file) {
		curl_easy_setopt(easy, CURLOPT_SSLCERT, certificate_file);
		curl_easy_setopt(easy, CURLOPT_SSLKEY, key_file);
	}
}
