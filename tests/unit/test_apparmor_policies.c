/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generated policies of every kind of rule, through apparmor_parser: what it compiles is asked as
 * the kernel would ask, and compared with decide(). What a policy allows passes; what a rule that
 * is called exact refuses does not; nothing is called narrower. PALE_POLICIES says how many,
 * PALE_SEED which.
 */
#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "compiler/emit_apparmor.h"
#include "tests/unit/apparmor_binary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "random.h"

#define N(a) (sizeof(a) / sizeof(*(a)))
/* Of one run of the parser: it is slow to start, and memory is not endless. */
#define BATCH 50

/* ---- policies */

static const char *one_of(const char *const *v, size_t n)
{
	return v[random_below((uint32_t)n)];
}
#define ONE_OF(v) one_of(v, N(v))

static bool chance(uint32_t percent)
{
	return random_below(100) < percent;
}

static void random_path(struct text *to)
{
	static const char *const whole[] = { "/a/**", "/a/*", "/a/b", "/a/b/", "/**", "/a/**/",
		"/a/{b,c/**}", "/proc/self/**", "/proc/s*/x", "/proc/self/fd/*",
		"/a/\\x22\\x0a\\xff", "/a/@\\{b\\}*", "/a/[@^\\-]", "/a/[!a]", "/a/**b", "/a/\\\\n",
		"/a/**/*.b", "/*/b**", "\"/a b/c,d#\"", "/a/{*,b}/c", "/a/{b**,c}x" };
	static const char *const parts[] = { "a", "b", "*", "**", "?", "[ab]", "[!b]", "{a,b}",
		"{,b*}", ".b", "\\*", "\\x22" };

	if (chance(50)) {
		text_puts(to, ONE_OF(whole));
		return;
	}
	for (uint32_t n = 1 + random_below(3); n > 0; n--) {
		text_putc(to, '/');
		for (uint32_t k = 1 + random_below(3); k > 0; k--)
			text_puts(to, ONE_OF(parts));
	}
	if (chance(20))
		text_putc(to, '/');
}

static void random_paths(struct text *to, uint32_t max)
{
	for (uint32_t n = 1 + random_below(max); n > 0; n--) {
		random_path(to);
		if (n > 1)
			text_puts(to, ", ");
	}
}

static const char *random_effect(void)
{
	static const char *const effects[] = { "allow", "allow", "allow", "audit", "deny",
		"quiet deny", "kill" };

	return ONE_OF(effects);
}

static void excepting(struct text *to)
{
	if (chance(30)) {
		text_puts(to, " except ");
		random_paths(to, 2);
	}
}

static void random_file(struct text *to)
{
	static const char *const operations[] = { "read", "write", "append", "create", "delete",
		"rename", "link", "setattr", "map", "ioctl", "lock", "modify" };

	text_printf(to, "  %s %s", random_effect(), ONE_OF(operations));
	for (uint32_t n = random_below(3); n > 0; n--)
		text_printf(to, ", %s", ONE_OF(operations));
	text_putc(to, ' ');
	random_paths(to, 3);
	excepting(to);
	if (chance(20))
		text_puts(to, " owner");
	text_putc(to, '\n');
}

static void random_exec(struct text *to, bool subs)
{
	static const char *const classed[] = { "exec drift", "exec anonymous", "map drift",
		"map anonymous", "exec drift /a/*", "map drift /a/**" };
	const char *effect = random_effect();

	if (chance(30)) {
		text_printf(to, "  %s %s\n", effect, ONE_OF(classed));
		return;
	}
	text_printf(to, "  %s exec ", effect);
	random_paths(to, 2);
	excepting(to);
	/* All that match one path have to agree: each profile with sub-profiles enters one. */
	if (subs && (effect[0] == 'a'))
		text_puts(to, " as sub");
	text_putc(to, '\n');
}

