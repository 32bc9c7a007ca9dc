"""Random shipments, reference rows and rule files, close to every border that the rules have."""
import random

import clock
import reduce
from clock import DAY

# zones with odd rules, and moments at which clocks of a zone turn, or leave out a day, or a calendar has an edge
ZONES = ("UTC Europe/Moscow Asia/Vladivostok America/New_York Australia/Lord_Howe Pacific/Chatham Asia/Kathmandu Africa/Casablanca "
         "Pacific/Apia America/Havana Asia/Beirut Africa/Cairo Europe/Dublin America/St_Johns Pacific/Kiritimati Pacific/Niue "
         "America/Santiago Asia/Tehran Europe/Berlin Antarctica/Troll").split()
TURNS = (("America/New_York", "2024-03-10T07:00:00"), ("America/New_York", "2024-11-03T06:00:00"),
         ("Australia/Lord_Howe", "2024-04-06T15:00:00"), ("Australia/Lord_Howe", "2024-10-05T15:30:00"),
         ("Pacific/Chatham", "2024-04-06T14:00:00"), ("Pacific/Chatham", "2024-09-28T14:00:00"),
         ("Africa/Casablanca", "2024-03-10T02:00:00"), ("Africa/Casablanca", "2024-04-14T02:00:00"),
         ("Pacific/Apia", "2011-12-30T10:00:00"), ("Pacific/Apia", "2011-12-30T10:00:00"),
         ("America/Havana", "2024-03-10T05:00:00"), ("America/Havana", "2024-11-03T05:00:00"),
         ("Asia/Beirut", "2024-03-30T22:00:00"), ("Asia/Beirut", "2024-10-26T21:00:00"),
         ("Africa/Cairo", "2024-04-25T22:00:00"), ("Africa/Cairo", "2024-10-31T21:00:00"),
         ("Europe/Dublin", "2024-03-31T01:00:00"), ("Europe/Dublin", "2024-10-27T01:00:00"),
         ("America/Santiago", "2024-04-07T03:00:00"), ("America/Santiago", "2024-09-08T04:00:00"),
         ("Asia/Tehran", "2022-03-21T20:30:00"), ("Asia/Tehran", "2022-09-21T19:30:00"),
         ("America/St_Johns", "2024-11-03T04:30:00"), ("Antarctica/Troll", "2024-03-31T01:00:00"),
         ("Asia/Kathmandu", "2024-12-31T18:15:00"), ("UTC", "2024-02-29T00:00:00"), ("UTC", "2000-01-10T00:00:00"),
         ("UTC", "2038-01-19T03:14:07"), ("Europe/Berlin", "2099-03-29T01:00:00"))
CLOCKS = ("00:00:00 00:00:01 01:30:00 02:00:00 02:30:00 09:00:00 12:00:00 14:59:59 15:00:00 15:00:01 18:00:00 23:59:59").split()
STATUSES = [s for s in reduce.RANK]
PATHS = ("created customs in_transit on_hold in_transit ready_for_pickup in_transit delivered", "accepted customs customs in_transit on_hold out_for_delivery",
         "created accepted in_transit at_destination out_for_delivery delivered",
         "created accepted in_transit customs customs in_transit out_for_delivery attempt_failed out_for_delivery delivered",
         "created accepted in_transit ready_for_pickup delivered", "accepted out_for_delivery attempt_failed attempt_failed attempt_failed delivered",
         "accepted in_transit on_hold in_transit out_for_delivery attempt_failed on_hold on_hold out_for_delivery delivered",
         "created accepted at_destination returning in_transit at_destination delivered", "created cancelled accepted in_transit delivered",
         "in_transit lost at_destination delivered", "accepted returning out_for_delivery delivered", "accepted in_transit lost cancelled created on_hold",
         "created accepted in_transit", "created", "info info", "accepted info out_for_delivery info", "ready_for_pickup out_for_delivery delivered",
         "out_for_delivery ready_for_pickup delivered delivered info")
REASONS = sorted(reduce.REASONS)
BY_STATUS = {"created": ["detail.label", "detail.manifest", "shipper.data"],
             "customs": ["customs.hold", "customs.docs", "detail.cleared", "carrier.delay", "customs.duties"],
             "on_hold": ["recipient.address", "shipper.data", "carrier.capacity", "other.unspecified", "detail.storage", "recipient.refused_late", "force.weather"],
             "attempt_failed": ["recipient.absent", "carrier.capacity", "recipient.refused", "recipient.reschedule", "recipient.refused_late", "detail.courier_back"],
             "delivered": ["detail.pickup_point", "detail.locker", "detail.electronic", "detail.partial", "detail.damaged", "carrier.damage"],
             "info": ["recipient.reschedule", "carrier.delay", "detail.eta", "force.strike", "customs.hold"]}
