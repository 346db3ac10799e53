/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/parse.h"

#include "compiler/base/suggest.h"
#include "compiler/base/text.h"
#include "pale.tab.h"

#include <string.h>

struct expected {
	const char *const *names;
	int n;
};

static bool has(const struct expected *e, const char *name)
{
	for (int i = 0; i < e->n; i++) {
		if (!strcmp(e->names[i], name))
			return true;
	}
	return false;
}

static bool has_operation(const struct expected *e)
{
	for (int i = 0; i < e->n; i++) {
		if (!strncmp(e->names[i], "operation ", 10))
			return true;
	}
	return false;
}

/* What must stand behind a word that is no operand; @operation 0: whatever the rule is. */
static const struct {
	int head, operation;
	const char *wanted;
} wanted[] = {
	{ T_USE, 0, "a file's name such as base/libc" },
	{ T_LET, 0, "a variable's name" },
	{ T_GROUP_WORD, 0, "the kind of group" },
	{ T_FRAGMENT, 0, "a fragment's name" },
	{ T_PROFILE, 0, "a profile's name" },
	{ T_EXTENDS, 0, "a profile's name" },
	{ T_TEST, 0, "a title in quotes" },
	{ T_FOR, 0, "a profile's name" },
	{ T_INCLUDE, 0, "a fragment's name" },
	{ T_BLOCK, 0, "'{'" },
	{ T_LIMIT, 0, "'{'" },
	{ T_MODE, 0, "'audit' or 'enforce'" },
	{ T_ON_WORD, 0, "'violation'" },
	{ T_ABI, 0, "an ABI's name such as x86_64" },
	{ T_QUIET, 0, "'deny'" },
	{ T_ONLY, 0, "a system call's name" },
	{ T_OP_PATHS, 0, "a path" },
	{ T_OP_SIGNAL, 0, "a signal's name" },
	{ T_OP_PTRACE, 0, "'self', 'any' or a profile's name" },
	{ T_OP_NETWORK, 0, "a protocol" },
	{ T_OP_SOCKET, 0, "a socket family" },
	{ T_OP_MOUNT, 0, "a filesystem type such as tmpfs" },
	{ T_OP_BIND, 0, "a path" },
	{ T_OP_UMOUNT, 0, "a path" },
	{ T_OP_SYSCALL, 0, "a system call's name" },
	{ T_OP_CAPABILITY, 0, "a capability's name" },
	{ T_EXCEPT, T_OP_PATHS, "a path" },
	{ T_EXCEPT, T_OP_UMOUNT, "a path" },
	{ T_EXCEPT, T_OP_SIGNAL, "a signal's name" },
	{ T_EXCEPT, T_OP_NETWORK, "an address or a path" },
	{ T_EXCEPT, T_OP_SOCKET, "a socket family" },
	{ T_EXCEPT, T_OP_SYSCALL, "a system call's name" },
	{ T_EXCEPT, T_OP_CAPABILITY, "a capability's name" },
	{ T_ERRNO, 0, "an error's name such as EPERM" },
	{ T_AS, 0, "a sub-profile's name" },
	{ T_IN, T_OP_SYSCALL, "'{' or a range such as 1..9" },
	{ T_TO, 0, "'self', 'any' or a profile's name" },
	{ T_FROM, 0, "the source of the mount" },
	{ T_ON, 0, "a path" },
	{ T_WITH, 0, "a mount option such as ro" },
	{ '(', T_OP_SOCKET, "a protocol's name" },
	{ '(', 0, "an argument's name" },
	{ T_AND, 0, "an argument's name" },
	{ T_NOT, 0, "'in'" },
	{ T_EQ, 0, "a number or a constant" },
	{ T_NE, 0, "a number or a constant" },
	{ T_LE, 0, "a number or a constant" },
	{ T_GE, 0, "a number or a constant" },
	{ '<', 0, "a number or a constant" },
	{ '>', 0, "a number or a constant" },
	{ '&', 0, "a number or a constant" },
	{ '{', 0, "a number or a constant" },
	{ T_DOTDOT, 0, "a number or a constant" },
};

static const char *operation_wanted(struct parse *p)
{
	switch (p->frames[p->depth].block) {
	case BLOCK_SYSCALL:
		return "a system call's name";
	case BLOCK_CAPABILITY:
		return "a capability's name";
	default:
		return "an operation";
	}
}

/* Alternatives that could stand here, but that a person would not think of first. */
static bool minor(const struct expected *e, const char *name)
{
	static const char *const rare[] = { "'|'", "'extends'", "a string" };

	if (e->n == 1)
		return false;
	for (size_t i = 0; i < sizeof(rare) / sizeof(*rare); i++) {
		if (!strcmp(name, rare[i]))
			return true;
	}
	return false;
}