static void random_task(struct text *to, bool subs)
{
	static const char *const signals[] = { "TERM", "KILL, HUP", "", "RTMIN", "RTMAX-1, USR1" };
	static const char *const whom[] = { "self", "any", "sub" };
	const char *target = whom[random_below(subs ? 3 : 2)];

	if (chance(70))
		text_printf(to, "  %s signal %s to %s\n", random_effect(), ONE_OF(signals), target);
	else
		text_printf(to, "  %s ptrace %s\n", random_effect(), target);
}

static void random_network(struct text *to)
{
	static const char *const rules[] = { "connect tcp 10.0.0.0/8:443", "listen tcp *:80",
		"connect udp *:53", "listen sctp [::1]:*", "connect icmp *", "connect unix /a/b",
		"listen unix /a/*", "listen unix abstract:x*", "socket raw", "socket packet, vsock",
		"socket netlink(ROUTE)", "socket netlink", "socket bluetooth, alg" };

	text_printf(to, "  %s %s\n", random_effect(), ONE_OF(rules));
}

static void random_capability(struct text *to)
{
	static const char *const capabilities[] = { "chown", "sys_admin, kill", "net_bind_service",
		"checkpoint_restore", "bpf, perfmon" };

	text_printf(to, "  %s capability %s\n", random_effect(), ONE_OF(capabilities));
}

static const char *const types[] = { "tmpfs", "proc", "ext4", "x@y" };

/* Few, so that rules meet. */
static void random_place(struct text *to)
{
	static const char *const places[] = { "/a/**", "/a/*", "/a/b", "/a/b/", "/**" };

	if (chance(70))
		text_puts(to, ONE_OF(places));
	else
		random_path(to);
}

static void random_mount(struct text *to)
{
	static const char *const sources[] = { "", "", " from none", " from detached",
		" from /dev/sd[ab]", " from a@b" };
	static const char *const options[] = { "", "", " with ro", " with nosuid, nodev",
		" with noexec" };
	const char *effect = random_effect();

	switch (random_below(5)) {
	case 0:
		text_printf(to, "  %s bind ", effect);
		random_place(to);
		text_puts(to, " on ");
		random_place(to);
		break;
	case 1:
		text_printf(to, "  %s umount ", effect);
		random_paths(to, 2);
		excepting(to);
		break;
	case 2:
		text_printf(to, "  %s pivot", effect);
		break;
	default:
		text_printf(to, "  %s mount %s%s on ", effect, chance(50) ? "tmpfs" : ONE_OF(types),
			ONE_OF(sources));
		random_place(to);
		text_puts(to, ONE_OF(options));
	}
	text_putc(to, '\n');
}

/* In a fragment no rule needs to have an effect. */
static void random_rules(struct text *to, const char *fragment, bool subs)
{
	text_printf(to, "fragment %s {\n", fragment);
	for (uint32_t n = 1 + random_below(8); n > 0; n--) {
		switch (random_below(9)) {
		case 0:
			random_exec(to, subs);
			break;
		case 1:
			random_task(to, subs);
			break;
		case 2:
			random_network(to);
			break;
		case 3:
			random_capability(to);
			break;
		case 4:
		case 5:
			random_mount(to);
			break;
		default:
			random_file(to);
		}
	}
	if (chance(30))
		text_puts(to, "  deny syscall move_mount\n");
	text_puts(to, "}\n");
}

static void random_policy(struct text *to, unsigned int number)
{
	bool subs = chance(40);

	text_clear(to);
	random_rules(to, "own", subs);
	if (subs)
		random_rules(to, "subs", false);
	text_printf(to, "profile p%u {\n include own\n%s%s}\n", number,
		chance(10) ? " on violation kill\n" : "",
		subs ? " profile sub { include subs }\n" : "");
}

/* ---- comparing */

/* A path that was asked about, for the pairs of link. */
struct seen {
	char s[4096];
	size_t len;
};

