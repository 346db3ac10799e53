/* SPDX-License-Identifier: Apache-2.0 */
/* Rules as text: one a line for the compiler, and as people write them for people. */
#include "compiler/learn_internal.h"

#include "compiler/base/cleanup.h"
#include "compiler/policy_text.h"

#include <stdlib.h>
#include <string.h>

static const char *const block_names[LEARN_BLOCKS] = {
	[LEARN_PROCESS] = "process",
	[LEARN_FILE] = "file",
	[LEARN_NETWORK] = "network",
	[LEARN_MOUNT] = "mount",
	[LEARN_SYSCALL] = "syscall",
	[LEARN_CAPABILITY] = "capability",
};

#define MODIFY                                                                                     \
	(OP_BIT(OP_WRITE) | OP_BIT(OP_CREATE) | OP_BIT(OP_DELETE) | OP_BIT(OP_RENAME) |            \
		OP_BIT(OP_LINK) | OP_BIT(OP_SETATTR) | OP_BIT(OP_LOCK))

/* "read, write, create". */
static void file_operations(struct text *to, uint64_t operations)
{
	const char *comma = "";

	/* `write` holds append, `modify` its seven. */
	if (operations & OP_BIT(OP_WRITE))
		operations &= ~OP_BIT(OP_APPEND);
	for (int op = 0; op < OP_COUNT; op++) {
		bool all = (operations & MODIFY) == MODIFY;

		if (!(operations & OP_BIT(op)))
			continue;
		text_printf(to, "%s%s", comma,
			all && (MODIFY & OP_BIT(op)) ? "modify" : vocab_operations[op].name);
		if (all && (MODIFY & OP_BIT(op)))
			operations &= ~(uint64_t)MODIFY;
		comma = ", ";
	}
}

/* What stands before the objects: "read, write", "connect tcp"; nothing for calls. */
static void head_of(struct text *to, const struct learn_rule *r)
{
	if (r->block == LEARN_FILE && r->operations)
		file_operations(to, r->operations);
	else
		text_puts(to, r->operation);
}

static const char *words_of(struct learn_work *w, const struct learn_rule *r)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	head_of(&t, r);
	if (!t.len && r->block == LEARN_SYSCALL)
		text_puts(&t, "syscall");
	if (!t.len && r->block == LEARN_CAPABILITY)
		text_puts(&t, "capability");
	if (*r->object)
		text_printf(&t, " %s", r->object);
	if (*r->tail)
		text_printf(&t, " %s", r->tail);
	return arena_strdup(w->arena, text_str(&t));
}

/* ---- for the compiler */

static void count_lines(struct text *to, size_t *at, uint32_t *line)
{
	for (; *at < to->len; ++*at)
		*line += to->s[*at] == '\n';
}

static bool needs_abis(const struct learn_work *w)
{
	return !w->has_abi && (w->abis & ~(1u << vocab_abi_native()));
}

static void write_abis(struct learn_work *w, struct text *to, unsigned int indent)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (!needs_abis(w))
		return;
	text_printf(&t, "abi %s", vocab_abi_name(vocab_abi_native()));
	for (int i = 0; i < ABI_COUNT; i++) {
		if ((w->abis & (1u << i)) && i != (int)vocab_abi_native())
			text_printf(&t, ", %s", vocab_abi_name((enum abi)i));
	}
	policy_text_line(to, indent, "%s", text_str(&t));
}

static void draft_domain(
	struct learn_work *w, struct learn_domain *d, struct text *to, size_t *at, uint32_t *line)
{
	for (uint32_t i = 0; i < d->n_includes; i++) {
		if (d->includes[i].dropped)
			continue;
		count_lines(to, at, line);
		d->includes[i].line = *line;
		policy_text_line(to, 0, "include %s", d->includes[i].name);
	}
	for (uint32_t i = 0; i < d->n_rules; i++) {
		if (d->rules[i].dropped)
			continue;
		count_lines(to, at, line);
		d->rules[i].line = *line;
		policy_text_line(to, 0, "allow %s", words_of(w, &d->rules[i]));
	}
}

