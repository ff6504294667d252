"""Tables in a database answer as MiniStack's own do: the same requests to both, byte for byte the same answers."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.partiql_writes import Writes
from local.tests.unit.tables.modules import ask, create, plain, stored

Request = tuple[str, dict[str, Any]]
NAME = "table"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ModuleType, ModuleType]]:
    ours, theirs = stored(tmp_path_factory.mktemp("tables") / "tables.sqlite"), plain()
    Writes(ours).install()  # with the fast path of statements before it
    Writes(theirs).install()
    theirs._batch_execute_statement = theirs._batch_execute_statement._batch
    yield theirs, ours
    ours.database.close()


texts = st.sampled_from(["a", "b", "ab", "abc", "é", "z", "0", "\U0001f600"])
numbers = st.sampled_from(["1", "1.0", "-2", "10", "1e3", "007", "0.10"])
scalars = st.one_of(
    st.builds(lambda text: {"S": text}, texts),
    st.builds(lambda number: {"N": number}, numbers),
    st.builds(lambda flag: {"BOOL": flag}, st.booleans()),
    st.just({"NULL": True}),
    st.just({"S": ""}),
    st.just({"S": "x" * 1_500}),
)
values = st.one_of(
    scalars,
    st.builds(lambda some: {"L": some}, st.lists(scalars, max_size=3)),
    st.just({"SS": ["a", "b"]}),
    st.just({"B": "AAEC"}),
    st.just({"N": "no number"}),
    st.just({"N": 5}),
    st.just({"S": "a", "N": "1"}),
)


def keys(sort: str, sort_type: str) -> st.SearchStrategy[dict[str, Any]]:
    parts = {"p": st.builds(lambda text: {"S": text}, st.sampled_from(["a", "b", "é"]))}
    if sort:
        kind = texts if sort_type == "S" else numbers
        parts[sort] = st.builds(lambda value: {sort_type: value}, kind)
    return st.fixed_dictionaries(parts)


def requests(sort: str, sort_type: str) -> st.SearchStrategy[Request]:
    key = keys(sort, sort_type)
    index_key = st.builds(lambda text: {"S": text}, st.sampled_from(["a", "b"]))
    more = st.fixed_dictionaries({}, optional={"g": index_key, "h": index_key | scalars, "v": values, "w": scalars})
    item = st.builds(lambda one, rest: one | rest, key, more)
    puts = st.builds(lambda one: {"PutRequest": {"Item": one}}, item)
    deletes = st.builds(lambda one: {"DeleteRequest": {"Key": one}}, key)
    capacity = st.sampled_from(["NONE", "TOTAL", "INDEXES"])
    condition = st.sampled_from(
        [
            {},
            {"ConditionExpression": "attribute_not_exists(p)"},
            {"ConditionExpression": "w = :w", "ExpressionAttributeValues": {":w": {"N": "1"}}},
        ]
    )
    limit = st.sampled_from([{}, {"Limit": 1}, {"Limit": 2}, {"Limit": 0}])

    def statement(one: dict[str, Any], verb: str, value: Any) -> dict[str, Any]:
        where = " AND ".join(f'"{name}" = ?' for name in one)
        if verb == "INSERT":
            names = ", ".join(f"'{name}': ?" for name in (*one, "w"))
            return {"Statement": f'INSERT INTO "{NAME}" VALUE {{{names}}}', "Parameters": [*one.values(), value]}
        if verb == "UPDATE IF":
            text = f'UPDATE "{NAME}" SET "w" = ? SET "x" = ? WHERE {where} AND "w" = ?'
            return {"Statement": text, "Parameters": [value, {"S": "x"}, *one.values(), {"N": "1"}]}
        if verb == "UPDATE":
            text = f'UPDATE "{NAME}" SET "w" = ? WHERE {where}'
            return {"Statement": text, "Parameters": [value, *one.values()]}
        text = f'{"SELECT * " if verb == "SELECT" else "DELETE "}FROM "{NAME}" WHERE {where}'
        return {"Statement": text, "Parameters": list(one.values())}

    statements = st.lists(
        st.builds(
            statement, key, st.sampled_from(["INSERT", "INSERT", "UPDATE", "UPDATE IF", "DELETE", "SELECT"]), scalars
        ),
        min_size=1,
        max_size=4,
    )
    return st.one_of(
        st.builds(
            lambda some, c: ("batch_write_item", {"RequestItems": {NAME: some}, "ReturnConsumedCapacity": c}),
            st.lists(puts | deletes, max_size=6) | st.lists(puts, max_size=6),
            capacity,
        ),
        st.builds(
            lambda one, c, when: ("put_item", {"TableName": NAME, "Item": one, "ReturnConsumedCapacity": c} | when),
            item,
            capacity,
            condition,
        ),
        st.builds(
            lambda one, value: (
                "update_item",
                {
                    "TableName": NAME,
                    "Key": one,
                    "UpdateExpression": "SET w = :v, h = :h",
                    "ExpressionAttributeValues": {":v": value, ":h": {"S": "b"}},
                    "ReturnValues": "ALL_NEW",
                },
            ),
            key,
            scalars,
        ),
        st.builds(lambda one: ("delete_item", {"TableName": NAME, "Key": one, "ReturnValues": "ALL_OLD"}), key),
        st.builds(lambda one: ("get_item", {"TableName": NAME, "Key": one}), key),
        st.builds(lambda some: ("batch_get_item", {"RequestItems": {NAME: {"Keys": some}}}), st.lists(key, max_size=3)),
        st.builds(
            lambda some: (
                "transact_write_items",
                {"TransactItems": [{"Put": {"TableName": NAME, "Item": i}} for i in some]},
            ),
            st.lists(item, min_size=1, max_size=3),
        ),
        st.builds(
            lambda some, c: ("batch_execute_statement", {"Statements": some, "ReturnConsumedCapacity": c}),
            statements,
            capacity,
        ),
        st.builds(lambda some: ("execute_transaction", {"TransactStatements": some}), statements),
        st.builds(
            lambda at: ("execute_statement", {"Statement": f'SELECT * FROM "{NAME}"{at}'}),
            st.sampled_from(["", " WHERE p = 'a'", " WHERE w = 1"]),
        ),
        st.builds(
            lambda partition, cond, low, high, forward, most: (
                "query",
                {
                    "TableName": NAME,
                    "KeyConditionExpression": "p = :p" + (cond.replace("#s", sort) if sort else ""),
                    "ScanIndexForward": forward,
                    "ReturnConsumedCapacity": "INDEXES",
                    "ExpressionAttributeValues": {":p": {"S": partition}}
                    | ({":l": {sort_type: low}} if ":l" in cond and sort else {})
                    | ({":h": {sort_type: high}} if ":h" in cond and sort else {}),
                }
                | most,
            ),
            st.sampled_from(["a", "b", "é"]),
            st.sampled_from(
                ["", " AND #s > :l", " AND :l >= #s", " AND #s BETWEEN :l AND :h", " AND begins_with(#s, :l)"]
            ),
            texts if sort_type == "S" else numbers,
            texts if sort_type == "S" else numbers,
            st.booleans(),
            limit,
        ),
        st.builds(
            lambda index, cond, forward, most: (
                "query",
                {
                    "TableName": NAME,
                    "IndexName": index,
                    "KeyConditionExpression": "#g = :g" + (cond if index == "by-g-h" else ""),
                    "ExpressionAttributeNames": {"#g": "g"},
                    "ScanIndexForward": forward,
                    "ExpressionAttributeValues": {":g": {"S": "a"}}
                    | ({":h": {"S": "a"}} if cond and index == "by-g-h" else {}),
                }
                | most,
            ),
            st.sampled_from(["by-g-h", "by-g", "none"]),
            st.sampled_from(["", " AND h <= :h", " AND (h = :h)", " AND h > :h"]),
            st.booleans(),
            limit,
        ),
        st.builds(
            lambda most, more: ("scan", {"TableName": NAME} | most | more),
            limit,
            st.sampled_from(
                [
                    {},
                    {"Segment": 1, "TotalSegments": 2},
                    {"FilterExpression": "w = :w", "ExpressionAttributeValues": {":w": {"N": "1"}}},
                    {"Select": "COUNT"},
                ]
            ),
        ),
    )


def all_pages(module: ModuleType, operation: str, request: dict[str, Any]) -> list[tuple[int, Any]]:
    answers = [ask(module, operation, **request)]
    while answers[-1][0] == 200 and "LastEvaluatedKey" in answers[-1][1] and len(answers) < 50:
        answers.append(ask(module, operation, **request | {"ExclusiveStartKey": answers[-1][1]["LastEvaluatedKey"]}))
    return answers


@pytest.mark.parametrize(("sort", "sort_type"), [("s", "S"), ("s", "N"), ("", "S")])
def test_the_same_requests_have_the_same_answers(
    both: tuple[ModuleType, ModuleType], sort: str, sort_type: str
) -> None:
    @settings(max_examples=30, deadline=None)
    @given(st.lists(requests(sort, sort_type), min_size=5, max_size=25))
    def check(some: list[Request]) -> None:
        for module in both:
            module._tables.pop(NAME, None)
            create(module, NAME, sort=sort, sort_type=sort_type)
        for operation, request in some:
            theirs, ours = (all_pages(module, operation, request) for module in both)
            assert ours == theirs, (operation, request)
        both[1].database.commit()
        described = [ask(module, "describe_table", TableName=NAME)[1]["Table"]["ItemCount"] for module in both]
        assert described[0] == described[1]

    check()


def test_an_index_that_is_scanned_gives_each_of_its_items_once(both: tuple[ModuleType, ModuleType]) -> None:
    for module in both:
        module._tables.pop(NAME, None)
        create(module, NAME, sort="s")
        for number in range(60):
            item = {"p": {"S": f"p{number % 7}"}, "s": {"S": f"{number:03}"}, "g": {"S": f"g{number % 5}"}}
            ask(module, "put_item", TableName=NAME, Item=item | ({"h": {"S": "h"}} if number % 3 else {}))
    for more in ({}, {"Limit": 7}, {"Segment": 0, "TotalSegments": 2}, {"Segment": 1, "TotalSegments": 2}):
        request = {"TableName": NAME, "IndexName": "by-g-h"} | more
        theirs, ours = (
            [str(item) for _, page in all_pages(module, "scan", request) for item in page["Items"]] for module in both
        )
        assert sorted(ours) == sorted(theirs)
