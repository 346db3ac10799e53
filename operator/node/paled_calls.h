/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_NODE_PALED_CALLS_H
#define PALE_NODE_PALED_CALLS_H

/*
 * paled's control socket in a loop: requests one after another, each with its answer. paled may go
 * away at any time, kill -9 included, and come back: then it is connected to again, after 0.2 s and
 * later up to 5 s. What was asked meanwhile or had no answer is not asked again: whoever asked is
 * told, and that it is there again, and begins anew.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct paled_calls;

struct paled_calls_handlers {
	/* There is a connection: what is to be asked at first. */
	void (*up)(void *ctx);
	/* It answers no more, after all that was asked was told so; also when it did not the first
	 * time. Not again before it has answered something. */
	void (*down)(void *ctx, const char *why);
	void *ctx;
};

/* @run: the folder of its sockets, which has to outlive this. Connects in the loop. */
struct paled_calls *paled_calls_new(
	sd_event *loop, const char *run, const struct paled_calls_handlers *handlers);
/* Nobody is told. */
void paled_calls_free(struct paled_calls *c);

/*
 * Takes over @request, which needs no version. @done gets the answer as pale-protocol(7) has it,
 * with ok true or false, or NULL: paled went away, did not answer within a minute, or is away.
 * Always in the loop.
 */
void paled_calls_ask(struct paled_calls *c, json_t *request,
	void (*done)(void *ctx, const json_t *answer), void *ctx);

bool paled_answer_ok(const json_t *answer);
/* errno's name, "ENOSYS"; "" for an answer that is ok. */
const char *paled_answer_errno(const json_t *answer);
/* What paled says is wrong, never NULL. */
const char *paled_answer_error(const json_t *answer);

#endif
