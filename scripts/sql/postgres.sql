-- Waybill marts, PostgreSQL 15: the same tables, columns and grain as clickhouse.sql. Sessions must run with TimeZone UTC.
-- wb-schema reads this file: a column a line. On Greenplum a line marked "GP: leave out" is left out ("GP 6:" on that version
-- only), and a clause behind "GP:" is put before the semicolon.
CREATE SCHEMA IF NOT EXISTS mart;
SET search_path TO mart;

CREATE TABLE IF NOT EXISTS dim_date (
    calendar_id text NOT NULL,
    day         date NOT NULL,
    date_key    integer NOT NULL,
    year        smallint NOT NULL,
    quarter     smallint NOT NULL,
    month       smallint NOT NULL,
    month_start date NOT NULL,
    iso_year    smallint NOT NULL,
    iso_week    smallint NOT NULL,
    week_start  date NOT NULL,
    dow         smallint NOT NULL,
    is_weekend  boolean NOT NULL DEFAULT false,
    is_business boolean NOT NULL DEFAULT false,
    version     bigint NOT NULL,
    PRIMARY KEY (calendar_id, day)
);  -- GP: DISTRIBUTED REPLICATED
COMMENT ON TABLE dim_date IS 'one row per business calendar and day';
COMMENT ON COLUMN dim_date.calendar_id IS 'business calendar the is_business flag is for';
COMMENT ON COLUMN dim_date.day IS 'calendar day';
COMMENT ON COLUMN dim_date.date_key IS 'yyyymmdd as a number';
COMMENT ON COLUMN dim_date.year IS 'calendar year';
COMMENT ON COLUMN dim_date.quarter IS '1..4';
COMMENT ON COLUMN dim_date.month IS '1..12';
COMMENT ON COLUMN dim_date.month_start IS 'first day of the month';
COMMENT ON COLUMN dim_date.iso_year IS 'ISO 8601 year';
COMMENT ON COLUMN dim_date.iso_week IS 'ISO 8601 week, 1..53';
COMMENT ON COLUMN dim_date.week_start IS 'Monday of the week';
COMMENT ON COLUMN dim_date.dow IS '1 = Monday .. 7 = Sunday';
COMMENT ON COLUMN dim_date.is_weekend IS 'Saturday or Sunday';
COMMENT ON COLUMN dim_date.is_business IS 'calendar_id works that day';
COMMENT ON COLUMN dim_date.version IS 'epoch ms of the calendar file; the highest wins';

CREATE TABLE IF NOT EXISTS dim_region (
    region_code  text NOT NULL,
    name         text NOT NULL DEFAULT '',
    macro_region text NOT NULL DEFAULT '',
    country      text NOT NULL DEFAULT '',
    tz           text NOT NULL DEFAULT '',
    calendar_id  text NOT NULL DEFAULT '',
    is_remote    boolean NOT NULL DEFAULT false,
    lat          double precision,
    lon          double precision,
    version      bigint NOT NULL,
    PRIMARY KEY (region_code)
);  -- GP: DISTRIBUTED REPLICATED
COMMENT ON TABLE dim_region IS 'one row per region, newest attributes (SCD1)';
COMMENT ON COLUMN dim_region.region_code IS 'ISO 3166-2 or zone code';
COMMENT ON COLUMN dim_region.name IS 'display name';
COMMENT ON COLUMN dim_region.macro_region IS 'roll-up, for example a federal district';
COMMENT ON COLUMN dim_region.country IS 'ISO 3166-1 alpha-2';
COMMENT ON COLUMN dim_region.tz IS 'IANA zone of the local days';
COMMENT ON COLUMN dim_region.calendar_id IS 'business calendar';
COMMENT ON COLUMN dim_region.is_remote IS 'hard to reach, own SLA terms';
COMMENT ON COLUMN dim_region.lat IS 'centroid latitude, degrees';
COMMENT ON COLUMN dim_region.lon IS 'centroid longitude, degrees';
COMMENT ON COLUMN dim_region.version IS 'epoch ms of the source row; the highest wins';

CREATE TABLE IF NOT EXISTS dim_client (
    client_id   integer NOT NULL,
    valid_from  timestamptz(0) NOT NULL,
    valid_to    timestamptz(0) NOT NULL,
    is_current  boolean NOT NULL DEFAULT false,
    name        text NOT NULL DEFAULT '',
    segment     text NOT NULL DEFAULT '',
    tier        text NOT NULL DEFAULT '',
    home_region text NOT NULL DEFAULT '',
    is_active   boolean NOT NULL DEFAULT false,
    row_hash    bigint NOT NULL,
    version     bigint NOT NULL,
    PRIMARY KEY (client_id, valid_from)
);  -- GP: DISTRIBUTED REPLICATED
CREATE UNIQUE INDEX IF NOT EXISTS dim_client_current ON dim_client (client_id) WHERE is_current;  -- GP: leave out
COMMENT ON TABLE dim_client IS 'one row per client and version (SCD2)';
COMMENT ON COLUMN dim_client.client_id IS 'clients.id; 0 = unknown';
COMMENT ON COLUMN dim_client.valid_from IS 'start of the version, inclusive';
COMMENT ON COLUMN dim_client.valid_to IS 'end of the version, exclusive; 2105-12-31 = current';
COMMENT ON COLUMN dim_client.is_current IS 'newest version';
COMMENT ON COLUMN dim_client.name IS 'client name';
COMMENT ON COLUMN dim_client.segment IS 'b2b, b2c, marketplace';
COMMENT ON COLUMN dim_client.tier IS 'standard, gold, ...; SLA rules match on it';
COMMENT ON COLUMN dim_client.home_region IS 'dim_region.region_code';
COMMENT ON COLUMN dim_client.is_active IS 'active client';
COMMENT ON COLUMN dim_client.row_hash IS '63-bit hash of the tracked attributes';
COMMENT ON COLUMN dim_client.version IS 'epoch ms of the source row; the highest wins';

CREATE TABLE IF NOT EXISTS dim_carrier (
    carrier_id     integer NOT NULL,
    valid_from     timestamptz(0) NOT NULL,
    valid_to       timestamptz(0) NOT NULL,
    is_current     boolean NOT NULL DEFAULT false,
    code           text NOT NULL,
    name           text NOT NULL DEFAULT '',
    kind           text NOT NULL CHECK (kind IN ('own', 'external')),
    tz             text NOT NULL DEFAULT '',
    daily_capacity integer NOT NULL DEFAULT 0,
    is_active      boolean NOT NULL DEFAULT false,
    row_hash       bigint NOT NULL,
    version        bigint NOT NULL,
    PRIMARY KEY (carrier_id, valid_from)
);  -- GP: DISTRIBUTED REPLICATED
CREATE UNIQUE INDEX IF NOT EXISTS dim_carrier_current ON dim_carrier (carrier_id) WHERE is_current;  -- GP: leave out
COMMENT ON TABLE dim_carrier IS 'one row per carrier and version (SCD2)';
COMMENT ON COLUMN dim_carrier.carrier_id IS 'carriers.id; 0 = unknown';
COMMENT ON COLUMN dim_carrier.valid_from IS 'start of the version, inclusive';
COMMENT ON COLUMN dim_carrier.valid_to IS 'end of the version, exclusive; 2105-12-31 = current';
COMMENT ON COLUMN dim_carrier.is_current IS 'newest version';
COMMENT ON COLUMN dim_carrier.code IS 'stable short code, for example cdek';
COMMENT ON COLUMN dim_carrier.name IS 'carrier name';
COMMENT ON COLUMN dim_carrier.kind IS 'own fleet or partner';
COMMENT ON COLUMN dim_carrier.tz IS 'IANA zone of the stamps that carry no offset';
COMMENT ON COLUMN dim_carrier.daily_capacity IS 'contracted parcels a day, 0 = not known';
COMMENT ON COLUMN dim_carrier.is_active IS 'active carrier';
COMMENT ON COLUMN dim_carrier.row_hash IS '63-bit hash of the tracked attributes';
COMMENT ON COLUMN dim_carrier.version IS 'epoch ms of the source row; the highest wins';

