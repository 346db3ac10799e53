/* SPDX-License-Identifier: Apache-2.0 */
/* From words to profiles with their statements; includes, variables and conditions are followed. */
#include "compiler/import_apparmor.h"

#include "compiler/base/suggest.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INCLUDES_MAX	   32
#define PROFILES_DEEP_MAX  32
#define INCLUDED_BYTES_MAX ((uint64_t)16 << 20)

/* One file that is being read, and those that include it. */
struct reading {
	struct reading *up;
	struct aa_scanner scanner;
	const char *heading;
	struct span included_at;
	unsigned int depth;
};

struct parser {
	struct aa_file *file;
	struct reading *reading;
	struct aa_token token;
	struct aa_profile *profile; /* NULL: outside */
	const char **included;	    /* in this profile */
	uint32_t n_included, cap_included;
	unsigned int deep, conditions;
	bool failed;
};

static bool wrong(struct parser *p, struct span at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static bool wrong(struct parser *p, struct span at, const char *format, ...)
{
	char s[512];
	va_list args;

	if (p->failed)
		return false;
	va_start(args, format);
	vsnprintf(s, sizeof(s), format, args);
	va_end(args);
	p->failed = true;
	diag_error(p->file->diags, at, "%s", s);
	return false;
}

static const char *shown(struct parser *p, const struct aa_token *t)
{
	if (t->kind == AA_END)
		return "the end of the file";
	return arena_printf(
		p->file->arena, "'%s'", draft_quoted(p->file->arena, t->text, t->len, 80));
}

static void advance(struct parser *p, bool options)
{
	p->token = aa_next(&p->reading->scanner, options);
	p->failed |= p->token.kind == AA_WRONG;
}

static bool expected(struct parser *p, const char *what)
{
	return wrong(p, p->token.at, "expected %s, found %s", what, shown(p, &p->token));
}

static bool is_word(const struct aa_token *t, const char *s)
{
	return t->kind == AA_WORD && !strcmp(t->text, s);
}

static bool is_text(const struct aa_token *t)
{
	return t->kind == AA_WORD || t->kind == AA_QUOTED;
}

/* ---- includes */

static bool parse_body(struct parser *p, enum aa_token_kind end);

static void left_out(struct parser *p, struct span from, struct span to, const char *why)
{
	struct aa_file *f = p->file;
	struct aa_statement s = {
		.at = from,
		.whole = { from.source, from.offset, to.offset + to.len - from.offset },
		.keyword = "",
		.heading = p->reading->heading,
		.left_out = why,
	};

	if (p->profile)
		ARENA_PUSH(f->arena, p->profile->v, p->profile->n, p->profile->cap, s);
	else
		ARENA_PUSH(f->arena, f->missing, f->n_missing, f->cap_missing, s);
}

static bool include_source(
	struct parser *p, const struct source *s, struct span at, const char *heading)
{
	struct reading reading = {
		.up = p->reading,
		.scanner = { p->file->arena, p->file->diags, s, 0, s->len },
		.heading = heading,
		.included_at = at,
		.depth = p->reading->depth + 1,
	};
	struct aa_token kept = p->token;
	bool ok;

	p->reading = &reading;
	advance(p, false);
	ok = parse_body(p, AA_END);
	p->reading = reading.up;
	p->token = kept;
	return ok;
}

static bool is_being_read(struct parser *p, const char *path, struct span at)
{
	for (const struct reading *r = p->reading; r; r = r->up) {
		if (strcmp(r->scanner.source->name, path) != 0)
			continue;
		wrong(p, at, "'%s' includes itself",
			draft_quoted(p->file->arena, path, strlen(path), 80));
		return true;
	}
	return false;
}

static bool include_file(struct parser *p, const char *path, const char *name, struct span at)
{
	struct aa_file *f = p->file;
	struct pale_err *err = NULL;
	struct source *s = NULL;

	if (is_being_read(p, path, at))
		return false;
	if (p->reading->depth == INCLUDES_MAX)
		return wrong(p, at, "files include one another more than %d deep", INCLUDES_MAX);
	for (uint32_t i = 0; p->profile && i < p->n_included; i++) {
		if (!strcmp(p->included[i], path))
			return true;
	}
	if (p->profile)
		ARENA_PUSH(f->arena, p->included, p->n_included, p->cap_included,
			arena_strdup(f->arena, path));
	if (source_read(f->diags->sources, path, path, &s, &err) < 0) {
		wrong(p, at, "%s", pale_err_text(err));
		pale_err_free(err);
		return false;
	}
	s->portable_name = arena_strdup(f->arena, name);
	f->included_bytes += s->len;
	if (f->included_bytes > INCLUDED_BYTES_MAX)
		return wrong(p, at, "more than 16 MiB are included");
	return include_source(p, s, at, s->portable_name);
}

/* What editors and package managers leave behind: aa-teardown(8), is_skippable_file. */
static bool is_skipped(const char *name)
{
	static const char *const ends[] = { ".dpkg-new", ".dpkg-old", ".dpkg-dist", ".dpkg-bak",
		".dpkg-remove", ".rpmnew", ".rpmsave", ".pacsave", ".pacnew", ".orig", ".rej",
		"~" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		size_t n = strlen(ends[i]), len = strlen(name);

		if (len >= n && !strcmp(name + len - n, ends[i]))
			return true;
	}
	return name[0] == '.' || !strcmp(name, "README");
}

static int not_skipped(const struct dirent *e)
{
	return !is_skipped(e->d_name);
}

static bool include_folder(struct parser *p, const char *path, const char *name, struct span at)
{
	struct dirent **v;
	int n = scandir(path, &v, not_skipped, alphasort);
	bool ok = n >= 0;

	if (n < 0)
		return wrong(p, at, "cannot read the folder '%s'", path);
	for (int i = 0; i < n; i++) {
		const char *below = arena_printf(p->file->arena, "%s/%s", path, v[i]->d_name);
		struct stat st;

		if (ok && stat(below, &st) == 0 && S_ISREG(st.st_mode))
			ok = include_file(p, below,
				arena_printf(p->file->arena, "%s/%s", name, v[i]->d_name), at);
		free(v[i]);
	}
	free(v);
	return ok;
}

/* The folder of the file that is imported, for #include "x". */
static const char *beside(struct parser *p, const char *name)
{
	const char *path = p->file->source->name, *slash = strrchr(path, '/');

	if (*name == '/')
		return name;
	return arena_printf(
		p->file->arena, "%.*s%s", slash ? (int)(slash - path + 1) : 0, path, name);
}

static bool include(struct parser *p)
{
	struct aa_file *f = p->file;
	struct span from = p->token.at, name_at;
	bool maybe = false, magic;
	const char *name, *path = NULL;
	struct stat st;

	advance(p, false);
	if (is_word(&p->token, "if")) {
		advance(p, false);
		if (!is_word(&p->token, "exists"))
			return expected(p, "'exists'");
		maybe = true;
		advance(p, false);
	}
	if (!is_text(&p->token) || !p->token.len)
		return expected(p, "the name of a file");
	name_at = p->token.at;
	name = p->token.text;
	magic = p->token.kind == AA_WORD && name[0] == '<';
	if (magic) {
		size_t n = strcspn(name, ">");

		if (!name[n])
			return wrong(p, name_at, "unclosed '<'");
		name = arena_memdup(f->arena, name + 1, n - 1);
	}
	if (!f->options->reads_includes)
		path = NULL;
	else if (!magic)
		path = beside(p, name);
	else if (f->options->apparmor_dir)
		path = arena_printf(f->arena, "%s/%s", f->options->apparmor_dir, name);
	if (path && stat(path, &st) == 0) {
		bool ok = S_ISDIR(st.st_mode)	? include_folder(p, path, name, name_at)
			  : S_ISREG(st.st_mode) ? include_file(p, path, name, name_at)
						: wrong(p, name_at, "no file and no folder");
		if (!ok)
			return false;
	} else if (!maybe) {
		left_out(p, from, name_at, "not found: its rules are missing here");
	}
	advance(p, false);
	/* A comma behind it says nothing. */
	if (p->token.kind == AA_COMMA)
		advance(p, false);
	return !p->failed;
}

/* ---- permissions */

static const struct {
	char letter;
	uint32_t bit;
} letters[] = { { 'r', AA_READ }, { 'w', AA_WRITE }, { 'a', AA_APPEND }, { 'l', AA_LINK },
	{ 'k', AA_LOCK }, { 'm', AA_MAP } };

static const struct {
	const char *text; /* in lower case, without its x */
	enum aa_exec exec, otherwise;
} modifiers[] = {
	{ "", AA_EXEC_PLAIN, AA_EXEC_NONE },
	{ "i", AA_EXEC_INHERIT, AA_EXEC_NONE },
	{ "p", AA_EXEC_PROFILE, AA_EXEC_NONE },
	{ "c", AA_EXEC_CHILD, AA_EXEC_NONE },
	{ "u", AA_EXEC_UNCONFINED, AA_EXEC_NONE },
	{ "pi", AA_EXEC_PROFILE, AA_EXEC_INHERIT },
	{ "ci", AA_EXEC_CHILD, AA_EXEC_INHERIT },
	{ "pu", AA_EXEC_PROFILE, AA_EXEC_UNCONFINED },
	{ "cu", AA_EXEC_CHILD, AA_EXEC_UNCONFINED },
};

static bool is_permissions(const struct aa_token *t)
{
	return t->kind == AA_WORD && t->len && strspn(t->text, "rwalkmxiupcRWALKMXIUPC") == t->len;
}

static bool exec_modifier(struct parser *p, const char *modifier, struct aa_permissions *to)
{
	for (size_t i = 0; i < sizeof(modifiers) / sizeof(*modifiers); i++) {
		if (strcasecmp(modifiers[i].text, modifier) != 0)
			continue;
		if (to->exec != AA_EXEC_NONE &&
			(to->exec != modifiers[i].exec || to->otherwise != modifiers[i].otherwise))
			return wrong(p, p->token.at, "conflicting ways to execute in one rule: %s",
				shown(p, &p->token));
		to->exec = modifiers[i].exec;
		to->otherwise = modifiers[i].otherwise;
		return true;
	}
	return wrong(
		p, p->token.at, "conflicting ways to execute in one rule: %s", shown(p, &p->token));
}

static bool permissions(struct parser *p, bool deny, struct aa_permissions *to)
{
	char modifier[4];

	if (!is_permissions(&p->token))
		return expected(p, "permissions such as rw");
	for (const char *s = p->token.text; *s;) {
		size_t n = strspn(s, "iupcIUPC");
		bool known = false;

		if (n || tolower((unsigned char)*s) == 'x') {
			if (tolower((unsigned char)s[n]) != 'x')
				return wrong(p, p->token.at, "a way to execute without 'x': %s",
					shown(p, &p->token));
			if (n > 3)
				n = 3;
			snprintf(modifier, sizeof(modifier), "%.*s", (int)n, s);
			if (!exec_modifier(p, modifier, to))
				return false;
			s += strspn(s, "iupcIUPC") + 1;
			continue;
		}
		for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++) {
			if (letters[i].letter == tolower((unsigned char)*s)) {
				to->bits |= letters[i].bit;
				known = true;
			}
		}
		if (!known)
			return expected(p, "permissions such as rw");
		s++;
	}
	if ((to->bits & (AA_WRITE | AA_APPEND)) == (AA_WRITE | AA_APPEND))
		return wrong(p, p->token.at, "'w' and 'a' in one rule: %s", shown(p, &p->token));
	if (deny && to->exec > AA_EXEC_PLAIN) {
		wrong(p, p->token.at, "a deny with a way to execute: %s", shown(p, &p->token));
		return false;
	}
	if (!deny && to->exec == AA_EXEC_PLAIN) {
		struct span at = p->token.at;

		wrong(p, at, "'x' without a way to execute: %s", shown(p, &p->token));
		diag_hint(p->file->diags, p->file->diags->v[p->file->diags->n - 1],
			"ix runs it under this profile, px, cx and ux under another or none");
		return false;
	}
	advance(p, false);
	return !p->failed;
}

