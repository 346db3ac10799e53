#!/bin/bash
# SPDX-License-Identifier: Apache-2.0

echo 1..2
echo ok 1 - once
echo ok 1 - once
# Left running, this would hold the next file's port.
sleep 1000 &
