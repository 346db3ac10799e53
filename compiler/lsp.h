/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LSP_H
#define PALE_LSP_H

/*
 * A language server: the Language Server Protocol 3.17 over one stream. cmd_lsp.c and the fuzz
 * target call lsp_serve(); the rest is between the files lsp_*.c.
 *
 *	lsp_rpc.c          messages in their frames
 *	lsp_server.c       which request goes where, and when it may come
 *	lsp_documents.c    what the editor has open
 *	lsp_text.c         places in a text as the protocol counts them, and URIs
 *	lsp_view.c         one document, compiled
 *	lsp_meaning.c      what the language's words mean, in a line each
 *	lsp_diagnostics.c lsp_hover.c lsp_complete.c lsp_definition.c lsp_symbols.c lsp_format.c
 *	                   what is asked
 *
 * Requests are answered one after the other, in their order; one that is cancelled is answered all
 * the same, as the protocol allows. Each compiles the document anew, in an arena that goes when the
 * answer is sent: between two messages nothing is kept but the texts. Diagnostics are published
 * once nothing more waits to be read, so that fast typing costs one compile and not one a key.
 *
 * Files that a document uses are read from the disk, also where the editor has them open: they
 * count as they were last saved. When a document is saved all are looked at again.
 *
 * Whoever writes to the server can make it do as much work as a compile of a text of that size, and
 * read files whose names end in .pale. What does not fit the limits below is refused, with a
 * message, and the server goes on.
 */

#include "compiler/compile.h"
#include "compiler/parse_role.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes of one message; of a longer one the bytes are read and forgotten. */
#define LSP_MESSAGE_MAX ((uint64_t)16 << 20)
/* Of one message's header, which has two fields. */
#define LSP_HEADER_MAX 4096
/* Open documents, their bytes each and together. */
#define LSP_DOCUMENTS_MAX      256
#define LSP_DOCUMENT_BYTES_MAX ((size_t)4 << 20)
#define LSP_BYTES_MAX	       ((size_t)64 << 20)
/* Items of one completion. */
#define LSP_ITEMS_MAX 5000

struct lsp_stream {
	/* As read(2); 0 at the end. */
	ssize_t (*read)(void *ctx, void *bytes, size_t n);
	/* Whether a read would return at once. */
	bool (*ready)(void *ctx);
	/* All of it, or false: nobody listens any more. */
	bool (*write)(void *ctx, const void *bytes, size_t n);
	void *ctx;
};

/* Serves until `exit`, the end of the stream or a frame that cannot be read. true when the client
 * had asked for the shutdown, as the protocol wants it. */
bool lsp_serve(const struct lsp_stream *stream, const struct compile_options *options);

/* lsp_rpc.c */
enum lsp_code {
	LSP_PARSE_ERROR = -32700,
	LSP_INVALID_REQUEST = -32600,
	LSP_METHOD_NOT_FOUND = -32601,
	LSP_INVALID_PARAMS = -32602,
	LSP_NOT_INITIALIZED = -32002,
	LSP_REQUEST_FAILED = -32803,
};

struct lsp_connection {
	const struct lsp_stream *stream;
	char bytes[16384]; /* read, not yet taken */
	size_t at, n;
	bool broken; /* writing failed */
};

enum lsp_frame {
	LSP_FRAME_MESSAGE,
	LSP_FRAME_TOO_LARGE, /* skipped */
	LSP_FRAME_BROKEN,    /* no telling where the next message begins */
	LSP_FRAME_END,
};

struct text;
/* The next message's body. */
enum lsp_frame lsp_read(struct lsp_connection *c, struct text *body);
bool lsp_ready(const struct lsp_connection *c);
/* These take over @result and @params; @id NULL is null. */
void lsp_reply(struct lsp_connection *c, json_t *id, json_t *result);
void lsp_refuse(struct lsp_connection *c, json_t *id, enum lsp_code code, const char *text);
void lsp_notify(struct lsp_connection *c, const char *method, json_t *params);

/* lsp_documents.c */
struct lsp_document {
	char *uri;  /* the client's spelling: it is its name */
	char *path; /* of a file: URI; otherwise the URI again */
	char *bytes;
	size_t len;
	json_int_t version;
	bool changed; /* since its diagnostics were published */
};

struct lsp_documents {
	struct lsp_document *v[LSP_DOCUMENTS_MAX];
	size_t n;
	size_t bytes;
};

