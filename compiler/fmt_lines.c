/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fmt_lines.h"

#include "compiler/base/wrapped.h"
#include "compiler/parse.h"
#include "pale.tab.h"

#include <assert.h>
#include <string.h>

/* A tab in the source goes to the next multiple of this. */
#define TAB_STOP 8

/* Kinds of items beside those of tokens. */
enum { ITEM_COMMENT_TEXT = -2, ITEM_OPEN = -3, ITEM_CLOSE = -4 };

/* A lexeme or a comment, in the order of the source. */
struct item {
	int kind; /* of the lexeme, or one of those above: '{' and '}' are of sets alone */
	const char *text;
	uint32_t len, width;
	uint32_t line, was;
	uint32_t newlines; /* between the item before and this one */
	bool after_blank;  /* a line of blanks alone is among them */
	bool near;	   /* at most two blanks in front of it, from whatever else is there */
	uint32_t match;	   /* ITEM_OPEN: where its block closes */
};

struct builder {
	struct lines *lines;
	struct item *items;
	uint32_t n;
	struct piece *pieces; /* of all lines, one behind the other */
	uint32_t n_pieces, cap_pieces;
};

static struct item item_of(const struct source *source, int kind, struct span at)
{
	const char *text = source->bytes + at.offset;
	uint32_t len = at.len;

	while (kind == ITEM_COMMENT_TEXT && len > 0 && strchr(" \t\r", text[len - 1]))
		len--;
	return (struct item){ .kind = kind,
		.text = text,
		.len = len,
		.width = (uint32_t)wrapped_columns(text, len) };
}

/* Where @item stands, when @before (NULL: nothing) stands before it. */
static void place_item(struct item *item, const struct item *before, const char *source)
{
	const char *s = before ? before->text + before->len : source;
	uint32_t column = before ? before->was + before->width : 0, blanks_from = column;
	bool blank = false;

	item->line = before ? before->line : 0;
	for (; s < item->text; s++) {
		if (*s == '\n') {
			item->after_blank = item->after_blank || blank;
			blank = true;
			item->newlines++;
			item->line++;
			column = 0;
		} else if (*s == '\t') {
			column += TAB_STOP - column % TAB_STOP;
		} else if (!(*s & 0x80)) {
			column++; /* and a byte order mark has no width */
		}
		if (*s == ';') {
			blank = false;
			blanks_from = column;
		}
	}
	item->was = column;
	item->near = item->newlines == 0 && column - blanks_from <= 2;
}

/* Merges words and comments, tells the braces of blocks from those of sets, and pairs the former.
 */
static void collect(struct builder *b, const struct source *source, const struct parse_trace *trace)
{
	uint32_t open[PARSE_NESTING_MAX + 1], depth = 0, l = 0, c = 0;
	bool in_call = false;

	b->items = arena_array(
		b->lines->arena, (size_t)trace->n_lexemes + trace->n_comments, sizeof(*b->items));
	while (l < trace->n_lexemes || c < trace->n_comments) {
		struct item *item = &b->items[b->n];

		if (c < trace->n_comments &&
			(l == trace->n_lexemes ||
				trace->comments[c].offset < trace->lexemes[l].at.offset)) {
			*item = item_of(source, ITEM_COMMENT_TEXT, trace->comments[c++]);
		} else {
			*item = item_of(source, trace->lexemes[l].kind, trace->lexemes[l].at);
			l++;
		}
		place_item(item, b->n ? item - 1 : NULL, source->bytes);
		if (item->kind == '(' || item->kind == ')')
			in_call = item->kind == '(';
		if (item->kind == '{' && !in_call) {
			assert(depth < sizeof(open) / sizeof(*open));
			item->kind = ITEM_OPEN;
			open[depth++] = b->n;
		} else if (item->kind == '}' && !in_call) {
			assert(depth > 0);
			item->kind = ITEM_CLOSE;
			b->items[open[--depth]].match = b->n;
		}
		b->n++;
	}
	assert(depth == 0);
}

static struct line *line_new(struct builder *b, enum line_kind kind, uint32_t indent)
{
	struct lines *lines = b->lines;

	ARENA_PUSH(lines->arena, lines->v, lines->n, lines->cap,
		(struct line){
			.kind = kind, .indent = indent, .rest = indent + POLICY_TEXT_INDENT });
	return &lines->v[lines->n - 1];
}

static struct line *line_last(struct builder *b)
{
	return &b->lines->v[b->lines->n - 1];
}

static bool begins_line(const struct builder *b, uint32_t i)
{
	return i == 0 || b->items[i].newlines > 0;
}

/*
 * A blank stands between any two words. Not before and after a sign that belongs to its word; but
 * outside parentheses a '|' behind a path would be one of its characters.
 */
static bool spaced(const struct builder *b, uint32_t i, bool in_call)
{
	int kind = b->items[i].kind, before = i ? b->items[i - 1].kind : 0;

	switch (kind) {
	case ',':
	case '(':
	case ')':
	case '}':
	case T_DOTDOT:
		return false;
	case '|':
		return before == T_PATH && !in_call;
	case '=':
		return before != T_ARGUMENT;
	}
	switch (before) {
	case '(':
	case '{':
	case T_DOTDOT:
		return false;
	case '|':
		return spaced(b, i - 1, in_call);
	case '=':
		return i < 2 || b->items[i - 2].kind != T_ARGUMENT;
	}
	return true;
}

