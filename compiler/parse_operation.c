/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/parse.h"

#include "compiler/base/suggest.h"
#include "compiler/base/text.h"
#include "pale.tab.h"

#include <assert.h>
#include <string.h>

/* In the order in which messages list them. */
static const struct parse_operation operations[] = {
	{ "exec", BLOCK_PROCESS, T_OP_PATHS },
	{ "signal", BLOCK_PROCESS, T_OP_SIGNAL },
	{ "ptrace", BLOCK_PROCESS, T_OP_PTRACE },
	{ "fork", BLOCK_PROCESS, T_OP_BARE },
	{ "userns", BLOCK_PROCESS, T_OP_BARE },
	{ "read", BLOCK_FILE, T_OP_PATHS },
	{ "write", BLOCK_FILE, T_OP_PATHS },
	{ "append", BLOCK_FILE, T_OP_PATHS },
	{ "create", BLOCK_FILE, T_OP_PATHS },
	{ "delete", BLOCK_FILE, T_OP_PATHS },
	{ "rename", BLOCK_FILE, T_OP_PATHS },
	{ "link", BLOCK_FILE, T_OP_PATHS },
	{ "setattr", BLOCK_FILE, T_OP_PATHS },
	{ "map", BLOCK_FILE, T_OP_PATHS },
	{ "ioctl", BLOCK_FILE, T_OP_PATHS },
	{ "lock", BLOCK_FILE, T_OP_PATHS },
	{ "modify", BLOCK_FILE, T_OP_PATHS },
	{ "connect", BLOCK_NETWORK, T_OP_NETWORK },
	{ "listen", BLOCK_NETWORK, T_OP_NETWORK },
	{ "socket", BLOCK_NETWORK, T_OP_SOCKET },
	{ "mount", BLOCK_MOUNT, T_OP_MOUNT },
	{ "bind", BLOCK_MOUNT, T_OP_BIND },
	{ "umount", BLOCK_MOUNT, T_OP_UMOUNT },
	{ "pivot", BLOCK_MOUNT, T_OP_BARE },
	{ "syscall", BLOCK_NONE, T_OP_SYSCALL },
	{ "capability", BLOCK_NONE, T_OP_CAPABILITY },
};

#define N_OPERATIONS (sizeof(operations) / sizeof(*operations))

static const char *const block_names[] = {
	[BLOCK_NONE] = "",
	[BLOCK_PROCESS] = "process",
	[BLOCK_FILE] = "file",
	[BLOCK_NETWORK] = "network",
	[BLOCK_MOUNT] = "mount",
	[BLOCK_SYSCALL] = "syscall",
	[BLOCK_CAPABILITY] = "capability",
};

const char *parse_block_name(enum ast_block block)
{
	return block_names[block];
}

const struct parse_operation *parse_operation_find(const char *name)
{
	for (size_t i = 0; i < N_OPERATIONS; i++) {
		if (!strcmp(operations[i].name, name))
			return &operations[i];
	}
	return NULL;
}

const struct parse_operation *parse_operation_of(const struct token *t)
{
	return t->kind == T_NAME ? parse_operation_find(t->word.text) : NULL;
}

static bool belongs(const struct parse_operation *o, enum ast_block block)
{
	return block == BLOCK_NONE || o->block == block;
}

void parse_each_operation(
	enum ast_block block, void (*each)(void *ctx, const char *name), void *ctx)
{
	for (size_t i = 0; i < N_OPERATIONS; i++) {
		if (belongs(&operations[i], block))
			each(ctx, operations[i].name);
	}
}

const char *parse_operation_suggest(const char *name, enum ast_block block)
{
	struct suggest s;

	suggest_init(&s, name);
	for (size_t i = 0; i < N_OPERATIONS; i++) {
		if (belongs(&operations[i], block))
			suggest_offer(&s, operations[i].name);
	}
	return suggest_best(&s);
}

const char *parse_operations_of(struct parse *p, enum ast_block block)
{
	struct text t = TEXT_INIT;
	const char *before = NULL, *list;

	for (size_t i = 0; i < N_OPERATIONS; i++) {
		if (!belongs(&operations[i], block))
			continue;
		if (before)
			text_printf(&t, "%s%s", t.len ? ", " : "", before);
		before = operations[i].name;
	}
	text_printf(&t, " or %s", before);
	list = arena_strdup(p->arena, text_str(&t));
	text_release(&t);
	return list;
}
