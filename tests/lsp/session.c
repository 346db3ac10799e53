/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of `pale lsp` that says what a script says and compares every answer.
 *
 *	session PALE SCRIPT [--accept]
 *
 * Lines of a script; what begins with '#' is for readers:
 *
 *	file NAME		writes a file in the session's folder; its text follows
 *	hello CAPABILITIES	initialize, whose answer nobody looks at, and initialized
 *	bye			shutdown and exit, which must give 0 with nothing more said
 *	open URI		didOpen, version 1; the text follows
 *	change URI VERSION	didChange; the text follows
 *	| TEXT			a line of such a text
 *	ask METHOD URI LINE CHARACTER	a request with the id 7: hover, completion, definition …
 *	> JSON			a message; "jsonrpc" is added
 *	raw TEXT		bytes as they are, with \r \n \t \\ \xHH
 *	large N			a message of N bytes, whose content is blank
 *	< JSON			the next message of the server, which must be equal
 *	has JSON		the next message, or after a '<' or 'has' without another the same
 * one, must contain this: objects these members, arrays these elements
 *	not JSON		the last message must not contain this
 *	end STATUS		the server has nothing more to say and exits so
 *	close			the client is gone
 *
 * A URI without a scheme is a file in the session's folder. %D in a script is the session's folder,
 *%P that in which session was started. --accept prints the script with the server's own answers
 * behind '<'. Exits with 0 when all was as it should be.
 */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

#define PATIENCE_MS 60000
#define SHOWN_BYTES 1000

struct session {
	const char *folder, *started_in;
	int to, from;
	pid_t pid;
	char *lines;
	unsigned int line;
	bool accept;
	bool failed;
	json_t *last; /* what the server said */
	bool seen;    /* by a '<' or 'has' */
};

static void fail(struct session *s, const char *what, const char *detail)
{
	printf("# line %u: %s%s%s\n", s->line, what, detail ? ": " : "", detail ? detail : "");
	s->failed = true;
}

static void send_bytes(struct session *s, const char *bytes, size_t n)
{
	while (n && s->to >= 0) {
		ssize_t written = write(s->to, bytes, n);

		if (written < 0) {
			fail(s, "the server does not read", strerror(errno));
			return;
		}
		bytes += written;
		n -= (size_t)written;
	}
}

static void send_json(struct session *s, json_t *message)
{
	_cleanup_free_ char *body = NULL;
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (!json_object_get(message, "jsonrpc"))
		json_object_set_new(message, "jsonrpc", json_string("2.0"));
	body = json_dumps(message, JSON_COMPACT);
	text_printf(&t, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
	send_bytes(s, t.s, t.len);
	json_decref(message);
}

/* false at the end, and when the server takes too long. */
static bool read_byte(struct session *s, char *ret)
{
	struct pollfd p = { .fd = s->from, .events = POLLIN };

	if (poll(&p, 1, PATIENCE_MS) <= 0) {
		fail(s, "the server does not answer", NULL);
		return false;
	}
	return read(s->from, ret, 1) == 1;
}

static json_t *read_message(struct session *s)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	size_t length;
	char c;

	while (t.len < 4 || memcmp(t.s + t.len - 4, "\r\n\r\n", 4) != 0) {
		if (!read_byte(s, &c))
			return NULL;
		text_putc(&t, c);
	}
	if (sscanf(t.s, "Content-Length: %zu", &length) != 1)
		return NULL;
	text_clear(&t);
	for (size_t i = 0; i < length; i++) {
		if (!read_byte(s, &c))
			return NULL;
		text_putc(&t, c);
	}
	return json_loadb(text_str(&t), t.len, JSON_ALLOW_NUL, NULL);
}

static bool next_message(struct session *s)
{
	json_decref(s->last);
	s->last = read_message(s);
	if (!s->last)
		fail(s, "the server said nothing", NULL);
	else
		json_object_del(s->last, "jsonrpc");
	return s->last;
}

