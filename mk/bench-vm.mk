# SPDX-License-Identifier: Apache-2.0
# What mechanisms cost in the guest, in instructions: tests/bench/vm.

BENCH_VM := $(addprefix $(B)/tests/bench/vm/,costs act nothing)

$(B)/tests/bench/vm/costs: $(B)/tests/bench/vm/costs.o $(LIBENFORCER) $(LIBCOMPILER)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(ENFORCER_LIBS) $(LIBS)

# Static, so that no policy has to speak of libraries.
$(B)/tests/bench/vm/act: $(B)/tests/bench/vm/act.o
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -static -o $@ $^
$(B)/tests/bench/vm/nothing: $(B)/tests/bench/vm/nothing.o
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -static -nostdlib -o $@ $^

.PHONY: bench-vm
bench-vm: deps-build deps-test all $(BENCH_VM)
	$(Q)tests/bench/vm/bench.sh $(B) $(KERNEL)
