"""What a score is, literally: the sums over the whole list of a lead's events, computed anew at each
instant. Small and slow on purpose; nothing is kept, folded, cached or approximated, and no line is
shared with lib/core. Written from the page that defines scores, for models as dictionaries (the
YAML of seuil-model(5) as any YAML library reads it).

    lead = Lead(models)                    # [model dictionaries]
    lead.step(event, arrival)              # -> verdict; crossings are added to lead.crossings
    lead.advance(until)                    # silence acts
    lead.score(model, at)                  # -> Score

Times are integer milliseconds, UTC. An event is the canonical JSON with `time` in milliseconds and
its order among equal times in `hash`."""
import datetime
import math
import re
import urllib.parse
import zoneinfo

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
UNITS = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
HORIZON = 7 * DAY
AHEAD = 5 * MINUTE
NEVER = 1 << 62


def duration(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h|d|w)", text).groups()
    return int(number) * UNITS[unit]


def listed(value):
    return value if isinstance(value, list) else [value]


# ---- conditions ---------------------------------------------------------------------------------

def field_of(event, name):
    """The value of a field as conditions name it; None when it is not there."""
    if name in ("host", "path"):
        if event.get("url") is None:
            return None
        parts = urllib.parse.urlsplit(event["url"])
        return (parts.path or "/") if name == "path" else parts.hostname
    if "." in name:
        kind, key = name.split(".", 1)
        return event.get(kind, {}).get(key)
    return event.get(name)


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
    if isinstance(value, str) or isinstance(wanted, str):
        return value == wanted
    return value == wanted


def test_holds(value, test):
    if isinstance(test, list):
        return value is not None and any(equal(value, t) for t in test)
    if not isinstance(test, dict):
        return value is not None and equal(value, test)
    return all(operator_holds(value, name, operand, test) for name, operand in test.items())


def operator_holds(value, name, operand, test):
    if name == "ignore_case":
        return True
    if name == "not":
        return not test_holds(value, operand)
    if name == "present":
        return value is not None
    if name == "absent":
        return value is None
    if value is None:
        return False
    if name in ("above", "at_least", "below", "at_most"):
        number = as_number(value)
        if number is None:
            return False
        return {"above": number > operand, "at_least": number >= operand,
                "below": number < operand, "at_most": number <= operand}[name]
    if name in ("equals", "in"):
        fold = (lambda x: x.lower() if isinstance(x, str) else x) if test.get("ignore_case") else lambda x: x
        return any(equal(fold(value), fold(o)) for o in listed(operand))
    if not isinstance(value, str):
        return False
    fold = str.lower if test.get("ignore_case") else str
    texts = [fold(o) for o in listed(operand)]
    return {"prefix": lambda: any(fold(value).startswith(t) for t in texts),
            "suffix": lambda: any(fold(value).endswith(t) for t in texts),
            "contains": lambda: any(t in fold(value) for t in texts)}[name]()


def holds(condition, get):
    """A condition over fields that @get looks up."""
    for name, test in (condition or {}).items():
        if name == "all":
            good = all(holds(c, get) for c in test)
        elif name == "any":
            good = any(holds(c, get) for c in test)
        elif name == "not":
            good = not holds(test, get)
        else:
            good = test_holds(get(name), test)
        if not good:
            return False
    return True


# ---- decay --------------------------------------------------------------------------------------

def factor(decay, age):
    """What is left of a point of @age ms."""
    if decay in (None, "none"):
        return 1.0
    (shape, value), = decay.items()
    if shape == "half_life":
        return 2.0 ** (-age / duration(value))
    if shape == "expires":
        return 1.0 if age < duration(value) else 0.0
    if shape == "linear":
        return max(0.0, 1.0 - age / duration(value))
    if shape == "steps":
        for bound, percent in value:
            if age < duration(bound):
                return percent / 100
        return 0.0
    raise ValueError(f"no shape {shape}")


def breaks_of(decay):
    """Ages at which the value or its slope jumps."""
    if isinstance(decay, dict):
        (shape, value), = decay.items()
        if shape in ("expires", "linear"):
            return [duration(value)]
        if shape == "steps":
            return [duration(bound) for bound, _ in value]
    return []


