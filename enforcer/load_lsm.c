/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/load_lsm.h"

#include "compiler/base/cleanup.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <lsm.skel.h>

struct slot {
	bool used;
	uint32_t n_instances; /* under it */
	enum lsm_size size;
	uint32_t n_rules, n_domains;
};

struct lsm {
	struct lsm_bpf *skel;
	struct ring_buffer *ring;
	struct slot policies[LSM_POLICIES_MAX];
	struct lsm_instance *instances; /* [LSM_INSTANCES_MAX], the map itself */
	uint64_t generation;		/* of the last instance */
	uint64_t serial;		/* of the last policy */
	lsm_on_event on_event;
	void *ctx;
};

/* libbpf tells what went wrong by printing only. The last of it is kept for the error: a verifier's
 * log ends with the reason. */
static _Thread_local char last_words[2048];

static int keep_words(enum libbpf_print_level level, const char *format, va_list args)
{
	_cleanup_free_ char *words = NULL;
	size_t len, have = strlen(last_words), cap = sizeof(last_words) - 1, from = 0;

	if (level == LIBBPF_DEBUG || vasprintf(&words, format, args) < 0)
		return 0;
	len = strlen(words);
	if (len > cap)
		from = len - cap;
	len -= from;
	if (have + len > cap) {
		size_t drop = have + len - cap;

		memmove(last_words, last_words + drop, have - drop + 1);
		have -= drop;
	}
	memcpy(last_words + have, words + from, len + 1);
	return 0;
}

static void listen_to_libbpf(libbpf_print_fn_t *ret_previous)
{
	last_words[0] = 0;
	*ret_previous = libbpf_set_print(keep_words);
}

static void unlisten(libbpf_print_fn_t *previous)
{
	libbpf_set_print(*previous);
}

static int read_line(const char *path, char *buf, size_t size, struct pale_err **err)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");

	if (!f)
		return pale_err_set(err, errno, "%s", path);
	if (!fgets(buf, (int)size, f))
		return pale_err_set(err, ferror(f) ? errno : ENODATA, "%s", path);
	buf[strcspn(buf, "\n")] = 0;
	return 0;
}

static bool has_word(const char *list, const char *word, const char *separators)
{
	size_t n, len = strlen(word);

	for (; *list; list += n + (list[n] != 0)) {
		n = strcspn(list, separators);
		if (n == len && !memcmp(list, word, n))
			return true;
	}
	return false;
}

static int check_active(struct pale_err **err)
{
	char active[512];
	int r = read_line("/sys/kernel/security/lsm", active, sizeof(active), err);

	if (r < 0) {
		pale_err_hint(err, "mount -t securityfs securityfs /sys/kernel/security, if this "
				   "kernel has it");
		return r;
	}
	if (has_word(active, "bpf", ","))
		return 0;
	r = pale_err_set(err, 0, "the kernel's active LSMs are %s, without bpf", active);
	pale_err_hint(err, "boot with lsm=%s,bpf", active);
	return r;
}

/*
 * Debian's release is "6.1.0-40-amd64" whatever the patch level, and its version "#1 SMP … Debian
 * 6.1.153-1 (…)". @ret: 0 where nothing is said.
 */
static void kernel_version(int ret[3])
{
	struct utsname u;
	const char *p;
	int v[3];

	ret[0] = ret[1] = ret[2] = 0;
	if (uname(&u) < 0)
		return;
	if (sscanf(u.release, "%d.%d.%d", &ret[0], &ret[1], &ret[2]) < 2)
		return;
	for (p = u.version; (p = strchr(p, ' '));) {
		p++;
		if (sscanf(p, "%d.%d.%d", &v[0], &v[1], &v[2]) == 3 && v[0] == ret[0] &&
			v[1] == ret[1] && v[2] > ret[2])
			ret[2] = v[2];
	}
}

/*
 * Whether a task may be interrupted by another inside the kernel: by its build, or on kernels that
 * choose at boot (PREEMPT_DYNAMIC) by their command line or debugfs, where it can be changed at any
 * time; lsm_load() sees only what holds then.
 */
