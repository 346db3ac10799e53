/* SPDX-License-Identifier: Apache-2.0 */
/* Audit records as Linux 6.1 wrote them, and as nobody should. */
#include "compiler/base/text.h"
#include "compiler/compile.h"
#include "compiler/emit_apparmor.h"
#include "enforcer/apparmor_access.h"
#include "enforcer/audit_kmsg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const char policy_text[] = "profile t {\n"
				  "  process { allow exec /usr/bin/head as sub }\n"
				  "  file { allow read /etc/**; deny read /etc/secret }\n"
				  "  network { allow connect tcp 10.0.0.0/8:443\n"
				  "    deny listen udp *:* }\n"
				  "  profile sub { file { allow read /usr/** } }\n"
				  "}\n";

struct fixture {
	struct compilation c;
	struct policy *p;
	struct apparmor_judge *judge;
	struct text line;
	struct apparmor_accesses accesses;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	compile_bytes(
		&f->c, "t.pale", policy_text, strlen(policy_text), &(struct compile_options){ 0 });
	if (f->c.diags.n_errors)
		diag_print(&f->c.diags, stderr, false);
	f->p = compilation_policy(&f->c, NULL);
	f->judge = apparmor_judge_new(f->p);
	*state = f;
	return f->c.diags.n_errors ? -1 : 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	apparmor_accesses_release(&f->accesses);
	apparmor_judge_free(f->judge);
	text_release(&f->line);
	compilation_release(&f->c);
	free(f);
	return 0;
}

/* A record of the policy's, or its sub-profile's, that goes on with @rest. */
static bool parse(struct fixture *f, struct apparmor_record *r, uint32_t domain, const char *rest)
{
	text_clear(&f->line);
	text_printf(&f->line, "apparmor=\"DENIED\" profile=\"%s\" pid=136 comm=\"a b\" %s",
		apparmor_profile_name(f->p, domain), rest);
	return apparmor_record_parse(r, f->line.s, f->line.len);
}

static const struct apparmor_access *judge_one(struct fixture *f, const char *rest)
{
	struct apparmor_record r;

	assert_true(parse(f, &r, 0, rest));
	apparmor_accesses_release(&f->accesses);
	apparmor_judge(f->judge, 0, &r, 136, &f->accesses);
	assert_true(f->accesses.n > 0);
	return &f->accesses.v[0];
}

static void object_is(const struct apparmor_access *a, const char *object)
{
	if (a->object_len != strlen(object) || memcmp(a->object, object, a->object_len) != 0)
		fail_msg("'%s' is not '%s'", a->object, object);
}

static void value_is(struct apparmor_value v, const char *s)
{
	if (!apparmor_value_is(v, s))
		fail_msg("'%.*s' is not '%s'", (int)v.len, v.s ? v.s : "", s);
}

static void fields(void **state)
{
	char text[] = "apparmor=\"DENIED\" operation=\"link\" profile=\"pale.t.80039b069871\" "
		      "name=\"/srv/a/x2\" pid=154 comm=\"acts\" requested_mask=\"l\" "
		      "denied_mask=\"l\" fsuid=0 ouid=1000 target=\"/srv/a/x\"";
	char capable[] = "apparmor=\"DENIED\" operation=\"capable\" profile=\"p\" pid=526 "
			 "comm=\"acts\" capability=1  capname=\"dac_override\"";
	char mount[] = "apparmor=\"DENIED\" operation=\"mount\" info=\"failed mntpnt match\" "
		       "error=-13 profile=\"p\" name=\"/srv/other/\" pid=736 comm=\"acts\" "
		       "fstype=\"tmpfs\" srcname=\"none\" flags=\"rw, nosuid\"";
	struct apparmor_record r;

	assert_true(apparmor_record_parse(&r, text, strlen(text)));
	value_is(r.v[APPARMOR_TYPE], "DENIED");
	value_is(r.v[APPARMOR_OPERATION], "link");
	value_is(r.v[APPARMOR_PROFILE], "pale.t.80039b069871");
	value_is(r.v[APPARMOR_NAME], "/srv/a/x2");
	value_is(r.v[APPARMOR_TARGET], "/srv/a/x");
	value_is(r.v[APPARMOR_COMM], "acts");
	assert_int_equal(apparmor_value_number(r.v[APPARMOR_PID]), 154);
	assert_int_equal(apparmor_value_number(r.v[APPARMOR_OUID]), 1000);
	assert_null(r.v[APPARMOR_PEER].s);
	assert_int_equal(apparmor_value_number(r.v[APPARMOR_CAPABILITY]), -1);
	assert_true(apparmor_record_parse(&r, capable, strlen(capable)));
	assert_int_equal(apparmor_value_number(r.v[APPARMOR_CAPABILITY]), 1);
	assert_true(apparmor_record_parse(&r, mount, strlen(mount)));
	value_is(r.v[APPARMOR_INFO], "failed mntpnt match");
	value_is(r.v[APPARMOR_FLAGS], "rw, nosuid");
}

