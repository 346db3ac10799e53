# SPDX-License-Identifier: Apache-2.0
# Debian's nginx under profiles/apps/nginx.pale: all that it does by right goes unreported, and all that a compromised worker tries, seen
# to work without the policy, is refused and reported with its line. Runs on the host with seccomp and Landlock, and in the guest, through
# the link in tests/vm, with seccomp, BPF-LSM and AppArmor.
# shellcheck shell=bash disable=SC2016,SC2154

root=$BATS_TEST_DIRNAME/../..
if [ -n "${PALE_VM:-}" ]; then
	where=guest
else
	where=host
fi

setup_file() {
	cd "$root"
	PALE_BUILD=$(realpath "${PALE_BUILD:-build}")
	. tests/nginx.bash
	stage_start
	listen_elsewhere
	export PALE_BUILD stage
}

teardown_file() {
	. "$root/tests/nginx.bash"
	stage_stop
}

setup() {
	cd "$root"
	. tests/nginx.bash
	report=$BATS_FILE_TMPDIR/report
	stderr=$BATS_FILE_TMPDIR/stderr
	status_file=$BATS_FILE_TMPDIR/status
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED:-}" ] || tail -n 30 "$report" "$stderr" || true
}

# A port that is no part of nginx and really answers, to connect out to.
listen_elsewhere() {
	on_stage busybox nc -ll -p 9999 -e true >/dev/null 2>&1 3>&- &
}

# The first half of the suite runs nginx as Debian sets it up, the second one with the attack module.
# The guest's mechanisms together leave nothing inexact; Landlock does.
confine_nginx() {
	local partial=--allow-partial
	[ -z "${PALE_VM:-}" ] || partial=
	: >"$report"
	rm -f "$status_file"
	{
		on_stage "$PALE_BUILD/pale" run -p $nginx_policy $partial --report "$report" -- nginx && status=0 || status=$?
		echo "$status" >"$status_file"
	} >/dev/null 2>"$stderr" 3>&- &
	in_time nginx_serves
	is_confined
}

is_confined() {
	on_stage grep -q '^Seccomp:.2$' "/proc/$(nginx_master)/status"
}

nginx_ends_well() {
	nginx_quit
	in_time test -s "$status_file"
	[ "$(cat "$status_file")" = 0 ]
}

no_violation() {
	[ ! -s "$report" ]
}

# An argument for the attacks that need one.
argument_of() {
	case $1 in
	connect) echo 9999 ;;
	module) echo /var/lib/nginx/module.ko ;;
	esac
}

# A harmless module where there are modules; without them the kernel's own refusal tells itself apart
# from the policy's.
put_module() {
	local modules module
	modules=/lib/modules/$(uname -r)/kernel
	if [ -d "$modules" ]; then
		# Another suite may have loaded it.
		! grep -q '^dummy ' /proc/modules || busybox rmmod dummy
		module=$(find "$modules" -name 'dummy.ko*' | head -n 1)
		# xz -dcf copies what is not compressed; the attack hands the kernel a plain file.
		on_stage sh -c 'xz -dcf <"$1" >/var/lib/nginx/module.ko' sh "$module"
	else
		on_stage sh -c 'echo none >/var/lib/nginx/module.ko'
	fi
}

works() {
	run attack "$1" "$(argument_of "$1")"
	echo "$1: $output"
	[ "$output" = allowed ]
}

# The last violation: the mechanism's name does not matter here, the line does. TEXT is the rule's, as
# it stands in the policy.
refused() { # ATTACK ERRNO OPERATION OBJECT TEXT
	local before line
	before=$(wc -l <"$report")
	run attack "$1" "$(argument_of "$1")"
	echo "$1: $output"
	[[ $output = "refused $2 "* ]]
	line=$(grep -nF -m 1 -- "$5" $nginx_policy | cut -d: -f1)
	[ -n "$line" ]
	in_time has_more_lines "$before"
	tail -n "+$((before + 1))" "$report" | jq -es --arg file $nginx_policy --argjson line "$line" --arg operation "$3" \
		--arg object "$4" 'any(.file == $file and .line == $line and .operation == $operation and
		(.object | startswith($object)) and .outcome == "refused" and .verdict == "deny" and
		(.process.executable | contains("nginx")) and .process.pid > 1)'
	nginx_serves
}

has_more_lines() {
	[ "$(wc -l <"$report")" -gt "$1" ]
}

@test "nginx starts, forks its workers and serves" {
	confine_nginx
	[ "$(nginx_workers | wc -l)" = 2 ]
	for worker in $(nginx_workers); do
		on_stage grep -q '^Seccomp:.2$' "/proc/$worker/status"
		on_stage grep -q '^Uid:.33' "/proc/$worker/status"
	done
	no_violation
}