static const char *listed(struct parse *p, const struct expected *e)
{
	struct text t = TEXT_INIT;
	const char *before = NULL, *list;

	for (int i = 0; i < e->n; i++) {
		if (minor(e, e->names[i]))
			continue;
		if (before)
			text_printf(&t, "%s%s", t.len ? ", " : "", before);
		before = e->names[i];
	}
	text_printf(&t, "%s%s", t.len ? " or " : "", before ? before : "something else");
	list = arena_strdup(p->arena, text_str(&t));
	text_release(&t);
	return list;
}

static bool is_unix(const struct parse *p)
{
	const struct token *t = &p->previous;

	return t->kind == T_NAME && !strcmp(t->word.text, "unix");
}

static const char *what_is_wanted(struct parse *p, const struct expected *e)
{
	const struct token *head = &p->before.head;
	int operation = p->before.operation.kind;

	if (has_operation(e))
		return operation_wanted(p);
	if (has(e, "an address") && operation == T_OP_NETWORK)
		return is_unix(p) ? "a path or abstract:NAME" : "an address";
	if (parse_is_operand(&p->previous)) {
		if (has(e, "'=='") && has(e, "'<'"))
			return "a comparison such as '=='";
		if (has(e, "a group"))
			return "the group's name such as @name";
		return listed(p, e);
	}
	if (head->kind == T_EFFECT)
		return operation_wanted(p);
	if (head->kind == T_OP_SIGNAL && p->previous.kind != ',')
		return "a signal's name or 'to'";
	if (head->kind == '=')
		return operation	  ? "a number or a constant"
		       : has(e, "a path") ? "a path, a number or a name"
					  : "a member of the group";
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		if (wanted[i].head == head->kind &&
			(!wanted[i].operation || wanted[i].operation == operation))
			return wanted[i].wanted;
	}
	return listed(p, e);
}

/* What ended the statement too early. */
static const char *end_found(const struct parse *p)
{
	const char *s = p->source->bytes + p->latest.word.at.offset;

	while (*s == ' ' || *s == '\t' || *s == '\r')
		s++;
	if (s == p->source->bytes + p->source->len)
		return p->frames[p->depth].kind == FRAME_REQUEST ? "nothing"
								 : "the end of the file";
	return *s == ';' ? "';'" : *s == '}' ? "'}'" : "the end of the line";
}

static const char *statement_noun(const struct parse *p)
{
	if (p->before.operation.kind)
		return "rule";
	return p->frames[p->depth].kind == FRAME_LIMIT ? "limit" : "statement";
}

static bool suggest_clause(struct parse *p, const struct expected *e, struct diag *d)
{
	static const char *const words[] = { "except", "owner", "errno", "as", "to", "from", "on",
		"with", "in", "not", "and", "extends", "for", "deny" };
	struct suggest s;

	if (p->latest.kind != T_NAME)
		return false;
	suggest_init(&s, p->latest.word.text);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		char quoted[16];

		snprintf(quoted, sizeof(quoted), "'%s'", words[i]);
		if (has(e, quoted))
			suggest_offer(&s, words[i]);
	}
	if (!suggest_best(&s))
		return false;
	diag_hint(p->diags, d, "did you mean '%s'?", suggest_best(&s));
	return true;
}

static bool same_class(const struct token *a, const struct token *b)
{
	bool a_network = a->kind == T_ADDRESS || a->kind == T_GROUP;
	bool b_network = b->kind == T_ADDRESS || b->kind == T_GROUP;

	return parse_is_operand(a) && (a->kind == b->kind || (a_network && b_network));
}

/* What a whole rule may still say: of what the grammar takes, what its form has. */
bool parse_clause_fits(const struct parse *p, const char *c)
{
	const struct token *operation = &p->before.operation;
	bool asked = p->frames[p->depth].kind == FRAME_TEST;

	if (!strcmp(c, "in"))
		return asked;
	if (!strcmp(c, "owner"))
		return operation->kind == T_OP_PATHS;
	if (!strcmp(c, "as"))
		return !asked && operation->kind == T_OP_PATHS &&
		       !strcmp(operation->word.text, "exec");
	return !asked;
}

static void hint_continuation(struct parse *p, const struct expected *e, struct diag *d)
{
	static const char *const clauses[] = { "except", "owner", "errno", "as", "in" };
	const char *names[5];
	struct expected may = { names, 0 };
	char quoted[5][16];

	for (int i = 0; i < 5; i++) {
		snprintf(quoted[i], sizeof(quoted[i]), "'%s'", clauses[i]);
		if (parse_clause_fits(p, clauses[i]) && has(e, quoted[i]))
			names[may.n++] = quoted[i];
	}
	if (may.n)
		diag_hint(p->diags, d, "a rule may go on with %s", listed(p, &may));
}

