/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "enforcer/runtime/ask_paled.h"
#include "enforcer/runtime/oci_bundle.h"
#include "enforcer/runtime/oci_config.h"
#include "enforcer/runtime/verbs.h"

#include <errno.h>
#include <stdlib.h>

static int ask_of_bundle(const struct runtime *rt, const char *id, const struct oci_bundle *b,
	bool *unconfined, struct pale_err **err)
{
	json_t *annotations = oci_config_annotations(b->config);
	struct container_asked container = {
		.id = id,
		.kind = rt->cl.kind,
		.real = rt->real,
		.annotations = annotations,
		.bundle = b->path,
		.privileged = oci_config_is_privileged(b->config),
	};
	int r = ask_whether_unconfined(&rt->conf, &container, unconfined, err);

	json_decref(annotations);
	return r;
}

/* Rightly so, if no policy is meant for it: paled registers no such container. */
static int check_unregistered(const struct runtime *rt, const char *id, struct pale_err **err)
{
	_cleanup_(oci_bundle_release) struct oci_bundle b = { .dir = -1 };
	_cleanup_free_ char *path = NULL;
	bool unconfined = false;
	int r = oci_bundle_find(&rt->cl, id, &path, err);

	/* There is no such container: the real runtime says so. */
	if (r == 0 && !path)
		return 0;
	if (r == 0)
		r = oci_bundle_open_path(path, "config.json", &b, err);
	if (r == 0)
		r = ask_of_bundle(rt, id, &b, &unconfined, err);
	if (r < 0)
		return pale_err_wrap(err, "%s is not registered with paled", id);
	if (unconfined)
		return 0;
	r = pale_err_plain(
		err, EPERM, "%s is not registered with paled, though a policy is meant for it", id);
	pale_err_hint(err, "start the container anew");
	return r;
}

int look_up(const struct runtime *rt, const char *id, struct confinement *c, bool *confined,
	struct pale_err **err)
{
	bool known;
	int r = ask_lookup(&rt->conf, rt->cl.kind, rt->real, id, c, &known, err);

	*confined = known && !c->unconfined;
	if (r < 0 || known)
		return r;
	return check_unregistered(rt, id, err);
}
