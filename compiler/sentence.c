/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/sentence.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

/* What is done to a path. Of an operation that others hold the first that stands here is said. */
static const struct {
	enum operation operation;
	const char *verb;
	uint64_t holds;
} path_verbs[] = {
	{ OP_EXEC, "execute", OP_BIT(OP_READ) | OP_BIT(OP_MAP) },
	{ OP_READ, "read", 0 },
	{ OP_WRITE, "write", OP_BIT(OP_APPEND) },
	{ OP_APPEND, "append to", 0 },
	{ OP_CREATE, "create", 0 },
	{ OP_DELETE, "delete", 0 },
	{ OP_RENAME, "rename", 0 },
	{ OP_LINK, "link", 0 },
	{ OP_SETATTR, "change the attributes of", 0 },
	{ OP_MAP, "map as code", 0 },
	{ OP_IOCTL, "control", 0 },
	{ OP_LOCK, "lock", 0 },
	{ OP_UMOUNT, "unmount", 0 },
};

#define N_PATH_VERBS (sizeof(path_verbs) / sizeof(*path_verbs))

/* A list "a, b and c", of which it is known only at its end which is the last. */
struct list {
	struct text *to;
	struct text item; /* not written yet */
	uint32_t n;
	const char *last; /* " and ", " or " */
};

static struct text *list_next(struct list *l)
{
	if (l->item.len) {
		text_puts(l->to, l->n++ ? ", " : "");
		text_add(l->to, text_str(&l->item), l->item.len);
		text_clear(&l->item);
	}
	return &l->item;
}

static void list_end(struct list *l)
{
	if (l->item.len) {
		text_puts(l->to, l->n ? l->last : "");
		text_add(l->to, text_str(&l->item), l->item.len);
	}
	text_release(&l->item);
}

static bool refuses(const struct rule *rule)
{
	return rule->effect == EFFECT_DENY || rule->effect == EFFECT_KILL;
}

/* What a prohibition names is one or the other. */
static struct list list_of(struct text *to, const struct rule *rule)
{
	return (struct list){ .to = to, .last = refuses(rule) ? " or " : " and " };
}

/* @all: what is named is named as a whole, rather than any part of it. */
static void put_glob(struct text *t, const struct glob *g, bool all)
{
	size_t len = g->len;

	/* Its text after the prefix says whether it is of the two forms that have words. */
	if (g->prefix_len && g->prefix[g->prefix_len - 1] == '/' && !strchr(g->text, '\\')) {
		if (len == g->prefix_len + 2 && !memcmp(g->text + g->prefix_len, "**", 2)) {
			text_puts(t, all ? "everything below " : "anything below ");
			len -= 2;
		} else if (len == g->prefix_len + 1 && g->text[g->prefix_len] == '*') {
			text_puts(t, all ? "all files directly in " : "any file directly in ");
			len--;
		} else if (len == g->prefix_len) {
			text_puts(t, "the folder ");
		}
	}
	text_escaped(t, g->text, len);
}

static void put_globs(struct list *l, const struct globs *globs, bool all)
{
	for (uint32_t i = 0; i < globs->n; i++)
		put_glob(list_next(l), globs->v[i], all);
}

static void put_except_globs(struct text *t, const struct globs *globs)
{
	struct list l = { .to = t, .last = " and " };

	if (!globs->n)
		return;
	text_puts(t, ", but for ");
	put_globs(&l, globs, true);
	list_end(&l);
}

static void put_paths(struct text *t, const struct rule *rule)
{
	struct list l = list_of(t, rule);

	if (rule->any_path && rule->classes == 1u << CLASS_DRIFT)
		text_puts(t, "files that are not as the image shipped them");
	else if (rule->any_path && rule->classes == 1u << CLASS_ANONYMOUS)
		text_puts(t, "files without a path (memfd, deleted)");
	else if (rule->any_path)
		text_puts(t, "anything");
	else
		put_globs(&l, &rule->paths, !refuses(rule));
	list_end(&l);
	put_except_globs(t, &rule->except_paths);
}

/* Which of the files that paths name are meant: classes count for exec and map alone. */
static void put_class(struct text *t, const struct rule *rule)
{
	uint64_t as_code = rule->operations & (OP_BIT(OP_EXEC) | OP_BIT(OP_MAP));

	if (!as_code || rule->any_path)
		return;
	if (rule->classes == 1u << CLASS_DRIFT)
		text_puts(t, ", where not as shipped by the image");
	else if (rule->classes == 1u << CLASS_PLAIN)
		text_puts(t, as_code == rule->operations
				     ? ", as shipped by the image"
				     : ", as code only as shipped by the image");
}

