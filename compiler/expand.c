/* SPDX-License-Identifier: Apache-2.0 */
/* Variables and groups: one written word may stand for many. */
#include "compiler/resolve.h"

#include <ctype.h>
#include <string.h>

struct texts {
	const char **v;
	uint32_t n, cap;
};

static bool name_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* The variable that @name (@len bytes) names; NULL after an error was reported. */
static struct symbol *variable(
	struct resolution *res, const struct word *word, const char *name, size_t len)
{
	struct word asked = *word;
	struct symbol *s;

	asked.text = arena_printf(res->arena, "$%.*s", (int)len, name);
	s = resolve_find(res, SYMBOL_VARIABLE, asked.text + 1);
	if (!s)
		resolve_unknown(res, SYMBOL_VARIABLE, &asked);
	return s && !s->broken ? s : NULL;
}

/* The group that "@name" or "@name:PORT" names; NULL after an error was reported. */
static struct symbol *group(struct resolution *res, const struct word *word, const char *name)
{
	struct symbol *s = resolve_find(res, SYMBOL_GROUP, name);

	if (!s) {
		struct word asked = *word;

		asked.text = arena_printf(res->arena, "@%s", name);
		resolve_unknown(res, SYMBOL_GROUP, &asked);
	}
	return s && !s->broken ? s : NULL;
}

/* Finds the next unescaped '$' from @at; its name and where it ends. */
static const char *next_variable(
	const char *at, const char **ret_name, size_t *ret_len, const char **ret_end)
{
	for (; *at; at++) {
		const char *p;
		bool braced;

		if (*at == '\\' && at[1]) {
			at++;
			continue;
		}
		if (*at != '$')
			continue;
		braced = at[1] == '{';
		p = at + 1 + braced;
		*ret_name = p;
		while (name_byte(*p))
			p++;
		*ret_len = (size_t)(p - *ret_name);
		if (braced && *p == '}')
			p++;
		*ret_end = p;
		return at;
	}
	return NULL;
}

static const char *sigil(const struct symbol *s)
{
	return s->kind == SYMBOL_GROUP ? "@" : "$";
}

/* Where the ones that lead to each other stand while they are looked at. */
struct way {
	struct symbol *symbol;
	const struct way *back;
};

static void check(struct resolution *res, struct symbol *s, const struct way *back, uint32_t depth);

/* @value of the last on the way names @s. */
static void step(struct resolution *res, const struct word *value, struct symbol *s,
	const struct way *way, uint32_t depth)
{
	if (s->busy) {
		struct diag *d = diag_error(res->diags, value->at, "%s '%s%s' contains itself",
			s->kind == SYMBOL_GROUP ? "group" : "variable", sigil(s), s->name);

		s->broken = true;
		for (; way->symbol != s; way = way->back) {
			diag_note(res->diags, d, way->symbol->decl->name.at, "by way of '%s%s'",
				sigil(s), way->symbol->name);
			way->symbol->broken = true;
		}
		return;
	}
	check(res, s, way, depth + 1);
	way->symbol->broken |= s->broken;
	if (s->level >= way->symbol->level)
		way->symbol->level = s->level + 1;
}

static void too_deep(struct resolution *res, struct symbol *s)
{
	diag_error(res->diags, s->decl->name.at,
		"more than %d names lead from one to the next at '%s%s'", CHAIN_MAX, sigil(s),
		s->name);
	s->broken = true;
}

static void check(struct resolution *res, struct symbol *s, const struct way *back, uint32_t depth)
{
	struct way way = { s, back };

	if (s->checked)
		return;
	if (depth > CHAIN_MAX) {
		s->checked = true;
		too_deep(res, s);
		return;
	}
	s->busy = true;
	for (uint32_t i = 0; i < s->decl->values.n; i++) {
		const struct word *value = &s->decl->values.v[i];
		const char *at = value->text, *name;
		struct symbol *next;
		size_t len;

		if (value->kind == WORD_GROUP) {
			next = group(res, value, value->text + 1);
			if (next)
				step(res, value, next, &way, depth);
			else
				s->broken = true;
		}
		while (value->kind == WORD_PATH && (at = next_variable(at, &name, &len, &at))) {
			next = variable(res, value, name, len);
			at = name + len;
			if (next)
				step(res, value, next, &way, depth);
			else
				s->broken = true;
		}
	}
	s->busy = false;
	s->checked = true;
	if (s->level > CHAIN_MAX && !s->broken)
		too_deep(res, s);
}

