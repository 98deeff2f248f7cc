"""What a score is, literally: the sums over the whole list of a lead's events, computed anew for each
instant. Nothing is folded away, forgotten or approximated, and no line is shared with lib. Written
from the page that defines scores, for models as dictionaries (the YAML of seuil-model(5) as any YAML
library reads it). lead.py lets a lead live by it.

    model = Model(dictionary)
    state = model.fold(records, at)             # a function of the records and the instant alone
    view = View(model, state, profile)
    view.score(at), view.lines(at)

Times are integer milliseconds, UTC; records are conditions.Event, sorted by (time, hash)."""
import bisect
import datetime
import functools
import math
import zoneinfo

from conditions import DAY, HOUR, MINUTE, SECOND, Leg, as_number, condition_of, duration, listed, names_in  # noqa: F401

AHEAD = 5 * MINUTE
WAIT_MAX = 10 * SECOND
TOMBSTONE = 30 * DAY
NEVER = 1 << 62


# ---- decay --------------------------------------------------------------------------------------

class Decay:
    """What is left of a point by its age."""

    def __init__(self, spec):
        self.breaks = []  # ages at which the value or its slope jumps
        self.smooth = 0  # it changes between them while younger than this
        self.span = math.inf  # nothing is left from this age on
        self.inactivity = None
        self.left = lambda age: 1.0
        if spec in (None, "none"):
            return
        (shape, value), = spec.items()
        if shape == "inactivity":  # of the silence, not of the age: see Fold.idle
            self.inactivity = value
        elif shape == "half_life":
            half = duration(value)
            self.smooth = math.inf
            self.left = lambda age: 2.0 ** (-age / half)
        elif shape == "linear":
            self.span = self.smooth = span = duration(value)
            self.breaks = [span]
            self.left = lambda age: max(0.0, 1.0 - age / span)
        elif shape == "expires":
            self.span = span = duration(value)
            self.breaks = [span]
            self.left = lambda age: 1.0 if age < span else 0.0
        else:
            assert shape == "steps"
            steps = [(duration(bound), percent / 100) for bound, percent in value]
            self.breaks = [bound for bound, _ in steps]
            self.span = self.breaks[-1]
            self.left = lambda age: next((part for bound, part in steps if age < bound), 0.0)


# ---- limits -------------------------------------------------------------------------------------

@functools.lru_cache(None)
def zone_of(name):
    return zoneinfo.ZoneInfo(name)


@functools.lru_cache(1 << 16)
def period_of(time, period, zone):
    local = datetime.datetime.fromtimestamp(time / 1000, zone_of(zone)).date()
    if period == "day":
        return local.toordinal()
    if period == "week":
        return (local.toordinal() - 1) // 7
    return local.year * 12 + local.month


class Limit:
    """How often a rule counts: the earliest are taken."""

    def __init__(self, spec, zone):
        spec = {"times": 1, "per": "lead"} if spec == "once" else spec
        self.times, self.per, self.zone = spec.get("times", 1), spec.get("per"), spec.get("zone", zone)
        self.within = duration(spec["within"]) if "within" in spec else None
        self.remember = duration(spec.get("remember", "90d"))
        if self.within:
            self.name = "rolling"
        elif self.per in ("lead", "day", "week", "month"):
            self.name = self.per
        else:
            self.name = "object"

    def has_room(self, event, awarded):
        """Whether it lets @event count after the @awarded ones, all earlier."""
        if self.name == "rolling":
            return sum(1 for e in awarded if event.time - e.time < self.within) < self.times
        if self.name == "lead":
            return len(awarded) < self.times
        if self.name == "object":
            return self.remembered(event, awarded) < self.times
        mine = period_of(event.time, self.per, self.zone)
        return sum(1 for e in awarded if period_of(e.time, self.per, self.zone) == mine) < self.times


    def remembered(self, event, awarded):
        """Awards to the object of @event: none so long after the last one."""
        count, last = 0, event.time
        for time in [e.time for e in awarded if e.get(self.per) == event.get(self.per)] + [event.time]:
            count = (count if time - last < self.remember else 0) + 1
            last = time
        return count - 1


