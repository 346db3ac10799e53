/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/say.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/formatted.h"
#include "compiler/base/text.h"

#include <string.h>

void say(const char *command, const char *format, ...)
{
	_cleanup_(text_release) struct text line = TEXT_INIT;
	_cleanup_free_ char *s = FORMATTED(format);

	text_printf(&line, "pale-operator %s: ", command);
	text_escaped(&line, s, strlen(s));
	text_putc(&line, '\n');
	fputs(text_str(&line), stderr);
}

void say_error(const char *command, const struct pale_err *err)
{
	say(command, "%s", pale_err_text(err));
	if (pale_err_hint_text(err))
		say(command, "hint: %s", pale_err_hint_text(err));
}
