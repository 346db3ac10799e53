/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/error.h"

#include "compiler/base/text.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pale_err {
	int errnum;
	char *text;
	char *hint;
};

static char *formatted(const char *format, va_list args)
{
	char *s;

	if (vasprintf(&s, format, args) < 0) {
		fputs("pale: out of memory\n", stderr);
		abort();
	}
	return s;
}

static int set(struct pale_err **err, int errnum, char *text)
{
	struct pale_err *e = calloc(1, sizeof(*e));

	assert(!*err);
	if (!e)
		abort();
	e->errnum = errnum;
	e->text = text;
	*err = e;
	return -errnum;
}

int pale_err_set(struct pale_err **err, int errnum, const char *format, ...)
{
	struct text t = TEXT_INIT;
	va_list args;
	char *s;

	va_start(args, format);
	s = formatted(format, args);
	va_end(args);
	text_puts(&t, s);
	free(s);
	if (errnum > 0)
		text_printf(&t, ": %s", strerror(errnum));
	return set(err, errnum > 0 ? errnum : EINVAL, text_take(&t));
}

int pale_err_plain(struct pale_err **err, int errnum, const char *format, ...)
{
	va_list args;
	char *s;

	assert(errnum > 0);
	va_start(args, format);
	s = formatted(format, args);
	va_end(args);
	return set(err, errnum, s);
}

int pale_err_wrap(struct pale_err **err, const char *format, ...)
{
	struct text t = TEXT_INIT;
	va_list args;
	char *s;

	assert(*err);
	va_start(args, format);
	s = formatted(format, args);
	va_end(args);
	text_printf(&t, "%s: %s", s, (*err)->text);
	free(s);
	free((*err)->text);
	(*err)->text = text_take(&t);
	return -(*err)->errnum;
}

void pale_err_hint(struct pale_err **err, const char *format, ...)
{
	va_list args;

	assert(*err);
	free((*err)->hint);
	va_start(args, format);
	(*err)->hint = formatted(format, args);
	va_end(args);
}

const char *pale_err_text(const struct pale_err *err)
{
	return err->text;
}

const char *pale_err_hint_text(const struct pale_err *err)
{
	return err->hint;
}

int pale_err_errno(const struct pale_err *err)
{
	return err->errnum;
}

void pale_err_free(struct pale_err *err)
{
	if (!err)
		return;
	free(err->text);
	free(err->hint);
	free(err);
}

void pale_err_freep(struct pale_err **err)
{
	pale_err_free(*err);
}