# ---- rules --------------------------------------------------------------------------------------

def clamp(value, bounds):
    low, high = bounds.get("floor", -math.inf), bounds.get("ceiling", math.inf)
    return min(max(value, low), high)


def scaled(points, number):
    """points: {field, factor, ceiling, floor} of a number that may not be there."""
    return 0.0 if number is None else clamp(number * points.get("factor", 1), points)


class Rule:
    def __init__(self, spec, model, exclusion=False):
        self.spec, self.name, self.exclusion = spec, spec["name"], exclusion
        self.group = None if exclusion else spec["group"]
        own = "decay" in spec
        decay = spec.get("decay") if own or exclusion else model.groups[self.group].get("decay", model.spec.get("decay"))
        self.decay = Decay(decay)
        # Of an inactivity: that of its group, or of the model.
        self.scope = None
        if self.decay.inactivity:
            self.scope = self.group if "decay" in model.groups[self.group] else ""
        limits = spec.get("limit")
        self.limits = [] if limits is None else [Limit(item, model.spec.get("zone")) for item in listed(limits)]
        self.counts_while = condition_of(spec.get("while"))
        self.is_conditional = "while" in spec
        self.event = Leg(spec, *model.common) if "event" in spec else None
        self.legs = []
        self.shape = next((k for k in ("together", "sequence", "last", "streak", "absence") if k in spec), None)
        if self.shape in ("together", "sequence"):
            self.legs = [Leg(leg, *model.common) for leg in spec[self.shape]["of"]]
            self.within = duration(spec[self.shape]["within"])
        elif self.shape:
            names = {"last": ("among", "having"), "streak": ("of", "without"), "absence": ("solicited", "without")}
            self.legs = [Leg(spec[self.shape][name], *model.common) for name in names[self.shape]]
        if "shortcut" in spec:
            self.hold, self.tier = duration(spec["shortcut"]["hold"]), model.tier_index(spec["shortcut"]["tier"])

    def points_of(self, event):
        points = self.spec.get("points", 0)
        if not isinstance(points, dict):
            return float(points)
        if "each" in points:
            filled = [f for f in points["of"] if str(event.get(f) or "").strip()]
            return clamp(points["each"] * len(filled), points)
        return scaled(points, as_number(event.get(points["field"])))

    def looks_at(self, event):
        return self.event(event) if self.event else any(leg(event) for leg in self.legs)


class Silence:
    """An absence, or the reset: so long without an answer although so much was sent."""

    def __init__(self, name, spec, rule, legs):
        self.name, self.rule, self.lasts = name, rule, duration(spec["silence"])
        self.times = spec["solicited"].get("times", 1)
        self.solicited, self.without = legs


class SilenceEvent:
    """What an absence is awarded for."""

    def __init__(self, time):
        self.time = time

    def get(self, _):
        return None


# ---- the fold -----------------------------------------------------------------------------------

class Award:
    def __init__(self, rule, event, points):
        self.rule, self.time, self.points = rule, event.time, points
        self.value = points  # before the decay by age: what inactivity left of it at the last scoring event
        self.decay, self.group, self.scope = rule.decay, rule.group, rule.scope


