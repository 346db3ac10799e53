/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/emit_lsm_mounts.h"

#include <errno.h>
#include <string.h>

_Static_assert(sizeof(struct lsm_mount) == 80 && sizeof(struct lsm_automaton) == 280,
	"no padding, and every table starts aligned");
_Static_assert(MOUNT_RO == 1 && MOUNT_NOSUID == 2 && MOUNT_NODEV == 4 && MOUNT_NOEXEC == 8 &&
		       (MOUNT_RO | MOUNT_NOSUID | MOUNT_NODEV | MOUNT_NOEXEC) == LSM_MOUNT_FLAGS,
	"options are mount(2)'s");

static uint32_t put_automaton(struct lsm_mounts *m, const struct dfa *d)
{
	struct lsm_automaton out;
	uint32_t n_next;

	if (!d)
		return LSM_ANY_STRING;
	n_next = d->n_states * d->n_classes;
	out = (struct lsm_automaton){
		.start = d->start[0],
		.n_states = d->n_states,
		.n_classes = d->n_classes,
		.accept = m->n_cells,
		.next = m->n_cells + d->n_states,
	};
	memcpy(out.byte_class, d->byte_class, sizeof(out.byte_class));
	text_add(&m->automata, &out, sizeof(out));
	for (uint32_t s = 0; s < d->n_states; s++)
		text_u16(&m->cells, d->accept[s] == 1);
	for (uint32_t i = 0; i < n_next; i++)
		text_u16(&m->cells, (uint16_t)d->next[i]);
	m->n_cells += d->n_states + n_next;
	return m->n_automata++;
}

static void put_entry(struct lsm_mounts *m, const struct rule *rule)
{
	struct lsm_mount out = {
		.rule = (lsm_u16)rule->index,
		.flags = (lsm_u16)rule->mount_flags,
		.place = put_automaton(m, rule->mount_on),
		.source = put_automaton(m, rule->mount_source),
	};

	/* lsm_mounts_fit() refuses what is cut here. */
	if (rule->fstype)
		memcpy(out.fstype, rule->fstype, strnlen(rule->fstype, sizeof(out.fstype) - 1));
	text_add(&m->entries, &out, sizeof(out));
	m->n_entries++;
}

void lsm_mounts_add(struct lsm_mounts *m, const struct domain *d, struct lsm_domain *ret)
{
	for (int which = 0; which < 2; which++) {
		enum operation op = which ? OP_BIND : OP_MOUNT;

		ret->mounts[which] = m->n_entries;
		for (uint32_t i = 0; i < d->n_by_operation[op]; i++) {
			if (!d->by_operation[op][i]->is_default)
				put_entry(m, d->by_operation[op][i]);
		}
		ret->n_mounts[which] = m->n_entries - ret->mounts[which];
	}
}

int lsm_mounts_fit(const struct lsm_mounts *m, const struct policy *p, struct pale_err **err)
{
	int r;

	if (m->n_entries > LSM_MOUNTS_MAX) {
		r = pale_err_plain(err, E2BIG, "bpf-lsm: %u rules about mounts, of at most %u",
			m->n_entries, LSM_MOUNTS_MAX);
		pale_err_hint(err, "a rule may name its places and sources by a glob");
		return r;
	}
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const char *type = p->rules[i]->fstype;

		if (type && strlen(type) >= LSM_FSTYPE_BYTES) {
			r = pale_err_plain(err, E2BIG,
				"bpf-lsm: a filesystem's type of %zu bytes, of at most %u",
				strlen(type), LSM_FSTYPE_BYTES - 1);
			pale_err_hint(err, "no filesystem of the kernel's has such a name");
			return r;
		}
	}
	return 0;
}

void lsm_mounts_release(struct lsm_mounts *m)
{
	text_release(&m->entries);
	text_release(&m->automata);
	text_release(&m->cells);
}
