"""What must not be in an artifact: secrets, card numbers, caches, tests. Reads every file of a zip."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path, PurePosixPath

# Tokens that are known by their form: https://docs.github.com/en/code-security/secret-scanning
SECRETS = {
    "AWS key id": rb"(?<![A-Za-z0-9/+])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9/+])",
    "AWS secret key": rb"(?i)aws_?secret_?(?:access_?)?key['\"]?\s*[=:]\s*['\"][A-Za-z0-9/+]{40}['\"]",
    "private key": rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----\s+[A-Za-z0-9+/=]{16}",
    "GitHub token": rb"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})",
    "GitLab token": rb"\bglpat-[A-Za-z0-9_-]{20}",
    "npm token": rb"\bnpm_[A-Za-z0-9]{36}\b",
    "PyPI token": rb"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}",
    "Slack token": rb"\bxox[abprs]-[0-9A-Za-z-]{20,}",
    "Stripe key": rb"\b[rs]k_live_[0-9A-Za-z]{20,}",
    "Google key": rb"\bAIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])",
    "signed web token": rb"\beyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    "login in an address": rb"[a-z]{2,10}://[^\s/:@'\"{}<>$%]+:[^\s/:@'\"{}<>$%]+@[a-z0-9.-]+\.[a-z]{2,}",
}
NUMBER = re.compile(rb"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w.])")  # no part of a name, a fraction or a longer number
FOLDERS = {
    "__pycache__",
    "tests",
    "test",
    "testing",
    ".git",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    "node_modules",
}
NAMES = re.compile(
    r"(?:test_.*|.*_test|conftest)\.py|\.env.*|\.DS_Store|\.netrc|\.pypirc|\.npmrc|credentials|id_(?:rsa|ed25519)"
)
SUFFIXES = {
    ".pyc",
    ".pyo",
    ".pem",
    ".key",
    ".p12",
    ".pfx",
    ".jks",
    ".log",
    ".csv",
    ".parquet",
    ".ipynb",
    ".bak",
    ".orig",
}


def found(archive: Path, *, cards: bool) -> set[tuple[str, str]]:
    """Give (file, what) for all that must not be there; card numbers only where the files are our own."""
    leaks: set[tuple[str, str]] = set()
    with zipfile.ZipFile(archive) as files:
        for entry in files.infolist():
            path, content = PurePosixPath(entry.filename), files.read(entry)
            if FOLDERS & set(path.parts):
                leaks.add((entry.filename, "cache or test"))
            if NAMES.fullmatch(path.name) or path.suffix in SUFFIXES:
                leaks.add((entry.filename, "name"))
            leaks |= {(entry.filename, kind) for kind, form in SECRETS.items() if re.search(form, content)}
            if cards and any(map(is_card_number, NUMBER.findall(content))):
                leaks.add((entry.filename, "card number"))
    return leaks


def is_card_number(text: bytes) -> bool:
    """Whether digits, with or without blanks and dashes, have a scheme's first digit and a right check digit."""
    digits = [int(digit) for digit in text.decode() if digit.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) if index % 2 else digit for index, digit in enumerate(reversed(digits))]
    return digits[0] in (2, 3, 4, 5, 6) and len(set(digits)) > 1 and sum(doubled) % 10 == 0
