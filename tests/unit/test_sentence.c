/* SPDX-License-Identifier: Apache-2.0 */
/* Rules in plain words: their exact text, and that no two rules of a policy share one. */
#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "compiler/sentence.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *rule, *sentence;
} rows[] = {
	{ "allow exec /usr/bin/a", "may execute /usr/bin/a, as shipped by the image" },
	{ "allow exec /usr/bin/a as helper",
		"may execute /usr/bin/a, as shipped by the image, which runs as p/helper" },
	{ "deny exec drift", "may not execute files that are not as the image shipped them" },
	{ "deny exec anonymous", "may not execute files without a path (memfd, deleted)" },
	{ "allow exec drift /tmp/jit/*",
		"may execute all files directly in /tmp/jit/, where not as shipped by the image" },
	{ "deny map drift except /x",
		"may not map as code anything below /, but for /x, where not as "
		"shipped by the image" },
	{ "allow signal TERM, HUP to self", "may send HUP and TERM to its own processes" },
	{ "allow signal to any", "may send any signal to any process" },
	{ "deny signal KILL to helper", "may not send KILL to p/helper" },
	{ "kill ptrace any",
		"is killed when it tries to trace, or read the memory of, any process" },
	{ "deny fork", "may not start a process" },
	{ "allow userns", "may make a user namespace" },
	{ "allow fork, userns", "may start a process and make a user namespace" },
	{ "deny fork, userns", "may not start a process or make a user namespace" },
	{ "allow exec /app/**", "may execute everything below /app/, as shipped by the image" },
	{ "deny exec /tmp/**", "may not execute anything below /tmp/" },
	{ "allow map /lib/*",
		"may map as code all files directly in /lib/, as shipped by the image" },
	{ "deny map /lib/*", "may not map as code any file directly in /lib/" },
	{ "deny write /etc/** except /etc/a/**",
		"may not write anything below /etc/, but for everything below /etc/a/" },
	{ "kill read, write /etc/*",
		"is killed when it tries to read or write any file directly in /etc/" },
	{ "deny mount tmpfs from none on /mnt/**",
		"may not mount tmpfs from none on anything below /mnt/" },
	{ "deny bind /a/** on /b/*", "may not show anything below /a/ at a second place, any "
				     "file directly in /b/" },
	{ "syscall { only read, execve }",
		"may call read and execve; calls that other rules need are not added" },
	{ "mode audit\ndeny read /a errno ENOENT",
		"would not be allowed to read /a, which would fail with ENOENT" },
	{ "mode audit\nkill read /a", "would be killed when it tries to read /a" },
	{ "mode audit\nallow read /a", "may read /a" },
	{ "allow read /etc/**", "may read everything below /etc/" },
	{ "allow read /etc/", "may read the folder /etc/" },
	{ "allow read /etc/*", "may read all files directly in /etc/" },
	{ "allow read /etc/*.conf, /a, /b", "may read /etc/*.conf, /a and /b" },
	{ "deny read /a, /b errno ENOENT", "may not read /a or /b, which fails with ENOENT" },
	{ "quiet deny write /a", "may not write /a, and nobody is told" },
	{ "audit read, write, create /a",
		"may read, write and create /a, and each time is reported" },
	{ "allow append /a", "may append to /a" },
	{ "allow modify /a/** except /a/b, /a/c/**",
		"may write, create, delete, rename, link, change the attributes of and lock "
		"everything below /a/, but for /a/b and everything below /a/c/" },
	{ "allow ioctl, map /a owner",
		"may map as code and control /a, as code only as shipped by the image, where the "
		"file is its own user's" },
	{ "allow read \"/a\\x1bb\"", "may read /a\\x1bb" },
	{ "allow read \"/a\u202egpj.exe\"", "may read /a\\u{202e}gpj.exe" },
	{ "allow connect tcp *:443", "may connect by tcp to port 443 of any address" },
	{ "allow connect tcp, udp 10.0.0.0/8:53, [fd00::1]:53",
		"may connect by tcp and udp to port 53 of 10.0.0.0/8 and port 53 of fd00::1" },
	{ "deny connect tcp *:* except 127.0.0.1:*",
		"may not connect by tcp to any address, but for 127.0.0.1" },
	{ "allow listen tcp 0.0.0.0/0:8000-8100",
		"may listen by tcp at ports 8000 to 8100 of any IPv4 address" },
	{ "allow connect, listen udp [::]:5000",
		"may connect and listen by udp to or at port 5000 of ::" },
	{ "allow connect icmp 10.0.0.1", "may connect by icmp to 10.0.0.1" },
	{ "allow connect unix /run/a.sock, /run/a/*, abstract:x",
		"may connect to the socket /run/a.sock, sockets that match /run/a/* and the "
		"abstract socket x" },
	{ "allow socket packet, netlink(ROUTE, KOBJECT_UEVENT)",
		"may open sockets of the kinds packet and netlink(ROUTE, KOBJECT_UEVENT)" },
	{ "allow mount tmpfs from none on /mnt/** with ro, nosuid",
		"may mount tmpfs from none on everything below /mnt/, if it is ro and nosuid" },
	{ "allow bind /a/** on /b", "may show everything below /a/ at a second place, /b" },
	{ "allow umount /a", "may unmount /a" },
	{ "allow pivot", "may change the root of the mount namespace" },
	{ "allow syscall getrandom, gettid", "may call getrandom and gettid" },
	{ "deny syscall ioctl(cmd not in {FIONBIO, FIOASYNC})",
		"may not call ioctl (where cmd is not 0x5421 or 0x5452)" },
	{ "deny syscall socket(domain == 9 and type & 0xf == 1)",
		"may not call socket (where family is 9 and type with the bits 0xf is 1)" },
	{ "deny syscall kill(sig in 5..9)", "may not call kill (where sig is within 5 to 9)" },
	{ "deny syscall kill(pid == -1)", "may not call kill (where pid is -1)" },
	{ "allow capability chown", "may use the capability chown" },
	{ "allow capability chown, kill", "may use the capabilities chown and kill" },
	{ "limit { processes 64 }", "may have at most 64 processes and threads" },
	{ "limit { memory 1536M }", "may use at most 1536 MiB of memory" },
	{ "limit { memory 1G }", "may use at most 1 GiB of memory" },
	{ "limit { open-files 9 }", "may have at most 9 files open in each process" },
	{ "limit { cpu 150% }", "may use at most 150 % of a processor" },
	{ "limit { file-size 3000 }", "may make files of at most 3000 bytes" },
};

