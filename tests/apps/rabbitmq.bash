# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Queues that are kept, messages by AMQP, questions of rabbitmqctl; it begins again with what it kept.
policy=profiles/apps/rabbitmq.pale
program=$(echo /usr/lib/erlang/erts-*/bin/beam.smp)
user=rabbitmq
attacks=$all_acts
refused="read /srv/secret
create /srv/elsewhere/new
connect tcp 127.0.0.1:9
exec /usr/bin/env"

set_up() {
	mount -t tmpfs tmpfs /var/lib/rabbitmq
	install -d -o rabbitmq -g rabbitmq /var/lib/rabbitmq /var/log/rabbitmq
	echo word | install -m 400 -o rabbitmq -g rabbitmq /dev/stdin /var/lib/rabbitmq/.erlang.cookie
}

start() {
	cd /var/lib/rabbitmq
	HOME=/var/lib/rabbitmq daemon "$@" /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server
	# Before that rabbitmqctl would start an epmd of its own.
	in_time listens 5672
	in_time rabbitmqctl await_startup --timeout 5 >/dev/null
}

listens() {
	timeout 5 bash -c ": </dev/tcp/127.0.0.1/$1"
}

count() {
	rabbitmqctl -q list_queues name messages | sed -n 's/^tasks\t//p'
}

exercise() {
	local i
	amqp-declare-queue -d -q tasks >/dev/null
	for i in 1 2 3; do
		amqp-publish -r tasks -p -b "task $i"
	done
	seq 5000 | amqp-publish -l -r tasks -p
	is 'task 1' amqp-get -q tasks
	in_time prints '^5002$' count
	rabbitmqctl -q add_user ada word
	rabbitmqctl -q set_permissions ada '.*' '.*' '.*'
	is 'task 2' amqp-get --username ada --password word -q tasks
	logged 'authenticated and granted access' /var/log/rabbitmq/rabbit@localhost.log
	stop
	start "$run"
	is 5001 count
	is 'task 3' amqp-get -q tasks
}

# Whoever has the cookie may have it evaluate Erlang.
attack() {
	prints secret erlang 'file:read_file("/srv/secret").' && echo read
	prints '^ok' erlang 'file:write_file("/srv/elsewhere/new", "x").' && echo written
	prints '^ok' erlang 'element(1, gen_tcp:connect({127,0,0,1}, 9, [])).' && echo connected
	prints PATH erlang 'os:cmd("env").' && echo executed
	true
}

erlang() {
	rabbitmqctl eval "$1" 2>&1
}

# epmd is for all nodes of a machine, and goes on by itself.
stop() {
	rabbitmqctl -q shutdown >/dev/null
	in_time epmd -kill >/dev/null
	ends
}
