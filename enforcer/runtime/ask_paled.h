/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RUNTIME_ASK_PALED_H
#define PALE_RUNTIME_ASK_PALED_H

#include "compiler/base/text.h"
#include "enforcer/runtime/confinement.h"
#include "enforcer/runtime/runtime_conf.h"

/*
 * paled's register socket, as pale-runtime uses it. A daemon that is away (not started yet, or
 * being restarted) is asked again until the configuration's wait is over. What it does not answer
 * is refused.
 */

#define ANNOTATION_PROFILE    "pale.dev/profile"
#define ANNOTATION_ON_MISSING "pale.dev/on-missing"

struct container_asked {
	const char *id;
	enum real_kind kind;
	const char *real;	   /* absolute path of the runtime */
	const json_t *annotations; /* an object of strings */
	const char *bundle;	   /* absolute; NULL: not known */
	bool privileged;
};

/*
 * What @container is to run under. With a policy that is not there (yet), or with no daemon, the
 * container's on-missing decides: "deny" refuses at once; "wait", the default, and "allow" ask
 * until the wait is over, and then refuse, or let it run unconfined. That is taken from the answer
 * where there is one. Without one "allow" holds only if the configuration says so: a container must
 * not escape the node's default policy by a daemon's being away. @why: gets a sentence when the
 * container is let through so; nothing when it is paled's answer that it is unconfined.
 */
int ask_prepare(const struct runtime_conf *conf, const struct container_asked *container,
	struct confinement *ret, struct text *why, struct pale_err **err);

/* As ask_prepare(), once, and in the end: whether the container was rightly left unconfined. */
int ask_whether_unconfined(const struct runtime_conf *conf, const struct container_asked *container,
	bool *ret, struct pale_err **err);

/* What the container @id that is registered runs under, in terms of the runtime @kind at @real;
 * *@known false: none of this name is. Waits six times as long as the configuration says. */
int ask_lookup(const struct runtime_conf *conf, enum real_kind kind, const char *real,
	const char *id, struct confinement *ret, bool *known, struct pale_err **err);

/* @request: the members of register, which may come twice: a daemon that went away meanwhile is
 * asked again. @wait_ms in all. */
int ask_register(
	const struct runtime_conf *conf, const json_t *request, int wait_ms, struct pale_err **err);

/* The container @id is about to be deleted: paled forgets it as soon as it has ended. Waits for no
 * answer, and for no daemon: containers that are gone it finds out itself. */
int tell_forget(const struct runtime_conf *conf, const char *id, struct pale_err **err);

#endif
