/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/import.h"

#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "compiler/fmt.h"
#include "compiler/import_apparmor.h"
#include "compiler/import_kubearmor.h"
#include "compiler/import_oci.h"

#include <assert.h>

const char *const import_default_capabilities[] = {
	"audit_write",
	"chown",
	"dac_override",
	"fowner",
	"fsetid",
	"kill",
	"mknod",
	"net_bind_service",
	"net_raw",
	"setfcap",
	"setgid",
	"setpcap",
	"setuid",
	"sys_chroot",
	NULL,
};

uint64_t import_default_capability_set(void)
{
	uint64_t set = 0;

	for (const char *const *s = import_default_capabilities; *s; s++) {
		int capability = vocab_capability_find(*s);

		assert(capability >= 0);
		set |= (uint64_t)1 << capability;
	}
	return set;
}

static const struct {
	bool (*recognises)(const struct source *s);
	bool (*import)(const struct source *s, const struct import_options *options,
		struct diag_list *diags, struct text *to);
} formats[] = {
	{ import_oci_recognises, import_oci },
	{ import_kubearmor_recognises, import_kubearmor },
	{ import_apparmor_recognises, import_apparmor },
};

/* What was made must be a policy; that it is not would be a mistake of Pale's. */
static bool compiles(const struct source *s, const struct text *made, struct diag_list *diags)
{
	static const struct compile_options none;
	struct compilation c;
	bool ok;

	compile_bytes(&c, s->portable_name, made->s, made->len, &none);
	ok = !c.diags.n_errors && c.n_policies;
	for (uint32_t i = 0; !ok && i < c.diags.n && i < 10; i++) {
		const struct diag *d = c.diags.v[i];
		uint32_t line = 0, column = 0;

		if (d->placed)
			source_position(c.sources.v[d->at.source], d->at.offset, &line, &column);
		diag_error_unplaced(diags,
			"internal error: the policy made from it is wrong at %u:%u: %s", line,
			column, d->text);
	}
	compilation_release(&c);
	return ok;
}

/* In the layout of all policies. */
static bool format(
	const struct source *s, const struct text *made, struct diag_list *diags, struct text *to)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct source_set sources;
	struct diag_list own;

	source_set_init(&sources, a);
	diag_list_init(&own, &sources);
	if (fmt_policy(source_add(&sources, s->portable_name, made->s, made->len), &own, to))
		return true;
	diag_error_unplaced(diags, "internal error: the policy made from it cannot be formatted");
	return false;
}

bool import_policy(const struct source *s, const struct import_options *options,
	struct diag_list *diags, struct text *to)
{
	_cleanup_(text_release) struct text made = TEXT_INIT;

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		if (!formats[i].recognises(s))
			continue;
		if (!formats[i].import(s, options, diags, &made) || diags->n_errors ||
			!compiles(s, &made, diags))
			return false;
		return format(s, &made, diags, to);
	}
	diag_error_unplaced(diags,
		"%s: of no format that can be imported: not JSON, no AppArmor profile, no "
		"KubeArmorPolicy",
		s->name);
	return false;
}
