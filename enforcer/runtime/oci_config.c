/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/runtime/oci_config.h"

#include "compiler/base/json_read.h"
#include "compiler/vocab.h"
#include "enforcer/runtime/confine_process.h"
#include "enforcer/runtime/oci_document.h"
#include "enforcer/runtime/oci_resources.h"
#include "enforcer/runtime/oci_seccomp.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

#define ROOT	"config.json"
#define PROCESS ROOT ": process"
#define LINUX	ROOT ": linux"

static const char *const root_members[] = { "process", "root", "linux", "hooks", "annotations",
	NULL };
static const char *const linux_members[] = { "seccomp", "resources", "maskedPaths", NULL };
static const char *const rootfs_members[] = { "path", NULL };
static const char *const hooks_members[] = { "createRuntime", NULL };

/* One member of @in, whose own members must not be mistaken. */
static int check_object(const json_t *in, const char *name, const char *where,
	const char *const *known, const char *shown, struct pale_err **err)
{
	json_t *v;
	int r = oci_object(in, name, where, &v, err);

	return r < 0 || !v ? r : oci_members(v, known, shown, err);
}

static int check_annotations(const json_t *root, struct pale_err **err)
{
	json_t *annotations, *v;
	const char *name;
	int r = oci_object(root, "annotations", ROOT, &annotations, err);

	if (r < 0)
		return r;
	json_object_foreach (annotations, name, v) {
		if (!json_is_string(v) || !strcmp(json_kind(v), "a number"))
			return pale_err_plain(err, EINVAL,
				ROOT ": annotations.%s: %s, where a string is meant", name,
				json_kind(v));
	}
	return 0;
}

static int check_linux(const json_t *root, struct pale_err **err)
{
	json_t *linux_, *v;
	int r = oci_object(root, "linux", ROOT, &linux_, err);

	if (r < 0 || !linux_)
		return r;
	r = oci_members(linux_, linux_members, LINUX, err);
	if (r == 0)
		r = oci_object(linux_, "seccomp", LINUX, &v, err);
	if (r == 0)
		r = oci_object(linux_, "resources", LINUX, &v, err);
	return r < 0 ? r : oci_array(linux_, "maskedPaths", LINUX, &v, err);
}

int oci_config_check(const json_t *root, struct pale_err **err)
{
	json_t *process;
	const char *path;
	int r = oci_members(root, root_members, ROOT, err);

	if (r == 0)
		r = oci_object(root, "process", ROOT, &process, err);
	if (r < 0)
		return r;
	if (!process)
		return pale_err_plain(err, EINVAL, ROOT ": there is no 'process'");
	r = check_object(root, "root", ROOT, rootfs_members, ROOT ": root", err);
	if (r == 0)
		r = oci_string(json_object_get(root, "root"), "path", ROOT ": root", &path, err);
	if (r == 0)
		r = check_object(root, "hooks", ROOT, hooks_members, ROOT ": hooks", err);
	if (r == 0)
		r = check_linux(root, err);
	return r < 0 ? r : check_annotations(root, err);
}

json_t *oci_config_annotations(const json_t *root)
{
	const json_t *there = json_object_get(root, "annotations");
	json_t *annotations = json_is_object(there) ? json_copy((json_t *)there) : json_object();

	if (!annotations)
		abort();
	json_object_del(annotations, CRUN_BPF_ANNOTATION);
	return annotations;
}

const char *oci_config_rootfs(const json_t *root)
{
	return json_string_value(json_object_get(json_object_get(root, "root"), "path"));
}

static bool contains(const json_t *array, const char *word)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *s = json_string_value(json_array_get(array, i));

		if (s && !strcmp(s, word))
			return true;
	}
	return false;
}

static const json_t *bounding_set(const json_t *root)
{
	return json_object_get(
		json_object_get(json_object_get(root, "process"), "capabilities"), "bounding");
}

static uint64_t capability_set(const json_t *names)
{
	uint64_t set = 0;

	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		int cap = name ? vocab_capability_find(name) : -1;

		if (cap >= 0)
			set |= UINT64_C(1) << cap;
	}
	return set;
}

bool oci_config_is_privileged(const json_t *root)
{
	const json_t *linux_ = json_object_get(root, "linux");
	const json_t *seccomp = json_object_get(linux_, "seccomp");
	uint64_t bounding = capability_set(bounding_set(root));

	if ((seccomp && !json_is_null(seccomp)) ||
		json_array_size(json_object_get(linux_, "maskedPaths")) > 0)
		return false;
	/* It fails behind the kernel's last capability. Those that the vocabulary does not have
	 * yet cannot be looked for. */
	for (int cap = 0; vocab_capability_name(cap); cap++)
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1 && !(bounding >> cap & 1))
			return false;
	return true;
}

bool oci_config_logs_refusals(const json_t *root)
{
	const json_t *seccomp = json_object_get(json_object_get(root, "linux"), "seccomp");

	return contains(json_object_get(seccomp, "flags"), "SECCOMP_FILTER_FLAG_LOG");
}

