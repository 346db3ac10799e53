/* SPDX-License-Identifier: Apache-2.0 */
/* From JSON to struct import_seccomp: the profile as a whole, and the file around it. */
#include "compiler/import_oci.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/formatted.h"
#include "compiler/import_oci_internal.h"

#include <stdlib.h>
#include <string.h>

void import_note(struct import_reading *r, const char *format, ...)
{
	struct import_seccomp *m = r->model;
	_cleanup_free_ char *s = FORMATTED(format);

	ARENA_PUSH(r->arena, m->notes.v, m->notes.n, m->notes.cap, arena_strdup(r->arena, s));
}

static const struct import_word flag_words[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", 0 },
	{ "SECCOMP_FILTER_FLAG_LOG", 0 },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", 0 },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0 },
	{ NULL, 0 },
};

static void read_flags(struct import_reading *r, const struct json_path *path, const json_t *o)
{
	const json_t *list = import_member(r, path, o, "flags", OF_ARRAY), *v;
	struct json_path flags = { .up = path, .member = "flags" };
	_cleanup_(text_release) struct text t = TEXT_INIT;
	size_t i;

	json_array_foreach (list, i, v) {
		struct json_path at = { .up = &flags, .index = i };

		if (!import_check_type(r, &at, v, OF_STRING) ||
			import_find_word(r, &at, "flag", flag_words, json_text_value(v)) < 0)
			continue;
		if (!strstr(text_str(&t), json_text_value(v)))
			text_printf(&t, "%s%s", t.len ? ", " : "", json_text_value(v));
	}
	if (t.len)
		import_note(r, "How the filter is loaded is not a policy's matter; left out: %s.",
			text_str(&t));
}

static void read_profile(struct import_reading *r, const struct json_path *path, json_t *o)
{
	static const char *const members[] = { "archMap", "architectures", "comment",
		"defaultAction", "defaultErrno", "defaultErrnoRet", "flags", "listenerMetadata",
		"listenerPath", "syscalls", NULL };
	struct json_path default_at = { .up = path, .member = "defaultAction" };
	struct json_path syscalls_at = { .up = path, .member = "syscalls" };
	const struct json_path *list = json_path_copy(r->arena, &syscalls_at);
	const json_t *syscalls, *v;
	size_t i;

	import_check_members(r, path, o, members);
	import_read_action(r, path, o, "defaultAction", "defaultErrnoRet", "defaultErrno",
		&r->model->default_action, NULL);
	r->model->default_path = json_path_copy(r->arena, &default_at);
	import_read_abis(r, path, o);
	read_flags(r, path, o);
	v = import_member(r, path, o, "listenerPath", OF_STRING);
	if (v && *json_text_value(v))
		import_note(r,
			"The profile names a supervisor's socket (listenerPath), to which no entry "
			"leads.");
	syscalls = import_member(r, path, o, "syscalls", OF_ARRAY);
	json_array_foreach (syscalls, i, v) {
		struct json_path at = { .up = list, .index = i };

		import_read_entry(r, &at, json_array_get(syscalls, i));
	}
	if (r->killed_threads)
		import_note(r,
			"SCMP_ACT_KILL and SCMP_ACT_KILL_THREAD end a thread; here the whole "
			"process is killed.");
}

/* The bounding set of a config.json, if it has one. */
static void read_bounding_set(
	struct import_reading *r, const struct json_path *root, const json_t *config)
{
	struct json_path process_at = { .up = root, .member = "process" };
	struct json_path caps_at = { .up = &process_at, .member = "capabilities" };
	struct json_path bounding_at = { .up = &caps_at, .member = "bounding" };
	const json_t *process = import_member(r, root, config, "process", OF_OBJECT);
	const json_t *caps =
		process ? import_member(r, &process_at, process, "capabilities", OF_OBJECT) : NULL;
	const json_t *bounding =
		caps ? import_member(r, &caps_at, caps, "bounding", OF_ARRAY) : NULL;

	if (!bounding || r->options->has_capabilities)
		return;
	r->model->capabilities = import_read_capabilities(r, &bounding_at, bounding);
}

static void read_document(struct import_reading *r)
{
	static const struct json_path root, linux_at = { .up = &root, .member = "linux" },
					    seccomp_at = { .up = &linux_at, .member = "seccomp" };
	json_t *o = r->document.root, *system, *seccomp;

	if (!import_check_type(r, &root, o, OF_OBJECT))
		return;
	if (!json_object_get(o, "linux") && !json_object_get(o, "ociVersion")) {
		read_profile(r, &root, o);
		return;
	}
	system = import_member(r, &root, o, "linux", OF_OBJECT);
	seccomp = system ? import_member(r, &linux_at, system, "seccomp", OF_OBJECT) : NULL;
	if (!seccomp) {
		if (!r->diags->n_errors)
			import_wrong(r, system ? &linux_at : &root,
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
	struct import_reading r = {
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
