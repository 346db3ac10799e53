/* SPDX-License-Identifier: Apache-2.0 */
/* What paled is asked: what it has and can, who runs under what, and to take what is new. */
#include "operator/node/node_internal.h"

#include "compiler/base/cleanup.h"
#include "operator/memory.h"
#include "operator/say.h"

#include <string.h>

#define POLL_US UINT64_C(10000000)
/* `ps` looks at each process of the node. */
#define PS_LEAST_US UINT64_C(500000)
#define PS_MOST_US  UINT64_C(60000000)
/* Until it is known how a container runs that is meant to have a policy. */
#define PS_AGAIN_US UINT64_C(1000000)

static const char *text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

static void ask(struct node *n, const char *method, void (*done)(void *ctx, const json_t *answer))
{
	paled_calls_ask(n->paled, json_pack("{s:s}", "method", method), done, n);
}

static json_t *mechanisms_of(const json_t *answer)
{
	json_t *all = json_array(), *one;
	const char *name;

	json_object_foreach (json_object_get(answer, "mechanisms"), name, one) {
		if (json_is_true(json_object_get(one, "used")))
			json_array_append_new(all, json_string(name));
	}
	return all;
}

static void on_status(void *ctx, const json_t *answer)
{
	struct node *n = ctx;
	json_t *mechanisms;

	if (!answer)
		return;
	if (!paled_answer_ok(answer)) {
		say("node", "paled's status: %s", paled_answer_error(answer));
		return;
	}
	mechanisms = mechanisms_of(answer);
	if (!n->up)
		say("node", "paled answers");
	if (!n->up || !json_equal(mechanisms, n->mechanisms)) {
		json_decref(n->mechanisms);
		n->mechanisms = json_incref(mechanisms);
		n->up = true;
		node_objects_patch(n);
	}
	json_decref(mechanisms);
	json_decref(n->numbers);
	n->numbers = json_incref(json_object_get(answer, "events"));
	node_report_changed(n);
}

static void on_profiles(void *ctx, const json_t *answer)
{
	struct node *n = ctx;

	if (!paled_answer_ok(answer))
		return;
	profile_list_take_profiles(&n->profiles, answer);
	node_paled_step(n);
}

static void count(struct node *n, const json_t *answer)
{
	json_t *one;
	size_t i;

	json_decref(n->containers);
	n->containers = json_pack("{s:i, s:i, s:i}", "enforce", 0, "audit", 0, "unconfined", 0);
	n->restart_required = 0;
	json_array_foreach (json_object_get(answer, "containers"), i, one) {
		const char *mode = text_of(one, "mode");
		const char *key = *mode ? mode : "unconfined";

		if (strcmp(text_of(one, "state"), "stopped") == 0)
			continue;
		json_object_set_new(n->containers, key,
			json_integer(json_integer_value(json_object_get(n->containers, key)) + 1));
		n->restart_required += json_is_true(json_object_get(one, "restart_required"));
	}
}

static void on_unconfined(
	void *ctx, const struct pod_list_pod *p, const struct pod_list_container *c)
{
	struct node *n = ctx;
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_printf(&t,
		"container %s runs without the policy that the pod's annotations name: its pod was "
		"not started by RuntimeClass pale, or paled was told to leave it; create the pod "
		"anew in a namespace with the label pale.dev/inject=enabled",
		c->name);
	node_tell_pod(n, &(struct node_event){ p->namespace, p->name, p->uid, c->name, "Unconfined",
				 text_str(&t), true });
	say("node", "%s/%s: container %s is unconfined", p->namespace, p->name, c->name);
}

static void on_ps(void *ctx, const json_t *answer)
{
	struct node *n = ctx;

	n->ps_asked = false;
	if (!paled_answer_ok(answer))
		return;
	count(n, answer);
	profile_list_take_ps(&n->profiles, answer);
	pod_list_take_ps(&n->pods, answer, (int64_t)(node_monotonic_us() / 1000), on_unconfined, n);
	if (pod_list_needs_ps(&n->pods))
		node_wake(n->ps_timer, PS_AGAIN_US);
	node_paled_step(n);
}

static int on_ps_time(sd_event_source *source, uint64_t us, void *ctx)
{
	struct node *n = ctx;

	(void)source;
	(void)us;
	if (n->ps_asked)
		return 0;
	n->ps_asked = true;
	n->ps_us = node_monotonic_us();
	ask(n, "ps", on_ps);
	return 0;
}

static void want_ps(struct node *n)
{
	uint64_t since = node_monotonic_us() - n->ps_us;

	node_wake(n->ps_timer, since < PS_LEAST_US ? PS_LEAST_US - since : 0);
}

static void on_described(void *ctx, const json_t *answer)
{
	struct node *n = ctx;

	if (strcmp(paled_answer_errno(answer), "ENOSYS") == 0)
		n->no_describe = true;
	if (paled_answer_ok(answer))
		node_paled_step(n);
}

