-- Waybill marts, ClickHouse dialect: 4 dimensions, 3 staging tables, 2 facts, 6 marts, 5 tables of the machinery (wb_*).
-- wb-schema runs it in the database of the marts, and adapts it to servers of version 18.16.
-- The lines '-- TTL' name the retention; wb-retain drops the partitions, so a TTL clause is not set here.
-- One column, constraint, index or clause per line: wb-schema works by lines.

CREATE TABLE IF NOT EXISTS dim_date
(
    calendar_id LowCardinality(String) COMMENT 'business calendar the is_business flag is for',
    day         Date COMMENT 'calendar day' CODEC(Delta, ZSTD(1)),
    date_key    UInt32 COMMENT 'yyyymmdd as a number' CODEC(T64, ZSTD(1)),
    year        UInt16 COMMENT 'calendar year',
    quarter     UInt8 COMMENT '1..4',
    month       UInt8 COMMENT '1..12',
    month_start Date COMMENT 'first day of the month' CODEC(Delta, ZSTD(1)),
    iso_year    UInt16 COMMENT 'ISO 8601 year',
    iso_week    UInt8 COMMENT 'ISO 8601 week, 1..53',
    week_start  Date COMMENT 'Monday of the week' CODEC(Delta, ZSTD(1)),
    dow         UInt8 COMMENT '1 = Monday .. 7 = Sunday',
    is_weekend  Bool COMMENT 'Saturday or Sunday',
    is_business Bool COMMENT 'calendar_id works that day',
    version     UInt64 COMMENT 'epoch ms of the calendar file; the highest wins' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (calendar_id, day)
COMMENT 'one row per business calendar and day';

CREATE TABLE IF NOT EXISTS dim_region
(
    region_code  LowCardinality(String) COMMENT 'ISO 3166-2 or zone code',
    name         String COMMENT 'display name' CODEC(ZSTD(1)),
    macro_region LowCardinality(String) COMMENT 'roll-up, for example a federal district',
    country      LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2',
    tz           LowCardinality(String) COMMENT 'IANA zone of the local days',
    calendar_id  LowCardinality(String) COMMENT 'business calendar',
    is_remote    Bool COMMENT 'hard to reach, own SLA terms',
    lat          Nullable(Float64) COMMENT 'centroid latitude, degrees' CODEC(ZSTD(1)),
    lon          Nullable(Float64) COMMENT 'centroid longitude, degrees' CODEC(ZSTD(1)),
    version      UInt64 COMMENT 'epoch ms of the source row; the highest wins' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (region_code)
COMMENT 'one row per region, newest attributes (SCD1)';

CREATE TABLE IF NOT EXISTS dim_client
(
    client_id   UInt32 COMMENT 'clients.id; 0 = unknown' CODEC(T64, ZSTD(1)),
    valid_from  DateTime('UTC') COMMENT 'start of the version, inclusive' CODEC(Delta, ZSTD(1)),
    valid_to    DateTime('UTC') COMMENT 'end of the version, exclusive; 2105-12-31 = current' CODEC(Delta, ZSTD(1)),
    is_current  Bool COMMENT 'newest version',
    name        String COMMENT 'client name' CODEC(ZSTD(1)),
    segment     LowCardinality(String) COMMENT 'b2b, b2c, marketplace',
    tier        LowCardinality(String) COMMENT 'standard, gold, ...; SLA rules match on it',
    home_region LowCardinality(String) COMMENT 'dim_region.region_code',
    is_active   Bool COMMENT 'active client',
    row_hash    UInt64 COMMENT '63-bit hash of the tracked attributes' CODEC(ZSTD(1)),
    version     UInt64 COMMENT 'epoch ms of the source row; the highest wins' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (client_id, valid_from)
COMMENT 'one row per client and version (SCD2)';

CREATE TABLE IF NOT EXISTS dim_carrier
(
    carrier_id     UInt32 COMMENT 'carriers.id; 0 = unknown' CODEC(T64, ZSTD(1)),
    valid_from     DateTime('UTC') COMMENT 'start of the version, inclusive' CODEC(Delta, ZSTD(1)),
    valid_to       DateTime('UTC') COMMENT 'end of the version, exclusive; 2105-12-31 = current' CODEC(Delta, ZSTD(1)),
    is_current     Bool COMMENT 'newest version',
    code           LowCardinality(String) COMMENT 'stable short code, for example cdek',
    name           String COMMENT 'carrier name' CODEC(ZSTD(1)),
    kind           Enum8('own' = 1, 'external' = 2) COMMENT 'own fleet or partner',
    tz             LowCardinality(String) COMMENT 'IANA zone of the stamps that carry no offset',
    daily_capacity UInt32 COMMENT 'contracted parcels a day, 0 = not known' CODEC(T64, ZSTD(1)),
    is_active      Bool COMMENT 'active carrier',
    row_hash       UInt64 COMMENT '63-bit hash of the tracked attributes' CODEC(ZSTD(1)),
    version        UInt64 COMMENT 'epoch ms of the source row; the highest wins' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (carrier_id, valid_from)
COMMENT 'one row per carrier and version (SCD2)';

CREATE TABLE IF NOT EXISTS stg_shipment
(
    INDEX tracking tracking_number TYPE bloom_filter GRANULARITY 1,
    id                Int64 COMMENT 'shipments.id' CODEC(Delta, ZSTD(1)),
    shipment_id       String COMMENT 'shipment' CODEC(ZSTD(1)),
    client_id         UInt32 COMMENT 'dim_client' CODEC(T64, ZSTD(1)),
    carrier_id        UInt32 DEFAULT 0 COMMENT 'dim_carrier, 0 = none yet' CODEC(T64, ZSTD(1)),
    tracking_number   String DEFAULT '' COMMENT 'carrier number of the parcel, empty = none yet' CODEC(ZSTD(1)),
    service_code      LowCardinality(String) COMMENT 'tariff or service level',
    delivery_mode     Enum8('door' = 1, 'pickup_point' = 2, 'locker' = 3) COMMENT 'last mile mode',
    origin_region     LowCardinality(String) COMMENT 'dim_region',
    dest_region       LowCardinality(String) COMMENT 'dim_region',
    promised_at       Nullable(DateTime64(3, 'UTC')) COMMENT 'present promise, to the moment' CODEC(Delta, ZSTD(1)),
    promised_on       Nullable(Date) COMMENT 'present promise, to the day, local to the destination' CODEC(ZSTD(1)),
    promised_first_at Nullable(DateTime64(3, 'UTC')) COMMENT 'first promise, to the moment, never changed once set' CODEC(Delta, ZSTD(1)),
    promised_first_on Nullable(Date) COMMENT 'first promise, to the day' CODEC(ZSTD(1)),
    cancelled_at      Nullable(DateTime64(3, 'UTC')) COMMENT 'cancelled in the OLTP; comes as an event too' CODEC(Delta, ZSTD(1)),
    price             Decimal(12, 2) COMMENT 'charged to the client, one currency' CODEC(ZSTD(1)),
    weight_g          UInt32 COMMENT 'grams' CODEC(T64, ZSTD(1)),
    pieces            UInt16 COMMENT 'pieces' CODEC(T64, ZSTD(1)),
    created_at        DateTime64(3, 'UTC') COMMENT 'order or shipment creation, immutable' CODEC(Delta, ZSTD(1)),
    updated_at        DateTime64(3, 'UTC') COMMENT 'cursor; the newest row wins' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(created_at)
ORDER BY (shipment_id)
SETTINGS index_granularity = 512
-- TTL toDateTime(created_at) + INTERVAL 36 MONTH
COMMENT 'OLTP shipments as read: the attributes of a shipment and its tracking number';

CREATE TABLE IF NOT EXISTS stg_contact
(
    INDEX shipment shipment_id TYPE bloom_filter GRANULARITY 1,
    id             Int64 COMMENT 'support_contacts.id' CODEC(Delta, ZSTD(1)),
    client_id      UInt32 DEFAULT 0 COMMENT 'dim_client, 0 = unknown' CODEC(T64, ZSTD(1)),
    shipment_id    String DEFAULT '' COMMENT 'shipment, empty = none; may be set later' CODEC(ZSTD(1)),
    channel        Enum8('phone' = 1, 'chat' = 2, 'email' = 3, 'form' = 4, 'social' = 5, 'other' = 6) COMMENT 'phone, chat, email, ...',
    topic          Enum8('wismo' = 1, 'address_change' = 2, 'reschedule' = 3, 'damage' = 4, 'lost' = 5, 'not_received' = 6, 'refund' = 7, 'cod' = 8, 'complaint' = 9, 'other' = 10) COMMENT 'canonical topic',
    opened_at      DateTime64(3, 'UTC') COMMENT 'when it was opened, immutable' CODEC(Delta, ZSTD(1)),
    first_reply_at Nullable(DateTime64(3, 'UTC')) COMMENT 'first reply' CODEC(Delta, ZSTD(1)),
    resolved_at    Nullable(DateTime64(3, 'UTC')) COMMENT 'resolved' CODEC(Delta, ZSTD(1)),
    reopened       UInt16 COMMENT 'how often it was reopened' CODEC(T64, ZSTD(1)),
    csat           Nullable(UInt8) COMMENT 'score 1..5' CODEC(ZSTD(1)),
    created_at     DateTime64(3, 'UTC') COMMENT 'row made' CODEC(Delta, ZSTD(1)),
    updated_at     DateTime64(3, 'UTC') COMMENT 'cursor; the newest row wins' CODEC(Delta, ZSTD(1)),
    loaded_at      DateTime('UTC') DEFAULT now() COMMENT 'when the row was loaded (lineage)' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(opened_at)
ORDER BY (id)
-- TTL toDateTime(opened_at) + INTERVAL 24 MONTH
COMMENT 'OLTP support_contacts as read';

CREATE TABLE IF NOT EXISTS stg_call
(
    id          Int64 COMMENT 'integrations_log.id' CODEC(Delta, ZSTD(1)),
    ts          DateTime64(3, 'UTC') COMMENT 'when the attempt was made' CODEC(Delta, ZSTD(1)),
    carrier_id  UInt32 COMMENT 'dim_carrier' CODEC(T64, ZSTD(1)),
    integration LowCardinality(String) COMMENT 'feed or interface',
    operation   LowCardinality(String) COMMENT 'track, create_label, webhook, ...',
    direction   Enum8('out' = 1, 'in' = 2) COMMENT 'out = we called, in = they called',
    http_status Nullable(UInt16) COMMENT 'HTTP status, if there was an answer' CODEC(ZSTD(1)),
    outcome     Enum8('ok' = 0, 'client_error' = 1, 'server_error' = 2, 'timeout' = 3, 'auth_error' = 4, 'rate_limited' = 5, 'schema_error' = 6) COMMENT 'how the attempt ended',
    duration_ms UInt32 COMMENT 'how long the attempt took, ms' CODEC(T64, ZSTD(1)),
    attempt     UInt16 COMMENT 'number of the attempt, from 1' CODEC(T64, ZSTD(1)),
    request_id  String COMMENT 'the same for all attempts of one call' CODEC(ZSTD(1)),
    shipment_id String DEFAULT '' COMMENT 'shipment, empty = none' CODEC(ZSTD(1)),
    records     UInt32 COMMENT 'records in the answer' CODEC(T64, ZSTD(1)),
    error       String DEFAULT '' COMMENT 'error text, empty = none' CODEC(ZSTD(1)),
    loaded_at   DateTime('UTC') DEFAULT now() COMMENT 'when the row was loaded (lineage)' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (id)
-- TTL toDateTime(ts) + INTERVAL 3 MONTH
COMMENT 'OLTP integrations_log as read, append only: one row per attempt of a call';

CREATE TABLE IF NOT EXISTS fct_event
(
    INDEX received received_at TYPE minmax GRANULARITY 1,
    INDEX loaded loaded_at TYPE minmax GRANULARITY 1,
    shipment_id      String COMMENT 'shipment' CODEC(ZSTD(1)),
    event_id         String COMMENT 'producer id, unique for ever' CODEC(ZSTD(1)),
    version          UInt64 COMMENT 'map revision, mapped, first receipt (wb-records.5); the highest wins' CODEC(Delta, ZSTD(1)),
    event_time       DateTime64(3, 'UTC') COMMENT 'when it happened' CODEC(Delta, ZSTD(1)),
    received_at      DateTime64(3, 'UTC') COMMENT 'receipt by the gateway' CODEC(Delta, ZSTD(1)),
    lag_sec          Int32 COMMENT 'received_at - event_time, whole seconds; negative = clock skew' CODEC(T64, ZSTD(1)),
    is_date_only     Bool COMMENT 'the source gave a date without a time',
    carrier          LowCardinality(String) COMMENT 'carrier code',
    carrier_id       UInt32 COMMENT 'dim_carrier, 0 = no number known' CODEC(T64, ZSTD(1)),
    tracking_number  String COMMENT 'carrier number of the parcel' CODEC(ZSTD(1)),
    integration      LowCardinality(String) COMMENT 'feed the event came by',
    status           LowCardinality(String) COMMENT 'canonical status of the event itself',
    reason           LowCardinality(String) COMMENT 'canonical reason, empty = none',
    map_hit          Enum8('given' = 0, 'exact' = 1, 'code' = 2, 'none' = 3) COMMENT 'how the status was found: given, code and subcode, code alone, not mapped',
    raw_code         LowCardinality(String) COMMENT 'carrier code before mapping',
    raw_subcode      LowCardinality(String) COMMENT 'carrier subcode before mapping',
    raw_text         String COMMENT 'carrier text, cut to 256 bytes' CODEC(ZSTD(1)),
    attempt_no       UInt8 COMMENT 'attempt number as sent, 0 = none',
    courier_id       String COMMENT 'courier, empty = unknown' CODEC(ZSTD(1)),
    facility_id      LowCardinality(String) COMMENT 'hub or pickup point',
    region_code      LowCardinality(String) COMMENT 'where it happened',
    city             String COMMENT 'where it happened' CODEC(ZSTD(1)),
    lat              Nullable(Float64) COMMENT 'latitude, degrees' CODEC(ZSTD(1)),
    lon              Nullable(Float64) COMMENT 'longitude, degrees' CODEC(ZSTD(1)),
    edd              String COMMENT 'expected delivery told by the carrier: date, time or empty' CODEC(ZSTD(1)),
    supersedes       String COMMENT 'event_id that this one voids, or previous' CODEC(ZSTD(1)),
    to_recipient     Bool COMMENT 'says that it goes to the recipient although a return is under way',
    pieces           UInt16 COMMENT 'pieces, 0 = not told' CODEC(T64, ZSTD(1)),
    pieces_delivered UInt16 COMMENT 'pieces handed over, 0 = not told' CODEC(T64, ZSTD(1)),
    damaged          Bool COMMENT 'damage told',
    extra            String COMMENT 'unknown fields of the message, JSON object' CODEC(ZSTD(1)),
    src_topic        LowCardinality(String) COMMENT 'source of the copy kept: topic, table or file',
    src_partition    UInt32 COMMENT 'partition of the source' CODEC(T64, ZSTD(1)),
    src_offset       Int64 COMMENT 'offset, cursor id or line' CODEC(Delta, ZSTD(1)),
    loaded_at        DateTime('UTC') DEFAULT now() COMMENT 'when the row was loaded (lineage)' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(event_time)
ORDER BY (shipment_id, event_id)
-- TTL toDateTime(event_time) + INTERVAL 24 MONTH
SETTINGS index_granularity = 512
COMMENT 'the set of tracking events as normalized, one row per event; the shipments are folded from it';

CREATE TABLE IF NOT EXISTS fct_shipment
(
    INDEX loaded loaded_at TYPE minmax GRANULARITY 1,
    INDEX judge judge_at TYPE minmax GRANULARITY 1,
    shipment_id         String COMMENT 'shipment' CODEC(ZSTD(1)),
    version             UInt64 COMMENT 'epoch ms of the evaluation (now); the highest wins' CODEC(Delta, ZSTD(1)),
    client_id           UInt32 COMMENT 'dim_client' CODEC(T64, ZSTD(1)),
    carrier_id          UInt32 COMMENT 'dim_carrier' CODEC(T64, ZSTD(1)),
    tracking_number     String COMMENT 'carrier number of the parcel' CODEC(ZSTD(1)),
    service_code        LowCardinality(String) COMMENT 'tariff or service level',
    delivery_mode       Enum8('door' = 1, 'pickup_point' = 2, 'locker' = 3) COMMENT 'last mile mode',
    origin_region       LowCardinality(String) COMMENT 'dim_region',
    dest_region         LowCardinality(String) COMMENT 'dim_region',
    price               Decimal(12, 2) COMMENT 'charged to the client, one currency' CODEC(ZSTD(1)),
    weight_g            UInt32 COMMENT 'grams' CODEC(T64, ZSTD(1)),
    pieces              UInt16 COMMENT 'pieces' CODEC(T64, ZSTD(1)),
    status              LowCardinality(String) COMMENT 'current state',
    status_since        Nullable(DateTime64(3, 'UTC')) COMMENT 'start of the current run of that state' CODEC(Delta, ZSTD(1)),
    reason              LowCardinality(String) COMMENT 'last fault reason: the delay reason; empty = none',
    is_open             Bool COMMENT 'not terminal',
    created_at          DateTime64(3, 'UTC') COMMENT 'order or shipment creation, immutable' CODEC(Delta, ZSTD(1)),
    created_day         Date COMMENT 'local day of created_at, origin zone' CODEC(Delta, ZSTD(1)),
    label_at            Nullable(DateTime64(3, 'UTC')) COMMENT 'label or data registered with the carrier' CODEC(Delta, ZSTD(1)),
    accepted_at         Nullable(DateTime64(3, 'UTC')) COMMENT 'first physical carrier scan before the last mile' CODEC(Delta, ZSTD(1)),
    accepted_day        Nullable(Date) COMMENT 'its local day, origin zone' CODEC(ZSTD(1)),
    first_ofd_at        Nullable(DateTime64(3, 'UTC')) COMMENT 'first out for delivery' CODEC(Delta, ZSTD(1)),
    first_attempt_at    Nullable(DateTime64(3, 'UTC')) COMMENT 'first attempt, good or bad' CODEC(Delta, ZSTD(1)),
    first_attempt_day   Nullable(Date) COMMENT 'its local day, destination zone' CODEC(ZSTD(1)),
    ready_at            Nullable(DateTime64(3, 'UTC')) COMMENT 'first ready for pickup' CODEC(Delta, ZSTD(1)),
    ready_day           Nullable(Date) COMMENT 'its local day, destination zone' CODEC(ZSTD(1)),
    delivered_at        Nullable(DateTime64(3, 'UTC')) COMMENT 'handed to the recipient' CODEC(Delta, ZSTD(1)),
    delivered_day       Nullable(Date) COMMENT 'its local day, destination zone' CODEC(ZSTD(1)),
    return_started_at   Nullable(DateTime64(3, 'UTC')) COMMENT 'return leg began' CODEC(Delta, ZSTD(1)),
    return_started_day  Nullable(Date) COMMENT 'its local day, destination zone' CODEC(ZSTD(1)),
    returned_at         Nullable(DateTime64(3, 'UTC')) COMMENT 'handed back to the sender' CODEC(Delta, ZSTD(1)),
    returned_day        Nullable(Date) COMMENT 'its local day, destination zone' CODEC(ZSTD(1)),
    lost_at             Nullable(DateTime64(3, 'UTC')) COMMENT 'out of the network' CODEC(Delta, ZSTD(1)),
    lost_day            Nullable(Date) COMMENT 'its local day, destination zone' CODEC(ZSTD(1)),
    cancelled_at        Nullable(DateTime64(3, 'UTC')) COMMENT 'cancelled' CODEC(Delta, ZSTD(1)),
    cancelled_day       Nullable(Date) COMMENT 'its local day, destination zone' CODEC(ZSTD(1)),
    closed_at           Nullable(DateTime64(3, 'UTC')) COMMENT 'when the present terminal state began' CODEC(Delta, ZSTD(1)),
    first_exception_at  Nullable(DateTime64(3, 'UTC')) COMMENT 'first event with a fault reason' CODEC(Delta, ZSTD(1)),
    first_exception_day Nullable(Date) COMMENT 'its local day, destination zone' CODEC(ZSTD(1)),
    damaged_at          Nullable(DateTime64(3, 'UTC')) COMMENT 'first damage' CODEC(Delta, ZSTD(1)),
    damaged_day         Nullable(Date) COMMENT 'its local day, destination zone' CODEC(ZSTD(1)),
    last_event_at       Nullable(DateTime64(3, 'UTC')) COMMENT 'newest event_time' CODEC(Delta, ZSTD(1)),
    last_received_at    Nullable(DateTime64(3, 'UTC')) COMMENT 'newest receipt' CODEC(Delta, ZSTD(1)),
    lead_sec            Nullable(Int32) COMMENT 'created to delivered, seconds' CODEC(ZSTD(1)),
    transit_sec         Nullable(Int32) COMMENT 'accepted to delivered, seconds' CODEC(ZSTD(1)),
    events_n            UInt16 COMMENT 'events in the set, void ones included' CODEC(T64, ZSTD(1)),
    attempts            UInt8 COMMENT 'delivery attempts',
    first_attempt_ok    Bool COMMENT 'delivered by attempt 1',
    exceptions          UInt16 COMMENT 'events with a fault reason' CODEC(T64, ZSTD(1)),
    post_terminal       UInt16 COMMENT 'state events after a hard terminal' CODEC(T64, ZSTD(1)),
    is_reopened         Bool COMMENT 'moved on after lost or cancelled',
    is_partial          Bool COMMENT 'pieces or contents missing, or damaged',
    courier_id          String COMMENT 'courier of the last attempt' CODEC(ZSTD(1)),
    contacts_n          UInt16 COMMENT 'support contacts' CODEC(T64, ZSTD(1)),
    wismo_n             UInt16 COMMENT 'of contacts_n, topic wismo' CODEC(T64, ZSTD(1)),
    last_contact_at     Nullable(DateTime64(3, 'UTC')) COMMENT 'newest support contact' CODEC(Delta, ZSTD(1)),
    promise_source      Enum8('none' = 0, 'explicit' = 1, 'rule' = 2, 'carrier_edd' = 3) COMMENT 'where the due time came from',
    promised_precision  Enum8('none' = 0, 'date' = 1, 'time' = 2) COMMENT 'the promise was a date or a time',
    promised_at         Nullable(DateTime64(3, 'UTC')) COMMENT 'original promise, never overwritten' CODEC(Delta, ZSTD(1)),
    promised_now_at     Nullable(DateTime64(3, 'UTC')) COMMENT 'newest promise' CODEC(Delta, ZSTD(1)),
    due_at              Nullable(DateTime64(3, 'UTC')) COMMENT 'promise moved by pauses: what SLA is judged by' CODEC(Delta, ZSTD(1)),
    due_day             Nullable(Date) COMMENT 'local day of due_at, destination zone' CODEC(ZSTD(1)),
    sla_rule_id         LowCardinality(String) COMMENT 'rule that matched, empty = implicit rule',
    sla_stop            Enum8('none' = 0, 'delivered' = 1, 'first_attempt' = 2, 'ready_for_pickup' = 3) COMMENT 'what stopped the clock',
    sla_stop_at         Nullable(DateTime64(3, 'UTC')) COMMENT 'when the clock stopped' CODEC(Delta, ZSTD(1)),
    sla_state           Enum8('not_applicable' = 0, 'pending' = 1, 'at_risk' = 2, 'met' = 3, 'missed' = 4) COMMENT 'contract view',
    sla_party           Enum8('none' = 0, 'carrier' = 1, 'shipper' = 2, 'recipient' = 3, 'customs' = 4, 'force' = 5, 'platform' = 6, 'unknown' = 7) COMMENT 'who answers for a miss',
    sla_late_sec        Int32 COMMENT 'stop (or close, or now) minus due, seconds; negative = early' CODEC(T64, ZSTD(1)),
    promise_err_sec     Nullable(Int32) COMMENT 'stop minus original promise, seconds; whole days for a date promise' CODEC(ZSTD(1)),
    paused_sec          UInt32 COMMENT 'seconds the clock stood' CODEC(T64, ZSTD(1)),
    is_paused           Bool COMMENT 'a pause is open now',
    judge_at            Nullable(DateTime('UTC')) COMMENT 'next instant at which the verdict can change if nothing happens, whole seconds; null = never' CODEC(Delta, ZSTD(1)),
    step_at             Array(DateTime64(3, 'UTC')) COMMENT 'steps: the events that marts count, in order; when' CODEC(ZSTD(1)),
    step_day            Array(Date) COMMENT 'local day of the step, destination zone' CODEC(ZSTD(1)),
    step_status         Array(LowCardinality(String)) COMMENT 'status of the step',
    step_state          Array(LowCardinality(String)) COMMENT 'state of the shipment after the step',
    step_reason         Array(LowCardinality(String)) COMMENT 'reason of the step',
    step_attempt        Array(UInt8) COMMENT 'number of the attempt that the step is, 0 = none' CODEC(ZSTD(1)),
    step_courier        Array(String) COMMENT 'courier of the step' CODEC(ZSTD(1)),
    step_region         Array(LowCardinality(String)) COMMENT 'region of the step, else of the destination',
    days                Array(Date) COMMENT 'local days the shipment stands on in the marts, or stood on in an earlier version (lineage)' CODEC(ZSTD(1)),
    loaded_at           DateTime('UTC') DEFAULT now() COMMENT 'when the row was loaded (lineage)' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(created_at)
ORDER BY (shipment_id)
-- TTL toDateTime(created_at) + INTERVAL 36 MONTH
SETTINGS index_granularity = 512
COMMENT 'one row per shipment, newest evaluation';

CREATE TABLE IF NOT EXISTS mart_delivery_day
(
    CONSTRAINT first_attempts_sum CHECK first_attempt_ok <= first_attempts,
    CONSTRAINT delivered_late_sum CHECK delivered_late <= delivered,
    CONSTRAINT lead_hist_len CHECK length(lead_hist) IN (0, 31),
    CONSTRAINT transit_hist_len CHECK length(transit_hist) IN (0, 31),
    day                 Date COMMENT 'local day on which the counted thing happened' CODEC(Delta, ZSTD(1)),
    client_id           UInt32 COMMENT 'dim_client' CODEC(T64, ZSTD(1)),
    carrier_id          UInt32 COMMENT 'dim_carrier' CODEC(T64, ZSTD(1)),
    service_code        LowCardinality(String) COMMENT 'service level',
    dest_region         LowCardinality(String) COMMENT 'dim_region',
    created             UInt32 COMMENT 'shipments created' CODEC(T64, ZSTD(1)),
    accepted            UInt32 COMMENT 'first carrier scans' CODEC(T64, ZSTD(1)),
    out_for_delivery    UInt32 COMMENT 'out-for-delivery events' CODEC(T64, ZSTD(1)),
    attempts            UInt32 COMMENT 'delivery attempts' CODEC(T64, ZSTD(1)),
    first_attempts      UInt32 COMMENT 'shipments whose attempt 1 fell on the day' CODEC(T64, ZSTD(1)),
    first_attempt_ok    UInt32 COMMENT 'of first_attempts, delivered by it' CODEC(T64, ZSTD(1)),
    delivered           UInt32 COMMENT 'delivered' CODEC(T64, ZSTD(1)),
    delivered_late      UInt32 COMMENT 'of delivered, after the original promise' CODEC(T64, ZSTD(1)),
    ready_for_pickup    UInt32 COMMENT 'arrived at a pickup point' CODEC(T64, ZSTD(1)),
    return_started      UInt32 COMMENT 'returns started' CODEC(T64, ZSTD(1)),
    returned            UInt32 COMMENT 'returns closed' CODEC(T64, ZSTD(1)),
    lost                UInt32 COMMENT 'declared lost' CODEC(T64, ZSTD(1)),
    damaged             UInt32 COMMENT 'first damage' CODEC(T64, ZSTD(1)),
    cancelled           UInt32 COMMENT 'cancelled' CODEC(T64, ZSTD(1)),
    exceptions          UInt32 COMMENT 'events with a fault reason' CODEC(T64, ZSTD(1)),
    first_exceptions    UInt32 COMMENT 'shipments with their first fault reason' CODEC(T64, ZSTD(1)),
    lead_sec_sum        UInt64 COMMENT 'created to delivered, seconds, of lead_n' CODEC(T64, ZSTD(1)),
    lead_n              UInt32 COMMENT 'delivered, in lead_sec_sum' CODEC(T64, ZSTD(1)),
    lead_hist           Array(UInt32) COMMENT 'the same, hours ladder H31' CODEC(ZSTD(1)),
    transit_sec_sum     UInt64 COMMENT 'accepted to delivered, seconds, of transit_n' CODEC(T64, ZSTD(1)),
    transit_n           UInt32 COMMENT 'delivered with an accepted scan' CODEC(T64, ZSTD(1)),
    transit_hist        Array(UInt32) COMMENT 'the same, hours ladder H31' CODEC(ZSTD(1)),
    handover_sec_sum    UInt64 COMMENT 'created to accepted, seconds, of handover_n' CODEC(T64, ZSTD(1)),
    handover_n          UInt32 COMMENT 'accepted' CODEC(T64, ZSTD(1)),
    last_mile_sec_sum   UInt64 COMMENT 'first out for delivery to delivered, seconds, of last_mile_n' CODEC(T64, ZSTD(1)),
    last_mile_n         UInt32 COMMENT 'delivered with an out-for-delivery scan' CODEC(T64, ZSTD(1)),
    pickup_wait_sec_sum UInt64 COMMENT 'ready to delivered, seconds, of pickup_wait_n' CODEC(T64, ZSTD(1)),
    pickup_wait_n       UInt32 COMMENT 'delivered after ready for pickup' CODEC(T64, ZSTD(1)),
    revenue             Decimal(14, 2) COMMENT 'price of the shipments created' CODEC(ZSTD(1)),
    computed_at         DateTime('UTC') COMMENT 'when the row was computed (lineage)' CODEC(Delta, ZSTD(1)),
    batch_id            LowCardinality(String) COMMENT 'load that wrote the row (lineage)'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (day, carrier_id, client_id, dest_region, service_code)
COMMENT 'flow: what happened on a local day';

CREATE TABLE IF NOT EXISTS mart_sla_day
(
    CONSTRAINT due_sum CHECK due = met + missed + pending + at_risk,
    CONSTRAINT missed_open_sum CHECK missed_open <= missed,
    CONSTRAINT met_in_full_sum CHECK met_in_full <= met,
    CONSTRAINT late_sum CHECK late_1d + late_2d + late_3d + late_more = missed,
    CONSTRAINT miss_sum CHECK miss_carrier + miss_shipper + miss_recipient + miss_customs + miss_force + miss_platform + miss_unknown = missed,
    CONSTRAINT late_hist_len CHECK length(late_hist) IN (0, 31),
    day             Date COMMENT 'local day on which the shipment was due' CODEC(Delta, ZSTD(1)),
    client_id       UInt32 COMMENT 'dim_client' CODEC(T64, ZSTD(1)),
    carrier_id      UInt32 COMMENT 'dim_carrier' CODEC(T64, ZSTD(1)),
    service_code    LowCardinality(String) COMMENT 'service level',
    dest_region     LowCardinality(String) COMMENT 'dim_region',
    sla_rule_id     LowCardinality(String) COMMENT 'rule, empty = implicit rule',
    promise_source  LowCardinality(String) COMMENT 'explicit, rule, carrier_edd',
    due             UInt32 COMMENT 'shipments due, not_applicable left out' CODEC(T64, ZSTD(1)),
    met             UInt32 COMMENT 'clock stopped in time' CODEC(T64, ZSTD(1)),
    met_in_full     UInt32 COMMENT 'of met, delivered whole (OTIF)' CODEC(T64, ZSTD(1)),
    missed          UInt32 COMMENT 'stopped late, overdue or closed without a stop' CODEC(T64, ZSTD(1)),
    missed_open     UInt32 COMMENT 'of missed, still open (overdue)' CODEC(T64, ZSTD(1)),
    pending         UInt32 COMMENT 'open, in time' CODEC(T64, ZSTD(1)),
    at_risk         UInt32 COMMENT 'open, near due' CODEC(T64, ZSTD(1)),
    paused          UInt32 COMMENT 'had a pause that counted' CODEC(T64, ZSTD(1)),
    late_1d         UInt32 COMMENT 'missed by up to 1 day' CODEC(T64, ZSTD(1)),
    late_2d         UInt32 COMMENT 'missed by 1 to 2 days' CODEC(T64, ZSTD(1)),
    late_3d         UInt32 COMMENT 'missed by 2 to 3 days' CODEC(T64, ZSTD(1)),
    late_more       UInt32 COMMENT 'missed by more than 3 days' CODEC(T64, ZSTD(1)),
    early_1d        UInt32 COMMENT 'met more than a day early' CODEC(T64, ZSTD(1)),
    late_sec_sum    UInt64 COMMENT 'lateness of missed, seconds' CODEC(T64, ZSTD(1)),
    late_hist       Array(UInt32) COMMENT 'the same, hours ladder H31' CODEC(ZSTD(1)),
    abs_err_sec_sum UInt64 COMMENT '|stop - original promise|, seconds, of abs_err_n' CODEC(T64, ZSTD(1)),
    abs_err_n       UInt32 COMMENT 'shipments with a promise and a stop' CODEC(T64, ZSTD(1)),
    repromised      UInt32 COMMENT 'promise changed after the first' CODEC(T64, ZSTD(1)),
    miss_carrier    UInt32 COMMENT 'missed, the carrier answers' CODEC(T64, ZSTD(1)),
    miss_shipper    UInt32 COMMENT 'missed, the shipper (client) answers' CODEC(T64, ZSTD(1)),
    miss_recipient  UInt32 COMMENT 'missed, the recipient answers' CODEC(T64, ZSTD(1)),
    miss_customs    UInt32 COMMENT 'missed, customs answers' CODEC(T64, ZSTD(1)),
    miss_force      UInt32 COMMENT 'missed, force majeure' CODEC(T64, ZSTD(1)),
    miss_platform   UInt32 COMMENT 'missed, the platform answers' CODEC(T64, ZSTD(1)),
    miss_unknown    UInt32 COMMENT 'missed, nobody named' CODEC(T64, ZSTD(1)),
    computed_at     DateTime('UTC') COMMENT 'when the row was computed (lineage)' CODEC(Delta, ZSTD(1)),
    batch_id        LowCardinality(String) COMMENT 'load that wrote the row (lineage)'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (day, carrier_id, client_id, dest_region, service_code, sla_rule_id, promise_source)
COMMENT 'SLA cohort: shipments by the local day they were due';

CREATE TABLE IF NOT EXISTS mart_courier_day
(
    CONSTRAINT first_attempts_sum CHECK first_attempt_ok <= first_attempts,
    CONSTRAINT brought_back_sum CHECK brought_back <= assigned,
    day              Date COMMENT 'local day, destination zone' CODEC(Delta, ZSTD(1)),
    carrier_id       UInt32 COMMENT 'dim_carrier' CODEC(T64, ZSTD(1)),
    region_code      LowCardinality(String) COMMENT 'dim_region',
    courier_id       String COMMENT 'courier' CODEC(ZSTD(1)),
    assigned         UInt32 COMMENT 'distinct shipments taken out' CODEC(T64, ZSTD(1)),
    attempts         UInt32 COMMENT 'delivery attempts' CODEC(T64, ZSTD(1)),
    delivered        UInt32 COMMENT 'delivered' CODEC(T64, ZSTD(1)),
    first_attempts   UInt32 COMMENT 'attempts number 1' CODEC(T64, ZSTD(1)),
    first_attempt_ok UInt32 COMMENT 'of first_attempts, delivered' CODEC(T64, ZSTD(1)),
    failed_recipient UInt32 COMMENT 'failed attempts, recipient reason' CODEC(T64, ZSTD(1)),
    failed_carrier   UInt32 COMMENT 'failed attempts, carrier reason' CODEC(T64, ZSTD(1)),
    failed_other     UInt32 COMMENT 'failed attempts, any other reason' CODEC(T64, ZSTD(1)),
    brought_back     UInt32 COMMENT 'assigned, not delivered that day' CODEC(T64, ZSTD(1)),
    first_scan_at    Nullable(DateTime('UTC')) COMMENT 'first scan' CODEC(Delta, ZSTD(1)),
    last_scan_at     Nullable(DateTime('UTC')) COMMENT 'last scan' CODEC(Delta, ZSTD(1)),
    active_sec       UInt32 COMMENT 'first to last scan, seconds' CODEC(T64, ZSTD(1)),
    computed_at      DateTime('UTC') COMMENT 'when the row was computed (lineage)' CODEC(Delta, ZSTD(1)),
    batch_id         LowCardinality(String) COMMENT 'load that wrote the row (lineage)'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (day, carrier_id, region_code, courier_id)
COMMENT 'load and quality of a courier on a local day';

CREATE TABLE IF NOT EXISTS mart_backlog_hour
(
    CONSTRAINT parts_sum CHECK overdue_n + at_risk_n <= open_n,
    CONSTRAINT age_hist_len CHECK length(age_hist) IN (0, 31),
    as_of       DateTime('UTC') COMMENT 'snapshot time, full hour' CODEC(Delta, ZSTD(1)),
    day         Date COMMENT 'UTC day of as_of' CODEC(Delta, ZSTD(1)),
    carrier_id  UInt32 COMMENT 'dim_carrier' CODEC(T64, ZSTD(1)),
    dest_region LowCardinality(String) COMMENT 'dim_region',
    stage       LowCardinality(String) COMMENT 'state of the open shipments',
    open_n      UInt32 COMMENT 'open shipments' CODEC(T64, ZSTD(1)),
    at_risk_n   UInt32 COMMENT 'of open_n, SLA at risk' CODEC(T64, ZSTD(1)),
    overdue_n   UInt32 COMMENT 'of open_n, SLA missed' CODEC(T64, ZSTD(1)),
    paused_n    UInt32 COMMENT 'of open_n, clock stopped' CODEC(T64, ZSTD(1)),
    stale_n     UInt32 COMMENT 'of open_n, no event for 72 h' CODEC(T64, ZSTD(1)),
    age_sec_sum UInt64 COMMENT 'age since accepted, else created, seconds' CODEC(T64, ZSTD(1)),
    oldest_sec  UInt32 COMMENT 'oldest age, seconds' CODEC(T64, ZSTD(1)),
    age_hist    Array(UInt32) COMMENT 'age, hours ladder H31' CODEC(ZSTD(1)),
    computed_at DateTime('UTC') COMMENT 'when the row was computed (lineage)' CODEC(Delta, ZSTD(1)),
    batch_id    LowCardinality(String) COMMENT 'load that wrote the row (lineage)'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (as_of, carrier_id, dest_region, stage)
-- TTL day + INTERVAL 3 MONTH
COMMENT 'open shipments at the full hour';

CREATE TABLE IF NOT EXISTS mart_support_day
(
    CONSTRAINT csat_sum_n CHECK csat_pos <= csat_n,
    CONSTRAINT no_shipment_sum CHECK no_shipment <= contacts,
    CONSTRAINT frt_hist_len CHECK length(frt_hist) IN (0, 19),
    day             Date COMMENT 'local day of the opening, zone of the home region that the client had then' CODEC(Delta, ZSTD(1)),
    client_id       UInt32 COMMENT 'dim_client, of the contact, else of its shipment' CODEC(T64, ZSTD(1)),
    carrier_id      UInt32 COMMENT 'dim_carrier, 0 = no shipment' CODEC(T64, ZSTD(1)),
    dest_region     LowCardinality(String) COMMENT 'dim_region, empty = no shipment',
    topic           LowCardinality(String) COMMENT 'canonical topic',
    channel         LowCardinality(String) COMMENT 'phone, chat, email, ...',
    contacts        UInt32 COMMENT 'contacts opened' CODEC(T64, ZSTD(1)),
    first_contacts  UInt32 COMMENT 'first contact of its shipment' CODEC(T64, ZSTD(1)),
    on_late         UInt32 COMMENT 'the shipment was overdue when they called' CODEC(T64, ZSTD(1)),
    no_shipment     UInt32 COMMENT 'not linked to a known shipment' CODEC(T64, ZSTD(1)),
    reopened        UInt32 COMMENT 'reopened at least once' CODEC(T64, ZSTD(1)),
    resolved        UInt32 COMMENT 'resolved so far' CODEC(T64, ZSTD(1)),
    frt_sec_sum     UInt64 COMMENT 'first response time, seconds, of frt_n' CODEC(T64, ZSTD(1)),
    frt_n           UInt32 COMMENT 'answered' CODEC(T64, ZSTD(1)),
    frt_hist        Array(UInt32) COMMENT 'the same, seconds ladder S19' CODEC(ZSTD(1)),
    resolve_sec_sum UInt64 COMMENT 'opened to resolved, seconds, of resolve_n' CODEC(T64, ZSTD(1)),
    resolve_n       UInt32 COMMENT 'resolved, in resolve_sec_sum' CODEC(T64, ZSTD(1)),
    csat_sum        UInt32 COMMENT 'sum of the scores 1..5' CODEC(T64, ZSTD(1)),
    csat_n          UInt32 COMMENT 'scores given' CODEC(T64, ZSTD(1)),
    csat_pos        UInt32 COMMENT 'scores 4 and 5' CODEC(T64, ZSTD(1)),
    computed_at     DateTime('UTC') COMMENT 'when the row was computed (lineage)' CODEC(Delta, ZSTD(1)),
    batch_id        LowCardinality(String) COMMENT 'load that wrote the row (lineage)'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (day, carrier_id, client_id, dest_region, topic, channel)
COMMENT 'support contacts by the local day they were opened';

CREATE TABLE IF NOT EXISTS mart_integration_hour
(
    CONSTRAINT calls_sum CHECK calls = ok + err_client + err_server + err_timeout + err_auth + err_rate + err_schema,
    CONSTRAINT events_sum CHECK events_unmapped <= events_in,
    CONSTRAINT latency_hist_len CHECK length(latency_hist) IN (0, 18),
    CONSTRAINT lag_hist_len CHECK length(lag_hist) IN (0, 19),
    hour             DateTime('UTC') COMMENT 'full hour' CODEC(Delta, ZSTD(1)),
    day              Date COMMENT 'UTC day of hour' CODEC(Delta, ZSTD(1)),
    carrier_id       UInt32 COMMENT 'dim_carrier' CODEC(T64, ZSTD(1)),
    integration      LowCardinality(String) COMMENT 'feed or interface',
    operation        LowCardinality(String) COMMENT 'track, create_label, webhook, ...',
    calls            UInt32 COMMENT 'requests, retries folded in' CODEC(T64, ZSTD(1)),
    ok               UInt32 COMMENT 'succeeded in the end' CODEC(T64, ZSTD(1)),
    err_client       UInt32 COMMENT 'ended with 4xx' CODEC(T64, ZSTD(1)),
    err_server       UInt32 COMMENT 'ended with 5xx' CODEC(T64, ZSTD(1)),
    err_timeout      UInt32 COMMENT 'ended with a time-out' CODEC(T64, ZSTD(1)),
    err_auth         UInt32 COMMENT 'ended with 401 or 403' CODEC(T64, ZSTD(1)),
    err_rate         UInt32 COMMENT 'ended with 429' CODEC(T64, ZSTD(1)),
    err_schema       UInt32 COMMENT 'answer not understood' CODEC(T64, ZSTD(1)),
    retries          UInt32 COMMENT 'extra tries' CODEC(T64, ZSTD(1)),
    latency_ms_sum   UInt64 COMMENT 'latency of the calls, ms' CODEC(T64, ZSTD(1)),
    latency_hist     Array(UInt32) COMMENT 'the same, ms ladder M18' CODEC(ZSTD(1)),
    events_in        UInt32 COMMENT 'events first received in the hour' CODEC(T64, ZSTD(1)),
    events_late      UInt32 COMMENT 'of events_in, received more than a day after they happened' CODEC(T64, ZSTD(1)),
    events_unmapped  UInt32 COMMENT 'of events_in, status not in the map' CODEC(T64, ZSTD(1)),
    events_rejected  UInt32 COMMENT 'records rejected' CODEC(T64, ZSTD(1)),
    lag_sec_sum      UInt64 COMMENT 'received - event, seconds, of lag_n' CODEC(T64, ZSTD(1)),
    lag_n            UInt32 COMMENT 'events with lag >= 0 and a time' CODEC(T64, ZSTD(1)),
    lag_negative     UInt32 COMMENT 'events dated after their receipt' CODEC(T64, ZSTD(1)),
    lag_hist         Array(UInt32) COMMENT 'lag, seconds ladder S19' CODEC(ZSTD(1)),
    last_event_at    Nullable(DateTime('UTC')) COMMENT 'newest event_time' CODEC(Delta, ZSTD(1)),
    last_received_at Nullable(DateTime('UTC')) COMMENT 'newest received_at' CODEC(Delta, ZSTD(1)),
    computed_at      DateTime('UTC') COMMENT 'when the row was computed (lineage)' CODEC(Delta, ZSTD(1)),
    batch_id         LowCardinality(String) COMMENT 'load that wrote the row (lineage)'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (hour, carrier_id, integration, operation)
-- TTL day + INTERVAL 13 MONTH
COMMENT 'carrier interfaces and event feeds by hour';

CREATE TABLE IF NOT EXISTS wb_reject
(
    src_topic     LowCardinality(String) COMMENT 'source: topic, table or file',
    src_partition UInt32 COMMENT 'partition of the source' CODEC(T64, ZSTD(1)),
    src_offset    Int64 COMMENT 'offset, cursor id or line' CODEC(Delta, ZSTD(1)),
    src_i         UInt32 COMMENT 'number of the record made from one message' CODEC(T64, ZSTD(1)),
    stage         LowCardinality(String) COMMENT 'program that refused it; a loader with its table: wb-ch-load:fct_event',
    ts            DateTime64(3, 'UTC') COMMENT 'time stamp of the source, not of the clock' CODEC(Delta, ZSTD(1)),
    code          LowCardinality(String) COMMENT 'reason code (wb-records.5)',
    field         LowCardinality(String) COMMENT 'field concerned, or empty',
    msg           String COMMENT 'one sentence' CODEC(ZSTD(1)),
    raw           String COMMENT 'bytes as received, base64, up to 64 KiB' CODEC(ZSTD(1)),
    state         Enum8('open' = 0, 'resolved' = 1) DEFAULT 'open' COMMENT 'open = to be mended; resolved = fed again, or given up by a person',
    loaded_at     DateTime('UTC') DEFAULT now() COMMENT 'when the row was loaded or resolved; the newest wins (lineage)' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(loaded_at)
PARTITION BY toYYYYMM(ts)
ORDER BY (src_topic, src_partition, src_offset, src_i, stage)
-- TTL toDateTime(ts) + INTERVAL 3 MONTH
COMMENT 'records that were refused, with their bytes, to be mended and fed again';

CREATE TABLE IF NOT EXISTS wb_horizon
(
    scope   LowCardinality(String) COMMENT 'marts concerned: shipment, support or integration',
    day     Date COMMENT 'first day that their sources still cover whole' CODEC(Delta, ZSTD(1)),
    version UInt64 COMMENT 'epoch ms of the retention run' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (scope, day)
COMMENT 'mart days before the greatest day of the scope are frozen: their sources have been archived';

CREATE TABLE IF NOT EXISTS wb_outbox
(
    subject      String COMMENT 'CloudEvents subject' CODEC(ZSTD(1)),
    id           String COMMENT 'CloudEvents id, computed' CODEC(ZSTD(1)),
    type         LowCardinality(String) COMMENT 'CloudEvents type',
    partitionkey String COMMENT 'Kafka key' CODEC(ZSTD(1)),
    time         DateTime64(3, 'UTC') COMMENT 'time of the event' CODEC(Delta, ZSTD(1)),
    published_at DateTime('UTC') COMMENT 'when the broker had acknowledged it; the newest wins' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(published_at)
PARTITION BY toYYYYMM(time)
ORDER BY (subject, id)
-- TTL toDateTime(time) + INTERVAL 13 MONTH
SETTINGS index_granularity = 512
COMMENT 'analytics.reports events that the broker has';

CREATE TABLE IF NOT EXISTS wb_state
(
    name    String COMMENT 'refresh:MART, retain:TABLE, schema',
    value   String COMMENT 'refresh: T of the last refresh that succeeded, 24 characters; retain: last month dropped, YYYY-MM; schema: its version',
    version UInt64 COMMENT 'epoch ms of the run; the highest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (name)
COMMENT 'small positions of the machinery';

CREATE TABLE IF NOT EXISTS wb_check
(
    check_name LowCardinality(String) COMMENT 'check of v_quality',
    severity   Enum8('error' = 1, 'warn' = 2) COMMENT 'error stops the reports, warn is only published',
    bad_rows   UInt64 COMMENT 'rows that break it',
    checked_at DateTime('UTC') COMMENT 'when it was run; the newest wins'
)
ENGINE = ReplacingMergeTree(checked_at)
ORDER BY (check_name)
COMMENT 'newest result of every check of v_quality';
