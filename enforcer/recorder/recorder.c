/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/recorder/recorder.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/recorder/gaps.h"
#include "enforcer/recorder/queue.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <syslog.h>
#include <time.h>

#define SECOND_NS 1000000000u
/* What waits is written after so long, or when it is so much. */
#define BATCH_NS    SECOND_NS
#define BATCH_BYTES ((size_t)1 << 20)
/* Of one transaction, so that the log stays small. */
#define TRANSACTION_BYTES ((size_t)512 << 10)
/* After a failure. */
#define RETRY_NS ((uint64_t)5 * SECOND_NS)
/* How exactly a container's row says when it had its last entry. */
#define TOUCH_NS ((uint64_t)60 * SECOND_NS)

static const char unwritten[] = "the database could not be written",
		  overflown[] = "the database was too slow", away[] = "paled was not running",
		  aside[] = "the database could not be used and was set aside",
		  removed[] = "the database was removed";

/* A container as it is to be written: of the thread alone. */
struct defined {
	uint32_t number;
	char *id, *names;
	uint64_t since_ns;
	uint64_t touched_ns;
	int64_t row; /* 0: not in this database yet */
	bool ended;  /* it is kept for what is missing of it */
};

struct recorder {
	struct recorder_options options;
	pthread_t thread;
	int fd;

	pthread_mutex_t lock;
	pthread_cond_t wake;
	/* With the lock. */
	struct recorder_queue queue;
	struct recorder_gaps overflow;
	bool stop, stopped, suspect;
	uint64_t asked, done; /* tickets */
	struct recorder_status status;
	char told[512]; /* to be told; "": nothing */
	int told_level;

	/* The thread's. */
	struct recorder_store *store; /* NULL: to be opened */
	struct recorder_gaps gaps;    /* to be written */
	struct defined *defined;
	size_t n_defined, cap_defined;
	uint64_t retry_ns; /* CLOCK_MONOTONIC; 0: it goes well */
	bool opened_once;
	bool damaged; /* the file, as it seemed */
};

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

static void wake_caller(struct recorder *r)
{
	const uint64_t one = 1;

	if (write(r->fd, &one, sizeof(one)) < 0) {
		/* It is readable as it is. */
	}
}

static void say(struct recorder *r, int level, const char *text)
{
	size_t before;

	pthread_mutex_lock(&r->lock);
	before = strlen(r->told);
	snprintf(r->told + before, sizeof(r->told) - before, "%s%s", before ? "; " : "", text);
	r->told_level = level;
	pthread_mutex_unlock(&r->lock);
	wake_caller(r);
}

static struct defined *find_defined(struct recorder *r, uint32_t number)
{
	for (size_t i = 0; i < r->n_defined; i++) {
		if (r->defined[i].number == number)
			return &r->defined[i];
	}
	return NULL;
}

static void undefine(struct recorder *r, uint32_t number)
{
	struct defined *d = find_defined(r, number);

	if (!d)
		return;
	free(d->id);
	free(d->names);
	*d = r->defined[--r->n_defined];
}

static void define(struct recorder *r, const struct recorder_entry *e)
{
	undefine(r, e->container);
	if (r->n_defined == r->cap_defined) {
		r->cap_defined = r->cap_defined ? 2 * r->cap_defined : 16;
		r->defined = reallocarray(r->defined, r->cap_defined, sizeof(*r->defined));
		if (!r->defined)
			abort();
	}
	r->defined[r->n_defined++] = (struct defined){
		.number = e->container,
		.id = strdup(e->executable.at),
		.names = strdup(e->event.at),
		.since_ns = e->time_ns,
	};
}

static void forget_row(struct defined *d)
{
	d->row = 0;
	d->touched_ns = 0;
}

/* Of another database nothing is known of them; and of this one what has gone may be. */
static void forget_rows(struct recorder *r)
{
	for (size_t i = 0; i < r->n_defined; i++)
		forget_row(&r->defined[i]);
}

static void close_store(struct recorder *r)
{
	recorder_store_close(r->store);
	r->store = NULL;
	forget_rows(r);
}

static void take_found(struct recorder *r, const struct recorder_found *f)
{
	const uint64_t now = now_ns(CLOCK_REALTIME);
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (f->set_aside) {
		recorder_gaps_add(&r->gaps, 0, 0, 0, now, aside, f->set_aside);
		text_printf(&t, "%s: set aside as %s.damaged, and begun anew: %s", r->options.path,
			r->options.path, f->set_aside);
		say(r, LOG_ERR, text_str(&t));
	} else if (f->existed && !r->opened_once) {
		recorder_gaps_add(&r->gaps, 0, 0, f->alive_ns, now, away, NULL);
	}
	r->opened_once = true;
}

