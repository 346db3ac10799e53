# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Files, a folder's index, a password; its configuration read anew.
policy=profiles/apps/busybox-httpd.pale
program=/usr/bin/busybox
static=yes
attacks=$'executed\nsecret'
refused=$'read /srv/secret\nexec /var/www/cgi-bin/run'

set_up() {
	install -d /var/www/cgi-bin /var/www/private
	seq 10000 >/var/www/numbers
	echo index >/var/www/index.html
	echo private >/var/www/private/index.html
	echo '/private:ada:word' >/etc/httpd.conf
	ln -s /srv/secret /var/www/link
	printf '#!/bin/sh\necho Content-type: text/plain\necho\necho executed\n' >/var/www/cgi-bin/run
	chmod +x /var/www/cgi-bin/run
}

# The server of another's, on port 9, is busybox, too.
main_process() {
	cat /run/pid
}

start() {
	daemon "$@" busybox httpd -f -vv -p 127.0.0.1:80 -u www-data:www-data -h /var/www -c /etc/httpd.conf
	in_time curl -sf -o /dev/null http://127.0.0.1/
	ss -Hltnp 'sport = :80' | sed -n 's/.*pid=\([0-9]*\).*/\1/p' >/run/pid
}

code() {
	curl -sS -o /dev/null -w '%{http_code}' "$@"
}

exercise() {
	is index curl -sS --fail http://127.0.0.1/
	is "$(seq 10000)" curl -sS --fail http://127.0.0.1/numbers
	is "$(seq 9999 10000)" curl -sS --fail -r 48883- http://127.0.0.1/numbers
	curl -sS --fail --parallel --parallel-max 10 -o /dev/null 'http://127.0.0.1/numbers?[1-100]'
	is 404 code http://127.0.0.1/none
	is 401 code http://127.0.0.1/private/
	is 200 code -u ada:word http://127.0.0.1/private/
	logged 'response:200' $log
	echo '/private:ada:other' >/etc/httpd.conf
	signal HUP
	in_time prints '^200$' code -u ada:other http://127.0.0.1/private/
	is 401 code -u ada:word http://127.0.0.1/private/
}

attack() {
	curl -sf http://127.0.0.1/link || true
	curl -sf http://127.0.0.1/cgi-bin/run || true
}

stop() {
	ends TERM
}