struct compare {
	const struct policy *p;
	const struct coverage *c;
	const char *text; /* of the policy */
	uint32_t domain;
	struct aa_dfa files, rest;
	struct seen *seen;
	unsigned long *asked;
};

static void wrong(const struct compare *k, const char *what, const char *object, size_t len,
	const struct decision *d)
{
	_cleanup_(text_release) struct text shown = TEXT_INIT;

	text_escaped(&shown, object, len);
	fail_msg("%s\nin %s: %s %s; '%s' decides", k->text, k->p->domains[k->domain]->name, what,
		text_str(&shown), d->rule->text);
}

/* @some: a form of it passes, @all: every form does. */
static void judge(const struct compare *k, const struct request *r, bool some, bool all,
	const char *object, size_t len)
{
	struct decision d = decide(k->p, k->domain, r);
	enum coverage_verdict v = k->c->v[d.rule->index][r->operation][MECHANISM_APPARMOR].verdict;
	_cleanup_free_ char *what = NULL;

	++*k->asked;
	if (d.verdict == VERDICT_ALLOW ? all || v == COVERAGE_NARROWER
				       : !some || v != COVERAGE_EXACT)
		return;
	assert_true(asprintf(&what, "%s (owner %d, class %d, flags %x) %s",
			    vocab_operations[r->operation].name, r->owner, (int)r->object_class,
			    r->mount_flags,
			    d.verdict == VERDICT_ALLOW ? "is allowed and does not pass:"
						       : "passes an exact refusal:") > 0);
	wrong(k, what, object, len, &d);
}

static const struct {
	enum operation op;
	uint32_t some, all;
	bool directories; /* can it be done to one? */
} needs[] = {
	{ OP_EXEC, 0x01, 0x45, false },
	{ OP_READ, 0x04, 0x04, true },
	{ OP_WRITE, 0x02, 0x02, false },
	{ OP_APPEND, 0x02, 0x02, false },
	{ OP_CREATE, 0x02, 0x02, true },
	{ OP_DELETE, 0x02, 0x02, true },
	{ OP_RENAME, 0x02, 0x06, true },
	{ OP_SETATTR, 0x02, 0x02, true },
	{ OP_MAP, 0x40, 0x40, false },
	{ OP_LOCK, 0x20, 0x22, true },
	{ OP_LISTEN, 0x02, 0x02, false },
};

/* As the kernel names what the policy calls /proc/self/. */
static size_t kernel_name(char *to, const char *path, size_t len)
{
	memcpy(to, path, len);
	if (len >= 11 && !memcmp(path, "/proc/self/", 11))
		memcpy(to, "/proc/4711/", 11);
	return len;
}

/* The policy wants link on both. */
static void compare_link(const struct compare *k, const struct seen *name, const struct seen *old)
{
	char new_name[4096], target[4096];
	size_t new_len = kernel_name(new_name, name->s, name->len);
	size_t target_len = kernel_name(target, old->s, old->len);

	for (int owner = 0; owner < 2; owner++) {
		struct request r = { .operation = OP_LINK,
			.path = name->s,
			.path_len = (uint32_t)name->len,
			.owner = owner };
		bool passes = aa_link(&k->files, new_name, new_len, target, target_len, owner);

		if (decide(k->p, k->domain, &r).verdict == VERDICT_ALLOW) {
			r.path = old->s;
			r.path_len = (uint32_t)old->len;
		}
		judge(k, &r, passes, passes, name->s, name->len);
	}
}

static void compare_links(const struct compare *k, const char *path, size_t len)
{
	struct seen this = { .len = len };

	memcpy(this.s, path, len);
	compare_link(k, &this, &this);
	if (k->seen->len) {
		compare_link(k, &this, k->seen);
		compare_link(k, k->seen, &this);
	}
	if (chance(20))
		*k->seen = this;
}