/* ---- statements */

static void push(struct parser *p, struct aa_statement *s)
{
	s->whole = s->at;
	s->whole.len = p->token.at.offset - s->at.offset;
	s->heading = p->reading->heading;
	ARENA_PUSH(p->file->arena, p->profile->v, p->profile->n, p->profile->cap, *s);
}

static bool end_of_rule(struct parser *p)
{
	if (p->token.kind != AA_COMMA)
		return expected(p, "',' at the end of the rule");
	advance(p, false);
	return !p->failed;
}

static bool file_rule(struct parser *p, struct aa_statement *s)
{
	bool leading = false;

	if (is_permissions(&p->token)) {
		leading = true;
		if (!permissions(p, s->deny, &s->permissions))
			return false;
	}
	if (!is_text(&p->token) || !p->token.len ||
		(p->token.text[0] != '/' && p->token.text[0] != '@' && p->token.text[0] != '{'))
		return expected(p, "a rule");
	s->path = p->token;
	advance(p, false);
	if (!leading && !permissions(p, s->deny, &s->permissions))
		return false;
	if (p->token.kind == AA_ARROW) {
		advance(p, false);
		if (!is_text(&p->token))
			return expected(p, "the name of a profile");
		s->target = p->token.text;
		advance(p, false);
	}
	if (p->token.kind != AA_COMMA)
		return expected(p, "',' at the end of the rule");
	push(p, s);
	return end_of_rule(p);
}