static bool preempts_fully(void)
{
	static const char *const places[][2] = {
		{ "/proc/sys/kernel/version", "PREEMPT" },
		{ "/proc/sys/kernel/version", "PREEMPT_RT" },
		{ "/proc/cmdline", "preempt=full" },
		{ "/sys/kernel/debug/sched/preempt", "(full)" },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		_cleanup_(pale_err_freep) struct pale_err *unused = NULL;
		char line[4096];

		if (read_line(places[i][0], line, sizeof(line), &unused) >= 0 &&
			has_word(line, places[i][1], " "))
			return true;
	}
	return false;
}

/* See enforcer/bpf/state.h. */
static bool loses_task_storage(void)
{
	int v[3];

	kernel_version(v);
	return v[0] == 6 && v[1] == 1 && preempts_fully();
}

/*
 * Until "bpf: Remove prog->active check for bpf_lsm and bpf_iter" a program that was interrupted on
 * a CPU was skipped for whatever else ran there, and so allowed it.
 */
static int check_version(struct pale_err **err)
{
	static const int fixed[][3] = { { 6, 1, 54 }, { 6, 5, 4 } };
	int v[3];

	kernel_version(v);
	if (v[0] < 6 || (v[0] == 6 && v[1] < 6)) {
		bool good = false;

		for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
			if (v[0] == fixed[i][0] && v[1] == fixed[i][1] && v[2] >= fixed[i][2])
				good = true;
		if (!good)
			return pale_err_set(err, 0,
				"kernel %d.%d.%d skips BPF-LSM programs at times; 6.1.54, 6.5.4 "
				"and "
				"6.6 do not",
				v[0], v[1], v[2]);
	}
	return 0;
}

static int check_load(struct pale_err **err)
{
	_cleanup_(unlisten) libbpf_print_fn_t previous;
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_LSM_MAC);
	_cleanup_close_ int fd = -1;
	int id;

	listen_to_libbpf(&previous);
	id = libbpf_find_vmlinux_btf_id("file_open", BPF_LSM_MAC);
	if (id < 0)
		return pale_err_set(err, -id, "the kernel's types (/sys/kernel/btf/vmlinux)");
	opts.attach_btf_id = (uint32_t)id;
	fd = bpf_prog_load(BPF_PROG_TYPE_LSM, "pale_probe", "GPL", insns, 2, &opts);
	if (fd < 0) {
		int r = pale_err_set(err, errno, "loading a program");

		if (r == -EPERM)
			pale_err_hint(err, "needs CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN, and a "
					   "host that lets them be used");
		return r;
	}
	return 0;
}

int lsm_supported(struct pale_err **err)
{
	int r;

	r = check_active(err);
	if (r == 0)
		r = check_version(err);
	if (r == 0)
		r = check_load(err);
	return r < 0 ? pale_err_wrap(err, "bpf-lsm") : 0;
}

static int n_parameters(const struct btf *btf, const char *function)
{
	int id = btf ? btf__find_by_name_kind(btf, function, BTF_KIND_FUNC) : -1;

	return id < 0 ? 0 : btf_vlen(btf__type_by_id(btf, btf__type_by_id(btf, (__u32)id)->type));
}

/* Hooks that not all kernels have; what they mediate has others elsewhere. */
static void fit_to_kernel(struct lsm_bpf *skel)
{
	struct btf *btf = btf__load_vmlinux_btf();
	struct bpf_program *program;

	bpf_object__for_each_program(program, skel->obj)
	{
		char name[128];
		const char *section = bpf_program__section_name(program);

		if (bpf_program__autoload(program))
			continue;
		snprintf(name, sizeof(name), "%s%s", strncmp(section, "lsm/", 4) ? "" : "bpf_lsm_",
			strchr(section, '/') + 1);
		if (btf && btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) >= 0)
			bpf_program__set_autoload(program, true);
	}
	skel->rodata->labels_by_task = loses_task_storage();
	if (skel->rodata->labels_by_task) {
		bpf_program__set_autoload(skel->progs.task_free, true);
	} else {
		bpf_program__set_autoload(skel->progs.task_free, false);
		bpf_map__set_max_entries(skel->maps.task_labels, 1);
		bpf_map__set_max_entries(skel->maps.task_scratches, 1);
	}
	skel->rodata->setattr_has_idmap = n_parameters(btf, "bpf_lsm_inode_setattr") == 3;
	btf__free(btf);
}