static void put_path_rule(struct text *t, const struct policy *p, const struct rule *rule)
{
	uint64_t left = rule->operations;
	struct list l = list_of(t, rule);

	for (size_t i = 0; i < N_PATH_VERBS; i++) {
		if (!(left & OP_BIT(path_verbs[i].operation)))
			continue;
		text_puts(list_next(&l), path_verbs[i].verb);
		left &= ~path_verbs[i].holds;
	}
	list_end(&l);
	text_putc(t, ' ');
	put_paths(t, rule);
	put_class(t, rule);
	if (rule->owner)
		text_puts(t, ", where the file is its own user's");
	if (rule->transition >= 0) {
		text_puts(t, ", which runs as ");
		text_escaped(t, p->domains[rule->transition]->name,
			strlen(p->domains[rule->transition]->name));
	}
}

static void put_endpoint(struct text *t, const struct endpoint *e)
{
	char s[INET6_ADDRSTRLEN] = "";
	bool six = e->family == 6;

	if (e->port_lo == e->port_hi)
		text_printf(t, "port %u of ", e->port_lo);
	else if (e->port_lo != 0 || e->port_hi != UINT16_MAX)
		text_printf(t, "ports %u to %u of ", e->port_lo, e->port_hi);
	if (!e->family) {
		text_puts(t, "any address");
		return;
	}
	inet_ntop(six ? AF_INET6 : AF_INET, e->address, s, sizeof(s));
	if (!e->prefix)
		text_printf(t, "any IPv%u address", e->family);
	else if (e->prefix == (six ? 128 : 32))
		text_puts(t, s);
	else
		text_printf(t, "%s/%u", s, e->prefix);
}

static void put_endpoints(struct text *t, const struct rule *rule, const struct endpoints *list)
{
	struct list l = list_of(t, rule);

	for (uint32_t i = 0; i < list->n; i++)
		put_endpoint(list_next(&l), &list->v[i]);
	list_end(&l);
}

static void put_socket_globs(struct list *l, const struct globs *globs, const char *kind)
{
	for (uint32_t i = 0; i < globs->n; i++) {
		struct text *t = list_next(l);

		text_printf(
			t, globs->v[i]->literal ? "the %ssocket " : "%ssockets that match ", kind);
		text_escaped(t, globs->v[i]->text, globs->v[i]->len);
	}
}

static void put_sockets(struct text *t, const struct rule *rule)
{
	struct list l = list_of(t, rule), except = { .to = t, .last = " and " };

	if (rule->any_path)
		text_puts(list_next(&l), "any Unix socket");
	put_socket_globs(&l, &rule->paths, "");
	put_socket_globs(&l, &rule->names, "abstract ");
	list_end(&l);
	if (rule->except_paths.n + rule->except_names.n)
		text_puts(t, ", but for ");
	put_socket_globs(&except, &rule->except_paths, "");
	put_socket_globs(&except, &rule->except_names, "abstract ");
	list_end(&except);
}

static const char *network_verb(const struct rule *rule, const char **preposition)
{
	bool connects = rule->operations & OP_BIT(OP_CONNECT);
	bool listens = rule->operations & OP_BIT(OP_LISTEN);

	*preposition = connects && listens ? "to or at" : listens ? "at" : "to";
	if (connects && listens)
		return refuses(rule) ? "connect or listen" : "connect and listen";
	return listens ? "listen" : "connect";
}

static void put_network(struct text *t, const struct rule *rule)
{
	uint32_t unix_bit = 1u << PROTOCOL_UNIX, others = rule->protocols & ~unix_bit;
	struct list l = list_of(t, rule);
	const char *preposition;

	text_puts(t, network_verb(rule, &preposition));
	if (others)
		text_puts(t, " by ");
	for (int i = 0; i < PROTOCOL_COUNT; i++) {
		if (others & 1u << i)
			text_puts(list_next(&l), protocol_names[i]);
	}
	list_end(&l);
	text_printf(t, " %s ", preposition);
	if (others) {
		put_endpoints(t, rule, &rule->endpoints);
		if (rule->except_endpoints.n) {
			text_puts(t, ", but for ");
			put_endpoints(t, rule, &rule->except_endpoints);
		}
	}
	if (!(rule->protocols & unix_bit))
		return;
	if (others)
		text_printf(t, "%s %s ", refuses(rule) ? ", or" : ", and", preposition);
	put_sockets(t, rule);
}

static void put_target(struct text *t, const struct policy *p, const struct rule *rule)
{
	if (rule->target == TARGET_SELF)
		text_puts(t, "its own processes");
	else if (rule->target == TARGET_ANY)
		text_puts(t, "any process");
	else
		text_escaped(t, p->domains[rule->target_domain]->name,
			strlen(p->domains[rule->target_domain]->name));
}

