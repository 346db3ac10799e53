/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/import_kubearmor.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/formatted.h"
#include "compiler/base/suggest.h"
#include "compiler/base/yaml_read.h"
#include "compiler/dfa.h"
#include "compiler/glob.h"
#include "compiler/import_apparmor_globs.h"
#include "compiler/import_draft.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum section { PROCESS, FILES, NETWORK, CAPABILITIES, SYSCALLS, N_SECTIONS };
enum action { ALLOW, AUDIT, BLOCK };

struct rule {
	enum section section;
	enum action action;
	struct span at;
	const char *what; /* for comments: "path: /bin/sh" */
	struct policy_words objects;
	bool owner, read_only;
	const char *source; /* NULL: every program */
};

struct importing {
	struct arena *arena;
	struct diag_list *diags;
	struct draft *draft;
	struct draft_profile *profile;
	struct rule *v;
	uint32_t n, cap;
};

/* What is on a section's level beside its lists. */
#define COMMON "action", "severity", "tags", "message"

static void wrong(struct importing *im, const struct yaml_node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void wrong(struct importing *im, const struct yaml_node *node, const char *format, ...)
{
	_cleanup_free_ char *s = FORMATTED(format);

	diag_error(im->diags, node->at, "%s", s);
}

static const char *kind(const struct yaml_node *node)
{
	static const char *const names[] = { "a text", "a list", "a map" };

	return names[node->kind];
}

static const struct yaml_node *member(
	struct importing *im, const struct yaml_node *map, const char *key, enum yaml_kind expected)
{
	static const char *const names[] = { "a text", "a list", "a map" };
	const struct yaml_node *node = yaml_member(map, key);

	if (!node || node->kind == expected)
		return node;
	wrong(im, node, "%s: expected %s, found %s", key, names[expected], kind(node));
	return NULL;
}

static void check_members(
	struct importing *im, const struct yaml_node *map, const char *const *known)
{
	for (uint32_t i = 0; i + 1 < map->n; i += 2) {
		const struct yaml_node *key = map->v[i];
		struct suggest near;
		bool found = false;
		struct diag *d;

		suggest_init(&near, key->text);
		for (const char *const *k = known; *k && !found; k++) {
			found = !strcmp(*k, key->text);
			suggest_offer(&near, *k);
		}
		if (found)
			continue;
		d = diag_error(im->diags, key->at, "unknown member '%s'",
			draft_quoted(im->arena, key->text, strlen(key->text), 80));
		if (suggest_best(&near))
			diag_hint(im->diags, d, "did you mean '%s'?", suggest_best(&near));
	}
}

static bool read_action(struct importing *im, const struct yaml_node *map, enum action *ret)
{
	static const char *const names[] = { "Allow", "Audit", "Block" };
	const struct yaml_node *node = member(im, map, "action", YAML_TEXT);

	for (size_t i = 0; node && i < sizeof(names) / sizeof(*names); i++) {
		if (!strcmp(node->text, names[i])) {
			*ret = (enum action)i;
			return true;
		}
	}
	if (!node)
		return false;
	diag_hint(im->diags,
		diag_error(im->diags, node->at, "unknown action '%s'",
			draft_quoted(im->arena, node->text, strlen(node->text), 80)),
		"Allow, Audit or Block");
	/* The error is told: what hangs on it is not wrong for that. */
	*ret = BLOCK;
	return true;
}

static bool read_flag(struct importing *im, const struct yaml_node *map, const char *key)
{
	const struct yaml_node *node = member(im, map, key, YAML_TEXT);

	if (node && !node->quoted && !strcmp(node->text, "true"))
		return true;
	if (node && (node->quoted || strcmp(node->text, "false") != 0))
		wrong(im, node, "%s: expected true or false", key);
	return false;
}

/* ---- objects */

static bool add_pattern(struct importing *im, const struct yaml_node *node, const char *text,
	struct policy_words *to)
{
	struct aa_pattern_error error = { NULL };
	const char *inexact = NULL;

	if (text[0] != '/') {
		wrong(im, node, "a path begins with '/'");
		return false;
	}
	if (!aa_pattern_globs(im->arena, text, strlen(text), to, &inexact, &error)) {
		wrong(im, node, "%s", error.message);
		return false;
	}
	if (!to->n) {
		wrong(im, node, "%s", inexact ? inexact : "this matches no path");
		return false;
	}
	return true;
}

/* A path as it is: nothing in it is a form. */
static const char *escaped(struct arena *a, const char *s)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	for (; *s; s++) {
		if (strchr("*?[]{}^,\\", *s))
			text_putc(&t, '\\');
		text_putc(&t, *s);
	}
	return arena_memdup(a, text_str(&t), t.len);
}

