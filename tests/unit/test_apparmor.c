/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parser as the oracle: what apparmor_parser compiles is run as the kernel would, and compared
 * with the glob, with what was read back, and with decide().
 */
#include "compiler/apparmor_pattern.h"
#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "compiler/emit_apparmor.h"
#include "compiler/glob_expand.h"
#include "tests/unit/apparmor_binary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#include "random.h"

#define N(a) (sizeof(a) / sizeof(*(a)))
#define READ 0x04u

static struct policy *compiled(struct compilation *c, const char *text)
{
	compile_bytes(c, "t.pale", text, strlen(text), &(struct compile_options){ 0 });
	if (c->diags.n_errors)
		diag_print(&c->diags, stderr, false);
	assert_int_equal(c->diags.n_errors, 0);
	return compilation_policy(c, NULL);
}

static const char everything[] =
	"profile t {\n"
	"  process {\n"
	"    allow exec /usr/bin/t, /usr/lib/t/*\n"
	"    allow exec /usr/bin/sub as sub\n"
	"    allow exec drift /tmp/jit/*\n"
	"    allow signal TERM, USR1 to self\n"
	"    allow signal KILL to any\n"
	"    deny signal KILL to t/sub\n"
	"    allow ptrace t/sub\n"
	"  }\n"
	"  file {\n"
	"    allow read /etc/t/** except /etc/t/keys/**, /etc/t/*.key\n"
	"    allow read, write, create, delete, lock /var/t/**\n"
	"    allow rename /var/t/*.tmp, /var/t/*.dat\n"
	"    allow link /var/t/l*\n"
	"    allow setattr /var/t/attr\n"
	"    allow append /var/log/t.log\n"
	"    allow read, write /home/*/.t owner\n"
	"    allow map /usr/lib/**\n"
	"    allow read /proc/self/status, /proc/s*/x\n"
	"    audit read /etc/audited\n"
	"    deny read /var/t/secret\n"
	"    quiet deny read /etc/noise\n"
	"    kill write /etc/**\n"
	"    allow read \"/odd/a b\", /odd/@\\{HOME\\}, /odd/\\x0a\\\"\n"
	"  }\n"
	"  network {\n"
	"    allow connect tcp 10.0.0.0/8:443\n"
	"    allow connect udp *:53\n"
	"    allow listen sctp *:99\n"
	"    allow connect icmp *\n"
	"    allow listen unix /run/t.sock\n"
	"    allow connect unix abstract:t\n"
	"  }\n"
	"  allow socket raw, packet, vsock, netlink(ROUTE)\n"
	"  allow capability net_bind_service, checkpoint_restore, sys_admin\n"
	"  mount { allow mount tmpfs on /mnt/; allow umount /mnt/; allow pivot }\n"
	"  profile sub {\n"
	"    process { allow exec /usr/bin/deep as deep }\n"
	"    profile deep { file { allow read /deep } }\n"
	"  }\n"
	"}\n";

static struct aa_binary emitted(const struct policy *p, struct coverage *c)
{
	_cleanup_(text_release) struct text text = TEXT_INIT;
	struct pale_err *err = NULL;
	struct aa_binary b;

	if (emit_apparmor(p, c, &text, &err) < 0)
		fail_msg("%s", pale_err_text(err));
	b = aa_compile(text.s, text.len);
	if (!b.bytes)
		fail_msg("refused:\n%s", text.s);
	return b;
}

static void every_kind_of_rule_is_accepted(void **state)
{
	struct compilation c;
	struct policy *p = compiled(&c, everything);
	struct aa_binary b = emitted(p, NULL);
	static const char *const names[] = { "", "//sub", "//sub.deep" };

	for (size_t i = 0; i < N(names); i++) {
		char name[128];
		size_t len;

		len = (size_t)snprintf(name, sizeof(name), "pale.t.%.12s%s", p->digest, names[i]);
		assert_string_equal(name, apparmor_profile_name(p, (uint32_t)i));
		assert_non_null(memmem(b.bytes, b.n, name, len + 1));
	}
	free(b.bytes);
	compilation_release(&c);
}

