# SPDX-License-Identifier: Apache-2.0
# TOML as toml_read() has it, judged by Python's own reader; and what it says of texts that are none.
# shellcheck shell=bash disable=SC2154

bats_require_minimum_version 1.5.0

setup() {
	here=$(realpath "$BATS_TEST_DIRNAME")
	toml_json=$(realpath "${PALE_BUILD:-build}")/tests/live/toml_json
	cd "$BATS_TEST_TMPDIR" || return 1
}

# says TEXT ANSWER: TEXT with printf's escapes.
says() {
	printf '%b' "$1" >text
	{
		stat -c %s text
		cat text
	} >input
	run -0 "$toml_json" <input
	[ "$output" = "$2" ] || {
		printf '%s: %s\n' "$1" "$output" >&2
		return 1
	}
}

@test "texts and mutants of them are taken, refused and understood as by Python" {
	cat >engine.toml <<'END'
version = 2 # of the format
imports = ["/etc/containerd/conf.d/*.toml", 'other.toml',]
oom_score = -999
[grpc]
  address = "/run/containerd/containerd.sock"
  max_recv_message_size = 16_777_216
[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    sandbox_image = "registry.k8s.io/pause:3.6"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      options = { SystemdCgroup = true, BinaryName = "" }
[timeouts]
  "io.containerd.timeout.shim.load" = "5s"
[[aliases]]
name = """
several \
   lines"""
since = 1979-05-27T07:32:00.5-07:00
[[aliases]]
factor = 6.02e23
END
	seed=${PALE_SEED:-$RANDOM}
	run -0 python3 "$here/toml_alike.py" "$toml_json" "$seed" 20000 engine.toml
	[[ $output =~ ^([0-9]+)\ alike,\ ([0-9]+)\ refused\ by\ both,\ 0\ not\ alike ]]
	[ "${BASH_REMATCH[1]}" -gt 2000 ] && [ "${BASH_REMATCH[2]}" -gt 2000 ]
}

@test "what is wrong is named, with its place" {
	says 'a = 1' '{"a":1}'
	says 'a = "x' '!stdin:1:5: a string without its end'
	says '\n a = 1 b' '!stdin:2:8: the end of the line was expected'
	says 'a' "!stdin:1:2: '=' was expected"
	says '= 1' '!stdin:1:1: a key was expected'
	says 'a = ' '!stdin:1:5: a value was expected'
	says 'a = 01' '!stdin:1:5: a value was expected'
	says 'a = 2023-02-29' '!stdin:1:5: a value was expected'
	says 'a = [1 2]' "!stdin:1:8: ',' or ']' was expected"
	says 'a = {b = 1 c = 2}' "!stdin:1:12: ',' or '}' was expected"
	says 'a = 9223372036854775808' '!stdin:1:5: 9223372036854775808 does not fit 64 bits'
	says 'a = 1\na = 2' "!stdin:2:1: 'a' is defined twice"
	says '[a]\n[b]\n[a]' "!stdin:3:2: 'a' is defined twice"
	says '[[a]\n' "!stdin:1:4: ']]' was expected"
	says 'a = {}\n[a.b]' "!stdin:2:2: 'a' takes no further keys"
	says 'a = "\\x"' '!stdin:1:7: an unknown escape'
	says 'a = "\\ud800"' '!stdin:1:12: U+D800 is no character of a text'
	says 'a = "\\u0000"' '!stdin:1:12: U+0000 is no character of a text'
	says 'a = "\\u00g0"' '!stdin:1:10: 4 hexadecimal digits were expected'
	says '# \001' '!stdin:1:3: a control character'
	says 'a = "\001"' '!stdin:1:6: a control character in a string'
	says '# \0377' '!stdin:1:3: bytes that are no UTF-8'
	says "$(printf 'a = %065d' 0 | sed 's/0\{65\}$/&/; s/0/[/g')" '!stdin:1:69: values are nested deeper than 64'
	says "$(printf 'a.%.0s' {1..64})a = 1" '!stdin:1:129: a key of more than 64 parts'
}
