/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EXPECT_H
#define PALE_EXPECT_H

/*
 * What a policy's tests and `pale query` ask: one operation and one object in the language's own
 * words, answered by decide(). No kernel takes part.
 */

#include "compiler/compile.h"

/* One question. @object is the text of it as it was asked, for showing. */
struct question {
	const struct policy *policy;
	uint32_t domain;
	struct request request;
	const char *text;
	struct span at;
};

/*
 * "write /etc/passwd", "connect tcp 10.0.0.1:443", "syscall ioctl cmd=0x5421", asked of @domain of
 * @p. false with an error in the compilation's diagnostics. Whatever a path holds is taken
 * literally, globs and '$' too, when @literal.
 */
bool question_parse(struct compilation *c, const struct policy *p, uint32_t domain, int argc,
	char **argv, struct question *ret);

struct expectation {
	const char *test;      /* its title */
	uint32_t line_in_test; /* from 1 */
	struct question question;
	bool expects_allow;
	struct decision decision;
	bool holds; /* false for `depends`, whatever was expected */
};

/*
 * Runs the tests of the user's own file, in order. Lines with a mistake are errors in the
 * diagnostics and not visited. After errors elsewhere nothing is asked: the lines are only looked
 * through for mistakes.
 */
void expectations_run(
	struct compilation *c, void (*visit)(void *ctx, const struct expectation *e), void *ctx);
/* As expectations_run(), turning each that does not hold into an error that shows the deciding
 * rule. Returns how many held. */
uint32_t expectations_check(struct compilation *c);

/*
 * "fd=0x3 cmd=0x5421", as a question has them: for a `depends`, the described arguments of
 * @arguments that differ from @other's.
 */
const char *witness_text(struct arena *a, int syscall, enum abi abi, const uint64_t arguments[6],
	const uint64_t other[6]);

#endif
