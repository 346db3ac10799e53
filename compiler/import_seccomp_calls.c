/* SPDX-License-Identifier: Apache-2.0 */
/* What each call gets: the entries that name it, merged, and where they say different things. */
#include "compiler/import_seccomp_internal.h"

#include "compiler/cells.h"

/* More can hardly be told apart (cells.h). */
#define ALTERNATIVES_MAX 1024

bool import_has_call(const struct import_writing *w, uint32_t call)
{
	for (int abi = 0; abi < ABI_COUNT; abi++) {
		if (w->model->abis & 1u << abi && vocab_syscalls[call].number[abi] >= 0)
			return true;
	}
	return false;
}

static void contradiction(struct import_writing *w, const char *call, const struct import_entry *a,
	const struct import_entry *b)
{
	struct diag *d = diag_error(w->diags, import_place(w, b->path),
		"%s: for some arguments of '%s' it says something else than %s",
		import_path_text(w, b->path), call, import_path_text(w, a->path));

	diag_note(w->diags, d, import_place(w, a->path), "the other is here");
	diag_hint(w->diags, d,
		"which of them wins is not specified: make their conditions exclude "
		"each other");
}

void import_add_alternative(struct import_writing *w, uint32_t syscall,
	const struct import_entry *e, const struct import_condition *conditions, uint32_t n)
{
	struct import_call *call = &w->calls[syscall];
	struct import_alternative x = { .action = e->action, .entry = e };
	const char *name = vocab_syscalls[syscall].name;

	for (uint8_t index = 0; index < 6; index++) {
		for (uint32_t i = 0; i < n; i++) {
			struct import_test t = { .index = index };

			if (conditions[i].index != index)
				continue;
			t.argument = import_argument(w, syscall, &conditions[i], &t.width);
			if (!t.argument)
				return;
			switch (import_test_lower(&conditions[i], &t)) {
			case IMPORT_NEVER:
				import_without_effect(w, conditions[i].path, name,
					arena_printf(w->arena,
						"of argument %u the kernel reads %u bits, for "
						"which this never holds",
						index, t.width));
				return;
			case IMPORT_SOMETIMES:
				x.tests[x.n_tests++] = t;
				break;
			case IMPORT_ALWAYS:
				break;
			}
		}
	}
	for (uint32_t i = 0; i < call->n; i++) {
		if (import_same_tests(&call->v[i], &x) &&
			import_same_action(call->v[i].action, x.action))
			return;
	}
	if (call->n == ALTERNATIVES_MAX) {
		diag_error(w->diags, import_place(w, e->path),
			"%s: more than %d different conditions on '%s'",
			import_path_text(w, e->path), ALTERNATIVES_MAX, name);
		return;
	}
	ARENA_PUSH(w->arena, call->v, call->n, call->cap, x);
}

/* runc: two conditions on one argument make an entry of each condition. */
static bool doubled(const struct import_entry *e)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < e->n_conditions; i++) {
		if (seen & 1u << e->conditions[i].index)
			return true;
		seen |= 1u << e->conditions[i].index;
	}
	return false;
}

static void count_name(struct import_writing *w, const char *name)
{
	int found = vocab_syscall_find(name);

	for (int abi = 0; found >= 0 && abi < ABI_COUNT; abi++) {
		if (vocab_syscalls[found].number[abi] > w->last[abi])
			w->last[abi] = vocab_syscalls[found].number[abi];
	}
}

static void add_name(struct import_writing *w, const struct import_entry *e, const char *name)
{
	int found = vocab_syscall_find(name);
	struct import_call *call;

	if (found < 0) {
		if (!w->unknown.n)
			w->unknown_at = e->path;
		import_push(w, &w->unknown, name);
		return;
	}
	call = &w->calls[found];
	if (!e->n_conditions) {
		if (call->whole && !import_same_action(call->whole->action, e->action))
			import_without_effect(w, e->path, name,
				arena_printf(w->arena,
					"%s, which stands before it, speaks of the call, too",
					import_path_text(w, call->whole->path)));
		if (!call->whole)
			call->whole = e;
		return;
	}
	if (!import_has_call(w, (uint32_t)found)) {
		import_push(w, &w->absent, name);
		return;
	}
	if (!doubled(e)) {
		import_add_alternative(w, (uint32_t)found, e, e->conditions, e->n_conditions);
		return;
	}
	for (uint32_t i = 0; i < e->n_conditions; i++)
		import_add_alternative(w, (uint32_t)found, e, &e->conditions[i], 1);
}

void import_calls_add(struct import_writing *w, const struct import_entry *e)
{
	for (size_t i = 0; i < e->names.n; i++) {
		count_name(w, e->names.v[i]);
		if (!import_same_action(e->action, w->model->default_action))
			add_name(w, e, e->names.v[i]);
	}
}

/* Leaves of a call either @whole or alternatives of which no two say different things. */
static void settle(struct import_writing *w, uint32_t syscall)
{
	struct import_call *call = &w->calls[syscall];
	const char *name = vocab_syscalls[syscall].name;

	if (call->whole) {
		for (uint32_t i = 0; i < call->n; i++) {
			const struct import_entry *e = call->v[i].entry;

			if (!import_same_action(call->v[i].action, call->whole->action))
				import_without_effect(w, e->path, name,
					arena_printf(w->arena,
						"%s speaks of the call whatever its arguments",
						import_path_text(w, call->whole->path)));
		}
		call->n = 0;
		return;
	}
	for (uint32_t i = 0; i < call->n; i++) {
		for (uint32_t k = 0; k < i; k++) {
			if (import_same_action(call->v[i].action, call->v[k].action) ||
				!import_overlap(&call->v[i], &call->v[k]))
				continue;
			contradiction(w, name, call->v[k].entry, call->v[i].entry);
			return;
		}
	}
	for (uint32_t i = 0; i < call->n; i++) {
		/* Of a comparison that always holds, which then all others agree with. */
		if (call->v[i].n_tests)
			continue;
		call->whole = call->v[i].entry;
		call->n = 0;
		return;
	}
	if (call->n && !import_few_cells(call))
		diag_error(w->diags, import_place(w, call->v[0].entry->path),
			"%s: the conditions on '%s' tell more than %d cases apart, or have more "
			"than %d masks",
			import_path_text(w, call->v[0].entry->path), name, CELLS_MAX,
			CELL_MASKS_MAX);
}

void import_calls_settle(struct import_writing *w)
{
	for (uint32_t i = 0; i < vocab_n_syscalls; i++)
		settle(w, i);
}
