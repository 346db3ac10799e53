/* SPDX-License-Identifier: Apache-2.0 */
/* From words to profiles with their statements; includes, variables and conditions are followed. */
#include "compiler/import_apparmor_parser.h"

#include "compiler/base/suggest.h"

#include <stdlib.h>
#include <string.h>

bool aa_wrong(struct aa_parser *p, struct span at, const char *format, ...)
{
	char s[512];
	va_list args;

	if (p->failed)
		return false;
	va_start(args, format);
	vsnprintf(s, sizeof(s), format, args);
	va_end(args);
	p->failed = true;
	diag_error(p->file->diags, at, "%s", s);
	return false;
}

const char *aa_shown(struct aa_parser *p, const struct aa_token *t)
{
	if (t->kind == AA_END)
		return "the end of the file";
	return arena_printf(
		p->file->arena, "'%s'", draft_quoted(p->file->arena, t->text, t->len, 80));
}

void aa_advance(struct aa_parser *p, bool options)
{
	p->token = aa_next(&p->reading->scanner, options);
	p->failed |= p->token.kind == AA_WRONG;
}

bool aa_expected(struct aa_parser *p, const char *what)
{
	return aa_wrong(p, p->token.at, "expected %s, found %s", what, aa_shown(p, &p->token));
}

bool aa_is_word(const struct aa_token *t, const char *s)
{
	return t->kind == AA_WORD && !strcmp(t->text, s);
}

bool aa_is_text(const struct aa_token *t)
{
	return t->kind == AA_WORD || t->kind == AA_QUOTED;
}

void aa_note_missing(struct aa_parser *p, struct span from, struct span to, const char *why)
{
	struct aa_file *f = p->file;
	struct aa_statement s = {
		.at = from,
		.whole = { from.source, from.offset, to.offset + to.len - from.offset },
		.keyword = "",
		.heading = p->reading->heading,
		.left_out = why,
	};

	if (p->profile)
		ARENA_PUSH(f->arena, p->profile->v, p->profile->n, p->profile->cap, s);
	else
		ARENA_PUSH(f->arena, f->missing, f->n_missing, f->cap_missing, s);
}

/* ---- what stands outside of profiles, too */

static bool variable(struct aa_parser *p)
{
	struct aa_file *f = p->file;
	struct aa_token name = p->token;
	bool boolean = name.text[0] == '$', more;
	size_t n = name.len;
	struct aa_variable *v;
	const char *text = name.text + 1;

	n--;
	if (n >= 2 && text[0] == '{' && text[n - 1] == '}') {
		text++;
		n -= 2;
	}
	aa_advance(p, false);
	if (p->token.kind != AA_EQUALS)
		return aa_expected(p, "'='");
	more = p->token.text[0] == '+';
	v = aa_variable_find(f, text, n, boolean);
	if (v && !more && !boolean)
		return aa_wrong(p, name.at, "variable %s is set twice", aa_shown(p, &name));
	if (!v && more)
		return aa_wrong(p, name.at, "variable %s is not set yet", aa_shown(p, &name));
	if (!v) {
		ARENA_PUSH(f->arena, f->variables, f->n_variables, f->cap_variables,
			(struct aa_variable){ .name = arena_memdup(f->arena, text, n),
				.boolean = boolean,
				.at = name.at });
		v = &f->variables[f->n_variables - 1];
	}
	for (;;) {
		uint32_t line, next, column;

		/* Values end with the line. */
		source_position(p->reading->scanner.source, p->token.at.offset, &line, &column);
		aa_advance(p, false);
		if (p->failed)
			return false;
		if (!aa_is_text(&p->token))
			break;
		source_position(p->reading->scanner.source, p->token.at.offset, &next, &column);
		if (next != line)
			break;
		if (boolean)
			v->value = aa_is_word(&p->token, "true");
		else
			ARENA_PUSH(f->arena, v->values.v, v->values.n, v->values.cap, p->token);
	}
	if (!boolean && !v->values.n)
		return aa_wrong(p, name.at, "variable %s without a value", aa_shown(p, &name));
	if (p->token.kind == AA_COMMA)
		aa_advance(p, false);
	return !p->failed;
}

