/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/parse_tokens.h"

#include "compiler/base/suggest.h"
#include "compiler/base/text.h"
#include "pale.tab.h"

#include <string.h>

#define IN(frame)  (1u << (frame))
#define IN_RULES   (IN(FRAME_PROFILE) | IN(FRAME_FRAGMENT) | IN(FRAME_BLOCK) | IN(FRAME_TEST))
#define IN_PROFILE (IN(FRAME_PROFILE) | IN(FRAME_FRAGMENT))

/* The words that begin a statement, and where. */
/* clang-format off */
static const struct statement_word statement_words[] = {
#define WORD(name, frames, token)	   { name, frames, token, -1, BLOCK_NONE, EFFECT_ALLOW }
#define OPENS(name, frames, token, opens)  { name, frames, token, opens, BLOCK_NONE, EFFECT_ALLOW }
#define RULES(name, block)		   { name, IN_PROFILE, T_BLOCK, FRAME_BLOCK, block, EFFECT_ALLOW }
#define EFFECT(name, effect)		   { name, IN_RULES, T_EFFECT, -1, BLOCK_NONE, effect }
	WORD("use", IN(FRAME_FILE), T_USE),
	WORD("let", IN(FRAME_FILE), T_LET),
	WORD("group", IN(FRAME_FILE), T_GROUP_WORD),
	OPENS("fragment", IN(FRAME_FILE), T_FRAGMENT, FRAME_FRAGMENT),
	OPENS("profile", IN(FRAME_FILE) | IN(FRAME_PROFILE), T_PROFILE, FRAME_PROFILE),
	OPENS("test", IN(FRAME_FILE), T_TEST, FRAME_TEST),
	WORD("include", IN_PROFILE, T_INCLUDE),
	RULES("process", BLOCK_PROCESS),
	RULES("file", BLOCK_FILE),
	RULES("network", BLOCK_NETWORK),
	RULES("mount", BLOCK_MOUNT),
	RULES("syscall", BLOCK_SYSCALL),
	RULES("capability", BLOCK_CAPABILITY),
	OPENS("limit", IN(FRAME_PROFILE), T_LIMIT, FRAME_LIMIT),
	WORD("mode", IN(FRAME_PROFILE), T_MODE),
	WORD("on", IN(FRAME_PROFILE), T_ON_WORD),
	WORD("abi", IN(FRAME_PROFILE), T_ABI),
	EFFECT("allow", EFFECT_ALLOW),
	EFFECT("audit", EFFECT_AUDIT),
	EFFECT("deny", EFFECT_DENY),
	EFFECT("kill", EFFECT_KILL),
	WORD("quiet", IN_RULES, T_QUIET),
	WORD("only", IN(FRAME_BLOCK), T_ONLY), /* of these, in a syscall block alone */
#undef WORD
#undef OPENS
#undef RULES
#undef EFFECT
};
/* clang-format on */

#define N_STATEMENT_WORDS (sizeof(statement_words) / sizeof(*statement_words))

bool token_is(const struct token *t, const char *name)
{
	return t->kind == T_NAME && !strcmp(t->word.text, name);
}

const struct statement_word *statement_word_of(const struct token *t)
{
	for (size_t i = 0; t->kind == T_NAME && i < N_STATEMENT_WORDS; i++) {
		if (token_is(t, statement_words[i].name))
			return &statement_words[i];
	}
	return NULL;
}

bool statement_stands_in(const struct statement_word *w, const struct frame *f)
{
	if (w->token == T_ONLY && f->block != BLOCK_SYSCALL)
		return false;
	return w->frames & IN(f->kind);
}

void parse_each_statement_word(enum frame_kind frame, enum ast_block block,
	void (*each)(void *ctx, const char *name), void *ctx)
{
	const struct frame f = { .kind = frame, .block = block };

	for (size_t i = 0; i < N_STATEMENT_WORDS; i++) {
		if (statement_stands_in(&statement_words[i], &f))
			each(ctx, statement_words[i].name);
	}
}

static const char *frame_name(const struct frame *f)
{
	switch (f->kind) {
	case FRAME_FILE:
		return "the file's top level";
	case FRAME_PROFILE:
		return "a profile";
	case FRAME_FRAGMENT:
		return "a fragment";
	case FRAME_LIMIT:
		return "a limit block";
	case FRAME_TEST:
		return "a test";
	case FRAME_REQUEST:
	case FRAME_BLOCK:
		break;
	}
	return NULL;
}

