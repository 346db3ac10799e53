/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/policy_text.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/formatted.h"
#include "compiler/base/utf8.h"
#include "compiler/base/wrapped.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void policy_words_sort(struct policy_words *words)
{
	size_t kept = 0;

	if (words->n)
		qsort(words->v, words->n, sizeof(*words->v), compare_words);
	for (size_t i = 0; i < words->n; i++) {
		if (kept == 0 || strcmp(words->v[kept - 1], words->v[i]) != 0)
			words->v[kept++] = words->v[i];
	}
	words->n = kept;
}

static void indentation(struct text *to, unsigned int indent)
{
	for (unsigned int i = 0; i < indent; i++)
		text_putc(to, ' ');
}

void policy_text_comment(struct text *to, unsigned int indent, const char *s)
{
	_cleanup_(text_release) struct text escaped = TEXT_INIT;
	static const char mark[] = "learned:";
	size_t at = 0;

	text_escaped(&escaped, s, strlen(s));
	for (s = text_str(&escaped); *s;) {
		size_t word = strcspn(s, " "), width = wrapped_columns(s, word);
		/* In front of a line it would mark a learned part (learn_merge.c). */
		bool stays = word == sizeof(mark) - 1 && !memcmp(s, mark, word);

		if (at == 0 || (at + 1 + width > POLICY_TEXT_COLUMNS && !stays)) {
			if (at)
				text_putc(to, '\n');
			indentation(to, indent);
			text_putc(to, '#');
			at = indent + 1;
		}
		text_putc(to, ' ');
		text_add(to, s, word);
		at += 1 + width;
		s += word;
		s += strspn(s, " ");
	}
	text_putc(to, '\n');
}

/* Up to the first comma before a blank that is in no quotes, with it; or all of it. */
static size_t list_piece(const char *s)
{
	bool quoted = false;
	size_t n = 0;

	for (; s[n]; n++) {
		if (s[n] == '\\' && s[n + 1])
			n++;
		else if (s[n] == '"')
			quoted = !quoted;
		else if (!quoted && s[n] == ',' && s[n + 1] == ' ')
			return n + 1;
	}
	return n;
}

void policy_text_list(struct text *to, unsigned int indent, const char *head,
	const struct policy_words *words, const char *tail)
{
	_cleanup_(text_release) struct text list = TEXT_INIT;
	size_t at = indent + wrapped_columns(head, strlen(head));

	if (words->n == 0)
		return;
	for (size_t i = 0; i < words->n; i++)
		text_printf(&list, "%s%s", i ? ", " : "", words->v[i]);
	if (tail)
		text_printf(&list, " %s", tail);
	indentation(to, indent);
	text_puts(to, head);
	/* The lists inside of parentheses are divided in the same way. */
	for (const char *s = text_str(&list); *s;) {
		size_t len = list_piece(s), width = wrapped_columns(s, len);

		if (s != text_str(&list) && at + 1 + width > POLICY_TEXT_COLUMNS) {
			text_putc(to, '\n');
			indentation(to, indent + POLICY_TEXT_INDENT);
			at = indent + POLICY_TEXT_INDENT;
		} else {
			text_putc(to, ' ');
			at++;
		}
		text_add(to, s, len);
		at += width;
		s += len + (s[len] == ' ');
	}
	text_putc(to, '\n');
}

void policy_text_line(struct text *to, unsigned int indent, const char *format, ...)
{
	_cleanup_free_ char *s = FORMATTED(format);

	indentation(to, indent);
	text_printf(to, "%s\n", s);
}

static bool name_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

bool policy_text_is_name(const char *name)
{
	for (const char *s = name; *s; s++) {
		if (!name_byte(*s))
			return false;
	}
	/* Whom a signal goes to. */
	return *name && strcmp(name, "self") != 0 && strcmp(name, "any") != 0;
}

void policy_text_name(struct text *to, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	for (; *name && (*name != '.' || !to->len); name++)
		text_putc(to, name_byte(*name) ? *name : '_');
	if (!policy_text_is_name(text_str(to)))
		text_puts(to, "_");
}

/* What ends a word that is not quoted, or would be a comment (grammar/LANGUAGE.md, "Text"). */
static const char word_enders[] = " #;,}";
static const char glob_characters[] = "*?[]{}$\\\"";

static void add_path_bytes(struct text *to, const char *bytes, size_t len, bool quoted)
{
	for (size_t i = 0; i < len;) {
		const unsigned char *at = (const unsigned char *)bytes + i;
		size_t n = utf8_sequence(at, len - i);

		if (n > 1) {
			text_add(to, at, n);
			i += n;
			continue;
		}
		if (n == 0 || *at < 0x20 || *at == 0x7f ||
			(!quoted && memchr(word_enders, *at, sizeof(word_enders) - 1)))
			text_printf(to, "\\x%02x", *at);
		else if (memchr(glob_characters, *at, sizeof(glob_characters) - 1))
			text_printf(to, "\\%c", *at);
		else
			text_putc(to, (char)*at);
		i++;
	}
}

void policy_text_path(struct text *to, const char *bytes, size_t len)
{
	bool quoted = len == 0;

	for (size_t i = 0; i < len; i++)
		quoted |= bytes[i] && strchr(word_enders, bytes[i]);
	text_puts(to, quoted ? "\"" : "");
	add_path_bytes(to, bytes, len, true);
	text_puts(to, quoted ? "\"" : "");
}

void policy_text_path_part(struct text *to, const char *bytes, size_t len)
{
	add_path_bytes(to, bytes, len, false);
}
