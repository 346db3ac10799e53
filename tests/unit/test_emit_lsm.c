/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/compile.h"
#include "compiler/emit_lsm.h"
#include "compiler/lsm_interpret.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "random.h"

#define N(a) (sizeof(a) / sizeof(*(a)))

/* A policy from its text, with its blob. */
struct built {
	struct compilation c;
	struct policy *p;
	struct coverage *coverage;
	struct text blob;
};

static void compile(struct built *b, const char *text)
{
	static const struct compile_options none;

	*b = (struct built){ 0 };
	compile_bytes(&b->c, "test.pale", text, strlen(text), &none);
	if (b->c.diags.n_errors) {
		fputs(text, stderr);
		diag_print(&b->c.diags, stderr, false);
		fail();
	}
	b->p = b->c.policies[0];
	b->coverage = coverage_new(b->p);
}

static void build(struct built *b, const char *text)
{
	struct pale_err *err = NULL;

	compile(b, text);
	if (emit_lsm(b->p, b->coverage, &b->blob, &err) < 0)
		fail_msg("%s", pale_err_text(err));
	if (verify_lsm(b->p, b->blob.s, b->blob.len, &err) < 0) {
		fputs(text, stderr);
		fail_msg("%s", pale_err_text(err));
	}
}

static void release(struct built *b)
{
	text_release(&b->blob);
	compilation_release(&b->c);
}

/* ---- requests, made without looking at the blob */

struct requests {
	struct request *v;
	uint32_t *domain;
	uint32_t n, cap, cap_domains;
	struct arena *a;
};

static void add(struct requests *to, uint32_t domain, struct request r)
{
	uint32_t n = to->n;

	ARENA_PUSH(to->a, to->domain, n, to->cap_domains, domain);
	ARENA_PUSH(to->a, to->v, to->n, to->cap, r);
}

static const char *const words[] = { "a", "b", "ab", "x", "lib.so", "k.key", "bin", "data", "etc" };

/* A string that @g may well match: its text, its stars filled in; now and then broken. */
static char *string_for(struct arena *a, const struct glob *g, uint32_t *ret_len)
{
	struct text t = TEXT_INIT;
	char *s;

	for (uint32_t i = 0; i < g->len; i++) {
		char c = g->text[i];

		if (c == '*' || c == '?') {
			uint32_t n = c == '?' ? 1 : random_below(3);

			for (uint32_t k = 0; k < n; k++)
				text_puts(&t, c == '?' ? "b" : words[random_below(N(words))]);
			if (c == '*' && i + 1 < g->len && g->text[i + 1] == '*' && random_below(2))
				text_putc(&t, '/');
		} else if (c != '{' && c != '}' && c != '[' && c != ']') {
			text_putc(&t, c == ',' ? '/' : c);
		}
	}
	if (random_below(4) == 0)
		text_puts(&t, words[random_below(N(words))]);
	if (random_below(6) == 0 && t.len)
		t.s[random_below((uint32_t)t.len)] = (char)random_below(256);
	*ret_len = (uint32_t)t.len;
	s = arena_memdup(a, text_str(&t), t.len);
	text_release(&t);
	return s;
}

static void add_texts(struct requests *to, const struct globs *globs, bool names)
{
	static const enum operation operations[] = { OP_EXEC, OP_READ, OP_WRITE, OP_APPEND,
		OP_CREATE, OP_DELETE, OP_RENAME, OP_LINK, OP_SETATTR, OP_MAP, OP_IOCTL, OP_LOCK,
		OP_CONNECT, OP_LISTEN, OP_UMOUNT };

	for (uint32_t i = 0; i < globs->n; i++) {
		for (int k = 0; k < 4; k++) {
			struct request r = { .protocol = PROTOCOL_UNIX };
			uint32_t len;
			const char *s = string_for(to->a, globs->v[i], &len);

			if (names) {
				r.name = s;
				r.name_len = len;
			} else {
				r.path = s;
				r.path_len = len;
			}
			for (size_t op = names ? 12 : 0; op < (names ? 14 : N(operations)); op++) {
				r.operation = operations[op];
				r.owner = random_below(2);
				r.object_class = (enum object_class)random_below(CLASS_COUNT);
				for (uint32_t d = 0; d < 2; d++)
					add(to, d, r);
			}
		}
	}
}