static const char *frame_shown(struct parse *p, const struct frame *f)
{
	const char *name = frame_name(f);

	return name ? name : arena_printf(p->arena, "a %s block", parse_block_name(f->block));
}

/* "allow, audit, deny, …" of what may begin a statement here. */
static const char *statements_of(struct parse *p, const struct frame *f)
{
	struct text t = TEXT_INIT;
	const char *before = NULL, *list;

	for (size_t i = 0; i < N_STATEMENT_WORDS; i++) {
		if (!statement_stands_in(&statement_words[i], f))
			continue;
		if (before)
			text_printf(&t, "%s%s", t.len ? ", " : "", before);
		before = statement_words[i].name;
	}
	text_printf(&t, " or %s", before);
	list = arena_strdup(p->arena, text_str(&t));
	text_release(&t);
	return list;
}

/*
 * @t cannot stand in the innermost block, but in one around it: was that block's '}' forgotten? A
 * word no further in than the block itself says so; where all is on one line, a block's head does.
 * Closes what is open then.
 */
static bool close_forgotten(struct parse *p, struct token t, const struct statement_word *w)
{
	uint32_t column = parse_column(p, t.word.at), outer = p->depth;
	struct diag *d;

	while (outer > 0 && !statement_stands_in(w, &p->frames[outer]))
		outer--;
	if (!statement_stands_in(w, &p->frames[outer]) || outer == p->depth)
		return false;
	if (t.first ? column > frame_indentation(p, frame_innermost(p)->opener.word.at)
		    : w->opens < 0 || outer == 0 || parse_peek(p).kind != '{')
		return false;
	d = parse_error(p, t.word.at, "expected '}' before '%s'", w->name);
	while (p->depth > outer) {
		if (d)
			diag_note(p->diags, d, frame_innermost(p)->opener.word.at,
				"this block is not closed");
		frame_close(p, (struct token){ .kind = '}', .word.at = parse_after(&p->previous) });
	}
	token_unget(p, t);
	return true;
}

/* At the top of a file stands what belongs in a profile. */
static void reject_outside(struct parse *p, struct token t)
{
	struct diag *d;

	if (!p->outside && !p->stray_closed) {
		d = parse_error(
			p, t.word.at, "'%s' stands outside any profile", parse_shown(p, t.word.at));
		if (d && p->last_closed.kind)
			diag_note(p->diags, d, p->last_closed.word.at,
				"the declaration before ends here");
		else if (d)
			diag_hint(p->diags, d,
				"rules and blocks stand in a declaration: profile NAME { ... }");
	}
	p->outside = true;
}

static void reject_misplaced(struct parse *p, struct token t, const struct statement_word *w)
{
	const struct frame *f = frame_innermost(p);
	struct diag *d;

	if (w->token == T_ONLY && f->kind != FRAME_BLOCK) {
		d = parse_error(p, t.word.at, "'only' belongs in a syscall block");
		if (d)
			diag_hint(p->diags, d, "write 'syscall { only ... }'");
		return;
	}
	d = parse_error(p, t.word.at, "'%s' cannot stand in %s", w->name, frame_shown(p, f));
	if (!d)
		return;
	if (w->token == T_ONLY)
		diag_hint(p->diags, d, "it belongs in a syscall block");
	else if (w->frames & IN(FRAME_FILE))
		diag_hint(p->diags, d, "it belongs at the file's top level%s",
			w->frames & IN(FRAME_PROFILE) ? " or in a profile" : "");
	else if (f->kind == FRAME_LIMIT)
		diag_hint(p->diags, d,
			"a limit block holds processes, memory, open-files, cpu and "
			"file-size");
	else
		diag_hint(p->diags, d, "it belongs in a profile%s",
			w->frames & IN(FRAME_FRAGMENT) ? " or fragment" : "");
}