static void every_family_is_accepted(void **state)
{
	for (uint32_t i = 0; i < vocab_n_families; i++) {
		_cleanup_(text_release) struct text text = TEXT_INIT;
		struct compilation c;
		struct policy *p;
		struct aa_binary b;

		text_printf(&text, "profile t { allow socket %s }\n", vocab_families[i].name);
		p = compiled(&c, text.s);
		b = emitted(p, NULL);
		free(b.bytes);
		compilation_release(&c);
	}
}

/*
 * decide() over paths near to the policy, against the compiled automaton: what is allowed has all
 * that it needs. What is refused and passes is a rule that is not called exact.
 */
struct compare {
	const struct policy *p;
	const struct coverage *c;
	const struct aa_dfa *compiled;
	uint32_t domain;
	uint32_t n;
};

static const struct {
	enum operation op;
	uint32_t some, all;
} needs[] = {
	{ OP_EXEC, 0x01, 0x45 },
	{ OP_READ, 0x04, 0x04 },
	{ OP_WRITE, 0x02, 0x02 },
	{ OP_APPEND, 0x02, 0x02 },
	{ OP_CREATE, 0x02, 0x02 },
	{ OP_DELETE, 0x02, 0x02 },
	{ OP_RENAME, 0x02, 0x06 },
	{ OP_LINK, 0x10, 0x10 },
	{ OP_SETATTR, 0x02, 0x02 },
	{ OP_MAP, 0x40, 0x40 },
	{ OP_LOCK, 0x20, 0x22 },
};

/* With link where the path may be linked to itself, as on each side of a pair. */
static uint32_t permissions(const struct aa_dfa *d, const char *path, size_t len, bool owner)
{
	uint32_t had = aa_permissions(d, path, len, owner);

	return aa_link(d, path, len, path, len, owner) ? had : had & ~AA_MAY_LINK;
}

static bool compare_state(
	void *ctx, uint32_t state, uint32_t accept, const char *witness, size_t len)
{
	struct compare *k = ctx;
	char path[8192], kernel[8192];
	size_t kernel_len = len;

	memcpy(path, witness, len);
	path[len] = 0;
	memcpy(kernel, path, len + 1);
	/* As the kernel names what the policy calls /proc/self/. */
	if (!strncmp(path, "/proc/self/", 11))
		kernel_len = (size_t)snprintf(kernel, sizeof(kernel), "/proc/4711/%s", path + 11);
	for (size_t i = 0; i < N(needs); i++) {
		for (int owner = 0; owner < 2; owner++) {
			struct request r = { .operation = needs[i].op,
				.path = path,
				.path_len = (uint32_t)len,
				.owner = owner };
			struct decision d = decide(k->p, k->domain, &r);
			uint32_t had = permissions(k->compiled, kernel, kernel_len, owner);
			enum coverage_verdict verdict =
				k->c->v[d.rule->index][needs[i].op][MECHANISM_APPARMOR].verdict;
			bool directory = len && path[len - 1] == '/';

			k->n++;
			if (d.verdict == VERDICT_ALLOW && !directory &&
				(had & needs[i].all) != needs[i].all)
				fail_msg("%s %s (owner %d): allowed by '%s' and has only %x",
					vocab_operations[needs[i].op].name, path, owner,
					d.rule->text, had);
			if (d.verdict != VERDICT_ALLOW && had & needs[i].some &&
				verdict == COVERAGE_EXACT)
				fail_msg("%s %s (owner %d): refused by '%s', called exact, and has "
					 "%x",
					vocab_operations[needs[i].op].name, path, owner,
					d.rule->text, had);
		}
	}
	return true;
}

