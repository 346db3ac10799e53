/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/webhook/admission.h"

#include "compiler/base/base64.h"
#include "compiler/base/cleanup.h"
#include "operator/memory.h"
#include "operator/webhook/json_weight.h"
#include "operator/webhook/pod_hazards.h"
#include "operator/webhook/pod_patch.h"
#include "operator/webhook/pod_profile.h"
#include "operator/webhook/pod_recording.h"
#include "operator/webhook/warnings.h"

#include <errno.h>

#define REVIEW_VERSION	  "admission.k8s.io/v1"
#define MIRROR_ANNOTATION "kubernetes.io/config.mirror"
#define NODE_USER	  "system:node:"
#define NODES_GROUP	  "system:nodes"

/* Bytes of why a pod is refused: kubectl shows all of it on one line. */
#define MESSAGE_MAX 1024

const char *const admission_result_names[ADMISSION_RESULTS] = {
	[ADMISSION_MALFORMED] = "malformed",
	[ADMISSION_ALLOWED] = "allowed",
	[ADMISSION_PATCHED] = "patched",
	[ADMISSION_REFUSED] = "refused",
	[ADMISSION_UNKNOWN] = "unknown",
};

enum request_kind {
	REQUEST_CREATE,	   /* of a pod */
	REQUEST_EPHEMERAL, /* containers for one that runs */
	REQUEST_UPDATE,	   /* of a pod, which keeps its spec */
	REQUEST_BINDING,   /* to a node, of a pod that gets the Binding's annotations */
};

struct request {
	const json_t *json;
	const char *uid, *namespace;
	int64_t now; /* seconds since 1970 */
	enum request_kind kind;
};

/* What goes into the answer beside the patch. */
struct verdict {
	json_t *patch; /* NULL: none */
	json_t *warnings;
	json_t *audit; /* an object of strings */
};

static bool text_is(const json_t *object, const char *member, const char *text)
{
	const char *s = json_member_text(object, member);

	return strcmp(s ? s : "", text) == 0;
}

static int read_kind(
	const json_t *json, enum admission_call call, enum request_kind *ret, struct pale_err **err)
{
	const json_t *resource = json_object_get(json, "resource");
	const char *sub = json_member_text(json, "subResource");
	const char *operation = json_member_text(json, "operation");
	bool create = operation && strcmp(operation, "CREATE") == 0;
	bool update = operation && strcmp(operation, "UPDATE") == 0;
	bool whole = !sub || !*sub;
	bool core = text_is(resource, "group", "") && text_is(resource, "version", "v1");
	bool pods = core && text_is(resource, "resource", "pods");
	/* Two ways to say the same: pods/NAME/binding, and bindings from before there was that. */
	bool binding = pods ? !whole && strcmp(sub, "binding") == 0
			    : core && whole && text_is(resource, "resource", "bindings");

	if (binding && create && call == ADMISSION_VALIDATE) {
		*ret = REQUEST_BINDING;
		return 0;
	}
	if (pods) {
		if (create && whole)
			*ret = REQUEST_CREATE;
		else if (update && !whole && strcmp(sub, "ephemeralcontainers") == 0)
			*ret = REQUEST_EPHEMERAL;
		else if (update && whole && call == ADMISSION_VALIDATE)
			*ret = REQUEST_UPDATE;
		else
			return pale_err_plain(err, EACCES,
				"Pale is not to be asked about this operation on pods; correct the "
				"webhook's rules");
		return 0;
	}
	return pale_err_plain(err, EACCES,
		"Pale is asked about pods of version v1 alone; correct the webhook's rules");
}

