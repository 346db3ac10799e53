/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/lsp.h"

#include "compiler/base/cleanup.h"
#include "compiler/lower.h"
#include "compiler/parse.h"
#include "compiler/resolve.h"

#include <ctype.h>
#include <dirent.h>
#include <string.h>

/* CompletionItemKind of the protocol. */
enum {
	ITEM_FUNCTION = 3,
	ITEM_FIELD = 5,
	ITEM_VARIABLE = 6,
	ITEM_CLASS = 7,
	ITEM_MODULE = 9,
	ITEM_PROPERTY = 10,
	ITEM_KEYWORD = 14,
	ITEM_FILE = 17,
	ITEM_REFERENCE = 18,
	ITEM_FOLDER = 19,
	ITEM_ENUM_MEMBER = 20,
	ITEM_CONSTANT = 21,
	ITEM_OPERATOR = 24,
};

/* Each is compared with those before. */
#define FILES_MAX 1000

struct offering {
	const struct lsp_server *server;
	struct lsp_view view; /* for the names that are declared */
	struct expected_words expected;
	enum word_role role;
	int kind;
	struct span replaced;
	uint32_t n_files;
	json_t *items;
};

static void push(struct offering *o, int kind, enum word_role role, const char *label)
{
	json_t *item, *edit, *range;
	const char *detail;

	if (json_array_size(o->items) >= LSP_ITEMS_MAX)
		return;
	item = json_object();
	edit = json_object();
	detail = lsp_meaning(o->view.c.arena, role, label, o->expected.subject);
	range = lsp_text_range(lsp_view_text(&o->view, 0), o->replaced.offset, o->replaced.len);
	json_object_set_new(edit, "newText", json_string(label));
	json_object_set_new(edit, "range", range);
	json_object_set_new(item, "label", json_string(label));
	json_object_set_new(item, "kind", json_integer(kind));
	json_object_set_new(item, "textEdit", edit);
	if (detail)
		json_object_set_new(item, "detail", json_string(detail));
	json_array_append_new(o->items, item);
}

static void push_each(void *ctx, const char *name)
{
	struct offering *o = ctx;

	push(o, o->kind, o->role, name);
}

static void offer_list(struct offering *o, const char *const *list)
{
	for (; *list; list++)
		push_each(o, *list);
}

static void offer_vocab(struct offering *o, enum vocab_kind kind)
{
	vocab_each(kind, push_each, o);
}

static void offer_arguments(struct offering *o)
{
	int call = o->expected.subject ? vocab_syscall_find(o->expected.subject) : -1;

	for (uint8_t i = 0; call >= 0 && i < vocab_syscalls[call].n_arguments; i++) {
		const struct vocab_argument *a = &vocab_syscalls[call].arguments[i];

		if (!a->is_pointer && !a->width_varies)
			push_each(o, a->name);
	}
}

static void offer_calls(struct offering *o)
{
	offer_vocab(o, VOCAB_SYSCALL);
}

static void offer_values(struct offering *o)
{
	offer_vocab(o, VOCAB_CONSTANT);
}

static void offer_capabilities(struct offering *o)
{
	offer_vocab(o, VOCAB_CAPABILITY);
}

/* "RTMIN+3" is a signal's name, but no word of a policy: there it is counted from the other end. */
static void push_signal(void *ctx, const char *name)
{
	struct offering *o = ctx;

	push_each(o, strchr(name, '+')
			     ? arena_printf(o->view.c.arena, "RTMAX-%d",
				       vocab_signal_find("RTMAX") - vocab_signal_find(name))
			     : name);
}

static void offer_signals(struct offering *o)
{
	vocab_each(VOCAB_SIGNAL, push_signal, o);
}

static void offer_errnos(struct offering *o)
{
	offer_vocab(o, VOCAB_ERRNO);
}

static void offer_families(struct offering *o)
{
	offer_vocab(o, VOCAB_FAMILY);
}

static void offer_netlinks(struct offering *o)
{
	offer_vocab(o, VOCAB_NETLINK);
}

