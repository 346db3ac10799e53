/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/landlock_cover.h"

#include "compiler/coverage_endpoints.h"
#include "compiler/coverage_tasks.h"
#include "compiler/decide.h"

#include <string.h>

static void push_grant(
	struct landlock_cover *k, uint32_t wish, const struct glob *glob, uint64_t rights)
{
	struct arena *a = k->policy->arena;
	const struct landlock_wish *w = &k->wishes.v[wish];
	struct path_grant g = {
		.glob = glob, .rights = rights, .from = w->from, .n_from = w->n_from
	};
	uint32_t n = k->grants.n;

	ARENA_PUSH(a, k->grants.v, k->grants.n, k->grants.cap, g);
	ARENA_PUSH(a, k->wish_of, n, k->cap_wish_of, wish);
}

void landlock_cover_grants(struct landlock_cover *k)
{
	struct arena *a = k->policy->arena;

	k->grants.n = 0;
	for (uint32_t i = 0; i < k->wishes.n; i++) {
		const struct landlock_grant *g = &k->wishes.v[i].grant;

		if (g->each) {
			push_grant(k, i, g->each_glob, g->access);
			continue;
		}
		if (!g->beneath) {
			push_grant(k, i, glob_exactly(a, g->path), g->access);
			continue;
		}
		push_grant(k, i, glob_directory(a, g->path), g->access & ~(uint64_t)LL_OF_PARENTS);
		push_grant(k, i, glob_below(a, g->path), g->access);
	}
}

/* ---- paths */

static const char *const because[OP_COUNT] = {
	[OP_IOCTL] = "asks about devices only",
};

/* Where EXECUTE was taken away again. */
static const char *const because_no_exec[OP_COUNT] = {
	[OP_IOCTL] = "asks about devices only",
	[OP_EXEC] = "what the profile may change it may not run",
};

static const char no_unix[] = "does not ask about connecting to unix sockets";

static void note_unhandled(struct landlock_cover *k, const struct path_row *row, uint64_t handled)
{
	for (uint64_t rest = OPS_PATH & ~handled; rest; rest &= rest - 1) {
		enum operation op = (enum operation)__builtin_ctzll(rest);

		for (int v = 0; v < PATH_VARIANTS; v++)
			coverage_note(k->notes, row->by[op][v], op, COVERAGE_UNENFORCED,
				op == OP_CONNECT ? no_unix : NULL);
	}
}

static uint64_t rights_beneath(const struct landlock_cover *k, const struct path_case *c)
{
	uint64_t rights = 0;

	for (uint32_t i = 0; i < c->n_grants; i++) {
		if (k->wishes.v[k->wish_of[c->grants[i] - k->grants.v]].grant.beneath)
			rights |= c->grants[i]->rights;
	}
	return rights;
}

/* A file may only move to where no more is granted than where it was (no_more_access()). */
static void note_moves(struct landlock_cover *k, const struct path_case *c, uint32_t domain)
{
	static const enum operation moving[2] = { OP_RENAME, OP_LINK };
	uint64_t rights = rights_beneath(k, c);

	for (int i = 0; i < 2 && !c->directory; i++) {
		const struct rule *rule =
			c->rows[domain]->by[moving[i]][PATH_VARIANT(1, CLASS_PLAIN)];

		if (!rule_allows(rule, moving[i]))
			continue;
		k->moved[rule->index][i] = true;
		if (!k->moves) {
			k->moves = true;
			k->move_rights = rights;
			k->move_path = arena_strdup(k->policy->arena, c->path);
		} else if (rights != k->move_rights && !k->moves_differ) {
			k->moves_differ = true;
			k->differing_path = arena_strdup(k->policy->arena, c->path);
		}
	}
}

static void note_append(struct landlock_cover *k, const struct path_case *c, uint32_t domain)
{
	for (int owner = 0; owner < 2 && !c->directory; owner++) {
		int v = PATH_VARIANT(owner, CLASS_PLAIN);
		const struct rule *append = c->rows[domain]->by[OP_APPEND][v];

		if (rule_allows(append, OP_APPEND) && c->rights & LL_WRITE_FILE &&
			!rule_allows(c->rows[domain]->by[OP_WRITE][v], OP_WRITE))
			coverage_note(k->notes, append, OP_APPEND, COVERAGE_WIDER,
				"cannot tell append from write");
	}
}