/* `file,`, or `file` in front of a rule about one. */
static bool file_keyword(struct parser *p, struct aa_statement *s)
{
	advance(p, false);
	if (p->token.kind != AA_COMMA)
		return file_rule(p, s);
	s->all_files = true;
	s->permissions = (struct aa_permissions){ AA_READ | AA_WRITE | AA_LINK | AA_LOCK | AA_MAP,
		s->deny ? AA_EXEC_PLAIN : AA_EXEC_INHERIT, AA_EXEC_NONE };
	push(p, s);
	return end_of_rule(p);
}

/* Everything up to the comma that is not inside parentheses. */
static bool options_rule(struct parser *p, struct aa_statement *s)
{
	int depth = 0;

	s->keyword = p->token.text;
	for (;;) {
		advance(p, true);
		if (p->failed)
			return false;
		if (p->token.kind == AA_END || p->token.kind == AA_OPEN ||
			p->token.kind == AA_CLOSE)
			return expected(p, depth ? "')'" : "',' at the end of the rule");
		if (p->token.kind == AA_COMMA && depth == 0)
			break;
		depth += p->token.kind == AA_LPAREN;
		depth -= p->token.kind == AA_RPAREN;
		if (depth < 0)
			return wrong(p, p->token.at, "')' without '('");
		if (s->words.n == 4096)
			return wrong(p, p->token.at, "a rule of more than 4096 words");
		ARENA_PUSH(p->file->arena, s->words.v, s->words.n, s->words.cap, p->token);
	}
	push(p, s);
	return end_of_rule(p);
}

