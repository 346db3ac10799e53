/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/parse_tokens.h"

#include "pale.tab.h"

#include <string.h>

/* The words that go on with a statement: recognised only behind a whole operand, so that anything
 * may be named like them. */
static const struct clause_word {
	const char *name;
	int token;
	int head; /* of the statements that have it; 0: rules */
	bool call;
} clause_words[] = {
	{ "extends", T_EXTENDS, T_PROFILE, false },
	{ "for", T_FOR, T_TEST, false },
	{ "except", T_EXCEPT, 0, false },
	{ "owner", T_OWNER, 0, false },
	{ "errno", T_ERRNO, 0, false },
	{ "as", T_AS, 0, false },
	{ "to", T_TO, 0, false },
	{ "from", T_FROM, 0, false },
	{ "on", T_ON, 0, false },
	{ "with", T_WITH, 0, false },
	{ "in", T_IN, 0, false },
	{ "in", T_IN, 0, true },
	{ "not", T_NOT, 0, true },
	{ "and", T_AND, 0, true },
	{ "or", T_OR, 0, true },
};

void parse_each_clause_word(void (*each)(void *ctx, const char *name), void *ctx)
{
	for (size_t i = 0; i < sizeof(clause_words) / sizeof(*clause_words); i++)
		each(ctx, clause_words[i].name);
}

static void push_word(struct parse *p, struct token t)
{
	token_push(p, t);
	if (p->place != PLACE_AFTER_OPERATION)
		p->place = PLACE_REST;
}

static void hint_elsewhere(struct parse *p, struct diag *d, const char *name)
{
	const struct parse_operation *o = parse_operation_find(name);

	if (o->block == BLOCK_NONE)
		diag_hint(p->diags, d, "did you mean '%s', in a %s block or outside blocks?", name,
			name);
	else
		diag_hint(p->diags, d, "did you mean '%s', in a %s block?", name,
			parse_block_name(o->block));
}

/* In these blocks the block says what its rules are about, and @first is an object. */
static void push_blocks_operation(struct parse *p, const struct token *first)
{
	bool calls = frame_innermost(p)->block == BLOCK_SYSCALL;
	struct token made = { .kind = calls ? T_OP_SYSCALL : T_OP_CAPABILITY };

	made.word.at = (struct span){ first->word.at.source, first->word.at.offset, 0 };
	made.word.text = "";
	p->operation = made;
	p->head = made;
	token_push(p, made);
	p->place = PLACE_REST;
}

/* The first word behind an effect, or behind a comma between operations. */
static void push_operation(struct parse *p, struct token t)
{
	enum ast_block block = frame_innermost(p)->block;
	const struct parse_operation *o = parse_operation_of(&t);
	struct diag *d;

	if (block == BLOCK_SYSCALL || block == BLOCK_CAPABILITY) {
		push_blocks_operation(p, &t);
		push_word(p, t);
		return;
	}
	if (t.kind != T_NAME) {
		push_word(p, t);
		return;
	}
	if (!o) {
		const struct statement_word *w = statement_word_of(&t);
		const char *best = w ? NULL : parse_operation_suggest(t.word.text, block);

		d = parse_error(p, t.word.at, "unknown operation '%s'", parse_shown(p, t.word.at));
		if (d && w && (w->token == T_EFFECT || w->token == T_QUIET))
			diag_hint(p->diags, d,
				"a rule has one effect; 'quiet' stands before its 'deny'");
		else if (d && best)
			diag_hint(p->diags, d, "did you mean '%s'?", best);
		else if (d && block != BLOCK_NONE && !w &&
			 parse_operation_suggest(t.word.text, BLOCK_NONE))
			hint_elsewhere(p, d, parse_operation_suggest(t.word.text, BLOCK_NONE));
		else if (d && block != BLOCK_NONE)
			diag_hint(p->diags, d, "a %s block has %s", parse_block_name(block),
				parse_operations_of(p, block));
		else if (d)
			diag_hint(p->diags, d, "the operations are %s",
				parse_operations_of(p, block));
		if (!best) {
			t.kind = T_JUNK;
			push_word(p, t);
			return;
		}
		o = parse_operation_find(best);
		t.word.text = o->name;
		t.word.len = (uint32_t)strlen(o->name);
	} else if (block != BLOCK_NONE && o->block != block) {
		const char *best = parse_operation_suggest(t.word.text, block);

		d = parse_error(p, t.word.at, "a %s block has no operation '%s'",
			parse_block_name(block), o->name);
		if (d && o->block == BLOCK_NONE)
			diag_hint(p->diags, d, "'%s' rules stand in a %s block or outside blocks",
				o->name, o->name);
		else if (d && best)
			diag_hint(p->diags, d, "'%s' belongs in a %s block; did you mean '%s'?",
				o->name, parse_block_name(o->block), best);
		else if (d)
			diag_hint(p->diags, d, "'%s' belongs in a %s block", o->name,
				parse_block_name(o->block));
	}
	t.kind = o->token;
	if (!p->operation.kind)
		p->operation = t;
	p->head = t;
	p->place = PLACE_AFTER_OPERATION;
	token_push(p, t);
}

