/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities, signals, tracing, mounts and limits. */
#include "compiler/import_apparmor.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/formatted.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct handling {
	struct aa_file *file;
	struct aa_profile *profile;
	const struct aa_profile *outer;
	const struct aa_statement *s;
};

static void rule(struct handling *h, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void rule(struct handling *h, const char *format, ...)
{
	_cleanup_free_ char *s = FORMATTED(format);

	draft_rule(h->file->draft, h->profile->draft, h->s->at, "%s %s", aa_effect(h->s), s);
}

#define LEFT_OUT(h, ...) aa_leave_out((h)->file, (h)->profile, (h)->s, __VA_ARGS__)

static const char *list(struct arena *a, const struct policy_words *words)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	for (size_t i = 0; i < words->n; i++)
		text_printf(&t, "%s%s", i ? ", " : "", words->v[i]);
	return arena_strdup(a, text_str(&t));
}

/* ---- capability */

static void capability(struct handling *h)
{
	struct arena *a = h->file->arena;
	struct policy_words words = { 0 };

	for (int i = 0; !h->s->words.n && i < VOCAB_N_CAPABILITIES; i++)
		ARENA_PUSH(a, words.v, words.n, words.cap, vocab_capability_name(i));
	for (uint32_t i = 0; i < h->s->words.n; i++) {
		const struct aa_token *t = &h->s->words.v[i];
		int n = vocab_capability_find(t->text);

		if (t->kind == AA_COMMA)
			continue;
		if (n < 0) {
			diag_error(h->file->diags, t->at, "unknown capability '%s'",
				draft_quoted(a, t->text, t->len, 80));
			return;
		}
		ARENA_PUSH(a, words.v, words.n, words.cap, vocab_capability_name(n));
	}
	rule(h, "capability %s", list(a, &words));
}

/* ---- words in parentheses, and conditions */

struct options {
	struct policy_words access; /* (send receive), or bare words in front */
	struct policy_words set;
	const char *peer; /* NULL: none */
	bool other;	  /* conditions beside these */
};

static uint32_t read_list(
	struct arena *a, const struct aa_statement *s, uint32_t i, struct policy_words *to)
{
	if (i < s->words.n && s->words.v[i].kind != AA_LPAREN) {
		ARENA_PUSH(a, to->v, to->n, to->cap, s->words.v[i].text);
		return i + 1;
	}
	for (i++; i < s->words.n && s->words.v[i].kind != AA_RPAREN; i++) {
		if (s->words.v[i].kind != AA_COMMA)
			ARENA_PUSH(a, to->v, to->n, to->cap, s->words.v[i].text);
	}
	return i + 1;
}

static struct options read_options(struct handling *h)
{
	struct arena *a = h->file->arena;
	const struct aa_statement *s = h->s;
	struct options o = { 0 };

	for (uint32_t i = 0; i < s->words.n;) {
		bool condition = i + 1 < s->words.n && s->words.v[i + 1].kind == AA_EQUALS;
		struct policy_words values = { 0 };

		if (!condition) {
			i = read_list(a, s, i, &o.access);
			continue;
		}
		if (!strcmp(s->words.v[i].text, "set")) {
			i = read_list(a, s, i + 2, &o.set);
			continue;
		}
		o.other |= strcmp(s->words.v[i].text, "peer") != 0;
		i = read_list(a, s, i + 2, &values);
		if (!o.other && values.n == 1)
			o.peer = values.v[0];
		else
			o.other = true;
	}
	return o;
}

static bool has(const struct policy_words *words, const char *s)
{
	for (size_t i = 0; i < words->n; i++) {
		if (!strcmp(words->v[i], s))
			return true;
	}
	return false;
}

