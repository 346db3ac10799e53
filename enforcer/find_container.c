/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/find_container.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/annotations.h"
#include "enforcer/file_tree.h"
#include "enforcer/paled_client.h"
#include "enforcer/proc.h"
#include "enforcer/runtime_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TIMEOUT_MS	 5000
#define CONFIG_BYTES_MAX ((size_t)16 << 20)
/* As many as a message lists. */
#define LISTED_MAX 8

struct candidate {
	char *id, *name;
	pid_t pid;
	bool ended, of_paled;
};

struct candidates {
	struct candidate *v;
	size_t n;
};

static void candidates_release(struct candidates *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i].id);
		free(c->v[i].name);
	}
	free(c->v);
}

static bool fits(const char *id, const char *name, const char *word)
{
	return strncmp(id, word, strlen(word)) == 0 || (name && strcmp(name, word) == 0);
}

/* paled and the runtime may both know it. */
static bool is_there(const struct candidates *c, const char *id)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->v[i].id, id) == 0)
			return true;
	return false;
}

static void add(struct candidates *c, const struct candidate *new)
{
	if (is_there(c, new->id))
		return;
	c->v = reallocarray(c->v, c->n + 1, sizeof(*c->v));
	if (!c->v)
		abort();
	c->v[c->n] = *new;
	c->v[c->n].id = strdup(new->id);
	c->v[c->n++].name = new->name ? strdup(new->name) : NULL;
}

/* ---- paled */

static const char *text_member(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void add_of_paled(struct candidates *c, const json_t *containers, const char *word)
{
	const json_t *o;
	size_t i;

	json_array_foreach ((json_t *)containers, i, o) {
		const char *id = text_member(o, "id"), *name = text_member(o, "name");
		const char *state = text_member(o, "state");

		if (!id || !fits(id, name, word))
			continue;
		add(c, &(const struct candidate){
			       .id = (char *)id,
			       .name = (char *)name,
			       .pid = (pid_t)json_integer_value(json_object_get(o, "pid")),
			       .ended = state && strcmp(state, "stopped") == 0,
			       .of_paled = true,
		       });
	}
}

static int ask_paled(struct candidates *c, const char *run, const char *word, struct pale_err **err)
{
	_cleanup_(pale_err_freep) struct pale_err *why = NULL;
	_cleanup_(paled_closep) struct paled *p = NULL;
	json_t *answer = NULL;
	int r = paled_connect(run, "events", TIMEOUT_MS, &p, &why);

	/* It need not run. */
	if (r == -ENOENT || r == -ECONNREFUSED)
		return 0;
	if (r < 0)
		return pale_err_plain(err, -r, "%s", pale_err_text(why));
	r = paled_call(p, "ps", NULL, &answer, err);
	if (r >= 0)
		add_of_paled(c, json_object_get(answer, "containers"), word);
	json_decref(answer);
	return r;
}

/* ---- what runtimes keep */

struct search {
	struct candidates *to;
	const char *word;
};

/* Of its configuration; malloc-ed, NULL when none says it. */
static char *read_name(const char *bundle)
{
	_cleanup_(pale_err_freep) struct pale_err *unknown = NULL;
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const char *name;
	char *copy;
	json_t *o;

	if (file_tree_read(bundle, "config.json", CONFIG_BYTES_MAX, &t, &unknown) < 0)
		return NULL;
	o = json_loadb(text_str(&t), t.len, JSON_REJECT_DUPLICATES, NULL);
	name = annotation(json_object_get(o, "annotations"), ANNOTATION_NAME);
	copy = name ? strdup(name) : NULL;
	json_decref(o);
	return copy;
}

static void add_of_runtime(void *ctx, const char *id, const struct runtime_state *state)
{
	_cleanup_free_ char *name = read_name(state->bundle);
	struct search *s = ctx;
	uint64_t start;

	if (!fits(id, name, s->word))
		return;
	add(s->to, &(const struct candidate){
			   .id = (char *)id,
			   .name = name,
			   .pid = state->pid,
			   .ended = proc_start_time(state->pid, &start) < 0 ||
				    start != state->start_time,
		   });
}

/* ---- which one */

/* One by its whole id, or the only one that fits; those that have ended step back. */
static const struct candidate *choose(const struct candidates *c, const char *word)
{
	const struct candidate *found = NULL;
	size_t alive = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (strcmp(c->v[i].id, word) == 0)
			return &c->v[i];
		alive += !c->v[i].ended;
		if (!found || !c->v[i].ended)
			found = &c->v[i];
	}
	return alive == 1 || c->n == 1 ? found : NULL;
}

