"""What a load of make_events must have left behind: fold_check's fold of the topics against the leads
in Redis and against what was published."""
import json
import os
import struct
import subprocess

from harness import await_until, expect, say

INPUTS = ("page_views", "emails", "forms")
MODEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fault", "kill.yaml")


class Load:
    """make_events, running; a context manager. @options: events=N, rate=R, leads=L, ..."""

    def __init__(self, world, **options):
        args = [world.program("make_events"), "--bootstrap", world.broker.bootstrap, "--prefix", world.prefix]
        for name, value in options.items():
            args += [f"--{name}", str(value)]
        self.process = subprocess.Popen(args, stdout=subprocess.PIPE, text=True)
        self.made = None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, _):
        if kind and self.process.poll() is None:
            self.process.kill()
        self.stop()

    def wait(self):
        """Until all events are out; how many."""
        if self.made is None:
            out = self.process.communicate()[0].split()
            expect(self.process.returncode == 0 or not out, f"make_events ended with {self.process.returncode}")
            self.made = int(out[1]) if out else 0
        return self.made

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.wait()


INTERNAL = 15  # the number of the topic by which shards hand leads over to each other


def dump_topics(world, names):
    args = []
    topics = [(number, world.prefix + name, "--topic") for number, name in enumerate(names)]
    for number, name, option in topics + [(INTERNAL, f"seuil.{world.app}.internal", "--internal")]:
        path = os.path.join(world.folder, f"{name}.dump")
        subprocess.run([world.program("dump_topic"), world.broker.bootstrap, str(number), name, path],
                       check=True, stdout=subprocess.DEVNULL)
        args += [option, f"{number}:{name}:{path}"]
    return args


def dump_leads(world):
    path = os.path.join(world.folder, "leads.dump")
    redis = world.redis.client()
    count = 0
    with open(path, "wb") as out:
        for shard in range(world.partitions):
            prefix = f"s:{{{world.app}.{shard}}}:l:".encode()
            keys = redis.keys(prefix.decode() + "*")
            for i in range(0, len(keys), 500):
                part = keys[i:i + 500]
                for key, value in zip(part, redis("MGET", *part)):
                    lead = key[len(prefix):]
                    out.write(struct.pack("<II", len(lead), len(value)) + lead + value)
                    count += 1
    redis.close()
    return path, count


def fold_check(world, *args):
    """Dump both sides and compare. The daemons are dead or stopped: nothing moves."""
    topics = dump_topics(world, world.inputs)
    leads, count = dump_leads(world)
    expect(count > 0, "no lead is in Redis")
    out = subprocess.run([world.program("fold_check"), "--app", world.app, "--model", world.model, *topics,
                          "--leads", leads, *args], stdout=subprocess.PIPE, text=True)
    say(out.stdout.strip().replace("\n", "\n    "))
    expect(out.returncode == 0, "states differ from the fold of their records")


def published(world, same_bytes=True, reborn=None):
    """What the outbound topic holds: id -> value, checked for sameness and order on the way, and how
    many records repeat an id. @same_bytes: False where Redis lost its tail. @reborn: the tier in which
    a lead begins anew that was merged into another or forgotten, of which no crossing tells."""
    values, order, repeats = {}, {}, 0
    for record in world.consume("qualifications"):
        key, value = record.key.decode(), record.value.decode()
        crossing = json.loads(value)
        expect(crossing["lead"] == key, f"key {key} is not the lead of {value}")
        total = sum(round(line["now"] * 100) for line in crossing["explanation"])
        expect(total == round(crossing["score"] * 100), f"the lines do not sum to the score: {value}")
        if crossing["id"] in values:
            expect(not same_bytes or values[crossing["id"]] == value,
                   f"the same id with other bytes: {values[crossing['id']]} and {value}")
            repeats += 1
            continue
        values[crossing["id"]] = value
        before = order.get(key)
        if before and same_bytes:
            expect(crossing["tier_before"] in (before["tier"], reborn), f"{key}: {before} is followed by {value}")
        order[key] = crossing
    return values, repeats


def expected(world, *args):
    """The fold's crossings, id -> value; every record is in, and states are the fold's."""
    path = os.path.join(world.folder, "expected")
    fold_check(world, "--all", "--expect", path, *args)
    with open(path) as f:
        return dict(line.rstrip("\n").split("\t", 1) for line in f)


def judge(world, minimum=500, until=None, wanted=lambda crossing: True, reborn=None):
    """At the end, with everything applied and the daemons stopped: states and the published set are
    the fold's. @until: silence too, up to then, also where the state's clock is behind. @wanted: of
    the expected ones, which are published. Returns the values by id."""
    want = expected(world, *(["--until", str(until)] if until is not None else []))
    want = {i: v for i, v in want.items() if wanted(json.loads(v))}
    values, repeats = published(world, reborn=reborn)
    say(f"{len(values)} crossings published, {repeats} repeats, {len(want)} expected")
    # What is handed over to a lead comes a moment after it was said: in which order with the lead's own
    # events, the fold cannot know.
    united = {r.key.decode() for r in world.consume(f"seuil.{world.app}.internal", prefix="")}
    want, values = ({i: v for i, v in some.items() if not united or json.loads(v)["lead"] not in united}
                    for some in (want, values))
    missing = [i for i in want if i not in values]
    extra = [i for i in values if i not in want]
    other = [i for i in want if i in values and values[i] != want[i]]
    expect(not missing, f"{len(missing)} crossings were never published, the first: {want[missing[0]] if missing else ''}")
    expect(not extra, f"{len(extra)} crossings that the fold does not know: {values[extra[0]] if extra else ''}")
    expect(not other, f"{len(other)} with other bytes: {[values[other[0]], want[other[0]]] if other else ''}")
    expect(len(want) >= minimum, f"{len(want)} crossings are too few to mean anything")
    return values


def judge_scores(world):
    """At the end: the last record of each lead in the scores topic, by its number, is what its state is."""
    path = os.path.join(world.folder, "scores")
    fold_check(world, "--scores", path)
    with open(path, encoding="utf-8") as f:
        want = dict(line.rstrip("\n").split("\t", 1) for line in f)
    last, later = {}, 0
    for record in world.consume("scores"):
        number = int(record.headers["seuil_seq"])
        key = record.key.decode()
        later += key in last and last[key][0] > number
        if key not in last or last[key][0] <= number:
            last[key] = (number, "null" if record.value is None else record.value.decode())
    say(f"{len(last)} leads in the scores topic, {later} records that a later one had overtaken")
    other = [lead for lead in last if last[lead][1] != want.get(lead, "null")]
    expect(not other, f"{len(other)} leads are told otherwise: {[last[other[0]], want.get(other[0])] if other else ''}")
    expect(not want.keys() - last.keys(), f"never told: {sorted(want.keys() - last.keys())[:3]}")


def drained(world):
    """Whether base has come to the end of every input: all is applied and written."""
    return all(topic["lag"] == 0 for shard in world.shards() for topic in shard["topics"])


def await_drained(world, seconds=120):
    await_until("all is applied and written", lambda: drained(world), seconds, 0.3)


def await_silence(world, now_ms, seconds=60):
    """Until no due time up to @now_ms is left in Redis: everything that silence does is done."""
    redis = world.redis.client()
    await_until("every silence is judged", lambda: not any(
        redis("ZCOUNT", f"s:{{{world.app}.{shard}}}:d", "-inf", now_ms) for shard in range(world.partitions)), seconds, 0.3)
    redis.close()
