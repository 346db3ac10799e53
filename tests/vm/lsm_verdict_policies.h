/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_LSM_VERDICT_POLICIES_H
#define PALE_TESTS_LSM_VERDICT_POLICIES_H

/*
 * Random policies for test_lsm_verdicts.c, about what lsm_verdict_objects.h has. Chance also writes
 * what is an error, such as rules with different errnos for one object: then another is drawn.
 */

#include "compiler/base/text.h"
#include "tests/vm/lsm_verdict_objects.h"

/* Quoted: globs work in quotes too. */
static void random_path(struct text *to)
{
	static const char *const trees[] = { "/tmp/v", "/srv/v", "/*/v", "/{tmp,srv}/v",
		"/tmp/v/**", "/srv/**" };
	static const char *const wide[] = { "\"/*/v/**\"", "\"/tmp/v/**\"", "\"/{tmp,srv}/v/**\"",
		"\"/*/v/**/*\"", "\"/srv/v/**{/,}\"" };
	static const char *const places[] = { "", "", "", "/data", "/etc", "/*", "/**", "/d*",
		"/{data,etc}", "/data/bin", "/?ata", "/[!e]*" };
	static const char *const globs[] = { "*", "**", "a*", "{a,b}", "[a-c]*", "?", "*.so",
		"[!a]*", "*.key", "{new,prog}*", "s*", ".*", "{a,,x}b", "**/x", "\\xe2*", "*\\ *" };

	if (chance(25)) {
		text_puts(to, ONE_OF(wide));
		return;
	}
	text_printf(to, "\"%s%s/", ONE_OF(trees), ONE_OF(places));
	if (chance(50))
		text_puts(to, ONE_OF(globs));
	else
		text_puts(to, ONE_OF(leaves));
	text_puts(to, chance(20) ? "/\"" : "\"");
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
	static const char *const effects[] = { "allow", "allow", "allow", "allow", "allow", "audit",
		"audit", "audit", "deny", "quiet deny", "kill" };

	return ONE_OF(effects);
}

static void random_errno(struct text *to, const char *effect)
{
	static const char *const names[] = { "ENOENT", "EROFS", "EPERM" };

	if (!strcmp(effect, "deny") && chance(20))
		text_printf(to, " errno %s", ONE_OF(names));
}

static void random_file(struct text *to)
{
	static const char *const operations[] = { "read", "read", "write", "append", "create",
		"delete", "rename", "link", "setattr", "map", "ioctl", "lock", "modify" };
	const char *effect = random_effect();

	text_printf(to, "  %s %s", effect, ONE_OF(operations));
	for (uint32_t n = random_below(*effect == 'a' ? 8 : 3); n > 0; n--)
		text_printf(to, ", %s", ONE_OF(operations));
	text_putc(to, ' ');
	random_paths(to, 3);
	if (chance(30)) {
		text_puts(to, " except ");
		random_paths(to, 2);
	}
	if (chance(20))
		text_puts(to, " owner");
	random_errno(to, effect);
	text_putc(to, '\n');
}

/* @enters: a sub-profile; all rules that match a path have to agree on it. */
static void random_exec(struct text *to, bool enters)
{
	static const char *const classed[] = { "exec drift", "map drift", "exec anonymous",
		"map anonymous", "exec, map drift", "exec, map anonymous" };
	const char *effect = random_effect();

	text_printf(to, "  %s ", effect);
	if (chance(40)) {
		text_puts(to, ONE_OF(classed));
		if (chance(40) && !strstr(to->s + to->len - 9, "anonymous")) {
			text_putc(to, ' ');
			random_paths(to, 2);
		}
	} else {
		text_puts(to, "exec ");
		random_paths(to, 2);
		if (chance(20)) {
			text_puts(to, " except ");
			random_path(to);
		}
		if (chance(20))
			text_puts(to, " owner");
		if (enters && *effect == 'a')
			text_puts(to, " as s");
	}
	random_errno(to, effect);
	text_putc(to, '\n');
}

static void random_ports(struct text *to)
{
	static const char *const ports[] = { "*", "*", "7100-7102", "7101", "7103-7300", "7200",
		"7201-7203", "1-1023", "82" };

	text_printf(to, ":%s", ONE_OF(ports));
}

static void random_endpoint(struct text *to)
{
	static const char *const addresses[] = { "*", "*", "127.0.0.1", "127.0.0.0/8",
		"127.0.0.0/8", "127.0.0.0/30", "127.0.1.0/24", "0.0.0.0", "0.0.0.0/1", "[::1]",
		"[::]", "[::/64]", "[::/0]", "[::ffff:127.0.0.0/104]" };

	text_puts(to, ONE_OF(addresses));
	random_ports(to);
}

static void random_network(struct text *to)
{
	static const char *const protocols[] = { "tcp", "udp", "tcp, udp", "tcp, udp" };
	static const char *const abstract[] = { "*", "v-*", "v-a", "v-{a,new}", "v-[!a]*",
		"\\x00*" };
	const char *effect = random_effect(), *operation = chance(50) ? "connect" : "listen";

	text_printf(to, "  %s %s ", effect, operation);
	switch (random_below(5)) {
	case 0:
		text_printf(to, "unix abstract:%s", ONE_OF(abstract));
		break;
	case 1:
		text_puts(to, "unix ");
		random_path(to);
		break;
	default:
		text_printf(to, "%s ", ONE_OF(protocols));
		random_endpoint(to);
		if (chance(30)) {
			text_puts(to, " except ");
			random_endpoint(to);
		}
	}
	random_errno(to, effect);
	text_putc(to, '\n');
}

