/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/json_read.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <string.h>

/*
 * jansson refuses numbers above 2^63 - 1. They are handed to it as strings of the same length, so
 * that its columns stay right: a NUL, which no string of the file may hold, and their index.
 */
#define LARGE_FORMAT "\"\\u0000%0*x\""
#define LARGE_EXTRA  8 /* what of it is not the index */

static bool is_number_byte(char c)
{
	return c != '\0' && strchr("+-.0123456789eE", c);
}

static bool all_digits(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
	}
	return true;
}

/* The end of the string that begins at @at, behind its quote. */
static uint32_t string_end(const char *s, uint32_t len, uint32_t at)
{
	for (at++; at < len && s[at] != '"'; at++) {
		if (s[at] == '\\' && at + 1 < len)
			at++;
	}
	return at < len ? at + 1 : len;
}

/* The offset of an escaped NUL in [@at, @end), or @end. */
static uint32_t escaped_nul(const char *s, uint32_t at, uint32_t end)
{
	for (; at < end; at++) {
		if (s[at] != '\\')
			continue;
		if (end - at >= 6 && !strncmp(s + at, "\\u0000", 6))
			return at;
		at++;
	}
	return end;
}

static bool replace_number(
	struct json_document *d, struct diag_list *diags, char *s, struct span at)
{
	char digits[64];
	uint64_t v = 0;

	if (at.len < 19 || !all_digits(s + at.offset, at.len) || s[at.offset] == '0')
		return true;
	for (uint32_t i = 0; i < at.len; i++) {
		if (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
			__builtin_add_overflow(v, (uint64_t)(s[at.offset + i] - '0'), &v)) {
			diag_error(diags, at, "this number has more than 64 bits");
			return false;
		}
	}
	if (v <= INT64_MAX)
		return true;
	snprintf(digits, sizeof(digits), LARGE_FORMAT, (int)at.len - LARGE_EXTRA, d->n_large);
	memcpy(s + at.offset, digits, at.len);
	ARENA_PUSH(diags->arena, d->large, d->n_large, d->cap_large, v);
	return true;
}

/* Looks at strings and numbers only: what else is wrong jansson says. */
static bool prepare(struct json_document *d, struct diag_list *diags, char *s)
{
	struct span at = { .source = d->source->id };
	uint32_t len = d->source->len;

	while (at.offset < len) {
		char c = s[at.offset];

		at.len = 1;
		if (c == '"') {
			uint32_t end = string_end(s, len, at.offset), nul;

			nul = escaped_nul(s, at.offset, end);
			if (nul < end) {
				at.offset = nul;
				at.len = 6;
				diag_error(diags, at, "a NUL in a string");
				return false;
			}
			at.len = end - at.offset;
		} else if (is_number_byte(c)) {
			while (at.offset + at.len < len && is_number_byte(s[at.offset + at.len]))
				at.len++;
			if (!replace_number(d, diags, s, at))
				return false;
		}
		at.offset += at.len;
	}
	return true;
}

bool json_read(const struct source *s, struct diag_list *diags, struct json_document *ret)
{
	_cleanup_free_ char *copy = NULL;
	json_error_t e;

	*ret = (struct json_document){ .source = s };
	if (s->len > JSON_BYTES_MAX) {
		diag_error_unplaced(diags, "%s: longer than %u bytes", s->name, JSON_BYTES_MAX);
		return false;
	}
	copy = malloc((size_t)s->len + 1);
	if (!copy)
		abort();
	memcpy(copy, s->bytes, s->len);
	copy[s->len] = '\0';
	if (!prepare(ret, diags, copy))
		return false;
	ret->root = json_loadb(copy, s->len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &e);
	if (!ret->root) {
		struct span at = { .source = s->id };
		char *near = strstr(e.text, " near ");

		/* The place is shown with its line; what it is near would be said twice. */
		if (near)
			*near = '\0';
		at.offset = e.position < 0 ? 0 : (uint32_t)e.position;
		if (at.offset > s->len)
			at.offset = s->len;
		/* jansson counts what it has read, which ends with the word that it rejects. */
		if (at.offset > 0)
			at.offset--;
		diag_error(diags, at, "not JSON: %s", e.text);
	}
	return ret->root != NULL;
}

void json_document_release(struct json_document *d)
{
	json_decref(d->root);
	d->root = NULL;
}

