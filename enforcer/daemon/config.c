/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/config.h"

#include "compiler/base/yaml_config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *const on_missing_names[ON_MISSING_COUNT] = {
	[ON_MISSING_WAIT] = "wait",
	[ON_MISSING_DENY] = "deny",
	[ON_MISSING_ALLOW] = "allow",
};

#define EVENTS_PER_SECOND     1000
#define EVENTS_PER_SECOND_MAX 1000000

bool on_missing_parse(const char *s, enum on_missing *ret)
{
	for (int i = 0; i < ON_MISSING_COUNT; i++) {
		if (strcmp(s, on_missing_names[i]) == 0) {
			*ret = (enum on_missing)i;
			return true;
		}
	}
	return false;
}

struct reading {
	struct daemon_config *config;
	struct diag_list *diags;
	struct span responses; /* where they stand */
};

static const char *text_of(struct reading *r, const struct yaml_node *n, const char *what)
{
	return yaml_text(n, what, r->config->arena, r->diags);
}

static void read_default(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;
	r->config->default_profile = text_of(r, n, "'default'");
	if (r->config->default_profile && strcmp(r->config->default_profile, "none") == 0)
		r->config->default_profile = NULL;
}

static void read_on_missing(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;
	if (n->kind != YAML_TEXT || !on_missing_parse(n->text, &r->config->on_missing))
		diag_error(r->diags, n->at, "'on-missing' must be wait, deny or allow");
}

static void read_images(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;
	struct daemon_config *c = r->config;

	if (n->kind != YAML_MAP) {
		diag_error(r->diags, n->at, "'images' must map images to profiles");
		return;
	}
	for (uint32_t i = 0; i + 1 < n->n; i += 2) {
		struct image_profile p = {
			.image = text_of(r, n->v[i], "an image"),
			.profile = text_of(r, n->v[i + 1], "a profile"),
		};

		ARENA_PUSH(c->arena, c->images, c->n_images, c->cap_images, p);
	}
}

static void read_profiles(struct reading *r, const struct yaml_node *n, const char *key,
	const char ***ret, uint32_t *ret_n, uint32_t *cap)
{
	if (n->kind != YAML_LIST) {
		diag_error(r->diags, n->at, "'%s' must list profiles", key);
		return;
	}
	for (uint32_t i = 0; i < n->n; i++) {
		const char *profile = text_of(r, n->v[i], "a profile");

		ARENA_PUSH(r->config->arena, *ret, *ret_n, *cap, profile);
	}
}

static void read_image_labels(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;
	struct daemon_config *c = r->config;

	read_profiles(
		r, n, "image-labels", &c->image_labels, &c->n_image_labels, &c->cap_image_labels);
}

static void read_protected(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;
	struct daemon_config *c = r->config;

	read_profiles(r, n, "protected", &c->protected, &c->n_protected, &c->cap_protected);
}

static void read_responses(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;
	struct daemon_config *c = r->config;

	r->responses = n->at;
	responses_read(c->arena, r->diags, n, &c->responses, &c->n_responses);
}

static void read_allow_partial(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;

	r->config->allow_partial = yaml_boolean(n, "'allow-partial'", r->diags);
}

static void read_audit_by_annotation(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;

	r->config->audit_by_annotation = yaml_boolean(n, "'audit-by-annotation'", r->diags);
}

static void read_events_per_second(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;
	uint64_t v;

	if (yaml_number(n, 0, EVENTS_PER_SECOND_MAX, &v))
		r->config->events_per_second = (uint32_t)v;
	else
		diag_error(r->diags, n->at, "'events-per-second' must be a number from 0 to %d",
			EVENTS_PER_SECOND_MAX);
}

static void read_running(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;
	static const char *const names[RUNNING_COUNT + 1] = {
		[RUNNING_LABEL] = "label",
		[RUNNING_LIST] = "list",
	};
	int v = yaml_choice(n, names);

	if (v < 0)
		diag_error(r->diags, n->at, "'running' must be label or list");
	else
		r->config->running = (enum running)v;
}

