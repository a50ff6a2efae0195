-- What people read: views over the live generation, each with FINAL inside it (FINAL on a view
-- does nothing, silently). Replaced as a whole when another generation goes live.

CREATE OR REPLACE VIEW {views}.document_received
(
    cpo             LowCardinality(String) COMMENT 'Owner of the object, CC*PPP (message key)',
    module          LowCardinality(String) COMMENT 'OCPI module: cdrs, sessions, tariffs, locations',
    object_key      String COMMENT 'Object id in upper case: OCPI ids do not tell case',
    object_id       String COMMENT 'Object id as sent',
    evse_uid        String COMMENT 'Of a location document that addresses an EVSE, else empty',
    connector_id    String COMMENT 'Of a location document that addresses a connector, else empty',
    partner         LowCardinality(String) COMMENT 'Partner whose token it was',
    emsp            LowCardinality(String) COMMENT 'eMSP where document or request names it, CC*PPP',
    event_type      LowCardinality(String) COMMENT 'CloudEvents type, such as CdrReceived',
    http_method     LowCardinality(String) COMMENT 'POST, PUT, PATCH, DELETE',
    ocpi_version    LowCardinality(String) COMMENT 'OCPI version of the interface it came through',
    received_time   DateTime64(6, 'UTC') COMMENT 'When the gateway learned of it',
    kafka_partition UInt16 COMMENT 'Partition of the inbox',
    kafka_offset    UInt64 COMMENT 'Offset in that partition',
    headers         Map(String, String) COMMENT 'All headers of the message',
    body            String COMMENT 'The document byte for byte',
    month           Date COMMENT 'Month of receipt; for storage only',
    version         UInt64 COMMENT 'Row version: the inbox offset'
)
AS SELECT
    cpo,
    module,
    object_key,
    object_id,
    evse_uid,
    connector_id,
    partner,
    emsp,
    event_type,
    http_method,
    ocpi_version,
    received_time,
    kafka_partition,
    kafka_offset,
    headers,
    body,
    month,
    version
FROM {database}.document_received FINAL
COMMENT 'One row a record of the inbox: what partners sent, verbatim';

CREATE OR REPLACE VIEW {views}.document_outcome
(
    kafka_partition UInt16 COMMENT 'Partition of the inbox',
    kafka_offset    UInt64 COMMENT 'Offset in that partition',
    cpo             LowCardinality(String) COMMENT 'Owner of the object, CC*PPP',
    module          LowCardinality(String) COMMENT 'OCPI module',
    object_key      String COMMENT 'Object id in upper case',
    outcome         LowCardinality(String) COMMENT 'first, duplicate, conflict, applied, no_effect or dead_lettered',
    reason          String COMMENT 'Why, where there is something to say',
    version         UInt64 COMMENT 'Row version: inbox offset of the fact that decided it'
)
AS SELECT
    kafka_partition,
    kafka_offset,
    cpo,
    module,
    object_key,
    outcome,
    reason,
    version
FROM {database}.document_outcome FINAL
COMMENT 'One row a record of the inbox: what became of it';

CREATE OR REPLACE VIEW {views}.document_rejected
(
    partner         LowCardinality(String) COMMENT 'Partner whose token it was',
    cpo             LowCardinality(String) COMMENT 'Owner named by the request, CC*PPP, where one was readable',
    module          LowCardinality(String) COMMENT 'OCPI module',
    object_id       String COMMENT 'Object id as sent, where one was readable',
    http_method     LowCardinality(String) COMMENT 'POST, PUT, PATCH, DELETE',
    ocpi_version    LowCardinality(String) COMMENT 'OCPI version of the interface it came through',
    received_time   DateTime64(6, 'UTC') COMMENT 'When the gateway refused it',
    reason          String COMMENT 'Sentence the partner was told',
    paths           Array(String) COMMENT 'JSON paths that were wrong',
    http_status     UInt16 COMMENT 'HTTP status of the answer',
    ocpi_status     UInt16 COMMENT 'OCPI status code of the answer',
    headers         Map(String, String) COMMENT 'All headers of the message',
    body            String COMMENT 'The document byte for byte',
    kafka_partition UInt16 COMMENT 'Partition of the topic rejected',
    kafka_offset    UInt64 COMMENT 'Offset in that partition',
    version         UInt64 COMMENT 'Row version: the offset'
)
AS SELECT
    partner,
    cpo,
    module,
    object_id,
    http_method,
    ocpi_version,
    received_time,
    reason,
    paths,
    http_status,
    ocpi_status,
    headers,
    body,
    kafka_partition,
    kafka_offset,
    version
FROM {database}.document_rejected FINAL
COMMENT 'One row a document of a known partner that the gateway refused';

