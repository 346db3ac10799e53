/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_INSTALL_RUNTIME_H
#define PALE_INSTALL_RUNTIME_H

/*
 * Tells one container engine of pale-runtime, and takes that back. All of an engine is written or
 * nothing; what is there already and is not understood stays as it is.
 *
 * The record is written before the engine's file: one without the other, after a crash, tells of
 * edits that are not there, and both functions then go on as if it had never been.
 */

#include "enforcer/install_engine.h"

enum install_outcome {
	INSTALL_WRITTEN,
	INSTALL_ALREADY, /* all of it was there */
	INSTALL_SKIPPED,
	INSTALL_RESTORED,
	INSTALL_NOTHING, /* to take back */
};

struct install_result {
	enum install_outcome outcome;
	char *path;	  /* the file that it is about, or NULL */
	char *why;	  /* INSTALL_SKIPPED */
	struct text diff; /* what was or, when nothing may be written, would be changed */
};

#define INSTALL_RESULT_INIT                                                                        \
	{                                                                                          \
		.diff = TEXT_INIT                                                                  \
	}

void install_result_release(struct install_result *r);

/* Whether one of the engine's programs is in one of the usual folders of the root. */
bool install_finds_engine(const struct install_root *root, const struct install_engine *engine);

/*
 * Writes what @request asks for, in place of what a former call wrote. @dry: writes nothing.
 * -EINVAL: what is there cannot be read, is in the way, or was changed by hand where a former call
 * had written.
 */
int install_runtime(const struct install_root *root, const struct install_engine *engine,
	const struct install_request *request, bool dry, struct install_result *ret,
	struct pale_err **err);
/* What was there comes back, byte for byte; what was changed since in other places stays. */
int uninstall_runtime(const struct install_root *root, const struct install_engine *engine,
	bool dry, struct install_result *ret, struct pale_err **err);

#endif