CREATE TABLE IF NOT EXISTS stg_shipment (
    id                bigint NOT NULL,
    shipment_id       text NOT NULL,
    client_id         integer NOT NULL,
    carrier_id        integer NOT NULL DEFAULT 0,
    tracking_number   text NOT NULL DEFAULT '',
    service_code      text NOT NULL,
    delivery_mode     text NOT NULL CHECK (delivery_mode IN ('door', 'pickup_point', 'locker')),
    origin_region     text NOT NULL,
    dest_region       text NOT NULL,
    promised_at       timestamptz(3),
    promised_on       date,
    promised_first_at timestamptz(3),
    promised_first_on date,
    cancelled_at      timestamptz(3),
    price             numeric(12,2) NOT NULL,
    weight_g          integer NOT NULL,
    pieces            integer NOT NULL,
    created_at        timestamptz(3) NOT NULL,
    updated_at        timestamptz(3) NOT NULL,
    PRIMARY KEY (shipment_id)
);  -- GP: DISTRIBUTED BY (shipment_id)
CREATE INDEX IF NOT EXISTS stg_shipment_tracking ON stg_shipment (tracking_number);
COMMENT ON TABLE stg_shipment IS 'OLTP shipments as read: the attributes of a shipment and its tracking number';
COMMENT ON COLUMN stg_shipment.id IS 'shipments.id';
COMMENT ON COLUMN stg_shipment.shipment_id IS 'shipment';
COMMENT ON COLUMN stg_shipment.client_id IS 'dim_client';
COMMENT ON COLUMN stg_shipment.carrier_id IS 'dim_carrier, 0 = none yet';
COMMENT ON COLUMN stg_shipment.tracking_number IS 'carrier number of the parcel, empty = none yet';
COMMENT ON COLUMN stg_shipment.service_code IS 'tariff or service level';
COMMENT ON COLUMN stg_shipment.delivery_mode IS 'last mile mode';
COMMENT ON COLUMN stg_shipment.origin_region IS 'dim_region';
COMMENT ON COLUMN stg_shipment.dest_region IS 'dim_region';
COMMENT ON COLUMN stg_shipment.promised_at IS 'present promise, to the moment';
COMMENT ON COLUMN stg_shipment.promised_on IS 'present promise, to the day, local to the destination';
COMMENT ON COLUMN stg_shipment.promised_first_at IS 'first promise, to the moment, never changed once set';
COMMENT ON COLUMN stg_shipment.promised_first_on IS 'first promise, to the day';
COMMENT ON COLUMN stg_shipment.cancelled_at IS 'cancelled in the OLTP; comes as an event too';
COMMENT ON COLUMN stg_shipment.price IS 'charged to the client, one currency';
COMMENT ON COLUMN stg_shipment.weight_g IS 'grams';
COMMENT ON COLUMN stg_shipment.pieces IS 'pieces';
COMMENT ON COLUMN stg_shipment.created_at IS 'order or shipment creation, immutable';
COMMENT ON COLUMN stg_shipment.updated_at IS 'cursor; the newest row wins';

CREATE TABLE IF NOT EXISTS stg_contact (
    id             bigint NOT NULL,
    client_id      integer NOT NULL DEFAULT 0,
    shipment_id    text NOT NULL DEFAULT '',
    channel        text NOT NULL CHECK (channel IN ('phone', 'chat', 'email', 'form', 'social', 'other')),
    topic          text NOT NULL CHECK (topic IN ('wismo', 'address_change', 'reschedule', 'damage', 'lost', 'not_received', 'refund', 'cod', 'complaint', 'other')),
    opened_at      timestamptz(3) NOT NULL,
    first_reply_at timestamptz(3),
    resolved_at    timestamptz(3),
    reopened       integer NOT NULL,
    csat           smallint CHECK (csat BETWEEN 1 AND 5),
    created_at     timestamptz(3) NOT NULL,
    updated_at     timestamptz(3) NOT NULL,
    loaded_at      timestamptz(0) NOT NULL DEFAULT now(),
    PRIMARY KEY (id)
);  -- GP: DISTRIBUTED BY (id)
CREATE INDEX IF NOT EXISTS stg_contact_shipment ON stg_contact (shipment_id);
CREATE INDEX IF NOT EXISTS stg_contact_opened ON stg_contact (opened_at);
CREATE INDEX IF NOT EXISTS stg_contact_loaded ON stg_contact (loaded_at);
COMMENT ON TABLE stg_contact IS 'OLTP support_contacts as read';
COMMENT ON COLUMN stg_contact.id IS 'support_contacts.id';
COMMENT ON COLUMN stg_contact.client_id IS 'dim_client, 0 = unknown';
COMMENT ON COLUMN stg_contact.shipment_id IS 'shipment, empty = none; may be set later';
COMMENT ON COLUMN stg_contact.channel IS 'phone, chat, email, ...';
COMMENT ON COLUMN stg_contact.topic IS 'canonical topic';
COMMENT ON COLUMN stg_contact.opened_at IS 'when it was opened, immutable';
COMMENT ON COLUMN stg_contact.first_reply_at IS 'first reply';
COMMENT ON COLUMN stg_contact.resolved_at IS 'resolved';
COMMENT ON COLUMN stg_contact.reopened IS 'how often it was reopened';
COMMENT ON COLUMN stg_contact.csat IS 'score 1..5';
COMMENT ON COLUMN stg_contact.created_at IS 'row made';
COMMENT ON COLUMN stg_contact.updated_at IS 'cursor; the newest row wins';
COMMENT ON COLUMN stg_contact.loaded_at IS 'when the row was loaded (lineage)';

CREATE TABLE IF NOT EXISTS stg_call (
    id          bigint NOT NULL,
    ts          timestamptz(3) NOT NULL,
    carrier_id  integer NOT NULL,
    integration text NOT NULL,
    operation   text NOT NULL,
    direction   text NOT NULL CHECK (direction IN ('out', 'in')),
    http_status smallint,
    outcome     text NOT NULL CHECK (outcome IN ('ok', 'client_error', 'server_error', 'timeout', 'auth_error', 'rate_limited', 'schema_error')),
    duration_ms integer NOT NULL,
    attempt     smallint NOT NULL,
    request_id  text NOT NULL,
    shipment_id text NOT NULL DEFAULT '',
    records     integer NOT NULL,
    error       text NOT NULL DEFAULT '',
    loaded_at   timestamptz(0) NOT NULL DEFAULT now(),
    PRIMARY KEY (id)
);  -- GP: DISTRIBUTED BY (id)
CREATE INDEX IF NOT EXISTS stg_call_ts ON stg_call (ts);
CREATE INDEX IF NOT EXISTS stg_call_request ON stg_call (request_id);
CREATE INDEX IF NOT EXISTS stg_call_loaded ON stg_call USING brin (loaded_at);  -- GP 6: leave out
COMMENT ON TABLE stg_call IS 'OLTP integrations_log as read, append only: one row per attempt of a call';
COMMENT ON COLUMN stg_call.id IS 'integrations_log.id';
COMMENT ON COLUMN stg_call.ts IS 'when the attempt was made';
COMMENT ON COLUMN stg_call.carrier_id IS 'dim_carrier';
COMMENT ON COLUMN stg_call.integration IS 'feed or interface';
COMMENT ON COLUMN stg_call.operation IS 'track, create_label, webhook, ...';
COMMENT ON COLUMN stg_call.direction IS 'out = we called, in = they called';
COMMENT ON COLUMN stg_call.http_status IS 'HTTP status, if there was an answer';
COMMENT ON COLUMN stg_call.outcome IS 'how the attempt ended';
COMMENT ON COLUMN stg_call.duration_ms IS 'how long the attempt took, ms';
COMMENT ON COLUMN stg_call.attempt IS 'number of the attempt, from 1';
COMMENT ON COLUMN stg_call.request_id IS 'the same for all attempts of one call';
COMMENT ON COLUMN stg_call.shipment_id IS 'shipment, empty = none';
COMMENT ON COLUMN stg_call.records IS 'records in the answer';
COMMENT ON COLUMN stg_call.error IS 'error text, empty = none';
COMMENT ON COLUMN stg_call.loaded_at IS 'when the row was loaded (lineage)';

