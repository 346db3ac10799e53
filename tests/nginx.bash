# SPDX-License-Identifier: Apache-2.0
#
# Debian's nginx on a stage: namespaces of its own, with copies of the directories that it or a test
# changes, so that nothing on the system is touched and nothing is left. The demo and the tests of
# profiles/apps/nginx.pale start from here. $PALE_BUILD names the build directory.

nginx_policy=profiles/apps/nginx.pale

# The guest has nothing but a loopback interface, and the kernel hands AppArmor's records to its initial
# network namespace alone; elsewhere pale has to read them from the kernel's log, at the log's pace.
stage_namespaces=(--mount --net)
[ -z "${PALE_VM:-}" ] || stage_namespaces=(--mount)

# stage_start: sets stage to the process that holds the namespaces.
stage_start() {
	local ready
	coproc STAGE {
		exec unshare "${stage_namespaces[@]}" --fork --kill-child "${BASH_SOURCE[0]%/*}/nginx_stage.sh" 2>&1 3>&-
	}
	stage_holder=$STAGE_PID
	disown "$stage_holder" # or its end would be told as that of a job
	read -r ready <&"${STAGE[0]}"
	if [ "$ready" != ready ]; then
		echo "the stage did not come up: $ready"
		return 1
	fi
	# The list ends without a newline.
	read -r stage <"/proc/$stage_holder/task/$stage_holder/children" || [ -n "$stage" ]
}

# on_stage COMMAND...
on_stage() {
	nsenter --target "$stage" "${stage_namespaces[@]}" --wd="$PWD" "$@"
}

# stage_stop: ends all that runs there; its files go with the last. It has no process namespace of its
# own, in which pale would not know the processes that BPF-LSM and AppArmor tell it of.
stage_stop() {
	local namespace process again=1
	exec {namespace}<"/proc/$stage/ns/mnt"
	while [ -n "$again" ]; do
		again=
		for process in /proc/[0-9]*; do
			if [ "$process/ns/mnt" -ef "/proc/self/fd/$namespace" ]; then
				kill -KILL "${process#/proc/}" || true
				again=1
			fi
		done
		[ -z "$again" ] || sleep 0.05
	done
	exec {namespace}<&-
}

# stage_compromise: before nginx starts. Port 8080 then answers GET /attack/NAME (tests/attacks).
# Workers run as root, unlike Debian's: most attacks would otherwise fail without any policy, for lack
# of privilege, and show nothing about it.
stage_compromise() {
	on_stage cp "$PALE_BUILD/tests/attacks/ngx_http_attack_module.so" /usr/lib/nginx/modules/
	on_stage sed -i 's/^user .*/user root;/' /etc/nginx/nginx.conf
	on_stage sh -c "echo 'load_module modules/ngx_http_attack_module.so;' >/etc/nginx/modules-enabled/90-attack.conf"
	on_stage sh -c "echo 'server { listen 127.0.0.1:8080; location /attack/ { attack; } }' >/etc/nginx/conf.d/attack.conf"
}

# http_get PORT PATH: the whole answer. Without curl, whose start takes an emulated guest seconds.
http_get() {
	on_stage timeout 20 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET %s HTTP/1.0\r\n\r\n" "$2" >&3 && mapfile -t lines <&3 &&
		printf "%s\n" "${lines[@]}"' bash "$1" "$2" 2>/dev/null
}

# attack NAME [ARGUMENT]: what the worker says that tried it.
attack() {
	local answer
	answer=$(http_get 8080 "/attack/$1${2:+?$2}") && [[ $answer = "HTTP/1.1 200 "* ]] && echo "${answer##*$'\n'}"
}

nginx_serves() {
	[[ $(http_get 80 /) = "HTTP/1.1 200 "*"Welcome to nginx"* ]]
}

# in_time COMMAND...: until it succeeds, for a minute: machines may be slow.
in_time() {
	local end=$((SECONDS + 60))
	until "$@"; do
		if ((SECONDS >= end)); then
			echo "waited in vain for: $*"
			return 1
		fi
		sleep 0.1
	done
}

nginx_master() {
	on_stage cat /run/nginx.pid
}

# nginx_workers: the processes, one a line, in order.
nginx_workers() {
	local master
	master=$(nginx_master)
	on_stage sh -c 'tr " " "\n" <"/proc/$1/task/$1/children" | sort -n' sh "$master"
}

# nginx_signal SIGNAL: to the master, from outside its confinement.
nginx_signal() {
	on_stage kill -s "$1" "$(nginx_master)"
}

nginx_is_gone() {
	on_stage test ! -e /run/nginx.pid
}

# nginx_quit: ends it.
nginx_quit() {
	nginx_signal QUIT
	in_time nginx_is_gone
}