/*
 * Behind a comma a line may be broken, but not before a name that ends the list and has more behind
 * it: the parser could take that for the next statement. Also in front of `and`.
 */
static bool may_break(const struct builder *b, uint32_t i, bool in_call)
{
	int next;

	if (b->items[i].kind == T_AND)
		return true;
	if (i == 0 || b->items[i - 1].kind != ',')
		return false;
	next = i + 1 < b->n ? b->items[i + 1].kind : T_END;
	return in_call || b->items[i].kind != T_NAME || next == ',' || next == T_END || next == '(';
}

static void add_piece(struct builder *b, struct piece piece)
{
	ARENA_PUSH(b->lines->arena, b->pieces, b->n_pieces, b->cap_pieces, piece);
	line_last(b)->n_pieces++;
}

static void add_item(struct builder *b, uint32_t i, bool in_call)
{
	const struct item *item = &b->items[i], *before = i ? item - 1 : NULL;
	bool begins = line_last(b)->n_pieces == 0;

	if (item->kind == T_END)
		return;
	add_piece(b, (struct piece){ .text = item->text,
			     .len = item->len,
			     .width = item->width,
			     .was = item->was,
			     .spaced = !begins && spaced(b, i, in_call),
			     .gap = !begins && before && item->newlines == 0 &&
				    item->was - (before->was + before->width) > 1,
			     .breaks = !begins && may_break(b, i, in_call) });
}

/*
 * The words that may be aligned are those at a line's beginning, up to the first sign that is not
 * spaced, or to the first block's '{'. So they never go to another line when it is broken. Where
 * something else stood in front of the statement, only what follows its effect is aligned: the
 * columns of the rest mean nothing. @first: the kind of the first word.
 */
static void mark_aligning(struct piece *v, const struct line *line, int first)
{
	bool rule = first == T_EFFECT || first == T_QUIET;

	for (uint32_t i = 1; i < line->n_pieces && v[i].spaced; i++) {
		v[i].effect = rule && i == 1;
		v[i].aligns = v[i].effect || !line->moved;
		if (!v[i].aligns || (v[i].len == 1 && *v[i].text == '{'))
			break;
	}
}

/* At the end of the line that was just made, or on one of its own. */
static void add_comment(struct builder *b, uint32_t i, enum line_kind kind, uint32_t indent)
{
	const struct item *item = &b->items[i];
	struct line *line;

	if (!begins_line(b, i)) {
		line = line_last(b);
		line->comment_near = item->near;
	} else {
		const struct line *above = b->lines->n ? line_last(b) : NULL;
		bool hanging = above && above->comment && (above->n_pieces || above->hanging) &&
			       item->newlines == 1 && above->comment_was == item->was;

		line = line_new(b, kind, indent);
		line->after_blank = b->items[i].after_blank;
		line->hanging = hanging;
	}
	line->comment = item->text;
	line->comment_len = item->len;
	line->comment_was = item->was;
}

/* Where in a statement its next word stands. */
struct cursor {
	uint32_t indent; /* of the statement */
	bool in_call;
	/* The source had a line's end behind the bracket: what it holds gets lines of its own, and
	 * the closing one too. */
	bool open_call, open_set;
};

static uint32_t cursor_depth(const struct cursor *p)
{
	return (uint32_t)p->open_call + (uint32_t)p->open_set;
}

static uint32_t cursor_indent(const struct cursor *p)
{
	return p->indent + POLICY_TEXT_INDENT * (cursor_depth(p) ? cursor_depth(p) : 1);
}

/*
 * Of the source's line ends those are kept that stand where lines may be broken anyway, and those
 * that set the contents of a bracket apart. One behind an `and` goes in front of it.
 */
static bool keeps_break(const struct builder *b, uint32_t i, const struct cursor *p)
{
	const struct item *item = &b->items[i], *before = item - 1, *next = item + 1;

	switch (before->kind) {
	case ITEM_COMMENT_TEXT:
		return true;
	case ',':
	case '(':
	case '{':
		if (item->newlines)
			return true;
		break;
	}
	switch (item->kind) {
	case ')':
		return p->open_call;
	case '}':
		return p->open_set;
	case T_AND:
		return item->newlines || next->newlines;
	}
	return false;
}

/* Behind the word @i. */
static void cursor_advance(struct cursor *p, const struct builder *b, uint32_t i)
{
	const struct item *next = &b->items[i + 1];
	bool breaks = next->newlines || next->kind == ITEM_COMMENT_TEXT;

	switch (b->items[i].kind) {
	case '(':
		p->in_call = true;
		p->open_call = breaks;
		break;
	case '{':
		p->open_set = breaks;
		break;
	}
}

/* In front of the word @i. */
static void cursor_close(struct cursor *p, int kind)
{
	if (kind == ')')
		p->in_call = p->open_call = false;
	if (kind == '}')
		p->open_set = false;
}