class Fold:
    """What the sorted records up to an instant leave behind. The same for all instants from @since on and
    before @until."""

    def __init__(self):
        self.since, self.until = -NEVER, NEVER
        self.awards = []
        self.taken = {}  # rule name -> events that were awarded: their slots stay used
        self.refused = {}  # rule name -> [(time, limit)]
        self.holds = {}  # rule name -> (begin, end, tier)
        self.floor = None  # of a recycle
        self.muted = -NEVER  # until when a recycle mutes sales
        self.status, self.frozen_since = None, None
        self.recycled = None  # while frozen: to be done at the thaw
        self.scopes = {}  # scope of an inactivity -> (last scoring event, its mapping)
        self.past = []  # events that count
        self.streaks = {}  # rule name -> events in a row
        self.silences = {}  # name -> [since, solicited, when there were enough]
        self.wait_from = NEVER  # the first click whose verdict is not there
        self.verdicts = set()
        self.resets = set()  # instants at which the escape hatch acted

    def idle(self, scope, at):
        """What silence leaves at @at of what the scope was worth at its last scoring event."""
        last, what = self.scopes[scope]
        periods = (at - last) // duration(what["every"])
        if "keep" in what:
            keep = what["keep"]
            return (float(keep[:-1]) / 100 if isinstance(keep, str) else keep) ** periods
        worth = sum(a.value for a in self.awards if a.scope == scope)
        if abs(worth) < 1e-9:  # parts that cancel out, to the last bits
            return 1.0
        return max(0.0, 1 - what["subtract"] * periods / abs(worth))

    def score_in(self, award):
        """A scoring event: what is left is the new beginning."""
        if award.scope in self.scopes:
            left = self.idle(award.scope, award.time)
            for other in self.awards:
                if other.scope == award.scope:
                    other.value *= left
        self.scopes[award.scope] = award.time, award.decay.inactivity

    def retire(self, holds):
        """Behaviour so far gives nothing any more; what limits gave stays given."""
        self.awards = [a for a in self.awards if a.group is None]
        self.floor = None
        if holds:
            self.holds = {}


