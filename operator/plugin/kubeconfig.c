/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plugin/kubeconfig.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <errno.h>
#include <string.h>

static int read_file(
	const char *path, const char *context, struct kube_config *ret, struct pale_err **err)
{
	int r = kube_config_read(path, context, ret, err);

	if (r < 0)
		pale_err_hint(err, "a kubeconfig with a certificate or a token is read; "
				   "`kubectl config view --flatten --minify --raw` prints one");
	return r;
}

static int read_named_by_environment(
	const char *path, const char *context, struct kube_config *ret, struct pale_err **err)
{
	if (!strchr(path, ':'))
		return read_file(path, context, ret, err);
	pale_err_plain(err, EINVAL, "$KUBECONFIG names several files, which are not merged here");
	pale_err_hint(err, "kubectl config view --flatten --raw >FILE, and --kubeconfig FILE");
	return -EINVAL;
}

int kubeconfig_read(
	const char *path, const char *context, struct kube_config *ret, struct pale_err **err)
{
	_cleanup_(text_release) struct text at_home = TEXT_INIT;
	const char *env = getenv("KUBECONFIG"), *home = getenv("HOME");

	*ret = (struct kube_config){ 0 };
	if (path)
		return read_file(path, context, ret, err);
	if (env && *env)
		return read_named_by_environment(env, context, ret, err);
	text_printf(&at_home, "%s/.kube/config", home ? home : "");
	if (home && access(text_str(&at_home), F_OK) == 0)
		return read_file(text_str(&at_home), context, ret, err);
	if (context)
		return pale_err_plain(
			err, ENOENT, "no kubeconfig has the context '%s': there is none", context);
	return kube_config_in_cluster(KUBE_SERVICE_ACCOUNT, ret, err);
}
