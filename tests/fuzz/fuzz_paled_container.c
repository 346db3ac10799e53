/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the file that paled kept of a container: it is refused, or taken up as the container
 * of that file, which can be shown, kept again, and is then the same.
 */
#include "enforcer/daemon/event.h"
#include "paled_scene.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	scene_begin();
	return 0;
}

static void failed(void *ctx, const char *file, const char *why)
{
	must(strcmp(file, "c1.json") == 0 && *why);
	++*(int *)ctx;
}

struct both {
	struct daemon *d;
	int failed;
};

static int take(void *ctx, const char *id, const json_t *kept, struct pale_err **err)
{
	return registration_restore(((struct both *)ctx)->d, id, kept, err);
}

static void failed_of(void *ctx, const char *file, const char *why)
{
	failed(&((struct both *)ctx)->failed, file, why);
}

static int restore(void)
{
	struct both b = { &scene.d, 0 };
	struct pale_err *err = NULL;

	must(containers_restore(&scene.d.containers, take, &b, failed_of, &err) == 0);
	must(b.failed + (int)scene.d.containers.n == 1);
	return (int)scene.d.containers.n;
}

static void look(struct container *c)
{
	json_t *o = event_notice("seen", c);
	char *s = json_dumps(o, 0);

	must(s && strcmp(c->id, "c1") == 0 && *container_state(c));
	free(s);
	json_decref(o);
	containers_by_pid(&scene.d.containers, scene.child);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	scene_fill_in(&t, bytes, len);
	must(file_tree_replace(scene.d.containers.dir, "c1.json", text_str(&t), t.len, &err) == 0);
	if (restore()) {
		struct container *c = scene.d.containers.v[0];

		look(c);
		must(container_keep(&scene.d.containers, c, &err) == 0);
		scene.d.containers.n = 0;
		must(restore() == 1);
		look(scene.d.containers.v[0]);
		must(scene.d.containers.v[0]->policy == c->policy ||
			strcmp(scene.d.containers.v[0]->policy->digest, c->policy->digest) == 0);
		must(scene.d.containers.v[0]->pid == c->pid);
		container_free(c);
	}
	scene_again();
	return 0;
}
