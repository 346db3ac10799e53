/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/apparmor_pattern.h"

#include <assert.h>
#include <string.h>

/* ---- writing */

static bool is_safe(uint8_t b)
{
	return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') ||
	       (b && strchr("/._-+=:~% ", b));
}

static void put_byte(struct text *to, uint8_t b)
{
	if (is_safe(b) || b >= 0x80)
		text_putc(to, (char)b);
	else if (b < 0x20 || b == 0x7f)
		text_printf(to, "\\%03o", b);
	else if (strchr("\"\\[]^*", b))
		text_printf(to, "\\%c", b);
	else if (b == '?')
		/* Outside a class it loses its backslash and becomes a quantifier. */
		text_puts(to, "[\\?]");
	else
		text_printf(to, "[%c]", b);
}

static void put_class_byte(struct text *to, uint8_t b)
{
	if (b < 0x20 || b == 0x7f)
		text_printf(to, "\\%03o", b);
	else if (strchr("\"\\[]^-*?", b))
		text_printf(to, "\\%c", b);
	else
		text_putc(to, (char)b);
}

static bool has(const uint64_t *set, unsigned int b)
{
	return set[b / 64] >> b % 64 & 1;
}

static void put_set(struct text *to, const uint64_t *set)
{
	unsigned int missing = 0;

	/* NUL is in no path, and '/' in no set. */
	for (unsigned int b = 1; b < 256; b++)
		missing += !has(set, b);
	if (missing == 1) {
		text_putc(to, '?');
		return;
	}
	text_puts(to, missing < 128 ? "[^" : "[");
	/*
	 * '@' and '^' wait for the end: the one so that no '{' can follow it, the other because in
	 * front it negates even with a backslash.
	 */
	for (unsigned int b = 1; b < 256; b++) {
		if (b != '@' && b != '^' && has(set, b) == (missing >= 128))
			put_class_byte(to, (uint8_t)b);
	}
	for (const char *b = "@^"; *b; b++) {
		if (has(set, (uint8_t)*b) == (missing >= 128))
			put_class_byte(to, (uint8_t)*b);
	}
	text_putc(to, ']');
}

static bool is_star(const struct glob_node *node)
{
	return node->kind == GLOB_STAR || node->kind == GLOB_ANY;
}

static bool holds_star(const struct glob_seq *seq)
{
	for (uint32_t i = 0; i < seq->n; i++) {
		if (is_star(&seq->v[i]))
			return true;
		for (uint32_t k = 0; seq->v[i].kind == GLOB_ALTERNATIVES && k < seq->v[i].n; k++) {
			if (holds_star(&seq->v[i].alternatives[k]))
				return true;
		}
	}
	return false;
}

static void put_plain(struct text *to, const struct glob_seq *seq);

static void put_braces(struct text *to, const struct glob_node *node)
{
	text_putc(to, '{');
	for (uint32_t i = 0; i < node->n; i++) {
		if (i)
			text_putc(to, ',');
		put_plain(to, &node->alternatives[i]);
	}
	text_putc(to, '}');
}

/* Without stars. */
static void put_plain(struct text *to, const struct glob_seq *seq)
{
	for (uint32_t i = 0; i < seq->n; i++) {
		const struct glob_node *node = &seq->v[i];

		if (node->kind == GLOB_LITERAL) {
			for (uint32_t k = 0; k < node->n; k++)
				put_byte(to, (uint8_t)node->bytes[k]);
		} else if (node->kind == GLOB_SET) {
			put_set(to, node->set);
		} else {
			put_braces(to, node);
		}
	}
}

static bool ends_in_slash(const struct glob_seq *seq, uint32_t before, bool after_slash)
{
	const struct glob_node *node;

	if (before == 0)
		return after_slash;
	node = &seq->v[before - 1];
	return node->kind == GLOB_LITERAL && node->bytes[node->n - 1] == '/';
}

/*
 * The stars from node @i on, and of the literal after them its first '/', if it is one with them;
 * returns the node after the stars.
 */
static uint32_t put_stars(struct text *to, const struct glob_seq *seq, uint32_t i, bool after_slash,
	uint32_t *ret_skip)
{
	bool alone = ends_in_slash(seq, i, after_slash), any = false, end, slash;

	for (; i < seq->n && is_star(&seq->v[i]); i++)
		any |= seq->v[i].kind == GLOB_ANY;
	end = i == seq->n;
	slash = !end && seq->v[i].kind == GLOB_LITERAL && seq->v[i].bytes[0] == '/';
	*ret_skip = 0;
	if (!alone || !(end || slash)) {
		text_puts(to, any ? "**" : "*");
	} else if (!any) {
		text_puts(to, "?*");
	} else if (end) {
		text_puts(to, "?**");
	} else {
		text_puts(to, "{,**/}");
		*ret_skip = 1;
	}
	return i;
}

static bool stars_meet_braces(const struct glob_seq *seq, uint32_t i)
{
	while (i < seq->n && is_star(&seq->v[i]))
		i++;
	return i < seq->n && seq->v[i].kind == GLOB_ALTERNATIVES;
}

