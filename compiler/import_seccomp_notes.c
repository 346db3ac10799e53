/* SPDX-License-Identifier: Apache-2.0 */
/* What of a profile is not in the policy: told on the terminal, and in the policy's head. */
#include "compiler/import_seccomp_internal.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/formatted.h"

#include <stdlib.h>

static void comment(struct import_writing *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void comment(struct import_writing *w, const char *format, ...)
{
	_cleanup_free_ char *s = FORMATTED(format);

	import_push(w, &w->comments, arena_strdup(w->arena, s));
}

void import_without_effect(
	struct import_writing *w, const struct json_path *path, const char *call, const char *why)
{
	const char *text = import_path_text(w, path);

	diag_warning(
		w->diags, import_place(w, path), "%s: without effect on '%s': %s", text, call, why);
	comment(w, "Without effect on %s (%s): %s.", call, text, why);
}

static const char *joined(struct import_writing *w, const struct policy_words *words, size_t most)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	for (size_t i = 0; i < words->n && i < most; i++)
		text_printf(&t, "%s%s", i ? ", " : "", words->v[i]);
	if (words->n > most)
		text_puts(&t, ", …");
	return arena_strdup(w->arena, text_str(&t));
}

void import_tell_left_out(struct import_writing *w, const struct import_entry *e)
{
	struct policy_words names = { 0 };
	const char *tail = import_tail(w, e->action);

	for (size_t i = 0; i < e->names.n; i++)
		import_push(w, &names,
			e->n_conditions ? arena_printf(w->arena, "%s(…)", e->names.v[i])
					: e->names.v[i]);
	policy_words_sort(&names);
	comment(w, "Left out, %s (%s): %s %s%s%s.", e->left_out, import_path_text(w, e->path),
		e->other_action			    ? e->other_action
		: e->action.verdict == IMPORT_ALLOW ? "allow"
						    : import_effects[e->action.verdict],
		joined(w, &names, SIZE_MAX), tail ? " " : "", tail ? tail : "");
}

void import_tell_names(struct import_writing *w)
{
	/* On a terminal; the policy has them all. */
	enum { TOLD_MAX = 20 };

	policy_words_sort(&w->unknown);
	policy_words_sort(&w->absent);
	if (w->unknown.n) {
		diag_warning(w->diags, import_place(w, w->unknown_at),
			"%zu call%s left out that the tables do not know: %s", w->unknown.n,
			w->unknown.n == 1 ? "" : "s", joined(w, &w->unknown, TOLD_MAX));
		comment(w, "Left out, %zu call%s that the tables do not know: %s.", w->unknown.n,
			w->unknown.n == 1 ? "" : "s", joined(w, &w->unknown, SIZE_MAX));
	}
	if (w->absent.n)
		comment(w, "Left out, conditions on calls that these ABIs do not have: %s.",
			joined(w, &w->absent, SIZE_MAX));
}
