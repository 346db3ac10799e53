/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_OCI_JUDGE_H
#define PALE_TESTS_OCI_JUDGE_H

/*
 * What a profile does under a runtime: the JSON as libseccomp compiles it, entry by entry as runc
 * does, run by libpcap's interpreter and by this kernel.
 */

#include "compiler/base/cleanup.h"
#include "compiler/cells.h"
#include "compiler/compile.h"
#include "compiler/import.h"
#include "compiler/seccomp_answer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glob.h>
#include <linux/filter.h>
#include <poll.h>
#include <pthread.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "oci_libseccomp.h"
#include "pcap_judge.h"

static const struct {
	const char *name;
	uint32_t arch;
} archs[ABI_COUNT] = {
	[ABI_X86_64] = { "amd64", SCMP_ARCH_X86_64 },
	[ABI_X86] = { "x86", SCMP_ARCH_X86 },
	[ABI_X32] = { "x32", SCMP_ARCH_X32 },
	[ABI_AARCH64] = { "arm64", SCMP_ARCH_AARCH64 },
	[ABI_ARM] = { "arm", SCMP_ARCH_ARM },
};

/* How a test asks: the policy's options, and what the judge must know of them. */
struct setting {
	const char *capabilities; /* "CAP_CHOWN CAP_KILL"; NULL: the default ones */
	enum abi abis[ABI_COUNT];
	uint32_t n_abis;
	uint32_t kernel; /* major * 1000 + minor; 0: new */
	bool runc;	 /* with its stub */
};

static const struct setting plain = { .abis = { ABI_X86_64 }, .n_abis = 1 };

static const char default_capabilities[] =
	"CAP_CHOWN CAP_DAC_OVERRIDE CAP_FSETID CAP_FOWNER CAP_MKNOD CAP_NET_RAW CAP_SETGID "
	"CAP_SETUID CAP_SETFCAP CAP_SETPCAP CAP_NET_BIND_SERVICE CAP_SYS_CHROOT CAP_KILL "
	"CAP_AUDIT_WRITE";

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *s = list; (s = strstr(s, word)); s += len) {
		if ((s == list || s[-1] == ' ') && (s[len] == ' ' || s[len] == '\0'))
			return true;
	}
	return false;
}

/* Whether the part of the world that @filter names is this one. @empty: when it names none. */
static bool names_us(const json_t *filter, const struct setting *s, const char *key, bool all)
{
	const json_t *list = json_object_get(filter, key), *v;
	size_t i, n = 0;

	json_array_foreach (list, i, v) {
		const char *word = json_string_value(v);

		n += !strcmp(key, "caps")
			     ? has_word(s->capabilities ? s->capabilities : default_capabilities,
				       word)
			     : !strcmp(word, archs[s->abis[0]].name);
	}
	return all ? n == json_array_size(list) : n > 0;
}

static bool kernel_reaches(const json_t *filter, const struct setting *s)
{
	const char *v = json_string_value(json_object_get(filter, "minKernel"));
	unsigned int major = 0, minor = 0;

	assert_int_equal(sscanf(v, "%u.%u", &major, &minor), 2);
	return !s->kernel || s->kernel >= major * 1000 + minor;
}

/* moby/profiles/seccomp/seccomp_linux.go: a capability of the list is enough to exclude, all are
 * needed to include. */
static bool applies(const json_t *entry, const struct setting *s)
{
	const json_t *in = json_object_get(entry, "includes");
	const json_t *out = json_object_get(entry, "excludes");

	if (names_us(out, s, "arches", false) || names_us(out, s, "caps", false) ||
		(json_object_get(out, "minKernel") && kernel_reaches(out, s)))
		return false;
	if (json_array_size(json_object_get(in, "arches")) && !names_us(in, s, "arches", false))
		return false;
	return names_us(in, s, "caps", true) &&
	       (!json_object_get(in, "minKernel") || kernel_reaches(in, s));
}

#define CONSTANTS_MAX 64 /* half for the tests' own */