@test "it serves to curl, and logs" {
	on_stage curl -sS --fail --max-time 60 http://127.0.0.1/ | grep -q 'Welcome to nginx'
	in_time on_stage grep -q '"GET / HTTP/1.1" 200 615 "-" "curl' /var/log/nginx/access.log
	http_get 80 /no-such-page | grep -q '^HTTP/1.1 404 '
	in_time on_stage grep -q '"GET /no-such-page HTTP/1.0" 404' /var/log/nginx/access.log
	no_violation
}

reloaded() {
	[ "$(nginx_workers | wc -l)" = 2 ] && [ -z "$(comm -12 <(echo "$1") <(nginx_workers))" ]
}

@test "it reloads: new workers, a new site, and no request fails" {
	local before
	before=$(nginx_workers)
	on_stage sh -c 'echo "server { listen 8080; return 200 new; }" >/etc/nginx/conf.d/new.conf'
	nginx_signal HUP
	in_time reloaded "$before"
	nginx_serves
	[[ $(http_get 8080 /) = *$'\n'new ]]
	on_stage rm /etc/nginx/conf.d/new.conf
	no_violation
}

@test "it reopens its logs, as logrotate asks" {
	on_stage mv /var/log/nginx/access.log /var/log/nginx/access.log.1
	nginx_signal USR1
	in_time on_stage test -e /var/log/nginx/access.log
	nginx_serves
	in_time on_stage grep -q 'GET / ' /var/log/nginx/access.log
	[ "$(on_stage stat -c %U /var/log/nginx/access.log)" = www-data ]
	no_violation
}

@test "it ends, and so does pale run, with nothing reported" {
	nginx_ends_well
	no_violation
	! on_stage grep -E 'emerg|alert|crit' /var/log/nginx/error.log
}

@test "without the policy every attack works" {
	stage_compromise
	put_module
	on_stage nginx
	in_time nginx_serves
	! is_confined
	for name in shadow shell dropped memory unlinked drift connect ptrace mount; do
		works $name
	done
	run attack module "$(argument_of module)"
	echo "$output"
	if [ $where = guest ]; then
		[ "$output" = allowed ]
		busybox rmmod dummy
	else
		[[ $output =~ ^refused\ (ENOSYS|ENOEXEC)\ finit_module$ ]]
	fi
	nginx_quit
}

@test "with the policy it serves, and its own program runs" {
	confine_nginx
	works drift
	no_violation
}

@test "refused: reading /etc/shadow" {
	refused shadow EACCES read /etc/shadow 'deny  read /etc/{,g}shadow{,-}'
}

@test "refused: a shell" {
	refused shell EACCES exec /usr/bin/dash 'deny  exec $shell'
}

@test "refused: executing a file just written" {
	refused dropped EACCES exec /var/lib/nginx/body/dropped 'deny  exec drift'
}

@test "refused: executing what never was a file" {
	refused memory EPERM syscall memfd_create 'deny memfd_create'
}

@test "refused: executing a file that has no name any more" {
	refused unlinked EACCES exec '' 'deny  exec anonymous'
}

@test "refused: connecting out" {
	refused connect EACCES connect 'tcp 127.0.0.1:9999' 'deny  connect tcp, udp'
}

@test "refused: tracing another process" {
	refused ptrace EPERM syscall ptrace 'deny ptrace, process_vm_readv'
}

@test "refused: mounting" {
	refused mount EPERM syscall mount 'deny mount, umount2'
	! on_stage mountpoint -q /mnt
}

@test "refused: loading a kernel module" {
	refused module EPERM syscall finit_module 'deny init_module, finit_module'
}

@test "refused: executing an allowed program that was rewritten" {
	on_stage sh -c 'cp /usr/sbin/nginx /usr/sbin/new && echo >>/usr/sbin/new && mv /usr/sbin/new /usr/sbin/nginx'
	refused drift EACCES exec /usr/sbin/nginx 'deny  exec drift'
	on_stage /usr/sbin/nginx -v
}

@test "after all that it ends as it should" {
	nginx_ends_well
	! grep -q lost "$stderr"
}

# Without what changes with every edit: lines, ids, and the words that say why.
partial_list() {
	run timeout 60 "$PALE_BUILD/pale" run -p $nginx_policy -- nginx -v
	sed -nE 's/^.*profiles\/([a-z\/]+\.pale):[0-9]+:[0-9]+: (.*: (wider|narrower|unenforced) for [a-z]+).*/\1: \2/p' <<<"$output"
	echo "status $status"
}

@test "what is not exact here is as listed, and starts only when accepted; in the guest that is nothing" {
	if [ -n "${PALE_VM:-}" ]; then
		[[ $(partial_list) =~ ^status\ ([0-9]+)$ ]]
		[ "${BASH_REMATCH[1]}" != 3 ]
		return
	fi
	if [ -n "${PALE_GOLDEN:-}" ]; then
		partial_list >tests/golden/nginx.$where.partial
	fi
	diff -u tests/golden/nginx.$where.partial <(partial_list)
}
