#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# inside.sh: the daemons of a cluster, in the namespaces that up.sh made for them; its variables say where all is. Makes $dir/ready when the
# cluster can be used, $dir/failed when it cannot.
set -euo pipefail
trap '[ -e "$dir/ready" ] || touch "$dir/failed"' EXIT
echo $$ >"$dir/inside.pid"

. tests/kube/steps.bash

address=10.244.0.1
services=10.96.0.1
pki=$dir/pki
export KUBECONFIG=$dir/kubeconfig PATH=$bin:$PATH

# daemon NAME COMMAND…
daemon() {
	local name=$1
	shift
	(
		trap - EXIT
		while :; do
			while [ -e "$dir/$name.stop" ]; do sleep 0.1; done
			"$@" >>"$dir/log/$name" 2>&1 &
			echo $! >"$dir/$name.pid"
			wait $! || :
			sleep 0.2
		done
	) &
}

# Of these the daemons keep their state, sockets, configuration and logs in; some of them are made by no package.
mounts() {
	local path
	mount --make-rprivate /
	# As systemd leaves it, and pods count on who are to see what is mounted later; to the machine nothing of it goes.
	mount --make-rshared /
	for path in /run /opt /etc/pale /etc/containerd /etc/cni /var/lib/containerd /var/lib/cni /var/lib/pale /var/lib/etcd /var/log/pale /var/log/pods /var/log/containers; do
		mkdir -p $path
		mount -t tmpfs -o mode=755 tmpfs $path
	done
	mkdir /run/lock
	# Programs and maps that paled pins end with the cluster, too.
	mount -t bpf -o mode=700 bpf /sys/fs/bpf
	# cAdvisor takes no size of a tmpfs, and the kubelet does not start without one.
	mkdir -p /var/lib/kubelet "$dir/kubelet"
	mount --bind "$dir/kubelet" /var/lib/kubelet
	# What the kubelet sets are the machine's: it writes them here instead.
	for path in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
		mkdir -p "/run/sysctl/${path%/*}"
		cat "/proc/sys/$path" >"/run/sysctl/$path"
		mount --bind "/run/sysctl/$path" "/proc/sys/$path"
	done
}

# The bridge that pods are on has the node's address; the API server listens on the service's, so that nothing needs to be translated.
network() {
	ip link set lo up
	ip address add $services/32 dev lo
	ip link add cni0 type bridge
	ip address add $address/16 dev cni0
	ip link set cni0 up
	echo 1 >/proc/sys/net/ipv4/ip_forward
}

control_plane() {
	daemon etcd etcd --data-dir /var/lib/etcd/data --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
		--listen-peer-urls http://127.0.0.1:2380 --unsafe-no-fsync=true --log-level warn
	# Webhooks are called at their pods' addresses: there is no kube-proxy.
	daemon kube-apiserver "$bin/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 --bind-address=0.0.0.0 --secure-port=443 --insecure-port=0 \
		--advertise-address=$address --service-cluster-ip-range=10.96.0.0/16 --enable-aggregator-routing=true --allow-privileged=true \
		--tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" --client-ca-file="$pki/ca.crt" \
		--authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
		--service-account-issuer=https://kubernetes.default.svc --service-account-signing-key-file="$pki/service-accounts.key" \
		--service-account-key-file="$pki/service-accounts.key" \
		--kubelet-client-certificate="$pki/kubelet-client.crt" --kubelet-client-key="$pki/kubelet-client.key" \
		--kubelet-certificate-authority="$pki/ca.crt" --kubelet-preferred-address-types=InternalIP \
		--feature-gates=EphemeralContainers=true
	in_time 60 kubectl get --raw /readyz
	# It is made after the API server is ready.
	in_time 60 kubectl get namespace default kube-system
}

controllers() {
	daemon kube-controller-manager "$bin/kube-controller-manager" --kubeconfig="$pki/controller-manager.kubeconfig" \
		--service-account-private-key-file="$pki/service-accounts.key" --root-ca-file="$pki/ca.crt" --use-service-account-credentials=true \
		--cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key" --leader-elect=false --port=0
	daemon kube-scheduler "$bin/kube-scheduler" --kubeconfig="$pki/scheduler.kubeconfig" --leader-elect=false --port=0
}

