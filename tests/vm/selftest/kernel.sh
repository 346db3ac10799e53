#!/bin/bash
# SPDX-License-Identifier: Apache-2.0

# The kernel gives what is written here the form of its own messages.
echo '<4>WARNING: said by a test' >/dev/kmsg
echo 1..1
! pgrep -x sleep >/dev/null || echo -n 'not '
echo ok 1 - nothing is left of the file before
