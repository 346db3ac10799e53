/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/event.h"

#include "compiler/base/json_text.h"
#include "enforcer/daemon/notice.h"

#include <string.h>

static json_t *process_json(
	const struct violation *v, const struct container *c, const struct event_process *process)
{
	bool is_first = c && v->pid == c->pid;
	const struct process_key key = { v->pid, process->start_ns, process->execs };
	const struct process_facts *f =
		process_facts_get(process->facts, &key, is_first ? 0 : v->parent, c ? c->pid : 0);
	json_t *o = json_pack(
		"{s:i, s:o}", "host_pid", (int)v->pid, "executable", json_text(v->executable));

	if (f->inner)
		json_object_set_new(o, "pid", json_integer(f->inner));
	if (f->arguments)
		json_object_set(o, "arguments", f->arguments);
	if (process->uid >= 0)
		json_object_set_new(o, "uid", json_integer(process->uid));
	if (f->ancestry)
		json_object_set(o, "ancestry", f->ancestry);
	return o;
}

bool event_is_own(const struct container *c, enum operation operation, const char *name, size_t len)
{
	const char *member = operation == OP_SYSCALL ? "seccomp" : "capabilities";
	const json_t *names = json_object_get(c->own, member), *own;
	size_t i;

	if (operation != OP_SYSCALL && operation != OP_CAPABILITY)
		return false;
	json_array_foreach ((json_t *)names, i, own) {
		const char *s = json_string_value(own);

		if (s && strncasecmp(s, "CAP_", 4) == 0 && operation == OP_CAPABILITY)
			s += 4;
		if (s && strlen(s) == len && strncasecmp(s, name, len) == 0)
			return true;
	}
	return false;
}

json_t *event_json(const struct violation *v, const struct container *c,
	const struct event_process *process, const struct lsm_event *e)
{
	json_t *o = report_json(v);

	json_object_del(o, "parent");
	json_object_set_new(o, "kind", json_string("violation"));
	json_object_set_new(o, "digest", json_string(v->policy->digest));
	json_object_set_new(o, "container", c ? container_names_json(c) : json_null());
	json_object_set_new(o, "process", process_json(v, c, process));
	if (c && v->outcome == OUTCOME_OVERBLOCKED &&
		event_is_own(c, v->operation, v->object, v->object_len))
		json_object_set_new(o, "own", json_true());
	if (v->decision.depends)
		json_object_set_new(o, "candidate", json_true());
	if (e) {
		json_object_set_new(o, "sequence", json_integer((json_int_t)e->sequence));
		json_object_set_new(o, "generation", json_integer(e->generation));
	}
	return o;
}

json_t *event_notice(const char *kind, const struct container *c)
{
	json_t *o = notice_json(kind);

	if (c)
		json_object_set_new(o, "container", container_names_json(c));
	return o;
}