static void add_endpoints(struct requests *to, const struct endpoints *list)
{
	for (uint32_t i = 0; i < list->n; i++) {
		const struct endpoint *e = &list->v[i];

		for (int k = 0; k < 40; k++) {
			struct request r = { .operation = k & 1 ? OP_LISTEN : OP_CONNECT };
			uint32_t bit = random_below(e->family == 6 ? 128 : 32);

			r.family = e->family ? e->family : random_below(2) ? 4 : 6;
			memcpy(r.address, e->address, 16);
			if (random_below(2))
				r.address[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			if (r.family == 4 && random_below(4) == 0) {
				memmove(r.address + 12, r.address, 4);
				memset(r.address, 0, 10);
				r.address[10] = r.address[11] = 0xff;
				r.family = 6;
			}
			r.port = (uint16_t)((random_below(2) ? e->port_lo : e->port_hi) +
					    random_below(3) - 1);
			r.protocol = (int)random_below(4);
			for (uint32_t d = 0; d < 2; d++)
				add(to, d, r);
		}
	}
}

static void add_cells(struct requests *to, uint32_t domain, uint32_t n_domains)
{
	struct request r = { .operation = OP_CAPABILITY };

	for (r.capability = 0; r.capability < 64; r.capability++)
		add(to, domain, r);
	r = (struct request){ .operation = OP_SOCKET, .socket_type = SOCK_RAW };
	for (r.socket_family = 0; r.socket_family < 70; r.socket_family++)
		add(to, domain, r);
	r.socket_family = AF_NETLINK;
	for (r.socket_protocol = 0; r.socket_protocol < 34; r.socket_protocol++)
		add(to, domain, r);
	for (r.signal = 1; r.signal <= 64; r.signal++) {
		for (uint32_t t = 0; t <= n_domains; t++) {
			r.target = t == n_domains ? REQUEST_OUTSIDE
				   : t == domain  ? REQUEST_SELF
						  : REQUEST_DOMAIN;
			r.target_domain = t;
			r.operation = OP_SIGNAL;
			add(to, domain, r);
			r.operation = OP_PTRACE;
			add(to, domain, r);
		}
	}
	r = (struct request){ .operation = OP_FORK };
	add(to, domain, r);
	r.operation = OP_USERNS;
	add(to, domain, r);
	r.operation = OP_PIVOT;
	add(to, domain, r);
	for (int op = 0; op < OP_COUNT; op++) {
		if (!(OPS_PATH & OP_BIT(op)))
			continue;
		for (int owner = 0; owner < 2; owner++) {
			r = (struct request){ .operation = (enum operation)op,
				.owner = owner,
				.protocol = PROTOCOL_UNIX };
			add(to, domain, r);
			r.object_class = CLASS_ANONYMOUS;
			add(to, domain, r);
		}
	}
}

static void add_mounts(struct requests *to, const struct policy *p, const struct rule *rule)
{
	const struct globs *places = random_below(4) ? &rule->paths : &rule->except_paths;
	bool bind = rule->operations & OP_BIT(OP_BIND);

	for (int k = 0; k < 60 && rule->paths.n; k++) {
		const struct rule *other = p->rules[random_below(p->n_rules)];
		struct request r = { .operation = bind ? OP_BIND : OP_MOUNT };
		/* Another rule's sources, too: the first that matches decides. */
		const struct globs *sources =
			random_below(3) || !other->sources.n ? &rule->sources : &other->sources;

		if (!places->n)
			places = &rule->paths;
		if (random_below(10))
			r.path = string_for(to->a, places->v[random_below(places->n)], &r.path_len);
		if (sources->n && random_below(10))
			r.source = string_for(
				to->a, sources->v[random_below(sources->n)], &r.source_len);
		r.fstype = bind ? NULL : random_below(4) ? rule->fstype : other->fstype;
		r.mount_flags = random_below(2) ? rule->mount_flags : random_below(16);
		for (uint32_t d = 0; d < 2; d++)
			add(to, d, r);
	}
}

static void requests_for(struct requests *to, const struct policy *p)
{
	uint32_t n;

	*to = (struct requests){ .a = p->arena };
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct rule *r = p->rules[i];

		if (r->is_default)
			continue;
		add_texts(to, &r->paths, false);
		add_texts(to, &r->except_paths, false);
		add_texts(to, &r->names, true);
		add_texts(to, &r->except_names, true);
		add_endpoints(to, &r->endpoints);
		add_endpoints(to, &r->except_endpoints);
		if (r->operations & (OP_BIT(OP_MOUNT) | OP_BIT(OP_BIND)))
			add_mounts(to, p, r);
	}
	for (uint32_t d = 0; d < p->n_domains; d++)
		add_cells(to, d, p->n_domains);
	/* The second domain stood for any other. */
	n = to->n;
	for (uint32_t i = 0; i < n; i++)
		to->domain[i] = to->domain[i] < p->n_domains ? to->domain[i] : 0;
}