/* Whom a rule means, or NULL with the rule left out. */
static const char *peer(struct handling *h, const struct options *o)
{
	const struct aa_profile *own = h->profile;
	const char *name = o->peer, *outer;

	if (!name)
		return "any";
	if (!strcmp(name, "@{profile_name}") || !strcmp(name, own->name))
		return "self";
	outer = arena_printf(h->file->arena, "%s//", own->name);
	if (!strncmp(name, outer, strlen(outer)))
		name += strlen(outer);
	for (uint32_t i = 0; i < own->n_children; i++) {
		if (!strcmp(own->children[i]->name, name) && name != o->peer)
			return own->children[i]->draft->name;
	}
	LEFT_OUT(h, "no rule names what is outside of the policy, but as 'any'");
	return NULL;
}

/* ---- signal, ptrace */

/* AppArmor's words that the tables have otherwise; "exists" is never mediated. */
static const char *signal_word(const char *word)
{
	static const char *const differing[][2] = { { "stp", "TSTP" }, { "lost", "IO" } };

	for (size_t i = 0; i < sizeof(differing) / sizeof(*differing); i++) {
		if (!strcmp(differing[i][0], word))
			return differing[i][1];
	}
	return word;
}

static const char *signal_names(struct handling *h, const struct options *o)
{
	struct arena *a = h->file->arena;
	struct policy_words names = { 0 };

	for (size_t i = 0; i < o->set.n; i++) {
		const char *word = signal_word(o->set.v[i]);
		int n = vocab_signal_find(word);

		if (!strcmp(word, "exists"))
			continue;
		if (!strncmp(word, "rtmin+", 6) && strlen(word) < 9)
			n = 32 + atoi(word + 6);
		if (n <= 0 || !vocab_signal_name(n)) {
			LEFT_OUT(h, "'%s' is no signal that a rule can name",
				draft_quoted(a, word, strlen(word), 80));
			return NULL;
		}
		ARENA_PUSH(a, names.v, names.n, names.cap, vocab_signal_name(n));
	}
	return list(a, &names);
}

static void signal_rule(struct handling *h)
{
	struct options o = read_options(h);
	bool sends = !o.access.n || has(&o.access, "send") || has(&o.access, "w") ||
		     has(&o.access, "rw") || has(&o.access, "write");
	const char *names, *to;

	if (o.other) {
		LEFT_OUT(h, "a condition that no rule has");
		return;
	}
	/* Who may send signals to the program is not the policy's to say. */
	if (!sends)
		return;
	names = signal_names(h, &o);
	if (!names || (o.set.n && !*names))
		return;
	to = peer(h, &o);
	if (to)
		rule(h, "signal %s%sto %s", names, *names ? " " : "", to);
}

static void ptrace_rule(struct handling *h)
{
	struct options o = read_options(h);
	bool traces = !o.access.n || has(&o.access, "trace") || has(&o.access, "w") ||
		      has(&o.access, "rw");
	bool reads = has(&o.access, "read") || has(&o.access, "r");
	const char *whom;

	if (o.other) {
		LEFT_OUT(h, "a condition that no rule has");
		return;
	}
	if (!traces && reads)
		LEFT_OUT(h, "ptrace is one operation: there is none for reading alone");
	if (!traces)
		return;
	whom = peer(h, &o);
	if (whom)
		rule(h, "ptrace %s", whom);
}

/* ---- mount */

struct mounting {
	struct policy_words fstypes, options;
	bool has_options, unknown;
	const struct aa_token *from, *on;
};

static struct mounting read_mount(struct handling *h)
{
	struct arena *a = h->file->arena;
	const struct aa_statement *s = h->s;
	struct mounting m = { 0 };

	for (uint32_t i = 0; i < s->words.n;) {
		const struct aa_token *t = &s->words.v[i];
		bool condition = i + 1 < s->words.n && s->words.v[i + 1].kind == AA_EQUALS;

		if (condition && (!strcmp(t->text, "fstype") || !strcmp(t->text, "vfstype"))) {
			i = read_list(a, s, i + 2, &m.fstypes);
		} else if (condition && !strcmp(t->text, "options")) {
			m.has_options = true;
			i = read_list(a, s, i + 2, &m.options);
		} else if (t->kind == AA_ARROW && i + 1 < s->words.n) {
			m.on = t + 1;
			i += 2;
		} else if (!condition && (t->kind == AA_WORD || t->kind == AA_QUOTED) && !m.from &&
			   !m.on) {
			m.from = t;
			i++;
		} else {
			m.unknown = true;
			i++;
		}
	}
	return m;
}

