/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/export/config.h"

#include "compiler/base/cleanup.h"
#include "compiler/base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char path[] = "/tmp/pale-export-conf-XXXXXX";

static int setup(void **state)
{
	int fd = mkstemp(path);

	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	return unlink(path);
}

static int read_text(const char *text, struct export_config *ret, struct pale_err **err)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	fclose(f);
	return export_config_read(path, ret, err);
}

#define FILE_OUTPUT "outputs: [{name: a, type: file, path: /x}]\n"

static void each_mistake_has_its_message(void **state)
{
	/* PATH stands before each. */
	static const struct {
		const char *text, *error;
	} mistakes[] = {
		{ "", ": it is empty" },
		{ "- a\n", ":1:1: the file must map keys to values" },
		{ "speed: 9\n", ":1:1: unknown key 'speed'" },
		{ "fold: 1s\n", ":1:1: neither 'outputs' nor 'metrics': nothing to do" },
		{ "metrics: off\n", ":1:1: neither 'outputs' nor 'metrics': nothing to do" },
		{ "outputs: {}\n", ":1:10: 'outputs' must list outputs" },
		{ "outputs: []\n", ":1:10: 'outputs' must list outputs" },
		{ "outputs: [a]\n", ":1:11: an output must be a map" },
		{ "outputs: [{name: a}]\n",
			":1:11: 'type' must be file, stdout, journald, syslog, webhook or otlp" },
		{ "outputs: [{name: a, type: [file]}]\n",
			":1:27: 'type' must be file, stdout, journald, syslog, webhook or otlp" },
		{ "outputs: [{type: stdout}]\n", ":1:11: an output needs a 'name'" },
		{ "outputs: [{name: a, type: file}]\n", ":1:11: file needs a 'path'" },
		{ "outputs: [{name: a, type: otlp}]\n", ":1:11: otlp needs a 'url'" },
		{ "outputs: [{name: a, type: webhook}]\n", ":1:11: webhook needs a 'url'" },
		{ "outputs: [{name: a, type: syslog}]\n", ":1:11: syslog needs an 'address'" },
		{ "outputs: [{name: ../a, type: stdout}]\n",
			":1:18: 'name' must be of letters, digits, '-' and '_', at most 63" },
		{ "outputs: [{name: '', type: stdout}]\n",
			":1:18: 'name' must be of letters, digits, '-' and '_', at most 63" },
		{ "outputs:\n- {name: a, type: stdout}\n- {name: a, type: journald}\n",
			":3:10: another output has the name 'a'" },
		{ "outputs: [{name: a, type: stdout, path: /x}]\n", ":1:35: stdout has no 'path'" },
		{ "outputs: [{name: a, type: file, path: x}]\n",
			":1:39: 'path' must be an absolute path" },
		{ "outputs: [{name: a, type: file, path: /x, spool: 1MiB}]\n",
			":1:43: file has no 'spool'" },
		{ "outputs: [{name: a, type: file, path: /x, size: 1MB}]\n",
			":1:49: 'size' must be a size from 64KiB to 64GiB" },
		{ "outputs: [{name: a, type: file, path: /x, size: 1KiB}]\n",
			":1:49: 'size' must be a size from 64KiB to 64GiB" },
		{ "outputs: [{name: a, type: stdout, spool: 99999999999GiB}]\n",
			":1:42: 'spool' must be a size from 64KiB to 64GiB" },
		{ "outputs: [{name: a, type: stdout, format: oscf}]\n",
			":1:43: no 'format' of stdout: 'oscf', did you mean 'ocsf'?" },
		{ "outputs: [{name: a, type: stdout, format: rfc5424}]\n",
			":1:43: no 'format' of stdout: 'rfc5424'" },
		{ "outputs: [{name: a, type: otlp, url: 'http://x', format: json}]\n",
			":1:50: otlp has no 'format'" },
		{ "outputs: [{name: a, type: webhook, url: 'file:///etc/passwd'}]\n",
			":1:41: 'url' must begin with http:// or https://" },
		{ "outputs: [{name: a, type: webhook, url: 'http://'}]\n",
			":1:41: 'url' must begin with http:// or https://" },
		{ "outputs: [{name: a, type: webhook, url: 'http://a b'}]\n",
			":1:41: 'url' must begin with http:// or https://" },
		{ "outputs: [{name: a, type: webhook, url: 'http://x', headers: [a]}]\n",
			":1:62: 'headers' must map names to values" },
		{ "outputs: [{name: a, type: webhook, url: 'http://x', headers: {a b: c}}]\n",
			":1:63: no header of HTTP" },
		{ "outputs: [{name: a, type: webhook, url: 'http://x', headers: {a: "
		  "\"b\\r\\nc: d\"}}]\n",
			":1:63: no header of HTTP" },
		{ "outputs: [{name: a, type: webhook, url: 'http://x', batch: 0}]\n",
			":1:60: 'batch' must be a number from 1 to 10000" },
		{ "outputs: [{name: a, type: webhook, url: 'http://x', retry-max: 5}]\n",
			":1:64: 'retry-max' must be a time from 1 to 3600 seconds: 500ms, 10s, "
			"1m" },
		{ "outputs: [{name: a, type: syslog, address: 'udp://h:1'}]\n",
			":1:44: 'address' must be unix:///PATH, tcp://HOST:PORT or "
			"tls://HOST:PORT" },
		{ "outputs: [{name: a, type: syslog, address: 'tcp://h'}]\n",
			":1:44: 'address' must be unix:///PATH, tcp://HOST:PORT or "
			"tls://HOST:PORT" },
		{ "outputs: [{name: a, type: syslog, address: 'tcp://h:65536'}]\n",
			":1:44: 'address' must be unix:///PATH, tcp://HOST:PORT or "
			"tls://HOST:PORT" },
		{ "outputs: [{name: a, type: syslog, address: 'tcp://u@h/:1'}]\n",
			":1:44: 'address' must be unix:///PATH, tcp://HOST:PORT or "
			"tls://HOST:PORT" },
		{ "outputs: [{name: a, type: syslog, address: 'tcp://::1:1'}]\n",
			":1:44: 'address' must be unix:///PATH, tcp://HOST:PORT or "
			"tls://HOST:PORT" },
		{ "outputs: [{name: a, type: syslog, address: 'tcp://h:1', facility: x}]\n",
			":1:67: 'facility' must be one of syslog's: auth, daemon, local0 …" },
		{ "outputs: [{name: a, type: syslog, address: 'tcp://h:1', ca-file: /x}]\n",
			":1:11: certificates are of tls:// alone" },
		{ "outputs: [{name: a, type: webhook, url: 'http://h', ca-file: /x}]\n",
			":1:11: certificates are of https:// alone" },
		{ "outputs: [{name: a, type: otlp, url: 'http://h', key-file: /x, "
		  "certificate-file: /y}]\n",
			":1:11: certificates are of https:// alone" },
		{ "outputs:\n- {name: a, type: file, path: /x}\n"
		  "- {name: b, type: file, path: /x, format: cef}\n",
			":3:3: another output has the file '/x'" },
		{ "outputs: [{name: a, type: syslog, address: 'tls://h:1', key-file: /x}]\n",
			":1:11: 'certificate-file' and 'key-file' go together" },
		{ "outputs: [{name: a, type: stdout, kinds: violation}]\n",
			":1:42: 'kinds' must list some" },
		{ "outputs: [{name: a, type: stdout, profiles: []}]\n",
			":1:45: 'profiles' must list some" },
		{ "outputs: [{name: a, type: stdout, profiles: [[x]]}]\n",
			":1:46: one of them must be a text" },
		{ "fold: 61s\n" FILE_OUTPUT,
			":1:7: 'fold' must be a time from 0 to 60 seconds: 500ms, 10s, 1m" },
		{ "node: []\n" FILE_OUTPUT, ":1:7: 'node' must be a text" },
		{ "metrics: 9469\n",
			":1:10: 'metrics' must be off, or an address and a port: 127.0.0.1:9469, "
			"[::1]:9469" },
		{ "metrics: localhost:9469\n",
			":1:10: 'metrics' must be off, or an address and a port: 127.0.0.1:9469, "
			"[::1]:9469" },
		{ FILE_OUTPUT "---\n" FILE_OUTPUT, ":3:1: only one document is read" },
	};

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		_cleanup_(pale_err_freep) struct pale_err *err = NULL;
		_cleanup_(text_release) struct text expected = TEXT_INIT;
		struct export_config c;

		text_printf(&expected, "%s%s", path, mistakes[i].error);
		assert_int_equal(read_text(mistakes[i].text, &c, &err), -EINVAL);
		assert_string_equal(pale_err_text(err), text_str(&expected));
		assert_null(c.arena);
	}
}

