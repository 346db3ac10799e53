/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an entry applies here: its conditions on capabilities, machine and kernel. */
#include "compiler/import_oci_internal.h"

#include "compiler/base/cleanup.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Machines of `includes` and `excludes`: the words that Docker compares with the one it runs on. */
static const struct import_word machines[] = {
	{ "amd64", ABI_X86_64 },
	{ "x86", ABI_X86 },
	{ "x32", ABI_X32 },
	{ "arm64", ABI_AARCH64 },
	{ "arm", ABI_ARM },
	{ "loong64", ABI_COUNT },
	{ "mips", ABI_COUNT },
	{ "mips64", ABI_COUNT },
	{ "mips64n32", ABI_COUNT },
	{ "mipsel", ABI_COUNT },
	{ "mipsel64", ABI_COUNT },
	{ "mipsel64n32", ABI_COUNT },
	{ "mips3l64n32", ABI_COUNT },
	{ "ppc", ABI_COUNT },
	{ "ppc64", ABI_COUNT },
	{ "ppc64le", ABI_COUNT },
	{ "riscv64", ABI_COUNT },
	{ "s390", ABI_COUNT },
	{ "s390x", ABI_COUNT },
	{ NULL, 0 },
};

/* "4.8" */
static bool read_version(struct import_reading *r, const struct json_path *path, const char *s,
	uint32_t *ret_major, uint32_t *ret_minor)
{
	unsigned int major, minor;
	int end = 0;

	if (isdigit((unsigned char)*s) && strlen(s) < 16 &&
		sscanf(s, "%5u.%5u%n", &major, &minor, &end) == 2 && !s[end]) {
		*ret_major = major;
		*ret_minor = minor;
		return true;
	}
	import_wrong(r, path, "'%s' is no kernel version such as 4.8", import_quoted(r, s));
	return false;
}

static bool kernel_is_at_least(const struct import_options *o, uint32_t major, uint32_t minor)
{
	return !o->has_kernel || o->kernel_major > major ||
	       (o->kernel_major == major && o->kernel_minor >= minor);
}

/* What `includes` and `excludes` name. */
struct filter {
	bool has_machines, machine;		 /* the list has this machine */
	uint64_t capabilities;			 /* bit (number) */
	bool has_kernel, kernel;		 /* this kernel is new enough */
	const char *machine_names, *kernel_name; /* as written */
};

uint64_t import_read_capabilities(
	struct import_reading *r, const struct json_path *path, const json_t *list)
{
	uint64_t found = 0;
	const json_t *v;
	size_t i;

	json_array_foreach (list, i, v) {
		struct json_path at = { .up = path, .index = i };
		int capability;

		if (!import_check_type(r, &at, v, OF_STRING))
			continue;
		capability = vocab_capability_find(json_text_value(v));
		if (capability < 0)
			import_wrong(r, &at, "unknown capability '%s'",
				import_quoted(r, json_text_value(v)));
		else
			found |= (uint64_t)1 << capability;
	}
	return found;
}

static bool read_filter(struct import_reading *r, const struct json_path *entry, const json_t *o,
	const char *name, struct filter *ret)
{
	static const char *const members[] = { "arches", "caps", "minKernel", NULL };
	struct json_path path = { .up = entry, .member = name };
	struct json_path arches_at = { .up = &path, .member = "arches" };
	struct json_path caps_at = { .up = &path, .member = "caps" };
	struct json_path kernel_at = { .up = &path, .member = "minKernel" };
	_cleanup_(text_release) struct text machine_names = TEXT_INIT;
	uint32_t before = r->diags->n_errors, major, minor;
	json_t *f = import_member(r, entry, o, name, OF_OBJECT);
	const json_t *list, *v;
	size_t i;

	*ret = (struct filter){ 0 };
	if (!f)
		return r->diags->n_errors == before;
	import_check_members(r, &path, f, members);
	list = import_member(r, &path, f, "arches", OF_ARRAY);
	json_array_foreach (list, i, v) {
		struct json_path at = { .up = &arches_at, .index = i };
		int abi;

		if (!import_check_type(r, &at, v, OF_STRING))
			continue;
		abi = import_find_word(r, &at, "machine", machines, json_text_value(v));
		ret->has_machines = true;
		ret->machine = ret->machine || abi == (int)r->native;
		text_printf(
			&machine_names, "%s%s", machine_names.len ? ", " : "", json_text_value(v));
	}
	ret->machine_names = arena_strdup(r->arena, text_str(&machine_names));
	list = import_member(r, &path, f, "caps", OF_ARRAY);
	ret->capabilities = import_read_capabilities(r, &caps_at, list);
	v = import_member(r, &path, f, "minKernel", OF_STRING);
	if (v && *json_text_value(v) &&
		read_version(r, &kernel_at, json_text_value(v), &major, &minor)) {
		ret->has_kernel = true;
		ret->kernel = kernel_is_at_least(r->options, major, minor);
		ret->kernel_name = arena_printf(r->arena, "%u.%u", major, minor);
	}
	return r->diags->n_errors == before;
}

static const char *capability_names(struct import_reading *r, uint64_t set)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	for (uint64_t rest = set; rest; rest &= rest - 1)
		text_printf(&t, "%s%s", t.len ? ", " : "",
			vocab_capability_name(__builtin_ctzll(rest)));
	return arena_strdup(r->arena, text_str(&t));
}

/* NULL if the entry applies. In Docker's order. */
static const char *why_left_out(
	struct import_reading *r, const struct filter *includes, const struct filter *excludes)
{
	uint64_t have = r->model->capabilities;

	if (excludes->has_machines && excludes->machine)
		return arena_printf(r->arena, "not on %s", excludes->machine_names);
	if (excludes->capabilities & have)
		return arena_printf(r->arena, "only without capability %s",
			capability_names(r, excludes->capabilities & have));
	if (excludes->has_kernel && excludes->kernel)
		return arena_printf(r->arena, "only before Linux %s", excludes->kernel_name);
	if (includes->has_machines && !includes->machine)
		return arena_printf(r->arena, "only on %s", includes->machine_names);
	if (includes->capabilities & ~have)
		return arena_printf(r->arena, "only with capability %s",
			capability_names(r, includes->capabilities & ~have));
	if (includes->has_kernel && !includes->kernel)
		return arena_printf(r->arena, "only from Linux %s on", includes->kernel_name);
	return NULL;
}

const char *import_why_left_out(
	struct import_reading *r, const struct json_path *path, const json_t *o)
{
	struct filter includes, excludes;
	bool ok = read_filter(r, path, o, "includes", &includes);

	if (!read_filter(r, path, o, "excludes", &excludes) || !ok)
		return NULL;
	return why_left_out(r, &includes, &excludes);
}
