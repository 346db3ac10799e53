/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/dockerfile.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/suggest.h"
#include "compiler/base/text.h"
#include "compiler/dockerfile_parser.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* ---- paths */

/* @path as seen from @workdir; "." and ".." taken out, no '/' at the end but of the root. */
static const char *absolute(struct docker_parser *p, const char *workdir, const char *path)
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

static const char *lower(struct docker_parser *p, const char *s)
{
	char *made = arena_strdup(p->a, s);

	for (char *c = made; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return made;
}

static const struct dockerfile_stage *stage_named(const struct docker_parser *p, const char *name)
{
	for (uint32_t i = 0; i < p->to->n_stages; i++) {
		if (p->to->stages[i].name && !strcasecmp(p->to->stages[i].name, name))
			return &p->to->stages[i];
	}
	return NULL;
}

static void from(struct docker_parser *p, struct docker_part *rest)
{
	struct dockerfile_stage made = { .workdir = "/" };
	const struct dockerfile_stage *up;
	struct docker_part image, as, name;
	const char *base;

	docker_skip_flags(p, rest);
	if (!docker_next_raw(p, rest, &image)) {
		docker_wrong(p, rest, "FROM needs an image");
		return;
	}
	/* Its variables are those above the first FROM. */
	p->stage = NULL;
	base = docker_meaning(p, &image);
	if (!base)
		return;
	made.at = docker_part_span(p, &image);
	if (docker_next_raw(p, rest, &as)) {
		if (as.len != 2 || strncasecmp(as.s, "as", 2) != 0 ||
			!docker_next_raw(p, rest, &name)) {
			docker_wrong(p, &as, "expected 'AS NAME' behind the image");
			return;
		}
		made.name = lower(p, arena_memdup(p->a, name.s, name.len));
		docker_trim(rest);
		if (rest->len)
			docker_wrong(p, rest, "expected the end of the line");
	}
	if (!*base) {
		struct diag *d =
			docker_wrong(p, &image, "FROM without an image: its variables are empty");

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

static void arg(struct docker_parser *p, struct docker_part *rest)
{
	struct docker_part word;

	while (docker_next_raw(p, rest, &word)) {
		uint32_t n = docker_name_len(word.s, word.len);
		const char *name = arena_memdup(p->a, word.s, n), *value;
		struct docker_part behind = { word.s + n + 1, word.from + n + 1, word.len - n - 1 };

		if (!n || (n < word.len && word.s[n] != '=')) {
			docker_wrong(p, &word, "expected NAME or NAME=VALUE");
			continue;
		}
		if (n < word.len) {
			value = docker_meaning(p, &behind);
		} else {
			const struct dockerfile_variable *v =
				docker_find_variable(p->global, p->n_global, name);

			value = v ? v->value : NULL;
		}
		docker_set_variable(p, name, value, false);
	}
}

static void env(struct docker_parser *p, struct docker_part *rest)
{
	struct docker_part word, first;
	struct docker_part before = *rest;
	struct dockerfile_variable *v = NULL;
	uint32_t n, n_made = 0, cap = 0;
	const char *value;

	if (!docker_next_raw(p, rest, &first))
		return;
	n = docker_name_len(first.s, first.len);
	if (n && n == first.len) { /* ENV NAME the rest of the line */
		docker_trim(rest);
		if (!rest->len) {
			docker_wrong(p, &first, "ENV %.*s has no value", (int)n, first.s);
			return;
		}
		value = docker_meaning(p, rest);
		if (value)
			docker_set_variable(p, arena_memdup(p->a, first.s, n), value, true);
		return;
	}
	*rest = before;
	/* All of the line sees the values from before it. */
	while (docker_next_raw(p, rest, &word)) {
		struct dockerfile_variable made = { .is_env = true };
		struct docker_part behind;

		/* Names of variables may be any word. */
		for (n = 0; n < word.len && word.s[n] != '=';)
			n++;
		behind =
			(struct docker_part){ word.s + n + 1, word.from + n + 1, word.len - n - 1 };
		if (n == 0 || n == word.len) {
			docker_wrong(p, &word, "expected NAME=VALUE");
			continue;
		}
		made.name = arena_memdup(p->a, word.s, n);
		made.value = docker_meaning(p, &behind);
		if (made.value)
			ARENA_PUSH(p->a, v, n_made, cap, made);
	}
	for (uint32_t i = 0; i < n_made; i++)
		docker_set_variable(p, v[i].name, v[i].value, true);
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

static void expose(struct docker_parser *p, struct docker_part *rest)
{
	static const char *const protocols[] = { "tcp", "udp", "sctp" };
	struct dockerfile_words words = { 0 };

	docker_all_words(p, rest, &words);
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

static void user(struct docker_parser *p, struct docker_part *rest)
{
	struct docker_part word;
	const char *text;

	docker_next_raw(p, rest, &word);
	text = docker_meaning(p, &word);
	if (text && *text)
		p->stage->user = (struct dockerfile_word){ text, docker_part_span(p, &word) };
}

static void volume(struct docker_parser *p, struct docker_part *rest)
{
	struct dockerfile_words words = { 0 };

	if (docker_json_words(p, rest, &words))
		docker_expand_words(p, rest, &words);
	else
		docker_all_words(p, rest, &words);
	for (uint32_t i = 0; i < words.n; i++) {
		if (!*words.v[i].text)
			diag_error(p->diags, words.v[i].at, "VOLUME without a path");
		else
			docker_push_word(p, &p->stage->volumes,
				absolute(p, p->stage->workdir, words.v[i].text), words.v[i].at);
	}
}

static void workdir(struct docker_parser *p, struct docker_part *rest)
{
	const char *text = docker_meaning(p, rest);

	if (!text)
		return;
	p->stage->workdir = absolute(p, p->stage->workdir, text);
	p->stage->has_workdir = true;
}

static void command(
	struct docker_parser *p, struct docker_part *rest, struct dockerfile_command *to)
{
	*to = (struct dockerfile_command){
		.given = true, .own = true, .at = docker_part_span(p, rest)
	};
	if (docker_json_words(p, rest, &to->words))
		return;
	to->shell = true;
	docker_push_word(
		p, &to->words, arena_memdup(p->a, rest->s, rest->len), docker_part_span(p, rest));
}

static void cmd(struct docker_parser *p, struct docker_part *rest)
{
	command(p, rest, &p->stage->cmd);
}

static void entrypoint(struct docker_parser *p, struct docker_part *rest)
{
	command(p, rest, &p->stage->entrypoint);
	/* A CMD of the stage that this one begins from is no longer meant. */
	if (!p->stage->cmd.own)
		p->stage->cmd = (struct dockerfile_command){ 0 };
}

static void healthcheck(struct docker_parser *p, struct docker_part *rest)
{
	struct docker_part word;

	docker_skip_flags(p, rest);
	if (!docker_next_raw(p, rest, &word))
		return;
	if (word.len == 4 && !strncasecmp(word.s, "none", 4)) {
		p->stage->healthcheck = (struct dockerfile_command){ 0 };
	} else if (word.len == 3 && !strncasecmp(word.s, "cmd", 3)) {
		docker_trim(rest);
		command(p, rest, &p->stage->healthcheck);
	} else {
		docker_wrong(p, &word, "expected NONE or CMD");
	}
}

static void shell(struct docker_parser *p, struct docker_part *rest)
{
	struct dockerfile_words words = { 0 };

	if (!docker_json_words(p, rest, &words) || !words.n)
		docker_wrong(p, rest, "SHELL takes a list such as [\"/bin/bash\", \"-c\"]");
	else
		p->stage->shell = words;
}

static void run(struct docker_parser *p, struct docker_part *rest)
{
	struct dockerfile_words words = { 0 };
	struct dockerfile_word line = { .at = docker_part_span(p, rest) };
	_cleanup_(text_release) struct text t = TEXT_INIT;

	docker_skip_flags(p, rest);
	docker_trim(rest);
	if (docker_json_words(p, rest, &words)) {
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

static void copy(struct docker_parser *p, struct docker_part *rest)
{
	struct dockerfile_words words = { 0 };
	struct dockerfile_copy made = { .at = docker_part_span(p, rest) };
	struct docker_part all = *rest;
	const char *to;
	uint32_t errors = p->diags->n_errors;
	size_t len;

	docker_skip_flags(p, rest);
	docker_trim(rest);
	if (docker_json_words(p, rest, &words))
		docker_expand_words(p, rest, &words);
	else
		docker_all_words(p, rest, &words);
	if (words.n < 2) {
		if (p->diags->n_errors == errors)
			docker_wrong(p, &all, "expected sources and a destination");
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

static void nothing(struct docker_parser *p, struct docker_part *rest)
{
}

static void onbuild(struct docker_parser *p, struct docker_part *rest);

static const struct instruction {
	const char *name;
	void (*read)(struct docker_parser *p, struct docker_part *rest);
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

static void unknown(struct docker_parser *p, const struct docker_part *name)
{
	struct suggest near;
	char *upper = arena_memdup(p->a, name->s, name->len);
	struct diag *d;

	for (char *c = upper; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	suggest_init(&near, upper);
	for (size_t i = 0; i < sizeof(instructions) / sizeof(*instructions); i++)
		suggest_offer(&near, instructions[i].name);
	d = docker_wrong(p, name, "unknown instruction '%.*s'", (int)name->len, name->s);
	if (suggest_best(&near))
		diag_hint(p->diags, d, "did you mean '%s'?", suggest_best(&near));
}

static void read_instruction(struct docker_parser *p, struct docker_part *rest)
{
	const struct instruction *i;
	struct docker_part name;

	docker_trim(rest);
	name = (struct docker_part){ rest->s, rest->from, 0 };
	while (name.len < rest->len && !docker_is_blank(rest->s[name.len]))
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
			docker_wrong(p, &name, "%s before the first FROM", i->name);
		return;
	}
	docker_trim(rest);
	if (!rest->len) {
		docker_wrong(p, &name, "%s needs an argument", i->name);
		return;
	}
	i->read(p, rest);
}

/* What a later image's build does. That there is such an instruction is all that is looked at. */
static void onbuild(struct docker_parser *p, struct docker_part *rest)
{
	struct docker_part name = { rest->s, rest->from, 0 };
	const struct instruction *i;

	while (name.len < rest->len && !docker_is_blank(rest->s[name.len]))
		name.len++;
	i = find_instruction(name.s, name.len);
	if (!i)
		unknown(p, &name);
	else if (i->read == from || i->read == onbuild || !strcmp(i->name, "MAINTAINER"))
		docker_wrong(p, &name, "ONBUILD %s is not possible", i->name);
}

bool dockerfile_read(const struct source *s, struct diag_list *diags, struct dockerfile *ret)
{
	struct docker_parser p = { .to = ret, .diags = diags, .a = diags->arena };
	uint32_t errors = diags->n_errors;
	struct docker_lines lines;

	*ret = (struct dockerfile){ .source = s };
	if (!docker_lines_read(s, diags, &lines))
		return false;
	p.escape = lines.escape;
	for (uint32_t i = 0; i < lines.n && p.put_in <= DOCKER_PUT_IN_MAX; i++) {
		struct docker_part rest = { lines.v[i].text, 0, lines.v[i].len };

		p.line = &lines.v[i];
		read_instruction(&p, &rest);
	}
	if (diags->n_errors == errors && !ret->n_stages)
		diag_error_unplaced(diags, "%s: no FROM is in it", s->name);
	return diags->n_errors == errors;
}
