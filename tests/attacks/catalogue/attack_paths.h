/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_ATTACK_PATHS_H
#define PALE_TESTS_ATTACK_PATHS_H

/* To a file by another way than its path, and files by other calls than open(2). */
#include "tests/attacks/catalogue/attack_proof.h"
#include "tests/vm/lsm_actor_network.h"
#include "tests/vm/lsm_actor_uring.h"

#include <linux/openat2.h>
#include <sys/sysmacros.h>

static int act_link_then_read(void)
{
	return link(args[0], args[1]) < 0 ? errno : show_file(args[1]);
}

/* rename_then_read OLD NEW FILE */
static int act_rename_then_read(void)
{
	return rename(args[0], args[1]) < 0 ? errno : show_file(args[2]);
}

static int act_exchange_then_read(void)
{
	if (renameat2(AT_FDCWD, args[0], AT_FDCWD, args[1], RENAME_EXCHANGE) < 0)
		return errno;
	return show_file(args[1]);
}

static int act_openat2(void)
{
	struct open_how how = { .flags = O_RDONLY };

	return result(syscall(SYS_openat2, AT_FDCWD, args[0], &how, sizeof(how)));
}

/* open(2) of the 32-bit ABI; its number is 5, its pointers are of 32 bits. */
static int act_open_32(void)
{
	char *path = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long r = 5;

	must(path == MAP_FAILED ? -1 : 0);
	strcpy(path, args[0]);
	__asm__ volatile("int $0x80" : "+a"(r) : "b"(path), "c"(O_RDONLY), "d"(0) : "memory");
	return r < 0 ? (int)-r : 0;
}

/* getppid(2) of the 32-bit ABI: 64. */
static int act_call_32(void)
{
	long r = 64;

	__asm__ volatile("int $0x80" : "+a"(r) : : "memory");
	return r < 0 ? (int)-r : say_if(0, "called");
}

/* FS_IOC_GETFLAGS as it is numbered there; ioctl(2) is 54. */
static int act_ioctl_32(void)
{
	int *flags = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long r = 54;

	must(flags == MAP_FAILED ? -1 : 0);
	__asm__ volatile("int $0x80"
			 : "+a"(r)
			 : "b"(must(open(args[0], O_RDONLY))), "c"(FS_IOC32_GETFLAGS), "d"(flags)
			 : "memory");
	return r < 0 ? (int)-r : say_if(0, "flags");
}

/* The x32 ABI: the 64-bit one's calls with this bit, some with numbers of their own. */
#define X32_CALL 0x40000000

static int act_open_x32(void)
{
	return result(syscall(X32_CALL | SYS_open, args[0], O_RDONLY, 0));
}

static int act_call_x32(void)
{
	return say_if(result(syscall(X32_CALL | SYS_getppid)), "called");
}

/* 514; structures are those of the 32-bit ABI. */
static int act_ioctl_x32(void)
{
	int *flags = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	must(flags == MAP_FAILED ? -1 : 0);
	return say_if(result(syscall(X32_CALL | 514, must(open(args[0], O_RDONLY)),
			      FS_IOC32_GETFLAGS, flags)),
		"flags");
}

/* 520; pointers in the lists are of 32 bits. */
static int act_exec_x32(void)
{
	uint32_t *argv = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	must(argv == MAP_FAILED ? -1 : 0);
	for (int i = 0; args[i]; i++) {
		char *copy = (char *)argv + 256 * (i + 1);

		snprintf(copy, 256, "%s", args[i]);
		argv[i] = (uint32_t)(uintptr_t)copy;
	}
	return result(syscall(X32_CALL | 520, args[0], argv, NULL));
}

static int act_fsetxattr(void)
{
	return result(fsetxattr(must(open(args[0], O_RDONLY)), "trusted.pale", "x", 1, 0));
}