static bool add_folder(struct importing *im, const struct yaml_node *map,
	const struct yaml_node *dir, struct policy_words *to)
{
	const char *text = escaped(im->arena, dir->text);
	bool recursive = read_flag(im, map, "recursive");

	if (!*text || text[strlen(text) - 1] != '/') {
		wrong(im, dir, "a folder ends in '/'");
		return false;
	}
	return add_pattern(
		im, dir, arena_printf(im->arena, "%s%s", text, recursive ? "{,**}" : "*"), to);
}

/* ---- rules */

static void add_rule(struct importing *im, struct rule r, const struct yaml_node *map)
{
	const struct yaml_node *sources = member(im, map, "fromSource", YAML_LIST);

	if (!sources) {
		ARENA_PUSH(im->arena, im->v, im->n, im->cap, r);
		return;
	}
	for (uint32_t i = 0; i < sources->n; i++) {
		const struct yaml_node *path = member(im, sources->v[i], "path", YAML_TEXT);

		if (!path || path->text[0] != '/') {
			wrong(im, sources->v[i], "fromSource: expected the path of a program");
			return;
		}
		r.source = path->text;
		ARENA_PUSH(im->arena, im->v, im->n, im->cap, r);
	}
}

struct list_kind {
	const char *list, *key;
};

static const struct list_kind path_lists[] = {
	{ "matchPaths", "path" },
	{ "matchDirectories", "dir" },
	{ "matchPatterns", "pattern" },
};

static void read_paths(struct importing *im, enum section section, const struct yaml_node *map,
	const enum action *inherited)
{
	static const char *const known[] = { "path", "dir", "pattern", "recursive", "readOnly",
		"ownerOnly", "fromSource", COMMON, NULL };

	for (size_t k = 0; k < sizeof(path_lists) / sizeof(*path_lists); k++) {
		const struct yaml_node *list = member(im, map, path_lists[k].list, YAML_LIST);

		for (uint32_t i = 0; list && i < list->n; i++) {
			const struct yaml_node *item = list->v[i], *object;
			struct rule r = { .section = section, .at = item->at };
			bool ok;

			if (item->kind != YAML_MAP) {
				wrong(im, item, "expected a map, found %s", kind(item));
				continue;
			}
			check_members(im, item, known);
			object = member(im, item, path_lists[k].key, YAML_TEXT);
			if (!object) {
				wrong(im, item, "no '%s'", path_lists[k].key);
				continue;
			}
			r.at = object->at;
			r.what = arena_printf(im->arena, "%s: %s", path_lists[k].key, object->text);
			if (!read_action(im, item, &r.action)) {
				if (!inherited) {
					wrong(im, item, "no action");
					continue;
				}
				r.action = *inherited;
			}
			r.owner = read_flag(im, item, "ownerOnly");
			r.read_only = read_flag(im, item, "readOnly");
			if (k == 1)
				ok = add_folder(im, item, object, &r.objects);
			else
				ok = add_pattern(im, object,
					k == 0 ? escaped(im->arena, object->text) : object->text,
					&r.objects);
			if (ok)
				add_rule(im, r, item);
		}
	}
}

/* "NET_RAW" and "net_raw", "TCP" and "tcp" */
static const char *lowered(struct arena *a, const char *s)
{
	char *copy = arena_strdup(a, s);

	for (char *c = copy; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return copy;
}

static const char *protocol_word(struct importing *im, const struct yaml_node *node)
{
	static const char *const known[] = { "tcp", "udp", "icmp", "raw", "sctp" };
	const char *word = lowered(im->arena, node->text);

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (!strcmp(known[i], word))
			return known[i];
	}
	wrong(im, node, "unknown protocol '%s'",
		draft_quoted(im->arena, node->text, strlen(node->text), 80));
	return NULL;
}

