# SPDX-License-Identifier: Apache-2.0
# Container images for Kubernetes, without a registry or an engine: $(B)/images/NAME.tar, which `ctr --namespace k8s.io image import`,
# `podman load` and `docker load` take.

IMAGES := $(addprefix $(B)/images/,pale-operator.tar pale-node.tar pale-install.tar)

.PHONY: images
images: deps-images
	$(Q)$(MAKE) -s --no-print-directory $(IMAGES)

$(IMAGES) &: $(addprefix $(B)/,pale paled pale-runtime pale-operator) $(wildcard operator/images/* operator/deploy/policies/* profiles/*/*.pale)
	$(call say,IMAGES,$(B)/images)
	$(Q)operator/images/build.sh $(B) $(B)/images

# The Helm chart, $(B)/chart/pale-VERSION.tgz, of the manifests that kubectl applies.
.PHONY: chart
chart: | $(B)/
	$(call say,CHART,$(B)/chart)
	$(Q)operator/deploy/chart/make.sh $(B)/chart