static bool answers_as_decided(const struct lsm_answer *got, const struct decision *want)
{
	static const enum lsm_effect effects[] = { LSM_ALLOW, LSM_DENY, LSM_KILL };

	return got->rule == want->rule->index && got->effect == effects[want->verdict] &&
	       got->reported == want->reported && got->errnum == want->errnum &&
	       (got->transition == LSM_STAY ? -1 : (int32_t)got->transition) == want->transition;
}

static void blob_of(struct lsm_blob *b, const void *bytes, size_t len)
{
	struct pale_err *err = NULL;

	if (lsm_blob_open(b, bytes, len, &err) < 0)
		fail_msg("%s", pale_err_text(err));
}

/* How many requests the policy was asked about, and of them how many it allows. */
static void compare(const struct built *b, uint32_t *ret_asked, uint32_t *ret_allowed)
{
	struct requests r;
	struct lsm_blob blob;

	blob_of(&blob, b->blob.s, b->blob.len);
	requests_for(&r, b->p);
	*ret_asked = *ret_allowed = 0;
	for (uint32_t i = 0; i < r.n; i++) {
		struct decision want = decide(b->p, r.domain[i], &r.v[i]);
		struct lsm_answer got;

		if (!lsm_interpret(&blob, r.domain[i], &r.v[i], &got))
			continue;
		++*ret_asked;
		*ret_allowed += want.verdict == VERDICT_ALLOW;
		if (!answers_as_decided(&got, &want))
			fail_msg("%s %s: rule %d, decide() has %u: %s",
				vocab_operations[r.v[i].operation].name,
				r.v[i].path ? r.v[i].path : "", (int)got.rule, want.rule->index,
				want.rule->text);
	}
}

static const char sample[] =
	"profile web {\n"
	"    process {\n"
	"        allow exec /usr/bin/* owner\n"
	"        allow exec /usr/lib/helper as helper\n"
	"        audit exec /opt/*/bin/**\n"
	"        kill  exec drift\n"
	"        allow exec anonymous owner\n"
	"        allow signal TERM, HUP to self\n"
	"        allow signal to web/helper\n"
	"        quiet deny signal KILL to any\n"
	"        audit ptrace web/helper\n"
	"        deny fork\n"
	"    }\n"
	"    file {\n"
	"        allow read /etc/** except /etc/keys/**, /etc/*.key\n"
	"        allow read, write /data/{a,b}/**\n"
	"        deny write /data/a/ro errno EROFS\n"
	"        quiet deny read /data/quiet\n"
	"        kill delete /data/b/bomb\n"
	"        audit append, create /log/*.log\n"
	"        allow modify /tmp/*/ owner\n"
	"        allow ioctl, map /dev/x*\n"
	"    }\n"
	"    network {\n"
	"        allow connect tcp 10.0.0.0/8:443, [fd00::/8]:443 except 10.9.0.0/16:*\n"
	"        audit connect tcp 10.1.0.0/16:440-450\n"
	"        deny  connect tcp 10.1.2.3:* errno ECONNREFUSED\n"
	"        allow connect udp, sctp *:53\n"
	"        allow listen tcp *:8000-8100 except 127.0.0.0/8:8050\n"
	"        allow connect icmp 192.0.2.0/24\n"
	"        allow connect unix /run/*.sock, \"abstract:a?c\"\n"
	"        allow listen unix abstract:own* except abstract:owner\n"
	"    }\n"
	"    capability { allow net_bind_service; audit chown; kill sys_module }\n"
	"    allow socket raw, netlink(ROUTE, AUDIT), vsock\n"
	"    mount {\n"
	"        allow mount tmpfs on /{run,data}/* with nosuid, nodev\n"
	"        audit mount tmpfs from scratch on /run/b with ro\n"
	"        deny mount tmpfs on /data/b with noexec errno EROFS\n"
	"        kill mount proc from /x* on /**\n"
	"        allow bind /data/** on /run/**\n"
	"        quiet deny bind /data/a/x on /run/**\n"
	"        allow umount /run/*\n"
	"        allow pivot\n"
	"    }\n"
	"    deny userns\n"
	"    profile helper {\n"
	"        on violation kill\n"
	"        process { allow signal to any; allow ptrace self }\n"
	"        file { allow read /etc/hosts }\n"
	"        network { allow connect tcp *:* except 10.0.0.0/8:* }\n"
	"        allow socket netlink\n"
	"    }\n"
	"}\n";

static void a_policy_of_all_kinds(void **state)
{
	struct built b;
	uint32_t asked, allowed;

	(void)state;
	build(&b, sample);
	compare(&b, &asked, &allowed);
	print_message("%u requests, %u allowed\n", asked, allowed);
	assert_true(asked > 3000 && allowed > 300 && asked - allowed > 300);
	release(&b);
}

