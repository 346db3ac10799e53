# SPDX-License-Identifier: Apache-2.0
# The projects of examples/, each as whoever copied it has it: what its CI passes, and what that stops.

.PHONY: test-examples
test-examples: deps-build deps-examples
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/tally.sh $(B) examples