static void compare_path(const struct compare *k, const char *path, size_t len)
{
	char kernel[8192];
	size_t kernel_len = kernel_name(kernel, path, len);
	bool directory = path[len - 1] == '/';
	struct request r = { .path = path, .path_len = (uint32_t)len, .protocol = PROTOCOL_UNIX };

	for (size_t i = 0; i < N(needs); i++) {
		int classes = needs[i].op == OP_EXEC || needs[i].op == OP_MAP ? 2 : 1;

		if (directory && !needs[i].directories)
			continue;
		r.operation = needs[i].op;
		for (int v = 0; v < 2 * classes; v++) {
			uint32_t had;

			r.owner = v & 1;
			r.object_class = (enum object_class)(v / 2);
			had = aa_permissions(&k->files, kernel, kernel_len, r.owner);
			judge(k, &r, had & needs[i].some, (had & needs[i].all) == needs[i].all,
				path, len);
		}
	}
	if (!directory)
		compare_links(k, path, len);
	r = (struct request){ .operation = OP_UMOUNT, .path = path, .path_len = (uint32_t)len };
	judge(k, &r, aa_umount(&k->rest, kernel, kernel_len),
		aa_umount(&k->rest, kernel, kernel_len), path, len);
}

/* On each state of the policy's automaton, and just beyond it. */
static bool compare_state(
	void *ctx, uint32_t state, uint32_t accept, const char *witness, size_t len)
{
	static const char next[] = "ab/x@\"\n";
	char longer[4096];

	compare_path(ctx, witness, len);
	for (size_t i = 0; i < sizeof(next) - 1 && len + 1 < sizeof(longer); i++) {
		if (next[i] == '/' && witness[len - 1] == '/')
			continue;
		memcpy(longer, witness, len);
		longer[len] = next[i];
		compare_path(ctx, longer, len + 1);
	}
	return true;
}

struct strings {
	struct arena *a;
	struct {
		const char *s;
		uint32_t len;
	} * v;
	uint32_t n, cap;
};

static bool collect(void *ctx, uint32_t state, uint32_t accept, const char *s, size_t len)
{
	struct strings *to = ctx;

	/* No string of the kernel's holds NUL, and '//' stands in no path. */
	if (!memchr(s, 0, len) && !strstr(s, "//")) {
		ARENA_PUSH(to->a, to->v, to->n, to->cap,
			(__typeof__(*to->v)){ arena_memdup(to->a, s, len), (uint32_t)len });
	}
	return true;
}

static void compare_mount(const struct compare *k, struct request *r, const char *object)
{
	static const uint32_t beside[] = { 0, MS_NOATIME, MS_LAZYTIME, MS_SILENT | MS_NODIRATIME };
	char place[4096], source[4096];
	size_t place_len = kernel_name(place, r->path, r->path_len);
	size_t source_len = kernel_name(source, r->source, r->source_len);
	bool some = false, all = true;

	if (r->operation == OP_BIND) {
		bool once = aa_mount(&k->rest, place, place_len, source, source_len, "", MS_BIND);
		bool deep = aa_mount(
			&k->rest, place, place_len, source, source_len, "", MS_BIND | MS_REC);

		judge(k, r, once || deep, once && deep, object, strlen(object));
		return;
	}
	/* MOUNT_RO to MOUNT_NOEXEC are MS_RDONLY to MS_NOEXEC. */
	for (size_t i = 0; i < N(beside); i++) {
		bool passes = aa_mount(&k->rest, place, place_len, source, source_len, r->fstype,
			r->mount_flags | beside[i]);

		some |= passes;
		all &= passes;
	}
	judge(k, r, some, all, object, strlen(object));
}

