/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/runtime/apparmor_stack.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define STACKED "//&"

static bool kernel_stacks(const char *file)
{
	_cleanup_close_ int fd = open(file, O_RDONLY | O_CLOEXEC);
	char s[4] = "";

	return fd >= 0 && read(fd, s, 3) == 3 && !strcmp(s, "yes");
}

/* Whether @name is one of those that are stacked in @label. */
static bool is_in(const char *label, const char *name)
{
	size_t len = strlen(name);

	for (;;) {
		const char *end = strstr(label, STACKED);
		size_t n = end ? (size_t)(end - label) : strlen(label);

		if (n == len && !strncmp(label, name, n))
			return true;
		if (!end)
			return false;
		label = end + sizeof(STACKED) - 1;
	}
}

/* Of what is written into one line of a file of the kernel's. */
static bool is_name(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static char *copy(const char *s)
{
	char *c = strdup(s);

	if (!c)
		abort();
	return c;
}

int apparmor_stack(const char *own, const struct confinement *c, const char *stack_file, char **ret,
	bool *left_out, struct pale_err **err)
{
	struct text t = TEXT_INIT;

	*left_out = false;
	if (own && !is_name(own))
		return pale_err_plain(
			err, EINVAL, "apparmorProfile: control characters are in the name");
	if (!c->apparmor) {
		*ret = own ? copy(own) : NULL;
		return 0;
	}
	if (!own || !*own || !strcmp(own, "unconfined")) {
		*ret = copy(c->apparmor);
		return 0;
	}
	if (is_in(own, c->apparmor)) {
		*ret = copy(own);
		return 0;
	}
	if (kernel_stacks(stack_file)) {
		text_printf(&t, "%s" STACKED "%s", own, c->apparmor);
		*ret = text_take(&t);
		return 0;
	}
	if (!c->bpf_lsm) {
		int r = pale_err_plain(err, EOPNOTSUPP,
			"the container has an AppArmor profile of its own, '%s', and this kernel "
			"does not stack the policy's on it",
			own);

		pale_err_hint(err, "start it with apparmor=unconfined: the policy's profile "
				   "is set in its place");
		return r;
	}
	*ret = copy(own);
	*left_out = true;
	return 0;
}
