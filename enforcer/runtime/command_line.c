/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/runtime/command_line.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/suggest.h"
#include "compiler/base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	enum verb verb;
} verbs[] = {
	{ "create", VERB_CREATE },
	{ "run", VERB_RUN },
	{ "exec", VERB_EXEC },
	{ "update", VERB_UPDATE },
	{ "delete", VERB_DELETE },
	{ "restore", VERB_RESTORE },
};

static enum verb verb_of(const char *word)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(verbs[i].name, word))
			return verbs[i].verb;
	return VERB_OTHER;
}

/* Words of one verb, or before it, as they are read. */
struct reader {
	enum real_kind kind;
	enum verb verb;
	bool in_order; /* the first operand ends the options */
	char **next;   /* NULL at the end */
	struct given_options *given;
	const char **operands;
	size_t n_operands;
	bool wants_help;
};

static bool is_own(const struct real_option *o)
{
	return o->id >= OPTION_PALE_RUNTIME;
}

static void give(struct given_options *to, const struct real_option *option, const char *value)
{
	if (to->n == to->cap) {
		to->cap = to->cap ? to->cap * 2 : 16;
		to->v = reallocarray(to->v, to->cap, sizeof(*to->v));
		if (!to->v)
			abort();
	}
	to->v[to->n++] = (struct given_option){ option, value };
}

static bool belongs(const struct real_option *o, enum real_kind kind, enum verb verb)
{
	return o->kinds & (1u << kind) && o->verbs & (1u << verb);
}

static const struct real_option *find_long(const struct reader *in, const char *name, size_t len)
{
	for (size_t i = 0; i < n_real_options; i++) {
		const struct real_option *o = &real_options[i];

		if (belongs(o, in->kind, in->verb) && strlen(o->name) == len &&
			!strncmp(o->name, name, len))
			return o;
	}
	return NULL;
}

static const struct real_option *find_short(const struct reader *in, char name)
{
	for (size_t i = 0; i < n_real_options; i++) {
		const struct real_option *o = &real_options[i];

		if (belongs(o, in->kind, in->verb) && o->short_name && o->short_name == name)
			return o;
	}
	return NULL;
}

static int unknown(const struct reader *in, const char *word, struct pale_err **err)
{
	_cleanup_(text_release) struct text name = TEXT_INIT;
	struct suggest near;
	int r;

	text_add(&name, word, strcspn(word, "="));
	suggest_init(&near, name.s + strspn(name.s, "-"));
	for (size_t i = 0; i < n_real_options; i++)
		if (belongs(&real_options[i], in->kind, in->verb))
			suggest_offer(&near, real_options[i].name);
	r = pale_err_plain(err, EINVAL,
		"pale-runtime does not know the option '%s' of %s, and so not what it does", name.s,
		in->kind == REAL_CRUN ? "crun" : "runc");
	if (suggest_best(&near))
		pale_err_hint(err, "did you mean '--%s'?", suggest_best(&near));
	return r;
}

static bool is_truth(const char *value)
{
	static const char *const words[] = { "1", "0", "t", "f", "T", "F", "true", "false", "TRUE",
		"FALSE", "True", "False" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(words[i], value))
			return true;
	return false;
}

/* @value: what stood behind "="; NULL: none did. */
static int take(struct reader *in, const struct real_option *o, const char *word, const char *value,
	struct pale_err **err)
{
	if (o->argument == ARGUMENT_NEEDED && !value) {
		value = *in->next;
		if (!value)
			return pale_err_plain(
				err, EINVAL, "the option '%s' needs an argument", word);
		in->next++;
	}
	/* With --help=false the rest would count, and it is not looked at. */
	if (o->argument == ARGUMENT_NONE && value &&
		(in->kind == REAL_CRUN || o->id == OPTION_HELP || !is_truth(value)))
		return pale_err_plain(err, EINVAL, "the option '%s' takes no argument", word);
	if (o->id == OPTION_HELP)
		in->wants_help = true;
	give(in->given, o, value);
	return 0;
}

static int read_long(struct reader *in, const char *word, const char *name, struct pale_err **err)
{
	size_t len = strcspn(name, "=");
	const struct real_option *o = find_long(in, name, len);

	if (!o && in->kind == REAL_RUNC && len == 1)
		o = find_short(in, name[0]);
	if (!o)
		return unknown(in, word, err);
	return take(in, o, word, name[len] ? name + len + 1 : NULL, err);
}

