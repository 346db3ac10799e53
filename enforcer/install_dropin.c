/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRI-O and podman: both merge the tables of drop-ins with those of their main file
 * (crio.conf.d(5), containers.conf(5)), so that a file of its own is all there is to write.
 */
#include "compiler/base/cleanup.h"
#include "enforcer/install_engine.h"
#include "enforcer/toml_read.h"

#include <string.h>

#define CRIO_PATH   "/etc/crio/crio.conf.d/99-pale.conf"
#define PODMAN_PATH "/etc/containers/containers.conf.d/99-pale.conf"

#define WRITTEN_BY "# Written by pale install-runtime; pale uninstall-runtime removes it.\n"

/*
 * Nothing of annotations: a pod's reach config.json anyway, and CRI-O does not start with names in
 * allowed_annotations that are not its own.
 */
static int plan_crio(const struct install_view *view, const struct install_request *request,
	struct install_plan *plan, struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	_cleanup_free_ char *runtime = toml_quote(request->runtime);

	text_printf(&t,
		WRITTEN_BY "[crio.runtime.runtimes." RUNTIME_NAME "]\n"
			   "runtime_path = %s\n"
			   "runtime_type = \"oci\"\n",
		runtime);
	return install_plan_new_file(plan, view, CRIO_PATH, text_str(&t), err);
}

static bool crio_has_runtime(const json_t *content)
{
	const json_t *crio = json_object_get(content, "crio");
	const json_t *runtime = json_object_get(crio, "runtime");

	return json_object_get(json_object_get(runtime, "runtimes"), RUNTIME_NAME);
}

static int plan_podman(const struct install_view *view, const struct install_request *request,
	struct install_plan *plan, struct pale_err **err)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	_cleanup_free_ char *runtime = toml_quote(request->runtime);

	text_puts(&t, WRITTEN_BY);
	if (request->make_default)
		text_puts(&t, "[engine]\nruntime = \"" RUNTIME_NAME "\"\n\n");
	text_printf(&t, "[engine.runtimes]\n" RUNTIME_NAME " = [%s]\n", runtime);
	return install_plan_new_file(plan, view, PODMAN_PATH, text_str(&t), err);
}

static bool podman_has_runtime(const json_t *content)
{
	const json_t *engine = json_object_get(content, "engine");
	const char *chosen = json_string_value(json_object_get(engine, "runtime"));

	return json_object_get(json_object_get(engine, "runtimes"), RUNTIME_NAME) ||
	       (chosen && !strcmp(chosen, RUNTIME_NAME));
}

const struct install_engine install_crio = {
	.name = "crio",
	.summary = "a drop-in in /etc/crio/crio.conf.d",
	.programs = (const char *const[]){ "crio", NULL },
	.effect = "systemctl restart crio",
	.kubernetes = true,
	.plan = plan_crio,
	.parse = toml_read,
	.has_runtime = crio_has_runtime,
};

const struct install_engine install_podman = {
	.name = "podman",
	.summary = "a drop-in in /etc/containers/containers.conf.d",
	.programs = (const char *const[]){ "podman", NULL },
	.plan = plan_podman,
	.parse = toml_read,
	.has_runtime = podman_has_runtime,
};
