/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PROFILE_COMPILE_H
#define PALE_PROFILE_COMPILE_H

/*
 * What a PaleProfile's spec compiles to. Of this machine's files only the installed library is
 * read; spec.files are found by `use` as if they lay beside the source.
 *
 * What nodes are given are the sources, all that the compiler read, the library's fragments among
 * them: paled alone verifies what it loads, by compiling it, and the digest that it comes to is the
 * proof that it means what the controller meant (a digest is over a policy's meaning, and hangs on
 * no machine). They lie in the object's own status, "bundle", so that a node needs to read
 * PaleProfiles and nothing else, an object that became wrong keeps what it said last, and a node
 * whose library is of another version compiles the same. Compiled artefacts would be
 * many times as large and were not to be believed.
 *
 * etcd takes 1.5 MiB for an object. Its spec and its bundle, which has the spec's sources again,
 * are PROFILE_JSON_MAX each at most, as JSON writes them; that leaves room for what kubectl keeps
 * of the spec, and for diagnostics.
 */

#include <jansson.h>

#define PROFILE_SOURCES_MAX	((size_t)256 << 10) /* spec.source and spec.files together */
#define PROFILE_LIBRARY_MAX	((size_t)128 << 10) /* of the library's files that they use */
#define PROFILE_JSON_MAX	((size_t)512 << 10)
#define PROFILE_FILES_MAX	64
#define PROFILE_NAME_MAX	128 /* "NAME-DIGEST12.json" and "NAME.pale" are files' names */
#define PROFILE_DIAGNOSTICS_MAX 50

/*
 * The outcome, a new object, never NULL:
 *
 *	reason, message	  of the condition Compiled; reason is "Compiled" exactly when it is right
 *	diagnostics	  [{severity, file, line, column, message, hint}], errors first; no file
 *			  where it is the source, no line for what is wrong as a whole
 *	digest		  of what is right, as the following
 *	pod		  what containers under enforce get, for the webhook: seccompProfile,
 *			  "pale/NAME-DIGEST12.json"; dropCapabilities, as Kubernetes names them,
 *			  ["ALL"] where the policy keeps none; allowPrivilegeEscalation false where
 *			  the policy implies it. A policy that says `mode audit` drops nothing
 *	bundle		  main, and files {name: text}
 *
 * @name: the object's. The source has one profile, of that name: containers ask paled for it by
 * the object's name, and of two objects none may hold the other's.
 *
 * Time and memory are the compiler's: a hostile source takes much of both. limited_process.h limits
 * them.
 */
json_t *profile_compile(const char *name, const json_t *spec);

/* The same for limited_process.h. */
struct profile_input {
	const char *name;
	const json_t *spec;
};
json_t *profile_compile_work(const void *input);

#endif