void expand_check(struct resolution *res, struct symbol *s)
{
	check(res, s, NULL, 0);
}

static bool too_many(struct resolution *res, const struct word *word)
{
	struct diag *d = diag_error(res->diags, word->at, "'%s' stands for more than %d paths",
		word->text, EXPANSIONS_MAX);

	diag_hint(res->diags, d,
		"alternatives '{a,b}' in one path cost less than variables multiplied by each "
		"other");
	return false;
}

/* Adds what a variable made to @ret; false when that is more than there may be. */
static bool made(
	struct resolution *res, const struct word *word, const char *text, struct texts *ret)
{
	size_t len = strlen(text);

	if (len > GLOB_BYTES_MAX) {
		diag_error(res->diags, word->at, "'%s' stands for a text of more than %d bytes",
			word->text, GLOB_BYTES_MAX);
		return false;
	}
	res->n_expanded++;
	res->expanded_bytes += len;
	if (res->n_expanded > EXPANSIONS_MAX_ALL || res->expanded_bytes > EXPANSIONS_MAX_BYTES) {
		struct diag *d;

		if (res->expanded_too_much)
			return false;
		res->expanded_too_much = true;
		d = diag_error(res->diags, word->at,
			"the policy's variables stand for too many paths: more than %d, or %u MB",
			EXPANSIONS_MAX_ALL, EXPANSIONS_MAX_BYTES >> 20);
		diag_hint(res->diags, d,
			"alternatives '{a,b}' in one path cost less than variables multiplied by "
			"each other");
		return false;
	}
	ARENA_PUSH(res->arena, ret->v, ret->n, ret->cap, text);
	return true;
}

/*
 * What @text stands for, from left to right. @word is the one that the user wrote in the rule:
 * errors stand there, with a note at the variable whose value they come from. @path: the text
 * begins a path.
 */
static bool multiply(struct resolution *res, const struct word *word, const char *text, bool path,
	struct texts *ret)
{
	const char *name, *end, *at;
	struct texts heads = { 0 }, tails = { 0 };
	struct symbol *s;
	size_t len;
	bool ok = true;

	at = next_variable(text, &name, &len, &end);
	if (!at) {
		ARENA_PUSH(res->arena, ret->v, ret->n, ret->cap, text);
		return true;
	}
	if (!len) {
		struct diag *d = diag_error(res->diags, word->at, "'$' without a variable's name");

		diag_hint(res->diags, d, "write '\\$' to mean the character");
		return false;
	}
	s = variable(res, word, name, len);
	if (!s)
		return false;
	for (uint32_t i = 0; ok && i < s->decl->values.n; i++) {
		const struct word *value = &s->decl->values.v[i];
		bool begins = path && at == text;

		if (begins && value->kind != WORD_PATH) {
			struct diag *d = diag_error(
				res->diags, word->at, "variable '$%s' is not a path", s->name);

			diag_note(res->diags, d, value->at,
				"its value '%s' does not begin with '/'", value->text);
			ok = false;
			break;
		}
		ok = multiply(res, word, value->text, begins, &heads);
		if (ok && heads.n > EXPANSIONS_MAX)
			ok = too_many(res, word);
	}
	ok = ok && multiply(res, word, end, false, &tails);
	if (ok && (uint64_t)heads.n * tails.n + ret->n > EXPANSIONS_MAX)
		return too_many(res, word);
	for (uint32_t i = 0; ok && i < heads.n; i++) {
		for (uint32_t k = 0; ok && k < tails.n; k++) {
			const char *whole = arena_printf(res->arena, "%.*s%s%s", (int)(at - text),
				text, heads.v[i], tails.v[k]);

			ok = made(res, word, whole, ret);
		}
	}
	return ok;
}

