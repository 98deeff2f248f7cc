#!/usr/bin/env python3
"""compare.py ENGINE_CASES [--seed S] [--count N] [--quick] [--seconds T] [--progress]

Random models and histories (generate.py) through the engine and through the literal definition
(scoring.py, lead.py), which share no line. A comparison is one of

    a verdict about an event;
    a crossing: model, tiers, reason, instant to the millisecond, whether and since when it is told,
        its ordinal, score (1e-9), published score and lines; of one case in four also until when the
        lead stays;
    a score at an instant (1e-9), with its grade, completeness, published score and lines;
    the packed evidence of a second run, in another order, with repetitions and restarts elsewhere.

A line is compared by count, points before decay, points now (to the cent) and what limited it. A case
fails at its first difference, and is played again by --seed S --count 1. A crossing may lie elsewhere
by rounding: when both scores are within 1e-9 of a mark at both instants the case ends there, and is
counted as a tie. --seconds stops after so long; --progress says every thousand cases how far it is.

Much more than CI does, on two cores (pypy3 is slower: each case is another model):

    for s in 1 10000000; do compare.py ENGINE_CASES --seed $s --count 1000000 --seconds 1800 & done"""
import argparse
import json
import math
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from generate import DAY, MINUTE, Generator, text_of  # noqa: E402
from lead import FIVE_YEARS, Lead  # noqa: E402
from scoring import Model  # noqa: E402

NEAR = 1e-9


class Differs(Exception):
    pass


class Tie(Exception):
    pass


class Engine:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=False)

    @staticmethod
    def asked(models, lines):
        """One case, as the engine reads it."""
        bodies = [text_of(m).encode() for m in models]
        head = b"case\n" + b"".join(b"model %d\n" % len(b) + b for b in bodies)  # the body has its length
        return head + "\n".join(lines + ["end", ""]).encode()

    def play(self, models, lines):
        """The answers to one case: a list of dictionaries."""
        self.process.stdin.write(self.asked(models, lines))
        self.process.stdin.flush()
        answers = []
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise Differs("the engine died")
            answer = json.loads(line)
            if "end" in answer:
                return answers
            answers.append(answer)


def expect(same, what, *values):
    if not same:
        raise Differs(what + ": " + ", ".join(str(v) for v in values))


def close(a, b):
    return abs(a - b) <= NEAR * max(1, abs(b))


def near_mark(model, score):
    return any(abs(value - mark) < NEAR for mark in model.marks()
               for value in (score.total, score.beneath, score.exclusion))


def near_grade(model, score):
    return any(abs(value - mark) < NEAR for kind, value in (("fit", score.fit), ("behaviour", score.behaviour))
               for mark in model.grades.get(kind, {}).values())


# ---- explanations -------------------------------------------------------------------------------

def shared_cents(values, total):
    """The cents of lines of @values that are to sum to @total cents: rounded down, then what is missing to the
    largest remainders; None when that hangs on the last bits of a double."""
    cents = [math.floor(v * 100) for v in values]
    left = [v * 100 - c for v, c in zip(values, cents)]
    missing = total - sum(cents)
    order = sorted(range(len(values)), key=lambda i: left[i], reverse=missing > 0)
    edges = [left[order[abs(missing) - 1]], left[order[abs(missing)]]] if 0 < abs(missing) < len(values) else [0, 1]
    if any(x < 1e-6 or x > 1 - 1e-6 for x in left) or abs(missing) > len(values) or abs(edges[0] - edges[1]) < 1e-6:
        return None
    for i in order[:abs(missing)]:
        cents[i] += 1 if missing > 0 else -1
    return cents


