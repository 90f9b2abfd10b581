#!/usr/bin/env python3
"""retarget.py IN.ll OUT.ll: makes LLVM IR that was written for riscv32 into IR for Xtensa.

Both are little-endian with pointers of 32 bits and the same alignments. Names that LLVM's printer of Xtensa assembly would have to
quote, and does not, are replaced.
"""
import re
import sys

text = open(sys.argv[1]).read()
text = re.sub(r"^target datalayout = .*$", 'target datalayout = "e-m:e-p:32:32-i8:8:32-i16:16:32-i64:64-n32"', text, flags=re.M)
text = re.sub(r"^target triple = .*$", 'target triple = "xtensa-none-elf"', text, flags=re.M)
text = re.sub(r' *"(?:target-cpu|target-features|tune-cpu)"="[^"]*"', "", text)
text = re.sub(r"^!llvm\.module\.flags.*\n", "", text, flags=re.M)

plain = {}


def rename(match):
    name = plain.setdefault(match[1] or match[2], f".constant.{len(plain)}")
    return "@" + name


text = re.sub(r'@"(\.str\.[^"]*)"|@(\.str\.[\w.$-]*)', rename, text)
open(sys.argv[2], "w").write(text)
