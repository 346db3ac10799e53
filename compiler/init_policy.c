/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/init_policy.h"

#include "compiler/attack_tests.h"
#include "compiler/base/cleanup.h"
#include "compiler/base/formatted.h"
#include "compiler/compile.h"
#include "compiler/expect.h"
#include "compiler/fmt.h"
#include "compiler/policy_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* What the library has for programs, packages and images of these names. */
static const struct known_program {
	const char *names; /* separated by blanks, and one at each end */
	const char *app;   /* a profile of apps/ that is extended; or */
	const char *fragment;
	bool needs_exec; /* these are not the program itself, which the library allows to run */
} known_programs[] = {
	{ " nginx nginx-light nginx-full nginx-extras nginx-core ", .app = "nginx" },
	{ " redis redis-server valkey valkey-server ", .app = "redis" },
	{ " postgres postgresql ", .app = "postgresql" },
	{ " python python3 ", .fragment = "python" },
	{ " uvicorn gunicorn flask celery hypercorn daphne ", .fragment = "python",
		.needs_exec = true },
	{ " node nodejs ", .fragment = "node" },
	{ " npm yarn pnpm npx ", .fragment = "node", .needs_exec = true },
	{ " golang ", .fragment = "go", .needs_exec = true },
	{ " sh dash busybox ash ", .fragment = "shell-minimal" },
	{ " bash ", .fragment = "shell-minimal", .needs_exec = true },
};

/* Packages that programs use without being them. */
static const struct known_program known_packages[] = {
	{ " ca-certificates ca-certificates-bundle openssl ", .fragment = "tls-roots" },
	{ " python3 python3-minimal python ", .fragment = "python" },
	{ " nodejs node ", .fragment = "node" },
};

/* Fragments that hold others. */
static const struct {
	const char *fragment, *holds;
} holding[] = {
	{ "python", " libc nss null " },
	{ "node", " libc nss null cgroup-limits " },
	{ "go", " libc nss null cgroup-limits " },
	{ "shell-minimal", " libc null " },
};

#define N(a) (sizeof(a) / sizeof(*(a)))

enum part { PART_PROCESS, PART_FILE, PART_NETWORK, PART_CAPABILITY, N_PARTS };
static const char *const part_names[N_PARTS] = {
	[PART_PROCESS] = "process",
	[PART_FILE] = "file",
	[PART_NETWORK] = "network",
	[PART_CAPABILITY] = "capability",
};

struct statement {
	const char *text;    /* NULL: a comment alone */
	const char *comment; /* in front; or NULL */
	bool idle;	     /* the compiler found that it does nothing */
	uint32_t line;	     /* in the draft */
};

struct statements {
	struct statement *v;
	uint32_t n, cap;
};

struct init {
	struct arena *a;
	const struct init_options *options;
	const struct dockerfile *d;
	const struct dockerfile_stage *s;
	const char *name, *app;
	const char *program; /* its path, or NULL: not known */
	struct policy_words fragments;
	struct statements parts[N_PARTS];
	const char **notes; /* what nobody can know from here */
	uint32_t n_notes, cap_notes;
	struct policy_words expected; /* "allow …" lines for the test */
};

