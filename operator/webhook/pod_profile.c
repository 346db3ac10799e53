/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/webhook/pod_profile.h"

#include "compiler/base/cleanup.h"
#include "operator/memory.h"
#include "operator/cluster/canary.h"
#include "operator/webhook/pod_recording.h"
#include "operator/webhook/warnings.h"

#include <errno.h>

struct choosing {
	const struct cluster *cluster;
	const struct namespace *namespace;
	const struct pod *pod;
	int64_t now;
	const struct binding **bindings; /* that select the pod */
	size_t n_bindings;
	struct floor_words said; /* by the pod's annotations */
	json_t *warnings;
};

static void choosing_release(struct choosing *c)
{
	free(c->bindings);
	floor_words_release(&c->said);
}

/* "container 'web': " before what *@err says. */
static int in_container(const struct container_choice *c, struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	pod_container_text(c->container, &t);
	return pale_err_wrap(err, "%s", text_str(&t));
}

static int find_bindings(struct choosing *c, struct pale_err **err)
{
	size_t n;
	struct object_head *const *v = cluster_bindings(c->cluster, c->namespace->head.name, &n);

	c->bindings = n ? memory_new(n * sizeof(*c->bindings)) : NULL;
	for (size_t i = 0; i < n; i++) {
		const struct binding *b = (const struct binding *)v[i];

		if (b->wrong) {
			pale_err_plain(err, EACCES,
				"PaleBinding '%s' of the namespace has no meaning: %s",
				b->head.name, b->wrong);
			pale_err_hint(err, "correct or delete it: it might mean any pod");
			return -EACCES;
		}
		if (label_selector_matches(&b->selector, c->pod->labels))
			c->bindings[c->n_bindings++] = b;
	}
	return 0;
}

/* The one whose profile counts for a container, or *@ret is NULL. */
static int find_binding(const struct choosing *c, const char *container, const struct binding **ret,
	struct pale_err **err)
{
	const struct binding *rival = NULL;

	*ret = NULL;
	for (size_t i = 0; i < c->n_bindings; i++) {
		const struct binding *b = c->bindings[i];

		if (!b->floor.profile || !binding_names(b, container))
			continue;
		if (!*ret || b->priority > (*ret)->priority) {
			*ret = b;
			rival = NULL;
		} else if (b->priority == (*ret)->priority &&
			   strcmp(b->floor.profile, (*ret)->floor.profile) != 0) {
			rival = b;
		}
	}
	if (!rival)
		return 0;
	pale_err_plain(err, EACCES,
		"PaleBindings '%s' and '%s' name different profiles, %s and %s, with the same "
		"priority",
		(*ret)->head.name, rival->head.name, (*ret)->floor.profile, rival->floor.profile);
	pale_err_hint(err, "give one of them a higher spec.priority");
	return -EACCES;
}

/* Whose word the floor is, for messages. */
struct floor_source {
	const char *kind, *name;
	const struct binding *binding;
};

static int choose_floor(const struct choosing *c, struct container_choice *ret,
	struct floor_source *source, struct pale_err **err)
{
	const struct namespace *ns = c->namespace;
	const struct binding *b;
	int r = find_binding(c, ret->container->name, &b, err);

	if (r < 0)
		return r;
	*source = (struct floor_source){ "namespace", ns->head.name, NULL };
	ret->floor = ns->floor.profile;
	if (b && ret->floor && strcmp(b->floor.profile, ret->floor) != 0) {
		pale_err_plain(err, EACCES,
			"PaleBinding '%s' names profile '%s', but the namespace has %s in its "
			"annotation " PROFILE_ANNOTATION,
			b->head.name, b->floor.profile, ret->floor);
		pale_err_hint(err, "take one of them away");
		return -EACCES;
	}
	if (b && !ret->floor) {
		*source = (struct floor_source){ "PaleBinding", b->head.name, b };
		ret->floor = b->floor.profile;
		ret->binding = b;
		ret->by_name = b->containers.n > 0;
	}
	return 0;
}

