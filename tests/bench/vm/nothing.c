/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest program: what an exec of it costs is the exec. Linked without a C library. */

void _start(void);

__attribute__((naked)) void _start(void)
{
	__asm__("mov $60, %eax\n\t" /* exit(0) */
		"xor %edi, %edi\n\t"
		"syscall");
}
