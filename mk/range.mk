# SPDX-License-Identifier: Apache-2.0
# The range, tests/attacks/range: what attackers do, bare, under Docker's default, bubblewrap, firejail, Landlock and Pale.

RANGE := $(B)/tests/attacks/range
RANGE_SRC := $(wildcard tests/attacks/range/action*.c)

# Static: their containers have nothing else.
$(RANGE)/range-action: $(RANGE_SRC:%.c=$(B)/%.o)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -static -o $@ $^
$(RANGE)/range-host: $(RANGE)/range_host.o
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -static -o $@ $^

# On the newer kernel unless one is asked for.
RANGE_KERNEL := $(if $(filter command environment,$(firstword $(origin KERNEL))),$(KERNEL),6.12)

.PHONY: range
range: deps-range all catalogue $(RANGE)/range-action $(RANGE)/range-host
	$(Q)tests/attacks/range/run.sh $(B) $(RANGE_KERNEL)
