/* SPDX-License-Identifier: Apache-2.0 */
/* From JSON to struct import_seccomp. */
#include "compiler/import_oci.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/suggest.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	struct arena *arena;
	struct diag_list *diags;
	const struct import_options *options;
	struct json_document document;
	struct import_seccomp *model;
	enum abi native; /* whose conditions on machines hold */
	bool killed_threads;
};

/* Words of the file, shortened: they may be of any length. */
#define QUOTED_MAX 80
static const char *quoted(struct reading *r, const char *s)
{
	size_t len = strlen(s);

	if (len <= QUOTED_MAX)
		return s;
	len = QUOTED_MAX;
	while (((unsigned char)s[len] & 0xc0) == 0x80)
		len--;
	return arena_printf(r->arena, "%.*s…", (int)len, s);
}

static struct diag *wrong(struct reading *r, const struct json_path *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static struct diag *wrong(struct reading *r, const struct json_path *path, const char *format, ...)
{
	const char *where = quoted(r, json_path_text(r->arena, path));
	struct span at = { .source = r->document.source->id };
	_cleanup_free_ char *s = NULL;
	va_list args;

	/* Those that are only counted need no place. */
	if (r->diags->n < DIAG_MAX)
		at = json_path_place(&r->document, path);
	va_start(args, format);
	if (vasprintf(&s, format, args) < 0)
		abort();
	va_end(args);
	return diag_error(r->diags, at, "%s%s%s", where, *where ? ": " : "", s);
}

enum member_type { OF_OBJECT, OF_ARRAY, OF_STRING, OF_NUMBER };

static const char *const type_names[] = {
	[OF_OBJECT] = "an object",
	[OF_ARRAY] = "an array",
	[OF_STRING] = "a string",
	[OF_NUMBER] = "a whole number from 0 to 2^64 - 1",
};

static bool is_of(struct reading *r, const json_t *v, enum member_type type)
{
	uint64_t number;

	switch (type) {
	case OF_OBJECT:
		return json_is_object(v);
	case OF_ARRAY:
		return json_is_array(v);
	case OF_STRING:
		return json_text_value(v) != NULL;
	case OF_NUMBER:
		return json_whole_number(&r->document, v, &number);
	}
	return false;
}

static bool check_type(
	struct reading *r, const struct json_path *path, const json_t *v, enum member_type type)
{
	if (is_of(r, v, type))
		return true;
	wrong(r, path, "expected %s, found %s", type_names[type], json_kind(v));
	return false;
}

/* Programs that write these files have null for what they do not say. */
static json_t *member(struct reading *r, const struct json_path *path, const json_t *o,
	const char *name, enum member_type type)
{
	struct json_path at = { .up = path, .member = name };
	json_t *v = json_object_get(o, name);

	if (!v || json_is_null(v) || !check_type(r, &at, v, type))
		return NULL;
	return v;
}

static void check_members(
	struct reading *r, const struct json_path *path, json_t *o, const char *const *known)
{
	const char *name;
	json_t *v;

	json_object_foreach (o, name, v) {
		struct json_path at = { .up = path, .member = name };
		struct suggest near;
		struct diag *d;
		bool found = false;

		suggest_init(&near, name);
		for (const char *const *k = known; *k && !found; k++) {
			found = !strcmp(*k, name);
			suggest_offer(&near, *k);
		}
		if (found)
			continue;
		d = wrong(r, &at, "no member of a seccomp profile");
		if (suggest_best(&near))
			diag_hint(r->diags, d, "did you mean '%s'?", suggest_best(&near));
	}
}

struct word {
	const char *name;
	int value;
};

/* -1, with an error, when @s is not in @words. */
static int find_word(struct reading *r, const struct json_path *path, const char *what,
	const struct word *words, const char *s)
{
	struct suggest near;
	struct diag *d;

	suggest_init(&near, s);
	for (const struct word *w = words; w->name; w++) {
		if (!strcmp(w->name, s))
			return w->value;
		suggest_offer(&near, w->name);
	}
	d = wrong(r, path, "unknown %s '%s'", what, quoted(r, s));
	if (suggest_best(&near))
		diag_hint(r->diags, d, "did you mean '%s'?", suggest_best(&near));
	return -1;
}

/* Bits of the numbers of the capabilities in an array. */
static uint64_t read_capabilities(
	struct reading *r, const struct json_path *path, const json_t *list)
{
	uint64_t found = 0;
	const json_t *v;
	size_t i;

	json_array_foreach (list, i, v) {
		struct json_path at = { .up = path, .index = i };
		int capability;

		if (!check_type(r, &at, v, OF_STRING))
			continue;
		capability = vocab_capability_find(json_text_value(v));
		if (capability < 0)
			wrong(r, &at, "unknown capability '%s'", quoted(r, json_text_value(v)));
		else
			found |= (uint64_t)1 << capability;
	}
	return found;
}

enum action_word {
	ACTION_ALLOW,
	ACTION_LOG,
	ACTION_ERRNO,
	ACTION_KILL_PROCESS,
	ACTION_KILL_THREAD,
	ACTION_TRAP,
	ACTION_TRACE,
	ACTION_NOTIFY,
};

static const struct word actions[] = {
	{ "SCMP_ACT_ALLOW", ACTION_ALLOW },
	{ "SCMP_ACT_LOG", ACTION_LOG },
	{ "SCMP_ACT_ERRNO", ACTION_ERRNO },
	{ "SCMP_ACT_KILL_PROCESS", ACTION_KILL_PROCESS },
	/* Two names of one action: seccomp(2), SECCOMP_RET_KILL. */
	{ "SCMP_ACT_KILL", ACTION_KILL_THREAD },
	{ "SCMP_ACT_KILL_THREAD", ACTION_KILL_THREAD },
	{ "SCMP_ACT_TRAP", ACTION_TRAP },
	{ "SCMP_ACT_TRACE", ACTION_TRACE },
	{ "SCMP_ACT_NOTIFY", ACTION_NOTIFY },
	{ NULL, 0 },
};

static const char *const others_decide[] = {
	[ACTION_TRAP] = "the process itself decides in its handler of SIGSYS",
	[ACTION_TRACE] = "a tracer decides",
	[ACTION_NOTIFY] = "a supervisor decides",
};

/* @number_name and @text_name: "errnoRet", and "errno" of containers-common, which has both. */
static bool read_errno(struct reading *r, const struct json_path *path, const json_t *o,
	const char *number_name, const char *text_name, int *ret)
{
	struct json_path number_at = { path, number_name, 0 }, text_at = { path, text_name, 0 };
	const json_t *number = member(r, path, o, number_name, OF_NUMBER);
	const json_t *text = member(r, path, o, text_name, OF_STRING);
	uint64_t v = EPERM;
	int named;

	if (number && json_whole_number(&r->document, number, &v)) {
		if (v == 0) {
			struct diag *d = wrong(r, &number_at,
				"errno 0 lets the call succeed without doing it, which no rule "
				"says");

			diag_hint(r->diags, d, "refuse the call with an errno");
			return false;
		}
		if (v > 4095 || !vocab_errno_name((int)v)) {
			wrong(r, &number_at, "%llu is no errno", (unsigned long long)v);
			return false;
		}
	}
	*ret = (int)v;
	if (!text || !*json_text_value(text))
		return true;
	named = vocab_errno_find(json_text_value(text));
	if (named <= 0) {
		wrong(r, &text_at, "unknown errno '%s'", quoted(r, json_text_value(text)));
		return false;
	}
	if (number && named != *ret) {
		wrong(r, &text_at, "%s is %d, but %s is %d", vocab_errno_name(named), named,
			number_name, *ret);
		return false;
	}
	*ret = named;
	return true;
}

/*
 * @ret_other: NULL, or where to put an action that no rule says. Without it such an action is an
 * error.
 */
static bool read_action(struct reading *r, const struct json_path *path, const json_t *o,
	const char *name, const char *number_name, const char *text_name, struct import_action *ret,
	const char **ret_other)
{
	struct json_path at = { .up = path, .member = name };
	struct json_path errno_at = { .up = path, .member = number_name };
	const json_t *text = member(r, path, o, name, OF_STRING);
	const json_t *given = json_object_get(o, number_name);
	int action;

	if (!text) {
		if (!json_object_get(o, name) || json_is_null(json_object_get(o, name)))
			wrong(r, path, "'%s' is missing", name);
		return false;
	}
	action = find_word(r, &at, "action", actions, json_text_value(text));
	*ret = (struct import_action){ .verdict = IMPORT_KILL };
	switch (action) {
	case ACTION_ALLOW:
		ret->verdict = IMPORT_ALLOW;
		break;
	case ACTION_LOG:
		ret->verdict = IMPORT_LOG;
		break;
	case ACTION_ERRNO:
		ret->verdict = IMPORT_ERRNO;
		return read_errno(r, path, o, number_name, text_name, &ret->errnum);
	case ACTION_KILL_PROCESS:
		break;
	case ACTION_KILL_THREAD:
		r->killed_threads = r->killed_threads || !ret_other;
		break;
	case ACTION_TRAP:
	case ACTION_TRACE:
	case ACTION_NOTIFY:
		if (!ret_other)
			wrong(r, &at, "a policy cannot say %s: %s", json_text_value(text),
				others_decide[action]);
		else
			*ret_other = arena_strdup(r->arena, json_text_value(text));
		return ret_other;
	default:
		return false;
	}
	if (given && !json_is_null(given)) {
		wrong(r, &errno_at, "goes with SCMP_ACT_ERRNO only");
		return false;
	}
	return true;
}

/* Architectures of libseccomp (seccomp_arch_add(3)); those of other machines: ABI_COUNT. */
static const struct word architectures[] = {
	{ "SCMP_ARCH_X86_64", ABI_X86_64 },
	{ "SCMP_ARCH_X86", ABI_X86 },
	{ "SCMP_ARCH_X32", ABI_X32 },
	{ "SCMP_ARCH_AARCH64", ABI_AARCH64 },
	{ "SCMP_ARCH_ARM", ABI_ARM },
	{ "SCMP_ARCH_LOONGARCH64", ABI_COUNT },
	{ "SCMP_ARCH_M68K", ABI_COUNT },
	{ "SCMP_ARCH_MIPS", ABI_COUNT },
	{ "SCMP_ARCH_MIPS64", ABI_COUNT },
	{ "SCMP_ARCH_MIPS64N32", ABI_COUNT },
	{ "SCMP_ARCH_MIPSEL", ABI_COUNT },
	{ "SCMP_ARCH_MIPSEL64", ABI_COUNT },
	{ "SCMP_ARCH_MIPSEL64N32", ABI_COUNT },
	{ "SCMP_ARCH_PARISC", ABI_COUNT },
	{ "SCMP_ARCH_PARISC64", ABI_COUNT },
	{ "SCMP_ARCH_PPC", ABI_COUNT },
	{ "SCMP_ARCH_PPC64", ABI_COUNT },
	{ "SCMP_ARCH_PPC64LE", ABI_COUNT },
	{ "SCMP_ARCH_RISCV64", ABI_COUNT },
	{ "SCMP_ARCH_S390", ABI_COUNT },
	{ "SCMP_ARCH_S390X", ABI_COUNT },
	{ "SCMP_ARCH_SH", ABI_COUNT },
	{ "SCMP_ARCH_SHEB", ABI_COUNT },
	{ NULL, 0 },
};

/* Machines of `includes` and `excludes`: the words that Docker compares with the one it runs on. */
static const struct word machines[] = {
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

static bool is_arm(int abi)
{
	return abi == ABI_AARCH64 || abi == ABI_ARM;
}

/* Bits of the ABIs in an array of architectures, other machines' as bit ABI_COUNT. */
static uint32_t read_architectures(
	struct reading *r, const struct json_path *path, const json_t *list)
{
	uint32_t found = 0;
	const json_t *v;
	size_t i;

	json_array_foreach (list, i, v) {
		struct json_path at = { .up = path, .index = i };
		int abi = -1;

		if (check_type(r, &at, v, OF_STRING))
			abi = find_word(r, &at, "architecture", architectures, json_text_value(v));
		if (abi >= 0)
			found |= 1u << abi;
	}
	return found;
}

static void note(struct reading *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note(struct reading *r, const char *format, ...)
{
	struct import_seccomp *m = r->model;
	_cleanup_free_ char *s = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&s, format, args) < 0)
		abort();
	va_end(args);
	ARENA_PUSH(r->arena, m->notes.v, m->notes.n, m->notes.cap, arena_strdup(r->arena, s));
}

static const char *abi_names(struct reading *r, uint32_t abis)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	for (int abi = 0; abi < ABI_COUNT; abi++) {
		if (abis & 1u << abi)
			text_printf(&t, "%s%s", t.len ? ", " : "", vocab_abi_name((enum abi)abi));
	}
	return arena_strdup(r->arena, text_str(&t));
}

