/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/runtime/runtime_log.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/json_text.h"
#include "compiler/base/text.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

static const char *const level_names[] = {
	[RUNTIME_LOG_ERROR] = "error",
	[RUNTIME_LOG_WARNING] = "warning",
};

static char *json_line(enum log_level level, const char *message, const char *time)
{
	json_t *line = json_pack("{s:s, s:o, s:s}", "level", level_names[level], "msg",
		json_text(message), "time", time);
	struct text t = TEXT_INIT;
	char *s = json_dumps(line, JSON_COMPACT);

	if (!s)
		abort();
	text_printf(&t, "%s\n", s);
	free(s);
	json_decref(line);
	return text_take(&t);
}

static char *text_line(enum log_level level, const char *message, const char *time)
{
	struct text t = TEXT_INIT;

	text_printf(&t, "time=\"%s\" level=%s msg=\"", time, level_names[level]);
	for (; *message; message++) {
		if (*message == '"' || *message == '\\')
			text_putc(&t, '\\');
		if (*message == '\n')
			text_puts(&t, "\\n");
		else
			text_putc(&t, *message);
	}
	text_puts(&t, "\"\n");
	return text_take(&t);
}

char *runtime_log_line(bool json, enum log_level level, const char *message, const char *time)
{
	return json ? json_line(level, message, time) : text_line(level, message, time);
}

/* NULL: there is none, or it is no file of its own. */
static const char *log_file(const struct command_line *cl)
{
	const char *file = option_value(&cl->globals, OPTION_LOG, NULL);

	if (!file || !*file || !strcmp(file, "/dev/stderr"))
		return NULL;
	if (cl->kind == REAL_RUNC)
		return file;
	if (!strncmp(file, "file:", 5))
		return file + 5;
	/* crun's syslog:NAME and journald:NAME. */
	return strchr(file, ':') ? NULL : file;
}

void runtime_log(const struct command_line *cl, enum log_level level, const char *message)
{
	_cleanup_free_ char *line = NULL;
	_cleanup_close_ int fd = -1;
	const char *file = log_file(cl);
	char now[32];
	time_t t = time(NULL);
	struct tm utc;

	fprintf(stderr, "pale-runtime: %s%s\n", level == RUNTIME_LOG_WARNING ? "warning: " : "",
		message);
	if (!file)
		return;
	strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &utc));
	line = runtime_log_line(
		!strcmp(option_value(&cl->globals, OPTION_LOG_FORMAT, "text"), "json"), level,
		message, now);
	fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
	/* Standard error has it. */
	if (fd >= 0 && write(fd, line, strlen(line)) < 0)
		return;
}
