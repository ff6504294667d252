"""String functions. https://docs.aws.amazon.com/redshift/latest/dg/String_functions_header.html"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.redshift.dialect import casts
from local.redshift.dialect.calls import Function
from local.redshift.dialect.scope import E
from local.redshift.dialect.types import INT4, INT8, TEXT, Type
from local.redshift.errors import NotSupported, SqlError

if TYPE_CHECKING:
    from local.redshift.dialect.expressions import Expressions


def _same(arguments: list[E]) -> Type:
    held = arguments[0].type
    return Type("varchar", held.size) if held.is_text else TEXT


def _substring(x: Expressions, arguments: list[E]) -> E:
    held, start = arguments[0].sql, arguments[1].sql
    kind = _same(arguments)
    if len(arguments) == 2:
        return E(f"substring({held}, greatest({start}, 1))", kind)
    return E(f"rs_substring({held}, {start}, {arguments[2].sql})", kind)


def _concat(x: Expressions, arguments: list[E]) -> E:
    sizes = [argument.type.size if argument.type.is_text else 65535 for argument in arguments]
    return E(f"({arguments[0].sql} || {arguments[1].sql})", Type("varchar", min(sum(sizes), 65535)))


def _regexp_replace(x: Expressions, arguments: list[E]) -> E:
    replacement = arguments[2] if len(arguments) > 2 else E("''", TEXT, "")
    if replacement.literal is None or "\\" in replacement.literal or "$" in replacement.literal:
        raise NotSupported("REGEXP_REPLACE with a replacement that is no plain literal")
    position = arguments[3].sql if len(arguments) > 3 else "1"
    flags = arguments[4].sql if len(arguments) > 4 else "'c'"
    return E(f"rs_regexp_replace({arguments[0].sql}, {arguments[1].sql}, {replacement.sql}, {position}, {flags})", TEXT)


def _regexp_substr(x: Expressions, arguments: list[E]) -> E:
    rest = ["1", "1", "'c'"]
    given = [argument.sql for argument in arguments[2:]]
    return E(f"rs_regexp_substr({', '.join([arguments[0].sql, arguments[1].sql, *given, *rest[len(given) :]])})", TEXT)


def _regexp_instr(x: Expressions, arguments: list[E]) -> E:
    rest = ["1", "1", "0", "'c'"]
    given = [argument.sql for argument in arguments[2:]]
    return E(f"rs_regexp_instr({', '.join([arguments[0].sql, arguments[1].sql, *given, *rest[len(given) :]])})", INT4)


def _regexp_count(x: Expressions, arguments: list[E]) -> E:
    rest = ["1", "'c'"]
    given = [argument.sql for argument in arguments[2:]]
    return E(f"rs_regexp_count({', '.join([arguments[0].sql, arguments[1].sql, *given, *rest[len(given) :]])})", INT4)


def _sha2(x: Expressions, arguments: list[E]) -> E:
    if arguments[1].literal not in ("0", "224", "256", "384", "512"):
        raise NotSupported("SHA2 with other than 0, 224, 256, 384 or 512 bits")
    if arguments[1].literal in ("0", "256"):
        return E(f"sha256({arguments[0].sql})", TEXT)
    return E(f"rs_sha2({arguments[0].sql}, {arguments[1].sql})", TEXT)


def _strtol(x: Expressions, arguments: list[E]) -> E:
    base = arguments[1].literal
    if base is not None and not 2 <= int(base) <= 36:
        raise SqlError(f"The input base {base} is out of range: must be between 2 and 36", "22023")
    return E(f"rs_strtol({arguments[0].sql}, {arguments[1].sql})", INT8)


def _trim(sql: str) -> object:
    def build(x: Expressions, arguments: list[E]) -> E:
        characters = arguments[1].sql if len(arguments) > 1 else "' '"
        return E(sql.format(arguments[0].sql, characters), _same(arguments))

    return build


def _pad(name: str) -> object:
    def build(x: Expressions, arguments: list[E]) -> E:
        filler = casts.text(" ") if len(arguments) < 3 else arguments[2].sql
        return E(f"rs_pad_{name}({arguments[0].sql}, {arguments[1].sql}, {filler})", TEXT)

    return build


def _f(name: str, takes: str, result: object, sql: object, page: str, how: str = "rewritten") -> Function:
    return Function(name, takes, result, sql, page, how)  # type: ignore[arg-type]


_LENGTHS = ("len", "length", "char_length", "character_length", "textlen")
TEXTS = [
    *[_f(name, "text", INT4, "CAST(length({0}) AS INTEGER)", "r_LEN", "passed") for name in _LENGTHS],
    _f("octet_length", "text", INT4, "CAST(strlen({0}) AS INTEGER)", "r_OCTET_LENGTH"),
    _f("ascii", "text", INT4, "ascii({0})", "r_ASCII", "passed"),
    _f("chr", "int", TEXT, "chr({0})", "r_CHR", "passed"),
    _f("lower", "text", _same, "lower({0})", "r_LOWER", "passed"),
    _f("upper", "text", _same, "rs_upper({0})", "r_UPPER"),
    _f("initcap", "text", _same, "rs_initcap({0})", "r_INITCAP", "implemented"),
    _f("left", "text int", _same, "rs_left({0}, {1})", "r_LEFT"),
    _f("right", "text int", _same, "rs_right({0}, {1})", "r_LEFT"),
    _f("btrim", "text text?", _same, _trim("trim({0}, {1})"), "r_BTRIM"),
    _f("trim", "text text?", _same, _trim("trim({0}, {1})"), "r_TRIM"),
    _f("ltrim", "text text?", _same, _trim("ltrim({0}, {1})"), "r_LTRIM"),
    _f("rtrim", "text text?", _same, _trim("rtrim({0}, {1})"), "r_RTRIM"),
    _f("lpad", "text int text?", TEXT, _pad("left"), "r_LPAD"),
    _f("rpad", "text int text?", TEXT, _pad("right"), "r_LPAD"),
    _f("substring", "text int int?", _same, _substring, "r_SUBSTRING"),
    _f("substr", "text int int?", _same, _substring, "r_SUBSTRING"),
    _f("concat", "text text", TEXT, _concat, "r_CONCAT"),
    _f("replace", "text text text", TEXT, "replace({0}, {1}, {2})", "r_REPLACE", "passed"),
    _f("repeat", "text int", TEXT, "rs_repeat({0}, {1})", "r_REPEAT"),
    _f("replicate", "text int", TEXT, "rs_repeat({0}, {1})", "r_REPLICATE"),
    _f("reverse", "text", _same, "reverse({0})", "r_REVERSE", "passed"),
    _f("translate", "text text text", TEXT, "translate({0}, {1}, {2})", "r_TRANSLATE", "passed"),
    _f("split_part", "text text int", TEXT, "rs_split_part({0}, {1}, {2})", "SPLIT_PART"),
    _f("strpos", "text text", INT4, "CAST(strpos({0}, {1}) AS INTEGER)", "r_STRPOS", "passed"),
    _f("charindex", "text text", INT4, "CAST(strpos({1}, {0}) AS INTEGER)", "r_CHARINDEX"),
    _f("strtol", "text int", INT8, _strtol, "r_STRTOL", "implemented"),
    _f("md5", "text", TEXT, "md5({0})", "r_MD5", "passed"),
    _f("sha", "text", TEXT, "sha1({0})", "r_SHA"),
    _f("sha1", "text", TEXT, "sha1({0})", "r_SHA1", "passed"),
    _f("func_sha1", "text", TEXT, "sha1({0})", "r_FUNC_SHA1"),
    _f("sha2", "text int", TEXT, _sha2, "r_SHA2"),
    _f("crc32", "text", TEXT, "rs_crc32({0})", "crc32-function", "implemented"),
    _f("soundex", "text", TEXT, "rs_soundex({0})", "SOUNDEX", "implemented"),
    _f("quote_ident", "text", TEXT, "rs_quote_ident({0})", "r_QUOTE_IDENT", "implemented"),
    _f("quote_literal", "text", TEXT, "rs_quote_literal({0})", "r_QUOTE_LITERAL", "implemented"),
    _f("regexp_count", "text text int? text?", INT4, _regexp_count, "REGEXP_COUNT", "implemented"),
    _f("regexp_instr", "text text int? int? int? text?", INT4, _regexp_instr, "REGEXP_INSTR", "implemented"),
    _f("regexp_replace", "text text text? int? text?", TEXT, _regexp_replace, "REGEXP_REPLACE", "implemented"),
    _f("regexp_substr", "text text int? int? text?", TEXT, _regexp_substr, "REGEXP_SUBSTR", "implemented"),
    _f("bttext_pattern_cmp", "text text", INT4, "rs_compare({0}, {1})", "r_BTTEXT_PATTERN_CMP"),
]
