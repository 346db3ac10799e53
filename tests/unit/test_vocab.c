/* SPDX-License-Identifier: Apache-2.0 */
/* The tables against those who know better: libseccomp, libcap, the C library, the kernel. */
#include "compiler/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint32_t seccomp_arch[ABI_COUNT] = {
	[ABI_X86_64] = SCMP_ARCH_X86_64,
	[ABI_X86] = SCMP_ARCH_X86,
	[ABI_X32] = SCMP_ARCH_X32,
	[ABI_AARCH64] = SCMP_ARCH_AARCH64,
	[ABI_ARM] = SCMP_ARCH_ARM,
};

#define X32_BIT 0x40000000

static void test_abis(void **state)
{
	for (int abi = 0; abi < ABI_COUNT; abi++) {
		assert_int_equal(vocab_abi_find(vocab_abi_name(abi)), abi);
		/* libseccomp's token for x32 is not an audit architecture. */
		if (abi != ABI_X32)
			assert_int_equal(vocab_abi_audit_arch(abi), seccomp_arch[abi]);
	}
	assert_int_equal(vocab_abi_audit_arch(ABI_X32), vocab_abi_audit_arch(ABI_X86_64));
	assert_int_equal(vocab_abi_find("mips"), -1);
	assert_int_equal(seccomp_arch_native(), seccomp_arch[vocab_abi_native()]);
}

static void test_syscalls_are_known_to_libseccomp(void **state)
{
	unsigned int compared = 0;

	for (uint32_t i = 0; i < vocab_n_syscalls; i++) {
		const struct vocab_syscall *s = &vocab_syscalls[i];

		assert_int_equal(vocab_syscall_find(s->name), i);
		for (int abi = 0; abi < ABI_COUNT; abi++) {
			int theirs = seccomp_syscall_resolve_name_arch(seccomp_arch[abi], s->name);

			if (s->number[abi] < 0) {
				if (theirs >= 0)
					fail_msg("%s: libseccomp has %s as %d, the table has not",
						vocab_abi_name(abi), s->name, theirs);
				continue;
			}
			assert_int_equal(vocab_syscall_by_number(abi, s->number[abi]), i);
			if (theirs < 0) /* newer than libseccomp, or a pseudo number */
				continue;
			if (theirs != s->number[abi])
				fail_msg("%s: %s is %d, libseccomp says %d", vocab_abi_name(abi),
					s->name, s->number[abi], theirs);
			compared++;
		}
	}
	print_message("# %u calls compared with libseccomp by name\n", compared);
	assert_true(compared > 1800);
}

static void test_numbers_of_libseccomp_are_known(void **state)
{
	static const int ranges[][2] = { { 0, 1024 }, { 0xf0000, 0xf0010 } };
	unsigned int compared = 0;

	for (int abi = 0; abi < ABI_COUNT; abi++) {
		for (size_t r = 0; r < 2; r++) {
			for (int n = ranges[r][0]; n < ranges[r][1]; n++) {
				int number = abi == ABI_X32 ? n | X32_BIT : n;
				char *theirs =
					seccomp_syscall_resolve_num_arch(seccomp_arch[abi], number);
				int ours = vocab_syscall_by_number(abi, number);

				if (theirs && ours < 0)
					fail_msg("%s: the table lacks %s, %d", vocab_abi_name(abi),
						theirs, n);
				if (theirs) {
					assert_string_equal(vocab_syscalls[ours].name, theirs);
					compared++;
				}
				free(theirs);
			}
		}
		assert_int_equal(vocab_syscall_by_number(abi, -1), -1);
		assert_int_equal(vocab_syscall_by_number(abi, INT64_C(1) << 32), -1);
		assert_int_equal(vocab_syscall_by_number(abi, 100000), -1);
	}
	print_message("# %u calls compared with libseccomp by number\n", compared);
	assert_true(compared > 1800);
	assert_int_equal(vocab_syscall_by_number(ABI_X32, 0), -1);
	assert_int_equal(vocab_syscall_by_number(ABI_X86_64, X32_BIT), -1);
	assert_int_equal(vocab_syscall_find("frobnicate"), -1);
	assert_int_equal(vocab_syscall_find(""), -1);
}

