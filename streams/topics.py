"""All Kafka topics, in one table.

Rule: a topic that is not here does not exist; topics are created from this table alone and the
number of partitions of an existing topic is never changed (a key would move, order would break).
"""

import msgspec
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

MEBIBYTE = 1024 * 1024
GENERATION = 1
MIN_INSYNC = "min.insync.replicas"
# Copies of a topic where nothing says otherwise and the cluster has as many brokers.
COPIES = 3
# Kafka's number for a setting that was given to the topic itself.
_OF_THE_TOPIC = 1
_ALREADY_EXISTS = 36
# Fixed for the life of an inbox: one partition carries thousands of CDRs a second.
INBOX_PARTITIONS = 8


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """One topic; a derived one carries the generation in its name."""

    name: str
    holds: str
    key: str
    partitions: int = INBOX_PARTITIONS
    is_derived: bool = True
    is_compacted: bool = False
    max_message_bytes: int = 16 * MEBIBYTE

    def in_generation(self, generation: int = GENERATION) -> str:
        """Give the topic's name in a generation: `settlement.cdr.g1`, but `inbox`."""
        return f"{self.name}.g{generation}" if self.is_derived else self.name

    def configuration(self, replication: int) -> dict[str, str]:
        """Give the topic's Kafka settings; retention is unlimited everywhere."""
        return {
            "cleanup.policy": "compact" if self.is_compacted else "delete",
            "retention.ms": "-1",
            "retention.bytes": "-1",
            "max.message.bytes": str(self.max_message_bytes),
            MIN_INSYNC: str(max(1, min(2, replication - 1))),
            "unclean.leader.election.enable": "false",
        }


# Source topics: what the settlement was told. They have no generation.
INBOX = Topic(
    name="inbox",
    holds="everything the settlement is ever told: partner documents byte for byte",
    key="CPO party",
    is_derived=False,
    max_message_bytes=5 * MEBIBYTE,
)
PARTNER = Topic(
    name="partner",
    holds="registry of partners: parties, roles, hashed tokens",
    key="party",
    partitions=1,
    is_derived=False,
    is_compacted=True,
)
REJECTED = Topic(
    name="rejected",
    holds="documents of known partners that the gateway refused, with bytes and reason",
    key="partner",
    is_derived=False,
)
# Derived topics: written to the inbox's partition number, in transactions.
SETTLEMENT_CDR = Topic(
    name="settlement.cdr",
    holds="the outcome of one CDR: claimed, priced with its working, verdict, findings, postings",
    key="CPO party + CDR id",
)
SETTLEMENT_SESSION = Topic(
    name="settlement.session", holds="a session as folded", key="CPO party + session id"
)
SETTLEMENT_TARIFF = Topic(
    name="settlement.tariff", holds="one version of a tariff", key="CPO party + tariff id"
)
SETTLEMENT_LOCATION = Topic(
    name="settlement.location", holds="a location as folded", key="CPO party + location id"
)
SETTLEMENT_DOCUMENT = Topic(
    name="settlement.document",
    holds="what became of each inbox record; one message lists many",
    key="inbox partition",
)
SETTLEMENT_DECISION = Topic(
    name="settlement.decision", holds="what was decided about dead letters", key="CPO party"
)
STATE = Topic(
    name="state",
    holds="what the fold remembers of each object, and the marker",
    key="kind of object + CPO party + id",
    is_compacted=True,
)
DEAD_LETTER = Topic(
    name="dead-letter",
    holds="what could not be processed, with bytes, reason and origin",
    key="as the source",
)

TOPICS = (
    INBOX,
    PARTNER,
    REJECTED,
    SETTLEMENT_CDR,
    SETTLEMENT_SESSION,
    SETTLEMENT_TARIFF,
    SETTLEMENT_LOCATION,
    SETTLEMENT_DOCUMENT,
    SETTLEMENT_DECISION,
    STATE,
    DEAD_LETTER,
)


class PartitionsDiffer(Exception):  # noqa: N818 - the cluster's state, not an error of ours
    """A topic exists with another number of partitions; the text names topic and numbers."""


class TopicsRefused(Exception):  # noqa: N818 - the cluster's answer, not an error of ours
    """Kafka refuses what was asked; the text says what and why."""


class Found(msgspec.Struct, frozen=True):
    """A topic as the cluster has it."""

    partitions: int
    replication: int


