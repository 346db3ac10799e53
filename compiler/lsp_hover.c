/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/lsp.h"

#include "compiler/artefacts.h"
#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "compiler/base/text.h"
#include "compiler/resolve.h"

#include <ctype.h>
#include <string.h>

/* Of what a name stands for, and of what a rule is in. */
#define SHOWN_VALUES 20
#define SHOWN_RULES  4
/* The proofs of a policy of as many rules take half a second, of four times as many five seconds:
 * nobody waits so long for a hover. */
#define PROVED_RULES 1000

struct hover {
	struct lsp_view view;
	struct text text;
	bool markdown;
};

/* A paragraph of its own. */
static void paragraph(struct hover *h)
{
	if (h->text.len)
		text_puts(&h->text, "\n\n");
}

/* Text of a policy: nothing in it is markup. */
static void code(struct hover *h, const char *s)
{
	/* A code span is closed by as many backticks as opened it. */
	const char *fence = !h->markdown ? "" : strchr(s, '`') ? "```" : "`";

	text_puts(&h->text, fence);
	text_escaped(&h->text, s, strlen(s));
	text_puts(&h->text, fence);
}

/* Words of people and of the compiler, where a '*' or '<' is just that. */
static void prose(struct hover *h, const char *s, uint32_t len)
{
	uint32_t from = 0;

	for (uint32_t i = 0; h->markdown && i < len; i++) {
		if (!s[i] || !strchr("\\`*_[]<>#|~", s[i]))
			continue;
		text_escaped(&h->text, s + from, i - from);
		text_putc(&h->text, '\\');
		from = i;
	}
	text_escaped(&h->text, s + from, len - from);
}

static void place(struct hover *h, const char *file, uint32_t line)
{
	prose(h, file, (uint32_t)strlen(file));
	text_printf(&h->text, ":%u", line);
}

static uint32_t line_of(const struct hover *h, struct span at)
{
	uint32_t line, column;

	source_position(h->view.c.sources.v[at.source], at.offset, &line, &column);
	return line;
}

static const char *blanks_skipped(const char *s, uint32_t *len)
{
	while (*len && isspace((unsigned char)*s)) {
		s++;
		--*len;
	}
	return s;
}

/* The lines of comment from @first to before @end, without licences. */
static void comment_lines(struct hover *h, const struct source *s, uint32_t first, uint32_t end)
{
	bool any = false;

	for (uint32_t line = first; line < end; line++) {
		uint32_t len;
		const char *text = source_line(s, line, &len);

		text = blanks_skipped(text, &len);
		if (len && *text == '#') {
			text++;
			len--;
		}
		text = blanks_skipped(text, &len);
		if (len >= 5 && !memcmp(text, "SPDX-", 5))
			continue;
		if (!any)
			paragraph(h);
		else
			text_putc(&h->text, '\n');
		any = true;
		prose(h, text, len);
	}
}

static bool is_comment(const struct source *s, uint32_t line)
{
	uint32_t len;
	const char *text = source_line(s, line, &len);

	text = blanks_skipped(text, &len);
	return len && *text == '#';
}

static bool is_blank(const struct source *s, uint32_t line)
{
	uint32_t len;
	const char *text = source_line(s, line, &len);

	blanks_skipped(text, &len);
	return !len;
}

/* What stands above a declaration. */
static void head_comment(struct hover *h, const struct source *s, uint32_t line)
{
	uint32_t end, first;

	while (line > 1 && is_blank(s, line - 1))
		line--;
	for (end = first = line; first > 1 && is_comment(s, first - 1); first--)
		;
	comment_lines(h, s, first, end);
}

static void describe_values(struct hover *h, const struct words *values)
{
	for (uint32_t i = 0; i < values->n && i < SHOWN_VALUES; i++) {
		text_puts(&h->text, i ? ", " : "");
		code(h, values->v[i].text);
	}
	if (values->n > SHOWN_VALUES)
		text_printf(&h->text, " and %u more", values->n - SHOWN_VALUES);
}

static void describe_variable(struct hover *h, const struct symbol *s)
{
	struct resolution *res = h->view.c.resolution;
	struct globs globs = { 0 };
	struct words values = { 0 };
	struct word name = s->decl->name;
	const char *first = s->decl->values.n ? s->decl->values.v[0].text : "";

	name.text = arena_printf(res->arena, "$%s", s->name);
	name.len = (uint32_t)strlen(name.text);
	name.kind = WORD_PATH;
	text_puts(&h->text, "variable ");
	code(h, name.text);
	if (s->broken)
		return;
	/* Where a variable begins a path its values are paths, which may hold variables again. */
	if ((*first == '/' || *first == '$') && expand_globs(res, &name, 0, GLOB_PATH, &globs)) {
		for (uint32_t i = 0; i < globs.n; i++) {
			struct word w = { .text = globs.v[i]->text };

			ARENA_PUSH(res->arena, values.v, values.n, values.cap, w);
		}
	} else if (!expand_words(res, &name, &values)) {
		return;
	}
	text_puts(&h->text, ": ");
	describe_values(h, &values);
}

