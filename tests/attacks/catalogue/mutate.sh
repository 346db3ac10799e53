#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# In the guest: which attack notices that a BPF program is gone.
exec "$(dirname "$0")/../../../build/tests/attacks/catalogue/test_attacks" --mutate
