/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/exceptions.h"

#include "compiler/base/cleanup.h"
#include "enforcer/daemon/event.h"
#include "enforcer/daemon/exception_rule.h"
#include "enforcer/daemon/live_update.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#define SECOND_NS ((uint64_t)1000000000)
/* An exchange that failed is tried again. */
#define AGAIN_NS SECOND_NS

struct exceptions {
	struct node_policy *own; /* a reference */
	struct exception **v;
	size_t n;
	uint32_t last_number;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

void exceptions_free(struct exceptions *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->n; i++)
		exception_free(e->v[i]);
	free(e->v);
	node_policy_unref(e->own);
	free(e);
}

size_t exceptions_count(const struct container *c)
{
	return c->exceptions ? c->exceptions->n : 0;
}

struct node_policy *exceptions_own_policy(const struct container *c)
{
	return exceptions_count(c) ? c->exceptions->own : c->policy;
}

static struct exceptions *make_list(struct container *c)
{
	if (!c->exceptions) {
		c->exceptions = calloc(1, sizeof(*c->exceptions));
		if (!c->exceptions)
			abort();
	}
	return c->exceptions;
}

static void append(struct exceptions *e, struct exception *one)
{
	e->v = reallocarray(e->v, e->n + 1, sizeof(struct exception *));
	if (!e->v)
		abort();
	e->v[e->n++] = one;
}

static json_t *exception_json(const struct exception *e)
{
	json_t *o = json_pack("{s:I, s:s, s:o, s:o, s:I, s:I}", "number", (json_int_t)e->number,
		"rule", e->rule, "since", report_time_json(e->since_ns), "until",
		report_time_json(e->until_ns), "uid", (json_int_t)e->uid, "used",
		(json_int_t)e->used);

	if (e->profile)
		json_object_set_new(o, "profile", json_string(e->profile));
	return o;
}

json_t *exceptions_json(const struct container *c)
{
	json_t *a;

	if (!exceptions_count(c))
		return NULL;
	a = json_array();
	for (size_t i = 0; i < c->exceptions->n; i++)
		json_array_append_new(a, exception_json(c->exceptions->v[i]));
	return a;
}

/* The policy that is derived from @own by these; @own itself where there are none. */
static int derive(struct node_policy *own, struct exception *const *v, size_t n,
	struct node_policy **ret, struct pale_err **err)
{
	_cleanup_free_ struct compile_exception *changes = NULL;
	size_t n_changes = 0, at = 0;
	json_t *told = json_array();
	int r;

	for (size_t i = 0; i < n; i++)
		n_changes += v[i]->text ? 1 : v[i]->n_places;
	changes = calloc(n_changes + 1, sizeof(*changes));
	if (!changes)
		abort();
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(told, exception_json(v[i]));
		if (v[i]->text)
			changes[at++] = (struct compile_exception){
				.number = v[i]->number, .text = v[i]->text, .profile = v[i]->profile
			};
		for (size_t k = 0; k < v[i]->n_places; k++)
			changes[at++] = (struct compile_exception){ .number = v[i]->number,
				.file = v[i]->places[k].file,
				.line = v[i]->places[k].line,
				.column = v[i]->places[k].column };
	}
	if (!n_changes) {
		json_decref(told);
		*ret = node_policy_ref(own);
		return 0;
	}
	r = node_policy_derive(own, changes, (uint32_t)n_changes, ret, err);
	if (r < 0)
		json_decref(told);
	else
		(*ret)->exceptions = told;
	return r;
}

static bool has_exception(const struct policy *p, uint32_t number)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		if (p->rules[i]->exception == number)
			return true;
	}
	return false;
}

static void tell(struct daemon *d, const struct container *c, const char *kind,
	const struct exception *e, const json_int_t *by)
{
	json_t *o = event_notice(kind, c);

	json_object_set_new(o, "profile", json_string(c->policy->profile));
	json_object_set_new(o, "digest", json_string(c->policy->digest));
	json_object_set_new(o, "exception", exception_json(e));
	if (by)
		json_object_set_new(o, "uid", json_integer(*by));
	event_log_take(&d->log, o);
}