/* Both with and without the '/' that AppArmor wants behind a folder. */
static bool mount_points(struct handling *h, const struct aa_token *t, struct policy_words *to)
{
	struct arena *a = h->file->arena;
	const char *why = NULL;

	if (!aa_globs(h->file, t->at, t->text, t->len, to, &why) || why) {
		if (why)
			LEFT_OUT(h, "%s", why);
		return false;
	}
	for (size_t i = 0, n = to->n; i < n; i++) {
		size_t len = strlen(to->v[i]);

		if (len > 2 && to->v[i][len - 1] == '/')
			ARENA_PUSH(a, to->v, to->n, to->cap, arena_memdup(a, to->v[i], len - 1));
	}
	return true;
}

static bool is_bind(const struct mounting *m)
{
	for (size_t i = 0; i < m->options.n; i++) {
		if (strcmp(m->options.v[i], "bind") != 0 && strcmp(m->options.v[i], "rw") != 0)
			return false;
	}
	return has(&m->options, "bind");
}

static void mount_rule(struct handling *h)
{
	struct mounting m = read_mount(h);
	struct policy_words from = { 0 }, on = { 0 };

	if (!m.unknown && m.has_options && is_bind(&m) && !m.fstypes.n && m.from && m.on) {
		if (mount_points(h, m.from, &from) && mount_points(h, m.on, &on)) {
			for (size_t i = 0; i < from.n * on.n; i++)
				rule(h, "bind %s on %s", from.v[i / on.n], on.v[i % on.n]);
		}
		return;
	}
	if (m.unknown || m.has_options || !m.fstypes.n || !m.on ||
		(m.from && m.from->text[0] == '/')) {
		LEFT_OUT(h, "a mount that no rule says: one names a filesystem and a folder, and "
			    "the options at least");
		return;
	}
	for (size_t i = 0; i < m.fstypes.n; i++) {
		const char *word = m.fstypes.v[i];

		for (const char *c = word; *c; c++) {
			if (!isalnum((unsigned char)*c) && !strchr("_-.", *c)) {
				LEFT_OUT(h, "a pattern of filesystems");
				return;
			}
		}
	}
	if (m.from && strcmp(m.from->text, "**") != 0 && strcmp(m.from->text, "none") != 0 &&
		!has(&m.fstypes, m.from->text)) {
		LEFT_OUT(h, "a source that is no path");
		return;
	}
	if (!mount_points(h, m.on, &on))
		return;
	for (size_t i = 0; i < m.fstypes.n * on.n; i++)
		rule(h, "mount %s on %s", m.fstypes.v[i / on.n], on.v[i % on.n]);
}

static void umount_rule(struct handling *h)
{
	struct policy_words on = { 0 };

	if (!h->s->words.n)
		rule(h, "umount /**, /");
	else if (h->s->words.n > 1)
		LEFT_OUT(h, "conditions on a mount that is taken away");
	else if (mount_points(h, h->s->words.v, &on))
		rule(h, "umount %s", list(h->file->arena, &on));
}

static void pivot_rule(struct handling *h)
{
	if (h->s->words.n)
		LEFT_OUT(h, "conditions on pivot_root");
	else
		rule(h, "pivot");
}

/* ---- the rest */

