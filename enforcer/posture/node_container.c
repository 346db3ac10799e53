/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/posture/node_container.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/annotations.h"
#include "enforcer/cgroup_containers.h"
#include "enforcer/file_tree.h"
#include "enforcer/paled_client.h"
#include "enforcer/proc.h"
#include "enforcer/runtime_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS	 5000
#define CONFIG_BYTES_MAX ((size_t)16 << 20)

static void container_release(struct node_container *c)
{
	free(c->id);
	free(c->name);
	free(c->namespace);
	free(c->pod);
	free(c->profile);
	free(c->digest);
	free(c->mode);
	compilation_release(&c->compilation);
}

void node_containers_release(struct node_containers *c)
{
	for (size_t i = 0; i < c->n; i++)
		container_release(&c->v[i]);
	free(c->v);
	*c = (struct node_containers){ 0 };
}

static char *copied(const char *s)
{
	char *copy = s ? strdup(s) : NULL;

	if (s && !copy)
		abort();
	return copy;
}

static bool is_there(const void *ctx, const char *id)
{
	const struct node_containers *all = ctx;

	for (size_t i = 0; i < all->n; i++) {
		if (strcmp(all->v[i].id, id) == 0)
			return true;
	}
	return false;
}

static struct node_container *add(struct node_containers *all, const char *id, pid_t pid)
{
	all->v = reallocarray(all->v, all->n + 1, sizeof(*all->v));
	if (!all->v)
		abort();
	all->v[all->n] = (struct node_container){ .id = copied(id), .pid = pid };
	return &all->v[all->n++];
}

bool node_container_is(const struct node_container *c, const char *word)
{
	return strncmp(c->id, word, strlen(word)) == 0 || (c->name && strcmp(c->name, word) == 0);
}

/* ---- paled */

