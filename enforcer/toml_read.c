/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/toml_read.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/base/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

struct reader {
	const char *name;
	const char *s;
	size_t len, at;
	unsigned int depth;
	struct pale_err **err;
};

/*
 * How a table came to be decides who may add to it. Noted in the table itself while the text is
 * read, under a key that is no UTF-8 and so no key of the text.
 */
#define ORIGIN_KEY "\xff"

enum origin {
	ORIGIN_IMPLICIT, /* named on the way to another one's header */
	ORIGIN_HEADER,	 /* [a] or [[a]] */
	ORIGIN_DOTTED,	 /* a.b = 1 */
	ORIGIN_INLINE,	 /* { … }: nothing may be added */
};

static void jsonp(json_t **v)
{
	json_decref(*v);
}

static int fail(struct reader *r, size_t at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct reader *r, size_t at, const char *format, ...)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	unsigned int line = 1, column = 1;
	char message[256];
	va_list ap;

	for (size_t i = 0; i < at; i++) {
		column = r->s[i] == '\n' ? 1 : column + 1;
		line += r->s[i] == '\n';
	}
	va_start(ap, format);
	vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	return pale_err_plain(r->err, EINVAL, "%s:%u:%u: %s", r->name, line, column, message);
}

static char peek_at(const struct reader *r, size_t ahead)
{
	return r->at + ahead < r->len ? r->s[r->at + ahead] : '\0';
}

static char peek(const struct reader *r)
{
	return peek_at(r, 0);
}

static bool next_is(const struct reader *r, const char *what)
{
	size_t n = strlen(what);

	return r->len - r->at >= n && !memcmp(r->s + r->at, what, n);
}

static bool take(struct reader *r, const char *what)
{
	if (!next_is(r, what))
		return false;
	r->at += strlen(what);
	return true;
}

static void skip_blanks(struct reader *r)
{
	while (peek(r) == ' ' || peek(r) == '\t')
		r->at++;
}

static bool at_line_end(const struct reader *r)
{
	return r->at == r->len || peek(r) == '\n' || next_is(r, "\r\n");
}

static bool take_newline(struct reader *r)
{
	return take(r, "\n") || take(r, "\r\n");
}

