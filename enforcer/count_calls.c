/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/count_calls.h"

#include "compiler/base/cleanup.h"
#include "enforcer/libbpf_words.h"
#include "enforcer/observer.h"

#include <bpf/bpf.h>
#include <count_calls.skel.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define X32_BIT 0x40000000 /* asm/unistd.h, __X32_SYSCALL_BIT */

struct count_calls {
	struct count_calls_bpf *skel;
	struct ring_buffer *programs;
	uint32_t n;
	const uint64_t *calls; /* COUNT_ENTRIES(n), the kernel's own */
	/* count_calls_read()'s */
	void (*take)(void *ctx, const struct counted_program *program);
	void *ctx;
};

static const enum abi abis[COUNT_ABIS] = {
	[COUNT_X86_64] = ABI_X86_64,
	[COUNT_X86] = ABI_X86,
	[COUNT_X32] = ABI_X32,
};

static int failed(struct pale_err **err, int errnum, const char *what)
{
	return pale_err_set(err, errnum, "tracepoints of calls: %s: %s", what, libbpf_last_words());
}

static uint32_t group_of_part(uint32_t part)
{
	return part / COUNT_PHASES / COUNT_CLASSES;
}

static bool part_is_execed(uint32_t part)
{
	return part / COUNT_PHASES % COUNT_CLASSES == COUNT_EXECED;
}

static enum learn_phase phase_of_part(uint32_t part)
{
	return (enum learn_phase)(part % COUNT_PHASES);
}

static uint8_t wide_registers(int call)
{
	const struct vocab_syscall *s = &vocab_syscalls[call];
	enum abi abi = vocab_abi_native();
	uint8_t wide = 0;

	for (uint8_t i = 0; i < s->n_arguments; i++)
		if (s->arguments[i].index[abi] != VOCAB_NO_INDEX &&
			vocab_argument_width(&s->arguments[i], abi) > 32)
			wide |= (uint8_t)(1u << s->arguments[i].index[abi]);
	return wide;
}

static void set_compared(struct count_calls *c)
{
	/* Written before it is loaded. */
	struct count_compared *to = (struct count_compared *)c->skel->rodata->compared;

	for (uint32_t i = 0; i < vocab_n_syscalls; i++) {
		int32_t number = vocab_syscalls[i].number[vocab_abi_native()];

		if (number >= 0 && number < COUNT_CALLS)
			to[number] = (struct count_compared){ observer_compared((int)i),
				wide_registers((int)i) };
	}
}

static int on_program(void *ctx, void *data, size_t size)
{
	const struct count_program *p = data;
	struct count_calls *c = ctx;

	if (size < sizeof(*p) || group_of_part(p->part) >= c->n)
		return 0;
	c->take(c->ctx, &(const struct counted_program){
				.group = group_of_part(p->part),
				.execed = part_is_execed(p->part),
				.phase = phase_of_part(p->part),
				.script = p->kind == COUNT_SCRIPT,
				.anonymous = p->anonymous,
				.cut = p->cut,
				.pid = p->pid,
				.text = (const char *)(p + 1),
				.len = size - sizeof(*p),
			});
	return 0;
}

static int load(struct count_calls *c, bool programs, struct pale_err **err)
{
	size_t size = COUNT_ENTRIES((size_t)c->n) * sizeof(*c->calls);
	int r;

	c->skel = count_calls_bpf__open();
	if (!c->skel)
		return failed(err, errno, "open");
	set_compared(c);
	c->skel->rodata->tells_programs = programs;
	bpf_map__set_max_entries(c->skel->maps.calls, COUNT_ENTRIES(c->n));
	bpf_map__set_max_entries(c->skel->maps.arguments, c->n * COUNT_ARGUMENTS_MAX);
	r = count_calls_bpf__load(c->skel);
	if (r < 0)
		return failed(err, -r, "load");
	c->calls = mmap(NULL, size, PROT_READ, MAP_SHARED, bpf_map__fd(c->skel->maps.calls), 0);
	if (c->calls == MAP_FAILED) {
		c->calls = NULL;
		return pale_err_set(err, errno, "tracepoints of calls: map the counts");
	}
	c->programs = ring_buffer__new(bpf_map__fd(c->skel->maps.programs), on_program, c, NULL);
	return c->programs ? 0 : failed(err, errno, "programs");
}

