/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/parse_role.h"

#include "compiler/parse.h"
#include "pale.tab.h"

#include <string.h>

/* What a name is, by the word that says what must follow; @operation 0: whatever the rule is. */
static const struct {
	int head, operation;
	bool call; /* between parentheses */
	enum word_role role;
} operands[] = {
	{ T_USE, 0, false, ROLE_FILE },
	{ T_LET, 0, false, ROLE_DECLARED },
	{ T_GROUP_WORD, 0, false, ROLE_GROUP_KIND },
	{ T_FRAGMENT, 0, false, ROLE_DECLARED },
	{ T_PROFILE, 0, false, ROLE_DECLARED },
	{ T_TEST, 0, false, ROLE_TITLE },
	{ T_EXTENDS, 0, false, ROLE_PROFILE },
	{ T_FOR, 0, false, ROLE_TESTED },
	{ T_INCLUDE, 0, false, ROLE_FRAGMENT },
	{ T_MODE, 0, false, ROLE_MODE },
	{ T_ON_WORD, 0, false, ROLE_VIOLATION },
	{ T_ABI, 0, false, ROLE_ABI },
	{ T_ERRNO, 0, false, ROLE_ERRNO },
	{ T_AS, 0, false, ROLE_SUBPROFILE },
	{ T_IN, 0, false, ROLE_SUBPROFILE },
	{ T_TO, 0, false, ROLE_TARGET },
	{ T_WITH, 0, false, ROLE_OPTION },
	{ T_OP_PATHS, 0, false, ROLE_CLASS },
	{ T_OP_SIGNAL, 0, false, ROLE_SIGNAL },
	{ T_EXCEPT, T_OP_SIGNAL, false, ROLE_SIGNAL },
	{ T_OP_PTRACE, 0, false, ROLE_TARGET },
	{ T_OP_NETWORK, 0, false, ROLE_PROTOCOL },
	{ T_OP_MOUNT, 0, false, ROLE_FSTYPE },
	{ T_OP_CAPABILITY, 0, false, ROLE_CAPABILITY },
	{ T_EXCEPT, T_OP_CAPABILITY, false, ROLE_CAPABILITY },
	{ '(', T_OP_SOCKET, true, ROLE_NETLINK },
	{ '(', 0, true, ROLE_ARGUMENT },
	{ T_AND, 0, true, ROLE_ARGUMENT },
	{ '=', T_OP_SYSCALL, false, ROLE_VALUE },
	/* Behind a call with parentheses the last head is one of those inside. */
	{ 0, T_OP_SOCKET, false, ROLE_FAMILY },
	{ 0, T_OP_SYSCALL, false, ROLE_CALL },
	{ 0, T_OP_SYSCALL, true, ROLE_VALUE },
};

static const struct {
	const char *kind;
	enum word_role role;
} members[] = {
	{ "syscall", ROLE_CALL },
	{ "capability", ROLE_CAPABILITY },
	{ "signal", ROLE_SIGNAL },
};

static enum word_role operand_role(const struct parse *p)
{
	int head = p->head.kind, operation = p->operation.kind;

	if (p->frames[p->depth].kind == FRAME_LIMIT)
		return ROLE_LIMIT;
	for (size_t i = 0; i < sizeof(operands) / sizeof(*operands); i++) {
		if ((!operands[i].head || operands[i].head == head) &&
			(!operands[i].operation || operands[i].operation == operation) &&
			operands[i].call == p->in_call)
			return operands[i].role;
	}
	for (size_t i = 0; p->subject.word.text && i < sizeof(members) / sizeof(*members); i++) {
		if (head == '=' && !strcmp(p->subject.word.text, members[i].kind))
			return members[i].role;
	}
	return head == '=' ? ROLE_MEMBER : ROLE_NONE;
}

static enum word_role role_of(const struct parse *p, const struct token *t)
{
	switch (t->kind) {
	case T_USE:
	case T_LET:
	case T_GROUP_WORD:
	case T_FRAGMENT:
	case T_PROFILE:
	case T_TEST:
	case T_INCLUDE:
	case T_BLOCK:
	case T_LIMIT:
	case T_MODE:
	case T_ON_WORD:
	case T_ABI:
		return ROLE_STATEMENT;
	case T_EFFECT:
	case T_QUIET:
	case T_ONLY:
		return ROLE_EFFECT;
	case T_EXTENDS:
	case T_FOR:
	case T_EXCEPT:
	case T_OWNER:
	case T_ERRNO:
	case T_AS:
	case T_TO:
	case T_FROM:
	case T_ON:
	case T_WITH:
	case T_IN:
	case T_NOT:
	case T_AND:
		return ROLE_CLAUSE;
	case T_OP_PATHS:
	case T_OP_SIGNAL:
	case T_OP_PTRACE:
	case T_OP_BARE:
	case T_OP_NETWORK:
	case T_OP_SOCKET:
	case T_OP_MOUNT:
	case T_OP_BIND:
	case T_OP_UMOUNT:
	case T_OP_SYSCALL:
	case T_OP_CAPABILITY:
		return ROLE_OPERATION;
	case T_PATH:
		return ROLE_PATH;
	case T_ADDRESS:
		return ROLE_ADDRESS;
	case T_GROUP:
		return ROLE_GROUP;
	case T_ARGUMENT:
		return ROLE_ARGUMENT;
	case T_STRING:
		return p->head.kind == T_TEST ? ROLE_TITLE : ROLE_ADDRESS;
	case T_NAME:
	case T_QNAME:
	case T_NUMBER:
		return operand_role(p);
	}
	return ROLE_NONE;
}

