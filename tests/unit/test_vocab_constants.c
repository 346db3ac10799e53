/* SPDX-License-Identifier: Apache-2.0 */
/* Every name of constants.csv, compiled with the kernel's headers, against the table. */
#include "compiler/vocab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <asm/fcntl.h>
#include <asm/ioctls.h>
#include <asm/prctl.h>
#include <asm/ptrace-abi.h>
#include <asm/termbits.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/eventpoll.h>
#include <linux/fadvise.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/inotify.h>
#include <linux/kcmp.h>
#include <linux/keyctl.h>
#include <linux/membarrier.h>
#include <linux/memfd.h>
#include <linux/mempolicy.h>
#include <linux/mman.h>
#include <linux/mount.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/perf_event.h>
#include <linux/personality.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <linux/quota.h>
#include <linux/random.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/shm.h>
#include <linux/signalfd.h>
#include <linux/sockios.h>
#include <linux/stat.h>
#include <linux/tcp.h>
#include <linux/timerfd.h>
#include <linux/userfaultfd.h>
#include <linux/wait.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

static const struct {
	const char *name;
	uint64_t value;
} constants[] = {
#define CHECK(name) { #name, (uint64_t)(int64_t)(name) },
#include <vocab_constants.inc>
};

static void test_values(void **state)
{
	const size_t n = sizeof(constants) / sizeof(*constants);
	enum abi abi = vocab_abi_native();
	size_t known = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t value;

		/* A header may define what only another ABI has. */
		if (!vocab_constant_find(constants[i].name, abi, &value))
			continue;
		known++;
		if (value != constants[i].value)
			fail_msg("%s is %#llx, the table says %#llx", constants[i].name,
				(unsigned long long)constants[i].value, (unsigned long long)value);
	}
	print_message("# %zu constants compared with the headers\n", known);
	assert_true(known > 1200);
}

static void test_abis_differ(void **state)
{
	uint64_t value;

	assert_true(vocab_constant_find("O_DIRECTORY", ABI_X86_64, &value));
	assert_int_equal(value, 0200000);
	assert_true(vocab_constant_find("O_DIRECTORY", ABI_AARCH64, &value));
	assert_int_equal(value, 040000);
	assert_true(vocab_constant_find("O_NOFOLLOW", ABI_ARM, &value));
	assert_int_equal(value, 0100000);
	assert_false(vocab_constant_find("MAP_32BIT", ABI_AARCH64, &value));
	assert_false(vocab_constant_find("F_GETLK64", ABI_X86_64, &value));
	assert_true(vocab_constant_find("F_GETLK64", ABI_ARM, &value));
	assert_int_equal(value, 12);
	assert_true(vocab_constant_find("AT_FDCWD", ABI_X86_64, &value));
	assert_int_equal((int64_t)value, -100);
	assert_false(vocab_constant_find("O_FROB", ABI_X86_64, &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_abis_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
