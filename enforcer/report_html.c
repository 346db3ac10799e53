/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/report_html.h"

#include "compiler/base/cleanup.h"
#include "enforcer/event_text.h"
#include "enforcer/html_page.h"
#include "enforcer/html_text.h"
#include "enforcer/process_tree.h"
#include "enforcer/recorder_kinds.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Rows of a table; of more the newest. Browsers take long to lay out more. */
#define ROWS_MAX 5000
/* However deep processes are, there is room for what they did. */
#define DEPTH_MAX 24

struct page {
	FILE *to;
	const char *asked;
	const struct history_kept *entries;
	struct process_tree *tree;
};

static const char *get(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s ? s : "";
}

static bool is_of(const json_t *e, enum recorder_kind kind)
{
	return strcmp(get(e, "kind"), recorder_kind_names[kind]) == 0;
}

static size_t count(const struct page *p, enum recorder_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < p->entries->n; i++)
		n += is_of(history_kept_get(p->entries, i), kind);
	return n;
}

/* Takes over what @t holds, as HTML. */
static void put(const struct page *p, struct text *t)
{
	fputs(text_str(t), p->to);
	text_clear(t);
}

static void put_text(const struct page *p, const char *s)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	html_puts(&t, s);
	put(p, &t);
}

/* A text that was made for people. */
static void put_plain(const struct page *p, const struct text *plain)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	html_text(&t, text_str(plain), plain->len);
	put(p, &t);
}

static void put_time(const struct page *p, const json_t *e)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	/* To the millisecond. */
	text_printf(&t, "%.10s %.12s", get(e, "time"),
		strlen(get(e, "time")) > 23 ? get(e, "time") + 11 : "");
	put_plain(p, &t);
}

static const json_t *container_of(const struct page *p)
{
	for (size_t i = p->entries->n; i > 0; i--) {
		const json_t *c = json_object_get(history_kept_get(p->entries, i - 1), "container");

		if (json_is_object(c))
			return c;
	}
	return NULL;
}

static void put_term(const struct page *p, const char *name, const char *value)
{
	if (!*value)
		return;
	fprintf(p->to, "<dt>%s</dt><dd>", name);
	put_text(p, value);
	fputs("</dd>\n", p->to);
}

/* The newest that a container was registered with. */
static const json_t *policy_of(const struct page *p)
{
	for (size_t i = p->entries->n; i > 0; i--) {
		const json_t *e = history_kept_get(p->entries, i - 1);

		if (is_of(e, RECORDER_POLICY) && json_object_get(e, "digest"))
			return e;
	}
	return NULL;
}

static void put_counts(const struct page *p)
{
	static const struct {
		enum recorder_kind kind;
		const char *name;
	} counts[] = {
		{ RECORDER_VIOLATION, "Violations" },
		{ RECORDER_EXEC, "Programs executed" },
		{ RECORDER_START, "Processes begun" },
		{ RECORDER_EXIT, "Processes ended" },
		{ RECORDER_CONNECT, "Connections" },
		{ RECORDER_GAP, "Gaps" },
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		fprintf(p->to, "<dt>%s</dt><dd>%zu</dd>\n", counts[i].name,
			count(p, counts[i].kind));
}

static void put_summary(const struct page *p)
{
	static const struct {
		const char *name, *member;
	} names[] = {
		{ "Container", "id" },
		{ "Name", "name" },
		{ "Image", "image" },
		{ "Namespace", "namespace" },
		{ "Pod", "pod" },
	};
	const json_t *container = container_of(p), *policy = policy_of(p);
	const struct history_kept *k = p->entries;

	fputs("<section id=\"summary\"><h2>Summary</h2>\n<dl>\n", p->to);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		put_term(p, names[i].name, get(container, names[i].member));
	put_term(p, "Profile", get(policy, "profile"));
	put_term(p, "Mode", get(policy, "mode"));
	put_term(p, "Digest", get(policy, "digest"));
	if (k->n) {
		put_term(p, "From", get(history_kept_get(k, 0), "time"));
		put_term(p, "Until", get(history_kept_get(k, k->n - 1), "time"));
	}
	put_counts(p);
	fputs("</dl>\n", p->to);
	if (k->left_out)
		fprintf(p->to,
			"<p class=\"bad\">%" PRIu64 " older entries are not on this page.</p>\n",
			k->left_out);
	fputs("</section>\n", p->to);
}

static void put_gaps(const struct page *p)
{
	fputs("<section id=\"gaps\"><h2>Gaps</h2>\n", p->to);
	if (!count(p, RECORDER_GAP))
		fputs("<p>Nothing is known to be missing.</p>\n", p->to);
	for (size_t i = 0; i < p->entries->n; i++) {
		const json_t *e = history_kept_get(p->entries, i);
		_cleanup_(text_release) struct text t = TEXT_INIT;

		if (!is_of(e, RECORDER_GAP))
			continue;
		event_text_gap(&t, e);
		fputs("<div class=\"gap\">", p->to);
		put_plain(p, &t);
		fputs("</div>\n", p->to);
	}
	fputs("</section>\n", p->to);
}

/* What an entry does not say itself, its process's last exec does. */
static const char *executable_of(const struct page *p, const json_t *process, json_int_t pid)
{
	const json_t *start = json_object_get(process, "start_ns");
	const struct tree_process *one =
		start ? process_tree_find(p->tree, pid, json_integer_value(start)) : NULL;

	if (json_object_get(process, "executable") || !one)
		return get(process, "executable");
	return get(json_object_get(one->exec, "process"), "executable");
}

static void put_process(const struct page *p, const json_t *e)
{
	const json_t *process = json_object_get(e, "process");
	json_int_t pid = json_integer_value(json_object_get(process, "host_pid"));

	if (!process)
		return;
	fprintf(p->to, "%" JSON_INTEGER_FORMAT " ", pid);
	put_text(p, executable_of(p, process, pid));
}

static void put_violation_cells(const struct page *p, const json_t *e)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	put_process(p, e);
	fputs("</td><td class=\"bad\">", p->to);
	put_text(p, event_outcome(e));
	fputs("</td><td>", p->to);
	put_text(p, get(e, "operation"));
	fputs(" ", p->to);
	put_text(p, get(e, "object"));
	fputs("</td><td>", p->to);
	event_text_policy_line(&t, e);
	put_plain(p, &t);
	fputs("</td><td>", p->to);
	put_text(p, get(e, "rule"));
}

