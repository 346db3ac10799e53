/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/install_engine.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <string.h>

static const struct install_engine *const engines[] = {
	&install_containerd,
	&install_crio,
	&install_podman,
	&install_docker,
};

const struct install_engine *install_engine(size_t i)
{
	return i < sizeof(engines) / sizeof(*engines) ? engines[i] : NULL;
}

int install_view_read(const struct install_view *view, const char *path, struct root_file *ret,
	struct pale_err **err)
{
	if (!view->path || strcmp(view->path, path) != 0)
		return root_file_read(view->root, path, ret, err);
	ret->exists = view->without->exists;
	text_clear(&ret->bytes);
	text_add(&ret->bytes, text_str(&view->without->bytes), view->without->bytes.len);
	return 0;
}

void install_plan_release(struct install_plan *plan)
{
	free(plan->skip);
	free(plan->path);
	root_file_release(&plan->before);
	install_edits_release(&plan->edits);
	json_decref(plan->adds);
	*plan = (struct install_plan)INSTALL_PLAN_INIT;
}

int install_plan_new_file(struct install_plan *plan, const struct install_view *view,
	const char *path, const char *content, struct pale_err **err)
{
	int r = install_view_read(view, path, &plan->before, err);

	if (r < 0)
		return r;
	if (plan->before.exists)
		return pale_err_plain(err, EINVAL,
			"'%s%s' is there, and pale install-runtime did not write it",
			view->root->dir, path);
	plan->path = strdup(path);
	install_edits_add(&plan->edits, 0, "", 0, content);
	return 0;
}
