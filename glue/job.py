"""The Glue job's script: reads its arguments, makes a Spark session and the AWS clients, and runs glue.run's Job.

It builds its own session and does without `awsglue`, so that the same file runs on Glue 5.0 and on any Spark 3.5.
"""

import json
import logging
import sys

import boto3

from glue.arguments import read
from glue.loads import Loads
from glue.run import Job
from glue.session import session
from shared.card_keys.cache import CardKeyCache


def main() -> None:
    """Run once. Exits with a traceback on what trying again may mend; what it cannot is noted as the run's outcome."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    arguments = read(sys.argv[1:])
    card_keys = CardKeyCache(boto3.client("secretsmanager"), arguments.card_key_secret_arn).get()
    loads = Loads(boto3.client("dynamodb"), arguments.loads_table)
    spark = session(arguments.JOB_NAME)
    job = Job(spark, boto3.client("s3"), loads, card_keys, arguments)
    outcome = job.run()
    logging.getLogger("glue.job").info(json.dumps(vars(outcome)))
    spark.stop()


if __name__ == "__main__":
    main()