bool parse_is_operand(const struct token *t)
{
	switch (t->kind) {
	case T_NAME:
	case T_QNAME:
	case T_PATH:
	case T_NUMBER:
	case T_ADDRESS:
	case T_GROUP:
	case T_STRING:
	case T_OWNER:
	case T_JUNK:
	case ')':
	case '}':
		return true;
	}
	return false;
}

static const struct clause_word *clause_word(struct parse *p, const struct token *t)
{
	const struct token *before = &p->previous;
	bool after_operation = p->place == PLACE_AFTER_OPERATION;
	int statement = p->opening ? p->head.kind : 0;

	if (t->kind != T_NAME || frame_innermost(p)->kind == FRAME_LIMIT)
		return NULL;
	/* `not in`; and behind an operation only what no operand is called there. */
	if (!parse_is_operand(before) && !after_operation && !(p->in_call && before->kind == T_NOT))
		return NULL;
	if (after_operation && !(before->kind == T_OP_SIGNAL && token_is(t, "to")) &&
		before->kind != T_OP_MOUNT && before->kind != T_OP_BARE)
		return NULL;
	if (!p->opening && !p->operation.kind)
		return NULL;
	for (size_t i = 0; i < sizeof(clause_words) / sizeof(*clause_words); i++) {
		const struct clause_word *c = &clause_words[i];

		if (c->call == p->in_call && token_is(t, c->name) && c->head == statement)
			return c;
	}
	return NULL;
}

static void push_rest(struct parse *p, struct token t)
{
	const struct clause_word *c = clause_word(p, &t);

	if (c) {
		t.kind = c->token;
		p->head = t;
	} else if (!parse_is_operand(&t) && t.kind != ',' && t.kind != '|') {
		/* Comparisons, '=', '(' say what must follow, too. */
		p->head = t;
	}
	if (p->previous.kind == T_TEST && t.word.quoted && t.kind == T_PATH) {
		t.kind = T_STRING;
		t.word.kind = WORD_STRING;
	}
	if (t.kind == T_NAME && p->operation.kind == T_OP_SYSCALL && !p->in_call) {
		struct token next = token_get(p);

		token_unget(p, next);
		if (next.kind == '=')
			t.kind = T_ARGUMENT;
	}
	if (p->previous.kind == T_GROUP_WORD)
		p->subject = t;
	if (t.kind == '(' || (t.kind == T_ARGUMENT && !p->subject.kind))
		p->subject = p->previous;
	if (t.kind == '(') {
		p->in_call = true;
		p->call_open = t;
	}
	if (t.kind == ')')
		p->in_call = false;
	token_push(p, t);
}

/* Brackets of what is matched as a glob; a test's title is not. */
static void check_word(struct parse *p, struct token *t)
{
	bool glob = t->kind == T_PATH || (t->word.text && !strncmp(t->word.text, "abstract:", 9));

	if (glob && p->previous.kind != T_TEST && !parse_check_path(p, t))
		t->kind = T_JUNK;
}

/* Far above any list that is meant; a tree of more would not fit into memory. */
static bool too_long(struct parse *p, struct token *t)
{
	if (t->kind == ',' || ++p->n_words <= PARSE_WORDS_MAX)
		return false;
	parse_error_once(p, t->word.at, "more than %d words in one statement", PARSE_WORDS_MAX);
	return true;
}

static void next_word(struct parse *p, struct token t)
{
	const struct statement_word *w;

	if (too_long(p, &t))
		t.kind = T_JUNK;
	check_word(p, &t);
	if (p->place == PLACE_AFTER_OPERATION && t.kind == ',') {
		p->place = PLACE_OPERATION;
		token_push(p, t);
		return;
	}
	switch (p->place) {
	case PLACE_START:
		statement_start(p, t);
		break;
	case PLACE_QUIET:
		w = statement_word_of(&t);
		p->place = PLACE_REST;
		if (w && w->token == T_EFFECT) {
			t.kind = w->token;
			t.effect = w->effect;
			p->head = t;
			p->place = PLACE_OPERATION;
		}
		token_push(p, t);
		break;
	case PLACE_OPERATION:
		push_operation(p, t);
		break;
	case PLACE_AFTER_OPERATION:
	case PLACE_REST:
		push_rest(p, t);
		p->place = PLACE_REST;
		break;
	}
}

/*
 * A list ended in a comma, and the next line looks like a statement of its own: the comma is one
 * too many. A name alone in its line, or one that goes on like a list, is still a member.
 */
