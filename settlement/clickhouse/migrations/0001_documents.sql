-- What was received, what became of it, and how far the sink has come.
-- Rows are a function of the inbox; every table is ReplacingMergeTree and is read with FINAL.

CREATE TABLE IF NOT EXISTS {database}.document_received
(
    cpo             LowCardinality(String)  COMMENT 'Owner of the object, CC*PPP (message key)',
    module          LowCardinality(String)  COMMENT 'OCPI module: cdrs, sessions, tariffs, locations',
    object_key      String                  COMMENT 'Object id in upper case: OCPI ids do not tell case',
    object_id       String                  COMMENT 'Object id as sent',
    evse_uid        String                  COMMENT 'Of a location document that addresses an EVSE, else empty',
    connector_id    String                  COMMENT 'Of a location document that addresses a connector, else empty',
    partner         LowCardinality(String)  COMMENT 'Partner whose token it was',
    emsp            LowCardinality(String)  COMMENT 'eMSP where document or request names it, CC*PPP',
    event_type      LowCardinality(String)  COMMENT 'CloudEvents type, such as CdrReceived',
    http_method     LowCardinality(String)  COMMENT 'POST, PUT, PATCH, DELETE',
    ocpi_version    LowCardinality(String)  COMMENT 'OCPI version of the interface it came through',
    received_time   DateTime64(6, 'UTC')    COMMENT 'When the gateway learned of it',
    kafka_partition UInt16                  COMMENT 'Partition of the inbox',
    kafka_offset    UInt64                  COMMENT 'Offset in that partition',
    headers         Map(String, String)     COMMENT 'All headers of the message',
    body            String CODEC(ZSTD(3))   COMMENT 'The document byte for byte',
    month           Date                    COMMENT 'Month of receipt; for storage only',
    version         UInt64                  COMMENT 'Row version: the inbox offset'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY month
ORDER BY (cpo, module, object_key, kafka_partition, kafka_offset)
COMMENT 'One row a record of the inbox: what partners sent, verbatim';

CREATE TABLE IF NOT EXISTS {database}.document_outcome
(
    kafka_partition UInt16                  COMMENT 'Partition of the inbox',
    kafka_offset    UInt64                  COMMENT 'Offset in that partition',
    cpo             LowCardinality(String)  COMMENT 'Owner of the object, CC*PPP',
    module          LowCardinality(String)  COMMENT 'OCPI module',
    object_key      String                  COMMENT 'Object id in upper case',
    outcome         LowCardinality(String)  COMMENT 'first, duplicate, conflict, applied, no_effect or dead_lettered',
    reason          String                  COMMENT 'Why, where there is something to say',
    version         UInt64                  COMMENT 'Row version: inbox offset of the fact that decided it'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (kafka_partition, kafka_offset)
COMMENT 'One row a record of the inbox: what became of it';

CREATE TABLE IF NOT EXISTS {database}.document_rejected
(
    partner         LowCardinality(String)  COMMENT 'Partner whose token it was',
    cpo             LowCardinality(String)  COMMENT 'Owner named by the request, CC*PPP, where one was readable',
    module          LowCardinality(String)  COMMENT 'OCPI module',
    object_id       String                  COMMENT 'Object id as sent, where one was readable',
    http_method     LowCardinality(String)  COMMENT 'POST, PUT, PATCH, DELETE',
    ocpi_version    LowCardinality(String)  COMMENT 'OCPI version of the interface it came through',
    received_time   DateTime64(6, 'UTC')    COMMENT 'When the gateway refused it',
    reason          String                  COMMENT 'Sentence the partner was told',
    paths           Array(String)           COMMENT 'JSON paths that were wrong',
    http_status     UInt16                  COMMENT 'HTTP status of the answer',
    ocpi_status     UInt16                  COMMENT 'OCPI status code of the answer',
    headers         Map(String, String)     COMMENT 'All headers of the message',
    body            String CODEC(ZSTD(3))   COMMENT 'The document byte for byte',
    kafka_partition UInt16                  COMMENT 'Partition of the topic rejected',
    kafka_offset    UInt64                  COMMENT 'Offset in that partition',
    version         UInt64                  COMMENT 'Row version: the offset'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (kafka_partition, kafka_offset)
COMMENT 'One row a document of a known partner that the gateway refused';

CREATE TABLE IF NOT EXISTS {database}.dead_letter
(
    origin_topic     LowCardinality(String) COMMENT 'Topic of the record that could not be processed',
    origin_partition UInt16                 COMMENT 'Its partition',
    origin_offset    UInt64                 COMMENT 'Its offset',
    cpo              LowCardinality(String) COMMENT 'Owner of the object, CC*PPP',
    module           LowCardinality(String) COMMENT 'OCPI module',
    object_key       String                 COMMENT 'Object whose step failed, id in upper case',
    reason           LowCardinality(String) COMMENT 'Stable code: unreadable, step_failed, too_large, row_refused',
    message          String                 COMMENT 'What was wrong, with field, value and rule',
    received_time    DateTime64(6, 'UTC')   COMMENT 'Receipt of the record',
    headers          Map(String, String)    COMMENT 'All headers of the record',
    body             String CODEC(ZSTD(3))  COMMENT 'The record byte for byte',
    version          UInt64                 COMMENT 'Row version: inbox offset of the fact that failed'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (origin_topic, origin_partition, origin_offset, module, object_key)
COMMENT 'One row a record, or re-run of a CDR, that could not be processed';

CREATE TABLE IF NOT EXISTS {database}.dead_letter_decision
(
    cpo              LowCardinality(String) COMMENT 'Owner of the object, CC*PPP',
    origin_partition UInt16                 COMMENT 'Inbox partition of the record decided on',
    origin_offset    UInt64                 COMMENT 'Its offset',
    status           LowCardinality(String) COMMENT 'resolved (retried) or dropped',
    actor            String                 COMMENT 'Who decided',
    reason           String                 COMMENT 'Why',
    version          UInt64                 COMMENT 'Row version: inbox offset of the decision'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (origin_partition, origin_offset)
COMMENT 'One row a dead letter that somebody decided on';

CREATE TABLE IF NOT EXISTS {database}.sink_offset
(
    topic           LowCardinality(String)  COMMENT 'Topic the sink reads',
    kafka_partition UInt16                  COMMENT 'Its partition',
    next_offset     UInt64                  COMMENT 'Everything below stands in the tables',
    version         UInt64                  COMMENT 'Row version: the offset itself'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (topic, kafka_partition)
COMMENT 'How far the sink has come, written after the rows';
