/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two sections as one, against what both do: each is compiled by libseccomp as runtimes do it, and
 * the programs are asked for the same calls and arguments.
 */
#include "compiler/base/cleanup.h"
#include "compiler/cbpf.h"
#include "compiler/compile.h"
#include "compiler/emit_oci.h"
#include "compiler/vocab.h"
#include "enforcer/runtime/oci_seccomp.h"
#include "enforcer/runtime/oci_seccomp_internal.h"

#include "oci_libseccomp.h"
#include "random.h"

#include <errno.h>
#include <glob.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <cmocka.h>

/* libseccomp 2.5.4 itself leaks some nodes of rules that it merges; of ours nothing is left out. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libseccomp.so";
}

static const struct {
	const char *name;
	uint32_t arch;
	enum abi abi;
} archs[] = { { "SCMP_ARCH_X86_64", SCMP_ARCH_X86_64, ABI_X86_64 },
	{ "SCMP_ARCH_X86", SCMP_ARCH_X86, ABI_X86 }, { "SCMP_ARCH_X32", SCMP_ARCH_X32, ABI_X32 } };
#define N_ARCHS (sizeof(archs) / sizeof(*archs))

struct program {
	const json_t *section;
	struct sock_filter v[BPF_MAXINSNS];
	uint32_t n;
	bool has[N_ARCHS];
	uint32_t other;
	int32_t last[N_ARCHS]; /* of runc's stub; 0: none */
};

static int number_of(enum abi abi, const char *name)
{
	int found = vocab_syscall_find(name);

	return found < 0 ? -1 : vocab_syscalls[found].number[abi];
}

/* runc, matchCall(). */
static int add_entry(scmp_filter_ctx ctx, struct program *p, const json_t *entry, const char *name)
{
	uint32_t action = oci_action(entry, "action", "errnoRet");
	struct scmp_arg_cmp v[6];
	unsigned int n = 0;
	bool doubled = false;
	const json_t *o;
	size_t i;
	int nr, e;

	json_array_foreach (json_object_get(entry, "args"), i, o) {
		v[n++] = oci_condition(o);
		for (unsigned int k = 0; k + 1 < n; k++)
			doubled = doubled || v[k].arg == v[n - 1].arg;
	}
	for (i = 0; i < N_ARCHS; i++) {
		nr = number_of(archs[i].abi, name);
		if (p->last[i] >= 0 && nr > p->last[i])
			p->last[i] = nr;
	}
	nr = seccomp_syscall_resolve_name(name);
	if (action == p->other || nr == __NR_SCMP_ERROR)
		return 0;
	if (!doubled)
		return seccomp_rule_add_array(ctx, action, nr, n, v);
	for (i = 0; i < n; i++) {
		e = seccomp_rule_add_array(ctx, action, nr, 1, &v[i]);
		if (e)
			return e;
	}
	return 0;
}

static int compile_in_time(const json_t *section, struct program *p)
{
	_cleanup_fclose_ FILE *f = tmpfile();
	const json_t *entry, *name;
	scmp_filter_ctx ctx;
	size_t i, k;
	int e = 0;

	*p = (struct program){ .section = section };
	p->other = oci_action(section, "defaultAction", "defaultErrnoRet");
	ctx = seccomp_init(p->other);
	for (k = 0; k < N_ARCHS; k++) {
		p->has[k] = archs[k].arch == seccomp_arch_native();
		p->last[k] = -1;
	}
	json_array_foreach (json_object_get(section, "architectures"), i, name) {
		for (k = 0; k < N_ARCHS; k++) {
			if (strcmp(archs[k].name, json_string_value(name)) != 0)
				continue;
			e = seccomp_arch_add(ctx, archs[k].arch);
			assert_true(e == 0 || e == -EEXIST);
			p->has[k] = true;
			p->last[k] = 0;
		}
	}
	e = 0;
	json_array_foreach (json_object_get(section, "syscalls"), i, entry) {
		json_array_foreach (json_object_get(entry, "names"), k, name) {
			if (!e)
				e = add_entry(ctx, p, entry, json_string_value(name));
		}
	}
	if (!e)
		e = seccomp_export_bpf(ctx, fileno(f));
	seccomp_release(ctx);
	rewind(f);
	p->n = (uint32_t)fread(p->v, sizeof(*p->v), BPF_MAXINSNS, f);
	return e;
}