static void describe_group(struct hover *h, const struct symbol *s)
{
	struct words members = { 0 };
	struct word name = s->decl->name;
	const char *kind = s->decl->group_kind.text;

	name.text = arena_printf(h->view.c.arena, "@%s", s->name);
	text_printf(&h->text, "group of kind %s ", kind);
	code(h, name.text);
	if (s->broken || !expand_group(h->view.c.resolution, &name, s->name, kind, &members))
		return;
	text_puts(&h->text, ": ");
	describe_values(h, &members);
}

static void describe_symbol(struct hover *h, const struct symbol *s)
{
	const struct source *source = h->view.c.sources.v[s->decl->name.at.source];
	uint32_t line = line_of(h, s->decl->at);

	switch (s->kind) {
	case SYMBOL_VARIABLE:
		describe_variable(h, s);
		break;
	case SYMBOL_GROUP:
		describe_group(h, s);
		break;
	default:
		text_puts(&h->text, s->kind == SYMBOL_FRAGMENT ? "fragment " : "profile ");
		code(h, s->name);
		break;
	}
	text_puts(&h->text, ", declared at ");
	place(h, source->name, line);
	head_comment(h, source, line);
}

static void describe_domain(struct hover *h, const struct domain *d)
{
	const struct source *source = h->view.c.sources.v[d->at.source];
	uint32_t line = line_of(h, d->at);

	text_puts(&h->text, d->parent < 0 ? "profile " : "sub-profile ");
	code(h, d->name);
	text_puts(&h->text, ", declared at ");
	place(h, source->name, line);
	head_comment(h, source, line);
}

/* What a file gives to those that use it. */
static void describe_file(struct hover *h, const char *path)
{
	const struct compilation *c = &h->view.c;
	const struct resolution *res = h->view.resolution;
	const struct source *source = NULL;
	uint32_t end = 1;
	bool any = false;

	text_puts(&h->text, "file ");
	code(h, path);
	for (uint32_t i = 0; i < c->sources.n; i++) {
		if (!strcmp(c->sources.v[i]->name, path))
			source = c->sources.v[i];
	}
	if (!source)
		return;
	for (uint32_t i = 0; i < res->n_symbols; i++) {
		static const char *const sigils[] = { "variable $", "group @", "fragment ",
			"profile " };
		const struct symbol *s = res->symbols[i];

		if (s->decl->name.at.source != source->id)
			continue;
		text_printf(&h->text, "%s%s%s", any ? ", " : ": ", sigils[s->kind], s->name);
		any = true;
	}
	while (end <= source->n_lines && is_comment(source, end))
		end++;
	comment_lines(h, source, 1, end);
}

static void describe_call(struct hover *h, const char *name)
{
	int call = vocab_syscall_find(name);
	const struct vocab_syscall *s;
	const char *sign = ": ";

	if (call < 0)
		return;
	s = &vocab_syscalls[call];
	paragraph(h);
	text_puts(&h->text, "number");
	for (int abi = 0; abi < ABI_COUNT; abi++) {
		if (s->number[abi] < 0)
			continue;
		text_printf(&h->text, "%s%s %d", sign, vocab_abi_name((enum abi)abi),
			s->number[abi] & ~0x40000000);
		sign = ", ";
	}
	for (uint8_t i = 0; i < s->n_arguments; i++)
		text_printf(&h->text, "\n%s%s: %s", h->markdown ? "- " : "", s->arguments[i].name,
			lsp_meaning(h->view.c.arena, ROLE_ARGUMENT, s->arguments[i].name, s->name));
}

static const struct role_word *word_before(const struct lsp_view *v, const struct role_word *w)
{
	return w > v->words.v ? w - 1 : NULL;
}

/* A rule as `pale explain` shows it. */
static void describe_rule(struct hover *h, const struct coverage *c, const struct rule *r)
{
	const char *none = "";

	paragraph(h);
	text_puts(&h->text, "rule ");
	code(h, arena_printf(h->view.c.arena, "%016llx", (unsigned long long)r->id));
	text_puts(&h->text, " of profile ");
	code(h, c->policy->domains[r->domain]->name);
	text_puts(&h->text, "\n");
	for (int m = 0; m < MECHANISM_COUNT; m++) {
		enum operation op;
		const char *why;
		enum coverage_verdict verdict = coverage_of_rule(c, r, 1u << m, &op, &why);

		if (verdict == COVERAGE_UNENFORCED && !why) {
			none = arena_printf(h->view.c.arena, "%s%s%s", none, *none ? ", " : "",
				mechanism_names[m]);
			continue;
		}
		text_printf(&h->text, "\n%s%s: %s", h->markdown ? "- " : "", mechanism_names[m],
			coverage_names[verdict]);
		if (verdict != COVERAGE_EXACT && why) {
			text_printf(&h->text, ": %s: ", vocab_operations[op].name);
			prose(h, why, (uint32_t)strlen(why));
		}
	}
	if (*none)
		text_printf(&h->text, "\n%sno say: %s", h->markdown ? "- " : "", none);
}

