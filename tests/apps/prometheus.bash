# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Debian's configuration, with an exporter on port 9100; questions, a rule, a snapshot, a reload, a restart.
policy=profiles/apps/prometheus.pale
program=/usr/bin/prometheus
user=prometheus
attacks=$'connected\nread'
refused=$'read /srv/secret\nconnect tcp 127.0.0.1:9'

set_up() {
	mount -t tmpfs tmpfs /var/lib/prometheus
	install -d -o prometheus /var/lib/prometheus/metrics2
	sed -i 's/scrape_interval: .*/scrape_interval: 1s/; s/scrape_timeout: .*/scrape_timeout: 1s/; s/evaluation_interval: .*/evaluation_interval: 1s/' \
		/etc/prometheus/prometheus.yml
	echo 'inner 1' >/srv/inner/metrics
	python3 apps/exporter.py 9100 /run/asked &
}

start() {
	daemon "$@" prometheus --config.file /etc/prometheus/prometheus.yml --storage.tsdb.path=/var/lib/prometheus/metrics2/ --web.enable-admin-api
	in_time curl -sf -o /dev/null http://127.0.0.1:9090/-/ready
}

ask() {
	curl -sS --fail --data-urlencode "query=$1" http://127.0.0.1:9090/api/v1/query | jq -r '.data.result[].value[1]'
}

says() { # NUMBER QUERY
	[ "$(ask "$2")" = "$1" ]
}


exercise() {
	in_time says 7 words
	in_time says 1 'up{job="prometheus"}'
	curl -sS --fail -o /dev/null http://127.0.0.1:9090/graph
	curl -sS --fail --parallel -o /dev/null 'http://127.0.0.1:9090/api/v1/query?query=up&[1-50]'
	install -d /etc/prometheus/rules
	printf 'groups:\n- name: g\n  rules:\n  - record: twice\n    expr: words * 2\n' >/etc/prometheus/rules/twice.yml
	sed -i 's#^rule_files:#&\n  - /etc/prometheus/rules/*.yml#' /etc/prometheus/prometheus.yml
	signal HUP
	in_time says 14 twice
	prints success curl -sS --fail -X POST http://127.0.0.1:9090/api/v1/admin/tsdb/snapshot
	stop
	start "$run"
	in_time says 14 twice
}

# A configuration that sends another's file to an exporter as a password, and asks what is inside.
attack() {
	cat >>/etc/prometheus/prometheus.yml <<-END
		  - job_name: inner
		    static_configs:
		      - targets: ['127.0.0.1:9']
		  - job_name: send
		    authorization:
		      credentials_file: /srv/secret
		    static_configs:
		      - targets: ['127.0.0.1:9100']
	END
	signal HUP
	in_time has_job inner >/dev/null
	in_time has_job send >/dev/null
	sleep 2 # for another second's figures to be kept
	! says 1 inner || echo connected
	! grep -q 'Bearer secret' /run/asked || echo read
}

has_job() {
	curl -sS http://127.0.0.1:9090/api/v1/targets | jq -e --arg job "$1" 'any(.data.activeTargets[]; .labels.job == $job and .lastScrape > "1")'
}

stop() {
	ends TERM
}