/* Whether the program for x86_64 loads the call's number: section_drop_x32(). */
static bool loads_number(const struct program *p)
{
	for (uint32_t i = 0; i + 1 < p->n; i++) {
		const struct sock_filter *to = &p->v[i + 1 + p->v[i].jt];

		if (p->v[i].code == (BPF_JMP | BPF_JEQ | BPF_K) && p->v[i].k == AUDIT_ARCH_X86_64)
			return to->code != (BPF_JMP | BPF_JEQ | BPF_K);
	}
	return true;
}

static sigjmp_buf out_of_time;

static void leave(int signal)
{
	siglongjmp(out_of_time, signal);
}

/*
 * What a runtime does with @section; a negative errno where it would not start. With rules that
 * contradict each other libseccomp 2.5.4 may come to no end, and some of its programs compare
 * nothing.
 */
static int compile(const json_t *section, struct program *p)
{
	static const struct itimerval second = { .it_value = { .tv_sec = 1 } }, none;
	volatile int e = -ETIME;

	signal(SIGVTALRM, leave);
	setitimer(ITIMER_VIRTUAL, &second, NULL);
	if (!sigsetjmp(out_of_time, 1))
		e = compile_in_time(section, p);
	setitimer(ITIMER_VIRTUAL, &none, NULL);
	return e || loads_number(p) ? e : -ENOEXEC;
}

/* Whether runc's stub answers the call under some ABI that both have. */
static bool has_stub(const struct program *p, const struct program *other, const char *call)
{
	if ((p->other & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO)
		return false;
	for (size_t arch = 0; arch < N_ARCHS; arch++) {
		if (p->last[arch] > 0 && other->has[arch] &&
			number_of(archs[arch].abi, call) > p->last[arch])
			return true;
	}
	return false;
}

static int rank(uint32_t action)
{
	return (int32_t)(action & SECCOMP_RET_ACTION_FULL);
}

/* seccomp(2), and of two errnos the policy's. */
static uint32_t stricter(uint32_t own, uint32_t policy)
{
	return rank(own) < rank(policy) ? own : policy;
}

static bool lists(const json_t *list, const char *name)
{
	const json_t *v;
	size_t i;

	json_array_foreach (list, i, v) {
		if (!strcmp(json_string_value(v), name))
			return true;
	}
	return false;
}

static bool names(const json_t *section, const char *call)
{
	const json_t *entry;
	size_t i;

	json_array_foreach (json_object_get(section, "syscalls"), i, entry) {
		if (lists(json_object_get(entry, "names"), call))
			return true;
	}
	return false;
}

struct values {
	uint64_t v[512];
	uint32_t n;
};

static void add_value(struct values *to, uint64_t v)
{
	if (to->n < sizeof(to->v) / sizeof(*to->v))
		to->v[to->n++] = v;
}

/* Around all that the sections compare argument @index of the call with. */
static void values_of(
	const json_t *const sections[2], const char *call, uint32_t index, struct values *ret)
{
	static const uint64_t ends[] = { 0, 1, 2, 0xffffffff, 0x100000000, INT64_MAX, UINT64_MAX };
	const json_t *entry, *o;
	size_t i, k;

	ret->n = 0;
	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		add_value(ret, ends[i]);
	for (int which = 0; which < 2; which++) {
		json_array_foreach (json_object_get(sections[which], "syscalls"), i, entry) {
			if (!lists(json_object_get(entry, "names"), call))
				continue;
			json_array_foreach (json_object_get(entry, "args"), k, o) {
				struct scmp_arg_cmp c = oci_condition(o);

				if (c.arg != index)
					continue;
				add_value(ret, c.datum_a);
				add_value(ret, c.datum_a + 1);
				add_value(ret, c.datum_a - 1);
				add_value(ret, c.datum_a | (uint64_t)1 << 32);
				if (c.op != SCMP_CMP_MASKED_EQ)
					continue;
				add_value(ret, c.datum_b);
				add_value(ret, c.datum_b | ~c.datum_a);
				add_value(ret, c.datum_b ^ (c.datum_a & -c.datum_a));
				add_value(ret, c.datum_b ^ (c.datum_a & random_number()));
			}
		}
	}
}

/*
 * The same as is written, without libseccomp, which does not always answer so: where it goes wrong
 * with one of the sections, nobody can say what that is to be merged with.
 */
struct written {
	uint32_t other;
	struct written_rule {
		uint32_t action;
		struct scmp_arg_cmp v[6];
		uint32_t n;
		int stood_for; /* by argument 0 of socketcall or ipc, or -1 */
	} rules[512];
	uint32_t n;
};

/* What @call is to the call @by that stands for it, or -1. */
static int stood_for(const char *call, const char *by)
{
	int nr = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, call);

	if (!strcmp(by, "socketcall") && nr <= -100 && nr >= -120)
		return -nr - 100;
	return !strcmp(by, "ipc") && nr <= -200 && nr >= -224 ? -nr - 200 : -1;
}

