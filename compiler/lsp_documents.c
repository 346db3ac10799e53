/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/lsp.h"

#include <stdlib.h>
#include <string.h>

static void release(struct lsp_document *d)
{
	free(d->uri);
	free(d->path);
	free(d->bytes);
	free(d);
}

static size_t place_of(const struct lsp_documents *all, const char *uri)
{
	size_t i = 0;

	while (i < all->n && strcmp(all->v[i]->uri, uri) != 0)
		i++;
	return i;
}

struct lsp_document *lsp_document_find(const struct lsp_documents *all, const char *uri)
{
	size_t i = place_of(all, uri);

	return i < all->n ? all->v[i] : NULL;
}

void lsp_document_close(struct lsp_documents *all, const char *uri)
{
	size_t i = place_of(all, uri);

	if (i == all->n)
		return;
	all->bytes -= all->v[i]->len;
	release(all->v[i]);
	all->n--;
	memmove(all->v + i, all->v + i + 1, (all->n - i) * sizeof(*all->v));
}

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static struct lsp_document *document_new(const char *uri)
{
	struct lsp_document *d = must(calloc(1, sizeof(*d)));

	d->uri = must(strdup(uri));
	d->path = lsp_uri_path(uri);
	if (!d->path)
		d->path = must(strdup(uri));
	return d;
}

const char *lsp_document_set(struct lsp_documents *all, const char *uri, json_int_t version,
	const char *bytes, size_t len)
{
	struct lsp_document *d = lsp_document_find(all, uri);
	const char *why = len > LSP_DOCUMENT_BYTES_MAX ? "the document is larger than 4 MiB"
			  : all->bytes - (d ? d->len : 0) + len > LSP_BYTES_MAX
				  ? "the open documents are larger than 64 MiB together"
			  : !d && all->n == LSP_DOCUMENTS_MAX ? "256 documents are open already"
							      : NULL;

	if (why) {
		lsp_document_close(all, uri);
		return why;
	}
	if (!d)
		d = all->v[all->n++] = document_new(uri);
	all->bytes = all->bytes - d->len + len;
	free(d->bytes);
	d->bytes = must(malloc(len + 1));
	memcpy(d->bytes, bytes, len);
	d->bytes[len] = 0;
	d->len = len;
	d->version = version;
	d->changed = true;
	return NULL;
}

void lsp_documents_release(struct lsp_documents *all)
{
	for (size_t i = 0; i < all->n; i++)
		release(all->v[i]);
	*all = (struct lsp_documents){ 0 };
}
