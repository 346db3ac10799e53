#!/bin/bash
# SPDX-License-Identifier: Apache-2.0

echo ok 1 - only
