/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/server.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

/* From a request's first byte to its end. */
#define REQUEST_TIMEOUT_US (10u * 1000000)
/* A slow reader of a stream keeps so much waiting, at most. */
#define STREAM_BYTES_MAX (1u << 20)

struct connection {
	struct server *server;
	struct connection *next;
	int fd;
	int passed_fd; /* the last that came; -1: none */
	uid_t uid;
	pid_t pid;
	sd_event_source *io, *timeout;
	uint64_t used_us; /* CLOCK_MONOTONIC: when something was read last */
	struct text in, out;
	size_t out_done;
	uint64_t missed;
	bool closing; /* when all is written */
	bool dead;    /* to be freed when it is nobody's any more */
	unsigned busy;
	void *data;
	void (*gone)(struct connection *c, void *data);
	bool (*more)(struct connection *c, void *data); /* NULL: nothing is pulled */
	void *more_data;
	bool pulling;
};

struct server {
	struct server_options options;
	sd_event *event;
	sd_event_source *io;
	int fd;
	char *path;
	bool unlink;
	struct connection *connections;
	size_t n;
};

static void tell(struct server *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(struct server *s, const char *format, ...)
{
	va_list ap;
	char text[512];

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (s->options.tell)
		s->options.tell(s->options.ctx, text);
}

static void connection_free(struct connection *c)
{
	for (struct connection **at = &c->server->connections; *at; at = &(*at)->next) {
		if (*at == c) {
			*at = c->next;
			c->server->n--;
			break;
		}
	}
	if (c->gone)
		c->gone(c, c->data);
	sd_event_source_disable_unref(c->io);
	sd_event_source_disable_unref(c->timeout);
	close(c->fd);
	if (c->passed_fd >= 0)
		close(c->passed_fd);
	text_release(&c->in);
	text_release(&c->out);
	free(c);
}

/* Its caller may be using it. */
static void drop(struct connection *c)
{
	c->dead = true;
	if (!c->busy)
		connection_free(c);
}

static void update_events(struct connection *c)
{
	uint32_t events = c->closing || c->more ? 0 : EPOLLIN;

	if (c->out_done < c->out.len || c->more)
		events |= EPOLLOUT;
	sd_event_source_set_io_events(c->io, events);
}

/* false: it is to be waited for room, or the connection was dropped. */
static bool send_out(struct connection *c)
{
	while (c->out_done < c->out.len) {
		ssize_t n = send(c->fd, c->out.s + c->out_done, c->out.len - c->out_done,
			MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return false;
		if (n <= 0) {
			drop(c);
			return false;
		}
		c->out_done += (size_t)n;
	}
	text_clear(&c->out);
	c->out_done = 0;
	return true;
}

/* Others wait for the loop: so many times at once. */
#define PULLS_A_ROUND 64

static void flush(struct connection *c)
{
	bool sent = send_out(c);

	for (int i = 0; sent && c->more && !c->pulling && !c->dead && i < PULLS_A_ROUND; i++) {
		bool (*more)(struct connection * c, void *data) = c->more;

		c->pulling = true;
		/* It may have begun to pull something else. */
		if (!more(c, c->more_data) && c->more == more)
			c->more = NULL;
		c->pulling = false;
		sent = !c->dead && send_out(c);
	}
	if (c->dead)
		return;
	if (sent && c->closing && !c->more)
		drop(c);
	else
		update_events(c);
}

void server_pull(struct connection *c, bool (*more)(struct connection *c, void *data), void *data)
{
	c->more = more;
	c->more_data = data;
	if (c->dead)
		return;
	c->busy++;
	flush(c);
	c->busy--;
	if (c->dead && !c->busy)
		connection_free(c);
}

void server_stream_whole(struct connection *c, const char *line, size_t len)
{
	if (c->dead)
		return;
	text_add(&c->out, line, len);
	text_putc(&c->out, '\n');
	c->busy++;
	flush(c);
	c->busy--;
	if (c->dead && !c->busy)
		connection_free(c);
}

static void send_json(struct connection *c, json_t *body)
{
	_cleanup_free_ char *s = json_dumps(body, JSON_COMPACT | JSON_PRESERVE_ORDER);

	json_decref(body);
	if (s)
		server_stream_whole(c, s, strlen(s));
	else
		c->closing = true;
}

bool server_stream(struct connection *c, const char *line, size_t len)
{
	if (c->dead || c->out.len - c->out_done + len > STREAM_BYTES_MAX) {
		c->missed++;
		return false;
	}
	if (c->missed) {
		uint64_t missed = c->missed;

		c->missed = 0;
		send_json(c, json_pack("{s:i, s:b, s:b, s:I}", "version", PROTOCOL_VERSION, "ok", 1,
				     "continues", 1, "missed", (json_int_t)missed));
	}
	server_stream_whole(c, line, len);
	return true;
}

void server_answer(struct connection *c, json_t *body)
{
	json_object_set_new(body, "version", json_integer(PROTOCOL_VERSION));
	json_object_set_new(body, "ok", json_true());
	send_json(c, body);
}

void server_answer_error(struct connection *c, const struct pale_err *err, json_t *more)
{
	json_t *o = more ? more : json_object();
	const char *name = strerrorname_np(pale_err_errno(err));
	const char *hint = pale_err_hint_text(err);
	struct text t = TEXT_INIT;

	text_escaped(&t, pale_err_text(err), strlen(pale_err_text(err)));
	json_object_set_new(o, "version", json_integer(PROTOCOL_VERSION));
	json_object_set_new(o, "ok", json_false());
	json_object_set_new(o, "error", json_string(text_str(&t)));
	json_object_set_new(o, "errno", json_string(name ? name : "EIO"));
	if (hint)
		json_object_set_new(o, "hint", json_string(hint));
	text_release(&t);
	send_json(c, o);
}

/* Says what is wrong with a request that cannot be one, and is done with the client. */
static void refuse(struct connection *c, int errnum, const char *text)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	pale_err_plain(&err, errnum, "%s", text);
	tell(c->server, "%s: process %d of user %u: %s", c->server->path, c->pid, c->uid, text);
	c->closing = true;
	server_answer_error(c, err, NULL);
}

static const struct server_method *find_method(const struct server *s, const char *name)
{
	for (size_t t = 0; s->options.methods[t]; t++) {
		for (const struct server_method *m = s->options.methods[t]; m->name; m++) {
			if (strcmp(m->name, name) == 0)
				return m;
		}
	}
	return NULL;
}

static void call(struct connection *c, const json_t *body)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	const char *name = json_string_value(json_object_get(body, "method"));
	const json_t *version = json_object_get(body, "version");
	struct server_request r = { .connection = c,
		.method = name,
		.body = body,
		.uid = c->uid,
		.pid = c->pid,
		.fd = c->passed_fd };
	const struct server_method *m;
	json_t *more = NULL;

	if (!json_is_integer(version) || json_integer_value(version) < 1) {
		refuse(c, EINVAL, "the request has no 'version'");
		return;
	}
	if (json_integer_value(version) > PROTOCOL_VERSION) {
		refuse(c, EPROTONOSUPPORT, "this daemon answers version 1 of the protocol");
		return;
	}
	if (!name) {
		refuse(c, EINVAL, "the request has no 'method'");
		return;
	}
	m = find_method(c->server, name);
	if (!m)
		pale_err_plain(&err, ENOSYS, "there is no method of that name on this socket");
	else if (m->call(c->server->options.ctx, &r, &more, &err) >= 0)
		return;
	server_answer_error(c, err, more);
}

