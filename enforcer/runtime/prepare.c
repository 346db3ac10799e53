/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/runtime/prepare.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "enforcer/runtime/apparmor_stack.h"
#include "enforcer/runtime/ask_paled.h"
#include "enforcer/runtime/oci_config.h"
#include "enforcer/runtime/oci_resources.h"
#include "enforcer/runtime/runtime_log.h"

#include <errno.h>
#include <stdlib.h>

static int ask(struct runtime *rt, struct prepared *p, struct pale_err **err)
{
	_cleanup_(text_release) struct text why = TEXT_INIT;
	struct container_asked container = {
		.id = p->id,
		.kind = rt->cl.kind,
		.real = rt->real,
		.annotations = p->annotations,
		.bundle = p->bundle.path,
		.privileged = oci_config_is_privileged(p->bundle.config),
	};
	int r = ask_prepare(&rt->conf, &container, &p->confinement, &why, err);

	if (why.len)
		runtime_log(&rt->cl, RUNTIME_LOG_WARNING, why.s);
	return r;
}

static int confine(struct runtime *rt, struct prepared *p, struct pale_err **err)
{
	_cleanup_(text_release) struct text note = TEXT_INIT;
	struct oci_host host = {
		.kind = rt->cl.kind,
		.stack_file = APPARMOR_STACK_FILE,
		.swap = oci_swap_is_accounted(),
	};
	int r = oci_config_confine(p->bundle.config, &p->confinement, &host, &p->own, &note, err);

	if (note.len)
		runtime_log(&rt->cl, RUNTIME_LOG_WARNING, note.s);
	return r;
}

int prepare(struct runtime *rt, struct prepared *ret, struct pale_err **err)
{
	int r;

	*ret = (struct prepared){ .bundle = { .dir = -1 } };
	if (rt->cl.n_operands != 1)
		return pale_err_plain(err, EINVAL, "%s takes one container id", rt->cl.verb_name);
	ret->id = rt->cl.operands[0];
	r = oci_bundle_open(&rt->cl, &ret->bundle, err);
	if (r < 0)
		return r;
	ret->annotations = oci_config_annotations(ret->bundle.config);
	r = ask(rt, ret, err);
	if (r < 0 || prepared_is_passed_on(ret))
		return r;
	r = oci_bundle_rootfs(&ret->bundle, &ret->rootfs, err);
	return r < 0 || ret->confinement.recording ? r : confine(rt, ret, err);
}

bool prepared_is_passed_on(const struct prepared *p)
{
	return p->confinement.unconfined && !p->confinement.recording;
}

void prepared_release(struct prepared *p)
{
	oci_bundle_release(&p->bundle);
	free(p->rootfs);
	confinement_release(&p->confinement);
	json_decref(p->annotations);
	json_decref(p->own);
	*p = (struct prepared){ .bundle = { .dir = -1 } };
}

json_t *prepared_request(const struct runtime *rt, const struct prepared *p)
{
	json_t *request = json_pack("{s:s, s:s*, s:s*, s:s, s:b, s:o, s:o, s:O, s:O*}", "id", p->id,
		"digest", p->confinement.digest, "mode", p->confinement.mode, "runtime",
		rt->cl.kind == REAL_CRUN ? "crun" : "runc", "seccomp_log",
		oci_config_logs_refusals(p->bundle.config), "bundle", json_text(p->bundle.path),
		"rootfs", json_text(p->rootfs), "annotations", p->annotations, "own", p->own);

	if (!request)
		abort();
	return request;
}
