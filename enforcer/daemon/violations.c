/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/daemon.h"
#include "enforcer/daemon/event.h"
#include "enforcer/daemon/exceptions.h"
#include "enforcer/proc.h"
#include "enforcer/daemon/response.h"
#include "enforcer/daemon/seccomp_audit.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Requests wait meanwhile. */
#define AUDIT_RECORDS_A_ROUND 200

void violations_report(struct daemon *d, const struct violation *v, struct container *c,
	const struct event_process *process, const struct lsm_event *e)
{
	_cleanup_(json_decrefp) json_t *event = event_json(v, c, process, e);

	if (c) {
		c->reported++;
		c->refused += v->mechanism != MECHANISM_BPF_LSM &&
			      (v->outcome == OUTCOME_REFUSED || v->outcome == OUTCOME_KILLED);
	}
	d->reported++;
	exceptions_note(d, c, v, event);
	event_log_take(&d->log, json_incref(event));
	response_take(d, c, v, event);
}

static void report(void *ctx, const struct violation *v)
{
	struct daemon *d = ctx;
	const struct lsm_event *e = d->current;
	struct container *c = containers_by_instance(&d->containers, e->instance, e->generation);
	const struct event_process process = { &d->facts, e->process_start_ns, e->process_execs,
		e->uid };

	violations_report(d, v, c, &process, e);
}

/* The instance is nobody's: its container was forgotten long ago. */
static void report_unattributed(struct daemon *d, const struct lsm_event *e)
{
	json_t *o = event_notice("unattributed", NULL);

	d->unattributed++;
	json_object_set_new(o, "container", json_null());
	json_object_set_new(o, "operation",
		json_string(e->operation < OP_COUNT ? vocab_operations[e->operation].name : ""));
	json_object_set_new(o, "cgroup", json_integer((json_int_t)e->cgroup));
	json_object_set_new(o, "process",
		json_pack("{s:i, s:i}", "host_pid", (int)e->tgid, "uid", (int)e->uid));
	event_log_take(&d->log, o);
}

static void tell(void *daemon, const void *bytes)
{
	struct daemon *d = daemon;
	const struct lsm_event *e = bytes;
	struct container *c = containers_by_instance(&d->containers, e->instance, e->generation);

	if (!c || !c->policy) {
		report_unattributed(d, e);
		return;
	}
	d->current = e;
	/* By which of the two it was decided tells its slot. */
	c->reporter.policy = c->previous && e->slot == c->previous->lsm_policy &&
					     e->slot != c->policy->lsm_policy
				     ? c->previous->policy
				     : c->policy->policy;
	c->reporter.report = report;
	c->reporter.ctx = d;
	lsm_report(&c->reporter, e);
	d->current = NULL;
}

void violations_take(void *daemon, const struct lsm_event *e)
{
	struct daemon *d = daemon;
	struct container *c = containers_by_instance(&d->containers, e->instance, e->generation);

	/* The gap in its container's numbers tells of one that finds no room. */
	if (!event_queue_put(
		    &d->queue, c ? &c->waiting : &d->nobodys, tell, e, sizeof(*e) + e->text_len)) {
		d->dropped++;
		if (c)
			c->dropped++;
	}
	daemon_wake(d);
}

void violations_settle(void *daemon, struct container *c)
{
	struct daemon *d = daemon;
	_cleanup_(pale_err_freep) struct pale_err *later = NULL;

	lsm_poll(d->enforcement.lsm, 0, violations_take, d, &later);
	daemon_tell_waiting(d, c);
}

static struct container *container_of(struct daemon *d, pid_t pid)
{
	uint32_t number = d->watch ? process_watch_container(d->watch, pid) : 0;

	return number ? containers_by_number(&d->containers, number)
		      : containers_by_pid(&d->containers, pid);
}

