/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/response_config.h"

#include "compiler/base/yaml_config.h"
#include "enforcer/daemon/violation_window.h"

const char *const response_action_names[RESPONSE_ACTION_COUNT + 1] = {
	[RESPONSE_KILL_PROCESS] = "kill-process",
	[RESPONSE_KILL_CONTAINER] = "kill-container",
	[RESPONSE_FREEZE] = "freeze",
};

#define SECOND_NS     1000000000u
#define WITHIN_MAX_NS ((uint64_t)3600 * SECOND_NS)

struct reading {
	struct arena *arena;
	struct diag_list *diags;
	struct response_config *response;
	bool has_action, has_violations;
	struct span within; /* of its value */
};

static void read_action(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;
	int v = yaml_choice(n, response_action_names);

	r->has_action = true;
	if (v < 0)
		diag_error(
			r->diags, n->at, "'action' must be kill-process, kill-container or freeze");
	else
		r->response->action = (enum response_action)v;
}

static const char *text_of(struct reading *r, const struct yaml_node *n, const char *what)
{
	const char *s = yaml_text(n, what, r->arena, r->diags);

	/* One mistake is enough. */
	return s ? s : "";
}

static void read_profile(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;

	r->response->profile = text_of(r, n, "'profile'");
}

static void read_rule(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;

	r->response->rule = text_of(r, n, "'rule'");
}

static void read_violations(void *ctx, const struct yaml_node *n)
{
	struct reading *r = ctx;
	uint64_t v;

	r->has_violations = true;
	if (yaml_number(n, 1, VIOLATION_WINDOW_MAX, &v))
		r->response->violations = (uint32_t)v;
	else
		diag_error(r->diags, n->at, "'violations' must be a number from 1 to %u",
			VIOLATION_WINDOW_MAX);
}

static void read_within(void *ctx, const struct yaml_node *n)
{
	static const struct yaml_unit units[] = {
		{ "ms", SECOND_NS / 1000 },
		{ "s", SECOND_NS },
		{ "m", (uint64_t)60 * SECOND_NS },
		{ "h", (uint64_t)3600 * SECOND_NS },
		{ NULL, 0 },
	};
	struct reading *r = ctx;

	r->within = n->at;
	if (yaml_quantity(n, units, 1, WITHIN_MAX_NS, &r->response->within_ns))
		return;
	diag_error(r->diags, n->at,
		"'within' must be a time of at most an hour, such as 500ms, 10s or 5m");
	r->response->within_ns = WITHIN_MAX_NS;
}

static const struct yaml_key keys[] = {
	{ "action", read_action },
	{ "profile", read_profile },
	{ "rule", read_rule },
	{ "violations", read_violations },
	{ "within", read_within },
	{ NULL, NULL },
};

static void check(struct reading *r, const struct yaml_node *map)
{
	const struct response_config *c = r->response;

	if (!r->has_action)
		diag_error(r->diags, map->at, "a response must have an 'action'");
	else if (!c->rule && !r->has_violations)
		diag_error(r->diags, map->at, "a response must have 'rule' or 'violations'");
	else if (c->violations > 1 && !c->within_ns)
		diag_error(r->diags, map->at, "more than one of 'violations' needs 'within'");
	else if (c->violations == 1 && c->within_ns)
		diag_error(r->diags, r->within, "'within' needs more than one of 'violations'");
}

static void read_one(struct reading *r, const struct yaml_node *map)
{
	if (map->kind != YAML_MAP) {
		diag_error(r->diags, map->at, "a response must be a map");
		return;
	}
	yaml_read_keys(map, keys, "a response", r, r->diags);
	check(r, map);
}

void responses_read(struct arena *arena, struct diag_list *diags, const struct yaml_node *n,
	struct response_config **ret, uint32_t *ret_n)
{
	uint32_t cap = 0;

	if (n->kind != YAML_LIST) {
		diag_error(diags, n->at, "'responses' must list responses");
		return;
	}
	if (n->n > RESPONSES_MAX) {
		diag_error(diags, n->at, "'responses' may list at most %d", RESPONSES_MAX);
		return;
	}
	for (uint32_t i = 0; i < n->n; i++) {
		struct response_config c = { .violations = 1 };
		struct reading r = { .arena = arena, .diags = diags, .response = &c };

		read_one(&r, n->v[i]);
		ARENA_PUSH(arena, *ret, *ret_n, cap, c);
	}
}

bool response_is_reachable(const struct response_config *r, uint32_t events_per_second)
{
	/* Twice as many at once, and then those of the seconds. */
	return !events_per_second ||
	       r->violations <= events_per_second * (2 + r->within_ns / SECOND_NS);
}
