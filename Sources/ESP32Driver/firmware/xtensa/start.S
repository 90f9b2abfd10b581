# Start of an image on QEMU's `sim` machine with the core `de233_fpu`: a windowed Xtensa core as in the ESP32-S3.
#
# The window vectors follow the ABI: a call rotates the register window, and when it would run into registers of an older frame, or a
# return finds those of its caller gone, the core comes here to have four, eight or twelve of them stored below the stack of
# the frame they belong to, or loaded again (Xtensa ISA reference, windowed register option).
  .section .reset, "ax"
  .p2align 2
  j 1f
  .p2align 2
start_address:
  .long _start
1:
  movi a0, 0x1f
  wsr a0, ps
  rsync
  l32r a0, start_address
  jx a0

  .section .vectors, "ax"
  .p2align 2
  .org 0x000
overflow4:
  s32e a0, a5, -16
  s32e a1, a5, -12
  s32e a2, a5, -8
  s32e a3, a5, -4
  rfwo
  .org 0x040
underflow4:
  l32e a0, a5, -16
  l32e a1, a5, -12
  l32e a2, a5, -8
  l32e a3, a5, -4
  rfwu
  .org 0x080
overflow8:
  s32e a0, a9, -16
  l32e a0, a1, -12
  s32e a1, a9, -12
  s32e a2, a9, -8
  s32e a3, a9, -4
  s32e a4, a0, -32
  s32e a5, a0, -28
  s32e a6, a0, -24
  s32e a7, a0, -20
  rfwo
  .org 0x0c0
underflow8:
  l32e a0, a9, -16
  l32e a1, a9, -12
  l32e a2, a9, -8
  l32e a7, a1, -12
  l32e a3, a9, -4
  l32e a4, a7, -32
  l32e a5, a7, -28
  l32e a6, a7, -24
  l32e a7, a7, -20
  rfwu
  .org 0x100
overflow12:
  s32e a0, a13, -16
  l32e a0, a1, -12
  s32e a1, a13, -12
  s32e a2, a13, -8
  s32e a3, a13, -4
  s32e a4, a0, -48
  s32e a5, a0, -44
  s32e a6, a0, -40
  s32e a7, a0, -36
  s32e a8, a0, -32
  s32e a9, a0, -28
  s32e a10, a0, -24
  s32e a11, a0, -20
  rfwo
  .org 0x140
underflow12:
  l32e a0, a13, -16
  l32e a1, a13, -12
  l32e a2, a13, -8
  l32e a11, a1, -12
  l32e a3, a13, -4
  l32e a4, a11, -48
  l32e a5, a11, -44
  l32e a6, a11, -40
  l32e a7, a11, -36
  l32e a8, a11, -32
  l32e a9, a11, -28
  l32e a10, a11, -24
  l32e a11, a11, -20
  rfwu
  .org 0x300
kernel_exception:
  wsr a0, excsave1
  j exception
  .org 0x340
user_exception:
  wsr a0, excsave1
  j exception
  .org 0x3c0
double_exception:
  movi a3, 127
  j leave

# Only one is no fault: MOVSP of a frame whose caller's registers are still in the window (cause 5), as alloca does. It is
# mended by loading or storing those as an underflow would.
  .org 0x400
exception:
  rsr a0, exccause
  beqi a0, 5, move_stack
  rsr a3, exccause
  addi a3, a3, 64
leave:
  movi a2, 1
  simcall_here:
  .byte 0x00, 0x51, 0x00
  j leave

  .p2align 2
move_stack:
  rsr a0, windowbase
  rotw -1
  rsr a2, ps
  extui a3, a2, 8, 4
  xor a3, a3, a4
  rsr a4, excsave1
  slli a3, a3, 8
  xor a2, a2, a3
  wsr a2, ps
  rsync
  bbsi a4, 31, 1f
  j underflow4
1:
  rotw -1
  bbsi a8, 30, 2f
  j underflow8
2:
  rotw -1
  j underflow12

  .section .literal.start, "ax"
  .p2align 2
stack_address:
  .long stack_top
vector_address:
  .long vectors
main_address:
  .long machine_main
# Windows enabled, no interrupt level.
state:
  .long 0x00040000

  .section .text.start, "ax"
  .p2align 2
  .global _start
_start:
  movi a0, 0
  wsr a0, windowbase
  rsync
  movi a1, 1
  wsr a1, windowstart
  rsync
  l32r a1, stack_address
  l32r a2, vector_address
  wsr a2, vecbase
  rsync
  # ATOMCTL: S32C1I works in RAM without a bus that would have to do it.
  movi a2, 0x15
  .byte 0x20, 0x63, 0x13
  l32r a2, state
  wsr a2, ps
  rsync
  l32r a4, main_address
  callx8 a4
  or a3, a10, a10
  j leave_with_a3
leave_with_a3:
  movi a2, 1
  .byte 0x00, 0x51, 0x00
  j leave_with_a3

# The emulator's call: operation and three arguments in a2 to a5, the result in a2.
  .section .text.simulator, "ax"
  .p2align 2
  .global simulator
simulator:
  entry a1, 32
  .byte 0x00, 0x51, 0x00
  retw

  .section .text.cycles, "ax"
  .p2align 2
  .global read_cycles
read_cycles:
  entry a1, 32
  rsr a2, ccount
  retw

  .section .note.GNU-stack, "", @progbits