CREATE TABLE IF NOT EXISTS fct_event (
    PRIMARY KEY (event_time, shipment_id, event_id),
    shipment_id      text NOT NULL,
    event_id         text NOT NULL,
    version          bigint NOT NULL,
    event_time       timestamptz(3) NOT NULL,
    received_at      timestamptz(3) NOT NULL,
    lag_sec          integer NOT NULL DEFAULT 0,
    is_date_only     boolean NOT NULL DEFAULT false,
    carrier          text NOT NULL,
    carrier_id       integer NOT NULL DEFAULT 0,
    tracking_number  text NOT NULL DEFAULT '',
    integration      text NOT NULL DEFAULT '',
    status           text NOT NULL,
    reason           text NOT NULL DEFAULT '',
    map_hit          text NOT NULL DEFAULT 'given' CHECK (map_hit IN ('given', 'exact', 'code', 'none')),
    raw_code         text NOT NULL DEFAULT '',
    raw_subcode      text NOT NULL DEFAULT '',
    raw_text         text NOT NULL DEFAULT '',
    attempt_no       smallint NOT NULL DEFAULT 0,
    courier_id       text NOT NULL DEFAULT '',
    facility_id      text NOT NULL DEFAULT '',
    region_code      text NOT NULL DEFAULT '',
    city             text NOT NULL DEFAULT '',
    lat              double precision,
    lon              double precision,
    edd              text NOT NULL DEFAULT '',
    supersedes       text NOT NULL DEFAULT '',
    to_recipient     boolean NOT NULL DEFAULT false,
    pieces           integer NOT NULL DEFAULT 0,
    pieces_delivered integer NOT NULL DEFAULT 0,
    damaged          boolean NOT NULL DEFAULT false,
    extra            text NOT NULL DEFAULT '',
    src_topic        text NOT NULL DEFAULT '',
    src_partition    integer NOT NULL DEFAULT 0,
    src_offset       bigint NOT NULL DEFAULT 0,
    loaded_at        timestamptz(0) NOT NULL DEFAULT now()
)
PARTITION BY RANGE (event_time)  -- GP 6: leave out
;  -- GP: DISTRIBUTED BY (shipment_id)
CREATE TABLE IF NOT EXISTS fct_event_default PARTITION OF fct_event DEFAULT;  -- GP 6: leave out
CREATE INDEX IF NOT EXISTS fct_event_shipment ON fct_event (shipment_id, event_id);
CREATE INDEX IF NOT EXISTS fct_event_received ON fct_event (received_at);
CREATE INDEX IF NOT EXISTS fct_event_loaded ON fct_event USING brin (loaded_at);  -- GP 6: leave out
COMMENT ON TABLE fct_event IS 'the set of tracking events as normalized, one row per event; the shipments are folded from it';
COMMENT ON COLUMN fct_event.shipment_id IS 'shipment';
COMMENT ON COLUMN fct_event.event_id IS 'producer id, unique for ever';
COMMENT ON COLUMN fct_event.version IS 'map revision, mapped, first receipt (wb-records.5); the highest wins';
COMMENT ON COLUMN fct_event.event_time IS 'when it happened';
COMMENT ON COLUMN fct_event.received_at IS 'receipt by the gateway';
COMMENT ON COLUMN fct_event.lag_sec IS 'received_at - event_time, whole seconds; negative = clock skew';
COMMENT ON COLUMN fct_event.is_date_only IS 'the source gave a date without a time';
COMMENT ON COLUMN fct_event.carrier IS 'carrier code';
COMMENT ON COLUMN fct_event.carrier_id IS 'dim_carrier, 0 = no number known';
COMMENT ON COLUMN fct_event.tracking_number IS 'carrier number of the parcel';
COMMENT ON COLUMN fct_event.integration IS 'feed the event came by';
COMMENT ON COLUMN fct_event.status IS 'canonical status of the event itself';
COMMENT ON COLUMN fct_event.reason IS 'canonical reason, empty = none';
COMMENT ON COLUMN fct_event.map_hit IS 'how the status was found: given, code and subcode, code alone, not mapped';
COMMENT ON COLUMN fct_event.raw_code IS 'carrier code before mapping';
COMMENT ON COLUMN fct_event.raw_subcode IS 'carrier subcode before mapping';
COMMENT ON COLUMN fct_event.raw_text IS 'carrier text, cut to 256 bytes';
COMMENT ON COLUMN fct_event.attempt_no IS 'attempt number as sent, 0 = none';
COMMENT ON COLUMN fct_event.courier_id IS 'courier, empty = unknown';
COMMENT ON COLUMN fct_event.facility_id IS 'hub or pickup point';
COMMENT ON COLUMN fct_event.region_code IS 'where it happened';
COMMENT ON COLUMN fct_event.city IS 'where it happened';
COMMENT ON COLUMN fct_event.lat IS 'latitude, degrees';
COMMENT ON COLUMN fct_event.lon IS 'longitude, degrees';
COMMENT ON COLUMN fct_event.edd IS 'expected delivery told by the carrier: date, time or empty';
COMMENT ON COLUMN fct_event.supersedes IS 'event_id that this one voids, or previous';
COMMENT ON COLUMN fct_event.to_recipient IS 'says that it goes to the recipient although a return is under way';
COMMENT ON COLUMN fct_event.pieces IS 'pieces, 0 = not told';
COMMENT ON COLUMN fct_event.pieces_delivered IS 'pieces handed over, 0 = not told';
COMMENT ON COLUMN fct_event.damaged IS 'damage told';
COMMENT ON COLUMN fct_event.extra IS 'unknown fields of the message, JSON object';
COMMENT ON COLUMN fct_event.src_topic IS 'source of the copy kept: topic, table or file';
COMMENT ON COLUMN fct_event.src_partition IS 'partition of the source';
COMMENT ON COLUMN fct_event.src_offset IS 'offset, cursor id or line';
COMMENT ON COLUMN fct_event.loaded_at IS 'when the row was loaded (lineage)';

