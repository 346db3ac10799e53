/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/seccomp_exit.h"

#include "compiler/base/cleanup.h"
#include "enforcer/libbpf_words.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <seccomp_exit.skel.h>
#include <sys/stat.h>
#include <time.h>

#define SECOND_NS 1000000000u
/* include/linux/proc_ns.h, PROC_PID_INIT_INO; of the kernel's interface for as long as it has had
 * namespaces of processes. */
#define INITIAL_PID_NAMESPACE 0xeffffffcu

struct seccomp_exit {
	struct seccomp_exit_bpf *skel;
	struct ring_buffer *ring;
	struct bpf_link *link; /* NULL: not attached */
	/* seccomp_exit_read()'s */
	void (*take)(void *ctx, const struct seccomp_exit_event *e);
	void *ctx;
	size_t left;
};

static int check_namespace(struct pale_err **err)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) < 0)
		return pale_err_set(err, errno, "the own pid namespace");
	if (st.st_ino != INITIAL_PID_NAMESPACE)
		return pale_err_plain(err, EOPNOTSUPP,
			"the kernel numbers processes as the initial pid namespace does, which "
			"this is not");
	return 0;
}

static int on_sample(void *ctx, void *data, size_t size)
{
	struct seccomp_exit *s = ctx;

	if (size >= sizeof(struct seccomp_exit_event))
		s->take(s->ctx, data);
	/* What is negative ends the round, and this event counts as read. */
	return --s->left ? 0 : -EAGAIN;
}

static int load(struct seccomp_exit *s, struct pale_err **err)
{
	_cleanup_(libbpf_unlisten) libbpf_print_fn_t previous;
	int r;

	libbpf_listen(&previous);
	s->skel = seccomp_exit_bpf__open();
	if (!s->skel)
		return pale_err_set(err, errno, "open: %s", libbpf_last_words());
	r = seccomp_exit_bpf__load(s->skel);
	if (r < 0)
		return pale_err_set(err, -r, "load: %s", libbpf_last_words());
	s->ring = ring_buffer__new(bpf_map__fd(s->skel->maps.events), on_sample, s, NULL);
	return s->ring ? 0 : pale_err_set(err, errno, "events");
}

int seccomp_exit_load(struct seccomp_exit **ret, struct pale_err **err)
{
	_cleanup_(seccomp_exit_freep) struct seccomp_exit *s = calloc(1, sizeof(*s));
	int r = check_namespace(err);

	if (!s)
		abort();
	if (r >= 0)
		r = load(s, err);
	if (r < 0)
		return pale_err_wrap(err, "tracepoint sys_exit");
	*ret = TAKE_PTR(s);
	return 0;
}

void seccomp_exit_free(struct seccomp_exit *s)
{
	if (!s)
		return;
	seccomp_exit_detach(s);
	ring_buffer__free(s->ring);
	seccomp_exit_bpf__destroy(s->skel);
	free(s);
}

void seccomp_exit_freep(struct seccomp_exit **s)
{
	seccomp_exit_free(*s);
}

int seccomp_exit_attach(struct seccomp_exit *s, struct pale_err **err)
{
	_cleanup_(libbpf_unlisten) libbpf_print_fn_t previous;

	if (s->link)
		return 0;
	libbpf_listen(&previous);
	s->link = bpf_program__attach(s->skel->progs.call_ended);
	return s->link ? 0
		       : pale_err_set(err, errno, "tracepoint sys_exit: attach: %s",
				 libbpf_last_words());
}

void seccomp_exit_detach(struct seccomp_exit *s)
{
	bpf_link__destroy(s->link);
	s->link = NULL;
}

void seccomp_exit_look_for(struct seccomp_exit *s, const uint64_t errnos[SECCOMP_EXIT_WORDS])
{
	for (size_t i = 0; i < SECCOMP_EXIT_WORDS; i++)
		__atomic_store_n(&s->skel->bss->errnos[i], errnos[i], __ATOMIC_RELAXED);
}

void seccomp_exit_limit(struct seccomp_exit *s, uint32_t rate, uint32_t burst)
{
	uint64_t interval = rate ? SECOND_NS / rate : 0;

	__atomic_store_n(&s->skel->bss->burst_ns, interval * burst, __ATOMIC_RELAXED);
	__atomic_store_n(&s->skel->bss->interval_ns, interval, __ATOMIC_RELAXED);
}

int seccomp_exit_fd(const struct seccomp_exit *s)
{
	return ring_buffer__epoll_fd(s->ring);
}

int seccomp_exit_read(struct seccomp_exit *s, size_t max,
	void (*take)(void *ctx, const struct seccomp_exit_event *e), void *ctx,
	struct pale_err **err)
{
	int r;

	s->take = take;
	s->ctx = ctx;
	s->left = max;
	r = ring_buffer__consume(s->ring);
	if (r < 0 && r != -EAGAIN)
		return pale_err_set(err, -r, "tracepoint sys_exit: events");
	return (int)(max - s->left);
}

uint64_t seccomp_exit_lost(const struct seccomp_exit *s)
{
	const int cpus = libbpf_num_possible_cpus();
	_cleanup_free_ uint64_t *counts = cpus > 0 ? calloc((size_t)cpus, sizeof(*counts)) : NULL;
	const uint32_t zero = 0;
	uint64_t sum = 0;

	if (!counts || bpf_map_lookup_elem(bpf_map__fd(s->skel->maps.lost), &zero, counts) < 0)
		return 0;
	for (int i = 0; i < cpus; i++)
		sum += counts[i];
	return sum;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

/* Calls that are throttled take no tokens, but as long as there are such calls others do. */
static bool is_idle(const struct seccomp_exit_bucket *b)
{
	return b->throttled && b->full_ns < now_ns();
}

void seccomp_exit_take_throttled(struct seccomp_exit *s,
	void (*take)(void *ctx, const struct seccomp_exit_key *key,
		const struct seccomp_exit_bucket *bucket),
	void *ctx)
{
	const int map = bpf_map__fd(s->skel->maps.buckets);
	struct seccomp_exit_key key, next;
	bool more = bpf_map_get_next_key(map, NULL, &next) == 0;

	for (size_t n = 0; more && n < SECCOMP_EXIT_BUCKETS; n++) {
		struct seccomp_exit_bucket b;

		key = next;
		more = bpf_map_get_next_key(map, &key, &next) == 0;
		if (bpf_map_lookup_elem(map, &key, &b) == 0 && (!s->link || is_idle(&b)) &&
			bpf_map_lookup_and_delete_elem(map, &key, &b) == 0)
			take(ctx, &key, &b);
	}
}
