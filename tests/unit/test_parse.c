/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of each construct, dumped to a line. Every word is dumped as its span shows it in the
 * source, and compared with its text, so a wrong span fails as a wrong tree does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "compiler/ast.h"
#include "compiler/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct parsed {
	struct arena *arena;
	struct source_set sources;
	struct diag_list diags;
	struct source *source;
	struct ast_file *file;
	struct ast_rule *request;
	struct text dump;
};

static void start(struct parsed *p, const void *bytes, size_t len)
{
	*p = (struct parsed){ .arena = arena_new(), .dump = TEXT_INIT };
	source_set_init(&p->sources, p->arena);
	diag_list_init(&p->diags, &p->sources);
	p->source = source_add(&p->sources, "test.pale", bytes, len);
}

static void parse_bytes(struct parsed *p, const void *bytes, size_t len)
{
	start(p, bytes, len);
	p->file = parse_file(p->source, &p->diags, p->arena);
	assert_non_null(p->file);
	diag_sort(&p->diags);
}

static void finish(struct parsed *p)
{
	text_release(&p->dump);
	arena_free(p->arena);
}

static void put_span(struct parsed *p, struct span at)
{
	assert_true(at.offset + at.len <= p->source->len);
	text_add(&p->dump, p->source->bytes + at.offset, at.len);
}

static void put_word(struct parsed *p, const struct word *w)
{
	uint32_t quotes = w->quoted;

	assert_int_equal(w->len, strlen(w->text));
	assert_int_equal(w->at.len, w->len + 2 * quotes);
	assert_memory_equal(p->source->bytes + w->at.offset + quotes, w->text, w->len);
	put_span(p, w->at);
}

static void put_words(struct parsed *p, const char *label, const struct words *list)
{
	if (!list->n)
		return;
	text_printf(&p->dump, " %s", label);
	for (uint32_t i = 0; i < list->n; i++) {
		text_puts(&p->dump, i ? "," : "");
		put_word(p, &list->v[i]);
	}
}

static void put_if(struct parsed *p, bool has, const char *label, const struct word *w)
{
	if (!has)
		return;
	text_printf(&p->dump, " %s=", label);
	put_word(p, w);
}

static void put_value(struct parsed *p, const struct ast_value *v)
{
	for (uint32_t i = 0; i < v->terms.n; i++) {
		text_puts(&p->dump, i ? "|" : "");
		put_word(p, &v->terms.v[i]);
	}
}

static void put_predicate(struct parsed *p, const struct ast_predicate *q)
{
	static const char *const names[] = {
		[CMP_EQ] = "eq",
		[CMP_NE] = "ne",
		[CMP_LT] = "lt",
		[CMP_LE] = "le",
		[CMP_GT] = "gt",
		[CMP_GE] = "ge",
		[CMP_IN] = "in",
		[CMP_NOT_IN] = "not-in",
		[CMP_RANGE] = "range",
		[CMP_NOT_RANGE] = "not-range",
		[CMP_MASK_EQ] = "mask-eq",
		[CMP_MASK_NE] = "mask-ne",
	};

	text_puts(&p->dump, "[");
	put_word(p, &q->argument);
	text_printf(&p->dump, " %s", names[q->comparison]);
	if (q->mask.terms.n) {
		text_puts(&p->dump, " &");
		put_value(p, &q->mask);
	}
	for (uint32_t i = 0; i < q->values.n; i++) {
		text_puts(&p->dump, " ");
		put_value(p, &q->values.v[i]);
	}
	text_puts(&p->dump, "]");
}

static void put_calls(struct parsed *p, const char *label, const struct ast_calls *calls)
{
	if (!calls->n)
		return;
	text_printf(&p->dump, " %s", label);
	for (uint32_t i = 0; i < calls->n; i++) {
		const struct ast_call *c = &calls->v[i];

		text_puts(&p->dump, i ? "," : "");
		put_word(p, &c->name);
		for (uint32_t k = 0; k < c->n_predicates; k++)
			put_predicate(p, &c->predicates[k]);
		for (uint32_t k = 0; k < c->protocols.n; k++) {
			text_puts(&p->dump, k ? "+" : ":");
			put_word(p, &c->protocols.v[k]);
		}
	}
}