/* Names the file by its inode; the directory gives the mount. */
static int act_open_by_handle(void)
{
	struct {
		struct file_handle h;
		unsigned char bytes[128];
	} handle = { .h.handle_bytes = 128 };
	int mount_id, folder = must(open(args[0], O_PATH | O_DIRECTORY));

	must(name_to_handle_at(folder, args[1], &handle.h, &mount_id, 0));
	return result(open_by_handle_at(
		must(open(args[0], O_RDONLY | O_DIRECTORY)), &handle.h, O_RDONLY));
}

/* Through a directory that was opened before, and in another mount namespace. */
static int act_read_inherited(void)
{
	return result(openat(FOLDER_FD, args[0], O_RDONLY));
}

static int act_read_in_inherited_cwd(void)
{
	must(fchdir(FOLDER_FD));
	return result(open(args[0], O_RDONLY));
}

static volatile bool flipping = true;

static void *flip_name(void *name)
{
	while (flipping)
		*(volatile char *)name ^= 'a' ^ 'b';
	return NULL;
}

/* The name changes while the kernel reads it: .../a and .../b in turn. */
static int act_flip_name(void)
{
	char path[256];
	struct stat secret, st;
	pthread_t t;
	bool got = false;

	must(stat(args[0], &secret));
	snprintf(path, sizeof(path), "%s", args[0]);
	errno = pthread_create(&t, NULL, flip_name, path + strlen(path) - 1);
	must(errno ? -1 : 0);
	for (int i = 0; i < 1000 && !got; i++) {
		int fd = open(path, O_RDONLY);

		if (fd < 0)
			continue;
		got = fstat(fd, &st) == 0 && st.st_ino == secret.st_ino;
		close(fd);
	}
	flipping = false;
	pthread_join(t, NULL);
	return got ? say_if(0, "raced") : EACCES;
}

/* Where the kernel takes nothing but numbers. */
static int act_write_number(void)
{
	int fd = open(args[0], O_WRONLY);

	return fd < 0 ? errno : result(write(fd, "17", 2));
}

/* The set-user-id bit on a program. */
static int act_set_suid(void)
{
	return result(chmod(args[0], 04755));
}

static int act_mknod_kmsg(void)
{
	return result(mknod(args[0], S_IFCHR | 0600, makedev(1, 11)));
}

/* The first loop device, which the runner has filled. */
static int act_mknod_disk(void)
{
	if (mknod(args[0], S_IFBLK | 0600, makedev(7, 0)) < 0)
		return errno;
	return show_file(args[0]);
}

/* unlink(2) by io_uring. */
static int act_uring_unlink(void)
{
	struct uring u;
	struct io_uring_sqe *sqe;

	uring_setup(&u, 0);
	sqe = &u.sqes[0];
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_UNLINKAT;
	sqe->fd = AT_FDCWD;
	sqe->addr = (uint64_t)(uintptr_t)args[0];
	u.sq_array[0] = 0;
	__atomic_store_n(u.sq_tail, 1, __ATOMIC_SEQ_CST);
	must(syscall(SYS_io_uring_enter, u.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0));
	return opened(u.cqes[0].res);
}

static int act_uring_connect(void)
{
	struct sockaddr_storage a;
	socklen_t len = inet_address(&a, args[0], args[1]);
	int fd = inet_socket("tcp", &a);
	struct uring u;
	struct io_uring_sqe *sqe;

	uring_setup(&u, 0);
	sqe = &u.sqes[0];
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_CONNECT;
	sqe->fd = fd;
	sqe->addr = (uint64_t)(uintptr_t)&a;
	sqe->off = len;
	u.sq_array[0] = 0;
	__atomic_store_n(u.sq_tail, 1, __ATOMIC_SEQ_CST);
	must(syscall(SYS_io_uring_enter, u.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0));
	return opened(u.cqes[0].res);
}

/* Which only a filter can refuse. */
static int act_uring_setup(void)
{
	struct io_uring_params p = { 0 };

	return say_if(result(syscall(SYS_io_uring_setup, 4, &p)), "ring");
}

#endif
