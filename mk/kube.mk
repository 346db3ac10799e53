# SPDX-License-Identifier: Apache-2.0
# A real Kubernetes on this machine, tests/kube: one node, or an API server and etcd alone. It is built when it is not there yet, outside of the
# repository: see tests/kube/build.sh.

KUBE := $(B)/kube

.PHONY: kube-build kube-up kube-down test-kube
kube-build: deps-kube
	$(Q)tests/kube/build.sh >/dev/null

# A cluster that runs until kube-down; `tests/kube/in kubectl get pods` runs a command in it.
kube-up: deps-kube all $(RUNTIME_ATTACK)
	$(Q)PALE_BUILD=$(B) tests/kube/up.sh $(KUBE)
kube-down:
	$(Q)[ ! -d $(KUBE) ] || tests/kube/down.sh $(KUBE)

# The client against an API server and etcd.
$(B)/tests/kube/kube_client: $(B)/tests/kube/kube_client.o $(LIBOPERATOR) $(LIBENFORCER) $(LIBCOMPILER)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(OPERATOR_LIBS) $(LIBS)

test-kube: deps-kube deps-images deps-node all $(B)/tests/kube/kube_client $(B)/tests/kube/webhook_server $(B)/tests/kube/compile_profile \
		$(CONTROLLER_WRITES) $(RUNTIME_ATTACK) $(IMAGES)
	$(Q)tests/tally.sh $(B) kube cluster pod/6.12 operator
