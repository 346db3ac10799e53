/* SPDX-License-Identifier: Apache-2.0 */
/* A rule about mounts means a directory with or without its '/'; every other rule means what it
 * says. */
#include "compiler/compile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char policy_text[] = "profile t {\n"
				  "  mount {\n"
				  "    allow mount tmpfs on /{m,m/*/s,d/,e/{x,**}}\n"
				  "    allow mount tmpfs on /f/**{y,}\n"
				  "    deny mount tmpfs on /m/no/s\n"
				  "    allow bind /src on /dst/*\n"
				  "    allow mount ext4 from /dev/sda on /x\n"
				  "    allow umount /m, /u/** except /u/no\n"
				  "  }\n"
				  "  file { allow read /file }\n"
				  "}\n";

struct asked {
	enum operation op;
	const char *type, *source, *path;
	bool allowed;
};

static const struct asked cases[] = {
	{ OP_MOUNT, "tmpfs", "", "/m", true },
	{ OP_MOUNT, "tmpfs", "", "/m/", true },
	{ OP_MOUNT, "tmpfs", "", "/m/x", false },
	{ OP_MOUNT, "tmpfs", "", "/m/a/s/", true },
	{ OP_MOUNT, "tmpfs", "", "/m/no/s", false },
	{ OP_MOUNT, "tmpfs", "", "/m/no/s/", false },
	{ OP_MOUNT, "tmpfs", "", "/d/", true },
	{ OP_MOUNT, "tmpfs", "", "/d", false },
	{ OP_MOUNT, "tmpfs", "", "/e/", false },
	{ OP_MOUNT, "tmpfs", "", "/e/x/", true },
	{ OP_MOUNT, "tmpfs", "", "/e/z/", true },
	{ OP_MOUNT, "tmpfs", "", "/f/", false },
	{ OP_MOUNT, "tmpfs", "", "/f/y/", true },
	{ OP_BIND, NULL, "/src", "/dst/a", true },
	{ OP_BIND, NULL, "/src/", "/dst/a/", true },
	{ OP_BIND, NULL, "/src/x", "/dst/a/", false },
	{ OP_BIND, NULL, "/src", "/dst/", false },
	{ OP_MOUNT, "ext4", "/dev/sda", "/x/", true },
	{ OP_MOUNT, "ext4", "/dev/sda/", "/x/", false },
	{ OP_UMOUNT, NULL, NULL, "/m", true },
	{ OP_UMOUNT, NULL, NULL, "/m/", true },
	{ OP_UMOUNT, NULL, NULL, "/u/", false },
	{ OP_UMOUNT, NULL, NULL, "/u/a/", true },
	{ OP_UMOUNT, NULL, NULL, "/u/no/", false },
	{ OP_UMOUNT, NULL, NULL, "/u/no", false },
	{ OP_READ, NULL, NULL, "/file", true },
	{ OP_READ, NULL, NULL, "/file/", false },
	{ OP_READ, NULL, NULL, "/m/", false },
};

static void mounts_name_directories_either_way(void **state)
{
	struct compilation c;

	compile_bytes(
		&c, "t.pale", policy_text, strlen(policy_text), &(struct compile_options){ 0 });
	if (c.diags.n_errors)
		diag_print(&c.diags, stderr, false);
	assert_int_equal(c.diags.n_errors, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct asked *a = &cases[i];
		struct request r = { .operation = a->op,
			.path = a->path,
			.path_len = (uint32_t)strlen(a->path),
			.fstype = a->type,
			.source = a->source,
			.source_len = a->source ? (uint32_t)strlen(a->source) : 0 };

		if ((decide(c.policies[0], 0, &r).verdict == VERDICT_ALLOW) != a->allowed)
			fail_msg("%s %s on %s: not %d", vocab_operations[a->op].name,
				a->source ? a->source : "", a->path, a->allowed);
	}
	compilation_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts_name_directories_either_way),
	};

	return cmocka_run_group_tests_name("glob_directory", tests, NULL, NULL);
}