static bool parse_profile(struct parser *p, bool keyword, bool hat);
static bool parse_statement(struct parser *p, struct aa_statement s);

/* `audit { … }`, `owner { … }` */
static bool block(struct parser *p, const struct aa_statement *head)
{
	if (++p->deep > PROFILES_DEEP_MAX)
		return wrong(p, p->token.at, "blocks inside each other more than %d deep",
			PROFILES_DEEP_MAX);
	advance(p, false);
	while (p->token.kind != AA_CLOSE) {
		struct aa_statement s = *head;

		if (p->failed || p->token.kind == AA_END)
			return expected(p, "'}'");
		s.at = p->token.at;
		if (!parse_statement(p, s))
			return false;
	}
	advance(p, false);
	p->deep--;
	return !p->failed;
}

static const char *const keywords[] = { "capability", "network", "signal", "ptrace", "unix", "dbus",
	"mount", "umount", "remount", "pivot_root", "change_profile", "link", "set", "userns",
	"mqueue", "io_uring", "all", NULL };

static bool is_keyword(const struct aa_token *t)
{
	for (const char *const *k = keywords; *k; k++) {
		if (is_word(t, *k))
			return true;
	}
	return false;
}

static bool parse_statement(struct parser *p, struct aa_statement s)
{
	static const struct {
		const char *word;
		size_t offset; /* of what it sets */
	} heads[] = {
		{ "audit", offsetof(struct aa_statement, audit) },
		{ "deny", offsetof(struct aa_statement, deny) },
		{ "owner", offsetof(struct aa_statement, owner) },
		{ "other", offsetof(struct aa_statement, other) },
		{ "allow", SIZE_MAX },
		{ "safe", SIZE_MAX },
		{ "unsafe", SIZE_MAX },
	};

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		if (!is_word(&p->token, heads[i].word))
			continue;
		if (heads[i].offset != SIZE_MAX)
			*((bool *)((char *)&s + heads[i].offset)) = true;
		advance(p, false);
		i = SIZE_MAX; /* begin anew */
	}
	if (p->token.kind == AA_OPEN)
		return block(p, &s);
	if (is_word(&p->token, "priority"))
		return wrong(p, p->token.at, "rules with a priority are not known");
	if (is_word(&p->token, "file"))
		return file_keyword(p, &s);
	if (is_keyword(&p->token))
		return options_rule(p, &s);
	return file_rule(p, &s);
}

