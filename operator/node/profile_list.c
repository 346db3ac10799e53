/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/node/profile_list.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "operator/controller/profile_bundle.h"
#include "operator/controller/status_text.h"
#include "operator/memory.h"
#include "operator/node/paled_calls.h"

#include <string.h>

/* A policy as containers have it. */
struct version {
	char *digest;
	uint32_t containers;
	struct violation_periods violations;
};

struct node_profile {
	char *name, *uid;
	bool listed;	   /* there is a PaleProfile */
	json_t *object;	   /* of it what `load` needs; NULL while it has no bundle */
	char *digest;	   /* that it is to have; "" */
	char *loaded;	   /* that paled has; "" */
	bool from_file;	   /* paled has it from the node's own files */
	json_t *inexact;   /* what paled says cannot be enforced; NULL: all can */
	bool ours;	   /* paled has it from us, or is to be asked for it */
	bool asked;	   /* paled was, and has not answered yet */
	json_t *asked_for; /* the object that `load` was of */
	char *updated;	   /* paled was asked to put running containers under this digest */
	char *failed;	   /* this digest was refused */
	bool try_again;	   /* it may go well later, */
	bool due;	   /* and now is later */
	char *reason, *message;
	struct version *v;
	size_t n;
};

static const char *text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

static void set(char **at, const char *s)
{
	char *copy = memory_string(s);

	free(*at);
	*at = copy;
}

static void profile_free(struct node_profile *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->v[i].digest);
	free(p->v);
	json_decref(p->object);
	json_decref(p->asked_for);
	json_decref(p->inexact);
	free(p->name);
	free(p->uid);
	free(p->digest);
	free(p->loaded);
	free(p->updated);
	free(p->failed);
	free(p->reason);
	free(p->message);
	free(p);
}

void profile_list_release(struct profile_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		profile_free(l->v[i]);
	free(l->v);
	json_decref(l->paled);
	*l = (struct profile_list){ 0 };
}

static struct node_profile *find(const struct profile_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i]->name, name) == 0)
			return l->v[i];
	}
	return NULL;
}

/* What paled had of it when it was asked last. */
static void take_paled(const struct profile_list *l, struct node_profile *p)
{
	json_t *one;
	size_t i;

	set(&p->loaded, "");
	json_decref(TAKE_PTR(p->inexact));
	json_array_foreach (l->paled, i, one) {
		if (strcmp(text_of(one, "profile"), p->name) != 0)
			continue;
		set(&p->loaded, text_of(one, "digest"));
		p->inexact = json_incref(json_object_get(one, "inexact"));
		p->from_file = strcmp(text_of(one, "file"), "loaded") != 0;
	}
}

static void forget_in_paled(struct profile_list *l, const struct node_profile *p)
{
	for (size_t i = json_array_size(l->paled); i-- > 0;) {
		if (strcmp(text_of(json_array_get(l->paled, i), "profile"), p->name) == 0)
			json_array_remove(l->paled, i);
	}
}

static struct node_profile *need(struct profile_list *l, const char *name)
{
	struct node_profile *p = find(l, name);

	if (p)
		return p;
	p = memory_new(sizeof(*p));
	p->name = memory_string(name);
	p->uid = memory_string("");
	p->digest = memory_string("");
	p->loaded = memory_string("");
	p->updated = memory_string("");
	p->failed = memory_string("");
	p->reason = memory_string("");
	p->message = memory_string("");
	l->v = memory_resize(l->v, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = p;
	take_paled(l, p);
	return p;
}

static struct version *version_of(struct node_profile *p, const char *digest)
{
	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(p->v[i].digest, digest) == 0)
			return &p->v[i];
	}
	return NULL;
}

static struct version *need_version(struct node_profile *p, const char *digest)
{
	struct version *v = version_of(p, digest);

	if (v)
		return v;
	p->v = memory_resize(p->v, p->n + 1, sizeof(*p->v));
	v = &p->v[p->n++];
	*v = (struct version){ .digest = memory_string(digest) };
	return v;
}

static bool is_wanted(const struct node_profile *p, const char *digest)
{
	return p->listed && *p->digest && strcmp(p->digest, digest) == 0;
}

/* paled has it, or its containers have, because it was brought. */
static bool is_brought(const struct node_profile *p)
{
	return p->ours && !p->from_file;
}

/* What nobody has and nobody wants. */
static void forget_unused(struct profile_list *l)
{
	for (size_t i = 0; i < l->n;) {
		struct node_profile *p = l->v[i];
		size_t kept = 0;

		for (size_t k = 0; k < p->n; k++) {
			if (p->v[k].containers || is_wanted(p, p->v[k].digest) ||
				strcmp(p->loaded, p->v[k].digest) == 0 || !l->known || !l->complete)
				p->v[kept++] = p->v[k];
			else
				free(p->v[k].digest);
		}
		p->n = kept;
		if (p->listed || p->asked || !l->known || !l->complete ||
			(is_brought(p) && (*p->loaded || p->n))) {
			i++;
			continue;
		}
		profile_free(p);
		l->v[i] = l->v[--l->n];
	}
}

