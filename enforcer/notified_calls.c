/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/notified_calls.h"

#include "compiler/base/cleanup.h"
#include "compiler/seccomp_answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct notified_calls {
	int listener;
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

int notified_calls_new(int listener, struct notified_calls **ret, struct pale_err **err)
{
	_cleanup_(notified_calls_freep) struct notified_calls *n = calloc(1, sizeof(*n));

	if (!n)
		abort();
	n->listener = listener;
	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &n->sizes) < 0)
		return pale_err_set(err, errno, "ask for the size of seccomp notifications");
	n->notification_bytes = larger(sizeof(*n->notification), n->sizes.seccomp_notif);
	n->notification = mmap(NULL, n->notification_bytes, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (n->notification == MAP_FAILED) {
		n->notification = NULL;
		return pale_err_set(err, errno, "map memory for seccomp notifications");
	}
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

int notified_calls_answer(struct notified_calls *n, int errnum, struct pale_err **err)
{
	memset(n->response, 0, larger(sizeof(*n->response), n->sizes.seccomp_notif_resp));
	n->response->id = n->notification->id;
	if (errnum)
		n->response->error = -errnum;
	else
		n->response->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	/* ENOENT: gone. EINPROGRESS cannot be: each is answered once. */
	if (ioctl(n->listener, SECCOMP_IOCTL_NOTIF_SEND, n->response) < 0 && errno != ENOENT)
		return pale_err_set(err, errno, "answer a seccomp notification");
	return 0;
}

void notified_calls_let_go(struct notified_calls *n)
{
	_cleanup_(pale_err_freep) struct pale_err *unused = NULL;

	if (n->notification->id)
		notified_calls_answer(n, 0, &unused);
}
