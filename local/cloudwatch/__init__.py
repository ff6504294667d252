"""CloudWatch's metrics and alarms, as far as MiniStack lacks them; docs/console.md lists what is supported.

Pure logic (bins, store, emf, math, alarm_rules) knows nothing of MiniStack; `install` puts it into the emulator's
process, behind MiniStack's own signature and IAM checks.
"""