static void read_arch_map(struct reading *r, const struct json_path *path, const json_t *list)
{
	static const char *const members[] = { "architecture", "subArchitectures", NULL };
	const struct json_path map = { .up = path, .member = "archMap" };
	uint32_t sub = 0;
	json_t *o;
	size_t i;

	json_array_foreach (list, i, o) {
		struct json_path item = { .up = &map, .index = i };
		struct json_path at = { .up = &item, .member = "architecture" };
		struct json_path sub_at = { .up = &item, .member = "subArchitectures" };
		const json_t *name, *subs;
		uint32_t found;
		int abi;

		if (!check_type(r, &item, o, OF_OBJECT))
			continue;
		check_members(r, &item, o, members);
		name = member(r, &item, o, "architecture", OF_STRING);
		subs = member(r, &item, o, "subArchitectures", OF_ARRAY);
		if (!name) {
			if (!json_object_get(o, "architecture"))
				wrong(r, &item, "'architecture' is missing");
			continue;
		}
		abi = find_word(r, &at, "architecture", architectures, json_text_value(name));
		found = subs ? read_architectures(r, &sub_at, subs) : 0;
		if (abi == (int)r->native)
			sub |= found & ((1u << ABI_COUNT) - 1);
	}
	sub &= ~r->model->abis;
	if (sub)
		note(r,
			"Where the profile is used as it is, calls of %s pass, too, as those of %s "
			"do. "
			"Here they are refused; --abi has them.",
			abi_names(r, sub), vocab_abi_name(r->native));
}

