# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Names of its own, and those that another server knows, by UDP and TCP; a reload; figures; a log.
policy=profiles/apps/unbound.pale
program=/usr/sbin/unbound
attacks=192.0.2.9
refused='connect tcp 127.0.0.1:10'

set_up() {
	install -d -o unbound -g unbound /var/log/unbound
	install -o unbound -g unbound /usr/share/dns/root.key /var/lib/unbound/
	cat >/etc/unbound/unbound.conf.d/tests.conf <<-END
		server:
		    do-not-query-localhost: no
		    domain-insecure: lan
		    logfile: /var/log/unbound/unbound.log
		    log-queries: yes
		    local-zone: home.lan. static
		    local-data: "printer.home.lan. A 192.0.2.1"
		forward-zone:
		    name: lan.
		    forward-addr: 127.0.0.2
	END
	python3 apps/dns_server.py 127.0.0.2 53 192.0.2.53 &
	python3 apps/dns_server.py 127.0.0.1 10 192.0.2.9 &
}

start() {
	daemon "$@" unbound -d
	in_time asks printer.home.lan >/dev/null
}

asks() { # NAME OPTION…
	dig +short +tries=1 +timeout=5 "${@:2}" @127.0.0.1 "$1" | grep '^[0-9.]*$'
}

exercise() {
	local i
	is 192.0.2.1 asks printer.home.lan
	is 192.0.2.53 asks www.lan
	is 192.0.2.53 asks other.lan +tcp
	for i in {1..20}; do
		asks "name$i.lan" >/run/answer$i &
		clients[i]=$!
	done
	wait "${clients[@]}"
	is 192.0.2.53 words cat /run/answer{1..20}
	unbound-control -q status
	prints 'total.num.queries=[2-9][0-9]' unbound-control stats_noreset
	logged 'name20.lan. A IN' /var/log/unbound/unbound.log
	echo 'server: local-data: "new.home.lan. A 192.0.2.2"' >/etc/unbound/unbound.conf.d/new.conf
	unbound-control -q reload
	in_time prints '^192.0.2.2$' asks new.home.lan
	mv /var/log/unbound/unbound.log /var/log/unbound/old.log
	unbound-control -q log_reopen
	in_time test -e /var/log/unbound/unbound.log
	is 192.0.2.53 asks last.lan
}

# Whom it asks, who reaches its socket says: by its answers, what listens where others do not get. By TCP, since Landlock knows no UDP.
attack() {
	unbound-control -q set_option tcp-upstream: yes
	unbound-control -q forward_add +i evil.lan 127.0.0.1@10
	asks www.evil.lan || true
}

stop() {
	ends TERM
}
