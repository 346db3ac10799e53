/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/lsp.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* false at the end. */
static bool fill(struct lsp_connection *c)
{
	ssize_t n;

	if (c->at < c->n)
		return true;
	do
		n = c->stream->read(c->stream->ctx, c->bytes, sizeof(c->bytes));
	while (n < 0 && errno == EINTR);
	c->at = 0;
	c->n = n > 0 ? (size_t)n : 0;
	return n > 0;
}

bool lsp_ready(const struct lsp_connection *c)
{
	return c->at < c->n || c->stream->ready(c->stream->ctx);
}

/* One line of the header, without its CR LF. */
static enum lsp_frame header_line(struct lsp_connection *c, struct text *line, size_t *left)
{
	text_clear(line);
	for (;;) {
		char byte;

		if (!fill(c))
			return LSP_FRAME_END;
		if ((*left)-- == 0)
			return LSP_FRAME_BROKEN;
		byte = c->bytes[c->at++];
		if (byte == '\n')
			break;
		text_putc(line, byte);
	}
	if (!line->len || line->s[line->len - 1] != '\r')
		return LSP_FRAME_BROKEN;
	line->s[--line->len] = 0;
	return memchr(line->s, 0, line->len) ? LSP_FRAME_BROKEN : LSP_FRAME_MESSAGE;
}

static bool parse_length(const char *s, uint64_t *ret)
{
	uint64_t n = 0;

	s += strspn(s, " \t");
	if (!*s)
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		if (n > (UINT64_MAX - 9) / 10)
			return false;
		n = n * 10 + (uint64_t)(*s - '0');
	}
	s += strspn(s, " \t");
	*ret = n;
	return !*s;
}

static enum lsp_frame header(struct lsp_connection *c, uint64_t *ret_length)
{
	static const char name[] = "Content-Length:";
	_cleanup_(text_release) struct text line = TEXT_INIT;
	size_t left = LSP_HEADER_MAX;
	bool has = false, any = false;

	for (;;) {
		enum lsp_frame f = header_line(c, &line, &left);

		if (f == LSP_FRAME_END && (any || line.len))
			return LSP_FRAME_BROKEN;
		if (f != LSP_FRAME_MESSAGE)
			return f;
		any = true;
		if (!line.len)
			return has ? LSP_FRAME_MESSAGE : LSP_FRAME_BROKEN;
		if (!strchr(line.s, ':'))
			return LSP_FRAME_BROKEN;
		if (strncasecmp(line.s, name, sizeof(name) - 1) != 0)
			continue;
		if (has || !parse_length(line.s + sizeof(name) - 1, ret_length))
			return LSP_FRAME_BROKEN;
		has = true;
	}
}

enum lsp_frame lsp_read(struct lsp_connection *c, struct text *body)
{
	uint64_t left = 0;
	enum lsp_frame f = header(c, &left);
	bool keep = left <= LSP_MESSAGE_MAX;

	text_clear(body);
	if (f != LSP_FRAME_MESSAGE)
		return f;
	while (left) {
		size_t n;

		if (!fill(c))
			return LSP_FRAME_BROKEN;
		n = c->n - c->at < left ? c->n - c->at : (size_t)left;
		if (keep)
			text_add(body, c->bytes + c->at, n);
		c->at += n;
		left -= n;
	}
	return keep ? LSP_FRAME_MESSAGE : LSP_FRAME_TOO_LARGE;
}

/* Takes over @message. */
static void send_message(struct lsp_connection *c, json_t *message)
{
	_cleanup_free_ char *body = NULL;
	_cleanup_(text_release) struct text t = TEXT_INIT;

	json_object_set_new(message, "jsonrpc", json_string("2.0"));
	body = json_dumps(message, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(message);
	if (!body)
		abort();
	text_printf(&t, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
	c->broken = c->broken || !c->stream->write(c->stream->ctx, t.s, t.len);
}

void lsp_reply(struct lsp_connection *c, json_t *id, json_t *result)
{
	json_t *message = json_object();

	json_object_set(message, "id", id);
	json_object_set_new(message, "result", result ? result : json_null());
	send_message(c, message);
}

void lsp_refuse(struct lsp_connection *c, json_t *id, enum lsp_code code, const char *text)
{
	json_t *message = json_object(), *error = json_object();

	json_object_set_new(error, "code", json_integer(code));
	json_object_set_new(error, "message", json_string(text));
	json_object_set_new(message, "id", id ? json_incref(id) : json_null());
	json_object_set_new(message, "error", error);
	send_message(c, message);
}

void lsp_notify(struct lsp_connection *c, const char *method, json_t *params)
{
	send_message(c, json_pack("{s:s, s:o}", "method", method, "params", params));
}