static int open_store(struct recorder *r, struct pale_err **err)
{
	struct recorder_found found;
	int n = recorder_store_open(
		r->options.path, &r->options.bounds, r->damaged, &r->store, &found, err);

	if (n >= 0 || found.set_aside)
		take_found(r, &found);
	if (n >= 0)
		r->damaged = false;
	recorder_found_release(&found);
	return n;
}

static void set_status(struct recorder *r, const char *why, uint64_t written, uint64_t lost)
{
	uint64_t bytes = r->store ? recorder_store_bytes(r->store) : 0;

	pthread_mutex_lock(&r->lock);
	r->status.recording = !why;
	r->status.written += written;
	r->status.lost += lost;
	if (r->store)
		r->status.bytes = bytes;
	snprintf(r->status.why, sizeof(r->status.why), "%s", why ? why : "");
	pthread_mutex_unlock(&r->lock);
}

/* Said once, and again when it goes well. */
static void fail(struct recorder *r, const struct pale_err *why)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (!r->retry_ns) {
		text_printf(&t, "recording stops: %s", pale_err_text(why));
		say(r, LOG_ERR, text_str(&t));
	}
	set_status(r, pale_err_text(why), 0, 0);
	r->retry_ns = now_ns(CLOCK_MONOTONIC) + RETRY_NS;
	r->damaged = r->damaged || recorder_store_is_damage(why);
	/* What it knows of the file may be wrong by then. */
	close_store(r);
}

static void go_well(struct recorder *r, uint64_t written)
{
	if (r->retry_ns)
		say(r, LOG_NOTICE, "recording goes on");
	r->retry_ns = 0;
	set_status(r, NULL, written, 0);
}

static int row_of(
	struct recorder *r, uint32_t number, uint64_t now, int64_t *ret, struct pale_err **err)
{
	struct defined *d = number ? find_defined(r, number) : NULL;
	int n = 0;

	*ret = 0;
	if (!d)
		return 0;
	if (!d->row)
		n = recorder_store_container(r->store, d->id, d->since_ns, d->names, &d->row, err);
	if (n >= 0 && now - d->touched_ns > TOUCH_NS) {
		n = recorder_store_touch(r->store, d->row, now, err);
		d->touched_ns = now;
	}
	*ret = d->row;
	return n;
}

static int add(
	struct recorder *r, const struct recorder_entry *e, uint64_t now, struct pale_err **err)
{
	int64_t row;
	int n = row_of(r, e->container, now, &row, err);

	return n < 0 ? n : recorder_store_add(r->store, e, row, err);
}

static int add_gaps(struct recorder *r, uint64_t now, struct pale_err **err)
{
	int n = 0;

	for (size_t i = 0; i < r->gaps.n && n >= 0; i++) {
		_cleanup_free_ char *text = NULL;
		struct recorder_entry e;

		recorder_gap_entry(&r->gaps.v[i], now, &e, &text);
		n = add(r, &e, now, err);
	}
	return n;
}

/* As much of the batch as one transaction takes, and what is missing before it. */
static int write_some(
	struct recorder *r, struct recorder_waiting *const *v, size_t n, struct pale_err **err)
{
	const uint64_t now = now_ns(CLOCK_REALTIME);
	int e = recorder_store_begin(r->store, err);

	if (e >= 0)
		e = add_gaps(r, now, err);
	for (size_t i = 0; i < n && e >= 0; i++) {
		if (v[i]->task == TASK_ENTRY)
			e = add(r, &v[i]->entry, now, err);
	}
	if (e >= 0)
		e = recorder_store_commit(r->store, now, err);
	if (e < 0) {
		recorder_store_rollback(r->store);
		return e;
	}
	if (e > 0)
		forget_rows(r);
	recorder_gaps_clear(&r->gaps);
	return 0;
}

static size_t count_lost(struct recorder *r, struct recorder_waiting *const *v, size_t n)
{
	const uint64_t now = now_ns(CLOCK_REALTIME);
	size_t lost = 0;

	for (size_t i = 0; i < n; i++) {
		if (v[i]->task != TASK_ENTRY)
			continue;
		recorder_gaps_add(&r->gaps, v[i]->entry.container, 1, v[i]->entry.time_ns, now,
			unwritten, NULL);
		lost++;
	}
	return lost;
}

static int check_store(struct recorder *r, struct pale_err **err)
{
	if (r->store && recorder_store_is_gone(r->store)) {
		close_store(r);
		recorder_gaps_add(&r->gaps, 0, 0, 0, now_ns(CLOCK_REALTIME), removed, NULL);
	}
	return r->store ? 0 : open_store(r, err);
}

static size_t count_entries(struct recorder_waiting *const *v, size_t n)
{
	size_t entries = 0;

	for (size_t i = 0; i < n; i++)
		entries += v[i]->task == TASK_ENTRY;
	return entries;
}