static int not_the_floor(const struct container_choice *choice, const struct floor_source *source,
	const char *annotation, const char *name, const char *said, struct pale_err **err)
{
	pale_err_plain(err, EACCES,
		"annotation %s%s names profile '%s', but %s '%s' sets %s, which a pod cannot "
		"change",
		annotation, name, said, source->kind, source->name, choice->floor);
	pale_err_hint(err, "take the annotation away");
	return -EACCES;
}

static int check_against_floor(const struct choosing *c, const struct container_choice *choice,
	const struct floor_source *source, struct pale_err **err)
{
	const char *pods = c->said.profile;

	if (choice->own && strcmp(choice->own, choice->floor) != 0)
		return not_the_floor(choice, source, CONTAINER_PROFILE_PREFIX,
			choice->container->name, choice->own, err);
	if (!choice->own && pods && !choice->by_name && strcmp(pods, choice->floor) != 0)
		return not_the_floor(choice, source, PROFILE_ANNOTATION, "", pods, err);
	return 0;
}

static int nobody_names_one(const struct choosing *c, struct pale_err **err)
{
	pale_err_plain(err, EACCES, "no profile is named for it in namespace '%s'",
		c->namespace->head.name);
	pale_err_hint(err, "annotate the pod with " PROFILE_ANNOTATION ", or the namespace "
			   "with " DEFAULT_PROFILE_ANNOTATION);
	return -EACCES;
}

static int unknown_profile(const struct choosing *c, const char *name, struct pale_err **err)
{
	const char *near = cluster_near_profile(c->cluster, name);
	const struct profile *p = near ? cluster_profile(c->cluster, near) : NULL;

	pale_err_plain(err, EACCES, "there is no PaleProfile '%s'", name);
	/* Names of profiles that are not for this namespace are not told. */
	if (p && profile_is_for(p, c->namespace->head.name))
		pale_err_hint(err, "is '%s' meant?", near);
	else
		pale_err_hint(err, "create it, and name namespace '%s' in its spec.namespaces",
			c->namespace->head.name);
	return -EACCES;
}

static int not_compiled(const struct profile *p, struct pale_err **err)
{
	if (p->failed && p->diagnostic)
		pale_err_plain(err, EACCES, "PaleProfile '%s' does not compile: %s", p->head.name,
			p->diagnostic);
	else if (p->failed)
		pale_err_plain(err, EACCES, "PaleProfile '%s' does not compile", p->head.name);
	else
		pale_err_plain(err, EACCES, "PaleProfile '%s' is not compiled yet", p->head.name);
	if (p->failed)
		pale_err_hint(err, "kubectl describe paleprofile %s", p->head.name);
	else
		pale_err_hint(err, "try again; pale-operator's controller does it");
	return -EACCES;
}

/* Whether the profile can be had here and now. */
static int check_profile(const struct choosing *c, const struct profile *p, struct pale_err **err)
{
	const char *name = p->head.name;

	if (!profile_is_for(p, c->namespace->head.name)) {
		pale_err_plain(err, EACCES, "PaleProfile '%s' is not for namespace '%s'", name,
			c->namespace->head.name);
		pale_err_hint(err, "its spec.namespaces lists who may use it");
		return -EACCES;
	}
	if (p->wrong)
		return pale_err_plain(
			err, EACCES, "PaleProfile '%s' has no meaning: %s", name, p->wrong);
	if (p->deleted)
		return pale_err_plain(err, EACCES,
			"PaleProfile '%s' is being deleted, and only held by pods that use it",
			name);
	return p->seccomp ? 0 : not_compiled(p, err);
}

static void tell_of_profile(const struct choosing *c, const struct profile *p)
{
	if (p->failed)
		warnings_add(c->warnings,
			"PaleProfile '%s' does not compile any more; its last policy that did is "
			"used",
			p->head.name);
	else if (p->behind)
		warnings_add(c->warnings,
			"PaleProfile '%s' was changed and is not compiled yet; the policy before "
			"it is used",
			p->head.name);
	else if (!p->ready)
		warnings_add(c->warnings,
			"PaleProfile '%s' is not on all nodes yet; the pod starts where it is",
			p->head.name);
}

