/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apparmor_parser as the oracle of what is imported: the automaton that it makes of a profile is
 * run as the kernel would, and compared with decide() on the policy that the profile became, on
 * paths to every state of either. Where nothing was left out they must be equal.
 */
#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "compiler/import.h"
#include "tests/unit/apparmor_binary.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#include "random.h"

#define N(a) (sizeof(a) / sizeof(*(a)))

static const struct {
	enum operation op;
	uint32_t all;
} needs[] = {
	{ OP_EXEC, 0x01 },
	{ OP_READ, 0x04 },
	{ OP_WRITE, 0x02 },
	{ OP_APPEND, 0x08 },
	{ OP_CREATE, 0x02 },
	{ OP_DELETE, 0x02 },
	{ OP_RENAME, 0x06 },
	{ OP_LINK, 0x10 },
	{ OP_SETATTR, 0x02 },
	{ OP_MAP, 0x40 },
	{ OP_LOCK, 0x20 },
};

/* The policy's text; false when it is refused. @ret_warnings: whether something was left out. */
static bool imported(const char *text, size_t len, struct text *made, bool *ret_warnings)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct import_options o = { 0 };
	struct source_set sources;
	struct diag_list diags;
	bool ok;

	source_set_init(&sources, a);
	diag_list_init(&diags, &sources);
	ok = import_policy(source_add(&sources, "t", text, len), &o, &diags, made);
	*ret_warnings = diags.n > diags.n_errors;
	if (!ok && strstr(diags.v[0]->text, "internal"))
		diag_print(&diags, stderr, false);
	return ok;
}

struct compare {
	const char *body;
	const struct policy *p;
	struct aa_dfa compiled;
	uint32_t n;
};

static bool is_path(const char *s, size_t len)
{
	if (!len || s[0] != '/' || memchr(s, 0, len) || memmem(s, len, "//", 2) ||
		memmem(s, len, "/./", 3) || memmem(s, len, "/../", 4))
		return false;
	return !(len >= 2 && !memcmp(s + len - 2, "/.", 2)) &&
	       !(len >= 3 && !memcmp(s + len - 3, "/..", 3));
}

/* @path as the policy has it. */
static void check_path(struct compare *k, const char *path, size_t len)
{
	char kernel[8192];
	size_t kernel_len = len;

	if (!is_path(path, len) || len > 4000)
		return;
	memcpy(kernel, path, len);
	if (len > 11 && !memcmp(path, "/proc/self/", 11))
		kernel_len = (size_t)snprintf(
			kernel, sizeof(kernel), "/proc/4711/%.*s", (int)(len - 11), path + 11);
	/* The parser gives every profile its own attributes. */
	if (memmem(kernel, kernel_len, "/attr", 5))
		return;
	for (size_t i = 0; i < N(needs); i++) {
		for (int owner = 0; owner < 2; owner++) {
			struct request r = { .operation = needs[i].op,
				.path = path,
				.path_len = (uint32_t)len,
				.owner = owner };
			struct decision d = decide(k->p, 0, &r);
			uint32_t had = aa_permissions(&k->compiled, kernel, kernel_len, owner);
			bool allowed =
				(had & needs[i].all) == needs[i].all &&
				(needs[i].op != OP_LINK || aa_link(&k->compiled, kernel, kernel_len,
								   "/target", 7, owner));

			k->n++;
			if (allowed != (d.verdict == VERDICT_ALLOW))
				fail_msg("%s\n%s %.*s (owner %d): %s by AppArmor (%x), and by '%s' "
					 "not",
					k->body, vocab_operations[needs[i].op].name, (int)len, path,
					owner, allowed ? "allowed" : "refused", had, d.rule->text);
		}
	}
}

static void check_near(struct compare *k, const char *path, size_t len)
{
	static const char next[] = "ab/.1c*{\n\xc3";
	char longer[8192];

	check_path(k, path, len);
	for (size_t i = 0; i < N(next) - 1 && len < 4000; i++) {
		memcpy(longer, path, len);
		longer[len] = next[i];
		check_path(k, longer, len + 1);
	}
}

static bool check_state(void *ctx, uint32_t state, uint32_t accept, const char *path, size_t len)
{
	check_near(ctx, path, len);
	return true;
}

