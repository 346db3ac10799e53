/* SPDX-License-Identifier: Apache-2.0 */
/* From what the kernel tells of an act to what a run has of it. */
#include "compiler/base/cleanup.h"
#include "compiler/learn_object.h"
#include "enforcer/lsm_observation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

struct event {
	struct lsm_event e;
	char text[LSM_PATH_BYTES];
};

static struct lsm_event *event(
	struct event *to, enum operation op, enum lsm_object object, const char *text, size_t len)
{
	*to = (struct event){ .e = {
				      .operation = (lsm_u8)op,
				      .object = (lsm_u8)object,
				      .text_len = (lsm_u32)len,
			      } };
	memcpy(to->text, text, len);
	return &to->e;
}

#define EVENT(to, op, object, text) event(to, op, object, text, sizeof(text) - 1)

/* As a line of a test has it, or why not. */
static void expect(const struct lsm_event *e, const char *expected)
{
	_cleanup_(text_release) struct text storage = TEXT_INIT, line = TEXT_INIT;
	struct learn_observation o;
	struct request r;
	const char *why = lsm_observation(e, &storage, &o);

	if (!why) {
		why = learn_request(&o, &r);
		if (!why)
			learn_question(&line, &o);
	}
	assert_string_equal(why ? why : text_str(&line), expected);
}

static void paths(void **state)
{
	struct event ev;
	struct lsm_event *e;

	(void)state;
	expect(EVENT(&ev, OP_READ, LSM_OBJECT_PATH, "/etc/passwd"), "read /etc/passwd");
	expect(EVENT(&ev, OP_CREATE, LSM_OBJECT_PATH, "/a\nb\xff"), "create /a\\x0ab\\xff");
	e = EVENT(&ev, OP_EXEC, LSM_OBJECT_PATH, "/tmp/x");
	e->drift = 1;
	expect(e, "exec drift /tmp/x");
	e = EVENT(&ev, OP_MAP, LSM_OBJECT_PATH, "x");
	e->why = LSM_WHY_UNLINKED;
	expect(e, "map anonymous");
	e = EVENT(&ev, OP_READ, LSM_OBJECT_PATH, "x");
	e->why = LSM_WHY_UNLINKED;
	expect(e, "files without a path, of which no rule speaks");
	e->why = LSM_WHY_TOO_LONG;
	expect(e, "paths that are longer than the kernel tells");
	e->why = LSM_WHY_NO_MOUNT;
	expect(e, "files of which the mount could not be told");
	e->why = 200;
	expect(e, "files without a path, of which no rule speaks");
}

static void created_is_the_programs_own(void **state)
{
	_cleanup_(text_release) struct text storage = TEXT_INIT;
	struct learn_observation o;
	struct event ev;

	(void)state;
	assert_null(
		lsm_observation(EVENT(&ev, OP_CREATE, LSM_OBJECT_PATH, "/tmp/x"), &storage, &o));
	assert_true(o.created);
	assert_null(lsm_observation(EVENT(&ev, OP_READ, LSM_OBJECT_PATH, "/tmp/x"), &storage, &o));
	assert_false(o.created);
}

static void network(void **state)
{
	struct event ev;
	struct lsm_event *e = EVENT(&ev, OP_CONNECT, LSM_OBJECT_ENDPOINT, "");

	(void)state;
	e->protocol = PROTOCOL_TCP;
	e->family = 4;
	e->port = 443;
	memcpy(e->address, (lsm_u8[]){ 10, 0, 0, 1 }, 4);
	expect(e, "connect tcp 10.0.0.1:443");
	e->protocol = 0xff;
	expect(e, "addresses of protocols that no rule can name");
	expect(EVENT(&ev, OP_LISTEN, LSM_OBJECT_PATH, "/run/x"), "listen unix /run/x");
	expect(EVENT(&ev, OP_CONNECT, LSM_OBJECT_ABSTRACT, "a b"),
		"connect unix \"abstract:a\\x20b\"");
	e = EVENT(&ev, OP_SOCKET, LSM_OBJECT_NUMBER, "");
	e->number = AF_NETLINK;
	expect(e, "socket netlink(ROUTE)");
	e = EVENT(&ev, OP_CONNECT, LSM_OBJECT_NONE, "");
	e->why = LSM_WHY_ROUTED;
	expect(e, "packets that went elsewhere first, of which no rule speaks");
	/* It names no call. */
	e = EVENT(&ev, OP_SYSCALL, LSM_OBJECT_NONE, "");
	e->why = LSM_WHY_OWN;
	expect(e, "programs, maps and links of pale's own, which no rule allows");
}