# ---- limits -------------------------------------------------------------------------------------

def period_of(time, period, zone):
    local = datetime.datetime.fromtimestamp(time / 1000, zoneinfo.ZoneInfo(zone)).date()
    if period == "day":
        return local.toordinal()
    if period == "week":
        return (local.toordinal() - 1) // 7
    return local.year * 12 + local.month


def limits_of(rule, model):
    limit = rule.get("limit")
    if limit is None:
        return []
    found = []
    for item in listed(limit):
        if item == "once":
            item = {"times": 1, "per": "lead"}
        found.append({"times": item.get("times", 1), "per": item.get("per"), "within": item.get("within"),
                      "zone": item.get("zone", model.get("zone")),
                      "remember": duration(item.get("remember", "90d"))})
    return found


def has_room(limit, event, awarded):
    """Whether @limit lets @event count after the @awarded ones, all earlier."""
    time = event["time"]
    if limit["within"]:
        within = duration(limit["within"])
        return sum(1 for e in awarded if time - e["time"] < within) < limit["times"]
    if limit["per"] == "lead":
        return len(awarded) < limit["times"]
    if limit["per"] in ("day", "week", "month"):
        mine = period_of(time, limit["per"], limit["zone"])
        return sum(1 for e in awarded if period_of(e["time"], limit["per"], limit["zone"]) == mine) < limit["times"]
    mine = field_of(event, limit["per"])
    return sum(1 for e in awarded if field_of(e, limit["per"]) == mine) < limit["times"]


# ---- one model ----------------------------------------------------------------------------------

class Contribution:
    def __init__(self, rule, time, points, decay, group):
        self.rule, self.time, self.points, self.decay, self.group = rule, time, points, decay, group

    def at(self, at):
        return self.points * factor(self.decay, at - self.time)


class Score:
    def __init__(self, fit, exclusion, behaviour, manual):
        self.fit, self.exclusion, self.behaviour, self.manual = fit, exclusion, behaviour, manual

    @property
    def beneath(self):
        return self.fit + self.behaviour + self.manual

    @property
    def total(self):
        return self.beneath + self.exclusion


def clamp(value, bounds):
    low, high = bounds.get("floor", -math.inf), bounds.get("ceiling", math.inf)
    return min(max(value, low), high)


