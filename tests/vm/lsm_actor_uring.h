/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_LSM_ACTOR_URING_H
#define PALE_TESTS_LSM_ACTOR_URING_H

/* open(2) by io_uring: by the caller, a worker thread, a polling thread, or with credentials that
 * were registered before. */

#include "tests/vm/lsm_actor.h"

struct uring {
	int fd;
	unsigned *sq_tail, *sq_mask, *sq_array, *sq_flags, *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	unsigned flags;
};

static void *uring_map(int fd, size_t size, off_t offset)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);

	must(p == MAP_FAILED ? -1 : 0);
	return p;
}

static void uring_setup(struct uring *u, unsigned flags)
{
	struct io_uring_params p = { .flags = flags, .sq_thread_idle = 1000 };
	char *sq, *cq;

	u->fd = must(syscall(SYS_io_uring_setup, 4, &p));
	u->flags = flags;
	sq = uring_map(u->fd, p.sq_off.array + p.sq_entries * sizeof(unsigned), IORING_OFF_SQ_RING);
	cq = uring_map(u->fd, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe),
		IORING_OFF_CQ_RING);
	u->sqes = uring_map(u->fd, p.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	u->sq_tail = (unsigned *)(sq + p.sq_off.tail);
	u->sq_mask = (unsigned *)(sq + p.sq_off.ring_mask);
	u->sq_array = (unsigned *)(sq + p.sq_off.array);
	u->sq_flags = (unsigned *)(sq + p.sq_off.flags);
	u->cq_head = (unsigned *)(cq + p.cq_off.head);
	u->cq_tail = (unsigned *)(cq + p.cq_off.tail);
	u->cq_mask = (unsigned *)(cq + p.cq_off.ring_mask);
	u->cqes = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
}

/* The descriptor, or a negative errno. */
static int uring_open(
	struct uring *u, const char *path, unsigned char sqe_flags, uint16_t personality)
{
	unsigned tail = *u->sq_tail, i = tail & *u->sq_mask, enter = IORING_ENTER_GETEVENTS;
	int res;

	memset(&u->sqes[i], 0, sizeof(u->sqes[i]));
	u->sqes[i].opcode = IORING_OP_OPENAT;
	u->sqes[i].flags = sqe_flags;
	u->sqes[i].fd = AT_FDCWD;
	u->sqes[i].addr = (uint64_t)(uintptr_t)path;
	u->sqes[i].open_flags = O_RDONLY;
	u->sqes[i].personality = personality;
	u->sq_array[i] = i;
	__atomic_store_n(u->sq_tail, tail + 1, __ATOMIC_SEQ_CST);
	if (u->flags & IORING_SETUP_SQPOLL)
		enter |= IORING_ENTER_SQ_WAKEUP;
	must(syscall(SYS_io_uring_enter, u->fd, 1, 1, enter, NULL, 0));
	must(__atomic_load_n(u->cq_tail, __ATOMIC_ACQUIRE) == *u->cq_head ? -1 : 0);
	res = u->cqes[*u->cq_head & *u->cq_mask].res;
	__atomic_store_n(u->cq_head, *u->cq_head + 1, __ATOMIC_RELEASE);
	return res;
}

/* An operation that a device's own driver takes, in place of ioctl(2); /dev/null's do nothing. */
static int act_uring_ioctl(void)
{
	struct uring u;
	int fd = must(open(args[0], O_RDONLY));
	unsigned tail, i;

	uring_setup(&u, 0);
	tail = *u.sq_tail;
	i = tail & *u.sq_mask;
	memset(&u.sqes[i], 0, sizeof(u.sqes[i]));
	u.sqes[i].opcode = IORING_OP_URING_CMD;
	u.sqes[i].fd = fd;
	u.sq_array[i] = i;
	__atomic_store_n(u.sq_tail, tail + 1, __ATOMIC_SEQ_CST);
	must(syscall(SYS_io_uring_enter, u.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0));
	return -u.cqes[*u.cq_head & *u.cq_mask].res;
}

static int opened(int res)
{
	return res < 0 ? -res : 0;
}

static int act_uring_open(void)
{
	struct uring u;

	uring_setup(&u, 0);
	return opened(uring_open(&u, args[0], 0, 0));
}

static int act_uring_open_worker(void)
{
	struct uring u;

	uring_setup(&u, 0);
	return opened(uring_open(&u, args[0], IOSQE_ASYNC, 0));
}

static int act_uring_open_polled(void)
{
	struct uring u;

	uring_setup(&u, IORING_SETUP_SQPOLL);
	return opened(uring_open(&u, args[0], 0, 0));
}

/* Root's credentials, kept from before; its capabilities are needed for another's file. */
static int uring_override(unsigned char sqe_flags)
{
	struct uring u;
	int personality;

	uring_setup(&u, 0);
	personality =
		must(syscall(SYS_io_uring_register, u.fd, IORING_REGISTER_PERSONALITY, NULL, 0));
	must(setgid(2000));
	must(setuid(2000));
	return opened(uring_open(&u, args[0], sqe_flags, (uint16_t)personality));
}

static int act_uring_override(void)
{
	return uring_override(0);
}

static int act_uring_override_worker(void)
{
	return uring_override(IOSQE_ASYNC);
}

#endif
