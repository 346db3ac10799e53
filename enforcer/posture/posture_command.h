/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_POSTURE_POSTURE_COMMAND_H
#define PALE_POSTURE_POSTURE_COMMAND_H

/* What the commands that audit share: their options --json, --sarif and --severity, by their
 * indexes. */

#include "enforcer/posture/posture.h"

#define OPTION_SARIF                                                                               \
	{                                                                                          \
		"sarif", .help = "print SARIF 2.1.0"                                               \
	}
#define OPTION_SEVERITY                                                                            \
	{                                                                                          \
		"severity", 0, "SEVERITY", .help = "leave out what is below it",                   \
					   .kind = &control_severities                             \
	}

/* STATUS_OK, or what is wrong has been said. */
int posture_options(const struct invocation *in, size_t json, size_t sarif, size_t severity,
	enum control_severity *ret_least);
/* On stdout; posture_status(). */
int posture_print(const struct invocation *in, const struct posture *p, size_t json, size_t sarif);

#endif