static bool is_mirror(const struct request *r, const struct pod *pod)
{
	const json_t *user = json_object_get(r->json, "userInfo");
	const char *name = json_member_text(user, "username");
	const char *node = json_member_text(pod->spec, "nodeName");
	json_t *group;
	size_t i;

	if (!pod_annotation(pod, MIRROR_ANNOTATION) || !name || !node ||
		strncmp(name, NODE_USER, strlen(NODE_USER)) != 0 ||
		strcmp(name + strlen(NODE_USER), node) != 0)
		return false;
	json_array_foreach (json_object_get(user, "groups"), i, group) {
		if (json_is_string(group) && strcmp(json_string_value(group), NODES_GROUP) == 0)
			return true;
	}
	return false;
}

static void audit(const struct pod_choice *choice, struct verdict *ret)
{
	_cleanup_(text_release) struct text profiles = TEXT_INIT;

	if (choice->recording) {
		pod_recording_text(choice->recording, &profiles);
		json_object_set_new(ret->audit, "recording", json_string(text_str(&profiles)));
		return;
	}
	for (size_t i = 0; i < choice->n && i < 16; i++)
		text_printf(&profiles, "%s%s=%s", i ? "," : "", choice->v[i].container->name,
			choice->v[i].profile->head.name);
	if (choice->n)
		json_object_set_new(ret->audit, "profiles", json_string(text_str(&profiles)));
	if (mode_word(choice->mode))
		json_object_set_new(ret->audit, "mode", json_string(mode_word(choice->mode)));
}

/* A pod that was patched once and is not so any more was changed behind the patch. */
static int refuse_incomplete(const json_t *patch, struct pale_err **err)
{
	_cleanup_(text_release) struct text paths = TEXT_INIT;
	json_t *op;
	size_t i;

	json_array_foreach (patch, i, op)
		text_printf(&paths, "%s%s", i ? ", " : "", json_member_text(op, "path"));
	pale_err_plain(
		err, EACCES, "the pod lacks what its profile asks for in %s", text_str(&paths));
	pale_err_hint(err, "another admission webhook may have changed it behind Pale's, or that "
			   "was not asked");
	return -EACCES;
}

static int judge_meant(const struct admission_config *config, enum admission_call call,
	const struct pod *pod, const struct pod_choice *choice, struct verdict *ret,
	struct pale_err **err)
{
	int r = pod_hazards_check(pod, choice, config->runtime_class, ret->warnings, err);

	if (r == 0)
		r = pod_patch(pod, choice, config->runtime_class, call == ADMISSION_VALIDATE,
			&ret->patch, ret->warnings, err);
	if (r == 0)
		audit(choice, ret);
	if (r == 0 && call == ADMISSION_VALIDATE && json_array_size(ret->patch))
		r = refuse_incomplete(ret->patch, err);
	return r;
}

static int judge_pod(const struct admission_config *config, const struct cluster *cluster,
	const struct request *request, enum admission_call call, const struct pod *pod,
	struct verdict *ret, struct pale_err **err)
{
	_cleanup_(pod_choice_release) struct pod_choice choice = { 0 };
	const struct namespace *ns = cluster_namespace(cluster, request->namespace);
	int r;

	if (request->kind == REQUEST_CREATE && is_mirror(request, pod)) {
		warnings_add(ret->warnings,
			"static pod: it is the node's, and runs without a policy of Pale");
		return 0;
	}
	if (!ns) {
		pale_err_plain(err, EACCES, "namespace '%s' is not known yet", request->namespace);
		pale_err_hint(err, "try again");
		return -EACCES;
	}
	r = pod_choose(cluster, ns, pod, request->now, &choice, ret->warnings, err);
	if (r < 0 || choice.untouched)
		return r;
	return judge_meant(config, call, pod, &choice, ret, err);
}

static bool is_runtimes(const char *annotation)
{
	const char *slash = strchr(annotation, '/');
	const size_t len = strlen("pale.dev");

	/* CRI-O hands a pod's own over beside those that engines say names by. */
	if (strncmp(annotation, "io.kubernetes.cri", strlen("io.kubernetes.cri")) == 0)
		return true;
	if (!slash || (size_t)(slash - annotation) < len ||
		strncmp(slash - len, "pale.dev", len) != 0)
		return false;
	return slash - annotation == (ptrdiff_t)len || slash[-(ptrdiff_t)len - 1] == '.';
}

