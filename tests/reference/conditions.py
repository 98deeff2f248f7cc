"""Fields, conditions and durations as a model file writes them, read into functions once so that they
can be asked often. Part of the literal definition (scoring.py); no line is shared with lib."""
import functools
import re
import urllib.parse

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
UNITS = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}


@functools.lru_cache(None)
def duration(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h|d|w)", text).groups()
    return int(number) * UNITS[unit]


def listed(value):
    return value if isinstance(value, list) else [value]


class Event:
    """What an event says; what was asked of it once is remembered, since it never changes."""

    def __init__(self, data, digest):
        self.data, self.hash, self.time = data, digest, data["time"]
        self.kind, self.name = data["type"], data.get("name")
        self.fields, self.met = {}, {}

    def at(self, time):
        """The same event at another time."""
        other = Event(self.data, self.hash)
        other.time = time
        return other

    @property
    def key(self):
        return self.time, self.hash

    def get(self, name):
        """The value of a field as conditions name it; None when it is not there."""
        if name not in self.fields:
            self.fields[name] = self.look(name)
        return self.fields[name]

    def look(self, name):
        if name in ("host", "path"):
            if self.data.get("url") is None:
                return None
            parts = urllib.parse.urlsplit(self.data["url"])
            return (parts.path or "/") if name == "path" else parts.hostname
        if "." in name:
            kind, key = name.split(".", 1)
            return self.data.get(kind, {}).get(key)
        return self.data.get(name)

    def __repr__(self):
        return f"{self.data}"


def as_number(value):
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, str) and re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", value):
        return float(value)
    return None


def equal(value, wanted):
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    return value == wanted


def lower(value):
    return value.lower() if isinstance(value, str) else value


def same(value):
    return value


def number_test(name, operand):
    return {"above": lambda n: n > operand, "at_least": lambda n: n >= operand,
            "below": lambda n: n < operand, "at_most": lambda n: n <= operand}[name]


@functools.lru_cache(None)
def expression(text, ignore_case):
    """Whether it finds a place: $ is the very end, and letters are those of all languages, as in PCRE2 with UCP."""
    ignore_case, text = ignore_case or text.startswith("(?i)"), text.removeprefix("(?i)")
    return re.compile(text.replace("$", r"\Z"), re.IGNORECASE if ignore_case else 0).search


def operator_of(name, operand, test):
    """A function of a value that says whether the operator holds."""
    if name == "not":
        inner = test_of(operand)
        return lambda value: not inner(value)
    if name == "present":
        return lambda value: value is not None
    if name == "absent":
        return lambda value: value is None
    if name in ("above", "at_least", "below", "at_most"):
        holds = number_test(name, operand)
        return lambda value: as_number(value) is not None and holds(as_number(value))
    if name == "matches":
        found = [expression(text, bool(test.get("ignore_case"))) for text in listed(operand)]
        return lambda value: isinstance(value, str) and any(f(value) for f in found)
    fold = lower if test.get("ignore_case") else same
    wanted = [fold(o) for o in listed(operand)]
    if name in ("equals", "in"):
        return lambda value: value is not None and any(equal(fold(value), w) for w in wanted)
    found = {"prefix": str.startswith, "suffix": str.endswith, "contains": str.__contains__}[name]
    return lambda value: isinstance(value, str) and any(found(fold(value), w) for w in wanted)


def test_of(test):
    if isinstance(test, list):
        return lambda value: value is not None and any(equal(value, t) for t in test)
    if not isinstance(test, dict):
        return lambda value: value is not None and equal(value, test)
    operators = [operator_of(name, operand, test) for name, operand in test.items() if name != "ignore_case"]
    return lambda value: all(o(value) for o in operators)


def part_of(name, test):
    if name == "all":
        return condition_of({i: c for i, c in enumerate(test)}, whole=True)
    if name == "any":
        parts = [condition_of(c) for c in test]
        return lambda get: any(p(get) for p in parts)
    if name == "not":
        inner = condition_of(test)
        return lambda get: not inner(get)
    holds = test_of(test)
    return lambda get: holds(get(name))


def condition_of(condition, whole=False):
    """A function of a getter of fields that says whether the condition holds; None always does. With @whole
    the values of the mapping are conditions themselves."""
    if whole:
        parts = [condition_of(c) for c in condition.values()]
    else:
        parts = [part_of(name, test) for name, test in (condition or {}).items()]
    if not parts:
        return lambda get: True
    if len(parts) == 1:
        return parts[0]
    return lambda get: all(p(get) for p in parts)


def names_in(condition):
    """The fields that a condition looks at."""
    names = set()
    for name, test in (condition or {}).items():
        if name in ("all", "any"):
            names |= set().union(*(names_in(c) for c in test))
        elif name == "not":
            names |= names_in(test)
        else:
            names.add(name)
    return names


class Leg:
    """Events of a kind that satisfy a condition, or of any of several such."""

    def __init__(self, specs, only, filters=()):
        self.any = [(s["event"], condition_of(s.get("when"))) for s in listed(specs)]
        self.only, self.filters = condition_of(only), filters

    def __call__(self, event):
        if self not in event.met:
            event.met[self] = self.looks(event)
        return event.met[self]

    def looks(self, event):
        return any(event.kind == kind and when(event.get) for kind, when in self.any) and \
            self.only(event.get) and not any(f(event) for f in self.filters)