static int add(
	struct count_calls *c, uint32_t i, const struct counted_group *g, struct pale_err **err)
{
	struct count_group *to = &c->skel->bss->groups[i];
	uint32_t there;

	to->phase = g->phase;
	to->any_begins = g->any_begins;
	to->has_init = g->init >= 0;
	if (bpf_map_lookup_elem(bpf_map__fd(c->skel->maps.group_ids), &g->cgroup, &there) == 0)
		return pale_err_plain(err, EEXIST, "a cgroup is named twice");
	if (bpf_map_update_elem(bpf_map__fd(c->skel->maps.group_ids), &g->cgroup, &i, BPF_ANY) < 0)
		return pale_err_set(err, errno, "tracepoints of calls: add a group");
	/* One that has ended meanwhile is told nothing any more. */
	if (g->init >= 0 &&
		bpf_map_update_elem(bpf_map__fd(c->skel->maps.inits), &g->init, &i, BPF_ANY) < 0 &&
		errno != ENOENT && errno != ESRCH)
		return pale_err_set(err, errno, "tracepoints of calls: a first process");
	return 0;
}

/* What is there already; whatever comes from now on the programs see. */
static int mark_all(struct count_calls *c, struct pale_err **err)
{
	_cleanup_close_ int fd = bpf_iter_create(bpf_link__fd(c->skel->links.mark_all));
	char unused[64];
	ssize_t n;

	if (fd < 0)
		return failed(err, errno, "iterate over tasks");
	do
		n = read(fd, unused, sizeof(unused));
	while (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)));
	if (n < 0)
		return pale_err_set(err, errno, "tracepoints of calls: iterate over tasks");
	__atomic_store_n(&c->skel->bss->all_are_marked, true, __ATOMIC_RELEASE);
	return 0;
}

int count_calls_new(const struct counted_group *groups, uint32_t n, bool programs,
	struct count_calls **ret, struct pale_err **err)
{
	_cleanup_(libbpf_unlisten) libbpf_print_fn_t previous;
	_cleanup_(count_calls_freep) struct count_calls *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		abort();
	if (n > COUNT_GROUPS)
		return pale_err_plain(err, E2BIG, "at most %d groups at once", COUNT_GROUPS);
	libbpf_listen(&previous);
	c->n = n;
	r = load(c, programs, err);
	for (uint32_t i = 0; r >= 0 && i < n; i++)
		r = add(c, i, &groups[i], err);
	if (r < 0)
		return r;
	r = count_calls_bpf__attach(c->skel);
	if (r < 0)
		return failed(err, -r, "attach");
	r = mark_all(c, err);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(c);
	return 0;
}

void count_calls_free(struct count_calls *c)
{
	if (!c)
		return;
	ring_buffer__free(c->programs);
	if (c->calls)
		munmap((void *)c->calls, COUNT_ENTRIES((size_t)c->n) * sizeof(*c->calls));
	count_calls_bpf__destroy(c->skel);
	free(c);
}

void count_calls_freep(struct count_calls **c)
{
	count_calls_free(*c);
}

void count_calls_detach(struct count_calls *c)
{
	count_calls_bpf__detach(c->skel);
}

const struct count_group *count_calls_group(const struct count_calls *c, uint32_t group)
{
	return &c->skel->bss->groups[group];
}

