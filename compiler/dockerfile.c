/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/dockerfile.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/suggest.h"
#include "compiler/base/text.h"
#include "compiler/dockerfile_lines.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>

struct parser {
	struct dockerfile *to;
	struct diag_list *diags;
	struct arena *a;
	const struct docker_line *line;
	struct dockerfile_stage *stage; /* NULL before the first FROM */
	/* ARGs above the first FROM: for FROM alone, and for ARGs without a value. */
	struct dockerfile_variable *global;
	uint32_t n_global, cap_global;
	char escape;
	unsigned int depth; /* of variables inside of variables */
};

/* The rest of a line. */
struct part {
	const char *s;
	uint32_t from, len; /* in the line */
};

static struct span part_span(const struct parser *p, const struct part *part)
{
	return docker_span(p->to->source, p->line, part->from, part->from + part->len);
}

static struct diag *wrong(struct parser *p, const struct part *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static struct diag *wrong(struct parser *p, const struct part *at, const char *format, ...)
{
	_cleanup_free_ char *s = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&s, format, args) < 0)
		abort();
	va_end(args);
	return diag_error(p->diags, part_span(p, at), "%s", s);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static void trim(struct part *part)
{
	while (part->len && is_blank(*part->s)) {
		part->s++;
		part->from++;
		part->len--;
	}
	while (part->len && is_blank(part->s[part->len - 1]))
		part->len--;
}

/* ---- variables */

static const struct dockerfile_variable *find_variable(
	const struct dockerfile_variable *v, uint32_t n, const char *name)
{
	const struct dockerfile_variable *found = NULL;

	/* The last one counts, and ENV before ARG. */
	for (uint32_t i = 0; i < n; i++) {
		if (!strcmp(v[i].name, name) && (!found || v[i].is_env || !found->is_env))
			found = &v[i];
	}
	return found;
}

static const char *value_of(const struct parser *p, const char *name)
{
	const struct dockerfile_variable *v =
		p->stage ? find_variable(p->stage->variables, p->stage->n_variables, name)
			 : find_variable(p->global, p->n_global, name);

	return v ? v->value : NULL;
}

/* Values grow by what they name: a file of some lines must not make gigabytes. */
#define VALUE_MAX 65536

/*
 * "$name", "${name}", "${name:-word}", "${name:+word}" and these without the colon, at @s. Adds
 * what it stands for; gives its length, 0 after an error.
 */
static uint32_t substitute(
	struct parser *p, const struct part *at, const char *s, uint32_t len, struct text *to);

static bool expand(struct parser *p, const struct part *at, const char *s, uint32_t len,
	bool keep_escapes, struct text *to)
{
	bool single = false;

	for (uint32_t i = 0; i < len; i++) {
		uint32_t n;

		if (s[i] == '\'')
			single = !single;
		if (!single && s[i] == p->escape && i + 1 < len) {
			if (s[i + 1] != '$' || keep_escapes)
				text_putc(to, s[i]);
			text_putc(to, s[++i]);
			continue;
		}
		if (single || s[i] != '$') {
			text_putc(to, s[i]);
			continue;
		}
		n = substitute(p, at, s + i, len - i, to);
		if (!n)
			return false;
		i += n - 1;
		if (to->len > VALUE_MAX) {
			wrong(p, at, "with its variables put in, this is longer than %d bytes",
				VALUE_MAX);
			return false;
		}
	}
	return true;
}

static uint32_t name_len(const char *s, uint32_t len)
{
	uint32_t n = 0;

	if (len && isdigit((unsigned char)*s))
		return 0;
	while (n < len && (isalnum((unsigned char)s[n]) || s[n] == '_'))
		n++;
	return n;
}

/* The '}' that belongs to the '{' before @s. */
static uint32_t braces_end(const char *s, uint32_t len)
{
	unsigned int depth = 1;

	for (uint32_t i = 0; i < len; i++) {
		depth += s[i] == '{' && i && s[i - 1] == '$';
		depth -= s[i] == '}';
		if (!depth)
			return i;
	}
	return len;
}

#define NESTING_MAX 16

static uint32_t substitute(
	struct parser *p, const struct part *at, const char *s, uint32_t len, struct text *to)
{
	bool braced = len > 1 && s[1] == '{', colon, given, ok = true;
	uint32_t n = name_len(s + 1 + braced, len - 1 - braced), end, word;
	const char *name, *value;
	char operator;

