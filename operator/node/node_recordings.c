/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings: what paled has, and how far their PaleRecordings are. */
#include "operator/node/node_internal.h"

#include "compiler/base/cleanup.h"
#include "operator/kube/kube_json.h"
#include "operator/kube/kube_path.h"
#include "operator/memory.h"
#include "operator/say.h"

#include <string.h>

struct recording_look {
	struct recording_look *next;
	struct node *node;
	char *recording;
	struct kube_call *call;
};

static void look_free(struct recording_look *k)
{
	kube_call_cancel(k->call);
	free(k->recording);
	free(k);
}

static void on_asked(void *ctx, const json_t *answer)
{
	struct node *n = ctx;

	run_list_answered(&n->runs, TAKE_PTR(n->run_asked), answer);
	/* What it refuses is tried again with the next look. */
	if (!paled_answer_ok(answer))
		return;
	node_report_changed(n);
	node_recordings_step(n);
}

void node_recordings_step(struct node *n)
{
	json_t *request = n->up ? run_list_next(&n->runs, &n->run_asked) : NULL;

	if (request)
		paled_calls_ask(n->paled, request, on_asked, n);
}

static void on_looked(void *ctx, const struct kube_answer *a)
{
	struct recording_look *k = ctx, **at;
	struct node *n = k->node;

	k->call = NULL;
	if (!a->err)
		run_list_phase(&n->runs, k->recording,
			kube_json_string(
				a->body, (const char *const[]){ "status", "phase", NULL }));
	else if (a->status.code == 404)
		run_list_phase(&n->runs, k->recording, NULL);
	else
		say("node", "PaleRecording %s: %s", k->recording, pale_err_text(a->err));
	for (at = &n->looks; *at != k;)
		at = &(*at)->next;
	*at = k->next;
	look_free(k);
	node_report_changed(n);
	node_recordings_step(n);
}

static void look(struct node *n, const char *recording)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	struct recording_look *k = memory_new(sizeof(*k));
	char *namespace = memory_string(recording), *slash = strchr(namespace, '/');

	*slash = '\0';
	kube_path(&path, &(struct kube_resource){ .group_version = "pale.dev/v1alpha1",
				 .plural = "palerecordings",
				 .namespace = namespace,
				 .name = slash + 1 });
	free(namespace);
	*k = (struct recording_look){
		.next = n->looks, .node = n, .recording = memory_string(recording)
	};
	n->looks = k;
	k->call = kube_request(n->client,
		&(struct kube_request){ .path = text_str(&path), .done = on_looked, .ctx = k });
}

static void on_recordings(void *ctx, const json_t *answer)
{
	struct node *n = ctx;
	_cleanup_(json_decrefp) json_t *names = NULL;
	json_t *name;
	size_t i;

	if (strcmp(paled_answer_errno(answer), "ENOSYS") == 0)
		n->no_recordings = true;
	if (!paled_answer_ok(answer))
		return;
	run_list_take(&n->runs, answer);
	names = run_list_recordings(&n->runs);
	/* Those of the last time have to be done first. */
	if (!n->looks) {
		json_array_foreach (names, i, name)
			look(n, json_string_value(name));
	}
	node_report_changed(n);
	node_recordings_step(n);
}

void node_recordings_look(struct node *n)
{
	if (!n->no_recordings)
		paled_calls_ask(
			n->paled, json_pack("{s:s}", "method", "recordings"), on_recordings, n);
}

void node_recordings_free(struct node *n)
{
	while (n->looks) {
		struct recording_look *k = n->looks;

		n->looks = k->next;
		look_free(k);
	}
	run_list_release(&n->runs);
}