static void cover_case(void *ctx, const struct path_case *c)
{
	struct landlock_cover *k = ctx;
	uint64_t operations = landlock_operations(k->rules->handled_fs);
	struct path_answer answer =
		landlock_answer(k->rules->handled_fs, k->rules->abi, c->rights, c->directory);

	const char *const *why = answer.all & OP_BIT(OP_EXEC) ? because : because_no_exec;

	for (uint32_t d = 0; d < k->policy->n_domains; d++) {
		for (int owner = 0; owner < 2; owner++) {
			coverage_note_case(
				k->notes, c, d, owner, CLASS_PLAIN, operations, answer, why);
			/* One that was changed is to Landlock as it was. */
			coverage_note_case(k->notes, c, d, owner, CLASS_DRIFT,
				operations & OP_BIT(OP_EXEC), answer, why);
		}
		note_unhandled(k, c->rows[d], operations);
		note_moves(k, c, d);
		note_append(k, c, d);
	}
}

/*
 * security/landlock/fs.c lets pass what lies on no mounted file system (is_nouser_or_private()):
 * memfd; and judges a deleted file by the directory that it was in.
 */
static void cover_pathless(struct landlock_cover *k)
{
	static const enum operation operations[] = { OP_EXEC, OP_READ, OP_WRITE, OP_APPEND };

	for (uint32_t d = 0; d < k->policy->n_domains; d++) {
		const struct path_row *row = k->policy->pathless[d];

		note_unhandled(k, row, landlock_operations(k->rules->handled_fs));
		for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
			enum operation op = operations[i];
			enum object_class c = op == OP_EXEC ? CLASS_ANONYMOUS : CLASS_PLAIN;

			for (int owner = 0; owner < 2; owner++)
				coverage_note_answer(k->notes, row->by[op][PATH_VARIANT(owner, c)],
					op, true, false, NULL, "files without a path");
		}
	}
}

/* What a glob stands for was looked up once, when the ruleset was loaded. */
static void cover_later_files(struct landlock_cover *k)
{
	static const enum operation operations[] = { OP_READ, OP_EXEC };
	static const uint64_t access[] = { LL_READ_FILE, LL_EXECUTE };

	for (uint32_t i = 0; i < k->wishes.n; i++) {
		const struct landlock_wish *w = &k->wishes.v[i];

		for (uint32_t m = 0; w->grant.each && m < w->n_from; m++) {
			for (int o = 0; o < 2; o++) {
				if (w->grant.access & access[o] &&
					w->from[m]->operations & OP_BIT(operations[o]))
					coverage_note(k->notes, w->from[m], operations[o],
						COVERAGE_NARROWER,
						"files that come after the start are refused");
			}
		}
	}
}

static void cover_moves(struct landlock_cover *k)
{
	static const enum operation moving[2] = { OP_RENAME, OP_LINK };
	const char *why;

	if (!k->moves_differ)
		return;
	why = arena_printf(k->policy->arena,
		"a file may not move to where more is granted: %s and %s differ", k->move_path,
		k->differing_path);
	for (uint32_t i = 0; i < k->policy->n_rules; i++) {
		for (int m = 0; m < 2; m++) {
			if (k->moved[i][m])
				coverage_note(k->notes, k->policy->rules[i], moving[m],
					COVERAGE_NARROWER, why);
		}
	}
}

/* ---- the rest */

/* The port is granted for some address; here it is another one. */
static void note_far_ports(
	struct landlock_cover *k, enum operation op, const struct endpoint_cell *cell)
{
	for (uint32_t i = 0; i < k->policy->n_rules; i++) {
		const struct rule *rule = k->policy->rules[i];

		if (!(rule->operations & OP_BIT(op)) || !rule_allows(rule, op) ||
			!(rule->protocols & (1u << PROTOCOL_TCP)) ||
			decide_endpoint(k->policy, rule->domain, op, cell).verdict == VERDICT_ALLOW)
			continue;
		for (uint32_t m = 0; m < rule->endpoints.n; m++) {
			if (cell->port_lo >= rule->endpoints.v[m].port_lo &&
				cell->port_lo <= rule->endpoints.v[m].port_hi)
				coverage_note(k->notes, rule, op, COVERAGE_WIDER,
					"knows ports, no addresses");
		}
	}
}

