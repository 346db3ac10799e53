/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests and objects that an audit looks at, of whatever types: each report can be printed in
 * each form, and looking twice finds the same. Values of JSON one after another, as in
 * tests/webhook/, whose lists are looked into.
 */
#include "compiler/base/cleanup.h"
#include "operator/posture/cluster_posture.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(int holds)
{
	if (!holds)
		abort();
}

static void each(const json_t *o, void (*visit)(void *ctx, const json_t *o), void *ctx)
{
	json_t *v;
	size_t i;

	if (json_is_object(o))
		visit(ctx, o);
	json_array_foreach ((json_t *)o, i, v)
		each(v, visit, ctx);
}

static void take(void *ctx, const json_t *o)
{
	cluster_objects_take(ctx, o);
}

static void look(void *ctx, const json_t *o)
{
	const struct object_source nowhere = { 0 };

	cluster_posture_add(ctx, o, "Pod", &nowhere);
	/* A case of tests/webhook/ has its pod in there. */
	if (json_is_object(json_object_get(o, "object")))
		cluster_posture_add(ctx, json_object_get(o, "object"), "Pod", &nowhere);
}

static void audit(const json_t *input, struct posture *p)
{
	_cleanup_(cluster_objects_release) struct cluster_objects cluster = { 0 };
	struct cluster_posture c;

	posture_init(p);
	cluster_objects_init(&cluster);
	each(input, take, &cluster);
	cluster_posture_init(&c, p, &cluster);
	each(input, look, &c);
	cluster_posture_end(&c);
	cluster_posture_release(&c);
	posture_finish(p, CONTROL_LOW);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	_cleanup_(posture_release) struct posture p = { 0 }, again = { 0 };
	_cleanup_(text_release) struct text t = TEXT_INIT;
	json_t *input = json_loadb((const char *)bytes, len, JSON_ALLOW_NUL, NULL), *o;

	if (!input)
		return 0;
	audit(input, &p);
	audit(input, &again);
	must(json_equal(p.findings, again.findings) && json_equal(p.unseen, again.unseen));
	posture_text(&p, &t);
	must(t.len > 0);
	o = posture_sarif(&p, "pale audit");
	must(json_is_array(json_object_get(o, "runs")));
	json_decref(o);
	o = posture_json(&p);
	must(json_array_size(json_object_get(o, "findings")) == json_array_size(p.findings));
	json_decref(o);
	json_decref(input);
	return 0;
}