def compare_lines(lines, answer):
    mine, told = {line[0]: line for line in lines}, {line[0]: line for line in answer["lines"]}
    expect(len(told) == len(answer["lines"]), "a line twice", answer["lines"])
    for name in set(mine) ^ set(told):  # of what is next to nothing there may be a line or not
        line = mine.get(name) or told[name]
        expect(not line[1] and abs(line[3]) < 1e-6, "a line too many or missing", line, lines, answer["lines"])
    shared = [line for line in lines if line[0] in told]
    cents = shared_cents([line[3] for line in shared], round(answer["score"] * 100)) if len(shared) == len(lines) else None
    for i, (name, count, points, now, limits) in enumerate(shared):
        _, told_count, told_points, told_now, told_limit = told[name]
        expect(count == told_count, "the count of a line", name, count, told[name])
        expect(told_limit in limits, "the limit of a line", name, limits, told[name])
        if told_count or told_limit == "":
            expect(close(points, told_points), "points before decay of a line", name, points, told[name])
        expect(abs(now - told_now) < 0.0100001, "points now of a line", name, now, told[name])
        if cents:
            expect(abs(told_now * 100 - cents[i]) < 1e-3, "cents of a line", name, now, cents[i], answer)
    sizes = [abs(mine[line[0]][3]) for line in answer["lines"] if line[0] in mine]
    expect(all(a >= b - NEAR * max(1, a) for a, b in zip(sizes, sizes[1:])), "the order of lines", answer["lines"])


def compare_score(model, exact, lines, answer):
    """The published score is the rounded one, unless that lies beyond a mark that the exact one is not beyond."""
    expect(abs(sum(line[3] for line in answer["lines"]) - answer["score"]) < 1e-6, "lines do not sum", answer)
    half_up = math.floor(answer["exact"] * 100 + 0.5) / 100
    if lines is not None and not lines:
        expect(answer["score"] == 0, "a score of nothing", answer)
    elif abs(half_up - answer["score"]) > 1e-6 and abs(answer["exact"] * 200 - round(answer["exact"] * 200)) > 1e-6:
        beyond = any(min(half_up, exact) - NEAR <= mark <= max(half_up, exact) + NEAR for mark in model.marks())
        expect(abs(half_up - answer["score"]) < 0.0100001 and beyond, "rounding", exact, answer)
    if lines:
        compare_lines(lines, answer)


# ---- crossings ----------------------------------------------------------------------------------

def crossed(model, before, after, exact, score):
    """A published score lies on the side of the mark just crossed on which the exact one is."""
    tiers = {t["name"]: i for i, t in enumerate(model.tiers)}
    if before not in tiers or after not in tiers:
        return True
    up = tiers[after] > tiers[before]
    tier = model.tiers[tiers[after] if up else tiers[before]]
    mark = tier["entry"] if up else tier.get("exit", tier["entry"])
    if "when" in tier:  # it may not be a mark that was crossed
        return True
    strict = tier.get("strict") and (up or "exit" not in tier)

    def beyond(value):
        return value > mark if strict else value >= mark

    return abs(exact - mark) < NEAR or beyond(exact) == beyond(score + (0 if strict else 1e-7))


def same_crossing(a, b):
    return a and b and (a.model.name, a.before, a.after, a.at, a.reason, a.publish, a.since) == (
        b["crossing"], b["from"], b["to"], b["at"], b["reason"], bool(b["publish"]), b.get("since"))


def compare_crossings(lead, told):
    """Both lists since the last comparison; the one is emptied."""
    mine, lead.crossings = lead.crossings, []
    order = {m.name: i for i, m in enumerate(lead.models)}
    mine.sort(key=lambda c: (c.at, order[c.model.name]))
    told = sorted(told, key=lambda c: (c["at"], order[c["crossing"]]))
    for i in range(max(len(mine), len(told))):
        a, b = (mine[i] if i < len(mine) else None), (told[i] if i < len(told) else None)
        if not same_crossing(a, b):
            for model, at in [(c.model, c.at) for c in (a,) if c] + (
                    [(lead.models[order[b["crossing"]]], b["at"])] if b else []):
                if near_mark(model, lead.score(order[model.name], at)):
                    raise Tie()
            # A late event is judged at the clock, which another model's change may have moved.
            if a and b and abs(a.at - b["at"]) == 1 and any(
                    near_mark(m, lead.score(i, at)) for i, m in enumerate(lead.models) for at in (a.at, b["at"])):
                raise Tie()
            keys = ("crossing", "from", "to", "at", "reason", "publish", "since", "exact")
            raise Differs(f"crossing {a} is not {b and [b.get(k) for k in keys]}")
        expect(close(a.score.total, b["exact"]), "score of a crossing", a, b["exact"])
        compare_score(a.model, a.score.total, a.lines, b)
        expect(a.since is not None or crossed(a.model, a.before, a.after, b["exact"], b["score"]), "rounded across the mark", a, b)
        automaton = lead.automata[order[a.model.name]]
        if a.model in lead.united and b["ordinal"] > a.ordinal + automaton.skipped:  # it may go on from the other's
            automaton.skipped = b["ordinal"] - a.ordinal
        lead.united.discard(a.model)
        expect(a.ordinal + automaton.skipped == b["ordinal"], "ordinal", a, a.ordinal, b["ordinal"])
        if a.until is not False and a.until != b.get("until"):
            at = [t for t in (a.until, b.get("until")) if t is not None]
            index = order[a.model.name]
            if any(abs(t - a.at - FIVE_YEARS) <= 1 or near_mark(a.model, lead.score(index, t)) for t in at):
                continue
            raise Differs(f"{a} holds until {a.until}, is not {b.get('until')}")