static bool is_control(char c)
{
	return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

static int skip_comment(struct reader *r)
{
	if (peek(r) != '#')
		return 0;
	for (; !at_line_end(r); r->at++) {
		if (is_control(r->s[r->at]))
			return fail(r, r->at, "a control character");
	}
	return 0;
}

/* Blanks, comments and ends of lines, as between the items of an array. */
static int skip_space(struct reader *r)
{
	int rc;

	do {
		skip_blanks(r);
		rc = skip_comment(r);
		if (rc < 0)
			return rc;
	} while (take_newline(r));
	return 0;
}

static void add_code_point(struct text *to, uint32_t c)
{
	if (c < 0x80) {
		text_putc(to, (char)c);
		return;
	}
	if (c < 0x800) {
		text_putc(to, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			text_putc(to, (char)(0xe0 | c >> 12));
		} else {
			text_putc(to, (char)(0xf0 | c >> 18));
			text_putc(to, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		text_putc(to, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	text_putc(to, (char)(0x80 | (c & 0x3f)));
}

static int read_code_point(struct reader *r, unsigned int digits, struct text *to)
{
	uint32_t c = 0;

	for (unsigned int i = 0; i < digits; i++, r->at++) {
		char d = peek(r);

		if (!isxdigit((unsigned char)d))
			return fail(r, r->at, "%u hexadecimal digits were expected", digits);
		c = c << 4 | (uint32_t)(d <= '9' ? d - '0' : (d | 0x20) - 'a' + 10);
	}
	if (!c || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return fail(r, r->at, "U+%04" PRIX32 " is no character of a text", c);
	add_code_point(to, c);
	return 0;
}

/* Behind a backslash. */
static int read_escape(struct reader *r, struct text *to)
{
	static const char names[] = "btnfr\"\\", bytes[] = "\b\t\n\f\r\"\\";
	char c = peek(r);
	const char *p = c ? strchr(names, c) : NULL;

	r->at++;
	if (p) {
		text_putc(to, bytes[p - names]);
		return 0;
	}
	if (c == 'u' || c == 'U')
		return read_code_point(r, c == 'u' ? 4 : 8, to);
	return fail(r, r->at - 1, "an unknown escape");
}

/* A backslash at the end of a line takes away the blanks and lines behind it. */
static bool take_line_ending_backslash(struct reader *r)
{
	size_t start = r->at;

	skip_blanks(r);
	if (!take_newline(r)) {
		r->at = start;
		return false;
	}
	do {
		skip_blanks(r);
	} while (take_newline(r));
	return true;
}

/*
 * A string of any of the four kinds. Up to two quotes may stand before the three that end one of
 * several lines.
 */
static int read_string(struct reader *r, bool lines_allowed, struct text *to)
{
	size_t start = r->at;
	char quote = peek(r);
	bool basic = quote == '"', lines;
	const char *end = basic ? "\"\"\"" : "'''";

	lines = lines_allowed && take(r, end);
	if (lines)
		take_newline(r);
	else
		r->at++;
	for (;;) {
		if (r->at == r->len || (!lines && at_line_end(r)))
			return fail(r, start, "a string without its end");
		if (lines ? next_is(r, end) : peek(r) == quote) {
			if (!lines) {
				r->at++;
				return 0;
			}
			r->at += 3;
			for (int i = 0; i < 2 && peek(r) == quote; i++, r->at++)
				text_putc(to, quote);
			return 0;
		}
		if (lines && take_newline(r)) {
			text_putc(to, '\n');
		} else if (basic && take(r, "\\")) {
			int rc;

			if (lines && take_line_ending_backslash(r))
				continue;
			rc = read_escape(r, to);
			if (rc < 0)
				return rc;
		} else if (is_control(peek(r))) {
			return fail(r, r->at, "a control character in a string");
		} else {
			text_putc(to, r->s[r->at++]);
		}
	}
}

static bool is_bare(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static int read_key(struct reader *r, struct text *to)
{
	text_clear(to);
	if (peek(r) == '"' || peek(r) == '\'')
		return read_string(r, false, to);
	if (!is_bare(peek(r)))
		return fail(r, r->at, "a key was expected");
	while (is_bare(peek(r)))
		text_putc(to, r->s[r->at++]);
	return 0;
}

static enum origin origin_of(const json_t *table)
{
	return (enum origin)json_integer_value(json_object_get(table, ORIGIN_KEY));
}

static void set_origin(json_t *table, enum origin o)
{
	json_object_set_new_nocheck(table, ORIGIN_KEY, json_integer(o));
}

static json_t *new_table(enum origin o)
{
	json_t *t = json_object();

	if (!t)
		abort();
	set_origin(t, o);
	return t;
}

/* Whether it was made by [[a]] headers: one that was written as a value is closed. */
static bool is_array_of_tables(const json_t *v)
{
	const json_t *first = json_array_get(v, 0);

	return json_is_object(first) && origin_of(first) != ORIGIN_INLINE;
}

static int defined_twice(struct reader *r, size_t at, const struct text *key)
{
	return fail(r, at, "'%s' is defined twice", text_str(key));
}

/* The table @key of @in, through which a header (@how ORIGIN_IMPLICIT) or a dotted key goes. */
static int step(struct reader *r, json_t *in, const struct text *key, enum origin how, size_t at,
	json_t **ret)
{
	json_t *v = json_object_get(in, text_str(key));

	if (!v) {
		v = new_table(how);
		json_object_set_new_nocheck(in, text_str(key), v);
	} else if (how == ORIGIN_IMPLICIT && is_array_of_tables(v)) {
		v = json_array_get(v, json_array_size(v) - 1);
	} else if (!json_is_object(v) || origin_of(v) == ORIGIN_INLINE) {
		return fail(r, at, "'%s' takes no further keys", text_str(key));
	} else if (how == ORIGIN_DOTTED) {
		if (origin_of(v) == ORIGIN_HEADER)
			return defined_twice(r, at, key);
		set_origin(v, ORIGIN_DOTTED);
	}
	*ret = v;
	return 0;
}

/* Keys joined by dots: what all but the last one lead to, and the last one. */
static int read_path(
	struct reader *r, json_t **table, enum origin how, struct text *last, size_t *last_at)
{
	for (unsigned int depth = 1;; depth++) {
		int rc;

		skip_blanks(r);
		*last_at = r->at;
		if (depth > TOML_DEPTH_MAX)
			return fail(r, r->at, "a key of more than %d parts", TOML_DEPTH_MAX);
		rc = read_key(r, last);
		if (rc < 0)
			return rc;
		skip_blanks(r);
		if (!take(r, "."))
			return 0;
		rc = step(r, *table, last, how, *last_at, table);
		if (rc < 0)
			return rc;
	}
}

static int read_value(struct reader *r, json_t **ret);

static int read_pair(struct reader *r, json_t *table)
{
	_cleanup_(text_release) struct text key = TEXT_INIT;
	json_t *v;
	size_t at;
	int rc;

	rc = read_path(r, &table, ORIGIN_DOTTED, &key, &at);
	if (rc < 0)
		return rc;
	if (json_object_get(table, text_str(&key)))
		return defined_twice(r, at, &key);
	if (!take(r, "="))
		return fail(r, r->at, "'=' was expected");
	skip_blanks(r);
	rc = read_value(r, &v);
	if (rc < 0)
		return rc;
	json_object_set_new_nocheck(table, text_str(&key), v);
	return 0;
}

static int read_inline_table(struct reader *r, json_t **ret)
{
	_cleanup_(jsonp) json_t *table = new_table(ORIGIN_HEADER);
	int rc;

	r->at++;
	skip_blanks(r);
	if (!take(r, "}")) {
		do {
			rc = read_pair(r, table);
			if (rc < 0)
				return rc;
			skip_blanks(r);
		} while (take(r, ","));
		if (!take(r, "}"))
			return fail(r, r->at, "',' or '}' was expected");
	}
	set_origin(table, ORIGIN_INLINE);
	*ret = TAKE_PTR(table);
	return 0;
}

static int read_array(struct reader *r, json_t **ret)
{
	_cleanup_(jsonp) json_t *array = json_array();
	json_t *item;
	int rc;

	r->at++;
	for (;;) {
		rc = skip_space(r);
		if (rc < 0)
			return rc;
		if (take(r, "]"))
			break;
		rc = read_value(r, &item);
		if (rc < 0)
			return rc;
		json_array_append_new(array, item);
		rc = skip_space(r);
		if (rc < 0)
			return rc;
		if (!take(r, ",") && peek(r) != ']')
			return fail(r, r->at, "',' or ']' was expected");
	}
	*ret = TAKE_PTR(array);
	return 0;
}

/* Digits of @base with single underscores between them; how many bytes, 0: none or wrong. */
static size_t digits(const char *s, unsigned int base)
{
	size_t n = 0;

	for (;; n++) {
		char c = s[n];
		bool is_digit =
			base == 16 ? isxdigit((unsigned char)c) : c >= '0' && c < '0' + (int)base;

		if (is_digit)
			continue;
		if (c == '_' && n && s[n - 1] != '_')
			continue;
		break;
	}
	return n && s[n - 1] == '_' ? 0 : n;
}

/* "12", not "012". */
static size_t decimal(const char *s)
{
	size_t n = digits(s, 10);

	return n > 1 && *s == '0' ? 0 : n;
}

static bool is_float(const char *s)
{
	bool has_part = false;
	size_t n;

	s += *s == '+' || *s == '-';
	n = decimal(s);
	if (!n)
		return false;
	s += n;
	if (*s == '.') {
		n = digits(++s, 10);
		if (!n)
			return false;
		s += n;
		has_part = true;
	}
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '+' || *s == '-';
		n = digits(s, 10);
		if (!n)
			return false;
		s += n;
		has_part = true;
	}
	return has_part && !*s;
}

/* The base of a whole number, and how much stands before its digits; 0: it is none. */
static unsigned int integer_base(const char *s, size_t *prefix)
{
	static const struct {
		const char *prefix;
		unsigned int base;
	} bases[] = { { "0x", 16 }, { "0o", 8 }, { "0b", 2 } };
	size_t n;

	for (size_t i = 0; i < sizeof(bases) / sizeof(*bases); i++) {
		if (strncmp(s, bases[i].prefix, 2) != 0)
			continue;
		n = digits(s + 2, bases[i].base);
		*prefix = 2;
		return n && !s[2 + n] ? bases[i].base : 0;
	}
	*prefix = *s == '+' || *s == '-';
	n = decimal(s + *prefix);
	return n && !s[*prefix + n] ? 10 : 0;
}

/* "9999-99-99": each 9 stands for a digit, the rest for itself. How far @s is like that. */
static size_t shaped(const char *s, const char *shape)
{
	for (size_t i = 0;; i++) {
		if (!shape[i])
			return i;
		if (shape[i] == '9' ? !isdigit((unsigned char)s[i]) : s[i] != shape[i])
			return 0;
	}
}

static int two_digits(const char *s)
{
	return (s[0] - '0') * 10 + s[1] - '0';
}

static size_t date(const char *s)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year, month, day, last;

	if (!shaped(s, "9999-99-99"))
		return 0;
	year = two_digits(s) * 100 + two_digits(s + 2);
	month = two_digits(s + 5);
	day = two_digits(s + 8);
	if (!year || !month || month > 12)
		return 0;
	last = days[month - 1];
	if (month == 2 && year % 4 == 0 && (year % 100 || year % 400 == 0))
		last++;
	return day && day <= last ? 10 : 0;
}

static size_t time_of_day(const char *s)
{
	size_t n = shaped(s, "99:99:99");

	if (!n || two_digits(s) > 23 || two_digits(s + 3) > 59 || two_digits(s + 6) > 59)
		return 0;
	if (s[n] == '.') {
		size_t fraction = strspn(s + n + 1, "0123456789");

		n = fraction ? n + 1 + fraction : 0;
	}
	return n;
}

static size_t zone(const char *s)
{
	if (*s == 'Z' || *s == 'z')
		return 1;
	if (*s != '+' && *s != '-')
		return 0;
	return shaped(s + 1, "99:99") && two_digits(s + 1) < 24 && two_digits(s + 4) < 60 ? 6 : 0;
}

static bool is_date_or_time(const char *s)
{
	size_t n = date(s), t;

	if (!n) {
		n = time_of_day(s);
		return n && !s[n];
	}
	if (!s[n])
		return true;
	if (!strchr("Tt ", s[n]))
		return false;
	t = time_of_day(s + n + 1);
	if (!t)
		return false;
	n += 1 + t;
	return !s[n] || !s[n + zone(s + n)];
}

static json_t *integer(const char *s, unsigned int base, size_t prefix)
{
	uint64_t v = 0, limit = (uint64_t)INT64_MAX + (*s == '-');

	for (const char *p = s + prefix; *p; p++) {
		uint64_t digit;

		if (*p == '_')
			continue;
		digit = (uint64_t)(*p <= '9' ? *p - '0' : (*p | 0x20) - 'a' + 10);
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
			__builtin_add_overflow(v, digit, &v) || v > limit)
			return NULL;
	}
	return json_integer((json_int_t)(*s == '-' ? -v : v));
}

static json_t *real(const char *s)
{
	_cleanup_(text_release) struct text plain = TEXT_INIT;
	json_t *v;

	for (; *s; s++) {
		if (*s != '_')
			text_putc(&plain, *s);
	}
	v = json_real(strtod(text_str(&plain), NULL));
	/* Beyond what a double holds: as it stands, like "inf". */
	return v ? v : json_string(text_str(&plain));
}

/* A word that is no string: a number, a truth value, a date or a time. */
static int read_word(struct reader *r, json_t **ret)
{
	_cleanup_(text_release) struct text word = TEXT_INIT;
	size_t start = r->at, n = 0, prefix;
	unsigned int base;
	const char *w;

	while (is_bare(peek_at(r, n)) || (peek_at(r, n) && strchr("+.:", peek_at(r, n))))
		n++;
	text_add(&word, r->s + start, n);
	/* A blank may part a date from its time. */
	if (n == 10 && date(text_str(&word)) && peek_at(r, n) == ' ' &&
		isdigit((unsigned char)peek_at(r, n + 1))) {
		do
			text_putc(&word, peek_at(r, n++));
		while (isdigit((unsigned char)peek_at(r, n)) ||
			(peek_at(r, n) && strchr(":.+-Zz", peek_at(r, n))));
	}
	w = text_str(&word);
	r->at += n;
	*ret = NULL;
	if (!strcmp(w, "true") || !strcmp(w, "false")) {
		*ret = json_boolean(*w == 't');
	} else if ((base = integer_base(w, &prefix))) {
		*ret = integer(w, base, prefix);
		if (!*ret)
			return fail(r, start, "%s does not fit 64 bits", w);
	} else if (is_float(w)) {
		*ret = real(w);
	} else if (is_date_or_time(w) || !strcmp(w + (*w == '+' || *w == '-'), "inf") ||
		   !strcmp(w + (*w == '+' || *w == '-'), "nan")) {
		*ret = json_string(w);
	}
	return *ret ? 0 : fail(r, start, "a value was expected");
}

static int read_value(struct reader *r, json_t **ret)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	char c = peek(r);
	int rc;

	if (c == '"' || c == '\'') {
		rc = read_string(r, true, &t);
		if (rc >= 0)
			*ret = json_stringn(text_str(&t), t.len);
		return rc;
	}
	if (c != '[' && c != '{')
		return read_word(r, ret);
	if (++r->depth > TOML_DEPTH_MAX)
		return fail(r, r->at, "values are nested deeper than %d", TOML_DEPTH_MAX);
	rc = c == '[' ? read_array(r, ret) : read_inline_table(r, ret);
	r->depth--;
	return rc;
}

/* [a.b] or [[a.b]]: what the pairs below it go to. */
static int read_header(struct reader *r, json_t *root, json_t **ret)
{
	_cleanup_(text_release) struct text key = TEXT_INIT;
	bool array = take(r, "[[");
	json_t *table = root, *v;
	size_t at;
	int rc;

	if (!array)
		r->at++;
	rc = read_path(r, &table, ORIGIN_IMPLICIT, &key, &at);
	if (rc < 0)
		return rc;
	if (!take(r, array ? "]]" : "]"))
		return fail(r, r->at, "'%s' was expected", array ? "]]" : "]");
	v = json_object_get(table, text_str(&key));
	if (array) {
		if (v && !is_array_of_tables(v))
			return defined_twice(r, at, &key);
		if (!v) {
			v = json_array();
			json_object_set_new_nocheck(table, text_str(&key), v);
		}
		*ret = new_table(ORIGIN_HEADER);
		json_array_append_new(v, *ret);
		return 0;
	}
	if (v && (!json_is_object(v) || origin_of(v) != ORIGIN_IMPLICIT))
		return defined_twice(r, at, &key);
	if (v) {
		set_origin(v, ORIGIN_HEADER);
	} else {
		v = new_table(ORIGIN_HEADER);
		json_object_set_new_nocheck(table, text_str(&key), v);
	}
	*ret = v;
	return 0;
}

static void forget_origins(json_t *v)
{
	const char *key;
	json_t *member;
	size_t i;

	json_object_del(v, ORIGIN_KEY);
	json_object_foreach (v, key, member)
		forget_origins(member);
	json_array_foreach (v, i, member)
		forget_origins(member);
}

static int check_utf8(struct reader *r)
{
	size_t n;

	for (size_t at = 0; at < r->len; at += n) {
		n = utf8_sequence((const unsigned char *)r->s + at, r->len - at);
		if (!n)
			return fail(r, at, "bytes that are no UTF-8");
		if (!r->s[at])
			return fail(r, at, "a control character");
	}
	return 0;
}

int toml_read(const char *name, const char *s, size_t len, json_t **ret, struct pale_err **err)
{
	struct reader r = { .name = name, .s = s, .len = len, .err = err };
	_cleanup_(jsonp) json_t *root = new_table(ORIGIN_HEADER);
	json_t *table = root;
	int rc;

	rc = check_utf8(&r);
	for (;;) {
		if (rc >= 0)
			rc = skip_space(&r);
		if (rc < 0)
			return rc;
		if (r.at == r.len)
			break;
		rc = peek(&r) == '[' ? read_header(&r, root, &table) : read_pair(&r, table);
		if (rc < 0)
			return rc;
		skip_blanks(&r);
		rc = skip_comment(&r);
		if (rc >= 0 && !at_line_end(&r))
			rc = fail(&r, r.at, "the end of the line was expected");
	}
	forget_origins(root);
	*ret = TAKE_PTR(root);
	return 0;
}

char *toml_quote(const char *s)
{
	struct text t = TEXT_INIT;

	text_putc(&t, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			text_printf(&t, "\\%c", *s);
		else if (is_control(*s))
			text_printf(&t, "\\u%04X", (unsigned int)(unsigned char)*s);
		else
			text_putc(&t, *s);
	}
	text_putc(&t, '"');
	return text_take(&t);
}