class Model:
    """A model over a list of events: everything is a function of (events, time)."""

    def __init__(self, spec):
        self.spec, self.name = spec, spec["name"]
        self.groups = {name: group or {} for name, group in spec.get("groups", {}).items()}
        self.fit = spec.get("fit") or {}
        self.tiers = spec["tiers"]
        self.excluded = spec.get("excluded")
        self.event_rules = [dict(r) for r in spec.get("rules", [])]
        self.event_rules += [dict(r, exclusion=True) for r in spec.get("exclusions", []) if "event" in r]
        self.attribute_exclusions = [r for r in spec.get("exclusions", []) if "event" not in r]

    def matches(self, rule, event):
        def get(name):
            return field_of(event, name)

        return event["type"] == rule["event"] and holds(self.spec.get("only"), get) and holds(rule.get("when"), get)

    def attributes(self):
        """Names of the attributes that the model reads."""
        names = set()

        def walk(condition):
            for name, test in (condition or {}).items():
                if name in ("all", "any"):
                    for c in test:
                        walk(c)
                elif name == "not":
                    walk(test)
                else:
                    names.add(name)

        for criterion in self.fit.get("criteria", []) + self.attribute_exclusions:
            walk(criterion.get("when"))
        return names

    def looks_at(self, event):
        return any(self.matches(rule, event) for rule in self.event_rules)

    def decay_of(self, rule):
        if "decay" in rule:
            return rule["decay"]
        if rule.get("exclusion"):
            return None
        return self.groups[rule["group"]].get("decay", self.spec.get("decay"))

    def contributions(self, events):
        """Awards of all rules over @events in their order."""
        found = []
        for rule in self.event_rules:
            limits, awarded = limits_of(rule, self.spec), []
            for event in events:
                if self.matches(rule, event) and all(has_room(limit, event, awarded) for limit in limits):
                    awarded.append(event)
                    found.append(Contribution(rule, event["time"], float(rule["points"]), self.decay_of(rule),
                                              None if rule.get("exclusion") else rule["group"]))
        return found

    def score(self, contributions, profile, adjustments, at):
        seen = [c for c in contributions if c.time <= at]
        behaviour = 0.0
        for name, group in self.groups.items():
            behaviour += clamp(sum(c.at(at) for c in seen if c.group == name), group)
        exclusion = sum(c.at(at) for c in seen if c.group is None)
        exclusion += sum(r["points"] for r in self.attribute_exclusions if holds(r["when"], profile.get))
        fit = clamp(sum(c["points"] for c in self.fit.get("criteria", []) if holds(c["when"], profile.get)), self.fit)
        manual = sum(a["points"] for a in adjustments if a["time"] <= at < a["until"])
        return Score(fit, exclusion, behaviour, manual)

    def breaks(self, contributions, adjustments):
        """Instants between which each contribution is smooth."""
        times = set()
        for c in contributions:
            times.add(c.time)
            times.update(c.time + age for age in breaks_of(c.decay))
        for a in adjustments:
            times.update((a["time"], a["until"]))
        return times

    # ---- tiers ----

    def enters(self, tier, total):
        entry = self.tiers[tier].get("entry", -math.inf)
        return total > entry if self.tiers[tier].get("strict") else total >= entry

    def keeps(self, tier, total):
        if "exit" in self.tiers[tier]:
            return total >= self.tiers[tier]["exit"]
        return self.enters(tier, total)

    def next(self, standing, score):
        """(tier beneath, excluded) after a judgement."""
        under, _ = standing
        excluded = self.excluded is not None and score.exclusion <= self.excluded["mark"]
        total = score.beneath if excluded else score.total
        for tier in range(len(self.tiers) - 1, under, -1):
            if self.enters(tier, total):
                return tier, excluded
        while under > 0 and not self.keeps(under, total):
            under -= 1
        return under, excluded

    def marks(self):
        marks = [t[m] for t in self.tiers for m in ("entry", "exit") if m in t]
        return marks + ([self.excluded["mark"]] if self.excluded else [])

    def tier_name(self, standing):
        under, excluded = standing
        return self.excluded.get("name", "excluded") if excluded else self.tiers[under]["name"]


# ---- one lead -----------------------------------------------------------------------------------

class Crossing:
    def __init__(self, model, before, after, at, reason, score):
        self.model, self.before, self.after = model, before, after
        self.at, self.reason, self.score = at, reason, score

    def __repr__(self):
        return f"{self.model.name} {self.before}->{self.after} at {self.at} ({self.reason}, {self.score.total:.6f})"