static void say(struct init *i, enum part part, const char *comment, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void say(struct init *i, enum part part, const char *comment, const char *format, ...)
{
	struct statement s = { .comment = comment };
	_cleanup_free_ char *text = FORMATTED(format);

	s.text = arena_strdup(i->a, text);
	for (uint32_t k = 0; k < i->parts[part].n; k++) {
		if (!strcmp(i->parts[part].v[k].text, s.text))
			return;
	}
	ARENA_PUSH(i->a, i->parts[part].v, i->parts[part].n, i->parts[part].cap, s);
}

static void note(struct init *i, const char *text)
{
	ARENA_PUSH(i->a, i->notes, i->n_notes, i->cap_notes, text);
}

static bool has(const char *list, const char *name)
{
	size_t len = strlen(name);

	/* What a Dockerfile has as one word may be two of the list, and begin before it. */
	if (strchr(name, ' '))
		return false;
	for (const char *s = list; len && (s = strstr(s, name)); s++) {
		if (s[-1] == ' ' && s[len] == ' ')
			return true;
	}
	return false;
}

static void add_fragment(struct init *i, const char *name)
{
	for (size_t k = 0; k < i->fragments.n; k++) {
		if (!strcmp(i->fragments.v[k], name))
			return;
	}
	ARENA_PUSH(i->a, i->fragments.v, i->fragments.n, i->fragments.cap, name);
}

/* What another one includes need not be said. */
static void drop_held(struct init *i)
{
	size_t kept = 0;

	for (size_t k = 0; k < i->fragments.n; k++) {
		bool held = false;

		for (size_t h = 0; h < N(holding); h++) {
			for (size_t m = 0; m < i->fragments.n; m++)
				held |= !strcmp(i->fragments.v[m], holding[h].fragment) &&
					has(holding[h].holds, i->fragments.v[k]);
		}
		if (!held)
			i->fragments.v[kept++] = i->fragments.v[k];
	}
	i->fragments.n = kept;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "python3.12" → "python3", "python:3.12-slim@sha256:…" → "python". */
static const char *plain_name(struct init *i, const char *name)
{
	size_t len;

	name = base_name(name);
	len = strcspn(name, ":@");
	if (memchr(name, '.', len) && !strncmp(name, "python", 6))
		len = strcspn(name, ".");
	return arena_memdup(i->a, name, len);
}

static const struct known_program *find_known(
	struct init *i, const struct known_program *v, size_t n, const char *name)
{
	const char *plain = plain_name(i, name);

	for (size_t k = 0; k < n; k++) {
		if (has(v[k].names, plain))
			return &v[k];
	}
	return NULL;
}

static void take_known(struct init *i, const struct known_program *k)
{
	if (k && k->app)
		i->app = k->app;
	if (k && k->fragment)
		add_fragment(i, k->fragment);
}

/* ---- paths as words */

static const char *path_word(struct init *i, const char *path, const char *behind)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	policy_text_path_part(&t, path, strlen(path));
	text_puts(&t, behind);
	return arena_strdup(i->a, text_str(&t));
}

static bool begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

static void expect_line(struct init *i, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void expect_line(struct init *i, const char *format, ...)
{
	_cleanup_free_ char *s = FORMATTED(format);

	ARENA_PUSH(i->a, i->expected.v, i->expected.n, i->expected.cap, arena_strdup(i->a, s));
}

/* ---- the program */

static bool is_program_folder(const char *path)
{
	return begins(path, "/usr/bin/") || begins(path, "/usr/sbin/") ||
	       begins(path, "/usr/local/bin/") || begins(path, "/usr/local/sbin/") ||
	       begins(path, "/bin/") || begins(path, "/sbin/");
}

/* A program that the file copies to where PATH finds it. */
static const char *copied_program(struct init *i, const char *name)
{
	for (uint32_t k = 0; k < i->s->n_copies; k++) {
		const struct dockerfile_copy *c = &i->s->copies[k];

		if (is_program_folder(c->to) && !strcmp(base_name(c->to), name))
			return c->to;
	}
	return NULL;
}

static bool is_script(const char *path)
{
	const char *dot = strrchr(base_name(path), '.');

	return dot && (!strcmp(dot, ".sh") || !strcmp(dot, ".bash"));
}

/* "/app/./x" as seen from the working directory; the Dockerfile's reader did it for its own paths.
 */
static const char *from_workdir(struct init *i, const char *path)
{
	while (begins(path, "./"))
		path += 2;
	if (*path == '/')
		return path;
	return arena_printf(i->a, "%s/%s", strcmp(i->s->workdir, "/") ? i->s->workdir : "", path);
}

/* Whether rules can say it: no "..", no "//". */
static bool is_plain_path(const char *path)
{
	size_t len = strlen(path);

	return *path == '/' && len > 1 && !strstr(path, "//") && !strstr(path, "/../") &&
	       !strstr(path, "/./") && !(len > 2 && !strcmp(path + len - 3, "/..")) &&
	       strcmp(path + len - 2, "/.") != 0 && path[len - 1] != '/';
}

static void allow_path(struct init *i, const char *path)
{
	static const char *const merged[] = { "/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/" };

	for (size_t k = 0; k < N(merged); k++) {
		const char *tail = begins(path, "/usr/") ? path + 4 : path;

		if (!begins(path, merged[k]))
			continue;
		/* Rules see the real path, and distributions differ in which one is a link. */
		say(i, PART_PROCESS, NULL, "allow exec /{,usr/}%s", path_word(i, tail + 1, ""));
		expect_line(i, "allow exec %s", path_word(i, path, ""));
		return;
	}
	say(i, PART_PROCESS, NULL, "allow exec %s", path_word(i, path, ""));
	expect_line(i, "allow exec %s", path_word(i, path, ""));
}

static void allow_program(struct init *i, const char *word)
{
	const char *path = strchr(word, '/') ? from_workdir(i, word) : copied_program(i, word);
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (strchr(word, '/') && !is_plain_path(path)) {
		note(i, "Its path is none that a rule can name: write an exec rule with the real "
			"one.");
		return;
	}
	i->program = path ? path : word;
	if (path) {
		allow_path(i, path);
		return;
	}
	policy_text_path_part(&t, word, strlen(word));
	say(i, PART_PROCESS,
		"It is found in PATH: where, the image knows. A link's target is what counts.",
		"allow exec /usr/{,local/}{,s}bin/%s", text_str(&t));
	expect_line(i, "allow exec /usr/bin/%s", text_str(&t));
}

/* The command of a line of shell: behind `exec` and assignments. "" when it is not plain. */
static const char *shell_command(struct init *i, const char *line)
{
	const char *s = line;

	for (;;) {
		size_t n, equals;

		s += strspn(s, " \t\n");
		n = strcspn(s, " \t\n;&|<>()");
		equals = strcspn(s, "=");
		if ((n == 4 && begins(s, "exec")) || (equals < n && !memchr(s, '/', equals))) {
			s += n;
			continue;
		}
		for (size_t k = 0; k < n; k++) {
			if (strchr("$`'\"\\*?[]{}~", s[k]))
				return "";
		}
		return arena_memdup(i->a, s, n);
	}
}

static void allow_shell(struct init *i, const char *why)
{
	add_fragment(i, "shell-minimal");
	note(i, why);
	for (uint32_t k = 0; k < 1 && i->s->shell.n; k++) {
		if (*i->s->shell.v[0].text == '/')
			allow_path(i, i->s->shell.v[0].text);
	}
}

/* One of ENTRYPOINT and CMD that is executed. */
static void allow_command(struct init *i, const struct dockerfile_command *c)
{
	const char *word = c->words.n ? c->words.v[0].text : "";
	const struct known_program *known;

	if (c->shell) {
		allow_shell(i,
			"It is started by a shell, which may do all that the policy allows. "
			"The exec form, [\"program\", \"argument\"], starts it without one.");
		word = shell_command(i, word);
	}
	if (!*word) {
		note(i, "What the shell starts cannot be told from its line: each program takes an "
			"exec rule.");
		return;
	}
	known = find_known(i, known_programs, N(known_programs), word);
	take_known(i, known);
	if (known && !known->needs_exec && !strchr(word, '/') && !copied_program(i, word)) {
		i->program = word;
		return;
	}
	if (is_script(word))
		allow_shell(i, "It is started by a script: each program that this calls, beside "
			       "those of shell-minimal, takes an exec rule.");
	allow_program(i, word);
}

/* An entrypoint that is a script ends with the command that follows it. */
static bool starts_another(const struct dockerfile_command *c)
{
	return c->given && !c->shell && c->words.n == 1 &&
	       (is_script(c->words.v[0].text) || strstr(c->words.v[0].text, "tini") ||
		       strstr(c->words.v[0].text, "dumb-init"));
}

static void allow_start(struct init *i)
{
	const struct dockerfile_command *entrypoint = &i->s->entrypoint, *cmd = &i->s->cmd;

	if (entrypoint->given)
		allow_command(i, entrypoint);
	if (cmd->given && (!entrypoint->given || starts_another(entrypoint)))
		allow_command(i, cmd);
	if (!entrypoint->given && !cmd->given) {
		take_known(i, i->s->base
				      ? find_known(i, known_programs, N(known_programs), i->s->base)
				      : NULL);
		note(i, "Neither ENTRYPOINT nor CMD is given: the base image's program is started, "
			"and takes an exec rule unless the library knows it.");
	}
}

/* ---- files */

static void allow_folder(struct init *i, const char *path)
{
	say(i, PART_FILE, NULL, "allow read %s, %s", path_word(i, path, "/"),
		path_word(i, path, "/**"));
}

/* Places where whole systems lie are no application's folder. */
static bool is_system_folder(const char *path)
{
	static const char *const folders = " / /etc /usr /bin /sbin /lib /lib64 /usr/bin /usr/sbin "
					   "/usr/local /usr/local/bin /usr/local/sbin /usr/lib "
					   "/usr/local/lib /var /home /root /opt /srv /run /tmp ";

	return has(folders, path);
}

static void allow_files(struct init *i)
{
	const char *workdir = i->s->workdir;

	if (i->s->has_workdir && !is_system_folder(workdir)) {
		allow_folder(i, workdir);
		if (is_plain_path(workdir))
			expect_line(i, "allow read %s", path_word(i, workdir, "/"));
	}
	for (uint32_t k = 0; k < i->s->n_copies; k++) {
		const struct dockerfile_copy *c = &i->s->copies[k];
		size_t len = strlen(workdir);

		if (is_program_folder(c->to) && c->kind != COPY_FOLDER)
			continue;
		if (i->s->has_workdir && !is_system_folder(workdir) && begins(c->to, workdir) &&
			(c->to[len] == '/' || !c->to[len]))
			continue;
		if (is_system_folder(c->to))
			note(i, arena_printf(i->a,
					"Something is copied into %s: what of it is read takes a "
					"rule.",
					path_word(i, c->to, "")));
		else if (c->kind == COPY_FOLDER)
			allow_folder(i, c->to);
		else if (c->kind == COPY_FILE)
			say(i, PART_FILE, NULL, "allow read %s", path_word(i, c->to, ""));
		else
			say(i, PART_FILE, NULL, "allow read %s, %s, %s", path_word(i, c->to, ""),
				path_word(i, c->to, "/"), path_word(i, c->to, "/**"));
	}
	for (uint32_t k = 0; k < i->s->volumes.n; k++) {
		const char *path = i->s->volumes.v[k].text;

		if (is_system_folder(path)) {
			note(i, arena_printf(i->a,
					"The volume %s holds more than data: what is "
					"written there takes a rule.",
					path_word(i, path, "")));
			continue;
		}
		allow_folder(i, path);
		say(i, PART_FILE, NULL, "allow modify %s", path_word(i, path, "/**"));
		expect_line(i, "allow create %s", path_word(i, path, "/new"));
		expect_line(i, "deny exec %s", path_word(i, path, "/new"));
	}
	for (size_t k = 0; k < i->fragments.n; k++) {
		bool python = !strcmp(i->fragments.v[k], "python");

		if ((python || !strcmp(i->fragments.v[k], "node")) && i->s->has_workdir &&
			!is_system_folder(workdir))
			say(i, PART_FILE, NULL, "allow map %s",
				path_word(i, workdir, python ? "/**.so" : "/**.node"));
	}
}

/* ---- the rest */

static void allow_ports(struct init *i)
{
	bool low = false;

	for (uint32_t k = 0; k < i->s->n_ports; k++) {
		const struct dockerfile_port *p = &i->s->ports[k];

		if (p->lo == p->hi)
			say(i, PART_NETWORK, NULL, "allow listen %s *:%u", p->protocol, p->lo);
		else
			say(i, PART_NETWORK, NULL, "allow listen %s *:%u-%u", p->protocol, p->lo,
				p->hi);
		expect_line(i, "allow listen %s 0.0.0.0:%u", p->protocol, p->lo);
		low |= p->lo < 1024;
	}
	if (low)
		say(i, PART_CAPABILITY, "For ports below 1024.", "allow net_bind_service");
	if (i->s->has_unknown_port)
		note(i, "EXPOSE names a port by a variable that has no value here: it takes a rule "
			"such as `allow listen tcp *:8080`.");
	else if (!i->s->n_ports)
		note(i, "EXPOSE names no port: a server takes a rule such as `allow listen tcp "
			"*:8080`.");
}

static bool is_root(const char *user)
{
	size_t n = strcspn(user, ":");

	return (n == 4 && begins(user, "root")) || (n == 1 && *user == '0');
}

static void tell_user(struct init *i)
{
	const char *user = i->s->user.text;

	if (!user || is_root(user))
		note(i, "It runs as root, with the capabilities that the policy names: a program "
			"that changes to another user takes `allow capability setuid, setgid`. "
			"USER "
			"would spare that.");
}

static void take_packages(struct init *i)
{
	for (uint32_t k = 0; k < i->s->packages.n; k++)
		take_known(i,
			find_known(i, known_packages, N(known_packages), i->s->packages.v[k].text));
	/* A program that a stage of the Go image built. */
	for (uint32_t k = 0; k + 1 < i->d->n_stages; k++) {
		const char *base = i->d->stages[k].base;

		if (base && !strcmp(plain_name(i, base), "golang") && !i->app)
			add_fragment(i, "go");
	}
}

static void tell_packages(struct init *i)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	for (uint32_t k = 0; k < i->s->packages.n; k++)
		text_printf(&t, "%s%s", k ? ", " : "", i->s->packages.v[k].text);
	if (t.len)
		note(i, arena_printf(i->a,
				"Installed: %s. A program of these that is executed "
				"takes an exec rule, and the files that it reads rules "
				"of their own.",
				text_str(&t)));
}

static void make(struct init *i)
{
	add_fragment(i, "libc");
	add_fragment(i, "null");
	allow_start(i);
	take_packages(i);
	allow_files(i);
	allow_ports(i);
	tell_user(i);
	tell_packages(i);
	if (i->s->healthcheck.given)
		note(i, "HEALTHCHECK's command is executed in the container, under this policy: "
			"what it starts, reads and connects to takes rules, too.");
	note(i, "Whom it connects to, and what it writes outside of its volumes, no Dockerfile "
		"says. `pale learn` does, once it can run.");
	drop_held(i);
}

static void name_profile(struct init *i)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (i->options->profile) {
		i->name = i->options->profile;
		return;
	}
	policy_text_name(&t, i->program ? i->program : i->app ? i->app : "container");
	/* The library's own profiles, of which one may be extended here, have names as well. */
	i->name = i->app ? arena_printf(i->a, "my-%s", text_str(&t))
			 : arena_strdup(i->a, text_str(&t));
}

