/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LSM_INTERPRET_H
#define PALE_LSM_INTERPRET_H

/*
 * What the BPF-LSM programs do with a blob of lsm_wire.h, in user space: the same look-ups in the
 * same order, with nothing but the blob. For proofs and tests. The kernel's own limits (a path's
 * length, its components) are not part of it.
 */

#include "compiler/base/error.h"
#include "compiler/decide.h"
#include "compiler/lsm_wire.h"

#include <stdbool.h>
#include <stddef.h>

struct lsm_blob {
	const uint8_t *bytes; /* borrowed; need not be aligned */
	size_t len;
	struct lsm_head head;
};

/* -EBADMSG unless head and tables lie inside @bytes. The loader asks here, too: the programs bound
 * every access by themselves, and would refuse what leaves the tables. */
int lsm_blob_open(struct lsm_blob *b, const void *bytes, size_t len, struct pale_err **err);

#define LSM_NO_RULE UINT32_MAX

struct lsm_answer {
	uint32_t rule; /* into the rules table; LSM_NO_RULE: the tables lead nowhere, refused */
	enum lsm_effect effect;
	bool reported;
	int errnum;	     /* of a refusal */
	uint32_t transition; /* exec that is allowed: the domain entered, or LSM_STAY */
};

/*
 * false: there is no table to ask. That is so for system calls and limits, for signal 0, and for
 * sockets that connect and listen speak for.
 */
bool lsm_interpret(
	const struct lsm_blob *b, uint32_t domain, const struct request *r, struct lsm_answer *ret);

/* For walks over the automaton. false when the table is left. */
bool lsm_blob_start(const struct lsm_blob *b, uint32_t domain, bool names, uint32_t *ret);
bool lsm_blob_next(const struct lsm_blob *b, uint32_t state, uint8_t byte, uint32_t *ret);
/* The row's number. */
bool lsm_blob_accept(const struct lsm_blob *b, uint32_t state, uint32_t *ret);

bool lsm_blob_rule(const struct lsm_blob *b, uint32_t rule, struct lsm_rule *ret);
/* Its entries for connect or @listen. */
bool lsm_blob_list(const struct lsm_blob *b, uint32_t domain, bool listen, uint32_t *ret_first,
	uint32_t *ret_n);
bool lsm_blob_endpoint(const struct lsm_blob *b, uint32_t i, struct lsm_endpoint *ret);
/* Its entries for mount or @bind. */
bool lsm_blob_mounts(
	const struct lsm_blob *b, uint32_t domain, bool bind, uint32_t *ret_first, uint32_t *ret_n);
bool lsm_blob_mount(const struct lsm_blob *b, uint32_t i, struct lsm_mount *ret);
bool lsm_blob_automaton(const struct lsm_blob *b, uint32_t i, struct lsm_automaton *ret);
bool lsm_blob_cell(const struct lsm_blob *b, uint64_t i, uint32_t *ret);

#endif
