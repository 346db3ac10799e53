/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formatter changes no policy, loses no comment, and leaves alone what it has formatted: held
 * for every policy of this repository, as it is and laid out anew at random. How things look is
 * held by tests/fmt.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/fmt/properties.h"
#include "tests/unit/random.h"

#include "compiler/expect.h"
#include "compiler/parse_trace.h"
#include "pale.tab.h"

#include <glob.h>
#include <stdio.h>

static const char *const corpus[] = {
	"profiles/*/*.pale",
	"tests/lang/*/*.pale",
	"tests/lang/*/lib/*.pale",
	"tests/golden/*.pale",
	"tests/golden/lib/*.pale",
	"tests/verdict/*.pale",
	"tests/import/ok/*.pale",
	"tests/fmt/in/*.pale",
	"tests/fmt/out/*.pale",
};

static const char *const include_dirs[] = { "profiles", "tests/lang/ok", "tests/lang/ok/lib",
	"tests/golden", "tests/golden/lib" };
static const struct compile_options options = { .include_dirs = include_dirs, .n_include_dirs = 5 };

static void read_file(const char *path, struct text *to)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char chunk[4096];
	size_t n;

	if (!f)
		fail_msg("%s", path);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		text_add(to, chunk, n);
}

static void each_file(void (*visit)(void *ctx, const char *name, const struct text *t), void *ctx)
{
	for (size_t i = 0; i < sizeof(corpus) / sizeof(*corpus); i++) {
		glob_t files;

		if (glob(corpus[i], 0, NULL, &files) != 0)
			continue;
		for (size_t k = 0; k < files.gl_pathc; k++) {
			_cleanup_(text_release) struct text t = TEXT_INIT;

			read_file(files.gl_pathv[k], &t);
			visit(ctx, files.gl_pathv[k], &t);
		}
		globfree(&files);
	}
}

/* The examples of the reference. */
static void each_example(
	void (*visit)(void *ctx, const char *name, const struct text *t), void *ctx)
{
	_cleanup_(text_release) struct text all = TEXT_INIT;
	const char *at;

	read_file("grammar/LANGUAGE.md", &all);
	for (at = text_str(&all); (at = strstr(at, "\n```pale\n")) != NULL;) {
		_cleanup_(text_release) struct text t = TEXT_INIT;
		const char *end = strstr(at + 9, "\n```");

		assert_non_null(end);
		text_add(&t, at + 9, (size_t)(end + 1 - (at + 9)));
		visit(ctx, "an example of LANGUAGE.md", &t);
		at = end;
	}
}

struct counts {
	unsigned files, policies, compiled;
};

static void hold(void *ctx, const char *name, const struct text *t)
{
	struct counts *n = ctx;
	bool parsed;
	const char *broken = fmt_broken(text_str(t), t->len, &parsed);

	if (broken)
		fail_msg("%s: %s", name, broken);
	n->files++;
	n->policies += parsed;
}

static void test_the_properties_hold_of_every_file(void **state)
{
	struct counts n = { 0 };

	each_file(hold, &n);
	assert_true(n.files > 300 && n.policies > 80);
	n = (struct counts){ 0 };
	each_example(hold, &n);
	assert_true(n.policies > 10 && n.policies == n.files);
}

static void compile_both(void *ctx, const char *name, const struct text *t)
{
	_cleanup_(text_release) struct text made = TEXT_INIT;
	struct compilation a, b;
	struct counts *n = ctx;

	if (!fmt_bytes(text_str(t), t->len, &made))
		return;
	compile_bytes(&a, "a.pale", text_str(t), t->len, &options);
	compile_bytes(&b, "a.pale", text_str(&made), made.len, &options);
	assert_int_equal(a.diags.n_errors, b.diags.n_errors);
	if (!a.diags.n_errors) {
		assert_int_equal(a.n_policies, b.n_policies);
		for (uint32_t i = 0; i < a.n_policies; i++) {
			assert_string_equal(a.policies[i]->name, b.policies[i]->name);
			assert_string_equal(a.policies[i]->digest, b.policies[i]->digest);
			n->compiled++;
		}
		if (expectations_check(&a) != expectations_check(&b))
			fail_msg("%s: the tests say something else", name);
	}
	compilation_release(&a);
	compilation_release(&b);
}

static void test_the_policy_is_the_same_one(void **state)
{
	struct counts n = { 0 };

	each_file(compile_both, &n);
	each_example(compile_both, &n);
	assert_true(n.compiled > 80);
}

