/* SPDX-License-Identifier: Apache-2.0 */
/* Whose calls a profile speaks of: architectures, archMap. */
#include "compiler/import_oci_internal.h"

#include "compiler/base/cleanup.h"

/* Architectures of libseccomp (seccomp_arch_add(3)); those of other machines: ABI_COUNT. */
static const struct import_word architectures[] = {
	{ "SCMP_ARCH_X86_64", ABI_X86_64 },
	{ "SCMP_ARCH_X86", ABI_X86 },
	{ "SCMP_ARCH_X32", ABI_X32 },
	{ "SCMP_ARCH_AARCH64", ABI_AARCH64 },
	{ "SCMP_ARCH_ARM", ABI_ARM },
	{ "SCMP_ARCH_LOONGARCH64", ABI_COUNT },
	{ "SCMP_ARCH_M68K", ABI_COUNT },
	{ "SCMP_ARCH_MIPS", ABI_COUNT },
	{ "SCMP_ARCH_MIPS64", ABI_COUNT },
	{ "SCMP_ARCH_MIPS64N32", ABI_COUNT },
	{ "SCMP_ARCH_MIPSEL", ABI_COUNT },
	{ "SCMP_ARCH_MIPSEL64", ABI_COUNT },
	{ "SCMP_ARCH_MIPSEL64N32", ABI_COUNT },
	{ "SCMP_ARCH_PARISC", ABI_COUNT },
	{ "SCMP_ARCH_PARISC64", ABI_COUNT },
	{ "SCMP_ARCH_PPC", ABI_COUNT },
	{ "SCMP_ARCH_PPC64", ABI_COUNT },
	{ "SCMP_ARCH_PPC64LE", ABI_COUNT },
	{ "SCMP_ARCH_RISCV64", ABI_COUNT },
	{ "SCMP_ARCH_S390", ABI_COUNT },
	{ "SCMP_ARCH_S390X", ABI_COUNT },
	{ "SCMP_ARCH_SH", ABI_COUNT },
	{ "SCMP_ARCH_SHEB", ABI_COUNT },
	{ NULL, 0 },
};

static bool is_arm(int abi)
{
	return abi == ABI_AARCH64 || abi == ABI_ARM;
}

/* Bits of the ABIs in an array of architectures, other machines' as bit ABI_COUNT. */
static uint32_t read_architectures(
	struct import_reading *r, const struct json_path *path, const json_t *list)
{
	uint32_t found = 0;
	const json_t *v;
	size_t i;

	json_array_foreach (list, i, v) {
		struct json_path at = { .up = path, .index = i };
		int abi = -1;

		if (import_check_type(r, &at, v, OF_STRING))
			abi = import_find_word(
				r, &at, "architecture", architectures, json_text_value(v));
		if (abi >= 0)
			found |= 1u << abi;
	}
	return found;
}

static const char *abi_names(struct import_reading *r, uint32_t abis)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	for (int abi = 0; abi < ABI_COUNT; abi++) {
		if (abis & 1u << abi)
			text_printf(&t, "%s%s", t.len ? ", " : "", vocab_abi_name((enum abi)abi));
	}
	return arena_strdup(r->arena, text_str(&t));
}

static void read_arch_map(
	struct import_reading *r, const struct json_path *path, const json_t *list)
{
	static const char *const members[] = { "architecture", "subArchitectures", NULL };
	const struct json_path map = { .up = path, .member = "archMap" };
	uint32_t sub = 0;
	json_t *o;
	size_t i;

	json_array_foreach (list, i, o) {
		struct json_path item = { .up = &map, .index = i };
		struct json_path at = { .up = &item, .member = "architecture" };
		struct json_path sub_at = { .up = &item, .member = "subArchitectures" };
		const json_t *name, *subs;
		uint32_t found;
		int abi;

		if (!import_check_type(r, &item, o, OF_OBJECT))
			continue;
		import_check_members(r, &item, o, members);
		name = import_member(r, &item, o, "architecture", OF_STRING);
		subs = import_member(r, &item, o, "subArchitectures", OF_ARRAY);
		if (!name) {
			if (!json_object_get(o, "architecture"))
				import_wrong(r, &item, "'architecture' is missing");
			continue;
		}
		abi = import_find_word(
			r, &at, "architecture", architectures, json_text_value(name));
		found = subs ? read_architectures(r, &sub_at, subs) : 0;
		if (abi == (int)r->native)
			sub |= found & ((1u << ABI_COUNT) - 1);
	}
	sub &= ~r->model->abis;
	if (sub)
		import_note(r,
			"Where the profile is used as it is, calls of %s pass, too, as those of %s "
			"do. Here they are refused; --abi has them.",
			abi_names(r, sub), vocab_abi_name(r->native));
}

/* runc always has the machine's own, whatever the list says. */
void import_read_abis(struct import_reading *r, const struct json_path *path, const json_t *o)
{
	const json_t *list = import_member(r, path, o, "architectures", OF_ARRAY);
	const json_t *map = import_member(r, path, o, "archMap", OF_ARRAY);
	struct json_path list_at = { .up = path, .member = "architectures" };
	const struct import_options *options = r->options;
	uint32_t listed = list ? read_architectures(r, &list_at, list) : 0, others;

	r->native = vocab_abi_native();
	if (json_array_size(list) && json_array_size(map))
		import_wrong(r, &list_at, "stands beside archMap; Docker takes one of them only");
	if (options->n_abis) {
		r->native = options->abis[0];
		for (uint32_t i = 0; i < options->n_abis; i++)
			r->model->abis |= 1u << options->abis[i];
	} else {
		r->model->abis = 1u << r->native;
		for (int abi = 0; abi < ABI_COUNT; abi++) {
			if (listed & 1u << abi && is_arm(abi) == is_arm(r->native))
				r->model->abis |= 1u << abi;
		}
	}
	others = listed & ((1u << ABI_COUNT) - 1) & ~r->model->abis;
	if (others)
		import_note(r,
			"The profile lists %s, too, whose calls are refused here; --abi has them.",
			abi_names(r, others));
	if (listed >> ABI_COUNT & 1)
		import_note(r,
			"The profile lists machines that Pale does not know; their calls are "
			"refused here.");
	if (map)
		read_arch_map(r, path, map);
}
