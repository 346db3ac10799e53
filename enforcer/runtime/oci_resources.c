/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/runtime/oci_resources.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/json_read.h"
#include "compiler/base/text.h"
#include "enforcer/runtime/oci_document.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#define DEFAULT_PERIOD_US 100000
/* The kernel takes no less. */
#define MIN_QUOTA_US 1000

static const char *const resource_members[] = { "memory", "pids", "cpu", "unified", NULL };
static const char *const memory_members[] = { "limit", "swap", NULL };
static const char *const pids_members[] = { "limit", NULL };
static const char *const cpu_members[] = { "quota", "period", NULL };

static char *below(const char *where, const char *member)
{
	struct text t = TEXT_INIT;

	text_printf(&t, "%s.%s", where, member);
	return text_take(&t);
}

static void set(json_t *object, const char *name, int64_t v)
{
	if (json_object_set_new(object, name, json_integer(v)) < 0)
		abort();
}

/* Zero and less are "as it is" and "without a limit". */
static int lower(
	json_t *object, const char *name, uint64_t most, const char *where, struct pale_err **err)
{
	int64_t was;
	bool given;
	int r = oci_integer(object, name, where, &was, &given, err);

	if (r < 0)
		return r;
	if (was <= 0 || (uint64_t)was > most)
		set(object, name, (int64_t)most);
	return 0;
}

static int confine_memory(
	json_t *resources, uint64_t most, bool swap, const char *where, struct pale_err **err)
{
	_cleanup_free_ char *here = below(where, "memory");
	json_t *memory;
	int r = oci_object_made(resources, "memory", where, &memory, err);

	if (r == 0)
		r = oci_members(memory, memory_members, here, err);
	if (r == 0)
		r = lower(memory, "limit", most, here, err);
	if (r == 0 && swap)
		r = lower(memory, "swap", most, here, err);
	return r;
}

static int confine_pids(json_t *resources, uint64_t most, const char *where, struct pale_err **err)
{
	_cleanup_free_ char *here = below(where, "pids");
	json_t *pids;
	int r = oci_object_made(resources, "pids", where, &pids, err);

	if (r == 0)
		r = oci_members(pids, pids_members, here, err);
	return r < 0 ? r : lower(pids, "limit", most, here, err);
}

/* Whether @quota in @period is at most @percent of one CPU; both above zero. */
static bool is_within(int64_t quota, int64_t period, uint64_t percent)
{
	return (unsigned __int128)quota * 100 <= (unsigned __int128)percent * (uint64_t)period;
}

static int read_cpu(
	const json_t *cpu, const char *here, int64_t *quota, int64_t *period, struct pale_err **err)
{
	bool given;
	int r = oci_members(cpu, cpu_members, here, err);

	if (r == 0)
		r = oci_integer(cpu, "quota", here, quota, &given, err);
	/* Go's is without a sign; no kernel takes so large a one. */
	return r < 0 ? r : oci_integer(cpu, "period", here, period, &given, err);
}

static int confine_cpu(
	json_t *resources, uint64_t percent, const char *where, struct pale_err **err)
{
	_cleanup_free_ char *here = below(where, "cpu");
	int64_t quota = 0, period = 0;
	unsigned __int128 most;
	json_t *cpu;
	int r = oci_object_made(resources, "cpu", where, &cpu, err);

	if (r == 0)
		r = read_cpu(cpu, here, &quota, &period, err);
	if (r < 0)
		return r;
	if (period <= 0)
		period = DEFAULT_PERIOD_US;
	if (quota > 0 && is_within(quota, period, percent)) {
		set(cpu, "period", period);
		return 0;
	}
	most = (unsigned __int128)percent * (uint64_t)period / 100;
	if (most < MIN_QUOTA_US) {
		period = DEFAULT_PERIOD_US;
		most = (unsigned __int128)percent * DEFAULT_PERIOD_US / 100;
	}
	if (most > INT64_MAX)
		return 0;
	set(cpu, "quota", (int64_t)most);
	set(cpu, "period", period);
	return 0;
}