static void never_narrower_and_never_wider_unnamed(void **state)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct compilation c;
	struct policy *p = compiled(&c, everything);
	struct coverage *cov = coverage_new(p);
	struct aa_binary b = emitted(p, cov);

	for (uint32_t d = 0; d < p->n_domains; d++) {
		struct aa_dfa compiled_dfa;
		struct compare k = { .p = p, .c = cov, .compiled = &compiled_dfa, .domain = d };

		assert_true(aa_file_dfa(&b, apparmor_profile_name(p, d), &compiled_dfa));
		dfa_walk_paths(a, p->dfa, DFA_ENTRY_PATHS(d), compare_state, &k);
		assert_true(k.n > 20);
	}
	for (uint32_t i = 0; i < p->n_rules; i++) {
		for (int op = 0; op < OP_COUNT; op++)
			assert_int_not_equal(
				cov->v[i][op][MECHANISM_APPARMOR].verdict, COVERAGE_NARROWER);
	}
	free(b.bytes);
	compilation_release(&c);
}

static void expect_coverage(const struct policy *p, const struct coverage *c, const char *text,
	enum operation op, enum coverage_verdict verdict, const char *why)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct coverage_entry *e = &c->v[i][op][MECHANISM_APPARMOR];

		if (strcmp(p->rules[i]->text, text) != 0)
			continue;
		if (e->verdict != verdict || strcmp(e->why ? e->why : "", why ? why : "") != 0)
			fail_msg("%s, %s: %s, '%s'", text, vocab_operations[op].name,
				coverage_names[e->verdict], e->why ? e->why : "");
		return;
	}
	fail_msg("no rule '%s'", text);
}

static void links_are_pairs(void **state)
{
	struct pale_err *err = NULL;
	struct compilation c;
	struct policy *p = compiled(&c, "profile t {\n"
					"  allow link /a/**\n"
					"  audit link /b, \"/c,d\"\n"
					"  allow link /e/* owner\n"
					"  deny link /a/x\n"
					"}\n");
	struct coverage *cov = coverage_new(p);
	_cleanup_(text_release) struct text text = TEXT_INIT;

	assert_int_equal(emit_apparmor(p, cov, &text, &err), 0);
	assert_non_null(strstr(text.s,
		"\tlink \"/a/?**\" -> \"/{a/?**,b,c[,]d}\",\n"
		"\taudit link \"/{b,c[,]d}\" -> \"/{a/?**,b,c[,]d}\",\n"
		"\towner link \"/{a/?**,e/?*}\" -> \"/{a/?**,b,c[,]d,e/?*}\",\n"
		"\taudit owner link \"/{b,c[,]d}\" -> \"/{a/?**,b,c[,]d,e/?*}\",\n"));
	assert_non_null(strstr(text.s, "\taudit deny link \"/**\" -> \"/a/x\",\n"
				       "\taudit deny \"/a/x\" l,\n"));
	expect_coverage(p, cov, "deny link /a/x", OP_LINK, COVERAGE_EXACT, NULL);
	expect_coverage(p, cov, "deny link by default", OP_LINK, COVERAGE_EXACT, NULL);
	compilation_release(&c);
}

/* Words of more than 16 KiB are too long for apparmor_parser. */
static void too_many_links_ask_one_name(void **state)
{
	_cleanup_(text_release) struct text policy = TEXT_INIT, text = TEXT_INIT;
	struct pale_err *err = NULL;
	struct compilation c;
	struct coverage *cov;
	struct aa_binary b;
	struct policy *p;

	text_puts(&policy, "profile t {\n");
	for (int i = 0; i < 1000; i++)
		text_printf(&policy, "  allow modify /srv/d%d/**/x*\n", i);
	text_puts(&policy, "}\n");
	p = compiled(&c, text_str(&policy));
	cov = coverage_new(p);
	assert_int_equal(emit_apparmor(p, cov, &text, &err), 0);
	expect_coverage(p, cov, "deny link by default", OP_LINK, COVERAGE_WIDER,
		"does not ask what is linked to, the rules being too many for that: "
		"lets /a through");
	b = aa_compile(text.s, text.len);
	assert_non_null(b.bytes);
	free(b.bytes);
	compilation_release(&c);
}