static void put_rule(struct parsed *p, const struct ast_rule *r)
{
	static const char *const forms[] = {
		[FORM_PATHS] = "paths",
		[FORM_SIGNAL] = "signal",
		[FORM_PTRACE] = "ptrace",
		[FORM_BARE] = "bare",
		[FORM_NETWORK] = "network",
		[FORM_SOCKET] = "socket",
		[FORM_MOUNT] = "mount",
		[FORM_BIND] = "bind",
		[FORM_UMOUNT] = "umount",
		[FORM_SYSCALL] = "syscall",
		[FORM_CAPABILITY] = "capability",
	};
	static const char *const effects[] = { "allow", "audit", "deny", "kill" };
	static const char *const blocks[] = { "", "process ", "file ", "network ", "mount ",
		"syscall ", "capability " };

	text_printf(&p->dump, "(%s%s%s%s %s", blocks[r->block], r->quiet ? "quiet " : "",
		r->only ? "only " : "", effects[r->effect], forms[r->form]);
	put_words(p, "", &r->operations);
	put_words(p, "protocols=", &r->protocols);
	put_if(p, r->has_class, "class", &r->object_class);
	put_words(p, "objects=", &r->objects);
	put_calls(p, "calls=", &r->calls);
	put_if(p, r->has_target, "to", &r->target);
	put_if(p, r->has_fstype, "type", &r->fstype);
	put_if(p, r->has_source, "from", &r->source);
	put_if(p, r->has_on, "on", &r->on);
	put_words(p, "with=", &r->options);
	put_words(p, "except=", &r->excepts);
	put_calls(p, "except=", &r->except_calls);
	text_puts(&p->dump, r->owner ? " owner" : "");
	put_if(p, r->has_errno, "errno", &r->errno_name);
	put_if(p, r->has_as, "as", &r->as);
	put_if(p, r->has_in, "in", &r->in);
	text_puts(&p->dump, ")");
	if (r->owner)
		assert_memory_equal(p->source->bytes + r->owner_at.offset, "owner", 5);
}

static void put_setting(struct parsed *p, const struct ast_setting *s)
{
	static const char *const kinds[] = { "mode", "limit", "abi", "on-violation" };

	text_printf(&p->dump, "(%s", kinds[s->kind]);
	put_words(p, "", &s->values);
	for (uint32_t i = 0; i < s->n_limits; i++) {
		text_puts(&p->dump, " ");
		put_word(p, &s->limits[i].name);
		text_puts(&p->dump, "=");
		put_word(p, &s->limits[i].value);
	}
	text_puts(&p->dump, ")");
}

static void put_decl(struct parsed *p, const struct ast_decl *d);

static void put_body(struct parsed *p, const struct ast_body *b)
{
	for (uint32_t i = 0; i < b->n; i++) {
		const struct ast_item *item = &b->v[i];

		text_puts(&p->dump, " ");
		switch (item->kind) {
		case ITEM_RULE:
			put_rule(p, item->rule);
			break;
		case ITEM_INCLUDE:
			text_puts(&p->dump, "(include");
			put_words(p, "", &item->includes);
			text_puts(&p->dump, ")");
			break;
		case ITEM_SETTING:
			put_setting(p, item->setting);
			break;
		case ITEM_PROFILE:
			put_decl(p, item->profile);
			break;
		}
	}
}

static void put_decl(struct parsed *p, const struct ast_decl *d)
{
	static const char *const kinds[] = { "use", "let", "group", "fragment", "profile", "test" };

	text_printf(&p->dump, "(%s", kinds[d->kind]);
	put_if(p, d->kind == DECL_GROUP, "kind", &d->group_kind);
	put_if(p, d->kind != DECL_USE, "name", &d->name);
	put_if(p, d->has_extends, "extends", &d->extends);
	put_if(p, d->kind == DECL_TEST, "for", &d->for_profile);
	put_words(p, "", &d->values);
	put_body(p, &d->body);
	for (uint32_t i = 0; i < d->n_expectations; i++) {
		text_puts(&p->dump, " ");
		put_rule(p, &d->expectations[i]);
	}
	text_puts(&p->dump, ")");
}

