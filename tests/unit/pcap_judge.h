/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_PCAP_JUDGE_H
#define PALE_TESTS_PCAP_JUDGE_H

/*
 * What a filter answers, by an interpreter of classic BPF that is not ours: libpcap's. It loads
 * words in network order, where seccomp loads them as they lie.
 */

#include "compiler/cbpf.h"

#include <arpa/inet.h>
#include <pcap/bpf.h>
#include <string.h>

static inline uint32_t pcap_judge(const struct sock_filter *v, const struct seccomp_data *data)
{
	uint32_t words[sizeof(*data) / 4];

	_Static_assert(
		sizeof(struct bpf_insn) == sizeof(struct sock_filter), "both are the kernel's");
	memcpy(words, data, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / 4; i++)
		words[i] = htonl(words[i]);
	return bpf_filter((const struct bpf_insn *)(const void *)v, (const u_char *)words,
		sizeof(words), sizeof(words));
}

#endif
