# Start of an image on QEMU's riscv32 `virt`, which jumps to the first address of its RAM in machine mode.
  .option arch, +zicsr
  .section .text.start, "ax"
  .global _start
_start:
  .option push
  .option norelax
  la gp, __global_pointer$
  .option pop
  la sp, stack_top
  la t0, trap
  csrw mtvec, t0
  la t0, bss_start
  la t1, bss_end
1:
  bgeu t0, t1, 2f
  sw zero, 0(t0)
  addi t0, t0, 4
  j 1b
2:
  call image_main
  call platform_exit

# Whatever traps is a fault of ours: there are no interrupts.
  .balign 4
trap:
  la sp, trap_stack_top
  csrr a0, mcause
  csrr a1, mepc
  csrr a2, mtval
  call trapped

  .global read_cycles
read_cycles:
  csrr a1, timeh
  csrr a0, time
  csrr t0, timeh
  bne a1, t0, read_cycles
  ret

  .global wait_for_timer
wait_for_timer:
  li t0, 0x80  # MTIE
  csrs mie, t0
  wfi
  csrc mie, t0
  ret

# a0: the operation, a1: its parameters. The three instructions are the mark of the call (RISC-V semihosting specification), and
# must not lie in two pages.
  .balign 16
  .global semihost
  .option push
  .option norvc
semihost:
  slli x0, x0, 0x1f
  ebreak
  srai x0, x0, 7
  ret
  .option pop