STEPS = (0, 0, 1, 999, 1000, 60000, 3600000, 3 * 3600000, 12 * 3600000 - 1, 12 * 3600000, 12 * 3600000 + 1, 20 * 3600000, 24 * 3600000,
         30 * 3600000, 48 * 3600000, 5 * 86400000)
CARRIERS = ("cdek", "ups", "post", "own")
SERVICES = ("EXPRESS", "STD", "ECONOMY", "")
TOPICS = "wismo address_change reschedule damage lost not_received refund cod complaint other".split()
CHANNELS = "phone chat email form social other".split()
OUTCOMES = "ok ok client_error server_error timeout auth_error rate_limited schema_error".split()
SECONDS = (0, 1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 172800, 432000, 900000)
MILLISECONDS = (0, 5, 10, 25, 50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 10000, 30000, 60000, 4000000000)
EXCLUDE = ("cancelled", "lost", "returning", "recipient.refused", "recipient.*", "shipper.data", "customs.*", "force.*", "carrier.delay", "carrier.*")


class Chunk:
    """One rule file, one set of references, and shipments of one season."""

    def __init__(self, seed, number, shipments, turns=TURNS):
        self.r = r = random.Random("%s/%s" % (seed, number))
        self.zones, self.clocks = r.sample(ZONES, 5), list(CLOCKS)
        self.at_turn = r.random() < 0.7
        if self.at_turn:
            zone, turn = r.choice(turns)
            self.epoch = clock.ms_of(turn + "Z")
            self.zones[0] = self.zones[1] = zone
            # what clocks show when they turn: the beginning and the middle of the gap, or of the hour that comes twice
            second = self.epoch // 1000
            for shown in (clock.local(second, zone)[1], (clock.local(second - 1, zone)[1] + 1) % DAY):
                self.clocks += [clock.clock_text((shown + later) % DAY) for later in (0, 900, 900)] * 2
        else:
            self.epoch = clock.ms_of("2024-01-01T00:00:00Z") + r.randrange(2 * 365 * DAY) * 1000
        self.lines = self.rule_lines()
        self.regions = [{"region_code": "R%d" % (i + 1), "name": "x", "tz": z, "is_remote": r.random() < 0.3, "version": 1}
                        for i, z in enumerate(self.zones)]
        self.clients = []
        for i in range(1, 5):
            for _ in range(r.randrange(1, 4)):
                self.clients.append({"id": i, "name": "c", "segment": r.choice(("b2b", "b2c")), "tier": r.choice(("gold", "standard", "golden")),
                                     "home_region": "", "is_active": True, "updated_at": self.time(self.near(10))})
        self.clients = list({(c["id"], c["updated_at"][:19]): c for c in self.clients}.values())
        self.carriers = [{"id": i + 1, "code": c, "name": c, "kind": "external", "tz": "UTC", "updated_at": "2020-01-01T00:00:00.000Z"}
                         for i, c in enumerate(CARRIERS)]
        self.contacts, self.rows, self.records = [], [], {}
        for i in range(shipments):
            self.shipment("S-%d-%d" % (number, i))
        self.more = random.Random("%s/%s/more" % (seed, number))
        self.support()
        self.calls, self.feed, self.rejects = self.call_rows(), self.feed_rows(), self.reject_rows()

    def near(self, days):
        """A moment within so many days of the season, often on a border of a day."""
        r = self.r
        if self.at_turn and r.random() < 0.5:
            days = 2
        at = self.epoch + r.randrange(-days * DAY, days * DAY) * 1000
        how = r.random()
        if how < 0.4:
            day = clock.local(at // 1000, "UTC")[0]
            return clock.instant(day, clock.clock_of(r.choice(self.clocks)), r.choice(self.zones)) * 1000 + r.choice((0, 0, 0, 999))
        return at + r.choice((0, r.randrange(1000)))

    @staticmethod
    def time(ms):
        return clock.time_text(ms)

    def day(self, days):
        return clock.day_text(clock.local(self.near(days) // 1000, "UTC")[0])

    def rule_lines(self):
        r, lines = self.r, []
        names = []
        for i in range(r.randrange(1, 4)):
            week = [int(r.random() < 0.75) for _ in range(7)]
            week[r.randrange(7)] = 1
            c = {"kind": "calendar", "id": "cal%d" % i, "tz": r.choice(self.zones), "week": week}
            if r.random() < 0.8:
                c["hours"] = r.choice((["09:00", "18:00"], ["00:00", "24:00"], ["01:30", "02:30"], ["02:10", "02:40"], ["22:00", "24:00"], ["00:30", "23:59"], ["12:00", "12:01"]))
                if self.at_turn and r.random() < 0.4:
                    hours = sorted({t[:5] for t in r.sample(self.clocks, 4)})
                    if len(hours) > 1:
                        c["hours"] = hours[:2]
            for key in ("holidays", "workdays"):
                if r.random() < 0.6:
                    c[key] = sorted({self.day(12) for _ in range(r.randrange(6))} | set(c.get("holidays", [])[:r.randrange(3)]))
            lines.append(c)
            names.append(c["id"])
        for i in range(r.choice((0, 0, 1, 2, 3, 6))):
            a = self.near(12)
            w = {"kind": "window", "id": "w%d" % i, "party": r.choice(("force", "force", "platform")), "from": self.time(a),
                 "to": self.time(a + r.choice((1000, 3600000, 86400000, 3 * 86400000, 10 * 86400000)))}
            if r.random() < 0.4:
                w["regions"] = r.sample(["R1", "R2", "R3", "R*", "X*", "*"], r.randrange(1, 3))
            if r.random() < 0.3:
                w["carriers"] = r.sample([1, 2, 3, 4], r.randrange(1, 3))
            lines.append(w)
        for i in range(r.choice((0, 1, 2, 3, 5))):
            lines.append(self.rule("rule%d" % i, names, r.random() < 0.6))
        if r.random() < 0.8:
            lines.append(self.rule("last", names, False))
        return lines

    def rule(self, name, calendars, narrow):
        r = self.r
        rule = {"kind": "rule", "id": name}

        def maybe(share, key, value):
            if r.random() < share:
                rule[key] = value() if callable(value) else value
        if narrow:
            match = {}
            for key, values in (("client_id", [1, 2, 3, 4]), ("carrier_id", [0, 1, 2, 3, 4]), ("tier", ["gold", "gold*", "standard", "x"]),
                                ("segment", ["b2b", "b2c"]), ("carrier", list(CARRIERS) + ["none", "c*"]), ("service", ["EXP*", "STD", "ECONOMY", ""]),
                                ("origin", ["R1", "R2", "R*"]), ("dest", ["R1", "R2", "R3", "R*", "*"]), ("mode", ["door", "locker", "p*"])):
                if r.random() < 0.2:
                    match[key] = r.sample(values, r.randrange(1, len(values)))
            if r.random() < 0.1:
                match["remote"] = r.random() < 0.5
            rule["match"] = match
            maybe(0.2, "valid_from", lambda: self.day(10))
            maybe(0.2, "valid_to", lambda: self.day(10))
            if rule.get("valid_from", "") >= rule.get("valid_to", "9"):
                del rule["valid_to"]
        maybe(0.8, "promise", lambda: ["rule"] if r.random() < 0.4 else r.sample(["explicit", "rule", "carrier_edd"], r.randrange(1, 4)))
        maybe(0.5, "start", lambda: r.choice(("accepted", "created", "created", "label")))
        maybe(0.6, "stop", lambda: ["delivered"] + r.sample(["first_attempt", "ready_for_pickup"], r.randrange(0, 3)))
        unit = r.choice(("bday", "bday", "day", "day", "hour", "bhour", "bhour"))
        n = r.choice((0, 1, 2, 3, 5, 8)) if unit in ("bday", "day") else r.choice((0, 1, 8, 24, 40))
        maybe(0.9, "target", {"n": n, "unit": unit})
        has = rule.get("target") is not None
        maybe(0.9, "calendar", lambda: r.choice(calendars))
        maybe(0.6, "clock_tz", lambda: r.choice(("dest", "origin", "calendar", r.choice(self.zones))))
        if has and unit in ("bday", "day"):
            maybe(0.6, "cutoff", lambda: r.choice(self.clocks + ["15:00", "00:00", "02:30"]))
            maybe(0.6, "deadline_time", lambda: r.choice(self.clocks))
            if unit == "day":
                maybe(0.5, "roll", "next_bday")
            maybe(0.4, "extra", lambda: [{"from": r.choice((self.day(8)[5:], "11-01")), "to": r.choice((self.day(8)[5:], "03-01")), "add": r.randrange(1, 4)}
                                         for _ in range(r.randrange(1, 3))])
        maybe(0.9, "pause", lambda: r.sample(["customs", "hold", "reschedule", "pickup", "force"], r.choice((0, 1, 2, 3, 4, 5, 5, 5))))
        maybe(0.5, "exclude", lambda: r.sample(EXCLUDE, r.randrange(0, 4)))
        maybe(0.5, "at_risk", lambda: r.choice(("P1D", "PT4H", "PT0S", "P2DT3H4M5S", "PT36H")))
        maybe(0.5, "stale_after", lambda: r.choice(("PT24H", "P2D", "PT1S", "PT90M")))
        maybe(0.4, "handover_by", lambda: r.choice(("PT24H", "PT1H", "P2D", "PT0S")))
        return rule

    def shipment(self, name):
        r = self.r
        created = self.near(6)
        self.events(name, created)
        if r.random() < 0.02:
            return
        row = {"id": len(self.rows) + 1, "shipment_id": name, "client_id": r.randrange(1, 5), "carrier_id": r.choice((None, 1, 2, 3, 4, 4)),
               "tracking_number": r.choice((None, "T-1")), "service_code": r.choice(SERVICES), "delivery_mode": r.choice(("door", "door", "pickup_point", "locker")),
               "origin_region": r.choice(("R1", "R2", "R3", "R4", "R9")), "dest_region": r.choice(("R1", "R2", "R3", "R4", "R5", "X1")),
               "promised_at": None, "promised_on": None, "promised_first_at": None, "promised_first_on": None,
               "price": r.choice((0, 1, "346.50", "0.01", "12.3", "99999999.99")), "weight_g": r.randrange(9000), "pieces": r.randrange(1, 4),
               "created_at": self.time(created), "updated_at": self.time(created)}
        for which in ("promised_", "promised_first_"):
            how = r.random()
            if how < 0.25:
                row[which + "on"] = clock.day_text(clock.local(created // 1000, "UTC")[0] + r.randrange(0, 8))
            elif how < 0.45:
                row[which + "at"] = self.time(created + r.choice(STEPS) + r.randrange(0, 8) * 86400000)
        self.rows.append(row)
        if r.random() < 0.1:
            older = dict(row, client_id=1, updated_at=self.time(created - 1), promised_on="2001-01-01", promised_at=None)
            self.rows.insert(r.choice((0, len(self.rows))), older)
        for _ in range(r.choice((0, 0, 0, 1, 2))):
            self.contacts.append({"id": len(self.contacts) + 1, "client_id": 1, "shipment_id": name, "channel": "chat", "topic": r.choice(("wismo", "cod")),
                                  "opened_at": self.time(self.near(9)), "updated_at": self.time(self.near(9))})

    # what the marts of support and integrations are made of, by numbers of their own

    def support(self):
        """What contacts have beside what documents are made of; more of them about nothing known."""
        r = self.more
        for c in self.clients:
            c["home_region"] = r.choice(("R1", "R2", "R3", "R4", "R9", ""))
        for i in range(20):
            self.contacts.append({"id": 100000 + i, "client_id": 0, "shipment_id": r.choice(("", "no such")), "topic": "other",
                                  "opened_at": self.time(self.near(9)), "updated_at": self.time(self.near(9))})
        for c in self.contacts:
            at = clock.ms_of(c["opened_at"])
            c.update(client_id=r.choice((0, 0, 1, 2, 3, 4, 77)), topic=r.choice(TOPICS), channel=r.choice(CHANNELS), reopened=r.choice((0, 0, 1, 3)),
                     csat=r.choice((None, None, 1, 2, 3, 4, 5)))
            for key in ("first_reply_at", "resolved_at"):
                c[key] = r.choice((None, self.time(at + (r.choice(SECONDS) + r.choice((0, 0, 1, -1))) * 1000 + r.randrange(-999, 1000))))

    def call_rows(self):
        r, rows = self.more, []
        for n in range(120):
            key = {"carrier_id": r.choice((1, 2)), "integration": r.choice(("a", "b \"c\"")), "operation": r.choice(("track", "events")), "request_id": "q%d" % (n % 100)}
            at = self.near(3)
            for _ in range(r.choice((1, 1, 1, 2, 4))):
                rows.append(dict(key, id=len(rows) + 1, ts=self.time(at), outcome=r.choice(OUTCOMES), attempt=r.randrange(1, 4),
                                 duration_ms=max(0, r.choice(MILLISECONDS) + r.choice((0, 0, 1, -1)))))
                at += r.choice((0, 1, 999, 3600000, -1000))
        r.shuffle(rows)
        return rows

    def feed_rows(self):
        r, rows = self.more, []
        for name in self.records:
            for e in reduce.one_copy_each(self.records[name]):
                rows.append(dict(shipment_id=name, event_id=e["event_id"], event_time=self.time(e["event_time"]), received_at=self.time(e["received_at"]),
                                 lag_sec=r.choice((e["lag_sec"], r.choice(SECONDS) + r.choice((0, 1, -1)))), is_date_only=r.random() < 0.1,
                                 carrier_id=e["carrier_id"], integration=r.choice(("a", "x")), map_hit=r.choice(("given", "exact", "code", "none"))))
        return rows

    def reject_rows(self):
        r = self.more
        return [{"stage": "wb-normalize", "src_topic": r.choice(("a", "t")), "state": r.choice(("open", "open", "resolved")),
                 "ts": r.choice((self.time(self.near(2)), "1970-01-01T00:00:00.000Z"))} for _ in range(40)]

    def path(self):
        r = self.r
        how = r.random()
        if how < 0.01:      # so many that they are sorted and looked up another way
            return [r.choice(STATUSES if r.random() < 0.01 else STATUSES[:10] + ["lost", "info"]) for _ in range(r.randrange(30, 80))]
        if how < 0.3:
            return [r.choice(STATUSES) for _ in range(r.randrange(0, 12))]
        path = r.choice(PATHS).split()
        if how < 0.8:
            for _ in range(r.randrange(0, 4)):
                what = r.random()
                at = r.randrange(len(path) + 1)
                if what < 0.6:
                    path.insert(at, r.choice(STATUSES))
                elif path:
                    path.pop(at % len(path))
        if r.random() < 0.35:       # still open
            path = [s for s in path if s not in reduce.HARD]
        return path

    def reason(self, status):
        r = self.r
        how = r.random()
        if status in BY_STATUS and how < 0.75:
            return r.choice(BY_STATUS[status])
        if how < 0.82:
            return "recipient.reschedule"
        if how < 0.92:
            return r.choice(REASONS)
        return ""

    def events(self, name, created):
        r, records = self.r, []
        at = created + r.choice((0, 0, 1000, -3600000, 3600000, 86400000))
        home = r.choice((1, 2, 3, 4))
        for i, status in enumerate(self.path()):
            e = {"shipment_id": name, "event_id": r.choice(("e%d", "%d", "\u0451%d", "E-%d")) % i, "version": 0, "event_time": at}
            e["received_at"] = at + r.choice((0, 0, 1, 1000, 3600000, 3 * 86400000, r.randrange(86400000)))
            if r.random() < 0.1:
                e["received_at"] = max(at, created) + 86400000
            e["version"] = (1 << 43) + 4102444800000 - e["received_at"]
            number = home if r.random() < 0.9 else r.randrange(1, 5)
            e.update(carrier=CARRIERS[number - 1], carrier_id=number, integration="x", status=status, map_hit="given")
            e.update(lag_sec=e["received_at"] // 1000 - at // 1000, is_date_only=False, to_recipient=False, damaged=False)
            reason = self.reason(status) if r.random() < 0.7 else ""
            for key, share, value in (("reason", 1, reason), ("attempt_no", 0.15, r.randrange(1, 5)), ("courier_id", 0.2, "k%d" % r.randrange(3)),
                                      ("region_code", 0.1, r.choice(("R1", "R7"))), ("to_recipient", 0.08, True), ("damaged", 0.03, True),
                                      ("raw_text", 0.05, "a \"b\" \u00e9"), ("is_date_only", 0.03, True), ("raw_code", 0.1, "17")):
                if r.random() < share and value != "":
                    e[key] = value
            if status == "delivered" and r.random() < 0.2:
                e["pieces"], e["pieces_delivered"] = r.randrange(0, 4), r.randrange(0, 4)
            if r.random() < (0.5 if reason == "recipient.reschedule" else 0.15):
                later = at + r.choice(STEPS) * r.choice((1, 1, 3)) - r.choice((0, 0, 86400000))
                e["edd"] = self.time(later) if r.random() < 0.5 else clock.day_text(clock.local(later // 1000, "UTC")[0])
            if r.random() < 0.05:
                e["supersedes"] = "previous"
            elif r.random() < 0.05:
                e["supersedes"] = r.choice(("e%d", "%d", "\u0451%d")) % r.randrange(8 if i < 30 else 80)
            records.append(e)
            at += r.choice(STEPS)
            if r.random() < 0.15:
                day = clock.local(at // 1000, "UTC")[0]
                at = max(at, clock.instant(day, clock.clock_of(r.choice(self.clocks)), r.choice(self.zones)) * 1000)
            if r.random() < 0.05:
                at -= 3600000
        for e in list(records):
            if r.random() < 0.1:
                copy = dict(e)
                if r.random() < 0.6:
                    copy.update(status=r.choice(STATUSES), version=e["version"] + r.choice((-1, 0, 1)))
                records.append(copy)
        r.shuffle(records)
        self.records[name] = records
