/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_APPARMOR_BINARY_H
#define TESTS_APPARMOR_BINARY_H

/*
 * What apparmor_parser makes of a profile, asked as the kernel asks it: the file automaton inside
 * the binary is run here. The table format is that of security/apparmor/match.c of Linux 6.1
 * (aa_dfa_unpack(), aa_dfa_match()); permissions are mapped as in file.c (aa_compute_fperms()).
 */

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AA_DFA_MAGIC	 0x1b5e783du
#define AA_DIFF_ENCODE	 0x80000000u
#define AA_FIRST_STATE	 1
#define AA_OTHER_SHIFT	 14
#define AA_PERMS	 0x7fu
#define AA_TABLE_DEFAULT 4
#define AA_TABLES	 10

struct aa_table {
	const uint8_t *data;
	uint32_t width, n;
};

struct aa_dfa {
	struct aa_table tables[AA_TABLES]; /* by id: 1 accept, 2 base, 3 check, 4 default, 5
					      classes, 8 next */
};

static inline uint32_t aa_u16(const uint8_t *b)
{
	return (uint32_t)b[0] << 8 | b[1];
}

static inline uint32_t aa_u32(const uint8_t *b)
{
	return aa_u16(b) << 16 | aa_u16(b + 2);
}

static inline uint32_t aa_at(const struct aa_dfa *d, int id, uint32_t i)
{
	const struct aa_table *t = &d->tables[id];

	assert(i < t->n);
	switch (t->width) {
	case 1:
		return t->data[i];
	case 2:
		return aa_u16(t->data + 2 * i);
	default:
		return aa_u32(t->data + 4 * i);
	}
}

/* From the magic on. */
static inline struct aa_dfa aa_dfa_read(const uint8_t *b)
{
	struct aa_dfa d = { 0 };
	uint32_t at = aa_u32(b + 4), end = aa_u32(b + 8);

	assert(aa_u32(b) == AA_DFA_MAGIC);
	while (at + 12 <= end && aa_u16(b + at)) {
		struct aa_table *t = &d.tables[aa_u16(b + at)];

		t->width = aa_u16(b + at + 2);
		t->n = aa_u32(b + at + 8);
		t->data = b + at + 12;
		at = (at + 12 + t->width * t->n + 7) & ~7u;
	}
	return d;
}

static inline uint32_t aa_next(const struct aa_dfa *d, uint32_t state, uint8_t byte)
{
	uint32_t c = d->tables[5].n ? aa_at(d, 5, byte) : byte;

	for (;;) {
		uint32_t base = aa_at(d, 2, state), pos = (base & 0xffffff) + c;

		if (pos < d->tables[3].n && aa_at(d, 3, pos) == state)
			return aa_at(d, 8, pos);
		state = aa_at(d, 4, state);
		if (!(base & AA_DIFF_ENCODE))
			return state;
	}
}

static inline uint32_t aa_match(
	const struct aa_dfa *d, uint32_t state, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		state = aa_next(d, state, ((const uint8_t *)bytes)[i]);
	return state;
}

static inline uint32_t aa_side(const struct aa_dfa *d, uint32_t state, bool owner)
{
	return aa_at(d, 1, state) >> (owner ? 0 : AA_OTHER_SHIFT) & AA_PERMS;
}

/* Permissions on @path: for its owner, or another. */
static inline uint32_t aa_permissions(
	const struct aa_dfa *d, const char *path, size_t len, bool owner)
{
	return aa_side(d, aa_match(d, AA_FIRST_STATE, path, len), owner);
}

#define AA_MAY_LINK 0x10u

/*
 * file.c, profile_path_link(): the new name alone, and then with what is linked to. Both are asked
 * about the owner of the latter.
 */
static inline bool aa_link(const struct aa_dfa *d, const char *name, size_t name_len,
	const char *target, size_t target_len, bool owner)
{
	uint32_t state = aa_match(d, AA_FIRST_STATE, name, name_len);

	if (!(aa_side(d, state, owner) & AA_MAY_LINK))
		return false;
	state = aa_match(d, aa_next(d, state, 0), target, target_len);
	return aa_side(d, state, owner) & AA_MAY_LINK;
}

struct aa_binary {
	uint8_t *bytes;
	size_t n;
};

