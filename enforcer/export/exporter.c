/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/exporter.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/daemon/notice.h"
#include "enforcer/export/config.h"
#include "enforcer/export/event_fields.h"
#include "enforcer/export/feed.h"
#include "enforcer/export/fold.h"
#include "enforcer/export/metrics.h"
#include "enforcer/export/output.h"
#include "enforcer/export/tell.h"
#include "enforcer/page_server.h"
#include "enforcer/report_time.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#define TICK_US 1000000u

struct exporter {
	struct exporter_options options;
	struct export_config config;
	char *node;
	int lock;
	sd_event *loop;
	struct curl_loop *curl;
	struct output **outputs;
	size_t n_outputs;
	struct seen *seen;
	struct fold *fold;
	struct feed *feed;
	struct node_status *status;
	struct page_server *server;
	struct violation_counts *violations;
	uint64_t folded;
	/* Given to the outputs, and not yet where a kill does not reach it. */
	struct seen_event *passed;
	size_t n_passed, cap_passed;
	sd_event_source *tick, *fold_timer;
	bool told_seen;
};

static uint64_t monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void add_passed(struct exporter *x, const struct seen_event *of, size_t n)
{
	if (x->n_passed + n > x->cap_passed) {
		x->cap_passed = 2 * (x->n_passed + n);
		x->passed = reallocarray(x->passed, x->cap_passed, sizeof(*x->passed));
		if (!x->passed)
			abort();
	}
	memcpy(x->passed + x->n_passed, of, n * sizeof(*of));
	x->n_passed += n;
}

/* Takes over @event. */
static void give_out(struct exporter *x, json_t *event)
{
	_cleanup_(text_release) struct text text = TEXT_INIT;

	json_object_set_new(event, "node", json_string(x->node));
	format_json(event, &text);
	for (size_t i = 0; i < x->n_outputs; i++)
		output_take(x->outputs[i], event, &text);
	json_decref(event);
}

static void on_folded(void *ctx, json_t *event, const struct seen_event *of, size_t n)
{
	struct exporter *x = ctx;

	x->folded += n - 1;
	give_out(x, event);
	add_passed(x, of, n);
}

static void on_event(void *ctx, json_t *event, const struct seen_event *of)
{
	struct exporter *x = ctx;

	violation_counts_take(x->violations, event);
	fold_take(x->fold, event, of, monotonic_ns());
}

static void on_missed(void *ctx, uint64_t n)
{
	struct exporter *x = ctx;
	json_t *notice = notice_json("missed");

	export_tell(LOG_WARNING,
		"paled had %" PRIu64 " events that were not read in time; asking for them again",
		n);
	json_object_set_new(notice, "source", json_string("paled"));
	json_object_set_new(notice, "events", json_integer((json_int_t)n));
	give_out(x, notice);
}

static void on_gap(void *ctx)
{
	json_t *notice = notice_json("missed");

	json_object_set_new(notice, "source", json_string("paled"));
	json_object_set_new(notice, "error",
		json_string("paled's log does not go back to the last event that was had"));
	give_out(ctx, notice);
}

/* First the events, then that they are passed on: a kill between sends them twice. */
static void flush(struct exporter *x)
{
	for (size_t i = 0; i < x->n_outputs; i++)
		output_flush(x->outputs[i]);
	if (!seen_passed_on(x->seen, x->passed, x->n_passed) && !x->told_seen) {
		export_tell(LOG_ERR,
			"%s does not take what was passed on: after a restart some "
			"events are passed on twice",
			x->options.state);
		x->told_seen = true;
	}
	x->n_passed = 0;
}

static void arm_fold(struct exporter *x)
{
	uint64_t due = fold_due_ns(x->fold);

	if (due == UINT64_MAX)
		return;
	sd_event_source_set_time(x->fold_timer, due / 1000 + 1);
	sd_event_source_set_enabled(x->fold_timer, SD_EVENT_ONESHOT);
}

static void on_round(void *ctx)
{
	flush(ctx);
	arm_fold(ctx);
}

static int on_fold_timer(sd_event_source *source, uint64_t us, void *ctx)
{
	struct exporter *x = ctx;

	(void)source;
	(void)us;
	fold_expire(x->fold, monotonic_ns());
	on_round(x);
	return 0;
}

