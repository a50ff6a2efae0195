"""What the reader may call and read: the tables behind the guard.

Rule: deny by default. A name that no table here (or no allowed category of the engine's own
catalogue) names is refused; an upgrade of the engine adds functions, not rights.
"""

from collections.abc import Iterable

import msgspec

# Categories of system.functions whose members only compute.
CATEGORIES = frozenset({
    "Aggregate Functions", "Arithmetic", "Arrays", "Bit", "Bitmap", "Comparison", "Conditional",
    "Dates and Times", "Distance", "Encoding", "Encryption", "Financial", "Geo", "Geo Polygon",
    "Hash", "IP Address", "JSON", "Logical", "Map", "Mathematical", "Null",
    "NumericIndexedVector", "Random Number", "Rounding", "String", "String Replacement",
    "String Search", "String Splitting", "Time Window", "Tuple", "Type Conversion", "URL", "UUID",
})  # fmt: skip

# Of the category "Other", which also holds file(), sleep() and what speaks to the network.
OTHERS = frozenset({
    "bar", "bytesize", "countdigits", "currentdatabase", "currentuser",
    "defaultvalueofargumenttype", "defaultvalueoftypename",
    "displayname", "errorcodetoname", "finalizeaggregation",
    "formatquery", "formatquerysingleline", "formatreadabledecimalsize", "formatreadablequantity",
    "formatreadablesize", "formatreadabletimedelta", "getsetting", "getsizeofenumtype", "hostname",
    "identity", "ignore", "initializeaggregation", "isconstant", "isdecimaloverflow",
    "lowcardinalityindices", "lowcardinalitykeys", "materialize", "neighbor", "parsereadablesize",
    "parsetimedelta", "queryid", "rownumberinallblocks", "rownumberinblock", "runningaccumulate",
    "runningdifference", "runningdifferencestartingwithfirstvalue", "throwif", "tocolumntypename",
    "totypename", "transform", "uptime", "variantelement", "varianttype", "version",
    "visiblewidth",
})  # fmt: skip

TABLE_FUNCTIONS = frozenset({
    "format", "generate_series", "generaterandom", "generateseries", "numbers", "numbers_mt",
    "primes", "values", "zeros", "zeros_mt",
})  # fmt: skip

# The parser's own functions and operators that look like calls.
PARSER_FUNCTIONS = frozenset({
    "cast", "columns", "date_add", "date_sub", "dateadd", "datediff", "datesub", "exists",
    "extract", "grouping", "if", "not", "position", "substring", "timestamp_add", "timestamp_diff",
    "timestamp_sub", "timestampadd", "timestampdiff", "timestampsub", "trim", "untuple",
})  # fmt: skip

# Bare words that may stand before a bracket without calling anything.
SYNTAX_WORDS = frozenset({
    "ALL", "AND", "ANY", "APPLY", "ARRAY", "AS", "BETWEEN", "BY", "CASE", "CUBE", "DISTINCT",
    "DIV", "ELSE", "EXCEPT", "EXISTS", "EXPLAIN", "FILTER", "FROM", "GROUP", "HAVING", "ILIKE",
    "IN", "INTERPOLATE", "INTERSECT", "INTERVAL", "IS", "JOIN", "LIKE", "LIMIT", "MOD", "NOT",
    "OFFSET", "ON", "OR", "OVER", "PIPELINE", "PLAN", "PREWHERE", "QUALIFY", "REGEXP", "REPLACE",
    "ROLLUP", "SELECT", "SETS", "SOME", "STEP", "SYNTAX", "AST", "ESTIMATE", "TREE", "TABLE",
    "THEN",
    "TO", "UNION", "USING", "VALUES", "WHEN", "WHERE", "WITH", "DESCRIBE", "DESC",
})  # fmt: skip