/* Those that the policy allows and the container's bounding set lacks. */
static json_t *refused_capabilities(const json_t *root, const struct confinement *c)
{
	const json_t *bounding = bounding_set(root);
	json_t *refused = json_array();

	for (size_t i = 0; i < json_array_size(c->capabilities); i++) {
		json_t *v = json_array_get(c->capabilities, i);

		if (!contains(bounding, json_string_value(v)) && json_array_append(refused, v) < 0)
			abort();
	}
	return refused;
}

static void set_annotation(json_t *root, const char *name, const char *value)
{
	struct pale_err *none = NULL;
	json_t *annotations;

	/* oci_config_check() saw what it is. */
	if (oci_object_made(root, "annotations", ROOT, &annotations, &none) < 0 ||
		json_object_set_new(annotations, name, json_string(value)) < 0)
		abort();
}

static int confine_seccomp(json_t *root, json_t *linux_, const struct confinement *c,
	enum real_kind kind, json_t *refused, struct pale_err **err)
{
	json_t *own, *both;
	int r;

	/* No other filter can be intersected with it, and crun would take it alone. */
	if (json_object_get(json_object_get(root, "annotations"), CRUN_BPF_ANNOTATION))
		return pale_err_plain(err, EPERM,
			ROOT ": annotations." CRUN_BPF_ANNOTATION
			     ": the container brings a filter of its own that would replace the "
			     "policy's");
	if (!c->seccomp)
		return 0;
	r = oci_object(linux_, "seccomp", LINUX, &own, err);
	if (r < 0)
		return r;
	r = oci_seccomp_intersect(own, c->seccomp, &both, refused, err);
	if (r < 0)
		return pale_err_wrap(err, LINUX ".seccomp");
	if (json_object_set_new(linux_, "seccomp", both) < 0)
		abort();
	if (kind == REAL_CRUN && !own && c->seccomp_bpf)
		set_annotation(root, CRUN_BPF_ANNOTATION, c->seccomp_bpf);
	return 0;
}

static bool limits_resources(const struct confinement *c)
{
	return c->limits[CONFINE_PROCESSES].set || c->limits[CONFINE_MEMORY].set ||
	       c->limits[CONFINE_CPU].set;
}

static int confine_linux(json_t *root, const struct confinement *c, const struct oci_host *host,
	json_t *refused, struct pale_err **err)
{
	json_t *linux_, *resources;
	int r = oci_object_made(root, "linux", ROOT, &linux_, err);

	if (r == 0)
		r = confine_seccomp(root, linux_, c, host->kind, refused, err);
	if (r < 0 || !limits_resources(c))
		return r;
	r = oci_object_made(linux_, "resources", LINUX, &resources, err);
	return r < 0 ? r : oci_resources_confine(resources, c, host->swap, LINUX ".resources", err);
}

int oci_config_confine(json_t *root, const struct confinement *c, const struct oci_host *host,
	json_t **own, struct text *note, struct pale_err **err)
{
	json_t *refused = json_array(), *capabilities = refused_capabilities(root, c);
	int r;

	*own = NULL;
	r = oci_systemd_check(json_object_get(root, "annotations"), c, err);
	if (r < 0)
		pale_err_wrap(err, ROOT ": annotations");
	if (r == 0)
		r = confine_process(
			json_object_get(root, "process"), c, PROCESS, host->stack_file, note, err);
	if (r == 0)
		r = confine_linux(root, c, host, refused, err);
	if (r == 0) {
		*own = json_pack("{s:O, s:O}", "seccomp", refused, "capabilities", capabilities);
		if (!*own)
			abort();
	}
	json_decref(refused);
	json_decref(capabilities);
	return r;
}

static bool is_hook(const json_t *hook, const char *path, const char *const *args)
{
	const char *its_path = json_string_value(json_object_get(hook, "path"));
	const json_t *its_args = json_object_get(hook, "args");

	if (!its_path || strcmp(its_path, path) != 0)
		return false;
	for (size_t i = 0; i < 2 && args[i]; i++) {
		const char *arg = json_string_value(json_array_get(its_args, i));

		if (!arg || strcmp(arg, args[i]) != 0)
			return false;
	}
	return true;
}

int oci_config_add_hook(json_t *root, const char *path, const char *const *args, int timeout_s,
	struct pale_err **err)
{
	json_t *hooks, *list, *hook, *words = json_array();
	int r = oci_object_made(root, "hooks", ROOT, &hooks, err);

	if (r == 0)
		r = oci_array(hooks, "createRuntime", ROOT ": hooks", &list, err);
	if (r < 0) {
		json_decref(words);
		return r;
	}
	if (!list) {
		list = json_array();
		if (json_object_set_new(hooks, "createRuntime", list) < 0)
			abort();
	}
	for (size_t i = json_array_size(list); i-- > 0;)
		if (is_hook(json_array_get(list, i), path, args))
			json_array_remove(list, i);
	for (const char *const *arg = args; *arg; arg++)
		if (json_array_append_new(words, json_string(*arg)) < 0)
			abort();
	hook = json_pack("{s:s, s:o, s:i}", "path", path, "args", words, "timeout", timeout_s);
	if (!hook || json_array_append_new(list, hook) < 0)
		abort();
	return 0;
}