static void tell_restart(struct node *n, const struct node_profile *p, const json_t *left)
{
	const struct pod_list_pod *pod = NULL;
	struct pod_list_container *c = pod_list_container(&n->pods, text_of(left, "id"), &pod);
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (!c)
		return;
	text_printf(&t,
		"container %s goes on under the policy that it began with; profile %s has a newer "
		"one, which it gets when it is started again: %s",
		c->name, node_profile_name(p), text_of(left, "why"));
	if (c->restart_told && strcmp(c->restart_told, text_str(&t)) == 0)
		return;
	free(c->restart_told);
	c->restart_told = memory_string(text_str(&t));
	node_tell_pod(n, &(struct node_event){ pod->namespace, pod->name, pod->uid, c->name,
				 "RestartRequired", text_str(&t), true });
}

static void tell_refusal(struct node *n, const struct node_profile *p, const char *why)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	json_t *object = node_profile_reference(p);

	text_printf(&t, "node %s: %s", n->options->name, why);
	kube_event(n->events, &(struct kube_event){ .object = object,
				      .reason = "ProfileLoadFailed",
				      .message = text_str(&t),
				      .warning = true });
	json_decref(object);
	say("node", "profile %s: %s", node_profile_name(p), why);
}

static void on_asked(void *ctx, const json_t *answer)
{
	struct node *n = ctx;
	struct node_profile *p = TAKE_PTR(n->asked);
	enum profile_action action = n->action;
	_cleanup_(pale_err_freep) struct pale_err *news = NULL;
	json_t *left;
	size_t i;

	if (action == PROFILE_UPDATE) {
		json_array_foreach (json_object_get(answer, "left"), i, left)
			tell_restart(n, p, left);
	}
	if (action == PROFILE_LOAD && paled_answer_ok(answer)) {
		say("node", "profile %s is loaded", node_profile_name(p));
		/* How far it can be enforced here. */
		ask(n, "profiles", on_profiles);
	}
	profile_list_answered(&n->profiles, p, action, answer, &news);
	if (news)
		tell_refusal(n, p, pale_err_text(news));
	if (answer) {
		want_ps(n);
		node_paled_step(n);
	}
}

void node_paled_step(struct node *n)
{
	json_t *request;

	if (!n->asked && n->up) {
		n->action = profile_list_next(&n->profiles, &n->asked, &request);
		if (n->action != PROFILE_NOTHING)
			paled_calls_ask(n->paled, request, on_asked, n);
	}
	if (n->up && pod_list_needs_ps(&n->pods))
		want_ps(n);
	request = n->up && !n->no_describe ? pod_list_describe(&n->pods) : NULL;
	if (request)
		paled_calls_ask(n->paled, request, on_described, n);
	if (node_is_ready(n) && !n->untainted)
		node_objects_patch(n);
	node_report_changed(n);
}

static int on_poll(sd_event_source *source, uint64_t us, void *ctx)
{
	struct node *n = ctx;

	(void)source;
	(void)us;
	node_wake(n->poll, POLL_US);
	ask(n, "status", on_status);
	ask(n, "profiles", on_profiles);
	node_recordings_look(n);
	if (node_monotonic_us() - n->ps_us >= PS_MOST_US || profile_list_has_older(&n->profiles))
		want_ps(n);
	return 0;
}

static void on_up(void *ctx)
{
	struct node *n = ctx;

	n->no_describe = n->no_recordings = false;
	pod_list_forget_paled(&n->pods);
	ask(n, "status", on_status);
	ask(n, "profiles", on_profiles);
	node_recordings_look(n);
	node_wake(n->poll, POLL_US);
	want_ps(n);
}

static void on_down(void *ctx, const char *why)
{
	struct node *n = ctx;

	say("node", "paled is away: %s", why);
	n->up = false;
	profile_list_forget_paled(&n->profiles);
	run_list_forget_paled(&n->runs);
	sd_event_source_set_enabled(n->poll, SD_EVENT_OFF);
	sd_event_source_set_enabled(n->ps_timer, SD_EVENT_OFF);
	node_report_changed(n);
}

void node_paled_begin(struct node *n)
{
	const struct paled_calls_handlers handlers = { on_up, on_down, n };

	n->poll = node_timer(n, on_poll);
	n->ps_timer = node_timer(n, on_ps_time);
	n->paled = paled_calls_new(n->loop, n->options->run, &handlers);
}

void node_paled_free(struct node *n)
{
	paled_calls_free(n->paled);
	sd_event_source_disable_unref(n->poll);
	sd_event_source_disable_unref(n->ps_timer);
	json_decref(n->mechanisms);
	json_decref(n->numbers);
	json_decref(n->containers);
}
