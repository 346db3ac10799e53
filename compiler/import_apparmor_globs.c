/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/import_apparmor_globs.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/base/utf8.h"
#include "compiler/glob.h"

#include <ctype.h>
#include <string.h>

enum form { BYTE, SET, STAR, ANY, CHOICE };

struct node;
struct nodes {
	struct node *v;
	uint32_t n, cap;
};

struct node {
	enum form form;
	uint8_t byte;
	bool filled;	 /* a star that is not empty */
	uint64_t set[4]; /* may hold '/' */
	struct nodes *alternatives;
	uint32_t n, cap;
};

/* ---- reading */

struct reader {
	struct arena *arena;
	const char *text, *s, *end;
	unsigned int depth;
	struct aa_pattern_error *error;
};

static bool fail(struct reader *r, const char *message)
{
	r->error->message = message;
	return false;
}

static void add(uint64_t *set, unsigned int b)
{
	set[b / 64] |= UINT64_C(1) << b % 64;
}

static bool has(const uint64_t *set, unsigned int b)
{
	return set[b / 64] >> b % 64 & 1;
}

/* "\052": up to three digits of @base, a byte. */
static bool read_number(
	struct reader *r, const char *digits, unsigned int base, unsigned int most, uint8_t *ret)
{
	unsigned int v = 0, n = 0;

	for (; n < most && r->s < r->end; n++, r->s++) {
		const char *d = strchr(digits, tolower((unsigned char)*r->s));

		if (!*r->s || !d)
			break;
		v = v * base + (unsigned int)(d - digits);
	}
	if (n == 0 || v == 0 || v > 255)
		return fail(r, "a number behind '\\' that is no byte");
	*ret = (uint8_t)v;
	return true;
}

static bool read_escape(struct reader *r, uint8_t *ret)
{
	static const char letters[] = "abfnrte", bytes[] = "\a\b\f\n\r\t\033";
	const char *letter;
	char c;

	r->s++;
	if (r->s == r->end)
		return fail(r, "'\\' at the end");
	c = *r->s;
	if (c >= '0' && c <= '7')
		return read_number(r, "01234567", 8, 3, ret);
	r->s++;
	if (c == 'x')
		return read_number(r, "0123456789abcdef", 16, 2, ret);
	if (c == 'd')
		return read_number(r, "0123456789", 10, 3, ret);
	letter = c ? strchr(letters, c) : NULL;
	*ret = (uint8_t)(letter ? bytes[letter - letters] : c);
	return true;
}

static bool read_class_byte(struct reader *r, uint8_t *ret)
{
	if (*r->s == '\\')
		return read_escape(r, ret);
	/* The parser reads these as forms even here, which means nothing that one could want. */
	if (strchr("*?^", *r->s))
		return fail(r, "a form in a class, which wants a '\\' before it");
	*ret = (uint8_t)*r->s++;
	return true;
}

static bool read_class(struct reader *r, struct nodes *to)
{
	struct node node = { .form = SET };
	bool negated;

	r->s++;
	negated = r->s < r->end && *r->s == '^';
	r->s += negated;
	while (r->s < r->end && *r->s != ']') {
		uint8_t low, high;

		if (!read_class_byte(r, &low))
			return false;
		high = low;
		if (r->s + 1 < r->end && r->s[0] == '-') {
			r->s++;
			if (*r->s == ']')
				return fail(
					r, "a class that ends in '-', which the parser refuses");
			if (!read_class_byte(r, &high))
				return false;
		}
		if (high < low)
			return fail(r, "a range that runs backwards");
		for (unsigned int b = low; b <= high; b++)
			add(node.set, b);
	}
	if (r->s == r->end)
		return fail(r, "unclosed '['");
	r->s++;
	if (!(node.set[0] | node.set[1] | node.set[2] | node.set[3]))
		return fail(r, "an empty class");
	for (int i = 0; negated && i < 4; i++)
		node.set[i] = ~node.set[i];
	node.set[0] &= ~UINT64_C(1);
	ARENA_PUSH(r->arena, to->v, to->n, to->cap, node);
	return true;
}