static bool alias(struct aa_parser *p)
{
	struct aa_alias a = { 0 };

	aa_advance(p, false);
	if (!aa_is_text(&p->token))
		return aa_expected(p, "a path");
	a.from = p->token.text;
	aa_advance(p, false);
	if (p->token.kind != AA_ARROW)
		return aa_expected(p, "'->'");
	aa_advance(p, false);
	if (!aa_is_text(&p->token))
		return aa_expected(p, "a path");
	a.to = p->token.text;
	aa_advance(p, false);
	ARENA_PUSH(p->file->arena, p->file->aliases, p->file->n_aliases, p->file->cap_aliases, a);
	return aa_end_of_rule(p);
}

static bool skip_to_comma(struct aa_parser *p)
{
	while (p->token.kind != AA_COMMA && p->token.kind != AA_END && !p->failed)
		aa_advance(p, false);
	return aa_end_of_rule(p);
}

static bool skip_block(struct aa_parser *p)
{
	for (unsigned int depth = 0;;) {
		aa_advance(p, false);
		if (p->failed || p->token.kind == AA_END)
			return aa_expected(p, "'}'");
		if (p->token.kind == AA_OPEN)
			depth++;
		else if (p->token.kind == AA_CLOSE && depth-- == 0)
			break;
	}
	aa_advance(p, false);
	return !p->failed;
}

static bool condition(struct aa_parser *p, bool *ret)
{
	bool negated = false, defined = false;
	const struct aa_variable *v;
	const char *text;
	size_t n;

	for (aa_advance(p, false); aa_is_word(&p->token, "not") || aa_is_word(&p->token, "defined");
		aa_advance(p, false)) {
		negated ^= aa_is_word(&p->token, "not");
		defined |= aa_is_word(&p->token, "defined");
	}
	if (p->token.kind != AA_WORD || !strchr("@$", p->token.text[0]) || p->token.len < 2)
		return aa_expected(p, "a variable");
	text = p->token.text + 1;
	n = p->token.len - 1;
	if (n >= 2 && text[0] == '{') {
		text++;
		n -= 2;
	}
	v = aa_variable_find(p->file, text, n, p->token.text[0] == '$');
	if (!v && !defined)
		return aa_wrong(p, p->token.at, "undefined variable %s", aa_shown(p, &p->token));
	*ret = (defined ? v != NULL : v->value) != negated;
	aa_advance(p, false);
	if (p->token.kind != AA_OPEN)
		return aa_expected(p, "'{'");
	return true;
}

static bool taken_block(struct aa_parser *p)
{
	if (++p->deep > AA_DEEP_MAX)
		return aa_wrong(
			p, p->token.at, "blocks inside each other more than %d deep", AA_DEEP_MAX);
	aa_advance(p, false);
	if (!aa_parse_body(p, AA_CLOSE))
		return false;
	p->deep--;
	aa_advance(p, false);
	return !p->failed;
}

static bool parse_if(struct aa_parser *p)
{
	bool holds = false, done = false;

	for (;;) {
		if (!condition(p, &holds))
			return false;
		holds &= !done;
		done |= holds;
		if (!(holds ? taken_block(p) : skip_block(p)))
			return false;
		if (!aa_is_word(&p->token, "else"))
			return true;
		aa_advance(p, false);
		if (aa_is_word(&p->token, "if"))
			continue;
		if (p->token.kind != AA_OPEN)
			return aa_expected(p, "'{'");
		return done ? skip_block(p) : taken_block(p);
	}
}

/* ---- profiles */

