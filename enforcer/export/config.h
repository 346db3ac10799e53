/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EXPORT_CONFIG_H
#define PALE_EXPORT_CONFIG_H

/* pale-export.conf(5): where events go. YAML. */

#include "compiler/base/arena.h"
#include "compiler/base/error.h"
#include "enforcer/export/format.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum output_type {
	OUTPUT_FILE,
	OUTPUT_STDOUT,
	OUTPUT_JOURNALD,
	OUTPUT_SYSLOG,
	OUTPUT_WEBHOOK,
	OUTPUT_OTLP,
	OUTPUT_TYPES,
};
extern const char *const output_type_names[OUTPUT_TYPES];

enum syslog_transport { SYSLOG_UNIX, SYSLOG_TCP, SYSLOG_TLS };

struct text_list {
	const char **v;
	uint32_t n, cap;
};

struct output_config {
	const char *name; /* letters, digits, '-' and '_': a folder and a label are called by it */
	enum output_type type;
	enum export_format format;
	const char *path; /* of a file; of a unix socket: of journald and syslog */
	uint64_t size;	  /* of a file, before it is renamed */
	const char *url;  /* of webhooks and OTLP */
	enum syslog_transport transport;
	const char *host; /* of syslog over TCP and TLS; an IPv6 address without brackets */
	uint16_t port;
	int facility;
	/* Of TLS; NULL: the system's certificates, and none of one's own. */
	const char *ca_file, *certificate_file, *key_file;
	struct text_list headers; /* "Name: value" */
	uint32_t batch;		  /* events in a request, at most */
	uint64_t spool;		  /* bytes */
	uint64_t retry_max_ns;
	struct text_list kinds, profiles; /* none: all */
};

struct export_config {
	struct arena *arena; /* of all below */
	struct output_config *outputs;
	uint32_t n_outputs, cap_outputs;
	uint64_t fold_ns;
	const char *node; /* NULL: the host's name */
	bool metrics;
	struct sockaddr_storage metrics_address;
};

/*
 * Reads @path, which must be there: without an output there is nothing to do. -EINVAL, with the
 * line and column, for what is not understood.
 */
int export_config_read(const char *path, struct export_config *ret, struct pale_err **err);
void export_config_release(struct export_config *c);

#endif