static void read_star(struct reader *r, struct nodes *to)
{
	const char *s = r->s;
	struct node node = { .form = STAR };

	/* As written: neither variables nor braces are looked through. */
	if (s > r->text && s[-1] == '/') {
		while (s < r->end && *s == '*')
			s++;
		node.filled = s == r->end || *s == '/';
	}
	r->s++;
	if (r->s < r->end && *r->s == '*') {
		node.form = ANY;
		r->s++;
	}
	ARENA_PUSH(r->arena, to->v, to->n, to->cap, node);
}

static bool read_nodes(struct reader *r, struct nodes *to);

static bool read_choice(struct reader *r, struct nodes *to)
{
	struct node node = { .form = CHOICE };

	if (r->depth == 50)
		return fail(r, "'{' nested more than 50 deep");
	r->depth++;
	do {
		struct nodes one = { 0 };

		r->s++;
		if (!read_nodes(r, &one))
			return false;
		ARENA_PUSH(r->arena, node.alternatives, node.n, node.cap, one);
	} while (r->s < r->end && *r->s == ',');
	if (r->s == r->end)
		return fail(r, "unclosed '{'");
	r->s++;
	r->depth--;
	if (node.n == 1)
		return fail(r, "'{ }' without a choice");
	ARENA_PUSH(r->arena, to->v, to->n, to->cap, node);
	return true;
}

static bool read_nodes(struct reader *r, struct nodes *to)
{
	while (r->s < r->end) {
		struct node node = { .form = BYTE };

		switch (*r->s) {
		case '*':
			read_star(r, to);
			continue;
		case '[':
			if (!read_class(r, to))
				return false;
			continue;
		case '{':
			if (!read_choice(r, to))
				return false;
			continue;
		case ']':
			return fail(r, "']' without '['");
		case ',':
		case '}':
			if (r->depth)
				return true;
			if (*r->s == '}')
				return fail(r, "'}' without '{'");
			node.byte = (uint8_t)*r->s++;
			break;
		case '?':
			node.form = SET;
			memset(node.set, 0xff, sizeof(node.set));
			node.set[0] &= ~(UINT64_C(1) | UINT64_C(1) << '/');
			r->s++;
			break;
		case '\\':
			if (!read_escape(r, &node.byte))
				return false;
			break;
		default:
			node.byte = (uint8_t)*r->s++;
		}
		ARENA_PUSH(r->arena, to->v, to->n, to->cap, node);
	}
	return true;
}

/* ---- multiplying out */

/* No alternative is empty, begins with '.', or has stars or '/': they can stay in braces. */
static bool stays(const struct node *choice)
{
	for (uint32_t i = 0; i < choice->n; i++) {
		const struct nodes *one = &choice->alternatives[i];

		if (!one->n || (one->v[0].form == BYTE && one->v[0].byte == '.'))
			return false;
		for (uint32_t k = 0; k < one->n; k++) {
			const struct node *node = &one->v[k];

			if (node->form == STAR || node->form == ANY ||
				(node->form == BYTE && node->byte == '/') ||
				(node->form == SET && has(node->set, '/')) ||
				(node->form == CHOICE && !stays(node)))
				return false;
		}
	}
	return true;
}

struct sequences {
	struct nodes *v;
	uint32_t n, cap;
	bool too_many;
};

static void append(struct arena *a, struct nodes *to, const struct node *node)
{
	ARENA_PUSH(a, to->v, to->n, to->cap, *node);
}

static struct nodes joined(struct arena *a, const struct nodes *x, const struct nodes *y)
{
	struct nodes both = { .v = arena_array(a, x->n + y->n + 1, sizeof(*both.v)),
		.n = x->n + y->n,
		.cap = x->n + y->n + 1 };

	if (x->n)
		memcpy(both.v, x->v, x->n * sizeof(*both.v));
	if (y->n)
		memcpy(both.v + x->n, y->v, y->n * sizeof(*both.v));
	return both;
}

static struct sequences multiplied(struct arena *a, const struct nodes *nodes);

/* Each of @s continued by each of @by. */
static struct sequences product(
	struct arena *a, const struct sequences *s, const struct sequences *by)
{
	struct sequences all = { .too_many = s->too_many || by->too_many };

