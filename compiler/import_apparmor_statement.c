/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/import_apparmor_parser.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

/* ---- permissions */

static const struct {
	char letter;
	uint32_t bit;
} letters[] = { { 'r', AA_READ }, { 'w', AA_WRITE }, { 'a', AA_APPEND }, { 'l', AA_LINK },
	{ 'k', AA_LOCK }, { 'm', AA_MAP } };

static const struct {
	const char *text; /* in lower case, without its x */
	enum aa_exec exec, otherwise;
} modifiers[] = {
	{ "", AA_EXEC_PLAIN, AA_EXEC_NONE },
	{ "i", AA_EXEC_INHERIT, AA_EXEC_NONE },
	{ "p", AA_EXEC_PROFILE, AA_EXEC_NONE },
	{ "c", AA_EXEC_CHILD, AA_EXEC_NONE },
	{ "u", AA_EXEC_UNCONFINED, AA_EXEC_NONE },
	{ "pi", AA_EXEC_PROFILE, AA_EXEC_INHERIT },
	{ "ci", AA_EXEC_CHILD, AA_EXEC_INHERIT },
	{ "pu", AA_EXEC_PROFILE, AA_EXEC_UNCONFINED },
	{ "cu", AA_EXEC_CHILD, AA_EXEC_UNCONFINED },
};

static bool is_permissions(const struct aa_token *t)
{
	return t->kind == AA_WORD && t->len && strspn(t->text, "rwalkmxiupcRWALKMXIUPC") == t->len;
}

static bool exec_modifier(struct aa_parser *p, const char *modifier, struct aa_permissions *to)
{
	for (size_t i = 0; i < sizeof(modifiers) / sizeof(*modifiers); i++) {
		if (strcasecmp(modifiers[i].text, modifier) != 0)
			continue;
		if (to->exec != AA_EXEC_NONE &&
			(to->exec != modifiers[i].exec || to->otherwise != modifiers[i].otherwise))
			return aa_wrong(p, p->token.at,
				"conflicting ways to execute in one rule: %s",
				aa_shown(p, &p->token));
		to->exec = modifiers[i].exec;
		to->otherwise = modifiers[i].otherwise;
		return true;
	}
	return aa_wrong(p, p->token.at, "conflicting ways to execute in one rule: %s",
		aa_shown(p, &p->token));
}

static bool permissions(struct aa_parser *p, bool deny, struct aa_permissions *to)
{
	char modifier[4];

	if (!is_permissions(&p->token))
		return aa_expected(p, "permissions such as rw");
	for (const char *s = p->token.text; *s;) {
		size_t n = strspn(s, "iupcIUPC");
		bool known = false;

		if (n || tolower((unsigned char)*s) == 'x') {
			if (tolower((unsigned char)s[n]) != 'x')
				return aa_wrong(p, p->token.at, "a way to execute without 'x': %s",
					aa_shown(p, &p->token));
			if (n > 3)
				n = 3;
			snprintf(modifier, sizeof(modifier), "%.*s", (int)n, s);
			if (!exec_modifier(p, modifier, to))
				return false;
			s += strspn(s, "iupcIUPC") + 1;
			continue;
		}
		for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++) {
			if (letters[i].letter == tolower((unsigned char)*s)) {
				to->bits |= letters[i].bit;
				known = true;
			}
		}
		if (!known)
			return aa_expected(p, "permissions such as rw");
		s++;
	}
	if ((to->bits & (AA_WRITE | AA_APPEND)) == (AA_WRITE | AA_APPEND))
		return aa_wrong(
			p, p->token.at, "'w' and 'a' in one rule: %s", aa_shown(p, &p->token));
	if (deny && to->exec > AA_EXEC_PLAIN) {
		aa_wrong(
			p, p->token.at, "a deny with a way to execute: %s", aa_shown(p, &p->token));
		return false;
	}
	if (!deny && to->exec == AA_EXEC_PLAIN) {
		struct span at = p->token.at;

		aa_wrong(p, at, "'x' without a way to execute: %s", aa_shown(p, &p->token));
		diag_hint(p->file->diags, p->file->diags->v[p->file->diags->n - 1],
			"ix runs it under this profile, px, cx and ux under another or none");
		return false;
	}
	aa_advance(p, false);
	return !p->failed;
}

/* ---- statements */

static void push(struct aa_parser *p, struct aa_statement *s)
{
	s->whole = s->at;
	s->whole.len = p->token.at.offset - s->at.offset;
	s->heading = p->reading->heading;
	ARENA_PUSH(p->file->arena, p->profile->v, p->profile->n, p->profile->cap, *s);
}

bool aa_end_of_rule(struct aa_parser *p)
{
	if (p->token.kind != AA_COMMA)
		return aa_expected(p, "',' at the end of the rule");
	aa_advance(p, false);
	return !p->failed;
}