static void put_comment(struct text *to)
{
	static const char *const comments[] = { "# c", "#", "#c  ", "# a; b, c } {", "#\t\"ü\"",
		"## deny read /x" };

	text_printf(to, "%s%s", random_below(4) ? "  " : " ",
		comments[random_below(sizeof(comments) / sizeof(*comments))]);
}

static void put_blanks(struct text *to)
{
	static const char *const blanks[] = { " ", " ", " ", "  ", "   ", "\t", "          " };

	text_puts(to, blanks[random_below(sizeof(blanks) / sizeof(*blanks))]);
}

/* At least one line end, and what may stand around it. */
static void put_line_ends(struct text *to)
{
	do {
		if (random_below(6) == 0)
			put_comment(to);
		text_puts(to, random_below(8) ? "\n" : "\r\n");
		if (random_below(3))
			put_blanks(to);
	} while (random_below(4) == 0);
}

/* The words of @t, with anything between them that may stand there. */
static void lay_out(const struct text *t, struct text *to)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct parse_trace trace;
	struct source_set sources;
	struct diag_list diags;
	unsigned depth = 0;
	struct source *s;

	source_set_init(&sources, arena);
	diag_list_init(&diags, &sources);
	s = source_add(&sources, "t.pale", text_str(t), t->len);
	parse_file_traced(s, &diags, arena, &trace);
	if (diags.n_errors)
		return;
	for (uint32_t i = 0; i < trace.n_lexemes; i++) {
		const struct lexeme *l = &trace.lexemes[i];

		text_add(to, s->bytes + l->at.offset, l->at.len);
		depth += l->kind == '(';
		depth -= l->kind == ')';
		if (l->kind == T_END) {
			if (random_below(3) == 0) {
				put_blanks(to);
				text_puts(to, ";");
			}
			if (to->s[to->len - 1] != ';' || random_below(2))
				put_line_ends(to);
		} else if ((depth || l->kind == ',' || l->kind == '{' || l->kind == '}') &&
			   random_below(4) == 0) {
			put_line_ends(to);
		}
		put_blanks(to);
	}
	if (random_below(2))
		put_comment(to);
}

static void hold_at_random(void *ctx, const char *name, const struct text *t)
{
	struct counts *n = ctx;

	for (unsigned i = 0; i < 20 && t->len < 20000; i++) {
		_cleanup_(text_release) struct text anew = TEXT_INIT;
		const char *broken;
		bool parsed;

		lay_out(t, &anew);
		if (!anew.len)
			return;
		broken = fmt_broken(anew.s, anew.len, &parsed);
		if (broken)
			fail_msg("%s, laid out as\n%s\n%s", name, text_str(&anew), broken);
		n->files++;
		n->policies += parsed;
	}
}

static void test_whatever_the_layout_was(void **state)
{
	struct counts n = { 0 };

	random_seed(20);
	each_file(hold_at_random, &n);
	each_example(hold_at_random, &n);
	/* A line's end behind a comma can make a statement of the word that follows. */
	assert_true(n.files > 2000 && n.policies > n.files / 10 * 9);
}

static struct ast_file *parse_text(struct source_set *sources, const char *text)
{
	struct diag_list diags;
	struct ast_file *file;

	diag_list_init(&diags, sources);
	file = parse_file(
		source_add(sources, "t.pale", text, strlen(text)), &diags, sources->arena);
	if (diags.n_errors)
		fail_msg("'%s': %s", text, diags.v[0]->text);
	return file;
}