/* ---- what stands outside of profiles, too */

static bool variable(struct parser *p)
{
	struct aa_file *f = p->file;
	struct aa_token name = p->token;
	bool boolean = name.text[0] == '$', more;
	size_t n = name.len;
	struct aa_variable *v;
	const char *text = name.text + 1;

	n--;
	if (n >= 2 && text[0] == '{' && text[n - 1] == '}') {
		text++;
		n -= 2;
	}
	advance(p, false);
	if (p->token.kind != AA_EQUALS)
		return expected(p, "'='");
	more = p->token.text[0] == '+';
	v = aa_variable_find(f, text, n, boolean);
	if (v && !more && !boolean)
		return wrong(p, name.at, "variable %s is set twice", shown(p, &name));
	if (!v && more)
		return wrong(p, name.at, "variable %s is not set yet", shown(p, &name));
	if (!v) {
		ARENA_PUSH(f->arena, f->variables, f->n_variables, f->cap_variables,
			(struct aa_variable){ .name = arena_memdup(f->arena, text, n),
				.boolean = boolean,
				.at = name.at });
		v = &f->variables[f->n_variables - 1];
	}
	for (;;) {
		uint32_t line, next, column;

		/* Values end with the line. */
		source_position(p->reading->scanner.source, p->token.at.offset, &line, &column);
		advance(p, false);
		if (p->failed)
			return false;
		if (!is_text(&p->token))
			break;
		source_position(p->reading->scanner.source, p->token.at.offset, &next, &column);
		if (next != line)
			break;
		if (boolean)
			v->value = is_word(&p->token, "true");
		else
			ARENA_PUSH(f->arena, v->values.v, v->values.n, v->values.cap, p->token);
	}
	if (!boolean && !v->values.n)
		return wrong(p, name.at, "variable %s without a value", shown(p, &name));
	if (p->token.kind == AA_COMMA)
		advance(p, false);
	return !p->failed;
}

static bool alias(struct parser *p)
{
	struct aa_alias a = { 0 };

	advance(p, false);
	if (!is_text(&p->token))
		return expected(p, "a path");
	a.from = p->token.text;
	advance(p, false);
	if (p->token.kind != AA_ARROW)
		return expected(p, "'->'");
	advance(p, false);
	if (!is_text(&p->token))
		return expected(p, "a path");
	a.to = p->token.text;
	advance(p, false);
	ARENA_PUSH(p->file->arena, p->file->aliases, p->file->n_aliases, p->file->cap_aliases, a);
	return end_of_rule(p);
}

static bool skip_to_comma(struct parser *p)
{
	while (p->token.kind != AA_COMMA && p->token.kind != AA_END && !p->failed)
		advance(p, false);
	return end_of_rule(p);
}

static bool skip_block(struct parser *p)
{
	for (unsigned int depth = 0;;) {
		advance(p, false);
		if (p->failed || p->token.kind == AA_END)
			return expected(p, "'}'");
		if (p->token.kind == AA_OPEN)
			depth++;
		else if (p->token.kind == AA_CLOSE && depth-- == 0)
			break;
	}
	advance(p, false);
	return !p->failed;
}

static bool condition(struct parser *p, bool *ret)
{
	bool negated = false, defined = false;
	const struct aa_variable *v;
	const char *text;
	size_t n;

	for (advance(p, false); is_word(&p->token, "not") || is_word(&p->token, "defined");
		advance(p, false)) {
		negated ^= is_word(&p->token, "not");
		defined |= is_word(&p->token, "defined");
	}
	if (p->token.kind != AA_WORD || !strchr("@$", p->token.text[0]) || p->token.len < 2)
		return expected(p, "a variable");
	text = p->token.text + 1;
	n = p->token.len - 1;
	if (n >= 2 && text[0] == '{') {
		text++;
		n -= 2;
	}
	v = aa_variable_find(p->file, text, n, p->token.text[0] == '$');
	if (!v && !defined)
		return wrong(p, p->token.at, "undefined variable %s", shown(p, &p->token));
	*ret = (defined ? v != NULL : v->value) != negated;
	advance(p, false);
	if (p->token.kind != AA_OPEN)
		return expected(p, "'{'");
	return true;
}