static bool ends_list(struct parse *p, struct token t)
{
	const struct statement_word *w = statement_word_of(&t);
	struct token next;

	if (p->previous.kind != ',' || p->place == PLACE_START || !t.first || !w ||
		!statement_stands_in(w, frame_innermost(p)))
		return false;
	next = token_get(p);
	token_unget(p, next);
	if (next.kind == ',' || next.kind == RAW_NEWLINE || next.kind == ';' || next.kind == 0 ||
		next.kind == '}' || next.kind == '(')
		return false;
	for (size_t i = 0; i < sizeof(clause_words) / sizeof(*clause_words); i++) {
		if (token_is(&next, clause_words[i].name))
			return false;
	}
	return true;
}

/* The cursor stands at @t: lets the grammar reject it, and so say what it would have taken. */
static void end_at_cursor(struct parse *p, struct token t)
{
	enum ast_block block = frame_innermost(p)->block;

	p->watch->ended = true;
	if (p->place == PLACE_OPERATION && (block == BLOCK_SYSCALL || block == BLOCK_CAPABILITY))
		push_blocks_operation(p, &t);
	t.kind = T_JUNK;
	token_push(p, t);
}

/* Puts at least one token into the queue, or drops something. */
static void advance(struct parse *p)
{
	struct token t = token_get(p);

	if (p->watch && p->watch->ahead && p->watch->ahead(p, &t)) {
		end_at_cursor(p, t);
		return;
	}
	if (p->in_call) {
		if (t.kind == RAW_NEWLINE)
			return;
		if (t.kind != ';' && t.kind != 0) {
			next_word(p, t);
			return;
		}
	}
	if (ends_list(p, t)) {
		token_unget(p, t);
		statement_end(p);
		return;
	}
	switch (t.kind) {
	case RAW_NEWLINE:
		if (p->place == PLACE_START || p->previous.kind == ',')
			return;
		statement_end(p);
		return;
	case ';':
		if (p->place != PLACE_START)
			statement_end(p);
		return;
	case '}':
		if (p->place != PLACE_START) {
			token_unget(p, t);
			statement_end(p);
		} else if (p->depth == 0 || frame_innermost(p)->kind == FRAME_REQUEST) {
			frame_reject_stray(p, t);
		} else {
			frame_close(p, t);
		}
		return;
	case 0:
		if (p->place != PLACE_START) {
			token_unget(p, t);
			statement_end(p);
		} else {
			frame_end_of_file(p, t);
		}
		return;
	case '{':
		if (p->opening) {
			p->opening = false;
			frame_open(p, t);
			return;
		}
		break;
	}
	if (frame_innermost(p)->kind == FRAME_REQUEST && p->finished) {
		parse_error_once(p, t.word.at, "expected one operation and its object, found more");
		p->failed = true;
		return;
	}
	next_word(p, t);
}

/* The grammar rejected p->latest: brings it to the statement's end, or to the '{' of a head. */
static void recover(struct parse *p)
{
	p->recovering = false;
	if (p->n_queue)
		return;
	if (p->latest.kind == '{' && !p->opening && p->place == PLACE_START)
		return; /* a head without its words: the '{' itself goes on */
	if (p->opening) {
		if (p->latest.kind != T_END) {
			struct token t;

			do
				t = token_get(p);
			while (t.kind != '{' && t.kind != RAW_NEWLINE && t.kind != ';' &&
				t.kind != 0 && t.kind != '}');
			if (t.kind != RAW_NEWLINE && t.kind != ';')
				token_unget(p, t);
			parse_scan_mode(p, SCAN_STATEMENT);
			p->in_call = false;
		}
		frame_open_anyway(p);
		return;
	}
	if (p->latest.kind == T_END || p->latest.kind == 0 || p->place == PLACE_START)
		return;
	if (p->in_call && p->latest.first && p->latest.kind != ')') {
		/* As in statement_skip(): this one may begin the next statement. */
		struct token t = p->latest;

		if (t.kind == '}' || statement_word_of(&t)) {
			parse_scan_mode(p, SCAN_STATEMENT);
			token_unget(p, t);
			statement_end(p);
			return;
		}
	}
	statement_skip(p);
	statement_end(p);
}

struct token parse_next(struct parse *p)
{
	struct token t;

	if (!p->started) {
		p->started = true;
		t = (struct token){ .kind = p->depth ? T_START_REQUEST : T_START_FILE };
		t.word.at = (struct span){ p->source->id, 0, 0 };
		p->previous = p->latest = t;
		return t;
	}
	p->previous = p->latest;
	if (p->queue_at == p->n_queue) {
		p->before.operation = p->operation;
		p->before.head = p->head;
		p->before.in_call = p->in_call;
	}
	if (p->watch && p->watch->ended && p->queue_at == p->n_queue)
		return (struct token){ .word.at = parse_after(&p->latest) };
	if (p->recovering)
		recover(p);
	while (p->queue_at == p->n_queue) {
		p->queue_at = p->n_queue = 0;
		advance(p);
	}
	t = p->queue[p->queue_at++];
	if (p->queue_at == p->n_queue)
		p->queue_at = p->n_queue = 0;
	if (t.kind == T_END)
		p->finished = true;
	p->latest = t;
	if (p->watch && p->watch->word)
		p->watch->word(p, &t);
	return t;
}
