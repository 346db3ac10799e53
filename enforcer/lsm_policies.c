/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/base/sha256.h"
#include "compiler/lsm_interpret.h"
#include "enforcer/lsm_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>

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

/* Programs and, after our death, the next loader read these words at any time. */
static void store(lsm_u64 *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static uint64_t load(const lsm_u64 *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

const struct lsm_slot *lsm_policy(const struct lsm *l, uint32_t policy)
{
	return policy < LSM_POLICIES_MAX && l->slots[policy].serial ? &l->slots[policy] : NULL;
}

static int no_policy(uint32_t policy, struct pale_err **err)
{
	return pale_err_set(err, ENOENT, "bpf-lsm: no policy %u", policy);
}

int lsm_add_policy(
	struct lsm *l, const void *blob, size_t len, uint32_t *ret_policy, struct pale_err **err)
{
	_cleanup_close_ int map = -1;
	const struct lsm_head *h = blob;
	struct lsm_slot new = { 0 };
	uint64_t serial = l->kept->serial + 1;
	uint32_t slot = 0;
	int r;

	r = lsm_blob_open(&(struct lsm_blob){ 0 }, blob, len, err);
	if (r < 0)
		return pale_err_wrap(err, "bpf-lsm");
	new.size = lsm_size_of(h->bytes);
	new.n_rules = h->n_rules;
	new.n_domains = h->n_domains;
	sha256(blob, len, new.digest);
	while (slot < LSM_POLICIES_MAX && l->slots[slot].serial)
		slot++;
	if (slot == LSM_POLICIES_MAX)
		return pale_err_plain(
			err, ENOSPC, "bpf-lsm: more than %d policies", LSM_POLICIES_MAX);
	store(&l->kept->serial, serial);
	r = make_policy_map(blob, len, new.size, serial, &map, err);
	if (r < 0)
		return pale_err_wrap(err, "bpf-lsm");
	if (bpf_map_update_elem(policies_fd(l, new.size), &slot, &map, 0) < 0)
		return pale_err_set(err, errno, "bpf-lsm: policy slot %u", slot);
	l->slots[slot] = new;
	store(&l->slots[slot].serial, serial);
	*ret_policy = slot;
	return 0;
}

static uint32_t n_instances(const struct lsm *l, uint32_t policy)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < LSM_INSTANCES_MAX; i++)
		n += l->instances[i].generation &&
		     LSM_BINDING_SLOT(l->instances[i].binding) == policy;
	return n;
}

int lsm_remove_policy(struct lsm *l, uint32_t policy, struct pale_err **err)
{
	const struct lsm_slot *slot = lsm_policy(l, policy);
	uint32_t n = n_instances(l, policy);

	if (!slot)
		return no_policy(policy, err);
	if (n)
		return pale_err_plain(err, EBUSY, "bpf-lsm: policy %u has %u instance%s", policy, n,
			n == 1 ? "" : "s");
	store(&l->slots[policy].serial, 0);
	if (bpf_map_delete_elem(policies_fd(l, slot->size), &policy) < 0)
		return pale_err_set(err, errno, "bpf-lsm: policy slot %u", policy);
	return 0;
}

/*
 * Returns when programs that run now have ended. The kernel waits so whenever it has changed a map
 * of maps (kernel/bpf/syscall.c, maybe_wait_bpf_programs()): a policy takes its own place again.
 */
