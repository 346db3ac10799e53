# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Two servers behind Debian's configuration, one of which goes away; TLS; the administrators' socket.
policy=profiles/apps/haproxy.pale
program=/usr/sbin/haproxy
attacks=inner
refused='connect tcp 127.0.0.1:9'

set_up() {
	local i
	install -d /run/haproxy
	syslog /var/lib/haproxy/dev/log /var/log/haproxy.log
	ln -sf /var/lib/haproxy/dev/log /dev/log
	openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout /run/key -out /run/cert 2>/dev/null
	install -d -m 700 /etc/haproxy/certs
	cat /run/cert /run/key >/etc/haproxy/certs/site.pem
	for i in 1 2; do
		install -d /srv/$i
		echo "page $i" >/srv/$i/index.html
	done
	serve_behind 1
	serve_behind 2
	cat >>/etc/haproxy/haproxy.cfg <<-END
		frontend front
		    bind :80
		    bind :443 ssl crt /etc/haproxy/certs/site.pem
		    default_backend back
		frontend statistics
		    bind 127.0.0.1:8404
		    stats enable
		    stats uri /
		backend back
		    option httpchk GET /
		    server one 127.0.0.1:8001 check inter 200ms
		    server two 127.0.0.1:8002 check inter 200ms
	END
}

serve_behind() {
	busybox httpd -f -p 127.0.0.1:800$1 -h /srv/$1 &
	behind[$1]=$!
}

start() {
	daemon "$@" haproxy -Ws -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid
	in_time curl -sf -o /dev/null http://127.0.0.1/
}

admin() {
	echo "$1" | socat - UNIX-CONNECT:/run/haproxy/admin.sock
}

worker_is_another() {
	local now
	now=$(worker) && [ -n "$now" ] && [ "$now" != "$1" ]
}

worker() {
	admin 'show info' | sed -n 's/^Pid: //p'
}

exercise() {
	local before
	is $'page 1\npage 2' words curl -sS --fail 'http://127.0.0.1/?[1-20]'
	is $'page 1\npage 2' words curl -sSk --fail 'https://127.0.0.1/?[1-20]'
	logged 'GET /?7 HTTP/1.1' /var/log/haproxy.log
	prints 'Statistics Report' curl -sS --fail http://127.0.0.1:8404/
	kill "${behind[1]}"
	in_time went_down one
	is 'page 2' words curl -sS --fail 'http://127.0.0.1/?[1-20]'
	before=$(worker)
	signal USR2
	in_time worker_is_another "$before"
	is 'page 2' words curl -sS --fail 'http://127.0.0.1/?[1-20]'
	serve_behind 1
}

went_down() {
	prints "^back,$1,.*,DOWN," admin 'show stat'
}

# The socket lets who reaches it have haproxy ask anybody.
attack() {
	admin 'set server back/one addr 127.0.0.1 port 9' >/dev/null
	admin 'set server back/one state ready' >/dev/null
	admin 'set server back/one health up' >/dev/null
	admin 'set server back/two state maint' >/dev/null
	curl -s http://127.0.0.1/ | grep inner || true
}

stop() {
	ends USR1
}
