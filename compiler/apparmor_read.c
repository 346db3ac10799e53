/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/apparmor_read.h"

#include "compiler/apparmor_links.h"
#include "compiler/base/cleanup.h"
#include "compiler/emit_apparmor.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* Signal 0 only asks whether a process is there. */
const char *const apparmor_unmediated[] = { "dbus,", "unix,", "network unix,", "signal (receive),",
	"signal (send) set=(exists),", "ptrace (readby tracedby),", NULL };

#define N_UNMEDIATED (sizeof(apparmor_unmediated) / sizeof(*apparmor_unmediated) - 1)

struct network_lines {
	bool all;
	uint32_t inet, inet6;
	uint64_t families[2];
};

/* What one profile's lines come to. */
struct profile {
	struct apparmor_rules rules;
	struct apparmor_links links;
	struct apparmor_mounts mounts;
	uint64_t capabilities;
	struct network_lines network;
	/* [domain], and the last one for those without a peer: bit (number - 1) */
	uint64_t *signals, *signals_denied;
	bool *ptrace, *ptrace_denied;
	bool pivot;
	uint32_t unmediated; /* bit (index) */
};

struct reader {
	const struct policy *p;
	struct arena *arena;
	const char **names; /* [domain] */
	const char *s, *end;
	struct profile *to;
};

/* ---- words */

static bool take(struct reader *r, const char *what)
{
	size_t n = strlen(what);

	if ((size_t)(r->end - r->s) < n || memcmp(r->s, what, n) != 0)
		return false;
	r->s += n;
	return true;
}

/* What stands between quotes: a backslash takes the meaning of the byte after it. */
static const char *quoted(struct reader *r)
{
	const char *begin;

	if (!take(r, "\""))
		return NULL;
	begin = r->s;
	while (r->s < r->end && *r->s != '"') {
		if (*r->s == '\n' || *r->s == 0)
			return NULL;
		r->s += *r->s == '\\' && r->s + 1 < r->end ? 2 : 1;
	}
	if (r->s >= r->end)
		return NULL;
	return arena_memdup(r->arena, begin, (size_t)(r->s++ - begin));
}

/* Letters, digits and what names of signals and capabilities have. */
static size_t word(struct reader *r, const char **ret)
{
	*ret = r->s;
	while (r->s < r->end && *r->s && strchr("abcdefghijklmnopqrstuvwxyz0123456789_+", *r->s))
		r->s++;
	return (size_t)(r->s - *ret);
}

/* The domain whose profile @name is; -1. */
static int32_t domain_named(const struct reader *r, const char *name)
{
	for (uint32_t d = 0; name && d < r->p->n_domains; d++) {
		if (!strcmp(r->names[d], name))
			return (int32_t)d;
	}
	return -1;
}

/* ` peer="NAME"`, or nothing, which stands behind the last domain. */
static bool read_peer(struct reader *r, uint32_t *ret)
{
	int32_t d;

	*ret = r->p->n_domains;
	if (!take(r, " peer="))
		return true;
	d = domain_named(r, quoted(r));
	*ret = (uint32_t)d;
	return d >= 0;
}

/* ---- lines */

static bool read_capability(struct reader *r)
{
	const char *s;
	size_t n = word(r, &s);

	for (int i = 0; i < VOCAB_N_CAPABILITIES; i++) {
		const char *name = vocab_capability_name(i);

		if (strlen(name) == n && !memcmp(name, s, n)) {
			r->to->capabilities |= UINT64_C(1) << i;
			return true;
		}
	}
	return false;
}

static bool read_network(struct reader *r)
{
	struct network_lines *to = &r->to->network;
	const char *s;
	int family;
	size_t n;

	if (!take(r, " ")) {
		to->all = true;
		return true;
	}
	n = word(r, &s);
	family = apparmor_family_find(s, n);
	if (family < 0)
		return false;
	if (!take(r, " ")) {
		to->families[family / 64] |= UINT64_C(1) << family % 64;
		return true;
	}
	n = word(r, &s);
	for (int i = 0; i < APPARMOR_N_SOCKET_TYPES; i++) {
		const char *type = apparmor_socket_types[i];

		if (strlen(type) != n || memcmp(type, s, n) != 0)
			continue;
		if (family == AF_INET)
			to->inet |= 1u << i;
		else if (family == AF_INET6)
			to->inet6 |= 1u << i;
		else
			return false;
		return true;
	}
	return false;
}

