# SPDX-License-Identifier: Apache-2.0
# Formatting, linting, layers, sanitizers, fuzzing, benchmarks.

C_FILES = $(shell git ls-files '*.c' '*.h')

.PHONY: format lint check-layers asan fuzz bench clean

format: deps-devel
	$(Q)clang-format -i $(C_FILES)

lint: deps-devel check-layers
	$(call say,FORMAT,C)
	$(Q)clang-format --dry-run -Werror $(C_FILES)
	$(call say,LINT,C)
	@mkdir -p $(B)/cppcheck
	$(Q)cppcheck -j2 --quiet --error-exitcode=1 --std=c11 --inline-suppr --enable=warning,performance,portability \
		--suppressions-list=mk/cppcheck.suppress --cppcheck-build-dir=$(B)/cppcheck -I. -I$(GEN) --library=posix --library=gnu \
		$(filter compiler/%.c enforcer/%.c operator/%.c docs/%.c examples/%.c,$(filter-out enforcer/bpf/%,$(C_FILES)))
	$(call say,LINT,sh)
	$(Q)for f in $$(git ls-files '*.sh' .ci/run); do sh -n $$f 2>/dev/null || bash -n $$f || exit 1; done
	$(Q)shellcheck -x -P SCRIPTDIR $$(git ls-files 'examples/*.sh' 'tests/examples/*.bats' 'tests/examples/bare/*')

check-layers: all
	$(call say,LAYERS,$(B))
	$(Q)mk/check-layers.sh $(B)

# Everything that runs without privilege, with AddressSanitizer and UndefinedBehaviorSanitizer.
asan:
	$(Q)$(MAKE) B=build-asan OPT='-O1 -g' SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer' \
		all asan-tests

.PHONY: asan-tests
asan-tests: deps-test $(UNIT_BIN) $(TEST_PROGRAMS)
	$(Q)ASAN_OPTIONS=detect_leaks=1:abort_on_error=1 tests/tally.sh $(B) unit lang fmt lsp import learn verdict golden

