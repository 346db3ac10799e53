/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/load_lsm.h"

#include "compiler/base/cleanup.h"
#include "enforcer/libbpf_words.h"
#include "enforcer/lsm_internal.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

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
	_cleanup_(libbpf_unlisten) libbpf_print_fn_t previous;
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_LSM_MAC);
	_cleanup_close_ int fd = -1;
	int id;

	libbpf_listen(&previous);
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

static bool has_hook(const struct btf *btf, const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);
	char name[128];

	snprintf(name, sizeof(name), "%s%s", strncmp(section, "lsm/", 4) ? "" : "bpf_lsm_",
		strchr(section, '/') + 1);
	return btf && btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) >= 0;
}

int lsm_optional_hooks(
	void (*take)(void *ctx, const char *hook, bool present), void *ctx, struct pale_err **err)
{
	_cleanup_(libbpf_unlisten) libbpf_print_fn_t previous;
	struct bpf_program *program;
	struct lsm_bpf *skel;
	struct btf *btf;

	libbpf_listen(&previous);
	skel = lsm_bpf__open();
	if (!skel)
		return pale_err_set(err, errno, "bpf-lsm: open: %s", libbpf_last_words());
	btf = btf__load_vmlinux_btf();
	bpf_object__for_each_program(program, skel->obj)
	{
		if (!bpf_program__autoload(program) && program != skel->progs.task_free)
			take(ctx, strchr(bpf_program__section_name(program), '/') + 1,
				has_hook(btf, program));
	}
	btf__free(btf);
	lsm_bpf__destroy(skel);
	return 0;
}