static void put_signals(struct text *t, const struct policy *p, const struct rule *rule)
{
	struct list l = list_of(t, rule);
	uint64_t all = 0;

	for (int i = 1; i <= 64; i++) {
		if (vocab_signal_name(i))
			all |= (uint64_t)1 << (i - 1);
	}
	text_puts(t, "send ");
	if ((rule->signals & all) == all) {
		text_puts(t, "any signal");
	} else {
		for (int i = 1; i <= 64; i++) {
			if (vocab_signal_name(i) && rule->signals >> (i - 1) & 1)
				text_puts(list_next(&l), vocab_signal_name(i));
		}
	}
	list_end(&l);
	text_puts(t, " to ");
	put_target(t, p, rule);
}

static void put_families(struct text *t, const struct rule *rule)
{
	struct list l = list_of(t, rule);

	text_puts(t, "open sockets of the kinds ");
	for (uint32_t i = 0; i < vocab_n_families; i++) {
		struct text *item;

		if (!(rule->families >> i & 1))
			continue;
		item = list_next(&l);
		text_puts(item, vocab_families[i].name);
		if (!rule->netlink || strcmp(vocab_families[i].name, "netlink") != 0)
			continue;
		for (int n = 0, first = 1; n < 32; n++) {
			if (rule->netlink >> n & 1 && vocab_netlink_name(n)) {
				text_printf(
					item, "%s%s", first ? "(" : ", ", vocab_netlink_name(n));
				first = 0;
			}
		}
		text_putc(item, ')');
	}
	list_end(&l);
}

static void put_mount_flags(struct text *t, uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} names[] = { { MOUNT_RO, "ro" }, { MOUNT_NOSUID, "nosuid" }, { MOUNT_NODEV, "nodev" },
		{ MOUNT_NOEXEC, "noexec" } };
	struct list l = { .to = t, .last = " and " };

	if (!flags)
		return;
	text_puts(t, ", if it is ");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (flags & names[i].flag)
			text_puts(list_next(&l), names[i].name);
	}
	list_end(&l);
}

static void put_mount(struct text *t, const struct rule *rule)
{
	bool bind = rule->operations & OP_BIT(OP_BIND);
	struct list from = list_of(t, rule), on = list_of(t, rule);

	text_puts(t, bind ? "show " : "mount ");
	if (!bind && rule->fstype)
		text_escaped(t, rule->fstype, strlen(rule->fstype));
	else if (!bind)
		text_puts(t, "any file system");
	if (rule->sources.n) {
		text_puts(t, bind ? "" : " from ");
		put_globs(&from, &rule->sources, !refuses(rule));
	} else if (bind) {
		text_puts(t, "anything");
	}
	list_end(&from);
	text_puts(t, bind ? " at a second place, " : " on ");
	if (rule->any_path || !rule->paths.n)
		text_puts(t, "anything");
	else
		put_globs(&on, &rule->paths, !refuses(rule));
	list_end(&on);
	put_except_globs(t, &rule->except_paths);
	put_mount_flags(t, rule->mount_flags);
}

static void put_value(struct text *t, const struct syscall_test *test, uint64_t v)
{
	if (test->argument->is_signed)
		text_printf(t, "%" PRId64, (int64_t)v);
	else if (v > 9)
		text_printf(t, "0x%" PRIx64, v);
	else
		text_printf(t, "%" PRIu64, v);
}

static void put_test(struct text *t, const struct syscall_test *test)
{
	text_printf(t, "%s ", test->argument->name);
	switch (test->kind) {
	case TEST_RANGE:
		text_puts(t, test->negated ? "is not within " : "is within ");
		put_value(t, test, test->values[0]);
		text_puts(t, " to ");
		put_value(t, test, test->values[1]);
		break;
	case TEST_MASK:
		text_printf(t, "with the bits 0x%" PRIx64 " %s ", test->mask,
			test->negated ? "is not" : "is");
		put_value(t, test, test->values[0]);
		break;
	case TEST_IN: {
		struct list l = { .to = t, .last = " or " };

		text_puts(t, test->negated ? "is not " : "is ");
		for (uint32_t i = 0; i < test->n_values; i++)
			put_value(list_next(&l), test, test->values[i]);
		list_end(&l);
	}
	}
}

