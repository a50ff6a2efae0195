-- Sessions, tariffs and locations as the fold knows them.

CREATE TABLE IF NOT EXISTS {database}.session_current
(
    cpo                LowCardinality(String)         COMMENT 'Operator of the charge point, CC*PPP',
    session_key        String                         COMMENT 'Session id in upper case',
    session_id         String                         COMMENT 'Session id as sent',
    emsp               LowCardinality(String)         COMMENT 'Provider of the driver, CC*PPP',
    status             LowCardinality(String)         COMMENT 'OCPI session status; empty until a PUT came',
    start_date_time    Nullable(DateTime64(3, 'UTC')) COMMENT 'Start',
    end_date_time      Nullable(DateTime64(3, 'UTC')) COMMENT 'End, where it has ended',
    energy_kwh         Nullable(Decimal(38, 18))      COMMENT 'Energy so far, kWh',
    location_id        String                         COMMENT 'Location',
    evse_uid           String                         COMMENT 'EVSE',
    connector_id       String                         COMMENT 'Connector',
    currency           LowCardinality(String)         COMMENT 'Currency, ISO 4217',
    total_before_taxes Nullable(Decimal(38, 18))      COMMENT 'Cost so far before taxes',
    total_after_taxes  Nullable(Decimal(38, 18))      COMMENT 'Cost so far after taxes',
    period_count       UInt32                         COMMENT 'Charging periods so far',
    change_count       UInt32                         COMMENT 'PUT and PATCH documents folded',
    last_updated       Nullable(DateTime64(3, 'UTC')) COMMENT 'Of the newest change',
    kafka_partition    UInt16                         COMMENT 'Partition of the inbox',
    version            UInt64                         COMMENT 'Row version: inbox offset of the newest change'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (cpo, session_key)
COMMENT 'One row a session: its newest PUT with the PATCHes since';

CREATE TABLE IF NOT EXISTS {database}.tariff_version
(
    cpo             LowCardinality(String)         COMMENT 'Operator of the charge point, CC*PPP',
    tariff_key      String                         COMMENT 'Tariff id in upper case',
    tariff_id       String                         COMMENT 'Tariff id as sent',
    digest          String                         COMMENT 'Digest of what can change a price',
    last_updated    DateTime64(3, 'UTC')           COMMENT 'last_updated of this version; 1970 where it names none',
    received_time   DateTime64(6, 'UTC')           COMMENT 'Earliest receipt of this version',
    currency        LowCardinality(String)         COMMENT 'Currency, ISO 4217',
    type            LowCardinality(String)         COMMENT 'OCPI tariff type; empty where none',
    start_date_time Nullable(DateTime64(3, 'UTC')) COMMENT 'Valid from',
    end_date_time   Nullable(DateTime64(3, 'UTC')) COMMENT 'Valid until',
    element_count   UInt16                         COMMENT 'Tariff elements',
    ocpi_version    LowCardinality(String)         COMMENT 'OCPI version of the document',
    is_deleted      Bool                           COMMENT 'A DELETE came; it changes no price',
    kafka_partition UInt16                         COMMENT 'Partition of the inbox',
    kafka_offset    UInt64                         COMMENT 'Inbox offset of the earliest receipt',
    version         UInt64                         COMMENT 'Row version: inbox offset of the newest fact about it'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (cpo, tariff_key, last_updated, digest)
COMMENT 'One row a version of a published tariff; every version is kept';

CREATE TABLE IF NOT EXISTS {database}.location_current
(
    cpo             LowCardinality(String)         COMMENT 'Operator of the charge point, CC*PPP',
    location_key    String                         COMMENT 'Location id in upper case',
    location_id     String                         COMMENT 'Location id as sent',
    country         LowCardinality(String)         COMMENT 'ISO 3166 alpha-3',
    time_zone       LowCardinality(String)         COMMENT 'IANA zone; empty where none is known',
    evse_uids       Array(String)                  COMMENT 'EVSEs',
    tariff_ids      Array(String)                  COMMENT 'Tariffs its connectors name',
    change_count    UInt32                         COMMENT 'PUT and PATCH documents folded',
    last_updated    Nullable(DateTime64(3, 'UTC')) COMMENT 'Of the newest change',
    kafka_partition UInt16                         COMMENT 'Partition of the inbox',
    version         UInt64                         COMMENT 'Row version: inbox offset of the newest change'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (cpo, location_key)
COMMENT 'One row a location: what billing needs of it, as of its newest change';
