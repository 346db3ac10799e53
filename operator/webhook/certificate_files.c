/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/webhook/certificate_files.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "operator/memory.h"

#include <errno.h>
#include <fcntl.h>

#define LOOK_US	       ((uint64_t)2000000)
#define FILE_BYTES_MAX ((size_t)64 << 10)

struct certificate_files {
	const char *folder;
	struct webhook_server *server;
	sd_event_source *timer;
	void (*tell)(const struct pale_err *err);
	char *chain, *key; /* as they were when they were last looked at; NULL: never */
};

static int read_file(const char *folder, const char *name, struct text *ret, struct pale_err **err)
{
	_cleanup_(text_release) struct text path = TEXT_INIT;
	char buffer[4096];
	_cleanup_close_ int fd = -1;
	ssize_t n;

	text_printf(&path, "%s/%s", folder, name);
	fd = open(text_str(&path), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return pale_err_set(err, errno, "%s", text_str(&path));
	while ((n = read(fd, buffer, sizeof(buffer))) > 0 && ret->len <= FILE_BYTES_MAX)
		text_add(ret, buffer, (size_t)n);
	if (n < 0)
		return pale_err_set(err, errno, "%s", text_str(&path));
	return ret->len > FILE_BYTES_MAX
		       ? pale_err_plain(err, EFBIG, "%s is no certificate", text_str(&path))
		       : 0;
}

static bool is_same(const char *was, const struct text *is)
{
	return was && strcmp(was, text_str(is)) == 0;
}

static int look(struct certificate_files *f, struct pale_err **err)
{
	_cleanup_(text_release) struct text chain = TEXT_INIT, key = TEXT_INIT;
	int r = read_file(f->folder, "tls.crt", &chain, err);

	if (r == 0)
		r = read_file(f->folder, "tls.key", &key, err);
	if (r < 0)
		return r;
	if (is_same(f->chain, &chain) && is_same(f->key, &key))
		return 0;
	free(f->chain);
	free(f->key);
	f->chain = memory_string(text_str(&chain));
	f->key = memory_string(text_str(&key));
	r = webhook_server_set_certificate(f->server, f->chain, f->key, err);
	return r < 0 ? pale_err_wrap(err, "%s", f->folder) : 0;
}

static void look_and_tell(struct certificate_files *f)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;

	if (look(f, &err) < 0 && pale_err_errno(err) != ENOENT)
		f->tell(err);
}

static int on_timer(sd_event_source *source, uint64_t us, void *ctx)
{
	(void)us;
	look_and_tell(ctx);
	sd_event_source_set_time_relative(source, LOOK_US);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

int certificate_files_follow(sd_event *event, const char *folder, struct webhook_server *server,
	void (*tell)(const struct pale_err *err), struct certificate_files **ret,
	struct pale_err **err)
{
	struct certificate_files *f = memory_new(sizeof(*f));
	int r;

	f->folder = folder;
	f->server = server;
	f->tell = tell;
	r = sd_event_add_time_relative(
		event, &f->timer, CLOCK_MONOTONIC, LOOK_US, LOOK_US / 4, on_timer, f);
	if (r < 0) {
		free(f);
		return pale_err_set(err, -r, "timer");
	}
	look_and_tell(f);
	*ret = f;
	return 0;
}

void certificate_files_free(struct certificate_files *f)
{
	if (!f)
		return;
	sd_event_source_disable_unref(f->timer);
	free(f->chain);
	free(f->key);
	free(f);
}
