"""What the oracles share: fastavro, fetched once, by pip, into ${XDG_CACHE_HOME:-~/.cache}/seuil, and the
program of ours that is asked line by line."""
import fcntl
import os
import pathlib
import subprocess
import sys

VERSION = "1.12.1"


def fetch_fastavro():
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "seuil"
    place = cache / f"fastavro-{VERSION}-python{sys.version_info[0]}.{sys.version_info[1]}"
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "fastavro.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "fastavro").exists():
            subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-input",
                            "--disable-pip-version-check", "--root-user-action", "ignore",
                            "--target", str(place), f"fastavro=={VERSION}"], check=True)
    sys.path.insert(0, str(place))
    import fastavro
    return fastavro


class Program:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def tell(self, line):
        self.process.stdin.write(line + "\n")

    def ask(self, line):
        self.tell(line)
        self.process.stdin.flush()
        answer = self.process.stdout.readline().rstrip("\n")
        if not answer:
            raise SystemExit(f"the program ended at: {line[:2000]}")
        return answer

    def done(self):
        self.process.stdin.close()
        return self.process.wait(timeout=60)
