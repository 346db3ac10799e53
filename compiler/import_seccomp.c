/* SPDX-License-Identifier: Apache-2.0 */
/* From struct import_seccomp to a policy's text: the steps, and what stands around the rules. */
#include "compiler/import_seccomp_internal.h"

void import_push(struct import_writing *w, struct policy_words *to, const char *s)
{
	ARENA_PUSH(w->arena, to->v, to->n, to->cap, s);
}

const char *import_path_text(const struct import_writing *w, const struct json_path *path)
{
	return json_path_text(w->arena, path);
}

/* Diagnostics that are only counted need no place. */
struct span import_place(const struct import_writing *w, const struct json_path *path)
{
	if (w->diags->n >= DIAG_MAX)
		return (struct span){ .source = w->source->id };
	return json_path_place(w->model->document, path);
}

bool import_same_action(struct import_action a, struct import_action b)
{
	return a.verdict == b.verdict && (a.verdict != IMPORT_ERRNO || a.errnum == b.errnum);
}

static void write_head(struct import_writing *w, struct text *to)
{
	policy_text_comment(to, 0,
		arena_printf(w->arena,
			"Made by 'pale import' from the seccomp profile %s. It says nothing of "
			"files, processes and network: the rules for them are missing here, and "
			"what no rule allows is refused.",
			w->source->portable_name));
	for (size_t i = 0; i < w->model->notes.n; i++)
		policy_text_comment(to, 0, w->model->notes.v[i]);
	if (w->comments.n)
		text_puts(to, "#\n");
	for (size_t i = 0; i < w->comments.n; i++)
		policy_text_comment(to, 0, w->comments.v[i]);
}

static void write_profile(struct import_writing *w, const char *name, struct text *to)
{
	struct policy_words abis = { 0 }, capabilities = { 0 };

	for (int abi = 0; abi < ABI_COUNT; abi++) {
		if (w->model->abis & 1u << abi)
			import_push(w, &abis, vocab_abi_name((enum abi)abi));
	}
	for (int i = 0; i < VOCAB_N_CAPABILITIES; i++) {
		if (w->model->capabilities >> i & 1)
			import_push(w, &capabilities, vocab_capability_name(i));
	}
	policy_words_sort(&capabilities);
	policy_text_line(to, 0, "profile %s {", name);
	policy_text_list(to, POLICY_TEXT_INDENT, "abi", &abis, NULL);
	if (w->model->default_action.verdict == IMPORT_KILL)
		policy_text_line(to, POLICY_TEXT_INDENT, "on violation kill");
	policy_text_list(to, POLICY_TEXT_INDENT, "allow capability", &capabilities, NULL);
	policy_text_line(to, POLICY_TEXT_INDENT, "syscall {");
	for (uint32_t i = 0; i < w->n_buckets; i++) {
		struct import_bucket *b = &w->buckets[i];

		policy_words_sort(&b->whole);
		policy_text_list(to, IMPORT_RULE_INDENT, import_effects[b->action.verdict],
			&b->whole, import_tail(w, b->action));
		for (size_t k = 0; k < b->rules.n; k++)
			text_puts(to, b->rules.v[k]);
	}
	policy_text_line(to, POLICY_TEXT_INDENT, "}");
	policy_text_line(to, 0, "}");
}

bool import_seccomp_write(const struct import_seccomp *m, const struct source *s, const char *name,
	struct diag_list *diags, struct text *to)
{
	struct import_writing w = {
		.arena = diags->arena, .diags = diags, .model = m, .source = s
	};

	w.calls = arena_array(w.arena, vocab_n_syscalls, sizeof(*w.calls));
	for (uint32_t i = 0; i < m->n; i++) {
		const struct import_entry *e = &m->entries[i];

		if (e->left_out)
			import_tell_left_out(&w, e);
		else
			import_calls_add(&w, e);
	}
	import_multiplexed(&w);
	import_calls_settle(&w);
	import_tell_names(&w);
	if (diags->n_errors || !import_rules(&w))
		return false;
	write_head(&w, to);
	text_putc(to, '\n');
	write_profile(&w, name, to);
	return true;
}