static void offer_protocols(struct offering *o)
{
	offer_list(o, parse_protocols);
}

static void offer_classes(struct offering *o)
{
	offer_list(o, parse_classes);
}

static void offer_group_kinds(struct offering *o)
{
	offer_list(o, parse_group_kinds);
}

static void offer_modes(struct offering *o)
{
	offer_list(o, parse_modes);
}

static void offer_violations(struct offering *o)
{
	offer_list(o, parse_violations);
}

static void offer_limits(struct offering *o)
{
	offer_list(o, parse_limits);
}

static void offer_options(struct offering *o)
{
	for (size_t i = 0; i < MOUNT_OPTION_COUNT; i++)
		push_each(o, mount_options[i].name);
}

static void offer_abis(struct offering *o)
{
	for (int i = 0; i < ABI_COUNT; i++)
		push_each(o, vocab_abi_name((enum abi)i));
}

static void offer_symbols(struct offering *o, enum symbol_kind kind)
{
	const struct resolution *res = o->view.resolution;

	for (uint32_t i = 0; i < res->n_symbols; i++) {
		if (res->symbols[i]->kind == kind)
			push_each(o, res->symbols[i]->name);
	}
}

static void offer_fragments(struct offering *o)
{
	offer_symbols(o, SYMBOL_FRAGMENT);
}

static void offer_profiles(struct offering *o)
{
	offer_symbols(o, SYMBOL_PROFILE);
}

static void offer_tested(struct offering *o)
{
	const struct compilation *c = &o->view.c;

	for (uint32_t i = 0; i < c->n_policies + c->n_outlines; i++) {
		const struct policy *p =
			i < c->n_policies ? c->policies[i] : c->outlines[i - c->n_policies];

		for (uint32_t k = 0; k < p->n_domains; k++)
			push_each(o, p->domains[k]->name);
	}
}

/* By the shortest name that means it here. */
static void offer_subprofiles(struct offering *o)
{
	const struct policy *p;
	const struct domain *from = lsp_domain_at(&o->view, o->expected.prefix.offset, &p);

	for (uint32_t i = 1; from && i < p->n_domains; i++) {
		const char *slash = strrchr(p->domains[i]->name, '/');
		bool near = slash && policy_domain_from(p, from->index, slash + 1) == (int32_t)i;

		push_each(o, near ? slash + 1 : p->domains[i]->name);
	}
}

static void offer_targets(struct offering *o)
{
	const struct policy *p;
	const struct domain *from = lsp_domain_at(&o->view, o->expected.prefix.offset, &p);

	push_each(o, "self");
	push_each(o, "any");
	if (from)
		push_each(o, p->name);
	offer_subprofiles(o);
}

static bool is_policy(const char *name, size_t *ret_stem)
{
	size_t len = strlen(name);

	*ret_stem = len - 5;
	return len > 5 && !strcmp(name + len - 5, ".pale");
}

/* What `use` can say: no part is empty, or goes upwards. */
static bool use_name(const char *s)
{
	bool part = false;

	for (; *s; s++) {
		bool letter = isalnum((unsigned char)*s) || *s == '_' || *s == '-';

		if (!letter && (*s != '/' || !part))
			return false;
		part = letter;
	}
	return true;
}

/* The first folder that has it is the one that is read. */
static bool is_offered(const struct offering *o, const char *label)
{
	const json_t *item;
	size_t i;

	json_array_foreach (o->items, i, item) {
		if (!strcmp(json_string_value(json_object_get(item, "label")), label))
			return true;
	}
	return false;
}

