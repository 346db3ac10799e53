/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of names of which the next one differs. */
#include "compiler/learn_internal.h"

#include <ctype.h>
#include <string.h>

const char *const learn_token_names[] = {
	[TOKEN_NONE] = "",
	[TOKEN_PID] = "a process's number",
	[TOKEN_TID] = "a thread's number",
	[TOKEN_UID] = "a user's number",
	[TOKEN_TERMINAL] = "a terminal's number",
	[TOKEN_VERSION] = "the library's version",
	[TOKEN_UUID] = "a UUID",
	[TOKEN_HASH] = "a hash",
	[TOKEN_TIME] = "a time",
	[TOKEN_NUMBER] = "a number",
	[TOKEN_RANDOM] = "a random suffix",
};

static struct learn_token token(
	enum learn_token_kind kind, uint32_t at, uint32_t len, const char *glob)
{
	return (struct learn_token){ .kind = kind, .at = at, .len = len, .glob = glob };
}

static bool begins(const char *path, uint32_t at, const char *with)
{
	return strlen(with) == at && !memcmp(path, with, at);
}

static uint32_t run_of(const char *s, uint32_t len, const char *of)
{
	uint32_t n = 0;

	while (n < len && s[n] && strchr(of, s[n]))
		n++;
	return n;
}

#define DIGITS "0123456789"
#define HEX    DIGITS "abcdef"

/* Where in the path the number says by itself what it is. */
static enum learn_token_kind kind_of_place(const char *path, uint32_t at)
{
	static const char task[] = "/task/";

	if (begins(path, at, "/proc/"))
		return TOKEN_PID;
	if (at > sizeof(task) - 1 && !memcmp(path, "/proc/", 6) &&
		!memcmp(path + at - (sizeof(task) - 1), task, sizeof(task) - 1))
		return TOKEN_TID;
	if (begins(path, at, "/run/user/"))
		return TOKEN_UID;
	if (begins(path, at, "/dev/pts/"))
		return TOKEN_TERMINAL;
	return TOKEN_NONE;
}

static bool uuid_at(const char *s, uint32_t len)
{
	static const uint8_t dashes[] = { 8, 13, 18, 23 };

	if (len < 36)
		return false;
	for (uint32_t i = 0, d = 0; i < 36; i++) {
		if (d < 4 && i == dashes[d]) {
			if (s[i] != '-')
				return false;
			d++;
		} else if (!isxdigit((unsigned char)s[i])) {
			return false;
		}
	}
	return true;
}

/* libx.so.1.2, libx-2.3.so: the version, with what parts it from the name. */
static struct learn_token version_of(const char *s, uint32_t len)
{
	struct learn_token t = { .kind = TOKEN_NONE };
	const char *so = memmem(s, len, ".so.", 4);
	uint32_t at;

	if (so) {
		at = (uint32_t)(so - s) + 4;
		if (len > at && run_of(s + at, len - at, DIGITS ".") == len - at)
			t = token(TOKEN_VERSION, at, len - at, "[0-9]*");
		return t;
	}
	if (len < 6 || memcmp(s + len - 3, ".so", 3) != 0)
		return t;
	for (at = len - 3; at > 0 && strchr(DIGITS ".", s[at - 1]); at--)
		;
	if (at > 1 && at < len - 3 && s[at - 1] == '-' && isdigit((unsigned char)s[at]))
		t = token(TOKEN_VERSION, at, len - 3 - at, "[0-9]*");
	return t;
}

/* A number goes on over what parts the numbers of dates, times and versions. */
static uint32_t number_len(const char *s, uint32_t len)
{
	uint32_t n = run_of(s, len, DIGITS);

	while (n && n + 1 < len && s[n] && strchr("-_:.T", s[n]) &&
		isdigit((unsigned char)s[n + 1]))
		n += 1 + run_of(s + n + 1, len - n - 1, DIGITS);
	return n;
}

static bool part_ends(const char *s, uint32_t len, uint32_t at)
{
	return at == len || !isalnum((unsigned char)s[at]);
}

static bool part_begins(const char *s, uint32_t at)
{
	return at == 0 || !isalnum((unsigned char)s[at - 1]);
}

/* 20261126, 20261126T154537, 2026-11-26, 1764171937. */
static bool is_time(const char *s, uint32_t n)
{
	if (n == 10 && *s == '1' && s[1] >= '5')
		return true;
	if ((n == 8 || n == 12 || n == 14) && !memcmp(s, "20", 2))
		return (s[4] == '0' || s[4] == '1') && s[6] <= '3';
	return n == 13 && *s == '1' && s[1] >= '5';
}

/* 2026-11-26: what begins so. */
static bool is_time_of_parts(const char *s)
{
	return !memcmp(s, "20", 2) && (s[4] == '-' || s[4] == '_' || s[4] == '.') &&
	       (s[5] == '0' || s[5] == '1');
}

/*
 * What mkstemp(3) and its like put behind a name: letters and digits, not a word. @ret_weak: there
 * are words, too, that are written so (PostgreSQL).
 */
