/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an imported policy answers, against what the profile does under a runtime. Neither the
 * filter nor the machine that runs it is ours: the JSON is compiled by libseccomp, entry by entry
 * as runc does, and the program run by libpcap's interpreter for every ABI, and by this kernel for
 * those of its own that `syscall` reaches.
 */
#include "tests/unit/oci_judge.h"

#include <arpa/inet.h>
#include <glob.h>

struct comparison {
	const struct policy *p;
	struct judge *j;
	struct kernel_case *cases; /* NULL: without the kernel */
	size_t n_cases;
	uint32_t compared;
	bool zeros; /* above a negative argument, too */
};

/* Killing one thread and killing all are one: import_oci.h. */
static uint32_t without_thread(uint32_t action)
{
	return (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_KILL_THREAD
		       ? SECCOMP_RET_KILL_PROCESS
		       : action;
}

static void compare(struct comparison *c, enum abi abi, uint32_t call, const uint64_t args[6])
{
	static const struct seccomp_options alone;
	struct seccomp_data data = {
		.nr = vocab_syscalls[call].number[abi],
		.arch = vocab_abi_audit_arch(abi),
	};
	uint32_t want, have;

	for (int i = 0; i < 6; i++)
		data.args[i] = args[i];
	want = without_thread(pcap_judge(c->j->program, &data));
	if (c->j->setting->runc && data.nr > c->j->last)
		want = SECCOMP_RET_ERRNO | ENOSYS;
	have = seccomp_answer(c->p, &alone, &data);
	if (want != have)
		fail_msg("%s %s(%#llx, %#llx, %#llx, %#llx): %#x, the profile says %#x",
			vocab_abi_name(abi), vocab_syscalls[call].name, (unsigned long long)args[0],
			(unsigned long long)args[1], (unsigned long long)args[2],
			(unsigned long long)args[3], have, want);
	c->compared++;
	/* The kernel's own trampolines, which no filter sees since 6.14 (kernel/seccomp.c). */
	if (!strcmp(vocab_syscalls[call].name, "uretprobe") ||
		!strcmp(vocab_syscalls[call].name, "uprobe"))
		return;
	if (!c->cases || c->n_cases == KERNEL_CASES_MAX ||
		(abi != vocab_abi_native() && abi != ABI_X32))
		return;
	c->cases[c->n_cases].nr = data.nr;
	memcpy(c->cases[c->n_cases].args, data.args, sizeof(data.args));
	c->cases[c->n_cases++].want = want;
}

struct values {
	uint64_t v[1024];
	uint32_t n;
};

/* As a C library leaves it: cut to what the kernel reads, then widened. */
static void add_value(
	struct values *to, const struct vocab_argument *a, enum abi abi, bool zeros, uint64_t v)
{
	unsigned int width = vocab_argument_width(a, abi);
	bool registers_are_32 = abi == ABI_X86 || abi == ABI_ARM;

	if (width < 64) {
		v &= ((uint64_t)1 << width) - 1;
		if (a->is_signed && !zeros && !registers_are_32 && v >> (width - 1) & 1)
			v |= ~(((uint64_t)1 << width) - 1);
	}
	for (uint32_t i = 0; i < to->n; i++) {
		if (to->v[i] == v)
			return;
	}
	assert_true(to->n < 1024);
	to->v[to->n++] = v;
}

/* Around everything that the profile compares with, and the ends of the ranges. */
static void values_of(const struct constants *k, uint32_t index, const struct vocab_argument *a,
	enum abi abi, bool zeros, struct values *ret)
{
	static const uint64_t ends[] = { 0, 1, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff,
		0x80000000, 0xffffffff, 0x100000000, INT64_MAX, (uint64_t)INT64_MAX + 1,
		UINT64_MAX };

	ret->n = 0;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		add_value(ret, a, abi, zeros, ends[i]);
	for (uint32_t i = 0; i < k->n; i++) {
		uint64_t x = k->v[i].datum_a, y = k->v[i].datum_b;

		if (k->v[i].arg != index)
			continue;
		add_value(ret, a, abi, zeros, x);
		add_value(ret, a, abi, zeros, x - 1);
		add_value(ret, a, abi, zeros, x + 1);
		if (k->v[i].op != SCMP_CMP_MASKED_EQ)
			continue;
		add_value(ret, a, abi, zeros, y);
		add_value(ret, a, abi, zeros, y | ~x);
		for (int bit = 0; bit < 64; bit++)
			add_value(ret, a, abi, zeros, y ^ (uint64_t)1 << bit);
	}
}

static void compare_call(struct comparison *c, enum abi abi, uint32_t call)
{
	const struct vocab_syscall *s = &vocab_syscalls[call];
	const struct constants *k = &c->j->constants[call];
	struct values values[6];
	uint32_t at[6] = { 0 };

	for (uint32_t index = 0; index < 6; index++) {
		const struct vocab_argument *a = NULL;
		bool used = false;

		for (uint8_t i = 0; i < s->n_arguments; i++)
			a = s->arguments[i].index[abi] == index ? &s->arguments[i] : a;
		for (uint32_t i = 0; i < k->n; i++)
			used = used || k->v[i].arg == index;
		values[index] = (struct values){ .n = 1 };
		if (used && a)
			values_of(k, index, a, abi, c->zeros, &values[index]);
	}
	for (;;) {
		uint64_t args[6];
		uint32_t i = 0;

		for (uint32_t index = 0; index < 6; index++)
			args[index] = values[index].v[at[index]];
		compare(c, abi, call, args);
		while (i < 6 && ++at[i] == values[i].n)
			at[i++] = 0;
		if (i == 6)
			return;
	}
}

static char *import(const char *name, const char *text, size_t len, const struct setting *s)
{
	struct import_options o = { .abis = s->abis, .n_abis = s->n_abis, .runc = s->runc };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(text_release) struct text made = TEXT_INIT;
	struct source_set sources;
	struct diag_list diags;

	if (s->kernel) {
		o.has_kernel = true;
		o.kernel_major = s->kernel / 1000;
		o.kernel_minor = s->kernel % 1000;
	}
	if (s->capabilities) {
		_cleanup_free_ char *list = strdup(s->capabilities);

		o.has_capabilities = true;
		for (char *w = strtok(list, " "); w; w = strtok(NULL, " "))
			o.capabilities |= (uint64_t)1 << vocab_capability_find(w);
	}
	source_set_init(&sources, a);
	diag_list_init(&diags, &sources);
	if (!import_policy(source_add(&sources, name, text, len), &o, &diags, &made)) {
		diag_print(&diags, stderr, false);
		fail_msg("%s is not imported", name);
	}
	return text_take(&made);
}

/* Both with zeros above negative arguments and with their sign when @signs is 2; 0: zeros only. */
static uint32_t check_profile(const char *name, const char *text, size_t len,
	const struct setting *s, bool kernel, int signs)
{
	static const struct compile_options none;
	_cleanup_free_ char *policy = import(name, text, len, s);
	struct judge *j = judge_new(text, len, s);
	struct comparison c = { .j = j };
	size_t room = KERNEL_CASES_MAX * sizeof(*c.cases);
	struct compilation compiled;

	if (kernel)
		c.cases =
			mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(c.cases, MAP_FAILED);
	compile_bytes(&compiled, "made.pale", policy, strlen(policy), &none);
	assert_int_equal(compiled.diags.n_errors, 0);
	c.p = compiled.policies[0];
	for (int zeros = 0; zeros < 2; zeros++) {
		c.zeros = zeros;
		for (uint32_t i = 0; i < s->n_abis && (signs == 2 || signs != zeros); i++) {
			enum abi abi = s->abis[i];

			for (uint32_t call = 0; call < vocab_n_syscalls; call++) {
				const char *of = vocab_syscalls[call].name;

				if (vocab_syscalls[call].number[abi] < 0)
					continue;
				/* Not in this libseccomp's table of the ABI. */
				if (s->n_abis > 1 &&
					seccomp_syscall_resolve_name_arch(archs[abi].arch, of) < 0)
					continue;
				compare_call(&c, abi, call);
			}
		}
	}
	if (c.cases) {
		ask_the_kernel(j, c.cases, c.n_cases);
		for (size_t i = 0; i < c.n_cases; i++) {
			const struct kernel_case *x = &c.cases[i];
			uint32_t action = x->want & SECCOMP_RET_ACTION_FULL;
			long want = action == SECCOMP_RET_ERRNO
					    ? -(long)(x->want & SECCOMP_RET_DATA)
					    : ALLOWED;

			if (x->answer != want)
				fail_msg("%s: the kernel answers %ld to call %ld(%#llx, %#llx), "
					 "not %ld",
					name, x->answer, x->nr, (unsigned long long)x->args[0],
					(unsigned long long)x->args[1], want);
		}
		munmap(c.cases, room);
	}
	compilation_release(&compiled);
	judge_free(j);
	return c.compared;
}

/* The file at the path that @command prints. */
static char *profile_text(const char *command, size_t *ret_len)
{
	_cleanup_fclose_ FILE *f = NULL;
	FILE *pipe = popen(command, "r");
	char path[4096] = "", *text = malloc(1 << 20);

	assert_non_null(pipe);
	assert_non_null(fgets(path, sizeof(path), pipe));
	assert_int_equal(pclose(pipe), 0);
	path[strcspn(path, "\n")] = '\0';
	f = fopen(path, "r");
	assert_non_null(f);
	*ret_len = fread(text, 1, 1 << 20, f);
	return text;
}

static void check_real(const char *command)
{
	static const struct setting settings[] = {
		{ .abis = { ABI_X86_64 }, .n_abis = 1 },
		{ .abis = { ABI_X86_64, ABI_X32, ABI_X86 }, .n_abis = 3 },
		{ .capabilities = "", .abis = { ABI_X86_64 }, .n_abis = 1, .kernel = 4007 },
		{ .capabilities = "", .abis = { ABI_X86_64 }, .n_abis = 1, .kernel = 4008 },
		{ .abis = { ABI_X86_64 }, .n_abis = 1, .runc = true },
		{ .capabilities = "CAP_SYS_ADMIN", .abis = { ABI_X86_64 }, .n_abis = 1 },
		{ .capabilities = "CAP_AUDIT_WRITE CAP_SYS_CHROOT CAP_SYS_PTRACE CAP_SYS_NICE "
				  "CAP_SYSLOG CAP_BPF CAP_PERFMON CAP_SYS_TIME",
			.abis = { ABI_X86_64, ABI_X32 },
			.n_abis = 2,
			.kernel = 6001 },
	};
	size_t len;
	_cleanup_free_ char *text = profile_text(command, &len);

	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		assert_true(check_profile(command, text, len, &settings[i], !settings[i].runc, 2) >
			    700);
}

static void docker_s_profile(void **state)
{
	check_real("tests/import/profile.sh docker");
	check_real("tests/import/profile.sh docker-old");
}

static void podman_s_profile(void **state)
{
	check_real("tests/import/profile.sh containers");
}

#define ARG(index, op, value)                                                                      \
	"{\"index\":" #index ",\"op\":\"SCMP_CMP_" #op "\",\"value\":" #value "}"
#define MASKED(index, mask, value)                                                                 \
	"{\"index\":" #index ",\"op\":\"SCMP_CMP_MASKED_EQ\",\"value\":" #mask                     \
	",\"valueTwo\":" #value "}"
#define ENTRY(action, names, args)                                                                 \
	"{\"action\":\"SCMP_ACT_" action "\",\"names\":[" names "],\"args\":[" args "]}"
#define ERRNO(number, names, args)                                                                 \
	"{\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":" #number ",\"names\":[" names                \
	"],\"args\":[" args "]}"
#define PROFILE(action, entries)                                                                   \
	"{\"defaultAction\":\"SCMP_ACT_" action "\",\"syscalls\":[" entries "]}"
#define PROFILE_ERRNO(number, entries)                                                             \
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":" #number                       \
	",\"syscalls\":[" entries "]}"
#define READ ENTRY("ALLOW", "\"read\"", "") ","

static void profiles_by_hand(void **state)
{
	static const struct {
		const char *text;
		bool kills;
		int signs; /* check_profile() */
	} profiles[] = {
		/* One entry under another. */
		/* clang-format off */
		{ PROFILE("ERRNO", READ ENTRY("ALLOW", "\"write\",\"clone\"", "")), false, 2 },
		/* Each comparison, on arguments without a sign, of 32, 64 and 16 bits. */
		{ PROFILE("ERRNO",
			  READ ENTRY("ALLOW", "\"personality\"", ARG(0, LT, 9)) ","
			  ENTRY("ALLOW", "\"ioctl\"", ARG(1, GE, 21505)) ","
			  ENTRY("ALLOW", "\"unshare\"", ARG(0, LE, 4294967296)) ","
			  ENTRY("ALLOW", "\"mprotect\"", ARG(2, GT, 3)) ","
			  ENTRY("ALLOW", "\"clone\"", MASKED(0, 2114060288, 131072)) ","
			  ENTRY("ALLOW", "\"fchmod\"", ARG(1, NE, 511)) ","
			  ENTRY("ALLOW", "\"umask\"", ARG(0, LT, 1)) ","
			  ENTRY("ALLOW", "\"madvise\"", ARG(1, EQ, 18446744073709551615))),
			false, 2 },
		/* Signed ones: negative numbers are large there. */
		{ PROFILE("ERRNO",
			  READ ENTRY("ALLOW", "\"kill\"", ARG(0, GT, 0)) ","
			  ENTRY("ALLOW", "\"tkill\"", ARG(1, LT, 65)) ","
			  ENTRY("ALLOW", "\"socket\"", ARG(0, GE, 3) "," ARG(1, LE, 5)) ","
			  ENTRY("ALLOW", "\"tgkill\"", ARG(2, NE, 9)) ","
			  ENTRY("ALLOW", "\"listen\"", ARG(1, LE, 2147483647)) ","
			  ENTRY("ALLOW", "\"ptrace\"", ARG(0, LT, 9223372036854775808)) ","
			  ENTRY("ALLOW", "\"openat\"", MASKED(2, 577, 64))),
			false, 2 },
		/* Where the sign's copies count. */
		{ PROFILE("ERRNO",
			  READ ENTRY("ALLOW", "\"kill\"", ARG(0, EQ, 18446744073709551615)) ","
			  ENTRY("ALLOW", "\"tkill\"", ARG(0, LT, 9223372036854775808)) ","
			  ENTRY("ALLOW", "\"setpriority\"", ARG(2, GE, 9223372036854775808)) ","
			  ENTRY("ALLOW", "\"socket\"", MASKED(0, 18446744069414584320, 0))),
			false, 1 },
		/* Where zeros stand there. */
		{ PROFILE("ERRNO",
			  READ ENTRY("ALLOW", "\"kill\"", ARG(0, EQ, 4294967295)) ","
			  ENTRY("ALLOW", "\"tkill\"", ARG(0, LT, 4294967295)) ","
			  ENTRY("ALLOW", "\"tgkill\"", ARG(0, LE, 4294967295)) ","
			  ENTRY("ALLOW", "\"getpriority\"", ARG(1, GE, 4294967296)) ","
			  ENTRY("ALLOW", "\"kcmp\"", ARG(1, GT, 4294967295)) ","
			  ENTRY("ALLOW", "\"listen\"", ARG(1, LT, 4294967296)) ","
			  ENTRY("ALLOW", "\"setpriority\"", ARG(2, GE, 2147483649)) ","
			  ENTRY("ALLOW", "\"socket\"", MASKED(0, 4294967295, 4294967294))),
			false, 0 },
		/* Several entries are or-ed, several conditions and-ed; two on one argument or-ed. */
		{ PROFILE("ERRNO",
			  READ ENTRY("ALLOW", "\"socket\"", ARG(0, EQ, 1) "," ARG(1, EQ, 1)) ","
			  ENTRY("ALLOW", "\"socket\"", ARG(0, EQ, 2) "," ARG(2, EQ, 6)) ","
			  ENTRY("ALLOW", "\"personality\"",
				  ARG(0, EQ, 8) "," ARG(0, EQ, 0) "," ARG(0, GT, 4096)) ","
			  ENTRY("ALLOW", "\"madvise\"",
				  ARG(2, EQ, 3) "," ARG(2, EQ, 4) "," ARG(1, EQ, 77))),
			false, 2 },
		/* An entry without conditions wins, wherever it stands; of two the first. */
		{ PROFILE("ERRNO",
			  READ ERRNO(5, "\"ioctl\"", ARG(1, EQ, 21522)) ","
			  ENTRY("ALLOW", "\"ioctl\"", "") ","
			  ERRNO(6, "\"ioctl\"", "") ","
			  ERRNO(7, "\"mount\"", "") ","
			  ENTRY("ALLOW", "\"mount\"", "")),
			false, 2 },
		/* Another errno is what all the rest gets. */
		{ PROFILE_ERRNO(38,
			  READ ENTRY("ALLOW", "\"personality\"", ARG(0, EQ, 8)) ","
			  ERRNO(1, "\"personality\"", ARG(0, EQ, 9)) ","
			  ERRNO(1, "\"mount\",\"clone3\"", "") ","
			  ENTRY("ALLOW", "\"socket\"", ARG(0, NE, 16)) ","
			  ENTRY("ALLOW", "\"socket\"", ARG(2, NE, 9)) ","
			  ERRNO(22, "\"socket\"", ARG(0, EQ, 16) "," ARG(2, EQ, 9))),
			false, 2 },
		/* What equals the default is skipped, and does not go before what follows. */
		{ PROFILE("ERRNO",
			  READ ERRNO(1, "\"getpid\"", "") "," ENTRY("ALLOW", "\"getpid\"", "") ","
			  ERRNO(1, "\"read\"", "") "," ERRNO(1, "\"kill\"", ARG(1, EQ, 9)) ","
			  ENTRY("ALLOW", "\"kill\"", ARG(1, LT, 20))),
			false, 2 },
		/* Bits outside of a mask. */
		{ PROFILE("ERRNO",
			  READ ENTRY("ALLOW", "\"socket\"", MASKED(1, 15, 18)) ","
			  ENTRY("ALLOW", "\"clone\"", MASKED(0, 0, 5)) ","
			  ENTRY("ALLOW", "\"mprotect\"", MASKED(2, 6, 13))),
			false, 2 },
		/* Lists of what is refused. */
		{ PROFILE("ALLOW",
			  ERRNO(1, "\"mount\",\"ptrace\"", "") ","
			  ERRNO(2, "\"umount2\"", "") ","
			  ENTRY("LOG", "\"chroot\"", "") ","
			  ENTRY("LOG", "\"unshare\"", ARG(0, EQ, 131072)) ","
			  ERRNO(1, "\"clone\"", MASKED(0, 268435456, 268435456)) ","
			  ERRNO(1, "\"socket\"", ARG(0, EQ, 40))),
			false, 2 },
		{ PROFILE("LOG",
			  READ ERRNO(1, "\"mount\"", "") ","
			  ENTRY("ALLOW", "\"socket\"", ARG(0, EQ, 1)) ","
			  ERRNO(97, "\"socket\"", ARG(0, EQ, 40))),
			false, 2 },
		{ PROFILE("LOG", ERRNO(1, "\"mount\"", "")), false, 2 },
		/* Kills. */
		{ PROFILE("KILL_PROCESS",
			  READ ENTRY("ALLOW", "\"clone\"", MASKED(0, 268435456, 0)) ","
			  ERRNO(1, "\"mount\"", "") ","
			  ERRNO(38, "\"clone3\"", "") ","
			  ERRNO(1, "\"socket\"", ARG(0, EQ, 40))),
			true, 2 },
		{ PROFILE("KILL", READ ENTRY("ALLOW", "\"clone\"", MASKED(0, 268435456, 0))), true,
			2 },
		{ PROFILE("ERRNO",
			  READ ENTRY("KILL_PROCESS", "\"mount\"", "") ","
			  ENTRY("KILL_THREAD", "\"socket\"", ARG(0, EQ, 16)) ","
			  ENTRY("ALLOW", "\"socket\"", ARG(0, EQ, 2)) ","
			  ENTRY("ALLOW", "\"clone\"", MASKED(0, 268435456, 0))),
			true, 2 },
		/* The old form of Docker's, and a whole configuration. */
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\"],"
		  "\"syscalls\":[{\"name\":\"read\",\"action\":\"SCMP_ACT_ALLOW\",\"args\":null},"
		  "{\"name\":\"open\",\"action\":\"SCMP_ACT_ALLOW\"}]}",
			false, 2 },
		{ "{\"ociVersion\":\"1.0.2\",\"linux\":{\"seccomp\":"
		  "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":13,\"syscalls\":["
		  "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}]}}}",
			false, 2 },
		/* clang-format on */
	};

	for (size_t i = 0; i < sizeof(profiles) / sizeof(*profiles); i++) {
		char name[32];

		snprintf(name, sizeof(name), "profile %zu", i);
		assert_true(check_profile(name, profiles[i].text, strlen(profiles[i].text), &plain,
				    !profiles[i].kills, profiles[i].signs) > 350);
	}
}

