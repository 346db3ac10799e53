/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/paled_client.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#define PROTOCOL_VERSION 1
#define READ_SIZE	 65536
/* How long to wait for room in the queue of a socket, each time. */
#define QUEUE_WAIT_MS 5

struct paled {
	int fd;
	int timeout_ms;
	int64_t deadline_ms; /* of what goes on; of CLOCK_MONOTONIC, or PALED_FOREVER */
	struct text in;	     /* read, and not yet an answer */
	int fd_to_pass;	     /* -1: none */
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void start_clock(struct paled *p)
{
	p->deadline_ms = p->timeout_ms < 0 ? PALED_FOREVER : now_ms() + p->timeout_ms;
}

/* Of poll(2): milliseconds, -1 for ever. */
static int time_left(const struct paled *p)
{
	int64_t left;

	if (p->deadline_ms == PALED_FOREVER)
		return -1;
	left = p->deadline_ms - now_ms();
	return left < 0 ? 0 : (int)left;
}

static int wait_for(struct paled *p, short events, struct pale_err **err)
{
	for (;;) {
		struct pollfd f = { .fd = p->fd, .events = events };
		int n = poll(&f, 1, time_left(p));

		if (n > 0)
			return 0;
		if (n == 0)
			return pale_err_plain(err, ETIMEDOUT, "paled does not answer in time");
		if (errno != EINTR)
			return pale_err_set(err, errno, "poll");
	}
}

void paled_closep(struct paled **p)
{
	if (!*p)
		return;
	closep(&(*p)->fd);
	text_release(&(*p)->in);
	free(*p);
	*p = NULL;
}

int paled_detach(struct paled **p)
{
	int fd = TAKE_FD((*p)->fd);

	paled_closep(p);
	return fd;
}

void paled_set_timeout(struct paled *p, int timeout_ms)
{
	p->timeout_ms = timeout_ms;
}

static int try_connect(struct paled *p, const struct sockaddr_un *to, struct pale_err **err)
{
	for (;;) {
		struct pollfd nothing = { .fd = -1 };

		if (connect(p->fd, (const struct sockaddr *)to, sizeof(*to)) == 0)
			return 0;
		/* The queue of a unix socket is full; poll(2) does not tell when it is not. */
		if (errno != EAGAIN && errno != EINTR)
			return pale_err_set(err, errno, "connect to %s", to->sun_path);
		if (time_left(p) == 0)
			return pale_err_plain(
				err, ETIMEDOUT, "connect to %s: paled takes no more", to->sun_path);
		poll(&nothing, 1, QUEUE_WAIT_MS);
	}
}

static int check_peer(const struct paled *p, const char *path, struct pale_err **err)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(p->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return pale_err_set(err, errno, "%s: who listens", path);
	if (peer.uid != 0 && peer.uid != geteuid())
		return pale_err_plain(err, EPERM, "%s: user %u listens, who is not root", path,
			(unsigned int)peer.uid);
	return 0;
}

int paled_connect(const char *dir, const char *socket_name, int timeout_ms, struct paled **ret,
	struct pale_err **err)
{
	_cleanup_(paled_closep) struct paled *p = calloc(1, sizeof(*p));
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int r;

	if (!p)
		abort();
	p->fd_to_pass = -1;
	p->fd = -1;
	p->timeout_ms = timeout_ms;
	start_clock(p);
	if ((size_t)snprintf(to.sun_path, sizeof(to.sun_path), "%s/%s", dir, socket_name) >=
		sizeof(to.sun_path))
		return pale_err_set(err, ENAMETOOLONG, "connect to %s/%s", dir, socket_name);
	p->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd < 0)
		return pale_err_set(err, errno, "make a socket");
	r = try_connect(p, &to, err);
	if (r < 0)
		return r;
	r = check_peer(p, to.sun_path, err);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(p);
	return 0;
}

/* send(2), with the descriptor that is to go along. */
static ssize_t send_some(const struct paled *p, const char *line, size_t len)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec part = { .iov_base = (char *)line, .iov_len = len };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };

	if (p->fd_to_pass >= 0) {
		m.msg_control = control.bytes;
		m.msg_controllen = sizeof(control.bytes);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &p->fd_to_pass, sizeof(int));
	}
	return sendmsg(p->fd, &m, MSG_NOSIGNAL);
}

