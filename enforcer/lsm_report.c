/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/lsm_report.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/lsm_wire.h"
#include "compiler/object_text.h"
#include "enforcer/call_violation.h"
#include "enforcer/process.h"

#include <string.h>
#include <sys/socket.h>

static void put_target(struct text *t, const struct policy *p, const struct lsm_event *e)
{
	if (e->operation == OP_SIGNAL) {
		const char *name = vocab_signal_name((int)e->number);

		if (name)
			text_printf(t, "%s to ", name);
		else
			text_printf(t, "%u to ", e->number);
	}
	if (e->target == (uint32_t)LSM_TARGET_DOMAIN(e->domain))
		text_puts(t, "self");
	else if (e->target != LSM_TARGET_OUTSIDE && e->target - 1 < p->n_domains)
		text_puts(t, p->domains[e->target - 1]->name);
	else
		text_printf(t, "pid %u", e->target_tgid);
}

struct piece {
	const char *s;
	size_t len;
};

/* Up to the first NUL, which goes with it. */
static struct piece cut_piece(struct piece *rest)
{
	const char *end = memchr(rest->s, 0, rest->len);
	struct piece out = { rest->s, end ? (size_t)(end - rest->s) : 0 };

	if (end) {
		rest->s += out.len + 1;
		rest->len -= out.len + 1;
	}
	return out;
}

static void put_options(struct text *t, uint32_t options)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} names[] = {
		{ MOUNT_RO, "ro" },
		{ MOUNT_NOSUID, "nosuid" },
		{ MOUNT_NODEV, "nodev" },
		{ MOUNT_NOEXEC, "noexec" },
	};
	const char *separator = " with ";

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (options & names[i].flag) {
			text_printf(t, "%s%s", separator, names[i].name);
			separator = ", ";
		}
	}
}

/* As a rule would have it, where there could be one. */
static void put_mount(struct text *t, const struct lsm_event *e)
{
	static const char *const words[] = {
		[LSM_MOUNT_MOVE] = "moving ",
		[LSM_MOUNT_REMOUNT] = "remounting ",
		[LSM_MOUNT_PROPAGATION] = "propagation of ",
	};
	struct piece place = { e->text, e->text_len }, type = cut_piece(&place),
		     source = cut_piece(&place);
	const char *word = e->detail < sizeof(words) / sizeof(*words) ? words[e->detail] : NULL;
	size_t before;

	text_puts(t, word ? word : "");
	before = t->len;
	text_add(t, type.s, type.len);
	if (source.len && e->detail == LSM_MOUNT_NEW)
		text_puts(t, " from ");
	if (source.len == LSM_SOURCE_SHOWN)
		text_puts(t, "…");
	text_add(t, source.s, source.len);
	if (t->len > before && (place.len || e->why))
		text_puts(t, " on ");
	text_add(t, place.s, place.len);
	if (e->why)
		text_printf(t, "%s(%s)", place.len ? " " : "", lsm_why_name((enum lsm_why)e->why));
	put_options(t, e->number);
}

static void put_object(struct text *t, const struct policy *p, const struct lsm_event *e)
{
	bool unix_socket = e->operation == OP_CONNECT || e->operation == OP_LISTEN;

	switch ((enum lsm_object)e->object) {
	case LSM_OBJECT_NONE:
		if (e->why)
			text_printf(t, "(%s)", lsm_why_name((enum lsm_why)e->why));
		break;
	case LSM_OBJECT_PATH:
		if (unix_socket)
			text_puts(t, "unix ");
		text_add(t, e->text, e->text_len);
		if (e->why)
			text_printf(
				t, "%s(%s)", t->len ? " " : "", lsm_why_name((enum lsm_why)e->why));
		break;
	case LSM_OBJECT_ABSTRACT:
		text_puts(t, "unix abstract:");
		text_add(t, e->text, e->text_len);
		break;
	case LSM_OBJECT_ENDPOINT:
		if (e->protocol < PROTOCOL_COUNT)
			object_text_endpoint(t, e->protocol, e->family, e->address, e->port);
		else
			text_puts(t, "another protocol");
		break;
	case LSM_OBJECT_NUMBER:
		if (e->operation == OP_CAPABILITY && vocab_capability_name((int)e->number))
			text_puts(t, vocab_capability_name((int)e->number));
		else if (e->operation == OP_SOCKET)
			/* Of the internet families only raw sockets are asked about. */
			object_text_family(t, (int)e->number, SOCK_RAW, (int)e->detail);
		else
			text_printf(t, "%u", e->number);
		break;
	case LSM_OBJECT_TASK:
		put_target(t, p, e);
		break;
	case LSM_OBJECT_CALL:
		break; /* call_violation() */
	case LSM_OBJECT_MOUNT:
		put_mount(t, e);
		break;
	}
}

