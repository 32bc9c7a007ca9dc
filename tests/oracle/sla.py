"""The SLA engine: (document, rules, now) to a verdict.  Written from the text of the rules (wb-rules.5) alone."""
import clock
import reduce
from clock import DAY

KEYS = ("promise_source promised_precision promised_at promised_now_at due_at due_day sla_rule_id sla_stop sla_stop_at "
        "sla_state sla_party sla_late_sec promise_err_sec paused_sec is_paused judge_at").split()
END_OF_DAY = DAY - 1
FOREVER = 1 << 60
ABANDONED = 180 * DAY


def cut32(n):
    return None if n is None else max(-2**31, min(2**31 - 1, n))


def like(pattern, text):
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


class Calendar:
    def __init__(self, line):
        self.tz = line["tz"]
        self.week = line["week"]
        hours = line.get("hours", ["00:00", "24:00"])
        self.open, self.close = clock.clock_of(hours[0]), clock.clock_of(hours[1])
        self.off = {clock.day_of(d) for d in line.get("holidays", [])}
        self.on = {clock.day_of(d) for d in line.get("workdays", [])}

    def is_business(self, day):
        if day in self.on:
            return True
        return day not in self.off and self.week[(day - 1) % 7] == 1     # ordinal 1 was a Monday

    def roll(self, day):
        while not self.is_business(day):
            day += 1
        return day

    def add(self, day, n):
        while n > 0:
            day += 1
            n -= self.is_business(day)
        return day

    def between(self, a, b):
        """Business days in (a, b]."""
        return sum(self.is_business(d) for d in range(a + 1, b + 1))

    def windows(self, sec, tz):
        """Stretches [open, close) of opening hours that end after sec, disjoint, in order."""
        last = sec
        day = clock.local(sec, tz)[0] - 2
        while True:
            if self.is_business(day):
                a = max(clock.instant(day, self.open, tz), last)
                b = clock.instant(day, self.close, tz)
                if b > a:
                    yield a, b
                    last = b
            day += 1

    def consume(self, start, total, tz):
        """The second at which so many open seconds since start are used up."""
        for a, b in self.windows(start, tz):
            if total <= b - a:
                return a + total
            total -= b - a

    def open_seconds(self, start, end, tz):
        total = 0
        for a, b in self.windows(start, tz):
            if a >= end:
                return total
            total += min(b, end) - a


ALWAYS = Calendar({"tz": "UTC", "week": [1] * 7})


class Rule:
    def __init__(self, line, calendars):
        get = line.get
        self.id = get("id", "")
        self.valid_from = clock.day_of(get("valid_from", "0001-01-01"))
        self.valid_to = clock.day_of(get("valid_to", "9999-12-31"))
        self.match = get("match", {})
        self.promise = get("promise", ["explicit", "rule"])
        self.start = get("start", "accepted")
        self.stop = get("stop", ["delivered"])
        self.target = get("target")
        self.calendar = calendars[line["calendar"]] if "calendar" in line else ALWAYS
        self.clock_tz = get("clock_tz", "dest")
        self.cutoff = clock.clock_of(line["cutoff"]) if "cutoff" in line else None
        self.deadline = clock.clock_of(get("deadline_time", "23:59:59"))
        self.rolls = "roll" in line
        self.extra = get("extra", [])
        self.pause = get("pause", [])
        self.exclude = get("exclude", ["cancelled"])
        self.at_risk = clock.duration_of(get("at_risk", "P1D"))
        self.stale_after = clock.duration_of(line["stale_after"]) if "stale_after" in line else None
        self.handover_by = clock.duration_of(line["handover_by"]) if "handover_by" in line else None

    def zone_for(self, doc):
        named = {"dest": doc["dest_tz"], "origin": doc["origin_tz"], "calendar": ""}.get(self.clock_tz, self.clock_tz)
        return named or self.calendar.tz

    def start_of(self, doc):
        return clock.sec_of(doc[{"accepted": "accepted_at", "created": "created_at", "label": "label_at"}[self.start]])

    def fits(self, doc):
        members = {"client_id": "client_id", "carrier_id": "carrier_id", "tier": "client_tier", "segment": "client_segment",
                   "carrier": "carrier", "service": "service_code", "origin": "origin_region", "dest": "dest_region",
                   "mode": "delivery_mode", "remote": "dest_remote"}
        for key, want in self.match.items():
            have = doc[members[key]]
            if key == "remote":
                if have != want:
                    return False
            elif key in ("client_id", "carrier_id"):
                if have not in want:
                    return False
            elif not any(like(w, have) for w in want):
                return False
        start = self.start_of(doc)
        day = clock.local_day(clock.sec_of(doc["created_at"]) if start is None else start, self.zone_for(doc))
        return self.valid_from <= day < self.valid_to


