# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Debian's site and a large file; a reload, logs anew. tests/live/nginx.bats asks more of it.
policy=profiles/apps/nginx.pale
program=/usr/sbin/nginx
attacks=$'inner\nsecret'
refused=$'read /srv/secret\nconnect tcp 127.0.0.1:9'

set_up() {
	install -d /var/www/html
	seq 10000 >/var/www/html/numbers
	ln -s /srv/secret /var/www/html/link
	install -d /run/systemd/userdb /run/userdb
	echo 'server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:9; } }' >/etc/nginx/conf.d/proxy.conf
}

start() {
	daemon "$@" nginx -g 'daemon off;'
	in_time curl -sf -o /dev/null http://127.0.0.1/numbers
}

exercise() {
	is "$(seq 10000)" curl -sS --fail http://127.0.0.1/numbers
	curl -sS --fail --parallel --parallel-max 20 -o /dev/null 'http://127.0.0.1/numbers?[1-200]'
	is 404 curl -sS -o /dev/null -w '%{http_code}' http://127.0.0.1/none
	logged '"GET /numbers?200 HTTP/1.1" 200' /var/log/nginx/access.log
	echo 'server { listen 443; return 200 new; }' >/etc/nginx/conf.d/new.conf
	signal HUP
	in_time prints '^new$' curl -sf http://127.0.0.1:443/
	mv /var/log/nginx/access.log /var/log/nginx/old.log
	signal USR1
	in_time test -e /var/log/nginx/access.log
	curl -sS --fail -o /dev/null 'http://127.0.0.1/numbers?new'
	logged 'numbers?new' /var/log/nginx/access.log
}

# A link that somebody put below the site, and a proxy to what is inside.
attack() {
	curl -sf http://127.0.0.1/link || true
	curl -sf http://127.0.0.1:8080/ || true
}

stop() {
	ends QUIT
}
