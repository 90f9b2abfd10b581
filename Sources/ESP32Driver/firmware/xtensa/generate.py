#!/usr/bin/env python3
"""generate.py IN.ll OUT.o [FLAG...]: an Xtensa object from LLVM IR by LLVM 22, around two defects of its backend.

The backend reserves no emergency spill slot for some frames of between one and two kilobytes and then dies. Such a function gets
a frame past two kilobytes; their names are kept beside the input, so that the search for them is not made again.

Its own objects misplace literals, so that they are taken from its assembly: each function's go into a section of its own that lies
before the function's, for L32R reaches back 256 KB at most.
"""
import os
import re
import subprocess
import sys

PAD = ['  %spill.room = alloca [2048 x i8], align 4', '  call void asm sideeffect "", "r"(ptr %spill.room)']


def pad(lines, function):
    """Puts room on the function's stack."""
    for i, line in enumerate(lines):
        if line.startswith("define ") and (f"@{function}(" in line or f'@"{function}"(' in line):
            body = i + 1
            if re.match(r'^[\w.$"\-]+:', lines[body]):
                body += 1
            return lines[:body] + PAD + lines[body:]
    sys.exit(f"{function} is not in the module")


def assemble(path, flags):
    """The module's assembly, with the functions padded that need it."""
    source = open(path).read()
    lines = source.split("\n")
    known = path + ".padded"
    padded = open(known).read().split() if os.path.exists(known) else []
    padded = [name for name in padded if f"@{name}(" in source or f'@"{name}"(' in source]
    for name in padded:
        lines = pad(lines, name)
    while True:
        result = subprocess.run(["llc-22", "-mcpu=esp32", "-O2", "-function-sections", "-data-sections", *flags, "-", "-o", "-"],
                                input="\n".join(lines), text=True, capture_output=True)
        if result.returncode == 0:
            open(known, "w").write("\n".join(padded))
            return result.stdout
        match = re.search(r"on function '@(.*)'\n", result.stderr)
        if "emergency spill slot" not in result.stderr or not match:
            sys.exit(result.stderr[:3000])
        lines = pad(lines, match[1])
        padded.append(match[1])


def place_literals(assembly):
    """Literals in sections of their own in place of the directives that name none."""
    output = []
    section = ".literal"
    literals = []
    for line in assembly.split("\n"):
        if re.match(r"\t\.literal_position", line):
            continue
        match = re.match(r"\t\.literal ([^,]+), *(.*)$", line)
        if match:
            value = match[2]
            if not re.match(r'-?(0x)?[0-9a-fA-F]+$|"', value):
                symbol, offset = re.match(r"(.*?)([+-][0-9]+)?$", value).groups()
                value = f'"{symbol}"{offset or ""}'
            literals += ["\t.p2align 2", f"{match[1]}:", f"\t.long {value}"]
            continue
        if literals:
            output += [f"\t.pushsection {section},\"ax\",@progbits", *literals, "\t.popsection"]
            literals = []
        match = re.match(r'\t\.section\t("?)\.text\.([^",]+)', line)
        if match:
            section = f'"{".literal." + match[2]}"'
            output.append(f'\t.section\t{section},"ax",@progbits')
        output.append(line)
    return "\n".join(output)


def main():
    assembly = place_literals(assemble(sys.argv[1], sys.argv[3:]))
    result = subprocess.run(["llvm-mc-22", "-triple=xtensa", "-mcpu=esp32", "-filetype=obj", "-", "-o", sys.argv[2]],
                            input=assembly, text=True, capture_output=True)
    if result.returncode != 0:
        open(sys.argv[2] + ".s", "w").write(assembly)
        sys.exit(result.stderr[:3000])


main()