/* In hexadecimal are blanks, quotes, control characters and what is not ASCII. */
static void names_may_hold_anything(void **state)
{
	struct fixture *f = *state;
	struct apparmor_record r;

	/* Anything that looks like a field comes encoded, and stays a name. */
	object_is(judge_one(f, "operation=\"open\" "
			       "name=2F612220617070"
			       "61726D6F723D22414C4C4F57454422206E616D653D222F62 "
			       "requested_mask=\"r\" denied_mask=\"r\""),
		"/a\" apparmor=\"ALLOWED\" name=\"/b");
	object_is(judge_one(f, "operation=\"open\" name=2F0A1B5B33316DFF denied_mask=\"r\""),
		"/\n\033[31m\xff");
	/* Quoted are all other printable ones; a backslash is one of them. */
	object_is(judge_one(f, "operation=\"open\" name=\"/a=b\\x41'\" denied_mask=\"r\""),
		"/a=b\\x41'");
	/* A file that is called as its own encoding would be. */
	object_is(judge_one(f, "operation=\"open\" name=\"/2F61\" denied_mask=\"r\""), "/2F61");
	/* What comes later changes nothing. */
	assert_true(parse(f, &r, 0, "apparmor=\"ALLOWED\" profile=\"other\" pid=1"));
	value_is(r.v[APPARMOR_TYPE], "DENIED");
	assert_int_equal(apparmor_judge_domain(f->judge, r.v[APPARMOR_PROFILE]), 0);
	assert_int_equal(apparmor_value_number(r.v[APPARMOR_PID]), 136);
}

static void malformed(void **state)
{
	static const char *const texts[] = {
		"name=\"/x",   /* cut short */
		"name=2F6",    /* half a byte */
		"name=2F6g",   /* no digit */
		"name=/x",     /* neither quoted nor hexadecimal */
		"name=2f61",   /* the kernel writes capitals */
		"garbage",     /* no field */
		"gar bage=\"", /* nor this */
	};
	struct fixture *f = *state;
	struct apparmor_record r;
	char nothing[] = "";

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (parse(f, &r, 0, texts[i]))
			fail_msg("%s is taken", texts[i]);
	}
	assert_false(apparmor_record_parse(&r, nothing, 0));
}