static int on_sample(void *ctx, void *data, size_t size)
{
	struct lsm *l = ctx;
	const struct lsm_event *e = data;

	if (size >= sizeof(*e) && e->text_len <= size - sizeof(*e) &&
		e->executable_len <= LSM_EXECUTABLE_BYTES && l->on_event)
		l->on_event(l->ctx, e);
	return 0;
}

static size_t instances_bytes(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (LSM_INSTANCES_MAX * sizeof(struct lsm_instance) + page - 1) / page * page;
}

static int note_one(struct lsm *l, enum lsm_own kind, uint32_t id, struct pale_err **err)
{
	uint64_t key = LSM_OWN_KEY(kind, id);
	uint8_t unused = 0;

	if (bpf_map_update_elem(bpf_map__fd(l->skel->maps.own), &key, &unused, 0) < 0)
		return pale_err_set(err, errno, "bpf-lsm: note what is its own");
	return 0;
}

/* The policies' maps are frozen and need none of this. */
static int note_own(struct lsm *l, struct pale_err **err)
{
	const struct bpf_object_skeleton *s = l->skel->skeleton;
	struct bpf_prog_info program_info;
	struct bpf_link_info link_info;
	struct bpf_map_info map_info;
	struct bpf_map *map;
	uint32_t len;
	int r = 0;

	for (int i = 0; i < s->prog_cnt && r >= 0; i++) {
		if (!*s->progs[i].link)
			continue;
		len = sizeof(program_info);
		memset(&program_info, 0, len);
		if (bpf_obj_get_info_by_fd(
			    bpf_program__fd(*s->progs[i].prog), &program_info, &len) < 0)
			return pale_err_set(err, errno, "bpf-lsm: %s", s->progs[i].name);
		r = note_one(l, LSM_OWN_PROGRAM, program_info.id, err);
		len = sizeof(link_info);
		memset(&link_info, 0, len);
		if (bpf_obj_get_info_by_fd(bpf_link__fd(*s->progs[i].link), &link_info, &len) < 0)
			return pale_err_set(err, errno, "bpf-lsm: link of %s", s->progs[i].name);
		if (r >= 0)
			r = note_one(l, LSM_OWN_LINK, link_info.id, err);
	}
	bpf_object__for_each_map(map, l->skel->obj)
	{
		len = sizeof(map_info);
		memset(&map_info, 0, len);
		if (r < 0)
			break;
		if (bpf_obj_get_info_by_fd(bpf_map__fd(map), &map_info, &len) < 0)
			return pale_err_set(err, errno, "bpf-lsm: %s", bpf_map__name(map));
		r = note_one(l, LSM_OWN_MAP, map_info.id, err);
	}
	return r;
}

int lsm_load(struct lsm **ret, struct pale_err **err)
{
	_cleanup_(unlisten) libbpf_print_fn_t previous;
	_cleanup_(lsm_freep) struct lsm *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		abort();
	listen_to_libbpf(&previous);
	l->skel = lsm_bpf__open();
	if (!l->skel)
		return pale_err_set(err, errno, "bpf-lsm: open: %s", last_words);
	fit_to_kernel(l->skel);
	r = lsm_bpf__load(l->skel);
	if (r < 0)
		return pale_err_set(err, -r, "bpf-lsm: load: %s", last_words);
	l->instances = mmap(NULL, instances_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED,
		bpf_map__fd(l->skel->maps.instances), 0);
	if (l->instances == MAP_FAILED) {
		l->instances = NULL;
		return pale_err_set(err, errno, "bpf-lsm: instances");
	}
	l->ring = ring_buffer__new(bpf_map__fd(l->skel->maps.events), on_sample, l, NULL);
	if (!l->ring)
		return pale_err_set(err, errno, "bpf-lsm: events");
	r = lsm_bpf__attach(l->skel);
	if (r < 0)
		return pale_err_set(err, -r, "bpf-lsm: attach: %s", last_words);
	r = note_own(l, err);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(l);
	return 0;
}

