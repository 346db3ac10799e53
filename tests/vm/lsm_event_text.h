/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_TESTS_LSM_EVENT_TEXT_H
#define PALE_TESTS_LSM_EVENT_TEXT_H

/*
 * BPF-LSM events as lines of a test's table: "denied read /tmp/t/a | deny read by default".
 */

#include "compiler/base/text.h"
#include "compiler/policy.h"
#include "compiler/vocab.h"
#include "enforcer/load_lsm.h"

#include <arpa/inet.h>
#include <string.h>

struct seen {
	const struct policy *policy;
	struct text text;
	uint64_t n, last;
	bool gap;
};

/* KIND:TYPE:SOURCE:PLACE:OPTIONS */
static void mount_text(struct text *t, const struct lsm_event *e)
{
	static const char *const kinds[] = { "new", "bind", "move", "remount", "propagation" };

	text_printf(t, "%s:", kinds[e->detail]);
	for (uint32_t i = 0; i < e->text_len; i++)
		text_putc(t, e->text[i] ? e->text[i] : ':');
	if (e->why)
		text_printf(t, " (%s)", lsm_why_name(e->why));
	text_printf(t, ":%u", e->number);
}

static void object_text(struct text *t, const struct lsm_event *e)
{
	static const char *const protocols[] = { "tcp", "udp", "sctp", "icmp" };
	char address[64], *hash;

	switch (e->object) {
	case LSM_OBJECT_NONE:
		if (e->why)
			text_printf(t, "(%s)", lsm_why_name(e->why));
		break;
	case LSM_OBJECT_PATH:
		if (e->why == LSM_WHY_TOO_LONG) {
			text_puts(t, "(path too long)");
			break;
		}
		text_escaped(t, e->text, e->text_len < 200 ? e->text_len : 200);
		/* O_TMPFILE's are "#" and the inode's number. */
		if (e->why == LSM_WHY_UNLINKED && (hash = strrchr(t->s, '#'))) {
			t->len = (size_t)(hash + 1 - t->s);
			text_putc(t, '*');
		}
		if (e->why)
			text_printf(t, " (%s)", lsm_why_name(e->why));
		if (e->drift)
			text_puts(t, " (drift)");
		break;
	case LSM_OBJECT_ABSTRACT:
		text_puts(t, "abstract:");
		text_escaped(t, e->text, e->text_len);
		break;
	case LSM_OBJECT_ENDPOINT:
		inet_ntop(
			e->family == 6 ? AF_INET6 : AF_INET, e->address, address, sizeof(address));
		text_printf(t, "%s %s:%u", e->protocol < 4 ? protocols[e->protocol] : "?", address,
			e->port);
		break;
	case LSM_OBJECT_NUMBER:
		text_printf(t, "%u", e->number);
		break;
	case LSM_OBJECT_TASK:
		text_printf(t, "%s%u", e->operation == OP_SIGNAL ? "" : "mode ", e->number);
		text_puts(t, e->target == LSM_TARGET_OUTSIDE ? " outside" : " inside");
		break;
	case LSM_OBJECT_MOUNT:
		mount_text(t, e);
		break;
	case LSM_OBJECT_CALL:
		text_printf(t, "%u", e->number);
		for (int i = 0; i < 6; i++)
			text_printf(t, " %llu", e->arguments[i]);
		break;
	}
}

static void on_event(void *ctx, const struct lsm_event *e)
{
	static const char *const outcomes[] = { "denied", "killed", "audited" };
	struct seen *s = ctx;

	if (s->text.len)
		text_putc(&s->text, '\n');
	text_printf(&s->text, "%s %s ", outcomes[e->outcome],
		e->operation < OP_COUNT ? vocab_operations[e->operation].name : "?");
	object_text(&s->text, e);
	if (e->rule < s->policy->n_rules)
		text_printf(&s->text, " | %s", s->policy->rules[e->rule]->text);
	if (e->sequence != s->last + 1)
		s->gap = true;
	s->last = e->sequence;
	s->n++;
}

#endif
