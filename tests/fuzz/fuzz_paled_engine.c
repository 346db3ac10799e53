/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of a container's engine or runtime, which one by the first byte: what podman, CRI-O and
 * Docker keep of it and of its image, and runc's and crun's state. Refused with a sentence, or told
 * in texts that an event can have.
 */
#include "compiler/base/cleanup.h"
#include "enforcer/file_tree.h"
#include "enforcer/daemon/image.h"
#include "enforcer/runtime_state.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define STORAGE "storage/overlay-containers"
#define IMAGE	"storage/overlay-images/abc/=c2hhMjU2OmFiYw=="

static const struct {
	const char *file, *sound;
} files[] = {
	{ STORAGE "/containers.json", "[{\"id\":\"c1\",\"image\":\"abc\",\"names\":[\"web\"]}]" },
	{ IMAGE, "{\"config\":{\"Labels\":{\"dev.pale.profile\":\"web\"}}}" },
	{ "docker/containers/c1/config.v2.json",
		"{\"Image\":\"sha256:abc\",\"Config\":{\"Image\":\"web:1\"}}" },
	{ "run/runc/c1/state.json",
		"{\"init_process_pid\":7,\"init_process_start\":9,\"config\":{\"labels\":"
		"[\"bundle=/b\"]}}" },
	{ "run/crun/c2/status", "{\"pid\":7,\"process-start-time\":9,\"bundle\":\"/b\"}" },
};

#define N_FILES (sizeof(files) / sizeof(*files))

static char dir[] = "/tmp/pale-fuzz-XXXXXX";

static void must(int holds)
{
	if (!holds)
		abort();
}

static void leave(void)
{
	file_tree_remove(dir);
}

static void write_file(const char *name, const void *bytes, size_t len)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_close_ int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	unlinkat(at, name, 0);
	must(file_tree_write(at, name, bytes, len, &err) == 0);
}

static void set_up(void)
{
	must(mkdtemp(dir) != NULL);
	atexit(leave);
}

static void find_image(const char *bundle_below)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(text_release) struct text bundle = TEXT_INIT, docker = TEXT_INIT;
	_cleanup_(image_release) struct image image = { 0 };
	json_t *annotations = json_object();
	char *s;

	text_printf(&bundle, "%s/%s", dir, bundle_below);
	text_printf(&docker, "%s/docker", dir);
	if (image_find(text_str(&bundle), "c1", text_str(&docker), &image, &err) < 0)
		must(err && *pale_err_text(err) && !image.name && !image.label);
	image_annotate(&image, annotations);
	s = json_dumps(annotations, 0);
	must(s != NULL);
	free(s);
	json_decref(annotations);
}

static void find_state(const char *id)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(runtime_state_release) struct runtime_state s = { 0 };
	int r = runtime_state_find(dir, id, &s, &err);

	must(r == 0 ? s.bundle && s.bundle[0] == '/' && s.pid > 1 && s.start_time
		    : err && *pale_err_text(err) && !s.bundle);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	size_t which = len ? bytes[0] % N_FILES : 0;

	if (!strcmp(dir + strlen(dir) - 6, "XXXXXX"))
		set_up();
	if (!len)
		return 0;
	for (size_t i = 0; i < N_FILES; i++) {
		if (i == which)
			write_file(files[i].file, bytes + 1, len - 1);
		else
			write_file(files[i].file, files[i].sound, strlen(files[i].sound));
	}
	find_image(STORAGE "/c1/userdata");
	find_image("io.containerd.runtime.v2.task/moby/c1");
	find_state("c1");
	find_state("c2");
	return 0;
}