/* runc always has the machine's own, whatever the list says. */
static void read_abis(struct reading *r, const struct json_path *path, const json_t *o)
{
	const json_t *list = member(r, path, o, "architectures", OF_ARRAY);
	const json_t *map = member(r, path, o, "archMap", OF_ARRAY);
	struct json_path list_at = { .up = path, .member = "architectures" };
	const struct import_options *options = r->options;
	uint32_t listed = list ? read_architectures(r, &list_at, list) : 0, others;

	r->native = vocab_abi_native();
	if (json_array_size(list) && json_array_size(map))
		wrong(r, &list_at, "stands beside archMap; Docker takes one of them only");
	if (options->n_abis) {
		r->native = options->abis[0];
		for (uint32_t i = 0; i < options->n_abis; i++)
			r->model->abis |= 1u << options->abis[i];
	} else {
		r->model->abis = 1u << r->native;
		for (int abi = 0; abi < ABI_COUNT; abi++) {
			if (listed & 1u << abi && is_arm(abi) == is_arm(r->native))
				r->model->abis |= 1u << abi;
		}
	}
	others = listed & ((1u << ABI_COUNT) - 1) & ~r->model->abis;
	if (others)
		note(r, "The profile lists %s, too, whose calls are refused here; --abi has them.",
			abi_names(r, others));
	if (listed >> ABI_COUNT & 1)
		note(r, "The profile lists machines that Pale does not know; their calls are "
			"refused here.");
	if (map)
		read_arch_map(r, path, map);
}

