/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_DAEMON_CONFIG_H
#define PALE_DAEMON_CONFIG_H

/* paled.conf(5): what a node's administrator decides. YAML, and small. */

#include "compiler/base/arena.h"
#include "compiler/base/error.h"
#include "enforcer/daemon/response_config.h"
#include "enforcer/recorder/store.h"

#include <stdbool.h>
#include <stdint.h>

enum on_missing { ON_MISSING_WAIT, ON_MISSING_DENY, ON_MISSING_ALLOW, ON_MISSING_COUNT };
extern const char *const on_missing_names[ON_MISSING_COUNT];

/* What becomes of containers that ran before the daemon did. */
enum running { RUNNING_LABEL, RUNNING_LIST, RUNNING_COUNT };

struct image_profile {
	const char *image; /* a name, with or without its tag, or "sha256:…" */
	const char *profile;
};

struct daemon_config {
	struct arena *arena; /* of all below */
	/* For containers that nothing else names a profile for; NULL: they run unconfined. */
	const char *default_profile;
	enum on_missing on_missing; /* where no annotation says it */
	struct image_profile *images;
	uint32_t n_images, cap_images;
	/* Which profiles an image may choose by its label dev.pale.profile. */
	const char **image_labels;
	uint32_t n_image_labels, cap_image_labels;
	enum running running;
	bool allow_partial;	    /* rules that are not exact here do not keep a container from
				       starting */
	bool audit_by_annotation;   /* pale.dev/mode: audit counts */
	uint32_t events_per_second; /* of one container; 0: no limit */
	struct response_config *responses;
	uint32_t n_responses;
	/* Profiles of containers to which nothing is done. */
	const char **protected;
	uint32_t n_protected, cap_protected;
	bool no_recorder;
	struct recorder_bounds recorder;
	/* The folder for seccomp_files.h; NULL: no files. */
	const char *seccomp_files;
	bool recording; /* containers may ask by pale.dev/recording to be recorded, unconfined */
};

/*
 * Reads @path; where there is no such file all is as it is by default. -EINVAL, with the line and
 * column, for what is not understood: nothing is guessed.
 */
int daemon_config_read(const char *path, struct daemon_config *ret, struct pale_err **err);
void daemon_config_release(struct daemon_config *c);

/* The name of on_missing_names; false when it is none. */
bool on_missing_parse(const char *s, enum on_missing *ret);

#endif