static void read_bytes(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;

	if (!yaml_number(n, RECORDER_BYTES_MIN, RECORDER_BYTES_MAX, &r->config->recorder.bytes))
		diag_error(r->diags, n->at, "'bytes' must be a number from %" PRIu64 " to %" PRIu64,
			RECORDER_BYTES_MIN, RECORDER_BYTES_MAX);
}

static void read_days(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;
	uint64_t v;

	if (yaml_number(n, 1, RECORDER_DAYS_MAX, &v))
		r->config->recorder.days = (uint32_t)v;
	else
		diag_error(
			r->diags, n->at, "'days' must be a number from 1 to %d", RECORDER_DAYS_MAX);
}

static void read_recorder(void *ctx, const struct yaml_node *n)
{
	static const char *const off[] = { "off", NULL };
	static const struct yaml_key keys[] = {
		{ "bytes", read_bytes },
		{ "days", read_days },
		{ NULL, NULL },
	};
	struct reading *r = ctx;

	if (yaml_choice(n, off) == 0)
		r->config->no_recorder = true;
	else if (n->kind == YAML_MAP)
		yaml_read_keys(n, keys, "'recorder'", r, r->diags);
	else
		diag_error(r->diags, n->at, "'recorder' must be off, or have 'bytes' and 'days'");
}

static void read_seccomp_files(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;
	const char *path = text_of(r, n, "'seccomp-files'");

	if (path && *path != '/')
		diag_error(
			r->diags, n->at, "'seccomp-files' must be the absolute path of a folder");
	r->config->seccomp_files = path;
}

static void read_recording(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;

	r->config->recording = yaml_boolean(n, "'recording'", r->diags);
}

static const struct yaml_key keys[] = {
	{ "default", read_default },
	{ "on-missing", read_on_missing },
	{ "images", read_images },
	{ "image-labels", read_image_labels },
	{ "running", read_running },
	{ "allow-partial", read_allow_partial },
	{ "audit-by-annotation", read_audit_by_annotation },
	{ "events-per-second", read_events_per_second },
	{ "responses", read_responses },
	{ "protected", read_protected },
	{ "recorder", read_recorder },
	{ "recording", read_recording },
	{ "seccomp-files", read_seccomp_files },
	{ NULL, NULL },
};

/* A count that no container can reach would be a response that never comes. */
static void check_responses(struct reading *r)
{
	const struct daemon_config *c = r->config;

	for (uint32_t i = 0; i < c->n_responses && !r->diags->n_errors; i++) {
		if (!response_is_reachable(&c->responses[i], c->events_per_second))
			diag_error(r->diags, r->responses,
				"with 'events-per-second: %u' %u violations are never told in that "
				"time",
				c->events_per_second, c->responses[i].violations);
	}
}

static void read_document(void *ctx, const struct yaml_node *root, struct diag_list *diags)
{
	struct reading r = { .config = ctx, .diags = diags };

	if (!root)
		return;
	yaml_read_keys(root, keys, NULL, &r, diags);
	check_responses(&r);
}

int daemon_config_read(const char *path, struct daemon_config *ret, struct pale_err **err)
{
	int r;

	*ret = (struct daemon_config){
		.arena = arena_new(),
		.events_per_second = EVENTS_PER_SECOND,
		.recorder = { RECORDER_BYTES, RECORDER_DAYS },
	};
	r = yaml_config_read(path, ret->arena, read_document, ret, err);
	if (r == -ENOENT) {
		pale_err_free(*err);
		*err = NULL;
		return 0;
	}
	if (r < 0)
		daemon_config_release(ret);
	return r;
}

void daemon_config_release(struct daemon_config *c)
{
	arena_free(c->arena);
	*c = (struct daemon_config){ 0 };
}
