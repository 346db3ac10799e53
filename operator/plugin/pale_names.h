/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_PLUGIN_PALE_NAMES_H
#define PALE_PLUGIN_PALE_NAMES_H

/* As the manifests in operator/deploy/ have them. */

#define SYSTEM_NAMESPACE "pale-system"
#define RUNTIME_CLASS	 "pale"

#endif
