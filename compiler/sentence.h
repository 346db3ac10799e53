/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_SENTENCE_H
#define PALE_SENTENCE_H

/*
 * Rules in plain words, for who reads a policy and does not write any: "may read everything below
 * /etc/nginx/". They follow the resolved rule, so that variables, groups and blocks are put in,
 * and say all of it: two rules that mean different things have different sentences. In mode audit
 * they say what would be refused, since nothing is.
 */

#include "compiler/base/text.h"
#include "compiler/policy.h"

/* Without its subject and without a full stop. Nothing in it drives a terminal. */
void sentence_of_rule(struct text *to, const struct policy *p, const struct rule *rule);
/* What begins the sentence of what is refused, with a space behind it: "may not ". */
const char *sentence_refusal(const struct policy *p);

#endif
