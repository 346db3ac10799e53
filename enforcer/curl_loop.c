/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/curl_loop.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

struct curl_loop {
	sd_event *loop;
	CURLM *multi;
	sd_event_source *timer;
};

static void finish_jobs(struct curl_loop *c)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(c->multi, &left))) {
		CURLcode result = m->data.result;
		struct curl_job *job = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&job);
		if (!job->keep || result != CURLE_OK)
			curl_loop_stop(c, job);
		job->done(job->ctx, result);
	}
}

static int on_socket(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct curl_loop *c = ctx;
	int running, what = 0;

	(void)source;
	what |= events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0;
	what |= events & EPOLLOUT ? CURL_CSELECT_OUT : 0;
	what |= events & EPOLLERR ? CURL_CSELECT_ERR : 0;
	curl_multi_socket_action(c->multi, fd, what, &running);
	finish_jobs(c);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t us, void *ctx)
{
	struct curl_loop *c = ctx;
	int running;

	(void)source;
	(void)us;
	curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	finish_jobs(c);
	return 0;
}

static int set_timer(CURLM *multi, long ms, void *ctx)
{
	struct curl_loop *c = ctx;

	(void)multi;
	if (ms < 0) {
		sd_event_source_set_enabled(c->timer, SD_EVENT_OFF);
		return 0;
	}
	sd_event_source_set_time_relative(c->timer, (uint64_t)ms * 1000);
	sd_event_source_set_enabled(c->timer, SD_EVENT_ONESHOT);
	return 0;
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *assigned)
{
	struct curl_loop *c = ctx;
	sd_event_source *source = assigned;
	uint32_t events = 0;

	(void)easy;
	events |= what & CURL_POLL_IN ? EPOLLIN : 0;
	events |= what & CURL_POLL_OUT ? EPOLLOUT : 0;
	if (source) {
		/* Under its number another socket may be by now. */
		sd_event_source_disable_unref(source);
		source = NULL;
	}
	if (what != CURL_POLL_REMOVE &&
		sd_event_add_io(c->loop, &source, fd, events, on_socket, c) < 0)
		return -1;
	curl_multi_assign(c->multi, fd, source);
	return 0;
}

struct curl_loop *curl_loop_new(sd_event *event)
{
	struct curl_loop *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->loop = event;
	curl_global_init(CURL_GLOBAL_ALL);
	c->multi = curl_multi_init();
	if (!c->multi || sd_event_add_time_relative(
				 event, &c->timer, CLOCK_MONOTONIC, 0, 1000, on_timer, c) < 0)
		abort();
	sd_event_source_set_enabled(c->timer, SD_EVENT_OFF);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	return c;
}

void curl_loop_free(struct curl_loop *c)
{
	if (!c)
		return;
	curl_multi_cleanup(c->multi);
	sd_event_source_disable_unref(c->timer);
	curl_global_cleanup();
	free(c);
}

void curl_loop_start(struct curl_loop *c, struct curl_job *job)
{
	curl_easy_setopt(job->easy, CURLOPT_PRIVATE, job);
	/* A name that is still being resolved, by a thread of libcurl's, is not waited for when it
	 * is given up: that may take longer than the watchdog allows. */
	curl_easy_setopt(job->easy, CURLOPT_QUICK_EXIT, 1L);
	curl_multi_add_handle(c->multi, job->easy);
	job->running = true;
}

void curl_loop_stop(struct curl_loop *c, struct curl_job *job)
{
	if (job->running)
		curl_multi_remove_handle(c->multi, job->easy);
	job->running = false;
}
