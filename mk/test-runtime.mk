# SPDX-License-Identifier: Apache-2.0
# Containers as engines start them, tests/runtime: runc on this machine, crun and Docker Engine in the guest.

RUNTIME ?= runc
ENGINE ?= none
RUNTIME_ATTACK := $(B)/tests/runtime/attack

# It runs in images that have no library.
$(RUNTIME_ATTACK): tests/runtime/attack.c tests/attacks/attacks.c tests/attacks/attacks.h
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) -O2 -static -I. -o $@ $(filter %.c,$^)

.PHONY: test-runtime bench-runtime
# ENGINE=all: those that run on the host, with runc.
HOST_ENGINES := none podman containerd
test-runtime: deps-demo deps-test deps-runtime
	$(Q)$(MAKE) --no-print-directory all $(RUNTIME_ATTACK)
	$(Q)tests/tally.sh $(B) engines $(if $(filter all,$(ENGINE)),$(HOST_ENGINES:%=runtime/runc-%),runtime/$(RUNTIME)-$(ENGINE))
# What pale-runtime adds to a container's life, in PALE_PAIRS (200) pairs.
bench-runtime: all $(RUNTIME_ATTACK)
	$(Q)PALE_BUILD=$(B) KERNEL=$(KERNEL) TIMEOUT=3000 tests/runtime/run.sh $(RUNTIME) none tests/bench/runtime.sh

# From the kernel's verdict to the line in the log, and what a neighbour that is refused something all the time costs: on this machine,
# and in the guest.
BENCH_EVENTS := $(B)/tests/bench/event_latency $(B)/tests/programs/violate
.PHONY: bench-events
bench-events: deps-build deps-test all $(BENCH_EVENTS)
	$(Q)PALE_BUILD=$(B) tests/bench/events.sh
	$(Q)tests/vm/run.sh --kernel $(KERNEL) --timeout 1200 --cmdline apparmor=0 tests/bench/events.sh