async def apply_topics(
    *,
    brokers: str,
    generation: int = GENERATION,
    replication: int | None = None,
    dry_run: bool = False,
) -> list[str]:
    """Create what is missing, correct settings, and give the differences found, a line each.

    New topics get as many copies as those that exist have, else as the brokers allow, three at
    most; `replication` asks for another number. Settings that the table does not name stay as
    they are, and `min.insync.replicas` is never lowered. Raises PartitionsDiffer before anything
    is changed, TopicsRefused where Kafka refuses.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    try:
        wanted = {topic.in_generation(generation): topic for topic in TOPICS}
        existing = {
            found["topic"]: Found(
                len(found["partitions"]), min(len(one["replicas"]) for one in found["partitions"])
            )
            for found in await admin.describe_topics(await admin.list_topics())
            if found["partitions"]
        }
        _refuse_other_partitions(wanted, existing)
        copies = replication or await _copies(admin, wanted, existing)
        missing = [name for name in wanted if name not in existing]
        lines = [
            f"+ {name}: {wanted[name].partitions} partitions, {wanted[name].holds}"
            for name in missing
        ]
        drifted = await _drifted(admin, wanted, existing)
        lines += [line for drift in drifted for line in drift.lines]
        if not dry_run:
            await _create(admin, [(name, wanted[name]) for name in missing], copies)
            for drift in drifted:
                await _alter(admin, drift)
        return lines
    finally:
        await admin.close()


def _refuse_other_partitions(wanted: dict[str, Topic], existing: dict[str, Found]) -> None:
    for name, topic in wanted.items():
        found = existing[name].partitions if name in existing else topic.partitions
        if found != topic.partitions:
            raise PartitionsDiffer(
                f"topic {name} has {found} partitions, the table says {topic.partitions}: "
                "partitions are never changed; copy into a new topic and a new generation"
            )


async def _copies(
    admin: AIOKafkaAdminClient, wanted: dict[str, Topic], existing: dict[str, Found]
) -> int:
    """Give the copies of a new topic: as the others have them, else as the brokers allow."""
    source = [topic.name for topic in TOPICS if not topic.is_derived]
    known = [existing[name].replication for name in (*wanted, *source) if name in existing]
    if known:
        return max(known)
    return min(COPIES, len((await admin.describe_cluster())["brokers"]))


class Drift(msgspec.Struct, frozen=True):
    """What of a topic is not as the table says, and all of its settings as they should be."""

    name: str
    lines: tuple[str, ...]
    settings: dict[str, str]


async def _drifted(
    admin: AIOKafkaAdminClient, wanted: dict[str, Topic], existing: dict[str, Found]
) -> list[Drift]:
    present = [name for name in wanted if name in existing]
    if not present:
        return []
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in present]
    drifted: list[Drift] = []
    for response in await admin.describe_configs(resources):
        for _, _, _, name, entries in response.resources:
            current = {entry[0]: entry[1] for entry in entries}
            own = {entry[0]: entry[1] for entry in entries if entry[3] == _OF_THE_TOPIC}
            changes = {
                setting: value
                for setting, value in wanted[name].configuration(existing[name].replication).items()
                if not _is_kept(setting, current.get(setting), value)
            }
            lines = tuple(
                f"~ {name}: {setting} {current.get(setting)} -> {value}"
                for setting, value in changes.items()
            )
            if lines:
                drifted.append(Drift(name, lines, own | changes))
    return drifted


def _is_kept(setting: str, current: str | None, value: str) -> bool:
    if setting == MIN_INSYNC and current is not None and current.isdecimal():
        return int(current) >= int(value)
    return current == value


async def _alter(admin: AIOKafkaAdminClient, drift: Drift) -> None:
    """Set a topic's settings; Kafka resets those that are not named, so all are."""
    resource = ConfigResource(ConfigResourceType.TOPIC, drift.name, configs=drift.settings)
    for response in await admin.alter_configs([resource]):
        for code, message, *_ in response.resources:
            if code:
                raise TopicsRefused(f"Kafka did not change topic {drift.name}: {message} ({code})")


async def _create(
    admin: AIOKafkaAdminClient, missing: list[tuple[str, Topic]], replication: int
) -> None:
    if not missing:
        return
    response = await admin.create_topics(
        [
            NewTopic(
                name=name,
                num_partitions=topic.partitions,
                replication_factor=replication,
                topic_configs=topic.configuration(replication),
            )
            for name, topic in missing
        ]
    )
    # Another process may have applied the same table at the same moment.
    failed = [
        f"{name}: {message or for_code(code).__name__}"
        for name, code, message, *_ in response.topic_errors
        if code not in (0, _ALREADY_EXISTS)
    ]
    if failed:
        raise TopicsRefused(f"Kafka did not create {len(failed)} topics, the first: {failed[0]}")
