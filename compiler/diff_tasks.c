/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/diff_internal.h"

/* One target: the process's own kind, a sub-profile that both have, or anything else. */
static void ask_target(const struct comparison *c, enum operation op, int signal,
	struct request before, struct request after, const char *target)
{
	const char *name = signal ? vocab_signal_name(signal) : NULL;
	struct text object = TEXT_INIT;

	before.operation = after.operation = op;
	before.signal = after.signal = signal;
	if (op == OP_PTRACE)
		text_puts(&object, target);
	else if (name)
		text_printf(&object, "%s to %s", name, target);
	else
		text_printf(&object, "%d to %s", signal, target);
	diff_ask(c, &before, &after, object.s, object.len, false);
	text_release(&object);
}

static void ask_targets(const struct comparison *c, enum operation op, int signal)
{
	const struct policy *before = c->diff->before, *after = c->diff->after;
	struct request self = { .target = REQUEST_SELF }, outside = { .target = REQUEST_OUTSIDE };

	/* The farthest first: it is the witness that says most. */
	ask_target(c, op, signal, outside, outside, "any");
	for (uint32_t i = 0; i < after->n_domains; i++) {
		int32_t other = i ? diff_counterpart(after, i, before) : 0;
		struct request old = { .target = REQUEST_DOMAIN, .target_domain = (uint32_t)other };
		struct request new = { .target = REQUEST_DOMAIN, .target_domain = i };

		if (i != c->after && other >= 0)
			ask_target(c, op, signal, old, new, after->domains[i]->name);
	}
	ask_target(c, op, signal, self, self, "self");
}

void diff_tasks(const struct comparison *c)
{
	for (int signal = 1; signal <= 64; signal++)
		ask_targets(c, OP_SIGNAL, signal);
	ask_targets(c, OP_PTRACE, 0);
}