static void compare_mounts_at(const struct compare *k, struct request *r)
{
	static const uint32_t never[] = { MS_REMOUNT, MS_REMOUNT | MS_BIND, MS_SHARED,
		MS_PRIVATE | MS_REC, MS_SLAVE };
	_cleanup_free_ char *object = NULL;

	assert_true(asprintf(&object, "%.*s on %.*s", (int)r->source_len, r->source,
			    (int)r->path_len, r->path) > 0);
	for (size_t t = 0; t < N(types) + 1; t++) {
		r->operation = OP_MOUNT;
		r->fstype = t < N(types) ? types[t] : "sysfs";
		for (r->mount_flags = 0; r->mount_flags < 16; r->mount_flags++)
			compare_mount(k, r, object);
	}
	r->operation = OP_BIND;
	r->mount_flags = 0;
	r->fstype = NULL;
	if (r->source_len && r->source[0] == '/')
		compare_mount(k, r, object);
	/* No rule speaks of these. */
	for (size_t i = 0; i < N(never); i++)
		assert_false(aa_mount(&k->rest, r->path, r->path_len, "", 0, "", never[i]));
	assert_false(r->source_len && aa_mount(&k->rest, r->path, r->path_len, r->source,
					      r->source_len, "", MS_MOVE));
}

static void compare_mounts(const struct compare *k, struct arena *a)
{
	struct strings places = { .a = a }, sources = { .a = a };
	struct request r = { 0 };

	collect(&places, 0, 0, "/none/", 6);
	collect(&sources, 0, 0, "none", 4);
	collect(&sources, 0, 0, "detached", 8);
	collect(&sources, 0, 0, "", 0);
	for (uint32_t i = 0; i < k->p->n_rules; i++) {
		const struct rule *rule = k->p->rules[i];

		if (rule->domain != k->domain)
			continue;
		if (rule->mount_on)
			dfa_walk_paths(a, rule->mount_on, 0, collect, &places);
		if (rule->mount_source)
			dfa_walk(a, rule->mount_source, 0, collect, &sources);
	}
	for (uint32_t i = 0; i < places.n; i++) {
		for (uint32_t s = 0; s < sources.n; s++) {
			/* Both in whole, or a sample of the pairs. */
			if (places.n * sources.n > 400 && random_below(places.n * sources.n) > 400)
				continue;
			r.path = places.v[i].s;
			r.path_len = places.v[i].len;
			r.source = sources.v[s].s;
			r.source_len = sources.v[s].len;
			compare_mounts_at(k, &r);
		}
	}
}

static void compare_tasks(const struct compare *k)
{
	for (uint32_t t = 0; t <= k->p->n_domains; t++) {
		bool outside = t == k->p->n_domains;
		const char *peer = outside ? "unconfined" : apparmor_profile_name(k->p, t);
		struct request r = { .operation = OP_PTRACE, .target_domain = outside ? 0 : t };

		r.target = outside	    ? REQUEST_OUTSIDE
			   : t == k->domain ? REQUEST_SELF
					    : REQUEST_DOMAIN;
		judge(k, &r, aa_ptrace(&k->rest, peer), aa_ptrace(&k->rest, peer), peer,
			strlen(peer));
		r.operation = OP_SIGNAL;
		for (r.signal = 1; r.signal <= 64; r.signal++) {
			bool passes = aa_signal(&k->rest, r.signal, peer);

			judge(k, &r, passes, passes, peer, strlen(peer));
		}
	}
}

static void compare_sockets(const struct compare *k)
{
	static const int socket_types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET };

	for (uint32_t i = 0; i < vocab_n_families; i++) {
		const struct vocab_family *f = &vocab_families[i];

		for (size_t t = 0; t < N(socket_types); t++) {
			struct request r = { .operation = OP_SOCKET,
				.socket_family = f->family[0],
				.socket_type = socket_types[t] };
			bool passes = aa_socket(&k->rest, f->family[0], socket_types[t]);

			if (f->type < 0 || f->type == socket_types[t])
				judge(k, &r, passes, passes, f->name, strlen(f->name));
		}
	}
}

struct made {
	struct compilation c;
	struct policy *p;
	struct coverage *cov;
	char *text;
};