CREATE OR REPLACE VIEW {views}.dead_letter_decision
(
    cpo              LowCardinality(String) COMMENT 'Owner of the object, CC*PPP',
    origin_partition UInt16 COMMENT 'Inbox partition of the record decided on',
    origin_offset    UInt64 COMMENT 'Its offset',
    status           LowCardinality(String) COMMENT 'resolved (retried) or dropped',
    actor            String COMMENT 'Who decided',
    reason           String COMMENT 'Why',
    version          UInt64 COMMENT 'Row version: inbox offset of the decision'
)
AS SELECT
    cpo,
    origin_partition,
    origin_offset,
    status,
    actor,
    reason,
    version
FROM {database}.dead_letter_decision FINAL
COMMENT 'One row a dead letter that somebody decided on';

CREATE OR REPLACE VIEW {views}.sink_offset
(
    topic           LowCardinality(String) COMMENT 'Topic the sink reads',
    kafka_partition UInt16 COMMENT 'Its partition',
    next_offset     UInt64 COMMENT 'Everything below stands in the tables',
    version         UInt64 COMMENT 'Row version: the offset itself'
)
AS SELECT
    topic,
    kafka_partition,
    next_offset,
    version
FROM {database}.sink_offset FINAL
COMMENT 'How far the sink has come, written after the rows';

