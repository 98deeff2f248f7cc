"""One lead's life by the literal definition (scoring.py): which events are taken, when silence acts, which
crossings there are and when they are told.

    lead = Lead(models, horizon)           # [Model], milliseconds
    lead.step(event, arrival)              # -> verdict; crossings are added to lead.crossings
    lead.advance(until)                    # silence acts
    lead.view(index, at).score(at)

An event is the canonical JSON with `time` in milliseconds; its order among equal times is a hash that
the caller gives."""
from conditions import Event, duration
from scoring import AHEAD, NEVER, TOMBSTONE, WAIT_MAX, View

FIVE_YEARS = 5 * 365 * duration("1d")


class Retraction:
    kind, name = "retraction", None

    def __init__(self, time, digest, target):
        self.time, self.hash, self.target = time, digest, target
        self.key = time, digest


class Crossing:
    def __init__(self, model, before, after, at, reason, score):
        self.model, self.before, self.after = model, before, after
        self.at, self.reason, self.score = at, reason, score
        self.publish, self.since, self.until, self.lines, self.ordinal = True, None, False, None, 0

    def __repr__(self):
        return (f"{self.model.name} {self.before}->{self.after} at {self.at} ({self.reason}, {self.score.total:.6f}"
                f"{'' if self.publish else ', not told'}{f', since {self.since}' if self.since is not None else ''})")


class Alert:
    """An entry upwards that waits to be told."""

    def __init__(self, tier, before, reason, at):
        self.tier, self.before, self.reason = tier, before, reason
        self.since = self.asked = at
        self.away = False


class Automaton:
    """What is not a function of the records: where one model's lead stands, and what was told of it."""

    def __init__(self):
        self.standing = (0, False)
        self.ordinal = self.skipped = 0
        self.alert = None
        self.told = {}  # tier -> when it was told last
        self.stands = None  # frozen: (fit, exclusion) of the profile when that was first seen


