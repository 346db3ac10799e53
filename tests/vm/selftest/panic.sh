#!/bin/bash
# SPDX-License-Identifier: Apache-2.0

echo 1..2
echo ok 1 - before
echo c >/proc/sysrq-trigger
sleep 10
echo ok 2 - after