CREATE OR REPLACE VIEW {views}.cdr_settled
(
    cpo                      LowCardinality(String) COMMENT 'Operator of the charge point, CC*PPP',
    cdr_key                  String COMMENT 'CDR id in upper case: identity is cpo and this',
    cdr_id                   String COMMENT 'CDR id as sent',
    emsp                     LowCardinality(String) COMMENT 'Provider of the driver, CC*PPP; empty where nobody named it',
    session_id               String COMMENT 'Session the CDR names; empty where none',
    ocpi_version             LowCardinality(String) COMMENT 'OCPI version of the document',
    location_id              String COMMENT 'Location the CDR names',
    evse_uid                 String COMMENT 'EVSE the CDR names',
    connector_id             String COMMENT 'Connector the CDR names',
    country                  LowCardinality(String) COMMENT 'Country of the location, ISO 3166 alpha-3',
    token_uid_masked         String COMMENT 'Token uid, all but the last four characters masked',
    contract_id_masked       String COMMENT 'Contract id, all but the last four characters masked',
    currency                 LowCardinality(String) COMMENT 'Currency of all amounts, ISO 4217',
    start_date_time          Nullable(DateTime64(3, 'UTC')) COMMENT 'Start of the session; null where outside 2000 to 2100',
    end_date_time            Nullable(DateTime64(3, 'UTC')) COMMENT 'End of the session; finance filters by this',
    time_zone                LowCardinality(String) COMMENT 'Zone in which clock restrictions were read; empty where unknown',
    energy_kwh               Nullable(Decimal(38, 18)) COMMENT 'Claimed energy, kWh',
    time_hours               Nullable(Decimal(38, 18)) COMMENT 'Claimed time, hours, parking included',
    parking_hours            Nullable(Decimal(38, 18)) COMMENT 'Claimed parking time, hours',
    is_credit                Bool COMMENT 'True for a Credit CDR',
    credit_reference_id      String COMMENT 'CDR that a Credit CDR reverses',
    invoice_reference_id     String COMMENT 'Invoice the CPO refers to',
    claimed_before_taxes     Nullable(Decimal(38, 18)) COMMENT 'What the CPO asks, before taxes',
    claimed_after_taxes      Nullable(Decimal(38, 18)) COMMENT 'What the CPO asks, after taxes',
    claimed_fixed            Nullable(Decimal(38, 18)) COMMENT 'Claimed total_fixed_cost before taxes',
    claimed_energy           Nullable(Decimal(38, 18)) COMMENT 'Claimed total_energy_cost before taxes',
    claimed_time             Nullable(Decimal(38, 18)) COMMENT 'Claimed total_time_cost before taxes',
    claimed_parking          Nullable(Decimal(38, 18)) COMMENT 'Claimed total_parking_cost before taxes',
    claimed_reservation      Nullable(Decimal(38, 18)) COMMENT 'Claimed total_reservation_cost before taxes',
    priced_before_taxes      Nullable(Decimal(38, 18)) COMMENT 'What we computed, before taxes, rounded to the minor unit; null where not priceable',
    priced_after_taxes       Nullable(Decimal(38, 18)) COMMENT 'What we computed, after taxes, rounded to the minor unit',
    priced_fixed             Nullable(Decimal(38, 18)) COMMENT 'Computed total_fixed_cost before taxes',
    priced_energy            Nullable(Decimal(38, 18)) COMMENT 'Computed total_energy_cost before taxes',
    priced_time              Nullable(Decimal(38, 18)) COMMENT 'Computed total_time_cost before taxes',
    priced_parking           Nullable(Decimal(38, 18)) COMMENT 'Computed total_parking_cost before taxes',
    priced_reservation       Nullable(Decimal(38, 18)) COMMENT 'Computed total_reservation_cost before taxes',
    payable                  Decimal(38, 18) COMMENT 'What the eMSP owes for this CDR, before taxes',
    held                     Decimal(38, 18) COMMENT 'Claimed and not payable as long as the reason stands, before taxes',
    verdict                  LowCardinality(String) COMMENT 'matched, disputed, unverifiable, invalid or conflict',
    bucket                   LowCardinality(String) COMMENT 'settled, waiting, conflict or dead_lettered: where the CDR counts',
    waits_for                Array(String) COMMENT 'What an unverifiable CDR waits for: tariff ids, time_zone, original',
    price_basis              LowCardinality(String) COMMENT 'agreed, published or embedded; empty where not priced',
    profile                  LowCardinality(String) COMMENT 'Interpretation profile with its version',
    `tariff.tariff_id`       Array(String) COMMENT 'Candidate versions: tariff id',
    `tariff.digest`          Array(String) COMMENT 'Candidate versions: content digest',
    `tariff.source`          Array(String) COMMENT 'Candidate versions: published or embedded',
    `tariff.last_updated`    Array(Nullable(DateTime64(3, 'UTC'))) COMMENT 'Candidate versions: last_updated',
    `tariff.received_time`   Array(Nullable(DateTime64(6, 'UTC'))) COMMENT 'Candidate versions: earliest receipt',
    `tariff.is_chosen`       Array(Bool) COMMENT 'Candidate versions: priced by this one',
    `segment.period`         Array(UInt16) COMMENT 'Working: index of the charging period',
    `segment.tariff_id`      Array(String) COMMENT 'Working: tariff',
    `segment.element`        Array(Nullable(UInt16)) COMMENT 'Working: index of the tariff element; null where none applies',
    `segment.component`      Array(Nullable(UInt16)) COMMENT 'Working: index of the price component',
    `segment.dimension`      Array(LowCardinality(String)) COMMENT 'Working: ENERGY, FLAT, TIME, PARKING_TIME',
    `segment.is_reservation` Array(Bool) COMMENT 'Working: priced as a reservation',
    `segment.volume`         Array(Decimal(38, 18)) COMMENT 'Working: measured kWh or hours',
    `segment.billed_volume`  Array(Decimal(38, 18)) COMMENT 'Working: volume after step_size',
    `segment.unit_price`     Array(Decimal(38, 18)) COMMENT 'Working: price a kWh, an hour, or once',
    `segment.before_taxes`   Array(Nullable(Decimal(38, 18))) COMMENT 'Working: amount before taxes, to 18 decimals',
    `segment.tax_rate`       Array(Nullable(Decimal(38, 18))) COMMENT 'Working: tax rate, percent',
    `segment.tax`            Array(Nullable(Decimal(38, 18))) COMMENT 'Working: tax, to 18 decimals',
    `segment.why`            Array(String) COMMENT 'Working: one sentence',
    `note.code`              Array(LowCardinality(String)) COMMENT 'What pricing assumed: stable code',
    `note.path`              Array(String) COMMENT 'What pricing assumed: JSON path',
    `note.message`           Array(String) COMMENT 'What pricing assumed: sentence',
    `finding.code`           Array(LowCardinality(String)) COMMENT 'Discrepancies: stable code',
    `finding.path`           Array(String) COMMENT 'Discrepancies: JSON path',
    `finding.message`        Array(String) COMMENT 'Discrepancies: sentence',
    `finding.severity`       Array(LowCardinality(String)) COMMENT 'Discrepancies: info, warning, error',
    `finding.claimed`        Array(Nullable(String)) COMMENT 'Discrepancies: what the CPO says',
    `finding.computed`       Array(Nullable(String)) COMMENT 'Discrepancies: what we computed',
    `finding.difference`     Array(Nullable(Decimal(38, 18))) COMMENT 'Discrepancies: money at stake before taxes',
    `finding.cause`          Array(Nullable(String)) COMMENT 'Discrepancies: the mistake that explains the claim to the cent',
    `finding.candidates`     Array(Array(String)) COMMENT 'Discrepancies: mistakes that would each explain the claim',
    `posting.account`        Array(LowCardinality(String)) COMMENT 'Journal: account',
    `posting.amount`         Array(Decimal(38, 18)) COMMENT 'Journal: amount before taxes; a row sums to zero',
    `copy.content_digest`    Array(String) COMMENT 'Copies in conflict: digest of the billing content',
    `copy.claimed`           Array(Nullable(Decimal(38, 18))) COMMENT 'Copies in conflict: claim before taxes',
    `copy.payable`           Array(Decimal(38, 18)) COMMENT 'Copies in conflict: what would be payable if it alone stood',
    content_digest           String COMMENT 'Digest of the billing-relevant content of the copy shown',
    outcome_digest           String COMMENT 'Digest of pricing and reconciliation: what a decision is taken on',
    rules_version            LowCardinality(String) COMMENT 'Version of the rules that computed the row',
    received_time            DateTime64(6, 'UTC') COMMENT 'Receipt of the copy shown',
    kafka_partition          UInt16 COMMENT 'Partition of the inbox',
    kafka_offset             UInt64 COMMENT 'Inbox offset of the copy shown',
    month                    Date COMMENT 'For storage only, never changes; finance filters by end_date_time',
    version                  UInt64 COMMENT 'Row version: inbox offset of the fact that caused this outcome'
)
AS SELECT
    cpo,
    cdr_key,
    cdr_id,
    emsp,
    session_id,
    ocpi_version,
    location_id,
    evse_uid,
    connector_id,
    country,
    token_uid_masked,
    contract_id_masked,
    currency,
    start_date_time,
    end_date_time,
    time_zone,
    energy_kwh,
    time_hours,
    parking_hours,
    is_credit,
    credit_reference_id,
    invoice_reference_id,
    claimed_before_taxes,
    claimed_after_taxes,
    claimed_fixed,
    claimed_energy,
    claimed_time,
    claimed_parking,
    claimed_reservation,
    priced_before_taxes,
    priced_after_taxes,
    priced_fixed,
    priced_energy,
    priced_time,
    priced_parking,
    priced_reservation,
    payable,
    held,
    verdict,
    bucket,
    waits_for,
    price_basis,
    profile,
    `tariff.tariff_id`,
    `tariff.digest`,
    `tariff.source`,
    `tariff.last_updated`,
    `tariff.received_time`,
    `tariff.is_chosen`,
    `segment.period`,
    `segment.tariff_id`,
    `segment.element`,
    `segment.component`,
    `segment.dimension`,
    `segment.is_reservation`,
    `segment.volume`,
    `segment.billed_volume`,
    `segment.unit_price`,
    `segment.before_taxes`,
    `segment.tax_rate`,
    `segment.tax`,
    `segment.why`,
    `note.code`,
    `note.path`,
    `note.message`,
    `finding.code`,
    `finding.path`,
    `finding.message`,
    `finding.severity`,
    `finding.claimed`,
    `finding.computed`,
    `finding.difference`,
    `finding.cause`,
    `finding.candidates`,
    `posting.account`,
    `posting.amount`,
    `copy.content_digest`,
    `copy.claimed`,
    `copy.payable`,
    content_digest,
    outcome_digest,
    rules_version,
    received_time,
    kafka_partition,
    kafka_offset,
    month,
    version