/* Of @folder, which is called @name behind `use`; its own folders too when @deeper. */
static void offer_folder(struct offering *o, const char *folder, const char *name, bool deeper)
{
	struct arena *a = o->view.c.arena;
	struct dirent **entries;
	int n = scandir(*folder ? folder : ".", &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		const struct dirent *e = entries[i];
		size_t stem;

		if (is_policy(e->d_name, &stem) && e->d_type != DT_DIR) {
			const char *label = arena_printf(a, "%s%.*s", name, (int)stem, e->d_name);

			if (use_name(label) && o->n_files++ < FILES_MAX && !is_offered(o, label))
				push(o, ITEM_FILE, ROLE_FILE, label);
		} else if (deeper && *e->d_name != '.' && e->d_type == DT_DIR) {
			offer_folder(o,
				arena_printf(a, "%s%s%s", folder, *folder ? "/" : "", e->d_name),
				arena_printf(a, "%s%s/", name, e->d_name), false);
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

/* What lies in the folder that is written so far, and in the folders there. */
static void offer_files(struct offering *o)
{
	struct arena *a = o->view.c.arena;
	const char *written = lsp_view_bytes(&o->view, o->expected.prefix);
	const char *slash = strrchr(written, '/');
	const char *name = arena_printf(a, "%.*s", slash ? (int)(slash + 1 - written) : 0, written);
	const char *const *folders = library_folders(o->view.resolution, o->view.file->source);

	if (*name && !use_name(name))
		return;
	for (; *folders; folders++)
		offer_folder(o,
			arena_printf(a, "%s%s%s", *folders, **folders && *name ? "/" : "", name),
			name, true);
}

/* What may stand where a word of each role belongs. */
static const struct {
	int kind;
	void (*offer)(struct offering *o);
	const char *group; /* the kind of group that may stand there, too */
} offers[ROLE_COUNT] = {
	[ROLE_PROTOCOL] = { ITEM_ENUM_MEMBER, offer_protocols, NULL },
	[ROLE_FAMILY] = { ITEM_ENUM_MEMBER, offer_families, NULL },
	[ROLE_NETLINK] = { ITEM_ENUM_MEMBER, offer_netlinks, NULL },
	[ROLE_CLASS] = { ITEM_ENUM_MEMBER, offer_classes, NULL },
	[ROLE_SIGNAL] = { ITEM_ENUM_MEMBER, offer_signals, "signal" },
	[ROLE_TARGET] = { ITEM_CLASS, offer_targets, NULL },
	[ROLE_OPTION] = { ITEM_ENUM_MEMBER, offer_options, NULL },
	[ROLE_CALL] = { ITEM_FUNCTION, offer_calls, "syscall" },
	[ROLE_ARGUMENT] = { ITEM_PROPERTY, offer_arguments, NULL },
	[ROLE_VALUE] = { ITEM_CONSTANT, offer_values, NULL },
	[ROLE_CAPABILITY] = { ITEM_ENUM_MEMBER, offer_capabilities, "capability" },
	[ROLE_ERRNO] = { ITEM_CONSTANT, offer_errnos, NULL },
	[ROLE_SUBPROFILE] = { ITEM_CLASS, offer_subprofiles, NULL },
	[ROLE_PROFILE] = { ITEM_CLASS, offer_profiles, NULL },
	[ROLE_TESTED] = { ITEM_CLASS, offer_tested, NULL },
	[ROLE_FRAGMENT] = { ITEM_MODULE, offer_fragments, NULL },
	[ROLE_FILE] = { ITEM_FILE, offer_files, NULL },
	[ROLE_GROUP_KIND] = { ITEM_KEYWORD, offer_group_kinds, NULL },
	[ROLE_MODE] = { ITEM_ENUM_MEMBER, offer_modes, NULL },
	[ROLE_VIOLATION] = { ITEM_ENUM_MEMBER, offer_violations, NULL },
	[ROLE_ABI] = { ITEM_ENUM_MEMBER, offer_abis, NULL },
	[ROLE_LIMIT] = { ITEM_PROPERTY, offer_limits, NULL },
};

static void offer_variables(struct offering *o)
{
	const struct resolution *res = o->view.resolution;

	for (uint32_t i = 0; i < res->n_symbols; i++) {
		if (res->symbols[i]->kind == SYMBOL_VARIABLE)
			push(o, ITEM_VARIABLE, ROLE_NONE,
				arena_printf(res->arena, "$%s", res->symbols[i]->name));
	}
}

/* @kind NULL: of addresses and of ports. */
static void offer_groups(struct offering *o, const char *kind)
{
	const struct resolution *res = o->view.resolution;

	for (uint32_t i = 0; i < res->n_symbols; i++) {
		const struct symbol *s = res->symbols[i];
		const char *is = s->kind == SYMBOL_GROUP ? s->decl->group_kind.text : NULL;

		if (is && (kind ? !strcmp(is, kind) : !strcmp(is, "cidr") || !strcmp(is, "port")))
			push(o, ITEM_REFERENCE, ROLE_NONE,
				arena_printf(res->arena, "@%s", s->name));
	}
}

static const enum word_role keyword_roles[] = { ROLE_EFFECT, ROLE_STATEMENT, ROLE_OPERATION,
	ROLE_CLAUSE, ROLE_VIOLATION };

static void offer_keywords(struct offering *o)
{
	const struct expected_words *e = &o->expected;

	for (uint32_t i = 0; i < e->n_words; i++) {
		/* Statements and operations share words: which of them is meant the place says. */
		enum word_role role = ROLE_NONE;

		for (size_t k = 0; k < sizeof(keyword_roles) / sizeof(*keyword_roles); k++) {
			bool operation = keyword_roles[k] == ROLE_OPERATION;

			if (role == ROLE_NONE && (!operation || !e->starts) &&
				(keyword_roles[k] != ROLE_STATEMENT || e->starts) &&
				lsp_meaning(o->view.c.arena, keyword_roles[k], e->words[i], NULL))
				role = keyword_roles[k];
		}
		push(o, ITEM_KEYWORD, role, e->words[i]);
	}
}

/* The last '$' or '@' of the word that the cursor is in, when nothing but a name follows. */
static const char *sigil_of(const struct lsp_document *d, struct span prefix)
{
	const char *from = d->bytes + prefix.offset, *s = from + prefix.len;

	while (s > from && (isalnum((unsigned char)s[-1]) || s[-1] == '_' || s[-1] == '-'))
		s--;
	if (s > from + 1 && s[-1] == '{' && s[-2] == '$')
		s--;
	return s > from && (s[-1] == '$' || s[-1] == '@') ? s - 1 : NULL;
}

static void offer_all(struct offering *o)
{
	const struct expected_words *e = &o->expected;
	const char *sigil = sigil_of(o->view.document, e->prefix);
	char first = e->prefix.len ? o->view.document->bytes[e->prefix.offset] : 0;
	const char *kind = offers[e->role].group ? offers[e->role].group : e->subject;

	if (sigil) {
		o->replaced.offset = (uint32_t)(sigil - o->view.document->bytes);
		o->replaced.len = e->prefix.offset + e->prefix.len - o->replaced.offset;
	}
	if (sigil && *sigil == '$') {
		offer_variables(o);
		return;
	}
	if (sigil) {
		offer_groups(o, kind);
		return;
	}
	if (e->quoted || first == '/')
		return;
	offer_keywords(o);
	if (e->operand && offers[e->role].offer) {
		o->role = e->role;
		o->kind = offers[e->role].kind;
		offers[e->role].offer(o);
	}
	if (e->group)
		offer_groups(o, kind);
	if (e->path)
		offer_variables(o);
}

json_t *lsp_complete(const struct lsp_server *s, const struct lsp_document *d, uint32_t offset)
{
	struct offering o = { .server = s, .items = json_array() };
	struct source_set sources;
	struct diag_list diags;

	lsp_view_open(&o.view, s, d, LSP_NAMES);
	source_set_init(&sources, o.view.c.arena);
	diag_list_init(&diags, &sources);
	parse_expected(source_add(&sources, d->path, d->bytes, offset), &diags, o.view.c.arena,
		&o.expected);
	o.replaced = o.expected.prefix;
	if (o.expected.known)
		offer_all(&o);
	lsp_view_close(&o.view);
	return o.items;
}