static void write_or_count(struct recorder *r, struct recorder_waiting *const *v, size_t n)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	int e = 0;

	if (r->retry_ns && now_ns(CLOCK_MONOTONIC) < r->retry_ns) {
		size_t lost = count_lost(r, v, n);

		pthread_mutex_lock(&r->lock);
		r->status.lost += lost;
		pthread_mutex_unlock(&r->lock);
		return;
	}
	e = check_store(r, &err);
	if (e >= 0)
		e = write_some(r, v, n, &err);
	if (e >= 0) {
		go_well(r, count_entries(v, n));
		return;
	}
	fail(r, err);
	set_status(r, pale_err_text(err), 0, count_lost(r, v, n));
}

/* Those that have ended; what is missing of one and cannot be written yet is told by its name. */
static void drop_ended(struct recorder *r)
{
	for (size_t i = r->n_defined; i > 0; i--) {
		const struct defined *d = &r->defined[i - 1];

		if (d->ended && !recorder_gaps_has(&r->gaps, d->number))
			undefine(r, d->number);
	}
}

static void end_transaction(struct recorder *r, struct recorder_waiting **v, size_t n)
{
	write_or_count(r, v, n);
	for (size_t i = 0; i < n; i++) {
		struct defined *d =
			v[i]->task == TASK_UNDEFINE ? find_defined(r, v[i]->entry.container) : NULL;

		if (d)
			d->ended = true;
		free(v[i]);
	}
	drop_ended(r);
}

/* Before the first transaction, which tells what is missing of them. */
static void define_all(struct recorder *r, const struct recorder_queue *batch)
{
	for (const struct recorder_waiting *w = batch->first; w; w = w->next) {
		if (w->task == TASK_DEFINE)
			define(r, &w->entry);
	}
}

/* Even of nothing there is one: that it was looked at stands in the database. */
static void write_batch(struct recorder *r, struct recorder_queue *batch)
{
	_cleanup_free_ struct recorder_waiting **v = NULL;
	size_t cap = 0, n = 0, bytes = 0;

	define_all(r, batch);
	do {
		struct recorder_waiting *w = recorder_queue_pop(batch);

		if (w && n == cap) {
			cap = cap ? 2 * cap : 256;
			v = reallocarray(v, cap, sizeof(struct recorder_waiting *));
			if (!v)
				abort();
		}
		if (w) {
			bytes += w->bytes;
			v[n++] = w;
		}
		if (batch->first && bytes < TRANSACTION_BYTES)
			continue;
		end_transaction(r, v, n);
		n = bytes = 0;
	} while (batch->first);
}

/* Until there is enough, or it has waited long enough; with the lock. */
static void wait_for_work(struct recorder *r)
{
	struct timespec end;
	int timed_out = 0;

	while (!r->stop && r->done == r->asked && !r->queue.first && !r->overflow.n &&
		!r->suspect && !(r->retry_ns && r->gaps.n))
		pthread_cond_wait(&r->wake, &r->lock);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += BATCH_NS / SECOND_NS;
	while (!r->stop && r->done == r->asked && r->queue.bytes < BATCH_BYTES && !timed_out)
		timed_out = pthread_cond_timedwait(&r->wake, &r->lock, &end);
}

