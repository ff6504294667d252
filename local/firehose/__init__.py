"""Amazon Data Firehose from Kinesis to Redshift, for an emulator that lacks it. Public AWS APIs only.

`model`, `buffer`, `naming` and `copy_command` are pure and hold the documented behavior; `stager` brings records to
S3, `copier` brings the S3 objects to Redshift, `store` remembers both across a kill.
"""