/* x86's calls that stand for many. */
static void socketcall_and_ipc(void **state)
{
	static const struct setting x86 = { .abis = { ABI_X86_64, ABI_X86 }, .n_abis = 2 };
	static const char *const profiles[] = {
		PROFILE("ERRNO", READ ENTRY("ALLOW", "\"bind\",\"socket\",\"shmat\"", "")),
		PROFILE("ERRNO",
			READ ENTRY("ALLOW", "\"bind\",\"socketcall\",\"semop\",\"ipc\"", "")),
		PROFILE("ALLOW", ERRNO(2, "\"connect\",\"msgget\"", "")),
		PROFILE_ERRNO(
			38, READ ENTRY("ALLOW", "\"sendmmsg\"", "") "," ERRNO(1, "\"listen\"", "")),
	};

	for (size_t i = 0; i < sizeof(profiles) / sizeof(*profiles); i++)
		assert_true(check_profile("socketcall", profiles[i], strlen(profiles[i]), &x86,
				    true, 2) > 700);
}

static void runc_s_stub(void **state)
{
	static const struct setting runc = { .abis = { ABI_X86_64 }, .n_abis = 1, .runc = true };
	static const char *const profiles[] = {
		/* The last call that is named is not beyond it, though its entry is skipped. */
		PROFILE("ERRNO", READ ERRNO(1, "\"mseal\"", "")),
		PROFILE("ERRNO", READ ENTRY("ALLOW", "\"clone\"", MASKED(0, 268435456, 0))),
		PROFILE("KILL_PROCESS", READ ENTRY("ALLOW", "\"openat2\"", "")),
		PROFILE_ERRNO(5, READ ENTRY("ALLOW", "\"openat2\"", "")),
	};

	for (size_t i = 0; i < sizeof(profiles) / sizeof(*profiles); i++)
		assert_true(check_profile("runc", profiles[i], strlen(profiles[i]), &runc, false,
				    2) > 350);
}

