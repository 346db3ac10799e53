/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/config.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/yaml_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *const on_missing_names[ON_MISSING_COUNT] = {
	[ON_MISSING_WAIT] = "wait",
	[ON_MISSING_DENY] = "deny",
	[ON_MISSING_ALLOW] = "allow",
};

#define EVENTS_PER_SECOND 1000

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
	if (n->kind == YAML_TEXT && *n->text)
		return arena_strdup(r->config->arena, n->text);
	diag_error(r->diags, n->at, "%s must be a text", what);
	return NULL;
}

static bool boolean_of(struct reading *r, const struct yaml_node *n, const char *what)
{
	if (n->kind == YAML_TEXT && !n->quoted && strcmp(n->text, "true") == 0)
		return true;
	if (n->kind != YAML_TEXT || n->quoted || strcmp(n->text, "false") != 0)
		diag_error(r->diags, n->at, "%s must be true or false", what);
	return false;
}

static void read_default(struct reading *r, const struct yaml_node *n)
{
	r->config->default_profile = text_of(r, n, "'default'");
	if (r->config->default_profile && strcmp(r->config->default_profile, "none") == 0)
		r->config->default_profile = NULL;
}

static void read_on_missing(struct reading *r, const struct yaml_node *n)
{
	if (n->kind != YAML_TEXT || !on_missing_parse(n->text, &r->config->on_missing))
		diag_error(r->diags, n->at, "'on-missing' must be wait, deny or allow");
}

static void read_images(struct reading *r, const struct yaml_node *n)
{
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

static void read_image_labels(struct reading *r, const struct yaml_node *n)
{
	struct daemon_config *c = r->config;

	read_profiles(
		r, n, "image-labels", &c->image_labels, &c->n_image_labels, &c->cap_image_labels);
}

static void read_protected(struct reading *r, const struct yaml_node *n)
{
	struct daemon_config *c = r->config;

	read_profiles(r, n, "protected", &c->protected, &c->n_protected, &c->cap_protected);
}

static void read_responses(struct reading *r, const struct yaml_node *n)
{
	struct daemon_config *c = r->config;

	r->responses = n->at;
	responses_read(c->arena, r->diags, n, &c->responses, &c->n_responses);
}

static void read_allow_partial(struct reading *r, const struct yaml_node *n)
{
	r->config->allow_partial = boolean_of(r, n, "'allow-partial'");
}

static void read_audit_by_annotation(struct reading *r, const struct yaml_node *n)
{
	r->config->audit_by_annotation = boolean_of(r, n, "'audit-by-annotation'");
}

static void read_events_per_second(struct reading *r, const struct yaml_node *n)
{
	char *end = NULL;
	unsigned long v = 0;

	if (n->kind == YAML_TEXT && n->text[0] >= '0' && n->text[0] <= '9')
		v = strtoul(n->text, &end, 10);
	if (!end || *end || v > 1000000)
		diag_error(
			r->diags, n->at, "'events-per-second' must be a number from 0 to 1000000");
	else
		r->config->events_per_second = (uint32_t)v;
}

static void read_running(struct reading *r, const struct yaml_node *n)
{
	static const char *const names[RUNNING_COUNT] = {
		[RUNNING_LABEL] = "label",
		[RUNNING_LIST] = "list",
	};

	for (int i = 0; n->kind == YAML_TEXT && i < RUNNING_COUNT; i++) {
		if (strcmp(n->text, names[i]) == 0) {
			r->config->running = (enum running)i;
			return;
		}
	}
	diag_error(r->diags, n->at, "'running' must be label or list");
}

/* false: it is none from @min to @max. */
static bool number_of(const struct yaml_node *n, uint64_t min, uint64_t max, uint64_t *ret)
{
	char *end = NULL;

	if (n->kind != YAML_TEXT || n->text[0] < '0' || n->text[0] > '9')
		return false;
	errno = 0;
	*ret = strtoull(n->text, &end, 10);
	return !*end && !errno && *ret >= min && *ret <= max;
}

static void read_recorder_key(struct reading *r, const char *key, const struct yaml_node *n)
{
	uint64_t v;

	if (strcmp(key, "bytes") == 0) {
		if (number_of(n, RECORDER_BYTES_MIN, RECORDER_BYTES_MAX, &v))
			r->config->recorder.bytes = v;
		else
			diag_error(r->diags, n->at,
				"'bytes' must be a number from %" PRIu64 " to %" PRIu64,
				RECORDER_BYTES_MIN, RECORDER_BYTES_MAX);
	} else if (strcmp(key, "days") == 0) {
		if (number_of(n, 1, RECORDER_DAYS_MAX, &v))
			r->config->recorder.days = (uint32_t)v;
		else
			diag_error(r->diags, n->at, "'days' must be a number from 1 to %d",
				RECORDER_DAYS_MAX);
	} else {
		diag_error(r->diags, n->at, "unknown key '%s' of 'recorder'", key);
	}
}

static void read_recorder(struct reading *r, const struct yaml_node *n)
{
	if (n->kind == YAML_TEXT && strcmp(n->text, "off") == 0) {
		r->config->no_recorder = true;
		return;
	}
	if (n->kind != YAML_MAP) {
		diag_error(r->diags, n->at, "'recorder' must be off, or have 'bytes' and 'days'");
		return;
	}
	for (uint32_t i = 0; i + 1 < n->n; i += 2)
		read_recorder_key(r, n->v[i]->text, n->v[i + 1]);
}

static const struct {
	const char *key;
	void (*read)(struct reading *r, const struct yaml_node *n);
} keys[] = {
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
};

#define N_KEYS (sizeof(keys) / sizeof(*keys))

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

static void read_map(struct reading *r, const struct yaml_node *map)
{
	if (map->kind != YAML_MAP) {
		diag_error(r->diags, map->at, "the file must map keys to values");
		return;
	}
	for (uint32_t i = 0; i + 1 < map->n; i += 2) {
		size_t k = 0;

		while (k < N_KEYS && strcmp(keys[k].key, map->v[i]->text) != 0)
			k++;
		if (k == N_KEYS)
			diag_error(r->diags, map->v[i]->at, "unknown key '%s'", map->v[i]->text);
		else
			keys[k].read(r, map->v[i + 1]);
	}
	check_responses(r);
}

static int read_file(const char *path, struct daemon_config *c, struct pale_err **err)
{
	struct source_set sources;
	struct diag_list diags;
	struct reading r = { .config = c, .diags = &diags };
	struct yaml_documents documents = { 0 };
	struct source *s;
	int n;

	source_set_init(&sources, c->arena);
	n = source_read(&sources, path, path, &s, err);
	if (n < 0)
		return n;
	diag_list_init(&diags, &sources);
	if (yaml_read(s, &diags, &documents) && documents.n) {
		read_map(&r, documents.v[0]);
		if (documents.n > 1)
			diag_error(&diags, documents.v[1]->at, "only one document is read");
	}
	return diags.n_errors ? diag_first_error(&diags, false, err) : 0;
}

int daemon_config_read(const char *path, struct daemon_config *ret, struct pale_err **err)
{
	int r;

	*ret = (struct daemon_config){
		.arena = arena_new(),
		.events_per_second = EVENTS_PER_SECOND,
		.recorder = { RECORDER_BYTES, RECORDER_DAYS },
	};
	r = read_file(path, ret, err);
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
