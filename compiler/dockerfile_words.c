/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/dockerfile_parser.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/formatted.h"

#include <jansson.h>
#include <string.h>

struct span docker_part_span(const struct docker_parser *p, const struct docker_part *part)
{
	return docker_span(p->to->source, p->line, part->from, part->from + part->len);
}

struct diag *docker_wrong(
	struct docker_parser *p, const struct docker_part *at, const char *format, ...)
{
	_cleanup_free_ char *s = FORMATTED(format);

	return diag_error(p->diags, docker_part_span(p, at), "%s", s);
}

bool docker_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

void docker_trim(struct docker_part *part)
{
	while (part->len && docker_is_blank(*part->s)) {
		part->s++;
		part->from++;
		part->len--;
	}
	while (part->len && docker_is_blank(part->s[part->len - 1]))
		part->len--;
}

bool docker_next_raw(struct docker_parser *p, struct docker_part *rest, struct docker_part *ret)
{
	char quote = 0;
	uint32_t n = 0;

	docker_trim(rest);
	for (; n < rest->len; n++) {
		char c = rest->s[n];

		if (c == p->escape && quote != '\'' && n + 1 < rest->len)
			n++;
		else if (c == quote)
			quote = 0;
		else if (!quote && (c == '"' || c == '\''))
			quote = c;
		else if (!quote && docker_is_blank(c))
			break;
	}
	*ret = (struct docker_part){ rest->s, rest->from, n };
	rest->s += n;
	rest->from += n;
	rest->len -= n;
	return n > 0;
}

/* Quotes and escapes taken off. */
static const char *unquoted(struct docker_parser *p, const char *s, size_t len)
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

const char *docker_meaning(struct docker_parser *p, const struct docker_part *word)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (!docker_expand(p, word, word->s, word->len, true, &t))
		return NULL;
	return unquoted(p, text_str(&t), t.len);
}

void docker_push_word(
	struct docker_parser *p, struct dockerfile_words *to, const char *text, struct span at)
{
	ARENA_PUSH(p->a, to->v, to->n, to->cap, (struct dockerfile_word){ text, at });
}

void docker_expand_words(
	struct docker_parser *p, const struct docker_part *rest, struct dockerfile_words *words)
{
	for (uint32_t i = 0; i < words->n; i++) {
		_cleanup_(text_release) struct text t = TEXT_INIT;
		const char *s = words->v[i].text;

		if (docker_expand(p, rest, s, (uint32_t)strlen(s), false, &t))
			words->v[i].text = arena_strdup(p->a, text_str(&t));
	}
}

void docker_all_words(
	struct docker_parser *p, struct docker_part *rest, struct dockerfile_words *to)
{
	struct docker_part word;

	while (docker_next_raw(p, rest, &word)) {
		const char *text = docker_meaning(p, &word);

		if (text)
			docker_push_word(p, to, text, docker_part_span(p, &word));
	}
}

bool docker_json_words(
	struct docker_parser *p, const struct docker_part *rest, struct dockerfile_words *to)
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
		docker_push_word(
			p, to, arena_strdup(p->a, json_string_value(v)), docker_part_span(p, rest));
	}
	json_decref(list);
	return true;
}

void docker_skip_flags(struct docker_parser *p, struct docker_part *rest)
{
	for (;;) {
		struct docker_part before = *rest, word;

		if (!docker_next_raw(p, rest, &word) || word.len < 2 ||
			strncmp(word.s, "--", 2) != 0) {
			*rest = before;
			return;
		}
	}
}
