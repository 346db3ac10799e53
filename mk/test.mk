# SPDX-License-Identifier: Apache-2.0
# Tests. Every suite prints TAP; tests/tally.sh adds them up.

UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT_BIN := $(UNIT_SRC:%.c=$(B)/%)
# An interpreter of classic BPF that is neither ours nor the kernel's.
LIBS_test_mutants := -lpcap
LIBS_test_import_oci := -lpcap
# They have pale-export alone, as it has of the enforcer only what it is linked with.
UNIT_EXPORT_BIN := $(filter $(B)/tests/unit/test_export_%,$(UNIT_BIN))
# And pale-operator.
UNIT_OPERATOR_BIN := $(filter $(addprefix $(B)/tests/unit/test_,cluster% controller% kube_% node_% plugin% webhook_%),$(UNIT_BIN))

$(filter-out $(UNIT_EXPORT_BIN) $(UNIT_OPERATOR_BIN),$(UNIT_BIN)): $(B)/%: $(B)/%.o $(LIBRUNTIME) $(LIBDAEMON) $(LIBENFORCER) $(LIBCOMPILER)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(ENFORCER_LIBS) $(LIBS) -lcmocka -lsystemd -lsqlite3 $(LIBS_$(@F))

$(UNIT_EXPORT_BIN): $(B)/%: $(B)/%.o $(LIBEXPORT) $(EXPORT_USES) $(LIBCOMPILER)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(EXPORT_LIBS) $(LIBS) -lcmocka

$(UNIT_OPERATOR_BIN): $(B)/%: $(B)/%.o $(LIBOPERATOR) $(LIBEXPORT) $(LIBENFORCER) $(LIBCOMPILER)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_$(@F)) $(OPERATOR_LIBS) $(LIBS) -lcmocka

# What the controller compiles is compared with what a node does.
LIBS_test_controller_profile = $(LIBDAEMON) $(LIBENFORCER) $(LIBCOMPILER) $(ENFORCER_LIBS) -lsqlite3
$(B)/tests/unit/test_controller_profile: $(LIBDAEMON) $(LIBENFORCER)

# What the controller writes in them is held against the schemas.
CONTROLLER_WRITES := $(B)/tests/unit/test_controller $(filter $(B)/tests/unit/test_controller_%_life,$(UNIT_BIN))

