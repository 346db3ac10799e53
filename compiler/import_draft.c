/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/import_draft.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/formatted.h"
#include "compiler/compile.h"
#include "compiler/policy_text.h"

#include <stdlib.h>
#include <string.h>

#define ORIGINAL_MAX 240
#define ROUNDS_MAX   16

void draft_init(
	struct draft *d, struct arena *a, struct diag_list *diags, const struct source *source)
{
	*d = (struct draft){ .arena = a, .diags = diags, .source = source };
}

void draft_head(struct draft *d, const char *format, ...)
{
	_cleanup_free_ char *s = FORMATTED(format);

	ARENA_PUSH(d->arena, d->head, d->n_head, d->cap_head, arena_strdup(d->arena, s));
}

static bool has_sibling(struct draft *d, struct draft_profile *up, const char *name)
{
	struct draft_profile **v = up ? up->children : d->profiles;
	uint32_t n = up ? up->n_children : d->n_profiles;

	for (uint32_t i = 0; i < n; i++) {
		if (!strcmp(v[i]->name, name))
			return true;
	}
	return false;
}

#define NAME_MAX_BYTES 100

struct draft_profile *draft_profile(
	struct draft *d, struct draft_profile *up, const char *name, struct span at)
{
	struct draft_profile *p = arena_alloc(d->arena, sizeof(*p));
	_cleanup_(text_release) struct text t = TEXT_INIT;

	/* A path is told by its last components: /usr/bin/man is usr_bin_man. */
	for (name += strspn(name, "/"); *name && t.len < NAME_MAX_BYTES; name++) {
		char c[2] = { *name, 0 };

		text_putc(&t, policy_text_is_name(c) ? *c : '_');
	}
	if (!policy_text_is_name(text_str(&t)))
		text_puts(&t, "_");
	p->name = arena_strdup(d->arena, t.s);
	for (unsigned int i = 2; has_sibling(d, up, p->name); i++)
		p->name = arena_printf(d->arena, "%s_%u", t.s, i);
	p->at = at;
	if (up)
		ARENA_PUSH(d->arena, up->children, up->n_children, up->cap_children, p);
	else
		ARENA_PUSH(d->arena, d->profiles, d->n_profiles, d->cap_profiles, p);
	return p;
}

static void push(struct draft *d, struct draft_profile *p, struct draft_item item)
{
	ARENA_PUSH(d->arena, p->items, p->n, p->cap, item);
}

void draft_rule(struct draft *d, struct draft_profile *p, struct span at, const char *format, ...)
{
	_cleanup_free_ char *s = FORMATTED(format);

	push(d, p,
		(struct draft_item){
			.kind = DRAFT_RULE, .text = arena_strdup(d->arena, s), .at = at });
}

void draft_added(struct draft *d, struct draft_profile *p, struct span at, const char *format, ...)
{
	_cleanup_free_ char *s = FORMATTED(format);

	push(d, p,
		(struct draft_item){
			.kind = DRAFT_ADDED, .text = arena_strdup(d->arena, s), .at = at });
}

void draft_heading(struct draft *d, struct draft_profile *p, const char *text)
{
	push(d, p, (struct draft_item){ .kind = DRAFT_HEADING, .text = text, .at = p->at });
}

struct draft_item *draft_left_out(struct draft *d, struct draft_profile *p, struct span at,
	const char *original, const char *format, ...)
{
	_cleanup_free_ char *why = FORMATTED(format);

	push(d, p,
		(struct draft_item){ .kind = DRAFT_LEFT_OUT,
			.text = draft_quoted(d->arena, original, strlen(original), ORIGINAL_MAX),
			.why = arena_strdup(d->arena, why),
			.at = at });
	return &p->items[p->n - 1];
}

const char *draft_quoted(struct arena *a, const char *s, size_t len, size_t max)
{
	bool cut = len > max;

	if (cut) {
		len = max;
		while (len && ((unsigned char)s[len] & 0xc0) == 0x80)
			len--;
	}
	return arena_printf(a, "%.*s%s", (int)len, s, cut ? "…" : "");
}

/* ---- writing */

static int by_text(const void *a, const void *b)
{
	const struct draft_item *const *x = a, *const *y = b;
	int order = strcmp((*x)->text, (*y)->text);

	return order ? order : (*x > *y) - (*x < *y);
}

