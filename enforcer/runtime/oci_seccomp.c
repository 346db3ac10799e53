/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/runtime/oci_seccomp.h"

#include "enforcer/runtime/oci_seccomp_internal.h"

#include "compiler/base/cleanup.h"
#include "compiler/vocab.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

/* The last number that the container's own section names, by ABI; 0 where runc has no stub. */
static void find_last(const struct section_merge *m, int32_t last[ABI_COUNT])
{
	for (int i = 0; section_architectures[i].name; i++) {
		int abi = section_architectures[i].abi;

		if (abi < 0)
			continue;
		last[abi] = 0;
		for (uint32_t k = 0; k < m->n_calls; k++) {
			const struct section_call *c = &m->calls[k];
			int found = c->halves[SECTION_OWN].named ? vocab_syscall_find(c->name) : -1;

			if (found >= 0 && vocab_syscalls[found].number[abi] > last[abi])
				last[abi] = vocab_syscalls[found].number[abi];
		}
		if (!(m->sections[SECTION_OWN].architectures & 1u << i))
			last[abi] = 0;
	}
}

/* Whether runc's stub answers the call under some ABI: others have ENOSYS from it, too. */
static bool beyond_the_last(
	const struct section_merge *m, const struct section_call *c, const int32_t last[ABI_COUNT])
{
	int found = vocab_syscall_find(c->name);

	for (int i = 0; found >= 0 && section_architectures[i].name; i++) {
		int abi = section_architectures[i].abi;

		if (abi >= 0 && m->architectures & 1u << i && last[abi] &&
			vocab_syscalls[found].number[abi] > last[abi])
			return true;
	}
	return false;
}

/* What libc falls back from, which it does not from EPERM. */
static void answer_as_the_stub(struct section_merge *m)
{
	uint32_t other = m->sections[SECTION_OWN].default_action;
	int32_t last[ABI_COUNT];

	if ((other & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO)
		return;
	find_last(m, last);
	for (uint32_t i = 0; i < m->n_calls; i++) {
		struct section_call *c = &m->calls[i];

		if (!c->halves[SECTION_OWN].named && beyond_the_last(m, c, last))
			c->halves[SECTION_OWN].rest = SECCOMP_RET_ERRNO | ENOSYS;
	}
}

static void merge_sections(struct section_merge *m)
{
	uint32_t native = section_architecture_native();

	m->default_action = section_stricter(m->sections[SECTION_OWN].default_action,
		m->sections[SECTION_POLICY].default_action);
	m->architectures = (m->sections[SECTION_OWN].architectures | native) &
			   (m->sections[SECTION_POLICY].architectures | native);
	for (int i = 0; section_architectures[i].name; i++) {
		if (m->architectures & 1u << i && section_architectures[i].is_32)
			m->cuts_to_32 = true;
	}
	answer_as_the_stub(m);
	for (uint32_t i = 0; i < m->n_calls; i++)
		section_call_merge(m, &m->calls[i]);
	section_multiplexed(m);
	section_drop_x32(m);
}

static int compare_names(const void *a, const void *b)
{
	const struct section_call *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void list_names(struct section_merge *m, json_t *refused, json_t *narrowed)
{
	if (m->n_calls)
		qsort(m->calls, m->n_calls, sizeof(*m->calls), compare_names);
	for (uint32_t i = 0; i < m->n_calls; i++) {
		const struct section_call *c = &m->calls[i];

		if (refused && (c->own_refuses || c->narrowed))
			json_array_append_new(refused, json_string(c->name));
		if (narrowed && c->narrowed)
			json_array_append_new(narrowed, json_string(c->name));
	}
}

int oci_seccomp_merge(const json_t *own, const json_t *policy, json_t **ret, json_t *refused,
	json_t *narrowed, struct pale_err **err)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct section_merge m = { .arena = a };
	int e;

	*ret = NULL;
	hash_index_init(&m.index, a);
	if ((e = section_read(&m, SECTION_OWN, "linux.seccomp", own, err)) < 0 ||
		(e = section_read(&m, SECTION_POLICY, "the policy's seccomp", policy, err)) < 0 ||
		(e = section_read_calls(&m, SECTION_OWN, err)) < 0 ||
		(e = section_read_calls(&m, SECTION_POLICY, err)) < 0)
		return e;
	merge_sections(&m);
	*ret = section_write(&m, own);
	list_names(&m, refused, narrowed);
	return 0;
}

int oci_seccomp_intersect(const json_t *own, const json_t *policy, json_t **ret, json_t *refused,
	struct pale_err **err)
{
	if (own && policy)
		return oci_seccomp_merge(own, policy, ret, refused, NULL, err);
	*ret = own || policy ? json_deep_copy(own ? own : policy) : NULL;
	return 0;
}