static void print_diags(struct parsed *p)
{
	if (p->diags.n)
		diag_print(&p->diags, stderr, false);
}

static void expect_file(const char *text, const char *tree)
{
	struct parsed p;

	parse_bytes(&p, text, strlen(text));
	print_diags(&p);
	assert_int_equal(p.diags.n, 0);
	for (uint32_t i = 0; i < p.file->n; i++) {
		text_puts(&p.dump, i ? " " : "");
		put_decl(&p, p.file->v[i]);
	}
	assert_string_equal(text_str(&p.dump), tree);
	finish(&p);
}

/* A rule in a block of a profile, or in none; its span must be the rule as it is written. */
static void expect_rule(const char *block, const char *rule, const char *tree)
{
	struct text t = TEXT_INIT;
	struct parsed p;

	text_printf(&t, *block ? "profile w {\n\t%s { %s }\n}\n" : "profile w {%s\n%s # end\n}",
		block, rule);
	parse_bytes(&p, text_str(&t), t.len);
	print_diags(&p);
	assert_int_equal(p.diags.n, 0);
	assert_int_equal(p.file->n, 1);
	assert_int_equal(p.file->v[0]->body.n, 1);
	put_rule(&p, p.file->v[0]->body.v[0].rule);
	assert_string_equal(text_str(&p.dump), tree);
	text_clear(&p.dump);
	put_span(&p, p.file->v[0]->body.v[0].rule->at);
	assert_string_equal(text_str(&p.dump), rule);
	text_release(&t);
	finish(&p);
}

static void declarations(void **state)
{
	expect_file("", "");
	expect_file("\n;; # only this\n", "");
	expect_file("\xef\xbb\xbf# BOM\r\nuse a\r\n", "(use a)");
	expect_file("use base/libc, base/nss", "(use base/libc,base/nss)");
	expect_file("let a = /x, 12, READ; let b = ${a}/y,\n  \"/q r\"",
		"(let name=a /x,12,READ) (let name=b ${a}/y,\"/q r\")");
	expect_file("group cidr @c = 10.0.0.0/8, [fd00::/8], @d", "(group kind=cidr name=@c "
								  "10.0.0.0/8,[fd00::/8],@d)");
	expect_file("group port @p = 80, 8000-8100", "(group kind=port name=@p 80,8000-8100)");
	expect_file("group syscall @s=read,write", "(group kind=syscall name=@s read,write)");
	expect_file("fragment libc { include a/b, c }", "(fragment name=libc (include a/b,c))");
	expect_file("profile w extends v { } profile x { }",
		"(profile name=w extends=v) (profile name=x)");
	expect_file("profile w {\n mode audit\n on violation kill\n abi x86_64, x86, x32\n}",
		"(profile name=w (mode audit) (on-violation kill) (abi x86_64,x86,x32))");
	expect_file("profile w { limit { processes 64; memory 256M; open-files 1024; cpu 150% }\n"
		    "limit { file-size 1G\n } }",
		"(profile name=w (limit processes=64 memory=256M open-files=1024 cpu=150%) "
		"(limit file-size=1G))");
	expect_file("profile w { profile s { profile t { allow fork } } }",
		"(profile name=w (profile name=s (profile name=t (allow bare fork))))");
	expect_file("profile w { file { allow read /a } file { allow read /b }\nfile { } }",
		"(profile name=w (file allow paths read objects=/a) (file allow paths read "
		"objects=/b))");
}

