/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/audit_record.h"

#include <string.h>

static bool take_number(char **s, const char *end, char until, uint64_t *ret)
{
	uint64_t n = 0;
	char *p = *s;

	for (; p < end && *p >= '0' && *p <= '9'; p++)
		n = n * 10 + (uint64_t)(*p - '0');
	if (p == *s || p == end || *p != until)
		return false;
	*s = p + 1;
	*ret = n;
	return true;
}

bool audit_record_parse(struct audit_record *r, uint16_t type, char *s, size_t len)
{
	static const char head[] = "audit(";
	char *p = s + sizeof(head) - 1;
	const char *end = s + len;
	uint64_t seconds, milliseconds, serial;

	if (len < sizeof(head) || memcmp(s, head, sizeof(head) - 1) != 0 ||
		!take_number(&p, end, '.', &seconds) || !take_number(&p, end, ':', &milliseconds) ||
		!take_number(&p, end, ')', &serial) || end - p < 2 || memcmp(p, ": ", 2) != 0)
		return false;
	*r = (struct audit_record){
		.type = type,
		.serial = (uint32_t)serial,
		.time_ns = seconds * 1000000000 + milliseconds * 1000000,
		.text = p + 2,
		.len = (size_t)(end - p - 2),
	};
	return true;
}

static uint64_t *word_of(struct audit_serials *s, uint32_t serial)
{
	return &s->seen[serial % AUDIT_SERIALS_WINDOW / 64];
}

static uint64_t bit_of(uint32_t serial)
{
	return UINT64_C(1) << serial % 64;
}

static uint64_t unseen(const struct audit_serials *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < AUDIT_SERIALS_WINDOW / 64; i++)
		n += 64 - (uint64_t)__builtin_popcountll(s->seen[i]);
	return n;
}

void audit_serials_add(struct audit_serials *s, uint32_t serial)
{
	/* They wrap. */
	int32_t ahead = (int32_t)(serial - s->newest);

	if (!s->any) {
		/* What was before does not count. */
		memset(s->seen, 0xff, sizeof(s->seen));
		s->any = true;
		s->newest = serial;
		return;
	}
	if (ahead > AUDIT_SERIALS_WINDOW) {
		s->missing += unseen(s) + (uint64_t)ahead - AUDIT_SERIALS_WINDOW;
		memset(s->seen, 0, sizeof(s->seen));
		s->newest = serial;
	}
	while (s->newest != serial && (int32_t)(serial - s->newest) > 0) {
		s->newest++;
		s->missing += !(*word_of(s, s->newest) & bit_of(s->newest));
		*word_of(s, s->newest) &= ~bit_of(s->newest);
	}
	if (ahead <= -AUDIT_SERIALS_WINDOW)
		return;
	*word_of(s, serial) |= bit_of(serial);
}

uint64_t audit_serials_missing(const struct audit_serials *s)
{
	return s->any ? s->missing + unseen(s) : 0;
}