void lsm_free(struct lsm *l)
{
	if (!l)
		return;
	ring_buffer__free(l->ring);
	if (l->instances)
		munmap(l->instances, instances_bytes());
	lsm_bpf__destroy(l->skel);
	free(l);
}

void lsm_freep(struct lsm **l)
{
	lsm_free(*l);
}

static bool inside(const struct lsm_head *h, uint64_t offset, uint64_t n, uint64_t size)
{
	return offset >= sizeof(*h) && offset + n * size <= h->bytes;
}

/* The programs bound every access by themselves, and deny when one leaves the blob: this is to say
 * so at once. */
static int check_blob(const void *blob, size_t len, struct pale_err **err)
{
	const struct lsm_head *h = blob;

	if (len < sizeof(*h) || h->magic != LSM_MAGIC)
		return pale_err_set(err, EINVAL, "not a BPF-LSM policy");
	if (h->version != LSM_VERSION)
		return pale_err_set(
			err, EINVAL, "policy of version %u, expected %u", h->version, LSM_VERSION);
	if (h->bytes != len || len > LSM_LARGE_BYTES)
		return pale_err_set(err, EINVAL,
			"policy of %zu bytes says it has %u, of at most %u", len, h->bytes,
			LSM_LARGE_BYTES);
	if (h->n_domains < 1 || h->n_domains > LSM_DOMAINS_MAX || h->n_rules > LSM_RULES_MAX ||
		h->n_endpoints > LSM_ENDPOINTS_MAX || h->n_mounts > LSM_MOUNTS_MAX ||
		h->n_automata > 2 * LSM_MOUNTS_MAX || h->n_classes < 1 || h->n_classes > 256 ||
		!inside(h, h->off_domains, h->n_domains, sizeof(struct lsm_domain)) ||
		!inside(h, h->off_rules, h->n_rules, sizeof(struct lsm_rule)) ||
		!inside(h, h->off_endpoints, h->n_endpoints, sizeof(struct lsm_endpoint)) ||
		!inside(h, h->off_mounts, h->n_mounts, sizeof(struct lsm_mount)) ||
		!inside(h, h->off_automata, h->n_automata, sizeof(struct lsm_automaton)) ||
		!inside(h, h->off_cells, h->n_cells, sizeof(lsm_u16)) ||
		!inside(h, h->off_rows, h->n_rows, sizeof(struct lsm_row)) ||
		!inside(h, h->off_accept, h->n_states, sizeof(lsm_u16)) ||
		!inside(h, h->off_next, (uint64_t)h->n_states * h->n_classes, sizeof(lsm_u16)))
		return pale_err_set(err, EINVAL, "policy whose tables leave it");
	return 0;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int make_policy_map(const void *blob, size_t len, enum lsm_size size, uint64_t serial,
	int *ret, struct pale_err **err)
{
	uint32_t bytes = lsm_size_bytes(size), zero = 0;
	_cleanup_close_ int fd = -1;
	_cleanup_free_ void *value = calloc(1, bytes);

	if (!value)
		abort();
	memcpy(value, blob, len);
	((struct lsm_head *)value)->serial = serial;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "pale_policy", sizeof(zero), bytes, 1, NULL);
	if (fd < 0)
		return pale_err_set(err, errno, "create a map of %u bytes", bytes);
	if (bpf_map_update_elem(fd, &zero, value, 0) < 0)
		return pale_err_set(err, errno, "fill the map");
	if (bpf_map_freeze(fd) < 0)
		return pale_err_set(err, errno, "freeze the map");
	*ret = TAKE_FD(fd);
	return 0;
}

static int policies_fd(const struct lsm *l, enum lsm_size size)
{
	const struct bpf_map *const maps[] = {
		[LSM_SMALL] = l->skel->maps.small_policies,
		[LSM_MEDIUM] = l->skel->maps.medium_policies,
		[LSM_LARGE] = l->skel->maps.large_policies,
	};

	return bpf_map__fd(maps[size]);
}