static void add_written(struct written *w, const json_t *entry, int number)
{
	struct written_rule whole = { .action = oci_action(entry, "action", "errnoRet"),
		.stood_for = number };
	const json_t *o;
	uint32_t seen = 0;
	bool doubled = false;
	size_t i;

	if (whole.action == w->other)
		return;
	json_array_foreach (json_object_get(entry, "args"), i, o) {
		whole.v[whole.n] = oci_condition(o);
		doubled = doubled || seen & 1u << whole.v[whole.n].arg;
		seen |= 1u << whole.v[whole.n++].arg;
	}
	for (i = 0; i < (doubled ? whole.n : 1) && w->n < 512; i++) {
		struct written_rule *r = &w->rules[w->n++];

		*r = whole;
		if (!doubled)
			continue;
		r->v[0] = whole.v[i];
		r->n = 1;
	}
}

/* Of the call, and under x86 of those that it stands for. */
static void read_written(struct written *w, const json_t *section, const char *call)
{
	bool many = !strcmp(call, "socketcall") || !strcmp(call, "ipc");
	const json_t *entry, *name;
	size_t i, k;

	w->other = oci_action(section, "defaultAction", "defaultErrnoRet");
	w->n = 0;
	json_array_foreach (json_object_get(section, "syscalls"), i, entry) {
		json_array_foreach (json_object_get(entry, "names"), k, name) {
			const char *s = json_string_value(name);

			if (!strcmp(s, call))
				add_written(w, entry, -1);
			else if (many && stood_for(s, call) >= 0)
				add_written(w, entry, stood_for(s, call));
		}
	}
}

/* 1, 0, or -1 where there is nothing to compare. */
static int holds(const struct scmp_arg_cmp *c, bool cut, uint64_t v)
{
	uint64_t half = cut ? 0xffffffff : UINT64_MAX;
	uint64_t a = c->datum_a & half, b = c->datum_b & half;

	v &= half;
	switch (c->op) {
	case SCMP_CMP_NE:
		return v != a;
	case SCMP_CMP_LT:
		return v < a;
	case SCMP_CMP_LE:
		return v <= a;
	case SCMP_CMP_EQ:
		return v == a;
	case SCMP_CMP_GE:
		return v >= a;
	case SCMP_CMP_GT:
		return v > a;
	default:
		return a ? (v & a) == (b & a) : -1;
	}
}

/* Whether @action is what is written, or one of several that are. */
static bool is_written(
	const struct written *w, size_t arch, const struct seccomp_data *d, uint32_t action)
{
	bool cut = archs[arch].abi != ABI_X86_64, any = false, found = false;

	for (uint32_t i = 0; i < w->n; i++) {
		const struct written_rule *r = &w->rules[i];
		bool all = true, compared = r->stood_for >= 0;

		if (compared && (archs[arch].abi != ABI_X86 ||
					(uint32_t)d->args[0] != (uint32_t)r->stood_for))
			continue;
		for (uint32_t k = 0; k < r->n; k++) {
			int h = holds(&r->v[k], cut, d->args[r->v[k].arg]);

			if (r->stood_for >= 0 && r->v[k].arg == 0)
				continue;
			compared = compared || h >= 0;
			all = all && h;
		}
		if (!compared)
			return action == r->action;
		any = any || all;
		found = found || (all && r->action == action);
	}
	return any ? found : action == w->other;
}

