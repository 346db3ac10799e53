#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Ordinary programs under all the mechanisms of the guest. Each is first seen to be refused something outside of its policy, which it may
# without, and then does what it is for without a single report. No rule may be inexact: nothing is passed to --allow-partial.
# shellcheck disable=SC2016

bats_require_minimum_version 1.5.0
load lib

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	mkdir -p /srv/elsewhere
	echo secret >/srv/elsewhere/secret
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	report=$BATS_TEST_TMPDIR/report
	stderr=$BATS_TEST_TMPDIR/stderr
	output_file=$BATS_TEST_TMPDIR/output
	: >"$report" >"$stderr"
}

teardown() {
	dump_report "$report" "$stderr" "$output_file"
}

# confined POLICY COMMAND…
confined() {
	local policy=$1
	shift
	"$PWD/build/pale" run -I profiles -p "$policy" --report "$report" -- "$@" \
		>"$output_file" 2>>"$stderr" 3>&-
}

nothing_reported() {
	[ ! -s "$report" ] && ! grep -E 'denied|killed|lost' "$stderr"
}

# refused OPERATION OBJECT: told, and nothing else is; then the reports begin anew.
refused() {
	wait_until 20 test -s "$report"
	jq -es --arg operation "$1" --arg object "$2" \
		'length > 0 and all(.operation == $operation and .object == $object and .outcome == "refused")' "$report" >/dev/null
	grep -q "denied: $1 $2" "$stderr"
	: >"$report" >"$stderr"
}

served() { # URL
	[ "$(curl -sS -o /dev/null -w '%{http_code}' --max-time 60 "$1")" = 200 ]
}

@test "nginx serves a few hundred requests" {
	local policy=profiles/apps/nginx.pale server
	cat >/etc/nginx/conf.d/elsewhere.conf <<-END
		server { listen 127.0.0.1:8080; location / { alias /srv/elsewhere/; } }
	END
	nginx
	wait_until 20 served http://127.0.0.1:8080/secret
	nginx -s quit
	wait_until 20 test ! -e /run/nginx.pid

	confined $policy nginx -g 'daemon off;' &
	server=$!
	wait_until 60 served http://127.0.0.1/
	! served http://127.0.0.1:8080/secret
	refused read /srv/elsewhere/secret
	curl -sS --fail --max-time 120 -o /dev/null 'http://127.0.0.1/?[1-300]'
	curl -sS --fail --max-time 120 --parallel --parallel-max 8 -o /dev/null 'http://127.0.0.1/?[1-100]'
	kill -HUP "$(cat /run/nginx.pid)"
	curl -sS --fail --max-time 120 -o /dev/null 'http://127.0.0.1/?[1-50]'
	kill -QUIT "$(cat /run/nginx.pid)"
	wait $server
	[ "$(grep -c '"GET /?[0-9]* HTTP/1.1" 200' /var/log/nginx/access.log)" = 450 ]
	nothing_reported
}

@test "redis-server answers a benchmark, and saves" {
	local policy=profiles/apps/redis.pale server
	server=(redis-server /etc/redis/redis.conf --supervised no --daemonize no --enable-protected-configs yes)
	install -d -o root -g root /var/lib/redis /var/log/redis /run/redis
	chmod 755 /var/lib/redis /var/log/redis
	chown -R root:root /var/lib/redis /var/log/redis /etc/redis
	"${server[@]}" >/dev/null 3>&- &
	wait_until 20 redis_answers
	[ "$(saves_to /srv/elsewhere)" = $'OK\nOK' ]
	redis-cli shutdown
	rm /srv/elsewhere/dump.rdb

	confined $policy "${server[@]}" &
	server=$!
	wait_until 60 redis_answers
	saves_to /srv/elsewhere
	wait_until 20 test -s "$report"
	jq -es 'all(.operation == "create" and (.object | startswith("/srv/elsewhere/temp-")) and .outcome == "refused")' "$report"
	[ ! -e /srv/elsewhere/dump.rdb ]
	: >"$report" >"$stderr"
	[ "$(saves_to /var/lib/redis)" = $'OK\nOK' ]
	redis-benchmark -n 300 -c 10 -q -t set,get,incr,lpush,rpop,sadd,hset,mset
	redis-cli config set appendonly yes
	redis-cli bgsave
	wait_until 60 redis_saved
	redis-cli shutdown
	wait "$server"
	[ -s /var/lib/redis/dump.rdb ]
	nothing_reported
}

redis_answers() {
	[ "$(redis-cli ping 2>/dev/null)" = PONG ]
}

saves_to() {
	redis-cli config set dir "$1"
	redis-cli save
}

redis_saved() {
	[[ $(redis-cli info persistence) = *rdb_bgsave_in_progress:0*rdb_last_bgsave_status:ok*aof_rewrite_in_progress:0*aof_last_bgrewrite_status:ok* ]]
}

@test "git clones over file://, commits and pushes" {
	local policy=profiles/apps/git.pale hook=/srv/git/first/.git/hooks/post-checkout
	export HOME=/srv/git/home GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
	mkdir -p /srv/git
	git init -q -b main /srv/git/first
	seq 2000 >/srv/git/first/numbers
	mkdir /srv/git/first/folder
	ln -s ../numbers /srv/git/first/folder/link
	git -C /srv/git/first add .
	git -C /srv/git/first commit -qm first
	[ "$(git hash-object /srv/elsewhere/secret)" = d97c5eada5d8c52079031eef0107a4430a9617c5 ]

	! confined $policy git -C /srv/git/first hash-object /srv/elsewhere/secret
	refused read /srv/elsewhere/secret
	confined $policy dash -ec 'git clone -q file:///srv/git/first /srv/git/clone
		cd /srv/git/clone
		git status --short
		git rm -q folder/link
		git commit -qm second
		git push -q origin HEAD:refs/heads/second
		git gc -q
		git fsck --no-progress
		git log --format=%s'
	[ "$(cat "$output_file")" = $'second\nfirst' ]
	[ "$(git -C /srv/git/first log --format=%s second)" = $'second\nfirst' ]
	cmp /srv/git/first/numbers /srv/git/clone/numbers
	nothing_reported
}

@test "gcc compiles and links a program" {
	local policy=tests/vm/workloads/gcc.pale
	mkdir -p /srv/build
	cat >/srv/build/program.c <<-END
		#include <math.h>
		#include <stdio.h>
		int main(int argc, char **argv) { return printf("%g\n", sqrt(argc * 4)) < 0; }
	END
	echo '#include "/srv/elsewhere/secret"' >/srv/build/reads.c
	gcc -E /srv/build/reads.c | grep -qx secret

	! confined $policy gcc -E /srv/build/reads.c
	refused read /srv/elsewhere/secret
	confined $policy gcc -O2 -Wall -o /srv/build/program /srv/build/program.c -lm
	[ "$(/srv/build/program)" = 2 ]
	nothing_reported
}
