/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/runtime/ask_paled.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "enforcer/child_output.h"
#include "enforcer/oci_runtime.h"
#include "enforcer/paled_client.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SOCKET		  "register"
#define FIRST_PAUSE_MS	  10
#define LONGEST_PAUSE_MS  500
#define FORGET_TIMEOUT_MS 1000
/* What register's last try has, however little of the wait is left. */
#define LAST_TRY_MS 500
/* For one answer of a daemon that is there. */
#define ANSWER_TIMEOUT_MS   10000
#define FEATURES_TIMEOUT_MS 2000
/* An engine tries a container again that was not started; who enters one is a person or a probe. A
 * daemon that is a pod is away for 4 to 9 seconds when it is replaced, and was for more than 30 on
 * a node that was busy and whose API server had been started anew. */
#define LOOKUP_WAITS	   6
#define FEATURES_BYTES_MAX (256u << 10)

enum on_missing { ON_MISSING_WAIT, ON_MISSING_DENY, ON_MISSING_ALLOW };

static const char *const on_missing_names[] = {
	[ON_MISSING_WAIT] = "wait",
	[ON_MISSING_DENY] = "deny",
	[ON_MISSING_ALLOW] = "allow",
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* One connection, one request. *@answer is set when there was one, ok or not. */
static int ask_once(const struct runtime_conf *conf, const char *method, const json_t *request,
	int pidfd, int timeout_ms, json_t **answer, struct pale_err **err)
{
	_cleanup_(paled_closep) struct paled *p = NULL;
	int r;

	*answer = NULL;
	r = paled_connect(conf->socket_dir, SOCKET, timeout_ms, &p, err);
	if (r < 0)
		return r;
	paled_pass_fd(p, pidfd);
	return paled_call(p, method, request, answer, err);
}

/* Without an answer: whether there might be one later. */
static bool is_away(int r)
{
	return r == -ENOENT || r == -ECONNREFUSED || r == -ECONNRESET || r == -EPIPE ||
	       r == -ETIMEDOUT;
}

/* The time in which to ask again. */
struct patience {
	int64_t deadline_ms;
	int pause_ms;
};

static struct patience patience_new(int wait_ms)
{
	return (struct patience){ now_ms() + wait_ms, FIRST_PAUSE_MS };
}

/* false when it is over. */
static bool patience_pause(struct patience *p)
{
	struct pollfd nothing = { .fd = -1 };
	int64_t left = p->deadline_ms - now_ms();

	if (left <= 0)
		return false;
	poll(&nothing, 1, p->pause_ms < left ? p->pause_ms : (int)left);
	p->pause_ms = p->pause_ms * 2 > LONGEST_PAUSE_MS ? LONGEST_PAUSE_MS : p->pause_ms * 2;
	return true;
}

static void forget_error(struct pale_err **err)
{
	pale_err_free(*err);
	*err = NULL;
}

/* -EINVAL when it is none of the words. */
static int read_on_missing(
	const json_t *v, const char *where, enum on_missing *ret, struct pale_err **err)
{
	const char *word = json_string_value(v);

	*ret = ON_MISSING_WAIT;
	if (!v)
		return 0;
	for (int i = 0; word && i <= ON_MISSING_ALLOW; i++) {
		if (!strcmp(on_missing_names[i], word)) {
			*ret = (enum on_missing)i;
			return 0;
		}
	}
	return pale_err_plain(
		err, EINVAL, "%s has to be wait, deny or allow, not '%s'", where, word ? word : "");
}

static const char *kind_name(enum real_kind kind)
{
	return kind == REAL_CRUN ? "crun" : "runc";
}

/* Told apart from the one that is there after an upgrade; NULL: it cannot be. */
static json_t *runtime_file(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return NULL;
	return json_sprintf("%ju:%ju:%jd:%jd.%09ld", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino,
		(intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

/* What @real prints of itself; "" when it does not: then it is taken for one that can do nothing.
 */
static json_t *runtime_features(enum real_kind kind, const char *real)
{
	_cleanup_(pale_err_freep) struct pale_err *silent = NULL;
	_cleanup_(text_release) struct text t = TEXT_INIT;
	const char *const argv[] = { real,
		oci_runtime_features_words[kind == REAL_CRUN ? OCI_RUNTIME_CRUN : OCI_RUNTIME_RUNC],
		NULL };
	json_t *said = NULL;

	if (child_output(argv, FEATURES_TIMEOUT_MS, FEATURES_BYTES_MAX, &t, &silent) >= 0)
		said = json_string(text_str(&t));
	return said ? said : json_string("");
}

static json_t *prepare_request(const struct container_asked *c, struct pale_err **err)
{
	json_t *request = json_pack("{s:s, s:s, s:o, s:O, s:b}", "id", c->id, "runtime",
		kind_name(c->kind), "runtime_path", json_text(c->real), "annotations",
		c->annotations, "privileged", c->privileged);
	json_t *file = runtime_file(c->real);

	if (!request)
		pale_err_plain(err, EINVAL, "a container's id is not UTF-8");
	else if (c->bundle)
		json_object_set_new(request, "bundle", json_string(c->bundle));
	if (request && file)
		json_object_set(request, "runtime_file", file);
	json_decref(file);
	return request;
}

/* What an answer that is not ok, or none, means; then *@err says why. */
struct missing {
	bool is_missing; /* asking again may help */
	bool away;
	enum on_missing how;
};

static int what_is_missing(const json_t *answer, int r, enum on_missing asked_for,
	struct missing *ret, struct pale_err **err)
{
	struct pale_err *wrong = NULL;

	*ret = (struct missing){ .how = asked_for };
	if (!answer) {
		ret->is_missing = ret->away = is_away(r);
		return 0;
	}
	ret->is_missing = r == -ENOENT && json_object_get(answer, "on_missing");
	if (!ret->is_missing)
		return 0;
	r = read_on_missing(json_object_get(answer, "on_missing"), "paled's answer: on_missing",
		&ret->how, &wrong);
	if (r < 0) {
		forget_error(err);
		*err = wrong;
	}
	return r;
}

/* The wait is over, and *@err says what for. */
static int let_through(const struct runtime_conf *conf, const struct container_asked *container,
	const struct missing *missing, struct confinement *ret, struct text *why,
	struct pale_err **err)
{
	if (missing->how != ON_MISSING_ALLOW)
		return -pale_err_errno(*err);
	if (missing->away && !conf->allow_unreachable) {
		pale_err_hint(err, ANNOTATION_ON_MISSING
			" is allow, which holds without paled only where " RUNTIME_CONF_FILE
			" has 'allow-without-paled = yes'");
		return -pale_err_errno(*err);
	}
	text_printf(why,
		"container %s runs UNCONFINED, since its " ANNOTATION_ON_MISSING " is allow: %s",
		container->id, pale_err_text(*err));
	forget_error(err);
	*ret = (struct confinement){ .unconfined = true };
	return 0;
}

static int ask_again(const struct runtime_conf *conf, const struct container_asked *container,
	json_t *request, enum on_missing asked_for, struct confinement *ret, struct text *why,
	struct pale_err **err)
{
	struct patience patience = patience_new(conf->wait_ms);

	for (;;) {
		struct missing missing;
		json_t *answer;
		int r = ask_once(conf, "prepare", request, -1, ANSWER_TIMEOUT_MS, &answer, err);

		if (r == 0 && json_is_true(json_object_get(answer, "wants_features")) &&
			!json_object_get(request, "runtime_features")) {
			json_decref(answer);
			json_object_set_new(request, "runtime_features",
				runtime_features(container->kind, container->real));
			continue;
		}
		if (r == 0)
			return confinement_read(answer, ret, err);
		r = what_is_missing(answer, r, asked_for, &missing, err);
		json_decref(answer);
		if (r < 0 || !missing.is_missing || missing.how == ON_MISSING_DENY)
			return -pale_err_errno(*err);
		if (!patience_pause(&patience))
			return let_through(conf, container, &missing, ret, why, err);
		forget_error(err);
	}
}

int ask_prepare(const struct runtime_conf *conf, const struct container_asked *container,
	struct confinement *ret, struct text *why, struct pale_err **err)
{
	enum on_missing asked_for;
	json_t *request;
	int r = read_on_missing(json_object_get(container->annotations, ANNOTATION_ON_MISSING),
		"the annotation " ANNOTATION_ON_MISSING, &asked_for, err);

	if (r < 0)
		return r;
	request = prepare_request(container, err);
	if (!request)
		return -EINVAL;
	r = ask_again(conf, container, request, asked_for, ret, why, err);
	json_decref(request);
	return r;
}

int ask_whether_unconfined(const struct runtime_conf *conf, const struct container_asked *container,
	bool *ret, struct pale_err **err)
{
	json_t *request = prepare_request(container, err), *answer;
	struct missing missing = { 0 };
	int r;

	if (!request)
		return -EINVAL;
	r = ask_once(conf, "prepare", request, -1, ANSWER_TIMEOUT_MS, &answer, err);
	json_decref(request);
	if (r == 0) {
		*ret = json_is_true(json_object_get(answer, "unconfined"));
	} else if (answer) {
		r = what_is_missing(answer, r, ON_MISSING_DENY, &missing, err);
		if (r == 0)
			r = -pale_err_errno(*err);
		if (missing.is_missing && missing.how == ON_MISSING_ALLOW) {
			forget_error(err);
			*ret = true;
			r = 0;
		}
	}
	json_decref(answer);
	return r;
}

int ask_lookup(const struct runtime_conf *conf, enum real_kind kind, const char *real,
	const char *id, struct confinement *ret, bool *known, struct pale_err **err)
{
	struct patience patience = patience_new(conf->wait_ms * LOOKUP_WAITS);
	json_t *request = json_pack("{s:s, s:s, s:o}", "id", id, "runtime", kind_name(kind),
		"runtime_path", json_text(real));
	json_t *answer = NULL, *file;
	int r;

	if (!request)
		return pale_err_plain(err, EINVAL, "a container's id is not UTF-8");
	file = runtime_file(real);
	if (file)
		json_object_set_new(request, "runtime_file", file);
	*ret = (struct confinement){ 0 };
	for (;;) {
		r = ask_once(conf, "lookup", request, -1, ANSWER_TIMEOUT_MS, &answer, err);
		if (r == 0 || answer || !is_away(r) || !patience_pause(&patience))
			break;
		forget_error(err);
	}
	json_decref(request);
	*known = r == 0;
	if (r == 0)
		return confinement_read(answer, ret, err);
	if (answer && r == -ENOENT) {
		forget_error(err);
		r = 0;
	}
	json_decref(answer);
	return r;
}

int ask_register(
	const struct runtime_conf *conf, const json_t *request, int wait_ms, struct pale_err **err)
{
	struct patience patience = { now_ms() + wait_ms, FIRST_PAUSE_MS };
	pid_t pid = (pid_t)json_integer_value(json_object_get(request, "pid"));
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (pidfd < 0)
		return pale_err_set(err, errno, "the container's process, %d", pid);
	for (;;) {
		int64_t left = patience.deadline_ms - now_ms();
		json_t *answer;
		int r = ask_once(conf, "register", request, pidfd,
			left > LAST_TRY_MS ? (int)left : LAST_TRY_MS, &answer, err);
		bool answered = answer != NULL;

		json_decref(answer);
		if (r == 0)
			return 0;
		if (answered || !is_away(r) || !patience_pause(&patience))
			return pale_err_wrap(err, "register with paled");
		forget_error(err);
	}
}

int tell_forget(const struct runtime_conf *conf, const char *id, struct pale_err **err)
{
	_cleanup_(paled_closep) struct paled *p = NULL;
	json_t *request = json_pack("{s:s, s:b}", "id", id, "ended", 1);
	int r;

	if (!request)
		return pale_err_plain(err, EINVAL, "a container's id is not UTF-8");
	r = paled_connect(conf->socket_dir, "register", FORGET_TIMEOUT_MS, &p, err);
	if (r == 0)
		r = paled_tell(p, "forget", request, err);
	json_decref(request);
	return r;
}