static int same_annotations(const json_t *is, const json_t *was, struct pale_err **err)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)is, name, value) {
		if (!is_runtimes(name) || json_equal(value, json_object_get(was, name)))
			continue;
		pale_err_plain(err, EACCES,
			"annotation %s cannot be changed once a pod was created", name);
		pale_err_hint(err, "delete the pod, and create it anew with the annotation");
		return -EACCES;
	}
	return 0;
}

/*
 * A kubelet hands a pod's annotations over with each container that it starts, not with the first
 * alone. A Binding's are added to the pod's: as if they changed.
 */
static int judge_update(const struct request *request, struct pale_err **err)
{
	const json_t *is =
		json_member(json_object_get(json_object_get(request->json, "object"), "metadata"),
			"annotations");
	const json_t *was = json_member(
		json_object_get(json_object_get(request->json, "oldObject"), "metadata"),
		"annotations");
	int r = same_annotations(is, was, err);

	return r < 0 ? r : same_annotations(was, is, err);
}

static bool is_exempt(const struct admission_config *config, const char *namespace)
{
	return strcmp(namespace, "kube-system") == 0 ||
	       (config->own_namespace && strcmp(namespace, config->own_namespace) == 0);
}

/* Kubernetes before 1.22 sends the containers alone. */
static int check_object(const struct request *request, struct pale_err **err)
{
	const json_t *object = json_object_get(request->json, "object");

	if (request->kind != REQUEST_EPHEMERAL || text_is(object, "kind", "Pod"))
		return 0;
	return pale_err_plain(err, EACCES,
		"this API server does not say which pod gets the container: ephemeral containers "
		"under a policy need Kubernetes 1.22 or later");
}

static int judge(const struct admission_config *config, const struct cluster *cluster,
	struct request *request, enum admission_call call, struct verdict *ret,
	struct pale_err **err)
{
	_cleanup_(pod_release) struct pod pod = { 0 };
	const json_t *object = json_object_get(request->json, "object");
	const json_t *old = json_member(request->json, "oldObject");
	int r = read_kind(request->json, call, &request->kind, err);

	if (r < 0 || is_exempt(config, request->namespace))
		return r;
	if (request->kind == REQUEST_UPDATE || request->kind == REQUEST_BINDING)
		return judge_update(request, err);
	r = check_object(request, err);
	if (r == 0 && request->kind == REQUEST_EPHEMERAL && !json_is_object(old))
		r = pale_err_plain(err, EINVAL, "an UPDATE without oldObject");
	if (r == 0)
		r = pod_read(object, request->kind == REQUEST_EPHEMERAL ? old : NULL, &pod, err);
	pod.review = request->uid;
	if (r == 0)
		r = judge_pod(config, cluster, request, call, &pod, ret, err);
	if (r < 0 && pod.metadata && *pod_name(&pod))
		pale_err_wrap(err, "pod %s", pod_name(&pod));
	return r;
}

/* A refusal's sentence: "Pale: why (what to do)". Names in it are as long as whoever sends a review
 * likes, and hold what he likes. */
static json_t *refusal_message(const struct pale_err *err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const char *why = pale_err_text(err), *hint = pale_err_hint_text(err);

	text_puts(&t, "Pale: ");
	text_escaped(&t, why, strlen(why));
	if (hint) {
		text_puts(&t, " (");
		text_escaped(&t, hint, strlen(hint));
		text_putc(&t, ')');
	}
	while (t.len > MESSAGE_MAX || ((unsigned char)t.s[t.len] & 0xc0) == 0x80)
		t.len--;
	return memory_checked(json_stringn(t.s, t.len));
}

