# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Pages by HTTP and through tunnels, from a cache on disk; logs are rotated, and its configuration is read anew.
policy=profiles/apps/squid.pale
program=/usr/sbin/squid
attacks=inner
refused='connect tcp 127.0.0.1:9'

set_up() {
	install -d /srv/outer
	seq 20000 >/srv/outer/numbers
	echo new >/srv/outer/new
	touch -d "30 days ago" /srv/outer/numbers
	busybox httpd -f -p 127.0.0.1:80 -h /srv/outer &
	openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout /run/key -out /run/cert 2>/dev/null
	(cd /srv/outer && exec openssl s_server -accept 127.0.0.1:443 -key /run/key -cert /run/cert -WWW -quiet) &
	# Rules of access that let too much pass.
	cat >/etc/squid/conf.d/tests.conf <<-END
		visible_hostname localhost
		pinger_enable off
		eui_lookup off
		cache_dir ufs /var/spool/squid 64 4 4
		acl Safe_ports port 9
		shutdown_lifetime 1 seconds
	END
	sed -i '/^http_access deny to_/d; /^http_access deny !Safe_ports/d' /etc/squid/squid.conf
	squid --foreground -z >/dev/null 2>&1
}

start() {
	daemon "$@" squid --foreground -sYC
	in_time by_proxy -o /dev/null http://127.0.0.1/numbers
}

by_proxy() {
	curl -sS --fail --noproxy '' -x http://127.0.0.1:3128 "$@"
}

exercise() {
	is "$(seq 20000)" by_proxy http://127.0.0.1/numbers
	is "$(seq 20000)" by_proxy http://localhost/numbers
	is "$(seq 20000)" by_proxy -k https://127.0.0.1/numbers
	by_proxy --parallel --parallel-max 10 -o /dev/null 'http://127.0.0.1/numbers?[1-100]'
	logged 'TCP_TUNNEL/200 .* CONNECT 127.0.0.1:443' /var/log/squid/access.log
	logged 'TCP.*HIT/200' /var/log/squid/access.log
	in_time stored
	mv /var/log/squid/access.log /var/log/squid/old.log
	squid -k rotate
	in_time test -e /var/log/squid/access.log
	echo 'acl new url_regex none' >>/etc/squid/conf.d/tests.conf
	squid -k reconfigure
	logged 'Reconfiguring' /var/log/squid/cache.log
	in_time by_proxy -o /dev/null http://127.0.0.1/new
	logged 127.0.0.1/new /var/log/squid/access.log
}

stored() {
	[ -n "$(find /var/spool/squid -type f -size +100k)" ]
}

attack() {
	by_proxy http://127.0.0.1:9/ 2>/dev/null || true
}

stop() {
	ends TERM
}