struct lsp_document *lsp_document_find(const struct lsp_documents *all, const char *uri);
/* Opens it or gives it another text. NULL, or why it cannot be kept; then it is not open. */
const char *lsp_document_set(struct lsp_documents *all, const char *uri, json_int_t version,
	const char *bytes, size_t len);
void lsp_document_close(struct lsp_documents *all, const char *uri);
void lsp_documents_release(struct lsp_documents *all);

struct lsp_server {
	struct lsp_connection connection;
	const struct compile_options *options;
	struct lsp_documents documents;
	enum { LSP_STARTING, LSP_RUNNING, LSP_STOPPING } state;
	bool utf8;	   /* columns count bytes; otherwise units of UTF-16 */
	bool markdown;	   /* in hovers */
	bool related;	   /* diagnostics may have related information */
	bool hierarchical; /* symbols may have children */
};

/* lsp_text.c */
struct lsp_text {
	const char *bytes;
	uint32_t len;
	bool utf8;
	uint32_t *lines; /* where each begins, behind LF, CR LF or CR: the protocol's lines, not the
			    compiler's */
	uint32_t n_lines, cap_lines;
	uint32_t *marks; /* lsp_text.c's */
};

void lsp_text_init(struct lsp_text *t, struct arena *a, const char *bytes, uint32_t len, bool utf8);
/* What lies beyond a line is its end, beyond the text the text's end; inside a character is where
 * that begins. */
uint32_t lsp_text_offset(const struct lsp_text *t, uint64_t line, uint64_t character);
json_t *lsp_text_range(const struct lsp_text *t, uint32_t offset, uint32_t len);
/* The path of a file: URI, malloc-ed; NULL when it is none of this host. */
char *lsp_uri_path(const char *uri);
json_t *lsp_path_uri(const char *path);

/* lsp_view.c */
struct lsp_view {
	const struct lsp_document *document;
	struct compilation c;
	const struct resolution *resolution;
	const struct ast_file *file; /* the document's own tree */
	struct role_words words;
	struct lsp_text *texts; /* by source; made when asked for */
	bool utf8;
};

/* LSP_NAMES is quick whatever the document says: no rule is looked at. */
enum lsp_depth { LSP_NAMES, LSP_RULES };
void lsp_view_open(struct lsp_view *v, const struct lsp_server *s, const struct lsp_document *d,
	enum lsp_depth depth);
void lsp_view_close(struct lsp_view *v);
const struct lsp_text *lsp_view_text(struct lsp_view *v, uint32_t source);
/* The word at @offset or right before it; NULL between words. */
const struct role_word *lsp_view_word(const struct lsp_view *v, uint32_t offset);
/* {uri, range} */
json_t *lsp_view_location(struct lsp_view *v, struct span at);
const char *lsp_view_bytes(const struct lsp_view *v, struct span at);

/* What a word leads to. */
struct lsp_target {
	enum { LSP_NOWHERE, LSP_SYMBOL, LSP_DOMAIN, LSP_FILE } kind;
	const struct symbol *symbol; /* resolve.h */
	const struct policy *policy;
	const struct domain *domain;
	const char *path; /* of the file; LSP_FILE only */
	struct span at;	  /* the name itself: `$data` in /srv/$data/x */
};

/* lsp_definition.c */
struct lsp_target lsp_target(struct lsp_view *v, const struct role_word *w, uint32_t offset);
/* The profile in which @offset stands, or that the test there is for; NULL: none. */
const struct domain *lsp_domain_at(
	struct lsp_view *v, uint32_t offset, const struct policy **ret_policy);

/* lsp_meaning.c: one line; NULL when there is nothing to say. @subject as in struct role_word.
 * Lives in @a or is static. */
const char *lsp_meaning(
	struct arena *a, enum word_role role, const char *word, const char *subject);

/* The answers, each NULL for JSON's null. @offset: the place that is asked about. */
json_t *lsp_hover(const struct lsp_server *s, const struct lsp_document *d, uint32_t offset);
json_t *lsp_complete(const struct lsp_server *s, const struct lsp_document *d, uint32_t offset);
json_t *lsp_definition(const struct lsp_server *s, const struct lsp_document *d, uint32_t offset);
json_t *lsp_symbols(const struct lsp_server *s, const struct lsp_document *d);
/* What textDocument/publishDiagnostics says of it. */
json_t *lsp_diagnostics(const struct lsp_server *s, const struct lsp_document *d);
/* One edit of the whole document, or none: it is formatted, or no policy. */
json_t *lsp_format(const struct lsp_server *s, const struct lsp_document *d);

#endif