/* What Pale itself emits for runtimes: masks for everything that has 32 bits. */
static void what_pale_emits(void **state)
{
	static const struct setting settings[] = {
		{ .abis = { ABI_X86_64 }, .n_abis = 1 },
		{ .abis = { ABI_X86_64, ABI_X32 }, .n_abis = 2 },
	};
	glob_t files;

	assert_int_equal(glob("tests/golden/*.seccomp.json", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		_cleanup_free_ char *command = NULL;
		_cleanup_free_ char *text = NULL;
		size_t len;

		assert_true(asprintf(&command, "echo %s", files.gl_pathv[i]) > 0);
		text = profile_text(command, &len);
		for (size_t k = 0; k < (strstr(files.gl_pathv[i], "abis") ? 2 : 1); k++)
			assert_true(check_profile(files.gl_pathv[i], text, len, &settings[k], false,
					    0) > 350);
	}
	globfree(&files);
}

static void output_is_deterministic(void **state)
{
	size_t len;
	_cleanup_free_ char *text = profile_text("tests/import/profile.sh docker", &len);
	_cleanup_free_ char *one = import("/a/default.json", text, len, &plain);
	_cleanup_free_ char *two = import("/b/default.json", text, len, &plain);

	assert_string_equal(one, two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(docker_s_profile),
		cmocka_unit_test(podman_s_profile),
		cmocka_unit_test(profiles_by_hand),
		cmocka_unit_test(socketcall_and_ipc),
		cmocka_unit_test(runc_s_stub),
		cmocka_unit_test(what_pale_emits),
		cmocka_unit_test(output_is_deterministic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