/* Includes bring the same rule many times. */
static void drop_repeated(struct draft *d, struct draft_profile *p)
{
	struct draft_item **v = arena_array(d->arena, p->n, sizeof(*v));
	uint32_t n = 0, kept = 0;

	for (uint32_t i = 0; i < p->n; i++) {
		if (p->items[i].kind == DRAFT_RULE)
			v[n++] = &p->items[i];
	}
	qsort(v, n, sizeof(*v), by_text);
	for (uint32_t i = 1; i < n; i++)
		v[i]->idle = !strcmp(v[i]->text, v[i - 1]->text);
	for (uint32_t i = 0; i < p->n; i++) {
		if (!p->items[i].idle)
			p->items[kept++] = p->items[i];
	}
	p->n = kept;
	for (uint32_t i = 0; i < p->n_children; i++)
		drop_repeated(d, p->children[i]);
}

static uint32_t lines_in(const struct text *t, size_t from)
{
	uint32_t n = 0;

	for (size_t i = from; i < t->len; i++)
		n += t->s[i] == '\n';
	return n;
}

static const char *place(struct draft *d, struct span at)
{
	const struct source *s = d->diags->sources->v[at.source];
	uint32_t line, column;

	source_position(s, at.offset, &line, &column);
	return arena_printf(d->arena, "%s:%u", s->portable_name, line);
}

static bool is_statement(const struct draft_item *item)
{
	return item->kind == DRAFT_RULE || item->kind == DRAFT_ADDED;
}

/* Divided at the commas between words where it is too long. */
static void write_statement(struct text *to, unsigned int indent, const char *s)
{
	size_t at = indent;
	bool quoted = false;

	text_printf(to, "%*s", (int)indent, "");
	while (*s) {
		size_t n = 0;

		for (; s[n] && (n == 0 || quoted || s[n - 1] != ' ' || n < 2 || s[n - 2] != ',');
			n++) {
			if (s[n] == '\\' && s[n + 1])
				n++;
			else if (s[n] == '"')
				quoted = !quoted;
		}
		if (at > indent && at + n > POLICY_TEXT_COLUMNS) {
			to->len--; /* the blank behind the comma */
			text_printf(to, "\n%*s", (int)(indent + POLICY_TEXT_INDENT), "");
			at = indent + POLICY_TEXT_INDENT;
		}
		text_add(to, s, n);
		at += n;
		s += n;
	}
	text_putc(to, '\n');
}

static void write_item(
	struct draft *d, struct draft_item *item, unsigned int indent, struct text *to)
{
	switch (item->kind) {
	case DRAFT_RULE:
	case DRAFT_ADDED:
		if (!item->idle)
			write_statement(to, indent, item->text);
		else
			policy_text_comment(to, indent,
				arena_printf(d->arena, "does nothing: %s (%s)",
					draft_quoted(d->arena, item->text, strlen(item->text),
						ORIGINAL_MAX),
					place(d, item->at)));
		break;
	case DRAFT_HEADING:
		text_putc(to, '\n');
		policy_text_comment(to, indent, item->text);
		break;
	case DRAFT_LEFT_OUT:
		policy_text_comment(to, indent,
			arena_printf(d->arena, "%s %s: %s (%s)", item->wider ? "WIDER" : "LEFT OUT",
				place(d, item->at), item->text, item->why));
		break;
	}
}

/* A heading with nothing below it is left away. */
static bool is_bare(const struct draft_profile *p, uint32_t i)
{
	return p->items[i].kind == DRAFT_HEADING &&
	       (i + 1 == p->n || p->items[i + 1].kind == DRAFT_HEADING);
}

static void write_profile(
	struct draft *d, struct draft_profile *p, unsigned int indent, struct text *to)
{
	size_t counted = 0;
	uint32_t line = 1;

	text_putc(to, '\n');
	policy_text_line(to, indent, "profile %s {", p->name);
	for (uint32_t i = 0; i < p->n; i++) {
		if (is_bare(p, i))
			continue;
		line += lines_in(to, counted);
		counted = to->len;
		p->items[i].line = line;
		write_item(d, &p->items[i], indent + POLICY_TEXT_INDENT, to);
	}
	for (uint32_t i = 0; i < p->n_children; i++)
		write_profile(d, p->children[i], indent + POLICY_TEXT_INDENT, to);
	policy_text_line(to, indent, "}");
}