class Promise:
    """A date or a time, as text says it."""

    def __init__(self, text, tz):
        self.is_date = len(text) == 10
        if self.is_date:
            self.day = clock.day_of(text)
            self.at = clock.instant(self.day, END_OF_DAY, tz)
        else:
            self.at = clock.sec_of(text)


class Rules:
    def __init__(self, lines):
        self.calendars = {l["id"]: Calendar(l) for l in lines if l["kind"] == "calendar"}
        self.windows = [dict(l, a=clock.sec_of(l["from"]), b=clock.sec_of(l["to"])) for l in lines if l["kind"] == "window"]
        self.rules = [Rule(l, self.calendars) for l in lines if l["kind"] == "rule"]
        self.implicit = Rule({"promise": ["explicit"]}, {})

    def rule_for(self, doc):
        return next((r for r in self.rules if r.fits(doc)), self.implicit)

    def judge(self, doc, now):
        return Judge(self, doc, now).verdict()


class Judge:
    """One document, judged at one second."""

    def __init__(self, rules, doc, now):
        self.rules, self.doc, self.now = rules, doc, now
        self.events = [dict(e, t=clock.sec_of(e["event_time"])) for e in doc["events"] if e["mark"] not in ("void", "absorbed")]
        self.created = clock.sec_of(doc["created_at"])
        self.accepted = clock.sec_of(doc["accepted_at"])
        self.closed = clock.sec_of(doc["closed_at"])
        if self.created is None:
            return
        self.rule = rules.rule_for(doc)
        self.tz = self.rule.zone_for(doc)
        self.dest = doc["dest_tz"] or self.rule.calendar.tz
        self.start = self.rule.start_of(doc)
        self.make_promise()
        self.make_stop()
        self.end = self.stop_at if self.stop_at is not None else self.closed if self.closed is not None else now
        self.pauses = self.merged()
        self.counted, self.due = [], self.due_after([])
        if self.due is not None:
            for p in self.pauses:
                if p[0] > self.due:
                    break
                self.counted.append(p)
                self.due = self.due_after(self.counted)
        ended = self.stop_at is not None or self.closed is not None
        self.is_paused = bool(not ended and self.counted and self.counted[-1][2])

    # the promise

    def edds(self):
        with_edd = [e for e in self.events if e.get("edd", "")]
        return sorted(with_edd, key=lambda e: (self.received(e), e["event_id"].encode()))

    @staticmethod
    def received(e):
        return clock.sec_of(e["received_at"])

    def make_promise(self):
        doc = self.doc
        self.source, self.promise, self.promise_now = "none", None, None
        for source in self.rule.promise:
            if source == "explicit" and doc["promise_first"]:
                self.promise = Promise(doc["promise_first"], self.dest)
                self.promise_now = Promise(doc["promise_now"] or doc["promise_first"], self.dest).at
            elif source == "rule" and self.rule.target and self.start is not None:
                self.promise = "rule"
            elif source == "carrier_edd" and self.edds():
                self.promise = Promise(self.edds()[0]["edd"], self.dest)
                self.promise_now = Promise(self.edds()[-1]["edd"], self.dest).at
            if self.promise:
                self.source = source
                break
        self.begin = self.start if self.source == "rule" else self.created
        self.promised_at = self.due_after([])
        if self.source == "rule":
            self.promise_now = self.promised_at

    def due_after(self, pauses):
        """Due as these pauses move it."""
        if self.source == "none":
            return None
        if self.source == "rule":
            return self.term(pauses)
        if self.promise.is_date:
            moved = sum(clock.local_day(b, self.dest) - clock.local_day(a, self.dest) for a, b, _ in pauses)
            return clock.instant(self.promise.day + moved, END_OF_DAY, self.dest)
        return self.promise.at + sum(b - a for a, b, _ in pauses)

    def term(self, pauses):
        rule, cal, tz = self.rule, self.rule.calendar, self.tz
        n, unit = rule.target["n"], rule.target["unit"]
        if unit == "hour":
            return self.start + n * 3600 + sum(b - a for a, b, _ in pauses)
        if unit == "bhour":
            return cal.consume(self.start, n * 3600 + sum(cal.open_seconds(a, b, tz) for a, b, _ in pauses), tz)
        day, second = clock.local(self.start, tz)
        monthday = clock.day_text(day)[5:]
        for season in rule.extra:
            a, b = season["from"], season["to"]
            if (a <= monthday <= b) if a <= b else (monthday >= a or monthday <= b):
                n += season["add"]
        if rule.cutoff is not None and second > rule.cutoff:
            day += 1
        days = [(clock.local_day(a, tz), clock.local_day(b, tz)) for a, b, _ in pauses]
        if unit == "bday":
            day = cal.add(cal.roll(day), n)
            day = cal.add(day, sum(cal.between(a, b) for a, b in days))
        else:
            day += n + sum(b - a for a, b in days)
            if rule.rolls:
                day = cal.roll(day)
        return clock.instant(day, rule.deadline, tz)

    # the clock

    def make_stop(self):
        self.stop, self.stop_at = "none", None
        times = [("delivered", clock.sec_of(self.doc["delivered_at"]))]
        if "first_attempt" in self.rule.stop:
            times.append(("first_attempt", next((e["t"] for e in self.events if e["attempt"] > 0 and not self.carrier_failed(e)), None)))
        if "ready_for_pickup" in self.rule.stop:
            times.append(("ready_for_pickup", clock.sec_of(self.doc["ready_at"])))
        for name, at in times:
            if at is not None and (self.stop_at is None or at < self.stop_at):
                self.stop, self.stop_at = name, at

    @staticmethod
    def carrier_failed(e):
        reason = e.get("reason", "")
        return e["status"] == "attempt_failed" and reduce.is_fault(reason) and reduce.REASONS[reason][1] == "carrier"

    # pauses: (opens, closes or FOREVER)

    def run_pauses(self, opens, closes):
        """Pauses of a kind that is open once at most at a time."""
        found, since = [], None
        for e in self.events:
            if e["mark"] == "ignored":
                continue
            if since is not None and e["status"] not in reduce.PSEUDO and closes(e):
                found.append((since, e["t"]))
                since = None
            if since is None and opens(e):
                since = e["t"]
        return found + ([(since, FOREVER)] if since is not None else [])

    def customs(self):
        return self.run_pauses(lambda e: e["status"] == "customs" and e.get("reason", "").startswith("customs."),
                               lambda e: e["status"] != "customs" or e.get("reason", "") == "detail.cleared")

    def hold(self):
        def fault_clock(e):
            reason = e.get("reason", "")
            return reduce.REASONS[reason][1] if reduce.is_fault(reason) else None
        return self.run_pauses(lambda e: e["status"] == "on_hold" and fault_clock(e) == "excluded",
                               lambda e: e["status"] != "on_hold" or fault_clock(e) not in (None, "excluded"))

    def pickup(self):
        return self.run_pauses(lambda e: e["status"] == "ready_for_pickup", lambda e: e["status"] != "ready_for_pickup")

    def reschedule(self):
        found = []
        ends = ("out_for_delivery", "ready_for_pickup", "delivered", "returning", "returned", "lost", "cancelled")
        for i, e in enumerate(self.events):
            if e.get("reason", "") != "recipient.reschedule":
                continue
            close = min((f["t"] for f in self.events[i + 1:] if f["status"] in ends and f["mark"] != "ignored"), default=FOREVER)
            edd = e.get("edd", "")
            if edd:
                close = min(close, clock.instant(clock.day_of(edd), 0, self.dest) if len(edd) == 10 else clock.sec_of(edd))
            found.append((e["t"], max(close, e["t"])))
        return found

    def windows(self, party):
        return [(w["a"], w["b"]) for w in self.rules.windows if w["party"] == party
                and any(like(r, self.doc["dest_region"]) for r in w.get("regions", ["*"]))
                and ("carriers" not in w or self.doc["carrier_id"] in w["carriers"])]

    def force(self):
        return self.windows("force")

    def merged(self):
        """(open, close, is open now), clipped to the clock, merged."""
        clipped = []
        running = self.stop_at is None and self.closed is None
        for kind in self.rule.pause:
            for a, b in getattr(self, kind)():
                open_now = running and a <= self.now < b
                a, b = max(a, self.begin), min(b, self.end)
                if a < b or (open_now and a == b == self.now):
                    clipped.append((a, b, open_now))
        out = []
        for a, b, open_now in sorted(clipped):
            if out and a <= out[-1][1]:
                out[-1] = (out[-1][0], max(b, out[-1][1]), out[-1][2] or open_now)
            else:
                out.append((a, b, open_now))
        return out

    # state and party

    def excluded(self):
        doc, due = self.doc, self.due
        for what in self.rule.exclude:
            if what in ("cancelled", "lost"):
                if doc["status"] == what and self.closed is not None and self.closed <= due:
                    return True
            elif what == "returning":
                at = clock.sec_of(doc["return_started_at"])
                if at is not None and at <= due:
                    return True
            elif any(like(what, e.get("reason", "")) and e["t"] <= min(due, self.end) for e in self.events):
                return True
        return False

    def edd_is_later(self):
        edds = self.edds()
        if not edds:
            return False
        edd = edds[-1]["edd"]
        if len(edd) == 10:
            return clock.day_of(edd) > clock.local_day(self.due, self.dest)
        return clock.sec_of(edd) > self.due

    def state(self):
        due, now, rule = self.due, self.now, self.rule
        last = clock.sec_of(self.doc["last_event_at"])
        if due is None or self.excluded():
            return "not_applicable", 0
        if self.stop_at is not None:
            return "met" if self.stop_at <= due else "missed", self.stop_at - due
        if self.closed is not None:
            return "missed", max(1, self.closed - due)
        late = now - due
        if self.is_paused:
            return "pending", late
        if now > due:
            return "missed", late
        if now >= due - rule.at_risk or self.edd_is_later():
            return "at_risk", late
        if rule.stale_after is not None and last is not None and now - last > rule.stale_after:
            return "at_risk", late
        return "pending", late

    def party(self):
        rule, due = self.rule, self.due
        if "force" not in rule.pause and any(a <= due and b > self.begin for a, b in self.windows("force")):
            return "force"
        if any(a <= due and b > self.created for a, b in self.windows("platform")):
            return "platform"
        if rule.handover_by is not None and (self.accepted is None or self.accepted > self.created + rule.handover_by):
            return "shipper"
        answer = None
        for e in self.events:
            party, clock_of_reason = reduce.REASONS.get(e.get("reason", ""), ("none", ""))
            if party == "none" or clock_of_reason == "review" or not self.begin <= e["t"] <= min(due, self.end):
                continue
            if not any(a <= e["t"] < b for a, b, _ in self.counted):
                answer = party
        if answer:
            return answer
        return "carrier" if self.accepted is not None and self.accepted <= due else "unknown"

    def judge_at(self, state):
        """When to judge again, as the text has it."""
        now, due = self.now, self.due
        if due is None or state == "not_applicable" or self.stop_at is not None or self.closed is not None:
            return None
        last = clock.sec_of(self.doc["last_event_at"])
        if now - (self.created if last is None else last) >= ABANDONED:
            return None
        if state == "missed":
            return (now // DAY + 1) * DAY
        when = [due + 1, due - self.rule.at_risk]
        if last is not None:
            when.append(last + (72 * 3600 if self.rule.stale_after is None else self.rule.stale_after) + 1)
        for kind in ("reschedule", "force"):
            if kind in self.rule.pause:
                when += [b for a, b in getattr(self, kind)() if a <= now < b < FOREVER]
        return min((t for t in when if t > now), default=None)

    def verdict(self):
        v = {"promise_source": "none", "promised_precision": "none", "promised_at": None, "promised_now_at": None, "due_at": None,
             "due_day": None, "sla_rule_id": "", "sla_stop": "none", "sla_stop_at": None, "sla_state": "not_applicable",
             "sla_party": "none", "sla_late_sec": 0, "promise_err_sec": None, "paused_sec": 0, "is_paused": False, "judge_at": None}
        if self.created is None:
            return v
        state, late = self.state()
        is_date = self.source not in ("none", "rule") and self.promise.is_date
        error = None
        if self.due is not None and self.stop_at is not None:
            error = self.stop_at - self.promised_at
            if is_date:
                error = (clock.local_day(self.stop_at, self.dest) - self.promise.day) * DAY
        v.update(promise_source=self.source,
                 promised_precision="none" if self.source == "none" else "date" if is_date else "time",
                 promised_at=clock.sec_text(self.promised_at), promised_now_at=clock.sec_text(self.promise_now),
                 due_at=clock.sec_text(self.due), due_day=clock.day_text(clock.local_day(self.due, self.dest)),
                 sla_rule_id=self.rule.id, sla_stop=self.stop, sla_stop_at=clock.sec_text(self.stop_at),
                 sla_state=state, sla_party=self.party() if state == "missed" else "none", sla_late_sec=cut32(late),
                 promise_err_sec=cut32(error), paused_sec=cut32(sum(b - a for a, b, _ in self.counted)),
                 is_paused=self.is_paused, judge_at=clock.sec_text(self.judge_at(state)))
        return v
