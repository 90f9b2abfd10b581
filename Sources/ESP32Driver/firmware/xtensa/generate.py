#!/usr/bin/env python3
"""generate.py IN.ll OUT.o [FLAG...]: an Xtensa object from LLVM IR by LLVM 22, around three defects of its backend.

The backend reserves no emergency spill slot for some frames of between one and two kilobytes and then dies. Such a function gets
a frame past two kilobytes. It also dies of a constant that ADDMI could add where ADDX adds it, with a shift; that one gets it out of a
register. What was done is kept beside the input, so that the search for it is not made again.

Its own objects misplace literals, so that they are taken from its assembly: each function's go into a section of its own that lies
before the function's, for L32R reaches back 256 KB at most.
"""
import os
import re
import subprocess
import sys

PAD = ['  %spill.room = alloca [2048 x i8], align 4', '  call void asm sideeffect "", "r"(ptr %spill.room)']


def definition(lines, function):
    """The line that begins the function."""
    for i, line in enumerate(lines):
        if line.startswith("define ") and (f"@{function}(" in line or f'@"{function}"(' in line):
            return i
    sys.exit(f"{function} is not in the module")


def entry(lines, start):
    """The first instruction of the function that begins at `start`."""
    return start + 2 if re.match(r'^[\w.$"\-]+:', lines[start + 1]) else start + 1


def pad(lines, function):
    """Puts room on the function's stack."""
    body = entry(lines, definition(lines, function))
    return lines[:body] + PAD + lines[body:]


def opaque(lines, function, value):
    """Has the value in a register from the beginning."""
    start = definition(lines, function)
    body = entry(lines, start)
    end = lines.index("}", start)
    name = f"%opaque.{value.replace('-', 'minus')}"
    changed = [line if re.search(r" (alloca|switch|getelementptr) ", line)
               else re.sub(rf"(?<=[ \[]){value}(?=[,\s)]|$)", name, line) for line in lines[body:end]]
    made = f'  {name} = call i32 asm sideeffect "", "=r,0"(i32 {value})'
    return lines[:body] + [made] + changed + lines[end:]


REMEDIES = {"pad": pad, "opaque": opaque}


def remedy(message):
    """What to do about what the backend died of, with the function's name and what is needed besides; None: nothing is known."""
    match = re.search(r"emergency spill slot.*?on function '@([^']*)'", message, flags=re.S)
    if match:
        return "pad", match[1]
    match = re.search(r"Cannot select: [^\n]* = Constant<(-?\d+)>\nIn function: ([^\n]*)\n", message)
    return ("opaque", match[2], match[1]) if match else None


def assemble(path, flags):
    """The module's assembly, with the functions changed that need it."""
    source = open(path).read()
    lines = source.split("\n")
    known = path + ".remedies"
    applied = [tuple(line.split("\t")) for line in open(known).read().splitlines()] if os.path.exists(known) else []
    applied = [each for each in applied if f"@{each[1]}(" in source or f'@"{each[1]}"(' in source]
    for kind, *arguments in applied:
        lines = REMEDIES[kind](lines, *arguments)
    while True:
        result = subprocess.run(["llc-22", "-mcpu=esp32", "-O2", "-function-sections", "-data-sections", *flags, "-", "-o", "-"],
                                input="\n".join(lines), text=True, capture_output=True)
        if result.returncode == 0:
            open(known, "w").write("".join("\t".join(each) + "\n" for each in applied))
            return result.stdout
        found = remedy(result.stderr)
        if found is None or found in applied:
            sys.exit(result.stderr[:3000])
        kind, *arguments = found
        lines = REMEDIES[kind](lines, *arguments)
        applied.append(found)


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
