/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_KUBE_TOKEN_H
#define PALE_KUBE_TOKEN_H

/* The bearer token, read from its file again when it has become old: the kubelet exchanges those of
 * service accounts, which are valid for an hour. */

#include "compiler/base/error.h"
#include "compiler/base/text.h"

#define KUBE_TOKEN_AGE_US UINT64_C(60000000)

struct kube_token {
	const char *path; /* NULL: there is none */
	uint64_t age_max_us;
	uint64_t read_us; /* when; 0: not yet, or it was refused */
	struct text token;
};

/*
 * The token at @now_us, of any clock that only goes on, or NULL with an error. A file that cannot
 * be read, or is empty, leaves the token that was read before.
 */
const char *kube_token(struct kube_token *t, uint64_t now_us, struct pale_err **err);
/* The server does not take it: the next one reads the file. */
void kube_token_refused(struct kube_token *t);
void kube_token_release(struct kube_token *t);

#endif