# Each target FUZZ_SECONDS long; the corpus is kept under $(CORPUS) from run to run.
FUZZ_SECONDS ?= 60
CORPUS ?= $(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/pale/corpus
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_BIN := $(FUZZ_SRC:tests/fuzz/%.c=$(B)/fuzz/%)
FUZZ_FLAGS := -g -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
# Targets of the daemon have it, and what it uses, beside the compiler.
FUZZ_PALED_BIN := $(filter $(B)/fuzz/fuzz_paled_%,$(FUZZ_BIN))
FUZZ_PALED_OBJ := $(DAEMON_SRC:%.c=$(B)/fuzz/%.o) $(ENFORCER_SRC:%.c=$(B)/fuzz/%.o)
# And pale-export's it.
FUZZ_EXPORT_BIN := $(filter $(B)/fuzz/fuzz_export_%,$(FUZZ_BIN))
FUZZ_EXPORT_OBJ := $(EXPORT_SRC:%.c=$(B)/fuzz/%.o) $(filter-out $(B)/fuzz/enforcer/paled_client.o,$(EXPORT_USES:$(B)/%=$(B)/fuzz/%))
# And the webhook it.
FUZZ_OPERATOR_BIN := $(filter $(B)/fuzz/fuzz_operator_%,$(FUZZ_BIN))
FUZZ_OPERATOR_OBJ := $(patsubst %.c,$(B)/fuzz/%.o,$(wildcard operator/cluster/*.c operator/posture/*.c operator/webhook/*.c) operator/api_time.c operator/pod_owner.c enforcer/http_loop.c \
	enforcer/node_paths.c $(addprefix enforcer/posture/,control.c policy_answer.c posture.c posture_sarif.c posture_text.c))
# And the Kubernetes client what reads.
FUZZ_KUBE_BIN := $(filter $(B)/fuzz/fuzz_kube_%,$(FUZZ_BIN))
FUZZ_KUBE_OBJ := $(patsubst %,$(B)/fuzz/operator/kube/kube_%.o,json lines objects status watch_event)
FUZZ_OBJ := $(COMPILER_SRC:%.c=$(B)/fuzz/%.o) $(RUNTIME_SRC:%.c=$(B)/fuzz/%.o) $(RUNTIME_USES:$(B)/%=$(B)/fuzz/%) \
	$(B)/fuzz/gen/pale.tab.o $(B)/fuzz/gen/pale.lex.o $(B)/fuzz/gen/vocab_tables.o
FUZZ_CC = $(CLANG) -std=gnu17 -D_GNU_SOURCE -DPALE_DATADIR='"$(datadir)/pale"' -I. -I$(GEN) -I$(SKEL) $(FUZZ_FLAGS)

$(B)/fuzz/gen/%.o: $(GEN)/%.c | $(GEN_HEADERS)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) -MMD -MP -c -o $@ $<
$(B)/fuzz/%.o: %.c | $(GEN_HEADERS)
	@mkdir -p $(@D)
	$(call say,FUZZCC,$<)
	$(Q)$(FUZZ_CC) -MMD -MP -c -o $@ $<
$(FUZZ_BIN): $(B)/fuzz/%: $(B)/fuzz/tests/fuzz/%.o $(FUZZ_OBJ)
	$(call say,LD,$@)
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer -o $@ $^ $(FUZZ_LIBS) $(LIBS)
$(FUZZ_PALED_BIN): $(FUZZ_PALED_OBJ)
$(FUZZ_EXPORT_BIN): $(FUZZ_EXPORT_OBJ)
$(FUZZ_KUBE_BIN): $(FUZZ_KUBE_OBJ)
$(FUZZ_EXPORT_BIN): FUZZ_LIBS = $(EXPORT_LIBS)
$(FUZZ_OPERATOR_BIN): $(FUZZ_OPERATOR_OBJ)
$(FUZZ_OPERATOR_BIN): FUZZ_LIBS = $(OPERATOR_LIBS)
$(FUZZ_PALED_BIN): FUZZ_LIBS = -lsystemd -lsqlite3 $(ENFORCER_LIBS)

$(B)/fuzz/fuzz_oci_seccomp: $(patsubst %.c,$(B)/fuzz/%.o,$(wildcard enforcer/runtime/oci_seccomp*.c))

fuzz: deps-build deps-devel $(FUZZ_BIN)
	$(Q)for f in $(FUZZ_BIN); do \
		corpus=$(CORPUS)/$${f##*/}; mkdir -p $$corpus; \
		case $$f in */fuzz_paled_*) dict=-dict=tests/fuzz/paled.dict ;; *) dict= ;; esac; \
		echo "  FUZZ    $${f##*/} ($(FUZZ_SECONDS) s)"; \
		PALE_PATH=$(CURDIR)/profiles $$f -max_total_time=$(FUZZ_SECONDS) -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 -artifact_prefix=$(B)/fuzz/ \
			$$dict $$corpus tests/lang tests/fmt tests/lsp tests/verdict tests/import tests/learn tests/init tests/fuzz/paled tests/fuzz/export tests/fuzz/kube tests/fuzz/posture tests/webhook profiles \
			>$(B)/fuzz/$${f##*/}.log 2>&1 || \
			{ tail -n 40 $(B)/fuzz/$${f##*/}.log; exit 1; }; \
		grep -E 'stat::number_of_executed_units|stat::peak_rss' $(B)/fuzz/$${f##*/}.log; \
	done

bench: deps-build deps-demo deps-devel all $(B)/tests/bench/seccomp
	$(Q)tests/bench/bench.sh $(B)

# What it costs to record 1,000 entries a second: the recorder alone, with a database that grows and with one that is full.
.PHONY: bench-recorder
bench-recorder: deps-build $(B)/tests/bench/recorder
	$(Q)dir=$$(mktemp -d) && trap 'rm -rf $$dir' EXIT && \
		$(B)/tests/bench/recorder $$dir/growing.db 1000 30 && \
		$(B)/tests/bench/recorder $$dir/full.db 40000 5 8388608 && \
		$(B)/tests/bench/recorder $$dir/full.db 1000 30 8388608

# What it costs to be learned from, on this machine and in the guest (KERNEL=), beside strace -f.
BENCH_LEARN := $(B)/tests/bench/getppid
.PHONY: bench-learn bench-learn-vm
bench-learn: deps-build deps-demo deps-devel all $(BENCH_LEARN)
	$(Q)PALE_BUILD=$(B) tests/bench/learn.sh
bench-learn-vm: deps-build deps-demo deps-test deps-devel all $(BENCH_LEARN)
	$(Q)tests/vm/run.sh --count-instructions --kernel $(KERNEL) --timeout 2400 --cmdline apparmor=0 tests/bench/learn.sh

# What reviews of pods take, 500 a second, and the webhook's memory, with the cluster of a real API server.
.PHONY: bench-webhook
bench-webhook: deps-build deps-kube all $(B)/tests/bench/webhook $(B)/tests/kube/webhook_server
	$(Q)tests/bench/webhook.sh $(B)

# The controller with 1,000 nodes and 20,000 pods: its memory, and what it asks of the API server.
.PHONY: bench-operator
bench-operator: deps-kube all $(B)/tests/bench/kube_load
	$(Q)PALE_BUILD=$(B) tests/bench/operator.sh

clean:
	$(Q)rm -rf build build-asan