/* A path to each state of AppArmor's automaton, twice: with '/' last, and without. */
static void walk_compiled(struct compare *k)
{
	static const char bytes[] = "/abc.1x*?[]{},d\\ tesflpro\n\xc3\xff";
	uint32_t n_states = k->compiled.tables[2].n, n = 0;
	struct step {
		uint32_t state, from;
		char byte;
	} *queue = calloc(2 * n_states + 1, sizeof(*queue));
	bool *seen = calloc(2 * n_states, sizeof(*seen));

	queue[n++] = (struct step){ AA_FIRST_STATE, 0, 0 };
	for (uint32_t i = 0; i < n; i++) {
		char path[4096];
		size_t len = 0;

		for (uint32_t s = i; s && len < sizeof(path); s = queue[s].from)
			path[sizeof(path) - ++len] = queue[s].byte;
		check_near(k, path + sizeof(path) - len, len);
		for (int c = 1; c < 256 + (int)sizeof(bytes) && len < 4000; c++) {
			/* What reads well first. */
			uint8_t b = (uint8_t)(c < (int)sizeof(bytes) ? bytes[c - 1]
								     : c - (int)sizeof(bytes));
			uint32_t state = b ? aa_next(&k->compiled, queue[i].state, b) : 0;

			if ((len == 0 && b != '/') || (b == '/' && queue[i].byte == '/') ||
				!state || seen[2 * state + (b == '/')])
				continue;
			seen[2 * state + (b == '/')] = true;
			queue[n++] = (struct step){ state, i, (char)b };
		}
	}
	free(queue);
	free(seen);
}

struct sample {
	char name[32];
	const char *body;
	struct text policy;
};

static void add_sample(
	struct arena *a, struct sample *s, const char *body, bool must, size_t *n, struct text *all)
{
	_cleanup_(text_release) struct text one = TEXT_INIT;
	bool warnings;

	snprintf(s->name, sizeof(s->name), "p%zu", *n);
	text_printf(&one, "profile %s {\n%s\n}\n", s->name, body);
	s->body = arena_strdup(a, body);
	s->policy = (struct text)TEXT_INIT;
	if (!imported(one.s, one.len, &s->policy, &warnings)) {
		if (must)
			fail_msg("%s: not imported", body);
		return;
	}
	if (warnings) {
		if (must)
			fail_msg("%s: something was left out", body);
		text_release(&s->policy);
		return;
	}
	text_add(all, one.s, one.len);
	++*n;
}

static uint32_t compare_all(struct arena *a, struct sample *v, size_t n, const struct text *all)
{
	struct aa_binary b = aa_compile(all->s, all->len);
	uint32_t asked = 0;

	assert_non_null(b.bytes);
	for (size_t i = 0; i < n; i++) {
		struct compare k = { .body = v[i].body };
		struct compilation c;

		assert_true(aa_file_dfa(&b, v[i].name, &k.compiled));
		compile_bytes(&c, "t.pale", v[i].policy.s, v[i].policy.len,
			&(struct compile_options){ 0 });
		assert_int_equal(c.diags.n_errors, 0);
		k.p = c.policies[0];
		dfa_walk_paths(a, k.p->dfa, DFA_ENTRY_PATHS(0), check_state, &k);
		walk_compiled(&k);
		asked += k.n;
		compilation_release(&c);
		text_release(&v[i].policy);
	}
	free(b.bytes);
	return asked;
}