static const struct word flag_words[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", 0 },
	{ "SECCOMP_FILTER_FLAG_LOG", 0 },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", 0 },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0 },
	{ NULL, 0 },
};

static void read_flags(struct reading *r, const struct json_path *path, const json_t *o)
{
	const json_t *list = member(r, path, o, "flags", OF_ARRAY), *v;
	struct json_path flags = { .up = path, .member = "flags" };
	_cleanup_(text_release) struct text t = TEXT_INIT;
	size_t i;

	json_array_foreach (list, i, v) {
		struct json_path at = { .up = &flags, .index = i };

		if (!check_type(r, &at, v, OF_STRING) ||
			find_word(r, &at, "flag", flag_words, json_text_value(v)) < 0)
			continue;
		if (!strstr(text_str(&t), json_text_value(v)))
			text_printf(&t, "%s%s", t.len ? ", " : "", json_text_value(v));
	}
	if (t.len)
		note(r, "How the filter is loaded is not a policy's matter; left out: %s.",
			text_str(&t));
}

/* "4.8" */
static bool read_version(struct reading *r, const struct json_path *path, const char *s,
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
	wrong(r, path, "'%s' is no kernel version such as 4.8", quoted(r, s));
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

static bool read_filter(struct reading *r, const struct json_path *entry, const json_t *o,
	const char *name, struct filter *ret)
{
	static const char *const members[] = { "arches", "caps", "minKernel", NULL };
	struct json_path path = { .up = entry, .member = name };
	struct json_path arches_at = { .up = &path, .member = "arches" };
	struct json_path caps_at = { .up = &path, .member = "caps" };
	struct json_path kernel_at = { .up = &path, .member = "minKernel" };
	_cleanup_(text_release) struct text machine_names = TEXT_INIT;
	uint32_t before = r->diags->n_errors, major, minor;
	json_t *f = member(r, entry, o, name, OF_OBJECT);
	const json_t *list, *v;
	size_t i;

	*ret = (struct filter){ 0 };
	if (!f)
		return r->diags->n_errors == before;
	check_members(r, &path, f, members);
	list = member(r, &path, f, "arches", OF_ARRAY);
	json_array_foreach (list, i, v) {
		struct json_path at = { .up = &arches_at, .index = i };
		int abi;

		if (!check_type(r, &at, v, OF_STRING))
			continue;
		abi = find_word(r, &at, "machine", machines, json_text_value(v));
		ret->has_machines = true;
		ret->machine = ret->machine || abi == (int)r->native;
		text_printf(
			&machine_names, "%s%s", machine_names.len ? ", " : "", json_text_value(v));
	}
	ret->machine_names = arena_strdup(r->arena, text_str(&machine_names));
	list = member(r, &path, f, "caps", OF_ARRAY);
	ret->capabilities = read_capabilities(r, &caps_at, list);
	v = member(r, &path, f, "minKernel", OF_STRING);
	if (v && *json_text_value(v) &&
		read_version(r, &kernel_at, json_text_value(v), &major, &minor)) {
		ret->has_kernel = true;
		ret->kernel = kernel_is_at_least(r->options, major, minor);
		ret->kernel_name = arena_printf(r->arena, "%u.%u", major, minor);
	}
	return r->diags->n_errors == before;
}

static const char *capability_names(struct reading *r, uint64_t set)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	for (uint64_t rest = set; rest; rest &= rest - 1)
		text_printf(&t, "%s%s", t.len ? ", " : "",
			vocab_capability_name(__builtin_ctzll(rest)));
	return arena_strdup(r->arena, text_str(&t));
}

