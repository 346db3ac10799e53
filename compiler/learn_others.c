/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for what is neither a file's nor an address: always literal. */
#include "compiler/learn_internal.h"

#include "compiler/base/cleanup.h"
#include "compiler/policy_text.h"

#include <string.h>

static bool same_executable(const struct learn_observation *o, const struct learn_domain *d)
{
	return d->executable && o->object_len == d->executable_len &&
	       !memcmp(o->object, d->executable, o->object_len);
}

/* "as NAME" where what is executed has a sub-profile of its own. */
static const char *entered(struct learn_work *w, const struct learn_item *item)
{
	for (uint32_t i = 1; i < w->n_domains; i++) {
		if (item->o.object_class == CLASS_PLAIN &&
			same_executable(&item->o, &w->domains[i]))
			return arena_printf(w->arena, "as %s", w->domains[i].name);
	}
	return "";
}

static const char *object_words(struct learn_work *w, const struct learn_observation *o)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	learn_object_words(&t, o);
	return arena_strdup(w->arena, text_str(&t));
}

static const char *operation_words(struct learn_work *w, const struct learn_observation *o)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	learn_operation_words(&t, o);
	return arena_strdup(w->arena, text_str(&t));
}

/* Why people should look at it; NULL: they need not. */
static const char *power_of(const struct learn_observation *o)
{
	static const char *const capabilities[] = { "sys_admin", "sys_module", "sys_ptrace",
		"sys_rawio", "bpf", "dac_read_search", "sys_boot", "mac_admin" };

	switch (o->operation) {
	case OP_EXEC:
		return o->object_class != CLASS_PLAIN
			       ? "allowed since it was seen: code that the image did not bring"
			       : NULL;
	case OP_PTRACE:
	case OP_USERNS:
	case OP_MOUNT:
	case OP_BIND:
	case OP_PIVOT:
		return "allowed since it was seen: power over others";
	case OP_CAPABILITY:
		for (size_t i = 0; i < sizeof(capabilities) / sizeof(*capabilities); i++) {
			if (!strcmp(capabilities[i], o->object))
				return "allowed since it was seen: power over the host";
		}
		return NULL;
	default:
		return NULL;
	}
}

void learn_others(struct learn_work *w, struct learn_domain *d)
{
	for (uint32_t i = 0; i < d->n_items; i++) {
		const struct learn_item *item = &w->items[d->items[i].item];
		const struct learn_observation *o = &item->o;
		enum vocab_object kind = vocab_operations[o->operation].object;
		const char *object = "", *tail = "", *operation = operation_words(w, o);
		enum learn_block block = LEARN_PROCESS;
		struct learn_rule *r;

		if (d->items[i].done || (kind == OBJECT_PATH && o->operation != OP_EXEC &&
						o->operation != OP_UMOUNT))
			continue;
		switch (kind) {
		case OBJECT_NETWORK:
		case OBJECT_SYSCALL:
		case OBJECT_LIMIT:
			continue;
		case OBJECT_PATH:
			object = object_words(w, o);
			block = o->operation == OP_UMOUNT ? LEARN_MOUNT : LEARN_PROCESS;
			tail = o->operation == OP_EXEC ? entered(w, item) : "";
			break;
		case OBJECT_SIGNAL:
			object = object_words(w, o);
			tail = strstr(object, " to ") + 1;
			object = arena_memdup(w->arena, object, (size_t)(tail - 1 - object));
			break;
		case OBJECT_TASK:
			/* Each target is a rule. */
			operation = arena_printf(w->arena, "ptrace %s", o->object);
			break;
		case OBJECT_NONE:
			block = o->operation == OP_PIVOT ? LEARN_MOUNT : LEARN_PROCESS;
			break;
		case OBJECT_FAMILY:
			block = LEARN_NETWORK;
			object = o->object;
			break;
		case OBJECT_MOUNT:
			/* A rule has one mount. */
			block = LEARN_MOUNT;
			operation = arena_printf(w->arena, "%s %s", operation, object_words(w, o));
			break;
		case OBJECT_CAPABILITY:
			block = LEARN_CAPABILITY;
			operation = "";
			object = o->object;
			break;
		}
		d->items[i].done = true;
		d->items[i].look = power_of(o);
		r = learn_rule_for(d, w, block, operation,
			*tail ? arena_printf(w->arena, "%s %s", object, tail) : object);
		r->object = object;
		r->tail = tail;
		learn_seen_join(w, &r->seen, item);
	}
}
