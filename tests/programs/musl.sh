# SPDX-License-Identifier: Apache-2.0
# A static program made with musl: threads, names, sockets and processes.
policy=programs/musl.pale
user=www-data

cp built/musl_threads /opt/threads
echo secret >/srv/secret

works() {
	is 'all done' confined /opt/threads works
	nothing_reported
}

refused() {
	[[ $(as_user /opt/threads attacks) = 'read connected uid='* ]]
	is '' confined /opt/threads attacks
	reported read /srv/secret
	reported connect 'tcp 127.0.0.1:9'
	reported exec /usr/bin/id
}