static bool taken_block(struct parser *p)
{
	if (++p->deep > PROFILES_DEEP_MAX)
		return wrong(p, p->token.at, "blocks inside each other more than %d deep",
			PROFILES_DEEP_MAX);
	advance(p, false);
	if (!parse_body(p, AA_CLOSE))
		return false;
	p->deep--;
	advance(p, false);
	return !p->failed;
}

static bool parse_if(struct parser *p)
{
	bool holds = false, done = false;

	for (;;) {
		if (!condition(p, &holds))
			return false;
		holds &= !done;
		done |= holds;
		if (!(holds ? taken_block(p) : skip_block(p)))
			return false;
		if (!is_word(&p->token, "else"))
			return true;
		advance(p, false);
		if (is_word(&p->token, "if"))
			continue;
		if (p->token.kind != AA_OPEN)
			return expected(p, "'{'");
		return done ? skip_block(p) : taken_block(p);
	}
}

/* ---- profiles */

static bool flags(struct parser *p, struct aa_profile *to, struct aa_statement *s)
{
	/* What changes nothing in what the rules say. */
	static const char *const harmless[] = { "enforce", "attach_disconnected",
		"no_attach_disconnected", "mediate_deleted", "delegate_deleted", "chroot_relative",
		"namespace_relative", "chroot_attach", "chroot_no_attach", NULL };

	while (p->token.kind != AA_RPAREN) {
		const char *const *h = harmless;

		if (p->token.kind == AA_COMMA) {
			advance(p, true);
			continue;
		}
		if (p->token.kind != AA_WORD || p->failed)
			return expected(p, "a flag");
		while (*h && strcmp(*h, p->token.text) != 0)
			h++;
		if (is_word(&p->token, "complain"))
			to->complain = true;
		else if (is_word(&p->token, "unconfined") || is_word(&p->token, "kill") ||
			 is_word(&p->token, "audit") || is_word(&p->token, "default_allow") ||
			 is_word(&p->token, "prompt") || !strncmp(p->token.text, "error", 5) ||
			 !strncmp(p->token.text, "attach_disconnected.", 20))
			s->left_out = "a flag that no setting says";
		else if (!*h)
			return wrong(p, p->token.at, "unknown flag %s", shown(p, &p->token));
		advance(p, true);
	}
	return true;
}

static bool profile_head(struct parser *p, struct aa_profile *to, struct aa_statement *s)
{
	while (p->token.kind != AA_OPEN) {
		if (is_word(&p->token, "flags") || is_word(&p->token, "xattrs")) {
			bool is_flags = is_word(&p->token, "flags");

			advance(p, true);
			if (p->token.kind != AA_EQUALS)
				return expected(p, "'='");
			advance(p, true);
			if (p->token.kind != AA_LPAREN)
				return expected(p, "'('");
			advance(p, true);
			if (is_flags) {
				if (!flags(p, to, s))
					return false;
			} else {
				s->left_out = "a program is told by its path alone";
				while (p->token.kind != AA_RPAREN && p->token.kind != AA_END &&
					!p->failed)
					advance(p, true);
			}
			if (p->token.kind != AA_RPAREN)
				return expected(p, "')'");
		} else if (p->token.kind == AA_LPAREN) {
			advance(p, true);
			if (!flags(p, to, s))
				return false;
		} else if (is_text(&p->token) && !to->attachment) {
			struct aa_token *t = arena_alloc(p->file->arena, sizeof(*t));

			*t = p->token;
			to->attachment = t;
		} else {
			return expected(p, "'{'");
		}
		advance(p, true);
		if (p->failed)
			return false;
	}
	return true;
}