static void cover_endpoint(void *ctx, const struct endpoint_cell *cell)
{
	struct landlock_cover *k = ctx;
	static const enum operation operations[2] = { OP_CONNECT, OP_LISTEN };
	static const uint64_t access[2] = { LL_CONNECT_TCP, LL_BIND_TCP };

	for (uint32_t d = 0; d < k->policy->n_domains; d++) {
		for (int i = 0; i < 2; i++) {
			const struct rule *rule =
				decide_endpoint(k->policy, d, operations[i], cell).rule;
			bool passes = landlock_model_allows_port(k->rules, i, cell->port_lo);

			if (cell->protocol != PROTOCOL_TCP ||
				!(k->rules->handled_net & access[i])) {
				coverage_note(k->notes, rule, operations[i], COVERAGE_UNENFORCED,
					cell->protocol == PROTOCOL_TCP && k->rules->abi >= 4
						? "too many ports to list"
						: NULL);
				continue;
			}
			/*
			 * hook_socket_connect() and _bind() see sockets of IPPROTO_TCP alone, and
			 * sendto(MSG_FASTOPEN) and listen(2) without bind(2) call neither.
			 */
			coverage_note_answer(k->notes, rule, operations[i], true, passes,
				passes ? "knows ports, no addresses"
				: i ? "MPTCP, and listening on no chosen port, is not asked about"
				    : "MPTCP and TCP Fast Open are not asked about",
				endpoint_cell_text(k->policy->arena, cell));
			if (passes && !rule_allows(rule, operations[i]))
				note_far_ports(k, operations[i], cell);
		}
	}
}

struct names {
	struct landlock_cover *k;
	const struct policy *policy;
	bool allowed;
};

static bool any_name(void *ctx, uint32_t state, uint32_t accept, const char *witness, size_t len)
{
	struct names *n = ctx;

	n->allowed |= rule_allows(n->policy->rows[accept]->by[OP_CONNECT][0], OP_CONNECT);
	return !n->allowed;
}

static bool cover_name(void *ctx, uint32_t state, uint32_t accept, const char *witness, size_t len)
{
	struct names *n = ctx;
	struct landlock_cover *k = n->k;
	const struct path_row *row = k->policy->rows[accept];

	coverage_note(k->notes, row->by[OP_LISTEN][0], OP_LISTEN, COVERAGE_UNENFORCED, NULL);
	if (k->rules->scoped & LL_SCOPE_ABSTRACT_UNIX_SOCKET)
		coverage_note_answer(k->notes, row->by[OP_CONNECT][0], OP_CONNECT, true, false,
			NULL, "abstract sockets of its own");
	else
		coverage_note(
			k->notes, row->by[OP_CONNECT][0], OP_CONNECT, COVERAGE_UNENFORCED, no_unix);
	return true;
}

static void walk_names(const struct policy *p, struct names *n, dfa_visit visit)
{
	for (uint32_t d = 0; d < p->n_domains; d++) {
		struct arena *scratch = arena_new();

		dfa_walk(scratch, p->dfa, DFA_ENTRY_NAMES(d), visit, n);
		arena_free(scratch);
	}
}

static void any_signal(void *ctx, const struct task_case *t)
{
	bool *allowed = ctx;

	if (t->target == REQUEST_OUTSIDE && rule_allows(t->rule, OP_SIGNAL))
		*allowed = true;
}

uint64_t landlock_scopes(const struct policy *p, unsigned int abi)
{
	struct names names = { .policy = p };
	bool signals = false;

	if (abi < 6)
		return 0;
	walk_names(p, &names, any_name);
	task_cases(p, OP_SIGNAL, any_signal, &signals);
	return (names.allowed ? 0 : LL_SCOPE_ABSTRACT_UNIX_SOCKET) |
	       (signals ? 0 : LL_SCOPE_SIGNAL);
}

static void cover_signal(void *ctx, const struct task_case *t)
{
	struct landlock_cover *k = ctx;
	bool passes = t->target != REQUEST_OUTSIDE;

	if (!(k->rules->scoped & LL_SCOPE_SIGNAL))
		coverage_note(k->notes, t->rule, OP_SIGNAL, COVERAGE_UNENFORCED, NULL);
	else
		coverage_note_answer(k->notes, t->rule, OP_SIGNAL, passes, passes, NULL, t->text);
}

