/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes in any rule: no string of a policy becomes AppArmor's syntax. The input is a policy,
 * or, behind a first byte of 1, paths, one behind the other with NUL between them, that go into a
 * rule of each kind. Its profile has to read back (that is the emitter's own check, which fails as
 * an internal error); outside quotes there may be nothing but a fixed set of words, whatever the
 * input, and inside nothing that ends a string or begins a variable.
 */
#include "compiler/apparmor_mounts.h"
#include "compiler/apparmor_other.h"
#include "compiler/apparmor_pattern.h"
#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "compiler/emit_apparmor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

/* ---- the text, as a parser that knows no policy would cut it */

static const char *const words[] = { "profile", "flags", "complain", "dbus", "unix", "network",
	"signal", "receive", "send", "set", "exists", "ptrace", "readby", "tracedby", "trace",
	"read", "peer", "audit", "deny", "owner", "mount", "umount", "pivot_root", "capability",
	"link", "fstype", "options", "in", "bind", "rbind", "move", "->" };

static bool is_listed(const char *s, size_t n, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(list[i]) == n && !memcmp(list[i], s, n))
			return true;
	}
	return false;
}

static bool is_permissions(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!strchr("rwlkmixP", s[i]))
			return false;
	}
	return n > 0;
}

static bool is_capability(const char *s, size_t n)
{
	for (int i = 0; i < VOCAB_N_CAPABILITIES; i++) {
		const char *name = vocab_capability_name(i);

		if (strlen(name) == n && !memcmp(name, s, n))
			return true;
	}
	return false;
}

static bool is_known(const char *s, size_t n)
{
	return is_listed(s, n, words, sizeof(words) / sizeof(*words)) || is_permissions(s, n) ||
	       is_listed(s, n, apparmor_flag_names, APPARMOR_N_FLAGS) ||
	       is_listed(s, n, apparmor_socket_types, APPARMOR_N_SOCKET_TYPES) ||
	       apparmor_family_find(s, n) >= 0 || apparmor_signal_find(s, n) >= 0 ||
	       is_capability(s, n);
}

/* Behind the quote; returns what comes after the one that ends it. */
static const char *check_string(const char *s)
{
	while (*s != '"') {
		must((unsigned char)*s >= 0x20 && *s != 0x7f);
		must(s[0] != '@' || s[1] != '{');
		if (*s == '\\')
			s++;
		must(*s);
		s++;
	}
	return s + 1;
}

static void check_text(const char *s, bool audit)
{
	static const char abi[] = "abi <abi/3.0>,\n";

	must(!strncmp(s, "# ", 2));
	must((s = strchr(s, '\n')) != NULL);
	s++;
	must(!strncmp(s, abi, strlen(abi)));
	s += strlen(abi);
	while (*s) {
		size_t n = strcspn(s, " \t\n,(){}=\"");

		if (n) {
			must(is_known(s, n));
			must(!audit || n != 4 || memcmp(s, "deny", 4) != 0);
			must(audit || n != 5 || memcmp(s, "flags", 5) != 0);
			s += n;
		} else if (*s == '"') {
			s = check_string(s + 1);
		} else {
			s++;
		}
	}
}

/* ---- policies */

static void check_policy(const struct policy *p)
{
	_cleanup_(text_release) struct text text = TEXT_INIT;
	struct coverage *c = coverage_new(p);
	struct pale_err *err = NULL;
	int r = emit_apparmor(p, c, &text, &err);

	pale_err_free(err);
	must(r == 0 || r == -E2BIG);
	if (r < 0)
		return;
	must(strlen(text.s) == text.len);
	check_text(text.s, p->audit);
}

static void check_source(const char *bytes, size_t len)
{
	struct compilation c;

	compile_bytes(&c, "fuzz.pale", bytes, len, NULL);
	for (uint32_t i = 0; !c.diags.n_errors && i < c.n_policies; i++)
		check_policy(c.policies[i]);
	compilation_release(&c);
}

/* A path's bytes, whatever they are, as the language writes them. */
static void put_path(struct text *to, const uint8_t *bytes, size_t len)
{
	text_puts(to, "\"/");
	for (size_t i = 0; i < len; i++)
		text_printf(to, bytes[i] == '/' ? "/" : "\\x%02x", bytes[i]);
	text_putc(to, '"');
}

static void check_literal(const uint8_t *bytes, size_t len)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(text_release) struct text pattern = TEXT_INIT;
	struct glob *g = glob_literal(a, (const char *)bytes, len), *back;

	must(apparmor_pattern(&pattern, &g->seq, false));
	back = apparmor_pattern_read(a, text_str(&pattern), pattern.len);
	/* The empty path reads as no glob. */
	must(len == 0 || (back && back->literal && back->prefix_len == len &&
				 !memcmp(back->prefix, bytes, len)));
}

/* In a fragment, where no rule needs to have an effect. */
static void check_paths(const uint8_t *data, size_t size)
{
	static const char *const rules[] = { "allow read, write, link, lock, map %s",
		"deny append, rename %s", "audit create /a/** except %s", "allow read %s owner",
		"allow exec %s as sub", "allow exec drift %s", "allow listen unix %s",
		"allow mount tmpfs from %s on /a with ro", "deny mount tmpfs on %s",
		"allow mount proc on %s with nosuid", "allow bind %s on /a", "allow bind /a on %s",
		"allow umount %s", "allow umount /** except %s" };
	_cleanup_(text_release) struct text source = TEXT_INIT;

	text_puts(&source, "fragment f {\n");
	for (size_t i = 0; size && i < 64; i++) {
		const uint8_t *end = memchr(data, 0, size);
		size_t n = end ? (size_t)(end - data) : size;
		_cleanup_(text_release) struct text path = TEXT_INIT;
		const char *rule = rules[i % (sizeof(rules) / sizeof(*rules))];
		const char *hole = strstr(rule, "%s");

		check_literal(data, n);
		put_path(&path, data, n);
		text_printf(&source, "  %.*s%s%s\n", (int)(hole - rule), rule, path.s, hole + 2);
		data += n + (end != NULL);
		size -= n + (end != NULL);
	}
	text_puts(&source, "}\nprofile p {\n  include f\n  profile sub { }\n}\n");
	check_source(source.s, source.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size && data[0] == 1)
		check_paths(data + 1, size - 1);
	else
		check_source((const char *)data, size);
	return 0;
}
