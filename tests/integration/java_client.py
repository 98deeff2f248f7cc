"""Cases of consumer.py: what is published, as Kafka's own client for Java and the CloudEvents SDK for
Java read it."""
import base64
import fcntl
import json
import os
import pathlib
import subprocess

from harness import Broker, World, expect
from daemon import MODEL, form, now_ms, page
from scores import command, daemon_of, settled

INPUTS = ("page_views", "forms", "commands")
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "java")


def jars():
    """The class path; fetched once, by Maven, into ${XDG_CACHE_HOME:-~/.cache}/seuil."""
    kafka = subprocess.run([Broker.script, "fetch"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "seuil"
    place = cache / "java-consumer-1"
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "java-consumer.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "complete").exists():
            done = subprocess.run(["mvn", "-q", "-B", "-f", os.path.join(HERE, "pom.xml"), "dependency:copy-dependencies",
                                   "-DincludeGroupIds=io.cloudevents,org.eclipse.jdt", f"-DoutputDirectory={place}"],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            expect(done.returncode == 0, f"Maven: {done.stdout}")
            (place / "complete").touch()
    return str(place), f"{place}/*:{kafka}/*"


def java(w, count, *topics):
    """Lists of what Consumer.java prints, by topic, partition and offset."""
    place, path = jars()
    out = os.path.join(w.folder, "classes")
    compiler = next(name for name in os.listdir(place) if name.startswith("ecj-"))
    libraries = ":".join(os.path.join(folder, name) for folder in path.replace("/*", "").split(":") for name in os.listdir(folder)
                         if name.endswith(".jar"))
    subprocess.run(["java", "-jar", os.path.join(place, compiler), "-17", "-cp", libraries, "-d", out,
                    os.path.join(HERE, "Consumer.java")], check=True)
    done = subprocess.run(["java", "-cp", f"{out}:{path}", "Consumer", w.broker.bootstrap, w.prefix + "java", str(count), *topics],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    expect(done.returncode == 0, f"the Java consumer: {done.stderr}")
    return sorted(line.split("\t") for line in done.stdout.splitlines())


def tell(w, mode):
    """Crossings and scores of three leads, one of whom is forgotten, by topic, partition and offset."""
    daemon = daemon_of(w, outbound__mode=mode)
    w.ctl("init")
    daemon.start()
    t = now_ms()
    w.produce(form("L1", "e1", t, "viewed"), page("né/2", "e2", t), form("L3", "e3", t, "viewed"), command("L3", "c", t + 1, "forget"))
    settled(w, 4)
    w.produce(form("L3", "late", t, "viewed"))  # what the forgotten lead drops is no second null
    settled(w, 5)
    daemon.stop()
    return {(w.prefix + topic, r.partition, r.offset): r for topic in ("qualifications", "scores") for r in w.consume(topic)}


def read_by_javas_client(build):
    """crossings and scores in both modes: keys, attributes and data; the null record of a lead that is forgotten"""
    with World(build, MODEL, partitions=2, broker="shared", inputs=INPUTS) as w:
        binary = tell(w, "binary")
        app = w.app
    with World(build, MODEL, partitions=2, broker="shared", inputs=INPUTS) as w:
        structured = tell(w, "structured")
        lines = java(w, len(binary) + len(structured), *sorted({topic for topic, _, _ in [*binary, *structured]}))
    read = {(topic, int(partition), int(offset)): rest for topic, partition, offset, *rest in lines}
    expect(read.keys() == binary.keys() | structured.keys(), f"other records: {sorted(read)}")
    for told in (binary, structured):
        gone = 0
        for place, r in told.items():
            key, kind, value, id_, type_, source, subject, _, media, data = read[place]
            expect(key == r.key.decode(), f"{key} {r}")
            if r.value is None:
                expect(value == "-" and key == "L3" and kind == ("fr.seuil.lead.gone" if told is binary else "-"), f"{kind} {r}")
                gone += 1
                continue
            expect(base64.b64decode(value) == r.value and subject == key and len(id_) == 32 and media == "application/json", f"{place}")
            expect(type_ == "fr.seuil.lead.scores" if place[0].endswith("scores") else type_.startswith("fr.seuil.tier."), f"{type_} {r}")
            if told is binary:
                expect(data == value and kind == type_ and source == f"urn:seuil:{app}", f"{place}")
            else:
                expect(json.loads(base64.b64decode(data)) == json.loads(r.value)["data"], f"{data} {r}")
        expect(gone == 1, f"{gone} null records")