static bool is_random(const char *s, uint32_t n, bool *ret_weak)
{
	bool lower = false, upper = false, digit = false, upper_later = false;

	if (n < 6 || n > 32)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		lower |= islower((unsigned char)s[i]) != 0;
		upper |= isupper((unsigned char)s[i]) != 0;
		upper_later |= i && isupper((unsigned char)s[i]);
		digit |= isdigit((unsigned char)s[i]) != 0;
	}
	*ret_weak = !digit;
	return (digit && (lower || upper)) || (lower && upper_later);
}

static uint32_t word_len(const char *s, uint32_t len)
{
	uint32_t n = 0;

	while (n < len && (islower((unsigned char)s[n]) || (n == 0 && isupper((unsigned char)*s))))
		n++;
	return n;
}

static const char *question_marks(struct arena *a, uint32_t n)
{
	char *s = arena_alloc(a, n + 1);

	memset(s, '?', n);
	return s;
}

/* More digits behind a word are part of something random. */
#define WORD_DIGITS_MAX 6

static struct learn_token token_at(const char *s, uint32_t len, uint32_t at)
{
	uint32_t digits = run_of(s + at, len - at, DIGITS), hex = run_of(s + at, len - at, HEX);
	uint32_t whole = number_len(s + at, len - at);

	if (uuid_at(s + at, len - at) && part_ends(s, len, at + 36))
		return token(TOKEN_UUID, at, 36,
			/* In parts, lest C reads trigraphs. */
			"????????"
			"-"
			"????"
			"-"
			"????"
			"-"
			"????"
			"-"
			"????????????");
	if (hex >= 32 && part_ends(s, len, at + hex))
		return token(TOKEN_HASH, at, hex, "[0-9a-f]*");
	if (digits && part_ends(s, len, at + whole) &&
		(is_time(s + at, digits) ||
			(digits == 4 && whole >= 10 && is_time_of_parts(s + at))))
		return token(TOKEN_TIME, at, whole, "[0-9]*");
	if (digits && part_ends(s, len, at + whole))
		return token(TOKEN_NUMBER, at, whole, "[0-9]*");
	return (struct learn_token){ .kind = TOKEN_NONE };
}

/* Letters that digits behind them number: page12, Worker3. */
static struct learn_token word_at(const char *s, uint32_t len, uint32_t at)
{
	uint32_t n = word_len(s + at, len - at);
	uint32_t digits = run_of(s + at + n, len - at - n, DIGITS);
	uint32_t whole = number_len(s + at + n, len - at - n);

	if (n && digits && digits <= WORD_DIGITS_MAX && part_ends(s, len, at + n + whole))
		return token(TOKEN_NUMBER, at + n, whole, "[0-9]*");
	return (struct learn_token){ .kind = TOKEN_NONE };
}

static struct learn_token random_at(struct arena *a, const char *s, uint32_t len, uint32_t at)
{
	struct learn_token t;
	uint32_t n = 0;
	bool weak;

	while (at + n < len && isalnum((unsigned char)s[at + n]))
		n++;
	if (!is_random(s + at, n, &weak))
		return (struct learn_token){ .kind = TOKEN_NONE };
	t = token(TOKEN_RANDOM, at, n, n <= 12 ? question_marks(a, n) : "*");
	t.weak = weak;
	return t;
}

struct learn_token learn_token_find(struct arena *a, const char *path, uint32_t len, uint32_t at,
	uint32_t component_len, unsigned int index, bool mapped, bool words)
{
	const char *s = path + at;
	struct learn_token t = { .kind = TOKEN_NONE };
	enum learn_token_kind place = kind_of_place(path, at);

	if (place != TOKEN_NONE && component_len &&
		run_of(s, component_len, DIGITS) == component_len)
		return token(place, 0, component_len, "[0-9]*");
	if (mapped && index > 2 && at + component_len == len)
		t = version_of(s, component_len);
	for (uint32_t i = 0; t.kind == TOKEN_NONE && i < component_len; i++) {
		if (part_begins(s, i))
			t = token_at(s, component_len, i);
		/* Names that others gave are not taken apart so far. */
		if (part_begins(s, i) && t.kind == TOKEN_NONE && words)
			t = word_at(s, component_len, i);
	}
	/* What may be a word is asked last. */
	for (uint32_t i = 0; t.kind == TOKEN_NONE && i < component_len; i++) {
		if (part_begins(s, i))
			t = random_at(a, s, component_len, i);
	}
	/* Numbers above it are as often versions: it takes more than two that differ there. */
	if (t.kind == TOKEN_NUMBER && at + component_len + 1 < len)
		t.kind = TOKEN_NONE;
	/* Names of the first two components are the system's, but where programs make them. */
	if (t.kind != TOKEN_NONE && index <= 2 &&
		!(index == 2 && (begins(path, at, "/tmp/") || begins(path, at, "/run/"))))
		t.kind = TOKEN_NONE;
	return t;
}
