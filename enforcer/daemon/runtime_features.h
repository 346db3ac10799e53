/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RUNTIME_FEATURES_H
#define PALE_RUNTIME_FEATURES_H

/*
 * What an OCI runtime can do, found out by running it: whether it takes "flags" in linux.seccomp,
 * and among them SECCOMP_FILTER_FLAG_LOG.
 *
 * - runc says so in linux.seccomp.supportedFlags of `runc features` (features.md of the OCI
 *   specification; runc 1.2). What says nothing of flags, 1.1.5, refuses a filter that has any.
 * - crun has no such verb before 1.9; it is known by `crun --version` to take the flag from 1.8 on,
 *   for a filter in bytes (the annotation run.oci.seccomp_bpf_data) as well as for linux.seccomp.
 *
 * An answer holds for as long as the file at that path is the same.
 *
 * A daemon in a container does not have the node's runtime among its files. Then pale-runtime,
 * which is there, asks it and hands on what it prints (pale-protocol(7), prepare): only root may
 * connect to that socket, who could as well replace the runtime.
 */

#include "compiler/base/error.h"
#include "enforcer/daemon/node_policy.h"

#include <stdbool.h>

#define RUNTIME_ANSWER_MS 2000

/* What was found out. Zero: nothing yet. */
struct runtime_features {
	struct known_runtime *v;
	size_t n;
};

void runtime_features_release(struct runtime_features *f);

/*
 * Whether the runtime of @path takes the flag, in *ret. It may take RUNTIME_ANSWER_MS. Fails, with
 * *ret false, when that could not be found out: no answer in that time, or not one that is
 * understood; a path that is not absolute; a program that others than root may write to (-EPERM),
 * which is not run. That is remembered, too, and gives no error the next time.
 */
int runtime_takes_seccomp_log(struct runtime_features *f, enum oci_runtime runtime,
	const char *path, bool *ret, struct pale_err **err);

/*
 * The same of a runtime that only who asks can see. @file tells its file from the next one of that
 * path, and means nothing else. @said: what it printed; NULL: that was not asked, and then -ENODATA
 * unless it is known. What is not understood (-EBADMSG, or "") is remembered as a runtime without.
 */
int runtime_told_seccomp_log(struct runtime_features *f, enum oci_runtime runtime, const char *path,
	const char *file, const char *said, bool *ret, struct pale_err **err);

/* What the answers mean; for tests. */
bool runc_features_have_seccomp_log(const char *json, size_t len, bool *ret);
bool crun_version_has_seccomp_log(const char *text, bool *ret);

#endif