/* Runs the parser; NULL bytes when it refuses. What it says goes to stderr. */
static inline struct aa_binary aa_compile(const char *text, size_t len)
{
	struct aa_binary b = { 0 };
	char path[] = "/tmp/pale-apparmor-XXXXXX", command[256];
	int fd = mkstemp(path);
	FILE *from;

	assert(fd >= 0);
	assert(write(fd, text, len) == (ssize_t)len);
	close(fd);
	snprintf(command, sizeof(command),
		"apparmor_parser -q -Q -K -S -M /etc/apparmor.d/abi/3.0 %s 2>%s.err", path, path);
	from = popen(command, "re");
	assert(from);
	for (size_t got = 1; got;) {
		b.bytes = realloc(b.bytes, b.n + 65536);
		got = fread(b.bytes + b.n, 1, 65536, from);
		b.n += got;
	}
	if (pclose(from) != 0 || b.n == 0) {
		free(b.bytes);
		b.bytes = NULL;
		snprintf(command, sizeof(command), "cat %s.err >&2", path);
		if (system(command) != 0)
			fprintf(stderr, "apparmor_parser failed\n");
	}
	strcat(strcpy(command, path), ".err");
	unlink(command);
	unlink(path);
	return b;
}

/* The automata between the profile @name and the next: the first is that of everything but files,
 * the last that of files. */
static inline bool aa_automaton(
	const struct aa_binary *b, const char *name, bool files, struct aa_dfa *ret)
{
	static const char head[] = "\x04\x08\x00profile\x00\x07\x05";
	const uint8_t *at = b->bytes, *end = b->bytes + b->n, *found = NULL;
	const size_t head_len = sizeof(head) - 1;

	while ((at = memmem(at, (size_t)(end - at), head, head_len))) {
		at += head_len;
		/* Two bytes of length, little-endian, NUL included. */
		if (!strcmp((const char *)at + 2, name))
			break;
	}
	if (!at)
		return false;
	end = memmem(at, (size_t)(end - at), head, head_len);
	if (!end)
		end = b->bytes + b->n;
	for (const uint8_t *s = at; (s = memmem(s, (size_t)(end - s), "\x1b\x5e\x78\x3d", 4));
		s++) {
		found = s;
		if (!files)
			break;
	}
	if (!found)
		return false;
	*ret = aa_dfa_read(found);
	return true;
}

static inline bool aa_file_dfa(const struct aa_binary *b, const char *name, struct aa_dfa *ret)
{
	return aa_automaton(b, name, true, ret);
}

static inline bool aa_policy_dfa(const struct aa_binary *b, const char *name, struct aa_dfa *ret)
{
	return aa_automaton(b, name, false, ret);
}

/* ---- what is not a file: security/apparmor/include/policy.h, AA_CLASS_… */

#define AA_CLASS_MOUNT	7
#define AA_CLASS_PTRACE 9
#define AA_CLASS_SIGNAL 10
#define AA_CLASS_NET	14

static inline uint32_t aa_class(const struct aa_dfa *d, uint8_t class)
{
	return aa_next(d, AA_FIRST_STATE, class);
}

static inline uint32_t aa_allowed(const struct aa_dfa *d, uint32_t state)
{
	return aa_at(d, 1, state) & AA_PERMS;
}

/* mount.c, do_match_mnt(); @flags: MS_…; "" for no source and no type. */
static inline bool aa_mount(const struct aa_dfa *d, const char *place, size_t place_len,
	const char *source, size_t source_len, const char *type, uint32_t flags)
{
	uint32_t s = aa_match(d, aa_class(d, AA_CLASS_MOUNT), place, place_len);

	s = aa_match(d, aa_next(d, s, 0), source, source_len);
	s = aa_match(d, aa_next(d, s, 0), type, strlen(type));
	s = aa_next(d, s, 0);
	for (unsigned int i = 0; i < 32; i++) {
		if (flags >> i & 1)
			s = aa_next(d, s, (uint8_t)(i + 1));
	}
	return aa_allowed(d, s) & 2;
}

/* mount.c, profile_umount() */
static inline bool aa_umount(const struct aa_dfa *d, const char *place, size_t len)
{
	return aa_allowed(d, aa_match(d, aa_class(d, AA_CLASS_MOUNT), place, len)) & 4;
}

/* ipc.c, profile_signal_perm(), sending; real-time signals begin at 128. */
static inline bool aa_signal(const struct aa_dfa *d, int number, const char *peer)
{
	uint8_t mapped = (uint8_t)(number < 32 ? number : number - 32 + 128);
	uint32_t s = aa_next(d, aa_class(d, AA_CLASS_SIGNAL), mapped);

	return aa_allowed(d, aa_match(d, s, peer, strlen(peer))) & 2;
}

/* task.c, profile_ptrace_perm(), tracing. */
static inline bool aa_ptrace(const struct aa_dfa *d, const char *peer)
{
	return aa_allowed(d, aa_match(d, aa_class(d, AA_CLASS_PTRACE), peer, strlen(peer))) & 2;
}

/* net.c, aa_profile_af_perm() */
static inline bool aa_socket(const struct aa_dfa *d, int family, int type)
{
	const uint8_t bytes[] = { (uint8_t)(family >> 8), (uint8_t)family, (uint8_t)(type >> 8),
		(uint8_t)type };

	return aa_allowed(d, aa_match(d, aa_class(d, AA_CLASS_NET), bytes, sizeof(bytes)));
}

#endif
