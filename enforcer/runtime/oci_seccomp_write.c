/* SPDX-License-Identifier: Apache-2.0 */
/* From merged calls to the JSON of one section: entries without conditions first, by action. */
#include "enforcer/runtime/oci_seccomp_internal.h"

#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

static const char *word(const struct section_word *words, uint32_t value)
{
	while (words->name && words->value != value)
		words++;
	return words->name;
}

static void set_action(json_t *o, const char *name, const char *errno_name, uint32_t action)
{
	uint32_t full = action & SECCOMP_RET_ACTION_FULL;

	json_object_set_new(o, name, json_string(word(section_actions, full)));
	if (full == SECCOMP_RET_ERRNO || full == SECCOMP_RET_TRACE)
		json_object_set_new(o, errno_name, json_integer(action & SECCOMP_RET_DATA));
}

static json_t *condition_json(const struct section_condition *c)
{
	static const char *const names[SECTION_COMPARE_COUNT] = {
		[SECTION_NE] = "SCMP_CMP_NE",
		[SECTION_LT] = "SCMP_CMP_LT",
		[SECTION_LE] = "SCMP_CMP_LE",
		[SECTION_EQ] = "SCMP_CMP_EQ",
		[SECTION_GE] = "SCMP_CMP_GE",
		[SECTION_GT] = "SCMP_CMP_GT",
		[SECTION_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
	};
	json_t *o = json_object();

	json_object_set_new(o, "index", json_integer(c->index));
	json_object_set_new(o, "value", json_integer((json_int_t)c->value));
	if (c->op == SECTION_MASKED_EQ)
		json_object_set_new(o, "valueTwo", json_integer((json_int_t)c->value_two));
	json_object_set_new(o, "op", json_string(names[c->op]));
	return o;
}

static json_t *entry_json(json_t *names, uint32_t action)
{
	json_t *o = json_object();

	json_object_set_new(o, "names", names);
	set_action(o, "action", "errnoRet", action);
	return o;
}

static int compare_calls(const void *a, const void *b)
{
	const struct section_call *x = a, *y = b;

	if (x->is_whole != y->is_whole)
		return x->is_whole ? -1 : 1;
	if (x->is_whole && x->action != y->action)
		return x->action > y->action ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* A call that the policy names must stay named, even for the default (emit_oci.h). */
static bool is_written(const struct section_merge *m, const struct section_call *c)
{
	return !c->is_whole || c->action != m->default_action || c->halves[SECTION_POLICY].named;
}

static bool write_whole(struct section_merge *m, json_t *syscalls)
{
	bool notify = false;
	uint32_t i = 0;

	while (i < m->n_calls && m->calls[i].is_whole) {
		uint32_t action = m->calls[i].action;
		json_t *names = json_array();

		for (; i < m->n_calls && m->calls[i].is_whole && m->calls[i].action == action;
			i++) {
			if (is_written(m, &m->calls[i]))
				json_array_append_new(names, json_string(m->calls[i].name));
		}
		notify = notify || action == SECCOMP_RET_USER_NOTIF;
		if (json_array_size(names))
			json_array_append_new(syscalls, entry_json(names, action));
		else
			json_decref(names);
	}
	return notify;
}

/* true if some entry asks a listener. */
static bool write_syscalls(struct section_merge *m, json_t *syscalls)
{
	bool notify = write_whole(m, syscalls);

	for (uint32_t i = 0; i < m->n_calls; i++) {
		const struct section_call *c = &m->calls[i];

		for (uint32_t k = 0; !c->is_whole && k < c->n_entries; k++) {
			json_t *names = json_array(), *args = json_array(), *o;

			json_array_append_new(names, json_string(c->name));
			o = entry_json(names, c->entries[k].action);
			for (uint32_t n = 0; n < c->entries[k].n_conditions; n++)
				json_array_append_new(
					args, condition_json(&c->entries[k].conditions[n]));
			json_object_set_new(o, "args", args);
			json_array_append_new(syscalls, o);
			notify = notify || c->entries[k].action == SECCOMP_RET_USER_NOTIF;
		}
	}
	return notify;
}

static bool has_flag(const json_t *list, const char *name)
{
	const json_t *v;
	size_t i;

	json_array_foreach (list, i, v) {
		if (!strcmp(json_string_value(v), name))
			return true;
	}
	return false;
}

static json_t *flags_json(const struct section_merge *m, bool notify)
{
	const json_t *own = m->sections[SECTION_OWN].flags,
		     *policy = m->sections[SECTION_POLICY].flags;
	json_t *list = json_array();

	for (const struct section_word *w = section_flags; w->name; w++) {
		bool a = has_flag(own, w->name), b = has_flag(policy, w->name);
		bool take = a || b;

		if (w->value == SECCOMP_FILTER_FLAG_SPEC_ALLOW)
			take = a && b;
		else if (w->value == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
			take = take && notify;
		if (take)
			json_array_append_new(list, json_string(w->name));
	}
	return list;
}

static json_t *architectures_json(const struct section_merge *m)
{
	json_t *list = json_array();

	for (int i = 0; section_architectures[i].name; i++) {
		if (m->architectures & 1u << i)
			json_array_append_new(list, json_string(section_architectures[i].name));
	}
	return list;
}

json_t *section_write(struct section_merge *m, const json_t *own)
{
	static const char *const listener[] = { "listenerPath", "listenerMetadata" };
	json_t *o = json_object(), *syscalls = json_array(), *flags;
	bool notify;

	if (m->n_calls)
		qsort(m->calls, m->n_calls, sizeof(*m->calls), compare_calls);
	notify = write_syscalls(m, syscalls);
	set_action(o, "defaultAction", "defaultErrnoRet", m->default_action);
	json_object_set_new(o, "architectures", architectures_json(m));
	flags = flags_json(m, notify);
	if (json_array_size(flags))
		json_object_set(o, "flags", flags);
	json_decref(flags);
	for (size_t i = 0; i < sizeof(listener) / sizeof(*listener); i++) {
		json_t *v = json_object_get(own, listener[i]);

		if (json_is_string(v))
			json_object_set(o, listener[i], v);
	}
	json_object_set_new(o, "syscalls", syscalls);
	return o;
}