static bool is_large(const json_t *v)
{
	return json_is_string(v) && json_string_length(v) > 0 && json_string_value(v)[0] == '\0';
}

bool json_whole_number(const struct json_document *d, const json_t *v, uint64_t *ret)
{
	if (json_is_integer(v) && json_integer_value(v) >= 0) {
		*ret = (uint64_t)json_integer_value(v);
		return true;
	}
	if (!is_large(v))
		return false;
	*ret = d->large[strtoul(json_string_value(v) + 1, NULL, 16)];
	return true;
}

const char *json_text_value(const json_t *v)
{
	return is_large(v) ? NULL : json_string_value(v);
}

const char *json_kind(const json_t *v)
{
	if (is_large(v))
		return "a number";
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return json_integer_value(v) < 0 ? "a negative number" : "a number";
	case JSON_REAL:
		return "a number with a fraction";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a truth value";
	case JSON_NULL:
		break;
	}
	return "null";
}

const struct json_path *json_path_copy(struct arena *a, const struct json_path *path)
{
	struct json_path *copy = arena_alloc(a, sizeof(*copy));

	*copy = *path;
	return copy;
}

static void add_path(struct text *t, const struct json_path *path)
{
	if (!path || !path->up)
		return;
	add_path(t, path->up);
	if (path->member)
		text_printf(t, "%s%s", t->len ? "." : "", path->member);
	else
		text_printf(t, "[%zu]", path->index);
}

const char *json_path_text(struct arena *a, const struct json_path *path)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	add_path(&t, path);
	return arena_strdup(a, text_str(&t));
}

/* Below, the text is known to be JSON. */
static uint32_t skip_blank(const struct source *s, uint32_t at)
{
	while (at < s->len && strchr(" \t\r\n", s->bytes[at]))
		at++;
	return at;
}

static uint32_t skip_value(const struct source *s, uint32_t at)
{
	uint32_t depth = 0;

	while (at < s->len) {
		char c = s->bytes[at];

		if (c == '"') {
			at = string_end(s->bytes, s->len, at);
		} else if (c == '{' || c == '[') {
			depth++;
			at++;
			continue;
		} else if (c == '}' || c == ']') {
			if (depth == 0)
				return at;
			depth--;
			at++;
		} else if (strchr(", \t\r\n:", c)) {
			if (depth == 0)
				return at;
			at++;
			continue;
		} else {
			while (at < s->len && !strchr("{}[], \t\r\n:\"", s->bytes[at]))
				at++;
		}
		if (depth == 0)
			return at;
	}
	return at;
}

static bool same_member(const struct source *s, uint32_t at, uint32_t end, const char *member)
{
	size_t len = strlen(member);

	return end - at == len + 2 && !memcmp(s->bytes + at + 1, member, len);
}

/* The value in the object or array that begins at @at; @at itself when it is not there. */
static uint32_t step(const struct source *s, uint32_t at, const struct json_path *path)
{
	uint32_t p = skip_blank(s, at + 1);

	for (size_t i = 0; p < s->len && s->bytes[p] != '}' && s->bytes[p] != ']'; i++) {
		bool found = !path->member && i == path->index;

		if (path->member) {
			uint32_t end = string_end(s->bytes, s->len, p);

			found = same_member(s, p, end, path->member);
			p = skip_blank(s, end);
			p = skip_blank(s, p + 1);
		}
		if (found)
			return p;
		p = skip_blank(s, skip_value(s, p));
		if (p < s->len && s->bytes[p] == ',')
			p = skip_blank(s, p + 1);
	}
	return at;
}

static uint32_t path_offset(const struct source *s, const struct json_path *path)
{
	uint32_t up;

	if (!path || !path->up)
		return skip_blank(s, 0);
	up = path_offset(s, path->up);
	return up < s->len && strchr("{[", s->bytes[up]) ? step(s, up, path) : up;
}

struct span json_path_place(const struct json_document *d, const struct json_path *path)
{
	struct span at = { .source = d->source->id };
	char c;

	at.offset = path_offset(d->source, path);
	c = at.offset < d->source->len ? d->source->bytes[at.offset] : '\0';
	at.len = c == '{' || c == '[' ? 1 : skip_value(d->source, at.offset) - at.offset;
	return at;
}
