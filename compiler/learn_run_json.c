/* SPDX-License-Identifier: Apache-2.0 */
/* Runs as JSON. What is read may be anybody's. */
#include "compiler/learn_run.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/formatted.h"
#include "compiler/base/suggest.h"
#include "compiler/base/utf8.h"
#include "compiler/learn_object.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#define VERSION 1

static const char *const class_names[CLASS_COUNT] = {
	[CLASS_PLAIN] = "plain", [CLASS_DRIFT] = "drift", [CLASS_ANONYMOUS] = "anonymous"
};
static const char *const mount_flag_names[] = { "ro", "nosuid", "nodev", "noexec" };

#define N(a) (sizeof(a) / sizeof(*(a)))

/* ---- writing */

/* Bytes as a JSON string: a backslash doubled, what is no text as \xHH. */
static json_t *from_bytes(const char *s, size_t len)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	json_t *made;

	for (size_t i = 0; i < len;) {
		const unsigned char *at = (const unsigned char *)s + i;
		size_t n = utf8_sequence(at, len - i);

		if (n == 0 || *at < 0x20 || *at == 0x7f)
			text_printf(&t, "\\x%02x", *at);
		else if (*at == '\\')
			text_puts(&t, "\\\\");
		else
			text_add(&t, at, n);
		i += n ? n : 1;
	}
	made = json_stringn(text_str(&t), t.len);
	if (!made)
		abort();
	return made;
}

static void set(json_t *o, const char *name, json_t *v)
{
	if (json_object_set_new(o, name, v) < 0)
		abort();
}

static json_t *phases_json(uint8_t phases)
{
	json_t *list = json_array();

	for (int i = 0; i < LEARN_PHASES; i++) {
		if (phases & LEARN_PHASE_BIT(i))
			json_array_append_new(list, json_string(learn_phase_names[i]));
	}
	return list;
}

/* jansson's integers are signed: what exceeds them is a string of digits. */
static json_t *whole(uint64_t v)
{
	return v <= INT64_MAX ? json_integer((json_int_t)v)
			      : json_sprintf("%llu", (unsigned long long)v);
}

static void set_call(json_t *o, const struct learn_observation *x, enum abi abi)
{
	int call = vocab_syscall_find(x->object);
	json_t *arguments;

	if (x->abi != abi)
		set(o, "abi", json_string(vocab_abi_name(x->abi)));
	if (!x->known || call < 0)
		return;
	arguments = json_object();
	for (uint8_t i = 0; i < vocab_syscalls[call].n_arguments; i++) {
		if (x->known & (1u << i))
			set(arguments, vocab_syscalls[call].arguments[i].name, whole(x->values[i]));
	}
	set(o, "arguments", arguments);
}

static json_t *observation_json(const struct learn_observation *x)
{
	json_t *o = json_object();
	json_t *options;

	set(o, "operation", json_string(vocab_operations[x->operation].name));
	if (x->object_len)
		set(o, "object", from_bytes(x->object, x->object_len));
	if (x->executable)
		set(o, "executable", from_bytes(x->executable, x->executable_len));
	if (x->object_class != CLASS_PLAIN)
		set(o, "class", json_string(class_names[x->object_class]));
	if (x->execed)
		set(o, "exec", json_true());
	if (x->created)
		set(o, "created", json_true());
	if (x->image)
		set(o, "image", json_true());
	if (x->folded)
		set(o, "folded", json_true());
	if (x->source)
		set(o, "source", from_bytes(x->source, x->source_len));
	if (x->fstype)
		set(o, "fstype", json_string(x->fstype));
	if (x->mount_flags) {
		options = json_array();
		for (unsigned int i = 0; i < N(mount_flag_names); i++) {
			if (x->mount_flags & (1u << i))
				json_array_append_new(options, json_string(mount_flag_names[i]));
		}
		set(o, "options", options);
	}
	if (x->operation == OP_SYSCALL)
		set_call(o, x, vocab_abi_native());
	set(o, "phases", phases_json(x->phases));
	set(o, "count", whole(x->count));
	set(o, "first", whole(x->first));
	set(o, "last", whole(x->last));
	return o;
}

