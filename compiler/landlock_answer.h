/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_LANDLOCK_ANSWER_H
#define PALE_LANDLOCK_ANSWER_H

#include "compiler/coverage_paths.h"
#include "compiler/emit_landlock.h"

/*
 * What a Landlock domain answers where @rights are granted on the path and the hierarchy above it:
 * security/landlock/fs.c, current_check_access_path(), current_check_refer_path() and
 * get_required_file_open_access(). What cannot happen at all (running a directory) is answered by
 * "none of it passes, and nothing that could is refused".
 */
struct path_answer landlock_answer(
	uint64_t handled_fs, unsigned int abi, uint64_t rights, bool directory);

/* The path operations in which @handled_fs has a say. */
uint64_t landlock_operations(uint64_t handled_fs);

#endif
