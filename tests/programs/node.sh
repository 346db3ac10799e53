# SPDX-License-Identifier: Apache-2.0
# Debian's node: an HTTP server that is its own client, with threads, processes and files.
policy=profiles/apps/node.pale
user=www-data

mount -t tmpfs tmpfs /var/lib
install -d -o $user /opt/app /var/lib/app
cp programs/node_app.js /opt/app/app.js
echo secret >/srv/secret

works() {
	is 'all done' confined /usr/bin/node /opt/app/app.js works
	nothing_reported
}

refused() {
	is 'read connected executed' as_user /usr/bin/node /opt/app/app.js attacks
	is '' confined /usr/bin/node /opt/app/app.js attacks
	reported read /srv/secret
	reported connect 'tcp 127.0.0.1:9'
	reported exec /usr/bin/id
}