	for (uint32_t i = 0; i < s->n && !all.too_many; i++) {
		for (uint32_t k = 0; k < by->n && !all.too_many; k++) {
			ARENA_PUSH(a, all.v, all.n, all.cap, joined(a, &s->v[i], &by->v[k]));
			all.too_many = all.n > AA_GLOBS_MAX;
		}
	}
	return all;
}

static struct sequences choices(struct arena *a, const struct node *node)
{
	struct sequences all = { 0 };

	if (node->form == SET) {
		struct node rest = *node, slash = { .form = BYTE, .byte = '/' };
		struct nodes one = { 0 }, other = { 0 };

		rest.set['/' / 64] &= ~(UINT64_C(1) << '/' % 64);
		if (rest.set[0] | rest.set[1] | rest.set[2] | rest.set[3]) {
			append(a, &one, &rest);
			ARENA_PUSH(a, all.v, all.n, all.cap, one);
		}
		append(a, &other, &slash);
		ARENA_PUSH(a, all.v, all.n, all.cap, other);
		return all;
	}
	for (uint32_t i = 0; i < node->n && !all.too_many; i++) {
		struct sequences one = multiplied(a, &node->alternatives[i]);

		all.too_many = one.too_many || all.n + one.n > AA_GLOBS_MAX;
		for (uint32_t k = 0; k < one.n && !all.too_many; k++)
			ARENA_PUSH(a, all.v, all.n, all.cap, one.v[k]);
	}
	return all;
}

static struct sequences multiplied(struct arena *a, const struct nodes *nodes)
{
	struct sequences s = { 0 };

	ARENA_PUSH(a, s.v, s.n, s.cap, (struct nodes){ 0 });
	for (uint32_t i = 0; i < nodes->n && !s.too_many; i++) {
		const struct node *node = &nodes->v[i];

		if ((node->form == CHOICE && !stays(node)) ||
			(node->form == SET && has(node->set, '/'))) {
			struct sequences by = choices(a, node);

			s = product(a, &s, &by);
			continue;
		}
		for (uint32_t k = 0; k < s.n; k++)
			append(a, &s.v[k], node);
	}
	return s;
}

/* ---- the caller's own folder in /proc */

static bool is_byte(const struct nodes *s, uint32_t i, uint8_t b)
{
	return i < s->n && s->v[i].form == BYTE && s->v[i].byte == b;
}

/* The nodes from @i to @end against the rest of a word without '/'. */
static bool matches(const struct nodes *s, uint32_t i, uint32_t end, const char *word, int fuel)
{
	const struct node *node = &s->v[i];

	if (fuel == 0)
		return false;
	if (i == end)
		return !*word;
	switch (node->form) {
	case BYTE:
		return *word && (uint8_t)*word == node->byte &&
		       matches(s, i + 1, end, word + 1, fuel);
	case SET:
		return *word && has(node->set, (uint8_t)*word) &&
		       matches(s, i + 1, end, word + 1, fuel);
	case STAR:
	case ANY:
		for (const char *w = word;; w++) {
			if (matches(s, i + 1, end, w, fuel - 1))
				return true;
			if (!*w)
				return false;
		}
	case CHOICE:
		for (uint32_t k = 0; k < node->n; k++) {
			for (size_t n = 0; n <= strlen(word); n++) {
				char part[16];

				snprintf(part, sizeof(part), "%.*s", (int)n, word);
				if (matches(&node->alternatives[k], 0, node->alternatives[k].n,
					    part, fuel - 1) &&
					matches(s, i + 1, end, word + n, fuel - 1))
					return true;
			}
		}
	}
	return false;
}

enum proc_meaning { PROC_BOTH, PROC_NUMBERS, PROC_SELF, PROC_ONE };

#define PROC   "/proc/"
#define PROC_N 6
#define FUEL   8

/* What the component behind /proc/ means, if one is below it; @ret_end: where it ends. */
static enum proc_meaning proc_meaning(const struct nodes *s, uint32_t *ret_end)
{
	static const char *const numbers[] = { "1", "7", "42", "123", "4711", "12345", "123456",
		"4194303" };
	bool number = false, literal = true;
	uint32_t end = PROC_N;

