/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lsm_actor ACTION ARGUMENT...: does one thing to the kernel and exits with the errno that it got,
 * 0 when it was let. Run bare it must succeed; test_lsm.c runs it confined. Anything that fails
 * before the thing itself is said on stderr and exits with 255.
 */
#include "tests/vm/lsm_actor_files.h"
#include "tests/vm/lsm_actor_mounts.h"
#include "tests/vm/lsm_actor_network.h"
#include "tests/vm/lsm_actor_programs.h"
#include "tests/vm/lsm_actor_tasks.h"
#include "tests/vm/lsm_actor_uring.h"

static const struct {
	const char *name;
	int (*act)(void);
} actions[] = {
#define ACTION(name)                                                                               \
	{                                                                                          \
#name, act_##name                                                                  \
	}
	ACTION(accept),
	ACTION(append),
	ACTION(append_create),
	ACTION(append_then_map),
	ACTION(append_then_mprotect),
	ACTION(append_then_punch),
	ACTION(append_then_reopen),
	ACTION(append_then_setfl),
	ACTION(append_then_setfl_keeping),
	ACTION(append_then_truncate),
	ACTION(bind),
	ACTION(bind_unspecified),
	ACTION(ipc_namespace),
	ACTION(mount_at),
	ACTION(mount_bind),
	ACTION(mount_bind_in),
	ACTION(mount_bind_shared),
	ACTION(mount_move),
	ACTION(mount_pivot),
	ACTION(mount_propagation),
	ACTION(mount_remount),
	ACTION(mount_reconfigure),
	ACTION(mount_setattr),
	ACTION(mount_then_bind),
	ACTION(mount_umount),
	ACTION(fs_make),
	ACTION(fs_mount),
	ACTION(tree_bind),
	ACTION(tree_move),
	ACTION(tree_of_made),
	ACTION(chattr),
	ACTION(chmod),
	ACTION(chown),
	ACTION(chroot),
	ACTION(connect),
	ACTION(create),
	ACTION(create_relative),
	ACTION(deep),
	ACTION(delete),
	ACTION(detached),
	ACTION(disconnect),
	ACTION(empty),
	ACTION(empty_reading),
	ACTION(environ),
	ACTION(exchange),
	ACTION(exec),
	ACTION(exec_deleted),
	ACTION(exec_memfd),
	ACTION(exec_rewritten),
	ACTION(exec_rewritten_mapped),
	ACTION(fastopen),
	ACTION(set_route),
	ACTION(send_routed),
	ACTION(send_from),
	ACTION(fork),
	ACTION(futimes),
	ACTION(hostname),
	ACTION(ask),
	ACTION(clone),
	ACTION(ioctl),
	ACTION(kill),
	ACTION(kill_child),
	ACTION(leave_cgroup),
	ACTION(link),
	ACTION(list),
	ACTION(listen),
	ACTION(listen_unbound),
	ACTION(lock),
	ACTION(long),
	ACTION(low_port),
	ACTION(map),
	ACTION(map_memfd),
	ACTION(map_then_mprotect),
	ACTION(mkdir),
	ACTION(mkfifo),
	ACTION(mknod_socket),
	ACTION(mount),
	ACTION(nothing),
	ACTION(open_often),
	ACTION(open_own_proc),
	ACTION(open_thread_proc),
	ACTION(override),
	ACTION(ptrace),
	ACTION(ptrace_child),
	ACTION(read),
	ACTION(read_as),
	ACTION(receive),
	ACTION(removexattr),
	ACTION(refused_often),
	ACTION(rename),
	ACTION(reopen),
	ACTION(reopen_deleted),
	ACTION(reopen_memfd),
	ACTION(rmdir),
	ACTION(run),
	ACTION(sctp),
	ACTION(secure),
	ACTION(send),
	ACTION(send_4_on_6),
	ACTION(send_many),
	ACTION(send_unspecified),
	ACTION(setxattr),
	ACTION(socket),
	ACTION(socketpair),
	ACTION(stat),
	ACTION(symlink),
	ACTION(thread),
	ACTION(tmpfile),
	ACTION(traceme),
	ACTION(truncate),
	ACTION(truncate_deleted),
	ACTION(unix_bind),
	ACTION(unix_connect),
	ACTION(unix_listen),
	ACTION(unix_send),
	ACTION(uring_open),
	ACTION(uring_open_polled),
	ACTION(uring_open_worker),
	ACTION(uring_override),
	ACTION(uring_override_worker),
	ACTION(use_memory),
	ACTION(userns),
	ACTION(utimes),
	ACTION(write),
	ACTION(write_both),
};

int main(int argc, char **argv)
{
	if (argc < 2)
		return 255;
	args = argv + 2;
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		if (!strcmp(actions[i].name, argv[1]))
			return actions[i].act();
	fprintf(stderr, "lsm_actor: no action %s\n", argv[1]);
	return 255;
}
