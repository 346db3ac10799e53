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

static void note_if_powerful(struct learn_work *w, const struct learn_item *item)
{
	static const char *const capabilities[] = { "sys_admin", "sys_module", "sys_ptrace",
		"sys_rawio", "bpf", "dac_read_search", "sys_boot", "mac_admin" };
	const struct learn_observation *o = &item->o;

	switch (o->operation) {
	case OP_EXEC:
		if (o->object_class != CLASS_PLAIN)
			learn_note_item(w, LEARN_SECRET, item,
				"allowed since it was seen: code that the image did not bring");
		break;
	case OP_PTRACE:
	case OP_USERNS:
	case OP_MOUNT:
	case OP_BIND:
	case OP_PIVOT:
		learn_note_item(
			w, LEARN_SECRET, item, "allowed since it was seen: power over others");
		break;
	case OP_CAPABILITY:
		for (size_t i = 0; i < sizeof(capabilities) / sizeof(*capabilities); i++) {
			if (!strcmp(capabilities[i], o->object))
				learn_note_item(w, LEARN_SECRET, item,
					"allowed since it was seen: power over the host");
		}
		break;
	default:
		break;
	}
}

void learn_others(struct learn_work *w, struct learn_domain *d)
{
	for (uint32_t i = 0; i < d->n_items; i++) {
		const struct learn_item *item = &w->items[d->items[i].item];
		const struct learn_observation *o = &item->o;
		enum vocab_object kind = vocab_operations[o->operation].object;
		const char *object = "", *tail = "", *operation = operation_words(w, o), *to;
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
			to = strstr(o->object, " to ");
			object = arena_printf(w->arena, "%.*s", (int)(to - o->object), o->object);
			tail = to + 1;
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
		note_if_powerful(w, item);
		r = learn_rule_for(d, w, block, operation,
			*tail ? arena_printf(w->arena, "%s %s", object, tail) : object);
		r->object = object;
		r->tail = tail;
		learn_seen_join(w, &r->seen, item);
	}
}
