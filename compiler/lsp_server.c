/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/lsp.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <string.h>

/* What is wrong with a message, for the client; the code is -32602 then. */
static const char no_document[] = "the document is not open";
static const char no_uri[] = "params.textDocument.uri is no string";

static json_t *member(const json_t *o, const char *path)
{
	json_t *at = (json_t *)o;

	while (at && *path) {
		char name[64];
		size_t len = strcspn(path, ".");

		memcpy(name, path, len);
		name[len] = 0;
		at = json_object_get(at, name);
		path += len + (path[len] == '.');
	}
	return at;
}

static bool lists(const json_t *array, const char *word)
{
	const json_t *each;
	size_t i;

	json_array_foreach (array, i, each) {
		if (json_is_string(each) && !strcmp(json_string_value(each), word))
			return true;
	}
	return false;
}

static void publish(struct lsp_server *s, const char *uri, const struct lsp_document *d)
{
	json_t *params = json_object();

	json_object_set_new(params, "uri", json_string(uri));
	if (d)
		json_object_set_new(params, "version", json_integer(d->version));
	json_object_set_new(params, "diagnostics", d ? lsp_diagnostics(s, d) : json_array());
	lsp_notify(&s->connection, "textDocument/publishDiagnostics", params);
}

static void publish_changed(struct lsp_server *s)
{
	for (size_t i = 0; i < s->documents.n; i++) {
		struct lsp_document *d = s->documents.v[i];

		if (d->changed)
			publish(s, d->uri, d);
		d->changed = false;
	}
}

static const char *const trigger_characters[] = { " ", "/", "$", "@", "(", "," };

static json_t *capabilities(const struct lsp_server *s)
{
	json_t *o = json_object(), *sync = json_object(), *completion = json_object();
	json_t *triggers = json_array();

	for (size_t i = 0; i < sizeof(trigger_characters) / sizeof(*trigger_characters); i++)
		json_array_append_new(triggers, json_string(trigger_characters[i]));
	json_object_set_new(completion, "triggerCharacters", triggers);
	json_object_set_new(sync, "openClose", json_true());
	json_object_set_new(sync, "change", json_integer(1)); /* the whole text */
	json_object_set_new(sync, "save", json_true());
	json_object_set_new(o, "positionEncoding", json_string(s->utf8 ? "utf-8" : "utf-16"));
	json_object_set_new(o, "textDocumentSync", sync);
	json_object_set_new(o, "hoverProvider", json_true());
	json_object_set_new(o, "definitionProvider", json_true());
	json_object_set_new(o, "documentSymbolProvider", json_true());
	json_object_set_new(o, "completionProvider", completion);
	json_object_set_new(o, "documentFormattingProvider", json_true());
	return o;
}

static const char *initialize(struct lsp_server *s, const json_t *params, json_t **ret)
{
	const json_t *client = member(params, "capabilities");
	const json_t *text = member(client, "textDocument");

	s->utf8 = lists(member(client, "general.positionEncodings"), "utf-8");
	s->markdown = lists(member(text, "hover.contentFormat"), "markdown");
	s->related = json_is_true(member(text, "publishDiagnostics.relatedInformation"));
	s->hierarchical =
		json_is_true(member(text, "documentSymbol.hierarchicalDocumentSymbolSupport"));
	s->state = LSP_RUNNING;
	*ret = json_object();
	json_object_set_new(*ret, "capabilities", capabilities(s));
	json_object_set_new(*ret, "serverInfo", json_pack("{s:s}", "name", "pale"));
	return NULL;
}

static const char *shut_down(struct lsp_server *s, const json_t *params, json_t **ret)
{
	s->state = LSP_STOPPING;
	return NULL;
}

static const char *document_of(
	const struct lsp_server *s, const json_t *params, const struct lsp_document **ret)
{
	const char *uri = json_string_value(member(params, "textDocument.uri"));

	if (!uri)
		return no_uri;
	*ret = lsp_document_find(&s->documents, uri);
	return *ret ? NULL : no_document;
}

static bool position_part(const json_t *o, uint64_t *ret)
{
	if (!json_is_integer(o) || json_integer_value(o) < 0)
		return false;
	*ret = (uint64_t)json_integer_value(o);
	return true;
}

