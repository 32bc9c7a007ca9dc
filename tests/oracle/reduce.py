"""The reducer: the set of a shipment's events to its state, milestones and counters.

Written from the text of the rules (wb-status.5) alone, for comparison with lib/parcel.
"""
import csv
import json
import os

import clock

RANK = {"created": 10, "accepted": 20, "in_transit": 30, "customs": 40, "at_destination": 50,
        "out_for_delivery": 60, "attempt_failed": 65, "ready_for_pickup": 70, "on_hold": 75,
        "returning": 80, "delivered": 90, "returned": 92, "lost": 94, "cancelled": 96,
        "info": 0, "unknown": 0}
PSEUDO = ("info", "unknown")
HARD = ("delivered", "returned")
SOFT = ("lost", "cancelled")
TERMINAL = HARD + SOFT

# members of an event in the document, and those that are never left out
MEMBERS = ("event_id version event_time received_at lag_sec is_date_only carrier carrier_id tracking_number "
           "integration status reason map_hit raw_code raw_subcode raw_text attempt_no courier_id facility_id "
           "region_code city lat lon edd supersedes to_recipient pieces pieces_delivered damaged extra").split()
NEVER_EMPTY = "lag_sec is_date_only to_recipient damaged".split()

HALF_DAY = 12 * 3600 * 1000


def read_reasons(path):
    """reason -> (party, clock)"""
    with open(path, encoding="utf-8", newline="") as f:
        return {row["reason"]: (row["party"], row["clock"]) for row in csv.DictReader(f)}


REASONS = read_reasons(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts/taxonomy/reason.csv"))


def is_fault(reason):
    return reason != "" and not reason.startswith("detail.")


def as_in_document(event):
    """The members of an event that a document shows, in order; the empty ones are left out."""
    return {m: event[m] for m in MEMBERS if m in event and (m in NEVER_EMPTY or event[m] not in (None, "", 0, {}))}


def one_copy_each(records):
    """Of copies the greatest version, of equal versions the smaller text."""
    best = {}
    for r in records:
        text = json.dumps(as_in_document(r), ensure_ascii=False, separators=(",", ":")).encode()
        have = best.get(r["event_id"])
        if have is None or (-r["version"], text) < have[0]:
            best[r["event_id"]] = ((-r["version"], text), r)
    return [r for _, r in best.values()]


def order_key(e):
    return (e["event_time"], e["status"] in PSEUDO, RANK[e["status"]], e["received_at"], e["event_id"].encode())


def void_ids(events):
    """Indexes of the events that are retracted; the events are in order."""
    void = set()
    for i, e in enumerate(events):
        name = e.get("supersedes", "")
        if name and name != "previous":
            void.update(j for j, other in enumerate(events) if other["event_id"] == name and j != i)
    for i, e in enumerate(events):
        if e.get("supersedes", "") == "previous" and i not in void:
            for j in range(i - 1, -1, -1):
                if events[j]["status"] not in PSEUDO and events[j]["carrier"] == e["carrier"] and j not in void:
                    void.add(j)
                    break
    return void


def reduce(records):
    """The members F of the document of these records, and its events."""
    events = sorted(one_copy_each(records), key=order_key)
    void = void_ids(events)
    d = dict.fromkeys("label_at accepted_at first_ofd_at first_attempt_at ready_at delivered_at return_started_at returned_at "
                      "lost_at cancelled_at closed_at first_exception_at damaged_at last_event_at last_received_at "
                      "status_since".split())
    d.update(reason="", exceptions=0, post_terminal=0, attempts=0, events_n=len(events), first_attempt_ok=False,
             is_reopened=False, is_partial=False, courier_id="")
    state, rank, latch = "unknown", 0, False
    last_failed = None          # time of the last attempt_failed
    ofd_since_failed = False    # an out_for_delivery lies after it
    ready_since_ofd = False     # a ready_for_pickup lies after the last out_for_delivery
    out = []

    def first(key, when):
        if d[key] is None:
            d[key] = when

    for i, e in enumerate(events):
        status, reason, when = e["status"], e.get("reason", ""), e["event_time"]
        mark, attempt = "", 0
        if d["last_received_at"] is None or e["received_at"] > d["last_received_at"]:
            d["last_received_at"] = e["received_at"]
        if i not in void:
            d["last_event_at"] = when
        if i in void:
            mark = "void"
        elif state in HARD:
            mark = "absorbed"
            d["post_terminal"] += status not in PSEUDO
        else:
            new = None
            if status in PSEUDO:
                pass
            elif status == "created" and (rank > 10 or state in SOFT):
                mark = "ignored"
            elif (status == "cancelled" and latch) or (status == "on_hold" and state in SOFT):
                mark = "ignored"
            else:
                new = status
                if latch and e.get("to_recipient"):
                    latch = False
                elif latch:
                    new = "returned" if status in HARD else "lost" if status == "lost" else "returning"
                if new == "accepted" and rank > 20:
                    new = "in_transit"
            latched = latch     # the return latch as this event finds it
            if new is not None:
                if new == "returning":
                    latch = True
                if state in SOFT and new not in SOFT:
                    d["is_reopened"] = True
                    d["lost_at"] = d["cancelled_at"] = None
                if new not in TERMINAL:
                    rank = RANK[new]
                if new != state:
                    d["status_since"] = when
                    for s, key in (("delivered", "delivered_at"), ("returned", "returned_at"), ("returning", "return_started_at"),
                                   ("lost", "lost_at"), ("cancelled", "cancelled_at")):
                        if new == s:
                            first(key, when)
                state = new

            if status == "created" and reason in ("detail.label", "detail.manifest"):
                first("label_at", when)
            if status in ("accepted", "in_transit", "customs", "at_destination"):
                first("accepted_at", when)
            if status == "out_for_delivery" and not latched:
                first("first_ofd_at", when)
                ofd_since_failed, ready_since_ofd = True, False
            if status == "ready_for_pickup" and not latched:
                first("ready_at", when)
                ready_since_ofd = True
            if is_fault(reason):
                d["reason"] = reason
                d["exceptions"] += 1
                first("first_exception_at", when)
            if reason in ("carrier.damage", "detail.damaged") or e.get("damaged"):
                first("damaged_at", when)
                d["is_partial"] = True
            if state == "delivered" and (reason == "detail.partial" or 0 < e.get("pieces_delivered", 0) < e.get("pieces", 0)):
                d["is_partial"] = True

            is_new = False
            if status == "attempt_failed" and not latched:
                is_new = last_failed is None or ofd_since_failed or when - last_failed >= HALF_DAY
                last_failed, ofd_since_failed = when, False
            elif state == "delivered":
                is_new = reason not in ("detail.pickup_point", "detail.locker", "detail.electronic") and not ready_since_ofd
            if is_new:
                attempt = d["attempts"] = min(max(d["attempts"] + 1, e.get("attempt_no", 0)), 255)
                first("first_attempt_at", when)
                d["courier_id"] = e.get("courier_id", "")
                if state == "delivered":
                    d["first_attempt_ok"] = attempt == 1
        shown = as_in_document(e)
        for key in ("event_time", "received_at"):
            shown[key] = clock.time_text(e[key])
        shown.update(state=state, mark=mark, attempt=attempt)
        out.append(shown)
    d["status"], d["is_open"] = state, state not in TERMINAL
    if not d["is_open"]:
        d["closed_at"] = d["status_since"]
    for key in d:
        if key.endswith("_at") or key == "status_since":
            d[key] = clock.time_text(d[key])
    d["events"] = out
    return d
