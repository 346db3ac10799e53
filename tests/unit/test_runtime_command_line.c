/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines of engines, as pale-runtime reads them and writes them anew. */
#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"
#include "enforcer/runtime/command_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WORDS_MAX 64

struct line {
	char *text;
	char *argv[WORDS_MAX];
};

/* Split at blanks; '' is an empty word. */
static void split(struct line *l, const char *s)
{
	char *rest = l->text = strdup(s), *word;
	size_t n = 0;

	while ((word = strsep(&rest, " "))) {
		assert_true(n + 1 < WORDS_MAX);
		l->argv[n++] = strcmp(word, "''") ? word : word + 2;
	}
	l->argv[n] = NULL;
}

static void line_release(struct line *l)
{
	free(l->text);
}

static char *joined(char **argv)
{
	struct text t = TEXT_INIT;

	for (char **a = argv; *a; a++)
		text_printf(&t, "%s%s", a == argv ? "" : " ", **a ? *a : "''");
	return text_take(&t);
}

/* What the real runtime is given for @s. */
static void becomes(enum real_kind kind, const char *s, const char *want)
{
	_cleanup_(command_line_release) struct command_line cl;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(line_release) struct line l;
	_cleanup_(argv_freep) char **made = NULL;
	_cleanup_free_ char *got = NULL;

	split(&l, s);
	if (command_line_read(&cl, kind, l.argv, &err) < 0)
		fail_msg("%s: %s", s, pale_err_text(err));
	if (cl.wants_help || cl.verb == VERB_NONE || cl.verb == VERB_OTHER) {
		got = joined(cl.argv);
	} else {
		made = command_line_argv(&cl, "real");
		got = joined(made);
	}
	if (strcmp(got, want) != 0)
		fail_msg("%s\n  became %s\n  not    %s", s, got, want);
}

static void refused(enum real_kind kind, const char *s, const char *want)
{
	_cleanup_(command_line_release) struct command_line cl;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(text_release) struct text got = TEXT_INIT;
	_cleanup_(line_release) struct line l;

	split(&l, s);
	if (command_line_read(&cl, kind, l.argv, &err) == 0)
		fail_msg("%s: is taken", s);
	text_puts(&got, pale_err_text(err));
	if (pale_err_hint_text(err))
		text_printf(&got, " (%s)", pale_err_hint_text(err));
	if (strcmp(got.s, want) != 0)
		fail_msg("%s: %s\n  not %s", s, got.s, want);
}

static void what_engines_say_is_read(void **state)
{
	(void)state;
	/* containerd-shim-runc-v2, for Docker and for Kubernetes. */
	becomes(REAL_RUNC,
		"/usr/bin/pale-runtime --root /run/containerd/runc/k8s.io --log /run/x/log.json "
		"--log-format json --systemd-cgroup create --bundle /run/x --pid-file "
		"/run/x/init.pid --console-socket /tmp/pty 4f2a",
		"real --root=/run/containerd/runc/k8s.io --log=/run/x/log.json --log-format=json "
		"--systemd-cgroup create --bundle=/run/x --pid-file=/run/x/init.pid "
		"--console-socket=/tmp/pty -- 4f2a");
	becomes(REAL_RUNC,
		"pale-runtime --root /run/docker/runtime-runc/moby --log /x --log-format json exec "
		"--process /tmp/runc-process1 --console-socket /tmp/pty --detach --pid-file "
		"/x/e.pid 4f2a",
		"real --root=/run/docker/runtime-runc/moby --log=/x --log-format=json exec "
		"--process=/tmp/runc-process1 --console-socket=/tmp/pty --detach "
		"--pid-file=/x/e.pid "
		"-- 4f2a");
	becomes(REAL_RUNC, "pale-runtime --root /r update --resources - 4f2a",
		"real --root=/r update --resources=- -- 4f2a");
	becomes(REAL_RUNC, "pale-runtime --root /r update --resources=- 4f2a",
		"real --root=/r update --resources=- -- 4f2a");
	becomes(REAL_RUNC, "pale-runtime --root /r delete --force 4f2a",
		"real --root=/r delete --force -- 4f2a");
	/* conmon, for podman and CRI-O. */
	becomes(REAL_CRUN,
		"/usr/bin/pale-runtime-crun --log-format=json --log /x/oci-log --systemd-cgroup "
		"create --bundle /x/userdata --pid-file /x/pidfile --no-new-keyring --preserve-fds "
		"2 ab12",
		"real --log-format=json --log=/x/oci-log --systemd-cgroup create "
		"--bundle=/x/userdata --pid-file=/x/pidfile --no-new-keyring --preserve-fds=2 -- "
		"ab12");
	becomes(REAL_CRUN,
		"pale-runtime-crun --cgroup-manager disabled exec --pid-file /x/p --process "
		"/x/exec-process-1 --detach ab12",
		"real --cgroup-manager=disabled exec --pid-file=/x/p --process=/x/exec-process-1 "
		"--detach -- ab12");
}