static int may_be_excepted(const struct daemon *d, const struct container *c, struct pale_err **err)
{
	if (!c->policy)
		return pale_err_plain(err, EOPNOTSUPP, "it runs unconfined");
	if (c->policy->sandbox)
		return pale_err_plain(err, EOPNOTSUPP, "a pod's sandbox has no exceptions");
	if (c->policy->audit)
		return pale_err_plain(
			err, EOPNOTSUPP, "its policy is in mode audit, and refuses nothing");
	if (exceptions_count(c) >= EXCEPTIONS_MAX)
		return pale_err_plain(err, ENOSPC, "it has %d exceptions already", EXCEPTIONS_MAX);
	if (!c->has_instance || !d->enforcement.lsm)
		return pale_err_plain(err, EOPNOTSUPP,
			"BPF-LSM does not enforce its policy, and what other mechanisms refuse "
			"cannot be changed while it runs");
	return 0;
}

static int check_time(uint64_t until_ns, uint64_t now, struct pale_err **err)
{
	if (until_ns <= now)
		return pale_err_plain(err, EINVAL, "the time until which it is meant is past");
	if (until_ns - now > (uint64_t)EXCEPTION_DAYS_MAX * 86400 * SECOND_NS)
		return pale_err_plain(
			err, EINVAL, "an exception lasts at most %d days", EXCEPTION_DAYS_MAX);
	return 0;
}

static void keep_or_tell(struct daemon *d, const struct container *c)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	if (container_keep(&d->containers, c, &err) < 0)
		daemon_tell(LOG_ERR, "container '%s': %s", c->id, pale_err_text(err));
}

static void set_list(
	struct exceptions *list, struct node_policy *own, struct exception **v, size_t n)
{
	struct node_policy *before = list->own;

	list->own = n ? node_policy_ref(own) : NULL;
	list->v = v;
	list->n = n;
	node_policy_unref(before);
}

/*
 * Puts the container under what is derived from its own policy by these, and keeps that they are in
 * force. All or nothing. @v: n pointers, which it takes over when it succeeds.
 *
 * One more is kept before the kernel has it, so that whoever comes after this daemon ends it; one
 * fewer afterwards, and that it cannot be kept brings it back neither now nor, since its time is
 * kept, for longer than it was meant.
 */
static int put_in_force(struct daemon *d, struct container *c, struct exception **v, size_t n,
	struct pale_err **err)
{
	_cleanup_(node_policy_unrefp) struct node_policy *next = NULL, *own = NULL;
	struct exceptions *list = c->exceptions;
	struct exception **old_v = list->v;
	size_t old_n = list->n;
	const char *obstacle;
	int r;

	own = node_policy_ref(exceptions_own_policy(c));
	r = derive(own, v, n, &next, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		if (!has_exception(next->policy, v[i]->number))
			return pale_err_plain(err, EINVAL,
				"'%s' changes nothing: another rule says the same", v[i]->rule);
	}
	obstacle = live_update_obstacle(d, c, next);
	if (obstacle)
		return pale_err_plain(err, EOPNOTSUPP,
			"another mechanism would refuse it all the same, as it cannot be changed "
			"while the container runs: %s",
			obstacle);
	set_list(list, own, v, n);
	if (n > old_n)
		r = container_keep(&d->containers, c, err);
	if (r >= 0)
		r = node_enforcement_exchange(&d->enforcement, c, next, violations_settle, d, err);
	if (r < 0)
		set_list(list, own, old_v, old_n);
	else
		free(old_v);
	if (r < 0 || n < old_n)
		keep_or_tell(d, c);
	return r < 0 ? r : 0;
}

static struct exception **without(const struct exceptions *list, const struct exception *gone)
{
	struct exception **v = calloc(list->n + 1, sizeof(*v));
	size_t n = 0;

	if (!v)
		abort();
	for (size_t i = 0; i < list->n; i++) {
		if (list->v[i] != gone)
			v[n++] = list->v[i];
	}
	return v;
}