/* Read back with each '#' as four bytes, the path is longer than a glob in a policy may be. */
static void long_paths_of_special_bytes(void **state)
{
	_cleanup_(text_release) struct text policy = TEXT_INIT, text = TEXT_INIT;
	struct pale_err *err = NULL;
	struct compilation c;
	struct policy *p;

	text_puts(&policy, "profile t {\n  allow read \"/");
	for (int i = 0; i < 2000; i++)
		text_putc(&policy, i % 200 == 199 ? '/' : '#');
	text_puts(&policy, "x\"\n}\n");
	p = compiled(&c, text_str(&policy));
	assert_int_equal(emit_apparmor(p, coverage_new(p), &text, &err), 0);
	compilation_release(&c);
}

static void coverage_says_what_is_lost(void **state)
{
	struct pale_err *err = NULL;
	struct compilation c;
	struct policy *p = compiled(&c, "profile t {\n"
					"  process { allow signal TERM to self; kill exec drift }\n"
					"  file {\n"
					"    allow read /a/** except /a/keys/**\n"
					"    allow write /b\n"
					"    allow read, lock /c\n"
					"    allow append /d/*.log\n"
					"    deny write /e/**\n"
					"    allow create /e/x\n"
					"    allow write /f/y owner\n"
					"  }\n"
					"  network { allow connect tcp 10.0.0.0/8:443 }\n"
					"}\n");
	struct coverage *cov = coverage_new(p);
	_cleanup_(text_release) struct text text = TEXT_INIT;

	assert_int_equal(emit_apparmor(p, cov, &text, &err), 0);
	expect_coverage(
		p, cov, "allow read /a/** except /a/keys/**", OP_READ, COVERAGE_EXACT, NULL);
	expect_coverage(p, cov, "allow write /b", OP_WRITE, COVERAGE_EXACT, NULL);
	expect_coverage(p, cov, "allow append /d/*.log", OP_APPEND, COVERAGE_WIDER,
		"cannot tell append from write");
	/* The deny would take what create needs away. */
	expect_coverage(p, cov, "deny write /e/**", OP_WRITE, COVERAGE_WIDER, "lets /e/x through");
	assert_null(strstr(text.s, "deny \"/e"));
	expect_coverage(p, cov, "allow connect tcp 10.0.0.0/8:443", OP_CONNECT, COVERAGE_WIDER,
		"knows no addresses");
	expect_coverage(p, cov, "deny link by default", OP_LINK, COVERAGE_EXACT, NULL);
	expect_coverage(p, cov, "deny ioctl by default", OP_IOCTL, COVERAGE_UNENFORCED, NULL);
	expect_coverage(p, cov, "deny mount by default", OP_MOUNT, COVERAGE_EXACT, NULL);
	expect_coverage(p, cov, "deny exec by default", OP_EXEC, COVERAGE_WIDER,
		"lets files without a path through");
	expect_coverage(p, cov, "deny capability by default", OP_CAPABILITY, COVERAGE_EXACT, NULL);
	compilation_release(&c);
}