# Bare words that no reader's statement may hold, wherever they stand; a column of such a name
# can be had by quoting it.
FORBIDDEN_WORDS = frozenset({
    "ALTER", "ATTACH", "BACKUP", "CREATE", "DELETE", "DETACH", "DROP", "EXECUTE", "GRANT", "INFILE",
    "INSERT", "INTO", "KILL", "OPTIMIZE", "OUTFILE", "PARALLEL", "RENAME", "RESTORE", "REVOKE",
    "SETTINGS", "TRUNCATE", "UNDROP", "UPDATE",
})  # fmt: skip

# What SHOW may be followed by; CREATE is allowed here and nowhere else.
SHOWN = frozenset({
    "COLUMNS", "CREATE", "DATABASES", "EXTENDED", "FIELDS", "FULL", "FUNCTIONS", "INDEX",
    "INDEXES", "INDICES", "KEYS", "TABLES",
})  # fmt: skip

# What clients and dashboards ask for. Not among them: other people's statements, stack traces,
# whatever names files, hosts or credentials.
SYSTEM_TABLES = frozenset({
    "aggregate_function_combinators", "build_options", "codecs",
    "collations", "columns", "constraints", "contributors", "data_skipping_index_types",
    "data_skipping_indices", "data_type_families", "database_engines", "databases", "events",
    "formats", "functions", "keywords", "licenses", "merge_tree_settings", "metrics", "numbers",
    "numbers_mt", "one", "parts", "parts_columns", "settings", "table_engines",
    "table_functions", "tables", "time_zones", "zeros", "zeros_mt",
})  # fmt: skip

COMBINATORS = (
    "OrDefault", "Distinct", "Resample", "ForEach", "ArgMax", "ArgMin", "OrNull", "SimpleState",
    "Tuple", "Merge", "State", "Array", "Map", "If",
)  # fmt: skip


class CatalogueFunction(msgspec.Struct, frozen=True):
    """One row of system.functions."""

    name: str
    alias_to: str
    category: str
    is_aggregate: bool


class Vocabulary(msgspec.Struct, frozen=True):
    """The names that the reader may call, in lower case.

    `refused` are the engine's functions that are not allowed: they may not even be named
    where a function can be handed over (`arrayMap(file, ...)` calls file).
    """

    allowed: frozenset[str]
    aggregates: frozenset[str]
    refused: frozenset[str]

    def may_call(self, name: str) -> bool:
        """Tell whether the reader may call a function or a type of this name."""
        lower = name.lower()
        return lower in self.allowed or self.is_aggregate(lower)

    def is_aggregate(self, name: str) -> bool:
        """Tell whether this is an aggregate function, with or without combinators."""
        lower = name.lower()
        if lower in self.aggregates:
            return True
        return any(
            len(lower) > len(suffix)
            and lower.endswith(suffix.lower())
            and self.is_aggregate(lower[: -len(suffix)])
            for suffix in COMBINATORS
        )


def vocabulary(
    *,
    functions: Iterable[CatalogueFunction],
    table_functions: Iterable[str],
    types: Iterable[str],
) -> Vocabulary:
    """Choose from the engine's catalogue what the reader may call."""
    catalogue = list(functions)
    category = {f.name.lower(): f.category for f in catalogue if not f.alias_to}
    not_allowed_tables = {name.lower() for name in table_functions} - TABLE_FUNCTIONS
    allowed, aggregates, refused = set(), set(), set()
    for function in catalogue:
        name, original = function.name.lower(), (function.alias_to or function.name).lower()
        computes = category.get(original) in CATEGORIES or original in OTHERS
        if not computes or name in not_allowed_tables:
            refused.add(name)
        elif function.is_aggregate:
            aggregates.add(name)
        else:
            allowed.add(name)
    extra = TABLE_FUNCTIONS | PARSER_FUNCTIONS | {t.lower() for t in types}
    return Vocabulary(
        allowed=frozenset(allowed - refused) | (extra - refused),
        aggregates=frozenset(aggregates - refused),
        refused=frozenset(refused),
    )
