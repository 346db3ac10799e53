/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/posture/policy_answer.h"

#include "compiler/vocab.h"

#include <arpa/inet.h>
#include <string.h>

const char *const policy_token_files[] = { "/token", "/..2024_05_01_10_00_00.1/token", NULL };

bool policy_request_connect(const char *address, uint16_t port, struct request *ret)
{
	*ret = (struct request){
		.operation = OP_CONNECT, .protocol = PROTOCOL_TCP, .family = 4, .port = port
	};
	if (inet_pton(AF_INET, address, ret->address) == 1)
		return true;
	ret->family = 6;
	return inet_pton(AF_INET6, address, ret->address) == 1;
}

void policy_request_read(const char *path, struct request *ret)
{
	*ret = (struct request){
		.operation = OP_READ, .path = path, .path_len = (uint32_t)strlen(path)
	};
}

bool policy_request_capability(const char *name, struct request *ret)
{
	*ret = (struct request){ .operation = OP_CAPABILITY };
	ret->capability = vocab_capability_find(name);
	return ret->capability >= 0;
}

/* Files by the names that they have wherever they lie, as events have them. */
static void put_rule(
	const struct policy *p, const struct rule *rule, const char *verb, struct text *to)
{
	const struct rule_line *line = rule->lines;

	text_puts(to, verb);
	if (!rule->derived && rule->n_lines)
		text_printf(to, "%s:%u:%u: ", p->sources->v[line->at.source]->portable_name,
			line->line, line->column);
	text_puts(to, rule->text);
}

bool policy_lets(const struct policy *p, const struct request *r, struct text *why)
{
	const struct rule *refusing = NULL;

	if (p->audit) {
		text_puts(why, "let pass by mode audit");
		return true;
	}
	for (uint32_t i = 0; i < p->n_domains; i++) {
		struct decision d = decide(p, i, r);

		if (d.verdict == VERDICT_ALLOW) {
			put_rule(p, d.rule, "allowed by ", why);
			return true;
		}
		if (!refusing)
			refusing = d.rule;
	}
	put_rule(p, refusing, "refused by ", why);
	return false;
}