static const char *capability_word(struct importing *im, const struct yaml_node *node)
{
	int n = vocab_capability_find(node->text);

	if (n >= 0)
		return vocab_capability_name(n);
	wrong(im, node, "unknown capability '%s'",
		draft_quoted(im->arena, node->text, strlen(node->text), 80));
	return NULL;
}

static const char *syscall_word(struct importing *im, const struct yaml_node *node)
{
	int n = vocab_syscall_find(node->text);

	if (n >= 0)
		return vocab_syscalls[n].name;
	wrong(im, node, "unknown system call '%s'",
		draft_quoted(im->arena, node->text, strlen(node->text), 80));
	return NULL;
}

static const struct {
	const char *list, *key;
	const char *(*word)(struct importing *im, const struct yaml_node *node);
} word_lists[N_SECTIONS] = {
	[NETWORK] = { "matchProtocols", "protocol", protocol_word },
	[CAPABILITIES] = { "matchCapabilities", "capability", capability_word },
	[SYSCALLS] = { "matchSyscalls", "syscall", syscall_word },
};

static void read_words(struct importing *im, enum section section, const struct yaml_node *map,
	const enum action *inherited)
{
	const char *key = word_lists[section].key;
	const struct yaml_node *list = member(im, map, word_lists[section].list, YAML_LIST);

	for (uint32_t i = 0; list && i < list->n; i++) {
		const struct yaml_node *item = list->v[i], *value = yaml_member(item, key);
		struct rule r = { .section = section, .at = item->at };
		uint32_t n = value && value->kind == YAML_LIST ? value->n : 1;

		if (item->kind != YAML_MAP || !value || value->kind == YAML_MAP) {
			wrong(im, item, "no '%s'", key);
			continue;
		}
		if (!read_action(im, item, &r.action)) {
			if (!inherited) {
				wrong(im, item, "no action");
				continue;
			}
			r.action = *inherited;
		}
		for (uint32_t j = 0; j < n; j++) {
			const struct yaml_node *one =
				value->kind == YAML_LIST ? value->v[j] : value;
			const char *word = NULL;

			if (one->kind == YAML_TEXT)
				word = word_lists[section].word(im, one);
			else
				wrong(im, one, "%s: expected a text", key);
			if (word)
				ARENA_PUSH(
					im->arena, r.objects.v, r.objects.n, r.objects.cap, word);
		}
		r.what = arena_printf(im->arena, "%s: %s", key, r.objects.n ? r.objects.v[0] : "");
		if (r.objects.n)
			add_rule(im, r, item);
	}
}

static const struct {
	const char *name;
	const char *members[10];
} sections[N_SECTIONS] = {
	[PROCESS] = { "process",
		{ "matchPaths", "matchDirectories", "matchPatterns", COMMON, NULL } },
	[FILES] = { "file", { "matchPaths", "matchDirectories", "matchPatterns", COMMON, NULL } },
	[NETWORK] = { "network", { "matchProtocols", COMMON, NULL } },
	[CAPABILITIES] = { "capabilities", { "matchCapabilities", COMMON, NULL } },
	[SYSCALLS] = { "syscalls", { "matchSyscalls", "matchPaths", COMMON, NULL } },
};

static void read_section(struct importing *im, enum section section, const struct yaml_node *map,
	const enum action *inherited)
{
	enum action own;
	const struct yaml_node *paths = yaml_member(map, "matchPaths");

	check_members(im, map, sections[section].members);
	if (read_action(im, map, &own))
		inherited = &own;
	if (section == PROCESS || section == FILES) {
		read_paths(im, section, map, inherited);
		return;
	}
	read_words(im, section, map, inherited);
	if (paths)
		draft_left_out(im->draft, im->profile, paths->at, "syscalls: matchPaths",
			"a rule about a call knows no paths");
}

/* ---- writing */

static bool applies(const struct rule *r, const char *source)
{
	return !r->source || (source && !strcmp(r->source, source));
}