/* NULL if the entry applies. In Docker's order. */
static const char *why_left_out(
	struct reading *r, const struct filter *includes, const struct filter *excludes)
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

static const struct word operators[] = {
	{ "SCMP_CMP_NE", IMPORT_NE },
	{ "SCMP_CMP_LT", IMPORT_LT },
	{ "SCMP_CMP_LE", IMPORT_LE },
	{ "SCMP_CMP_EQ", IMPORT_EQ },
	{ "SCMP_CMP_GE", IMPORT_GE },
	{ "SCMP_CMP_GT", IMPORT_GT },
	{ "SCMP_CMP_MASKED_EQ", IMPORT_MASKED_EQ },
	{ NULL, 0 },
};

static uint64_t number(struct reading *r, const struct json_path *path, const json_t *o,
	const char *name, bool required)
{
	const json_t *v = member(r, path, o, name, OF_NUMBER);
	uint64_t ret = 0;

	if (v)
		json_whole_number(&r->document, v, &ret);
	else if (required && (!json_object_get(o, name) || json_is_null(json_object_get(o, name))))
		wrong(r, path, "'%s' is missing", name);
	return ret;
}

static void read_conditions(
	struct reading *r, const struct json_path *path, const json_t *list, struct import_entry *e)
{
	static const char *const members[] = { "index", "op", "value", "valueTwo", NULL };
	json_t *o;
	size_t i;

