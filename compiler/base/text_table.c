/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/text_table.h"

#include "compiler/base/cleanup.h"

#include <stdbool.h>
#include <string.h>

#define GAP 3

static void add_cell(struct text *to, const char *s, bool last)
{
	if (*s)
		text_escaped(to, s, strlen(s));
	else if (!last)
		text_putc(to, '-');
}

static size_t width_of(const char *s, bool last)
{
	_cleanup_(text_release) struct text cell = TEXT_INIT;
	size_t n = 0;

	add_cell(&cell, s, last);
	for (size_t i = 0; i < cell.len; i++)
		n += ((unsigned char)cell.s[i] & 0xc0) != 0x80;
	return n;
}

/* Column @i of row @row, of which none is the head. */
static const char *cell_of(const char *const *columns, const json_t *rows, size_t row, size_t i)
{
	const char *s = row ? json_string_value(json_array_get(json_array_get(rows, row - 1), i))
			    : columns[i];

	return s ? s : "";
}

void text_table(const char *const *columns, const json_t *rows, struct text *to)
{
	size_t n = 0, n_rows = json_array_size(rows) + 1;
	_cleanup_free_ size_t *widths = NULL;

	while (columns[n])
		n++;
	widths = calloc(n + 1, sizeof(*widths));
	if (!widths)
		abort();
	for (size_t row = 0; row < n_rows; row++) {
		for (size_t i = 0; i < n; i++) {
			size_t width = width_of(cell_of(columns, rows, row, i), i + 1 == n);

			if (width > widths[i])
				widths[i] = width;
		}
	}
	for (size_t row = 0; row < n_rows; row++) {
		size_t blanks = 0;

		for (size_t i = 0; i < n; i++) {
			const char *s = cell_of(columns, rows, row, i);
			size_t width = width_of(s, i + 1 == n);

			if (width)
				text_printf(to, "%*s", (int)blanks, "");
			blanks = width ? widths[i] - width + GAP : blanks + widths[i] + GAP;
			add_cell(to, s, i + 1 == n);
		}
		text_putc(to, '\n');
	}
}