static void take_line(struct connection *c, const char *line, size_t len)
{
	json_error_t e;
	json_t *body = json_loadb(line, len, JSON_REJECT_DUPLICATES, &e);

	if (json_is_object(body))
		call(c, body);
	else
		refuse(c, EBADMSG, "the request is no JSON object on one line");
	json_decref(body);
}

static void take_lines(struct connection *c)
{
	size_t at = 0;

	while (!c->dead && !c->closing && !c->more) {
		char *end = c->in.len > at ? memchr(c->in.s + at, '\n', c->in.len - at) : NULL;

		if (!end)
			break;
		take_line(c, c->in.s + at, (size_t)(end - (c->in.s + at)));
		if (c->passed_fd >= 0)
			close(TAKE_FD(c->passed_fd));
		at = (size_t)(end - c->in.s) + 1;
	}
	if (at && !c->dead) {
		memmove(c->in.s, c->in.s + at, c->in.len - at);
		c->in.len -= at;
	}
	if (!c->dead && !c->closing && c->in.len > c->server->options.request_max)
		refuse(c, EMSGSIZE, "the request is too long");
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *ctx)
{
	struct connection *c = ctx;

	(void)source;
	(void)usec;
	c->busy++;
	refuse(c, ETIMEDOUT, "the request did not end in time");
	c->busy--;
	if (c->dead)
		connection_free(c);
	return 0;
}