static struct lsm_answer ask(const struct built *b, uint32_t domain, struct request r)
{
	struct lsm_answer got;
	struct lsm_blob blob;

	blob_of(&blob, b->blob.s, b->blob.len);
	assert_true(lsm_interpret(&blob, domain, &r, &got));
	return got;
}

static struct request file(enum operation op, const char *path)
{
	return (struct request){
		.operation = op, .path = path, .path_len = (uint32_t)strlen(path)
	};
}

/* Written down here, not asked of decide(). */
static void answers(void **state)
{
	struct lsm_answer got;
	struct request r;
	struct built b;

	(void)state;
	build(&b, sample);
	got = ask(&b, 0, file(OP_WRITE, "/data/a/ro"));
	assert_int_equal(got.effect, LSM_DENY);
	assert_int_equal(got.errnum, EROFS);
	assert_true(got.reported);
	assert_false(ask(&b, 0, file(OP_READ, "/data/quiet")).reported);
	assert_int_equal(ask(&b, 0, file(OP_DELETE, "/data/b/bomb")).effect, LSM_KILL);
	assert_int_equal(ask(&b, 0, file(OP_READ, "/etc/keys/a")).effect, LSM_DENY);
	assert_int_equal(ask(&b, 0, file(OP_READ, "/etc/hosts")).effect, LSM_ALLOW);
	assert_int_equal(ask(&b, 1, file(OP_READ, "/etc/passwd")).effect, LSM_KILL);

	/* What exec implies is not reported; the exec is. */
	assert_true(ask(&b, 0, file(OP_EXEC, "/opt/a/bin/x")).reported);
	got = ask(&b, 0, file(OP_MAP, "/opt/a/bin/x"));
	assert_int_equal(got.effect, LSM_ALLOW);
	assert_false(got.reported);

	got = ask(&b, 0, file(OP_EXEC, "/usr/lib/helper"));
	assert_int_equal(got.effect, LSM_ALLOW);
	assert_int_equal(got.transition, 1);
	r = file(OP_EXEC, "/usr/lib/helper");
	r.object_class = CLASS_DRIFT;
	got = ask(&b, 0, r);
	assert_int_equal(got.effect, LSM_KILL);
	assert_int_equal(got.transition, LSM_STAY);

	r = (struct request){ .operation = OP_EXEC, .object_class = CLASS_ANONYMOUS };
	assert_int_equal(ask(&b, 0, r).effect, LSM_DENY);
	r.owner = true;
	assert_int_equal(ask(&b, 0, r).effect, LSM_ALLOW);

	r = file(OP_MOUNT, "/run/x/");
	r.fstype = "tmpfs";
	assert_int_equal(ask(&b, 0, r).effect, LSM_DENY);
	r.mount_flags = MOUNT_NOSUID | MOUNT_NODEV | MOUNT_RO;
	assert_int_equal(ask(&b, 0, r).effect, LSM_ALLOW);
	assert_int_equal(ask(&b, 1, r).effect, LSM_KILL);
	r.fstype = "ramfs";
	assert_int_equal(ask(&b, 0, r).effect, LSM_DENY);
	r.fstype = "proc";
	r.source = "/x1";
	r.source_len = 3;
	assert_int_equal(ask(&b, 0, r).effect, LSM_KILL);
	r = file(OP_BIND, "/run/x/");
	assert_int_equal(ask(&b, 0, r).effect, LSM_DENY);
	r.source = "/data/a/y/";
	r.source_len = 10;
	assert_int_equal(ask(&b, 0, r).effect, LSM_ALLOW);
	r.source = "/data/a/x/";
	assert_int_equal(ask(&b, 0, r).effect, LSM_DENY);
	assert_false(ask(&b, 0, r).reported);
	assert_int_equal(ask(&b, 0, file(OP_UMOUNT, "/run/x/")).effect, LSM_ALLOW);
	assert_int_equal(ask(&b, 0, (struct request){ .operation = OP_PIVOT }).effect, LSM_ALLOW);

	r = (struct request){ .operation = OP_CONNECT, .family = 6, .port = 443 };
	inet_pton(AF_INET6, "::ffff:10.2.0.1", r.address);
	assert_int_equal(ask(&b, 0, r).effect, LSM_ALLOW);
	inet_pton(AF_INET6, "::ffff:10.9.0.1", r.address);
	assert_int_equal(ask(&b, 0, r).effect, LSM_DENY);
	inet_pton(AF_INET6, "::ffff:10.1.2.3", r.address);
	assert_int_equal(ask(&b, 0, r).errnum, ECONNREFUSED);
	release(&b);
}