CREATE TABLE IF NOT EXISTS fct_shipment (
    shipment_id         text NOT NULL,
    version             bigint NOT NULL,
    client_id           integer NOT NULL,
    carrier_id          integer NOT NULL,
    tracking_number     text NOT NULL DEFAULT '',
    service_code        text NOT NULL,
    delivery_mode       text NOT NULL CHECK (delivery_mode IN ('door', 'pickup_point', 'locker')),
    origin_region       text NOT NULL DEFAULT '',
    dest_region         text NOT NULL DEFAULT '',
    price               numeric(12,2) NOT NULL DEFAULT 0,
    weight_g            integer NOT NULL DEFAULT 0,
    pieces              integer NOT NULL DEFAULT 0,
    status              text NOT NULL,
    status_since        timestamptz(3),
    reason              text NOT NULL DEFAULT '',
    is_open             boolean NOT NULL DEFAULT false,
    created_at          timestamptz(3) NOT NULL,
    created_day         date NOT NULL,
    label_at            timestamptz(3),
    accepted_at         timestamptz(3),
    accepted_day        date,
    first_ofd_at        timestamptz(3),
    first_attempt_at    timestamptz(3),
    first_attempt_day   date,
    ready_at            timestamptz(3),
    ready_day           date,
    delivered_at        timestamptz(3),
    delivered_day       date,
    return_started_at   timestamptz(3),
    return_started_day  date,
    returned_at         timestamptz(3),
    returned_day        date,
    lost_at             timestamptz(3),
    lost_day            date,
    cancelled_at        timestamptz(3),
    cancelled_day       date,
    closed_at           timestamptz(3),
    first_exception_at  timestamptz(3),
    first_exception_day date,
    damaged_at          timestamptz(3),
    damaged_day         date,
    last_event_at       timestamptz(3),
    last_received_at    timestamptz(3),
    lead_sec            integer,
    transit_sec         integer,
    events_n            integer NOT NULL DEFAULT 0,
    attempts            smallint NOT NULL DEFAULT 0,
    first_attempt_ok    boolean NOT NULL DEFAULT false,
    exceptions          integer NOT NULL DEFAULT 0,
    post_terminal       integer NOT NULL DEFAULT 0,
    is_reopened         boolean NOT NULL DEFAULT false,
    is_partial          boolean NOT NULL DEFAULT false,
    courier_id          text NOT NULL DEFAULT '',
    contacts_n          integer NOT NULL DEFAULT 0,
    wismo_n             integer NOT NULL DEFAULT 0,
    last_contact_at     timestamptz(3),
    promise_source      text NOT NULL DEFAULT 'none' CHECK (promise_source IN ('none', 'explicit', 'rule', 'carrier_edd')),
    promised_precision  text NOT NULL DEFAULT 'none' CHECK (promised_precision IN ('none', 'date', 'time')),
    promised_at         timestamptz(3),
    promised_now_at     timestamptz(3),
    due_at              timestamptz(3),
    due_day             date,
    sla_rule_id         text NOT NULL DEFAULT '',
    sla_stop            text NOT NULL DEFAULT 'none' CHECK (sla_stop IN ('none', 'delivered', 'first_attempt', 'ready_for_pickup')),
    sla_stop_at         timestamptz(3),
    sla_state           text NOT NULL DEFAULT 'not_applicable' CHECK (sla_state IN ('not_applicable', 'pending', 'at_risk', 'met', 'missed')),
    sla_party           text NOT NULL DEFAULT 'none' CHECK (sla_party IN ('none', 'carrier', 'shipper', 'recipient', 'customs', 'force', 'platform', 'unknown')),
    sla_late_sec        integer NOT NULL DEFAULT 0,
    promise_err_sec     integer,
    paused_sec          integer NOT NULL DEFAULT 0,
    is_paused           boolean NOT NULL DEFAULT false,
    judge_at            timestamptz(0),
    step_at             timestamptz(3)[] NOT NULL DEFAULT '{}',
    step_day            date[] NOT NULL DEFAULT '{}',
    step_status         text[] NOT NULL DEFAULT '{}',
    step_state          text[] NOT NULL DEFAULT '{}',
    step_reason         text[] NOT NULL DEFAULT '{}',
    step_attempt        smallint[] NOT NULL DEFAULT '{}',
    step_courier        text[] NOT NULL DEFAULT '{}',
    step_region         text[] NOT NULL DEFAULT '{}',
    days                date[] NOT NULL DEFAULT '{}',
    loaded_at           timestamptz(0) NOT NULL DEFAULT now(),
    PRIMARY KEY (shipment_id)
);  -- GP: DISTRIBUTED BY (shipment_id)
CREATE INDEX IF NOT EXISTS fct_shipment_due ON fct_shipment (due_day);
CREATE INDEX IF NOT EXISTS fct_shipment_created ON fct_shipment (created_day);
CREATE INDEX IF NOT EXISTS fct_shipment_loaded ON fct_shipment (loaded_at);
CREATE INDEX IF NOT EXISTS fct_shipment_judge ON fct_shipment (judge_at) WHERE is_open;
CREATE INDEX IF NOT EXISTS fct_shipment_days ON fct_shipment USING gin (days);
COMMENT ON TABLE fct_shipment IS 'one row per shipment, newest evaluation';
COMMENT ON COLUMN fct_shipment.shipment_id IS 'shipment';
COMMENT ON COLUMN fct_shipment.version IS 'epoch ms of the evaluation (now); the highest wins';
COMMENT ON COLUMN fct_shipment.client_id IS 'dim_client';
COMMENT ON COLUMN fct_shipment.carrier_id IS 'dim_carrier';
COMMENT ON COLUMN fct_shipment.tracking_number IS 'carrier number of the parcel';
COMMENT ON COLUMN fct_shipment.service_code IS 'tariff or service level';
COMMENT ON COLUMN fct_shipment.delivery_mode IS 'last mile mode';
COMMENT ON COLUMN fct_shipment.origin_region IS 'dim_region';
COMMENT ON COLUMN fct_shipment.dest_region IS 'dim_region';
COMMENT ON COLUMN fct_shipment.price IS 'charged to the client, one currency';
COMMENT ON COLUMN fct_shipment.weight_g IS 'grams';
COMMENT ON COLUMN fct_shipment.pieces IS 'pieces';
COMMENT ON COLUMN fct_shipment.status IS 'current state';
COMMENT ON COLUMN fct_shipment.status_since IS 'start of the current run of that state';
COMMENT ON COLUMN fct_shipment.reason IS 'last fault reason: the delay reason; empty = none';
COMMENT ON COLUMN fct_shipment.is_open IS 'not terminal';
COMMENT ON COLUMN fct_shipment.created_at IS 'order or shipment creation, immutable';
COMMENT ON COLUMN fct_shipment.created_day IS 'local day of created_at, origin zone';
COMMENT ON COLUMN fct_shipment.label_at IS 'label or data registered with the carrier';
COMMENT ON COLUMN fct_shipment.accepted_at IS 'first physical carrier scan before the last mile';
COMMENT ON COLUMN fct_shipment.accepted_day IS 'its local day, origin zone';
COMMENT ON COLUMN fct_shipment.first_ofd_at IS 'first out for delivery';
COMMENT ON COLUMN fct_shipment.first_attempt_at IS 'first attempt, good or bad';
COMMENT ON COLUMN fct_shipment.first_attempt_day IS 'its local day, destination zone';
COMMENT ON COLUMN fct_shipment.ready_at IS 'first ready for pickup';
COMMENT ON COLUMN fct_shipment.ready_day IS 'its local day, destination zone';
COMMENT ON COLUMN fct_shipment.delivered_at IS 'handed to the recipient';
COMMENT ON COLUMN fct_shipment.delivered_day IS 'its local day, destination zone';
COMMENT ON COLUMN fct_shipment.return_started_at IS 'return leg began';
COMMENT ON COLUMN fct_shipment.return_started_day IS 'its local day, destination zone';
COMMENT ON COLUMN fct_shipment.returned_at IS 'handed back to the sender';
COMMENT ON COLUMN fct_shipment.returned_day IS 'its local day, destination zone';
COMMENT ON COLUMN fct_shipment.lost_at IS 'out of the network';
COMMENT ON COLUMN fct_shipment.lost_day IS 'its local day, destination zone';
COMMENT ON COLUMN fct_shipment.cancelled_at IS 'cancelled';
COMMENT ON COLUMN fct_shipment.cancelled_day IS 'its local day, destination zone';
COMMENT ON COLUMN fct_shipment.closed_at IS 'when the present terminal state began';
COMMENT ON COLUMN fct_shipment.first_exception_at IS 'first event with a fault reason';
COMMENT ON COLUMN fct_shipment.first_exception_day IS 'its local day, destination zone';
COMMENT ON COLUMN fct_shipment.damaged_at IS 'first damage';
COMMENT ON COLUMN fct_shipment.damaged_day IS 'its local day, destination zone';
COMMENT ON COLUMN fct_shipment.last_event_at IS 'newest event_time';
COMMENT ON COLUMN fct_shipment.last_received_at IS 'newest receipt';
COMMENT ON COLUMN fct_shipment.lead_sec IS 'created to delivered, seconds';
COMMENT ON COLUMN fct_shipment.transit_sec IS 'accepted to delivered, seconds';
COMMENT ON COLUMN fct_shipment.events_n IS 'events in the set, void ones included';
COMMENT ON COLUMN fct_shipment.attempts IS 'delivery attempts';
COMMENT ON COLUMN fct_shipment.first_attempt_ok IS 'delivered by attempt 1';
COMMENT ON COLUMN fct_shipment.exceptions IS 'events with a fault reason';
COMMENT ON COLUMN fct_shipment.post_terminal IS 'state events after a hard terminal';
COMMENT ON COLUMN fct_shipment.is_reopened IS 'moved on after lost or cancelled';
COMMENT ON COLUMN fct_shipment.is_partial IS 'pieces or contents missing, or damaged';
COMMENT ON COLUMN fct_shipment.courier_id IS 'courier of the last attempt';
COMMENT ON COLUMN fct_shipment.contacts_n IS 'support contacts';
COMMENT ON COLUMN fct_shipment.wismo_n IS 'of contacts_n, topic wismo';
COMMENT ON COLUMN fct_shipment.last_contact_at IS 'newest support contact';
COMMENT ON COLUMN fct_shipment.promise_source IS 'where the due time came from';
COMMENT ON COLUMN fct_shipment.promised_precision IS 'the promise was a date or a time';
COMMENT ON COLUMN fct_shipment.promised_at IS 'original promise, never overwritten';
COMMENT ON COLUMN fct_shipment.promised_now_at IS 'newest promise';
COMMENT ON COLUMN fct_shipment.due_at IS 'promise moved by pauses: what SLA is judged by';
COMMENT ON COLUMN fct_shipment.due_day IS 'local day of due_at, destination zone';
COMMENT ON COLUMN fct_shipment.sla_rule_id IS 'rule that matched, empty = implicit rule';
COMMENT ON COLUMN fct_shipment.sla_stop IS 'what stopped the clock';
COMMENT ON COLUMN fct_shipment.sla_stop_at IS 'when the clock stopped';
COMMENT ON COLUMN fct_shipment.sla_state IS 'contract view';
COMMENT ON COLUMN fct_shipment.sla_party IS 'who answers for a miss';
COMMENT ON COLUMN fct_shipment.sla_late_sec IS 'stop (or close, or now) minus due, seconds; negative = early';
COMMENT ON COLUMN fct_shipment.promise_err_sec IS 'stop minus original promise, seconds; whole days for a date promise';
COMMENT ON COLUMN fct_shipment.paused_sec IS 'seconds the clock stood';
COMMENT ON COLUMN fct_shipment.is_paused IS 'a pause is open now';
COMMENT ON COLUMN fct_shipment.judge_at IS 'next instant at which the verdict can change if nothing happens, whole seconds; null = never';
COMMENT ON COLUMN fct_shipment.step_at IS 'steps: the events that marts count, in order; when';
COMMENT ON COLUMN fct_shipment.step_day IS 'local day of the step, destination zone';
COMMENT ON COLUMN fct_shipment.step_status IS 'status of the step';
COMMENT ON COLUMN fct_shipment.step_state IS 'state of the shipment after the step';
COMMENT ON COLUMN fct_shipment.step_reason IS 'reason of the step';
COMMENT ON COLUMN fct_shipment.step_attempt IS 'number of the attempt that the step is, 0 = none';
COMMENT ON COLUMN fct_shipment.step_courier IS 'courier of the step';
COMMENT ON COLUMN fct_shipment.step_region IS 'region of the step, else of the destination';
COMMENT ON COLUMN fct_shipment.days IS 'local days the shipment stands on in the marts, or stood on in an earlier version (lineage)';
COMMENT ON COLUMN fct_shipment.loaded_at IS 'when the row was loaded (lineage)';

