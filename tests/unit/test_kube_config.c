/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/kube/kube_config.h"

#include "compiler/base/cleanup.h"
#include "operator/kube/kube_token.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static char dir[] = "/tmp/pale-kube-config-XXXXXX";
static char path[64], token_path[64];

static void write_file(const char *to, const char *text)
{
	FILE *f = fopen(to, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	fclose(f);
}

static int setup(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/config", dir);
	snprintf(token_path, sizeof(token_path), "%s/token", dir);
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	unlink(token_path);
	return rmdir(dir);
}

#define CONTEXT                                                                                    \
	"current-context: c\n"                                                                     \
	"contexts: [{name: c, context: {cluster: k, user: u, namespace: shop}}]\n"
#define CLUSTER "clusters: [{name: k, cluster: {server: 'https://10.0.0.1:6443/'}}]\n"
#define USER	"users: [{name: u, user: {token: t}}]\n"

static void what_kubectl_writes_is_read(void **state)
{
	struct kube_config c;
	struct pale_err *err = NULL;
	char read[16] = "";
	FILE *f;

	/* "authority", "certificate", "key" */
	write_file(path,
		"apiVersion: v1\nkind: Config\npreferences: {}\n"
		"clusters:\n- cluster:\n    certificate-authority-data: YXV0aG9yaXR5\n"
		"    server: https://192.0.2.1:6443\n  name: prod\n"
		"contexts:\n- context:\n    cluster: prod\n    user: admin\n  name: admin@prod\n"
		"current-context: admin@prod\n"
		"users:\n- name: other\n  user: {username: a}\n- name: admin\n  user:\n"
		"    client-certificate-data: Y2VydGlmaWNhdGU=\n    client-key-data: a2V5\n");
	assert_int_equal(kube_config_read(path, NULL, &c, &err), 0);
	assert_string_equal(c.server, "https://192.0.2.1:6443");
	assert_string_equal(c.namespace, "default");
	assert_null(c.token);
	assert_null(c.token_file);
	f = fopen(c.certificate_file, "r");
	assert_non_null(f);
	assert_int_equal(fread(read, 1, sizeof(read), f), 11);
	assert_string_equal(read, "certificate");
	fclose(f);
	f = fopen(c.ca_file, "r");
	assert_non_null(f);
	assert_int_equal(fread(read, 1, sizeof(read), f), 9);
	assert_memory_equal(read, "authority", 9);
	fclose(f);
	assert_int_equal(c.n_fds, 3);
	kube_config_release(&c);
}

static void files_lie_beside_it_and_slashes_go(void **state)
{
	struct kube_config c;
	struct pale_err *err = NULL;
	char expected[80];

	write_file(path, CONTEXT "clusters: [{name: k, cluster: {server: 'https://h//',"
				 " certificate-authority: ca.crt}}]\n"
				 "users: [{name: u, user: {tokenFile: sub/token, token: old,"
				 " client-certificate: /c.crt, client-key: /c.key}}]\n");
	assert_int_equal(kube_config_read(path, NULL, &c, &err), 0);
	snprintf(expected, sizeof(expected), "%s/ca.crt", dir);
	assert_string_equal(c.ca_file, expected);
	snprintf(expected, sizeof(expected), "%s/sub/token", dir);
	assert_string_equal(c.token_file, expected);
	/* The file counts, as in client-go. */
	assert_null(c.token);
	assert_string_equal(c.certificate_file, "/c.crt");
	assert_string_equal(c.server, "https://h");
	assert_string_equal(c.namespace, "shop");
	kube_config_release(&c);
}

static void each_mistake_has_its_message(void **state)
{
	/* PATH stands before each. */
	static const struct {
		const char *text, *error;
	} mistakes[] = {
		{ "", ": it is empty" },
		{ "a\n", ":1:1: no kubeconfig" },
		{ "kind: Config\n", ":1:1: no 'current-context'" },
		{ "current-context: c\n", ":1:1: 'contexts' has none called 'c'" },
		{ CONTEXT USER, ":1:1: 'clusters' has none called 'k'" },
		{ CONTEXT CLUSTER, ":1:1: 'users' has none called 'u'" },
		{ "current-context: c\ncontexts: [{name: c, context: {user: u}}]\n" USER,
			":2:31: the context has no 'cluster'" },
		{ CONTEXT "clusters: [{name: k, cluster: {server: 'http://h'}}]\n" USER,
			":3:31: a cluster needs a 'server' that begins https://" },
		{ CONTEXT "clusters: [{name: k, cluster: {server: 'https://'}}]\n" USER,
			":3:31: a cluster needs a 'server' that begins https://" },
		{ CONTEXT "clusters: [{name: k, cluster: {server: 'https://h',"
			  " insecure-skip-tls-verify: true}}]\n" USER,
			":3:79: who answers must be known: give its 'certificate-authority'" },
		{ CONTEXT "clusters: [{name: k, cluster: {server: 'https://h',"
			  " tls-server-name: x}}]\n" USER,
			":3:70: 'tls-server-name' is not supported" },
		{ CONTEXT CLUSTER "users: [{name: u, user: {exec: {command: aws}}}]\n",
			":4:32: 'exec' is not supported" },
		{ CONTEXT CLUSTER "users: [{name: u, user: {token: t, as: root}}]\n",
			":4:40: 'as' is not supported" },
		{ CONTEXT CLUSTER "users: [{name: u, user: {username: a, password: b}}]\n",
			":4:36: 'username' is not supported" },
		{ CONTEXT CLUSTER "users: [{name: u, user: {client-key: /k}}]\n",
			":4:25: 'client-certificate' and 'client-key' belong together" },
		{ CONTEXT CLUSTER "users: [{name: u, user: {client-key-data: '%%'}}]\n",
			":4:43: 'client-key-data' is no base64" },
	};
	char expected[200];

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		struct kube_config c;
		struct pale_err *err = NULL;

		write_file(path, mistakes[i].text);
		assert_int_equal(kube_config_read(path, NULL, &c, &err), -EINVAL);
		snprintf(expected, sizeof(expected), "%s%s", path, mistakes[i].error);
		assert_string_equal(pale_err_text(err), expected);
		pale_err_free(err);
		kube_config_release(&c);
	}
}