FROM {database}.cdr_settled FINAL
COMMENT 'One row a CDR: claimed, priced with its working, verdict, findings, postings';

CREATE OR REPLACE VIEW {views}.cdr_outcome
(
    cpo                  LowCardinality(String) COMMENT 'Operator of the charge point, CC*PPP',
    cdr_key              String COMMENT 'CDR id in upper case',
    version              UInt64 COMMENT 'Inbox offset of the fact that caused this outcome',
    outcome_digest       String COMMENT 'Digest of pricing and reconciliation; two for one version is an alarm',
    verdict              LowCardinality(String) COMMENT 'Verdict of this outcome',
    bucket               LowCardinality(String) COMMENT 'Bucket of this outcome',
    currency             LowCardinality(String) COMMENT 'Currency of the amounts',
    claimed_before_taxes Nullable(Decimal(38, 18)) COMMENT 'Claim before taxes',
    priced_before_taxes  Nullable(Decimal(38, 18)) COMMENT 'Price before taxes',
    payable              Decimal(38, 18) COMMENT 'Payable before taxes',
    held                 Decimal(38, 18) COMMENT 'Held before taxes',
    cause                LowCardinality(String) COMMENT 'CloudEvents type of the fact that caused it',
    rules_version        LowCardinality(String) COMMENT 'Version of the rules that computed it',
    kafka_partition      UInt16 COMMENT 'Partition of the inbox',
    month                Date COMMENT 'Month of the CDR; for storage only'
)
AS SELECT
    cpo,
    cdr_key,
    version,
    outcome_digest,
    verdict,
    bucket,
    currency,
    claimed_before_taxes,
    priced_before_taxes,
    payable,
    held,
    cause,
    rules_version,
    kafka_partition,
    month
FROM {database}.cdr_outcome FINAL
COMMENT 'Every outcome a CDR ever had';

