/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of a profile, member by member, and the words that may stand there. */
#include "compiler/import_oci_internal.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/formatted.h"
#include "compiler/base/suggest.h"

#include <stdlib.h>
#include <string.h>

/* Words of the file, shortened: they may be of any length. */
#define QUOTED_MAX 80
const char *import_quoted(struct import_reading *r, const char *s)
{
	size_t len = strlen(s);

	if (len <= QUOTED_MAX)
		return s;
	len = QUOTED_MAX;
	while (((unsigned char)s[len] & 0xc0) == 0x80)
		len--;
	return arena_printf(r->arena, "%.*s…", (int)len, s);
}

struct diag *import_wrong(
	struct import_reading *r, const struct json_path *path, const char *format, ...)
{
	const char *where = import_quoted(r, json_path_text(r->arena, path));
	struct span at = { .source = r->document.source->id };
	_cleanup_free_ char *s = FORMATTED(format);

	/* Those that are only counted need no place. */
	if (r->diags->n < DIAG_MAX)
		at = json_path_place(&r->document, path);
	return diag_error(r->diags, at, "%s%s%s", where, *where ? ": " : "", s);
}

static const char *const type_names[] = {
	[OF_OBJECT] = "an object",
	[OF_ARRAY] = "an array",
	[OF_STRING] = "a string",
	[OF_NUMBER] = "a whole number from 0 to 2^64 - 1",
};

static bool is_of(struct import_reading *r, const json_t *v, enum import_member_type type)
{
	uint64_t number;

	switch (type) {
	case OF_OBJECT:
		return json_is_object(v);
	case OF_ARRAY:
		return json_is_array(v);
	case OF_STRING:
		return json_text_value(v) != NULL;
	case OF_NUMBER:
		return json_whole_number(&r->document, v, &number);
	}
	return false;
}

bool import_check_type(struct import_reading *r, const struct json_path *path, const json_t *v,
	enum import_member_type type)
{
	if (is_of(r, v, type))
		return true;
	import_wrong(r, path, "expected %s, found %s", type_names[type], json_kind(v));
	return false;
}

/* Programs that write these files have null for what they do not say. */
json_t *import_member(struct import_reading *r, const struct json_path *path, const json_t *o,
	const char *name, enum import_member_type type)
{
	struct json_path at = { .up = path, .member = name };
	json_t *v = json_object_get(o, name);

	if (!v || json_is_null(v) || !import_check_type(r, &at, v, type))
		return NULL;
	return v;
}

void import_check_members(
	struct import_reading *r, const struct json_path *path, json_t *o, const char *const *known)
{
	const char *name;
	json_t *v;

	json_object_foreach (o, name, v) {
		struct json_path at = { .up = path, .member = name };
		struct suggest near;
		struct diag *d;
		bool found = false;

		suggest_init(&near, name);
		for (const char *const *k = known; *k && !found; k++) {
			found = !strcmp(*k, name);
			suggest_offer(&near, *k);
		}
		if (found)
			continue;
		d = import_wrong(r, &at, "no member of a seccomp profile");
		if (suggest_best(&near))
			diag_hint(r->diags, d, "did you mean '%s'?", suggest_best(&near));
	}
}

int import_find_word(struct import_reading *r, const struct json_path *path, const char *what,
	const struct import_word *words, const char *s)
{
	struct suggest near;
	struct diag *d;

	suggest_init(&near, s);
	for (const struct import_word *w = words; w->name; w++) {
		if (!strcmp(w->name, s))
			return w->value;
		suggest_offer(&near, w->name);
	}
	d = import_wrong(r, path, "unknown %s '%s'", what, import_quoted(r, s));
	if (suggest_best(&near))
		diag_hint(r->diags, d, "did you mean '%s'?", suggest_best(&near));
	return -1;
}