static void test_operations(void **state)
{
	assert_int_equal(OP_EXEC, 0);
	assert_true(OP_COUNT <= 64);
	for (int op = 0; op < OP_COUNT; op++) {
		assert_int_equal(vocab_operation_find(vocab_operations[op].name), op);
		assert_true(strlen(vocab_operations[op].summary) > 0);
	}
	assert_int_equal(vocab_operation_find("readd"), -1);
	assert_string_equal(vocab_operations[OP_CONNECT].block, "network");
	assert_int_equal(vocab_operations[OP_UMOUNT].object, OBJECT_PATH);
}

static void test_capabilities_are_libcaps(void **state)
{
	for (int i = 0; i < VOCAB_N_CAPABILITIES; i++) {
		char *theirs = cap_to_name(i); /* "cap_chown" */

		assert_string_equal(vocab_capability_name(i), theirs + 4);
		assert_int_equal(vocab_capability_find(theirs), i);
		assert_int_equal(vocab_capability_find(theirs + 4), i);
		cap_free(theirs);
	}
	assert_int_equal(vocab_capability_find("CAP_NET_ADMIN"), CAP_NET_ADMIN);
	assert_int_equal(vocab_capability_find("Net_Admin"), CAP_NET_ADMIN);
	assert_int_equal(vocab_capability_find("cap_"), -1);
	assert_null(vocab_capability_name(VOCAB_N_CAPABILITIES));
	assert_null(vocab_capability_name(-1));
}

static void test_signals_are_the_c_librarys(void **state)
{
	for (int i = 1; i < 32; i++) {
		const char *name = sigabbrev_np(i);
		char with[32];

		/* The kernel's header gives POLL the meaning of IO, glibc the other way round. */
		if (i != SIGIO)
			assert_string_equal(vocab_signal_name(i), name);
		assert_int_equal(vocab_signal_find(name), i);
		snprintf(with, sizeof(with), "SIG%s", name);
		assert_int_equal(vocab_signal_find(with), i);
	}
	for (int i = SIGRTMIN; i <= SIGRTMAX; i++)
		assert_int_equal(vocab_signal_find(vocab_signal_name(i)), i);
	assert_int_equal(vocab_signal_find("sigterm"), SIGTERM);
	assert_int_equal(vocab_signal_find("IOT"), SIGABRT);
	assert_int_equal(vocab_signal_find("SIGRTMIN"), SIGRTMIN);
	assert_int_equal(vocab_signal_find("RTMIN+3"), SIGRTMIN + 3);
	assert_int_equal(vocab_signal_find("rtmax-1"), SIGRTMAX - 1);
	static const char *const wrong[] = { "", "SIG", "RTMIN+", "RTMIN-1", "RTMAX+1", "RTMIN+31",
		"RTMAX-31", "RTMIN+1x", "RTMIN+99999999999", "TERMS", "33" };
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(vocab_signal_find(wrong[i]), -1);
	assert_null(vocab_signal_name(0));
	assert_null(vocab_signal_name(32));
	assert_null(vocab_signal_name(65));
}

static void test_errnos_are_the_c_librarys(void **state)
{
	for (int i = 1; i < 200; i++) {
		const char *name = strerrorname_np(i);

		if (!name) {
			assert_null(vocab_errno_name(i));
			continue;
		}
		assert_int_equal(vocab_errno_find(name), i);
		/* glibc calls 95 ENOTSUP, the kernel EOPNOTSUPP. */
		if (i != EOPNOTSUPP)
			assert_string_equal(vocab_errno_name(i), name);
	}
	assert_int_equal(vocab_errno_find("EWOULDBLOCK"), EAGAIN);
	assert_int_equal(vocab_errno_find("eperm"), -1);
	assert_int_equal(vocab_errno_find("EWHAT"), -1);
}