void profile_list_put(struct profile_list *l, const json_t *object)
{
	const json_t *metadata = json_object_get(object, "metadata");
	const json_t *status = json_object_get(object, "status");
	json_t *bundle = json_object_get(status, "bundle");
	const char *digest = text_of(status, "digest");
	struct node_profile *p = need(l, text_of(metadata, "name"));

	p->listed = true;
	set(&p->uid, text_of(metadata, "uid"));
	if (!*digest || !bundle)
		return;
	if (strcmp(p->digest, digest) != 0 ||
		!json_equal(
			bundle, json_object_get(json_object_get(p->object, "status"), "bundle"))) {
		set(&p->digest, digest);
		set(&p->failed, "");
		json_decref(p->object);
		p->object = json_pack("{s:{s:s}, s:{s:s, s:O}}", "metadata", "name", p->name,
			"status", "digest", digest, "bundle", bundle);
	}
	need_version(p, digest);
	forget_unused(l);
}

void profile_list_gone(struct profile_list *l, const char *name)
{
	struct node_profile *p = find(l, name);

	if (!p)
		return;
	p->listed = false;
	json_decref(TAKE_PTR(p->object));
	set(&p->digest, "");
	set(&p->uid, "");
	forget_unused(l);
}

void profile_list_adopt(struct profile_list *l, const json_t *profiles, int64_t now)
{
	json_t *one;
	size_t i;

	json_array_foreach ((json_t *)profiles, i, one) {
		const char *state = text_of(one, "state"), *name = text_of(one, "name");
		const char *digest = text_of(one, "digest");
		struct node_profile *p;

		if (!*name || !*digest)
			continue;
		p = need(l, name);
		p->ours |= strcmp(state, "Failed") != 0 && strcmp(state, "Pending") != 0;
		violation_periods_read(&need_version(p, digest)->violations,
			json_object_get(one, "violations"), now);
	}
}

void profile_list_forget_paled(struct profile_list *l)
{
	l->known = false;
	for (size_t i = 0; i < l->n; i++) {
		l->v[i]->asked = false;
		set(&l->v[i]->updated, "");
	}
}

void profile_list_take_profiles(struct profile_list *l, const json_t *answer)
{
	json_decref(l->paled);
	l->paled = json_deep_copy(json_object_get(answer, "profiles"));
	for (size_t i = 0; i < l->n; i++) {
		if (!l->v[i]->asked)
			take_paled(l, l->v[i]);
	}
	l->known = true;
	forget_unused(l);
}

void profile_list_take_ps(struct profile_list *l, const json_t *answer)
{
	json_t *one;
	size_t i;

	for (size_t k = 0; k < l->n; k++) {
		for (size_t j = 0; j < l->v[k]->n; j++)
			l->v[k]->v[j].containers = 0;
	}
	json_array_foreach (json_object_get(answer, "containers"), i, one) {
		struct node_profile *p = find(l, text_of(one, "profile"));
		const char *digest = text_of(one, "digest");

		/* Of one with an exception the policy is derived, and its digest no profile's. */
		if (p && *digest && !json_array_size(json_object_get(one, "exceptions")))
			need_version(p, digest)->containers++;
	}
	forget_unused(l);
}

static bool has_older(const struct node_profile *p)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].containers && strcmp(p->v[i].digest, p->digest) != 0)
			return true;
	}
	return false;
}

static enum profile_action action_of(const struct profile_list *l, const struct node_profile *p)
{
	bool current = strcmp(p->loaded, p->digest) == 0;

	if (p->object && !current && (strcmp(p->failed, p->digest) != 0 || p->due))
		return PROFILE_LOAD;
	if (p->object && current && strcmp(p->updated, p->digest) != 0 && has_older(p))
		return PROFILE_UPDATE;
	if (!p->listed && l->complete && is_brought(p) && *p->loaded)
		return PROFILE_UNLOAD;
	return PROFILE_NOTHING;
}

static json_t *request_of(struct node_profile *p, enum profile_action action)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	json_t *request;

	/* By the time of the answer it may be to have another one. */
	if (action == PROFILE_UPDATE)
		set(&p->updated, p->digest);
	if (action != PROFILE_LOAD)
		return json_pack("{s:s, s:s}", "method",
			action == PROFILE_UPDATE ? "update" : "unload", "profile", p->name);
	if (profile_bundle_request(p->object, &request, &err) >= 0)
		return request;
	set(&p->failed, p->digest);
	set(&p->reason, "BundleDamaged");
	set(&p->message, pale_err_text(err));
	p->try_again = false;
	return NULL;
}

