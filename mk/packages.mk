# SPDX-License-Identifier: Apache-2.0
# Debian packages, by what needs them. `make deps` installs those that are missing.

DEPS_BUILD := gcc libc6-dev make flex bison mawk clang-14 clang llvm bpftool libbpf-dev libseccomp-dev libapparmor-dev \
	libcap-dev libjansson-dev libyaml-dev libsystemd-dev libsqlite3-dev libcurl4-gnutls-dev libmicrohttpd-dev libgnutls28-dev scdoc
DEPS_DEMO := nginx nginx-dev libnginx-mod-http-echo curl util-linux iproute2
# Others bring it in a package of their own, which Debian's would overwrite.
KUBECTL := $(if $(shell command -v kubectl),,kubernetes-client)
DEPS_TEST = libcmocka-dev libpcap-dev bats jq procps qemu-system-x86 busybox-static cpio xz-utils zstd apparmor netcat-openbsd neovim vim \
	python3-minimal python3-yaml $(KUBECTL) patch zsh fish man-db systemd openssl prometheus $(DEPS_PROGRAMS) $(DEPS_APISERVER)
# Programs that tests run under policies.
DEPS_PROGRAMS := redis-server redis-tools postgresql-15 python3 nodejs git curl golang-1.19-go musl-tools runc crun
# Container engines, and what they run containers with.
DEPS_RUNTIME := runc crun conmon containerd podman docker.io iptables
# Programs that policies are learned of, and their clients.
DEPS_LEARNING := nginx redis-server redis-tools postgresql-15 memcached haproxy python3-minimal python3 nodejs git busybox-static curl \
	netcat-openbsd openssl util-linux jq
# Programs that the policies of profiles/apps are for, and their clients.
DEPS_APPS := amqp-tools apache2 bind9-dnsutils busybox-static curl dns-root-data etcd-client etcd-server git golang-1.19-go gunicorn \
	haproxy iproute2 jq mariadb-client mariadb-server memcached nginx nodejs openjdk-17-jdk-headless openssh-client \
	openssh-server openssl php-fpm postfix postgresql-15 prometheus python3 rabbitmq-server redis-server redis-tools socat squid \
	unbound util-linux
# The projects of examples/: what they are built of, and their clients.
DEPS_EXAMPLES := bats curl gcc git iproute2 jq libc6-dev libmicrohttpd-dev make nodejs python3 python3-yaml util-linux
# An API server: what it is built with, and where it keeps its objects.
DEPS_APISERVER := golang-1.19-go golang-github-modern-go-reflect2-dev dpkg-dev rsync etcd-server
# A real Kubernetes: what a node of it needs.
DEPS_KUBE := $(DEPS_APISERVER) etcd-client containerd runc containernetworking-plugins iproute2 iptables \
	openssl jq bats busybox-static nginx redis-server redis-tools
# Container images, and what lies in them.
DEPS_IMAGES := jq binutils apparmor busybox-static
# What the range has beside Pale.
DEPS_RANGE := apparmor bubblewrap busybox-static crun firejail golang-github-containers-common iproute2 libcap2-bin mount python3-minimal \
	util-linux xz-utils
# A browser that shows the pages that pale makes.
DEPS_BROWSER := chromium python3 bats
# Debian packages of Pale, and the releases that they are tried in.
DEPS_DEB := debhelper dpkg-dev git lintian debootstrap bats man-db
DEPS_DEVEL := clang-format cppcheck hyperfine strace wrk jq python3-minimal libclang-rt-14-dev git shellcheck

# libnginx-mod-http-echo: the policy lets nginx load modules, and without any Debian has no directory for them.
# prometheus: promtool, which says whether metrics are right.
# RUNLEVEL=1 keeps the packages' services (nginx, redis, mariadb, postfix …) from being started by their installation.
define install_packages
	$(Q)missing=$$(for p in $(1); do dpkg-query -W -f='$${db:Status-Status}\n' $$p 2>/dev/null | grep -qx installed || \
		echo $$p; done); \
	[ -z "$$missing" ] && exit 0; \
	[ "$$(id -u)" = 0 ] || { echo "make: as root: apt-get install" $$missing >&2; exit 1; }; \
	echo "  APT    " $$missing; \
	export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1; \
	apt-get install -y -qq --no-install-recommends $$missing >$(B)/apt.log 2>&1 || \
		{ apt-get update -qq >>$(B)/apt.log 2>&1 && \
		apt-get install -y -qq --no-install-recommends $$missing >>$(B)/apt.log 2>&1; } || \
		{ tail -n 20 $(B)/apt.log >&2; exit 1; }
endef

.PHONY: deps deps-build deps-demo deps-test deps-runtime deps-kube deps-images deps-devel deps-browser deps-learning deps-apps deps-examples deps-deb deps-range
deps: deps-build deps-demo deps-test deps-runtime deps-kube deps-images deps-devel deps-browser deps-learning deps-apps deps-examples deps-deb deps-range deps-node
deps-build deps-demo deps-test deps-runtime deps-kube deps-images deps-devel deps-browser deps-learning deps-apps deps-examples deps-deb deps-range: deps-%: | $(B)/
	$(call install_packages,$(DEPS_$(shell echo $* | tr a-z A-Z)))

# Of Debian where there is none: others bring both in one package, which Debian's npm conflicts with.
.PHONY: deps-node
deps-node: | $(B)/
	$(if $(shell command -v npm),,$(call install_packages,nodejs npm))

$(B)/:
	@mkdir -p $@