static void random_task(struct text *to, bool has_sub)
{
	static const char *const signals[] = { "", "TERM", "TERM, HUP", "RTMIN, USR1",
		"HUP, RTMAX" };
	static const char *const targets[] = { "self", "any", "p/s" };
	const char *effect = random_effect(), *target = targets[random_below(has_sub ? 3 : 2)];

	switch (random_below(8)) {
	case 0:
	case 1:
		text_printf(to, "  %s ptrace %s", effect, target);
		break;
	case 2:
		text_printf(to, "  %s userns", effect);
		break;
	case 3: /* too much hangs on it to refuse it often */
		text_printf(to, "  %s fork", chance(50) && *effect != 'a' ? "audit" : effect);
		break;
	default:
		text_printf(to, "  %s signal %s to %s", effect, ONE_OF(signals), target);
	}
	random_errno(to, effect);
	text_putc(to, '\n');
}

static void random_capability(struct text *to)
{
	const char *effect = random_effect();

	text_printf(to, "  %s capability %s", effect, ONE_OF(capability_words));
	for (uint32_t n = random_below(7); n > 0; n--)
		text_printf(to, ", %s", ONE_OF(capability_words));
	random_errno(to, effect);
	text_putc(to, '\n');
}

static void random_socket(struct text *to)
{
	static const char *const families[] = { "raw", "netlink", "netlink(ROUTE)",
		"netlink(GENERIC, AUDIT)", "raw, packet", "netlink(KOBJECT_UEVENT, ROUTE), vsock" };
	const char *effect = random_effect();

	text_printf(to, "  %s socket %s", effect, ONE_OF(families));
	random_errno(to, effect);
	text_putc(to, '\n');
}

static void random_rules(struct text *to, uint32_t n, bool enters, bool has_sub)
{
	for (; n > 0; n--) {
		switch (random_below(12)) {
		case 0:
			random_exec(to, enters);
			break;
		case 1:
			random_task(to, has_sub);
			break;
		case 2:
		case 3:
			random_network(to);
			break;
		case 4:
			random_capability(to);
			break;
		case 5:
			random_socket(to);
			break;
		default:
			random_file(to);
		}
	}
}

/* What most cases would be refused without. */
static void wide_rules(struct text *to, bool enters)
{
	static const char *const rules[] = { "connect tcp, udp *:*", "listen tcp, udp *:*",
		"connect tcp, udp 127.0.0.0/8:* except 127.0.0.2:*", "listen tcp [::/0]:*",
		"connect unix abstract:**", "listen unix abstract:**", "connect unix \"/*/v/**\"",
		"listen unix \"/*/v/**\"", "socket raw, netlink", "signal to any", "ptrace any",
		"userns", "exec, map anonymous", "map drift \"/*/v/**\"", "exec drift \"/*/v/**\"",
		"map \"/*/v/**\"", "read, append, write, create, setattr \"/*/v/**\"",
		"read, rename, link, delete, ioctl, lock \"/*/v/**\"" };

	for (size_t i = 0; i < N(rules); i++)
		if (chance(25))
			text_printf(to, "  %s %s\n", chance(50) ? "allow" : "audit", rules[i]);
	if (chance(40))
		text_printf(to, "  allow exec \"/*/v/**\"%s\n", enters ? " as s" : "");
	if (chance(40)) {
		text_printf(to, "  audit capability %s", capability_words[0]);
		for (size_t i = 1; i < N(capability_words); i++)
			if (chance(70))
				text_printf(to, ", %s", capability_words[i]);
		text_putc(to, '\n');
	}
}

/* Rules of a fragment need not have an effect. */
static void random_fragment(
	struct text *to, const char *name, uint32_t n, bool enters, bool has_sub)
{
	text_printf(to, "fragment %s {\n", name);
	wide_rules(to, enters);
	random_rules(to, n, enters, has_sub);
	text_puts(to, "}\n");
}

static void frame(struct text *to, const char *included, const char *program)
{
	text_printf(to,
		"  include %s\n  allow exec %s\n"
		"  allow read, map /usr/lib/**\n  allow read /etc/ld.so.cache\n",
		included, program);
}

/* @actor and @entry: the programs that the profile runs and that lead into its sub-profile. */
static void random_policy(struct text *to, const char *actor, const char *entry)
{
	bool has_sub = chance(50);

	text_clear(to);
	random_fragment(to, "own", 4 + random_below(16), has_sub && chance(50), has_sub);
	if (has_sub)
		random_fragment(to, "subs", 2 + random_below(12), false, true);
	text_puts(to, "profile p {\n");
	if (chance(8))
		text_puts(to, "  mode audit\n");
	if (chance(10))
		text_puts(to, "  on violation kill\n");
	frame(to, "own", actor);
	random_rules(to, random_below(3), false, has_sub);
	if (has_sub) {
		text_printf(to, "  allow exec %s as s\n  profile s {\n", entry);
		if (chance(10))
			text_puts(to, "  on violation kill\n");
		frame(to, "subs", entry);
		text_puts(to, "  }\n");
	}
	text_puts(to, "}\n");
}

#endif