# Small C programs that tests run: attacks and their like, one file each.
TEST_PROGRAMS := $(patsubst %.c,$(B)/%,$(wildcard tests/live/*.c tests/vm/*.c tests/verdict/*.c tests/golden/*.c tests/bench/*.c tests/lsp/*.c tests/learn/*.c))
$(filter-out $(B)/tests/bench/recorder $(B)/tests/bench/webhook $(B)/tests/bench/kube_load,$(TEST_PROGRAMS)): $(B)/%: $(B)/%.o $(LIBDOCS) $(LIBENFORCER) $(LIBCOMPILER)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(ENFORCER_LIBS) $(LIBS)

$(B)/tests/bench/recorder: $(B)/tests/bench/recorder.o $(LIBDAEMON) $(LIBENFORCER) $(LIBCOMPILER)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ -lsystemd -lsqlite3 $(ENFORCER_LIBS) $(LIBS)

# The operator's parts, each with a cluster of its own.
OPERATOR_PROGRAMS := $(addprefix $(B)/tests/,kube/webhook_server kube/compile_profile bench/kube_load)
$(OPERATOR_PROGRAMS): $(B)/%: $(B)/%.o $(LIBOPERATOR) $(LIBENFORCER) $(LIBCOMPILER)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(OPERATOR_LIBS) $(LIBS)
TEST_PROGRAMS += $(filter-out $(TEST_PROGRAMS),$(OPERATOR_PROGRAMS))
$(B)/tests/bench/webhook: $(B)/tests/bench/webhook.o $(LIBCOMPILER)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ -lcurl $(LIBS)

# They start hundreds of times in an emulated guest.
$(B)/tests/vm/lsm_actor $(B)/tests/vm/lsm_verdict_actor $(B)/tests/vm/stress_actor: LDFLAGS += -Wl,--as-needed

# Programs of other languages and C libraries that tests run under policies.
PROGRAMS := $(addprefix $(B)/tests/programs/,go_server musl_threads container_calls refused_calls repeated_attack recorded_acts)
GO ?= /usr/lib/go-1.19/bin/go

$(B)/tests/programs/go_server: tests/programs/go_server.go
	@mkdir -p $(@D)
	$(call say,GO,$@)
	$(Q)env -u GOFLAGS GO111MODULE=off CGO_ENABLED=0 GOCACHE=$(abspath $(B))/go-cache $(GO) build -o $@ $<
$(B)/tests/programs/%: tests/programs/%.c
	@mkdir -p $(@D)
	$(call say,MUSL,$@)
	$(Q)musl-gcc -static -std=gnu17 -D_GNU_SOURCE $(WARN) -O2 -o $@ $<

# The guest's. Of the others `make test` runs what asks most of a kernel, `make test-long` all.
KERNEL ?= 6.1
OTHER_KERNELS := $(filter-out $(KERNEL),6.1 6.12)

# Packages first: what they bring is included and run by the rest.
.PHONY: test
test: deps-build deps-demo deps-test
	$(Q)tests/kube/build.sh kube-apiserver >/dev/null
	$(Q)$(MAKE) --no-print-directory test-built

.PHONY: test-built test-unit test-lang test-fmt test-lsp test-editors test-import test-learn test-verdict test-golden test-host test-vm vm
test-built: all $(UNIT_BIN) $(TEST_PROGRAMS) $(PROGRAMS) $(B)/grammar/editors/generate
	$(Q)tests/tally.sh $(B) unit lang fmt lsp editors import learn verdict golden layers manifests host vm/$(KERNEL) $(OTHER_KERNELS:%=lsm/%) apiserver

test-unit: $(UNIT_BIN)
	$(Q)tests/tally.sh $(B) unit
test-lang: all
	$(Q)tests/tally.sh $(B) lang
test-fmt: all
	$(Q)tests/tally.sh $(B) fmt
test-lsp: all $(B)/tests/lsp/session
	$(Q)tests/tally.sh $(B) lsp
test-editors: all $(B)/grammar/editors/generate
	$(Q)tests/tally.sh $(B) editors
test-import: all
	$(Q)tests/tally.sh $(B) import
test-learn: all
	$(Q)tests/tally.sh $(B) learn
test-verdict: all $(TEST_PROGRAMS)
	$(Q)tests/tally.sh $(B) verdict
test-golden: all $(TEST_PROGRAMS)
	$(Q)tests/tally.sh $(B) golden
test-host: all $(TEST_PROGRAMS) $(PROGRAMS) $(CONTROLLER_WRITES)
	$(Q)tests/tally.sh $(B) host
test-vm: all $(TEST_PROGRAMS) $(PROGRAMS)
	$(Q)tests/tally.sh $(B) vm/$(KERNEL)

# What is too slow for `make test`, or needs more than Debian has: the guest's suites on the other kernels, static checks,
# VS Code's tokenizer from npm, the programs of profiles/apps, the projects of examples, ordinary programs and the catalogue of attacks in the guest,
# each BPF program taken off, large numbers, a kernel that preempts, the sanitizer builds and the fuzz targets.
.PHONY: test-long $(OTHER_KERNELS:%=test-vm/%)
test-long: deps-build deps-demo deps-test deps-kube deps-node
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(MAKE) --no-print-directory $(OTHER_KERNELS:%=test-vm/%)
	$(Q)tests/tally.sh $(B) textmate names
	$(Q)tests/tally.sh $(B) workloads/$(KERNEL) paled/$(KERNEL)
	$(Q)$(MAKE) --no-print-directory test-browser
	$(Q)$(MAKE) --no-print-directory test-apps
	$(Q)$(MAKE) --no-print-directory test-docs
	$(Q)$(MAKE) --no-print-directory test-examples
	$(Q)$(MAKE) --no-print-directory test-runtime ENGINE=all
	$(Q)$(MAKE) --no-print-directory test-kube
	$(Q)$(MAKE) --no-print-directory test-deb
	$(Q)$(MAKE) --no-print-directory attacks-vm
	$(Q)$(MAKE) --no-print-directory mutate-bpf
	$(Q)$(MAKE) --no-print-directory stress-vm STEP=7 UPGRADES=2
	$(Q)$(MAKE) --no-print-directory test-preempt
	$(Q)$(MAKE) --no-print-directory lint
	$(Q)$(MAKE) --no-print-directory asan
	$(Q)$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=30

$(OTHER_KERNELS:%=test-vm/%):
	$(Q)$(MAKE) --no-print-directory test-vm KERNEL=$(@F)

# What `make test` does in the guest with small numbers: renames, exchanges of policies, floods, kills and upgrades of loaders.
SWAPS ?= 10000
FLOOD ?= 1000000
# Loaders are killed at each so many of their steps, and so many times during an upgrade.
STEP ?= 1
UPGRADES ?= 12
.PHONY: stress-vm
stress-vm: all $(TEST_PROGRAMS)
	$(Q)STRESS='pale_swaps=$(SWAPS) pale_flood=$(FLOOD) pale_opens=40000 pale_instances=1000 pale_every=1 pale_step=$(STEP) pale_upgrades=$(UPGRADES)' \
		tests/tally.sh $(B) stress/$(KERNEL)

# Where Linux 6.1 preempts fully labels lie elsewhere than in tasks, and programs interrupt one another.
.PHONY: test-preempt
test-preempt: all $(TEST_PROGRAMS)
	$(Q)tests/tally.sh $(B) preempt/6.1

# Containers that run go on through an upgrade from the version FROM, and back: a commit, which is built in build/from.
.PHONY: test-upgrade
test-upgrade: all
	$(Q)[ -n "$(FROM)" ] || { echo 'make: test-upgrade needs FROM=COMMIT, the version that is upgraded' >&2; exit 2; }
	$(Q)rm -rf $(B)/from && mkdir -p $(B)/from && git archive $(FROM) | tar -x -C $(B)/from
	$(Q)$(MAKE) --no-print-directory -C $(B)/from build/paled build/pale-runtime build/pale
	$(Q)tests/vm/run.sh --kernel $(KERNEL) --timeout 1200 --cmdline apparmor=0 tests/vm/upgrade.bats

# Pages that pale makes, in a browser.
.PHONY: test-browser
test-browser: deps-browser all
	$(Q)tests/tally.sh $(B) browser

# Each command of the tutorial, and what it prints, and each of the README: on this machine, in the guest, with container engines too, in a cluster. DOCS="host engines readme cluster": those alone.
DOCS ?= host engines readme cluster
.PHONY: test-docs
test-docs: deps-build deps-demo deps-test deps-runtime deps-kube deps-images
	$(Q)$(MAKE) --no-print-directory all attack-module $(RUNTIME_ATTACK) images
	$(Q)tests/tally.sh $(B) $(DOCS:%=docs/%)

# A shell in the guest.
vm: all
	$(Q)tests/vm/shell.sh --kernel $(KERNEL)