CREATE OR REPLACE VIEW {views}.session_current
(
    cpo                LowCardinality(String) COMMENT 'Operator of the charge point, CC*PPP',
    session_key        String COMMENT 'Session id in upper case',
    session_id         String COMMENT 'Session id as sent',
    emsp               LowCardinality(String) COMMENT 'Provider of the driver, CC*PPP',
    status             LowCardinality(String) COMMENT 'OCPI session status; empty until a PUT came',
    start_date_time    Nullable(DateTime64(3, 'UTC')) COMMENT 'Start',
    end_date_time      Nullable(DateTime64(3, 'UTC')) COMMENT 'End, where it has ended',
    energy_kwh         Nullable(Decimal(38, 18)) COMMENT 'Energy so far, kWh',
    location_id        String COMMENT 'Location',
    evse_uid           String COMMENT 'EVSE',
    connector_id       String COMMENT 'Connector',
    currency           LowCardinality(String) COMMENT 'Currency, ISO 4217',
    total_before_taxes Nullable(Decimal(38, 18)) COMMENT 'Cost so far before taxes',
    total_after_taxes  Nullable(Decimal(38, 18)) COMMENT 'Cost so far after taxes',
    period_count       UInt32 COMMENT 'Charging periods so far',
    change_count       UInt32 COMMENT 'PUT and PATCH documents folded',
    last_updated       Nullable(DateTime64(3, 'UTC')) COMMENT 'Of the newest change',
    kafka_partition    UInt16 COMMENT 'Partition of the inbox',
    version            UInt64 COMMENT 'Row version: inbox offset of the newest change'
)
AS SELECT
    cpo,
    session_key,
    session_id,
    emsp,
    status,
    start_date_time,
    end_date_time,
    energy_kwh,
    location_id,
    evse_uid,
    connector_id,
    currency,
    total_before_taxes,
    total_after_taxes,
    period_count,
    change_count,
    last_updated,
    kafka_partition,
    version
FROM {database}.session_current FINAL
COMMENT 'One row a session: its newest PUT with the PATCHes since';

CREATE OR REPLACE VIEW {views}.tariff_version
(
    cpo             LowCardinality(String) COMMENT 'Operator of the charge point, CC*PPP',
    tariff_key      String COMMENT 'Tariff id in upper case',
    tariff_id       String COMMENT 'Tariff id as sent',
    digest          String COMMENT 'Digest of what can change a price',
    last_updated    DateTime64(3, 'UTC') COMMENT 'last_updated of this version; 1970 where it names none',
    received_time   DateTime64(6, 'UTC') COMMENT 'Earliest receipt of this version',
    currency        LowCardinality(String) COMMENT 'Currency, ISO 4217',
    type            LowCardinality(String) COMMENT 'OCPI tariff type; empty where none',
    start_date_time Nullable(DateTime64(3, 'UTC')) COMMENT 'Valid from',
    end_date_time   Nullable(DateTime64(3, 'UTC')) COMMENT 'Valid until',
    element_count   UInt16 COMMENT 'Tariff elements',
    ocpi_version    LowCardinality(String) COMMENT 'OCPI version of the document',
    is_deleted      Bool COMMENT 'A DELETE came; it changes no price',
    kafka_partition UInt16 COMMENT 'Partition of the inbox',
    kafka_offset    UInt64 COMMENT 'Inbox offset of the earliest receipt',
    version         UInt64 COMMENT 'Row version: inbox offset of the newest fact about it'
)
AS SELECT
    cpo,
    tariff_key,
    tariff_id,
    digest,
    last_updated,
    received_time,
    currency,
    type,
    start_date_time,
    end_date_time,
    element_count,
    ocpi_version,
    is_deleted,
    kafka_partition,
    kafka_offset,
    version
FROM {database}.tariff_version FINAL
COMMENT 'One row a version of a published tariff; every version is kept';

CREATE OR REPLACE VIEW {views}.location_current
(
    cpo             LowCardinality(String) COMMENT 'Operator of the charge point, CC*PPP',
    location_key    String COMMENT 'Location id in upper case',
    location_id     String COMMENT 'Location id as sent',
    country         LowCardinality(String) COMMENT 'ISO 3166 alpha-3',
    time_zone       LowCardinality(String) COMMENT 'IANA zone; empty where none is known',
    evse_uids       Array(String) COMMENT 'EVSEs',
    tariff_ids      Array(String) COMMENT 'Tariffs its connectors name',
    change_count    UInt32 COMMENT 'PUT and PATCH documents folded',
    last_updated    Nullable(DateTime64(3, 'UTC')) COMMENT 'Of the newest change',
    kafka_partition UInt16 COMMENT 'Partition of the inbox',
    version         UInt64 COMMENT 'Row version: inbox offset of the newest change'
)
AS SELECT
    cpo,
    location_key,
    location_id,
    country,
    time_zone,
    evse_uids,
    tariff_ids,
    change_count,
    last_updated,
    kafka_partition,
    version
