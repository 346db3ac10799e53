/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/controller/profile_users.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#define CONTAINER_PREFIX "container.profile.pale.dev/"

struct used_profile {
	char *name;
	uint32_t n[USER_KINDS];
};

struct user {
	enum profile_user kind;
	char *name; /* "NAMESPACE/NAME", or "NAME" */
	struct used_profile **uses;
	uint32_t n_uses;
};

static int compare_users(const void *x, const void *y)
{
	const struct user *a = x, *b = y;

	return a->kind != b->kind ? (a->kind < b->kind ? -1 : 1) : strcmp(a->name, b->name);
}

static int compare_profiles(const void *x, const void *y)
{
	const struct used_profile *a = x, *b = y;

	return strcmp(a->name, b->name);
}

/* ---- profiles */

static struct used_profile *find_profile(const struct profile_users *u, const char *name)
{
	const struct used_profile key = { .name = (char *)name };
	struct used_profile **found = tfind(&key, &u->profiles, compare_profiles);

	return found ? *found : NULL;
}

static bool is_used(const struct used_profile *p)
{
	for (int kind = 0; kind < USER_KINDS; kind++) {
		if (p->n[kind])
			return true;
	}
	return false;
}

static void changed(const struct profile_users *u, const char *profile)
{
	if (u->changed)
		u->changed(u->ctx, profile);
}

static struct used_profile *make_profile(struct profile_users *u, const char *name)
{
	struct used_profile *p = find_profile(u, name);

	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p || !(p->name = strdup(name)) || !tsearch(p, &u->profiles, compare_profiles))
		abort();
	return p;
}

static void use(struct profile_users *u, struct user *by, const char *name)
{
	struct used_profile *p = make_profile(u, name);
	bool first = !is_used(p);

	for (uint32_t i = 0; i < by->n_uses; i++) {
		if (by->uses[i] == p)
			return;
	}
	by->uses = reallocarray(by->uses, by->n_uses + 1, sizeof(*by->uses));
	if (!by->uses)
		abort();
	by->uses[by->n_uses++] = p;
	p->n[by->kind]++;
	if (first)
		changed(u, p->name);
}

static void free_profile(void *of)
{
	struct used_profile *p = of;

	free(p->name);
	free(p);
}

static void unuse(struct profile_users *u, struct used_profile *p, enum profile_user kind)
{
	p->n[kind]--;
	if (is_used(p))
		return;
	tdelete(p, &u->profiles, compare_profiles);
	changed(u, p->name);
	free_profile(p);
}

/* ---- users */

static void unuse_all(struct profile_users *u, struct user *by)
{
	for (uint32_t i = 0; i < by->n_uses; i++)
		unuse(u, by->uses[i], by->kind);
	free(by->uses);
	by->uses = NULL;
	by->n_uses = 0;
}

static void free_user(void *of)
{
	struct user *by = of;

	free(by->uses);
	free(by->name);
	free(by);
}

void profile_users_release(struct profile_users *u)
{
	tdestroy(u->users, free_user);
	tdestroy(u->profiles, free_profile);
	u->users = u->profiles = NULL;
}

static struct user *find_user(
	const struct profile_users *u, enum profile_user kind, const char *name)
{
	const struct user key = { .kind = kind, .name = (char *)name };
	struct user **found = tfind(&key, &u->users, compare_users);

	return found ? *found : NULL;
}

static void drop_user(struct profile_users *u, struct user *by)
{
	tdelete(by, &u->users, compare_users);
	unuse_all(u, by);
	free_user(by);
}

static struct user *make_user(struct profile_users *u, enum profile_user kind, const char *name)
{
	struct user *by = find_user(u, kind, name);

	if (by)
		return by;
	by = calloc(1, sizeof(*by));
	if (!by || !(by->name = strdup(name)))
		abort();
	by->kind = kind;
	if (!tsearch(by, &u->users, compare_users))
		abort();
	return by;
}

/* ---- what objects say */

static const char *text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

static bool has_ended(const json_t *pod)
{
	const char *phase = text_of(json_object_get(pod, "status"), "phase");

	return !strcmp(phase, "Succeeded") || !strcmp(phase, "Failed");
}

struct names {
	const char **v;
	size_t n;
};

static void add_name(struct names *to, const char *name)
{
	if (!name || !*name)
		return;
	to->v = reallocarray(to->v, to->n + 1, sizeof(*to->v));
	if (!to->v)
		abort();
	to->v[to->n++] = name;
}

static void names_in_annotations(const json_t *annotations, struct names *ret)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)annotations, key, v) {
		if (!strcmp(key, "pale.dev/profile") ||
			!strncmp(key, CONTAINER_PREFIX, strlen(CONTAINER_PREFIX)))
			add_name(ret, json_string_value(v));
	}
}

