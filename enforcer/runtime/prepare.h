/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_RUNTIME_PREPARE_H
#define PALE_RUNTIME_PREPARE_H

#include "enforcer/runtime/oci_bundle.h"
#include "enforcer/runtime/verbs.h"

/* What create and run have in common: a bundle whose config.json is made to fit its policy. */
struct prepared {
	const char *id;
	struct oci_bundle bundle;
	char *rootfs;
	struct confinement confinement;
	json_t *annotations; /* as they came */
	json_t *own;	     /* see oci_config_confine() */
};

/*
 * Reads the bundle, asks paled, and changes the bundle's config, which is not written yet. Nothing
 * is changed when @ret->confinement.unconfined: one that is recorded is registered as it is, any
 * other is passed on. @ret is to be released either way.
 */
int prepare(struct runtime *rt, struct prepared *ret, struct pale_err **err);
bool prepared_is_passed_on(const struct prepared *p);
void prepared_release(struct prepared *p);

/* The members of register, but for the pid; a new reference. */
json_t *prepared_request(const struct runtime *rt, const struct prepared *p);

#endif