static bool read_signal(struct reader *r, bool audit, bool deny)
{
	uint64_t signals = UINT64_MAX;
	uint32_t peer;

	if (audit != deny)
		return false;
	if (take(r, " set=(")) {
		signals = 0;
		do {
			const char *s;
			size_t n = word(r, &s);
			int number = apparmor_signal_find(s, n);

			if (number < 1)
				return false;
			signals |= UINT64_C(1) << (number - 1);
		} while (take(r, " "));
		if (!take(r, ")"))
			return false;
	}
	if (!read_peer(r, &peer))
		return false;
	(deny ? r->to->signals_denied : r->to->signals)[peer] |= signals;
	return true;
}

static bool read_ptrace(struct reader *r, bool audit, bool deny)
{
	uint32_t peer;

	if (audit != deny || !read_peer(r, &peer))
		return false;
	(deny ? r->to->ptrace_denied : r->to->ptrace)[peer] = true;
	return true;
}

static bool read_flags(struct reader *r, uint32_t *ret)
{
	*ret = 0;
	if (!take(r, "("))
		return false;
	do {
		const char *s;
		size_t n = word(r, &s);
		uint32_t i = 0;

		while (i < APPARMOR_N_FLAGS && (strlen(apparmor_flag_names[i]) != n ||
						       memcmp(apparmor_flag_names[i], s, n) != 0))
			i++;
		if (i == APPARMOR_N_FLAGS)
			return false;
		*ret |= 1u << i;
	} while (take(r, ","));
	return take(r, ") ");
}

/* Which of the forms of apparmor_mounts.h two lists of flags are. */
static bool flags_form(struct apparmor_mount *m, uint32_t set, uint32_t optional)
{
	uint32_t left = ((1u << APPARMOR_N_FLAGS) - 1) & ~set & ~optional;

	m->set = set;
	m->unset = left;
	return !(set & optional) && !(set & ~15u) && !(left & ~15u) && !(left & (left - 1)) &&
	       (!set || !left);
}

static bool read_mount(struct reader *r, bool audit, bool deny)
{
	struct apparmor_mount m = { .audit = audit, .deny = deny };
	uint32_t set = 0, optional = 0;

	if (take(r, " options=(bind) ")) {
		m.kind = APPARMOR_MOUNT_BIND;
	} else if (take(r, " options=(rbind) ")) {
		m.kind = APPARMOR_MOUNT_RBIND;
	} else if (take(r, " options=(move) \"\" ")) {
		m.kind = APPARMOR_MOUNT_DETACHED;
	} else if (take(r, " fstype=")) {
		m.fstype = quoted(r);
		if (!m.fstype || !take(r, " "))
			return false;
		if (take(r, "options=") && !read_flags(r, &set))
			return false;
		if (take(r, "options in ") &&
			(!read_flags(r, &optional) || !flags_form(&m, set, optional)))
			return false;
		if (set && !optional)
			return false;
	} else {
		r->to->mounts.whole = true;
		return !audit && !deny;
	}
	if (m.kind != APPARMOR_MOUNT_DETACHED && r->s < r->end && *r->s == '"') {
		m.source = quoted(r);
		if (!m.source || !take(r, " "))
			return false;
	}
	if (!take(r, "-> "))
		return false;
	m.place = quoted(r);
	ARENA_PUSH(r->arena, r->to->mounts.v, r->to->mounts.n, r->to->mounts.cap, m);
	return m.place;
}

static void push_rule(struct reader *r, struct apparmor_rule rule)
{
	ARENA_PUSH(r->arena, r->to->rules.v, r->to->rules.n, r->to->rules.cap, rule);
}

static bool read_umount(struct reader *r, struct apparmor_rule rule)
{
	rule.permissions = AA_UMOUNT;
	rule.pattern = take(r, " ") ? quoted(r) : NULL;
	push_rule(r, rule);
	return rule.pattern && !rule.owner;
}

static bool read_link(struct reader *r, struct apparmor_rule rule)
{
	struct apparmor_link line = { .owner = rule.owner, .audit = rule.audit };

	line.names = take(r, " ") ? quoted(r) : NULL;
	line.targets = take(r, " -> ") ? quoted(r) : NULL;
	if (!line.names || !line.targets)
		return false;
	if (!rule.deny) {
		ARENA_PUSH(r->arena, r->to->links.v, r->to->links.n, r->to->links.cap, line);
		return true;
	}
	rule.permissions = AA_LINKED;
	rule.pattern = line.targets;
	push_rule(r, rule);
	return !strcmp(line.names, APPARMOR_ANY_NAME);
}

