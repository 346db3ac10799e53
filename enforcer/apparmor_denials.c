/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/apparmor_denials.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/apparmor_access.h"
#include "enforcer/audit_kmsg.h"
#include "enforcer/audit_netlink.h"
#include "enforcer/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/apparmor.h>
#include <time.h>
#include <unistd.h>

/* So that one source does not hold up the others of an event loop. */
#define RECORDS_AT_ONCE 256
#define MARKER		"pale.marker."
/* A marker may meet a full queue, or the log's limit of ten lines in five seconds. */
#define MARKER_AGAIN_MS 300
/* A process that began so much later than the record is another that got its number. */
#define CLOCK_SLACK_NS (UINT64_C(50) * 1000 * 1000)

struct record_source {
	const char *name;
	uint64_t timeout_ms; /* for markers to come by */
	int (*open)(int *ret, struct pale_err **err);
	int (*read)(int fd, char buffer[AUDIT_RECORD_BYTES], struct audit_record *ret);
};

static const struct record_source sources[] = {
	{ "netlink", 3000, audit_netlink_open, audit_netlink_read },
	{ "kmsg", 7000, audit_kmsg_open, audit_kmsg_read },
};

struct apparmor_denials {
	struct apparmor_denials_options options;
	struct apparmor_judge *judge;
	const struct process *process; /* of the record that is being judged; NULL: gone */
	pid_t pid;		       /* of the record that is judged */
	const struct record_source *source;
	int fd;
	aa_kernel_interface *kernel;
	unsigned int markers, marker_seen; /* numbers, from 1 */
	struct audit_serials serials;
	bool dropped_known;
	uint32_t dropped_before; /* the kernel's count at the start */
	uint64_t dropped;
	uint64_t lost_told; /* in violations so far */
	uint64_t unnamed;
	char buffer[AUDIT_RECORD_BYTES];
};

void apparmor_denials_free(struct apparmor_denials *d)
{
	if (!d)
		return;
	if (d->fd >= 0)
		close(d->fd);
	if (d->kernel)
		aa_kernel_interface_unref(d->kernel);
	apparmor_judge_free(d->judge);
	free(d);
}

void apparmor_denials_freep(struct apparmor_denials **d)
{
	apparmor_denials_free(*d);
}

int apparmor_denials_fd(const struct apparmor_denials *d)
{
	return d->fd;
}

uint64_t apparmor_denials_lost(const struct apparmor_denials *d)
{
	return d->dropped + audit_serials_missing(&d->serials);
}

bool apparmor_denials_lost_known(const struct apparmor_denials *d)
{
	return d->dropped_known;
}

uint64_t apparmor_denials_unnamed(const struct apparmor_denials *d)
{
	return d->unnamed;
}

const char *apparmor_denials_source(const struct apparmor_denials *d)
{
	return d->source->name;
}

/* ---- one record */

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* CLOCK_REALTIME; 0 when it cannot be told. starttime of proc_pid_stat(5) counts from the boot. */
static uint64_t began_ns(const struct process *p)
{
	_cleanup_close_ int fd = openat(p->proc_fd, "stat", O_RDONLY | O_CLOEXEC);
	char stat[1024], *s;
	unsigned long long ticks;
	ssize_t n = fd < 0 ? -1 : read(fd, stat, sizeof(stat) - 1);

	if (n <= 0)
		return 0;
	stat[n] = '\0';
	/* After the name, which may hold anything, comes the third of them; it is the 22nd. */
	s = strrchr(stat, ')');
	for (int i = 2; s && i < 22; i++)
		s = strchr(s + 1, ' ');
	if (!s || sscanf(s, "%llu", &ticks) != 1)
		return 0;
	return ticks * (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK)) + now_ns(CLOCK_REALTIME) -
	       now_ns(CLOCK_BOOTTIME);
}

/* NULL: gone. */
static struct process *process_of(pid_t pid, uint64_t time_ns)
{
	struct process *p = NULL;

	if (pid <= 0 || process_open(pid, &p) < 0)
		return NULL;
	if (began_ns(p) <= time_ns + CLOCK_SLACK_NS)
		return p;
	process_free(p);
	return NULL;
}

/* Without containers the process was most likely in our root. */
static enum object_class classify(void *ctx, const char *path)
{
	const struct apparmor_denials *d = ctx;
	_cleanup_close_ int ours = d->options.place ? -1 : open("/", O_PATH | O_CLOEXEC);
	struct apparmor_place place =
		d->options.place ? d->options.place(d->options.ctx, d->pid)
				 : (struct apparmor_place){ ours, d->options.start_ns };

	return apparmor_class(d->process, &place, path);
}