static void names_in(enum profile_user kind, const json_t *object, struct names *ret)
{
	const json_t *metadata = json_object_get(object, "metadata");
	const json_t *annotations = json_object_get(metadata, "annotations");

	switch (kind) {
	case USER_BINDING:
		add_name(ret, text_of(json_object_get(object, "spec"), "profile"));
		return;
	case USER_NAMESPACE:
		add_name(ret, text_of(annotations, "pale.dev/default-profile"));
		add_name(ret, text_of(annotations, "pale.dev/profile"));
		return;
	case USER_POD:
		if (!has_ended(object))
			names_in_annotations(annotations, ret);
		return;
	case USER_KINDS:
		return;
	}
}

static bool uses_the_same(const struct user *by, const struct names *names)
{
	if (by->n_uses != names->n)
		return false;
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(by->uses[i]->name, names->v[i]) != 0)
			return false;
	}
	return true;
}

/* The new ones first, so that none that stays looks unused meanwhile. */
static void set_uses(struct profile_users *u, struct user *by, const struct names *names)
{
	struct user before = *by;

	by->uses = NULL;
	by->n_uses = 0;
	for (size_t i = 0; i < names->n; i++)
		use(u, by, names->v[i]);
	unuse_all(u, &before);
}

static char *full_name(const char *namespace, const char *name)
{
	struct text t = TEXT_INIT;

	text_printf(&t, "%s%s%s", namespace, *namespace ? "/" : "", name);
	return text_take(&t);
}

void profile_users_gone(
	struct profile_users *u, enum profile_user kind, const char *namespace, const char *name)
{
	_cleanup_free_ char *full = full_name(namespace, name);
	struct user *by = find_user(u, kind, full);

	if (by)
		drop_user(u, by);
}

void profile_users_seen(struct profile_users *u, enum profile_user kind, const json_t *object)
{
	const json_t *metadata = json_object_get(object, "metadata");
	const char *namespace = text_of(metadata, "namespace"), *name = text_of(metadata, "name");
	_cleanup_free_ char *full = full_name(namespace, name);
	struct names names = { 0 };
	struct user *by;

	names_in(kind, object, &names);
	if (!names.n) {
		profile_users_gone(u, kind, namespace, name);
		return;
	}
	by = make_user(u, kind, full);
	if (!uses_the_same(by, &names))
		set_uses(u, by, &names);
	free(names.v);
}

/* ---- walks */

struct walk {
	enum profile_user kind;
	const char *profile;
	const char *example; /* the first in order of names */
};

uint32_t profile_users_count(
	const struct profile_users *u, const char *profile, enum profile_user kind)
{
	const struct used_profile *p = find_profile(u, profile);

	return p ? p->n[kind] : 0;
}

bool profile_users_any(const struct profile_users *u, const char *profile)
{
	return find_profile(u, profile) != NULL;
}

static void find_example(const void *node, VISIT which, void *ctx)
{
	const struct user *by = *(struct user *const *)node;
	struct walk *w = ctx;

	if ((which != postorder && which != leaf) || by->kind != w->kind || w->example)
		return;
	for (uint32_t i = 0; i < by->n_uses; i++) {
		if (!strcmp(by->uses[i]->name, w->profile))
			w->example = by->name;
	}
}

static void put_kind(struct text *t, const struct profile_users *u, const struct used_profile *p,
	enum profile_user kind)
{
	static const char *const words[USER_KINDS] = {
		[USER_BINDING] = "PaleBinding",
		[USER_NAMESPACE] = "namespace",
		[USER_POD] = "pod",
	};
	struct walk w = { .kind = kind, .profile = p->name };
	uint32_t n = p->n[kind];

	twalk_r(u->users, find_example, &w);
	text_printf(t, "%u %s%s (%s%s)", n, words[kind], n > 1 ? "s" : "", w.example,
		n > 1 ? " and others" : "");
}

char *profile_users_text(const struct profile_users *u, const char *profile)
{
	const struct used_profile *p = find_profile(u, profile);
	struct text t = TEXT_INIT;
	int left = 0;

	if (!p)
		return strdup("nobody");
	for (int kind = 0; kind < USER_KINDS; kind++)
		left += p->n[kind] > 0;
	for (int kind = 0; kind < USER_KINDS; kind++) {
		if (!p->n[kind])
			continue;
		put_kind(&t, u, p, (enum profile_user)kind);
		left--;
		if (left)
			text_puts(&t, left > 1 ? ", " : " and ");
	}
	return text_take(&t);
}