static int to_text(const char *bytes, size_t len, void *ctx)
{
	text_add(ctx, bytes, len);
	return 0;
}

void learn_run_write(struct learn_run *run, struct text *to)
{
	json_t *root = json_object(), *list = json_array();
	uint32_t n, len;
	const struct learn_loss *losses = learn_run_losses(run, &n);
	const struct learn_observation *v;
	const char *program = learn_run_program_path(run, &len);

	set(root, "pale-run", json_integer(VERSION));
	set(root, "id", from_bytes(learn_run_id(run), strlen(learn_run_id(run))));
	set(root, "time", whole(learn_run_time(run)));
	set(root, "recorder", from_bytes(learn_run_recorder(run), strlen(learn_run_recorder(run))));
	if (program)
		set(root, "program", from_bytes(program, len));
	/* Names of calls are the same everywhere, numbers of arguments not. */
	set(root, "abi", json_string(vocab_abi_name(vocab_abi_native())));
	set(root, "complete", json_boolean(n == 0));
	if (n) {
		json_t *lost = json_array();

		for (uint32_t i = 0; i < n; i++)
			json_array_append_new(
				lost, json_pack("{s:o, s:o}", "why",
					      from_bytes(losses[i].why, strlen(losses[i].why)),
					      "count", whole(losses[i].count)));
		set(root, "lost", lost);
	}
	v = learn_run_observations(run, &n);
	for (uint32_t i = 0; i < n; i++)
		json_array_append_new(list, observation_json(&v[i]));
	set(root, "observations", list);
	if (json_dump_callback(root, to_text, to, JSON_COMPACT | JSON_PRESERVE_ORDER) < 0)
		abort();
	text_putc(to, '\n');
	json_decref(root);
}

/* ---- reading */

struct reader {
	struct arena *arena;
	const char *where; /* "observations[3]"; "" at the top */
	struct pale_err **err;
	enum abi abi;
};

static int wrong(struct reader *r, const char *member, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* -EINVAL: "observations[3].object: …". */
static int wrong(struct reader *r, const char *member, const char *format, ...)
{
	_cleanup_free_ char *s = FORMATTED(format);

	return pale_err_plain(r->err, EINVAL, "%s%s%s%s%s", r->where,
		*r->where && *member ? "." : "", member, *r->where || *member ? ": " : "", s);
}

static const char *kind_of(const json_t *v)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object",
		[JSON_ARRAY] = "an array",
		[JSON_STRING] = "a string",
		[JSON_INTEGER] = "a whole number",
		[JSON_REAL] = "a number with a fraction",
		[JSON_TRUE] = "true",
		[JSON_FALSE] = "false",
		[JSON_NULL] = "null",
	};

	return names[json_typeof(v)];
}

/* Members that are not known are mistakes: they may have meant something. */
static int known_members(struct reader *r, json_t *o, const char *const *names)
{
	const char *name;
	json_t *v;

	json_object_foreach (o, name, v) {
		const char *const *known = names;
		struct suggest near;

		suggest_init(&near, name);
		for (; *known && strcmp(*known, name) != 0; known++)
			suggest_offer(&near, *known);
		if (*known)
			continue;
		if (suggest_best(&near))
			return wrong(r, "", "unknown member '%s'; did you mean '%s'?", name,
				suggest_best(&near));
		return wrong(r, "", "unknown member '%s'", name);
	}
	return 0;
}

