/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/runtime/confine_process.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/json_read.h"
#include "enforcer/runtime/apparmor_stack.h"
#include "enforcer/runtime/oci_document.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

static const char *const process_members[] = { "capabilities", "apparmorProfile", "noNewPrivileges",
	"rlimits", NULL };
static const char *const capability_sets[] = { "bounding", "effective", "permitted", "inheritable",
	"ambient", NULL };
static const char *const rlimit_members[] = { "type", "hard", "soft", NULL };

static const struct {
	const char *type;
	int resource;
	enum confinement_limit limit;
} rlimits[] = {
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE, CONFINE_OPEN_FILES },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE, CONFINE_FILE_SIZE },
};

static char *below(const char *where, const char *member)
{
	struct text t = TEXT_INIT;

	text_printf(&t, "%s.%s", where, member);
	return text_take(&t);
}

static int confine_set(json_t *sets, const char *name, const struct confinement *c,
	const char *where, struct pale_err **err)
{
	json_t *set, *kept = json_array();
	int r = oci_array(sets, name, where, &set, err);

	if (!kept)
		abort();
	for (size_t i = 0; r == 0 && i < json_array_size(set); i++) {
		json_t *v = json_array_get(set, i);

		if (!json_is_string(v))
			r = pale_err_plain(err, EINVAL, "%s.%s[%zu]: %s, where a string is meant",
				where, name, i, json_kind(v));
		else if (confinement_allows_capability(c, json_string_value(v)) &&
			 json_array_append(kept, v) < 0)
			abort();
	}
	if (r == 0 && set && json_object_set(sets, name, kept) < 0)
		abort();
	json_decref(kept);
	return r;
}

/* Where there are none, a container has no capability: nothing to take away. */
static int confine_capabilities(
	json_t *process, const struct confinement *c, const char *where, struct pale_err **err)
{
	_cleanup_free_ char *here = below(where, "capabilities");
	json_t *sets;
	int r = oci_object(process, "capabilities", where, &sets, err);

	if (r < 0 || !sets)
		return r;
	r = oci_members(sets, capability_sets, here, err);
	for (const char *const *name = capability_sets; r == 0 && *name; name++)
		r = confine_set(sets, *name, c, here, err);
	return r;
}

static int confine_no_new_privileges(
	json_t *process, const struct confinement *c, const char *where, struct pale_err **err)
{
	json_t *v = json_object_get(process, "noNewPrivileges");

	if (v && !json_is_null(v) && !json_is_boolean(v))
		return pale_err_plain(err, EINVAL,
			"%s.noNewPrivileges: %s, where a truth value is meant", where,
			json_kind(v));
	if (c->no_new_privileges &&
		json_object_set_new(process, "noNewPrivileges", json_true()) < 0)
		abort();
	return 0;
}

static int confine_apparmor(json_t *process, const struct confinement *c, const char *where,
	const char *stack_file, struct text *note, struct pale_err **err)
{
	_cleanup_free_ char *label = NULL;
	const char *own;
	bool left_out;
	json_t *v;
	int r;

	r = oci_string(process, "apparmorProfile", where, &own, err);
	if (r < 0)
		return r;
	r = apparmor_stack(own, c, stack_file, &label, &left_out, err);
	if (r < 0)
		return pale_err_wrap(err, "%s", where);
	if (left_out)
		text_printf(note,
			"the container keeps its own AppArmor profile, '%s', alone: this kernel "
			"does not stack profiles, and BPF-LSM enforces the policy",
			own);
	if (!label)
		return 0;
	v = json_string(label);
	if (!v || json_object_set_new(process, "apparmorProfile", v) < 0)
		abort();
	return 0;
}

static int lower(
	json_t *entry, const char *member, uint64_t most, const char *where, struct pale_err **err)
{
	json_t *v = json_object_get(entry, member);
	uint64_t was = 0;

	if (v && !json_is_null(v) && !oci_number(v, &was))
		return pale_err_plain(err, EINVAL,
			"%s.%s: %s, where a number of 64 bits without a sign is meant", where,
			member, json_kind(v));
	if (was > most && json_object_set_new(entry, member, oci_number_new(most)) < 0)
		abort();
	return 0;
}

