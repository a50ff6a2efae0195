-- One row a CDR, and every outcome it ever had.
-- Decimal(38, 18) holds what partners send (float noise included); admission bounds values to
-- 10^10, so a sum over 10^9 rows stays below the 10^20 that the type can hold.

CREATE TABLE IF NOT EXISTS {database}.cdr_settled
(
    cpo                     LowCardinality(String)          COMMENT 'Operator of the charge point, CC*PPP',
    cdr_key                 String                          COMMENT 'CDR id in upper case: identity is cpo and this',
    cdr_id                  String                          COMMENT 'CDR id as sent',
    emsp                    LowCardinality(String)          COMMENT 'Provider of the driver, CC*PPP; empty where nobody named it',
    session_id              String                          COMMENT 'Session the CDR names; empty where none',
    ocpi_version            LowCardinality(String)          COMMENT 'OCPI version of the document',
    location_id             String                          COMMENT 'Location the CDR names',
    evse_uid                String                          COMMENT 'EVSE the CDR names',
    connector_id            String                          COMMENT 'Connector the CDR names',
    country                 LowCardinality(String)          COMMENT 'Country of the location, ISO 3166 alpha-3',
    token_uid_masked        String                          COMMENT 'Token uid, all but the last four characters masked',
    contract_id_masked      String                          COMMENT 'Contract id, all but the last four characters masked',
    currency                LowCardinality(String)          COMMENT 'Currency of all amounts, ISO 4217',
    start_date_time         Nullable(DateTime64(3, 'UTC'))  COMMENT 'Start of the session; null where outside 2000 to 2100',
    end_date_time           Nullable(DateTime64(3, 'UTC'))  COMMENT 'End of the session; finance filters by this',
    time_zone               LowCardinality(String)          COMMENT 'Zone in which clock restrictions were read; empty where unknown',
    energy_kwh              Nullable(Decimal(38, 18))       COMMENT 'Claimed energy, kWh',
    time_hours              Nullable(Decimal(38, 18))       COMMENT 'Claimed time, hours, parking included',
    parking_hours           Nullable(Decimal(38, 18))       COMMENT 'Claimed parking time, hours',
    is_credit               Bool                            COMMENT 'True for a Credit CDR',
    credit_reference_id     String                          COMMENT 'CDR that a Credit CDR reverses',
    invoice_reference_id    String                          COMMENT 'Invoice the CPO refers to',
    claimed_before_taxes    Nullable(Decimal(38, 18))       COMMENT 'What the CPO asks, before taxes',
    claimed_after_taxes     Nullable(Decimal(38, 18))       COMMENT 'What the CPO asks, after taxes',
    claimed_fixed           Nullable(Decimal(38, 18))       COMMENT 'Claimed total_fixed_cost before taxes',
    claimed_energy          Nullable(Decimal(38, 18))       COMMENT 'Claimed total_energy_cost before taxes',
    claimed_time            Nullable(Decimal(38, 18))       COMMENT 'Claimed total_time_cost before taxes',
    claimed_parking         Nullable(Decimal(38, 18))       COMMENT 'Claimed total_parking_cost before taxes',
    claimed_reservation     Nullable(Decimal(38, 18))       COMMENT 'Claimed total_reservation_cost before taxes',
    priced_before_taxes     Nullable(Decimal(38, 18))       COMMENT 'What we computed, before taxes, rounded to the minor unit; null where not priceable',
    priced_after_taxes      Nullable(Decimal(38, 18))       COMMENT 'What we computed, after taxes, rounded to the minor unit',
    priced_fixed            Nullable(Decimal(38, 18))       COMMENT 'Computed total_fixed_cost before taxes',
    priced_energy           Nullable(Decimal(38, 18))       COMMENT 'Computed total_energy_cost before taxes',
    priced_time             Nullable(Decimal(38, 18))       COMMENT 'Computed total_time_cost before taxes',
    priced_parking          Nullable(Decimal(38, 18))       COMMENT 'Computed total_parking_cost before taxes',
    priced_reservation      Nullable(Decimal(38, 18))       COMMENT 'Computed total_reservation_cost before taxes',
    payable                 Decimal(38, 18)                 COMMENT 'What the eMSP owes for this CDR, before taxes',
    held                    Decimal(38, 18)                 COMMENT 'Claimed and not payable as long as the reason stands, before taxes',
    verdict                 LowCardinality(String)          COMMENT 'matched, disputed, unverifiable, invalid or conflict',
    bucket                  LowCardinality(String)          COMMENT 'settled, waiting, conflict or dead_lettered: where the CDR counts',
    waits_for               Array(String)                   COMMENT 'What an unverifiable CDR waits for: tariff ids, time_zone, original',
    price_basis             LowCardinality(String)          COMMENT 'agreed, published or embedded; empty where not priced',
    profile                 LowCardinality(String)          COMMENT 'Interpretation profile with its version',

    `tariff.tariff_id`      Array(String)                   COMMENT 'Candidate versions: tariff id',
    `tariff.digest`         Array(String)                   COMMENT 'Candidate versions: content digest',
    `tariff.source`         Array(String)                   COMMENT 'Candidate versions: published or embedded',
    `tariff.last_updated`   Array(Nullable(DateTime64(3, 'UTC'))) COMMENT 'Candidate versions: last_updated',
    `tariff.received_time`  Array(Nullable(DateTime64(6, 'UTC'))) COMMENT 'Candidate versions: earliest receipt',
    `tariff.is_chosen`      Array(Bool)                     COMMENT 'Candidate versions: priced by this one',

    `segment.period`        Array(UInt16)                   COMMENT 'Working: index of the charging period',
    `segment.tariff_id`     Array(String)                   COMMENT 'Working: tariff',
    `segment.element`       Array(Nullable(UInt16))         COMMENT 'Working: index of the tariff element; null where none applies',
    `segment.component`     Array(Nullable(UInt16))         COMMENT 'Working: index of the price component',
    `segment.dimension`     Array(LowCardinality(String))   COMMENT 'Working: ENERGY, FLAT, TIME, PARKING_TIME',
    `segment.is_reservation` Array(Bool)                    COMMENT 'Working: priced as a reservation',
    `segment.volume`        Array(Decimal(38, 18))          COMMENT 'Working: measured kWh or hours',
    `segment.billed_volume` Array(Decimal(38, 18))          COMMENT 'Working: volume after step_size',
    `segment.unit_price`    Array(Decimal(38, 18))          COMMENT 'Working: price a kWh, an hour, or once',
    `segment.before_taxes`  Array(Nullable(Decimal(38, 18))) COMMENT 'Working: amount before taxes, to 18 decimals',
    `segment.tax_rate`      Array(Nullable(Decimal(38, 18))) COMMENT 'Working: tax rate, percent',
    `segment.tax`           Array(Nullable(Decimal(38, 18))) COMMENT 'Working: tax, to 18 decimals',
    `segment.why`           Array(String)                   COMMENT 'Working: one sentence',

    `note.code`             Array(LowCardinality(String))   COMMENT 'What pricing assumed: stable code',
    `note.path`             Array(String)                   COMMENT 'What pricing assumed: JSON path',
    `note.message`          Array(String)                   COMMENT 'What pricing assumed: sentence',

    `finding.code`          Array(LowCardinality(String))   COMMENT 'Discrepancies: stable code',
    `finding.path`          Array(String)                   COMMENT 'Discrepancies: JSON path',
    `finding.message`       Array(String)                   COMMENT 'Discrepancies: sentence',
    `finding.severity`      Array(LowCardinality(String))   COMMENT 'Discrepancies: info, warning, error',
    `finding.claimed`       Array(Nullable(String))         COMMENT 'Discrepancies: what the CPO says',
    `finding.computed`      Array(Nullable(String))         COMMENT 'Discrepancies: what we computed',
    `finding.difference`    Array(Nullable(Decimal(38, 18))) COMMENT 'Discrepancies: money at stake before taxes',
    `finding.cause`         Array(Nullable(String))         COMMENT 'Discrepancies: the mistake that explains the claim to the cent',
    `finding.candidates`    Array(Array(String))            COMMENT 'Discrepancies: mistakes that would each explain the claim',

    `posting.account`       Array(LowCardinality(String))   COMMENT 'Journal: account',
    `posting.amount`        Array(Decimal(38, 18))          COMMENT 'Journal: amount before taxes; a row sums to zero',

    `copy.content_digest`   Array(String)                   COMMENT 'Copies in conflict: digest of the billing content',
    `copy.claimed`          Array(Nullable(Decimal(38, 18))) COMMENT 'Copies in conflict: claim before taxes',
    `copy.payable`          Array(Decimal(38, 18))          COMMENT 'Copies in conflict: what would be payable if it alone stood',

    content_digest          String                          COMMENT 'Digest of the billing-relevant content of the copy shown',
    outcome_digest          String                          COMMENT 'Digest of pricing and reconciliation: what a decision is taken on',
    rules_version           LowCardinality(String)          COMMENT 'Version of the rules that computed the row',
    received_time           DateTime64(6, 'UTC')            COMMENT 'Receipt of the copy shown',
    kafka_partition         UInt16                          COMMENT 'Partition of the inbox',
    kafka_offset            UInt64                          COMMENT 'Inbox offset of the copy shown',
    month                   Date                            COMMENT 'For storage only, never changes; finance filters by end_date_time',
    version                 UInt64                          COMMENT 'Row version: inbox offset of the fact that caused this outcome',
    CONSTRAINT postings_sum_to_zero CHECK arraySum(`posting.amount`) = 0,
    CONSTRAINT claim_is_spread CHECK is_credit OR bucket = 'dead_lettered'
        OR ifNull(claimed_before_taxes, 0) = payable + held
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY month
ORDER BY (cpo, cdr_key)
COMMENT 'One row a CDR: claimed, priced with its working, verdict, findings, postings';

CREATE TABLE IF NOT EXISTS {database}.cdr_outcome
(
    cpo             LowCardinality(String)  COMMENT 'Operator of the charge point, CC*PPP',
    cdr_key         String                  COMMENT 'CDR id in upper case',
    version         UInt64                  COMMENT 'Inbox offset of the fact that caused this outcome',
    outcome_digest  String                  COMMENT 'Digest of pricing and reconciliation; two for one version is an alarm',
    verdict         LowCardinality(String)  COMMENT 'Verdict of this outcome',
    bucket          LowCardinality(String)  COMMENT 'Bucket of this outcome',
    currency        LowCardinality(String)  COMMENT 'Currency of the amounts',
    claimed_before_taxes Nullable(Decimal(38, 18)) COMMENT 'Claim before taxes',
    priced_before_taxes  Nullable(Decimal(38, 18)) COMMENT 'Price before taxes',
    payable         Decimal(38, 18)         COMMENT 'Payable before taxes',
    held            Decimal(38, 18)         COMMENT 'Held before taxes',
    cause           LowCardinality(String)  COMMENT 'CloudEvents type of the fact that caused it',
    rules_version   LowCardinality(String)  COMMENT 'Version of the rules that computed it',
    kafka_partition UInt16                  COMMENT 'Partition of the inbox',
    month           Date                    COMMENT 'Month of the CDR; for storage only'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY month
ORDER BY (cpo, cdr_key, version, outcome_digest)
COMMENT 'Every outcome a CDR ever had';
