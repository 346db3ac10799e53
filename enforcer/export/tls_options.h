/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EXPORT_TLS_OPTIONS_H
#define PALE_EXPORT_TLS_OPTIONS_H

#include "enforcer/export/config.h"

#include <curl/curl.h>

/*
 * Whom a connection of libcurl's believes, and who we are: TLS 1.2 or later, with a certificate for
 * the host's name that the authorities of the ca-file have signed, and nobody else's; the system's
 * where there is no ca-file.
 */
void tls_options_set(CURL *easy, const struct output_config *c);

#endif
