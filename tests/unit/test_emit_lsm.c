/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/lsm_requests.h"

static const char sample[] =
	"profile web {\n"
	"    process {\n"
	"        allow exec /usr/bin/* owner\n"
	"        allow exec /usr/lib/helper as helper\n"
	"        audit exec /opt/*/bin/**\n"
	"        kill  exec drift\n"
	"        allow exec anonymous owner\n"
	"        allow signal TERM, HUP to self\n"
	"        allow signal to web/helper\n"
	"        quiet deny signal KILL to any\n"
	"        audit ptrace web/helper\n"
	"        deny fork\n"
	"    }\n"
	"    file {\n"
	"        allow read /etc/** except /etc/keys/**, /etc/*.key\n"
	"        allow read, write /data/{a,b}/**\n"
	"        deny write /data/a/ro errno EROFS\n"
	"        quiet deny read /data/quiet\n"
	"        kill delete /data/b/bomb\n"
	"        audit append, create /log/*.log\n"
	"        allow modify /tmp/*/ owner\n"
	"        allow ioctl, map /dev/x*\n"
	"    }\n"
	"    network {\n"
	"        allow connect tcp 10.0.0.0/8:443, [fd00::/8]:443 except 10.9.0.0/16:*\n"
	"        audit connect tcp 10.1.0.0/16:440-450\n"
	"        deny  connect tcp 10.1.2.3:* errno ECONNREFUSED\n"
	"        allow connect udp, sctp *:53\n"
	"        allow listen tcp *:8000-8100 except 127.0.0.0/8:8050\n"
	"        allow connect icmp 192.0.2.0/24\n"
	"        allow connect unix /run/*.sock, \"abstract:a?c\"\n"
	"        allow listen unix abstract:own* except abstract:owner\n"
	"    }\n"
	"    capability { allow net_bind_service; audit chown; kill sys_module }\n"
	"    allow socket raw, netlink(ROUTE, AUDIT), vsock\n"
	"    mount {\n"
	"        allow mount tmpfs on /{run,data}/* with nosuid, nodev\n"
	"        audit mount tmpfs from scratch on /run/b with ro\n"
	"        deny mount tmpfs on /data/b with noexec errno EROFS\n"
	"        kill mount proc from /x* on /**\n"
	"        allow bind /data/** on /run/**\n"
	"        quiet deny bind /data/a/x on /run/**\n"
	"        allow umount /run/*\n"
	"        allow pivot\n"
	"    }\n"
	"    deny userns\n"
	"    profile helper {\n"
	"        on violation kill\n"
	"        process { allow signal to any; allow ptrace self }\n"
	"        file { allow read /etc/hosts }\n"
	"        network { allow connect tcp *:* except 10.0.0.0/8:* }\n"
	"        allow socket netlink\n"
	"    }\n"
	"}\n";

static void a_policy_of_all_kinds(void **state)
{
	struct built b;
	uint32_t asked, allowed;

	(void)state;
	build(&b, sample);
	compare(&b, &asked, &allowed);
	print_message("%u requests, %u allowed\n", asked, allowed);
	assert_true(asked > 3000 && allowed > 300 && asked - allowed > 300);
	release(&b);
}

static struct lsm_answer ask(const struct built *b, uint32_t domain, struct request r)
{
	struct lsm_answer got;
	struct lsm_blob blob;

	blob_of(&blob, b->blob.s, b->blob.len);
	assert_true(lsm_interpret(&blob, domain, &r, &got));
	return got;
}

static struct request file(enum operation op, const char *path)
{
	return (struct request){
		.operation = op, .path = path, .path_len = (uint32_t)strlen(path)
	};
}

