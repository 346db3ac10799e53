/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/kube/kube_config.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "compiler/base/write_all.h"
#include "compiler/base/yaml_config.h"
#include "operator/memory.h"

#include <ctype.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct reading {
	struct kube_config *config;
	const char *path;
	const char *context;
	struct arena *arena;
	struct diag_list *diags;
	const struct yaml_node *root;
	struct pale_err **err; /* of what is no mistake in the file */
};

static const char *string(struct reading *r, const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = yaml_member(map, key);
	_cleanup_(text_release) struct text what = TEXT_INIT;

	if (!n)
		return NULL;
	text_printf(&what, "'%s'", key);
	return yaml_text(n, text_str(&what), r->arena, r->diags);
}

/* A file of the kubeconfig's, from where that lies. */
static char *path_of(struct reading *r, const char *s)
{
	const char *slash = strrchr(r->path, '/');
	struct text t = TEXT_INIT;

	if (*s != '/' && slash)
		text_add(&t, r->path, (size_t)(slash - r->path) + 1);
	text_puts(&t, s);
	return text_take(&t);
}

/* libcurl with GnuTLS takes certificates from files alone. */
static char *in_memory(struct kube_config *c, const void *bytes, size_t len, struct pale_err **err)
{
	_cleanup_close_ int fd = memfd_create("kubeconfig", MFD_CLOEXEC);
	struct text path = TEXT_INIT;
	int n = fd < 0 ? -errno : write_all(fd, bytes, len);

	if (n < 0) {
		pale_err_set(err, -n, "keep a certificate in memory");
		return NULL;
	}
	text_printf(&path, "/proc/self/fd/%d", fd);
	c->fds[c->n_fds++] = TAKE_FD(fd);
	return text_take(&path);
}

static bool decode(struct reading *r, const struct yaml_node *n, const char *key, const char *s,
	gnutls_datum_t *ret)
{
	gnutls_datum_t in = { .data = (unsigned char *)(uintptr_t)s, .size = (unsigned)strlen(s) };

	if (gnutls_base64_decode2(&in, ret) == 0 && ret->size)
		return true;
	diag_error(r->diags, n->at, "'%s' is no base64", key);
	return false;
}

/* KEY-data, or the file that KEY names; the first counts, as kubectl has it. */
static char *file_of(struct reading *r, const struct yaml_node *map, const char *key)
{
	_cleanup_(text_release) struct text data_key = TEXT_INIT;
	gnutls_datum_t d = { 0 };
	char *file = NULL;
	const char *s;

	text_printf(&data_key, "%s-data", key);
	s = string(r, map, text_str(&data_key));
	if (s) {
		const struct yaml_node *n = yaml_member(map, text_str(&data_key));

		if (!decode(r, n, text_str(&data_key), s, &d))
			return NULL;
		file = in_memory(r->config, d.data, d.size, r->err);
		gnutls_free(d.data);
		return file;
	}
	s = string(r, map, key);
	return s ? path_of(r, s) : NULL;
}

/* The entry called @name of the list @list, and there its map @inner. */
static const struct yaml_node *named(
	struct reading *r, const char *list, const char *name, const char *inner)
{
	const struct yaml_node *entries = yaml_member(r->root, list);

	for (uint32_t i = 0; entries && entries->kind == YAML_LIST && i < entries->n; i++) {
		const struct yaml_node *n = yaml_member(entries->v[i], "name");

		if (n && n->kind == YAML_TEXT && !strcmp(n->text, name))
			return yaml_member(entries->v[i], inner);
	}
	diag_error(r->diags, r->root->at, "'%s' has none called '%s'", list, name);
	return NULL;
}

static void refuse_keys(struct reading *r, const struct yaml_node *map, const char *const *keys)
{
	for (; *keys; keys++) {
		const struct yaml_node *n = yaml_member(map, *keys);

		if (n)
			diag_error(r->diags, n->at, "'%s' is not supported", *keys);
	}
}

static char *server_of(struct reading *r, const struct yaml_node *cluster)
{
	const char *s = string(r, cluster, "server");
	size_t len = s ? strlen(s) : 0;
	char *server;

	if (!s || strncmp(s, "https://", 8) != 0 || len == 8) {
		diag_error(
			r->diags, cluster->at, "a cluster needs a 'server' that begins https://");
		return NULL;
	}
	server = memory_string(s);
	while (server[len - 1] == '/')
		server[--len] = '\0';
	return server;
}

static void read_cluster(struct reading *r, const char *name)
{
	static const char *const unknown[] = { "proxy-url", "tls-server-name", NULL };
	const struct yaml_node *cluster = named(r, "clusters", name, "cluster"), *insecure;

	if (!cluster)
		return;
	refuse_keys(r, cluster, unknown);
	insecure = yaml_member(cluster, "insecure-skip-tls-verify");
	if (insecure && yaml_boolean(insecure, "'insecure-skip-tls-verify'", r->diags))
		diag_error(r->diags, insecure->at,
			"who answers must be known: give its 'certificate-authority'");
	r->config->server = server_of(r, cluster);
	r->config->ca_file = file_of(r, cluster, "certificate-authority");
}

