/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_ATTACK_STALL_H
#define PALE_TESTS_ATTACK_STALL_H

/*
 * A page of memory that the attacker fills when the kernel asks for it: of a FUSE file, or by
 * userfaultfd(2). While open(2) waits for it in the middle of a name, the rest of the name changes.
 * Who reads a name from the caller's memory a second time, or sooner than the kernel does, judges
 * another one than is opened.
 */
#include "tests/attacks/catalogue/attack_proof.h"

#include <linux/fuse.h>
#include <linux/userfaultfd.h>

#define STALL_PAGE 4096
/* The kernel reads names in words; one over both pages it would read anew after the stall. */
#define STALL_NAME 64

static struct {
	char *name, then[STALL_NAME]; /* what lies in memory, and what will */
	char *page;
	char content; /* each byte of the page */
	volatile bool asked;
} stall;

/* When the kernel waits for the page. */
static void stall_asked(char *ret_page)
{
	memcpy(stall.name, stall.then, STALL_NAME);
	memset(ret_page, stall.content, STALL_PAGE);
	stall.asked = true;
}

/* ---- a page of FUSE ---- */

#define FUSE_PAGE_INODE 2

static struct fuse_attr fuse_attr_of(uint64_t inode)
{
	bool is_page = inode == FUSE_PAGE_INODE;

	return (struct fuse_attr){ .ino = inode,
		.mode = is_page ? S_IFREG | 0644 : S_IFDIR | 0755,
		.size = is_page ? STALL_PAGE : 0,
		.nlink = 1,
		.blksize = STALL_PAGE };
}

/* What a request of the kernel's is answered with, in *ret; its length, or a negative errno. */
static int fuse_answer(const struct fuse_in_header *in, void *ret)
{
	switch (in->opcode) {
	case FUSE_INIT:
		*(struct fuse_init_out *)ret = (struct fuse_init_out){
			.major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = STALL_PAGE
		};
		return sizeof(struct fuse_init_out);
	case FUSE_LOOKUP:
		if (strcmp((const char *)(in + 1), "page"))
			return -ENOENT;
		*(struct fuse_entry_out *)ret = (struct fuse_entry_out){ .nodeid = FUSE_PAGE_INODE,
			.entry_valid = 3600,
			.attr_valid = 3600,
			.attr = fuse_attr_of(FUSE_PAGE_INODE) };
		return sizeof(struct fuse_entry_out);
	case FUSE_GETATTR:
		*(struct fuse_attr_out *)ret = (struct fuse_attr_out){ .attr_valid = 3600,
			.attr = fuse_attr_of(in->nodeid) };
		return sizeof(struct fuse_attr_out);
	case FUSE_OPEN:
		*(struct fuse_open_out *)ret = (struct fuse_open_out){ .fh = 1 };
		return sizeof(struct fuse_open_out);
	case FUSE_READ:
		stall_asked(ret);
		return STALL_PAGE;
	}
	return -ENOSYS;
}

static void *serve_fuse(void *fd)
{
	static char request[1 << 16];
	static struct {
		struct fuse_out_header h;
		char body[STALL_PAGE];
	} answer;
	const struct fuse_in_header *in = (const struct fuse_in_header *)request;

	while (read((int)(intptr_t)fd, request, sizeof(request)) > 0) {
		int len;

		if (in->opcode == FUSE_FORGET || in->opcode == FUSE_BATCH_FORGET ||
			in->opcode == FUSE_INTERRUPT)
			continue;
		len = fuse_answer(in, answer.body);
		answer.h.unique = in->unique;
		answer.h.error = len < 0 ? len : 0;
		answer.h.len = (uint32_t)(sizeof(answer.h) + (len < 0 ? 0 : (size_t)len));
		must(write((int)(intptr_t)fd, &answer, answer.h.len));
	}
	return NULL;
}

static void stall_by_fuse(const char *on)
{
	int fd = must(open("/dev/fuse", O_RDWR)), file;
	char options[128], path[256];
	pthread_t t;

	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	must(mount("attack", on, "fuse", MS_NOSUID | MS_NODEV, options));
	errno = pthread_create(&t, NULL, serve_fuse, (void *)(intptr_t)fd);
	must(errno ? -1 : 0);
	snprintf(path, sizeof(path), "%s/page", on);
	file = must(open(path, O_RDONLY));
	must(mmap(stall.page, STALL_PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0) == MAP_FAILED
			? -1
			: 0);
	close(file);
}

/* ---- a page of userfaultfd ---- */

static void *serve_fault(void *fd)
{
	static char page[STALL_PAGE] __attribute__((aligned(STALL_PAGE)));
	struct uffdio_copy copy = {
		.dst = (uintptr_t)stall.page, .src = (uintptr_t)page, .len = STALL_PAGE
	};
	struct uffd_msg message;

	must(read((int)(intptr_t)fd, &message, sizeof(message)));
	stall_asked(page);
	must(ioctl((int)(intptr_t)fd, UFFDIO_COPY, &copy));
	return NULL;
}

static void stall_by_fault(void)
{
	int fd = must(syscall(SYS_userfaultfd, O_CLOEXEC));
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register missing = { .range = { (uintptr_t)stall.page, STALL_PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING };
	pthread_t t;

	must(ioctl(fd, UFFDIO_API, &api));
	must(ioctl(fd, UFFDIO_REGISTER, &missing));
	errno = pthread_create(&t, NULL, serve_fault, (void *)(intptr_t)fd);
	must(errno ? -1 : 0);
}

/* ---- the name ---- */

static void put_name(char *to, const char *path)
{
	size_t len = strlen(path);

	must(len > STALL_NAME ? -1 : 0);
	memset(to, '/', STALL_NAME);
	memcpy(to + STALL_NAME - len, path, len);
}

/*
 * stall fuse|fault behind|ahead PATH OTHER FOLDER: opens PATH, and OTHER is what lies in memory
 * when the kernel has read that, or before it does: the page is behind the name, or ahead of it.
 * FUSE is mounted on FOLDER.
 */
static int act_stall(void)
{
	bool behind = !strcmp(args[1], "behind");
	struct stat wanted, st;
	char *area, *from;
	int fd;

	must(stat(args[2], &wanted));
	area = mmap(
		NULL, 2 * STALL_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(area == MAP_FAILED ? -1 : 0);
	stall.page = behind ? area + STALL_PAGE : area;
	stall.name = behind ? area + STALL_PAGE - STALL_NAME : area + STALL_PAGE;
	stall.content = behind ? 0 : '/';
	from = behind ? stall.name : stall.name - sizeof(long);
	put_name(stall.name, args[behind ? 2 : 3]);
	put_name(stall.then, args[behind ? 3 : 2]);
	if (!strcmp(args[0], "fuse"))
		stall_by_fuse(args[4]);
	else
		stall_by_fault();
	fd = open(from, O_RDONLY);
	if (!stall.asked || memcmp(stall.name, stall.then, STALL_NAME))
		return 254;
	if (fd < 0)
		return errno;
	if (fstat(fd, &st) < 0 || st.st_ino != wanted.st_ino || st.st_dev != wanted.st_dev)
		return 254;
	return say_if(0, "stalled");
}

#endif
