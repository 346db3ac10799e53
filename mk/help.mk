# SPDX-License-Identifier: Apache-2.0

.PHONY: help quickstart
help:
	@echo 'make                 build into build/'
	@echo 'make quickstart      install packages, build, see nginx confined on this host'
	@echo 'make test            install what tests need and run them all'
	@echo 'make test-unit test-lang test-fmt test-lsp test-editors test-import test-verdict test-golden test-host test-vm    one suite'
	@echo 'make test-long       static checks, sanitizer builds, fuzzing, the suites of the guest on other kernels, test-apps, -docs, -examples, -browser, -runtime, -kube, -deb'
	@echo 'make test-browser    pages of pale report in headless Chromium'
	@echo 'make test-apps       the policies of profiles/apps, each with its program, a client and an attacker; APPS="haproxy squid"'
	@echo 'make test-docs       each command of docs/tutorial.md and README.md; DOCS="host engines readme cluster"'
	@echo 'make test-examples   the projects of examples/: what their CI passes, and what it stops'
	@echo 'make editors         the syntax files of grammar/editors from their templates'
	@echo 'make test-runtime    containers as engines start them; RUNTIME=runc|crun ENGINE=none|podman|containerd|docker'
	@echo 'make images          container images for Kubernetes, build/images/*.tar; chart: a Helm chart'
	@echo 'make deb             Debian packages, build/deb/*.deb; test-deb: installed, upgraded and purged in Debian 12 and 13'
	@echo 'make kube-up         a Kubernetes of one node on this machine (tests/kube/in kubectl get nodes); kube-down ends it'
	@echo 'make test-kube       the Kubernetes client against an API server'
	@echo 'make attacks-vm      each attack of the catalogue in the guest, bare and confined (KERNEL=6.1 or 6.12)'
	@echo 'make range           what attackers do, under Docker, bubblewrap, firejail, Landlock and Pale: a table, JSON and HTML'
	@echo 'make mutate-bpf      each BPF program taken off in turn: an attack must notice'
	@echo 'make vm              a shell in the guest; KERNEL=6.1|6.12 here, for test-vm and bench-vm'
	@echo 'make bench-vm        what confinement costs, in instructions, in the guest'
	@echo 'make stress-vm       BPF-LSM under load in the guest; SWAPS=10000 FLOOD=1000000 KERNEL='
	@echo 'make bench-recorder  what recording 1,000 entries a second costs'
	@echo 'make bench-learn     what it costs to be learned from; bench-learn-vm: in the guest'
	@echo 'make learn-eval      how good learned policies of ten programs are, into docs/learning.md; EVAL="nginx git"'
	@echo 'make bench-webhook   500 reviews of pods a second: what they take, and the memory'
	@echo 'make bench-operator  the controller at 1,000 nodes and 20,000 pods: its memory, and its requests'
	@echo 'make asan fuzz bench lint format check-layers'
	@echo 'make install         under DESTDIR and prefix ($(prefix))'
	@echo 'make deps            every Debian package that any target needs'

quickstart: deps-build deps-demo
	$(Q)$(MAKE) -s --no-print-directory all attack-module
	$(Q)tests/demo/demo.sh $(B)
