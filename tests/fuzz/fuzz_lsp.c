/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole stream to the language server, of one of three forms that the first byte chooses: bytes
 * as they are; lines that are put into frames behind a handshake; or a document, of which
 * everything is asked at places all over it. No crash, and whatever is answered is a message.
 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/lsp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(int holds)
{
	if (!holds)
		abort();
}

struct io {
	const char *bytes;
	size_t at, len;
	size_t answers;
};

static ssize_t read_input(void *ctx, void *bytes, size_t n)
{
	struct io *io = ctx;
	size_t left = io->len - io->at;

	/* Uneven pieces, so that frames are cut anywhere. */
	n = n > 4093 ? 4093 : n;
	n = n < left ? n : left;
	memcpy(bytes, io->bytes + io->at, n);
	io->at += n;
	return (ssize_t)n;
}

static bool input_ready(void *ctx)
{
	struct io *io = ctx;

	/* Sometimes nothing waits, and diagnostics are published. */
	return io->at < io->len && io->at % 3;
}

static bool check_output(void *ctx, const void *bytes, size_t n)
{
	struct io *io = ctx;
	const char *body = memmem(bytes, n, "\r\n\r\n", 4);
	size_t length;
	json_t *message;

	must(body && sscanf(bytes, "Content-Length: %zu", &length) == 1);
	body += 4;
	must(body + length == (const char *)bytes + n);
	message = json_loadb(body, length, JSON_ALLOW_NUL, NULL);
	must(json_is_object(message) && json_object_get(message, "jsonrpc"));
	json_decref(message);
	io->answers++;
	return true;
}

static void add_frame(struct text *to, const char *body, size_t len)
{
	text_printf(to, "Content-Length: %zu\r\n\r\n", len);
	text_add(to, body, len);
}

static void add_message(struct text *to, json_t *m)
{
	_cleanup_free_ char *body = NULL;

	json_object_set_new(m, "jsonrpc", json_string("2.0"));
	body = json_dumps(m, JSON_COMPACT);
	add_frame(to, body, strlen(body));
	json_decref(m);
}

static void add_handshake(struct text *to, bool everything)
{
	static const char plain[] =
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{}}";
	static const char rich[] =
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"
		"\"capabilities\":{"
		"\"general\":{\"positionEncodings\":[\"utf-8\"]},\"textDocument\":{"
		"\"hover\":{\"contentFormat\":[\"markdown\"]},"
		"\"publishDiagnostics\":{\"relatedInformation\":true},"
		"\"documentSymbol\":{\"hierarchicalDocumentSymbolSupport\":true}}}}}";
	const char *s = everything ? rich : plain;

	add_frame(to, s, strlen(s));
}

/* With "jsonrpc", which scripts leave out. */
static void add_request(struct text *to, const char *bytes, size_t len)
{
	json_t *m = json_loadb(bytes, len, JSON_ALLOW_NUL, NULL);

	if (json_is_object(m))
		add_message(to, m);
	else
		json_decref(m);
}

static void add_lines(struct text *to, const char *bytes, size_t len)
{
	/* Something to ask about; scripts of tests/lsp say what is asked behind "> ". */
	add_message(to, json_pack("{s:s, s:{s:{s:s, s:i, s:s}}}", "method", "textDocument/didOpen",
				"params", "textDocument", "uri", "file://%D/a.pale", "version", 1,
				"text", "let d = /a\nprofile a { allow read $d/x }\n"));
	for (const char *end = bytes + len; bytes < end;) {
		const char *line = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t n = line ? (size_t)(line - bytes) : (size_t)(end - bytes);

		if (n >= 2 && !memcmp(bytes, "> ", 2))
			add_request(to, bytes + 2, n - 2);
		else
			add_frame(to, bytes, n);
		bytes += n + 1;
	}
}

#define PLACES 4

static void add_document(struct text *to, const char *bytes, size_t len)
{
	static const char *const methods[] = { "textDocument/hover", "textDocument/completion",
		"textDocument/definition", "textDocument/documentSymbol" };
	json_t *text = json_stringn(bytes, len);

	if (!text)
		return;
	add_message(to, json_pack("{s:s, s:{s:{s:s, s:i, s:o}}}", "method", "textDocument/didOpen",
				"params", "textDocument", "uri", "file:///nowhere/fuzz.pale",
				"version", 1, "text", text));
	for (int i = 0; i < PLACES; i++) {
		for (size_t k = 0; k < sizeof(methods) / sizeof(*methods); k++) {
			/* Every line is some place's, in some document. */
			int line = (int)((len * 7 + (size_t)i * 31) % 40), column = (i * 13) % 60;

			add_message(to, json_pack("{s:i, s:s, s:{s:{s:s}, s:{s:i, s:i}}}", "id", i,
						"method", methods[k], "params", "textDocument",
						"uri", "file:///nowhere/fuzz.pale", "position",
						"line", line, "character", column));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	_cleanup_(text_release) struct text stream = TEXT_INIT;
	struct io io = { 0 };
	struct lsp_stream s = { read_input, input_ready, check_output, &io };
	const char *rest = (const char *)bytes + 1;

	if (!len)
		return 0;
	len--;
	switch (memmem(rest, len, "\n> ", 3) ? 1 : bytes[0] % 3) {
	case 0:
		text_add(&stream, rest, len);
		break;
	case 1:
		add_handshake(&stream, len % 2);
		add_lines(&stream, rest, len);
		break;
	case 2:
		add_handshake(&stream, len % 2);
		add_document(&stream, rest, len);
		break;
	}
	io.bytes = text_str(&stream);
	io.len = stream.len;
	lsp_serve(&s, NULL);
	must(io.at == io.len || io.answers);
	return 0;
}
