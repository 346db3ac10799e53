/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/diff_internal.h"
#include "compiler/object_text.h"

#include <sys/socket.h>

static void ask(const struct comparison *c, const struct request *r, const char *object)
{
	struct text t = TEXT_INIT;

	text_puts(&t, object);
	diff_ask_both(c, r, &t);
	text_release(&t);
}

static void ask_socket(const struct comparison *c, int family, int type, int protocol)
{
	struct request r = { .operation = OP_SOCKET,
		.socket_family = family,
		.socket_type = type,
		.socket_protocol = protocol };
	struct text object = TEXT_INIT;

	object_text_family(&object, family, type, protocol);
	diff_ask_both(c, &r, &object);
	text_release(&object);
}

void diff_others(const struct comparison *c)
{
	static const enum operation bare[] = { OP_FORK, OP_USERNS, OP_PIVOT };

	for (size_t i = 0; i < sizeof(bare) / sizeof(*bare); i++) {
		struct request r = { .operation = bare[i] };

		ask(c, &r, "");
	}
	for (int capability = 0; capability < VOCAB_N_CAPABILITIES; capability++) {
		struct request r = { .operation = OP_CAPABILITY, .capability = capability };

		ask(c, &r, vocab_capability_name(capability));
	}
	for (uint32_t i = 0; i < vocab_n_families; i++) {
		const struct vocab_family *f = &vocab_families[i];
		int type = f->type < 0 ? SOCK_STREAM : f->type;

		/* Its protocols are told apart by netlink(...). */
		if (f->family[0] == AF_NETLINK)
			for (int protocol = 0; protocol < 32; protocol++)
				ask_socket(c, f->family[0], type, protocol);
		else
			ask_socket(c, f->family[0], type, 0);
	}
}