class Lead:
    SAMPLES = 24  # of the dense search between two break points

    def __init__(self, specs):
        self.models = [Model(spec) for spec in specs]
        self.events, self.adjustments = [], []  # sorted by (time, hash)
        self.writes = {}  # attribute -> (time, hash, value)
        self.hashes = set()
        self.newest = None
        self.clock = None
        self.standing = [(0, False)] * len(self.models)
        self.crossings = []
        self.forgotten = False
        self.changed()

    def changed(self):
        self.events.sort(key=lambda e: (e["time"], e["hash"]))
        self.adjustments.sort(key=lambda a: (a["time"], a["hash"]))
        self.profile = {name: value for name, (_, _, value) in self.writes.items()}
        self.parts = [m.contributions(self.events) for m in self.models]

    def score(self, index, at):
        return self.models[index].score(self.parts[index], self.profile, self.adjustments, at)

    # ---- silence ----

    def next_standing(self, index, at, standing=None):
        return self.models[index].next(standing or self.standing[index], self.score(index, at))

    def first_change(self, index, after, until, standing=None):
        """The first instant in (after, until] at which silence moves the lead; None."""
        model, standing = self.models[index], standing or self.standing[index]

        def moves(at):
            return self.next_standing(index, at, standing) != standing

        times = sorted(t for t in model.breaks(self.parts[index], self.adjustments) if after < t <= until)
        low = after
        for high in times + [until]:
            for k in range(1, self.SAMPLES + 1):
                at = low + (high - 1 - low) * k // self.SAMPLES if k < self.SAMPLES else high - 1
                if at > low and moves(at):
                    return self.bisect(low, at, moves)
                low = max(low, at)
            if high > after and moves(high):
                return high
            low = high
        return None

    @staticmethod
    def bisect(low, high, moves):
        while high - low > 1:
            middle = (low + high) // 2
            if moves(middle):
                high = middle
            else:
                low = middle
        return high

    def advance(self, until):
        while self.clock is not None and self.clock < until:
            found = [t for t in (self.first_change(i, self.clock, until) for i in range(len(self.models)))
                     if t is not None]
            waiting = [e["time"] for e in self.events if self.clock < e["time"] <= until]
            at = min(found + waiting, default=None)
            if at is None:
                return
            self.judge(at, "event" if any(e["time"] == at for e in self.events) else "decay")

    def judge(self, at, reason):
        self.clock = at
        for i, model in enumerate(self.models):
            before, score = self.standing[i], self.score(i, at)
            after = model.next(before, score)
            if after == before:
                continue
            self.standing[i] = after
            names = model.tier_name(before), model.tier_name(after)
            why = "exclusion" if before[1] != after[1] and reason != "command" else reason
            if names[0] != names[1]:
                self.crossings.append(Crossing(model, *names, at, why, score))

    # ---- the end ----

    def is_worthless(self, at):
        """Whether nothing would be missed: no tier, no profile, no adjustment in force, no limit per lead that is
        used, all repetitions too late by now, and less than a thousandth of a point."""
        return (all(s == (0, False) for s in self.standing) and
                all(value is None and time < self.newest - HORIZON for time, _, value in self.writes.values()) and
                all(a["until"] <= at for a in self.adjustments) and
                at > self.newest + HORIZON and
                all(sum(abs(c.at(at)) for c in parts) < 0.001 for parts in self.parts) and
                not any(limit["per"] == "lead" for m, parts in zip(self.models, self.parts) for c in parts
                        for limit in limits_of(c.rule, m.spec)))

    def forget(self):
        self.__init__([m.spec for m in self.models])
        self.forgotten = True

    # ---- events ----

    def step(self, event, arrival):
        self.advance(arrival)
        event = dict(event)
        if event["time"] - arrival > AHEAD:
            event["time"] = arrival
        verdict, reason = self.take(event)
        if verdict == "applied":
            self.forgotten = False
            self.newest = max(event["time"], self.newest if self.newest is not None else event["time"])
            if self.clock is not None and event["time"] < self.clock:
                reason = "correction"
            at = min(event["time"], arrival)
            self.changed()
            self.judge(at if self.clock is None else max(at, self.clock), reason)
        return verdict

    def take(self, event):
        wanted = set().union(*(m.attributes() for m in self.models))
        if event["type"] == "profile":
            if not wanted & set(event["attributes"]):
                return "filtered", None
        elif event["type"] != "command" and not any(m.looks_at(event) for m in self.models):
            return "filtered", None
        if event["hash"] in self.hashes:
            return "duplicate", None
        if self.newest is not None and event["time"] < self.newest - HORIZON:
            return "late", None
        self.hashes.add(event["hash"])
        if event["type"] == "profile":
            for name, value in event["attributes"].items():
                if name in wanted and self.writes.get(name, (-NEVER, 0))[:2] < (event["time"], event["hash"]):
                    self.writes[name] = (event["time"], event["hash"], value)
            return "applied", "event"
        if event["type"] == "command":
            until = event["arguments"].get("until")
            self.adjustments.append({"time": event["time"], "hash": event["hash"],
                                     "points": event["arguments"]["points"],
                                     "until": NEVER if until is None else until})
            return "applied", "command"
        self.events.append(event)
        return "applied", "event"
