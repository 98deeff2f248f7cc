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
import bisect
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
    if shape == "inactivity":
        return 1.0  # of the silence, not of the age: see Fold.idle
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
    def __init__(self, rule, event, points, decay, group):
        self.rule, self.time, self.points, self.decay, self.group = rule, event["time"], points, decay, group
        self.scope = None  # of an inactivity: the group's name, or "" for the model's
        self.idle = lambda at: 1.0

    def at(self, at):
        return self.points * factor(self.decay, at - self.time) * self.idle(at)


class Score:
    def __init__(self, fit, exclusion, behaviour, manual):
        self.fit, self.exclusion, self.behaviour, self.manual = fit, exclusion, behaviour, manual

    @property
    def beneath(self):
        return self.fit + self.behaviour + self.manual

    @property
    def total(self):
        return self.beneath + self.exclusion


class Fold:
    """What the sorted records up to an instant leave behind."""

    def __init__(self):
        self.contributions = []
        self.awarded = {}  # rule name -> events
        self.holds = {}  # rule name -> (begin, end, tier)
        self.floor = None  # of a recycle
        self.status, self.frozen_since = None, None
        self.recycled = None  # while frozen: to be done at the thaw
        self.scopes = {}  # scope of an inactivity -> (last scoring event, its mapping)
        self.past = []  # events that were not frozen
        self.streaks = {}  # rule name -> events in a row
        self.silences = {}  # rule name -> [since, solicited]
        self.timers = set()  # instants at which silence will act
        self.resets = set()  # those at which the escape hatch did

    def idle(self, scope, at):
        """What silence leaves at @at of what the scope was worth at its last scoring event."""
        last, what = self.scopes[scope]
        periods = (at - last) // duration(what["every"])
        if "keep" in what:
            keep = what["keep"]
            return (float(keep[:-1]) / 100 if isinstance(keep, str) else keep) ** periods
        worth = sum(c.points for c in self.contributions if c.scope == scope)
        return max(0.0, 1 - what["subtract"] * periods / abs(worth)) if worth else 1.0

    def score_in(self, contribution, scope, what):
        """A scoring event: what is left is the new beginning."""
        if scope in self.scopes:
            left = self.idle(scope, contribution.time)
            for other in self.contributions:
                if other.scope == scope:
                    other.points *= left
        self.scopes[scope] = contribution.time, what
        contribution.scope = scope
        contribution.idle = lambda at: self.idle(scope, at)

    def retire(self):
        """Behaviour so far gives nothing any more; what limits gave stays given."""
        self.contributions = [c for c in self.contributions if c.group is None]
        self.holds = {}
        self.floor = None


def clamp(value, bounds):
    low, high = bounds.get("floor", -math.inf), bounds.get("ceiling", math.inf)
    return min(max(value, low), high)


def scaled(points, number):
    """points: {field, factor, ceiling, floor} of a number that may not be there."""
    if number is None:
        return 0.0
    value = number * points.get("factor", 1)
    return clamp(value, points)