FROM {database}.location_current FINAL
COMMENT 'One row a location: what billing needs of it, as of its newest change';

CREATE OR REPLACE VIEW {views}.dead_letter
(
    origin_topic     LowCardinality(String) COMMENT 'Topic of the record that could not be processed',
    origin_partition UInt16 COMMENT 'Its partition',
    origin_offset    UInt64 COMMENT 'Its offset',
    cpo              LowCardinality(String) COMMENT 'Owner of the object, CC*PPP',
    module           LowCardinality(String) COMMENT 'OCPI module',
    object_key       String COMMENT 'Object whose step failed, id in upper case',
    reason           LowCardinality(String) COMMENT 'Stable code: unreadable, step_failed, too_large, row_refused',
    message          String COMMENT 'What was wrong, with field, value and rule',
    received_time    DateTime64(6, 'UTC') COMMENT 'Receipt of the record',
    headers          Map(String, String) COMMENT 'All headers of the record',
    body             String COMMENT 'The record byte for byte',
    version          UInt64 COMMENT 'Row version: inbox offset of the fact that failed',
    status           LowCardinality(String) COMMENT 'open, resolved (retried) or dropped',
    decided_by       String COMMENT 'Who decided; empty while it is open',
    decided_reason   String COMMENT 'Why'
)
AS SELECT
    letter.origin_topic AS origin_topic,
    letter.origin_partition AS origin_partition,
    letter.origin_offset AS origin_offset,
    letter.cpo AS cpo,
    letter.module AS module,
    letter.object_key AS object_key,
    letter.reason AS reason,
    letter.message AS message,
    letter.received_time AS received_time,
    letter.headers AS headers,
    letter.body AS body,
    letter.version AS version,
    if(letter.origin_topic = 'inbox' AND decision.version > letter.version, decision.status, 'open') AS status,
    if(letter.origin_topic = 'inbox' AND decision.version > letter.version, decision.actor, '') AS decided_by,
    if(letter.origin_topic = 'inbox' AND decision.version > letter.version, decision.reason, '') AS decided_reason
FROM (SELECT origin_topic, origin_partition, origin_offset, cpo, module, object_key, reason, message, received_time, headers, body, version
    FROM {database}.dead_letter FINAL) AS letter
LEFT JOIN (SELECT origin_partition, origin_offset, status, actor, reason, version
    FROM {database}.dead_letter_decision FINAL) AS decision
ON letter.origin_partition = decision.origin_partition
    AND letter.origin_offset = decision.origin_offset
COMMENT 'One row a record, or re-run of a CDR, that could not be processed';

CREATE OR REPLACE VIEW {views}.cdr_price_segment
(
    cpo            LowCardinality(String) COMMENT 'Operator of the charge point, CC*PPP',
    cdr_key        String COMMENT 'CDR id in upper case',
    cdr_id         String COMMENT 'CDR id as sent',
    emsp           LowCardinality(String) COMMENT 'Provider of the driver, CC*PPP',
    currency       LowCardinality(String) COMMENT 'Currency of the amounts, ISO 4217',
    end_date_time  Nullable(DateTime64(3, 'UTC')) COMMENT 'End of the session',
    verdict        LowCardinality(String) COMMENT 'Verdict on the CDR',
    bucket         LowCardinality(String) COMMENT 'Where the CDR counts',
    position       UInt32 COMMENT 'Place in the CDR, from 1',
    period         UInt16 COMMENT 'Index of the charging period',
    tariff_id      String COMMENT 'Tariff',
    element        Nullable(UInt16) COMMENT 'Index of the tariff element; null where none applies',
    component      Nullable(UInt16) COMMENT 'Index of the price component',
    dimension      LowCardinality(String) COMMENT 'ENERGY, FLAT, TIME, PARKING_TIME',
    is_reservation Bool COMMENT 'Priced as a reservation',
    volume         Decimal(38, 18) COMMENT 'Measured kWh or hours',
    billed_volume  Decimal(38, 18) COMMENT 'Volume after step_size',
    unit_price     Decimal(38, 18) COMMENT 'Price a kWh, an hour, or once',
    before_taxes   Nullable(Decimal(38, 18)) COMMENT 'Amount before taxes, to 18 decimals',
    tax_rate       Nullable(Decimal(38, 18)) COMMENT 'Tax rate, percent',
    tax            Nullable(Decimal(38, 18)) COMMENT 'Tax, to 18 decimals',
    why            String COMMENT 'One sentence'
)
AS SELECT
    cpo,
    cdr_key,
    cdr_id,
    emsp,
    currency,
    end_date_time,
    verdict,
    bucket,
    position,
    period,
    tariff_id,
    element,
    component,
    dimension,
    is_reservation,
    volume,
    billed_volume,
    unit_price,
    before_taxes,
    tax_rate,
    tax,
    why
