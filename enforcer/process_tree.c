/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/process_tree.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct process_tree {
	struct tree_process **v;
	size_t n, cap;
	json_t *by_key, *by_pid; /* numbers in v */
	/* What is to be given to who had its number then. */
	const json_t **violations;
	size_t n_violations, cap_violations;
	struct tree_process *first, *last; /* that have no parent here */
};

struct process_tree *process_tree_new(void)
{
	struct process_tree *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->by_key = json_object();
	t->by_pid = json_object();
	return t;
}

void process_tree_free(struct process_tree *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++) {
		free(t->v[i]->acts);
		free(t->v[i]);
	}
	json_decref(t->by_key);
	json_decref(t->by_pid);
	free(t->violations);
	free(t->v);
	free(t);
}

void process_tree_freep(struct process_tree **t)
{
	process_tree_free(*t);
}

static json_int_t number(const json_t *o, const char *member)
{
	return json_integer_value(json_object_get(o, member));
}

static const char *text(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

static struct tree_process *look_up(const struct process_tree *t, const json_t *in, const char *key)
{
	const json_t *i = json_object_get(in, key);

	return i ? t->v[json_integer_value(i)] : NULL;
}

static void name_process(char key[64], json_int_t pid, json_int_t start)
{
	snprintf(key, 64, "%" JSON_INTEGER_FORMAT ".%" JSON_INTEGER_FORMAT, pid, start);
}

static struct tree_process *find(const struct process_tree *t, json_int_t pid, json_int_t start)
{
	char key[64];

	name_process(key, pid, start);
	return look_up(t, t->by_key, key);
}

static struct tree_process *find_of(const struct process_tree *t, const json_t *entry)
{
	const json_t *process = json_object_get(entry, "process");

	return find(t, number(process, "host_pid"), number(process, "start_ns"));
}

static struct tree_process *make(struct process_tree *t, const json_t *entry)
{
	const json_t *process = json_object_get(entry, "process"),
		     *parent = json_object_get(entry, "parent");
	json_int_t pid = number(process, "host_pid"), start = number(process, "start_ns");
	struct tree_process *p = calloc(1, sizeof(*p));
	char key[64];

	if (!p)
		abort();
	*p = (struct tree_process){
		.host_pid = pid,
		.start_ns = start,
		.pid = number(process, "pid"),
		.since = text(entry, "time"),
		.parent_pid = number(parent, "host_pid"),
		.parent_start_ns = number(parent, "start_ns"),
	};
	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 256;
		t->v = reallocarray(t->v, t->cap, sizeof(*t->v));
		if (!t->v)
			abort();
	}
	name_process(key, pid, start);
	json_object_set_new(t->by_key, key, json_integer((json_int_t)t->n));
	p->nth = t->n;
	t->v[t->n++] = p;
	return p;
}

static struct tree_process *find_or_make(struct process_tree *t, const json_t *entry)
{
	struct tree_process *p = find_of(t, entry);
	char key[64];

	if (p)
		return p;
	p = make(t, entry);
	snprintf(key, sizeof(key), "%" JSON_INTEGER_FORMAT, p->host_pid);
	p->same_pid = look_up(t, t->by_pid, key);
	json_object_set_new(t->by_pid, key, json_integer((json_int_t)p->nth));
	return p;
}

static void add_act(struct tree_process *p, const json_t *entry)
{
	/* Doubled at each power of two. */
	if (!(p->n_acts & (p->n_acts - 1))) {
		p->acts = reallocarray(
			p->acts, p->n_acts ? 2 * p->n_acts : 1, sizeof(const json_t *));
		if (!p->acts)
			abort();
	}
	p->acts[p->n_acts++] = entry;
}

static void add_violation(struct process_tree *t, const json_t *entry)
{
	if (t->n_violations == t->cap_violations) {
		t->cap_violations = t->cap_violations ? 2 * t->cap_violations : 64;
		t->violations =
			reallocarray(t->violations, t->cap_violations, sizeof(const json_t *));
		if (!t->violations)
			abort();
	}
	t->violations[t->n_violations++] = entry;
}

