/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/import_apparmor.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/formatted.h"
#include "compiler/base/utf8.h"

#include <stdlib.h>
#include <string.h>

/* A first word that begins a profile, or what stands before one. */
bool import_apparmor_recognises(const struct source *s)
{
	static const char *const words[] = { "profile", "abi", "alias", "if", "hat", NULL };
	struct source_set sources = { 0 };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct diag_list ignored;
	struct aa_scanner scanner = { a, &ignored, s, 0, s->len };
	struct aa_token t;

	source_set_init(&sources, a);
	diag_list_init(&ignored, &sources);
	t = aa_next(&scanner, false);
	if (t.kind == AA_INCLUDE || t.kind == AA_QUOTED)
		return true;
	if (t.kind != AA_WORD || !t.len)
		return false;
	for (const char *const *w = words; *w; w++) {
		if (!strcmp(*w, t.text))
			return true;
	}
	return t.text[0] == '/' || !strncmp(t.text, "@{", 2) || t.text[0] == '$';
}

const char *aa_effect(const struct aa_statement *s)
{
	/* AppArmor is silent about what a rule denies, unless the rule says audit. */
	if (s->deny)
		return s->audit ? "deny" : "quiet deny";
	return s->audit ? "audit" : "allow";
}

/* The file's own words on one line. */
static const char *original(struct aa_file *f, const struct aa_statement *s)
{
	const struct source *source = f->diags->sources->v[s->whole.source];
	_cleanup_(text_release) struct text t = TEXT_INIT;
	bool blank = false;

	for (uint32_t i = 0; i < s->whole.len && t.len < 1000; i++) {
		char c = source->bytes[s->whole.offset + i];

		if (strchr(" \t\r\n", c)) {
			blank = t.len;
			continue;
		}
		if (blank)
			text_putc(&t, ' ');
		blank = false;
		text_putc(&t, c);
	}
	return arena_memdup(f->arena, text_str(&t), t.len);
}

void aa_leave_out(struct aa_file *f, struct aa_profile *p, const struct aa_statement *s,
	const char *format, ...)
{
	_cleanup_free_ char *why = FORMATTED(format);

	draft_left_out(f->draft, p->draft, s->at, original(f, s), "%s", why)->wider = s->deny;
}

static void name_profiles(struct aa_file *f, struct aa_profile *p, struct draft_profile *up)
{
	const char *name =
		!up && f->options->profile && f->n_profiles == 1 ? f->options->profile : p->name;

	p->draft = draft_profile(f->draft, up, name, p->at);
	for (uint32_t i = 0; i < p->n_children; i++)
		name_profiles(f, p->children[i], p->draft);
}

/* What the profile is for, which pale run has to be allowed to start. */
static void draft_attachment(struct aa_file *f, struct aa_profile *p)
{
	struct policy_words globs = { 0 };
	const char *why = NULL;
	struct aa_statement s = { .at = p->at, .whole = p->at, .keyword = "" };

	if (!p->attachment)
		return;
	if (!aa_globs(
		    f, p->attachment->at, p->attachment->text, p->attachment->len, &globs, &why)) {
		if (why)
			aa_leave_out(f, p, &s, "the program: %s", why);
		return;
	}
	draft_head(f->draft,
		"Profile %s is for %s%s. For pale run to start that, it needs an allow exec.",
		p->draft->name, globs.v[0], globs.n > 1 ? " and its like" : "");
}

static void draft_mode(struct aa_file *f, struct aa_profile *p, const struct aa_profile *outer)
{
	struct aa_statement s = { .at = p->at, .whole = p->at, .keyword = "" };

	if (!outer && p->complain)
		draft_added(f->draft, p->draft, p->at, "mode audit");
	if (outer && p->complain != outer->complain)
		aa_leave_out(f, p, &s, "%s: the mode belongs to the outermost profile",
			p->complain ? "complain" : "enforce");
	if (p->hat)
		aa_leave_out(f, p, &s,
			"entered by aa_change_hat(2), where a sub-profile is entered "
			"by exec alone");
}

static void draft_all(struct aa_file *f, struct aa_profile *p, const struct aa_profile *outer)
{
	draft_mode(f, p, outer);
	if (!outer)
		draft_attachment(f, p);
	draft_heading(f->draft, p->draft, "AppArmor does not look at ioctl.");
	draft_added(f->draft, p->draft, p->at, "allow ioctl /**, /");
	draft_heading(f->draft, p->draft, "Other than files");
	for (uint32_t i = 0; !outer && i < f->n_missing; i++)
		aa_draft_other(f, p, outer, &f->missing[i]);
	for (uint32_t i = 0; i < p->n; i++)
		aa_draft_other(f, p, outer, &p->v[i]);
	aa_draft_network(f, p);
	draft_heading(f->draft, p->draft, "Files");
	aa_draft_files(f, p);
	for (uint32_t i = 0; i < p->n_children; i++)
		draft_all(f, p->children[i], p);
}

static void draft_heads(struct draft *d)
{
	draft_head(
		d, "Made by pale import from the AppArmor profile %s.", d->source->portable_name);
	draft_head(d, "AppArmor knows no system calls: those pass that the rules below need. Files "
		      "that were changed since the start are not run, and a sub-profile starts in "
		      "secure-exec mode. A link needs its rule for both of its names. SCTP is "
		      "allowed where both stream and seqpacket are. What others may do to the "
		      "program (signal receive, ptrace tracedby and readby) is not for its own "
		      "policy to say.");
}

static bool is_utf8(const struct source *s, struct diag_list *diags)
{
	for (uint32_t i = 0; i < s->len;) {
		size_t n = utf8_sequence((const unsigned char *)s->bytes + i, s->len - i);

		if (!n) {
			diag_error(diags, (struct span){ s->id, i, 1 }, "this is no UTF-8");
			return false;
		}
		i += (uint32_t)n;
	}
	return true;
}

#define BYTES_MAX ((uint32_t)4 << 20)

bool import_apparmor(const struct source *s, const struct import_options *options,
	struct diag_list *diags, struct text *to)
{
	struct draft draft;
	struct aa_file f = {
		.arena = diags->arena,
		.diags = diags,
		.options = options,
		.source = s,
		.draft = &draft,
	};

	if (s->len > BYTES_MAX) {
		diag_error_unplaced(diags, "%s: longer than 4 MiB", s->name);
		return false;
	}
	draft_init(&draft, diags->arena, diags, s);
	if (!is_utf8(s, diags) || !aa_parse(&f))
		return false;
	if (!f.n_profiles) {
		diag_error_unplaced(diags, "%s: no profile in it", s->name);
		return false;
	}
	draft_heads(&draft);
	for (uint32_t i = 0; i < f.n_profiles; i++)
		name_profiles(&f, f.profiles[i], NULL);
	for (uint32_t i = 0; i < f.n_profiles; i++)
		draft_all(&f, f.profiles[i], NULL);
	return !diags->n_errors && draft_write(&draft, to);
}
