"""The stream to the warehouse: one INSERT per record, each waited for."""

import base64
import json
import os
import time

import boto3

DATA = boto3.client("redshift-data")
COLUMNS = """
    trans_num trans_date_trans_time cc_num merchant category amt first last gender street city state zip lat long
    city_pop job dob merch_lat merch_long is_fraud
""".split()  # noqa: SIM905
INSERT = f"INSERT INTO baseline.transaction VALUES ({', '.join(':' + name for name in COLUMNS)})"


def handler(event, context):
    """Insert each transaction; raise what the warehouse says."""
    for record in event["Records"]:
        row = json.loads(base64.b64decode(record["kinesis"]["data"]))
        statement = DATA.execute_statement(
            WorkgroupName=os.environ["WORKGROUP_NAME"],
            Database=os.environ["DATABASE_NAME"],
            Sql=INSERT,
            Parameters=[{"name": name, "value": row[name]} for name in COLUMNS],
        )["Id"]
        while (state := DATA.describe_statement(Id=statement))["Status"] not in ("FINISHED", "FAILED", "ABORTED"):
            time.sleep(0.01)
        if state["Status"] != "FINISHED":
            raise RuntimeError(state.get("Error"))
