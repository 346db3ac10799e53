/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/recorder/kernel.h"

#include "compiler/base/cleanup.h"
#include "enforcer/libbpf_words.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <recorder.skel.h>
#include <sys/stat.h>

/* include/linux/proc_ns.h, PROC_PID_INIT_INO */
#define INITIAL_PID_NAMESPACE 0xeffffffcu

enum { LINK_START, LINK_EXEC, LINK_EXIT, LINK_CONNECT, LINKS };
enum { LINK_UDP4, LINK_UDP6, UDP_LINKS };

/* A container that was added, and what has to be taken back. */
struct added {
	uint32_t number;
	uint64_t cgroup, lost; /* as was told */
	struct bpf_link *udp[UDP_LINKS];
};

struct recorder_kernel {
	struct recorder_bpf *skel;
	struct ring_buffer *ring;
	struct bpf_link *links[LINKS];
	bool attached, has_udp;
	struct pale_err *why_no_udp;
	struct added *added;
	size_t n;
	/* recorder_kernel_read()'s */
	recorder_kernel_take take;
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

static bool is_sound(const struct recorder_event *e, size_t size)
{
	const struct recorder_exec *x = (const struct recorder_exec *)e;

	if (size < sizeof(*e))
		return false;
	if (e->kind != RECORDER_EXEC)
		return true;
	return size >= sizeof(*x) && x->executable_at <= sizeof(x->executable) &&
	       x->filename_len < sizeof(x->filename) && x->arguments_kept <= size - sizeof(*x);
}

static int on_sample(void *ctx, void *data, size_t size)
{
	struct recorder_kernel *k = ctx;

	if (is_sound(data, size))
		k->take(k->ctx, data);
	/* What is negative ends the round, and this event counts as read. */
	return --k->left ? 0 : -EAGAIN;
}

static int open_and_load(struct recorder_kernel *k, bool with_udp, struct pale_err **err)
{
	_cleanup_(libbpf_unlisten) libbpf_print_fn_t previous;
	int r;

	libbpf_listen(&previous);
	k->skel = recorder_bpf__open();
	if (!k->skel)
		return pale_err_set(err, errno, "open: %s", libbpf_last_words());
	bpf_program__set_autoload(k->skel->progs.connected_udp4, with_udp);
	bpf_program__set_autoload(k->skel->progs.connected_udp6, with_udp);
	r = recorder_bpf__load(k->skel);
	if (r >= 0) {
		k->has_udp = with_udp;
		return 0;
	}
	recorder_bpf__destroy(TAKE_PTR(k->skel));
	return pale_err_set(err, -r, "load: %s", libbpf_last_words());
}

static int load(struct recorder_kernel *k, struct pale_err **err)
{
	/* Most is better than nothing. */
	int r = open_and_load(k, true, &k->why_no_udp);

	if (r < 0)
		r = open_and_load(k, false, err);
	if (r < 0)
		return r;
	k->ring = ring_buffer__new(bpf_map__fd(k->skel->maps.events), on_sample, k, NULL);
	return k->ring ? 0 : pale_err_set(err, errno, "events");
}

int recorder_kernel_load(struct recorder_kernel **ret, struct pale_err **err)
{
	_cleanup_(recorder_kernel_freep) struct recorder_kernel *k = calloc(1, sizeof(*k));
	int r;

	if (!k)
		abort();
	r = check_namespace(err);
	if (r >= 0)
		r = load(k, err);
	if (r < 0)
		return pale_err_wrap(err, "tracepoints of processes");
	*ret = TAKE_PTR(k);
	return 0;
}

static void release_udp(struct added *a)
{
	for (int i = 0; i < UDP_LINKS; i++) {
		bpf_link__destroy(a->udp[i]);
		a->udp[i] = NULL;
	}
}

void recorder_kernel_free(struct recorder_kernel *k)
{
	if (!k)
		return;
	recorder_kernel_detach(k);
	ring_buffer__free(k->ring);
	recorder_bpf__destroy(k->skel);
	pale_err_free(k->why_no_udp);
	free(k->added);
	free(k);
}

void recorder_kernel_freep(struct recorder_kernel **k)
{
	recorder_kernel_free(*k);
}

int recorder_kernel_attach(struct recorder_kernel *k, struct pale_err **err)
{
	_cleanup_(libbpf_unlisten) libbpf_print_fn_t previous;
	const struct bpf_program *const programs[LINKS] = {
		[LINK_START] = k->skel->progs.process_started,
		[LINK_EXEC] = k->skel->progs.process_executed,
		[LINK_EXIT] = k->skel->progs.process_ended,
		[LINK_CONNECT] = k->skel->progs.state_changed,
	};

	if (k->attached)
		return 0;
	libbpf_listen(&previous);
	for (int i = 0; i < LINKS; i++) {
		k->links[i] = bpf_program__attach(programs[i]);
		if (!k->links[i]) {
			int errnum = errno;

			recorder_kernel_detach(k);
			return pale_err_set(err, errnum, "tracepoints of processes: attach: %s",
				libbpf_last_words());
		}
	}
	k->attached = true;
	return 0;
}

void recorder_kernel_detach(struct recorder_kernel *k)
{
	for (int i = 0; i < LINKS; i++) {
		bpf_link__destroy(k->links[i]);
		k->links[i] = NULL;
	}
	for (size_t i = 0; i < k->n; i++)
		release_udp(&k->added[i]);
	k->attached = false;
}

bool recorder_kernel_is_attached(const struct recorder_kernel *k)
{
	return k->attached;
}

/* One that has ended meanwhile needs none. */
static void mark(
	struct recorder_kernel *k, int pidfd, const struct recorder_mark *m, uint64_t flags)
{
	if (pidfd >= 0)
		bpf_map_update_elem(bpf_map__fd(k->skel->maps.marks), &pidfd, m, flags);
}

void recorder_kernel_mark(struct recorder_kernel *k, uint32_t number, int pidfd)
{
	/* What the programs, or recorder_kernel_add(), have found is as right. */
	mark(k, pidfd, &(const struct recorder_mark){ .container = number }, BPF_NOEXIST);
}

static void attach_udp(
	struct recorder_kernel *k, struct added *a, int cgroup_fd, struct pale_err **ret_why_not)
{
	_cleanup_(libbpf_unlisten) libbpf_print_fn_t previous;
	const struct bpf_program *const programs[UDP_LINKS] = {
		[LINK_UDP4] = k->skel->progs.connected_udp4,
		[LINK_UDP6] = k->skel->progs.connected_udp6,
	};

