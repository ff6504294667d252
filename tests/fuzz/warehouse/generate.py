"""Random typed expressions over the rows of one table, of constructs that Redshift and PostgreSQL share."""

from __future__ import annotations

import random
from collections.abc import Callable

# name -> (type, SQL type). The same rows are in both databases.
COLUMNS = {
    "i1": "int", "i2": "int", "b1": "bigint", "n1": "decimal(10,2)", "n2": "decimal(8,3)", "t1": "varchar(40)",
    "t2": "varchar(40)", "d1": "date", "s1": "timestamp", "s2": "timestamp", "o1": "boolean",
}  # fmt: skip
ROWS = 8
_LETTERS = "abcXYZ 019_-%éß."


def rows(seed: random.Random) -> list[tuple[str, ...]]:
    """SQL literals of the rows, a fifth of them NULL."""
    made = []
    for _ in range(ROWS):
        day = f"{seed.randint(1999, 2032)}-{seed.randint(1, 12):02}-{seed.randint(1, 28):02}"
        moments = [
            f"'{seed.randint(1999, 2032)}-{seed.choice((1, 3, 5, 12)):02}-{seed.choice((1, 28, 30, 31)):02}"
            f" {seed.randint(0, 23):02}:{seed.randint(0, 59):02}:{seed.randint(0, 59):02}'"
            for _ in range(2)
        ]
        row = [str(seed.randint(-1000, 1000)), str(seed.randint(-20, 20)), str(seed.randint(-(10**12), 10**12))]
        row += [f"{seed.randint(-99999, 99999) / 100:.2f}", f"{seed.randint(-99999, 99999) / 1000:.3f}"]
        row += [_quoted(_word(seed)), _quoted(_word(seed)), f"'{day}'", *moments, seed.choice(("true", "false"))]
        made.append(tuple("NULL" if seed.random() < 0.2 else value for value in row))
    return made