# ---- cases --------------------------------------------------------------------------------------

def repeats(verdict, event, digest, lead, told):
    """A repetition is told as such while its event is remembered, and changes nothing in any case: an id
    is known within the horizon, that of a profile while one of its values stands, that of an adjustment unless
    it was taken back. What a tombstone refuses is late some day."""
    if verdict == "forgotten":
        return told == "late" and event["time"] < lead.newest - lead.horizon
    return verdict == "duplicate" and (
        told == "late" and event["time"] <= lead.newest - lead.horizon or told == "applied" and (
            event["type"] == "profile" or event.get("name") == "adjust" and lead.voided(digest)))


class Case:
    def __init__(self, seed):
        self.g = g = Generator(seed)
        self.specs = [g.model("m")] + ([g.model("n")] if g.some(0.2) else [])
        self.models = [Model(spec) for spec in self.specs]
        self.rows = g.merged_history() if g.some(0.15) else g.history()
        last = max(arrival for arrival, _ in self.rows)
        self.asks = sorted(last + g.random.randrange(40 * DAY) for _ in range(6))
        self.wants_until = g.some(0.25)
        self.compared = 0

    def script(self):
        g = self.g
        lines = [f"horizon {g.horizon}"] if g.horizon != 7 * DAY else []
        for arrival, event in self.rows:
            verb = "merge" if event.get("name") == "merge" else "event"
            lines.append(f"{verb} {arrival} {json.dumps(event, ensure_ascii=False)}")
            if g.some(0.3):
                lines.append("restart")
        for at in self.asks:
            lines += [f"until {at}", f"ask {at}"]
        return lines + self.shuffled()

    def shuffled(self):
        """The same events once more in another order, of which none comes too late, some twice."""
        g, rows, times = self.g, self.rows, {(e["lead"], e["id"]): e["time"] for _, e in self.rows}
        # The delay of a retraction counts from its target's time.
        begins = [min(e["time"], times.get((e["lead"], e.get("retracts")), e["time"])) for _, e in rows]
        if any(e["time"] > arrival + 5 * MINUTE or e.get("name") in ("merge", "forget") or "consent" in e or
               "retracts" in e and arrival > begin + g.safe() for (arrival, e), begin in zip(rows, begins)):
            return []
        rows = [(max(e["time"], begin + g.random.randrange(g.safe())), e) for (_, e), begin in zip(rows, begins)
                for _ in range(1 if g.some(0.8) else 2)]
        lines = ["evidence", "again"]
        for arrival, event in sorted(rows, key=lambda r: r[0]):
            lines.append(f"event {arrival} {json.dumps(event, ensure_ascii=False)}")
            if g.some(0.3):
                lines.append("restart")
        return lines + ["evidence"]

    def play(self, engine):
        answers = engine.play(self.specs, self.script())
        why = next((a["refused"] for a in answers if "refused" in a), None)
        if why:
            expect("cannot be reached" in why or "no lead can" in why, "refused", why)
            return
        places = [i for i, a in enumerate(answers) if "evidence" in a]
        if places:
            again, answers = answers[places[0]:], answers[:places[0]]
            whole = answers + again[1:-1]
            if not any("expired" in a or a.get("verdict") in ("late", "forgotten") for a in whole):
                expect(again[0] == again[-1], "another order gives other evidence", again[0]["evidence"],
                       again[-1]["evidence"])
                self.compared += 1
        self.compare(answers)

    def compare(self, answers):
        hashes = [a["hash"] for a in answers if "hash" in a]
        self.digest = {(e["lead"], e["id"]): h for (_, e), h in zip(self.rows, hashes)}
        self.leads = {name: Lead(self.models, self.g.horizon) for name in ("L", "K")}
        for lead in self.leads.values():
            lead.hints = {a["at"] for a in answers if "crossing" in a}
            lead.hints |= {a["until"] for a in answers if "until" in a} if self.wants_until else set()
            lead.wants_until = self.wants_until
        self.told = {"L": [], "K": []}
        rows, asks, asked = iter(self.rows), iter(self.asks), 0
        for answer in answers:
            if "crossing" in answer:
                self.told[answer["lead"]].append(answer)
            elif "expired" in answer:
                self.expire(answer)
            elif "verdict" in answer:
                self.compare_event(*next(rows), answer)
            elif "ask" in answer:
                if asked % len(self.models) == 0:
                    when = next(asks)
                    self.catch_up("L", when)
                self.compare_ask(asked % len(self.models), when, answer)
                asked += 1

    def catch_up(self, name, until):
        """Crossings told before the verdict are of the silence, those after it of the event."""
        self.leads[name].advance(until)
        self.compared += len(self.told[name])
        compare_crossings(self.leads[name], self.told[name])
        self.told[name] = []

    def expire(self, answer):
        lead = self.leads[answer["lead"]]
        self.catch_up(answer["lead"], answer["expired"])
        expect(lead.is_worthless(answer["expired"]), "a lead that is worth something is forgotten", answer)
        lead.begin()
        lead.expired = True

    def compare_event(self, arrival, event, answer):
        name = event["lead"] if "K" in self.leads else "L"
        if event.get("name") == "merge":
            self.catch_up("K", arrival)
            self.catch_up("L", arrival)
            other = self.leads.pop("K")
            if other.clock is not None:
                self.leads["L"].unite(other, min(event["time"], arrival))
            expect(answer["verdict"] == ("filtered" if other.clock is None else "applied"), "verdict", event, answer)
            self.compared += 1
            return
        lead = self.leads[name]
        self.catch_up(name, arrival)
        digest = self.digest[event["lead"], event["id"]]
        target = self.digest.get((event["lead"], event.get("retracts")))
        verdict = lead.step(event, digest, arrival, target)
        lead.expired = lead.expired and verdict != "applied"
        expect(verdict == answer["verdict"] or repeats(verdict, event, digest, lead, answer["verdict"]), "verdict", event,
               verdict, answer["verdict"])
        self.compared += 1

    def compare_ask(self, index, when, answer):
        lead, model = self.leads["L"], self.models[index]
        mine = lead.score(index, when)
        if lead.expired:  # what is left of it is seen until its key is deleted
            expect(abs(mine.total - answer["exact"]) <= 0.001, "score", when, mine.total, answer["exact"])
            self.compared += 1
            return
        expect(close(mine.total, answer["exact"]), "score", when, mine.total, answer["exact"])
        compare_score(model, mine.total, lead.lines(index, when), answer)
        known = 0 if lead.tombstone else model.completeness(lead.profile)
        expect(close(known, answer["completeness"]), "completeness", when, known, answer["completeness"])
        if not near_grade(model, mine):
            grade = model.grade(mine, lead.automata[index].standing[1])
            expect(grade == answer["grade"], "grade", when, grade, answer["grade"])
        self.compared += 1


def compare(engine, seed):
    """How many comparisons there were."""
    case = Case(seed)
    case.play(engine)
    return case.compared


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("engine")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=math.inf)
    parser.add_argument("--quick", action="store_true", help="stop at the first difference")
    parser.add_argument("--progress", action="store_true")
    args = parser.parse_args()
    engine = Engine(args.engine)
    compared = ties = failed = empty = cases = 0
    end = time.monotonic() + args.seconds
    for seed in range(args.seed, args.seed + args.count):
        if time.monotonic() > end:
            break
        cases += 1
        case = Case(seed)
        try:
            case.play(engine)
            empty += case.compared == 0
        except Tie:
            ties += 1
        except Differs as why:
            failed += 1
            print(f"seed {seed}: {why}", flush=True)
            if failed >= 10 or args.quick:
                break
            engine = Engine(args.engine)
        compared += case.compared
        if args.progress and cases % 1000 == 0:
            print(f"{cases} cases, {compared} comparisons, {ties} ties, {failed} failed", flush=True)
    print(f"{cases} cases from seed {args.seed}: {compared} comparisons, {ties} ties, {empty} refused, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
