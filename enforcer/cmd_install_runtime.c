/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/base/cleanup.h"
#include "compiler/base/utf8.h"
#include "compiler/command_input.h"
#include "enforcer/commands.h"
#include "enforcer/install_runtime.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* Beside pale itself, unless --runtime says another one. */
#define RUNTIME_PROGRAM "pale-runtime"

enum { OPT_ENGINE, OPT_ROOT, OPT_DRY_RUN, OPT_RUNTIME, OPT_DEFAULT };

static const char *engine_name(size_t i)
{
	return install_engine(i) ? install_engine(i)->name : NULL;
}

static const char *engine_summary(size_t i)
{
	return install_engine(i)->summary;
}

static const struct argument_kind engine_list = {
	.form = ARGUMENT_WORD,
	.noun = "engine",
	.word = engine_name,
	.summary = engine_summary,
	.list = true,
};

/* clang-format off */
#define COMMON_OPTIONS                                                                             \
	[OPT_ENGINE] = { "engine", 'e', "LIST", .kind = &engine_list,                              \
		.help = "only these, separated by commas" },                                       \
	[OPT_ROOT] = { "root", 0, "DIR", .help = "take DIR for /, as for an image" },              \
	[OPT_DRY_RUN] = { "dry-run", 'n',                                                          \
		.help = "change nothing; print what would change, for patch(1)" }
/* clang-format on */

static const struct option_spec install_options[] = {
	COMMON_OPTIONS,
	[OPT_RUNTIME] = { "runtime", 0, "PATH",
		.help = "where pale-runtime is; otherwise beside pale", .kind = &argument_file },
	[OPT_DEFAULT] = { "default",
		.help = "make it podman's and Docker's runtime of containers that name none" },
	OPTIONS_END,
};

static const struct option_spec uninstall_options[] = { COMMON_OPTIONS, OPTIONS_END };

static const struct operand_spec no_operands[] = { OPERANDS_END };

/* Which engines are meant, as a set of bits. */
static int choose_engines(const struct invocation *in, unsigned int *ret)
{
	const char *list = option_argument(in, OPT_ENGINE);

	*ret = 0;
	for (size_t i = 0; !list && install_engine(i); i++)
		*ret |= 1u << i;
	while (list) {
		_cleanup_free_ char *word = strndup(list, strcspn(list, ","));
		size_t i = 0;

		while (install_engine(i) && strcmp(install_engine(i)->name, word) != 0)
			i++;
		if (!install_engine(i))
			return unknown_word(in, &engine_list, word);
		*ret |= 1u << i;
		list = strchr(list, ',');
		list = list ? list + 1 : NULL;
	}
	return STATUS_OK;
}

