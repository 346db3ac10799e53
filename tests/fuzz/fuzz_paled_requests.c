/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes on one of paled's three sockets, which the first byte chooses: no crash, whatever is
 * answered is an answer, and neither a connection nor a descriptor stays.
 */
#include "paled_scene.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* In place of the C library's: an input that names a program (runtime_path) has it not started. */
int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *attributes, char *const argv[], char *const environment[])
{
	(void)pid;
	(void)file;
	(void)actions;
	(void)attributes;
	(void)argv;
	(void)environment;
	return ENOENT;
}

static const char *const names[SOCKET_COUNT] = { "register", "control", "events" };
static int n_fds;

/* Of the kinds that a request could leave behind. The loop's timers and the sanitizers' pipes come
 * when they are needed. */
static int count_fds(void)
{
	_cleanup_closedir_ DIR *d = opendir("/proc/self/fd");
	int n = 0;

	for (struct dirent *e; (e = readdir(d));) {
		char to[PATH_MAX + 1] = "";

		readlinkat(dirfd(d), e->d_name, to, PATH_MAX);
		n += *to == '/' || strncmp(to, "socket:", 7) == 0 || strstr(to, "[pidfd]");
	}
	return n;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct server_method *const tables[SOCKET_COUNT][4] = {
		{ registration_methods },
		{ control_methods, query_methods, history_methods },
		{ query_methods, history_methods },
	};
	struct pale_err *err = NULL;

	(void)argc;
	(void)argv;
	scene_begin();
	for (int i = 0; i < SOCKET_COUNT; i++) {
		char path[128];
		struct server_options o = {
			.path = path, .request_max = 1u << 16, .methods = tables[i], .ctx = &scene.d
		};

		snprintf(path, sizeof(path), "%s/%s", scene.run, names[i]);
		must(server_new(scene.d.event, &o, -1, &scene.d.sockets[i], &err) == 0);
	}
	scene.d.log.follow = queries_follow;
	scene.d.log.ctx = &scene.d;
	return 0;
}

static int connect_to(int which)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s/%s", scene.run, names[which]);
	must(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
	return fd;
}

static void run_loop(void)
{
	while (sd_event_run(scene.d.event, 0) > 0)
		;
	event_log_flush(&scene.d.log);
}

static void check_answer(const char *line, size_t len)
{
	json_t *o = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *ok = json_object_get(o, "ok");

	must(json_is_object(o) && json_integer_value(json_object_get(o, "version")) == 1);
	must(json_is_boolean(ok));
	if (json_is_false(ok))
		must(json_is_string(json_object_get(o, "error")) &&
			json_is_string(json_object_get(o, "errno")));
	json_decref(o);
}

/* true: the connection goes on. */
static bool read_answers(int fd, struct text *in)
{
	char buffer[65536];
	ssize_t n;

	while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0)
		text_add(in, buffer, (size_t)n);
	return n < 0;
}

static void check_answers(const struct text *in)
{
	size_t at = 0;

	while (at < in->len) {
		const char *end = memchr(in->s + at, '\n', in->len - at);

		must(end != NULL);
		check_answer(in->s + at, (size_t)(end - (in->s + at)));
		at = (size_t)(end - in->s) + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	_cleanup_(text_release) struct text out = TEXT_INIT, in = TEXT_INIT;
	size_t at = 0;
	bool open = true;
	int fd, which;

	if (!len)
		return 0;
	which = bytes[0] % SOCKET_COUNT;
	scene_fill_in(&out, bytes + 1, len - 1);
	text_putc(&out, '\n');
	fd = connect_to(which);
	while (open && at < out.len) {
		/* Uneven pieces, so that requests are cut anywhere. */
		size_t piece = out.len - at < 997 ? out.len - at : 997;
		ssize_t n = send(fd, out.s + at, piece, MSG_NOSIGNAL);

		at += n > 0 ? (size_t)n : 0;
		run_loop();
		open = read_answers(fd, &in);
	}
	close(fd);
	run_loop();
	check_answers(&in);
	must(server_connections(scene.d.sockets[which]) == 0);
	scene_again();
	if (!n_fds)
		n_fds = count_fds();
	must(count_fds() == n_fds);
	return 0;
}
