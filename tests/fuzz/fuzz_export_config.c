/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as export.conf: refused with a place, or all of it understood. */
#include "compiler/base/cleanup.h"
#include "enforcer/export/config.h"
#include "enforcer/export/spool.h"

#include <string.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(int holds)
{
	if (!holds)
		abort();
}

static void check(const struct output_config *o)
{
	must(o->name && *o->name && !strpbrk(o->name, "/."));
	must(o->type < OUTPUT_TYPES && o->format < EXPORT_FORMATS);
	must(o->spool >= SPOOL_BYTES_MIN && o->spool <= SPOOL_BYTES_MAX);
	must(o->batch >= 1 && o->retry_max_ns >= 1000000000);
	must(o->type != OUTPUT_FILE || *o->path == '/');
	must(o->type != OUTPUT_SYSLOG || o->path || (o->host && o->port));
	must((o->type != OUTPUT_WEBHOOK && o->type != OUTPUT_OTLP) ||
		strncmp(o->url, "http", 4) == 0);
	for (uint32_t i = 0; i < o->headers.n; i++)
		must(!strpbrk(o->headers.v[i], "\r\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	_cleanup_close_ int fd = memfd_create("export.conf", 0);
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct export_config c;
	char path[64];

	must(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (export_config_read(path, &c, &err) < 0) {
		must(!c.arena && strncmp(pale_err_text(err), path, strlen(path)) == 0);
		return 0;
	}
	must(!err && (c.n_outputs || c.metrics));
	for (uint32_t i = 0; i < c.n_outputs; i++)
		check(&c.outputs[i]);
	export_config_release(&c);
	return 0;
}
