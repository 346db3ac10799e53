/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/runtime/oci_document.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/write_all.h"
#include "compiler/base/json_read.h"
#include "compiler/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#define READ_SIZE 65536

/* A string that stands for a number: see the header. */
#define LARGE_BEGINS "\"\\u0000"

static bool is_number_byte(char c)
{
	return c != '\0' && strchr("+-.0123456789eE", c);
}

/* The end of the string that begins at @at, behind its quote. */
static size_t string_end(const char *s, size_t len, size_t at)
{
	for (at++; at < len && s[at] != '"'; at++) {
		if (s[at] == '\\' && at + 1 < len)
			at++;
	}
	return at < len ? at + 1 : len;
}

/* Whether the digits are a whole number that only uint64_t holds. -ERANGE: none does. */
static int is_large(const char *s, size_t len)
{
	uint64_t v = 0;

	if (len < 19 || s[0] == '0')
		return 0;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return 0;
		if (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
			__builtin_add_overflow(v, (uint64_t)(s[i] - '0'), &v))
			return -ERANGE;
	}
	return v > INT64_MAX;
}

/* The text with large numbers as strings. */
static int with_large_as_strings(
	const char *s, size_t len, const char *shown, struct text *to, struct pale_err **err)
{
	size_t at = 0;

	while (at < len) {
		size_t end = at + 1;
		int large = 0;

		if (s[at] == '"') {
			end = string_end(s, len, at);
		} else if (is_number_byte(s[at])) {
			while (end < len && is_number_byte(s[end]))
				end++;
			large = is_large(s + at, end - at);
		}
		if (large < 0)
			return pale_err_plain(err, EINVAL,
				"%s: a number of more than 64 bits: %.*s", shown,
				end - at > 60 ? 60 : (int)(end - at), s + at);
		if (large)
			text_puts(to, LARGE_BEGINS);
		text_add(to, s + at, end - at);
		if (large)
			text_putc(to, '"');
		at = end;
	}
	return 0;
}

/*
 * Our strings are the only ones with a NUL: it stands as an escape, since a plain one is no JSON.
 * -EINVAL when the text brings one.
 */
static int refuse_nul(const char *s, size_t len, const char *shown, struct pale_err **err)
{
	static const char nul[] = "\\u0000";

	for (size_t at = 0; at < len; at++) {
		if (s[at] != '\\')
			continue;
		if (len - at >= sizeof(nul) - 1 && !strncmp(s + at, nul, sizeof(nul) - 1))
			return pale_err_plain(err, EINVAL, "%s: a NUL in a string", shown);
		at++;
	}
	return 0;
}

int oci_document_parse(
	const char *bytes, size_t len, const char *shown, json_t **ret, struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	json_error_t e;
	json_t *root;
	int r;

	if (len > OCI_BYTES_MAX)
		return pale_err_plain(
			err, EFBIG, "%s: longer than %zu bytes", shown, OCI_BYTES_MAX);
	r = refuse_nul(bytes, len, shown, err);
	if (r < 0)
		return r;
	r = with_large_as_strings(bytes, len, shown, &t, err);
	if (r < 0)
		return r;
	root = json_loadb(text_str(&t), t.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &e);
	if (!root) {
		_cleanup_(text_release) struct text told = TEXT_INIT;

		text_escaped(&told, e.text, strlen(e.text));
		return pale_err_plain(err, EINVAL, "%s:%d:%d: not JSON: %s", shown, e.line,
			e.column, text_str(&told));
	}
	if (!json_is_object(root)) {
		json_decref(root);
		return pale_err_plain(err, EINVAL, "%s: not a JSON object", shown);
	}
	*ret = root;
	return 0;
}

int oci_document_read_fd(int fd, const char *shown, json_t **ret, struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	char buffer[READ_SIZE];

	for (;;) {
		ssize_t n = read(fd, buffer, sizeof(buffer));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return pale_err_set(err, errno, "read %s", shown);
		if (n == 0)
			break;
		text_add(&t, buffer, (size_t)n);
		if (t.len > OCI_BYTES_MAX)
			return pale_err_plain(
				err, EFBIG, "%s: longer than %zu bytes", shown, OCI_BYTES_MAX);
	}
	return oci_document_parse(text_str(&t), t.len, shown, ret, err);
}

int oci_document_read(int dir, const char *name, const char *shown, json_t **ret, struct stat *st,
	struct pale_err **err)
{
	/* O_NONBLOCK: a FIFO would hold the open. */
	_cleanup_close_ int fd =
		openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && errno == ELOOP)
		return pale_err_plain(err, ELOOP, "%s: a symbolic link", shown);
	if (fd < 0)
		return pale_err_set(err, errno, "open %s", shown);
	if (fstat(fd, st) < 0)
		return pale_err_set(err, errno, "%s", shown);
	if (!S_ISREG(st->st_mode))
		return pale_err_plain(err, EINVAL, "%s: not a regular file", shown);
	return oci_document_read_fd(fd, shown, ret, err);
}

char *oci_document_text(const json_t *root)
{
	_cleanup_free_ char *dumped = json_dumps(root, JSON_COMPACT);
	struct text t = TEXT_INIT;
	size_t at = 0, len;

	if (!dumped)
		abort();
	len = strlen(dumped);
	while (at < len) {
		size_t next = at + strcspn(dumped + at, "\""), end;

		text_add(&t, dumped + at, next - at);
		if (next == len)
			break;
		end = string_end(dumped, len, next);
		if (!strncmp(dumped + next, LARGE_BEGINS, sizeof(LARGE_BEGINS) - 1))
			text_add(&t, dumped + next + sizeof(LARGE_BEGINS) - 1,
				end - next - sizeof(LARGE_BEGINS));
		else
			text_add(&t, dumped + next, end - next);
		at = end;
	}
	text_putc(&t, '\n');
	return text_take(&t);
}