enum profile_action profile_list_next(
	struct profile_list *l, struct node_profile **ret, json_t **request)
{
	if (!l->known)
		return PROFILE_NOTHING;
	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i]->asked)
			return PROFILE_NOTHING;
	}
	for (size_t i = 0; i < l->n; i++) {
		enum profile_action action = action_of(l, l->v[i]);

		if (action == PROFILE_NOTHING)
			continue;
		*request = request_of(l->v[i], action);
		if (!*request)
			continue;
		*ret = l->v[i];
		(*ret)->asked = true;
		(*ret)->due = false;
		(*ret)->ours |= action == PROFILE_LOAD;
		if (action == PROFILE_LOAD)
			(*ret)->asked_for = json_incref((*ret)->object);
		return action;
	}
	return PROFILE_NOTHING;
}

static const struct {
	const char *name, *reason;
	bool try_again;
} refusals[] = {
	{ "EEXIST", "InNodesFiles", true },
	{ "EINVAL", "Refused", false },
};

static void refuse(struct node_profile *p, const char *errno_name, const char *message)
{
	set(&p->failed, p->digest);
	set(&p->message, message);
	set(&p->reason, "LoadFailed");
	p->try_again = true;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		if (strcmp(refusals[i].name, errno_name) != 0)
			continue;
		set(&p->reason, refusals[i].reason);
		p->try_again = refusals[i].try_again;
	}
}

/* What paled says, with the first diagnostic's place. */
static void refusal_text(const json_t *answer, struct text *t)
{
	const json_t *d = json_array_get(json_object_get(answer, "diagnostics"), 0);
	json_int_t line = json_integer_value(json_object_get(d, "line"));

	text_printf(t, "paled: %s", paled_answer_error(answer));
	if (d && line && !strstr(text_str(t), text_of(d, "message")))
		text_printf(t, " (%s:%lld: %s)", text_of(d, "file"), (long long)line,
			text_of(d, "message"));
}

static void take_digest(struct node_profile *p, const json_t *answer)
{
	json_t *one;
	size_t i;

	json_array_foreach (json_object_get(answer, "profiles"), i, one) {
		if (strcmp(text_of(one, "profile"), p->name) != 0)
			continue;
		set(&p->loaded, text_of(one, "digest"));
		json_decref(TAKE_PTR(p->inexact));
		p->from_file = false;
	}
}

static void loaded(struct node_profile *p, const json_t *asked_for, const json_t *answer,
	struct pale_err **news)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(text_release) struct text t = TEXT_INIT;

	take_digest(p, answer);
	/* Meanwhile it is to have another one. */
	if (asked_for != p->object)
		return;
	if (!paled_answer_ok(answer)) {
		refusal_text(answer, &t);
		refuse(p, paled_answer_errno(answer), text_str(&t));
	} else if (profile_bundle_check(asked_for, answer, &err) < 0) {
		refuse(p, "", pale_err_text(err));
		set(&p->reason, "DigestDiffers");
		p->try_again = false;
	} else {
		set(&p->failed, "");
		return;
	}
	pale_err_plain(news, 1, "%s", p->message);
}

static void unloaded(struct profile_list *l, struct node_profile *p, const json_t *answer,
	struct pale_err **news)
{
	if (paled_answer_ok(answer) || strcmp(paled_answer_errno(answer), "ENOENT") == 0) {
		set(&p->loaded, "");
		forget_in_paled(l, p);
	} else {
		pale_err_plain(news, 1, "unload: %s", paled_answer_error(answer));
		/* Until it says what it has of it the next time: then it is forgotten, too, as
		 * who tells of this has @p until then. */
		p->from_file = true;
		return;
	}
	forget_unused(l);
}

void profile_list_answered(struct profile_list *l, struct node_profile *p,
	enum profile_action action, const json_t *answer, struct pale_err **news)
{
	_cleanup_(json_decrefp) json_t *asked_for = TAKE_PTR(p->asked_for);

	p->asked = false;
	if (!answer)
		return;
	if (action == PROFILE_LOAD)
		loaded(p, asked_for, answer, news);
	else if (action == PROFILE_UPDATE && !paled_answer_ok(answer))
		pale_err_plain(news, 1, "update: %s", paled_answer_error(answer));
	else if (action == PROFILE_UPDATE)
		return;
	else
		unloaded(l, p, answer, news);
}

bool profile_list_has_older(const struct profile_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (has_older(l->v[i]))
			return true;
	}
	return false;
}