/* From the word @i to the END, or with a block's head to its '{'; gives the place behind. */
static uint32_t add_statement(struct builder *b, uint32_t i, enum line_kind kind, uint32_t indent)
{
	uint32_t first = i, first_line = b->lines->n, first_piece = b->n_pieces;
	struct cursor p = { .indent = indent };

	line_new(b, kind, indent)->moved = !begins_line(b, i);
	for (;; i++) {
		const struct item *item = &b->items[i];
		bool breaks;

		if (item->kind == ITEM_COMMENT_TEXT) {
			add_comment(b, i, LINE_CONTINUED, cursor_indent(&p));
			continue;
		}
		breaks = i > first && keeps_break(b, i, &p);
		cursor_close(&p, item->kind);
		if (breaks) {
			bool closes = item->kind == ')' || item->kind == '}';
			struct line *line = line_new(b, LINE_CONTINUED,
				closes ? indent + POLICY_TEXT_INDENT * cursor_depth(&p)
				       : cursor_indent(&p));

			line->rest = cursor_indent(&p);
			line->after_blank = b->items[i].after_blank && !closes;
		}
		add_item(b, i, p.in_call);
		if (item->kind == T_END || item->kind == ITEM_OPEN)
			break;
		cursor_advance(&p, b, i);
	}
	if (kind == LINE_STATEMENT)
		mark_aligning(
			b->pieces + first_piece, &b->lines->v[first_line], b->items[first].kind);
	return i + 1;
}

/* The END of the statement that begins at @i, or the '{' of the block. */
static uint32_t statement_end(const struct builder *b, uint32_t i)
{
	while (b->items[i].kind != T_END && b->items[i].kind != ITEM_OPEN)
		i++;
	return i;
}

/*
 * A block that was written on one line stays there if it fits. No comment can be in it. false: it
 * does not fit, and nothing was added.
 */
static bool add_block_in_line(struct builder *b, uint32_t i, uint32_t open, uint32_t indent)
{
	static const struct piece semicolon = { .text = ";", .len = 1, .width = 1 };
	uint32_t close = b->items[open].match, n_pieces = b->n_pieces, width = indent;
	bool in_call = false;

	if (b->items[open].line != b->items[close].line)
		return false;
	line_new(b, LINE_STATEMENT, indent)->moved = !begins_line(b, i);
	for (; i <= close && width <= POLICY_TEXT_COLUMNS; i++) {
		uint32_t from = b->n_pieces;

		if (b->items[i].kind == '(' || b->items[i].kind == ')')
			in_call = b->items[i].kind == '(';
		if (b->items[i].kind == T_END && b->items[i + 1].kind != ITEM_CLOSE)
			add_piece(b, semicolon);
		add_item(b, i, in_call);
		for (; from < b->n_pieces; from++) {
			width += b->pieces[from].width + b->pieces[from].spaced;
			b->pieces[from].breaks = false;
		}
	}
	if (width <= POLICY_TEXT_COLUMNS) {
		mark_aligning(b->pieces + n_pieces, line_last(b), 0);
		return true;
	}
	b->n_pieces = n_pieces;
	b->lines->n--;
	return false;
}

/* What lies between the braces of a block, or in a file. */
static void add_body(struct builder *b, uint32_t i, uint32_t end, uint32_t indent)
{
	for (uint32_t first = i; i < end;) {
		uint32_t stop, n = b->lines->n;
		bool blank = i > first && b->items[i].after_blank;

		if (b->items[i].kind == ITEM_COMMENT_TEXT) {
			add_comment(b, i, LINE_COMMENT, indent);
			/* Only a line of its own can have a blank one in front. */
			if (b->lines->n > n)
				line_last(b)->after_blank = blank;
			/* The first statement's line is what follows the block's head. */
			first += i == first && b->lines->n == n;
			i++;
			continue;
		}
		stop = statement_end(b, i);
		if (b->items[stop].kind == ITEM_OPEN) {
			uint32_t close = b->items[stop].match;

			if (!add_block_in_line(b, i, stop, indent)) {
				add_statement(b, i, LINE_HEAD, indent);
				add_body(b, stop + 1, close, indent + POLICY_TEXT_INDENT);
				line_new(b, LINE_CLOSE, indent)->moved = !begins_line(b, close);
				add_item(b, close, false);
			}
			i = close + 1;
		} else {
			i = add_statement(b, i, LINE_STATEMENT, indent);
		}
		b->lines->v[n].after_blank = blank;
	}
}

void fmt_lines(struct lines *lines, const struct source *source, const struct parse_trace *trace)
{
	struct builder b = { .lines = lines };
	struct piece *pieces;

	collect(&b, source, trace);
	add_body(&b, 0, b.n, 0);
	/* Only now do the pieces stay where they are. */
	pieces = b.pieces;
	for (uint32_t i = 0; i < lines->n; i++) {
		if (!lines->v[i].n_pieces)
			continue;
		lines->v[i].pieces = pieces;
		pieces += lines->v[i].n_pieces;
	}
}
