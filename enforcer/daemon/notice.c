/* SPDX-License-Identifier: Apache-2.0 */
#include "enforcer/daemon/notice.h"

#include "enforcer/report_time.h"

json_t *notice_json(const char *kind)
{
	return json_pack("{s:o, s:s}", "time", report_time_json(report_time_now()), "kind", kind);
}