static bool contains(const json_t *whole, const json_t *part)
{
	const char *name;
	json_t *each, *other;
	size_t i, k;

	if (json_is_object(part)) {
		json_object_foreach ((json_t *)part, name, each) {
			other = json_object_get(whole, name);
			if (!other || !contains(other, each))
				return false;
		}
		return json_is_object(whole);
	}
	if (json_is_array(part)) {
		json_array_foreach (part, i, each) {
			bool has = false;

			json_array_foreach (whole, k, other)
				has = has || contains(other, each);
			if (!has)
				return false;
		}
		return json_is_array(whole);
	}
	return json_equal(whole, part);
}

/* @text with the folders put in. */
static char *filled_in(const struct session *s, const char *text)
{
	struct text t = TEXT_INIT;

	for (; *text; text++) {
		if (text[0] == '%' && (text[1] == 'D' || text[1] == 'P')) {
			text_puts(&t, text[1] == 'D' ? s->folder : s->started_in);
			text++;
		} else {
			text_putc(&t, *text);
		}
	}
	text_puts(&t, "");
	return t.s ? text_take(&t) : strdup("");
}

static char *uri_of(const struct session *s, const char *name)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	text_printf(&t, "%s%s", strchr(name, ':') ? "" : "file://%D/", name);
	return filled_in(s, t.s);
}

/* The other way round. */
static void print_with_folders(const struct session *s, const char *text)
{
	const char *const folders[][2] = { { s->folder, "%D" }, { s->started_in, "%P" } };

	for (; *text; text++) {
		const char *name = NULL;

		for (size_t i = 0; i < 2 && !name; i++) {
			size_t len = strlen(folders[i][0]);

			if (!strncmp(text, folders[i][0], len)) {
				name = folders[i][1];
				text += len - 1;
			}
		}
		if (name)
			fputs(name, stdout);
		else
			putchar(*text);
	}
	putchar('\n');
}

static json_t *parse(struct session *s, const char *text)
{
	_cleanup_free_ char *json = filled_in(s, text);
	json_error_t error;
	json_t *o = json_loads(json, JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);

	if (!o)
		fail(s, "the script has no JSON there", error.text);
	return o;
}

static void show_difference(struct session *s, const char *wanted)
{
	_cleanup_free_ char *said = json_dumps(s->last, JSON_COMPACT | JSON_SORT_KEYS);

	fail(s, "wanted", wanted);
	if (strlen(said) > SHOWN_BYTES)
		said[SHOWN_BYTES] = 0;
	fail(s, "got", said);
}

static void compare(struct session *s, const char *wanted)
{
	json_t *o;

	if (!next_message(s))
		return;
	s->seen = true;
	if (s->accept) {
		_cleanup_free_ char *said = json_dumps(s->last, JSON_COMPACT | JSON_SORT_KEYS);

		printf("< ");
		print_with_folders(s, said);
		return;
	}
	o = parse(s, wanted);
	if (o && !json_equal(s->last, o))
		show_difference(s, wanted);
	json_decref(o);
}

static void check_part(struct session *s, const char *wanted, bool has)
{
	json_t *o = parse(s, wanted);

	if (has && !s->seen && !next_message(s)) {
		json_decref(o);
		return;
	}
	s->seen = true;
	if (o && contains(s->last, o) != has)
		show_difference(s, wanted);
	json_decref(o);
}

static char *next_line(struct session *s)
{
	char *line = s->lines;

	if (!*line)
		return NULL;
	s->lines += strcspn(line, "\n");
	if (*s->lines)
		*s->lines++ = 0;
	s->line++;
	if (s->accept && line[0] != '<')
		puts(line);
	return line;
}

/* The lines that begin with '|'. */
static void read_text(struct session *s, struct text *t)
{
	while (*s->lines == '|') {
		char *line = next_line(s);

		text_puts(t, line + 1 + (line[1] == ' '));
		text_putc(t, '\n');
	}
}

