/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/audit_kmsg.h"

#include "compiler/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

int audit_kmsg_open(int *ret, struct pale_err **err)
{
	_cleanup_close_ int fd = open("/dev/kmsg", O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || lseek(fd, 0, SEEK_END) < 0)
		return pale_err_set(err, errno, "read the kernel's log");
	*ret = TAKE_FD(fd);
	return 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "\x5c" for what is not printable, and for the backslash itself. */
static size_t unescape(char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\\' && i + 3 < len && s[i + 1] == 'x' && digit(s[i + 2]) >= 0 &&
			digit(s[i + 3]) >= 0) {
			s[n++] = (char)(digit(s[i + 2]) << 4 | digit(s[i + 3]));
			i += 3;
		} else {
			s[n++] = s[i];
		}
	}
	return n;
}

/* "5,363,15966019,-;audit: type=1400 audit(…": priority and facility, sequence, time, flags. */
bool audit_kmsg_parse(char *line, size_t len, struct audit_record *ret)
{
	static const char head[] = "audit: type=";
	char *end = memchr(line, '\n', len), *p;
	unsigned int priority = 0, type = 0;

	/* After it come lines of the form " KEY=value". */
	len = end ? (size_t)(end - line) : len;
	end = line + len;
	for (p = line; p < end && digit(*p) >= 0 && digit(*p) < 10 && priority < 10000; p++)
		priority = priority * 10 + (unsigned int)digit(*p);
	/* Facility 0 is the kernel's own, which others cannot give theirs. */
	if (p == line || p == end || *p != ',' || priority >> 3)
		return false;
	p = memchr(line, ';', len);
	if (!p || (size_t)(end - ++p) < sizeof(head) || memcmp(p, head, sizeof(head) - 1) != 0)
		return false;
	p += sizeof(head) - 1;
	for (; p < end && digit(*p) >= 0 && digit(*p) < 10 && type < 10000; p++)
		type = type * 10 + (unsigned int)digit(*p);
	if (p == end || *p != ' ')
		return false;
	p++;
	return audit_record_parse(ret, (uint16_t)type, p, unescape(p, (size_t)(end - p)));
}

int audit_kmsg_read(int fd, char buffer[AUDIT_RECORD_BYTES], struct audit_record *ret)
{
	for (;;) {
		ssize_t n = read(fd, buffer, AUDIT_RECORD_BYTES);

		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0 && errno == EPIPE)
			return -ENOBUFS;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && audit_kmsg_parse(buffer, (size_t)n, ret))
			return 1;
	}
}