/* Hooks that not all kernels have; what they mediate has others elsewhere. */
static void fit_to_kernel(struct lsm_bpf *skel)
{
	struct btf *btf = btf__load_vmlinux_btf();
	struct bpf_program *program;

	bpf_object__for_each_program(program, skel->obj)
	{
		if (!bpf_program__autoload(program) && has_hook(btf, program))
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
	/* What a callback refuses has been taken all the same, and ends the reading (libbpf 1.1,
	 * ringbuf_process_ring). */
	return --l->events_left ? 0 : -ECANCELED;
}

/* The skeleton of the one is the other's, too: it knows maps and programs by their names. */
static struct lsm_bpf *open_object(const struct lsm_elf *object)
{
	struct lsm_bpf *skel;
	int r;

	if (!object)
		return lsm_bpf__open();
	skel = calloc(1, sizeof(*skel));
	if (!skel)
		abort();
	r = lsm_bpf__create_skeleton(skel);
	if (r == 0) {
		skel->skeleton->data = (void *)object->bytes;
		skel->skeleton->data_sz = object->len;
		r = bpf_object__open_skeleton(skel->skeleton, NULL);
	}
	if (r == 0)
		return skel;
	lsm_bpf__destroy(skel);
	errno = -r;
	return NULL;
}

int lsm_new(const struct lsm_elf *object, struct lsm **ret, struct pale_err **err)
{
	_cleanup_(libbpf_unlisten) libbpf_print_fn_t previous;
	_cleanup_(lsm_freep) struct lsm *l = calloc(1, sizeof(*l));
	struct bpf_program *program;

	if (!l)
		abort();
	libbpf_listen(&previous);
	l->skel = open_object(object);
	if (!l->skel)
		return pale_err_set(err, errno, "open: %s", libbpf_last_words());
	fit_to_kernel(l->skel);
	l->programs = calloc((size_t)l->skel->skeleton->prog_cnt, sizeof(*l->programs));
	if (!l->programs)
		abort();
	bpf_object__for_each_program(program, l->skel->obj)
	{
		if (bpf_program__autoload(program))
			l->programs[l->n_programs++] =
				(struct lsm_program){ .program = program, .fd = -1, .link = -1 };
	}
	*ret = TAKE_PTR(l);
	return 0;
}

int lsm_load_programs(struct lsm *l, struct pale_err **err)
{
	_cleanup_(libbpf_unlisten) libbpf_print_fn_t previous;
	int r;

	libbpf_listen(&previous);
	r = lsm_bpf__load(l->skel);
	if (r < 0)
		return pale_err_set(err, -r, "load: %s", libbpf_last_words());
	for (size_t i = 0; i < l->n_programs; i++) {
		l->programs[i].fd =
			fcntl(bpf_program__fd(l->programs[i].program), F_DUPFD_CLOEXEC, 3);
		if (l->programs[i].fd < 0)
			return pale_err_set(err, errno, "%s", lsm_program_name(l, i));
	}
	return 0;
}

struct memory {
	const struct bpf_map *map;
	size_t bytes;
	void **at; /* in struct lsm */
};

#define MEMORIES 3

static void memories_of(struct lsm *l, struct memory ret[MEMORIES])
{
	ret[0] = (struct memory){ l->skel->maps.instances,
		LSM_INSTANCES_MAX * sizeof(*l->instances), (void **)&l->instances };
	ret[1] = (struct memory){ l->skel->maps.slots, LSM_POLICIES_MAX * sizeof(*l->slots),
		(void **)&l->slots };
	ret[2] = (struct memory){ l->skel->maps.kept, sizeof(*l->kept), (void **)&l->kept };
}

int lsm_use_maps(struct lsm *l, struct pale_err **err)
{
	struct memory memories[MEMORIES];

	memories_of(l, memories);
	for (size_t i = 0; i < MEMORIES; i++) {
		void *at = mmap(NULL, memories[i].bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
			bpf_map__fd(memories[i].map), 0);

		if (at == MAP_FAILED)
			return pale_err_set(err, errno, "map %s", bpf_map__name(memories[i].map));
		*memories[i].at = at;
	}
	l->ring = ring_buffer__new(bpf_map__fd(l->skel->maps.events), on_sample, l, NULL);
	return l->ring ? 0 : pale_err_set(err, errno, "events");
}

static int attach(struct lsm *l, size_t i, struct pale_err **err)
{
	struct lsm_program *p = &l->programs[i];

	/* What the program attaches to was said when it was loaded. */
	p->link = bpf_raw_tracepoint_open(NULL, p->fd);
	return p->link < 0 ? pale_err_set(err, errno, "attach %s", lsm_program_name(l, i)) : 0;
}

int lsm_attach_programs(struct lsm *l, struct pale_err **err)
{
	int r = 0;

	for (size_t i = 0; i < l->n_programs && r >= 0; i++)
		r = attach(l, i, err);
	return r;
}

static int note(
	int own, enum lsm_own kind, uint32_t id, uint64_t *keys, size_t *n, struct pale_err **err)
{
	uint8_t unused = 0;

	keys[*n] = LSM_OWN_KEY(kind, id);
	if (bpf_map_update_elem(own, &keys[*n], &unused, 0) < 0)
		return pale_err_set(err, errno, "note what is its own");
	++*n;
	return 0;
}

static int note_program(
	const struct lsm_program *p, int own, uint64_t *keys, size_t *n, struct pale_err **err)
{
	struct bpf_link_info info = { 0 };
	uint32_t len = sizeof(info);
	int r;

	if (p->link < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(p->link, &info, &len) < 0)
		return pale_err_set(err, errno, "number of %s", bpf_program__name(p->program));
	r = note(own, LSM_OWN_LINK, info.id, keys, n, err);
	return r < 0 ? r : note(own, LSM_OWN_PROGRAM, info.prog_id, keys, n, err);
}

static int note_map(
	const struct bpf_map *map, int own, uint64_t *keys, size_t *n, struct pale_err **err)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);

	/* Of programs that another loader loaded the constants are not at hand; they are frozen. */
	if (bpf_map__fd(map) < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &len) < 0)
		return pale_err_set(err, errno, "number of %s", bpf_map__name(map));
	return note(own, LSM_OWN_MAP, info.id, keys, n, err);
}

/* Those of a set that is no longer. */
static void forget_others(int own, const uint64_t *keys, size_t n)
{
	uint64_t key, next;
	bool more = bpf_map_get_next_key(own, NULL, &next) == 0;

	while (more) {
		size_t i = 0;

		key = next;
		more = bpf_map_get_next_key(own, &key, &next) == 0;
		while (i < n && keys[i] != key)
			i++;
		if (i == n)
			bpf_map_delete_elem(own, &key);
	}
}

