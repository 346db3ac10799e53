/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_NODE_POLICY_H
#define PALE_NODE_POLICY_H

/*
 * One policy as the daemon keeps it: its sources by their digest, what they compile to, and what
 * that asks of a container. Containers hold it for as long as they run; what the file says by then
 * counts for those that start later.
 *
 * The sources lie in a folder of their own, with portable names, so that whoever comes next
 * compiles the same from them: reports quote the lines that were compiled.
 */

#include "compiler/artefacts.h"
#include "compiler/compile.h"
#include "enforcer/limits.h"
#include "enforcer/oci_runtime.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What a container's seccomp filter is made of, for one runtime. */
struct node_filter {
	json_t *oci;	       /* linux.seccomp; NULL: not made yet */
	char *bytes;	       /* for crun, the kernel's own program in base64; NULL for others */
	struct policy *policy; /* with the calls that the runtime itself makes before the
				  container's program */
	const char **left_out; /* [vocab_n_syscalls]: not NULL for calls that linux.seccomp refuses
				  with EPERM though @policy allows them; NULL for crun, which takes
				  the bytes */
	struct compilation compilation; /* of @policy */
};

struct node_policy {
	unsigned references;
	char digest[65];
	bool audit;    /* whether it refuses nothing; a policy has two forms then */
	bool sandbox;  /* the one that is built in for a pod's sandbox */
	char *dir;     /* absolute; its sources */
	char *main;    /* the policy's file in it */
	char *profile; /* its name */
	struct compilation compilation;
	struct policy *policy; /* in @compilation */
	struct artefacts artefacts;
	uint64_t capabilities; /* bits (number) that a container may have */
	struct limits limits;
	struct node_filter seccomp[OCI_RUNTIME_COUNT]; /* made when they are first asked for */
	json_t *exceptions; /* of one that is derived: an array, exceptions_json() */
	/* enforcement.h */
	bool in_lsm;
	uint32_t lsm_policy;
	bool in_apparmor;
};

/* A source file of a policy in memory. */
struct node_source {
	const char *name; /* "web.pale", "base/libc.pale" */
	const char *bytes;
	size_t len;
};

/*
 * Checks the names (relative, without "..", ending in ".pale", distinct) and writes the files into
 * a new folder below @store. malloc-ed path in *ret. -EINVAL: a name.
 */
int node_policy_store(const char *store, const struct node_source *sources, size_t n, char **ret,
	struct pale_err **err);

/*
 * Compiles profile @profile (NULL: the first) of @main in @dir and proves what it compiled. The
 * result has one reference. @dir is taken over, and removed with the last reference if @remove.
 * -EINVAL: the policy is wrong; *ret_diagnostics (may be NULL) is then diag_json()'s array, a new
 * reference.
 */
int node_policy_compile(const char *dir, const char *main, const char *profile, bool audit,
	struct node_policy **ret, json_t **ret_diagnostics, struct pale_err **err);

/* The same policy with these exceptions (compile.h), n of them; from the same folder. -EINVAL: they
 * do not fit it. */
int node_policy_derive(const struct node_policy *own, const struct compile_exception *exceptions,
	uint32_t n, struct node_policy **ret, struct pale_err **err);

struct node_policy *node_policy_ref(struct node_policy *p);
/* Takes NULL. */
void node_policy_unref(struct node_policy *p);
void node_policy_unrefp(struct node_policy **p);

/*
 * The filter for @runtime, borrowed. The policy is extended by the runtime's fragment of the
 * library (base/runc, base/crun), for a filter cannot tell the runtime's calls from the program's.
 */
int node_policy_seccomp(struct node_policy *p, enum oci_runtime runtime,
	const struct node_filter **ret, struct pale_err **err);

/* policy_implies_no_new_privs(), cover_capabilities.h. */
bool node_policy_implies_no_new_privs(const struct node_policy *p);

#endif