/* Each pair differs in one thing alone. */
static void test_trees_that_differ_are_not_equal(void **state)
{
#define IN(statement)	"profile p { " statement " }"
#define CALL(statement) IN("syscall { " statement " }")
	static const char *const pairs[][2] = {
		{ "", "use a" },
		{ "use a", "use b" },
		{ "use a", "use a, a" },
		{ "let a = /x", "let b = /x" },
		{ "let a = /x", "let a = \"/x\"" },
		{ "let a = 1", "let a = x1" },
		{ "group port @a = 1", "group cidr @a = 1" },
		{ "fragment p { }", "profile p { }" },
		{ "profile p { }", "profile p extends q { }" },
		{ "profile p extends p { }", "profile p extends q { }" },
		{ IN("mode audit"), IN("mode enforce") },
		{ IN("mode audit"), IN("abi audit") },
		{ IN("limit { memory 1M }"), IN("limit { memory 1K }") },
		{ IN("limit { memory 1 }"), IN("limit { processes 1 }") },
		{ IN("include a"), IN("include b") },
		{ IN("profile q { allow fork }"), IN("profile q { deny fork }") },
		{ IN("allow fork; deny userns"), IN("deny userns; allow fork") },
		{ IN("allow read /a"), IN("audit read /a") },
		{ IN("allow read /a"), IN("file { allow read /a }") },
		{ IN("deny read /a"), IN("quiet deny read /a") },
		{ IN("deny read /a"), IN("deny read /a errno EPERM") },
		{ IN("deny read /a errno ENOENT"), IN("deny read /a errno EPERM") },
		{ IN("allow read /a"), IN("allow write /a") },
		{ IN("allow read /a"), IN("allow read /a owner") },
		{ IN("allow read /a, /b"), IN("allow read /a except /b") },
		{ IN("allow exec /a"), IN("allow exec drift /a") },
		{ IN("allow exec anonymous"), IN("allow exec drift") },
		{ IN("allow exec /a"), IN("allow exec /a as b") },
		{ IN("allow exec /a as a"), IN("allow exec /a as b") },
		{ IN("allow signal to self"), IN("allow signal TERM to self") },
		{ IN("allow signal to any"), IN("allow signal to self") },
		{ IN("allow connect tcp *:1"), IN("allow connect udp *:1") },
		{ IN("allow socket netlink"), IN("allow socket netlink(ROUTE)") },
		{ IN("allow mount a on /b"), IN("allow mount c on /b") },
		{ IN("allow mount a on /b"), IN("allow mount a from c on /b") },
		{ IN("allow mount a on /b"), IN("allow mount a on /c") },
		{ IN("allow mount a on /b"), IN("allow mount a on /b with ro") },
		{ IN("allow bind /a on /b"), IN("allow bind /c on /b") },
		{ CALL("only a"), CALL("allow a") },
		{ CALL("deny a, b"), CALL("deny a except b") },
		{ CALL("deny a(b == 1)"), CALL("deny a(b != 1)") },
		{ CALL("deny a(b == 1)"), CALL("deny a(c == 1)") },
		{ CALL("deny a(b == 1)"), CALL("deny a(b == 1|2)") },
		{ CALL("deny a(b == 1)"), CALL("deny a(b == 1 and c == 1)") },
		{ CALL("deny a(b & 1 == 1)"), CALL("deny a(b & 2 == 1)") },
		{ CALL("deny a(b in {1, 2})"), CALL("deny a(b in 1..2)") },
		{ "test \"a\" for b { }", "test \"c\" for b { }" },
		{ "test \"a\" for b { }", "test \"a\" for c { }" },
		{ "test \"a\" for b { allow fork }", "test \"a\" for b { deny fork }" },
		{ "test \"a\" for b { allow fork }", "test \"a\" for b { allow fork in c }" },
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct source_set sources;

	source_set_init(&sources, arena);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct ast_file *a = parse_text(&sources, pairs[i][0]);
		struct ast_file *b = parse_text(&sources, pairs[i][1]);

		if (ast_equal(a, b) || ast_equal(b, a))
			fail_msg("'%s' and '%s' are equal", pairs[i][0], pairs[i][1]);
		assert_true(ast_equal(a, parse_text(&sources, pairs[i][0])));
		assert_true(ast_equal(b, parse_text(&sources, pairs[i][1])));
	}
}

/* Blanks that multiply what they align must not make a file without end. */
static void test_large_files(void **state)
{
	_cleanup_(text_release) struct text t = TEXT_INIT, made = TEXT_INIT;
	bool parsed;

	text_puts(&t, "profile p {\nfile {\nallow read /a");
	for (unsigned i = 0; i < 100000; i++)
		text_printf(&t, ",%s/path/%u", i % 7 ? "" : "\n", i);
	text_puts(&t, "\n");
	for (unsigned i = 0; i < 30000; i++)
		text_printf(&t, "deny%*s /b/%u      owner # %u\n", 6 + i % 3, "write", i, i);
	text_puts(&t, "}\n}\n");
	assert_null(fmt_broken(t.s, t.len, &parsed));
	assert_true(parsed);
	assert_true(fmt_bytes(t.s, t.len, &made));
	assert_true(made.len < 2 * t.len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_properties_hold_of_every_file),
		cmocka_unit_test(test_the_policy_is_the_same_one),
		cmocka_unit_test(test_whatever_the_layout_was),
		cmocka_unit_test(test_trees_that_differ_are_not_equal),
		cmocka_unit_test(test_large_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