static void put_calls(struct text *t, const struct rule *rule, const struct syscall_matches *calls)
{
	struct list l = list_of(t, rule);

	for (uint32_t i = 0; i < calls->n; i++) {
		const struct syscall_match *m = &calls->v[i];
		struct text *item = list_next(&l);

		text_puts(item, vocab_syscalls[m->syscall].name);
		for (uint32_t k = 0; k < m->n_tests; k++) {
			text_puts(item, k ? " and " : " (where ");
			put_test(item, &m->tests[k]);
		}
		if (m->n_tests)
			text_putc(item, ')');
	}
	list_end(&l);
}

static void put_syscall_rule(struct text *t, const struct rule *rule)
{
	text_puts(t, "call ");
	put_calls(t, rule, &rule->calls);
	if (rule->only)
		text_puts(t, "; calls that other rules need are not added");
	if (rule->except_calls.n) {
		text_puts(t, ", but for ");
		put_calls(t, rule, &rule->except_calls);
	}
}

static void put_capabilities(struct text *t, const struct rule *rule)
{
	struct list l = list_of(t, rule);

	text_puts(t, rule->capabilities & (rule->capabilities - 1) ? "use the capabilities "
								   : "use the capability ");
	for (int i = 0; i < VOCAB_N_CAPABILITIES; i++) {
		if (rule->capabilities >> i & 1)
			text_puts(list_next(&l), vocab_capability_name(i));
	}
	list_end(&l);
}

static void put_size(struct text *t, uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB" };
	size_t unit = 0;

	while (unit < 3 && bytes && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	text_printf(t, "%" PRIu64 " %s", bytes, units[unit]);
}

static void put_limit(struct text *t, const struct rule *rule)
{
	uint64_t n = rule->limit_value;

	switch (rule->limit) {
	case LIMIT_PROCESSES:
		text_printf(t, "have at most %" PRIu64 " processes and threads", n);
		break;
	case LIMIT_OPEN_FILES:
		text_printf(t, "have at most %" PRIu64 " files open in each process", n);
		break;
	case LIMIT_CPU:
		text_printf(t, "use at most %" PRIu64 " %% of a processor", n);
		break;
	case LIMIT_MEMORY:
		text_puts(t, "use at most ");
		put_size(t, n);
		text_puts(t, " of memory");
		break;
	case LIMIT_FILE_SIZE:
		text_puts(t, "make files of at most ");
		put_size(t, n);
		break;
	case LIMIT_COUNT:
		break;
	}
}

/* fork and userns may stand in one rule. */
static void put_bare(struct text *t, const struct rule *rule)
{
	struct list l = list_of(t, rule);

	for (int op = 0; op < OP_COUNT; op++) {
		if (rule->operations & OP_BIT(op))
			text_puts(list_next(&l), vocab_operations[op].summary);
	}
	list_end(&l);
}

const char *sentence_refusal(const struct policy *p)
{
	return p->audit ? "would not be allowed to " : "may not ";
}

static const char *effect_words(const struct policy *p, const struct rule *rule)
{
	if (rule->operations & OP_BIT(OP_LIMIT) || !refuses(rule))
		return "may ";
	if (rule->effect == EFFECT_DENY)
		return sentence_refusal(p);
	return p->audit ? "would be killed when it tries to " : "is killed when it tries to ";
}

static void put_object(struct text *t, const struct policy *p, const struct rule *rule)
{
	switch (vocab_operations[__builtin_ctzll(rule->operations)].object) {
	case OBJECT_PATH:
		put_path_rule(t, p, rule);
		break;
	case OBJECT_NETWORK:
		put_network(t, rule);
		break;
	case OBJECT_SIGNAL:
		put_signals(t, p, rule);
		break;
	case OBJECT_TASK:
		text_puts(t, "trace, or read the memory of, ");
		put_target(t, p, rule);
		break;
	case OBJECT_FAMILY:
		put_families(t, rule);
		break;
	case OBJECT_MOUNT:
		put_mount(t, rule);
		break;
	case OBJECT_SYSCALL:
		put_syscall_rule(t, rule);
		break;
	case OBJECT_CAPABILITY:
		put_capabilities(t, rule);
		break;
	case OBJECT_LIMIT:
		put_limit(t, rule);
		break;
	case OBJECT_NONE:
		put_bare(t, rule);
		break;
	}
}

void sentence_of_rule(struct text *to, const struct policy *p, const struct rule *rule)
{
	text_puts(to, effect_words(p, rule));
	put_object(to, p, rule);
	if (rule->errnum && refuses(rule) && vocab_errno_name(rule->errnum))
		text_printf(to, ", which %s with %s", p->audit ? "would fail" : "fails",
			vocab_errno_name(rule->errnum));
	if (rule->quiet)
		text_puts(to, ", and nobody is told");
	if (rule->effect == EFFECT_AUDIT)
		text_puts(to, ", and each time is reported");
}
