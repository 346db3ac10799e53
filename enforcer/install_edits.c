/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/install_edits.h"

#include "compiler/base/cleanup.h"

#include <stdint.h>
#include <string.h>

#define NOWHERE SIZE_MAX

static struct install_edit *add(struct install_edits *e)
{
	e->v = reallocarray(e->v, e->n + 1, sizeof(*e->v));
	if (!e->v)
		abort();
	e->v[e->n] = (struct install_edit){ 0 };
	return &e->v[e->n++];
}

void install_edits_add(
	struct install_edits *e, size_t at, const char *old, size_t old_len, const char *made)
{
	struct install_edit *edit = add(e);

	edit->at = at;
	edit->old = strndup(old, old_len);
	edit->made = strdup(made);
	if (!edit->old || !edit->made)
		abort();
}

void install_edits_append_lines(
	struct install_edits *e, const struct text *before, const char *lines)
{
	_cleanup_(text_release) struct text made = TEXT_INIT;

	if (before->len && before->s[before->len - 1] != '\n')
		text_putc(&made, '\n');
	text_puts(&made, lines);
	install_edits_add(e, before->len, "", 0, text_str(&made));
	e->v[e->n - 1].lines = true;
}

void install_edits_apply(
	const struct install_edits *e, const struct text *before, struct text *after)
{
	const char *s = text_str(before);
	size_t done = 0;

	for (size_t i = 0; i < e->n; i++) {
		text_add(after, s + done, e->v[i].at - done);
		text_puts(after, e->v[i].made);
		done = e->v[i].at + strlen(e->v[i].old);
	}
	text_add(after, s + done, before->len - done);
}

static size_t find(const struct text *in, size_t from, const char *what)
{
	const char *s = text_str(in), *p = NULL;

	if (from <= in->len)
		p = memmem(s + from, in->len - from, what, strlen(what));
	return p ? (size_t)(p - s) : NOWHERE;
}

/* Lines that gave the one before them its end, and have others behind them by now, leave it. */
static bool keeps_newline(const struct install_edit *edit, const struct text *now, size_t at)
{
	return edit->lines && edit->made[0] == '\n' && at && now->s[at - 1] != '\n' &&
	       at + strlen(edit->made) < now->len;
}

bool install_edits_undo(const struct install_edits *e, const struct text *now, struct text *before)
{
	size_t done = 0;

	for (size_t i = 0; i < e->n; i++) {
		const struct install_edit *edit = &e->v[i];
		size_t at = find(now, 0, edit->made);

		if (at == NOWHERE || at < done || find(now, at + 1, edit->made) != NOWHERE)
			return false;
		text_add(before, now->s + done, at - done);
		if (keeps_newline(edit, now, at))
			text_putc(before, '\n');
		text_puts(before, edit->old);
		done = at + strlen(edit->made);
	}
	text_add(before, text_str(now) + done, now->len - done);
	return true;
}

bool install_edits_remain(const struct install_edits *e, const struct text *now)
{
	for (size_t i = 0; i < e->n; i++) {
		if (find(now, 0, e->v[i].made) != NOWHERE)
			return true;
	}
	return false;
}

json_t *install_edits_json(const struct install_edits *e)
{
	json_t *a = json_array();

	for (size_t i = 0; i < e->n; i++)
		json_array_append_new(a, json_pack("{s:s, s:s, s:b}", "old", e->v[i].old, "new",
						 e->v[i].made, "lines", e->v[i].lines));
	return a;
}

bool install_edits_of_json(struct install_edits *e, const json_t *a)
{
	json_t *item;
	size_t i;

	if (!json_is_array(a))
		return false;
	json_array_foreach (a, i, item) {
		const char *old, *made;
		int lines;

		if (json_unpack(item, "{s:s, s:s, s:b}", "old", &old, "new", &made, "lines",
			    &lines) < 0 ||
			!*made)
			return false;
		install_edits_add(e, 0, old, strlen(old), made);
		e->v[e->n - 1].lines = lines;
	}
	return true;
}

void install_edits_release(struct install_edits *e)
{
	for (size_t i = 0; i < e->n; i++) {
		free(e->v[i].old);
		free(e->v[i].made);
	}
	free(e->v);
	*e = (struct install_edits)INSTALL_EDITS_INIT;
}
