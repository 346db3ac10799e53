/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LEARN_RUN_H
#define PALE_LEARN_RUN_H

/*
 * What one run of a program was seen to do: the border between who watches (a recorder, which adds)
 * and who makes a policy of it (learn.h, which reads).
 *
 *	struct learn_run *run = learn_run_new("seccomp-notify", id, now);
 *	learn_run_add(run, &(struct learn_observation){ .operation = OP_READ, .object = path, … });
 *	learn_run_lost(run, n, "paths that could not be resolved");
 *	learn_run_write(run, &text);
 *
 * A run has an id that no other has: by it runs are joined, and the same run twice is one. A run of
 * which anything was lost is partial, for ever, and says what.
 *
 * Memory is bounded, whatever the program does. What was seen equally is one observation with a
 * count. Where a directory has more than LEARN_CHILDREN_MAX names that were seen, they become one
 * observation of the directory that is @folded; where all together get too many, directories with
 * fewer names are folded, too. Nothing is lost by that but the names. What is no file and exceeds
 * LEARN_OTHERS_MAX is lost, and the run says so.
 */

#include "compiler/base/arena.h"
#include "compiler/base/error.h"
#include "compiler/base/text.h"
#include "compiler/policy.h"

#include <stdbool.h>
#include <stdint.h>

/* When a container or program did something. */
enum learn_phase {
	LEARN_RUNTIME, /* before the program's own first exec: the container runtime did it */
	LEARN_INIT,
	LEARN_STEADY,
	LEARN_SHUTDOWN,
	LEARN_PHASES,
};
extern const char *const learn_phase_names[LEARN_PHASES];
#define LEARN_PHASE_BIT(phase) (1u << (phase))

/*
 * @object, by the operation:
 *
 *	files, exec, umount	the path as rules see it: absolute, resolved, the caller's own
 *				/proc/PID as /proc/self, a directory with its '/' at the end;
 *				empty for CLASS_ANONYMOUS. rename and link: one for each path
 *	connect, listen		"tcp 10.0.0.1:443", "udp [::1]:53", "icmp 10.0.0.1",
 *				"unix /run/x", "unix abstract:NAME" (any bytes)
 *	socket			"packet", "netlink(ROUTE)"
 *	signal			"TERM to self", "TERM to any" (not of the program)
 *	ptrace			"self", "any"
 *	mount, bind		the path it is on; @source, @fstype (mount alone), @mount_flags
 *	capability, syscall	the name
 *	fork, userns, pivot	empty
 *
 * The bytes are copied; they need not be text. `limit` cannot be observed.
 */
struct learn_observation {
	enum operation operation;
	const char *object;
	uint32_t object_len;
	const char *executable; /* of who did it; NULL: not known */
	uint32_t executable_len;
	enum object_class object_class; /* exec, map */
	bool execed;			/* by what was executed into the container from outside */
	bool created;			/* the file was made by the program in this run */
	bool image;			/* the file is the image's: it lies in the lower layers */
	bool folded;	/* all that lies below the directory @object: more names than are kept */
	uint8_t phases; /* LEARN_PHASE_BIT()s; 0: init */
	const char *source, *fstype; /* mount, bind; NULL: none */
	uint32_t source_len;
	uint32_t mount_flags; /* MOUNT_… */
	/* syscall. Of the arguments that the vocabulary describes, those whose bit is in @known: as
	 * vocab_argument_value() has them. */
	enum abi abi;
	uint8_t known;
	uint64_t values[6];
	uint64_t count;	      /* 0 is 1 */
	uint64_t first, last; /* seconds since 1970; @last 0: as @first */
};

/* Something that was not seen, or not kept. */
struct learn_loss {
	const char *why;
	uint64_t count;
};

struct learn_run;

