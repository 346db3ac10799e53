/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The webhook alone, with a cluster from a file, for tests and benchmarks:
 *
 *	webhook_server CLUSTER.json FOLDER [PORT]   serves with FOLDER/tls.crt and tls.key, which it
 *	                                            follows; prints "port N". "-": it knows none
 *	webhook_server --certificates FOLDER        writes certificates for localhost
 */
#include "compiler/base/cleanup.h"
#include "operator/cluster/cluster.h"
#include "operator/webhook/certificate_files.h"
#include "operator/webhook/certificates.h"

#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <time.h>

static int fail(const struct pale_err *err)
{
	fprintf(stderr, "webhook_server: %s\n", err ? pale_err_text(err) : "failed");
	return 1;
}

static void tell(const struct pale_err *err)
{
	fprintf(stderr, "webhook_server: %s\n", pale_err_text(err));
}

static bool write_file(const char *folder, const char *name, const char *text)
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[512], whole[512];

	snprintf(path, sizeof(path), "%s/.%s", folder, name);
	snprintf(whole, sizeof(whole), "%s/%s", folder, name);
	f = fopen(path, "w");
	return f && fputs(text, f) >= 0 && fflush(f) == 0 && rename(path, whole) == 0;
}

static int make_certificates(const char *folder)
{
	static const char *const names[] = { "localhost" };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct webhook_certificates c = { 0 };
	_cleanup_free_ char *bundle = NULL;
	bool changed;

	if (webhook_certificates_renew(&c, names, 1, time(NULL), &changed, &err) < 0)
		return fail(err);
	bundle = webhook_certificates_bundle(&c);
	if (!write_file(folder, "ca.crt", bundle) ||
		!write_file(folder, "tls.crt", c.server.certificate) ||
		!write_file(folder, "tls.key", c.server.key))
		return fail(NULL);
	webhook_certificates_release(&c);
	return 0;
}

static bool fill(struct cluster *c, const char *path)
{
	static const char *const kinds[CLUSTER_KINDS] = { "Namespace", "PaleProfile", "PaleBinding",
		"PaleRecording" };
	json_t *all = json_load_file(path, 0, NULL), *object;
	size_t i;

	for (int kind = 0; all && kind < CLUSTER_KINDS; kind++) {
		json_array_foreach (all, i, object) {
			const char *is = json_string_value(json_object_get(object, "kind"));

			if (is && strcmp(is, kinds[kind]) == 0)
				cluster_put(c, (enum cluster_kind)kind, object, NULL);
		}
		cluster_set_listed(c, (enum cluster_kind)kind);
	}
	json_decref(all);
	return all != NULL;
}

static int serve(const char *file, const char *folder, uint16_t port)
{
	static const struct admission_config config = { "pale-system", "pale" };
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct webhook_server *server = NULL;
	struct certificate_files *files = NULL;
	struct cluster cluster;
	sd_event *event = NULL;
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	signal(SIGPIPE, SIG_IGN);
	cluster_init(&cluster);
	if (strcmp(file, "-") != 0 && !fill(&cluster, file))
		return fail(NULL);
	if (sd_event_default(&event) < 0 ||
		sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL) < 0)
		return fail(NULL);
	if (webhook_server_new(
		    event, (struct sockaddr *)&address, &config, &cluster, &server, &err) < 0 ||
		certificate_files_follow(event, folder, server, tell, &files, &err) < 0)
		return fail(err);
	printf("port %u\n", webhook_server_port(server));
	fflush(stdout);
	sd_event_loop(event);
	certificate_files_free(files);
	webhook_server_free(server);
	cluster_release(&cluster);
	sd_event_unref(event);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--certificates") == 0)
		return make_certificates(argv[2]);
	if (argc == 3 || argc == 4)
		return serve(argv[1], argv[2], argc == 4 ? (uint16_t)atoi(argv[3]) : 0);
	fputs("usage: webhook_server CLUSTER.json FOLDER [PORT] | --certificates FOLDER\n", stderr);
	return 2;
}