static int send_line(struct paled *p, const char *line, size_t len, struct pale_err **err)
{
	while (len > 0) {
		ssize_t n = send_some(p, line, len);
		int r;

		if (n >= 0) {
			p->fd_to_pass = -1;
			line += n;
			len -= (size_t)n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return pale_err_set(err, errno, "ask paled");
		r = wait_for(p, POLLOUT, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int send_request(
	struct paled *p, const char *method, const json_t *arguments, struct pale_err **err)
{
	_cleanup_free_ char *line = NULL;
	json_t *request = json_object();
	size_t len;

	if (!request || (arguments && json_object_update(request, (json_t *)arguments) < 0) ||
		json_object_set_new(request, "version", json_integer(PROTOCOL_VERSION)) < 0 ||
		json_object_set_new(request, "method", json_string(method)) < 0)
		abort();
	line = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	if (!line)
		return pale_err_plain(err, EINVAL, "ask paled: the request is no JSON");
	len = strlen(line);
	/* One line: the NUL's place is the newline's. */
	line[len] = '\n';
	return send_line(p, line, len + 1, err);
}

static int read_more(struct paled *p, struct pale_err **err)
{
	char buffer[READ_SIZE];
	int r;

	for (;;) {
		ssize_t n = recv(p->fd, buffer, sizeof(buffer), 0);

		if (n > 0) {
			text_add(&p->in, buffer, (size_t)n);
			return 0;
		}
		if (n == 0)
			return pale_err_plain(err, ECONNRESET, "paled closed the connection");
		if (errno != EAGAIN && errno != EINTR)
			return pale_err_set(err, errno, "read paled's answer");
		r = wait_for(p, POLLIN, err);
		if (r < 0)
			return r;
	}
}

/* The first line of what was read, without its newline, in *@len. */
static int read_line(struct paled *p, size_t *len, struct pale_err **err)
{
	size_t looked = 0;

	for (;;) {
		const char *end = p->in.len > looked
					  ? memchr(p->in.s + looked, '\n', p->in.len - looked)
					  : NULL;
		int r;

		if (end) {
			*len = (size_t)(end - p->in.s);
			return 0;
		}
		if (p->in.len > PALED_ANSWER_MAX)
			return pale_err_plain(err, EPROTO,
				"paled's answer is longer than %zu bytes", PALED_ANSWER_MAX);
		looked = p->in.len;
		r = read_more(p, err);
		if (r < 0)
			return r;
	}
}

static void drop_line(struct paled *p, size_t len)
{
	p->in.len -= len + 1;
	memmove(p->in.s, p->in.s + len + 1, p->in.len);
}

static int errno_of_name(const char *name)
{
	for (int e = 1; name && e < 4096; e++) {
		const char *known = strerrorname_np(e);

		if (known && !strcmp(known, name))
			return e;
	}
	return EREMOTEIO;
}

/* An answer that is not ok, as an error. */
static int refusal(const json_t *answer, struct pale_err **err)
{
	const char *text = json_string_value(json_object_get(answer, "error"));
	const char *hint = json_string_value(json_object_get(answer, "hint"));
	int r;

	r = pale_err_plain(err, errno_of_name(json_string_value(json_object_get(answer, "errno"))),
		"%s", text ? text : "paled refuses, and does not say why");
	if (hint)
		pale_err_hint(err, "%s", hint);
	return r;
}

/* @partial: it may be one of many, which do not say that they are ok. */
static int next_answer(struct paled *p, bool partial, json_t **answer, struct pale_err **err)
{
	const json_t *ok;
	json_error_t e;
	json_t *root;
	size_t len = 0;
	int r;

	r = read_line(p, &len, err);
	if (r < 0)
		return r;
	root = json_loadb(p->in.s, len, JSON_REJECT_DUPLICATES, &e);
	drop_line(p, len);
	if (!json_is_object(root)) {
		json_decref(root);
		return pale_err_plain(err, EPROTO, "paled's answer is no JSON object");
	}
	ok = json_object_get(root, "ok");
	r = json_is_true(ok) || (!ok && partial) ? 0 : refusal(root, err);
	if (answer)
		*answer = root;
	else
		json_decref(root);
	return r;
}

int paled_next(struct paled *p, json_t **answer, struct pale_err **err)
{
	if (answer)
		*answer = NULL;
	start_clock(p);
	return next_answer(p, true, answer, err);
}

int paled_tell(struct paled *p, const char *method, const json_t *arguments, struct pale_err **err)
{
	start_clock(p);
	return send_request(p, method, arguments, err);
}

void paled_pass_fd(struct paled *p, int fd)
{
	p->fd_to_pass = fd;
}

int paled_call(struct paled *p, const char *method, const json_t *arguments, json_t **answer,
	struct pale_err **err)
{
	int r;

	if (answer)
		*answer = NULL;
	start_clock(p);
	r = send_request(p, method, arguments, err);
	if (r < 0)
		return r;
	return next_answer(p, false, answer, err);
}