int lsm_add_policy(
	struct lsm *l, const void *blob, size_t len, uint32_t *ret_policy, struct pale_err **err)
{
	_cleanup_close_ int map = -1;
	const struct lsm_head *h = blob;
	struct slot new = { .used = true };
	uint32_t slot = 0;
	int r;

	r = check_blob(blob, len, err);
	if (r < 0)
		return pale_err_wrap(err, "bpf-lsm");
	new.size = lsm_size_of(h->bytes);
	new.n_rules = h->n_rules;
	new.n_domains = h->n_domains;
	while (slot < LSM_POLICIES_MAX && l->policies[slot].used)
		slot++;
	if (slot == LSM_POLICIES_MAX)
		return pale_err_set(
			err, ENOSPC, "bpf-lsm: more than %d policies", LSM_POLICIES_MAX);
	r = make_policy_map(blob, len, new.size, ++l->serial, &map, err);
	if (r < 0)
		return pale_err_wrap(err, "bpf-lsm");
	if (bpf_map_update_elem(policies_fd(l, new.size), &slot, &map, 0) < 0)
		return pale_err_set(err, errno, "bpf-lsm: policy slot %u", slot);
	l->policies[slot] = new;
	*ret_policy = slot;
	return 0;
}

static struct slot *policy_at(struct lsm *l, uint32_t policy)
{
	return policy < LSM_POLICIES_MAX && l->policies[policy].used ? &l->policies[policy] : NULL;
}

static int no_policy(uint32_t policy, struct pale_err **err)
{
	return pale_err_set(err, ENOENT, "bpf-lsm: no policy %u", policy);
}

int lsm_remove_policy(struct lsm *l, uint32_t policy, struct pale_err **err)
{
	struct slot *slot = policy_at(l, policy);

	if (!slot)
		return no_policy(policy, err);
	if (slot->n_instances)
		return pale_err_set(err, EBUSY, "bpf-lsm: policy %u has %u instances", policy,
			slot->n_instances);
	if (bpf_map_delete_elem(policies_fd(l, slot->size), &policy) < 0)
		return pale_err_set(err, errno, "bpf-lsm: policy slot %u", policy);
	*slot = (struct slot){ 0 };
	return 0;
}

/*
 * Returns when programs that run now have ended. The kernel waits so whenever it has changed a map
 * of maps (kernel/bpf/syscall.c, maybe_wait_bpf_programs()): a policy takes its own place again.
 */
static int wait_for_programs(struct lsm *l, uint32_t policy, struct pale_err **err)
{
	const int outer = policies_fd(l, l->policies[policy].size);
	_cleanup_close_ int map = -1;
	uint32_t id;

	if (bpf_map_lookup_elem(outer, &policy, &id) == 0)
		map = bpf_map_get_fd_by_id(id);
	if (map < 0 || bpf_map_update_elem(outer, &policy, &map, 0) < 0)
		return pale_err_set(err, errno, "wait for programs that run");
	return 0;
}

/* One more than there are rules, so that a policy without any has a map, too. */
static int make_counts(struct lsm *l, uint32_t index, uint32_t n_rules, struct pale_err **err)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_INNER_MAP);
	_cleanup_close_ int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "pale_counts", sizeof(uint32_t),
		sizeof(struct lsm_count), n_rules + 1, &opts);

	if (fd < 0)
		return pale_err_set(err, errno, "create a map of counts");
	if (bpf_map_update_elem(bpf_map__fd(l->skel->maps.counts), &index, &fd, 0) < 0)
		return pale_err_set(err, errno, "counts %u", index);
	return 0;
}

static int read_counts(const struct lsm *l, uint32_t index, uint32_t n_rules,
	struct lsm_count **ret, size_t *ret_n, struct pale_err **err)
{
	_cleanup_free_ struct lsm_count *v = calloc(n_rules + 1, sizeof(*v));
	_cleanup_close_ int map = -1;
	uint32_t id;

