/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/tell.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/formatted.h"
#include "compiler/base/text.h"

#include <string.h>

void export_tell(int level, const char *format, ...)
{
	_cleanup_(text_release) struct text line = TEXT_INIT;
	_cleanup_free_ char *s = FORMATTED(format);

	/* The level is for the journal alone, sd-daemon(3). */
	if (getenv("JOURNAL_STREAM"))
		text_printf(&line, "<%d>", level);
	text_puts(&line, "pale-export: ");
	text_escaped(&line, s, strlen(s));
	text_putc(&line, '\n');
	fputs(text_str(&line), stderr);
}