	json_array_foreach (list, i, o) {
		struct json_path item = { .up = path, .index = i };
		struct json_path op_at = { .up = &item, .member = "op" };
		struct json_path index_at = { .up = &item, .member = "index" };
		struct import_condition c = { .path = json_path_copy(r->arena, &item) };
		const json_t *op;
		uint64_t index;
		int found;

		if (!check_type(r, &item, o, OF_OBJECT))
			continue;
		check_members(r, &item, o, members);
		index = number(r, &item, o, "index", true);
		c.value = number(r, &item, o, "value", true);
		c.value_two = number(r, &item, o, "valueTwo", false);
		if (index > 5)
			wrong(r, &index_at, "a call has arguments 0 to 5, not %llu",
				(unsigned long long)index);
		c.index = (uint8_t)(index > 5 ? 0 : index);
		op = member(r, &item, o, "op", OF_STRING);
		if (!op) {
			if (!json_object_get(o, "op"))
				wrong(r, &item, "'op' is missing");
			continue;
		}
		found = find_word(r, &op_at, "comparison", operators, json_text_value(op));
		if (found < 0)
			continue;
		c.op = (enum import_compare)found;
		ARENA_PUSH(r->arena, e->conditions, e->n_conditions, e->cap_conditions, c);
	}
}

static void read_name(
	struct reading *r, const struct json_path *path, const json_t *v, struct import_entry *e)
{
	if (!check_type(r, path, v, OF_STRING))
		return;
	if (!*json_text_value(v)) {
		wrong(r, path, "the name of a call is empty");
		return;
	}
	ARENA_PUSH(r->arena, e->names.v, e->names.n, e->names.cap,
		arena_strdup(r->arena, json_text_value(v)));
}

static void read_names(
	struct reading *r, const struct json_path *path, const json_t *o, struct import_entry *e)
{
	struct json_path names_at = { .up = path, .member = "names" };
	struct json_path name_at = { .up = path, .member = "name" };
	uint32_t before = r->diags->n_errors;
	const json_t *names = member(r, path, o, "names", OF_ARRAY), *v;
	const json_t *name = member(r, path, o, "name", OF_STRING);
	size_t i;

	if (name && !*json_text_value(name))
		name = NULL; /* Go's way to leave a string out */
	if (name && json_array_size(names))
		wrong(r, &name_at, "stands beside 'names'; Docker takes one of them only");
	else if (name)
		read_name(r, &name_at, name, e);
	json_array_foreach (names, i, v) {
		struct json_path at = { .up = &names_at, .index = i };

		read_name(r, &at, v, e);
	}
	if (!e->names.n && r->diags->n_errors == before)
		wrong(r, path, "names no call");
}

static void read_entry(struct reading *r, const struct json_path *path, json_t *o)
{
	static const char *const members[] = { "action", "args", "comment", "errno", "errnoRet",
		"excludes", "includes", "name", "names", NULL };
	struct import_entry e = { .path = json_path_copy(r->arena, path) };
	struct json_path args_at = { .up = e.path, .member = "args" };
	struct import_seccomp *m = r->model;
	struct filter includes, excludes;
	const json_t *args;
	bool ok;

	if (!check_type(r, path, o, OF_OBJECT))
		return;
	check_members(r, path, o, members);
	member(r, path, o, "comment", OF_STRING);
	ok = read_filter(r, path, o, "includes", &includes);
	if (read_filter(r, path, o, "excludes", &excludes) && ok)
		e.left_out = why_left_out(r, &includes, &excludes);
	read_names(r, path, o, &e);
	read_action(r, path, o, "action", "errnoRet", "errno", &e.action,
		e.left_out ? &e.other_action : NULL);
	args = member(r, path, o, "args", OF_ARRAY);
	read_conditions(r, json_path_copy(r->arena, &args_at), args, &e);
	ARENA_PUSH(r->arena, m->entries, m->n, m->cap, e);
}

