"""`kill -9` of the emulator in its corners: in mid-save, after each kind of write, on a full disk, by a warehouse."""

from __future__ import annotations

import http.client
import json
import random
import threading
from pathlib import Path
from typing import Any

import pytest

from local.redshift.errors import SqlError
from local.redshift.s3 import RoleAccess
from local.snapshot import take_snapshot
from local.tests.conformance.emulator import Emulator
from local.tests.conformance.test_emulator_kill import Writers, all_records, check, restarted


def table(emulator: Emulator) -> Any:
    dynamodb = emulator.client("dynamodb")
    dynamodb.create_table(
        TableName="killed",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    return dynamodb


def killed(emulator: Emulator) -> Emulator:
    emulator.process.kill()
    emulator.process.wait(10)
    return restarted(emulator)


def test_a_kill_in_the_middle_of_a_save_loses_nothing_and_keeps_each_record_once(tmp_path: Path) -> None:
    emulator = Emulator.start(tmp_path)
    try:
        emulator.stream("killed", shards=2)
        emulator.bucket("killed")
        table(emulator)
        take_snapshot(emulator.settings)
        writers: list[Writers] = []
        for seed in range(1, 7):
            stopping = threading.Event()

            def save_all_the_time(settings: Any = emulator.settings, stopping: threading.Event = stopping) -> None:
                while not stopping.is_set():
                    try:
                        take_snapshot(settings)
                    except (OSError, http.client.HTTPException):
                        return

            saver = threading.Thread(target=save_all_the_time)
            saver.start()
            writers.append(Writers(emulator, seed))
            writers[-1].run_until_killed(random.Random(seed).randint(50, 300))
            stopping.set()
            saver.join(30)
            emulator = restarted(emulator)
            check(emulator, *writers)
    finally:
        emulator.process.kill()


def test_each_kind_of_write_survives(tmp_path: Path) -> None:
    emulator = Emulator.start(tmp_path)
    try:
        arn = emulator.stream("killed")
        dynamodb = table(emulator)
        take_snapshot(emulator.settings)
        one = emulator.client("kinesis").put_record(StreamARN=arn, Data=b"single", PartitionKey="0")
        dynamodb.put_item(TableName="killed", Item={"pk": {"S": "put"}})
        dynamodb.update_item(
            TableName="killed",
            Key={"pk": {"S": "put"}},
            UpdateExpression="SET v = :v",
            ExpressionAttributeValues={":v": {"S": "updated"}},
        )
        put = {"Put": {"TableName": "killed", "Item": {"pk": {"S": "together"}}}}
        dynamodb.transact_write_items(TransactItems=[put])
        change = 'UPDATE "killed" SET "v" = ? WHERE "pk" = ?'
        dynamodb.batch_execute_statement(
            Statements=[
                {"Statement": "INSERT INTO \"killed\" VALUE {'pk': ?}", "Parameters": [{"S": "stated"}]},
                {"Statement": change, "Parameters": [{"S": "restated"}, {"S": "put"}]},
            ]
        )
        emulator = killed(emulator)
        ((record,),) = all_records(emulator).values()
        assert record == (one["SequenceNumber"], b"single")
        items = emulator.client("dynamodb").scan(TableName="killed")["Items"]
        assert sorted(items, key=str) == [
            {"pk": {"S": "put"}, "v": {"S": "restated"}},
            {"pk": {"S": "stated"}},
            {"pk": {"S": "together"}},
        ]
    finally:
        emulator.process.kill()


def test_copy_assumes_its_role_again_when_the_emulator_has_forgotten_the_credentials(tmp_path: Path) -> None:
    emulator = Emulator.start(tmp_path)
    try:
        emulator.bucket("killed")
        allow = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "redshift.amazonaws.com"}}
        iam = emulator.client("iam")
        trust = {"Version": "2012-10-17", "Statement": [allow]}
        role = iam.create_role(RoleName="copy", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        read = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [read]})
        iam.put_role_policy(RoleName="copy", PolicyName="read", PolicyDocument=policy)
        take_snapshot(emulator.settings)
        emulator.client("s3").put_object(Bucket="killed", Key="k", Body=b"rows")
        access = RoleAccess(emulator.settings)
        assert access.reader(role, None).open("killed", "k").read() == b"rows"
        emulator = killed(emulator)
        with pytest.raises(SqlError, match="InvalidAccessKeyId"):
            access.reader(role, None).open("killed", "k")
        assert access.reader(role, None).open("killed", "k").read() == b"rows"
    finally:
        emulator.process.kill()