static void what_is_not_acted_on_goes_on_as_it_came(void **state)
{
	(void)state;
	becomes(REAL_RUNC, "real --root /r state 4f2a", "real --root /r state 4f2a");
	becomes(REAL_RUNC, "real --root /r kill --all 4f2a 9", "real --root /r kill --all 4f2a 9");
	becomes(REAL_RUNC, "real -root /r events --what-is-new 4f2a",
		"real -root /r events --what-is-new 4f2a");
	becomes(REAL_RUNC, "real --what-is-new state 4f2a", "real --what-is-new state 4f2a");
	becomes(REAL_RUNC, "real --version", "real --version");
	becomes(REAL_RUNC, "real create --help", "real create --help");
	becomes(REAL_CRUN, "real create -?", "real create -?");
	becomes(REAL_RUNC, "real", "real");
	becomes(REAL_RUNC, "real delete --what-is-new 4f2a", "real delete --what-is-new 4f2a");
	/* But for pale-runtime's own options. */
	becomes(REAL_RUNC,
		"real --pale-runtime /usr/bin/crun --pale-socket=/s --root /r state 4f2a",
		"real --root /r state 4f2a");
	becomes(REAL_RUNC, "real --pale-runtime=/usr/bin/crun run -b /b 4f2a",
		"real run --bundle=/b -- 4f2a");
}

static void each_runtime_has_its_own_way_to_write_options(void **state)
{
	(void)state;
	/* Go's flag package. */
	becomes(REAL_RUNC, "r -root=/r run -b=/b -d -keep x",
		"real --root=/r run --bundle=/b "
		"--detach --keep -- x");
	becomes(REAL_RUNC, "r --debug=false --systemd-cgroup=T create -bundle /b x",
		"real --debug=false --systemd-cgroup=T create --bundle=/b -- x");
	becomes(REAL_RUNC, "r -- create x", "real create -- x");
	/* argp. */
	becomes(REAL_CRUN, "r run -db/b x", "real run --detach --bundle=/b -- x");
	becomes(REAL_CRUN, "r run -d -b /b x", "real run --detach --bundle=/b -- x");
	becomes(REAL_CRUN, "r exec -tu1:2 -eA=b x id -u",
		"real exec --tty=u1:2 --env=A=b -- x id -u");
	becomes(REAL_CRUN, "r exec -t -u 1:2 x id -u", "real exec --tty --user=1:2 -- x id -u");
	/* Both take options behind operands, where the operands are not a command. */
	becomes(REAL_RUNC, "r create x --bundle /b", "real create --bundle=/b -- x");
	becomes(REAL_CRUN, "r update x --memory 1 --memory 2",
		"real update --memory=1 --memory=2 -- x");
	becomes(REAL_RUNC, "r exec -e A=b x sh -c --cap -- y",
		"real exec --env=A=b -- x sh -c --cap -- y");
	becomes(REAL_RUNC, "r exec -- x --cap", "real exec -- x --cap");
	becomes(REAL_RUNC, "r create -- --bundle", "real create -- --bundle");
	becomes(REAL_RUNC, "r create --bundle --help x", "real create --bundle=--help -- x");
	becomes(REAL_RUNC, "r create --bundle '' x", "real create --bundle= -- x");
}

