/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/manager/certificate_upkeep.h"

#include "compiler/base/base64.h"
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "operator/kube/kube_json.h"
#include "operator/kube/kube_path.h"
#include "operator/memory.h"
#include "operator/webhook/certificates.h"

#include <time.h>

#define LOOK_US	 UINT64_C(60000000)
#define AGAIN_US UINT64_C(5000000) /* after what failed */

static const char *const configurations[] = {
	"mutatingwebhookconfigurations",
	"validatingwebhookconfigurations",
};

#define CONFIGURATIONS (sizeof(configurations) / sizeof(*configurations))

struct certificate_upkeep {
	struct kube_client *client;
	char *namespace;
	const struct certificate_upkeep_handlers *handlers;
	void *ctx;
	struct kube_call *call;
	sd_event_source *timer;
	char *bundle;	      /* caBundle as it is to be, in base64 */
	size_t configuration; /* that is being looked at */
	struct text failures; /* of this look */
	char *told;	      /* of the last one, or NULL */
};

/* ---- steps: each ends with the next one's request, or with end_look() */

/* What is the same as at the last look was told. */
static void tell_failures(struct certificate_upkeep *u)
{
	if (u->failures.len && (!u->told || strcmp(u->told, text_str(&u->failures)) != 0))
		u->handlers->say(u->ctx, text_str(&u->failures));
	free(u->told);
	u->told = u->failures.len ? text_take(&u->failures) : NULL;
}

static void end_look(struct certificate_upkeep *u)
{
	uint64_t us = u->failures.len ? AGAIN_US : LOOK_US;

	tell_failures(u);
	sd_event_source_set_time_relative(u->timer, us);
	sd_event_source_set_enabled(u->timer, SD_EVENT_ONESHOT);
}

/* @what it was for, which the error does not say. */
static void fail(struct certificate_upkeep *u, const char *what, const struct pale_err *err)
{
	text_printf(
		&u->failures, "%s%s: %s", u->failures.len ? "; " : "", what, pale_err_text(err));
}

static void request(struct certificate_upkeep *u, enum kube_method method,
	const struct kube_resource *at, const char *type, const json_t *body,
	void (*done)(void *ctx, const struct kube_answer *answer))
{
	_cleanup_(text_release) struct text path = TEXT_INIT;

	kube_path(&path, at);
	u->call = kube_request(u->client, &(struct kube_request){ .method = method,
						  .path = text_str(&path),
						  .body = body,
						  .type = type,
						  .done = done,
						  .ctx = u });
}

/* ---- the configurations */

static const char *configuration_name(const struct certificate_upkeep *u)
{
	return configurations[u->configuration];
}

static struct kube_resource configuration_place(const struct certificate_upkeep *u)
{
	return (struct kube_resource){ .group_version = "admissionregistration.k8s.io/v1",
		.plural = configuration_name(u),
		.name = WEBHOOK_CONFIGURATION };
}

static void look_at_configuration(struct certificate_upkeep *u);

static void next_configuration(struct certificate_upkeep *u)
{
	if (++u->configuration < CONFIGURATIONS)
		look_at_configuration(u);
	else
		end_look(u);
}

static void on_patched(void *ctx, const struct kube_answer *a)
{
	struct certificate_upkeep *u = ctx;
	_cleanup_(text_release) struct text what = TEXT_INIT;

	u->call = NULL;
	text_printf(
		&what, "write the caBundle of %s %s", configuration_name(u), WEBHOOK_CONFIGURATION);
	if (a->err)
		fail(u, text_str(&what), a->err);
	else
		u->handlers->say(u->ctx, text_str(&what) + strlen("write "));
	next_configuration(u);
}

/* By its place, as JSON Patch has it: if another one has come to stand there, nothing is done. */
static void add_patch(json_t *patch, size_t i, const json_t *webhook, const char *bundle)
{
	json_array_append_new(patch, json_pack("{s:s, s:o, s:O}", "op", "test", "path",
					     json_sprintf("/webhooks/%zu/name", i), "value",
					     json_object_get(webhook, "name")));
	json_array_append_new(patch,
		json_pack("{s:s, s:o, s:s}", "op", "add", "path",
			json_sprintf("/webhooks/%zu/clientConfig/caBundle", i), "value", bundle));
}

static json_t *patch_of(const struct certificate_upkeep *u, const json_t *configuration)
{
	json_t *patch = json_array(), *webhook;
	size_t i;

	json_array_foreach (json_object_get(configuration, "webhooks"), i, webhook) {
		const char *is = kube_json_string(
			webhook, (const char *const[]){ "clientConfig", "caBundle", NULL });

		if (json_is_object(json_object_get(webhook, "clientConfig")) &&
			strcmp(is, u->bundle) != 0)
			add_patch(patch, i, webhook, u->bundle);
	}
	return patch;
}

static void on_configuration(void *ctx, const struct kube_answer *a)
{
	struct certificate_upkeep *u = ctx;
	struct kube_resource at = configuration_place(u);
	json_t *patch;

	u->call = NULL;
	if (a->err) {
		fail(u, "the webhook's configuration", a->err);
		next_configuration(u);
		return;
	}
	patch = patch_of(u, a->body);
	if (json_array_size(patch))
		request(u, KUBE_PATCH, &at, KUBE_JSON_PATCH, patch, on_patched);
	else
		next_configuration(u);
	json_decref(patch);
}