static bool is_plain_text(const char *s)
{
	size_t left = strlen(s), n;

	for (; left; s += n, left -= n) {
		n = utf8_sequence((const unsigned char *)s, left);
		if (!n || (unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	}
	return true;
}

/* Where pale-runtime is, as the engines will call it. The caller frees it. */
static int find_runtime(const struct invocation *in, const struct install_root *root, char **ret,
	struct pale_err **err)
{
	const char *given = option_argument(in, OPT_RUNTIME);
	char self[PATH_MAX] = "";

	if (!given) {
		ssize_t n =
			readlink("/proc/self/exe", self, sizeof(self) - sizeof(RUNTIME_PROGRAM));

		if (n < 0)
			return pale_err_set(err, errno, "cannot find " RUNTIME_PROGRAM);
		self[n] = '\0';
		strcpy(strrchr(self, '/') + 1, RUNTIME_PROGRAM);
	}
	*ret = strdup(given ? given : self);
	if (!is_plain_text(*ret))
		return pale_err_plain(
			err, EINVAL, "'%s' cannot be written to configuration files", *ret);
	if (root_has_program(root, *ret))
		return 0;
	pale_err_plain(err, ENOENT, "'%s%s' is no program", root->dir, *ret);
	pale_err_hint(err, "install " RUNTIME_PROGRAM " first, or say with --runtime where it is");
	return -ENOENT;
}

static void print_line(const char *engine, const char *what, const char *path)
{
	_cleanup_(text_release) struct text t = TEXT_INIT;

	if (path)
		text_escaped(&t, path, strlen(path));
	printf("%s: %s%s\n", engine, what, text_str(&t));
}

static void print_result(
	const struct install_engine *engine, const struct install_result *result, bool dry)
{
	static const struct {
		const char *done, *dry;
		bool effect; /* the engine has to read its configuration anew */
	} texts[] = {
		[INSTALL_WRITTEN] = { "written to ", "would be written to ", true },
		[INSTALL_ALREADY] = { "already installed in ", "already installed in ", false },
		[INSTALL_SKIPPED] = { "skipped: ", "skipped: ", false },
		[INSTALL_RESTORED] = { "taken out of ", "would be taken out of ", true },
		[INSTALL_NOTHING] = { "nothing was installed", "nothing was installed", false },
	};
	enum install_outcome o = result->outcome;

	print_line(engine->name, dry ? texts[o].dry : texts[o].done,
		o == INSTALL_SKIPPED ? result->why : result->path);
	if (dry)
		fwrite(text_str(&result->diff), 1, result->diff.len, stdout);
	else if (texts[o].effect && engine->effect)
		print_line(engine->name, "to take effect: ", engine->effect);
	else if (texts[o].effect)
		print_line(engine->name, "takes effect with the next container", NULL);
}

/* With the failed engine's name in front. */
static void print_failure(
	const struct invocation *in, const struct install_engine *engine, struct pale_err *err)
{
	pale_err_wrap(&err, "%s", engine->name);
	input_failure(in, err);
}

static void print_runtime_class(void)
{
	fputs("\nPods choose the runtime by a RuntimeClass (runtimeClassName: " RUNTIME_NAME
	      "). Once for the cluster:\n"
	      "kubectl apply -f - <<'END'\n"
	      "apiVersion: node.k8s.io/v1\n"
	      "kind: RuntimeClass\n"
	      "metadata:\n"
	      "  name: " RUNTIME_NAME "\n"
	      "handler: " RUNTIME_NAME "\n"
	      "END\n",
		stdout);
}

/* What became of the engines. */
struct tally {
	unsigned int installed, failed;
	bool kubernetes;
};

static void install_one(const struct invocation *in, const struct install_root *root,
	const struct install_engine *engine, const struct install_request *request,
	struct tally *tally)
{
	_cleanup_(install_result_release) struct install_result result = INSTALL_RESULT_INIT;
	struct pale_err *err = NULL;
	bool dry = option_given(in, OPT_DRY_RUN), asked_for = option_given(in, OPT_ENGINE);
	int r = 0;

	if (!install_finds_engine(root, engine)) {
		result.outcome = INSTALL_SKIPPED;
		result.why = strdup("it is not installed");
	} else {
		r = install_runtime(root, engine, request, dry, &result, &err);
	}
	/* Whoever names an engine counts on it. */
	if (r >= 0 && result.outcome == INSTALL_SKIPPED && asked_for)
		r = pale_err_plain(&err, ENOENT, "%s", result.why);
	if (r < 0) {
		print_failure(in, engine, err);
		tally->failed++;
	} else {
		print_result(engine, &result, dry);
		if (result.outcome != INSTALL_SKIPPED) {
			tally->installed++;
			tally->kubernetes |=
				engine->kubernetes && result.outcome == INSTALL_WRITTEN;
		}
	}
	pale_err_free(err);
}

static int install_all(const struct invocation *in, const struct install_root *root,
	const struct install_request *request, unsigned int chosen)
{
	struct tally tally = { 0 };

	for (size_t i = 0; install_engine(i); i++) {
		if (chosen & (1u << i))
			install_one(in, root, install_engine(i), request, &tally);
	}
	fflush(stdout);
	if (tally.kubernetes)
		print_runtime_class();
	if (tally.failed || tally.installed)
		return tally.failed ? STATUS_HOST : STATUS_OK;
	fputs("pale install-runtime: no container engine was found\n", stderr);
	return STATUS_HOST;
}

static int open_root(const struct invocation *in, struct install_root *root, struct pale_err **err)
{
	const char *dir = option_argument(in, OPT_ROOT);

	return install_root_open(root, dir ? dir : "/", err);
}

static int install(const struct invocation *in)
{
	_cleanup_(install_root_release) struct install_root root = INSTALL_ROOT_INIT;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	_cleanup_free_ char *runtime = NULL;
	const char *given = option_argument(in, OPT_RUNTIME);
	unsigned int chosen;
	int r;

	if (given && *given != '/')
		return usage_error(in, "--runtime takes an absolute path");
	r = choose_engines(in, &chosen);
	if (r != STATUS_OK)
		return r;
	r = open_root(in, &root, &err);
	if (r >= 0)
		r = find_runtime(in, &root, &runtime, &err);
	if (r < 0) {
		input_failure(in, err);
		return STATUS_HOST;
	}
	return install_all(in, &root,
		&(struct install_request){
			.runtime = runtime, .make_default = option_given(in, OPT_DEFAULT) },
		chosen);
}

static int uninstall(const struct invocation *in)
{
	_cleanup_(install_root_release) struct install_root root = INSTALL_ROOT_INIT;
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	bool dry = option_given(in, OPT_DRY_RUN);
	int status = STATUS_OK, r;
	unsigned int chosen;

	r = choose_engines(in, &chosen);
	if (r != STATUS_OK)
		return r;
	if (open_root(in, &root, &err) < 0) {
		input_failure(in, err);
		return STATUS_HOST;
	}
	for (size_t i = 0; install_engine(i); i++) {
		_cleanup_(install_result_release) struct install_result result =
			INSTALL_RESULT_INIT;
		struct pale_err *failure = NULL;

		if (!(chosen & (1u << i)))
			continue;
		if (uninstall_runtime(&root, install_engine(i), dry, &result, &failure) < 0) {
			print_failure(in, install_engine(i), failure);
			status = STATUS_HOST;
		} else {
			print_result(install_engine(i), &result, dry);
		}
		pale_err_free(failure);
	}
	return status;
}

const struct command cmd_install_runtime = {
	.name = "install-runtime",
	.summary = "tell this machine's container engines of pale-runtime",
	.usage = "[OPTION…]",
	.description =
		"Writes pale-runtime into the configuration of containerd, CRI-O, podman and "
		"Docker, "
		"as the runtime \"pale\", and says what makes each of them read it. Engines that "
		"are "
		"not installed are left out. A second run changes nothing; one with other options "
		"replaces what the first one wrote.\n\n"
		"CRI-O and podman get a drop-in, Docker two members in its daemon.json. containerd "
		"gets a handler at the end of that file whose settings of the CRI plugin count, "
		"since up to 1.7 a drop-in would take the place of all of them; with version 3 of "
		"its configuration, and an import of /etc/containerd/conf.d, it gets a drop-in. "
		"The "
		"handler has the settings of runc's, SystemdCgroup among them.\n\n"
		"For each engine all is written or nothing. A file that cannot be read, or has a "
		"runtime \"pale\" from elsewhere, stays as it is. What was written is noted in "
		"/etc/pale/install-runtime.json, for pale uninstall-runtime.",
	.example = "pale install-runtime --dry-run\n"
		   "pale install-runtime --engine podman,docker --default",
	.options = install_options,
	.operands = no_operands,
	.run = install,
};

const struct command cmd_uninstall_runtime = {
	.name = "uninstall-runtime",
	.summary = "take back what pale install-runtime wrote",
	.usage = "[OPTION…]",
	.description =
		"Makes the configuration of container engines what it was before pale "
		"install-runtime, byte for byte, and says what makes each of them read it. What "
		"was "
		"changed since in other places of the files stays; a file that was changed where "
		"pale had written is left alone, with an error.\n\n"
		"Containers that run under pale-runtime need it until they are gone.",
	.example = "pale uninstall-runtime --dry-run\n"
		   "pale uninstall-runtime",
	.options = uninstall_options,
	.operands = no_operands,
	.run = uninstall,
};