static int choose_profile(
	const struct choosing *c, struct container_choice *ret, struct pale_err **err)
{
	struct floor_source source;
	const char *name;
	int r;

	ret->own = pod_container_annotation(c->pod, ret->container->name);
	if (ret->own && !*ret->own)
		return pale_err_plain(err, EINVAL,
			"annotation " CONTAINER_PROFILE_PREFIX "%s is "
			"empty",
			ret->container->name);
	r = choose_floor(c, ret, &source, err);
	if (r == 0 && ret->floor)
		r = check_against_floor(c, ret, &source, err);
	if (r < 0)
		return r;
	name = ret->floor ? ret->floor : ret->own ? ret->own : c->said.profile;
	if (!name)
		name = c->namespace->default_profile;
	if (!name)
		return nobody_names_one(c, err);
	ret->profile = cluster_profile(c->cluster, name);
	return ret->profile ? check_profile(c, ret->profile, err) : unknown_profile(c, name, err);
}

static bool is_first_with_its_profile(const struct pod_choice *choice, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (choice->v[k].profile == choice->v[i].profile)
			return false;
	}
	return true;
}

static int choose_profiles(const struct choosing *c, struct pod_choice *ret, struct pale_err **err)
{
	for (size_t i = 0; i < c->pod->n; i++) {
		struct container_choice *one = &ret->v[ret->n++];
		int r;

		one->container = &c->pod->v[i];
		r = choose_profile(c, one, err);
		if (r < 0)
			return in_container(one, err);
		if (is_first_with_its_profile(ret, i))
			tell_of_profile(c, one->profile);
	}
	return 0;
}

/* The floor of one container's mode. */
static enum mode mode_floor(const struct choosing *c, const struct container_choice *choice)
{
	enum mode mode = c->namespace->floor.mode;

	if (mode == MODE_UNSAID)
		mode = choice->profile->mode;
	for (size_t i = 0; i < c->n_bindings; i++) {
		const struct binding *b = c->bindings[i];

		if (binding_names(b, choice->container->name) && b->floor.mode > mode)
			mode = b->floor.mode;
	}
	return mode;
}

/* canary.h says what the key is. */
static bool is_canary(const struct choosing *c, const struct profile *p)
{
	_cleanup_(text_release) struct text key = TEXT_INIT;
	const char *name = json_member_text(c->pod->metadata, "name");

	if (!p->canary_percent)
		return false;
	text_printf(&key, "%s/%s", c->namespace->head.name, pod_name(c->pod));
	if ((!name || !*name) && c->pod->review)
		text_puts(&key, c->pod->review);
	return canary_is(p->head.name, text_str(&key), p->canary_percent);
}

/* Only where nothing else says what the mode is, so that each review of the pod says the same. */
static void choose_canary(const struct choosing *c, struct pod_choice *ret)
{
	if (c->pod->exists || c->said.mode != MODE_UNSAID || ret->mode != MODE_AUDIT ||
		c->namespace->floor.mode != MODE_UNSAID)
		return;
	for (size_t i = 0; i < ret->n && !ret->canary; i++)
		ret->canary = is_canary(c, ret->v[i].profile);
	if (ret->canary)
		ret->mode = MODE_ENFORCE;
}

static int choose_mode(const struct choosing *c, struct pod_choice *ret, struct pale_err **err)
{
	enum mode least = MODE_COUNT;
	enum mode said = c->said.mode;

	for (size_t i = 0; i < ret->n; i++) {
		enum mode mode = mode_floor(c, &ret->v[i]);
		if (mode > ret->mode)
			ret->mode = mode;
		if (mode < least)
			least = mode;
	}
	if (c->pod->exists && said == MODE_AUDIT && ret->mode == MODE_ENFORCE)
		return pale_err_plain(err, EACCES,
			"the pod runs in audit, and enforce is asked for by now; create it anew");
	if (said != MODE_UNSAID && said < ret->mode)
		warnings_add(c->warnings,
			MODE_ANNOTATION ": %s is not for this pod to choose; it stays %s",
			mode_word(said), mode_word(ret->mode));
	else if (said > ret->mode)
		ret->mode = said;
	else if (least < ret->mode)
		warnings_add(c->warnings,
			"a pod has one mode: it is enforce for all containers, though not all ask "
			"for it");
	/* An existing pod that says nothing runs in enforce. */
	if (c->pod->exists && said == MODE_UNSAID)
		ret->mode = MODE_ENFORCE;
	choose_canary(c, ret);
	return 0;
}

