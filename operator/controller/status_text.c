/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/controller/status_text.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <string.h>

json_t *status_text(const char *s)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	size_t len = strlen(s);

	/* What is escaped is no shorter, so that more than this cannot be shown. */
	text_escaped(&t, s, len > STATUS_TEXT_MAX + 4 ? STATUS_TEXT_MAX + 4 : len);
	if (t.len <= STATUS_TEXT_MAX)
		return json_string(text_str(&t));
	len = STATUS_TEXT_MAX - 3;
	while (len && ((unsigned char)t.s[len] & 0xc0) == 0x80)
		len--;
	return json_sprintf("%.*s...", (int)len, t.s);
}