/* What the text says; what follows from it has no place of its own. */
static bool stands_at(const struct rule *r, uint32_t offset)
{
	if (!r->operations || r->is_default || r->derived)
		return false;
	for (uint32_t i = 0; i < r->n_lines; i++) {
		const struct span *at = &r->lines[i].at;

		if (at->source == 0 && offset >= at->offset && offset <= at->offset + at->len)
			return true;
	}
	return false;
}

static uint32_t written_rules(const struct policy *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n_rules; i++)
		n += p->rules[i]->operations && !p->rules[i]->is_default && !p->rules[i]->derived;
	return n;
}

static void describe_rules(struct hover *h, uint32_t offset)
{
	const struct compilation *c = &h->view.c;
	uint32_t shown = 0;

	for (uint32_t i = 0; !c->diags.n_errors && i < c->n_policies && shown < SHOWN_RULES; i++) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;
		const struct policy *p = c->policies[i];
		struct artefacts made;
		bool has = false;

		for (uint32_t k = 0; k < p->n_rules && !has; k++)
			has = stands_at(p->rules[k], offset);
		if (!has)
			continue;
		if (written_rules(p) > PROVED_RULES) {
			paragraph(h);
			text_printf(&h->text,
				"more than %d rules: 'pale explain' tells what enforces each",
				PROVED_RULES);
			return;
		}
		if (artefacts_make(p, NULL, &made, &err) < 0) {
			const char *why = pale_err_text(err);

			paragraph(h);
			text_escaped(&h->text, why, strlen(why));
		}
		for (uint32_t k = 0; !err && k < p->n_rules && shown < SHOWN_RULES; k++) {
			const struct rule *r = p->rules[k];

			if (!stands_at(r, offset))
				continue;
			describe_rule(h, made.coverage, r);
			shown++;
		}
		artefacts_release(&made);
	}
}

/* Words behind which the reader looks for the rule. */
static bool speaks_for_rule(const struct role_word *w)
{
	return w->role == ROLE_EFFECT || w->role == ROLE_OPERATION || w->role == ROLE_PATH ||
	       w->role == ROLE_ADDRESS;
}

static void describe_target(struct hover *h, const struct lsp_target *t)
{
	if (t->kind == LSP_SYMBOL)
		describe_symbol(h, t->symbol);
	else if (t->kind == LSP_DOMAIN)
		describe_domain(h, t->domain);
	else if (t->kind == LSP_FILE)
		describe_file(h, t->path);
}

static void describe_word(struct hover *h, const struct role_word *w)
{
	const char *means = lsp_meaning(h->view.c.arena, w->role, w->word.text, w->subject);
	const struct role_word *before = word_before(&h->view, w);

	if (!means)
		return;
	code(h, w->role == ROLE_EFFECT && before && before->role == ROLE_EFFECT
			? arena_printf(h->view.c.arena, "%s %s", before->word.text, w->word.text)
			: w->word.text);
	text_printf(&h->text, ": %s",
		before && before->role == ROLE_EFFECT && w->role == ROLE_EFFECT
			? lsp_meaning(h->view.c.arena, ROLE_EFFECT, before->word.text, NULL)
			: means);
	if (w->role == ROLE_CALL)
		describe_call(h, w->word.text);
}

json_t *lsp_hover(const struct lsp_server *s, const struct lsp_document *d, uint32_t offset)
{
	struct hover h = { .text = TEXT_INIT, .markdown = s->markdown };
	const struct role_word *w;
	json_t *o = NULL;

	lsp_view_open(&h.view, s, d, LSP_NAMES);
	w = lsp_view_word(&h.view, offset);
	if (w && speaks_for_rule(w)) {
		lsp_view_close(&h.view);
		lsp_view_open(&h.view, s, d, LSP_RULES);
		w = lsp_view_word(&h.view, offset);
	}
	if (w) {
		struct lsp_target t = lsp_target(&h.view, w, offset);

		if (t.kind != LSP_NOWHERE)
			describe_target(&h, &t);
		else
			describe_word(&h, w);
		if (speaks_for_rule(w))
			describe_rules(&h, w->word.at.offset);
		if (h.text.len) {
			json_t *contents = json_object();

			o = json_object();
			json_object_set_new(contents, "kind",
				json_string(h.markdown ? "markdown" : "plaintext"));
			json_object_set_new(contents, "value", json_text(text_str(&h.text)));
			json_object_set_new(o, "contents", contents);
			json_object_set_new(o, "range",
				lsp_text_range(lsp_view_text(&h.view, 0), t.at.offset, t.at.len));
		}
	}
	text_release(&h.text);
	lsp_view_close(&h.view);
	return o;
}
