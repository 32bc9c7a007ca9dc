"""Attributes, days and steps of documents, and the rows of the marts made from them.

Written from the text (wb-records.5, wb-aggregate.1) alone.
"""
import clock
import reduce

S19 = (1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 172800, 432000)
M18 = (5, 10, 25, 50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 10000, 30000, 60000)
H31 = (1, 2, 4, 6, 8, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96, 120, 144, 168, 192, 216, 240, 288, 336, 408, 480, 600, 720, 960, 1440)

DAYS_DEST = ("first_attempt ready delivered return_started returned lost cancelled first_exception damaged").split()


def span(a, b):
    """Whole seconds from a to b, null when one is unknown."""
    return None if a is None or b is None else clock.sec_of(b) - clock.sec_of(a)


def promise(day, time):
    return day or time or ""


class References:
    """Reference rows, by what names them."""

    def __init__(self, shipments, clients, carriers, regions, contacts):
        self.shipments = {}
        for r in shipments:
            have = self.shipments.get(r["shipment_id"])
            if have is None or r["updated_at"] >= have["updated_at"]:
                self.shipments[r["shipment_id"]] = r
        self.clients = {}
        for r in sorted(clients, key=lambda r: r["updated_at"]):
            self.clients.setdefault(r["id"], []).append(r)
        self.carriers = {}
        for r in sorted(carriers, key=lambda r: r["updated_at"]):
            self.carriers[r["id"]] = r["code"]
        self.regions = {r["region_code"]: r for r in sorted(regions, key=lambda r: r["version"])}
        newest = {}
        for r in contacts:
            have = newest.get(r["id"])
            if have is None or r["updated_at"] >= have["updated_at"]:
                newest[r["id"]] = r
        self.contacts = {}
        for r in newest.values():
            self.contacts.setdefault(r["shipment_id"], []).append(r)

    def client(self, number, at):
        """The version valid at a time; a time before the first takes the first.  Versions begin at whole seconds."""
        rows = self.clients.get(number)
        if not rows:
            return {"tier": "", "segment": ""}
        valid = [r for r in rows if clock.sec_of(r["updated_at"]) * 1000 <= clock.ms_of(at)]
        return valid[-1] if valid else rows[0]


def enrich(doc, refs):
    """Adds the members A and E; false when the document is an orphan."""
    row = refs.shipments.get(doc["shipment_id"])
    if row is None:
        return False
    d = doc
    for key in ("tracking_number", "service_code", "delivery_mode", "origin_region", "dest_region"):
        d[key] = row[key] or ""
    for key in ("client_id", "price", "weight_g", "pieces"):
        d[key] = row[key]
    d["created_at"] = row["created_at"]
    client = refs.client(row["client_id"], row["created_at"])
    d["client_tier"], d["client_segment"] = client["tier"], client["segment"]
    seen = [e for e in d["events"] if e["mark"] != "void"]
    d["carrier_id"] = row["carrier_id"] or 0
    if not d["carrier_id"]:
        d["carrier_id"] = next((e["carrier_id"] for e in reversed(seen) if e.get("carrier_id")), 0)
    d["carrier"] = refs.carriers.get(d["carrier_id"], "none")
    d["promise_now"] = promise(row["promised_on"], row["promised_at"])
    d["promise_first"] = promise(row["promised_first_on"], row["promised_first_at"]) or d["promise_now"]
    dest, origin = refs.regions.get(d["dest_region"]), refs.regions.get(d["origin_region"])
    d["dest_tz"], d["origin_tz"] = dest["tz"] if dest else "", origin["tz"] if origin else ""
    d["dest_remote"] = bool(dest and dest["is_remote"])
    for name in ("created", "accepted"):
        d[name + "_day"] = clock.day_text(clock.local_day(clock.sec_of(d[name + "_at"]), d["origin_tz"]))
    for name in DAYS_DEST:
        d[name + "_day"] = clock.day_text(clock.local_day(clock.sec_of(d[name + "_at"]), d["dest_tz"]))
    d["lead_sec"] = span(d["created_at"], d["delivered_at"])
    d["transit_sec"] = span(d["accepted_at"], d["delivered_at"])
    contacts = refs.contacts.get(d["shipment_id"], [])
    d["contacts_n"] = len(contacts)
    d["wismo_n"] = sum(c["topic"] == "wismo" for c in contacts)
    d["last_contact_at"] = max((c["opened_at"] for c in contacts), default=None)
    steps = [e for e in d["events"] if e["mark"] not in ("void", "absorbed")
             and (e["status"] == "out_for_delivery" or e["attempt"] > 0 or reduce.is_fault(e.get("reason", "")) or e.get("courier_id"))]
    d["step_at"] = [e["event_time"] for e in steps]
    d["step_day"] = [clock.day_text(clock.local_day(clock.sec_of(e["event_time"]), d["dest_tz"])) for e in steps]
    d["step_status"] = [e["status"] for e in steps]
    d["step_state"] = [e["state"] for e in steps]
    d["step_reason"] = [e.get("reason", "") for e in steps]
    d["step_attempt"] = [e["attempt"] for e in steps]
    d["step_courier"] = [e.get("courier_id", "") for e in steps]
    d["step_region"] = [e.get("region_code", "") or d["dest_region"] for e in steps]
    return True


