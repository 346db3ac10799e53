# SPDX-License-Identifier: Apache-2.0
# A static program made by Debian's Go: an HTTP server that is its own client, with goroutines and a child process.
policy=profiles/apps/go.pale
user=www-data

mount -t tmpfs tmpfs /var/lib
install -d -o $user /opt/app /var/lib/app
cp built/go_server /opt/app/server
echo secret >/srv/secret

works() {
	is 'all done' confined /opt/app/server works
	nothing_reported
}

refused() {
	is 'read connected executed ' as_user /opt/app/server attacks
	is '' confined /opt/app/server attacks
	reported read /srv/secret
	reported connect 'tcp 127.0.0.1:9'
	reported exec /usr/bin/id
}