static void write_all(struct draft *d, struct text *to)
{
	text_clear(to);
	for (uint32_t i = 0; i < d->n_head; i++)
		policy_text_comment(to, 0, d->head[i]);
	for (uint32_t i = 0; i < d->n_profiles; i++)
		write_profile(d, d->profiles[i], 0, to);
}

/* NULL: none stands there. */
static struct draft_item *item_at(struct draft_profile **v, uint32_t n, uint32_t line)
{
	for (uint32_t i = 0; i < n; i++) {
		struct draft_item *found;

		for (uint32_t k = 0; k < v[i]->n; k++) {
			if (is_statement(&v[i]->items[k]) && !v[i]->items[k].idle &&
				v[i]->items[k].line == line)
				return &v[i]->items[k];
		}
		found = item_at(v[i]->children, v[i]->n_children, line);
		if (found)
			return found;
	}
	return NULL;
}

/* What the compiler says of a rule without effect: compiler/check.c and lower_rule.c. */
static bool says_idle(const char *text)
{
	return !strcmp(text, "this rule can never take effect") ||
	       !strcmp(text, "this rule stands twice");
}

/* The error of the policy, at the place of the file that it comes from. */
static void report(struct draft *d, const struct diag *e, const struct draft_item *item)
{
	struct diag *to;

	if (item)
		to = diag_error(d->diags, item->at, "no policy can be made of this: %s", e->text);
	else
		to = diag_error_unplaced(
			d->diags, "%s: no policy can be made of it: %s", d->source->name, e->text);
	if (e->hint)
		diag_hint(d->diags, to, "%s", e->hint);
}

/* true: something was wrong, and is comment or error now. */
static bool repair(struct draft *d, const struct text *t)
{
	static const struct compile_options none;
	struct compilation c;
	bool any;

	compile_bytes(&c, d->source->portable_name, t->s, t->len, &none);
	any = c.diags.n_errors;
	for (uint32_t i = 0; i < c.diags.n; i++) {
		const struct diag *e = c.diags.v[i];
		struct draft_item *item = NULL;
		uint32_t line = 0, column;

		if (e->severity != SEVERITY_ERROR)
			continue;
		if (e->placed) {
			source_position(c.sources.v[e->at.source], e->at.offset, &line, &column);
			item = item_at(d->profiles, d->n_profiles, line);
		}
		if (item && says_idle(e->text))
			item->idle = true;
		else
			report(d, e, item);
	}
	compilation_release(&c);
	return any;
}

static uint32_t count(const struct draft_profile *p, enum draft_kind kind)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n; i++)
		n += p->items[i].kind == kind;
	for (uint32_t i = 0; i < p->n_children; i++)
		n += count(p->children[i], kind);
	return n;
}

static uint32_t count_wider(const struct draft_profile *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n; i++)
		n += p->items[i].wider;
	for (uint32_t i = 0; i < p->n_children; i++)
		n += count_wider(p->children[i]);
	return n;
}

bool draft_write(struct draft *d, struct text *to)
{
	for (uint32_t i = 0; i < d->n_profiles; i++)
		drop_repeated(d, d->profiles[i]);
	for (unsigned int round = 0;; round++) {
		write_all(d, to);
		if (!repair(d, to))
			break;
		if (d->diags->n_errors)
			return false;
		if (round == ROUNDS_MAX) {
			diag_error_unplaced(
				d->diags, "%s: no end of rules that do nothing", d->source->name);
			return false;
		}
	}
	for (uint32_t i = 0; i < d->n_profiles; i++) {
		const struct draft_profile *p = d->profiles[i];
		uint32_t n = count(p, DRAFT_LEFT_OUT);

		if (n) {
			uint32_t wider = count_wider(p);
			struct diag *w = diag_warning(d->diags, p->at,
				"profile '%s': %u left out, %u carried over; what was left out "
				"stands as a comment in the policy",
				p->name, n, count(p, DRAFT_RULE));

			if (wider)
				diag_hint(d->diags, w,
					"%u of them, marked WIDER, let the policy allow more than "
					"the file does",
					wider);
		}
	}
	return true;
}