static void audit_mode(void **state)
{
	struct pale_err *err = NULL;
	struct lsm_head head;
	struct built b;

	(void)state;
	build(&b, "profile p { mode audit; deny read /x }");
	memcpy(&head, b.blob.s, sizeof(head));
	assert_int_equal(head.flags, LSM_FLAG_AUDIT);
	head.flags = 0;
	memcpy(b.blob.s, &head, sizeof(head));
	assert_int_equal(verify_lsm(b.p, b.blob.s, b.blob.len, &err), -EBADMSG);
	pale_err_free(err);
	release(&b);
}

static void deterministic(void **state)
{
	struct built a, b;

	(void)state;
	build(&a, sample);
	build(&b, sample);
	assert_int_equal(a.blob.len, b.blob.len);
	assert_memory_equal(a.blob.s, b.blob.s, a.blob.len);
	release(&a);
	release(&b);
}

/* ---- limits */

static void refused(const char *text, const char *because)
{
	struct pale_err *err = NULL;
	struct built b;

	compile(&b, text);
	if (emit_lsm(b.p, b.coverage, &b.blob, &err) != -E2BIG)
		fail_msg("'%s' is not said: %zu bytes", because, b.blob.len);
	if (!strstr(pale_err_text(err), because))
		fail_msg("'%s' does not say '%s'", pale_err_text(err), because);
	assert_non_null(pale_err_hint_text(err));
	assert_int_equal(b.blob.len, 0);
	for (uint32_t i = 0; i < b.p->n_rules; i++)
		for (int op = 0; op < OP_COUNT; op++)
			assert_int_equal(b.coverage->v[i][op][MECHANISM_BPF_LSM].verdict,
				COVERAGE_UNENFORCED);
	pale_err_free(err);
	release(&b);
}

static void limits(void **state)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+@";
	_cleanup_(text_release) struct text t = TEXT_INIT;
	struct built b;

	(void)state;
	text_puts(&t, "profile p {\n");
	for (int i = 1; i < LSM_DOMAINS_MAX; i++)
		text_printf(&t, "process { allow exec /s%d as s%d }\nprofile s%d { }\n", i, i, i);
	text_puts(&t, "}");
	build(&b, text_str(&t));
	release(&b);
	t.len--;
	text_puts(&t, "process { allow exec /z as z }\nprofile z { } }");
	refused(text_str(&t), "17 profiles");

	text_clear(&t);
	text_puts(&t, "profile p { network {\n");
	for (int i = 0; i <= LSM_ENDPOINTS_MAX; i++)
		text_printf(&t, "allow connect tcp 10.0.%d.%d:80\n", i / 256, i % 256);
	text_puts(&t, "} }");
	refused(text_str(&t), "4097 addresses");

	text_clear(&t);
	/* Many states, and a column for each letter. */
	text_puts(&t, "profile p { file {\n");
	for (int i = 0; i < 5900; i++) {
		text_puts(&t, "allow read /");
		for (int k = 0; k < 12; k++)
			text_putc(&t, letters[random_below(sizeof(letters) - 1)]);
		text_puts(&t, "\n");
	}
	text_puts(&t, "} }");
	refused(text_str(&t), "bytes of tables");

	text_clear(&t);
	text_puts(&t, "profile p { mount {\n");
	for (int i = 0; i <= LSM_MOUNTS_MAX; i++)
		text_printf(&t, "allow mount tmpfs on /x%d\n", i);
	text_puts(&t, "} }");
	refused(text_str(&t), "1025 rules about mounts");
	refused("profile p { allow mount "
		"a-filesystem-whose-name-is-longer-than-any-that-the-kernel-"
		"has-ever-had on /x }",
		"type of 71 bytes");

	text_clear(&t);
	text_puts(&t, "profile p { file {\n");
	for (int i = 0; i < LSM_RULES_MAX; i++)
		text_printf(&t, "allow read /x%d\n", i);
	text_puts(&t, "} }");
	refused(text_str(&t), " rules, of at most 32767");
}

/* ---- coverage */

static const struct coverage_entry *covered(
	const struct built *b, const char *text, enum operation op)
{
	for (uint32_t i = 0; i < b->p->n_rules; i++) {
		if (!strcmp(b->p->rules[i]->text, text))
			return &b->coverage->v[i][op][MECHANISM_BPF_LSM];
	}
	fail_msg("no rule '%s'", text);
	return NULL;
}