	if (!k->has_udp) {
		pale_err_plain(ret_why_not, EOPNOTSUPP, "%s", pale_err_text(k->why_no_udp));
		return;
	}
	libbpf_listen(&previous);
	for (int i = 0; i < UDP_LINKS; i++) {
		a->udp[i] = bpf_program__attach_cgroup(programs[i], cgroup_fd);
		if (!a->udp[i]) {
			pale_err_set(ret_why_not, errno, "attach to its cgroup: %s",
				libbpf_last_words());
			release_udp(a);
			return;
		}
	}
}

static int put(int map, const void *key, uint32_t number, struct pale_err **err)
{
	return bpf_map_update_elem(map, key, &number, BPF_ANY) < 0
		       ? pale_err_set(err, errno, "add a container to those that are recorded")
		       : 0;
}

int recorder_kernel_add(struct recorder_kernel *k, const struct recorder_container *c,
	struct pale_err **ret_why_no_udp, struct pale_err **err)
{
	struct added a = { .number = c->number, .cgroup = c->cgroup };
	const struct recorder_mark m = { .container = c->number,
		.owns_namespace = c->owns_namespace };
	const uint64_t zero = 0;
	int r = 0;

	if (bpf_map_update_elem(bpf_map__fd(k->skel->maps.lost), &c->number, &zero, BPF_ANY) < 0)
		r = pale_err_set(err, errno, "add a container to those that are recorded");
	if (r >= 0 && c->cgroup) {
		r = put(bpf_map__fd(k->skel->maps.cgroups), &c->cgroup, c->number, err);
		__atomic_store_n(&k->skel->bss->any_cgroup, true, __ATOMIC_RELAXED);
	}
	k->added = reallocarray(k->added, k->n + 1, sizeof(*k->added));
	if (!k->added)
		abort();
	if (r >= 0 && c->cgroup && c->cgroup_fd >= 0)
		attach_udp(k, &a, c->cgroup_fd, ret_why_no_udp);
	k->added[k->n++] = a;
	if (r < 0) {
		recorder_kernel_remove(k, c->number);
		return r;
	}
	mark(k, c->pidfd, &m, BPF_ANY);
	return 0;
}

/* Another container may have it by now. */
static void drop(int map, const void *key, uint32_t number)
{
	uint32_t there;

	if (bpf_map_lookup_elem(map, key, &there) == 0 && there == number)
		bpf_map_delete_elem(map, key);
}

/* Which it is only the program has seen. */
static void drop_namespaces(struct recorder_kernel *k, uint32_t number)
{
	const int map = bpf_map__fd(k->skel->maps.pid_namespaces);
	uint32_t key, next;
	bool more = bpf_map_get_next_key(map, NULL, &next) == 0;

	for (size_t n = 0; more && n < RECORDER_CONTAINERS; n++) {
		key = next;
		more = bpf_map_get_next_key(map, &key, &next) == 0;
		drop(map, &key, number);
	}
}

static struct added *find(struct recorder_kernel *k, uint32_t number)
{
	for (size_t i = 0; i < k->n; i++) {
		if (k->added[i].number == number)
			return &k->added[i];
	}
	return NULL;
}

void recorder_kernel_remove(struct recorder_kernel *k, uint32_t number)
{
	struct added *a = find(k, number);
	bool any = false;

	if (!a)
		return;
	release_udp(a);
	drop_namespaces(k, number);
	if (a->cgroup)
		drop(bpf_map__fd(k->skel->maps.cgroups), &a->cgroup, number);
	bpf_map_delete_elem(bpf_map__fd(k->skel->maps.lost), &number);
	*a = k->added[--k->n];
	for (size_t i = 0; i < k->n; i++)
		any = any || k->added[i].cgroup;
	__atomic_store_n(&k->skel->bss->any_cgroup, any, __ATOMIC_RELAXED);
}

int recorder_kernel_fd(const struct recorder_kernel *k)
{
	return ring_buffer__epoll_fd(k->ring);
}

int recorder_kernel_read(struct recorder_kernel *k, size_t max, recorder_kernel_take take,
	void *ctx, struct pale_err **err)
{
	int r;

	k->take = take;
	k->ctx = ctx;
	k->left = max;
	r = ring_buffer__consume(k->ring);
	if (r < 0 && r != -EAGAIN)
		return pale_err_set(err, -r, "tracepoints of processes: events");
	return (int)(max - k->left);
}

uint64_t recorder_kernel_take_lost(struct recorder_kernel *k, uint32_t number)
{
	struct added *a = find(k, number);
	uint64_t lost, untold;

	if (!a || bpf_map_lookup_elem(bpf_map__fd(k->skel->maps.lost), &number, &lost) < 0)
		return 0;
	untold = lost - a->lost;
	a->lost = lost;
	return untold;
}