/* Whether an Allow makes it a list of all that may be. */
static bool is_list(const struct importing *im, enum section section, const char *source)
{
	for (uint32_t i = 0; i < im->n; i++) {
		const struct rule *r = &im->v[i];
		bool same = r->section == section || (section == FILES && r->section == PROCESS) ||
			    (section == PROCESS && r->section == FILES);

		if (same && r->action == ALLOW && applies(r, source))
			return true;
	}
	return false;
}

static const char *list(struct arena *a, const struct policy_words *words)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	for (size_t i = 0; i < words->n; i++)
		text_printf(&t, "%s%s", i ? ", " : "", words->v[i]);
	return arena_strdup(a, text_str(&t));
}

static void write_network(
	struct importing *im, struct draft_profile *p, const struct rule *r, const char *effect)
{
	for (size_t i = 0; i < r->objects.n; i++) {
		const char *word = r->objects.v[i];

		if (!strcmp(word, "raw"))
			draft_rule(im->draft, p, r->at, "%s socket raw", effect);
		else
			draft_rule(im->draft, p, r->at, "%s connect, listen %s *%s", effect, word,
				strcmp(word, "icmp") != 0 ? ":*" : "");
	}
}

#define WRITES "write, append, create, delete, rename, link, setattr, lock"

static void write_rule(
	struct importing *im, struct draft_profile *p, const struct rule *r, const char *source)
{
	static const char *const effects[] = { "allow", "audit", "deny" };
	const char *effect = effects[r->action], *objects = list(im->arena, &r->objects);
	const char *owner = r->owner ? " owner" : "";

	/* An Audit allows nothing that a list does not. */
	if (r->action == AUDIT && is_list(im, r->section, source)) {
		draft_left_out(im->draft, p, r->at, r->what,
			"an Audit beside a list of what is allowed: audit would allow it");
		return;
	}
	if (r->action == BLOCK && r->owner) {
		draft_left_out(
			im->draft, p, r->at, r->what, "no rule refuses everyone but the owner")
			->wider = true;
		return;
	}
	switch (r->section) {
	case PROCESS:
		draft_rule(im->draft, p, r->at, "%s exec %s%s", effect, objects, owner);
		break;
	case FILES:
		draft_rule(im->draft, p, r->at, "%s %s %s%s", effect,
			!r->read_only	     ? "read, " WRITES
			: r->action == BLOCK ? WRITES
					     : "read",
			objects, owner);
		break;
	case NETWORK:
		write_network(im, p, r, effect);
		break;
	case CAPABILITIES:
		draft_rule(im->draft, p, r->at, "%s capability %s", effect, objects);
		break;
	case SYSCALLS:
		draft_rule(im->draft, p, r->at, "audit syscall %s", objects);
		break;
	default:
		break;
	}
}

static const char *all_capabilities(struct arena *a)
{
	struct policy_words words = { 0 };

	for (int i = 0; i < VOCAB_N_CAPABILITIES; i++)
		ARENA_PUSH(a, words.v, words.n, words.cap, vocab_capability_name(i));
	return list(a, &words);
}

static const char *all_families(struct arena *a)
{
	struct policy_words words = { 0 };

	for (uint32_t i = 0; i < vocab_n_families; i++)
		ARENA_PUSH(a, words.v, words.n, words.cap, vocab_families[i].name);
	return list(a, &words);
}

/* What no rule speaks of is allowed. */
static void write_rest(struct importing *im, struct draft_profile *p, const char *source)
{
	struct draft *d = im->draft;
	bool files = is_list(im, FILES, source);

	draft_heading(d, p, "What the policy says nothing of");
	draft_added(d, p, p->at, "allow map, ioctl /**, /");
	draft_added(d, p, p->at, "allow map drift");
	draft_added(d, p, p->at, "allow map anonymous");
	draft_added(d, p, p->at, "allow signal to any");
	draft_added(d, p, p->at, "allow connect, listen unix /**");
	draft_added(d, p, p->at, "allow connect, listen unix abstract:**");
	if (!files) {
		draft_added(d, p, p->at, "allow read, " WRITES " /**, /");
		draft_added(d, p, p->at, "allow exec /**");
		draft_added(d, p, p->at, "allow exec drift");
		draft_added(d, p, p->at, "allow exec anonymous");
	}
	if (!is_list(im, NETWORK, source)) {
		draft_added(d, p, p->at, "allow connect, listen tcp, udp, sctp *:*");
		draft_added(d, p, p->at, "allow connect, listen icmp *");
		draft_added(d, p, p->at, "allow socket %s", all_families(im->arena));
	}
	if (!is_list(im, CAPABILITIES, source))
		draft_added(d, p, p->at, "allow capability %s", all_capabilities(im->arena));
}