static void coverage(void **state)
{
	static const struct {
		const char *rule;
		enum operation op;
		enum coverage_verdict verdict;
	} rows[] = {
		{ "deny read by default", OP_READ, COVERAGE_EXACT },
		{ "deny connect by default", OP_CONNECT, COVERAGE_EXACT },
		{ "deny capability by default", OP_CAPABILITY, COVERAGE_EXACT },
		{ "deny setattr by default", OP_SETATTR, COVERAGE_EXACT },
		{ "kill exec drift", OP_EXEC, COVERAGE_EXACT },
		{ "kill exec drift", OP_MAP, COVERAGE_UNENFORCED }, /* says nothing of it */
		{ "deny signal by default", OP_SIGNAL, COVERAGE_EXACT },
		{ "allow signal TERM, HUP to self", OP_SIGNAL, COVERAGE_EXACT },
		{ "deny ioctl by default", OP_IOCTL, COVERAGE_EXACT },
		{ "allow ioctl, map /dev/x*", OP_IOCTL, COVERAGE_EXACT },
		{ "deny ptrace by default", OP_PTRACE, COVERAGE_WIDER },
		{ "deny mount by default", OP_MOUNT, COVERAGE_WIDER },
		{ "kill mount proc from /x* on /**", OP_MOUNT, COVERAGE_WIDER },
		{ "audit mount tmpfs from scratch on /run/b with ro", OP_MOUNT, COVERAGE_EXACT },
		{ "allow bind /data/** on /run/**", OP_BIND, COVERAGE_NARROWER },
		{ "deny bind by default", OP_BIND, COVERAGE_EXACT },
		{ "deny umount by default", OP_UMOUNT, COVERAGE_EXACT },
		{ "allow pivot", OP_PIVOT, COVERAGE_EXACT },
		{ "deny syscall by default", OP_SYSCALL, COVERAGE_UNENFORCED },
	};
	struct built b;

	(void)state;
	build(&b, sample);
	for (size_t i = 0; i < N(rows); i++) {
		const struct coverage_entry *e = covered(&b, rows[i].rule, rows[i].op);

		if (e->verdict != rows[i].verdict)
			fail_msg("%s is %s", rows[i].rule, coverage_names[e->verdict]);
		assert_true((e->why != NULL) ==
			    (e->verdict == COVERAGE_WIDER || e->verdict == COVERAGE_NARROWER));
	}
	release(&b);
	/* No exec leads into another profile. */
	build(&b, "profile p { allow append /x; allow syscall writev }");
	assert_int_equal(covered(&b, "deny ptrace by default", OP_PTRACE)->verdict, COVERAGE_EXACT);
	assert_int_equal(covered(&b, "deny write by default", OP_WRITE)->verdict, COVERAGE_EXACT);
	release(&b);
	build(&b, "profile p { allow append /x; allow syscall pwritev2 }");
	assert_int_equal(covered(&b, "deny write by default", OP_WRITE)->verdict, COVERAGE_WIDER);
	assert_int_equal(covered(&b, "allow append /x", OP_APPEND)->verdict, COVERAGE_EXACT);
	release(&b);
	build(&b, "profile p { allow read, write /x; allow syscall pwritev2 }");
	assert_int_equal(covered(&b, "deny write by default", OP_WRITE)->verdict, COVERAGE_EXACT);
	release(&b);
	build(&b, "profile p { allow mount ext4 from /dev/x on /a; allow mount cgroup2 on /b }");
	assert_int_equal(covered(&b, "deny mount by default", OP_MOUNT)->verdict, COVERAGE_WIDER);
	assert_int_equal(covered(&b, "allow mount ext4 from /dev/x on /a", OP_MOUNT)->verdict,
		COVERAGE_EXACT);
	assert_int_equal(
		covered(&b, "allow mount cgroup2 on /b", OP_MOUNT)->verdict, COVERAGE_NARROWER);
	release(&b);
	build(&b, "profile p { allow mount tmpfs on /a; allow syscall mount_setattr }");
	assert_int_equal(covered(&b, "deny mount by default", OP_MOUNT)->verdict, COVERAGE_WIDER);
	release(&b);
	build(&b, "profile p { allow bind /a on /b; allow capability sys_chroot }");
	assert_int_equal(covered(&b, "deny bind by default", OP_BIND)->verdict, COVERAGE_WIDER);
	release(&b);
}

/* ---- mutants */

struct answer {
	bool asked;
	struct lsm_answer a;
};

static bool same_answer(const struct answer *a, const struct answer *b)
{
	return a->asked == b->asked &&
	       (!a->asked || (a->a.rule == b->a.rule && a->a.effect == b->a.effect &&
				     a->a.reported == b->a.reported && a->a.errnum == b->a.errnum &&
				     a->a.transition == b->a.transition));
}

static void answer_all(const struct lsm_blob *blob, const struct requests *r, struct answer *to)
{
	for (uint32_t i = 0; i < r->n; i++)
		to[i].asked = lsm_interpret(blob, r->domain[i], &r->v[i], &to[i].a);
}