static void tasks(void **state)
{
	struct event ev;
	struct lsm_event *e = EVENT(&ev, OP_SIGNAL, LSM_OBJECT_TASK, "");

	(void)state;
	e->number = 15;
	e->target = LSM_TARGET_DOMAIN(0);
	expect(e, "signal TERM to self");
	e->target = LSM_TARGET_OUTSIDE;
	expect(e, "signal TERM to any");
	e->number = 5000;
	expect(e, "signals that have no name");
	e = EVENT(&ev, OP_PTRACE, LSM_OBJECT_TASK, "");
	e->target = LSM_TARGET_DOMAIN(0);
	expect(e, "ptrace self");
	e = EVENT(&ev, OP_CAPABILITY, LSM_OBJECT_NUMBER, "");
	e->number = 21;
	expect(e, "capability sys_admin");
	e->number = 63;
	expect(e, "capabilities that no table knows");
	expect(EVENT(&ev, OP_USERNS, LSM_OBJECT_NONE, ""), "userns");
}

static void mounts(void **state)
{
	struct event ev;
	struct lsm_event *e = EVENT(&ev, OP_MOUNT, LSM_OBJECT_MOUNT, "tmpfs\0none\0/mnt/");

	(void)state;
	e->detail = LSM_MOUNT_NEW;
	e->number = MOUNT_NOSUID;
	expect(e, "mount tmpfs on /mnt/ with nosuid");
	e = EVENT(&ev, OP_BIND, LSM_OBJECT_MOUNT, "\0/srv/\0/mnt/");
	e->detail = LSM_MOUNT_BIND;
	expect(e, "bind /srv/ on /mnt/");
	e->detail = LSM_MOUNT_REMOUNT;
	expect(e, "mounts that were moved, remounted or shared, of which no rule speaks");
	/* Cut anywhere. */
	for (size_t len = 0; len < sizeof("tmpfs\0none") - 1; len++) {
		e = event(&ev, OP_MOUNT, LSM_OBJECT_MOUNT, "tmpfs\0none", len);
		e->detail = LSM_MOUNT_NEW;
		expect(e, "mounts that the kernel told in part");
	}
	e = EVENT(&ev, OP_MOUNT, LSM_OBJECT_MOUNT, "tmpfs\0none\0/mnt/");
	e->why = LSM_WHY_DETACHED;
	expect(e, "mounts without a path");
}

static void what_nobody_knows(void **state)
{
	struct event ev;
	struct lsm_event *e = EVENT(&ev, OP_READ, LSM_OBJECT_PATH, "/x");

	(void)state;
	e->operation = OP_COUNT;
	expect(e, "acts of a kind that this version does not know");
	e = EVENT(&ev, OP_READ, LSM_OBJECT_PATH, "/x");
	e->object = 99;
	expect(e, "acts of a kind that this version does not know");
	expect(EVENT(&ev, OP_SYSCALL, LSM_OBJECT_CALL, ""),
		"acts of a kind that this version does not know");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(created_is_the_programs_own),
		cmocka_unit_test(network),
		cmocka_unit_test(tasks),
		cmocka_unit_test(mounts),
		cmocka_unit_test(what_nobody_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