static void blocks_and_rules(void **state)
{
	expect_rule("process", "allow exec /usr/sbin/web",
		"(process allow paths exec objects=/usr/sbin/web)");
	expect_rule("process", "allow exec /bin/a, /bin/b as thumb",
		"(process allow paths exec objects=/bin/a,/bin/b as=thumb)");
	expect_rule("process", "kill exec drift", "(process kill paths exec class=drift)");
	expect_rule("process", "allow exec drift /tmp/jit/*",
		"(process allow paths exec class=drift objects=/tmp/jit/*)");
	expect_rule("", "allow exec anonymous", "(allow paths exec class=anonymous)");
	expect_rule("file", "allow map drift /x", "(file allow paths map class=drift objects=/x)");
	expect_rule("process", "allow signal TERM, @stop to self",
		"(process allow signal signal objects=TERM,@stop to=self)");
	expect_rule("process", "audit signal to any except KILL",
		"(process audit signal signal to=any except=KILL)");
	expect_rule(
		"process", "deny ptrace web/thumb", "(process deny ptrace ptrace to=web/thumb)");
	expect_rule("process", "deny fork, userns", "(process deny bare fork,userns)");
	expect_rule("process", "deny fork errno ENOSYS", "(process deny bare fork errno=ENOSYS)");
	expect_rule("mount", "allow pivot", "(mount allow bare pivot)");
	expect_rule("file", "allow read, write $x/** except $x/keys, /y owner",
		"(file allow paths read,write objects=$x/** except=$x/keys,/y owner)");
	expect_rule("file",
		"quiet deny modify /etc/{hosts,resolv.conf}, \"/srv/a b;#,\" errno EROFS",
		"(file quiet deny paths modify objects=/etc/{hosts,resolv.conf},\"/srv/a b;#,\" "
		"errno=EROFS)");
	expect_rule("file", "allow read /a\\{b, /c\\,d, /e[,}]f, /g{h,{i,j}}",
		"(file allow paths read objects=/a\\{b,/c\\,d,/e[,}]f,/g{h,{i,j}})");
	expect_rule("network",
		"allow connect, listen tcp, udp *:8080, @c:5432, 10.0.0.0/8:8000-8100, "
		"[fd00::/8]:53 except 10.1.1.1:8000",
		"(network allow network connect,listen protocols=tcp,udp "
		"objects=*:8080,@c:5432,10.0.0.0/8:8000-8100,[fd00::/8]:53 except=10.1.1.1:8000)");
	expect_rule("network", "allow connect unix /run/*.sock, abstract:a*{b,c}, \"abstract:a b\"",
		"(network allow network connect protocols=unix "
		"objects=/run/*.sock,abstract:a*{b,c},\"abstract:a b\")");
	expect_rule("", "allow connect icmp 10.0.0.1",
		"(allow network connect protocols=icmp objects=10.0.0.1)");
	expect_rule("network", "allow socket raw, packet, netlink(ROUTE, AUDIT)",
		"(network allow socket socket calls=raw,packet,netlink:ROUTE+AUDIT)");
	expect_rule("mount", "allow mount tmpfs from none on /x with ro, nosuid",
		"(mount allow mount mount type=tmpfs from=none on=/x with=ro,nosuid)");
	expect_rule("", "allow mount 9p on /x", "(allow mount mount type=9p on=/x)");
	expect_rule("mount", "allow bind /a on /b", "(mount allow bind bind from=/a on=/b)");
	expect_rule("mount", "deny umount /a, /b except /b/c",
		"(mount deny umount umount objects=/a,/b except=/b/c)");
	expect_rule("capability", "allow net_bind_service, CAP_CHOWN",
		"(capability allow capability objects=net_bind_service,CAP_CHOWN)");
	expect_rule("", "allow capability @some except chown",
		"(allow capability capability objects=@some except=chown)");
	expect_rule("", "allow syscall ioctl(cmd == 1), mount",
		"(allow syscall syscall calls=ioctl[cmd eq 1],mount)");
	expect_rule("syscall", "only read, write", "(syscall only allow syscall calls=read,write)");
	expect_rule("syscall", "deny @io except read errno ENOSYS",
		"(syscall deny syscall calls=@io except=read errno=ENOSYS)");
}

