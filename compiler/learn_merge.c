/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a policy file that learning writes, among what people wrote:
 *
 *	# learned: uses, written anew by pale learn
 *	use base/libc
 *	# learned: end
 *
 * and so `rules` in a profile and `tests`. Nothing else of the file is touched.
 */
#include "compiler/learn_internal.h"

#include "compiler/ast.h"
#include "compiler/base/cleanup.h"
#include "compiler/policy_text.h"

#include <string.h>

static const char mark[] = "# learned: ";
static const char *const part_names[PARTS] = {
	[PART_USES] = "uses", [PART_RULES] = "rules", [PART_TESTS] = "tests"
};
#define MARK_TAIL ", written anew by pale learn"

/* What follows the mark's beginning in the line, if it is one. */
static bool mark_of(const struct source *s, uint32_t line, const char **ret, uint32_t *ret_len)
{
	uint32_t len;
	const char *at = source_line(s, line, &len);

	while (len && (*at == ' ' || *at == '\t')) {
		at++;
		len--;
	}
	while (len && strchr(" \t\r", at[len - 1]))
		len--;
	if (len < sizeof(mark) - 1 || memcmp(at, mark, sizeof(mark) - 1) != 0)
		return false;
	*ret = at + sizeof(mark) - 1;
	*ret_len = len - (uint32_t)(sizeof(mark) - 1);
	return true;
}

static int part_of(const char *name, uint32_t len)
{
	for (int i = 0; i < PARTS; i++) {
		size_t n = strlen(part_names[i]);

		if (len >= n && !memcmp(name, part_names[i], n) && (len == n || name[n] == ','))
			return i;
	}
	return -1;
}

static bool is_end(const char *name, uint32_t len)
{
	return len == 3 && !memcmp(name, "end", 3);
}

static struct span line_span(const struct source *s, uint32_t line)
{
	uint32_t len;
	const char *at = source_line(s, line, &len);

	return (struct span){ .source = s->id, .offset = (uint32_t)(at - s->bytes), .len = len };
}

static uint32_t line_end(const struct source *s, uint32_t line)
{
	return line < s->n_lines ? s->lines[line] : s->len;
}

static uint32_t indent_of(const struct source *s, uint32_t line)
{
	uint32_t len, n = 0;
	const char *at = source_line(s, line, &len);

	while (n < len && (at[n] == ' ' || at[n] == '\t'))
		n++;
	return n;
}

/* No part, and one that was reported. */
#define OPEN_NONE  (-1)
#define OPEN_WRONG (-2)

static bool find_marks(const struct source *s, struct diag_list *diags, struct learn_part *parts)
{
	uint32_t errors = diags->n_errors, opened = 0;
	int open = OPEN_NONE;

	for (uint32_t line = 1; line <= s->n_lines; line++) {
		const char *name;
		uint32_t len;
		int part;

		if (!mark_of(s, line, &name, &len))
			continue;
		part = part_of(name, len);
		if (is_end(name, len)) {
			if (open == OPEN_WRONG)
				;
			else if (open < 0)
				diag_error(diags, line_span(s, line),
					"this mark ends a learned part, but none has begun");
			else
				parts[open].end = line_end(s, line);
			open = OPEN_NONE;
		} else if (part < 0) {
			struct diag *d = diag_error(
				diags, line_span(s, line), "unknown mark of a learned part");

			diag_hint(diags, d,
				"the parts are uses, rules and tests, each up to "
				"'# learned: end'");
			open = OPEN_WRONG;
		} else if (open >= 0) {
			diag_error(diags, line_span(s, line),
				"a learned part begins inside of another");
			open = OPEN_WRONG;
		} else if (parts[part].there) {
			diag_error(diags, line_span(s, line), "this learned part stands twice");
			open = OPEN_WRONG;
		} else {
			open = part;
			opened = line;
			parts[part].there = true;
			parts[part].begin = s->lines[line - 1];
			parts[part].indent = indent_of(s, line);
		}
	}
	if (open >= 0)
		diag_error(
			diags, line_span(s, opened), "this learned part has no '# learned: end'");
	return diags->n_errors == errors;
}