static bool limit_value(const char *word, const char **ret)
{
	static char value[32];
	char *end;
	unsigned long long v = strtoull(word, &end, 10);
	static const struct {
		const char *suffix;
		unsigned int shift;
	} suffixes[] = { { "", 0 }, { "KB", 10 }, { "K", 10 }, { "MB", 20 }, { "M", 20 },
		{ "GB", 30 }, { "G", 30 } };

	for (size_t i = 0;
		isdigit((unsigned char)*word) && i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		if (strcasecmp(suffixes[i].suffix, end) == 0 && v > 0 && v < UINT64_C(1) << 30) {
			snprintf(value, sizeof(value), "%llu", v << suffixes[i].shift);
			*ret = value;
			return true;
		}
	}
	return false;
}

/* set rlimit NAME <= VALUE */
static void rlimit_rule(struct handling *h)
{
	const struct aa_tokens *w = &h->s->words;
	const char *name = w->n > 1 ? w->v[1].text : "", *value = NULL;
	const char *limit = !strcmp(name, "nofile")  ? "open-files"
			    : !strcmp(name, "fsize") ? "file-size"
						     : NULL;

	if (w->n == 4 && !strcmp(w->v[0].text, "rlimit") && limit &&
		!strcmp(w->v[3].text, "infinity"))
		return;
	if (w->n != 4 || strcmp(w->v[0].text, "rlimit") != 0 || !limit ||
		!limit_value(w->v[3].text, &value))
		LEFT_OUT(h, "a limit that no setting says");
	else if (h->outer)
		LEFT_OUT(h, "limits belong to the outermost profile");
	else
		draft_rule(h->file->draft, h->profile->draft, h->s->at, "limit { %s %s }", limit,
			value);
}

static void link_rule(struct handling *h)
{
	const struct aa_tokens *w = &h->s->words;
	struct policy_words globs = { 0 };
	const char *why = NULL;

	/* link A -> B, where B is everything. */
	if (w->n != 3 || w->v[1].kind != AA_ARROW || strcmp(w->v[2].text, "/**") != 0) {
		LEFT_OUT(h, "a link is allowed for both of its names alike");
		return;
	}
	if (aa_globs(h->file, w->v[0].at, w->v[0].text, w->v[0].len, &globs, &why))
		rule(h, "link %s%s", list(h->file->arena, &globs), h->s->owner ? " owner" : "");
	if (why)
		LEFT_OUT(h, "%s", why);
}

static void userns_rule(struct handling *h)
{
	rule(h, "userns");
}

static void unix_rule(struct handling *h)
{
	if (h->s->words.n)
		LEFT_OUT(h, "conditions on a socket and its peer");
}

static const struct {
	const char *keyword;
	void (*handle)(struct handling *h);
	const char *why;
} handlers[] = {
	{ "capability", capability, NULL },
	{ "signal", signal_rule, NULL },
	{ "ptrace", ptrace_rule, NULL },
	{ "mount", mount_rule, NULL },
	{ "umount", umount_rule, NULL },
	{ "pivot_root", pivot_rule, NULL },
	{ "set", rlimit_rule, NULL },
	{ "link", link_rule, NULL },
	{ "userns", userns_rule, NULL },
	{ "unix", unix_rule, NULL },
	{ "remount", NULL, "no rule allows mounting again" },
	{ "dbus", NULL, "no rule knows D-Bus" },
	{ "change_profile", NULL, "a sub-profile is entered by exec alone" },
	{ "mqueue", NULL, "no rule knows message queues" },
	{ "io_uring", NULL, "io_uring has no rule but its system calls" },
	{ "all", NULL, "no rule allows everything" },
};

void aa_draft_other(struct aa_file *f, struct aa_profile *p, const struct aa_profile *outer,
	const struct aa_statement *s)
{
	struct handling h = { f, p, outer, s };

	if (s->left_out) {
		aa_leave_out(f, p, s, "%s", s->left_out);
		return;
	}
	for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++) {
		if (strcmp(handlers[i].keyword, s->keyword) != 0)
			continue;
		if (handlers[i].handle)
			handlers[i].handle(&h);
		else
			aa_leave_out(f, p, s, "%s", handlers[i].why);
	}
}
