/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_OBJECT_TEXT_H
#define PALE_OBJECT_TEXT_H

/* Objects as reports, queries and rules write them. */

#include "compiler/base/text.h"

#include <stdint.h>

/* "tcp 10.0.0.1:443", "udp [::1]:53", "icmp 10.0.0.1". @protocol: PROTOCOL_… but unix; @family 4
 * or 6; @address in network order. */
void object_text_endpoint(
	struct text *t, int protocol, int family, const uint8_t *address, uint16_t port);

/* "packet", "netlink(ROUTE)", or the number where no rule can name it. */
void object_text_family(struct text *t, int family, int type, int protocol);

#endif
