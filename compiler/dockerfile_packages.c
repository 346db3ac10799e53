/* SPDX-License-Identifier: Apache-2.0 */
/* What a line of shell installs. Everything else that it does is passed over. */
#include "compiler/dockerfile.h"

#include <ctype.h>
#include <string.h>

static const struct manager {
	const char *name, *verb;
	/* Options that take the next word, separated by blanks. */
	const char *with_value;
} managers[] = {
	{ "apt-get", "install", " -t --target-release -o --option -c --config-file " },
	{ "apt", "install", " -t --target-release -o --option -c --config-file " },
	{ "aptitude", "install", " -t --target-release -o " },
	{ "apk", "add", " -t --virtual -X --repository -p --root --arch --keys-dir " },
	{ "dnf", "install", " -c --config -x --exclude --releasever --installroot --repo " },
	{ "microdnf", "install", " -c --config --releasever --installroot " },
	{ "yum", "install", " -c --config -x --exclude --releasever --installroot " },
};

#define WORD_MAX 256

struct line {
	const char *s;
	size_t at;
};

/*
 * The next word with its quotes taken off; false at the end of a command, whatever ends it. @word
 * is "" for what is longer than any name.
 */
static bool next_word(struct line *l, char word[WORD_MAX])
{
	size_t n = 0;
	char quote = 0;
	bool any = false;

	while (l->s[l->at] == ' ' || l->s[l->at] == '\t' || l->s[l->at] == '\r' ||
		(l->s[l->at] == '\\' && l->s[l->at + 1] == '\n'))
		l->at += 1 + (l->s[l->at] == '\\');
	for (; l->s[l->at]; l->at++) {
		char c = l->s[l->at];

		if (c == quote && quote) {
			quote = 0;
			continue;
		}
		if (!quote && (c == '"' || c == '\'')) {
			quote = c;
			any = true;
			continue;
		}
		if (!quote && strchr(" \t\r\n;&|()<>{}", c))
			break;
		if (c == '\\' && l->s[l->at + 1] == '\n')
			break;
		if (n < WORD_MAX)
			word[n < WORD_MAX - 1 ? n : 0] = c;
		n++;
	}
	word[n < WORD_MAX - 1 ? n : 0] = 0;
	return n || any;
}

static void end_command(struct line *l)
{
	while (l->s[l->at] && strchr("\n;&|(){}<>", l->s[l->at]))
		l->at++;
}

static bool is_assignment(const char *word)
{
	const char *s = word;

	while (isalnum((unsigned char)*s) || *s == '_')
		s++;
	return s > word && *s == '=';
}

static bool is_before_command(const char *word)
{
	static const char *const words[] = { "sudo", "env", "exec", "then", "do", "else", "if",
		"while", "time", "!", "command", "eatmydata" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (!strcmp(word, words[i]))
			return true;
	}
	return is_assignment(word);
}

static const struct manager *manager_of(const char *word)
{
	const char *slash = strrchr(word, '/');

	if (slash)
		word = slash + 1;
	for (size_t i = 0; i < sizeof(managers) / sizeof(*managers); i++) {
		if (!strcmp(word, managers[i].name))
			return &managers[i];
	}
	return NULL;
}

static bool takes_value(const struct manager *m, const char *option)
{
	size_t len = strlen(option);

	for (const char *s = m->with_value; (s = strstr(s, option)); s++) {
		if (s[-1] == ' ' && s[len] == ' ')
			return true;
	}
	return false;
}

static void add_package(struct arena *a, const struct dockerfile_word *line, const char *word,
	struct dockerfile_words *to)
{
	size_t n = 0;

	/* nginx=1.24-1, nginx/bookworm, nginx~1.24, nginx>1: the name. */
	while (isalnum((unsigned char)word[n]) || (word[n] && strchr("+-._@", word[n])))
		n++;
	if (n == 0 || (word[n] && !strchr("=/~<>:", word[n])))
		return;
	for (uint32_t i = 0; i < to->n; i++) {
		if (strlen(to->v[i].text) == n && !strncmp(to->v[i].text, word, n))
			return;
	}
	ARENA_PUSH(a, to->v, to->n, to->cap,
		(struct dockerfile_word){ arena_memdup(a, word, n), line->at });
}

static void read_packages(struct arena *a, const struct dockerfile_word *line,
	const struct manager *m, struct line *l, struct dockerfile_words *to)
{
	char word[WORD_MAX];
	bool installs = false;

	while (next_word(l, word)) {
		if (*word == '-') {
			if (!strchr(word, '=') && takes_value(m, word) && !next_word(l, word))
				break;
		} else if (!installs) {
			if (strcmp(word, m->verb) != 0)
				break;
			installs = true;
		} else {
			add_package(a, line, word, to);
		}
	}
}

static void skip_rest(struct line *l)
{
	char word[WORD_MAX];

	while (next_word(l, word))
		;
}

void dockerfile_packages(
	struct arena *a, const struct dockerfile_word *line, struct dockerfile_words *to)
{
	struct line l = { .s = line->text };
	char word[WORD_MAX];

	while (l.s[l.at]) {
		const struct manager *m = NULL;
		size_t before = l.at;

		while (next_word(&l, word) && is_before_command(word))
			;
		m = manager_of(word);
		if (m)
			read_packages(a, line, m, &l, to);
		skip_rest(&l);
		end_command(&l);
		if (l.at == before) /* nothing that ends a word: a quote that is not closed */
			l.at++;
	}
}