static int hex(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* A string of from_bytes(). *@ret NULL where the member is not there. */
static int bytes_member(
	struct reader *r, json_t *o, const char *name, const char **ret, uint32_t *ret_len)
{
	json_t *v = json_object_get(o, name);
	const char *s;
	size_t len, n = 0;
	char *to;

	*ret = NULL;
	*ret_len = 0;
	if (!v)
		return 0;
	if (!json_is_string(v))
		return wrong(r, name, "expected a string, found %s", kind_of(v));
	s = json_string_value(v);
	len = json_string_length(v);
	to = arena_alloc(r->arena, len + 1);
	for (size_t i = 0; i < len; i++) {
		if (s[i] != '\\') {
			to[n++] = s[i];
		} else if (i + 1 < len && s[i + 1] == '\\') {
			to[n++] = '\\';
			i++;
		} else if (i + 3 < len && s[i + 1] == 'x' && hex(s[i + 2]) >= 0 &&
			   hex(s[i + 3]) >= 0) {
			to[n++] = (char)(hex(s[i + 2]) * 16 + hex(s[i + 3]));
			i += 3;
		} else {
			return wrong(r, name,
				"a '\\' stands before another one or before xHH, in lower case");
		}
	}
	*ret = to;
	*ret_len = (uint32_t)n;
	return 0;
}

/* Text without NUL, of at most @max bytes. */
static int text_member(struct reader *r, json_t *o, const char *name, size_t max, const char **ret)
{
	uint32_t len;
	int e = bytes_member(r, o, name, ret, &len);

	if (e < 0 || !*ret)
		return e;
	if (len == 0 || len > max || memchr(*ret, 0, len))
		return wrong(r, name, "expected 1 to %zu bytes without a NUL", max);
	return 0;
}

static int whole_value(struct reader *r, const char *name, json_t *v, uint64_t *ret)
{
	*ret = 0;
	if (json_is_integer(v)) {
		if (json_integer_value(v) < 0)
			return wrong(r, name, "expected a number from 0 on");
		*ret = (uint64_t)json_integer_value(v);
		return 0;
	}
	if (json_is_string(v)) {
		const char *s = json_string_value(v);
		bool any = *s;

		for (; *s; s++) {
			if (*s < '0' || *s > '9' ||
				__builtin_mul_overflow(*ret, (uint64_t)10, ret) ||
				__builtin_add_overflow(*ret, (uint64_t)(*s - '0'), ret))
				any = false;
			if (!any)
				break;
		}
		if (any)
			return 0;
	}
	return wrong(r, name, "expected a whole number below 2^64, found %s", kind_of(v));
}

static int whole_member(
	struct reader *r, json_t *o, const char *name, uint64_t otherwise, uint64_t *ret)
{
	json_t *v = json_object_get(o, name);

	*ret = otherwise;
	return v ? whole_value(r, name, v, ret) : 0;
}

static int bool_member(struct reader *r, json_t *o, const char *name, bool *ret)
{
	json_t *v = json_object_get(o, name);

	*ret = json_is_true(v);
	if (v && !json_is_boolean(v))
		return wrong(r, name, "expected true or false, found %s", kind_of(v));
	return 0;
}

/* The index in @names; @otherwise where the member is not there. */
static int name_member(struct reader *r, json_t *o, const char *member, const char *const *names,
	size_t n, unsigned int otherwise, unsigned int *ret)
{
	json_t *v = json_object_get(o, member);

	*ret = otherwise;
	if (!v)
		return 0;
	if (!json_is_string(v))
		return wrong(r, member, "expected a string, found %s", kind_of(v));
	for (*ret = 0; *ret < n; ++*ret) {
		if (!strcmp(names[*ret], json_string_value(v)))
			return 0;
	}
	return wrong(r, member, "unknown word '%s'", json_string_value(v));
}

/* A list of words as bits. */
static int bits_member(struct reader *r, json_t *o, const char *member, const char *const *names,
	size_t n, uint32_t *ret)
{
	json_t *v = json_object_get(o, member), *word;
	size_t at;

	*ret = 0;
	if (!v)
		return 0;
	if (!json_is_array(v))
		return wrong(r, member, "expected an array, found %s", kind_of(v));
	json_array_foreach (v, at, word) {
		size_t i = 0;

		if (!json_is_string(word))
			return wrong(r, member, "expected strings, found %s", kind_of(word));
		while (i < n && strcmp(names[i], json_string_value(word)) != 0)
			i++;
		if (i == n)
			return wrong(r, member, "unknown word '%s'", json_string_value(word));
		*ret |= 1u << i;
	}
	return 0;
}

static int abi_member(struct reader *r, json_t *o, enum abi otherwise, enum abi *ret)
{
	json_t *v = json_object_get(o, "abi");
	int abi;

	*ret = otherwise;
	if (!v)
		return 0;
	if (!json_is_string(v))
		return wrong(r, "abi", "expected a string, found %s", kind_of(v));
	abi = vocab_abi_find(json_string_value(v));
	if (abi < 0)
		return wrong(r, "abi", "unknown ABI '%s'", json_string_value(v));
	*ret = (enum abi)abi;
	return 0;
}

static int read_arguments(struct reader *r, json_t *o, struct learn_observation *x)
{
	json_t *arguments = json_object_get(o, "arguments"), *v;
	int call = x->object_len ? vocab_syscall_find(x->object) : -1;
	const char *name;
	int e;

	if (!arguments)
		return 0;
	if (!json_is_object(arguments))
		return wrong(r, "arguments", "expected an object, found %s", kind_of(arguments));
	if (x->operation != OP_SYSCALL || call < 0)
		return wrong(r, "arguments", "only a syscall that is known has arguments");
	json_object_foreach (arguments, name, v) {
		const struct vocab_argument *a = vocab_argument_find(call, name);
		uint64_t registers[6] = { 0 }, value;
		unsigned int i;

		if (!a || a->is_pointer || a->index[x->abi] == VOCAB_NO_INDEX)
			return wrong(r, "arguments", "'%s' has no argument '%s' to compare",
				x->object, name);
		e = whole_value(r, "arguments", v, &value);
		if (e < 0)
			return e;
		i = (unsigned int)(a - vocab_syscalls[call].arguments);
		registers[a->index[x->abi]] = value;
		x->values[i] = vocab_argument_value(a, x->abi, registers);
		x->known |= (uint8_t)(1u << i);
	}
	return 0;
}

static int operation_member(struct reader *r, json_t *o, enum operation *ret)
{
	json_t *v = json_object_get(o, "operation");
	struct suggest near;
	int op;

	if (!json_is_string(v))
		return wrong(
			r, "operation", "expected a string, found %s", v ? kind_of(v) : "nothing");
	op = vocab_operation_find(json_string_value(v));
	*ret = (enum operation)op;
	if (op >= 0)
		return 0;
	suggest_init(&near, json_string_value(v));
	for (int i = 0; i < OP_COUNT; i++)
		suggest_offer(&near, vocab_operations[i].name);
	if (suggest_best(&near))
		return wrong(r, "operation", "unknown operation '%s'; did you mean '%s'?",
			json_string_value(v), suggest_best(&near));
	return wrong(r, "operation", "unknown operation '%s'", json_string_value(v));
}

#define TRY(call)                                                                                  \
	do {                                                                                       \
		int e__ = (call);                                                                  \
		if (e__ < 0)                                                                       \
			return e__;                                                                \
	} while (0)

static int read_flags(struct reader *r, json_t *o, struct learn_observation *x)
{
	uint32_t phases;

	TRY(bool_member(r, o, "exec", &x->execed));
	TRY(bool_member(r, o, "created", &x->created));
	TRY(bool_member(r, o, "image", &x->image));
	TRY(bool_member(r, o, "folded", &x->folded));
	TRY(bits_member(r, o, "options", mount_flag_names, N(mount_flag_names), &x->mount_flags));
	TRY(bits_member(r, o, "phases", learn_phase_names, LEARN_PHASES, &phases));
	x->phases = (uint8_t)phases;
	TRY(whole_member(r, o, "count", 1, &x->count));
	TRY(whole_member(r, o, "first", 0, &x->first));
	TRY(whole_member(r, o, "last", x->first, &x->last));
	if (x->last < x->first)
		return wrong(r, "last", "it is before the first");
	return 0;
}

static int read_observation(struct reader *r, json_t *o, struct learn_observation *x)
{
	static const char *const members[] = { "operation", "object", "executable", "class", "exec",
		"created", "image", "folded", "source", "fstype", "options", "abi", "arguments",
		"phases", "count", "first", "last", NULL };
	unsigned int object_class;
	struct request request;
	const char *bad;

	*x = (struct learn_observation){ 0 };
	if (!json_is_object(o))
		return wrong(r, "", "expected an object, found %s", kind_of(o));
	TRY(known_members(r, o, members));
	TRY(operation_member(r, o, &x->operation));
	TRY(bytes_member(r, o, "object", &x->object, &x->object_len));
	if (!x->object)
		x->object = "";
	TRY(bytes_member(r, o, "executable", &x->executable, &x->executable_len));
	if (x->executable && (x->executable_len == 0 || x->executable_len >= 4096))
		return wrong(r, "executable", "expected 1 to 4095 bytes");
	TRY(name_member(r, o, "class", class_names, CLASS_COUNT, CLASS_PLAIN, &object_class));
	x->object_class = (enum object_class)object_class;
	TRY(bytes_member(r, o, "source", &x->source, &x->source_len));
	TRY(text_member(r, o, "fstype", 64, &x->fstype));
	TRY(read_flags(r, o, x));
	TRY(abi_member(r, o, x->operation == OP_SYSCALL ? r->abi : 0, &x->abi));
	TRY(read_arguments(r, o, x));
	bad = learn_request(x, &request);
	if (bad)
		return wrong(r, "object", "%s", bad);
	if (x->folded && (!request.path || x->operation == OP_UMOUNT))
		return wrong(r, "folded", "only a directory is folded");
	return 0;
}

static int read_losses(struct reader *r, json_t *root, struct learn_run *run)
{
	static const char *const members[] = { "why", "count", NULL };
	json_t *lost = json_object_get(root, "lost"), *complete = json_object_get(root, "complete");
	json_t *v;
	size_t at;

	if (!json_is_boolean(complete))
		return wrong(r, "complete", "expected true or false, found %s",
			complete ? kind_of(complete) : "nothing");
	if (lost && !json_is_array(lost))
		return wrong(r, "lost", "expected an array, found %s", kind_of(lost));
	if (json_is_true(complete) && json_array_size(lost))
		return wrong(r, "complete", "a run that lost something is not complete");
	if (json_is_false(complete) && !json_array_size(lost))
		return wrong(r, "lost", "a run that is not complete says what it lost");
	json_array_foreach (lost, at, v) {
		const char *why;
		uint64_t count;

		r->where = arena_printf(r->arena, "lost[%zu]", at);
		if (!json_is_object(v))
			return wrong(r, "", "expected an object, found %s", kind_of(v));
		TRY(known_members(r, v, members));
		TRY(text_member(r, v, "why", 200, &why));
		if (!why)
			return wrong(r, "why", "expected a string, found nothing");
		TRY(whole_member(r, v, "count", 1, &count));
		learn_run_lost(run, count, why);
	}
	r->where = "";
	return 0;
}

static bool is_id(const char *s)
{
	return s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-")] ==
	       0;
}

static int read_observations(struct reader *r, json_t *root, struct learn_run *run)
{
	json_t *list = json_object_get(root, "observations"), *v;
	uint32_t before, after;
	size_t at;

	if (!json_is_array(list))
		return wrong(r, "observations", "expected an array, found %s",
			list ? kind_of(list) : "nothing");
	learn_run_losses(run, &before);
	json_array_foreach (list, at, v) {
		struct learn_observation x;

		r->where = arena_printf(r->arena, "observations[%zu]", at);
		TRY(read_observation(r, v, &x));
		learn_run_add(run, &x);
	}
	r->where = "";
	learn_run_losses(run, &after);
	if (after > before)
		return wrong(r, "observations", "more of them than a run can hold");
	return 0;
}

static int read_run(struct reader *r, json_t *root, struct learn_run **ret)
{
	static const char *const members[] = { "pale-run", "id", "time", "recorder", "program",
		"abi", "complete", "lost", "observations", NULL };
	_cleanup_(learn_run_freep) struct learn_run *run = NULL;
	const char *id, *recorder, *program;
	uint64_t version, time;
	uint32_t len;

	if (!json_is_object(root))
		return wrong(r, "", "expected an object, found %s", kind_of(root));
	TRY(whole_member(r, root, "pale-run", 0, &version));
	if (version == 0)
		return wrong(r, "", "no run: it has no member 'pale-run'");
	if (version != VERSION)
		return wrong(r, "pale-run", "version %llu is not known; %d is",
			(unsigned long long)version, VERSION);
	TRY(known_members(r, root, members));
	TRY(text_member(r, root, "id", LEARN_ID_MAX, &id));
	if (!id || !is_id(id))
		return wrong(r, "id", "expected letters, digits, '.', '_', ':' or '-'");
	TRY(text_member(r, root, "recorder", 64, &recorder));
	if (!recorder)
		return wrong(r, "recorder", "expected a string, found nothing");
	if (!json_object_get(root, "time"))
		return wrong(r, "time", "expected seconds since 1970, found nothing");
	TRY(whole_member(r, root, "time", 0, &time));
	TRY(bytes_member(r, root, "program", &program, &len));
	TRY(abi_member(r, root, vocab_abi_native(), &r->abi));
	run = learn_run_new(recorder, id, time);
	if (program) {
		if (len == 0 || len >= 4096 || *program != '/' || memchr(program, 0, len))
			return wrong(r, "program", "expected a path that begins with '/'");
		learn_run_program(run, program, len);
	}
	TRY(read_losses(r, root, run));
	TRY(read_observations(r, root, run));
	*ret = TAKE_PTR(run);
	return 0;
}

/* Joins @run to the others; takes it over. */
static int add_run(struct learn_runs *runs, struct learn_run *run, struct pale_err **err)
{
	_cleanup_(learn_run_freep) struct learn_run *own = run;

	for (uint32_t i = 0; i < runs->n; i++) {
		_cleanup_(text_release) struct text a = TEXT_INIT, b = TEXT_INIT;

		if (strcmp(learn_run_id(runs->v[i]), learn_run_id(run)) != 0)
			continue;
		learn_run_write(runs->v[i], &a);
		learn_run_write(run, &b);
		if (!strcmp(text_str(&a), text_str(&b)))
			return 0;
		return pale_err_plain(err, EINVAL,
			"id: another run is called '%s', too, and is not the same",
			learn_run_id(run));
	}
	if (runs->n == runs->cap) {
		runs->cap = runs->cap ? runs->cap * 2 : 8;
		runs->v = realloc(runs->v, runs->cap * sizeof(*runs->v));
		if (!runs->v)
			abort();
	}
	runs->v[runs->n++] = TAKE_PTR(own);
	return 0;
}

static size_t skip_blanks(const char *s, size_t at, size_t len, unsigned int *line)
{
	for (; at < len && strchr(" \t\r\n", s[at]) && s[at]; at++)
		*line += s[at] == '\n';
	return at;
}

static int read_one(struct learn_runs *runs, const char *bytes, size_t len, size_t *ret_used,
	struct pale_err **err)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct reader r = { .arena = a, .where = "", .err = err };
	struct learn_run *run = NULL;
	json_error_t e;
	json_t *root;
	int status;

	root = json_loadb(bytes, len,
		JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY,
		&e);
	if (!root)
		return pale_err_plain(err, EINVAL, "not JSON: %s, at byte %d", e.text,
			e.position > 0 ? e.position : 0);
	*ret_used = (size_t)e.position;
	status = read_run(&r, root, &run);
	json_decref(root);
	return status < 0 ? status : add_run(runs, run, err);
}

int learn_runs_read(struct learn_runs *runs, const char *name, const char *bytes, size_t len,
	struct pale_err **err)
{
	unsigned int line = 1;
	size_t at = skip_blanks(bytes, 0, len, &line), used = 0;
	uint32_t before = runs->n;

	while (at < len) {
		size_t end;

		if (read_one(runs, bytes + at, len - at, &used, err) < 0)
			return pale_err_wrap(err, "%s:%u", name, line);
		for (end = at + used; at < end; at++)
			line += bytes[at] == '\n';
		at = skip_blanks(bytes, at, len, &line);
	}
	if (runs->n == before && used == 0)
		return pale_err_plain(err, EINVAL, "%s: no run is in it", name);
	return 0;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(learn_run_id(*(struct learn_run *const *)a),
		learn_run_id(*(struct learn_run *const *)b));
}

void learn_runs_sort(struct learn_runs *runs)
{
	if (runs->n)
		qsort(runs->v, runs->n, sizeof(*runs->v), by_id);
}

void learn_runs_release(struct learn_runs *runs)
{
	for (uint32_t i = 0; i < runs->n; i++)
		learn_run_free(runs->v[i]);
	free(runs->v);
	*runs = (struct learn_runs){ 0 };
}
