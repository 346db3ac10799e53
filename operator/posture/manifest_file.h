/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POSTURE_MANIFEST_FILE_H
#define PALE_POSTURE_MANIFEST_FILE_H

/*
 * Kubernetes' manifests, as `kubectl apply` takes them and `kubectl get -o json` or -o yaml prints
 * them: any number of documents of YAML, or values of JSON. Scalars are read as Kubernetes reads
 * them (YAML 1.1: yes is true).
 */

#include "compiler/base/error.h"
#include "compiler/base/source.h"
#include "compiler/base/yaml_read.h"
#include "operator/posture/cluster_posture.h"

#include <jansson.h>

struct manifest_file {
	const char *name; /* borrowed; "-" is standard input */
	struct arena *arena;
	struct source_set sources;
	struct diag_list diags;
	const struct source *source;
	/* Its documents with their places, as many as there are objects, or none: of JSON that is
	 * too long to be read as YAML. */
	struct yaml_documents documents;
	json_t *objects; /* array */
};

/* -EINVAL with the place of what is neither, or of what is no object. To be released either way. */
int manifest_file_read(const char *name, struct manifest_file *ret, struct pale_err **err);
void manifest_file_release(struct manifest_file *f);

/* Object @i of the file, for cluster_posture_add(): @ret borrows @object, which is the caller's. */
struct manifest_object {
	const struct manifest_file *file;
	size_t index;
};
struct object_source manifest_object_source(struct manifest_object *object);

#endif
