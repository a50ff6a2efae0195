-- A part keeps its columns in one file until it holds some 100,000 CDRs. In files of their own from
-- 10 MiB on, which is ClickHouse's default, each merge of a few thousand CDRs wrote 350 files and
-- removed as many.

ALTER TABLE {database}.cdr_settled MODIFY SETTING min_bytes_for_wide_part = 268435456;

ALTER TABLE {database}.document_received MODIFY SETTING min_bytes_for_wide_part = 268435456;
