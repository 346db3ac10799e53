/* SPDX-License-Identifier: Apache-2.0 */
/* What policies of a single rule may call: of the calls that reach beyond the container, only those
 * that the rule is about. */
#include "compiler/compile.h"
#include "compiler/decide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct compile_options options;

/* Calls that nothing may bring along. */
static const char *const guarded[] = { "mount", "mount_setattr", "fsopen", "fsconfig", "fsmount",
	"fspick", "move_mount", "open_tree", "open_tree_attr", "umount", "umount2", "pivot_root",
	"bpf", "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp",
	"pidfd_getfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "kexec_load",
	"kexec_file_load", "init_module", "finit_module", "delete_module", "create_module",
	"keyctl", "add_key", "request_key", "perf_event_open", "setns", "unshare",
	"open_by_handle_at", "userfaultfd", "seccomp", "quotactl", "quotactl_fd", "swapon",
	"swapoff", "iopl", "ioperm", "modify_ldt", "memfd_create", "clone3" };

static const char *const abis[] = { "x86_64, x86, x32", "aarch64, arm" };

static bool among(const char *call, const char *const *names)
{
	for (; names && *names; names++)
		if (strcmp(call, *names) == 0)
			return true;
	return false;
}

/* How many calls of all ABIs it may make. Fails if a guarded one is neither in @about nor refused.
 */
static unsigned int calls_of(const char *rule, const char *const *about)
{
	unsigned int calls = 0, seen = 0;

	for (size_t i = 0; i < sizeof(abis) / sizeof(*abis); i++) {
		struct compilation c;
		char text[256];

		snprintf(text, sizeof(text), "profile p {\n    abi %s\n    %s\n}\n", abis[i], rule);
		compile_bytes(&c, "p.pale", text, strlen(text), &options);
		if (c.diags.n) {
			diag_print(&c.diags, stderr, false);
			fail_msg("%s", rule);
		}
		for (uint32_t s = 0; s < vocab_n_syscalls; s++) {
			for (int abi = 0; abi < ABI_COUNT; abi++) {
				const char *name = vocab_syscalls[s].name;
				struct request r = { .operation = OP_SYSCALL,
					.abi = abi,
					.number = vocab_syscalls[s].number[abi] };
				struct decision d;

				if (r.number < 0)
					continue;
				d = decide(c.policies[0], 0, &r);
				if (d.verdict != VERDICT_ALLOW && !d.depends)
					continue;
				calls++;
				for (size_t g = 0; g < sizeof(guarded) / sizeof(*guarded); g++) {
					if (strcmp(name, guarded[g]) != 0)
						continue;
					if (!among(name, about))
						fail_msg("%s derives %s under %s", rule, name,
							vocab_abi_name(abi));
					seen++;
				}
			}
		}
		compilation_release(&c);
	}
	/* Those that the rule is about are there. */
	if (about)
		assert_true(seen > 0);
	return calls;
}

#define CALLS(...)                                                                                 \
	(const char *const[])                                                                      \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}

static void test_operations(void **state)
{
	static const struct {
		enum operation operation;
		const char *rule;
		const char *about[8];
	} rules[] = {
		{ .operation = OP_EXEC, .rule = "allow exec /x" },
		{ .operation = OP_SIGNAL, .rule = "allow signal to any" },
		{ .operation = OP_PTRACE,
			.rule = "allow ptrace any",
			.about = { "ptrace", "process_vm_readv", "process_vm_writev", "kcmp",
				"pidfd_getfd" } },
		{ .operation = OP_FORK, .rule = "allow fork" },
		{ .operation = OP_USERNS, .rule = "allow userns", .about = { "unshare" } },
		{ .operation = OP_READ, .rule = "allow read /x" },
		{ .operation = OP_WRITE, .rule = "allow write /x" },
		{ .operation = OP_APPEND, .rule = "allow append /x" },
		{ .operation = OP_CREATE, .rule = "allow create /x" },
		{ .operation = OP_DELETE, .rule = "allow delete /x" },
		{ .operation = OP_RENAME, .rule = "allow rename /x" },
		{ .operation = OP_LINK, .rule = "allow link /x" },
		{ .operation = OP_SETATTR, .rule = "allow setattr /x" },
		{ .operation = OP_MAP, .rule = "allow map /x" },
		{ .operation = OP_IOCTL, .rule = "allow ioctl /x" },
		{ .operation = OP_LOCK, .rule = "allow lock /x" },
		{ .operation = OP_CONNECT, .rule = "allow connect tcp, udp, sctp *:*" },
		{ .operation = OP_CONNECT, .rule = "allow connect icmp *" },
		{ .operation = OP_CONNECT, .rule = "allow connect unix /x" },
		{ .operation = OP_LISTEN, .rule = "allow listen tcp, udp, sctp *:*" },
		{ .operation = OP_LISTEN, .rule = "allow listen icmp *" },
		{ .operation = OP_LISTEN, .rule = "allow listen unix abstract:x" },
		{ .operation = OP_MOUNT,
			.rule = "allow mount tmpfs on /x/",
			.about = { "mount", "fsopen", "fsconfig", "fsmount", "move_mount" } },
		{ .operation = OP_BIND,
			.rule = "allow bind /x/ on /y/",
			.about = { "mount", "open_tree", "move_mount" } },
		{ .operation = OP_UMOUNT,
			.rule = "allow umount /x/",
			.about = { "umount", "umount2" } },
		{ .operation = OP_PIVOT, .rule = "allow pivot", .about = { "pivot_root" } },
		{ .operation = OP_LIMIT, .rule = "limit { memory 1M }" },
		/* Each has a test of its own, or is asked for by its name. */
		{ .operation = OP_SOCKET, .rule = "allow socket vsock" },
		{ .operation = OP_CAPABILITY, .rule = "allow capability chown" },
		{ .operation = OP_SYSCALL, .rule = "allow syscall getpid" },
	};
	uint64_t tried = 0;

	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		calls_of(rules[i].rule, rules[i].about[0] ? rules[i].about : NULL);
		tried |= OP_BIT(rules[i].operation);
	}
	assert_int_equal(tried, OP_BIT(OP_COUNT) - 1);
}

static void test_capabilities(void **state)
{
	for (int i = 0; i < VOCAB_N_CAPABILITIES; i++) {
		char rule[64];

		snprintf(rule, sizeof(rule), "allow capability %s", vocab_capability_name(i));
		calls_of(rule, NULL);
	}
}

static void test_families(void **state)
{
	for (uint32_t i = 0; i < vocab_n_families; i++) {
		char rule[64];

		snprintf(rule, sizeof(rule), "allow socket %s", vocab_families[i].name);
		calls_of(rule, NULL);
	}
}

/* Or the tests above would look for what is never found. */
static void test_a_rule_that_names_the_call_has_it(void **state)
{
	unsigned int least = calls_of("allow fork", NULL);

	for (size_t g = 0; g < sizeof(guarded) / sizeof(*guarded); g++) {
		char rule[64];

		snprintf(rule, sizeof(rule), "allow syscall %s", guarded[g]);
		assert_true(calls_of(rule, CALLS(guarded[g])) > least);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_capabilities),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_a_rule_that_names_the_call_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