/* Runs while a request has begun and has not ended. */
static void set_timeout(struct connection *c)
{
	if (!c->in.len || c->closing) {
		c->timeout = sd_event_source_disable_unref(c->timeout);
		return;
	}
	if (!c->timeout)
		sd_event_add_time_relative(c->server->event, &c->timeout, CLOCK_MONOTONIC,
			REQUEST_TIMEOUT_US, 100000, on_timeout, c);
}

/* recv(2), with the descriptors that came: one is kept, as no method takes more. */
static ssize_t receive(struct connection *c, char *buffer, size_t size)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int) * 4)];
	} control;
	struct iovec part = { .iov_base = buffer, .iov_len = size };
	struct msghdr m = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t n = recvmsg(c->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	for (struct cmsghdr *h = n < 0 ? NULL : CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
		size_t fds = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < fds; i++) {
			if (c->passed_fd >= 0)
				close(c->passed_fd);
			memcpy(&c->passed_fd, CMSG_DATA(h) + i * sizeof(int), sizeof(int));
		}
	}
	return n;
}

static void read_some(struct connection *c)
{
	char buffer[16384];
	ssize_t n = receive(c, buffer, sizeof(buffer));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* Who asks no more may still wait for answers. */
	if (n == 0 && (c->out_done < c->out.len || c->more)) {
		c->closing = true;
		update_events(c);
		return;
	}
	if (n <= 0) {
		c->dead = true;
		return;
	}
	sd_event_now(c->server->event, CLOCK_MONOTONIC, &c->used_us);
	text_add(&c->in, buffer, (size_t)n);
	take_lines(c);
	if (!c->dead)
		set_timeout(c);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct connection *c = ctx;

	(void)source;
	(void)fd;
	c->busy++;
	if (events & EPOLLOUT)
		flush(c);
	/* Requests that came while much was sent. */
	if (!c->dead && !c->closing && !c->more && c->in.len)
		take_lines(c);
	if (!c->dead && !c->closing && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		read_some(c);
	else if (!c->dead && c->closing && (events & (EPOLLHUP | EPOLLERR)))
		c->dead = true;
	c->busy--;
	if (c->dead)
		connection_free(c);
	return 0;
}

/* The groups that the peer itself was in when it connected, SO_PEERGROUPS of socket(7). */
static bool is_in_group(int fd, gid_t primary, const char *group)
{
	struct group *g = getgrnam(group);
	gid_t groups[1024];
	socklen_t len = sizeof(groups);

	if (!g)
		return false;
	if (primary == g->gr_gid)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		return false;
	for (size_t i = 0; i < len / sizeof(*groups); i++) {
		if (groups[i] == g->gr_gid)
			return true;
	}
	return false;
}

static bool may_connect(const struct server *s, int fd, const struct ucred *peer)
{
	if (peer->uid == 0 || peer->uid == geteuid())
		return true;
	for (size_t i = 0; s->options.groups && s->options.groups[i]; i++) {
		if (is_in_group(fd, peer->gid, s->options.groups[i]))
			return true;
	}
	return false;
}

/* Room for one more: the one that has been idle for longest goes, of the same user where that one
 * has too many. Who waits for a stream is not idle while it is read. */
static void make_room(struct server *s, uid_t uid)
{
	struct connection *oldest = NULL, *oldest_of_user = NULL;
	size_t of_user = 0;

	for (struct connection *c = s->connections; c; c = c->next) {
		if (c->uid == uid) {
			of_user++;
			if (!oldest_of_user || c->used_us < oldest_of_user->used_us)
				oldest_of_user = c;
		}
		if (!oldest || c->used_us < oldest->used_us)
			oldest = c;
	}
	if (uid != 0 && of_user >= SERVER_CONNECTIONS_OF_USER_MAX)
		drop(oldest_of_user);
	else if (s->n >= SERVER_CONNECTIONS_MAX && oldest)
		drop(oldest);
}

static void take_connection(struct server *s, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	struct connection *c;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ||
		!may_connect(s, fd, &peer)) {
		tell(s, "%s: process %d of user %u may not connect", s->path, peer.pid, peer.uid);
		close(fd);
		return;
	}
	make_room(s, peer.uid);
	c = calloc(1, sizeof(*c));
	if (!c)
		abort();
	c->server = s;
	c->fd = fd;
	c->passed_fd = -1;
	c->uid = peer.uid;
	c->pid = peer.pid;
	sd_event_now(s->event, CLOCK_MONOTONIC, &c->used_us);
	c->next = s->connections;
	s->connections = c;
	s->n++;
	if (sd_event_add_io(s->event, &c->io, fd, EPOLLIN, on_io, c) < 0)
		connection_free(c);
}

