#!/usr/bin/env python3
"""Compares the programs with a second implementation of their rules, on random shipments.

usage: oracle.py --golden FILE
       oracle.py [--seed N] [--shipments N] [--chunk N] [--first CHUNK] [--zone ZONE]
                 [--bin DIR] [--keep DIR] [--show N]

With --golden it proves itself: by the vectors that the SLA engine is proved by.  Else each
chunk has its own rule file and references.  Its shipments go through wb-fold, wb-enrich,
wb-sla-tag and wb-aggregate; every member of every document and every column of every mart row
is compared with what reduce.py, marts.py and sla.py make of the same input.  The exit status is
1 when anything differs; the seed and the chunk printed repeat it.
"""
import argparse
import datetime
import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True      # the tree of a checkout stays as it is

import clock
import generate
import marts
import reduce
import sla
from clock import DAY

NOT_COMPARED = ("version", "_src", "judge_at")
LAST = clock.ms_of("2099-12-31T23:59:59.999Z")
ORDER = ("_src shipment_id version client_id client_tier client_segment carrier_id carrier tracking_number service_code delivery_mode "
         "origin_region dest_region origin_tz dest_tz dest_remote price weight_g pieces promise_first promise_now status status_since reason "
         "is_open created_at created_day label_at accepted_at first_ofd_at first_attempt_at ready_at delivered_at return_started_at returned_at "
         "lost_at cancelled_at closed_at first_exception_at damaged_at accepted_day first_attempt_day ready_day delivered_day return_started_day "
         "returned_day lost_day cancelled_day first_exception_day damaged_day last_event_at last_received_at lead_sec transit_sec events_n attempts "
         "first_attempt_ok exceptions post_terminal is_reopened is_partial courier_id contacts_n wismo_n last_contact_at promise_source "
         "promised_precision promised_at promised_now_at due_at due_day sla_rule_id sla_stop sla_stop_at sla_state sla_party sla_late_sec "
         "promise_err_sec paused_sec is_paused judge_at step_at step_day step_status step_state step_reason step_attempt step_courier step_region "
         "days events").split()


def load(text):
    return json.loads(text, parse_float=str)