void learn_write_draft(struct learn_work *w, struct text *to)
{
	size_t at = to->len;
	uint32_t line = 1;

	write_abis(w, to, 0);
	draft_domain(w, &w->domains[0], to, &at, &line);
	for (uint32_t i = 1; i < w->n_domains; i++) {
		policy_text_line(to, 0, "profile %s {", w->domains[i].name);
		draft_domain(w, &w->domains[i], to, &at, &line);
		policy_text_line(to, 0, "}");
	}
}

const char *learn_draft_line(struct learn_work *w, uint32_t line, bool drop, bool *ret_is_glob)
{
	for (uint32_t i = 0; i < w->n_domains; i++) {
		struct learn_domain *d = &w->domains[i];

		for (uint32_t k = 0; k < d->n_rules; k++) {
			struct learn_rule *r = &d->rules[k];

			if (r->dropped || r->line != line)
				continue;
			r->dropped = drop;
			if (ret_is_glob)
				*ret_is_glob = r->is_glob;
			return words_of(w, r);
		}
		for (uint32_t k = 0; k < d->n_includes; k++) {
			struct learn_include *n = &d->includes[k];

			if (n->dropped || n->line != line)
				continue;
			n->dropped = drop;
			if (ret_is_glob)
				*ret_is_glob = false;
			return arena_printf(w->arena, "include %s", n->name);
		}
	}
	return NULL;
}

/* Nobody reads a longer list: what was seen is named. */
#define EXCEPTS_MAX 16

static bool has_except(const struct learn_rule *r, const char *path)
{
	for (uint32_t i = 0; i < r->excepts.n; i++) {
		if (!strcmp(r->excepts.v[i], path))
			return true;
	}
	return false;
}

static void except(struct learn_work *w, struct learn_rule *r, const char *path)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	ARENA_PUSH(w->arena, r->excepts.v, r->excepts.n, r->excepts.cap, path);
	text_puts(&t, "except ");
	for (uint32_t i = 0; i < r->excepts.n; i++)
		text_printf(&t, "%s%s", i ? ", " : "", r->excepts.v[i]);
	r->tail = arena_strdup(w->arena, text_str(&t));
	r->dropped = r->excepts.n > EXCEPTS_MAX;
}

bool learn_draft_except(struct learn_work *w, uint32_t line, const char *path, uint32_t len)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	policy_text_path(&t, path, len);
	for (uint32_t i = 0; i < w->n_domains; i++) {
		for (uint32_t k = 0; k < w->domains[i].n_rules; k++) {
			struct learn_rule *r = &w->domains[i].rules[k];

			if (r->dropped || r->line != line || !r->is_glob ||
				has_except(r, text_str(&t)))
				continue;
			except(w, r, arena_strdup(w->arena, text_str(&t)));
			return true;
		}
	}
	return false;
}

/* Whether @file is the one that `use` names. */
static bool is_used_file(const char *file, const char *use)
{
	size_t len = strlen(file), tail = strlen(use);

	return len >= tail + 5 && !strncmp(file + len - tail - 5, use, tail);
}

const char *learn_draft_drop_include(struct learn_work *w, const char *file)
{
	for (uint32_t i = 0; i < w->n_domains; i++) {
		for (uint32_t k = 0; k < w->domains[i].n_includes; k++) {
			struct learn_include *n = &w->domains[i].includes[k];

			if (n->dropped || !is_used_file(file, n->use))
				continue;
			n->dropped = true;
			return arena_printf(w->arena, "include %s", n->name);
		}
	}
	return NULL;
}

/* ---- for people */

/* A rule with what it is grouped by. */
struct line {
	const struct learn_rule *r;
	const char *head, *comment;
};

static int compare_lines(const struct line *a, const struct line *b)
{
	int order = ((int)a->r->block > (int)b->r->block) - ((int)a->r->block < (int)b->r->block);

	if (!order)
		order = strcmp(a->head, b->head);
	if (!order)
		order = strcmp(a->r->tail, b->r->tail);
	if (!order)
		order = (a->r->why != NULL) - (b->r->why != NULL);
	return order ? order : strcmp(a->comment, b->comment);
}