static const char *text_member(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void add_of_paled(struct node_containers *all, const json_t *o)
{
	const char *id = text_member(o, "id"), *state = text_member(o, "state");
	struct node_container *c;

	/*
	 * One that nobody registered is looked for below, where its names are. One that is created
	 * may be started by now; its runtime knows.
	 */
	if (!id || !state || strcmp(state, "unconfined") == 0 || strcmp(state, "stopped") == 0)
		return;
	c = add(all, id, (pid_t)json_integer_value(json_object_get(o, "pid")));
	c->of_paled = true;
	c->name = copied(text_member(o, "name"));
	c->namespace = copied(text_member(o, "namespace"));
	c->pod = copied(text_member(o, "pod"));
	c->profile = copied(text_member(o, "profile"));
	c->digest = copied(text_member(o, "digest"));
	c->mode = copied(text_member(o, "mode"));
}

static int ask_paled(struct node_containers *all, const char *run, struct pale_err **err)
{
	_cleanup_(pale_err_freep) struct pale_err *why = NULL;
	_cleanup_(paled_closep) struct paled *p = NULL;
	json_t *answer = NULL;
	const json_t *o;
	size_t i;
	int r = paled_connect(run, "events", TIMEOUT_MS, &p, &why);

	if (r == -ENOENT || r == -ECONNREFUSED)
		return 0;
	if (r < 0)
		return pale_err_plain(err, -r, "%s", pale_err_text(why));
	r = paled_call(p, "ps", NULL, &answer, err);
	all->paled = r >= 0;
	json_array_foreach (json_object_get(answer, "containers"), i, o)
		add_of_paled(all, o);
	json_decref(answer);
	return r < 0 ? r : 0;
}

/* ---- what runtimes keep, and cgroups */

static void put_names(struct node_container *c, const json_t *annotations)
{
	c->name = copied(annotation(annotations, ANNOTATION_NAME));
	c->namespace = copied(annotation(annotations, ANNOTATION_NAMESPACE));
	c->pod = copied(annotation(annotations, ANNOTATION_POD));
}

static struct node_container *find(struct node_containers *all, const char *id)
{
	for (size_t i = 0; i < all->n; i++) {
		if (strcmp(all->v[i].id, id) == 0)
			return &all->v[i];
	}
	return NULL;
}

static void add_of_runtime(void *ctx, const char *id, const struct runtime_state *state)
{
	_cleanup_(pale_err_freep) struct pale_err *unknown = NULL;
	_cleanup_(text_release) struct text t = TEXT_INIT;
	struct node_container *c = find(ctx, id);
	const json_t *annotations;
	uint64_t start;
	json_t *o;

	if (proc_start_time(state->pid, &start) < 0 || start != state->start_time)
		return;
	if (file_tree_read(state->bundle, "config.json", CONFIG_BYTES_MAX, &t, &unknown) < 0)
		text_clear(&t);
	o = t.len ? json_loadb(text_str(&t), t.len, 0, NULL) : NULL;
	annotations = json_object_get(o, "annotations");
	if (!c) {
		c = add(ctx, id, state->pid);
		put_names(c, annotations);
	}
	/* It stays known, so that its cgroup does not bring it back. */
	if (state->waits || annotations_are_of_sandbox(annotations))
		c->pid = 0;
	json_decref(o);
}

/* What this program itself runs in is the node to it. */
static void add_of_cgroup(void *ctx, const char *id, pid_t pid)
{
	_cleanup_(text_release) struct text own = TEXT_INIT;

	if (proc_read(getpid(), "cgroup", &own) < 0 || !strstr(text_str(&own), id))
		add(ctx, id, pid);
}

static void leave_out_sandboxes(struct node_containers *all)
{
	size_t kept = 0;

	for (size_t i = 0; i < all->n; i++) {
		if (all->v[i].pid > 0)
			all->v[kept++] = all->v[i];
		else
			container_release(&all->v[i]);
	}
	all->n = kept;
}

static int by_name(const void *a, const void *b)
{
	const struct node_container *x = a, *y = b;

	return strcmp(x->id, y->id);
}

int node_containers_find(const char *run, struct node_containers *ret, struct pale_err **err)
{
	int r;

	*ret = (struct node_containers){ 0 };
	r = ask_paled(ret, run, err);
	if (r < 0)
		return r;
	runtime_state_each("", add_of_runtime, ret);
	r = cgroup_containers_each(is_there, ret, add_of_cgroup, ret);
	if (r < 0)
		return pale_err_set(err, -r, "list processes");
	leave_out_sandboxes(ret);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
	return 0;
}

/* ---- their policies */

/* RUN/loaded/PROFILE names the folder of RUN/policies and the file in it (policy_store.h). */
static char *loaded_file(const char *run, const char *profile)
{
	_cleanup_(pale_err_freep) struct pale_err *unknown = NULL;
	_cleanup_(text_release) struct text t = TEXT_INIT, links = TEXT_INIT;
	const char *folder, *main;
	struct text path = TEXT_INIT;
	char *save = NULL;

	text_printf(&links, "%s/loaded", run);
	if (strchr(profile, '/') ||
		file_tree_read(text_str(&links), profile, 1024, &t, &unknown) < 0)
		return NULL;
	folder = strtok_r(t.s, "\n", &save);
	main = folder ? strtok_r(NULL, "\n", &save) : NULL;
	if (!main)
		return NULL;
	text_printf(&path, "%s/policies/%s/%s", run, folder, main);
	return text_take(&path);
}

static void compile(struct node_container *c, const char *file)
{
	struct compile_options options = { 0 };
	const struct policy *p;

	compile_file(&c->compilation, file, &options);
	if (c->compilation.diags.n_errors)
		return;
	p = compilation_policy(&c->compilation, c->profile);
	if (p && c->digest && strcmp(p->digest, c->digest) == 0)
		c->policy = p;
}

/* Where the node's administrator keeps it; NULL when it came through the socket. Borrowed. */
static const char *file_of(const json_t *profiles, const char *profile)
{
	const json_t *o;
	size_t i;

	json_array_foreach ((json_t *)profiles, i, o) {
		const char *name = text_member(o, "profile"), *file = text_member(o, "file");

		if (name && file && strcmp(name, profile) == 0 && *file == '/')
			return file;
	}
	return NULL;
}

void node_containers_compile(struct node_containers *all, const char *run)
{
	_cleanup_(pale_err_freep) struct pale_err *unknown = NULL;
	_cleanup_(paled_closep) struct paled *p = NULL;
	json_t *answer = NULL;

	if (!all->paled || paled_connect(run, "events", TIMEOUT_MS, &p, &unknown) < 0 ||
		paled_call(p, "profiles", NULL, &answer, &unknown) < 0) {
		json_decref(answer);
		return;
	}
	for (size_t i = 0; i < all->n; i++) {
		struct node_container *c = &all->v[i];
		const char *file =
			c->profile ? file_of(json_object_get(answer, "profiles"), c->profile)
				   : NULL;
		_cleanup_free_ char *loaded =
			c->profile && !file ? loaded_file(run, c->profile) : NULL;

		if (file || loaded)
			compile(c, file ? file : loaded);
	}
	json_decref(answer);
}