def dump(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def event_line(r, n, record):
    """A record as wb-normalize writes it, or as a row of the table has it, with all members."""
    line = {"_src": ["t", 0, n, 0, 0]}
    line.update(record)
    for key in ("event_time", "received_at"):
        line[key] = clock.time_text(record[key])
    if r.random() < 0.2:
        for key in ("reason", "raw_code", "courier_id", "edd", "supersedes", "raw_text"):
            line.setdefault(key, "")
        line.setdefault("attempt_no", 0)
        line.setdefault("lat", None)
    return dump(line)


def price_line(row):
    """The price stands as it is, without quotes."""
    return re.sub(r'"price":"([0-9.]+)"', r'"price":\1', dump(row))


def lines_of(records):
    return "".join(dump(record) + "\n" for record in records).encode()


class Difference(Exception):
    pass


class Run:
    def __init__(self, args, folder):
        self.args, self.folder, self.found, self.compared = args, folder, 0, 0

    def tell(self, chunk, what, **parts):
        self.found += 1
        if self.found <= self.args.show:
            print("# seed %s chunk %d: %s" % (self.args.seed, chunk, what))
            for name, value in parts.items():
                print("#   %s: %s" % (name, value if isinstance(value, str) else dump(value)))
            sys.stdout.flush()

    def program(self, name, *argv, stdin=b""):
        done = subprocess.run([os.path.join(self.args.bin, name) if self.args.bin else name, *argv], input=stdin, cwd=self.folder,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        told = [line for line in done.stderr.decode().splitlines() if not line.startswith("wb-sla-tag: rules:")]  # warnings of a rule file that is taken
        if done.returncode != 0 or told:
            raise Difference("%s: exit %d: %s" % (name, done.returncode, "\n".join(told)[:2000]))
        return done.stdout

    def write(self, name, lines):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
            f.writelines(line + "\n" for line in lines)
        return name

    def chunk(self, number):
        try:
            self.compare(number)
        except Difference as e:
            self.tell(number, str(e))

    def compare(self, number):
        c = generate.Chunk(self.args.seed, number, self.args.chunk, self.args.turns)
        r = c.r
        records = [e for name in c.records for e in c.records[name]]
        r.shuffle(records)
        self.write("events", [event_line(r, i, e) for i, e in enumerate(records)])
        self.write("rules", [dump(line) for line in c.lines])
        self.write("shipments", [price_line(row) for row in c.rows])
        for name in ("clients", "carriers", "regions", "contacts"):
            self.write(name, [dump(row) for row in getattr(c, name)])

        want = {}
        refs = marts.References(c.rows, c.clients, c.carriers, c.regions, c.contacts)
        for name, set_of_events in c.records.items():
            if set_of_events:
                doc = dict(reduce.reduce(set_of_events), shipment_id=name)
                if marts.enrich(doc, refs):
                    want[name] = doc

        folded = self.program("wb-fold", "--now", "2030-01-01", "events")
        enriched = self.program("wb-enrich", "--shipments", "shipments", "--clients", "clients", "--carriers", "carriers",
                                "--regions", "regions", "--contacts", "contacts", stdin=folded).decode().splitlines()
        rules = sla.Rules(c.lines)

        # every document is judged at several moments, as far as possible on borders
        lines, expected = [], []
        for line in enriched:
            name = re.search(r'"shipment_id":"([^"]*)"', line).group(1)
            if name not in want:
                raise Difference("a document that should not be: " + line)
            for now_ms in self.moments(r, rules, want[name]):
                doc = dict(want[name])
                doc.update(rules.judge(doc, now_ms // 1000))
                doc["days"] = marts.days(doc)
                expected.append((doc, now_ms))
                lines.append(re.sub(r'"version":\d+', '"version":%d' % now_ms, line, count=1))
        missing = set(want) - {d["shipment_id"] for d, _ in expected}
        if missing:
            raise Difference("documents that are missing: " + " ".join(sorted(missing)))
        tagged = self.program("wb-sla-tag", "-r", "rules", stdin=("\n".join(lines) + "\n").encode()).decode().splitlines()
        if len(tagged) != len(lines):
            raise Difference("wb-sla-tag wrote %d of %d documents" % (len(tagged), len(lines)))
        for line, (doc, now_ms) in zip(tagged, expected):
            self.document(number, c, rules, load(line), doc, now_ms)

        # the marts, of the first judgement of each
        first, seen = [], set()
        for line, (doc, _) in zip(tagged, expected):
            if doc["shipment_id"] not in seen:
                seen.add(doc["shipment_id"])
                first.append((line, doc))
        text = ("\n".join(line for line, _ in first) + "\n").encode()
        docs = [doc for _, doc in first]
        self.mart(number, "mart_delivery_day", marts.DELIVERY_KEY, marts.delivery_day(docs), text)
        self.mart(number, "mart_sla_day", marts.SLA_KEY, marts.sla_day(docs), text)
        self.mart(number, "mart_courier_day", marts.COURIER_KEY, marts.courier_day(docs), text)
        as_of = c.epoch // 3600000 * 3600 + 86400
        self.mart(number, "mart_backlog_hour", marts.BACKLOG_KEY, marts.backlog_hour(docs, as_of), text, clock.sec_text(as_of))
        contacts = c.contacts
        self.mart(number, "mart_support_day", marts.SUPPORT_KEY, marts.support_day(contacts, docs, refs),
                  lines_of(marts.support_records(contacts, docs, refs)))
        self.mart(number, "mart_integration_hour", marts.INTEGRATION_KEY, marts.integration_hour(c.calls, c.feed, c.rejects),
                  lines_of(c.calls + c.feed + c.rejects))

    def moments(self, r, rules, doc):
        """Milliseconds at which to judge a document."""
        probe = sla.Judge(rules, doc, clock.sec_of(doc["created_at"]) + 60 * DAY)
        borders = [probe.created, clock.sec_of(doc["last_event_at"] or doc["created_at"])]
        borders += [clock.sec_of(e["event_time"]) for e in doc["events"]]
        borders += [t for w in rules.windows for t in (w["a"], w["b"])]
        borders += [t for kind in probe.rule.pause for p in getattr(probe, kind)() for t in p[:2] if t < sla.FOREVER]
        if probe.due is not None:
            borders += [probe.due, probe.due - probe.rule.at_risk, probe.promised_at] * 3
        if probe.rule.stale_after is not None:
            borders.append(borders[1] + probe.rule.stale_after)
        borders += [borders[1] + 180 * DAY]
        moments = [r.choice(borders) * 1000 + r.choice((0, 0, 1000, 999, -1, -1000)) for _ in range(2)]
        moments.append(probe.created * 1000 + r.randrange(30 * DAY) * 1000)
        return [min(max(m, 0), LAST) for m in r.sample(moments, 2 if doc["is_open"] else 1)]

    def document(self, number, c, rules, got, want, now_ms):
        self.compared += 1
        got_keys = [k for k in got]
        if got_keys != ORDER:
            self.tell(number, "order of members", got=got_keys)
        bad = [k for k in ORDER if k not in NOT_COMPARED and got.get(k) != (int(want[k]) if k == "price" and str(want[k]).isdigit() else want[k])]
        if got["version"] != now_ms:
            bad.append("version")
        if "events" in bad and len(got["events"]) == len(want["events"]):
            pairs = [(a, b) for a, b in zip(got["events"], want["events"]) if a != b]
            got, want = dict(got, events=[a for a, _ in pairs]), dict(want, events=[b for _, b in pairs])
        if bad:
            self.tell(number, "%s at %s differs in %s" % (want["shipment_id"], clock.time_text(now_ms), " ".join(bad)),
                      got={k: got.get(k) for k in bad}, want={k: want.get(k, now_ms) for k in bad},
                      rule=next((l for l in c.lines if l["id"] == want["sla_rule_id"]), None),
                      calendars=[l for l in c.lines if l["kind"] == "calendar"], windows=[l for l in c.lines if l["kind"] == "window"],
                      document={k: v for k, v in want.items() if k != "events"}, events=want["events"])
        elif not self.judged_again(rules, want, now_ms // 1000, got["judge_at"]):
            self.tell(number, "%s at %s, %s: judge_at %s, the text has %s; %s" % (
                want["shipment_id"], clock.time_text(now_ms), want["sla_state"], got["judge_at"], want["judge_at"], self.late),
                rule=next((l for l in c.lines if l["id"] == want["sla_rule_id"]), None), windows=rules.windows,
                document={k: v for k, v in want.items() if k != "events"}, events=want["events"])

    def judged_again(self, rules, doc, now, got):
        """judge_at may be earlier than the text has it, never later, and until then nothing may change by itself."""
        self.late = ""
        at, latest = clock.sec_of(got), clock.sec_of(doc["judge_at"])
        if at is not None and (at <= now or doc["due_at"] is None or doc["sla_stop_at"] or doc["closed_at"]):
            return False
        j = sla.Judge(rules, doc, now)
        last = clock.sec_of(doc["last_event_at"] or doc["created_at"])
        if not doc["is_open"] or j.due is None or now - last >= sla.ABANDONED:
            return at is None
        if doc["sla_state"] == "missed":
            return at == latest
        if latest is not None and (at is None or at > latest):
            return False
        watched = ("sla_state", "sla_party", "is_paused")
        until = min(sla.FOREVER if at is None else at, last + sla.ABANDONED)
        borders = [now + 1, until - 1, last + 72 * 3600 + 1, j.due, j.due + 1, j.due - j.rule.at_risk, j.begin]
        if j.rule.stale_after is not None:
            borders.append(last + j.rule.stale_after + 1)
        for kind in j.rule.pause:
            borders += [t for p in getattr(j, kind)() for t in p[:2]]
        borders += [t + 1 for t in borders] + [(now // DAY + k) * DAY for k in (1, 2, 5)]
        for t in sorted(t for t in borders if now < t < until):
            later = rules.judge(doc, t)
            if any(later[k] != doc[k] for k in watched):
                self.late = "at %s it is %s, not %s" % (clock.sec_text(t), [later[k] for k in watched], [doc[k] for k in watched])
                return False
        return True

    def mart(self, number, name, key, want, text, now="2030-01-01T00:00:00.000Z"):
        rows = {}
        for line in self.program("wb-aggregate", "-t", name, "--now", now, "--batch", "b", stdin=text).decode().splitlines():
            row = load(line)
            row.pop("_src", None)
            if "revenue" in row:
                row["revenue"] = marts.cents(row["revenue"])
            if (row.pop("computed_at"), row.pop("batch_id")) != (now, "b"):
                self.tell(number, name + ": lineage", row=row)
            if tuple(row[k] for k in key) in rows:
                self.tell(number, name + ": a key twice", row=row)
            rows[tuple(row[k] for k in key)] = row
        for k in sorted(set(rows) | set(want), key=str):
            self.compared += 1
            if rows.get(k) != want.get(k):
                got, wish = rows.get(k) or {}, want.get(k) or {}
                bad = [m for m in list(wish) + list(got) if got.get(m) != wish.get(m)]
                self.tell(number, "%s: row %s differs" % (name, dump(k)), got={m: got.get(m) for m in bad}, want={m: wish.get(m) for m in bad})


def epoch(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def due_vector(v):
    """The rule lines, the document and now of a vector of kind due."""
    start = clock.sec_text(epoch(v["start"]))
    rule = dict(v["rule"], kind="rule", id="r", promise=["rule"], pause=["force"], clock_tz=v["tz"] or "calendar")
    windows = [{"kind": "window", "id": str(i), "party": "force", "from": clock.sec_text(epoch(a)), "to": clock.sec_text(epoch(b))}
               for i, (a, b) in enumerate(v["pauses"])]
    doc = dict.fromkeys("client_tier client_segment carrier service_code delivery_mode origin_region dest_region origin_tz dest_tz "
                        "promise_first promise_now status".split(), "")
    doc.update(dict.fromkeys("label_at delivered_at ready_at closed_at return_started_at".split()), client_id=1, carrier_id=1, dest_remote=False,
               created_at=start, accepted_at=start, last_event_at=start,
               events=[{"event_id": "1", "event_time": start, "received_at": start, "status": "accepted", "mark": "", "attempt": 0}])
    return windows + [rule], doc, epoch(v["start"]) + 366 * DAY


def golden(path):
    with open(path, encoding="utf-8") as f:
        lines = [json.loads(line) for line in f if line.strip() and not line.startswith("#")]
    calendars, bad, n = [v for v in lines if v["kind"] == "calendar"], 0, 0
    for v in lines:
        if v["kind"] == "calendar":
            continue
        n += 1
        if v["kind"] == "due":
            rules, doc, now = due_vector(v)
            want = {"due_at": v["due"]}
        else:
            rules, doc, now, want = v["rules"], v["doc"], clock.sec_of(v["now"]), v["expect"]
        got = sla.Rules(calendars + rules).judge(doc, now)
        wrong = [k for k in want if got[k] != want[k]]
        bad += bool(wrong)
        if wrong:
            print("# %s: got %s, want %s" % (v["name"], {k: got[k] for k in wrong}, {k: want[k] for k in wrong}))
    print("%d vectors, %d differ" % (n, bad))
    return 1 if bad else 0


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--golden", help="a file of vectors")
    p.add_argument("--seed", default="1")
    p.add_argument("--shipments", type=int, default=2000)
    p.add_argument("--chunk", type=int, default=100, help="shipments a rule file")
    p.add_argument("--zone", help="only seasons in which clocks of this zone turn")
    p.add_argument("--first", type=int, default=0, help="chunk to begin with")
    p.add_argument("--bin", default="", help="where the programs are; by default the PATH")
    p.add_argument("--keep", help="folder for the input files of the last chunk")
    p.add_argument("--show", type=int, default=3, help="differences to show in full")
    args = p.parse_args()
    if args.golden:
        return golden(args.golden)
    args.turns = [t for t in generate.TURNS if args.zone in (None, t[0])]
    with tempfile.TemporaryDirectory() as folder:
        if args.keep:
            folder = args.keep
            os.makedirs(folder, exist_ok=True)
        run = Run(args, folder)
        for number in range(args.first, args.first + max(1, args.shipments // args.chunk)):
            run.chunk(number)
    print("seed %s: %d documents and rows compared, %d differ" % (args.seed, run.compared, run.found))
    return 1 if run.found else 0


if __name__ == "__main__":
    sys.exit(main())
