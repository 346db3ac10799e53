/* SPDX-License-Identifier: Apache-2.0 */
/* Random policies, with the seed printed: blob and decide() mean the same. */
#include "tests/unit/lsm_requests.h"

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
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_policies),
	};

	random_seed(20260731);
	return cmocka_run_group_tests_name("emit_lsm_random", tests, NULL, NULL);
}