/* A rule that begins with its operation, or with what no statement begins with. */
static void reject_start(struct parse *p, struct token t)
{
	const struct frame *f = frame_innermost(p);
	const struct parse_operation *o = parse_operation_of(&t);
	const char *shown = parse_shown(p, t.word.at);
	struct diag *d;

	if (t.kind == '{') {
		d = parse_error_once(p, t.word.at, "'{' has no block to open");
		if (d)
			diag_hint(p->diags, d,
				"a block's name stands before its '{', on the same line");
	} else if (f->kind == FRAME_FILE) {
		d = parse_error_once(p, t.word.at, "expected a declaration, found '%s'", shown);
		parse_lost(p, DECL_USE, NULL);
		if (d)
			diag_hint(p->diags, d, "a declaration begins with %s", statements_of(p, f));
	} else if (f->kind == FRAME_LIMIT) {
		d = parse_error_once(p, t.word.at, "expected a limit's name, found '%s'", shown);
		if (d)
			diag_hint(p->diags, d, "write a limit as 'memory 256M'");
	} else if (o || f->block == BLOCK_SYSCALL || f->block == BLOCK_CAPABILITY) {
		d = parse_error_once(p, t.word.at, "expected an effect before '%s'", shown);
		if (d)
			diag_hint(p->diags, d,
				"write 'allow %s ...' or another effect: audit, deny, kill", shown);
	} else {
		d = parse_error_once(p, t.word.at, "expected %s, found '%s'",
			f->kind == FRAME_BLOCK || f->kind == FRAME_TEST ? "a rule" : "a statement",
			shown);
		if (d && t.first && t.kind == T_PATH)
			diag_hint(
				p->diags, d, "a list goes on in the next line only after a comma");
		else if (d)
			diag_hint(p->diags, d, "%s begins with %s",
				f->kind == FRAME_BLOCK || f->kind == FRAME_TEST ? "a rule"
										: "a statement",
				statements_of(p, f));
	}
}

void parse_lost(struct parse *p, enum ast_decl_kind kind, const struct word *name)
{
	struct ast_lost lost = { .kind = kind };

	if (name)
		lost.name = *name;
	ARENA_PUSH(p->arena, p->file->lost, p->file->n_lost, p->file->cap_lost, lost);
}

/* Nothing begins with this word: NULL, or the word that was meant, put in its place. */
static const struct statement_word *guess_start(struct parse *p, struct token *t)
{
	const struct statement_word *meant;
	const struct frame *f = frame_innermost(p);
	const char *best;
	struct suggest s;
	struct diag *d;

	if (t->kind != T_NAME || parse_operation_of(t))
		return NULL;
	suggest_init(&s, t->word.text);
	for (size_t i = 0; i < N_STATEMENT_WORDS; i++) {
		if (statement_stands_in(&statement_words[i], f))
			suggest_offer(&s, statement_words[i].name);
	}
	best = suggest_best(&s);
	if (!best)
		return NULL;
	d = parse_error(p, t->word.at, "unknown word '%s' at the start of a %s",
		parse_shown(p, t->word.at),
		f->kind == FRAME_FILE				  ? "declaration"
		: f->kind == FRAME_BLOCK || f->kind == FRAME_TEST ? "rule"
								  : "statement");
	if (d)
		diag_hint(p->diags, d, "did you mean '%s'?", best);
	t->word.text = best;
	t->word.len = (uint32_t)strlen(best);
	meant = statement_word_of(t);
	return meant;
}

void statement_start(struct parse *p, struct token t)
{
	const struct frame *f = frame_innermost(p);
	const struct statement_word *w = statement_word_of(&t);

	p->failed = t.kind == T_JUNK;
	p->spoiled = false;
	if (f->kind == FRAME_LIMIT && t.kind == T_NAME && (!w || statement_stands_in(w, f))) {
		p->place = PLACE_REST;
		p->head = t;
		token_push(p, t);
		return;
	}
	if (w && !statement_stands_in(w, f)) {
		if (close_forgotten(p, t, w))
			return;
		if (f->kind == FRAME_FILE)
			reject_outside(p, t);
		else if ((f->block == BLOCK_SYSCALL || parse_operation_of(&t)) && w->opens >= 0)
			reject_start(p, t);
		else
			reject_misplaced(p, t, w);
		statement_drop(p, t);
		return;
	}
	if (!w)
		w = guess_start(p, &t);
	if (!w) {
		if (f->kind == FRAME_FILE && parse_operation_of(&t))
			reject_outside(p, t);
		else if (!p->outside || f->kind != FRAME_FILE)
			reject_start(p, t);
		statement_drop(p, t);
		return;
	}
	p->outside = p->outside && f->kind != FRAME_FILE;
	p->stray_closed = p->stray_closed && f->kind != FRAME_FILE;
	t.kind = w->token;
	t.effect = w->effect;
	p->opening = w->opens >= 0;
	p->opener = t;
	p->opener.kind = T_NAME;
	p->place = w->token == T_EFFECT	 ? PLACE_OPERATION
		   : w->token == T_ONLY	 ? PLACE_OPERATION
		   : w->token == T_QUIET ? PLACE_QUIET
					 : PLACE_REST;
	p->head = t;
	token_push(p, t);
}
