/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CURL_LOOP_H
#define PALE_CURL_LOOP_H

/* libcurl's transfers in an sd-event loop: names are resolved, connections made and requests sent
 * without anybody waiting. */

#include <curl/curl.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

struct curl_loop;

struct curl_job {
	CURL *easy;
	/* It is done, one way or the other, and the transfer may be started anew. */
	void (*done)(void *ctx, CURLcode result);
	void *ctx;
	/* A connection that stays libcurl's after it is made, CURLOPT_CONNECT_ONLY. */
	bool keep;
	bool running; /* for curl_loop.c */
};

struct curl_loop *curl_loop_new(sd_event *event);
/* All jobs must have been stopped. */
void curl_loop_free(struct curl_loop *c);
void curl_loop_start(struct curl_loop *c, struct curl_job *job);
/* `done` is not called. */
void curl_loop_stop(struct curl_loop *c, struct curl_job *job);

#endif
