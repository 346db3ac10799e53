/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/landlock_answer.h"

#define IMPOSSIBLE_ON_DIRECTORIES                                                                  \
	(OP_BIT(OP_EXEC) | OP_BIT(OP_WRITE) | OP_BIT(OP_APPEND) | OP_BIT(OP_LINK) |                \
		OP_BIT(OP_LISTEN))

static bool has(uint64_t rights, uint64_t wanted)
{
	return (rights & wanted) == wanted;
}

static void answer(struct path_answer *a, enum operation op, bool some, bool all)
{
	if (some)
		a->some |= OP_BIT(op);
	if (all)
		a->all |= OP_BIT(op);
}

struct path_answer landlock_answer(
	uint64_t handled_fs, unsigned int abi, uint64_t rights, bool directory)
{
	const uint64_t make = directory ? LL_MAKE_DIR : LL_MAKE_FILES;
	const uint64_t removal = directory ? LL_REMOVE_DIR : LL_REMOVE_FILE;
	const uint64_t truncate = LL_TRUNCATE & handled_fs;
	const bool makes = rights & make, removes = rights & removal;
	const bool refers = abi >= 2 && rights & LL_REFER;
	struct path_answer a = { 0 };

	/* execve(2) opens for reading too. */
	answer(&a, OP_EXEC, has(rights, LL_EXECUTE | LL_READ_FILE),
		has(rights, LL_EXECUTE | LL_READ_FILE));
	answer(&a, OP_READ, rights & (directory ? LL_READ_DIR : LL_READ_FILE),
		rights & (directory ? LL_READ_DIR : LL_READ_FILE));
	/* Before ABI 3 truncate(2) of anything passes. */
	answer(&a, OP_WRITE, rights & (LL_WRITE_FILE | truncate) || !truncate,
		has(rights, LL_WRITE_FILE | truncate));
	answer(&a, OP_APPEND, rights & LL_WRITE_FILE, rights & LL_WRITE_FILE);
	answer(&a, OP_CREATE, makes, has(rights, make));
	answer(&a, OP_DELETE, removes, removes);
	/* Within a directory, making and removing is renaming; across, both need REFER. */
	answer(&a, OP_RENAME, (makes && removes) || (refers && (makes || removes)),
		refers && removes && has(rights, make));
	answer(&a, OP_LINK, makes || refers, refers && has(rights, make));
	/* Only ioctls on devices are asked about. */
	answer(&a, OP_IOCTL, true, directory || rights & LL_IOCTL_DEV);
	/* Binding makes the socket's file; connecting to it is not asked about. */
	answer(&a, OP_LISTEN, rights & LL_MAKE_SOCK, rights & LL_MAKE_SOCK);
	answer(&a, OP_UMOUNT, false, false);
	if (directory) {
		a.some &= ~(uint64_t)IMPOSSIBLE_ON_DIRECTORIES;
		a.all |= IMPOSSIBLE_ON_DIRECTORIES;
	}
	return a;
}

uint64_t landlock_operations(uint64_t handled_fs)
{
	uint64_t operations = OP_BIT(OP_EXEC) | OP_BIT(OP_READ) | OP_BIT(OP_WRITE) |
			      OP_BIT(OP_APPEND) | OP_BIT(OP_CREATE) | OP_BIT(OP_DELETE) |
			      OP_BIT(OP_RENAME) | OP_BIT(OP_LINK) | OP_BIT(OP_LISTEN) |
			      OP_BIT(OP_UMOUNT);

	if (!handled_fs)
		return 0;
	return handled_fs & LL_IOCTL_DEV ? operations | OP_BIT(OP_IOCTL) : operations;
}
