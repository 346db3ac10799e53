/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/doc.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "compiler/base/wrapped.h"
#include "compiler/decide.h"
#include "compiler/sentence.h"

#include <inttypes.h>
#include <string.h>

static const struct {
	const char *block, *title;
	const char *refused; /* what it may not where no rule allows anything; NULL: says nothing */
} sections[] = {
	{ "process", "Programs and processes", "execute anything" },
	{ "file", "Files", "open or change any file" },
	{ "network", "Network", "connect to anybody, nor listen" },
	{ "mount", "Mounts", "mount or unmount anything" },
	{ "syscall", "System calls", NULL },
	{ "capability", "Capabilities", "use any" },
	{ "limit", "Limits", NULL },
};

#define N_SECTIONS (sizeof(sections) / sizeof(*sections))

/* Limits are the whole tree's, and said of the outermost profile. */
static bool has_section(size_t section, uint32_t domain)
{
	return !domain || strcmp(sections[section].block, "limit") != 0;
}

static bool is_of(const struct rule *r, uint32_t domain, size_t section)
{
	return r->domain == domain && r->operations && !r->derived && !r->exception &&
	       !strcmp(vocab_operations[__builtin_ctzll(r->operations)].block,
		       sections[section].block);
}

/* Of defaults those that allow, unless a rule is before them in all cases, are told one by one, the
 * others once for all. */
static bool is_told(const struct policy *p, const struct rule *r)
{
	int op = __builtin_ctzll(r->operations);

	if (!r->is_default)
		return true;
	return r->effect == EFFECT_ALLOW && p->domains[r->domain]->by_operation[op][0] == r;
}

static bool grants(const struct rule *r)
{
	return r->effect == EFFECT_ALLOW || r->effect == EFFECT_AUDIT ||
	       r->operations & OP_BIT(OP_LIMIT);
}

/* A program that may be executed may be read, too, of whatever class it is. */
static bool reads_programs(const struct policy *p, uint32_t domain)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		if (p->rules[i]->domain == domain && p->rules[i]->implied & OP_BIT(OP_READ))
			return true;
	}
	return false;
}

/* What is in no rule of a section. @granted: a rule allows something. */
static void tell_unwritten(const struct policy *p, uint32_t domain, size_t section, bool granted,
	void (*tell)(void *ctx, const struct rule *rule, const char *sentence), void *ctx)
{
	bool reads = !strcmp(sections[section].block, "file") && reads_programs(p, domain);
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (reads)
		tell(ctx, NULL,
			"may read the programs that it may execute, shipped by the image or not");
	if (!strcmp(sections[section].block, "limit") && !granted)
		tell(ctx, NULL, "has none");
	if (granted || !sections[section].refused)
		return;
	text_printf(&t, "%s%s", sentence_refusal(p),
		reads ? "open or change any other file" : sections[section].refused);
	tell(ctx, NULL, text_str(&t));
}

/*
 * What the section's rules are told by, in order: the file's own, then those of fragments, then
 * what holds by default. @tell gets a NULL rule for what is in no rule.
 */
static void each_sentence(const struct policy *p, uint32_t domain, size_t section,
	void (*tell)(void *ctx, const struct rule *rule, const char *sentence), void *ctx)
{
	bool granted = false;

	for (int pass = 0; pass < 3; pass++) {
		for (uint32_t i = 0; i < p->n_rules; i++) {
			_cleanup_(text_release) struct text t = TEXT_INIT;
			const struct rule *r = p->rules[i];
			int its = r->is_default ? 2 : !r->lines[0].own;

			if (!is_of(r, domain, section) || !is_told(p, r) || its != pass)
				continue;
			sentence_of_rule(&t, p, r);
			tell(ctx, r, text_str(&t));
			granted = granted || (grants(r) && !r->is_default);
		}
	}
	tell_unwritten(p, domain, section, granted, tell, ctx);
}

/* How many of an ABI's calls there are, how many it may make, and how many of these not whatever
 * the arguments are. */
struct call_counts {
	uint32_t all, allowed, by_arguments;
};

static struct call_counts count_calls(const struct policy *p, uint32_t domain, enum abi abi)
{
	struct call_counts n = { 0 };

	for (uint32_t i = 0; i < vocab_n_syscalls; i++) {
		struct request r = {
			.operation = OP_SYSCALL, .abi = abi, .number = vocab_syscalls[i].number[abi]
		};
		struct decision d;

		if (vocab_syscalls[i].number[abi] < 0)
			continue;
		d = decide(p, domain, &r);
		n.all++;
		n.by_arguments += d.depends;
		n.allowed += d.depends || d.verdict == VERDICT_ALLOW;
	}
	return n;
}

