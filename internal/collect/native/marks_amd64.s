#include "textflag.h"

DATA markBytes<>+0(SB)/8, $0x0202020202020202
DATA markBytes<>+8(SB)/8, $0x2020202020202020
DATA markBytes<>+16(SB)/8, $0x5c5c5c5c5c5c5c5c
GLOBL markBytes<>(SB), RODATA|NOPTR, $24

// func markBlocks(text *byte, marks *uint64, blocks int) (seen uint32)
//
// As special does it: with the second bit turned, a quote (0x20 then) comes next
// to the control characters.
TEXT ·markBlocks(SB), NOSPLIT, $0-28
	MOVQ text+0(FP), SI
	MOVQ marks+8(FP), DI
	MOVQ blocks+16(FP), CX
	VPBROADCASTQ markBytes<>+0(SB), Y8
	VPBROADCASTQ markBytes<>+8(SB), Y9
	VPBROADCASTQ markBytes<>+16(SB), Y10
	VPXOR Y11, Y11, Y11
loop:
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	VPXOR Y0, Y8, Y2
	VPXOR Y1, Y8, Y3
	VPMINUB Y2, Y9, Y4
	VPMINUB Y3, Y9, Y5
	VPCMPEQB Y2, Y4, Y4
	VPCMPEQB Y3, Y5, Y5
	VPCMPEQB Y0, Y10, Y6
	VPCMPEQB Y1, Y10, Y7
	VPOR Y4, Y6, Y6
	VPOR Y5, Y7, Y7
	VPMOVMSKB Y6, AX
	VPMOVMSKB Y7, DX
	SHLQ $32, DX
	ORQ DX, AX
	MOVQ AX, (DI)
	VPOR Y0, Y11, Y11
	VPOR Y1, Y11, Y11
	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JNE loop
	VPMOVMSKB Y11, AX
	MOVL AX, seen+24(FP)
	VZEROUPPER
	RET