/* ---- writing */

static uint32_t lines_of(const struct text *t)
{
	uint32_t n = 1;

	for (size_t i = 0; i < t->len; i++)
		n += t->s[i] == '\n';
	return n;
}

static void write_head(struct init *i, struct text *to)
{
	_cleanup_(text_release) struct text what = TEXT_INIT;
	struct policy_words uses = { 0 };

	text_printf(
		&what, "A policy to start from, for the image of %s", i->d->source->portable_name);
	if (i->s->base)
		text_printf(&what, ", which begins from %s", i->s->base);
	text_puts(&what, ".");
	policy_text_comment(to, 0, text_str(&what));
	for (uint32_t k = 0; k < i->n_notes; k++) {
		policy_text_line(to, 0, "#");
		policy_text_comment(to, 0, i->notes[k]);
	}
	for (size_t k = 0; k < i->fragments.n; k++)
		ARENA_PUSH(i->a, uses.v, uses.n, uses.cap,
			arena_printf(i->a, "base/%s", i->fragments.v[k]));
	if (i->app)
		ARENA_PUSH(i->a, uses.v, uses.n, uses.cap, arena_printf(i->a, "apps/%s", i->app));
	text_putc(to, '\n');
	policy_text_list(to, 0, "use", &uses, NULL);
	text_putc(to, '\n');
}