	if (!n && !braced) {
		text_putc(to, '$');
		return 1;
	}
	name = arena_memdup(p->a, s + 1 + braced, n);
	value = value_of(p, name);
	if (!braced) {
		text_puts(to, value ? value : "");
		return 1 + n;
	}
	end = 2 + braces_end(s + 2, len - 2);
	if (end >= len || !n) {
		wrong(p, at, n ? "'${%s' has no '}'" : "'${' without a name%s", n ? name : "");
		return 0;
	}
	word = 2 + n;
	colon = s[word] == ':';
	operator= s[word + colon];
	given = value && (*value || !colon);
	if (s[word] == '}')
		text_puts(to, value ? value : "");
	else if (operator!= '-' && operator!= '+' && operator!= '?')
		return end + 1; /* ${name#pattern} and its like: what is left is not known */
	else if (p->depth >= NESTING_MAX)
		ok = false;
	else if (given ? operator== '+' : operator== '-') {
		p->depth++;
		ok = expand(p, at, s + word + colon + 1, end - word - colon - 1, false, to);
		p->depth--;
	} else if (given && operator!= '+') {
		text_puts(to, value);
	}
	if (!ok && !p->diags->n_errors)
		wrong(p, at, "variables inside each other more than %d deep", NESTING_MAX);
	return ok ? end + 1 : 0;
}

static void set_variable(struct parser *p, const char *name, const char *value, bool is_env)
{
	struct dockerfile_variable v = { .name = name, .value = value, .is_env = is_env };

	if (p->stage)
		ARENA_PUSH(p->a, p->stage->variables, p->stage->n_variables,
			p->stage->cap_variables, v);
	else
		ARENA_PUSH(p->a, p->global, p->n_global, p->cap_global, v);
}

/* ---- words */

/* Up to the next blank that is neither quoted nor escaped, as written. */
static bool next_raw(struct parser *p, struct part *rest, struct part *ret)
{
	char quote = 0;
	uint32_t n = 0;

	trim(rest);
	for (; n < rest->len; n++) {
		char c = rest->s[n];

		if (c == p->escape && quote != '\'' && n + 1 < rest->len)
			n++;
		else if (c == quote)
			quote = 0;
		else if (!quote && (c == '"' || c == '\''))
			quote = c;
		else if (!quote && is_blank(c))
			break;
	}
	*ret = (struct part){ rest->s, rest->from, n };
	rest->s += n;
	rest->from += n;
	rest->len -= n;
	return n > 0;
}

/* Quotes and escapes taken off. */
static const char *unquoted(struct parser *p, const char *s, size_t len)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	char quote = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == p->escape && quote != '\'' && i + 1 < len)
			text_putc(&t, s[++i]);
		else if (s[i] == quote && quote)
			quote = 0;
		else if (!quote && (s[i] == '"' || s[i] == '\''))
			quote = s[i];
		else
			text_putc(&t, s[i]);
	}
	return arena_strdup(p->a, text_str(&t));
}

/* A word as the instruction means it: variables put in, then unquoted. NULL after an error. */
static const char *meaning(struct parser *p, const struct part *word)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (!expand(p, word, word->s, word->len, true, &t))
		return NULL;
	return unquoted(p, text_str(&t), t.len);
}

static void push_word(
	struct parser *p, struct dockerfile_words *to, const char *text, struct span at)
{
	ARENA_PUSH(p->a, to->v, to->n, to->cap, (struct dockerfile_word){ text, at });
}

/* Of a list in JSON, whose quotes are gone already. */
static void expand_words(struct parser *p, const struct part *rest, struct dockerfile_words *words)
{
	for (uint32_t i = 0; i < words->n; i++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;
		const char *s = words->v[i].text;

		if (expand(p, rest, s, (uint32_t)strlen(s), false, &t))
			words->v[i].text = arena_strdup(p->a, text_str(&t));
	}
}

static void all_words(struct parser *p, struct part *rest, struct dockerfile_words *to)
{
	struct part word;

	while (next_raw(p, rest, &word)) {
		const char *text = meaning(p, &word);

		if (text)
			push_word(p, to, text, part_span(p, &word));
	}
}