/* What the runtime would hand down stays where it is lower. */
static void add_rlimit(json_t *list, const char *type, int resource, uint64_t most)
{
	struct rlimit was = { RLIM_INFINITY, RLIM_INFINITY };
	json_t *entry;

	getrlimit(resource, &was);
	entry = json_pack("{s:s, s:o, s:o}", "type", type, "hard",
		oci_number_new(was.rlim_max < most ? was.rlim_max : most), "soft",
		oci_number_new(was.rlim_cur < most ? was.rlim_cur : most));
	if (!entry || json_array_append_new(list, entry) < 0)
		abort();
}

static int confine_rlimit(
	json_t *list, size_t which, uint64_t most, const char *where, struct pale_err **err)
{
	bool found = false;

	for (size_t i = 0; i < json_array_size(list); i++) {
		_cleanup_(text_release) struct text here = TEXT_INIT;
		json_t *entry = json_array_get(list, i);
		const char *type;
		int r;

		text_printf(&here, "%s.rlimits[%zu]", where, i);
		if (!json_is_object(entry))
			return pale_err_plain(err, EINVAL, "%s: %s, where an object is meant",
				here.s, json_kind(entry));
		r = oci_members(entry, rlimit_members, here.s, err);
		if (r < 0)
			return r;
		r = oci_string(entry, "type", here.s, &type, err);
		if (r < 0)
			return r;
		if (!type || strcmp(type, rlimits[which].type) != 0)
			continue;
		found = true;
		r = lower(entry, "hard", most, here.s, err);
		if (r < 0)
			return r;
		r = lower(entry, "soft", most, here.s, err);
		if (r < 0)
			return r;
	}
	if (!found)
		add_rlimit(list, rlimits[which].type, rlimits[which].resource, most);
	return 0;
}

static int confine_rlimits(
	json_t *process, const struct confinement *c, const char *where, struct pale_err **err)
{
	for (size_t i = 0; i < sizeof(rlimits) / sizeof(*rlimits); i++) {
		json_t *list;
		int r;

		if (!c->limits[rlimits[i].limit].set)
			continue;
		r = oci_array(process, "rlimits", where, &list, err);
		if (r < 0)
			return r;
		if (!list) {
			list = json_array();
			if (!list || json_object_set_new(process, "rlimits", list) < 0)
				abort();
		}
		r = confine_rlimit(list, i, c->limits[rlimits[i].limit].value, where, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int confine_process(json_t *process, const struct confinement *c, const char *where,
	const char *stack_file, struct text *note, struct pale_err **err)
{
	int r = oci_members(process, process_members, where, err);

	if (r == 0)
		r = confine_capabilities(process, c, where, err);
	if (r == 0)
		r = confine_no_new_privileges(process, c, where, err);
	if (r == 0)
		r = confine_apparmor(process, c, where, stack_file, note, err);
	if (r == 0)
		r = confine_rlimits(process, c, where, err);
	return r;
}

int confine_own_rlimits(const struct confinement *c, struct pale_err **err)
{
	for (size_t i = 0; i < sizeof(rlimits) / sizeof(*rlimits); i++) {
		rlim_t most = c->limits[rlimits[i].limit].value;
		struct rlimit limit;

		if (!c->limits[rlimits[i].limit].set)
			continue;
		if (getrlimit(rlimits[i].resource, &limit) < 0)
			return pale_err_set(err, errno, "%s", rlimits[i].type);
		limit.rlim_max = limit.rlim_max < most ? limit.rlim_max : most;
		limit.rlim_cur = limit.rlim_cur < most ? limit.rlim_cur : most;
		if (setrlimit(rlimits[i].resource, &limit) < 0)
			return pale_err_set(err, errno, "%s", rlimits[i].type);
	}
	return 0;
}