static void what_is_right_is_understood(void **state)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct export_config c;
	const struct output_config *o;

	assert_int_equal(
		read_text("node: n1\n"
			  "fold: 500ms\n"
			  "metrics: '[::1]:9469'\n"
			  "outputs:\n"
			  "- {name: f, type: file, path: /var/x, format: ocsf, size: 1MiB}\n"
			  "- {name: s, type: syslog, address: 'tls://[2001:db8::1]:6514', "
			  "facility: auth, format: cef, ca-file: /ca}\n"
			  "- {name: u, type: syslog, address: 'unix:///dev/log'}\n"
			  "- {name: w, type: webhook, url: 'https://h/x', headers: {A: b}, "
			  "batch: 5, spool: 2GiB, retry-max: 2m, kinds: [lost, violation], "
			  "profiles: [web]}\n"
			  "- {name: j, type: journald}\n",
			&c, &err),
		0);
	assert_string_equal(c.node, "n1");
	assert_int_equal(c.fold_ns, 500000000);
	assert_true(c.metrics);
	assert_int_equal(c.metrics_address.ss_family, AF_INET6);
	assert_int_equal(((struct sockaddr_in6 *)&c.metrics_address)->sin6_port, htons(9469));
	assert_int_equal(c.n_outputs, 5);
	o = c.outputs;
	assert_true(o[0].type == OUTPUT_FILE && o[0].format == EXPORT_OCSF && o[0].size == 1 << 20);
	assert_true(o[1].transport == SYSLOG_TLS && o[1].port == 6514 && o[1].facility == 4 &&
		    o[1].format == EXPORT_CEF);
	assert_string_equal(o[1].host, "2001:db8::1");
	assert_true(o[2].transport == SYSLOG_UNIX && o[2].format == EXPORT_RFC5424 &&
		    o[2].facility == 16);
	assert_string_equal(o[2].path, "/dev/log");
	assert_true(o[3].batch == 5 && o[3].spool == UINT64_C(2) << 30 &&
		    o[3].retry_max_ns == UINT64_C(120000000000));
	assert_string_equal(o[3].headers.v[0], "A: b");
	assert_int_equal(o[3].kinds.n, 2);
	assert_string_equal(o[4].path, "/run/systemd/journal/socket");
	export_config_release(&c);
}

static void a_file_that_is_not_there_is_an_error(void **state)
{
	_cleanup_(pale_err_freep) struct pale_err *err = NULL;
	struct export_config c;

	assert_int_equal(export_config_read("/none/x", &c, &err), -ENOENT);
	assert_string_equal(pale_err_text(err), "cannot read '/none/x': No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mistake_has_its_message),
		cmocka_unit_test(what_is_right_is_understood),
		cmocka_unit_test(a_file_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests_name("export_config", tests, setup, teardown);
}