/* A JSON array of strings; anything else is no such list, and for the shell. */
static bool json_words(struct parser *p, const struct part *rest, struct dockerfile_words *to)
{
	json_t *list, *v;
	size_t i;

	if (!rest->len || *rest->s != '[')
		return false;
	list = json_loadb(rest->s, rest->len, 0, NULL);
	if (!json_is_array(list)) {
		json_decref(list);
		return false;
	}
	json_array_foreach (list, i, v) {
		if (!json_is_string(v)) {
			to->n = 0;
			json_decref(list);
			return false;
		}
		push_word(p, to, arena_strdup(p->a, json_string_value(v)), part_span(p, rest));
	}
	json_decref(list);
	return true;
}

/* "--from=builder --chown=1:1 rest": takes the options away. */
static void skip_flags(struct parser *p, struct part *rest)
{
	for (;;) {
		struct part before = *rest, word;

		if (!next_raw(p, rest, &word) || word.len < 2 || strncmp(word.s, "--", 2) != 0) {
			*rest = before;
			return;
		}
	}
}

/* ---- paths */

/* @path as seen from @workdir; "." and ".." taken out, no '/' at the end but of the root. */
static const char *absolute(struct parser *p, const char *workdir, const char *path)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const char *parts[2] = { *path == '/' ? "" : workdir, path };

	for (int i = 0; i < 2; i++) {
		for (const char *s = parts[i]; *s;) {
			size_t n = strcspn(s, "/");

			if (n == 2 && !strncmp(s, "..", 2)) {
				while (t.len && t.s[t.len - 1] != '/')
					t.s[--t.len] = 0;
				if (t.len)
					t.s[--t.len] = 0;
			} else if (n && !(n == 1 && *s == '.')) {
				text_putc(&t, '/');
				text_add(&t, s, n);
			}
			s += n + (s[n] == '/');
		}
	}
	return t.len ? arena_strdup(p->a, text_str(&t)) : "/";
}

/* ---- instructions */

static void copy_stage(struct dockerfile_stage *to, const struct dockerfile_stage *from)
{
	struct span at = to->at;
	const char *name = to->name;

	/* Lists grow apart from here on: each push then copies them. */
	*to = *from;
	to->at = at;
	to->name = name;
	to->cap_variables = to->n_variables;
	to->cap_ports = to->n_ports;
	to->volumes.cap = to->volumes.n;
	to->shell.cap = to->shell.n;
	to->cap_copies = to->n_copies;
	to->packages.cap = to->packages.n;
	to->entrypoint.own = to->cmd.own = false;
}