CREATE TABLE IF NOT EXISTS mart_delivery_day (
    day                 date NOT NULL,
    client_id           integer NOT NULL,
    carrier_id          integer NOT NULL,
    service_code        text NOT NULL,
    dest_region         text NOT NULL,
    created             integer NOT NULL DEFAULT 0,
    accepted            integer NOT NULL DEFAULT 0,
    out_for_delivery    integer NOT NULL DEFAULT 0,
    attempts            integer NOT NULL DEFAULT 0,
    first_attempts      integer NOT NULL DEFAULT 0,
    first_attempt_ok    integer NOT NULL DEFAULT 0,
    delivered           integer NOT NULL DEFAULT 0,
    delivered_late      integer NOT NULL DEFAULT 0,
    ready_for_pickup    integer NOT NULL DEFAULT 0,
    return_started      integer NOT NULL DEFAULT 0,
    returned            integer NOT NULL DEFAULT 0,
    lost                integer NOT NULL DEFAULT 0,
    damaged             integer NOT NULL DEFAULT 0,
    cancelled           integer NOT NULL DEFAULT 0,
    exceptions          integer NOT NULL DEFAULT 0,
    first_exceptions    integer NOT NULL DEFAULT 0,
    lead_sec_sum        bigint NOT NULL DEFAULT 0,
    lead_n              integer NOT NULL DEFAULT 0,
    lead_hist           integer[] NOT NULL DEFAULT '{}',
    transit_sec_sum     bigint NOT NULL DEFAULT 0,
    transit_n           integer NOT NULL DEFAULT 0,
    transit_hist        integer[] NOT NULL DEFAULT '{}',
    handover_sec_sum    bigint NOT NULL DEFAULT 0,
    handover_n          integer NOT NULL DEFAULT 0,
    last_mile_sec_sum   bigint NOT NULL DEFAULT 0,
    last_mile_n         integer NOT NULL DEFAULT 0,
    pickup_wait_sec_sum bigint NOT NULL DEFAULT 0,
    pickup_wait_n       integer NOT NULL DEFAULT 0,
    revenue             numeric(14,2) NOT NULL DEFAULT 0,
    computed_at         timestamptz(0) NOT NULL,
    batch_id            text NOT NULL DEFAULT '',
    PRIMARY KEY (day, carrier_id, client_id, dest_region, service_code),
    CONSTRAINT mart_delivery_day_first_attempts_sum CHECK (first_attempt_ok <= first_attempts),
    CONSTRAINT mart_delivery_day_delivered_late_sum CHECK (delivered_late <= delivered),
    CONSTRAINT mart_delivery_day_lead_hist_len CHECK (cardinality(lead_hist) IN (0, 31)),
    CONSTRAINT mart_delivery_day_transit_hist_len CHECK (cardinality(transit_hist) IN (0, 31))
);  -- GP: DISTRIBUTED BY (client_id)
COMMENT ON TABLE mart_delivery_day IS 'flow: what happened on a local day';
COMMENT ON COLUMN mart_delivery_day.day IS 'local day on which the counted thing happened';
COMMENT ON COLUMN mart_delivery_day.client_id IS 'dim_client';
COMMENT ON COLUMN mart_delivery_day.carrier_id IS 'dim_carrier';
COMMENT ON COLUMN mart_delivery_day.service_code IS 'service level';
COMMENT ON COLUMN mart_delivery_day.dest_region IS 'dim_region';
COMMENT ON COLUMN mart_delivery_day.created IS 'shipments created';
COMMENT ON COLUMN mart_delivery_day.accepted IS 'first carrier scans';
COMMENT ON COLUMN mart_delivery_day.out_for_delivery IS 'out-for-delivery events';
COMMENT ON COLUMN mart_delivery_day.attempts IS 'delivery attempts';
COMMENT ON COLUMN mart_delivery_day.first_attempts IS 'shipments whose attempt 1 fell on the day';
COMMENT ON COLUMN mart_delivery_day.first_attempt_ok IS 'of first_attempts, delivered by it';
COMMENT ON COLUMN mart_delivery_day.delivered IS 'delivered';
COMMENT ON COLUMN mart_delivery_day.delivered_late IS 'of delivered, after the original promise';
COMMENT ON COLUMN mart_delivery_day.ready_for_pickup IS 'arrived at a pickup point';
COMMENT ON COLUMN mart_delivery_day.return_started IS 'returns started';
COMMENT ON COLUMN mart_delivery_day.returned IS 'returns closed';
COMMENT ON COLUMN mart_delivery_day.lost IS 'declared lost';
COMMENT ON COLUMN mart_delivery_day.damaged IS 'first damage';
COMMENT ON COLUMN mart_delivery_day.cancelled IS 'cancelled';
COMMENT ON COLUMN mart_delivery_day.exceptions IS 'events with a fault reason';
COMMENT ON COLUMN mart_delivery_day.first_exceptions IS 'shipments with their first fault reason';
COMMENT ON COLUMN mart_delivery_day.lead_sec_sum IS 'created to delivered, seconds, of lead_n';
COMMENT ON COLUMN mart_delivery_day.lead_n IS 'delivered, in lead_sec_sum';
COMMENT ON COLUMN mart_delivery_day.lead_hist IS 'the same, hours ladder H31';
COMMENT ON COLUMN mart_delivery_day.transit_sec_sum IS 'accepted to delivered, seconds, of transit_n';
COMMENT ON COLUMN mart_delivery_day.transit_n IS 'delivered with an accepted scan';
COMMENT ON COLUMN mart_delivery_day.transit_hist IS 'the same, hours ladder H31';
COMMENT ON COLUMN mart_delivery_day.handover_sec_sum IS 'created to accepted, seconds, of handover_n';
COMMENT ON COLUMN mart_delivery_day.handover_n IS 'accepted';
COMMENT ON COLUMN mart_delivery_day.last_mile_sec_sum IS 'first out for delivery to delivered, seconds, of last_mile_n';
COMMENT ON COLUMN mart_delivery_day.last_mile_n IS 'delivered with an out-for-delivery scan';
COMMENT ON COLUMN mart_delivery_day.pickup_wait_sec_sum IS 'ready to delivered, seconds, of pickup_wait_n';
COMMENT ON COLUMN mart_delivery_day.pickup_wait_n IS 'delivered after ready for pickup';
COMMENT ON COLUMN mart_delivery_day.revenue IS 'price of the shipments created';
COMMENT ON COLUMN mart_delivery_day.computed_at IS 'when the row was computed (lineage)';
COMMENT ON COLUMN mart_delivery_day.batch_id IS 'load that wrote the row (lineage)';

CREATE TABLE IF NOT EXISTS mart_sla_day (
    day             date NOT NULL,
    client_id       integer NOT NULL,
    carrier_id      integer NOT NULL,
    service_code    text NOT NULL,
    dest_region     text NOT NULL,
    sla_rule_id     text NOT NULL DEFAULT '',
    promise_source  text NOT NULL,
    due             integer NOT NULL DEFAULT 0,
    met             integer NOT NULL DEFAULT 0,
    met_in_full     integer NOT NULL DEFAULT 0,
    missed          integer NOT NULL DEFAULT 0,
    missed_open     integer NOT NULL DEFAULT 0,
    pending         integer NOT NULL DEFAULT 0,
    at_risk         integer NOT NULL DEFAULT 0,
    paused          integer NOT NULL DEFAULT 0,
    late_1d         integer NOT NULL DEFAULT 0,
    late_2d         integer NOT NULL DEFAULT 0,
    late_3d         integer NOT NULL DEFAULT 0,
    late_more       integer NOT NULL DEFAULT 0,
    early_1d        integer NOT NULL DEFAULT 0,
    late_sec_sum    bigint NOT NULL DEFAULT 0,
    late_hist       integer[] NOT NULL DEFAULT '{}',
    abs_err_sec_sum bigint NOT NULL DEFAULT 0,
    abs_err_n       integer NOT NULL DEFAULT 0,
    repromised      integer NOT NULL DEFAULT 0,
    miss_carrier    integer NOT NULL DEFAULT 0,
    miss_shipper    integer NOT NULL DEFAULT 0,
    miss_recipient  integer NOT NULL DEFAULT 0,
    miss_customs    integer NOT NULL DEFAULT 0,
    miss_force      integer NOT NULL DEFAULT 0,
    miss_platform   integer NOT NULL DEFAULT 0,
    miss_unknown    integer NOT NULL DEFAULT 0,
    computed_at     timestamptz(0) NOT NULL,
    batch_id        text NOT NULL DEFAULT '',
    PRIMARY KEY (day, carrier_id, client_id, dest_region, service_code, sla_rule_id, promise_source),
    CONSTRAINT mart_sla_day_due_sum CHECK (due = met + missed + pending + at_risk),
    CONSTRAINT mart_sla_day_missed_open_sum CHECK (missed_open <= missed),
    CONSTRAINT mart_sla_day_met_in_full_sum CHECK (met_in_full <= met),
    CONSTRAINT mart_sla_day_late_sum CHECK (late_1d + late_2d + late_3d + late_more = missed),
    CONSTRAINT mart_sla_day_miss_sum CHECK (miss_carrier + miss_shipper + miss_recipient + miss_customs + miss_force + miss_platform + miss_unknown = missed),
    CONSTRAINT mart_sla_day_late_hist_len CHECK (cardinality(late_hist) IN (0, 31))
);  -- GP: DISTRIBUTED BY (client_id)
COMMENT ON TABLE mart_sla_day IS 'SLA cohort: shipments by the local day they were due';
COMMENT ON COLUMN mart_sla_day.day IS 'local day on which the shipment was due';
COMMENT ON COLUMN mart_sla_day.client_id IS 'dim_client';
COMMENT ON COLUMN mart_sla_day.carrier_id IS 'dim_carrier';
COMMENT ON COLUMN mart_sla_day.service_code IS 'service level';
COMMENT ON COLUMN mart_sla_day.dest_region IS 'dim_region';
COMMENT ON COLUMN mart_sla_day.sla_rule_id IS 'rule, empty = implicit rule';
COMMENT ON COLUMN mart_sla_day.promise_source IS 'explicit, rule, carrier_edd';
COMMENT ON COLUMN mart_sla_day.due IS 'shipments due, not_applicable left out';
COMMENT ON COLUMN mart_sla_day.met IS 'clock stopped in time';
COMMENT ON COLUMN mart_sla_day.met_in_full IS 'of met, delivered whole (OTIF)';
COMMENT ON COLUMN mart_sla_day.missed IS 'stopped late, overdue or closed without a stop';
COMMENT ON COLUMN mart_sla_day.missed_open IS 'of missed, still open (overdue)';
COMMENT ON COLUMN mart_sla_day.pending IS 'open, in time';
COMMENT ON COLUMN mart_sla_day.at_risk IS 'open, near due';
COMMENT ON COLUMN mart_sla_day.paused IS 'had a pause that counted';
COMMENT ON COLUMN mart_sla_day.late_1d IS 'missed by up to 1 day';
COMMENT ON COLUMN mart_sla_day.late_2d IS 'missed by 1 to 2 days';
COMMENT ON COLUMN mart_sla_day.late_3d IS 'missed by 2 to 3 days';
COMMENT ON COLUMN mart_sla_day.late_more IS 'missed by more than 3 days';
COMMENT ON COLUMN mart_sla_day.early_1d IS 'met more than a day early';
COMMENT ON COLUMN mart_sla_day.late_sec_sum IS 'lateness of missed, seconds';
COMMENT ON COLUMN mart_sla_day.late_hist IS 'the same, hours ladder H31';
COMMENT ON COLUMN mart_sla_day.abs_err_sec_sum IS '|stop - original promise|, seconds, of abs_err_n';
COMMENT ON COLUMN mart_sla_day.abs_err_n IS 'shipments with a promise and a stop';
COMMENT ON COLUMN mart_sla_day.repromised IS 'promise changed after the first';
COMMENT ON COLUMN mart_sla_day.miss_carrier IS 'missed, the carrier answers';
COMMENT ON COLUMN mart_sla_day.miss_shipper IS 'missed, the shipper (client) answers';
COMMENT ON COLUMN mart_sla_day.miss_recipient IS 'missed, the recipient answers';
COMMENT ON COLUMN mart_sla_day.miss_customs IS 'missed, customs answers';
COMMENT ON COLUMN mart_sla_day.miss_force IS 'missed, force majeure';
COMMENT ON COLUMN mart_sla_day.miss_platform IS 'missed, the platform answers';
COMMENT ON COLUMN mart_sla_day.miss_unknown IS 'missed, nobody named';
COMMENT ON COLUMN mart_sla_day.computed_at IS 'when the row was computed (lineage)';
COMMENT ON COLUMN mart_sla_day.batch_id IS 'load that wrote the row (lineage)';