/* security/landlock/task.c: the tracer's domain must hold the tracee's. */
static void cover_ptrace(void *ctx, const struct task_case *t)
{
	struct landlock_cover *k = ctx;
	bool passes = t->target != REQUEST_OUTSIDE;

	coverage_note_answer(k->notes, t->rule, OP_PTRACE, passes, passes, NULL, t->text);
}

/* security/landlock/fs.c refuses mount, move_mount, remount, umount and pivot_root to every domain
 * that handles files. */
static void cover_mounts(struct landlock_cover *k)
{
	static const enum operation operations[] = { OP_MOUNT, OP_BIND, OP_PIVOT };

	for (uint32_t i = 0; i < k->policy->n_rules; i++) {
		const struct rule *rule = k->policy->rules[i];

		for (size_t m = 0; m < sizeof(operations) / sizeof(*operations); m++) {
			if (rule->operations & OP_BIT(operations[m]))
				coverage_note_answer(k->notes, rule, operations[m], false, false,
					"refuses every change of the mount tree", "this too");
		}
	}
}

static void cover_others(struct landlock_cover *k)
{
	const uint64_t others = OP_BIT(OP_FORK) | OP_BIT(OP_USERNS) | OP_BIT(OP_SOCKET) |
				OP_BIT(OP_SYSCALL) | OP_BIT(OP_CAPABILITY) | OP_BIT(OP_LIMIT);

	for (uint32_t i = 0; i < k->policy->n_rules; i++) {
		const struct rule *rule = k->policy->rules[i];

		for (uint64_t rest = rule->operations & others; rest; rest &= rest - 1)
			coverage_note(k->notes, rule, (enum operation)__builtin_ctzll(rest),
				COVERAGE_UNENFORCED, NULL);
	}
}

/*
 * Landlock itself tells nothing to who is not privileged: reports come from looking at a call
 * before it goes on, and who changes the path in memory after that look is not seen.
 */
static void cover_audit(struct landlock_cover *k)
{
	for (uint32_t i = 0; i < k->policy->n_rules; i++) {
		const struct rule *rule = k->policy->rules[i];

		if (rule->effect != EFFECT_AUDIT)
			continue;
		for (uint64_t rest = rule->operations & OPS_PATH; rest; rest &= rest - 1)
			coverage_note(k->notes, rule, (enum operation)__builtin_ctzll(rest),
				COVERAGE_WIDER,
				"a program that swaps the path meanwhile is not reported");
		for (uint64_t rest = rule->operations & (OP_BIT(OP_SIGNAL) | OP_BIT(OP_PTRACE));
			rest; rest &= rest - 1)
			coverage_note(k->notes, rule, (enum operation)__builtin_ctzll(rest),
				COVERAGE_WIDER, "its use is not reported");
	}
}

void landlock_cover_nothing(struct landlock_cover *k, struct coverage *c)
{
	for (uint32_t i = 0; i < k->policy->n_rules; i++)
		coverage_set_all(c, k->policy->rules[i], MECHANISM_LANDLOCK, COVERAGE_UNENFORCED,
			"cannot report without refusing");
}

int landlock_cover(struct landlock_cover *k, struct coverage *c, struct pale_err **err)
{
	const struct policy *p = k->policy;
	struct names names = { .k = k, .policy = p };
	int r;

	k->notes = coverage_notes_new(p);
	k->moved = arena_array(p->arena, p->n_rules, sizeof(*k->moved));
	landlock_cover_grants(k);
	r = coverage_walk_paths(p, 0, p->n_domains, &k->grants, cover_case, k, err);
	if (r < 0)
		return r;
	cover_pathless(k);
	cover_moves(k);
	cover_later_files(k);
	endpoint_cells(p, cover_endpoint, k);
	walk_names(p, &names, cover_name);
	task_cases(p, OP_SIGNAL, cover_signal, k);
	task_cases(p, OP_PTRACE, cover_ptrace, k);
	cover_mounts(k);
	cover_others(k);
	cover_audit(k);
	coverage_notes_flush(k->notes, c, MECHANISM_LANDLOCK);
	return 0;
}