/* Answers about a place in a document. */
static const char *at_position(const struct lsp_server *s, const json_t *params, json_t **ret,
	json_t *(*answer)(const struct lsp_server *, const struct lsp_document *, uint32_t))
{
	const struct lsp_document *d;
	const char *wrong = document_of(s, params, &d);
	uint64_t line, character;
	struct lsp_text text;
	struct arena *a;
	uint32_t offset;

	if (wrong)
		return wrong;
	if (!position_part(member(params, "position.line"), &line) ||
		!position_part(member(params, "position.character"), &character))
		return "params.position is no position";
	a = arena_new();
	lsp_text_init(&text, a, d->bytes, (uint32_t)d->len, s->utf8);
	offset = lsp_text_offset(&text, line, character);
	arena_free(a);
	*ret = answer(s, d, offset);
	return NULL;
}

static const char *hover(struct lsp_server *s, const json_t *params, json_t **ret)
{
	return at_position(s, params, ret, lsp_hover);
}

static const char *completion(struct lsp_server *s, const json_t *params, json_t **ret)
{
	return at_position(s, params, ret, lsp_complete);
}

static const char *definition(struct lsp_server *s, const json_t *params, json_t **ret)
{
	return at_position(s, params, ret, lsp_definition);
}

static const char *document_symbol(struct lsp_server *s, const json_t *params, json_t **ret)
{
	const struct lsp_document *d;
	const char *wrong = document_of(s, params, &d);

	if (!wrong)
		*ret = lsp_symbols(s, d);
	return wrong;
}

static const char *formatting(struct lsp_server *s, const json_t *params, json_t **ret)
{
	const struct lsp_document *d;
	const char *wrong = document_of(s, params, &d);

	if (!wrong)
		*ret = lsp_format(s, d);
	return wrong;
}

/* A notification has no answer: what cannot be kept is shown to the user. */
static void set_text(struct lsp_server *s, const json_t *document, const json_t *text)
{
	const char *uri = json_string_value(json_object_get(document, "uri"));
	const json_t *version = json_object_get(document, "version");
	const char *why;

	if (!uri || !json_is_string(text))
		return;
	why = lsp_document_set(&s->documents, uri, json_integer_value(version),
		json_string_value(text), json_string_length(text));
	if (!why)
		return;
	publish(s, uri, NULL);
	lsp_notify(&s->connection, "window/showMessage",
		json_pack("{s:i, s:s++}", "type", 1, "message", uri, ": ", why));
}

static void did_open(struct lsp_server *s, const json_t *params)
{
	const json_t *document = member(params, "textDocument");

	set_text(s, document, json_object_get(document, "text"));
}

/* Of several changes in one message the last holds: each is the whole text. */
static void did_change(struct lsp_server *s, const json_t *params)
{
	const json_t *changes = member(params, "contentChanges");
	const json_t *last = json_array_get(changes, json_array_size(changes) - 1);
	const struct lsp_document *d;

	if (!document_of(s, params, &d) && !json_object_get(last, "range"))
		set_text(s, member(params, "textDocument"), json_object_get(last, "text"));
}

static void did_close(struct lsp_server *s, const json_t *params)
{
	const struct lsp_document *d;

	if (document_of(s, params, &d))
		return;
	publish(s, d->uri, NULL);
	lsp_document_close(&s->documents, d->uri);
}

/* The others may use it. */
static void did_save(struct lsp_server *s, const json_t *params)
{
	for (size_t i = 0; i < s->documents.n; i++)
		s->documents.v[i]->changed = true;
}

static const struct {
	const char *method;
	/* NULL, or what is wrong with @params. */
	const char *(*answer)(struct lsp_server *s, const json_t *params, json_t **ret);
} requests[] = {
	{ "initialize", initialize },
	{ "shutdown", shut_down },
	{ "textDocument/hover", hover },
	{ "textDocument/completion", completion },
	{ "textDocument/definition", definition },
	{ "textDocument/documentSymbol", document_symbol },
	{ "textDocument/formatting", formatting },
};

static const struct {
	const char *method;
	void (*take)(struct lsp_server *s, const json_t *params);
} notifications[] = {
	{ "textDocument/didOpen", did_open },
	{ "textDocument/didChange", did_change },
	{ "textDocument/didClose", did_close },
	{ "textDocument/didSave", did_save },
};