static bool read_file(struct reader *r, struct apparmor_rule rule)
{
	static const struct {
		const char *letters;
		uint32_t bit;
	} all[] = { { "r", AA_R }, { "w", AA_W }, { "l", AA_L }, { "k", AA_K }, { "m", AA_M } };

	rule.pattern = quoted(r);
	if (!rule.pattern || !take(r, " "))
		return false;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		rule.permissions |= take(r, all[i].letters) ? all[i].bit : 0;
	if (take(r, rule.deny ? "x" : "ix")) {
		rule.permissions |= AA_X;
	} else if (!rule.deny && take(r, "Px -> ")) {
		rule.permissions |= AA_X;
		rule.transition = domain_named(r, quoted(r));
		if (rule.transition < 0)
			return false;
	}
	push_rule(r, rule);
	return rule.permissions;
}

static bool read_fixed(struct reader *r)
{
	for (size_t i = 0; i < N_UNMEDIATED; i++) {
		if (!(r->to->unmediated >> i & 1) && take(r, apparmor_unmediated[i])) {
			r->to->unmediated |= 1u << i;
			return true;
		}
	}
	return false;
}

static bool read_rule(struct reader *r)
{
	struct apparmor_rule rule = { .transition = -1 };

	rule.audit = take(r, "audit ");
	rule.deny = take(r, "deny ");
	if (take(r, "mount"))
		return read_mount(r, rule.audit, rule.deny);
	if (take(r, "umount"))
		return read_umount(r, rule);
	if (take(r, "signal (send)"))
		return read_signal(r, rule.audit, rule.deny);
	if (take(r, "ptrace (trace read)"))
		return read_ptrace(r, rule.audit, rule.deny);
	if (!rule.audit && !rule.deny) {
		if (take(r, "capability "))
			return read_capability(r);
		if (take(r, "network"))
			return read_network(r);
		if (take(r, "pivot_root"))
			return r->to->pivot = true;
	}
	rule.owner = take(r, "owner ");
	return take(r, "link") ? read_link(r, rule) : read_file(r, rule);
}

static bool read_lines(struct reader *r)
{
	while (!take(r, "}\n")) {
		if (!take(r, "\t"))
			return false;
		if (!read_fixed(r) && !(read_rule(r) && take(r, ",")))
			return false;
		if (!take(r, "\n"))
			return false;
	}
	return r->to->unmediated == (1u << N_UNMEDIATED) - 1;
}

static bool read_profile(struct reader *r, uint32_t domain)
{
	const char *name;

	if (!take(r, "profile "))
		return false;
	name = quoted(r);
	/* The one flag that is ever written. */
	return name && !strcmp(name, r->names[domain]) &&
	       (!r->p->audit || take(r, " flags=(complain)")) && take(r, " {\n") && read_lines(r);
}

/* ---- comparing */

static bool same_string(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_rule(
	const struct apparmor_rule *a, const struct apparmor_rule *b, uint32_t permissions)
{
	return a->deny == b->deny && a->owner == b->owner && a->audit == b->audit &&
	       b->permissions == permissions && same_string(a->pattern, b->pattern) &&
	       (!(permissions & AA_X) || a->deny || a->transition == b->transition);
}

static bool same_links(
	struct arena *a, const struct apparmor_rules *written, const struct apparmor_links *read)
{
	struct apparmor_links expected = { 0 };

	apparmor_links(a, written, &expected);
	if (expected.n != read->n)
		return false;
	for (uint32_t i = 0; i < read->n; i++) {
		const struct apparmor_link *x = &expected.v[i], *l = &read->v[i];

		if (x->owner != l->owner || x->audit != l->audit ||
			!same_string(x->names, l->names) || !same_string(x->targets, l->targets))
			return false;
	}
	return true;
}

/* What denies links to something and umount have lines of their own. */
static bool same_rules(const struct apparmor_rules *written, const struct apparmor_rules *read)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < written->n; i++) {
		const struct apparmor_rule *w = &written->v[i];
		uint32_t elsewhere = w->deny ? 0 : w->permissions & (AA_L | AA_LINKED);
		uint32_t here = w->permissions & ~elsewhere;
		const uint32_t lines[] = { here & AA_LINKED, here & AA_UMOUNT,
			here & ~(AA_LINKED | AA_UMOUNT) };

		for (size_t l = 0; l < sizeof(lines) / sizeof(*lines); l++) {
			if (!lines[l])
				continue;
			if (k == read->n || !same_rule(w, &read->v[k++], lines[l]))
				return false;
		}
	}
	return k == read->n;
}

