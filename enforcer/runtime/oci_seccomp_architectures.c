/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/runtime/oci_seccomp_internal.h"

#include "compiler/vocab.h"

#include <string.h>

/* seccomp_arch_add(3). libseccomp compares 32 bits on x32, too (arch-x32.c). */
const struct section_architecture section_architectures[] = {
	{ "SCMP_ARCH_X86_64", ABI_X86_64, false },
	{ "SCMP_ARCH_X86", ABI_X86, true },
	{ "SCMP_ARCH_X32", ABI_X32, true },
	{ "SCMP_ARCH_AARCH64", ABI_AARCH64, false },
	{ "SCMP_ARCH_ARM", ABI_ARM, true },
	/* Those that no policy has. */
	{ "SCMP_ARCH_LOONGARCH64", -1, false },
	{ "SCMP_ARCH_M68K", -1, true },
	{ "SCMP_ARCH_MIPS", -1, true },
	{ "SCMP_ARCH_MIPS64", -1, false },
	{ "SCMP_ARCH_MIPS64N32", -1, true },
	{ "SCMP_ARCH_MIPSEL", -1, true },
	{ "SCMP_ARCH_MIPSEL64", -1, false },
	{ "SCMP_ARCH_MIPSEL64N32", -1, true },
	{ "SCMP_ARCH_PARISC", -1, true },
	{ "SCMP_ARCH_PARISC64", -1, false },
	{ "SCMP_ARCH_PPC", -1, true },
	{ "SCMP_ARCH_PPC64", -1, false },
	{ "SCMP_ARCH_PPC64LE", -1, false },
	{ "SCMP_ARCH_RISCV64", -1, false },
	{ "SCMP_ARCH_S390", -1, true },
	{ "SCMP_ARCH_S390X", -1, false },
	{ "SCMP_ARCH_SH", -1, true },
	{ "SCMP_ARCH_SHEB", -1, true },
	{ NULL, -1, false },
};

int section_architecture_find(const char *name)
{
	for (int i = 0; section_architectures[i].name; i++) {
		if (!strcmp(section_architectures[i].name, name))
			return i;
	}
	return -1;
}

uint32_t section_architecture_native(void)
{
	int native = (int)vocab_abi_native();

	for (int i = 0; section_architectures[i].name; i++) {
		if (section_architectures[i].abi == native)
			return 1u << i;
	}
	return 0;
}

bool section_has_multiplexed(const struct section_merge *m)
{
	for (int i = 0; section_architectures[i].name; i++) {
		int abi = section_architectures[i].abi;

		if (m->architectures & 1u << i && abi != ABI_X86_64 && abi != ABI_X32 &&
			abi != ABI_AARCH64 && abi != ABI_ARM)
			return true;
	}
	return false;
}

/* Whether the result has an entry for it whatever its arguments, on both. */
static bool is_whole_on_both(const struct section_merge *m, const struct section_call *c)
{
	int found = vocab_syscall_find(c->name);

	return c->is_whole && c->action != m->default_action && found >= 0 &&
	       vocab_syscalls[found].number[ABI_X86_64] >= 0 &&
	       vocab_syscalls[found].number[ABI_X32] >= 0;
}

void section_drop_x32(struct section_merge *m)
{
	int x32 = section_architecture_find("SCMP_ARCH_X32");

	for (uint32_t i = 0; i < m->n_calls; i++) {
		if (is_whole_on_both(m, &m->calls[i]))
			return;
	}
	if (section_architecture_native() != 1u << x32)
		m->architectures &= ~(1u << x32);
}
