"""Real servers and the real daemon for the integration and fault tests: everything private, in one
temporary folder, on ports and sockets of its own; what was started is ended with the test.

Nothing here sleeps for a fixed time: `await_until` waits for an event and says what did not come.
Deadlines are ten times the behaviour's own figure, since CI machines are slow and shared."""
import collections
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


class Failure(Exception):
    """A test's expectation does not hold."""


def say(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def expect(condition, text):
    if not condition:
        raise Failure(text)


Record = collections.namedtuple("Record", "topic partition offset time key value headers")


def read_dump(data):
    """The records of a file of dump_topic."""
    at = 0
    while at < len(data):
        topic, partition, offset, time_ms, key_len, value_len, headers_len = struct.unpack_from("<IiqqIII", data, at)
        at += 36
        key, at = data[at:at + key_len], at + key_len
        value = None
        if value_len != 0xffffffff:
            value, at = data[at:at + value_len], at + value_len
        headers, end = {}, at + headers_len
        while at < end:
            name_len, header_len = struct.unpack_from("<II", data, at)
            at += 8 + name_len + header_len
            headers[data[at - header_len - name_len:at - header_len].decode()] = data[at - header_len:at]
        yield Record(topic, partition, offset, time_ms, key, value, headers)


def await_until(what, predicate, seconds=60, step=0.05):
    """The first true value of predicate(); Failure naming @what after @seconds."""
    end = time.monotonic() + seconds
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"not within {seconds} s: {what}")
        time.sleep(step)


class RedisError(Exception):
    pass