static void predicates(void **state)
{
	static const char *const tests[][2] = {
		{ "a == 1", "[a eq 1]" },
		{ "a!=0x5421", "[a ne 0x5421]" },
		{ "a < -100", "[a lt -100]" },
		{ "a <= 4K", "[a le 4K]" },
		{ "a > X", "[a gt X]" },
		{ "a >= $x", "[a ge $x]" },
		{ "a == A|B | 4", "[a eq A|B|4]" },
		{ "a in {A, B|C, ${x}}", "[a in A B|C ${x}]" },
		{ "a not in {A}", "[a not-in A]" },
		{ "a in 1..9", "[a range 1 9]" },
		{ "a not in LO .. HI", "[a not-range LO HI]" },
		{ "flags & A|B == V", "[flags mask-eq &A|B V]" },
		{ "flags&A!=0", "[flags mask-ne &A 0]" },
		{ "a == 1 and\n  b in {\n1,\n2} and c < 3 # and so on\n",
			"[a eq 1][b in 1 2][c lt 3]" },
		/* Words of the language are names where names stand. */
		{ "in == in and and == not", "[in eq in][and eq not]" },
	};

	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		char rule[128], tree[128];

		snprintf(rule, sizeof(rule), "deny ioctl(%s)", tests[i][0]);
		snprintf(tree, sizeof(tree), "(syscall deny syscall calls=ioctl%s)", tests[i][1]);
		expect_rule("syscall", rule, tree);
	}
}

static void no_word_is_reserved(void **state)
{
	expect_file("profile profile extends extends { profile as { } }",
		"(profile name=profile extends=extends (profile name=as))");
	expect_file(
		"let let = in, except, allow\ngroup port @group = 1\nfragment test { include use }",
		"(let name=let in,except,allow) (group kind=port name=@group 1) (fragment "
		"name=test "
		"(include use))");
	expect_rule("syscall", "deny mount, bind, connect, kill, signal, read, syscall",
		"(syscall deny syscall calls=mount,bind,connect,kill,signal,read,syscall)");
	expect_rule(
		"", "allow exec /x as owner owner", "(allow paths exec objects=/x owner as=owner)");
	expect_rule("", "allow signal owner to except except to",
		"(allow signal signal objects=owner to=except except=to)");
	expect_rule("", "deny ptrace in errno as", "(deny ptrace ptrace to=in errno=as)");
	expect_file("profile 404 { } profile 2fa { }", "(profile name=404) (profile name=2fa)");
}

static void tests_and_requests(void **state)
{
	static const char *const requests[][2] = {
		{ "write /etc/passwd", "(allow paths write objects=/etc/passwd)" },
		{ "syscall ioctl cmd=0x5421 fd = A|B",
			"(allow syscall syscall calls=ioctl[cmd eq 0x5421][fd eq A|B])" },
		{ "syscall ioctl(cmd == 1)", "(allow syscall syscall calls=ioctl[cmd eq 1])" },
		{ "signal TERM to self\n", "(allow signal signal objects=TERM to=self)" },
		{ "connect tcp 10.0.0.1:443", "(allow network connect protocols=tcp "
					      "objects=10.0.0.1:443)" },
		{ "exec drift /x in sub", "(allow paths exec class=drift objects=/x in=sub)" },
		{ "capability sys_admin", "(allow capability capability objects=sys_admin)" },
		{ "socket netlink(ROUTE)", "(allow socket socket calls=netlink:ROUTE)" },
		{ "fork", "(allow bare fork)" },
	};
	static const char *const wrong[] = { "", "raed /x", "read", "read /a, /b",
		"read /a; read /b", "read, write /a", "read /a except /b", "deny read /a",
		"read /a }", "signal to self", "read /a{", "read /a\nread /b" };

	expect_file(
		"test \"/serves [and\" for web/sub {\n allow read /x\n deny syscall mount in t\n}",
		"(test name=\"/serves [and\" for=web/sub (allow paths read objects=/x) "
		"(deny syscall syscall calls=mount in=t))");
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		struct parsed p;

		start(&p, requests[i][0], strlen(requests[i][0]));
		p.request = parse_request(p.source, &p.diags, p.arena);
		print_diags(&p);
		assert_non_null(p.request);
		put_rule(&p, p.request);
		assert_string_equal(text_str(&p.dump), requests[i][1]);
		finish(&p);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct parsed p;

		start(&p, wrong[i], strlen(wrong[i]));
		assert_null(parse_request(p.source, &p.diags, p.arena));
		if (p.diags.n_errors != 1)
			fail_msg("%u errors for '%s'", p.diags.n_errors, wrong[i]);
		finish(&p);
	}
}