/* Inside the parentheses of a call. */
static bool hint_call(struct parse *p, const struct expected *e, struct diag *d)
{
	const struct token *found = &p->latest, *before = &p->previous;
	const char *text = NULL;

	if (found->kind == '=')
		text = "equality is written '=='";
	else if (found->kind == T_OR || (found->kind == '|' && before->kind == '|'))
		text = "'or' is a second rule";
	else if (found->kind == '&')
		text = "comparisons are joined by 'and'; a mask is written 'flags & A|B == V'";
	else if (p->before.head.kind == T_IN && has(e, "'..'"))
		text = "a list of values stands in braces: in {A, B}";
	else if (found->kind == T_STRING || found->kind == T_PATH)
		text = "a value is a number, a constant's name or a variable, without quotes";
	else if (p->before.head.kind == T_NOT)
		text = "write 'not in {A, B}' or 'not in 1..9'";
	else if (before->kind == '(' && found->kind == ')')
		text = "a call whatever its arguments is written without parentheses";
	if (text)
		diag_hint(p->diags, d, "%s", text);
	return text;
}

/* How the statement is written as a whole: where one of its fixed words is missing. */
static const char *whole_form(const struct parse *p, const struct expected *e)
{
	int operation = p->before.operation.kind, head = p->before.head.kind;

	if (operation == T_OP_MOUNT && (head == T_OP_MOUNT || has(e, "'on'")))
		return "write 'mount TYPE [from SOURCE] on PATH [with OPTIONS]'";
	if (operation == T_OP_BIND && has(e, "'on'"))
		return "write 'bind PATH on PATH'";
	if (head == T_TEST)
		return "write 'test \"title\" for PROFILE { ... }'";
	if (head == T_GROUP_WORD)
		return "write 'group KIND @name = ...'; the kinds are syscall, capability, cidr, "
		       "port "
		       "and signal";
	if (head == T_LET && has(e, "'='"))
		return "write 'let NAME = ...'";
	if (head == T_LIMIT)
		return "limits stand in a block: limit { memory 256M }";
	if (head == T_ON_WORD)
		return "write 'on violation deny' or 'on violation kill'";
	if (p->frames[p->depth].kind == FRAME_LIMIT)
		return "a limit is a name and a number: memory 256M";
	return NULL;
}

/* What stands where a word of another kind belongs. */
static const char *wrong_kind(const struct parse *p, const char *wants)
{
	const struct token *found = &p->latest;
	int head = p->before.head.kind;

	if (!strcmp(wants, "a path") && found->kind == T_GROUP)
		return "'@' names a group; a set of paths is a variable, '$name'";
	if (!strcmp(wants, "a path") && found->kind != T_END)
		return "a path begins with '/' or '$'";
	if (!strcmp(wants, "a path, a number or a name") &&
		(found->kind == T_ADDRESS || found->kind == T_GROUP))
		return "a set of addresses is a group: group cidr @name = ...";
	if (head == T_USE && (found->kind == T_PATH || found->kind == T_ADDRESS))
		return "it is looked for on the search path, without its .pale";
	if (head == T_PROFILE && found->kind == T_QNAME)
		return "a sub-profile is declared inside its parent";
	if (found->kind == T_STRING && head != T_TEST && strstr(wants, "name"))
		return "a name is written without quotes";
	if (head == T_QUIET && parse_operation_of(found))
		return "'quiet' stands before an effect: 'quiet deny'";
	return NULL;
}

static void hint_head(struct parse *p, struct diag *d)
{
	if (parse_peek(p).kind == '{')
		diag_hint(p->diags, d, "'{' stands on the line of '%s'",
			parse_shown(p, p->opener.word.at));
	else
		diag_hint(p->diags, d, "write '%s { ... }'",
			parse_shown(p, span_join(p->opener.word.at, p->previous.word.at)));
}

