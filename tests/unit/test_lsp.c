/* SPDX-License-Identifier: Apache-2.0 */
/* What a scripted session does not show: limits, what waits while more is read, and columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/lsp.h"
#include "tests/unit/random.h"

#include <string.h>

/* A client that has said everything, and reads nothing before the end. */
struct client {
	struct text says;
	size_t at;
	bool never_waits; /* the server always finds more to read */
	json_t *heard;
};

static ssize_t read_input(void *ctx, void *bytes, size_t n)
{
	struct client *c = ctx;

	n = n < c->says.len - c->at ? n : c->says.len - c->at;
	memcpy(bytes, c->says.s + c->at, n);
	c->at += n;
	return (ssize_t)n;
}

static bool input_ready(void *ctx)
{
	return ((struct client *)ctx)->never_waits;
}

static bool write_output(void *ctx, const void *bytes, size_t n)
{
	const char *body = (const char *)memmem(bytes, n, "\r\n\r\n", 4) + 4;

	json_array_append_new(((struct client *)ctx)->heard,
		json_loadb(body, (size_t)((const char *)bytes + n - body), JSON_ALLOW_NUL, NULL));
	return true;
}

static void say(struct client *c, json_t *message)
{
	_cleanup_free_ char *body = NULL;

	json_object_set_new(message, "jsonrpc", json_string("2.0"));
	body = json_dumps(message, JSON_COMPACT);
	json_decref(message);
	text_printf(&c->says, "Content-Length: %zu\r\n\r\n", strlen(body));
	text_puts(&c->says, body);
}

static void hello(struct client *c)
{
	*c = (struct client){ .heard = json_array() };
	say(c, json_pack("{s:i, s:s, s:{}}", "id", 1, "method", "initialize", "params"));
}

static void open_document(struct client *c, const char *uri, const char *bytes, size_t len)
{
	say(c, json_pack("{s:s, s:{s:{s:s, s:i, s:s%}}}", "method", "textDocument/didOpen",
		       "params", "textDocument", "uri", uri, "version", 1, "text", bytes, len));
}

static void change_document(struct client *c, const char *uri, int version, const char *text)
{
	say(c, json_pack("{s:s, s:{s:{s:s, s:i}, s:[{s:s}]}}", "method", "textDocument/didChange",
		       "params", "textDocument", "uri", uri, "version", version, "contentChanges",
		       "text", text));
}

static void serve(struct client *c)
{
	struct lsp_stream s = { read_input, input_ready, write_output, c };

	lsp_serve(&s, NULL);
	text_release(&c->says);
}

static size_t count(const struct client *c, const char *method)
{
	const json_t *each;
	size_t i, n = 0;

	json_array_foreach (c->heard, i, each) {
		const char *is = json_string_value(json_object_get(each, "method"));

		n += is && !strcmp(is, method);
	}
	return n;
}

static void documents_are_counted(void **state)
{
	struct client c;
	char uri[64];

	hello(&c);
	for (int i = 0; i < LSP_DOCUMENTS_MAX + 2; i++) {
		snprintf(uri, sizeof(uri), "file:///nowhere/%d.pale", i);
		open_document(&c, uri, "", 0);
	}
	/* One place is free again. */
	say(&c, json_pack("{s:s, s:{s:{s:s}}}", "method", "textDocument/didClose", "params",
			"textDocument", "uri", "file:///nowhere/0.pale"));
	open_document(&c, "file:///nowhere/new.pale", "", 0);
	serve(&c);
	assert_int_equal(count(&c, "window/showMessage"), 2);
	json_decref(c.heard);
}

static void documents_are_bounded(void **state)
{
	size_t len = LSP_DOCUMENT_BYTES_MAX;
	_cleanup_free_ char *blank = malloc(len + 1);
	struct client c;
	char uri[64];

	assert_non_null(blank);
	memset(blank, ' ', len + 1);
	hello(&c);
	c.never_waits = true; /* nothing is compiled here */
	open_document(&c, "file:///nowhere/a.pale", blank, len + 1);
	serve(&c);
	assert_int_equal(count(&c, "window/showMessage"), 1);
	json_decref(c.heard);

	hello(&c);
	c.never_waits = true;
	for (size_t i = 0; i < LSP_BYTES_MAX / len + 1; i++) {
		snprintf(uri, sizeof(uri), "file:///nowhere/%zu.pale", i);
		open_document(&c, uri, blank, len);
	}
	/* Another text in the place of one that is there counts once. */
	open_document(&c, "file:///nowhere/0.pale", blank, len);
	serve(&c);
	assert_int_equal(count(&c, "window/showMessage"), 1);
	json_decref(c.heard);
}

