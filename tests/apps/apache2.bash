# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Debian's site, over TLS too; a graceful reload; logs that are rotated.
policy=profiles/apps/apache2.pale
program=/usr/sbin/apache2
attacks=$'cgi\nsecret'
refused=$'read /srv/secret\nexec /var/www/html/run.cgi'

set_up() {
	local module
	install -d /run/apache2
	install -d -o www-data /run/lock/apache2
	install -d -m 700 /etc/apache2/ssl
	openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout /etc/apache2/ssl/key -out /etc/apache2/ssl/cert 2>/dev/null
	for module in ssl socache_shmcb cgi; do
		ln -sf -t /etc/apache2/mods-enabled /etc/apache2/mods-available/$module.*
	done
	cat >/etc/apache2/sites-enabled/more.conf <<-END
		ServerName localhost
		<VirtualHost *:443>
		    DocumentRoot /var/www/html
		    SSLEngine on
		    SSLCertificateFile /etc/apache2/ssl/cert
		    SSLCertificateKeyFile /etc/apache2/ssl/key
		    CustomLog /var/log/apache2/tls.log combined
		</VirtualHost>
		<Directory /var/www/html>
		    Options FollowSymLinks ExecCGI
		    AddHandler cgi-script .cgi
		</Directory>
	END
	install -d /var/www/html
	seq 10000 >/var/www/html/numbers
	ln -s /srv/secret /var/www/html/link
	printf '#!/bin/sh\necho Content-type: text/plain; echo; echo cgi\n' >/var/www/html/run.cgi
	chmod +x /var/www/html/run.cgi
}

start() {
	APACHE_CONFDIR=/etc/apache2
	. /etc/apache2/envvars
	daemon "$@" apache2 -DFOREGROUND
	in_time curl -sf -o /dev/null http://127.0.0.1/numbers
}

exercise() {
	is "$(seq 10000)" curl -sS --fail http://127.0.0.1/numbers
	is "$(seq 10000)" curl -sSk --fail https://127.0.0.1/numbers
	curl -sS --fail --parallel --parallel-max 20 -o /dev/null 'http://127.0.0.1/numbers?[1-200]'
	is 404 curl -sS -o /dev/null -w '%{http_code}' http://127.0.0.1/none
	in_time grep -q '"GET /numbers?200 HTTP/1.1" 200' /var/log/apache2/access.log
	mv /var/log/apache2/access.log /var/log/apache2/access.log.1
	signal USR1
	in_time test -e /var/log/apache2/access.log
	curl -sS --fail -o /dev/null 'http://127.0.0.1/numbers?new'
	in_time grep -q 'numbers?new' /var/log/apache2/access.log
	in_time grep -q 'resuming normal operations' /var/log/apache2/error.log
}

# A link that somebody put below the site, and a program.
attack() {
	curl -sf http://127.0.0.1/link || true
	curl -sf http://127.0.0.1/run.cgi || true
}

stop() {
	ends WINCH
}
