/* SPDX-License-Identifier: Apache-2.0 */
/* One entry: the calls that it names, and the conditions on their arguments. */
#include "compiler/import_oci_internal.h"

static const struct import_word operators[] = {
	{ "SCMP_CMP_NE", IMPORT_NE },
	{ "SCMP_CMP_LT", IMPORT_LT },
	{ "SCMP_CMP_LE", IMPORT_LE },
	{ "SCMP_CMP_EQ", IMPORT_EQ },
	{ "SCMP_CMP_GE", IMPORT_GE },
	{ "SCMP_CMP_GT", IMPORT_GT },
	{ "SCMP_CMP_MASKED_EQ", IMPORT_MASKED_EQ },
	{ NULL, 0 },
};

static uint64_t number(struct import_reading *r, const struct json_path *path, const json_t *o,
	const char *name, bool required)
{
	const json_t *v = import_member(r, path, o, name, OF_NUMBER);
	uint64_t ret = 0;

	if (v)
		json_whole_number(&r->document, v, &ret);
	else if (required && (!json_object_get(o, name) || json_is_null(json_object_get(o, name))))
		import_wrong(r, path, "'%s' is missing", name);
	return ret;
}

static void read_conditions(struct import_reading *r, const struct json_path *path,
	const json_t *list, struct import_entry *e)
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

		if (!import_check_type(r, &item, o, OF_OBJECT))
			continue;
		import_check_members(r, &item, o, members);
		index = number(r, &item, o, "index", true);
		c.value = number(r, &item, o, "value", true);
		c.value_two = number(r, &item, o, "valueTwo", false);
		if (index > 5)
			import_wrong(r, &index_at, "a call has arguments 0 to 5, not %llu",
				(unsigned long long)index);
		c.index = (uint8_t)(index > 5 ? 0 : index);
		op = import_member(r, &item, o, "op", OF_STRING);
		if (!op) {
			if (!json_object_get(o, "op"))
				import_wrong(r, &item, "'op' is missing");
			continue;
		}
		found = import_find_word(r, &op_at, "comparison", operators, json_text_value(op));
		if (found < 0)
			continue;
		c.op = (enum import_compare)found;
		ARENA_PUSH(r->arena, e->conditions, e->n_conditions, e->cap_conditions, c);
	}
}

static void read_name(struct import_reading *r, const struct json_path *path, const json_t *v,
	struct import_entry *e)
{
	if (!import_check_type(r, path, v, OF_STRING))
		return;
	if (!*json_text_value(v)) {
		import_wrong(r, path, "the name of a call is empty");
		return;
	}
	ARENA_PUSH(r->arena, e->names.v, e->names.n, e->names.cap,
		arena_strdup(r->arena, json_text_value(v)));
}

static void read_names(struct import_reading *r, const struct json_path *path, const json_t *o,
	struct import_entry *e)
{
	struct json_path names_at = { .up = path, .member = "names" };
	struct json_path name_at = { .up = path, .member = "name" };
	uint32_t before = r->diags->n_errors;
	const json_t *names = import_member(r, path, o, "names", OF_ARRAY), *v;
	const json_t *name = import_member(r, path, o, "name", OF_STRING);
	size_t i;

	if (name && !*json_text_value(name))
		name = NULL; /* Go's way to leave a string out */
	if (name && json_array_size(names))
		import_wrong(r, &name_at, "stands beside 'names'; Docker takes one of them only");
	else if (name)
		read_name(r, &name_at, name, e);
	json_array_foreach (names, i, v) {
		struct json_path at = { .up = &names_at, .index = i };

		read_name(r, &at, v, e);
	}
	if (!e->names.n && r->diags->n_errors == before)
		import_wrong(r, path, "names no call");
}

void import_read_entry(struct import_reading *r, const struct json_path *path, json_t *o)
{
	static const char *const members[] = { "action", "args", "comment", "errno", "errnoRet",
		"excludes", "includes", "name", "names", NULL };
	struct import_entry e = { .path = json_path_copy(r->arena, path) };
	struct json_path args_at = { .up = e.path, .member = "args" };
	struct import_seccomp *m = r->model;
	const json_t *args;

	if (!import_check_type(r, path, o, OF_OBJECT))
		return;
	import_check_members(r, path, o, members);
	import_member(r, path, o, "comment", OF_STRING);
	e.left_out = import_why_left_out(r, path, o);
	read_names(r, path, o, &e);
	import_read_action(r, path, o, "action", "errnoRet", "errno", &e.action,
		e.left_out ? &e.other_action : NULL);
	args = import_member(r, path, o, "args", OF_ARRAY);
	read_conditions(r, json_path_copy(r->arena, &args_at), args, &e);
	ARENA_PUSH(r->arena, m->entries, m->n, m->cap, e);
}
