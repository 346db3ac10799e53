/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/dockerfile_parser.h"

#include "compiler/base/cleanup.h"

#include <ctype.h>
#include <string.h>

const struct dockerfile_variable *docker_find_variable(
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

static const char *value_of(const struct docker_parser *p, const char *name)
{
	const struct dockerfile_variable *v =
		p->stage ? docker_find_variable(p->stage->variables, p->stage->n_variables, name)
			 : docker_find_variable(p->global, p->n_global, name);

	return v ? v->value : NULL;
}

static void put_in(struct docker_parser *p, const char *value, struct text *to)
{
	if (value) {
		text_puts(to, value);
		p->put_in += strlen(value);
	}
}

/*
 * "$name", "${name}", "${name:-word}", "${name:+word}" and these without the colon, at @s. Adds
 * what it stands for; gives its length, 0 after an error.
 */
static uint32_t substitute(struct docker_parser *p, const struct docker_part *at, const char *s,
	uint32_t len, struct text *to);

bool docker_expand(struct docker_parser *p, const struct docker_part *at, const char *s,
	uint32_t len, bool keep_escapes, struct text *to)
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
		if (to->len > DOCKER_VALUE_MAX) {
			docker_wrong(p, at,
				"with its variables put in, this is longer than %d bytes",
				DOCKER_VALUE_MAX);
			return false;
		}
		if (p->put_in > DOCKER_PUT_IN_MAX) {
			docker_wrong(p, at,
				"up to here more than %zu bytes of variables are put in",
				DOCKER_PUT_IN_MAX);
			return false;
		}
	}
	return true;
}

uint32_t docker_name_len(const char *s, uint32_t len)
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

static uint32_t substitute(struct docker_parser *p, const struct docker_part *at, const char *s,
	uint32_t len, struct text *to)
{
	bool braced = len > 1 && s[1] == '{', colon, given, ok = true;
	uint32_t n = docker_name_len(s + 1 + braced, len - 1 - braced), end, word;
	const char *name, *value;
	char operator;

	if (!n && !braced) {
		text_putc(to, '$');
		return 1;
	}
	name = arena_memdup(p->a, s + 1 + braced, n);
	value = value_of(p, name);
	if (!braced) {
		put_in(p, value, to);
		return 1 + n;
	}
	end = 2 + braces_end(s + 2, len - 2);
	if (end >= len || !n) {
		docker_wrong(
			p, at, n ? "'${%s' has no '}'" : "'${' without a name%s", n ? name : "");
		return 0;
	}
	word = 2 + n;
	colon = s[word] == ':';
	operator= s[word + colon];
	given = value && (*value || !colon);
	if (s[word] == '}')
		put_in(p, value, to);
	else if (operator!= '-' && operator!= '+' && operator!= '?')
		return end + 1; /* ${name#pattern} and its like: what is left is not known */
	else if (p->depth >= NESTING_MAX)
		ok = false;
	else if (given ? operator== '+' : operator== '-') {
		p->depth++;
		ok = docker_expand(p, at, s + word + colon + 1, end - word - colon - 1, false, to);
		p->depth--;
	} else if (given && operator!= '+') {
		put_in(p, value, to);
	}
	if (!ok && !p->diags->n_errors)
		docker_wrong(p, at, "variables inside each other more than %d deep", NESTING_MAX);
	return ok ? end + 1 : 0;
}

void docker_set_variable(struct docker_parser *p, const char *name, const char *value, bool is_env)
{
	struct dockerfile_variable v = { .name = name, .value = value, .is_env = is_env };

	if (p->stage)
		ARENA_PUSH(p->a, p->stage->variables, p->stage->n_variables,
			p->stage->cap_variables, v);
	else
		ARENA_PUSH(p->a, p->global, p->n_global, p->cap_global, v);
}