static const char *otherwise(const struct policy *p, uint32_t domain)
{
	if (p->audit)
		return "Nothing is refused: whatever its rules do not allow is let through, and "
		       "reported (mode audit).";
	if (p->domains[domain]->default_kill)
		return "What it may not goes before what it may. Whatever else it tries, it is "
		       "killed for, and that is reported.";
	return "What it may not goes before what it may. Whatever else it tries is refused, and "
	       "reported.";
}

/* The comment that ends above @line, or @down from it; licences left out. */
static char *comment_at(const struct source *s, uint32_t line, bool down)
{
	struct text t = TEXT_INIT;
	uint32_t first = line, len;

	while (!down && first > 1 && *source_line(s, first - 1, &len) == '#' && len)
		first--;
	if (!down && first == line)
		return NULL;
	for (uint32_t i = first; (down || i < line) && i <= s->n_lines; i++) {
		const char *bytes = source_line(s, i, &len);
		uint32_t skip = 0;

		if (!len || *bytes != '#')
			break;
		while (skip < len && (bytes[skip] == '#' || bytes[skip] == ' '))
			skip++;
		if (len - skip >= 5 && !memcmp(bytes + skip, "SPDX-", 5))
			continue;
		if (t.len)
			text_putc(&t, '\n');
		text_escaped(&t, bytes + skip, len - skip);
	}
	if (!t.len)
		text_release(&t);
	return t.len ? text_take(&t) : NULL;
}

/* What stands above the profile, or for the outermost at the file's head. To be freed. */
static char *comment_of(const struct policy *p, const struct domain *d)
{
	const struct source *s = p->sources->v[d->at.source];
	char *comment = comment_at(s, d->line.line, false);

	return comment || d->index ? comment : comment_at(s, 1, true);
}

/* Which programs lead into it. */
static void put_entries(struct text *to, const struct policy *p, const struct domain *d)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *r = p->rules[i];

		for (uint32_t k = 0; r->transition == (int32_t)d->index && k < r->paths.n; k++) {
			text_puts(&t, t.len ? ", " : "Of what executes ");
			text_escaped(&t, r->paths.v[k]->text, r->paths.v[k]->len);
		}
	}
	if (t.len)
		text_putc(&t, '.');
	if (t.len)
		text_wrapped(to, text_str(&t), 0, 0);
}

static void put_line(struct text *to, const char *sentence)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_printf(&t, "%s.", sentence);
	text_puts(to, "  - ");
	text_wrapped(to, text_str(&t), 4, 4);
}

struct telling {
	const struct policy *p;
	struct text *to;
	json_t *sentences;
};

/* Not where the file lies on this machine. */
static const char *place_of(const struct policy *p, const struct rule *rule)
{
	return p->sources->v[rule->lines[0].at.source]->portable_name;
}

static void tell_text(void *ctx, const struct rule *rule, const char *sentence)
{
	const struct telling *telling = ctx;
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_puts(&t, sentence);
	if (rule && !rule->is_default) {
		const char *place = place_of(telling->p, rule);

		text_puts(&t, " [");
		text_escaped(&t, place, strlen(place));
		text_printf(&t, ":%u]", rule->lines[0].line);
	}
	put_line(telling->to, text_str(&t));
}

static void put_call_counts(struct text *to, const struct policy *p, uint32_t domain)
{
	for (int abi = 0; abi < ABI_COUNT; abi++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;
		struct call_counts n;

		if (!(p->abis & 1u << abi))
			continue;
		n = count_calls(p, domain, (enum abi)abi);
		text_printf(&t, "%s %u of the %u calls of %s",
			p->audit ? "would be allowed to make" : "may make", n.allowed, n.all,
			vocab_abi_name((enum abi)abi));
		if (n.by_arguments)
			text_printf(&t, ", %u of them with some arguments only", n.by_arguments);
		put_line(to, text_str(&t));
	}
}