/* Whether it is reported, and as what. */
static bool outcome_of(const struct apparmor_denials *d, const struct apparmor_record *r,
	const struct decision *decision, enum outcome *ret)
{
	bool allowed = decision->verdict == VERDICT_ALLOW;

	if (apparmor_value_is(r->v[APPARMOR_TYPE], "DENIED")) {
		*ret = allowed ? OUTCOME_OVERBLOCKED : OUTCOME_REFUSED;
		return allowed || decision->reported;
	}
	if (apparmor_value_is(r->v[APPARMOR_TYPE], "KILLED")) {
		*ret = OUTCOME_KILLED;
		return true;
	}
	*ret = allowed || d->options.policy->audit ||
			       apparmor_value_is(r->v[APPARMOR_TYPE], "ALLOWED")
		       ? OUTCOME_AUDITED
		       : OUTCOME_NOT_ENFORCED;
	return !d->options.refusals_only && decision->reported;
}

static void report_access(struct apparmor_denials *d, struct violation *v,
	const struct apparmor_record *r, const struct apparmor_access *a)
{
	uint64_t lost = d->dropped + d->serials.missing;

	v->operation = a->operation;
	v->object = a->object;
	v->object_len = (uint32_t)a->object_len;
	v->object_class = a->object_class;
	v->decision = a->decision;
	if (!outcome_of(d, r, &a->decision, &v->outcome))
		return;
	v->lost = lost - d->lost_told;
	d->lost_told = lost;
	d->options.report(d->options.ctx, v);
}

/*
 * Of the operations that one act needs, those that the policy refuses. When it refuses none, the
 * act was refused by AppArmor alone, or let pass.
 */
static void report_all(struct apparmor_denials *d, struct violation *v,
	const struct apparmor_record *r, const struct apparmor_accesses *all)
{
	bool refused = false;

	for (unsigned i = 0; i < all->n; i++)
		refused |= all->v[i].decision.verdict != VERDICT_ALLOW;
	for (unsigned i = 0; i < all->n; i++) {
		if (refused && all->v[i].decision.verdict == VERDICT_ALLOW)
			continue;
		report_access(d, v, r, &all->v[i]);
		if (!refused)
			break;
	}
}

static void take_denial(struct apparmor_denials *d, const struct apparmor_record *r,
	const struct audit_record *from)
{
	int32_t domain = apparmor_judge_domain(d->judge, r->v[APPARMOR_PROFILE]);
	pid_t pid = (pid_t)apparmor_value_number(r->v[APPARMOR_PID]);
	_cleanup_(process_freep) struct process *p = NULL;
	_cleanup_(apparmor_accesses_release) struct apparmor_accesses accesses = { .n = 0 };
	_cleanup_free_ char *comm = NULL;
	struct violation v = {
		.policy = d->options.policy,
		.domain = (uint32_t)domain,
		.mechanism = MECHANISM_APPARMOR,
		.pid = pid,
		.container = d->options.container,
		.syscall = -1,
		.time_ns = from->time_ns,
		.executable = "",
		.parent_executable = "",
	};

	/* Of another policy, or of a container's own. */
	if (domain < 0 || r->v[APPARMOR_NAMESPACE].s)
		return;
	p = process_of(pid, from->time_ns);
	if (p) {
		v.parent = p->parent;
		v.executable = p->executable;
		v.parent_executable = p->parent_executable;
	}
	if (!*v.executable && r->v[APPARMOR_COMM].s) {
		comm = strndup(r->v[APPARMOR_COMM].s, r->v[APPARMOR_COMM].len);
		v.executable = comm ? comm : "";
	}
	/* The process comes after all that could be cut off with it. */
	d->process = p;
	d->pid = pid;
	if (pid > 0)
		apparmor_judge(d->judge, (uint32_t)domain, r, p ? p->inner_pid : pid, &accesses);
	d->process = NULL;
	if (accesses.n == 0)
		d->unnamed++;
	report_all(d, &v, r, &accesses);
}

static void take_marker(struct apparmor_denials *d, const struct apparmor_record *r)
{
	char own[64];
	size_t n = (size_t)snprintf(own, sizeof(own), MARKER "%d.", getpid());
	struct apparmor_value name = r->v[APPARMOR_NAME];
	int64_t number;

	if (name.len <= n || memcmp(name.s, own, n) != 0)
		return;
	number = apparmor_value_number((struct apparmor_value){ name.s + n, name.len - n });
	if (number > d->marker_seen)
		d->marker_seen = (unsigned int)number;
}