static int choose_on_missing(
	const struct choosing *c, struct pod_choice *ret, struct pale_err **err)
{
	enum when_missing said = c->said.on_missing, floor = c->namespace->floor.on_missing;

	for (size_t i = 0; i < c->n_bindings; i++) {
		enum when_missing theirs = c->bindings[i]->floor.on_missing;

		/* From a binding allow would be a loosening of the default. */
		if (theirs > floor && (theirs != MISSING_ALLOW || floor != MISSING_UNSAID))
			floor = theirs;
	}
	ret->on_missing = said > floor ? said : floor;
	if (said == MISSING_ALLOW && floor == MISSING_UNSAID)
		ret->on_missing = MISSING_WAIT;
	if (said == MISSING_UNSAID || said >= ret->on_missing)
		return 0;
	if (c->pod->exists)
		return pale_err_plain(err, EACCES,
			"the pod has " ON_MISSING_ANNOTATION ": %s, and %s is asked for by now; "
			"create it anew",
			when_missing_word(said), when_missing_word(ret->on_missing));
	warnings_add(c->warnings,
		ON_MISSING_ANNOTATION ": %s is not for this pod to choose; it is %s",
		when_missing_word(said), when_missing_word(ret->on_missing));
	return 0;
}

/* All that no annotation of their own names have one profile, and none by its name. */
static const char *common_profile(const struct pod_choice *choice)
{
	const char *common = NULL;

	for (size_t i = 0; i < choice->n; i++) {
		const struct container_choice *one = &choice->v[i];

		if (one->own)
			continue;
		if (one->by_name || (common && strcmp(common, one->profile->head.name) != 0))
			return NULL;
		common = one->profile->head.name;
	}
	return common;
}

static bool is_used(const struct pod_choice *choice, const char *profile)
{
	for (size_t i = 0; i < choice->n; i++) {
		if (!choice->v[i].own && strcmp(choice->v[i].profile->head.name, profile) == 0)
			return true;
	}
	return false;
}

/* What the annotation of the pod says: what it says already, and else what covers most. */
static const char *choose_pod_profile(const struct choosing *c, const struct pod_choice *choice)
{
	const struct namespace *ns = c->namespace;

	if (c->said.profile)
		return c->said.profile;
	if (ns->floor.profile)
		return ns->floor.profile;
	if (ns->default_profile && is_used(choice, ns->default_profile))
		return ns->default_profile;
	return common_profile(choice);
}

/* The annotations that are there are all that there will be. */
static int check_existing(
	const struct choosing *c, const struct pod_choice *choice, struct pale_err **err)
{
	for (size_t i = 0; i < choice->n; i++) {
		const struct container_choice *one = &choice->v[i];
		const char *has = one->own ? one->own : c->said.profile;

		if (has && strcmp(has, one->profile->head.name) == 0)
			continue;
		pale_err_plain(err, EACCES,
			"it would get profile '%s', but the pod's annotations, which cannot change "
			"any more, name %s for it",
			one->profile->head.name, has ? has : "none");
		pale_err_hint(err, "create the pod anew, with " CONTAINER_PROFILE_PREFIX "%s",
			one->container->name);
		return in_container(one, err);
	}
	return 0;
}

static bool names_a_profile(const struct pod *pod)
{
	const char *key;
	json_t *value;

	if (pod_annotation(pod, PROFILE_ANNOTATION))
		return true;
	json_object_foreach ((json_t *)pod->annotations, key, value) {
		if (strncmp(key, CONTAINER_PROFILE_PREFIX, strlen(CONTAINER_PROFILE_PREFIX)) == 0)
			return true;
	}
	return false;
}