class Model:
    def __init__(self, spec):
        self.spec, self.name = spec, spec["name"]
        self.groups = {name: group or {} for name, group in spec.get("groups", {}).items()}
        self.fit = spec.get("fit") or {}
        self.criteria = [self.read_criterion(c) for c in self.fit.get("criteria", [])]
        self.grades = spec.get("grades") or {}
        self.tiers = spec["tiers"]
        self.tier_when = [condition_of(t.get("when")) for t in self.tiers]
        self.excluded = spec.get("excluded")
        self.status_attribute = (spec.get("status") or {}).get("attribute")
        self.frozen = (spec.get("status") or {}).get("frozen", ["customer"])
        self.recycle = spec.get("recycle") or {}
        self.floor_rule = None
        self.filters = [Leg(f, None) for f in spec.get("filters", [])]
        self.common = spec.get("only"), self.filters
        self.rules = [Rule(r, self) for r in spec.get("rules", [])]
        self.rules += [Rule(r, self, exclusion=True) for r in spec.get("exclusions", []) if "event" in r]
        self.attribute_exclusions = [(r, condition_of(r["when"])) for r in spec.get("exclusions", []) if "event" not in r]
        self.silences = [Silence(r.name, r.spec["absence"], r, r.legs) for r in self.rules if r.shape == "absence"]
        if "reset" in spec:
            legs = [Leg(spec["reset"][name], *self.common) for name in ("solicited", "without")]
            self.silences.insert(0, Silence("", spec["reset"], None, legs))
        self.quarantine = spec.get("quarantine")
        self.click = Leg({"event": "email", "when": {"action": "clicked"}}, *self.common)
        self.sales = next((i for i, t in enumerate(self.tiers) if t.get("sales")), len(self.tiers) - 1)

    @staticmethod
    def read_criterion(spec):
        if "cases" in spec:
            return spec, [(condition_of(c["when"]), float(c["points"])) for c in spec["cases"]]
        return spec, condition_of(spec.get("when"))

    def tier_index(self, name):
        return next(i for i, t in enumerate(self.spec["tiers"]) if t["name"] == name)

    def attributes(self):
        """Names of the attributes that the model reads."""
        names = {self.status_attribute} - {None}
        for spec in self.fit.get("criteria", []) + [r for r, _ in self.attribute_exclusions]:
            names |= names_in(spec.get("when")).union(*(names_in(c["when"]) for c in spec.get("cases", [])))
            if isinstance(spec.get("points"), dict):
                names.add(spec["points"]["field"])
        for spec in self.tiers:
            names |= names_in(spec.get("when")) - {"grade", "status"}
        for rule in self.rules:
            names |= names_in(rule.spec.get("while")) - {"grade", "status"}
        return names

    def looks_at(self, event):
        """Whether the event is one for the model at all."""
        if self not in event.met:
            event.met[self] = bool(
                any(rule.looks_at(event) for rule in self.rules) or
                any(s.solicited(event) or s.without(event) for s in self.silences) or
                self.quarantine and self.click(event))
        return event.met[self]

    # ---- trust ----

    def machine_clicks(self, clicks):
        """Those in a burst: so many distinct links of one e-mail within so long, both ends included."""
        links, within = self.quarantine["burst"]["links"], duration(self.quarantine["burst"]["within"])
        found = set()
        for first in clicks:
            burst = [c for c in clicks if first.time <= c.time <= first.time + within and
                     c.get("message_id") == first.get("message_id")]
            if len({c.get("url") for c in burst}) >= links:
                found.update(c.hash for c in burst)
        return found

    def judge_clicks(self, state, records, at):
        """Hashes of the clicks that are none at @at: a machine's, or still waiting."""
        if not self.quarantine:
            return set()
        wait = duration(self.quarantine["wait"])
        clicks = [r for r in records if r.time <= at and self.is_click(r)]
        waiting = [c for c in clicks if c.time + wait > at]
        state.wait_from = min((c.time for c in waiting), default=NEVER)
        state.verdicts = {c.time + wait for c in clicks}
        return self.machine_clicks(clicks) | {c.hash for c in waiting}

    def is_click(self, record):
        return record.kind == "email" and self.click(record)

    # ---- the fold ----

    def fold(self, records, at, horizon=-NEVER):
        """Of the records up to @at, in their order. A retraction voids the record of its target that is not
        later than itself; of a frozen lead only from the thaw on, unless it voids what commands, or its target
        is older than @horizon."""
        voids = {r.target: r.time for r in records if r.kind == "retraction" and r.time <= at}
        state = self.fold_without(records, at, voids)
        if state.frozen_since is not None and any(time > state.frozen_since for time in voids.values()):
            at_once = {r.hash for r in records if r.kind in ("command", "profile") or r.time < horizon}
            voids = {h: time for h, time in voids.items() if time <= state.frozen_since or h in at_once}
            state = self.fold_without(records, at, voids)
        return state

    def fold_without(self, records, at, voids):
        state = Fold()
        counted = [r for r in records if r.time > voids.get(r.hash, -NEVER)]
        ignored = self.judge_clicks(state, counted, at)
        for record in counted:
            if record.time > at:
                break
            self.pass_silence(state, record.time)
            if record.hash not in ignored:
                self.fold_one(state, record)
        self.pass_silence(state, at)
        times = [r.time for r in records]
        seen = bisect.bisect_right(times, at)
        passed = [t for t in state.verdicts if t <= at] + times[max(seen - 1, 0):seen]
        state.since = max(passed + [state.since])
        state.until = min([t for t in state.verdicts if t > at] + times[seen:seen + 1] +
                          [t for t, _, s in self.due_silences(state) if t > at], default=NEVER)
        return state

    def fold_one(self, state, record):
        if record.kind == "command":
            self.command(state, record)
        elif record.kind == "profile":
            if self.status_attribute in record.data["attributes"]:
                self.set_status(state, record, record.data["attributes"][self.status_attribute])
        elif record.kind != "retraction" and state.frozen_since is None and self.looks_at(record):
            state.past.append(record)
            self.note_silences(state, record)
            for rule in self.rules:
                if self.completes(state, rule, record):
                    self.award(state, rule, record)

    def completes(self, state, rule, event):
        """Whether @event, the last of state.past, is a candidate of @rule."""
        if rule.event:
            return rule.event(event) and self.is_frequent(state.past, rule, event)
        if rule.shape == "together":
            return any(leg(event) for leg in rule.legs) and all(
                any(leg(e) and event.time - e.time <= rule.within for e in state.past) for leg in rule.legs)
        if rule.shape == "sequence":
            return self.follows(state.past, len(state.past) - 1, rule.legs, event.time - rule.within)
        if rule.shape == "last":
            return self.is_one_of_the_last(state.past, rule)
        if rule.shape == "streak":
            return self.in_a_row(state, rule, event)
        return False  # absence is no event

    @staticmethod
    def is_frequent(past, rule, event):
        if "frequency" not in rule.spec and "recency" not in rule.spec:
            return True
        before = [e for e in past[:-1] if rule.event(e)]
        if "frequency" in rule.spec:
            times, within = rule.spec["frequency"]["times"], duration(rule.spec["frequency"]["within"])
            if len([e for e in before if event.time - e.time <= within]) < times - 1:
                return False
        recency = rule.spec.get("recency", {})
        if "within" in recency:
            return bool(before) and event.time - before[-1].time <= duration(recency["within"])
        if "after" in recency:
            return bool(before) and event.time - before[-1].time > duration(recency["after"])
        return True

    def follows(self, past, last, legs, since):
        """Whether past[last] ends a chain of @legs that begins at or after @since."""
        if not legs[-1](past[last]):
            return False
        if len(legs) == 1:
            return past[last].time >= since
        return any(self.follows(past, i, legs[:-1], since) for i in range(last - 1, -1, -1))

    @staticmethod
    def is_one_of_the_last(past, rule):
        last, (among, having), objects, met = rule.spec["last"], rule.legs, [], set()
        for event in past:
            thing = event.get(last["by"])
            if thing is None:
                continue
            if among(event) and thing not in objects:
                objects.append(thing)
            if having(event) and thing in objects:
                met.add(thing)
        newest = objects[-last["of"]:]
        return (having(past[-1]) and past[-1].get(last["by"]) in newest and
                len([o for o in newest if o in met]) >= last.get("at_least", last["of"]))

    @staticmethod
    def in_a_row(state, rule, event):
        sent, answer = rule.legs
        count = state.streaks.get(rule.name, 0)
        if answer(event):
            count = 0
        elif sent(event):
            count += 1
        done = count >= rule.spec["streak"]["times"]
        state.streaks[rule.name] = 0 if done else count
        return done

    # ---- silence ----

    def due_silences(self, state):
        """Those that will have lasted long enough if nothing more happens: (when, order, silence). One that
        would end while a click waits, waits for its verdict."""
        due = []
        for order, silence in enumerate(self.silences):
            since, solicited, enough = state.silences.get(silence.name, (None, 0, None))
            if state.frozen_since is None and since is not None and solicited >= silence.times:
                at = max(since + silence.lasts, enough)
                if at <= state.wait_from:
                    due.append((at, order, silence))
        return due

    def pass_silence(self, state, until):
        """The silences that are long enough before anything of @until."""
        while self.silences:
            due = self.due_silences(state)
            if not due or min(due, key=lambda d: d[:2])[0] > until:
                return
            at, _, silence = min(due, key=lambda d: d[:2])
            self.fire(state, silence, at)

    def fire(self, state, silence, at):
        state.since = max(state.since, at)
        state.silences[silence.name] = [at, 0, None]
        if silence.rule is None:
            state.retire(holds=False)
            state.resets.add(at)
        else:
            self.award(state, silence.rule, SilenceEvent(at))

    def note_silences(self, state, event):
        for silence in self.silences:
            since, solicited, enough = state.silences.get(silence.name, (event.time, 0, None))
            if silence.without(event):
                since, solicited, enough = event.time, 0, None
            elif silence.solicited(event):
                solicited += 1
                enough = event.time if solicited == silence.times else enough
            state.silences[silence.name] = [since, solicited, enough]
            # It was silent for long enough, and only now enough has been sent.
            if solicited >= silence.times and since + silence.lasts <= event.time <= state.wait_from:
                self.fire(state, silence, event.time)

    # ---- awards ----

    def award(self, state, rule, event):
        taken = state.taken.setdefault(rule.name, [])
        refusing = [i for i, limit in enumerate(rule.limits) if not limit.has_room(event, taken)]
        if refusing:
            state.refused.setdefault(rule.name, []).extend((event.time, i) for i in refusing)
            return
        taken.append(event)
        award = Award(rule, event, rule.points_of(event))
        if rule.scope is not None:
            state.score_in(award)
        state.awards.append(award)
        if "shortcut" in rule.spec:
            state.holds[rule.name] = (event.time, event.time + rule.hold, rule.tier)

    # ---- commands ----

    def command(self, state, record):
        if record.name == "convert":
            self.set_status(state, record, "customer")
        elif record.name == "reopen":
            self.set_status(state, record, None)
        elif record.name == "disqualify":
            self.set_status(state, record, "disqualified")
            state.retire(holds=True)
        elif record.name == "recycle":
            if state.frozen_since is not None:
                state.recycled = record
                return
            if state.status == "disqualified":
                state.status = None
            self.begin_anew(state, record)

    def begin_anew(self, state, record):
        state.retire(holds=True)
        until = record.data["arguments"].get("until")
        state.muted = record.time + duration(self.recycle.get("mute", "0ms")) if until is None else -(-until // MINUTE) * MINUTE
        if self.recycle.get("floor"):
            if not self.floor_rule:
                self.floor_rule = Rule({"name": "recycle", "decay": self.recycle.get("decay")}, self, exclusion=True)
            state.floor = Award(self.floor_rule, record, float(self.recycle["floor"]))

    def set_status(self, state, record, status):
        state.status = status
        if status in self.frozen:
            if state.frozen_since is None:
                state.frozen_since = record.time
        elif state.frozen_since is not None:
            state.frozen_since = None
            for silence in state.silences.values():  # one that ended meanwhile ends with the thaw
                silence[2] = record.time if silence[2] is not None else None
            if state.recycled:
                self.begin_anew(state, state.recycled)
                state.recycled = None

    # ---- fit ----

    def criterion(self, criterion, profile):
        spec, when = criterion
        if "cases" in spec:
            return next((points for holds, points in when if holds(profile.get)), 0.0)
        if isinstance(spec["points"], dict):
            points = spec["points"]
            ceiling = points.get("ceiling", math.inf)
            value = scaled({"factor": points.get("factor", 1)}, as_number(profile.get(points["field"])))
            return min(max(value, -ceiling), ceiling)
        return float(spec["points"]) if when(profile.get) else 0.0

    def fit_parts(self, profile):
        """(name, points) of each criterion, as they are added up."""
        weights = [spec.get("weight", 1) for spec, _ in self.criteria]
        share = sum(weights) if self.fit.get("mean") else None
        return [(c[0]["name"], self.criterion(c, profile) * (w / share if share else 1))
                for c, w in zip(self.criteria, weights)]

    def completeness(self, profile):
        """The criteria of which everything is known, by all of them."""
        def names(spec):
            number = {spec["points"]["field"]} if isinstance(spec.get("points"), dict) else set()
            return names_in(spec.get("when")).union(number, *(names_in(c["when"]) for c in spec.get("cases", [])))

        known = [all(profile.get(n) is not None for n in names(spec)) for spec, _ in self.criteria]
        return sum(known) / len(known) if known else 1.0

    def excluded_by(self, profile):
        return [r for r, when in self.attribute_exclusions if when(profile.get)]

    def letter(self, fit):
        marks = self.grades.get("fit")
        return next((g for g in "ABC" if fit >= marks[g]), "D") if marks else None

    def grade(self, score, excluded):
        if not self.grades:
            return ""
        if excluded:
            return "X"
        marks = self.grades.get("behaviour")
        digit = next((g for g in (1, 2, 3) if score.behaviour >= marks[g]), 4) if marks else ""
        return f"{self.letter(score.fit) or ''}{digit}"

    def marks(self):
        marks = [t[m] for t in self.tiers for m in ("entry", "exit") if m in t]
        return marks + ([self.excluded["mark"]] if self.excluded and "mark" in self.excluded else [])

    def tier_name(self, standing):
        under, excluded = standing
        return (self.excluded or {}).get("name", "excluded") if excluded else self.tiers[under]["name"]


# ---- the score ----------------------------------------------------------------------------------

class Score:
    def __init__(self, fit, exclusion, behaviour, manual):
        self.fit, self.exclusion, self.behaviour, self.manual = fit, exclusion, behaviour, manual

    @property
    def beneath(self):
        return self.fit + self.behaviour + self.manual

    @property
    def total(self):
        return self.beneath + self.exclusion


class View:
    """A state and a profile, ready to be asked at any instant that the state holds for. @stands: of a frozen
    lead, the fit and the exclusion that stand still."""

    def __init__(self, model, state, profile, adjustments, stands=None):
        self.model, self.state, self.profile, self.adjustments, self.stands = model, state, profile, adjustments, stands
        self.raw_fit = sum(points for _, points in model.fit_parts(profile))
        self.fit = clamp(self.raw_fit, model.fit)
        self.exclusion = sum(r["points"] for r in model.excluded_by(profile))
        about = dict(profile, grade=model.letter(self.fit), status=state.status or "open")
        self.about = about.get
        if stands:
            self.fit, self.exclusion = stands
        self.open = [when(self.about) for when in model.tier_when]
        self.counted = [a for a in state.awards if not a.rule.is_conditional or a.rule.counts_while(self.about)]
        self.by_group = [(group, [a for a in self.counted if a.group == name]) for name, group in model.groups.items()]
        self.outside = [a for a in self.counted if a.group is None]

    def clock(self, at):
        return at if self.state.frozen_since is None else self.state.frozen_since

    def value(self, award, at, idle):
        if award.scope is not None:
            return award.value * idle[award.scope]
        return award.value * award.decay.left(at - award.time)

    def score(self, at):
        at = self.clock(at)
        idle = {scope: self.state.idle(scope, at) for scope in self.state.scopes}
        behaviour = 0.0
        for group, awards in self.by_group:
            behaviour += clamp(sum(self.value(a, at, idle) for a in awards), group)
        if self.state.floor:
            behaviour += self.value(self.state.floor, at, idle)
        exclusion = sum(self.value(a, at, idle) for a in self.outside) + self.exclusion
        manual = sum(a["points"] for a in self.adjustments if a["time"] <= at < a["until"])
        return Score(self.fit, exclusion, behaviour, manual)

    def fading(self):
        return self.counted + ([self.state.floor] if self.state.floor else [])

    def breaks(self, after, until):
        """Instants in (after, until] between which each contribution is smooth."""
        times = set()
        for a in self.fading():
            times.update(a.time + age for age in a.decay.breaks)
        for last, what in self.state.scopes.values():
            every = duration(what["every"])
            first = max(1, (after - last) // every)
            times.update(last + k * every for k in range(first, min((until - last) // every, first + 2000) + 1))
        for a in self.adjustments:
            times.update((a["time"], a["until"]))
        times.update(end for _, end, _ in self.state.holds.values())
        return sorted(t for t in times if after < t <= until)

    def slopes(self, low):
        """The signs of what changes smoothly from @low on: of one sign alone nothing can turn round."""
        return {a.value > 0 for a in self.fading() if a.value and low - a.time < a.decay.smooth}

    # ---- tiers ----

    def enters(self, tier, total):
        entry = self.model.tiers[tier].get("entry", -math.inf)
        return self.open[tier] and (total > entry if self.model.tiers[tier].get("strict") else total >= entry)

    def keeps(self, tier, total):
        if "exit" in self.model.tiers[tier]:
            return self.open[tier] and total >= self.model.tiers[tier]["exit"]
        return self.enters(tier, total)

    def held(self, at):
        """The highest tier that a shortcut holds the lead in; 0: none."""
        return max([tier for begin, end, tier in self.state.holds.values() if begin <= at < end], default=0)

    def next(self, standing, at, held=None):
        """(tier beneath, excluded) after a judgement."""
        if self.state.frozen_since is not None:
            return standing
        score, (under, _) = self.score(at), standing
        held = self.held(at) if held is None else held
        excluded = self.model.excluded is not None and score.exclusion <= self.model.excluded.get("mark", -math.inf)
        excluded = excluded or self.state.status == "disqualified"
        total = score.beneath if excluded else score.total
        under = max(under, held)
        for tier in range(len(self.model.tiers) - 1, under, -1):
            if self.enters(tier, total):
                return max(tier, held), excluded
        while under > 0 and not self.keeps(under, total):
            under -= 1
        return max(under, held), excluded

    # ---- the explanation ----

    def lines(self, at):
        """[(name, count, points before decay, points now, [what may have limited it])]"""
        at = self.clock(at)
        idle = {scope: self.state.idle(scope, at) for scope in self.state.scopes}
        lines = []
        if self.stands and self.stands != (clamp(self.raw_fit, self.model.fit),
                                           sum(r["points"] for r in self.model.excluded_by(self.profile))):
            lines += [(name, 0, points, points, [""]) for name, points in zip(("fit", "exclusions"), self.stands) if points]
        else:
            lines += [(name, 0, points, points, [""]) for name, points in self.model.fit_parts(self.profile) if points]
            lines += self.clamped("fit", self.raw_fit, self.model.fit)
            lines += [(r["name"], 0, r["points"], r["points"], [""]) for r in self.model.excluded_by(self.profile)]
        for rule in self.model.rules:
            lines += self.line_of(rule.name, [a for a in self.counted if a.rule is rule], at, idle)
        lines += self.line_of("recycle", [self.state.floor] if self.state.floor else [], at, idle)
        for (group, awards), name in zip(self.by_group, self.model.groups):
            lines += self.clamped(name, sum(self.value(a, at, idle) for a in awards), group)
        manual = [a["points"] for a in self.adjustments if a["time"] <= at < a["until"]]
        if manual:
            lines.append(("adjustment", len(manual), sum(manual), sum(manual), [""]))
        return lines

    def line_of(self, name, awards, at, idle):
        awards = [a for a in awards if at - a.time < a.decay.span]
        if not awards:
            return []
        return [(name, len(awards), sum(a.points for a in awards), sum(self.value(a, at, idle) for a in awards),
                 self.limits_of(awards[0].rule, awards[0].time))]

    def limits_of(self, rule, since):
        """What may be told to have limited awards that begin at @since: surely a refusal among them, perhaps an
        earlier one."""
        refused = self.state.refused.get(rule.name, [])
        told = [rule.limits[i].name for i in sorted({i for _, i in refused})]
        surely = any(time >= since for time, _ in refused)
        return told if surely else told + [""]

    @staticmethod
    def clamped(name, raw, bounds):
        if clamp(raw, bounds) == raw:
            return []
        return [(name, 0, 0, clamp(raw, bounds) - raw, ["floor" if raw < clamp(raw, bounds) else "ceiling"])]