CREATE TABLE IF NOT EXISTS mart_courier_day (
    day              date NOT NULL,
    carrier_id       integer NOT NULL,
    region_code      text NOT NULL,
    courier_id       text NOT NULL,
    assigned         integer NOT NULL DEFAULT 0,
    attempts         integer NOT NULL DEFAULT 0,
    delivered        integer NOT NULL DEFAULT 0,
    first_attempts   integer NOT NULL DEFAULT 0,
    first_attempt_ok integer NOT NULL DEFAULT 0,
    failed_recipient integer NOT NULL DEFAULT 0,
    failed_carrier   integer NOT NULL DEFAULT 0,
    failed_other     integer NOT NULL DEFAULT 0,
    brought_back     integer NOT NULL DEFAULT 0,
    first_scan_at    timestamptz(0),
    last_scan_at     timestamptz(0),
    active_sec       integer NOT NULL DEFAULT 0,
    computed_at      timestamptz(0) NOT NULL,
    batch_id         text NOT NULL DEFAULT '',
    PRIMARY KEY (day, carrier_id, region_code, courier_id),
    CONSTRAINT mart_courier_day_first_attempts_sum CHECK (first_attempt_ok <= first_attempts),
    CONSTRAINT mart_courier_day_brought_back_sum CHECK (brought_back <= assigned)
);  -- GP: DISTRIBUTED BY (courier_id)
COMMENT ON TABLE mart_courier_day IS 'load and quality of a courier on a local day';
COMMENT ON COLUMN mart_courier_day.day IS 'local day, destination zone';
COMMENT ON COLUMN mart_courier_day.carrier_id IS 'dim_carrier';
COMMENT ON COLUMN mart_courier_day.region_code IS 'dim_region';
COMMENT ON COLUMN mart_courier_day.courier_id IS 'courier';
COMMENT ON COLUMN mart_courier_day.assigned IS 'distinct shipments taken out';
COMMENT ON COLUMN mart_courier_day.attempts IS 'delivery attempts';
COMMENT ON COLUMN mart_courier_day.delivered IS 'delivered';
COMMENT ON COLUMN mart_courier_day.first_attempts IS 'attempts number 1';
COMMENT ON COLUMN mart_courier_day.first_attempt_ok IS 'of first_attempts, delivered';
COMMENT ON COLUMN mart_courier_day.failed_recipient IS 'failed attempts, recipient reason';
COMMENT ON COLUMN mart_courier_day.failed_carrier IS 'failed attempts, carrier reason';
COMMENT ON COLUMN mart_courier_day.failed_other IS 'failed attempts, any other reason';
COMMENT ON COLUMN mart_courier_day.brought_back IS 'assigned, not delivered that day';
COMMENT ON COLUMN mart_courier_day.first_scan_at IS 'first scan';
COMMENT ON COLUMN mart_courier_day.last_scan_at IS 'last scan';
COMMENT ON COLUMN mart_courier_day.active_sec IS 'first to last scan, seconds';
COMMENT ON COLUMN mart_courier_day.computed_at IS 'when the row was computed (lineage)';
COMMENT ON COLUMN mart_courier_day.batch_id IS 'load that wrote the row (lineage)';

CREATE TABLE IF NOT EXISTS mart_backlog_hour (
    as_of       timestamptz(0) NOT NULL,
    day         date NOT NULL,
    carrier_id  integer NOT NULL,
    dest_region text NOT NULL,
    stage       text NOT NULL,
    open_n      integer NOT NULL DEFAULT 0,
    at_risk_n   integer NOT NULL DEFAULT 0,
    overdue_n   integer NOT NULL DEFAULT 0,
    paused_n    integer NOT NULL DEFAULT 0,
    stale_n     integer NOT NULL DEFAULT 0,
    age_sec_sum bigint NOT NULL DEFAULT 0,
    oldest_sec  integer NOT NULL DEFAULT 0,
    age_hist    integer[] NOT NULL DEFAULT '{}',
    computed_at timestamptz(0) NOT NULL,
    batch_id    text NOT NULL DEFAULT '',
    PRIMARY KEY (as_of, carrier_id, dest_region, stage),
    CONSTRAINT mart_backlog_hour_parts_sum CHECK (overdue_n + at_risk_n <= open_n),
    CONSTRAINT mart_backlog_hour_age_hist_len CHECK (cardinality(age_hist) IN (0, 31))
);  -- GP: DISTRIBUTED BY (dest_region)
CREATE INDEX IF NOT EXISTS mart_backlog_hour_day ON mart_backlog_hour (day);
COMMENT ON TABLE mart_backlog_hour IS 'open shipments at the full hour';
COMMENT ON COLUMN mart_backlog_hour.as_of IS 'snapshot time, full hour';
COMMENT ON COLUMN mart_backlog_hour.day IS 'UTC day of as_of';
COMMENT ON COLUMN mart_backlog_hour.carrier_id IS 'dim_carrier';
COMMENT ON COLUMN mart_backlog_hour.dest_region IS 'dim_region';
COMMENT ON COLUMN mart_backlog_hour.stage IS 'state of the open shipments';
COMMENT ON COLUMN mart_backlog_hour.open_n IS 'open shipments';
COMMENT ON COLUMN mart_backlog_hour.at_risk_n IS 'of open_n, SLA at risk';
COMMENT ON COLUMN mart_backlog_hour.overdue_n IS 'of open_n, SLA missed';
COMMENT ON COLUMN mart_backlog_hour.paused_n IS 'of open_n, clock stopped';
COMMENT ON COLUMN mart_backlog_hour.stale_n IS 'of open_n, no event for 72 h';
COMMENT ON COLUMN mart_backlog_hour.age_sec_sum IS 'age since accepted, else created, seconds';
COMMENT ON COLUMN mart_backlog_hour.oldest_sec IS 'oldest age, seconds';
COMMENT ON COLUMN mart_backlog_hour.age_hist IS 'age, hours ladder H31';
COMMENT ON COLUMN mart_backlog_hour.computed_at IS 'when the row was computed (lineage)';
COMMENT ON COLUMN mart_backlog_hour.batch_id IS 'load that wrote the row (lineage)';