static void put_connect_cells(const struct page *p, const json_t *e)
{
	put_process(p, e);
	fputs("</td><td>", p->to);
	put_text(p, get(e, "protocol"));
	fputs("</td><td>", p->to);
	put_text(p, get(e, "object"));
}

static void put_timeline_cells(const struct page *p, const json_t *e)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	put_text(p, get(e, "kind"));
	fputs("</td><td>", p->to);
	put_process(p, e);
	fputs("</td><td>", p->to);
	if (is_of(e, RECORDER_VIOLATION)) {
		fputs("<span class=\"bad\">", p->to);
		text_printf(&t, "%s: %s ", event_outcome(e), get(e, "operation"));
		text_printf(&t, "%s", get(e, "object"));
		put_plain(p, &t);
		fputs("</span>", p->to);
		return;
	}
	event_text_what(&t, e);
	put_plain(p, &t);
}

struct table {
	const char *id, *title, *none, *heads;
	uint32_t kinds; /* bits */
	void (*cells)(const struct page *p, const json_t *e);
};

static bool is_in(const struct table *t, const json_t *e)
{
	enum recorder_kind kind;

	return recorder_kind_parse(get(e, "kind"), &kind) && (t->kinds & (1u << kind));
}

static void put_table(const struct page *p, const struct table *t)
{
	size_t n = 0, skip;

	for (size_t i = 0; i < p->entries->n; i++)
		n += is_in(t, history_kept_get(p->entries, i));
	fprintf(p->to, "<section id=\"%s\"><h2>%s</h2>\n", t->id, t->title);
	if (!n) {
		fprintf(p->to, "<p>%s</p>\n</section>\n", t->none);
		return;
	}
	skip = n > ROWS_MAX ? n - ROWS_MAX : 0;
	if (skip)
		fprintf(p->to, "<p>The last %d of %zu.</p>\n", ROWS_MAX, n);
	fprintf(p->to, "<table><thead><tr><th>Time (UTC)</th>%s</tr></thead><tbody>\n", t->heads);
	for (size_t i = 0; i < p->entries->n; i++) {
		const json_t *e = history_kept_get(p->entries, i);

		if (!is_in(t, e))
			continue;
		if (skip) {
			skip--;
			continue;
		}
		fputs("<tr><td>", p->to);
		put_time(p, e);
		fputs("</td><td>", p->to);
		t->cells(p, e);
		fputs("</td></tr>\n", p->to);
	}
	fputs("</tbody></table>\n</section>\n", p->to);
}