static void mounts_are_told_apart(void **state)
{
	static const char policy_text[] =
		"fragment closed { deny syscall move_mount }\n"
		"profile t {\n"
		"  include closed\n"
		"  mount {\n"
		"    allow mount tmpfs on /t\n"
		"    allow mount proc from proc on /flags/*/ with ro, nosuid\n"
		"    deny mount tmpfs on /t/ with noexec\n"
		"    deny mount ext4 on /{t,u}\n"
		"    allow mount ext4 from /dev/sda on /{u,v}\n"
		"    allow bind /a on /b\n"
		"    allow umount /t, /u/** except /u/keep\n"
		"    allow pivot\n"
		"  }\n"
		"}\n";
	static const char *const lines[] = {
		"\tmount fstype=\"tmpfs\" -> \"/t/\",\n",
		"\tmount fstype=\"proc\" \"proc\" -> \"/flags/?*/\",\n",
		"\taudit deny mount fstype=\"proc\" options in "
		"(nosuid,nodev,noexec,sync,mand,dirsync,"
		"noatime,nodiratime,silent,acl,relatime,iversion,strictatime) \"proc\" -> "
		"\"/flags/?*/\",\n",
		"\taudit deny mount fstype=\"tmpfs\" options=(noexec) options in "
		"(ro,nosuid,nodev,sync,"
		"mand,dirsync,noatime,nodiratime,silent,acl,relatime,iversion,strictatime) -> "
		"\"/t/\",\n",
		"\tmount options=(bind) \"/a/\" -> \"/b/\",\n",
		"\tmount options=(rbind) \"/a/\" -> \"/b/\",\n",
		"\tumount \"/t/\",\n",
		"\taudit deny umount \"/u/keep/\",\n",
		"\tpivot_root,\n",
	};
	static const char unnamed[] = "has no name for some options: lets ";
	struct pale_err *err = NULL;
	struct compilation c;
	struct policy *p = compiled(&c, policy_text);
	struct coverage *cov = coverage_new(p);
	_cleanup_(text_release) struct text text = TEXT_INIT;

	assert_int_equal(emit_apparmor(p, cov, &text, &err), 0);
	for (size_t i = 0; i < N(lines); i++) {
		if (!strstr(text.s, lines[i]))
			fail_msg("no line %sin\n%s", lines[i], text.s);
	}
	assert_null(strstr(text.s, "options=(move)"));
	assert_null(strstr(text.s, "flags="));
	expect_coverage(p, cov, "allow mount tmpfs on /t", OP_MOUNT, COVERAGE_EXACT, NULL);
	expect_coverage(p, cov, "allow bind /a on /b", OP_BIND, COVERAGE_EXACT, NULL);
	expect_coverage(p, cov, "deny bind by default", OP_BIND, COVERAGE_EXACT, NULL);
	expect_coverage(p, cov, "deny mount ext4 on /{t,u}", OP_MOUNT, COVERAGE_EXACT, NULL);
	expect_coverage(
		p, cov, "allow umount /t, /u/** except /u/keep", OP_UMOUNT, COVERAGE_EXACT, NULL);
	expect_coverage(p, cov, "deny umount by default", OP_UMOUNT, COVERAGE_EXACT, NULL);
	expect_coverage(p, cov, "allow pivot", OP_PIVOT, COVERAGE_EXACT, NULL);
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct coverage_entry *e = &cov->v[i][OP_MOUNT][MECHANISM_APPARMOR];

		if (strstr(p->rules[i]->text, "with noexec") ||
			!strcmp(p->rules[i]->text, "deny mount by default")) {
			assert_int_equal(e->verdict, COVERAGE_WIDER);
			assert_ptr_equal(strstr(e->why, unnamed), e->why);
		}
	}
	compilation_release(&c);
}

/* A deny of what lacks a flag is written only where nothing that it takes away is allowed. */
static void options_that_others_need_not_have(void **state)
{
	struct pale_err *err = NULL;
	struct compilation c;
	struct policy *p = compiled(&c, "profile t {\n"
					"  allow mount tmpfs on /t with ro\n"
					"  allow mount tmpfs on /t/ with nosuid\n"
					"  allow mount tmpfs on /u with ro\n"
					"  deny mount proc on /{p,q} with ro\n"
					"  allow mount proc on /{p,q,r}\n"
					"}\n");
	_cleanup_(text_release) struct text text = TEXT_INIT;

	assert_int_equal(emit_apparmor(p, NULL, &text, &err), 0);
	assert_null(strstr(text.s, ") -> \"/t/\""));
	assert_non_null(strstr(text.s, ") -> \"/u"));
	assert_non_null(strstr(text.s, ") -> \"/p"));
	compilation_release(&c);
}