static const char *lower(struct parser *p, const char *s)
{
	char *made = arena_strdup(p->a, s);

	for (char *c = made; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return made;
}

static const struct dockerfile_stage *stage_named(const struct parser *p, const char *name)
{
	for (uint32_t i = 0; i < p->to->n_stages; i++) {
		if (p->to->stages[i].name && !strcasecmp(p->to->stages[i].name, name))
			return &p->to->stages[i];
	}
	return NULL;
}

static void from(struct parser *p, struct part *rest)
{
	struct dockerfile_stage made = { .workdir = "/" };
	const struct dockerfile_stage *up;
	struct part image, as, name;
	const char *base;

	skip_flags(p, rest);
	if (!next_raw(p, rest, &image)) {
		wrong(p, rest, "FROM needs an image");
		return;
	}
	/* Its variables are those above the first FROM. */
	p->stage = NULL;
	base = meaning(p, &image);
	if (!base)
		return;
	made.at = part_span(p, &image);
	if (next_raw(p, rest, &as)) {
		if (as.len != 2 || strncasecmp(as.s, "as", 2) != 0 || !next_raw(p, rest, &name)) {
			wrong(p, &as, "expected 'AS NAME' behind the image");
			return;
		}
		made.name = lower(p, arena_memdup(p->a, name.s, name.len));
		trim(rest);
		if (rest->len)
			wrong(p, rest, "expected the end of the line");
	}
	if (!*base) {
		struct diag *d = wrong(p, &image, "FROM without an image: its variables are empty");

		diag_hint(p->diags, d, "give the ARG above FROM a default");
		return;
	}
	up = stage_named(p, base);
	if (up)
		copy_stage(&made, up);
	else
		made.base = base;
	ARENA_PUSH(p->a, p->to->stages, p->to->n_stages, p->to->cap_stages, made);
	p->stage = &p->to->stages[p->to->n_stages - 1];
}

static void arg(struct parser *p, struct part *rest)
{
	struct part word;

	while (next_raw(p, rest, &word)) {
		uint32_t n = name_len(word.s, word.len);
		const char *name = arena_memdup(p->a, word.s, n), *value;
		struct part behind = { word.s + n + 1, word.from + n + 1, word.len - n - 1 };

		if (!n || (n < word.len && word.s[n] != '=')) {
			wrong(p, &word, "expected NAME or NAME=VALUE");
			continue;
		}
		if (n < word.len) {
			value = meaning(p, &behind);
		} else {
			const struct dockerfile_variable *v =
				find_variable(p->global, p->n_global, name);

			value = v ? v->value : NULL;
		}
		set_variable(p, name, value, false);
	}
}

static void env(struct parser *p, struct part *rest)
{
	struct part word, first;
	struct part before = *rest;
	struct dockerfile_variable *v = NULL;
	uint32_t n, n_made = 0, cap = 0;
	const char *value;

	if (!next_raw(p, rest, &first))
		return;
	n = name_len(first.s, first.len);
	if (n && n == first.len) { /* ENV NAME the rest of the line */
		trim(rest);
		if (!rest->len) {
			wrong(p, &first, "ENV %.*s has no value", (int)n, first.s);
			return;
		}
		value = meaning(p, rest);
		if (value)
			set_variable(p, arena_memdup(p->a, first.s, n), value, true);
		return;
	}
	*rest = before;
	/* All of the line sees the values from before it. */
	while (next_raw(p, rest, &word)) {
		struct dockerfile_variable made = { .is_env = true };
		struct part behind;

		/* Names of variables may be any word. */
		for (n = 0; n < word.len && word.s[n] != '=';)
			n++;
		behind = (struct part){ word.s + n + 1, word.from + n + 1, word.len - n - 1 };
		if (n == 0 || n == word.len) {
			wrong(p, &word, "expected NAME=VALUE");
			continue;
		}
		made.name = arena_memdup(p->a, word.s, n);
		made.value = meaning(p, &behind);
		if (made.value)
			ARENA_PUSH(p->a, v, n_made, cap, made);
	}
	for (uint32_t i = 0; i < n_made; i++)
		set_variable(p, v[i].name, v[i].value, true);
}

static bool port_number(const char *s, size_t len, uint16_t *ret)
{
	uint32_t v = 0;

	if (len == 0 || len > 5)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		v = v * 10 + (uint32_t)(s[i] - '0');
	}
	*ret = (uint16_t)v;
	return v > 0 && v <= UINT16_MAX;
}

static void expose(struct parser *p, struct part *rest)
{
	static const char *const protocols[] = { "tcp", "udp", "sctp" };
	struct dockerfile_words words = { 0 };

	all_words(p, rest, &words);
	for (uint32_t i = 0; i < words.n; i++) {
		const char *s = words.v[i].text, *slash = strchr(s, '/');
		size_t len = slash ? (size_t)(slash - s) : strlen(s);
		const char *dash = memchr(s, '-', len);
		struct dockerfile_port port = { .at = words.v[i].at, .protocol = NULL };

		/* A variable whose value is given when the image is built. */
		if (len == 0) {
			p->stage->has_unknown_port = true;
			continue;
		}
		for (size_t k = 0; k < 3; k++) {
			if (!slash || !strcasecmp(slash + 1, protocols[k])) {
				port.protocol = protocols[k];
				break;
			}
		}
		if (!port.protocol) {
			diag_error(p->diags, words.v[i].at,
				"unknown protocol '%s'; there are tcp, "
				"udp and sctp",
				slash + 1);
			continue;
		}
		if (!port_number(s, dash ? (size_t)(dash - s) : len, &port.lo) ||
			(dash && !port_number(dash + 1, len - (size_t)(dash + 1 - s), &port.hi)) ||
			(dash && port.hi < port.lo)) {
			diag_error(p->diags, words.v[i].at, "'%s' is no port, nor a range of ports",
				s);
			continue;
		}
		if (!dash)
			port.hi = port.lo;
		ARENA_PUSH(p->a, p->stage->ports, p->stage->n_ports, p->stage->cap_ports, port);
	}
}

static void user(struct parser *p, struct part *rest)
{
	struct part word;
	const char *text;

	next_raw(p, rest, &word);
	text = meaning(p, &word);
	if (text && *text)
		p->stage->user = (struct dockerfile_word){ text, part_span(p, &word) };
}

