/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon_command.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/command_input.h"

#include <errno.h>
#include <string.h>

#define TIMEOUT_MS 10000

static const char *folder(const struct invocation *in, size_t run)
{
	const char *s = option_argument(in, run);

	return s ? s : PALED_RUN_DIR;
}

int daemon_command_connect(
	const struct invocation *in, size_t run, const char *socket, struct paled **ret)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	int r = paled_connect(folder(in, run), socket, TIMEOUT_MS, ret, &err);

	if (r >= 0)
		return STATUS_OK;
	if (r == -ENOENT || r == -ECONNREFUSED)
		pale_err_hint(&err, "is paled running? 'systemctl start paled'");
	else if (r == -EACCES)
		pale_err_hint(&err, "only root and members of the group pale may ask this");
	input_failure(in, err);
	return STATUS_HOST;
}

int daemon_command_call(const struct invocation *in, struct paled *p, const char *method,
	const json_t *arguments, json_t **ret)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	if (paled_call(p, method, arguments, ret, &err) >= 0)
		return STATUS_OK;
	json_decref(*ret);
	*ret = NULL;
	input_failure(in, err);
	return STATUS_HOST;
}

void daemon_command_row(FILE *to, const int *widths, const char *const *cells, size_t n)
{
	_cleanup_(text_release) struct text line = TEXT_INIT;

	for (size_t i = 0; i < n; i++) {
		_cleanup_(text_release) struct text cell = TEXT_INIT;
		size_t columns = 0;

		text_escaped(&cell, cells[i], strlen(cells[i]));
		text_puts(&line, text_str(&cell));
		if (i + 1 == n)
			break;
		for (size_t k = 0; k < cell.len; k++)
			columns += (cell.s[k] & 0xc0) != 0x80;
		for (text_puts(&line, "  "); columns < (size_t)widths[i]; columns++)
			text_putc(&line, ' ');
	}
	fprintf(to, "%s\n", text_str(&line));
}

const char *daemon_command_text(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}