CREATE TABLE IF NOT EXISTS mart_support_day (
    day             date NOT NULL,
    client_id       integer NOT NULL,
    carrier_id      integer NOT NULL,
    dest_region     text NOT NULL,
    topic           text NOT NULL,
    channel         text NOT NULL,
    contacts        integer NOT NULL DEFAULT 0,
    first_contacts  integer NOT NULL DEFAULT 0,
    on_late         integer NOT NULL DEFAULT 0,
    no_shipment     integer NOT NULL DEFAULT 0,
    reopened        integer NOT NULL DEFAULT 0,
    resolved        integer NOT NULL DEFAULT 0,
    frt_sec_sum     bigint NOT NULL DEFAULT 0,
    frt_n           integer NOT NULL DEFAULT 0,
    frt_hist        integer[] NOT NULL DEFAULT '{}',
    resolve_sec_sum bigint NOT NULL DEFAULT 0,
    resolve_n       integer NOT NULL DEFAULT 0,
    csat_sum        integer NOT NULL DEFAULT 0,
    csat_n          integer NOT NULL DEFAULT 0,
    csat_pos        integer NOT NULL DEFAULT 0,
    computed_at     timestamptz(0) NOT NULL,
    batch_id        text NOT NULL DEFAULT '',
    PRIMARY KEY (day, carrier_id, client_id, dest_region, topic, channel),
    CONSTRAINT mart_support_day_csat_sum_n CHECK (csat_pos <= csat_n),
    CONSTRAINT mart_support_day_no_shipment_sum CHECK (no_shipment <= contacts),
    CONSTRAINT mart_support_day_frt_hist_len CHECK (cardinality(frt_hist) IN (0, 19))
);  -- GP: DISTRIBUTED BY (client_id)
COMMENT ON TABLE mart_support_day IS 'support contacts by the local day they were opened';
COMMENT ON COLUMN mart_support_day.day IS 'local day of the opening, zone of the home region that the client had then';
COMMENT ON COLUMN mart_support_day.client_id IS 'dim_client, of the contact, else of its shipment';
COMMENT ON COLUMN mart_support_day.carrier_id IS 'dim_carrier, 0 = no shipment';
COMMENT ON COLUMN mart_support_day.dest_region IS 'dim_region, empty = no shipment';
COMMENT ON COLUMN mart_support_day.topic IS 'canonical topic';
COMMENT ON COLUMN mart_support_day.channel IS 'phone, chat, email, ...';
COMMENT ON COLUMN mart_support_day.contacts IS 'contacts opened';
COMMENT ON COLUMN mart_support_day.first_contacts IS 'first contact of its shipment';
COMMENT ON COLUMN mart_support_day.on_late IS 'the shipment was overdue when they called';
COMMENT ON COLUMN mart_support_day.no_shipment IS 'not linked to a known shipment';
COMMENT ON COLUMN mart_support_day.reopened IS 'reopened at least once';
COMMENT ON COLUMN mart_support_day.resolved IS 'resolved so far';
COMMENT ON COLUMN mart_support_day.frt_sec_sum IS 'first response time, seconds, of frt_n';
COMMENT ON COLUMN mart_support_day.frt_n IS 'answered';
COMMENT ON COLUMN mart_support_day.frt_hist IS 'the same, seconds ladder S19';
COMMENT ON COLUMN mart_support_day.resolve_sec_sum IS 'opened to resolved, seconds, of resolve_n';
COMMENT ON COLUMN mart_support_day.resolve_n IS 'resolved, in resolve_sec_sum';
COMMENT ON COLUMN mart_support_day.csat_sum IS 'sum of the scores 1..5';
COMMENT ON COLUMN mart_support_day.csat_n IS 'scores given';
COMMENT ON COLUMN mart_support_day.csat_pos IS 'scores 4 and 5';
COMMENT ON COLUMN mart_support_day.computed_at IS 'when the row was computed (lineage)';
COMMENT ON COLUMN mart_support_day.batch_id IS 'load that wrote the row (lineage)';

CREATE TABLE IF NOT EXISTS mart_integration_hour (
    hour             timestamptz(0) NOT NULL,
    day              date NOT NULL,
    carrier_id       integer NOT NULL,
    integration      text NOT NULL,
    operation        text NOT NULL,
    calls            integer NOT NULL DEFAULT 0,
    ok               integer NOT NULL DEFAULT 0,
    err_client       integer NOT NULL DEFAULT 0,
    err_server       integer NOT NULL DEFAULT 0,
    err_timeout      integer NOT NULL DEFAULT 0,
    err_auth         integer NOT NULL DEFAULT 0,
    err_rate         integer NOT NULL DEFAULT 0,
    err_schema       integer NOT NULL DEFAULT 0,
    retries          integer NOT NULL DEFAULT 0,
    latency_ms_sum   bigint NOT NULL DEFAULT 0,
    latency_hist     integer[] NOT NULL DEFAULT '{}',
    events_in        integer NOT NULL DEFAULT 0,
    events_late      integer NOT NULL DEFAULT 0,
    events_unmapped  integer NOT NULL DEFAULT 0,
    events_rejected  integer NOT NULL DEFAULT 0,
    lag_sec_sum      bigint NOT NULL DEFAULT 0,
    lag_n            integer NOT NULL DEFAULT 0,
    lag_negative     integer NOT NULL DEFAULT 0,
    lag_hist         integer[] NOT NULL DEFAULT '{}',
    last_event_at    timestamptz(0),
    last_received_at timestamptz(0),
    computed_at      timestamptz(0) NOT NULL,
    batch_id         text NOT NULL DEFAULT '',
    PRIMARY KEY (hour, carrier_id, integration, operation),
    CONSTRAINT mart_integration_hour_calls_sum CHECK (calls = ok + err_client + err_server + err_timeout + err_auth + err_rate + err_schema),
    CONSTRAINT mart_integration_hour_events_sum CHECK (events_unmapped <= events_in),
    CONSTRAINT mart_integration_hour_latency_hist_len CHECK (cardinality(latency_hist) IN (0, 18)),
    CONSTRAINT mart_integration_hour_lag_hist_len CHECK (cardinality(lag_hist) IN (0, 19))
);  -- GP: DISTRIBUTED BY (integration)
CREATE INDEX IF NOT EXISTS mart_integration_hour_day ON mart_integration_hour (day);
COMMENT ON TABLE mart_integration_hour IS 'carrier interfaces and event feeds by hour';
COMMENT ON COLUMN mart_integration_hour.hour IS 'full hour';
COMMENT ON COLUMN mart_integration_hour.day IS 'UTC day of hour';
COMMENT ON COLUMN mart_integration_hour.carrier_id IS 'dim_carrier';
COMMENT ON COLUMN mart_integration_hour.integration IS 'feed or interface';
COMMENT ON COLUMN mart_integration_hour.operation IS 'track, create_label, webhook, ...';
COMMENT ON COLUMN mart_integration_hour.calls IS 'requests, retries folded in';
COMMENT ON COLUMN mart_integration_hour.ok IS 'succeeded in the end';
COMMENT ON COLUMN mart_integration_hour.err_client IS 'ended with 4xx';
COMMENT ON COLUMN mart_integration_hour.err_server IS 'ended with 5xx';
COMMENT ON COLUMN mart_integration_hour.err_timeout IS 'ended with a time-out';
COMMENT ON COLUMN mart_integration_hour.err_auth IS 'ended with 401 or 403';
COMMENT ON COLUMN mart_integration_hour.err_rate IS 'ended with 429';
COMMENT ON COLUMN mart_integration_hour.err_schema IS 'answer not understood';
COMMENT ON COLUMN mart_integration_hour.retries IS 'extra tries';
COMMENT ON COLUMN mart_integration_hour.latency_ms_sum IS 'latency of the calls, ms';
COMMENT ON COLUMN mart_integration_hour.latency_hist IS 'the same, ms ladder M18';
COMMENT ON COLUMN mart_integration_hour.events_in IS 'events first received in the hour';
COMMENT ON COLUMN mart_integration_hour.events_late IS 'of events_in, received more than a day after they happened';
COMMENT ON COLUMN mart_integration_hour.events_unmapped IS 'of events_in, status not in the map';
COMMENT ON COLUMN mart_integration_hour.events_rejected IS 'records rejected';
COMMENT ON COLUMN mart_integration_hour.lag_sec_sum IS 'received - event, seconds, of lag_n';
COMMENT ON COLUMN mart_integration_hour.lag_n IS 'events with lag >= 0 and a time';
COMMENT ON COLUMN mart_integration_hour.lag_negative IS 'events dated after their receipt';
COMMENT ON COLUMN mart_integration_hour.lag_hist IS 'lag, seconds ladder S19';
COMMENT ON COLUMN mart_integration_hour.last_event_at IS 'newest event_time';
COMMENT ON COLUMN mart_integration_hour.last_received_at IS 'newest received_at';
COMMENT ON COLUMN mart_integration_hour.computed_at IS 'when the row was computed (lineage)';
COMMENT ON COLUMN mart_integration_hour.batch_id IS 'load that wrote the row (lineage)';