/* A file of cgroup v2: one number, or "max"; of cpu.max two. */
static const struct {
	const char *file;
	enum confinement_limit limit;
} unified_files[] = {
	{ "memory.max", CONFINE_MEMORY },
	{ "memory.swap.max", CONFINE_MEMORY },
	{ "pids.max", CONFINE_PROCESSES },
	{ "cpu.max", CONFINE_CPU },
};

/* false when it is not written as a limit within the policy's is. */
static bool file_is_within(enum confinement_limit limit, const char *s, uint64_t most)
{
	unsigned long long v, period = DEFAULT_PERIOD_US;
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	v = strtoull(s, &end, 10);
	if (errno)
		return false;
	if (limit != CONFINE_CPU)
		return !*end && v <= most;
	if (*end == ' ' && end[1] >= '0' && end[1] <= '9')
		period = strtoull(end + 1, &end, 10);
	return !*end && !errno && period > 0 && v <= INT64_MAX && period <= INT64_MAX &&
	       is_within((int64_t)v, (int64_t)period, most);
}

/* Calls @exceeds for each file of "unified" that would raise a limit. */
static int each_unified(const json_t *resources, const struct confinement *c, const char *where,
	int (*exceeds)(json_t *unified, size_t file, const struct confinement *c, const char *where,
		struct pale_err **err),
	struct pale_err **err)
{
	_cleanup_free_ char *here = below(where, "unified");
	json_t *unified;
	int r = oci_object(resources, "unified", where, &unified, err);

	for (size_t i = 0; r == 0 && i < sizeof(unified_files) / sizeof(*unified_files); i++) {
		enum confinement_limit limit = unified_files[i].limit;
		const char *v;

		if (!c->limits[limit].set)
			continue;
		r = oci_string(unified, unified_files[i].file, here, &v, err);
		if (r == 0 && v && !file_is_within(limit, v, c->limits[limit].value))
			r = exceeds(unified, i, c, here, err);
	}
	return r;
}

/* The runtimes' own fields hold the policy's limit, once nothing is put over it. */
static int drop_file(json_t *unified, size_t file, const struct confinement *c, const char *where,
	struct pale_err **err)
{
	(void)c;
	(void)where;
	(void)err;
	json_object_del(unified, unified_files[file].file);
	return 0;
}

int oci_resources_confine(json_t *resources, const struct confinement *c, bool swap,
	const char *where, struct pale_err **err)
{
	int r = oci_members(resources, resource_members, where, err);

	if (r == 0 && c->limits[CONFINE_MEMORY].set)
		r = confine_memory(resources, c->limits[CONFINE_MEMORY].value, swap, where, err);
	if (r == 0 && c->limits[CONFINE_PROCESSES].set)
		r = confine_pids(resources, c->limits[CONFINE_PROCESSES].value, where, err);
	if (r == 0 && c->limits[CONFINE_CPU].set)
		r = confine_cpu(resources, c->limits[CONFINE_CPU].value, where, err);
	return r < 0 ? r : each_unified(resources, c, where, drop_file, err);
}

static int exceeds(enum confinement_limit limit, const struct confinement *c, const char *where,
	struct pale_err **err)
{
	return pale_err_plain(err, EPERM, "%s: the policy's limit is %s %" PRIu64 "%s", where,
		confinement_limit_name(limit), c->limits[limit].value,
		limit == CONFINE_CPU ? "%" : "");
}

static int check_number(const json_t *in, const char *name, enum confinement_limit limit,
	const struct confinement *c, const char *where, struct pale_err **err)
{
	_cleanup_free_ char *here = below(where, name);
	int64_t v;
	bool given;
	int r = oci_integer(in, name, where, &v, &given, err);

	if (r < 0 || v == 0)
		return r;
	return v < 0 || (uint64_t)v > c->limits[limit].value ? exceeds(limit, c, here, err) : 0;
}

static int check_memory(const json_t *resources, const struct confinement *c, const char *where,
	struct pale_err **err)
{
	_cleanup_free_ char *here = below(where, "memory");
	json_t *memory;
	int r = oci_object(resources, "memory", where, &memory, err);