static bool flags(struct aa_parser *p, struct aa_profile *to, struct aa_statement *s)
{
	/* What changes nothing in what the rules say. */
	static const char *const harmless[] = { "enforce", "attach_disconnected",
		"no_attach_disconnected", "mediate_deleted", "delegate_deleted", "chroot_relative",
		"namespace_relative", "chroot_attach", "chroot_no_attach", NULL };

	while (p->token.kind != AA_RPAREN) {
		const char *const *h = harmless;

		if (p->token.kind == AA_COMMA) {
			aa_advance(p, true);
			continue;
		}
		if (p->token.kind != AA_WORD || p->failed)
			return aa_expected(p, "a flag");
		while (*h && strcmp(*h, p->token.text) != 0)
			h++;
		if (aa_is_word(&p->token, "complain"))
			to->complain = true;
		else if (aa_is_word(&p->token, "unconfined") || aa_is_word(&p->token, "kill") ||
			 aa_is_word(&p->token, "audit") || aa_is_word(&p->token, "default_allow") ||
			 aa_is_word(&p->token, "prompt") || !strncmp(p->token.text, "error", 5) ||
			 !strncmp(p->token.text, "attach_disconnected.", 20))
			s->left_out = "a flag that no setting says";
		else if (!*h)
			return aa_wrong(p, p->token.at, "unknown flag %s", aa_shown(p, &p->token));
		aa_advance(p, true);
	}
	return true;
}

static bool profile_head(struct aa_parser *p, struct aa_profile *to, struct aa_statement *s)
{
	while (p->token.kind != AA_OPEN) {
		if (aa_is_word(&p->token, "flags") || aa_is_word(&p->token, "xattrs")) {
			bool is_flags = aa_is_word(&p->token, "flags");

			aa_advance(p, true);
			if (p->token.kind != AA_EQUALS)
				return aa_expected(p, "'='");
			aa_advance(p, true);
			if (p->token.kind != AA_LPAREN)
				return aa_expected(p, "'('");
			aa_advance(p, true);
			if (is_flags) {
				if (!flags(p, to, s))
					return false;
			} else {
				s->left_out = "a program is told by its path alone";
				while (p->token.kind != AA_RPAREN && p->token.kind != AA_END &&
					!p->failed)
					aa_advance(p, true);
			}
			if (p->token.kind != AA_RPAREN)
				return aa_expected(p, "')'");
		} else if (p->token.kind == AA_LPAREN) {
			aa_advance(p, true);
			if (!flags(p, to, s))
				return false;
		} else if (aa_is_text(&p->token) && !to->attachment) {
			struct aa_token *t = arena_alloc(p->file->arena, sizeof(*t));

			*t = p->token;
			to->attachment = t;
		} else {
			return aa_expected(p, "'{'");
		}
		aa_advance(p, true);
		if (p->failed)
			return false;
	}
	return true;
}

static bool parse_profile(struct aa_parser *p, bool keyword, bool hat)
{
	struct aa_file *f = p->file;
	struct aa_profile *outer = p->profile, *to = arena_alloc(f->arena, sizeof(*to));
	const char **included = p->included;
	uint32_t n_included = p->n_included, cap_included = p->cap_included;
	struct aa_statement s = { .at = p->token.at, .keyword = "" };
	struct span head;

	if (!aa_is_text(&p->token) || !p->token.len)
		return aa_expected(p, "the name of a profile");
	if (++p->deep > AA_DEEP_MAX)
		return aa_wrong(p, p->token.at, "profiles inside each other more than %d deep",
			AA_DEEP_MAX);
	to->at = p->token.at;
	to->name = p->token.text + (hat && p->token.text[0] == '^');
	to->hat = hat;
	if (!keyword || to->name[0] == '/' || to->name[0] == '@') {
		struct aa_token *t = arena_alloc(f->arena, sizeof(*t));

		*t = p->token;
		to->attachment = hat ? NULL : t;
	}
	aa_advance(p, true);
	if (to->attachment && keyword && aa_is_text(&p->token) && !aa_is_word(&p->token, "flags") &&
		!aa_is_word(&p->token, "xattrs"))
		to->attachment = NULL;
	if (!profile_head(p, to, &s))
		return false;
	head = to->at;
	head.len = p->token.at.offset - head.offset;
	if (outer)
		ARENA_PUSH(f->arena, outer->children, outer->n_children, outer->cap_children, to);
	else
		ARENA_PUSH(f->arena, f->profiles, f->n_profiles, f->cap_profiles, to);
	p->profile = to;
	p->included = NULL;
	p->n_included = p->cap_included = 0;
	if (s.left_out)
		aa_note_missing(p, head, (struct span){ head.source, head.offset + head.len, 0 },
			s.left_out);
	aa_advance(p, false);
	if (!aa_parse_body(p, AA_CLOSE))
		return false;
	p->profile = outer;
	p->included = included;
	p->n_included = n_included;
	p->cap_included = cap_included;
	p->deep--;
	aa_advance(p, false);
	return !p->failed;
}

