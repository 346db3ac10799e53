/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_FMT_PROPERTIES_H
#define PALE_TESTS_FMT_PROPERTIES_H

/* What holds of each file that is formatted; for the unit test and the fuzz target. */

#include "compiler/ast.h"
#include "compiler/ast_equal.h"
#include "compiler/base/cleanup.h"
#include "compiler/fmt.h"

#include <string.h>

/* Formats @bytes, which must be a policy. */
static inline bool fmt_bytes(const void *bytes, size_t len, struct text *to)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct source_set sources;
	struct diag_list diags;

	source_set_init(&sources, arena);
	diag_list_init(&diags, &sources);
	return fmt_policy(source_add(&sources, "f.pale", bytes, len), &diags, to) &&
	       !diags.n_errors;
}

/* The next byte that is neither blank nor a line's end nor a ';', or the end. */
static inline size_t next_said(const char *s, size_t len, size_t at)
{
	while (at < len && memchr(" \t\r\n;", s[at], 5))
		at++;
	return at;
}

/* Apart from those bytes, wherever they stand, both are the same. */
static inline bool says_the_same(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t i = 0, k = 0;

	if (a_len >= 3 && !memcmp(a, "\xef\xbb\xbf", 3))
		i = 3;
	for (;; i++, k++) {
		i = next_said(a, a_len, i);
		k = next_said(b, b_len, k);
		if (i == a_len || k == b_len)
			return i == a_len && k == b_len;
		if (a[i] != b[k])
			return false;
	}
}

/* What is wrong with the look of a formatted file, or NULL. */
static inline const char *ill_formed(const char *s, size_t len)
{
	if (len == 0)
		return NULL;
	if (s[0] == '\n' || s[len - 1] != '\n' || (len > 1 && s[len - 2] == '\n'))
		return "a blank line at an end";
	for (size_t i = 1; i < len; i++) {
		if (s[i] != '\n')
			continue;
		if (strchr(" \t\r", s[i - 1]))
			return "a blank at a line's end";
		if (i + 2 < len && s[i + 1] == '\n' && s[i + 2] == '\n')
			return "two blank lines";
		if (i + 1 < len && s[i + 1] == '\t')
			return "a tab as indentation";
	}
	return NULL;
}

/* NULL, or which property does not hold. @ret_parsed: whether @bytes are a policy at all. */
static inline const char *fmt_broken(const char *bytes, size_t len, bool *ret_parsed)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(text_release) struct text once = TEXT_INIT, twice = TEXT_INIT;
	struct source_set sources;
	struct diag_list diags;
	struct ast_file *file, *formatted;

	source_set_init(&sources, arena);
	diag_list_init(&diags, &sources);
	file = parse_file(source_add(&sources, "a.pale", bytes, len), &diags, arena);
	*ret_parsed = diags.n_errors == 0;
	if (!*ret_parsed)
		return fmt_bytes(bytes, len, &once) || once.len ? "what is no policy is formatted"
								: NULL;
	if (!fmt_bytes(bytes, len, &once))
		return "a policy is not formatted";
	formatted = parse_file(
		source_add(&sources, "b.pale", text_str(&once), once.len), &diags, arena);
	if (diags.n_errors)
		return "what was formatted is no policy";
	if (!ast_equal(file, formatted))
		return "what was formatted is another policy";
	if (!says_the_same(bytes, len, text_str(&once), once.len))
		return "a word or a comment has changed";
	if (!fmt_bytes(text_str(&once), once.len, &twice) || twice.len != once.len ||
		memcmp(text_str(&once), text_str(&twice), once.len) != 0)
		return "formatted again, it changes";
	return ill_formed(text_str(&once), once.len);
}

#endif