/* Written down here, not asked of decide(). */
static void answers(void **state)
{
	struct lsm_answer got;
	struct request r;
	struct built b;

	(void)state;
	build(&b, sample);
	got = ask(&b, 0, file(OP_WRITE, "/data/a/ro"));
	assert_int_equal(got.effect, LSM_DENY);
	assert_int_equal(got.errnum, EROFS);
	assert_true(got.reported);
	assert_false(ask(&b, 0, file(OP_READ, "/data/quiet")).reported);
	assert_int_equal(ask(&b, 0, file(OP_DELETE, "/data/b/bomb")).effect, LSM_KILL);
	assert_int_equal(ask(&b, 0, file(OP_READ, "/etc/keys/a")).effect, LSM_DENY);
	assert_int_equal(ask(&b, 0, file(OP_READ, "/etc/hosts")).effect, LSM_ALLOW);
	assert_int_equal(ask(&b, 1, file(OP_READ, "/etc/passwd")).effect, LSM_KILL);

	/* What exec implies is not reported; the exec is. */
	assert_true(ask(&b, 0, file(OP_EXEC, "/opt/a/bin/x")).reported);
	got = ask(&b, 0, file(OP_MAP, "/opt/a/bin/x"));
	assert_int_equal(got.effect, LSM_ALLOW);
	assert_false(got.reported);

	got = ask(&b, 0, file(OP_EXEC, "/usr/lib/helper"));
	assert_int_equal(got.effect, LSM_ALLOW);
	assert_int_equal(got.transition, 1);
	r = file(OP_EXEC, "/usr/lib/helper");
	r.object_class = CLASS_DRIFT;
	got = ask(&b, 0, r);
	assert_int_equal(got.effect, LSM_KILL);
	assert_int_equal(got.transition, LSM_STAY);

	r = (struct request){ .operation = OP_EXEC, .object_class = CLASS_ANONYMOUS };
	assert_int_equal(ask(&b, 0, r).effect, LSM_DENY);
	r.owner = true;
	assert_int_equal(ask(&b, 0, r).effect, LSM_ALLOW);

	r = file(OP_MOUNT, "/run/x/");
	r.fstype = "tmpfs";
	assert_int_equal(ask(&b, 0, r).effect, LSM_DENY);
	r.mount_flags = MOUNT_NOSUID | MOUNT_NODEV | MOUNT_RO;
	assert_int_equal(ask(&b, 0, r).effect, LSM_ALLOW);
	assert_int_equal(ask(&b, 1, r).effect, LSM_KILL);
	r.fstype = "ramfs";
	assert_int_equal(ask(&b, 0, r).effect, LSM_DENY);
	r.fstype = "proc";
	r.source = "/x1";
	r.source_len = 3;
	assert_int_equal(ask(&b, 0, r).effect, LSM_KILL);
	r = file(OP_BIND, "/run/x/");
	assert_int_equal(ask(&b, 0, r).effect, LSM_DENY);
	r.source = "/data/a/y/";
	r.source_len = 10;
	assert_int_equal(ask(&b, 0, r).effect, LSM_ALLOW);
	r.source = "/data/a/x/";
	assert_int_equal(ask(&b, 0, r).effect, LSM_DENY);
	assert_false(ask(&b, 0, r).reported);
	assert_int_equal(ask(&b, 0, file(OP_UMOUNT, "/run/x/")).effect, LSM_ALLOW);
	assert_int_equal(ask(&b, 0, (struct request){ .operation = OP_PIVOT }).effect, LSM_ALLOW);

	r = (struct request){ .operation = OP_CONNECT, .family = 6, .port = 443 };
	inet_pton(AF_INET6, "::ffff:10.2.0.1", r.address);
	assert_int_equal(ask(&b, 0, r).effect, LSM_ALLOW);
	inet_pton(AF_INET6, "::ffff:10.9.0.1", r.address);
	assert_int_equal(ask(&b, 0, r).effect, LSM_DENY);
	inet_pton(AF_INET6, "::ffff:10.1.2.3", r.address);
	assert_int_equal(ask(&b, 0, r).errnum, ECONNREFUSED);
	release(&b);
}

