# SPDX-License-Identifier: LGPL-2.1-or-later
"""The public headers as data: structs with members, function types, constants; and what a compiler says of them."""

import dataclasses
import pathlib
import re
import subprocess
import tempfile

# what may change: it says itself how far we are
MOVING = {"CFX_ABI_MINOR", "CFX_ABI_VERSION", "CFX_NEED_KNOWN", "CFX_DEVICE_KNOWN"}
FROZEN = {"CfxInts", "CfxReals", "CfxGrid", "CfxPair", "CfxKey", "CfxValue", "CfxTerm", "CfxCall", "CfxDelta"}
SIZES = {"struct_size", "flags", "reserved"}  # explained once, in cfx-abi.h


@dataclasses.dataclass
class Member:
    name: str
    type: str
    is_documented: bool


@dataclasses.dataclass
class Api:
    structs: dict  # name -> [Member]
    functions: dict  # name of a function type -> text
    constants: list
    enums: dict  # name -> [constant]


def one_space(text):
    return re.sub(r"\s+", " ", text).strip()


def without_names(arguments):
    """Types of a list of parameters: their names may change."""
    types = []
    for argument in arguments.split(","):
        argument = one_space(argument)
        types.append(argument if argument == "void" else re.sub(r"\s*\b\w+$", "", argument))
    return ", ".join(types)


def members_of(body):
    """Comments and declarations in their order."""
    items = re.findall(r"/\*.*?\*/|[^;/]+;", body, re.S)
    members = []
    for i, item in enumerate(items):
        if item.startswith("/*"):
            continue
        before = items[i - 1] if i > 0 else ""
        after = items[i + 1] if i + 1 < len(items) else ""
        documented = (before.startswith("/**") and not before.startswith("/**<")) or after.startswith("/**<")
        text = one_space(item[:-1])
        function = re.fullmatch(r"(.+?)\(\*(\w+)\)\s*\((.*)\)", text)
        if function:
            result, name, arguments = function.groups()
            members.append(Member(name, f"{one_space(result)} (*)({without_names(arguments)})", documented))
            continue
        base, rest = re.fullmatch(r"((?:const )?\w+)(.*)", text).groups()
        for declarator in rest.split(","):
            stars, name = re.fullmatch(r"(.*?)(\w+)", declarator.strip()).groups()
            members.append(Member(name, one_space(f"{base} {stars}"), documented or name in SIZES))
    return members


def parse(folder):
    api = Api({}, {}, [], {})
    for path in sorted(pathlib.Path(folder).glob("*.h")):
        text = path.read_text()
        for body, name in re.findall(r"typedef struct \{(.*?)\n\} (\w+);", text, re.S):
            api.structs[name] = members_of(body)
        for name, body in re.findall(r"^struct _(\w+) \{(.*?)\n\};", text, re.S | re.M):
            api.structs[name] = members_of(body)
        code = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        for body, name in re.findall(r"typedef enum \{(.*?)\} (\w+);", code, re.S):
            api.enums[name] = re.findall(r"(CFX_\w+) =", body)
        for result, name, arguments in re.findall(r"typedef ([\w\s*]+?)\(\*(\w+)\)\(([^;]*)\);", code):
            api.functions[name] = f"{one_space(result)} ({without_names(arguments)})"
        for name in re.findall(r"^#define (CFX_\w+)(?:[ \t]|\\\n)+\S", code, re.M):
            if name not in MOVING and name not in ("CFX_ERROR", "CFX_EXPORT"):
                api.constants.append(name)
    return api


def glib_flags():
    return subprocess.run(["pkg-config", "--cflags", "--libs", "gio-2.0"], capture_output=True, text=True,
                          check=True).stdout.split()


def layout(folder):
    """One line for each thing that is promised, in the order of the headers."""
    api = parse(folder)
    lines, code = [], []
    for name, members in sorted(api.structs.items()):
        word = "frozen" if name in FROZEN else "member"
        for m in members:
            lines.append(f"{word} {name}.{m.name} %zu %zu {m.type}")
            code.append(f"printf(\"%zu %zu\\n\", offsetof({name}, {m.name}), sizeof((({name} *)0)->{m.name}));")
    for name in sorted(FROZEN & api.structs.keys()):
        lines.append(f"frozen-size {name} %zu")
        code.append(f"printf(\"%zu\\n\", sizeof({name}));")
    for name, text in sorted(api.functions.items()):
        lines.append(f"function {name} {text}")
        code.append("puts(\"\");")
    for name in sorted(set(api.constants) | {c for group in api.enums.values() for c in group}):
        lines.append(f"constant {name} %s")
        code.append(f"SHOW({name});")
    source = ("#include <cariflex/cfx.h>\n#include <stddef.h>\n#include <stdio.h>\n"
              "static void show_text(const char *x) { puts(x); }\n"
              "static void show_number(gint64 x) { printf(\"%\" G_GINT64_FORMAT \"\\n\", x); }\n"
              "#define SHOW(x) _Generic((x), char *: show_text, default: show_number)(x)\n"
              "int main(void) {\n" + "\n".join(code) + "\nreturn 0; }\n")
    with tempfile.TemporaryDirectory(prefix="cfx-") as temporary:
        program = pathlib.Path(temporary) / "layout"
        subprocess.run(["cc", "-w", "-x", "c", "-", "-o", program, f"-I{pathlib.Path(folder).parent}", *glib_flags()],
                       input=source, text=True, check=True)
        numbers = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split("\n")
    made = []
    for line, found in zip(lines, numbers):
        for value in found.split(" ") if "%zu" in line else [found]:
            line = re.sub("%zu|%s", lambda _, v=value: v, line, count=1)
        made.append(line)
    return made


def witness(folder):
    """A library that names every public type, so that its debug information describes them all."""
    api = parse(folder)
    names = sorted(api.structs) + sorted(api.functions) + sorted(api.enums)
    return ("#include <cariflex/cfx.h>\n" +
            "\n".join(f"void witness_{n}({n} *x);\nvoid witness_{n}({n} *x) {{ (void)x; }}" for n in names) + "\n")


def grow(folder, minor, only=None):
    """Makes headers those of a later minor: a member more in every struct that may grow, or in those of a set."""
    texts = {path: path.read_text() for path in sorted(pathlib.Path(folder).glob("*.h"))}
    for name, members in parse(folder).structs.items():
        if name in FROZEN if only is None else name not in only:
            continue
        end = re.compile(rf"(struct _{name} \{{(?:(?!^\}}).)*|typedef struct \{{(?:(?!^\}}).)*)^\}}( {name})?;", re.S | re.M)
        for path, text in texts.items():
            def more(found):
                is_it = found.group(2) is not None or found.group(1).startswith("struct")
                return found.group(0) if not is_it else (
                    f"{found.group(1)}    /** Of a later minor. */\n    gpointer of_tomorrow;\n}}{found.group(2) or ''};")
            texts[path] = end.sub(more, text).replace(f"CFX_ASSERT_TIGHT({name}, {members[-1].name})",
                                                      f"CFX_ASSERT_TIGHT({name}, of_tomorrow)")
    for path, text in texts.items():
        path.write_text(re.sub(r"#define CFX_ABI_MINOR \d+", f"#define CFX_ABI_MINOR {minor}", text))