static bool make_policy(struct made *m, unsigned int number, struct text *profiles)
{
	_cleanup_(text_release) struct text text = TEXT_INIT, profile = TEXT_INIT;
	struct pale_err *err = NULL;
	const char *from;

	random_policy(&text, number);
	compile_bytes(&m->c, "t.pale", text.s, text.len, &(struct compile_options){ 0 });
	if (m->c.diags.n_errors) {
		compilation_release(&m->c);
		return false;
	}
	m->p = compilation_policy(&m->c, NULL);
	m->cov = coverage_new(m->p);
	if (emit_apparmor(m->p, m->cov, &profile, &err) < 0)
		fail_msg("%s\n%s", text.s, pale_err_text(err));
	from = strstr(profile.s, "profile \"");
	assert_non_null(from);
	assert_null(strstr(profile.s, "flags="));
	text_puts(profiles, from);
	m->text = text_take(&text);
	return true;
}

static void compare_policy(const struct made *m, const struct aa_binary *b, unsigned long *asked)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	for (uint32_t i = 0; i < m->p->n_rules; i++) {
		for (int op = 0; op < OP_COUNT; op++) {
			const struct coverage_entry *e = &m->cov->v[i][op][MECHANISM_APPARMOR];

			/* The one thing that would take a flag, emit_apparmor.h. */
			if (op == OP_EXEC && m->p->rules[i]->classes & 1u << CLASS_ANONYMOUS &&
				e->why && strstr(e->why, "attach_disconnected"))
				continue;
			/* Of two that disagree about one path, apparmor_exec.h. */
			if (op == OP_EXEC && e->why && strstr(e->why, "which sub-profile"))
				continue;
			if (e->verdict == COVERAGE_NARROWER)
				fail_msg("%s\n'%s' is called narrower for %s: %s", m->text,
					m->p->rules[i]->text, vocab_operations[op].name, e->why);
		}
	}
	for (uint32_t d = 0; d < m->p->n_domains; d++) {
		struct seen seen = { 0 };
		struct compare k = { .p = m->p,
			.c = m->cov,
			.text = m->text,
			.domain = d,
			.asked = asked,
			.seen = &seen };

		assert_true(aa_file_dfa(b, apparmor_profile_name(m->p, d), &k.files));
		assert_true(aa_policy_dfa(b, apparmor_profile_name(m->p, d), &k.rest));
		dfa_walk_paths(a, m->p->dfa, DFA_ENTRY_PATHS(d), compare_state, &k);
		compare_mounts(&k, a);
		compare_tasks(&k);
		compare_sockets(&k);
	}
}

static void what_is_compiled_is_what_decide_says(void **state)
{
	const char *given = getenv("PALE_POLICIES");
	unsigned int n = given ? (unsigned int)atoi(given) : 500, made = 0, tried = 0;
	unsigned long asked = 0;

	random_seed(7);
	while (made < n) {
		_cleanup_(text_release) struct text profiles = TEXT_INIT;
		struct made batch[BATCH];
		struct aa_binary b;
		unsigned int k = 0;

		text_puts(&profiles, "abi <abi/3.0>,\n");
		while (k < BATCH && made + k < n) {
			tried++;
			k += make_policy(&batch[k], made + k, &profiles);
		}
		b = aa_compile(profiles.s, profiles.len);
		if (!b.bytes)
			fail_msg("refused:\n%s", profiles.s);
		for (unsigned int i = 0; i < k; i++) {
			compare_policy(&batch[i], &b, &asked);
			free(batch[i].text);
			compilation_release(&batch[i].c);
		}
		free(b.bytes);
		made += k;
	}
	print_message("# %u policies of %u generated, %lu questions\n", made, tried, asked);
	assert_true(asked > 100ul * n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_compiled_is_what_decide_says),
	};

	if (system("apparmor_parser --version >/dev/null 2>&1") != 0) {
		fprintf(stderr, "# apparmor: not tested with apparmor_parser, which is missing\n");
		return 0;
	}
	return cmocka_run_group_tests_name("apparmor policies", tests, NULL, NULL);
}