bool learn_parts_texts(
	const struct source *s, struct diag_list *diags, struct arena *a, const char *texts[PARTS])
{
	struct learn_part parts[PARTS] = { 0 };

	if (!find_marks(s, diags, parts))
		return false;
	for (int i = 0; i < PARTS; i++) {
		const char *begin = s->bytes + parts[i].begin, *end = s->bytes + parts[i].end;

		texts[i] = "";
		if (!parts[i].there)
			continue;
		begin = (const char *)memchr(begin, '\n', (size_t)(end - begin)) + 1;
		/* The last line is the mark, whether it has a newline or not. */
		for (end--; end > begin && end[-1] != '\n'; end--)
			;
		texts[i] = arena_memdup(a, begin, (size_t)(end - begin));
	}
	return true;
}

/* ---- where parts go that are not there yet */

static const struct ast_decl *find_profile(
	const struct ast_file *f, const char *name, struct diag_list *diags)
{
	for (uint32_t i = 0; i < f->n; i++) {
		if (f->v[i]->kind == DECL_PROFILE && (!name || !strcmp(f->v[i]->name.text, name)))
			return f->v[i];
	}
	if (name)
		diag_error_unplaced(diags, "%s: it has no profile '%s'", f->source->name, name);
	else
		diag_error_unplaced(diags, "%s: it has no profile to learn for", f->source->name);
	return NULL;
}

/* The beginning of the line of @offset, or of the comments right above it. */
static uint32_t above(const struct source *s, uint32_t offset)
{
	uint32_t line, column, len;
	const char *at;

	source_position(s, offset, &line, &column);
	while (line > 1) {
		at = source_line(s, line - 1, &len);
		while (len && (*at == ' ' || *at == '\t')) {
			at++;
			len--;
		}
		if (!len || *at != '#')
			break;
		line--;
	}
	return s->lines[line - 1];
}

/* Above the first declaration that is no `use`, or behind the last that is one. */
static uint32_t place_for_uses(const struct ast_file *f)
{
	const struct ast_decl *last = NULL;

	for (uint32_t i = 0; i < f->n && f->v[i]->kind == DECL_USE; i++)
		last = f->v[i];
	if (last) {
		uint32_t line, column;

		source_position(f->source, last->at.offset + last->at.len, &line, &column);
		return line_end(f->source, line);
	}
	return f->n ? above(f->source, f->v[0]->at.offset) : 0;
}

/* In front of the profile's '}'. */
static uint32_t place_for_rules(const struct source *s, const struct ast_decl *profile)
{
	uint32_t at = profile->at.offset + profile->at.len, begin;

	while (at > profile->at.offset && s->bytes[at - 1] != '}')
		at--;
	at--;
	for (begin = at; begin > 0 && (s->bytes[begin - 1] == ' ' || s->bytes[begin - 1] == '\t');)
		begin--;
	/* On a line of its own: above that. Otherwise right there, and the '}' gets one. */
	return begin > 0 && s->bytes[begin - 1] == '\n' ? begin : at;
}

static bool is_there(const struct ast_decl *profile, const struct learn_part *part)
{
	return part->begin > profile->at.offset &&
	       part->end <= profile->at.offset + profile->at.len;
}

static bool in_part(const struct learn_part *part, struct span at)
{
	return part->there && at.offset >= part->begin && at.offset < part->end;
}

