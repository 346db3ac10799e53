/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/notified_calls.h"

#include "compiler/base/cleanup.h"
#include "compiler/seccomp_answer.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Between processes. */
struct progress {
	_Atomic uint64_t taken, held, unseen;
};

struct notified_calls {
	int listener;
	struct progress *progress;
	/*
	 * As large as this kernel's, which may be newer than our header. Shared with children, of
	 * which one may have to let go what this process held.
	 */
	struct seccomp_notif *notification;
	struct seccomp_notif_resp *response;
	struct seccomp_notif_sizes sizes;
	size_t notification_bytes;
	struct notified_call call;
};

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static void *map_shared(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int notified_calls_new(int listener, struct notified_calls **ret, struct pale_err **err)
{
	_cleanup_(notified_calls_freep) struct notified_calls *n = calloc(1, sizeof(*n));

	if (!n)
		abort();
	n->listener = listener;
	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &n->sizes) < 0)
		return pale_err_set(err, errno, "ask for the size of seccomp notifications");
	n->notification_bytes = larger(sizeof(*n->notification), n->sizes.seccomp_notif);
	n->notification = map_shared(n->notification_bytes);
	n->progress = map_shared(sizeof(*n->progress));
	if (!n->notification || !n->progress)
		return pale_err_set(err, errno, "map memory for seccomp notifications");
	n->response = calloc(1, larger(sizeof(*n->response), n->sizes.seccomp_notif_resp));
	if (!n->response)
		abort();
	*ret = TAKE_PTR(n);
	return 0;
}

void notified_calls_free(struct notified_calls *n)
{
	if (!n)
		return;
	process_free(n->call.process);
	if (n->notification)
		munmap(n->notification, n->notification_bytes);
	if (n->progress)
		munmap(n->progress, sizeof(*n->progress));
	close(n->listener);
	free(n->response);
	free(n);
}

void notified_calls_freep(struct notified_calls **n)
{
	notified_calls_free(*n);
}

int notified_calls_fd(const struct notified_calls *n)
{
	return n->listener;
}

bool notified_call_is_stopped(const struct notified_calls *n)
{
	uint64_t id = n->notification->id;

	return ioctl(n->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

int notified_calls_take(
	struct notified_calls *n, const struct notified_call **ret, struct pale_err **err)
{
	const struct seccomp_data *data = &n->notification->data;
	struct notified_call *call = &n->call;
	struct process *process;

	process_free(call->process);
	*call = (struct notified_call){
		.notification = n->notification,
		.abi = vocab_abi_native(),
		.syscall = -1,
	};
	memset(n->notification, 0, n->notification_bytes);
	if (ioctl(n->listener, SECCOMP_IOCTL_NOTIF_RECV, n->notification) < 0) {
		if (errno == ENOENT || errno == EINTR)
			return 0;
		return pale_err_set(err, errno, "receive a seccomp notification");
	}
	atomic_store(&n->progress->held, atomic_fetch_add(&n->progress->taken, 1) + 1);
	if (n->notification->pid && process_open((pid_t)n->notification->pid, &process) == 0) {
		if (notified_call_is_stopped(n))
			call->process = process;
		else
			process_free(process);
	}
	call->abi_known = seccomp_abi(data->arch, (uint32_t)data->nr, &call->abi);
	if (call->abi_known)
		call->syscall = vocab_syscall_by_number(call->abi, data->nr);
	*ret = call;
	return 1;
}

static int send(struct notified_calls *n, int errnum)
{
	memset(n->response, 0, larger(sizeof(*n->response), n->sizes.seccomp_notif_resp));
	n->response->id = n->notification->id;
	if (errnum)
		n->response->error = -errnum;
	else
		n->response->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	/* ENOENT: gone. EINPROGRESS: another process was faster. */
	if (ioctl(n->listener, SECCOMP_IOCTL_NOTIF_SEND, n->response) < 0 && errno != ENOENT &&
		errno != EINPROGRESS)
		return -errno;
	return 0;
}

int notified_calls_answer(struct notified_calls *n, int errnum, struct pale_err **err)
{
	int r = send(n, errnum);

	atomic_store(&n->progress->held, 0);
	return r < 0 ? pale_err_set(err, -r, "answer a seccomp notification") : 0;
}

uint64_t notified_calls_held(const struct notified_calls *n)
{
	return atomic_load(&n->progress->held);
}

void notified_calls_add_unseen(struct notified_calls *n, uint64_t calls)
{
	atomic_fetch_add(&n->progress->unseen, calls);
}

uint64_t notified_calls_unseen(const struct notified_calls *n)
{
	return atomic_load(&n->progress->unseen);
}

void notified_calls_let_go(struct notified_calls *n)
{
	if (n->notification->id)
		send(n, 0);
}
