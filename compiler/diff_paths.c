/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/diff_internal.h"

#include <errno.h>
#include <string.h>

struct walk {
	const struct comparison *c;
	const struct dfa_pair *pairs;
	bool names; /* of abstract sockets */
};

static void ask_operation(struct walk *w, enum operation op, const char *s, size_t len)
{
	static const char unix_path[] = "unix ", unix_name[] = "unix abstract:";
	bool socket = op == OP_CONNECT || op == OP_LISTEN;
	const char *prefix = !socket ? "" : w->names ? unix_name : unix_path;
	struct request r = { .operation = op, .protocol = PROTOCOL_UNIX };
	int classes = op == OP_EXEC || op == OP_MAP ? CLASS_COUNT : 1;
	struct text object = TEXT_INIT;

	text_puts(&object, prefix);
	text_add(&object, s, len);
	if (w->names) {
		r.name = s;
		r.name_len = (uint32_t)len;
	} else {
		r.path = s;
		r.path_len = (uint32_t)len;
	}
	for (int k = 0; k < classes; k++) {
		/* What has no path is asked once, below. */
		if (k == CLASS_ANONYMOUS)
			continue;
		r.object_class = (enum object_class)k;
		r.owner = true;
		if (diff_ask_both(w->c, &r, &object))
			continue;
		r.owner = false;
		diff_ask(w->c, &r, &r, object.s, object.len, true);
	}
	text_release(&object);
}

static bool visit(void *ctx, uint32_t state, uint32_t accept, const char *s, size_t len)
{
	struct walk *w = ctx;
	const struct policy *before = w->c->diff->before, *after = w->c->diff->after;
	const struct path_row *old = before->rows[w->pairs[state].a];
	const struct path_row *new = after->rows[w->pairs[state].b];
	uint64_t operations = w->names ? OP_BIT(OP_CONNECT) | OP_BIT(OP_LISTEN) : OPS_PATH;

	for (; operations; operations &= operations - 1) {
		enum operation op = (enum operation)__builtin_ctzll(operations);

		if (old->by[op][0] && new->by[op][0])
			ask_operation(w, op, s, len);
	}
	return true;
}

static int walk(const struct comparison *c, bool names, struct pale_err **err)
{
	const struct policy *before = c->diff->before, *after = c->diff->after;
	struct arena *scratch = arena_new();
	struct walk w = { .c = c, .names = names };
	const struct dfa *d = dfa_product(scratch, before->dfa,
		names ? DFA_ENTRY_NAMES(c->before) : DFA_ENTRY_PATHS(c->before), after->dfa,
		names ? DFA_ENTRY_NAMES(c->after) : DFA_ENTRY_PATHS(c->after), &w.pairs);
	int r = 0;

	if (!d)
		r = pale_err_plain(err, E2BIG,
			"the paths of both policies together need an automaton of more than %d "
			"states",
			DFA_PRODUCT_MAX);
	else
		(names ? dfa_walk : dfa_walk_paths)(scratch, d, 0, visit, &w);
	arena_free(scratch);
	return r;
}

/* Files that have no path. */
static void ask_pathless(const struct comparison *c)
{
	static const enum operation operations[] = { OP_EXEC, OP_MAP };
	static const char object[] = "anonymous";

	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		struct request r = {
			.operation = operations[i], .object_class = CLASS_ANONYMOUS, .owner = true
		};

		diff_ask(c, &r, &r, object, strlen(object), false);
	}
}

int diff_paths(const struct comparison *c, struct pale_err **err)
{
	int r = walk(c, false, err);

	if (r >= 0)
		r = walk(c, true, err);
	ask_pathless(c);
	return r;
}