static bool changes_an_answer(
	const struct lsm_blob *blob, const struct requests *r, const struct answer *before)
{
	for (uint32_t i = 0; i < r->n; i++) {
		struct answer now;

		now.asked = lsm_interpret(blob, r->domain[i], &r->v[i], &now.a);
		if (!same_answer(&now, &before[i]))
			return true;
	}
	return false;
}

#define MUTANTS 6000

static void every_mutant_that_matters_is_found(void **state)
{
	uint32_t changed = 0, found = 0, kept = 0;
	struct answer *before;
	struct requests r;
	struct lsm_blob blob;
	struct built b;

	(void)state;
	build(&b, sample);
	requests_for(&r, b.p);
	before = arena_array(b.p->arena, r.n, sizeof(*before));
	blob_of(&blob, b.blob.s, b.blob.len);
	answer_all(&blob, &r, before);
	for (uint32_t i = 0; i < MUTANTS; i++) {
		/* Each byte of the head, then any. */
		size_t at = i < sizeof(struct lsm_head) ? i : random_below((uint32_t)b.blob.len);
		uint8_t was = (uint8_t)b.blob.s[at];
		struct pale_err *err = NULL;
		bool refused_it, matters;

		b.blob.s[at] ^=
			(char)(random_below(2) ? 1u << random_below(8) : 1 + random_below(255));
		refused_it = verify_lsm(b.p, b.blob.s, b.blob.len, &err) < 0;
		pale_err_free(err);
		err = NULL;
		matters = lsm_blob_open(&blob, b.blob.s, b.blob.len, &err) < 0 ||
			  changes_an_answer(&blob, &r, before);
		pale_err_free(err);
		if (matters && !refused_it)
			fail_msg("byte %zu, from %02x to %02x, is not found", at, was,
				(uint8_t)b.blob.s[at]);
		changed += matters;
		found += refused_it;
		kept += !refused_it;
		b.blob.s[at] = (char)was;
	}
	print_message(
		"%d mutants of %zu bytes: %u change an answer, %u are found, %u mean the same\n",
		MUTANTS, b.blob.len, changed, found, kept);
	assert_true(changed > MUTANTS / 10);
	release(&b);
}

/* ---- random policies */

static const char *random_path(struct arena *a)
{
	static const char *const globs[] = { "*", "**", "a*", "{a,b}", "[a-c]x", "?", "*.so", "x" };
	const char *s = "";
	uint32_t n = 1 + random_below(4);

	for (uint32_t i = 0; i < n; i++)
		s = arena_printf(a, "%s/%s", s,
			random_below(2) ? globs[random_below(N(globs))]
					: words[random_below(N(words))]);
	return random_below(6) ? s : arena_printf(a, "%s/", s);
}

static const char *random_address(struct arena *a)
{
	uint32_t port = random_below(4) * 100;
	const char *ports =
		random_below(4) ? arena_printf(a, "%u-%u", port, port + random_below(150)) : "*";
	uint32_t prefix = random_below(4) * 8;

	switch (random_below(4)) {
	case 0:
		return arena_printf(a, "*:%s", ports);
	case 1:
		prefix = 120 + random_below(9);
		return arena_printf(a, "[fd00::%x/%u]:%s",
			random_below(4) << (128 - prefix) & 0xffff, prefix, ports);
	default:
		return prefix == 0
			       ? arena_printf(a, "10.%u.0.%u:%s", random_below(3), random_below(3),
					 ports)
			       : arena_printf(a, "%s/%u:%s",
					 prefix == 8	? "10.0.0.0"
					 : prefix == 16 ? random_below(2) ? "10.0.0.0" : "10.1.0.0"
							: "10.1.2.0",
					 prefix, ports);
	}
}