int lsm_note_own(struct lsm *l, struct pale_err **err)
{
	const int own = bpf_map__fd(l->skel->maps.own);
	_cleanup_free_ uint64_t *keys = calloc(LSM_OWN_MAX, sizeof(*keys));
	struct bpf_map *map;
	size_t n = 0;
	int r = 0;

	if (!keys)
		abort();
	for (size_t i = 0; i < l->n_programs && r >= 0; i++)
		r = note_program(&l->programs[i], own, keys, &n, err);
	bpf_object__for_each_map(map, l->skel->obj)
	{
		if (r >= 0)
			r = note_map(map, own, keys, &n, err);
	}
	if (r >= 0)
		forget_others(own, keys, n);
	return r;
}

int lsm_load_all(struct lsm *l, struct pale_err **err)
{
	int r = lsm_load_programs(l, err);

	if (r >= 0)
		r = lsm_use_maps(l, err);
	if (r >= 0)
		r = lsm_attach_programs(l, err);
	return r < 0 ? r : lsm_note_own(l, err);
}

int lsm_load(struct lsm **ret, struct pale_err **err)
{
	_cleanup_(lsm_freep) struct lsm *l = NULL;
	int r = lsm_new(NULL, &l, err);

	if (r >= 0)
		r = lsm_load_all(l, err);
	if (r < 0)
		return pale_err_wrap(err, "bpf-lsm");
	*ret = TAKE_PTR(l);
	return 0;
}

void lsm_free(struct lsm *l)
{
	struct memory memories[MEMORIES];

	if (!l)
		return;
	ring_buffer__free(l->ring);
	for (size_t i = 0; i < l->n_programs; i++) {
		closep(&l->programs[i].link);
		closep(&l->programs[i].fd);
	}
	free(l->programs);
	if (l->skel) {
		memories_of(l, memories);
		for (size_t i = 0; i < MEMORIES; i++)
			if (*memories[i].at)
				munmap(*memories[i].at, memories[i].bytes);
	}
	lsm_bpf__destroy(l->skel);
	lsm_pins_free(l->pins);
	free(l);
}

void lsm_freep(struct lsm **l)
{
	lsm_free(*l);
}

int lsm_event_fd(const struct lsm *l)
{
	return ring_buffer__epoll_fd(l->ring);
}

static int read_events(struct lsm *l, int timeout_ms, size_t max, lsm_on_event on_event, void *ctx,
	struct pale_err **err)
{
	int r;

	l->on_event = on_event;
	l->ctx = ctx;
	l->events_left = max;
	r = timeout_ms ? ring_buffer__poll(l->ring, timeout_ms) : ring_buffer__consume(l->ring);
	l->on_event = NULL;
	if (r == -ECANCELED)
		return (int)max;
	return r < 0 ? pale_err_set(err, -r, "bpf-lsm: events") : r;
}

int lsm_poll(struct lsm *l, int timeout_ms, lsm_on_event on_event, void *ctx, struct pale_err **err)
{
	return read_events(l, timeout_ms, 0, on_event, ctx, err);
}

int lsm_read(struct lsm *l, size_t max, lsm_on_event on_event, void *ctx, struct pale_err **err)
{
	return max ? read_events(l, 0, max, on_event, ctx, err) : 0;
}

const char *lsm_program_name(const struct lsm *l, size_t i)
{
	return i < l->n_programs ? bpf_program__name(l->programs[i].program) : NULL;
}

/* The program that a link of another loader's keeps. */
static int program_of(int link, int *ret, struct pale_err **err)
{
	struct bpf_link_info info = { 0 };
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(link, &info, &len) < 0)
		return pale_err_set(err, errno, "link");
	*ret = bpf_prog_get_fd_by_id(info.prog_id);
	return *ret < 0 ? pale_err_set(err, errno, "program %u", info.prog_id) : 0;
}

int lsm_detach_program(struct lsm *l, size_t i, struct pale_err **err)
{
	struct lsm_program *p = &l->programs[i];
	int r = 0;

	if (p->fd < 0)
		r = program_of(p->link, &p->fd, err);
	if (r >= 0 && l->pins)
		r = lsm_pins_remove(l, i, err);
	if (r < 0)
		return pale_err_wrap(err, "bpf-lsm: detach %s", lsm_program_name(l, i));
	close(p->link);
	p->link = -1;
	return 0;
}

int lsm_attach_program(struct lsm *l, size_t i, struct pale_err **err)
{
	int r = attach(l, i, err);

	if (r >= 0 && l->pins)
		r = lsm_pins_add(l, i, err);
	return r < 0 ? pale_err_wrap(err, "bpf-lsm") : 0;
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