/* Whether anything means this pod at all. */
static bool is_meant(const struct choosing *c)
{
	const struct namespace *ns = c->namespace;
	size_t n;

	return ns->inject || ns->floor.profile || ns->default_profile || ns->wrong ||
	       c->n_bindings || names_a_profile(c->pod) ||
	       pod_recording(c->cluster, ns->head.name, c->pod, c->now, &n);
}

/* What has a policy for the pod, or wants one enforced, for a message; NULL: nothing. */
static const char *who_wants_a_policy(const struct choosing *c)
{
	const struct namespace *ns = c->namespace;

	if (ns->floor.profile || ns->default_profile || ns->floor.mode == MODE_ENFORCE)
		return "its namespace";
	for (size_t i = 0; i < c->n_bindings; i++) {
		if (c->bindings[i]->floor.profile || c->bindings[i]->floor.mode == MODE_ENFORCE)
			return "a PaleBinding";
	}
	return names_a_profile(c->pod) || c->said.mode == MODE_ENFORCE ? "the pod itself" : NULL;
}

static bool is_recorded(const struct choosing *c, struct pod_choice *ret)
{
	size_t n;
	const struct recorded_pods *recording =
		pod_recording(c->cluster, c->namespace->head.name, c->pod, c->now, &n);
	const char *who = recording ? who_wants_a_policy(c) : NULL;

	if (who)
		warnings_add(c->warnings,
			"PaleRecording '%s' selects the pod, but %s has a policy for it, or asks "
			"for "
			"enforce: it is not recorded",
			recording->head.name, who);
	if (!recording || who)
		return false;
	warnings_add(c->warnings,
		"recorded for PaleRecording '%s'%s: it runs without a policy of Pale",
		recording->head.name, n > 1 ? ", the first that selects it" : "");
	ret->recording = recording;
	for (size_t i = 0; i < c->pod->n; i++)
		ret->v[ret->n++].container = &c->pod->v[i];
	return true;
}

static int choose(struct choosing *c, struct pod_choice *ret, struct pale_err **err)
{
	int r = choose_profiles(c, ret, err);

	if (r == 0)
		r = choose_mode(c, ret, err);
	if (r == 0)
		r = choose_on_missing(c, ret, err);
	if (r == 0 && c->pod->exists)
		r = check_existing(c, ret, err);
	if (r == 0)
		ret->pod_profile = choose_pod_profile(c, ret);
	return r;
}

static int read_said(struct choosing *c, struct pale_err **err)
{
	int r = floor_words_read(c->pod->annotations, PROFILE_ANNOTATION, MODE_ANNOTATION,
		ON_MISSING_ANNOTATION, &c->said, err);

	return r < 0 ? pale_err_wrap(err, "annotation") : 0;
}

/* What is said in the pod's own words is the pod's, which lives longer. */
static void borrow_pod_profile(const struct choosing *c, struct pod_choice *ret)
{
	if (ret->pod_profile && ret->pod_profile == c->said.profile)
		ret->pod_profile = pod_annotation(c->pod, PROFILE_ANNOTATION);
}

int pod_choose(const struct cluster *cluster, const struct namespace *namespace,
	const struct pod *pod, int64_t now, struct pod_choice *ret, json_t *warnings,
	struct pale_err **err)
{
	_cleanup_(choosing_release) struct choosing c = { .cluster = cluster,
		.namespace = namespace,
		.pod = pod,
		.now = now,
		.warnings = warnings };
	int r;

	*ret = (struct pod_choice){ 0 };
	r = find_bindings(&c, err);
	if (r < 0)
		return r;
	ret->untouched = !is_meant(&c);
	if (ret->untouched)
		return 0;
	if (namespace->wrong)
		return pale_err_plain(
			err, EACCES, "the namespace's annotation %s", namespace->wrong);
	r = read_said(&c, err);
	if (r < 0)
		return r;
	ret->v = memory_new((pod->n + 1) * sizeof(*ret->v));
	if (is_recorded(&c, ret))
		return 0;
	r = choose(&c, ret, err);
	borrow_pod_profile(&c, ret);
	return r;
}

void pod_choice_release(struct pod_choice *c)
{
	free(c->v);
	*c = (struct pod_choice){ 0 };
}