static void report_unattributed_call(struct daemon *d, const struct seccomp_record *r)
{
	json_t *o = event_notice("unattributed", NULL);

	d->unattributed++;
	json_object_set_new(o, "container", json_null());
	json_object_set_new(o, "operation", json_string("syscall"));
	json_object_set_new(o, "number", json_integer((json_int_t)r->number));
	json_object_set_new(o, "process",
		json_pack("{s:i, s:i, s:o}", "host_pid", (int)r->pid, "uid", (int)r->uid,
			"executable", json_text(r->executable)));
	event_log_take(&d->log, o);
}

static void take_seccomp(struct daemon *d, const struct audit_record *r)
{
	struct seccomp_record record;
	struct container *c;
	struct event_process process = { .facts = &d->facts };
	struct violation v;
	pid_t parent;

	if (!seccomp_record_parse(r, &record))
		return;
	c = container_of(d, record.pid);
	/* Other programs of the machine have filters, too; of one that has ended nobody can tell.
	 */
	if (!c && proc_parent(record.pid, &parent) < 0)
		report_unattributed_call(d, &record);
	if (!c || !c->policy)
		return;
	if (!seccomp_record_violation(&record, c->policy->policy, r->time_ns, &v))
		return;
	v.parent = d->watch ? process_watch_parent(d->watch, record.pid) : 0;
	process.uid = record.uid;
	violations_report(d, &v, c, &process, NULL);
}

/*
 * By its first process: others may have ended. What was made or changed since the registration is
 * drift; which of the other files are the image's own cannot be told from here.
 */
struct apparmor_place violations_place(void *daemon, pid_t pid)
{
	struct daemon *d = daemon;
	const struct container *c;
	char path[64];

	if (d->watch)
		process_watch_handle(d->watch);
	c = container_of(d, pid);
	if (d->place_root >= 0)
		close(TAKE_FD(d->place_root));
	if (!c || !container_is_alive(c))
		return (struct apparmor_place){ -1, c ? c->since_ns : 0 };
	snprintf(path, sizeof(path), "/proc/%d/root", c->pid);
	d->place_root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return (struct apparmor_place){ d->place_root, c->since_ns };
}

void violations_take_apparmor(void *daemon, const struct violation *v)
{
	struct daemon *d = daemon;
	const struct event_process process = { .facts = &d->facts, .uid = -1 };
	struct container *c;

	if (d->watch)
		process_watch_handle(d->watch);
	c = container_of(d, v->pid);
	if (!c)
		d->unattributed++;
	violations_report(d, v, c, &process, NULL);
}

/* Records that the kernel or the socket had no room for are the whole machine's: how many were of
 * containers nobody can tell. What the kernel dropped had no serial number yet. */
void violations_tell_lost(struct daemon *d)
{
	uint64_t missing;
	uint32_t dropped;
	json_t *o;

	if (d->audit_fd < 0)
		return;
	missing = audit_serials_missing(&d->audit_serials);
	if (audit_netlink_dropped(&dropped) >= 0) {
		/* Others may have reset the count. */
		if (d->audit_dropped_known && dropped > d->audit_dropped_last)
			d->audit_dropped += dropped - d->audit_dropped_last;
		d->audit_dropped_last = dropped;
		d->audit_dropped_known = true;
	}
	missing += d->audit_dropped;

	if (missing <= d->audit_lost)
		return;
	o = event_notice("lost", NULL);
	json_object_set_new(
		o, "audit_records", json_integer((json_int_t)(missing - d->audit_lost)));
	d->audit_lost = missing;
	event_log_take(&d->log, o);
}

void violations_read_audit(struct daemon *d)
{
	struct audit_record r;
	int n = 1;

	/* Who is whose has to be known up to now. */
	if (d->watch)
		process_watch_handle(d->watch);
	for (int i = 0; i < AUDIT_RECORDS_A_ROUND && n != 0; i++) {
		n = audit_netlink_read(d->audit_fd, d->audit_buffer, &r);
		if (n == -ENOBUFS)
			continue; /* the serial numbers will tell */
		if (n <= 0)
			break;
		audit_serials_add(&d->audit_serials, r.serial);
		take_seccomp(d, &r);
	}
}