	for (uint32_t i = 0; i < PROC_N; i++) {
		if (!is_byte(s, i, (uint8_t)PROC[i]))
			return PROC_BOTH;
	}
	for (; end < s->n && !is_byte(s, end, '/'); end++)
		literal &= s->v[end].form == BYTE;
	*ret_end = end;
	if (end == s->n && !(end > PROC_N && s->v[end - 1].form == ANY))
		return PROC_BOTH;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		number |= matches(s, PROC_N, end, numbers[i], FUEL);
	if (matches(s, PROC_N, end, "self", FUEL))
		return number ? PROC_BOTH : PROC_SELF;
	if (literal && end > PROC_N && isdigit(s->v[PROC_N].byte))
		return PROC_ONE;
	return number ? PROC_NUMBERS : PROC_BOTH;
}

/* ---- writing */

static void put_byte(struct text *to, uint8_t b, bool in_braces)
{
	if (b < 0x20 || b >= 0x7f)
		text_printf(to, "\\x%02x", b);
	else if (strchr("*?[]{}$\\\"", b) || (in_braces && b == ','))
		text_printf(to, "\\%c", b);
	else
		text_putc(to, (char)b);
}

static void put_class_byte(struct text *to, uint8_t b)
{
	if (b <= 0x20 || b >= 0x7f || strchr("#;", b))
		text_printf(to, "\\x%02x", b);
	else if (strchr("*?[]{},$\\\"!-^", b))
		text_printf(to, "\\%c", b);
	else
		text_putc(to, (char)b);
}

static void put_set(struct text *to, const uint64_t *set)
{
	unsigned int n = 0;
	bool negated;

	for (unsigned int b = 1; b < 256; b++)
		n += has(set, b);
	if (n == 254 && !has(set, '/')) {
		text_putc(to, '?');
		return;
	}
	negated = n > 128;
	text_puts(to, negated ? "[!" : "[");
	for (unsigned int b = 1; b < 256; b++) {
		unsigned int last = b;

		if (b == '/' || has(set, b) == negated)
			continue;
		while (last < 255 && last + 1 != '/' && has(set, last + 1) != negated)
			last++;
		if (last - b < 3) {
			put_class_byte(to, (uint8_t)b);
			continue;
		}
		put_class_byte(to, (uint8_t)b);
		text_putc(to, '-');
		put_class_byte(to, (uint8_t)last);
		b = last;
	}
	text_putc(to, ']');
}

static void put_plain(struct text *to, const struct nodes *s, bool in_braces)
{
	for (uint32_t i = 0; i < s->n; i++) {
		const struct node *node = &s->v[i];

		if (node->form == BYTE) {
			put_byte(to, node->byte, in_braces);
		} else if (node->form == SET) {
			put_set(to, node->set);
		} else {
			for (uint32_t k = 0; k < node->n; k++) {
				text_putc(to, k ? ',' : '{');
				put_plain(to, &node->alternatives[k], true);
			}
			text_putc(to, '}');
		}
	}
}

/* Bytes that are no UTF-8 stand as \xHH; the rest as it is. Quoted where a word would end. */
static const char *as_word(struct arena *a, const struct text *t)
{
	_cleanup_(text_release) struct text word = TEXT_INIT;
	bool quoted = false;
	unsigned int depth = 0;

	for (size_t i = 0; i < t->len; i++) {
		char c = t->s[i];

		if (c == '\\') {
			i++;
			continue;
		}
		depth += c == '{' || c == '[';
		depth -= c == '}' || c == ']';
		quoted |= strchr(" #;", c) || (c == ',' && depth == 0);
	}
	text_printf(&word, "%s%s%s", quoted ? "\"" : "", t->s, quoted ? "\"" : "");
	return arena_memdup(a, word.s, word.len);
}

struct writer {
	struct arena *arena;
	struct policy_words *to;
	size_t first; /* of this pattern's in @to */
	const char *inexact;
	struct aa_pattern_error *error;
};

/* false: longer than a glob may be. What can be no path is left away. */
static bool put_glob(struct writer *w, const struct text *t)
{
	struct glob_error e;
	struct glob *g;
	const char *word;

	if (t->len > GLOB_BYTES_MAX) {
		w->error->message = "a pattern of more than 4096 bytes";
		return false;
	}
	if (!t->len || !glob_parse(w->arena, t->s, t->len, GLOB_PATH, &g, &e))
		return true;
	word = as_word(w->arena, t);
	for (size_t i = w->first; i < w->to->n; i++) {
		if (!strcmp(w->to->v[i], word))
			return true;
	}
	ARENA_PUSH(w->arena, w->to->v, w->to->n, w->to->cap, word);
	return true;
}

