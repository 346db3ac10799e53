/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lsm_actor ACTION ARGUMENT...: does one thing to the kernel and exits with the errno that it got,
 * 0 when it was let. Run bare it must succeed; test_lsm.c runs it confined. Anything that fails
 * before the thing itself is said on stderr and exits with 255.
 */
#include "tests/vm/lsm_actor_files.h"
#include "tests/vm/lsm_actor_kernel.h"
#include "tests/vm/lsm_actor_mounts.h"
#include "tests/vm/lsm_actor_network.h"
#include "tests/vm/lsm_actor_programs.h"
#include "tests/vm/lsm_actor_tasks.h"
#include "tests/vm/lsm_actor_uring.h"

static const struct {
	const char *name;
	int (*act)(void);
} actions[] = {
#define ACTION(name) { #name, act_##name },
#include "tests/vm/lsm_actor_actions.h"
#undef ACTION
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