static void write_profile(struct importing *im, struct draft_profile *p, const char *source)
{
	draft_heading(im->draft, p, source ? source : "The policy's rules");
	for (uint32_t i = 0; i < im->n; i++) {
		if (applies(&im->v[i], source))
			write_rule(im, p, &im->v[i], source);
	}
	write_rest(im, p, source);
}

static uint32_t is_match(void *ctx, uint32_t entry, const uint32_t *tags, uint32_t n)
{
	return n > 0;
}

/* Whether the rules for every program let @path be run. */
static bool may_run(struct importing *im, const char *path)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct dfa_builder *b = dfa_builder_new(a);
	struct dfa_over_budget over;
	struct dfa *d;

	if (!is_list(im, PROCESS, NULL))
		return true;
	dfa_entry(b);
	for (uint32_t i = 0; i < im->n; i++) {
		const struct rule *r = &im->v[i];
		bool counts = r->section == PROCESS && r->action == ALLOW && !r->source;

		for (size_t k = 0; counts && k < r->objects.n; k++) {
			const char *word = r->objects.v[k];
			size_t quotes = word[0] == '"';
			struct glob_error e;
			struct glob *g;

			if (glob_parse(
				    a, word + quotes, strlen(word) - 2 * quotes, GLOB_PATH, &g, &e))
				dfa_add(b, g, 0);
		}
	}
	return dfa_build(b, is_match, NULL, &d, &over) && dfa_run(d, 0, path, strlen(path));
}

static void write_sources(struct importing *im)
{
	for (uint32_t i = 0; i < im->n; i++) {
		const struct rule *r = &im->v[i];
		struct draft_profile *child;
		struct policy_words program = { 0 };
		const struct yaml_node at = { .at = r->at };
		bool first = r->source != NULL;

		for (uint32_t k = 0; k < i && first; k++)
			first = !im->v[k].source || strcmp(im->v[k].source, r->source) != 0;
		if (!first || !add_pattern(im, &at, escaped(im->arena, r->source), &program))
			continue;
		if (!may_run(im, r->source)) {
			draft_left_out(im->draft, im->profile, r->at,
				arena_printf(im->arena, "fromSource: %s", r->source),
				"nothing lets that program be run");
			continue;
		}
		child = draft_profile(im->draft, im->profile, r->source, r->at);
		draft_rule(im->draft, im->profile, r->at, "allow exec %s as %s",
			list(im->arena, &program), child->name);
		if (!is_list(im, PROCESS, NULL))
			draft_rule(im->draft, im->profile, r->at, "allow exec drift %s as %s",
				list(im->arena, &program), child->name);
		write_profile(im, child, r->source);
	}
}

/* ---- documents */

static void describe(struct importing *im, const struct yaml_node *spec, const char *name)
{
	static const char *const selectors[] = { "selector", "nodeSelector" };
	static const char *const names[] = { "file", "network", "capabilities" };
	static const enum section asked[] = { FILES, NETWORK, CAPABILITIES };
	_cleanup_(text_release) struct text t = TEXT_INIT;

	for (size_t i = 0; i < 2; i++) {
		const struct yaml_node *labels =
			yaml_member(yaml_member(spec, selectors[i]), "matchLabels");

		for (uint32_t k = 0; labels && labels->kind == YAML_MAP && k + 1 < labels->n;
			k += 2) {
			if (labels->v[k + 1]->kind == YAML_TEXT)
				text_printf(&t, "%s%s: %s", t.len ? ", " : "", labels->v[k]->text,
					labels->v[k + 1]->text);
		}
	}
	draft_head(im->draft, "%s is for what carries: %s. Pale confines what it starts.", name,
		t.len ? t.s : "any label");
	for (size_t i = 0; i < 3; i++)
		draft_head(im->draft, "- %s (%s): %s", names[i], name,
			is_list(im, asked[i], NULL)
				? "an Allow makes this a list: all else is refused"
				: "no Allow, so all is allowed but what is blocked");
}

