#!/usr/bin/env python3
"""install.py BUILD [demo]: what cmake --install puts in place works from there, is found by what
names it, and an edited configuration outlives the next installation. With `demo`, the installed
demo tells its story to the end."""
import os
import re
import subprocess
import sys
import tempfile
import time

build, demo = sys.argv[1], "demo" in sys.argv[2:]


def check(condition, text):
    if not condition:
        sys.exit(f"install: {text}")


def run(*command, status=0, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, **more)
    check(done.returncode == status, f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


def install(prefix, destdir=""):
    run("cmake", "--install", build, "--prefix", prefix, env={**os.environ, "DESTDIR": destdir})


with tempfile.TemporaryDirectory(prefix="seuil-install.") as top:
    # In a folder of one's own: everything below it, and every name in it leads there.
    prefix = os.path.join(top, "own")
    install(prefix)
    for name in ("bin/seuild", "bin/seuilctl", "share/man/man8/seuild.8", "share/man/man1/seuilctl.1", "share/man/man5/seuil.yaml.5",
                 "share/man/man5/seuil-model.5", "share/man/man5/seuil-mapping.5", "share/seuil/presets/segment.yaml", "share/seuil/models/standard.yaml", "share/seuil/models/seuil-model.schema.json", "share/seuil/models/demo.yaml",
                 "share/seuil/schemas/qualification.avsc", "etc/seuil/seuil.yaml", "etc/seuil/models/standard.yaml"):
        check(os.path.isfile(os.path.join(prefix, name)), f"{name} is not installed")
    unit = read(prefix, "lib/systemd/system/seuild.service")
    for program, config in re.findall(r"^Exec(?:StartPre|Start)=(\S+) --config (\S+)", unit, re.M):
        check(os.access(program, os.X_OK) and os.path.isfile(config), f"the unit names {program} and {config}, which are not there")
    check(unit.count(prefix + "/bin/seuild") == 2, "the unit does not start what was installed")

    # The sample, with one line changed, is a good configuration.
    config = os.path.join(prefix, "etc/seuil/seuil.yaml")
    sample = read(config)
    edited = re.sub(r"(?m)^  bootstrap\.servers: .*$", "  bootstrap.servers: kafka-1.example:9092", sample)
    check(edited != sample, "the sample does not name kafka.bootstrap.servers")
    with open(config, "w", encoding="utf-8") as f:
        f.write(edited)
    away = {"cwd": "/", "env": {k: v for k, v in os.environ.items() if not k.startswith("SEUIL_")}}
    seuild, seuilctl = os.path.join(prefix, "bin/seuild"), os.path.join(prefix, "bin/seuilctl")
    run(seuild, "--config", config, "--check", **away)
    run(seuilctl, "check", config, *(os.path.join(prefix, "share/seuil/models", m) for m in ("standard.yaml", "demo.yaml")), **away)
    # Sample models find the lists beside them.
    models = os.path.join(prefix, "share/seuil/models")
    samples = [os.path.join(models, m) for m in sorted(os.listdir(models)) if m.endswith(".yaml")]
    check(len(samples) >= 8, f"only {samples} are installed")
    run(seuilctl, "test", *samples, **away)
    check("kafka-1.example:9092" in run(seuilctl, "check", "--print", config, **away), "the edited value is not in force")

    # A preset by its name is found there, and one beside the configuration goes before it.
    presets = os.path.join(prefix, "share/seuil/presets")
    names = sorted(n[:-5] for n in os.listdir(presets))
    check(len(names) >= 16, f"only the presets {names} are installed")
    mapped = os.path.join(prefix, "etc/seuil/mapped.yaml")
    with open(os.path.join(prefix, "etc/seuil/source.avsc"), "w", encoding="utf-8") as f:
        f.write('{"type":"record","name":"R","fields":[{"name":"timestamp","type":"long"}]}')
    avro = {"divolte"}  # its records need a schema
    for name in names:
        schema = ", schema: source.avsc" if name in avro else ""
        with open(mapped, "w", encoding="utf-8") as f:
            f.write(edited.replace("\ninputs:\n", f"\ninputs:\n  source: {{preset: {name}{schema}}}\n"))
        printed = run(seuilctl, "check", "--print", mapped, **away)
        check(f"preset: \"{name}\"" in printed, f"preset {name} is not in force")
        check((name in avro) == ("    schema: \"" in printed), f"the schema of preset {name} is not as it was said")
    # Schemas belong to maps of records in Avro.
    for wrong, told in (("preset: segment, schema: source.avsc", "to which schema does not belong"),
                        ("preset: divolte, schemas: {1: source.avsc}", "to which schemas does not belong"),
                        ("preset: divolte", "needs exactly one writer schema")):
        with open(mapped, "w", encoding="utf-8") as f:
            f.write(edited.replace("\ninputs:\n", f"\ninputs:\n  source: {{{wrong}}}\n"))
        refused = subprocess.run([seuilctl, "check", mapped], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **away)
        check(refused.returncode == 78 and told in refused.stdout, f"{wrong}: {refused.stdout}")
    sample_file = os.path.join(prefix, "record.json")
    with open(sample_file, "w", encoding="utf-8") as f:
        f.write('{"type":"page","messageId":"m","timestamp":"2026-01-01T00:00:00Z","properties":{"url":"https://e.fr/"}}\n')
    with open(mapped, "w", encoding="utf-8") as f:
        f.write(edited.replace("\ninputs:\n", "\ninputs:\n  source: {preset: rudderstack, map: {all: {lead: =L1}}}\n"))
    decode = (seuilctl, "decode", "--config", mapped, "--input", "source", "--file", sample_file)
    check('"url":"https://e.fr/"' in run(*decode, **away), "the installed preset does not decode")
    os.mkdir(os.path.join(prefix, "etc/seuil/presets"))
    with open(os.path.join(prefix, "etc/seuil/presets/rudderstack.yaml"), "w", encoding="utf-8") as f:
        f.write("events: [{kind: page_view, id: messageId, time: timestamp, title: =ours}]\n")
    check('"title":"ours"' in run(*decode, **away), "a preset beside the configuration does not go before")

    # The next installation leaves it alone; a sample that changed lies beside it.
    install(prefix)
    check(read(config) == edited, "an installation wrote over an edited configuration")
    check(read(config + ".new") == sample, "the sample does not lie beside it")
    check(not os.path.exists(os.path.join(prefix, "etc/seuil/models/standard.yaml.new")), "an unchanged model came twice")

    # For a package: /usr has its configuration in /etc, all below DESTDIR.
    install("/usr", destdir=os.path.join(top, "package"))
    check(os.path.isfile(os.path.join(top, "package/etc/seuil/seuil.yaml")), "/etc/seuil/seuil.yaml is not installed for /usr")
    check("=/usr/bin/seuild --config /etc/seuil/seuil.yaml\n" in read(top, "package/usr/lib/systemd/system/seuild.service"), "the unit for /usr")

    if demo:
        begin = time.monotonic()
        out = run(seuilctl, "demo", timeout=180, **{**away, "env": {**away["env"], "TMPDIR": top}})
        last = out.rstrip("\n").split("\n")[-1]
        print(f"demo: {last}, after {time.monotonic() - begin:.0f} s")
        check(re.match(r"([1-9]\d*) leads qualified", last), f"the demo ends with: {last}")
        check(not [n for n in os.listdir(top) if n.startswith("seuil-demo")], "the demo left its folder behind")
print("what is installed works from there")