static json_t *notification(const char *method, json_t *params)
{
	return json_pack("{s:s, s:o}", "method", method, "params", params);
}

static void open_document(struct session *s, const char *uri)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	_cleanup_free_ char *whole = uri_of(s, uri);

	read_text(s, &t);
	send_json(s, notification("textDocument/didOpen",
			     json_pack("{s:{s:s, s:s, s:i, s:s}}", "textDocument", "uri", whole,
				     "languageId", "pale", "version", 1, "text", text_str(&t))));
}

static void change_document(struct session *s, char *uri)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	_cleanup_free_ char *whole = NULL;
	char *space = strchr(uri, ' ');

	*space = 0;
	whole = uri_of(s, uri);
	read_text(s, &t);
	send_json(s, notification("textDocument/didChange",
			     json_pack("{s:{s:s, s:i}, s:[{s:s}]}", "textDocument", "uri", whole,
				     "version", atoi(space + 1), "contentChanges", "text",
				     text_str(&t))));
}

static void write_file(struct session *s, const char *name)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;
	_cleanup_(text_release) struct text path = TEXT_INIT;
	_cleanup_fclose_ FILE *f = NULL;

	read_text(s, &t);
	text_printf(&path, "%s/%s", s->folder, name);
	f = fopen(path.s, "w");
	if (!f || fputs(text_str(&t), f) == EOF)
		fail(s, "cannot write", path.s);
}

static void send_raw(struct session *s, const char *text)
{
	static const char escapes[] = "r\rn\nt\t\\\\";
	_cleanup_(text_release) struct text t = TEXT_INIT;

	for (; *text; text++) {
		const char *e;
		unsigned int byte;

		if (*text != '\\') {
			text_putc(&t, *text);
			continue;
		}
		text++;
		e = strchr(escapes, *text);
		if (*text == 'x' && sscanf(text + 1, "%2x", &byte) == 1) {
			text_putc(&t, (char)byte);
			text += 2;
		} else if (e) {
			text_putc(&t, e[1]);
		}
	}
	send_bytes(s, t.s, t.len);
}

static void send_large(struct session *s, const char *size)
{
	size_t n = strtoul(size, NULL, 10);
	_cleanup_(text_release) struct text t = TEXT_INIT;
	static const char blank[4096] = { [0 ... 4095] = ' ' };

	text_printf(&t, "Content-Length: %zu\r\n\r\n", n);
	send_bytes(s, t.s, t.len);
	for (; n; n -= n < sizeof(blank) ? n : sizeof(blank))
		send_bytes(s, blank, n < sizeof(blank) ? n : sizeof(blank));
}

static void hang_up(struct session *s)
{
	if (s->to >= 0)
		close(s->to);
	s->to = -1;
}

static void check_end(struct session *s, const char *wanted)
{
	int status;
	char c;

	/* Or kill(2) would take this program's own group. */
	if (!s->pid) {
		fail(s, "the server has ended before", NULL);
		return;
	}
	if (read_byte(s, &c))
		fail(s, "the server says more", NULL);
	hang_up(s);
	if (s->failed)
		kill(s->pid, SIGKILL);
	waitpid(s->pid, &status, 0);
	s->pid = 0;
	if (!WIFEXITED(status))
		fail(s, "the server was killed", NULL);
	else if (WEXITSTATUS(status) != atoi(wanted))
		fail(s, "the server exits otherwise than with", wanted);
}

static json_t *request(int id, const char *method, json_t *params)
{
	return json_pack("{s:i, s:s, s:o}", "id", id, "method", method, "params", params);
}

static void hello(struct session *s, const char *capabilities)
{
	json_t *o = parse(s, *capabilities ? capabilities : "{}");

	if (!o)
		return;
	send_json(s, request(1, "initialize", json_pack("{s:o}", "capabilities", o)));
	if (!next_message(s))
		return;
	if (!json_object_get(json_object_get(s->last, "result"), "capabilities"))
		show_difference(s, "an answer to initialize");
	send_json(s, notification("initialized", json_object()));
}