	if (r == 0)
		r = oci_members(memory, memory_members, here, err);
	if (r == 0)
		r = check_number(memory, "limit", CONFINE_MEMORY, c, here, err);
	return r < 0 ? r : check_number(memory, "swap", CONFINE_MEMORY, c, here, err);
}

static int check_pids(const json_t *resources, const struct confinement *c, const char *where,
	struct pale_err **err)
{
	_cleanup_free_ char *here = below(where, "pids");
	json_t *pids;
	int r = oci_object(resources, "pids", where, &pids, err);

	if (r == 0)
		r = oci_members(pids, pids_members, here, err);
	return r < 0 ? r : check_number(pids, "limit", CONFINE_PROCESSES, c, here, err);
}

static int check_cpu(const json_t *resources, const struct confinement *c, const char *where,
	struct pale_err **err)
{
	_cleanup_free_ char *here = below(where, "cpu");
	int64_t quota = 0, period = 0;
	json_t *cpu;
	int r = oci_object(resources, "cpu", where, &cpu, err);

	if (r == 0)
		r = read_cpu(cpu, here, &quota, &period, err);
	if (r < 0 || (quota == 0 && period == 0))
		return r;
	if (quota < 0)
		return exceeds(CONFINE_CPU, c, here, err);
	/* What the other one is now is not known here. */
	if (quota == 0 || period <= 0)
		return pale_err_plain(err, EPERM,
			"%s: the policy limits the CPU, and so quota and period have to be given "
			"together",
			here);
	return is_within(quota, period, c->limits[CONFINE_CPU].value)
		       ? 0
		       : exceeds(CONFINE_CPU, c, here, err);
}

static int refuse_file(json_t *unified, size_t file, const struct confinement *c, const char *where,
	struct pale_err **err)
{
	_cleanup_free_ char *here = below(where, unified_files[file].file);

	(void)unified;
	return exceeds(unified_files[file].limit, c, here, err);
}

int oci_resources_check(const json_t *resources, const struct confinement *c, const char *where,
	struct pale_err **err)
{
	int r = oci_members(resources, resource_members, where, err);

	if (r == 0 && c->limits[CONFINE_MEMORY].set)
		r = check_memory(resources, c, where, err);
	if (r == 0 && c->limits[CONFINE_PROCESSES].set)
		r = check_pids(resources, c, where, err);
	if (r == 0 && c->limits[CONFINE_CPU].set)
		r = check_cpu(resources, c, where, err);
	return r < 0 ? r : each_unified(resources, c, where, refuse_file, err);
}

bool oci_swap_is_accounted(void)
{
	return access("/sys/fs/cgroup/memory", F_OK) < 0 ||
	       access("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes", F_OK) == 0;
}

static const struct {
	const char *property;
	enum confinement_limit limit;
} systemd_properties[] = {
	{ "MemoryMax", CONFINE_MEMORY },
	{ "MemoryLimit", CONFINE_MEMORY },
	{ "MemorySwapMax", CONFINE_MEMORY },
	{ "TasksMax", CONFINE_PROCESSES },
	{ "CPUQuota", CONFINE_CPU },
	{ "CPUQuotaPerSecUSec", CONFINE_CPU },
	{ "CPUQuotaPeriodUSec", CONFINE_CPU },
};

/* runc takes MemoryMaxSec for MemoryMaxUSec; a property's beginning is enough here. */
int oci_systemd_check(const json_t *annotations, const struct confinement *c, struct pale_err **err)
{
	static const char prefix[] = "org.systemd.property.";
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)annotations, name, value) {
		if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
			continue;
		for (size_t i = 0; i < sizeof(systemd_properties) / sizeof(*systemd_properties);
			i++) {
			const char *property = systemd_properties[i].property;

			if (c->limits[systemd_properties[i].limit].set &&
				!strncmp(name + sizeof(prefix) - 1, property, strlen(property)))
				return exceeds(systemd_properties[i].limit, c, name, err);
		}
	}
	return 0;
}
