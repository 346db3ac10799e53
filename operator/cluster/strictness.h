/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_CLUSTER_STRICTNESS_H
#define PALE_CLUSTER_STRICTNESS_H

/*
 * What pale.dev/mode and pale.dev/on-missing may say, in the order of strictness: of two words the
 * larger value is the stricter one, and to tighten is to make it larger. pale-runtime(8) tells what
 * they mean.
 */

#include <stdbool.h>

enum mode {
	MODE_UNSAID,
	MODE_AUDIT,
	MODE_ENFORCE,
	MODE_COUNT,
};

enum when_missing {
	MISSING_UNSAID,
	MISSING_ALLOW, /* run without a policy */
	MISSING_WAIT,  /* refuse after ten seconds */
	MISSING_DENY,  /* refuse at once */
	MISSING_COUNT,
};

/* "enforce"; NULL for what is unsaid. */
const char *mode_word(enum mode mode);
const char *when_missing_word(enum when_missing how);
/* false when @word is none of them; then @ret stays. */
bool mode_parse(const char *word, enum mode *ret);
bool when_missing_parse(const char *word, enum when_missing *ret);

#endif