FROM {database}.cdr_settled FINAL
ARRAY JOIN
    arrayEnumerate(`segment.period`) AS position,
    `segment.period` AS period,
    `segment.tariff_id` AS tariff_id,
    `segment.element` AS element,
    `segment.component` AS component,
    `segment.dimension` AS dimension,
    `segment.is_reservation` AS is_reservation,
    `segment.volume` AS volume,
    `segment.billed_volume` AS billed_volume,
    `segment.unit_price` AS unit_price,
    `segment.before_taxes` AS before_taxes,
    `segment.tax_rate` AS tax_rate,
    `segment.tax` AS tax,
    `segment.why` AS why
COMMENT 'The working of each price: one row a charging period and dimension';

CREATE OR REPLACE VIEW {views}.cdr_finding
(
    cpo           LowCardinality(String) COMMENT 'Operator of the charge point, CC*PPP',
    cdr_key       String COMMENT 'CDR id in upper case',
    cdr_id        String COMMENT 'CDR id as sent',
    emsp          LowCardinality(String) COMMENT 'Provider of the driver, CC*PPP',
    currency      LowCardinality(String) COMMENT 'Currency of the amounts, ISO 4217',
    end_date_time Nullable(DateTime64(3, 'UTC')) COMMENT 'End of the session',
    verdict       LowCardinality(String) COMMENT 'Verdict on the CDR',
    bucket        LowCardinality(String) COMMENT 'Where the CDR counts',
    position      UInt32 COMMENT 'Place in the CDR, from 1',
    code          LowCardinality(String) COMMENT 'Stable code',
    path          String COMMENT 'JSON path',
    message       String COMMENT 'Sentence',
    severity      LowCardinality(String) COMMENT 'Info, warning, error',
    claimed       Nullable(String) COMMENT 'What the CPO says',
    computed      Nullable(String) COMMENT 'What we computed',
    difference    Nullable(Decimal(38, 18)) COMMENT 'Money at stake before taxes',
    cause         Nullable(String) COMMENT 'The mistake that explains the claim to the cent',
    candidates    Array(String) COMMENT 'Mistakes that would each explain the claim'
)
AS SELECT
    cpo,
    cdr_key,
    cdr_id,
    emsp,
    currency,
    end_date_time,
    verdict,
    bucket,
    position,
    code,
    path,
    message,
    severity,
    claimed,
    computed,
    difference,
    cause,
    candidates
FROM {database}.cdr_settled FINAL
ARRAY JOIN
    arrayEnumerate(`finding.code`) AS position,
    `finding.code` AS code,
    `finding.path` AS path,
    `finding.message` AS message,
    `finding.severity` AS severity,
    `finding.claimed` AS claimed,
    `finding.computed` AS computed,
    `finding.difference` AS difference,
    `finding.cause` AS cause,
    `finding.candidates` AS candidates
COMMENT 'One row a discrepancy';

CREATE OR REPLACE VIEW {views}.cdr_note
(
    cpo           LowCardinality(String) COMMENT 'Operator of the charge point, CC*PPP',
    cdr_key       String COMMENT 'CDR id in upper case',
    cdr_id        String COMMENT 'CDR id as sent',
    emsp          LowCardinality(String) COMMENT 'Provider of the driver, CC*PPP',
    currency      LowCardinality(String) COMMENT 'Currency of the amounts, ISO 4217',
    end_date_time Nullable(DateTime64(3, 'UTC')) COMMENT 'End of the session',
    verdict       LowCardinality(String) COMMENT 'Verdict on the CDR',
    bucket        LowCardinality(String) COMMENT 'Where the CDR counts',
    position      UInt32 COMMENT 'Place in the CDR, from 1',
    code          LowCardinality(String) COMMENT 'Stable code',
    path          String COMMENT 'JSON path',
    message       String COMMENT 'Sentence'
)
AS SELECT
    cpo,
    cdr_key,
    cdr_id,
    emsp,
    currency,
    end_date_time,
    verdict,
    bucket,
    position,
    code,
    path,
    message
FROM {database}.cdr_settled FINAL
ARRAY JOIN
    arrayEnumerate(`note.code`) AS position,
    `note.code` AS code,
    `note.path` AS path,
    `note.message` AS message
COMMENT 'One row a thing that pricing assumed';