class Lead:
    SAMPLES = 24  # of the dense search between two break points

    def __init__(self, models, horizon):
        self.models, self.horizon = models, horizon
        self.consent = any(m.spec.get("consent") == "required" for m in models)
        self.wanted = set().union(*(m.attributes() for m in models))
        self.crossings = []
        self.hints = set()  # instants that the dense search must not miss: it looks, and decides
        self.wants_until = self.expired = False
        self.united = set()  # models of which no crossing was compared since
        self.begin()

    def begin(self):
        """Nothing is known of the lead."""
        self.records, self.adjustments = [], []  # sorted by (time, hash)
        self.writes = {}  # attribute -> (time, hash, value)
        self.hashes = set()
        self.newest = self.clock = self.cut = None
        self.consented = self.tombstone = False
        self.automata = [Automaton() for _ in self.models]
        self.changed()

    def changed(self):
        self.records.sort(key=lambda e: e.key)
        self.adjustments.sort(key=lambda a: (a["time"], a["hash"]))
        self.profile = {name: value for name, (_, _, value) in self.writes.items()}
        self.views = [[] for _ in self.models]
        self.searched = [None] * len(self.models)

    def fold(self, index, at):
        horizon = -NEVER if self.newest is None else self.newest - self.horizon - WAIT_MAX
        return self.models[index].fold(self.records, at, horizon)

    def view(self, index, at):
        """Made anew whenever a record, a verdict or a silence lies between."""
        for view in self.views[index]:
            if view.state.since <= at < view.state.until:
                return view
        model = self.models[index]
        state = self.fold(index, at)
        view = View(model, state, self.profile, self.adjustments, self.automata[index].stands)
        if view.stands and view.state.frozen_since is None:
            view = View(model, state, self.profile, self.adjustments)
        self.views[index].insert(0, view)
        return view

    def next_standing(self, index, standing, at):
        return (0, False) if self.tombstone else self.view(index, at).next(standing, at)

    # ---- silence ----

    def first_change(self, index, standing, after, until):
        """The first instant in (after, until] at which silence alone moves the lead; None. One state holds for all
        of it."""
        view = self.view(index, after)
        if self.tombstone or view.state.frozen_since is not None:
            return None

        def moves(at):
            return view.next(standing, at) != standing

        low = after
        hints = {h for h in self.hints if after < h <= until}
        for high in sorted(hints.union(view.breaks(after, until))) + [until]:
            slopes = view.slopes(low)
            samples = self.SAMPLES if len(slopes) > 1 else len(slopes)
            for k in range(1, samples + 1):
                at = low + (high - 1 - low) * k // samples
                if at > low and moves(at):
                    return self.search(low, at, moves)
                low = max(low, at)
            if high > after and moves(high):
                return self.search(low, high, moves)
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

    def next_change(self, index, until):
        """The same from the clock on; what was searched is not searched again."""
        standing = self.automata[index].standing
        if self.searched[index] and self.searched[index][0] == standing:
            _, after, found = self.searched[index]
            if found is not None and found > self.clock:
                return found if found <= until else None
        else:
            after = self.clock
        after = max(after, self.clock)
        found = None
        if after < until:
            found = self.first_change(index, standing, after, until)
            self.searched[index] = standing, until, found
        return found

    def advance(self, until):
        while self.clock is not None and self.clock < until:
            instants = []
            for i in range(len(self.models)):
                stop = self.view(i, self.clock).state.until
                instants += [self.next_change(i, min(until, stop - 1)), self.alert_due(i), stop]
            at = min((t for t in instants if t is not None and self.clock < t <= until), default=None)
            if at is None:
                return
            self.judge(at, "event" if self.is_event_at(at) else "decay")

    def is_event_at(self, at):
        """Whether a record, or the verdict over a click, has its instant there."""
        return any(e.time == at for e in self.records) or any(
            m.quarantine and e.time + duration(m.quarantine["wait"]) == at and m.is_click(e)
            for m in self.models for e in self.records)

    def until(self, index, at):
        """When the lead leaves its tier if nothing more happens; None: not within five years."""
        model, standing, end = self.models[index], self.automata[index].standing, at + FIVE_YEARS
        while at < end:
            stop = self.view(index, at).state.until
            change = self.first_change(index, standing, at, min(end, stop - 1)) if at < stop - 1 else None
            at = min(stop if change is None else change, NEVER)
            if at > end:
                return None
            before, standing = standing, self.next_standing(index, standing, at)
            if model.tier_name(before) != model.tier_name(standing):
                return at
        return None

    # ---- judgements ----

    def judge(self, at, reason):
        self.clock = at
        for i, model in enumerate(self.models):
            automaton, view = self.automata[i], self.view(i, at)
            before, after = automaton.standing, self.next_standing(i, automaton.standing, at)
            self.stand_still(i, view)
            if after == before:
                self.tell_later(i, at)
                continue
            automaton.standing = after
            names = model.tier_name(before), model.tier_name(after)
            if names[0] == names[1]:
                continue
            why = self.reason(i, at, before, after, reason)
            crossing = Crossing(model, *names, at, why, self.score(i, at))
            self.tell(i, crossing, before, after)
            self.add(i, crossing)

    def add(self, index, crossing):
        self.automata[index].ordinal += 1
        crossing.ordinal = self.automata[index].ordinal
        crossing.lines = self.lines(index, crossing.at)
        if self.wants_until:
            crossing.until = self.until(index, crossing.at)
        self.crossings.append(crossing)

    def lines(self, index, at):
        return [] if self.tombstone else self.view(index, at).lines(at)

    def stand_still(self, index, view):
        """The profile of a frozen lead is that of the day when it was first seen frozen."""
        automaton = self.automata[index]
        frozen = not self.tombstone and view.state.frozen_since is not None
        if frozen != (automaton.stands is not None):
            automaton.stands = (view.fit, view.exclusion) if frozen else None
            self.views[index] = []

    def score(self, index, at):
        if self.tombstone:
            return type(self.view(index, at).score(at))(0, 0, 0, 0)
        return self.view(index, at).score(at)

    @staticmethod
    def hold_ends(view):
        """When each tier is held no more: several rules may hold it, the last of them counts."""
        ends = {}
        for _, end, tier in view.state.holds.values():
            ends[tier] = max(end, ends.get(tier, end))
        return ends.values()

    def reason(self, index, at, before, after, reason):
        view = self.view(index, at)
        if reason == "command":
            return reason
        if before[1] != after[1]:
            return "exclusion"
        if reason == "correction":
            return reason
        if after[0] > before[0] and after[0] > view.next(before, at, held=0)[0]:
            return "shortcut"
        if reason == "decay" and after[0] < before[0] and at in self.hold_ends(view):
            return "hold_ended"
        if after[0] < before[0] and view.state.resets - self.fold(index, at - 1).resets:
            return "reset"
        return reason

    # ---- alerts ----

    def policy(self, index, tier, name):
        return duration(self.models[index].tiers[tier].get("alert", {}).get(name, "0ms"))

    def tell(self, index, crossing, before, after):
        """Whether, and when, it is told. Only upward entries wait."""
        model, automaton, at = self.models[index], self.automata[index], crossing.at
        up = before[1] or not after[1] and after[0] > before[0]
        under, excluded = after if up else before
        crossing.publish = not model.spec.get("silent") and (excluded or model.tiers[under].get("publish", True))
        waiting = automaton.alert
        if not up:
            if waiting and at < waiting.asked + self.policy(index, waiting.tier, "delay"):
                waiting.away = True
            else:
                automaton.alert = None
        elif not crossing.publish:
            automaton.alert = None
        else:
            automaton.alert = Alert(after[0], crossing.before, crossing.reason, at)
            # A short absence does not begin the delay anew.
            if waiting and waiting.away and waiting.tier == after[0] and \
                    at < waiting.asked + self.policy(index, after[0], "delay"):
                automaton.alert.asked = waiting.asked
            crossing.publish = self.earliest(index, at) <= at
            if crossing.publish:
                self.was_told(index, at)

    def was_told(self, index, at):
        automaton = self.automata[index]
        automaton.told[automaton.alert.tier] = at
        automaton.alert = None

    def earliest(self, index, at):
        """When the entry that waits may be told."""
        model, automaton = self.models[index], self.automata[index]
        alert, when = automaton.alert, []
        when = [alert.since + self.policy(index, alert.tier, "for"), alert.asked + self.policy(index, alert.tier, "delay")]
        if alert.tier >= model.sales:
            when.append(self.view(index, at).state.muted)
        if alert.tier in automaton.told and alert.reason != "shortcut":
            when.append(automaton.told[alert.tier] + self.policy(index, alert.tier, "cool_down"))
        return max(when)

    def alert_due(self, index):
        automaton = self.automata[index]
        if not automaton.alert or automaton.alert.away or automaton.standing != (automaton.alert.tier, False) or \
                self.view(index, self.clock).state.frozen_since is not None:
            return None
        return self.earliest(index, self.clock)

    def tell_later(self, index, at):
        due = self.alert_due(index)
        if due is None or due > at:
            return
        model, alert = self.models[index], self.automata[index].alert
        crossing = Crossing(model, alert.before, model.tiers[alert.tier]["name"], at, alert.reason, self.score(index, at))
        crossing.since = alert.since
        self.was_told(index, at)
        self.add(index, crossing)

    # ---- the end ----

    def is_worthless(self, at):
        """Whether nothing would be missed: no tier, no consent, no profile, no adjustment in force, no limit per lead
        that is used, all repetitions too late by now, nothing that a cool-down or a mute counts from, and less than a
        thousandth of a point."""
        if self.tombstone:
            return at >= self.cut + TOMBSTONE
        states = [self.view(i, at).state for i in range(len(self.models))]
        return (all(a.standing == (0, False) for a in self.automata) and not self.consented and
                all(value is None and time < self.newest - self.horizon for time, _, value in self.writes.values()) and
                all(a["until"] <= at for a in self.adjustments) and
                at > self.newest + self.horizon and
                all(told + self.policy(i, tier, "cool_down") <= at
                    for i, a in enumerate(self.automata) for tier, told in a.told.items()) and
                all(s.muted <= at for s in states) and
                all(sum(abs(self.view(i, at).value(a, at, {scope: s.idle(scope, at) for scope in s.scopes}))
                        for a in s.awards) < 0.001 for i, s in enumerate(states)) and
                not any(s.floor and abs(s.floor.points * s.floor.decay.left(at - s.floor.time)) >= 0.001 or s.status
                        for s in states) and
                not any(limit.name == "lead" for s in states for a in s.awards for limit in a.rule.limits))

    # ---- events ----

    def step(self, data, digest, arrival, target=None):
        """@target: the digest of the event that it retracts."""
        self.advance(arrival)
        event = Event(data, digest)
        if event.time - arrival > AHEAD:
            event = event.at(arrival)
        verdict, reason = self.take(event, target)
        if verdict == "applied" and reason:  # without one nothing changed
            if self.clock is not None and event.time < self.clock and reason != "forgotten":
                reason = "correction"
            at = min(event.time, arrival)
            self.changed()
            self.judge(at if self.clock is None else max(at, self.clock), "command" if reason == "forgotten" else reason)
        return verdict

    def asks_for(self, event, target):
        """Before the lead is looked at: whether there is anything in it for the models."""
        if event.data.get("retracts"):
            return True
        if event.kind == "profile":
            return bool(self.wanted & set(event.data["attributes"]))
        return event.kind == "command" or any(m.looks_at(event) for m in self.models)

    def take(self, event, target):
        good, grants = self.asks_for(event, target), False
        forgets = event.kind == "command" and event.name == "forget" and not event.data.get("retracts")
        if self.consent:
            says = event.data.get("consent")
            if says is True:
                grants, good = not self.consented, good or not self.consented
            else:
                forgets = forgets or says is False
                good = self.clock is not None if forgets else good and self.consented
        if not good:
            return "filtered", None
        if self.cut is not None and event.time <= self.cut:
            return "forgotten", None
        if forgets:
            self.forget(event.time)
            return "applied", "forgotten"
        self.tombstone = False
        self.consented = self.consented or grants
        verdict, reason = self.put(event, target)
        return verdict, reason or ("event" if grants else None)

    def put(self, event, target):
        data = event.data
        if event.hash in self.hashes:
            return "duplicate", None
        known = data.get("retracts") or event.kind == "command" or any(m.looks_at(event) for m in self.models) or \
            event.kind == "profile" and self.wanted & set(data["attributes"])
        if self.newest is not None and event.time < self.newest - self.horizon and known:
            return "late", None
        fold_point = self.newest - self.horizon - WAIT_MAX if self.newest is not None else -NEVER
        self.newest = event.time if self.newest is None else max(event.time, self.newest)
        if not known:
            return "applied", "event"  # its consent, and nothing else
        if data.get("retracts"):
            self.retract(event, target, fold_point)
            return "applied", "correction"
        self.hashes.add(event.hash)
        if event.kind == "profile":
            newer = [name for name in data["attributes"]
                     if name in self.wanted and self.writes.get(name, (-NEVER, 0))[:2] < event.key]
            for name in newer:
                self.writes[name] = (event.time, event.hash, data["attributes"][name])
            status = any(m.status_attribute in data["attributes"] for m in self.models)
            if status:
                self.records.append(event)
            return "applied", "event" if newer or status else None
        if event.kind == "command" and event.name == "adjust":
            until = data["arguments"].get("until")
            self.adjustments.append({"time": event.time, "hash": event.hash, "points": data["arguments"]["points"],
                                     "until": NEVER if until is None else until})
            self.void_adjustments()
            return "applied", "command"
        self.records.append(event)
        return "applied", "command" if event.kind == "command" else "event"

    def retract(self, event, target, fold_point):
        """Of two that void one event the later stays. A target that is older than the horizon has been counted for
        good."""
        others = [r for r in self.records if r.kind == "retraction" and r.target == target]
        if any(r.key > event.key for r in others):
            return
        self.hashes.add(event.hash)
        self.records = [r for r in self.records if r not in others]
        self.hashes -= {r.hash for r in others}
        if not others and any(r.hash == target and r.time < fold_point for r in self.records):
            target = None
        self.records.append(Retraction(event.time, event.hash, target))
        self.void_adjustments()

    def void_adjustments(self):
        voids = {r.target: r.time for r in self.records if r.kind == "retraction"}
        self.adjustments = [a for a in self.adjustments if a["time"] > voids.get(a["hash"], -NEVER)]

    def voided(self, digest):
        return any(r.kind == "retraction" and r.target == digest for r in self.records)

    def forget(self, cut):
        """Everything up to @cut goes."""
        gone = {e.hash for e in self.records if e.time <= cut} | {a["hash"] for a in self.adjustments if a["time"] <= cut}
        self.records = [e for e in self.records if e.time > cut]
        self.adjustments = [a for a in self.adjustments if a["time"] > cut]
        gone |= {digest for time, digest, _ in self.writes.values() if time <= cut}
        self.writes = {name: w for name, w in self.writes.items() if w[0] > cut}
        self.hashes -= gone
        times = [e.time for e in self.records] + [a["time"] for a in self.adjustments] + [w[0] for w in self.writes.values()]
        self.newest = max(times, default=None)
        self.cut, self.consented, self.tombstone = cut, False, not times
        for automaton in self.automata:
            automaton.alert, automaton.told, automaton.stands = None, {}, None

    # ---- two leads are one ----

    def unite(self, other, at):
        """The other's records are this one's from now on; the tier is this one's, and the alerts of both count.
        Forgotten by either id, the person is forgotten."""
        cut = max((c for c in (self.cut, other.cut) if c is not None), default=None)
        for lead in (self, other):
            if lead.cut != cut:
                lead.forget(cut)
        self.records += other.records
        self.adjustments += other.adjustments
        self.hashes |= other.hashes
        for name, write in other.writes.items():
            if self.writes.get(name, (-NEVER, 0))[:2] < write[:2]:
                self.writes[name] = write
        for mine, theirs in zip(self.automata, other.automata):
            for tier, told in theirs.told.items():
                mine.told[tier] = max(told, mine.told.get(tier, told))
        self.united = set(self.models)
        self.newest = max((t for t in (self.newest, other.newest) if t is not None), default=None)
        self.consented = self.consented or other.consented and not other.tombstone
        self.tombstone = cut is not None and self.newest is None
        at = max(t for t in (at, self.clock, other.clock) if t is not None)
        waited = [automaton.alert for automaton in self.automata]
        self.changed()
        self.judge(at, "command")
        for index, automaton in enumerate(self.automata):
            if automaton.alert is not waited[index]:
                self.carry_alert(index, automaton.alert, other.automata[index].alert, at)

    def carry_alert(self, index, mine, theirs, at):
        """An entry of the other that waited goes on waiting, if the union has just put this lead into its tier."""
        if not mine or not theirs or mine.since != at or mine.away or theirs.away or mine.tier != theirs.tier:
            return
        entered = mine.since, mine.asked, mine.reason
        mine.since, mine.asked, mine.reason = theirs.since, theirs.asked, theirs.reason
        if self.earliest(index, at) <= at:
            mine.since, mine.asked, mine.reason = entered