containerd_config() {
	mkdir -p /etc/cni/net.d
	# Without CAP_SYS_RESOURCE nobody lowers an OOM score.
	cat >/etc/containerd/config.toml <<-END
		version = 2
		root = "/var/lib/containerd"
		state = "/run/containerd"
		[grpc]
		address = "/run/containerd/containerd.sock"
		[plugins."io.containerd.grpc.v1.cri"]
		sandbox_image = "pale.test/pause:1"
		restrict_oom_score_adj = true
		disable_apparmor = true
		[plugins."io.containerd.grpc.v1.cri".cni]
		bin_dir = "/usr/lib/cni"
		conf_dir = "/etc/cni/net.d"
		[plugins."io.containerd.grpc.v1.cri".containerd]
		default_runtime_name = "$([ "$mode" = node ] && echo pale || echo runc)"
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
		runtime_type = "io.containerd.runc.v2"
	END
	[ "$mode" = bare ] || "$PALE_BUILD/pale" install-runtime --engine containerd
	cat >/etc/cni/net.d/10-pale.conflist <<-END
		{ "cniVersion": "0.4.0", "name": "pale", "plugins": [
			{ "type": "bridge", "bridge": "cni0", "isGateway": true,
			  "ipam": { "type": "host-local", "ranges": [[{ "subnet": "10.244.0.0/16", "gateway": "$address" }]],
			            "routes": [{ "dst": "0.0.0.0/0" }] } } ] }
	END
}

containers() {
	local image
	containerd_config
	daemon containerd containerd --config /etc/containerd/config.toml
	in_time 30 ctr --address /run/containerd/containerd.sock version
	for image in "$images"/{busybox,nginx,redis,pause}.tar $operator; do
		ctr --address /run/containerd/containerd.sock --namespace k8s.io images import "$image"
	done
}

kubelet() {
	local server=(--kubeconfig="$pki/kubelet.kubeconfig")
	local authentication='{anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: '$pki/ca.crt'}}' authorization=Webhook
	if [ "$mode" = node ]; then
		# Nobody is there to ask who somebody is. It is in a network of its own.
		server=() authentication='{anonymous: {enabled: true}, webhook: {enabled: false}}' authorization=AlwaysAllow
		mkdir /run/manifests
	fi
	cat >/run/kubelet.yaml <<-END
		apiVersion: kubelet.config.k8s.io/v1beta1
		kind: KubeletConfiguration
		authentication: $authentication
		authorization: {mode: $authorization}
		$([ "$mode" != node ] || echo 'staticPodPath: /run/manifests')
		tlsCertFile: $pki/kubelet-server.crt
		tlsPrivateKeyFile: $pki/kubelet-server.key
		cgroupDriver: cgroupfs
		cgroupRoot: /$stage
		featureGates: {EphemeralContainers: true}
		enforceNodeAllocatable: []
		evictionHard: {memory.available: 0%, nodefs.available: 0%, nodefs.inodesFree: 0%, imagefs.available: 0%}
		imageGCHighThresholdPercent: 100
		imageGCLowThresholdPercent: 99
		failSwapOn: false
		makeIPTablesUtilChains: false
		maxPods: 200
		readOnlyPort: 0
		resolvConf: ""
		registryPullQPS: 0
		eventRecordQPS: 0
	END
	# The kubelet wants its root there in each hierarchy, and cpuset's to have a processor before anybody may run there.
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		sed 's/[^ ]*/+&/g' /sys/fs/cgroup/cgroup.controllers >/sys/fs/cgroup/cgroup.subtree_control
		mkdir -p "/sys/fs/cgroup/$stage"
	fi
	for hierarchy in /sys/fs/cgroup/*/; do
		[ -e "$hierarchy/cgroup.procs" ] && [ ! -e /sys/fs/cgroup/cgroup.controllers ] || continue
		mkdir -p "$hierarchy$stage"
		if [ -e "$hierarchy/cpuset.cpus" ]; then
			cat "$hierarchy/cpuset.cpus" >"$hierarchy$stage/cpuset.cpus"
			cat "$hierarchy/cpuset.mems" >"$hierarchy$stage/cpuset.mems"
		fi
	done
	daemon kubelet "$bin/kubelet" --config=/run/kubelet.yaml "${server[@]}" --hostname-override=node1 --node-ip=$address \
		--container-runtime=remote --container-runtime-endpoint=unix:///run/containerd/containerd.sock --root-dir=/var/lib/kubelet \
		--cert-dir=/run/kubelet-pki
}

node_is_ready() {
	kubectl wait --for=condition=Ready --timeout=0 node/node1 && kubectl get serviceaccount default
}

mounts
network
if [ "$mode" = node ]; then
	containers
	kubelet
	touch "$dir/ready"
	wait
fi
control_plane
if [ "$mode" != control-plane ]; then
	controllers
	containers
	kubelet
	[ "$mode" = bare ] || kubectl apply -f - <<-END
		{ "apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": { "name": "pale" }, "handler": "pale" }
	END
	in_time 120 node_is_ready
fi
touch "$dir/ready"
wait
