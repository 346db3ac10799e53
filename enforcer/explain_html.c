/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/explain_html.h"

#include "compiler/doc.h"
#include "enforcer/html_page.h"
#include "enforcer/html_text.h"
#include "enforcer/transition_graph.h"

#include <inttypes.h>
#include <string.h>

static const char style[] =
	"<style>\n"
	".rules td{font-size:12px}.rules td:last-child,.rules td:first-child{white-space:normal;"
	"color:inherit}\n"
	".exact{color:var(--good)}.wider,.narrower{color:var(--warn)}.unenforced{color:var(--soft)}"
	"\n"
	":root{--good:#1a7f37;--warn:#9a6700}\n"
	"@media (prefers-color-scheme:dark){:root{--good:#5dd179;--warn:#e0b341}}\n"
	".says{padding-left:1.2rem}.says li{color:inherit}.says .place{color:var(--soft)}\n"
	".says .no{color:var(--bad)}h3{font-size:.95rem;margin:1rem 0 .2rem}\n"
	".graph{max-width:100%;height:auto}.graph rect{fill:var(--pale);stroke:var(--line)}\n"
	".graph text{font:12px ui-monospace,monospace;fill:var(--ink)}"
	".graph .name{font-weight:600}.graph .by{fill:var(--soft)}\n"
	".graph path{fill:none;stroke:var(--soft)}.graph marker path{fill:var(--soft)}\n"
	"details{margin:.2rem 0}summary{cursor:pointer}\n"
	"</style>\n";