def days(d):
    return sorted({d[k] for k in d if k.endswith("_day") and k != "step_day" and d[k] is not None} | set(d["step_day"]))


# marts

def cents(price):
    whole, _, part = str(price).partition(".")
    return int(whole) * 100 + int((part + "00")[:2])


class Mart:
    """Rows by key; hist columns have all slots, 31 of them if hists does not say."""

    def __init__(self, key, counts, hists):
        self.key, self.counts, self.rows = key, counts, {}
        self.hists = hists if isinstance(hists, dict) else dict.fromkeys(hists, 31)

    def row(self, *key):
        if key not in self.rows:
            row = dict(zip(self.key, key))
            row.update(dict.fromkeys(self.counts, 0))
            row.update((h, [0] * n) for h, n in self.hists.items())
            self.rows[key] = row
        return self.rows[key]


def slot(sec):
    return sum(h * 3600 < sec for h in H31)


def add_span(row, name, sec, hist=False):
    if sec is None or sec < 0:
        return
    row[name + "_sec_sum"] += sec
    row[name + "_n"] += 1
    if hist:
        row[name + "_hist"][slot(sec)] += 1


DELIVERY_KEY = "day client_id carrier_id service_code dest_region".split()
DELIVERY = ("created accepted out_for_delivery attempts first_attempts first_attempt_ok delivered delivered_late ready_for_pickup "
            "return_started returned lost damaged cancelled exceptions first_exceptions lead_sec_sum lead_n transit_sec_sum transit_n "
            "handover_sec_sum handover_n last_mile_sec_sum last_mile_n pickup_wait_sec_sum pickup_wait_n revenue").split()