/*
 * At the word's first byte, like any other mistake in it; the text names the piece. @expanded: what
 * the word's variables made.
 */
static void glob_diagnostic(struct resolution *res, const struct word *word, const char *text,
	bool expanded, const struct glob_error *e)
{
	size_t len = strlen(text);
	const char *piece = e->offset < len && e->len
				    ? arena_printf(res->arena, "%.*s",
					      (int)(e->len < 64 ? e->len : 64), text + e->offset)
				    : "";
	bool named = strstr(e->message, piece) || e->len > 64;
	struct diag *d =
		diag_error(res->diags, word->at, named ? "%s" : "%s: '%s'", e->message, piece);

	if (expanded)
		diag_note_unplaced(
			res->diags, d, "with its variables put in, '%s' is '%s'", word->text, text);
	if (e->hint)
		diag_hint(res->diags, d, "%s", e->hint);
}

bool expand_globs(struct resolution *res, const struct word *word, uint32_t skip,
	enum glob_kind kind, struct globs *ret)
{
	struct texts texts = { 0 };

	if (!multiply(res, word, word->text + skip, kind == GLOB_PATH, &texts))
		return false;
	for (uint32_t i = 0; i < texts.n; i++) {
		bool expanded = texts.v[i] != word->text + skip;
		struct glob_error e = { 0 };
		struct glob *g;
		size_t len = strlen(texts.v[i]);

		if (!glob_parse(res->arena, texts.v[i], len, kind, &g, &e)) {
			glob_diagnostic(res, word, texts.v[i], expanded, &e);
			return false;
		}
		ARENA_PUSH(res->arena, ret->v, ret->n, ret->cap, g);
	}
	return true;
}

bool expand_words(struct resolution *res, const struct word *word, struct words *ret)
{
	const char *name, *end, *at;
	struct symbol *s;
	size_t len;
	bool ok = true;

	at = word->kind == WORD_PATH ? next_variable(word->text, &name, &len, &end) : NULL;
	if (!at || at != word->text || *end) {
		if (ret->n >= EXPANSIONS_MAX)
			return too_many(res, word);
		ARENA_PUSH(res->arena, ret->v, ret->n, ret->cap, *word);
		return true;
	}
	s = variable(res, word, name, len);
	for (uint32_t i = 0; ok && s && i < s->decl->values.n; i++)
		ok = expand_words(res, &s->decl->values.v[i], ret);
	return ok && s;
}

/* What groups of a kind hold, for messages. */
static const char *held(const char *kind)
{
	static const char *const names[][2] = {
		{ "syscall", "system calls" },
		{ "capability", "capabilities" },
		{ "cidr", "addresses" },
		{ "port", "ports" },
		{ "signal", "signals" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!strcmp(names[i][0], kind))
			return names[i][1];
	}
	return kind;
}

bool expand_group(struct resolution *res, const struct word *word, const char *name,
	const char *kind, struct words *ret)
{
	struct symbol *s = group(res, word, name);
	bool ok = true;

	if (!s)
		return false;
	if (strcmp(s->decl->group_kind.text, kind) != 0) {
		struct diag *d = diag_error(res->diags, word->at, "group '@%s' holds %s, not %s",
			s->name, held(s->decl->group_kind.text), held(kind));

		diag_note(res->diags, d, s->decl->name.at, "declared here");
		return false;
	}
	for (uint32_t i = 0; ok && i < s->decl->values.n; i++) {
		const struct word *value = &s->decl->values.v[i];

		if (value->kind == WORD_GROUP) {
			ok = expand_group(res, value, value->text + 1, kind, ret);
		} else if (ret->n >= EXPANSIONS_MAX) {
			ok = too_many(res, word);
		} else {
			ARENA_PUSH(res->arena, ret->v, ret->n, ret->cap, *value);
		}
	}
	return ok;
}