void profile_list_retry(struct profile_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		l->v[i]->due = l->v[i]->try_again;
}

void profile_list_violations(struct profile_list *l, const char *profile, const char *digest,
	int64_t at, uint64_t count, int64_t now)
{
	struct node_profile *p = find(l, profile);
	struct version *v;

	if (!p)
		return;
	v = version_of(p, digest);
	if (!v && *p->digest)
		v = version_of(p, p->digest);
	if (v)
		violation_periods_add(&v->violations, at, count, now);
}

const char *node_profile_name(const struct node_profile *p)
{
	return p->name;
}

json_t *node_profile_reference(const struct node_profile *p)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "apiVersion", "pale.dev/v1alpha1", "kind",
		"PaleProfile", "name", p->name, "uid", p->uid);
}

bool profile_list_is_settled(const struct profile_list *l)
{
	if (!l->known || !l->complete)
		return false;
	for (size_t i = 0; i < l->n; i++) {
		const struct node_profile *p = l->v[i];

		if (p->object && strcmp(p->loaded, p->digest) != 0 &&
			strcmp(p->failed, p->digest) != 0)
			return false;
	}
	return true;
}

static bool is_refused(const struct node_profile *p)
{
	return json_is_true(json_object_get(p->inexact, "refused"));
}

static const char *state_of(
	const struct profile_list *l, const struct node_profile *p, const struct version *v)
{
	bool has = strcmp(p->loaded, v->digest) == 0;

	/* What it is to have instead was refused, and new containers get the one before. */
	if (!is_wanted(p, v->digest) && !(has && p->listed && *p->failed))
		return "Removing";
	if (is_wanted(p, v->digest) && strcmp(p->failed, v->digest) == 0)
		return "Failed";
	if (!l->known || !has)
		return "Pending";
	return is_refused(p) ? "Failed" : p->inexact ? "Degraded" : "Loaded";
}

static void put_why(json_t *entry, const char *reason, const char *message)
{
	json_object_set_new(entry, "reason", json_text(reason));
	json_object_set_new(entry, "message", status_text(message));
}

static void put_inexact(json_t *entry, const struct node_profile *p)
{
	json_int_t n = json_integer_value(json_object_get(p->inexact, "rules"));
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_printf(&t, "%lld of its rules cannot be enforced exactly on this node, first %s",
		(long long)n, text_of(p->inexact, "first"));
	if (is_refused(p))
		text_puts(&t, "; containers are refused for it, unless allow-partial in "
			      "paled.conf accepts that");
	put_why(entry, is_refused(p) ? "NotEnforceable" : "Partial", text_str(&t));
}

static void put_in_use(json_t *entry, const struct version *v)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_printf(&t, "%u running container%s it", v->containers,
		v->containers == 1 ? " has" : "s have");
	put_why(entry, "InUse", text_str(&t));
}

static json_t *entry_of(
	struct profile_list *l, const struct node_profile *p, struct version *v, int64_t now)
{
	const char *state = state_of(l, p, v);
	json_t *violations = violation_periods_json(&v->violations, now);
	json_t *entry =
		json_pack("{s:s, s:s, s:s}", "name", p->name, "digest", v->digest, "state", state);

	if (violations)
		json_object_set_new(entry, "violations", violations);
	if (strcmp(state, "Removing") == 0 && v->containers)
		put_in_use(entry, v);
	else if (strcmp(state, "Pending") == 0 && !l->known)
		put_why(entry, "PaledAway", "paled does not answer");
	else if (strcmp(state, "Failed") == 0 && strcmp(p->failed, v->digest) == 0)
		put_why(entry, p->reason, p->message);
	else if (strcmp(state, "Failed") == 0 || strcmp(state, "Degraded") == 0)
		put_inexact(entry, p);
	return entry;
}

json_t *profile_list_json(struct profile_list *l, int64_t now)
{
	json_t *all = json_array();

	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < l->v[i]->n; k++)
			json_array_append_new(all, entry_of(l, l->v[i], &l->v[i]->v[k], now));
	}
	return all;
}

json_t *profile_list_states(struct profile_list *l, int64_t now)
{
	static const char *const states[] = { "Pending", "Loaded", "Degraded", "Failed",
		"Removing" };
	json_t *all = profile_list_json(l, now), *counts = json_object(), *one;
	size_t i;

	for (i = 0; i < sizeof(states) / sizeof(*states); i++)
		json_object_set_new(counts, states[i], json_integer(0));
	json_array_foreach (all, i, one) {
		const char *state = text_of(one, "state");

		json_object_set_new(counts, state,
			json_integer(json_integer_value(json_object_get(counts, state)) + 1));
	}
	json_decref(all);
	return counts;
}