static const char *const bodies[] = {
	"/a r,",
	"/a/ r,",
	"/a/* r,",
	"/a/** r,",
	"/a/**/ r,",
	"/a/**/b r,",
	"/a/**/* r,",
	"/** r,",
	"/ r,",
	"/* r,",
	"/{,**} r,",
	"/**/b r,",
	"/a/b* r,",
	"/a/*b r,",
	"/a** r,",
	"/a/**b r,",
	"/a/b** r,",
	"/*/b r,",
	"/*/ r,",
	"/a/? r,",
	"/a/?* r,",
	"/a/[ab] r,",
	"/a/[^ab] r,",
	"/a[^b]c r,",
	"/a[^/]c r,",
	"/a[a-c]* r,",
	"/{a,b}/c r,",
	"/a/{b,}x r,",
	"/a/{b,}* r,",
	"/a/{*,b} r,",
	"/a/{*,b}/c r,",
	"/a/{**,b}/c r,",
	"/a/*{,.b} r,",
	"/a/**{,/} r,",
	"/a/{,*}/b r,",
	"/a{/,}b r,",
	"/{,a/}b r,",
	"/{,a/,b/{,c/}}*x r,",
	"/a/*** r,",
	"/a/***/b r,",
	"/a/*/* r,",
	"/a/**/**/b r,",
	"/a//b r,",
	"/a/\\*b r,",
	"/a/\\052b r,",
	"/a/\\x2ab r,",
	"/a/\\d042b r,",
	"\"/a b/c\" r,",
	"/a\\ b r,",
	"\"/a\\\"b\" r,",
	"/a/b,c r,",
	"/a/[\\*\\?]b r,",
	"/a/{\\,,b} r,",
	"/a/[\\]a] r,",
	"/a/\xc3\xa4* r,",
	"/a/[\xc3\xa4] r,",
	"/a@b#c r,",
	"/a$b^c(d) r,",
	"/a/{a,b*}c r,",
	"/a/{*,**} rw,",
	"/a/x* r, /a/xy rw, /a/** r,",
	"file,",
	"file, deny /a/** w,",
	"/a/** rw, deny /a/b/** w,",
	"/a/** rw, deny /a/b r,",
	"/a/** rwk, audit deny /a/b k,",
	"owner /a/** rw, /a/** r,",
	"owner /a rw,",
	"/a/** rw, deny owner /a/b w,",
	"/a/** mrix, deny /a/b x,",
	"/a/** mrix, deny /a/b m,",
	"/a a,",
	"/a ra, /a rw,",
	"/a rl,",
	"/a mr,",
	"r /a, rw /b,",
	"file r /a, file /b rw,",
	"audit /a/** rw,",
	"/proc/*/status r,",
	"/proc/[0-9]*/status r,",
	"/proc/** r,",
	"/proc/{[1-9],[1-9][0-9]*}/fd/* r,",
	"/a/* rw, /a/b/* rw, deny /a/*/c w,",
	"audit { /a r, deny /b w, }",
	"/{bin,sbin}/** mrix,",
	"/a{b,c}{d,e}* r,",
	"/a{b,c/d}e/** r,",
	"allow owner /x/** rwlk,",
	"deny /a r, /a r, /b r,",
};

static void what_profiles_say(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(text_release) struct text all = TEXT_INIT;
	static struct sample v[N(bodies)];
	size_t n = 0;

	text_puts(&all, "abi <abi/3.0>,\n");
	for (size_t i = 0; i < N(bodies); i++)
		add_sample(a, &v[n], bodies[i], true, &n, &all);
	assert_int_equal(n, N(bodies));
	fprintf(stderr, "# %zu profiles, %u questions\n", n, compare_all(a, v, n, &all));
}

static void random_pattern(struct text *to)
{
	static const char *const parts[] = { "a", "b", "*", "**", "?", "/", "/", "/", "[ab]",
		"[^a]", "{a,b}", "{*,a}", "{a/,}", "{,b*}", "{a,{b,**}}", ".", "\\052", "{,/}",
		"{a,b}*", "[^/b]", "{[^a],c}" };

	text_putc(to, '/');
	for (uint32_t n = 1 + random_below(6); n > 0; n--)
		text_puts(to, parts[random_below(N(parts))]);
}

static void random_profiles(void **state)
{
	static const char *const heads[] = { "", "", "", "owner ", "deny ", "audit ", "audit deny ",
		"deny owner " };
	static const char *const permissions[] = { "r", "rw", "rwk", "rwl", "mr", "ra", "rwlkm" };
	static const char *const denied[] = { "r", "w", "rw", "a", "m", "x", "k", "l", "mrx" };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(text_release) struct text all = TEXT_INIT, body = TEXT_INIT;
	static struct sample v[250];
	size_t n = 0;

	random_seed(7);
	text_puts(&all, "abi <abi/3.0>,\n");
	while (n < N(v)) {
		text_clear(&body);
		for (uint32_t i = 1 + random_below(5); i > 0; i--) {
			const char *head = heads[random_below(N(heads))];

			text_puts(&body, head);
			random_pattern(&body);
			text_printf(&body, " %s, ",
				strstr(head, "deny") ? denied[random_below(N(denied))]
						     : permissions[random_below(N(permissions))]);
		}
		add_sample(a, &v[n], body.s, false, &n, &all);
	}
	fprintf(stderr, "# %zu random profiles, %u questions\n", n, compare_all(a, v, n, &all));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_profiles_say),
		cmocka_unit_test(random_profiles),
	};

	if (system("apparmor_parser --version >/dev/null 2>&1") != 0) {
		fprintf(stderr, "# import_apparmor: not tested, apparmor_parser is missing\n");
		return 0;
	}
	return cmocka_run_group_tests_name("import apparmor", tests, NULL, NULL);
}