static int by_line(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	int order = compare_lines(x, y);

	return order ? order : strcmp(x->r->object, y->r->object);
}

static void write_group(struct learn_work *w, const struct line *v, uint32_t n, unsigned int indent,
	struct text *to)
{
	_cleanup_(text_release) struct text head = TEXT_INIT;
	struct policy_words words = { 0 };

	for (uint32_t i = 0; i < n; i++) {
		if (*v[i].r->object)
			ARENA_PUSH(w->arena, words.v, words.n, words.cap, v[i].r->object);
	}
	policy_text_comment(to, indent, v->comment);
	text_printf(&head, "allow%s%s", *v->head ? " " : "", v->head);
	if (words.n)
		policy_text_list(
			to, indent, text_str(&head), &words, *v->r->tail ? v->r->tail : NULL);
	else
		policy_text_line(
			to, indent, "%s%s%s", text_str(&head), *v->r->tail ? " " : "", v->r->tail);
}

static void write_rules(
	struct learn_work *w, const struct learn_domain *d, unsigned int indent, struct text *to)
{
	struct line *v = arena_array(w->arena, d->n_rules, sizeof(*v));
	uint32_t n = 0;

	for (uint32_t i = 0; i < d->n_rules; i++) {
		_cleanup_(text_release) struct text head = TEXT_INIT;
		const struct learn_rule *r = &d->rules[i];
		const char *seen = learn_seen_text(w, &r->seen);

		if (r->dropped)
			continue;
		head_of(&head, r);
		v[n++] = (struct line){ .r = r,
			.head = arena_strdup(w->arena, text_str(&head)),
			.comment = r->why ? arena_printf(w->arena, "%s; %s", seen, r->why) : seen };
	}
	if (n)
		qsort(v, n, sizeof(*v), by_line);
	w->result->n_rules += n;
	for (uint32_t i = 0, end; i < n; i = end) {
		if (i == 0 || v[i - 1].r->block != v[i].r->block)
			policy_text_line(to, indent, "%s {", block_names[v[i].r->block]);
		for (end = i + 1; end < n && compare_lines(&v[i], &v[end]) == 0; end++)
			;
		write_group(w, &v[i], end - i, indent + POLICY_TEXT_INDENT, to);
		if (end == n || v[end].r->block != v[i].r->block)
			policy_text_line(to, indent, "}");
	}
}

static void write_domain(
	struct learn_work *w, const struct learn_domain *d, unsigned int indent, struct text *to)
{
	for (uint32_t i = 0; i < d->n_includes; i++) {
		if (d->includes[i].dropped)
			continue;
		policy_text_comment(to, indent, d->includes[i].why);
		policy_text_line(to, indent, "include %s", d->includes[i].name);
		w->result->n_includes++;
	}
	write_rules(w, d, indent, to);
}

void learn_write_rules(struct learn_work *w, struct text *to)
{
	w->result->n_rules = w->result->n_includes = 0;
	write_abis(w, to, POLICY_TEXT_INDENT);
	write_domain(w, &w->domains[0], POLICY_TEXT_INDENT, to);
	for (uint32_t i = 1; i < w->n_domains; i++) {
		policy_text_line(to, POLICY_TEXT_INDENT, "profile %s {", w->domains[i].name);
		write_domain(w, &w->domains[i], 2 * POLICY_TEXT_INDENT, to);
		policy_text_line(to, POLICY_TEXT_INDENT, "}");
	}
}

void learn_write_uses(struct learn_work *w, struct text *to)
{
	struct policy_words words = { 0 };

	for (uint32_t i = 0; i < w->n_domains; i++) {
		for (uint32_t k = 0; k < w->domains[i].n_includes; k++) {
			if (!w->domains[i].includes[k].dropped)
				ARENA_PUSH(w->arena, words.v, words.n, words.cap,
					w->domains[i].includes[k].use);
		}
	}
	policy_words_sort(&words);
	policy_text_list(to, 0, "use", &words, NULL);
}