struct tally {
	uint64_t asked, stricter, refused;
	uint64_t misread, made_misread; /* libseccomp's answer is not what is written */
};

struct comparison {
	const json_t *sections[2], *made;
	struct program own, policy, result;
	json_t *refused, *narrowed;
	struct tally *tally;
	bool stub; /* in the container's own, over the call that is looked at */
	struct written written_own, written_policy, written_made;
};

static void fail_at(const struct comparison *c, const char *what, const char *call, size_t arch,
	const struct seccomp_data *d, uint32_t own, uint32_t policy, uint32_t have)
{
	_cleanup_free_ char *a = json_dumps(c->sections[0], JSON_COMPACT);
	_cleanup_free_ char *b = json_dumps(c->sections[1], JSON_COMPACT);
	_cleanup_free_ char *m = json_dumps(c->made, JSON_COMPACT);
	_cleanup_free_ char *n = json_dumps(c->narrowed, JSON_COMPACT);

	if (strlen(a) < 8000 && strlen(b) < 8000)
		fprintf(stderr, "own %s\npolicy %s\nmade %s\nnarrowed %s\n", a, b, m, n);
	fail_msg("%s: %s %s %d(%#llx, %#llx, %#llx, %#llx): own %#x, policy %#x, have %#x", what,
		archs[arch].name, call, d->nr, (unsigned long long)d->args[0],
		(unsigned long long)d->args[1], (unsigned long long)d->args[2],
		(unsigned long long)d->args[3], own, policy, have);
}

static void compare(
	struct comparison *c, const char *call, size_t arch, const struct seccomp_data *d)
{
	uint32_t own = cbpf_run(c->own.v, c->own.n, d, NULL);
	uint32_t policy = cbpf_run(c->policy.v, c->policy.n, d, NULL);
	uint32_t have = cbpf_run(c->result.v, c->result.n, d, NULL);
	uint32_t want;
	bool made_misread = false;
	bool many = archs[arch].abi == ABI_X86 && (d->nr == 102 || d->nr == 117);

	c->tally->asked++;
	if (c->own.has[arch] && c->policy.has[arch]) {
		if (!is_written(&c->written_own, arch, d, own) ||
			!is_written(&c->written_policy, arch, d, policy)) {
			c->tally->misread++;
			return;
		}
		made_misread = c->result.has[arch] && !is_written(&c->written_made, arch, d, have);
	}
	if (c->stub && !names(c->sections[0], call))
		own = SCMP_ACT_ERRNO(ENOSYS);
	want = stricter(own, policy);
	if (!c->own.has[arch] || !c->policy.has[arch] || !c->result.has[arch]) {
		if (rank(have) > rank(SCMP_ACT_KILL_THREAD))
			fail_at(c, "an ABI of one only", call, arch, d, own, policy, have);
		return;
	}
	if (rank(have) > rank(want))
		fail_at(c, "wider", call, arch, d, own, policy, have);
	if (made_misread) {
		c->tally->made_misread++;
		return;
	}
	if (have != want) {
		c->tally->stricter++;
		if (!many && !lists(c->narrowed, call))
			fail_at(c, "not what it should be", call, arch, d, own, policy, have);
	}
	if (rank(have) <= rank(SCMP_ACT_ERRNO(0)) && rank(policy) > rank(SCMP_ACT_ERRNO(0))) {
		c->tally->refused++;
		/* Calls of the defaults alone have no names. */
		if (!many && !lists(c->refused, call) &&
			(names(c->sections[0], call) || names(c->sections[1], call)))
			fail_at(c, "unnamed refusal", call, arch, d, own, policy, have);
	}
}

