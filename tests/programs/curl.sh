# SPDX-License-Identifier: Apache-2.0
# Debian's curl, and a server of Debian's Python that is not confined.
policy=profiles/apps/curl.pale
user=www-data

mkdir /srv/site
seq 100000 >/srv/site/numbers
install -d -o $user /srv/download
for port in 80 8080; do
	python3 -m http.server --directory /srv/site --bind 127.0.0.1 $port >/dev/null 2>&1 &
done

answers() {
	curl -s http://127.0.0.1:$1/
}
in_time answers 80 >/dev/null
in_time answers 8080 >/dev/null

works() {
	local output
	is "$(seq 100000)" confined curl -sS http://127.0.0.1/numbers
	is '' confined curl -sS --fail -o /srv/download/new http://localhost/numbers
	cmp /srv/site/numbers /srv/download/new
	is '' confined curl -sS --fail --parallel -C - -o /srv/download/new http://localhost/numbers -o /srv/download/b http://localhost/numbers
	is 'HTTP/1.0 404 File not found'$'\r' sed -n 1p <(confined curl -sSI http://127.0.0.1/none)
	confined curl -sS http://no-such-name.test/ && fail 'there is such a name'
	confined curl -sS https://127.0.0.1/ && fail 'there is TLS'
	nothing_reported
}

attacks() {
	"$@" curl -sS http://127.0.0.1:8080/ -o /dev/null && echo connected
	"$@" curl -sS file:///srv/secret
	"$@" curl -sS http://127.0.0.1/numbers -o /srv/elsewhere/new && echo written
	true
}

refused() {
	install -d -o $user /srv/elsewhere
	echo secret >/srv/secret
	is $'connected\nsecret\nwritten' attacks as_user
	rm /srv/elsewhere/new
	is '' attacks confined
	reported connect 'tcp 127.0.0.1:8080'
	reported read /srv/secret
	reported create /srv/elsewhere/new
	[ ! -e /srv/elsewhere/new ]
}
