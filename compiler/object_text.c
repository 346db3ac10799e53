/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/object_text.h"

#include "compiler/policy.h"

#include <arpa/inet.h>
#include <sys/socket.h>

void object_text_endpoint(
	struct text *t, int protocol, int family, const uint8_t *address, uint16_t port)
{
	char s[INET6_ADDRSTRLEN];

	inet_ntop(family == 4 ? AF_INET : AF_INET6, address, s, sizeof(s));
	text_printf(t, family == 4 ? "%s %s" : "%s [%s]", protocol_names[protocol], s);
	if (protocol != PROTOCOL_ICMP)
		text_printf(t, ":%u", port);
}

void object_text_family(struct text *t, int family, int type, int protocol)
{
	int i = vocab_family_of_socket(family, type);

	if (family == AF_NETLINK && vocab_netlink_name(protocol))
		text_printf(t, "netlink(%s)", vocab_netlink_name(protocol));
	else if (i >= 0)
		text_puts(t, vocab_families[i].name);
	else
		text_printf(t, "family %d", family);
}