static void compare_call(struct comparison *c, const char *call, uint32_t vectors)
{
	static struct values values[6];

	/* Only of calls with a name. */
	c->stub = has_stub(&c->own, &c->policy, call) && names(c->sections[1], call);
	read_written(&c->written_own, c->sections[0], call);
	read_written(&c->written_policy, c->sections[1], call);
	read_written(&c->written_made, c->made, call);
	for (uint32_t i = 0; i < 6; i++)
		values_of(c->sections, call, i, &values[i]);
	for (size_t arch = 0; arch < N_ARCHS; arch++) {
		struct seccomp_data d = { .arch = vocab_abi_audit_arch(archs[arch].abi) };

		d.nr = number_of(archs[arch].abi, call);
		/* A runtime cannot add what its libseccomp does not know. */
		if (d.nr < 0 || seccomp_syscall_resolve_name_arch(archs[arch].arch, call) ==
					__NR_SCMP_ERROR)
			continue;
		for (uint32_t n = 0; n < vectors; n++) {
			for (uint32_t i = 0; i < 6; i++)
				d.args[i] = values[i].v[random_below(values[i].n)];
			/* Which of many calls. */
			if (archs[arch].abi == ABI_X86 && (d.nr == 102 || d.nr == 117) && n % 2)
				d.args[0] = random_below(26);
			compare(c, call, arch, &d);
		}
	}
}

/* false where a runtime would take one of them for none. */
static bool check_pair(const json_t *own, const json_t *policy, const char *const *calls,
	size_t n_calls, uint32_t vectors, struct tally *tally, json_t *narrowed)
{
	static struct comparison c;
	struct pale_err *err = NULL;
	json_t *made;
	int e;

	c.sections[0] = own;
	c.sections[1] = policy;
	if (compile(own, &c.own) || compile(policy, &c.policy))
		return false;
	c.refused = json_array();
	c.narrowed = narrowed;
	c.tally = tally;
	if (oci_seccomp_merge(own, policy, &made, c.refused, c.narrowed, &err) < 0)
		fail_msg("%s", pale_err_text(err));
	c.made = made;
	e = compile(made, &c.result);
	if (e) {
		struct seccomp_data none = { 0 };

		fail_at(&c, strerror(-e), "libseccomp", 0, &none, 0, 0, 0);
	}
	for (size_t i = 0; i < n_calls; i++)
		compare_call(&c, calls[i], vectors);
	json_decref(made);
	json_decref(c.refused);
	return true;
}

/* Random sections: few calls and numbers, so that they meet. */

static const char *const some_calls[] = { "read", "clone", "personality", "socket", "bind",
	"socketcall", "ipc", "shmat", "ioctl", "mmap", "unshare", "openat", "getpid", "kill",
	"futex_waitv", "openat2", "no_such_call" };
#define N_CALLS (sizeof(some_calls) / sizeof(*some_calls))

static json_int_t random_value(void)
{
	static const json_int_t values[] = { 0, 1, 2, 3, 5, 8, 9, 16, 40, 0x20000, 0x20008,
		0x10000000, 0x7e020000, 0xfffffff0, 0xffffffff, 0x100000000, 0x180000001,
		INT64_MAX };
	/* Seldom those that ABIs of 32 bits cut. */
	uint32_t n = random_below(8) ? 15 : sizeof(values) / sizeof(*values);

	return values[random_below(n)];
}

static json_t *random_condition(void)
{
	static const char *const ops[] = { "EQ", "NE", "LT", "LE", "GE", "GT", "MASKED_EQ" };
	char op[32];

	snprintf(op, sizeof(op), "SCMP_CMP_%s", ops[random_below(7)]);
	return json_pack("{s:i,s:I,s:I,s:s}", "index", (int)random_below(3), "value",
		random_value(), "valueTwo", random_value(), "op", op);
}

static void set_random_action(json_t *o, const char *key, const char *errno_key, bool simple)
{
	static const char *const actions[] = { "ALLOW", "ERRNO", "ALLOW", "ERRNO", "LOG",
		"KILL_PROCESS", "KILL", "TRAP", "TRACE", "NOTIFY" };
	static const int errnos[] = { EPERM, ENOSYS, EINVAL };
	char name[32];

	snprintf(name, sizeof(name), "SCMP_ACT_%s",
		actions[random_below(simple ? 4 : sizeof(actions) / sizeof(*actions))]);
	json_object_set_new(o, key, json_string(name));
	if ((strstr(name, "ERRNO") || strstr(name, "TRACE")) && random_below(2))
		json_object_set_new(o, errno_key, json_integer(errnos[random_below(3)]));
}