static int fill(int fd, const json_t *root, const struct stat *st)
{
	_cleanup_free_ char *s = oci_document_text(root);
	int r = write_all(fd, s, strlen(s));

	if (r < 0)
		return r;
	if (fchown(fd, st->st_uid, st->st_gid) < 0)
		return -errno;
	return fchmod(fd, st->st_mode & 07777) < 0 ? -errno : 0;
}

int oci_document_write(
	int dir, const char *name, const json_t *root, const struct stat *st, struct pale_err **err)
{
	_cleanup_(text_release) struct text new = TEXT_INIT;
	_cleanup_close_ int fd = -1;
	uint64_t random;
	int r;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return pale_err_set(err, errno, "getrandom");
	text_printf(&new, "%s.pale-%016" PRIx64, name, random);
	fd = openat(
		dir, text_str(&new), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return pale_err_set(err, errno, "make %s", text_str(&new));
	r = fill(fd, root, st);
	if (r == 0 && renameat(dir, text_str(&new), dir, name) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(dir, text_str(&new), 0);
		return pale_err_set(err, -r, "write %s", text_str(&new));
	}
	return 0;
}

bool oci_number(const json_t *v, uint64_t *ret)
{
	if (json_is_integer(v) && json_integer_value(v) >= 0) {
		*ret = (uint64_t)json_integer_value(v);
		return true;
	}
	if (!json_is_string(v) || !json_string_length(v) || json_string_value(v)[0])
		return false;
	*ret = strtoull(json_string_value(v) + 1, NULL, 10);
	return true;
}

json_t *oci_number_new(uint64_t v)
{
	char digits[32];
	json_t *n;

	if (v <= INT64_MAX) {
		n = json_integer((json_int_t)v);
	} else {
		digits[0] = '\0';
		snprintf(digits + 1, sizeof(digits) - 1, "%" PRIu64, v);
		n = json_stringn(digits, 1 + strlen(digits + 1));
	}
	if (!n)
		abort();
	return n;
}

/* One character of @s as Go's encoding/json folds it: the two letters beyond ASCII that fold into
 * it are U+017F, a long s, and U+212A, the sign of the kelvin. */
static char folded(const char **s)
{
	const char *at = *s;

	if (!strncmp(at, "\xc5\xbf", 2)) {
		*s += 2;
		return 's';
	}
	if (!strncmp(at, "\xe2\x84\xaa", 3)) {
		*s += 3;
		return 'k';
	}
	(*s)++;
	return *at >= 'A' && *at <= 'Z' ? (char)(*at + 'a' - 'A') : *at;
}

static bool go_takes_for(const char *name, const char *known)
{
	while (*name && *known)
		if (folded(&name) != folded(&known))
			return false;
	return !*name && !*known;
}

int oci_members(
	const json_t *object, const char *const *known, const char *where, struct pale_err **err)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)object, name, value) {
		for (const char *const *k = known; *k; k++) {
			if (strcmp(name, *k) != 0 && go_takes_for(name, *k))
				return pale_err_plain(err, EINVAL,
					"%s: '%s' is what some runtimes take for '%s'", where, name,
					*k);
		}
	}
	return 0;
}

/* Between a place and its member: the root's stand behind the document's name. */
static const char *joint(const char *where)
{
	return strchr(where, ' ') ? "." : ": ";
}

static int of_type(const json_t *in, const char *name, const char *where, json_type type,
	const char *meant, json_t **ret, struct pale_err **err)
{
	json_t *v = json_object_get(in, name);

	*ret = NULL;
	if (!v || json_is_null(v))
		return 0;
	/* A large number is a string only here. */
	if (json_typeof(v) != type || !strcmp(json_kind(v), "a number"))
		return pale_err_plain(err, EINVAL, "%s%s%s: %s, where %s is meant", where,
			joint(where), name, json_kind(v), meant);
	*ret = v;
	return 0;
}

int oci_object(
	const json_t *in, const char *name, const char *where, json_t **ret, struct pale_err **err)
{
	return of_type(in, name, where, JSON_OBJECT, "an object", ret, err);
}

int oci_array(
	const json_t *in, const char *name, const char *where, json_t **ret, struct pale_err **err)
{
	return of_type(in, name, where, JSON_ARRAY, "an array", ret, err);
}

int oci_string(const json_t *in, const char *name, const char *where, const char **ret,
	struct pale_err **err)
{
	json_t *v;
	int r = of_type(in, name, where, JSON_STRING, "a string", &v, err);

	*ret = v ? json_string_value(v) : NULL;
	return r;
}

int oci_object_made(
	json_t *in, const char *name, const char *where, json_t **ret, struct pale_err **err)
{
	int r = oci_object(in, name, where, ret, err);

	if (r < 0 || *ret)
		return r;
	*ret = json_object();
	if (!*ret || json_object_set_new(in, name, *ret) < 0)
		abort();
	return 0;
}

int oci_integer(const json_t *in, const char *name, const char *where, int64_t *ret, bool *given,
	struct pale_err **err)
{
	json_t *v = json_object_get(in, name);

	*given = v && !json_is_null(v);
	*ret = 0;
	if (!*given)
		return 0;
	if (!json_is_integer(v))
		return pale_err_plain(err, EINVAL, "%s%s%s: %s, where a number of 64 bits is meant",
			where, joint(where), name, json_kind(v));
	*ret = json_integer_value(v);
	return 0;
}