static void volume(struct parser *p, struct part *rest)
{
	struct dockerfile_words words = { 0 };

	if (json_words(p, rest, &words))
		expand_words(p, rest, &words);
	else
		all_words(p, rest, &words);
	for (uint32_t i = 0; i < words.n; i++) {
		if (!*words.v[i].text)
			diag_error(p->diags, words.v[i].at, "VOLUME without a path");
		else
			push_word(p, &p->stage->volumes,
				absolute(p, p->stage->workdir, words.v[i].text), words.v[i].at);
	}
}

static void workdir(struct parser *p, struct part *rest)
{
	const char *text = meaning(p, rest);

	if (!text)
		return;
	p->stage->workdir = absolute(p, p->stage->workdir, text);
	p->stage->has_workdir = true;
}

static void command(struct parser *p, struct part *rest, struct dockerfile_command *to)
{
	*to = (struct dockerfile_command){ .given = true, .own = true, .at = part_span(p, rest) };
	if (json_words(p, rest, &to->words))
		return;
	to->shell = true;
	push_word(p, &to->words, arena_memdup(p->a, rest->s, rest->len), part_span(p, rest));
}

static void cmd(struct parser *p, struct part *rest)
{
	command(p, rest, &p->stage->cmd);
}

static void entrypoint(struct parser *p, struct part *rest)
{
	command(p, rest, &p->stage->entrypoint);
	/* A CMD of the stage that this one begins from is no longer meant. */
	if (!p->stage->cmd.own)
		p->stage->cmd = (struct dockerfile_command){ 0 };
}

static void healthcheck(struct parser *p, struct part *rest)
{
	struct part word;

	skip_flags(p, rest);
	if (!next_raw(p, rest, &word))
		return;
	if (word.len == 4 && !strncasecmp(word.s, "none", 4)) {
		p->stage->healthcheck = (struct dockerfile_command){ 0 };
	} else if (word.len == 3 && !strncasecmp(word.s, "cmd", 3)) {
		trim(rest);
		command(p, rest, &p->stage->healthcheck);
	} else {
		wrong(p, &word, "expected NONE or CMD");
	}
}

static void shell(struct parser *p, struct part *rest)
{
	struct dockerfile_words words = { 0 };

	if (!json_words(p, rest, &words) || !words.n)
		wrong(p, rest, "SHELL takes a list such as [\"/bin/bash\", \"-c\"]");
	else
		p->stage->shell = words;
}

static void run(struct parser *p, struct part *rest)
{
	struct dockerfile_words words = { 0 };
	struct dockerfile_word line = { .at = part_span(p, rest) };
	_cleanup_(text_release) struct text t = TEXT_INIT;

	skip_flags(p, rest);
	trim(rest);
	if (json_words(p, rest, &words)) {
		for (uint32_t i = 0; i < words.n; i++)
			text_printf(&t, "%s%s", i ? " " : "", words.v[i].text);
	} else {
		text_add(&t, rest->s, rest->len);
	}
	for (uint32_t i = 0; i < p->line->n_heredocs; i++)
		text_printf(&t, "\n%s", p->line->heredocs[i].body);
	line.text = text_str(&t);
	dockerfile_packages(p->a, &line, &p->stage->packages);
}

/* "nginx.conf" is taken for a file's name, "conf.d" and ".config" for anything. */
static bool has_suffix(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');

	return dot && dot > base && strlen(dot) > 2;
}

static void copy(struct parser *p, struct part *rest)
{
	struct dockerfile_words words = { 0 };
	struct dockerfile_copy made = { .at = part_span(p, rest) };
	struct part all = *rest;
	const char *to;
	uint32_t errors = p->diags->n_errors;
	size_t len;

	skip_flags(p, rest);
	trim(rest);
	if (json_words(p, rest, &words))
		expand_words(p, rest, &words);
	else
		all_words(p, rest, &words);
	if (words.n < 2) {
		if (p->diags->n_errors == errors)
			wrong(p, &all, "expected sources and a destination");
		return;
	}
	to = words.v[words.n - 1].text;
	len = strlen(to);
	made.to = absolute(p, p->stage->workdir, to);
	made.at = words.v[words.n - 1].at;
	if (words.n > 2 || (len && to[len - 1] == '/') || !strcmp(to, ".") ||
		!strcmp(words.v[0].text, ".") || strchr(words.v[0].text, '*'))
		made.kind = COPY_FOLDER;
	else if (p->line->n_heredocs || has_suffix(to))
		made.kind = COPY_FILE;
	if (*to)
		ARENA_PUSH(p->a, p->stage->copies, p->stage->n_copies, p->stage->cap_copies, made);
}