CREATE OR REPLACE VIEW {views}.journal_posting
(
    cpo           LowCardinality(String) COMMENT 'Operator of the charge point, CC*PPP',
    cdr_key       String COMMENT 'CDR id in upper case',
    cdr_id        String COMMENT 'CDR id as sent',
    emsp          LowCardinality(String) COMMENT 'Provider of the driver, CC*PPP',
    currency      LowCardinality(String) COMMENT 'Currency of the amounts, ISO 4217',
    end_date_time Nullable(DateTime64(3, 'UTC')) COMMENT 'End of the session',
    verdict       LowCardinality(String) COMMENT 'Verdict on the CDR',
    bucket        LowCardinality(String) COMMENT 'Where the CDR counts',
    position      UInt32 COMMENT 'Place in the CDR, from 1',
    account       LowCardinality(String) COMMENT 'Account',
    amount        Decimal(38, 18) COMMENT 'Amount before taxes; a row sums to zero'
)
AS SELECT
    cpo,
    cdr_key,
    cdr_id,
    emsp,
    currency,
    end_date_time,
    verdict,
    bucket,
    position,
    account,
    amount
FROM {database}.cdr_settled FINAL
ARRAY JOIN
    arrayEnumerate(`posting.account`) AS position,
    `posting.account` AS account,
    `posting.amount` AS amount
COMMENT 'The journal: one row a posting; the rows of a CDR sum to zero';

CREATE OR REPLACE VIEW {views}.cdr_tariff_candidate
(
    cpo           LowCardinality(String) COMMENT 'Operator of the charge point, CC*PPP',
    cdr_key       String COMMENT 'CDR id in upper case',
    cdr_id        String COMMENT 'CDR id as sent',
    emsp          LowCardinality(String) COMMENT 'Provider of the driver, CC*PPP',
    currency      LowCardinality(String) COMMENT 'Currency of the amounts, ISO 4217',
    end_date_time Nullable(DateTime64(3, 'UTC')) COMMENT 'End of the session',
    verdict       LowCardinality(String) COMMENT 'Verdict on the CDR',
    bucket        LowCardinality(String) COMMENT 'Where the CDR counts',
    position      UInt32 COMMENT 'Place in the CDR, from 1',
    tariff_id     String COMMENT 'Tariff id',
    digest        String COMMENT 'Content digest',
    source        String COMMENT 'Published or embedded',
    last_updated  Nullable(DateTime64(3, 'UTC')) COMMENT 'Last_updated',
    received_time Nullable(DateTime64(6, 'UTC')) COMMENT 'Earliest receipt',
    is_chosen     Bool COMMENT 'Priced by this one'
)
AS SELECT
    cpo,
    cdr_key,
    cdr_id,
    emsp,
    currency,
    end_date_time,
    verdict,
    bucket,
    position,
    tariff_id,
    digest,
    source,
    last_updated,
    received_time,
    is_chosen
FROM {database}.cdr_settled FINAL
ARRAY JOIN
    arrayEnumerate(`tariff.tariff_id`) AS position,
    `tariff.tariff_id` AS tariff_id,
    `tariff.digest` AS digest,
    `tariff.source` AS source,
    `tariff.last_updated` AS last_updated,
    `tariff.received_time` AS received_time,
    `tariff.is_chosen` AS is_chosen
COMMENT 'Tariff versions a price was chosen among';

CREATE OR REPLACE VIEW {views}.cdr_copy
(
    cpo            LowCardinality(String) COMMENT 'Operator of the charge point, CC*PPP',
    cdr_key        String COMMENT 'CDR id in upper case',
    cdr_id         String COMMENT 'CDR id as sent',
    emsp           LowCardinality(String) COMMENT 'Provider of the driver, CC*PPP',
    currency       LowCardinality(String) COMMENT 'Currency of the amounts, ISO 4217',
    end_date_time  Nullable(DateTime64(3, 'UTC')) COMMENT 'End of the session',
    verdict        LowCardinality(String) COMMENT 'Verdict on the CDR',
    bucket         LowCardinality(String) COMMENT 'Where the CDR counts',
    position       UInt32 COMMENT 'Place in the CDR, from 1',
    content_digest String COMMENT 'Digest of the billing content',
    claimed        Nullable(Decimal(38, 18)) COMMENT 'Claim before taxes',
    payable        Decimal(38, 18) COMMENT 'What would be payable if it alone stood'
)
AS SELECT
    cpo,
    cdr_key,
    cdr_id,
    emsp,
    currency,
    end_date_time,
    verdict,
    bucket,
    position,
    content_digest,
    claimed,
    payable
FROM {database}.cdr_settled FINAL
ARRAY JOIN
    arrayEnumerate(`copy.content_digest`) AS position,
    `copy.content_digest` AS content_digest,
    `copy.claimed` AS claimed,
    `copy.payable` AS payable
COMMENT 'One row a copy of a CDR in conflict';