static int on_tick(sd_event_source *source, uint64_t us, void *ctx)
{
	struct exporter *x = ctx;

	(void)us;
	for (size_t i = 0; i < x->n_outputs; i++)
		output_tick(x->outputs[i]);
	sd_event_source_set_time_relative(source, TICK_US);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

static bool print_metrics(void *ctx, struct text *t)
{
	struct exporter *x = ctx;
	const struct metrics m = {
		.node = node_status_numbers(x->status),
		.feed = feed_counts(x->feed),
		.violations = x->violations,
		.folded = x->folded,
		.outputs = x->outputs,
		.n_outputs = x->n_outputs,
	};

	metrics_print(&m, t);
	return true;
}

static const struct page pages[] = { { "/metrics", print_metrics }, { NULL, NULL } };

static char *node_name(const struct export_config *c)
{
	char host[256] = "";

	if (c->node)
		return strdup(c->node);
	gethostname(host, sizeof(host) - 1);
	return strdup(*host ? host : "localhost");
}

static int lock_state(struct exporter *x, struct pale_err **err)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;

	if (mkdir(x->options.state, 0700) < 0 && errno != EEXIST)
		return pale_err_set(err, errno, "make %s", x->options.state);
	text_printf(&path, "%s/lock", x->options.state);
	x->lock = open(text_str(&path), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (x->lock < 0)
		return pale_err_set(err, errno, "open %s", text_str(&path));
	if (flock(x->lock, LOCK_EX | LOCK_NB) < 0)
		return pale_err_plain(err, EBUSY, "another pale-export uses %s", x->options.state);
	return 0;
}

static int open_outputs(struct exporter *x, struct pale_err **err)
{
	const struct output_place place = { x->loop, x->curl, x->options.state, x->node };

	x->outputs = calloc(x->config.n_outputs + 1, sizeof(*x->outputs));
	if (!x->outputs)
		abort();
	for (uint32_t i = 0; i < x->config.n_outputs; i++) {
		int r = output_new(&x->config.outputs[i], &place, &x->outputs[i], err);

		if (r < 0)
			return r;
		x->n_outputs++;
	}
	return 0;
}

static int open_seen(struct exporter *x, struct pale_err **err)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;

	text_printf(&path, "%s/passed-on", x->options.state);
	return seen_open(text_str(&path), x->config.fold_ns, report_time_now(), &x->seen, err);
}

static int add_timers(struct exporter *x, struct pale_err **err)
{
	int r = sd_event_add_time_relative(
		x->loop, &x->tick, CLOCK_MONOTONIC, TICK_US, 1000, on_tick, x);

	if (r >= 0)
		r = sd_event_add_time(
			x->loop, &x->fold_timer, CLOCK_MONOTONIC, 0, 1000, on_fold_timer, x);
	if (r < 0)
		return pale_err_set(err, -r, "timers");
	sd_event_source_set_enabled(x->fold_timer, SD_EVENT_OFF);
	return 0;
}

/* sd_event_run() ends with what the signal asks for. */
static int take_signals(sd_event *loop, struct pale_err **err)
{
	static const int ends[] = { SIGTERM, SIGINT };
	sigset_t mask;

	signal(SIGPIPE, SIG_IGN);
	/* A file that may grow no more is told by its errno. */
	signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&mask);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		sigaddset(&mask, ends[i]);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		int r = sd_event_add_signal(loop, NULL, ends[i], NULL, NULL);

		if (r < 0)
			return pale_err_set(err, -r, "signals");
	}
	return 0;
}

static void on_tell(void *ctx, int level, const char *text)
{
	(void)ctx;
	export_tell(level, "%s", text);
}

static int begin(struct exporter *x, struct pale_err **err)
{
	const struct feed_handler handler = { on_event, on_missed, on_gap, on_round, on_tell, x };
	int r = lock_state(x, err);

	if (r == 0)
		r = take_signals(x->loop, err);
	if (r == 0)
		r = add_timers(x, err);
	if (r == 0)
		r = open_outputs(x, err);
	if (r == 0)
		r = open_seen(x, err);
	if (r < 0)
		return r;
	x->violations = violation_counts_new();
	x->fold = fold_new(x->config.fold_ns, on_folded, x);
	x->feed = feed_new(x->loop, x->options.run, x->seen, &handler);
	x->status = node_status_new(x->loop, x->options.run);
	if (x->config.metrics)
		r = page_server_new(x->loop, (const struct sockaddr *)&x->config.metrics_address,
			pages, x, &x->server, err);
	return r;
}

static void end(struct exporter *x)
{
	page_server_free(x->server);
	node_status_free(x->status);
	feed_free(x->feed);
	fold_free(x->fold);
	for (size_t i = 0; i < x->n_outputs; i++)
		output_free(x->outputs[i]);
	free(x->outputs);
	seen_free(x->seen);
	violation_counts_free(x->violations);
	curl_loop_free(x->curl);
	sd_event_source_disable_unref(x->tick);
	sd_event_source_disable_unref(x->fold_timer);
	sd_event_unref(x->loop);
	free(x->passed);
	free(x->node);
	closep(&x->lock);
	export_config_release(&x->config);
}

int exporter_run(const struct exporter_options *options, struct pale_err **err)
{
	struct exporter x = { .options = *options, .lock = -1 };
	int r = export_config_read(options->config, &x.config, err);

	if (r < 0)
		return r;
	if (sd_event_default(&x.loop) < 0)
		abort();
	x.node = node_name(&x.config);
	x.curl = curl_loop_new(x.loop);
	r = begin(&x, err);
	if (r == 0) {
		sd_event_set_watchdog(x.loop, true);
		export_tell(LOG_INFO, "ready: %zu outputs", x.n_outputs);
		sd_notify(0, "READY=1");
		r = sd_event_loop(x.loop);
		if (r < 0)
			pale_err_set(err, -r, "the event loop");
		sd_notify(0, "STOPPING=1");
		feed_free(x.feed);
		x.feed = NULL;
		/* What is held goes to the spools; the next start sends it. */
		fold_expire(x.fold, UINT64_MAX);
		flush(&x);
	}
	end(&x);
	return r;
}