static void what_is_not_known_is_refused(void **state)
{
	(void)state;
	refused(REAL_RUNC, "r create --bundel /b x",
		"create: pale-runtime does not know the option '--bundel' of runc, and so not what "
		"it does (did you mean '--bundle'?)");
	refused(REAL_CRUN, "r create --bund /b x",
		"create: pale-runtime does not know the option '--bund' of crun, and so not what "
		"it "
		"does");
	refused(REAL_CRUN, "r run -dx x",
		"run: pale-runtime does not know the option '-dx' of crun, and so not what it "
		"does");
	refused(REAL_RUNC, "r exec --privileged x",
		"exec: pale-runtime does not know the option '--privileged' of runc, and so not "
		"what it does");
	/* Whether "create" is its argument is not known. */
	refused(REAL_RUNC, "r --what-is-new create x",
		"pale-runtime does not know the option '--what-is-new' of runc, and so not what it "
		"does");
	refused(REAL_RUNC, "r --cgroup-manager=x create x",
		"pale-runtime does not know the option '--cgroup-manager' of runc, and so not what "
		"it does");
	refused(REAL_RUNC, "r create x --bundle",
		"create: the option '--bundle' needs an argument");
	refused(REAL_RUNC, "r run --detach=maybe x",
		"run: the option '--detach=maybe' takes no argument");
	refused(REAL_CRUN, "r run --detach=true x",
		"run: the option '--detach=true' takes no argument");
	/* runc would go on and create it. */
	refused(REAL_RUNC, "r create --help=false x",
		"create: the option '--help=false' takes no argument");
	refused(REAL_RUNC, "r --log run --pale-runtime /usr/bin/crun create x",
		"--pale-runtime has to be the first option");
}

static void the_last_option_counts(void **state)
{
	_cleanup_(command_line_release) struct command_line cl;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(argv_freep) char **made = NULL;
	_cleanup_(line_release) struct line l;
	_cleanup_free_ char *got = NULL;

	(void)state;
	split(&l, "r exec --no-new-privs --no-new-privs=false -c CAP_KILL --cap=CAP_CHOWN x y");
	assert_int_equal(command_line_read(&cl, REAL_RUNC, l.argv, &err), 0);
	assert_false(option_flag(&cl.options, OPTION_NO_NEW_PRIVS));
	assert_string_equal(option_value(&cl.options, OPTION_CAP, ""), "CAP_CHOWN");
	assert_string_equal(option_value(&cl.options, OPTION_PROCESS, "none"), "none");
	option_set(&cl, OPTION_NO_NEW_PRIVS, NULL);
	assert_true(option_flag(&cl.options, OPTION_NO_NEW_PRIVS));
	made = command_line_argv(&cl, "real");
	got = joined(made);
	assert_string_equal(got, "real exec --cap=CAP_KILL --cap=CAP_CHOWN --no-new-privs -- x y");
}

static void another_verb_has_the_same_global_options(void **state)
{
	static const char *const words[] = { "delete", "--force", "--", "x", NULL };
	_cleanup_(command_line_release) struct command_line cl;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_(argv_freep) char **made = NULL;
	_cleanup_(line_release) struct line l;
	_cleanup_free_ char *got = NULL;

	(void)state;
	split(&l, "r --pale-socket /s --root /r --systemd-cgroup create -b /b x");
	assert_int_equal(command_line_read(&cl, REAL_RUNC, l.argv, &err), 0);
	made = command_line_other(&cl, "real", words);
	got = joined(made);
	assert_string_equal(got, "real --root=/r --systemd-cgroup delete --force -- x");
}

static void a_runtime_is_told_by_its_name(void **state)
{
	(void)state;
	assert_int_equal(real_kind_of("/usr/bin/crun"), REAL_CRUN);
	assert_int_equal(real_kind_of("pale-runtime-crun"), REAL_CRUN);
	assert_int_equal(real_kind_of("/opt/crun/runc"), REAL_RUNC);
	assert_int_equal(real_kind_of("pale-runtime"), REAL_RUNC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_engines_say_is_read),
		cmocka_unit_test(what_is_not_acted_on_goes_on_as_it_came),
		cmocka_unit_test(each_runtime_has_its_own_way_to_write_options),
		cmocka_unit_test(what_is_not_known_is_refused),
		cmocka_unit_test(the_last_option_counts),
		cmocka_unit_test(another_verb_has_the_same_global_options),
		cmocka_unit_test(a_runtime_is_told_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