static void *work(void *ctx)
{
	struct recorder *r = ctx;
	bool stop = false;

	write_or_count(r, NULL, 0);
	while (!stop) {
		struct recorder_queue batch;
		uint64_t ticket;

		pthread_mutex_lock(&r->lock);
		wait_for_work(r);
		stop = r->stop;
		ticket = r->asked;
		recorder_queue_take(&batch, &r->queue);
		recorder_gaps_merge(&r->gaps, &r->overflow);
		if (r->suspect) {
			r->damaged = true;
			close_store(r);
		}
		r->suspect = false;
		pthread_mutex_unlock(&r->lock);

		write_batch(r, &batch);

		pthread_mutex_lock(&r->lock);
		r->done = ticket;
		pthread_mutex_unlock(&r->lock);
		wake_caller(r);
	}
	close_store(r);
	pthread_mutex_lock(&r->lock);
	r->stopped = true;
	pthread_cond_broadcast(&r->wake);
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

static int start(struct recorder *r)
{
	pthread_condattr_t clock;
	sigset_t all, before;
	int e;

	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&r->wake, &clock);
	pthread_condattr_destroy(&clock);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	e = pthread_create(&r->thread, NULL, work, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return e;
}

static void release(struct recorder *r)
{
	while (r->n_defined)
		undefine(r, r->defined[0].number);
	free(r->defined);
	recorder_queue_release(&r->queue);
	recorder_gaps_release(&r->gaps);
	recorder_gaps_release(&r->overflow);
	if (r->fd >= 0)
		close(r->fd);
	free((char *)r->options.path);
	free(r);
}

int recorder_new(
	const struct recorder_options *options, struct recorder **ret, struct pale_err **err)
{
	struct recorder *r = calloc(1, sizeof(*r));
	int e;

	if (!r)
		abort();
	r->options = *options;
	r->options.path = strdup(options->path);
	if (!r->options.queue_bytes)
		r->options.queue_bytes = RECORDER_QUEUE_BYTES;
	snprintf(r->status.why, sizeof(r->status.why), "the database is being opened");
	recorder_queue_init(&r->queue);
	r->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	e = r->fd < 0 ? errno : start(r);
	if (e) {
		release(r);
		return pale_err_set(err, e, "begin to record");
	}
	*ret = r;
	return 0;
}

void recorder_free(struct recorder *r, int timeout_ms)
{
	struct timespec end;
	int timed_out = 0;
	bool stopped;

	if (!r)
		return;
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += timeout_ms / 1000;
	end.tv_nsec += timeout_ms % 1000 * 1000000L;
	if (end.tv_nsec >= (long)SECOND_NS) {
		end.tv_sec++;
		end.tv_nsec -= (long)SECOND_NS;
	}
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	pthread_cond_broadcast(&r->wake);
	while (!r->stopped && !timed_out)
		timed_out = pthread_cond_timedwait(&r->wake, &r->lock, &end);
	stopped = r->stopped;
	pthread_mutex_unlock(&r->lock);
	if (!stopped) {
		pthread_detach(r->thread);
		return;
	}
	pthread_join(r->thread, NULL);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->wake);
	release(r);
}

static void count_overflow(struct recorder *r, const struct recorder_entry *e)
{
	recorder_gaps_add(&r->overflow, e->container, 1, e->time_ns, e->time_ns, overflown, NULL);
	r->status.lost++;
}

/* With what a container is called, whatever the room is. */
static void enqueue(struct recorder *r, enum recorder_task task, const struct recorder_entry *e)
{
	bool wake;

	pthread_mutex_lock(&r->lock);
	wake = !r->queue.first;
	if (task == TASK_ENTRY && r->queue.bytes >= r->options.queue_bytes)
		count_overflow(r, e);
	else
		recorder_queue_add(&r->queue, task, e);
	if (wake || r->queue.bytes >= BATCH_BYTES)
		pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
}

void recorder_define(
	struct recorder *r, uint32_t number, const char *id, uint64_t since_ns, const char *names)
{
	const struct recorder_entry e = {
		.container = number,
		.time_ns = since_ns,
		.executable = { id, strlen(id) },
		.event = { names, strlen(names) },
	};

	enqueue(r, TASK_DEFINE, &e);
}

void recorder_undefine(struct recorder *r, uint32_t number)
{
	enqueue(r, TASK_UNDEFINE, &(const struct recorder_entry){ .container = number });
}

void recorder_put(struct recorder *r, const struct recorder_entry *e)
{
	enqueue(r, TASK_ENTRY, e);
}

void recorder_alive(struct recorder *r)
{
	enqueue(r, TASK_ALIVE, &(const struct recorder_entry){ 0 });
}

void recorder_put_gap(struct recorder *r, uint32_t number, uint64_t n, const char *reason)
{
	pthread_mutex_lock(&r->lock);
	recorder_gaps_add(&r->overflow, number, n, 0, now_ns(CLOCK_REALTIME), reason, NULL);
	r->status.lost += n;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
}

uint64_t recorder_flush(struct recorder *r)
{
	uint64_t ticket;

	pthread_mutex_lock(&r->lock);
	ticket = ++r->asked;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
	return ticket;
}

uint64_t recorder_done(struct recorder *r)
{
	uint64_t done;

	pthread_mutex_lock(&r->lock);
	done = r->done;
	pthread_mutex_unlock(&r->lock);
	return done;
}

void recorder_suspect(struct recorder *r)
{
	pthread_mutex_lock(&r->lock);
	r->suspect = true;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
}

int recorder_fd(const struct recorder *r)
{
	return r->fd;
}

void recorder_dispatch(struct recorder *r)
{
	char told[sizeof(r->told)];
	uint64_t n;
	int level;

	if (read(r->fd, &n, sizeof(n)) < 0)
		return;
	pthread_mutex_lock(&r->lock);
	memcpy(told, r->told, sizeof(told));
	level = r->told_level;
	r->told[0] = 0;
	pthread_mutex_unlock(&r->lock);
	if (told[0] && r->options.tell)
		r->options.tell(r->options.ctx, level, told);
}

void recorder_status(struct recorder *r, struct recorder_status *ret)
{
	pthread_mutex_lock(&r->lock);
	*ret = r->status;
	pthread_mutex_unlock(&r->lock);
}