static int wait_for_programs(struct lsm *l, uint32_t policy, struct pale_err **err)
{
	const int outer = policies_fd(l, l->slots[policy].size);
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

int lsm_add_instance(struct lsm *l, uint32_t policy, uint64_t start_ns, uint32_t *ret_instance,
	struct pale_err **err)
{
	uint64_t now = clock_ns(CLOCK_REALTIME_COARSE), monotonic = clock_ns(CLOCK_MONOTONIC);
	uint64_t age = now > start_ns ? now - start_ns : 0;
	const struct lsm_slot *slot = lsm_policy(l, policy);
	uint64_t generation = l->kept->generation + 1;
	struct lsm_instance *instance;
	uint32_t index = 0;
	int r;

	if (!slot)
		return no_policy(policy, err);
	while (index < LSM_INSTANCES_MAX && l->instances[index].generation)
		index++;
	if (index == LSM_INSTANCES_MAX)
		return pale_err_plain(
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
	store(&l->kept->generation, generation);
	store(&instance->generation, generation);
	*ret_instance = index;
	return 0;
}

static int take_counts(struct lsm *l, uint64_t binding, struct lsm_count **ret_counts,
	size_t *ret_n, struct pale_err **err)
{
	uint32_t index = LSM_BINDING_COUNTS(binding),
		 n = l->slots[LSM_BINDING_SLOT(binding)].n_rules;
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
	const struct lsm_slot *new = lsm_policy(l, policy), *old;
	struct lsm_instance *instance;
	uint64_t before, after;
	int r;

	if (!is_instance(l, index))
		return no_instance(index, err);
	if (!new)
		return no_policy(policy, err);
	instance = &l->instances[index];
	before = load(&instance->binding);
	old = &l->slots[LSM_BINDING_SLOT(before)];
	if (new->n_domains != old->n_domains)
		return pale_err_set(err, EINVAL,
			"bpf-lsm: a policy of %u domains cannot take the place of one of %u",
			new->n_domains, old->n_domains);
	after = LSM_BINDING(policy, new->size, LSM_BINDING_COUNTS(before) ^ 1);
	r = make_counts(l, LSM_BINDING_COUNTS(after), new->n_rules, err);
	if (r < 0)
		return pale_err_wrap(err, "bpf-lsm");
	store(&instance->binding, after);
	r = wait_for_programs(l, policy, err);
	if (r >= 0)
		r = take_counts(l, before, ret_counts, ret_n, err);
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

static int unbind(struct lsm *l, uint64_t cgroup, struct pale_err **err)
{
	if (bpf_map_delete_elem(bpf_map__fd(l->skel->maps.cgroups), &cgroup) < 0 && errno != ENOENT)
		return pale_err_set(err, errno, "unbind cgroup %llu", (unsigned long long)cgroup);
	return 0;
}

int lsm_remove_instance(struct lsm *l, uint32_t index, struct pale_err **err)
{
	_cleanup_free_ struct lsm_count *counts = NULL;
	struct lsm_instance *instance;
	uint64_t binding;
	size_t n;
	int r;

	if (!is_instance(l, index))
		return no_instance(index, err);
	instance = &l->instances[index];
	binding = load(&instance->binding);
	/* First, so that should we end here the binding is seen to be of no instance. */
	store(&instance->generation, 0);
	r = instance->cgroup ? unbind(l, instance->cgroup, err) : 0;
	if (r >= 0)
		r = wait_for_programs(l, LSM_BINDING_SLOT(binding), err);
	if (r >= 0)
		r = take_counts(l, binding, &counts, &n, err);
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
	struct lsm_cgroup_binding binding = { .instance = index };
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

int lsm_counters(
	const struct lsm *l, uint32_t index, struct lsm_instance *ret, struct pale_err **err)
{
	if (!is_instance(l, index))
		return no_instance(index, err);
	*ret = l->instances[index];
	return 0;
}

static const struct lsm_slot *policy_of(const struct lsm *l, uint32_t instance)
{
	return &l->slots[LSM_BINDING_SLOT(load(&l->instances[instance].binding))];
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
	const struct lsm_slot *slot = lsm_policy(l, policy);

	return slot ? lsm_size_bytes(slot->size) : 0;
}

size_t lsm_instance_bytes(const struct lsm *l, uint32_t instance)
{
	if (!is_instance(l, instance))
		return 0;
	return sizeof(struct lsm_instance) +
	       (policy_of(l, instance)->n_rules + 1) * sizeof(struct lsm_count);
}

/* ---- after a loader that was killed ---- */

static bool holds(int outer, uint32_t index)
{
	uint32_t id;

	return bpf_map_lookup_elem(outer, &index, &id) == 0;
}

static int drop(int outer, uint32_t index, struct pale_err **err)
{
	if (holds(outer, index) && bpf_map_delete_elem(outer, &index) < 0)
		return pale_err_set(err, errno, "drop what stands at %u", index);
	return 0;
}

/* A policy was being added or removed. */
static int repair_slots(struct lsm *l, struct pale_err **err)
{
	int r = 0;

	for (uint32_t slot = 0; slot < LSM_POLICIES_MAX && r >= 0; slot++)
		for (uint32_t size = 0; size < LSM_SIZES && r >= 0; size++)
			if (!l->slots[slot].serial || l->slots[slot].size != size)
				r = drop(policies_fd(l, size), slot, err);
	return r;
}

/* An instance was being put under another policy, and which one it was under before is not known:
 * what that one's rules decided is not lost, but nobody's. */
static int repair_exchange(struct lsm *l, uint32_t index, struct pale_err **err)
{
	struct lsm_instance *instance = &l->instances[index];
	uint64_t binding = load(&instance->binding), sum = 0;
	uint32_t other = LSM_BINDING_COUNTS(binding) ^ 1;
	const int counts = bpf_map__fd(l->skel->maps.counts);
	_cleanup_free_ struct lsm_count *v = NULL;
	_cleanup_close_ int map = -1;
	struct bpf_map_info info = { 0 };
	uint32_t id, len = sizeof(info);
	size_t n;
	int r;

	if (bpf_map_lookup_elem(counts, &other, &id) < 0)
		return 0;
	r = wait_for_programs(l, LSM_BINDING_SLOT(binding), err);
	if (r < 0)
		return r;
	map = bpf_map_get_fd_by_id(id);
	if (map < 0 || bpf_obj_get_info_by_fd(map, &info, &len) < 0)
		return pale_err_set(err, errno, "counts %u", other);
	r = read_counts(l, other, info.max_entries - 1, &v, &n, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		sum += v[i].passed + v[i].refused;
	r = drop(counts, other, err);
	__atomic_fetch_add(&instance->uncounted, sum, __ATOMIC_RELAXED);
	return r;
}

/* One was being added, removed, bound or put under another policy. */
static int repair_instances(struct lsm *l, struct pale_err **err)
{
	const int counts = bpf_map__fd(l->skel->maps.counts),
		  cgroups = bpf_map__fd(l->skel->maps.cgroups);
	struct lsm_cgroup_binding binding;
	int r = 0;

	for (uint32_t i = 0; i < LSM_INSTANCES_MAX && r >= 0; i++) {
		struct lsm_instance *instance = &l->instances[i];

		if (is_instance(l, i)) {
			r = repair_exchange(l, i, err);
			if (instance->cgroup &&
				(bpf_map_lookup_elem(cgroups, &instance->cgroup, &binding) < 0 ||
					binding.instance != i))
				store(&instance->cgroup, 0);
			continue;
		}
		r = drop(counts, 2 * i, err);
		if (r >= 0)
			r = drop(counts, 2 * i + 1, err);
	}
	return r;
}

static int repair_cgroups(struct lsm *l, struct pale_err **err)
{
	const int cgroups = bpf_map__fd(l->skel->maps.cgroups);
	struct lsm_cgroup_binding binding;
	uint64_t key, next;
	int r = 0;

	/* The key that follows is asked for before the entry may go. */
	for (bool more = bpf_map_get_next_key(cgroups, NULL, &key) == 0; more && r >= 0;
		key = next) {
		more = bpf_map_get_next_key(cgroups, &key, &next) == 0;
		if (bpf_map_lookup_elem(cgroups, &key, &binding) < 0)
			continue;
		if (!is_instance(l, binding.instance) ||
			(uint32_t)l->instances[binding.instance].generation != binding.generation)
			r = unbind(l, key, err);
	}
	return r;
}

int lsm_repair_policies(struct lsm *l, struct pale_err **err)
{
	int r = repair_slots(l, err);

	if (r >= 0)
		r = repair_instances(l, err);
	if (r >= 0)
		r = repair_cgroups(l, err);
	return r;
}