static void audit_mode(void **state)
{
	struct pale_err *err = NULL;
	struct lsm_head head;
	struct built b;

	(void)state;
	build(&b, "profile p { mode audit; deny read /x }");
	memcpy(&head, b.blob.s, sizeof(head));
	assert_int_equal(head.flags, LSM_FLAG_AUDIT);
	head.flags = 0;
	memcpy(b.blob.s, &head, sizeof(head));
	assert_int_equal(verify_lsm(b.p, b.blob.s, b.blob.len, &err), -EBADMSG);
	pale_err_free(err);
	release(&b);
}

static void deterministic(void **state)
{
	struct built a, b;

	(void)state;
	build(&a, sample);
	build(&b, sample);
	assert_int_equal(a.blob.len, b.blob.len);
	assert_memory_equal(a.blob.s, b.blob.s, a.blob.len);
	release(&a);
	release(&b);
}

/* ---- limits */

static void refused(const char *text, const char *because)
{
	struct pale_err *err = NULL;
	struct built b;

	compile(&b, text);
	if (emit_lsm(b.p, b.coverage, &b.blob, &err) != -E2BIG)
		fail_msg("'%s' is not said: %zu bytes", because, b.blob.len);
	if (!strstr(pale_err_text(err), because))
		fail_msg("'%s' does not say '%s'", pale_err_text(err), because);
	assert_non_null(pale_err_hint_text(err));
	assert_int_equal(b.blob.len, 0);
	for (uint32_t i = 0; i < b.p->n_rules; i++)
		for (int op = 0; op < OP_COUNT; op++)
			assert_int_equal(b.coverage->v[i][op][MECHANISM_BPF_LSM].verdict,
				COVERAGE_UNENFORCED);
	pale_err_free(err);
	release(&b);
}

static void limits(void **state)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+@";
	_cleanup_(text_release) struct text t = TEXT_INIT;
	struct built b;

	(void)state;
	text_puts(&t, "profile p {\n");
	for (int i = 1; i < LSM_DOMAINS_MAX; i++)
		text_printf(&t, "process { allow exec /s%d as s%d }\nprofile s%d { }\n", i, i, i);
	text_puts(&t, "}");
	build(&b, text_str(&t));
	release(&b);
	t.len--;
	text_puts(&t, "process { allow exec /z as z }\nprofile z { } }");
	refused(text_str(&t), "17 profiles");

	text_clear(&t);
	text_puts(&t, "profile p { network {\n");
	for (int i = 0; i <= LSM_ENDPOINTS_MAX; i++)
		text_printf(&t, "allow connect tcp 10.0.%d.%d:80\n", i / 256, i % 256);
	text_puts(&t, "} }");
	refused(text_str(&t), "4097 addresses");

	text_clear(&t);
	/* Many states, and a column for each letter. */
	text_puts(&t, "profile p { file {\n");
	for (int i = 0; i < 5900; i++) {
		text_puts(&t, "allow read /");
		for (int k = 0; k < 12; k++)
			text_putc(&t, letters[random_below(sizeof(letters) - 1)]);
		text_puts(&t, "\n");
	}
	text_puts(&t, "} }");
	refused(text_str(&t), "bytes of tables");

	text_clear(&t);
	text_puts(&t, "profile p { mount {\n");
	for (int i = 0; i <= LSM_MOUNTS_MAX; i++)
		text_printf(&t, "allow mount tmpfs on /x%d\n", i);
	text_puts(&t, "} }");
	refused(text_str(&t), "1025 rules about mounts");
	refused("profile p { allow mount "
		"a-filesystem-whose-name-is-longer-than-any-that-the-kernel-"
		"has-ever-had on /x }",
		"type of 71 bytes");

	text_clear(&t);
	text_puts(&t, "profile p { file {\n");
	for (int i = 0; i < LSM_RULES_MAX; i++)
		text_printf(&t, "allow read /x%d\n", i);
	text_puts(&t, "} }");
	refused(text_str(&t), " rules, of at most 32767");
}

/* ---- coverage */