static const char *subject_of(const struct parse *p, enum word_role role)
{
	bool has = role == ROLE_ARGUMENT || role == ROLE_VALUE || role == ROLE_GROUP ||
		   role == ROLE_MEMBER;

	return has ? p->subject.word.text : NULL;
}

/* The callbacks know only their struct parse_watch, which is the first member of these. */
struct roles_watch {
	struct parse_watch watch;
	struct role_words *ret;
};

static void take_word(struct parse *p, const struct token *t)
{
	struct roles_watch *w = (struct roles_watch *)p->watch;
	enum word_role role = role_of(p, t);

	if (!t->word.at.len || role == ROLE_NONE)
		return;
	ARENA_PUSH(p->arena, w->ret->v, w->ret->n, w->ret->cap,
		(struct role_word){ t->word, role, subject_of(p, role) });
}

void parse_roles(
	struct source *source, struct diag_list *diags, struct arena *arena, struct role_words *ret)
{
	struct roles_watch w = { .watch.word = take_word, .ret = ret };

	*ret = (struct role_words){ 0 };
	parse_watched(source, diags, arena, &w.watch);
}

struct expected_watch {
	struct parse_watch watch;
	struct expected_words *ret;
};

/* The end of the text, or the word that it cuts off. */
static bool at_cursor(struct parse *p, const struct token *t)
{
	struct expected_words *ret = ((struct expected_watch *)p->watch)->ret;
	bool word = t->word.text || t->kind == T_JUNK;

	if (t->kind == 0) {
		ret->prefix = (struct span){ p->source->id, p->source->len, 0 };
		return true;
	}
	if (!word || t->word.at.offset + t->word.at.len != p->source->len)
		return false;
	ret->prefix = t->word.at;
	ret->quoted = p->source->bytes[t->word.at.offset] == '"';
	return true;
}

static void push_expected(void *ctx, const char *name)
{
	struct parse *p = ctx;
	struct expected_words *ret = ((struct expected_watch *)p->watch)->ret;

	for (uint32_t i = 0; i < ret->n_words; i++) {
		if (!strcmp(ret->words[i], name))
			return;
	}
	ARENA_PUSH(p->arena, ret->words, ret->n_words, ret->cap_words, name);
}

/* "'except'": a word that stands for itself. */
static void push_clause(struct parse *p, const char *quoted)
{
	static const char *const fit[] = { "except", "owner", "errno", "as", "in" };
	size_t len = strlen(quoted);
	char *word;

	if (quoted[0] != '\'' || quoted[1] < 'a' || quoted[1] > 'z')
		return;
	word = arena_memdup(p->arena, quoted + 1, len - 2);
	for (size_t i = 0; !p->in_call && i < sizeof(fit) / sizeof(*fit); i++) {
		if (!strcmp(fit[i], word) && !parse_clause_fits(p, word))
			return;
	}
	if (strcmp(word, "or") != 0)
		push_expected(p, word);
}

static void take_expected(struct parse *p, const char *const *names, int n)
{
	struct expected_words *ret = ((struct expected_watch *)p->watch)->ret;
	const struct frame *f = &p->frames[p->depth];
	bool operations = false, effect = false;

	ret->known = true;
	ret->in_test = f->kind == FRAME_TEST;
	if (p->place == PLACE_START && f->kind != FRAME_LIMIT) {
		ret->starts = true;
		parse_each_statement_word(f->kind, f->block, push_expected, p);
		return;
	}
	ret->role = operand_role(p);
	/* `on violation`, and then what it does. */
	if (p->head.kind == T_ON_WORD && p->previous.kind == T_ON_WORD) {
		push_expected(p, "violation");
		return;
	}
	for (int i = 0; i < n; i++) {
		operations |= !strncmp(names[i], "operation ", 10);
		effect |= !strcmp(names[i], "an effect");
		ret->operand |= !strcmp(names[i], "a name");
		ret->group |= !strcmp(names[i], "a group");
		ret->path |= !strcmp(names[i], "a path");
		if (!strcmp(names[i], "ARGUMENT=VALUE") && ret->in_test) {
			ret->operand = true;
			ret->role = ROLE_ARGUMENT;
			if (p->previous.kind == T_NAME && !p->subject.word.text)
				p->subject = p->previous;
		}
		push_clause(p, names[i]);
	}
	/* The grammar leaves these to the shape of the rule. */
	if (ret->role == ROLE_CLASS)
		ret->operand &= !strcmp(p->operation.word.text, "exec") ||
				!strcmp(p->operation.word.text, "map");
	if (p->operation.kind == T_OP_NETWORK && ret->path) {
		bool local = p->previous.kind == T_NAME && !strcmp(p->previous.word.text, "unix");

		ret->path = local;
		ret->group &= !local;
	}
	ret->subject = subject_of(p, ret->group && !p->operation.kind ? ROLE_GROUP : ret->role);
	if (operations)
		parse_each_operation(f->block, push_expected, p);
	if (effect)
		push_expected(p, "deny");
}

void parse_expected(struct source *source, struct diag_list *diags, struct arena *arena,
	struct expected_words *ret)
{
	struct expected_watch w = { .watch = { .ahead = at_cursor, .expected = take_expected },
		.ret = ret };

	*ret = (struct expected_words){ 0 };
	parse_watched(source, diags, arena, &w.watch);
	if (w.watch.ended_in_comment)
		*ret = (struct expected_words){ 0 };
}
