# SPDX-License-Identifier: Apache-2.0
# The filters of container.pale as runc and crun take them: an act is a runtime, and runs container_calls.c in containers of it. A bundle
# is a config.json and a root filesystem, here with little more than the program.

policy=programs/container.pale
rootfs=/run/rootfs
bundle=/run/bundle
filters=/run/filters

mkdir -p $rootfs/{bin,dev,proc,sys,tmp} $bundle
cp built/container_calls $rootfs/bin/calls
chmod 1777 $rootfs/tmp
./pale build -I profiles $policy -o $filters >/dev/null

# configure NO_NEW_PRIVS PROFILE ARGUMENT…: the bundle, with the profile's filter, or without any for "none".
configure() {
	local no_new_privs=$1 filter=/dev/null
	[ "$2" = none ] || filter=$filters/$2.seccomp.json
	shift 2
	rm -f $bundle/config.json
	(cd $bundle && "${runtime[0]}" spec)
	jq --argjson no_new_privs "$no_new_privs" --slurpfile filter $filter --arg rootfs $rootfs '
		.root = { path: $rootfs, readonly: false } | .process.terminal = false | .process.user = { uid: 33, gid: 33, additionalGids: [4] } |
		.process.noNewPrivileges = $no_new_privs | .process.args = $ARGS.positional |
		del(.process.rlimits, .linux.resources, .linux.seccomp) | if $filter == [] then . else .linux.seccomp = $filter[0] end' \
		$bundle/config.json --args "$@" >$bundle/new
	mv $bundle/new $bundle/config.json
}

# run_container NO_NEW_PRIVS PROFILE: what the program prints.
run_container() {
	configure "$1" "$2" /bin/calls
	"${runtime[@]}" run --bundle $bundle "pale-test-$SRANDOM"
}

# start_container NO_NEW_PRIVS PROFILE: in two steps, for exec_container, which enters it.
start_container() {
	name=pale-test-$SRANDOM
	configure "$1" "$2" /bin/calls wait
	"${runtime[@]}" create --bundle $bundle $name </dev/null >/dev/null
	"${runtime[@]}" start $name
}
exec_container() {
	local status=0
	"${runtime[@]}" exec $name /bin/calls || status=$?
	"${runtime[@]}" delete --force $name
	return $status
}

# as_decided PROFILE RESULTS: each call as without a filter where decide() allows it, or EPERM. What was seen is asked as the policy's test.
as_decided() {
	local call result free
	{
		cat $policy
		echo "test \"as seen\" for $1 {"
		while IFS=$'\t' read -r call result; do
			free=$(sed -n "s/^$call	//p" /run/free)
			case $call:$result in
			clone3:ENOSYS | unknown:$unknown) ;;
			clone3:* | unknown:*) echo "wrong: $call is $result" ;;
			*:"$free") echo "allow syscall $call" ;;
			*:EPERM) echo "deny syscall $call" ;;
			*) echo "wrong: $call is $result" ;;
			esac
		done <<<"$2"
		echo '}'
	} >/run/seen.pale
	./pale check -I profiles /run/seen.pale >/dev/null || fail "$1: not as decided: $2"
}

# check_results PROFILE RESULTS: as decided, and some of them what this test is about, whatever the policy may say one day.
check_results() {
	[ "$(wc -l <<<"$2")" = "$(wc -l </run/free)" ] || fail "$1: $2"
	as_decided "$1" "$2"
	for call in mkdirat unshare 'personality personality=0x40000' memfd_create; do
		grep -qx "$call	EPERM" <<<"$2" || fail "$1 let it: $call"
	done
	grep -qx 'clone flags=0x11	ok' <<<"$2"
	grep -qx 'getpid	ok' <<<"$2"
}

check_container() { # NO_NEW_PRIVS PROFILE
	local results
	results=$(run_container "$1" "$2") || fail "$2: run ended with $?"
	check_results "$2" "$results"
	start_container "$1" "$2" || fail "$2: start ended with $?"
	results=$(exec_container) || {
		# For this one crun gives its privileges up under the filter, whatever the process has.
		[ "${runtime[0]} $1" = 'crun true' ] || fail "$2: exec ended with $?"
		return 0
	}
	check_results "$2" "$results"
}

check_runtime() {
	run_container true none >/run/free
	[ "$(grep -c '	ok$' /run/free)" = 11 ] || fail "without a filter: $(cat /run/free)"
	grep -q '^clone3	[0-9]' /run/free
	for profile in ${runtime[0]} strict-${runtime[0]}; do
		check_container true $profile
		check_container false $profile-privileged
	done
	# Without its fragment a container does not come up.
	! run_container false bare >/dev/null 2>&1 || fail 'the runtime calls nothing more than the program'
	! run_container false strict-${runtime[0]} >/dev/null 2>&1 || fail 'the runtime calls nothing more than the program'
}

act_runc() {
	runtime=(runc --root /run/runc)
	unknown=ENOSYS
	check_runtime
}

act_crun() {
	# It takes no hybrid tree of control groups, which a host may have, and the tests need none.
	local groups=disabled
	[ -z "$guest" ] || groups=cgroupfs
	umount -l /sys/fs/cgroup
	mount -t cgroup2 none /sys/fs/cgroup
	runtime=(crun --root /run/crun --cgroup-manager=$groups)
	# What the filter does not name: unlike runc it puts nothing before it.
	unknown=EPERM
	check_runtime
}