static const struct coverage_entry *covered(
	const struct built *b, const char *text, enum operation op)
{
	for (uint32_t i = 0; i < b->p->n_rules; i++) {
		if (!strcmp(b->p->rules[i]->text, text))
			return &b->coverage->v[i][op][MECHANISM_BPF_LSM];
	}
	fail_msg("no rule '%s'", text);
	return NULL;
}

static void coverage(void **state)
{
	static const struct {
		const char *rule;
		enum operation op;
		enum coverage_verdict verdict;
	} rows[] = {
		{ "deny read by default", OP_READ, COVERAGE_EXACT },
		{ "deny connect by default", OP_CONNECT, COVERAGE_EXACT },
		{ "deny capability by default", OP_CAPABILITY, COVERAGE_EXACT },
		{ "deny setattr by default", OP_SETATTR, COVERAGE_EXACT },
		{ "kill exec drift", OP_EXEC, COVERAGE_EXACT },
		{ "kill exec drift", OP_MAP, COVERAGE_UNENFORCED }, /* says nothing of it */
		{ "deny signal by default", OP_SIGNAL, COVERAGE_EXACT },
		{ "allow signal TERM, HUP to self", OP_SIGNAL, COVERAGE_EXACT },
		{ "deny ioctl by default", OP_IOCTL, COVERAGE_EXACT },
		{ "allow ioctl, map /dev/x*", OP_IOCTL, COVERAGE_EXACT },
		{ "deny ptrace by default", OP_PTRACE, COVERAGE_WIDER },
		{ "deny mount by default", OP_MOUNT, COVERAGE_WIDER },
		{ "kill mount proc from /x* on /**", OP_MOUNT, COVERAGE_WIDER },
		{ "audit mount tmpfs from scratch on /run/b with ro", OP_MOUNT, COVERAGE_EXACT },
		{ "allow bind /data/** on /run/**", OP_BIND, COVERAGE_NARROWER },
		{ "deny bind by default", OP_BIND, COVERAGE_EXACT },
		{ "deny umount by default", OP_UMOUNT, COVERAGE_EXACT },
		{ "allow pivot", OP_PIVOT, COVERAGE_EXACT },
		{ "deny syscall by default", OP_SYSCALL, COVERAGE_UNENFORCED },
	};
	struct built b;

	(void)state;
	build(&b, sample);
	for (size_t i = 0; i < N(rows); i++) {
		const struct coverage_entry *e = covered(&b, rows[i].rule, rows[i].op);

		if (e->verdict != rows[i].verdict)
			fail_msg("%s is %s", rows[i].rule, coverage_names[e->verdict]);
		assert_true((e->why != NULL) ==
			    (e->verdict == COVERAGE_WIDER || e->verdict == COVERAGE_NARROWER));
	}
	release(&b);
	/* No exec leads into another profile. */
	build(&b, "profile p { allow append /x; allow syscall writev }");
	assert_int_equal(covered(&b, "deny ptrace by default", OP_PTRACE)->verdict, COVERAGE_EXACT);
	assert_int_equal(covered(&b, "deny write by default", OP_WRITE)->verdict, COVERAGE_EXACT);
	release(&b);
	build(&b, "profile p { allow append /x; allow syscall pwritev2 }");
	assert_int_equal(covered(&b, "deny write by default", OP_WRITE)->verdict, COVERAGE_WIDER);
	assert_int_equal(covered(&b, "allow append /x", OP_APPEND)->verdict, COVERAGE_EXACT);
	release(&b);
	build(&b, "profile p { allow read, write /x; allow syscall pwritev2 }");
	assert_int_equal(covered(&b, "deny write by default", OP_WRITE)->verdict, COVERAGE_EXACT);
	release(&b);
	build(&b, "profile p { allow mount ext4 from /dev/x on /a; allow mount cgroup2 on /b }");
	assert_int_equal(covered(&b, "deny mount by default", OP_MOUNT)->verdict, COVERAGE_WIDER);
	assert_int_equal(covered(&b, "allow mount ext4 from /dev/x on /a", OP_MOUNT)->verdict,
		COVERAGE_EXACT);
	assert_int_equal(
		covered(&b, "allow mount cgroup2 on /b", OP_MOUNT)->verdict, COVERAGE_NARROWER);
	release(&b);
	build(&b, "profile p { allow mount tmpfs on /a; allow syscall mount_setattr }");
	assert_int_equal(covered(&b, "deny mount by default", OP_MOUNT)->verdict, COVERAGE_WIDER);
	release(&b);
	build(&b, "profile p { allow bind /a on /b; allow capability sys_chroot }");
	assert_int_equal(covered(&b, "deny bind by default", OP_BIND)->verdict, COVERAGE_WIDER);
	release(&b);
}

