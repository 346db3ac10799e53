/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/response_config.h"

#include "enforcer/daemon/violation_window.h"

#include <stdlib.h>
#include <string.h>

const char *const response_action_names[RESPONSE_ACTION_COUNT] = {
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

static void read_action(struct reading *r, const struct yaml_node *n)
{
	r->has_action = true;
	for (int i = 0; n->kind == YAML_TEXT && i < RESPONSE_ACTION_COUNT; i++) {
		if (strcmp(n->text, response_action_names[i]) == 0) {
			r->response->action = (enum response_action)i;
			return;
		}
	}
	diag_error(r->diags, n->at, "'action' must be kill-process, kill-container or freeze");
}

static const char *text_of(struct reading *r, const struct yaml_node *n, const char *what)
{
	if (n->kind == YAML_TEXT && *n->text)
		return arena_strdup(r->arena, n->text);
	diag_error(r->diags, n->at, "%s must be a text", what);
	/* One mistake is enough. */
	return "";
}

static void read_profile(struct reading *r, const struct yaml_node *n)
{
	r->response->profile = text_of(r, n, "'profile'");
}

static void read_rule(struct reading *r, const struct yaml_node *n)
{
	r->response->rule = text_of(r, n, "'rule'");
}

static void read_violations(struct reading *r, const struct yaml_node *n)
{
	char *end = NULL;
	unsigned long v = 0;

	r->has_violations = true;
	if (n->kind == YAML_TEXT && n->text[0] >= '0' && n->text[0] <= '9')
		v = strtoul(n->text, &end, 10);
	if (!end || *end || v < 1 || v > VIOLATION_WINDOW_MAX)
		diag_error(r->diags, n->at, "'violations' must be a number from 1 to %u",
			VIOLATION_WINDOW_MAX);
	else
		r->response->violations = (uint32_t)v;
}

/* "500ms", "10s", "5m", "1h". */
static uint64_t duration_ns(const char *s)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = {
		{ "ms", SECOND_NS / 1000 },
		{ "s", SECOND_NS },
		{ "m", (uint64_t)60 * SECOND_NS },
		{ "h", (uint64_t)3600 * SECOND_NS },
	};
	char *end;
	unsigned long n = *s >= '0' && *s <= '9' ? strtoul(s, &end, 10) : 0;

	for (size_t i = 0; n && n <= 3600000 && i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(end, units[i].unit) == 0 && n * units[i].ns <= WITHIN_MAX_NS)
			return n * units[i].ns;
	}
	return 0;
}

static void read_within(struct reading *r, const struct yaml_node *n)
{
	r->within = n->at;
	r->response->within_ns = n->kind == YAML_TEXT ? duration_ns(n->text) : 0;
	if (!r->response->within_ns) {
		diag_error(r->diags, n->at,
			"'within' must be a time of at most an hour, such as 500ms, 10s or 5m");
		r->response->within_ns = WITHIN_MAX_NS;
	}
}

static const struct {
	const char *key;
	void (*read)(struct reading *r, const struct yaml_node *n);
} keys[] = {
	{ "action", read_action },
	{ "profile", read_profile },
	{ "rule", read_rule },
	{ "violations", read_violations },
	{ "within", read_within },
};

#define N_KEYS (sizeof(keys) / sizeof(*keys))

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
	for (uint32_t i = 0; i + 1 < map->n; i += 2) {
		size_t k = 0;

		while (k < N_KEYS && strcmp(keys[k].key, map->v[i]->text) != 0)
			k++;
		if (k == N_KEYS)
			diag_error(
				r->diags, map->v[i]->at, "a response has no '%s'", map->v[i]->text);
		else
			keys[k].read(r, map->v[i + 1]);
	}
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