static void random_rule(struct text *t, struct arena *a, bool sub)
{
	static const char *const effects[] = { "allow", "allow", "allow", "audit", "deny",
		"quiet deny", "kill" };
	static const char *const files[] = { "read", "write", "append", "create", "delete",
		"rename", "link", "setattr", "map", "ioctl", "lock", "read, write", "modify" };
	static const char *const signals[] = { "", "TERM", "TERM, HUP", "RTMIN", "KILL" };
	static const char *const targets[] = { "self", "any", "p/s" };
	const char *effect = effects[random_below(N(effects))];
	bool refuses = strcmp(effect, "allow") != 0 && strcmp(effect, "audit") != 0;
	const char *errnum =
		refuses && !strcmp(effect, "deny") && random_below(3) == 0 ? " errno ENOENT" : "";

	switch (random_below(11)) {
	case 0:
	case 1:
	case 2:
		text_printf(t, "%s %s %s%s%s%s\n", effect, files[random_below(N(files))],
			random_path(a),
			random_below(3) ? "" : arena_printf(a, " except %s", random_path(a)),
			random_below(3) ? "" : " owner", errnum);
		break;
	case 3:
		text_printf(t, "%s exec %s%s\n", effect, random_path(a),
			random_below(3) ? "" : " owner");
		break;
	case 4:
		text_printf(t, "%s signal %s to %s\n", effect, signals[random_below(N(signals))],
			targets[random_below(sub ? 2 : 3)]);
		break;
	case 5:
		text_printf(t, "%s %s %s %s%s%s\n", effect, random_below(2) ? "connect" : "listen",
			random_below(3) ? "tcp" : "udp, sctp", random_address(a),
			random_below(3) ? "" : arena_printf(a, " except %s", random_address(a)),
			errnum);
		break;
	case 6:
		text_printf(t, "%s %s unix %s\n", effect, random_below(2) ? "connect" : "listen",
			random_below(2) ? random_path(a) : "abstract:a*b");
		break;
	case 7:
		text_printf(t, "%s capability %s\n", effect,
			random_below(2) ? "chown" : "net_raw, sys_admin");
		break;
	case 8:
		text_printf(t, "%s socket %s\n", effect,
			random_below(2)	  ? "raw, packet"
			: random_below(2) ? "netlink(ROUTE)"
					  : "netlink");
		break;
	case 9:
		text_printf(t, "%s mount %s%s on %s%s%s\n", effect,
			random_below(2) ? "tmpfs" : "proc",
			random_below(3) ? "" : arena_printf(a, " from %s", random_path(a)),
			random_path(a),
			random_below(2)	  ? ""
			: random_below(2) ? " with ro"
					  : " with nosuid, nodev",
			errnum);
		break;
	case 10:
		text_printf(
			t, "%s bind %s on %s%s\n", effect, random_path(a), random_path(a), errnum);
		break;
	}
}

static void random_exec(struct text *t, struct arena *a, bool sub)
{
	static const char *const classes[] = { "", "", "drift ", "drift", "anonymous" };
	static const char *const effects[] = { "allow", "audit", "deny", "kill" };
	uint32_t class = random_below(N(classes));

	text_printf(t, "%s exec %s%s%s\n", effects[random_below(N(effects))], classes[class],
		class < 3 ? random_path(a) : "", random_below(3) ? "" : " owner");
	if (!sub && random_below(3) == 0)
		text_printf(t, "allow exec /entry/%u as s\n", random_below(3));
}

static const char *random_policy(struct text *t, struct arena *a)
{
	text_clear(t);
	text_puts(t, "profile p {\n");
	if (random_below(4) == 0)
		text_puts(t, "on violation kill\n");
	for (uint32_t n = 1 + random_below(12); n; n--) {
		random_rule(t, a, false);
		if (random_below(4) == 0)
			random_exec(t, a, false);
	}
	text_puts(t, "profile s {\n");
	for (uint32_t n = random_below(8); n; n--) {
		random_rule(t, a, true);
		if (random_below(4) == 0)
			random_exec(t, a, true);
	}
	text_puts(t, "}\n}\n");
	return text_str(t);
}

#define POLICIES 300

static void random_policies(void **state)
{
	static const struct compile_options none;
	_cleanup_(text_release) struct text t = TEXT_INIT;
	uint32_t compiled = 0, asked = 0, allowed = 0;

	(void)state;
	for (uint32_t i = 0; i < 20 * POLICIES && compiled < POLICIES; i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		const char *text = random_policy(&t, a);
		uint32_t some_asked, some_allowed;
		struct compilation c;
		struct built b;
		bool good;

		/* Chance writes rules that have no effect, too, and those are errors. */
		compile_bytes(&c, "test.pale", text, strlen(text), &none);
		good = !c.diags.n_errors;
		compilation_release(&c);
		if (!good)
			continue;
		compiled++;
		build(&b, text);
		compare(&b, &some_asked, &some_allowed);
		asked += some_asked;
		allowed += some_allowed;
		release(&b);
	}
	print_message("%u policies, %u requests, %u allowed\n", compiled, asked, allowed);
	assert_int_equal(compiled, POLICIES);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(a_policy_of_all_kinds),
		cmocka_unit_test(audit_mode),
		cmocka_unit_test(deterministic),
		cmocka_unit_test(limits),
		cmocka_unit_test(coverage),
		cmocka_unit_test(every_mutant_that_matters_is_found),
		cmocka_unit_test(random_policies),
	};
	random_seed(20260731);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
