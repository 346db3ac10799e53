# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# haproxy as Debian's service runs it: a master of root's, workers of its user in an empty root. Behind it two servers of Python's.

url=http://127.0.0.1:$PORT1

configure() { # MORE-CONFIGURATION
	cat >haproxy.cfg <<-END
		global
		    chroot /var/lib/haproxy
		    user haproxy
		    group haproxy
		    stats socket $WORK/admin.sock mode 660 level admin
		    maxconn 200
		defaults
		    mode http
		    timeout connect 5s
		    timeout client 10s
		    timeout server 10s
		    errorfile 503 /etc/haproxy/errors/503.http
		frontend front
		    bind 127.0.0.1:$PORT1
		    $1
		    default_backend back
		backend back
		    balance roundrobin
		    option httpchk GET /
		    server one 127.0.0.1:$PORT2 check inter 200ms
		    server two 127.0.0.1:$PORT3 check inter 200ms
	END
}

backends() {
	/usr/bin/python3 -m http.server --bind 127.0.0.1 --directory one "$PORT2" >/dev/null 2>&1 &
	backends=($!)
	/usr/bin/python3 -m http.server --bind 127.0.0.1 --directory two "$PORT3" >/dev/null 2>&1 &
	backends+=($!)
	until_ok 20 curl -sf "http://127.0.0.1:$PORT2/"
	until_ok 20 curl -sf "http://127.0.0.1:$PORT3/"
}

serve() {
	start "$PROGRAM" -W -db -f "$WORK/haproxy.cfg" -p "$WORK/haproxy.pid"
	until_ok 60 curl -sf "$url/"
}

admin() { # COMMAND
	echo "$1" | nc -U -N "$WORK/admin.sock"
}

mkdir one two