static const char *get(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

static bool is_refusal(const json_t *sentence)
{
	const char *effect = get(sentence, "effect");

	return !strcmp(effect, "deny") || !strcmp(effect, "kill");
}

static void put_sentences(struct text *to, const json_t *sentences)
{
	const json_t *s;
	size_t i;

	text_puts(to, "<ul class=\"says\">\n");
	json_array_foreach (sentences, i, s) {
		text_printf(to, "<li%s>", is_refusal(s) ? " class=\"no\"" : "");
		html_puts(to, get(s, "sentence"));
		text_putc(to, '.');
		if (json_object_get(s, "line")) {
			text_puts(to, " <span class=\"place\">");
			html_puts(to, get(s, "file"));
			text_printf(to, ":%" JSON_INTEGER_FORMAT "</span>",
				json_integer_value(json_object_get(s, "line")));
		}
		text_puts(to, "</li>\n");
	}
	text_puts(to, "</ul>\n");
}

static void put_calls(struct text *to, const json_t *profile, bool audit)
{
	const json_t *calls = json_object_get(profile, "syscalls"), *n;
	size_t i;

	text_puts(to, "<p>");
	json_array_foreach (calls, i, n) {
		text_printf(to,
			"Of %s it %s %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
			" system calls, %" JSON_INTEGER_FORMAT
			" of them with some arguments only. ",
			get(n, "abi"), audit ? "would be allowed to make" : "may make",
			json_integer_value(json_object_get(n, "allowed")),
			json_integer_value(json_object_get(n, "calls")),
			json_integer_value(json_object_get(n, "by_arguments")));
	}
	html_puts(to, get(profile, "otherwise"));
	text_puts(to, "</p>\n");
}

static void put_profile(struct text *to, const json_t *profile, bool audit)
{
	const json_t *section;
	size_t i;

	text_puts(to, "<h2>");
	html_puts(to, get(profile, "profile"));
	text_puts(to, "</h2>\n");
	if (*get(profile, "comment")) {
		text_puts(to, "<p>");
		html_puts(to, get(profile, "comment"));
		text_puts(to, "</p>\n");
	}
	json_array_foreach (json_object_get(profile, "sections"), i, section) {
		if (!json_array_size(json_object_get(section, "sentences")))
			continue;
		text_puts(to, "<h3>");
		html_puts(to, get(section, "title"));
		text_puts(to, "</h3>\n");
		put_sentences(to, json_object_get(section, "sentences"));
	}
	put_calls(to, profile, audit);
}

static void put_reasons(struct text *to, const struct coverage *c, const struct rule *r)
{
	for (int m = 0; m < MECHANISM_COUNT; m++) {
		enum operation op;
		const char *why = NULL;

		if (coverage_of_rule(c, r, 1u << m, &op, &why) == COVERAGE_EXACT || !why)
			continue;
		text_printf(to, "<br><span class=\"place\">%s: %s: ", mechanism_names[m],
			vocab_operations[op].name);
		html_puts(to, why);
		text_puts(to, "</span>");
	}
}

static bool has_reason(const struct coverage *c, const struct rule *r)
{
	bool has = false;

	for (int m = 0; m < MECHANISM_COUNT; m++) {
		enum operation op;
		const char *why = NULL;

		has = has || (coverage_of_rule(c, r, 1u << m, &op, &why) != COVERAGE_EXACT && why);
	}
	return has;
}

static void put_rule(struct text *to, const struct coverage *c, const struct rule *r)
{
	bool more = has_reason(c, r);

	text_puts(to, more ? "<tr><td><details><summary>" : "<tr><td>");
	html_puts(to, r->text);
	if (more) {
		text_puts(to, "</summary>");
		put_reasons(to, c, r);
		text_puts(to, "</details>");
	}
	text_puts(to, "</td><td>");
	html_puts(to, c->policy->sources->v[r->lines[0].at.source]->portable_name);
	text_printf(to, ":%u</td>", r->lines[0].line);
	for (int m = 0; m < MECHANISM_COUNT; m++) {
		enum coverage_verdict v = coverage_of_rule(c, r, 1u << m, NULL, NULL);

		text_printf(to, "<td class=\"%s\">%s</td>", coverage_names[v],
			v == COVERAGE_UNENFORCED ? "–" : coverage_names[v]);
	}
	text_puts(to, "</tr>\n");
}

static void put_coverage(struct text *to, const struct policy *p, const struct coverage *c)
{
	text_puts(to, "<h2>What each mechanism makes of each rule</h2>\n<p>wider lets more "
		      "through than the rule says, narrower refuses what the policy allows; – has "
		      "no say in it. A rule that can be opened says why.</p>\n"
		      "<table class=\"rules\"><thead><tr><th>Rule</th><th>Line</th>");
	for (int m = 0; m < MECHANISM_COUNT; m++)
		text_printf(to, "<th>%s</th>", mechanism_names[m]);
	text_puts(to, "</tr></thead><tbody>\n");
	for (uint32_t i = 0; i < p->n_rules; i++) {
		if (p->rules[i]->operations && !p->rules[i]->derived)
			put_rule(to, c, p->rules[i]);
	}
	text_puts(to, "</tbody></table>\n");
}

void explain_html_begin(struct text *to, const char *title)
{
	text_puts(to, html_page_head);
	text_puts(to, "<title>Pale: ");
	html_puts(to, title);
	text_puts(to, "</title>\n");
	text_puts(to, html_page_style);
	text_puts(to, style);
	text_puts(to, "</head>\n<body>\n");
}

void explain_html_policy(struct text *to, const struct policy *p, const struct coverage *c)
{
	json_t *said = doc_json(p, 0);
	const json_t *profile;
	size_t i;

	text_puts(to, "<h1>");
	html_puts(to, p->name);
	text_puts(to, "</h1>\n<dl><dt>File</dt><dd>");
	html_puts(to, p->file);
	text_printf(to,
		"</dd><dt>Mode</dt><dd>%s</dd><dt>Digest</dt><dd><code>%s</code></dd></dl>\n",
		get(said, "mode"), p->digest);
	text_puts(to, "<h2>Processes, and what leads from one profile into another</h2>\n");
	transition_graph(to, p);
	json_array_foreach (json_object_get(said, "profiles"), i, profile)
		put_profile(to, profile, p->audit);
	put_coverage(to, p, c);
	json_decref(said);
}

void explain_html_end(struct text *to)
{
	text_puts(to, "</body>\n</html>\n");
}