static void read_profile(struct reading *r, const struct json_path *path, json_t *o)
{
	static const char *const members[] = { "archMap", "architectures", "comment",
		"defaultAction", "defaultErrno", "defaultErrnoRet", "flags", "listenerMetadata",
		"listenerPath", "syscalls", NULL };
	struct json_path default_at = { .up = path, .member = "defaultAction" };
	struct json_path syscalls_at = { .up = path, .member = "syscalls" };
	const struct json_path *list = json_path_copy(r->arena, &syscalls_at);
	const json_t *syscalls, *v;
	size_t i;

	check_members(r, path, o, members);
	read_action(r, path, o, "defaultAction", "defaultErrnoRet", "defaultErrno",
		&r->model->default_action, NULL);
	r->model->default_path = json_path_copy(r->arena, &default_at);
	read_abis(r, path, o);
	read_flags(r, path, o);
	v = member(r, path, o, "listenerPath", OF_STRING);
	if (v && *json_text_value(v))
		note(r, "The profile names a supervisor's socket (listenerPath), to which no entry "
			"leads.");
	syscalls = member(r, path, o, "syscalls", OF_ARRAY);
	json_array_foreach (syscalls, i, v) {
		struct json_path at = { .up = list, .index = i };

		read_entry(r, &at, json_array_get(syscalls, i));
	}
	if (r->killed_threads)
		note(r, "SCMP_ACT_KILL and SCMP_ACT_KILL_THREAD end a thread; here the whole "
			"process is killed.");
}

/* The bounding set of a config.json, if it has one. */
static void read_bounding_set(struct reading *r, const struct json_path *root, const json_t *config)
{
	struct json_path process_at = { .up = root, .member = "process" };
	struct json_path caps_at = { .up = &process_at, .member = "capabilities" };
	struct json_path bounding_at = { .up = &caps_at, .member = "bounding" };
	const json_t *process = member(r, root, config, "process", OF_OBJECT);
	const json_t *caps =
		process ? member(r, &process_at, process, "capabilities", OF_OBJECT) : NULL;
	const json_t *bounding = caps ? member(r, &caps_at, caps, "bounding", OF_ARRAY) : NULL;

	if (!bounding || r->options->has_capabilities)
		return;
	r->model->capabilities = read_capabilities(r, &bounding_at, bounding);
}

static void read_document(struct reading *r)
{
	static const struct json_path root, linux_at = { .up = &root, .member = "linux" },
					    seccomp_at = { .up = &linux_at, .member = "seccomp" };
	json_t *o = r->document.root, *system, *seccomp;

	if (!check_type(r, &root, o, OF_OBJECT))
		return;
	if (!json_object_get(o, "linux") && !json_object_get(o, "ociVersion")) {
		read_profile(r, &root, o);
		return;
	}
	system = member(r, &root, o, "linux", OF_OBJECT);
	seccomp = system ? member(r, &linux_at, system, "seccomp", OF_OBJECT) : NULL;
	if (!seccomp) {
		if (!r->diags->n_errors)
			wrong(r, system ? &linux_at : &root,
				"this configuration has no linux.seccomp");
		return;
	}
	read_bounding_set(r, &root, o);
	read_profile(r, &seccomp_at, seccomp);
}

bool import_oci_recognises(const struct source *s)
{
	uint32_t i = 0;

	while (i < s->len && strchr(" \t\r\n", s->bytes[i]))
		i++;
	return i < s->len && strchr("{[\"", s->bytes[i]);
}

bool import_oci(const struct source *s, const struct import_options *options,
	struct diag_list *diags, struct text *to)
{
	struct import_seccomp model = { .capabilities = options->has_capabilities
								? options->capabilities
								: import_default_capability_set() };
	struct reading r = {
		.arena = diags->arena, .diags = diags, .options = options, .model = &model
	};
	_cleanup_(text_release) struct text name = TEXT_INIT;

	model.document = &r.document;
	model.runc = options->runc;
	if (json_read(s, diags, &r.document))
		read_document(&r);
	json_document_release(&r.document);
	if (diags->n_errors)
		return false;
	if (options->profile)
		text_puts(&name, options->profile);
	else
		policy_text_name(&name, s->portable_name);
	return import_seccomp_write(&model, s, text_str(&name), diags, to);
}