static void labels(void **state)
{
	struct fixture *f = *state;
	const char *name = apparmor_profile_name(f->p, 0);
	static const struct {
		const char *after;
		int32_t domain;
	} cases[] = { { "", 0 }, { "//sub", 1 }, { "//su", -1 }, { "//sub2", -1 }, { "0", -1 },
		{ "//null-/bin/sh", 0 }, { "//sub//null-/bin/sh", 1 }, { "//nul", -1 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		text_clear(&f->line);
		text_printf(&f->line, "%s%s", name, cases[i].after);
		assert_int_equal(apparmor_judge_domain(f->judge,
					 (struct apparmor_value){ f->line.s, f->line.len }),
			cases[i].domain);
		/* A name that only begins alike. */
		assert_int_equal(apparmor_judge_domain(f->judge,
					 (struct apparmor_value){ f->line.s, strlen(name) - 1 }),
			-1);
	}
	assert_int_equal(apparmor_judge_domain(f->judge, (struct apparmor_value){ NULL, 0 }), -1);
}

static void what_was_asked(void **state)
{
	static const struct {
		const char *record;
		enum operation operation;
		const char *object, *rule;
	} cases[] = {
		{ "operation=\"open\" name=\"/etc/secret\" denied_mask=\"r\"", OP_READ,
			"/etc/secret", "deny read /etc/secret" },
		{ "operation=\"open\" name=\"/x\" denied_mask=\"ac\"", OP_APPEND, "/x",
			"deny append by default" },
		{ "operation=\"open\" name=\"/etc/x\" denied_mask=\"c\"", OP_READ, "/etc/x",
			"allow read /etc/**" },
		{ "operation=\"rename_src\" name=\"/x\" denied_mask=\"wrd\"", OP_RENAME, "/x",
			"deny rename by default" },
		{ "operation=\"rmdir\" name=\"/x/\" denied_mask=\"d\"", OP_DELETE, "/x/",
			"deny delete by default" },
		{ "operation=\"file_lock\" name=\"/x\" denied_mask=\"wk\"", OP_LOCK, "/x",
			"deny lock by default" },
		{ "operation=\"file_mprotect\" name=\"/x\" denied_mask=\"m\"", OP_MAP, "/x",
			"deny map by default" },
		/* Its own folder, and another's. */
		{ "operation=\"open\" name=\"/proc/136/mem\" denied_mask=\"r\"", OP_READ,
			"/proc/self/mem", "deny read by default" },
		{ "operation=\"open\" name=\"/proc/1367/mem\" denied_mask=\"r\"", OP_READ,
			"/proc/1367/mem", "deny read by default" },
		/* No path is not the path that is told. */
		{ "operation=\"open\" info=\"Failed name lookup - disconnected path\" error=-13 "
		  "name=\"/etc/x\" denied_mask=\"r\"",
			OP_READ, "(without a path: /etc/x)", "deny read by default" },
		{ "operation=\"open\" name=\"etc/x\" denied_mask=\"r\"", OP_READ,
			"(without a path: etc/x)", "deny read by default" },
		{ "operation=\"capable\" capability=21  capname=\"sys_admin\"", OP_CAPABILITY,
			"sys_admin", "deny capability by default" },
		{ "operation=\"capable\" capability=60  capname=\"?\"", OP_CAPABILITY, "60",
			"deny capability by default" },
		{ "operation=\"signal\" requested_mask=\"send\" denied_mask=\"send\" signal=term "
		  "peer=\"unconfined\"",
			OP_SIGNAL, "TERM to any", "deny signal by default" },
		{ "operation=\"signal\" requested_mask=\"send\" denied_mask=\"send\" "
		  "signal=rtmin+2 peer=\"unconfined\"",
			OP_SIGNAL, "RTMIN to any", "deny signal by default" },
		{ "operation=\"ptrace\" requested_mask=\"read\" denied_mask=\"read\" "
		  "peer=\"unconfined\"",
			OP_PTRACE, "any", "deny ptrace by default" },
		/* Some addresses are allowed: nobody knows whether this was one. */
		{ "operation=\"create\" family=\"inet\" sock_type=\"stream\" protocol=6 "
		  "requested_mask=\"create\" denied_mask=\"create\"",
			OP_CONNECT, "tcp (address not told by AppArmor)",
			"allow connect tcp 10.0.0.0/8:443" },
		{ "operation=\"create\" family=\"inet\" sock_type=\"dgram\" protocol=0 "
		  "denied_mask=\"create\"",
			OP_CONNECT, "udp (address not told by AppArmor)",
			"deny connect by default" },
		{ "operation=\"bind\" family=\"inet6\" sock_type=\"dgram\" protocol=17 "
		  "denied_mask=\"bind\"",
			OP_LISTEN, "udp (address not told by AppArmor)", "deny listen udp *:*" },
		{ "operation=\"file_inherit\" family=\"inet\" sock_type=\"dgram\" protocol=17 "
		  "denied_mask=\"send receive\"",
			OP_CONNECT, "udp (address not told by AppArmor)",
			"deny connect by default" },
		{ "operation=\"create\" family=\"netlink\" sock_type=\"raw\" protocol=9 "
		  "denied_mask=\"create\"",
			OP_SOCKET, "netlink(AUDIT)", "deny socket by default" },
		{ "operation=\"create\" family=\"inet\" sock_type=\"raw\" protocol=1 "
		  "denied_mask=\"create\"",
			OP_SOCKET, "raw", "deny socket by default" },
		{ "operation=\"create\" family=\"unknown(99)\" sock_type=\"unknown(77)\" "
		  "protocol=1 denied_mask=\"create\"",
			OP_SOCKET, "(family unknown(99), type -1, protocol 1)",
			"deny socket by default" },
		{ "operation=\"mount\" name=\"/mnt/\" fstype=\"tmpfs\" srcname=\"none\" "
		  "flags=\"rw, nosuid\"",
			OP_MOUNT, "tmpfs from none on /mnt/", "deny mount by default" },
		{ "operation=\"mount\" name=\"/mnt/\" srcname=\"/a/\" flags=\"rw, rbind\"", OP_BIND,
			"/a/ on /mnt/", "deny bind by default" },
		{ "operation=\"mount\" name=\"/mnt/\" flags=\"ro, remount, bind\"", OP_MOUNT,
			"(no type) on /mnt/", "deny mount by default" },
		{ "operation=\"umount\" name=\"/mnt/\"", OP_UMOUNT, "/mnt/",
			"deny umount by default" },
		{ "operation=\"pivotroot\" name=\"/mnt/\"", OP_PIVOT, "", "deny pivot by default" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct apparmor_access *a = judge_one(*state, cases[i].record);

		print_message("# %s\n", cases[i].record);
		assert_int_equal(a->operation, cases[i].operation);
		object_is(a, cases[i].object);
		assert_string_equal(a->decision.rule->text, cases[i].rule);
	}
}

static void several_at_once(void **state)
{
	struct fixture *f = *state;

	judge_one(f, "operation=\"open\" name=\"/x\" denied_mask=\"wr\"");
	assert_int_equal(f->accesses.n, 2);
	assert_int_equal(f->accesses.v[0].operation, OP_READ);
	assert_int_equal(f->accesses.v[1].operation, OP_WRITE);
	judge_one(f, "operation=\"link\" name=\"/new\" target=\"/old\" denied_mask=\"l\"");
	assert_int_equal(f->accesses.n, 2);
	object_is(&f->accesses.v[0], "/new");
	object_is(&f->accesses.v[1], "/old");
}

static void without_words(void **state)
{
	static const char *const records[] = {
		"operation=\"something_new\" name=\"/x\" denied_mask=\"r\"",
		"name=\"/x\"",
		"operation=\"signal\" requested_mask=\"receive\" signal=term peer=\"other\"",
		"operation=\"capable\"",
		"operation=\"create\" sock_type=\"raw\"",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(records) / sizeof(*records); i++) {
		struct apparmor_record r;
		struct apparmor_accesses none;

		assert_true(parse(f, &r, 0, records[i]));
		apparmor_judge(f->judge, 0, &r, 136, &none);
		assert_int_equal(none.n, 0);
	}
}

static void owners(void **state)
{
	struct compilation c;
	static const char text[] = "profile t { file { allow read /o owner } }\n";
	struct fixture f = { .line = TEXT_INIT };

	compile_bytes(&c, "t.pale", text, strlen(text), &(struct compile_options){ 0 });
	f.p = compilation_policy(&c, NULL);
	f.judge = apparmor_judge_new(f.p);
	assert_int_equal(
		judge_one(&f, "operation=\"open\" name=\"/o\" denied_mask=\"r\" fsuid=7 ouid=7")
			->decision.verdict,
		VERDICT_ALLOW);
	assert_int_equal(
		judge_one(&f, "operation=\"open\" name=\"/o\" denied_mask=\"r\" fsuid=7 ouid=8")
			->decision.verdict,
		VERDICT_DENY);
	assert_int_equal(
		judge_one(&f, "operation=\"open\" name=\"/o\" denied_mask=\"r\"")->decision.verdict,
		VERDICT_DENY);
	apparmor_accesses_release(&f.accesses);
	apparmor_judge_free(f.judge);
	text_release(&f.line);
	compilation_release(&c);
}

/* ---- records */

static void heads(void **state)
{
	char good[] = "audit(1795462277.332:2): apparmor=\"STATUS\"";
	static const char *const bad[] = { "", "audit(", "audit(1.2:3)",
		"audit(1.2:3):", "audit(1:3): x", "audit(.2:3): x", "audit(1.2:): x",
		"audit(1.2:3 : x", "Audit(1.2:3): x" };
	struct audit_record r;

	assert_true(audit_record_parse(&r, 1400, good, strlen(good)));
	assert_int_equal(r.serial, 2);
	assert_int_equal(r.time_ns, UINT64_C(1795462277332000000));
	assert_int_equal(r.len, strlen("apparmor=\"STATUS\""));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char text[32];

		snprintf(text, sizeof(text), "%s", bad[i]);
		if (audit_record_parse(&r, 1400, text, strlen(text)))
			fail_msg("%s is taken", bad[i]);
	}
}

static void log_lines(void **state)
{
	char good[] = "5,363,15966019,-;audit: type=1400 audit(1.002:3): name=\"a\\x5cb\"\n"
		      " SUBSYSTEM=x\n";
	/* Written by a program: of facility 1. */
	char forged[] = "13,363,15966019,-;audit: type=1400 audit(1.002:3): apparmor=\"DENIED\"\n";
	char other[] = "5,363,15966019,-;usb 1-1: audit: type=1400 audit(1.002:3): x\n";
	struct audit_record r;

	assert_true(audit_kmsg_parse(good, strlen(good), &r));
	assert_int_equal(r.type, 1400);
	assert_int_equal(r.serial, 3);
	assert_int_equal(r.len, strlen("name=\"a\\b\""));
	assert_memory_equal(r.text, "name=\"a\\b\"", r.len);
	assert_false(audit_kmsg_parse(forged, strlen(forged), &r));
	assert_false(audit_kmsg_parse(other, strlen(other), &r));
	/* However it is cut. */
	for (size_t n = 0; n < strlen("5,363,15966019,-;audit: type=1400 audit(1.002:3)"); n++) {
		char cut[] = "5,363,15966019,-;audit: type=1400 audit(1.002:3): x";

		assert_false(audit_kmsg_parse(cut, n, &r));
	}
}

static void serials(void **state)
{
	struct audit_serials s = { .any = false };

	assert_int_equal(audit_serials_missing(&s), 0);
	audit_serials_add(&s, 4294967290u);
	assert_int_equal(audit_serials_missing(&s), 0);
	/* Out of order, twice, and past the largest number. */
	audit_serials_add(&s, 4294967292u);
	assert_int_equal(audit_serials_missing(&s), 1);
	audit_serials_add(&s, 4294967291u);
	audit_serials_add(&s, 4294967291u);
	assert_int_equal(audit_serials_missing(&s), 0);
	audit_serials_add(&s, 2);
	assert_int_equal(audit_serials_missing(&s), 5);
	/* Far ahead, and what lies too far behind for more than a count. */
	audit_serials_add(&s, 100002);
	assert_int_equal(audit_serials_missing(&s), 5 + 99999);
	audit_serials_add(&s, 100003);
	assert_int_equal(audit_serials_missing(&s), 5 + 99999);
	audit_serials_add(&s, 3);
	assert_int_equal(audit_serials_missing(&s), 5 + 99999);
}

/* Any loss among records that overtake each other a little is counted exactly. */
static void serials_at_random(void **state)
{
	unsigned int seed = (unsigned int)time(NULL);
	struct audit_serials s = { .any = false };
	uint32_t next = (uint32_t)rand_r(&seed), held[8], n_held = 0;
	uint64_t lost = 0;

	print_message("# seed %u\n", seed);
	audit_serials_add(&s, next++);
	for (int i = 0; i < 100000; i++, next++) {
		if (rand_r(&seed) % 5 == 0) {
			lost++;
		} else if (n_held < 8 && rand_r(&seed) % 3 == 0) {
			held[n_held++] = next;
		} else {
			audit_serials_add(&s, next);
			if (n_held && rand_r(&seed) % 2)
				audit_serials_add(&s, held[--n_held]);
		}
		/* Not for ever. */
		while (n_held && next - held[0] > 500) {
			audit_serials_add(&s, held[0]);
			memmove(held, held + 1, --n_held * sizeof(*held));
		}
	}
	while (n_held)
		audit_serials_add(&s, held[--n_held]);
	audit_serials_add(&s, next);
	assert_int_equal(audit_serials_missing(&s), lost);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
		cmocka_unit_test(names_may_hold_anything),
		cmocka_unit_test(malformed),
		cmocka_unit_test(labels),
		cmocka_unit_test(what_was_asked),
		cmocka_unit_test(several_at_once),
		cmocka_unit_test(without_words),
		cmocka_unit_test(owners),
		cmocka_unit_test(heads),
		cmocka_unit_test(log_lines),
		cmocka_unit_test(serials),
		cmocka_unit_test(serials_at_random),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