static void bye(struct session *s)
{
	send_json(s, request(9, "shutdown", json_null()));
	if (next_message(s) && !json_is_null(json_object_get(s->last, "result")))
		show_difference(s, "an answer to shutdown");
	send_json(s, notification("exit", json_null()));
	check_end(s, "0");
}

static void ask(struct session *s, char *line)
{
	_cleanup_(text_release) struct text method = TEXT_INIT;
	_cleanup_free_ char *uri = NULL;
	char *words[4];
	char *rest;

	for (size_t i = 0; i < 4; i++) {
		words[i] = strtok_r(i ? NULL : line, " ", &rest);
		if (!words[i]) {
			fail(s, "ask takes four words", NULL);
			return;
		}
	}
	uri = uri_of(s, words[1]);
	text_printf(&method, "textDocument/%s", words[0]);
	send_json(s, request(7, method.s,
			     json_pack("{s:{s:s}, s:{s:I, s:I}}", "textDocument", "uri", uri,
				     "position", "line", (json_int_t)atoll(words[2]), "character",
				     (json_int_t)atoll(words[3]))));
}

static bool word(char **line, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(*line, name, len) != 0 || ((*line)[len] != ' ' && (*line)[len]))
		return false;
	*line += len + ((*line)[len] == ' ');
	return true;
}

static void step(struct session *s, char *line)
{
	json_t *o;

	if (!*line || *line == '#')
		return;
	if (word(&line, "<")) {
		compare(s, line);
		return;
	}
	if (word(&line, "has")) {
		check_part(s, line, true);
		return;
	}
	if (word(&line, "not")) {
		check_part(s, line, false);
		return;
	}
	if (word(&line, "end")) {
		check_end(s, line);
		return;
	}
	s->seen = false;
	if (word(&line, ">")) {
		o = parse(s, line);
		if (o)
			send_json(s, o);
	} else if (word(&line, "hello")) {
		hello(s, line);
	} else if (word(&line, "bye")) {
		bye(s);
	} else if (word(&line, "ask")) {
		ask(s, line);
	} else if (word(&line, "open")) {
		open_document(s, line);
	} else if (word(&line, "change")) {
		change_document(s, line);
	} else if (word(&line, "file")) {
		write_file(s, line);
	} else if (word(&line, "raw")) {
		send_raw(s, line);
	} else if (word(&line, "large")) {
		send_large(s, line);
	} else if (word(&line, "close")) {
		hang_up(s);
	} else {
		fail(s, "no such step", line);
	}
}

static void start(struct session *s, const char *pale)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		abort();
	s->pid = fork();
	if (s->pid < 0)
		abort();
	if (s->pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		execl(pale, pale, "lsp", (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	s->to = in[1];
	s->from = out[0];
}

static char *read_script(const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "r");
	struct text t = TEXT_INIT;
	int c;

	while (f && (c = fgetc(f)) != EOF)
		text_putc(&t, (char)c);
	return t.s ? text_take(&t) : NULL;
}

int main(int argc, char **argv)
{
	char folder[] = "/tmp/pale-lsp-XXXXXX";
	struct session s = { .accept = argc == 4 && !strcmp(argv[3], "--accept"), .seen = true };
	_cleanup_free_ char *script = argc < 3 ? NULL : read_script(argv[2]);
	_cleanup_free_ char *here = getcwd(NULL, 0);
	char *line, command[64];

	if (!script || !mkdtemp(folder)) {
		fprintf(stderr, "usage: session PALE SCRIPT [--accept]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	s.folder = folder;
	s.started_in = here;
	s.lines = script;
	start(&s, argv[1]);
	while ((!s.failed || s.accept) && (line = next_line(&s)) != NULL)
		step(&s, line);
	if (s.pid) {
		if (!s.failed)
			fail(&s, "the script does not say how the server ends", NULL);
		kill(s.pid, SIGKILL);
	}
	json_decref(s.last);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		return 1;
	return s.failed;
}