def delivery_day(docs):
    mart = Mart(DELIVERY_KEY, DELIVERY, ["lead_hist", "transit_hist"])
    for d in docs:
        def on(day, d=d):
            return mart.row(day, d["client_id"], d["carrier_id"], d["service_code"], d["dest_region"])
        if d["created_day"]:
            row = on(d["created_day"])
            row["created"] += 1
            row["revenue"] += cents(d["price"])
        if d["accepted_day"]:
            row = on(d["accepted_day"])
            row["accepted"] += 1
            add_span(row, "handover", span(d["created_at"], d["accepted_at"]))
        if d["first_attempt_day"]:
            row = on(d["first_attempt_day"])
            row["first_attempts"] += 1
            row["first_attempt_ok"] += d["first_attempt_ok"]
        for column, day in (("ready_for_pickup", "ready_day"), ("return_started", "return_started_day"), ("returned", "returned_day"),
                            ("lost", "lost_day"), ("cancelled", "cancelled_day"), ("damaged", "damaged_day"),
                            ("first_exceptions", "first_exception_day")):
            if d[day]:
                on(d[day])[column] += 1
        if d["delivered_day"]:
            row = on(d["delivered_day"])
            row["delivered"] += 1
            late = span(d["promised_at"], d["delivered_at"])
            row["delivered_late"] += late is not None and late > 0
            add_span(row, "lead", span(d["created_at"], d["delivered_at"]), True)
            add_span(row, "transit", span(d["accepted_at"], d["delivered_at"]), True)
            add_span(row, "last_mile", span(d["first_ofd_at"], d["delivered_at"]))
            add_span(row, "pickup_wait", span(d["ready_at"], d["delivered_at"]))
        for i, day in enumerate(d["step_day"]):
            counts = {"out_for_delivery": d["step_status"][i] == d["step_state"][i] == "out_for_delivery",
                      "attempts": d["step_attempt"][i] > 0, "exceptions": reduce.is_fault(d["step_reason"][i])}
            for column, n in counts.items():
                if n:
                    on(day)[column] += 1
    return mart.rows


SLA_KEY = DELIVERY_KEY + ["sla_rule_id", "promise_source"]
PARTIES = "carrier shipper recipient customs force platform unknown".split()
SLA = ("due met met_in_full missed missed_open pending at_risk paused late_1d late_2d late_3d late_more early_1d late_sec_sum "
       "abs_err_sec_sum abs_err_n repromised").split() + ["miss_" + p for p in PARTIES]


def sla_day(docs):
    mart = Mart(SLA_KEY, SLA, ["late_hist"])
    for d in docs:
        if d["sla_state"] == "not_applicable":
            continue
        row = mart.row(d["due_day"], d["client_id"], d["carrier_id"], d["service_code"], d["dest_region"], d["sla_rule_id"], d["promise_source"])
        state, late = d["sla_state"], d["sla_late_sec"]
        row["due"] += 1
        row[state] += 1
        row["paused"] += d["paused_sec"] > 0
        row["repromised"] += d["promised_now_at"] != d["promised_at"]
        if d["promise_err_sec"] is not None:
            row["abs_err_sec_sum"] += abs(d["promise_err_sec"])
            row["abs_err_n"] += 1
        if state == "met":
            row["met_in_full"] += d["delivered_at"] is not None and not d["is_partial"]
            row["early_1d"] += late < -86400
        if state == "missed":
            row["missed_open"] += d["is_open"]
            row["late_1d" if late <= 86400 else "late_2d" if late <= 2 * 86400 else "late_3d" if late <= 3 * 86400 else "late_more"] += 1
            row["late_sec_sum"] += late
            row["late_hist"][slot(late)] += 1
            row["miss_" + d["sla_party"]] += 1
    return mart.rows


COURIER_KEY = "day carrier_id region_code courier_id".split()
COURIER = "assigned attempts delivered first_attempts first_attempt_ok failed_recipient failed_carrier failed_other brought_back active_sec".split()


def courier_day(docs):
    """Each courier's steps, shipment by shipment."""
    mart = Mart(COURIER_KEY, COURIER, [])
    for d in docs:
        groups = {}
        for i, courier in enumerate(d["step_courier"]):
            if courier:
                groups.setdefault((d["step_day"][i], d["carrier_id"], d["step_region"][i], courier), []).append(i)
        for key, steps in groups.items():
            row = mart.row(*key)
            out = any(d["step_status"][i] == "out_for_delivery" for i in steps)
            done = any(d["step_status"][i] == d["step_state"][i] == "delivered" for i in steps)
            row["assigned"] += out
            row["delivered"] += done
            row["brought_back"] += out and not done
            for i in steps:
                at = clock.sec_of(d["step_at"][i])
                first = row.get("first_scan_at")
                row["first_scan_at"] = at if first is None else min(first, at)
                row["last_scan_at"] = max(row.get("last_scan_at", at), at)
                if d["step_attempt"][i] == 0:
                    continue
                row["attempts"] += 1
                if d["step_at"][i] == d["first_attempt_at"]:
                    row["first_attempts"] += 1
                    row["first_attempt_ok"] += d["first_attempt_ok"]
                if d["step_status"][i] == "attempt_failed":
                    party = d["step_reason"][i].split(".")[0]
                    row["failed_" + (party if party in ("recipient", "carrier") else "other")] += 1
    for row in mart.rows.values():
        row["active_sec"] = row["last_scan_at"] - row["first_scan_at"]
        row["first_scan_at"], row["last_scan_at"] = clock.sec_text(row["first_scan_at"]), clock.sec_text(row["last_scan_at"])
    return mart.rows