static bool same_mounts(const struct apparmor_mounts *a, const struct apparmor_mounts *b)
{
	if (a->n != b->n || a->whole != b->whole)
		return false;
	for (uint32_t i = 0; i < a->n; i++) {
		const struct apparmor_mount *m = &a->v[i], *o = &b->v[i];

		if (m->kind != o->kind || m->deny != o->deny || m->audit != o->audit ||
			m->set != o->set || m->unset != o->unset ||
			!same_string(m->fstype, o->fstype) || !same_string(m->source, o->source) ||
			!same_string(m->place, o->place))
			return false;
	}
	return true;
}

/* What passes by all lines together; denies go before. */
static bool same_other(
	const struct policy *p, const struct apparmor_other *o, const struct profile *read)
{
	struct apparmor_sockets s = apparmor_sockets(o);
	const struct network_lines *n = &read->network;
	uint32_t any = p->n_domains;
	bool same = o->capabilities == read->capabilities && o->pivot == read->pivot &&
		    s.all == n->all && s.inet == n->inet && s.inet == n->inet6 &&
		    !memcmp(s.families, n->families, sizeof(s.families)) &&
		    o->signals_outside == read->signals[any] && !read->signals_denied[any] &&
		    o->ptrace_outside == read->ptrace[any] && !read->ptrace_denied[any];

	for (uint32_t d = 0; d < any; d++) {
		uint64_t signals =
			(read->signals[any] | read->signals[d]) & ~read->signals_denied[d];
		bool ptrace = (read->ptrace[any] || read->ptrace[d]) && !read->ptrace_denied[d];

		/* Without denies, in audit mode, what passes outside passes inside. */
		same = same && signals == (o->signals[d] | (p->audit ? o->signals_outside : 0)) &&
		       ptrace == (o->ptrace[d] || (p->audit && o->ptrace_outside));
	}
	return same;
}

static int differs(struct reader *r, const char *text, struct pale_err **err)
{
	_cleanup_(text_release) struct text line = TEXT_INIT;
	const char *begin = r->s > text ? r->s - 1 : text, *end;

	while (begin > text && begin[-1] != '\n')
		begin--;
	end = memchr(begin, '\n', (size_t)(r->end - begin));
	text_escaped(&line, begin, (size_t)((end ? end : r->end) - begin));
	return pale_err_plain(err, EBADMSG, "'%s' does not read back", text_str(&line));
}

int apparmor_read_back(const struct policy *p, const char *text, size_t len,
	const struct apparmor_profile *written, struct pale_err **err)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct reader r = { .p = p, .arena = a, .s = text, .end = text + len };
	const char *end_of_line = memchr(text, '\n', len);

	r.names = arena_array(a, p->n_domains, sizeof(*r.names));
	for (uint32_t d = 0; d < p->n_domains; d++)
		r.names[d] = apparmor_profile_name(p, d);
	/* A comment reaches to its line's end. */
	if (!take(&r, "# ") || !end_of_line)
		return differs(&r, text, err);
	r.s = end_of_line + 1;
	if (!take(&r, "abi <abi/3.0>,\n"))
		return differs(&r, text, err);
	for (uint32_t d = 0; d < p->n_domains; d++) {
		uint32_t n = p->n_domains + 1;
		struct profile read = {
			.signals = arena_array(a, n, sizeof(*read.signals)),
			.signals_denied = arena_array(a, n, sizeof(*read.signals_denied)),
			.ptrace = arena_array(a, n, sizeof(*read.ptrace)),
			.ptrace_denied = arena_array(a, n, sizeof(*read.ptrace_denied)),
		};

		r.to = &read;
		if (!read_profile(&r, d) || !same_rules(&written[d].rules, &read.rules) ||
			!same_links(a, &written[d].rules, &read.links) ||
			!same_mounts(&written[d].mounts, &read.mounts) ||
			!same_other(p, &written[d].other, &read))
			return differs(&r, text, err);
	}
	return r.s == r.end ? 0 : differs(&r, text, err);
}