static void test_families(void **state)
{
	assert_true(vocab_n_families <= 64);
	for (uint32_t i = 0; i < vocab_n_families; i++) {
		const struct vocab_family *f = &vocab_families[i];
		char name[32] = "AF_";
		uint64_t number;

		assert_int_equal(vocab_family_find(f->name), i);
		assert_int_equal(
			vocab_family_of_socket(f->family[0], f->type < 0 ? 1 : f->type), i);
		if (strcmp(f->name, "raw") == 0)
			continue;
		for (size_t k = 0; f->name[k]; k++)
			name[3 + k] = f->name[k] >= 'a' ? f->name[k] - 32 : f->name[k];
		if (strcmp(f->name, "decnet") == 0)
			strcpy(name, "AF_DECnet");
		assert_true(vocab_constant_find(name, vocab_abi_native(), &number) ||
			    strcmp(name, "AF_DECnet") == 0);
		if (strcmp(name, "AF_DECnet") != 0)
			assert_int_equal(f->family[0], number);
	}
	assert_string_equal(
		vocab_families[vocab_family_of_socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC)].name,
		"raw");
	assert_int_equal(vocab_family_of_socket(AF_INET, SOCK_STREAM), VOCAB_FAMILY_COVERED);
	assert_int_equal(
		vocab_family_of_socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK), VOCAB_FAMILY_COVERED);
	assert_int_equal(vocab_family_of_socket(AF_UNIX, SOCK_RAW), VOCAB_FAMILY_COVERED);
	assert_int_equal(vocab_family_of_socket(AF_UNSPEC, SOCK_STREAM), -1);
	assert_int_equal(vocab_family_of_socket(-1, SOCK_STREAM), -1);
	assert_int_equal(vocab_family_of_socket(200, SOCK_STREAM), -1);

	assert_int_equal(vocab_netlink_find("ROUTE"), 0);
	assert_int_equal(vocab_netlink_find("netlink_audit"), 9);
	assert_int_equal(vocab_netlink_find("PATH"), -1);
	assert_string_equal(vocab_netlink_name(15), "KOBJECT_UEVENT");
	assert_null(vocab_netlink_name(1));
}

static void count(void *ctx, const char *name)
{
	assert_true(name[0]);
	++*(unsigned int *)ctx;
}

static void test_each(void **state)
{
	static const unsigned int at_least[] = { [VOCAB_SYSCALL] = 480,
		[VOCAB_CAPABILITY] = 41,
		[VOCAB_SIGNAL] = 31 + 31,
		[VOCAB_ERRNO] = 133,
		[VOCAB_CONSTANT] = 1000,
		[VOCAB_FAMILY] = 30,
		[VOCAB_NETLINK] = 20 };

	for (int kind = VOCAB_SYSCALL; kind <= VOCAB_NETLINK; kind++) {
		unsigned int n = 0;

		vocab_each(kind, count, &n);
		assert_true(n >= at_least[kind]);
	}
}

static void test_arguments(void **state)
{
	int clone = vocab_syscall_find("clone"), mmap_call = vocab_syscall_find("mmap");
	const struct vocab_argument *tls = vocab_argument_find(clone, "tls");

	assert_int_equal(tls->index[ABI_X86_64], 4);
	assert_int_equal(tls->index[ABI_X86], 3);
	assert_int_equal(tls->index[ABI_X32], 4);
	assert_int_equal(tls->index[ABI_AARCH64], 3);
	assert_int_equal(tls->index[ABI_ARM], 3);
	assert_ptr_equal(
		vocab_argument_find(clone, "flags"), vocab_argument_find(clone, "clone_flags"));
	assert_int_equal(vocab_argument_find(mmap_call, "prot")->index[ABI_X86], VOCAB_NO_INDEX);
	assert_null(vocab_argument_find(mmap_call, "protection"));
	assert_null(vocab_argument_find(vocab_syscall_find("getpid"), "pid"));
	assert_true(vocab_argument_find(clone, "parent_tid")->is_pointer);

	const struct vocab_argument *newsp =
		vocab_argument_find(vocab_syscall_find("mremap"), "new_addr");
	const struct vocab_argument *mode =
		vocab_argument_find(vocab_syscall_find("fchmod"), "mode");

	assert_int_equal(vocab_argument_width(newsp, ABI_X86_64), 64);
	assert_int_equal(vocab_argument_width(newsp, ABI_X86), 32);
	assert_int_equal(vocab_argument_width(newsp, ABI_AARCH64), 64);
	assert_int_equal(vocab_argument_width(newsp, ABI_ARM), 32);
	assert_true(vocab_argument_find(vocab_syscall_find("fcntl"), "arg")->width_varies);
	assert_false(vocab_argument_find(vocab_syscall_find("fcntl"), "cmd")->width_varies);
	assert_int_equal(vocab_argument_width(mode, ABI_ARM), 16);

	for (uint32_t i = 0; i < vocab_n_syscalls; i++) {
		const struct vocab_syscall *s = &vocab_syscalls[i];

		for (int k = 0; k < s->n_arguments; k++) {
			const struct vocab_argument *a = &s->arguments[k];

			assert_true(a->width == 16 || a->width == 32 || a->width == 64);
			for (int abi = 0; abi < ABI_COUNT; abi++)
				for (int other = 0; other < k; other++)
					if (a->index[abi] == s->arguments[other].index[abi] &&
						a->index[abi] != VOCAB_NO_INDEX)
						fail_msg("%s: %s and %s share a place under %s",
							s->name, a->name, s->arguments[other].name,
							vocab_abi_name(abi));
		}
	}
}