int exceptions_grant(struct daemon *d, struct container *c, const struct exception_request *request,
	uint32_t *ret, struct pale_err **err)
{
	_cleanup_(exception_freep) struct exception *e = calloc(1, sizeof(*e));
	struct exceptions *list = make_list(c);
	struct exception **v;
	json_int_t by = request->uid;
	int r;

	if (!e)
		abort();
	e->since_ns = now_ns();
	e->until_ns = request->until_ns;
	e->uid = request->uid;
	e->rule = exception_squeezed(request->rule);
	r = may_be_excepted(d, c, err);
	if (r >= 0)
		r = check_time(e->until_ns, e->since_ns, err);
	if (r >= 0)
		r = exception_understand(e, exceptions_own_policy(c), request, err);
	if (r < 0)
		return pale_err_wrap(err, "container '%s'", c->id);
	/* Kept with it, so that it is not used again. */
	e->number = ++list->last_number;
	v = without(list, NULL);
	v[list->n] = e;
	r = put_in_force(d, c, v, list->n + 1, err);
	if (r < 0) {
		free(v);
		return pale_err_wrap(err, "container '%s'", c->id);
	}
	*ret = e->number;
	tell(d, c, "exception-granted", TAKE_PTR(e), &by);
	exceptions_wait(d);
	return 0;
}

static int end(struct daemon *d, struct container *c, struct exception *e, const char *kind,
	const json_int_t *by, struct pale_err **err)
{
	struct exceptions *list = c->exceptions;
	struct exception **v = without(list, e);
	int r = put_in_force(d, c, v, list->n - 1, err);

	if (r < 0) {
		free(v);
		return pale_err_wrap(err, "container '%s'", c->id);
	}
	tell(d, c, kind, e, by);
	exception_free(e);
	return 0;
}

int exceptions_remove(
	struct daemon *d, struct container *c, const char *which, uid_t uid, struct pale_err **err)
{
	_cleanup_free_ char *text = exception_squeezed(which);
	json_int_t by = uid;
	char *rest;
	unsigned long number = strtoul(text, &rest, 10);

	for (size_t i = 0; i < exceptions_count(c); i++) {
		struct exception *e = c->exceptions->v[i];

		if (strcmp(e->rule, text) != 0 && (*rest || !*text || e->number != number))
			continue;
		return end(d, c, e, "exception-removed", &by, err);
	}
	return pale_err_plain(err, ENOENT, "container '%s' has no exception '%s'", c->id, text);
}

/* Those of a container that has ended go with it. */
static bool is_over(const struct container *c)
{
	return c->forgotten_ns || !container_is_alive(c);
}

static void expire(struct daemon *d, struct container *c, uint64_t now)
{
	for (size_t i = 0; i < exceptions_count(c);) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;
		struct exception *e = c->exceptions->v[i];

		if (e->until_ns > now) {
			i++;
			continue;
		}
		if (end(d, c, e, "exception-expired", NULL, &err) >= 0)
			continue;
		/* It is in force still, and tried again. */
		daemon_tell(
			LOG_ERR, "an exception has expired and goes on: %s", pale_err_text(err));
		e->until_ns = now + AGAIN_NS;
		i++;
	}
}

static int on_time(sd_event_source *source, uint64_t usec, void *ctx)
{
	struct daemon *d = ctx;
	uint64_t now = now_ns();

	(void)source;
	(void)usec;
	for (size_t i = 0; i < d->containers.n; i++) {
		if (!is_over(d->containers.v[i]))
			expire(d, d->containers.v[i], now);
	}
	exceptions_wait(d);
	return 0;
}

void exceptions_wait(struct daemon *d)
{
	uint64_t next = UINT64_MAX;
	int r = 0;

	for (size_t i = 0; i < d->containers.n; i++) {
		const struct container *c = d->containers.v[i];

		for (size_t k = 0; !is_over(c) && k < exceptions_count(c); k++) {
			if (c->exceptions->v[k]->until_ns < next)
				next = c->exceptions->v[k]->until_ns;
		}
	}
	d->exceptions_timer = sd_event_source_disable_unref(d->exceptions_timer);
	if (next == UINT64_MAX)
		return;
	r = sd_event_add_time(
		d->event, &d->exceptions_timer, CLOCK_REALTIME, next / 1000 + 1, 1000, on_time, d);
	if (r < 0)
		daemon_tell(LOG_ERR, "wait for exceptions to expire: %s", strerror(-r));
}

static const struct node_policy *policy_of(const struct container *c, const struct policy *p)
{
	if (c->policy && c->policy->policy == p)
		return c->policy;
	return c->previous && c->previous->policy == p ? c->previous : NULL;
}

static void count(struct daemon *d, struct container *c, uint32_t number)
{
	for (size_t i = 0; i < exceptions_count(c); i++) {
		struct exception *e = c->exceptions->v[i];

		if (e->number != number || e->used++)
			continue;
		keep_or_tell(d, c);
		tell(d, c, "exception-used", e, NULL);
	}
}

