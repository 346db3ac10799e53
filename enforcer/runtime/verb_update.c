/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/runtime/oci_document.h"
#include "enforcer/runtime/oci_resources.h"
#include "enforcer/runtime/verbs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* What an option of update is in linux.resources. */
static const struct {
	enum real_option_id id;
	enum confinement_limit limit;
	const char *object, *member;
} options[] = {
	{ OPTION_MEMORY, CONFINE_MEMORY, "memory", "limit" },
	{ OPTION_MEMORY_SWAP, CONFINE_MEMORY, "memory", "swap" },
	{ OPTION_PIDS_LIMIT, CONFINE_PROCESSES, "pids", "limit" },
	{ OPTION_CPU_QUOTA, CONFINE_CPU, "cpu", "quota" },
	{ OPTION_CPU_PERIOD, CONFINE_CPU, "cpu", "period" },
};

static int read_number(const struct given_option *o, int64_t *ret, struct pale_err **err)
{
	const char *s = o->value;
	char *end;

	errno = 0;
	*ret = strtoll(s, &end, 10);
	/* runc takes "1g" and "0x10", too; what is limited has to be read alike by all. */
	if (errno || end == s || *end || isspace((unsigned char)*s) || *s == '+' ||
		(*s == '0' && s[1]))
		return pale_err_plain(err, EINVAL,
			"--%s: a whole number is needed where a policy limits it, not '%s'",
			o->option->name, s);
	return 0;
}

static int check_options(
	const struct runtime *rt, const struct confinement *c, struct pale_err **err)
{
	json_t *resources = json_object(), *object;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(options) / sizeof(*options); i++) {
		const struct given_option *o = option_of(&rt->cl.options, options[i].id);
		int64_t v;

		if (!o || !c->limits[options[i].limit].set)
			continue;
		r = read_number(o, &v, err);
		if (r == 0)
			r = oci_object_made(resources, options[i].object, "", &object, err);
		if (r == 0 && json_object_set_new(object, options[i].member, json_integer(v)) < 0)
			abort();
	}
	if (r == 0)
		r = oci_resources_check(resources, c, "update: resources", err);
	json_decref(resources);
	return r;
}

/* Standard input becomes what was checked. */
static int put_on_stdin(const json_t *resources, struct pale_err **err)
{
	_cleanup_free_ char *s = oci_document_text(resources);
	_cleanup_close_ int fd = memfd_create("resources", MFD_CLOEXEC);
	size_t len = strlen(s);

	if (fd < 0)
		return pale_err_set(err, errno, "memfd_create");
	if (write(fd, s, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) < 0 ||
		dup2(fd, STDIN_FILENO) < 0)
		return pale_err_set(err, errno, "hand on the resources");
	return 0;
}

static int check_file(
	struct runtime *rt, const char *path, const struct confinement *c, struct pale_err **err)
{
	struct stat st;
	json_t *resources;
	int r;

	if (!strcmp(path, "-"))
		r = oci_document_read_fd(STDIN_FILENO, "resources", &resources, err);
	else
		r = oci_document_read(AT_FDCWD, path, "resources", &resources, &st, err);
	if (r < 0)
		return r;
	r = oci_resources_check(resources, c, "update: resources", err);
	if (r == 0)
		r = put_on_stdin(resources, err);
	json_decref(resources);
	if (r == 0)
		option_set(&rt->cl, OPTION_RESOURCES, "-");
	return r;
}

int verb_update(struct runtime *rt, int *status, struct pale_err **err)
{
	_cleanup_(confinement_release) struct confinement c = { 0 };
	const char *file = option_value(&rt->cl.options, OPTION_RESOURCES, NULL);
	bool confined;
	int r;

	(void)status;
	if (rt->cl.n_operands != 1)
		return pale_err_plain(err, EINVAL, "update takes one container id");
	r = look_up(rt, rt->cl.operands[0], &c, &confined, err);
	if (r == 0 && confined)
		r = check_options(rt, &c, err);
	if (r == 0 && confined && file)
		r = check_file(rt, file, &c, err);
	return r < 0 ? r : pass_on_changed(rt, err);
}
