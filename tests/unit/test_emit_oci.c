/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/cbpf.h"
#include "compiler/cells.h"
#include "compiler/compile.h"
#include "compiler/emit_oci.h"
#include "compiler/seccomp_answer.h"

#include "policy_by_hand.h"

#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct policy *policy_of(struct compilation *c, const char *text)
{
	static const struct compile_options none;

	compile_bytes(c, "test.pale", text, strlen(text), &none);
	if (c->diags.n_errors) {
		diag_print(&c->diags, stderr, false);
		fail();
	}
	return c->policies[0];
}

static uint32_t action_of(const json_t *o, const char *key, const char *errno_key)
{
	const char *name = json_string_value(json_object_get(o, key));

	if (!strcmp(name, "SCMP_ACT_ALLOW"))
		return SCMP_ACT_ALLOW;
	if (!strcmp(name, "SCMP_ACT_LOG"))
		return SCMP_ACT_LOG;
	if (!strcmp(name, "SCMP_ACT_KILL_PROCESS"))
		return SCMP_ACT_KILL_PROCESS;
	assert_string_equal(name, "SCMP_ACT_ERRNO");
	return SCMP_ACT_ERRNO(json_integer_value(json_object_get(o, errno_key)));
}

static struct scmp_arg_cmp condition_of(const json_t *o)
{
	static const struct {
		const char *name;
		enum scmp_compare op;
	} ops[] = { { "SCMP_CMP_EQ", SCMP_CMP_EQ }, { "SCMP_CMP_NE", SCMP_CMP_NE },
		{ "SCMP_CMP_LE", SCMP_CMP_LE }, { "SCMP_CMP_GE", SCMP_CMP_GE },
		{ "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ } };
	const char *name = json_string_value(json_object_get(o, "op"));
	struct scmp_arg_cmp c = {
		.arg = (unsigned int)json_integer_value(json_object_get(o, "index")),
		.datum_a = (scmp_datum_t)json_integer_value(json_object_get(o, "value")),
		.datum_b = (scmp_datum_t)json_integer_value(json_object_get(o, "valueTwo")),
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
		if (!strcmp(ops[i].name, name))
			c.op = ops[i].op;
	}
	return c;
}

/* As runtimes do it: rules that equal the default and unknown names are dropped. */
static struct sock_filter *load_as_a_runtime(const json_t *profile, uint32_t *ret_n)
{
	static const struct {
		const char *name;
		uint32_t arch;
	} archs[] = { { "SCMP_ARCH_X86_64", SCMP_ARCH_X86_64 }, { "SCMP_ARCH_X86", SCMP_ARCH_X86 },
		{ "SCMP_ARCH_X32", SCMP_ARCH_X32 }, { "SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64 } };
	uint32_t default_action = action_of(profile, "defaultAction", "defaultErrnoRet");
	scmp_filter_ctx ctx = seccomp_init(default_action);
	_cleanup_fclose_ FILE *f = tmpfile();
	struct sock_filter *v = calloc(BPF_MAXINSNS, sizeof(*v));
	json_t *entry, *name, *arg;
	size_t i, k;

	json_array_foreach (json_object_get(profile, "architectures"), i, name) {
		for (k = 0; k < sizeof(archs) / sizeof(*archs); k++) {
			if (!strcmp(archs[k].name, json_string_value(name)))
				seccomp_arch_add(ctx, archs[k].arch);
		}
	}
	json_array_foreach (json_object_get(profile, "syscalls"), i, entry) {
		uint32_t action = action_of(entry, "action", "errnoRet");
		struct scmp_arg_cmp args[6];
		unsigned int n = 0;

		json_array_foreach (json_object_get(entry, "args"), k, arg)
			args[n++] = condition_of(arg);
		json_array_foreach (json_object_get(entry, "names"), k, name) {
			int nr = seccomp_syscall_resolve_name(json_string_value(name));

			if (action == default_action || nr == __NR_SCMP_ERROR)
				continue;
			assert_int_equal(seccomp_rule_add_array(ctx, action, nr, n, args), 0);
		}
	}
	assert_int_equal(seccomp_export_bpf(ctx, fileno(f)), 0);
	seccomp_release(ctx);
	rewind(f);
	*ret_n = (uint32_t)fread(v, sizeof(*v), BPF_MAXINSNS, f);
	return v;
}

struct loaded {
	const struct policy *p;
	const struct oci_filter *oci;
	const struct sock_filter *v;
	uint32_t n;
	struct seccomp_data data;
	int call;
	bool refused_whole;
	uint32_t compared;
};

static bool compare(void *ctx, const uint64_t arguments[6])
{
	static const struct seccomp_options alone;
	struct loaded *l = ctx;
	uint32_t want, have;

	for (int i = 0; i < 6; i++)
		l->data.args[i] = arguments[i];
	want = seccomp_answer(l->p, &alone, &l->data);
	have = cbpf_run(l->v, l->n, &l->data, NULL);
	if (l->refused_whole)
		want = l->oci->default_action;
	if (want != have)
		fail_msg("%s(%llx, %llx, %llx): %#x, wanted %#x", vocab_syscalls[l->call].name,
			(unsigned long long)arguments[0], (unsigned long long)arguments[1],
			(unsigned long long)arguments[2], have, want);
	l->compared++;
	return true;
}

/* What libseccomp makes of the profile answers every cell as the policy does. */
static uint32_t check_with_libseccomp(const struct policy *p, enum abi abi, uint32_t arch)
{
	struct arena *a = arena_new();
	struct oci_filter *oci = oci_filter_new(a, p);
	json_t *profile = oci_filter_json(oci);
	struct loaded l = { .p = p, .oci = oci };
	struct sock_filter *v = load_as_a_runtime(profile, &l.n);
	uint32_t n;

	l.v = v;
	l.data.arch = vocab_abi_audit_arch(abi);
	for (uint32_t i = 0; i < vocab_n_syscalls; i++) {
		int nr = vocab_syscalls[i].number[abi];
		int known = seccomp_syscall_resolve_name_arch(arch, vocab_syscalls[i].name);

		if (nr < 0)
			continue;
		l.data.nr = nr;
		l.call = (int)i;
		l.refused_whole = known == __NR_SCMP_ERROR || oci->left_out[i];
		assert_true(cells_walk(p, abi, (int)i, abi != ABI_X86, compare, &l));
	}
	n = l.compared;
	free(v);
	json_decref(profile);
	arena_free(a);
	return n;
}

static void libseccomp_agrees(void **state)
{
	static const char *const policies[] = {
		"profile p { abi x86_64; syscall { only getpid, read\n"
		"audit write\n kill ptrace\n deny mount errno ENOENT } }",
		"profile p { abi x86_64; syscall {\n"
		"only personality(persona in {0, 8, 0x20000}), socket(family != 40)\n"
		"allow clone(clone_flags & 0x7e020000 == 0), prctl(option in 3..9)\n"
		"allow ioctl(cmd not in {0x5412, 0x541c}), setpriority(niceval >= -3)\n"
		"allow mmap(len <= 0x180000000), madvise(len_in != 0x100000001)\n"
		"allow mprotect(prot & 4 == 0 and len > 10)\n"
		"allow fchmod(mode < 512), unshare(unshare_flags & 6 == 4)\n"
		"} }",
		"profile p { abi x86_64; syscall {\n"
		"only socket(family == 1 and type & 15 == 1), socket(family in 2..3)\n"
		"deny ioctl(cmd == 5) errno ENOENT\n allow ioctl\n"
		"kill prctl(option == 4)\n allow prctl(option in 3..9)\n"
		"} }",
		"profile p { abi x86_64; process { allow exec /x } file { allow read /** }\n"
		"network { allow connect tcp *:80 } }",
		"profile p { abi x86_64; mode audit; syscall { only read } }",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++) {
		struct compilation c;
		struct policy *p = policy_of(&c, policies[i]);

		assert_true(check_with_libseccomp(p, ABI_X86_64, SCMP_ARCH_X86_64) > 350);
		compilation_release(&c);
	}
}

static void the_profile_s_text(void **state)
{
	struct compilation c;
	struct policy *p = policy_of(&c, "profile p { abi x86_64; syscall { only read, getpid\n"
					 "allow clone(clone_flags & 0x7e020000 == 0)\n"
					 "allow personality(persona == 8) } }");
	struct oci_filter *f = oci_filter_new(c.arena, p);
	json_t *profile = oci_filter_json(f), *syscalls = json_object_get(profile, "syscalls");
	size_t n = json_array_size(syscalls), named = 0, i;
	json_t *entry;
	_cleanup_free_ char *last = json_dumps(json_array_get(syscalls, n - 1), JSON_COMPACT);
	_cleanup_free_ char *first = json_dumps(json_array_get(syscalls, 0), JSON_COMPACT);
	_cleanup_free_ char *clone = json_dumps(json_array_get(syscalls, n - 2), JSON_COMPACT);

	(void)state;
	assert_string_equal(
		json_string_value(json_object_get(profile, "defaultAction")), "SCMP_ACT_ERRNO");
	assert_int_equal(json_integer_value(json_object_get(profile, "defaultErrnoRet")), 1);
	assert_string_equal(
		first, "{\"names\":[\"getpid\",\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}");
	assert_string_equal(clone, "{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
				   "{\"index\":0,\"value\":2114060288,\"valueTwo\":0,\"op\":\"SCMP_"
				   "CMP_MASKED_EQ\"}]}");
	assert_string_equal(last,
		"{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
		"{\"index\":0,\"value\":4294967295,\"valueTwo\":8,\"op\":\"SCMP_CMP_MASKED_EQ\"}]"
		"}");
	/* Every call of the ABI is named, so that runc's ENOSYS begins above all of them. */
	json_array_foreach (syscalls, i, entry)
		named += json_array_size(json_object_get(entry, "names"));
	for (i = 0; i < vocab_n_syscalls; i++)
		named -= vocab_syscalls[i].number[ABI_X86_64] >= 0;
	assert_int_equal(named, 0);
	json_decref(profile);
	compilation_release(&c);
}

static void what_cannot_be_said_is_refused(void **state)
{
	struct compilation c;
	struct policy *p = policy_of(&c,
		"profile p { abi x86_64; syscall { only read, mprotect(len in 3..0xffffffffffff)\n"
		"allow getrandom(flags != 7) } }");
	struct oci_filter *f = oci_filter_new(c.arena, p);

	(void)state;
	assert_null(f->left_out[vocab_syscall_find("read")]);
	assert_non_null(f->left_out[vocab_syscall_find("mprotect")]);
	assert_non_null(strstr(f->left_out[vocab_syscall_find("mprotect")], "2^63"));
	check_with_libseccomp(p, ABI_X86_64, SCMP_ARCH_X86_64);
	compilation_release(&c);
}

/* libseccomp cuts numbers to the 32 bits that x86's registers have. */
static void numbers_beyond_32_bits_are_refused_with_x86(void **state)
{
	struct compilation c;
	struct policy *p = policy_of(&c,
		"profile p { abi x86_64, x86; syscall { only read, madvise(len_in >= 0x100000001)\n"
		"allow getrandom(flags != 7) } }");
	struct oci_filter *f = oci_filter_new(c.arena, p);

	(void)state;
	assert_null(f->left_out[vocab_syscall_find("getrandom")]);
	assert_non_null(f->left_out[vocab_syscall_find("madvise")]);
	check_with_libseccomp(p, ABI_X86, SCMP_ARCH_X86);
	compilation_release(&c);
}

static void output_is_deterministic(void **state)
{
	static const char text[] = "profile p { abi x86_64, x86; file { allow read /** } }";
	_cleanup_free_ char *one = NULL, *two = NULL;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct compilation c;
		struct policy *p = policy_of(&c, text);
		json_t *profile = oci_filter_json(oci_filter_new(c.arena, p));

		*(i ? &two : &one) = json_dumps(profile, JSON_INDENT(2));
		json_decref(profile);
		compilation_release(&c);
	}
	assert_string_equal(one, two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libseccomp_agrees),
		cmocka_unit_test(the_profile_s_text),
		cmocka_unit_test(what_cannot_be_said_is_refused),
		cmocka_unit_test(numbers_beyond_32_bits_are_refused_with_x86),
		cmocka_unit_test(output_is_deterministic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