bool learn_parts_find(const struct source *hand, const char *profile, struct diag_list *diags,
	struct arena *a, struct learn_part parts[PARTS], const char **ret_profile,
	bool *ret_has_abi)
{
	uint32_t errors = diags->n_errors;
	struct ast_file *f;
	const struct ast_decl *p;

	memset(parts, 0, PARTS * sizeof(*parts));
	*ret_has_abi = false;
	if (!find_marks(hand, diags, parts))
		return false;
	f = parse_file((struct source *)hand, diags, a);
	if (diags->n_errors > errors)
		return false;
	p = find_profile(f, profile, diags);
	if (!p)
		return false;
	*ret_profile = p->name.text;
	if (parts[PART_RULES].there && !is_there(p, &parts[PART_RULES])) {
		struct span at = { hand->id, parts[PART_RULES].begin, 1 };

		diag_error(diags, at, "the learned rules stand outside of the profile '%s'",
			p->name.text);
		return false;
	}
	for (uint32_t i = 0; i < p->body.n; i++) {
		const struct ast_item *item = &p->body.v[i];

		if (item->kind == ITEM_SETTING && item->setting->kind == SETTING_ABI &&
			!in_part(&parts[PART_RULES], item->at))
			*ret_has_abi = true;
	}
	if (!parts[PART_USES].there)
		parts[PART_USES].begin = parts[PART_USES].end = place_for_uses(f);
	if (!parts[PART_RULES].there)
		parts[PART_RULES].begin = parts[PART_RULES].end = place_for_rules(hand, p);
	if (!parts[PART_TESTS].there)
		parts[PART_TESTS].begin = parts[PART_TESTS].end = hand->len;
	return true;
}

/* ---- putting them in */

static bool after_blank_line(const struct text *to)
{
	return to->len == 0 || (to->len > 1 && to->s[to->len - 1] == '\n' &&
				       (to->s[to->len - 2] == '\n' || to->s[to->len - 2] == '{'));
}

static bool begins_line(const struct text *to)
{
	return to->len == 0 || to->s[to->len - 1] == '\n';
}

static uint32_t lines_of(const struct text *to)
{
	uint32_t n = 0;

	for (size_t i = 0; i < to->len; i++)
		n += to->s[i] == '\n';
	return n;
}

static void put_part(struct text *to, int part, const struct learn_part *at, const char *text,
	const struct source *hand, uint32_t *ret_lines)
{
	unsigned int indent = part == PART_RULES ? POLICY_TEXT_INDENT : 0;
	bool put_in = at->begin == at->end;
	char next = hand->bytes[at->end];

	*ret_lines = lines_of(to);
	if (put_in && !begins_line(to))
		text_putc(to, '\n');
	if (put_in && !after_blank_line(to))
		text_putc(to, '\n');
	policy_text_line(to, indent, "%s%s" MARK_TAIL, mark, part_names[part]);
	*ret_lines = lines_of(to);
	text_puts(to, text);
	policy_text_line(to, indent, "%send", mark);
	if (put_in && part != PART_RULES && next && next != '\n')
		text_putc(to, '\n');
}

/* As they stand in the file. */
static void find_order(const struct learn_part parts[PARTS], int order[PARTS])
{
	for (int i = 0; i < PARTS; i++) {
		int at = i;

		for (; at > 0 && parts[order[at - 1]].begin > parts[i].begin; at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
}

void learn_parts_put(const struct source *hand, const struct learn_part parts[PARTS],
	const char *const texts[PARTS], struct text *to, uint32_t ret_lines[PARTS])
{
	int order[PARTS] = { 0 };
	uint32_t at = 0;

	find_order(parts, order);
	for (int i = 0; i < PARTS; i++) {
		const struct learn_part *part = &parts[order[i]];

		text_add(to, hand->bytes + at, part->begin - at);
		put_part(to, order[i], part, texts[order[i]], hand, &ret_lines[order[i]]);
		at = part->end;
	}
	text_add(to, hand->bytes + at, hand->len - at);
}

void learn_parts_new(struct learn_work *w, struct text *to)
{
	_cleanup_(text_release) struct text what = TEXT_INIT;

	text_puts(&what, "What ");
	if (w->program)
		text_escaped(&what, w->program, w->program_len);
	else
		text_puts(&what, "the program");
	text_puts(&what, " was seen to do. What stands between the marks is written anew by `pale "
			 "learn --merge`; rules of one's own stand outside of them.");
	policy_text_comment(to, 0, text_str(&what));
	text_putc(to, '\n');
	policy_text_line(to, 0, "profile %s {", w->name);
	policy_text_line(to, 0, "}");
}
