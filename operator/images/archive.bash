# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# An image of one layer as an archive: an OCI layout that docker load reads, too. The same files give the same bytes.

# archive_blob LAYOUT FILE: moves it to where its digest is its name, and prints size and digest.
archive_blob() {
	local digest size
	digest=$(sha256sum <"$2" | cut -d ' ' -f 1)
	size=$(stat -c %s "$2")
	mv "$2" "$1/blobs/sha256/$digest"
	echo "$size $digest"
}

# archive_image NAME ROOT CONFIG ARCHIVE [TAR-OPTION…]: of the filesystem ROOT; NAME with registry and tag, CONFIG the image's `config`, in JSON. The options
# say whose the files are, when it is not whoever has them here.
archive_image() {
	local name=$1 root=$2 config=$3 archive=$4 work layer layer_size size digest architecture
	shift 4
	work=$(mktemp -d "$archive.XXXXXX")
	mkdir -p "$work/layout/blobs/sha256"
	architecture=$(dpkg --print-architecture)
	tar -C "$root" --sort=name --mtime=@0 --numeric-owner "$@" -cf "$work/layer" .
	read -r layer_size layer < <(archive_blob "$work/layout" "$work/layer")
	jq -cn --arg layer "sha256:$layer" --argjson config "$config" --arg architecture "$architecture" '{
		architecture: $architecture, os: "linux", created: "1970-01-01T00:00:00Z", rootfs: { type: "layers", diff_ids: [$layer] },
		config: $config }' >"$work/config"
	read -r size config < <(archive_blob "$work/layout" "$work/config")
	jq -cn --arg config "sha256:$config" --argjson size "$size" --arg layer "sha256:$layer" --argjson layer_size "$layer_size" '{
		schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
		config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: $config, size: $size },
		layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", digest: $layer, size: $layer_size }] }' >"$work/manifest"
	read -r size digest < <(archive_blob "$work/layout" "$work/manifest")
	# containerd takes the name from the first annotation, podman from the second.
	jq -cn --arg name "$name" --arg digest "sha256:$digest" --argjson size "$size" --arg architecture "$architecture" '{
		schemaVersion: 2, manifests: [{ mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $digest, size: $size,
		platform: { architecture: $architecture, os: "linux" },
		annotations: { "io.containerd.image.name": $name, "org.opencontainers.image.ref.name": $name } }] }' >"$work/layout/index.json"
	echo '{"imageLayoutVersion":"1.0.0"}' >"$work/layout/oci-layout"
	# docker load reads this one alone.
	jq -cn --arg name "$name" --arg config "$config" --arg layer "$layer" \
		'[{ Config: "blobs/sha256/\($config)", RepoTags: [$name], Layers: ["blobs/sha256/\($layer)"] }]' >"$work/layout/manifest.json"
	tar -C "$work/layout" --sort=name --mtime=@0 --mode=u=rwX,go=rX --owner=0 --group=0 --numeric-owner -cf "$work/archive" .
	mv "$work/archive" "$archive"
	rm -r "$work"
}