bool apparmor_pattern(struct text *to, const struct glob_seq *seq, bool after_slash)
{
	uint32_t skip = 0;

	for (uint32_t i = 0; i < seq->n;) {
		const struct glob_node *node = &seq->v[i];

		switch (node->kind) {
		case GLOB_LITERAL:
			for (uint32_t k = skip; k < node->n; k++)
				put_byte(to, (uint8_t)node->bytes[k]);
			skip = 0;
			i++;
			break;
		case GLOB_SET:
			put_set(to, node->set);
			i++;
			break;
		case GLOB_STAR:
		case GLOB_ANY:
			if (stars_meet_braces(seq, i)) {
				text_puts(to, "{,**}");
				return false;
			}
			i = put_stars(to, seq, i, after_slash, &skip);
			break;
		case GLOB_ALTERNATIVES:
			if ((i + 1 < seq->n && is_star(&seq->v[i + 1])) ||
				holds_star(&(struct glob_seq){ .v = &seq->v[i], .n = 1 })) {
				text_puts(to, "{,**}");
				return false;
			}
			put_braces(to, node);
			i++;
			break;
		}
	}
	return true;
}

/* ---- reading back */

struct reader {
	const char *s, *end;
	struct text *to; /* in Pale's syntax */
	uint32_t depth;
};

static bool looking_at(const struct reader *r, const char *what)
{
	size_t n = strlen(what);

	return (size_t)(r->end - r->s) >= n && !memcmp(r->s, what, n);
}

static void put_pale_byte(struct text *to, uint8_t b)
{
	if ((b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') ||
		(b && strchr("/._", b)))
		text_putc(to, (char)b);
	else
		text_printf(to, "\\x%02x", b);
}

/* One byte, escaped or not; what would be syntax must be escaped. */
static bool read_byte(struct reader *r, const char *syntax, uint8_t *ret)
{
	unsigned int octal = 0;

	if (r->s == r->end)
		return false;
	if (*r->s != '\\') {
		if (strchr(syntax, *r->s) || *r->s == 0)
			return false;
		*ret = (uint8_t)*r->s++;
		return true;
	}
	r->s++;
	if (r->s == r->end)
		return false;
	if (*r->s < '0' || *r->s > '7') {
		*ret = (uint8_t)*r->s++;
		return true;
	}
	for (int i = 0; i < 3; i++, r->s++) {
		if (r->s == r->end || *r->s < '0' || *r->s > '7')
			return false;
		octal = octal * 8 + (unsigned int)(*r->s - '0');
	}
	*ret = (uint8_t)octal;
	return octal > 0 && octal < 256;
}

static bool read_class(struct reader *r)
{
	bool negated;

	r->s++;
	negated = looking_at(r, "^");
	r->s += negated;
	text_puts(r->to, negated ? "[!" : "[");
	while (!looking_at(r, "]")) {
		uint8_t b;

		if (!read_byte(r, "[^-*?\"", &b))
			return false;
		/* No class of Pale's matches '/'; in one of AppArmor's it has to be said. */
		if (b == '/' && !negated)
			return false;
		if (b != '/')
			put_pale_byte(r->to, b);
	}
	r->s++;
	text_putc(r->to, ']');
	return true;
}

static bool read_pattern(struct reader *r);

static bool read_braces(struct reader *r)
{
	text_putc(r->to, '{');
	r->depth++;
	do {
		r->s++;
		if (!read_pattern(r))
			return false;
		if (looking_at(r, ","))
			text_putc(r->to, ',');
	} while (looking_at(r, ","));
	if (!looking_at(r, "}"))
		return false;
	r->s++;
	r->depth--;
	text_putc(r->to, '}');
	return true;
}

/*
 * Stars in the one place where both tongues mean the same by them: beside something in their
 * component. A '/' before and a '/' or the end behind is AppArmor's own rule, which is never used.
 */
static bool read_stars(struct reader *r)
{
	bool after_slash = r->to->len && r->to->s[r->to->len - 1] == '/';
	bool after_brace = r->to->len && strchr("{},", r->to->s[r->to->len - 1]);
	const char *stars = r->s;

	while (looking_at(r, "*"))
		r->s++;
	if (r->s - stars > 2 || r->depth || after_brace || looking_at(r, "{") ||
		(after_slash && (r->s == r->end || looking_at(r, "/"))))
		return false;
	text_add(r->to, stars, (size_t)(r->s - stars));
	return true;
}

static bool read_pattern(struct reader *r)
{
	while (r->s < r->end) {
		uint8_t b;

		if (r->depth && (looking_at(r, ",") || looking_at(r, "}")))
			return true;
		if (looking_at(r, "{,**/}")) {
			text_puts(r->to, "**/");
			r->s += 6;
		} else if (looking_at(r, "{,**}")) {
			text_puts(r->to, "{,**}");
			r->s += 5;
			if (r->s != r->end)
				return false;
		} else if (looking_at(r, "?")) {
			text_putc(r->to, '?');
			r->s++;
		} else if (looking_at(r, "*")) {
			if (!read_stars(r))
				return false;
		} else if (looking_at(r, "[")) {
			if (!read_class(r))
				return false;
		} else if (looking_at(r, "{")) {
			if (!read_braces(r))
				return false;
		} else {
			if (!read_byte(r, "\"]}^@,", &b))
				return false;
			put_pale_byte(r->to, b);
		}
	}
	return r->depth == 0;
}

struct glob *apparmor_pattern_read(struct arena *a, const char *text, size_t len)
{
	struct text pale = TEXT_INIT;
	struct reader r = { .s = text, .end = text + len, .to = &pale };
	struct glob_error ignored;
	struct glob *g = NULL;

	/* Not GLOB_PATH: what was cut short may expand to a '.' that is no component's end. */
	if (!read_pattern(&r) || !glob_parse(a, text_str(&pale), pale.len, GLOB_MADE, &g, &ignored))
		g = NULL;
	text_release(&pale);
	return g;
}
