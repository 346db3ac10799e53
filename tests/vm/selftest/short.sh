#!/bin/bash
# SPDX-License-Identifier: Apache-2.0

echo 1..3
echo ok 1 - first
echo ok 2 - second