	if (!v)
		abort();
	if (bpf_map_lookup_elem(bpf_map__fd(l->skel->maps.counts), &index, &id) == 0)
		map = bpf_map_get_fd_by_id(id);
	if (map < 0)
		return pale_err_set(err, errno, "counts %u", index);
	for (uint32_t rule = 0; rule < n_rules; rule++)
		if (bpf_map_lookup_elem(map, &rule, &v[rule]) < 0)
			return pale_err_set(err, errno, "count of rule %u", rule);
	*ret = TAKE_PTR(v);
	*ret_n = n_rules;
	return 0;
}

static bool is_instance(const struct lsm *l, uint32_t instance)
{
	return instance < LSM_INSTANCES_MAX && l->instances[instance].generation;
}

static int no_instance(uint32_t instance, struct pale_err **err)
{
	return pale_err_set(err, ENOENT, "bpf-lsm: no instance %u", instance);
}

/* Programs read these words at any time. */
static void store(lsm_u64 *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static uint64_t load(const lsm_u64 *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

int lsm_add_instance(struct lsm *l, uint32_t policy, uint64_t start_ns, uint32_t *ret_instance,
	struct pale_err **err)
{
	uint64_t now = clock_ns(CLOCK_REALTIME_COARSE), monotonic = clock_ns(CLOCK_MONOTONIC);
	uint64_t age = now > start_ns ? now - start_ns : 0;
	struct slot *slot = policy_at(l, policy);
	struct lsm_instance *instance;
	uint32_t index = 0;
	int r;

	if (!slot)
		return no_policy(policy, err);
	while (index < LSM_INSTANCES_MAX && l->instances[index].generation)
		index++;
	if (index == LSM_INSTANCES_MAX)
		return pale_err_set(
			err, ENOSPC, "bpf-lsm: more than %d instances", LSM_INSTANCES_MAX);
	r = make_counts(l, 2 * index, slot->n_rules, err);
	if (r < 0)
		return pale_err_wrap(err, "bpf-lsm");
	instance = &l->instances[index];
	*instance = (struct lsm_instance){
		.start_ns = start_ns,
		.start_monotonic_ns = age < monotonic ? monotonic - age : 0,
		.binding = LSM_BINDING(policy, slot->size, 2 * index),
	};
	store(&instance->generation, ++l->generation);
	slot->n_instances++;
	*ret_instance = index;
	return 0;
}

static int take_counts(struct lsm *l, uint64_t binding, struct lsm_count **ret_counts,
	size_t *ret_n, struct pale_err **err)
{
	uint32_t index = LSM_BINDING_COUNTS(binding),
		 n = l->policies[LSM_BINDING_SLOT(binding)].n_rules;
	_cleanup_free_ struct lsm_count *counts = NULL;
	int r = read_counts(l, index, n, &counts, ret_n, err);

	if (r >= 0 && bpf_map_delete_elem(bpf_map__fd(l->skel->maps.counts), &index) < 0)
		r = pale_err_set(err, errno, "counts %u", index);
	if (r >= 0)
		*ret_counts = TAKE_PTR(counts);
	return r;
}

int lsm_set_policy(struct lsm *l, uint32_t index, uint32_t policy, struct lsm_count **ret_counts,
	size_t *ret_n, struct pale_err **err)
{
	struct slot *new = policy_at(l, policy), *old;
	struct lsm_instance *instance;
	uint64_t before, after;
	int r;

	if (!is_instance(l, index))
		return no_instance(index, err);
	if (!new)
		return no_policy(policy, err);
	instance = &l->instances[index];
	before = load(&instance->binding);
	old = &l->policies[LSM_BINDING_SLOT(before)];
	if (new->n_domains != old->n_domains)
		return pale_err_set(err, EINVAL,
			"bpf-lsm: a policy of %u domains cannot take the place of one of %u",
			new->n_domains, old->n_domains);
	after = LSM_BINDING(policy, new->size, LSM_BINDING_COUNTS(before) ^ 1);
	r = make_counts(l, LSM_BINDING_COUNTS(after), new->n_rules, err);
	if (r < 0)
		return pale_err_wrap(err, "bpf-lsm");
	store(&instance->binding, after);
	new->n_instances++;
	r = wait_for_programs(l, policy, err);
	if (r >= 0)
		r = take_counts(l, before, ret_counts, ret_n, err);
	old->n_instances--;
	return r < 0 ? pale_err_wrap(err, "bpf-lsm") : 0;
}

void lsm_limit_events(struct lsm *l, uint32_t instance, uint32_t rate, uint32_t burst)
{
	uint64_t interval = rate ? 1000000000 / rate : 0;

	if (!is_instance(l, instance))
		return;
	store(&l->instances[instance].event_burst_ns, interval * burst);
	store(&l->instances[instance].event_interval_ns, interval);
}

int lsm_remove_instance(struct lsm *l, uint32_t index, struct pale_err **err)
{
	_cleanup_free_ struct lsm_count *counts = NULL;
	struct lsm_instance *instance;
	uint64_t cgroup, binding;
	size_t n;
	int r;

	if (!is_instance(l, index))
		return no_instance(index, err);
	instance = &l->instances[index];
	cgroup = instance->cgroup;
	binding = load(&instance->binding);
	if (cgroup && bpf_map_delete_elem(bpf_map__fd(l->skel->maps.cgroups), &cgroup) < 0 &&
		errno != ENOENT)
		return pale_err_set(
			err, errno, "bpf-lsm: unbind cgroup %llu", (unsigned long long)cgroup);
	store(&instance->generation, 0);
	r = wait_for_programs(l, LSM_BINDING_SLOT(binding), err);
	if (r >= 0)
		r = take_counts(l, binding, &counts, &n, err);
	l->policies[LSM_BINDING_SLOT(binding)].n_instances--;
	return r < 0 ? pale_err_wrap(err, "bpf-lsm") : 0;
}

int lsm_cgroup_id(int cgroup_fd, uint64_t *ret, struct pale_err **err)
{
	_Alignas(struct file_handle) char buf[sizeof(struct file_handle) + sizeof(uint64_t)];
	struct file_handle *handle = (struct file_handle *)buf;
	struct statfs fs;
	int mount_id;

	if (fstatfs(cgroup_fd, &fs) < 0)
		return pale_err_set(err, errno, "cgroup");
	if (fs.f_type != CGROUP2_SUPER_MAGIC)
		return pale_err_set(err, EOPNOTSUPP, "not a cgroup of the unified hierarchy");
	/* The handle of a cgroup's directory is its id. */
	handle->handle_bytes = sizeof(uint64_t);
	if (name_to_handle_at(cgroup_fd, "", handle, &mount_id, AT_EMPTY_PATH) < 0)
		return pale_err_set(err, errno, "cgroup");
	memcpy(ret, handle->f_handle, sizeof(*ret));
	return 0;
}

int lsm_bind_cgroup(struct lsm *l, uint64_t cgroup_id, uint32_t index, struct pale_err **err)
{
	struct {
		uint32_t instance, generation;
	} binding = { .instance = index };
	struct lsm_instance *instance;

	if (!is_instance(l, index))
		return no_instance(index, err);
	instance = &l->instances[index];
	if (instance->cgroup)
		return pale_err_set(err, EEXIST, "bpf-lsm: instance %u is bound", index);
	binding.generation = (uint32_t)instance->generation;
	store(&instance->cgroup, cgroup_id);
	if (bpf_map_update_elem(
		    bpf_map__fd(l->skel->maps.cgroups), &cgroup_id, &binding, BPF_NOEXIST) < 0) {
		store(&instance->cgroup, 0);
		return pale_err_set(
			err, errno, "bpf-lsm: bind cgroup %llu", (unsigned long long)cgroup_id);
	}
	return 0;
}

int lsm_event_fd(const struct lsm *l)
{
	return ring_buffer__epoll_fd(l->ring);
}

int lsm_poll(struct lsm *l, int timeout_ms, lsm_on_event on_event, void *ctx, struct pale_err **err)
{
	int r;

	l->on_event = on_event;
	l->ctx = ctx;
	r = timeout_ms ? ring_buffer__poll(l->ring, timeout_ms) : ring_buffer__consume(l->ring);
	l->on_event = NULL;
	if (r < 0)
		return pale_err_set(err, -r, "bpf-lsm: events");
	return r;
}

int lsm_counters(
	const struct lsm *l, uint32_t index, struct lsm_instance *ret, struct pale_err **err)
{
	if (!is_instance(l, index))
		return no_instance(index, err);
	*ret = l->instances[index];
	return 0;
}

static const struct slot *policy_of(const struct lsm *l, uint32_t instance)
{
	return &l->policies[LSM_BINDING_SLOT(load(&l->instances[instance].binding))];
}

int lsm_rule_counts(const struct lsm *l, uint32_t index, struct lsm_count **ret, size_t *ret_n,
	struct pale_err **err)
{
	if (!is_instance(l, index))
		return no_instance(index, err);
	return read_counts(l, LSM_BINDING_COUNTS(load(&l->instances[index].binding)),
		policy_of(l, index)->n_rules, ret, ret_n, err);
}

size_t lsm_policy_bytes(const struct lsm *l, uint32_t policy)
{
	return policy < LSM_POLICIES_MAX && l->policies[policy].used
		       ? lsm_size_bytes(l->policies[policy].size)
		       : 0;
}

size_t lsm_instance_bytes(const struct lsm *l, uint32_t instance)
{
	if (!is_instance(l, instance))
		return 0;
	return sizeof(struct lsm_instance) +
	       (policy_of(l, instance)->n_rules + 1) * sizeof(struct lsm_count);
}

static struct bpf_program *program_at(const struct lsm *l, size_t i)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, l->skel->obj)
	{
		if (bpf_program__autoload(program) && i-- == 0)
			return program;
	}
	return NULL;
}