struct judge {
	json_t *profile;
	const struct setting *setting;
	struct sock_filter program[BPF_MAXINSNS];
	uint32_t n;
	/* By call of the tables: what its conditions compare with, by argument. */
	struct constants {
		struct scmp_arg_cmp v[CONSTANTS_MAX];
		uint32_t n;
	} * constants;
	int32_t last; /* the greatest number that is named; of the first ABI */
};

static void add(
	scmp_filter_ctx ctx, uint32_t action, int nr, const struct scmp_arg_cmp *v, uint32_t n)
{
	int r = seccomp_rule_add_array(ctx, action, nr, n, v);

	if (r)
		fail_msg("libseccomp: call %d: %s", nr, strerror(-r));
}

/* runc, libcontainer/seccomp/seccomp_linux.go: matchCall(). */
static void match_call(scmp_filter_ctx ctx, uint32_t default_action, const json_t *entry,
	const char *name, struct judge *j)
{
	uint32_t action = oci_action(entry, "action", "errnoRet"), n = 0;
	int nr = seccomp_syscall_resolve_name(name), call = vocab_syscall_find(name);
	struct scmp_arg_cmp v[CONSTANTS_MAX];
	bool doubled = false;
	const json_t *o;
	size_t i;

	json_array_foreach (json_object_get(entry, "args"), i, o) {
		v[n++] = oci_condition(o);
		for (uint32_t k = 0; k + 1 < n; k++)
			doubled = doubled || v[k].arg == v[n - 1].arg;
		if (call >= 0 && j->constants[call].n < CONSTANTS_MAX / 2)
			j->constants[call].v[j->constants[call].n++] = v[n - 1];
	}
	if (call >= 0 && vocab_syscalls[call].number[j->setting->abis[0]] > j->last)
		j->last = vocab_syscalls[call].number[j->setting->abis[0]];
	/* Calls that are newer than this libseccomp: a runtime with a newer one knows them. By its
	 * number it takes them for its own architecture only. */
	if (nr == __NR_SCMP_ERROR && call >= 0 && j->setting->n_abis == 1)
		nr = vocab_syscalls[call].number[j->setting->abis[0]];
	if (action == default_action || nr == __NR_SCMP_ERROR)
		return;
	if (!doubled) {
		add(ctx, action, nr, v, n);
		return;
	}
	for (i = 0; i < n; i++)
		add(ctx, action, nr, &v[i], 1);
}

static struct judge *judge_new(const char *text, size_t len, const struct setting *s)
{
	struct judge *j = calloc(1, sizeof(*j));
	_cleanup_fclose_ FILE *f = tmpfile();
	uint32_t default_action;
	json_t *entry, *name;
	scmp_filter_ctx ctx;
	size_t i, k;

	j->setting = s;
	j->constants = calloc(vocab_n_syscalls, sizeof(*j->constants));
	j->profile = json_loadb(text, len, 0, NULL);
	if (!j->profile)
		j->profile = json_loadb(text, len, JSON_DECODE_INT_AS_REAL, NULL);
	assert_non_null(j->profile);
	if (json_object_get(j->profile, "linux")) {
		json_t *inner = json_incref(
			json_object_get(json_object_get(j->profile, "linux"), "seccomp"));

		json_decref(j->profile);
		j->profile = inner;
	}
	default_action = oci_action(j->profile, "defaultAction", "defaultErrnoRet");
	ctx = seccomp_init(default_action);
	for (i = 0; i < s->n_abis; i++) {
		if (archs[s->abis[i]].arch != seccomp_arch_native())
			assert_int_equal(seccomp_arch_add(ctx, archs[s->abis[i]].arch), 0);
	}
	json_array_foreach (json_object_get(j->profile, "syscalls"), i, entry) {
		const char *single = json_string_value(json_object_get(entry, "name"));

		if (!applies(entry, s))
			continue;
		if (single)
			match_call(ctx, default_action, entry, single, j);
		json_array_foreach (json_object_get(entry, "names"), k, name)
			match_call(ctx, default_action, entry, json_string_value(name), j);
	}
	/* No entry compares which of many calls these are, and libseccomp does. */
	for (k = 0; k < 2; k++) {
		struct constants *c = &j->constants[vocab_syscall_find(k ? "ipc" : "socketcall")];

		for (i = 0; i < 30; i++)
			c->v[c->n++] = (struct scmp_arg_cmp){ .op = SCMP_CMP_EQ, .datum_a = i };
	}
	assert_int_equal(seccomp_export_bpf(ctx, fileno(f)), 0);
	seccomp_release(ctx);
	rewind(f);
	j->n = (uint32_t)fread(j->program, sizeof(*j->program), BPF_MAXINSNS, f);
	assert_true(j->n > 0);
	return j;
}