/*
 * The widths, asked of the running kernel: bits above an argument's width change nothing, and bits
 * below do. Each probe is a call that succeeds; with a bit set just above the width it must still
 * succeed, with the highest bit inside the width it must not, where that would matter.
 */
struct probe {
	const char *call, *argument;
	long arguments[6];
	bool highest_bit_fails;
};

static long probe_fd, probe_socket, probe_page;

static int probe(const struct probe *p, long extra)
{
	int syscall_index = vocab_syscall_find(p->call);
	enum abi abi = vocab_abi_native();
	long a[6];
	pid_t child = fork();
	int status;

	memcpy(a, p->arguments, sizeof(a));
	a[vocab_argument_find(syscall_index, p->argument)->index[abi]] ^= extra;
	if (child == 0) {
		alarm(5);
		long r = syscall(vocab_syscalls[syscall_index].number[abi], a[0], a[1], a[2], a[3],
			a[4], a[5]);
		_exit(r < 0 ? 1 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void test_widths_are_the_kernels(void **state)
{
	char path[] = "/tmp/pale-vocab-XXXXXX";

	probe_fd = mkstemp(path);
	assert_true(probe_fd >= 0);
	unlink(path);
	probe_socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	probe_page = (long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	static int number;
	const long out = (long)&number;
	static socklen_t length = sizeof(number);
	const struct probe probes[] = {
		{ "clone", "flags", { SIGCHLD }, false },
		{ "socket", "family", { AF_UNIX, SOCK_STREAM, 0 }, true },
		{ "socket", "type", { AF_UNIX, SOCK_STREAM, 0 }, true },
		{ "socket", "protocol", { AF_UNIX, SOCK_STREAM, 0 }, true },
		{ "ioctl", "fd", { probe_socket, 0x541b, out }, true },
		{ "ioctl", "cmd", { probe_fd, 0x541b, out }, true },
		{ "fcntl", "fd", { probe_fd, F_GETFD }, true },
		{ "fcntl", "cmd", { probe_fd, F_GETFD }, true },
		{ "prctl", "option", { 3 /* PR_GET_DUMPABLE */ }, true },
		{ "personality", "personality", { 0xffffffff }, false },
		{ "unshare", "flags", { 0 }, true },
		{ "fchmod", "fd", { probe_fd, 0600 }, true },
		{ "fchmod", "mode", { probe_fd, 0600 }, false },
		{ "mmap", "fd", { 0, 4096, PROT_READ, MAP_PRIVATE, probe_fd, 0 }, true },
		{ "mmap", "off", { 0, 4096, PROT_READ, MAP_PRIVATE, probe_fd, 0 }, true },
		{ "mbind", "mode", { probe_page, 4096, 0, 0, 0, 0 }, true },
		{ "mprotect", "prot", { probe_page, 4096, PROT_READ }, true },
		{ "madvise", "behavior", { probe_page, 4096, 0 }, true },
		{ "kill", "sig", { getpid(), 0 }, true },
		{ "kill", "pid", { getpid(), 0 }, true },
		{ "tgkill", "tgid", { getpid(), gettid(), 0 }, true },
		{ "getsockopt", "fd", { probe_socket, SOL_SOCKET, SO_TYPE, out, (long)&length },
			true },
		{ "getsockopt", "level", { probe_socket, SOL_SOCKET, SO_TYPE, out, (long)&length },
			true },
		{ "getsockopt", "optname",
			{ probe_socket, SOL_SOCKET, SO_TYPE, out, (long)&length }, true },
		{ "setsockopt", "optlen", { probe_socket, SOL_SOCKET, SO_KEEPALIVE, out, 4 },
			true },
		{ "shutdown", "how", { probe_socket, 5 }, false },
		{ "prlimit64", "pid", { 0, 7, 0, 0 }, true },
		{ "prlimit64", "resource", { 0, 7, 0, 0 }, true },
		{ "getpriority", "which", { 0, 0 }, true },
		{ "getpriority", "who", { 0, 0 }, true },
		{ "memfd_create", "flags", { (long)"x", 0 }, true },
		{ "futex", "op", { out, 1 /* FUTEX_WAKE */, 1 }, true },
		{ "openat", "dfd", { AT_FDCWD, (long)".", O_RDONLY }, true },
		{ "openat", "flags", { AT_FDCWD, (long)".", O_RDONLY }, false },
		{ "epoll_create1", "flags", { 0 }, true },
		{ "eventfd2", "flags", { 0, 0 }, true },
		{ "pipe2", "flags", { out, 0 }, true },
		{ "getrandom", "flags", { out, 4, 0 }, true },
		{ "faccessat2", "mode", { AT_FDCWD, (long)".", 0, 0 }, true },
		{ "faccessat2", "flags", { AT_FDCWD, (long)".", 0, 0 }, true },
		{ "wait4", "options", { -1, 0, 1 /* WNOHANG */ }, false },
		{ "close_range", "flags", { 1000, 1001, 0 }, true },
		{ "close_range", "fd", { 1000, 1001, 0 }, true },
		{ "flock", "cmd", { probe_fd, 1 /* LOCK_SH */ }, false },
		{ "fallocate", "mode", { probe_fd, 0, 0, 4096 }, true },
		{ "inotify_init1", "flags", { 0 }, true },
		{ "membarrier", "flags", { 0, 0, 0 }, true },
		{ "membarrier", "cmd", { 0, 0, 0 }, true },
		{ "mlock2", "flags", { probe_page, 4096, 0 }, true },
		{ "msync", "flags", { probe_page, 4096, 4 }, true },
		{ "mremap", "flags", { probe_page, 4096, 4096, 0 }, true },
		{ "unlinkat", "flag", { AT_FDCWD, (long)"/nonexistent/x", 0 }, false },
	};

	for (size_t i = 0; i < sizeof(probes) / sizeof(*probes); i++) {
		const struct probe *p = &probes[i];
		const struct vocab_argument *a =
			vocab_argument_find(vocab_syscall_find(p->call), p->argument);
		unsigned int width = vocab_argument_width(a, vocab_abi_native());
		int plain;

		/* Nothing else would show that all 64 are read. */
		assert_true(width < 64 || p->highest_bit_fails);
		plain = probe(p, 0);
		if (width < 64 && probe(p, 1L << width) != plain)
			fail_msg("%s: the kernel reads more than %u bits of %s", p->call, width,
				a->name);
		if (width < 64 && probe(p, ~0UL << width) != plain)
			fail_msg("%s: the kernel reads more than %u bits of %s", p->call, width,
				a->name);
		if (p->highest_bit_fails && probe(p, 1UL << (width - 1)) == plain)
			fail_msg("%s: the kernel does not read %u bits of %s", p->call, width,
				a->name);
	}
	close(probe_fd);
	close(probe_socket);
	munmap((void *)probe_page, 4096);
}

static bool starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* Calls that nothing may grant by the way. */
static bool needs_a_name(const char *call)
{
	static const char *const words[] = { "mount", "bpf", "ptrace", "io_uring", "kexec",
		"keyctl", "add_key", "request_key", "perf_event_open", "init_module",
		"finit_module", "delete_module", "create_module", "fsopen", "fsconfig", "fspick",
		"open_tree", "move_mount", "umount", "pivot_root", "process_vm_", "pidfd_getfd",
		"setns", "unshare", "open_by_handle_at", "userfaultfd", "seccomp", "quotactl",
		"swap", "iopl", "ioperm", "modify_ldt", "lookup_dcookie", "kcmp", "nfsservctl" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (starts(call, words[i]))
			return true;
	return false;
}

static void test_needs(void **state)
{
	_Static_assert(PROTOCOL_TCP == 0 && PROTOCOL_UDP == 1 && PROTOCOL_SCTP == 2 &&
			       PROTOCOL_ICMP == 3 && PROTOCOL_UNIX == 4 && PROTOCOL_COUNT == 5,
		"as in grammar/vocab/generate.awk");

	for (uint32_t i = 0; i < vocab_n_needs; i++) {
		const struct vocab_need *n = &vocab_needs[i];
		const char *call = vocab_syscalls[n->syscall].name;

		if (i > 0) {
			const struct vocab_need *before = n - 1;

			assert_true(n->kind > before->kind ||
				    (n->kind == before->kind && n->which >= before->which));
		}
		for (uint32_t k = 0; k < n->n_conditions; k++) {
			const struct vocab_condition *c = &n->conditions[k];

			assert_true(c->n_values > 0);
			assert_false(c->argument->is_pointer);
			if (c->comparison == NEED_MASK_EQ)
				assert_int_equal(c->values[0] & ~c->mask, 0);
			for (int abi = 0; abi < ABI_COUNT; abi++)
				if (vocab_syscalls[n->syscall].number[abi] >= 0)
					assert_true(c->argument->index[abi] < 6);
		}
		if (n->kind != NEED_OPERATION && needs_a_name(call))
			fail_msg("%s is granted by kind %d", call, n->kind);
		if (strcmp(call, "clone3") == 0 || strcmp(call, "socketcall") == 0 ||
			strcmp(call, "ipc") == 0)
			fail_msg("%s hides its arguments and is granted", call);
		/* Without a condition these would make processes and namespaces, any sockets, or
		 * push characters into a terminal. */
		if ((strcmp(call, "clone") == 0 || strcmp(call, "socket") == 0 ||
			    strcmp(call, "socketpair") == 0 || strcmp(call, "prctl") == 0 ||
			    strcmp(call, "personality") == 0 || strcmp(call, "arch_prctl") == 0 ||
			    (strcmp(call, "ioctl") == 0 && n->kind != NEED_OPERATION)) &&
			n->n_conditions == 0)
			fail_msg("%s is granted without a condition", call);
	}
}

static void test_a_reader_needs_few_calls(void **state)
{
	bool needed[1024] = { false };
	unsigned int n = 0, unconditional = 0;
	bool whole[1024] = { false };

	for (uint32_t i = 0; i < vocab_n_needs; i++) {
		const struct vocab_need *need = &vocab_needs[i];

		if (need->kind != NEED_ALWAYS &&
			!(need->kind == NEED_OPERATION &&
				(need->which == OP_EXEC || need->which == OP_FORK ||
					need->which == OP_READ || need->which == OP_MAP)))
			continue;
		if (vocab_syscalls[need->syscall].number[ABI_X86_64] < 0)
			continue;
		needed[need->syscall] = true;
		if (need->n_conditions == 0)
			whole[need->syscall] = true;
	}
	for (uint32_t i = 0; i < vocab_n_syscalls; i++) {
		n += needed[i];
		unconditional += whole[i];
	}
	print_message("# a program that reads files and writes to a terminal needs %u calls of "
		      "x86_64, %u of them whatever their arguments\n",
		n, unconditional);
	assert_true(n <= 110);
	assert_true(unconditional >= 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_abis),
		cmocka_unit_test(test_syscalls_are_known_to_libseccomp),
		cmocka_unit_test(test_numbers_of_libseccomp_are_known),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_capabilities_are_libcaps),
		cmocka_unit_test(test_signals_are_the_c_librarys),
		cmocka_unit_test(test_errnos_are_the_c_librarys),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_widths_are_the_kernels),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_a_reader_needs_few_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