static void read_document(struct draft *draft, const struct import_options *options,
	const struct yaml_node *root, uint32_t n)
{
	static const char *const kinds[] = { "KubeArmorPolicy", "KubeArmorHostPolicy",
		"KubeArmorClusterPolicy", NULL };
	static const char *const roots[] = { "apiVersion", "kind", "metadata", "spec", "status",
		NULL };
	static const char *const members[] = { "selector", "nodeSelector", "process", "file",
		"network", "capabilities", "syscalls", "apparmor", COMMON, NULL };
	struct importing im = { .arena = draft->arena, .diags = draft->diags, .draft = draft };
	const struct yaml_node *kind_node, *spec, *name, *raw;
	const char *const *k = kinds;
	enum action action;
	bool has_action;

	if (root->kind != YAML_MAP) {
		wrong(&im, root, "expected a map, found %s", kind(root));
		return;
	}
	check_members(&im, root, roots);
	kind_node = member(&im, root, "kind", YAML_TEXT);
	while (kind_node && *k && strcmp(*k, kind_node->text) != 0)
		k++;
	if (!kind_node || !*k) {
		wrong(&im, kind_node ? kind_node : root, "no KubeArmorPolicy");
		return;
	}
	spec = member(&im, root, "spec", YAML_MAP);
	if (!spec) {
		wrong(&im, root, "no spec");
		return;
	}
	check_members(&im, spec, members);
	name = member(&im, member(&im, root, "metadata", YAML_MAP), "name", YAML_TEXT);
	im.profile = draft_profile(draft, NULL,
		options->profile && n == 1 ? options->profile
		: name			   ? name->text
					   : "policy",
		name ? name->at : root->at);
	has_action = read_action(&im, spec, &action);
	for (int i = 0; i < N_SECTIONS; i++) {
		const struct yaml_node *section = member(&im, spec, sections[i].name, YAML_MAP);

		if (section)
			read_section(&im, (enum section)i, section, has_action ? &action : NULL);
	}
	raw = yaml_member(spec, "apparmor");
	if (raw)
		draft_left_out(draft, im.profile, raw->at, "apparmor",
			"rules in AppArmor's words: import them as a profile");
	if (draft->diags->n_errors)
		return;
	describe(&im, spec, im.profile->name);
	write_profile(&im, im.profile, NULL);
	write_sources(&im);
}

bool import_kubearmor_recognises(const struct source *s)
{
	static const char *const keys[] = { "apiVersion:", "kind:", "---",
		"spec:", "metadata:", "%YAML" };
	const char *at = s->bytes, *end = s->bytes + s->len;

	/* The first line that is no comment. */
	for (; at < end;) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		const char *word = at;

		if (!line_end)
			line_end = end;
		while (word < line_end && strchr(" \t\r", *word))
			word++;
		if (word < line_end && *word != '#') {
			for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
				size_t n = strlen(keys[i]);

				if ((size_t)(line_end - at) >= n && !memcmp(at, keys[i], n))
					return true;
			}
			return false;
		}
		at = line_end + 1;
	}
	return false;
}

bool import_kubearmor(const struct source *s, const struct import_options *options,
	struct diag_list *diags, struct text *to)
{
	struct yaml_documents documents;
	struct draft draft;

	if (!yaml_read(s, diags, &documents))
		return false;
	if (!documents.n) {
		diag_error_unplaced(diags, "%s: no document in it", s->name);
		return false;
	}
	draft_init(&draft, diags->arena, diags, s);
	draft_head(&draft, "Made by pale import from the KubeArmor policy %s.", s->portable_name);
	draft_head(&draft,
		"KubeArmor allows everything until a policy has an Allow; then what is on "
		"no list is blocked (its posture 'block'). It looks at no system calls but "
		"to tell of them: those pass that the rules below need. Mounts, ptrace and "
		"user namespaces have no rule there, and none here.");
	for (uint32_t i = 0; i < documents.n; i++)
		read_document(&draft, options, documents.v[i], documents.n);
	return !diags->n_errors && draft_write(&draft, to);
}