void count_calls_add_losses(
	const struct count_calls *c, uint32_t group, bool programs, struct learn_run *run)
{
	const struct count_group *g = count_calls_group(c, group);
	const struct {
		uint64_t n;
		const char *why;
	} losses[] = {
		{ g->calls, "arguments of calls: more different ones than are kept" },
		{ g->missed + g->processes, "calls of processes that could not be followed" },
		{ g->left, "calls of processes that left the cgroup" },
		{ programs ? g->programs : 0, "programs that were executed faster than read" },
	};

	for (size_t i = 0; i < sizeof(losses) / sizeof(*losses); i++)
		if (losses[i].n)
			learn_run_lost(run, losses[i].n, losses[i].why);
}

void count_calls_advance(struct count_calls *c, uint32_t group, enum learn_phase phase)
{
	uint32_t *now = &c->skel->bss->groups[group].phase;
	uint32_t seen = __atomic_load_n(now, __ATOMIC_RELAXED);

	while (seen != LEARN_RUNTIME && seen < phase)
		if (__atomic_compare_exchange_n(
			    now, &seen, phase, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return;
}

bool count_calls_begin(struct count_calls *c, uint32_t group)
{
	uint32_t *now = &c->skel->bss->groups[group].phase, runtime = LEARN_RUNTIME;

	return __atomic_compare_exchange_n(
		now, &runtime, LEARN_INIT, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static void each_number(const struct count_calls *c, uint32_t part, uint32_t abi,
	void (*each)(void *ctx, const struct counted_call *call), void *ctx)
{
	for (uint32_t number = 0; number < COUNT_CALLS; number++) {
		struct counted_call call = {
			.phase = phase_of_part(part),
			.execed = part_is_execed(part),
			.abi = abis[abi],
			.number = abi == COUNT_X32 ? number | X32_BIT : number,
			.count = __atomic_load_n(
				&c->calls[COUNT_INDEX(part, abi, number)], __ATOMIC_RELAXED),
		};

		if (call.count)
			each(ctx, &call);
	}
}

static void each_arguments(const struct count_calls *c, uint32_t group,
	void (*each)(void *ctx, const struct counted_call *call), void *ctx)
{
	int map = bpf_map__fd(c->skel->maps.arguments);
	struct count_arguments key;
	bool more = bpf_map_get_next_key(map, NULL, &key) == 0;

	for (; more; more = bpf_map_get_next_key(map, &key, &key) == 0) {
		struct counted_call call = { .abi = vocab_abi_native() };

		if (group_of_part(key.part) != group ||
			bpf_map_lookup_elem(map, &key, &call.count) < 0)
			continue;
		call.phase = phase_of_part(key.part);
		call.execed = part_is_execed(key.part);
		call.number = key.number;
		call.known = c->skel->rodata->compared[key.number % COUNT_CALLS].registers;
		for (int i = 0; i < COUNT_REGISTERS; i++)
			call.registers[i] = key.registers[i];
		each(ctx, &call);
	}
}

void count_calls_each(const struct count_calls *c, uint32_t group,
	void (*each)(void *ctx, const struct counted_call *call), void *ctx)
{
	for (uint32_t part = COUNT_PARTS(group); part < COUNT_PARTS(group + 1); part++)
		for (uint32_t abi = 0; abi < COUNT_ABIS; abi++)
			each_number(c, part, abi, each, ctx);
	each_arguments(c, group, each, ctx);
}

uint64_t count_calls_forks(
	const struct count_calls *c, uint32_t group, bool execed, enum learn_phase phase)
{
	return c->skel->bss->forks[COUNT_PART(group, execed ? COUNT_EXECED : COUNT_OWN, phase)];
}

int count_calls_fd(const struct count_calls *c)
{
	return ring_buffer__epoll_fd(c->programs);
}

int count_calls_read(struct count_calls *c,
	void (*take)(void *ctx, const struct counted_program *program), void *ctx,
	struct pale_err **err)
{
	int n;

	c->take = take;
	c->ctx = ctx;
	n = ring_buffer__consume(c->programs);
	return n < 0 ? pale_err_set(err, -n, "read programs that were executed") : 0;
}
