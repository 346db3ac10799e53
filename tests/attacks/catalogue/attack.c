/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attack ACTION ARGUMENT...: tries one thing and exits with the errno that it got, 0 when it was
 * let. What it gained it shows on PROOF_FD. Has lsm_actor's actions too.
 */
#include "tests/vm/lsm_actor_files.h"
#include "tests/vm/lsm_actor_kernel.h"
#include "tests/vm/lsm_actor_mounts.h"
#include "tests/vm/lsm_actor_network.h"
#include "tests/vm/lsm_actor_tasks.h"
#include "tests/vm/lsm_actor_uring.h"
#include "tests/attacks/catalogue/attack_kernel.h"
#include "tests/attacks/catalogue/attack_mounts.h"
#include "tests/attacks/catalogue/attack_paths.h"
#include "tests/attacks/catalogue/attack_programs.h"
#include "tests/attacks/catalogue/attack_stall.h"
#include "tests/attacks/catalogue/attack_tasks.h"

static const struct {
	const char *name;
	int (*act)(void);
} actions[] = {
#define ACTION(name) { #name, act_##name },
#include "tests/vm/lsm_actor_actions.h"
#include "tests/attacks/catalogue/attack_actions.h"
#undef ACTION
};

int main(int argc, char **argv)
{
	int r;

	if (argc < 2)
		return 255;
	args = argv + 2;
	/* A path is what an interpreter is given. */
	if (!strcmp(argv[1], nothing) || argv[1][0] == '/') {
		say("ran");
		return 0;
	}
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++) {
		if (strcmp(actions[i].name, argv[1]))
			continue;
		r = actions[i].act();
		show_descriptors();
		return r;
	}
	fprintf(stderr, "attack: no action %s\n", argv[1]);
	return 255;
}