static void judge_free(struct judge *j)
{
	json_decref(j->profile);
	free(j->constants);
	free(j);
}

/* One process has one thread under the program and one that answers in the kernel's place. */
#define LET_THROUGH 0x70616c65u /* as sixth argument */
#define ALLOWED	    (-EXDEV)

struct kernel_case {
	long nr;
	uint64_t args[6];
	long answer;
	uint32_t want;
};

struct kernel_run {
	struct sock_filter *program;
	uint32_t n_program;
	struct kernel_case *v;
	size_t n;
	int listener;
	int done; /* 1, or a negative errno */
};

static long raw_syscall(long nr, const uint64_t a[6])
{
#ifdef __x86_64__
	register uint64_t r10 __asm__("r10") = a[3];
	register uint64_t r8 __asm__("r8") = a[4];
	register uint64_t r9 __asm__("r9") = a[5];
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "0"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
#else
	return syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]) < 0 ? -errno : 0;
#endif
}

static void *under_the_program(void *ctx)
{
	struct kernel_run *run = ctx;
	struct sock_filter asks[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LET_THROUGH, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	};
	struct sock_fprog ask = { .len = 4, .filter = asks };
	struct sock_fprog judged = { .len = (unsigned short)run->n_program,
		.filter = run->program };
	uint64_t load[6] = { SECCOMP_SET_MODE_FILTER, 0, (uintptr_t)&judged, 0, 0, LET_THROUGH };
	long r;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &ask);
	if (r < 0) {
		__atomic_store_n(&run->done, -errno, __ATOMIC_SEQ_CST);
		return NULL;
	}
	__atomic_store_n(&run->listener, (int)r, __ATOMIC_SEQ_CST);
	r = raw_syscall(SYS_seccomp, load);
	for (size_t i = 0; r == 0 && i < run->n; i++)
		run->v[i].answer = raw_syscall(run->v[i].nr, run->v[i].args);
	__atomic_store_n(&run->done, r ? (int)r : 1, __ATOMIC_SEQ_CST);
	for (;;)
		; /* any call would be judged */
}

static int answer_in_the_kernel_s_place(struct kernel_run *run)
{
	pthread_t thread;
	int done;

	if (pthread_create(&thread, NULL, under_the_program, run))
		return EAGAIN;
	while (!(done = __atomic_load_n(&run->done, __ATOMIC_SEQ_CST))) {
		int fd = __atomic_load_n(&run->listener, __ATOMIC_SEQ_CST);
		struct pollfd p = { .fd = fd, .events = POLLIN };
		struct seccomp_notif ask = { 0 };
		struct seccomp_notif_resp reply = { .error = ALLOWED };

		if (fd < 0 || poll(&p, 1, 20) <= 0)
			continue;
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &ask))
			continue;
		reply.id = ask.id;
		ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &reply);
	}
	return done == 1 ? 0 : -done;
}

/* Fills in @v's answers. The cases are in shared memory. */
static void ask_the_kernel(struct judge *j, struct kernel_case *v, size_t n)
{
	struct kernel_run run = {
		.program = j->program, .n_program = j->n, .v = v, .n = n, .listener = -1
	};
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(answer_in_the_kernel_s_place(&run));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status))
		fail_msg("the kernel: killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status))
		fail_msg("the kernel: %s", strerror(WEXITSTATUS(status)));
}

#define KERNEL_CASES_MAX 200000

#endif