/* The run of stars at @i, returning where it ends. */
static uint32_t put_stars(struct text *to, const struct nodes *s, uint32_t i, bool *ret_also_empty)
{
	bool after_slash = i > 0 && is_byte(s, i - 1, '/'), any = false, filled = false;
	bool end, slash;

	for (; i < s->n && (s->v[i].form == STAR || s->v[i].form == ANY); i++) {
		any |= s->v[i].form == ANY;
		filled |= s->v[i].filled;
	}
	end = i == s->n;
	slash = is_byte(s, i, '/');
	/* Between two '/', nothing would make '//', which is no path. */
	if (after_slash && slash)
		text_puts(to, any ? "?**" : "*");
	else
		text_puts(to, any ? "**" : "*");
	*ret_also_empty = after_slash && end && !filled;
	return i;
}

static bool put_sequence(struct writer *w, const struct nodes *s)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	bool also_empty = false;

	for (uint32_t i = 0; i < s->n;) {
		size_t before = t.len;

		if (s->v[i].form == STAR || s->v[i].form == ANY) {
			i = put_stars(&t, s, i, &also_empty);
			if (also_empty) {
				struct text shorter = { t.s, before, t.cap };
				char kept = t.s[before];
				bool ok;

				t.s[before] = 0;
				ok = put_glob(w, &shorter);
				t.s[before] = kept;
				if (!ok)
					return false;
			}
			continue;
		}
		put_plain(&t, &(struct nodes){ &s->v[i], 1, 1 }, false);
		i++;
	}
	return put_glob(w, &t);
}

static bool put_meaning(struct writer *w, const struct nodes *s)
{
	uint32_t end = 0;

	switch (proc_meaning(s, &end)) {
	case PROC_BOTH:
		return put_sequence(w, s);
	case PROC_SELF:
		w->inexact =
			"AppArmor knows processes by their numbers: this matches nothing there";
		return true;
	case PROC_ONE:
		w->inexact = "the process with that number, unless it is the caller itself";
		return put_sequence(w, s);
	case PROC_NUMBERS: {
		struct nodes self = { 0 };

		for (const char *c = PROC "self"; *c; c++)
			append(w->arena, &self,
				&(struct node){ .form = BYTE, .byte = (uint8_t)*c });
		for (uint32_t i = end; i < s->n; i++)
			append(w->arena, &self, &s->v[i]);
		return put_sequence(w, s) && put_sequence(w, &self);
	}
	}
	return false;
}

/* Several '/' are one, but for two at the beginning (filter_slashes() of the parser). */
static void squeeze(struct text *to, const char *s, size_t len)
{
	size_t i = 0;

	if (len >= 2 && !memcmp(s, "//", 2) && (len == 2 || s[2] != '/')) {
		text_puts(to, "//");
		i = 2;
	}
	for (; i < len; i++) {
		if (s[i] == '/' && to->len && to->s[to->len - 1] == '/')
			continue;
		text_putc(to, s[i]);
	}
}

bool aa_pattern_globs(struct arena *a, const char *text, size_t len, struct policy_words *to,
	const char **ret_inexact, struct aa_pattern_error *error)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	struct reader r = { .arena = a, .error = error };
	struct writer w = { .arena = a, .to = to, .first = to->n, .error = error };
	struct nodes nodes = { 0 };
	struct sequences s;

	squeeze(&t, text, len);
	r.text = r.s = text_str(&t);
	r.end = r.s + t.len;
	if (!read_nodes(&r, &nodes))
		return false;
	s = multiplied(a, &nodes);
	if (s.too_many) {
		error->message = "a pattern that stands for more than 2000 globs";
		return false;
	}
	for (uint32_t i = 0; i < s.n; i++) {
		if (!put_meaning(&w, &s.v[i]))
			return false;
	}
	*ret_inexact = w.inexact;
	return true;
}