CREATE TABLE IF NOT EXISTS wb_reject (
    src_topic     text NOT NULL,
    src_partition integer NOT NULL DEFAULT 0,
    src_offset    bigint NOT NULL DEFAULT 0,
    src_i         integer NOT NULL DEFAULT 0,
    stage         text NOT NULL,
    ts            timestamptz(3) NOT NULL,
    code          text NOT NULL,
    field         text NOT NULL DEFAULT '',
    msg           text NOT NULL DEFAULT '',
    raw           text NOT NULL DEFAULT '',
    state         text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'resolved')),
    loaded_at     timestamptz(0) NOT NULL DEFAULT now(),
    PRIMARY KEY (src_topic, src_partition, src_offset, src_i, stage)
);  -- GP: DISTRIBUTED BY (src_offset)
CREATE INDEX IF NOT EXISTS wb_reject_ts ON wb_reject (ts);
CREATE INDEX IF NOT EXISTS wb_reject_loaded ON wb_reject (loaded_at);
COMMENT ON TABLE wb_reject IS 'records that were refused, with their bytes, to be mended and fed again';
COMMENT ON COLUMN wb_reject.src_topic IS 'source: topic, table or file';
COMMENT ON COLUMN wb_reject.src_partition IS 'partition of the source';
COMMENT ON COLUMN wb_reject.src_offset IS 'offset, cursor id or line';
COMMENT ON COLUMN wb_reject.src_i IS 'number of the record made from one message';
COMMENT ON COLUMN wb_reject.stage IS 'program that refused it; a loader with its table: wb-ch-load:fct_event';
COMMENT ON COLUMN wb_reject.ts IS 'time stamp of the source, not of the clock';
COMMENT ON COLUMN wb_reject.code IS 'reason code (wb-records.5)';
COMMENT ON COLUMN wb_reject.field IS 'field concerned, or empty';
COMMENT ON COLUMN wb_reject.msg IS 'one sentence';
COMMENT ON COLUMN wb_reject.raw IS 'bytes as received, base64, up to 64 KiB';
COMMENT ON COLUMN wb_reject.state IS 'open = to be mended; resolved = fed again, or given up by a person';
COMMENT ON COLUMN wb_reject.loaded_at IS 'when the row was loaded or resolved; the newest wins (lineage)';

CREATE TABLE IF NOT EXISTS wb_horizon (
    scope   text NOT NULL CHECK (scope IN ('shipment', 'support', 'integration')),
    day     date NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (scope, day)
);  -- GP: DISTRIBUTED REPLICATED
COMMENT ON TABLE wb_horizon IS 'mart days before the greatest day of the scope are frozen: their sources have been archived';
COMMENT ON COLUMN wb_horizon.scope IS 'marts concerned: shipment, support or integration';
COMMENT ON COLUMN wb_horizon.day IS 'first day that their sources still cover whole';
COMMENT ON COLUMN wb_horizon.version IS 'epoch ms of the retention run';

-- Monthly partition of fct_event, where it has partitions; called by the loader before a load, by wb-retain never.
CREATE OR REPLACE FUNCTION ensure_event_month(m date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE a date := date_trunc('month', m)::date; p text := 'fct_event_' || to_char(m, 'YYYYMM');
BEGIN
    IF (SELECT relkind = 'p' FROM pg_class WHERE oid = 'mart.fct_event'::regclass)
        AND NOT EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = p AND n.nspname = 'mart') THEN
        EXECUTE format('CREATE TABLE mart.%I PARTITION OF mart.fct_event FOR VALUES FROM (%L) TO (%L)',
                       p, a::text || ' 00:00:00+00', (a + interval '1 month')::date::text || ' 00:00:00+00');
    END IF;
END $$;

-- First day that the sources of these marts still cover whole.
CREATE OR REPLACE FUNCTION horizon(s text) RETURNS date LANGUAGE sql STABLE AS $$ SELECT coalesce(max(day), '1970-01-01') FROM mart.wb_horizon WHERE scope = s $$;

CREATE TABLE IF NOT EXISTS wb_outbox (
    subject      text NOT NULL,
    id           text PRIMARY KEY,
    type         text NOT NULL,
    partitionkey text NOT NULL,
    time         timestamptz(3) NOT NULL,
    published_at timestamptz(0) NOT NULL
);  -- GP: DISTRIBUTED BY (id)
CREATE INDEX IF NOT EXISTS wb_outbox_subject ON wb_outbox (subject);
COMMENT ON TABLE wb_outbox IS 'analytics.reports events that the broker has';
COMMENT ON COLUMN wb_outbox.subject IS 'CloudEvents subject';
COMMENT ON COLUMN wb_outbox.id IS 'CloudEvents id, computed';
COMMENT ON COLUMN wb_outbox.type IS 'CloudEvents type';
COMMENT ON COLUMN wb_outbox.partitionkey IS 'Kafka key';
COMMENT ON COLUMN wb_outbox.time IS 'time of the event';
COMMENT ON COLUMN wb_outbox.published_at IS 'when the broker had acknowledged it; the newest wins';

CREATE TABLE IF NOT EXISTS wb_state (
    name    text PRIMARY KEY,
    value   text NOT NULL,
    version bigint NOT NULL
);  -- GP: DISTRIBUTED REPLICATED
COMMENT ON TABLE wb_state IS 'small positions of the machinery';
COMMENT ON COLUMN wb_state.name IS 'refresh:MART, retain:TABLE, schema';
COMMENT ON COLUMN wb_state.value IS 'refresh: T of the last refresh that succeeded, 24 characters; retain: last month dropped, YYYY-MM; schema: its version';
COMMENT ON COLUMN wb_state.version IS 'epoch ms of the run; the highest wins';

CREATE TABLE IF NOT EXISTS wb_check (
    check_name text PRIMARY KEY,
    severity   text NOT NULL CHECK (severity IN ('error', 'warn')),
    bad_rows   bigint NOT NULL,
    checked_at timestamptz(0) NOT NULL
);  -- GP: DISTRIBUTED REPLICATED
COMMENT ON TABLE wb_check IS 'newest result of every check of v_quality';
COMMENT ON COLUMN wb_check.check_name IS 'check of v_quality';
COMMENT ON COLUMN wb_check.severity IS 'error stops the reports, warn is only published';
COMMENT ON COLUMN wb_check.bad_rows IS 'rows that break it';
COMMENT ON COLUMN wb_check.checked_at IS 'when it was run; the newest wins';

-- Histograms: add, sum, quantile, slot. Ladders are inclusive upper bounds in ascending order; the last slot is open.
CREATE OR REPLACE FUNCTION hist_add(a integer[], b integer[]) RETURNS integer[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array(SELECT coalesce(a[i], 0) + coalesce(b[i], 0)
                 FROM generate_series(1, greatest(cardinality(a), cardinality(b))) i ORDER BY i) $$;
CREATE AGGREGATE hist_sum(integer[]) (SFUNC = hist_add, STYPE = integer[], INITCOND = '{}');
CREATE OR REPLACE FUNCTION hist_quantile(h integer[], bounds double precision[], q double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE AS $$
    -- linear inside the bucket; the open last bucket answers its lower bound; no rows: null
    WITH c AS (SELECT i, h[i] AS n, sum(h[i]) OVER (ORDER BY i) AS cum, sum(h[i]) OVER () AS tot
               FROM generate_series(1, cardinality(h)) i)
    SELECT CASE WHEN i > cardinality(bounds) THEN bounds[cardinality(bounds)]
                ELSE coalesce(bounds[i - 1], 0) + (bounds[i] - coalesce(bounds[i - 1], 0)) * (q * tot - (cum - n)) / n END
    FROM c WHERE tot > 0 AND n > 0 AND cum >= q * tot ORDER BY i LIMIT 1 $$;
CREATE OR REPLACE FUNCTION hist_slot(x double precision, bounds double precision[]) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    -- 1-based; a value equal to a bound falls under it (width_bucket() is the other way round)
    SELECT 1 + width_bucket(x, bounds) - (x = ANY (bounds))::int $$;
CREATE OR REPLACE FUNCTION hist_of(slots integer[], n integer) RETURNS integer[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE h integer[] := array_fill(0, ARRAY[n]); s integer;
BEGIN
    FOREACH s IN ARRAY slots LOOP h[s] := h[s] + 1; END LOOP;
    RETURN h;
END $$;
CREATE OR REPLACE FUNCTION ladder_h31() RETURNS double precision[] LANGUAGE sql IMMUTABLE AS
    $$ SELECT '{1,2,4,6,8,12,18,24,30,36,42,48,60,72,84,96,120,144,168,192,216,240,288,336,408,480,600,720,960,1440}'::double precision[] $$;
CREATE OR REPLACE FUNCTION ladder_s19() RETURNS double precision[] LANGUAGE sql IMMUTABLE AS
    $$ SELECT '{1,5,10,30,60,120,300,600,900,1800,3600,7200,14400,28800,43200,86400,172800,432000}'::double precision[] $$;
CREATE OR REPLACE FUNCTION ladder_m18() RETURNS double precision[] LANGUAGE sql IMMUTABLE AS
    $$ SELECT '{5,10,25,50,100,200,300,500,750,1000,1500,2000,3000,5000,10000,30000,60000}'::double precision[] $$;
