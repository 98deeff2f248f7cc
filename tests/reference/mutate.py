"""What mutants changes in lib/core: one operator, bound, clamp or constant of one line.

    places()          every line of code that something can be changed in, with its changes
    Mutant.key        what names it in mutants.survivors: file, text of the line, change, and of a line
                      that comes again in the file its function; no line number

A line's tokens are looked at, not its letters: comments, texts, preprocessor lines, assertions, labels of a
switch and what mutants.skip names are left alone, and so is what could only be a syntax error or a loop
without end."""
import collections
import hashlib
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
CORE = os.path.join(os.path.dirname(os.path.dirname(HERE)), "lib", "core")
SKIP = os.path.join(HERE, "mutants.skip")

TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.]*(?:[eE][+-]?\d+)?|<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||"
                   r"[-+*/%&|^]=|[^\s\w]")
HIDDEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\])+\'|^[ \t]*#(?:\\\n|[^\n])*', re.S | re.M)
BOUND = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
LOGIC = {"&&": "||", "||": "&&"}
BINARY = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "<<": ">>", ">>": "<<", "&": "|", "|": "&"}
ASSIGNED = {"+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "|=": "&=", "&=": "|="}
STEPS = {"++": "--", "--": "++"}
WORDS = {"true": "false", "false": "true", "fmin": "fmax", "fmax": "fmin", "floor": "ceil", "ceil": "floor"}
LIMIT = re.compile(r"[A-Z][A-Z0-9_]*_(MAX|MIN|MS)$")
NUMBER = re.compile(r"(\d+)([uU]?)$|(\d+\.\d+)$")


class Mutant:
    """Of one line: @old at @column becomes @new."""

    def __init__(self, file, number, text, column, old, new, function=""):
        self.file, self.number, self.text, self.column, self.old, self.new = file, number, text, column, old, new
        self.function = function  # where the text comes again

    @property
    def key(self):
        nth = len(re.findall(re.escape(self.old), self.text[:self.column])) + 1
        one = len(re.findall(re.escape(self.old), self.text)) == 1
        where = f"{self.file}, {self.function}" if self.function else self.file
        return f"{where}: {' '.join(self.text.split())} [{self.old}{'' if one else f' #{nth}'} -> {self.new}]"

    def apply(self, source):
        lines = source.split("\n")
        line = lines[self.number - 1]
        lines[self.number - 1] = line[:self.column] + self.new + line[self.column + len(self.old):]
        return "\n".join(lines)


class Token:
    def __init__(self, text, at):
        self.text, self.at = text, at
        self.header = None  # the keyword whose parentheses it stands in
        self.inside = ()  # the keywords of the blocks around it
        self.function = None
        self.depth = 0


def blank(text):
    """The same length and lines, without what is not code."""
    return HIDDEN.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def tokens_of(text):
    """The tokens, and of each where it stands."""
    tokens = [Token(m.group(), m.start()) for m in TOKEN.finditer(text)]
    parens, blocks, function, named = [], [], None, None
    for i, token in enumerate(tokens):
        before = tokens[i - 1].text if i else ""
        if token.text == ")" and parens:
            closed = parens.pop()
            if not parens and not blocks:
                named = closed
        token.depth = len(parens)
        token.header = next((word for word in reversed(parens) if word in ("for", "if", "while", "switch", "assert", "static_assert", "_Static_assert", "sizeof", "memset")), None)
        token.inside, token.function = tuple(blocks), function
        if token.text == "(":
            parens.append(before)
        elif token.text == "{":
            if not blocks and before == ")":
                function = named
            word = "body" if not blocks else ""
            if before in ("else", "do"):
                word = before
            elif before == ")":
                word = opened_by(tokens, i - 1)
            blocks.append(word)
            token.function = function
        elif token.text == "}" and blocks:
            blocks.pop()
            if not blocks:
                function = None
    return tokens


def opened_by(tokens, at):
    """The word before the parenthesis that tokens[at] closes."""
    depth = 0
    for i in range(at, -1, -1):
        depth += {")": 1, "(": -1}.get(tokens[i].text, 0)
        if depth == 0:
            return tokens[i - 1].text if i else ""
    return ""


def is_value(token):
    return token is not None and (re.match(r"[\w)\]]", token.text) is not None) and token.text not in (
        "return", "case", "sizeof")


def number_changes(text, before, after, header):
    """One more, one less; not of what a variable, a field or a memset begins with, which is mostly never read."""
    found = NUMBER.match(text)
    if not found or before == "case" or (before == "{" and after == "}"):
        return []
    if header != "for" and before == "=" and after in (";", ",", "}") or header == "memset":
        return []
    if found.group(3):
        return [f"{float(text) + 1}"]
    number, unit = int(found.group(1)), found.group(2)
    return [f"{number + 1}{unit}"] + ([f"{number - 1}{unit}"] if number else [])


def arguments_of(text, at):
    """Of the call whose name ends at @at: (end, [arguments]), or None when it goes over lines."""
    depth, begin, found = 0, at + 1, []
    for i in range(at, len(text)):
        if text[i] == "\n":
            return None
        if text[i] in "([{":
            depth += 1
        elif text[i] in ")]}":
            depth -= 1
            if depth == 0:
                return i + 1, found + [text[begin:i]]
        elif text[i] == "," and depth == 1:
            found.append(text[begin:i])
            begin = i + 1
    return None


def takes_one_side(tokens, at):
    """Whether tokens[at] compares two values of which one is then taken: when they are equal it is the
    same which. `a < b ? a : b`, `if (a > b) b = a;`"""
    sides, text = ["", ""], [t.text for t in tokens]
    depth, i = 0, at - 1
    while i >= 0 and text[i] not in (";", "?", ":", "return", "=", "+=", ",", "&&", "||") and (text[i] != "(" or depth):
        depth += {")": 1, "]": 1, "(": -1, "[": -1}.get(text[i], 0)
        sides[0] = text[i] + sides[0]
        i -= 1
    depth, i = 0, at + 1
    while i < len(text) and text[i] not in (";", "?", ":", ",", "&&", "||") and (text[i] != ")" or depth):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(text[i], 0)
        sides[1] += text[i]
        i += 1
    rest = "".join(text[i:i + 60])
    if rest.startswith("?"):
        taken = re.match(r"\?([^?:]+):([^?:;]+)", rest)
        return bool(taken) and taken.group(1) in sides and taken.group(2).startswith(tuple(sides))
    taken = re.match(r"\)([^;{}=]+)=([^;{}=]+);", rest)
    return bool(taken) and {taken.group(1), taken.group(2)} == set(sides)


def token_changes(tokens, i, code):
    """[(old, new)] of one token."""
    token, text = tokens[i], tokens[i].text
    before = tokens[i - 1] if i else None
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    spaced = code[token.at - 1:token.at] == " " and code[token.at + len(text):token.at + len(text) + 1].isspace()
    if text in BOUND and spaced:
        return [BOUND[text]] + ([] if token.header == "for" else [NEGATED[text]])
    if text in NEGATED:
        return [NEGATED[text]]
    if text in LOGIC:
        return [LOGIC[text]]
    if text in BINARY and spaced and is_value(before) and before.text not in ("unsigned", "char"):
        return [BINARY[text]]
    if text in ASSIGNED and token.header != "for":
        return [ASSIGNED[text]]
    if text in STEPS and token.header not in ("for", "while"):
        return [STEPS[text]]
    if text == "!" and re.match(r"\w|\(", after.text):
        return [""]
    if text in WORDS and (text in ("true", "false") or after.text == "("):
        return [WORDS[text]]
    if LIMIT.match(text) and not (before.text == "[" and not is_value(after)) and before.text not in ("case", "sizeof", "define"):
        return [f"({text} + 1)", f"({text} - 1)"] if before.text != "[" else []
    if text == "continue":
        return [""]
    if text == "break" and next((w for w in reversed(token.inside) if w in ("for", "while", "do", "switch")), "switch") != "switch":
        return [""]
    return number_changes(text, before.text if before else "", after.text if after else "", token.header)


def skipped():
    """Functions that mutants.skip names: {(file, function)}."""
    found = set()
    for line in open(SKIP, encoding="utf-8"):
        if line.strip() and not line.startswith(("#", " ")):
            file, function = line.split(":")
            found.add((file.strip(), function.strip()))
    return found


def changes_of_file(file, text, without):
    """{line number: [Mutant]}."""
    code, found = blank(text), {}
    starts = [0] + [m.end() for m in re.finditer("\n", text)]
    lines, tokens = text.split("\n"), tokens_of(code)
    named = {t.function for t in tokens}
    times = collections.Counter(" ".join(line.split()) for line in lines)
    for skip in without:
        if skip[0] == file and skip[1] not in named:
            raise SystemExit(f"mutants.skip: {file} has no function {skip[1]}")

    def add(at, old, new, function):
        number = next(n for n in range(len(starts) - 1, -1, -1) if starts[n] <= at) + 1
        text = lines[number - 1]
        if text[at - starts[number - 1]:].startswith(old):
            again = function if times[" ".join(text.split())] > 1 else ""
            found.setdefault(number, []).append(Mutant(file, number, text, at - starts[number - 1], old, new, again))

    for i, token in enumerate(tokens):
        if not token.inside or token.function is None or (file, token.function) in without:
            continue
        if token.header in ("assert", "static_assert", "_Static_assert", "sizeof"):
            continue
        for new in token_changes(tokens, i, code):
            if new != BOUND.get(token.text) or not takes_one_side(tokens, i):
                add(token.at, token.text, new, token.function)
        if token.text == "seuil_clamp":
            call = arguments_of(code, token.at + len(token.text))
            if call:
                add(token.at, code[token.at:call[0]], f"({call[1][0].strip()})", token.function)
        if token.text == "if" and tokens[i + 1].text == "(":
            call = arguments_of(code, tokens[i + 1].at)
            if call:
                condition, body = code[tokens[i + 1].at + 1:call[0] - 1], code[call[0]:].lstrip()
                if not re.match(r"!?[^&|<>=!]*([<>=!]=?[^&|<>=!]*)?$", condition) or re.match(r"[^&|<>=!]*$", condition):
                    add(tokens[i + 1].at + 1, condition, f"!({condition})", token.function)
                clamp = re.match(r"([^;{}=<>]+) = ([^;{}]+);", body)
                if clamp and re.search(r"[<>]", condition) and any(side.strip() in condition for side in clamp.groups()):
                    add(tokens[i + 1].at + 1, condition, "false", token.function)
    return found


def places():
    """[[Mutant, ...] of one line], in the order of files and lines."""
    found, without = [], skipped()
    for file in sorted(os.listdir(CORE)):
        if file.endswith((".c", ".h")):
            with open(os.path.join(CORE, file), encoding="utf-8") as source:
                changes = changes_of_file(file, source.read(), without)
            found += [changes[number] for number in sorted(changes)]
    return found


def draw(seed):
    """One change of each line, in an order that the seed gives. What is drawn of a line depends on its text
    alone: a change elsewhere in the core leaves it as it is."""
    seen, found = {}, []
    for line in places():
        name = f"{line[0].file}\n{line[0].text}"
        seen[name] = seen.get(name, 0) + 1
        number = int.from_bytes(hashlib.sha256(f"{seed}\n{seen[name]}\n{name}".encode()).digest(), "big")
        found.append((number, line[number % len(line)]))
    return [mutant for _, mutant in sorted(found, key=lambda drawn: drawn[0])]


if __name__ == "__main__":
    for line in places():
        for mutant in line:
            print(f"{mutant.number}: {mutant.key}")