class Model:
    """A model over a list of records: everything is a function of (records, time)."""

    def __init__(self, spec):
        self.spec, self.name = spec, spec["name"]
        self.groups = {name: group or {} for name, group in spec.get("groups", {}).items()}
        self.fit = spec.get("fit") or {}
        self.grades = spec.get("grades") or {}
        self.tiers = spec["tiers"]
        self.excluded = spec.get("excluded")
        self.frozen = (spec.get("status") or {}).get("frozen", ["customer"])
        self.status_attribute = (spec.get("status") or {}).get("attribute")
        self.recycle = spec.get("recycle") or {}
        self.event_rules = [dict(r) for r in spec.get("rules", [])]
        self.event_rules += [dict(r, exclusion=True) for r in spec.get("exclusions", []) if "event" in r]
        self.attribute_exclusions = [r for r in spec.get("exclusions", []) if "event" not in r]

    def matches(self, rule, event):
        def get(name):
            return field_of(event, name)

        return event["type"] == rule["event"] and holds(self.spec.get("only"), get) and holds(rule.get("when"), get)

    def attributes(self):
        """Names of the attributes that the model reads."""
        names = {self.status_attribute} - {None}

        def walk(condition):
            for name, test in (condition or {}).items():
                if name in ("all", "any"):
                    for c in test:
                        walk(c)
                elif name == "not":
                    walk(test)
                elif name not in ("grade", "status"):
                    names.add(name)

        for criterion in self.fit.get("criteria", []) + self.attribute_exclusions + self.tiers:
            walk(criterion.get("when"))
            for case in criterion.get("cases", []):
                walk(case["when"])
            if isinstance(criterion.get("points"), dict):
                names.add(criterion["points"]["field"])
        for rule in self.event_rules:
            walk(rule.get("while"))
        return names

    def legs_of(self, rule):
        """All legs of a rule of several events."""
        found = []
        for key in ("together", "sequence"):
            found += (rule.get(key) or {}).get("of", [])
        for key, names in (("last", ("among", "having")), ("streak", ("of", "without")),
                           ("absence", ("without", "solicited"))):
            found += [rule[key][name] for name in names if key in rule]
        return found

    def met(self, leg, event):
        return any(self.matches(one, event) for one in listed(leg))

    def looks_at(self, event):
        legs = [leg for rule in self.event_rules for leg in self.legs_of(rule)]
        legs += [self.spec["reset"][name] for name in ("without", "solicited") if "reset" in self.spec]
        return any("event" in rule and self.matches(rule, event) for rule in self.event_rules) or any(
            self.met(leg, event) for leg in legs)

    def decay_of(self, rule):
        if "decay" in rule:
            return rule["decay"]
        if rule.get("exclusion"):
            return None
        return self.groups[rule["group"]].get("decay", self.spec.get("decay"))

    @staticmethod
    def points_of(rule, event):
        points = rule.get("points", 0)
        if not isinstance(points, dict):
            return float(points)
        if "each" in points:
            filled = [f for f in points["of"] if str(field_of(event, f) or "").strip()]
            return clamp(points["each"] * len(filled), points)
        return scaled(points, as_number(field_of(event, points["field"])))

    # ---- the fold ----

    def fold(self, records, at):
        """Of the records up to @at, in their order."""
        state = Fold()
        for record in records:
            if record["time"] > at:
                break
            self.pass_silence(state, record["time"])
            if record["type"] == "command":
                self.command(state, record, record["name"])
            elif record["type"] == "profile":
                if self.status_attribute in record["attributes"]:
                    self.set_status(state, record, record["attributes"][self.status_attribute])
            elif state.frozen_since is None and self.looks_at(record):
                state.past.append(record)
                self.note_silence(state, record)
                for rule in self.event_rules:
                    if self.completes(state, rule, record):
                        self.award(state, rule, record)
        self.pass_silence(state, at)
        return state

    def completes(self, state, rule, event):
        """Whether @event, the last of state.past, is a candidate of @rule."""
        past, now = state.past, event["time"]
        if "event" in rule:
            if not self.matches(rule, event):
                return False
            before = [e for e in past[:-1] if self.matches(rule, e)]
            if "frequency" in rule:
                times, within = rule["frequency"]["times"], duration(rule["frequency"]["within"])
                return len([e for e in before if now - e["time"] <= within]) >= times - 1
            if "within" in rule.get("recency", {}):
                return bool(before) and now - before[-1]["time"] <= duration(rule["recency"]["within"])
            if "after" in rule.get("recency", {}):
                return bool(before) and now - before[-1]["time"] > duration(rule["recency"]["after"])
            return True
        if "together" in rule:
            legs, within = rule["together"]["of"], duration(rule["together"]["within"])
            return any(self.met(leg, event) for leg in legs) and all(
                any(self.met(leg, e) and now - e["time"] <= within for e in past) for leg in legs)
        if "sequence" in rule:
            return self.follows(past, rule["sequence"]["of"], now - duration(rule["sequence"]["within"]))
        if "last" in rule:
            return self.last_ones(past, rule["last"])
        if "streak" in rule:
            return self.in_a_row(state, rule, event)
        return False  # absence is no event

    def follows(self, past, legs, since):
        """Whether the last of @past ends a chain of @legs that begins at or after @since."""
        if not self.met(legs[-1], past[-1]):
            return False
        if len(legs) == 1:
            return past[-1]["time"] >= since
        return any(self.follows(past[:i], legs[:-1], since) for i in range(1, len(past)))

    def last_ones(self, past, last):
        by, objects, met = last["by"], [], set()
        for event in past:
            thing = field_of(event, by)
            if thing is None:
                continue
            if self.met(last["among"], event) and thing not in objects:
                objects.append(thing)
            if self.met(last["having"], event) and thing in objects:
                met.add(thing)
        newest = objects[-last["of"]:]
        return (self.met(last["having"], past[-1]) and field_of(past[-1], by) in newest and
                len([o for o in newest if o in met]) >= last.get("at_least", last["of"]))

    def in_a_row(self, state, rule, event):
        count = state.streaks.get(rule["name"], 0)
        if self.met(rule["streak"]["without"], event):
            count = 0
        elif self.met(rule["streak"]["of"], event):
            count += 1
        done = count >= rule["streak"]["times"]
        state.streaks[rule["name"]] = 0 if done else count
        return done

    # ---- silence ----

    def silences(self):
        """The reset, then the rules of absence: (name, what, rule or None)."""
        found = [("", self.spec["reset"], None)] if "reset" in self.spec else []
        return found + [(r["name"], r["absence"], r) for r in self.event_rules if "absence" in r]

    def fire(self, state, name, rule, at):
        state.silences[name] = [at, 0]
        if rule is None:
            state.contributions = [c for c in state.contributions if c.group is None]
            state.floor = None
            state.resets.add(at)
        else:
            self.award(state, rule, {"time": at, "type": "silence"})

    def pass_silence(self, state, until):
        """The silences that are long enough before anything of @until."""
        state.timers = set()
        if state.frozen_since is not None:
            return
        while True:
            due = []
            for order, (name, what, rule) in enumerate(self.silences()):
                since, solicited = state.silences.get(name, (None, 0))
                if since is not None and solicited >= what["solicited"].get("times", 1):
                    due.append((since + duration(what["silence"]), order, name, rule))
            state.timers = {at for at, _, _, _ in due}
            if not due or min(due)[0] > until:
                return
            at, _, name, rule = min(due, key=lambda d: d[:2])
            self.fire(state, name, rule, at)

    def note_silence(self, state, event):
        for name, what, rule in self.silences():
            since, solicited = state.silences.get(name, (event["time"], 0))
            if self.met(what["without"], event):
                since, solicited = event["time"], 0
            elif self.met(what["solicited"], event):
                solicited += 1
            state.silences[name] = [since, solicited]
            if solicited >= what["solicited"].get("times", 1) and event["time"] >= since + duration(what["silence"]):
                self.fire(state, name, rule, event["time"])

    def award(self, state, rule, event):
        awarded = state.awarded.setdefault(rule["name"], [])
        if not all(has_room(limit, event, awarded) for limit in limits_of(rule, self.spec)):
            return
        awarded.append(event)
        decay = self.decay_of(rule)
        award = Contribution(rule, event, self.points_of(rule, event), decay,
                             None if rule.get("exclusion") else rule["group"])
        if isinstance(decay, dict) and "inactivity" in decay:
            own = "decay" in self.groups[rule["group"]]
            state.score_in(award, rule["group"] if own else "", decay["inactivity"])
        state.contributions.append(award)
        if "shortcut" in rule:
            end = event["time"] + duration(rule["shortcut"]["hold"])
            state.holds[rule["name"]] = (event["time"], end, self.tier_index(rule["shortcut"]["tier"]))

    def command(self, state, record, name):
        if name == "convert":
            self.set_status(state, record, "customer")
        elif name == "reopen":
            self.set_status(state, record, None)
        elif name == "disqualify":
            self.set_status(state, record, "disqualified")
            state.retire()
        elif name == "recycle":
            if state.status == "disqualified":
                state.status = None
            if state.frozen_since is not None:
                state.recycled = record
            else:
                self.begin_anew(state, record)

    def begin_anew(self, state, record):
        state.retire()
        if self.recycle.get("floor"):
            state.floor = Contribution({"name": "recycle"}, record, float(self.recycle["floor"]),
                                       self.recycle.get("decay"), "")

    def set_status(self, state, record, status):
        state.status = status
        if status in self.frozen:
            if state.frozen_since is None:
                state.frozen_since = record["time"]
        elif state.frozen_since is not None:
            state.frozen_since = None
            if state.recycled:
                self.begin_anew(state, state.recycled)
                state.recycled = None

    # ---- the score ----

    def criterion(self, criterion, profile):
        if "cases" in criterion:
            return next((float(c["points"]) for c in criterion["cases"] if holds(c["when"], profile.get)), 0.0)
        if isinstance(criterion["points"], dict):
            points = criterion["points"]
            ceiling = points.get("ceiling", math.inf)
            value = scaled({"factor": points.get("factor", 1)}, as_number(profile.get(points["field"])))
            return min(max(value, -ceiling), ceiling)
        return float(criterion["points"]) if holds(criterion["when"], profile.get) else 0.0

    def fit_of(self, profile):
        criteria = self.fit.get("criteria", [])
        values = [self.criterion(c, profile) for c in criteria]
        if self.fit.get("mean") and criteria:
            weights = [c.get("weight", 1) for c in criteria]
            return clamp(sum(w * v for w, v in zip(weights, values)) / sum(weights), self.fit)
        return clamp(sum(values), self.fit)

    def letter(self, fit):
        marks = self.grades.get("fit")
        return next((g for g in "ABC" if fit >= marks[g]), "D") if marks else None

    def grade(self, state, score, standing):
        if not self.grades:
            return ""
        if standing[1]:
            return "X"
        marks = self.grades.get("behaviour")
        digit = next((g for g in (1, 2, 3) if score.behaviour >= marks[g]), 4) if marks else ""
        return f"{self.letter(score.fit) or ''}{digit}"

    def score(self, state, profile, adjustments, at):
        if state.frozen_since is not None:
            at = state.frozen_since
        fit = self.fit_of(profile)
        about = dict(profile, grade=self.letter(fit), status=state.status)
        counted = [c for c in state.contributions if holds(c.rule.get("while"), about.get)]
        behaviour = 0.0
        for name, group in self.groups.items():
            behaviour += clamp(sum(c.at(at) for c in counted if c.group == name), group)
        if state.floor:
            behaviour += state.floor.at(at)
        exclusion = sum(c.at(at) for c in counted if c.group is None)
        exclusion += sum(r["points"] for r in self.attribute_exclusions if holds(r["when"], profile.get))
        manual = sum(a["points"] for a in adjustments if a["time"] <= at < a["until"])
        score = Score(fit, exclusion, behaviour, manual)
        score.about = about
        return score

    def breaks(self, state, adjustments):
        """Instants between which each contribution is smooth."""
        times = set()
        for c in state.contributions + ([state.floor] if state.floor else []):
            times.update(c.time + age for age in breaks_of(c.decay))
        for last, what in state.scopes.values():
            times.update(last + k * duration(what["every"]) for k in range(1, 100))
        for a in adjustments:
            times.update((a["time"], a["until"]))
        times.update(end for _, end, _ in state.holds.values())
        return times | state.timers

    # ---- tiers ----

    def tier_index(self, name):
        return next(i for i, t in enumerate(self.tiers) if t["name"] == name)

    def allowed(self, tier, score):
        return holds(self.tiers[tier].get("when"), score.about.get)

    def enters(self, tier, score, total):
        entry = self.tiers[tier].get("entry", -math.inf)
        return self.allowed(tier, score) and (total > entry if self.tiers[tier].get("strict") else total >= entry)

    def keeps(self, tier, score, total):
        if "exit" in self.tiers[tier]:
            return self.allowed(tier, score) and total >= self.tiers[tier]["exit"]
        return self.enters(tier, score, total)

    def held(self, state, at):
        """The highest tier that a shortcut holds the lead in; 0: none."""
        return max([tier for begin, end, tier in state.holds.values() if begin <= at < end], default=0)

    def next(self, standing, state, score, at, held=None):
        """(tier beneath, excluded) after a judgement."""
        if state.frozen_since is not None:
            return standing
        held = self.held(state, at) if held is None else held
        under, _ = standing
        excluded = self.excluded is not None and score.exclusion <= self.excluded.get("mark", -math.inf)
        excluded = excluded or state.status == "disqualified"
        total = score.beneath if excluded else score.total
        for tier in range(len(self.tiers) - 1, under, -1):
            if self.enters(tier, score, total):
                return max(tier, held), excluded
        while under > 0 and not self.keeps(under, score, total):
            under -= 1
        return max(under, held), excluded

    def marks(self):
        marks = [t[m] for t in self.tiers for m in ("entry", "exit") if m in t]
        return marks + ([self.excluded["mark"]] if self.excluded and "mark" in self.excluded else [])

    def tier_name(self, standing):
        under, excluded = standing
        return (self.excluded or {}).get("name", "excluded") if excluded else self.tiers[under]["name"]


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
        self.records, self.adjustments = [], []  # sorted by (time, hash)
        self.writes = {}  # attribute -> (time, hash, value)
        self.hashes = set()
        self.newest = None
        self.clock = None
        self.standing = [(0, False)] * len(self.models)
        self.crossings = []
        self.forgotten = False
        self.hints = set()  # instants that the dense search must not miss: it looks, and decides
        self.changed()

    def changed(self):
        self.records.sort(key=lambda e: (e["time"], e["hash"]))
        self.adjustments.sort(key=lambda a: (a["time"], a["hash"]))
        self.profile = {name: value for name, (_, _, value) in self.writes.items()}
        self.folds = {}

    def state(self, index, at):
        """The fold does not change between two records, but by silence."""
        seen = bisect.bisect_right([r["time"] for r in self.records], at)
        if self.models[index].silences():
            seen = at
        if (index, seen) not in self.folds:
            self.folds[index, seen] = self.models[index].fold(self.records, at)
        return self.folds[index, seen]

    def score(self, index, at):
        return self.models[index].score(self.state(index, at), self.profile, self.adjustments, at)

    # ---- silence ----

    def next_standing(self, index, at, standing=None):
        return self.models[index].next(standing or self.standing[index], self.state(index, at), self.score(index, at), at)

    def first_change(self, index, after, until, standing=None):
        """The first instant in (after, until] at which silence moves the lead; None."""
        model, standing = self.models[index], standing or self.standing[index]

        def moves(at):
            return self.next_standing(index, at, standing) != standing

        times = model.breaks(self.state(index, until), self.adjustments) | model.breaks(self.state(index, after), self.adjustments)
        times = sorted(t for t in times | self.hints | {r["time"] for r in self.records} if after < t <= until)
        low = after
        for high in times + [until]:
            for k in range(1, self.SAMPLES + 1):
                at = low + (high - 1 - low) * k // self.SAMPLES if k < self.SAMPLES else high - 1
                if at > low and moves(at):
                    return self.search(low, at, moves)
                low = max(low, at)
            if high > after and moves(high):
                return self.search(low, high, moves) if high in self.hints else high
            low = high
        return None

    @staticmethod
    def search(low, high, moves):
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
            waiting = [e["time"] for e in self.records if self.clock < e["time"] <= until]
            for i in range(len(self.models)):
                waiting += [t for t in self.state(i, self.clock).timers if self.clock < t <= until]
            at = min(found + waiting, default=None)
            if at is None:
                return
            self.judge(at, "event" if any(e["time"] == at for e in self.records) else "decay")

    def judge(self, at, reason):
        self.clock = at
        for i, model in enumerate(self.models):
            before, score, state = self.standing[i], self.score(i, at), self.state(i, at)
            after = model.next(before, state, score, at)
            if after == before:
                continue
            self.standing[i] = after
            names = model.tier_name(before), model.tier_name(after)
            why = self.reason(model, state, score, at, before, after, reason)
            if names[0] != names[1]:
                self.crossings.append(Crossing(model, *names, at, why, score))

    @staticmethod
    def reason(model, state, score, at, before, after, reason):
        if reason == "command":
            return reason
        if before[1] != after[1]:
            return "exclusion"
        if reason == "correction":
            return reason
        if at in state.resets and after[0] < before[0]:
            return "reset"
        if after[0] > before[0] and after[0] > model.next(before, state, score, at, held=0)[0]:
            return "shortcut"
        if after[0] < before[0] and any(end == at for _, end, _ in state.holds.values()):
            return "hold_ended"
        return reason

    # ---- the end ----

    def is_worthless(self, at):
        """Whether nothing would be missed: no tier, no profile, no adjustment in force, no limit per lead that is
        used, all repetitions too late by now, and less than a thousandth of a point."""
        states = [self.state(i, at) for i in range(len(self.models))]
        return (all(s == (0, False) for s in self.standing) and
                all(value is None and time < self.newest - HORIZON for time, _, value in self.writes.values()) and
                all(a["until"] <= at for a in self.adjustments) and
                at > self.newest + HORIZON and
                all(sum(abs(c.at(at)) for c in s.contributions) < 0.001 for s in states) and
                not any(s.floor and abs(s.floor.at(at)) >= 0.001 or s.status for s in states) and
                not any(limit["per"] == "lead" for m, s in zip(self.models, states) for c in s.contributions
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
            if any(m.status_attribute in event["attributes"] for m in self.models):
                self.records.append(event)
            return "applied", "event"
        if event["type"] == "command" and event["name"] == "adjust":
            until = event["arguments"].get("until")
            self.adjustments.append({"time": event["time"], "hash": event["hash"],
                                     "points": event["arguments"]["points"],
                                     "until": NEVER if until is None else until})
            return "applied", "command"
        self.records.append(event)
        return "applied", "command" if event["type"] == "command" else "event"