static void add_patch(json_t *response, const json_t *patch)
{
	_cleanup_free_ char *text = json_dumps(patch, JSON_COMPACT);
	_cleanup_free_ char *encoded = NULL;

	memory_checked(text);
	encoded = base64_encode(text, strlen(text));
	json_object_set_new(response, "patchType", json_string("JSONPatch"));
	json_object_set_new(response, "patch", json_string(encoded));
}

static void write_answer(const struct request *request, const struct verdict *v,
	const struct pale_err *refused, int code, struct text *ret)
{
	json_t *response = json_pack("{s:s, s:b}", "uid", request->uid, "allowed", !refused);
	json_t *review = json_pack("{s:s, s:s, s:o}", "apiVersion", REVIEW_VERSION, "kind",
		"AdmissionReview", "response", memory_checked(response));
	_cleanup_free_ char *text = NULL;

	if (refused)
		json_object_set_new(response, "status",
			json_pack("{s:i, s:s, s:o}", "code", code, "reason",
				code == 503 ? "ServiceUnavailable" : "Forbidden", "message",
				refusal_message(refused)));
	else if (json_array_size(v->patch))
		add_patch(response, v->patch);
	if (json_array_size(v->warnings))
		json_object_set(response, "warnings", v->warnings);
	if (json_object_size(v->audit))
		json_object_set(response, "auditAnnotations", v->audit);
	text = json_dumps(review, JSON_COMPACT);
	json_decref(review);
	text_puts(ret, memory_checked(text));
}

/* What is in the way of any answer; NULL: nothing. */
static const char *read_request(const json_t *review, struct request *ret)
{
	if (!json_is_object(review) || !text_is(review, "kind", "AdmissionReview"))
		return "the body is no AdmissionReview";
	if (!text_is(review, "apiVersion", REVIEW_VERSION))
		return "only AdmissionReview of " REVIEW_VERSION " is answered";
	ret->json = json_object_get(review, "request");
	ret->uid = json_member_text(ret->json, "uid");
	ret->namespace = json_member_text(ret->json, "namespace");
	if (!ret->uid || !*ret->uid)
		return "the AdmissionReview has no request.uid";
	if (!ret->namespace || !*ret->namespace)
		return "the AdmissionReview has no request.namespace";
	return NULL;
}

static enum admission_result answer_request(const struct admission_config *config,
	const struct cluster *cluster, enum admission_call call, struct request *request,
	struct text *ret)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct verdict v = { .warnings = json_array(), .audit = json_object() };
	enum admission_result result = ADMISSION_ALLOWED;
	int code = 403;

	if (!cluster_is_known(cluster) && !is_exempt(config, request->namespace)) {
		pale_err_plain(&err, EAGAIN, "the cluster's profiles are not known yet");
		pale_err_hint(&err, "try again");
		result = ADMISSION_UNKNOWN;
		code = 503;
	} else if (judge(config, cluster, request, call, &v, &err) < 0) {
		result = ADMISSION_REFUSED;
	} else if (json_array_size(v.patch)) {
		result = ADMISSION_PATCHED;
	}
	write_answer(request, &v, err, code, ret);
	json_decref(v.patch);
	json_decref(v.warnings);
	json_decref(v.audit);
	return result;
}

enum admission_result admission_answer(const struct admission_config *config,
	const struct cluster *cluster, enum admission_call call, int64_t now, const char *body,
	size_t len, struct text *ret)
{
	json_error_t e;
	bool light = json_is_light(body, len);
	json_t *review = light ? json_loadb(body, len, JSON_REJECT_DUPLICATES, &e) : NULL;
	struct request request = { .now = now };
	enum admission_result result = ADMISSION_MALFORMED;
	const char *wrong = review ? read_request(review, &request) : "the body is not JSON";

	if (!light)
		wrong = "the body has more values than any pod";
	if (wrong)
		text_puts(ret, wrong);
	else
		result = answer_request(config, cluster, call, &request, ret);
	json_decref(review);
	return result;
}