BACKLOG_KEY = "as_of day carrier_id dest_region stage".split()
BACKLOG = "open_n at_risk_n overdue_n paused_n stale_n age_sec_sum oldest_sec".split()


def backlog_hour(docs, as_of):
    """The snapshot at an hour, a second since 1970."""
    mart = Mart(BACKLOG_KEY, BACKLOG, ["age_hist"])
    text = clock.sec_text(as_of)
    for d in docs:
        if not d["is_open"] or clock.sec_of(d["created_at"]) > as_of:
            continue
        row = mart.row(text, text[:10], d["carrier_id"], d["dest_region"], d["status"])
        row["open_n"] += 1
        row["at_risk_n"] += d["sla_state"] == "at_risk"
        row["overdue_n"] += d["sla_state"] == "missed"
        row["paused_n"] += d["is_paused"]
        row["stale_n"] += as_of - clock.sec_of(d["last_event_at"] or d["created_at"]) > 72 * 3600
        age = as_of - clock.sec_of(d["accepted_at"] or d["created_at"])
        if age >= 0:
            row["age_sec_sum"] += age
            row["oldest_sec"] = max(row["oldest_sec"], age)
            row["age_hist"][slot(age)] += 1
    return mart.rows


SUPPORT_KEY = "day client_id carrier_id dest_region topic channel".split()
SUPPORT = "contacts first_contacts on_late no_shipment reopened resolved frt_sec_sum frt_n resolve_sec_sum resolve_n csat_sum csat_n csat_pos".split()


def home_zone(refs, client, at):
    versions = refs.clients.get(client)
    region = refs.regions.get(refs.client(client, at)["home_region"]) if versions else None
    return region["tz"] if region else ""


def support_day(contacts, docs, refs):
    """contacts: one row an id."""
    mart = Mart(SUPPORT_KEY, SUPPORT, {"frt_hist": 19})
    known = {d["shipment_id"]: d for d in docs}
    first = {}
    for c in contacts:
        have = first.get(c["shipment_id"])
        if have is None or (c["opened_at"], c["id"]) < (have["opened_at"], have["id"]):
            first[c["shipment_id"]] = c
    for c in contacts:
        d = known.get(c["shipment_id"])
        client = c["client_id"] or (d["client_id"] if d else 0)
        day = clock.day_text(clock.local_day(clock.sec_of(c["opened_at"]), home_zone(refs, client, c["opened_at"])))
        row = mart.row(day, client, d["carrier_id"] if d else 0, d["dest_region"] if d else "", c["topic"], c["channel"])
        row["contacts"] += 1
        if d is None:
            row["no_shipment"] += 1
        else:
            row["first_contacts"] += first[c["shipment_id"]] is c
            late = span(d["due_at"], c["opened_at"])
            stopped = span(d["sla_stop_at"], c["opened_at"])
            row["on_late"] += d["sla_state"] != "not_applicable" and late is not None and late > 0 and (stopped is None or stopped < 0)
        row["reopened"] += c["reopened"] > 0
        row["resolved"] += c["resolved_at"] is not None
        reply = span(c["opened_at"], c["first_reply_at"])
        add_span(row, "frt", reply)
        if reply is not None and reply >= 0:
            row["frt_hist"][sum(b < reply for b in S19)] += 1
        add_span(row, "resolve", span(c["opened_at"], c["resolved_at"]))
        if c["csat"] is not None:
            row["csat_n"] += 1
            row["csat_sum"] += c["csat"]
            row["csat_pos"] += c["csat"] in (4, 5)
    return mart.rows