static void request(struct lsp_server *s, json_t *id, const char *method, const json_t *params)
{
	bool initializes = !strcmp(method, "initialize");
	const char *wrong;
	json_t *result = NULL;

	if (s->state == LSP_STARTING && !initializes) {
		lsp_refuse(&s->connection, id, LSP_NOT_INITIALIZED, "initialize comes first");
		return;
	}
	if (s->state == LSP_STOPPING || (s->state == LSP_RUNNING && initializes)) {
		lsp_refuse(&s->connection, id, LSP_INVALID_REQUEST,
			initializes ? "initialize comes once" : "the server is shut down");
		return;
	}
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		if (strcmp(requests[i].method, method) != 0)
			continue;
		wrong = requests[i].answer(s, params, &result);
		if (wrong)
			lsp_refuse(&s->connection, id, LSP_INVALID_PARAMS, wrong);
		else
			lsp_reply(&s->connection, id, result);
		return;
	}
	lsp_refuse(&s->connection, id, LSP_METHOD_NOT_FOUND, "the server has no such method");
}

/* What is not known is dropped, as the protocol has it. */
static void notification(struct lsp_server *s, const char *method, const json_t *params)
{
	for (size_t i = 0;
		s->state == LSP_RUNNING && i < sizeof(notifications) / sizeof(*notifications);
		i++) {
		if (!strcmp(notifications[i].method, method))
			notifications[i].take(s, params);
	}
}

/* false: the client is done. */
static bool message(struct lsp_server *s, const json_t *m)
{
	json_t *id = json_object_get(m, "id");
	const char *method = json_string_value(json_object_get(m, "method"));
	const char *version = json_string_value(json_object_get(m, "jsonrpc"));
	const json_t *params = json_object_get(m, "params");
	bool has_id = json_is_string(id) || json_is_integer(id);

	if (!version || strcmp(version, "2.0") != 0 || (id && !has_id && !json_is_null(id))) {
		lsp_refuse(&s->connection, has_id ? id : NULL, LSP_INVALID_REQUEST,
			"the message is no JSON-RPC 2.0");
		return true;
	}
	if (!method) {
		/* An answer; the server asks nothing. */
		if (!json_object_get(m, "result") && !json_object_get(m, "error"))
			lsp_refuse(&s->connection, has_id ? id : NULL, LSP_INVALID_REQUEST,
				"the message has no method");
		return true;
	}
	if (has_id)
		request(s, id, method, params);
	else if (!strcmp(method, "exit"))
		return false;
	else
		notification(s, method, params);
	return true;
}

/* false: nothing more can be read. */
static bool serve_one(struct lsp_server *s, struct text *body)
{
	_cleanup_(json_decrefp) json_t *m = NULL;

	switch (lsp_read(&s->connection, body)) {
	case LSP_FRAME_END:
		return false;
	case LSP_FRAME_BROKEN:
		lsp_refuse(&s->connection, NULL, LSP_PARSE_ERROR,
			"the header is none, or the stream ended within a message");
		return false;
	case LSP_FRAME_TOO_LARGE:
		lsp_refuse(&s->connection, NULL, LSP_INVALID_REQUEST,
			"the message is larger than 16 MiB");
		return true;
	case LSP_FRAME_MESSAGE:
		break;
	}
	m = json_loadb(text_str(body), body->len, JSON_ALLOW_NUL, NULL);
	if (!m) {
		lsp_refuse(&s->connection, NULL, LSP_PARSE_ERROR, "the message is no JSON");
		return true;
	}
	return message(s, m);
}

bool lsp_serve(const struct lsp_stream *stream, const struct compile_options *options)
{
	struct lsp_server *s = calloc(1, sizeof(*s));
	bool proper;

	if (!s)
		abort();
	s->connection.stream = stream;
	s->options = options;
	for (;;) {
		_cleanup_(text_release) struct text body = TEXT_INIT;

		if (!lsp_ready(&s->connection))
			publish_changed(s);
		if (s->connection.broken || !serve_one(s, &body))
			break;
	}
	proper = s->state == LSP_STOPPING;
	lsp_documents_release(&s->documents);
	free(s);
	return proper;
}