static void put_domain(struct text *to, const struct policy *p, uint32_t domain)
{
	const struct domain *d = p->domains[domain];
	_cleanup_free_ char *comment = comment_of(p, d);
	struct telling telling = { p, to, NULL };

	text_escaped(to, d->name, strlen(d->name));
	text_putc(to, '\n');
	for (size_t i = wrapped_columns(d->name, strlen(d->name)); i > 0; i--)
		text_putc(to, '=');
	text_putc(to, '\n');
	put_entries(to, p, d);
	if (comment)
		text_wrapped(to, comment, 0, 0);
	for (size_t i = 0; i < N_SECTIONS; i++) {
		if (!has_section(i, domain))
			continue;
		text_printf(to, "\n%s\n", sections[i].title);
		each_sentence(p, domain, i, tell_text, &telling);
		if (!strcmp(sections[i].block, "syscall"))
			put_call_counts(to, p, domain);
	}
	text_putc(to, '\n');
	text_wrapped(to, otherwise(p, domain), 0, 0);
}

static bool is_within(const struct policy *p, uint32_t domain, uint32_t outer)
{
	while (domain != outer && p->domains[domain]->parent >= 0)
		domain = (uint32_t)p->domains[domain]->parent;
	return domain == outer;
}

void doc_text(struct text *to, const struct policy *p, uint32_t domain)
{
	for (uint32_t i = 0; i < p->n_domains; i++) {
		if (!is_within(p, i, domain))
			continue;
		if (i != domain)
			text_putc(to, '\n');
		put_domain(to, p, i);
	}
}

static void tell_json(void *ctx, const struct rule *rule, const char *sentence)
{
	const struct telling *telling = ctx;
	static const char *const effects[] = { [EFFECT_ALLOW] = "allow",
		[EFFECT_AUDIT] = "audit",
		[EFFECT_DENY] = "deny",
		[EFFECT_KILL] = "kill" };
	json_t *o = json_object();
	char id[17];

	json_object_set_new(o, "sentence", json_text(sentence));
	if (rule) {
		snprintf(id, sizeof(id), "%016" PRIx64, rule->id);
		json_object_set_new(o, "effect",
			json_string(rule->operations & OP_BIT(OP_LIMIT) ? "limit"
									: effects[rule->effect]));
		json_object_set_new(o, "rule", json_string(id));
		json_object_set_new(o, "text", json_text(rule->text));
	}
	if (rule && !rule->is_default) {
		json_object_set_new(o, "file", json_text(place_of(telling->p, rule)));
		json_object_set_new(o, "line", json_integer(rule->lines[0].line));
	}
	json_array_append_new(telling->sentences, o);
}

static json_t *call_counts_json(const struct policy *p, uint32_t domain)
{
	json_t *all = json_array();

	for (int abi = 0; abi < ABI_COUNT; abi++) {
		struct call_counts n;

		if (!(p->abis & 1u << abi))
			continue;
		n = count_calls(p, domain, (enum abi)abi);
		json_array_append_new(
			all, json_pack("{s:s, s:i, s:i, s:i}", "abi", vocab_abi_name((enum abi)abi),
				     "calls", (int)n.all, "allowed", (int)n.allowed, "by_arguments",
				     (int)n.by_arguments));
	}
	return all;
}

static json_t *domain_json(const struct policy *p, uint32_t domain)
{
	const struct domain *d = p->domains[domain];
	_cleanup_free_ char *comment = comment_of(p, d);
	json_t *o = json_object(), *all = json_array();

	json_object_set_new(o, "profile", json_text(d->name));
	if (comment)
		json_object_set_new(o, "comment", json_text(comment));
	for (size_t i = 0; i < N_SECTIONS; i++) {
		json_t *sentences;
		struct telling telling = { p, NULL, NULL };

		if (!has_section(i, domain))
			continue;
		telling.sentences = sentences = json_array();
		each_sentence(p, domain, i, tell_json, &telling);
		json_array_append_new(all, json_pack("{s:s, s:o}", "title", sections[i].title,
						   "sentences", sentences));
	}
	json_object_set_new(o, "sections", all);
	json_object_set_new(o, "syscalls", call_counts_json(p, domain));
	json_object_set_new(o, "otherwise", json_string(otherwise(p, domain)));
	return o;
}

json_t *doc_json(const struct policy *p, uint32_t domain)
{
	json_t *o = json_object(), *all = json_array();

	json_object_set_new(o, "profile", json_text(p->name));
	json_object_set_new(o, "digest", json_string(p->digest));
	json_object_set_new(o, "mode", json_string(p->audit ? "audit" : "enforce"));
	for (uint32_t i = 0; i < p->n_domains; i++) {
		if (is_within(p, i, domain))
			json_array_append_new(all, domain_json(p, i));
	}
	json_object_set_new(o, "profiles", all);
	return o;
}
