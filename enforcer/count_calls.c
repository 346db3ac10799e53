/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/count_calls.h"

#include "compiler/base/cleanup.h"
#include "enforcer/bpf/count_calls_map.h"
#include "enforcer/libbpf_words.h"

#include <bpf/bpf.h>
#include <count_calls.skel.h>
#include <errno.h>
#include <stdlib.h>

#define X32_BIT 0x40000000 /* asm/unistd.h, __X32_SYSCALL_BIT */

struct count_calls {
	struct count_calls_bpf *skel;
};

static const enum abi abis[COUNT_ABIS] = {
	[COUNT_X86_64] = ABI_X86_64,
	[COUNT_X86] = ABI_X86,
	[COUNT_X32] = ABI_X32,
};

int count_calls_new(uint64_t cgroup, struct count_calls **ret, struct pale_err **err)
{
	_cleanup_(libbpf_unlisten) libbpf_print_fn_t previous;
	_cleanup_(count_calls_freep) struct count_calls *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		abort();
	libbpf_listen(&previous);
	c->skel = count_calls_bpf__open();
	if (!c->skel)
		return pale_err_set(
			err, errno, "tracepoint sys_enter: open: %s", libbpf_last_words());
	c->skel->bss->cgroup = cgroup;
	r = count_calls_bpf__load(c->skel);
	if (r < 0)
		return pale_err_set(err, -r, "tracepoint sys_enter: load: %s", libbpf_last_words());
	r = count_calls_bpf__attach(c->skel);
	if (r < 0)
		return pale_err_set(
			err, -r, "tracepoint sys_enter: attach: %s", libbpf_last_words());
	*ret = TAKE_PTR(c);
	return 0;
}

void count_calls_free(struct count_calls *c)
{
	if (!c)
		return;
	count_calls_bpf__destroy(c->skel);
	free(c);
}

void count_calls_freep(struct count_calls **c)
{
	count_calls_free(*c);
}

void count_calls_phase(struct count_calls *c, unsigned int phase)
{
	c->skel->bss->phase = phase;
}

static uint64_t count_at(const struct count_calls *c, uint32_t index)
{
	uint64_t count = 0;

	bpf_map_lookup_elem(bpf_map__fd(c->skel->maps.calls), &index, &count);
	return count;
}

uint64_t count_calls_of(
	const struct count_calls *c, unsigned int phase, enum abi abi, unsigned int number)
{
	for (uint32_t i = 0; i < COUNT_ABIS; i++)
		if (abis[i] == abi && number < COUNT_CALLS)
			return count_at(c, COUNT_INDEX(phase, i, number));
	return 0;
}

void count_calls_each(const struct count_calls *c,
	void (*each)(void *ctx, unsigned int phase, enum abi abi, int64_t number, uint64_t count),
	void *ctx)
{
	for (uint32_t i = 0; i < COUNT_ENTRIES; i++) {
		uint32_t number = i % COUNT_CALLS, abi = i / COUNT_CALLS % COUNT_ABIS;
		uint64_t count = count_at(c, i);

		if (count)
			each(ctx, i / COUNT_CALLS / COUNT_ABIS, abis[abi],
				abi == COUNT_X32 ? number | X32_BIT : number, count);
	}
}
