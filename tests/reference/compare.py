#!/usr/bin/env python3
"""compare.py ENGINE_CASES [--seed S] [--count N] [--quick]: random models and histories through the
engine and through the literal definition (scoring.py). A case fails when they differ in a verdict, a
crossing (model, tiers, reason, instant to the millisecond), a score (1e-9) or the sum of its lines;
it is printed so that it can be played again: --seed S --count 1.

A crossing may lie elsewhere by rounding: when both scores are within 1e-9 of a mark at both instants
the case ends there, and is counted as a tie."""
import argparse
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from generate import DAY, SPAN, START, Generator, text_of  # noqa: E402
from scoring import HORIZON, Lead  # noqa: E402

NEAR = 1e-9


class Differs(Exception):
    pass


class Tie(Exception):
    pass


class Engine:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=False)

    @classmethod
    def asked(cls, models, rows, asks, restarts):
        """One case, as the engine reads it."""
        lines = ["case"]
        for model in models:
            body = text_of(model)
            lines.append(f"model {len(body.encode())}\n{body}")
        for i, (arrival, event) in enumerate(rows):
            lines.append(f"event {arrival} {json.dumps(event, ensure_ascii=False)}")
            if i in restarts:
                lines.append("restart")
        for at in asks:
            lines += [f"until {at}", f"ask {at}"]
        return cls.unbroken(lines).encode()

    def play(self, models, rows, asks, restarts):
        """The answers to one case: a list of dictionaries."""
        self.process.stdin.write(self.asked(models, rows, asks, restarts))
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

    @staticmethod
    def unbroken(lines):
        """The body of a model has its length: no newline comes after it."""
        return "".join(line if line.startswith("model ") else line + "\n" for line in lines) + "end\n"


def expect(same, what, *values):
    if not same:
        raise Differs(what + ": " + ", ".join(str(v) for v in values))


def near_mark(model, score):
    return any(abs(value - mark) < NEAR for mark in model.marks()
               for value in (score.total, score.beneath, score.exclusion))


def veiled(lead, state):
    """A frozen lead keeps only the newest value of an attribute: the fit of the day it was frozen cannot
    be told any more once one of them was written since."""
    return state.frozen_since is not None and any(time > state.frozen_since for time, _, _ in lead.writes.values())


def near_grade(model, score):
    return any(abs(value - mark) < NEAR for kind, value in (("fit", score.fit), ("behaviour", score.behaviour))
               for mark in model.grades.get(kind, {}).values())


def compare_crossings(lead, told):
    """Both lists since the last comparison; the one is emptied."""
    mine, lead.crossings = lead.crossings, []
    order = {m.name: i for i, m in enumerate(lead.models)}
    mine.sort(key=lambda c: (c.at, order[c.model.name]))
    told = sorted(told, key=lambda c: (c["at"], order[c["crossing"]]))
    for i in range(max(len(mine), len(told))):
        a, b = (mine[i] if i < len(mine) else None), (told[i] if i < len(told) else None)
        same = a and b and (a.model.name, a.before, a.after, a.at, a.reason) == (
            b["crossing"], b["from"], b["to"], b["at"], b["reason"])
        if not same:
            for model, at in [(c.model, c.at) for c in (a,) if c] + (
                    [(lead.models[order[b["crossing"]]], b["at"])] if b else []):
                if near_mark(model, lead.score(order[model.name], at)):
                    raise Tie()
            raise Differs(f"crossing {a} is not {b and (b['crossing'], b['from'], b['to'], b['at'], b['reason'], b['exact'])}")
        expect(abs(a.score.total - b["exact"]) < NEAR * max(1, abs(b["exact"])), "score of a crossing", a, b["exact"])
        check_sum(b)


def check_sum(answer):
    expect(abs(sum(line[3] for line in answer["lines"]) - answer["score"]) < 1e-6, "lines do not sum", answer)
    expect(abs(answer["score"] - answer["exact"]) <= 0.0100001, "published score", answer)


def repeats(verdict, event, lead, told):
    """A repetition is told as such while its event is remembered, and changes nothing in any case: an id
    is known within the horizon, that of a profile while one of its values stands."""
    return verdict == "duplicate" and (
        told == "late" and event["time"] <= lead.newest - HORIZON or told == "applied" and event["type"] == "profile")


def compare(engine, seed):
    """How many things were held against each other."""
    g = Generator(seed)
    models = [g.model("m")] + ([g.model("n")] if g.some(0.2) else [])
    rows = g.history()
    last = max(arrival for arrival, _ in rows)
    asks = sorted(last + g.random.randrange(40 * DAY) for _ in range(6))
    restarts = {i for i in range(len(rows)) if g.some(0.3)}
    answers = engine.play(models, rows, asks, restarts)
    compared = 0
    if any("refused" in a for a in answers):
        why = next(a["refused"] for a in answers if "refused" in a)
        expect("cannot be reached" in why or "no lead can" in why or "not supported yet" in why, "refused", why)
        return 0
    hashes = iter([a["hash"] for a in answers if "hash" in a])
    known = {}
    for _, event in rows:
        known[id(event)] = dict(event, hash=next(hashes))
    lead, told, at = Lead(models), [], iter(rows)
    hints = {a["at"] for a in answers if "crossing" in a}
    lead.hints = hints
    queries, asked = iter(asks), 0
    for answer in answers:
        if "crossing" in answer:
            told.append(answer)
        elif "expired" in answer:
            lead.advance(answer["expired"])
            compare_crossings(lead, told)
            told = []
            expect(lead.is_worthless(answer["expired"]), "a lead that is worth something is forgotten", answer)
            lead.forget()
            lead.hints = hints
        elif "verdict" in answer:
            arrival, event = next(at)
            # Crossings told before the verdict are of the silence, those after it of the event.
            lead.advance(arrival)
            compare_crossings(lead, told)
            told = []
            verdict = lead.step(known[id(event)], arrival)
            expect(verdict == answer["verdict"] or repeats(verdict, event, lead, answer["verdict"]), "verdict", event,
                   verdict, answer["verdict"])
            compared += 1
        elif "ask" in answer:
            if asked % len(models) == 0:
                when = next(queries)
                lead.advance(when)
                compared += len(told)
                compare_crossings(lead, told)
                told = []
            index = asked % len(models)
            asked += 1
            if veiled(lead, lead.state(index, when)):
                continue
            mine = lead.score(index, when)
            # What is left of a forgotten lead is seen until its key is deleted.
            near = 0.001 if lead.forgotten else NEAR * max(1, abs(mine.total))
            expect(abs(mine.total - answer["exact"]) <= near, "score", when, mine.total,
                   answer["exact"])
            check_sum(answer)
            model, grade = lead.models[index], None
            if not near_grade(model, mine):
                grade = model.grade(lead.state(index, when), mine, lead.standing[index])
                expect(grade == answer["grade"], "grade", when, grade, answer["grade"])
            compared += 1
    return compared


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("engine")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--quick", action="store_true", help="stop at the first difference")
    args = parser.parse_args()
    engine = Engine(args.engine)
    compared = ties = failed = empty = 0
    for seed in range(args.seed, args.seed + args.count):
        try:
            n = compare(engine, seed)
            compared += n
            empty += n == 0
        except Tie:
            ties += 1
        except Differs as why:
            failed += 1
            print(f"seed {seed}: {why}")
            if failed >= 10 or args.quick:
                break
            engine = Engine(args.engine)
    print(f"{args.count} cases from seed {args.seed}: {compared} comparisons, {ties} ties, {empty} refused, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