static void changes_are_put_together(void **state)
{
	for (int waits = 0; waits < 2; waits++) {
		struct client c;

		hello(&c);
		open_document(&c, "file:///nowhere/a.pale", "junk", 4);
		for (int i = 2; i < 10; i++)
			change_document(
				&c, "file:///nowhere/a.pale", i, "profile a { allow fork }");
		c.never_waits = !waits;
		serve(&c);
		/* All of it is in one read; what waits is told of once nothing is left. */
		assert_int_equal(count(&c, "textDocument/publishDiagnostics"), waits);
		json_decref(c.heard);
	}
}

/* Characters of one to four bytes, and line ends of each kind. */
static const char *const pieces[] = { "a", "é", "€", "𝄞", "\n", "\r\n", "\r", " " };

static uint32_t naive_column(const struct lsp_text *t, uint32_t from, uint32_t to)
{
	uint32_t n = 0;

	for (uint32_t i = from; i < to; i++) {
		unsigned char c = (unsigned char)t->bytes[i];

		n += t->utf8 || (c & 0xc0) != 0x80;
		n += !t->utf8 && c >= 0xf0;
	}
	return n;
}

static void places_are_there_and_back(void **state)
{
	random_seed(1);

	for (int round = 0; round < 50; round++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;
		struct arena *a = arena_new();
		uint32_t line = 0, start = 0;
		struct lsp_text text;

		for (int i = 0; i < 3000; i++)
			text_puts(&t, pieces[random_below(round % 2 ? 4 : 8)]);
		lsp_text_init(&text, a, t.s, (uint32_t)t.len, round % 3 == 0);
		for (uint32_t at = 0; at <= text.len; at++) {
			json_t *range, *from;
			bool ends = at && (t.s[at - 1] == '\n' ||
						  (t.s[at - 1] == '\r' && t.s[at] != '\n'));

			if (ends) {
				line++;
				start = at;
			}
			if (((unsigned char)t.s[at] & 0xc0) == 0x80 ||
				(at && t.s[at - 1] == '\r' && t.s[at] == '\n'))
				continue;
			range = lsp_text_range(&text, at, 0);
			from = json_object_get(range, "start");
			assert_int_equal(json_integer_value(json_object_get(from, "line")), line);
			assert_int_equal(json_integer_value(json_object_get(from, "character")),
				naive_column(&text, start, at));
			assert_int_equal(
				lsp_text_offset(&text, line, naive_column(&text, start, at)), at);
			json_decref(range);
		}
		assert_int_equal(lsp_text_offset(&text, line + 1, 0), text.len);
		assert_int_equal(lsp_text_offset(&text, line, UINT64_MAX), text.len);
		arena_free(a);
	}
}

static void hover_does_not_prove_large_policies(void **state)
{
	for (int n = 999; n <= 1000; n++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;
		struct client c;
		const char *said;

		text_puts(&t, "profile a {\nallow fork\n");
		for (int i = 0; i < n; i++)
			text_printf(&t, "allow read /a%d\n", i);
		text_puts(&t, "}\n");
		hello(&c);
		open_document(&c, "file:///nowhere/a.pale", t.s, t.len);
		say(&c, json_pack("{s:i, s:s, s:{s:{s:s}, s:{s:i, s:i}}}", "id", 2, "method",
				"textDocument/hover", "params", "textDocument", "uri",
				"file:///nowhere/a.pale", "position", "line", 1, "character", 0));
		c.never_waits = true;
		serve(&c);
		said = json_string_value(json_object_get(
			json_object_get(
				json_object_get(json_array_get(c.heard, 1), "result"), "contents"),
			"value"));
		assert_non_null(said);
		assert_int_equal(strstr(said, "more than 1000 rules") != NULL, n == 1000);
		assert_int_equal(strstr(said, "bpf-lsm: exact") != NULL, n == 999);
		json_decref(c.heard);
	}
}

static void uris_are_paths(void **state)
{
	static const struct {
		const char *uri, *path;
	} cases[] = {
		{ "file:///a/b.pale", "/a/b.pale" },
		{ "file://localhost/a", "/a" },
		{ "FILE:///a%20b%2Fc%C3%A9", "/a b/c\xc3\xa9" },
		{ "file:///a%zz%4", "/a%zz%4" },
		{ "file:///a%00b", NULL },
		{ "file://elsewhere/a", NULL },
		{ "untitled:a", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_free_ char *path = lsp_uri_path(cases[i].uri);

		if (cases[i].path)
			assert_string_equal(path, cases[i].path);
		else
			assert_null(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_are_counted),
		cmocka_unit_test(documents_are_bounded),
		cmocka_unit_test(changes_are_put_together),
		cmocka_unit_test(places_are_there_and_back),
		cmocka_unit_test(hover_does_not_prove_large_policies),
		cmocka_unit_test(uris_are_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