static void look_at_configuration(struct certificate_upkeep *u)
{
	struct kube_resource at = configuration_place(u);

	request(u, KUBE_GET, &at, NULL, NULL, on_configuration);
}

static void look_at_configurations(struct certificate_upkeep *u)
{
	u->configuration = 0;
	look_at_configuration(u);
}

/* ---- the Secret */

static struct kube_resource secret_place(const struct certificate_upkeep *u, const char *name)
{
	return (struct kube_resource){
		.group_version = "v1", .plural = "secrets", .namespace = u->namespace, .name = name
	};
}

static void on_secret_written(void *ctx, const struct kube_answer *a)
{
	struct certificate_upkeep *u = ctx;

	u->call = NULL;
	/* Also when another one was faster: what he wrote is read next. */
	if (a->err) {
		fail(u, "write Secret " CERTIFICATE_SECRET, a->err);
		end_look(u);
		return;
	}
	u->handlers->say(u->ctx, "certificates renewed in Secret " CERTIFICATE_SECRET);
	look_at_configurations(u);
}

/* With the version that was read, or as a new one: of two that write one is refused. */
static void write_secret(
	struct certificate_upkeep *u, const json_t *there, const struct webhook_certificates *c)
{
	struct kube_resource at = secret_place(u, there ? CERTIFICATE_SECRET : NULL);
	json_t *secret = there ? json_copy((json_t *)(uintptr_t)there)
			       : json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:{s:s}}}", "apiVersion",
					 "v1", "kind", "Secret", "type", "Opaque", "metadata",
					 "name", CERTIFICATE_SECRET, "namespace", u->namespace,
					 "labels", "app.kubernetes.io/part-of", "pale");

	json_object_set_new(secret, "data", webhook_certificates_to_secret(c));
	request(u, there ? KUBE_PUT : KUBE_POST, &at, NULL, secret, on_secret_written);
	json_decref(secret);
}

static void set_bundle(struct certificate_upkeep *u, const struct webhook_certificates *c)
{
	_cleanup_free_ char *bundle = webhook_certificates_bundle(c);

	free(u->bundle);
	u->bundle = memory_checked(base64_encode(bundle, strlen(bundle)));
}

static int renew(struct certificate_upkeep *u, struct webhook_certificates *c, bool *changed,
	struct pale_err **err)
{
	_cleanup_(text_release) struct text name = TEXT_INIT;

	text_printf(&name, "pale-webhook.%s.svc", u->namespace);
	return webhook_certificates_renew(
		c, (const char *const[]){ text_str(&name) }, 1, time(NULL), changed, err);
}

static void on_secret(void *ctx, const struct kube_answer *a)
{
	struct certificate_upkeep *u = ctx;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(webhook_certificates_release) struct webhook_certificates c = { 0 };
	const json_t *there = a->err ? NULL : a->body;
	bool changed;

	u->call = NULL;
	if (a->err && a->status.code != 404) {
		fail(u, "read Secret " CERTIFICATE_SECRET, a->err);
		end_look(u);
		return;
	}
	webhook_certificates_from_secret(json_object_get(there, "data"), &c);
	if (renew(u, &c, &changed, &err) < 0) {
		fail(u, "renew the webhook's certificates", err);
		end_look(u);
		return;
	}
	set_bundle(u, &c);
	if (changed)
		write_secret(u, there, &c);
	else
		look_at_configurations(u);
}

static int on_time(sd_event_source *source, uint64_t us, void *ctx)
{
	struct certificate_upkeep *u = ctx;
	struct kube_resource at = secret_place(u, CERTIFICATE_SECRET);

	(void)source;
	(void)us;
	request(u, KUBE_GET, &at, NULL, NULL, on_secret);
	return 0;
}

/* ---- */

struct certificate_upkeep *certificate_upkeep_new(struct kube_client *c, const char *namespace,
	const struct certificate_upkeep_handlers *handlers, void *ctx)
{
	struct certificate_upkeep *u = memory_new(sizeof(*u));

	*u = (struct certificate_upkeep){
		.client = c, .namespace = memory_string(namespace), .handlers = handlers, .ctx = ctx
	};
	if (sd_event_add_time_relative(
		    kube_client_loop(c), &u->timer, CLOCK_BOOTTIME, 0, 1000, on_time, u) < 0)
		abort();
	sd_event_source_set_enabled(u->timer, SD_EVENT_OFF);
	return u;
}

void certificate_upkeep_begin(struct certificate_upkeep *u)
{
	sd_event_source_set_time_relative(u->timer, 0);
	sd_event_source_set_enabled(u->timer, SD_EVENT_ONESHOT);
}

void certificate_upkeep_end(struct certificate_upkeep *u)
{
	sd_event_source_set_enabled(u->timer, SD_EVENT_OFF);
	kube_call_cancel(TAKE_PTR(u->call));
	text_release(&u->failures);
}

void certificate_upkeep_free(struct certificate_upkeep *u)
{
	if (!u)
		return;
	certificate_upkeep_end(u);
	sd_event_source_disable_unref(u->timer);
	free(u->namespace);
	free(u->bundle);
	free(u->told);
	free(u);
}
