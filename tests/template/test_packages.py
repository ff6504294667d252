"""The zips: what Lambda gets, and that it can run there."""

from __future__ import annotations

import ast
import re
import struct
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

from tests.template.template import Template

MACHINES = {0x3E: "x86_64", 0xB7: "arm64"}  # e_machine of the ELF header
LAMBDAS_OWN = {"boto3", "botocore", "s3transfer", "urllib3", "dateutil", "six"}
MEBIBYTE = 2**20


def functions_zip(template: Template) -> zipfile.ZipFile:
    return zipfile.ZipFile(template.folder / "swipeline.zip")


def layer_zip(template: Template) -> zipfile.ZipFile:
    return zipfile.ZipFile(template.folder / "pythonRequirements.zip")


def modules_of(layer: zipfile.ZipFile) -> set[str]:
    inside = [PurePosixPath(name) for name in layer.namelist() if name.startswith("python/")]
    return {path.parts[1].removesuffix(".py") for path in inside if len(path.parts) > 1}


def test_functions_are_packaged_with_their_code_and_sql_and_nothing_else(template: Template) -> None:
    names = [PurePosixPath(name) for name in functions_zip(template).namelist() if not name.endswith("/")]
    assert {path.parts[0] for path in names} == {"fraud", "functions", "glue", "handlers", "redshift", "shared"}
    assert {path.suffix for path in names} == {".py", ".sql", ".json"}
    assert not [path for path in names if "__pycache__" in path.parts or "test" in path.name]


def test_every_function_finds_its_handler_in_the_zip(template: Template) -> None:
    archive = functions_zip(template)
    for function in template.functions().values():
        module, _, name = function["Handler"].rpartition(".")
        tree = ast.parse(archive.read(f"{module}.py"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_functions_read_their_sql_where_the_zip_puts_it(template: Template) -> None:
    assert {
        "redshift/migrations/0001_baseline.sql",
        "redshift/merge.sql",
        "redshift/columns.json",
        "redshift/jsonpaths/transaction-1.json",
    } <= set(functions_zip(template).namelist())


def test_the_model_is_packaged_without_its_training_and_adds_little(template: Template) -> None:
    archive = functions_zip(template)
    of_fraud = {entry.filename: entry.file_size for entry in archive.infolist() if entry.filename.startswith("fraud/")}
    assert "fraud/models/swipeline.json" in of_fraud
    assert not [name for name in of_fraud if name.endswith("card.json")]
    assert sum(of_fraud.values()) < MEBIBYTE
    for name in of_fraud:
        if name.endswith(".py"):
            for node in ast.walk(ast.parse(archive.read(name))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fraud."):
                    assert f"{(node.module or '').replace('.', '/')}.py" in of_fraud, name


def test_every_import_is_in_the_zip_in_the_layer_or_lambdas_own(template: Template) -> None:
    archive, known = (
        functions_zip(template),
        sys.stdlib_module_names | LAMBDAS_OWN | {"fraud", "functions", "handlers", "shared"},
    )
    known |= modules_of(layer_zip(template))
    for name in archive.namelist():
        if name.endswith(".py") and not name.startswith("glue/"):  # published by a function, imported by none
            for node in ast.walk(ast.parse(archive.read(name))):
                if isinstance(node, ast.Import):
                    roots = {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    roots = {(node.module or "").split(".")[0]}
                else:
                    continue
                assert roots <= known, name


def test_the_layer_leaves_out_what_lambda_has(template: Template) -> None:
    modules = modules_of(layer_zip(template))
    assert {"aws_lambda_powertools", "aws_xray_sdk", "isal", "orjson", "pydantic", "pydantic_core"} <= modules
    assert not modules & LAMBDAS_OWN
    assert not [name for name in layer_zip(template).namelist() if name.endswith(".pyc") or "/tests/" in name]


def test_the_layer_is_small_enough_to_start_fast(template: Template) -> None:
    assert sum(entry.file_size for entry in layer_zip(template).infolist()) < 30 * MEBIBYTE


def test_the_layers_libraries_are_for_the_stages_architecture_and_python(template: Template) -> None:
    layer = layer_zip(template)
    libraries = [name for name in layer.namelist() if name.endswith(".so")]
    assert libraries
    function = next(iter(template.functions().values()))
    version = ".".join(map(str, sys.version_info[:2])) if template.stage == "local" else function["Runtime"][6:]
    for name in libraries:
        header = layer.read(name)[:20]
        assert header[:4] == b"\x7fELF", name
        (machine,) = struct.unpack_from("<H", header, 18)
        if template.stage != "local":
            assert [MACHINES[machine]] == function["Architectures"], name
        tag = re.search(r"\.(?:cpython-(\d+)|abi3)[-.]", name)
        assert tag, name
        assert tag[1] in (None, version.replace(".", "")), name


def test_the_layer_works_without_anything_that_was_cut_from_it(local: Template, tmp_path: Path) -> None:
    layer_zip(local).extractall(tmp_path)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import orjson, pydantic, wrapt, jmespath\n"
        "from aws_lambda_powertools import Logger, Metrics\n"
        "assert 'site-packages' not in pydantic.__file__\n"
        "assert 'botocore' not in sys.modules\n"
        "class Row(pydantic.BaseModel): amount: int\n"
        "print(Row(amount=orjson.loads(b'7')).amount)\n"
    )
    command = [sys.executable, "-I", "-S", "-c", program, str(tmp_path / "python")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("7", "")