static void nothing(struct parser *p, struct part *rest)
{
}

static void onbuild(struct parser *p, struct part *rest);

static const struct instruction {
	const char *name;
	void (*read)(struct parser *p, struct part *rest);
	bool before_from; /* it may stand there */
} instructions[] = {
	{ "ADD", copy, false },
	{ "ARG", arg, true },
	{ "CMD", cmd, false },
	{ "COPY", copy, false },
	{ "ENTRYPOINT", entrypoint, false },
	{ "ENV", env, false },
	{ "EXPOSE", expose, false },
	{ "FROM", from, true },
	{ "HEALTHCHECK", healthcheck, false },
	{ "LABEL", nothing, false },
	{ "MAINTAINER", nothing, false },
	{ "ONBUILD", onbuild, false },
	{ "RUN", run, false },
	{ "SHELL", shell, false },
	{ "STOPSIGNAL", nothing, false },
	{ "USER", user, false },
	{ "VOLUME", volume, false },
	{ "WORKDIR", workdir, false },
};

static const struct instruction *find_instruction(const char *name, uint32_t len)
{
	for (size_t i = 0; i < sizeof(instructions) / sizeof(*instructions); i++) {
		if (strlen(instructions[i].name) == len &&
			!strncasecmp(instructions[i].name, name, len))
			return &instructions[i];
	}
	return NULL;
}

static void unknown(struct parser *p, const struct part *name)
{
	struct suggest near;
	char *upper = arena_memdup(p->a, name->s, name->len);
	struct diag *d;

	for (char *c = upper; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	suggest_init(&near, upper);
	for (size_t i = 0; i < sizeof(instructions) / sizeof(*instructions); i++)
		suggest_offer(&near, instructions[i].name);
	d = wrong(p, name, "unknown instruction '%.*s'", (int)name->len, name->s);
	if (suggest_best(&near))
		diag_hint(p->diags, d, "did you mean '%s'?", suggest_best(&near));
}

static void read_instruction(struct parser *p, struct part *rest)
{
	const struct instruction *i;
	struct part name;

	trim(rest);
	name = (struct part){ rest->s, rest->from, 0 };
	while (name.len < rest->len && !is_blank(rest->s[name.len]))
		name.len++;
	rest->s += name.len;
	rest->from += name.len;
	rest->len -= name.len;
	i = find_instruction(name.s, name.len);
	if (!i) {
		unknown(p, &name);
		return;
	}
	if (!p->stage && !i->before_from) {
		if (!p->to->n_stages && !p->diags->n_errors)
			wrong(p, &name, "%s before the first FROM", i->name);
		return;
	}
	trim(rest);
	if (!rest->len) {
		wrong(p, &name, "%s needs an argument", i->name);
		return;
	}
	i->read(p, rest);
}

/* What a later image's build does. That there is such an instruction is all that is looked at. */
static void onbuild(struct parser *p, struct part *rest)
{
	struct part name = { rest->s, rest->from, 0 };
	const struct instruction *i;

	while (name.len < rest->len && !is_blank(rest->s[name.len]))
		name.len++;
	i = find_instruction(name.s, name.len);
	if (!i)
		unknown(p, &name);
	else if (i->read == from || i->read == onbuild || !strcmp(i->name, "MAINTAINER"))
		wrong(p, &name, "ONBUILD %s is not possible", i->name);
}

bool dockerfile_read(const struct source *s, struct diag_list *diags, struct dockerfile *ret)
{
	struct parser p = { .to = ret, .diags = diags, .a = diags->arena };
	uint32_t errors = diags->n_errors;
	struct docker_lines lines;

	*ret = (struct dockerfile){ .source = s };
	if (!docker_lines_read(s, diags, &lines))
		return false;
	p.escape = lines.escape;
	for (uint32_t i = 0; i < lines.n; i++) {
		struct part rest = { lines.v[i].text, 0, lines.v[i].len };

		p.line = &lines.v[i];
		read_instruction(&p, &rest);
	}
	if (diags->n_errors == errors && !ret->n_stages)
		diag_error_unplaced(diags, "%s: no FROM is in it", s->name);
	return diags->n_errors == errors;
}