static bool parse_profile(struct parser *p, bool keyword, bool hat)
{
	struct aa_file *f = p->file;
	struct aa_profile *outer = p->profile, *to = arena_alloc(f->arena, sizeof(*to));
	const char **included = p->included;
	uint32_t n_included = p->n_included, cap_included = p->cap_included;
	struct aa_statement s = { .at = p->token.at, .keyword = "" };
	struct span head;

	if (!is_text(&p->token) || !p->token.len)
		return expected(p, "the name of a profile");
	if (++p->deep > PROFILES_DEEP_MAX)
		return wrong(p, p->token.at, "profiles inside each other more than %d deep",
			PROFILES_DEEP_MAX);
	to->at = p->token.at;
	to->name = p->token.text + (hat && p->token.text[0] == '^');
	to->hat = hat;
	if (!keyword || to->name[0] == '/' || to->name[0] == '@') {
		struct aa_token *t = arena_alloc(f->arena, sizeof(*t));

		*t = p->token;
		to->attachment = hat ? NULL : t;
	}
	advance(p, true);
	if (to->attachment && keyword && is_text(&p->token) && !is_word(&p->token, "flags") &&
		!is_word(&p->token, "xattrs"))
		to->attachment = NULL;
	if (!profile_head(p, to, &s))
		return false;
	head = to->at;
	head.len = p->token.at.offset - head.offset;
	if (outer)
		ARENA_PUSH(f->arena, outer->children, outer->n_children, outer->cap_children, to);
	else
		ARENA_PUSH(f->arena, f->profiles, f->n_profiles, f->cap_profiles, to);
	p->profile = to;
	p->included = NULL;
	p->n_included = p->cap_included = 0;
	if (s.left_out)
		left_out(p, head, (struct span){ head.source, head.offset + head.len, 0 },
			s.left_out);
	advance(p, false);
	if (!parse_body(p, AA_CLOSE))
		return false;
	p->profile = outer;
	p->included = included;
	p->n_included = n_included;
	p->cap_included = cap_included;
	p->deep--;
	advance(p, false);
	return !p->failed;
}

static bool outside(struct parser *p)
{
	if (is_word(&p->token, "profile")) {
		advance(p, true);
		return parse_profile(p, true, false);
	}
	if (is_text(&p->token) && p->token.len && strchr("/@\"{", p->token.text[0]))
		return parse_profile(p, false, false);
	/* "namespace:name", and names from before the keyword. */
	return expected(p, "a profile");
}

static bool inside(struct parser *p)
{
	if (is_word(&p->token, "profile") || is_word(&p->token, "hat")) {
		bool hat = is_word(&p->token, "hat");

		advance(p, true);
		return parse_profile(p, true, hat);
	}
	if (p->token.kind == AA_WORD && p->token.text[0] == '^')
		return parse_profile(p, true, true);
	return parse_statement(p, (struct aa_statement){ .at = p->token.at, .keyword = "" });
}

static bool is_variable(const struct aa_token *t)
{
	return t->kind == AA_WORD && t->len > 1 && (t->text[0] == '$' || t->text[0] == '@');
}

/* @{X} begins an assignment, or a path. */
static bool begins_assignment(struct parser *p)
{
	struct aa_scanner ahead = p->reading->scanner;
	struct diag_list ignored = *p->file->diags;
	enum aa_token_kind kind;

	if (!is_variable(&p->token))
		return false;
	if (p->token.text[0] == '$')
		return true;
	ahead.diags = &ignored;
	kind = aa_next(&ahead, false).kind;
	return kind == AA_EQUALS;
}

static bool parse_body(struct parser *p, enum aa_token_kind end)
{
	while (!p->failed && p->token.kind != end) {
		bool ok;

		if (p->token.kind == AA_END || (p->token.kind == AA_CLOSE && end == AA_END))
			return expected(p, end == AA_CLOSE ? "'}'"
					   : p->profile	   ? "a rule"
							   : "a profile");
		if (p->token.kind == AA_INCLUDE)
			ok = include(p);
		else if (is_word(&p->token, "abi"))
			ok = skip_to_comma(p);
		else if (is_word(&p->token, "if"))
			ok = parse_if(p);
		else if (is_word(&p->token, "alias") && !p->profile)
			ok = alias(p);
		else if (begins_assignment(p))
			ok = variable(p);
		else
			ok = p->profile ? inside(p) : outside(p);
		if (!ok)
			return false;
	}
	return !p->failed;
}

bool aa_parse(struct aa_file *f)
{
	struct reading reading = {
		.scanner = { f->arena, f->diags, f->source, 0, f->source->len },
	};
	struct parser p = { .file = f, .reading = &reading };

	advance(&p, false);
	return parse_body(&p, AA_END);
}