static int list(const struct candidates *c, const char *word, struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	int r;

	for (size_t i = 0; i < c->n && i < LISTED_MAX; i++) {
		text_printf(&t, "%s%s", i ? ", " : "", c->v[i].id);
		if (c->v[i].name)
			text_printf(&t, " (%s)", c->v[i].name);
	}
	if (c->n > LISTED_MAX)
		text_printf(&t, " and %zu more", c->n - LISTED_MAX);
	r = pale_err_plain(err, ENOTUNIQ, "'%s' fits %zu containers: %s", word, c->n, text_str(&t));
	pale_err_hint(err, "give more of the id; for replicas of one workload give each");
	return r;
}

static int none(const char *word, struct pale_err **err)
{
	int r = pale_err_plain(err, ENOENT,
		"no container '%s': neither paled knows one, nor do runc and crun", word);

	pale_err_hint(err, "'pale ps' and 'runc list' show which there are; one of another runtime "
			   "is named by its cgroup, with --cgroup");
	return r;
}

/*
 * Whether a process executes a file of its own root: a runtime that waits there to execute the
 * program is none, but a copy in memory or the host's.
 */
static bool executes_own_program(pid_t pid)
{
	_cleanup_free_ char *path = proc_link(pid, "exe");
	_cleanup_(text_release) struct text below = TEXT_INIT, exe = TEXT_INIT;
	struct stat its, there;

	if (!path || *path != '/')
		return false;
	text_printf(&exe, "/proc/%d/exe", pid);
	text_printf(&below, "/proc/%d/root%s", pid, path);
	return stat(text_str(&exe), &its) == 0 && stat(text_str(&below), &there) == 0 &&
	       its.st_dev == there.st_dev && its.st_ino == there.st_ino;
}

bool found_container_has_begun(const struct found_container *c)
{
	_cleanup_(runtime_state_release) struct runtime_state state = { 0 };
	_cleanup_(pale_err_freep) struct pale_err *unknown = NULL;

	/* The fifo goes somewhat before or after the exec. */
	if (runtime_state_find("", c->id, &state, &unknown) >= 0 && !state.waits) {
		_cleanup_free_ char *path = proc_link(c->pid, "exe");

		return !path || !strstr(path, oci_runtime_names[state.runtime]) ||
		       executes_own_program(c->pid);
	}
	return executes_own_program(c->pid);
}

/* Its number may be of another process namespace, and a process that is none of it. */
static int check_process(const struct candidate *c, struct pale_err **err)
{
	_cleanup_(text_release) struct text groups = TEXT_INIT;
	int r;

	if (!c->of_paled ||
		(proc_read(c->pid, "cgroup", &groups) >= 0 && strstr(text_str(&groups), c->id)))
		return 0;
	r = pale_err_plain(err, ESRCH,
		"container '%s': process %d, which paled has for it, is not in its cgroup", c->id,
		c->pid);
	pale_err_hint(err, "run pale in the process namespace of paled");
	return r;
}

int find_container(
	const char *run, const char *word, struct found_container *ret, struct pale_err **err)
{
	_cleanup_(candidates_release) struct candidates c = { 0 };
	const struct candidate *chosen;
	struct search s = { &c, word };
	int r;

	*ret = (struct found_container){ 0 };
	if (!*word)
		return pale_err_plain(err, EINVAL, "a container has an id or a name");
	r = ask_paled(&c, run, word, err);
	if (r < 0)
		return r;
	runtime_state_each("", add_of_runtime, &s);
	if (!c.n)
		return none(word, err);
	chosen = choose(&c, word);
	if (!chosen)
		return list(&c, word, err);
	if (chosen->ended)
		return pale_err_plain(err, ESRCH, "container '%s' has ended", chosen->id);
	r = check_process(chosen, err);
	if (r < 0)
		return r;
	ret->id = strdup(chosen->id);
	ret->name = chosen->name ? strdup(chosen->name) : NULL;
	ret->pid = chosen->pid;
	ret->has_begun = found_container_has_begun(ret);
	return 0;
}

void found_container_release(struct found_container *c)
{
	free(c->id);
	free(c->name);
	*c = (struct found_container){ 0 };
}
