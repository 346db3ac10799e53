/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts the words of the language into a template: generate <TEMPLATE >FILE
 *
 *	@statements:keywords@	blank after blank, on lines that Vim joins
 *	@statements:vim@	a\|b, for a pattern of Vim
 *	@statements:regex@	a|b
 *
 * The words are the parser's and the vocabulary's own: there is no second list of them.
 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/lower.h"
#include "compiler/parse.h"
#include "compiler/vocab.h"

#include <string.h>

#define COLUMNS 100

struct list {
	const char *v[4096];
	size_t n;
};

static void add(void *ctx, const char *name)
{
	struct list *l = ctx;

	/* RTMIN+1 and the like are for a pattern. */
	if (strchr(name, '+'))
		return;
	for (size_t i = 0; i < l->n; i++) {
		if (!strcmp(l->v[i], name))
			return;
	}
	if (l->n == sizeof(l->v) / sizeof(*l->v))
		abort();
	l->v[l->n++] = name;
}

static void add_effects(struct list *l)
{
	parse_each_statement_word(FRAME_BLOCK, BLOCK_SYSCALL, add, l);
}

static void add_statements(struct list *l)
{
	struct list effects = { 0 }, all = { 0 };

	add_effects(&effects);
	parse_each_statement_word(FRAME_FILE, BLOCK_NONE, add, &all);
	parse_each_statement_word(FRAME_PROFILE, BLOCK_NONE, add, &all);
	for (size_t i = 0; i < all.n; i++) {
		bool effect = false;

		for (size_t k = 0; k < effects.n; k++)
			effect = effect || !strcmp(effects.v[k], all.v[i]);
		if (!effect)
			add(l, all.v[i]);
	}
}

static void add_clauses(struct list *l)
{
	parse_each_clause_word(add, l);
}

static void add_operations(struct list *l)
{
	parse_each_operation(BLOCK_NONE, add, l);
}

static void add_list(struct list *l, const char *const *names)
{
	for (; *names; names++)
		add(l, *names);
}

static void add_protocols(struct list *l)
{
	add_list(l, parse_protocols);
}

static void add_classes(struct list *l)
{
	add_list(l, parse_classes);
}

static void add_limits(struct list *l)
{
	add_list(l, parse_limits);
}

static void add_kinds(struct list *l)
{
	add_list(l, parse_group_kinds);
}

static void add_options(struct list *l)
{
	for (size_t i = 0; i < MOUNT_OPTION_COUNT; i++)
		add(l, mount_options[i].name);
}

/* What settings say, and whom a signal goes to. */
static void add_values(struct list *l)
{
	add_list(l, parse_modes);
	add_list(l, parse_violations);
	for (int i = 0; i < ABI_COUNT; i++)
		add(l, vocab_abi_name((enum abi)i));
}

static void add_calls(struct list *l)
{
	vocab_each(VOCAB_SYSCALL, add, l);
}

static void add_capabilities(struct list *l)
{
	vocab_each(VOCAB_CAPABILITY, add, l);
}

static void add_families(struct list *l)
{
	vocab_each(VOCAB_FAMILY, add, l);
}

static void add_constants(struct list *l)
{
	vocab_each(VOCAB_CONSTANT, add, l);
	vocab_each(VOCAB_ERRNO, add, l);
	vocab_each(VOCAB_SIGNAL, add, l);
	vocab_each(VOCAB_NETLINK, add, l);
}

static const struct {
	const char *name;
	void (*add)(struct list *l);
} lists[] = {
	{ "statements", add_statements },
	{ "effects", add_effects },
	{ "clauses", add_clauses },
	{ "operations", add_operations },
	{ "protocols", add_protocols },
	{ "classes", add_classes },
	{ "limits", add_limits },
	{ "kinds", add_kinds },
	{ "options", add_options },
	{ "values", add_values },
	{ "calls", add_calls },
	{ "capabilities", add_capabilities },
	{ "families", add_families },
	{ "constants", add_constants },
};

static void print_keywords(const struct list *l)
{
	size_t column = COLUMNS;

	for (size_t i = 0; i < l->n; i++) {
		size_t len = strlen(l->v[i]);

		if (column + 1 + len > COLUMNS)
			column = (size_t)printf("\n    \\") - 1;
		printf(" %s", l->v[i]);
		column += 1 + len;
	}
}

static void print_joined(const struct list *l, const char *between)
{
	for (size_t i = 0; i < l->n; i++)
		printf("%s%s", i ? between : "", l->v[i]);
}

/* @place: what stands between two '@'. false when it is none of ours. */
static bool put_in(const char *place, size_t len)
{
	const char *colon = memchr(place, ':', len);
	size_t name = colon ? (size_t)(colon - place) : 0;

	for (size_t i = 0; colon && i < sizeof(lists) / sizeof(*lists); i++) {
		struct list l = { 0 };

		if (strlen(lists[i].name) != name || memcmp(lists[i].name, place, name) != 0)
			continue;
		lists[i].add(&l);
		if (len - name == sizeof(":keywords") - 1 &&
			!memcmp(colon, ":keywords", len - name))
			print_keywords(&l);
		else if (len - name == sizeof(":vim") - 1 && !memcmp(colon, ":vim", len - name))
			print_joined(&l, "\\|");
		else if (len - name == sizeof(":regex") - 1 && !memcmp(colon, ":regex", len - name))
			print_joined(&l, "|");
		else
			return false;
		return true;
	}
	return false;
}

int main(void)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const char *s;
	int c;

	while ((c = getchar()) != EOF)
		text_putc(&t, (char)c);
	for (s = text_str(&t); *s; s++) {
		const char *end = *s == '@' ? strchr(s + 1, '@') : NULL;

		if (end && put_in(s + 1, (size_t)(end - s - 1)))
			s = end;
		else
			putchar(*s);
	}
	return ferror(stdin) || fflush(stdout) == EOF;
}
