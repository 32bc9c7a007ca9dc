# The delivery lines of the public data set "SCMS Delivery History", as wb-csv-extract gives them, to what Waybill reads.
# --arg out events | shipments | clients | carriers
def month: {Jan:1,Feb:2,Mar:3,Apr:4,May:5,Jun:6,Jul:7,Aug:8,Sep:9,Oct:10,Nov:11,Dec:12}[.];
def two: tostring | if length < 2 then "0" + . else . end;
def day: split("-") | "20\(.[2])-\(.[1] | month | two)-\(.[0] | two)";			# 2-Jun-06
def us: if test("^[0-9]+/[0-9]+/[0-9]+$") then split("/") | "20\(.[2] | two)-\(.[0] | two)-\(.[1] | two)" else null end;	# 6/2/06
def code: ascii_downcase | gsub("[^a-z0-9]"; "_");
def number($list): . as $x | $list | index($x) + 1;
[inputs] as $rows
| ($rows | map(.Country) | unique) as $country
| ($rows | map(.["Shipment Mode"]) | unique) as $mode
| if $out == "clients" then $country | to_entries[] | {id: (.key + 1), name: .value, segment: "b2b", tier: "standard", home_region: .value,
	is_active: true, created_at: "2006-01-01T00:00:00.000Z", updated_at: "2006-01-01T00:00:00.000Z"}
  elif $out == "carriers" then $mode | to_entries[] | {id: (.key + 1), code: (.value | code), name: .value, kind: "external", tz: "UTC",
	daily_capacity: 0, is_active: true, created_at: "2006-01-01T00:00:00.000Z", updated_at: "2006-01-01T00:00:00.000Z"}
  else $rows[]
  | "SCMS-\(.ID)" as $id | (.["Delivered to Client Date"] | day) as $delivered | (.["Delivery Recorded Date"] | day) as $recorded
  | (.["PQ First Sent to Client Date"] | us) as $pq | ($pq != null and $pq <= $delivered) as $asked
  | "\(if $asked then $pq else $delivered end)T09:00:00.000Z" as $created
  | (.["Shipment Mode"] | code) as $carrier
  | if $out == "events" then
	{shipment_id: $id, event_id: "\($id)-d", carrier_code: $carrier, status: "delivered", event_time: "\($delivered)T12:00:00Z", received_at: "\($recorded)T12:00:00Z"},
	(if $asked then {shipment_id: $id, event_id: "\($id)-c", carrier_code: $carrier, status: "created", reason: "detail.label", event_time: $created, received_at: $created} else empty end)
    else {id: (.ID | tonumber), shipment_id: $id, client_id: (.Country | number($country)), carrier_id: (.["Shipment Mode"] | number($mode)), order_ref: null,
	tracking_number: null, service_code: .["Fulfill Via"], delivery_mode: "door", origin_region: "", dest_region: .Country, status: "delivered",
	promised_at: null, promised_on: (.["Scheduled Delivery Date"] | day), promised_first_at: null, promised_first_on: (.["Scheduled Delivery Date"] | day),
	cancelled_at: null, price: 0, cod_amount: 0, weight_g: 0, pieces: 1, created_at: $created, updated_at: $created}
    end
  end
