/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/event.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "enforcer/daemon/proc.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ARGUMENTS_MAX 64
#define ANCESTORS_MAX 32

static json_t *arguments_json(pid_t pid)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	json_t *a;

	if (proc_read(pid, "cmdline", &t) < 0 || !t.len)
		return NULL;
	a = json_array();
	for (size_t at = 0; at < t.len; at += strlen(t.s + at) + 1) {
		if (json_array_size(a) == ARGUMENTS_MAX) {
			json_array_append_new(a, json_string("…"));
			break;
		}
		json_array_append_new(a, json_text(t.s + at));
	}
	return a;
}

static json_t *ancestor_json(pid_t pid)
{
	_cleanup_free_ char *executable = proc_link(pid, "exe");
	json_t *o = json_pack("{s:i}", "host_pid", (int)pid);

	if (executable)
		json_object_set_new(o, "executable", json_text(executable));
	return o;
}

/* From the parent up; the container's first process is the last. */
static json_t *ancestry_json(pid_t parent, pid_t first)
{
	json_t *a = json_array();

	for (int i = 0; i < ANCESTORS_MAX && parent > 1; i++) {
		pid_t next;

		json_array_append_new(a, ancestor_json(parent));
		if (parent == first || proc_parent(parent, &next) < 0)
			break;
		parent = next;
	}
	return a;
}

static json_t *process_json(const struct violation *v, const struct container *c, int64_t uid)
{
	json_t *o = json_pack("{s:i, s:o}", "host_pid", (int)v->pid, "executable",
		       json_text(v->executable)),
	       *arguments = arguments_json(v->pid);
	pid_t inner;

	if (proc_inner_pid(v->pid, &inner) == 0)
		json_object_set_new(o, "pid", json_integer(inner));
	if (arguments)
		json_object_set_new(o, "arguments", arguments);
	if (uid >= 0)
		json_object_set_new(o, "uid", json_integer(uid));
	if (v->parent && (!c || v->pid != c->pid))
		json_object_set_new(o, "ancestry", ancestry_json(v->parent, c ? c->pid : 0));
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

json_t *event_json(const struct violation *v, const struct container *c, int64_t uid,
	const struct lsm_event *e)
{
	json_t *o = report_json(v);

	json_object_del(o, "parent");
	json_object_set_new(o, "kind", json_string("violation"));
	json_object_set_new(o, "digest", json_string(v->policy->digest));
	json_object_set_new(o, "container", c ? container_names_json(c) : json_null());
	json_object_set_new(o, "process", process_json(v, c, uid));
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
	json_t *o = json_object();
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	json_object_set_new(o, "time",
		report_time_json((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec));
	json_object_set_new(o, "kind", json_string(kind));
	if (c)
		json_object_set_new(o, "container", container_names_json(c));
	return o;
}
