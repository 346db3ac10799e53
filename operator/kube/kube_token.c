/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/kube/kube_token.h"

#include "compiler/base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define TOKEN_BYTES_MAX 65536

static int read_file(const char *path, struct text *to, struct pale_err **err)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char buffer[4096];
	size_t n;

	if (!f)
		return pale_err_set(err, errno, "read the token '%s'", path);
	while ((n = fread(buffer, 1, sizeof(buffer), f)) > 0 && to->len < TOKEN_BYTES_MAX)
		text_add(to, buffer, n);
	explicit_bzero(buffer, sizeof(buffer));
	if (ferror(f))
		return pale_err_set(err, EIO, "read the token '%s'", path);
	while (to->len && isspace((unsigned char)to->s[to->len - 1]))
		to->s[--to->len] = '\0';
	/* It becomes a line of HTTP. */
	for (size_t i = 0; i < to->len; i++) {
		if (!isgraph((unsigned char)to->s[i]))
			return pale_err_plain(err, EINVAL, "'%s' holds no token", path);
	}
	return to->len ? 0 : pale_err_plain(err, EINVAL, "the token '%s' is empty", path);
}

static void token_release(struct text *t)
{
	if (t->len)
		explicit_bzero(t->s, t->len);
	text_release(t);
}

const char *kube_token(struct kube_token *t, uint64_t now_us, struct pale_err **err)
{
	_cleanup_(token_release) struct text new = TEXT_INIT;
	struct pale_err *failed = NULL;
	struct text old;

	if (t->token.len && t->read_us && now_us - t->read_us < t->age_max_us)
		return text_str(&t->token);
	if (read_file(t->path, &new, &failed) < 0) {
		if (!t->token.len) {
			*err = failed;
			return NULL;
		}
		pale_err_free(failed);
		return text_str(&t->token);
	}
	old = t->token;
	t->token = new;
	new = old;
	t->read_us = now_us;
	return text_str(&t->token);
}

void kube_token_refused(struct kube_token *t)
{
	t->read_us = 0;
}

void kube_token_release(struct kube_token *t)
{
	token_release(&t->token);
	t->read_us = 0;
}
