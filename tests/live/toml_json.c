/* SPDX-License-Identifier: Apache-2.0 */
/* TOML texts on standard input, each behind its length in a line of its own: for each a line of
 * JSON, or "!" and what is wrong. */
#include "compiler/base/cleanup.h"
#include "enforcer/toml_read.h"

#include <stdlib.h>
#include <string.h>

static void tell(const char *s, size_t len)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	json_t *v = NULL;

	if (toml_read("stdin", s, len, &v, &err) < 0) {
		printf("!%s\n", pale_err_text(err));
		return;
	}
	json_dumpf(v, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(v);
}

int main(void)
{
	_cleanup_free_ char *line = NULL;
	size_t cap = 0;

	while (getline(&line, &cap, stdin) > 0) {
		size_t len = strtoul(line, NULL, 10);
		_cleanup_free_ char *s = malloc(len ? len : 1);

		if (!s || fread(s, 1, len, stdin) != len)
			return 1;
		tell(s, len);
	}
	return 0;
}
