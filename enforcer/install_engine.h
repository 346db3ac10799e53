/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_INSTALL_ENGINE_H
#define PALE_INSTALL_ENGINE_H

/*
 * What the container engines differ in when they are told of a further OCI runtime: which file, and
 * what is written there. What they have in common, among it that all of it can be taken back, is
 * install_runtime.h's.
 */

#include "compiler/base/error.h"
#include "enforcer/install_edits.h"
#include "enforcer/install_root.h"

#include <jansson.h>
#include <stdbool.h>

/* What the runtime is called in every engine's configuration. */
#define RUNTIME_NAME "pale"

struct install_request {
	const char *runtime; /* absolute path of pale-runtime, UTF-8 */
	bool make_default;   /* in the engines that take it: of containers that name no runtime */
};

/*
 * The root's files as they are without what a former installation wrote: of the one file that it
 * touched, what was there.
 */
struct install_view {
	const struct install_root *root;
	const char *path; /* NULL: no former one */
	const struct root_file *without;
};

/* As root_file_read(). */
int install_view_read(const struct install_view *view, const char *path, struct root_file *ret,
	struct pale_err **err);

/* What is to be written for one engine. Initialise with INSTALL_PLAN_INIT. */
struct install_plan {
	char *skip; /* why nothing is, when the engine has no use for a runtime; or NULL */
	char *path; /* the one file */
	struct root_file before;
	struct install_edits edits; /* of before.bytes, which are none when there is no file */
	/* NULL where the edits are content by themselves. What they add to the file's, once parsed,
	 * as by json_object_update_recursive(). */
	json_t *adds;
};

#define INSTALL_PLAN_INIT                                                                          \
	{                                                                                          \
		.before = ROOT_FILE_INIT, .edits = INSTALL_EDITS_INIT                              \
	}

void install_plan_release(struct install_plan *plan);

/* The whole file, which must not be there. */
int install_plan_new_file(struct install_plan *plan, const struct install_view *view,
	const char *path, const char *content, struct pale_err **err);

struct install_engine {
	const char *name; /* as --engine takes it */
	const char *summary;
	const char *const *programs; /* one of them is there when it is installed; ends with NULL */
	const char *effect;	     /* what makes it read its configuration */
	bool kubernetes;	     /* pods choose the runtime by a RuntimeClass */
	/* -EINVAL for configuration that is wrong, or has a runtime of that name already. */
	int (*plan)(const struct install_view *view, const struct install_request *request,
		struct install_plan *plan, struct pale_err **err);
	/* The file's content; @name is for messages. */
	int (*parse)(
		const char *name, const char *s, size_t len, json_t **ret, struct pale_err **err);
	/* Whether parsed content has the runtime. */
	bool (*has_runtime)(const json_t *content);
};

/* NULL behind the last one. */
const struct install_engine *install_engine(size_t i);

extern const struct install_engine install_containerd, install_crio, install_podman, install_docker;

#endif