def _word(seed: random.Random) -> str:
    return "".join(seed.choice(_LETTERS) for _ in range(seed.randint(0, 12))).rstrip(" ")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class Generator:
    """Makes expressions of a type; `depth` is how deep they still may go."""

    def __init__(self, seed: random.Random) -> None:
        self.r = seed
        self._kinds: dict[str, Callable[[int], str]] = {
            "int": self.integer,
            "numeric": self.decimal,
            "text": self.text,
            "bool": self.boolean,
            "date": self.date,
            "timestamp": self.timestamp,
        }

    def expression(self) -> str:
        return self._kinds[self.r.choice(list(self._kinds))](self.r.randint(1, 3))

    def aggregate(self) -> str:
        """A select list of aggregates."""
        return self.r.choice(
            [
                "count(*), count(t1), count(distinct i2)", "sum(i1), avg(i1)", "sum(n1), min(n2), max(n2)", "avg(i2)",
                "min(t1), max(t1)", "bool_and(o1), bool_or(o1)", "bit_and(i1), bit_or(i2)", "min(d1), max(s1)",
                f"sum({self.integer(1)})", f"max({self.text(1)})", f"sum({self.decimal(1)})", f"count({self.boolean(1)})",
            ]
        )  # fmt: skip

    def integer(self, depth: int) -> str:
        if depth <= 0:
            return self.r.choice(("i1", "i2", "i1", str(self.r.randint(0, 50)), "NULL::int"))
        a, b, t = self.integer(depth - 1), self.integer(depth - 1), self.text(depth - 1)
        return self.r.choice(
            [
                f"({a} + {b})", f"({a} - {b})", f"({a} / 7)", f"({a} % 5)", f"abs({a})", f"len({t})", f"(-{a})",
                f"coalesce({a}, {b})", f"nvl({a}, {b})", f"nullif({a}, {b})", f"greatest({a}, {b})", f"least({a}, {b})",
                f"strpos({t}, 'a')", f"charindex('X', {t})", f"ascii({t} || 'q')", f"octet_length({t})",
                f"case when {self.boolean(depth - 1)} then {a} else {b} end", "extract(year from s1)",
                "extract(month from d1)", "extract(dow from s2)", "extract(doy from d1)", "extract(hour from s1)",
                "extract(week from d1)", "extract(quarter from s1)", "extract(decade from s1)", "(d1 - date '2001-03-05')",
                "datediff(month, s1, s2)", f"({a} & 15)", f"({a} | 3)", f"({a} # 5)", f"cast(sign({a}) as int)", "(abs(i2) << 2)", "(i2 >> 1)",
                f"cast({self.decimal(depth - 1)} as int)", "cast(i1 as bigint)", f"case i2 when {a} then 1 when {b} then 2 end",
            ]
        )  # fmt: skip

    def decimal(self, depth: int) -> str:
        if depth <= 0:
            return self.r.choice(("n1", "n2", f"{self.r.randint(0, 999) / 100:.2f}"))
        a = self.decimal(depth - 1)
        return self.r.choice(
            [
                "(n1 + n2)", "(n1 - n2)", "(n1 * n2)", f"({a} + 1.5)", f"abs({a})", f"round({a}, 1)", f"round({a}, 0)",
                f"trunc({a}, 1)", "divided(n1, n1, 11)", "divided(n2, n1, 12)", f"coalesce({a}, 0.00)", f"(-{a})",
                f"cast({a} as decimal(14,1))", f"(i1 * {self.decimal(0)})", f"greatest({a}, n1)", f"nullif({a}, n2)",
                f"ceil({a})", f"floor({a})", "mod(n1, 7.5)", f"case when {self.boolean(depth - 1)} then {a} else n2 end",
            ]
        )  # fmt: skip

    def text(self, depth: int) -> str:
        if depth <= 0:
            return self.r.choice(("t1", "t2", _quoted(_word(self.r))))
        a, b = self.text(depth - 1), self.text(depth - 1)
        n, m = self.r.randint(-3, 8), self.r.randint(0, 6)
        return self.r.choice(
            [
                f"({a} || {b})", f"concat({a}, {b})", f"upper({a})", f"lower({a})", f"left({a}, {m})", f"right({a}, {m})",
                f"substring({a}, {n}, {m})", f"substring({a}, {max(n, 1)})", f"replace({a}, 'a', 'bb')", f"reverse({a})",
                f"lpad({a}, {m + 4}, 'xy')", f"rpad({a}, {m + 4}, 'z')", f"btrim({a}, ' a')", f"ltrim({a})",
                f"rtrim({a}, 'Z')", f"translate({a}, 'abX', 'q9')", f"split_part({a}, '-', 2)", f"repeat({a}, {m // 2})",
                f"regexp_replace({a}, '[0-9]+', '#')", f"coalesce({a}, {b})", f"nullif({a}, {b})", f"initcap('{_ascii(self.r)}')",
                f"case when {self.boolean(depth - 1)} then {a} else {b} end", f"md5({a})", "to_char(s1, 'YYYY-MM-DD HH24:MI:SS')",
                "to_char(d1, 'Mon DD, YYYY')", "to_char(s2, 'Day DDD IW Q')", "to_char(s1, 'HH12:MI AM')", f"max_text({a}, {b})",
                "to_char(n1, '9999.99')", "to_char(n2, 'S990.9')", "to_char(i1, '99,999')", "to_char(n1, 'FM9990.00')",
                "to_char(i2, '00')", "to_char(n2, '999D99MI')", f"cast({self.integer(depth - 1)} as varchar(20))",
                "cast(d1 as varchar(20))", "cast(s1 as varchar(30))", "cast(n1 as varchar(20))", f"cast(md5({a}) as varchar(3))",
            ]
        ).replace("max_text(", "greatest(")  # fmt: skip

    def boolean(self, depth: int) -> str:
        if depth <= 0:
            return self.r.choice(("o1", "(i1 > 0)", "(t1 < t2)", "(d1 is null)"))
        a, b, t = self.integer(depth - 1), self.integer(depth - 1), self.text(depth - 1)
        operator = self.r.choice(("=", "<>", "<", "<=", ">", ">="))
        return self.r.choice(
            [
                f"({a} {operator} {b})", f"({self.decimal(depth - 1)} {operator} {self.decimal(depth - 1)})",
                f"(upper({t}) {operator} 'M')", f"({self.date(depth - 1)} {operator} {self.date(depth - 1)})",
                f"({self.boolean(depth - 1)} and {self.boolean(depth - 1)})",
                f"({self.boolean(depth - 1)} or {self.boolean(depth - 1)})", f"(not {self.boolean(depth - 1)})",
                f"({t} is null)", f"({a} between {b} and 10)", f"({a} in (1, {b}, 3))", f"({t} like '%a%')",
                f"({t} not like '_X%')", f"({t} ilike 'A%')", f"({t} ~ '[0-9]')", f"({t} similar to '%(a|X)%')",
                f"({t} like '%\\\\_%')", f"({a} is not null)", "(o1 is true)", "(o1 is not false)",
            ]
        )  # fmt: skip

    def date(self, depth: int) -> str:
        if depth <= 0:
            return self.r.choice(("d1", "date '2004-02-29'", "date '2019-12-31'"))
        a = self.date(depth - 1)
        return self.r.choice(
            [f"({a} + {self.r.randint(0, 400)})", f"({a} - 30)", f"coalesce({a}, d1)", f"greatest({a}, d1)",
             f"last_day({self.timestamp(depth - 1)})", f"cast({self.timestamp(depth - 1)} as date)"]
        )  # fmt: skip

    def timestamp(self, depth: int) -> str:
        if depth <= 0:
            return self.r.choice(("s1", "s2", "timestamp '2008-02-29 12:30:00'"))
        a, n = self.timestamp(depth - 1), self.r.randint(-40, 40)
        unit = self.r.choice(("month", "day", "hour", "year", "week", "minute", "second"))
        field = self.r.choice(("month", "day", "hour", "year", "quarter", "week", "minute"))
        return self.r.choice(
            [f"dateadd({unit}, {n}, {a})", f"add_months({a}, {n})", f"date_trunc('{field}', {a})",
             f"({a} + interval '{abs(n)} {unit}')", f"coalesce({a}, s2)", f"least({a}, s2)", f"cast({self.date(depth - 1)} as timestamp)"]
        )  # fmt: skip


def _ascii(seed: random.Random) -> str:
    return "".join(seed.choice("abcXYZ -.") for _ in range(8)).rstrip()
