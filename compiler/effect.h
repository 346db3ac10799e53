/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PALE_EFFECT_H
#define PALE_EFFECT_H

/* What a rule does; the one enum that the syntax tree and the resolved policy share. */
enum effect { EFFECT_ALLOW, EFFECT_AUDIT, EFFECT_DENY, EFFECT_KILL };

#endif
