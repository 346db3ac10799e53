#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# pki.sh DIR SERVER: an authority of its own for one cluster, in DIR, with a certificate for each of its parts, and their kubeconfigs, for the
# API server at https://SERVER.
set -euo pipefail
dir=$1 server=$2
mkdir -p "$dir"
cd "$dir"

key() {
	openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null
}

# certificate NAME SUBJECT EXTENSION…
certificate() {
	local name=$1 subject=$2
	shift 2
	key "$name"
	openssl req -new -key "$name.key" -subj "$subject" -out "$name.csr"
	openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -days 30 -set_serial "0x$(openssl rand -hex 16)" -out "$name.crt" \
		-extfile <(printf '%s\n' 'basicConstraints = CA:FALSE' "$@") 2>/dev/null
	rm "$name.csr"
}

# kubeconfig NAME: of the user whose certificate this is.
kubeconfig() {
	cat >"$1.kubeconfig" <<-END
		apiVersion: v1
		kind: Config
		clusters:
		- name: pale
		  cluster:
		    server: https://$server
		    certificate-authority-data: $(base64 -w 0 ca.crt)
		users:
		- name: $1
		  user:
		    client-certificate-data: $(base64 -w 0 "$1.crt")
		    client-key-data: $(base64 -w 0 "$1.key")
		contexts:
		- name: pale
		  context: {cluster: pale, user: $1}
		current-context: pale
	END
}

umask 077
key ca
openssl req -x509 -new -key ca.key -subj /CN=pale-test-ca -days 30 -out ca.crt \
	-addext 'basicConstraints = critical,CA:TRUE' -addext 'keyUsage = critical,keyCertSign,cRLSign'
client='extendedKeyUsage = clientAuth'
certificate apiserver /CN=kube-apiserver 'extendedKeyUsage = serverAuth' \
	"subjectAltName = IP:10.96.0.1,IP:10.244.0.1,IP:127.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
certificate kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client "$client"
certificate kubelet-server /CN=node1 'extendedKeyUsage = serverAuth' "subjectAltName = IP:10.244.0.1,DNS:node1"
certificate admin /O=system:masters/CN=admin "$client"
certificate controller-manager /CN=system:kube-controller-manager "$client"
certificate scheduler /CN=system:kube-scheduler "$client"
certificate kubelet /O=system:nodes/CN=system:node:node1 "$client"
# Of elliptic curves Kubernetes 1.20 takes no private key for the public one.
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out service-accounts.key 2>/dev/null
for user in admin controller-manager scheduler kubelet; do
	kubeconfig $user
done
