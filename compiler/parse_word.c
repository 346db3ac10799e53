/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/parse.h"

#include "pale.tab.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS	   "0123456789"
#define HEX_DIGITS DIGITS "abcdefABCDEF"
#define NAME_CHARS DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-"

/* The length of a number without suffix at @s, or 0. */
static size_t number_len(const char *s)
{
	size_t n;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		n = strspn(s + 2, HEX_DIGITS);
		return n ? n + 2 : 0;
	}
	return strspn(s, DIGITS);
}

static bool is_number(const char *s)
{
	static const char *const suffixes[] = { "", "K", "M", "G", "%", "ms", "s", "m", "h" };
	const char *from = s + (*s == '-');
	size_t n = number_len(from);

	if (n == 0)
		return false;
	from += n;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		if (!strcmp(from, suffixes[i]))
			return true;
	}
	if (*from == '-')
		from++;
	else if (from[0] == '.' && from[1] == '.')
		from += 2;
	else
		return false;
	n = number_len(from);
	return n > 0 && from[n] == 0;
}

/* 0644: C reads it in base 8, people read either. */
static bool looks_octal(const char *s)
{
	return s[0] == '0' && isdigit((unsigned char)s[1]);
}

static void reject_octal(struct parse *p, const struct token *t)
{
	unsigned long long value;
	struct diag *d;
	char *end;

	d = parse_word_error(p, t->word.at, "a number does not begin with 0");
	if (!d)
		return;
	value = strtoull(t->word.text, &end, 8);
	if (*end == 0)
		diag_hint(p->diags, d, "octal numbers are written in hexadecimal: 0x%llx", value);
}

/* a/b/c with no part empty */
static bool is_qualified(const char *s)
{
	for (;;) {
		size_t n = strspn(s, NAME_CHARS);

		if (n == 0)
			return false;
		if (s[n] == 0)
			return true;
		if (s[n] != '/')
			return false;
		s += n + 1;
	}
}

static bool is_group(const char *s)
{
	size_t n;

	if (*s != '@')
		return false;
	n = strspn(s + 1, NAME_CHARS);
	return n > 0 && (s[n + 1] == 0 || s[n + 1] == ':');
}

static bool is_address(const char *s)
{
	return strpbrk(s, ".:*[") && s[strspn(s, NAME_CHARS ".:*@/[]")] == 0;
}

static void reject_word(struct parse *p, const struct token *t)
{
	static const struct {
		const char *begins, *hint;
	} hints[] = {
		{ "~", "a path is absolute and begins with '/'" },
		{ "'", "a word is quoted with '\"'" },
		{ "`", "a word is quoted with '\"'" },
		{ "\xe2\x80\x9c", "these are typographic quotes: write '\"'" },
		{ "\xe2\x80\x98", "a word is quoted with '\"'" },
		{ "@", "'@' stands before a group's name: letters, digits, '_' and '-'" },
	};
	const char *text = t->word.text;
	struct diag *d = parse_word_error(
		p, t->word.at, "'%s' is not a word of a policy", parse_shown(p, t->word.at));

	if (!d)
		return;
	diag_hint(p->diags, d,
		"a name has only letters, digits, '_' and '-'; a path begins with '/'");
	for (size_t i = 0; i < sizeof(hints) / sizeof(*hints); i++) {
		if (!strncmp(text, hints[i].begins, strlen(hints[i].begins)))
			diag_hint(p->diags, d, "%s", hints[i].hint);
	}
	if (strchr(text, '$'))
		diag_hint(p->diags, d,
			"a variable stands in a path; sets of addresses and ports are groups, "
			"'@name'");
}

static void set_kind(struct token *t, int kind, enum word_kind word)
{
	t->kind = kind;
	t->word.kind = word;
}

void parse_word(struct parse *p, struct token *t)
{
	const char *s = t->word.text;

	if (*s == '/' || *s == '$') {
		set_kind(t, T_PATH, WORD_PATH);
	} else if (t->word.quoted) {
		set_kind(t, T_STRING, WORD_STRING);
	} else if (!strncmp(s, "abstract:", 9)) {
		set_kind(t, T_ADDRESS, WORD_ADDRESS);
	} else if (is_number(s)) {
		set_kind(t, T_NUMBER, WORD_NUMBER);
		if (looks_octal(s + (*s == '-'))) {
			reject_octal(p, t);
			t->kind = T_JUNK;
		}
	} else if (s[strspn(s, NAME_CHARS)] == 0) {
		set_kind(t, T_NAME, WORD_NAME);
	} else if (is_qualified(s)) {
		set_kind(t, T_QNAME, WORD_NAME);
	} else if (is_group(s)) {
		set_kind(t, T_GROUP, WORD_GROUP);
	} else if (is_address(s)) {
		set_kind(t, T_ADDRESS, WORD_ADDRESS);
	} else {
		reject_word(p, t);
		t->kind = T_JUNK;
	}
}

static void reject_bracket(struct parse *p, const struct token *t, char bracket)
{
	struct diag *d =
		parse_word_error(p, t->word.at, "the '%c' in this path is not closed", bracket);

	if (!d)
		return;
	if (t->word.quoted)
		diag_hint(p->diags, d,
			"close it with '%c', or write '\\%c' for the character itself",
			bracket == '{' ? '}' : ']', bracket);
	else
		diag_hint(p->diags, d,
			"close it with '%c' before the next blank, or write '\\%c' for the "
			"character itself",
			bracket == '{' ? '}' : ']', bracket);
}

static bool reject_variable(struct parse *p, const struct token *t)
{
	struct diag *d = parse_word_error(p, t->word.at, "'$' needs a variable's name behind it");

	if (d)
		diag_hint(p->diags, d,
			"write '$name' or '${name}', or '\\$' for the character itself");
	return false;
}

bool parse_check_path(struct parse *p, const struct token *t)
{
	uint32_t depth = 0;
	bool class = false;

	for (const char *s = t->word.text; *s; s++) {
		if (*s == '\\') {
			if (s[1] == 0) {
				struct diag *d = parse_word_error(
					p, t->word.at, "'\\' has nothing to stand before");

				if (d)
					diag_hint(p->diags, d,
						"to have a blank in a path, put the path in "
						"quotes");
				return false;
			}
			s++;
		} else if (*s == '$') {
			bool braces = s[1] == '{';
			size_t n = strspn(s + 1 + braces, NAME_CHARS);

			if (n == 0)
				return reject_variable(p, t);
			if (braces && s[n + 2] != '}') {
				reject_bracket(p, t, '{');
				return false;
			}
			s += n + (braces ? 2 : 0);
		} else if (class) {
			class = *s != ']';
		} else if (*s == '[') {
			class = true;
		} else if (*s == '{') {
			depth++;
		} else if (*s == '}' && depth > 0) {
			depth--;
		}
	}
	if (class || depth) {
		reject_bracket(p, t, class ? '[' : '{');
		return false;
	}
	return true;
}

bool parse_check_name(struct parse *p, const struct word *w)
{
	const char *s = w->text + (w->kind == WORD_GROUP);

	if (s[strspn(s, NAME_CHARS)] == 0)
		return true;
	if (w->kind == WORD_GROUP)
		parse_error_once(p, w->at, "a group is declared without a port");
	else
		parse_error_once(p, w->at, "a name has only letters, digits, '_' and '-'");
	return false;
}