/* "3:5 7:1": where errors stand. */
static void expect_errors(const char *text, size_t len, const char *places)
{
	struct parsed p;

	parse_bytes(&p, text, len);
	for (uint32_t i = 0; i < p.diags.n; i++) {
		uint32_t line, column;

		source_position(p.source, p.diags.v[i]->at.offset, &line, &column);
		text_printf(&p.dump, "%s%u:%u", i ? " " : "", line, column);
	}
	if (strcmp(text_str(&p.dump), places))
		print_diags(&p);
	assert_string_equal(text_str(&p.dump), places);
	finish(&p);
}

static void recovery(void **state)
{
	static const char *const tests[][2] = {
		/* one statement does not hide the next */
		{ "profile w {\nfile {\nallow raed /x\nallow read\nallow read /x,\n}\nnetwork { "
		  "allow read "
		  "/x }\nlimit { cpu }\nalow fork\n}\n",
			"3:7 4:11 5:15 7:17 8:12 9:1" },
		{ "use 3.4, /x\nlet = /y\ngroup cidr c = 1\nuse a\nlet a ==", "1:5 2:5 3:12 5:7" },
		/* a head without its '{', with and without content */
		{ "profile w\n{\n  file\n    allow read /x\n  }\n}\n", "1:10 3:7" },
		{ "profile\nprofile w { allow foo }", "1:8 2:19" },
		{ "profile { allow foo }\nprofile w extend v { allow bar }", "1:9 1:17 2:11 2:28" },
		{ "profil w { allow read }", "1:1 1:22" },
		{ "test x { allow foo }", "1:6 1:16" },
		/* a missing '}' */
		{ "profile w { file { allow read /x }\n", "2:1" },
		{ "profile w {\n file {\n allow read /x\n network {\n }\n}\n", "4:2" },
		{ "profile w {\n file {\n  allow read /x\n\ntest \"t\" for w { }\n", "5:1" },
		{ "profile w { file { allow read /x; network { allow listen tcp *:1 } }\n",
			"1:35" },
		/* one too many */
		{ "profile w { }\n}\n", "2:1" },
		{ "profile w {\n file { }\n }\n network { }\n syscall { }\n}\nprofile v { allow "
		  "foo }",
			"4:2 7:19" },
		{ "}}}}\n}\nuse a", "1:1" },
		/* parentheses and braces */
		{ "profile w { syscall {\ndeny ioctl(cmd == 1\nkill ptrace, foo bar\n} }",
			"3:1 3:18" },
		{ "profile w { syscall {\ndeny ioctl(cmd = 1 and\n fd == 2)\nkill a(b)\n} }",
			"2:16 4:9" },
		{ "profile w { syscall { deny a(b == 1; deny c(d) } }", "1:36 1:46" },
		{ "profile w { file { allow read { /x\n /y }\n allow foo } }", "1:31 3:8" },
		{ "profile w { { allow read }\nallow foo }", "1:13 2:7" },
		{ "profile w { syscall {\ndeny a(b not {C, D})\n} }\nuse 3.4", "2:14 4:5" },
		/* a comma too many; names that look like statements but are members */
		{ "let a = /x,\n\nprofile w { allow foo }", "1:12 3:19" },
		{ "profile w { syscall {\ndeny a,\nkill\ndeny b,\nkill errno EPERM\ndeny c,\nkill "
		  "d\n} }",
			"6:8" },
		/* a block in a block */
		{ "profile w {\n  file {\n    process { allow foo }\n    allow foo\n  }\n}",
			"3:5 4:11" },
		/* words */
		{ "profile w { file {\nallow read /a{b, /c\nallow read \"/a\nallow read "
		  "/a#b\nallow read "
		  "~/x, ~/y\nallow read /$, /x\n} }",
			"2:12 3:12 4:14 5:12 6:12" },
		{ "profile w { limit { memory 0644 } }", "1:28" },
		/* shapes */
		{ "profile w {\nallow read /x errno EPERM\nquiet allow read /x\ndeny connect tcp, "
		  "unix "
		  "/x\nallow fork owner\nallow read drift\ndeny exec /x as y\nallow read /x in "
		  "y\n}",
			"2:15 3:1 4:19 5:12 6:12 7:14 8:15" },
		{ "test \"t\" for w {\nkill read /x\nallow read /x, /y\nallow read /x owner errno "
		  "EIO\nallow "
		  "signal to "
		  "self\n}",
			"2:1 3:16 4:21 5:13" },
		/* nothing follows an error on its own line's bytes */
		{ "profile w {\nallow \xff read ~ /x\nallow foo\n}", "2:7 3:7" },
	};

	static const char nul[] = "use a\0b\nuse \0, \0\n\x01\nuse b";

	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		expect_errors(tests[i][0], strlen(tests[i][0]), tests[i][1]);
	expect_errors(nul, sizeof(nul) - 1, "1:6 2:5 3:1");
}