void exceptions_note(
	struct daemon *d, struct container *c, const struct violation *v, json_t *event)
{
	const uint32_t number = v->decision.rule ? v->decision.rule->exception : 0;
	const struct node_policy *p = number && c ? policy_of(c, v->policy) : NULL;
	const json_t *one;
	size_t i;

	if (!p)
		return;
	json_array_foreach (p->exceptions, i, one) {
		if (json_integer_value(json_object_get(one, "number")) != number)
			continue;
		json_object_set_new(event, "exception",
			json_pack("{s:I, s:O, s:O}", "number", (json_int_t)number, "rule",
				json_object_get(one, "rule"), "until",
				json_object_get(one, "until")));
	}
	count(d, c, number);
}

void exceptions_keep(const struct container *c, json_t *kept)
{
	json_t *a;

	if (!c->exceptions || !c->exceptions->last_number)
		return;
	json_object_set_new(
		kept, "last_exception", json_integer((json_int_t)c->exceptions->last_number));
	a = json_array();
	for (size_t i = 0; i < c->exceptions->n; i++) {
		const struct exception *e = c->exceptions->v[i];
		json_t *o = json_pack("{s:I, s:s, s:s?, s:s?, s:I, s:I, s:I, s:I}", "number",
			       (json_int_t)e->number, "rule", e->rule, "text", e->text, "profile",
			       e->profile, "since_ns", (json_int_t)e->since_ns, "until_ns",
			       (json_int_t)e->until_ns, "uid", (json_int_t)e->uid, "used",
			       (json_int_t)e->used),
		       *places = json_array();

		for (size_t k = 0; k < e->n_places; k++)
			json_array_append_new(
				places, json_pack("{s:s, s:I, s:I}", "file", e->places[k].file,
						"line", (json_int_t)e->places[k].line, "column",
						(json_int_t)e->places[k].column));
		json_object_set_new(o, "places", places);
		json_array_append_new(a, o);
	}
	json_object_set_new(kept, "exceptions", a);
}

static char *copy_member(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s ? strdup(s) : NULL;
}

static uint64_t number_member(const json_t *o, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(o, name));
}

static int restore_one(struct exceptions *list, const json_t *o, struct pale_err **err)
{
	_cleanup_(exception_freep) struct exception *e = calloc(1, sizeof(*e));
	const json_t *place;
	size_t i;

	if (!e)
		abort();
	e->number = (uint32_t)number_member(o, "number");
	e->rule = copy_member(o, "rule");
	e->text = copy_member(o, "text");
	e->profile = copy_member(o, "profile");
	e->since_ns = number_member(o, "since_ns");
	e->until_ns = number_member(o, "until_ns");
	e->uid = number_member(o, "uid");
	e->used = number_member(o, "used");
	json_array_foreach (json_object_get(o, "places"), i, place) {
		const char *file = json_string_value(json_object_get(place, "file"));

		if (file)
			exception_add_place(e, file, (uint32_t)number_member(place, "line"),
				(uint32_t)number_member(place, "column"));
	}
	if (!e->number || !e->rule || (e->text ? !e->profile : !e->n_places))
		return pale_err_plain(err, EBADMSG, "one of its exceptions is not whole");
	append(list, TAKE_PTR(e));
	return 0;
}

int exceptions_restore(struct container *c, const json_t *kept, struct pale_err **err)
{
	struct node_policy *own = c->policy, *derived;
	const json_t *a = json_object_get(kept, "exceptions"), *o;
	struct exceptions *list;
	size_t i;
	int r;

	if (!json_object_get(kept, "last_exception"))
		return 0;
	list = make_list(c);
	list->last_number = (uint32_t)number_member(kept, "last_exception");
	if (!json_array_size(a))
		return 0;
	if (!own)
		return pale_err_plain(err, EBADMSG, "it has exceptions and no policy");
	json_array_foreach (a, i, o) {
		r = restore_one(list, o, err);
		if (r < 0)
			return r;
	}
	r = derive(own, list->v, list->n, &derived, err);
	if (r < 0)
		return pale_err_wrap(err, "with its exceptions");
	list->own = own;
	c->policy = derived;
	return 0;
}