#define LEARN_CHILDREN_MAX 1024		      /* names of one directory */
#define LEARN_NODES_MAX	   65000	      /* files and directories together */
#define LEARN_ITEMS_MAX	   65000	      /* observations */
#define LEARN_OTHERS_MAX   16384	      /* of them, those of no file */
#define LEARN_BYTES_MAX	   ((size_t)64 << 20) /* of all that a run keeps */
#define LEARN_WRITTEN_MAX  ((size_t)32 << 20) /* of the strings, each as often as it is written */
#define LEARN_LOSSES_MAX   64
#define LEARN_ID_MAX	   128

/*
 * @recorder: how it was watched, "seccomp-notify", "bpf-lsm", "tracepoint"; @id: 1 to LEARN_ID_MAX
 * letters, digits, '.', '_', ':' or '-'; @time in seconds since 1970. Never NULL.
 */
struct learn_run *learn_run_new(const char *recorder, const char *id, uint64_t time);
void learn_run_free(struct learn_run *run);
void learn_run_freep(struct learn_run **run);
/* The program that was started: /proc/PID/exe of the first exec. */
void learn_run_program(struct learn_run *run, const char *path, size_t len);

/* What no operation can mean (learn_object.h) is a loss of the run. */
void learn_run_add(struct learn_run *run, const struct learn_observation *seen);
/*
 * A call by its number and registers under @abi; @known: bit (i) for registers that are known. A
 * number that the tables do not know is a loss. @seen has the rest.
 */
void learn_run_add_call(struct learn_run *run, const struct learn_observation *seen, enum abi abi,
	int64_t number, const uint64_t registers[6], uint8_t known);
/* Makes the run partial. Losses of one reason are added up. */
void learn_run_lost(struct learn_run *run, uint64_t count, const char *why);

const char *learn_run_id(const struct learn_run *run);
const char *learn_run_recorder(const struct learn_run *run);
uint64_t learn_run_time(const struct learn_run *run);
/* NULL when it is not known. */
const char *learn_run_program_path(const struct learn_run *run, uint32_t *ret_len);
/* In order of bytes: operation, object, executable, …; valid until something is added. */
const struct learn_observation *learn_run_observations(struct learn_run *run, uint32_t *ret_n);
/* None: the run is complete. In order of their reasons. */
const struct learn_loss *learn_run_losses(const struct learn_run *run, uint32_t *ret_n);
size_t learn_run_bytes(const struct learn_run *run);

/* A total order of what is seen, by all that tells two observations apart (not counts and times).
 */
int learn_observation_compare(const struct learn_observation *a, const struct learn_observation *b);

/* ---- as text: learn_run_json.c */

/*
 * One line of JSON:
 *
 *	{"pale-run": 1, "id": "…", "time": 1764171937, "recorder": "bpf-lsm", "program": "/usr/…",
 *	 "complete": false, "lost": [{"why": "…", "count": 3}],
 *	 "observations": [{"operation": "read", "object": "/etc/passwd", "executable": "/usr/…",
 *		"phases": ["init"], "count": 2, "first": 1764171937, "last": 1764171940}, …]}
 *
 * Beside these an observation has, where they are not what goes without saying, "class": "drift" or
 * "anonymous"; "exec", "created", "image", "folded": true; "source", "fstype", "options": ["ro"];
 * "abi": "x86", "arguments": {"cmd": 21505}. In objects, executables, sources and programs a
 * backslash is written `\\`, and control characters and bytes that are no UTF-8 as `\xHH` (the JSON
 * string has the backslash doubled once more), so that any bytes come back as they were.
 */
void learn_run_write(struct learn_run *run, struct text *to);

struct learn_runs {
	struct learn_run **v;
	uint32_t n, cap;
};
void learn_runs_release(struct learn_runs *runs);

/*
 * Reads all runs of @bytes, one after another with any blanks between them, into @runs: a file of
 * one run as well as one line for each. A run whose id is there already must be the same in every
 * respect, and is not added. The input may be hostile: -EINVAL with "NAME:LINE: WAY: what is
 * wrong", where LINE is the one that the run begins in.
 */
int learn_runs_read(struct learn_runs *runs, const char *name, const char *bytes, size_t len,
	struct pale_err **err);
/* By their ids, as they are written. */
void learn_runs_sort(struct learn_runs *runs);

#endif
