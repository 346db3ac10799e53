/* SPDX-License-Identifier: Apache-2.0 */
/* Who is spoken to. */
#include "tests/attacks/range/action.h"

#include <arpa/inet.h>
#include <netinet/if_ether.h>
#include <netpacket/packet.h>
#include <stddef.h>
#include <sys/time.h>
#include <sys/un.h>

int connect_to(const char *address, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct timeval patience = { .tv_sec = 5 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	inet_pton(AF_INET, address, &a.sin_addr);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int greet(const char *address, int port)
{
	int fd = connect_to(address, port);
	ssize_t n;

	if (fd < 0)
		return errno;
	n = send(fd, "hello\n", 6, MSG_NOSIGNAL);
	close(fd);
	return result(n);
}

static int greet_unix(const char *name, bool abstract)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0)
		return errno;
	strcpy(a.sun_path + abstract, name);
	if (connect(fd, (struct sockaddr *)&a,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + abstract + strlen(name))) <
		0)
		return errno;
	return result(send(fd, "hello\n", 6, MSG_NOSIGNAL));
}

static int shim(char **args)
{
	return greet_unix("/containerd-shim/range.sock", true);
}

static int runtime_socket(char **args)
{
	return greet_unix("/run/runtime.sock", false);
}

static int metadata(char **args)
{
	return greet("169.254.169.254", 80);
}

static int api_server(char **args)
{
	return greet("10.96.0.1", 443);
}

static int miner(char **args)
{
	return greet("203.0.113.10", 3333);
}

static int kubelet(char **args)
{
	for (int port = 10240; port < 10250; port++)
		greet(DATABASE, port);
	return greet(DATABASE, 10250);
}

static int database(char **args)
{
	return greet(DATABASE, DATABASE_PORT);
}

/* "10.0.5.254 is at 02:66:66:66:66:66", by the interface of the number args[0]. */
static int arp(char **args)
{
	struct {
		struct ether_header ether;
		struct ether_arp arp;
	} __attribute__((packed)) frame = {
		.ether = { .ether_dhost = "\xff\xff\xff\xff\xff\xff",
			.ether_shost = "\x02\x66\x66\x66\x66\x66",
			.ether_type = htons(ETHERTYPE_ARP) },
		.arp = { .ea_hdr = { .ar_hrd = htons(ARPHRD_ETHER),
				 .ar_pro = htons(ETHERTYPE_IP),
				 .ar_hln = 6,
				 .ar_pln = 4,
				 .ar_op = htons(ARPOP_REPLY) },
			.arp_sha = "\x02\x66\x66\x66\x66\x66",
			.arp_spa = { 10, 0, 5, 254 } },
	};
	struct sockaddr_ll a = { .sll_family = AF_PACKET, .sll_halen = 6 };
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ARP));

	if (fd < 0)
		return errno;
	a.sll_ifindex = atoi(args[0]);
	return result(sendto(fd, &frame, sizeof(frame), 0, (struct sockaddr *)&a, sizeof(a)));
}

const struct action network_actions[] = {
	{ "shim", shim, database },
	{ "runtime-socket", runtime_socket, database },
	{ "metadata", metadata, database },
	{ "api-server", api_server, database },
	{ "miner", miner, database },
	{ "kubelet", kubelet, database },
	{ "arp", arp, database },
	{ 0 },
};