/* A filter that lets move_mount(2) pass lets any mount pass: the kernel has no hook there. */
static void mounts_by_move_mount_are_not_seen(void **state)
{
	struct pale_err *err = NULL;
	struct compilation c;
	struct policy *p = compiled(&c, "profile t { allow bind /a on /b }\n");
	struct coverage *cov = coverage_new(p);
	_cleanup_(text_release) struct text text = TEXT_INIT;

	assert_int_equal(emit_apparmor(p, cov, &text, &err), 0);
	assert_non_null(strstr(text.s, "\tmount options=(move) \"\" -> \"/b/\",\n"));
	expect_coverage(p, cov, "allow bind /a on /b", OP_BIND, COVERAGE_EXACT, NULL);
	for (int i = 0; i < 2; i++) {
		enum operation op = i ? OP_BIND : OP_MOUNT;
		const struct coverage_entry *e =
			&cov->v[p->domains[0]->defaults[op]->index][op][MECHANISM_APPARMOR];

		assert_int_equal(e->verdict, COVERAGE_WIDER);
		assert_non_null(strstr(e->why, "does not see what fsmount and open_tree make"));
	}
	compilation_release(&c);
}

/* More mounts than can be told apart are allowed as a whole, and that is said. */
static void too_many_mounts_are_one(void **state)
{
	_cleanup_(text_release) struct text text = TEXT_INIT, profile = TEXT_INIT;
	struct pale_err *err = NULL;
	struct coverage *cov;
	struct compilation c;
	struct policy *p;

	text_puts(&text, "profile t {\n");
	for (int i = 0; i < 3000; i++)
		text_printf(&text, "  allow mount tmpfs on /a%d/*/b%d with ro\n", i, i);
	text_puts(&text, "}\n");
	p = compiled(&c, text.s);
	cov = coverage_new(p);
	assert_int_equal(emit_apparmor(p, cov, &profile, &err), 0);
	assert_non_null(strstr(profile.s, "\tmount,\n"));
	assert_null(strstr(profile.s, "mount fstype"));
	expect_coverage(p, cov, "deny mount by default", OP_MOUNT, COVERAGE_WIDER,
		"allows or refuses so many mounts as a whole");
	compilation_release(&c);
}

/* The policy's /proc/self/ is a number to the kernel: a deny by name would only seem to refuse it,
 * one by number would refuse what is allowed. */
static void own_directory_is_a_number(void **state)
{
	struct pale_err *err = NULL;
	struct compilation c;
	struct policy *p = compiled(&c, "profile t {\n"
					"  file {\n"
					"    allow write /proc/self/**\n"
					"    deny write /proc/s*/x\n"
					"    deny write /proc/[0-9]*/y\n"
					"    deny write /proc/*/z\n"
					"    allow read /proc/1*/stat\n"
					"  }\n"
					"}\n");
	struct coverage *cov = coverage_new(p);
	_cleanup_(text_release) struct text text = TEXT_INIT;

	assert_int_equal(emit_apparmor(p, cov, &text, &err), 0);
	assert_null(strstr(text.s, "deny \"/proc/s*"));
	assert_null(strstr(text.s, "/y\" w"));
	assert_non_null(strstr(text.s, "audit deny \"/proc/?*/z\" w,\n"));
	expect_coverage(p, cov, "deny write /proc/s*/x", OP_WRITE, COVERAGE_WIDER,
		"lets /proc/self/x through");
	expect_coverage(p, cov, "deny write /proc/*/z", OP_WRITE, COVERAGE_EXACT, NULL);
	expect_coverage(p, cov, "allow read /proc/1*/stat", OP_READ, COVERAGE_WIDER,
		"reaches /proc/self/stat too");
	compilation_release(&c);
}

/* Of rules that disagree about a path, those that lead astray lose their x, or the parser would
 * refuse the profile. */
