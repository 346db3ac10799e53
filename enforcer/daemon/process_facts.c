/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/process_facts.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "enforcer/proc.h"

#include <stdlib.h>
#include <string.h>

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

static void release(struct process_facts *f)
{
	json_decref(f->arguments);
	json_decref(f->ancestry);
	*f = (struct process_facts){ 0 };
}

static bool is_same(const struct process_key *a, const struct process_key *b)
{
	return a->pid == b->pid && a->start_ns == b->start_ns && a->execs == b->execs;
}

/* Of one that has ended there is nothing to keep: what was kept before is better. */
static bool read_facts(
	struct process_facts *f, const struct process_key *key, pid_t parent, pid_t first)
{
	*f = (struct process_facts){ .key = *key, .arguments = arguments_json(key->pid) };
	if (parent)
		f->ancestry = ancestry_json(parent, first);
	return proc_inner_pid(key->pid, &f->inner) == 0;
}

static struct process_facts **place_of(struct process_facts_cache *c, const struct process_key *key)
{
	uint64_t h = ((uint64_t)key->pid << 32 ^ key->start_ns) + key->execs;

	/* Knuth's multiplicative hash: the high bits depend on all others. */
	h *= UINT64_C(0x9e3779b97f4a7c15);
	return &c->v[h >> 32 & (PROCESS_FACTS_KEPT - 1)];
}

const struct process_facts *process_facts_get(
	struct process_facts_cache *c, const struct process_key *key, pid_t parent, pid_t first)
{
	struct process_facts **at = place_of(c, key);

	if (*at && key->start_ns && is_same(&(*at)->key, key))
		return *at;
	if (*at)
		release(*at);
	else
		*at = calloc(1, sizeof(**at));
	if (!*at)
		abort();
	/* The number may be another process's by now, and the next time it may be seen. */
	if (!read_facts(*at, key, parent, first))
		(*at)->key.start_ns = 0;
	return *at;
}

void process_facts_release(struct process_facts_cache *c)
{
	for (size_t i = 0; i < PROCESS_FACTS_KEPT; i++) {
		if (c->v[i])
			release(c->v[i]);
		free(c->v[i]);
		c->v[i] = NULL;
	}
}