static bool outside(struct aa_parser *p)
{
	if (aa_is_word(&p->token, "profile")) {
		aa_advance(p, true);
		return parse_profile(p, true, false);
	}
	if (aa_is_text(&p->token) && p->token.len && strchr("/@\"{", p->token.text[0]))
		return parse_profile(p, false, false);
	/* "namespace:name", and names from before the keyword. */
	return aa_expected(p, "a profile");
}

static bool inside(struct aa_parser *p)
{
	if (aa_is_word(&p->token, "profile") || aa_is_word(&p->token, "hat")) {
		bool hat = aa_is_word(&p->token, "hat");

		aa_advance(p, true);
		return parse_profile(p, true, hat);
	}
	if (p->token.kind == AA_WORD && p->token.text[0] == '^')
		return parse_profile(p, true, true);
	return aa_parse_statement(p, (struct aa_statement){ .at = p->token.at, .keyword = "" });
}

static bool is_variable(const struct aa_token *t)
{
	return t->kind == AA_WORD && t->len > 1 && (t->text[0] == '$' || t->text[0] == '@');
}

/* @{X} begins an assignment, or a path. */
static bool begins_assignment(struct aa_parser *p)
{
	struct aa_scanner ahead = p->reading->scanner;
	struct diag_list ignored = *p->file->diags;
	enum aa_token_kind kind;

	if (!is_variable(&p->token))
		return false;
	if (p->token.text[0] == '$')
		return true;
	ahead.diags = &ignored;
	kind = aa_next(&ahead, false).kind;
	return kind == AA_EQUALS;
}

bool aa_parse_body(struct aa_parser *p, enum aa_token_kind end)
{
	while (!p->failed && p->token.kind != end) {
		bool ok;

		if (p->token.kind == AA_END || (p->token.kind == AA_CLOSE && end == AA_END))
			return aa_expected(p, end == AA_CLOSE ? "'}'"
					      : p->profile    ? "a rule"
							      : "a profile");
		if (p->token.kind == AA_INCLUDE)
			ok = aa_parse_include(p);
		else if (aa_is_word(&p->token, "abi"))
			ok = skip_to_comma(p);
		else if (aa_is_word(&p->token, "if"))
			ok = parse_if(p);
		else if (aa_is_word(&p->token, "alias") && !p->profile)
			ok = alias(p);
		else if (begins_assignment(p))
			ok = variable(p);
		else
			ok = p->profile ? inside(p) : outside(p);
		if (!ok)
			return false;
	}
	return !p->failed;
}

bool aa_parse(struct aa_file *f)
{
	struct aa_reading reading = {
		.scanner = { f->arena, f->diags, f->source, 0, f->source->len },
	};
	struct aa_parser p = { .file = f, .reading = &reading };

	aa_advance(&p, false);
	return aa_parse_body(&p, AA_END);
}
