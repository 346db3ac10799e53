/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/parse.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/utf8.h"
#include "pale.tab.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* A word in a message is cut to this many bytes. */
#define SHOWN_BYTES 48

static bool on_bad_line(const struct parse *p, struct span at)
{
	uint32_t line, column, lo = 0, hi = p->n_bad_lines;

	if (hi == 0)
		return false;
	source_position(p->source, at.offset, &line, &column);
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (p->bad_lines[mid] < line)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < p->n_bad_lines && p->bad_lines[lo] == line;
}

static struct diag *report(struct parse *p, struct span at, const char *format, va_list args)
{
	_cleanup_free_ char *text = NULL;

	p->failed = true;
	if (on_bad_line(p, at))
		return NULL;
	/* Hostile input makes millions of errors: those that nobody will see cost nothing. */
	if (p->diags->n >= DIAG_MAX) {
		p->diags->n_errors++;
		p->diags->n_dropped++;
		return NULL;
	}
	if (vasprintf(&text, format, args) < 0)
		abort();
	return diag_error(p->diags, at, "%s", text);
}

struct diag *parse_error(struct parse *p, struct span at, const char *format, ...)
{
	struct diag *d;
	va_list args;

	va_start(args, format);
	d = report(p, at, format, args);
	va_end(args);
	return d;
}

struct diag *parse_error_once(struct parse *p, struct span at, const char *format, ...)
{
	struct diag *d;
	va_list args;

	if (p->failed)
		return NULL;
	va_start(args, format);
	d = report(p, at, format, args);
	va_end(args);
	return d;
}

struct diag *parse_word_error(struct parse *p, struct span at, const char *format, ...)
{
	struct diag *d;
	va_list args;

	p->failed = true;
	if (p->scan.rejected)
		return NULL;
	p->scan.rejected = true;
	va_start(args, format);
	d = report(p, at, format, args);
	va_end(args);
	return d;
}

const char *parse_shown(struct parse *p, struct span at)
{
	const char *s = p->source->bytes + at.offset;
	uint32_t n = SHOWN_BYTES;

	if (at.len <= SHOWN_BYTES)
		return arena_memdup(p->arena, s, at.len);
	while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	return arena_printf(p->arena, "%.*s...", (int)n, s);
}

/*
 * What is no text is reported here, once a line, and replaced by a letter, so that the scanner sees
 * neither NUL nor half a character. Control characters would hide what a policy says from whoever
 * reads it on a terminal.
 */
static void check_bytes(struct parse *p)
{
	const unsigned char *s = (const unsigned char *)p->source->bytes;
	uint32_t len = p->source->len;
	bool reported = false;

	for (uint32_t i = 0; i < len;) {
		size_t n = utf8_sequence(s + i, len - i);
		bool control = n == 1 && (s[i] < 0x20 || s[i] == 0x7f) && s[i] != '\t' &&
			       s[i] != '\n' && !(s[i] == '\r' && s[i + 1] == '\n');
		struct span at = { p->source->id, i, 1 };
		uint32_t line, column;
		struct diag *d;

		if (n > 0 && !control) {
			reported = reported && s[i] != '\n';
			i += (uint32_t)n;
			continue;
		}
		p->scan.bytes[i++] = '_';
		if (reported)
			continue;
		reported = true;
		if (n == 0)
			d = parse_error(p, at, "byte 0x%02x is not UTF-8", s[at.offset]);
		else if (s[at.offset] == 0)
			d = parse_error(p, at, "a NUL byte in a policy");
		else
			d = parse_error(
				p, at, "control character 0x%02x in a policy", s[at.offset]);
		if (d && s[at.offset] == '\r')
			diag_hint(p->diags, d, "a line ends in LF or CR LF");
		else if (d && s[at.offset])
			diag_hint(p->diags, d, "in a path, write it as '\\x%02x'", s[at.offset]);
		source_position(p->source, at.offset, &line, &column);
		ARENA_PUSH(p->arena, p->bad_lines, p->n_bad_lines, p->cap_bad_lines, line);
	}
}

static void run(
	struct parse *p, struct source *source, struct diag_list *diags, struct arena *arena)
{
	_cleanup_free_ char *bytes = malloc((size_t)source->len + 2);

	if (!bytes)
		abort();
	p->source = source;
	p->diags = diags;
	p->arena = arena;
	p->scan.bytes = bytes;
	memcpy(bytes, source->bytes, source->len);
	memset(bytes + source->len, 0, 2);
	check_bytes(p);
	if (source->len >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3))
		memset(bytes, ' ', 3);
	parse_scan_start(p);
	pale_parse(p);
	parse_scan_end(p);
}

/* @trace and @watch may be NULL. */
static struct ast_file *parse_whole(struct source *source, struct diag_list *diags,
	struct arena *arena, struct parse_trace *trace, struct parse_watch *watch)
{
	_cleanup_free_ struct parse *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->trace = trace;
	p->watch = watch;
	p->file = arena_alloc(arena, sizeof(*p->file));
	p->file->source = source;
	run(p, source, diags, arena);
	return p->file;
}

struct ast_file *parse_file_traced(struct source *source, struct diag_list *diags,
	struct arena *arena, struct parse_trace *trace)
{
	*trace = (struct parse_trace){ 0 };
	return parse_whole(source, diags, arena, trace, NULL);
}

struct ast_file *parse_file(struct source *source, struct diag_list *diags, struct arena *arena)
{
	return parse_whole(source, diags, arena, NULL, NULL);
}

void parse_watched(
	struct source *source, struct diag_list *diags, struct arena *arena, struct parse_watch *w)
{
	parse_whole(source, diags, arena, NULL, w);
}

struct ast_rule *parse_request(struct source *source, struct diag_list *diags, struct arena *arena)
{
	_cleanup_free_ struct parse *p = calloc(1, sizeof(*p));
	uint32_t errors = diags->n_errors;

	if (!p)
		abort();
	p->depth = 1;
	p->frames[1].kind = FRAME_REQUEST;
	p->place = PLACE_OPERATION;
	run(p, source, diags, arena);
	return diags->n_errors == errors ? p->request : NULL;
}