static int on_accept(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct server *s = ctx;

	(void)source;
	(void)events;
	/* A few at a time: others wait for the loop, too. */
	for (int i = 0; i < 16; i++) {
		/* cppcheck-suppress nullPointer */
		int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (client < 0)
			break;
		take_connection(s, client);
	}
	return 0;
}

/* With one group the mode says it, too; several cannot be said, and who connects is asked. */
static int let_in(struct server *s, struct pale_err **err)
{
	const char *const *groups = s->options.groups;
	struct group *g = groups && groups[0] ? getgrnam(groups[0]) : NULL;
	mode_t mode = 0600;

	if (groups && groups[0] && groups[1])
		mode = 0666;
	else if (g)
		mode = 0660;
	if ((g && lchown(s->path, (uid_t)-1, g->gr_gid) < 0) || chmod(s->path, mode) < 0)
		return pale_err_set(err, errno, "set the mode of %s", s->path);
	return 0;
}

static int bind_socket(struct server *s, struct pale_err **err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int r;

	if (strlen(s->path) >= sizeof(address.sun_path))
		return pale_err_plain(err, ENAMETOOLONG, "%s is too long for a socket", s->path);
	strcpy(address.sun_path, s->path);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return pale_err_set(err, errno, "make a socket");
	if (unlink(s->path) < 0 && errno != ENOENT)
		return pale_err_set(err, errno, "remove %s", s->path);
	/* Nobody may connect before its group and mode are right. */
	if (fchmod(s->fd, 0600) < 0 ||
		bind(s->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return pale_err_set(err, errno, "bind %s", s->path);
	s->unlink = true;
	r = let_in(s, err);
	if (r < 0)
		return r;
	if (listen(s->fd, SOMAXCONN) < 0)
		return pale_err_set(err, errno, "listen on %s", s->path);
	return 0;
}

/* systemd hands sockets over that block, NonBlocking= of systemd.service(5). */
static int take_socket(struct server *s, struct pale_err **err)
{
	if (sd_is_socket(s->fd, AF_UNIX, SOCK_STREAM, 1) <= 0)
		return pale_err_plain(err, ENOTSOCK,
			"what was handed over for %s is no socket that listens", s->path);
	if (fcntl(s->fd, F_SETFL, O_NONBLOCK) < 0)
		return pale_err_set(err, errno, "make the socket for %s not block", s->path);
	return 0;
}

int server_new(sd_event *event, const struct server_options *options, int fd, struct server **ret,
	struct pale_err **err)
{
	_cleanup_(server_freep) struct server *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		abort();
	s->options = *options;
	s->path = strdup(options->path);
	s->event = sd_event_ref(event);
	s->fd = fd;
	r = fd < 0 ? bind_socket(s, err) : take_socket(s, err);
	if (r < 0)
		return r;
	r = sd_event_add_io(event, &s->io, s->fd, EPOLLIN, on_accept, s);
	if (r < 0)
		return pale_err_set(err, -r, "wait for connections on %s", s->path);
	*ret = TAKE_PTR(s);
	return 0;
}

void server_free(struct server *s)
{
	if (!s)
		return;
	while (s->connections)
		connection_free(s->connections);
	sd_event_source_disable_unref(s->io);
	if (s->fd >= 0)
		close(s->fd);
	if (s->unlink)
		unlink(s->path);
	sd_event_unref(s->event);
	free(s->path);
	free(s);
}

void server_freep(struct server **s)
{
	server_free(*s);
}

size_t server_connections(const struct server *s)
{
	return s->n;
}

void server_keep(struct connection *c, void *data, void (*gone)(struct connection *c, void *data))
{
	if (c->gone)
		c->gone(c, c->data);
	c->more = NULL;
	c->data = data;
	c->gone = gone;
}

void *server_kept(const struct connection *c)
{
	return c->data;
}

void server_each_kept(
	struct server *s, void (*take)(void *ctx, struct connection *c, void *data), void *ctx)
{
	struct connection *next;

	for (struct connection *c = s->connections; c; c = next) {
		next = c->next;
		if (!c->data)
			continue;
		c->busy++;
		take(ctx, c, c->data);
		c->busy--;
		/* Its own request may be what is told. */
		if (c->dead && !c->busy)
			connection_free(c);
	}
}