/* ---- mutants */

struct answer {
	bool asked;
	struct lsm_answer a;
};

static bool same_answer(const struct answer *a, const struct answer *b)
{
	return a->asked == b->asked &&
	       (!a->asked || (a->a.rule == b->a.rule && a->a.effect == b->a.effect &&
				     a->a.reported == b->a.reported && a->a.errnum == b->a.errnum &&
				     a->a.transition == b->a.transition));
}

static void answer_all(const struct lsm_blob *blob, const struct requests *r, struct answer *to)
{
	for (uint32_t i = 0; i < r->n; i++)
		to[i].asked = lsm_interpret(blob, r->domain[i], &r->v[i], &to[i].a);
}

static bool changes_an_answer(
	const struct lsm_blob *blob, const struct requests *r, const struct answer *before)
{
	for (uint32_t i = 0; i < r->n; i++) {
		struct answer now;

		now.asked = lsm_interpret(blob, r->domain[i], &r->v[i], &now.a);
		if (!same_answer(&now, &before[i]))
			return true;
	}
	return false;
}

#define MUTANTS 6000

static void every_mutant_that_matters_is_found(void **state)
{
	uint32_t changed = 0, found = 0, kept = 0;
	struct answer *before;
	struct requests r;
	struct lsm_blob blob;
	struct built b;

	(void)state;
	build(&b, sample);
	requests_for(&r, b.p);
	before = arena_array(b.p->arena, r.n, sizeof(*before));
	blob_of(&blob, b.blob.s, b.blob.len);
	answer_all(&blob, &r, before);
	for (uint32_t i = 0; i < MUTANTS; i++) {
		/* Each byte of the head, then any. */
		size_t at = i < sizeof(struct lsm_head) ? i : random_below((uint32_t)b.blob.len);
		uint8_t was = (uint8_t)b.blob.s[at];
		struct pale_err *err = NULL;
		bool refused_it, matters;

		b.blob.s[at] ^=
			(char)(random_below(2) ? 1u << random_below(8) : 1 + random_below(255));
		refused_it = verify_lsm(b.p, b.blob.s, b.blob.len, &err) < 0;
		pale_err_free(err);
		err = NULL;
		matters = lsm_blob_open(&blob, b.blob.s, b.blob.len, &err) < 0 ||
			  changes_an_answer(&blob, &r, before);
		pale_err_free(err);
		if (matters && !refused_it)
			fail_msg("byte %zu, from %02x to %02x, is not found", at, was,
				(uint8_t)b.blob.s[at]);
		changed += matters;
		found += refused_it;
		kept += !refused_it;
		b.blob.s[at] = (char)was;
	}
	print_message(
		"%d mutants of %zu bytes: %u change an answer, %u are found, %u mean the same\n",
		MUTANTS, b.blob.len, changed, found, kept);
	assert_true(changed > MUTANTS / 10);
	release(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(a_policy_of_all_kinds),
		cmocka_unit_test(audit_mode),
		cmocka_unit_test(deterministic),
		cmocka_unit_test(limits),
		cmocka_unit_test(coverage),
		cmocka_unit_test(every_mutant_that_matters_is_found),
	};
	random_seed(20260731);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