static void one_path_enters_one_profile(void **state)
{
	struct pale_err *err = NULL;
	struct compilation c;
	struct policy *p = compiled(&c, "profile t {\n"
					"  process {\n"
					"    allow exec /bin/{a,b}\n"
					"    allow exec /bin/a as sub\n"
					"    allow exec drift /jit/*\n"
					"    allow exec /jit/** as sub\n"
					"    allow exec drift /usr/*\n"
					"    allow exec /usr/bin as sub\n"
					"  }\n"
					"  profile sub { file { allow read /x } }\n"
					"}\n");
	struct coverage *cov = coverage_new(p);
	_cleanup_(text_release) struct text text = TEXT_INIT;
	struct aa_binary b;

	assert_int_equal(emit_apparmor(p, cov, &text, &err), 0);
	b = aa_compile(text.s, text.len);
	assert_non_null(b.bytes);
	free(b.bytes);
	assert_non_null(strstr(text.s, "\t\"/bin/a\" rm,\n"));
	assert_non_null(strstr(text.s, "\t\"/bin/b\" rmix,\n"));
	assert_non_null(strstr(text.s, "\t\"/bin/a\" rmPx -> "));
	assert_non_null(strstr(text.s, "\t\"/jit/?*\" rm,\n"));
	/* A path without forms goes before. */
	assert_non_null(strstr(text.s, "\t\"/usr/?*\" rmix,\n"));
	expect_coverage(p, cov, "allow exec /bin/a as sub", OP_EXEC, COVERAGE_EXACT, NULL);
	expect_coverage(p, cov, "allow exec drift /jit/*", OP_EXEC, COVERAGE_WIDER,
		"asks the path alone which sub-profile is entered");
	compilation_release(&c);
}

static void audit_mode_denies_nothing(void **state)
{
	struct pale_err *err = NULL;
	struct compilation c;
	struct policy *p = compiled(&c, "profile t {\n mode audit\n"
					" file { deny write /e/**; allow read /e/** }\n }\n");
	_cleanup_(text_release) struct text text = TEXT_INIT;

	assert_int_equal(emit_apparmor(p, NULL, &text, &err), 0);
	assert_non_null(strstr(text.s, "flags=(complain)"));
	assert_null(strstr(text.s, "deny"));
	compilation_release(&c);
}

static void same_policy_same_bytes(void **state)
{
	struct pale_err *err = NULL;
	struct text text[2] = { TEXT_INIT, TEXT_INIT };

	for (int i = 0; i < 2; i++) {
		struct compilation c;
		struct policy *p = compiled(&c, everything);

		assert_int_equal(emit_apparmor(p, NULL, &text[i], &err), 0);
		compilation_release(&c);
	}
	assert_string_equal(text[0].s, text[1].s);
	text_release(&text[0]);
	text_release(&text[1]);
}

int main(void)
{
	const struct CMUnitTest with_parser[] = {
		cmocka_unit_test(every_kind_of_rule_is_accepted),
		cmocka_unit_test(every_family_is_accepted),
		cmocka_unit_test(never_narrower_and_never_wider_unnamed),
		cmocka_unit_test(one_path_enters_one_profile),
		cmocka_unit_test(too_many_links_ask_one_name),
	};
	const struct CMUnitTest without[] = {
		cmocka_unit_test(coverage_says_what_is_lost),
		cmocka_unit_test(links_are_pairs),
		cmocka_unit_test(long_paths_of_special_bytes),
		cmocka_unit_test(mounts_are_told_apart),
		cmocka_unit_test(options_that_others_need_not_have),
		cmocka_unit_test(mounts_by_move_mount_are_not_seen),
		cmocka_unit_test(too_many_mounts_are_one),
		cmocka_unit_test(own_directory_is_a_number),
		cmocka_unit_test(audit_mode_denies_nothing),
		cmocka_unit_test(same_policy_same_bytes),
	};
	int failed = cmocka_run_group_tests_name("apparmor", without, NULL, NULL);

	if (system("apparmor_parser --version >/dev/null 2>&1") != 0) {
		fprintf(stderr, "# apparmor: not tested with apparmor_parser, which is missing\n");
		return failed;
	}
	return failed +
	       cmocka_run_group_tests_name("apparmor with its parser", with_parser, NULL, NULL);
}