static void write_profile(struct init *i, struct text *to)
{
	if (i->app)
		policy_text_line(to, 0, "profile %s extends %s {", i->name, i->app);
	else
		policy_text_line(to, 0, "profile %s {", i->name);
	policy_text_list(to, POLICY_TEXT_INDENT, "include", &i->fragments, NULL);
	for (int p = 0; p < N_PARTS; p++) {
		struct statements *s = &i->parts[p];

		if (!s->n)
			continue;
		policy_text_line(to, POLICY_TEXT_INDENT, "%s {", part_names[p]);
		for (uint32_t k = 0; k < s->n; k++) {
			if (s->v[k].comment)
				policy_text_comment(to, 2 * POLICY_TEXT_INDENT, s->v[k].comment);
			s->v[k].line = lines_of(to);
			policy_text_line(to, 2 * POLICY_TEXT_INDENT, "%s%s",
				s->v[k].idle ? "# does nothing here: " : "", s->v[k].text);
		}
		policy_text_line(to, POLICY_TEXT_INDENT, "}");
	}
	policy_text_line(to, 0, "}");
}

static void compile_text(struct init *i, struct compilation *c, const struct text *t)
{
	const struct compile_options o = { .include_dirs = i->options->include_dirs,
		.n_include_dirs = i->options->n_include_dirs };

	compile_bytes(c, "init.pale", text_str(t), t->len, &o);
}

