# SPDX-License-Identifier: Apache-2.0
# How good learned policies are, on programs of Debian's: figures into docs/learning.md. EVAL="nginx git" evaluates those alone, and prints.

EVAL ?=

.PHONY: learn-eval
learn-eval: deps-learning
	$(Q)$(MAKE) --no-print-directory all $(B)/tests/learn/ask
	$(Q)tests/learn/eval-all $(B) $(EVAL)