static const struct rule *only_rule(const struct policy *p)
{
	const struct rule *found = NULL;

	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *r = p->rules[i];

		if (r->operations && !r->is_default && !r->derived && r->domain == 0) {
			assert_null(found);
			found = r;
		}
	}
	assert_non_null(found);
	return found;
}

static void each_form_has_its_words(void **state)
{
	static const struct compile_options none;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		_cleanup_(text_release) struct text file = TEXT_INIT, said = TEXT_INIT;
		struct compilation c;

		text_printf(&file,
			"profile p {\n%s\nprofile helper { process { allow exec /usr/bin/a } "
			"}\n}\n",
			rows[i].rule);
		compile_bytes(&c, "test.pale", text_str(&file), file.len, &none);
		if (c.diags.n_errors) {
			diag_print(&c.diags, stderr, false);
			fail_msg("%s", rows[i].rule);
		}
		sentence_of_rule(&said, c.policies[0], only_rule(c.policies[0]));
		assert_string_equal(text_str(&said), rows[i].sentence);
		compilation_release(&c);
	}
}

static void compare_rules(const struct policy *p)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		_cleanup_(text_release) struct text one = TEXT_INIT;

		if (!p->rules[i]->operations || p->rules[i]->derived || p->rules[i]->is_default)
			continue;
		sentence_of_rule(&one, p, p->rules[i]);
		for (uint32_t k = 0; k < i; k++) {
			_cleanup_(text_release) struct text other = TEXT_INIT;

			if (!p->rules[k]->operations || p->rules[k]->derived ||
				p->rules[k]->is_default ||
				p->rules[k]->domain != p->rules[i]->domain)
				continue;
			sentence_of_rule(&other, p, p->rules[k]);
			if (!strcmp(text_str(&one), text_str(&other)))
				fail_msg("%s: lines %u and %u: %s", p->file,
					p->rules[k]->lines[0].line, p->rules[i]->lines[0].line,
					text_str(&one));
		}
	}
}

static void other_rules_have_other_words(void **state)
{
	static const char *const patterns[] = { "tests/golden/*.pale", "profiles/apps/*.pale",
		"tests/lang/ok/*.pale" };
	static const char *const folders[] = { "profiles" };
	static const struct compile_options options = { .include_dirs = folders,
		.n_include_dirs = 1 };
	uint32_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
		glob_t g = { 0 };

		assert_int_equal(glob(patterns[i], 0, NULL, &g), 0);
		for (size_t k = 0; k < g.gl_pathc; k++) {
			struct compilation c;

			compile_file(&c, g.gl_pathv[k], &options);
			for (uint32_t m = 0; m < c.n_policies; m++, n++)
				compare_rules(c.policies[m]);
			compilation_release(&c);
		}
		globfree(&g);
	}
	assert_true(n > 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_has_its_words),
		cmocka_unit_test(other_rules_have_other_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