/* Rules that do nothing, since the library's profile has them, become comments. */
static bool mark_idle(struct init *i, const struct compilation *c)
{
	bool any = false;

	for (uint32_t k = 0; k < c->diags.n; k++) {
		const struct diag *e = c->diags.v[k];
		uint32_t line, column;

		if (e->severity != SEVERITY_ERROR || !e->placed || !c->sources.v[e->at.source]->own)
			continue;
		source_position(c->sources.v[e->at.source], e->at.offset, &line, &column);
		for (int p = 0; p < N_PARTS; p++) {
			for (uint32_t n = 0; n < i->parts[p].n; n++) {
				struct statement *s = &i->parts[p].v[n];

				if (s->line != line || s->idle)
					continue;
				s->idle = true;
				any = true;
			}
		}
	}
	return any;
}

static void ignore(void *ctx, const char *attack)
{
}

/* Of what the test should say, that which holds: what an idle rule was for may not. */
static void write_tests(struct init *i, struct compilation *c, struct text *to)
{
	const struct policy *p = c->policies[0];

	text_putc(to, '\n');
	policy_text_line(to, 0, "test \"what the Dockerfile says\" for %s {", i->name);
	for (size_t k = 0; k < i->expected.n; k++)
		policy_text_line(to, POLICY_TEXT_INDENT, "%s", i->expected.v[k]);
	policy_text_line(to, 0, "}");
	attack_tests_write(c, p, 0, to, ignore, NULL);
}