static void another_context_may_be_named(void **state)
{
	struct kube_config c;
	struct pale_err *err = NULL;

	write_file(path, "current-context: no\n"
			 "contexts: [{name: c, context: {cluster: k, user: u}}]\n" CLUSTER USER);
	assert_int_equal(kube_config_read(path, "c", &c, &err), 0);
	assert_string_equal(c.token, "t");
	kube_config_release(&c);
}

static void a_pod_has_its_service_account(void **state)
{
	struct kube_config c;
	struct pale_err *err = NULL;
	char namespace[80], expected[80];

	unsetenv("KUBERNETES_SERVICE_HOST");
	assert_int_equal(kube_config_in_cluster(dir, &c, &err), -ENOENT);
	assert_string_equal(pale_err_text(err),
		"no API server is known: this is no pod, and no kubeconfig was named");
	pale_err_free(TAKE_PTR(err));
	setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
	setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	snprintf(namespace, sizeof(namespace), "%s/namespace", dir);
	assert_int_equal(kube_config_in_cluster(dir, &c, &err), -ENOENT);
	pale_err_free(TAKE_PTR(err));
	kube_config_release(&c);
	write_file(namespace, "pale-system\n");
	assert_int_equal(kube_config_in_cluster(dir, &c, &err), 0);
	assert_string_equal(c.server, "https://[fd00::1]:443");
	assert_string_equal(c.namespace, "pale-system");
	snprintf(expected, sizeof(expected), "%s/token", dir);
	assert_string_equal(c.token_file, expected);
	kube_config_release(&c);
	unlink(namespace);
}

static void a_token_is_read_again_when_it_is_old(void **state)
{
	struct kube_token t = { .path = token_path, .age_max_us = KUBE_TOKEN_AGE_US };
	struct pale_err *err = NULL;

	unlink(token_path);
	assert_null(kube_token(&t, 1, &err));
	assert_int_equal(pale_err_errno(err), ENOENT);
	pale_err_free(TAKE_PTR(err));
	write_file(token_path, "one\n");
	assert_string_equal(kube_token(&t, 1, &err), "one");
	write_file(token_path, "two\n");
	assert_string_equal(kube_token(&t, KUBE_TOKEN_AGE_US, &err), "one");
	assert_string_equal(kube_token(&t, 1 + KUBE_TOKEN_AGE_US, &err), "two");
	/* Refused, it is read at once; what is being exchanged is no reason to have none. */
	write_file(token_path, "");
	kube_token_refused(&t);
	assert_string_equal(kube_token(&t, 2 + KUBE_TOKEN_AGE_US, &err), "two");
	write_file(token_path, "three");
	assert_string_equal(kube_token(&t, 3 + KUBE_TOKEN_AGE_US, &err), "three");
	kube_token_release(&t);
}

static void a_token_is_one_word(void **state)
{
	struct kube_token t = { .path = token_path, .age_max_us = 1 };
	struct pale_err *err = NULL;
	char expected[100];

	write_file(token_path, "a\r\nX-Remote-User: admin");
	assert_null(kube_token(&t, 1, &err));
	snprintf(expected, sizeof(expected), "'%s' holds no token", token_path);
	assert_string_equal(pale_err_text(err), expected);
	pale_err_free(err);
	kube_token_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_kubectl_writes_is_read),
		cmocka_unit_test(files_lie_beside_it_and_slashes_go),
		cmocka_unit_test(each_mistake_has_its_message),
		cmocka_unit_test(another_context_may_be_named),
		cmocka_unit_test(a_pod_has_its_service_account),
		cmocka_unit_test(a_token_is_read_again_when_it_is_old),
		cmocka_unit_test(a_token_is_one_word),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
