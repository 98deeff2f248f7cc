"""Random models and histories for compare.py, small enough to be read when they fail."""
import json
import random

from conditions import DAY, HOUR, MINUTE, SECOND

START = 1_772_000_000_000  # a Wednesday of February 2026: clocks change in the fifth week after it
SPAN = 40 * DAY
PATHS = ["/tarifs", "/tarifs/pro", "/blog/a", "/blog/b", "/devis", "/", "/recrutement"]
ACTIONS = ["opened", "clicked", "unsubscribed", "delivered"]
FORMS = ["devis", "contact", "newsletter"]
SECTORS = ["industrie", "santé", "conseil"]


LINKS = ["/l1", "/l2", "/l3", "/l4"]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.commands = []
        self.consent = self.clicks_wait = False
        self.number = 0
        self.leads = ["L"]
        self.rows = []  # (arrival, event) so far
        self.horizon = 7 * DAY

    def one(self, *choices):
        return self.random.choice(choices)

    def some(self, chance):
        return self.random.random() < chance

    # ---- models ----

    def decay(self):
        d = self.random.choice(["2d", "5d", "36h", "14d", "9d"])
        return self.one("none", {"half_life": d}, {"half_life": d}, {"expires": d}, {"linear": d},
                        {"steps": [["1d", 100], ["4d", self.one(80, 50)], [self.one("10d", "20d"), self.one(25, 0, 60)]]})

    def condition(self, kind):
        if kind == "page_view":
            return self.one({"path": {"prefix": "/tarifs"}}, {"path": ["/devis", "/"]}, {"path": {"prefix": "/blog/"}},
                            {"duration_ms": {"at_least": 30000}}, {"not": {"path": {"prefix": "/recrutement"}}},
                            {"any": [{"path": "/devis"}, {"duration_ms": {"below": 10000}}]}, self.expression("path"), None)
        if kind == "email":
            return self.one({"action": "clicked"}, {"action": ["opened", "clicked"]}, {"action": "opened", "not": {"machine": True}},
                            {"action": {"matches": "^(open|click)ed$"}})
        if kind == "activity":
            return self.one({"name": "salon"}, {"name": {"matches": "s?al?|b"}}, self.expression("properties.ville"), {"name": ["salon", "webinaire"]}, {"object": {"present": True}},
                            {"value": {"above": 10, "at_most": 100}}, {"properties.ville": {"contains": ["YO", "ar"], "ignore_case": True}},
                            {"properties.rang": {"below": 3}}, {"properties.rang": {"absent": True}},
                            {"all": [{"name": {"not": "salon"}}, {"any": [{"value": {"at_least": 5}}, {"object": "stand"}]}]}, None)
        return self.one({"action": "submitted"}, {"form_id": "devis"}, {"fields.budget": {"at_least": 1000}},
                        {"form_id": {"matches": ["^d", "ter$"]}}, {"fields.budget": {"matches": "^[0-9]?000$|20000"}}, None)

    def expression(self, field):
        """A test by regular expressions on a field that needs a text of three characters in each."""
        if field == "path":
            tests = ({"matches": "^/tarifs(/pro)?$"}, {"matches": ["/blog/[^a]", "recru"]}, {"matches": "(?i)^/(BLOG|Devis)"},
                     {"matches": r"\bpro\b|devis"}, {"matches": "tarifs.", "ignore_case": True}, {"not": {"matches": "blog|tarif"}},
                     {"matches": "^/(?:blog/b|devis)$", "prefix": "/blog"})
        else:
            tests = ({"matches": "^(Lyon|Paris)$"}, {"matches": "(LYO|rléa?ns)", "ignore_case": True}, {"matches": r"^\w+ris$"},
                     {"matches": "Orlé.ns"}, {"matches": "ORLÉANS", "ignore_case": True}, {"not": {"matches": "(?i)par"}})
        return {field: self.random.choice(tests)}

    def limit(self, kind):
        per = {"page_view": "path", "email": "message_id", "form": "form_id",
               "activity": self.one("object", "properties.ville")}[kind]
        n = self.random.randint(1, 3)
        return self.one({"times": n, "per": per, "remember": self.one("2d", "36h", "12d")}, "once", {"times": n, "per": "lead"}, {"times": n, "per": per}, {"per": per},
                        {"times": n, "per": "day"}, {"times": n, "per": "week"},
                        {"times": n, "per": "month", "zone": "America/New_York"},
                        {"times": n, "within": self.one("36h", "3d", "90m")},
                        [{"per": per}, {"times": n, "per": "day"}], [{"times": 3, "within": "2d"}, {"times": 5, "per": "lead"}])

    def points(self):
        return self.one(1, 2, 3, 5, 8, 13, 20, 30, 0.5, -5, -10, 2.25)

    def model(self, name="m"):
        groups = {}
        for g in self.random.sample(["pages", "emails", "formulaires"], self.random.randint(1, 3)):
            group = {}
            if self.some(0.5):
                group["decay"] = self.decay()
            if self.some(0.4):
                group["ceiling"] = self.one(10, 25, 60)
            if self.some(0.3):
                group["floor"] = self.one(-20, -5, 0)
            groups[g] = group
        model = {"seuil_model": 1, "name": name, "version": "1", "zone": "Europe/Paris", "groups": groups}
        if self.some(0.6):
            model["decay"] = self.decay()
        model["rules"] = [self.rule(i, list(groups)) for i in range(self.random.randint(1, 7))]
        # So that every tier can be reached, whatever the rest allows.
        model["rules"].append({"name": "grand", "event": "form", "when": {"form_id": "grand"}, "group": list(groups)[0],
                               "points": 1, "decay": "none"})
        model["fit"] = {"floor": self.one(-50, -5), "ceiling": self.one(100, 300), "criteria": [
            {"name": "secteur", "when": {"secteur": self.one("industrie", SECTORS[:2], {"matches": "(?i)^SANT|seil$"})}, "points": self.points()},
            {"name": "taille", "when": {"effectif": {"at_least": 50}}, "points": self.points()},
            {"name": "ideal", "when": {"ideal": True}, "points": 300}]}
        if self.some(0.5):
            model["exclusions"] = [
                {"name": "concurrent", "when": {"domaine": "concurrent.fr"}, "points": -1000},
                {"name": "plainte", "event": "email", "when": {"action": "unsubscribed"}, "points": -600}]
            if self.some(0.5):
                model["exclusions"][1]["decay"] = {"expires": "6d"}
            model["excluded"] = {"mark": -500, "name": "exclu"}
        model["tiers"] = self.tiers()
        if self.some(0.5):
            self.embellish(model)
        if self.some(0.12):
            model["only"] = self.one({"product": "erp"}, {"product": {"not": "paie"}}, {"product": ["erp", "paie"]})
        if self.some(0.4):
            self.distrust(model)
        if self.some(0.5):
            self.hold_back(model)
        return model

    def distrust(self, model):
        """What is taken for a machine's, and what nobody allowed."""
        if self.some(0.5):
            model["filters"] = self.random.sample([
                {"name": "machines", "reason": "machine", "event": "email", "when": {"machine": True}},
                {"name": "robots", "reason": "robot", "event": "page_view",
                 "when": {"user_agent": {"contains": ["bot", "spider"], "ignore_case": True}}},
                {"name": "interne", "reason": "internal", "event": "page_view", "when": {"host": {"suffix": ".interne"}}},
                {"name": "essais", "event": "form", "when": {"fields.budget": "500"}}], self.random.randint(1, 3))
        if self.some(0.6):
            self.clicks_wait = True
            within = self.one("1s", "2s", "5s", "500ms")
            model["quarantine"] = {"wait": self.one("5s", "10s", within), "burst": {"links": self.one(2, 2, 3), "within": within}}
        if self.some(0.2):
            self.consent = True
            model["consent"] = "required"

    def hold_back(self, model):
        """When entries are told."""
        for tier in model["tiers"][1:]:
            if self.some(0.6):
                tier["alert"] = {name: self.one(*choices) for name, choices in (
                    ("for", ("10m", "6h", "2d")), ("delay", ("5m", "1d", "3d")), ("cool_down", ("1d", "7d", "12d")))
                    if self.some(0.5)} or {"for": "1h"}
            elif self.some(0.2):
                tier["publish"] = False
        if self.some(0.4):
            self.random.choice(model["tiers"][1:])["sales"] = True
        if self.some(0.5):
            model["recycle"] = dict(model.get("recycle", {}), mute=self.one("2d", "12d", "30m"))
        if self.some(0.05):
            model["silent"] = True

    def embellish(self, model):
        """What fewer models have."""
        if self.some(0.4):
            model["grades"] = self.one({"fit": {"A": 30, "B": 10, "C": 1}}, {"behaviour": {1: 40, 2: 20, 3: 5}},
                                       {"fit": {"A": 20, "B": 8, "C": 0}, "behaviour": {1: 30, 2: 15, 3: 2}})
            if "fit" in model["grades"] and self.some(0.5):
                model["tiers"][-1]["when"] = self.one({"grade": ["A", "B"]}, {"not": {"grade": "D"}})
        if self.some(0.3):
            model["fit"]["criteria"] += [
                {"name": "budget", "points": {"field": "effectif", "factor": self.one(0.1, 1, -0.05), "ceiling": self.one(4, 15)}},
                {"name": "taille2", "cases": [{"when": {"effectif": {"at_least": 100}}, "points": 12},
                                              {"when": {"effectif": {"at_least": 20}}, "points": 4}]}]
        if self.some(0.2):
            model["fit"]["mean"] = True
            for criterion in model["fit"]["criteria"]:
                criterion["weight"] = self.one(1, 2, 0.5)
            model["fit"]["criteria"][2]["points"] = 3000
            model["fit"]["ceiling"] = 300
        for rule in model["rules"][:-1]:
            if self.some(0.2) and rule["event"] == "page_view":
                rule["points"] = {"field": "duration_ms", "factor": self.one(0.001, 0.0001, -0.0005), "ceiling": self.one(5, 40)}
            elif self.some(0.3) and rule["event"] == "activity":
                rule["points"] = {"field": self.one("value", "properties.rang"), "factor": self.one(1, -0.1, 2.5), "floor": self.one(-6, 0), "ceiling": self.one(9, 30)}
            elif self.some(0.3) and rule["event"] == "form":
                rule["points"] = {"each": self.one(2, 5), "of": ["fields.budget", "fields.tel", "form_id"], "ceiling": self.one(4, 9, 100)}
            if self.some(0.15):
                rule["while"] = self.one({"secteur": "industrie"}, {"effectif": {"at_least": 50}}, {"not": {"status": "customer"}})
            if self.some(0.15):
                rule["shortcut"] = {"tier": self.random.choice(model["tiers"][1:])["name"], "hold": self.one("1d", "3d", "12h", "20d")}
        if self.some(0.5):
            model["recycle"] = {"floor": self.one(5, 12), "decay": self.one("none", {"half_life": "6d"}, {"expires": "5d"})}
        if self.some(0.3):
            model["status"] = {"frozen": self.one(["customer"], ["customer", "partenaire"], ["partenaire"])}
            if self.some(0.5):
                model["status"]["attribute"] = "statut"
        if self.some(0.6):
            self.several(model)
        if self.some(0.4):
            every = self.one("2d", "36h", "9d")
            decay = {"inactivity": self.one({"every": every, "keep": self.one(0.5, 0.9, "25%")}, {"every": every, "subtract": self.one(1, 5, 0.5)})}
            if self.some(0.5):
                model["decay"] = decay
            else:
                model["groups"][self.random.choice(list(model["groups"]))]["decay"] = decay
            if "subtract" in decay["inactivity"]:
                for rule in model["rules"]:
                    rule.pop("while", None)
        self.commands = self.one([], ["recycle"], ["convert", "reopen"], ["convert", "reopen", "recycle", "disqualify"],
                                 ["disqualify", "reopen", "recycle"])

    def leg(self):
        kind = self.one("page_view", "email", "form", "activity")
        leg = {"event": kind}
        when = self.condition(kind)
        if when:
            leg["when"] = when
        return leg

    def several(self, model):
        """Rules of several events."""
        delivered = {"event": "email", "when": {"action": "delivered"}}
        engaged = {"event": "email", "when": {"action": ["opened", "clicked"]}}
        for i in range(self.random.randint(1, 3)):
            within = self.one("1d", "3d", "10d")
            rule = {"name": f"s{i}", "group": self.random.choice(list(model["groups"])), "points": self.points()}
            kind = self.random.randrange(7)
            if kind == 0:
                rule["together"] = {"within": within, "of": [self.leg() for _ in range(self.random.randint(2, 3))]}
            elif kind == 1:
                rule["sequence"] = {"within": within, "of": [self.leg() for _ in range(self.random.randint(2, 3))]}
            elif kind == 2:
                rule["last"] = {"of": self.random.randint(1, 4), "among": self.one(delivered, engaged), "having": engaged, "by": "message_id"}
                if self.some(0.5):
                    rule["last"]["at_least"] = self.random.randint(1, rule["last"]["of"])
            elif kind == 3:
                rule["streak"] = {"times": self.one(1, 2, 3), "of": self.one(delivered, {"event": "page_view"}), "without": self.one(engaged, {"event": "form"})}
            elif kind == 4:
                rule["absence"] = {"silence": self.one("2d", "5d", "9d"), "without": self.one(engaged, {"event": "page_view"}),
                                   "solicited": dict(delivered, times=self.one(1, 2))}
            else:
                rule.update(self.leg())
                if kind == 5:
                    rule["frequency"] = {"times": self.one(2, 3), "within": within}
                else:
                    rule["recency"] = {self.one("within", "after"): within}
            if self.some(0.4):
                rule["limit"] = self.one("once", {"times": 2, "per": "day"}, {"times": 1, "within": "3d"}, *self.per_object(rule))
            if self.some(0.3):
                rule["decay"] = self.decay()
            if self.some(0.15):
                rule["shortcut"] = {"tier": self.random.choice(model["tiers"][1:])["name"], "hold": self.one("1d", "3d", "12h", "20d")}
            if self.some(0.15):
                rule["while"] = self.one({"secteur": "industrie"}, {"effectif": {"at_least": 50}}, {"not": {"status": "customer"}})
            model["rules"].append(rule)
        if self.some(0.4):
            model["reset"] = {"silence": self.one("2d", "5d", "9d"), "without": self.one(engaged, {"event": "page_view"}),
                              "solicited": dict(delivered, times=self.one(1, 2))}

    def per_object(self, rule):
        """Limits per object of a rule of several events: of that one which completes it."""
        if "absence" in rule:
            return []
        if "last" in rule:
            per = "message_id"
        elif "streak" in rule:
            per = self.one("product", "message_id" if rule["streak"]["of"]["event"] == "email" else "path")
        else:
            ends = rule["together"]["of"] if "together" in rule else [rule["sequence"]["of"][-1] if "sequence" in rule else rule]
            kinds = {leg["event"] for leg in ends}
            fields = {"page_view": ["path"], "email": ["message_id"], "form": ["form_id"], "activity": ["object", "properties.ville"]}
            per = self.one("product", *(fields[kinds.pop()] if len(kinds) == 1 else []))
        n = self.random.randint(1, 3)
        return [{"per": per}, {"times": n, "per": per, "remember": self.one("2d", "36h", "12d")},
                [{"times": n, "per": per}, {"times": 2, "within": "5d"}]]

    def rule(self, index, groups):
        kind = self.one("page_view", "page_view", "email", "form", "activity")
        rule = {"name": f"r{index}", "event": kind, "group": self.random.choice(groups), "points": self.points()}
        when = self.condition(kind)
        if when:
            rule["when"] = when
        if self.some(0.4):
            rule["limit"] = self.limit(kind)
        if self.some(0.3):
            rule["decay"] = self.decay()
        return rule

    def tiers(self):
        tiers, mark = [{"name": "froid"}], 0
        for name in ["tiède", "chaud", "qualifié"][:self.random.randint(1, 3)]:
            mark += self.one(5, 10, 12.5, 20)
            tier = {"name": name, "entry": mark}
            if self.some(0.5):
                tier["exit"] = mark * self.one(0.8, 0.5, 0.9)
            if self.some(0.3):
                tier["strict"] = True
            tiers.append(tier)
        return tiers

    # ---- histories ----

    def time(self, span):
        grain = self.one(1, SECOND, HOUR, DAY)
        return START + self.random.randrange(span) // grain * grain

    def event(self, begin, span):
        """One event from @begin on."""
        self.number += 1
        time = self.time(span) - START + begin
        before = [event["time"] for _, event in self.rows if begin <= event["time"]]
        event = {"id": f"e{self.number}", "lead": self.random.choice(self.leads),
                 "time": self.random.choice(before) if before and self.some(0.1) else time}
        event["type"] = self.one("page_view", "page_view", "page_view", "email", "email", "form", "activity", "profile", "command")
        {"page_view": self.page_view, "email": self.email, "form": self.form, "activity": self.activity,
         "profile": self.profile, "command": self.command}[event["type"]](event)
        if event["type"] not in ("profile", "command") and self.some(0.4):
            event["product"] = self.one("erp", "paie")
        if self.consent and self.some(0.35):
            event["consent"] = self.random.random() < 0.85
        if self.rows and self.some(0.06):
            self.retract(event)
        return event

    def page_view(self, event):
        event["url"] = f"https://{self.one('a.example', 'a.example', 'wiki.interne')}" + self.random.choice(PATHS)
        if self.some(0.6):
            event["duration_ms"] = self.one(5000, 30000, 90000)
        if self.some(0.2):
            event["user_agent"] = self.one("GoogleBot", "Firefox")

    def email(self, event):
        event.update(action=self.random.choice(ACTIONS), message_id=self.one("m1", "m2", "m3", "m4", "m5"))
        if self.some(0.2):
            event["machine"] = True
        if event["action"] == "clicked" and self.some(0.8):
            event["url"] = "https://a.example" + self.random.choice(LINKS)

    def form(self, event):
        event.update(form_id=self.random.choice(FORMS), action=self.one("submitted", "viewed"),
                     fields={"budget": self.one("500", "1000", "20000")})

    def activity(self, event):
        event["name"] = self.one("salon", "webinaire", "livre")
        if self.some(0.5):
            event["object"] = self.one("stand", "a", "b")
        if self.some(0.6):
            event["value"] = self.one(3, 7.5, 60, 120)
        if self.some(0.6):
            event["properties"] = {"ville": self.one("Lyon", "Paris", "Brest", "Orléans")}
            if self.some(0.5):
                event["properties"]["rang"] = self.one("1", "2", "12.5", "x")

    def profile(self, event):
        event["attributes"] = {self.one("secteur", "secteur", "autre"): self.random.choice(SECTORS),
                               "effectif": self.one(10, 50, 200, None)}
        if self.some(0.1):
            event["attributes"]["domaine"] = self.one("concurrent.fr", "client.fr")
        if "convert" in self.commands and self.some(0.3):
            event["attributes"]["statut"] = self.one("prospect", "partenaire", "customer", None)

    def command(self, event):
        if self.commands and self.some(0.7):
            event.update(name=self.random.choice(self.commands), author="crm", arguments={})
            if event["name"] == "recycle" and self.some(0.2):
                event["arguments"]["until"] = event["time"] + self.one(HOUR + 1, 3 * DAY)
        elif self.some(0.05):
            event.update(name="forget", arguments={})
        else:
            event.update(name="adjust", author="sales", reason="entretien", arguments={"points": self.points()})
            if self.some(0.5):
                event["arguments"]["until"] = event["time"] + self.one(DAY, 3 * DAY, 10 * DAY)

    def retract(self, event):
        """It voids an event that came, or one that never does."""
        target = self.random.choice(self.rows)[1]
        if "retracts" in target:
            return
        event["lead"], event["retracts"] = target["lead"], target["id"] if self.some(0.95) else "nobody"
        event["time"] = target["time"] + self.one(0, 0, 0, MINUTE, DAY, DAY if len(self.leads) > 1 else 4 * DAY)

    def delay(self, event):
        if "retracts" in event or event.get("consent") is False or event.get("name") == "forget":
            return self.random.choice([0, self.random.randrange(MINUTE), self.random.randrange(self.safe())])
        return self.random.choice([0, 0, 0, 0, self.random.randrange(MINUTE), self.random.randrange(2 * self.horizon // 7),
                                   self.random.randrange(8 * self.horizon // 7), -self.random.randrange(10 * MINUTE)])

    def safe(self):
        """A delay with which nothing comes too late: five minutes less than the horizon, and some more."""
        return 6 * self.horizon // 7

    def burst(self, event):
        """More clicks in the same e-mail soon after."""
        for _ in range(self.random.randint(1, 3)):
            self.number += 1
            click = dict(event, id=f"e{self.number}", time=event["time"] + self.one(0, 500, 1000, 2000, 2001, 4000),
                         url="https://a.example" + self.random.choice(LINKS))
            self.rows.append((click["time"] + self.delay(click), click))

    def some_rows(self, count, begin, span):
        for _ in range(count):
            event = self.event(begin, span)
            delay = self.delay(event)
            self.rows.append((event["time"] + delay, event))
            if self.clicks_wait and event.get("action") == "clicked" and "retracts" not in event and self.some(0.5):
                self.burst(event)
            if delay >= 0 and event.get("name") != "forget" and event.get("consent") is not False and self.some(0.1):
                self.rows.append((event["time"] + delay + self.random.randrange(3 * DAY), event))

    def history(self):
        """[(arrival, event)] in order of arrival."""
        if self.some(0.2):
            self.horizon = self.one(HOUR, HOUR, DAY, 3 * DAY, 30 * DAY)
        self.some_rows(self.random.randint(1, 25), START, SPAN)
        self.rows.sort(key=lambda row: row[0])
        return self.rows

    def merged_history(self):
        """Two leads, K and L, that are one from a command on. Nothing is older than the horizon then."""
        self.leads = ["L", "K"]
        if self.some(0.1):
            self.horizon = self.one(9 * DAY, 30 * DAY)
        self.some_rows(self.random.randint(2, 16), START, 5 * DAY)
        end = max(arrival for arrival, _ in self.rows) + self.one(0, HOUR)
        self.rows.sort(key=lambda row: row[0])
        before, self.rows = self.rows, []
        merge = {"id": "merge", "lead": "K", "time": end - self.one(0, HOUR), "type": "command", "name": "merge",
                 "arguments": {"into": "L"}}
        self.some_rows(self.random.randint(0, 10), end, 20 * DAY)
        self.rows.sort(key=lambda row: row[0])
        return before + [(end, merge)] + [row for row in self.rows if row[0] >= end]


def text_of(model):
    return json.dumps(model, ensure_ascii=False)