class RedisClient:
    """RESP2 in forty lines: enough to look at keys and to do harm to a server."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(path)
        self.file = self.sock.makefile("rb")

    def __call__(self, *args):
        out = b"*%d\r\n" % len(args)
        for a in args:
            a = a if isinstance(a, bytes) else str(a).encode()
            out += b"$%d\r\n%s\r\n" % (len(a), a)
        self.sock.sendall(out)
        return self.reply()

    def reply(self):
        line = self.file.readline()
        if not line:
            raise ConnectionError("redis closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RedisError(rest.decode())
        if kind == b"+":
            return rest.decode()
        if kind == b":":
            return int(rest)
        n = int(rest)
        if n < 0:
            return None
        if kind == b"$":
            return self.file.read(n + 2)[:-2]
        return [self.reply() for _ in range(n)]

    def keys(self, pattern):
        cursor, found = b"0", []
        while True:
            cursor, part = self("SCAN", cursor, "MATCH", pattern, "COUNT", 10000)
            found += part
            if cursor == b"0":
                return sorted(set(found))

    def close(self):
        self.file.close()
        self.sock.close()


class Redis:
    def __init__(self, folder, *options):
        self.folder = os.path.join(folder, "redis")
        os.makedirs(self.folder, exist_ok=True)
        self.path = os.path.join(self.folder, "redis.sock")
        self.options = list(options)
        self.process = None

    def start(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        log = open(os.path.join(self.folder, "redis.log"), "ab")
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.path, "--save", "", "--dir", self.folder,
             "--maxmemory-policy", "noeviction", *self.options], stdout=log, stderr=log)
        log.close()

        def up():
            expect(self.process.poll() is None, "redis-server ended at its start")
            try:
                client = self.client()
                answer = client("PING")
                client.close()
                return answer == "PONG"
            except (OSError, RedisError):
                return False
        await_until("redis-server answers", up)
        return self

    def client(self):
        return RedisClient(self.path)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


class Broker:
    """Apache Kafka by tests/support/kafka/broker."""
    script = os.path.join(HERE, "kafka", "broker")

    def __init__(self, folder, *options):
        self.folder = os.path.join(folder, "kafka")
        self.options = list(options)
        self.bootstrap = self.pid = None

    def start(self):
        out = subprocess.run([self.script, "start", self.folder, *self.options], stdout=subprocess.PIPE, text=True)
        expect(out.returncode == 0, "the Kafka broker did not start")
        self.bootstrap, pid = out.stdout.split()
        self.pid = int(pid)
        return self

    def stop(self):
        subprocess.run([self.script, "stop", self.folder], stdout=subprocess.DEVNULL)

    def kill(self):
        subprocess.run([self.script, "kill", self.folder], stdout=subprocess.DEVNULL)


class Registry:
    """A schema registry that is not ours, by tests/support/registry; options of its main.go."""
    script = os.path.join(HERE, "registry", "registry")

    def __init__(self, *options, scheme="http", host="127.0.0.1"):
        self.options, self.scheme, self.host = list(options), scheme, host
        self.port = self.pid = None

    def start(self):
        listen = ["-listen", f"127.0.0.1:{self.port}"] if self.port else []  # again: where it was
        out = subprocess.run([self.script, "start", *listen, *self.options], stdout=subprocess.PIPE, text=True)
        expect(out.returncode == 0, "the schema registry did not start")
        self.port, self.pid = (int(word) for word in out.stdout.split())
        self.url = f"{self.scheme}://{self.host}:{self.port}"
        return self

    def stop(self):
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.pid = None

    def ask(self, path, body=None):
        """The answer to an order of main.go, over plain HTTP."""
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.url}{path}", data, 30) as answer:
            return answer.read().decode()

    def seed(self, id_, schema, subject=None, references=()):
        body = {"schema": json.dumps(schema), "references": [
            {"name": name, "subject": s, "version": version} for name, s, version in references]}
        quoted = urllib.parse.quote(subject or f"s{id_}", safe="")
        self.ask(f"/_seed?subject={quoted}&version=1&id={id_}", body)

    def fault(self, status, count=-1, delay="0s"):
        self.ask(f"/_fault?status={status}&count={count}&delay={delay}", b"")


class SharedBroker:
    """One broker for the cases of a file: each World on it has its own names of topics. It starts
    with the first World that wants it and ends with main()."""
    broker = folder = None
    worlds = 0

    @classmethod
    def get(cls):
        if not cls.broker:
            cls.folder = tempfile.mkdtemp(prefix="seuil-test.")
            cls.broker = Broker(cls.folder)
            cls.broker.start()
        cls.worlds += 1
        return cls.broker

    @classmethod
    def end(cls):
        if cls.broker:
            cls.broker.stop()
            shutil.rmtree(cls.folder, ignore_errors=True)
            cls.broker = None


class Seuild:
    """One daemon process over one configuration file."""

    def __init__(self, world, name="a", **settings):
        self.world, self.name = world, name
        self.config = os.path.join(world.folder, f"seuil-{name}.yaml")
        self.log = os.path.join(world.folder, f"seuild-{name}.log")
        self.process = None
        open(self.log, "wb").close()
        with open(self.config, "w") as f:
            f.write(world.settings(name, **settings))

    def start(self, wait=True, **environment):
        notify = os.path.join(self.world.folder, f"notify-{self.name}.sock")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(notify)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(notify)
        self.notify.setblocking(False)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.world.program("seuild"), "--config", self.config],
                                            stderr=log, stdout=log,
                                            env=dict(os.environ, NOTIFY_SOCKET=notify, **environment))
        if wait:
            self.await_ready()
        return self

    def notifies(self, text):
        """Whether a message for systemd has come with @text; messages are taken once."""
        with contextlib.suppress(BlockingIOError):
            while True:
                if text.encode() in self.notify.recv(4096):
                    return True
        return False

    def await_ready(self, seconds=60):
        def ready():
            expect(self.process.poll() is None, f"seuild {self.name} ended with {self.process.poll()}: {self.tail()}")
            return self.notifies("READY=1")
        await_until(f"seuild {self.name} is ready", ready, seconds)

    def tail(self, lines=15):
        with open(self.log, errors="replace") as f:
            return "".join(f.readlines()[-lines:])

    def says(self, text):
        return self.count(text) > 0

    def count(self, text):
        with open(self.log, errors="replace") as f:
            return f.read().count(text)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def send(self, number):
        self.process.send_signal(number)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def supervise(self):
        """What its unit does (Restart=always): start it again when it ended with 75, a failure that a
        restart cures, such as a static member fenced by its own return after a broker's outage."""
        if self.process is not None and self.process.poll() == 75:
            say(f"seuild {self.name} ended with 75 and is started again: {self.tail(2)}")
            self.start()

    def stop(self, seconds=100):
        """SIGTERM; it promises to end within 10 s."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"seuild {self.name} did not end within {seconds} s of SIGTERM: {self.tail()}")
        took = time.monotonic() - begin
        expect(code == 0, f"seuild {self.name} ended with {code}: {self.tail()}")
        return took


class World:
    """A broker, a Redis and what runs on them. Use as a context manager."""

    def __init__(self, build, model, partitions=4, inputs=("page_views", "emails", "forms"), redis=(), broker="own"):
        """@broker: "own", with its options a tuple after the word; "shared", SharedBroker's; None."""
        self.build = build
        self.folder = tempfile.mkdtemp(prefix="seuil-test.")
        self.model, self.partitions, self.inputs = model, partitions, inputs
        self.app, self.prefix = "t", ""
        self.daemons = []
        self.redis = Redis(self.folder, *redis)
        self.shared = broker == "shared"
        if self.shared:
            self.broker = SharedBroker.get()
            self.app, self.prefix = f"t{SharedBroker.worlds}", f"w{SharedBroker.worlds}."
        else:
            self.broker = Broker(self.folder, *(broker if isinstance(broker, tuple) else ())) if broker else None

    def __enter__(self):
        try:
            self.redis.start()
            if self.broker and not self.shared:
                self.broker.start()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, value, _):
        for daemon in self.daemons:
            if daemon.alive():
                if kind:
                    daemon.send(signal.SIGUSR1)  # a report, for the reader of the last words
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        daemon.process.wait(0.5)
                daemon.kill()
            if kind:
                say(f"last words of seuild {daemon.name}:\n{daemon.tail(30)}")
        if self.broker and not self.shared:
            self.broker.stop()
        self.redis.stop()
        if kind and os.environ.get("SEUIL_TEST_KEEP"):
            say(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def program(self, name):
        for place in ("daemon", "tests/support", "tests", "tests/fault", "tests/integration"):
            path = os.path.join(self.build, place, name)
            if os.path.exists(path):
                return path
        raise Failure(f"no program {name} under {self.build}")

    def settings(self, name, **changes):
        """A configuration file. @changes replace top-level settings (dotted with __)."""
        values = {
            "app": self.app,
            "instance": name,
            "partitions": self.partitions,
            "kafka": {"bootstrap.servers": self.broker.bootstrap, "session.timeout.ms": 6000,
                      "heartbeat.interval.ms": 500, "group.instance.id": name},
            "redis": {"url": f"unix://{self.redis.path}"},
            "models": [self.model],
            "inputs": {i: {"start": "earliest", "format": "json", "topic": self.prefix + i} for i in self.inputs},
            "outbound": {"format": "json", "topic": self.prefix + "qualifications"},
            "dead_letters": {"topic": self.prefix + "seuil.dead_letters"},
        }
        for key, value in changes.items():
            at = values
            *path, last = key.split("__")
            for part in path:
                at = at.setdefault(part, {})
            if value is None:
                at.pop(last, None)
            else:
                at[last] = value
        if "url" in values.get("registry", {}):
            values["registry"].setdefault("cache", "")  # nothing of another test
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"  # JSON is YAML

    def daemon(self, name="a", **settings):
        daemon = Seuild(self, name, **settings)
        self.daemons.append(daemon)
        return daemon

    def produce(self, *records):
        """Records (topic, key, value[, timestamp_ms[, partition[, headers]]]), acknowledged when it
        returns; key and value: text, bytes, None, or (value) an event to be written as JSON;
        headers: bytes by name."""
        def word(x):
            if x is None:
                return "-"
            return (x if isinstance(x, bytes) else x.encode() if isinstance(x, str) else json.dumps(x).encode()).hex()
        lines = []
        for topic, key, value, *more in records:
            time_ms, partition, headers = (list(more) + [0, -1, {}][len(more):])[:3]
            words = "".join(f" {name}={bytes(header).hex()}" for name, header in headers.items())
            lines.append(f"{self.prefix}{topic} {partition} {time_ms} {word(key)} {word(value)}{words}\n")
        out = subprocess.run([self.program("put_records"), self.broker.bootstrap], input="".join(lines), text=True,
                             stderr=subprocess.PIPE)
        expect(out.returncode == 0, f"producing failed: {out.stderr}")

    def consume(self, topic, prefix=None):
        """Every record of a topic as it is now, by partition and offset."""
        topic = (self.prefix if prefix is None else prefix) + topic
        path = os.path.join(self.folder, f"{topic}.dump")
        out = subprocess.run([self.program("dump_topic"), self.broker.bootstrap, "0", topic, path], text=True,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        expect(out.returncode == 0, f"reading {topic} failed: {out.stderr}")
        with open(path, "rb") as f:
            return sorted(read_dump(f.read()), key=lambda r: (r.partition, r.offset))

    def crossings(self, lead=None):
        """What a subscriber sees who drops repeated ids, as it must."""
        found = {}
        for record in self.consume("qualifications"):
            crossing = json.loads(record.value)
            if lead in (None, crossing["lead"]):
                found.setdefault(crossing["id"], crossing)
        return list(found.values())

    def shards(self):
        return json.loads(self.ctl("shards", "--format", "json"))["shards"]

    def ctl(self, *args, config=None, check=True, stdin=None):
        """seuilctl; its standard output."""
        config = config or self.daemons[0].config
        out = subprocess.run([self.program("seuilctl"), *args, "--config", config], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, input=stdin)
        if check:
            expect(out.returncode == 0, f"seuilctl {' '.join(args)} ended with {out.returncode}: {out.stderr or out.stdout}")
        return out.stdout


def adds_up(*daemons):
    """Clause 6 of the promise, as the last report of each daemon tells it; the counters of the last."""
    got = {}
    for daemon in daemons:
        with open(daemon.log, errors="replace") as f:
            reports = [line for line in f if "report: " in line]
        expect(reports, f"no report in the log of {daemon.name}")
        got = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", reports[-1])}
        parts = ("applied", "replayed", "duplicate", "filtered", "late", "dead_lettered", "in_flight")
        total = sum(got.get(p, 0) for p in parts)
        expect(got.get("received", 0) == total, f"received is not the sum of its fates: {reports[-1]}")
    return got


def main(cases):
    """Run the named cases of a test file: `FILE BUILD [CASE...]`."""
    build, names = sys.argv[1], sys.argv[2:]
    known = [case.__name__ for case in cases]
    wrong = [name for name in names if name not in known]
    if wrong:
        sys.exit(f"no case {wrong[0]}; there are {', '.join(known)}")
    failed = []
    try:
        for case in cases:
            if names and case.__name__ not in names:
                continue
            begin = time.monotonic()
            say(f"{case.__name__}: {(case.__doc__ or '').strip().splitlines()[0]}")
            try:
                case(build)
                say(f"passed {case.__name__} in {time.monotonic() - begin:.1f} s")
            except (Failure, OSError, RedisError, subprocess.SubprocessError) as e:
                say(f"FAILED {case.__name__}: {type(e).__name__}: {e}")
                failed.append(case.__name__)
    finally:
        SharedBroker.end()
    say(f"{len(failed)} failed" + (": " + ", ".join(failed) if failed else ""))
    sys.exit(1 if failed else 0)
