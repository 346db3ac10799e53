/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_BASE_ERROR_H
#define PALE_BASE_ERROR_H

/*
 * Runtime failures: what the machine refused, as opposed to what is wrong in a policy (diag.h).
 *
 * A function that can fail returns 0 or a negative errno and takes `struct pale_err **err` last.
 * *err is set exactly when the return is negative; it must be NULL on entry. Each level may add
 * what it was doing; the text then reads from the outermost to the innermost: "load policy: attach
 * file_open: Operation not permitted". Only a program's main prints it.
 */

#include <stdarg.h>

struct pale_err;

/* Returns -@errnum, so that a failing path is one `return`. The strerror text is appended when
 * @errnum > 0. */
int pale_err_set(struct pale_err **err, int errnum, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* As pale_err_set() where the text says all there is: @errnum, positive, is for callers only. */
int pale_err_plain(struct pale_err **err, int errnum, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts "format: " before what *@err already says; returns its negative errno. */
int pale_err_wrap(struct pale_err **err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* What to do about it, printed as a line of its own. The last one set stays. */
void pale_err_hint(struct pale_err **err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

const char *pale_err_text(const struct pale_err *err);
/* NULL when none. */
const char *pale_err_hint_text(const struct pale_err *err);
/* A positive errno. */
int pale_err_errno(const struct pale_err *err);
void pale_err_free(struct pale_err *err);
void pale_err_freep(struct pale_err **err);

#endif