static void put_act(const struct page *p, const json_t *act, unsigned depth)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	bool violation = is_of(act, RECORDER_VIOLATION);

	fprintf(p->to, "<li class=\"act%s\" style=\"--d:%u\">", violation ? " bad" : "", depth);
	if (violation) {
		text_printf(&t, "%s: %s ", event_outcome(act), get(act, "operation"));
		text_printf(&t, "%s — ", get(act, "object"));
		event_text_policy_line(&t, act);
		text_printf(&t, " | %s", get(act, "rule"));
	} else {
		text_printf(&t, "%s ", get(act, "kind"));
		event_text_what(&t, act);
	}
	put_plain(p, &t);
	fputs("</li>\n", p->to);
}

static void put_tree_process(const struct page *p, const struct tree_process *one)
{
	_cleanup_(text_release) struct text command = TEXT_INIT, end = TEXT_INIT;
	unsigned depth = one->depth > DEPTH_MAX ? DEPTH_MAX : one->depth;
	const json_t *first = NULL;

	for (size_t i = 0; i < one->n_acts && !first; i++) {
		if (is_of(one->acts[i], RECORDER_EXEC))
			first = one->acts[i];
	}
	if (first)
		event_text_command(&command, first);
	else
		text_puts(&command, one->start ? "(executed nothing)" : "(was there before)");
	fprintf(p->to, "<li style=\"--d:%u\"><b>%" JSON_INTEGER_FORMAT "</b> ", depth,
		one->host_pid);
	put_plain(p, &command);
	if (one->exit) {
		event_text_end(&end, one->exit);
		fputs(" <span class=\"end\">[", p->to);
		put_plain(p, &end);
		fputs("]</span>", p->to);
	}
	fputs("</li>\n", p->to);
	for (size_t i = 0; i < one->n_acts; i++) {
		if (one->acts[i] != first)
			put_act(p, one->acts[i], depth);
	}
}

static void put_tree(const struct page *p)
{
	size_t n = 0, shown = 0;

	for (const struct tree_process *o = NULL; (o = process_tree_next(p->tree, o));)
		n++;
	fputs("<section id=\"processes\"><h2>Processes</h2>\n", p->to);
	if (!n)
		fputs("<p>None was recorded.</p>\n", p->to);
	if (n > ROWS_MAX)
		fprintf(p->to, "<p>The first %d of %zu.</p>\n", ROWS_MAX, n);
	fputs("<ul class=\"tree\">\n", p->to);
	for (const struct tree_process *o = NULL;
		(o = process_tree_next(p->tree, o)) && shown < ROWS_MAX; shown++)
		put_tree_process(p, o);
	fputs("</ul>\n</section>\n", p->to);
}

static const struct table violations = { "violations", "Violations", "The policy was not violated.",
	"<th>Process</th><th>Outcome</th><th>What</th><th>Line</th><th>Rule</th>",
	1u << RECORDER_VIOLATION, put_violation_cells };
static const struct table connections = { "connections", "Connections", "None was recorded.",
	"<th>Process</th><th>Protocol</th><th>To</th>", 1u << RECORDER_CONNECT, put_connect_cells };
static const struct table timeline = { "timeline", "Timeline", "Nothing was recorded.",
	"<th>Kind</th><th>Process</th><th>What</th>", ~0u, put_timeline_cells };

static void put_page(const struct page *p)
{
	fputs(html_page_head, p->to);
	fputs("<title>Pale: ", p->to);
	put_text(p, p->asked);
	fputs("</title>\n", p->to);
	fputs(html_page_style, p->to);
	fputs("</head>\n<body>\n<h1>", p->to);
	put_text(p, p->asked);
	fputs("</h1>\n<nav><a href=\"#summary\">Summary</a><a href=\"#gaps\">Gaps</a>"
	      "<a href=\"#violations\">Violations</a><a href=\"#connections\">Connections</a>"
	      "<a href=\"#processes\">Processes</a><a href=\"#timeline\">Timeline</a></nav>\n",
		p->to);
	put_summary(p);
	put_gaps(p);
	put_table(p, &violations);
	put_table(p, &connections);
	put_tree(p);
	put_table(p, &timeline);
	fputs("</body>\n</html>\n", p->to);
}

int report_html(
	FILE *to, const char *asked, const struct history_kept *entries, struct pale_err **err)
{
	_cleanup_(process_tree_freep) struct process_tree *tree = process_tree_new();
	const struct page p = { to, asked, entries, tree };

	for (size_t i = 0; i < entries->n; i++)
		process_tree_add(tree, history_kept_get(entries, i));
	process_tree_link(tree);
	put_page(&p);
	return fflush(to) || ferror(to) ? pale_err_set(err, errno ? errno : EIO, "write the page")
					: 0;
}