const char *lsm_program_name(const struct lsm *l, size_t i)
{
	const struct bpf_program *program = program_at(l, i);

	return program ? bpf_program__name(program) : NULL;
}

/* Where the skeleton keeps its link. */
static struct bpf_link **link_of(const struct lsm *l, const char *name)
{
	const struct bpf_object_skeleton *s = l->skel->skeleton;

	for (int i = 0; i < s->prog_cnt; i++)
		if (!strcmp(s->progs[i].name, name))
			return s->progs[i].link;
	return NULL;
}

int lsm_detach_program(struct lsm *l, size_t i, struct pale_err **err)
{
	struct bpf_link **link = link_of(l, lsm_program_name(l, i));
	int r = bpf_link__destroy(*link);

	*link = NULL;
	return r < 0 ? pale_err_set(err, -r, "bpf-lsm: detach %s", lsm_program_name(l, i)) : 0;
}

int lsm_attach_program(struct lsm *l, size_t i, struct pale_err **err)
{
	struct bpf_link **link = link_of(l, lsm_program_name(l, i));

	*link = bpf_program__attach(program_at(l, i));
	return *link ? 0 : pale_err_set(err, errno, "bpf-lsm: attach %s", lsm_program_name(l, i));
}

const char *lsm_why_name(enum lsm_why why)
{
	static const char *const names[LSM_WHY_COUNT] = {
		[LSM_WHY_NONE] = "",
		[LSM_WHY_ANONYMOUS] = "anonymous",
		[LSM_WHY_UNLINKED] = "unlinked",
		[LSM_WHY_DETACHED] = "detached",
		[LSM_WHY_DISCONNECTED] = "disconnected",
		[LSM_WHY_TOO_LONG] = "path too long",
		[LSM_WHY_RACED] = "renamed meanwhile",
		[LSM_WHY_NO_MOUNT] = "mount unknown",
		[LSM_WHY_STORAGE] = "no kernel memory",
		[LSM_WHY_ROUTED] = "goes by way of another address",
		[LSM_WHY_POLICY] = "policy gone",
		[LSM_WHY_OWN] = "belongs to what enforces",
	};

	assert(why < LSM_WHY_COUNT);
	return names[why];
}