static json_t *random_section(void)
{
	json_t *o = json_object(), *list = json_array(), *syscalls = json_array();
	bool simple = random_below(3) > 0;
	uint32_t n = random_below(25), conditions = random_below(4);

	set_random_action(o, "defaultAction", "defaultErrnoRet", simple || random_below(2));
	for (size_t i = 0; i < N_ARCHS; i++) {
		if (random_below(2))
			json_array_append_new(list, json_string(archs[i].name));
	}
	if (random_below(4))
		json_object_set(o, "architectures", list);
	json_decref(list);
	while (n--) {
		json_t *entry = json_object(), *names = json_array(), *args = json_array();

		for (uint32_t i = 1 + random_below(3); i; i--)
			json_array_append_new(
				names, json_string(some_calls[random_below(N_CALLS)]));
		json_object_set_new(entry, "names", names);
		set_random_action(entry, "action", "errnoRet", simple);
		for (uint32_t i = conditions ? random_below(conditions + 1) : 0; i; i--)
			json_array_append_new(args, random_condition());
		json_object_set_new(entry, "args", args);
		json_array_append_new(syscalls, entry);
	}
	json_object_set_new(o, "syscalls", syscalls);
	return o;
}

static void random_pairs(void **state)
{
	struct tally tally = { 0 };
	uint32_t pairs = 0, exact = 0, calls = 0;

	random_seed(20250612);
	for (uint32_t i = 0; pairs < 400 && i < 4000; i++) {
		json_t *own = random_section(), *policy = random_section();
		json_t *narrowed = json_array();

		if (check_pair(own, policy, some_calls, N_CALLS, 60, &tally, narrowed)) {
			pairs++;
			exact += json_array_size(narrowed) == 0;
			calls += (uint32_t)json_array_size(narrowed);
		}
		json_decref(narrowed);
		json_decref(own);
		json_decref(policy);
	}
	print_message("# %u pairs, %u of them exact, %u calls narrowed; %llu vectors, %llu "
		      "stricter than both, %llu refused by one; libseccomp misread %llu, and "
		      "%llu of what was made\n",
		pairs, exact, calls, (unsigned long long)tally.asked,
		(unsigned long long)tally.stricter, (unsigned long long)tally.refused,
		(unsigned long long)tally.misread, (unsigned long long)tally.made_misread);
	assert_true(tally.misread < tally.asked / 50);
	assert_true(tally.made_misread < tally.asked / 100000);
	assert_int_equal(pairs, 400);
	assert_true(exact > 50);
	assert_true(tally.refused > 1000);
}

/* Real profiles. */

/* The file at the path that @command prints. */
static json_t *load_profile(const char *name)
{
	_cleanup_free_ char *command = NULL;
	char path[4096] = "";
	json_t *o;
	FILE *pipe;

	assert_true(asprintf(&command, "tests/import/profile.sh %s", name) > 0);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	assert_non_null(fgets(path, sizeof(path), pipe));
	assert_int_equal(pclose(pipe), 0);
	path[strcspn(path, "\n")] = '\0';
	o = json_load_file(path, 0, NULL);
	assert_non_null(o);
	return o;
}