static void read_user(struct reading *r, const char *name)
{
	static const char *const unknown[] = { "exec", "auth-provider", "username", "password",
		"as", "as-uid", "as-groups", "as-user-extra", NULL };
	const struct yaml_node *user = named(r, "users", name, "user");
	struct kube_config *c = r->config;
	const char *s;

	if (!user)
		return;
	refuse_keys(r, user, unknown);
	c->certificate_file = file_of(r, user, "client-certificate");
	c->key_file = file_of(r, user, "client-key");
	if (!c->certificate_file != !c->key_file)
		diag_error(r->diags, user->at,
			"'client-certificate' and 'client-key' belong together");
	s = string(r, user, "tokenFile");
	c->token_file = s ? path_of(r, s) : NULL;
	s = string(r, user, "token");
	if (s && !c->token_file)
		c->token = memory_string(s);
}

static void take_document(void *ctx, const struct yaml_node *root, struct diag_list *diags)
{
	struct reading *r = ctx;
	const struct yaml_node *context;
	const char *name, *s;

	r->diags = diags;
	r->root = root;
	if (!root || root->kind != YAML_MAP) {
		if (root)
			diag_error(diags, root->at, "no kubeconfig");
		else
			diag_error_unplaced(diags, "%s: it is empty", r->path);
		return;
	}
	name = r->context ? r->context : string(r, root, "current-context");
	if (!name) {
		diag_error(diags, root->at, "no 'current-context'");
		return;
	}
	context = named(r, "contexts", name, "context");
	if (!context)
		return;
	s = string(r, context, "namespace");
	r->config->namespace = memory_string(s ? s : "default");
	s = string(r, context, "cluster");
	if (s)
		read_cluster(r, s);
	else
		diag_error(diags, context->at, "the context has no 'cluster'");
	s = string(r, context, "user");
	if (s)
		read_user(r, s);
	else
		diag_error(diags, context->at, "the context has no 'user'");
}

int kube_config_read(
	const char *path, const char *context, struct kube_config *ret, struct pale_err **err)
{
	struct pale_err *failed = NULL;
	struct arena *arena = arena_new();
	struct reading r = {
		.config = ret, .path = path, .context = context, .arena = arena, .err = &failed
	};
	int n;

	*ret = (struct kube_config){ 0 };
	n = yaml_config_read(path, arena, take_document, &r, err);
	arena_free(arena);
	if (n < 0)
		pale_err_free(failed);
	else if (failed) {
		*err = failed;
		return pale_err_wrap(err, "%s", path);
	}
	return n;
}

/* A small file without the white space at its end. */
static char *read_word(const char *path, struct pale_err **err)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char buffer[256];
	size_t n = f ? fread(buffer, 1, sizeof(buffer) - 1, f) : 0;

	while (n && isspace((unsigned char)buffer[n - 1]))
		n--;
	buffer[n] = '\0';
	if (n)
		return memory_string(buffer);
	pale_err_set(err, f ? EINVAL : errno, "read '%s'", path);
	return NULL;
}

static char *file_in(const char *dir, const char *name)
{
	struct text t = TEXT_INIT;

	text_printf(&t, "%s/%s", dir, name);
	return text_take(&t);
}

int kube_config_in_cluster(const char *dir, struct kube_config *ret, struct pale_err **err)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");
	_cleanup_free_ char *namespace = file_in(dir, "namespace");
	struct text server = TEXT_INIT;
	bool ipv6;

	*ret = (struct kube_config){ 0 };
	if (!host || !*host || !port || !*port)
		return pale_err_plain(err, ENOENT,
			"no API server is known: this is no pod, and no kubeconfig was named");
	ipv6 = strchr(host, ':') != NULL;
	text_printf(&server, "https://%s%s%s:%s", ipv6 ? "[" : "", host, ipv6 ? "]" : "", port);
	ret->server = text_take(&server);
	ret->ca_file = file_in(dir, "ca.crt");
	ret->token_file = file_in(dir, "token");
	ret->namespace = read_word(namespace, err);
	return ret->namespace ? 0 : -pale_err_errno(*err);
}

int kube_config_find(const char *path, struct kube_config *ret, struct pale_err **err)
{
	const char *env = getenv("KUBECONFIG");

	if (!path && env && *env)
		path = env;
	return path ? kube_config_read(path, NULL, ret, err)
		    : kube_config_in_cluster(KUBE_SERVICE_ACCOUNT, ret, err);
}

void kube_config_release(struct kube_config *c)
{
	free(c->server);
	free(c->ca_file);
	free(c->certificate_file);
	free(c->key_file);
	if (c->token)
		explicit_bzero(c->token, strlen(c->token));
	free(c->token);
	free(c->token_file);
	free(c->namespace);
	for (unsigned int i = 0; i < c->n_fds; i++)
		close(c->fds[i]);
	*c = (struct kube_config){ 0 };
}
