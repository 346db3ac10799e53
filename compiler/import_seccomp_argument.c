/* SPDX-License-Identifier: Apache-2.0 */
/* Which argument of the kernel's a condition compares, and whether that can be done. */
#include "compiler/import_seccomp_internal.h"

static const struct vocab_argument *argument_on(
	const struct vocab_syscall *s, enum abi abi, uint8_t index)
{
	for (uint8_t i = 0; i < s->n_arguments; i++) {
		if (s->arguments[i].index[abi] == index)
			return &s->arguments[i];
	}
	return NULL;
}

/* The argument and the most bits of it that a spoken ABI reads. */
static const struct vocab_argument *find_argument(struct import_writing *w, uint32_t call,
	const struct import_condition *c, uint8_t *ret_width)
{
	const struct vocab_syscall *s = &vocab_syscalls[call];
	const struct vocab_argument *found = NULL;
	const char *path = import_path_text(w, c->path);
	bool first = true;

	*ret_width = 0;
	for (int abi = 0; abi < ABI_COUNT; abi++) {
		const struct vocab_argument *a;

		if (!(w->model->abis & 1u << abi) || s->number[abi] < 0)
			continue;
		a = argument_on(s, (enum abi)abi, c->index);
		if (!first && a != found) {
			diag_error(w->diags, import_place(w, c->path),
				"%s: argument %u of '%s' is not the same on all ABIs", path,
				c->index, s->name);
			return NULL;
		}
		first = false;
		found = a;
		if (a && vocab_argument_width(a, (enum abi)abi) > *ret_width)
			*ret_width = (uint8_t)vocab_argument_width(a, (enum abi)abi);
	}
	if (!found) {
		diag_error(w->diags, import_place(w, c->path),
			"%s: argument %u of '%s' is not in the tables and cannot be compared", path,
			c->index, s->name);
		return NULL;
	}
	if (found->is_pointer) {
		struct diag *d = diag_error(w->diags, import_place(w, c->path),
			"%s: argument %u of '%s' ('%s') is a pointer and cannot be compared", path,
			c->index, s->name, found->name);

		diag_hint(w->diags, d, "what it points to can change after the look");
		return NULL;
	}
	if (found->width_varies) {
		diag_error(w->diags, import_place(w, c->path),
			"%s: how much of argument %u of '%s' ('%s') the kernel reads depends on "
			"what the call is asked to do",
			path, c->index, s->name, found->name);
		return NULL;
	}
	return found;
}

/*
 * For ABIs of 32 bits libseccomp cuts what it compares with to 32 bits, so that a larger number
 * means one thing there and another on the 64-bit ABI. -1 does not.
 */
static bool means_the_same(struct import_writing *w, uint32_t call,
	const struct import_condition *c, const struct vocab_argument *a)
{
	static const enum abi narrow[] = { ABI_X86, ABI_X32, ABI_ARM };
	uint64_t large = c->op == IMPORT_MASKED_EQ ? c->value | c->value_two : c->value;
	bool equal = c->op == IMPORT_EQ || c->op == IMPORT_NE;

	if (large <= UINT32_MAX || (equal && a->is_signed && a->width == 32 &&
					   (int64_t)large >= INT32_MIN && (int64_t)large < 0))
		return true;
	for (size_t i = 0; i < sizeof(narrow) / sizeof(*narrow); i++) {
		enum abi abi = narrow[i];

		if (!(w->model->abis & 1u << abi) || vocab_syscalls[call].number[abi] < 0)
			continue;
		diag_error(w->diags, import_place(w, c->path),
			"%s: on %s only 32 bits of argument %u of '%s' are compared, where this "
			"number has more",
			import_path_text(w, c->path), vocab_abi_name(abi), c->index,
			vocab_syscalls[call].name);
		return false;
	}
	return true;
}

const struct vocab_argument *import_argument(struct import_writing *w, uint32_t call,
	const struct import_condition *c, uint8_t *ret_width)
{
	const struct vocab_argument *a = find_argument(w, call, c, ret_width);

	return a && means_the_same(w, call, c, a) ? a : NULL;
}