static bool write_policy(struct init *i, struct diag_list *diags, struct text *to)
{
	struct compilation c;
	bool ok;

	for (;;) {
		text_clear(to);
		write_head(i, to);
		write_profile(i, to);
		compile_text(i, &c, to);
		if (!c.diags.n_errors || !mark_idle(i, &c))
			break;
		compilation_release(&c);
	}
	ok = !c.diags.n_errors && c.n_policies;
	if (ok)
		write_tests(i, &c, to);
	if (ok) {
		compilation_release(&c);
		compile_text(i, &c, to);
		expectations_check(&c);
		ok = !c.diags.n_errors;
	}
	if (!ok) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;

		diag_first_error(&c.diags, false, &err);
		diag_error_unplaced(diags, "%s: no policy can be made of it: %s",
			i->d->source->name, pale_err_text(err));
	}
	compilation_release(&c);
	return ok;
}

bool init_policy(const struct dockerfile *d, const struct init_options *options,
	struct diag_list *diags, struct text *to)
{
	_cleanup_(text_release) struct text made = TEXT_INIT;
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	struct init i = { .a = diags->arena, .options = options, .d = d };
	struct source_set sources;
	struct diag_list own;

	i.s = &d->stages[d->n_stages - 1];
	make(&i);
	name_profile(&i);
	if (!write_policy(&i, diags, &made))
		return false;
	source_set_init(&sources, scratch);
	diag_list_init(&own, &sources);
	if (!fmt_policy(source_add(&sources, "init.pale", made.s, made.len), &own, to)) {
		diag_error_unplaced(diags, "internal error: the policy cannot be formatted");
		return false;
	}
	return true;
}