static struct decision decision_of(const struct rule *rule, const struct lsm_event *e)
{
	struct decision d = {
		.rule = rule, .reported = true, .errnum = e->errnum, .transition = -1
	};

	if (rule->effect == EFFECT_KILL)
		d.verdict = VERDICT_KILL;
	else if (rule->effect == EFFECT_DENY)
		d.verdict = VERDICT_DENY;
	return d;
}

void lsm_report(void *ctx, const struct lsm_event *e)
{
	static const enum outcome outcomes[] = {
		[LSM_OUTCOME_REFUSED] = OUTCOME_REFUSED,
		[LSM_OUTCOME_KILLED] = OUTCOME_KILLED,
		[LSM_OUTCOME_AUDITED] = OUTCOME_AUDITED,
	};
	struct lsm_reporter *r = ctx;
	const struct policy *p = r->policy;
	_cleanup_(text_release) struct text object = TEXT_INIT, executable = TEXT_INIT;
	_cleanup_free_ char *parent = r->with_parent ? process_executable((pid_t)e->ppid) : NULL;
	struct violation v = {
		.policy = p,
		.domain = e->domain < p->n_domains ? e->domain : 0,
		.mechanism = MECHANISM_BPF_LSM,
		.operation = (enum operation)e->operation,
		.object_class = e->drift ? CLASS_DRIFT : CLASS_PLAIN,
		.pid = (pid_t)e->tgid,
		.parent = (pid_t)e->ppid,
		.parent_executable = parent,
		.container = r->container,
		.syscall = -1,
		.time_ns = realtime_of_monotonic(e->time_ns),
	};

	/* Another CPU's event may come a little late: only what is ahead leaves a gap, and who
	 * fills it takes it back. */
	if (e->sequence > r->sequence) {
		r->untold += e->sequence - r->sequence - 1;
		r->lost += e->sequence - r->sequence - 1;
		r->sequence = e->sequence;
	} else {
		r->lost -= r->lost > 0;
		r->untold -= r->untold > 0;
	}
	if ((e->rule >= p->n_rules && e->object != LSM_OBJECT_CALL) ||
		e->outcome >= sizeof(outcomes) / sizeof(*outcomes) || e->operation >= OP_COUNT) {
		r->lost++; /* not one that can be told */
		return;
	}
	if (e->why == LSM_WHY_ANONYMOUS || e->why == LSM_WHY_UNLINKED)
		v.object_class = CLASS_ANONYMOUS;
	v.outcome = outcomes[e->outcome];
	if (e->object == LSM_OBJECT_CALL) {
		struct seccomp_data call = { .nr = (int)e->number, .arch = e->detail };

		memcpy(call.args, e->arguments, sizeof(call.args));
		call_violation(&v, &call, &object);
		if (call_violation_is_quiet(&v))
			return;
	} else {
		put_object(&object, p, e);
		v.decision = decision_of(p->rules[e->rule], e);
	}
	v.object = text_str(&object);
	v.object_len = (uint32_t)object.len;
	if (e->executable_cut)
		text_puts(&executable, "…");
	text_add(&executable, e->executable, e->executable_len);
	v.executable = text_str(&executable);
	v.lost = r->untold;
	r->untold = 0;
	r->report(r->ctx, &v);
}
