/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "operator/plugin/object_text.h"
#include "operator/plugin/pod_explanation.h"
#include "operator/plugin/profile_diagnostics.h"

#include <string.h>

static void add(struct text *to, const char *s)
{
	text_escaped(to, s, strlen(s));
}

/* "  WORD      TEXT, MORE"; nothing where there is no @s. */
static void row(
	struct text *to, const char *word, const char *s, const char *between, const char *more)
{
	if (!*s)
		return;
	text_printf(to, "  %-9s ", word);
	add(to, s);
	if (*more) {
		text_puts(to, between);
		add(to, more);
	}
	text_putc(to, '\n');
}

static void add_head(struct text *to, const json_t *e)
{
	const char *node = object_text(e, "node");
	const json_t *canaries = json_object_get(e, "canaryPercent");
	_cleanup_(text_release) struct text percent = TEXT_INIT;

	if (canaries)
		text_printf(&percent, "%" JSON_INTEGER_FORMAT, json_integer_value(canaries));
	text_puts(to, "pod ");
	add(to, object_text(e, "namespace"));
	text_putc(to, '/');
	add(to, object_text(e, "name"));
	if (*node) {
		text_puts(to, " on node ");
		add(to, node);
	}
	text_putc(to, '\n');
	row(to, "mode", object_text(e, "mode"),
		", but enforce for canaries, per cent: ", text_str(&percent));
	row(to, "missing", object_text(e, "onMissing"), "", "");
	if (!json_is_true(json_object_get(e, "asked")))
		row(to, "webhook", "the API server does not ask Pale about pods of this namespace",
			"", "");
	row(to, "refused", object_text(e, "refusal"), "", "");
}

/* Of a pod that is there; what a later webhook took away, or nobody put there. */
static void add_lacks(struct text *to, const json_t *e)
{
	json_t *path;
	size_t i;

	json_array_foreach (json_object_get(e, "lacks"), i, path)
		row(to, "lacks", json_string_value(path), "", "");
}

static void add_container(struct text *to, const json_t *c)
{
	const json_t *refusal = json_object_get(c, "refusal"), *under = json_object_get(c, "under");
	const char *profile = object_text(c, "profile"), *because = object_text(c, "because");
	const char *fresh = object_text(c, "newProfile");

	text_putc(to, '\n');
	add(to, object_text(c, "kind"));
	text_puts(to, " '");
	add(to, object_text(c, "name"));
	text_puts(to, "'\n");
	row(to, "profile", *profile ? profile : "none", *fresh ? "" : ": ", *fresh ? "" : because);
	row(to, "anew", fresh, ": ", because);
	row(to, "refused", object_text(refusal, "message"), "", "");
	row(to, "to do", object_text(refusal, "hint"), "", "");
	row(to, "under it", object_text(under, "answer"), ": ", object_text(under, "detail"));
	row(to, "anew", object_text(c, "newDigest"), "", " is the profile's digest by now");
	row(to, "state", object_text(c, "state"), "", "");
}

void pod_explanation_text(const json_t *e, struct text *to)
{
	const json_t *diagnostics = json_object_get(e, "diagnostics");
	const json_t *warnings = json_object_get(e, "warnings");
	json_t *o;
	size_t i;

	add_head(to, e);
	add_lacks(to, e);
	json_array_foreach (json_object_get(e, "containers"), i, o)
		add_container(to, o);
	if (json_array_size(warnings) || json_array_size(diagnostics))
		text_putc(to, '\n');
	json_array_foreach ((json_t *)warnings, i, o) {
		text_puts(to, "warning: ");
		add(to, json_string_value(o));
		text_putc(to, '\n');
	}
	profile_diagnostics_text(diagnostics, to);
}
