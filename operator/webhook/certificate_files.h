/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_WEBHOOK_CERTIFICATE_FILES_H
#define PALE_WEBHOOK_CERTIFICATE_FILES_H

/*
 * A Secret's tls.crt and tls.key as a kubelet mounts them: looked at each few seconds, since it
 * exchanges the folder behind a link, of which inotify on the files tells nothing.
 */

#include "operator/webhook/server.h"

struct certificate_files;

/*
 * Sets them as @server's certificate now, where they are there already, and again whenever they are
 * others. @tell hears, once for each, of what cannot be used: the one before stays, and one of them
 * may still be the old one. @folder and @server are borrowed.
 */
int certificate_files_follow(sd_event *event, const char *folder, struct webhook_server *server,
	void (*tell)(const struct pale_err *err), struct certificate_files **ret,
	struct pale_err **err);
void certificate_files_free(struct certificate_files *f);

#endif