static void take(struct apparmor_denials *d, const struct audit_record *from)
{
	struct apparmor_record r;

	audit_serials_add(&d->serials, from->serial);
	/* Ubuntu's kernels have types of their own, AUDIT_APPARMOR_AUDIT to _KILL. Programs may
	 * send records too, but of other types. */
	if (from->type != AUDIT_AVC && (from->type < 1501 || from->type > 1507))
		return;
	if (from->len < strlen("apparmor=") || memcmp(from->text, "apparmor=", strlen("apparmor=")))
		return; /* SELinux's */
	if (!apparmor_record_parse(&r, from->text, from->len)) {
		d->unnamed++;
		return;
	}
	if (apparmor_value_is(r.v[APPARMOR_TYPE], "STATUS"))
		take_marker(d, &r);
	else if (d->marker_seen)
		take_denial(d, &r, from);
}

int apparmor_denials_handle(struct apparmor_denials *d, struct pale_err **err)
{
	for (int i = 0; i < RECORDS_AT_ONCE; i++) {
		struct audit_record record;
		int r = d->source->read(d->fd, d->buffer, &record);

		if (r == 0)
			return 0;
		/* The serial numbers tell how many. */
		if (r == -ENOBUFS)
			continue;
		if (r < 0)
			return pale_err_set(err, -r, "read audit records");
		take(d, &record);
	}
	return 0;
}

/* ---- beginning and end */

/*
 * The kernel notes that there is no such profile, behind all notes that were made before. -errno
 * when it cannot be asked.
 */
static int set_marker(struct apparmor_denials *d)
{
	char name[64];

	snprintf(name, sizeof(name), MARKER "%d.%u", getpid(), d->markers + 1);
	if (aa_kernel_interface_remove_policy(d->kernel, name) == 0 || errno == ENOENT) {
		d->markers++;
		return 0;
	}
	return -errno;
}

static void ask_dropped(struct apparmor_denials *d)
{
	uint32_t now;

	if (audit_netlink_dropped(&now) < 0) {
		d->dropped_known = false;
		return;
	}
	/* Less than before: somebody has set it to 0. */
	d->dropped = now >= d->dropped_before ? now - d->dropped_before : now;
}

/* Takes records until one of the markers that it sets comes by. */
static int await_marker(struct apparmor_denials *d, struct pale_err **err)
{
	const unsigned int first = d->markers + 1;
	const uint64_t start = now_ns(CLOCK_MONOTONIC);
	uint64_t set = 0, waited = 0;

	while (d->marker_seen < first) {
		struct pollfd p = { .fd = d->fd, .events = POLLIN };
		int r = 0;

		waited = (now_ns(CLOCK_MONOTONIC) - start) / 1000000;
		if (waited >= d->source->timeout_ms)
			return pale_err_set(err, ETIMEDOUT, "wait for audit records");
		if (d->markers < first || waited - set >= MARKER_AGAIN_MS) {
			set = waited;
			r = set_marker(d);
		}
		if (r < 0)
			return pale_err_set(err, -r, "make AppArmor write an audit record");
		poll(&p, 1, MARKER_AGAIN_MS);
		r = apparmor_denials_handle(d, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int open_source(
	struct apparmor_denials *d, const struct record_source *s, struct pale_err **err)
{
	int r = s->open(&d->fd, err);

	if (r < 0) {
		d->fd = -1;
		return r;
	}
	d->source = s;
	d->serials = (struct audit_serials){ .any = false };
	r = await_marker(d, err);
	if (r == 0)
		return 0;
	close(TAKE_FD(d->fd));
	return r;
}

int apparmor_denials_new(const struct apparmor_denials_options *options,
	struct apparmor_denials **ret, struct pale_err **err)
{
	_cleanup_(apparmor_denials_freep) struct apparmor_denials *d = calloc(1, sizeof(*d));
	_cleanup_(text_release) struct text why = TEXT_INIT;

	if (!d)
		abort();
	d->options = *options;
	d->fd = -1;
	d->judge = apparmor_judge_new(options->policy);
	apparmor_judge_set_classify(d->judge, classify, d);
	if (aa_kernel_interface_new(&d->kernel, NULL, NULL) < 0) {
		d->kernel = NULL;
		return pale_err_set(err, errno, "open AppArmor's kernel interface");
	}
	d->dropped_known = audit_netlink_dropped(&d->dropped_before) == 0;
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
		_cleanup_(pale_err_freep) struct pale_err *because = NULL;

		if (open_source(d, &sources[i], &because) == 0) {
			*ret = TAKE_PTR(d);
			return 0;
		}
		text_printf(&why, "%s%s", i ? "; " : "", pale_err_text(because));
	}
	pale_err_set(err, EOPNOTSUPP, "AppArmor's records cannot be read: %s", text_str(&why));
	pale_err_hint(err, "it takes the initial network namespace, CAP_AUDIT_READ, and a kernel "
			   "that was not booted with audit=0");
	return -EOPNOTSUPP;
}

int apparmor_denials_finish(struct apparmor_denials *d, struct pale_err **err)
{
	int r = await_marker(d, err);

	if (d->dropped_known)
		ask_dropped(d);
	return r;
}
