/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/daemon.h"
#include "enforcer/daemon/event.h"

static void report(void *ctx, const struct violation *v)
{
	struct daemon *d = ctx;
	struct container *c = containers_by_instance(
		&d->containers, d->current->instance, d->current->generation);

	c->reported++;
	d->reported++;
	event_log_take(&d->log, event_json(v, c, d->current));
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

void violations_take(void *daemon, const struct lsm_event *e)
{
	struct daemon *d = daemon;
	struct container *c = containers_by_instance(&d->containers, e->instance, e->generation);

	if (!c || !c->policy) {
		report_unattributed(d, e);
		return;
	}
	d->current = e;
	c->reporter.policy = c->policy->policy;
	c->reporter.report = report;
	c->reporter.ctx = d;
	lsm_report(&c->reporter, e);
	d->current = NULL;
}
