/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/lsp.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/base/utf8.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The column is asked for again and again, and a hostile text is all one line: it is counted from
 * the nearest of marks that stand so many bytes apart. */
#define MARK_BYTES 1024

/* How far a byte moves the column. A file on the disk may hold bytes that are no UTF-8. */
static uint32_t units_of(const struct lsp_text *t, uint32_t at)
{
	unsigned char c = (unsigned char)t->bytes[at];

	return t->utf8 ? 1 : (c & 0xc0) == 0x80 ? 0 : c >= 0xf0 ? 2 : 1;
}

void lsp_text_init(struct lsp_text *t, struct arena *a, const char *bytes, uint32_t len, bool utf8)
{
	uint32_t units = 0;

	*t = (struct lsp_text){ .bytes = bytes, .len = len, .utf8 = utf8 };
	t->marks = arena_array(a, len / MARK_BYTES + 1, sizeof(*t->marks));
	ARENA_PUSH(a, t->lines, t->n_lines, t->cap_lines, 0);
	for (uint32_t i = 0; i < len; i++) {
		bool ends = bytes[i] == '\n' ||
			    (bytes[i] == '\r' && !(i + 1 < len && bytes[i + 1] == '\n'));

		if (i % MARK_BYTES == 0)
			t->marks[i / MARK_BYTES] = units;
		units += units_of(t, i);
		if (ends)
			ARENA_PUSH(a, t->lines, t->n_lines, t->cap_lines, i + 1);
	}
	if (len % MARK_BYTES == 0)
		t->marks[len / MARK_BYTES] = units;
}

/* Before @offset, from the text's beginning. */
static uint32_t units_before(const struct lsp_text *t, uint32_t offset)
{
	uint32_t units = t->marks[offset / MARK_BYTES];

	for (uint32_t i = offset / MARK_BYTES * MARK_BYTES; i < offset; i++)
		units += units_of(t, i);
	return units;
}

uint32_t lsp_text_offset(const struct lsp_text *t, uint64_t line, uint64_t character)
{
	uint32_t at, end;

	if (line >= t->n_lines)
		return t->len;
	at = t->lines[line];
	end = line + 1 < t->n_lines ? t->lines[line + 1] : t->len;
	while (end > at && (t->bytes[end - 1] == '\n' || t->bytes[end - 1] == '\r'))
		end--;
	while (at < end) {
		size_t n = utf8_sequence((const unsigned char *)t->bytes + at, end - at);
		uint32_t units = t->utf8 ? (uint32_t)n : units_of(t, at);

		if (units > character)
			break;
		character -= units;
		at += n ? (uint32_t)n : 1;
	}
	return at;
}

static json_t *position(const struct lsp_text *t, uint32_t offset)
{
	uint32_t lo = 0, hi = t->n_lines, column;
	json_t *o = json_object();

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (t->lines[mid] <= offset)
			lo = mid;
		else
			hi = mid;
	}
	column = units_before(t, offset) - units_before(t, t->lines[lo]);
	json_object_set_new(o, "line", json_integer(lo));
	json_object_set_new(o, "character", json_integer(column));
	return o;
}

json_t *lsp_text_range(const struct lsp_text *t, uint32_t offset, uint32_t len)
{
	json_t *o = json_object();

	json_object_set_new(o, "start", position(t, offset));
	json_object_set_new(o, "end", position(t, offset + len));
	return o;
}

static int hex_digit(char c)
{
	if (!isxdigit((unsigned char)c))
		return -1;
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

char *lsp_uri_path(const char *uri)
{
	static const char *const begins[] = { "file:///", "file://localhost/", "file:/" };
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const char *s = NULL;

	for (size_t i = 0; !s && i < sizeof(begins) / sizeof(*begins); i++) {
		size_t len = strlen(begins[i]);

		if (!strncasecmp(uri, begins[i], len))
			s = uri + len - 1;
	}
	if (!s || s[1] == '/')
		return NULL;
	for (; *s; s++) {
		int high = *s == '%' ? hex_digit(s[1]) : -1;
		int low = high >= 0 ? hex_digit(s[2]) : -1;
		char byte = low >= 0 ? (char)(high << 4 | low) : *s;

		if (!byte)
			return NULL;
		text_putc(&t, byte);
		s += low >= 0 ? 2 : 0;
	}
	return text_take(&t);
}

json_t *lsp_path_uri(const char *path)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	_cleanup_free_ char *real = realpath(path, NULL);

	text_puts(&t, "file://");
	for (const char *s = real ? real : path; *s; s++) {
		if (isalnum((unsigned char)*s) || strchr("-._~/", *s))
			text_putc(&t, *s);
		else
			text_printf(&t, "%%%02X", (unsigned char)*s);
	}
	return json_string(text_str(&t));
}