/* -dt, -bDIR: crun's. */
static int read_short(struct reader *in, const char *word, struct pale_err **err)
{
	for (const char *c = word + 1; *c; c++) {
		const struct real_option *o = find_short(in, *c);
		const char *value;
		int r;

		if (!o)
			return unknown(in, word, err);
		value = o->argument != ARGUMENT_NONE && c[1] ? c + 1 : NULL;
		r = take(in, o, word, value, err);
		if (r < 0)
			return r;
		if (value)
			break;
	}
	return 0;
}

static int read_option(struct reader *in, const char *word, struct pale_err **err)
{
	if (word[1] == '-')
		return read_long(in, word, word + 2, err);
	if (in->kind == REAL_RUNC)
		return read_long(in, word, word + 1, err);
	return read_short(in, word, err);
}

static int read_words(struct reader *in, struct pale_err **err)
{
	while (*in->next) {
		const char *word = *in->next;
		int r;

		if (!strcmp(word, "--")) {
			in->next++;
			break;
		}
		if (word[0] != '-' || !word[1]) {
			if (in->in_order)
				break;
			in->operands[in->n_operands++] = word;
			in->next++;
			continue;
		}
		in->next++;
		r = read_option(in, word, err);
		if (r < 0)
			return r;
	}
	/* What is left of a verb's words are operands; before the verb, it is the verb. */
	while (in->verb != VERB_NONE && *in->next)
		in->operands[in->n_operands++] = *in->next++;
	return 0;
}

enum real_kind real_kind_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strstr(slash ? slash + 1 : path, "crun") ? REAL_CRUN : REAL_RUNC;
}

/* --pale-runtime, before it is known how the others are read. */
static enum real_kind kind_asked_for(enum real_kind kind, char **argv)
{
	static const char name[] = "--pale-runtime";

	for (char **w = argv + 1; argv[0] && *w && verb_of(*w) == VERB_OTHER; w++) {
		if (strncmp(*w, name, sizeof(name) - 1) != 0)
			continue;
		if ((*w)[sizeof(name) - 1] == '=')
			kind = real_kind_of(*w + sizeof(name));
		else if (!(*w)[sizeof(name) - 1] && w[1])
			kind = real_kind_of(w[1]);
	}
	return kind;
}

static bool names_a_verb(char **words)
{
	for (; *words; words++)
		if (verb_of(*words) != VERB_OTHER)
			return true;
	return false;
}

/* All words but pale-runtime's own. @n_before: those before the verb, with argv[0]. */
static void copy_argv(struct command_line *cl, char **argv, size_t n_before)
{
	size_t n = 0;

	while (argv[n])
		n++;
	cl->argv = calloc(n + 1, sizeof(*cl->argv));
	cl->operands = calloc(n + 1, sizeof(*cl->operands));
	if (!cl->argv || !cl->operands)
		abort();
	for (size_t i = 0; i < n; i++) {
		if (i < n_before && !strncmp(argv[i], "--pale-", 7)) {
			i += !strchr(argv[i], '=') && i + 1 < n_before;
			continue;
		}
		cl->argv[cl->n_argv++] = argv[i];
	}
}

static int check_kind(const struct command_line *cl, struct pale_err **err)
{
	const char *asked = option_value(&cl->globals, OPTION_PALE_RUNTIME, NULL);

	if (!asked || real_kind_of(asked) == cl->kind)
		return 0;
	return pale_err_plain(err, EINVAL, "--pale-runtime has to be the first option");
}

/* Of @verb's words at @words. */
static int read_verb(struct command_line *cl, char **words, struct pale_err **err)
{
	struct reader in = { .kind = cl->kind, .verb = cl->verb, .next = words };
	int r;

	in.in_order = cl->verb == VERB_EXEC;
	in.given = &cl->options;
	in.operands = cl->operands;
	r = read_words(&in, err);
	cl->n_operands = in.n_operands;
	cl->wants_help |= in.wants_help;
	/* It changes nothing that Pale holds. */
	if (r < 0 && cl->verb == VERB_DELETE) {
		pale_err_freep(err);
		*err = NULL;
		cl->verb = VERB_OTHER;
		return 0;
	}
	return r < 0 ? pale_err_wrap(err, "%s", cl->verb_name) : 0;
}

