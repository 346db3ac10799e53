/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/kube/kube_status.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <errno.h>
#include <string.h>

#define MESSAGE_MAX 1024

static int errno_of(const struct kube_status *s)
{
	static const struct {
		long code;
		int number;
	} numbers[] = {
		{ 400, EINVAL },
		{ 401, EACCES },
		{ 403, EPERM },
		{ 404, ENOENT },
		{ 409, EAGAIN },
		{ 410, ESTALE },
		{ 422, EINVAL },
		{ 429, EBUSY },
		{ 504, ETIMEDOUT },
	};

	if (!strcmp(s->reason, "AlreadyExists"))
		return EEXIST;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		if (numbers[i].code == s->code)
			return numbers[i].number;
	}
	return EIO;
}

static void read_status(const json_t *body, struct kube_status *ret)
{
	const json_t *details = json_object_get(body, "details");
	json_int_t after_s = json_integer_value(json_object_get(details, "retryAfterSeconds"));
	const char *reason = json_string_value(json_object_get(body, "reason"));

	if (!ret->code)
		ret->code = (long)json_integer_value(json_object_get(body, "code"));
	snprintf(ret->reason, sizeof(ret->reason), "%s", reason ? reason : "");
	if (after_s > 0)
		ret->retry_after_us = (uint64_t)(after_s < 86400 ? after_s : 86400) * 1000000;
}

int kube_status_fail(long code, const json_t *body, struct kube_status *ret, struct pale_err **err)
{
	_cleanup_(text_release) struct text message = TEXT_INIT;
	const char *said = NULL;

	*ret = (struct kube_status){ .code = code };
	/* Proxies on the way answer with what is no Status. */
	if (!strcmp(json_string_value(json_object_get(body, "kind")) ?: "", "Status")) {
		read_status(body, ret);
		said = json_string_value(json_object_get(body, "message"));
	}
	if (*ret->reason) {
		text_putc(&message, ' ');
		text_escaped(&message, ret->reason, strlen(ret->reason));
	}
	if (said) {
		text_puts(&message, ": ");
		text_escaped(&message, said, strnlen(said, MESSAGE_MAX));
	}
	return pale_err_plain(
		err, errno_of(ret), "the API server answers %ld%s", ret->code, text_str(&message));
}

bool kube_status_is_expired(const struct kube_status *s)
{
	return s->code == 410 || !strcmp(s->reason, "Expired") || !strcmp(s->reason, "Gone");
}
