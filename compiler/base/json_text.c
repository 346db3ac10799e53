/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/json_text.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <string.h>

json_t *json_text(const char *s)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	json_t *plain = json_string(s);

	if (plain)
		return plain;
	text_escaped(&t, s, strlen(s));
	plain = json_string(text_str(&t));
	if (!plain)
		abort();
	return plain;
}
