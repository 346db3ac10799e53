/* SPDX-License-Identifier: Apache-2.0 */

/*
 *	try_x86 PATH
 *
 * Opens PATH as a 32-bit program does, from a 64-bit one: int 0x80, which has calls of its own
 * numbers and pointers of 32 bits.
 */

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define X86_OPEN 5

int main(int argc, char **argv)
{
	char *low = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long r = X86_OPEN;

	if (argc != 2 || low == MAP_FAILED || strlen(argv[1]) >= 4096)
		return 2;
	strcpy(low, argv[1]);
	__asm__ volatile("int $0x80"
			 : "+a"(r)
			 : "b"(low), "c"(0), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	puts(r < 0 ? strerror((int)-r) : "ok");
	return r < 0;
}