void process_tree_add(struct process_tree *t, const json_t *entry)
{
	const char *kind = text(entry, "kind");
	struct tree_process *p;

	if (strcmp(kind, "violation") == 0) {
		add_violation(t, entry);
		return;
	}
	if (!json_object_get(json_object_get(entry, "process"), "start_ns"))
		return;
	p = find_or_make(t, entry);
	if (strcmp(kind, "start") == 0) {
		p->start = entry;
	} else if (strcmp(kind, "exit") == 0) {
		p->exit = entry;
	} else {
		if (strcmp(kind, "exec") == 0)
			p->exec = entry;
		add_act(p, entry);
	}
}

/* Whether @a is not later than @b by more than the second that clocks of records may be off. */
static bool is_before(const char *a, const char *b)
{
	return strncmp(a, b, strlen("1970-01-01T00:00:00")) <= 0;
}

/* NULL: each that is known began later. Of one whose start is not known nobody knows when. */
static struct tree_process *find_by_time(
	const struct process_tree *t, json_int_t pid, const char *time)
{
	char key[64];
	struct tree_process *p;

	snprintf(key, sizeof(key), "%" JSON_INTEGER_FORMAT, pid);
	p = look_up(t, t->by_pid, key);
	while (p && !is_before(p->since, time) && (p->same_pid || p->start))
		p = p->same_pid;
	return p;
}

static void link_violation(struct process_tree *t, const json_t *entry)
{
	json_int_t pid = number(json_object_get(entry, "process"), "host_pid");
	struct tree_process *p = pid ? find_by_time(t, pid, text(entry, "time")) : NULL;

	if (pid && !p)
		p = find_of(t, entry);
	if (pid && !p)
		p = make(t, entry);
	if (p)
		add_act(p, entry);
}

static int by_time(const void *a, const void *b)
{
	return strcmp(
		text(*(const json_t *const *)a, "time"), text(*(const json_t *const *)b, "time"));
}

static int by_first_time(const void *a, const void *b)
{
	const struct tree_process *x = *(struct tree_process *const *)a,
				  *y = *(struct tree_process *const *)b;
	int order = strcmp(x->since, y->since);

	return order ? order : (x->nth > y->nth) - (x->nth < y->nth);
}

static void link_parent(struct process_tree *t, struct tree_process *p)
{
	struct tree_process *parent = find(t, p->parent_pid, p->parent_start_ns);
	struct tree_process **first = parent ? &parent->first : &t->first,
			    **last = parent ? &parent->last : &t->last;

	p->parent = parent;
	if (*last)
		(*last)->sibling = p;
	else
		*first = p;
	*last = p;
}

void process_tree_link(struct process_tree *t)
{
	struct tree_process **ordered;

	for (size_t i = 0; i < t->n_violations; i++)
		link_violation(t, t->violations[i]);
	/* The numbers of v stay as they are. */
	ordered = calloc(t->n + 1, sizeof(*ordered));
	if (!ordered)
		abort();
	for (size_t i = 0; i < t->n; i++)
		ordered[i] = t->v[i];
	qsort(ordered, t->n, sizeof(*ordered), by_first_time);
	for (size_t i = 0; i < t->n; i++) {
		if (ordered[i]->n_acts)
			qsort(ordered[i]->acts, ordered[i]->n_acts, sizeof(const json_t *),
				by_time);
		link_parent(t, ordered[i]);
	}
	free(ordered);
	for (const struct tree_process *p = NULL; (p = process_tree_next(t, p));)
		((struct tree_process *)p)->depth = p->parent ? p->parent->depth + 1 : 0;
}

const struct tree_process *process_tree_next(
	const struct process_tree *t, const struct tree_process *p)
{
	if (!p)
		return t->first;
	if (p->first)
		return p->first;
	while (p && !p->sibling)
		p = p->parent;
	return p ? p->sibling : NULL;
}

const struct tree_process *process_tree_find(
	const struct process_tree *t, json_int_t host_pid, json_int_t start_ns)
{
	return find(t, host_pid, start_ns);
}