static bool file_rule(struct aa_parser *p, struct aa_statement *s)
{
	bool leading = false;

	if (is_permissions(&p->token)) {
		leading = true;
		if (!permissions(p, s->deny, &s->permissions))
			return false;
	}
	if (!aa_is_text(&p->token) || !p->token.len ||
		(p->token.text[0] != '/' && p->token.text[0] != '@' && p->token.text[0] != '{'))
		return aa_expected(p, "a rule");
	s->path = p->token;
	aa_advance(p, false);
	if (!leading && !permissions(p, s->deny, &s->permissions))
		return false;
	if (p->token.kind == AA_ARROW) {
		aa_advance(p, false);
		if (!aa_is_text(&p->token))
			return aa_expected(p, "the name of a profile");
		s->target = p->token.text;
		aa_advance(p, false);
	}
	if (p->token.kind != AA_COMMA)
		return aa_expected(p, "',' at the end of the rule");
	push(p, s);
	return aa_end_of_rule(p);
}

/* `file,`, or `file` in front of a rule about one. */
static bool file_keyword(struct aa_parser *p, struct aa_statement *s)
{
	aa_advance(p, false);
	if (p->token.kind != AA_COMMA)
		return file_rule(p, s);
	s->all_files = true;
	s->permissions = (struct aa_permissions){ AA_READ | AA_WRITE | AA_LINK | AA_LOCK | AA_MAP,
		s->deny ? AA_EXEC_PLAIN : AA_EXEC_INHERIT, AA_EXEC_NONE };
	push(p, s);
	return aa_end_of_rule(p);
}

/* Everything up to the comma that is not inside parentheses. */
static bool options_rule(struct aa_parser *p, struct aa_statement *s)
{
	int depth = 0;

	s->keyword = p->token.text;
	for (;;) {
		aa_advance(p, true);
		if (p->failed)
			return false;
		if (p->token.kind == AA_END || p->token.kind == AA_OPEN ||
			p->token.kind == AA_CLOSE)
			return aa_expected(p, depth ? "')'" : "',' at the end of the rule");
		if (p->token.kind == AA_COMMA && depth == 0)
			break;
		depth += p->token.kind == AA_LPAREN;
		depth -= p->token.kind == AA_RPAREN;
		if (depth < 0)
			return aa_wrong(p, p->token.at, "')' without '('");
		if (s->words.n == 4096)
			return aa_wrong(p, p->token.at, "a rule of more than 4096 words");
		ARENA_PUSH(p->file->arena, s->words.v, s->words.n, s->words.cap, p->token);
	}
	push(p, s);
	return aa_end_of_rule(p);
}

/* `audit { … }`, `owner { … }` */
static bool block(struct aa_parser *p, const struct aa_statement *head)
{
	if (++p->deep > AA_DEEP_MAX)
		return aa_wrong(
			p, p->token.at, "blocks inside each other more than %d deep", AA_DEEP_MAX);
	aa_advance(p, false);
	while (p->token.kind != AA_CLOSE) {
		struct aa_statement s = *head;

		if (p->failed || p->token.kind == AA_END)
			return aa_expected(p, "'}'");
		s.at = p->token.at;
		if (!aa_parse_statement(p, s))
			return false;
	}
	aa_advance(p, false);
	p->deep--;
	return !p->failed;
}

static const char *const keywords[] = { "capability", "network", "signal", "ptrace", "unix", "dbus",
	"mount", "umount", "remount", "pivot_root", "change_profile", "link", "set", "userns",
	"mqueue", "io_uring", "all", NULL };

static bool is_keyword(const struct aa_token *t)
{
	for (const char *const *k = keywords; *k; k++) {
		if (aa_is_word(t, *k))
			return true;
	}
	return false;
}

bool aa_parse_statement(struct aa_parser *p, struct aa_statement s)
{
	static const struct {
		const char *word;
		size_t offset; /* of what it sets */
	} heads[] = {
		{ "audit", offsetof(struct aa_statement, audit) },
		{ "deny", offsetof(struct aa_statement, deny) },
		{ "owner", offsetof(struct aa_statement, owner) },
		{ "other", offsetof(struct aa_statement, other) },
		{ "allow", SIZE_MAX },
		{ "safe", SIZE_MAX },
		{ "unsafe", SIZE_MAX },
	};

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		if (!aa_is_word(&p->token, heads[i].word))
			continue;
		if (heads[i].offset != SIZE_MAX)
			*((bool *)((char *)&s + heads[i].offset)) = true;
		aa_advance(p, false);
		i = SIZE_MAX; /* begin anew */
	}
	if (p->token.kind == AA_OPEN)
		return block(p, &s);
	if (aa_is_word(&p->token, "priority"))
		return aa_wrong(p, p->token.at, "rules with a priority are not known");
	if (aa_is_word(&p->token, "file"))
		return file_keyword(p, &s);
	if (is_keyword(&p->token))
		return options_rule(p, &s);
	return file_rule(p, &s);
}