def support_records(contacts, docs, refs):
    """What the view v_support_contact has of them."""
    known = {d["shipment_id"]: d for d in docs}
    for c in contacts:
        d = known.get(c["shipment_id"], {})
        client = c["client_id"] or d.get("client_id", 0)
        same = [o for o in contacts if o["shipment_id"] == c["shipment_id"]]
        yield dict({k: c[k] for k in ("id", "topic", "channel", "opened_at", "first_reply_at", "resolved_at", "reopened", "csat")},
                   first_id=min(same, key=lambda o: (o["opened_at"], o["id"]))["id"], found=bool(d), client_id=client,
                   carrier_id=d.get("carrier_id", 0), dest_region=d.get("dest_region", ""), tz=home_zone(refs, client, c["opened_at"]) or "UTC",
                   sla_state=d.get("sla_state", ""), due_at=d.get("due_at"), sla_stop_at=d.get("sla_stop_at"))


INTEGRATION_KEY = "hour day carrier_id integration operation".split()
OUTCOMES = {"ok": "ok", "client_error": "err_client", "server_error": "err_server", "timeout": "err_timeout", "auth_error": "err_auth",
            "rate_limited": "err_rate", "schema_error": "err_schema"}
INTEGRATION = (["calls"] + list(OUTCOMES.values()) + "retries latency_ms_sum events_in events_late events_unmapped events_rejected "
               "lag_sec_sum lag_n lag_negative".split())


def integration_hour(calls, events, rejects):
    mart = Mart(INTEGRATION_KEY, INTEGRATION, {"latency_hist": 18, "lag_hist": 19})

    def on(time, *key):
        row = mart.row(time[:13] + ":00:00.000Z", time[:10], *key)
        row.setdefault("last_event_at", None)
        row.setdefault("last_received_at", None)
        return row
    by_call = {}
    for c in calls:
        by_call.setdefault((c["carrier_id"], c["integration"], c["operation"], c["request_id"]), []).append(c)
    for key, rows in by_call.items():
        row = on(min(c["ts"] for c in rows), *key[:3])
        row["calls"] += 1
        row[OUTCOMES[max(rows, key=lambda c: (c["attempt"], c["id"]))["outcome"]]] += 1
        row["retries"] += len(rows) - 1
        took = sum(c["duration_ms"] for c in rows)
        row["latency_ms_sum"] += took
        row["latency_hist"][sum(b < took for b in M18)] += 1
    for e in events:
        row = on(e["received_at"], e["carrier_id"], e["integration"], "events")
        row["events_in"] += 1
        row["events_unmapped"] += e["map_hit"] == "none"
        for column in ("event_time", "received_at"):
            last = "last_" + column.replace("_time", "_at")
            row[last] = max(row[last] or "", e[column][:19] + ".000Z")
        if e["is_date_only"]:
            continue
        row["events_late"] += e["lag_sec"] > 86400
        row["lag_negative"] += e["lag_sec"] < 0
        if e["lag_sec"] >= 0:
            add_span(row, "lag", e["lag_sec"])
            row["lag_hist"][sum(b < e["lag_sec"] for b in S19)] += 1
    for x in rejects:
        if x["state"] == "open" and x["ts"] >= "1970-01-01T00:00:01":
            on(x["ts"], 0, x["src_topic"], "events")["events_rejected"] += 1
    for row in mart.rows.values():
        if row["calls"] == 0:
            row["latency_hist"] = []
        if row["events_in"] == 0:
            row["lag_hist"] = []
    return mart.rows