int command_line_read(
	struct command_line *cl, enum real_kind kind, char **argv, struct pale_err **err)
{
	struct reader in = { .verb = VERB_NONE, .in_order = true };
	int r;

	*cl = (struct command_line){ .kind = kind_asked_for(kind, argv) };
	in.kind = cl->kind;
	in.given = &cl->globals;
	in.next = argv[0] ? argv + 1 : argv;
	r = read_words(&in, err);
	copy_argv(cl, argv, (size_t)(in.next - argv));
	cl->wants_help = in.wants_help;
	if (r == 0)
		r = check_kind(cl, err);
	if (r < 0) {
		/* Which word is the verb is not known. */
		if (names_a_verb(in.next))
			return r;
		pale_err_freep(err);
		*err = NULL;
		cl->verb = VERB_OTHER;
		return 0;
	}
	if (!*in.next)
		return 0;
	cl->verb_name = *in.next;
	cl->verb = verb_of(cl->verb_name);
	if (cl->verb == VERB_OTHER || cl->verb == VERB_RESTORE)
		return 0;
	return read_verb(cl, in.next + 1, err);
}

void command_line_release(struct command_line *cl)
{
	free(cl->globals.v);
	free(cl->options.v);
	free(cl->operands);
	free(cl->argv);
	*cl = (struct command_line){ 0 };
}

const struct given_option *option_of(const struct given_options *given, enum real_option_id id)
{
	for (size_t i = given->n; i-- > 0;)
		if (given->v[i].option->id == id)
			return &given->v[i];
	return NULL;
}

const char *option_value(
	const struct given_options *given, enum real_option_id id, const char *otherwise)
{
	const struct given_option *o = option_of(given, id);

	return o && o->value ? o->value : otherwise;
}

bool option_flag(const struct given_options *given, enum real_option_id id)
{
	const struct given_option *o = option_of(given, id);

	return o && (!o->value || strchr("1tT", o->value[0]));
}

void option_set(struct command_line *cl, enum real_option_id id, const char *value)
{
	size_t n = 0;

	for (size_t i = 0; i < cl->options.n; i++)
		if (cl->options.v[i].option->id != id)
			cl->options.v[n++] = cl->options.v[i];
	cl->options.n = n;
	for (size_t i = 0; i < n_real_options; i++) {
		if (real_options[i].id == id && belongs(&real_options[i], cl->kind, cl->verb)) {
			give(&cl->options, &real_options[i], value);
			return;
		}
	}
	abort();
}

static void add_options(char **to, size_t *n, const struct given_options *given)
{
	for (size_t i = 0; i < given->n; i++) {
		struct text t = TEXT_INIT;

		if (is_own(given->v[i].option))
			continue;
		text_printf(&t, "--%s", given->v[i].option->name);
		if (given->v[i].value)
			text_printf(&t, "=%s", given->v[i].value);
		to[(*n)++] = text_take(&t);
	}
}

static void add_word(char **to, size_t *n, const char *word)
{
	char *copy = strdup(word);

	if (!copy)
		abort();
	to[(*n)++] = copy;
}

static char **new_argv(const struct command_line *cl, const char *path, size_t more, size_t *n)
{
	char **to = calloc(cl->globals.n + more + 2, sizeof(*to));

	if (!to)
		abort();
	*n = 0;
	to[(*n)++] = (char *)path;
	add_options(to, n, &cl->globals);
	return to;
}

char **command_line_argv(const struct command_line *cl, const char *path)
{
	size_t n;
	char **to = new_argv(cl, path, cl->options.n + cl->n_operands + 2, &n);

	add_word(to, &n, cl->verb_name);
	add_options(to, &n, &cl->options);
	add_word(to, &n, "--");
	for (size_t i = 0; i < cl->n_operands; i++)
		add_word(to, &n, cl->operands[i]);
	return to;
}

char **command_line_other(const struct command_line *cl, const char *path, const char *const *words)
{
	size_t n_words = 0, n;
	char **to;

	while (words[n_words])
		n_words++;
	to = new_argv(cl, path, n_words, &n);
	for (size_t i = 0; i < n_words; i++)
		add_word(to, &n, words[i]);
	return to;
}

void argv_freep(char ***argv)
{
	if (!*argv)
		return;
	for (char **a = *argv + 1; *a; a++)
		free(*a);
	free(*argv);
	*argv = NULL;
}