static char *repeated(
	const char *before, const char *what, size_t n, const char *after, size_t *len)
{
	struct text t = TEXT_INIT;

	text_puts(&t, before);
	for (size_t i = 0; i < n; i++)
		text_puts(&t, what);
	text_puts(&t, after);
	*len = t.len;
	return text_take(&t);
}

static void nesting(void **state)
{
	struct parsed p;
	size_t len;
	char *s = repeated("", "profile a {", 64, "", &len),
	     *close = repeated("", "}", 64, "", &len);
	struct text t = TEXT_INIT;

	text_printf(&t, "%s%s", s, close);
	parse_bytes(&p, text_str(&t), t.len);
	assert_int_equal(p.diags.n, 0);
	finish(&p);
	text_clear(&t);
	text_printf(&t, "%s\nfile { allow foo }\n%s\nprofile b { allow foo }", s, close);
	expect_errors(text_str(&t), t.len, "2:1 4:19");
	text_release(&t);
	free(s);
	free(close);
}

/* Long lines: seconds would mean that something is not linear. A sanitizer makes it slower. */
static void long_lines(void **state)
{
	static const struct {
		const char *before, *what, *after;
		uint32_t errors;
	} tests[] = {
		{ "profile w { allow read /", "a", " }", 0 },
		{ "profile w { allow read /", "\\a", " }", 0 },
		{ "profile w { allow read /", "{", " }", 1 },
		{ "profile w { allow read /", "[", " }", 1 },
		{ "profile w { allow read /", "${", "\n}", 1 },
		{ "profile w { allow read \"", "a", " }", 2 },
		{ "profile w { allow read ", "\"a ", "\n}", 3 },
		{ "profile w { allow read ", "/a, ", "/a }",
			1 }, /* beyond the words of a statement */
		{ "profile w { syscall { deny a(b in {", "1,", "1}) } }", 1 },
		{ "profile w { syscall { deny a(b == ", "1|", "1) } }", 1 },
		{ "", "(", "", 1 },
		{ "", "{", "", 1 },
		{ "", "}", "", 1 },
		{ "", "profile a {", "", 2 },
		{ "#", "#", "", 0 },
		{ "", " ", "", 0 },
		{ "", "a", "", 1 },
		{ "", "\x01", "", 1 },
		{ "# ", "\xff", "", 1 },
	};
	const size_t bytes = (size_t)10 << 20;

	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		struct timespec from, to;
		struct parsed p;
		size_t len;
		char *s = repeated(tests[i].before, tests[i].what, bytes / strlen(tests[i].what),
			tests[i].after, &len);

		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
		parse_bytes(&p, s, len);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
		if (p.diags.n_errors != tests[i].errors || to.tv_sec - from.tv_sec > 20)
			fail_msg("'%s' repeated: %u errors, %ld s", tests[i].what, p.diags.n_errors,
				(long)(to.tv_sec - from.tv_sec));
		finish(&p);
		free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(declarations),
		cmocka_unit_test(blocks_and_rules),
		cmocka_unit_test(predicates),
		cmocka_unit_test(no_word_is_reserved),
		cmocka_unit_test(tests_and_requests),
		cmocka_unit_test(recovery),
		cmocka_unit_test(nesting),
		cmocka_unit_test(long_lines),
	};

	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