/* As engines hand it to a runtime, on a new kernel of this machine without capabilities. */
static json_t *as_in_config(json_t *profile)
{
	json_t *o = json_object(), *list = json_array(), *entry;
	size_t i;

	json_object_set(o, "defaultAction", json_object_get(profile, "defaultAction"));
	if (json_object_get(profile, "defaultErrnoRet"))
		json_object_set(o, "defaultErrnoRet", json_object_get(profile, "defaultErrnoRet"));
	json_object_set_new(o, "architectures",
		json_pack("[s,s,s]", archs[0].name, archs[1].name, archs[2].name));
	json_array_foreach (json_object_get(profile, "syscalls"), i, entry) {
		static const char *const kept[] = { "names", "action", "errnoRet", "args" };
		json_t *in = json_object_get(entry, "includes"), *made;
		json_t *out = json_object_get(entry, "excludes");

		if (json_array_size(json_object_get(in, "caps")) ||
			(json_array_size(json_object_get(in, "arches")) &&
				!lists(json_object_get(in, "arches"), "amd64")) ||
			lists(json_object_get(out, "arches"), "amd64") ||
			json_object_get(out, "minKernel"))
			continue;
		made = json_object();
		for (size_t k = 0; k < sizeof(kept) / sizeof(*kept); k++) {
			if (json_object_get(entry, kept[k]))
				json_object_set(made, kept[k], json_object_get(entry, kept[k]));
		}
		json_array_append_new(list, made);
	}
	json_object_set_new(o, "syscalls", list);
	json_decref(profile);
	return o;
}

struct real {
	json_t *own;
	const char *name;
	const char **calls;
	struct tally tally;
	uint32_t pairs, n_narrowed; /* calls that may be */
};

static void check_policies(struct real *r, const char *file, const char *text)
{
	static const char *const include_dirs[] = { "profiles" };
	static const struct compile_options options = { .include_dirs = include_dirs,
		.n_include_dirs = 1 };
	struct compilation c;

	if (text)
		compile_bytes(&c, file, text, strlen(text), &options);
	else
		compile_file(&c, file, &options);
	assert_int_equal(c.diags.n_errors, 0);
	for (uint32_t i = 0; i < c.n_policies; i++) {
		json_t *policy = oci_filter_json(oci_filter_new(c.arena, c.policies[i]));
		json_t *narrowed = json_array();
		_cleanup_free_ char *names = NULL;

		assert_true(check_pair(
			r->own, policy, r->calls, vocab_n_syscalls, 12, &r->tally, narrowed));
		names = json_dumps(narrowed, JSON_COMPACT);
		print_message("# %s with %s: narrowed %s\n", r->name, file, names);
		if (json_array_size(narrowed) > r->n_narrowed)
			fail_msg("%s with %s: more than %u", r->name, file, r->n_narrowed);
		r->pairs++;
		json_decref(narrowed);
		json_decref(policy);
	}
	compilation_release(&c);
}

static void real_profiles(void **state)
{
	static const char conditions[] =
		"profile conditions { abi x86_64, x86, x32; syscall {\n"
		"only read, write, exit_group, clone3\n"
		"allow personality(persona in {0, 8}), clone(clone_flags & 0x10000 == 0x10000)\n"
		"allow socket(family in {1, 2, 10}), socket(family == 16 and type & 15 == 3)\n"
		"kill ptrace\n deny mount errno ENOENT } }";
	static const char *const names[] = { "containers", "docker" };
	const char **calls = calloc(vocab_n_syscalls, sizeof(*calls));
	glob_t files;

	for (uint32_t i = 0; i < vocab_n_syscalls; i++)
		calls[i] = vocab_syscalls[i].name;
	assert_int_equal(glob("profiles/apps/*.pale", 0, NULL, &files), 0);
	random_seed(31);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct real r = { .own = as_in_config(load_profile(names[i])),
			.name = names[i],
			.calls = calls,
			/* Podman's own errno for all but five values of personality, and for
			 * halves of sockets' families that the kernel does not read. */
			.n_narrowed = i == 0 ? 3 : 0 };

		for (size_t k = 0; k < files.gl_pathc; k++)
			check_policies(&r, files.gl_pathv[k], NULL);
		check_policies(&r, "conditions.pale", conditions);
		print_message("# %s: %u policies, %llu vectors, %llu stricter than both\n", r.name,
			r.pairs, (unsigned long long)r.tally.asked,
			(unsigned long long)r.tally.stricter);
		assert_int_equal(r.tally.misread, 0);
		assert_int_equal(r.tally.made_misread, 0);
		json_decref(r.own);
	}
	globfree(&files);
	free(calls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_pairs),
		cmocka_unit_test(real_profiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