/* What to do about it, for the mistakes that people make. */
static void hint(struct parse *p, const struct expected *e, const char *wants, struct diag *d)
{
	const struct token *found = &p->latest, *before = &p->previous;
	enum ast_block block = p->frames[p->depth].block;
	int head = p->before.head.kind, operation = p->before.operation.kind;
	bool may_end = has(e, "the end of the statement");
	const char *shown = parse_shown(p, found->word.at), *text;

	if (suggest_clause(p, e, d) || (p->before.in_call && hint_call(p, e, d)))
		return;
	if (found->kind == T_END && has(e, "'{'") && !p->before.in_call) {
		hint_head(p, d);
	} else if (before->kind == ',' && found->kind == T_END) {
		diag_hint(p->diags, d, "take the comma away, or go on with the list");
	} else if (head == T_BLOCK && found->kind == T_NAME) {
		diag_hint(p->diags, d,
			"a rule outside blocks begins with its effect: 'allow %s %s ...'",
			parse_shown(p, before->word.at), shown);
	} else if (operation == T_OP_PATHS && found->kind == '(') {
		diag_hint(p->diags, d,
			"a system call outside a syscall block is written 'syscall %s(...)'",
			parse_shown(p, before->word.at));
	} else if (found->kind == T_EXCEPT && may_end) {
		if (operation == T_OP_PTRACE || operation == T_OP_BARE || operation == T_OP_MOUNT ||
			operation == T_OP_BIND)
			diag_hint(p->diags, d, "'%s' rules have no 'except'",
				p->before.operation.word.text);
		else
			diag_hint(p->diags, d,
				"'except' comes once, right behind the rule's objects");
	} else if (!strcmp(wants, "an operation")) {
		diag_hint(p->diags, d, "%s %s",
			block == BLOCK_NONE
				? "the operations are"
				: arena_printf(p->arena, "a %s block has", parse_block_name(block)),
			parse_operations_of(p, block));
	} else if (!strcmp(wants, "a protocol")) {
		diag_hint(p->diags, d, "the protocols are tcp, udp, sctp, icmp and unix");
	} else if (!strcmp(wants, "an address") && found->kind == T_NUMBER) {
		diag_hint(p->diags, d, "a port stands behind its address: *:%s", shown);
	} else if (!strcmp(wants, "an address")) {
		diag_hint(p->diags, d,
			"write ADDRESS:PORT as in 10.0.0.0/8:443, [fd00::/8]:53 or *:8080");
	} else if ((text = wrong_kind(p, wants)) != NULL) {
		diag_hint(p->diags, d, "%s", text);
	} else if (has(e, "'to'") && (!strcmp(shown, "self") || !strcmp(shown, "any"))) {
		diag_hint(p->diags, d, "write 'to %s'", shown);
	} else if (has(e, "','") && same_class(found, before) && !found->first) {
		diag_hint(p->diags, d, "the members of a list are separated by commas");
	} else if (block == BLOCK_SYSCALL && found->kind == T_PATH && parse_operation_of(before)) {
		diag_hint(p->diags, d,
			"in a syscall block '%s' is the system call; rules about files stand in a "
			"file block",
			before->word.text);
	} else if (may_end && before->kind == T_PATH && found->kind == T_NAME) {
		diag_hint(p->diags, d, "to have a blank in a path, put the path in quotes");
	} else if (may_end && operation) {
		hint_continuation(p, e, d);
	} else if ((text = whole_form(p, e)) != NULL) {
		diag_hint(p->diags, d, "%s", text);
	}
}

/* Operations share a rule only where their objects are of one kind. */
static bool reject_mixed(struct parse *p, const struct expected *e)
{
	const struct parse_operation *o;
	struct diag *d;

	if (!has_operation(e) || p->previous.kind != ',' || !p->latest.word.text)
		return false;
	o = parse_operation_find(p->latest.word.text);
	if (!o || p->latest.kind != o->token)
		return false;
	d = parse_error_once(p, p->latest.word.at, "'%s' cannot share a rule with '%s'", o->name,
		p->before.operation.word.text);
	if (d)
		diag_hint(p->diags, d, "their objects differ: write a rule for each");
	return true;
}

void parse_unexpected(struct parse *p, const char *const *expected, int n)
{
	const struct expected e = { expected, n };
	const struct token *after = p->previous.word.at.len ? &p->previous : &p->before.head;
	const char *wants, *found;
	struct diag *d;

	if (p->watch && p->watch->ended) {
		p->watch->expected(p, expected, n);
		return;
	}
	p->recovering = true;
	if (p->failed || reject_mixed(p, &e))
		return;
	wants = has(&e, "the end of the statement")
			? arena_printf(p->arena, "the end of the %s", statement_noun(p))
			: what_is_wanted(p, &e);
	found = p->latest.kind == T_END
			? end_found(p)
			: arena_printf(p->arena, "'%s'", parse_shown(p, p->latest.word.at));
	if (p->latest.kind == T_END && !strcmp(found, "the end of the file"))
		p->eof_reported = true;
	if (after->word.at.len)
		d = parse_error_once(p, p->latest.word.at, "expected %s after '%s', found %s",
			wants, parse_shown(p, after->word.at), found);
	else
		d = parse_error_once(p, p->latest.word.at, "expected %s, found %s", wants, found);
	if (!d)
		return;
	if (p->before.in_call && p->call_open.kind && p->latest.word.at.source == p->source->id) {
		uint32_t here, there, column;

		source_position(p->source, p->latest.word.at.offset, &here, &column);
		source_position(p->source, p->call_open.word.at.offset, &there, &column);
		if (here != there)
			diag_note(p->diags, d, p->call_open.word.at, "the '(' is here");
	}
	hint(p, &e, wants, d);
}
